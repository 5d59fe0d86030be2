"""What is known: prices, GPUs, formats, kernels, models and measurements, each with its source.

:func:`load_book` returns the one object other code asks. Everything in it is read on first use,
so a question about token prices never parses a GPU offer. Nothing here computes a bill.
"""

from __future__ import annotations

import re
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from costmodel.errors import UnknownIdError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from pydantic import BaseModel

    from costmodel.book.measured import Measurement
    from costmodel.book.offers import GpuPrice, ListedOffer, Quantile
    from costmodel.book.profiles import TrafficProfile
    from costmodel.book.record_file import RecordFile
    from costmodel.book.records import (
        CostFact,
        GpuSpec,
        Kernel,
        ProviderClass,
        Terms,
        WeightFormat,
    )

__all__ = ["Book", "load_book"]


@cache
def load_book() -> Book:
    """The bundled book. Cheap to call: its parts are read when first asked for.

    >>> load_book().gpu("H100-SXM").usable_mib
    81559.0
    """
    return Book()


class Book:
    """Everything known, by id. Ids ignore case, and treat `_`, `-` and blanks alike."""

    # ------------------------------------------------------------------ by id

    @cached_property
    def gpus(self) -> RecordFile[GpuSpec]:
        """GPU specifications by id."""
        from costmodel.book.records import GpuSpec

        return _records("gpus", GpuSpec)

    @cached_property
    def formats(self) -> RecordFile[WeightFormat]:
        """Weight formats by id."""
        from costmodel.book.records import WeightFormat

        return _records("formats", WeightFormat)

    @cached_property
    def kernels(self) -> RecordFile[Kernel]:
        """GEMM kernels by id."""
        from costmodel.book.records import Kernel

        return _records("kernels", Kernel)

    @cached_property
    def costs(self) -> RecordFile[CostFact]:
        """People, power, premises and purchase by id."""
        from costmodel.book.records import CostFact

        return _records("costs", CostFact)

    @cached_property
    def profiles(self) -> RecordFile[TrafficProfile]:
        """Ready traffic profiles by id."""
        from costmodel.book.profiles import TrafficProfile

        return _records("profiles", TrafficProfile)

    @property
    def models(self) -> Sequence[str]:
        """Ids of the models whose architecture is known."""
        from costmodel.book import models

        return tuple(models.model_ids())

    def gpu(self, gpu_id: str) -> GpuSpec:
        """One GPU. Raises UnknownIdError with the nearest ids."""
        return _find("GPU", gpu_id, self.gpus, self._gpu_names)

    def format(self, format_id: str) -> WeightFormat:
        """One weight format, also by alias (`awq`, `Q4_K_M`). Raises UnknownIdError."""
        return _find("format", format_id, self.formats, self._format_names)

    def kernel(self, kernel_id: str) -> Kernel:
        """One GEMM kernel, also by alias. Raises UnknownIdError."""
        return _find("kernel", kernel_id, self.kernels, self._kernel_names)

    def cost(self, cost_id: str) -> CostFact:
        """One cost fact. Raises UnknownIdError."""
        return _find("cost", cost_id, self.costs, self._cost_names)

    def profile(self, profile_id: str) -> TrafficProfile:
        """One traffic profile by name. Raises UnknownIdError."""
        return _find("profile", profile_id, self.profiles, self._profile_names)

    def model(self, model_id: str) -> Any:
        """One model's architecture. Raises UnknownIdError."""
        from costmodel.book import models

        return models.model(model_id)

    # ------------------------------------------------------------------ prices

    def offers(
        self,
        gpu: str | None = None,
        provider: str | None = None,
        provider_class: ProviderClass | None = None,
    ) -> list[ListedOffer]:
        """GPU offers that match, disputed ones included."""
        from costmodel.book.offers import listed_offers

        return listed_offers(self.gpu(gpu).id if gpu else None, provider, provider_class)

    def gpu_price(
        self,
        gpu: str,
        terms: Terms = "on-demand",
        *,
        provider_class: ProviderClass | None = None,
        provider: str | None = None,
        quantile: Quantile = "median",
        term_months: int | None = None,
        region: str | None = None,
    ) -> GpuPrice:
        """USD per GPU-hour; see :func:`costmodel.book.offers.gpu_price`."""
        from costmodel.book.offers import gpu_price

        return gpu_price(
            self.gpu(gpu).id,
            terms,
            provider_class=provider_class,
            provider=provider,
            quantile=quantile,
            term_months=term_months,
            region=region,
        )

    def token_price(self, provider: str, model: str, at: date | datetime) -> Any:
        """What an API asks per token; see :func:`costmodel.book.tokens.token_price`."""
        from costmodel.book import tokens

        return tokens.token_price(provider, model, at)

    # ------------------------------------------------------------ measurements

    def measurements(  # noqa: PLR0913 - one keyword per fact that must agree
        self,
        *,
        model: str,
        gpu: str,
        format: str,  # noqa: A002 - the word users type
        input_tokens: float,
        output_tokens: float,
        tp: int = 1,
        kernel: str | None = None,
        engine: str | None = None,
        concurrency: int | None = None,
    ) -> list[Measurement]:
        """Published throughput of exactly this, best first, under any spelling of the ids.

        Models that share an architecture match together; the rest is as in
        :func:`costmodel.book.measured.matching`.

        Raises:
            UnknownIdError: for a model, GPU, format or kernel the book does not know.

        """
        from costmodel.book.measured import matching

        return matching(
            model=self.model(model).names,
            gpu=self.gpu(gpu).id,
            format=self.format(format).id,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            tp=tp,
            kernel=self.kernel(kernel).id if kernel else None,
            engine=engine.lower() if engine else None,
            concurrency=concurrency,
        )

    # ------------------------------------------------------------------- names

    @cached_property
    def _gpu_names(self) -> dict[str, str]:
        return _names(self.gpus)

    @cached_property
    def _format_names(self) -> dict[str, str]:
        return _names(self.formats)

    @cached_property
    def _kernel_names(self) -> dict[str, str]:
        return _names(self.kernels)

    @cached_property
    def _cost_names(self) -> dict[str, str]:
        return _names(self.costs)

    @cached_property
    def _profile_names(self) -> dict[str, str]:
        return _names(self.profiles)


R = TypeVar("R", bound="BaseModel")


def _records(name: str, record: type[R]) -> RecordFile[R]:
    from costmodel.book.files import data_dir
    from costmodel.book.record_file import RecordFile

    return RecordFile(data_dir() / f"{name}.yaml", record)


def _names(records: RecordFile[Any]) -> dict[str, str]:
    """Every spelling, squashed, to the id it means; an id wins over another's alias."""
    names = {_squash(alias): record_id for alias, record_id in records.aliases.items()}
    return names | {_squash(record_id): record_id for record_id in records}


def _squash(name: str) -> str:
    return re.sub(r"[\s_-]+", "-", name.strip().lower())


def _find(what: str, given: str, records: Mapping[str, R], names: Mapping[str, str]) -> R:
    found = names.get(_squash(given))
    if found is None:
        squashed_ids = {_squash(name) for name in records}
        beginnings = [name for name in records if _squash(name).startswith(_squash(given))]
        aliases = [name for name in names if name not in squashed_ids]
        raise UnknownIdError(what, given, beginnings or [*records, *aliases])
    return records[found]

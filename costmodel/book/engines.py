"""Engine memory constants by version, read from `data/engines.yaml`.

An engine that is known by name only says so, and asking for its constants is a clear error.
"""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from costmodel.book.files import data_dir, read_yaml
from costmodel.book.records import Id, Record
from costmodel.errors import InputError, UnknownIdError
from costmodel.serving.overhead import EngineMemory
from costmodel.units import GIB

if TYPE_CHECKING:
    from collections.abc import Sequence

LARGE_GPU_BYTES = 70 * GIB
"""From here vLLM plans for more sequences and tokens a step, A100 apart."""

DEFAULT_ENGINE = "vllm"

ALIASES = {"llama-cpp": "llama.cpp", "llamacpp": "llama.cpp", "trt-llm": "tensorrt-llm"}

Interval = tuple[float, float]


class Versions(Record):
    """A half-open range of versions; either end may be missing."""

    from_: str | None = Field(default=None, alias="from", description="First version, included.")
    before: str | None = Field(default=None, description="First version no longer included.")

    def __contains__(self, version: object) -> bool:
        number = version_number(str(version))
        after_start = self.from_ is None or number >= version_number(self.from_)
        return after_start and (self.before is None or number < version_number(self.before))

    def __str__(self) -> str:
        if self.from_ and self.before:
            return f"{self.from_} to before {self.before}"
        return f"{self.from_} and later" if self.from_ else "any"


class Uncertainty(Record):
    """80 % interval of the true minus the computed overhead on one GPU [GiB]."""

    single: Interval
    parallel: Interval


class Engine(Record):
    """Memory constants of one engine over a range of versions."""

    id: Id
    versions: Versions = Versions()
    layout: Literal["paged", "contiguous"] = Field(description="How the KV cache is allocated.")
    supported: bool = True
    reason: str | None = Field(default=None, description="Why it is not supported.")
    budget_share: float = Field(default=1.0, gt=0, le=1, description="Share of the GPU claimed.")
    reserved_gib: float = Field(default=0.0, ge=0, description="NVML total minus process total.")
    scratch_bytes_per_entry: float = Field(default=0.0, ge=0, description="Per row and logit.")
    scratch_rows: int = Field(default=0, ge=0, description="Sequences sampled at once.")
    scratch_rows_large_gpu: int | None = Field(default=None, description="From 70 GiB, not A100.")
    step_tokens: int = Field(default=0, ge=0, description="Tokens of one forward pass.")
    step_tokens_large_gpu: int | None = Field(default=None, description="From 70 GiB, not A100.")
    block_tokens: int = Field(default=16, ge=1, description="Tokens a KV block.")
    window_margin_tokens: int = Field(default=0, ge=0, description="Kept beside a window.")
    max_sequences: int | None = Field(default=None, description="Default: scratch_rows.")
    other_gib: float = Field(default=0.0, ge=0, description="CUDA context, libraries; one GPU.")
    other_gib_parallel: float = Field(default=0.0, ge=0, description="The same on several GPUs.")
    graph_gib: float = Field(default=0.0, ge=0, description="CUDA graphs inside the budget.")
    graphs_inside_budget: bool = False
    uncertainty_gib: Uncertainty | None = None
    source: str = Field(min_length=3)
    as_of: date
    note: str | None = None

    @model_validator(mode="after")
    def _says_enough(self) -> Engine:
        if self.supported and self.uncertainty_gib is None:
            raise ValueError("a supported engine needs uncertainty_gib:")
        if not self.supported and not self.reason:
            raise ValueError("supported: false needs reason:")
        return self

    def memory(
        self, gpu: str, usable_bytes_per_gpu: float, budget_share: float | None = None
    ) -> EngineMemory:
        """The constants on one kind of GPU, with the user's own budget share if given."""
        if not self.supported or self.uncertainty_gib is None:
            raise InputError(f"engine {self.id!r} is not supported: {self.reason}")
        large = usable_bytes_per_gpu >= LARGE_GPU_BYTES and not gpu.startswith("a100")
        rows = (large and self.scratch_rows_large_gpu) or self.scratch_rows
        single, parallel = self.uncertainty_gib.single, self.uncertainty_gib.parallel
        return EngineMemory(
            engine=self.id,
            version=str(self.versions),
            layout=self.layout,
            budget_share=budget_share if budget_share is not None else self.budget_share,
            reserved_bytes=self.reserved_gib * GIB,
            scratch_bytes_per_entry=self.scratch_bytes_per_entry,
            scratch_rows=rows,
            step_tokens=(large and self.step_tokens_large_gpu) or self.step_tokens,
            block_tokens=self.block_tokens,
            window_margin_tokens=self.window_margin_tokens,
            max_sequences=self.max_sequences or rows,
            other_bytes=self.other_gib * GIB,
            other_bytes_parallel=self.other_gib_parallel * GIB,
            graph_bytes=self.graph_gib * GIB,
            uncertainty_low=single[0] * GIB,
            uncertainty_high=single[1] * GIB,
            uncertainty_low_parallel=parallel[0] * GIB,
            uncertainty_high_parallel=parallel[1] * GIB,
        )


class Engines(Record):
    """`data/engines.yaml`."""

    engines: tuple[Engine, ...]


@cache
def engines() -> Sequence[Engine]:
    """Every row of the table, oldest version first."""
    return Engines.model_validate(read_yaml(data_dir() / "engines.yaml")).engines


def engine(engine_id: str | None = None, version: str | None = None) -> Engine:
    """The row for an engine and version; the newest where no version is given.

    Raises UnknownIdError for an unknown engine, InputError for a version outside the table.

    >>> engine("vllm", "0.19.1").budget_share
    0.9
    """
    wanted = (engine_id or DEFAULT_ENGINE).strip().lower()
    wanted = ALIASES.get(wanted, wanted)
    rows = [row for row in engines() if row.id == wanted]
    if not rows:
        raise UnknownIdError("engine", wanted, {row.id for row in engines()})
    if version is None:
        return rows[-1]
    matching = [row for row in rows if version in row.versions]
    if not matching:
        known = ", ".join(str(row.versions) for row in rows)
        raise InputError(f"{wanted} {version} is not in the table of engines; known: {known}")
    return matching[-1]


def version_number(version: str) -> tuple[int, ...]:
    """The leading numbers of a version.

    >>> version_number("v0.19.1rc2")
    (0, 19, 1)
    """
    digits = re.match(r"v?(\d+(?:\.\d+)*)", version.strip())
    if digits is None:
        raise InputError(f"engine version {version!r} is not a number such as 0.19")
    return tuple(int(part) for part in digits[1].split("."))

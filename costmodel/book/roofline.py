"""The roofline's constants and the intervals of its errors, read from `data/roofline.yaml`.

Constants differ between dense models and mixtures of experts. An interval is the 80 % range of
measured over estimated throughput on rows that were held out of the fit in the way its name says.
"""

from __future__ import annotations

import math
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from costmodel.book.files import data_dir, read_yaml
from costmodel.book.records import Id, Record
from costmodel.serving.roofline import RooflineConstants

if TYPE_CHECKING:
    from collections.abc import Iterable


class Constants(Record):
    """What an engine achieves of what the hardware promises."""

    bandwidth_share: float = Field(gt=0, le=1, description="Of peak bandwidth, reading weights.")
    kv_bandwidth_share: float = Field(gt=0, le=1, description="Of peak bandwidth, reading KV.")
    compute_share_16bit: float = Field(gt=0, le=1, description="Of the 16-bit peak, GEMM.")
    compute_share_fp8: float = Field(gt=0, le=1, description="Of the fp8 peak, GEMM.")
    compute_share_fp4: float = Field(gt=0, le=1, description="Of the fp4 peak, GEMM.")
    compute_share_int8: float = Field(gt=0, le=1, description="Of the int8 peak, GEMM.")
    attention_share: float = Field(gt=0, le=1, description="Of the 16-bit peak, prefill attention.")
    link_share: float = Field(gt=0, le=1, description="Of the link, all-reduce.")
    all_reduce_us: float = Field(ge=0, description="Microseconds of latency per all-reduce.")
    step_us: float = Field(ge=0, description="Microseconds of engine work per step.")
    layer_us: float = Field(ge=0, description="Microseconds per layer and step.")
    sequence_us: float = Field(ge=0, description="Microseconds per sequence and step.")
    exponent: float = Field(ge=1, description="Of the soft maximum of memory and compute time.")
    step_tokens: float = Field(gt=0, description="Prompt tokens in one prefill pass.")

    def plain(self) -> RooflineConstants:
        """The same as the roofline takes it."""
        return RooflineConstants(**self.model_dump())


class Interval(Record):
    """80 % range of measured over estimated throughput."""

    low: float = Field(gt=0, le=1)
    high: float = Field(ge=1)


class Intervals(Record):
    """By how far a case lies from what the constants were fitted on."""

    measured: Interval = Field(description="A measurement of exactly this, repeated elsewhere.")
    dense: Interval = Field(description="Dense; model, GPU and kernel among those fitted on.")
    mixture: Interval = Field(description="Mixture of experts.")
    unseen_model: Interval
    unseen_gpu: Interval
    other_kernel: Interval = Field(description="A kernel other than those fitted on.")


class Calibration(Record):
    """What the constants were fitted on."""

    rows: int
    models: tuple[Id, ...]
    gpus: tuple[Id, ...]
    kernels: tuple[Id, ...]


class Roofline(Record):
    """`data/roofline.yaml`."""

    dense: Constants
    mixture: Constants
    intervals: Intervals
    calibrated_on: Calibration
    source: str = Field(min_length=3)
    as_of: date
    note: str | None = None

    @model_validator(mode="after")
    def _mixtures_are_no_surer(self) -> Roofline:
        if self.intervals.mixture.high < self.intervals.dense.high:
            raise ValueError("intervals.mixture must be at least as wide as intervals.dense")
        return self

    def interval(
        self,
        *,
        model: str,
        gpu: str,
        kernel: str,
        mixture: bool,
        factors: Interval | None = None,
    ) -> Interval:
        """The interval of an estimate: what is unfamiliar about it adds up in quadrature.

        `factors`: how far the interval of the kernel's own factors moves the estimate.
        """
        known = self.calibrated_on
        base = self.intervals.mixture if mixture else self.intervals.dense
        strange = [
            interval
            for interval, familiar in (
                (self.intervals.unseen_model, model in known.models),
                (self.intervals.unseen_gpu, gpu in known.gpus),
                (self.intervals.other_kernel, kernel in known.kernels),
            )
            if not familiar
        ]
        widened = widen(base, strange, self.intervals.dense)
        return widen(widened, [factors], CERTAIN) if factors else widened


def widen(base: Interval, others: Iterable[Interval], reference: Interval) -> Interval:
    """Add what `others` exceed `reference` by, in log space and in quadrature, to `base`.

    >>> same = Interval(low=0.8, high=1.25)
    >>> widen(same, [], same) == same
    True
    """
    others = list(others)

    def total(side: str) -> float:
        start = math.log(getattr(reference, side)) ** 2
        excess = [max(0.0, math.log(getattr(o, side)) ** 2 - start) for o in others]
        return math.sqrt(math.log(getattr(base, side)) ** 2 + sum(excess))

    return Interval(low=math.exp(-total("low")), high=math.exp(total("high")))


CERTAIN = Interval(low=1.0, high=1.0)


@cache
def roofline() -> Roofline:
    """The bundled constants."""
    return Roofline.model_validate(read_yaml(data_dir() / "roofline.yaml"))

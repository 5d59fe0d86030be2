"""What the roofline was calibrated to, and how far it misses: `data/roofline.yaml`, `anchors.csv`.

Both files are written by `python -m validation.throughput calibrate`, from the measurements that
ship. Constants stand per engine and generation, for dense models and mixtures of experts apart.
`anchors.csv` holds the residual of every calibrated measurement, to be carried over.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Literal, get_args

import numpy as np
from pydantic import Field, model_validator

from costmodel.book.engines import DEFAULT_ENGINE, Versions
from costmodel.book.files import data_dir, read_yaml
from costmodel.book.records import Id, Record
from costmodel.serving.anchor import DISTANCES, LABELS, Array, Points, Similarity, points
from costmodel.serving.roofline import RooflineConstants

Regime = Literal["offline", "fixed"]
"""Every request queued, or a number of requests held in flight."""

REGIMES: tuple[Regime, ...] = get_args(Regime)


class Constants(Record):
    """What one engine, of some versions, achieves of what the hardware promises."""

    engine: str
    versions: Versions = Versions()
    rows: int = Field(ge=0, description="Measurements of this engine it was fitted on.")
    bandwidth_share: float = Field(gt=0, le=1, description="Of peak bandwidth, reading weights.")
    kv_bandwidth_share: float = Field(gt=0, le=1, description="Of peak bandwidth, reading KV.")
    compute_share_16bit: float = Field(gt=0, le=1, description="Of the 16-bit peak, GEMM.")
    compute_share_fp8: float = Field(gt=0, le=1, description="Of the fp8 peak, GEMM.")
    compute_share_fp4: float = Field(gt=0, le=1, description="Of the fp4 peak, GEMM.")
    compute_share_int8: float = Field(gt=0, le=1, description="Of the int8 peak, GEMM.")
    attention_share: float = Field(gt=0, description="Of the 16-bit peak, prefill attention.")
    link_share: float = Field(gt=0, le=1, description="Of the link, all-reduce.")
    all_reduce_us: float = Field(ge=0, description="Microseconds of latency per all-reduce.")
    step_us: float = Field(ge=0, description="Microseconds of engine work per step.")
    layer_us: float = Field(ge=0, description="Microseconds per layer and step.")
    sequence_us: float = Field(ge=0, description="Microseconds per sequence and step.")
    exponent: float = Field(ge=1, description="Of the soft maximum of memory and compute time.")
    step_tokens: float = Field(gt=0, description="Prompt tokens in one prefill pass.")
    first_ms: float = Field(ge=0, description="Milliseconds of request handling before a prefill.")
    first_steps: float = Field(ge=0, description="Decode steps until the first token is out.")
    wait_share: float = Field(
        ge=0, le=1, description="Of the other residents' prefill, waited for before the own."
    )

    def plain(self) -> RooflineConstants:
        """The same as the roofline takes it."""
        return RooflineConstants(**self.model_dump(exclude={"engine", "versions", "rows"}))


class Pool(Record):
    """How an engine that the memory table leaves out sizes its KV cache."""

    engine: str
    share: float = Field(gt=0, le=1, description="Of what weights and activations leave.")
    reserve_gib: float = Field(ge=0, description="Activations and buffers per GPU [GiB].")
    occupancy: float = Field(
        gt=0, le=1, description="Share of its output a running request holds in the cache."
    )
    max_sequences: int = Field(ge=1)


class Likeness(Record):
    """How fast what a measurement says fades: see costmodel.serving.anchor."""

    spread: float = Field(gt=0, description="Of log(measured / roofline) between configurations.")
    noise: float = Field(gt=0, description="The same between repetitions of one.")
    near: float = Field(gt=0, description="Widens a deviation beside a measurement.")
    far: float = Field(gt=0, description="The same away from all, so that 80 % means 80 %.")
    rates: dict[str, float] = Field(description="Per difference: by label, by distance.")

    @model_validator(mode="after")
    def _complete(self) -> Likeness:
        if tuple(self.rates) != (*LABELS, *DISTANCES):
            raise ValueError(f"rates must name {', '.join((*LABELS, *DISTANCES))}, in this order")
        return self

    def plain(self) -> Similarity:
        """The same as anchors take it."""
        return Similarity(self.spread, self.noise, tuple(self.rates.values()), self.near, self.far)


class HeldOut(Record):
    """Absolute error of output tokens per second on rows that were held out [%]."""

    by: Literal["case", "model", "gpu", "source"]
    regime: Regime
    rows: int
    median: float
    p90: float
    roofline_median: float
    roofline_p90: float
    nearest_median: float = Field(description="Of answering with the nearest measurement.")
    nearest_p90: float
    covered: float = Field(description="Rows inside their 80 % interval [%].")
    ttft_rows: int = Field(ge=0, description="Rows that print a TTFT.")
    ttft_median: float | None = Field(
        default=None, ge=1, description="Factor by which TTFT is missed, whichever way."
    )
    ttft_p90: float | None = Field(default=None, ge=1)


class Calibration(Record):
    """One class of models: constants by engine, likeness of measurements, errors held out."""

    constants: tuple[Constants, ...] = Field(min_length=1)
    likeness: Likeness
    held_out: tuple[HeldOut, ...]

    def of(self, engine: str, version: str | None = None) -> Constants:
        """The engine's own constants, else those of the default engine; the newest by default."""
        rows = [row for row in self.constants if row.engine == engine]
        rows = rows or [row for row in self.constants if row.engine == DEFAULT_ENGINE]
        known = [row for row in rows if version and version[:1].isdigit()]
        return next((row for row in known if version in row.versions), rows[-1])

    @property
    def ttft_factor(self) -> float:
        """What 9 of 10 estimates of TTFT keep within, for a model held out."""
        return next(row.ttft_p90 for row in self.held_out if row.by == "model" and row.ttft_p90)


class Interval(Record):
    """80 % range of measured over estimated throughput."""

    low: float = Field(gt=0, le=1)
    high: float = Field(ge=1)


class Roofline(Record):
    """`data/roofline.yaml`."""

    dense: Calibration
    mixture: Calibration
    pools: tuple[Pool, ...]
    repeated: Interval = Field(description="A measurement of exactly this, repeated elsewhere.")
    source: str = Field(min_length=3)
    as_of: date
    note: str | None = None

    def of(self, *, mixture: bool) -> Calibration:
        """The calibration of a class of models."""
        return self.mixture if mixture else self.dense

    def pool(self, engine: str) -> Pool | None:
        """How the engine sizes its cache, where the memory table does not say."""
        return next((pool for pool in self.pools if pool.engine == engine), None)


@cache
def roofline() -> Roofline:
    """The bundled constants."""
    return Roofline.model_validate(read_yaml(data_dir() / "roofline.yaml"))


# --------------------------------------------------------------------------------- anchors


ALIKE: dict[str, str] = {
    "fp16": "bf16",
    "awq-int4": "int4",
    "gptq-int4": "int4",
    "int4-w4a16": "int4",
}
"""Formats of equal size and arithmetic, which are one format to an anchor."""

ANCHOR_COLUMNS = ("line", "mixture", *LABELS, *DISTANCES, "residual")


@dataclass(frozen=True)
class AnchorTable:
    """Calibrated measurements of one class of models.

    `lines`: data lines of `measured.csv`, from 0. `residuals`: log(measured / roofline).
    """

    lines: np.ndarray
    points: Points
    residuals: Array


def alike(format_id: Id) -> str:
    """The format as an anchor knows it."""
    return ALIKE.get(format_id, format_id)


@cache
def anchor_table(*, mixture: bool) -> AnchorTable:
    """The anchors of dense models or of mixtures, in the order of the measurements."""
    with (data_dir() / "anchors.csv").open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    if tuple(header) != ANCHOR_COLUMNS:
        raise ValueError(f"anchors.csv must have the columns {', '.join(ANCHOR_COLUMNS)}")
    own = [row for row in rows if row[1] == str(int(mixture))]
    first, last = 2 + len(LABELS), 2 + len(LABELS) + len(DISTANCES)
    return AnchorTable(
        lines=np.array([int(row[0]) for row in own]),
        points=points(
            [row[2:first] for row in own],
            [[float(cell) for cell in row[first:last]] for row in own],
        ),
        residuals=np.array([float(row[last]) for row in own]),
    )

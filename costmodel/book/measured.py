"""Published throughput measurements: `data/measured.csv`, read with the csv module.

Only rows whose licence allows redistribution ship. A row says what was measured and under which
metric; which metrics are serving capacity is stated here, once. Nothing here interpolates:
:func:`matching` answers with measurements of exactly what was asked, or with none.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal, get_args

from costmodel.book.files import data_dir

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

Metric = Literal[
    "offline-max",
    "guidellm-max",
    "sharegpt-max",
    "mlperf-offline",
    "mlperf-server",
    "mlperf-interactive",
    "fixed-concurrency",
    "open-loop",
    "static-batch",
    "decode-only",
    "prefill-only",
    "single-stream",
    "single-stream-decode",
]
METRICS: tuple[Metric, ...] = get_args(Metric)

OFFLINE_METRICS: frozenset[Metric] = frozenset(
    {"offline-max", "guidellm-max", "sharegpt-max", "mlperf-offline"}
)
"""The most an engine sustains with every request queued; no latency is promised."""

SLO_METRICS: frozenset[Metric] = frozenset({"mlperf-server", "mlperf-interactive"})
"""The most an engine sustains within a latency objective."""

SERVING_METRICS: frozenset[Metric] = OFFLINE_METRICS | SLO_METRICS
"""Metrics that are serving capacity.

`fixed-concurrency` is capacity at that concurrency only. A static batch, one phase alone, a
single stream or an open loop below saturation never passes for it.
"""

SIXTEEN_BIT = frozenset({"bf16", "fp16"})
"""Formats of equal size and speed, which match each other."""

SHAPE_TOLERANCE = 0.01
"""Share by which input or output tokens may differ and still be the same shape."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One published measurement. None where the source is silent."""

    source: str
    source_url: str
    source_date: str
    """ISO date, or its year, or year and month; empty where undated."""
    model: str
    params_total_b: float | None
    params_active_b: float | None
    format: str
    kernel: str
    kv_dtype: str
    engine: str
    engine_version: str
    gpu: str
    gpus: int | None
    tp: int | None
    pp: int | None
    dp: int | None
    input_tokens: float | None
    """Mean per request."""
    output_tokens: float | None
    """Mean per request."""
    concurrency: int | None
    """Requests in flight, or the largest batch allowed."""
    metric: Metric
    output_tokens_per_s: float | None
    """All GPUs together, as printed."""
    total_tokens_per_s: float | None
    """Input and output, all GPUs together, as printed."""
    ttft_ms: float | None
    tpot_ms: float | None
    notes: str
    licence: str

    @property
    def is_serving_capacity(self) -> bool:
        """Whether the row is an offline maximum or bound by an SLO."""
        return self.metric in SERVING_METRICS

    @property
    def is_outlier(self) -> bool:
        """Whether whoever collected the row flagged it as inconsistent with its siblings."""
        return self.notes.startswith("OUTLIER")

    @property
    def is_derived(self) -> bool:
        """Whether :attr:`capacity_output_tokens_per_s` is computed rather than printed."""
        return self.output_tokens_per_s is None

    @property
    def effective_tp(self) -> int | None:
        """Tensor parallel ranks; a single GPU is 1 whether or not the source says so."""
        return 1 if self.tp is None and self.gpus == 1 else self.tp

    @property
    def capacity_output_tokens_per_s(self) -> float | None:
        """Output tokens per second of the whole configuration: printed, or derived from latency.

        Derived as `concurrency * output / (TTFT + (output - 1) * TPOT)`, whose median error is
        3.4 % on the 116 rows here that print both, or as the output share of a printed total.
        """
        if self.output_tokens_per_s is not None or not self.output_tokens:
            return self.output_tokens_per_s
        if self.total_tokens_per_s is not None and self.input_tokens is not None:
            tokens = self.input_tokens + self.output_tokens
            return self.total_tokens_per_s * self.output_tokens / tokens
        if self.concurrency is None or self.ttft_ms is None or self.tpot_ms is None:
            return None
        request_s = (self.ttft_ms + (self.output_tokens - 1) * self.tpot_ms) / 1000
        return self.concurrency * self.output_tokens / request_s if request_s > 0 else None

    @property
    def requests_per_s(self) -> float | None:
        """Requests per second of the whole configuration."""
        output = self.capacity_output_tokens_per_s
        return output / self.output_tokens if output and self.output_tokens else None


COLUMNS: tuple[str, ...] = tuple(Measurement.__dataclass_fields__)
"""Columns of the file, in order; `costmodel bench` writes the same."""

_INTEGERS = frozenset({"gpus", "tp", "pp", "dp", "concurrency"})
_NUMBERS = frozenset(
    {
        "params_total_b",
        "params_active_b",
        "input_tokens",
        "output_tokens",
        "output_tokens_per_s",
        "total_tokens_per_s",
        "ttft_ms",
        "tpot_ms",
    }
)
_PARSE = tuple(
    (i, int if name in _INTEGERS else float)
    for i, name in enumerate(COLUMNS)
    if name in _INTEGERS | _NUMBERS
)
_AT = {name: i for i, name in enumerate(COLUMNS)}


@cache
def measurements() -> tuple[Measurement, ...]:
    """Every bundled measurement, in the order of the file."""
    return tuple(_records(_rows()))


def at_line(line: int) -> Measurement:
    """The measurement on one data line of the file, from 0."""
    return next(_records([_rows()[line]]))


def matching(  # noqa: PLR0913 - one keyword per fact that must agree
    *,
    model: str | Collection[str],
    gpu: str,
    format: str,  # noqa: A002 - the word users type
    input_tokens: float,
    output_tokens: float,
    tp: int = 1,
    kernel: str | None = None,
    engine: str | None = None,
    concurrency: int | Literal["any"] | None = None,
) -> list[Measurement]:
    """Measurements of exactly this serving configuration, best first.

    Without `concurrency` they are serving maxima (:data:`SERVING_METRICS`); with it, rows taken
    at that concurrency, or with "any" at one that is stated. Shapes agree within 1 %, bf16 stands
    for fp16, and a row that is silent about what was asked (kernel, engine, parallelism) does not
    match. Rows flagged as outliers and rows without a throughput are left out.

    Args:
        model: a measured model's id, or all ids of one architecture.
        gpu: canonical GPU id.
        format: canonical format id.
        input_tokens: mean input tokens per request.
        output_tokens: mean output tokens per request.
        tp: tensor parallel ranks of one replica; pipeline and data parallel rows never match.
        kernel: canonical kernel id; None takes any.
        engine: lower-case engine name; None takes any.
        concurrency: requests in flight.

    Returns:
        Printed throughput before derived, known kernel before unknown, newest first.

    """
    models = {model} if isinstance(model, str) else set(model)
    formats = SIXTEEN_BIT if format in SIXTEEN_BIT else {format}
    found = [
        m
        for m in _of(models, gpu, formats)
        if _metric_fits(m, concurrency)
        and _is_one_replica(m, tp)
        and _shape_fits(m, input_tokens, output_tokens)
        and kernel in (None, m.kernel)
        and engine in (None, m.engine)
        and not m.is_outlier
        and m.capacity_output_tokens_per_s
    ]
    found.sort(key=lambda m: m.source_date, reverse=True)
    return sorted(found, key=lambda m: (m.is_derived, not m.kernel))


def _of(models: Collection[str], gpu: str, formats: Collection[str]) -> Iterator[Measurement]:
    at_model, at_gpu, at_format = _AT["model"], _AT["gpu"], _AT["format"]
    yield from _records(
        [
            row
            for row in _rows(gpu)
            if row[at_model] in models and row[at_gpu] == gpu and row[at_format] in formats
        ]
    )


def _metric_fits(m: Measurement, concurrency: int | str | None) -> bool:
    if concurrency is None:
        return m.is_serving_capacity
    if concurrency == "any":
        return m.metric == "fixed-concurrency" and m.concurrency is not None
    return m.metric == "fixed-concurrency" and m.concurrency == concurrency


def _is_one_replica(m: Measurement, tp: int) -> bool:
    whole = m.gpus is None or m.gpus == tp
    return m.effective_tp == tp and whole and m.pp in (None, 1) and m.dp in (None, 1)


def _shape_fits(m: Measurement, input_tokens: float, output_tokens: float) -> bool:
    return _close(m.input_tokens, input_tokens) and _close(m.output_tokens, output_tokens)


def _close(measured: float | None, wanted: float) -> bool:
    return measured is not None and abs(measured - wanted) <= SHAPE_TOLERANCE * wanted


@cache
def _rows(naming: str = "") -> list[list[str]]:
    """Rows of the file with a text in them; no row spans lines, so others need no parsing."""
    header, *lines = (data_dir() / "measured.csv").read_text(encoding="utf-8").splitlines()
    if tuple(header.split(",")) != COLUMNS:
        raise ValueError(f"measured.csv must have the columns {', '.join(COLUMNS)}")
    return list(csv.reader(line for line in lines if naming in line))


def _records(rows: Sequence[Sequence[str]]) -> Iterator[Measurement]:
    """Rows as records, converted column by column: the file has 4,000 rows of 26 columns."""
    columns: list[Sequence[object]] = list(zip(*rows, strict=True))
    if columns:
        for i, parse in _PARSE:
            columns[i] = [parse(cell) if cell else None for cell in columns[i]]  # type: ignore[arg-type]
    return map(Measurement, *columns) if columns else iter(())

"""Result files of benchmark tools in words: what they measured, and what they leave open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from costmodel.present.words.headline import Headline
from costmodel.quantity.answer import Answer, Column, Table, numbers
from costmodel.quantity.words import counted, milliseconds, whole

if TYPE_CHECKING:
    from costmodel.book.measured import Measurement
    from costmodel.ingest.bench.read import Benchmark

MEASURED_SPEED = (
    numbers("Output tok/s", whole),
    numbers("TTFT", milliseconds, "ttft_ms"),
    numbers("TPOT", milliseconds, "tpot_ms"),
)
"""Columns of what was measured."""

MEASURED = (
    numbers("In flight", whole, "concurrency"),
    numbers("Tokens in", whole, "input_tokens"),
    numbers("Tokens out", whole, "output_tokens"),
    *MEASURED_SPEED,
)
"""The same with the load it was measured under: the columns of :func:`run`."""


def run(m: Measurement) -> tuple[float | None, ...]:
    """The load of one measurement, and what was measured."""
    return (
        m.concurrency,
        m.input_tokens,
        m.output_tokens,
        m.capacity_output_tokens_per_s,
        m.ttft_ms,
        m.tpot_ms,
    )


def answer(found: Benchmark) -> Answer:
    """The measurements of the files, and what these do not say."""
    missing = [f"Not in the files: {', '.join(found.missing)}."] if found.missing else []
    others = [f"{found.passed_over:,} other results passed over."] if found.passed_over else []
    count = counted(len(found.measurements), "measurement")
    return Answer(
        Headline(f"{count} in the book's columns.", "", " ".join([*missing, *others])),
        tables={"measurements": measurements(found)},
    )


def measurements(found: Benchmark) -> Table:
    """One row a measurement, by requests in flight."""
    return Table.of(
        (
            Column("Model"),
            *MEASURED,
            Column("Metric"),
            Column("Source", role="source"),
        ),
        (
            (
                m.model or None,
                *run(m),
                m.metric,
                ": ".join(text for text in (m.source_url, m.source, m.notes) if text),
            )
            for m in found.measurements
        ),
    )

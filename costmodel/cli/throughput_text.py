"""`costmodel throughput` for people: a sentence, the curve over requests in flight, the sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from costmodel.cli.text import Footnotes, paragraph, sections, table, titled
from costmodel.present.words import speed as words
from costmodel.quantity.words import short

if TYPE_CHECKING:
    from costmodel.present.words.speed import Asked
    from costmodel.sizing.records import MeasuredPoint, Throughput, ThroughputCurve

HEADS = ("HELD IN FLIGHT", "OUTPUT TOK/S", "80 % INTERVAL", "TTFT", "TPOT", "WITHIN SLO")


def throughput_text(
    asked: Asked,
    found: Throughput,
    curve: ThroughputCurve | None,
    shown: ThroughputCurve | None,
) -> str:
    """What is served, how it grows with the requests in flight, and what that rests on.

    `curve` is the whole one, `shown` the same at the numbers in flight that the table holds.
    """
    line = words.headline(asked, found, curve)
    sources = words.source_lines(found.sources)
    listed = "\n".join(paragraph(f"- {source}", "  ") for source in sources)
    return sections(
        f"{paragraph(f'{line.facts} {line.advice}')}\n{paragraph(line.reason)}",
        titled("THE CURVE, ESTIMATED, A NUMBER HELD IN FLIGHT", _curve_table(asked, found, shown))
        if shown
        else "",
        titled("THE CURVE, MEASURED", _measured_table(curve.measured))
        if curve and curve.measured
        else "",
        titled("SOURCES", listed),
        _evidence_table(found),
    )


def _curve_table(asked: Asked, found: Throughput, curve: ThroughputCurve) -> str:
    rows = [
        [
            f"{n:,.0f}" + (" <" if n == found.concurrency else ""),
            short(value),
            f"{short(low)} to {short(high)}",
            words.milliseconds(ttft),
            words.milliseconds(tpot),
            ("yes" if meets else "no") if asked.limits else "-",
        ]
        for n, value, low, high, ttft, tpot, meets in zip(
            curve.concurrency, curve.output_tokens_per_s, curve.low, curve.high, curve.ttft_ms,
            curve.tpot_ms, curve.within_slo, strict=True,
        )
    ]  # fmt: skip
    return table(HEADS, rows, HEADS[:5])


def _measured_table(points: tuple[MeasuredPoint, ...]) -> str:
    """Published points of exactly this; their sources as footnotes."""
    notes = Footnotes()
    rows = [
        [
            f"{point.concurrency:,.0f}",
            short(point.output_tokens_per_s),
            words.milliseconds(point.ttft_ms),
            words.milliseconds(point.tpot_ms),
            point.engine,
            notes.mark(point.source),
        ]
        for point in points
    ]
    heads = ["IN FLIGHT", "OUTPUT TOK/S", "TTFT", "TPOT", "ENGINE", "SOURCE"]
    return sections(table(heads, rows, heads[:4]), notes.text("MEASURED BY"))


def _evidence_table(found: Throughput) -> str:
    notes = Footnotes()
    rows = [
        [row.name, row.value, row.kind, notes.mark(row.source)] for row in words.evidence(found)
    ]
    return sections(
        table(["RESTS ON", "VALUE", "KIND", "FROM"], rows, ["VALUE"]), notes.text("FROM")
    )

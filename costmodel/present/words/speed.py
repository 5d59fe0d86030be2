"""A replica's speed in words: what it serves as one sentence, its figures, its tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from costmodel.present.words.bench import MEASURED_SPEED
from costmodel.present.words.evidence import Evidence
from costmodel.present.words.fit import NAMES as FIT_NAMES
from costmodel.present.words.fit import evidence_rows
from costmodel.present.words.headline import Headline
from costmodel.present.words.report import rests_on
from costmodel.quantity.answer import Answer, Card, Column, Row, Table, numbers
from costmodel.quantity.units import MTOK, SECONDS_PER_DAY, SECONDS_PER_HOUR
from costmodel.quantity.words import (
    NONE,
    counted,
    milliseconds,
    or_none,
    per_day,
    short,
    tokens_per_s,
    usd,
    whole,
)

if TYPE_CHECKING:
    from costmodel.sizing.records import MeasuredPoint, Throughput, ThroughputCurve

NAMES = {
    **FIT_NAMES,
    "kernel": "GEMM kernel",
    "kernel.bandwidth_efficiency": "Bandwidth the kernel reaches, of bf16's",
    "kernel.compute_efficiency": "Arithmetic the kernel reaches, of bf16's",
    "gpu.memory_bandwidth": "Memory bandwidth of a card",
    "roofline.engine": "Constants of the roofline",
    "roofline.anchoring": "What measurements correct the roofline by",
    "roofline.low": "Low end of the 80 % interval",
    "roofline.high": "High end of the 80 % interval",
    "roofline.ttft": "Factor that 9 of 10 TTFT held out keep within",
    "throughput.output_tokens_per_s": "Output tokens a second, as measured",
    "prefix_cache_share_applied": "Prefix cache, in this answer",
    "kv_dtype": "Format of the KV cache",
}
"""What a row of the evidence is called."""

OF_SPEED = ("throughput.", "roofline.", "kernel", "gpu.memory_bandwidth", "prefix_cache")
"""How the paths of assumptions about speed begin; the rest are about memory."""

WAYS = {
    "measured": "a published measurement of exactly this",
    "anchored": "the nearest published measurements, carried over by the roofline",
    "estimated": "the calibrated roofline, no measurement being near",
}
"""How an answer is known, by its provenance."""

SOURCES = "Where the speed comes from"


@dataclass(frozen=True)
class Asked:
    """What the speed is of, in the words of the command line; limits None where there are none."""

    model: str
    gpu: str
    format: str
    tp: int
    input_tokens: float
    output_tokens: float
    kernel: str | None = None
    concurrency: float | None = None
    ttft_ms: float | None = None
    tpot_ms: float | None = None

    @property
    def cards(self) -> str:
        """The GPUs of one replica."""
        return f"one {self.gpu}" if self.tp == 1 else f"{self.tp} × {self.gpu}"

    @property
    def limits(self) -> str:
        """The latencies promised, in words; empty where there are none.

        >>> Asked("m", "g", "f", 1, 100, 10, ttft_ms=2000, tpot_ms=50).limits
        'TTFT 2 s and TPOT 50 ms'
        """
        named = (("TTFT", self.ttft_ms), ("TPOT", self.tpot_ms))
        return " and ".join(f"{name} {milliseconds(ms)}" for name, ms in named if ms is not None)

    @property
    def total_per_output(self) -> float:
        """Tokens in and out for each token out."""
        return (self.input_tokens + self.output_tokens) / self.output_tokens


def answer(
    asked: Asked,
    found: Throughput,
    curve: ThroughputCurve | None,
    shown: ThroughputCurve | None,
    refused: str = "",
) -> Answer:
    """What is served, how it grows with the requests in flight, and what that rests on.

    `curve` is the whole one, `shown` the same at the numbers in flight that the table holds;
    `refused` says why there is none.
    """
    return Answer(
        headline(asked, found, curve),
        cards=tuple(cards(asked, found)),
        tables={
            "curve": estimated(asked, found, shown),
            "measured": measured(curve),
            "rests_on": rests_on(evidence(found)),
        },
        notes={"No curve": [refused] if refused else [], SOURCES: source_lines(found.sources)},
    )


def headline(asked: Asked, found: Throughput, curve: ThroughputCurve | None = None) -> Headline:
    """What one replica serves, with its interval and how it is known; the reason under it."""
    kernel = f" through {asked.kernel}" if asked.kernel else ""
    facts = (
        f"{asked.model} in {asked.format}{kernel} on {asked.cards}, "
        f"{asked.input_tokens:,g} tokens in and {asked.output_tokens:,g} out."
    )
    return Headline(facts, _advice(asked, found), _reason(asked, found, curve), None)


def _advice(asked: Asked, found: Throughput) -> str:
    if not found.output_tokens_per_s:
        return f"It cannot meet {asked.limits}, not even with one request at a time."
    rate, span = tokens_per_s(found.output_tokens_per_s), interval(found.low, found.high)
    return f"One replica serves {rate} out ({span}, {found.provenance})."


def _reason(asked: Asked, found: Throughput, curve: ThroughputCurve | None) -> str:
    ttft, tpot = or_none(found.ttft_ms, milliseconds), or_none(found.tpot_ms, milliseconds)
    latencies = f"TTFT {ttft} and TPOT {tpot}"
    if not found.output_tokens_per_s:
        return f"A single request takes {latencies}. A lighter format, more GPUs or more time help."
    parts = [f"{_in_flight(found)}, {latencies}" if found.ttft_ms or found.tpot_ms else ""]
    if found.concurrency and not parts[0]:
        parts[0] = _in_flight(found)
    if found.provenance != "measured":
        parts.append(_bound_by(asked, found, curve))
    how = f"From {WAYS[found.provenance]}"
    if found.provenance == "measured" and found.tpot_ms is None:
        how += "; it states no latency, so it is no point of the curve"
    known = "; ".join(part for part in parts if part)
    return " ".join([f"{known}. {how}." if known else f"{how}.", *found.notes])


def _in_flight(found: Throughput) -> str:
    if not found.concurrency:
        return "At the offline maximum"
    return f"With {counted(found.concurrency, 'request')} in flight"


def _bound_by(asked: Asked, found: Throughput, curve: ThroughputCurve | None) -> str:
    """What keeps it from more requests at once: a latency, what was asked, or memory."""
    if asked.concurrency is not None and found.concurrency == asked.concurrency:
        return "as many as asked for"
    if curve is None or found.concurrency is None:
        return f"as many as {_allowing(asked)}" if asked.limits else ""
    if found.concurrency >= curve.max_concurrency:
        queued = "" if asked.limits or asked.concurrency else ", with all others queued"
        return f"as many as memory and engine hold{queued}"
    return f"{_allowing(asked)} no more of the {curve.max_concurrency:,.0f} that fit"


def _allowing(asked: Asked) -> str:
    """The latencies as the subject of a sentence."""
    several = asked.ttft_ms is not None and asked.tpot_ms is not None
    return f"{asked.limits} allow" if several else f"{asked.limits} allows"


def cards(asked: Asked, found: Throughput) -> Iterator[Card]:
    """Output a second, and tokens a day flat out."""
    if not found.output_tokens_per_s:
        for name in ("Output, one replica", "A day"):
            yield Card(name, "None", f"within {asked.limits}")
        return
    span = f"80 % interval {interval(found.low, found.high)}; {found.provenance}"
    yield Card("Output, one replica", tokens_per_s(found.output_tokens_per_s), span)
    day = per_day(found.total_tokens_per_s * SECONDS_PER_DAY)
    yield Card("Input and output, flat out", day, _requests(found.requests_per_s))


def _requests(per_s: float) -> str:
    if per_s >= 1:
        return f"{short(per_s)} requests a second"
    return f"{short(60 * per_s)} requests a minute"


def cost_card(asked: Asked, found: Throughput, usd_per_gpu_hour: float | None) -> Card:
    """Dollars per million tokens at full load."""
    name = "1M tokens, input and output"
    if not found.output_tokens_per_s:
        return Card(name, "None", f"within {asked.limits}")
    if usd_per_gpu_hour is None:
        return Card(name, NONE, "no price for this GPU")
    cost = usd_per_mtok(found.total_tokens_per_s, usd_per_gpu_hour, asked.tp)
    return Card(name, usd(cost), f"GPUs only, never idle, at {usd(usd_per_gpu_hour)} a GPU hour")


def interval(low: float, high: float) -> str:
    """An interval of tokens a second."""
    return f"{short(low)} to {short(high)}"


def usd_per_mtok(total_tokens_per_s: Any, usd_per_gpu_hour: float, gpus: int) -> Any:
    """GPU dollars per million tokens at full load; floats or arrays.

    >>> usd_per_mtok(1000.0, 3.6, 1)
    1.0
    """
    return usd_per_gpu_hour * gpus / (total_tokens_per_s * SECONDS_PER_HOUR) * MTOK


# ------------------------------------------------------------------------------------- tables


def estimated(asked: Asked, found: Throughput, curve: ThroughputCurve | None) -> Table:
    """The curve at some numbers held in flight; the answer's own is marked."""
    limits = (Column("Within SLO", lambda meets: "yes" if meets else "no"),) if asked.limits else ()
    columns = (
        numbers("Held in flight", whole),
        numbers("Output tok/s", short),
        numbers("80 % interval"),
        numbers("TTFT", milliseconds),
        numbers("TPOT", milliseconds),
        *limits,
    )
    rows = () if curve is None else zip(
        curve.concurrency, curve.output_tokens_per_s, curve.low, curve.high, curve.ttft_ms,
        curve.tpot_ms, curve.within_slo, strict=True,
    )  # fmt: skip
    return Table.of(
        columns,
        (
            Row(
                (
                    f"{whole(n)} <" if n == found.concurrency else n,
                    value,
                    interval(low, high),
                    ttft,
                    tpot,
                    *([meets] if asked.limits else []),
                ),
                "strong" if n == found.concurrency else "",
            )
            for n, value, low, high, ttft, tpot, meets in rows
        ),
        "The curve, estimated, a number held in flight",
    )


def measured(curve: ThroughputCurve | None) -> Table:
    """Published points of exactly this."""
    return Table.of(
        (
            numbers("In flight", whole),
            *MEASURED_SPEED,
            Column("Engine"),
            Column("Source", role="cited"),
        ),
        (
            (p.concurrency, p.output_tokens_per_s, p.ttft_ms, p.tpot_ms, p.engine, _cited(p))
            for p in (curve.measured if curve else ())
        ),
        "Published measurements of exactly this",
        scrolls=True,
    )


def _cited(point: MeasuredPoint) -> str:
    return f"{point.source} ({point.source_url})"


def evidence(found: Throughput) -> list[Evidence]:
    """The numbers it rests on, those of speed before those of memory."""
    ordered = sorted(found.assumptions, key=lambda row: not row.path.startswith(OF_SPEED))
    return evidence_rows(ordered, NAMES)


def source_lines(sources: Sequence[str]) -> list[str]:
    """Sources as they are read, rows of one table drawn together.

    >>> source_lines(["lab (github:a/b.csv#1)", "lab (github:a/b.csv#2)", "book (Apache-2.0)"])
    ['lab (github:a/b.csv#1, #2)', 'book (Apache-2.0)']
    """
    places: dict[str, list[str]] = {}
    for source in sources:
        name, _, place = source.removesuffix(")").rpartition(" (")
        named = name if "/" in place else source
        places.setdefault(named, []).extend([place] if "/" in place else [])
    return [f"{name} ({_drawn(found)})" if found else name for name, found in places.items()]


def _drawn(places: Sequence[str]) -> str:
    """Addresses, of those in one file only the first in full."""
    shown: list[str] = []
    files: set[str] = set()
    for place in places:
        file, _, row = place.partition("#")
        shown.append(f"#{row}" if file in files and row else place)
        files.add(file)
    return ", ".join(shown)

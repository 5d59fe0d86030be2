"""A replica's speed in words: what it serves as one sentence, three figures, its evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from costmodel.present.words.evidence import Evidence
from costmodel.present.words.fit import NAMES as FIT_NAMES
from costmodel.present.words.fit import evidence_rows
from costmodel.present.words.headline import Headline
from costmodel.quantity.units import MTOK, SECONDS_PER_DAY, SECONDS_PER_HOUR
from costmodel.quantity.words import short, usd

if TYPE_CHECKING:
    from costmodel.sizing.kernels import KernelComparison, KernelCurve
    from costmodel.sizing.records import Throughput, ThroughputCurve

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


def milliseconds(ms: float | None) -> str:
    """A latency as a person reads it.

    >>> [milliseconds(x) for x in (8.43, 42.7, 905.2, 2000, 13_250, None)]
    ['8.4 ms', '43 ms', '905 ms', '2 s', '13.2 s', '–']
    """
    if ms is None:
        return "–"
    if ms >= 1000:
        return f"{ms / 1000:.1f}".removesuffix(".0") + " s"
    return f"{ms:.0f} ms" if ms >= 20 else f"{ms:.1f}".removesuffix(".0") + " ms"


def rate(tokens_per_s: float) -> str:
    """Tokens a second.

    >>> rate(4674.01)
    '4.67k tok/s'
    """
    return f"{short(tokens_per_s)} tok/s"


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
    span = f"{short(found.low)} to {short(found.high)}"
    return f"One replica serves {rate(found.output_tokens_per_s)} out ({span}, {found.provenance})."


def _reason(asked: Asked, found: Throughput, curve: ThroughputCurve | None) -> str:
    latencies = f"TTFT {milliseconds(found.ttft_ms)} and TPOT {milliseconds(found.tpot_ms)}"
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
    each = "request" if found.concurrency == 1 else "requests"
    return f"With {found.concurrency:,g} {each} in flight"


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


def figures(
    asked: Asked, found: Throughput, usd_per_gpu_hour: float | None
) -> list[tuple[str, str, str]]:
    """Three figures: output a second, tokens a day, dollars per million tokens at full load."""
    if not found.output_tokens_per_s:
        allowed = f"within {asked.limits}"
        return [(name, "None", allowed) for name in ("Output, one replica", "A day", "1M tokens")]
    day = f"{short(found.total_tokens_per_s * SECONDS_PER_DAY)} / day"
    each = 1000 * found.requests_per_s
    requests = (
        f"{short(found.requests_per_s)} requests a second"
        if found.requests_per_s >= 1
        else f"{short(each * 0.06)} requests a minute"
    )
    span = f"80 % interval {short(found.low)} to {short(found.high)}"
    return [
        (
            "Output, one replica",
            rate(found.output_tokens_per_s),
            f"{span}; {found.provenance}",
        ),
        ("Input and output, flat out", day, requests),
        _cost_figure(asked, found, usd_per_gpu_hour),
    ]


def _cost_figure(
    asked: Asked, found: Throughput, usd_per_gpu_hour: float | None
) -> tuple[str, str, str]:
    name = "1M tokens, input and output"
    if usd_per_gpu_hour is None:
        return name, "–", "no price for this GPU"
    cost = usd_per_mtok(found.total_tokens_per_s, usd_per_gpu_hour, asked.tp)
    return name, usd(cost), f"GPUs only, never idle, at {usd(usd_per_gpu_hour)} a GPU hour"


def usd_per_mtok(total_tokens_per_s: Any, usd_per_gpu_hour: float, gpus: int) -> Any:
    """GPU dollars per million tokens at full load; floats or arrays.

    >>> usd_per_mtok(1000.0, 3.6, 1)
    1.0
    """
    return usd_per_gpu_hour * gpus / (total_tokens_per_s * SECONDS_PER_HOUR) * MTOK


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


def stops_paying(found: KernelComparison) -> str:
    """Where the 4-bit options lose what they gain on the matrices, as a sentence."""
    told = [_paying(option) for option in found.options if "int4" in option.format]
    return " ".join(told)


def about(number: float) -> str:
    """A count to two significant digits, written out.

    >>> about(196.5), about(1377.0)
    ('200', '1,400')
    """
    return f"{float(f'{number:.2g}'):,.0f}"


def _paying(option: KernelCurve) -> str:
    if option.stops_paying is None:
        return f"{option.name} is still ahead of bf16 at {option.tokens[-1]:,.0f} tokens in flight."
    if option.stops_paying == 0:
        low, high = float(option.low[0]), float(option.high[0])
        return (
            f"{option.name} is slower than bf16 throughout; with one token in flight published "
            f"figures range from {low:.1f} to {high:.1f} times bf16."
        )
    at = about(option.stops_paying)
    return f"{option.name} stops paying at about {at} tokens in flight ({_span(option)})."


def _span(option: KernelCurve) -> str:
    """Where it stops paying at either end of the kernel's own interval."""
    low, high = option.stops_between
    most = about(float(option.tokens[-1]))
    return f"{about(low or 1.0)} to {f'beyond {most}' if high is None else about(high)}"

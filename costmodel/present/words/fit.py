"""A memory fit in words: the verdict as one sentence, its reason, three figures, its evidence."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, get_args

from costmodel.present.words.evidence import Evidence
from costmodel.present.words.headline import Headline
from costmodel.quantity.quantity import Kind
from costmodel.quantity.units import GIB
from costmodel.quantity.words import percent
from costmodel.sizing.records import Fit, Verdict

if TYPE_CHECKING:
    from costmodel.book.kv_quality import KvQuality
    from costmodel.sizing.records import Assumption, GroupRow

VERDICT_COLOURS: Mapping[Verdict, str] = {
    "fits": "#0f7a55",
    "tight": "#b97700",
    "does_not_fit": "#b3174a",
}
VERDICT_WORDS: Mapping[Verdict, str] = {
    "fits": "fits",
    "tight": "too close to call",
    "does_not_fit": "does not fit",
}

NAMES: Mapping[str, str] = {
    "model": "Architecture",
    "gpu.usable_bytes": "Memory of a card, as the driver reports it",
    "format": "Weight format",
    "format.bits_per_weight": "Bits a weight",
    "format.kept_16_bit": "Kept at 16 bits",
    "weights.stored": "Weights, from the file's header",
    "engine.budget_share": "Share of a card the engine takes",
    "engine.max_sequences": "Requests the engine runs at once",
    "engine.step_tokens": "Tokens of one forward pass",
    "engine.other_bytes": "CUDA context and libraries",
    "engine.graph_bytes": "CUDA graphs",
    "engine.overhead_bytes": "Overhead, all of it",
    "weights.loaded": "Weights, as loaded",
}
"""What a row of the evidence is called."""

NO_KV_DATA = "no data here yet"


def gib(size: float) -> str:
    """Bytes as a person reads memory.

    >>> gib(39801339904)
    '37.1 GiB'
    """
    return f"{size / GIB:,.1f} GiB" if size >= GIB / 20 or size == 0 else f"{size / 1024:,.0f} KiB"


def counted(number: float) -> str:
    """A count of requests that need not be whole.

    >>> [counted(x) for x in (0.0918, 12.78, 1024.5)]
    ['0.1', '12.8', '1,024']
    """
    return f"{number:.1f}" if number < 20 else f"{math.floor(number):,}"


def requests(number: float) -> str:
    """So many requests.

    >>> requests(1), requests(16)
    ('1 request', '16 requests')
    """
    return f"{number:,g} request" + ("" if number == 1 else "s")


def headline(fit: Fit, gpu: str) -> Headline:
    """The verdict in plain words with its interval, and the reason under it."""
    named = {row.path: row.value for row in fit.assumptions}
    cards = f"one {gpu}" if fit.tp == 1 else f"{fit.tp} × {gpu}"
    facts = (
        f"{named.get('model', 'The model')} in {named.get('format', 'its format')} on {cards}, "
        f"{requests(fit.concurrency)} of {fit.context:,} tokens at once."
    )
    return Headline(facts, _advice(fit), _reason(fit), None)


def _advice(fit: Fit) -> str:
    room = f"{counted(fit.low)} to {counted(fit.high)}"
    if fit.verdict == "fits":
        return f"It fits: room for {room}."
    if fit.verdict == "tight":
        return f"Too close to call: room for {room}."
    return f"It does not fit: room for {room}." if fit.high else "It does not fit."


def _reason(fit: Fit) -> str:
    budget, weights = gib(fit.budget_bytes_per_gpu), gib(fit.weights_bytes_per_gpu)
    overhead, cache = gib(fit.overhead_bytes_per_gpu), gib(fit.kv_pool_bytes / fit.tp)
    wanted = gib(fit.concurrency * fit.kv_bytes_per_sequence / fit.tp)
    left = f"weights ({weights}) and overhead ({overhead}) leave {cache}"
    if fit.verdict == "fits":
        taken = f"Of the {budget} the engine takes of a card"
        return f"{taken}, {left} to the KV cache; it needs {wanted}."
    if fit.verdict == "tight":
        return (
            f"These requests need {wanted} of KV cache a card. Of {budget}, {left}, give or take "
            f"what the engine itself needs, and that decides. {_needed(fit)}"
        )
    if fit.weights_bytes_per_gpu + fit.overhead_bytes_per_gpu >= fit.budget_bytes_per_gpu:
        return (
            f"Weights ({weights}) and overhead ({overhead}) alone exceed the {budget} the engine "
            f"takes of a card. {_needed(fit)}"
        )
    return f"These requests need {wanted} of KV cache a card. Of {budget}, {left}. {_needed(fit)}"


def _needed(fit: Fit) -> str:
    if fit.gpus_needed is None:
        return "Not even 16 GPUs hold it."
    return f"{fit.gpus_needed} GPUs hold it." if fit.gpus_needed > fit.tp else ""


def figures(fit: Fit) -> list[tuple[str, str, str]]:
    """Three figures: requests at once, the largest context, the GPUs it needs."""
    asked = f"{requests(fit.concurrency)} of {fit.context:,} tokens"
    longest = f"{fit.largest_context:,} tokens" if fit.largest_context else "None"
    needed = fit.gpus_needed
    interval = f"80 % interval {counted(fit.low)} to {counted(fit.high)}"
    room = f"of {fit.context:,} tokens; {interval if fit.high else 'no room for a KV cache'}"
    return [
        ("Requests at once", f"{fit.largest_concurrency:,}", room),
        ("Largest context", longest, f"with {requests(fit.concurrency)} at once"),
        (
            "GPUs needed",
            "More than 16" if needed is None else f"{needed}",
            f"for {asked}",
        ),
    ]


def nodes(row: GroupRow) -> str:
    """How many GPUs, and in how many machines where it takes several."""
    return f"{row.tp} in {row.nodes} nodes" if row.nodes > 1 else f"{row.tp}"


def kv_known(kv_dtype: str, known: KvQuality | None) -> str:
    """What is known about answers with this KV cache, as sentences.

    >>> kv_known("q5_1", None)
    'Answers with the KV cache in q5_1: no data here yet.'
    """
    if kv_dtype in {"bf16", "fp16"}:
        return "16 bits are what other KV caches are held against."
    if known is None:
        return f"Answers with the KV cache in {kv_dtype}: {NO_KV_DATA}."
    several = f"{known.comparisons} comparisons on {known.models} models"
    kept = f"{_share(known.median_retention)} of the score with 16 bits"
    one = f"Answers with the KV cache in {kv_dtype} keep {kept}"
    if known.comparisons == 1:
        return f"{one} in the one comparison there is ({known.worst_on}). {known.note}".strip()
    worst = f"{_share(known.worst_retention)} on {known.worst_on}"
    return f"{one} in the median of {several}; at worst {worst}. {known.note}".strip()


def _share(retention: float) -> str:
    return f"{100 * retention:.1f} %"


def evidence(fit: Fit) -> list[Evidence]:
    """What the verdict rests on; what the reader chose is left out."""
    return evidence_rows(fit.assumptions, NAMES)


def evidence_rows(rows: Iterable[Assumption], names: Mapping[str, str]) -> list[Evidence]:
    """Assumptions that name a source, under the names of people."""
    return [
        Evidence(
            names.get(row.path, row.path),
            _value(row),
            _kind(row.kind),
            row.source,
            row.as_of if isinstance(row.as_of, date) else None,
        )
        for row in rows
        if row.source and row.value != ""
    ]


def _kind(kind: str) -> Kind:
    return next((known for known in get_args(Kind) if known == kind), "assumed")


def _value(row: Assumption) -> str:
    value: Any = row.value
    if isinstance(value, str):
        return value
    if row.unit == "bytes":
        return f"{value / GIB:,.2f} GiB"
    if row.unit == "share":
        return percent(value)
    if row.unit == "factor":
        return f"× {value:.2f}"
    return f"{value:,.4g} {row.unit}".strip() if value < 1000 else f"{value:,.0f} {row.unit}"

"""A memory fit in words: the verdict as one sentence, its reason, its figures, its tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING

from costmodel.present.words.evidence import Evidence
from costmodel.present.words.headline import Headline
from costmodel.present.words.report import rests_on
from costmodel.quantity.answer import Answer, Card, Column, Row, Table, numbers
from costmodel.quantity.words import capital, counted, gib, room, score, with_unit
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
NOTES = "Why the card looks full, and what else to know"
REMEDIES = "What would make it fit"


def answer(fit: Fit, gpu: str) -> Answer:
    """Everything a fit says: of one card, of the KV cache, of other groups, of what would help."""
    return Answer(
        headline(fit, gpu),
        cards=tuple(cards(fit)),
        tables={
            "card": one_card(fit),
            "kv_cache": kv_cache(fit),
            "by_tp": by_tp(fit),
            "remedies": remedies(fit),
            "rests_on": rests_on(evidence(fit)),
        },
        notes={
            NOTES: fit.notes,
            REMEDIES: no_remedy(fit),
            "Answers with this KV cache": kv_notes(fit),
        },
    )


def headline(fit: Fit, gpu: str) -> Headline:
    """The verdict in plain words with its interval, and the reason under it."""
    named = {row.path: row.value for row in fit.assumptions}
    gpus = f"one {gpu}" if fit.tp == 1 else f"{fit.tp} × {gpu}"
    asked = counted(fit.concurrency, "request")
    facts = (
        f"{named.get('model', 'The model')} in {named.get('format', 'its format')} on {gpus}, "
        f"{asked} of {fit.context:,} tokens at once."
    )
    return Headline(facts, _advice(fit), _reason(fit))


def _advice(fit: Fit) -> str:
    most = between(fit)
    if fit.verdict == "fits":
        return f"It fits: room for {most}."
    if fit.verdict == "tight":
        return f"Too close to call: room for {most}."
    return f"It does not fit: room for {most}." if fit.high else "It does not fit."


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


def cards(fit: Fit) -> Iterator[Card]:
    """Requests at once, the largest context, the GPUs it needs."""
    asked = counted(fit.concurrency, "request")
    longest = f"{fit.largest_context:,} tokens" if fit.largest_context else "None"
    of = f"of {fit.context:,} tokens"
    most = f"80 % interval {between(fit)}" if fit.high else "no room for a KV cache"
    needed = "More than 16" if fit.gpus_needed is None else f"{fit.gpus_needed}"
    yield Card("Requests at once", f"{fit.largest_concurrency:,}", f"{of}; {most}")
    yield Card("Largest context", longest, f"with {asked} at once")
    yield Card("GPUs needed", needed, f"for {asked} {of}")


# ------------------------------------------------------------------------------------- tables


def one_card(fit: Fit) -> Table:
    """Where the bytes of one card go, and what finds no room."""
    parts = fit.per_gpu
    sizes = (
        ()
        if parts is None
        else (
            ("Weights", parts.weights_bytes),
            ("Overhead", parts.overhead_bytes),
            ("KV cache in use", parts.kv_in_use_bytes),
            ("KV cache free", parts.kv_free_bytes),
            ("KV cache that finds no room", parts.missing_bytes),
            ("Not usable", parts.unusable_bytes),
            ("The card", parts.card_bytes),
            ("The engine's share of it", fit.budget_bytes_per_gpu),
            ("All weights, as stored", fit.weights_bytes),
        )
    )
    return Table.of((Column("", key="part"), numbers("", gib, "bytes")), sizes, "One card")


def kv_cache(fit: Fit) -> Table:
    """The KV cache by itself."""
    cache = fit.kv_cache
    sizes = (
        ()
        if cache is None
        else (
            ("A token", cache.bytes_per_token),
            (f"A request of {fit.context:,} tokens", cache.bytes_per_sequence),
            ("In use", cache.in_use_bytes),
            ("The pool", cache.pool_bytes),
        )
    )
    title = f"KV cache in {cache.dtype}" if cache else ""
    return Table.of((Column("", key="part"), numbers("All GPUs together", gib)), sizes, title)


def by_tp(fit: Fit) -> Table:
    """The same question on more and on fewer GPUs; the row asked about is strong."""
    return Table.of(
        (
            Column("GPUs (TP)", key="gpus"),
            Column("Verdict", VERDICT_WORDS.__getitem__, "option"),
            numbers("Requests at once", room),
            numbers("80 % interval"),
            numbers("Weights a card", gib),
            numbers("Overhead a card", gib),
            numbers("KV cache, all cards", gib),
        ),
        (
            Row(
                (
                    nodes(row),
                    row.verdict,
                    row.max_concurrency,
                    between(row),
                    row.weights_bytes_per_gpu,
                    row.overhead_bytes_per_gpu,
                    row.kv_pool_bytes,
                ),
                "strong" if row.tp == fit.tp else "",
            )
            for row in fit.by_tp
        ),
        "The same on more or fewer GPUs",
    )


def remedies(fit: Fit) -> Table:
    """Single changes that make it fit."""
    return Table.of(
        (Column("Change", capital), numbers("GPUs"), numbers("Requests at once", room)),
        ((each.text, each.gpus, each.max_concurrency) for each in fit.remedies),
        REMEDIES,
    )


def no_remedy(fit: Fit) -> list[str]:
    """That nothing alone makes it fit, where that is so."""
    none = fit.verdict != "fits" and not fit.remedies
    return ["Nothing we can change alone, up to 16 GPUs."] if none else []


def between(row: Fit | GroupRow) -> str:
    """The 80 % interval of the requests at once."""
    return f"{room(row.low)} to {room(row.high)}"


def nodes(row: GroupRow) -> str:
    """How many GPUs, and in how many machines where it takes several."""
    return f"{row.tp} in {row.nodes} nodes" if row.nodes > 1 else f"{row.tp}"


# --------------------------------------------------------------------------- what it rests on


def kv_notes(fit: Fit) -> list[str]:
    """What is known about answers with this KV cache, and from where."""
    from costmodel.book.kv_quality import kv_quality

    if fit.kv_cache is None:
        return []
    known = kv_quality(fit.kv_cache.dtype)
    source = [] if known is None else [f"Source: {known.source}, read {known.as_of:%Y-%m}."]
    return [kv_known(fit.kv_cache.dtype, known), *source]


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
    kept = f"{score(known.median_retention)} of the score with 16 bits"
    one = f"Answers with the KV cache in {kv_dtype} keep {kept}"
    if known.comparisons == 1:
        return f"{one} in the one comparison there is ({known.worst_on}). {known.note}".strip()
    worst = f"{score(known.worst_retention)} on {known.worst_on}"
    return f"{one} in the median of {several}; at worst {worst}. {known.note}".strip()


def evidence(fit: Fit) -> list[Evidence]:
    """What the verdict rests on; what the reader chose is left out."""
    return evidence_rows(fit.assumptions, NAMES)


def evidence_rows(rows: Iterable[Assumption], names: Mapping[str, str]) -> list[Evidence]:
    """Assumptions that name a source, under the names of people."""
    return [
        Evidence(
            names.get(row.path, row.path),
            with_unit(row.value, row.unit),
            row.kind,
            row.source,
            row.as_of if isinstance(row.as_of, date) else None,
        )
        for row in rows
        if row.source and row.value != ""
    ]

"""The gate as an answer: its verdict, the numbers behind it, and how many items it takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from costmodel.errors import InputError
from costmodel.quality.gate import Gate, GateSequence, rows_of, sentence
from costmodel.quality.plan import SCORE, GatePlan, gate_plan
from costmodel.quality.published import FORMATS, format_name
from costmodel.quantity.answer import Answer, Column, Headline, Table, numbers
from costmodel.quantity.words import number, percent, score


def answer(found: Gate) -> Answer:
    """The verdict on one candidate."""
    return Answer(
        Headline("", sentence(found)), tables={"result": result(found)}, notes={"": found.notes}
    )


def result(found: Gate) -> Table:
    """The numbers behind a verdict."""
    return Table.of((Column(""), Column("Result")), rows_of(found))


def in_order(found: GateSequence) -> Answer:
    """The verdicts on candidates in a fixed order."""
    best, left = found.cheapest, ", ".join(found.untested)
    return Answer(
        Headline(
            "",
            f"Cheapest that passes: {best.candidate}." if best else "None passes.",
            f"Not tested, because the one before did not pass: {left}." if left else "",
        ),
        tables={"results": results(found)},
        notes={step.candidate: step.notes for step in found.steps},
    )


def results(found: GateSequence) -> Table:
    """The numbers behind every verdict, by candidate."""
    rows = (
        (step.candidate, *row)
        for step in found.steps
        for row in [("Verdict", sentence(step)), *rows_of(step)]
    )
    columns = (Column("Candidate"), Column(""), Column("Result"))
    return Table.of(columns, rows, grouped=True)


# ------------------------------------------------------------------------------------ the plan

PAIRED = (
    f"Paired: the same items in both runs, with results per item; totals only: at a score of "
    f"{percent(SCORE)}."
)


def planned(found: GatePlan) -> Answer:
    """How many items a format needs, before anyone runs it."""
    return Answer(
        Headline(
            f"To clear {format_name(found.format)} at {100 * found.margin:g} points four times in "
            f"five takes {number(found.items)} items.",
            found.advice,
        ),
        tables={"plan": plan([found])},
        notes={"": [PAIRED]},
    )


def plans(params_b: float | None, margin: float) -> Iterator[GatePlan]:
    """The plan of every weight format that flips are published for."""
    for _, weights, kv_dtype in FORMATS:
        try:
            if not kv_dtype:
                yield gate_plan(weights, params_b=params_b, margin=margin)
        except InputError:
            continue


def plan(found: Iterable[GatePlan]) -> Table:
    """Items a gate needs so that a format that loses nothing passes four times in five."""
    return Table.of(
        (
            Column("Format"),
            numbers("Flips expected", score, "flips"),
            numbers("Items, paired", number, "items"),
            numbers("Items, totals only", number, "items_unpaired"),
            Column("Rests on", key="basis"),
        ),
        ((format_name(p.format), p.flips, p.items, p.items_unpaired, p.basis) for p in found),
        "Items a gate needs",
    )

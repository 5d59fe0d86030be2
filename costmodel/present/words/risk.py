"""A risk run as an answer: the verdict with its odds, what drives it, what would flip it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from costmodel.pipeline.report import CHEAPEST
from costmodel.present.words.input_names import input_name, value_text
from costmodel.present.words.report import rival
from costmodel.quantity.answer import Answer, Card, Column, Headline, Table, numbers
from costmodel.quantity.words import (
    called,
    odds,
    or_none,
    per_day,
    tokens_per_day,
    usd,
)
from costmodel.studies.risk.record import BreakEvenRange, Goal, Outlook, Risk, Swing

NO_REGRET = 1e-4
"""Mean regret, as a share of the mean bill, that is none."""

LIKELY, EVEN = 0.8, 0.5
"""From these odds on a verdict is called likely, and more likely than not."""


def answer(risk: Risk) -> Answer:
    """Everything a person needs from a risk run."""
    return Answer(
        headline(risk),
        subject=f"{risk.scenario}: {risk.samples:,} draws, seed {risk.seed}",
        tables={
            "outlook": outlook(risk),
            "break_even": break_even(risk),
            "tornado": tornado(risk),
            "goals": goals(risk),
            "inputs": inputs(risk, str),
        },
        notes={"": notes(risk)},
    )


def notes(risk: Risk) -> list[str]:
    """What else to know of the draws."""
    out = out_of_reach(risk.goal_seek)
    nothing = "" if risk.inputs else "Nothing is drawn: no input of this scenario is a range."
    said = (out, nothing, over_volumes(risk), *_unserved(risk), *risk.notes)
    return [each for each in said if each]


# -------------------------------------------------------------------------------------- headline


def headline(risk: Risk) -> Headline:
    """The verdict with its odds."""
    volume = tokens_per_day(risk.tokens_per_day)
    if risk.option is None:
        facts = f"At {volume}, no option on own GPUs stands beside an eligible API."
        return Headline(facts, "There is nothing to weigh.")
    name = called(risk.option)
    chance = risk.probability_at_volume(risk.option) or 0.0
    facts = f"At {volume}, {name} costs less than the {rival(CHEAPEST)} in {odds(chance)}"
    facts += f" of {risk.draws(risk.option):,} draws"
    facts += ", and the same in the others." if _never_dearer(risk) and chance < 1 else "."
    return Headline(facts, _advice(risk, chance, name), _reason(risk), risk.option)


def _never_dearer(risk: Risk) -> bool:
    """Whether the option is among the cheapest in every draw: a hybrid that may be all API."""
    row = _outlook_of(risk.outlook, risk.option)
    if row is None or row.unserved_share:
        return False
    return row.expected_regret_usd <= NO_REGRET * row.expected_usd


def _outlook_of(rows: Sequence[Outlook], option: str | None) -> Outlook | None:
    return next((row for row in rows if row.option == option), None)


def _advice(risk: Risk, chance: float, name: str) -> str:
    if _never_dearer(risk) and 1 - LIKELY < chance < LIKELY:
        return f"{name} is never behind."
    if chance >= LIKELY:
        return f"{name} is the safer choice."
    if chance > EVEN:
        return f"{name} is ahead, but not safely."
    return "The API is the safer choice." if chance <= 1 - LIKELY else "The API is ahead, narrowly."


def _reason(risk: Risk) -> str:
    if not risk.inputs:
        return "No input is a range, so that there is one answer only."
    parts = []
    top = risk.tornado[0] if risk.tornado else None
    if top is not None and top.low_usd != top.high_usd:
        low, high = sorted((top.low_usd, top.high_usd))
        between = (
            f"What decides is the {input_name(top.path)}: between its 10th and 90th percentile"
        )
        if math.isfinite(low):
            parts.append(f"{between} the saving runs from {usd(low)} to {usd(high)} a month.")
        else:
            parts.append(f"{between} it goes as far as that the volume cannot be served.")
    else:
        parts.append("No range moves what it saves.")
    flip = next((goal for goal in _nearest_first(risk.goal_seek) if goal.value is not None), None)
    if flip is not None:
        parts.append(
            f"The verdict flips where the {input_name(flip.path)} goes from "
            f"{value_text(flip.path, flip.current)} to {value_text(flip.path, flip.value or 0.0)}."
        )
    return " ".join(parts)


def cards(risk: Risk) -> list[Card]:
    """Three figures: the odds, the saving with its range, where it begins to win."""
    if risk.option is None:
        return []
    chance = risk.probability_at_volume(risk.option) or 0.0
    found = _outlook_of(risk.outlook, risk.option)
    row = first_wins(risk, risk.option)
    regret = f"regret {usd(found.expected_regret_usd)}" if found else ""
    return [
        Card(
            "Costs less than the cheapest API", odds(chance), f"{risk.draws(risk.option):,} draws"
        ),
        Card(
            "Expected saving a month",
            or_none(found.expected_saving_usd if found else None, usd),
            f"{_saving(risk.saving_usd or 0.0)} as stated; {regret}",
        ),
        Card("First cheaper, median", per_day(row.first_p50 if row else None), _first_range(row)),
    ]


def first_wins(risk: Risk, option: str, against: str = CHEAPEST) -> BreakEvenRange | None:
    """The volumes at which an option begins to win against another."""
    rows = (r for r in risk.break_even if (r.option, r.against) == (option, against))
    return next(rows, None)


def _first_range(row: BreakEvenRange | None) -> str:
    if row is None:
        return ""
    return f"{per_day(row.first_p10)} to {per_day(row.first_p90)}; never in {odds(row.never_share)}"


# ---------------------------------------------------------------------------------------- tables


def outlook(risk: Risk) -> Table:
    """Every bill with its range, and what choosing it means in the mean of the draws."""
    rows = {row.option: row for row in risk.outlook}
    found = [
        (band, rows.get(band.option))
        for band in risk.bands
        if band.tokens_per_day == risk.tokens_per_day
    ]
    return Table.of(
        (
            Column("Option", role="option"),
            numbers("P10", _bill),
            numbers("Median", _bill),
            numbers("P90", _bill),
            numbers("Mean saving", usd),
            numbers("Mean regret", usd, missing="excluded"),
            numbers("Cheapest in", odds),
        ),
        (
            (
                band.option,
                band.p10,
                band.p50,
                band.p90,
                row.expected_saving_usd if row else None,
                row.expected_regret_usd if row else None,
                row.cheapest_share if row else None,
            )
            for band, row in found
        ),
        f"Every bill a month at {tokens_per_day(risk.tokens_per_day)}",
    )


def break_even(risk: Risk) -> Table:
    """Where each option first wins, as a range over the draws."""
    return Table.of(
        (
            Column("Option", role="option"),
            Column("Against", rival),
            numbers("P10", per_day, missing="never"),
            numbers("Median", per_day, missing="never"),
            numbers("P90", per_day, missing="never"),
            numbers("Never in", odds),
        ),
        (
            (r.option, r.against, r.first_p10, r.first_p50, r.first_p90, r.never_share)
            for r in risk.break_even
        ),
        "Where each option first wins",
    )


def tornado(risk: Risk) -> Table:
    """What each input moves, at either end of its range."""
    return Table.of(
        (
            Column("Input", role="id"),
            numbers("Low"),
            numbers("High"),
            numbers("Saved at low", _saving),
            numbers("Saved at high", _saving),
        ),
        (
            (
                input_name(s.path),
                value_text(s.path, s.low),
                value_text(s.path, s.high),
                s.low_usd,
                s.high_usd,
            )
            for s in risk.tornado
            if s.low_usd != s.high_usd
        ),
        "One input at a time, at its 10th and 90th percentile",
    )


def goals(risk: Risk) -> Table:
    """The value of each input at which the verdict flips, the nearest first."""
    return Table.of(
        (
            Column("Input", role="id"),
            numbers("Now"),
            numbers("Flips at"),
            numbers("Change"),
        ),
        (
            (
                input_name(g.path),
                value_text(g.path, g.current),
                value_text(g.path, g.value),
                _change(g),
            )
            for g in _nearest_first(risk.goal_seek)
            if g.value is not None
        ),
        "What would flip the verdict, at your volume",
    )


def inputs(risk: Risk, called_by: Callable[[str], str] = input_name) -> Table:
    """The ranges that were drawn; by name, or by path where one is to be copied."""
    return Table.of(
        (
            Column("Drawn", called_by, "id"),
            numbers("P10"),
            numbers("Likely"),
            numbers("P90"),
            Column("Kind", role="kind"),
            Column("Source", role="source"),
        ),
        (
            (
                i.path,
                *(value_text(i.path, value) for value in (i.low, i.value, i.high)),
                i.kind,
                i.source,
            )
            for i in risk.inputs
        ),
        f"The ranges behind it ({len(risk.inputs)})",
    )


def _saving(saving: float) -> str:
    """What an option saves a month, or that it has no bill."""
    return usd(saving) if math.isfinite(saving) else "cannot serve"


def _bill(bill: float) -> str:
    """A bill, or that there is none."""
    return usd(bill) if math.isfinite(bill) else "none"


def _change(goal: Goal) -> str:
    """How far an input is from its goal."""
    if goal.value is None or not goal.current:
        return ""
    share = goal.value / goal.current - 1.0
    return f"{share:+.0%}".replace("%", " %") if share < 9 else f"× {1 + share:.0f}"


# ------------------------------------------------------------------------------------- sentences


def probability_words(risk: Risk) -> list[str]:
    """How often each option wins at the evaluated volume.

    Where there is one API it is the cheapest one: its odds are said once.
    """
    rows = [
        row
        for row in risk.probability
        if abs(row.tokens_per_day - risk.tokens_per_day) <= 1e-6 * risk.tokens_per_day
    ]
    alike = Counter((row.option, row.probability) for row in rows)
    rivals = Counter(row.option for row in rows)
    return [
        f"In {odds(row.probability)} of {risk.draws(row.option):,} draws, the bill for "
        f"{called(row.option)} is below that of {_the_rival(row.against)}."
        for row in rows
        if not (
            row.against == CHEAPEST
            and rivals[row.option] == alike[row.option, row.probability] == 2
        )
    ]


def _the_rival(name: str) -> str:
    return f"the {rival(name)}" if name == CHEAPEST else called(name)


def widest_first(risk: Risk) -> list[Swing]:
    """The bars of the tornado, the one that moves most first.

    An end at which the option has no bill has no amount to draw: its row is left out, and so is
    an input that moves nothing.
    """
    rows = [
        row
        for row in risk.tornado
        if math.isfinite(row.low_usd - row.high_usd) and row.low_usd != row.high_usd
    ]
    return sorted(rows, key=lambda row: -abs(row.high_usd - row.low_usd))


def swing_words(risk: Risk) -> str:
    """The input that moves the saving most, in a sentence. There is at least one."""
    row = widest_first(risk)[0]
    return (
        f"What {decided_option(risk)} saves depends most on the {input_name(row.path)}: "
        f"{usd(row.low_usd)} a month at its low end, {usd(row.high_usd)} at its high end."
    )


def decided_option(risk: Risk) -> str:
    """The option whose saving against the cheapest eligible API the tornado is about."""
    return called(risk.option or "the option")


def stated_saving(risk: Risk) -> float:
    """What that option saves with every input as stated: where the bars of the tornado meet.

    Where the risk does not say, the middle of what every bar spans.
    """
    if risk.saving_usd is not None and math.isfinite(risk.saving_usd):
        return risk.saving_usd
    ends = [sorted((row.low_usd, row.high_usd)) for row in widest_first(risk)]
    return 0.5 * (max(low for low, _ in ends) + min(high for _, high in ends))


def goal_words(risk: Risk) -> list[str]:
    """What would turn the verdict, one sentence per input that can."""
    return [
        f"The verdict turns where the {input_name(goal.path)} is "
        f"{value_text(goal.path, goal.value)}; now it is {value_text(goal.path, goal.current)}."
        for goal in risk.goal_seek
        if goal.value is not None
    ]


def _nearest_first(goals: Iterable[Goal]) -> list[Goal]:
    """Goals by how little has to change; those that nothing reaches last."""
    return sorted(goals, key=_distance)


def _distance(goal: Goal) -> float:
    if goal.value is None:
        return float("inf")
    if not goal.current:
        return 1e6
    return abs(goal.value / goal.current - 1.0)


def out_of_reach(goals: Sequence[Goal]) -> str:
    """The inputs that no value of which flips the verdict, in a sentence; empty if there is none.

    >>> out_of_reach([Goal("overheads.usd_per_hour", None, 106.0)])
    'No value from a tenth to ten times the present one flips it: cost of an engineering hour.'
    """
    names = "; ".join(input_name(goal.path) for goal in goals if goal.value is None)
    return names and f"No value from a tenth to ten times the present one flips it: {names}."


def _unserved(risk: Risk) -> list[str]:
    """Which options cannot serve the volume in some draws."""
    return [
        f"{called(row.option)} cannot serve the volume in "
        f"{odds(row.unserved_share)} of the draws; its means are over the others."
        for row in risk.outlook
        if row.unserved_share
    ]


def over_volumes(risk: Risk) -> str:
    """What the volume's own range adds to the odds, in a sentence; empty where it has none."""
    row = _outlook_of(risk.outlook_over_volumes, risk.option)
    if row is None or row.expected_saving_usd is None:
        return ""
    unserved = (
        f" In {odds(row.unserved_share)} it cannot serve the volume; the average is over the "
        "others."
        if row.unserved_share
        else ""
    )
    return (
        f"All of this is at {tokens_per_day(risk.tokens_per_day)}. With the volume drawn from its "
        f"range too, {called(row.option)} saves {usd(row.expected_saving_usd)} a "
        f"month on average and is the cheapest of all in {odds(row.cheapest_share)}.{unserved}"
    )

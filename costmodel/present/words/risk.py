"""A risk run in words: the verdict with its odds, three figures, what each input is called."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from costmodel.pipeline.verdict import CHEAPEST
from costmodel.present.words.headline import LONGEST_NAME, Headline
from costmodel.present.words.input_names import input_name, value_text
from costmodel.quantity.words import short, shortened, tokens_per_day, usd
from costmodel.studies.risk.record import BreakEvenRange, Goal, Outlook, Risk

NO_REGRET = 1e-4
"""Mean regret, as a share of the mean bill, that is none."""

LIKELY, EVEN = 0.8, 0.5
"""From these odds on a verdict is called likely, and more likely than not."""


def odds(probability: float) -> str:
    """A probability as a share; never certain unless every draw agrees.

    >>> odds(0.637), odds(0.9996), odds(1.0)
    ('64 %', '> 99 %', '100 %')
    """
    if 0 < probability < 0.005:
        return "< 1 %"
    if 0.995 <= probability < 1:
        return "> 99 %"
    return f"{100 * probability:.0f} %"


def headline(risk: Risk) -> Headline:
    """The verdict with its odds."""
    volume = tokens_per_day(risk.tokens_per_day)
    if risk.option is None:
        facts = f"At {volume}, no option on own GPUs stands beside an eligible API."
        return Headline(facts, "There is nothing to weigh.", "", None)
    name = shortened(risk.option, LONGEST_NAME)
    chance = risk.probability_at_volume(risk.option) or 0.0
    facts = f"At {volume}, {name} costs less than the cheapest eligible API in {odds(chance)}"
    facts += f" of {risk.draws(risk.option):,} draws"
    facts += ", and the same in the others." if _never_dearer(risk) and chance < 1 else "."
    return Headline(facts, _advice(risk, chance, name), _reason(risk), risk.option)


def _never_dearer(risk: Risk) -> bool:
    """Whether the option is among the cheapest in every draw: a hybrid that may be all API."""
    row = outlook_of(risk.outlook, risk.option)
    if row is None or row.unserved_share:
        return False
    return row.expected_regret_usd <= NO_REGRET * row.expected_usd


def outlook_of(rows: Sequence[Outlook], option: str | None) -> Outlook | None:
    """The row of an option, if it stands."""
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
    flip = next((goal for goal in nearest_first(risk.goal_seek) if goal.value is not None), None)
    if flip is not None:
        parts.append(
            f"The verdict flips where the {input_name(flip.path)} goes from "
            f"{value_text(flip.path, flip.current)} to {value_text(flip.path, flip.value or 0.0)}."
        )
    return " ".join(parts)


def nearest_first(goals: Iterable[Goal]) -> list[Goal]:
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
    if not names:
        return ""
    return f"No value from a tenth to ten times the present one flips it: {names}."


def change(goal: Goal) -> str:
    """How far an input is from its goal."""
    if goal.value is None or not goal.current:
        return ""
    share = goal.value / goal.current - 1.0
    return f"{share:+.0%}".replace("%", " %") if share < 9 else f"× {1 + share:.0f}"


def cards(risk: Risk) -> list[tuple[str, str, str]]:
    """Three figures: the odds, the saving with its range, where it begins to win."""
    if risk.option is None:
        return []
    chance = risk.probability_at_volume(risk.option) or 0.0
    outlook = outlook_of(risk.outlook, risk.option)
    saving = outlook.expected_saving_usd if outlook else None
    row = break_even(risk, risk.option)
    regret = f"regret {usd(outlook.expected_regret_usd)}" if outlook else ""
    return [
        ("Costs less than the cheapest API", odds(chance), f"{risk.draws(risk.option):,} draws"),
        (
            "Expected saving a month",
            "-" if saving is None else usd(saving),
            f"{saving_text(risk.saving_usd or 0.0)} as stated; {regret}",
        ),
        ("First cheaper, median", _volume(row.first_p50 if row else None), _first_range(row)),
    ]


def break_even(risk: Risk, option: str, against: str = CHEAPEST) -> BreakEvenRange | None:
    """The row of an option against another."""
    rows = (r for r in risk.break_even if (r.option, r.against) == (option, against))
    return next(rows, None)


def _volume(volume: float | None) -> str:
    return "never" if volume is None else f"{short(volume)} / day"


def _first_range(row: BreakEvenRange | None) -> str:
    if row is None:
        return ""
    return f"{_volume(row.first_p10)} to {_volume(row.first_p90)}; never in {odds(row.never_share)}"


def saving_text(saving: float) -> str:
    """What an option saves a month, or that it has no bill.

    >>> saving_text(-1200.0), saving_text(float("-inf"))
    ('-$1.2k', 'cannot serve')
    """
    return usd(saving) if math.isfinite(saving) else "cannot serve"


def bill_text(bill: float) -> str:
    """A bill, or that there is none.

    >>> bill_text(1200.0), bill_text(float("inf"))
    ('$1.2k', 'none')
    """
    return usd(bill) if math.isfinite(bill) else "none"


def unserved(risk: Risk) -> list[str]:
    """Which options cannot serve the volume in some draws."""
    return [
        f"{shortened(row.option, LONGEST_NAME)} cannot serve the volume in "
        f"{odds(row.unserved_share)} of the draws; its means are over the others."
        for row in risk.outlook
        if row.unserved_share
    ]


def over_volumes(risk: Risk) -> str:
    """What the volume's own range adds to the odds, in a sentence; empty where it has none."""
    row = outlook_of(risk.outlook_over_volumes, risk.option)
    if row is None or row.expected_saving_usd is None:
        return ""
    return (
        f"All of this is at {tokens_per_day(risk.tokens_per_day)}. With the volume drawn from its "
        f"range too, {shortened(row.option, LONGEST_NAME)} saves {usd(row.expected_saving_usd)} a "
        f"month on average and is the cheapest of all in {odds(row.cheapest_share)}."
        + (
            f" In {odds(row.unserved_share)} it cannot serve the volume; the average is over the "
            "others."
            if row.unserved_share
            else ""
        )
    )

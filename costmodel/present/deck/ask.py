"""The first slide: what is asked for, on one page.

A sentence with the amounts, the figures that carry it, the reasons, and every option beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from costmodel.present.deck.sheet import Column, Look, Sheet
from costmodel.present.deck.tables import every_warning
from costmodel.present.focus import earliest_own_option, exclusion
from costmodel.present.headline import headline
from costmodel.present.markup import grouped
from costmodel.present.outlook import (
    bill_range,
    goal_words,
    input_name,
    payback_words,
    probability_words,
    range_words,
    risk_rows,
    widest_first,
)
from costmodel.present.theme import colours, shortened
from costmodel.present.waterfall import waterfall_option, waterfall_steps
from costmodel.report import OptionResult, Report
from costmodel.wording import percent, short, usd

OPTION_COLUMNS = (
    Column("Option", 2.5), Column("A month", 0.95, "right"), Column("Range", 1.7),
    Column("Standing", 2.1),
)  # fmt: skip
MOST_OPTIONS, MOST_CHECKS = 8, 2
ROW = 33.0
"""Points of a row with two lines of text."""

Card = tuple[str, str, str]


def ask_title(report: Report) -> str:
    """The recommendation as a sentence with its amounts."""
    line = headline(report)
    best = recommended(report)
    if best is None:
        return f"{line.facts} {line.advice}"
    amount = (
        f"{usd(best.monthly_usd or 0.0)} a month at {short(report.tokens_per_day)} tokens a day"
    )
    saving, runner_up = report.recommendation.saving_usd_per_month, report.recommendation.runner_up
    than = f", {usd(saving)} less than {shortened(runner_up, 48)}" if saving and runner_up else ""
    return f"{line.advice.removesuffix('.')}: {amount}{than}."


def recommended(report: Report) -> OptionResult | None:
    """The option that is recommended, if one is."""
    name = report.recommendation.option
    return report.option(name) if name else None


def driver(report: Report, risk: Any = None) -> Card:
    """What moves the result most: by the tornado, else the largest step of the bill."""
    rows = widest_first(risk) if risk is not None else []
    if rows:
        row = rows[0]
        swing = abs(row["high_usd"] - row["low_usd"])
        return "The driver", f"{usd(swing)} a month", f"swing with {input_name(row['path'])}"
    option = waterfall_option(report)
    steps = waterfall_steps(option) if option else []
    if option is None or not steps:
        return "The driver", "–", "no bill can be stated"
    largest = max(steps, key=lambda step: step.usd)
    total = sum(step.usd for step in steps)
    name = largest.name[:1].lower() + largest.name[1:]
    return "The driver", usd(largest.usd), (
        f"{name}, {percent(largest.usd / total)} of {shortened(option.name, 40)}"
    )  # fmt: skip


def _cards(report: Report, risk: Any, cashflow: Any) -> list[Card]:
    best = recommended(report)
    cards: list[Card] = []
    if best is not None:
        cards.append(("A month", usd(best.monthly_usd or 0.0),
                      f"range: {range_words(report, best.name, risk)}"))  # fmt: skip
    saving = report.recommendation.saving_usd_per_month
    if saving is not None:
        cards.append(("Saves a month", usd(saving), f"against {report.recommendation.runner_up}"))
    cards.append(_payback(cashflow) if cashflow is not None else _break_even(report))
    return [*cards, driver(report, risk)]


def _payback(cashflow: Any) -> Card:
    meaning = f"{cashflow.option}; net present value {usd(cashflow.npv_usd)}"
    return "Payback, discounted", payback_words(cashflow.payback_months), meaning


def _break_even(report: Report) -> Card:
    own = earliest_own_option(report)
    row = report.against_cheapest(own.name) if own else None
    if own is None or row is None or report.curve_points.cheapest_api_usd is None:
        return "Volume", f"{short(report.tokens_per_day)} / day", "input and output tokens"
    always = row.always_from_tokens_per_day
    name = shortened(own.name, 60)
    if row.verdict == "never":
        return "Own GPUs cheaper", "Never", f"{name}, at no volume"
    if always is None:
        return "Own GPUs cheaper", "In windows", f"{name}, never for good"
    return "Own GPUs cheaper from", f"{short(max(always, 0.0))} / day", name


def draw_ask(sheet: Sheet, report: Report, risk: Any = None, cashflow: Any = None) -> None:
    """Figures over reasons and options."""
    accents = colours(report)
    best = recommended(report)
    cards = _cards(report, risk, cashflow)
    upper, lower = sheet.body.split(104, 18)
    for i, (box, card) in enumerate(zip(upper.columns(*[1] * len(cards)), cards, strict=True)):
        sheet.card(box, *card, accents[best.name] if best and i == 0 else None)
    left, right = lower.columns(4.4, 5.6, gap=28)
    head, rest = left.split(22, 4)
    sheet.text(head, "Why", Look((16.0, 14.0, 12.0), bold=True))
    sheet.bullets(rest, _reasons(report, risk, cashflow), Look((16.0, 15.0, 14.0, 13.0, 12.0)))
    head, rest = right.split(22, 4)
    words = f"Every option at {short(report.tokens_per_day)} tokens a day"
    sheet.text(head, words, Look((16.0, 14.0, 12.0), bold=True))
    ordered = sorted(report.options, key=lambda o: (not o.stands, o.monthly_usd or 0.0))
    most = min(MOST_OPTIONS, int(rest.height / ROW) - 1)
    height = min(40.0, rest.height / (min(most, len(ordered)) + 1))
    rows = [_option_row(report, option, risk) for option in ordered[:most]]
    strong = [i for i, option in enumerate(ordered[:most]) if option == best]
    sheet.table(
        rest, OPTION_COLUMNS, rows, bold=strong, row_height=height, sizes=(14.0, 13.0, 12.0)
    )
    sheet.notes += _derivation(report, ordered[most:], risk)


def _option_row(report: Report, option: OptionResult, risk: Any) -> tuple[str, str, str, str]:
    found = bill_range(report, option.name, risk)
    spread = "–" if found is None else f"{usd(found[0])} to {usd(found[1])}"
    amount = "–" if option.monthly_usd is None else usd(option.monthly_usd)
    return option.name, amount, spread, _standing(report, option)


def _standing(report: Report, option: OptionResult) -> str:
    if option.name == report.recommendation.option:
        return "recommended"
    if option.excluded_by:
        return exclusion(option)
    return "eligible" if option.monthly_usd is not None else "no bill can be stated"


def _reasons(report: Report, risk: Any, cashflow: Any) -> Iterator[str]:
    yield headline(report).reason
    if risk is not None:
        yield from probability_words(report, risk)[:2]
        yield from goal_words(risk_rows(risk, "goal_seek"))[:1]
    if cashflow is not None and cashflow.stranded_usd:
        yield f"{usd(cashflow.stranded_usd)} is stranded if the volume halves on day one."
    for price in report.conditions:
        if price.usd_per_month:
            yield f"The condition {price.condition} costs {usd(price.usd_per_month)} a month."
        elif price.usd_per_month is None:
            yield f"No option meets the condition {price.condition}."
    if risk is None:
        _, amount, what = driver(report)
        yield f"The largest part of it: {amount} for {what}."
    end = report.horizon
    if end is not None and end.cheapest is not None:
        yield (
            f"In {end.months:.0f} months, at {short(end.tokens_per_day)} tokens a day, "
            f"{end.cheapest} is the cheapest."
        )
    yield from grouped(report.warnings).get("Check before you rely on this", [])[:MOST_CHECKS]


def _derivation(report: Report, more: list[OptionResult], risk: Any) -> Iterator[str]:
    yield report.recommendation.reason
    best = recommended(report)
    if best is not None:
        yield f"The bill of {best.name}, US dollars a month:"
        for line in best.lines:
            yield f"{line.name}: {line.usd:,.2f}, {line.kind}, {line.source}"
        yield f"All in: {best.monthly_usd or 0.0:,.2f}; range: {range_words(report, best.name, risk)}"
    for option in more:
        yield " · ".join(_option_row(report, option, risk))
    yield from every_warning(report)

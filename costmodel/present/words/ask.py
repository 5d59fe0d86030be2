"""The ask in words: what is asked for, the figures that carry it, and why.

The first slide and the head of the page say the same; every number is the report's, or that of
the risk and the cash flow beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from costmodel.pipeline.report import OptionResult, Report
from costmodel.present.charts.waterfall import waterfall_option, waterfall_steps
from costmodel.present.page.markup import grouped
from costmodel.present.words.cash import month_and_horizon
from costmodel.present.words.focus import earliest_own_option
from costmodel.present.words.headline import LONGEST_NAME, Headline, headline
from costmodel.present.words.input_names import input_name
from costmodel.present.words.outlook import (
    goal_words,
    payback_words,
    probability_words,
    range_words,
    widest_first,
)
from costmodel.quantity.words import percent, short, shortened, usd
from costmodel.studies.cashflow.record import CashFlow
from costmodel.studies.risk.record import Risk

MOST_CHECKS = 2
"""Notes to check that stand among the reasons."""

Card = tuple[str, str, str]
"""What it is, the figure, what it means."""


def ask_headline(report: Report, cashflow: CashFlow | None = None) -> Headline:
    """The headline of the report; where the cash flow speaks against its advice, what both say."""
    line, both = headline(report), _two_verdicts(report, cashflow)
    return replace(line, advice=both, option=None) if both else line


def _two_verdicts(report: Report, cashflow: CashFlow | None) -> str:
    month = report.recommendation.option
    return "" if cashflow is None else month_and_horizon(month, cashflow)


def ask_title(report: Report, cashflow: CashFlow | None = None) -> str:
    """The recommendation as a sentence with its amounts, or that the cash flow is against it."""
    line = ask_headline(report, cashflow)
    best = recommended(report)
    if best is None:
        return f"{line.facts} {line.advice}"
    if _two_verdicts(report, cashflow):
        return line.advice
    amount = (
        f"{usd(best.monthly_usd or 0.0)} a month at {short(report.tokens_per_day)} tokens a day, "
        "today's prices"
    )
    saving, runner_up = report.recommendation.saving_usd_per_month, report.recommendation.runner_up
    than = f", {usd(saving)} less than {shortened(runner_up, 48)}" if saving and runner_up else ""
    return f"{line.advice.removesuffix('.')}: {amount}{than}."


def recommended(report: Report) -> OptionResult | None:
    """The option that is recommended, if one is."""
    name = report.recommendation.option
    return report.option(name) if name else None


def driver(report: Report, risk: Risk | None = None) -> Card:
    """What moves the result most: by the tornado, else the largest step of the bill."""
    rows = widest_first(risk) if risk is not None else []
    if rows:
        row = rows[0]
        swing = abs(row.high_usd - row.low_usd)
        return (
            "The driver",
            f"{usd(swing)} a month",
            f"swing of the saving with the {input_name(row.path)}",
        )
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


def ask_cards(
    report: Report, risk: Risk | None = None, cashflow: CashFlow | None = None
) -> list[Card]:
    """The figures that carry the ask: the bill and its range, saving, payback, driver."""
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


def _payback(cashflow: CashFlow) -> Card:
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


def ask_reasons(
    report: Report, risk: Risk | None = None, cashflow: CashFlow | None = None
) -> Iterator[str]:
    """Why, a sentence each, the weightiest first."""
    yield headline(report).reason
    if risk is not None:
        yield from probability_words(report, risk)[:2]
        yield from goal_words(risk.goal_seek)[:1]
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
    yield from _last_month(report, cashflow)
    yield from grouped(report.warnings).get("Check before you rely on this", [])[:MOST_CHECKS]


def _last_month(report: Report, cashflow: CashFlow | None) -> Iterator[str]:
    """Where growth leads: what the last month costs by the cash flow, else at today's prices."""
    end = report.horizon
    if end is None:
        return
    if cashflow is not None:
        row = cashflow.rows[-1]
        yield (
            f"In month {row['month']:.0f}, at {short(row['tokens_per_day'])} tokens a day, "
            f"{shortened(cashflow.option, LONGEST_NAME)} costs {usd(row['accrual_usd'])} and "
            f"{shortened(cashflow.against, LONGEST_NAME)} {usd(row['reference_usd'])}."
        )
    elif end.cheapest is not None:
        yield (
            f"In month {end.months:g}, at {short(end.tokens_per_day)} tokens a day and today's "
            f"prices, {shortened(end.cheapest, LONGEST_NAME)} is the cheapest."
        )

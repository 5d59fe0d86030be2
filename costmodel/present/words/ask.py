"""The ask in words: what is asked for, the figures that carry it, and why.

The first slide and the head of the page say the same; every number is the report's, or that of
the risk and the cash flow beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from costmodel.pipeline.report import OptionResult, Report
from costmodel.present.charts.waterfall import waterfall_option, waterfall_steps
from costmodel.present.words.cash import month_and_horizon
from costmodel.present.words.focus import earliest_own_option
from costmodel.present.words.headline import headline
from costmodel.present.words.input_names import input_name
from costmodel.present.words.risk import goal_words, probability_words, widest_first
from costmodel.quantity.answer import Card, Headline
from costmodel.quantity.caution import Heading, by_heading
from costmodel.quantity.words import NONE, called, capital, payback, per_day, percent, short, usd
from costmodel.studies.cashflow.record import CashFlow
from costmodel.studies.risk.record import Risk

MOST_CHECKS = 2
"""Notes to check that stand among the reasons."""


def bill_range(
    report: Report, option: str, risk: Risk | None = None
) -> tuple[float, float, str] | None:
    """The 10th and 90th percentile of a bill at the evaluated volume, and where they come from.

    From the risk where one is given, else from the range of the option's throughput.
    """
    if risk is not None:
        rows = [row for row in risk.bands if row.option == option]
        if rows:
            at = min(rows, key=lambda row: abs(row.tokens_per_day - report.tokens_per_day))
            if abs(at.tokens_per_day - report.tokens_per_day) <= 1e-6 * report.tokens_per_day:
                return at.p10, at.p90, f"in {risk.draws(option):,} draws"
    points = report.curve_points
    if option not in points.low_usd:
        return None
    import numpy as np

    place = int(np.argmin(np.abs(points.tokens_per_day - report.tokens_per_day)))
    low, high = float(points.low_usd[option][place]), float(points.high_usd[option][place])
    return (low, high, "by throughput") if high - low > 0.005 else None


def range_words(report: Report, option: str, risk: Risk | None = None) -> str:
    """A bill's range in words, or that none is stated."""
    found = bill_range(report, option, risk)
    if found is None:
        return "no range is stated for it"
    low, high, how = found
    return f"{usd(low)} to {usd(high)}, 80 % {how}"


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
    than = f", {usd(saving)} less than {called(runner_up)}" if saving and runner_up else ""
    return f"{line.advice.removesuffix('.')}: {amount}{than}."


def recommended(report: Report) -> OptionResult | None:
    """The option that is recommended, if one is."""
    name = report.recommendation.option
    return report.option(name) if name else None


def driver(report: Report, risk: Risk | None = None) -> Card:
    """What moves the result most: by the tornado, else the largest step of the bill."""
    rows = widest_first(risk) if risk is not None else []
    if rows:
        swing = abs(rows[0].high_usd - rows[0].low_usd)
        what = f"swing of the saving with the {input_name(rows[0].path)}"
        return Card("The driver", f"{usd(swing)} a month", what)
    option = waterfall_option(report)
    steps = waterfall_steps(option) if option else []
    if option is None or not steps:
        return Card("The driver", NONE, "no bill can be stated")
    largest = max(steps, key=lambda step: step.usd)
    share = percent(largest.usd / sum(step.usd for step in steps))
    name = largest.name[:1].lower() + largest.name[1:]
    return Card("The driver", usd(largest.usd), f"{name}, {share} of {called(option.name)}")


def ask_cards(
    report: Report, risk: Risk | None = None, cashflow: CashFlow | None = None
) -> list[Card]:
    """The figures that carry the ask: the bill and its range, saving, payback, driver."""
    best = recommended(report)
    cards: list[Card] = []
    if best is not None:
        spread = f"range: {range_words(report, best.name, risk)}"
        cards.append(Card("A month", usd(best.monthly_usd or 0.0), spread))
    saving = report.recommendation.saving_usd_per_month
    if saving is not None:
        against = f"against {report.recommendation.runner_up}"
        cards.append(Card("Saves a month", usd(saving), against))
    cards.append(_payback(cashflow) if cashflow is not None else _break_even(report))
    return [*cards, driver(report, risk)]


def _payback(cashflow: CashFlow) -> Card:
    meaning = f"{cashflow.option}; net present value {usd(cashflow.npv_usd)}"
    return Card("Discounted payback", capital(payback(cashflow.payback_months)), meaning)


def _break_even(report: Report) -> Card:
    own = earliest_own_option(report)
    row = report.against_cheapest(own.name) if own else None
    if own is None or row is None or report.curve_points.cheapest_api_usd is None:
        return Card("Volume", per_day(report.tokens_per_day), "input and output tokens")
    always = row.always_from_tokens_per_day
    name = called(own.name)
    if row.verdict == "never":
        return Card("Own GPUs cheaper", "Never", f"{name}, at no volume")
    if always is None:
        return Card("Own GPUs cheaper", "In windows", f"{name}, never for good")
    return Card("Own GPUs cheaper from", capital(per_day(always)), name)


def ask_reasons(
    report: Report, risk: Risk | None = None, cashflow: CashFlow | None = None
) -> Iterator[str]:
    """Why, a sentence each, the weightiest first."""
    yield headline(report).reason
    if risk is not None:
        yield from probability_words(risk)[:2]
        yield from goal_words(risk)[:1]
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
    yield from by_heading(report.warnings).get(Heading.CHECK, [])[:MOST_CHECKS]


def _last_month(report: Report, cashflow: CashFlow | None) -> Iterator[str]:
    """Where growth leads: what the last month costs by the cash flow, else at today's prices."""
    end = report.horizon
    if end is None:
        return
    if cashflow is not None:
        row = cashflow.rows[-1]
        yield (
            f"In month {row['month']:.0f}, at {short(row['tokens_per_day'])} tokens a day, "
            f"{called(cashflow.option)} costs {usd(row['accrual_usd'])} and "
            f"{called(cashflow.against)} {usd(row['reference_usd'])}."
        )
    elif end.cheapest is not None:
        yield (
            f"In month {end.months:g}, at {short(end.tokens_per_day)} tokens a day and today's "
            f"prices, {called(end.cheapest)} is the cheapest."
        )

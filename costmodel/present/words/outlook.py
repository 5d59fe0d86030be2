"""Ranges and cash flow as files state them: the same words on slides and on the page.

Reads what `simulate` and `cashflow` return; computes nothing about money itself.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

from costmodel.pipeline.report import Report
from costmodel.pipeline.verdict import CHEAPEST
from costmodel.present.words.headline import LONGEST_NAME
from costmodel.present.words.input_names import input_name, value_text
from costmodel.quantity.words import percent, shortened, usd
from costmodel.studies.cashflow.record import CashFlow
from costmodel.studies.risk.record import Goal, Risk, Swing


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


def probability_words(report: Report, risk: Risk) -> list[str]:
    """How often each option wins at the evaluated volume.

    Where there is one API it is the cheapest one: its odds are said once.
    """
    rows = [
        row
        for row in risk.probability
        if abs(row.tokens_per_day - report.tokens_per_day) <= 1e-6 * report.tokens_per_day
    ]
    odds = Counter((row.option, row.probability) for row in rows)
    rivals = Counter(row.option for row in rows)
    return [
        f"In {percent(row.probability)} of {risk.draws(row.option):,} draws, the bill for "
        f"{shortened(row.option, LONGEST_NAME)} is below that of {_rival(row.against)}."
        for row in rows
        if not (
            row.against == CHEAPEST and rivals[row.option] == odds[row.option, row.probability] == 2
        )
    ]


def _rival(name: str) -> str:
    return "the cheapest eligible API" if name == CHEAPEST else shortened(name, LONGEST_NAME)


def widest_first(risk: Risk) -> list[Swing]:
    """The rows of the tornado, the one that moves most first.

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
    return shortened(risk.option or "the option", LONGEST_NAME)


def stated_saving(risk: Risk) -> float:
    """What that option saves with every input as stated: where the bars of the tornado meet.

    Where the risk does not say, the middle of what every bar spans.
    """
    stated = risk.saving_usd
    if stated is not None and math.isfinite(stated):
        return stated
    ends = [sorted((row.low_usd, row.high_usd)) for row in widest_first(risk)]
    return 0.5 * (max(low for low, _ in ends) + min(high for _, high in ends))


def goal_words(goals: Iterable[Goal]) -> list[str]:
    """What would turn the verdict, one sentence per input that can."""
    return [
        f"The verdict turns where the {input_name(goal.path)} is "
        f"{value_text(goal.path, goal.value)}; now it is "
        f"{value_text(goal.path, goal.current)}."
        for goal in goals
        if goal.value is not None
    ]


def payback_words(months: float | None) -> str:
    """A payback time in words.

    >>> [payback_words(each) for each in (None, 0, 1, 13.2)]
    ['not within the horizon', 'at once', '1 month', '13.2 months']
    """
    if months is None:
        return "not within the horizon"
    if months <= 0:
        return "at once"
    shown = f"{months:.3g}"
    return f"{shown} month{'' if shown == '1' else 's'}"


def cash_sentence(cashflow: CashFlow) -> str:
    """Whether it pays, in a sentence."""
    pair = f"{shortened(cashflow.option, 48)} against {shortened(cashflow.against, 48)}"
    worth = f"worth {usd(cashflow.npv_usd)} today"
    if cashflow.payback_months is None:
        return f"{pair}: not paid back within the horizon, {worth}."
    if cashflow.payback_months <= 0:
        return f"{pair}: cheaper from the start, {worth}."
    return f"{pair}: paid back after {payback_words(cashflow.payback_months)}, {worth}."


def cash_figures(cashflow: CashFlow) -> list[tuple[str, str, str]]:
    """The figures of a cash flow: what, how much, and what it means."""
    rate = cashflow.irr_per_year
    months = max((row["month"] for row in cashflow.rows), default=0)
    left = cashflow.residual_usd
    return [
        ("Payback, discounted", payback_words(cashflow.payback_months),
         f"of {months:.0f} months{_simple(cashflow)}"),
        ("Net present value", usd(cashflow.npv_usd), f"of {cashflow.option}"),
        ("Internal rate of return", "–" if rate is None else f"{percent(rate)} a year",
         "no single rate exists" if rate is None else "of the same flows"),
        ("If nothing changes", usd(cashflow.do_nothing_usd), f"paid for {cashflow.against}"),
        *([("Value left at the end", usd(left), "of the hardware, in the sums")] if left else []),
        ("Stranded if volume halves", usd(cashflow.stranded_usd), "committed and not needed"),
    ]  # fmt: skip


def _simple(cashflow: CashFlow) -> str:
    """The payback without discounting, where the discounted one is not reached."""
    months = cashflow.simple_payback_months
    if cashflow.payback_months is not None or months is None:
        return ""
    return f"; undiscounted {payback_words(months)}"

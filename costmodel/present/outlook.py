"""Ranges and cash flow as files state them: the same words on slides and on the page.

Reads what `simulate` and `cashflow` return by the names of their JSON; computes nothing about
money itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from costmodel.report import Report
from costmodel.wording import percent, usd

Row = Mapping[str, Any]


def risk_rows(risk: Any, table: str) -> list[Row]:
    """A table of a risk, as rows by the names of its JSON."""
    return list(risk.to_dict()[table])


def month_rows(cashflow: Any) -> list[Row]:
    """The months of a cash flow, as rows."""
    return cashflow.months.to_dict("records")


def bill_range(report: Report, option: str, risk: Any = None) -> tuple[float, float, str] | None:
    """The 10th and 90th percentile of a bill at the evaluated volume, and where they come from.

    From the risk where one is given, else from the range of the option's throughput.
    """
    if risk is not None:
        rows = [row for row in risk_rows(risk, "bands") if row["option"] == option]
        if rows:
            at = min(rows, key=lambda row: abs(row["tokens_per_day"] - report.tokens_per_day))
            if abs(at["tokens_per_day"] - report.tokens_per_day) <= 1e-6 * report.tokens_per_day:
                return at["p10"], at["p90"], f"in {risk.to_dict()['samples']:,} draws"
    points = report.curve_points
    if option not in points.low_usd:
        return None
    import numpy as np

    place = int(np.argmin(np.abs(points.tokens_per_day - report.tokens_per_day)))
    low, high = float(points.low_usd[option][place]), float(points.high_usd[option][place])
    return (low, high, "by throughput") if high - low > 0.005 else None


def range_words(report: Report, option: str, risk: Any = None) -> str:
    """A bill's range in words, or that none is stated."""
    found = bill_range(report, option, risk)
    if found is None:
        return "no range is stated for it"
    low, high, how = found
    return f"{usd(low)} to {usd(high)}, 80 % {how}"


def probability_words(report: Report, risk: Any) -> list[str]:
    """How often each option wins at the evaluated volume."""
    return [
        f"{row['option']} costs less than {_rival(row['against'])} in "
        f"{percent(row['probability'])} of {risk.to_dict()['samples']:,} draws."
        for row in risk_rows(risk, "probability")
        if abs(row["tokens_per_day"] - report.tokens_per_day) <= 1e-6 * report.tokens_per_day
    ]


def _rival(name: str) -> str:
    return "the cheapest eligible API" if name == "cheapest" else name


def widest_first(risk: Any) -> list[Row]:
    """The rows of the tornado, the one that moves most first."""
    rows = risk_rows(risk, "tornado")
    return sorted(rows, key=lambda row: -abs(row["high_usd"] - row["low_usd"]))


def input_name(path: str) -> str:
    """A path as words: what it belongs to, and the number.

    >>> input_name("options.own GPUs.selfhost.throughput.chat.requests_per_s")
    'own GPUs: throughput, chat, requests per s'
    """
    part, _, rest = path.partition(".")
    if part in ("options", "workloads"):
        name, _, rest = rest.partition(".")
        for kind in ("selfhost", "api", "hybrid"):
            rest = rest.removeprefix(f"{kind}.")
        return f"{name}: {_words(rest)}"
    return f"{part}: {_words(rest)}"


def _words(path: str) -> str:
    return path.replace(".", ", ").replace("_", " ")


def goal_words(rows: Sequence[Row]) -> list[str]:
    """What would turn the verdict, one sentence per input that can."""
    return [
        f"{input_name(row['path'])}: the verdict turns at {row['value']:,.4g}, now "
        f"{row['current']:,.4g}."
        for row in rows
        if row["value"] is not None
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


def cash_figures(cashflow: Any) -> list[tuple[str, str, str]]:
    """The figures of a cash flow: what, how much, and what it means."""
    rate = cashflow.irr_per_year
    months = max((row["month"] for row in month_rows(cashflow)), default=0)
    return [
        ("Payback, discounted", payback_words(cashflow.payback_months), f"of {months:.0f} months"),
        ("Net present value", usd(cashflow.npv_usd), f"of {cashflow.option}"),
        ("Internal rate of return", "–" if rate is None else f"{percent(rate)} a year",
         "no single rate exists" if rate is None else "of the same flows"),
        ("If nothing changes", usd(cashflow.do_nothing_usd), f"paid for {cashflow.against}"),
        ("Stranded if volume halves", usd(cashflow.stranded_usd), "committed and not needed"),
    ]  # fmt: skip

"""A cash flow as an answer: what both ways cost, which is worth more, what a commitment risks."""

from __future__ import annotations

from costmodel.pipeline.report import Report
from costmodel.present.words.report import by_heading
from costmodel.quantity.answer import Answer, Card, Column, Headline, Row, Table, numbers
from costmodel.quantity.words import (
    CENT,
    NONE,
    called,
    capital,
    months,
    number,
    or_none,
    payback,
    percent,
    short,
    signed,
    span,
    three,
    usd,
    yearly,
)
from costmodel.studies.cashflow.record import CashFlow, Renewal, RenewalRow

MOST_MONTHS_SHOWN = 12
"""A longer horizon is shown by year."""

MONTH = "Month 1 favours"
"""Head of the column that names the cheapest eligible option in a month at today's prices."""

VALUE_LEFT = "value left"


def answer(flow: CashFlow, report: Report) -> Answer:
    """Everything a person needs from a cash flow; ``report``: the month at today's prices."""
    return Answer(
        headline(flow, report.recommendation.option),
        subject=f"{flow.scenario}: {flow.option} against {flow.against}",
        cards=tuple(cards(flow)),
        tables={
            "periods": periods(flow),
            "stranded": stranded(flow),
            "renewal": renewal(flow),
        },
        notes={renewal_title(flow.renewal): [renewal_line(flow)], **by_heading(flow.warnings)},
    )


def two_verdicts(month: str | None, option: str, against: str, npv_usd: float, horizon: int) -> str:
    """What a month and the months together say, where they name different options; else nothing.

    ``month``: the option that is recommended for a month at today's prices. ``npv_usd``: of
    ``option`` against ``against`` over ``horizon`` months. An option that pays says nothing against
    a third one that the month favours.
    """
    winner, other = (option, against) if npv_usd > 0 else (against, option)
    differ = month != winner and (month == other or winner == against)
    if month is None or not differ or abs(npv_usd) < CENT:
        return ""
    return (
        f"Month 1, at today's prices, favours {called(month)}; over {span(horizon)}, "
        f"{called(winner)} is worth {usd(abs(npv_usd))} more than {called(other)}."
    )


def month_and_horizon(month: str | None, flow: CashFlow) -> str:
    """`two_verdicts` of a report's recommendation and a cash flow of what may be chosen."""
    if not flow.may_be_chosen:
        return ""
    return two_verdicts(month, flow.option, flow.against, flow.npv_usd, flow.horizon_months)


def headline(flow: CashFlow, month: str | None = None) -> Headline:
    """What both ways cost over the horizon, which is worth more, and why.

    ``month``: the option that is recommended for a month at today's prices, where it is known.
    """
    option, against = called(flow.option), called(flow.against)
    facts = (
        f"Over {span(flow.horizon_months)}, {option} costs {usd(flow.option_usd)} and staying with "
        f"{against} {usd(flow.do_nothing_usd)}."
    )
    if flow.pays:
        advice = f"Moving is worth {usd(flow.npv_usd)} today{_back(flow)}."
    else:
        advice = f"Stay: moving would lose {usd(-flow.npv_usd)} in today's money."
    why = " ".join(filter(None, (month_and_horizon(month, flow), reason(flow))))
    return Headline(facts, advice, why, flow.option if flow.pays else flow.against)


def _back(flow: CashFlow) -> str:
    back = flow.payback_months
    if back is None:
        return ""
    return f" and pays back in {months(back)}" if back else " and pays from the first month"


def reason(flow: CashFlow) -> str:
    """What the sum is made of, and what the commitment risks."""
    rate = f"at {percent(flow.discount_rate)} a year" if flow.discount_rate else "not discounted"
    up_front = flow.rows[0]["option_usd"]
    paid = f"{usd(up_front)} is paid at the start" if up_front else "Nothing is paid at the start"
    parts = [f"{paid}; flows at month ends, {rate}."]
    if flow.residual_usd:
        parts.append(f"The hardware counts for {usd(flow.residual_usd)} at the end.")
    changes = [
        f"{what} prices {'fall' if change < 0 else 'rise'} {percent(abs(change))} a year"
        for what, change in (
            ("API", flow.api_price_change_per_year),
            ("GPU", flow.gpu_price_change_per_year),
        )
        if change
    ]
    if changes:
        parts.append(f"{capital(' and '.join(changes))}.")
    if flow.stranded_usd:
        parts.append(
            f"If the volume halved on day one, {usd(flow.stranded_usd)} of commitments would be "
            "stranded."
        )
    return " ".join(parts)


def cards(flow: CashFlow) -> list[Card]:
    """What it is worth, at what rate, when it is paid back, and what stands beside it."""
    rate = f"at {percent(flow.discount_rate)} a year" if flow.discount_rate else "not discounted"
    left = flow.residual_usd
    return [
        Card("Net present value", usd(flow.npv_usd), f"over {span(flow.horizon_months)}, {rate}"),
        Card("Internal rate of return", or_none(flow.irr_per_year, yearly), _about_rate(flow)),
        Card("Discounted payback", _payback(flow), _about_payback(flow)),
        Card("If nothing changes", usd(flow.do_nothing_usd), f"paid for {called(flow.against)}"),
        *(
            [Card("Value left at the end", usd(left), "of the hardware, in the sums")]
            if left
            else []
        ),
        Card("Stranded if volume halves", usd(flow.stranded_usd), "committed and not needed"),
    ]


def _about_rate(flow: CashFlow) -> str:
    if flow.irr_per_year is not None:
        return "a year, on what is paid up front"
    saved = flow.monthly.flow_usd
    if (saved >= 0).all():
        return "undefined: nothing is invested"
    if (saved <= 0).all():
        return "undefined: nothing comes back"
    return "undefined: no single rate fits these flows"


def _payback(flow: CashFlow) -> str:
    """When the money is back; a dash where it pays all the same, after the horizon."""
    if flow.payback_months is None and flow.pays:
        return NONE
    return capital(payback(flow.payback_months))


def _about_payback(flow: CashFlow) -> str:
    if flow.payback_months is None:
        simple = flow.simple_payback_months
        rest = "" if simple is None else f"; {months(simple)} without discounting"
        return f"not within {span(flow.horizon_months)}{rest}"
    if flow.payback_months == 0:
        return "the savings never run behind"
    if flow.simple_payback_months is None or not flow.discount_rate:
        return "from the start, ramp-up included"
    return f"{months(flow.simple_payback_months)} without discounting"


# ---------------------------------------------------------------------------------------- tables


def periods(flow: CashFlow) -> Table:
    """The years of a long horizon, the months of a short one, in cash, and their sum.

    Beside the option's cash stands its cost with purchases spread over their life.
    """
    by_year = flow.horizon_months > MOST_MONTHS_SHOWN
    names = ("reference_usd", "opex_usd", "capex_usd", "option_usd", "flow_usd", "accrual_usd")
    heads = ("API", "Opex", "Capex", "Option", "Saved", "Option, accrual")
    rows = period_rows(flow, "year" if by_year else "month")
    total = (sum(row[name] for _, row in rows) for name in names)
    return Table.of(
        (
            Column("Year" if by_year else "Month", key="period"),
            *(numbers(head, usd, name) for head, name in zip(heads, names, strict=True)),
        ),
        [*((label, *(row[n] for n in names)) for label, row in rows), Row(("All", *total), "sum")],
        "Cash, capex and opex apart",
    )


def period_rows(flow: CashFlow, period: str) -> list[tuple[str, dict[str, float]]]:
    """The rows of a table by ``year`` or ``month``, each with its label.

    What the hardware counts for at the end stands in a row of its own.
    """
    rows = flow.year_rows if period == "year" else flow.rows
    shown = [(f"{row[period]:.0f}" if row[period] else "start", dict(row)) for row in rows]
    left = flow.residual_usd
    if left:
        end = shown[-1][1]
        value = dict.fromkeys(end, 0.0)
        for name, sign in (("capex_usd", -1.0), ("option_usd", -1.0), ("flow_usd", 1.0)):
            value[name] = sign * left
            end[name] -= sign * left
        shown.append((VALUE_LEFT, value))
    return shown


def every_month(flow: CashFlow) -> Table:
    """The months one by one, with their running sums."""
    names = (
        "reference_usd",
        "option_usd",
        "flow_usd",
        "cumulative_usd",
        "discounted_cumulative_usd",
    )
    heads = ("API", "Option", "Flow", "Running sum", "Discounted")
    return Table.of(
        (
            numbers("Month", number),
            numbers("Tokens a day", short),
            *(
                numbers(head, lambda amount: f"{amount:,.0f}", name)
                for head, name in zip(heads, names, strict=True)
            ),
        ),
        (
            (row["month"], row["tokens_per_day"], *(row[name] for name in names))
            for row in flow.rows
        ),
        "Every month",
        scrolls=True,
    )


def stranded(flow: CashFlow) -> Table:
    """What commitments nobody needs, if the volume halves on day one."""
    rows = [
        *((s.offer, s.units, s.idle_units, s.months, s.usd) for s in flow.stranded),
        *([Row(("All", None, None, None, flow.stranded_usd), "sum")] if flow.stranded else []),
    ]
    return Table.of(
        (
            Column("Commitment"),
            numbers("Held", short, missing=""),
            numbers("Idle", short, missing=""),
            numbers("For", months, missing=""),
            numbers("Stranded", usd),
        ),
        rows,
        "Stranded, if the volume halves on day one",
    )


def about_stranded(flow: CashFlow) -> str:
    """What the table of what is stranded counts, or why it is empty."""
    if not flow.stranded:
        return "Nothing is committed: the fleet shrinks with the volume."
    return "Held and idle: purchase units, a replica or a node of several."


def renewal(flow: CashFlow) -> Table:
    """What the term is worth, and who is right after it, by path of API prices."""
    found = flow.renewal
    planned = flow.api_price_change_per_year
    return Table.of(
        (
            numbers("API prices a year", signed),
            numbers(f"Worth over {found.term_months} months", usd),
            numbers("API cheaper from month", three, missing="never"),
            numbers("Option, month after", usd),
            numbers("API, month after", usd),
            Column("Then right"),
        ),
        (
            Row(
                (
                    row.api_price_change_per_year,
                    row.npv_usd,
                    row.api_cheaper_from_month,
                    row.option_usd,
                    row.api_usd,
                    "both the same" if row.tied else row.cheaper,
                ),
                "strong" if row.api_price_change_per_year == planned else "",
            )
            for row in found.rows
        ),
        renewal_title(found),
    )


# -------------------------------------------------------------------------------------- renewal


def renewal_title(found: Renewal) -> str:
    """What the question is: a renewal where something is committed."""
    return "When the commitment ends" if found.committed else "How far API prices may fall"


def renewal_line(flow: CashFlow) -> str:
    """How far API prices may fall, and who is right at the end of the term."""
    found = flow.renewal
    planned = flow.api_price_change_per_year
    row = next(each for each in found.rows if each.api_price_change_per_year == planned)
    parts = [_limit(flow, found, row), at_renewal(flow, found, row)]
    if found.api_fixed:
        parts.insert(
            1,
            f"{called(flow.against)} is a commitment in dollars, and its price does not fall with "
            "API prices.",
        )
    if not found.committed:
        parts.append("Nothing is committed, so there is nothing to renew.")
    return " ".join(parts)


def _limit(flow: CashFlow, found: Renewal, row: RenewalRow) -> str:
    """At which change of API prices the term is worth nothing."""
    option, fall = called(flow.option), found.break_even_change_per_year
    length = f"{found.term_months} months"
    term = f"the {found.term_months}-month commitment" if found.committed else length
    if fall is None:
        verb = "wins" if row.npv_usd > 0 else "loses"
        reach = "in every row below" if found.api_fixed else (
            "however far API prices fall or rise, within reason"
        )  # fmt: skip
        return f"Over {term}, {option} {verb} {reach}."
    if fall < 0:
        return f"API prices may fall {percent(-fall)} a year before {option} loses over {term}."
    return f"Over {term}, {option} loses unless API prices rise {percent(fall)} a year."


def at_renewal(flow: CashFlow, found: Renewal, row: RenewalRow) -> str:
    """What the month after the term costs at one path of prices, and who is right then."""
    change = row.api_price_change_per_year
    path = "At today's API prices" if change == 0 else f"With API prices at {signed(change)} a year"
    bills = f"{path}, the month after it costs {usd(row.option_usd)} against {usd(row.api_usd)}"
    if row.tied:
        return f"{bills}: the same."
    if not found.committed:
        return f"{bills}."
    return f"{bills}: {'renew' if row.cheaper == flow.option else 'leave for the API'}."


def sentence(flow: CashFlow) -> str:
    """Whether it pays, in a sentence."""
    pair = f"{called(flow.option)} against {called(flow.against)}"
    worth = f"worth {usd(flow.npv_usd)} today"
    if flow.payback_months is None:
        return f"{pair}: not paid back within the horizon, {worth}."
    if flow.payback_months <= 0:
        return f"{pair}: cheaper from the start, {worth}."
    return f"{pair}: paid back after {months(flow.payback_months)}, {worth}."

"""What a cash flow says in words: the sentence over it, its three numbers, and the rows under it.

The same in the app and on the command line; every number is the cash flow's.
"""

from __future__ import annotations

from costmodel.present.words.headline import Headline
from costmodel.present.words.input_names import input_name, value_text
from costmodel.quantity.words import CENT, percent, short, shortened, usd
from costmodel.studies.cases import CaseResult, Cases, Difference
from costmodel.studies.cashflow.record import CashFlow, Renewal, RenewalRow

LONGEST_NAME = 40

Card = tuple[str, str, str]

NONE = "–"


MONTH = "Month 1 favours"
"""Head of the column that names the cheapest eligible option in a month at today's prices."""


def two_verdicts(month: str | None, option: str, against: str, npv_usd: float, months: int) -> str:
    """What a month and the months together say, where they name different options; else nothing.

    ``month``: the option that is recommended for a month at today's prices. ``npv_usd``: of
    ``option`` against ``against`` over ``months``. An option that pays says nothing against a
    third one that the month favours.
    """
    winner, other = (option, against) if npv_usd > 0 else (against, option)
    differ = month != winner and (month == other or winner == against)
    if month is None or not differ or abs(npv_usd) < CENT:
        return ""
    return (
        f"Month 1, at today's prices, favours {_name(month)}; over {span(months)}, {_name(winner)} "
        f"is worth {usd(abs(npv_usd))} more than {_name(other)}."
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
    option, against = _name(flow.option), _name(flow.against)
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
    months = flow.payback_months
    if months is None:
        return ""
    return (
        " and pays from the first month" if months == 0 else f" and pays back in {_months(months)}"
    )


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
        words = " and ".join(changes)
        parts.append(f"{words[:1].upper()}{words[1:]}.")
    if flow.stranded_usd:
        parts.append(
            f"If the volume halved on day one, {usd(flow.stranded_usd)} of commitments would be "
            "stranded."
        )
    return " ".join(parts)


def cards(flow: CashFlow) -> list[Card]:
    """Net present value, internal rate of return, payback."""
    rate = f"at {percent(flow.discount_rate)} a year" if flow.discount_rate else "not discounted"
    return [
        ("Net present value", usd(flow.npv_usd), f"over {span(flow.horizon_months)}, {rate}"),
        ("Internal rate of return", rate_of_return(flow), _about_rate(flow)),
        ("Discounted payback", payback(flow), _about_payback(flow)),
    ]


def rate_of_return(flow: CashFlow) -> str:
    """The rate a year in words."""
    return NONE if flow.irr_per_year is None else yearly(flow.irr_per_year)


def yearly(rate: float) -> str:
    """A rate a year.

    >>> [yearly(x) for x in (0.124, -0.3, 12.5)]
    ['12 %', '-30 %', 'over 1,000 %']
    """
    return "over 1,000 %" if rate > 10 else percent(rate)


def _about_rate(flow: CashFlow) -> str:
    if flow.irr_per_year is not None:
        return "a year, on what is paid up front"
    saved = flow.monthly.flow_usd
    if (saved >= 0).all():
        return "undefined: nothing is invested"
    if (saved <= 0).all():
        return "undefined: nothing comes back"
    return "undefined: no single rate fits these flows"


def payback(flow: CashFlow) -> str:
    """When the money is back."""
    if flow.payback_months is None:
        return "Never" if not flow.pays else NONE
    return "At once" if flow.payback_months == 0 else _months(flow.payback_months)


def _about_payback(flow: CashFlow) -> str:
    if flow.payback_months is None:
        simple = flow.simple_payback_months
        rest = "" if simple is None else f"; {_months(simple)} without discounting"
        return f"not within {span(flow.horizon_months)}{rest}"
    if flow.payback_months == 0:
        return "the savings never run behind"
    if flow.simple_payback_months is None or not flow.discount_rate:
        return "from the start, ramp-up included"
    return f"{_months(flow.simple_payback_months)} without discounting"


VALUE_LEFT = "value left"


def periods(flow: CashFlow, period: str) -> list[tuple[str, dict[str, float]]]:
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


def span(months: int) -> str:
    """A horizon in words.

    >>> [span(x) for x in (1, 12, 18, 36)]
    ['1 month', 'a year', '18 months', '3 years']
    """
    if months % 12 == 0:
        return "a year" if months == 12 else f"{months // 12} years"
    return f"{months} month{'s' if months > 1 else ''}"


def _months(months: float) -> str:
    """Months to one decimal.

    >>> _months(7.04), _months(1.0), _months(22.61)
    ('7 months', '1 month', '22.6 months')
    """
    shown = f"{months:.1f}".removesuffix(".0")
    return f"{shown} month{'' if shown == '1' else 's'}"


def _name(name: str) -> str:
    return shortened(name, LONGEST_NAME)


# ------------------------------------------------------------------------------------ renewal


def renewal_title(found: Renewal) -> str:
    """What the question is: a renewal where something is committed."""
    return "When the commitment ends" if found.committed else "How far API prices may fall"


def renewal_line(flow: CashFlow, found: Renewal) -> str:
    """How far API prices may fall, and who is right at the end of the term."""
    planned = flow.api_price_change_per_year
    row = next(each for each in found.rows if each.api_price_change_per_year == planned)
    parts = [_limit(flow, found, row), at_renewal(flow, found, row)]
    if found.api_fixed:
        parts.insert(
            1,
            f"{_name(flow.against)} is a commitment in dollars, and its price does not fall with "
            "API prices.",
        )
    if not found.committed:
        parts.append("Nothing is committed, so there is nothing to renew.")
    return " ".join(parts)


def _limit(flow: CashFlow, found: Renewal, row: RenewalRow) -> str:
    """At which change of API prices the term is worth nothing."""
    option, fall = _name(flow.option), found.break_even_change_per_year
    months = f"{found.term_months} months"
    term = f"the {found.term_months}-month commitment" if found.committed else months
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


def right_then(row: RenewalRow) -> str:
    """Who is right when the term ends, for a table."""
    return "both the same" if row.tied else row.cheaper


def signed(change: float) -> str:
    """A change a year with its sign.

    >>> signed(-0.2), signed(0.0), signed(0.05)
    ('−20 %', '0 %', '+5 %')
    """
    sign = "−" if change < 0 else "+" if change > 0 else ""
    return f"{sign}{percent(abs(change))}"


# -------------------------------------------------------------------------------------- cases


def case_row(case: CaseResult, option: str, against: str) -> list[str]:
    """A case for a table: volume, both bills, the recommended option, worth and payback."""
    return [
        f"{short(case.tokens_per_day)} / day",
        amount(case.monthly_usd.get(option)),
        amount(case.monthly_usd.get(against)),
        case.recommended or "none",
        amount(case.npv_usd),
        NONE if case.irr_per_year is None else yearly(case.irr_per_year),
        case_payback(case),
    ]


def difference_rows(found: Cases, most: int) -> list[list[str]]:
    """Every input that some case changes, in words of ``most`` letters, and its values by case."""
    return [
        [cut_within(input_name(row.path), most), *(_value(row, c.name) for c in found.cases)]
        for row in found.differs
    ]


def _value(row: Difference, case: str) -> str:
    number = row.numbers[case]
    return row.values[case] if number is None else value_text(row.path, number)


def cut_within(text: str, most: int) -> str:
    """A text cut in its middle: what tells two inputs apart stands at either end.

    >>> cut_within("price of a GPU hour of own GPUs, offer 2", 30)
    'price of a GPU…n GPUs, offer 2'
    """
    if len(text) <= most:
        return text
    tail = most // 2
    return f"{text[: most - tail - 1].rstrip()}…{text[-tail:].lstrip()}"


def case_lines(found: Cases) -> list[str]:
    """Every case in which a month and the months together name different options."""
    said = {
        case.name: two_verdicts(
            case.recommended, found.option, found.against, case.npv_usd, case.horizon_months
        )
        for case in found.cases
        if case.may_be_chosen and case.npv_usd is not None and case.horizon_months is not None
    }
    return [f"{name}: {words}" for name, words in said.items() if words]


def case_payback(case: CaseResult) -> str:
    """When a case has paid back."""
    if case.payback_months is None:
        return NONE if case.npv_usd is None else "never"
    return "at once" if case.payback_months == 0 else _months(case.payback_months)


def amount(value: float | None) -> str:
    """Dollars, or a dash."""
    return NONE if value is None else usd(value)

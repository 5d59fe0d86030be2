"""Named cases as an answer: side by side, what differs, and where they disagree with a month."""

from __future__ import annotations

from costmodel.present.words.cash import MONTH, two_verdicts
from costmodel.present.words.input_names import input_name, value_text
from costmodel.quantity.answer import Answer, Column, Headline, Row, Table, numbers
from costmodel.quantity.words import cut_within, payback, per_day, shortened, usd, yearly
from costmodel.studies.cases import CaseResult, Cases, Difference

MOST_LETTERS = 40
"""Of an input's name beside its values."""


def answer(found: Cases) -> Answer:
    """Everything a person needs from named cases."""
    broken = [f"{case.name}: {case.problem}" for case in found.cases if case.problem]
    about = [f"{case.name}: {case.description}" for case in found.cases if case.description]
    return Answer(
        Headline(
            f"{found.option} against {found.against}, a month at today's prices and over the "
            "horizon.",
            "",
            " ".join(disagreements(found)),
        ),
        tables={"cases": cases(found), "differences": differences(found)},
        notes={"": about, "No cash flow": broken},
    )


def cases(found: Cases) -> Table:
    """Each case: volume, both bills, what a month favours, worth and payback."""
    return Table.of(
        (
            Column("Case"),
            numbers("Volume", per_day),
            numbers("Option, a month", usd),
            numbers("API, a month", usd),
            Column(MONTH, missing="none"),
            numbers("Worth", usd),
            numbers("IRR", yearly),
            numbers("Payback"),
        ),
        (
            Row(
                (
                    f"{case.name} (derived)" if case.derived else case.name,
                    case.tokens_per_day,
                    case.monthly_usd.get(found.option),
                    case.monthly_usd.get(found.against),
                    case.recommended,
                    case.npv_usd,
                    case.irr_per_year,
                    case_payback(case),
                ),
                "strong" if case.name == "base" else "",
            )
            for case in found.cases
        ),
        "Cases side by side",
    )


def case_payback(case: CaseResult) -> str | None:
    """When a case has paid back; None where it has no cash flow."""
    return None if case.npv_usd is None else payback(case.payback_months)


def differences(found: Cases) -> Table:
    """Every input that some case changes, and its values by case."""
    names = [case.name for case in found.cases]
    return Table.of(
        (Column("What differs"), *(numbers(shortened(name, 24)) for name in names)),
        (
            (cut_within(input_name(row.path), MOST_LETTERS), *(_value(row, name) for name in names))
            for row in found.differs
        ),
    )


def _value(row: Difference, case: str) -> str:
    number = row.numbers[case]
    return row.values[case] if number is None else value_text(row.path, number)


def disagreements(found: Cases) -> list[str]:
    """Every case in which a month and the months together name different options."""
    said = {
        case.name: two_verdicts(
            case.recommended, found.option, found.against, case.npv_usd, case.horizon_months
        )
        for case in found.cases
        if case.may_be_chosen and case.npv_usd is not None and case.horizon_months is not None
    }
    return [f"{name}: {words}" for name, words in said.items() if words]

"""The first slide: what is asked for, on one page.

A sentence with the amounts, the figures that carry it, the reasons, and every option beside it.
"""

from __future__ import annotations

from collections.abc import Iterator

from costmodel.pipeline.report import OptionResult, Report
from costmodel.present.charts.theme import colours
from costmodel.present.deck.sheet import HEAD_HEIGHT, Column, Look, Sheet
from costmodel.present.deck.tables import every_warning
from costmodel.present.words.ask import ask_cards, ask_reasons, bill_range, range_words, recommended
from costmodel.present.words.focus import exclusion
from costmodel.quantity.words import short, usd
from costmodel.studies.cashflow.record import CashFlow
from costmodel.studies.risk.record import Risk

OPTION_COLUMNS = (
    Column("Option", 2.5), Column("A month", align="right"), Column("Range"),
    Column("Standing", 2.1),
)  # fmt: skip
MOST_OPTIONS, MOST_REASONS = 8, 5
STANDING = "cheapest in month 1"
"""Of the option that the report recommends: a month is what it judges."""
ROW = 33.0
"""Points of a row with two lines of text."""


def draw_ask(
    sheet: Sheet, report: Report, risk: Risk | None = None, cashflow: CashFlow | None = None
) -> None:
    """Figures over reasons and options."""
    accents = colours(report)
    best = recommended(report)
    cards = ask_cards(report, risk, cashflow)
    upper, lower = sheet.body.split(104, 18)
    for i, (box, card) in enumerate(zip(upper.columns(*[1] * len(cards)), cards, strict=True)):
        sheet.card(box, *card, accents[best.name] if best and i == 0 else None)
    left, right = lower.columns(4.4, 5.6, gap=28)
    head, rest = left.split(22, 4)
    sheet.text(head, "Why", Look((16.0, 14.0, 12.0), bold=True))
    reasons = list(ask_reasons(report, risk, cashflow))
    sheet.bullets(rest, reasons[:MOST_REASONS], Look((16.0, 15.0, 14.0, 13.0, 12.0)))
    sheet.notes += reasons[MOST_REASONS:]
    head, rest = right.split(22, 4)
    ordered = sorted(report.options, key=lambda o: (not o.stands, o.monthly_usd or 0.0))
    room = rest.height - HEAD_HEIGHT
    most = min(MOST_OPTIONS, int(room / ROW))
    height = min(42.0, room / min(most, len(ordered)))
    sheet.text(head, _head(report, most), Look((16.0, 14.0, 12.0), bold=True))
    rows = [_option_row(report, option, risk) for option in ordered[:most]]
    strong = [i for i, option in enumerate(ordered[:most]) if option == best]
    sheet.table(
        rest, OPTION_COLUMNS, rows, bold=strong, row_height=height, sizes=(14.0, 13.0, 12.0)
    )
    sheet.notes += _derivation(report, ordered[most:], risk)


def _head(report: Report, most: int) -> str:
    where = f"in a month at {short(report.tokens_per_day)} tokens a day, today's prices"
    if len(report.options) <= most:
        return f"Every option {where}"
    return f"{most} of {len(report.options)} options {where}; the others are in the notes"


def _option_row(
    report: Report, option: OptionResult, risk: Risk | None
) -> tuple[str, str, str, str]:
    found = bill_range(report, option.name, risk)
    spread = "–" if found is None else f"{usd(found[0])} to {usd(found[1])}"
    amount = "–" if option.monthly_usd is None else usd(option.monthly_usd)
    return option.name, amount, spread, _standing(report, option)


def _standing(report: Report, option: OptionResult) -> str:
    if option.name == report.recommendation.option:
        return STANDING
    if option.excluded_by:
        return exclusion(option)
    return "eligible" if option.monthly_usd is not None else "no bill can be stated"


def _derivation(report: Report, more: list[OptionResult], risk: Risk | None) -> Iterator[str]:
    yield report.recommendation.reason
    best = recommended(report)
    if best is not None:
        yield f"The bill of {best.name}, US dollars a month:"
        for line in best.lines:
            yield f"{line.name}: {line.usd:,.2f}, {line.kind}, {line.source}"
        yield f"All in: {best.monthly_usd or 0.0:,.2f}"
        yield f"Range: {range_words(report, best.name, risk)}"
    for option in more:
        yield " · ".join(_option_row(report, option, risk))
    yield from every_warning(report)

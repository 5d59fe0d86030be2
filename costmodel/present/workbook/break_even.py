"""The sheet Break-even: where each own or hybrid option is cheaper, live beside the tool's answer.

First and always-from are formulas for always-on fleets against prices that rise with volume (see
the sheet Steps); the rest are the tool's values.
"""

from __future__ import annotations

from collections.abc import Mapping

from costmodel.pipeline.report import BreakEven, Report
from costmodel.present.workbook.checks import OK, TOO_SHORT, Checks
from costmodel.present.workbook.formula import Formula, call, either
from costmodel.present.workbook.inputs import LIVE, RERUN
from costmodel.present.workbook.sheets import Book, Sheet
from costmodel.present.workbook.steps import Crossing

COLUMNS = (
    "Option", "Against", "Verdict", "First at tokens a day", "Always from tokens a day",
    "The tool: verdict", "First at", "Always from", "Margin of safety", "Check", "Step table",
    "How", "Windows of the tool",
)  # fmt: skip
HEADER = 3
NEVER, NOT_FOR_GOOD = "never", "never for good"


def write_break_even(
    book: Book, report: Report, checks: Checks, crossings: Mapping[tuple[str, str], Crossing]
) -> dict[tuple[str, str], tuple[Formula, Formula, Formula]]:
    """A row per comparison; comes back as verdict, first and always-from by option and rival."""
    sheet = book.sheets["Break-even"]
    sheet.text(0, 0, "Break-even", "title")
    words = "Volumes at which an option costs less. Live where the check is beside a formula."
    sheet.text(1, 0, words, "subtitle")
    for column, words in enumerate(COLUMNS):
        right = column in {3, 4, 6, 7, 8}
        sheet.text(HEADER, column, words, "column_right" if right else "column")
    sheet.widths(32, 32, 11, 18, 18, 11, 18, 18, 11, 14, 14, 16, 60)
    sheet.worksheet.set_row(HEADER, 30)
    sheet.worksheet.freeze_panes(HEADER + 1, 2)
    sheet.worksheet.repeat_rows(HEADER)
    found = {}
    for i, result in enumerate(report.break_even):
        row = HEADER + 1 + i
        sheet.texts(row, (result.option, result.against))
        told = _told(sheet, row, result)
        crossing = crossings.get((result.option, result.against))
        if crossing is None:
            sheet.text(row, 2, result.verdict, "fact")
            sheet.value(row, 3, told[1].value, "tokens/day")
            sheet.value(row, 4, told[2].value, "tokens/day")
            sheet.text(row, 11, RERUN, "note")
            found[result.option, result.against] = told
        else:
            found[result.option, result.against] = _live(sheet, row, checks, crossing, told)
    sheet.worksheet.print_area(0, 0, HEADER + len(report.break_even), 11)
    return found


def _told(sheet: Sheet, row: int, result: BreakEven) -> tuple[Formula, Formula, Formula]:
    """What the tool said."""
    sheet.text(row, 5, result.verdict, "fact")
    first, always = result.first_tokens_per_day, result.always_from_tokens_per_day
    cells = (
        sheet.cell(row, 5, result.verdict),
        sheet.value(row, 6, NEVER if first is None else first, "tokens/day"),
        sheet.value(row, 7, NOT_FOR_GOOD if always is None else always, "tokens/day"),
    )
    sheet.value(row, 8, result.margin_of_safety, "percent")
    windows = result.to_dict()["windows"][:MOST_WINDOWS]
    sheet.text(
        row,
        12,
        "; ".join(f"{low:,.0f} to {'any' if high is None else f'{high:,.0f}'}"
                  for low, high in windows) + ("; ..." if len(windows) == MOST_WINDOWS else ""),
        "fact",
    )  # fmt: skip
    return cells


MOST_WINDOWS = 12


def _live(
    sheet: Sheet,
    row: int,
    checks: Checks,
    crossing: Crossing,
    told: tuple[Formula, Formula, Formula],
) -> tuple[Formula, Formula, Formula]:
    """Formulas, the check against the tool, and whether the table was long enough."""
    cells = (
        sheet.put(row, 2, _decided(crossing, crossing.verdict)),
        sheet.put(row, 3, _decided(crossing, crossing.first), "tokens/day"),
        sheet.put(row, 4, _decided(crossing, crossing.always_from), "tokens/day"),
    )
    same = [_same(one, other, checks.tolerance) for one, other in zip(cells, told, strict=True)]
    agree = call("AND", all(bool(each.value) for each in same), *same)
    checks.verdict(sheet, row, 9, agree)
    checks.put(sheet, row, 10, either(crossing.long_enough, OK, TOO_SHORT))
    sheet.text(row, 11, LIVE, "note")
    return cells


def _decided(crossing: Crossing, answer: Formula) -> Formula:
    """An answer, or that the table is too short to know it: never a wrong one."""
    return either(crossing.long_enough, answer, TOO_SHORT)


def _same(live: Formula, told: Formula, tolerance: Formula) -> Formula:
    """Whether two cells agree: numbers within the tolerance, words to the letter."""
    if isinstance(told.value, str):
        return Formula(f"{live.text}={told.text}", live.value == told.value, 0)
    gap = abs(live.value - told.value) if not isinstance(live.value, str) else 1.0
    within = gap <= tolerance.value * max(1.0, abs(told.value))
    words = f"ABS({live.text}-{told.text})<={tolerance.text}*MAX(1,ABS({told.text}))"
    return Formula(f"IFERROR({words},FALSE)", within)

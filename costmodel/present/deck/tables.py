"""Slides that are tables: precision per task, assumptions with their sources, what is in scope.

A long table goes on over several slides; a text that its cell has no room for stands whole in the
notes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from costmodel.pipeline.report import Assumption, OptionResult, Report
from costmodel.present.deck.sheet import HEAD_HEIGHT, Column, Look, Sheet
from costmodel.present.words.evidence import Evidence
from costmodel.present.words.report import spread
from costmodel.quantity.answer import Table
from costmodel.quantity.caution import Heading, by_heading
from costmodel.quantity.words import number

ROW, TALL_ROW, PRECISION_ROW = 22.0, 36.0, 66.0
"""Points of a row with one line of text, with two, and with four."""

ASSUMPTION_COLUMNS = (
    Column("Input", 2.6), Column("Value", align="right"), Column("Unit"), Column("Low to high"),
    Column("Kind"), Column("Source", 3.2), Column("Date"),
)  # fmt: skip
PRECISION_COLUMNS = (
    Column("Task", 1.5), Column("Served by", 1.5), Column("Precision", 1.0),
    Column("What is known of it", 2.2), Column("Would also do", 2.1),
    Column("Would not, or not yet", 2.3),
)  # fmt: skip
EVIDENCE_COLUMNS = (
    Column("Input", 2.6), Column("Value", align="right"), Column("Kind"), Column("Source", 4.4),
    Column("Date"),
)  # fmt: skip


# -------------------------------------------------------------------------- precision per task


def draw_precision(sheet: Sheet, rows: Sequence[Sequence[str]]) -> None:
    """A page of the table."""
    sheet.table(
        sheet.body, PRECISION_COLUMNS, rows, row_height=PRECISION_ROW, sizes=(14.0, 13.0, 12.0)
    )
    sheet.notes.append(
        "Retention compares a precision with the same model at 16 bits; 'likely' means that nine "
        "published rows in ten keep the floor. Only a gate on own evaluations says pass."
    )


def precision_pages(table: Table, height: float) -> list[list[list[str]]]:
    """Rows by slide."""
    return _pages(table.texts(), max(1, int((height - HEAD_HEIGHT) / PRECISION_ROW)))


# --------------------------------------------------------------------------------- what it rests on


def draw_evidence(sheet: Sheet, rows: Sequence[Evidence]) -> None:
    """The handful of numbers that decide."""
    fit = max(1, int((sheet.body.height - HEAD_HEIGHT) / TALL_ROW))
    cells = [
        (row.name, row.value, row.kind, row.source, row.as_of.isoformat() if row.as_of else "–")
        for row in rows[:fit]
    ]
    sheet.table(sheet.body, EVIDENCE_COLUMNS, cells, row_height=TALL_ROW, sizes=(13.0, 12.0))
    sheet.notes += [
        "Kinds, from the best evidence to the weakest: measured, listed, anchored (a measurement "
        "moved by a model), estimated, assumed.",
        *(f"{row.name}: {row.value} ({row.kind}; {row.source})" for row in rows),
    ]


@dataclass(frozen=True)
class AssumptionLine:
    """A line of the table of assumptions; a heading where it has no row."""

    words: str
    row: Assumption | None = None


def assumption_pages(report: Report, height: float) -> list[list[AssumptionLine]]:
    """Every number, under headings by workload and option, by slide."""
    most = max(2, int(height / ROW) - 1)
    pages: list[list[AssumptionLine]] = [[]]
    for heading, rows in _by_part(report.assumption_rows).items():
        if len(pages[-1]) + 2 > most:
            pages.append([])
        pages[-1].append(AssumptionLine(heading))
        for words, row in rows:
            if len(pages[-1]) >= most:
                pages.append([AssumptionLine(f"{heading}, continued")])
            pages[-1].append(AssumptionLine(words, row))
    return [page for page in pages if page]


def _by_part(rows: Sequence[Assumption]) -> dict[str, list[tuple[str, Assumption]]]:
    """Rows by the part of the scenario they stand in, with the rest of their path."""
    found: dict[str, list[tuple[str, Assumption]]] = {}
    for row in rows:
        part, words = _split(row.path)
        found.setdefault(part, []).append((words, row))
    return found


def _split(path: str) -> tuple[str, str]:
    """A path as the part it belongs to and the place within.

    >>> _split("options.own GPUs, 70B v1.5.selfhost.load_factor")
    ('own GPUs, 70B v1.5', 'load_factor')
    >>> _split("workloads.chat.input_tokens"), _split("calendar.days_per_month")
    (('chat', 'input_tokens'), ('calendar', 'days_per_month'))
    """
    part, _, rest = path.partition(".")
    if part == "options":
        for kind in (".selfhost.", ".api.", ".hybrid.", ".mix."):
            name, found, words = rest.partition(kind)
            if found:
                return name, words
    if part in ("options", "workloads"):
        name, _, words = rest.partition(".")
        return name, words or name
    return part, rest or part


def draw_assumptions(sheet: Sheet, page: Sequence[AssumptionLine]) -> None:
    """A page of every number."""
    cells = [_assumption(line) for line in page]
    strong = [place for place, line in enumerate(page) if line.row is None]
    sheet.table(sheet.body, ASSUMPTION_COLUMNS, cells, bold=strong, row_height=ROW)
    sheet.notes += [f"{line.row.path}: {line.row.source}" for line in page if line.row is not None]


def _assumption(line: AssumptionLine) -> tuple[str, ...]:
    row = line.row
    if row is None:
        return (line.words, *[""] * (len(ASSUMPTION_COLUMNS) - 1))
    return (
        line.words, "–" if row.value is None else number(row.value), row.unit, spread(row),
        row.kind, row.source or "–", row.as_of.isoformat() if row.as_of else "",
    )  # fmt: skip


# ---------------------------------------------------------------------------------------- scope


def scope(report: Report) -> tuple[list[str], list[str]]:
    """What the bills contain, and what they leave out."""
    inside = [f"{o.name}: {', '.join(_lines(o))}" for o in report.options if o.lines]
    notes = by_heading(report.warnings)
    apart = notes.get(Heading.APART, [])
    unused = notes.get(Heading.NOT_USED, [])
    out = [f"{o.name}: {'; '.join(o.excluded_by)}" for o in report.options if o.excluded_by]
    zero = _zeroes(report)
    return inside, [
        *(f"Not eligible: {each}" for each in out),
        *(f"Billed apart: {each}" for each in apart),
        *(f"{Heading.NOT_USED}: {each}" for each in unused),
        *([f"Set to zero in the scenario: {', '.join(zero)}"] if zero else []),
        "Taxes, currency risk, contract negotiation and the work of moving are not estimated.",
    ]


def _lines(option: OptionResult) -> list[str]:
    return list(dict.fromkeys(line.name for line in option.lines))


def _zeroes(report: Report) -> list[str]:
    """Costs that are stated or left at nothing."""
    return [
        row.path for row in report.assumption_rows
        if row.value == 0 and row.unit in ("USD/month", "h/month")
    ]  # fmt: skip


def draw_scope(sheet: Sheet, report: Report) -> None:
    """What is in on the left, what is out on the right, notes to check under both."""
    inside, outside = scope(report)
    checks = by_heading(report.warnings).get(Heading.CHECK, [])
    upper, lower = sheet.body.split(sheet.body.height * (0.62 if checks else 1.0), 10)
    for box, head, items in zip(
        upper.columns(1, 1, gap=32), ("In these bills", "Not in these bills"), (inside, outside),
        strict=True,
    ):  # fmt: skip
        _listed(sheet, box, head, items)
    if checks:
        _listed(sheet, lower, Heading.CHECK, checks)


def _listed(sheet: Sheet, box: Any, head: str, items: Sequence[str]) -> None:
    top, rest = box.split(24, 2)
    sheet.text(top, head, Look((16.0, 14.0, 12.0), bold=True))
    sheet.bullets(rest, items, Look((14.0, 13.0, 12.0)))


def _pages(rows: Sequence[Any], most: int) -> list[list[Any]]:
    return [list(rows[i : i + most]) for i in range(0, len(rows), most)]


def every_warning(report: Report) -> Iterator[str]:
    """The notes on the result, for the speaker."""
    for head, messages in by_heading(report.warnings).items():
        for message in messages:
            yield f"{head}: {message}"

"""The sheet Inputs: every number the formulas rest on, each once, with unit, range and source.

Live inputs are blue and open; change one and every sheet follows. Grey ones are results of the
tool (what a replica serves follows from model, GPU and request): they are locked, and changing
them means running costmodel again. Each cell has a name that formulas use.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from costmodel.present.workbook.formula import Formula, either, total
from costmodel.present.workbook.sheets import Book, Sheet
from costmodel.quantity.quantity import Quantity

COLUMNS = ("Input", "Value", "Unit", "Low", "High", "Kind", "Source", "As of", "Comment",
           "As exported")  # fmt: skip
VALUE, EXPORTED = 1, 9
FIRST_ROW = 3
RERUN = "rerun costmodel"
LIVE = "live"

Path = tuple[str, ...]
"""Whose number it is, and its name there."""

_WHOLE = ("replicas", "GPUs")
_RANGES: Mapping[str, tuple[float, float]] = {
    "share": (0.0, 1.0),
    "share above 0": (1e-9, 1.0),
    "ratio": (1e-9, 1e6),
    "requests/s": (1e-12, 1e9),
    "at least 1": (1.0, 1e6),
}
"""What a value may be, by unit; others may be any number from 0."""


@dataclass(frozen=True)
class Entry:
    """One input as it is to be written."""

    name: str
    value: float
    unit: str
    quantity: Quantity | None = None
    kind: str = "assumed"
    source: str = "the scenario"
    as_of: date | None = None
    live: bool = True
    comment: str = ""
    allowed: str = ""
    """Another range of validation than that of the unit."""


@dataclass
class Inputs:
    """The sheet while it is written: a row at a time, each kept under its path."""

    sheet: Sheet
    row: int = FIRST_ROW
    cells: dict[Path, Formula] = field(default_factory=dict)
    """By path, as ("chat", "tokens_per_day")."""
    rows: dict[Path, int] = field(default_factory=dict)

    @classmethod
    def on(cls, book: Book) -> Inputs:
        """Start the sheet: title and columns."""
        sheet = book.sheets["Inputs"]
        sheet.text(0, 0, "Inputs", "title")
        sheet.text(
            1,
            0,
            "Blue cells are live: change one and every sheet follows. Grey cells are results of "
            "the tool: to change them, rerun costmodel.",
            "subtitle",
        )
        sheet.texts(2, COLUMNS, "column")
        sheet.widths(32, 16, 15, 12, 12, 11, 44, 11, 30, 16)
        sheet.worksheet.freeze_panes(FIRST_ROW, 1)
        sheet.worksheet.repeat_rows(2)
        return cls(sheet)

    def heading(self, words: str) -> None:
        """A line across the sheet above a group of inputs."""
        self.row += self.row > FIRST_ROW
        self.sheet.heading(self.row, words, len(COLUMNS) - 1)
        self.row += 1

    def add(self, path: Path, entry: Entry) -> Formula:
        """Write an input; its name is made from the path."""
        row, sheet = self.row, self.sheet
        sheet.text(row, 0, entry.name)
        cell = sheet.value(row, VALUE, entry.value, entry.unit, "input" if entry.live else "fact")
        self._described(row, entry)
        sheet.value(row, EXPORTED, entry.value, entry.unit)
        if entry.live:
            self._validated(row, entry)
        self.rows[path] = row
        self.row += 1
        self.cells[path] = sheet.book.named(_free(name_of(path), sheet.book.names), cell)
        return self.cells[path]

    def derive(self, path: Path, name: str, formula: Formula, unit: str, comment: str) -> Formula:
        """A line that follows from inputs beside it, as a cache price that nobody lists."""
        cell = self.sheet.put(self.row, VALUE, formula, unit)
        self.sheet.text(self.row, 0, name)
        self.sheet.text(self.row, 2, unit)
        self.sheet.text(self.row, 8, comment, "note")
        self.row += 1
        self.cells[path] = self.sheet.book.named(_free(name_of(path), self.sheet.book.names), cell)
        return self.cells[path]

    def _described(self, row: int, entry: Entry) -> None:
        known, sheet = entry.quantity, self.sheet
        sheet.text(row, 2, entry.unit)
        for column, bound in ((3, known and known.low), (4, known and known.high)):
            if bound is not None:
                sheet.value(row, column, bound, entry.unit)
        sheet.text(row, 5, (known and known.kind) or entry.kind, "fact")
        sheet.text(row, 6, (known and known.source) or entry.source, "fact")
        dated = (known and known.as_of) or entry.as_of
        sheet.text(row, 7, dated.isoformat() if dated else "", "fact")
        words = [LIVE if entry.live else RERUN, entry.comment]
        sheet.text(row, 8, ": ".join(filter(None, words)), "note")

    def _validated(self, row: int, entry: Entry) -> None:
        low, high = _RANGES.get(entry.allowed or entry.unit, (0.0, 1e18))
        whole = entry.unit in _WHOLE
        self.sheet.worksheet.data_validation(
            row, VALUE, row, VALUE,
            {
                "validate": "integer" if whole else "decimal",
                "criteria": "between",
                "minimum": int(low) if whole else low,
                "maximum": 1_000_000 if whole else high,
                "error_title": "Not a possible value",
                "error_message": _allowed(entry.unit, low, high, whole=whole),
            },
        )  # fmt: skip

    def at_most_one(self, one: Path, other: Path) -> None:
        """Two shares of one whole: together they are refused above 1."""
        names = self.cells[one].text, self.cells[other].text
        for row, name in zip((self.rows[one], self.rows[other]), names, strict=True):
            self.sheet.worksheet.data_validation(
                row, VALUE, row, VALUE,
                {
                    "validate": "custom",
                    "value": f"=AND({name}>=0,{names[0]}+{names[1]}<=1)",
                    "error_title": "Not a possible value",
                    "error_message": f"Shares from 0 to 1; {one[-1]} + {other[-1]} at most 1.",
                },
            )  # fmt: skip

    def __getitem__(self, path: Path) -> Formula:
        return self.cells[path]

    def __contains__(self, path: Path) -> bool:
        return path in self.cells

    def changed(self, more: Sequence[tuple[Formula, Formula]] = ()) -> Formula:
        """How many inputs differ from what was exported; call when all are written.

        ``more``: ranges of other sheets, as they are and as exported.
        """
        book, blank = self.sheet.book, np.zeros(self.row - FIRST_ROW)
        now = self.sheet.column(FIRST_ROW, VALUE, blank)
        then = self.sheet.column(FIRST_ROW, EXPORTED, blank)
        counted = [
            either(_filled(then), either(now.differs_from(then), 1, 0), 0),
            *(either(one.differs_from(other), 1, 0) for one, other in more),
        ]
        last, self.row = self.row - 1, self.row + 1
        self.sheet.text(self.row, 0, "Inputs changed since the export")
        cell = self.sheet.put(self.row, VALUE, total(*counted), "units", "sum")
        first = FIRST_ROW + 1
        self.sheet.worksheet.conditional_format(
            FIRST_ROW, 0, last, VALUE,
            {
                "type": "formula",
                "criteria": f'=AND($J{first}<>"",$B{first}<>$J{first})',
                "format": book.styles.stale,
            },
        )  # fmt: skip
        self.sheet.worksheet.print_area(0, 0, self.row, 8)
        return book.named("inputs_changed", cell)


def _filled(cells: Formula) -> Formula:
    """Whether a cell holds anything."""
    return Formula(f'{cells.text}<>""', np.zeros(len(cells.value), dtype=bool), 0, spread=True)


def _allowed(unit: str, low: float, high: float, *, whole: bool) -> str:
    if whole:
        return "A whole number, 0 or more."
    if high <= 1:
        return f"A share from {'0' if low == 0 else 'above 0'} to 1 (0 % to 100 %)."
    return f"A number {f'of {low:g} or more' if low in (0, 1) else 'above 0'} [{unit}]."


def name_of(path: Path) -> str:
    """A name for a cell from its path: letters, digits and underscores, never an address.

    >>> name_of(("own GPUs", "load_factor")), name_of(("=1", "input")), name_of(("\u0623",))
    ('own_GPUs_load_factor', 'o_1_input', 'o_')
    """
    plain = re.sub(r"[^A-Za-z0-9]+", "_", "_".join(path)).strip("_")[:180]
    safe = plain if plain[:1].isalpha() else f"o_{plain}"
    return safe if "_" in safe else f"{safe}_"


def _free(name: str, taken: Mapping[str, str]) -> str:
    """The name, numbered where it is taken; names differ in more than case."""
    used, number, free = {each.lower() for each in taken}, 1, name
    while free.lower() in used:
        number += 1
        free = f"{name}_{number}"
    return free

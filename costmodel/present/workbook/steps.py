"""The sheet Steps: an always-on fleet step by step against prices that only rise with volume.

On one step the fleet's bill is a number; an API that rises without a jump reaches it at one
volume, and the fleet wins from there to the step's end. The least of those starts is the first
crossing, the largest end of what is lost is where it wins for good. How many steps must be looked
at follows from the slopes: a table that ends before says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from costmodel.pipeline.report import CHEAPEST, Report
from costmodel.present.workbook.formula import Formula, call, either, largest, smallest
from costmodel.present.workbook.parts import ApiPart, BillFormula, FleetPart, Staircase
from costmodel.present.workbook.sheets import Book, Sheet

FEWEST, MOST, SPARE = 40, 600, 20
"""Steps of a table: at least, at most, and beyond twice what the exported inputs need."""

SAME_SLOPE = 1e-9
"""Relative difference of slopes below which the steps decide for ever: not for a table."""


@dataclass(frozen=True, eq=False)
class Crossing:
    """A fleet against an API: three columns of its table, and what decides beyond the table."""

    wins_from: Formula
    loses_until: Formula
    wins_for_good: Formula
    """1 where it wins at every volume that is large enough."""
    long_enough: Formula
    """Whether nothing changes beyond the table."""

    @property
    def _wins(self) -> Formula:
        return _count(self.wins_from)

    @property
    def first(self) -> Formula:
        """The lowest volume at which it wins, or `never`."""
        return either(self._wins > 0, _extreme("MIN", self.wins_from), "never")

    @property
    def always_from(self) -> Formula:
        """From where it wins for good, or `never for good`."""
        lost = either(_count(self.loses_until) > 0, _extreme("MAX", self.loses_until), 0)
        return either(self.wins_for_good > 0, lost, "never for good")

    @property
    def verdict(self) -> Formula:
        """never, windows, always or from."""
        lasting = either(_count(self.loses_until) > 0, "from", "always")
        some = either(self.wins_for_good > 0, lasting, "windows")
        return either(self._wins > 0, some, "never")


def _count(column: Formula) -> Formula:
    return call("COUNT", float(len(_numbers(column))), column)


def _extreme(name: str, column: Formula) -> Formula:
    found = _numbers(column)
    pick = min if name == "MIN" else max
    return call(name, pick(found) if found else 0.0, column)


def _numbers(column: Formula) -> list[float]:
    return [float(each) for each in column.value.tolist() if each != ""]


def write_steps(
    book: Book, report: Report, parts: Mapping[str, BillFormula]
) -> dict[tuple[str, str], Crossing]:
    """The tables of all always-on fleets; crossings by option and what it is compared with."""
    sheet = book.sheets["Steps"]
    sheet.text(0, 0, "Steps", "title")
    words = "Always-on fleets, one row per purchase unit, against prices that rise with volume."
    sheet.text(1, 0, words, "subtitle")
    sheet.widths(30, 17, 17, 15)
    sheet.worksheet.set_column(4, 60, 15)
    found: dict[tuple[str, str], Crossing] = {}
    row, widest = 3, 8
    for name, part in parts.items():
        if not isinstance(part, FleetPart) or not part.always_on:
            continue
        table = _Table(sheet, name, part, row)
        rivals = table.can_compare(parts)
        if not rivals:
            continue
        crossings = table.write(rivals, _eligible(report, rivals))
        found |= {(name, rival): crossing for rival, crossing in crossings.items()}
        row, widest = table.end + 2, max(widest, 3 + 3 * len(crossings))
    sheet.worksheet.print_area(0, 0, row, widest)
    return found


def _eligible(report: Report, rivals: Mapping[str, ApiPart]) -> list[str]:
    """The APIs that stand; none where one of them cannot be put into a table."""
    fleets = {row.option for row in report.break_even}
    standing = [
        option.name
        for option in report.options
        if option.name in report.bills and option.name not in fleets and not option.excluded_by
    ]
    return standing if all(name in rivals for name in standing) else []


@dataclass
class _Table:
    """One fleet's table while it is written."""

    sheet: Sheet
    name: str
    part: FleetPart
    top: int
    end: int = 0

    @property
    def steps(self) -> Staircase:
        assert self.part.steps is not None
        return self.part.steps

    @property
    def base(self) -> Formula:
        """The bill without units of the last offer."""
        return self.part.fixed - self.part.unit_usd * self.part.committed_units

    def can_compare(self, parts: Mapping[str, BillFormula]) -> dict[str, ApiPart]:
        """The APIs whose crossings a table of bearable length decides."""
        rivals = {n: p for n, p in parts.items() if isinstance(p, ApiPart) and p.rises}
        return {name: api for name, api in rivals.items() if self._rows_for(api) <= MOST - SPARE}

    def _rows_for(self, api: ApiPart) -> float:
        intercept, slope, begins = (each.value for each in api.tail)
        own = self.part.unit_usd.value * self.steps.slope.value
        if abs(slope - own) <= SAME_SLOPE * max(slope, own):
            return np.inf
        bound = self._bound(intercept, slope, begins)
        return float(self.steps.slope.value * bound + self.steps.offset.value) - float(
            self.steps.floor.value
        )

    def _bound(self, intercept: float, slope: float, begins: float) -> float:
        """The volume past which the slopes decide, as `costmodel.cost.breakeven` reasons."""
        steps, unit, base = self.steps, self.part.unit_usd.value, self.base.value
        own = unit * steps.slope.value
        if slope > own:
            flat = (base + unit * steps.floor.value - intercept) / slope
            rising = (base + unit * (steps.offset.value + 1) - intercept) / (slope - own)
            return max(begins, flat, rising)
        return max(begins, (intercept - base - unit * steps.offset.value) / (own - slope))

    def write(self, rivals: Mapping[str, ApiPart], eligible: Sequence[str]) -> dict[str, Crossing]:
        """The table, its rivals side by side."""
        sheet, row = self.sheet, self.top
        width = 4 + 3 * (len(rivals) + bool(eligible))
        sheet.heading(row, self.name, width - 1)
        own = sheet.put(row + 1, 1, self.part.unit_usd * self.steps.slope, "plain")
        base = sheet.put(row + 2, 1, self.base, "USD/month")
        sheet.text(row + 1, 0, "USD a month per token a day, steep part")
        sheet.text(row + 2, 0, "USD a month before any unit")
        first = row + 12
        count = self._count(rivals)
        self.end = first + count - 1
        self._heads(first - 1, row)
        columns = self._rows(first, count, base)
        reach = columns["to"].value[-1]
        last = sheet.cell(self.end, 2, reach)
        found: dict[str, Crossing] = {}
        reaches: dict[str, Formula] = {}
        for k, (name, api) in enumerate(rivals.items()):
            column = 4 + 3 * k
            good, enough = self._tail(row + 4, column, api, own, base, last)
            reaches[name] = self._reaches(first, column, columns["usd"], api)
            found[name] = self._crossing(
                name, first, column, columns, reaches[name], (good, enough)
            )
        if eligible:
            column = 4 + 3 * len(rivals)
            found[CHEAPEST] = self._cheapest(first, column, columns, reaches, found, eligible)
        return found

    def _count(self, rivals: Mapping[str, ApiPart]) -> int:
        needed = max(self._rows_for(api) for api in rivals.values())
        return int(min(MOST, max(FEWEST, 2 * np.ceil(max(needed, 0.0)) + SPARE)))

    def _heads(self, row: int, top: int) -> None:
        self.sheet.texts(row, ("units", "from tokens a day", "to tokens a day", "USD a month"),
                         "column_right")  # fmt: skip
        for k, words in enumerate(
            ("API, last piece: intercept", "its USD a month per token a day",
             "it begins at tokens a day", "slopes decide beyond", "wins at last: 1, else 0")
        ):  # fmt: skip
            self.sheet.text(top + 4 + k, 0, words)

    def _rows(self, first: int, count: int, base: Formula) -> dict[str, Formula]:
        """Units, from, to and the bill of every step."""
        sheet, steps = self.sheet, self.steps
        units: list[Formula] = []
        starts, ends, bills = [], [], []
        for i in range(count):
            row = first + i
            units.append(sheet.put(row, 0, units[-1] + 1 if units else steps.floor, "units"))
            start = (units[-2] - steps.offset) / steps.slope if i else steps.floor * 0
            starts.append(sheet.put(row, 1, start, "tokens/day").value)
            end = (units[-1] - steps.offset) / steps.slope
            ends.append(sheet.put(row, 2, end, "tokens/day").value)
            bill = base + self.part.unit_usd * units[-1]
            bills.append(sheet.put(row, 3, bill, "USD/month").value)
        return {
            "from": sheet.column(first, 1, starts),
            "to": sheet.column(first, 2, ends),
            "usd": sheet.column(first, 3, bills),
        }

    def _tail(
        self, row: int, column: int, api: ApiPart, own: Formula, base: Formula, last: Formula
    ) -> tuple[Formula, Formula]:
        """Whether it wins at last, and whether the table reaches to where that is decided."""
        sheet, steps, unit = self.sheet, self.steps, self.part.unit_usd
        intercept, slope, begins = (
            sheet.put(row + k, column, each, unit_name)
            for k, (each, unit_name) in enumerate(
                zip(api.tail, ("USD/month", "plain", "tokens/day"), strict=True)
            )
        )
        winning = largest(
            begins,
            (base + unit * steps.floor - intercept) / slope,
            (base + unit * (steps.offset + 1) - intercept) / (slope - own),
        )
        losing = largest(begins, (intercept - base - unit * steps.offset) / (own - slope))
        decided = either(slope > own, winning, losing)
        safe = call("IFERROR", decided.value, decided, "equal slopes")
        bound = sheet.put(row + 3, column, safe, "tokens/day")
        good = sheet.put(row + 4, column, either(slope > own, 1, 0), "units")
        return good, last >= bound

    def _reaches(self, first: int, column: int, usd: Formula, api: ApiPart) -> Formula:
        """Where the API reaches the bill of each step."""
        values = []
        for i, bill in enumerate(usd.value.tolist()):
            here = self.sheet.cell(first + i, 3, bill)
            values.append(self.sheet.put(first + i, column, api.reaches(here), "tokens/day").value)
        return self.sheet.column(first, column, values)

    def _crossing(
        self,
        name: str,
        first: int,
        column: int,
        columns: Mapping[str, Formula],
        reaches: Formula,
        tail: tuple[Formula, Formula],
    ) -> Crossing:
        """The two columns beside where the API reaches each bill: won from, lost until."""
        sheet = self.sheet
        sheet.text(first - 2, column, f"against {name}", "note")
        words = ("API reaches it at", "wins from", "loses until")
        sheet.texts(first - 1, words, "column_right", column)
        wins, loses = [], []
        for i, reached in enumerate(reaches.value.tolist()):
            row = first + i
            at = sheet.cell(row, column, reached)
            start = sheet.cell(row, 1, columns["from"].value[i])
            end = sheet.cell(row, 2, columns["to"].value[i])
            opens = largest(start, at)
            won = either(opens < end, opens, "")
            wins.append(sheet.put(row, column + 1, won, "tokens/day").value)
            lost = either(at > start, smallest(at, end), "")
            loses.append(sheet.put(row, column + 2, lost, "tokens/day").value)
        return Crossing(
            sheet.column(first, column + 1, np.array(wins, dtype=object)),
            sheet.column(first, column + 2, np.array(loses, dtype=object)),
            *tail,
        )

    def _cheapest(
        self,
        first: int,
        column: int,
        columns: Mapping[str, Formula],
        reaches: Mapping[str, Formula],
        found: Mapping[str, Crossing],
        eligible: Sequence[str],
    ) -> Crossing:
        """Against the cheapest eligible API: every one of them must have reached the bill."""
        values = []
        for i in range(len(columns["usd"].value)):
            row = first + i
            cells = [_at(reaches[name], i) for name in eligible]
            values.append(self.sheet.put(row, column, largest(*cells), "tokens/day").value)
        together = self.sheet.column(first, column, values)
        good = smallest(*(found[name].wins_for_good for name in eligible))
        enough = call(
            "AND",
            all(bool(found[name].long_enough.value) for name in eligible),
            *(found[name].long_enough for name in eligible),
        )
        return self._crossing(
            "the cheapest that is eligible", first, column, columns, together, (good, enough)
        )


def _at(column: Formula, i: int) -> Formula:
    """One cell of a column."""
    sheet, cells = column.text.split("!")
    start = cells.split(":")[0]
    _, letter, row = start.split("$")
    return Formula(f"{sheet}!${letter}${int(row) + i}", float(column.value[i]))

"""The sheet Hours: the week behind every fleet, hour by hour.

A workload's weights are inputs, or follow from its peak-to-mean ratio; from them come what is
needed in each hour and, per fleet, how far work that can wait raises the troughs. Columns grow to
the right; every one has a row for each of the 168 hours from Monday 00:00 UTC, and above them a
row for the hour before the first, which is the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from costmodel.cost.traffic import load_duration_weights
from costmodel.pipeline.facts import ProfileFacts
from costmodel.present.workbook.formula import (
    Formula,
    added,
    call,
    either,
    larger,
    largest,
    mean,
    of,
    smallest,
)
from costmodel.present.workbook.inputs import Inputs
from costmodel.present.workbook.sheets import Book, Sheet
from costmodel.present.workbook.styles import Look
from costmodel.quantity.units import HOURS_PER_WEEK
from costmodel.scenario import Profile, Workload

BEFORE, FIRST = 4, 5
"""Rows of the hour before the week, and of its first hour."""

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, eq=False)
class Demand:
    """A workload's week relative to its mean rate: what each hour needs, and its peak if the
    hours are not known (then it may come at any hour).
    """

    interactive: Formula
    needed: Formula
    peak: Formula | None
    batch_share: Formula


@dataclass
class Hours:
    """The sheet while it is written: a column at a time."""

    sheet: Sheet
    inputs: Inputs
    next_column: int = 3
    exported: list[tuple[Formula, Formula]] = field(default_factory=list)
    """Ranges of inputs here, each with what was exported."""

    @classmethod
    def on(cls, book: Book, inputs: Inputs) -> Hours:
        """Start the sheet: the hours themselves."""
        sheet = book.sheets["Hours"]
        sheet.text(0, 0, "Hours of the week", "title")
        words = "From Monday 00:00 UTC. Weights relative to the mean hour; loads in replicas."
        sheet.text(1, 0, words, "subtitle")
        sheet.texts(3, ("Day", "Hour UTC", "Place"), "column")
        sheet.text(BEFORE, 0, "before", "note")
        for hour in range(HOURS_PER_WEEK):
            sheet.text(FIRST + hour, 0, DAYS[hour // 24], "fact")
            sheet.value(FIRST + hour, 1, hour % 24, "units")
            sheet.value(FIRST + hour, 2, hour + 1, "units")
        sheet.widths(8, 9, 7)
        sheet.worksheet.set_column(3, 200, 13)
        sheet.worksheet.set_row(3, 44)
        sheet.worksheet.freeze_panes(FIRST, 2)
        sheet.worksheet.repeat_rows(2, 3)
        return cls(sheet, inputs)

    @property
    def place(self) -> Formula:
        """1 to 168, from the first hour."""
        return self.sheet.column(FIRST, 2, np.arange(1.0, HOURS_PER_WEEK + 1))

    def _start(self, heading: str, of_whom: str = "") -> int:
        column = self.next_column
        self.next_column += 1
        self.sheet.text(2, column, of_whom, "note")
        self.sheet.text(3, column, heading, "column_right")
        return column

    def _values(self, heading: str, values: np.ndarray, look: Look, of_whom: str) -> Formula:
        column = self._start(heading, of_whom)
        for hour, value in enumerate(values):
            self.sheet.value(FIRST + hour, column, value, "plain", look)
        return self.sheet.column(FIRST, column, values)

    def fill(self, heading: str, formulas: Sequence[Formula], of_whom: str = "") -> Formula:
        """A column of formulas, one per hour."""
        column = self._start(heading, of_whom)
        for hour, formula in enumerate(formulas):
            self.sheet.put(FIRST + hour, column, formula, "plain")
        return self.sheet.column(FIRST, column, np.array([f.value for f in formulas]))

    def hour(self, column: Formula, hour: int) -> Formula:
        """One hour of a column here."""
        letter = column.text.split("!$")[1].split("$")[0]
        return self.sheet.cell(FIRST + hour, _number(letter), float(column.value[hour]))

    def before(self, column: Formula) -> Formula:
        """A column shifted by an hour, for which the row above the week is written."""
        letter = column.text.split("!$")[1].split("$")[0]
        number = _number(letter)
        self.sheet.put(BEFORE, number, self.hour(column, HOURS_PER_WEEK - 1), "plain")
        return self.sheet.column(BEFORE, number, np.roll(column.value, 1))

    # ------------------------------------------------------------------------- workloads

    def demand(self, workload: Workload, named: ProfileFacts | None) -> Demand:
        """The columns of a workload."""
        name, profile = workload.name, workload.profile or Profile()
        weights = self._weights(name, profile, named)
        average = mean(weights)
        batch, burst = self.inputs[name, "batch_share"], self.inputs[name, "burst_factor"]
        served = [self.hour(weights, h) / average * (of(1) - batch) for h in _week()]
        interactive = self.fill("cannot wait", served, name)
        needed = self.fill(
            "needed, bursts included",
            [self.hour(interactive, h) * burst for h in _week()],
            name,
        )
        peak = None
        if profile.peak_to_mean is not None:
            peak = (of(1) - batch) * burst * self.inputs[name, "peak_to_mean"]
        return Demand(interactive, needed, peak, batch)

    def _weights(self, name: str, profile: Profile, named: ProfileFacts | None) -> Formula:
        if profile.peak_to_mean is not None:
            return self._from_ratio(name, self.inputs[name, "peak_to_mean"])
        values = np.ones(HOURS_PER_WEEK)
        if named is not None:
            values = np.asarray(named.hourly, dtype=float)
        elif profile.hourly is not None:
            values = np.asarray(profile.hourly, dtype=float)
        weights = self._values("hourly weight", values, "input", name)
        self.exported.append((weights, self._values("as exported", values, "fact", name)))
        return weights

    def _from_ratio(self, name: str, ratio: Formula) -> Formula:
        """The load-duration curve of a ratio, see `costmodel.cost.traffic`."""
        order = np.argsort(np.argsort(-load_duration_weights(2.0), kind="stable"), kind="stable")
        places = self._values("place by load", order.astype(float), "fact", name)
        week = self.inputs[("hours_per_week",)]
        rows = []
        for h in _week():
            place = self.hour(places, h)
            high = (of(1) - place / week) ** ratio
            rows.append((high - (of(1) - (place + 1) / week) ** ratio) * week)
        return self.fill("hourly weight", rows, name)

    # ---------------------------------------------------------------------------- fleets

    def provided_for(
        self, whose: str, sizes: Sequence[Formula], demands: Sequence[Demand], busy: Formula
    ) -> Formula:
        """What each hour must provide for, in replicas at full speed: work that waits fills up."""
        needed = self.fill(
            "needed load",
            [added(size * self.hour(d.needed, h) for size, d in zip(sizes, demands, strict=True))
             for h in _week()],
            whose,
        )  # fmt: skip
        level = self.level(whose, needed, busy, added(
            size * demand.batch_share for size, demand in zip(sizes, demands, strict=True)
        ))  # fmt: skip
        filled = [larger(self.hour(needed, h), level) for h in _week()]
        return self.fill("to provide for", filled, whose)

    def level(self, whose: str, needed: Formula, busy: Formula, waiting: Formula) -> Formula:
        """The level to which work that can wait raises the troughs; 0 where none can.

        The week's total fits under level L where ``sum of max(needed, L)`` reaches it: of the
        hours in ascending order, the least of ``(total - what lies above the k-th) / k``.
        """
        ascending = np.sort(needed.value)
        rows = [call("SMALL", ascending[h], needed, self.hour(self.place, h)) for h in _week()]
        ordered = self.fill("ascending", rows, whose)
        above = self._above(ordered, whose)
        goal = busy * self.inputs[("hours_per_week",)]
        levels = self.fill(
            "level",
            [(goal - self.hour(above, h)) / self.hour(self.place, h) for h in _week()],
            whose,
        )
        column = self._start("fill up to", whose)
        formula = either(waiting > 0, smallest(levels), 0)
        return self.sheet.put(FIRST, column, formula, "plain")

    def _above(self, ordered: Formula, whose: str) -> Formula:
        """The sum of all later entries of an ascending column."""
        values = np.append(np.cumsum(ordered.value[::-1])[::-1][1:], 0.0)
        column = self._start("above it", whose)
        cells = self.sheet.column(FIRST, column, values)
        last = HOURS_PER_WEEK - 1
        for h in _week():
            formula = self.hour(cells, h + 1) + self.hour(ordered, h + 1) if h < last else of(0)
            self.sheet.put(FIRST + h, column, formula, "plain")
        return cells

    def peak(
        self, whose: str, sizes: Sequence[Formula], demands: Sequence[Demand], busy: Formula
    ) -> Formula:
        """The load an always-on fleet must provide for.

        A workload whose hours are not known may peak at any hour, so in every hour.
        """
        pairs = list(zip(sizes, demands, strict=True))
        if all(demand.peak is None for demand in demands):
            return largest(self.provided_for(whose, sizes, demands, busy))
        if all(demand.peak is not None for demand in demands):
            return largest(added(size * d.peak for size, d in pairs if d.peak is not None), busy)
        rows = [added(size * (d.peak or self.hour(d.needed, h)) for size, d in pairs)
                for h in _week()]  # fmt: skip
        return largest(self.fill("needed, peaks at any hour", rows, whose), busy)


def _week() -> range:
    return range(HOURS_PER_WEEK)


def _number(letter: str) -> int:
    """A column's number from its letters."""
    number = 0
    for each in letter:
        number = number * 26 + ord(each) - ord("A") + 1
    return number - 1

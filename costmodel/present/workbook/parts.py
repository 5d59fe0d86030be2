"""Bills as formulas: what an option costs at the evaluated volume, and at any other.

A part is what has been written on the sheet Bill for one API or one fleet: cells that later
sheets build on. It answers two questions with formulas: what it bills at a volume, and, for prices
that only rise with volume, at which volume it reaches an amount.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from costmodel.present.workbook.formula import (
    Formula,
    added,
    either,
    entry,
    larger,
    largest,
    of,
    row_of,
    total,
    whole_units,
)


class BillFormula(Protocol):
    """A bill written as cells."""

    @property
    def total(self) -> Formula:
        """What it comes to at the evaluated volume."""
        ...

    def at(self, tokens_per_day: Formula) -> Formula:
        """What it comes to at a volume."""
        ...


@dataclass(frozen=True, eq=False)
class Bands:
    """A contract's steps as ranges: where each begins, its rate, and the bill up to there."""

    starts: Formula
    rates: Formula
    billed: Formula
    """The bill at each start; not used where reaching a step re-prices the whole month."""
    whole_month: bool = False

    def of(self, spend: Formula) -> Formula:
        """The bill of a list spend."""
        step = row_of(spend, self.starts)
        if self.whole_month:
            return spend * entry(self.rates, step)
        beyond = spend - entry(self.starts, step)
        return entry(self.billed, step) + beyond * entry(self.rates, step)

    def spend_at(self, bill: Formula) -> Formula:
        """The list spend that bills this much (graduated steps only)."""
        step = row_of(bill, self.billed)
        beyond = bill - entry(self.billed, step)
        return entry(self.starts, step) + beyond / entry(self.rates, step)


@dataclass(frozen=True, eq=False)
class Commit:
    """A committed spend: what it covers at list prices, and the rate beyond it."""

    usd: Formula
    covered: Formula
    rate: Formula

    def of(self, spend: Formula) -> Formula:
        """The bill of a list spend."""
        return self.usd + largest(spend - self.covered, 0) * self.rate


@dataclass(frozen=True, eq=False)
class ApiPart:
    """An API priced by the token: list spend in proportion to volume, then the contract."""

    total: Formula
    usd_per_token_a_day: Formula
    """List spend a month for each token a day."""
    people: Formula
    contract: Bands | Commit | None = None

    def at(self, tokens_per_day: Formula) -> Formula:
        """The bill at a volume."""
        spend = self.usd_per_token_a_day * tokens_per_day
        return (self.contract.of(spend) if self.contract else spend) + self.people

    @property
    def rises(self) -> bool:
        """Whether the bill rises with volume without a jump, so that it can be inverted."""
        graduated = isinstance(self.contract, Bands) and not self.contract.whole_month
        if self.contract is not None and not graduated:
            return False
        rates = [1.0] if self.contract is None else self.contract.rates.value.tolist()  # type: ignore[union-attr]
        return self.usd_per_token_a_day.value > 0 and min(rates) > 0

    def reaches(self, usd: Formula) -> Formula:
        """The volume at which the bill reaches an amount; 0 where it starts above it."""
        spend = largest(usd - self.people, 0)
        if isinstance(self.contract, Bands):
            spend = self.contract.spend_at(spend)
        return spend / self.usd_per_token_a_day

    @property
    def tail(self) -> tuple[Formula, Formula, Formula]:
        """The last straight piece: intercept, slope, and the volume it begins at."""
        slope = self.usd_per_token_a_day
        if not isinstance(self.contract, Bands):
            return self.people, slope, slope * 0
        last = total(self.contract.starts * 0 + 1)
        start, rate = entry(self.contract.starts, last), entry(self.contract.rates, last)
        intercept = self.people + entry(self.contract.billed, last) - start * rate
        return intercept, slope * rate, start / slope


@dataclass(frozen=True, eq=False)
class Staircase:
    """Whole units over volume: ``max(floor, whole units of (offset + slope x volume))``.

    With ``hours`` the slope is a range of the week's hours, and ``before`` the hour before each.
    """

    offset: Formula
    slope: Formula
    floor: Formula
    tolerance: Formula
    before: Formula | None = None

    def units(self, tokens_per_day: Formula) -> Formula:
        """Units at a volume, in each hour where there are hours."""
        return self._units(self.slope, tokens_per_day)

    def units_before(self, tokens_per_day: Formula) -> Formula:
        """Units in the hour before each."""
        assert self.before is not None
        return self._units(self.before, tokens_per_day)

    def _units(self, slope: Formula, tokens_per_day: Formula) -> Formula:
        needed = whole_units(slope * tokens_per_day + self.offset, self.tolerance)
        return larger(needed, self.floor)


@dataclass(frozen=True, eq=False)
class FleetPart:
    """Own GPUs: fixed lines and commitments, then units of the last offer."""

    total: Formula
    fixed: Formula
    """All that does not move: people, platform, extras, commitments."""
    unit_usd: Formula
    """A purchase unit of the last offer for a month."""
    committed_units: Formula
    steps: Staircase | None
    """None where the fleet is pinned: then everything is fixed."""
    start_hours: Formula | None = None
    hours_per_week: Formula | None = None

    @property
    def always_on(self) -> bool:
        """Whether one number of units is billed all month, and it follows the volume."""
        return self.steps is not None and self.steps.before is None

    def at(self, tokens_per_day: Formula) -> Formula:
        """The bill at a volume."""
        if self.steps is None:
            return self.fixed
        units = self.steps.units(tokens_per_day)
        if self.steps.before is None:
            return self.fixed + self.unit_usd * (units - self.committed_units)
        assert self.start_hours is not None
        assert self.hours_per_week is not None
        before = self.steps.units_before(tokens_per_day)
        started = total(either(units > before, units - before, 0))
        billed = (total(units) + self.start_hours * started) / self.hours_per_week
        return self.fixed + self.unit_usd * (billed - self.committed_units)


@dataclass(frozen=True, eq=False)
class UnitsPart:
    """Provisioned units of an API: whole units for the busiest minute, and people."""

    total: Formula
    people: Formula
    unit_usd: Formula
    steps: Staircase

    def at(self, tokens_per_day: Formula) -> Formula:
        """The bill at a volume."""
        return self.people + self.unit_usd * self.steps.units(tokens_per_day)


@dataclass(frozen=True, eq=False)
class MixPart:
    """Several parts side by side."""

    total: Formula
    parts: Sequence[BillFormula]

    def at(self, tokens_per_day: Formula) -> Formula:
        """The bill at a volume."""
        return added(part.at(tokens_per_day) for part in self.parts)


def one_less(share: Formula) -> Formula:
    """What a share leaves."""
    return of(1) - share

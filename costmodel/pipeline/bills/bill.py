"""What the house asks of a bill, of whatever kind: one question a method, and its usual answer.

The usual answers are those of an option without GPUs of its own. A new kind of bill is one more
file beside these, and nothing else has to know of it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from costmodel.cost.breakeven import WinningSet, winning_set
from costmodel.cost.crossing import Staircase
from costmodel.cost.curve import CostCurve, Floats
from costmodel.cost.fleet import Sizing
from costmodel.cost.terms import FleetTerms, Offer
from costmodel.pipeline.bills.records import BillLine, FleetResult, FleetWeek
from costmodel.quantity.quantity import KINDS, Kind, Quantity

ROUNDING = 1e-9
"""A volume this little above what a fleet serves is served, relative to it."""

Place = tuple[str, int]
"""The part of a mix ("" where there is none), and the place of an offer in its fleet."""


@dataclass(frozen=True)
class Held:
    """What is held of a commitment in one month: purchase units, and what a GPU of them costs."""

    units: float
    usd_per_gpu_hour: float


class Bill(ABC):
    """What one option costs a month over the volume of the axis, and what that is made of."""

    # ----------------------------------------------------------------------- what it comes to

    @cached_property
    def curve(self) -> CostCurve | None:
        """The exact bill over volume; None where it is a best choice at each volume."""
        return None

    def at(self, volumes: ArrayLike) -> Floats:
        """What it comes to at each volume."""
        return curve_of(self)(volumes)

    def usd(self, volume: float) -> float:
        """What it comes to at one volume."""
        return float(self.at(np.array([volume]))[0])

    @property
    def limit(self) -> float:
        """The largest volume the option can serve."""
        return np.inf if self.curve is None else self.curve.limit

    def serves(self, volumes: ArrayLike) -> NDArray[np.bool_]:
        """Whether volumes are within what the option can serve."""
        return within(volumes, self.limit)

    def wins(self, against: Bill) -> WinningSet:
        """The exact set of volumes at which it is lower than ``against``, a bill with a curve."""
        return winning_set(curve_of(self), curve_of(against))

    # ---------------------------------------------------------------------------- what it is

    @property
    def is_api(self) -> bool:
        """Whether no GPU of one's own is in it."""
        return not self.fleet_terms

    @property
    def has_range(self) -> bool:
        """Whether it is drawn at a low and a high throughput too; a hybrid is not."""
        return not self.is_api and self.curve is not None

    @property
    @abstractmethod
    def evidence(self) -> Kind:
        """How its decisive numbers are known: the weakest of price lists and throughputs."""

    @property
    def people_usd(self) -> float | None:
        """The people who watch an API by itself, a month; None of any other."""
        return None

    @abstractmethod
    def lines(self, volume: float) -> Iterator[BillLine]:
        """Its lines at a volume, which add up to it."""

    def fleet(self, volume: float) -> FleetResult | None:
        """The own GPUs behind it at a volume; None where it has none."""
        return None

    def week(self, volume: float) -> Mapping[str, FleetWeek]:
        """Every fleet hour by hour, by part of a mix ("" where it is none)."""
        return {}

    def sizing(self, volume: float, load_factor: float | None = None) -> Sizing | None:
        """Replicas by a load factor and by queueing; None where that is no question."""
        return None

    def remarks(self, volume: float) -> Iterator[tuple[str, str]]:
        """What its load at a volume means, as (code, what to say after the option's name)."""
        yield from ()

    def met_by(self, api: Bill) -> float:
        """The volume at which an API's bill reaches the smallest fleet's; 0 where none does."""
        return 0.0

    def grown_to(self, volume: float) -> float | None:
        """Replicas needed at a volume; None where the smallest fleet is enough."""
        return None

    def runs_gpus(self, volumes: ArrayLike) -> NDArray[np.bool_]:
        """Whether own GPUs are had at each volume."""
        return np.full(np.shape(volumes), not self.is_api)

    # ------------------------------------------------------------------------ a later month

    @abstractmethod
    def at_prices(self, api: float, gpu: float) -> Self:
        """The bill with API list prices and GPU prices times a factor each.

        People, power and colocation, and what a contract fixes (a commitment in dollars, a unit's
        price), stay as they are.
        """

    @property
    def fleet_terms(self) -> Mapping[str, FleetTerms]:
        """The terms of every fleet as the scenario has them, by part of a mix."""
        return {}

    def commitments(self) -> dict[Place, Offer]:
        """Every offer that binds, by its place: reserved or owned units."""
        return {
            (part, i): offer
            for part, terms in self.fleet_terms.items()
            for i, offer in enumerate(terms.offers)
            if offer.committed
        }

    def units_needed(self, place: Place, volumes: ArrayLike) -> Floats:
        """Purchase units that the best bill at each volume has on a commitment."""
        raise KeyError(place)

    def units_wanted(self, part: str, volume: float) -> float:
        """Committed purchase units that a fleet would have at a volume, none being committed yet.

        As many as pay off where the number is chosen, as the busiest hour needs where it is
        stated, and as a hybrid runs.
        """
        raise KeyError(part)

    def with_commitments(self, held: Mapping[Place, Held]) -> Self:
        """The bill with its commitments as they are held; what they do not serve is had as before.

        What binds is a number of units, which may be stated, chosen, or what the load needs.
        """
        return self

    # --------------------------------------------------------------------- many draws at once

    @property
    def is_drawable(self) -> bool:
        """Whether `drawn` can evaluate it where its numbers are arrays of draws (draws, 1).

        Rates, prices and loads then come out as arrays with the hours of the week on their last
        axis. A bill that is more than a line and a staircase is built draw by draw.
        """
        return False

    @property
    def by_the_hour(self) -> bool:
        """Whether any of it is provided for hour by hour."""
        return any(terms.by_the_hour for terms in self.fleet_terms.values())

    def drawn(self, volumes: Floats) -> Floats:
        """Bills of all draws; ``volumes`` (volumes, 1) or (volumes, draws) give (volumes, draws).

        Of a bill that `is_drawable`. A bill no draw touches has one column.
        """
        raise TypeError("this bill is built draw by draw")

    @property
    def line(self) -> tuple[Any, Any] | None:
        """The bill of an API as (intercept, slope) by draw; None where it is no straight line."""
        return None

    @property
    def staircase(self) -> Staircase | None:
        """The bill of a fleet as one staircase by draw; None where it is more than that."""
        return None


def within(volumes: ArrayLike, limits: ArrayLike) -> NDArray[np.bool_]:
    """Whether volumes are served by fleets that serve so much; the two broadcast."""
    return np.asarray(volumes, dtype=float) <= np.asarray(limits, dtype=float) * (1 + ROUNDING)


def curve_of(bill: Bill) -> CostCurve:
    """The curve of a bill that has one; a hybrid is compared with others, not they with it."""
    if bill.curve is None:
        raise TypeError("a bill without a curve is nothing to compare with")
    return bill.curve


def weakest(kinds: Iterable[Kind | None]) -> Kind:
    """How the least certain of some numbers is known; what does not say is assumed."""
    known: list[Kind] = [kind or "assumed" for kind in kinds]
    return max(known, key=KINDS.index) if known else "assumed"


def people_line(name: str, usd: float, hours: Quantity, rate: Quantity) -> BillLine:
    """Hours times rate, as well known as the weaker of the two."""
    source = f"{hours.value:g} h at ${rate.value:,.0f}, see the assumptions"
    return BillLine(name, usd, weakest((hours.kind, rate.kind)), source)


def by_draw(value: Any) -> Any:
    """A number of every draw without the axis of the hours."""
    return value[..., 0] if np.ndim(value) else value

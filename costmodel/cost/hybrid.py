"""Base load on own GPUs, the rest on an API, with the best number of own replicas.

Own replicas run full and each hour's surplus overflows: they serve ``min(load_h, carried(n))`` in
hour h, where n replicas carry n x load factor, or the load at which the wait still holds. For a
fixed n the bill is piecewise linear with known kinks; the hybrid's bill is the smallest over n, so
the volumes at which it wins are the union over n. No replica at all is allowed and drops the
fleet's fixed cost: a hybrid never costs more than its API alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from costmodel.cost.breakeven import NOWHERE, WinningSet, union, winning_set
from costmodel.cost.curve import CostCurve, Floats, PiecewiseLinear, distinct, whole_units
from costmodel.cost.load import Lines
from costmodel.cost.terms import FleetTerms

MOST_UNITS = 2_000
"""Purchase units tried at most when the winning set of a hybrid is collected."""


@dataclass(frozen=True, eq=False)
class Hybrid:
    """A hybrid over volume.

    ``load`` (168,): replicas at full speed that each hour's traffic would keep busy.
    ``list_usd`` (168,): what each hour's traffic would cost at the API's list price, USD a month.
    Both must scale with volume together. ``contract`` maps list spend to the API's bill.
    ``fleet_usd`` is the fixed cost of running any fleet, ``api_usd`` that of using the API.
    """

    load: Lines
    list_usd: Lines
    contract: PiecewiseLinear
    terms: FleetTerms
    fleet_usd: float = 0.0
    api_usd: float = 0.0

    def __post_init__(self) -> None:
        base, slope = self.load.base, self.load.per_volume
        if not np.allclose(base * slope.sum(), slope * base.sum(), rtol=1e-9, atol=0):
            raise ValueError("the hours of a hybrid must scale together with volume")

    @cached_property
    def _shift(self) -> float:
        """Volume served before the axis starts: traffic that stays when the rest is at zero."""
        return float(self.load.base.sum() / self.load.per_volume.sum())

    @cached_property
    def _hours(self) -> tuple[Floats, Floats, Floats]:
        """Load per volume by hour, ascending, and from each hour up: sums of usd and usd per load.

        An hour overflows when its load passes the own capacity, so the busiest overflow first.
        """
        order = np.argsort(self.load.per_volume)
        load, usd = self.load.per_volume[order], self.list_usd.per_volume[order]
        per_load = np.divide(usd, load, out=np.zeros_like(usd), where=load > 0)

        def from_here_up(values: Floats) -> Floats:
            return np.append(np.cumsum(values[::-1])[::-1], 0.0)

        return load, from_here_up(usd), from_here_up(per_load)

    @property
    def _unit_capacity(self) -> float:
        """The most load that one more purchase unit carries, however many there are."""
        terms = self.terms
        kept = 1.0 - terms.elastic.interruption_overhead
        return terms.replicas_per_unit * kept * (1.0 if terms.queue else terms.load_factor)

    def _capacity(self, units: ArrayLike) -> Floats:
        """Load that serving purchase units carry."""
        return self.terms.carried(np.asarray(units, dtype=float) * self.terms.replicas_per_unit)

    def _units_for(self, load: Floats) -> Floats:
        """The fewest serving units that carry a load."""
        return whole_units(self.terms.serving(load) / self.terms.replicas_per_unit)

    @property
    def _slack_units(self) -> float:
        """Units that waiting may ask for beyond the load."""
        return self.terms.slack / self.terms.replicas_per_unit

    def overflow_usd(self, volume: ArrayLike, capacity: ArrayLike) -> Floats:
        """List price of what own capacity (load carried) leaves over; broadcasts."""
        reach = np.asarray(volume, dtype=float) + self._shift
        load, usd_above, per_load_above = self._hours
        with np.errstate(divide="ignore", invalid="ignore"):
            threshold = np.nan_to_num(np.asarray(capacity) / reach, nan=np.inf, posinf=np.inf)
        first = np.searchsorted(load, threshold, side="right")
        return reach * usd_above[first] - np.asarray(capacity) * per_load_above[first]

    @property
    def _spare_units(self) -> float:
        """Purchase units kept free; part of one where a node holds several replicas."""
        return self.terms.spare_replicas / self.terms.replicas_per_unit

    def _own_usd(self, units: ArrayLike) -> Floats:
        """Fleet bill of this many serving units: spares, commitments, fixed cost; 0 if none."""
        units = np.asarray(units, dtype=float)
        extra = self._billed(units) - self.terms.committed_units
        bill = self.fleet_usd + self._committed_usd + extra * self._unit_usd
        return np.where((units > 0) | (self._committed_usd > 0), bill, 0.0)

    def _billed(self, units: Floats) -> Floats:
        """Purchase units billed for these serving ones: with spares, at least the committed."""
        return np.maximum(whole_units(units + self._spare_units), self.terms.committed_units)

    @property
    def _committed_usd(self) -> float:
        return self.terms.committed_usd

    def units(self, volume: ArrayLike) -> Floats:
        """The cheapest number of serving purchase units at each volume (1-d)."""
        return self._best(np.asarray(volume, dtype=float))[0]

    def replicas(self, volume: ArrayLike) -> Floats:
        """Own replicas at each volume, spares included."""
        if self.terms.pinned_replicas is not None:
            return np.full(np.shape(volume), float(self.terms.pinned_replicas))
        units = self.units(volume)
        serving = units * self.terms.replicas_per_unit
        return np.where(units > 0, serving + self.terms.spare_replicas, 0.0)

    def billed_units(self, volume: ArrayLike) -> Floats:
        """Purchase units billed at each volume: serving, spare and committed ones."""
        units = self.units(volume)
        return np.where(units > 0, self._billed(units), self.terms.committed_units)

    def own_usd(self, volume: ArrayLike) -> Floats:
        """The part of the bill that is the own fleet (GPUs and its fixed cost) at each volume."""
        return self._own_usd(self.units(volume))

    def __call__(self, volume: ArrayLike) -> Floats:
        """The bill at each volume (1-d)."""
        return self._best(np.asarray(volume, dtype=float))[1]

    def _best(self, volume: Floats) -> tuple[Floats, Floats]:
        if self.terms.pinned_replicas is not None:
            units = np.full(volume.shape, self._pinned_units)
            return units, self._bill(volume, units)
        tried = self._candidates(volume)
        bills = self._bill(volume[..., None], tried)
        best = np.argmin(bills, axis=-1)[..., None]
        return (
            np.take_along_axis(tried, best, axis=-1)[..., 0],
            np.take_along_axis(bills, best, axis=-1)[..., 0],
        )

    def _bill(self, volume: Floats, units: Floats) -> Floats:
        overflow = self.overflow_usd(volume, self._capacity(units))
        return self.api_usd + self._own_usd(units) + self.contract(overflow)

    @property
    def _pinned_units(self) -> float:
        serving = max(0.0, (self.terms.pinned_replicas or 0) - self.terms.spare_replicas)
        return serving / self.terms.replicas_per_unit

    def _candidates(self, volume: Floats) -> Floats:
        """Numbers of units among which the best is, ascending; shape ``volume.shape + (tried,)``.

        On one rate and under a load factor a further unit pays until it saves less than its
        price. Else, between the loads at which an hour stops overflowing or the contract changes
        its rate, the saving is a straight line in the load carried, and that is straight or convex
        in the number of units: the best is beside one of these, or none.
        """
        reach = (volume + self._shift)[..., None]
        most = self._units_for(self.load.per_volume.max() * reach)
        free = np.clip(self.terms.committed_units - self._spare_units, 0.0, most)
        none = np.zeros_like(most)
        if len(self.contract.starts) == 1 and self.terms.queue is None:
            last = self._last_paying_unit(volume, most[..., 0], float(self.contract.slopes[0]))
            tried = [none, last[..., None]]
        else:
            hours = reach * distinct(self._hours[0])
            loads = np.concatenate([hours, self._rate_changes(volume, hours)], axis=-1)
            units = self._units_for(loads)
            tried = [none, units, np.maximum(units - 1.0, 0.0)]
        tried += [np.floor(free), np.ceil(free)]
        return np.sort(np.minimum(np.concatenate(tried, axis=-1), most), axis=-1)

    def _rate_changes(self, volume: Floats, loads: Floats) -> Floats:
        """Loads carried at which what overflows crosses each of the contract's thresholds."""
        left = self.overflow_usd(volume[..., None], loads)
        found = [
            np.interp(self.contract.starts[1:], row[::-1], carried[::-1])
            for row, carried in zip(_rows(left), _rows(loads), strict=True)
        ]
        return np.asarray(found).reshape(*volume.shape, -1)

    def _last_paying_unit(self, volume: Floats, most: Floats, rate: float) -> Floats:
        """The largest unit whose saved list spend times ``rate`` covers its price (bisection)."""
        low, high = np.zeros_like(most), most.copy()
        while np.any(low < high):
            middle = np.ceil((low + high) / 2)
            saved = self.overflow_usd(volume, self._capacity(middle - 1)) - self.overflow_usd(
                volume, self._capacity(middle)
            )
            pays = rate * saved >= self._unit_usd
            low, high = np.where(pays, middle, low), np.where(pays, high, middle - 1)
        return low

    @cached_property
    def _curves(self) -> dict[float, CostCurve]:
        """Bills by number of units, kept for the next rival."""
        return {}

    def with_units(self, units: float) -> CostCurve:
        """The exact bill with a fixed number of serving units, over all volumes."""
        if units not in self._curves:
            self._curves[units] = self._curve(units)
        return self._curves[units]

    def _curve(self, units: float) -> CostCurve:
        capacity = float(self._capacity(units))
        load, usd_above, per_load_above = self._hours
        reached = capacity / distinct(load[load > 0]) - self._shift
        starts = distinct([0.0], reached[reached > 0])
        middle = (starts + np.append(starts[1:], 2.0 * starts[-1] + 1.0)) / 2
        first = np.searchsorted(load, capacity / (middle + self._shift), side="right")
        overflow = PiecewiseLinear(
            starts,
            usd_above[first] * self._shift - capacity * per_load_above[first],
            usd_above[first],
        )
        bill = self.contract.of(overflow)
        fixed = self.api_usd + float(self._own_usd(units))
        return CostCurve(bill + PiecewiseLinear.line(fixed))

    def winning_set(self, against: CostCurve) -> WinningSet:
        """Every volume at which the hybrid, with its best number of units, is cheaper."""
        if self.terms.pinned_replicas is not None:
            return winning_set(self.with_units(self._pinned_units), against)
        sure = self._surely_won_from(against)
        won = WinningSet(((sure, np.inf),)) if sure < np.inf else NOWHERE
        for units in range(self._most_useful_units(against, sure) + 1):
            won = union([won, winning_set(self.with_units(units), against)])
            least = self.api_usd + float(self._own_usd(units + 1))
            if won.always_from is not None and _highest(against, won.always_from) <= least:
                break
        return won

    def _most_useful_units(self, against: CostCurve, sure: float) -> int:
        """Past this many units no volume is left to decide; at most ``MOST_UNITS``.

        Three reasons, each a bound on volume: a unit flat out costs more than the spend it saves
        at the API's last rate, so that past some volume all goes to the API; or the rival's
        bill grows more slowly than the best hybrid's can; or all is won from ``sure`` on.
        """
        bound = min(self._all_api_from(), self._outgrown_from(against), sure)
        peak = float(self.load.per_volume.max()) * (bound + self._shift)
        units = whole_units(min(peak / self._unit_capacity + self._slack_units, MOST_UNITS))
        return int(max(units, self.terms.committed_units))

    @property
    def _unit_usd(self) -> float:
        return self.terms.unit_month_usd(self.terms.elastic)

    def _floor_above(self, rate: float) -> float:
        """The least of ``contract(x) - rate x``: how far the contract undercuts that rate."""
        ends = self.contract.starts[1:]
        before = self.contract.intercepts[:-1] + (self.contract.slopes[:-1] - rate) * ends
        at = self.contract(self.contract.starts) - rate * self.contract.starts
        return float(min(at.min(), before.min(initial=np.inf)))

    def _all_api_from(self) -> float:
        """The volume past which own units never pay; inf where they do at the last rate."""
        _, usd_above, per_load_above = self._hours
        if per_load_above[0] == 0:
            return 0.0
        own_rate = self._unit_usd / (self._unit_capacity * per_load_above[0])
        last_rate = self.contract.slopes[-1]
        if own_rate <= last_rate:
            return np.inf
        spend = (self.contract.intercepts[-1] - self._floor_above(own_rate)) / (
            own_rate - last_rate
        )
        return max(spend, self.contract.starts[-1]) / usd_above[0]

    def _outgrown_from(self, against: CostCurve) -> float:
        """The volume past which the rival stays below any hybrid; inf where it never does."""
        last_rate, (_, slope) = self.contract.slopes[-1], self._best_share()
        _, above = against.corridor
        rival_slope = above.slopes[-1]
        if rival_slope >= slope * (1 - 1e-12):
            return np.inf
        committed = float(self._capacity(self.terms.committed_units)) / self._unit_capacity
        cheaper = max(committed, self.terms.committed_units) * self._unit_usd - self._committed_usd
        gap = above.intercepts[-1] - self.api_usd - self._floor_above(last_rate) + max(0.0, cheaper)
        return max(above.starts[-1], gap / (slope - rival_slope))

    def _best_share(self) -> tuple[float, float]:
        """The own load per volume that is cheapest at scale, and the bill's slope with it."""
        load = np.append(0.0, self._hours[0])
        slopes = self._unit_usd * load / self._unit_capacity + self.contract.slopes[
            -1
        ] * self.overflow_usd(1.0 - self._shift, load)
        best = int(np.argmin(slopes))
        return float(load[best]), float(slopes[best])

    def _surely_won_from(self, against: CostCurve) -> float:
        """The volume past which the rival exceeds a hybrid of that share; inf where it need not.

        Own units grow with volume, rounded up, so the bill stays below a straight line; where
        the rival's lower corridor grows faster, the tail is decided without counting units.
        """
        share, _ = self._best_share()
        below, _ = against.corridor
        overflow = float(self.overflow_usd(1.0 - self._shift, share))
        spend = PiecewiseLinear.line(overflow * self._shift, overflow)
        units = share / self._unit_capacity
        extra = units * self._shift + 1.0 + self._spare_units + self._slack_units
        extra -= self.terms.committed_units
        fixed = self.api_usd + self.fleet_usd + self._committed_usd + extra * self._unit_usd
        bill = self.contract.of(spend) + PiecewiseLinear.line(fixed, units * self._unit_usd)
        gap = below + bill * -1.0
        if share == 0 or gap.slopes[-1] <= 0:
            return np.inf
        from_root = -gap.intercepts[-1] / gap.slopes[-1]
        return float(max(gap.starts[-1], -extra / units, from_root, 0.0))


def _rows(values: Floats) -> Floats:
    """All but the last axis as one."""
    return values.reshape(-1, values.shape[-1])


def _highest(curve: CostCurve, upto: float) -> float:
    """An upper bound of the curve on (0, upto]."""
    edges, value, slope = curve.pieces(0.0, upto) if upto > 0 else (np.zeros(2), 0.0, 0.0)
    half = np.diff(edges) / 2
    return float(np.max(value + np.abs(slope) * half))

"""Replicas that are started on demand and billed by the second, as exact bills over volume.

In an hour with enough traffic the seconds used are the work itself, over the load factor. With
little traffic a request wakes a replica, which bills its start, the request and the idle time
after it, but never more than one replica kept on. Warm replicas bill all the time. Each piece is
a straight line over volume, so that the bill is piecewise linear with known kinks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from costmodel.cost.curve import CostCurve, Floats, PiecewiseLinear, distinct
from costmodel.cost.load import FleetLoad, Lines
from costmodel.cost.terms import FleetTerms
from costmodel.quantity.units import HOURS_PER_WEEK, SECONDS_PER_HOUR

FARTHEST = 1e150
"""A volume that nothing reaches; hours almost without traffic would bend the bill past it."""

SAME_KINK = 1e-11
"""Kinks this close to each other, relative to their volume, are one seen through rounding."""


@dataclass(frozen=True, eq=False)
class OnDemand:
    """Replicas on in each hour of the week (168,): ``max(warm, work, min(1, wakes))``.

    ``work``: the load over the load factor. ``wakes``: requests an hour times the hours that each
    keeps a replica on when it wakes one. ``warm`` replicas are kept, ``committed`` ones paid for.
    """

    work: Lines
    wakes: Lines
    warm: float
    committed: float
    start_hours: float

    def woken(self, volume: Floats) -> Floats:
        """Replicas on for work and wakes alone, averaged over the week."""
        return np.maximum(self.work(volume), self._wake(volume)).mean(axis=-1)

    def kept(self, volume: Floats) -> Floats:
        """With the warm ones."""
        return np.maximum(self.warm, np.maximum(self.work(volume), self._wake(volume))).mean(-1)

    def billed(self, volume: Floats) -> Floats:
        """Beyond the committed ones, starts of rising hours included."""
        on = np.maximum(self.work(volume), self._wake(volume))
        on = np.maximum(max(self.warm, self.committed), on) - self.committed
        beyond = np.maximum(max(self.warm, self.committed, 1.0), self.work(volume))
        rises = np.maximum(beyond - np.roll(beyond, 1, axis=-1), 0.0)
        return (on + self.start_hours * rises).mean(axis=-1)

    def _wake(self, volume: Floats) -> Floats:
        return np.minimum(1.0, self.wakes(volume))

    def kinks(self) -> Floats:
        """Volumes at which an hour's replicas may bend."""
        levels = distinct([0.0, 1.0], [self.warm, self.committed, max(self.warm, self.committed)])
        found = [_reach(lines, level) for lines in (self.work, self.wakes) for level in levels]
        if self.start_hours:
            found.append(_meet(self.work, Lines(np.roll(self.work.base, 1),
                                                np.roll(self.work.per_volume, 1))))  # fmt: skip
        found.append(_meet(self.work, self.wakes))
        kinks = np.concatenate(found)
        kinks = distinct([0.0], kinks[(kinks > 0) & (kinks < FARTHEST)])
        return kinks[np.append(True, np.diff(kinks) > SAME_KINK * kinks[1:])]


def _reach(lines: Lines, level: float) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return (level - lines.base) / lines.per_volume


def _meet(one: Lines, other: Lines) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return (other.base - one.base) / (one.per_volume - other.per_volume)


def on_demand(load: FleetLoad, terms: FleetTerms) -> OnDemand:
    """The replicas of a load on these terms."""
    work = load.sized_for / terms.load_factor
    kept = 1.0 - terms.elastic.interruption_overhead
    work = Lines(terms.before_losses(work.base), work.per_volume / kept)
    start, idle = terms.start_minutes / 60.0, terms.idle_minutes / 60.0
    wake_hours = start + idle + terms.service_s / SECONDS_PER_HOUR
    return OnDemand(
        work=work,
        wakes=load.requests_per_s * np.full(HOURS_PER_WEEK, SECONDS_PER_HOUR * wake_hours),
        warm=terms.min_replicas + terms.spare_replicas,
        committed=terms.committed_replicas,
        start_hours=start,
    )


def on_demand_bill(load: FleetLoad, terms: FleetTerms) -> CostCurve:
    """The month's GPU bill: commitments, and what is on beyond them."""
    found = on_demand(load, terms)
    starts = found.kinks()
    step = np.append(np.diff(starts), max(1.0, starts[-1]))
    step[1:] = np.minimum(step[1:], starts[1:])  # a far end would round the near one away
    left, right = starts + 0.25 * step, starts + 0.75 * step
    low, high = found.billed(left), found.billed(right)
    slopes = (high - low) / (right - left)
    usd = terms.unit_month_usd(terms.elastic)
    bill = PiecewiseLinear(starts, usd * (low - slopes * left), usd * slopes)
    return CostCurve(bill + PiecewiseLinear.line(terms.committed_usd))


def on_demand_use(
    load: FleetLoad, terms: FleetTerms, volume: Floats
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Replicas on, averaged over the month, each step including the one before it.

    With headroom, with peaks and bursts, with wakes, with warm ones, and billed.
    """
    found = on_demand(load, terms)
    headroom = terms.before_losses(load.served.mean()(volume)[..., 0] / terms.load_factor)
    work = found.work(volume).mean(axis=-1)
    return (
        np.minimum(headroom, work),
        work,
        found.woken(volume),
        found.kept(volume),
        terms.committed_replicas + found.billed(volume),
    )

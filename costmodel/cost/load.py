"""The load of one or several workloads on one fleet, in replicas at full speed, over volume.

Every load is a straight line over volume in each hour of the week, so that bills built on it have
exact break points. Several workloads add up hour by hour, and work that can wait fills what all
of them leave free together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import add

import numpy as np
from numpy.typing import ArrayLike

from costmodel.cost.curve import Floats
from costmodel.cost.traffic import HourlyDemand, filled_up, waiting_work
from costmodel.quantity.units import HOURS_PER_WEEK


@dataclass(frozen=True, eq=False)
class Lines:
    """Loads in replicas that grow in a straight line with volume: ``base + per_volume * V``.

    Shape (hours,) of both, or (1,) for a load that is the same all week.
    """

    base: Floats
    per_volume: Floats

    def __call__(self, volume: ArrayLike) -> Floats:
        """Loads at each volume; shape ``volume.shape + (hours,)``."""
        return self.base + self.per_volume * np.asarray(volume, dtype=float)[..., None]

    def __add__(self, other: Lines) -> Lines:
        """Both loads on one fleet."""
        return Lines(self.base + other.base, self.per_volume + other.per_volume)

    def __mul__(self, factor: Floats) -> Lines:
        """The load by hour, for a factor of each hour."""
        return Lines(self.base * factor, self.per_volume * factor)

    def __truediv__(self, divisor: float | Floats) -> Lines:
        """The load as a multiple of something else."""
        return Lines(self.base / divisor, self.per_volume / divisor)

    def mean(self) -> Lines:
        """The week's mean load."""
        return Lines(self.base.mean(keepdims=True), self.per_volume.mean(keepdims=True))

    def volume_at(self, load: float) -> float:
        """The largest volume at which no hour's load passes ``load``; inf where none does."""
        rising = self.per_volume > 0
        reached = (load - self.base[rising]) / self.per_volume[rising]
        return float(max(0.0, reached.min())) if rising.any() else np.inf

    @property
    def ordered(self) -> bool:
        """Whether the hours keep their order, by load, at every volume."""
        order = np.lexsort((self.base, self.per_volume))
        return bool(np.all(np.diff(self.base[order]) >= -1e-12 * np.abs(self.base).max()))


@dataclass(frozen=True, eq=False)
class WorkloadLoad:
    """One workload's demand and its mean load (1,) and mean rate (1,) over volume."""

    demand: HourlyDemand
    mean: Lines
    requests_per_s: Lines


@dataclass(frozen=True, eq=False)
class FleetLoad:
    """The load of all workloads on one fleet, in replicas running flat out.

    ``always_on`` (lines,): an always-on fleet is sized by the largest of these lines. The hours of
    the week are worked out when they are asked for, which an always-on bill never does.
    """

    always_on: Lines
    parts: tuple[WorkloadLoad, ...]
    together: Together | None = None

    @cached_property
    def served(self) -> Lines:
        """The work done in each hour (168,)."""
        if self.together is not None:
            return self.together.mean * self.together.served
        return _total(part.mean * part.demand.served for part in self.parts)

    @cached_property
    def sized_for(self) -> Lines:
        """What each hour must provide for (168,)."""
        if self.together is not None:
            return self.together.mean * self.together.sized_for
        return _total(part.mean * part.demand.sized_for for part in self.parts)

    @cached_property
    def requests_per_s(self) -> Lines:
        """Arrivals by hour (168,), which wake replicas that are started on demand."""
        return _total(part.requests_per_s * part.demand.served for part in self.parts)


@dataclass(frozen=True, eq=False)
class Together:
    """Workloads whose waiting work fills one another's troughs: hours of their joint mean load."""

    mean: Lines
    served: Floats
    sized_for: Floats
    always_on: Floats


def _total(lines: Iterable[Lines]) -> Lines:
    return reduce(add, lines)


def workload_load(
    demand: HourlyDemand, requests_per_s: tuple[float, float], requests_per_s_per_replica: float
) -> FleetLoad:
    """The load of one workload: its mean rate is ``requests_per_s[0] + requests_per_s[1] * V``."""
    rate = Lines(*(np.atleast_1d(each) for each in requests_per_s))
    part = WorkloadLoad(demand, rate / requests_per_s_per_replica, rate)
    peak = demand.sized_for if demand.peaks_known else np.atleast_1d(demand.always_on)
    return FleetLoad(part.mean * peak, (part,))


def shared_load(loads: Sequence[FleetLoad]) -> FleetLoad:
    """Several workloads on one fleet: loads add hour by hour.

    A workload whose hours are not known peaks in every hour, so it coincides with the others.
    Work that can wait fills what all workloads leave free, as long as they grow together; where
    the volume axis moves one of them alone, each keeps to its own troughs.
    """
    parts = tuple(part for load in loads for part in load.parts)
    waits = any(part.demand.waiting > 0 for part in parts)
    if waits and len(parts) > 1 and _grow_together([part.mean for part in parts]):
        together = _filled_together(parts)
        return FleetLoad(_upper_lines(together.mean * together.always_on), parts, together)
    return FleetLoad(_upper_lines(_total(load.always_on for load in loads)), parts)


def _grow_together(means: Sequence[Lines]) -> bool:
    total = _total(means)
    return all(
        np.allclose(each.base * total.per_volume, each.per_volume * total.base, rtol=1e-9, atol=0)
        for each in means
    )


def _filled_together(parts: Sequence[WorkloadLoad]) -> Together:
    """The troughs of all workloads filled with what can wait of any of them."""
    interactive, needed, waiting = np.zeros(HOURS_PER_WEEK), np.zeros(HOURS_PER_WEEK), np.zeros(1)
    peak, whole = np.zeros(1), np.zeros(1)
    for part in parts:
        demand, mean = part.demand, part.mean
        size = np.where(mean.per_volume, mean.per_volume, mean.base)
        interactive = interactive + size * demand.interactive
        needed = needed + size * demand.needed
        waiting = waiting + size * demand.waiting
        peak = peak + size * (demand.needed if demand.peaks_known else demand.peak)
        whole = whole + size
    filled = filled_up(needed, interactive, waiting)
    all_known = all(part.demand.peaks_known for part in parts)
    return Together(
        mean=_total(part.mean for part in parts) / whole,
        served=interactive + waiting_work(filled, interactive, waiting),
        sized_for=filled,
        always_on=filled if all_known else _side_by_side(peak, whole),
    )


def _side_by_side(one: Floats, other: Floats) -> Floats:
    """Joined along the last axis, draw by draw."""
    draws = np.broadcast_shapes(one.shape[:-1], other.shape[:-1])
    parts = (np.broadcast_to(each, (*draws, each.shape[-1])) for each in (one, other))
    return np.concatenate([*parts], axis=-1)


def _upper_lines(lines: Lines) -> Lines:
    """Only the lines that can be the largest at some volume above 0.

    Over many draws at once (more axes than the lines'), lines through 0 leave their steepest.
    """
    if lines.per_volume.ndim > 1:
        if np.any(lines.base):
            return lines
        return Lines(np.zeros(1), lines.per_volume.max(axis=-1, keepdims=True))
    order = np.lexsort((-lines.base, -lines.per_volume))
    base, slope = lines.base[order], lines.per_volume[order]
    highest_before = np.concatenate([[-np.inf], np.maximum.accumulate(base)[:-1]])
    kept = base > highest_before
    return Lines(base[kept], slope[kept])

"""The load of one or several workloads on one fleet, in replicas at full speed, over volume.

Every load is a straight line over volume in each hour of the week, so that bills built on it have
exact break points. Several workloads add up hour by hour, and work that can wait fills what all
of them leave free together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np
from numpy.typing import ArrayLike

from costmodel.cost.curve import Floats
from costmodel.cost.traffic import HourlyDemand, filled_up, waiting_work
from costmodel.units import HOURS_PER_WEEK


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

    def __truediv__(self, divisor: float) -> Lines:
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
class FleetLoad:
    """The load of all workloads on one fleet, in replicas running flat out.

    ``served`` (168,): the work done. ``sized_for`` (168,): what each hour must provide for.
    ``always_on`` (lines,): an always-on fleet is sized by the largest of these lines.
    ``requests_per_s`` (168,): arrivals, which wake replicas that are started on demand.
    """

    served: Lines
    sized_for: Lines
    always_on: Lines
    requests_per_s: Lines
    parts: tuple[WorkloadLoad, ...] = ()


@dataclass(frozen=True, eq=False)
class WorkloadLoad:
    """One workload's demand and its mean load (1,) and mean rate (1,) over volume."""

    demand: HourlyDemand
    mean: Lines
    requests_per_s: Lines


def workload_load(
    demand: HourlyDemand, requests_per_s: tuple[float, float], requests_per_s_per_replica: float
) -> FleetLoad:
    """The load of one workload: its mean rate is ``requests_per_s[0] + requests_per_s[1] * V``."""
    rate = Lines(np.array(requests_per_s[:1]), np.array(requests_per_s[1:]))
    mean = rate / requests_per_s_per_replica
    sized_for = mean * demand.sized_for
    return FleetLoad(
        mean * demand.served,
        sized_for,
        sized_for if demand.peaks_known else mean * np.array([demand.always_on]),
        rate * demand.served,
        (WorkloadLoad(demand, mean, rate),),
    )


def shared_load(loads: Sequence[FleetLoad]) -> FleetLoad:
    """Several workloads on one fleet: loads add hour by hour.

    A workload whose hours are not known peaks in every hour, so it coincides with the others.
    Work that can wait fills what all workloads leave free, as long as they grow together; where
    the volume axis moves one of them alone, each keeps to its own troughs.
    """
    parts = tuple(part for load in loads for part in load.parts)
    waits = any(part.demand.waiting > 0 for part in parts)
    total = FleetLoad(
        reduce(add, (load.served for load in loads)),
        reduce(add, (load.sized_for for load in loads)),
        reduce(add, (load.always_on for load in loads)),
        reduce(add, (load.requests_per_s for load in loads)),
        parts,
    )
    if waits and len(parts) > 1 and _grow_together([part.mean for part in parts]):
        total = _filled_together(total)
    return FleetLoad(
        total.served, total.sized_for, _upper_lines(total.always_on), total.requests_per_s, parts
    )


def _grow_together(means: Sequence[Lines]) -> bool:
    base = np.concatenate([mean.base for mean in means])
    slope = np.concatenate([mean.per_volume for mean in means])
    return bool(np.allclose(base * slope.sum(), slope * base.sum(), rtol=1e-9, atol=0))


def _filled_together(total: FleetLoad) -> FleetLoad:
    """The troughs of all workloads filled with what can wait of any of them."""
    scale = Lines(np.array([0.0]), np.array([0.0]))
    interactive, needed, waiting = np.zeros(HOURS_PER_WEEK), np.zeros(HOURS_PER_WEEK), 0.0
    peak, all_known = np.zeros(1), all(part.demand.peaks_known for part in total.parts)
    sizes = [float(part.mean.per_volume[0] or part.mean.base[0]) for part in total.parts]
    for part, size in zip(total.parts, sizes, strict=True):
        demand = part.demand
        scale = scale + part.mean
        interactive = interactive + size * demand.interactive
        needed = needed + size * demand.needed
        waiting += size * demand.waiting
        peak = peak + size * (demand.needed if demand.peaks_known else demand.peak)
    filled = filled_up(needed, interactive, waiting)
    mean = scale / sum(sizes)
    always_on = filled if all_known else np.append(peak, sum(sizes))
    return FleetLoad(
        mean * (interactive + waiting_work(filled, interactive, waiting)),
        mean * filled,
        mean * always_on,
        total.requests_per_s,
        total.parts,
    )


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

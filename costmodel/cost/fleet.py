"""How many replicas a load needs, and what they bill: the staircase under every self-host bill.

Each kind of headroom enters once. Bursts and peaks are in the load (`traffic`), the safety
margin is the load factor, failures are the spares. Utilisation is never an input: an always-on
GPU bills all of its hours, and how busy it is comes out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from costmodel.cost.curve import CostCurve, Floats, PiecewiseLinear, Steps, whole_units
from costmodel.cost.traffic import HourlyDemand
from costmodel.units import HOURS_PER_WEEK

Scaling = Literal["always-on", "scheduled"]


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


@dataclass(frozen=True, eq=False)
class FleetLoad:
    """The load of all workloads on one fleet, in replicas running flat out.

    ``served`` (168,): the work done. ``sized_for`` (168,): what each hour must provide for.
    ``always_on`` (lines,): an always-on fleet is sized by the largest of these lines.
    """

    served: Lines
    sized_for: Lines
    always_on: Lines


def workload_load(
    demand: HourlyDemand, requests_per_s: tuple[float, float], requests_per_s_per_replica: float
) -> FleetLoad:
    """The load of one workload: its mean rate is ``requests_per_s[0] + requests_per_s[1] * V``."""
    mean = Lines(np.array(requests_per_s[:1]), np.array(requests_per_s[1:]))
    mean = mean / requests_per_s_per_replica

    def shaped(weights: Floats) -> Lines:
        return Lines(mean.base * weights, mean.per_volume * weights)

    sized_for = shaped(demand.sized_for)
    always_on = sized_for if demand.peaks_known else shaped(np.array([demand.always_on]))
    return FleetLoad(shaped(demand.served), sized_for, always_on)


def shared_load(loads: Sequence[FleetLoad]) -> FleetLoad:
    """Several workloads on one fleet: loads add hour by hour.

    A workload whose hours are not known peaks in every hour, so it coincides with the others.
    """
    total = reduce(
        lambda a, b: FleetLoad(
            a.served + b.served, a.sized_for + b.sized_for, a.always_on + b.always_on
        ),
        loads,
    )
    return replace(total, always_on=_upper_lines(total.always_on))


def _upper_lines(lines: Lines) -> Lines:
    """Only the lines that can be the largest at some volume above 0."""
    order = np.lexsort((-lines.base, -lines.per_volume))
    base, slope = lines.base[order], lines.per_volume[order]
    highest_before = np.concatenate([[-np.inf], np.maximum.accumulate(base)[:-1]])
    kept = base > highest_before
    return Lines(base[kept], slope[kept])


@dataclass(frozen=True)
class Offer:
    """Replicas on one set of terms; ``replicas`` None: as many as the load needs beyond the rest.

    ``committed`` replicas bill every hour of the month, needed or not.
    """

    usd_per_gpu_hour: float
    replicas: float | None = None
    committed: bool = False
    name: str = "GPU hours"


@dataclass(frozen=True)
class FleetTerms:
    """How a fleet is sized and bought. Committed offers come first; the last serves the rest."""

    offers: tuple[Offer, ...]
    gpus_per_replica: float = 1
    scaling: Scaling = "always-on"
    load_factor: float = 0.7
    spare_replicas: float = 0
    min_replicas: float = 1
    node_gpus: float = 1
    start_minutes: float = 0
    pinned_replicas: float | None = None
    hours_per_month: float = 730.0

    @property
    def replicas_per_unit(self) -> int:
        """Replicas in one purchase unit: a replica does not span nodes unless it fills them."""
        return max(1, int(self.node_gpus // self.gpus_per_replica))

    @property
    def gpus_per_unit(self) -> float:
        """GPUs billed per purchase unit, whole nodes where there is a quantum."""
        if self.node_gpus <= 1:
            return self.gpus_per_replica
        nodes = np.ceil(self.gpus_per_replica / self.node_gpus)
        return float(nodes * self.node_gpus)

    @property
    def elastic(self) -> Offer:
        """The last offer: it serves whatever the committed ones do not."""
        return self.offers[-1]

    @property
    def committed_units(self) -> float:
        """Purchase units under the committed offers."""
        return sum(self.units_of(offer) for offer in self.offers[:-1])

    @property
    def committed_replicas(self) -> float:
        """Replicas under the committed offers."""
        return sum(offer.replicas or 0 for offer in self.offers[:-1])

    def units_of(self, offer: Offer) -> float:
        """Whole purchase units behind an offer's replicas."""
        return float(whole_units((offer.replicas or 0) / self.replicas_per_unit))

    def unit_month_usd(self, offer: Offer) -> float:
        """One purchase unit on this offer for a whole month."""
        return self.gpus_per_unit * offer.usd_per_gpu_hour * self.hours_per_month


def sizing_load(load: FleetLoad, terms: FleetTerms) -> Lines:
    """The lines the fleet is sized by, in replicas at full speed: per hour, or one peak."""
    by_hour = terms.scaling == "scheduled" and not terms.elastic.committed
    return load.sized_for if by_hour else load.always_on


def replicas_needed(load: FleetLoad, terms: FleetTerms, volume: ArrayLike) -> Floats:
    """Replicas provided at each volume, hour by hour; shape ``volume.shape + (hours or 1,)``.

    ``max(min_replicas, ceil(load / load_factor)) + spare_replicas``, or the pinned number.
    An always-on fleet has one entry: the largest line decides.
    """
    volume = np.asarray(volume, dtype=float)
    if terms.pinned_replicas is not None:
        return np.full((*volume.shape, 1), float(terms.pinned_replicas))
    lines = sizing_load(load, terms)(volume)
    if terms.scaling == "always-on" or terms.elastic.committed:
        lines = lines.max(axis=-1, keepdims=True)
    whole = whole_units(lines / terms.load_factor)
    return np.maximum(terms.min_replicas, whole) + terms.spare_replicas


def gpu_bill(load: FleetLoad, terms: FleetTerms) -> CostCurve:
    """The month's GPU bill as an exact curve over volume: committed units, then the staircase."""
    committed = sum(terms.units_of(o) * terms.unit_month_usd(o) for o in terms.offers[:-1])
    unit_usd = terms.unit_month_usd(terms.elastic)
    if terms.pinned_replicas is not None:
        units = float(whole_units(terms.pinned_replicas / terms.replicas_per_unit))
        extra = max(0.0, units - terms.committed_units) * unit_usd
        return CostCurve(PiecewiseLinear.line(committed + extra), limit=capacity(load, terms))
    steps = _unit_steps(load, terms)
    already_committed = terms.committed_units * steps.weights.sum() * unit_usd
    return CostCurve(PiecewiseLinear.line(committed - already_committed), steps * unit_usd)


def capacity(load: FleetLoad, terms: FleetTerms) -> float:
    """The largest volume a pinned fleet can serve, its spares kept free; inf where not pinned."""
    if terms.pinned_replicas is None:
        return np.inf
    serving = max(0.0, terms.pinned_replicas - terms.spare_replicas)
    return load.always_on.volume_at(serving * terms.load_factor)


def _unit_steps(load: FleetLoad, terms: FleetTerms) -> Steps:
    """Purchase units, weighted by the share of the month each hour's units bill.

    ``ceil((ceil(x) + spare) / q) = ceil((x + spare) / q)`` for whole spares, so nodes step too.
    Units under a commitment are a floor, so that only units beyond them cost extra.
    """
    per_unit = terms.replicas_per_unit
    lines = sizing_load(load, terms) / terms.load_factor
    base = (lines.base + terms.spare_replicas) / per_unit
    slope = lines.per_volume / per_unit
    fewest = float(whole_units((terms.min_replicas + terms.spare_replicas) / per_unit))
    floor = max(fewest, terms.committed_units)
    if terms.scaling == "always-on" or terms.elastic.committed:
        return Steps(np.ones(1), base[None, :], slope[None, :], np.array([floor]))
    distinct, group = np.unique(np.stack([base, slope], axis=1), axis=0, return_inverse=True)
    weights = np.bincount(group.ravel(), _hour_weights(lines, terms.start_minutes))
    return Steps(
        weights / HOURS_PER_WEEK,
        distinct[:, :1],
        distinct[:, 1:],
        np.full(len(distinct), floor),
    )


def _hour_weights(lines: Lines, start_minutes: float) -> Floats:
    """Hours billed for each hour's units: one, plus the start of the units it adds.

    Units added on entering hour h bill ``start_minutes`` more: n_h - n_(h-1) where the load
    rises, nothing where it falls, so each start counts for h and against the hour before.
    """
    rises = lines.per_volume > np.roll(lines.per_volume, 1)
    start_hours = start_minutes / 60.0
    return 1.0 + start_hours * (rises.astype(float) - np.roll(rises, -1).astype(float))


@dataclass(frozen=True, eq=False)
class FleetUse:
    """Where a fleet's replica-hours go at each volume (arrays of the volumes' shape).

    Replica-equivalents averaged over the month, each including the ones before it:
    ``busy`` at full speed, ``with_load_factor``, ``with_peaks``, ``whole`` replicas,
    ``with_spares``, ``billed`` (nodes, commitments and starts included).
    """

    busy: Floats
    with_load_factor: Floats
    with_peaks: Floats
    whole: Floats
    with_spares: Floats
    billed: Floats


def fleet_use(load: FleetLoad, terms: FleetTerms, volume: ArrayLike) -> FleetUse:
    """The waterfall from mean load to what is billed, in replicas averaged over the month."""
    volume = np.asarray(volume, dtype=float)
    busy = load.served.mean()(volume)[..., 0]
    provided = replicas_needed(load, terms, volume).mean(axis=-1)
    with_load_factor = busy / terms.load_factor
    if terms.pinned_replicas is not None:
        serving = np.maximum(provided - terms.spare_replicas, 0.0)
        peaks = np.clip(
            sizing_load(load, terms)(volume).max(axis=-1) / terms.load_factor, 0, serving
        )
        units = max(
            float(whole_units(terms.pinned_replicas / terms.replicas_per_unit)),
            terms.committed_units,
        )
        billed = np.maximum(provided, units * terms.replicas_per_unit)
        return FleetUse(busy, np.minimum(with_load_factor, peaks), peaks, serving, provided, billed)
    lines = sizing_load(load, terms)(volume) / terms.load_factor
    always_on = terms.scaling == "always-on" or terms.elastic.committed
    peaks = lines.max(axis=-1) if always_on else lines.mean(axis=-1)
    units = np.maximum(_unit_steps(load, terms)(volume), terms.committed_units)
    return FleetUse(
        busy,
        with_load_factor,
        peaks,
        provided - terms.spare_replicas,
        provided,
        units * terms.replicas_per_unit,
    )

"""How many replicas a load needs, and what they bill: the staircase under every self-host bill.

Each kind of headroom enters once. Bursts and peaks are in the load (`load`), the safety margin is
the load factor or the wait that must hold, failures are the spares. Utilisation is never an
input: an always-on GPU bills all of its hours, and how busy it is comes out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from costmodel.cost.commitment import committed_units, is_committed, rank_weights, ranked
from costmodel.cost.curve import CostCurve, Floats, PiecewiseLinear, Steps, whole_units
from costmodel.cost.load import FleetLoad, Lines
from costmodel.cost.serverless import on_demand_bill, on_demand_use
from costmodel.cost.terms import FleetTerms
from costmodel.quantity.units import HOURS_PER_WEEK


def sizing_load(load: FleetLoad, terms: FleetTerms) -> Lines:
    """The lines the fleet is sized by, in replicas at full speed: per hour, or one peak."""
    return load.sized_for if terms.by_the_hour else load.always_on


def replicas_needed(load: FleetLoad, terms: FleetTerms, volume: ArrayLike) -> Floats:
    """Replicas provided at each volume, hour by hour; shape ``volume.shape + (hours or 1,)``.

    ``max(min_replicas, replicas that carry the load) + spare_replicas``, or the pinned number.
    An always-on fleet has one entry: the largest line decides.
    """
    volume = np.asarray(volume, dtype=float)
    if terms.pinned_replicas is not None:
        return np.full((*volume.shape, 1), float(terms.pinned_replicas))
    whole = terms.serving(_peaks(load, terms, volume))
    return np.maximum(terms.min_replicas, whole) + terms.spare_replicas


def _peaks(load: FleetLoad, terms: FleetTerms, volume: Floats) -> Floats:
    """The load each hour must provide for; one entry where all hours are provided for alike."""
    lines = sizing_load(load, terms)(volume)
    return lines if terms.by_the_hour else lines.max(axis=-1, keepdims=True)


def gpu_bill(load: FleetLoad, terms: FleetTerms) -> CostCurve:
    """The month's GPU bill as an exact curve over volume: committed units, then the staircase."""
    if terms.pinned_replicas is not None:
        units = float(whole_units(terms.pinned_replicas / terms.replicas_per_unit))
        extra = max(0.0, units - terms.committed_units) * terms.unit_month_usd(terms.elastic)
        line = PiecewiseLinear.line(terms.committed_usd + extra)
        return CostCurve(line, limit=capacity(load, terms))
    if terms.scaling == "serverless":
        return on_demand_bill(load, terms)
    steps = unit_steps(load, terms, in_usd=True)
    already_committed = terms.committed_units * steps.weights.sum()
    return CostCurve(PiecewiseLinear.line(terms.committed_usd - already_committed), steps)


def capacity(load: FleetLoad, terms: FleetTerms) -> float:
    """The largest volume a pinned fleet can serve, its spares kept free; inf where not pinned."""
    if terms.pinned_replicas is None:
        return np.inf
    serving = max(0.0, terms.pinned_replicas - terms.spare_replicas)
    return load.always_on.volume_at(float(terms.carried(np.array(serving))))


# ------------------------------------------------------------------------------------ units


def unit_steps(load: FleetLoad, terms: FleetTerms, *, in_usd: bool = False) -> Steps:
    """Purchase units over volume, weighted by the share of the month that each hour's units bill.

    ``in_usd``: by what they bill instead. ``ceil((ceil(x) + spare) / q) = ceil((x + spare) / q)``
    for whole spares, so nodes step too. Units under a commitment of a stated size are a floor, so
    that only units beyond them cost extra.
    """
    lines, floor = unit_lines(load, terms), fewest_units(terms)
    if terms.best_mix is not None:
        return _mixed_steps(load, lines, terms, floor, in_usd=in_usd)
    usd = terms.unit_month_usd(terms.elastic) if in_usd else 1.0
    if not terms.by_the_hour:
        groups = [(usd, lines.base, lines.per_volume)]
        return _steps(groups, floor, terms)
    starts = terms.start_minutes / 60.0
    return _steps(_hour_groups(lines, starts, usd / HOURS_PER_WEEK), floor, terms)


def fewest_units(terms: FleetTerms) -> float:
    """Purchase units had at any volume: the minimum and the spares, or what is committed."""
    fewest = (terms.min_replicas + terms.spare_replicas) / terms.replicas_per_unit
    return max(float(whole_units(fewest)), terms.committed_units)


def unit_lines(load: FleetLoad, terms: FleetTerms) -> Lines:
    """The sizing load in purchase units, before they are rounded to whole ones."""
    lines = sizing_load(load, terms)
    if terms.queue is None:
        lines = lines / terms.load_factor
    kept = 1.0 - terms.elastic.interruption_overhead
    base = terms.before_losses(lines.base) + terms.spare_replicas
    per_unit = terms.replicas_per_unit
    return Lines(base / per_unit, lines.per_volume / kept / per_unit)


_Group = tuple[float, Floats, Floats]
"""A weight, and the base and slope of the lines of which the largest counts."""


def _hour_groups(lines: Lines, start_hours: float, weight: float) -> list[_Group]:
    """Hours billed for each hour's units: one, plus the start of the units it adds.

    Units added on entering hour h bill ``start_hours`` more: max(n_h - n_(h-1), 0), which is the
    larger of the two less the one before. Where one line is above the other at every volume, it
    alone is the larger, and the hours keep one line each.
    """
    hours = np.stack([lines.base, lines.per_volume], axis=1)
    before = np.roll(hours, 1, axis=0)
    groups: dict[tuple[float, ...], float] = {}

    def count(pairs: Floats, share: float) -> None:
        key = tuple(pairs.ravel().tolist())
        groups[key] = groups.get(key, 0.0) + share

    for own, last in zip(hours, before, strict=True):
        count(own, weight)
        if start_hours:
            count(_larger(own, last), start_hours * weight)
            count(last, -start_hours * weight)
    return [
        (share, np.array(key[::2]), np.array(key[1::2])) for key, share in groups.items() if share
    ]


def _larger(one: Floats, other: Floats) -> Floats:
    """The line that is the larger at every volume, or both."""
    if np.all(one >= other):
        return one
    return other if np.all(other >= one) else np.stack([one, other])


def _steps(groups: list[_Group], floor: float, terms: FleetTerms) -> Steps:
    """Staircases of the groups' largest lines; a line may stand twice."""
    widest = max(len(base) for _, base, _ in groups)

    def padded(lines: Floats) -> Floats:
        return np.append(lines, np.repeat(lines[:1], widest - len(lines)))

    return Steps(
        np.array([weight for weight, _, _ in groups]),
        np.stack([padded(base) for _, base, _ in groups]),
        np.stack([padded(slope) for _, _, slope in groups]),
        np.full(len(groups), floor),
        (terms.rounding,) * len(groups),
    )


# ------------------------------------------------------------------------ the best commitment


def _mixed_steps(
    load: FleetLoad, lines: Lines, terms: FleetTerms, floor: float, *, in_usd: bool
) -> Steps:
    """Units by rank of their hour, each committed or elastic, whichever is cheaper."""
    offer = terms.best_mix
    assert offer is not None
    committed, elastic = terms.unit_month_usd(offer), terms.unit_month_usd(terms.elastic)
    if not terms.by_the_hour:
        usd = min(committed, elastic) if in_usd else 1.0
        return _steps([(usd, lines.base, lines.per_volume)], floor, terms)
    week = ranked(_order(load), terms.start_minutes)
    chosen = is_committed(week, committed, elastic)
    if in_usd:
        per_unit = np.where(chosen > 0, committed, elastic * week.billed)
    else:
        per_unit = np.where(chosen > 0, 1.0, week.billed)
    weights = rank_weights(per_unit)
    hours = zip(weights, lines.base[week.order], lines.per_volume[week.order], strict=True)
    groups: list[_Group] = [
        (float(weight), np.array([base]), np.array([slope])) for weight, base, slope in hours
    ]
    return _steps([group for group in groups if group[0]] or groups[:1], floor, terms)


def _order(load: FleetLoad) -> Floats:
    """A number for each hour of the week, larger where its load is, at every volume."""
    lines = load.sized_for
    if not lines.ordered:
        raise ValueError("the hours of the week must keep their order as the volume moves")
    order = np.lexsort((lines.base, lines.per_volume))
    rank = np.empty(len(order))
    rank[order] = np.arange(len(order))
    return rank


def best_commitment(load: FleetLoad, terms: FleetTerms, volume: ArrayLike) -> Floats:
    """Purchase units on the offer whose size is chosen, at each volume; 0 where there is none."""
    volume = np.asarray(volume, dtype=float)
    offer = terms.best_mix
    if offer is None or terms.pinned_replicas is not None:
        return np.zeros(volume.shape)
    lines, floor = unit_lines(load, terms), fewest_units(terms)
    committed, elastic = terms.unit_month_usd(offer), terms.unit_month_usd(terms.elastic)
    if not terms.by_the_hour:
        units = _steps([(1.0, lines.base, lines.per_volume)], floor, terms)(volume)
        return np.where(committed < elastic, units - terms.committed_units, 0.0)
    week = ranked(_order(load), terms.start_minutes)
    by_rank = Lines(lines.base[week.order], lines.per_volume[week.order])
    units = np.maximum(floor, terms.rounding.units(by_rank(volume)))
    chosen = is_committed(week, committed, elastic)
    return committed_units(units, chosen, terms.committed_units)


# ------------------------------------------------------------------------------------- its use


@dataclass(frozen=True, eq=False)
class FleetUse:
    """Where a fleet's replica-hours go at each volume (arrays of the volumes' shape).

    Replica-equivalents averaged over the month, each including the ones before it:
    ``busy`` at full speed, ``with_headroom`` (load factor or queueing), ``with_peaks``, ``whole``
    replicas, ``with_spares``, ``billed`` (nodes, commitments and starts included).
    """

    busy: Floats
    with_headroom: Floats
    with_peaks: Floats
    whole: Floats
    with_spares: Floats
    billed: Floats


def fleet_use(load: FleetLoad, terms: FleetTerms, volume: ArrayLike) -> FleetUse:
    """The waterfall from mean load to what is billed, in replicas averaged over the month."""
    volume = np.asarray(volume, dtype=float)
    busy = load.served.mean()(volume)[..., 0]
    if terms.scaling == "serverless" and terms.pinned_replicas is None:
        return FleetUse(busy, *on_demand_use(load, terms, volume))
    provided = replicas_needed(load, terms, volume).mean(axis=-1)
    peaks_by_hour = _peaks(load, terms, volume)
    if terms.pinned_replicas is not None:
        serving = np.maximum(provided - terms.spare_replicas, 0.0)
        used = _headroom(peaks_by_hour.max(axis=-1), terms)
        peaks = np.clip(used, 0, serving)
        units = max(
            float(whole_units(terms.pinned_replicas / terms.replicas_per_unit)),
            terms.committed_units,
        )
        billed = np.maximum(provided, units * terms.replicas_per_unit)
        headroom = np.minimum(_scaled(busy, peaks_by_hour, terms), peaks)
        return FleetUse(busy, headroom, peaks, serving, provided, billed)
    peaks = _headroom(peaks_by_hour, terms).mean(axis=-1)
    units = np.maximum(unit_steps(load, terms)(volume), terms.committed_units)
    return FleetUse(
        busy,
        _scaled(busy, peaks_by_hour, terms),
        peaks,
        provided - terms.spare_replicas,
        provided,
        units * terms.replicas_per_unit,
    )


def _headroom(load: Floats, terms: FleetTerms) -> Floats:
    """Replicas that carry a load, before they are rounded up to whole ones."""
    if terms.queue is None:
        return np.maximum(terms.before_losses(load / terms.load_factor), load)
    whole = terms.serving(load)
    above, below = terms.carried(whole), terms.carried(np.maximum(whole - 1.0, 0.0))
    gap = np.where(above > below, above - below, 1.0)
    return np.maximum(whole - np.maximum(above - load, 0.0) / gap, 0.0)


def _scaled(busy: Floats, peaks: Floats, terms: FleetTerms) -> Floats:
    """The mean load with the headroom that the busiest hour has, in proportion."""
    peak = peaks.max(axis=-1)
    share = np.divide(_headroom(peak, terms), peak, out=np.ones_like(peak), where=peak > 0)
    return busy * share


# ------------------------------------------------------------------------------- both answers


@dataclass(frozen=True)
class Sizing:
    """Replicas of one fleet by the two rules, spares included, and the wait that comes of it.

    ``replicas_by_queueing`` is None where no wait is asked for, ``wait_p95_ms`` (in the busiest
    hour, of the fleet that is billed) where it is not known how many requests a replica holds.
    """

    load_factor: float
    replicas_by_load_factor: float
    replicas_by_queueing: float | None = None
    wait_p95_ms: float | None = None


def both_sizings(load: FleetLoad, terms: FleetTerms, volume: float, load_factor: float) -> Sizing:
    """Replicas in the busiest hour by the load factor, and by the wait that must hold."""

    def most(rule: FleetTerms) -> float:
        return float(replicas_needed(load, rule, volume).max())

    by_factor = most(replace(terms, queue=None, load_factor=load_factor))
    return Sizing(load_factor, by_factor, None if terms.queue is None else most(terms))

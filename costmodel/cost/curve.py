"""Monthly bills as exact functions of volume: straight pieces plus steps.

Every bill in this package is a sum of a piecewise-linear part (tokens times a price, contracts,
fixed costs) and of whole things bought by the step (replicas, nodes, provisioned units). Curves
of this form add and subtract into one another, evaluate over arrays of volumes, and name their
own break points, which is all that exact break-even needs.

The volume axis is any unit as long as one curve is compared with another in the same unit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

SAME = 1e-12
"""Numbers that cancel to this share of their parts are equal."""

STEP_TOLERANCE = 1e-9
"""A load this close above a whole number still counts as that number."""


def whole_units(load: ArrayLike) -> Floats:
    """Whole units that carry a load: ``ceil(load - 1e-9)``.

    >>> whole_units([0.0, 0.2, 1.0, 1.0 + 1e-12, 1.1]).tolist()
    [0.0, 1.0, 1.0, 1.0, 2.0]
    """
    return np.ceil(np.asarray(load, dtype=float) - STEP_TOLERANCE) + 0.0


def distinct(*values: ArrayLike) -> Floats:
    """Every value of some arrays once, in ascending order.

    `np.unique` does this too, but loads numpy's masked arrays on its way, a tenth of the time
    that starting takes.

    >>> distinct([3.0, 1.0], [1.0, 2.0]).tolist()
    [1.0, 2.0, 3.0]
    """
    ordered = np.sort(np.concatenate([np.asarray(each, dtype=float) for each in values]))
    return ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(ordered)]]


@dataclass(frozen=True, eq=False)
class PiecewiseLinear:
    """Straight pieces: ``intercepts[i] + slopes[i] * x`` from ``starts[i]`` to the next start.

    Right-continuous at each start, so a jump (an all-units contract tier) takes its new value
    at the threshold itself. ``starts[0]`` is 0 and starts ascend.
    """

    starts: Floats
    intercepts: Floats
    slopes: Floats

    def __post_init__(self) -> None:
        for name in ("starts", "intercepts", "slopes"):
            object.__setattr__(self, name, np.atleast_1d(np.asarray(getattr(self, name), float)))
        if not len(self.starts) == len(self.intercepts) == len(self.slopes):
            raise ValueError("starts, intercepts and slopes must have one length")
        if self.starts[0] != 0 or np.any(np.diff(self.starts) <= 0):
            raise ValueError("starts must ascend from 0")

    @classmethod
    def line(cls, intercept: float = 0.0, slope: float = 0.0) -> Self:
        """One straight line."""
        return cls(np.zeros(1), np.array([intercept]), np.array([slope]))

    def __call__(self, x: ArrayLike) -> Floats:
        """Values at ``x`` (any shape)."""
        x = np.asarray(x, dtype=float)
        if len(self.starts) == 1:
            return self.intercepts[0] + self.slopes[0] * x
        piece = np.searchsorted(self.starts, x, side="right") - 1
        return self.intercepts[piece] + self.slopes[piece] * x

    def slope_at(self, x: ArrayLike) -> Floats:
        """Slopes of the pieces that hold ``x``."""
        return self.slopes[np.searchsorted(self.starts, np.asarray(x, float), side="right") - 1]

    def __add__(self, other: PiecewiseLinear) -> PiecewiseLinear:
        """Pointwise sum."""
        starts = distinct(self.starts, other.starts)
        a = np.searchsorted(self.starts, starts, side="right") - 1
        b = np.searchsorted(other.starts, starts, side="right") - 1
        return PiecewiseLinear(
            starts,
            _sum(self.intercepts[a], other.intercepts[b]),
            _sum(self.slopes[a], other.slopes[b]),
        )

    def __mul__(self, factor: float) -> PiecewiseLinear:
        """Pointwise multiple."""
        return PiecewiseLinear(self.starts, self.intercepts * factor, self.slopes * factor)

    def of(self, inner: PiecewiseLinear) -> PiecewiseLinear:
        """The composition ``x -> self(inner(x))`` for a continuous, non-decreasing ``inner``.

        A contract applied to list spend that is itself piecewise linear in volume.

        >>> contract = PiecewiseLinear([0, 100], [0, 20], [1, 0.8])
        >>> bill = contract.of(PiecewiseLinear.line(slope=2))
        >>> bill.starts.tolist(), bill([10, 100]).tolist()
        ([0.0, 50.0], [20.0, 180.0])
        """
        crossings = [
            (threshold - intercept) / slope
            for threshold in self.starts[1:]
            for intercept, slope, lo, hi in inner.pieces()
            if slope > 0 and lo <= (threshold - intercept) / slope < hi
        ]
        starts = distinct(inner.starts, crossings)
        ends = np.append(starts[1:], starts[-1] + 2.0 * max(1.0, starts[-1]))
        middle = (starts + ends) / 2
        reached = inner(middle)
        piece = np.searchsorted(self.starts, reached, side="right") - 1
        inner_slope = inner.slope_at(middle)
        inner_intercept = reached - inner_slope * middle
        slopes = self.slopes[piece] * inner_slope
        return PiecewiseLinear(
            starts, self.intercepts[piece] + self.slopes[piece] * inner_intercept, slopes
        )

    def pieces(self) -> list[tuple[float, float, float, float]]:
        """Each piece as (intercept, slope, from, to)."""
        ends = np.append(self.starts[1:], np.inf)
        return list(
            zip(
                self.intercepts.tolist(),
                self.slopes.tolist(),
                self.starts.tolist(),
                ends.tolist(),
                strict=True,
            )
        )


def _sum(a: Floats, b: Floats) -> Floats:
    """``a + b``, exactly 0 where the two cancel but for rounding."""
    total = a + b
    total[np.abs(total) <= SAME * np.maximum(np.abs(a), np.abs(b))] = 0.0
    return total


class Rounding(Protocol):
    """From a load to the whole units that carry it; the load is counted in units at their best.

    ``units(load)`` lies between ``load`` and ``load + slack + 1``; ``reach(level)`` is the largest
    load that ``level`` units carry, ascending, at most ``level`` and at least ``level - slack``.
    """

    @property
    def slack(self) -> float:
        """How far the units may exceed the load, beside the rounding up."""
        ...

    def units(self, load: Floats) -> Floats:
        """Whole units for each load."""
        ...

    def reach(self, level: Floats) -> Floats:
        """The largest load of each number of units."""
        ...


class RoundedUp:
    """Every unit carries a load of one: `whole_units`."""

    slack = 0.0

    def units(self, load: Floats) -> Floats:
        """The load, rounded up."""
        return whole_units(load)

    def reach(self, level: Floats) -> Floats:
        """The level itself."""
        return level


ROUNDED_UP = RoundedUp()


@dataclass(frozen=True, eq=False)
class Steps:
    """A sum of staircases: ``sum_g weight_g * max(floor_g, units_g(max_j a_gj + b_gj x))``.

    Shapes: ``weights`` and ``floors`` (groups,), ``base`` (a) and ``per_volume`` (b)
    (groups, lines). An always-on fleet is one group; a fleet scaled by the hour is one group
    per distinct hourly load. ``b >= 0``: more volume never needs fewer units. ``roundings``
    (groups,) turn a load into whole units; rounded up where left out.
    """

    weights: Floats
    base: Floats
    per_volume: Floats
    floors: Floats
    roundings: tuple[Rounding, ...] = ()

    def __post_init__(self) -> None:
        if not self.roundings:
            object.__setattr__(self, "roundings", (ROUNDED_UP,) * np.size(self.weights))
        for name in ("weights", "floors"):
            object.__setattr__(self, name, np.atleast_1d(np.asarray(getattr(self, name), float)))
        for name in ("base", "per_volume"):
            value = np.asarray(getattr(self, name), float)
            lines = value.reshape(len(self.weights), -1) if value.size else value.reshape(0, 1)
            object.__setattr__(self, name, lines)
        if np.any(self.per_volume < 0):
            raise ValueError("load must not fall with volume")

    @classmethod
    def none(cls) -> Self:
        """No steps at all."""
        return cls(np.zeros(0), np.zeros((0, 1)), np.zeros((0, 1)), np.zeros(0))

    @classmethod
    def single(
        cls, weight: float, per_volume: float, floor: float = 0.0, base: float = 0.0
    ) -> Self:
        """One staircase."""
        return cls(np.array([weight]), np.array([base]), np.array([per_volume]), np.array([floor]))

    def __call__(self, x: ArrayLike) -> Floats:
        """Values at ``x`` (any shape)."""
        return self.units(x) @ self.weights

    def units(self, x: ArrayLike) -> Floats:
        """Units in each group at ``x``; shape ``x.shape + (groups,)``."""
        x = np.asarray(x, dtype=float)[..., None]
        load = self.base[:, 0] + self.per_volume[:, 0] * x
        for line in range(1, self.base.shape[1]):
            load = np.maximum(load, self.base[:, line] + self.per_volume[:, line] * x)
        return np.maximum(self.floors, self._rounded(load, "units"))

    def _rounded(self, values: Floats, how: str, group: NDArray[np.intp] | None = None) -> Floats:
        """`Rounding.units` or `reach` of values whose last axis is the group."""
        kinds = list({id(each): each for each in self.roundings}.values())
        if len(kinds) <= 1:
            return getattr(kinds[0], how)(values) if kinds else values
        of_group = np.array([next(k for k, kind in enumerate(kinds) if kind is each)
                             for each in self.roundings])  # fmt: skip
        of_value = of_group if group is None else of_group[group]
        result = np.empty_like(values)
        for k, kind in enumerate(kinds):
            result[..., of_value == k] = getattr(kind, how)(values[..., of_value == k])
        return result

    @cached_property
    def slack(self) -> Floats:
        """How far the units of each group may exceed its load, beside the rounding up."""
        return np.array([each.slack for each in self.roundings])

    def __add__(self, other: Steps) -> Steps:
        """Both sums together."""
        if not len(other.weights):
            return self
        if not len(self.weights):
            return other
        lines = max(self.base.shape[1], other.base.shape[1])
        return Steps(
            np.concatenate([self.weights, other.weights]),
            np.vstack([_widen(self.base, lines), _widen(other.base, lines)]),
            np.vstack([_widen(self.per_volume, lines), _widen(other.per_volume, lines)]),
            np.concatenate([self.floors, other.floors]),
            self.roundings + other.roundings,
        )

    def __mul__(self, factor: float) -> Steps:
        """Every step times a factor."""
        return Steps(self.weights * factor, self.base, self.per_volume, self.floors, self.roundings)

    @property
    def steepest(self) -> Floats:
        """Units per volume of each group at large volumes; shape (groups,)."""
        return self.per_volume.max(axis=1)

    def envelope(self, x: Floats, above: Floats) -> tuple[Floats, Floats]:
        """``max(floor, load + above)`` of each group and its slope at ``x``; (x, groups) each."""
        load = self.base + self.per_volume * x[:, None, None] + above[:, None]
        lead = np.argmax(load, axis=2)[..., None]
        height = np.take_along_axis(load, lead, axis=2)[..., 0]
        slope = np.take_along_axis(np.broadcast_to(self.per_volume, load.shape), lead, 2)[..., 0]
        return np.maximum(self.floors, height), np.where(height > self.floors, slope, 0.0)

    def kinks(self) -> Floats:
        """Volumes above 0 at which an envelope may bend: floors reached, lines overtaking."""
        base, slope, floor = self.base, self.per_volume, self.floors[:, None]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            most = self.slack[:, None] + 1.0
            reached = [((floor - above - base) / slope).ravel() for above in (0.0, most)]
            overtakes = (base[:, :, None] - base[:, None, :]) / (
                slope[:, None, :] - slope[:, :, None]
            )
        found = np.concatenate([*reached, overtakes.ravel()])
        return distinct(found[np.isfinite(found) & (found > 0)])

    def count_breaks(self, upto: float) -> float:
        """About how many steps lie below ``upto``; cheap, to plan an enumeration."""
        top = np.max(self.base + self.per_volume * upto, axis=1, initial=0.0)
        return float(np.sum(np.maximum(top - self.floors, 0.0)))

    def jumps(self, low: float, high: float) -> tuple[Floats, Floats]:
        """Volumes in (low, high) at which the sum jumps, ascending, and by how much.

        A group passes from m to m + 1 units where its load reaches what m units carry: the first
        of its lines to get there decides.
        """
        first = np.maximum(self.floors, self.units(low) - 1.0)
        last = self.units(high)
        counts = np.maximum(last - first + 1, 0).astype(int)
        group = np.repeat(np.arange(len(self.weights)), counts)
        nth = np.arange(len(group)) - np.repeat(np.cumsum(counts) - counts, counts)
        level = first[group] + nth
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            load = self._rounded(np.asarray(level, dtype=float), "reach", group)
            reached = (load[:, None] - self.base[group]) / self.per_volume[group]
        at = np.min(np.where(self.per_volume[group] > 0, reached, np.inf), axis=1, initial=np.inf)
        inside = (at > low) & (at < high)
        volumes, which = np.unique(at[inside], return_inverse=True)
        rises = np.bincount(which, self.weights[group[inside]], minlength=len(volumes))
        return volumes, rises.astype(float)


def _widen(lines: Floats, count: int) -> Floats:
    """Repeat the first line until there are ``count``; a maximum is unchanged by repeats."""
    missing = count - lines.shape[1]
    return np.hstack([lines, np.repeat(lines[:, :1], missing, axis=1)]) if missing else lines


@dataclass(frozen=True, eq=False)
class CostCurve:
    """A monthly bill as a function of volume: a piecewise-linear part plus steps.

    ``limit`` is the largest volume the option can serve at all (a pinned fleet); beyond it the
    bill still evaluates, but the option does not stand.
    """

    linear: PiecewiseLinear
    steps: Steps = field(default_factory=Steps.none)
    limit: float = np.inf

    def __call__(self, volume: ArrayLike) -> Floats:
        """The bill at each volume (any shape)."""
        return self.linear(volume) + self.steps(volume)

    def __add__(self, other: CostCurve) -> CostCurve:
        """Both bills together; the tighter limit binds."""
        return CostCurve(
            self.linear + other.linear, self.steps + other.steps, min(self.limit, other.limit)
        )

    def __sub__(self, other: CostCurve) -> CostCurve:
        """The saving of paying ``other`` in place of ``self``."""
        return CostCurve(self.linear + other.linear * -1.0, self.steps + other.steps * -1.0)

    def pieces(self, low: float, high: float) -> tuple[Floats, Floats, Floats]:
        """The straight pieces within (low, high): edges, and value at each middle, and slope.

        Shapes (pieces + 1,), (pieces,), (pieces,). The steps are summed jump by jump, so that a
        thousand replicas over 168 hours cost one sort.
        """
        jump_at, rise = self.steps.jumps(low, high)
        starts = self.linear.starts
        kinks = starts[(starts > low) & (starts < high)]
        edges = distinct([low], kinks, jump_at, [high])
        middle = (edges[:-1] + edges[1:]) / 2
        risen = np.concatenate([[0.0], np.cumsum(rise)])[np.searchsorted(jump_at, middle)]
        value = self.linear(middle) + self.steps(middle[0]) + risen
        return edges, value, self.linear.slope_at(middle)

    @cached_property
    def corridor(self) -> tuple[PiecewiseLinear, PiecewiseLinear]:
        """Two piecewise-linear curves, below and above this one at every volume.

        A staircase of load x lies within ``max(floor, x)`` and ``max(floor, x + slack + 1)``.
        Where the two agree in sign no step needs to be looked at.
        """
        steps = self.steps
        if not len(steps.weights):
            return self.linear, self.linear
        starts = distinct(self.linear.starts, steps.kinks())
        middle = (starts + np.append(starts[1:], 2.0 * starts[-1] + 1.0)) / 2
        fewest, least_slope = steps.envelope(middle, np.zeros_like(steps.slack))
        most, most_slope = steps.envelope(middle, steps.slack + 1.0)
        scale = np.abs(self.linear.slopes).max() + np.abs(steps.weights) @ steps.steepest
        adds, saves = np.maximum(steps.weights, 0.0), np.minimum(steps.weights, 0.0)

        def side(with_few: Floats, with_many: Floats) -> PiecewiseLinear:
            value = self.linear(middle) + fewest @ with_few + most @ with_many
            slope = self.linear.slope_at(middle) + least_slope @ with_few + most_slope @ with_many
            slope[np.abs(slope) <= SAME * scale] = 0.0
            return PiecewiseLinear(starts, value - slope * middle, slope)

        return side(adds, saves), side(saves, adds)

"""The exact set of volumes at which one monthly bill is lower than another.

A self-host bill is a staircase and an API bill is piecewise linear, so there may be many
crossings, a crossing without a root (a jump), or none. No grid and no root finder: between
merged break points the saving is a straight line with at most one root, and beyond a bound
computed from slopes the sign of the saving is known. Sets combine: "cheaper than the cheapest
alternative" is an intersection, "some replica count wins" is a union.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from math import inf
from typing import Literal

import numpy as np

from costmodel.cost.curve import CostCurve, Floats, PiecewiseLinear

Verdict = Literal["always", "from", "windows", "never"]
Window = tuple[float, float]

MOST_PIECES = 400_000
"""Pieces enumerated in one go; past it, only the two ends of the contested zone are listed."""

_PERIODS = 64
"""Periods of the slowest staircase looked through where windows may recur without end."""

_TOUCH = 1e-12
"""Windows this close (relative) are one."""


@dataclass(frozen=True)
class WinningSet:
    """Volumes at which a saving is positive: disjoint open windows in ascending order.

    ``recurring`` marks windows that repeat without end past the last one listed (both bills
    grow at one rate and each step decides anew). ``omitted`` counts windows left out of the
    list, between the first and the last, where there are too many to write down.
    """

    windows: tuple[Window, ...]
    recurring: bool = False
    omitted: int = 0

    @property
    def first(self) -> float | None:
        """The lowest volume of the set; None where it is empty."""
        return self.windows[0][0] if self.windows else None

    @property
    def always_from(self) -> float | None:
        """The volume from which every larger one is in the set; None where there is none."""
        return self.windows[-1][0] if self.windows and self.windows[-1][1] == inf else None

    @property
    def verdict(self) -> Verdict:
        """``always``, ``from`` (an unbounded window), ``windows`` (bounded ones) or ``never``."""
        if not self.windows:
            return "never"
        if self.always_from is None:
            return "windows"
        return "always" if self.windows[0] == (0.0, inf) else "from"

    def __contains__(self, volume: float) -> bool:
        return any(low < volume < high for low, high in self.windows)

    def margin_of_safety(self, volume: float) -> float | None:
        """How far ``volume`` lies inside the set (positive) or outside it (negative).

        The distance to the nearest edge as a share of the volume itself: 0.2 means that the
        answer stands until the volume moves by 20 %. None where no edge exists to measure to.
        """
        edges = [edge for window in self.windows for edge in window if 0 < edge < inf]
        if not edges or volume <= 0:
            return None
        distance = min(abs(volume - edge) for edge in edges) / volume
        return distance if volume in self else -distance

    def up_to(self, limit: float) -> WinningSet:
        """The part at or below ``limit``, the largest volume an option can serve."""
        if limit == inf:
            return self
        return intersection([self, WinningSet(((0.0, limit),))])


EVERYWHERE = WinningSet(((0.0, inf),))
NOWHERE = WinningSet(())


def winning_set(option: CostCurve, against: CostCurve) -> WinningSet:
    """Every volume above 0 at which ``option`` costs less than ``against``.

    A self-host fleet of F + r n(V) against a flat price, in volume units of a million a month:

    >>> from costmodel.cost.curve import PiecewiseLinear, Steps
    >>> fleet = CostCurve(PiecewiseLinear.line(1500), Steps.single(2000, 1 / 1500, floor=1))
    >>> answer = winning_set(fleet, CostCurve(PiecewiseLinear.line(slope=1.60)))
    >>> round(answer.first, 6), round(answer.always_from, 6), len(answer.windows)
    (5937.5, 12187.5, 6)
    """
    saving = against - option
    return positive_set(saving).up_to(option.limit)


def positive_set(saving: CostCurve) -> WinningSet:
    """Every volume above 0 at which ``saving`` is positive.

    Two piecewise-linear curves enclose the saving at every volume. Where both are positive it is
    won, where neither is it is lost; only between is it looked at step by step.
    """
    below, above = saving.corridor
    sure = _positive_pieces(below)
    omitted, recurring, windows = 0, False, list(sure)
    for low, high in _without(_positive_pieces(above), sure):
        if high == inf:
            found, recurring = _recurring(saving, low)
        elif saving.steps.count_breaks(high) - saving.steps.count_breaks(low) <= MOST_PIECES:
            found = _windows(saving, low, high)
        else:
            found, between = _both_ends(saving, low, high)
            omitted += between
        windows += found
    return WinningSet(_merge(sorted(windows)), recurring, omitted)


def _positive_pieces(line: PiecewiseLinear) -> tuple[Window, ...]:
    """Where a piecewise-linear curve is above 0."""
    slope, starts, ends = line.slopes, line.starts, np.append(line.starts[1:], inf)
    level = np.where(line.intercepts > 0, -inf, inf)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        root = np.where(slope == 0, level, -line.intercepts / slope)
    opens = np.where(slope < 0, starts, np.maximum(starts, root))
    closes = np.where(slope < 0, np.minimum(ends, root), ends)
    found = closes > opens
    return _merge(np.stack([opens[found], closes[found]], axis=1))


def _without(windows: Sequence[Window], removed: Sequence[Window]) -> list[Window]:
    """The parts of ``windows`` outside ``removed``; both ascend and are disjoint."""
    left = []
    for low, high in windows:
        for a, b in removed:
            if b <= low or a >= high:
                continue
            if a > low:
                left.append((low, a))
            low = b  # noqa: PLW2901 - what is left of the window shrinks
        if low < high:
            left.append((low, high))
    return left


def intersection(sets: Iterable[WinningSet]) -> WinningSet:
    """Volumes that lie in every set."""
    return reduce(_both, sets, EVERYWHERE)


def union(sets: Iterable[WinningSet]) -> WinningSet:
    """Volumes that lie in any of the sets."""
    sets = list(sets)
    windows = sorted(window for one in sets for window in one.windows)
    return WinningSet(
        _merge(windows), any(one.recurring for one in sets), sum(one.omitted for one in sets)
    )


def _both(one: WinningSet, other: WinningSet) -> WinningSet:
    windows = [
        (max(a, c), min(b, d))
        for a, b in one.windows
        for c, d in other.windows
        if max(a, c) < min(b, d)
    ]
    return WinningSet(
        tuple(sorted(windows)),
        one.recurring and other.recurring,
        max(one.omitted, other.omitted) if windows else 0,
    )


def _recurring(saving: CostCurve, start: float) -> tuple[list[Window], bool]:
    """Equal slopes: past ``start`` the steps alone decide, and they repeat without end."""
    rising = saving.steps.steepest[saving.steps.steepest > 0]
    if not len(rising):
        return ([(start, inf)] if saving(2.0 * start + 1.0) > 0 else []), False
    period = 1 / rising.min()
    regular = len(saving.steps.weights) == 1 and not saving.steps.slack.any()
    periods = 1 if regular else _PERIODS
    whole = np.ceil(start / period) * period
    windows = _windows(saving, start, whole + periods * period)
    return windows, any(high > whole for _, high in windows)


def _both_ends(saving: CostCurve, low: float, high: float) -> tuple[list[Window], int]:
    """Windows at either end of a contested stretch of millions of steps, and how many between.

    With nearly equal slopes a contested stretch is very long. The first window and the last lie
    near its ends, so it is searched from both until a change of the lead is found.
    """
    pieces = saving.steps.count_breaks(high) - saving.steps.count_breaks(low)
    stretch = (high - low) * MOST_PIECES / pieces / 8
    near: list[Window] = []
    near_end = low
    while not _changes(near, low, near_end) and near_end < high:
        near_start, near_end = near_end, near_end + stretch
        near_end = _step_edge(saving, near_end) if near_end < high else high
        near += _windows(saving, near_start, near_end)
    far: list[Window] = []
    far_start = high
    while not _changes(far, far_start, high) and far_start > near_end:
        far_end, far_start = far_start, max(_step_edge(saving, far_start - stretch), near_end)
        far = [*_windows(saving, far_start, far_end), *far]
    between = saving.steps.count_breaks(far_start) - saving.steps.count_breaks(near_end)
    return [*near, *far], max(0, round(between))


def _changes(windows: Sequence[Window], low: float, high: float) -> bool:
    """Whether the lead changes within (low, high)."""
    return bool(windows) and _merge(windows) != ((low, high),)


def _step_edge(saving: CostCurve, volume: float) -> float:
    """The last step at or below a volume, so that no window is cut in two."""
    period = 1 / saving.steps.steepest.max()
    at, _ = saving.steps.jumps(volume - 2 * period, volume)
    return float(at[-1]) if len(at) else volume


def _windows(saving: CostCurve, low: float, high: float) -> list[Window]:
    """Windows of positive saving within (low, high), piece by piece, all at once."""
    if not high > low:
        return []
    edges, value, slope = saving.pieces(low, high)
    left, right = edges[:-1], edges[1:]
    middle = (left + right) / 2
    at_left, at_right = value - slope * (middle - left), value + slope * (right - middle)
    dust = 1e-12 * np.maximum(np.abs(saving.linear(middle)), np.abs(value))
    at_left[np.abs(at_left) <= dust] = 0.0
    at_right[np.abs(at_right) <= dust] = 0.0
    wins = (at_left > 0) | (at_right > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        root = middle - value / slope
    opens = np.where(at_left >= 0, left, root)[wins]
    closes = np.where(at_right >= 0, right, root)[wins]
    return list(zip(opens.tolist(), closes.tolist(), strict=True))


def _merge(windows: Sequence[Window] | Floats) -> tuple[Window, ...]:
    """Join windows that overlap or touch; ``windows`` ascend by their lower edge."""
    if not len(windows):
        return ()
    edges = np.asarray(windows, dtype=float)
    low, high = edges[edges[:, 1] > edges[:, 0]].T
    if not len(low):
        return ()
    reach = np.maximum.accumulate(high)
    apart = np.concatenate([[True], low[1:] > reach[:-1] * (1 + _TOUCH)])
    opens = low[apart]
    closes = np.maximum.reduceat(high, np.flatnonzero(apart))
    return tuple(zip(opens.tolist(), closes.tolist(), strict=True))

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

from costmodel.cost.curve import CostCurve, Floats, Tail

Verdict = Literal["always", "from", "windows", "never"]
Window = tuple[float, float]

MOST_PIECES = 400_000
"""Pieces enumerated in one go; past it, only the two ends of the contested zone are listed."""

_PERIODS = 64
"""Periods of the slowest staircase looked through where windows may recur without end."""

_SAME = 1e-12
"""Slopes closer than this share of the larger one are equal."""

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
    """Every volume above 0 at which ``saving`` is positive."""
    tail = saving.tail
    bound, beyond = _settled(tail)
    if beyond is None:
        return _recurring_set(saving, tail)
    rest = [(bound, inf)] if beyond else []
    if saving.steps.count_breaks(bound) <= MOST_PIECES:
        return WinningSet(_merge([*_windows(saving, 0.0, bound), *rest]))
    head, omitted = _both_ends(saving, tail, bound)
    return WinningSet(_merge([*head, *rest]), omitted=omitted)


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


def _settled(tail: Tail) -> tuple[float, bool | None]:
    """(volume, sign): past the volume the saving is positive, or not; None: never settled."""
    if abs(tail.slope) <= _SAME * max(1.0, abs(tail.low), abs(tail.high)) / max(1.0, tail.start):
        if tail.low >= 0 and tail.high > 0:
            return tail.start, True
        return tail.start, False if tail.high <= 0 else None
    if tail.slope > 0:
        return max(tail.start, -tail.low / tail.slope), True
    return max(tail.start, -tail.high / tail.slope), False


def _recurring_set(saving: CostCurve, tail: Tail) -> WinningSet:
    """Equal slopes: the steps alone decide, and past the tail's start they repeat."""
    slowest = saving.steps.per_volume.max(axis=1)
    period = 1 / slowest[slowest > 0].min()
    periods = 1 if len(saving.steps.weights) == 1 else _PERIODS
    start = np.ceil(tail.start / period) * period
    windows = _merge(_windows(saving, 0.0, start + periods * period))
    return WinningSet(windows, recurring=any(high > start for _, high in windows))


def _both_ends(saving: CostCurve, tail: Tail, bound: float) -> tuple[list[Window], int]:
    """Windows at either end of a contested zone of millions of steps, and how many lie between.

    With nearly equal slopes the corridor of the tail changes sign slowly: below ``opens`` both its
    sides agree, past ``bound`` they agree again. The first crossing and the last one lie near
    these two volumes, so the zone is searched from both ends until each is found.
    """
    opens = max(tail.start, min(-tail.low / tail.slope, -tail.high / tail.slope))
    stretch = (bound - opens) * MOST_PIECES / saving.steps.count_breaks(bound) / 8
    near, near_end = [], opens
    while not near and near_end < bound:
        near_start, near_end = near_end, _step_edge(saving, min(near_end + stretch, bound))
        near = _windows(saving, near_start, near_end)
    far, far_start, sign_seen = [], bound, False
    while not sign_seen and far_start > near_end:
        far_end, far_start = far_start, max(_step_edge(saving, far_start - stretch), near_end)
        found = _windows(saving, far_start, far_end)
        far = [*found, *far]
        sign_seen = bool(found) and _merge(found) != ((far_start, far_end),)
    between = saving.steps.count_breaks(far_start) - saving.steps.count_breaks(near_end)
    head = _windows(saving, 0.0, tail.start)
    won_early = [(tail.start, opens)] if tail.slope < 0 and opens > tail.start else []
    return [*head, *won_early, *near, *far], max(0, round(between))


def _step_edge(saving: CostCurve, volume: float) -> float:
    """The last step at or below a volume, so that no window is cut in two."""
    period = 1 / saving.steps.per_volume.max()
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


def _merge(windows: Sequence[Window]) -> tuple[Window, ...]:
    """Join windows that overlap or touch; ``windows`` ascend by their lower edge."""
    merged: list[Window] = []
    for low, high in windows:
        if merged and low <= merged[-1][1] * (1 + _TOUCH):
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        elif high > low:
            merged.append((low, high))
    return tuple(merged)

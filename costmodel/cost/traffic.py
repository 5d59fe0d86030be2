"""From a mean rate to the load of each hour: profiles, bursts and work that can wait.

Everything here is a weight relative to the mean rate, so that it is computed once and scales
with volume. The week starts on Monday 00:00 UTC and has 168 hours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from costmodel.cost.curve import Floats
from costmodel.units import HOURS_PER_WEEK

TYPICAL_DAY_PEAK_HOUR = 14
"""The hour (UTC) around which an assumed profile is arranged; it moves starts, not totals."""


@dataclass(frozen=True, eq=False)
class HourlyDemand:
    """What one workload asks of a fleet, hour by hour, relative to its mean rate.

    ``served`` (168,) averages 1: the work done in each hour. ``sized_for`` (168,) is what must be
    provided for: bursts within the hour included, work that can wait moved to the troughs.
    ``always_on`` is the one number an always-on fleet is sized by. ``peaks_known`` says whether
    the hours are the user's own (then peaks of several workloads need not coincide).
    """

    served: Floats
    sized_for: Floats
    always_on: float
    peaks_known: bool


def hourly_demand(
    weights: ArrayLike,
    *,
    peak_to_mean: float | None = None,
    burst_factor: float = 1.0,
    batch_share: float = 0.0,
) -> HourlyDemand:
    """The demand of one workload.

    ``weights`` (168,) are hourly rates relative to their mean; ``peak_to_mean`` overrides their
    maximum for always-on sizing where only that ratio is known. Work that can wait
    (``batch_share``) fills troughs: the fleet is sized to the interactive peak or to the level at
    which the week's total fits, whichever is larger.

    >>> demand = hourly_demand(np.ones(168), burst_factor=1.3)
    >>> demand.always_on, float(demand.sized_for[0])
    (1.3, 1.3)
    """
    served = np.asarray(weights, dtype=float)
    served = served / served.mean()
    interactive = (1.0 - batch_share) * served
    needed = interactive * burst_factor
    peak = (1.0 - batch_share) * burst_factor * (peak_to_mean or float(served.max()))
    level = _fill_level(needed, interactive, batch_share)
    filled = np.maximum(needed, level)
    return HourlyDemand(
        served=interactive + _waiting_work(filled, interactive, batch_share),
        sized_for=filled,
        always_on=max(peak, 1.0),
        peaks_known=peak_to_mean is None,
    )


def _fill_level(needed: Floats, interactive: Floats, batch_share: float) -> float:
    """The lowest level to which hours must be raised so that the work that waits fits under it."""
    if batch_share <= 0:
        return 0.0
    target = interactive.sum() + batch_share * len(interactive)
    ascending = np.sort(needed)
    above = np.append(np.cumsum(ascending[::-1])[::-1][1:], 0.0)
    counts = np.arange(1, len(ascending) + 1)
    levels = (target - above) / counts
    fits = levels >= ascending
    reached = levels[fits & (levels <= np.append(ascending[1:], np.inf))]
    return float(reached[0]) if len(reached) else 0.0


def _waiting_work(filled: Floats, interactive: Floats, batch_share: float) -> Floats:
    """Where the work that waits is done: in proportion to the room each hour has."""
    room = filled - interactive
    if batch_share <= 0 or room.sum() <= 0:
        return np.full_like(interactive, batch_share)
    return room * (batch_share * len(interactive) / room.sum())


def load_duration_weights(peak_to_mean: float) -> Floats:
    """168 hourly weights, mean 1, for a workload of which only the peak-to-mean ratio is known.

    The load-duration curve L(u) = rho (1 - u)^(rho - 1) on u in [0, 1] has mean 1 and maximum
    rho; its 168 bin means are laid out in the order of a typical day, the highest around
    ``TYPICAL_DAY_PEAK_HOUR``. An assumption, and marked as one.

    >>> weights = load_duration_weights(2.5)
    >>> round(float(weights.mean()), 12), round(float(weights.max()), 3)
    (1.0, 2.489)
    """
    edges = np.linspace(0.0, 1.0, HOURS_PER_WEEK + 1)
    bins = -np.diff((1.0 - edges) ** peak_to_mean) * HOURS_PER_WEEK
    hours = np.arange(HOURS_PER_WEEK)
    from_peak = np.abs((hours % 24 - TYPICAL_DAY_PEAK_HOUR + 12) % 24 - 12)
    weights = np.empty(HOURS_PER_WEEK)
    weights[np.lexsort((hours, from_peak))] = bins
    return weights


def office_hours_weights(
    open_hour: int = 8, close_hour: int = 18, off_hours: float = 0.3
) -> Floats:
    """Monday to Friday full within the hours given, ``off_hours`` of that else; mean 1.

    >>> round(float(office_hours_weights().max()), 3)
    1.967
    """
    hours = np.arange(HOURS_PER_WEEK)
    in_office = (hours // 24 < 5) & (hours % 24 >= open_hour) & (hours % 24 < close_hour)
    weights = np.where(in_office, 1.0, off_hours)
    return weights / weights.mean()


READY_PROFILES: dict[str, Callable[[], Floats]] = {
    "flat": lambda: np.ones(HOURS_PER_WEEK),
    "office-hours": office_hours_weights,
}
"""Profiles that go by a name."""

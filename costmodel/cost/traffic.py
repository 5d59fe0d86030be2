"""From a mean rate to the load of each hour: profiles, bursts and work that can wait.

Everything here is a weight relative to the mean rate, so that it is computed once and scales
with volume. The week starts on Monday 00:00 UTC and has 168 hours. Profiles that go by a name
are data of the book.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from costmodel.cost.curve import Floats
from costmodel.quantity.units import HOURS_PER_WEEK

TYPICAL_DAY_PEAK_HOUR = 14
"""The hour (UTC) around which an assumed profile is arranged; it moves starts, not totals."""


@dataclass(frozen=True, eq=False)
class HourlyDemand:
    """What one workload asks of a fleet, hour by hour, relative to its mean rate.

    ``served`` (168,) averages 1: the work done in each hour. ``sized_for`` (168,) is what must be
    provided for: bursts within the hour included, work that can wait moved to the troughs.
    ``always_on`` is the one number an always-on fleet is sized by. ``peaks_known`` says whether
    the hours are the user's own (then peaks of several workloads need not coincide). Before work
    that can wait is laid into the troughs: ``interactive`` (168,) and ``needed`` (168,) are the
    rest as served and with its bursts, ``peak`` the highest that is needed, and ``waiting`` the
    share that can wait, so that several workloads on one fleet can fill one another's troughs.
    """

    served: Floats
    sized_for: Floats
    always_on: float
    peaks_known: bool
    interactive: Floats
    needed: Floats
    peak: float
    waiting: float


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
    filled = filled_up(needed, interactive, batch_share)
    return HourlyDemand(
        served=interactive + waiting_work(filled, interactive, batch_share),
        sized_for=filled,
        always_on=np.maximum(peak, 1.0) if np.ndim(peak) else max(peak, 1.0),
        peaks_known=peak_to_mean is None,
        interactive=interactive,
        needed=needed,
        peak=peak,
        waiting=batch_share,
    )


def filled_up(needed: Floats, interactive: Floats, waiting: float | Floats) -> Floats:
    """What each hour must provide for so that work that waits (a mean over the hours) fits too.

    Troughs are raised to the lowest level under which the week's total fits; peaks stay. The hours
    are the last axis.
    """
    if np.all(waiting <= 0):
        return needed
    hours = needed.shape[-1]
    target = interactive.sum(axis=-1, keepdims=True) + waiting * hours
    ascending = np.sort(needed, axis=-1)
    none, endless = np.zeros_like(target), np.full_like(target, np.inf)
    higher = np.cumsum(ascending[..., ::-1], axis=-1)[..., ::-1]
    above = np.concatenate([higher[..., 1:], none], axis=-1)
    levels = (target - above) / np.arange(1, hours + 1)
    following = np.concatenate([ascending[..., 1:], endless], axis=-1)
    fits = (levels >= ascending) & (levels <= following)
    first = np.argmax(fits, axis=-1)[..., None]
    reached = np.where(
        fits.any(axis=-1, keepdims=True), np.take_along_axis(levels, first, axis=-1), 0.0
    )
    return np.maximum(needed, reached)


def waiting_work(filled: Floats, interactive: Floats, waiting: float | Floats) -> Floats:
    """Where the work that waits is done: in proportion to the room each hour has."""
    if np.all(waiting <= 0):
        return np.full_like(interactive, 0.0)
    room = filled - interactive
    whole = room.sum(axis=-1, keepdims=True)
    spread = waiting * interactive.shape[-1] / np.where(whole > 0, whole, 1.0)
    return np.where(whole > 0, room * spread, waiting)


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

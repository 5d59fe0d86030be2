"""The cheapest mix of committed base and elastic peaks, read off the load-duration curve.

The j-th unit of a fleet that follows the hours is needed in the d busiest hours of the week. It is
committed where a month of it costs less than those hours on the elastic offer. Summed over units,
the cheapest bill is again a sum of staircases over the hours, so its break points stay exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from costmodel.cost.curve import Floats


def break_even_hours(
    committed_usd_per_hour: float, elastic_usd_per_hour: float, hours_per_month: float
) -> float:
    """Hours a month from which a committed unit is cheaper than an elastic one.

    More than ``hours_per_month`` where it never is; inf where the elastic offer is free.

    >>> round(break_even_hours(2.10, 2.74, 730.0), 1)
    559.5
    """
    if elastic_usd_per_hour == 0:
        return np.inf
    return committed_usd_per_hour / elastic_usd_per_hour * hours_per_month


@dataclass(frozen=True, eq=False)
class Ranked:
    """Units by rank of their hour: the busiest hour first.

    ``order`` (hours,) lists the hours of the week from the busiest down. ``billed`` (hours,): the
    share of the month that a unit needed in the d + 1 busiest hours bills, starts included.
    """

    order: NDArray[np.intp]
    billed: Floats


def ranked(loads: Floats, start_minutes: float) -> Ranked:
    """Rank the hours of a week (168,) by load; each time a unit comes back, it starts again.

    The hours in which a unit is needed form as many stretches around the week as it has starts.

    >>> week = ranked(np.r_[np.ones(84), np.zeros(84)], start_minutes=30.0)
    >>> round(float(week.billed[83]) * 168, 2), round(float(week.billed[-1]) * 168, 2)
    (84.5, 168.0)
    """
    order = np.argsort(-loads, kind="stable")
    hours = len(loads)
    rank = np.empty(hours, dtype=int)
    rank[order] = np.arange(hours)
    before, after = rank[(order - 1) % hours], rank[(order + 1) % hours]
    place = np.arange(hours)
    joins = (before < place).astype(int) + (after < place).astype(int)
    stretches = np.cumsum(1 - joins)
    return Ranked(order, (np.arange(1, hours + 1) + stretches * start_minutes / 60.0) / hours)


def is_committed(week: Ranked, committed_usd: float, elastic_usd: float) -> Floats:
    """Whether a unit needed in the d + 1 busiest hours is committed; (hours,), 0 or 1.

    ``committed_usd`` and ``elastic_usd``: one unit for a whole month.
    """
    return (elastic_usd * week.billed > committed_usd).astype(float)


def rank_weights(per_level: Floats) -> Floats:
    """Weights of the hours by rank under which each unit bills ``per_level`` of its last hour."""
    return np.diff(per_level, prepend=0.0)


def committed_units(units: Floats, committed: Floats, floor: float) -> Floats:
    """Units to commit to: ``units`` (..., hours) by rank, busiest first, beyond ``floor``."""
    below = np.concatenate([units[..., 1:], np.full((*units.shape[:-1], 1), floor)], axis=-1)
    return np.maximum(units - below, 0.0) @ committed

"""Where a staircase first falls below a straight line and where for good, for many at once.

The common case of break-even, in closed form and over arrays: one staircase (an always-on fleet)
against one line (an API without a contract). `costmodel.cost.breakeven` is the general answer;
this one is for thousands of draws.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from costmodel.cost.curve import SAME, STEP_TOLERANCE, Floats


@dataclass(frozen=True, eq=False)
class Staircase:
    """``fixed + usd * max(floor, ceil(base + per_volume * V))``; arrays of draws, or numbers."""

    fixed: ArrayLike
    usd: ArrayLike
    base: ArrayLike
    per_volume: ArrayLike
    floor: float


def first_and_always(
    stairs: Staircase, intercept: ArrayLike, slope: ArrayLike
) -> tuple[Floats, Floats]:
    """The lowest volume at which the stairs are below the line, and whence for good; inf: none.

    While n units carry V up to V_n = (n - base) / per_volume, the line passes the stairs at
    W_n = (fixed + usd n - intercept) / slope. Units win where W_n < V_n, which is one side of one
    number of units, because both are lines in n. Needs positive ``slope`` and ``per_volume``.

    A fleet of 1,500 + 2,000 n against $1.60, in millions of tokens a month:

    >>> first, always = first_and_always(Staircase(1500, 2000, 0, 1 / 1500, 1), 0, 1.6)
    >>> round(float(first), 6), round(float(always), 6)
    (5937.5, 12187.5)
    """
    fixed, usd, base, rate, slope = np.broadcast_arrays(
        *(np.asarray(x, dtype=float)
          for x in (np.subtract(stairs.fixed, intercept), stairs.usd, stairs.base,
                    stairs.per_volume, slope))
    )  # fmt: skip
    least = np.maximum(stairs.floor, np.floor(base + STEP_TOLERANCE) + 1.0)
    gain = slope / rate - usd
    gain = np.where(np.abs(gain) <= SAME * usd, 0.0, gain)
    needed = fixed + slope / rate * base
    with np.errstate(divide="ignore", invalid="ignore"):
        winning = np.floor(needed / gain + STEP_TOLERANCE) + 1.0
        losing = np.floor((needed + usd) / gain + STEP_TOLERANCE)
    n = np.where(gain > 0, np.maximum(least, winning), least)
    wins = (gain > 0) | (gain * least > needed)
    first = np.where(wins, _opens(n, least, fixed, usd, base, rate, slope), np.inf)
    last = np.where(losing >= least, losing + 1.0, least)
    since = np.maximum((fixed + usd * last) / slope, 0.0)
    level = (np.abs(gain) <= SAME * usd) & (needed + usd < 0)
    always = np.where(gain > 0, np.maximum(since, first), np.where(level, first, np.inf))
    return first, always


def _opens(
    n: Floats, least: Floats, fixed: Floats, usd: Floats, base: Floats, rate: Floats, slope: Floats
) -> Floats:
    """Where n units begin to win: at the crossing, or where they begin to be needed."""
    needed_from = np.where(n > least, (n - 1.0 - base) / rate, 0.0)
    return np.maximum(np.maximum((fixed + usd * n) / slope, needed_from), 0.0)

"""Contracts: what a month's spend at list prices turns into on the invoice.

Each function returns the map from list spend [USD per month] to bill [USD per month] as a
:class:`~costmodel.cost.curve.PiecewiseLinear`. Compose it with a bill in volume to get steps in
tokens; thresholds stated in tokens are converted by the caller.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from costmodel.cost.curve import PiecewiseLinear
from costmodel.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

Step = tuple[float, float]
"""(up to this list spend [USD per month], discount 0..1); the last step reaches to infinity."""


def graduated(steps: Sequence[Step]) -> PiecewiseLinear:
    """Each band of list spend carries its own discount, like income tax.

    ``bill(x) = integral from 0 to x of (1 - discount(s)) ds``: continuous, and concave where
    discounts rise from band to band.

    >>> bill = graduated([(10_000, 0.0), (math.inf, 0.2)])
    >>> bill([5_000, 10_000, 15_000]).tolist()
    [5000.0, 10000.0, 14000.0]
    """
    starts, slopes = _bands(steps)
    bill_at_start = np.concatenate([[0.0], np.cumsum(np.diff(starts) * slopes[:-1])])
    return PiecewiseLinear(starts, bill_at_start - slopes * starts, slopes)


def all_units(steps: Sequence[Step]) -> PiecewiseLinear:
    """Reaching a band re-prices the whole month at its discount.

    ``bill(x) = (1 - discount(x)) x``: the bill drops at a threshold when discounts rise, so
    spending a little more can cost less. Never dearer than :func:`graduated` with the same
    rising steps.

    >>> bill = all_units([(10_000, 0.0), (math.inf, 0.2)])
    >>> bill([9_999, 10_000, 15_000]).tolist()
    [9999.0, 8000.0, 12000.0]
    """
    starts, slopes = _bands(steps)
    return PiecewiseLinear(starts, np.zeros_like(starts), slopes)


def commit(
    usd_per_month: float, discount: float = 0.0, overage_discount: float = 0.0
) -> PiecewiseLinear:
    """A committed spend: paid whatever happens, at a discount, with list prices beyond it.

    The commitment C covers list spend up to ``C / (1 - discount)``; beyond that, list spend pays
    ``1 - overage_discount``. The bill never falls below C.

    >>> bill = commit(8_000, discount=0.2, overage_discount=0.05)
    >>> bill([0, 10_000, 12_000]).tolist()
    [8000.0, 8000.0, 9900.0]
    """
    _check_discounts([discount, overage_discount])
    if not 0 <= usd_per_month < math.inf:
        raise InputError(f"a commitment is at least 0 USD per month, not {usd_per_month:g}")
    if discount == 1:
        raise InputError("a commitment at a discount of 100 % would cover any spend")
    rate = 1.0 - overage_discount
    if usd_per_month == 0:
        return PiecewiseLinear.line(slope=rate)
    covered = usd_per_month / (1.0 - discount)
    return PiecewiseLinear(
        np.array([0.0, covered]),
        np.array([usd_per_month, usd_per_month - rate * covered]),
        np.array([0.0, rate]),
    )


def _bands(steps: Sequence[Step]) -> tuple[np.ndarray, np.ndarray]:
    """Where each band starts [USD per month], and what a list dollar costs in it."""
    if not steps:
        raise InputError("a contract needs at least one step")
    tops = [up_to for up_to, _ in steps]
    discounts = [discount for _, discount in steps]
    _check_discounts(discounts)
    if tops[-1] != math.inf:
        raise InputError("the last step of a contract has no upper end; leave out its up_to")
    starts = np.array([0.0, *tops[:-1]])
    if np.any(~np.isfinite(starts)) or np.any(np.diff(starts) <= 0):
        raise InputError(f"contract steps must rise above 0, one above the other, not {tops}")
    return starts, 1.0 - np.array(discounts, dtype=float)


def _check_discounts(discounts: Sequence[float]) -> None:
    for discount in discounts:
        if not 0 <= discount <= 1:
            raise InputError(f"a discount is a share from 0 to 1, not {discount:g}")

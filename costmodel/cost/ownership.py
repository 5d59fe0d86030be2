"""What owning hardware costs a month: its price less what is left of it, spread over its life."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from costmodel.cost.curve import Floats


@dataclass(frozen=True)
class Purchase:
    """A GPU that is bought, with its share of the server."""

    price_usd: float
    residual_share: float
    """Of the price, at the end of its life."""
    life_months: float
    capital_usd_per_month: float
    """Its `monthly_annuity`: what the bill of a month counts in place of the price."""

    def scaled(self, factor: float) -> Purchase:
        """The same at another price."""
        return replace(
            self,
            price_usd=self.price_usd * factor,
            capital_usd_per_month=self.capital_usd_per_month * factor,
        )


Rate = TypeVar("Rate", float, Floats)


def monthly_rate(rate_per_year: Rate) -> Rate:
    """The rate of a month that compounds to a year's.

    >>> round(monthly_rate(0.10), 6)
    0.007974
    """
    growth: Any = 1.0 + rate_per_year
    return growth ** (1.0 / 12.0) - 1.0


def monthly_annuity(
    price: ArrayLike, residual: ArrayLike, life_months: ArrayLike, rate_per_year: ArrayLike
) -> Floats:
    """Equal payments at month ends with the present value of ``price`` less the residual's [USD].

    Numbers or arrays that broadcast.

    (price - residual v^n) r / (1 - v^n) with v = 1 / (1 + r); at rate 0 the straight line
    (price - residual) / n. Brealey, Myers and Allen, Principles of Corporate Finance, chapter 6
    (equivalent annual cost).

    >>> monthly_annuity(30_000, 9_000, 36, [0.0, 0.10]).round(2).tolist()
    [583.33, 745.14]
    """
    price, residual, life_months = (
        np.asarray(v, dtype=float) for v in (price, residual, life_months)
    )
    rate = monthly_rate(np.asarray(rate_per_year, dtype=float))
    left = (1.0 + rate) ** -life_months
    straight = (price - residual) / life_months
    lost = np.where(rate == 0, 1.0, 1.0 - left)
    return np.where(rate == 0, straight, (price - residual * left) * rate / lost)

"""What owning hardware costs a month: its price less what is left of it, spread over its life."""

from __future__ import annotations

from dataclasses import dataclass, replace


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


def monthly_rate(rate_per_year: float) -> float:
    """The rate of a month that compounds to a year's.

    >>> round(monthly_rate(0.10), 6)
    0.007974
    """
    return (1.0 + rate_per_year) ** (1.0 / 12.0) - 1.0


def monthly_annuity(
    price: float, residual: float, life_months: float, rate_per_year: float
) -> float:
    """Equal payments at month ends with the present value of ``price`` less the residual's [USD].

    (price - residual v^n) r / (1 - v^n) with v = 1 / (1 + r); at rate 0 the straight line
    (price - residual) / n. Brealey, Myers and Allen, Principles of Corporate Finance, chapter 6
    (equivalent annual cost).

    >>> round(monthly_annuity(30_000, 9_000, 36, 0.0), 2)
    583.33
    >>> round(monthly_annuity(30_000, 9_000, 36, 0.10), 2)
    745.14
    """
    rate = monthly_rate(rate_per_year)
    if rate == 0:
        return (price - residual) / life_months
    left = (1.0 + rate) ** -life_months
    return (price - residual * left) * rate / (1.0 - left)

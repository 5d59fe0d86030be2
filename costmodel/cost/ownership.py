"""What owning hardware costs a month: its price less what is left of it, spread over its life."""

from __future__ import annotations


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

"""Money over time: paths of growth and prices, commitments by month, and what a series is worth.

Time is counted in months from the start. ``t = 0`` is the start, month m runs from t = m - 1 to
t = m, and its bills are paid at its end. A series over months 1..n has n entries, a series of
flows n + 1. Amounts are nominal. Where bills come from is not decided here.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from costmodel.cost.curve import Floats

MOST_YEARLY = 1e6
"""An internal rate of return a year past this is no rate any more (and overflows)."""

MOST_STEPS = 100
"""Of the search for a root; it takes some five."""

# ------------------------------------------------------------------------------------ paths


def growth_path(growth_per_month: float, months: int) -> Floats:
    """Volume in months 1..n over that of month 1: ``(1 + g)^(m - 1)``.

    >>> growth_path(0.1, 3).round(4).tolist()
    [1.0, 1.1, 1.21]
    """
    return (1.0 + growth_per_month) ** np.arange(months, dtype=float)


def price_path(change_per_year: float, months: int) -> Floats:
    """A price in months 1..n over that of month 1: ``(1 + x)^((m - 1) / 12)``.

    >>> price_path(-0.36, 13)[[0, 6, 12]].round(4).tolist()
    [1.0, 0.8, 0.64]
    """
    return (1.0 + change_per_year) ** (np.arange(months, dtype=float) / 12.0)


def ramp_path(ramp_months: float, months: int) -> Floats:
    """Share of the traffic that has moved in months 1..n: ``min(1, m / ramp_months)``.

    >>> ramp_path(4, 5).tolist(), ramp_path(0, 2).tolist()
    ([0.25, 0.5, 0.75, 1.0, 1.0], [1.0, 1.0])
    """
    if ramp_months <= 1:
        return np.ones(months)
    return np.minimum(1.0, np.arange(1.0, months + 1.0) / ramp_months)


# ------------------------------------------------------------------------------ commitments


def bought_units(needed: ArrayLike, life_months: float) -> Floats:
    """Units bought or reserved at the start of each month, so that as many are held as are needed.

    ``needed`` (months,). A unit is held for ``life_months`` (inf: to the end) and cannot be given
    back; one that ends is bought again where it is still needed.

    >>> bought_units([2, 3, 3, 1, 1], 3).tolist()
    [2.0, 1.0, 0.0, 0.0, 1.0]
    """
    needed = np.asarray(needed, dtype=float)
    life = _whole(life_months, len(needed))
    bought = np.zeros_like(needed)
    for month, wanted in enumerate(needed):
        held = bought[max(0, month - life + 1) : month].sum()
        bought[month] = max(0.0, wanted - held)
    return bought


def held(per_month_bought: ArrayLike, life_months: float) -> Floats:
    """What was bought and has not ended yet, in each month; of units, or of what they cost.

    >>> held([2, 1, 0, 0, 0], 3).tolist()
    [2.0, 3.0, 3.0, 1.0, 0.0]
    """
    bought = np.asarray(per_month_bought, dtype=float)
    life = _whole(life_months, len(bought))
    total = np.concatenate([[0.0], np.cumsum(bought)])
    month = np.arange(1, len(bought) + 1)
    return total[month] - total[np.maximum(month - life, 0)]


def _whole(life_months: float, most: int) -> int:
    return most if life_months >= most else max(1, int(np.ceil(life_months - 1e-9)))


def purchase_flows(
    bought: ArrayLike, price: ArrayLike, residual_share: float, life_months: float
) -> Floats:
    """Payments for hardware at t = 0..n [USD], proceeds negative.

    ``bought`` (months,) units at the start of each month, each at ``price`` (months,) [USD]. At
    the end of its life a unit brings ``residual_share`` of its price; one that is younger at t = n
    brings its straight-line book value.

    >>> purchase_flows([1, 0, 0], [100, 100, 100], 0.1, 6).round(6).tolist()
    [100.0, 0.0, 0.0, -55.0]
    """
    paid = np.asarray(bought, dtype=float) * np.asarray(price, dtype=float)
    months = len(paid)
    flows = np.append(paid, 0.0)
    start = np.arange(months, dtype=float)
    life = _whole(life_months, int(np.ceil(life_months)) + 1)
    age = np.minimum(months - start, life)
    left = 1.0 - (1.0 - residual_share) * age / life
    np.subtract.at(flows, (start + age).astype(int), paid * left)
    return flows


# ------------------------------------------------------------------------------------ worth


def discounted(flows: ArrayLike, rate: float) -> Floats:
    """Flows at t = 0..n in money of t = 0, at a rate per period.

    >>> discounted([0.0, 110.0], 0.10).round(6).tolist()
    [0.0, 100.0]
    """
    flows = np.asarray(flows, dtype=float)
    return flows / (1.0 + rate) ** np.arange(flows.shape[-1], dtype=float)


def npv(flows: ArrayLike, rate: float) -> float:
    """Net present value of flows at t = 0..n, at a rate per period: ``sum f_t / (1 + r)^t``.

    Brealey, Myers and Allen, Principles of Corporate Finance, chapter 2.

    >>> round(npv([-1_000_000, *[550_000] * 5], 0.10))
    1084933
    """
    return float(discounted(flows, rate).sum())


def irr(flows: ArrayLike) -> float | None:
    """The rate per period at which the net present value is 0; None where it is undefined.

    It is defined where exactly one rate above -1 can do: the flows change sign once (Descartes),
    or their running sum does (Norstrom, J. Financial and Quantitative Analysis 7, 1972).

    >>> irr([-100, 0, 121])
    0.1
    >>> irr([-100, -5]), irr([100, 5]), irr([-100, 300, -210])
    (None, None, None)
    """
    flows = np.asarray(flows, dtype=float)
    once = _sign_changes(flows) == 1
    if not once and not _one_positive_rate(flows):
        return None
    import pyxirr

    found = pyxirr.irr(flows, silent=True)
    if found is None or not np.isfinite(found) or (found < 0 and not once):
        return None
    return round(float(found), 12)


def _sign_changes(values: Floats) -> int:
    signs = np.sign(values)
    signs = signs[signs != 0]
    return int(np.count_nonzero(signs[1:] != signs[:-1]))


def _one_positive_rate(flows: Floats) -> bool:
    running = np.cumsum(flows)
    return _sign_changes(running) == 1 and bool(running[-1])


def yearly(rate_per_month: float | None) -> float | None:
    """A rate per month compounded to a year; None where there is none, or it is no rate any more.

    >>> yearly(0.01), yearly(None), yearly(9.0)
    (0.12682503, None, None)
    """
    if rate_per_month is None:
        return None
    rate = (1.0 + rate_per_month) ** 12 - 1.0
    return round(rate, 8) if rate < MOST_YEARLY else None


def payback(flows: ArrayLike, rate: float = 0.0) -> float | None:
    """Periods until the discounted flows have paid back and stay so; None where they never do.

    Within a period the flow counts as even. 0 where nothing has to be paid back.

    >>> payback([-600, 500, 500])
    1.2
    >>> payback([-600, 500], 0.1), payback([0, 5])
    (None, 0.0)
    """
    parts = discounted(flows, rate)
    running = np.cumsum(parts)
    scale = 1e-12 * float(np.abs(parts).sum())
    below = np.nonzero(running < -scale)[0]
    if not below.size:
        return 0.0
    last = int(below[-1])
    if last == len(running) - 1:
        return None
    return float(last + -running[last] / parts[last + 1])


def root(
    worth: Callable[[float], float],
    low: tuple[float, float],
    high: tuple[float, float],
    within: float = 1e-5,
) -> float:
    """Where a function is 0 between two points (x, value) of opposite sign, to ``within``.

    Regula falsi with the Illinois rule (Dowell and Jarratt, BIT 11, 1971): few evaluations, each
    of which may sum hundreds of bills. A jump across 0 is a root.

    >>> round(root(lambda x: x**3 - 2.0, (0.0, -2.0), (2.0, 6.0)), 4)
    1.2599
    """
    (x0, f0), (x1, f1) = low, high
    for _ in range(MOST_STEPS):
        x = x1 - f1 * (x1 - x0) / (f1 - f0)
        settled = min(abs(x - x0), abs(x - x1)) <= within
        f = worth(x)
        if f == 0 or settled:
            return x
        x0, f0 = (x1, f1) if f * f1 < 0 else (x0, f0 / 2.0)
        x1, f1 = x, f
    return x1

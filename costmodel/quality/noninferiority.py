"""Is a candidate as good as its baseline, up to a margin? The tests behind the gate, on counts.

Paired right/wrong answers go through Tango's score test, graded ones through a paired bootstrap,
and where only totals exist through the two-proportion score test, which is weaker. Differences
are candidate minus baseline, so that a loss is negative, and the margin `m` is above 0.

References:
    [1] T. Tango, "Equivalence test and confidence interval for the difference in proportions for
        the paired-sample design", Statistics in Medicine 17 (1998), 891-908.
    [2] C. Farrington, G. Manning, "Test statistics and sample size formulae for comparative
        binomial trials with null hypothesis of non-zero risk difference", Statistics in Medicine
        9 (1990), 1447-1454.
    [3] R. Newcombe, "Interval estimation for the difference between independent proportions",
        Statistics in Medicine 17 (1998), 873-890, method 10.

"""

from __future__ import annotations

from collections.abc import Callable
from math import acos, ceil, copysign, cos, hypot, pi, sqrt
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Verdict = Literal["pass", "fail", "inconclusive"]

ALPHA = 0.05
"""One-sided error of the gate: how often a candidate that loses exactly the margin may pass."""

POWER = 0.80
"""How often a candidate that loses nothing should pass at the size a plan asks for."""

CI_LEVEL = 0.95
"""Level of the two-sided interval that is shown; the verdict uses one side at `ALPHA`."""

RESAMPLES = 10_000
"""Resamples of the paired bootstrap."""

_STEPS = 60
"""Halvings of an interval of width 2 when a test is inverted: past double precision."""


def quantile(probability: float) -> float:
    """Quantile of the standard normal distribution."""
    return NormalDist().inv_cdf(probability)


Z_PASS = quantile(1 - ALPHA)
Z_PLAN = Z_PASS + quantile(POWER)


# ------------------------------------------------------------------------ paired, right or wrong


def tango_z(b: ArrayLike, c: ArrayLike, n: ArrayLike, difference: ArrayLike) -> NDArray[np.float64]:
    """Tango's score statistic of H0: p_candidate - p_baseline = `difference`; broadcasts.

    Args:
        b: items that only the baseline got right.
        c: items that only the candidate got right.
        n: items in all.
        difference: the difference of proportions under H0, within -1 and 1.

    Returns:
        A standard normal value under H0; large where the candidate is better than H0 says. 0
        where H0 leaves no room for chance and the data agree with it.

    >>> float(tango_z(0, 0, 133, -0.02).round(3)), float(tango_z(0, 0, 132, -0.02).round(3))
    (1.648, 1.641)

    """
    b, c, n, d = (np.asarray(each, dtype=float) for each in (b, c, n, difference))
    first = -b - c + (2 * n - c + b) * d
    root = np.sqrt(np.maximum(first**2 + 8 * n * b * d * (1 - d), 0.0))
    lost = (root - first) / (4 * n)
    variance = n * (2 * lost + d * (1 - d))
    gap = c - b - n * d
    certain = np.where(np.abs(gap) < 1e-9, 0.0, np.copysign(np.inf, gap))
    chance = variance > 1e-12
    return np.where(chance, gap / np.sqrt(np.where(chance, variance, 1.0)), certain)


def tango_interval(b: int, c: int, n: int, level: float = CI_LEVEL) -> tuple[float, float]:
    """Differences that Tango's test does not reject, two-sided at `level`.

    >>> low, high = tango_interval(1, 0, 44)  # 43 agree, of the contact lenses in [1]
    >>> round(low, 3), round(high, 3)
    (-0.118, 0.059)
    """
    z = quantile((1 + level) / 2)
    return _inverted(lambda d: float(tango_z(b, c, n, d)), z)


def _inverted(statistic: Callable[[float], float], z: float) -> tuple[float, float]:
    """Where a statistic that falls with the difference passes +z and -z, within -1 and 1."""

    def crossing(level: float) -> float:
        low, high = -1.0, 1.0
        for _ in range(_STEPS):
            middle = (low + high) / 2
            low, high = (middle, high) if statistic(middle) > level else (low, middle)
        return (low + high) / 2

    return crossing(z), crossing(-z)


def verdict_of(z: float) -> Verdict:
    """What the statistic at the margin says.

    >>> [verdict_of(z) for z in (2.0, -2.0, 0.3)]
    ['pass', 'fail', 'inconclusive']
    """
    if z >= Z_PASS:
        return "pass"
    return "fail" if z <= -Z_PASS else "inconclusive"


def items_needed(spread: float, margin: float) -> int:
    """Items with which a candidate that loses nothing passes four times in five.

    max(6.18 psi / m^2, 2.71 (1 - m) / m): the second holds even where no answer ever changes,
    because only so many items rule out a loss of the margin.

    Args:
        spread: variance of the per-item difference; for right/wrong answers the share of items
            whose correctness changes, psi = (b + c) / n. Of two unpaired runs, the sum of their
            variances.
        margin: the loss that would still be accepted, above 0.

    >>> items_needed(0, 0.02), items_needed(0.09, 0.03), items_needed(0.09, 0.02)
    (133, 619, 1392)

    """
    floor = Z_PASS**2 * (1 - margin) / margin
    return ceil(max(Z_PLAN**2 * spread / margin**2, floor) - 1e-9)


# ----------------------------------------------------------------------------------- unpaired


def pooled_z(right: float, n: int, right_baseline: float, n_baseline: int) -> float:
    """The score statistic of equal proportions, pooled variance.

    >>> round(pooled_z(92, 164, 85, 164), 3)
    0.775
    """
    return farrington_manning_z(right, n, right_baseline, n_baseline, 0.0)


def farrington_manning_z(
    right: float, n: int, right_baseline: float, n_baseline: int, difference: float
) -> float:
    """The score statistic of H0: p_candidate - p_baseline = `difference`, unpaired [2].

    The variance is taken at the most likely proportions under H0, in closed form. Without the
    factor N / (N - 1) that Miettinen and Nurminen add.
    """
    p1, p0 = right / n, right_baseline / n_baseline
    q1, q0 = _constrained(p1, n, p0, n_baseline, difference)
    variance = q1 * (1 - q1) / n + q0 * (1 - q0) / n_baseline
    gap = p1 - p0 - difference
    if variance <= 1e-15:
        return 0.0 if abs(gap) < 1e-12 else copysign(float("inf"), gap)
    return gap / sqrt(variance)


def farrington_manning_interval(
    right: float, n: int, right_baseline: float, n_baseline: int, level: float = CI_LEVEL
) -> tuple[float, float]:
    """Differences that the unpaired score test does not reject, two-sided at `level`."""
    z = quantile((1 + level) / 2)
    return _inverted(lambda d: farrington_manning_z(right, n, right_baseline, n_baseline, d), z)


def _constrained(p1: float, n1: int, p0: float, n0: int, difference: float) -> tuple[float, float]:
    """Most likely proportions whose difference is exactly that: the root of a cubic [2]."""
    theta, s = n0 / n1, difference
    a = 1 + theta
    b = -(1 + theta + p1 + theta * p0 + s * (theta + 2))
    c = s * s + s * (2 * p1 + theta + 1) + p1 + theta * p0
    d = -p1 * s * (1 + s)
    v = (b / (3 * a)) ** 3 - b * c / (6 * a * a) + d / (2 * a)
    u = copysign(sqrt(max((b / (3 * a)) ** 2 - c / (3 * a), 0.0)), v)
    w = (pi + acos(max(-1.0, min(1.0, v / u**3 if u else 0.0)))) / 3
    q1 = min(1.0, max(0.0, 2 * u * cos(w) - b / (3 * a)))
    return q1, min(1.0, max(0.0, q1 - s))


def wilson_interval(right: float, n: int, level: float = CI_LEVEL) -> tuple[float, float]:
    """Wilson's interval of one proportion."""
    z, p = quantile((1 + level) / 2), right / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return centre - half, centre + half


def newcombe_interval(
    right: float, n: int, right_baseline: float, n_baseline: int, level: float = CI_LEVEL
) -> tuple[float, float]:
    """Newcombe's interval of candidate minus baseline, unpaired, from two Wilson intervals [3].

    >>> low, high = newcombe_interval(85, 164, 92, 164)
    >>> round(100 * low, 1), round(100 * high, 1)
    (-14.9, 6.5)
    """
    p1, p0 = right / n, right_baseline / n_baseline
    low1, high1 = wilson_interval(right, n, level)
    low0, high0 = wilson_interval(right_baseline, n_baseline, level)
    return p1 - p0 - hypot(p1 - low1, high0 - p0), p1 - p0 + hypot(high1 - p1, p0 - low0)


def two_sided_p(z: float) -> float:
    """Two-sided p-value of a standard normal statistic.

    >>> round(two_sided_p(pooled_z(92, 164, 85, 164)), 2)
    0.44
    """
    return 2 * (1 - NormalDist().cdf(abs(z)))


# --------------------------------------------------------------------------------- graded, paired


def bootstrap_means(differences: ArrayLike, seed: int, resamples: int = RESAMPLES) -> np.ndarray:
    """Means of `resamples` paired resamples of per-item differences, ascending.

    Drawn in blocks, so that thousands of items need no more than some megabytes.
    """
    values = np.asarray(differences, dtype=float)
    rng = np.random.default_rng(seed)
    rows = max(1, 2_000_000 // len(values))
    blocks = [
        values[rng.integers(0, len(values), (min(rows, resamples - start), len(values)))].mean(1)
        for start in range(0, resamples, rows)
    ]
    return np.sort(np.concatenate(blocks))

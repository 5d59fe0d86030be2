"""From ranges to draws: scrambled Sobol points, a Gaussian copula, two-piece lognormals.

A range is three numbers: the 10th percentile, the value a point evaluation uses, which is the
median, and the 90th percentile. Where all are above 0 the logarithm has a normal half on either
side of the median, elsewhere the value itself has.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from costmodel.cost.curve import Floats
from costmodel.errors import InputError, Problem, did_you_mean, nearest_ids
from costmodel.scenario.yamlfile import Origin

Z90 = 1.2815515655446004
"""Standard normal quantile of 90 %."""

DUST = 1e-9
"""Rounding in the eigenvalues of a correlation matrix."""


def two_piece(low: float, likely: float, high: float, z: ArrayLike) -> Floats:
    """Values at standard normal scores ``z``; exactly the median at 0.

    >>> two_piece(10, 20, 50, [-Z90, 0, Z90]).round(9).tolist()
    [10.0, 20.0, 50.0]
    >>> two_piece(-0.1, 0.0, 0.3, [-Z90, 0, Z90]).round(9).tolist()
    [-0.1, 0.0, 0.3]
    """
    z = np.asarray(z, dtype=float)
    if low > 0:
        below, above = np.log(likely / low), np.log(high / likely)
        return likely * np.exp(z / Z90 * np.where(z < 0, below, above))
    return likely + z / Z90 * np.where(z < 0, likely - low, high - likely)


def normal_scores(samples: int, dimensions: int, seed: int, correlation: Floats) -> Floats:
    """Scrambled Sobol points as correlated standard normal scores; (samples, dimensions).

    ``correlation`` (dimensions, dimensions) is positive semidefinite. The first points of a longer
    run are those of a shorter one with the same seed.
    """
    from scipy.special import ndtri
    from scipy.stats import qmc

    power = max(1, int(np.ceil(np.log2(samples))))
    points = qmc.Sobol(dimensions, scramble=True, rng=np.random.default_rng(seed))
    uniform = points.random_base2(power)[:samples]
    scores = ndtri(np.clip(uniform, 1e-12, 1 - 1e-12))
    if np.array_equal(correlation, np.eye(dimensions)):
        return scores
    return scores @ np.linalg.cholesky(correlation + DUST * np.eye(dimensions)).T


def correlation_matrix(
    correlations: tuple[tuple[str, str, float], ...],
    paths: tuple[str, ...],
    origin: Origin | None = None,
    over_time: tuple[str, ...] = (),
) -> Floats:
    """The matrix of ``[[path, path, rho], ...]`` over these inputs.

    ``over_time`` are ranges that are not drawn. Raises InputError, with the lines of ``origin``,
    for a path that is no range, a rho outside
    -1..1, a pair said twice, and for correlations that cannot hold together.
    """
    matrix, origin = np.eye(len(paths)), origin or Origin()
    problems: list[Problem] = []
    seen: set[frozenset[str]] = set()
    for i, (one, other, rho) in enumerate(correlations):
        wrong = [_unknown(path, paths, over_time) for path in (one, other) if path not in paths]
        if not -1 <= rho <= 1:
            wrong.append(f"rho is from -1 to 1, not {rho:g}")
        if one == other or frozenset((one, other)) in seen:
            wrong.append("name two different inputs, each pair once")
        seen.add(frozenset((one, other)))
        problems += [origin.problem(("correlations", i), each, f"correlations[{i}]")
                     for each in wrong]  # fmt: skip
        if not wrong:
            a, b = paths.index(one), paths.index(other)
            matrix[a, b] = matrix[b, a] = rho
    if not problems and len(paths) and np.linalg.eigvalsh(matrix).min() < -DUST:
        message = (
            "cannot all hold together (the matrix is not positive semidefinite); bring some "
            "nearer to 0"
        )
        problems.append(origin.problem(("correlations",), message, "correlations"))
    if problems:
        raise InputError(problems)
    return matrix


def _unknown(path: str, paths: tuple[str, ...], over_time: tuple[str, ...]) -> str:
    if path in over_time:
        return (
            f"{path!r} moves the cash flow over the months and is not drawn, so that nothing can "
            "be correlated with it"
        )
    near = did_you_mean(nearest_ids(path, paths))
    there = f"; there are {', '.join(paths)}" if paths else "; no input has one"
    return f"{path!r} is not an input with a range{near or there}"

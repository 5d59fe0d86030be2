"""From ranges to draws: scrambled Sobol points, a Gaussian copula, two-piece lognormals.

A range is three numbers: the 10th percentile, the value a point evaluation uses, which is the
median, and the 90th percentile. Where all are above 0 the logarithm has a normal half on either
side of the median, elsewhere the value itself has.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from costmodel.cost.curve import Floats
from costmodel.errors import InputError

Z90 = 1.2815515655446004
"""Standard normal quantile of 90 %."""


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

    ``correlation`` (dimensions, dimensions) is positive definite. The first points of a longer
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
    return scores @ np.linalg.cholesky(correlation).T


def correlation_matrix(
    correlations: tuple[tuple[str, str, float], ...], paths: tuple[str, ...]
) -> Floats:
    """The matrix of ``[[path, path, rho], ...]`` over these inputs.

    Raises InputError for a path that is no range, a rho outside -1..1, a pair said twice, and
    for correlations that cannot hold together.
    """
    matrix, problems = np.eye(len(paths)), []
    seen: set[frozenset[str]] = set()
    for i, (one, other, rho) in enumerate(correlations):
        where = f"correlations[{i}]"
        unknown = [path for path in (one, other) if path not in paths]
        problems += [_unknown(where, path, paths) for path in unknown]
        if not -1 <= rho <= 1:
            problems.append(f"{where}: rho is from -1 to 1, not {rho:g}")
        if one == other or frozenset((one, other)) in seen:
            problems.append(f"{where}: name two different inputs, each pair once")
        seen.add(frozenset((one, other)))
        if not unknown:
            a, b = paths.index(one), paths.index(other)
            matrix[a, b] = matrix[b, a] = rho
    if not problems and np.linalg.eigvalsh(matrix).min() < 1e-9 if len(paths) else False:
        problems.append(
            "correlations cannot all hold together (the matrix is not positive definite); "
            "bring some of them nearer to 0"
        )
    if problems:
        raise InputError("; ".join(problems))
    return matrix


def _unknown(where: str, path: str, paths: tuple[str, ...]) -> str:
    from costmodel.errors import did_you_mean, nearest_ids

    near = did_you_mean(nearest_ids(path, paths))
    return (
        f"{where}: {path!r} is not an input with a range{near or '; there are ' + ', '.join(paths)}"
    )

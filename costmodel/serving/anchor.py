"""Measurements carried over to other configurations: how alike two are, and what that is worth.

The logarithm of measured over estimated throughput is taken as a Gaussian process: two
configurations share their residual the more, the more alike they are. Its conditional mean given
the nearest measurements corrects a roofline, its conditional deviation is the interval's width:
narrow beside a measurement, wide for a model, GPU or format that was never measured. C. Rasmussen
and C. Williams, "Gaussian Processes for Machine Learning" (2006), equations 2.25 and 2.26.

Pure numbers; what the labels and distances of a configuration are is said by :data:`LABELS` and
:data:`DISTANCES`, where they stand in a book is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

Array = npt.NDArray[np.float64]

LABELS = ("engine", "version", "model", "gpu", "format", "kernel", "regime")
"""What is the same or not; an empty label is unknown, half as far from each as they are apart."""

DISTANCES = ("tp", "input_tokens", "output_tokens", "concurrency", "experts_ranks")
"""What is more or less far, as a difference of logarithms."""

UNKNOWN_DIFFERENCE = 0.5


@dataclass(frozen=True)
class Similarity:
    """How fast likeness fades with every label that differs and with every distance.

    Correlation = exp(-sum of rate x difference) over labels, times a Matern 3/2 function of
    rate x difference for each distance: smooth, so that a curve through measurements has no kinks.

    `spread` and `noise`: standard deviations of log(measured / roofline) between configurations
    and between repetitions. `rates` follow :data:`LABELS`, then :data:`DISTANCES`. `near` and
    `far` multiply the deviation beside a measurement and away from all of them, in proportion
    between, so that 80 % intervals hold 80 % of held-out rows.
    """

    spread: float
    noise: float
    rates: tuple[float, ...]
    near: float = 1.0
    far: float = 1.0

    def deviation(self, variance: Array) -> Array:
        """Standard deviation to state where so much variance is left, noise included."""
        unknown = np.clip((variance - self.noise**2) / self.spread**2, 0.0, 1.0)
        widened = self.near + (self.far - self.near) * unknown
        return widened * np.sqrt(np.maximum(variance, 0.0))


@dataclass(frozen=True)
class Points:
    """Configurations: `labels` (n, len(LABELS)) of text, `places` (n, len(DISTANCES)) of logs."""

    labels: npt.NDArray[Any]
    places: Array

    def __len__(self) -> int:
        return len(self.places)

    def take(self, index: Any) -> Points:
        """Some of them."""
        return Points(self.labels[index], self.places[index])


def points(labels: Sequence[Sequence[str]], places: Any) -> Points:
    """Configurations from rows of labels and of positive quantities in the order of DISTANCES."""
    positive = np.maximum(np.asarray(places, float), 1e-9)
    return Points(np.asarray(labels, dtype=object), np.log(positive))


def correlation(first: Points, second: Points, similarity: Similarity) -> Array:
    """Likeness of each of the n first to each of the m second, 1 where they agree, (n, m)."""
    faded = np.zeros((len(first), len(second)))
    for column, rate in enumerate(similarity.rates[: len(LABELS)]):
        faded += rate * label_difference(first.labels[:, column], second.labels[:, column])
    for column, rate in enumerate(similarity.rates[len(LABELS) :]):
        here, there = first.places[:, column], second.places[:, column]
        faded += fading(rate * np.abs(here[:, None] - there[None, :]))
    return np.exp(-faded)


def fading(scaled: Array) -> Array:
    """-log of the Matern 3/2 correlation (1 + u) exp(-u) at a scaled distance u."""
    return scaled - np.log1p(scaled)


def label_difference(first: npt.NDArray[Any], second: npt.NDArray[Any]) -> Array:
    """0 where two labels agree, 1 where they differ, half where one of them is unknown.

    Known labels are the leaves of a star of which the unknown one is the hub, so that likeness
    stays positive definite.

    >>> label_difference(np.array(["h100", ""], object), np.array(["h100", "a100", ""], object))
    array([[0. , 1. , 0.5],
           [0.5, 0.5, 0. ]])
    """
    codes = {label: code for code, label in enumerate(dict.fromkeys((*first, *second)))}
    here = np.array([codes[label] for label in first])
    there = np.array([codes[label] for label in second])
    unknown = codes.get("", -1)
    differ = (here[:, None] != there[None, :]).astype(float)
    one_unknown = (here[:, None] == unknown) != (there[None, :] == unknown)
    return np.where(one_unknown, UNKNOWN_DIFFERENCE, differ)


@dataclass(frozen=True)
class Anchors:
    """Measurements that answer for their surroundings, solved once, asked often.

    `residuals`: log(measured / roofline) at each of the points.
    """

    points: Points
    residuals: Array
    similarity: Similarity
    inverse: Array
    weights: Array

    def correct(self, asked: Points) -> tuple[Array, Array]:
        """Mean and standard deviation of log(true / roofline) at each configuration asked (m,)."""
        return self._conditional(correlation(asked, self.points, self.similarity))

    def correct_along(self, asked: Points, concurrency: Array) -> tuple[Array, Array]:
        """The same for one configuration at many concurrencies: only that distance varies."""
        column = DISTANCES.index("concurrency")
        rate = self.similarity.rates[len(LABELS) + column]
        alike = correlation(asked, self.points, self.similarity)
        there = self.points.places[:, column]
        before = np.abs(asked.places[0, column] - there)
        now = np.abs(np.log(np.maximum(concurrency, 1e-9))[:, None] - there[None, :])
        nearer = fading(rate * before)[None, :] - fading(rate * now)
        return self._conditional(alike * np.exp(nearer))

    def _conditional(self, alike: Array) -> tuple[Array, Array]:
        variance = self.similarity.spread**2
        cover = variance * alike
        known = np.sum((cover @ self.inverse) * cover, axis=1)
        left = variance + self.similarity.noise**2 - known
        return cover @ self.weights, self.similarity.deviation(left)

    def influence(self, asked: Points) -> Array:
        """Share of the correction's certainty each measurement carries, adding up to 1 (n,)."""
        cover = correlation(asked, self.points, self.similarity)[0]
        pull = np.abs(cover @ self.inverse)
        return pull / max(float(pull.sum()), 1e-12)


def anchors(points: Points, residuals: Array, similarity: Similarity) -> Anchors:
    """Solve once for a set of measurements (n): the inverse of their covariance, (n, n)."""
    covariance = similarity.spread**2 * correlation(points, points, similarity)
    covariance += similarity.noise**2 * np.eye(len(points))
    inverse: Array = np.linalg.inv(covariance).astype(np.float64)
    return Anchors(points, residuals, similarity, inverse, inverse @ residuals)


def nearest(asked: Points, known: Points, similarity: Similarity, most: int) -> npt.NDArray[Any]:
    """Places of the `most` measurements most like the one asked, best first."""
    alike = correlation(asked, known, similarity)[0]
    return np.argsort(-alike, kind="stable")[:most]

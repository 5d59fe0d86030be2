"""How fast what a measurement says fades: maximum likelihood of the residuals' covariance.

C. Rasmussen and C. Williams, "Gaussian Processes for Machine Learning" (2006), section 5.4.1, with
a normal prior on the logarithm of each constant.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_solve
from scipy.optimize import minimize

from costmodel.serving.anchor import DISTANCES, LABELS, Points, Similarity, fading, label_difference

START = {
    "engine": 0.4, "version": 0.4, "model": 1.0, "gpu": 0.3, "format": 0.2, "kernel": 0.4,
    "regime": 0.6, "tp": 0.6, "input_tokens": 0.4, "output_tokens": 0.4, "concurrency": 0.4,
    "experts_ranks": 0.4,
}  # fmt: skip
SPREAD, NOISE = 0.2, 0.03
PRIOR = 2.0
"""Standard deviation of the prior, in logarithms."""
SURE = 0.05
"""The same for the model's rate: fitted in sample it would say too much about other models."""
LARGEST = 0.8
"""Residuals beyond are taken as this large: a few rows must not set the scale of all."""


def clipped(residuals: np.ndarray) -> np.ndarray:
    """Residuals with their extremes pulled in."""
    return np.clip(residuals, -LARGEST, LARGEST)


def learn(known: Points, residuals: np.ndarray, *, iterations: int = 40) -> Similarity:
    """The likeness under which the residuals are most probable."""
    names = (*LABELS, *DISTANCES)
    differ = [label_difference(column, column) for column in known.labels.T]
    apart = [np.abs(column[:, None] - column[None, :]) for column in known.places.T]
    start = np.log([SPREAD, *(START[name] for name in names), NOISE])
    width = np.array([PRIOR, *(SURE if name == "model" else PRIOR for name in names), PRIOR])
    values = clipped(residuals)

    def loss(x: np.ndarray) -> tuple[float, np.ndarray]:
        rates = np.exp(x[1:-1])
        labels, scaled = _scaled(rates, differ), _scaled(rates[len(LABELS) :], apart)
        cover = np.exp(2 * x[0] - sum(labels) - sum(fading(u) for u in scaled))
        noise = np.exp(2 * x[-1])
        lower = np.linalg.cholesky(cover + noise * np.eye(len(values)))
        pull = cho_solve((lower, True), values)
        inverse = cho_solve((lower, True), np.eye(len(values)))
        slack = inverse - np.outer(pull, pull)
        weighted = slack * cover
        slope = [
            weighted.sum(),
            *(-0.5 * np.sum(weighted * each) for each in labels),
            *(-0.5 * np.sum(weighted * u**2 / (1 + u)) for u in scaled),
            noise * np.trace(slack),
        ]
        from_start = (x - start) / width
        value = 0.5 * values @ pull + np.log(np.diag(lower)).sum() + 0.5 * from_start @ from_start
        return float(value), np.array(slope) + from_start / width

    x = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": iterations}).x
    return Similarity(
        float(np.exp(x[0])), float(np.exp(x[-1])), tuple(float(rate) for rate in np.exp(x[1:-1]))
    )


def _scaled(rates: np.ndarray, differences: list[np.ndarray]) -> list[np.ndarray]:
    return [rate * each for rate, each in zip(rates, differences, strict=False)]

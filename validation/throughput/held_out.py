"""Errors on rows that were held out: constants refitted without them, anchors without them.

By case (a configuration with all its engines and versions, in ten folds), by model, by GPU, by
source. The likeness and the kernels' factors stay. Beside each error stands that of the roofline
alone and that of answering with the nearest measurement as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal
from zlib import crc32

import numpy as np

from costmodel.book.roofline import HeldOut, Regime
from costmodel.serving import anchor
from costmodel.sizing.server import MOST_ANCHORS, Z80
from validation.throughput.fit import Fitted, fit, predict, timed, ttft_seconds
from validation.throughput.likeness import clipped

if TYPE_CHECKING:
    from collections.abc import Callable

    from costmodel.serving.anchor import Similarity
    from validation.throughput.rows import Table

By = Literal["case", "model", "gpu", "source"]
SPLITS: tuple[By, ...] = ("case", "model", "gpu", "source")
FOLDS = 10
NEVER_ALONE = 2


@dataclass(frozen=True)
class Predicted:
    """Logarithms of output tokens per second on held-out rows, before widening."""

    by: By
    found: Table
    roofline: np.ndarray
    anchored: np.ndarray
    nearest: np.ndarray
    deviation: np.ndarray
    ttft: np.ndarray
    """Logarithm of estimated over printed; NaN where none is printed."""

    @property
    def measured(self) -> np.ndarray:
        """What was printed."""
        return np.log(self.found.measured)

    @property
    def error(self) -> np.ndarray:
        """Of the anchored estimate, absolute."""
        return np.abs(self.measured - self.anchored)


def hold_out(
    found: Table, by: By, fitted: Fitted, similarity: Similarity, said: Callable[[str], None]
) -> Predicted:
    """Predict every row from the rows of the other groups."""
    keys = found.keys(by)
    groups = np.array([crc32(key.encode()) % FOLDS for key in keys]) if by == "case" else keys
    names = np.unique(groups)
    names_of = ("roofline", "anchored", "nearest", "deviation", "ttft")
    columns = {name: np.zeros(len(found)) for name in names_of}
    for at, name in enumerate(names):
        said(f"held out by {by}: {at + 1} of {len(names)}")
        out = groups == name
        for column, values in _predict_one(
            found.take(~out), found.take(out), fitted, similarity
        ).items():
            columns[column][out] = values
    return Predicted(by, found, **columns)


def _predict_one(
    known: Table, asked: Table, fitted: Fitted, similarity: Similarity
) -> dict[str, np.ndarray]:
    again = fit(known, fitted, evaluations=25)
    plain, resident = predict(known, again)
    guess, held = predict(asked, again)
    here, there = known.points(resident), asked.points(held)
    residuals = clipped(np.log(known.measured / plain))
    alike = anchor.correlation(there, here, similarity)
    best = np.argsort(-alike, axis=1, kind="stable")[:, :MOST_ANCHORS]
    mean, deviation = np.zeros(len(asked)), np.zeros(len(asked))
    for row, places in enumerate(best):
        solved = anchor.anchors(here.take(places), residuals[places], similarity)
        one, wide = solved.correct(there.take([row]))
        mean[row], deviation[row] = one[0], wide[0]
    return {
        "roofline": np.log(guess),
        "anchored": np.log(guess) + mean,
        "nearest": np.log(known.measured[best[:, 0]]),
        "deviation": deviation,
        "ttft": _ttft_error(asked, again),
    }


def _ttft_error(asked: Table, fitted: Fitted) -> np.ndarray:
    found = np.full(len(asked), np.nan)
    if (some := timed(asked)).any():
        printed = np.array([row.measured.ttft_ms for row in asked.take(some).rows], float) / 1000
        found[some] = np.log(ttft_seconds(asked.take(some), fitted) / printed)
    return found


def widening(every: list[Predicted], similarity: Similarity) -> Similarity:
    """The likeness whose 80 % intervals come nearest to 80 % in every split and regime."""
    parts = [
        (one.error[rows], one.deviation[rows] ** 2)
        for one in every
        for rows in (one.found.offline, ~one.found.offline)
    ]

    def missed(near: float, far: float) -> float:
        wide = replace(similarity, near=near, far=far)
        inside = [np.mean(error <= Z80 * wide.deviation(left)) for error, left in parts]
        return float(np.sum((np.array(inside) - 0.8) ** 2))

    grid = np.geomspace(0.5, 4.0, 60)
    near, far = min(((near, far) for near in grid for far in grid), key=lambda pair: missed(*pair))
    return replace(similarity, near=float(near), far=float(far))


def summary(one: Predicted, similarity: Similarity) -> list[HeldOut]:
    """Median and 90th percentile of absolute errors, by regime [%]."""
    return [
        _row(one, regime, similarity)
        for regime in ("offline", "fixed")
        if (one.found.offline == (regime == "offline")).any()
    ]


def _row(one: Predicted, regime: Regime, similarity: Similarity) -> HeldOut:
    rows = one.found.offline == (regime == "offline")
    inside = (one.error <= Z80 * similarity.deviation(one.deviation**2))[rows]
    errors = {
        "": one.anchored, "roofline_": one.roofline, "nearest_": one.nearest,
    }  # fmt: skip
    numbers = {
        f"{name}{which}": round(float(100 * np.quantile(error, share)), 1)
        for name, guess in errors.items()
        for error in (np.abs(np.exp(guess - one.measured)[rows] - 1),)
        for which, share in (("median", 0.5), ("p90", 0.9))
    }
    missed = np.abs(one.ttft[rows & np.isfinite(one.ttft)])
    factors = np.exp(np.quantile(missed, [0.5, 0.9])).round(2).tolist() if len(missed) else ()
    return HeldOut(
        by=one.by, regime=regime, rows=int(rows.sum()),
        covered=round(float(100 * inside.mean()), 1), ttft_rows=len(missed),
        **numbers, **dict(zip(("ttft_median", "ttft_p90"), factors, strict=False)),
    )  # fmt: skip

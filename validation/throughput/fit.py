"""Fit what engines achieve of their hardware: robust least squares on log output throughput.

Three stages. The hardware's constants and those of current engines come from offline maxima and
fixed concurrencies together. What vLLM's first engine (before 0.8) does differently comes from the
GuideLLM tables, with the hardware's constants held. How a cycle parts into TTFT and TPOT comes
last, from the runs that print TTFT. An engine's own value is a deviation from the common one,
drawn towards it; clusters of rows alike count by the root of their size.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import least_squares

from costmodel.book.engines import Versions
from costmodel.book.roofline import Constants, Pool
from costmodel.serving.roofline import RooflineConstants, first_token_seconds
from validation.throughput.rows import EARLY, Table, concurrency, output_tokens_per_s

if TYPE_CHECKING:
    from collections.abc import Iterable

START = {
    "bandwidth_share": (0.8, 0.5, 1.0), "kv_bandwidth_share": (0.8, 0.3, 1.0),
    "compute_share_16bit": (0.7, 0.3, 0.85), "compute_share_fp8": (0.6, 0.2, 0.8),
    "compute_share_fp4": (0.45, 0.1, 0.8), "compute_share_int8": (0.55, 0.2, 0.8),
    "attention_share": (0.5, 0.1, 1.2), "link_share": (0.5, 0.05, 1.0),
    "all_reduce_us": (5.0, 0.5, 80.0), "step_us": (500.0, 10.0, 2e4), "layer_us": (8.0, 0.1, 100.0),
    "sequence_us": (6.0, 0.05, 100.0), "exponent": (1.69, 1.0, 1.7),
    "step_tokens": (8192.0, 2048.0, 16384.0), "reserve_gib": (4.0, 0.1, 14.0),
    "occupancy": (0.8, 0.5, 1.0),
}  # fmt: skip
"""Start, lower and upper bound; no published GEMM passes the upper bounds of the shares."""
DENSE_EXPONENT = 1.7
"""With it, and kernels that unpack as they go adding the two times, the published crossovers of
4-bit GEMMs come out. Whole steps of dense models tell 1.1 from 1.7 apart by a point of error at
most, so it is held there; grouped GEMMs of experts are fitted."""
NAMES = tuple(START)
FIRST_TOKEN = {
    "first_ms": (40.0, 0.1, 500.0), "first_steps": (3.0, 0.05, 50.0),
    "wait_share": (0.1, 0.01, 1.0),
}  # fmt: skip
"""The same for what parts a cycle into TTFT and TPOT."""
FIRST_SOFTNESS = 0.3
FIRST_DRAWN = 0.3
OWN = (
    "bandwidth_share",
    "compute_share_16bit",
    "compute_share_fp8",
    "step_us",
    "layer_us",
    "sequence_us",
)
"""What differs between engines."""
EARLY_OWN = (*OWN, "compute_share_int8")
POOLED = "tensorrt-llm"
POOL = ("reserve_gib", "occupancy")
POOL_SHARE = 0.93
"""free_gpu_memory_fraction 0.9 by default, 0.95 in TensorRT-LLM's published runs."""
MOST_SEQUENCES = 2048

SOFTNESS = 0.1
DRAWN_TO_COMMON = 1.0
DRAWN_TO_START = 0.045


@dataclass(frozen=True)
class Fitted:
    """Logarithms: `common` by name, `own` deviations by (engine, name)."""

    common: dict[str, float]
    own: dict[tuple[str, str], float]

    def value(self, engine: str, name: str) -> float:
        """One constant of one engine, within its bounds."""
        _, low, high = (START | FIRST_TOKEN)[name]
        return float(
            np.clip(np.exp(self.common[name] + self.own.get((engine, name), 0)), low, high)
        )

    def constants(self, engine: str) -> dict[str, float]:
        """Every constant of one engine."""
        return {name: self.value(engine, name) for name in (*NAMES, *FIRST_TOKEN)}


def predict(found: Table, fitted: Fitted) -> tuple[np.ndarray, np.ndarray]:
    """Output tokens per second of every row, and the concurrency that ran."""
    column = _columns(found, fitted, NAMES)
    pooled = found.engines == POOLED
    pool = {
        "share": np.where(pooled, POOL_SHARE, np.nan),
        "reserve_gib": column.pop("reserve_gib"),
        "occupancy": column.pop("occupancy"),
    }
    resident = concurrency(found, pool)
    constants = RooflineConstants(**column, **dict.fromkeys(FIRST_TOKEN, np.nan))
    return output_tokens_per_s(found, constants, resident), resident


def ttft_seconds(found: Table, fitted: Fitted) -> np.ndarray:
    """Mean TTFT of every row with a number of requests held in flight."""
    names = [name for name in (*NAMES, *FIRST_TOKEN) if name not in POOL]
    constants = RooflineConstants(**_columns(found, fitted, names))
    return first_token_seconds(found.case, constants, found.column("held_in_flight"))


def _columns(found: Table, fitted: Fitted, names: Iterable[str]) -> dict[str, np.ndarray]:
    engines, codes = np.unique(found.engines, return_inverse=True)
    return {
        name: np.array([fitted.value(engine, name) for engine in engines])[codes] for name in names
    }


def timed(found: Table) -> np.ndarray:
    """Which rows print a TTFT with a number of requests held in flight."""
    printed = np.array([bool(row.measured.ttft_ms) for row in found.rows])
    return printed & np.isfinite(found.column("held_in_flight"))


def cluster_weights(found: Table) -> np.ndarray:
    """Root of one over the size of each row's cluster, scaled to a mean square of one."""
    names = [
        (row.measured.engine, row.measured.engine_version, *row.labels[2:5], row.measured.metric)
        for row in found.rows
    ]
    sizes = Counter(names)
    weight = np.array([sizes[name] ** -0.5 for name in names])
    return weight / np.sqrt(np.mean(weight**2))


def fit(found: Table, start: Fitted | None = None, *, evaluations: int = 60) -> Fitted:
    """All three stages on the rows given."""
    metric = np.array([row.measured.metric for row in found.rows])
    recent = np.isin(metric, ["offline-max", "fixed-concurrency"])
    first = _fit_engines(found.take(recent), start, evaluations)
    early = found.engines == EARLY
    both = _fit_early(found.take(early), first, start, evaluations) if early.any() else first
    return _fit_first_token(found.take(timed(found)), both)


def _fit_engines(found: Table, start: Fitted | None, evaluations: int) -> Fitted:
    engines = sorted(set(found.engines))
    own = [(engine, name) for engine in engines for name in OWN]
    weights = cluster_weights(found)

    def unpack(x: np.ndarray) -> Fitted:
        return Fitted(
            dict(zip(NAMES, x[: len(NAMES)], strict=True)),
            dict(zip(own, x[len(NAMES) :], strict=True)),
        )

    def residuals(x: np.ndarray) -> np.ndarray:
        to_start = DRAWN_TO_START * (x[: len(NAMES)] - _start())
        return np.r_[
            _soft_errors(found, unpack(x)) * weights, to_start, DRAWN_TO_COMMON * x[len(NAMES) :]
        ]

    before = np.r_[_start(), np.zeros(len(own))]
    if start:
        before = np.r_[[start.common[n] for n in NAMES], [start.own.get(k, 0.0) for k in own]]
    low = np.r_[[np.log(START[n][1]) for n in NAMES], np.full(len(own), -2.0)]
    if not found.case.model.experts.any():
        low[NAMES.index("exponent")] = np.log(DENSE_EXPONENT) - 2e-3
    high = np.r_[[np.log(START[n][2]) for n in NAMES], np.full(len(own), 2.0)]
    return unpack(_solve(residuals, before, low, high, evaluations))


def _fit_early(found: Table, first: Fitted, start: Fitted | None, evaluations: int) -> Fitted:
    weights = cluster_weights(found)

    def unpack(x: np.ndarray) -> Fitted:
        own = {(EARLY, name): value for name, value in zip(EARLY_OWN, x, strict=True)}
        return Fitted(first.common, {**first.own, **own})

    def residuals(x: np.ndarray) -> np.ndarray:
        return np.r_[_soft_errors(found, unpack(x)) * weights, 0.1 * x]

    before = np.array([start.own.get((EARLY, n), 0.0) if start else 0.0 for n in EARLY_OWN])
    wide = np.full(len(EARLY_OWN), 4.0)
    x = _solve(residuals, before, -wide, wide, evaluations)
    done = unpack(x)
    int8 = done.value(EARLY, "compute_share_int8")
    own = {key: value for key, value in done.own.items() if key[1] != "compute_share_int8"}
    return Fitted({**done.common, "compute_share_int8": np.log(int8)}, own)


def _fit_first_token(found: Table, fitted: Fitted) -> Fitted:
    engines, names = sorted(set(found.engines)), tuple(FIRST_TOKEN)
    measured = np.array([row.measured.ttft_ms for row in found.rows], float) / 1000
    begin = np.log([FIRST_TOKEN[name][0] for name in names])

    def unpack(x: np.ndarray) -> Fitted:
        common, own = x[: len(names)], x[len(names) :].reshape(len(engines), len(names))
        return Fitted(
            fitted.common | dict(zip(names, common, strict=True)),
            fitted.own
            | {
                (engine, name): own[row, column]
                for row, engine in enumerate(engines)
                for column, name in enumerate(names)
            },
        )

    def residuals(x: np.ndarray) -> np.ndarray:
        error = np.log(ttft_seconds(found, unpack(x)) / measured)
        to_start = x - np.r_[begin, np.zeros(len(x) - len(names))]
        return np.r_[_soft(error, FIRST_SOFTNESS), FIRST_DRAWN * to_start]

    before = np.r_[begin, np.zeros(len(engines) * len(names))]
    return unpack(_solve(residuals, before, before - 6.0, before + 6.0, 60))


def _solve(
    residuals,
    before: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    evaluations: int,
) -> np.ndarray:
    inside = np.clip(before, low + 1e-3, high - 1e-3)
    return least_squares(
        residuals, inside, bounds=(low, high), x_scale="jac", diff_step=1e-4, max_nfev=evaluations
    ).x


def _start() -> np.ndarray:
    return np.array([np.log(START[name][0]) for name in NAMES])


def _soft_errors(found: Table, fitted: Fitted) -> np.ndarray:
    """Residuals whose square is the soft-L1 loss of the logarithm's error."""
    return _soft(np.log(predict(found, fitted)[0] / found.measured), SOFTNESS)


def _soft(error: np.ndarray, softness: float) -> np.ndarray:
    return np.sign(error) * softness * np.sqrt(2 * (np.sqrt(1 + (error / softness) ** 2) - 1))


# ------------------------------------------------------------------------------- as records


def as_records(fitted: Fitted, counts: Counter[str]) -> tuple[Constants, ...]:
    """Constants as the book stores them, the newest of each engine last."""
    names = sorted(counts, key=lambda name: (name.split()[0], name != EARLY))
    return tuple(
        Constants(
            engine=name.split()[0],
            versions=Versions.model_validate(_versions(name)),
            rows=counts[name],
            **{
                key: _round(value)
                for key, value in fitted.constants(name).items()
                if key not in POOL
            },
        )
        for name in names
    )


def _versions(name: str) -> dict[str, str]:
    return {"before": "0.8"} if name == EARLY else {"from": "0.8"} if name == "vllm" else {}


def pool_record(fitted: Fitted) -> Pool:
    """How TensorRT-LLM sizes its cache."""
    return Pool(
        engine=POOLED,
        share=POOL_SHARE,
        reserve_gib=_round(fitted.value(POOLED, "reserve_gib")),
        occupancy=_round(fitted.value(POOLED, "occupancy")),
        max_sequences=MOST_SEQUENCES,
    )


def _round(value: float) -> float:
    return float(f"{value:.4g}")

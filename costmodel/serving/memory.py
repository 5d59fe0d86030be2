"""Does a model fit, and for how many requests? Weights, overhead and KV cache on `tp` GPUs.

Three answers: it fits, it does not, or the engine's own overhead decides and the answer is
`tight`. Everything is per GPU unless a name says otherwise; all sizes in bytes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from costmodel.serving.kv_cache import block_pool, bytes_per_token, sequence_bytes
from costmodel.serving.overhead import EngineMemory, overhead_bytes
from costmodel.serving.weights import WeightFormat, loaded_bytes_per_gpu, stored_bytes

if TYPE_CHECKING:
    from costmodel.serving.tensors import Architecture

Verdict = Literal["fits", "tight", "does_not_fit"]

GROUP_SIZES: Final = (1, 2, 4, 8, 16)
"""Tensor-parallel sizes tried for `gpus_needed`."""


@dataclass(frozen=True)
class MemoryFit:
    """The answer, with everything that led to it [bytes; requests].

    budget_bytes_per_gpu = weights_bytes_per_gpu + overhead_bytes_per_gpu + kv_pool_bytes / tp
    wherever the weights fit. `low` and `high` bound `max_concurrency` over the 80 % interval of
    the overhead.
    """

    verdict: Verdict
    gpus_needed: int | None
    weights_bytes: float
    weights_bytes_per_gpu: float
    kv_pool_bytes: float
    kv_bytes_per_token: float
    kv_bytes_per_sequence: float
    overhead_bytes_per_gpu: float
    usable_bytes_per_gpu: float
    budget_bytes_per_gpu: float
    max_concurrency: float
    low: float
    high: float
    tp: int
    context: int
    concurrency: float
    max_sequences: int


def fit(
    arch: Architecture,
    weight_format: WeightFormat,
    *,
    usable_bytes_per_gpu: float,
    tp: int,
    kv_dtype: str,
    context: int,
    concurrency: float,
    engine: EngineMemory,
) -> MemoryFit:
    """Whether `concurrency` requests of `context` tokens fit on `tp` GPUs.

    `usable_bytes_per_gpu` is the total NVML reports. The engine claims
    `budget_share * (usable - reserved)`; what weights and overhead leave of that is the KV pool.

    Raises :class:`UnknownIdError` for an unknown `kv_dtype`.
    """
    budget = engine.budget_share * (usable_bytes_per_gpu - engine.reserved_bytes)
    weights = loaded_bytes_per_gpu(arch, weight_format, tp)
    overhead = overhead_bytes(arch, engine, tp)
    demand = _demand(arch, context, kv_dtype, tp, engine)
    value, high, low = (
        demand.concurrency(max(0.0, budget - weights - taken))
        for taken in (overhead.value, overhead.low, overhead.high)
    )
    return MemoryFit(
        verdict=verdict(value, low, high, concurrency),
        gpus_needed=gpus_needed(
            arch,
            weight_format,
            usable_bytes_per_gpu=usable_bytes_per_gpu,
            kv_dtype=kv_dtype,
            context=context,
            concurrency=concurrency,
            engine=engine,
        ),
        weights_bytes=stored_bytes(arch, weight_format),
        weights_bytes_per_gpu=weights,
        kv_pool_bytes=tp * max(0.0, budget - weights - overhead.value),
        kv_bytes_per_token=tp * bytes_per_token(arch, kv_dtype, tp),
        kv_bytes_per_sequence=tp * demand.request_bytes,
        overhead_bytes_per_gpu=overhead.value,
        usable_bytes_per_gpu=usable_bytes_per_gpu,
        budget_bytes_per_gpu=budget,
        max_concurrency=value,
        low=low,
        high=high,
        tp=tp,
        context=context,
        concurrency=concurrency,
        max_sequences=engine.max_sequences,
    )


def verdict(value: float, low: float, high: float, concurrency: float) -> Verdict:
    """`tight` where the interval holds both answers.

    >>> verdict(0.8, 0.3, 1.2, concurrency=1)
    'tight'
    """
    if low < concurrency <= high:
        return "tight"
    return "fits" if value >= concurrency else "does_not_fit"


def gpus_needed(
    arch: Architecture,
    weight_format: WeightFormat,
    *,
    usable_bytes_per_gpu: float,
    kv_dtype: str,
    context: int,
    concurrency: float,
    engine: EngineMemory,
) -> int | None:
    """The smallest tensor-parallel group that holds `concurrency` requests of `context` tokens.

    Sizes that do not divide the attention heads are skipped; None where 16 GPUs are too few.
    """
    for tp in GROUP_SIZES:
        if arch.heads % tp:
            continue
        if (
            max_concurrency(
                arch,
                weight_format,
                usable_bytes_per_gpu=usable_bytes_per_gpu,
                tp=tp,
                kv_dtype=kv_dtype,
                context=context,
                engine=engine,
            )
            >= concurrency
        ):
            return tp
    return None


def max_concurrency(
    arch: Architecture,
    weight_format: WeightFormat,
    *,
    usable_bytes_per_gpu: float,
    tp: int,
    kv_dtype: str,
    context: int,
    engine: EngineMemory,
) -> float:
    """Requests of `context` tokens that the KV pool of `tp` GPUs holds."""
    budget = engine.budget_share * (usable_bytes_per_gpu - engine.reserved_bytes)
    weights = loaded_bytes_per_gpu(arch, weight_format, tp)
    left = budget - weights - overhead_bytes(arch, engine, tp).value
    return _demand(arch, context, kv_dtype, tp, engine).concurrency(max(0.0, left))


@dataclass(frozen=True)
class _Contiguous:
    """A cache that gives each sequence exactly what it needs [bytes, one GPU]."""

    request_bytes: float

    def concurrency(self, pool_bytes: float) -> float:
        return pool_bytes / self.request_bytes if self.request_bytes else math.inf


def _demand(arch: Architecture, context: int, kv_dtype: str, tp: int, engine: EngineMemory):
    if engine.layout == "contiguous":
        margin = engine.window_margin_tokens
        return _Contiguous(sequence_bytes(arch, context, kv_dtype, tp, window_margin=margin))
    return block_pool(
        arch,
        context,
        kv_dtype,
        tp,
        block_tokens=engine.block_tokens,
        tokens_in_flight=engine.step_tokens,
    )

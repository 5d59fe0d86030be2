"""Does a model fit, and for how many requests? Weights, overhead and KV cache on `tp` GPUs.

Three answers: it fits, it does not, or the engine's own overhead decides and the answer is
`tight`. Everything is per GPU unless a name says otherwise; all sizes in bytes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from costmodel.serving import stored as from_header
from costmodel.serving.kv_cache import block_pool, bytes_per_token, sequence_bytes
from costmodel.serving.overhead import EngineMemory, Overhead, overhead_bytes
from costmodel.serving.weights import WeightFormat, loaded_bytes_per_gpu, stored_bytes

if TYPE_CHECKING:
    from costmodel.serving.kv_cache import BlockPool
    from costmodel.serving.stored import StoredWeights
    from costmodel.serving.tensors import Architecture

Verdict = Literal["fits", "tight", "does_not_fit"]
VERDICTS: Final[tuple[Verdict, ...]] = ("fits", "tight", "does_not_fit")

GROUP_SIZES: Final = (1, 2, 4, 8, 16)
"""Tensor-parallel sizes tried for `gpus_needed`."""
GPUS_PER_NODE: Final = 8

LONGEST_CONTEXT: Final = 1 << 24
"""Tokens; where a model states no limit of its own."""


@dataclass(frozen=True)
class Replica:
    """What serves: a model in a format on `tp` GPUs of `usable_bytes_per_gpu` behind an engine.

    `usable_bytes_per_gpu` is the total NVML reports. `stored`, a checkpoint's own header, replaces
    the rules of `weight_format` for sizes.
    """

    arch: Architecture
    weight_format: WeightFormat
    usable_bytes_per_gpu: float
    tp: int
    kv_dtype: str
    engine: EngineMemory
    stored: StoredWeights | None = None

    @property
    def budget_bytes(self) -> float:
        """What the engine claims of each GPU: share x (total - what no process sees) [bytes]."""
        return self.engine.budget_share * (self.usable_bytes_per_gpu - self.engine.reserved_bytes)

    @property
    def weights_bytes(self) -> float:
        """Weights on each GPU [bytes]; as a start-up log states them where there is one."""
        known = self.engine.calibration
        if known is not None and known.weights_bytes and known.tp == self.tp:
            return known.weights_bytes
        if self.stored is not None:
            return from_header.loaded_bytes_per_gpu(
                self.stored, self.arch, self.weight_format, self.tp
            )
        return loaded_bytes_per_gpu(self.arch, self.weight_format, self.tp)

    @property
    def checkpoint_bytes(self) -> float:
        """The checkpoint on disk [bytes]."""
        if self.stored is not None:
            return self.stored.total_bytes
        return stored_bytes(self.arch, self.weight_format)

    @property
    def overhead(self) -> Overhead:
        """Activations, context, collectives and graphs on each GPU [bytes]."""
        workspace = not self.weight_format.experts_only
        return overhead_bytes(self.arch, self.engine, self.tp, workspace=workspace)

    def demand(self, context: Any) -> BlockPool | Contiguous:
        """What requests of `context` tokens (one value or an array) take of the KV pool."""
        engine = self.engine
        if engine.layout == "contiguous":
            margin = engine.window_margin_tokens
            return Contiguous(
                sequence_bytes(self.arch, context, self.kv_dtype, self.tp, window_margin=margin)
            )
        return block_pool(
            self.arch,
            context,
            self.kv_dtype,
            self.tp,
            block_tokens=engine.block_tokens,
            tokens_in_flight=engine.step_tokens,
            state_pages=engine.state_pages,
        )


@dataclass(frozen=True)
class Contiguous:
    """A cache that gives each sequence exactly what it needs [bytes, one GPU]."""

    request_bytes: Any

    def concurrency(self, pool_bytes: float) -> Any:
        """Requests that a pool of `pool_bytes` on this GPU holds."""
        if not np.all(self.request_bytes):
            return math.inf
        return pool_bytes / self.request_bytes


def without_calibration(engine: EngineMemory) -> EngineMemory:
    """The constants of the table, whatever a log said."""
    return replace(engine, calibration=None)


# ---------------------------------------------------------------------------- one placement


@dataclass(frozen=True)
class Placement:
    """A replica loaded [bytes on each GPU; requests]: `low` and `high` are an 80 % interval.

    `max_concurrency`, `low` and `high` are arrays where the context was one.
    """

    tp: int
    weights_bytes: float
    overhead_bytes: float
    pool_bytes: float
    budget_bytes: float
    request_bytes: Any
    max_concurrency: Any
    low: Any
    high: Any

    @property
    def nodes(self) -> int:
        """Machines of eight GPUs that the group spans."""
        return math.ceil(self.tp / GPUS_PER_NODE)

    def verdict(self, concurrency: float) -> Verdict:
        """Whether `concurrency` requests fit."""
        return verdict(self.max_concurrency, self.low, self.high, concurrency)


def place(replica: Replica, context: Any) -> Placement:
    """Load a replica and see how many requests of `context` tokens (or an array) it holds.

    The engine claims its share of the GPU; what weights and overhead leave of it is the KV pool.
    Raises :class:`UnknownIdError` for an unknown `kv_dtype`.
    """
    budget, weights, overhead = replica.budget_bytes, replica.weights_bytes, replica.overhead
    demand = replica.demand(context)
    value, high, low = (
        demand.concurrency(max(0.0, budget - weights - taken))
        for taken in (overhead.value, overhead.low, overhead.high)
    )
    return Placement(
        tp=replica.tp,
        weights_bytes=weights,
        overhead_bytes=overhead.value,
        pool_bytes=max(0.0, budget - weights - overhead.value),
        budget_bytes=budget,
        request_bytes=demand.request_bytes,
        max_concurrency=value,
        low=low,
        high=high,
    )


def verdict(value: float, low: float, high: float, concurrency: float) -> Verdict:
    """`tight` where the interval holds both answers.

    >>> verdict(0.8, 0.3, 1.2, concurrency=1)
    'tight'
    """
    if low < concurrency <= high:
        return "tight"
    return "fits" if value >= concurrency else "does_not_fit"


def placements(replica: Replica, context: int) -> tuple[Placement, ...]:
    """The same replica on 1, 2, 4, 8 and 16 GPUs (16 are two nodes of eight).

    Sizes that do not divide the attention heads are left out.
    """
    sizes = [tp for tp in GROUP_SIZES if replica.arch.heads % tp == 0]
    return tuple(place(replace(replica, tp=tp), context) for tp in sizes)


def largest_context(replica: Replica, concurrency: float, *, surely: bool = False) -> int:
    """The longest context [tokens] at which `concurrency` requests fit; 0 where none does.

    At most the model's own limit. `surely` asks the low end of the interval instead.
    """
    ceiling = replica.arch.max_context or LONGEST_CONTEXT
    bottom, top = 0, ceiling + 1
    left = _pool_bytes(replica, surely=surely)
    while top - bottom > 1:
        middle = (bottom + top) // 2
        if replica.demand(middle).concurrency(left) >= concurrency:
            bottom = middle
        else:
            top = middle
    return bottom


def _pool_bytes(replica: Replica, *, surely: bool) -> float:
    taken = replica.overhead.high if surely else replica.overhead.value
    return max(0.0, replica.budget_bytes - replica.weights_bytes - taken)


# ------------------------------------------------------------------------- one card, as a bar


@dataclass(frozen=True)
class Breakdown:
    """One GPU's memory, to the byte [bytes]: the first five add up to `card_bytes` when it fits.

    `unusable_bytes`: what the driver keeps and what the engine's share leaves alone.
    `missing_bytes`: by how much weights, overhead and the KV cache in use exceed the budget.
    """

    weights_bytes: float
    kv_in_use_bytes: float
    kv_free_bytes: float
    overhead_bytes: float
    unusable_bytes: float
    card_bytes: float
    missing_bytes: float


def breakdown(replica: Replica, placement: Placement, concurrency: float) -> Breakdown:
    """Where each byte of one GPU goes while `concurrency` requests run at full length."""
    wanted = concurrency * placement.request_bytes
    left = placement.budget_bytes - placement.weights_bytes - placement.overhead_bytes
    used = min(wanted, placement.pool_bytes)
    return Breakdown(
        weights_bytes=placement.weights_bytes,
        kv_in_use_bytes=used,
        kv_free_bytes=placement.pool_bytes - used,
        overhead_bytes=placement.overhead_bytes,
        unusable_bytes=replica.usable_bytes_per_gpu - placement.budget_bytes,
        card_bytes=replica.usable_bytes_per_gpu,
        missing_bytes=max(0.0, wanted - left),
    )


# ------------------------------------------------------------------------ context x concurrency


@dataclass(frozen=True)
class FitMap:
    """Which context x concurrency fits. `frontier` [requests] holds the most at each context.

    `verdicts[i, j]` is the place in :data:`VERDICTS` of `concurrencies[i]` at `contexts[j]`.
    """

    contexts: np.ndarray
    concurrencies: np.ndarray
    frontier: np.ndarray
    low: np.ndarray
    high: np.ndarray
    verdicts: np.ndarray


def fit_map(replica: Replica, contexts: Any, concurrencies: Any) -> FitMap:
    """The whole map at once, over arrays of contexts [tokens] and concurrencies [requests]."""
    columns = np.asarray(contexts, dtype=np.int64)
    rows = np.asarray(concurrencies, dtype=float)
    found = place(replica, columns)
    value, low, high = (
        np.broadcast_to(np.asarray(x, dtype=float), columns.shape)
        for x in (found.max_concurrency, found.low, found.high)
    )
    asked = rows[:, None]
    tight = (low < asked) & (asked <= high)
    verdicts = np.where(tight, 1, np.where(value >= asked, 0, 2))
    return FitMap(columns, rows, value, low, high, verdicts)


# ---------------------------------------------------------------------------------- the answer


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
    placements: tuple[Placement, ...]
    breakdown: Breakdown
    largest_context: int


def fit(  # noqa: PLR0913 - a replica, spelled out
    arch: Architecture,
    weight_format: WeightFormat,
    *,
    usable_bytes_per_gpu: float,
    tp: int,
    kv_dtype: str,
    context: int,
    concurrency: float,
    engine: EngineMemory,
    stored: StoredWeights | None = None,
) -> MemoryFit:
    """Whether `concurrency` requests of `context` tokens fit on `tp` GPUs.

    Raises :class:`UnknownIdError` for an unknown `kv_dtype`.
    """
    replica = Replica(arch, weight_format, usable_bytes_per_gpu, tp, kv_dtype, engine, stored)
    return fit_replica(replica, context, concurrency)


def fit_replica(replica: Replica, context: int, concurrency: float) -> MemoryFit:
    """Whether `concurrency` requests of `context` tokens fit on a replica."""
    found, others = place(replica, context), placements(replica, context)
    tp = replica.tp
    return MemoryFit(
        verdict=found.verdict(concurrency),
        gpus_needed=next((p.tp for p in others if p.max_concurrency >= concurrency), None),
        weights_bytes=replica.checkpoint_bytes,
        weights_bytes_per_gpu=found.weights_bytes,
        kv_pool_bytes=tp * found.pool_bytes,
        kv_bytes_per_token=tp * bytes_per_token(replica.arch, replica.kv_dtype, tp),
        kv_bytes_per_sequence=tp * found.request_bytes,
        overhead_bytes_per_gpu=found.overhead_bytes,
        usable_bytes_per_gpu=replica.usable_bytes_per_gpu,
        budget_bytes_per_gpu=found.budget_bytes,
        max_concurrency=found.max_concurrency,
        low=found.low,
        high=found.high,
        tp=tp,
        context=context,
        concurrency=concurrency,
        max_sequences=replica.engine.max_sequences,
        placements=others,
        breakdown=breakdown(replica, found, concurrency),
        largest_context=largest_context(replica, concurrency),
    )

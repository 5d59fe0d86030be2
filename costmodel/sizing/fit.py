"""Whether a model fits its GPUs: :func:`fit` for one question, :func:`fit_map` for a whole map."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from costmodel.errors import InputError
from costmodel.quantity.units import GIB
from costmodel.serving import memory
from costmodel.sizing.lookup import Serving, Setup, look_up
from costmodel.sizing.records import Assumption, Fit, GroupRow, KvCache, PerGpu
from costmodel.sizing.remedies import remedies

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

WEIGHTS_APART = 0.03
"""From this share on, a log's weights are not those of the model asked about."""


def fit(  # noqa: PLR0913 - the options of `costmodel fit`
    model: str | Path,
    *,
    gpu: str,
    format: str | None = None,  # noqa: A002 - the word users type
    context: int | None = None,
    concurrency: float = 1,
    kv_dtype: str | None = None,
    tp: int = 1,
    engine: str | None = None,
    engine_version: str | None = None,
    gpu_memory_utilization: float | None = None,
    max_num_seqs: int | None = None,
    block_size: int | None = None,
    cuda_graphs: bool = True,
    engine_log: str | Path | None = None,
) -> Fit:
    """Whether `concurrency` requests of `context` tokens fit on `tp` GPUs.

    `model` is a name, or a checkpoint: a folder with config.json, a .safetensors file, its index,
    or a .gguf file. Without `context` it is the model's longest; without `format` the one its
    weights are published in. `max_num_seqs`, `block_size` [tokens] and `cuda_graphs` are the
    engine's flags of these names (`cuda_graphs=False` is eager mode). `engine_log`, a vLLM
    start-up log (a file, or its text), replaces the table's overhead by what the engine measured.

    Raises InputError for an unknown name, an engine without known memory constants, a model that
    is known by name only, or a checkpoint or log that cannot be read.

    >>> fit("llama-3.3-70b", gpu="h100-sxm", format="awq-int4", context=8192).verdict
    'fits'
    """
    serving = Serving(
        gpu,
        format,
        kv_dtype,
        tp,
        engine,
        engine_version,
        gpu_memory_utilization,
        max_num_seqs,
        block_size,
        cuda_graphs,
        engine_log,
    )
    setup = look_up(model, serving)
    wanted = int(context or setup.arch.max_context)
    if wanted <= 0 or not 0 < concurrency < math.inf:
        raise InputError("context and concurrency must be above zero; state context")
    return _answer(setup, memory.fit_replica(setup.replica, wanted, concurrency))


def fit_map(
    model: str | Path,
    contexts: Iterable[int],
    concurrencies: Iterable[float],
    **options: Any,
) -> memory.FitMap:
    """Which context x concurrency fits, as arrays; `options` are those of :func:`fit`.

    >>> fit_map("llama-3.3-70b", [4096, 8192], [8, 16], gpu="h100-sxm", format="awq-int4"
    ...         ).verdicts.tolist()
    [[0, 0], [0, 2]]
    """
    return memory.fit_map(
        look_up(model, Serving(**options)).replica, list(contexts), list(concurrencies)
    )


def _answer(setup: Setup, found: memory.MemoryFit) -> Fit:
    return Fit(
        verdict=found.verdict,
        gpus_needed=found.gpus_needed,
        weights_bytes=round(found.weights_bytes),
        weights_bytes_per_gpu=round(found.weights_bytes_per_gpu),
        kv_pool_bytes=round(found.kv_pool_bytes),
        kv_bytes_per_token=round(found.kv_bytes_per_token),
        kv_bytes_per_sequence=round(found.kv_bytes_per_sequence),
        overhead_bytes_per_gpu=round(found.overhead_bytes_per_gpu),
        usable_bytes_per_gpu=round(found.usable_bytes_per_gpu),
        max_concurrency=found.max_concurrency,
        low=found.low,
        high=found.high,
        assumptions=(
            *setup.assumptions(),
            Assumption("context", found.context, "tokens", "assumed"),
            Assumption("concurrency", found.concurrency, "requests", "assumed"),
        ),
        tp=found.tp,
        context=found.context,
        concurrency=found.concurrency,
        budget_bytes_per_gpu=round(found.budget_bytes_per_gpu),
        largest_context=found.largest_context,
        largest_concurrency=math.floor(found.max_concurrency),
        max_sequences=found.max_sequences,
        per_gpu=_per_gpu(found.breakdown),
        kv_cache=_kv_cache(setup, found),
        by_tp=tuple(_row(group, found.concurrency) for group in found.placements),
        remedies=remedies(setup, found),
        notes=tuple(_notes(setup, found)),
    )


def _per_gpu(parts: memory.Breakdown) -> PerGpu:
    return PerGpu(
        weights_bytes=round(parts.weights_bytes),
        kv_in_use_bytes=round(parts.kv_in_use_bytes),
        kv_free_bytes=round(parts.kv_free_bytes),
        overhead_bytes=round(parts.overhead_bytes),
        unusable_bytes=round(parts.unusable_bytes),
        card_bytes=round(parts.card_bytes),
        missing_bytes=round(parts.missing_bytes),
    )


def _kv_cache(setup: Setup, found: memory.MemoryFit) -> KvCache:
    return KvCache(
        dtype=setup.kv_dtype,
        bytes_per_token=round(found.kv_bytes_per_token),
        bytes_per_sequence=round(found.kv_bytes_per_sequence),
        pool_bytes=round(found.kv_pool_bytes),
        in_use_bytes=round(found.tp * found.breakdown.kv_in_use_bytes),
    )


def _row(group: memory.Placement, concurrency: float) -> GroupRow:
    return GroupRow(
        tp=group.tp,
        nodes=group.nodes,
        verdict=group.verdict(concurrency),
        max_concurrency=float(group.max_concurrency),
        low=float(group.low),
        high=float(group.high),
        weights_bytes_per_gpu=round(group.weights_bytes),
        kv_pool_bytes=round(group.tp * group.pool_bytes),
        overhead_bytes_per_gpu=round(group.overhead_bytes),
    )


def _notes(setup: Setup, found: memory.MemoryFit) -> Iterable[str]:
    """What a person should know beside the numbers, in whole sentences."""
    engine, share = setup.engine, setup.engine_memory.budget_share
    if setup.engine_memory.layout == "paged" and found.kv_pool_bytes:
        budget, weights = found.budget_bytes_per_gpu / GIB, found.weights_bytes_per_gpu / GIB
        yield (
            f"{engine.id} claims {share:.0%} of each GPU at once ({budget:.1f} GiB) and hands all "
            f"that weights ({weights:.1f} GiB) and overhead leave to the KV cache: a full card is "
            "a choice, not a need."
        )
    if found.max_concurrency > found.max_sequences:
        yield (
            f"Memory holds {found.max_concurrency:,.0f} requests; {engine.id} runs at most "
            f"{found.max_sequences:,} at once unless max_num_seqs says otherwise."
        )
    if engine.kind != "measured" and setup.engine_memory.calibration is None and engine.note:
        yield engine.note
    yield from _doubts(setup)


def _doubts(setup: Setup) -> Iterable[str]:
    """Where what was asked does not go together."""
    offered, dtype = setup.engine.kv_dtypes, setup.kv_dtype
    if offered and not _offers(offered, dtype):
        yield (
            f"{setup.engine.id} {setup.engine.versions} offers no {dtype} KV cache "
            f"(but {', '.join(offered)})."
        )
    known = setup.engine_memory.calibration
    if known is None or not known.weights_bytes:
        return
    computed = memory.Replica(
        setup.arch, setup.weight_format, setup.gpu.usable_bytes, known.tp, dtype,
        memory.without_calibration(setup.engine_memory), setup.stored,
    ).weights_bytes  # fmt: skip
    if abs(known.weights_bytes / computed - 1) > WEIGHTS_APART:
        yield (
            f"The log loaded {known.weights_bytes / GIB:.2f} GiB of weights where "
            f"{computed / GIB:.2f} were expected: is it a log of {setup.name} in {setup.format.id}?"
        )


def _offers(offered: tuple[str, ...], dtype: str) -> bool:
    from costmodel.serving.kv_cache import SYNONYMS

    name = SYNONYMS.get(dtype.lower(), dtype.lower())
    sixteen = {"bf16", "fp16"}
    return name in offered or (name in sixteen and bool(sixteen & set(offered)))

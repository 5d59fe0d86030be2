"""What would make a model fit: each change is evaluated again before it is offered."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from costmodel.book import load_book
from costmodel.serving import memory
from costmodel.serving.kv_cache import kv_dtype_bytes
from costmodel.sizing.lookup import is_native, weight_format
from costmodel.sizing.records import Remedy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from costmodel.sizing.lookup import Setup

SMALLEST_CONTEXT: Final = 512
"""Tokens; a shorter context is no remedy."""
SMALLER_FORMATS: Final = ("fp8", "nvfp4", "awq-int4")
SMALLER_MIXES: Final = (
    "gguf-q8_0", "gguf-q6_k", "gguf-q5_k_m", "gguf-q4_k_m", "gguf-q3_k_m", "gguf-q2_k",
)  # fmt: skip
"""From the largest to the smallest; the first that fits is offered."""

Change = tuple[str, dict[str, Any], memory.Replica, int, float]
"""Words, options, the replica, context and concurrency after the change."""


def remedies(setup: Setup, found: memory.MemoryFit) -> tuple[Remedy, ...]:
    """Changes that turn the verdict into `fits`, the least painful first; none where it fits."""
    if found.verdict == "fits":
        return ()
    replica = setup.replica
    smaller_cache = list(_smaller_cache(setup, replica, found))
    single = [
        *smaller_cache,
        *_shorter(replica, found),
        *_fewer(replica, found),
        *_smaller_weights(setup, replica, found),
        *_more_gpus(replica, found),
    ]
    offered = _that_fit(single)
    if any("tp" not in remedy.change for remedy in offered):
        return offered
    both = [
        (f"{words}, and {more}", {**change, **other}, after, context, concurrency)
        for words, change, cached, context, concurrency in smaller_cache
        for more, other, after, context, concurrency in _smaller_weights(setup, cached, found)
    ]
    return (*_that_fit(both), *offered)


def _that_fit(changes: list[Change]) -> tuple[Remedy, ...]:
    """Evaluate each change; of several formats or group sizes keep the first that fits."""
    kept: dict[tuple[str, ...], Remedy] = {}
    for words, change, replica, context, concurrency in changes:
        placed = memory.place(replica, context)
        if tuple(change) not in kept and placed.verdict(concurrency) == "fits":
            kept[tuple(change)] = Remedy(
                words, change, "fits", float(placed.max_concurrency), replica.tp
            )
    return tuple(kept.values())


def _smaller_cache(
    setup: Setup, replica: memory.Replica, found: memory.MemoryFit
) -> Iterator[Change]:
    """A KV cache of one byte an element, where the engine offers it."""
    offered = setup.engine.kv_dtypes
    dtype = next((name for name in ("fp8", "q8_0") if name in offered), None)
    if dtype is None or kv_dtype_bytes(replica.kv_dtype) <= kv_dtype_bytes(dtype):
        return
    smaller = replace(replica, kv_dtype=dtype)
    words = f"keep the KV cache in {dtype}"
    yield words, {"kv_dtype": dtype}, smaller, found.context, found.concurrency


def _shorter(replica: memory.Replica, found: memory.MemoryFit) -> Iterator[Change]:
    """The longest context at which the low end of the interval still holds the requests."""
    context = memory.largest_context(replica, found.concurrency, surely=True)
    if SMALLEST_CONTEXT <= context < found.context:
        words = f"promise at most {context:,} tokens a request"
        yield words, {"context": context}, replica, context, found.concurrency


def _fewer(replica: memory.Replica, found: memory.MemoryFit) -> Iterator[Change]:
    fewer = math.floor(found.low)
    if 1 <= fewer < found.concurrency:
        words = f"run at most {fewer:,} requests at once"
        yield words, {"concurrency": fewer}, replica, found.context, fewer


def _smaller_weights(
    setup: Setup, replica: memory.Replica, found: memory.MemoryFit
) -> Iterator[Change]:
    """The next formats down that this GPU serves, by rule rather than from a header."""
    own, formats = setup.format, load_book().formats
    for format_id in SMALLER_MIXES if own.family == "gguf" else SMALLER_FORMATS:
        record = formats[format_id]
        served = format_id != "nvfp4" or is_native(record, setup.gpu)
        if record.bits_per_weight < own.bits_per_weight and served:
            capability = setup.gpu.compute_capability or ""
            rules = weight_format(format_id, capability, setup.engine.id)
            known = setup.record.checkpoint(format_id) if setup.record else None
            if known is not None:
                rules = replace(rules, exclusions=known.ignore)
            smaller = replace(replica, weight_format=rules, stored=None)
            words = f"serve the weights in {format_id}"
            yield words, {"format": format_id}, smaller, found.context, found.concurrency


def _more_gpus(replica: memory.Replica, found: memory.MemoryFit) -> Iterator[Change]:
    for group in found.placements:
        if group.tp > replica.tp:
            nodes = f" in {group.nodes} nodes" if group.nodes > 1 else ""
            words = f"spread it over {group.tp} GPUs{nodes}"
            larger = replace(replica, tp=group.tp)
            yield words, {"tp": group.tp}, larger, found.context, found.concurrency

"""What an engine takes of a GPU besides weights and KV cache, from constants of its version.

The constants live in the book, dated and by version, because they drift with every release.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from costmodel.serving.tensors import Architecture

FORWARD_BYTES = 2.0
"""Activations are 16-bit."""


@dataclass(frozen=True)
class EngineMemory:
    """One engine version's memory constants.

    `budget_share`: share of the GPU it may claim (vLLM's `gpu_memory_utilization`).
    `reserved_bytes`: what the driver's total counts and a process never sees.
    `scratch_bytes_per_entry` for each of `scratch_rows` x vocabulary logits while sampling.
    `step_tokens`: tokens of one forward pass while profiling (`max_num_batched_tokens`).
    `other_bytes`, `other_bytes_parallel`: CUDA context, collectives: on one GPU, on several.
    `graph_bytes`: captured CUDA graphs, 0 where the engine keeps them outside its budget.
    `uncertainty_low`, `uncertainty_high` [bytes]: 80 % interval of the true minus the computed
    overhead on one GPU; `..._parallel` on several.
    """

    engine: str
    version: str
    layout: Literal["paged", "contiguous"]
    budget_share: float
    reserved_bytes: float
    scratch_bytes_per_entry: float
    scratch_rows: int
    step_tokens: int
    block_tokens: int
    window_margin_tokens: int
    max_sequences: int
    other_bytes: float
    other_bytes_parallel: float
    graph_bytes: float
    uncertainty_low: float
    uncertainty_high: float
    uncertainty_low_parallel: float
    uncertainty_high_parallel: float


@dataclass(frozen=True)
class Overhead:
    """Overhead on each GPU [bytes]: as computed, and its 80 % interval."""

    value: float
    low: float
    high: float


def scratch_bytes(arch: Architecture, engine: EngineMemory) -> float:
    """Logits and their sampling copies: bytes an entry x rows x vocabulary [bytes]."""
    return engine.scratch_bytes_per_entry * engine.scratch_rows * arch.vocab


def forward_bytes(arch: Architecture, engine: EngineMemory, tp: int = 1) -> float:
    """Activations of one forward pass: 3 feed-forward and 4 hidden vectors a token [bytes].

    A mixture's feed-forward vectors are those of its top-k experts.
    """
    width = arch.intermediate
    if arch.experts:
        width = max(arch.expert_intermediate * arch.top_k, arch.expert_intermediate)
    return engine.step_tokens * FORWARD_BYTES * (3 * width / tp + 4 * arch.hidden)


def overhead_bytes(arch: Architecture, engine: EngineMemory, tp: int = 1) -> Overhead:
    """Everything in the budget that is neither weights nor KV cache, on each of `tp` GPUs.

    max(sampling scratch, forward pass) + context and collectives + graphs. Independent of the
    context length: engines profile with a fixed number of tokens.
    """
    peak = max(scratch_bytes(arch, engine), forward_bytes(arch, engine, tp))
    other = engine.other_bytes if tp == 1 else engine.other_bytes_parallel
    value = peak + other + engine.graph_bytes
    low, high = (
        (engine.uncertainty_low, engine.uncertainty_high)
        if tp == 1
        else (engine.uncertainty_low_parallel, engine.uncertainty_high_parallel)
    )
    return Overhead(value, max(0.0, value + low), value + high)

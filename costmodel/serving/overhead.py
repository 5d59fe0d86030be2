"""What an engine takes of a GPU besides weights and KV cache, from constants of its version.

The constants live in the book, dated and by version, because they drift with every release. A
start-up log of the user's own engine replaces them (:class:`Calibration`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from costmodel.serving.tensors import Architecture

SIXTEEN_BIT: Final = 2.0
"""Activations are 16-bit."""

COLOURS: Final = 3
"""A pixel is three numbers."""


@dataclass(frozen=True)
class Calibration:
    """What a start-up log says an engine took, and how sure it makes every other estimate.

    `overhead_bytes` on each of `tp` GPUs [bytes]; `weights_bytes` as loaded, 0 where unsaid;
    `uncertainty_bytes`: half the 80 % interval of an estimate that the log anchors [bytes].
    """

    overhead_bytes: float
    tp: int = 1
    weights_bytes: float = 0.0
    uncertainty_bytes: float = 0.0


@dataclass(frozen=True)
class EngineMemory:
    """One engine version's memory constants.

    `budget_share`: share of the GPU it may claim (vLLM's `gpu_memory_utilization`).
    `reserved_bytes`: what the driver's total counts and a process never sees.
    `scratch_bytes_per_entry` for each of `scratch_rows` x vocabulary logits while sampling, and
    `scratch_bytes` once. `step_tokens`: tokens of one forward pass while profiling
    (`max_num_batched_tokens`). `hidden_kept`: hidden states of a step that outlive the pass.
    `expert_workspace`: whether the buffers of routed experts outlive it too.
    `other_bytes`, `other_bytes_parallel`: CUDA context, collectives: on one GPU, on several.
    `held_back_bytes` is left free instead of measured (SGLang), `held_back_bytes_per_gpu` for each
    GPU of the group; then activations are not taken from the budget (`profiles` is false).
    `graph_bytes` + layers x `graph_bytes_per_layer` (+ `graph_bytes_mixture` for routed experts):
    captured CUDA graphs, 0 where the engine keeps them outside its budget; they may turn out
    `graph_low` to `graph_high` times as large. `state_pages`: pages that a request holds of each
    linear-attention layer.
    `uncertainty_low`, `uncertainty_high` [bytes]: 80 % interval of the true minus the computed
    rest on one GPU; `..._parallel` on several. `calibration` replaces all of this at its `tp` and
    shifts it by the same amount elsewhere.
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
    scratch_bytes: float = 0.0
    hidden_kept: int = 0
    expert_workspace: bool = False
    held_back_bytes: float = 0.0
    held_back_bytes_per_gpu: float = 0.0
    graph_bytes_per_layer: float = 0.0
    graph_bytes_mixture: float = 0.0
    graph_low: float = 1.0
    graph_high: float = 1.0
    state_pages: int = 1
    profiles: bool = True
    calibration: Calibration | None = None


@dataclass(frozen=True)
class Overhead:
    """Overhead on each GPU [bytes]: as computed, and its 80 % interval."""

    value: float
    low: float
    high: float


def scratch_bytes(arch: Architecture, engine: EngineMemory) -> float:
    """Logits and their sampling copies: bytes an entry x rows x vocabulary + a constant [bytes]."""
    return engine.scratch_bytes_per_entry * engine.scratch_rows * arch.vocab + engine.scratch_bytes


def kept_bytes(
    arch: Architecture, engine: EngineMemory, tp: int = 1, *, workspace: bool = True
) -> float:
    """What a forward pass leaves behind while the engine samples [bytes].

    The hidden states of the step; for a model that sees, as many image embeddings and the pixels
    they came from; and, with `workspace`, the two buffers of the fused experts: top-k x the larger
    of hidden size and (twice, once) an expert's width on this GPU, for each token.
    """
    hidden = engine.hidden_kept * SIXTEEN_BIT * arch.hidden
    token = hidden
    if arch.image_pixels_per_token and engine.hidden_kept:
        token += hidden + COLOURS * SIXTEEN_BIT * arch.image_pixels_per_token
    if arch.experts and workspace and engine.expert_workspace:
        width = arch.expert_intermediate / tp
        widest = max(2 * width, arch.hidden) + max(width, arch.hidden)
        token += SIXTEEN_BIT * arch.top_k * widest
    return engine.step_tokens * token


def forward_bytes(arch: Architecture, engine: EngineMemory, tp: int = 1) -> float:
    """Activations of one forward pass: 3 feed-forward and 4 hidden vectors a token [bytes].

    A mixture's feed-forward vectors are those of its top-k experts.
    """
    width = arch.intermediate
    if arch.experts:
        width = max(arch.expert_intermediate * arch.top_k, arch.expert_intermediate)
    return engine.step_tokens * SIXTEEN_BIT * (3 * width / tp + 4 * arch.hidden)


def activation_bytes(
    arch: Architecture, engine: EngineMemory, tp: int = 1, *, workspace: bool = True
) -> float:
    """Peak of activations: while sampling or, where larger, during the forward pass [bytes].

    0 for an engine that does not measure it but leaves its share of the GPU free.
    """
    if not engine.profiles:
        return 0.0
    sampling = scratch_bytes(arch, engine) + kept_bytes(arch, engine, tp, workspace=workspace)
    return max(sampling, forward_bytes(arch, engine, tp))


def graph_bytes(arch: Architecture, engine: EngineMemory) -> float:
    """CUDA graphs inside the budget [bytes]."""
    mixture = engine.graph_bytes_mixture if arch.experts else 0.0
    return engine.graph_bytes + engine.graph_bytes_per_layer * arch.layers + mixture


def overhead_bytes(
    arch: Architecture, engine: EngineMemory, tp: int = 1, *, workspace: bool = True
) -> Overhead:
    """Everything in the budget that is neither weights nor KV cache, on each of `tp` GPUs.

    Activations + context and collectives + what is held back + graphs; independent of the context
    length, because engines profile with a fixed number of tokens.
    """
    computed = _computed(arch, engine, tp, workspace=workspace)
    known = engine.calibration
    if known is None:
        return computed
    at_log = _computed(arch, engine, known.tp, workspace=workspace)
    value = max(0.0, computed.value + known.overhead_bytes - at_log.value)
    margin = known.uncertainty_bytes
    return Overhead(value, max(0.0, value - margin), value + margin)


def _computed(arch: Architecture, engine: EngineMemory, tp: int, *, workspace: bool) -> Overhead:
    other = engine.other_bytes if tp == 1 else engine.other_bytes_parallel
    held_back = engine.held_back_bytes + tp * engine.held_back_bytes_per_gpu
    graphs = graph_bytes(arch, engine)
    rest = activation_bytes(arch, engine, tp, workspace=workspace) + other + held_back
    low, high = (
        (engine.uncertainty_low, engine.uncertainty_high)
        if tp == 1
        else (engine.uncertainty_low_parallel, engine.uncertainty_high_parallel)
    )
    least, most = rest + low + engine.graph_low * graphs, rest + high + engine.graph_high * graphs
    return Overhead(rest + graphs, max(0.0, least), most)

"""From an architecture, a format and a request shape to the numbers the roofline asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from costmodel.serving.kv_cache import sequence_bytes
from costmodel.serving.roofline import Model
from costmodel.serving.weights import WeightFormat, effective_bits_per_weight

if TYPE_CHECKING:
    from costmodel.serving.tensors import Architecture, KvLayer


def roofline_model(
    arch: Architecture,
    weight_format: WeightFormat,
    *,
    input_tokens: float,
    output_tokens: float,
    kv_dtype: str = "bf16",
    tp: int = 1,
) -> Model:
    """The model's numbers at one request shape; the cache at its mean length, ISL + OSL / 2."""
    mean_context = round(input_tokens + output_tokens / 2)
    return Model(
        layers=arch.layers,
        hidden=arch.hidden,
        vocab=arch.vocab,
        linear_parameters=arch.linear_parameters,
        active_linear_parameters=arch.active_linear_parameters,
        experts=arch.experts,
        top_k=arch.top_k,
        bytes_per_weight=effective_bits_per_weight(arch, weight_format) / 8,
        kv_bytes_read=tp * sequence_bytes(arch, mean_context, kv_dtype, tp),
        prefill_attention_flops=prefill_attention_flops(arch, input_tokens),
    )


def prefill_attention_flops(arch: Architecture, input_tokens: float) -> float:
    """FLOP of causal attention over one prompt: 2 (QK and PV) x 2 x heads x dim x tokens x span.

    The mean span is half the prompt, or the window where that is shorter; state layers cost
    4 x state a token.
    """
    return sum(_layer_flops(layer, arch, input_tokens) for layer in arch.kv_layers)


def _layer_flops(layer: KvLayer, arch: Architecture, tokens: float) -> float:
    if layer.kind == "none":
        return 0.0
    if layer.kind == "state":
        return 4.0 * layer.state_elements_fp32 * tokens
    span = tokens / 2
    if layer.window:
        span = min(span, layer.window)
    return 2.0 * arch.heads * (layer.key_dim + (layer.value_dim or layer.key_dim)) * tokens * span

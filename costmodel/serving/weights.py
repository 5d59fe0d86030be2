"""Bytes of a model's weights in a format: as stored, and as loaded on one of `tp` GPUs.

Formats of safetensors checkpoints quantise the matrices of the layers and leave embedding, head,
norms, router and biases at 16 bits. GGUF files choose a type tensor by tensor
(:mod:`~costmodel.serving.gguf`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from costmodel.serving.gguf import gguf_bytes
from costmodel.serving.tensors import LINEAR_ROLES, Architecture, Part, Tensor

STORED: tuple[Part, ...] = ("text", "mtp", "vision")
LOADED: tuple[Part, ...] = ("text", "vision")
"""Engines load the multi-token-prediction layers only when asked to speculate."""


@dataclass(frozen=True)
class WeightFormat:
    """How weights are stored.

    `bits_per_weight` [bits] of a quantised weight counts its group scales and zero points
    (4-bit, groups of 128, 16-bit scale, 4-bit zero: 4 + 16/128 + 4/128). `experts_only` leaves
    every other matrix at `other_bits`, as do the roles in `ignored`. `pad_experts_to` [elements]:
    kernels pad an expert's width to a multiple of it. `gguf_type` names a llama.cpp mix and
    `importance_matrix` whether the file was made with one.
    """

    id: str
    family: Literal["safetensors", "gguf"] = "safetensors"
    bits_per_weight: float = 16.0
    experts_only: bool = False
    ignored: frozenset[str] = frozenset()
    other_bits: float = 16.0
    pad_experts_to: int = 1
    gguf_type: str = ""
    importance_matrix: bool = False


def stored_bytes(arch: Architecture, weight_format: WeightFormat) -> float:
    """Bytes of the checkpoint on disk [bytes].

    A safetensors checkpoint keeps multi-token-prediction layers and the vision tower; a GGUF file
    holds the language model alone (the tower is a file of its own).
    """
    if weight_format.family == "gguf":
        return _gguf(arch, weight_format)
    return sum(_bytes(t, weight_format) for t in arch.tensors if t.part in STORED)


def loaded_bytes_per_gpu(arch: Architecture, weight_format: WeightFormat, tp: int = 1) -> float:
    """Bytes of weights on each GPU of a tensor-parallel group of `tp` [bytes].

    Matrices divide by `tp`, key and value projections by at most the KV heads, norms, router and
    low-rank projections not at all. A GGUF file divides evenly.
    """
    if weight_format.family == "gguf":
        return _gguf(arch, weight_format) / tp
    return sum(
        _bytes(t, weight_format) * _padding(t, weight_format, tp) / min(tp, t.max_shards)
        for t in arch.tensors
        if t.part in LOADED
    )


def effective_bits_per_weight(arch: Architecture, weight_format: WeightFormat) -> float:
    """Mean bits of a layer's matrices, embeddings and head aside [bits]."""
    if weight_format.family == "gguf":
        return 8 * _gguf(arch, weight_format) / arch.parameters_of("text")
    linears = [t for t in arch.tensors if t.part == "text" and t.role in LINEAR_ROLES]
    return 8 * sum(_bytes(t, weight_format) for t in linears) / arch.linear_parameters


def is_quantised(tensor: Tensor, weight_format: WeightFormat) -> bool:
    """Whether the format touches this tensor at all."""
    return (
        tensor.role in LINEAR_ROLES
        and tensor.part != "vision"
        and tensor.role not in weight_format.ignored
        and not (weight_format.experts_only and tensor.experts == 1)
    )


def _bytes(tensor: Tensor, weight_format: WeightFormat) -> float:
    quantised = is_quantised(tensor, weight_format)
    bits = weight_format.bits_per_weight if quantised else weight_format.other_bits
    return tensor.elements * bits / 8


def _padding(tensor: Tensor, weight_format: WeightFormat, tp: int) -> float:
    """How much wider kernels make each rank's slice of an expert (gpt-oss: 2,880 -> 3,072)."""
    if tensor.experts == 1 or weight_format.pad_experts_to == 1:
        return 1.0
    width = (tensor.columns if tensor.role == "ffn_down" else tensor.rows) / tp
    multiple = weight_format.pad_experts_to
    return math.ceil(width / multiple) * multiple / width


def _gguf(arch: Architecture, weight_format: WeightFormat) -> float:
    return gguf_bytes(arch, weight_format.gguf_type, imatrix=weight_format.importance_matrix)

"""Bytes of a model's weights in a format: as stored, and as loaded on one of `tp` GPUs.

Formats of safetensors checkpoints quantise the matrices of the layers and leave embedding, head,
norms, router and biases at 16 bits. GGUF files choose a type tensor by tensor
(:mod:`~costmodel.serving.gguf`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Literal

from costmodel.quantity.units import MIB
from costmodel.serving.gguf import gguf_bytes, metadata_bytes
from costmodel.serving.ignore_lists import is_ignored
from costmodel.serving.tensors import LINEAR_ROLES, Allocation, Architecture, Part, Tensor

STORED: tuple[Part, ...] = ("text", "mtp", "vision")
LOADED: tuple[Part, ...] = ("text", "vision")
"""Engines load the multi-token-prediction layers only when asked to speculate."""

VOCABULARY_MULTIPLE: Final = 64
"""Engines pad embedding and head to a multiple of it (vLLM `DEFAULT_VOCAB_PADDING_SIZE`)."""

SIXTEEN_BIT: Final = 2.0
"""Bytes of a 16-bit number: rotary tables, and MLA's absorbed projection."""


@dataclass(frozen=True)
class WeightFormat:
    """How weights are stored.

    `bits_per_weight` [bits] of a quantised weight counts its group scales and zero points
    (4-bit, groups of 128, 16-bit scale, 4-bit zero: 4 + 16/128 + 4/128). `experts_only` leaves
    every other matrix at `other_bits`, as do the roles in `ignored` and the modules that
    `exclusions` (an ignore list, see :mod:`~costmodel.serving.ignore_lists`) names. Kernels pad
    an expert's input to a multiple of `pad_hidden_to` and each rank's slice of its width to a
    multiple of `pad_experts_to` [elements]. `gguf_type` names a llama.cpp mix and
    `importance_matrix` whether the file was made with one.
    """

    id: str
    family: Literal["safetensors", "gguf"] = "safetensors"
    bits_per_weight: float = 16.0
    experts_only: bool = False
    ignored: frozenset[str] = frozenset()
    exclusions: tuple[str, ...] = ()
    other_bits: float = 16.0
    pad_experts_to: int = 1
    pad_hidden_to: int = 1
    gguf_type: str = ""
    importance_matrix: bool = False


@lru_cache(maxsize=1024)
def stored_bytes(arch: Architecture, weight_format: WeightFormat) -> float:
    """Bytes of the checkpoint on disk [bytes].

    A safetensors checkpoint keeps multi-token-prediction layers and the vision tower; a GGUF file
    holds the language model alone (the tower is a file of its own) and the tokenizer.
    """
    if weight_format.family == "gguf":
        return _gguf(arch, weight_format) + metadata_bytes(arch)
    return sum(sum(_bytes(t, weight_format)) for t in arch.tensors if t.part in STORED)


@lru_cache(maxsize=4096)
def loaded_bytes_per_gpu(
    arch: Architecture,
    weight_format: WeightFormat,
    tp: int = 1,
    *,
    parts: tuple[Part, ...] = LOADED,
) -> float:
    """Bytes of weights on each GPU of a tensor-parallel group of `tp` [bytes].

    Matrices divide by `tp`, key and value projections by at most the KV heads, norms, router and
    low-rank projections not at all. What the allocator rounds up, rotary tables and MLA's absorbed
    projections count, as in vLLM's "Model loading took". A GGUF file divides evenly.
    """
    if weight_format.family == "gguf":
        return _gguf(arch, weight_format) / tp
    total = SIXTEEN_BIT * arch.rotary_elements
    for piece in arch.allocations:
        if piece.tensors[0].part in parts:
            total += _loaded_piece(piece, weight_format, tp)
    return total


def effective_bits_per_weight(arch: Architecture, weight_format: WeightFormat) -> float:
    """Mean bits of a layer's matrices, embeddings and head aside [bits]."""
    if weight_format.family == "gguf":
        return 8 * _gguf(arch, weight_format) / arch.parameters_of("text")
    linears = [t for t in arch.tensors if t.part == "text" and t.role in LINEAR_ROLES]
    return 8 * sum(sum(_bytes(t, weight_format)) for t in linears) / arch.linear_parameters


def is_quantised(tensor: Tensor, weight_format: WeightFormat) -> bool:
    """Whether the format touches this tensor at all."""
    return (
        tensor.role in LINEAR_ROLES
        and tensor.part != "vision"
        and tensor.role not in weight_format.ignored
        and not (weight_format.experts_only and tensor.experts == 1)
        and not is_ignored(tensor.name, weight_format.exclusions)
    )


def expert_padding(arch: Architecture, weight_format: WeightFormat, tp: int = 1) -> float:
    """How much larger kernels make the routed experts on one of `tp` GPUs.

    >>> round(3072 / 2880, 4)  # gpt-oss on a Hopper GPU
    1.0667
    """
    stack = next((t for t in arch.tensors if t.experts > 1 and t.part == "text"), None)
    return 1.0 if stack is None else _padding(stack, weight_format, tp)


def allocated_bytes(size: float) -> float:
    """What PyTorch's allocator counts for a piece of `size` [bytes].

    From 10 MiB it asks for whole 2 MiB, and keeps a rest of up to 1 MiB rather than split it off
    (PyTorch `c10/core/CachingDeviceAllocator.h`: kMinLargeAlloc, kRoundLarge, kSmallSize).

    >>> allocated_bytes(75 * 2**20) / 2**20
    76.0
    """
    if size < 10 * MIB:
        return size
    whole = math.ceil(size / (2 * MIB)) * 2 * MIB
    return float(whole) if whole - size <= MIB else size


def _loaded_piece(piece: Allocation, weight_format: WeightFormat, tp: int) -> float:
    """Bytes of a piece on one GPU, in all the layers that repeat it."""
    if not weight_format.exclusions:
        return len(piece.layers) * _loaded_once(piece.tensors, weight_format, tp)
    return sum(
        _loaded_once(
            tuple(replace(tensor, layer=layer) for tensor in piece.tensors), weight_format, tp
        )
        for layer in piece.layers
    )


def _loaded_once(tensors: tuple[Tensor, ...], weight_format: WeightFormat, tp: int) -> float:
    codes = scales = copies = 0.0
    for tensor in tensors:
        share = _padding(tensor, weight_format, tp) / min(tp, tensor.max_shards)
        of_codes, of_scales = _bytes(tensor, weight_format)
        codes, scales = codes + of_codes * share, scales + of_scales * share
        if tensor.absorbed and is_quantised(tensor, weight_format):
            copies += tensor.elements * SIXTEEN_BIT * share
    return allocated_bytes(codes) + allocated_bytes(scales) + copies


def _bytes(tensor: Tensor, weight_format: WeightFormat) -> tuple[float, float]:
    """Bytes of a tensor's numbers, and of their scales and zero points."""
    quantised = is_quantised(tensor, weight_format)
    bits = weight_format.bits_per_weight if quantised else weight_format.other_bits
    codes = tensor.elements * int(bits) / 8
    return codes, tensor.elements * bits / 8 - codes


def _padding(tensor: Tensor, weight_format: WeightFormat, tp: int) -> float:
    """How much larger kernels make a tensor (gpt-oss: experts of 2,880 -> 3,072)."""
    if tensor.role in ("embedding", "head"):
        return _whole(tensor.rows, VOCABULARY_MULTIPLE) / tensor.rows
    if tensor.experts == 1:
        return 1.0
    width, hidden = tensor.rows / tp, tensor.columns
    if tensor.role == "ffn_down":
        width, hidden = tensor.columns / tp, tensor.rows
    wider = _whole(width, weight_format.pad_experts_to) / width
    return wider * _whole(hidden, weight_format.pad_hidden_to) / hidden


def _whole(size: float, multiple: int) -> float:
    return size if multiple == 1 else math.ceil(size / multiple) * multiple


@lru_cache(maxsize=1024)
def _gguf(arch: Architecture, weight_format: WeightFormat) -> float:
    return gguf_bytes(arch, weight_format.gguf_type, imatrix=weight_format.importance_matrix)

"""What a model is made of: weight tensors, cache layers, and the architecture that holds both.

Sizes are counts of elements, never bytes: a format (:mod:`~costmodel.serving.weights`) or a cache
dtype (:mod:`~costmodel.serving.kv_cache`) turns them into bytes.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import astuple, dataclass, replace
from functools import cached_property
from typing import Final, Literal

Role = Literal[
    "embedding",
    "head",
    "attention_q",
    "attention_k",
    "attention_v",
    "attention_qkv",
    "attention_output",
    "ffn_gate",
    "ffn_up",
    "ffn_down",
    "projection",
    "router",
    "norm",
    "bias",
    "convolution",
]
"""What a tensor does; the rules of every weight format are stated over these."""

LINEAR_ROLES: Final[frozenset[str]] = frozenset(
    {
        "attention_q",
        "attention_k",
        "attention_v",
        "attention_qkv",
        "attention_output",
        "ffn_gate",
        "ffn_up",
        "ffn_down",
        "projection",
    }
)
"""Roles that a weight format quantises; the rest stays at 16 (or 32) bits."""

Part = Literal["text", "mtp", "vision"]
"""The language model, its multi-token-prediction layers, its vision tower."""

FUSED: Final = {
    "q_proj": "qkv",
    "k_proj": "qkv",
    "v_proj": "qkv",
    "gate_proj": "gate_up",
    "up_proj": "gate_up",
}
"""Modules that engines keep as one matrix (vLLM QKVParallelLinear, MergedColumnParallelLinear)."""

IMAGE_PIXELS_PER_TOKEN: Final = 784
"""28 x 28 pixels become one token in Pixtral and Qwen-VL."""

ANY_SHARDS: Final = 1 << 30
"""A tensor that divides over as many ranks as there are."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One weight matrix, or a stack of `experts` identical ones.

    `columns` is the input dimension (contiguous in GGUF, where it decides the block size).
    `max_shards` is the number of tensor-parallel ranks it divides over: 1 is replicated,
    a key/value projection divides over the KV heads.
    """

    role: Role
    columns: int
    rows: int = 1
    layer: int = -1
    experts: int = 1
    max_shards: int = ANY_SHARDS
    part: Part = "text"
    module: str = ""
    """Its name within a layer, as ignore lists of checkpoints spell it (`mlp.gate_proj`)."""
    absorbed: bool = False
    """Engines keep a 16-bit copy of it where it is quantised (MLA's up projection)."""

    @property
    def name(self) -> str:
        """Its full name: `layers.3.mlp.gate_proj`, `lm_head`."""
        return self.module if self.layer < 0 else f"layers.{self.layer}.{self.module}"

    @property
    def elements(self) -> int:
        """Number of weights in the tensor, all experts together."""
        return self.columns * self.rows * self.experts


KvKind = Literal["full", "sliding", "chunked", "latent", "state", "none"]


@dataclass(frozen=True, slots=True)
class KvLayer:
    """What one layer keeps per sequence.

    `full`, `sliding` and `chunked` keep `heads * (key_dim + value_dim)` elements a token (the last
    two within `window` tokens); `latent` keeps one `key_dim` vector a token for all heads (MLA),
    plus `indexer_dim` one-byte elements for sparse attention; `state` keeps `state_elements`
    (cache dtype of the model) and `state_elements_fp32` however long the sequence is.
    """

    kind: KvKind
    heads: int = 0
    key_dim: int = 0
    value_dim: int = 0
    window: int = 0
    indexer_dim: int = 0
    state_elements: int = 0
    state_elements_fp32: int = 0


@dataclass(frozen=True)
class Allocation:
    """Tensors that engines keep in one piece of memory (q, k and v; gate and up).

    `layers` are the layers that repeat it; -1 stands for the ends of the model.
    """

    tensors: tuple[Tensor, ...]
    layers: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Architecture:
    """A model as the memory and throughput rules see it; equal to itself alone.

    `rotary_elements`: entries of the sine and cosine tables that engines keep beside the weights.
    `image_pixels_per_token`: 0 where the model reads text only.
    """

    name: str
    model_type: str
    layers: int
    hidden: int
    intermediate: int
    heads: int
    kv_heads: int
    head_dim: int
    vocab: int
    tied_embeddings: bool
    max_context: int
    experts: int
    top_k: int
    tensors: tuple[Tensor, ...]
    kv_layers: tuple[KvLayer, ...]
    rotary_elements: int = 0
    image_pixels_per_token: int = 0

    @cached_property
    def allocations(self) -> tuple[Allocation, ...]:
        """The tensors in the pieces that engines allocate, equal pieces of all layers as one."""
        pieces: dict[tuple[int, Part, str], list[Tensor]] = {}
        for index, tensor in enumerate(self.tensors):
            pieces.setdefault((tensor.layer, tensor.part, _piece(tensor, index)), []).append(tensor)
        layers: dict[tuple[Tensor, ...], list[int]] = {}
        for (layer, _, _), tensors in pieces.items():
            alike = tuple(replace(tensor, layer=-1) for tensor in tensors)
            layers.setdefault(alike, []).append(layer)
        return tuple(Allocation(alike, tuple(at)) for alike, at in layers.items())

    @cached_property
    def kv_kinds(self) -> tuple[tuple[KvLayer, int], ...]:
        """Each distinct cache layer with the number of layers of its kind."""
        counts = Counter(layer for layer in self.kv_layers if layer.kind != "none")
        return tuple(sorted(counts.items(), key=lambda item: astuple(item[0])))

    @cached_property
    def parameters(self) -> int:
        """All weights: text, multi-token prediction and vision."""
        return sum(t.elements for t in self.tensors)

    def parameters_of(self, part: Part) -> int:
        """Weights of one part of the checkpoint."""
        return sum(t.elements for t in self.tensors if t.part == part)

    @cached_property
    def active_parameters(self) -> int:
        """Text weights that one token passes through: of a stack of experts, top-k."""
        return sum(self._active(t) for t in self.tensors if t.part == "text")

    @cached_property
    def linear_parameters(self) -> int:
        """Text weights of the layers' matrices: neither embedding, head, router, norm nor bias."""
        return sum(t.elements for t in self._linears())

    @cached_property
    def active_linear_parameters(self) -> int:
        """The part of :attr:`linear_parameters` that one token passes through."""
        return sum(self._active(t) for t in self._linears())

    @cached_property
    def expert_intermediate(self) -> int:
        """Width of one routed expert; 0 for a dense model."""
        return max(
            (t.rows for t in self.tensors if t.role == "ffn_up" and t.experts > 1), default=0
        )

    def with_vision(self, parameters: int) -> Architecture:
        """The same model with a vision tower of that many 16-bit weights."""
        if not parameters:
            return self
        tower = Tensor("norm", parameters, part="vision", module="vision_tower")
        pixels = self.image_pixels_per_token or IMAGE_PIXELS_PER_TOKEN
        return replace(self, tensors=(*self.tensors, tower), image_pixels_per_token=pixels)

    def _linears(self) -> list[Tensor]:
        return [t for t in self.tensors if t.part == "text" and t.role in LINEAR_ROLES]

    def _active(self, tensor: Tensor) -> int:
        return tensor.elements // tensor.experts * min(self.top_k or 1, tensor.experts)


def _piece(tensor: Tensor, index: int) -> str:
    """What tensors of a layer must share to be kept in one piece; `index` keeps others apart."""
    fused = FUSED.get(tensor.module.rpartition(".")[2])
    return f"{tensor.module.rpartition('.')[0]}.{fused}" if fused else str(index)

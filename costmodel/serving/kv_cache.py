"""Bytes of the KV cache: per token, per sequence, and as an engine's block pool hands it out.

Full attention keeps every token; sliding and chunked attention keep a window; latent attention
(MLA) keeps one vector a token for all heads, on every tensor-parallel rank; linear and Mamba
layers keep a state of fixed size. KV heads replicate once there are more ranks than heads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from costmodel.errors import UnknownIdError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from costmodel.serving.tensors import Architecture, KvLayer

BYTES_PER_ELEMENT: Final[Mapping[str, float]] = {
    "bf16": 2.0,
    "fp16": 2.0,
    "fp8": 1.0,
    "int8": 1.0 + 4 / 128,
    "int4": 0.5 + 4 / 128,
    "q8_0": 34 / 32,
    "q5_1": 24 / 32,
    "q4_0": 18 / 32,
    "nvfp4": 0.5 + 1 / 16,
}
"""Bytes of one cached element by dtype: int8/int4 with 4 bytes of scale (and zero point) per head
of 128 (vLLM `int8_per_token_head`, LMDeploy), q8_0/q5_1/q4_0 in llama.cpp's blocks of 32, nvfp4
with an 8-bit scale per 16."""

SYNONYMS: Final[Mapping[str, str]] = {
    "f16": "fp16",
    "bfloat16": "bf16",
    "float16": "fp16",
    "fp8_e4m3": "fp8",
    "fp8_e5m2": "fp8",
    "auto": "bf16",
    "16-bit": "bf16",
    "int8_per_token_head": "int8",
    "int4_per_token_head": "int4",
}

STATE_BYTES: Final = 2.0
STATE_BYTES_FP32: Final = 4.0
INDEXER_SCALE_BYTES: Final = 4.0
"""The sparse-attention indexer keeps one byte an element and one 32-bit scale a token."""
SPARSE_LATENT_FP8_BYTES: Final = 656.0
"""A token of sparse MLA in fp8: 512 one-byte elements, 4 scales, 64 rotary elements of 16 bits
(vLLM `fp8_ds_mla`, `v1/kv_cache_interface.py` at 001cabc)."""


def kv_dtype_bytes(kv_dtype: str) -> float:
    """Bytes of one cached element; raises :class:`UnknownIdError`.

    >>> kv_dtype_bytes("fp8")
    1.0
    """
    name = SYNONYMS.get(kv_dtype.lower(), kv_dtype.lower())
    if name not in BYTES_PER_ELEMENT:
        raise UnknownIdError("KV cache dtype", kv_dtype, BYTES_PER_ELEMENT)
    return BYTES_PER_ELEMENT[name]


def token_bytes(layer: KvLayer, kv_dtype: str = "bf16", tp: int = 1) -> float:
    """Bytes that one layer keeps per token on each of `tp` GPUs [bytes]."""
    element = kv_dtype_bytes(kv_dtype)
    if layer.kind == "latent":
        indexer = layer.indexer_dim + INDEXER_SCALE_BYTES if layer.indexer_dim else 0.0
        if indexer and element == 1:
            return SPARSE_LATENT_FP8_BYTES + indexer
        return layer.key_dim * element + indexer
    if layer.kind in ("state", "none"):
        return 0.0
    return math.ceil(layer.heads / tp) * (layer.key_dim + layer.value_dim) * element


def state_bytes(layer: KvLayer, tp: int = 1) -> float:
    """Bytes that one linear-attention or Mamba layer keeps per sequence on each GPU [bytes]."""
    return (layer.state_elements * STATE_BYTES + layer.state_elements_fp32 * STATE_BYTES_FP32) / tp


def bytes_per_token(arch: Architecture, kv_dtype: str = "bf16", tp: int = 1) -> float:
    """Bytes by which one sequence grows per token, within every window [bytes, one GPU of tp]."""
    return sum(count * token_bytes(layer, kv_dtype, tp) for layer, count in arch.kv_kinds)


def fixed_bytes(arch: Architecture, tp: int = 1) -> float:
    """Bytes of state that a sequence keeps however long it is [bytes, one GPU of tp]."""
    return sum(count * state_bytes(layer, tp) for layer, count in arch.kv_kinds)


def sequence_bytes(
    arch: Architecture,
    context: Any,
    kv_dtype: str = "bf16",
    tp: int = 1,
    *,
    window_margin: int = 0,
    keep_whole_windows: bool = False,
) -> Any:
    """Bytes that the mathematics needs for one sequence of `context` tokens [bytes, one GPU].

    llama.cpp keeps `window_margin` (its micro-batch, 512) tokens beside a sliding window, or with
    `keep_whole_windows` (`--swa-full`) all of them. `context` [tokens] may be an array.
    """
    total = fixed_bytes(arch, tp)
    for layer, count in arch.kv_kinds:
        kept = context
        if layer.window and not keep_whole_windows:
            kept = at_most(context, layer.window + window_margin)
        total += count * kept * token_bytes(layer, kv_dtype, tp)
    return total


@dataclass(frozen=True)
class BlockPool:
    """How a paged engine hands out one GPU's KV memory.

    All layers share pages of one size: `group_layers` layers make a group, a request holds
    `blocks_per_request` blocks (an array where the context was one), each `block_bytes` on this
    GPU.
    """

    block_tokens: int
    block_bytes: float
    blocks_per_request: Any
    groups: int

    @property
    def request_bytes(self) -> Any:
        """Bytes that one request of the planned length holds on this GPU [bytes]."""
        return self.blocks_per_request * self.block_bytes

    def concurrency(self, pool_bytes: float) -> Any:
        """Requests of the planned length that a pool of `pool_bytes` on this GPU holds."""
        return max(0.0, pool_bytes // self.block_bytes) / self.blocks_per_request


def block_pool(
    arch: Architecture,
    context: Any,
    kv_dtype: str = "bf16",
    tp: int = 1,
    *,
    block_tokens: int = 16,
    tokens_in_flight: int = 8192,
    state_pages: int = 1,
) -> BlockPool:
    """VLLM's hybrid block pool (V1 KV cache manager, `kv_cache_utils.py`), for one GPU of `tp`.

    Layers of a kind form groups of equal size, and all pages are as large as the widest layer's:
    narrow layers get more tokens a page, and a group that is not full is padded. A sliding layer
    holds its window and the `tokens_in_flight` of one step; a state layer holds `state_pages`
    (1, or 2 with prefix caching; one more for each speculative token), which widen the block until
    one page holds the state. `context` [tokens] may be an array.
    """
    kinds = arch.kv_kinds
    widest = max((token_bytes(k, kv_dtype, tp) for k, _ in kinds), default=0.0)
    if not widest:
        return BlockPool(block_tokens, max(1.0, fixed_bytes(arch, tp)), 1, 1)
    block = _block_tokens(kinds, widest, block_tokens, tp)
    if len(kinds) == 1:
        layer, count = kinds[0]
        blocks = _blocks(layer, context, block, tokens_in_flight, state_pages)
        return BlockPool(block, widest * block * count, blocks, 1)
    page = widest * block
    size = _group_size([count for _, count in kinds])
    groups = blocks = 0
    for layer, count in kinds:
        group_count = math.ceil(count / size)
        groups += group_count
        own = token_bytes(layer, kv_dtype, tp)
        own_block = max(block, int(page // own)) if own else block
        held = _blocks(layer, context, own_block, tokens_in_flight, state_pages)
        blocks = blocks + group_count * held
    return BlockPool(block, page * size, blocks, groups)


Kinds = tuple[tuple["KvLayer", int], ...]


def _block_tokens(kinds: Kinds, widest: float, block: int, tp: int) -> int:
    """Tokens a block: enough for one state to fit a page, in steps of `block`."""
    state = max((state_bytes(layer, tp) for layer, _ in kinds), default=0.0)
    return max(block, math.ceil(state / widest / block) * block) if state and widest else block


def _group_size(counts: list[int]) -> int:
    """The smallest count, or the largest where that pads less than a quarter."""
    fewest, most = min(counts), max(counts)
    return most if most < fewest * 1.25 else fewest


def _blocks(layer: KvLayer, context: Any, block: int, in_flight: int, state_pages: int) -> Any:
    """Blocks that one request holds in one group of this kind of layer."""
    if layer.kind == "state":
        return state_pages
    if layer.kind == "sliding" and layer.window:
        return _whole(at_most(context, layer.window - 1 + in_flight), block) + 1
    if layer.kind == "chunked":
        return _whole(at_most(context, layer.window + in_flight), block)
    return _whole(context, block)


def _whole(tokens: Any, block: int) -> Any:
    """Blocks that hold so many tokens; whole numbers only, for one value and arrays alike."""
    return -(-tokens // block)


def at_most(value: Any, limit: float) -> Any:
    """The lesser of a value or an array and a limit."""
    return np.minimum(value, limit) if isinstance(value, np.ndarray) else min(value, limit)

"""The building blocks that families are composed of: attention, feed-forward, experts, states.

Each function returns the tensors of one block of one layer. Dimensions are element counts.
"""

from __future__ import annotations

from costmodel.serving.tensors import ANY_SHARDS, Part, Tensor


def norm(layer: int, size: int, count: int = 1, *, part: Part = "text") -> Tensor:
    """`count` normalisation vectors of `size` weights."""
    return Tensor("norm", size, count, layer, max_shards=1, part=part)


def bias(layer: int, size: int, *, part: Part = "text", max_shards: int = ANY_SHARDS) -> Tensor:
    """`size` bias weights."""
    return Tensor("bias", size, 1, layer, max_shards=max_shards, part=part)


def attention(
    layer: int,
    hidden: int,
    heads: int,
    kv_heads: int,
    head_dim: int,
    *,
    gated: bool = False,
    values: bool = True,
    part: Part = "text",
) -> list[Tensor]:
    """Grouped-query attention: q (twice as wide where `gated`), k, v (absent if v = k), output."""
    kv_rows = kv_heads * head_dim
    tensors = [
        Tensor("attention_q", hidden, heads * head_dim * (2 if gated else 1), layer, part=part),
        Tensor("attention_k", hidden, kv_rows, layer, max_shards=kv_heads, part=part),
    ]
    if values:
        tensors.append(
            Tensor("attention_v", hidden, kv_rows, layer, max_shards=kv_heads, part=part)
        )
    tensors.append(Tensor("attention_output", heads * head_dim, hidden, layer, part=part))
    return tensors


def fused_attention(
    layer: int, hidden: int, heads: int, kv_heads: int, head_dim: int
) -> list[Tensor]:
    """Grouped-query attention whose q, k and v are one matrix (Phi-3)."""
    return [
        Tensor("attention_qkv", hidden, (heads + 2 * kv_heads) * head_dim, layer),
        Tensor("attention_output", heads * head_dim, hidden, layer),
    ]


def latent_attention(  # noqa: PLR0913 - the dimensions of one block
    layer: int,
    hidden: int,
    heads: int,
    *,
    q_rank: int,
    kv_rank: int,
    nope_dim: int,
    rope_dim: int,
    value_dim: int,
    part: Part = "text",
) -> list[Tensor]:
    """Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, 2.1); q_rank 0 = full q."""
    q_rows = heads * (nope_dim + rope_dim)
    down = {"layer": layer, "max_shards": 1, "part": part}
    query = [Tensor("attention_q", q_rank or hidden, q_rows, layer, part=part)]
    if q_rank:
        query = [
            Tensor("projection", hidden, q_rank, **down),
            norm(layer, q_rank, part=part),
            *query,
        ]
    return [
        *query,
        Tensor("projection", hidden, kv_rank + rope_dim, **down),
        norm(layer, kv_rank, part=part),
        Tensor("projection", kv_rank, heads * (nope_dim + value_dim), layer, part=part),
        Tensor("attention_output", heads * value_dim, hidden, layer, part=part),
    ]


def sparse_indexer(
    layer: int, hidden: int, q_rank: int, heads: int, head_dim: int, *, part: Part = "text"
) -> list[Tensor]:
    """The lightning indexer of DeepSeek sparse attention (V3.2, GLM-5): replicated on each rank."""
    shape = {"layer": layer, "max_shards": 1, "part": part}
    return [
        Tensor("projection", q_rank, heads * head_dim, **shape),
        Tensor("projection", hidden, head_dim, **shape),
        norm(layer, head_dim, 2, part=part),
        Tensor("projection", hidden, heads, **shape),
    ]


def gated_mlp(layer: int, hidden: int, width: int, *, part: Part = "text") -> list[Tensor]:
    """Gate, up and down projection of a SwiGLU/GeGLU feed-forward layer."""
    return [
        Tensor("ffn_gate", hidden, width, layer, part=part),
        *mlp(layer, hidden, width, part=part),
    ]


def fused_mlp(layer: int, hidden: int, width: int) -> list[Tensor]:
    """A gated feed-forward layer whose gate and up projection are one matrix (Phi-3)."""
    return [
        Tensor("ffn_up", hidden, 2 * width, layer),
        Tensor("ffn_down", width, hidden, layer),
    ]


def mlp(layer: int, hidden: int, width: int, *, part: Part = "text") -> list[Tensor]:
    """Up and down projection of a feed-forward layer without a gate."""
    return [
        Tensor("ffn_up", hidden, width, layer, part=part),
        Tensor("ffn_down", width, hidden, layer, part=part),
    ]


def mixture(  # noqa: PLR0913 - the dimensions of one block
    layer: int,
    hidden: int,
    experts: int,
    width: int,
    *,
    shared_width: int = 0,
    router_bias: bool = False,
    gated: bool = True,
    latent: int = 0,
    part: Part = "text",
) -> list[Tensor]:
    """Router, stacked experts (reading a `latent` vector where that is set) and a shared expert."""
    inner = latent or hidden
    tensors = [Tensor("router", hidden, experts, layer, max_shards=1, part=part)]
    if router_bias:
        tensors.append(bias(layer, experts, part=part, max_shards=1))
    if gated:
        tensors.append(Tensor("ffn_gate", inner, width, layer, experts, part=part))
    tensors.append(Tensor("ffn_up", inner, width, layer, experts, part=part))
    tensors.append(Tensor("ffn_down", width, inner, layer, experts, part=part))
    if latent:
        tensors.append(Tensor("projection", hidden, latent, layer, max_shards=1, part=part))
        tensors.append(Tensor("projection", latent, hidden, layer, max_shards=1, part=part))
    if shared_width:
        shared = gated_mlp if gated else mlp
        tensors.extend(shared(layer, hidden, shared_width, part=part))
    return tensors


def gated_delta_net(
    layer: int,
    hidden: int,
    *,
    key_heads: int,
    value_heads: int,
    key_dim: int,
    value_dim: int,
    kernel: int,
) -> list[Tensor]:
    """Gated DeltaNet linear attention (Qwen3-Next, Qwen3.5): projections, convolution, gates."""
    keys, values = key_heads * key_dim, value_heads * value_dim
    return [
        Tensor("attention_qkv", hidden, 2 * keys + values, layer),
        Tensor("projection", hidden, values, layer),
        Tensor("projection", hidden, 2 * value_heads, layer),
        Tensor("convolution", kernel, 2 * keys + values, layer),
        Tensor("norm", 2 * value_heads, 1, layer),
        norm(layer, value_dim),
        Tensor("attention_output", values, hidden, layer),
    ]


def mamba2(
    layer: int, hidden: int, *, heads: int, head_dim: int, state: int, groups: int, kernel: int
) -> list[Tensor]:
    """A Mamba-2 mixer (arXiv 2405.21060): projections, convolution with bias, A/D/dt."""
    inner = heads * head_dim
    convolved = inner + 2 * groups * state
    return [
        Tensor("projection", hidden, inner + convolved + heads, layer),
        Tensor("convolution", kernel, convolved, layer),
        Tensor("bias", convolved, 1, layer),
        Tensor("norm", 3 * heads, 1, layer),
        Tensor("norm", inner, 1, layer),
        Tensor("projection", inner, hidden, layer),
    ]

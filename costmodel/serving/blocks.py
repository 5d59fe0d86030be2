"""The building blocks that families are composed of: attention, feed-forward, experts, states.

Each function returns the tensors of one block of one layer. Dimensions are element counts.
"""

from __future__ import annotations

from costmodel.serving.tensors import ANY_SHARDS, Part, Tensor


def norm(layer: int, size: int, count: int = 1, *, part: Part = "text") -> Tensor:
    """`count` normalisation vectors of `size` weights."""
    return Tensor("norm", size, count, layer, max_shards=1, part=part, module="norm")


def bias(layer: int, size: int, *, part: Part = "text", max_shards: int = ANY_SHARDS) -> Tensor:
    """`size` bias weights."""
    return Tensor("bias", size, 1, layer, max_shards=max_shards, part=part, module="bias")


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
    query_rows, kv_rows = heads * head_dim * (2 if gated else 1), kv_heads * head_dim
    place = {"layer": layer, "part": part}
    kv = {**place, "max_shards": kv_heads}
    tensors = [
        Tensor("attention_q", hidden, query_rows, **place, module="self_attn.q_proj"),
        Tensor("attention_k", hidden, kv_rows, **kv, module="self_attn.k_proj"),
    ]
    if values:
        tensors.append(Tensor("attention_v", hidden, kv_rows, **kv, module="self_attn.v_proj"))
    output = Tensor(
        "attention_output", heads * head_dim, hidden, **place, module="self_attn.o_proj"
    )
    return [*tensors, output]


def fused_attention(
    layer: int, hidden: int, heads: int, kv_heads: int, head_dim: int
) -> list[Tensor]:
    """Grouped-query attention whose q, k and v are one matrix (Phi-3)."""
    rows, inner = (heads + 2 * kv_heads) * head_dim, heads * head_dim
    return [
        Tensor("attention_qkv", hidden, rows, layer, module="self_attn.qkv_proj"),
        Tensor("attention_output", inner, hidden, layer, module="self_attn.o_proj"),
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
    up = {"layer": layer, "part": part}
    name = "self_attn.q_b_proj" if q_rank else "self_attn.q_a_proj"
    query = [Tensor("attention_q", q_rank or hidden, q_rows, **up, module=name)]
    if q_rank:
        query = [
            Tensor("projection", hidden, q_rank, **down, module="self_attn.q_a_proj"),
            norm(layer, q_rank, part=part),
            *query,
        ]
    kv_rows = heads * (nope_dim + value_dim)
    return [
        *query,
        Tensor(
            "projection", hidden, kv_rank + rope_dim, **down, module="self_attn.kv_a_proj_with_mqa"
        ),
        norm(layer, kv_rank, part=part),
        Tensor("projection", kv_rank, kv_rows, **up, module="self_attn.kv_b_proj", absorbed=True),
        Tensor("attention_output", heads * value_dim, hidden, **up, module="self_attn.o_proj"),
    ]


def sparse_indexer(
    layer: int, hidden: int, q_rank: int, heads: int, head_dim: int, *, part: Part = "text"
) -> list[Tensor]:
    """The lightning indexer of DeepSeek sparse attention (V3.2, GLM-5): replicated on each rank."""
    shape = {"layer": layer, "max_shards": 1, "part": part}
    return [
        Tensor("projection", q_rank, heads * head_dim, **shape, module="self_attn.indexer.wq_b"),
        Tensor("projection", hidden, head_dim, **shape, module="self_attn.indexer.wk"),
        norm(layer, head_dim, 2, part=part),
        Tensor("projection", hidden, heads, **shape, module="self_attn.indexer.weights_proj"),
    ]


def gated_mlp(
    layer: int, hidden: int, width: int, *, part: Part = "text", module: str = "mlp"
) -> list[Tensor]:
    """Gate, up and down projection of a SwiGLU/GeGLU feed-forward layer."""
    return [
        Tensor("ffn_gate", hidden, width, layer, part=part, module=f"{module}.gate_proj"),
        *mlp(layer, hidden, width, part=part, module=module),
    ]


def fused_mlp(layer: int, hidden: int, width: int) -> list[Tensor]:
    """A gated feed-forward layer whose gate and up projection are one matrix (Phi-3)."""
    return [
        Tensor("ffn_up", hidden, 2 * width, layer, module="mlp.gate_up_proj"),
        Tensor("ffn_down", width, hidden, layer, module="mlp.down_proj"),
    ]


def mlp(
    layer: int, hidden: int, width: int, *, part: Part = "text", module: str = "mlp"
) -> list[Tensor]:
    """Up and down projection of a feed-forward layer without a gate."""
    return [
        Tensor("ffn_up", hidden, width, layer, part=part, module=f"{module}.up_proj"),
        Tensor("ffn_down", width, hidden, layer, part=part, module=f"{module}.down_proj"),
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
    whole = {"layer": layer, "max_shards": 1, "part": part}
    stack = {"layer": layer, "experts": experts, "part": part}
    tensors = [Tensor("router", hidden, experts, **whole, module="mlp.gate")]
    if router_bias:
        tensors.append(bias(layer, experts, part=part, max_shards=1))
    if gated:
        tensors.append(Tensor("ffn_gate", inner, width, **stack, module="mlp.experts.0.gate_proj"))
    tensors.append(Tensor("ffn_up", inner, width, **stack, module="mlp.experts.0.up_proj"))
    tensors.append(Tensor("ffn_down", width, inner, **stack, module="mlp.experts.0.down_proj"))
    if latent:
        tensors.append(Tensor("projection", hidden, latent, **whole, module="mlp.fc1_latent_proj"))
        tensors.append(Tensor("projection", latent, hidden, **whole, module="mlp.fc2_latent_proj"))
    if shared_width:
        shared = gated_mlp if gated else mlp
        tensors.extend(shared(layer, hidden, shared_width, part=part, module="mlp.shared_experts"))
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
        Tensor("attention_qkv", hidden, 2 * keys + values, layer, module="linear_attn.in_proj_qkv"),
        Tensor("projection", hidden, values, layer, module="linear_attn.in_proj_z"),
        Tensor("projection", hidden, 2 * value_heads, layer, module="linear_attn.in_proj_ba"),
        Tensor("convolution", kernel, 2 * keys + values, layer, module="linear_attn.conv1d"),
        Tensor("norm", 2 * value_heads, 1, layer, module="norm"),
        norm(layer, value_dim),
        Tensor("attention_output", values, hidden, layer, module="linear_attn.out_proj"),
    ]


def mamba2(
    layer: int, hidden: int, *, heads: int, head_dim: int, state: int, groups: int, kernel: int
) -> list[Tensor]:
    """A Mamba-2 mixer (arXiv 2405.21060): projections, convolution with bias, A/D/dt."""
    inner = heads * head_dim
    convolved = inner + 2 * groups * state
    rows = inner + convolved + heads
    return [
        Tensor("projection", hidden, rows, layer, module="mixer.in_proj"),
        Tensor("convolution", kernel, convolved, layer, module="mixer.conv1d"),
        Tensor("bias", convolved, 1, layer, module="bias"),
        Tensor("norm", 3 * heads, 1, layer, module="norm"),
        Tensor("norm", inner, 1, layer, module="norm"),
        Tensor("projection", inner, hidden, layer, module="mixer.out_proj"),
    ]

"""How each family of models puts its blocks together: one builder per family, a table of traits.

A builder yields, layer by layer, the tensors and the cache layers of a model. Every rule here is
held by a test that the summed parameters equal the published total of each model in the book.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from costmodel.serving import blocks
from costmodel.serving.tensors import KvKind, KvLayer, Part, Tensor

if TYPE_CHECKING:
    from costmodel.serving.config import Config

Pieces = Iterator[Tensor | KvLayer]


@dataclass(frozen=True)
class Traits:
    """What distinguishes one plain transformer from the next."""

    norms: int = 2
    qk_norm: Literal["", "head", "full"] = ""
    qkv_bias: bool = False
    output_bias: bool = False
    sinks: bool = False
    tied: bool = False
    full_every: int = 0
    """Every n-th layer attends fully and the others slide, unless the config says otherwise."""
    fused: bool = False
    """One q/k/v matrix and one gate/up matrix, as stored and as quantised."""
    always_slides: bool = False
    """All layers slide wherever `sliding_window` is set."""


TRAITS: Final[Mapping[str, Traits]] = {
    "llama": Traits(),
    "granite": Traits(),
    "phi3": Traits(fused=True),
    "mistral": Traits(always_slides=True),
    "mistral3": Traits(),
    "ministral3": Traits(),
    "mixtral": Traits(),
    "qwen2": Traits(qkv_bias=True),
    "qwen3": Traits(qk_norm="head"),
    "qwen3_moe": Traits(qk_norm="head"),
    "qwen3_vl_text": Traits(qk_norm="head"),
    "qwen3_vl_moe_text": Traits(qk_norm="head"),
    "gemma2": Traits(norms=4, tied=True, full_every=2),
    "gemma3": Traits(norms=4, qk_norm="head", tied=True, full_every=6),
    "gemma3_text": Traits(norms=4, qk_norm="head", tied=True, full_every=6),
    "gemma4_text": Traits(norms=4, qk_norm="head", tied=True, full_every=6),
    "cohere2": Traits(norms=1, tied=True, full_every=4),
    "olmo2": Traits(qk_norm="full"),
    "olmo3": Traits(qk_norm="full", full_every=4),
    "minimax_m2": Traits(qk_norm="full"),
    "glm4_moe": Traits(),
    "gpt_oss": Traits(qkv_bias=True, output_bias=True, sinks=True, full_every=2),
    "llama4_text": Traits(),
}
"""Transformers with grouped-query attention and a gated feed-forward layer or experts."""


def head_dim(config: Config) -> int:
    """Stated head size, else hidden over heads."""
    return config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]


def kv_heads(config: Config) -> int:
    """Stated key/value heads, else as many as query heads."""
    return config.get("num_key_value_heads") or config["num_attention_heads"]


# -- plain transformers ----------------------------------------------------------------------


def transformer(config: Config) -> Pieces:
    """Attention, then a feed-forward layer or experts, in every layer."""
    for layer in range(config["num_hidden_layers"]):
        yield from _attention(config, layer)
        yield from _feed_forward(config, layer)
    if config.model_type == "glm4_moe" and config.get("num_nextn_predict_layers"):
        layer = config["num_hidden_layers"]
        yield from _attention_tensors(config, layer, part="mtp")
        yield from _routed_and_shared(config, layer, part="mtp")
        yield from _next_token_module(config, layer, own_embeddings=True)


def _attention(config: Config, layer: int) -> Pieces:
    kind, window = _reach(config, layer)
    heads, dim, values = kv_heads(config), head_dim(config), True
    if config.model_type == "gemma4_text" and kind == "full":
        heads = config.get("num_global_key_value_heads") or heads
        dim, values = config["global_head_dim"], not config.get("attention_k_eq_v")
    yield from _attention_tensors(config, layer, heads=heads, dim=dim, values=values)
    yield KvLayer(kind, heads, dim, dim, window)
    yield blocks.norm(layer, config["hidden_size"], TRAITS[config.model_type].norms)


def _attention_tensors(
    config: Config,
    layer: int,
    *,
    heads: int = 0,
    dim: int = 0,
    values: bool = True,
    part: Part = "text",
) -> Pieces:
    traits, hidden, q_heads = (
        TRAITS[config.model_type],
        config["hidden_size"],
        config["num_attention_heads"],
    )
    heads, dim = heads or kv_heads(config), dim or head_dim(config)
    if traits.fused:
        yield from blocks.fused_attention(layer, hidden, q_heads, heads, dim)
    else:
        yield from blocks.attention(layer, hidden, q_heads, heads, dim, values=values, part=part)
    if config.get("attention_bias", config.get("qkv_bias", traits.qkv_bias)):
        yield blocks.bias(layer, (q_heads + 2 * heads) * dim, part=part)
    if traits.output_bias:
        yield blocks.bias(layer, hidden, part=part)
    if traits.sinks:
        yield blocks.bias(layer, q_heads, part=part)
    if traits.qk_norm == "full":
        yield blocks.norm(layer, (q_heads + heads) * dim, part=part)
    elif traits.qk_norm == "head" or (
        config.model_type == "glm4_moe" and config.get("use_qk_norm")
    ):
        yield blocks.norm(layer, dim, 2, part=part)


def _reach(config: Config, layer: int) -> tuple[KvKind, int]:
    """Which tokens a layer attends to: all, a sliding window, or its chunk; and how many."""
    traits, window = TRAITS[config.model_type], config.get("sliding_window", 0)
    if config.model_type == "llama4_text":
        return ("full", 0) if (layer + 1) % 4 == 0 else ("chunked", config["attention_chunk_size"])
    if types := config.get("layer_types"):
        return ("sliding", window) if "sliding" in types[layer] else ("full", 0)
    full_every = config.get("sliding_window_pattern", traits.full_every)
    slides = traits.always_slides or (traits.full_every and (layer + 1) % full_every)
    return ("sliding", window) if window and slides else ("full", 0)


def _feed_forward(config: Config, layer: int) -> Pieces:
    hidden, width = config["hidden_size"], config.get("intermediate_size", 0)
    experts = config.get("num_experts", 0)
    kind = config.model_type
    if kind == "mixtral":
        yield from blocks.mixture(layer, hidden, experts, width)
    elif kind in ("qwen3_moe", "qwen3_vl_moe_text"):
        yield from blocks.mixture(layer, hidden, experts, config["moe_intermediate_size"])
    elif kind == "minimax_m2":
        yield from blocks.mixture(layer, hidden, experts, width, router_bias=True)
    elif kind == "gpt_oss":
        yield from blocks.mixture(layer, hidden, experts, width, router_bias=True)
        yield blocks.bias(layer, experts * (2 * width + hidden))
    elif kind == "glm4_moe" and layer >= config["first_k_dense_replace"]:
        yield from _routed_and_shared(config, layer)
    elif kind == "llama4_text":
        yield from _llama4_feed_forward(config, layer)
    elif kind == "gemma4_text":
        yield from _gemma4_feed_forward(config, layer)
    elif TRAITS[kind].fused:
        yield from blocks.fused_mlp(layer, hidden, width)
    else:
        yield from blocks.gated_mlp(layer, hidden, width)


def _llama4_feed_forward(config: Config, layer: int) -> Pieces:
    hidden, width = config["hidden_size"], config["intermediate_size"]
    if (layer + 1) % config.get("interleave_moe_layer_step", 1):
        yield from blocks.gated_mlp(layer, hidden, config["intermediate_size_mlp"])
    else:
        experts = config["num_experts"]
        yield from blocks.mixture(layer, hidden, experts, width, shared_width=width)


def _gemma4_feed_forward(config: Config, layer: int) -> Pieces:
    """A dense layer and, beside it, experts with three norms and two scales of their own."""
    hidden, experts = config["hidden_size"], config.get("num_experts", 0)
    yield from blocks.gated_mlp(layer, hidden, config["intermediate_size"])
    if experts:
        yield from blocks.mixture(layer, hidden, experts, config["moe_intermediate_size"])
        yield blocks.norm(layer, hidden, 3)
        yield blocks.bias(layer, hidden + experts, max_shards=1)
    yield blocks.bias(layer, 1, max_shards=1)


def _routed_and_shared(config: Config, layer: int, part: Part = "text") -> Pieces:
    """Routed experts with a correction bias, and shared experts as one wide one."""
    width = config["moe_intermediate_size"]
    yield from blocks.mixture(
        layer,
        config["hidden_size"],
        config["num_experts"],
        width,
        shared_width=width * config.get("n_shared_experts", 1),
        router_bias=config.model_type != "deepseek_v2",
        part=part,
    )


def _next_token_module(config: Config, layer: int, *, own_embeddings: bool) -> Pieces:
    """The projection, norms and (where repeated) embeddings of a DeepSeek-style MTP layer."""
    hidden, vocab = config["hidden_size"], config["vocab_size"]
    yield Tensor(
        "projection", 2 * hidden, hidden, layer, max_shards=1, part="mtp", module="eh_proj"
    )
    yield blocks.norm(layer, hidden, 5, part="mtp")
    if own_embeddings:
        yield Tensor("embedding", hidden, vocab, layer, part="mtp", module="embed_tokens")
        yield Tensor("head", hidden, vocab, layer, part="mtp", module="shared_head.head")


# -- latent attention: DeepSeek V3/R1/V3.2, Kimi K2, GLM-5 --------------------------------------


def latent(config: Config) -> Pieces:
    """Multi-head latent attention over routed and shared experts."""
    layers = config["num_hidden_layers"]
    for layer in range(layers):
        yield from _latent_tensors(config, layer)
        yield KvLayer(
            "latent",
            1,
            config["kv_lora_rank"] + config["qk_rope_head_dim"],
            indexer_dim=config["index_head_dim"] if config.get("index_n_heads") else 0,
        )
        yield blocks.norm(layer, config["hidden_size"], 2)
        if layer < config.get("first_k_dense_replace", 0):
            yield from blocks.gated_mlp(layer, config["hidden_size"], config["intermediate_size"])
        else:
            yield from _routed_and_shared(config, layer)
    if config.get("num_nextn_predict_layers"):
        yield from _latent_tensors(config, layers, part="mtp")
        yield from _routed_and_shared(config, layers, part="mtp")
        own = config.model_type != "glm_moe_dsa"
        yield from _next_token_module(config, layers, own_embeddings=own)


def _latent_tensors(config: Config, layer: int, part: Part = "text") -> Pieces:
    hidden = config["hidden_size"]
    yield from blocks.latent_attention(
        layer,
        hidden,
        config["num_attention_heads"],
        q_rank=config.get("q_lora_rank", 0),
        kv_rank=config["kv_lora_rank"],
        nope_dim=config["qk_nope_head_dim"],
        rope_dim=config["qk_rope_head_dim"],
        value_dim=config["v_head_dim"],
        part=part,
    )
    if heads := config.get("index_n_heads"):
        yield from blocks.sparse_indexer(
            layer, hidden, config["q_lora_rank"], heads, config["index_head_dim"], part=part
        )


# -- hybrids: Qwen3-Next and Qwen3.5 (Gated DeltaNet), Nemotron-H (Mamba-2) ----------------------


def qwen_hybrid(config: Config) -> Pieces:
    """Gated full attention every few layers, Gated DeltaNet in between."""
    layers, types = config["num_hidden_layers"], config.get("layer_types")
    every = config.get("full_attention_interval", 4)
    for layer in range(layers):
        full = types[layer] == "full_attention" if types else (layer + 1) % every == 0
        yield from _gated_attention(config, layer) if full else _delta_net(config, layer)
        if full:
            yield KvLayer("full", kv_heads(config), head_dim(config), head_dim(config))
        yield blocks.norm(layer, config["hidden_size"], 2)
        yield from _qwen_feed_forward(config, layer)
    if config.get("mtp_num_hidden_layers", 1 if config.model_type == "qwen3_next" else 0):
        yield from _gated_attention(config, layers, part="mtp")
        yield from _qwen_feed_forward(config, layers, part="mtp")
        yield from _next_token_module(config, layers, own_embeddings=False)


def _gated_attention(config: Config, layer: int, part: Part = "text") -> Pieces:
    heads, dim = config["num_attention_heads"], head_dim(config)
    hidden = config["hidden_size"]
    yield from blocks.attention(layer, hidden, heads, kv_heads(config), dim, gated=True, part=part)
    yield blocks.norm(layer, dim, 2, part=part)


def _delta_net(config: Config, layer: int) -> Pieces:
    key_heads, value_heads = config["linear_num_key_heads"], config["linear_num_value_heads"]
    key_dim, value_dim = config["linear_key_head_dim"], config["linear_value_head_dim"]
    kernel = config["linear_conv_kernel_dim"]
    yield from blocks.gated_delta_net(
        layer,
        config["hidden_size"],
        key_heads=key_heads,
        value_heads=value_heads,
        key_dim=key_dim,
        value_dim=value_dim,
        kernel=kernel,
    )
    convolved = 2 * key_heads * key_dim + value_heads * value_dim
    yield KvLayer(
        "state",
        state_elements=(kernel - 1) * convolved,
        state_elements_fp32=value_heads * key_dim * value_dim,
    )


def _qwen_feed_forward(config: Config, layer: int, part: Part = "text") -> Pieces:
    hidden, experts = config["hidden_size"], config.get("num_experts", 0)
    if not experts:
        yield from blocks.gated_mlp(layer, hidden, config["intermediate_size"], part=part)
        return
    yield from blocks.mixture(
        layer,
        hidden,
        experts,
        config["moe_intermediate_size"],
        shared_width=config["shared_expert_intermediate_size"],
        part=part,
    )
    yield Tensor(
        "router", hidden, 1, layer, max_shards=1, part=part, module="mlp.shared_expert_gate"
    )


def nemotron_h(config: Config) -> Pieces:
    """One block a layer, as the pattern says: `*` attention, `-` MLP, `E` experts, `M` Mamba-2."""
    hidden = config["hidden_size"]
    for layer, block in enumerate(config["hybrid_override_pattern"]):
        yield blocks.norm(layer, hidden)
        if block == "*":
            heads, dim = kv_heads(config), head_dim(config)
            yield from blocks.attention(layer, hidden, config["num_attention_heads"], heads, dim)
            yield KvLayer("full", heads, dim, dim)
        elif block == "-":
            yield from blocks.mlp(layer, hidden, config["intermediate_size"])
            yield KvLayer("none")
        elif block == "E":
            yield from _nemotron_experts(config, layer)
            yield KvLayer("none")
        else:
            yield from _nemotron_mamba(config, layer)


def _nemotron_experts(config: Config, layer: int) -> Pieces:
    yield from blocks.mixture(
        layer,
        config["hidden_size"],
        config["num_experts"],
        config["moe_intermediate_size"],
        shared_width=config["moe_shared_expert_intermediate_size"],
        router_bias=True,
        gated=False,
        latent=config.get("moe_latent_size", 0),
    )


def _nemotron_mamba(config: Config, layer: int) -> Pieces:
    heads, dim = config["mamba_num_heads"], config["mamba_head_dim"]
    state, groups, kernel = config["ssm_state_size"], config["n_groups"], config["conv_kernel"]
    yield from blocks.mamba2(
        layer,
        config["hidden_size"],
        heads=heads,
        head_dim=dim,
        state=state,
        groups=groups,
        kernel=kernel,
    )
    yield KvLayer(
        "state",
        state_elements=(kernel - 1) * (heads * dim + 2 * groups * state),
        state_elements_fp32=heads * dim * state,
    )


# -- searched architectures: Nemotron-NAS (Puzzle) ----------------------------------------------


def nemotron_nas(config: Config) -> Pieces:
    """A Llama whose layers were each kept, thinned, made linear or dropped."""
    for layer, block in enumerate(config["block_configs"]):
        yield from _searched_attention(config, layer, block["attention"])
        yield from _searched_ffn(config, layer, block["ffn"])


def _searched_attention(config: Config, layer: int, choice: Mapping[str, object]) -> Pieces:
    hidden, heads, dim = config["hidden_size"], config["num_attention_heads"], head_dim(config)
    group = choice.get("n_heads_in_group")
    if choice.get("replace_with_linear"):
        yield Tensor("projection", hidden, hidden, layer, module="self_attn.linear_attn")
    elif isinstance(group, int) and group and not choice.get("no_op"):
        yield from blocks.attention(layer, hidden, heads, heads // group, dim)
        yield KvLayer("full", heads // group, dim, dim)
        yield blocks.norm(layer, hidden)
        return
    else:
        yield KvLayer("none")
        return
    yield blocks.norm(layer, hidden)
    yield KvLayer("none")


def _searched_ffn(config: Config, layer: int, choice: Mapping[str, object]) -> Pieces:
    hidden, multiple = config["hidden_size"], choice.get("ffn_mult")
    if choice.get("replace_with_linear"):
        yield Tensor("projection", hidden, hidden, layer, module="mlp.linear_mlp")
    elif isinstance(multiple, int | float) and multiple and not choice.get("no_op"):
        width = int(2 * multiple * hidden / 3)
        yield from blocks.gated_mlp(layer, hidden, (width + 255) // 256 * 256)
    else:
        return
    yield blocks.norm(layer, hidden)


# -- older families, for published measurements -----------------------------------------------


def gptj(config: Config) -> Pieces:
    """GPT-J: attention and a 4x feed-forward layer with biases side by side, one norm."""
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    dim = hidden // heads
    for layer in range(config["num_hidden_layers"]):
        yield from blocks.attention(layer, hidden, heads, heads, dim)
        yield KvLayer("full", heads, dim, dim)
        yield from blocks.mlp(layer, hidden, 4 * hidden)
        yield blocks.bias(layer, 5 * hidden)
        yield blocks.norm(layer, hidden, 2)
    yield blocks.bias(-1, config["vocab_size"])
    yield blocks.norm(-1, hidden)


def falcon(config: Config) -> Pieces:
    """Falcon: multi-query (7B) or grouped (40B, 180B) attention beside a 4x feed-forward layer."""
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    new = bool(config.get("new_decoder_architecture"))
    groups, dim = (config["num_kv_heads"] if new else 1), hidden // heads
    for layer in range(config["num_hidden_layers"]):
        yield from blocks.attention(layer, hidden, heads, groups, dim)
        yield KvLayer("full", groups, dim, dim)
        yield from blocks.mlp(layer, hidden, 4 * hidden)
        yield blocks.norm(layer, hidden, 4 if new else 2)
    yield blocks.norm(-1, hidden)


def mpt(config: Config) -> Pieces:
    """MPT: multi-head attention with ALiBi and a 4x feed-forward layer, no biases."""
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    dim = hidden // heads
    for layer in range(config["num_hidden_layers"]):
        yield from blocks.attention(layer, hidden, heads, heads, dim)
        yield KvLayer("full", heads, dim, dim)
        yield from blocks.mlp(layer, hidden, 4 * hidden)
        yield blocks.norm(layer, hidden, 2)


# -- the table ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Family:
    """A builder and the keys it cannot do without, beyond the ones every model needs."""

    build: Callable[[Config], Pieces]
    requires: tuple[str, ...] = ()
    tied: bool = False


_DENSE = ("intermediate_size",)
_ROUTED = ("num_experts", "num_experts_per_tok")
_LATENT = ("kv_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim", *_ROUTED)
_DELTA = (
    "linear_num_key_heads",
    "linear_num_value_heads",
    "linear_key_head_dim",
    "linear_value_head_dim",
    "linear_conv_kernel_dim",
)
_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "mixtral": (*_DENSE, *_ROUTED),
    "minimax_m2": (*_DENSE, *_ROUTED),
    "gpt_oss": (*_DENSE, *_ROUTED, "sliding_window"),
    "qwen3_moe": ("moe_intermediate_size", *_ROUTED),
    "qwen3_vl_moe_text": ("moe_intermediate_size", *_ROUTED),
    "glm4_moe": (*_DENSE, "moe_intermediate_size", "first_k_dense_replace", *_ROUTED),
    "llama4_text": (*_DENSE, "intermediate_size_mlp", "attention_chunk_size", *_ROUTED),
    "gemma4_text": (*_DENSE, "sliding_window", "global_head_dim"),
    "olmo3": (*_DENSE, "sliding_window"),
}
_LATENT_FAMILY = Family(latent, ("moe_intermediate_size", *_LATENT))
_HYBRID_MOE = (*_DELTA, *_ROUTED, "moe_intermediate_size", "shared_expert_intermediate_size")

FAMILIES: Final[Mapping[str, Family]] = {
    **{
        kind: Family(transformer, _NEEDS.get(kind, _DENSE), traits.tied)
        for kind, traits in TRAITS.items()
    },
    "deepseek_v3": _LATENT_FAMILY,
    "deepseek_v32": _LATENT_FAMILY,
    "deepseek_v2": _LATENT_FAMILY,
    "kimi_k2": _LATENT_FAMILY,
    "glm_moe_dsa": _LATENT_FAMILY,
    "qwen3_next": Family(qwen_hybrid, _HYBRID_MOE),
    "qwen3_5_text": Family(qwen_hybrid, (*_DELTA, *_DENSE)),
    "qwen3_5_moe_text": Family(qwen_hybrid, _HYBRID_MOE),
    "nemotron_h": Family(nemotron_h, ("hybrid_override_pattern",)),
    "nemotron-nas": Family(nemotron_nas, ("block_configs",)),
    "deci": Family(nemotron_nas, ("block_configs",)),
    "gptj": Family(gptj),
    "falcon": Family(falcon),
    "mpt": Family(mpt, tied=True),
}
"""Every `model_type` that can be read."""

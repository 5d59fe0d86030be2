"""From a model's `config.json` to its tensors and cache layers, without downloading a weight.

The result carries counts only. :mod:`~costmodel.serving.weights` and
:mod:`~costmodel.serving.kv_cache` turn counts into bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from costmodel.errors import InputError, Problem, did_you_mean, nearest_ids
from costmodel.serving import blocks
from costmodel.serving.config import Config
from costmodel.serving.families import FAMILIES, Family, head_dim, kv_heads
from costmodel.serving.tensors import IMAGE_PIXELS_PER_TOKEN, Architecture, KvLayer, Tensor

__all__ = ["Architecture", "KvLayer", "Tensor", "from_config", "known_model_types"]

ALWAYS_NEEDED: Final = ("hidden_size", "num_hidden_layers", "num_attention_heads", "vocab_size")


def known_model_types() -> list[str]:
    """The values of `model_type` that :func:`from_config` reads, in alphabetical order."""
    return sorted(FAMILIES)


def from_config(config: Mapping[str, Any], name: str = "") -> Architecture:
    """Build the architecture that a Hugging Face `config.json` describes.

    Multimodal configs are read through their `text_config`; the vision tower is not counted.
    Raises :class:`InputError` naming every missing key, or the known model types.

    >>> tiny = {"model_type": "llama", "hidden_size": 8, "num_hidden_layers": 1, "vocab_size": 10,
    ...         "num_attention_heads": 2, "intermediate_size": 16}
    >>> from_config(tiny).parameters
    824
    """
    values = Config(config, name)
    family = _family(values)
    values.require([*_always_needed(values), *family.requires])
    pieces = list(family.build(values))
    tied = bool(values.get("tie_word_embeddings", family.tied))
    return Architecture(
        name=name,
        model_type=values.model_type,
        layers=_layers(values),
        hidden=values["hidden_size"],
        intermediate=values.get("intermediate_size", 0),
        heads=values["num_attention_heads"],
        kv_heads=kv_heads(values),
        head_dim=head_dim(values),
        vocab=values["vocab_size"],
        tied_embeddings=tied,
        max_context=values.get("max_position_embeddings", 0),
        experts=values.get("num_experts", 0),
        top_k=values.get("num_experts_per_tok", 0),
        tensors=(*_ends(values, tied), *(p for p in pieces if isinstance(p, Tensor))),
        kv_layers=tuple(p for p in pieces if isinstance(p, KvLayer)),
        rotary_elements=rotary_elements(values),
        image_pixels_per_token=_image_pixels_per_token(config),
    )


def rotary_elements(config: Config) -> int:
    """Entries of the sine and cosine tables: positions x rotary dimensions, one table a kind.

    Engines keep them at 16 bits beside the weights. Linear scaling makes the table as much longer
    as it stretches the context (vLLM `LinearScalingRotaryEmbedding`). Gemma keeps one table for its
    sliding layers and another for the full ones, scaled (3) or of wider heads (4).
    """
    positions = config.get("max_position_embeddings", 0)
    scaling = config.get("rope_scaling") or config.get("rope_parameters") or {}
    scaling = scaling.get("full_attention") or scaling
    kind = scaling.get("rope_type") or scaling.get("type")
    factor = float(scaling.get("factor") or 1.0) if kind == "linear" else 1.0
    share = config.get("partial_rotary_factor", 1.0)
    width = config.get("qk_rope_head_dim") or int(head_dim(config) * share)
    other = width if config.model_type.startswith("gemma3") else config.get("global_head_dim", 0)
    return int(positions * (width * factor + other))


def _image_pixels_per_token(config: Mapping[str, Any]) -> int:
    """Pixels that one image token stands for; 0 for a model that reads text only."""
    vision = config.get("vision_config")
    if not isinstance(vision, Mapping):
        return int(config.get("image_pixels_per_token") or 0)
    size, tokens = _first_int(vision, "image_size"), _first_int(config, "mm_tokens_per_image")
    return size * size // tokens if size and tokens else IMAGE_PIXELS_PER_TOKEN


def vision_parameters(config: Mapping[str, Any]) -> int:
    """Weights of the vision tower that `vision_config` describes, 0 without one; an estimate.

    Layers x (4 h^2 + 2 h w, or 3 h w where gated), patches, positions, and a projection to the
    text model; within a few percent of SigLIP and Pixtral towers. Headers give it exactly.
    """
    vision = config.get("vision_config")
    if not isinstance(vision, Mapping):
        return 0
    hidden = _first_int(vision, "hidden_size", "embed_dim")
    layers = _first_int(vision, "num_hidden_layers", "depth")
    width = _first_int(vision, "intermediate_size") or 4 * hidden
    patch = _first_int(vision, "patch_size") or 14
    size = _first_int(vision, "image_size")
    text = Config(config)["hidden_size"]
    matrices = 3 if vision.get("model_type") == "pixtral" else 2
    patches = 3 * patch * patch * hidden + (size // patch) ** 2 * hidden
    return layers * (4 * hidden * hidden + matrices * hidden * width) + patches + hidden * text


def _first_int(values: Mapping[str, Any], *keys: str) -> int:
    """The first of the keys that holds a whole number, else 0."""
    return next((value for key in keys if isinstance(value := values.get(key), int)), 0)


def _family(config: Config) -> Family:
    kind = config.model_type
    if not kind:
        raise InputError(Problem("config.json lacks 'model_type'", path=config.name))
    if kind not in FAMILIES:
        hint = did_you_mean(nearest_ids(kind, FAMILIES))
        known = ", ".join(known_model_types())
        raise InputError(
            Problem(f"model_type {kind!r} cannot be read{hint} (known: {known})", path=config.name)
        )
    return FAMILIES[kind]


def _always_needed(config: Config) -> list[str]:
    has_pattern = config.get("hybrid_override_pattern") is not None
    return [key for key in ALWAYS_NEEDED if not (key == "num_hidden_layers" and has_pattern)]


def _layers(config: Config) -> int:
    pattern = config.get("hybrid_override_pattern") or ""
    return config.get("num_hidden_layers") or len(pattern)


def _ends(config: Config, tied: bool) -> list[Tensor]:
    """Embedding, head unless tied, and the final norm."""
    hidden, vocab = config["hidden_size"], config["vocab_size"]
    head = [] if tied else [Tensor("head", hidden, vocab, module="lm_head")]
    embedding = Tensor("embedding", hidden, vocab, module="embed_tokens")
    return [embedding, *head, blocks.norm(-1, hidden)]

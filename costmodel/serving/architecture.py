"""From a model's `config.json` to its tensors and cache layers, without downloading a weight.

The result carries counts only. :mod:`~costmodel.serving.weights` and
:mod:`~costmodel.serving.kv_cache` turn counts into bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from costmodel.errors import InputError, Problem, did_you_mean, nearest_ids
from costmodel.serving import blocks
from costmodel.serving.config import Config
from costmodel.serving.families import FAMILIES, Family, head_dim, kv_heads
from costmodel.serving.tensors import Architecture, KvLayer, Tensor

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    )


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
    head = [] if tied else [Tensor("head", hidden, vocab)]
    return [Tensor("embedding", hidden, vocab), *head, blocks.norm(-1, hidden)]

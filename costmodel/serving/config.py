"""Reading a model's `config.json`: one name per idea, one error for all missing keys.

Nothing here knows what the values mean; :mod:`~costmodel.serving.families` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from costmodel.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SYNONYMS: Final[dict[str, tuple[str, ...]]] = {
    "hidden_size": ("hidden_size", "n_embd", "d_model"),
    "num_hidden_layers": ("num_hidden_layers", "n_layer", "n_layers"),
    "num_attention_heads": ("num_attention_heads", "n_head", "n_heads"),
    "head_dim": ("head_dim", "attention_head_dim"),
    "max_position_embeddings": ("max_position_embeddings", "n_positions", "max_seq_len"),
    "num_experts": ("num_experts", "num_local_experts", "n_routed_experts"),
    "num_experts_per_tok": ("num_experts_per_tok", "experts_per_token", "top_k_experts"),
    "sliding_window_pattern": ("sliding_window_pattern", "_sliding_window_pattern"),
}
"""The same quantity under the names that different families give it."""


class Config:
    """A language model's configuration; a multimodal one is read through its `text_config`.

    >>> Config({"n_embd": 4096, "text_config": None})["hidden_size"]
    4096
    """

    def __init__(self, config: Mapping[str, Any], name: str = "") -> None:
        self._values = {**config, **(config.get("text_config") or {})}
        self.name = name
        self.model_type = str(self._values.get("model_type") or "")

    def get(self, key: str, default: Any = None) -> Any:
        """The value under `key` or a synonym; `default` where absent or null."""
        for synonym in SYNONYMS.get(key, (key,)):
            if (value := self._values.get(synonym)) is not None:
                return value
        return default

    def __getitem__(self, key: str) -> Any:
        value = self.get(key)
        if value is None:
            self.require([key])
        return value

    def require(self, keys: Iterable[str]) -> None:
        """Raise one :class:`InputError` that names every key that is absent."""
        missing = [key for key in keys if self.get(key) is None]
        if missing:
            raise InputError(
                Problem(
                    f"config.json of model_type {self.model_type!r} lacks {_any_of(key)}",
                    path=self.name,
                )
                for key in missing
            )


def _any_of(key: str) -> str:
    return " or ".join(repr(synonym) for synonym in SYNONYMS.get(key, (key,)))

"""Which modules a checkpoint's quantisation leaves out, as its config spells it.

Three grammars occur: `re:` and a regular expression (compressed-tensors `ignore`), shell wildcards
(ModelOpt `exclude_modules`), and plain names or prefixes (AWQ `modules_to_not_convert`, FP8
`ignored_layers`). What stands before `layers.` is the model's own business and does not count.
"""

from __future__ import annotations

import re
from fnmatch import translate
from functools import lru_cache

from costmodel.errors import InputError

NOT_TEXT = re.compile(r"vis(?:ion|ual)|audio|multi_modal|mm_projector|embed_vision")
"""Parts of a model that no format quantises anyway."""

PREFIXES = ("", "model.", "model.language_model.", "language_model.model.")


def is_ignored(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether an ignore list names this module.

    >>> is_ignored("layers.0.self_attn.q_proj", ("lm_head", "model.layers.0.self_attn*"))
    True
    >>> is_ignored("layers.1.linear_attn.in_proj_z", ("re:.*linear_attn.*",))
    True
    >>> is_ignored("layers.10.mlp.up_proj", ("model.layers.1",))
    False
    """
    if not patterns:
        return False
    plain, wild = _compiled(patterns)
    if plain and not plain.isdisjoint(_names(name)):
        return True
    return any(pattern.match(prefix + name) for pattern in wild for prefix in PREFIXES)


@lru_cache(maxsize=65536)
def _names(name: str) -> frozenset[str]:
    """Every run of whole words of a dotted name: `mlp`, `mlp.gate`, `layers.0.mlp`, ..."""
    words = name.split(".")
    places = range(len(words) + 1)
    return frozenset(".".join(words[i:j]) for i in places for j in places if i < j)


@lru_cache(maxsize=256)
def _compiled(patterns: tuple[str, ...]) -> tuple[frozenset[str], tuple[re.Pattern[str], ...]]:
    plain: set[str] = set()
    wild: list[re.Pattern[str]] = []
    for pattern in patterns:
        if pattern.startswith("re:"):
            wild.append(_expression(pattern[3:]))
        elif "*" in pattern or "?" in pattern:
            wild.append(re.compile(translate(pattern)))
        elif not NOT_TEXT.search(pattern):
            plain.add(_from_layers(pattern))
    return frozenset(plain), tuple(wild)


def _expression(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise InputError(f"ignore list: {text!r} is no regular expression: {error}") from error


def _from_layers(name: str) -> str:
    """A name without what stands before its layers.

    >>> _from_layers("model.language_model.layers.3.mlp.gate")
    'layers.3.mlp.gate'
    """
    start = name.find("layers.")
    return name[start:] if start > 0 else name.removeprefix("model.").strip(".")

"""What kind of model stands behind an API endpoint: open weights, one that thinks first.

Only warnings depend on these facts; no price does.
"""

from __future__ import annotations

from datetime import date
from fnmatch import fnmatchcase
from functools import cache

from pydantic import Field

from costmodel.book.files import pricing_dir, read_yaml
from costmodel.book.records import Record
from costmodel.book.token_corrections import open_models


class ReasoningModels(Record):
    """`pricing/reasoning_models.yaml`."""

    source: str = Field(min_length=3)
    as_of: date
    patterns: tuple[str, ...] = Field(
        description="Last part of a model's id, lower case; * stands for anything."
    )


@cache
def _reasoning() -> ReasoningModels:
    return ReasoningModels.model_validate(read_yaml(pricing_dir() / "reasoning_models.yaml"))


def reasons(model: str) -> bool:
    """Whether a model thinks before it answers, by default, and bills it.

    >>> reasons("openai/gpt-oss-120b"), reasons("llama-3.3-70b-versatile")
    (True, False)
    """
    name = model.lower().rsplit("/", 1)[-1]
    return any(fnmatchcase(name, pattern) for pattern in _reasoning().patterns)


def is_open_weights(provider: str, model: str) -> bool:
    """Whether the book knows the endpoint as a host of open weights."""
    return (provider.lower(), model.lower()) in _open_weights()


@cache
def _open_weights() -> frozenset[tuple[str, str]]:
    return frozenset(
        (host.lower(), served.lower()) for hosts in open_models().values() for host, served in hosts
    )

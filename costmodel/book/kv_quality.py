"""What is known about answers with a smaller KV cache, read from `data/kv_quality.yaml`.

It speaks about the cache alone, against the same model with a 16-bit one. It decides nothing:
a smaller cache is the user's choice, and only the user's own evaluation can pass it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache

from pydantic import Field

from costmodel.book.files import data_dir, read_yaml
from costmodel.book.records import Id, Positive, Record


class KvQuality(Record):
    """Published comparisons of one KV cache format with 16 bits."""

    kv_dtype: Id
    comparisons: int = Field(ge=1, description="Pairs of scores, a benchmark and model each.")
    models: int = Field(ge=1, description="Models among them.")
    median_retention: Positive = Field(description="Score / score with a 16-bit cache.")
    worst_retention: Positive
    worst_on: str = Field(description="Benchmark of the worst one, and its size.")
    source: str
    as_of: date = Field(description="When the sources were read.")
    note: str = ""


class KvQualities(Record):
    """`data/kv_quality.yaml`."""

    formats: tuple[KvQuality, ...]


@cache
def _table() -> Mapping[str, KvQuality]:
    rows = KvQualities.model_validate(read_yaml(data_dir() / "kv_quality.yaml")).formats
    return {row.kv_dtype: row for row in rows}


def kv_quality(kv_dtype: str) -> KvQuality | None:
    """What is known about a format of the KV cache; None where there is no data.

    >>> kv_quality("fp8").comparisons, kv_quality("q5_1")
    (15, None)
    """
    return _table().get(kv_dtype.strip().lower())

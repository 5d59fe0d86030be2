"""Model architectures by name, read from `data/architectures.yaml`.

A name may be a short id, an alias, a Hugging Face id, or the name of a quantised variant
(`qwen3.6-27b-gptq-4bit`), which resolves to the model it quantises.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import cache, cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pydantic import Field, model_validator

from costmodel.book.files import data_dir, read_yaml
from costmodel.book.records import Id, Record
from costmodel.errors import InputError, UnknownIdError
from costmodel.serving.architecture import Architecture, from_config

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIANT = re.compile(
    r"[-_](?:instruct|it|chat|hf|base|gguf|awq|gptq(?:-pro)?|fp8|nvfp4|mxfp4|bf16|fp16|int4|int8|bnb"
    r"|block|dynamic|\d+bit|w4a16|w8a8|quantized(?:\.w\d+a\d+)?|mixed|phase\d+|baseline)$"
)
"""A suffix that changes how a model is stored or tuned, not its shape."""


class ModelRecord(Record):
    """One architecture, under all the names of the models that share it."""

    id: Id
    hf_id: str | None = Field(default=None, description="The repository it is known by.")
    aliases: tuple[str, ...] = Field(default=(), description="Other short ids, lower case.")
    licence: str
    params_hf: int | None = Field(
        default=None, description="Published parameter total (safetensors metadata)."
    )
    vision_parameters: int = Field(
        default=0, ge=0, description="Weights of a vision tower, loaded whole on every GPU."
    )
    difference: str | None = Field(
        default=None, description="Why the computed total differs from params_hf."
    )
    modelled: bool = Field(default=True, description="Whether memory and speed can be computed.")
    reason: str | None = Field(default=None, description="Why it is not modelled.")
    released_in: Id = Field(default="bf16", description="Format its own weights are published in.")
    config: Mapping[str, Any] | None = Field(
        default=None, description="The keys of config.json that decide memory and speed."
    )
    note: str | None = None
    source: str = Field(min_length=3, description="Where the config stands.")
    as_of: date

    @model_validator(mode="after")
    def _modelled_or_why_not(self) -> ModelRecord:
        if self.modelled and self.config is None:
            raise ValueError("a modelled record needs config:")
        if not self.modelled and not self.reason:
            raise ValueError("modelled: false needs reason:")
        return self

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every short id that means this architecture."""
        return (self.id, *self.aliases)

    def architecture(self) -> Architecture:
        """Tensors and cache layers, built once. Raises InputError where it is not modelled."""
        return self._architecture

    @cached_property
    def _architecture(self) -> Architecture:
        if not self.modelled or self.config is None:
            raise InputError(f"{self.id} is known by name only: {self.reason}")
        return from_config(self.config, self.id).with_vision(self.vision_parameters)


class Models(Record):
    """`data/architectures.yaml`."""

    models: tuple[ModelRecord, ...]


def model(name: str) -> ModelRecord:
    """The record that a model's name means. Raises UnknownIdError with the nearest ids.

    >>> model("meta-llama/Llama-3.1-70B-Instruct").id
    'llama-3.3-70b'
    """
    records = _records()
    for spelling in _spellings(name):
        if spelling in records:
            return _record(records[spelling])
    raise UnknownIdError("model", name, records)


def model_ids() -> list[str]:
    """The id of every record, in the order of the file."""
    return [entry["id"] for entry in _entries()]


def _spellings(name: str) -> Iterator[str]:
    """What a name could stand under: as given, without its owner, without variant suffixes."""
    spelling = name.strip().lower()
    yield spelling
    spelling = spelling.rsplit("/", 1)[-1].replace(" ", "-")
    yield spelling
    yield re.sub(r"-(?:instruct|it|chat)(?=-)", "", spelling)
    while (shorter := VARIANT.sub("", spelling)) != spelling:
        spelling = shorter
        yield spelling
        yield re.sub(r"-(?:instruct|it|chat)(?=-)", "", spelling)


@cache
def _entries() -> tuple[dict[str, Any], ...]:
    return tuple(read_yaml(data_dir() / "architectures.yaml")["models"])


@cache
def _records() -> Mapping[str, int]:
    """Every name in lower case, to the place of its record; an id wins over an alias."""
    places: dict[str, int] = {}
    for place, entry in enumerate(_entries()):
        for other in (*entry.get("aliases", ()), entry.get("hf_id", "")):
            places.setdefault(other.lower(), place)
    places.update({entry["id"]: place for place, entry in enumerate(_entries())})
    places.pop("", None)
    return MappingProxyType(places)


@cache
def _record(place: int) -> ModelRecord:
    """One record, checked when it is first asked for."""
    return ModelRecord.model_validate(_entries()[place])

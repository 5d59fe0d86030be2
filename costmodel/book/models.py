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

from costmodel.book.files import data_dir
from costmodel.book.record_file import RecordFile
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

_REPOSITORY = re.compile(r"^    hf_id: +(\S+)", re.MULTILINE)


class Checkpoint(Record):
    """A published checkpoint whose quantisation leaves out more than its format usually does."""

    format: Id
    hf_id: str = Field(description="The repository that serves as the format's checkpoint.")
    ignore: tuple[str, ...] = Field(
        min_length=1, description="Modules at 16 bits: names, wildcards, or re: and an expression."
    )
    source: str = Field(min_length=3)
    as_of: date


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
        default=0, ge=0, description="Weights of a vision tower, at 16 bits."
    )
    difference: str | None = Field(
        default=None, description="Why the computed total differs from params_hf."
    )
    modelled: bool = Field(default=True, description="Whether memory and speed can be computed.")
    reason: str | None = Field(default=None, description="Why it is not modelled.")
    released_in: Id = Field(default="bf16", description="Format its own weights are published in.")
    checkpoints: tuple[Checkpoint, ...] = Field(
        default=(), description="Where a format's checkpoint leaves out more than usual."
    )
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

    def checkpoint(self, format_id: str) -> Checkpoint | None:
        """What is known about its checkpoint in a format."""
        return next((c for c in self.checkpoints if c.format == format_id), None)

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
            return _file()[records[spelling]]
    raise UnknownIdError("model", name, records)


def model_ids() -> list[str]:
    """The id of every record, in the order of the file."""
    return list(_file())


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
def _file() -> RecordFile[ModelRecord]:
    return RecordFile(data_dir() / "architectures.yaml", ModelRecord)


@cache
def _records() -> Mapping[str, str]:
    """Every name in lower case, to the id of its record; an id wins over an alias."""
    file = _file()
    names = {alias.lower(): record_id for alias, record_id in file.aliases.items()}
    for record_id in file:
        repository = _REPOSITORY.search(file.text(record_id))
        if repository:
            names.setdefault(repository[1].lower(), record_id)
    return MappingProxyType(names | {record_id: record_id for record_id in file})

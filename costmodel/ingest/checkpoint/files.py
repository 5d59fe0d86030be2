"""What a checkpoint on disk consists of, and how its configuration is read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from costmodel.errors import InputError
from costmodel.serving.architecture import Architecture, from_config, vision_parameters
from costmodel.serving.quantization import Quantisation
from costmodel.serving.stored import StoredWeights


@dataclass(frozen=True)
class CheckpointFiles:
    """A checkpoint on disk: what it is made of, and how it was told.

    `stored` is None for a folder with `config.json` alone; then the rules of a format count.
    `source` names the files that were read.
    """

    name: str
    architecture: Architecture
    format_id: str | None
    quantisation: Quantisation | None
    stored: StoredWeights | None
    source: str


def shape_of(config: Mapping[str, Any], where: str) -> Architecture:
    """The architecture, vision tower included. Raises InputError for values of a wrong type."""
    try:
        return from_config(config, where).with_vision(vision_parameters(config))
    except (TypeError, AttributeError, ValueError, LookupError, ArithmeticError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{where}: a value is of a wrong type or size: {error}") from error


def read_config(folder: Path) -> dict[str, Any]:
    """A folder's `config.json` as it stands. Raises InputError with line and column."""
    path = folder / "config.json"
    if not path.is_file():
        raise InputError(
            f"{folder} holds no config.json; the architecture cannot be told without it"
        )
    return read_json(path)


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file. Raises InputError with the place that cannot be read."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        place = f"{path}:{error.lineno}:{error.colno}"
        raise InputError(f"{place}: not valid JSON: {error.msg}") from error
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
    if not isinstance(values, dict):
        raise InputError(f"{path}: a JSON object is needed here")
    return values


def library(module: str, name: str) -> Callable[..., Any]:
    """A class or function of an optional library. Raises InputError that says how to get it."""
    import importlib

    try:
        return getattr(importlib.import_module(module), name)
    except ImportError as error:
        raise InputError(
            f"reading this checkpoint needs the library {module!r}: "
            "pip install 'costmodel[checkpoints]'"
        ) from error

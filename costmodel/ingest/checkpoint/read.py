"""Checkpoints that users bring: sizes from the header, the architecture from beside it.

A folder with `config.json`, a `.safetensors` file, a sharded index, or a `.gguf` file. Headers
only: weights are neither loaded nor downloaded. The libraries `safetensors` and `gguf` come with
`pip install costmodel[checkpoints]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from costmodel.errors import InputError, Problem
from costmodel.ingest.checkpoint.files import (
    CheckpointFiles,
    library,
    read_config,
    read_json,
    shape_of,
)
from costmodel.ingest.checkpoint.gguf import read_gguf
from costmodel.serving.quantization import from_config as quantisation_of
from costmodel.serving.stored import StoredTensor, StoredWeights

INDEX: Final = "model.safetensors.index.json"
SUFFIXES: Final = (".safetensors", ".safetensors.index.json", ".gguf")
BITS: Final[Mapping[str, float]] = {
    **dict.fromkeys(("F64", "I64", "U64"), 64),
    **dict.fromkeys(("F32", "I32", "U32"), 32),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 16),
    **dict.fromkeys(("F8_E4M3", "F8_E5M2", "F8_E8M0", "I8", "U8", "BOOL"), 8),
    **dict.fromkeys(("F4", "F6_E2M3", "F6_E3M2"), 4),
}
"""Bits of one element by the name that safetensors headers give its format."""


def is_checkpoint(model: str | Path) -> bool:
    """Whether this names a file or folder rather than a model.

    >>> is_checkpoint("model.gguf"), is_checkpoint("llama-3.3-70b")
    (True, False)
    """
    return str(model).endswith(SUFFIXES) or Path(model).is_dir()


def read_checkpoint(path: str | Path) -> CheckpointFiles:
    """Read the headers at `path`: a folder, `.safetensors`, its index, or `.gguf`.

    Raises InputError where a header is cut off or damaged, a config lacks keys or names an unknown
    model type, shards are missing, or the library that reads the format is not installed.
    """
    place = Path(path)
    if place.is_dir():
        return _folder(place)
    if not place.is_file():
        raise InputError(f"{place}: no such file")
    if place.suffix == ".gguf":
        return read_gguf(place)
    if place.name.endswith(".index.json"):
        return _safetensors(place.parent, _shards(place), place)
    return _safetensors(place.parent, [place], place)


def _folder(folder: Path) -> CheckpointFiles:
    index = folder / INDEX
    files = sorted(folder.glob("*.safetensors"))
    if index.is_file() and files:
        return _safetensors(folder, _shards(index), folder)
    if files:
        return _safetensors(folder, files, folder)
    ggufs = sorted(folder.glob("*.gguf"))
    if ggufs and not (folder / "config.json").is_file():
        return read_checkpoint(ggufs[0])
    return _described(folder, None, folder)


def _safetensors(folder: Path, files: list[Path], asked: Path) -> CheckpointFiles:
    tensors = [tensor for file in files for tensor in safetensors_header(file)]
    return _described(folder, StoredWeights(tuple(tensors)), asked)


def _described(folder: Path, stored: StoredWeights | None, asked: Path) -> CheckpointFiles:
    """Sizes from headers, shape and format from the `config.json` beside them."""
    config = read_config(folder)
    where = str(folder / "config.json")
    architecture = shape_of(config, where)
    quantisation = quantisation_of(_with_modelopt(config, folder), where)
    files = "headers" if stored else "config.json"
    return CheckpointFiles(
        name=folder.resolve().name if asked == folder else asked.name,
        architecture=architecture,
        format_id=quantisation.format_id if quantisation else None,
        quantisation=quantisation,
        stored=stored,
        source=f"{asked}: {files}",
    )


def _with_modelopt(config: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The config, with the quantisation that ModelOpt keeps in a file of its own."""
    own = folder / "hf_quant_config.json"
    if config.get("quantization_config") or not own.is_file():
        return config
    declared = read_json(own).get("quantization")
    if not isinstance(declared, dict):
        raise InputError(f"{own}: lacks 'quantization'")
    return {**config, "quantization_config": {"quant_method": "modelopt", **declared}}


def _shards(index: Path) -> list[Path]:
    """The files that an index names, all of them present."""
    weight_map = read_json(index).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise InputError(f"{index}: lacks 'weight_map', the file of every tensor")
    names = sorted({str(name) for name in weight_map.values()})
    if outside := [name for name in names if Path(name).name != name]:
        raise InputError(f"{index}: names files outside its own folder, such as {outside[0]}")
    missing = [name for name in names if not (index.parent / name).is_file()]
    if missing:
        raise InputError(
            Problem(f"shard {name} is missing; {len(missing)} of {len(names)} are", path=str(index))
            for name in missing[:5]
        )
    return [index.parent / name for name in names]


def safetensors_header(file: Path) -> list[StoredTensor]:
    """Every tensor of one `.safetensors` file, from its header.

    Raises InputError where the header is damaged or promises more bytes than the file has.
    """
    safe_open = library("safetensors", "safe_open")
    try:
        with safe_open(str(file), framework="numpy") as opened:
            return [_tensor(name, opened.get_slice(name)) for name in opened.keys()]  # noqa: SIM118
    except KeyError as error:
        raise InputError(f"{file}: number format {error} is not known") from error
    except Exception as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"{file}: its header cannot be read ({error}); the file is cut off or damaged "
            f"({file.stat().st_size:,} bytes)"
        ) from error


def _tensor(name: str, entry: Any) -> StoredTensor:
    dtype, elements = entry.get_dtype(), 1
    for size in entry.get_shape():
        elements *= size
    return StoredTensor(name, dtype, int(elements * BITS[dtype] / 8))

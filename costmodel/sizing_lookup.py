"""Looking up what a sizing question names: model, GPU, format, kernel, engine.

The outcome, :class:`Setup`, is plain numbers and records with their sources, ready for
:mod:`costmodel.serving`. Nothing is computed here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from costmodel.book import load_book
from costmodel.book.engines import DEFAULT_ENGINE, Engine
from costmodel.book.engines import engine as engine_row
from costmodel.errors import InputError
from costmodel.serving.architecture import Architecture, from_config
from costmodel.serving.weights import WeightFormat
from costmodel.sizing_results import Assumption

if TYPE_CHECKING:
    from costmodel.book.models import ModelRecord
    from costmodel.book.records import GpuSpec, Kernel
    from costmodel.book.records import WeightFormat as FormatRecord
    from costmodel.serving.overhead import EngineMemory

DEFAULT_FORMAT = "bf16"
DEFAULT_KV_DTYPE = "bf16"

WEIGHT_ONLY_KERNEL = "marlin"
"""What serves a format whose precision the GPU's tensor cores lack."""

PADDED_EXPERTS = {"mxfp4": 256}
"""Kernels of these formats pad each rank's slice of an expert to a multiple of this width
(vLLM's MXFP4 path turns gpt-oss's 2,880 into 3,072)."""


@dataclass(frozen=True)
class Serving:
    """How the user means to serve a model; None takes the default."""

    gpu: str
    format: str | None = None
    kv_dtype: str | None = None
    tp: int = 1
    engine: str | None = None
    engine_version: str | None = None
    gpu_memory_utilization: float | None = None


@dataclass(frozen=True)
class Setup:
    """Everything looked up for one question."""

    name: str
    record: ModelRecord | None
    arch: Architecture
    gpu: GpuSpec
    format: FormatRecord
    engine: Engine
    engine_memory: EngineMemory
    kv_dtype: str
    tp: int

    @property
    def weight_format(self) -> WeightFormat:
        """The format as the serving rules take it."""
        return weight_format(self.format.id)

    def assumptions(self) -> tuple[Assumption, ...]:
        """What memory rests on, one row each."""
        model, gpu, weights = self.record, self.gpu, self.format
        constants, engine = self.engine_memory, self.engine
        by_engine = (f"{engine.id} {engine.versions}: {engine.source}", engine.as_of)
        by_gpu, by_format = (gpu.source, gpu.as_of), (weights.source, weights.as_of)
        by_model = (model.source, model.as_of) if model else (f"{self.name}/config.json", None)
        other = constants.other_bytes if self.tp == 1 else constants.other_bytes_parallel
        return (
            Assumption("model", self.name, "", "listed", *by_model),
            Assumption("gpu.usable_bytes", gpu.usable_bytes, "bytes", gpu.usable_kind, *by_gpu),
            Assumption("format", weights.id, "", "listed", *by_format),
            Assumption(
                "format.bits_per_weight", weights.bits_per_weight, "bits", "listed", *by_format
            ),
            Assumption("kv_dtype", self.kv_dtype, "", "assumed"),
            Assumption("tp", self.tp, "GPUs", "assumed"),
            Assumption(
                "engine.budget_share", constants.budget_share, "share", "listed", *by_engine
            ),
            Assumption(
                "engine.max_sequences", constants.max_sequences, "requests", "listed", *by_engine
            ),
            Assumption("engine.step_tokens", constants.step_tokens, "tokens", "listed", *by_engine),
            Assumption("engine.other_bytes", other, "bytes", "measured", *by_engine),
            Assumption(
                "engine.graph_bytes", constants.graph_bytes, "bytes", "measured", *by_engine
            ),
        )


def look_up(model: str | Path, serving: Serving, *, borrow_memory: bool = False) -> Setup:
    """Look every name up. With `borrow_memory` an engine without constants borrows vLLM's.

    Raises UnknownIdError with the nearest ids, InputError for what cannot be.
    """
    book = load_book()
    record, arch, name = find_model(model)
    gpu = book.gpu(serving.gpu)
    released_in = record.released_in if record else DEFAULT_FORMAT
    _check(serving, arch, name)
    engine = engine_row(serving.engine, serving.engine_version)
    if borrow_memory and not engine.supported:
        engine = engine_row(DEFAULT_ENGINE)
    return Setup(
        name=name,
        record=record,
        arch=arch,
        gpu=gpu,
        format=book.format(serving.format or released_in),
        engine=engine,
        engine_memory=engine.memory(gpu.id, gpu.usable_bytes, serving.gpu_memory_utilization),
        kv_dtype=serving.kv_dtype or DEFAULT_KV_DTYPE,
        tp=serving.tp,
    )


def _check(serving: Serving, arch: Architecture, name: str) -> None:
    tp, share = serving.tp, serving.gpu_memory_utilization
    if tp < 1 or arch.heads % tp:
        raise InputError(f"tp must divide the {arch.heads} attention heads of {name}, not {tp}")
    if share is not None and not 0 < share <= 1:
        raise InputError("gpu_memory_utilization is a share above 0 and at most 1")


def find_model(model: str | Path) -> tuple[ModelRecord | None, Architecture, str]:
    """The record (None for a folder), architecture and name of a model id or checkpoint folder."""
    text = str(model)
    if text.endswith((".safetensors", ".gguf", ".safetensors.index.json")):
        raise InputError(
            f"{text}: headers of .safetensors and .gguf files are not read yet; "
            "give the folder with config.json, or a model id and format"
        )
    folder = Path(text)
    if folder.is_dir():
        return None, read_config(folder), folder.resolve().name
    record = load_book().model(text)
    return record, record.architecture(), record.id


def read_config(folder: Path) -> Architecture:
    """The architecture that a checkpoint folder's `config.json` describes."""
    path = folder / "config.json"
    if not path.is_file():
        raise InputError(f"{folder} holds no config.json")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        place = f"{path}:{error.lineno}:{error.colno}"
        raise InputError(f"{place}: not valid JSON: {error.msg}") from error
    if not isinstance(config, dict):
        raise InputError(f"{path}: a JSON object is needed here")
    return from_config(config, str(path))


@cache
def weight_format(format_id: str) -> WeightFormat:
    """A format of the book as the serving rules take it."""
    record = load_book().format(format_id)
    return WeightFormat(
        id=record.id,
        family=record.family,
        bits_per_weight=record.bits_per_weight,
        experts_only=record.quantised == "experts",
        pad_experts_to=64 if record.id=='mxfp4' else 1, pad_hidden_to=256 if record.id=='mxfp4' else 1,
        gguf_type=record.gguf_type or "",
    )


def is_native(weights: FormatRecord, gpu: GpuSpec) -> bool:
    """Whether the GPU's tensor cores multiply in this format's own precision."""
    return weights.compute != "16-bit" and gpu.runs_natively(weights.native_format)


def kernel_for(weights: FormatRecord, gpu: GpuSpec, kernel: str | None) -> Kernel:
    """The kernel asked for, else the format's own, else weight-only where the GPU lacks it."""
    book = load_book()
    if kernel is not None:
        return _serves(book.kernel(kernel), weights)
    if weights.compute == "16-bit" or is_native(weights, gpu):
        return book.kernel(weights.default_kernel)
    fallback = book.kernel(WEIGHT_ONLY_KERNEL)
    if weights.id not in fallback.formats:
        raise InputError(
            f"{gpu.id} has no {weights.compute} arithmetic, and no kernel serves {weights.id} "
            "without; choose another format"
        )
    return fallback


def _serves(kernel: Kernel, weights: FormatRecord) -> Kernel:
    if weights.id not in kernel.formats:
        served = ", ".join(kernel.formats)
        raise InputError(f"kernel {kernel.id} does not serve {weights.id}; it serves {served}")
    return kernel

"""Looking up what a sizing question names: model, GPU, format, kernel, engine.

The outcome, :class:`Setup`, is plain numbers and records with their sources, ready for
:mod:`costmodel.serving`. Nothing is computed here.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from costmodel.book import load_book
from costmodel.book.engines import DEFAULT_ENGINE, Engine
from costmodel.book.engines import engine as engine_row
from costmodel.errors import InputError
from costmodel.ingest.checkpoint.engine_log import EngineLog, read_engine_log
from costmodel.ingest.checkpoint.files import CheckpointFiles
from costmodel.ingest.checkpoint.read import is_checkpoint, read_checkpoint
from costmodel.quantity.units import BILLION
from costmodel.serving.memory import Replica
from costmodel.serving.weights import WeightFormat
from costmodel.sizing.records import Assumption

if TYPE_CHECKING:
    from costmodel.book.models import Checkpoint, ModelRecord
    from costmodel.book.records import GpuSpec, Kernel
    from costmodel.book.records import WeightFormat as FormatRecord
    from costmodel.serving.overhead import EngineMemory
    from costmodel.serving.stored import StoredWeights
    from costmodel.serving.tensors import Architecture

Stamp = tuple[tuple[str, int, int], ...]

DEFAULT_FORMAT = "bf16"
DEFAULT_KV_DTYPE = "bf16"

WEIGHT_ONLY_KERNEL = "marlin"
"""What serves a format whose precision the GPU's tensor cores lack."""

HOPPER = "9.0"
"""Compute capability whose padding counts where no GPU is named."""

ROLES = {
    "attention": ("attention_q", "attention_k", "attention_v", "attention_output"),
    "ffn": ("ffn_gate", "ffn_up", "ffn_down"),
}
"""What a format's `keeps_16_bit` calls several roles at once."""


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
    max_num_seqs: int | None = None
    block_size: int | None = None
    cuda_graphs: bool = True
    engine_log: str | Path | None = None


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
    weight_format: WeightFormat
    stored: StoredWeights | None = None
    checkpoint: Checkpoint | None = None
    source: str = ""
    log: EngineLog | None = None

    @property
    def replica(self) -> Replica:
        """The same as the memory rules take it."""
        return Replica(
            self.arch,
            self.weight_format,
            self.gpu.usable_bytes,
            self.tp,
            self.kv_dtype,
            self.engine_memory,
            self.stored,
        )

    def assumptions(self) -> tuple[Assumption, ...]:
        """What memory rests on, one row each."""
        model, gpu, weights = self.record, self.gpu, self.format
        by_gpu, by_format = (gpu.source, gpu.as_of), (weights.source, weights.as_of)
        by_model = (model.source, model.as_of) if model else (self.source, None)
        bits = self.weight_format.bits_per_weight
        return (
            Assumption("model", self.name, "", "listed", *by_model),
            Assumption("gpu.usable_bytes", gpu.usable_bytes, "bytes", gpu.usable_kind, *by_gpu),
            Assumption("format", weights.id, "", "listed", *by_format),
            Assumption("format.bits_per_weight", bits, "bits", "listed", *by_format),
            *self._from_checkpoint(),
            Assumption("kv_dtype", self.kv_dtype, "", "assumed"),
            Assumption("tp", self.tp, "GPUs", "assumed"),
            *self._of_engine(),
        )

    def _from_checkpoint(self) -> tuple[Assumption, ...]:
        if self.stored is not None:
            total = float(self.stored.total_bytes)
            return (Assumption("weights.stored", total, "bytes", "measured", self.source),)
        if self.checkpoint is not None:
            known = self.checkpoint
            left_out = ", ".join(known.ignore)
            source = f"{known.hf_id}: {known.source}"
            return (Assumption("format.kept_16_bit", left_out, "", "listed", source, known.as_of),)
        return ()

    def _of_engine(self) -> tuple[Assumption, ...]:
        constants, engine = self.engine_memory, self.engine
        kind, by_engine = (
            engine.kind,
            (f"{engine.id} {engine.versions}: {engine.source}", engine.as_of),
        )
        other = constants.other_bytes if self.tp == 1 else constants.other_bytes_parallel
        graphs = constants.graph_bytes + constants.graph_bytes_per_layer * self.arch.layers
        share, rows, step = constants.budget_share, constants.max_sequences, constants.step_tokens
        return (
            Assumption("engine.budget_share", share, "share", "listed", *by_engine),
            Assumption("engine.max_sequences", rows, "requests", "listed", *by_engine),
            Assumption("engine.step_tokens", step, "tokens", "listed", *by_engine),
            Assumption("engine.other_bytes", other, "bytes", kind, *by_engine),
            Assumption("engine.graph_bytes", graphs, "bytes", kind, *by_engine),
            *self._measured_by_log(),
        )

    def _measured_by_log(self) -> tuple[Assumption, ...]:
        known = self.engine_memory.calibration
        if known is None:
            return ()
        version = (
            f" of {self.engine.id} {self.log.version}" if self.log and self.log.version else ""
        )
        source = f"start-up log{version}, on {known.tp} GPUs"
        return (
            Assumption("engine.overhead_bytes", known.overhead_bytes, "bytes", "measured", source),
            Assumption("weights.loaded", known.weights_bytes, "bytes", "measured", source),
        )


def released(model: str | Path) -> tuple[str, float | None, str]:
    """A model's name, its parameters [billions], and the format it was released in.

    >>> released("meta-llama/Llama-3.3-70B-Instruct")
    ('llama-3.3-70b', 70.553706496, 'bf16')
    """
    files = _read(model)
    if files is not None:
        return files.name, files.architecture.parameters / BILLION, _released_in(None, files)
    record = load_book().model(str(model))
    return record.id, record.params_hf and record.params_hf / BILLION, record.released_in


def look_up(model: str | Path, serving: Serving, *, borrow_memory: bool = False) -> Setup:
    """Look every name up. With `borrow_memory` an engine without constants borrows vLLM's.

    Raises UnknownIdError with the nearest ids, InputError for what cannot be.
    """
    book = load_book()
    files = _read(model)
    record = None if files else book.model(str(model))
    arch, name = _architecture(record, files)
    gpu = book.gpu(serving.gpu)
    _check(serving, arch, name)
    log = None if serving.engine_log is None else read_engine_log(serving.engine_log)
    engine = _engine(serving, files, log, borrow_memory=borrow_memory)
    weights = book.format(serving.format or _released_in(record, files))
    own = files is not None and weights.id == _released_in(None, files)
    checkpoint = record.checkpoint(weights.id) if record else None
    return Setup(
        name=name,
        record=record,
        arch=arch,
        gpu=gpu,
        format=weights,
        engine=engine,
        engine_memory=_memory(engine, gpu, serving, log),
        kv_dtype=serving.kv_dtype or DEFAULT_KV_DTYPE,
        tp=serving.tp,
        weight_format=_rules(weights, engine, gpu, files if own else None, checkpoint),
        stored=files.stored if files and own else None,
        checkpoint=checkpoint,
        source=files.source if files else "",
        log=log,
    )


def _check(serving: Serving, arch: Architecture, name: str) -> None:
    tp, share = serving.tp, serving.gpu_memory_utilization
    if tp < 1 or arch.heads % tp:
        raise InputError(f"tp must divide the {arch.heads} attention heads of {name}, not {tp}")
    if share is not None and not 0 < share <= 1:
        raise InputError("gpu_memory_utilization is a share above 0 and at most 1")
    if serving.max_num_seqs is not None and serving.max_num_seqs < 1:
        raise InputError("max_num_seqs must be at least 1")
    if serving.block_size is not None and serving.block_size < 1:
        raise InputError("block_size must be at least 1 token")


def _engine(
    serving: Serving, files: CheckpointFiles | None, log: EngineLog | None, *, borrow_memory: bool
) -> Engine:
    """The engine asked for; a GGUF file is served by llama.cpp, a log names its own version."""
    named = serving.engine
    if named is None and files and files.stored and files.stored.gguf:
        named = "llama.cpp"
    version = serving.engine_version
    if version is None and log is not None and named in (None, DEFAULT_ENGINE):
        version = log.version
    engine = engine_row(named, version)
    return engine_row(DEFAULT_ENGINE) if borrow_memory and not engine.supported else engine


def _memory(engine: Engine, gpu: GpuSpec, serving: Serving, log: EngineLog | None) -> EngineMemory:
    share = serving.gpu_memory_utilization
    if share is None and log is not None:
        share = log.utilization
    constants = engine.memory(
        gpu.id,
        gpu.usable_bytes,
        share,
        max_sequences=serving.max_num_seqs,
        cuda_graphs=serving.cuda_graphs,
    )
    if serving.block_size is not None:
        constants = replace(constants, block_tokens=serving.block_size)
    if log is None:
        return constants
    seen = gpu.usable_bytes - constants.reserved_bytes
    if log.utilization is None and log.budget_gib is None:
        log = replace(log, utilization=constants.budget_share)
    return replace(constants, calibration=log.calibration(seen, tp=serving.tp))


# ------------------------------------------------------------------------ model and weights


def _read(model: str | Path) -> CheckpointFiles | None:
    """The headers of a checkpoint on disk; None for a model by name."""
    if not is_checkpoint(model):
        return None
    place = Path(model)
    return _read_once(place, _stamp(place))


@lru_cache(maxsize=16)
def _read_once(place: Path, stamp: Stamp) -> CheckpointFiles:
    return read_checkpoint(place)


def _stamp(place: Path) -> Stamp:
    """What changes when any file that decides about a checkpoint does."""
    folder = place if place.is_dir() else place.parent
    kept = (".json", ".safetensors", ".gguf")
    files = sorted(f for f in folder.iterdir() if f.suffix in kept) if folder.is_dir() else []
    return tuple((f.name, f.stat().st_mtime_ns, f.stat().st_size) for f in files)


def _architecture(
    record: ModelRecord | None, files: CheckpointFiles | None
) -> tuple[Architecture, str]:
    if files is not None:
        return files.architecture, files.name
    assert record is not None
    return record.architecture(), record.id


def _released_in(record: ModelRecord | None, files: CheckpointFiles | None) -> str:
    """The format the weights are published in, as far as the book names it."""
    if files is None:
        return record.released_in if record else DEFAULT_FORMAT
    known = load_book().formats
    if files.format_id and files.format_id in known:
        return files.format_id
    if files.stored is not None and files.stored.gguf:
        return _nearest_gguf(files)
    formats = Counter(tensor.dtype for tensor in files.stored.tensors) if files.stored else {}
    return "fp8" if any(name.startswith("F8") for name in formats) else DEFAULT_FORMAT


def _nearest_gguf(files: CheckpointFiles) -> str:
    """The mix whose bits come closest to the file's, where its header names none."""
    assert files.stored is not None
    bits = 8 * files.stored.total_bytes / max(1, files.architecture.parameters_of("text"))
    mixes = [record for record in load_book().formats.values() if record.family == "gguf"]
    return min(mixes, key=lambda record: abs(record.bits_per_weight - bits)).id


def _rules(
    weights: FormatRecord,
    engine: Engine,
    gpu: GpuSpec,
    files: CheckpointFiles | None,
    checkpoint: Checkpoint | None,
) -> WeightFormat:
    """The format's rules, with this checkpoint's bits and ignore list and this GPU's padding."""
    rules = weight_format(weights.id, gpu.compute_capability or "", engine.id)
    if files is not None and files.quantisation is not None:
        own = files.quantisation.weight_format
        return replace(
            rules,
            bits_per_weight=own.bits_per_weight,
            experts_only=own.experts_only,
            exclusions=own.exclusions,
        )
    return replace(rules, exclusions=checkpoint.ignore) if checkpoint else rules


@cache
def weight_format(
    format_id: str, compute_capability: str = HOPPER, engine_id: str = DEFAULT_ENGINE
) -> WeightFormat:
    """A format of the book as the serving rules take it, on a GPU and engine."""
    record = load_book().format(format_id)
    experts_only = record.quantised == "experts"
    padding = engine_row(engine_id).padding(compute_capability)
    return WeightFormat(
        id=record.id,
        family=record.family,
        bits_per_weight=record.bits_per_weight,
        experts_only=experts_only,
        ignored=frozenset(_kept_roles(record, experts_only=experts_only)),
        pad_experts_to=padding.width if experts_only else 1,
        pad_hidden_to=padding.hidden if experts_only else 1,
        gguf_type=record.gguf_type or "",
    )


def _kept_roles(record: FormatRecord, *, experts_only: bool) -> list[str]:
    """The roles that a format keeps at 16 bits."""
    kept = [] if experts_only else record.keeps_16_bit
    return [role for name in kept for role in ROLES.get(name, (name,))]


# ---------------------------------------------------------------------------------- kernels


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

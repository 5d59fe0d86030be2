"""Names in, records out: does this model fit these GPUs, and how fast does it serve?

:func:`fit` and :func:`throughput` look names up in the book, hand plain numbers to
:mod:`costmodel.serving`, and return records that carry every assumption with its source and date.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from costmodel.book import load_book
from costmodel.book.engines import DEFAULT_ENGINE, Engine
from costmodel.book.engines import engine as engine_row
from costmodel.book.roofline import Interval, Roofline, roofline
from costmodel.errors import InputError
from costmodel.serving import memory
from costmodel.serving import roofline as speed
from costmodel.serving.architecture import Architecture, from_config
from costmodel.serving.overhead import EngineMemory
from costmodel.serving.weights import WeightFormat
from costmodel.serving.workload import roofline_model
from costmodel.sizing_results import Assumption, Fit, Throughput
from costmodel.units import GB

if TYPE_CHECKING:
    from costmodel.book.measured import Measurement
    from costmodel.book.models import ModelRecord
    from costmodel.book.records import GpuSpec, Kernel
    from costmodel.book.records import WeightFormat as FormatRecord

__all__ = ["Fit", "Throughput", "fit", "throughput"]

DEFAULT_FORMAT = "bf16"
DEFAULT_KV_DTYPE = "bf16"
PCIE_GB_PER_S = 32.0
"""Link assumed between GPUs whose link is not published: PCIe 4.0 x16, one direction."""

WEIGHT_ONLY_KERNEL = "marlin"
"""What serves a format whose precision the GPU's tensor cores lack."""

PADDED_EXPERTS = {"mxfp4": 256}
"""Kernels of these formats pad each rank's slice of an expert to a multiple of this width
(vLLM's MXFP4 path turns gpt-oss's 2,880 into 3,072)."""


@dataclass(frozen=True)
class _Setup:
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
    assumptions: tuple[Assumption, ...]

    @property
    def weight_format(self) -> WeightFormat:
        return weight_format(self.format.id)


# ------------------------------------------------------------------------------------ memory


def fit(
    model: str | Path,
    *,
    gpu: str,
    format: str | None = None,  # noqa: A002 - the word users type
    context: int | None = None,
    concurrency: float = 1,
    kv_dtype: str | None = None,
    tp: int = 1,
    engine: str | None = None,
    engine_version: str | None = None,
    gpu_memory_utilization: float | None = None,
) -> Fit:
    """Whether `concurrency` requests of `context` tokens fit on `tp` GPUs.

    Without `context` it is the model's longest. Raises InputError for an unknown name, an engine
    without known memory constants, or a model that is known by name only.

    >>> fit("llama-3.3-70b", gpu="h100-sxm", format="awq-int4", context=8192).verdict
    'fits'
    """
    setup = _setup(model, gpu, format, kv_dtype, tp, engine, engine_version, gpu_memory_utilization)
    wanted = int(context or setup.arch.max_context)
    if wanted <= 0 or concurrency <= 0:
        raise InputError("context and concurrency must be above zero; state context")
    answer = _memory_fit(setup, wanted, concurrency)
    return Fit(
        verdict=answer.verdict,
        gpus_needed=answer.gpus_needed,
        weights_bytes=round(answer.weights_bytes),
        weights_bytes_per_gpu=round(answer.weights_bytes_per_gpu),
        kv_pool_bytes=round(answer.kv_pool_bytes),
        kv_bytes_per_token=round(answer.kv_bytes_per_token),
        kv_bytes_per_sequence=round(answer.kv_bytes_per_sequence),
        overhead_bytes_per_gpu=round(answer.overhead_bytes_per_gpu),
        usable_bytes_per_gpu=round(answer.usable_bytes_per_gpu),
        max_concurrency=answer.max_concurrency,
        low=answer.low,
        high=answer.high,
        assumptions=(
            *setup.assumptions,
            Assumption("context", wanted, "tokens", "assumed"),
            Assumption("concurrency", concurrency, "requests", "assumed"),
        ),
    )


def _memory_fit(setup: _Setup, context: int, concurrency: float) -> memory.MemoryFit:
    return memory.fit(
        setup.arch,
        setup.weight_format,
        usable_bytes_per_gpu=setup.gpu.usable_bytes,
        tp=setup.tp,
        kv_dtype=setup.kv_dtype,
        context=context,
        concurrency=concurrency,
        engine=setup.engine_memory,
    )


# -------------------------------------------------------------------------------- throughput


def throughput(
    model: str | Path,
    *,
    gpu: str,
    format: str | None = None,  # noqa: A002 - the word users type
    kernel: str | None = None,
    tp: int = 1,
    input_tokens: float,
    output_tokens: float,
    concurrency: float | None = None,
    prefix_cache_share: float = 0.0,
    ttft_ms: float | None = None,
    tpot_ms: float | None = None,
    engine: str | None = None,
    engine_version: str | None = None,
    kv_dtype: str | None = None,
    gpu_memory_utilization: float | None = None,
) -> Throughput:
    """What one replica of `tp` GPUs serves of requests of this shape, running flat out.

    A published measurement of exactly this wins; else the roofline estimates. `concurrency`
    caps the requests resident at once, and `ttft_ms` and `tpot_ms` (means) lower it until both
    are met; where nothing meets them the result is zero. `prefix_cache_share` of the prompt is
    not computed again; it is not applied to a measurement.

    Raises InputError for an unknown name, or where not even one request fits.
    """
    _check_load(input_tokens, output_tokens, prefix_cache_share, concurrency)
    setup = _setup(
        model,
        gpu,
        format,
        kv_dtype,
        tp,
        engine,
        engine_version,
        gpu_memory_utilization,
        strict=False,
    )
    chosen = _kernel(setup.format, setup.gpu, kernel)
    shape = speed.Load(input_tokens, output_tokens, tp, prefix_cache_share)
    measured = _measurement(setup, kernel, engine, shape, concurrency, ttft_ms, tpot_ms)
    if measured is not None:
        return _measured(measured, setup, shape)
    return _estimated(setup, chosen, shape, concurrency, ttft_ms, tpot_ms)


def _check_load(
    input_tokens: float, output_tokens: float, share: float, concurrency: float | None
) -> None:
    if not (input_tokens > 0 and output_tokens > 0):
        raise InputError("input_tokens and output_tokens must be above zero")
    if not 0 <= share <= 1:
        raise InputError(f"prefix_cache_share is a share between 0 and 1, not {share:g}")
    if concurrency is not None and concurrency <= 0:
        raise InputError("concurrency must be above zero")


def _measurement(
    setup: _Setup,
    kernel: str | None,
    engine: str | None,
    shape: speed.Load,
    concurrency: float | None,
    ttft_ms: float | None,
    tpot_ms: float | None,
) -> list[Measurement] | None:
    """Measurements of exactly this that meet the latencies, best first."""
    from costmodel.book.measured import matching

    if setup.record is None:
        return None
    rows = matching(
        model=setup.record.names,
        gpu=setup.gpu.id,
        format=setup.format.id,
        input_tokens=float(shape.input_tokens),
        output_tokens=float(shape.output_tokens),
        tp=setup.tp,
        kernel=load_book().kernel(kernel).id if kernel else None,
        engine=engine,
        concurrency=None if concurrency is None else round(concurrency),
    )
    met = [r for r in rows if _within(r.ttft_ms, ttft_ms) and _within(r.tpot_ms, tpot_ms)]
    return met or None


def _within(measured: float | None, limit: float | None) -> bool:
    return limit is None or (measured is not None and measured <= limit)


def _measured(rows: list[Measurement], setup: _Setup, shape: speed.Load) -> Throughput:
    best, constants = rows[0], roofline()
    output = best.capacity_output_tokens_per_s or 0.0
    others = [row.capacity_output_tokens_per_s or output for row in rows]
    requests = output / float(shape.output_tokens)
    noise = constants.intervals.measured
    row = Assumption(
        "throughput.output_tokens_per_s", output, "tok/s", "measured", best.source, best.source_date
    )
    not_applied = Assumption(
        "prefix_cache_share_applied",
        0.0,
        "share",
        "assumed",
        "a measurement is used as it is; it does not state a prefix-cache hit rate",
    )
    return Throughput(
        requests_per_s=requests,
        output_tokens_per_s=output,
        total_tokens_per_s=requests * float(shape.input_tokens + shape.output_tokens),
        ttft_ms=best.ttft_ms,
        tpot_ms=best.tpot_ms,
        concurrency=best.concurrency,
        provenance="measured",
        low=min(output * noise.low, *others),
        high=max(output * noise.high, *others),
        sources=tuple(dict.fromkeys(f"{r.source} ({r.source_url})" for r in rows)),
        assumptions=(*setup.assumptions, row, *([not_applied] if shape.prefix_cache_share else [])),
    )


def _estimated(
    setup: _Setup,
    kernel: Kernel,
    shape: speed.Load,
    concurrency: float | None,
    ttft_ms: float | None,
    tpot_ms: float | None,
) -> Throughput:
    table = roofline()
    mixture = setup.arch.experts > 0
    constants = (table.mixture if mixture else table.dense).plain()
    case = _case(setup, kernel, shape, constants)
    most = _resident_requests(setup, shape, concurrency)
    resident = float(
        speed.max_concurrency_for_slo(
            case, constants, most, ttft_s=_seconds(ttft_ms), tpot_s=_seconds(tpot_ms)
        )
        if (ttft_ms or tpot_ms)
        else most
    )
    answer = speed.estimate(case, constants, max(resident, 1.0))
    served = 1.0 if resident > 0 else 0.0
    interval = table.interval(
        model=setup.record.id if setup.record else "",
        gpu=setup.gpu.id,
        kernel=kernel.id,
        mixture=mixture,
    )
    output = served * float(answer.output_tokens_per_s)
    return Throughput(
        requests_per_s=served * float(answer.requests_per_s),
        output_tokens_per_s=output,
        total_tokens_per_s=served * float(answer.total_tokens_per_s),
        ttft_ms=1000 * float(answer.ttft_s),
        tpot_ms=1000 * float(answer.tpot_s),
        concurrency=resident,
        provenance="estimated",
        low=output * interval.low,
        high=output * interval.high,
        sources=(f"roofline: {table.source}", f"kernel {kernel.id}: {kernel.source}"),
        assumptions=(*setup.assumptions, *_speed_assumptions(setup, kernel, table, interval)),
    )


def _seconds(milliseconds: float | None) -> float:
    return math.inf if milliseconds is None else milliseconds / 1000


def _resident_requests(setup: _Setup, shape: speed.Load, concurrency: float | None) -> float:
    """Requests that stay resident: memory, the engine's limit and the user's, at least one."""
    context = math.ceil(float(shape.input_tokens) + float(shape.output_tokens))
    answer = _memory_fit(setup, context, 1)
    if answer.verdict == "does_not_fit":
        needed = answer.gpus_needed
        hint = f"it needs tp={needed}" if needed else "not even 16 GPUs hold it"
        raise InputError(
            f"{setup.name} in {setup.format.id} with one request of {context:,} tokens does not "
            f"fit on {setup.tp} x {setup.gpu.id}; {hint}"
        )
    limits = [math.floor(answer.max_concurrency), setup.engine_memory.max_sequences]
    return max(1.0, float(min([*limits, concurrency] if concurrency else limits)))


def _case(
    setup: _Setup, kernel: Kernel, shape: speed.Load, constants: speed.RooflineConstants
) -> speed.Case:
    model = roofline_model(
        setup.arch,
        setup.weight_format,
        input_tokens=float(shape.input_tokens),
        output_tokens=float(shape.output_tokens),
        kv_dtype=setup.kv_dtype,
        tp=setup.tp,
    )
    gpu = setup.gpu
    native = _is_native(setup.format, gpu) and kernel.id == setup.format.default_kernel
    compute = setup.format.compute if native else "16-bit"
    peak_16bit = _needed(gpu, "bf16_dense_tflops", gpu.bf16_dense_tflops) * 1e12
    peak = _needed(gpu, f"{compute} peak", gpu.peak_tflops(compute)) * 1e12
    shares = {
        "16-bit": constants.compute_share_16bit,
        "fp8": constants.compute_share_fp8,
        "fp4": constants.compute_share_fp4,
        "int8": constants.compute_share_int8,
    }
    return speed.Case(
        model=model,
        hardware=speed.Hardware(
            bandwidth=_needed(gpu, "memory bandwidth", gpu.memory_bandwidth_gb_per_s) * GB,
            link=(gpu.link_gb_per_s or PCIE_GB_PER_S) * GB,
            peak_16bit=peak_16bit,
            peak=peak,
            compute_share=shares[compute],
        ),
        kernel=speed.Kernel()
        if compute != "16-bit"
        else speed.Kernel(kernel.bandwidth_efficiency.value, kernel.compute_efficiency.value),
        load=shape,
    )


def _needed(gpu: GpuSpec, what: str, value: float | None) -> float:
    if value is None:
        raise InputError(f"{gpu.id}: its {what} is not published, so speed cannot be estimated")
    return value


def _is_native(weights: FormatRecord, gpu: GpuSpec) -> bool:
    return weights.compute != "16-bit" and gpu.runs_natively(weights.native_format)


def _kernel(weights: FormatRecord, gpu: GpuSpec, kernel: str | None) -> Kernel:
    """The kernel asked for, else the format's own, else weight-only where the GPU lacks it."""
    book = load_book()
    if kernel is not None:
        return book.kernel(kernel)
    if weights.compute == "16-bit" or _is_native(weights, gpu):
        return book.kernel(weights.default_kernel)
    fallback = book.kernel(WEIGHT_ONLY_KERNEL)
    if weights.id not in fallback.formats:
        raise InputError(
            f"{gpu.id} has no {weights.compute} arithmetic, and no kernel serves {weights.id} without"
        )
    return fallback


# -------------------------------------------------------------------------------- looking up


def _setup(
    model: str | Path,
    gpu: str,
    format_id: str | None,
    kv_dtype: str | None,
    tp: int,
    engine: str | None,
    engine_version: str | None,
    budget_share: float | None,
    *,
    strict: bool = True,
) -> _Setup:
    """Look every name up. Not `strict`: an engine without memory constants borrows vLLM's."""
    book = load_book()
    record, arch, name = _model(model)
    spec = book.gpu(gpu)
    weights = book.format(format_id or (record.released_in if record else DEFAULT_FORMAT))
    if tp < 1 or arch.heads % tp:
        raise InputError(
            f"tp must divide the {arch.heads} attention heads of {name}; {tp} does not"
        )
    if budget_share is not None and not 0 < budget_share <= 1:
        raise InputError("gpu_memory_utilization is a share above 0 and at most 1")
    row = engine_row(engine, engine_version) if strict else _engine(engine, engine_version)
    constants = row.memory(spec.id, spec.usable_bytes, budget_share)
    cache_dtype = kv_dtype or DEFAULT_KV_DTYPE
    rows = _assumptions(name, record, spec, weights, row, constants, cache_dtype, tp)
    return _Setup(name, record, arch, spec, weights, row, constants, cache_dtype, tp, rows)


def _engine(engine: str | None, version: str | None) -> Engine:
    """The row of an engine, or vLLM's newest where its memory constants are not known."""
    row = engine_row(engine, version)
    return row if row.supported else engine_row(DEFAULT_ENGINE)


def _model(model: str | Path) -> tuple[ModelRecord | None, Architecture, str]:
    text = str(model)
    if text.endswith((".safetensors", ".gguf", ".safetensors.index.json")):
        raise InputError(
            f"{text}: headers of .safetensors and .gguf files are not read yet; "
            "give the folder with config.json, or a model id and format"
        )
    folder = Path(text)
    if folder.is_dir():
        return None, _read_config(folder), folder.name
    record = load_book().model(text)
    return record, record.architecture(), record.id


def _read_config(folder: Path) -> Architecture:
    import json

    path = folder / "config.json"
    if not path.is_file():
        raise InputError(f"{folder} holds no config.json")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise InputError(
            f"{path}:{error.lineno}:{error.colno}: not valid JSON: {error.msg}"
        ) from error
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
        pad_experts_to=PADDED_EXPERTS.get(record.id, 1),
        gguf_type=record.gguf_type or "",
    )


# ------------------------------------------------------------------------------- assumptions


def _assumptions(
    name: str,
    record: ModelRecord | None,
    gpu: GpuSpec,
    weights: FormatRecord,
    engine: Engine,
    constants: EngineMemory,
    kv_dtype: str,
    tp: int,
) -> tuple[Assumption, ...]:
    engine_source = (f"{engine.id} {engine.versions}: {engine.source}", engine.as_of)
    source = record.source if record else f"{name}/config.json"
    return (
        Assumption("model", name, "", "listed", source, record.as_of if record else None),
        Assumption(
            "gpu.usable_bytes", gpu.usable_bytes, "bytes", gpu.usable_kind, gpu.source, gpu.as_of
        ),
        Assumption(
            "format.bits_per_weight",
            weights.bits_per_weight,
            "bits",
            "listed",
            weights.source,
            weights.as_of,
        ),
        Assumption("kv_dtype", kv_dtype, "", "assumed"),
        Assumption("tp", tp, "GPUs", "assumed"),
        Assumption(
            "engine.budget_share", constants.budget_share, "share", "listed", *engine_source
        ),
        Assumption(
            "engine.max_sequences", constants.max_sequences, "requests", "listed", *engine_source
        ),
        Assumption("engine.step_tokens", constants.step_tokens, "tokens", "listed", *engine_source),
        Assumption(
            "engine.other_bytes", constants.other_bytes, "bytes", "measured", *engine_source
        ),
        Assumption(
            "engine.graph_bytes", constants.graph_bytes, "bytes", "measured", *engine_source
        ),
    )


def _speed_assumptions(
    setup: _Setup, kernel: Kernel, table: Roofline, interval: Interval
) -> tuple[Assumption, ...]:
    gpu = setup.gpu
    return (
        Assumption("kernel", kernel.id, "", "assumed", kernel.source, kernel.as_of),
        Assumption(
            "kernel.bandwidth_efficiency",
            kernel.bandwidth_efficiency.value,
            "share",
            kernel.bandwidth_efficiency.kind,
            kernel.source,
            kernel.as_of,
        ),
        Assumption(
            "kernel.compute_efficiency",
            kernel.compute_efficiency.value,
            "share",
            kernel.compute_efficiency.kind,
            kernel.source,
            kernel.as_of,
        ),
        Assumption(
            "gpu.memory_bandwidth",
            gpu.memory_bandwidth_gb_per_s or 0.0,
            "GB/s",
            "listed",
            gpu.source,
            gpu.as_of,
        ),
        Assumption("roofline.low", interval.low, "factor", "estimated", table.source, table.as_of),
        Assumption(
            "roofline.high", interval.high, "factor", "estimated", table.source, table.as_of
        ),
    )

"""Names in, records out: whether a model fits its GPUs, and how fast they serve it.

:func:`fit` and :func:`throughput` look names up in the book, hand plain numbers to
:mod:`costmodel.serving`, and return records that carry every assumption with source and date.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from costmodel.book import load_book
from costmodel.book.roofline import Interval, Roofline, roofline
from costmodel.errors import InputError
from costmodel.serving import memory
from costmodel.serving import roofline as speed
from costmodel.serving.workload import roofline_model
from costmodel.sizing_lookup import Serving, Setup, is_native, kernel_for, look_up
from costmodel.sizing_memory import fit, fit_map
from costmodel.sizing_results import Assumption, Fit, Throughput
from costmodel.units import GB

if TYPE_CHECKING:
    from pathlib import Path

    from costmodel.book.measured import Measurement
    from costmodel.book.records import GpuSpec, Kernel

__all__ = ["Fit", "Throughput", "fit", "fit_map", "throughput"]

PCIE_GB_PER_S = 32.0
"""Link assumed where a GPU's is not published: PCIe 4.0 x16, one direction."""


# -------------------------------------------------------------------------------- throughput


@dataclass(frozen=True)
class _Demand:
    """What is asked of a replica; None sets no limit."""

    shape: speed.Load
    concurrency: float | None = None
    ttft_ms: float | None = None
    tpot_ms: float | None = None

    def met_by(self, row: Measurement) -> bool:
        """Whether a measurement keeps within both latencies."""
        return _within(row.ttft_ms, self.ttft_ms) and _within(row.tpot_ms, self.tpot_ms)


def throughput(  # noqa: PLR0913 - the options of `costmodel throughput`
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

    >>> throughput("llama-3.1-70b", gpu="h100-sxm", format="fp8", tp=2,
    ...            input_tokens=128, output_tokens=2048).provenance
    'measured'
    """
    demand = _Demand(
        speed.Load(input_tokens, output_tokens, tp, prefix_cache_share),
        concurrency,
        ttft_ms,
        tpot_ms,
    )
    _check(demand)
    serving = Serving(gpu, format, kv_dtype, tp, engine, engine_version, gpu_memory_utilization)
    setup = look_up(model, serving, borrow_memory=True)
    rows = _measurements(setup, demand, kernel, engine)
    if rows:
        return _measured(rows, setup, demand.shape)
    return _estimated(setup, demand, kernel_for(setup.format, setup.gpu, kernel))


def _check(demand: _Demand) -> None:
    shape, share = demand.shape, float(demand.shape.prefix_cache_share)
    if not (shape.input_tokens > 0 and shape.output_tokens > 0):
        raise InputError("input_tokens and output_tokens must be above zero")
    if not 0 <= share <= 1:
        raise InputError(f"prefix_cache_share is a share between 0 and 1, not {share:g}")
    for name in ("concurrency", "ttft_ms", "tpot_ms"):
        value = getattr(demand, name)
        if value is not None and not value > 0:
            raise InputError(f"{name} must be above zero")


def _measurements(
    setup: Setup, demand: _Demand, kernel: str | None, engine: str | None
) -> list[Measurement]:
    """Measurements of exactly this that meet the latencies, best first."""
    from costmodel.book.measured import matching

    if setup.record is None:
        return []
    rows = matching(
        model=setup.record.names,
        gpu=setup.gpu.id,
        format=setup.format.id,
        input_tokens=float(demand.shape.input_tokens),
        output_tokens=float(demand.shape.output_tokens),
        tp=setup.tp,
        kernel=load_book().kernel(kernel).id if kernel else None,
        engine=engine,
        concurrency=None if demand.concurrency is None else round(demand.concurrency),
    )
    return [row for row in rows if demand.met_by(row)]


def _within(measured: float | None, limit: float | None) -> bool:
    return limit is None or (measured is not None and measured <= limit)


def _measured(rows: list[Measurement], setup: Setup, shape: speed.Load) -> Throughput:
    """The best row as it stands; the interval holds the other rows and the noise between runs."""
    best, noise = rows[0], roofline().intervals.measured
    output = best.capacity_output_tokens_per_s or 0.0
    others = [row.capacity_output_tokens_per_s or output for row in rows]
    requests = output / float(shape.output_tokens)
    path = "throughput.output_tokens_per_s"
    stated = Assumption(path, output, "tok/s", "measured", best.source, best.source_date)
    no_cache = Assumption(
        "prefix_cache_share_applied",
        0.0,
        "share",
        "assumed",
        "a measurement is used as it stands; it states no prefix-cache hit rate",
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
        sources=tuple(dict.fromkeys(f"{row.source} ({row.source_url})" for row in rows)),
        assumptions=(
            *setup.assumptions(),
            stated,
            *([no_cache] if shape.prefix_cache_share else []),
        ),
    )


def _estimated(setup: Setup, demand: _Demand, kernel: Kernel) -> Throughput:
    """The roofline at the largest concurrency that memory, engine, user and latencies allow."""
    table, mixture = roofline(), setup.arch.experts > 0
    constants = (table.mixture if mixture else table.dense).plain()
    case = _case(setup, kernel, demand.shape, constants)
    resident = _resident_within_slo(case, constants, demand, _resident(setup, demand))
    answer = speed.estimate(case, constants, max(resident, 1.0))
    served = 1.0 if resident else 0.0
    interval = table.interval(
        model=setup.record.id if setup.record else "",
        gpu=setup.gpu.id,
        kernel=kernel.id,
        mixture=mixture,
        factors=_kernel_spread(case, constants, max(resident, 1.0), kernel),
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
        assumptions=(*setup.assumptions(), *_speed_assumptions(setup.gpu, kernel, table, interval)),
    )


def _resident_within_slo(
    case: speed.Case, constants: speed.RooflineConstants, demand: _Demand, most: float
) -> float:
    if demand.ttft_ms is None and demand.tpot_ms is None:
        return most
    ttft_s, tpot_s = (
        math.inf if limit is None else limit / 1000 for limit in (demand.ttft_ms, demand.tpot_ms)
    )
    found = speed.max_concurrency_for_slo(case, constants, most, ttft_s=ttft_s, tpot_s=tpot_s)
    return float(found)


def _resident(setup: Setup, demand: _Demand) -> float:
    """Requests that stay resident: memory, the engine's limit and the user's, at least one."""
    context = math.ceil(float(demand.shape.input_tokens) + float(demand.shape.output_tokens))
    found = memory.place(setup.replica, context)
    if found.verdict(1) == "does_not_fit":
        groups = memory.placements(setup.replica, context)
        needed = next((group.tp for group in groups if group.max_concurrency >= 1), None)
        hint = f"it needs tp={needed}" if needed else "not even 16 GPUs hold it"
        raise InputError(
            f"{setup.name} in {setup.format.id} with one request of {context:,} tokens does not "
            f"fit on {setup.tp} x {setup.gpu.id}; {hint}"
        )
    limits: list[float] = [math.floor(found.max_concurrency), setup.engine_memory.max_sequences]
    if demand.concurrency is not None:
        limits.append(demand.concurrency)
    return max(1.0, float(min(limits)))


def _case(
    setup: Setup, kernel: Kernel, shape: speed.Load, constants: speed.RooflineConstants
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
    native = is_native(setup.format, gpu) and kernel.id == setup.format.default_kernel
    compute = setup.format.compute if native else "16-bit"
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
            peak_16bit=_needed(gpu, "16-bit peak", gpu.bf16_dense_tflops) * 1e12,
            peak=_needed(gpu, f"{compute} peak", gpu.peak_tflops(compute)) * 1e12,
            compute_share=shares[compute],
        ),
        kernel=speed.Kernel() if native else _relative(kernel),
        load=shape,
    )


def _kernel_spread(
    case: speed.Case, constants: speed.RooflineConstants, resident: float, kernel: Kernel
) -> Interval | None:
    """How far the kernel's own interval moves throughput; None where it is the native one."""
    if case.kernel == speed.Kernel():
        return None
    bandwidth, compute = kernel.bandwidth_efficiency, kernel.compute_efficiency
    pairs = ((bandwidth.low, compute.low), (bandwidth.high, compute.high))
    slow, fast = (
        float(
            speed.estimate(
                replace(case, kernel=speed.Kernel(*pair)), constants, resident
            ).output_tokens_per_s
        )
        for pair in pairs
    )
    likely = float(speed.estimate(case, constants, resident).output_tokens_per_s)
    return Interval(low=min(1.0, slow / likely), high=max(1.0, fast / likely))


def _relative(kernel: Kernel) -> speed.Kernel:
    """A kernel's two factors against the engine's own 16-bit GEMM."""
    return speed.Kernel(kernel.bandwidth_efficiency.value, kernel.compute_efficiency.value)


def _needed(gpu: GpuSpec, what: str, value: float | None) -> float:
    if value is None:
        raise InputError(f"{gpu.id}: its {what} is not published, so speed cannot be estimated")
    return value


def _speed_assumptions(
    gpu: GpuSpec, kernel: Kernel, table: Roofline, interval: Interval
) -> tuple[Assumption, ...]:
    by_kernel, by_table = (kernel.source, kernel.as_of), (table.source, table.as_of)
    bandwidth, compute = kernel.bandwidth_efficiency, kernel.compute_efficiency
    return (
        Assumption("kernel", kernel.id, "", "assumed", *by_kernel),
        Assumption(
            "kernel.bandwidth_efficiency", bandwidth.value, "share", bandwidth.kind, *by_kernel
        ),
        Assumption("kernel.compute_efficiency", compute.value, "share", compute.kind, *by_kernel),
        Assumption(
            "gpu.memory_bandwidth",
            gpu.memory_bandwidth_gb_per_s or 0.0,
            "GB/s",
            "listed",
            gpu.source,
            gpu.as_of,
        ),
        Assumption("roofline.low", interval.low, "factor", "estimated", *by_table),
        Assumption("roofline.high", interval.high, "factor", "estimated", *by_table),
    )

"""From what was looked up to how fast it serves: the roofline, corrected by measurements like it.

:class:`Server` is one setup with one kernel at one request shape, ready to be asked at any number
of concurrencies in one call. Calibration asks the same functions, so what is fitted is what runs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from costmodel.book.engines import engine_name
from costmodel.book.roofline import AnchorTable, alike, anchor_table, roofline
from costmodel.errors import InputError
from costmodel.quantity.units import GB, GIB
from costmodel.serving import anchor, memory
from costmodel.serving import roofline as speed
from costmodel.serving.workload import roofline_model
from costmodel.sizing.lookup import is_native

if TYPE_CHECKING:
    from costmodel.book.records import GpuSpec, Kernel
    from costmodel.book.records import WeightFormat as FormatRecord
    from costmodel.book.roofline import Pool, Regime
    from costmodel.sizing.lookup import Serving, Setup

PCIE_GB_PER_S = 32.0
"""Link assumed where a GPU's is not published: PCIe 4.0 x16, one direction."""

NATIVE = "native"
"""The kernel label of formats that tensor cores multiply as they are."""

MOST_ANCHORS = 64
"""Measurements that an estimate is carried over from; more change nothing and cost time."""

Z80 = 1.2815515594457831
"""Half-width of a central 80 % interval, in standard deviations of a normal distribution."""


def multiplies_in(format: FormatRecord, gpu: GpuSpec, kernel: Kernel) -> str:  # noqa: A002
    """What tensor cores multiply in: the format's precision where GPU and kernel take it."""
    native = is_native(format, gpu) and kernel.id == format.default_kernel
    return format.compute if native else "16-bit"


def kernel_label(format: FormatRecord, gpu: GpuSpec, kernel: Kernel) -> str:  # noqa: A002
    """The kernel as an anchor knows it: by name where it unpacks weights, else native."""
    return NATIVE if not _unpacks(format, gpu, kernel) else kernel.id


def _unpacks(format: FormatRecord, gpu: GpuSpec, kernel: Kernel) -> bool:  # noqa: A002
    plain = format.compute == "16-bit" and kernel.id == format.default_kernel == "cublas"
    return not plain and multiplies_in(format, gpu, kernel) == "16-bit"


def plain_kernel(
    format: FormatRecord,  # noqa: A002
    gpu: GpuSpec,
    kernel: Kernel,
) -> speed.Kernel:
    """A kernel's factors against the engine's own GEMM; the engine's own where it is native."""
    if not _unpacks(format, gpu, kernel):
        return speed.Kernel()
    factors = kernel.factors_on(gpu.compute_capability)
    return speed.Kernel(
        factors.bandwidth_efficiency.value,
        factors.compute_efficiency.value,
        kernel.exponent or math.nan,
        kernel.dequantizes_from or math.inf,
    )


def kernel_ends(case: speed.Case, gpu: GpuSpec, kernel: Kernel) -> tuple[speed.Case, speed.Case]:
    """The case at the slow and at the fast end of both factors; itself where it is native."""
    if case.kernel == speed.Kernel():
        return case, case
    factors = kernel.factors_on(gpu.compute_capability)
    bandwidth, compute = factors.bandwidth_efficiency, factors.compute_efficiency
    slow, fast = (
        replace(
            case,
            kernel=replace(case.kernel, bandwidth_efficiency=b, compute_efficiency=c),
        )
        for b, c in ((bandwidth.low, compute.low), (bandwidth.high, compute.high))
    )
    return slow, fast


def served_by(setup: Setup, serving: Serving) -> str:
    """The engine's id as anchors and constants know it: as asked, else the setup's own."""
    return engine_name(serving.engine) if serving.engine else setup.engine.id


def case_of(setup: Setup, kernel: Kernel, shape: speed.Load) -> speed.Case:
    """Everything the roofline needs. Raises InputError where the GPU's peaks are unpublished."""
    gpu, compute = setup.gpu, multiplies_in(setup.format, setup.gpu, kernel)
    model = roofline_model(
        setup.arch,
        setup.weight_format,
        input_tokens=float(shape.input_tokens),
        output_tokens=float(shape.output_tokens),
        kv_dtype=setup.kv_dtype,
        tp=setup.tp,
    )
    peak = _needed(gpu, f"{compute} peak", gpu.peak_tflops(compute))  # type: ignore[arg-type]
    return speed.Case(
        model=model,
        hardware=speed.Hardware(
            bandwidth=_needed(gpu, "memory bandwidth", gpu.memory_bandwidth_gb_per_s) * GB,
            link=(gpu.link_gb_per_s or PCIE_GB_PER_S) * GB,
            peak_16bit=_needed(gpu, "16-bit peak", gpu.bf16_dense_tflops) * 1e12,
            peak=peak * 1e12,
            precision=speed.PRECISIONS.index(compute),
        ),
        kernel=plain_kernel(setup.format, gpu, kernel),
        load=shape,
    )


def _needed(gpu: GpuSpec, what: str, value: float | None) -> float:
    if value is None:
        raise InputError(f"{gpu.id}: its {what} is not published, so speed cannot be estimated")
    return value


# ---------------------------------------------------------------------- requests that fit


def held_requests(setup: Setup, shape: speed.Load, pool: Pool | None) -> float:
    """Requests of this shape that the KV cache holds at once; may be below one.

    An engine in the memory table has its own rules; one with a `pool` gives the cache a share of
    what weights and a reserve leave, and holds part of each output on average.
    """
    context = math.ceil(float(shape.input_tokens) + float(shape.output_tokens))
    found = memory.place(setup.replica, context)
    if pool is None:
        return float(found.max_concurrency)
    left = setup.gpu.usable_bytes - found.weights_bytes - pool.reserve_gib * GIB
    full = pool.share * max(0.0, left) / float(found.request_bytes)
    prompt, output = float(shape.input_tokens), float(shape.output_tokens)
    return full * (prompt + output) / (prompt + pool.occupancy * output)


# ------------------------------------------------------------------------------- a server


@dataclass(frozen=True)
class Carried:
    """Speed at some concurrencies, corrected; `deviation` of log(true / corrected)."""

    speed: speed.Speed
    deviation: np.ndarray

    def within(self, ttft_ms: float | None, tpot_ms: float | None) -> np.ndarray:
        """Where both mean latencies are met."""
        ttft_s, tpot_s = (np.inf if ms is None else ms / 1000 for ms in (ttft_ms, tpot_ms))
        return (self.speed.ttft_s <= ttft_s) & (self.speed.tpot_s <= tpot_s)


@dataclass(frozen=True)
class Server:
    """One setup, kernel and request shape; `model`, `engine`, `version` as anchors know them."""

    setup: Setup
    kernel: Kernel
    shape: speed.Load
    engine: str
    version: str
    regime: Regime

    @cached_property
    def mixture(self) -> bool:
        """Whether the model is a mixture of experts."""
        return self.setup.arch.experts > 0

    @cached_property
    def constants(self) -> speed.RooflineConstants:
        """The engine's own."""
        return roofline().of(mixture=self.mixture).of(self.engine, self.version).plain()

    @cached_property
    def case(self) -> speed.Case:
        """As the roofline takes it."""
        return case_of(self.setup, self.kernel, self.shape)

    def point(self, concurrency: float) -> anchor.Points:
        """As anchors take it."""
        record, shape, setup = self.setup.record, self.shape, self.setup
        labels = label_row(
            engine=self.engine,
            version=self.version,
            model=record.id if record else f"({setup.name})",
            gpu=setup.gpu.id,
            format_id=setup.format.id,
            kernel=kernel_label(setup.format, setup.gpu, self.kernel),
            regime=self.regime,
        )
        prompt, output = float(shape.input_tokens), float(shape.output_tokens)
        return anchor.points([labels], [[setup.tp, prompt, output, concurrency, 1.0]])

    @cached_property
    def nearby(self) -> tuple[AnchorTable, np.ndarray, anchor.Anchors]:
        """The table, the places in it of the most alike, and those solved."""
        table = anchor_table(mixture=self.mixture)
        similarity = roofline().of(mixture=self.mixture).likeness.plain()
        places = anchor.nearest(self.point(32.0), table.points, similarity, MOST_ANCHORS)
        solved = anchor.anchors(table.points.take(places), table.residuals[places], similarity)
        return table, places, solved

    def at(self, concurrency: np.ndarray) -> Carried:
        """Speed with so many requests always resident, at all of them in one call."""
        wanted = np.asarray(concurrency, float)
        plain = speed.estimate(self.case, self.constants, wanted)
        mean, deviation = self.nearby[2].correct_along(self.point(1.0), wanted)
        total = np.hypot(deviation, self._kernel_deviation(wanted))
        return Carried(_faster(plain, np.exp(mean)), total)

    def _kernel_deviation(self, concurrency: np.ndarray) -> np.ndarray:
        """What the kernel's own interval adds where no measurement speaks for the kernel."""
        if self.case.kernel == speed.Kernel():
            return np.zeros_like(concurrency)
        slow, fast = (
            speed.estimate(end, self.constants, concurrency).output_tokens_per_s
            for end in kernel_ends(self.case, self.setup.gpu, self.kernel)
        )
        return np.log(fast / slow) / (2 * Z80) * self._unspoken()

    def _unspoken(self) -> float:
        """1 where no anchor of this kernel is near, towards 0 beside one."""
        table, places, solved = self.nearby
        label = anchor.LABELS.index("kernel")
        asked = self.point(32.0)
        same = table.points.labels[places, label] == asked.labels[0, label]
        alike_ = anchor.correlation(asked, solved.points, solved.similarity)[0]
        closest = float(alike_[same].max()) if same.any() else 0.0
        return math.sqrt(1.0 - closest**2)


def label_row(
    *, engine: str, version: str, model: str, gpu: str, format_id: str, kernel: str, regime: str
) -> tuple[str, ...]:
    """Labels in the order of `anchor.LABELS`; a version carries its engine's name."""
    named = f"{engine} {version}" if version else ""
    return (engine, named, model, gpu, alike(format_id), kernel, regime)


def _faster(plain: speed.Speed, factor: np.ndarray) -> speed.Speed:
    """Every rate times the factor, every latency through it."""
    return speed.Speed(
        requests_per_s=plain.requests_per_s * factor,
        output_tokens_per_s=plain.output_tokens_per_s * factor,
        total_tokens_per_s=plain.total_tokens_per_s * factor,
        ttft_s=plain.ttft_s / factor,
        tpot_s=plain.tpot_s / factor,
        concurrency=plain.concurrency,
    )

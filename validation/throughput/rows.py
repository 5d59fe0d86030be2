"""Measurements as the roofline takes them: every usable row, as arrays, and why others are not.

A row is used where its configuration is resolved: model, GPU, format, tensor parallel size and
shape, one replica without pipeline or data parallelism. Nothing is guessed but two things, which
`roofline.yaml` states: a row that names no format serves the checkpoint as released, and
TensorRT-LLM keeps the KV cache in fp8 wherever weights are below 16 bits.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, fields, replace
from functools import cached_property, lru_cache

import numpy as np

from costmodel.book.engines import version_number
from costmodel.book.measured import Measurement, measurements
from costmodel.book.roofline import Regime
from costmodel.errors import InputError
from costmodel.quantity.units import GIB
from costmodel.serving import memory
from costmodel.serving import roofline as speed
from costmodel.serving.anchor import Points, points
from costmodel.sizing.lookup import Serving, Setup, kernel_for, look_up
from costmodel.sizing.server import case_of, kernel_label, label_row

REGIMES: dict[str, Regime] = {
    "offline-max": "offline", "guidellm-max": "offline",
    "fixed-concurrency": "fixed", "single-stream": "fixed",
}  # fmt: skip
OWN_MEMORY = ("vllm", "sglang")
EARLY = "vllm before 0.8"
"""vLLM's first engine, whose own work between steps is another."""
FIRST_VLLM = (0, 9)
"""Older versions take the memory constants of the newest."""

REQUESTS = {
    (128, 128): 30000, (128, 2048): 3000, (128, 4096): 1500, (1000, 2000): 1500, (2048, 128): 3000,
    (2048, 2048): 1500, (5000, 500): 1500, (1000, 1000): 3000, (500, 2000): 3000,
    (20000, 2000): 1000, (1024, 2048): 1500,
}  # fmt: skip
"""Requests a published offline run queues, by shape: TensorRT-LLM perf-overview 0.17."""
OTHER_REQUESTS = 3000
GUIDELLM_SEQUENCES = 256
"""vLLM's own limit of sequences in the versions GuideLLM was run against (0.7.2)."""

LEFT_OUT = re.compile(r"QServe|token_position")
"""Sources left out: a competitor's baselines with in-flight batching off; 128 output tokens and
no stated format."""


@dataclass(frozen=True)
class Row:
    """One usable measurement."""

    line: int
    measured: Measurement
    setup: Setup
    case: speed.Case
    regime: Regime
    engine: str
    labels: tuple[str, ...]
    experts_ranks: int
    usable_bytes: float
    weights_bytes: float
    """Both on each GPU."""
    request_bytes: float
    pool_bytes: float
    most: float
    """Requests the engine takes at once, by its own limit and by how many were sent."""
    held_in_flight: float
    """Requests kept in flight by the client; infinite where all were queued."""
    sent: float
    """Requests of a finite offline run; infinite elsewhere."""


@dataclass(frozen=True)
class Table:
    """Rows side by side: one array per quantity; `columns` keeps what was asked for."""

    rows: tuple[Row, ...]
    case: speed.Case
    measured: np.ndarray
    offline: np.ndarray
    columns: dict[str, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, chosen: np.ndarray) -> Table:
        """The rows where `chosen` holds."""
        return table([row for row, wanted in zip(self.rows, chosen, strict=True) if wanted])

    def column(self, name: str) -> np.ndarray:
        """A number of every row."""
        if name not in self.columns:
            self.columns[name] = np.array([getattr(row, name) for row in self.rows], float)
        return self.columns[name]

    @cached_property
    def engines(self) -> np.ndarray:
        """The engine of each row, its generation apart where it is another engine."""
        return np.array([row.engine for row in self.rows])

    def points(self, concurrency: np.ndarray) -> Points:
        """As anchors take them, at the concurrency that ran."""
        load = self.case.load
        ranks = self.column("experts_ranks")
        places = np.stack(
            [load.tp, load.input_tokens, load.output_tokens, concurrency, ranks], axis=1
        )
        return points([row.labels for row in self.rows], places)

    def keys(self, by: str) -> np.ndarray:
        """What is held out together."""
        names = {
            "model": lambda row: row.labels[2],
            "gpu": lambda row: row.measured.gpu,
            "source": lambda row: row.measured.source,
            "case": _case_key,
        }
        return np.array([names[by](row) for row in self.rows])


def _case_key(row: Row) -> str:
    """A configuration, whatever the engine and its version."""
    m, labels = row.measured, row.labels
    shape = (m.input_tokens, m.output_tokens, m.concurrency, m.metric)
    return repr((*labels[2:6], row.setup.tp, *shape))


def table(rows: list[Row]) -> Table:
    """Rows as one table."""
    parts = [row.case for row in rows]
    return Table(
        rows=tuple(rows),
        case=speed.Case(
            speed.stack([part.model for part in parts]),
            speed.stack([part.hardware for part in parts]),
            speed.stack([part.kernel for part in parts]),
            speed.stack([part.load for part in parts]),
        ),
        measured=np.array([row.measured.capacity_output_tokens_per_s for row in rows], float),
        offline=np.array([row.regime == "offline" for row in rows]),
    )


def usable() -> tuple[list[Row], Counter[str]]:
    """Every usable row, and how many are not, by reason."""
    found: list[Row] = []
    left_out: Counter[str] = Counter()
    for line, measured in enumerate(measurements()):
        if measured.metric not in REGIMES:
            left_out["not an offline maximum or a fixed number of requests"] += 1
            continue
        try:
            found.append(_row(line, measured))
        except InputError as error:
            left_out[str(error)] += 1
    return found, left_out


def _row(line: int, m: Measurement) -> Row:
    _refuse_unresolved(m)
    tp = m.gpus if m.tp is None else m.tp
    if tp is None or (m.gpus not in (None, tp)):
        raise InputError("its tensor parallel size is not stated")
    weights = m.format or "bf16"
    kv_dtype = "fp8" if m.engine == "tensorrt-llm" and weights not in ("bf16", "fp16") else "bf16"
    setup = _setup(m.model, m.gpu, weights, kv_dtype, tp, *_memory_of(m))
    kernel = kernel_for(setup.format, setup.gpu, _unpacking(m.kernel))
    shape = speed.Load(float(m.input_tokens or 0), float(m.output_tokens or 0), tp)
    case, capacity = case_of(setup, kernel, shape), m.capacity_output_tokens_per_s or 0.0
    if (
        2
        * case.model.active_linear_parameters
        * (shape.input_tokens + shape.output_tokens)
        * capacity
        / shape.output_tokens
        > case.hardware.peak * tp
    ):
        raise InputError("faster than its hardware multiplies: a prefix cache, or not one replica")
    placed = memory.place(setup.replica, int(np.ceil(shape.input_tokens + shape.output_tokens)))
    assert setup.record is not None
    labels = label_row(
        engine=m.engine, version=m.engine_version, model=setup.record.id, gpu=m.gpu,
        format_id=weights, kernel=kernel_label(setup.format, setup.gpu, kernel),
        regime=REGIMES[m.metric],
    )  # fmt: skip
    ranks = re.search(r"moe_ep=(\d+)", m.notes)
    finite = m.metric == "offline-max"
    sent = REQUESTS.get((int(shape.input_tokens), int(shape.output_tokens)), OTHER_REQUESTS)
    limit = GUIDELLM_SEQUENCES if m.metric == "guidellm-max" else 2048
    fixed = REGIMES[m.metric] == "fixed"
    return Row(
        line=line, measured=m, setup=setup, case=case, regime=REGIMES[m.metric],
        engine=_generation(m.engine, m.engine_version), labels=labels,
        experts_ranks=max(1, int(ranks[1])) if ranks else 1,
        usable_bytes=float(setup.gpu.usable_bytes), weights_bytes=placed.weights_bytes,
        request_bytes=float(placed.request_bytes), pool_bytes=placed.pool_bytes,
        most=min(limit, sent) if finite else limit,
        held_in_flight=float(m.concurrency or 1) if fixed else np.inf,
        sent=float(sent) if finite else np.inf,
    )  # fmt: skip


def _refuse_unresolved(m: Measurement) -> None:
    if LEFT_OUT.search(m.source):
        raise InputError(f"left out: {m.source}")
    if not m.capacity_output_tokens_per_s or not m.input_tokens or not m.output_tokens:
        raise InputError("prints neither a rate nor both latencies")
    if not m.gpu:
        raise InputError("its GPU is not stated")
    if (m.pp or 1) > 1 or (m.dp or 1) > 1:
        raise InputError("pipeline or data parallel")
    if "gtl_" in m.notes:
        raise InputError("a routed deployment: workers and cached prefixes are not stated")
    if not m.format and "gemm=nan" not in m.notes:
        raise InputError("its format is not stated")
    if m.is_outlier:
        raise InputError("flagged as inconsistent with its siblings")


def _memory_of(m: Measurement) -> tuple[str | None, str | None]:
    """Engine and version whose memory constants hold; None for the newest vLLM."""
    if m.engine not in OWN_MEMORY:
        return None, None
    numbers = re.match(r"(\d+)\.(\d+)(\.\d+)?$", m.engine_version)
    known = m.engine == "vllm" and numbers is not None
    recent = known and (int(numbers[1]), int(numbers[2])) >= FIRST_VLLM
    return m.engine, m.engine_version if recent else None


def _generation(engine: str, version: str) -> str:
    early = engine == "vllm" and version[:1].isdigit() and version_number(version) < (0, 8)
    return EARLY if early else engine


def _unpacking(kernel: str) -> str | None:
    return kernel if kernel in ("marlin", "machete") else None


@lru_cache(maxsize=4096)
def _setup(
    model: str, gpu: str, weights: str, kv_dtype: str, tp: int, engine: str | None,
    version: str | None,
) -> Setup:  # fmt: skip
    return look_up(model, Serving(gpu, weights, kv_dtype, tp, engine, version), borrow_memory=True)


# -------------------------------------------------------------------------- what would run


def concurrency(found: Table, pool: dict[str, np.ndarray]) -> np.ndarray:
    """Requests resident at once: memory, the engine's limit, how many were in flight."""
    load = found.case.load
    own = found.column("pool_bytes")
    left = found.column("usable_bytes") - found.column("weights_bytes")
    left = np.maximum(left - pool["reserve_gib"] * GIB, 0)
    taken = np.isfinite(pool["share"])
    held = np.where(taken, pool["share"] * left, own) / found.column("request_bytes")
    whole = load.input_tokens + load.output_tokens
    packed = whole / (load.input_tokens + pool["occupancy"] * load.output_tokens)
    held = np.maximum(held, 1.0) * np.where(taken, packed, 1.0)
    return np.minimum(np.clip(held, 1.0, found.column("most")), found.column("held_in_flight"))


def output_tokens_per_s(
    found: Table, constants: speed.RooflineConstants, resident: np.ndarray
) -> np.ndarray:
    """What would be printed: a finite run ends with a batch that is not full."""
    output = np.asarray(found.case.load.output_tokens, float)
    cycle = speed.cycle_seconds(found.case, constants, resident)
    steady = resident * output / cycle
    sent = found.column("sent")
    if not np.isfinite(sent).any():
        return steady
    count = np.where(np.isfinite(sent), sent, resident)
    full = np.floor(count / resident)
    rest = count - full * resident
    tail = speed.cycle_seconds(found.case, constants, np.maximum(rest, 1.0))
    finite = count * output / (full * cycle + np.where(rest > 0.5, tail, 0.0))
    return np.where(np.isfinite(sent), finite, steady)


def spread(constants: list[speed.RooflineConstants]) -> speed.RooflineConstants:
    """Constants of many rows as one record of arrays."""
    names = [field.name for field in fields(speed.RooflineConstants)]
    columns = {name: np.array([getattr(each, name) for each in constants]) for name in names}
    return replace(constants[0], **columns)

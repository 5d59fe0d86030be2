"""How fast a replica serves: a measurement of exactly this, else one carried over, else estimated.

Capacity is the largest number of requests in flight that memory holds and both latencies allow;
a whole curve over concurrency is one call. Nothing is computed here that is not asked of
:mod:`costmodel.sizing.server`; this module chooses, and says what the answer rests on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from costmodel.book import load_book
from costmodel.book.measured import at_line, matching
from costmodel.book.roofline import REGIMES, roofline
from costmodel.errors import InputError
from costmodel.serving import memory
from costmodel.serving import roofline as speed
from costmodel.sizing.lookup import Serving, Setup, kernel_for, look_up
from costmodel.sizing.records import Assumption, MeasuredPoint, Throughput, ThroughputCurve
from costmodel.sizing.server import Z80, Server, held_requests, served_by

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from costmodel.book.measured import Measurement
    from costmodel.book.roofline import Regime
    from costmodel.sizing.server import Carried

ANCHORED_SHARE = 0.85
"""An estimate is called anchored where measurements cut its deviation to this share or less."""

SOURCES_SHOWN = 5
CURVE_POINTS = 64


@dataclass(frozen=True)
class Demand:
    """What is asked of a replica; None sets no limit."""

    shape: speed.Load
    concurrency: float | None = None
    ttft_ms: float | None = None
    tpot_ms: float | None = None
    asked_regime: Regime | None = None

    def met_by(self, row: Measurement) -> bool:
        """Whether a measurement keeps within both latencies."""
        return _within(row.ttft_ms, self.ttft_ms) and _within(row.tpot_ms, self.tpot_ms)

    @property
    def regime(self) -> Regime:
        """As asked; else every request queued, unless a number or a latency is promised."""
        if self.asked_regime:
            return self.asked_regime
        limits = (self.concurrency, self.ttft_ms, self.tpot_ms)
        return "offline" if limits == (None, None, None) else "fixed"


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
    regime: Regime | None = None,
) -> Throughput:
    """What one replica of `tp` GPUs serves of requests of this shape, running flat out.

    A published measurement of exactly this wins; else the nearest ones, carried over by the
    roofline's ratio; else the roofline alone. `concurrency` caps the requests resident at once,
    and `ttft_ms` and `tpot_ms` (means) lower it until both are met; where nothing meets them the
    result is zero. `prefix_cache_share` of the prompt is not computed again; it is not applied to
    a measurement. `regime` says which runs an estimate is carried over from: "offline" (every
    request queued at once) or "fixed" (a number held in flight); by default offline, unless a
    concurrency or a latency is given.

    Raises InputError for an unknown name, or where not even one request fits.

    >>> throughput("llama-3.1-70b", gpu="h100-sxm", format="fp8", tp=2,
    ...            input_tokens=128, output_tokens=2048).provenance
    'measured'
    """
    demand = Demand(
        speed.Load(input_tokens, output_tokens, tp, prefix_cache_share),
        concurrency,
        ttft_ms,
        tpot_ms,
        regime,
    )
    _check(demand)
    serving = Serving(gpu, format, kv_dtype, tp, engine, engine_version, gpu_memory_utilization)
    setup = look_up(model, serving, borrow_memory=True)
    asked = None if concurrency is None else round(concurrency)
    known = _measurements(setup, demand.shape, kernel, engine, asked)
    rows = [row for row in known if demand.met_by(row)]
    if rows:
        return _measured(rows, setup, demand.shape)
    return _carried(_server(setup, demand, kernel, serving), demand)


def throughput_curve(  # noqa: PLR0913 - the options of `throughput`
    model: str | Path,
    *,
    gpu: str,
    format: str | None = None,  # noqa: A002 - the word users type
    kernel: str | None = None,
    tp: int = 1,
    input_tokens: float,
    output_tokens: float,
    concurrencies: Sequence[float] | None = None,
    prefix_cache_share: float = 0.0,
    ttft_ms: float | None = None,
    tpot_ms: float | None = None,
    engine: str | None = None,
    engine_version: str | None = None,
    kv_dtype: str | None = None,
    gpu_memory_utilization: float | None = None,
    regime: Regime = "fixed",
) -> ThroughputCurve:
    """Throughput against latency over the requests in flight, with an 80 % interval.

    `concurrencies`: where to look; by default some 64 whole numbers up to what memory and engine
    hold. `within_slo` says where both latencies (means) are met. `measured` holds the published
    points of this configuration and shape, whatever their number in flight. `regime`: see
    :func:`throughput`.

    Raises InputError for an unknown name, or where not even one request fits.

    >>> curve = throughput_curve("llama-3.1-8b", gpu="h100-sxm", format="fp8",
    ...                          input_tokens=1000, output_tokens=200, concurrencies=[1, 8, 64])
    >>> bool((curve.output_tokens_per_s[1:] > curve.output_tokens_per_s[:-1]).all())
    True
    """
    demand = Demand(
        speed.Load(input_tokens, output_tokens, tp, prefix_cache_share),
        float("inf"),
        ttft_ms,
        tpot_ms,
        regime,
    )
    _check(demand)
    serving = Serving(gpu, format, kv_dtype, tp, engine, engine_version, gpu_memory_utilization)
    setup = look_up(model, serving, borrow_memory=True)
    server = _server(setup, demand, kernel, serving)
    most = _resident(server, demand)
    wanted = _spaced(most) if concurrencies is None else np.asarray(concurrencies, float)
    if np.any(wanted <= 0):
        raise InputError("concurrencies must be above zero")
    found = server.at(wanted)
    wide = np.exp(Z80 * found.deviation)
    rows = _measurements(setup, demand.shape, kernel, engine, "any")
    return ThroughputCurve(
        concurrency=wanted,
        output_tokens_per_s=found.speed.output_tokens_per_s,
        low=found.speed.output_tokens_per_s / wide,
        high=found.speed.output_tokens_per_s * wide,
        requests_per_s=found.speed.requests_per_s,
        ttft_ms=1000 * found.speed.ttft_s,
        tpot_ms=1000 * found.speed.tpot_s,
        within_slo=found.within(ttft_ms, tpot_ms),
        max_concurrency=most,
        measured=tuple(measured_point(row) for row in sorted(rows, key=_in_flight)),
    )


def _check(demand: Demand) -> None:
    shape, share = demand.shape, float(demand.shape.prefix_cache_share)
    if not (shape.input_tokens > 0 and shape.output_tokens > 0):
        raise InputError("input_tokens and output_tokens must be above zero")
    if not 0 <= share <= 1:
        raise InputError(f"prefix_cache_share is a share between 0 and 1, not {share:g}")
    if demand.regime not in REGIMES:
        raise InputError(f"regime is {' or '.join(REGIMES)}, not {demand.regime!r}")
    for name in ("concurrency", "ttft_ms", "tpot_ms"):
        value = getattr(demand, name)
        if value is not None and not value > 0:
            raise InputError(f"{name} must be above zero")


def _server(setup: Setup, demand: Demand, kernel: str | None, serving: Serving) -> Server:
    return Server(
        setup=setup,
        kernel=kernel_for(setup.format, setup.gpu, kernel),
        shape=demand.shape,
        engine=served_by(setup, serving),
        version=serving.engine_version or "",
        regime=demand.regime,
    )


# ------------------------------------------------------------------------------- measured


def _measurements(
    setup: Setup,
    shape: speed.Load,
    kernel: str | None,
    engine: str | None,
    concurrency: int | Literal["any"] | None,
) -> list[Measurement]:
    """Measurements of exactly this configuration and shape, best first; see `matching`."""
    if setup.record is None:
        return []
    return matching(
        model=setup.record.names,
        gpu=setup.gpu.id,
        format=setup.format.id,
        input_tokens=float(shape.input_tokens),
        output_tokens=float(shape.output_tokens),
        tp=setup.tp,
        kernel=load_book().kernel(kernel).id if kernel else None,
        engine=engine,
        concurrency=concurrency,
    )


def _in_flight(row: Measurement) -> float:
    return row.concurrency or 0


def measured_point(row: Measurement) -> MeasuredPoint:
    """A measurement as a throughput curve shows it."""
    return MeasuredPoint(
        concurrency=float(row.concurrency or 0),
        output_tokens_per_s=row.capacity_output_tokens_per_s or 0.0,
        ttft_ms=row.ttft_ms,
        tpot_ms=row.tpot_ms,
        engine=" ".join(filter(None, (row.engine, row.engine_version))),
        source=row.source,
        source_url=row.source_url,
    )


def _within(measured: float | None, limit: float | None) -> bool:
    return limit is None or (measured is not None and measured <= limit)


def _measured(rows: list[Measurement], setup: Setup, shape: speed.Load) -> Throughput:
    """The best row as it stands; the interval holds the other rows and the noise between runs."""
    best, noise = rows[0], roofline().repeated
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
        notes=_what_it_is_not(best),
    )


def _what_it_is_not(row: Measurement) -> tuple[str, ...]:
    """A number in flight is no peak; a rate worked out from latencies is not a printed one."""
    notes = []
    if not row.is_serving_capacity:
        notes.append(
            f"Measured with {row.concurrency} requests in flight: not the most this replica serves."
        )
    if row.is_derived:
        notes.append("The source prints latencies; the rate is worked out from them.")
    return tuple(notes)


# ------------------------------------------------------------------- carried over, estimated


def _carried(server: Server, demand: Demand) -> Throughput:
    """At the largest concurrency that memory, engine, user and latencies allow."""
    most = _resident(server, demand)
    found, place = _largest(server, demand, most)
    resident = float(found.speed.concurrency[place]) if place >= 0 else 0.0
    output = float(found.speed.output_tokens_per_s[place]) if place >= 0 else 0.0
    wide = float(np.exp(Z80 * found.deviation[place]))
    provenance: Literal["anchored", "estimated"] = (
        "anchored"
        if found.deviation[place] <= ANCHORED_SHARE * _unanchored(server)
        else "estimated"
    )
    served = 1.0 if place >= 0 else 0.0
    notes = () if place >= 0 else ("Not even one request at a time keeps within both latencies.",)
    return Throughput(
        requests_per_s=served * float(found.speed.requests_per_s[place]),
        output_tokens_per_s=output,
        total_tokens_per_s=served * float(found.speed.total_tokens_per_s[place]),
        ttft_ms=1000 * float(found.speed.ttft_s[place]),
        tpot_ms=1000 * float(found.speed.tpot_s[place]),
        concurrency=resident,
        provenance=provenance,
        low=output / wide,
        high=output * wide,
        sources=_sources(server, max(resident, 1.0), anchored=provenance == "anchored"),
        assumptions=(
            *server.setup.assumptions(),
            *_speed_assumptions(server, max(resident, 1.0), wide),
        ),
        notes=notes,
    )


def _largest(server: Server, demand: Demand, most: float) -> tuple[Carried, int]:
    """Speed where asked, and the place of the last concurrency that meets both latencies.

    Without a latency only `most` is looked at; with one every whole number up to it, at once.
    The place is -1 where none meets them: then the only entry shown is a single request.
    """
    if demand.ttft_ms is None and demand.tpot_ms is None:
        return server.at(np.array([most])), 0
    found = server.at(np.arange(1.0, max(np.floor(most), 1.0) + 1))
    meets = np.flatnonzero(found.within(demand.ttft_ms, demand.tpot_ms))
    return (found, int(meets[-1])) if len(meets) else (server.at(np.array([1.0])), -1)


def _unanchored(server: Server) -> float:
    """Deviation of an estimate that no measurement speaks for."""
    like = roofline().of(mixture=server.mixture).likeness.plain()
    return float(like.deviation(np.array(like.spread**2 + like.noise**2)))


def _resident(server: Server, demand: Demand) -> float:
    """Requests that stay resident: memory, the engine's limit and the user's, at least one."""
    setup, pool = server.setup, roofline().pool(server.engine)
    held = held_requests(setup, demand.shape, pool)
    context = int(np.ceil(float(demand.shape.input_tokens) + float(demand.shape.output_tokens)))
    if held < 1 and memory.place(setup.replica, context).verdict(1) == "does_not_fit":
        groups = memory.placements(setup.replica, context)
        needed = next((group.tp for group in groups if group.max_concurrency >= 1), None)
        hint = f"it needs tp={needed}" if needed else "not even 16 GPUs hold it"
        raise InputError(
            f"{setup.name} in {setup.format.id} with one request of {context:,} tokens does not "
            f"fit on {setup.tp} x {setup.gpu.id}; {hint}"
        )
    sequences = pool.max_sequences if pool else setup.engine_memory.max_sequences
    asked = np.inf if demand.concurrency is None else demand.concurrency
    return max(1.0, float(min(np.floor(held), sequences, asked)))


def _spaced(most: float) -> np.ndarray:
    """Whole numbers from one to `most`, evenly spread over its logarithm."""
    return np.unique(np.round(np.geomspace(1.0, max(most, 1.0), CURVE_POINTS)))


def _sources(server: Server, concurrency: float, *, anchored: bool) -> tuple[str, ...]:
    """The measurements that carry most, then the roofline, then the kernel."""
    table, kernel = roofline(), server.kernel
    plain = (f"roofline: {table.source}", f"kernel {kernel.id}: {kernel.source}")
    if not anchored:
        return plain
    lines, places, solved = server.nearby
    pull = solved.influence(server.point(concurrency))
    best = [at_line(int(lines.lines[places[i]])) for i in np.argsort(-pull)[: 4 * SOURCES_SHOWN]]
    named = dict.fromkeys(f"{row.source} ({row.source_url})" for row in best)
    return (*list(named)[:SOURCES_SHOWN], *plain)


def _speed_assumptions(server: Server, concurrency: float, wide: float) -> tuple[Assumption, ...]:
    table, kernel, gpu = roofline(), server.kernel, server.setup.gpu
    by_kernel, by_table = (kernel.source, kernel.as_of), (table.source, table.as_of)
    factors = kernel.factors_on(gpu.compute_capability)
    bandwidth, compute = factors.bandwidth_efficiency, factors.compute_efficiency
    mean, _ = server.nearby[2].correct(server.point(concurrency))
    calibration = table.of(mixture=server.mixture)
    row = calibration.of(server.engine, server.version)
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
        Assumption("roofline.engine", f"{row.engine} {row.versions}", "", "estimated", *by_table),
        Assumption("roofline.anchoring", float(np.exp(mean[0])), "factor", "anchored", *by_table),
        Assumption("roofline.low", 1 / wide, "factor", "estimated", *by_table),
        Assumption("roofline.high", wide, "factor", "estimated", *by_table),
        Assumption("roofline.ttft", calibration.ttft_factor, "factor", "estimated", *by_table),
    )

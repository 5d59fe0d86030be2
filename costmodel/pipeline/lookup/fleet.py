"""What a self-hosted option can do: its memory fit and speed, computed, measured or stated.

Offers are priced in `offer_facts`; here a replica gets its size and its capacity per workload.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from costmodel.book import load_book
from costmodel.errors import InputError
from costmodel.pipeline.facts import CapacityFacts, FleetFacts, OfferFacts
from costmodel.pipeline.lookup.bench import bench_capacity
from costmodel.quantity.quantity import KINDS, Quantity
from costmodel.scenario import Scenario, SelfHost, Shape, Throughput, Workload

if TYPE_CHECKING:
    from costmodel.sizing.records import Fit
    from costmodel.sizing.records import Throughput as Speed

WHOLE_FLEET = ""
"""Under `not_met`: a reason that holds for every workload."""


def sized_fleet(
    selfhost: SelfHost, workloads: tuple[Workload, ...], offers: tuple[OfferFacts, ...]
) -> FleetFacts:
    """A fleet whose memory fit and speed are computed, or measured where a row matches."""
    context = max(workload.longest_context for workload in workloads)
    memory, tp = _memory(selfhost, context)
    not_met: dict[str, str] = {}
    capacity: dict[str, CapacityFacts] = {}
    architecture = _architecture(selfhost)
    most = architecture["max_context"] if architecture else None
    if memory.verdict == "does_not_fit":
        not_met[WHOLE_FLEET] = "does not fit"
    elif most and context > most:
        not_met[WHOLE_FLEET] = f"the context of {selfhost.model} ends at {most:,} tokens"
    for workload in workloads if not not_met else ():
        found = _capacity(selfhost, workload, tp)
        if found is None:
            not_met[workload.name] = f"misses the SLO of {workload.name}"
        else:
            capacity[workload.name] = found
    return FleetFacts(
        gpus_per_replica=tp,
        offers=offers,
        capacity=capacity,
        fit=memory.to_dict(),
        architecture=architecture,
        not_met=not_met,
    )


def _memory(selfhost: SelfHost, context: float) -> tuple[Fit, int]:
    """The memory fit and the tensor parallelism: the one stated, or the smallest that fits."""
    stated = _value(selfhost.tp) or _value(selfhost.gpus_per_replica)
    wanted = {
        "format": selfhost.format,
        "context": int(context),
        "concurrency": int(_value(selfhost.concurrency) or 1),
        **_serving(selfhost),
    }
    memory = _asked("fit", selfhost, tp=int(stated or 1), **wanted)
    tp = int(stated or memory.gpus_needed or 1)
    if tp != int(stated or 1):
        memory = _asked("fit", selfhost, tp=tp, **wanted)
    return memory, tp


def _architecture(selfhost: SelfHost) -> dict[str, Any] | None:
    """The shape of a model in the book, for the record; None for a checkpoint of the user's."""
    book = load_book()
    if selfhost.model is None or selfhost.model not in book.models:
        return None
    shape = book.model(selfhost.model).architecture()
    named = ("model_type", "parameters", "active_parameters", "layers", "heads", "kv_heads",
             "experts", "top_k", "max_context")  # fmt: skip
    return {name: getattr(shape, name) for name in named}


def _serving(selfhost: SelfHost) -> dict[str, Any]:
    version = selfhost.engine_version
    stated = {
        "engine": selfhost.engine,
        "engine_version": None if version is None else str(version),
        "kv_dtype": selfhost.kv_dtype,
        "gpu_memory_utilization": _value(selfhost.gpu_memory_utilization),
    }
    return {key: value for key, value in stated.items() if value is not None}


def _capacity(selfhost: SelfHost, workload: Workload, tp: int) -> CapacityFacts | None:
    """What a replica serves of a workload; None where no concurrency meets the SLO."""
    speeds = [_speed(selfhost, workload, shape, tp) for shape in workload.request_shapes]
    if any(speed.requests_per_s <= 0 for speed in speeds):
        return None
    return _mixed([_capacity_from(speed) for speed in speeds], workload)


def _mixed(parts: Sequence[CapacityFacts], workload: Workload) -> CapacityFacts:
    """The capacity for a workload from that for each of its shapes.

    Several shapes share a replica's time: 1/c is the mean of 1/c over the shapes.
    """
    if len(parts) == 1:
        return parts[0]
    shares = [shape.share.value for shape in workload.request_shapes]

    def harmonic(rates: Iterable[float | None]) -> float:
        return 1.0 / sum(share / (rate or 1.0) for share, rate in zip(shares, rates, strict=True))

    held = [part.concurrency for part in parts]
    weakest = max(parts, key=lambda part: KINDS.index(part.requests_per_s.kind or "assumed"))
    rate = harmonic(part.requests_per_s.value for part in parts)
    ranged = all(part.requests_per_s.is_range for part in parts)
    return CapacityFacts(
        requests_per_s=Quantity(
            value=rate,
            low=harmonic(part.requests_per_s.low for part in parts) if ranged else None,
            high=harmonic(part.requests_per_s.high for part in parts) if ranged else None,
            kind=weakest.requests_per_s.kind,
            source=weakest.requests_per_s.source,
        ),
        output_tokens_per_s=rate * workload.mean_output_tokens,
        concurrency=rate
        * sum(
            share * (requests or 0.0) / part.requests_per_s.value
            for share, requests, part in zip(shares, held, parts, strict=True)
        )
        if all(held)
        else None,
        provenance=weakest.provenance,
        sources=tuple(dict.fromkeys(source for part in parts for source in part.sources)),
    )


def _speed(selfhost: SelfHost, workload: Workload, shape: Shape, tp: int) -> Speed:
    slo = workload.slo
    return _asked(
        "throughput",
        selfhost,
        format=selfhost.format,
        kernel=selfhost.kernel,
        tp=tp,
        input_tokens=shape.input_tokens.value * (_value(selfhost.input_token_ratio) or 1.0),
        output_tokens=shape.output_tokens.value * (_value(selfhost.output_token_ratio) or 1.0),
        concurrency=_value(selfhost.concurrency),
        prefix_cache_share=selfhost.prefix_cache_share.value,
        ttft_ms=_value(slo.ttft_ms) if slo else None,
        tpot_ms=_value(slo.tpot_ms) if slo else None,
        **_serving(selfhost),
    )


def _asked(question: str, selfhost: SelfHost, **wanted: Any) -> Any:
    """`sizing.fit` or `sizing.throughput`; answers about the book's own models are kept."""
    from costmodel import sizing

    assert selfhost.model is not None
    assert selfhost.gpu is not None
    known = selfhost.model in load_book().models
    ask = _remembered if known else _ask
    return ask(getattr(sizing, question), selfhost.model, selfhost.gpu, **wanted)


def _ask(question: Any, model: str, gpu: str, **wanted: Any) -> Any:
    return question(model, gpu=gpu, **wanted)


_remembered = lru_cache(maxsize=1024)(_ask)


def _value(quantity: Quantity | None) -> float | None:
    return None if quantity is None else quantity.value


def _capacity_from(speed: Any) -> CapacityFacts:
    per_token = speed.requests_per_s / speed.output_tokens_per_s
    return CapacityFacts(
        requests_per_s=Quantity(
            value=speed.requests_per_s,
            low=min(speed.low * per_token, speed.requests_per_s),
            high=max(speed.high * per_token, speed.requests_per_s),
            kind=speed.provenance,
            source="; ".join(speed.sources) or "roofline",
        ),
        output_tokens_per_s=speed.output_tokens_per_s,
        concurrency=speed.concurrency,
        ttft_ms=speed.ttft_ms,
        tpot_ms=speed.tpot_ms,
        provenance=speed.provenance,
        sources=tuple(speed.sources),
    )


def stated_fleet(
    selfhost: SelfHost, scenario: Scenario, offers: tuple[OfferFacts, ...]
) -> FleetFacts:
    """A fleet whose capacity the user knows: no model is needed, and no fit is checked."""
    capacity: dict[str, CapacityFacts] = {}
    not_met: dict[str, str] = {}
    measured_on: set[float] = set()
    for workload in scenario.workloads:
        one = _stated_throughput(selfhost, workload)
        if one is None:
            continue
        if one.bench is None:
            capacity[workload.name] = _capacity_of(one, workload, one.source or selfhost.source)
            continue
        parts, gpus = bench_capacity(one, selfhost, workload, scenario)
        measured_on.add(gpus)
        if parts is None:
            not_met[workload.name] = f"misses the SLO of {workload.name}"
        else:
            capacity[workload.name] = _mixed(parts, workload)
    return FleetFacts(
        gpus_per_replica=_stated_gpus(selfhost, measured_on),
        offers=offers,
        capacity=capacity,
        not_met=not_met,
    )


def _stated_gpus(selfhost: SelfHost, measured_on: set[float]) -> float:
    """GPUs of a replica: as stated, else as its benchmark files were measured, else one."""
    stated = selfhost.gpus_per_replica or selfhost.tp
    if stated is not None:
        return stated.value
    if len(measured_on) > 1:
        raise InputError("the benchmark files were measured on different numbers of GPUs")
    return measured_on.pop() if measured_on else 1.0


def _stated_throughput(selfhost: SelfHost, workload: Workload) -> Throughput | None:
    stated = selfhost.throughput
    return stated.get(workload.name) if isinstance(stated, dict) else stated


def _capacity_of(stated: Throughput, workload: Workload, source: str | None) -> CapacityFacts:
    per_request = {
        "requests_per_s": 1.0,
        "output_tokens_per_s": workload.mean_output_tokens,
        "total_tokens_per_s": workload.tokens_per_request,
    }
    name = next(name for name in per_request if getattr(stated, name) is not None)
    quantity: Quantity = getattr(stated, name)
    tokens = per_request[name]
    if not tokens > 0:
        raise InputError(f"{name} says nothing about requests without output; state requests_per_s")
    scaled = quantity.model_copy(
        update={
            "value": quantity.value / tokens,
            "low": None if quantity.low is None else quantity.low / tokens,
            "high": None if quantity.high is None else quantity.high / tokens,
            "kind": quantity.kind or "assumed",
            "source": quantity.source or source or "the scenario",
        }
    )
    return CapacityFacts(
        requests_per_s=scaled,
        output_tokens_per_s=scaled.value * workload.mean_output_tokens,
        provenance=scaled.kind or "assumed",
        sources=(scaled.source or "the scenario",),
    )

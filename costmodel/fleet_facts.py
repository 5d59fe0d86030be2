"""What a self-hosted option can do: its memory fit and speed, computed, measured or stated.

Offers are priced in `offer_facts`; here a replica gets its size and its capacity per workload.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from costmodel.errors import InputError
from costmodel.facts import CapacityFacts, FleetFacts, OfferFacts
from costmodel.quantity import Quantity
from costmodel.scenario import Scenario, SelfHost, Throughput, Workload


def sized_fleet(
    selfhost: SelfHost, workloads: tuple[Workload, ...], offers: tuple[OfferFacts, ...]
) -> FleetFacts:
    """A fleet whose memory fit and speed are computed, or measured where a row matches."""
    from costmodel.sizing import fit, throughput

    assert selfhost.model is not None
    assert selfhost.gpu is not None
    serving: dict[str, Any] = {
        "engine": selfhost.engine,
        "engine_version": None if selfhost.engine_version is None else str(selfhost.engine_version),
        "kv_dtype": selfhost.kv_dtype,
        "gpu_memory_utilization": _value(selfhost.gpu_memory_utilization),
    }
    known = {key: value for key, value in serving.items() if value is not None}
    context = max(_longest_context(workload) for workload in workloads)
    wanted: dict[str, Any] = {
        "gpu": selfhost.gpu,
        "format": selfhost.format,
        "context": int(context),
        "concurrency": int(_value(selfhost.concurrency) or 1),
        **known,
    }
    stated_tp = _value(selfhost.tp) or _value(selfhost.gpus_per_replica)
    memory = fit(selfhost.model, **wanted, tp=int(stated_tp or 1))
    tp = int(stated_tp or memory.gpus_needed or 1)
    if tp != int(stated_tp or 1):
        memory = fit(selfhost.model, **wanted, tp=tp)
    not_met = ["does not fit"] if memory.verdict == "does_not_fit" else []
    capacity: dict[str, CapacityFacts] = {}
    for workload in workloads if not not_met else ():
        speed = throughput(
            selfhost.model,
            gpu=selfhost.gpu,
            format=selfhost.format,
            kernel=selfhost.kernel,
            tp=tp,
            input_tokens=workload.mean_input_tokens * (_value(selfhost.input_token_ratio) or 1.0),
            output_tokens=workload.mean_output_tokens
            * (_value(selfhost.output_token_ratio) or 1.0),
            concurrency=_value(selfhost.concurrency),
            prefix_cache_share=selfhost.prefix_cache_share.value,
            ttft_ms=_value(workload.slo.ttft_ms) if workload.slo else None,
            tpot_ms=_value(workload.slo.tpot_ms) if workload.slo else None,
            **known,
        )
        if speed.requests_per_s > 0:
            capacity[workload.name] = _capacity_from(speed)
        else:
            not_met.append(f"misses the SLO of {workload.name}")
    return FleetFacts(
        gpus_per_replica=tp,
        offers=offers,
        capacity=capacity,
        fit=memory.to_dict(),
        not_met=tuple(not_met),
    )


def _value(quantity: Quantity | None) -> float | None:
    return None if quantity is None else quantity.value


def _longest_context(workload: Workload) -> float:
    if workload.max_context is not None:
        return workload.max_context.value
    return max(s.input_tokens.value + s.output_tokens.value for s in workload.request_shapes)


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
    if any(each.bench is not None for each in _stated_throughputs(selfhost)):
        return unusable_fleet(offers, "throughput from a benchmark file is not read yet")
    gpus = selfhost.gpus_per_replica or selfhost.tp or Quantity(value=1.0)
    capacity = {w.name: _stated_capacity(selfhost, w) for w in scenario.workloads}
    stated = {name: facts for name, facts in capacity.items() if facts is not None}
    return FleetFacts(gpus_per_replica=gpus.value, offers=offers, capacity=stated)


def _stated_capacity(selfhost: SelfHost, workload: Workload) -> CapacityFacts | None:
    stated = selfhost.throughput
    one = stated.get(workload.name) if isinstance(stated, dict) else stated
    if one is None:
        return None
    return _capacity_of(one, workload, one.source or selfhost.source)


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


def _stated_throughputs(selfhost: SelfHost) -> Sequence[Throughput]:
    stated = selfhost.throughput
    if isinstance(stated, dict):
        return list(stated.values())
    return [] if stated is None else [stated]


def unusable_fleet(offers: tuple[OfferFacts, ...], reason: str) -> FleetFacts:
    """A fleet that cannot be billed, and why."""
    return FleetFacts(gpus_per_replica=1, offers=offers, capacity={}, not_met=(reason,))

"""From what the user says to numbers: every name looked up once, with source and date.

The outcome is plain records, one per option, that a frozen scenario carries along; evaluating
never looks anything up itself. An unknown price, model or GPU is an error that names its place,
never a guess.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from costmodel.book import Book
from costmodel.book.token_records import DayPart, TokenPrice
from costmodel.cost.api import PriceTier
from costmodel.errors import InputError, Problem
from costmodel.quantity import Kind, Quantity
from costmodel.scenario import Api, Offer, Option, Overheads, Scenario, SelfHost, Throughput, Workload
from costmodel.yamlfile import Location, path_text, plain

QUOTED = "quoted"
"""The provider of prices that stand in the scenario itself."""


class Facts(BaseModel):
    """Base of what a lookup found: frozen and complete, so that it can be written to a file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class OfferFacts(Facts):
    """One offer with its price."""

    name: str
    terms: Literal["on-demand", "reserved", "spot", "owned"]
    usd_per_gpu_hour: Quantity
    replicas: float | None = None
    committed: bool = False


class CapacityFacts(Facts):
    """What one replica serves of one workload, running flat out."""

    requests_per_s: Quantity
    output_tokens_per_s: float
    concurrency: float | None = None
    ttft_ms: float | None = None
    tpot_ms: float | None = None
    provenance: str
    sources: tuple[str, ...] = ()


class FleetFacts(Facts):
    """What is known about a self-hosted option."""

    gpus_per_replica: float
    offers: tuple[OfferFacts, ...]
    capacity: dict[str, CapacityFacts]
    """By workload."""
    fit: dict[str, Any] | None = None
    not_met: tuple[str, ...] = ()
    """Why it cannot serve: does not fit, misses the SLO."""


class OptionFacts(Facts):
    """Everything looked up for one option. ``of`` tells whether the option has changed since."""

    of: str
    price: TokenPrice | None = None
    fleet: FleetFacts | None = None


class OverheadFacts(Facts):
    """People and platform."""

    usd_per_hour: Quantity
    fleet_hours_per_month: Quantity
    api_hours_per_month: Quantity
    platform_usd_per_month: Quantity


class Resolved(Facts):
    """All that was looked up for a scenario."""

    options: dict[str, OptionFacts]
    overheads: OverheadFacts
    book: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True)
class _Place:
    """Where in the scenario a lookup belongs, so that its errors can say so."""

    scenario: Scenario
    location: Location

    def at(self, *more: str | int) -> _Place:
        return _Place(self.scenario, (*self.location, *more))

    def problems(self, error: InputError) -> list[Problem]:
        origin = self.scenario.origin
        line, column = origin.locate(self.location)
        path = path_text(self.location, self.scenario.model_dump())
        return [
            Problem(p.message, p.path or path, p.file or origin.file, p.line or line, p.column or column)
            for p in error.problems
        ]


def resolve(scenario: Scenario, book: Book, as_of: date | None = None) -> Resolved:
    """Look up every price, GPU, model and capacity a scenario names.

    A frozen scenario brings its own facts; they are used unless the option they belong to has
    been edited since. Raises one InputError with every lookup that failed, each with its place.
    """
    frozen = _frozen(scenario) if as_of in (None, scenario.as_of) else None
    options: dict[str, OptionFacts] = {}
    problems: list[Problem] = []
    for i, option in enumerate(scenario.options):
        mark = fingerprint(scenario, option)
        kept = frozen.options.get(option.name) if frozen else None
        if kept is not None and kept.of == mark:
            options[option.name] = kept
            continue
        place = _Place(scenario, ("options", i))
        try:
            options[option.name] = _resolve_option(option, mark, place, book, as_of)
        except InputError as error:
            problems.extend(place.problems(error))
    if problems:
        raise InputError(problems)
    overheads = frozen.overheads if frozen else resolve_overheads(scenario.overheads, book)
    return Resolved(options=options, overheads=overheads, book=frozen.book if frozen else {})


def fingerprint(scenario: Scenario, option: Option) -> str:
    """What the facts of an option depend on, as a short hash."""
    shapes = [
        w.model_dump(mode="json", include={"name", "shapes", "input_tokens", "output_tokens",
                                           "max_context", "slo"})
        for w in scenario.workloads
    ]  # fmt: skip
    stated = [option.model_dump(mode="json"), shapes, scenario.as_of.isoformat()]
    return hashlib.sha256(json.dumps(stated, sort_keys=True).encode()).hexdigest()[:16]


def _frozen(scenario: Scenario) -> Resolved | None:
    if scenario.resolved is None:
        return None
    try:
        return Resolved.model_validate(plain(scenario.resolved))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        message = f"is not what export wrote ({where}: {first['msg']}); export it again"
        raise InputError(scenario.origin.problem(("resolved",), message, "resolved")) from None


def _resolve_option(
    option: Option, mark: str, place: _Place, book: Book, as_of: date | None
) -> OptionFacts:
    at = as_of or place.scenario.as_of
    if option.api is not None:
        return OptionFacts(of=mark, price=_located(place.at("api"), _api_price, option.api, book, at))
    if option.selfhost is not None:
        inner = place.at("selfhost")
        return OptionFacts(of=mark, fleet=_fleet(option.selfhost, place.scenario, inner, book))
    return OptionFacts(of=mark)


def _located(place: _Place, look_up: Any, *args: Any, **kwargs: Any) -> Any:
    """Run a lookup; what it cannot find is reported at its place."""
    try:
        return look_up(*args, **kwargs)
    except InputError as error:
        raise InputError(place.problems(error)) from None


# ----------------------------------------------------------------------------------- API prices


def _api_price(api: Api, book: Book, at: date) -> TokenPrice:
    if not api.is_quoted:
        assert api.provider is not None
        price = book.token_price(api.provider, api.model or "", at)
        return price.model_copy(update={"precision": api.precision or price.precision})
    from costmodel.book.tokens import moment

    standard = PriceTier(0.0, *(_rate(api, name) for name in ("input", "output")), *_cache_rates(api))
    return TokenPrice(
        provider=QUOTED,
        model=QUOTED,
        name=api.source or "quoted in the scenario",
        at=moment(at),
        schedule=(DayPart.model_validate(
            {"from_utc": "00:00", "tiers": (standard,), "batch": _quoted_batch(api, standard)}
        ),),
        batch_stacks=api.stacks,
        precision=api.precision,
        kind=_quoted_kind(api),
        source=api.source or "quoted in the scenario",
        as_of=at,
    )  # fmt: skip


def _rate(api: Api, name: str) -> float:
    return getattr(api, f"{name}_usd_per_mtok").value


def _cache_rates(api: Api) -> tuple[float | None, float | None]:
    rates = (api.cached_input_usd_per_mtok, api.cache_write_usd_per_mtok)
    read, write = (None if rate is None else rate.value for rate in rates)
    return read, write


def _quoted_kind(api: Api) -> Kind:
    assert api.input_usd_per_mtok is not None
    return api.input_usd_per_mtok.kind or ("listed" if api.source else "assumed")


def _quoted_batch(api: Api, standard: PriceTier) -> tuple[PriceTier, ...] | None:
    """Batch prices of a quote: cached tokens get both discounts only where they stack."""
    if api.batch_discount is None:
        return None
    left = 1.0 - api.batch_discount.value
    p_in, p_cached, p_write, p_out = standard.usd_per_mtok
    cached = p_cached * left if api.stacks else min(p_cached, p_in * left)
    return (PriceTier(0.0, p_in * left, p_out * left, cached, p_write * left),)


# -------------------------------------------------------------------------------------- fleets


def _fleet(selfhost: SelfHost, scenario: Scenario, place: _Place, book: Book) -> FleetFacts:
    if selfhost.gpu is not None:
        _located(place.at("gpu"), book.gpu, selfhost.gpu)
    offers = tuple(
        _located(place.at("offers", i), _offer, offer, selfhost, scenario, book)
        for i, offer in enumerate(selfhost.offers)
    )
    if selfhost.throughput is not None:
        return _stated_fleet(selfhost, scenario, offers)
    return _located(place, _sized_fleet, selfhost, scenario.workloads, offers)


def _sized_fleet(
    selfhost: SelfHost, workloads: tuple[Workload, ...], offers: tuple[OfferFacts, ...]
) -> FleetFacts:
    """A fleet whose memory fit and speed are computed, or measured where a row matches."""
    from costmodel.sizing import fit, throughput

    serving = {
        "engine": selfhost.engine,
        "engine_version": None if selfhost.engine_version is None else str(selfhost.engine_version),
        "kv_dtype": selfhost.kv_dtype,
        "gpu_memory_utilization": _value(selfhost.gpu_memory_utilization),
    }
    known = {key: value for key, value in serving.items() if value is not None}
    context = max(_longest_context(workload) for workload in workloads)
    wanted = {
        "gpu": selfhost.gpu,
        "format": selfhost.format,
        "context": int(context),
        "concurrency": int(_value(selfhost.concurrency) or 1),
        **known,
    }
    stated_tp = _value(selfhost.tp) or _value(selfhost.gpus_per_replica)
    memory = fit(selfhost.model, **wanted, **({"tp": int(stated_tp)} if stated_tp else {}))
    tp = int(stated_tp or memory.gpus_needed or 1)
    if tp != 1 and not stated_tp:
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
            output_tokens=workload.mean_output_tokens * (_value(selfhost.output_token_ratio) or 1.0),
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


def _stated_fleet(
    selfhost: SelfHost, scenario: Scenario, offers: tuple[OfferFacts, ...]
) -> FleetFacts:
    """A fleet whose capacity the user knows: no model is needed, and no fit is checked."""
    gpus = selfhost.gpus_per_replica or selfhost.tp or Quantity(value=1.0)
    capacity = {w.name: _stated_capacity(selfhost, w) for w in scenario.workloads}
    stated = {name: facts for name, facts in capacity.items() if facts is not None}
    return FleetFacts(gpus_per_replica=gpus.value, offers=offers, capacity=stated)


def _stated_capacity(selfhost: SelfHost, workload: Workload) -> CapacityFacts | None:
    stated = selfhost.throughput
    one = stated.get(workload.name) if isinstance(stated, dict) else stated
    if one is None:
        return None
    if one.bench is not None:
        raise InputError("throughput from a benchmark file is not read yet; state requests_per_s")
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


def _offer(offer: Offer, selfhost: SelfHost, scenario: Scenario, book: Book) -> OfferFacts:
    if offer.terms == "serverless":
        raise InputError("serverless offers are not computed yet; use on-demand with scheduled scaling")
    hours = scenario.calendar.hours_per_month.value
    usd = _owned_usd_per_hour(offer, book, hours) if offer.terms == "owned" else None
    return OfferFacts(
        name=" ".join(filter(None, (offer.provider or offer.provider_class, offer.terms, "GPUs"))),
        terms=offer.terms,
        usd_per_gpu_hour=usd or _rented_usd_per_hour(offer, selfhost, book),
        replicas=offer.replicas.value if offer.replicas else None,
        committed=offer.terms in ("reserved", "owned"),
    )


def _rented_usd_per_hour(offer: Offer, selfhost: SelfHost, book: Book) -> Quantity:
    if offer.usd_per_gpu_hour is not None:
        stated = offer.usd_per_gpu_hour
        kind: Kind = stated.kind or ("listed" if offer.source else "assumed")
        source = stated.source or offer.source or "the scenario"
        return stated.model_copy(update={"kind": kind, "source": source})
    if selfhost.gpu is None:
        raise InputError("without a gpu the offer needs usd_per_gpu_hour")
    discounted = offer.discount is not None
    price = book.gpu_price(
        selfhost.gpu,
        "on-demand" if discounted else offer.terms,
        provider_class=offer.provider_class,
        provider=offer.provider,
        quantile=offer.quantile if offer.quantile is not None else "median",
        term_months=int(offer.term_months.value) if offer.term_months else None,
        region=offer.region,
    )
    left = 1.0 - offer.discount.value if offer.discount else 1.0
    note = f", less {1 - left:.0%} for the commitment" if discounted else ""
    return Quantity(
        value=price.usd_per_gpu_hour * left,
        kind="assumed" if discounted else price.kind,
        source=price.source + note,
        as_of=price.as_of,
    )


def _owned_usd_per_hour(offer: Offer, book: Book, hours_per_month: float) -> Quantity:
    """Depreciation, power and colocation of an owned GPU, per hour of the month.

    (price - residual) / life + kW x PUE x hours x USD/kWh + kW x colo, over the month's hours.
    """
    if offer.usd_per_gpu is None:
        assert offer.usd_per_gpu_hour is not None
        return offer.usd_per_gpu_hour
    life = offer.life_months.value if offer.life_months else 36.0
    residual = offer.residual_share.value if offer.residual_share else 0.0
    kw = offer.kw_per_gpu.value if offer.kw_per_gpu else 0.0
    pue = offer.pue.value if offer.pue else book.cost("pue").value
    usd_per_kwh = offer.usd_per_kwh or book.cost("usd_per_kwh").quantity
    colo = offer.colo_usd_per_kw_month.value if offer.colo_usd_per_kw_month else 0.0
    depreciation = offer.usd_per_gpu.value * (1.0 - residual) / life
    power = kw * pue * hours_per_month * usd_per_kwh.value
    monthly = depreciation + power + kw * colo
    return Quantity(
        value=monthly / hours_per_month,
        kind="assumed",
        source=f"purchase ${offer.usd_per_gpu.value:,.0f} over {life:g} months, power and colo",
    )


def resolve_overheads(overheads: Overheads, book: Book) -> OverheadFacts:
    """People and platform: the scenario's own, else the book's."""

    def stated_or(stated: Quantity | None, fact: str) -> Quantity:
        return stated if stated is not None else book.cost(fact).quantity

    per_fleet = overheads.per_fleet.hours_per_month if overheads.per_fleet else None
    per_api = overheads.per_api.hours_per_month if overheads.per_api else None
    platform = overheads.platform.usd_per_month if overheads.platform else Quantity(value=0.0)
    return OverheadFacts(
        usd_per_hour=stated_or(overheads.usd_per_hour, "engineer_usd_per_hour"),
        fleet_hours_per_month=stated_or(per_fleet, "selfhost_hours_per_month"),
        api_hours_per_month=stated_or(per_api, "api_hours_per_month"),
        platform_usd_per_month=platform,
    )


def frozen_scenario(scenario: Scenario, resolved: Resolved) -> Mapping[str, Any]:
    """The scenario as plain data with everything looked up written in, to evaluate offline."""
    data = scenario.model_dump(mode="json", exclude_none=True, by_alias=True, exclude={"resolved"})
    data["resolved"] = resolved.model_dump(mode="json", exclude_none=True)
    return data



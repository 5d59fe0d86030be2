"""The same work on the same GPUs, had in other ways: by scaling mode and by offer.

Each way is the scenario with one option's scaling and offers replaced, billed by the same rules.
Prices are those the scenario states, and the book's for terms it does not speak of; a way that
nobody lists a price for, or that contradicts the option, says so and has no bill.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from costmodel.book import Book, load_book
from costmodel.cost.fleet import Sizing
from costmodel.errors import InputError
from costmodel.pipeline.bills import build_bills, traffic_of
from costmodel.pipeline.bills.terms import DEFAULT_LOAD_FACTOR
from costmodel.pipeline.resolve import resolve
from costmodel.scenario import Offer, Option, Scenario, SelfHost
from costmodel.scenario.changes import changed

ALWAYS_ON, SCHEDULED, SERVERLESS = "always-on", "scheduled", "serverless"
TERM_MONTHS = (12, 36)
"""Lengths of a reservation the book has prices for."""


@dataclass(frozen=True)
class FleetChoice:
    """One way of having the GPUs of an option.

    ``monthly_usd``: the whole bill, people included; None where there is none, with the
    ``reason``. ``stated``: whether the scenario has the option in just this way.
    """

    offer: str
    scaling: str
    monthly_usd: float | None
    usd_per_gpu_hour: tuple[float, ...] = ()
    """By offer, committed first."""
    reason: str = ""
    stated: bool = False


def fleet_choices(
    scenario: Scenario,
    option: str,
    *,
    tokens_per_day: float | None = None,
    book: Book | None = None,
) -> tuple[FleetChoice, ...]:
    """Every way of having an option's GPUs, cheapest first; those without a bill last.

    ``tokens_per_day``: of all workloads together, in place of the scenario's.
    """
    book = book or load_book()
    volume = scenario.tokens_per_day if tokens_per_day is None else tokens_per_day
    place = _place(scenario, option)
    chosen = scenario.options[place].selfhost
    if chosen is None:
        raise InputError(f"{option} has no GPUs of its own")
    found = [
        _priced(scenario, place, name, scaling, offers, volume, book)
        for name, scaling, offers in _ways(scenario, chosen)
    ]
    return tuple(sorted(found, key=lambda c: (c.monthly_usd is None, c.monthly_usd or 0.0)))


def sized_by_wait(
    scenario: Scenario,
    option: str,
    wait_p95_ms: float,
    *,
    tokens_per_day: float | None = None,
    book: Book | None = None,
) -> Sizing:
    """Replicas of an option by load factor and by queueing for a wait, whichever it states.

    Raises InputError where the option cannot be sized by a wait: by use, pinned, or without the
    number of requests that a replica holds.
    """
    place = _place(scenario, option)
    at = ("options", place, "selfhost")
    wait = {(*at, "load_factor"): None, (*at, "queueing"): {"wait_p95_ms": wait_p95_ms}}
    other = changed(scenario, wait)
    resolved = resolve(other, book or load_book())
    bill = build_bills(other, resolved, traffic_of(other, resolved.profiles)).get(option)
    stated = scenario.options[place].selfhost
    factor = stated.load_factor.value if stated and stated.load_factor else DEFAULT_LOAD_FACTOR
    volume = scenario.tokens_per_day if tokens_per_day is None else tokens_per_day
    found = bill.sizing(volume, factor) if bill else None
    if found is None:
        raise InputError(f"{option} has no fleet that could be sized")
    return found


def _place(scenario: Scenario, option: str) -> int:
    return next(i for i, each in enumerate(scenario.options) if each.name == option)


def _ways(
    scenario: Scenario, selfhost: SelfHost
) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    """(offer in words, scaling, offers) of each way worth a bill."""
    elastic = _elastic(selfhost)
    for scaling in (ALWAYS_ON, SCHEDULED, SERVERLESS):
        yield "on demand", scaling, [elastic]
    for scaling in (ALWAYS_ON, SCHEDULED):
        yield "spot", scaling, [_on_terms(selfhost, "spot")]
    for name, commitment in _commitments(scenario, selfhost):
        yield name, ALWAYS_ON, [commitment]
        yield f"{name} + on demand", SCHEDULED, [commitment | {"replicas": "optimal"}, elastic]
    for offer in _stated(scenario, selfhost, "serverless"):
        yield "serverless", SERVERLESS, [offer]


def _elastic(selfhost: SelfHost) -> dict[str, Any]:
    """The on-demand offer: as stated, or from the same providers."""
    for offer in selfhost.offers:
        if offer.terms == "on-demand":
            return _written(offer)
    return _on_terms(selfhost, "on-demand")


def _on_terms(selfhost: SelfHost, terms: str, months: float | None = None) -> dict[str, Any]:
    """An offer on other terms, from the providers of the last one; as stated where it has them."""
    for offer in selfhost.offers:
        if offer.terms == terms and months is None:
            return _written(offer)
    last = _written(selfhost.offers[-1])
    kept = {key: last[key] for key in ("class", "provider", "quantile", "region") if key in last}
    return kept | {"terms": terms} | ({"term_months": months} if months else {})


def _commitments(scenario: Scenario, selfhost: SelfHost) -> Iterator[tuple[str, dict[str, Any]]]:
    """Reservations and purchases: those stated for these GPUs, and the book's other terms."""
    known: set[float] = set()
    for offer in _stated(scenario, selfhost, "reserved"):
        months = float(offer.get("term_months", {}).get("value", 0.0))
        if months not in known:
            known.add(months)
            yield f"reserved, {months:g} months" if months else "reserved", offer
    for months in TERM_MONTHS:
        if months not in known:
            yield f"reserved, {months} months", _on_terms(selfhost, "reserved", months)
    for offer in _stated(scenario, selfhost, "owned")[:1]:
        yield "owned", offer


def _stated(scenario: Scenario, selfhost: SelfHost, terms: str) -> list[dict[str, Any]]:
    """Offers on these terms of any option on the same GPUs, this one's first."""
    others = [o.selfhost for o in scenario.options if o.selfhost and _same_gpus(o, selfhost)]
    return [
        _written(offer)
        for each in (selfhost, *others)
        for offer in each.offers
        if offer.terms == terms
    ]


def _same_gpus(option: Option, selfhost: SelfHost) -> bool:
    other = option.selfhost
    return other is not None and other.gpu is not None and other.gpu == selfhost.gpu


def _written(offer: Offer) -> dict[str, Any]:
    """An offer as data, for all the replicas there are."""
    data = offer.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)
    return {key: value for key, value in data.items() if key != "replicas"}


def _priced(
    scenario: Scenario,
    place: int,
    name: str,
    scaling: str,
    offers: list[dict[str, Any]],
    volume: float,
    book: Book,
) -> FleetChoice:
    at = ("options", place, "selfhost")
    option = scenario.options[place]
    try:
        other = changed(scenario, {(*at, "scaling"): scaling, (*at, "offers"): offers})
        resolved = resolve(other, book)
    except InputError as error:
        return FleetChoice(name, scaling, None, reason=error.problems[0].message)
    fleet = resolved.options[option.name].fleet
    bill = build_bills(other, resolved, traffic_of(other, resolved.profiles)).get(option.name)
    if bill is None or fleet is None or not bill.serves(volume):
        return FleetChoice(name, scaling, None, reason="it cannot serve this volume")
    return FleetChoice(
        name,
        scaling,
        bill.usd(volume),
        tuple(offer.usd_per_gpu_hour.value for offer in fleet.offers),
        stated=other.options[place] == option,
    )

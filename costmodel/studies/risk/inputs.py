"""Which numbers of a scenario are uncertain, and how a value or all its draws are put in place.

A range stands in the scenario, or on what was looked up (a throughput's interval, people's hours
in the book). Fleets that rest on the same figure share one input, so that it is drawn once. What
hosts ask for the same GPU differs, but that is a choice, and no range here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel

from costmodel.book.token_records import TokenPrice
from costmodel.cost.api import PriceTier
from costmodel.pipeline.facts import Resolved
from costmodel.quantity.quantity import Quantity
from costmodel.scenario import Scenario, SelfHost
from costmodel.scenario.cases import quantities
from costmodel.scenario.numbers import MOST_RATE
from costmodel.scenario.yamlfile import Location, path_text

Home = Literal["scenario", "facts"]

MOST_INTERRUPTED = 0.9
"""Of a spot replica's time: draws end short of the whole of it, where no capacity is left."""

LEAST_RATE = -0.95
"""Of what may be negative, which is rates: a year takes no more than this share away."""

_RATES = {"discount_rate", "growth_per_month", "api_price_change_per_year",
          "gpu_price_change_per_year"}  # fmt: skip

COUNTS = {"replicas", "spare_replicas", "min_replicas", "node_gpus", "tp", "gpus_per_replica"}
_AT_LEAST_ONE = {"burst_factor", "peak_to_mean", "pue", "replicas", "node_gpus", "tp",
                 "gpus_per_replica"}  # fmt: skip
_ATTRIBUTES = {"load_factor", "spare_replicas", "min_replicas", "replicas", "node_gpus"}
"""Of a self-hosted option: what the bill uses as the scenario says it."""

_OF_EVERY_DRAW = {"input_token_ratio", "output_token_ratio"}
_OF_OWNED = {("calendar", "hours_per_month"), ("finance", "discount_rate")}
"""What the month of an owned GPU depends on beside the offer itself."""

_OF_OFFER = {
    "usd_per_gpu", "life_months", "residual_share", "maintenance_share_per_year", "kw_per_gpu",
    "pue", "usd_per_kwh", "colo_usd_per_kw_month", "discount", "interruption_overhead",
}  # fmt: skip
"""Numbers of an offer from which its price, or what it delivers, is worked out."""

_OVER_TIME = {"growth_per_month", "horizon_months", "ramp_months", "one_off_usd",
              "api_price_change_per_year", "gpu_price_change_per_year"}  # fmt: skip
"""What moves the cash flow, and not the bill of a month."""

_SHAPING = {"input_tokens", "output_tokens", "shapes", "slo", "max_context"}


@dataclass(frozen=True)
class Input:
    """One number that may vary: its path, what is known of it, and every place it stands in."""

    path: str
    quantity: Quantity
    home: Home
    places: tuple[Location, ...]

    @property
    def is_ranged(self) -> bool:
        """Whether there is anything between its low and its high."""
        low, high = self.quantity.low, self.quantity.high
        return low is not None and high is not None and low < high

    @property
    def is_count(self) -> bool:
        """Whether only whole numbers will do."""
        return self.path.rsplit(".", 1)[-1] in COUNTS

    @property
    def limits(self) -> tuple[float, float]:
        """The least and the largest value its unit allows."""
        return limits(self.path.rsplit(".", 1)[-1])

    def bounded(self, values: Any) -> Any:
        """Values as its unit allows them: whole for counts, shares from 0 to 1."""
        within = np.clip(values, *self.limits)
        return np.round(within) if self.is_count else within


def limits(name: str) -> tuple[float, float]:
    """The least and the largest value that a number of this name may take."""
    if name.endswith("_share") or name in ("load_factor", "discount"):
        return 0.0, 1.0
    if name == "interruption_overhead":
        return 0.0, MOST_INTERRUPTED
    if name in _AT_LEAST_ONE:
        return 1.0, np.inf
    if name in COUNTS:
        return 0.0, np.inf
    return (LEAST_RATE, MOST_RATE) if name in _RATES else (0.0, np.inf)


def over_time(scenario: Scenario, *, ranged: bool = True) -> tuple[str, ...]:
    """Paths of ranges, or of all numbers, that move the cash flow alone."""
    names = scenario.model_dump(include={"workloads"})
    return tuple(
        path_text(place, names)
        for place, quantity in quantities(scenario)
        if place[-1] in _OVER_TIME
        and place[0] in ("workloads", "finance")
        and (quantity.is_range or not ranged)
    )


def ranged_inputs(scenario: Scenario, resolved: Resolved) -> tuple[Input, ...]:
    """Every input with a range, the scenario's first."""
    return tuple(i for i in all_inputs(scenario, resolved) if i.is_ranged)


def all_inputs(scenario: Scenario, resolved: Resolved) -> tuple[Input, ...]:
    """Every number that a bill may depend on."""
    names = scenario.model_dump(include={"workloads", "options"})
    stated = [
        Input(path_text(place, names), quantity, "scenario", (place,))
        for place, quantity in quantities(scenario)
        if not _is_a_fact(place) and place[-1] not in _OVER_TIME
    ]
    return (*stated, *_facts(scenario, resolved), *_listed_prices(scenario, resolved))


def _is_a_fact(place: Location) -> bool:
    """Whether lookups copy it, with its range, to the facts."""
    return (
        place[0] in ("overheads", "resolved", "display")
        or place[-1] in ("usd_per_gpu_hour", "usd_per_gpu_second")
        or place[2:4] == ("selfhost", "throughput")
    )


def _facts(scenario: Scenario, resolved: Resolved) -> Iterator[Input]:
    names = {
        "usd_per_hour": "usd_per_hour",
        "fleet_hours_per_month": "per_fleet.hours_per_month",
        "api_hours_per_month": "per_api.hours_per_month",
        "platform_usd_per_month": "platform.usd_per_month",
    }
    for name, path in names.items():
        place: Location = ("overheads", name)
        yield Input(f"overheads.{path}", getattr(resolved.overheads, name), "facts", (place,))
    fleets = [o.name for o in scenario.options if resolved.options[o.name].fleet is not None]
    yield from _throughputs(resolved, fleets)
    for name in fleets:
        fleet = resolved.options[name].fleet
        assert fleet is not None
        for j, offer in enumerate(fleet.offers):
            if offer.purchase is not None:  # worked out from numbers that are inputs themselves
                continue
            place = ("options", name, "fleet", "offers", j, "usd_per_gpu_hour")
            path = f"options.{name}.selfhost.offers[{j}].usd_per_gpu_hour"
            yield Input(path, offer.usd_per_gpu_hour, "facts", (place,))


def _throughputs(resolved: Resolved, fleets: Sequence[str]) -> Iterator[Input]:
    """One input for each figure: workloads of a fleet move together, and fleets that share it."""
    groups: dict[tuple[Any, ...], list[Location]] = {}
    for name in fleets:
        fleet = resolved.options[name].fleet
        if fleet is None or not fleet.capacity:
            continue
        places = [("options", name, "fleet", "capacity", w, "requests_per_s")
                  for w in fleet.capacity]  # fmt: skip
        key = tuple((w, c.requests_per_s) for w, c in fleet.capacity.items())
        groups.setdefault(tuple((w, *_figures(q)) for w, q in key), []).extend(places)
    for places in groups.values():
        name, workload = str(places[0][1]), str(places[0][4])
        quantity = look_up(resolved, places[0])
        of = f".{workload}" if len({place[4] for place in places}) > 1 else ""
        path = f"options.{name}.selfhost.throughput{of}.requests_per_s"
        yield Input(path, quantity, "facts", tuple(places))


_LISTED = ("input_usd_per_mtok", "output_usd_per_mtok")


def _listed_prices(scenario: Scenario, resolved: Resolved) -> Iterator[Input]:
    """Prices that were looked up: no range, but a value at which a verdict may flip."""
    for option in scenario.options:
        price = resolved.options[option.name].price
        if price is None or option.api is None or option.api.is_quoted:
            continue
        for name in _LISTED:
            known = Quantity(
                value=getattr(price.tiers[0], name), kind=price.kind, source=price.source
            )
            place: Location = ("options", option.name, "price", name)
            yield Input(f"options.{option.name}.api.{name}", known, "facts", (place,))


def is_listed_price(place: Location) -> bool:
    """Whether a place is a line of a price list, not a number of its own."""
    return place[0] == "options" and len(place) > 2 and place[2] == "price"


def is_throughput(place: Location) -> bool:
    """Whether a place is the capacity of a fleet for a workload."""
    return place[0] == "options" and place[2:4] == ("fleet", "capacity")


def _repriced(price: TokenPrice, name: str, factor: float) -> TokenPrice:
    """Every tier, time of day and batch price of a line by one factor.

    Cached and written tokens without a price of their own follow the input price as ever.
    """

    def scaled(tiers: tuple[PriceTier, ...]) -> tuple[PriceTier, ...]:
        return tuple(replace(tier, **{name: getattr(tier, name) * factor}) for tier in tiers)

    schedule = tuple(
        part.model_copy(
            update={
                "tiers": scaled(part.tiers),
                "batch": None if part.batch is None else scaled(part.batch),
            }
        )
        for part in price.schedule
    )
    return price.model_copy(update={"schedule": schedule})


def _figures(quantity: Quantity) -> tuple[Any, ...]:
    return quantity.value, quantity.low, quantity.high, quantity.source


# -------------------------------------------------------------------------------- put in place


def look_up(part: Any, place: Iterable[Any]) -> Any:
    """What stands at a place."""
    for key in place:
        part = getattr(part, key) if isinstance(part, BaseModel) else part[key]
    return part


def put(part: Any, place: Location, value: Any) -> Any:
    """A copy of a record with another value at a place; nothing is checked."""
    if not place:
        return value
    key, rest = place[0], place[1:]
    if isinstance(part, BaseModel):
        name = str(key)
        return part.model_copy(update={name: put(getattr(part, name), rest, value)})
    if isinstance(part, tuple):
        assert isinstance(key, int)
        return (*part[:key], put(part[key], rest, value), *part[key + 1 :])
    return {**part, key: put(part[key], rest, value)}


def with_value(part: Any, entry: Input, value: Any) -> Any:
    """A scenario or facts with an input at ``value``: a number, or an array of draws.

    Places that share an input keep their proportions. A number is without a range then.
    """
    for place in entry.places:
        if is_listed_price(place):
            price = look_up(part, place[:3])
            repriced = _repriced(price, str(place[3]), _ratio(entry, value))
            part = put(part, place[:3], repriced)
            continue
        known: Quantity = look_up(part, place)
        as_stated = np.ndim(known.value) == 0 and known.value == entry.quantity.value
        at = value if as_stated else known.value * _ratio(entry, value)
        part = put(part, place, known.model_copy(update={"value": at, "low": None, "high": None}))
    return part


def still_there(resolved: Resolved, entry: Input) -> Input:
    """An input without the capacities that requests of another size have left none of."""
    places = (
        place
        for place in entry.places
        if not is_throughput(place) or place[4] in look_up(resolved, place[:4])
    )
    return replace(entry, places=tuple(places))


def _ratio(entry: Input, value: Any) -> Any:
    base = entry.quantity.value
    return value / base if base else 1.0


# ------------------------------------------------------------------------- what it takes to vary


def needs_lookup(entry: Input, scenario: Scenario) -> bool:
    """Whether facts have to be looked up again for another value: a size, a context, a quote."""
    return bool(sizes(entry, scenario))


def sizes(entry: Input, scenario: Scenario) -> set[str]:
    """The options whose facts have to be looked up again for another value."""
    if entry.home == "facts" or not entry.places or moves_offers(entry, scenario):
        return set()
    place = entry.places[0]
    if place[0] == "workloads" and str(place[2]) in _SHAPING:
        return {option.name for option in scenario.options if _is_shaped(option.selfhost)}
    if place[0] != "options":
        return set()
    option, name = scenario.options[int(place[1])], str(place[-1])
    if option.selfhost is not None:
        as_it_is = name in _ATTRIBUTES or place[3] in ("extra_monthly", "queueing")
    else:
        as_it_is = option.api is None or not name.endswith(("_per_mtok", "batch_discount"))
    return set() if as_it_is or name == "term_months" else {option.name}


def moves_offers(entry: Input, scenario: Scenario) -> set[int]:
    """The options whose offers cost or deliver something else at another value, by place."""
    if entry.home == "facts" or not entry.places:
        return set()
    place = entry.places[0]
    if place in _OF_OWNED:
        return {i for i, option in enumerate(scenario.options) if _has_bought(option.selfhost)}
    of_offer = place[0] == "options" and place[2:4] == ("selfhost", "offers")
    return {int(place[1])} if of_offer and place[-1] in (*_OF_OFFER, "replicas") else set()


def _has_bought(selfhost: SelfHost | None) -> bool:
    """Whether some of the GPUs are bought, their hours being worked out from the price."""
    return selfhost is not None and any(o.usd_per_gpu is not None for o in selfhost.offers)


def _is_shaped(selfhost: SelfHost | None) -> bool:
    """Whether a fleet's capacity depends on the shape of requests."""
    if selfhost is None:
        return False
    stated = selfhost.throughput
    each = stated.values() if isinstance(stated, dict) else [stated]
    return any(t is None or t.requests_per_s is None for t in each)


def goes_as_array(entry: Input, scenario: Scenario) -> bool:
    """Whether the bills take all of its draws at once."""
    if entry.places and is_listed_price(entry.places[0]):
        return False
    if entry.home == "facts" or not entry.places:
        return True
    place, name = entry.places[0], str(entry.places[0][-1])
    if place[0] == "workloads":
        workload = scenario.workloads[int(place[1])]
        if place[2] == "profile":
            return name == "burst_factor" and not workload.batch_share.value
        return place[2] not in ("batch_share", "slo", "max_context", "quality")
    if place[0] == "options":
        as_it_is = name in _OF_EVERY_DRAW and place[2] == "api"
        of_offer = place[3] == "offers" and name in _OF_OFFER
        return as_it_is or of_offer or name == "load_factor" or place[3] == "extra_monthly"
    return place[0] in ("calendar", "finance")

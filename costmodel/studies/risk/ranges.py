"""Ranges of a scenario's inputs as changes to it, so that what is edited can be kept in its file.

A number that the scenario states, or may state, takes the range itself. A throughput or a price
that is looked up keeps being looked up: its range is stated beside it, as multiples of its value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from costmodel.book import load_book
from costmodel.pipeline.defaults import completed_scenario
from costmodel.pipeline.facts import Resolved
from costmodel.pipeline.frozen import refrozen
from costmodel.pipeline.resolve import resolve
from costmodel.quantity.quantity import Quantity
from costmodel.scenario import Offer, Scenario
from costmodel.scenario.cases import quantities
from costmodel.scenario.changes import Changes, changed
from costmodel.scenario.numbers import AS_STATED
from costmodel.scenario.yamlfile import Location
from costmodel.studies.risk.inputs import (
    COUNTS,
    Input,
    all_inputs,
    is_listed_price,
    is_throughput,
    limits,
    look_up,
    moves_offers,
    put,
    ranged_inputs,
)

USUAL = 0.2
"""How far either way a number is taken to be off where a range is begun for it: an assumption."""

_DECIDED = COUNTS | {
    "ttft_ms", "tpot_ms", "wait_p95_ms", "max_context", "concurrency", "gpu_memory_utilization",
    "term_months", "discount", "min_retention", "margin", "up_to_usd_per_month",
    "up_to_mtok_per_month", "rate_limit_tokens_per_minute",
}  # fmt: skip
"""Last words of what is decided, demanded or agreed, and not uncertain."""

_WHOLE = COUNTS | {"horizon_months"}
"""Last words of what only whole numbers will do for."""

_OVERHEADS: dict[str, Location] = {
    "usd_per_hour": ("overheads", "usd_per_hour"),
    "fleet_hours_per_month": ("overheads", "per_fleet", "hours_per_month"),
    "api_hours_per_month": ("overheads", "per_api", "hours_per_month"),
    "platform_usd_per_month": ("overheads", "platform", "usd_per_month"),
}


def may_vary(scenario: Scenario, resolved: Resolved) -> tuple[Input, ...]:
    """Inputs without a range that may be given one: no decisions, no zeros, no listed prices."""
    return tuple(
        entry
        for entry in all_inputs(scenario, resolved)
        if not entry.is_ranged
        and entry.quantity.value > 0
        and not _is_decided(entry.path)
        and (entry.path != "finance.discount_rate" or moves_offers(entry, scenario))
        and can_be_edited(scenario, entry)
    )


def _is_decided(path: str) -> bool:
    last = path.rsplit(".", 1)[-1]
    agreed = path.endswith((".contract.usd_per_month", ".contract.overage_discount"))
    return agreed or last in _DECIDED or path.startswith("calendar")


def usual_range(entry: Input) -> tuple[float, float]:
    """A range to begin with, for an input that has none."""
    value = entry.quantity.value
    low, high = entry.bounded([value * (1 - USUAL), value * (1 + USUAL)]).tolist()
    return low, high


def can_be_edited(scenario: Scenario, entry: Input) -> bool:
    """Whether a scenario can state a range for an input."""
    place = entry.places[0]
    if entry.home == "scenario" or place[0] == "overheads":
        return True
    if is_listed_price(place):
        return False
    return is_throughput(place) or _is_by_hour(_offer(scenario, entry))


def _offer(scenario: Scenario, entry: Input) -> Offer:
    """The offer of a price by the GPU-hour."""
    selfhost = scenario.option(str(entry.places[0][1])).selfhost
    assert selfhost is not None
    return selfhost.offers[int(entry.places[0][4])]


def _is_by_hour(offer: Offer) -> bool:
    """Whether GPUs are rented by the hour, and no discount is a range already."""
    discounted = offer.discount is not None and offer.discount.is_range
    return offer.terms not in ("owned", "serverless") and not discounted


def range_changes(scenario: Scenario, entry: Input, low: float, high: float) -> Changes:
    """What to change for an input to run from ``low`` to ``high``, its value staying as it is.

    ``low <= value <= high``; with all three alike the range is taken away.
    """
    place, name = entry.places[0], str(entry.places[0][1])
    if entry.home == "scenario":
        return {place: _stated(entry.quantity, low, high)}
    if place[0] == "overheads":
        return {_OVERHEADS[name]: _stated(entry.quantity, low, high)}
    places = {option.name: i for i, option in enumerate(scenario.options)}
    value = entry.quantity.value
    spread = {"low": low / value, "high": high / value}
    if is_throughput(place):
        owners = dict.fromkeys(str(at[1]) for at in entry.places)
        return {("options", places[n], "selfhost", "throughput_spread"): spread for n in owners}
    at: Location = ("options", places[name], "selfhost", "offers", int(place[4]))
    if _offer(scenario, entry).usd_per_gpu_hour is None:
        return {(*at, "price_spread"): spread}
    return {(*at, "usd_per_gpu_hour"): _stated(entry.quantity, low, high)}


def _stated(quantity: Quantity, low: float, high: float) -> dict[str, Any]:
    """The number in full, with this range and where the rest of it comes from."""
    known = quantity.model_dump(mode="json", exclude_none=True)
    source = str(known.get("source", "")).removesuffix(AS_STATED)
    if low == high:
        known = {key: known[key] for key in known if key not in ("low", "high")}
        return {**known, "source": source} if source else known
    return {**known, "low": low, "high": high, **({"source": source + AS_STATED} if source else {})}


# ------------------------------------------------------------------------ beside other changes


@dataclass(frozen=True)
class Ends:
    """A range, and the value it was given for."""

    value: float
    low: float
    high: float

    def around(self, value: float, least: float, most: float) -> tuple[float, float]:
        """The range for another value: in proportion, as far either way where one of them is 0.

        Between ``least`` and ``most``, and around the value.

        >>> Ends(100.0, 80.0, 150.0).around(200.0, 0.0, float("inf"))
        (160.0, 300.0)
        >>> Ends(0.0, 0.0, 0.4).around(0.8, 0.0, 1.0)
        (0.8, 1.0)
        """
        if value == self.value:
            return self.low, self.high
        if value * self.value > 0:
            low, high = (end * (value / self.value) for end in (self.low, self.high))
        else:
            low, high = (end + (value - self.value) for end in (self.low, self.high))
        return min(value, max(least, low)), max(value, min(most, high))


def with_ranges(scenario: Scenario, ranges: Mapping[str, Ends]) -> Scenario:
    """The scenario with ranges by path, each about the value its input has now.

    A path that is no input, or takes no range, is passed over: the option may be another by now.
    A frozen scenario stays frozen: a range moves nothing that was looked up.
    """
    if not ranges:
        return scenario
    book = load_book()
    whole = completed_scenario(scenario, book)
    resolved = resolve(whole, book)
    changes: dict[Location, Any] = {}
    facts = resolved
    for entry in all_inputs(whole, resolved):
        ends = ranges.get(entry.path)
        if ends is None or not can_be_edited(whole, entry):
            continue
        low, high = ends.around(entry.quantity.value, *entry.limits)
        changes.update(range_changes(whole, entry, low, high))
        if entry.home == "facts" and scenario.resolved is not None:
            facts = _ranged(facts, entry, low, high)
    after = changed(scenario, changes)
    return after if scenario.resolved is None else refrozen(after, facts)


def _ranged(facts: Resolved, entry: Input, low: float, high: float) -> Resolved:
    """The facts with another range wherever an input stands."""
    value = entry.quantity.value
    for place in entry.places:
        known: Quantity = look_up(facts, place)
        scale = known.value / value if value else 1.0
        ranged = _stated(known, low * scale, high * scale)
        facts = put(facts, place, Quantity.model_validate(ranged))
    return facts


def with_its_correlations(before: Scenario, after: Scenario) -> Scenario:
    """A changed scenario without the correlations of inputs that have lost their range."""
    if not after.correlations:
        return after
    lost = _ranged_paths(before) - _ranged_paths(after)
    kept = [list(each) for each in after.correlations if not lost & set(each[:2])]
    if len(kept) == len(after.correlations):
        return after
    return changed(after, {("correlations",): kept or None})


def _ranged_paths(scenario: Scenario) -> set[str]:
    whole = completed_scenario(scenario, load_book())
    return {entry.path for entry in ranged_inputs(whole, resolve(whole, load_book()))}


def keeping_ranges(scenario: Scenario, changes: Changes) -> Changes:
    """The changes, each plain number in place of a range with that range in proportion."""
    if not changes:
        return changes
    ranged = {
        place: quantity
        for place, quantity in quantities(completed_scenario(scenario, load_book()))
        if quantity.is_range
    }
    return {place: _moved(place, ranged.get(place), value) for place, value in changes.items()}


def _moved(place: Location, known: Quantity | None, value: Any) -> Any:
    if known is None or known.low is None or known.high is None or not isinstance(value, float):
        return value
    ends = Ends(known.value, known.low, known.high)
    low, high = ends.around(value, *limits(str(place[-1])))
    if place[-1] in _WHOLE:
        low, high = round(low), round(high)
    return {"value": value, "low": low, "high": high}

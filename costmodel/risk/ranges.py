"""Ranges of a scenario's inputs as changes to it, so that what is edited can be kept in its file.

A number that the scenario states, or may state, takes the range itself. A throughput that is
looked up keeps being looked up: its range is stated beside it, as multiples of its value.
"""

from __future__ import annotations

from typing import Any

from costmodel.changes import Changes
from costmodel.facts import Resolved
from costmodel.risk.inputs import COUNTS, Input, all_inputs, is_listed_price
from costmodel.scenario import Scenario
from costmodel.yamlfile import Location

USUAL = 0.2
"""How far either way a number is taken to be off where a range is begun for it: an assumption."""

_DECIDED = COUNTS | {"ttft_ms", "tpot_ms", "wait_p95_ms", "max_context", "concurrency",
                     "gpu_memory_utilization", "term_months", "discount"}  # fmt: skip
"""Last words of what is decided or demanded, and not uncertain."""

AS_STATED = "; range as stated"
"""After the source of a value whose range is the user's own."""

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
        and entry.path.rsplit(".", 1)[-1] not in _DECIDED
        and not entry.path.startswith("calendar")
        and can_be_edited(scenario, entry)
    )


def usual_range(entry: Input) -> tuple[float, float]:
    """A range to begin with, for an input that has none."""
    value = entry.quantity.value
    low, high = entry.bounded([value * (1 - USUAL), value * (1 + USUAL)]).tolist()
    return low, high


def can_be_edited(scenario: Scenario, entry: Input) -> bool:
    """Whether a scenario can state a range for an input."""
    if entry.home == "scenario" or entry.places[0][0] == "overheads":
        return True
    if is_listed_price(entry.places[0]):
        return False
    return "capacity" in entry.places[0] or _is_by_hour(scenario, entry)


def _is_by_hour(scenario: Scenario, entry: Input) -> bool:
    """Whether it is the price of a rented GPU-hour, and no discount off it is a range already."""
    name, place = str(entry.places[0][1]), entry.places[0]
    selfhost = scenario.option(name).selfhost
    if selfhost is None:
        return False
    offer = selfhost.offers[int(place[4])]
    rented = offer.terms not in ("owned", "serverless")
    return rented and not (offer.discount is not None and offer.discount.is_range)


def range_changes(scenario: Scenario, entry: Input, low: float, high: float) -> Changes:
    """What to change for an input to run from ``low`` to ``high``, its value staying as it is.

    ``low <= value <= high``; with all three alike the range is taken away.
    """
    place, name = entry.places[0], str(entry.places[0][1])
    if entry.home == "scenario":
        return {place: _stated(entry, low, high)}
    if place[0] == "overheads":
        return {_OVERHEADS[name]: _stated(entry, low, high)}
    places = {option.name: i for i, option in enumerate(scenario.options)}
    if "capacity" in place:
        value = entry.quantity.value
        spread = {"low": low / value, "high": high / value}
        owners = dict.fromkeys(str(at[1]) for at in entry.places)
        return {("options", places[n], "selfhost", "throughput_spread"): spread for n in owners}
    at: Location = ("options", places[name], "selfhost", "offers", int(place[4]))
    return {(*at, "usd_per_gpu_hour"): _stated(entry, low, high), (*at, "discount"): None}


def _stated(entry: Input, low: float, high: float) -> dict[str, Any]:
    """The number in full, with this range and where the rest of it comes from."""
    known = entry.quantity.model_dump(mode="json", exclude_none=True)
    if low == high:
        return {key: known[key] for key in known if key not in ("low", "high")}
    if "source" in known:
        known["source"] = f"{known['source'].removesuffix(AS_STATED)}{AS_STATED}"
    return {**known, "low": low, "high": high}

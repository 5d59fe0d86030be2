"""Which cases a scenario has: its own, and the best and worst that its ranges lead to.

A case moves values of the scenario and ends of ranges of what was looked up for it (a throughput,
a listed GPU price). What a case is worth is said elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from costmodel.book import Book
from costmodel.cost.cashflow import npv
from costmodel.errors import InputError
from costmodel.pipeline.defaults import completed_scenario
from costmodel.pipeline.facts import Resolved
from costmodel.pipeline.resolve import resolve
from costmodel.quantity.quantity import Quantity
from costmodel.scenario import Scenario
from costmodel.scenario.cases import BASE, BEST, WORST, located, ranged
from costmodel.scenario.changes import changed
from costmodel.scenario.yamlfile import Location, path_text
from costmodel.studies.cashflow.months import Desk, whole_months
from costmodel.studies.risk.inputs import Input, is_throughput, ranged_inputs, with_value

End = Literal["low", "high"]

DERIVED = {
    BEST: "Derived: every range at the end that favours {option}, all of them at once.",
    WORST: "Derived: every range at the end that is against {option}, all of them at once.",
}
LEFT_OUT = " Left as stated, because one of its ends has no cash flow: {paths}."


@dataclass(frozen=True)
class Moves:
    """What a case moves."""

    changes: Mapping[Location, Any] = field(default_factory=dict)
    """New values of the scenario, by place."""
    ends: Mapping[str, End] = field(default_factory=dict)
    """Which end is taken of ranges of what was looked up, by path."""

    def __or__(self, other: Moves) -> Moves:
        return Moves({**self.changes, **other.changes}, {**self.ends, **other.ends})


@dataclass(frozen=True)
class Drafted:
    """A case before it is evaluated."""

    name: str
    description: str
    derived: bool
    moves: Moves


def drafted(scenario: Scenario, pair: tuple[str, str], book: Book) -> Iterator[Drafted]:
    """The base case, then best and worst, then the others as the scenario lists them."""
    yield Drafted(BASE, "The scenario as it stands.", False, Moves())
    stated = {case.name: _stated(scenario, i) for i, case in enumerate(scenario.cases)}
    derived = {} if {BEST, WORST} <= set(stated) else _derived(scenario, pair, book)
    for name in (BEST, WORST):
        if name in stated:
            yield stated.pop(name)
        elif name in derived:
            yield derived[name]
    yield from stated.values()


def _stated(scenario: Scenario, i: int) -> Drafted:
    case = scenario.cases[i]
    places = {path: located(scenario, path) for path in case.changes}
    changes = {at: case.changes[path] for path, at in places.items() if not isinstance(at, str)}
    return Drafted(case.name, case.description or "", False, Moves(changes))


def _derived(scenario: Scenario, pair: tuple[str, str], book: Book) -> dict[str, Drafted]:
    """Best and worst: the ends that favour the option and those that do not, where any matters.

    Which end is the good one is tried one range at a time; a range that moves nothing by itself is
    tried again with the others at their ends, where a fleet may need the replica it saved before.
    """
    found = {BEST: Moves(), WORST: Moves()}
    left_out, tied = list[str](), list[tuple[Moves, Moves]]()
    for path, low, high in _one_at_a_time(scenario, book):
        at_low, at_high = (_worth(scenario, each, pair, book) for each in (low, high))
        if at_low is None or at_high is None:
            left_out.append(path)
        elif at_low == at_high:
            tied.append((low, high))
        else:
            found[BEST] |= low if at_low > at_high else high
            found[WORST] |= high if at_low > at_high else low
    for name, sign in ((BEST, 1.0), (WORST, -1.0)):
        for low, high in tied:
            at_low, at_high = (
                _worth(scenario, found[name] | each, pair, book) for each in (low, high)
            )
            if at_low is not None and at_high is not None and at_low != at_high:
                found[name] |= low if sign * at_low > sign * at_high else high
    but = LEFT_OUT.format(paths=", ".join(left_out)) if left_out else ""
    return {
        name: Drafted(name, DERIVED[name].format(option=pair[0]) + but, True, moves)
        for name, moves in found.items()
        if moves.changes or moves.ends
    }


def _one_at_a_time(scenario: Scenario, book: Book) -> Iterator[tuple[str, Moves, Moves]]:
    """Every range by path, at its low and at its high end."""
    for at, quantity in ranged(completed_scenario(scenario, book)):
        low, high = (at_end(quantity, end) for end in (quantity.low, quantity.high))
        yield place_path(scenario, at), Moves({at: low}), Moves({at: high})
    for entry in ranged_inputs(scenario, resolve(scenario, book)):
        if _is_looked_up(entry, scenario):
            low, high = Moves(ends={entry.path: "low"}), Moves(ends={entry.path: "high"})
            yield entry.path, low, high


def _is_looked_up(entry: Input, scenario: Scenario) -> bool:
    """Whether it is a throughput or a GPU price that the scenario does not state itself."""
    if entry.home != "facts" or entry.places[0][0] != "options":
        return False
    place = entry.places[0]
    selfhost = scenario.option(str(place[1])).selfhost
    if selfhost is None:
        return False
    if is_throughput(place):
        return selfhost.throughput is None or selfhost.throughput_spread is not None
    return selfhost.offers[int(place[4])].price_spread is not None


def at_end(quantity: Quantity, value: float | None) -> dict[str, Any]:
    """A range as the point at one of its ends; where it comes from stays."""
    point = quantity.model_copy(update={"value": value, "low": None, "high": None})
    return point.model_dump(mode="json", exclude_none=True)


def at_ends(scenario: Scenario, resolved: Resolved, ends: Mapping[str, End]) -> Resolved:
    """What was looked up, with some of its ranges at one of their ends."""
    for entry in ranged_inputs(scenario, resolved) if ends else ():
        if entry.path in ends:
            resolved = with_value(resolved, entry, getattr(entry.quantity, ends[entry.path]))
    return resolved


def _worth(
    scenario: Scenario,
    moves: Moves,
    pair: tuple[str, str],
    book: Book,
) -> float | None:
    """The net present value with some values replaced; None where that is no scenario."""
    try:
        other = changed(scenario, moves.changes)
        resolved = at_ends(other, resolve(other, book), moves.ends)
        desk = Desk(other, resolved, whole_months(other))
        for name in pair:
            desk.require(name, "option")
    except InputError:
        return None
    return npv(desk.flows(*pair, desk.api_change), desk.rate_per_month)


def place_path(scenario: Scenario, at: Location) -> str:
    """A place of the scenario as the path that names it."""
    return path_text(at, scenario.model_dump(by_alias=True))

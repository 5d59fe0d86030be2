"""The bills of a scenario over draws of its inputs: all at once where they can be, else in turn.

Always-on and scheduled fleets and APIs take arrays of draws through the very code that builds
one bill. Anything else (hybrids, waits that must hold, sizes looked up again) is built for each
draw, and for fewer of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from costmodel.book import Book
from costmodel.cost.curve import Floats
from costmodel.pipeline.bills import Bill, build_bills, traffic_of, within
from costmodel.pipeline.facts import Resolved
from costmodel.pipeline.lookup.offer import moved_offer
from costmodel.pipeline.resolve import looked_up_again
from costmodel.scenario import Option, Scenario
from costmodel.studies.risk.inputs import (
    Input,
    goes_as_array,
    moves_offers,
    needs_lookup,
    put,
    sizes,
    still_there,
    with_value,
)

MOST_CELLS = 1 << 17
"""Numbers worked on at once, volumes x draws x hours: small enough to stay in the cache."""

HOURS = 168


@dataclass(frozen=True)
class Model:
    """A scenario with its facts, and the inputs that vary."""

    scenario: Scenario
    resolved: Resolved
    inputs: tuple[Input, ...]
    book: Book

    def bills(self, values: Sequence[float]) -> dict[str, Bill]:
        """The bills with every input at a number."""
        scenario, resolved = self.at(values)
        return build_bills(scenario, resolved, traffic_of(scenario, resolved.profiles))

    def at(self, values: Sequence[float]) -> tuple[Scenario, Resolved]:
        """Scenario and facts with every input at a number, looked up again where needed."""
        scenario, resolved = self.scenario, self.resolved
        moved = [(i, v) for i, v in zip(self.inputs, values, strict=True) if v != i.quantity.value]
        for entry, value in moved:
            if entry.home == "scenario":
                scenario = with_value(scenario, entry, value)
        stale = [entry for entry, _ in moved if needs_lookup(entry, scenario)]
        if stale:
            resolved = self._sized_again(stale, scenario)
        resolved = self._offers_moved([entry for entry, _ in moved], scenario, resolved)
        for entry, value in moved:
            if entry.home == "facts":
                resolved = with_value(resolved, still_there(resolved, entry), value)
        return scenario, resolved

    def _sized_again(self, stale: Sequence[Input], scenario: Scenario) -> Resolved:
        """Facts with the sizes and speeds that other numbers lead to; prices stay as they are.

        A frozen scenario keeps the prices it was frozen with.
        """
        names = set[str]().union(*(sizes(entry, scenario) for entry in stale))
        found = looked_up_again(scenario, self.resolved, names, self.book)
        for name in names:
            known = self.resolved.options[name].fleet
            if known is not None and found.options[name].fleet is not None:
                found = put(found, ("options", name, "fleet", "offers"), known.offers)
        return found

    def _offers_moved(
        self, moved: Sequence[Input], scenario: Scenario, resolved: Resolved
    ) -> Resolved:
        """Facts with the offers whose numbers have moved."""
        for i in set[int]().union(*(moves_offers(entry, scenario) for entry in moved)):
            name = scenario.options[i].name
            fleet = resolved.options[name].fleet
            if fleet is None:
                continue
            offers = tuple(
                moved_offer(offer, self.scenario, scenario, (i, j), self.book)
                for j, offer in enumerate(fleet.offers)
            )
            resolved = put(resolved, ("options", name, "fleet", "offers"), offers)
        return resolved

    def in_arrays(self, values: Floats) -> tuple[Scenario, Resolved]:
        """Scenario and facts that hold all draws, (draws, inputs), of what goes as an array."""
        scenario, resolved = self.scenario, self.resolved
        drawn = [
            (entry, np.ascontiguousarray(column)[:, None])
            for entry, column in zip(self.inputs, values.T, strict=True)
            if goes_as_array(entry, scenario)
        ]
        for entry, column in drawn:
            if entry.home == "scenario":
                scenario = with_value(scenario, entry, column)
        resolved = self._offers_moved([entry for entry, _ in drawn], scenario, resolved)
        for entry, column in drawn:
            if entry.home == "facts":
                resolved = with_value(resolved, entry, column)
        return scenario, resolved

    def volumes(self, values: Floats, tokens_per_day: float) -> Floats:
        """That volume in every draw, (1, draws): moved as the volume stated is, where it varies."""
        scenario, _ = self.in_arrays(values)
        moved = np.ravel(scenario.tokens_per_day) / self.scenario.tokens_per_day
        return np.broadcast_to(moved * tokens_per_day, (1, len(values)))

    @cached_property
    def stated(self) -> dict[str, Bill]:
        """The bills with every input as stated."""
        return self.bills([entry.quantity.value for entry in self.inputs])

    @cached_property
    def vectorised(self) -> frozenset[str]:
        """Options whose bills take arrays of draws."""
        return frozenset(
            name
            for name, bill in self.stated.items()
            if bill.is_drawable
            and all(
                goes_as_array(entry, self.scenario)
                and (
                    self.scenario.option(name).kind == "api"
                    or not needs_lookup(entry, self.scenario)
                )
                for entry in self.inputs
                if self._touches(entry, name)
            )
        )

    def _touches(self, entry: Input, name: str) -> bool:
        owners = self.owners(entry)
        return not owners or bool(owners & self.parts(name))

    def owners(self, entry: Input) -> set[str]:
        """The options an input belongs to; none where it belongs to all."""
        keys = (place[1] for place in entry.places if place[0] == "options")
        return {self.scenario.options[k].name if isinstance(k, int) else str(k) for k in keys}

    def parts(self, name: str) -> set[str]:
        """The option and those it is made of."""
        return {option.name for option in self.scenario.behind(name)}

    def only(self, names: Sequence[str]) -> Model:
        """The same with these options and their parts alone."""
        kept = set[str]().union(*(self.parts(name) for name in names))
        options: tuple[Option, ...] = tuple(o for o in self.scenario.options if o.name in kept)
        places = {o.name: i for i, o in enumerate(options)}
        inputs = [self._moved(entry, places) for entry in self.inputs]
        scenario = self.scenario.model_copy(update={"options": options})
        return Model(scenario, self.resolved, tuple(inputs), self.book)

    def _moved(self, entry: Input, places: Mapping[str, int]) -> Input:
        """An input of an option by the option's new place; nowhere where it is left out."""
        moved = []
        for place in entry.places:
            if place[0] != "options" or not isinstance(place[1], int):
                moved.append(place)
                continue
            name = self.scenario.options[place[1]].name
            if name in places:
                moved.append(("options", places[name], *place[2:]))
        return Input(entry.path, entry.quantity, entry.home, tuple(moved))


def array_usd(
    model: Model, names: Sequence[str], values: Floats, volumes: Floats
) -> dict[str, Floats]:
    """Bills of vectorised options; (volumes, draws) each, from ``values`` (draws, inputs).

    ``volumes`` (volumes, 1), or (volumes, draws) where each draw has its own.
    """
    if not names:
        return {}
    part = model.only(names)
    found = {name: np.empty((len(volumes), len(values))) for name in names}
    by_hour = any(model.stated[name].by_the_hour for name in names)
    size = max(16, MOST_CELLS // (len(volumes) * (HOURS if by_hour else 1)))
    for start in range(0, len(values), size):
        chunk = slice(start, start + size)
        scenario, resolved = part.in_arrays(values[chunk])
        bills = build_bills(scenario, resolved, traffic_of(scenario, resolved.profiles))
        at = volumes[:, chunk] if volumes.shape[1] > 1 else volumes
        for name in names:
            found[name][:, chunk] = bills[name].drawn(at)
    return found


def one_by_one(
    model: Model, values: Floats, progress: Callable[[float], None] | None = None
) -> Iterator[dict[str, Bill]]:
    """The bills of each draw in turn."""
    for i, row in enumerate(values):
        if progress is not None and i % 32 == 0:
            progress(i / len(values))
        yield model.bills(row.tolist())


def looped_usd(bills: Sequence[Mapping[str, Bill]], name: str, volumes: Floats) -> Floats:
    """An option's bill of every draw; (volumes, draws), infinite where it has none."""
    columns = [
        each[name].at(volumes[:, min(i, volumes.shape[1] - 1)])
        if name in each
        else np.full(len(volumes), np.inf)
        for i, each in enumerate(bills)
    ]
    return np.stack(columns, axis=1)


def served_usd(
    usd: Floats, bills: Sequence[Mapping[str, Bill]], name: str, volumes: Floats
) -> Floats:
    """The same bills (volumes, draws), infinite where a pinned fleet is too small in a draw."""
    limits = [each[name].limit if name in each else 0.0 for each in bills]
    return np.where(within(volumes[:, : len(bills)], np.array(limits)), usd, np.inf)

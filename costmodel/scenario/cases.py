"""Named cases: a scenario with some of its values replaced, and the paths that say which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import Field

from costmodel.quantity.quantity import Quantity
from costmodel.scenario.numbers import Part
from costmodel.scenario.yamlfile import Location

BASE, BEST, WORST = "base", "best", "worst"


class Case(Part):
    """A name, and what differs from the scenario as it stands."""

    name: str = Field(min_length=1)
    description: str | None = None
    changes: dict[str, Any] = Field(min_length=1)
    """By path, as ``workloads.chat.tokens_per_day: 800e6``; null takes a value out."""


def located(part: Part, path: str) -> Location | str:
    """The place that a dotted path names; where there is none, what is wrong with it.

    Items of a list go by their name, which may hold dots and spaces, or by ``[number]``.

    >>> from costmodel.scenario.money import Finance
    >>> located(Finance(), "discount_rate"), located(Finance(), "discount")
    (('discount_rate',), "has no 'discount'")
    """
    here: Any = part
    found: list[str | int] = []
    rest = path
    while rest:
        if isinstance(here, tuple):
            step = _item(here, rest)
        elif isinstance(here, Part):
            step = _field(here, rest)
        else:  # left out, or a mapping: the changed scenario is checked as a whole
            return (*found, *rest.split("."))
        if step is None:
            where = f"{path[: len(path) - len(rest)].rstrip('.')} " if found else ""
            return f"{where}has no {rest.split('.')[0]!r}"
        key, here, rest = step
        found.append(key)
    return tuple(found) or "is empty"


def _field(part: Part, rest: str) -> tuple[str, Any, str] | None:
    head, _, tail = rest.partition(".")
    key, bracket, index = head.partition("[")
    for name, field in type(part).model_fields.items():
        if key in (field.alias or name, name):
            left = f"{bracket}{index}" if bracket else ""
            more = f"{left}.{tail}" if left and tail else left or tail
            return field.alias or name, getattr(part, name), more
    return None


def _item(items: Sequence[Any], rest: str) -> tuple[int, Any, str] | None:
    if rest.startswith("["):
        number, _, tail = rest[1:].partition("]")
        if number.isdigit() and int(number) < len(items):
            return int(number), items[int(number)], tail.removeprefix(".")
        return None
    named = [
        (len(name), i)
        for i, item in enumerate(items)
        if isinstance(name := getattr(item, "name", None), str)
        and (rest == name or rest.startswith(f"{name}."))
    ]
    if not named:
        return None
    length, i = max(named)
    return i, items[i], rest[length:].removeprefix(".")


def quantities(part: Any, at: Location = ()) -> Iterator[tuple[Location, Quantity]]:
    """Every number of a part, with its place."""
    if isinstance(part, Quantity):
        yield at, part
    elif isinstance(part, Part):
        for name, field in type(part).model_fields.items():
            yield from quantities(getattr(part, name), (*at, field.alias or name))
    elif isinstance(part, tuple):
        for i, item in enumerate(part):
            yield from quantities(item, (*at, i))
    elif isinstance(part, dict):
        for key, item in part.items():
            yield from quantities(item, (*at, str(key)))


def ranged(part: Any) -> Iterator[tuple[Location, Quantity]]:
    """Every number of a part that is a range, with its place."""
    return ((at, number) for at, number in quantities(part) if number.is_range)

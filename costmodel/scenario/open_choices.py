"""Options that leave a choice open: `format: [fp8, awq-int4]` stands for one option per format.

A list where one name could stand is written out before anything else is read, so that the rest
of the house only ever sees plain options, each under a name that says what was chosen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import Annotated, Any

from pydantic import WithJsonSchema

from costmodel.errors import InputError, Problem
from costmodel.scenario.yamlfile import Location, Origin

OneOrMore = Annotated[
    str,
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
"""A name, or in a file a list of them that leaves the choice open."""

OPEN: Mapping[str, tuple[str, ...]] = {
    "selfhost": ("model", "format", "kv_dtype", "gpu"),
    "api": ("model",),
}
"""What may be a list, by kind of option."""

MOST = 64
"""Options one entry may stand for."""


def written_out(data: Any, origin: Origin) -> tuple[Any, Origin]:
    """The scenario with every open choice as options of their own, and where they stand.

    Raises InputError for an empty list and for one that stands for too many options.
    """
    options = data.get("options") if isinstance(data, dict) else None
    if not isinstance(options, list) or not any(_lists(option) for option in options):
        return data, origin
    problems = [p for i, option in enumerate(options) for p in _problems(option, i, origin)]
    if problems:
        raise InputError(problems)
    plain: list[Any] = []
    names: dict[str, list[str]] = {}
    came_from: list[int] = []
    for i, option in enumerate(options):
        found = list(_alternatives(option))
        if _lists(option):
            names[str(option.get("name"))] = [each["name"] for each in found]
        plain.extend(found)
        came_from.extend([i] * len(found))
    named = {**data, "options": plain, "workloads": _named(data.get("workloads"), names)}
    return named, replace(origin, places=_places(origin, came_from))


def _lists(option: Any) -> dict[tuple[str, str], list[Any]]:
    """Every open choice of an option, by (kind, key)."""
    if not isinstance(option, dict):
        return {}
    return {
        (kind, key): option[kind][key]
        for kind, keys in OPEN.items()
        for key in keys
        if isinstance(option.get(kind), dict) and isinstance(option[kind].get(key), list)
    }


def _problems(option: Any, i: int, origin: Origin) -> Iterator[Problem]:
    count = 1
    for (kind, key), choices in _lists(option).items():
        where: Location = ("options", i, kind, key)
        path = f"options.{option.get('name', i)}.{kind}.{key}"
        if not choices or not all(isinstance(choice, str) for choice in choices):
            yield origin.problem(where, "needs a name, or a list of names to choose from", path)
        elif len(set(choices)) < len(choices):
            yield origin.problem(where, "names the same choice twice", path)
        count *= max(1, len(choices))
    if count > MOST:
        words = f"stands for {count} options; {MOST} are the most"
        yield origin.problem(("options", i), words, f"options.{option.get('name', i)}")


def _alternatives(option: Any) -> Iterator[Any]:
    lists = _lists(option)
    if not lists:
        yield option
        return
    for chosen in product(*lists.values()):
        each = {**option, "name": ", ".join([str(option.get("name")), *map(_label, lists, chosen)])}
        for (kind, key), value in zip(lists, chosen, strict=True):
            each[kind] = {**each[kind], key: value}
        yield each


def _label(place: tuple[str, str], value: str) -> str:
    """What a choice adds to the name.

    >>> _label(("selfhost", "kv_dtype"), "fp8"), _label(("selfhost", "gpu"), "l40s")
    ('fp8 KV', 'l40s')
    """
    return f"{value} KV" if place[1] == "kv_dtype" else value


def _named(workloads: Any, names: Mapping[str, list[str]]) -> Any:
    """Workloads that accept an open option accept everything it stands for."""
    if not isinstance(workloads, list):
        return workloads
    return [_accepting(workload, names) for workload in workloads]


def _accepting(workload: Any, names: Mapping[str, list[str]]) -> Any:
    quality = workload.get("quality") if isinstance(workload, dict) else None
    accepts = quality.get("accepts") if isinstance(quality, dict) else None
    if not isinstance(quality, dict) or not isinstance(accepts, list):
        return workload
    every = [each for name in accepts for each in names.get(str(name), [name])]
    return {**workload, "quality": {**quality, "accepts": every}}


def _places(origin: Origin, came_from: list[int]) -> dict[Location, tuple[int, int]]:
    """Where each written-out option stands: at the entry it came from."""
    kept = {at: mark for at, mark in origin.places.items() if at[:1] != ("options",)}
    of: dict[int, list[tuple[Location, tuple[int, int]]]] = {}
    for at, mark in origin.places.items():
        if at[:1] == ("options",):
            if len(at) == 1:
                kept[at] = mark
            else:
                of.setdefault(int(at[1]), []).append((at[2:], mark))
    for new, old in enumerate(came_from):
        kept.update({("options", new, *rest): mark for rest, mark in of.get(old, ())})
    return kept

"""pydantic's findings in words for the person who wrote the file.

Each finding becomes a Problem with the file's line and column, the path by names, and what would
be right; unknown keys are answered with the nearest known ones.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from costmodel.errors import Problem, did_you_mean, nearest_ids
from costmodel.scenario.yamlfile import Location, Origin, path_text

_TYPE_WORDS = {
    "missing": "is missing",
    "too_short": "needs at least one entry",
    "string_too_short": "needs a text",
    "string_type": "needs a text; put it in quotes",
    "date_from_datetime_parsing": "needs a date such as 2026-11-23",
    "date_type": "needs a date such as 2026-11-23",
    "date_parsing": "needs a date such as 2026-11-23",
    "float_parsing": "needs a number",
    "float_type": "needs a number",
    "tuple_type": "needs a list",
    "dict_type": "needs a mapping (key: value)",
    "model_type": "needs a mapping (key: value)",
    "bool_parsing": "needs true or false",
}


def problems_of(
    error: ValidationError, model: type[BaseModel], data: Any, origin: Origin
) -> list[Problem]:
    """Every finding of a validation, in the order of the file."""
    items = [item for item in error.errors() if not _is_echo(item)]
    found = [problem for item in items for problem in _problems(item, model, data, origin)]
    unique = {(p.line, p.column, p.path, p.message): p for p in found}
    return sorted(unique.values(), key=lambda p: (p.line or 0, p.column or 0))


def _is_echo(item: Any) -> bool:
    """A list counted as too short only because its entries were found wrong one by one."""
    return item["type"] == "too_short" and bool(item["input"])


def _problems(item: Any, model: type[BaseModel], data: Any, origin: Origin) -> Iterator[Problem]:
    context = item.get("ctx") or {}
    if item["type"] == "references":
        for location, message in context["problems"]:
            yield origin.problem(location, message, path_text(location, data))
        return
    location = _in_data(item["loc"], data)
    if item["type"] == "extra_forbidden":
        known = _known_keys(model, location[:-1])
        message = f"unknown key{did_you_mean(nearest_ids(str(location[-1]), known))}"
    else:
        message = _message(item, context)
    if item["type"] == "missing":
        location = (*location[:-1], item["loc"][-1])
    yield origin.problem(location, message, path_text(location, data))


_PLAIN = re.compile(r"[\s$€£_]|,(?=\d{3}(?!\d))")
"""What people write around and within a number."""


def _needs_a_number(given: Any) -> str:
    """What to write in place of a text that holds a number.

    >>> _needs_a_number("2%"), _needs_a_number("$40,000"), _needs_a_number("1,5")
    ('needs a number: 0.02', 'needs a number: 40000', 'needs a number')
    """
    words = _TYPE_WORDS["float_parsing"]
    text = _PLAIN.sub("", given) if isinstance(given, str) else ""
    number = text.removesuffix("%")
    try:
        value = float(number) / (100.0 if number != text else 1.0)
    except ValueError:
        return words
    return f"{words}: {value:.15g}" if math.isfinite(value) else words


def _message(item: Any, context: Any) -> str:
    if item["type"] == "float_parsing":
        return _needs_a_number(item["input"])
    if item["type"] == "value_error":
        return str(context["error"])
    if item["type"] == "literal_error":
        return f"must be one of {context['expected']}, not {item['input']!r}"
    if item["type"] == "string_pattern_mismatch":
        return f"does not look right: {item['input']!r}"
    words = _TYPE_WORDS.get(item["type"])
    return words or item["msg"][:1].lower() + item["msg"][1:]


def _in_data(location: tuple[Any, ...], data: Any) -> Location:
    """The location without pydantic's own steps (names of union members)."""
    kept: list[str | int] = []
    for i, key in enumerate(location):
        if isinstance(data, dict) and (key in data or i == len(location) - 1):
            kept.append(key)
            data = data.get(key)
        elif isinstance(data, list | tuple) and isinstance(key, int) and key < len(data):
            kept.append(key)
            data = data[key]
    return tuple(kept)


def _known_keys(model: type[BaseModel], location: Location) -> list[str]:
    """The keys a mapping at ``location`` may have."""
    models = [model]
    for key in location:
        if isinstance(key, int):
            continue
        fields = [m.model_fields[str(key)] for m in models if str(key) in m.model_fields]
        inner = [m for field in fields for m in _models_in(field.annotation)]
        models = inner or models
    return [f.alias or name for m in models for name, f in m.model_fields.items()]


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)

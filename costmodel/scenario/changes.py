"""Change a scenario by path, and write it down again.

A changed scenario is checked exactly as a file is: what no longer fits together is an InputError
with every problem, and the scenario at hand stays as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from costmodel.errors import InputError
from costmodel.scenario import Scenario
from costmodel.scenario.messages import problems_of
from costmodel.scenario.yamlfile import Location, write_yaml

Changes = Mapping[Location, Any]
"""New values by place, as `("workloads", 0, "input_tokens"): 1200`; None takes a value out."""


def changed(scenario: Scenario, changes: Changes) -> Scenario:
    """The scenario with some values replaced.

    Raises InputError where the outcome is not a scenario.
    """
    if not changes:
        return scenario
    data = _stated(scenario)
    for location, value in changes.items():
        _put(data, location, value)
    try:
        new = Scenario.model_validate(data)
    except ValidationError as error:
        raise InputError(problems_of(error, Scenario, data, scenario.origin)) from None
    new._origin = scenario.origin
    return new


def at_volume(scenario: Scenario, tokens_per_day: float) -> Changes:
    """The changes that bring all workloads together to a volume, each by the same factor."""
    factor = tokens_per_day / scenario.tokens_per_day
    if abs(factor - 1) < 1e-12:
        return {}
    changes: dict[Location, Any] = {}
    for i, workload in enumerate(scenario.workloads):
        name = "tokens_per_day" if workload.tokens_per_day is not None else "requests_per_day"
        stated = getattr(workload, name).value
        alone = len(scenario.workloads) == 1 and name == "tokens_per_day"
        changes["workloads", i, name] = tokens_per_day if alone else stated * factor
    return changes


def scenario_yaml(scenario: Scenario) -> str:
    """The scenario as the text of a file, with what it left out left out again."""
    return write_yaml(_plain_numbers(_stated(scenario)))


def _stated(scenario: Scenario) -> dict[str, Any]:
    return scenario.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)


def _put(data: Any, location: Location, value: Any) -> None:
    *above, last = location
    for key in above:
        data = data[key] if isinstance(key, int) else data.setdefault(key, {})
    if value is None:
        data.pop(last, None)
    else:
        data[last] = value


def _plain_numbers(data: Any) -> Any:
    """Numbers without a range or a source as plain numbers.

    >>> _plain_numbers({"a": {"value": 3.0}, "b": {"value": 2.5, "kind": "listed"}})
    {'a': 3, 'b': {'value': 2.5, 'kind': 'listed'}}
    """
    if isinstance(data, dict):
        if set(data) == {"value"}:
            return _plain_numbers(data["value"])
        return {key: _plain_numbers(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_plain_numbers(item) for item in data]
    if isinstance(data, float) and data.is_integer() and abs(data) < 1e15:
        return int(data)
    return data

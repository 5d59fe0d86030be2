"""A scenario with everything looked up written in: it evaluates offline with any later book.

Written by `costmodel export -o frozen.yaml`, read again by `resolve`. Each option's facts carry a
mark of the option they belong to: one that was edited since is looked up anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from costmodel.errors import InputError
from costmodel.pipeline.facts import Resolved
from costmodel.scenario import Option, Scenario
from costmodel.scenario.yamlfile import plain


def frozen_scenario(scenario: Scenario, resolved: Resolved) -> Mapping[str, Any]:
    """The scenario as plain data, with its facts under `resolved`."""
    data = scenario.model_dump(mode="json", exclude_none=True, by_alias=True, exclude={"resolved"})
    return data | {"resolved": _marked(scenario, resolved)}


def refrozen(scenario: Scenario, resolved: Resolved) -> Scenario:
    """A frozen scenario that holds these facts, for its options as they are now."""
    return scenario.model_copy(update={"resolved": _marked(scenario, resolved)})


def facts_within(scenario: Scenario) -> Resolved | None:
    """The facts a frozen scenario holds; None where it is not frozen."""
    if scenario.resolved is None:
        return None
    try:
        return Resolved.model_validate(plain(scenario.resolved))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        message = f"is not what export wrote ({where}: {first['msg']}); export it again"
        raise InputError(scenario.origin.problem(("resolved",), message, "resolved")) from None


def _marked(scenario: Scenario, resolved: Resolved) -> dict[str, Any]:
    """The facts as plain data, each option's with its mark."""
    marked = {
        option.name: resolved.options[option.name].model_copy(
            update={"of": fingerprint(scenario, option)}
        )
        for option in scenario.options
    }
    facts = resolved.model_copy(update={"options": marked})
    return facts.model_dump(mode="json", exclude_none=True)


def fingerprint(scenario: Scenario, option: Option) -> str:
    """What the facts of an option depend on, as a short hash."""
    shaping = {
        "name",
        "shapes",
        "input_tokens",
        "output_tokens",
        "cached_input_share",
        "max_context",
        "slo",
    }
    workloads = [w.model_dump(mode="json", include=shaping) for w in scenario.workloads]
    calendar = scenario.calendar.model_dump(mode="json")
    rate = scenario.finance.discount_rate
    stated = [
        _without_unused(option.model_dump(mode="json")),
        workloads,
        calendar,
        scenario.as_of.isoformat(),
        None if rate is None else rate.value,
    ]
    return hashlib.sha256(json.dumps(stated, sort_keys=True).encode()).hexdigest()[:16]


_ADDED_LATER = ("throughput_spread", "price_spread")
"""Fields that files frozen before them do not know; where unused they are no difference."""


def _without_unused(stated: Any) -> Any:
    """Plain data without the fields added later, where they hold nothing."""
    if isinstance(stated, list):
        return [_without_unused(item) for item in stated]
    if not isinstance(stated, dict):
        return stated
    return {
        key: _without_unused(value)
        for key, value in stated.items()
        if value is not None or key not in _ADDED_LATER
    }

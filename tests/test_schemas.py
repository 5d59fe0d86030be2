from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from costmodel import schemas
from costmodel.book.files import SCHEMA_LINE, scenarios_dir, schemas_dir
from costmodel.yamlfile import read_yaml_file

if TYPE_CHECKING:
    from pathlib import Path

READY = sorted(scenarios_dir().glob("*.yaml"))


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def stored() -> Any:
    return json.loads((schemas_dir() / schemas.SCENARIO_FILE).read_text(encoding="utf-8"))


def test_the_stored_scenario_schema_is_current():
    text = (schemas_dir() / schemas.SCENARIO_FILE).read_text(encoding="utf-8")
    assert text == schemas.scenario_schema(), "run python -m costmodel.schemas"


@pytest.mark.parametrize("path", READY, ids=lambda path: path.stem)
def test_every_ready_scenario_names_the_schema_and_obeys_it(path: Path):
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first == f"{SCHEMA_LINE}../costmodel/book/schemas/scenario.json"
    data, _ = read_yaml_file(path)
    jsonschema.validate(plain(data), stored())


def test_the_schema_refuses_an_unknown_key():
    data, _ = read_yaml_file(READY[0])
    with pytest.raises(jsonschema.ValidationError, match="tokens_a_day"):
        jsonschema.validate(plain(data) | {"tokens_a_day": 1}, stored())


def test_numbers_may_be_plain_ranges_or_full():
    quantity = stored()["$defs"]["Quantity"]
    for good in (3, 0.5, {"low": 1, "likely": 2, "high": 3}, {"value": 1, "source": "a book"}):
        jsonschema.validate(good, quantity)
    for bad in ("many", {"low": 1, "high": 3}, {"value": 1, "likely": 1}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(bad, quantity)

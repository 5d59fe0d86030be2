from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from costmodel.book.files import (
    SCHEMA_LINE,
    data_dir,
    pricing_dir,
    read_yaml,
    scenarios_dir,
    schemas_dir,
)
from costmodel.scenario.yamlfile import read_yaml_file
from tools import schemas

if TYPE_CHECKING:
    from pathlib import Path

BUNDLED = sorted([*data_dir().rglob("*.yaml"), *pricing_dir().rglob("*.yaml")])
READY = sorted(scenarios_dir().glob("*.yaml"))


def plain(value: Any) -> Any:
    """YAML as JSON sees it: dates are strings."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def schema_of(path: Path) -> Path:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith(SCHEMA_LINE), f"{path.name} must name its schema on line 1"
    return (path.parent / first.removeprefix(SCHEMA_LINE)).resolve()


def stored(name: str) -> Any:
    return json.loads((schemas_dir() / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", schemas.RECORDS)
def test_stored_schemas_are_current(name: str):
    text = (schemas_dir() / f"{name}.json").read_text(encoding="utf-8")
    assert text == schemas.schema_text(name), "run make schemas"


@pytest.mark.parametrize("path", [*BUNDLED, *READY], ids=lambda path: path.stem)
def test_every_file_names_its_schema_and_obeys_it(path: Path):
    assert schema_of(path).parent == schemas_dir()
    assert (schema_of(path).stem == "scenario") == (path in READY)
    data = read_yaml_file(path)[0] if path in READY else read_yaml(path)
    jsonschema.validate(plain(data), stored(schema_of(path).stem))


def test_schemas_carry_the_field_descriptions():
    described = stored("gpus")["$defs"]["GpuSpec"]["properties"]["usable_mib"]["description"]
    assert "NVML" in described


def test_the_schema_refuses_an_unknown_key():
    with pytest.raises(jsonschema.ValidationError, match="tokens_a_day"):
        jsonschema.validate(
            plain(read_yaml_file(READY[0])[0]) | {"tokens_a_day": 1}, stored("scenario")
        )


def test_numbers_may_be_plain_ranges_or_full():
    quantity = stored("scenario")["$defs"]["Quantity"]
    for good in (3, 0.5, {"low": 1, "likely": 2, "high": 3}, {"value": 1, "source": "a book"}):
        jsonschema.validate(good, quantity)
    for bad in ("many", {"low": 1, "high": 3}, {"value": 1, "likely": 1}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(bad, quantity)

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from costmodel.book import schemas_cli
from costmodel.book.files import SCHEMA_LINE, data_dir, pricing_dir, read_yaml, schemas_dir

if TYPE_CHECKING:
    from pathlib import Path

BUNDLED = sorted([*data_dir().rglob("*.yaml"), *pricing_dir().rglob("*.yaml")])


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


@pytest.mark.parametrize("name", schemas_cli.SCHEMAS)
def test_stored_schemas_are_current(name: str):
    stored = (schemas_dir() / f"{name}.json").read_text(encoding="utf-8")
    assert stored == schemas_cli.schema_text(name), "run python -m costmodel.book.schemas_cli"


@pytest.mark.parametrize("path", BUNDLED, ids=lambda path: path.stem)
def test_every_file_names_its_schema_and_obeys_it(path: Path):
    schema_path = schema_of(path)
    assert schema_path.parent == schemas_dir()
    schema = json.loads(schema_path.read_text(encoding="utf-8"))
    jsonschema.validate(plain(read_yaml(path)), schema)


def test_schemas_carry_the_field_descriptions():
    schema = json.loads(schemas_cli.schema_text("gpus"))
    described = schema["$defs"]["GpuSpec"]["properties"]["usable_mib"]["description"]
    assert "NVML" in described

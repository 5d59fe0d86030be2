"""Write the JSON schemas that editors read from line 1 of the bundled YAML.

Run `python -m costmodel.book.schemas_cli` after changing a record; a test fails while the two
disagree.
"""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING

from costmodel.book.files import schemas_dir

if TYPE_CHECKING:
    from pydantic import BaseModel

SCHEMAS: dict[str, str] = {
    "gpu_offers": "records.GpuOffers",
    "gpus": "records.GpuSpecs",
    "costs": "records.CostFacts",
    "profiles": "profiles.TrafficProfiles",
    "formats": "records.WeightFormats",
    "kernels": "records.Kernels",
    "architectures": "models.Models",
    "engines": "engines.Engines",
    "kv_quality": "kv_quality.KvQualities",
    "roofline": "roofline.Roofline",
    "reasoning_models": "endpoints.ReasoningModels",
}
"""Schema file (without .json) -> the record in `costmodel.book` it is generated from."""


def record(name: str) -> type[BaseModel]:
    """The record that reads one kind of file."""
    module, _, record_name = SCHEMAS[name].partition(".")
    return getattr(import_module(f"costmodel.book.{module}"), record_name)


def schema_text(name: str) -> str:
    """The schema of one kind of file, as it is stored."""
    dialect = "https://json-schema.org/draft/2020-12/schema"
    schema = {"$schema": dialect, **record(name).model_json_schema()}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write every schema to `costmodel/book/schemas/`."""
    schemas_dir().mkdir(exist_ok=True)
    for name in SCHEMAS:
        (schemas_dir() / f"{name}.json").write_text(schema_text(name), encoding="utf-8")


if __name__ == "__main__":
    main()

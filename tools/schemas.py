"""Write the JSON schemas that editors read from line 1 of scenarios and bundled data.

Run `make schemas` after changing a record; tests fail while a stored schema and its record
disagree.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from costmodel.book import endpoints, engines, kv_quality, models, profiles, records, roofline
from costmodel.book.files import schemas_dir
from costmodel.book.token_records import ApiCorrections, OpenModels
from costmodel.scenario import Scenario

if TYPE_CHECKING:
    from pydantic import BaseModel

DIALECT = "https://json-schema.org/draft/2020-12/schema"

RECORDS: dict[str, type[BaseModel]] = {
    "scenario": Scenario,
    "gpu_offers": records.GpuOffers,
    "gpus": records.GpuSpecs,
    "costs": records.CostFacts,
    "profiles": profiles.TrafficProfiles,
    "formats": records.WeightFormats,
    "kernels": records.Kernels,
    "architectures": models.Models,
    "engines": engines.Engines,
    "kv_quality": kv_quality.KvQualities,
    "roofline": roofline.Roofline,
    "reasoning_models": endpoints.ReasoningModels,
    "api_corrections": ApiCorrections,
    "open_models": OpenModels,
}
"""Name of a schema, without .json -> the record it is generated from."""


def schema_text(name: str) -> str:
    """The schema of one kind of file, as it is stored."""
    schema = {"$schema": DIALECT, **RECORDS[name].model_json_schema()}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write every schema."""
    for name in RECORDS:
        (schemas_dir() / f"{name}.json").write_text(schema_text(name), encoding="utf-8")


if __name__ == "__main__":
    main()

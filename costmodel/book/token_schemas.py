"""The JSON schemas of `pricing/api_corrections.yaml` and `pricing/open_models.yaml`.

Editors read them by the first line of those files. They are generated from the records, and a
test holds the two together; `python -m costmodel.book.token_schemas` writes them anew.
"""

from __future__ import annotations

import json

from costmodel.book.files import schemas_dir
from costmodel.book.token_records import ApiCorrections, OpenModels

RECORDS = {"api_corrections": ApiCorrections, "open_models": OpenModels}
"""Name of the pricing file -> the record that reads it."""


def schema_text(name: str) -> str:
    """The schema of one file, as it is stored."""
    schema = RECORDS[name].model_json_schema()
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def write_schemas() -> None:
    """Write every schema to `costmodel/book/schemas/`."""
    for name in RECORDS:
        (schemas_dir() / f"{name}.schema.json").write_text(schema_text(name), encoding="utf-8")


if __name__ == "__main__":
    write_schemas()

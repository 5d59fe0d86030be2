"""Write the JSON schemas that editors read from line 1 of scenarios and bundled data.

Run `python -m costmodel.schemas` after changing a record; tests fail while a stored schema and
its record disagree.
"""

from __future__ import annotations

import json

from costmodel.book import schemas_cli, token_schemas
from costmodel.book.files import schemas_dir
from costmodel.scenario import Scenario

SCENARIO_FILE = "scenario.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def scenario_schema() -> str:
    """The schema of a scenario, as it is stored."""
    schema = {"$schema": DIALECT, **Scenario.model_json_schema()}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write every schema."""
    schemas_cli.main()
    token_schemas.write_schemas()
    (schemas_dir() / SCENARIO_FILE).write_text(scenario_schema(), encoding="utf-8")


if __name__ == "__main__":
    main()

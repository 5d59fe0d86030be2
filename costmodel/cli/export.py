"""`costmodel export`: evaluate a scenario and write the result to a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from costmodel.cli.options import AsJson, AsOf, ScenarioFile, emit


def export(
    scenario: ScenarioFile,
    *,
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", metavar="FILE",
            help="Its ending decides: .csv, .json, .yaml (frozen: the same result offline), "
            ".svg, .png or .pdf.",
        ),
    ],
    chart: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which chart; default: curves.")
    ] = None,
    table: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="curves, bill (default), break_even or assumptions."
        ),
    ] = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Write a table, the whole result, a frozen scenario or a chart."""
    from costmodel.pipeline import evaluate
    from costmodel.present.saving import check, save
    from costmodel.scenario import load_scenario

    check(output, chart=chart, table=table)
    report = evaluate(load_scenario(scenario), as_of=as_of)
    saved = save(report, output, chart=chart, table=table)
    emit(saved.to_dict(), as_json, lambda: "\n".join(f"wrote {file}" for file in saved.files))

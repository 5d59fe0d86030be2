"""`costmodel export`: evaluate a scenario and write the result to a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from costmodel.cli.options import AsJson, AsOf, ScenarioFile, emit

if TYPE_CHECKING:
    from costmodel.present.saving import Saved


def export(
    scenario: ScenarioFile,
    *,
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", metavar="FILE",
            help="Its ending decides: .xlsx (live formulas), .pptx, .html, .csv, .json, "
            ".yaml (frozen: the same result offline), .svg, .png or .pdf.",
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
    template: Annotated[
        Path | None,
        typer.Option(metavar="FILE.pptx", help="A deck whose master and layouts are used."),
    ] = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Write a workbook, a deck, a page, a table, the whole result, a frozen scenario or a chart."""
    from costmodel.pipeline import evaluate
    from costmodel.present.saving import check, save
    from costmodel.scenario import load_scenario

    check(output, chart=chart, table=table, template=template)
    report = evaluate(load_scenario(scenario), as_of=as_of)
    saved = save(report, output, chart=chart, table=table, template=template)
    emit(saved.to_dict(), as_json, lambda: _told(saved))


def _told(saved: Saved) -> str:
    wrote = [f"wrote {file}" for file in saved.files]
    return "\n".join([*wrote, *(f"left out: {each}" for each in saved.omitted)])

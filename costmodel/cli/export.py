"""`costmodel export`: evaluate a scenario and write the result to a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from costmodel.cli.options import AsJson, AsOf, ScenarioFile, drawing, emit

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
        str | None,
        typer.Option(
            metavar="NAME",
            help="Of the bills: curves (default), waterfall, week or load_duration. Of the ranges: "
            "fan, probability or tornado. Of the months: cumulative or monthly_bills.",
        ),
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
    risk: Annotated[
        bool, typer.Option(help="Draw the ranges and add up the months for a board file.")
    ] = True,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Write a workbook, a deck, a page, a table, the whole result, a frozen scenario or a chart."""
    from costmodel.pipeline.evaluate import evaluate
    from costmodel.present.board import ENDINGS, behind, beside
    from costmodel.present.saving import check, save
    from costmodel.scenario import load_scenario

    check(output, chart=chart, table=table, template=template)
    stated = load_scenario(scenario)
    stated = stated if as_of is None else stated.model_copy(update={"as_of": as_of})
    more: Any = {}
    if risk and output.suffix.lower() in ENDINGS:
        with drawing() as progress:
            more = beside(stated, progress=progress)
    elif chart is not None:
        with drawing() as progress:
            more = behind(chart, stated, progress=progress)
    saved = save(evaluate(stated), output, chart=chart, table=table, template=template, **more)
    emit(saved.to_dict(), as_json, lambda: _told(saved))


def _told(saved: Saved) -> str:
    wrote = [f"wrote {file}" for file in saved.files]
    return "\n".join([*wrote, *(f"left out: {each}" for each in saved.omitted)])

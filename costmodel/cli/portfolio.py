"""`costmodel portfolio`: the cheapest option for each workload, all of them together."""

from __future__ import annotations

from typing import Annotated

import typer

from costmodel.cli.options import CHECK_FAILED, AsJson, ScenarioFile, emit, positive


def portfolio(
    scenario: ScenarioFile,
    *,
    tokens_per_day: Annotated[
        float | None,
        typer.Option(parser=positive, metavar="N", help="Volume of all workloads together."),
    ] = None,
    today: Annotated[
        str | None,
        typer.Option(metavar="OPTION", help="The API in use; default: the first API option."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Exit 3 unless every workload has an option.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Which precision for which task: the cheapest joint choice that stands on evidence."""
    from costmodel.present.words.portfolio import answer
    from costmodel.scenario import load_scenario
    from costmodel.studies.portfolio import portfolio as cheapest

    found = cheapest(load_scenario(scenario), tokens_per_day=tokens_per_day, today=today)
    emit(found.to_dict(), as_json, lambda: answer(found))
    if check and found.monthly_usd is None:
        raise typer.Exit(CHECK_FAILED)

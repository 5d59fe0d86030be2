"""`costmodel run`: evaluate a scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from costmodel.cli.options import CHECK_FAILED, AsJson, AsOf, ScenarioFile, emit, positive

if TYPE_CHECKING:
    from costmodel.pipeline.report import Report
    from costmodel.quantity.answer import Answer


def run(
    scenario: ScenarioFile,
    *,
    tokens_per_day: Annotated[
        float | None,
        typer.Option(
            parser=positive,
            metavar="N",
            help="Volume in place of the scenario's own: input + output tokens a day.",
        ),
    ] = None,
    workload: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Move this workload alone; the others stay."),
    ] = None,
    as_of: AsOf = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Exit 3 unless the recommended option runs on own GPUs, at least in part.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Monthly bills, break-even volumes and the recommendation for a scenario."""
    from costmodel.pipeline.evaluate import evaluate
    from costmodel.scenario import load_scenario

    report = evaluate(
        load_scenario(scenario), tokens_per_day=tokens_per_day, workload=workload, as_of=as_of
    )
    emit(report.to_dict(), as_json, lambda: _said(report))
    if check and not recommends_own_gpus(report):
        raise typer.Exit(CHECK_FAILED)


def recommends_own_gpus(report: Report) -> bool:
    """Whether an option is recommended and keeps at least one own replica running."""
    name = report.recommendation.option
    fleet = report.option(name).fleet if name is not None else None
    return fleet is not None and fleet.replicas > 0


def _said(report: Report) -> Answer:
    from costmodel.present.words.report import answer

    return answer(report)

"""`costmodel cashflow`: money over time."""

from __future__ import annotations

from typing import Annotated

import typer

from costmodel.cli.options import (
    CHECK_FAILED,
    AgainstName,
    AsJson,
    OptionName,
    ScenarioFile,
    emit,
)


def cashflow(
    scenario: ScenarioFile,
    *,
    option: OptionName = None,
    against: AgainstName = None,
    check: Annotated[
        bool, typer.Option("--check", help="Exit 3 unless the net present value is above 0.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Money over time: net present value, rate of return, payback, renewal."""
    from costmodel.pipeline.evaluate import evaluate
    from costmodel.present.words.cash import answer
    from costmodel.scenario import load_scenario
    from costmodel.studies.cashflow.cashflow import cashflow as work_out

    stated = load_scenario(scenario)
    found = work_out(stated, option, against)
    emit(found.to_dict(), as_json, lambda: answer(found, evaluate(stated)))
    if check and not found.pays:
        raise typer.Exit(CHECK_FAILED)

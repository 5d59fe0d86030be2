"""`costmodel risk`: the odds of the verdict, what drives it, and what would flip it."""

from __future__ import annotations

from typing import Annotated

import typer

from costmodel.cli.options import AsJson, ScenarioFile, count, drawing, emit, positive

SAMPLES = 10_000


def risk(
    scenario: ScenarioFile,
    *,
    samples: Annotated[
        int, typer.Option(parser=count, metavar="N", help="Draws of all ranges.")
    ] = SAMPLES,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Same seed, same numbers.")] = 0,
    tokens_per_day: Annotated[
        float | None,
        typer.Option(parser=positive, metavar="N", help="Volume of all workloads together."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """How likely the verdict is, what drives it, and the value of each input that flips it."""
    from costmodel.present.words.risk import answer
    from costmodel.scenario import load_scenario
    from costmodel.studies.risk import simulate

    stated = load_scenario(scenario)
    with drawing() as progress:
        found = simulate(stated, samples, seed, tokens_per_day=tokens_per_day, progress=progress)
    emit(found.to_dict(), as_json, lambda: answer(found))

"""`costmodel gate`: whether a candidate may replace its baseline, by the user's own evaluation."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from costmodel.cli.options import CHECK_FAILED, AsJson, emit, positive, positive_share


def gate(  # noqa: PLR0913 - one option per question
    baseline: Annotated[
        str | None,
        typer.Argument(metavar="BASELINE", help="Result file of what is in use, or RIGHT/ITEMS."),
    ] = None,
    candidates: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CANDIDATE...",
            help="What would replace it, on the same items; several from safest to cheapest. "
            "FILE#MODEL picks one of several in a file.",
        ),
    ] = None,
    *,
    margin: Annotated[
        float,
        typer.Option(parser=positive_share, metavar="X", help="Loss that is accepted: 0.02."),
    ] = 0.02,
    task: Annotated[str | None, typer.Option(metavar="TASK", help="One of several tasks.")] = None,
    metric: Annotated[
        str | None, typer.Option(metavar="METRIC", help="One of several metrics.")
    ] = None,
    again: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="The baseline a second time: the noise floor."),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Of the bootstrap.")] = 0,
    plan: Annotated[
        str | None,
        typer.Option(metavar="FORMAT", help="Say how many items a format needs, without a run."),
    ] = None,
    params_b: Annotated[
        float | None,
        typer.Option(parser=positive, metavar="N", help="For --plan: billions of parameters."),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Exit 3 unless it passes.")] = False,
    as_json: AsJson = False,
) -> None:
    """Pass, fail or inconclusive: a candidate against its baseline, item by item."""
    from costmodel.present.words import gate as words

    if plan is not None:
        from costmodel.quality.plan import gate_plan

        planned = gate_plan(plan, params_b=params_b, margin=margin)
        emit(planned.to_dict(), as_json, lambda: words.planned(planned))
        return
    if baseline is None or not candidates:
        raise typer.BadParameter("name BASELINE and CANDIDATE, or --plan FORMAT")
    from costmodel.quality.gate import gate as gate_one
    from costmodel.quality.gate import gate_in_order

    options: dict[str, Any] = {
        "margin": margin, "task": task, "metric": metric, "again": again, "seed": seed
    }  # fmt: skip
    if len(candidates) == 1:
        found = gate_one(baseline, candidates[0], **options)
        emit(found.to_dict(), as_json, lambda: words.answer(found))
    else:
        found = gate_in_order(baseline, candidates, **options)
        emit(found.to_dict(), as_json, lambda: words.in_order(found))
    if check and found.verdict != "pass":
        raise typer.Exit(CHECK_FAILED)

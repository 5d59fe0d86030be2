"""`costmodel gate`: whether a candidate may replace its baseline, by the user's own evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from costmodel.cli.options import CHECK_FAILED, AsJson, emit, positive, positive_share

if TYPE_CHECKING:
    from costmodel.quality.gate import Gate, GateSequence
    from costmodel.quality.plan import GatePlan


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
    if plan is not None:
        from costmodel.quality.plan import gate_plan

        planned = gate_plan(plan, params_b=params_b, margin=margin)
        emit(planned.to_dict(), as_json, lambda: _planned(planned))
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
        emit(found.to_dict(), as_json, lambda: _text(found))
    else:
        found = gate_in_order(baseline, candidates, **options)
        emit(found.to_dict(), as_json, lambda: _sequence(found))
    if check and found.verdict != "pass":
        raise typer.Exit(CHECK_FAILED)


def _text(found: Gate) -> str:
    from costmodel.cli.text import paragraph, sections, table
    from costmodel.quality.gate import rows_of, sentence

    notes = "\n".join(paragraph(f"- {note}", "  ") for note in found.notes)
    return sections(paragraph(sentence(found)), table(["", "VALUE"], rows_of(found)), notes)


def _sequence(found: GateSequence) -> str:
    from costmodel.cli.text import paragraph, sections

    untested = (
        f"Not tested, because the one before did not pass: {', '.join(found.untested)}."
        if found.untested
        else ""
    )
    best = found.cheapest
    words = f"Cheapest that passes: {best.candidate}." if best else "None passes."
    steps = [f"{step.candidate}\n{_text(step)}" for step in found.steps]
    return sections(paragraph(words), *steps, paragraph(untested) if untested else "")


def _planned(plan: GatePlan) -> str:
    from costmodel.cli.text import paragraph, sections, table

    rows = [
        ("Flips expected", f"{plan.flips:.1%}", plan.basis),
        ("Items, paired", f"{plan.items:,}", "the same items in both runs, results per item"),
        ("Items, totals only", f"{plan.items_unpaired:,}", f"at a score of {plan.score:.0%}"),
    ]
    words = f"To clear {plan.format} at {100 * plan.margin:g} points four times in five:"
    return sections(
        paragraph(words), table(["", "NUMBER", "WHY"], rows, ["NUMBER"]), paragraph(plan.advice)
    )

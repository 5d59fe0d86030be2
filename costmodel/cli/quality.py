"""`costmodel quality`: what is published about a model's formats."""

from __future__ import annotations

from typing import Annotated

import typer

from costmodel.cli.options import AsJson, Model, emit, positive_share


def quality(
    model: Model,
    *,
    weights: Annotated[
        str | None,
        typer.Option("--format", metavar="F", help="One format, by task; default: all formats."),
    ] = None,
    task: Annotated[
        str | None, typer.Option(metavar="T", help="One task family, such as rag or code.")
    ] = None,
    min_retention: Annotated[
        float, typer.Option(parser=positive_share, metavar="X", help="Share to be kept.")
    ] = 0.98,
    as_json: AsJson = False,
) -> None:
    """What published scores say about a model's formats against the same model at 16 bits."""
    from costmodel.present.words.quality import answer
    from costmodel.quality.published import published
    from costmodel.sizing.lookup import released

    found = published(*released(model), format=weights, task=task, floor=min_retention)
    emit(found.to_dict(), as_json, lambda: answer(found))

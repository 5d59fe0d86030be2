"""`costmodel usage`: a workload block and its statistics from request logs."""

from __future__ import annotations

from typing import Annotated

import typer

from costmodel.cli.options import AsJson, emit, progress


def usage(
    logs: Annotated[
        list[str], typer.Argument(metavar="LOG...", help="CSV, JSONL or Parquet files, or globs.")
    ],
    *,
    column: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=COLUMN", help="The column of a field, such as input_tokens."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The workload in request logs: volume, shape, the hours of the week, bursts, cached share."""
    from costmodel.ingest.usage.read import read_usage
    from costmodel.present.words.usage import answer

    with progress() as tell:
        result = read_usage(*logs, columns=_columns(column or []), progress=tell)
    emit(result.to_dict(), as_json, lambda: answer(result))


def _columns(pairs: list[str]) -> dict[str, str]:
    split = [pair.partition("=") for pair in pairs]
    for name, equals, column in split:
        if not (name and equals and column):
            raise typer.BadParameter(
                f"must be NAME=COLUMN, such as input_tokens=prompt, not {name + equals + column!r}",
                param_hint="--column",
            )
    return {name: column for name, _, column in split}

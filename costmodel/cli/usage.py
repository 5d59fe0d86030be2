"""`costmodel usage`: a workload block and its statistics from request logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from costmodel.cli.options import AsJson, emit, progress

if TYPE_CHECKING:
    from costmodel.ingest.usage.stats import Usage

_SHADES = " .:-=+*#%@"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


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

    with progress() as tell:
        result = read_usage(*logs, columns=_columns(column or []), progress=tell)
    emit(result.to_dict(), as_json, lambda: _text(result))


def _columns(pairs: list[str]) -> dict[str, str]:
    split = [pair.partition("=") for pair in pairs]
    for name, equals, column in split:
        if not (name and equals and column):
            raise typer.BadParameter(
                f"must be NAME=COLUMN, such as input_tokens=prompt, not {name + equals + column!r}",
                param_hint="--column",
            )
    return {name: column for name, _, column in split}


def _text(result: Usage) -> str:
    from costmodel.cli.text import paragraph, sections, table, titled
    from costmodel.present.words.usage import block_text, not_counted

    stats = result.to_dict()["stats"]
    rows = [
        [name, "unknown" if value is None else f"{value:,.6g}"]
        for name, value in stats.items()
        if name != "hourly_profile"
    ]
    rejected = [[f"{rows:,}", why, places] for rows, why, places in not_counted(result)]
    splits = [
        table(
            [name.upper(), "REQUESTS", "INPUT TOKENS", "OUTPUT TOKENS"],
            [[str(row[name]), *(_count(row[key]) for key in list(row)[1:])] for row in parts],
            ["REQUESTS", "INPUT TOKENS", "OUTPUT TOKENS"],
        )
        for name, parts in result.splits.items()
    ]
    return sections(
        paragraph(f"Read as {', '.join(result.layouts)}."),
        table(["STATISTIC", "VALUE"], rows, ["VALUE"]),
        heat_map(result.stats.hourly_profile),
        *splits,
        titled("ROWS THAT DO NOT COUNT", table(["ROWS", "REASON", "SUCH AS"], rejected, ["ROWS"]))
        if rejected
        else "",
        *(paragraph(f"{each.code}: {each.message}") for each in result.warnings),
        block_text(result).rstrip(),
    )


def _count(number: int | None) -> str:
    return "unknown" if number is None else f"{number:,}"


def heat_map(profile: tuple[float, ...] | None) -> str:
    """The week in characters: a row per day, a character per hour of UTC, dense where busy.

    >>> print(heat_map((1.0,) * 24 + (0.0,) * 144).splitlines()[1])
    Mon  @@@@@@@@@@@@@@@@@@@@@@@@
    """
    if profile is None:
        return ""
    top = max(profile)
    marks = "".join(_SHADES[round(weight / top * (len(_SHADES) - 1))] for weight in profile)
    lines = [f"{day}  {marks[i * 24 : i * 24 + 24]}" for i, day in enumerate(_DAYS)]
    return "\n".join(["UTC  0     6     12    18", *lines])

"""The tables of a report as plain rows, for files that hold one table.

The same columns as the report's data frames, without loading the library behind those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from costmodel.errors import UnknownIdError
from costmodel.pipeline.report import BreakEven, Report

ASSUMPTION_COLUMNS = ("path", "value", "unit", "kind", "source", "as_of", "low", "high")
BILL_COLUMNS = ("option", "name", "usd", "kind", "source")
BREAK_EVEN_COLUMNS = (
    "option",
    "against",
    "verdict",
    "first_tokens_per_day",
    "always_from_tokens_per_day",
    "margin_of_safety",
    "windows",
    "windows_omitted",
    "recurring",
)


@dataclass(frozen=True)
class Table:
    """Named columns and rows of plain values."""

    columns: Sequence[str]
    rows: Iterable[Sequence[Any]]


def table_of(report: Report, name: str) -> Table:
    """A table by name. Raises UnknownIdError with the nearest names."""
    return known_table(name)(report)


def known_table(name: str) -> Callable[[Report], Table]:
    """What builds the table of that name. Raises UnknownIdError with the nearest names."""
    if name not in TABLES:
        raise UnknownIdError("table", name, TABLES)
    return TABLES[name]


def _curves(report: Report) -> Table:
    points = report.curve_points
    columns = {"tokens_per_day": points.tokens_per_day}
    for name, usd in points.monthly_usd.items():
        columns[name] = usd
        if name in points.low_usd:
            columns[f"{name} (low)"] = points.low_usd[name]
            columns[f"{name} (high)"] = points.high_usd[name]
    return Table(list(columns), zip(*(c.tolist() for c in columns.values()), strict=True))


def _bill(report: Report) -> Table:
    rows = [
        (option.name, line.name, line.usd, line.kind, line.source)
        for option in report.options
        for line in option.lines
    ]
    return Table(BILL_COLUMNS, rows)


def _break_even(report: Report) -> Table:
    dicts = [row.to_dict() | {"windows": _windows(row)} for row in report.break_even]
    return Table(BREAK_EVEN_COLUMNS, [[d[c] for c in BREAK_EVEN_COLUMNS] for d in dicts])


def _windows(row: BreakEven) -> str:
    """Windows as text: `5937500000..6000000000; 12187500000..`."""
    windows = row.to_dict()["windows"]
    return "; ".join(
        f"{low:.12g}..{'' if high is None else f'{high:.12g}'}" for low, high in windows
    )


def _assumptions(report: Report) -> Table:
    rows = [[asdict(row)[c] for c in ASSUMPTION_COLUMNS] for row in report.assumption_rows]
    return Table(ASSUMPTION_COLUMNS, rows)


TABLES: dict[str, Callable[[Report], Table]] = {
    "curves": _curves,
    "bill": _bill,
    "break_even": _break_even,
    "assumptions": _assumptions,
}

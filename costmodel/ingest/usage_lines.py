"""Where the first bad rows of a log stand, for files that have lines.

The engine numbers rows; a CSV row may span several lines, so its line is counted by reading the
file again up to it. Far down a long file that is not worth the wait, and no line is given.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Set
from pathlib import Path
from typing import Any

from costmodel.ingest.usage_rows import Rows

SHOWN = 3
"""Places given for each reason."""

MOST_LOOKED_AT = 200
MOST_CSV_ROWS = 2_000_000


def places_of_bad_rows(
    connection: Any, rows: Rows, passed_over: Set[str], broken: Mapping[int, str]
) -> dict[str, list[str]]:
    """Reason -> the first places, as `log.csv:12`; `broken` are CSV lines that are no rows."""
    found: dict[str, list[str]] = {}
    for line, reason in sorted(broken.items()):
        found.setdefault(reason, []).append(f"{rows.file.name}:{line}")
    if rows.file.kind == "parquet":
        return found
    bad = connection.execute(
        f"SELECT row, reason FROM ({rows.sql(numbered=True)}) WHERE reason IS NOT NULL "
        "AND NOT list_contains($1, reason) LIMIT $2",
        [sorted(passed_over), MOST_LOOKED_AT],
    ).fetchall()
    lines = _lines(rows, {row for row, _ in bad}, set(broken))
    for row, reason in sorted(bad):
        if row in lines:
            found.setdefault(reason, []).append(f"{rows.file.name}:{lines[row]}")
    return {reason: places[:SHOWN] for reason, places in found.items()}


def broken_lines(connection: Any) -> dict[Path, dict[int, str]]:
    """Lines of CSV files that are no rows: file -> line -> what is wrong with it."""
    found: dict[Path, dict[int, str]] = {}
    for path, line, reason in connection.execute(
        "SELECT s.file_path, e.line, min(lower(replace(e.error_type::VARCHAR, '_', ' '))) "
        "FROM reject_errors e JOIN reject_scans s USING (scan_id, file_id) GROUP BY ALL"
    ).fetchall():
        found.setdefault(Path(path), {})[line] = reason
    return found


def _lines(rows: Rows, wanted: set[int], broken: Set[int]) -> dict[int, int]:
    """The line on which each of the wanted rows begins, where it is known."""
    file = rows.file
    if file.kind == "jsonl":
        if file.lines is None:
            return {row: row for row in wanted} if file.has_lines else {}
        return {row: file.lines[row - 1] for row in wanted}
    found: dict[int, int] = {}
    last = min(max(wanted, default=0), MOST_CSV_ROWS)
    for row, line in enumerate(_csv_starts(file.path, file.delimiter, broken), 1):
        if row > last:
            break
        if row in wanted:
            found[row] = line
    return found


def _csv_starts(path: Path, delimiter: str, broken: Set[int]) -> Iterator[int]:
    """The first line of each row that the engine has seen, the header left out."""
    csv.field_size_limit(2**31 - 1)
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as opened:
        reader = csv.reader(opened, delimiter=delimiter)
        start = 1
        for number, cells in enumerate(reader):
            if number and cells and start not in broken:
                yield start
            start = reader.line_num + 1

"""Where the first bad rows of a log stand, for files that have lines.

The engine numbers rows; a CSV row may span several lines, so its line is counted by reading the
file again up to it. Far down a long file that is not worth the wait, and no line is given.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence, Set
from pathlib import Path
from typing import Any

from costmodel.ingest.usage.files import LogFile
from costmodel.ingest.usage.rows import Rows

SHOWN = 3
"""Places given for each reason."""

MOST_LOOKED_AT = 200
MOST_BROKEN = 1000
MOST_CSV_BYTES = 1_000_000_000
_CHUNK = 1 << 20


def counts_of_broken(connection: Any) -> dict[str, int]:
    """Records of CSV files that are no rows, by reason, each counted once over all scans."""
    return dict(
        connection.execute(
            f"SELECT reason, count(*) FROM ({_BROKEN}) GROUP BY reason ORDER BY 2 DESC, 1"
        ).fetchall()
    )


_BROKEN = (
    "SELECT s.file_path AS path, e.line_byte_position AS start_byte, "
    "min(lower(replace(e.error_type::VARCHAR, '_', ' '))) AS reason "
    "FROM reject_errors e JOIN reject_scans s USING (scan_id, file_id) GROUP BY ALL"
)


def places_of_bad_rows(
    connection: Any, rows: Rows, passed_over: Set[str]
) -> dict[str, tuple[str, ...]]:
    """Reason -> the first places, as `log.csv:12`."""
    if rows.file.kind == "parquet":
        return {}
    bad = connection.execute(
        f"SELECT row, reason FROM ({rows.sql(numbered=True)}) WHERE reason IS NOT NULL "
        "AND NOT list_contains($1, reason) LIMIT $2",
        [sorted(passed_over), MOST_LOOKED_AT],
    ).fetchall()
    broken = _broken_lines(connection, rows.file) if rows.file.kind == "csv" else {}
    lines = _lines(rows, {row for row, _ in bad}, set(broken))
    at = sorted([*broken.items(), *((lines[row], why) for row, why in bad if row in lines)])
    found: dict[str, tuple[str, ...]] = {}
    for line, reason in at:
        found[reason] = (*found.get(reason, ()), f"{rows.file.name}:{line}")[:SHOWN]
    return found


def _broken_lines(connection: Any, file: LogFile) -> dict[int, str]:
    """Line -> what is wrong with it, of the first records that are no rows."""
    positions = connection.execute(
        f"SELECT start_byte - 1, reason FROM ({_BROKEN}) WHERE path = $1 AND start_byte < $2 "
        "ORDER BY 1 LIMIT $3",
        [str(file.path), MOST_CSV_BYTES, MOST_BROKEN],
    ).fetchall()
    if not positions:
        return {}
    lines = _lines_at(file.path, [position for position, _ in positions])
    return {line: reason for line, (_, reason) in zip(lines, positions, strict=True)}


def _lines_at(path: Path, positions: Sequence[int]) -> list[int]:
    """The line of the first text at or after each position, which ascend.

    The engine's positions may stand on the line ends before a record.
    """
    lines: list[int] = []
    line = 1
    with path.open("rb") as opened:
        for position in positions:
            while (left := position - opened.tell()) > 0:
                chunk = opened.read(min(left, _CHUNK))
                if not chunk:
                    break
                line += chunk.count(b"\n")
            ahead = opened.peek(_CHUNK)
            ends = len(ahead) - len(ahead.lstrip(b"\r\n"))
            lines.append(line + opened.read(ends).count(b"\n"))
            line = lines[-1]
    return lines


def _lines(rows: Rows, wanted: set[int], broken: Set[int]) -> dict[int, int]:
    """The line on which each of the wanted rows begins, where it is known."""
    file = rows.file
    if file.kind == "jsonl":
        if file.lines is None:
            return {row: row for row in wanted} if file.has_lines else {}
        return {row: file.lines[row - 1] for row in wanted}
    found: dict[int, int] = {}
    last = max(wanted, default=0)
    if len(broken) == MOST_BROKEN:
        return found
    for row, line in enumerate(_csv_starts(file.path, file.delimiter, broken), 1):
        if row > last:
            break
        if row in wanted:
            found[row] = line
    return found


def _csv_starts(path: Path, delimiter: str, broken: Set[int]) -> Iterator[int]:
    """The first line of each row that the engine has seen, the header left out."""
    csv.field_size_limit(2**31 - 1)
    with path.open("rb") as opened:
        text = io.TextIOWrapper(opened, encoding="utf-8-sig", errors="replace", newline="")
        reader = csv.reader(text, delimiter=delimiter)
        start = 1
        for number, cells in enumerate(reader):
            if opened.tell() > MOST_CSV_BYTES:
                return
            if number and cells and start not in broken:
                yield start
            start = reader.line_num + 1

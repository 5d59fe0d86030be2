"""The records in a result file: JSON, a list in JSON, JSON lines, or CSV, told from content.

A record knows where it stands, so that a wrong number in it is reported with file and line.
Nothing here knows which tool wrote a file.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from costmodel.errors import InputError, Problem

READABLE = "JSON, JSON lines or CSV, as benchmark tools write them"

_THOUSANDS = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")


@dataclass(frozen=True)
class Record:
    """One result: its keys and values, and where it stands."""

    data: Mapping[str, Any]
    file: str
    place: str = ""
    """Behind the file's name: `#L3` for a line, `[2]` for an item of a list."""
    line: int | None = None

    def get(self, *path: str) -> Any:
        """The value at a path of keys, None where there is none."""
        value: Any = self.data
        for key in path:
            value = value.get(key) if isinstance(value, Mapping) else None
        return value

    def has(self, *keys: str) -> bool:
        """Whether all these keys are there."""
        return all(key in self.data for key in keys)

    def text(self, *path: str) -> str:
        """The text at a path, empty where there is none; the first of a list."""
        value = self.get(*path)
        if isinstance(value, list):
            value = value[0] if len(value) == 1 else None
        return str(value).strip() if isinstance(value, str | int | float) else ""

    def number(self, *path: str) -> float | None:
        """The number at a path, None where there is none or it is NaN.

        Raises InputError for anything else, and for what is negative or infinite.
        """
        value = self.get(*path)
        if value is None or value == "":
            return None
        number = _number(value)
        if number is None or number < 0 or math.isinf(number):
            raise self.wrong(f"must be a number, 0 or more, not {_shown(value)}", ".".join(path))
        return None if math.isnan(number) else number

    def positive(self, *path: str) -> float | None:
        """The number at a path; tools write 0 for what they did not measure, which is None."""
        return self.number(*path) or None

    def count(self, *path: str) -> int | None:
        """The whole number at a path; 0 and absence are None."""
        number = self.positive(*path)
        if number is not None and number != int(number):
            raise self.wrong(f"must be a whole number, not {number:g}", ".".join(path))
        return None if number is None else int(number)

    def needed(self, *path: str) -> float:
        """The number at a path, which must be there and above 0."""
        number = self.positive(*path)
        if number is None:
            raise self.wrong("is missing or 0: the run measured nothing", ".".join(path))
        return number

    def wrong(self, message: str, path: str = "") -> InputError:
        """The error that says what is wrong with this record."""
        item = self.place if self.line is None else ""
        return InputError(Problem(message, path, f"{self.file}{item}", self.line))


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and _THOUSANDS.fullmatch(value.strip()):
        value = value.replace(",", "")
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"


def records(text: str, file: str) -> list[Record]:
    """Every record of a result file, in its order.

    Raises InputError naming the file, and the line where there is one.
    """
    start = text.lstrip()[:1]
    found = list(_json_records(text, file) if start in "{[" else _csv_records(text, file))
    if not found:
        raise InputError(Problem("holds no results", file=file))
    return found


def _json_records(text: str, file: str) -> Iterator[Record]:
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        lines = _json_lines(text)
        if any(isinstance(data, dict) for _, data in lines):
            yield from _line_records(lines, file)
            return
        message = f"stops being JSON here ({error.msg}); is the file cut off?"
        raise InputError(Problem(message, "", file, error.lineno, error.colno)) from None
    except (RecursionError, ValueError):
        raise InputError(
            Problem("is nested too deeply or holds numbers too long to be a result file", file=file)
        ) from None
    if isinstance(data, dict):
        yield Record(data, file)
        return
    for i, item in enumerate(data):
        if not isinstance(item, dict):
            raise InputError(
                Problem("this item of the list is not a JSON object", file=f"{file}[{i}]")
            )
        yield Record(item, file, f"[{i}]")


def _json_lines(text: str) -> list[tuple[int, Any]]:
    """Every line that is not blank, parsed; one that is no JSON is kept as the error it raised."""
    return [(i, _parsed(line)) for i, line in enumerate(text.split("\n"), 1) if line.strip()]


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        return error
    except (RecursionError, ValueError) as error:
        return json.JSONDecodeError(str(error)[:60], "", 0)


def _line_records(lines: list[tuple[int, Any]], file: str) -> Iterator[Record]:
    problems = [
        Problem(f"this line is not JSON: {data.msg}", "", file, i, data.colno)
        if isinstance(data, json.JSONDecodeError)
        else Problem("this line is not a JSON object", "", file, i)
        for i, data in lines
        if not isinstance(data, dict)
    ]
    if problems:
        raise InputError(problems)
    yield from (Record(data, file, f"#L{i}", i) for i, data in lines)


def _csv_records(text: str, file: str) -> Iterator[Record]:
    try:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise InputError(Problem(f"is not CSV ({error}); needed: {READABLE}", file=file)) from None
    header = [name.strip() for name in rows[0][1]] if rows else []
    if len(header) < 2:
        raise InputError(Problem(f"is no result file; needed: {READABLE}", file=file))
    if header[0] == "Metric":
        yield Record(_metric_tables(rows), file)
        return
    problems: list[Problem] = []
    for line, row in rows[1:]:
        cells = _cells(header, row)
        if cells is not None:
            yield Record(cells, file, f"#L{line}", line)
        else:
            message = f"has {len(row)} fields where the header has {len(header)}"
            problems.append(Problem(message, "", file, line))
    if problems:
        raise InputError(problems)


def _cells(header: list[str], row: list[str]) -> dict[str, str] | None:
    """A row under its header; None where they do not fit.

    Versions of llama-bench differ in the columns between `flash_attn` and `n_prompt`, and its own
    documentation prints rows a column short of their header: those on either side stay in place.
    """
    if len(row) == len(header):
        return dict(zip(header, row, strict=True))
    if "flash_attn" not in header or "n_prompt" not in header:
        return None
    left, right = header.index("flash_attn") + 1, len(header) - header.index("n_prompt")
    if len(row) < left + right or header.index("n_prompt") < left:
        return None
    outer = [*zip(header[:left], row[:left], strict=True)]
    return dict([*outer, *zip(header[-right:], row[-right:], strict=True)])


def _metric_tables(rows: list[tuple[int, list[str]]]) -> dict[str, Any]:
    """Tables of metrics by statistic, as one record: `Request Latency (ms),9.5` under `avg`.

    >>> _metric_tables([(1, ["Metric", "avg"]), (2, ["Request Latency (ms)", "9.5"])])
    {'request_latency': {'unit': 'ms', 'avg': '9.5'}}
    """
    record: dict[str, Any] = {}
    statistics: list[str] = []
    for _, row in rows:
        if row[0] == "Metric":
            statistics = ["avg" if name == "Value" else name for name in row[1:]]
            continue
        name, _, unit = row[0].partition("(")
        key = "_".join(name.lower().split())
        values = dict(zip(statistics, row[1:], strict=False))
        record[key] = {"unit": unit.rstrip(") "), **values}
    return record

"""The files of a request log: found, checked and limited before an engine opens them.

Nothing is fetched and nothing is unpacked: a URL, a folder, a packed file and a columnar file
that would swell beyond the limit are refused in words.
"""

from __future__ import annotations

import glob
import json
import tempfile
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from costmodel.errors import InputError, Problem
from costmodel.ingest.files import compression
from costmodel.ingest.usage.layouts import flattened

MOST_DOCUMENT_BYTES = 200_000_000
"""The largest JSON document (not JSONL, which streams) that is read."""

MOST_UPLOAD_BYTES = 200_000_000
MOST_UNPACKED_BYTES = 64_000_000_000
MOST_UPLOAD_UNPACKED_BYTES = 1_000_000_000
"""Decompressed bytes of a columnar file, named on disk and uploaded."""

MOST_LINE_BYTES = 8_000_000


@dataclass(frozen=True)
class LogFile:
    """One file as the engine opens it, and the name the user knows it by."""

    path: Path
    name: str
    kind: str
    """"csv", "jsonl" or "parquet"."""
    most_unpacked: int = MOST_UNPACKED_BYTES
    delimiter: str = ","
    has_lines: bool = True
    """Whether a record stands on a line of its own; not within one JSON document."""
    lines: Sequence[int] | None = None
    """The line of each record, where lines were unnested into several."""


def found(logs: Sequence[str | Path | tuple[str, bytes]], scratch: Path) -> list[LogFile]:
    """Every file the arguments name, globs resolved; uploads are written to `scratch`.

    Raises InputError with one problem per argument that cannot be used.
    """
    files: list[LogFile] = []
    problems: list[Problem] = []
    for log in logs:
        try:
            if isinstance(log, tuple):
                files.append(_uploaded(log[0], log[1], scratch))
            else:
                files += [checked(path, str(path), scratch) for path in _paths(str(log))]
        except InputError as error:
            problems += error.problems
    if not logs:
        problems.append(Problem("name at least one log file"))
    if problems:
        raise InputError(problems)
    return list({file.path: file for file in files}.values())


def _paths(name: str) -> list[Path]:
    if "://" in name or name.startswith("\\\\"):
        raise InputError(Problem("is a URL; logs are read from disk only: download it", file=name))
    if Path(name).exists() or not glob.has_magic(name):
        return [Path(name)]
    paths = [Path(each) for each in sorted(glob.glob(name, recursive=True))]
    if not paths:
        raise InputError(Problem("no file matches", file=name))
    return [path for path in paths if not path.is_dir()]


def _uploaded(name: str, data: bytes, scratch: Path) -> LogFile:
    if len(data) > MOST_UPLOAD_BYTES:
        raise InputError(Problem(f"is larger than {MOST_UPLOAD_BYTES / 1e6:g} MB", file=name))
    with _new(scratch, "wb", Path(name).suffix) as file:
        file.write(data)
    return checked(Path(file.name), name, scratch, MOST_UPLOAD_UNPACKED_BYTES)


def checked(
    path: Path, name: str, scratch: Path, most_unpacked: int = MOST_UNPACKED_BYTES
) -> LogFile:
    """A file and its kind, told from its first bytes; nested JSON is unnested into `scratch`."""
    if path.is_dir():
        raise InputError(Problem("is a folder; name the files in it, or a glob", file=name))
    if not path.is_file():
        raise InputError(Problem("no such file", file=name))
    path = path.resolve()
    with path.open("rb") as file:
        head = file.read(65_536)
    packed = compression(head)
    if packed:
        raise InputError(Problem(f"is {packed}-compressed; unpack it first", file=name))
    if head.startswith(b"PAR1"):
        return LogFile(path, name, "parquet", most_unpacked)
    if b"\x00" in head:
        raise InputError(Problem("is a binary file; CSV, JSONL or Parquet is needed", file=name))
    text = head.decode("utf-8-sig", errors="replace").lstrip()
    if not text:
        raise InputError(Problem("is empty", file=name))
    if text[0] not in "{[":
        delimiter = max(",;\t|", key=text.split("\n", 1)[0].count)
        return LogFile(path, name, "csv", delimiter=delimiter)
    first = _json(text.split("\n", 1)[0])
    if isinstance(first, dict) and list(flattened(first)) == [first]:
        return LogFile(path, name, "jsonl")
    return _unnested(path, name, scratch, by_line=first is not None)


def _unnested(path: Path, name: str, scratch: Path, *, by_line: bool) -> LogFile:
    lines = array("q")
    with path.open("rb") as source, _new(scratch, "w", ".jsonl") as target:
        for line, record in _records(source, name, by_line=by_line):
            rows = flattened(record) if isinstance(record, dict) else [None]
            for row in rows:
                target.write((json.dumps(row) if row is not None else "no object") + "\n")
                lines.append(line)
    return LogFile(
        Path(target.name), name, "jsonl", has_lines=by_line, lines=lines if by_line else None
    )


def _records(source: IO[bytes], name: str, *, by_line: bool) -> Iterator[tuple[int, Any]]:
    """The records of JSON lines, or of one document, with the line each stands on."""
    if by_line:
        for number, line in enumerate(source, 1):
            if line.strip():
                record = _json(line.decode("utf-8-sig", errors="replace"))
                records = record if isinstance(record, list) else [record]
                yield from ((number, each) for each in records)
        return
    data = source.read(MOST_DOCUMENT_BYTES + 1)
    if len(data) > MOST_DOCUMENT_BYTES:
        raise InputError(
            Problem("is one JSON document of more than 200 MB; write it as JSONL", file=name)
        )
    try:
        whole = json.loads(data.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise InputError(
            Problem(f"is no JSON: {error.msg}", file=name, line=error.lineno, column=error.colno)
        ) from None
    except (UnicodeDecodeError, RecursionError):
        raise InputError(Problem("is no JSON in UTF-8", file=name)) from None
    yield from ((1, each) for each in (whole if isinstance(whole, list) else [whole]))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return None


def _new(scratch: Path, mode: str, suffix: str) -> Any:
    return tempfile.NamedTemporaryFile(mode, dir=scratch, suffix=suffix, delete=False)

"""A workload from the user's own logs: its volume, its shape and how it varies over the week.

Every row counts or is reported with the reason why not. What a log cannot say is null, and a
warning says so.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from costmodel.errors import InputError
from costmodel.ingest.usage_layouts import FIELDS
from costmodel.ingest.usage_stats import Rejected, Usage, usage_of
from costmodel.ingest.usage_totals import totals_of

if TYPE_CHECKING:
    from costmodel.ingest.usage_layouts import Layout


@dataclass(frozen=True)
class _Source:
    sql: str
    layouts: tuple[Layout, ...]


def read_usage(
    *logs: str | Path | tuple[str, bytes],
    columns: Mapping[str, str] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Usage:
    """The workload in request logs: files, globs, or uploads as (name, bytes).

    `columns` names the column of a field in a table of no known tool: `timestamp`,
    `input_tokens`, `output_tokens`, `cached_tokens`, `requests`, `model`, `team`, `hash_ids`.

    Raises InputError where a log cannot be read, is no log, or has no usable row.
    """
    from costmodel.ingest.usage_files import found
    from costmodel.ingest.usage_rows import engine, rejected_lines

    stated = _stated(columns or {})
    tell = progress or (lambda _: None)
    with tempfile.TemporaryDirectory(prefix="costmodel-usage-") as folder:
        scratch = Path(folder).resolve()
        files = found(logs, scratch)
        connection = engine(files, scratch)
        try:
            source = _source(connection, files, stated, tell)
            tell("counting rows")
            seen = _seen(connection, source)
            rejected = seen.rejected
            tell("summing tokens")
            totals = totals_of(connection.sql(_usable(source, seen.held)))
            if any(file.kind == "csv" for file in files):
                rejected += [Rejected(*each) for each in rejected_lines(connection).items()]
        finally:
            connection.close()
    return usage_of(
        totals,
        rejected=tuple(rejected),
        layouts=tuple(dict.fromkeys(layout.name for layout in source.layouts)),
        periods=any(layout.totals for layout in source.layouts) or "requests" in stated,
        end=seen.end,
    )


def usage_of_frame(frame: Any) -> Usage:
    """The workload in a frame of any engine of narwhals, such as a PySpark DataFrame.

    It has `timestamp` (in UTC), `input_tokens`, `output_tokens` and, where known,
    `cached_tokens`, `requests`, `model`, `team`. Rows without the first three are reported.
    """
    import narwhals as nw

    lazy: Any = nw.from_native(frame).lazy()
    names = set(lazy.collect_schema().names())
    lacking = [n for n in ("timestamp", "input_tokens", "output_tokens") if n not in names]
    if lacking:
        raise InputError(f"the frame has no column {', '.join(lacking)}")
    usable = (
        ~nw.col("timestamp").is_null()
        & (nw.col("input_tokens") >= 0)
        & (nw.col("output_tokens") >= 0)
    )
    counted = lazy.select(rows=nw.len(), good=usable.cast(nw.Int64).sum()).collect(
        backend="pandas" if "spark" in str(lazy.implementation).lower() else None
    )
    rows, good = (int(counted[name][0] or 0) for name in ("rows", "good"))
    bad = (Rejected("no timestamp or token count", rows - good),) if rows > good else ()
    return usage_of(totals_of(lazy.filter(usable).to_native()), rejected=bad, layouts=("frame",))


def _stated(columns: Mapping[str, str]) -> dict[str, str]:
    unknown = [name for name in columns if name not in FIELDS]
    if unknown:
        raise InputError(f"no field is named {unknown[0]!r}; there are {', '.join(FIELDS)}")
    return dict(columns)


def _source(
    connection: Any, files: list[Any], stated: Mapping[str, str], tell: Callable[[str], None]
) -> _Source:
    """All files as one relation; the problems of all are told at once."""
    from costmodel.ingest.usage_rows import rows_of

    parts, layouts, problems = [], [], []
    for number, file in enumerate(files):
        tell(f"reading {file.name}")
        try:
            sql, layout = rows_of(connection, file, stated, number)
        except InputError as error:
            problems += error.problems
            continue
        parts.append(sql)
        layouts.append(layout)
    if problems:
        raise InputError(problems)
    return _Source(" UNION ALL ".join(f"({part})" for part in parts), tuple(layouts))


@dataclass(frozen=True)
class _Seen:
    """What one pass over all rows finds before any is summed."""

    rejected: list[Rejected]
    end: dt.datetime | None
    held: frozenset[str]
    """Optional columns in which some row that counts holds something."""


_OPTIONAL = ("cached_tokens", "hash_ids", "model", "team")


def _seen(connection: Any, source: _Source) -> _Seen:
    """One pass: rows that do not count by reason, the last instant, the columns in use."""
    known = {name for layout in source.layouts for name in layout.fields}
    names = [name for name in _OPTIONAL if name in known]
    counts = "".join(f", count({name})" for name in names)
    try:
        found = connection.execute(
            "SELECT reason, count(*), bool_or(passed_over), max(coalesce(ended, timestamp))"
            f"{counts} FROM ({source.sql}) GROUP BY reason ORDER BY 2 DESC, 1"
        ).fetchall()
    except Exception as error:
        raise InputError(f"the log cannot be read: {str(error).splitlines()[0]}") from None
    good = next((row for row in found if row[0] is None), None)
    return _Seen(
        [Rejected(reason, n, passed_over=over) for reason, n, over, *_ in found if reason],
        good[3] if good else None,
        frozenset(name for name, n in zip(names, good[4:], strict=True) if n)
        if good
        else frozenset(),
    )


def _usable(source: _Source, held: frozenset[str]) -> str:
    """SQL of the rows that count, with only the columns that hold something."""
    from costmodel.ingest.usage_rows import cached_blocks

    names = ["timestamp", "requests", "input_tokens", "output_tokens"]
    if "hash_ids" in held:
        rows, held = cached_blocks(source.sql), held | {"cached_tokens"}
    else:
        rows = f"SELECT * FROM ({source.sql}) WHERE reason IS NULL"
    return f"SELECT {', '.join([*names, *sorted(held - {'hash_ids'})])} FROM ({rows})"

"""A workload from the user's own logs: its volume, its shape and how it varies over the week.

Every row counts or is reported with the reason why not. What a log cannot say is null, and a
warning says so.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from costmodel.errors import InputError, Problem
from costmodel.ingest.usage.layouts import NO_TRAFFIC, SAYABLE
from costmodel.ingest.usage.stats import Rejected, Usage, usage_of
from costmodel.ingest.usage.totals import totals_of

if TYPE_CHECKING:
    import pandas as pd

    from costmodel.ingest.usage.files import LogFile
    from costmodel.ingest.usage.rows import Rows


def read_usage(
    *logs: str | Path | tuple[str, bytes],
    columns: Mapping[str, str] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Usage:
    """The workload in request logs: files, globs, or uploads as (name, bytes).

    `columns` names the column of a field in a table of no known tool: `timestamp`, `end`,
    `input_tokens`, `output_tokens`, `cached_tokens`, `requests`, `model`, `team`, `hash_ids`
    (of blocks of 512 tokens). `progress` is told in words what is being done, from another
    thread while the engine works.

    Raises InputError where a log cannot be read, is no log, or has no usable row.
    """
    from costmodel.ingest.usage.engine import engine
    from costmodel.ingest.usage.files import found

    stated = _stated(columns or {})
    with tempfile.TemporaryDirectory(prefix="costmodel-usage-") as folder:
        scratch = Path(folder).resolve()
        files = found(logs, scratch)
        connection = engine(files, scratch)
        try:
            return _read(connection, files, stated, progress)
        finally:
            connection.close()


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
    tests = {
        "no readable timestamp": nw.col("timestamp").is_null(),
        "input tokens are no whole number": _no_count("input_tokens"),
        "output tokens are no whole number": _no_count("output_tokens"),
    }
    if "cached_tokens" in names:
        cached = nw.col("cached_tokens")
        tests["more cached tokens than input tokens"] = (cached < 0) | (
            cached > nw.col("input_tokens")
        )
    if "requests" in names:
        tests["no requests"] = nw.col("requests") < 1
    reason: Any = nw.lit(None, nw.String)
    for said, test in reversed(tests.items()):
        reason = nw.when(test).then(nw.lit(said)).otherwise(reason)
    totals = totals_of(lazy.with_columns(reason.alias("reason")).to_native())
    return usage_of(totals, rejected=_rejected(totals.bad, frozenset(), {}), layouts=("frame",))


def _no_count(name: str) -> Any:
    import narwhals as nw

    return nw.col(name).is_null() | (nw.col(name) < 0)


def _stated(columns: Mapping[str, str]) -> dict[str, str]:
    unknown = [name for name in columns if name not in SAYABLE]
    if unknown:
        raise InputError(f"no field is named {unknown[0]!r}; there are {', '.join(SAYABLE)}")
    return dict(columns)


def _read(
    connection: Any,
    files: Sequence[LogFile],
    stated: Mapping[str, str],
    progress: Callable[[str], None] | None,
) -> Usage:
    from costmodel.ingest.usage.engine import said, watched

    parts = _parts(connection, files, stated)
    layouts = {part.layout.name: part.layout for part in parts}
    bill = any(layout.bill for layout in layouts.values())
    if bill and len(layouts) > 1:
        names = ", ".join(layouts)
        raise InputError(f"a bill and request logs cannot be added up ({names}); read them apart")
    periods = any(layout.totals for layout in layouts.values()) or "requests" in stated
    try:
        with watched(connection, "summing tokens", progress):
            relation = connection.sql(_relation(connection, parts))
            totals = totals_of(relation, per_request=not periods)
        over = frozenset(
            reason
            for layout in layouts.values()
            for reason in (*(p.reason for p in layout.passed_over), layout.only_with_tokens)
            if reason
        )
        with watched(connection, "finding the bad rows", progress):
            bad, places = _bad_rows(connection, parts, totals.bad, over)
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"the log cannot be read: {said(error, files)}") from None
    return usage_of(
        totals,
        rejected=_rejected(bad, over, places),
        layouts=tuple(layouts),
        periods=periods,
        covered=totals.bad[totals.bad["reason"] == NO_TRAFFIC],
    )


def _parts(connection: Any, files: Sequence[LogFile], stated: Mapping[str, str]) -> list[Rows]:
    """How each file is read; the problems of all are told at once."""
    from costmodel.ingest.usage.rows import rows_of

    parts: list[Rows] = []
    problems: list[Problem] = []
    for file in files:
        try:
            parts.append(rows_of(connection, file, stated))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return parts


def _relation(connection: Any, parts: Sequence[Rows]) -> str:
    """SQL of all files' rows, with only the columns that some file has."""
    from costmodel.ingest.usage.blocks import cached_blocks

    sql = " UNION ALL BY NAME ".join(f"({part.sql()})" for part in parts)
    known = {name for part in parts for name, at in part.fields.items() if at is not None}
    names = ["timestamp", "requests", "input_tokens", "output_tokens", "reason"]
    names += [name for name in ("cached_tokens", "model", "team") if name in known]
    if any(part.layout.totals or part.fields["end"] is not None for part in parts):
        names.append("ended")
    if (
        "hash_ids" in known
        and connection.execute(
            f"SELECT 1 FROM ({sql}) WHERE hash_ids IS NOT NULL LIMIT 1"
        ).fetchall()
    ):
        sql = cached_blocks(sql)
        names = [*(name for name in names if name != "cached_tokens"), "cached_tokens"]
    return f"SELECT {', '.join(names)} FROM ({sql})"


def _bad_rows(
    connection: Any, parts: Sequence[Rows], bad: pd.DataFrame, over: frozenset[str]
) -> tuple[pd.DataFrame, dict[str, tuple[str, ...]]]:
    """Rows that do not count by reason, broken lines of CSV among them, and the first places."""
    import pandas as pd

    from costmodel.ingest.usage.lines import SHOWN, counts_of_broken, places_of_bad_rows

    broken = counts_of_broken(connection) if any(p.file.kind == "csv" for p in parts) else {}
    if broken:
        bad = pd.concat([bad, pd.DataFrame({"reason": list(broken), "rows": broken.values()})])
    places: dict[str, tuple[str, ...]] = {}
    if not set(bad["reason"]) <= over:
        for part in parts:
            for reason, at in places_of_bad_rows(connection, part, over).items():
                places[reason] = (*places.get(reason, ()), *at)[:SHOWN]
    return bad, places


def _rejected(
    bad: pd.DataFrame, over: frozenset[str], places: Mapping[str, tuple[str, ...]]
) -> tuple[Rejected, ...]:
    return tuple(
        Rejected(reason, int(rows), reason in over, places.get(reason, ()))
        for reason, rows in zip(bad["reason"], bad["rows"], strict=True)
    )

"""One row of a result file on its way into the columns of the measured book.

A reader states what its file says and leaves the rest out; nothing is filled in here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from costmodel.book.measured import COLUMNS, Measurement, Metric
from costmodel.ingest.bench.records import Record

TEXT_COLUMNS = frozenset(
    {
        "source",
        "source_url",
        "source_date",
        "model",
        "format",
        "kernel",
        "kv_dtype",
        "engine",
        "engine_version",
        "gpu",
        "metric",
        "notes",
        "licence",
    }
)
"""Columns that are empty, rather than None, where a file is silent."""


@dataclass(frozen=True)
class Draft:
    """A row as its file states it."""

    row: Measurement
    setup: str = ""
    """Settings of the run that have no column of their own; runs that differ here differ."""
    tokens_per_request: float | None = None
    """Input and output together, where a file knows only their sum."""
    batch_seconds: float | None = None
    """What one whole batch took, where a file knows neither its size nor its lengths."""


def draft(
    record: Record,
    tool: str,
    metric: Metric,
    *,
    setup: str = "",
    notes: tuple[str, ...] = (),
    tokens_per_request: float | None = None,
    batch_seconds: float | None = None,
    **stated: Any,
) -> Draft:
    """A row with the columns a file states; the tool is its source, file and line its address."""
    columns: dict[str, Any] = {name: "" if name in TEXT_COLUMNS else None for name in COLUMNS}
    columns |= {
        "source": tool,
        "source_url": f"{record.file}{record.place}",
        "metric": metric,
        "notes": "; ".join(note for note in (setup, *notes) if note),
    }
    return Draft(Measurement(**(columns | stated)), setup, tokens_per_request, batch_seconds)


def first(record: Record, *names: str) -> tuple[float | None, str]:
    """The first of several statistics that a record holds, and its name."""
    for name in names:
        value = record.positive(name)
        if value is not None:
            return value, name
    return None, ""


def whole(number: float | None) -> int | None:
    """A mean number of requests in flight, as a count of at least 1."""
    return None if number is None else max(1, math.floor(number + 0.5))


def day(text: str) -> str:
    """The ISO date in a tool's time stamp; empty where it has none.

    >>> day("20250914-020903"), day("2025-04-24T11:57:09Z"), day("")
    ('2025-09-14', '2025-04-24', '')
    """
    digits = text[:10].replace("-", "")[:8]
    try:
        return datetime.strptime(digits, "%Y%m%d").date().isoformat()  # noqa: DTZ007 - a day only
    except ValueError:
        return ""


def day_of_epoch(seconds: float | None) -> str:
    """The ISO date (UTC) of seconds since 1970; empty where that is no date.

    >>> day_of_epoch(1749157168.18)
    '2025-06-05'
    """
    try:
        return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).date().isoformat()
    except (OverflowError, OSError, ValueError):
        return ""


def settings(**values: object) -> str:
    """Settings as text, those that are not known left out.

    >>> settings(ep=1, offloading="lmcache", image="")
    'ep=1, offloading=lmcache'
    """
    return ", ".join(f"{name}={value}" for name, value in values.items() if value not in (None, ""))

"""The sums a workload is made of, written once for every engine that narwhals speaks to.

A frame has the columns `timestamp`, `input_tokens`, `output_tokens` and where known
`cached_tokens`, `requests`, `model`, `team`, `ended`, and `reason` where a row does not count; it
may be a DuckDB relation or a PySpark DataFrame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_SUMS = ("requests", "input_tokens", "output_tokens", "cached_tokens")
_SPLITS = ("model", "team")


@dataclass(frozen=True)
class Totals:
    """What is known of a log after one pass per question; bounded by its minutes, not its rows."""

    minutes: pd.DataFrame
    """Of rows that count, per minute: `minute`, `first`, `last`, requests and tokens."""
    bad: pd.DataFrame
    """Of the others, per `reason`: `rows`, and `first`, `last` where they have a time."""
    contexts: pd.DataFrame | None
    """Requests by `context`, input and output tokens of a request together."""
    splits: dict[str, pd.DataFrame]
    """Per model and per team: requests and tokens."""
    has_cached: bool


def totals_of(native: Any, *, per_request: bool = True) -> Totals:
    """The sums of a frame of any engine; contexts only where a row is one request."""
    import narwhals as nw

    frame: Any = nw.from_native(native).lazy()
    names = frame.collect_schema().names()
    defaults = {"requests": 1, "cached_tokens": None, "reason": None}
    types = {"reason": nw.String}
    frame = frame.with_columns(
        nw.col("timestamp").dt.truncate("1m").alias("minute"),
        *(
            nw.lit(value, types.get(name, nw.Int64)).alias(name)
            for name, value in defaults.items()
            if name not in names
        ),
    )
    by_minute = _pandas(
        frame.group_by("minute", "reason").agg(
            *(nw.col(name).sum() for name in _SUMS),
            nw.len().alias("rows"),
            nw.col("timestamp").min().alias("first"),
            nw.col("timestamp").max().alias("last"),
            *([nw.col("ended").max()] if "ended" in names else []),
            *(
                nw.col(name).count().alias(f"{name}_known")
                for name in ("cached_tokens", *_SPLITS)
                if name in names
            ),
        )
    )
    if "ended" in by_minute:
        by_minute["last"] = by_minute[["last", "ended"]].max(axis=1)
    good = by_minute[by_minute["reason"].isna()].drop(columns="reason")
    minutes = _whole(good).sort_values("minute").reset_index(drop=True)
    all_count = len(good) == len(by_minute)
    counted = frame if all_count else frame.filter(nw.col("reason").is_null())

    def held(name: str) -> bool:
        return name in names and bool(minutes[f"{name}_known"].sum())

    return Totals(
        minutes=minutes,
        bad=_bad(by_minute[by_minute["reason"].notna()]),
        contexts=_contexts(counted) if per_request else None,
        splits={name: _split(counted, name) for name in _SPLITS if held(name)},
        has_cached=held("cached_tokens"),
    )


def _contexts(counted: Any) -> pd.DataFrame:
    import narwhals as nw

    context = (nw.col("input_tokens") + nw.col("output_tokens")).alias("context")
    grouped = counted.select(context, "requests").group_by("context")
    return _whole(_pandas(grouped.agg(nw.col("requests").sum()))).sort_values("context")


def _split(counted: Any, name: str) -> pd.DataFrame:
    import narwhals as nw

    sums = [nw.col(each).sum() for each in _SUMS]
    return _whole(_pandas(counted.group_by(name).agg(*sums))).sort_values(name)


def _bad(rows: pd.DataFrame) -> pd.DataFrame:
    by_reason = rows.groupby("reason").agg({"rows": "sum", "first": "min", "last": "max"})
    table = by_reason.reset_index().astype({"rows": "int64"})
    return table.sort_values(["rows", "reason"], ascending=[False, True])


def _pandas(frame: Any) -> pd.DataFrame:
    """A result in pandas; Spark gives one only when asked."""
    backend = "pandas" if "spark" in str(frame.implementation).lower() else None
    return frame.collect(backend=backend).to_pandas()


def _whole(table: pd.DataFrame) -> pd.DataFrame:
    """Wide sums (DuckDB's HUGEINT) as 64-bit integers; a sum of nothing is 0."""
    counts = [
        name
        for name in map(str, table)
        if name in (*_SUMS, "rows", "context") or name.endswith("_known")
    ]
    filled = table[counts].astype("object").fillna(0).astype("int64")
    return table.assign(**{name: filled[name] for name in counts})

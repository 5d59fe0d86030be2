"""The sums a workload is made of, written once for every engine that narwhals speaks to.

A frame has the columns `timestamp`, `input_tokens`, `output_tokens` and where known
`cached_tokens`, `requests`, `model`, `team`; it may be a DuckDB relation or a PySpark DataFrame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_SUMS = ("requests", "input_tokens", "output_tokens", "cached_tokens")


@dataclass(frozen=True)
class Totals:
    """What is known of a log after one pass per question; bounded by its minutes, not its rows."""

    minutes: pd.DataFrame
    """Per minute: `minute`, `first`, `last`, requests and tokens."""
    contexts: pd.DataFrame
    """Requests by `context`, input and output tokens of a request together."""
    splits: dict[str, pd.DataFrame]
    """Per model and per team: requests and tokens."""
    has_cached: bool


def totals_of(native: Any) -> Totals:
    """The sums of usable rows in a frame of any engine."""
    import narwhals as nw

    frame: Any = nw.from_native(native).lazy()
    names = frame.collect_schema().names()
    known = [
        nw.col(name).cast(nw.Int64) if name in names else nw.lit(default).cast(nw.Int64).alias(name)
        for name, default in (("requests", 1), ("cached_tokens", 0))
    ]
    frame = frame.with_columns(
        *known,
        nw.col("timestamp").dt.truncate("1m").alias("minute"),
        (nw.col("input_tokens") + nw.col("output_tokens")).alias("context"),
    )
    sums = [nw.col(name).sum() for name in _SUMS]
    ends = (
        nw.col("timestamp").min().alias("first"),
        nw.col("timestamp").max().alias("last"),
        nw.col("cached_tokens").count().alias("cached_known"),
    )
    minutes = _pandas(frame.group_by("minute").agg(*sums, *ends)).sort_values("minute")
    contexts = _pandas(frame.group_by("context").agg(nw.col("requests").sum()))
    splits = {
        name: _pandas(frame.group_by(name).agg(*sums)).sort_values(name)
        for name in ("model", "team")
        if name in names
    }
    has_cached = "cached_tokens" in names and bool(minutes["cached_known"].sum())
    return Totals(
        minutes.reset_index(drop=True), contexts.sort_values("context"), splits, has_cached
    )


def _pandas(frame: Any) -> pd.DataFrame:
    """A result in pandas; an engine's wide sums (DuckDB's HUGEINT) as 64-bit integers."""
    backend = "pandas" if "spark" in str(frame.implementation).lower() else None
    table = frame.collect(backend=backend).to_pandas()
    counts = [name for name in (*_SUMS, "cached_known", "context") if name in table]
    return table.astype(dict.fromkeys(counts, "int64"))

"""From sums to statistics and a workload block: span, week, bursts and context lengths.

All arithmetic on minutes and on counts of context lengths; no row is seen again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from costmodel.errors import InputError
from costmodel.quantity.caution import Caution
from costmodel.quantity.units import HOURS_PER_WEEK

if TYPE_CHECKING:
    import pandas as pd

    from costmodel.ingest.usage.totals import Totals

MINUTES_PER_DAY = 1440
FIRST_DATED = dt.datetime(1990, 1, 1)  # noqa: DTZ001 - times here are UTC without a zone
"""Times before this are counted from a trace's start and have no date."""


@dataclass(frozen=True)
class Rejected:
    """Rows that do not count, and why."""

    reason: str
    rows: int
    passed_over: bool = False
    """Whether they are no requests to a model, rather than unreadable."""
    places: tuple[str, ...] = ()
    """The first of them, as `log.csv:12`, where the file has lines."""


@dataclass(frozen=True)
class Stats:
    """Statistics of a log; None where it cannot say."""

    requests: int | None
    rejected_rows: int
    span_days: float
    tokens_per_day: float
    input_tokens: float | None
    """Mean per request."""
    output_tokens: float | None
    cached_input_share: float | None
    peak_to_mean: float | None
    hourly_profile: tuple[float, ...] | None
    """168 weights from Monday 00:00 UTC, mean 1."""
    burst_factor: float | None
    context_p50: int | None
    """Input and output tokens of a request together."""
    context_p95: int | None
    context_p99: int | None
    context_max: int | None


@dataclass(frozen=True)
class Usage:
    """What a log says: a workload block for a scenario, statistics, and what to know of both."""

    workload: dict[str, Any]
    stats: Stats
    rejected: tuple[Rejected, ...]
    splits: dict[str, tuple[dict[str, Any], ...]]
    """Requests and tokens per model and per team, where the log names them."""
    layouts: tuple[str, ...]
    warnings: tuple[Caution, ...]
    first: str | None
    """The first and the last instant it covers, in UTC; None where times have no date."""
    last: str | None

    @property
    def counted(self) -> str:
        """How much was counted, in words."""
        requests = self.stats.requests
        return "a bill" if requests is None else f"{requests:,} requests"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as `--json` prints them."""
        return asdict(self)


def usage_of(
    totals: Totals,
    *,
    rejected: tuple[Rejected, ...],
    layouts: tuple[str, ...],
    periods: bool = False,
    covered: pd.DataFrame | None = None,
) -> Usage:
    """Statistics of sums; `periods` where a row is the total of a period, not a request.

    `covered` has the `first` and `last` instants of rows without traffic, which the log covers.

    Raises InputError where no row counts, or all stand at one instant.
    """
    import pandas as pd

    minutes = totals.minutes.copy()
    why = "; ".join(
        f"{each.rows} rows: {each.reason}" + (f", such as {each.places[0]}" if each.places else "")
        for each in rejected
    )
    if minutes.empty:
        raise InputError(f"no row can be used ({why or 'there are none'})")
    for name in ("minute", "first", "last"):
        minutes[name] = pd.to_datetime(minutes[name])
    spans = [minutes[["first", "last"]]]
    if covered is not None and not covered.empty:
        spans.append(covered[["first", "last"]].astype(minutes["first"].dtype))
    first = min(span["first"].min() for span in spans)
    last = max(span["last"].max() for span in spans)
    days = (last - first).total_seconds() / 86_400
    if days <= 0:
        also = f" (not counted: {why})" if why else ""
        raise InputError(f"all rows stand at one instant, so there is no volume per day{also}")
    requests, into, out, cached = (
        int(minutes[name].sum())
        for name in ("requests", "input_tokens", "output_tokens", "cached_tokens")
    )
    week = _week(minutes, first, last, days, periods=periods)
    contexts = (None,) * 4 if totals.contexts is None else _contexts(totals.contexts)
    stats = Stats(
        requests=requests or None,
        rejected_rows=sum(each.rows for each in rejected),
        span_days=days,
        tokens_per_day=(into + out) / days,
        input_tokens=into / requests if requests else None,
        output_tokens=out / requests if requests else None,
        cached_input_share=cached / into if totals.has_cached and into else None,
        peak_to_mean=week[0],
        hourly_profile=week[1],
        burst_factor=week[2],
        context_p50=contexts[0],
        context_p95=contexts[1],
        context_p99=contexts[2],
        context_max=contexts[3],
    )
    return Usage(
        workload=_workload(stats),
        stats=stats,
        rejected=rejected,
        splits={
            name: tuple(
                {
                    name: None if pd.isna(row[name]) else str(row[name]),
                    "requests": int(row["requests"]) or None,
                    **{key: int(row[key]) for key in ("input_tokens", "output_tokens")},
                }
                for row in table.to_dict("records")
            )
            for name, table in totals.splits.items()
        },
        layouts=layouts,
        warnings=tuple(_warnings(stats, first, (into, out), periods=periods)),
        first=_dated(first),
        last=_dated(last),
    )


def _dated(instant: Any) -> str | None:
    return instant.isoformat() + "Z" if instant.to_pydatetime() >= FIRST_DATED else None


def _week(
    minutes: Any, first: Any, last: Any, days: float, *, periods: bool
) -> tuple[float | None, tuple[float, ...] | None, float | None]:
    """Peak to mean, the weights of the week's hours, and the burst factor."""
    origin = first.floor("min")
    count = int((last - origin).total_seconds() // 60) + 1
    if count > 20 * 366 * MINUTES_PER_DAY:
        raise InputError(
            f"the log spans {days / 365:.0f} years; check its timestamps ({first} to {last})"
        )
    at = ((minutes["minute"] - origin).dt.total_seconds() // 60).astype(int).to_numpy()
    tokens = (minutes["input_tokens"] + minutes["output_tokens"]).to_numpy(float)
    dense = np.bincount(at, weights=tokens, minlength=count)
    start = origin.day_of_week * MINUTES_PER_DAY + origin.hour * 60 + origin.minute
    hour = (start + np.arange(count)) // 60 % HOURS_PER_WEEK
    observed = np.bincount(hour, minlength=HOURS_PER_WEEK)
    by_hour = np.bincount(hour, weights=dense, minlength=HOURS_PER_WEEK)
    rate = np.divide(by_hour, observed, out=np.zeros(HOURS_PER_WEEK), where=observed > 0)
    mean_here = rate[hour]
    busy = mean_here > 0
    burst = None if periods else float(max(1, np.quantile(dense[busy] / mean_here[busy], 0.99)))
    coarse = periods and at.size > 1 and bool(np.diff(np.unique(at)).min() > 60)
    if days < 1 or coarse or not rate.any():
        return None, None, burst
    if days < 7:
        hours = dense[: count // 60 * 60].reshape(-1, 60).sum(axis=1)
        return float(hours.max() / hours.mean()), None, burst
    weights = rate / rate.mean()
    dated = first.to_pydatetime() >= FIRST_DATED
    profile = tuple(float(weight) for weight in weights) if dated else None
    return float(weights.max()), profile, burst


def _contexts(contexts: Any) -> tuple[int, ...]:
    """The 50th, 95th and 99th percentile and the largest, each a length that occurred."""
    lengths = contexts["context"].to_numpy()
    reached = contexts["requests"].to_numpy().cumsum()
    ranks = [int(np.ceil(share * reached[-1])) for share in (0.5, 0.95, 0.99)]
    return (*(int(lengths[np.searchsorted(reached, rank)]) for rank in ranks), int(lengths[-1]))


def _workload(stats: Stats) -> dict[str, Any]:
    """A block that loads inside a scenario; nothing in it that the log does not say."""
    profile: dict[str, Any] = {}
    if stats.hourly_profile is not None:
        profile["hourly"] = [round(weight, 4) for weight in stats.hourly_profile]
    elif stats.peak_to_mean is not None:
        profile["peak_to_mean"] = stats.peak_to_mean
    if stats.burst_factor is not None:
        profile["burst_factor"] = stats.burst_factor
    block: dict[str, Any] = {
        "name": "from log",
        "tokens_per_day": stats.tokens_per_day,
        "input_tokens": stats.input_tokens,
        "output_tokens": stats.output_tokens,
        "cached_input_share": stats.cached_input_share,
        "profile": profile or None,
        "max_context": stats.context_max,
    }
    return {name: value for name, value in block.items() if value is not None}


def _warnings(
    stats: Stats, first: Any, tokens: tuple[int, int], *, periods: bool
) -> Iterator[Caution]:
    if stats.span_days < 1:
        yield Caution(
            "extrapolated",
            f"the log covers {stats.span_days * 24:.2g} hours; tokens per day are extrapolated and "
            "its daily peak is unknown",
        )
    if periods:
        yield Caution(
            "aggregated",
            "the log holds totals of periods: burst factor and context lengths are unknown, and "
            "the weekly profile too where a period is longer than an hour",
        )
    if first.to_pydatetime() < FIRST_DATED:
        yield Caution(
            "no_dates",
            "times count from the trace's start, so its hours of the week are unknown",
        )
    if stats.cached_input_share is None:
        yield Caution("cached_unknown", "the log does not say how much input came from a cache")
    if stats.requests is None:
        into, out = tokens
        share = into / (into + out) if into + out else 0.0
        yield Caution(
            "requests_unknown",
            "a bill does not count requests: state input_tokens and output_tokens per request in "
            f"the block, {share:.1%} of their sum as input",
        )
    if stats.rejected_rows:
        yield Caution("rejected_rows", f"{stats.rejected_rows} rows do not count; see rejected")

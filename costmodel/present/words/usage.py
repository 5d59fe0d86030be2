"""What a request log says, for a person: its figures in words and its block for a scenario."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from costmodel.quantity.words import percent, short

if TYPE_CHECKING:
    from costmodel.ingest.usage.stats import Usage

Card = tuple[str, str, str]


def block_text(usage: Usage) -> str:
    """The workload block as YAML, to stand in a scenario; what it lacks is said above it."""
    import yaml

    data = {"workloads": [usage.workload]}
    text = yaml.safe_dump(data, sort_keys=False, width=96, default_flow_style=None)
    lacking = [w.message for w in usage.warnings if w.code == "requests_unknown"]
    return "".join(f"# {each}\n" for each in lacking) + text


def cards(usage: Usage) -> list[Card]:
    """Volume, shape of a request, cache, peaks and context of a log."""
    stats = usage.stats
    shape = "–"
    if stats.input_tokens is not None and stats.output_tokens is not None:
        shape = f"{short(stats.input_tokens, 3)} in, {short(stats.output_tokens, 3)} out"
    return [
        ("Tokens a day", short(stats.tokens_per_day, 3), covered(usage)),
        ("A request", shape, f"mean of {usage.counted}" if stats.requests else usage.counted),
        (
            "Input from a cache",
            _or_dash(stats.cached_input_share, percent),
            "not in the log" if stats.cached_input_share is None else "of all input tokens",
        ),
        ("Peak to mean", _or_dash(stats.peak_to_mean, _three), _peak(usage)),
        (
            "Burst in the hour",
            _or_dash(stats.burst_factor, _three),
            "not in totals of periods"
            if stats.burst_factor is None
            else "99th percentile minute over its hour",
        ),
        ("Context, p95", _or_dash(stats.context_p95, short), _context(usage)),
    ]


def covered(usage: Usage) -> str:
    """The time a log covers.

    A trace without dates has a length only.
    """
    days = usage.stats.span_days
    length = f"{days:,.3g} days" if days >= 1 else f"{days * 24:.2g} hours"
    if usage.first is None or usage.last is None:
        return f"over {length}"
    first, last = (_instant(each) for each in (usage.first, usage.last))
    return f"{length}, {first:%Y-%m-%d} to {last:%Y-%m-%d}"


def not_counted(usage: Usage) -> list[tuple[int, str, str]]:
    """(rows, reason, first places) of what does not count."""
    return [(each.rows, each.reason, ", ".join(each.places)) for each in usage.rejected]


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _or_dash(value: float | None, say: Callable[[float], str]) -> str:
    return "–" if value is None else say(value)


def _three(value: float) -> str:
    return f"{value:.3g}"


def _peak(usage: Usage) -> str:
    if usage.stats.hourly_profile is not None:
        return "the busiest hour of the week"
    if usage.stats.peak_to_mean is not None:
        return "the busiest hour of the log; a week tells more"
    return "needs a day of log, by the hour"


def _context(usage: Usage) -> str:
    longest = usage.stats.context_max
    return "needs one row a request" if longest is None else f"{short(longest)} at most"

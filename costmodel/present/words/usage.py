"""What a request log says, as an answer: its workload, its week, what does not count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from costmodel.quantity.answer import Answer, Card, Column, Headline, Table, numbers
from costmodel.quantity.caution import Heading
from costmodel.quantity.words import (
    NONE,
    capital,
    number,
    or_none,
    percent,
    short,
    three,
    tokens_per_day,
)

if TYPE_CHECKING:
    from costmodel.ingest.usage.stats import Usage

UNKNOWN = "unknown"

SHADES = ".:-=+*#%@"
"""An hour of the week in a terminal: the denser, the busier."""

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def answer(usage: Usage) -> Answer:
    """Everything a person needs from a log, and its block for a scenario."""
    return Answer(
        Headline(f"{capital(usage.counted)}: {tokens_per_day(usage.stats.tokens_per_day)}.", ""),
        subject=f"Your log, read as {', '.join(usage.layouts)}",
        cards=tuple(_cards(usage)),
        tables={
            "week": week(usage),
            **splits(usage),
            "rejected": rejected(usage),
            "statistics": statistics(usage),
        },
        notes={Heading.CHECK: notes(usage)},
        to_copy=block_text(usage),
    )


def _cards(usage: Usage) -> Iterator[Card]:
    """Volume, shape of a request, cache, peaks and context of a log."""
    stats = usage.stats
    shape, of = NONE, usage.counted
    if stats.input_tokens is not None and stats.output_tokens is not None:
        shape = f"{short(stats.input_tokens)} in, {short(stats.output_tokens)} out"
        of = f"mean of {usage.counted}"
    yield Card("Tokens a day", short(stats.tokens_per_day), covered(usage))
    yield Card("A request", shape, of)
    yield Card(
        "Input from a cache",
        or_none(stats.cached_input_share, percent),
        "not in the log" if stats.cached_input_share is None else "of all input tokens",
    )
    yield Card("Peak to mean", or_none(stats.peak_to_mean, three), _peak(usage))
    yield Card(
        "Burst in the hour",
        or_none(stats.burst_factor, three),
        "not in totals of periods"
        if stats.burst_factor is None
        else "99th percentile minute over its hour",
    )
    yield Card("Context, p95", or_none(stats.context_p95, short), _context(usage))


def covered(usage: Usage) -> str:
    """The time a log covers.

    A trace without dates has a length only.
    """
    days = usage.stats.span_days
    length = f"{days:,.3g} days" if days >= 1 else f"{days * 24:.2g} hours"
    if usage.first is None or usage.last is None:
        return f"over {length}"
    first, last = (datetime.fromisoformat(each).date() for each in (usage.first, usage.last))
    return f"{length} on {first}" if first == last else f"{length}, {first} to {last}"


def _peak(usage: Usage) -> str:
    if usage.stats.hourly_profile is not None:
        return "the busiest hour of the week"
    if usage.stats.peak_to_mean is not None:
        return "the busiest hour of the log; a week tells more"
    return "needs a day of log, by the hour"


def _context(usage: Usage) -> str:
    longest = usage.stats.context_max
    return "needs one row a request" if longest is None else f"{short(longest)} at most"


# ----------------------------------------------------------------------------------------- tables


def week(usage: Usage) -> Table:
    """The week in characters: a row per day, a character per hour of UTC.

    Empty where the log does not cover a week.
    """
    profile = usage.stats.hourly_profile or ()
    top = max(profile, default=1.0)
    marks = "".join(SHADES[round(weight / top * (len(SHADES) - 1))] for weight in profile)
    rows = ((day, marks[24 * i : 24 * (i + 1)]) for i, day in enumerate(DAYS) if marks)
    hours = Column("0     6     12    18", role="id", key="hours")
    return Table.of((Column("UTC"), hours), rows, "Its hours of the week, UTC")


def splits(usage: Usage) -> dict[str, Table]:
    """Requests and tokens by model and by team, where the log names them."""
    return {
        name: Table.of(
            (
                Column(name.capitalize(), missing=UNKNOWN),
                numbers("Requests", number, missing=UNKNOWN),
                numbers("Input tokens", number),
                numbers("Output tokens", number),
            ),
            ([*row.values()] for row in parts),
            f"By {name}",
        )
        for name, parts in usage.splits.items()
    }


def rejected(usage: Usage) -> Table:
    """Rows that do not count, and why."""
    total = sum(each.rows for each in usage.rejected)
    return Table.of(
        (numbers("Rows", number), Column("Reason"), Column("Such as", key="places")),
        ((each.rows, each.reason, ", ".join(each.places)) for each in usage.rejected),
        f"Rows that do not count ({short(total)})",
    )


def statistics(usage: Usage) -> Table:
    """Every number of the log but the hours of its week."""
    stats = asdict(usage.stats)
    del stats["hourly_profile"]
    return Table.of(
        (Column("Statistic"), numbers("Value", number, missing=UNKNOWN)),
        ((capital(name.replace("_", " ")), value) for name, value in stats.items()),
        "In full",
    )


def notes(usage: Usage) -> list[str]:
    """What the log cannot tell, in sentences."""
    said = (w.message for w in usage.warnings if w.code != "rejected_rows")
    return [f"{capital(each)}." for each in said]


def block_text(usage: Usage) -> str:
    """The workload block as YAML, to stand in a scenario; what it lacks is said above it."""
    import yaml

    data = {"workloads": [usage.workload]}
    text = yaml.safe_dump(data, sort_keys=False, width=96, default_flow_style=None)
    lacking = [w.message for w in usage.warnings if w.code == "requests_unknown"]
    return "".join(f"# {each}\n" for each in lacking) + text

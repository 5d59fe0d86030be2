"""Which measurement of a file stands for a replica: serving capacity, at the right shape, in time.

A row counts where it was taken under load: an offline maximum, a maximum within a latency
objective, or a fixed concurrency. Nothing is interpolated between rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from costmodel.book.measured import SERVING_METRICS, Measurement
from costmodel.errors import InputError

NEAR_SHAPE = 0.10
"""Share by which input and output tokens may differ from those asked for."""

MOST_SHAPES = 8
"""Shapes listed in an error."""

_LATENCIES = ("ttft_ms", "tpot_ms")


def is_capacity(m: Measurement) -> bool:
    """Whether a row says what a configuration serves under load."""
    metric_fits = m.metric in SERVING_METRICS or m.metric == "fixed-concurrency"
    return metric_fits and bool(m.capacity_output_tokens_per_s)


def at_shape(
    rows: Iterable[Measurement], input_tokens: float, output_tokens: float
) -> list[Measurement]:
    """The rows that are serving capacity within 10 % of these tokens per request.

    Raises InputError where there is none, with the shapes that the rows do have.
    """
    rows = list(rows)
    found = [
        m
        for m in rows
        if is_capacity(m)
        and _near(m.input_tokens, input_tokens)
        and _near(m.output_tokens, output_tokens)
    ]
    if not found:
        raise InputError(
            f"holds no serving capacity within {NEAR_SHAPE:.0%} of {_tokens(input_tokens)} in and "
            f"{_tokens(output_tokens)} out; it has {_shapes(rows)}"
        )
    return found


def best_in_time(
    rows: Sequence[Measurement],
    *,
    ttft_ms: float | None = None,
    tpot_ms: float | None = None,
    concurrency: float | None = None,
) -> Measurement | None:
    """The row with the most output tokens per second that meets the SLO; None where none does.

    A latency that no row carries cannot be held against it. Where some rows carry it, the others
    do not count. With `concurrency`, rows taken above it, or without a limit, do not count.
    """
    limits = {"ttft_ms": ttft_ms, "tpot_ms": tpot_ms}
    kept = [m for m in rows if concurrency is None or (m.concurrency or 1e99) <= concurrency]
    for name in _LATENCIES:
        limit = limits[name]
        if limit is not None and any(getattr(m, name) is not None for m in kept):
            kept = [m for m in kept if (getattr(m, name) or 1e99) <= limit]
    return max(kept, key=lambda m: m.capacity_output_tokens_per_s or 0.0, default=None)


def unchecked(rows: Iterable[Measurement], ttft_ms: float | None, tpot_ms: float | None) -> str:
    """The latencies that are asked for and that no row carries, as text."""
    limits = {"ttft_ms": ttft_ms, "tpot_ms": tpot_ms}
    rows = list(rows)
    return " and ".join(
        name
        for name in _LATENCIES
        if limits[name] is not None and all(getattr(m, name) is None for m in rows)
    )


def _near(measured: float | None, wanted: float) -> bool:
    return measured is not None and abs(measured - wanted) <= NEAR_SHAPE * wanted


def _shapes(rows: Sequence[Measurement]) -> str:
    """What the rows measured, as text for a person who asked for another shape."""
    found = dict.fromkeys(
        f"{_tokens(m.input_tokens)} in, {_tokens(m.output_tokens)} out"
        + ("" if is_capacity(m) else f" ({m.metric}: no serving capacity)")
        for m in rows
    )
    more = f" and {len(found) - MOST_SHAPES} more" if len(found) > MOST_SHAPES else ""
    return "; ".join(list(found)[:MOST_SHAPES]) + more


def _tokens(number: float | None) -> str:
    return "?" if number is None else f"{number:,.1f}".removesuffix(".0")

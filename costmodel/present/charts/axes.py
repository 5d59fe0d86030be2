"""Axes with round ticks, linear or logarithmic; their labels are plotly's, `$20k` and `1.5B`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from costmodel.cost.curve import Floats

Scale = Literal["linear", "log"]

GIGA = 999.5e6
"""From here on three digits are a billion."""


@dataclass(frozen=True)
class Axis:
    """One axis: its ends and scale. Positions are shares of its length, 0 to 1."""

    low: float
    high: float
    scale: Scale = "linear"

    def at(self, value: float) -> float:
        """Where a value lies; below 0 or above 1 outside the frame."""
        if self.scale == "linear":
            return (value - self.low) / (self.high - self.low)
        value = max(value, self.low * 1e-3)
        return math.log(value / self.low) / math.log(self.high / self.low)

    def value(self, share: float) -> float:
        """The value at a share of the axis."""
        if self.scale == "linear":
            return self.low + share * (self.high - self.low)
        return self.low * (self.high / self.low) ** share

    def place(self, value: float) -> float:
        """Where plotly wants a note of a value: at its logarithm on such an axis."""
        return math.log10(value) if self.scale == "log" else float(value)

    def clipped(self, value: float) -> float:
        """The value, or the nearer end of the axis."""
        return min(max(value, self.low), self.high)

    def ticks(self, about: int = 6) -> list[float]:
        """Round values along the axis."""
        if self.scale == "linear":
            return _even_ticks(self.low, self.high, about)
        return _log_ticks(self.low, self.high)

    def layout(self, about: int = 6, *, money: bool = False, **more: Any) -> dict[str, Any]:
        """The plotly axis, whose labels plotly writes; those of dollars where it is ``money``."""
        ends = np.array([self.low, self.high])
        ticks = self.ticks(about)
        return {
            "type": self.scale,
            "range": (ends if self.scale == "linear" else np.log10(ends)).tolist(),
            "tickvals": ticks,
            **({"tickformat": f"${number_format(ticks)}"} if money else {}),
            **more,
        }


def number_format(values: Sequence[float] | Floats, digits: int | None = None) -> str:
    """How d3, in the browser, writes numbers: with k and M where these read right.

    In full where some are below 1, which it counts in thousandths, or a billion, its G.

    >>> number_format([0, 500, 21_514]), number_format([0.15, 21_514], 3)
    ('~s', ',.3~r')
    """
    sizes = np.abs(np.asarray(values, dtype=float))
    sizes = sizes[sizes > 0]
    short = not len(sizes) or (sizes.min() >= 1 and sizes.max() < GIGA)
    precision = "" if digits is None else f".{digits}"
    return f"{precision}~s" if short else f",{precision}~r"


def rounded(low: float, high: float) -> Axis:
    """A linear axis that holds both values and begins and ends at a tick.

    >>> rounded(-48_200, 57_000)
    Axis(low=-60000.0, high=60000.0, scale='linear')
    """
    axis = Axis(low, high if high > low else low + 1.0)
    for _ in range(8):
        first, second, *_ = axis.ticks() or [axis.low, axis.high]
        step = second - first
        ends = step * math.floor(axis.low / step + 1e-9), step * math.ceil(axis.high / step - 1e-9)
        if ends == (axis.low, axis.high):
            break
        axis = Axis(*ends)
    return axis


def _even_ticks(low: float, high: float, about: int) -> list[float]:
    """Multiples of 1, 2, 2.5 or 5 times a power of ten.

    >>> _even_ticks(0, 1500, 6)
    [0.0, 250.0, 500.0, 750.0, 1000.0, 1250.0, 1500.0]
    """
    power = 10.0 ** math.floor(math.log10((high - low) / about))
    steps = [power * multiple for multiple in (1, 2, 2.5, 5, 10)]
    step = min(steps, key=lambda each: abs((high - low) / each - about))
    first = math.ceil(low / step - 1e-9)
    count = math.floor(high / step + 1e-9) - first + 1
    return [(first + i) * step for i in range(count)]


def _log_ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 times powers of ten; powers alone where the axis is long.

    >>> _log_ticks(10, 300)
    [10.0, 20.0, 50.0, 100.0, 200.0]
    """
    decades = math.log10(high / low)
    multiples = (1, 2, 5) if decades <= 3 else (1,)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    values = [m * 10.0**p for p in powers for m in multiples]
    return [v for v in values if low * (1 - 1e-9) <= v <= high * (1 + 1e-9)]


def first_above(x: Floats, y: Floats, level: float) -> float | None:
    """Where a rising curve crosses a level, by straight lines between its points; None if never."""
    above = np.flatnonzero(y > level)
    if not len(above):
        return None
    i = int(above[0])
    if i == 0:
        return float(x[0])
    share = (level - y[i - 1]) / (y[i] - y[i - 1])
    return float(x[i - 1] + share * (x[i] - x[i - 1]))

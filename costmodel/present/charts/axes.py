"""Axes with round ticks in the short forms of `costmodel.quantity.words`, linear or logarithmic."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from costmodel.cost.curve import Floats
from costmodel.present.charts.theme import GRID, MUTED

Scale = Literal["linear", "log"]


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

    def clipped(self, value: float) -> float:
        """The value, or the nearer end of the axis."""
        return min(max(value, self.low), self.high)

    def ticks(self, about: int = 6) -> list[float]:
        """Round values along the axis."""
        if self.scale == "linear":
            return _even_ticks(self.low, self.high, about)
        return _log_ticks(self.low, self.high)

    def layout(self, text: Any, about: int = 6) -> dict[str, Any]:
        """The plotly axis; ``text`` turns a value into its label."""
        ends = [self.low, self.high]
        ticks = self.ticks(about)
        return {
            "type": self.scale,
            "range": ends if self.scale == "linear" else [math.log10(end) for end in ends],
            "tickmode": "array",
            "tickvals": ticks,
            "ticktext": [text(tick) for tick in ticks],
            "tickfont": {"color": MUTED},
            "fixedrange": True,
            "gridcolor": GRID,
            "zeroline": False,
        }


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

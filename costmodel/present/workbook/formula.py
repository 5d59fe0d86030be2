"""Formulas that know what they come to: Excel text on one side, the number on the other.

Both are built by the same expression, so that every cell of a workbook carries the value Python
worked out for it, and a viewer that does not recalculate shows it. Only 0 and 1 may stand in a
formula as numbers; everything else is a cell with a unit and a source. Where a formula works on
ranges element by element it says so (`spread`) and is written as an array formula: written
plainly it would silently take one element.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import numpy as np

COMPARED, ADDED, MULTIPLIED, RAISED, WHOLE = range(5)
"""How tightly the outermost operator of a formula binds."""


@dataclass(frozen=True, eq=False)
class Formula:
    """Excel text without its `=`, and the value: a number, text, or an array for a range."""

    text: str
    value: Any
    binds: int = WHOLE
    spread: bool = False
    """Whether it works element by element on a range somewhere inside."""

    @property
    def is_range(self) -> bool:
        """Whether it stands for many values."""
        return isinstance(self.value, np.ndarray)

    def __add__(self, other: Operand) -> Formula:
        return _joined(self, "+", other, ADDED)

    def __sub__(self, other: Operand) -> Formula:
        return _joined(self, "-", other, ADDED)

    def __rsub__(self, other: Operand) -> Formula:
        return _joined(other, "-", self, ADDED)

    def __mul__(self, other: Operand) -> Formula:
        return _joined(self, "*", other, MULTIPLIED)

    def __truediv__(self, other: Operand) -> Formula:
        return _joined(self, "/", other, MULTIPLIED)

    def __pow__(self, other: Operand) -> Formula:
        return _joined(self, "^", other, RAISED)

    def __gt__(self, other: Operand) -> Formula:
        return _joined(self, ">", other, COMPARED)

    def __lt__(self, other: Operand) -> Formula:
        return _joined(self, "<", other, COMPARED)

    def __ge__(self, other: Operand) -> Formula:
        return _joined(self, ">=", other, COMPARED)

    def __le__(self, other: Operand) -> Formula:
        return _joined(self, "<=", other, COMPARED)

    def differs_from(self, other: Formula) -> Formula:
        """`<>`, element by element."""
        return _joined(self, "<>", other, COMPARED)


Operand = Formula | int

_OPERATORS = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "^": np.power,
    ">": np.greater,
    "<": np.less,
    ">=": np.greater_equal,
    "<=": np.less_equal,
    "<>": np.not_equal,
}


def of(operand: Operand | str) -> Formula:
    """An operand as a formula. Raises TypeError for a number that belongs in a cell of its own.

    >>> (of(1) - Formula("load_factor", 0.7)).text
    '1-load_factor'
    """
    if isinstance(operand, Formula):
        return operand
    if isinstance(operand, str):
        quoted = operand.replace('"', '""')
        return Formula(f'"{quoted}"', operand)
    if operand not in (0, 1):
        raise TypeError(f"{operand} needs a cell of its own: no constant stands in a formula")
    return Formula(str(int(operand)), float(operand))


def _joined(left: Operand, operator: str, right: Operand, binds: int) -> Formula:
    """Two formulas and an operator; the right side is bracketed where it binds no tighter.

    >>> a, b = Formula("a", 6.0), Formula("b", 2.0)
    >>> ((a - (b - a)) / (a + b)).text, ((a - (b - a)) / (a + b)).value
    ('(a-(b-a))/(a+b)', 1.25)
    """
    one, two = of(left), of(right)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        value = _OPERATORS[operator](one.value, two.value)
    return Formula(
        f"{_bracketed(one, binds)}{operator}{_bracketed(two, binds + 1)}",
        value if isinstance(value, np.ndarray) else value.item(),
        binds,
        one.spread or two.spread or one.is_range or two.is_range,
    )


def _bracketed(part: Formula, binds: int) -> str:
    return part.text if part.binds >= binds else f"({part.text})"


def call(name: str, value: Any, *arguments: Operand | str) -> Formula:
    """A worksheet function, with what it comes to."""
    parts = [of(argument) for argument in arguments]
    value = value.item() if isinstance(value, np.generic) else value
    spread = any(part.spread for part in parts)
    return Formula(f"{name}({','.join(part.text for part in parts)})", value, spread=spread)


def total(*parts: Operand) -> Formula:
    """The sum of all values of all parts."""
    return call("SUM", sum(float(np.sum(of(part).value)) for part in parts), *parts)


def added(parts: Iterable[Formula]) -> Formula:
    """Parts joined by `+`; element by element where they are ranges."""
    return reduce(add, parts)


def mean(part: Formula) -> Formula:
    """The mean of a range."""
    return call("AVERAGE", float(np.mean(part.value)), part)


def largest(*parts: Operand) -> Formula:
    """The largest value of all parts."""
    return call("MAX", max(float(np.max(of(part).value)) for part in parts), *parts)


def smallest(*parts: Operand) -> Formula:
    """The smallest value of all parts."""
    return call("MIN", min(float(np.min(of(part).value)) for part in parts), *parts)


def either(condition: Formula, yes: Operand | str, no: Operand | str) -> Formula:
    """`IF`, element by element on ranges.

    >>> load = Formula("A1:A3", np.array([1.0, 5.0, 3.0]))
    >>> found = either(load > Formula("B1", 2.0), load, 0)
    >>> found.text, found.value.tolist(), found.spread
    ('IF(A1:A3>B1,A1:A3,0)', [0.0, 5.0, 3.0], True)
    """
    one, two = of(yes), of(no)
    if condition.is_range:
        value: Any = np.where(condition.value, one.value, two.value)
    else:
        value = one.value if condition.value else two.value
    return call("IF", value, condition, one, two)


def larger(one: Formula, two: Formula) -> Formula:
    """The larger of two, element by element where one is a range (`MAX` would take the largest)."""
    if one.is_range or two.is_range:
        return either(one > two, one, two)
    return largest(one, two)


def whole_units(load: Formula, tolerance: Formula) -> Formula:
    """Whole units that carry a load, as `costmodel.cost.curve.whole_units`: `ceil(load - 1e-9)`.

    >>> whole_units(Formula("load", 2.0000000001), Formula("tolerance", 1e-9)).value
    2.0
    """
    inside = tolerance - load
    value = -np.floor(inside.value) + 0.0
    value = value if isinstance(value, np.ndarray) else float(value)
    return Formula(f"-INT({inside.text})", value, ADDED, inside.spread)


def row_of(value: Formula, ascending: Formula) -> Formula:
    """The place in an ascending range of the last entry that is not above a value."""
    place = float(np.searchsorted(ascending.value, value.value, side="right"))
    return call("MATCH", place, value, ascending, 1)


def entry(column: Formula, place: Formula) -> Formula:
    """The entry of a range at a place counted from 1."""
    return call("INDEX", float(column.value[int(place.value) - 1]), column, place)

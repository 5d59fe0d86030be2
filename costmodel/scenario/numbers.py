"""Numbers a scenario may hold: quantities with bounds, and the base of every part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from costmodel.quantity.quantity import Quantity


def _bounded(allowed: Callable[[float], bool], rule: str) -> AfterValidator:
    def check(quantity: Quantity) -> Quantity:
        for number in (quantity.value, quantity.low, quantity.high):
            if number is not None and not allowed(number):
                raise ValueError(f"{rule}, not {number:g}")
        return quantity

    return AfterValidator(check)


Positive = Annotated[Quantity, _bounded(lambda x: x > 0, "must be above 0")]
NotNegative = Annotated[Quantity, _bounded(lambda x: x >= 0, "must be 0 or more")]
Share = Annotated[Quantity, _bounded(lambda x: 0 <= x <= 1, "must be a share from 0 to 1")]
PositiveShare = Annotated[
    Quantity, _bounded(lambda x: 0 < x <= 1, "must be a share above 0, at most 1")
]
AtLeastOne = Annotated[Quantity, _bounded(lambda x: x >= 1, "must be 1 or more")]
Count = Annotated[
    Quantity, _bounded(lambda x: x >= 0 and x == int(x), "must be a whole number, 0 or more")
]
PositiveCount = Annotated[
    Quantity, _bounded(lambda x: x >= 1 and x == int(x), "must be a whole number, 1 or more")
]
MOST_RATE = 1.0
"""Of a rate: past 100 % a period, percent were written for a share."""
AnyRate = Annotated[
    Quantity,
    _bounded(
        lambda x: -1 < x <= MOST_RATE,
        f"must be above -1 and at most {MOST_RATE:g} (a rate: 0.1 is 10 %)",
    ),
]


def stated(value: float) -> Any:
    """A default."""
    return Field(default=Quantity(value=value))


AS_STATED = "; range as stated"
"""After the source of a value whose range is the user's own."""


class Part(BaseModel):
    """Base of every part of a scenario: frozen, and no key goes unread."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Spread(Part):
    """How far a figure may be off: its 10th and 90th percentile as multiples of its value."""

    low: float
    high: float

    @model_validator(mode="after")
    def _around_one(self) -> Spread:
        if not (0 < self.low <= 1 <= self.high < float("inf")):
            raise ValueError(
                "low and high are multiples of the value, as 0.8 and 1.3: 0 < low <= 1 <= high "
                f"must hold, not {self.low:g} and {self.high:g}"
            )
        return self

    def over(self, known: Quantity) -> Quantity:
        """The figure with this range in place of its own; with 1 and 1 it has none."""
        if self.low == self.high:
            return known.model_copy(update={"low": None, "high": None})
        source = f"{(known.source or 'the scenario').removesuffix(AS_STATED)}{AS_STATED}"
        ends = {"low": known.value * self.low, "high": known.value * self.high}
        return known.model_copy(update={**ends, "source": source})


def one_of(part: Part, *names: str, required: bool = True) -> None:
    """Raise ValueError unless one of the named fields is stated; at most one if not required."""
    given = [name for name in names if getattr(part, name) is not None]
    if len(given) > 1:
        raise ValueError(f"say one of {', '.join(names)}, not {' and '.join(given)} together")
    if required and not given:
        raise ValueError(f"needs one of: {', '.join(names)}")

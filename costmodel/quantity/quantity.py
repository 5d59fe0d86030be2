"""A number that knows its unit's range, its kind, its source and its date.

Scenarios, the book and reports all state numbers this way, so that every figure can be traced
to where it came from. Arithmetic happens elsewhere, on plain floats and arrays.
"""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic_core import CoreSchema

Kind = Literal["measured", "anchored", "estimated", "listed", "assumed"]
KINDS: tuple[Kind, ...] = ("measured", "listed", "anchored", "estimated", "assumed")
"""How a number is known, from the best evidence to the weakest."""


class Quantity(BaseModel):
    """A value with an optional 80 % range and its provenance.

    Accepts a plain number, a range ``{low, likely, high}`` or the full form
    ``{value, low, high, kind, source, as_of}``. ``low`` and ``high`` are the 10th and 90th
    percentile; ``value`` (``likely``) is what a point evaluation uses.

    >>> Quantity.model_validate({"low": 10, "likely": 20, "high": 50}).value
    20.0
    >>> Quantity.model_validate("500e6").value
    500000000.0
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: float = Field(description="The value a point evaluation uses.")
    low: float | None = Field(default=None, description="10th percentile.")
    high: float | None = Field(default=None, description="90th percentile.")
    kind: Kind | None = Field(default=None, description="How the number is known.")
    source: str | None = Field(default=None, description="Where the number stands.")
    as_of: date | None = Field(default=None, description="When the source said so.")

    @model_validator(mode="before")
    @classmethod
    def _from_plain_or_range(cls, data: Any) -> Any:
        if isinstance(data, bool):
            raise ValueError(f"a number is needed here, not {str(data).lower()}")
        if isinstance(data, int | float | str):
            return {"value": data}
        if isinstance(data, dict) and "likely" in data:
            if "value" in data:
                raise ValueError("say either likely: or value:, not both")
            data = {**data, "value": data["likely"]}
            del data["likely"]
        if isinstance(data, dict) and "value" not in data:
            raise ValueError("a range needs likely: (or value:) beside low: and high:")
        return data

    @model_validator(mode="after")
    def _in_order(self) -> Quantity:
        numbers = [n for n in (self.low, self.value, self.high) if n is not None]
        if not all(math.isfinite(n) for n in numbers):
            raise ValueError("must be a finite number")
        if (self.low is None) != (self.high is None):
            raise ValueError("a range needs both low: and high:")
        if numbers != sorted(numbers):
            low, likely, high = (f"{n:,.10g}" for n in numbers)
            raise ValueError(
                f"low <= likely <= high must hold: low is {low}, likely {likely}, high {high}"
            )
        return self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """A plain number, a range or the full form: what editors check against."""
        full = handler.resolve_ref_schema(handler(core_schema))
        properties = {**full["properties"], "likely": full["properties"]["value"]}
        either = [{"required": ["value"]}, {"required": ["likely"]}]
        spelled = {key: value for key, value in full.items() if key != "required"}
        return {
            "title": full.get("title", "Quantity"),
            "anyOf": [{"type": "number"}, {**spelled, "properties": properties, "oneOf": either}],
        }

    @property
    def is_range(self) -> bool:
        """Whether low and high are stated."""
        return self.low is not None

    def scaled(self, factor: float) -> Quantity:
        """Value and range multiplied; where they come from stays.

        >>> Quantity(value=2.0, low=1.0, high=4.0).scaled(3.0).high
        12.0
        """
        numbers = {"value": self.value, "low": self.low, "high": self.high}
        return self.model_copy(
            update={name: n if n is None else n * factor for name, n in numbers.items()}
        )

    def __float__(self) -> float:
        return self.value

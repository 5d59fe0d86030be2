"""Profiles that go by a name: how traffic varies over a week, with what each shape rests on."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from costmodel.book.records import Id, Record
from costmodel.quantity.quantity import Kind

Day = Annotated[tuple[Annotated[float, Field(ge=0)], ...], Field(min_length=24, max_length=24)]


class TrafficProfile(Record):
    """Rates by hour of the week, from Monday 00:00 UTC; only their proportions matter."""

    id: Id
    name: str = Field(description="What a chart or a table calls it.")
    weekday: Day = Field(description="24 rates, Monday to Friday.")
    saturday: Day = Field(description="24 rates.")
    sunday: Day = Field(description="24 rates.")
    kind: Kind
    source: str = Field(min_length=3)
    as_of: date
    note: str | None = None

    @property
    def weights(self) -> tuple[float, ...]:
        """168 weights with a mean of 1."""
        rates = (*self.weekday * 5, *self.saturday, *self.sunday)
        mean = sum(rates) / len(rates)
        return tuple(rate / mean for rate in rates)


class TrafficProfiles(Record):
    """`data/profiles.yaml`."""

    profiles: tuple[TrafficProfile, ...]

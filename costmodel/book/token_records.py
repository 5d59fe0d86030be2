"""Records of token prices: what one endpoint charges, and the rows of the pricing files.

A :class:`TokenPrice` is the answer to "what does this model cost at this provider at this
moment", with its source; the other records are the rows of `pricing/api_corrections.yaml` and
`pricing/open_models.yaml`. Nothing here looks a price up.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal

from pydantic import Field, model_validator

from costmodel.book.records import Record
from costmodel.cost.api import PriceTier, TokenPrices, mean_prices
from costmodel.errors import InputError
from costmodel.quantity.quantity import Kind

UsdPerMtok = Annotated[float, Field(ge=0, description="USD per million tokens.")]
BatchCached = Literal["standard cached price", "batch input price"]

_MINUTES_PER_DAY = 24 * 60


class DayPart(Record):
    """The prices from one time of day (UTC) until the next part starts or the day ends."""

    from_utc: time = Field(description="Start of the part, UTC; the first part starts at 00:00.")
    tiers: tuple[PriceTier, ...] = Field(description="Prices by total input of the request.")
    batch: tuple[PriceTier, ...] | None = Field(
        default=None, description="Batch prices; null where none are known."
    )
    usd_per_request: float = Field(default=0.0, ge=0, description="Flat fee, USD per request.")

    @property
    def prices(self) -> TokenPrices:
        """The part as numbers."""
        return TokenPrices(self.tiers, self.batch, self.usd_per_request)

    @property
    def start_minute(self) -> int:
        """Minutes after midnight UTC."""
        return 60 * self.from_utc.hour + self.from_utc.minute


class TokenPrice(Record):
    """What one model costs per token at one provider, at one moment.

    `schedule` covers the 24 hours of the day of `at`; it has one part unless the price depends
    on the time of day. `tiers` and `batch` are those in force at `at` itself.
    """

    provider: str
    model: str = Field(description="The provider's id of the model.")
    name: str
    at: datetime = Field(description="The moment the price is for, UTC.")
    schedule: tuple[DayPart, ...] = Field(min_length=1)
    batch_stacks: bool | None = Field(
        default=None,
        description="Whether a cached token in a batch gets both discounts; null where unknown "
        "or where one of the two does not exist. The batch tiers already say what it pays.",
    )
    retires: date | None = Field(default=None, description="First day without the endpoint.")
    context_window: int | None = Field(default=None, description="Tokens, as the source lists it.")
    precision: str | None = Field(
        default=None, description="Served number format; null is unknown, not 16-bit."
    )
    priced_apart: tuple[str, ...] = Field(
        default=(),
        description="Things the provider bills beside plain text tokens (searches, audio): not "
        "part of the price here.",
    )
    kind: Kind = "listed"
    source: str
    as_of: date | None = Field(default=None, description="When the source said so.")
    notes: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """`provider/model`, as `costmodel prices` prints it."""
        return f"{self.provider}/{self.model}"

    @property
    def part(self) -> DayPart:
        """The part of the day that holds `at`."""
        return self._part_at(60 * self.at.hour + self.at.minute)

    @property
    def tiers(self) -> tuple[PriceTier, ...]:
        """Prices at `at` by total input of the request."""
        return self.part.tiers

    @property
    def batch(self) -> tuple[PriceTier, ...] | None:
        """Batch prices at `at`; None where none are known: never a standard price in disguise."""
        return self.part.batch

    @property
    def depends_on_hour(self) -> bool:
        """Whether the price changes within the day; then bill by `hourly_prices`."""
        return len(self.schedule) > 1

    @property
    def retired(self) -> bool:
        """Whether the endpoint is gone at `at`; its price is then history."""
        return self.retires is not None and self.retires <= self.at.date()

    def retires_by(self, day: date) -> bool:
        """Whether the endpoint is known to be gone on `day`."""
        return self.retires is not None and self.retires <= day

    def prices(self, hour_utc: int | None = None) -> TokenPrices:
        """The numbers at `at`, or averaged over the hour that starts at `hour_utc` (0..23)."""
        if hour_utc is None:
            return self.part.prices
        if not 0 <= hour_utc < 24:
            raise InputError(f"an hour of the day is 0 to 23, not {hour_utc}")
        minutes = self._minutes_in_hour(hour_utc)
        return mean_prices([part.prices for part, _ in minutes], [each for _, each in minutes])

    def hourly_prices(self) -> tuple[TokenPrices, ...]:
        """The numbers of each UTC hour, 00 to 23; an hour with a change in it is averaged."""
        return tuple(self.prices(hour) for hour in range(24))

    def _part_at(self, minute: int) -> DayPart:
        return next(part for part in reversed(self.schedule) if part.start_minute <= minute)

    def _minutes_in_hour(self, hour: int) -> list[tuple[DayPart, int]]:
        ends = [*(part.start_minute for part in self.schedule[1:]), _MINUTES_PER_DAY]
        overlaps = (
            (part, min(end, 60 * (hour + 1)) - max(part.start_minute, 60 * hour))
            for part, end in zip(self.schedule, ends, strict=True)
        )
        return [(part, minutes) for part, minutes in overlaps if minutes > 0]

    @model_validator(mode="after")
    def _whole_day(self) -> TokenPrice:
        starts = [part.start_minute for part in self.schedule]
        if starts[0] != 0 or starts != sorted(set(starts)):
            raise ValueError("the parts of a day ascend from 00:00")
        if self.at.utcoffset() != timedelta(0):
            raise ValueError("`at` must be in UTC")
        return self


# -------------------------------------------------------------------- pricing/api_corrections


class Bundle(Record):
    """Which version of the price library the corrections were checked against."""

    name: str
    version: str
    as_of: date = Field(description="What day that version is known to reach, at least.")
    source: str


class Sourced(Record):
    """A row about one endpoint."""

    provider: str
    model: str = Field(description="The provider's id of the model.")
    source: str = Field(min_length=3)
    as_of: date
    note: str | None = None


class PriceRow(Sourced):
    """A price the library lacks, or has wrong."""

    input_usd_per_mtok: UsdPerMtok
    output_usd_per_mtok: UsdPerMtok
    cached_input_usd_per_mtok: UsdPerMtok | None = None
    cache_write_usd_per_mtok: UsdPerMtok | None = None
    since: date | None = Field(
        default=None, description="First day of the price; absent where it holds for every day."
    )
    context_window: int | None = Field(default=None, gt=0, description="Tokens.")

    @property
    def tier(self) -> PriceTier:
        """The row as numbers."""
        return PriceTier(
            0.0,
            self.input_usd_per_mtok,
            self.output_usd_per_mtok,
            self.cached_input_usd_per_mtok,
            self.cache_write_usd_per_mtok,
        )


class EndpointFact(Sourced):
    """What is known about an endpoint besides its price."""

    retires: date | None = Field(default=None, description="First day without the endpoint.")
    precision: str | None = Field(default=None, description="Served number format, one of ours.")

    @model_validator(mode="after")
    def _says_something(self) -> EndpointFact:
        if self.retires is None and self.precision is None:
            raise ValueError("say retires: or precision:, else the row has no use")
        return self


class BatchFact(Record):
    """What a cached token pays inside a batch where the provider's batch table is silent."""

    provider: str
    unlisted_cached_input: BatchCached
    source: str
    as_of: date


class ApiCorrections(Record):
    """`pricing/api_corrections.yaml`: what is laid over the library's token prices."""

    library: Bundle
    prices: tuple[PriceRow, ...]
    endpoints: tuple[EndpointFact, ...]
    batch: tuple[BatchFact, ...]

    @model_validator(mode="after")
    def _each_once(self) -> ApiCorrections:
        for rows in (self.prices, self.endpoints):
            seen: set[tuple[str, str]] = set()
            for row in rows:
                key = (row.provider, row.model.lower())
                if key in seen:
                    raise ValueError(f"{row.provider}/{row.model} stands twice; merge the rows")
                seen.add(key)
        return self


# ------------------------------------------------------------------------ pricing/open_models


class OpenModels(Record):
    """`pricing/open_models.yaml`: who serves which open weights."""

    hosts: dict[str, tuple[Annotated[str, Field(pattern=r"^[^/]+/.+$")], ...]] = Field(
        description="Our short model id -> endpoints as provider/model."
    )

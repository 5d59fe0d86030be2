"""People, platform, time and currency: what a scenario says beside workloads and options."""

from __future__ import annotations

from pydantic import Field

from costmodel.quantity.units import DAYS_PER_MONTH, HOURS_PER_MONTH
from costmodel.scenario.numbers import (
    AnyRate,
    NotNegative,
    Part,
    Positive,
    stated,
)


class Calendar(Part):
    """What a month is."""

    days_per_month: Positive = stated(DAYS_PER_MONTH)
    hours_per_month: Positive = stated(HOURS_PER_MONTH)


class Hours(Part):
    """Engineering hours."""

    hours_per_month: NotNegative


class Platform(Part):
    """What running any fleet costs beside people."""

    usd_per_month: NotNegative


class Overheads(Part):
    """People and platform; what is left out comes from the book."""

    usd_per_hour: NotNegative | None = None
    per_fleet: Hours | None = None
    per_api: Hours | None = None
    platform: Platform | None = None


class Finance(Part):
    """Money over time: what `costmodel cashflow` adds up.

    Rates are a year's. ``gpu_price_change_per_year`` moves what is rented by the hour at once, and
    a commitment when it is renewed. The traffic moves over within ``ramp_months``, by equal steps:
    in month m of a ramp of r months, m/r of it has moved, in month r all of it; 1 is no ramp.
    """

    horizon_months: Positive | None = None
    discount_rate: AnyRate | None = None
    api_price_change_per_year: AnyRate | None = None
    gpu_price_change_per_year: AnyRate | None = None
    one_off_usd: NotNegative | None = None
    ramp_months: NotNegative | None = None


class Display(Part):
    """The currency results are shown in; inputs stay USD."""

    currency: str = Field(pattern=r"^[A-Z]{3}$")
    usd_per_unit: Positive

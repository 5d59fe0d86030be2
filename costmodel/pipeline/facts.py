"""What was looked up for a scenario: plain records, complete enough to be frozen into a file.

A frozen scenario carries these along and evaluates offline, whatever a later book says.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from costmodel.book.token_records import TokenPrice
from costmodel.quantity.quantity import Kind, Quantity


class Facts(BaseModel):
    """Base of what a lookup found: frozen and complete, so that it can be written to a file."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class PurchaseFacts(Facts):
    """What an owned GPU costs up front, and what a month's bill counts in its place."""

    price_usd: float
    residual_share: float
    life_months: float
    capital_usd_per_month: float


class OfferFacts(Facts):
    """One offer with its price."""

    name: str
    terms: Literal["on-demand", "reserved", "spot", "owned", "serverless"]
    usd_per_gpu_hour: Quantity
    replicas: float | None = None
    committed: bool = False
    optimal: bool = False
    """Whether the number of replicas is chosen, not stated."""
    interruption_overhead: Quantity | None = None
    """Share of a spot replica's time that interruptions take."""
    term_months: float | None = None
    """How long a commitment holds; None where it is not said."""
    purchase: PurchaseFacts | None = None


class CapacityFacts(Facts):
    """What one replica serves of one workload, running flat out."""

    requests_per_s: Quantity
    output_tokens_per_s: float
    concurrency: float | None = None
    ttft_ms: float | None = None
    tpot_ms: float | None = None
    provenance: str
    sources: tuple[str, ...] = ()


class FleetFacts(Facts):
    """What is known about a self-hosted option."""

    gpus_per_replica: float
    offers: tuple[OfferFacts, ...]
    capacity: dict[str, CapacityFacts]
    """By workload."""
    fit: dict[str, Any] | None = None
    architecture: dict[str, Any] | None = None
    start_minutes: Quantity | None = None
    """Billed for each start, and ``idle_minutes`` after the last request, where serverless."""
    idle_minutes: Quantity | None = None
    not_met: dict[str, str] = Field(default_factory=dict)
    """Why it cannot serve, by workload ("" for all of them): does not fit, misses the SLO."""


class PriceChange(Facts):
    """A price that is already known to change: from which day, to what."""

    day: date
    input_usd_per_mtok: float
    output_usd_per_mtok: float


class EndpointFacts(Facts):
    """What is known about a listed endpoint besides its price; only warnings depend on it."""

    open_weights: bool = False
    reasons: bool = False
    """Whether the model thinks before it answers, and bills it."""
    changes: tuple[PriceChange, ...] = ()


class OptionFacts(Facts):
    """Everything looked up for one option."""

    of: str = ""
    """A mark of the option it belongs to, written when it is frozen: it may be edited since."""
    price: TokenPrice | None = None
    endpoint: EndpointFacts | None = None
    fleet: FleetFacts | None = None
    prefix_cached: FleetFacts | None = None
    """The fleet if it hit a prefix cache as often as the workloads allow; None where stated."""


class ProfileFacts(Facts):
    """How a workload's traffic varies over the week, where the scenario only names it."""

    name: str
    hourly: tuple[float, ...]
    """168 weights from Monday 00:00 UTC with a mean of 1."""
    log: str | None = None
    """The request log it was read from."""
    peak_to_mean: float | None = None
    """Where a log tells this ratio and not the hours; then those are assumed."""
    burst_factor: float | None = None
    """Of a log; None where the scenario has the only say."""
    kind: Kind
    source: str
    as_of: date | None = None


class OverheadFacts(Facts):
    """People and platform."""

    usd_per_hour: Quantity
    fleet_hours_per_month: Quantity
    api_hours_per_month: Quantity
    platform_usd_per_month: Quantity


class QualityFacts(Facts):
    """Whether an option's answers are good enough for a workload, and how that is known."""

    stands: bool
    standing: str
    """reference, likely, not established, unlikely, no data; accepted; pass, fail, inconclusive."""
    reason: str
    kind: Kind
    source: str
    as_of: date | None = None

    @property
    def words(self) -> str:
        """What is known, in a phrase."""
        return self.reason or self.standing


class WorkloadQuality(Facts):
    """The quality of every API and self-hosted option for one workload that asks for it."""

    of: str
    """A mark of what it was looked up for: the scenario may be edited since."""
    floor: float | None = None
    margin: float | None = None
    options: dict[str, QualityFacts]


class Resolved(Facts):
    """All that was looked up for a scenario."""

    options: dict[str, OptionFacts]
    overheads: OverheadFacts
    profiles: dict[str, ProfileFacts] = Field(default_factory=dict)
    """By workload, where its profile names its hours."""
    quality: dict[str, WorkloadQuality] = Field(default_factory=dict)
    """By workload; those that ask for no quality are not in it."""
    book: dict[str, str] = Field(default_factory=dict)

    def with_prefix_cache(self) -> Resolved | None:
        """The facts if own GPUs hit a prefix cache; None where that is not open for any fleet."""
        if all(facts.prefix_cached is None for facts in self.options.values()):
            return None
        options = {
            name: facts.model_copy(update={"fleet": facts.prefix_cached or facts.fleet})
            for name, facts in self.options.items()
        }
        return self.model_copy(update={"options": options})

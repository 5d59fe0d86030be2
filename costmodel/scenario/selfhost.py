"""Serving an open model on own GPUs: the replica, its capacity, and the terms GPUs are had on."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from costmodel.scenario.numbers import (
    AtLeastOne,
    Count,
    NotNegative,
    Part,
    Positive,
    PositiveCount,
    PositiveShare,
    Share,
    Spread,
    one_of,
    stated,
)
from costmodel.scenario.open_choices import OneOrMore

_OWNED_FIELDS = (
    "usd_per_gpu",
    "life_months",
    "residual_share",
    "kw_per_gpu",
    "pue",
    "usd_per_kwh",
    "colo_usd_per_kw_month",
    "maintenance_share_per_year",
)


class Offer(Part):
    """Terms on which GPUs are had: a price from the book, or one stated here."""

    terms: Literal["on-demand", "reserved", "spot", "owned", "serverless"]
    provider_class: Literal["hyperscaler", "neocloud", "marketplace"] | None = Field(
        default=None, alias="class"
    )
    provider: str | None = None
    quantile: Literal["median", "min", "max"] | float | None = None
    region: str | None = None
    replicas: Literal["optimal"] | PositiveCount | None = None
    """Replicas on these terms; ``optimal`` commits to those that are cheaper than elastic ones."""
    usd_per_gpu_hour: Positive | None = None
    discount: Share | None = None
    """Off the on-demand price, where no reserved price is listed."""
    term_months: Positive | None = None
    usd_per_gpu_second: Positive | None = None
    usd_per_gpu: Positive | None = None
    life_months: Positive | None = None
    residual_share: Share | None = None
    kw_per_gpu: Positive | None = None
    pue: AtLeastOne | None = None
    usd_per_kwh: NotNegative | None = None
    colo_usd_per_kw_month: NotNegative | None = None
    maintenance_share_per_year: Share | None = None
    """Of the purchase price."""
    interruption_overhead: Share | None = None
    """Share of a spot replica's time that interruptions take; from the book where left out."""
    price_spread: Spread | None = None
    """How far the rental price may be off, where it is looked up."""
    source: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> Offer:
        if self.terms == "owned" and self.usd_per_gpu is None and self.usd_per_gpu_hour is None:
            raise ValueError("an owned offer needs usd_per_gpu (the purchase price)")
        if self.terms == "serverless" and self.usd_per_gpu_second is None:
            raise ValueError("a serverless offer needs usd_per_gpu_second")
        for name in _OWNED_FIELDS if self.terms != "owned" else ():
            if getattr(self, name) is not None:
                raise ValueError(f"{name} belongs to an owned offer, not to {self.terms}")
        if self.usd_per_gpu_second is not None and self.terms != "serverless":
            raise ValueError(f"usd_per_gpu_second belongs to serverless, not to {self.terms}")
        if self.interruption_overhead is not None:
            if self.terms != "spot":
                raise ValueError(f"interruption_overhead belongs to spot, not to {self.terms}")
            if self.interruption_overhead.value >= 1:
                raise ValueError("interruption_overhead must be below 1: all capacity is lost")
        if self.replicas == "optimal" and self.terms not in ("reserved", "owned"):
            raise ValueError(
                f"replicas: optimal is for a commitment (reserved or owned), not for {self.terms}"
            )
        self._check_looked_up()
        return self

    def _check_looked_up(self) -> None:
        """What goes with a price from the book goes with no other."""
        if self.discount is not None and self.terms == "owned":
            raise ValueError("discount is off a rental price; an owned offer has usd_per_gpu")
        if self.discount is not None and self.usd_per_gpu_hour is not None:
            raise ValueError("say usd_per_gpu_hour or discount, not both")
        if self.price_spread is not None and self.has_own_price:
            raise ValueError(
                "price_spread is for a price that is looked up; a stated one takes low, likely "
                "and high itself"
            )

    @property
    def has_own_price(self) -> bool:
        """Whether nothing is looked up in a price list."""
        stated = (self.usd_per_gpu_hour, self.usd_per_gpu_second, self.usd_per_gpu)
        return any(price is not None for price in stated)


class Throughput(Part):
    """A known capacity of one replica at the workload's shape."""

    requests_per_s: Positive | None = None
    output_tokens_per_s: Positive | None = None
    total_tokens_per_s: Positive | None = None
    bench: str | None = None
    source: str | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Throughput:
        one_of(self, "requests_per_s", "output_tokens_per_s", "total_tokens_per_s", "bench")
        return self


def _throughput_form(data: Any) -> str:
    """One throughput for all workloads, or one by workload name: the values tell."""
    if not isinstance(data, dict) or not data:
        return "all"
    numbers = {"value", "likely", "low", "high"}
    by_workload = (
        isinstance(item, Throughput) or (isinstance(item, dict) and not numbers & set(item))
        for item in data.values()
    )
    return "each" if all(by_workload) else "all"


ThroughputByWorkload = Annotated[
    Annotated[Throughput, Tag("all")] | Annotated[dict[str, Throughput], Tag("each")],
    Discriminator(_throughput_form),
]


class Queueing(Part):
    """Replicas so that the 95th percentile wait stays below this, in place of a load factor."""

    wait_p95_ms: Positive


class ExtraCost(Part):
    """A monthly cost of its own."""

    name: str
    usd: NotNegative
    source: str | None = None


class SelfHost(Part):
    """An open model on own GPUs, rented or bought."""

    model: OneOrMore | None = None
    format: OneOrMore | None = None
    kernel: str | None = None
    gpu: OneOrMore | None = None
    tp: PositiveCount | None = None
    engine: str | None = None
    engine_version: str | float | None = None
    kv_dtype: OneOrMore | None = None
    concurrency: Positive | None = None
    gpu_memory_utilization: PositiveShare | None = None
    gpus_per_replica: PositiveCount | None = None
    throughput: ThroughputByWorkload | None = None
    throughput_spread: Spread | None = None
    """In place of the range that an estimate or a measurement has of its own."""
    prefix_cache_share: Share = stated(0.0)
    input_token_ratio: Positive | None = None
    output_token_ratio: Positive | None = None
    offers: tuple[Offer, ...] = Field(min_length=1)
    scaling: Literal["always-on", "scheduled", "serverless"] = "always-on"
    load_factor: PositiveShare | None = None
    queueing: Queueing | None = None
    spare_replicas: Count | None = None
    min_replicas: Count | None = None
    """Replicas kept on at least: 1, and 0 where they are started on demand (serverless)."""
    node_gpus: PositiveCount = stated(1.0)
    start_minutes: NotNegative | None = None
    """Billed for each replica that is started: 0, and the book's cold start for serverless."""
    idle_minutes: NotNegative | None = None
    """Serverless: how long a replica stays on after its last request; from the book if left out."""
    replicas: Count | None = None
    extra_monthly: tuple[ExtraCost, ...] = ()
    source: str | None = None

    @model_validator(mode="after")
    def _consistent(self) -> SelfHost:
        if self.throughput is None and not (self.model and self.format and self.gpu):
            raise ValueError("needs model, format and gpu, or a throughput of its own")
        if self.model is None and self.gpus_per_replica is None and self.tp is None:
            raise ValueError("without a model it needs gpus_per_replica")
        if self.tp and self.gpus_per_replica and self.tp.value != self.gpus_per_replica.value:
            raise ValueError("tp and gpus_per_replica contradict each other; say one")
        spares = self.spare_replicas.value if self.spare_replicas else 0.0
        if self.replicas is not None and spares >= self.replicas.value:
            raise ValueError("replicas counts the spares too: it must exceed spare_replicas")
        if self.queueing is not None and self.load_factor is not None:
            raise ValueError("queueing replaces load_factor; say one")
        if any(offer.replicas is None for offer in self.offers[:-1]):
            raise ValueError("every offer but the last needs replicas: committed ones come first")
        if self.offers[-1].replicas is not None and self.replicas is None:
            raise ValueError("the last offer serves what is left: leave its replicas out")
        self._check_best_mix()
        self._check_serverless()
        return self

    def _check_best_mix(self) -> None:
        chosen = [offer for offer in self.offers if offer.replicas == "optimal"]
        if len(chosen) > 1:
            raise ValueError("replicas: optimal goes with one commitment; state the others")
        if chosen and self.replicas is not None:
            raise ValueError("replicas pins the fleet; then an offer cannot say replicas: optimal")
        if chosen and (self.is_serverless or self.offers[-1].terms == "spot"):
            raise ValueError(
                "replicas: optimal is worked out against on-demand GPUs; state a number beside "
                "spot or serverless ones"
            )

    @property
    def is_serverless(self) -> bool:
        """Whether replicas are started on demand and billed by the second."""
        return self.scaling == "serverless" or self.offers[-1].terms == "serverless"

    def _check_serverless(self) -> None:
        if any(offer.terms == "serverless" for offer in self.offers[:-1]):
            raise ValueError("a serverless offer serves what is left: it comes last")
        if not self.is_serverless:
            if self.idle_minutes is not None:
                raise ValueError("idle_minutes belongs to scaling: serverless")
            return
        if self.scaling == "scheduled":
            raise ValueError("a serverless offer scales by itself: leave scaling out")
        if self.offers[-1].terms in ("reserved", "owned"):
            raise ValueError(
                f"{self.offers[-1].terms} GPUs bill every hour: serverless needs an offer that "
                "is billed by use"
            )
        if self.queueing is not None:
            raise ValueError(
                "queueing sizes replicas that are kept on; serverless starts them on demand: "
                "say load_factor"
            )
        if self.replicas is not None:
            raise ValueError("replicas pins a fleet, serverless scales itself; say min_replicas")
        if self.node_gpus.value > 1:
            raise ValueError("node_gpus is a purchase quantum; serverless bills by replica")

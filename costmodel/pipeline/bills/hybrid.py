"""The bill of a hybrid: own GPUs for the base load, an API for what they cannot carry.

Own replicas are on all month and run full; what an hour brings beyond them overflows. Which
number of replicas is the best at a volume, and how overflow is billed, is `costmodel.cost.hybrid`;
here is what goes into it, and what its bill is made of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from costmodel.cost.breakeven import WinningSet
from costmodel.cost.curve import Floats
from costmodel.cost.hybrid import Hybrid
from costmodel.cost.terms import FleetTerms, Offer
from costmodel.pipeline.bills.api import ApiBill
from costmodel.pipeline.bills.bill import Bill, Held, Place, curve_of, weakest
from costmodel.pipeline.bills.fleet import FleetBill
from costmodel.pipeline.bills.records import BillLine, FleetResult, FleetWeek
from costmodel.quantity.quantity import Kind
from costmodel.quantity.units import HOURS_PER_WEEK

OVERFLOW = "API overflow"


@dataclass(frozen=True, eq=False)
class HybridBill(Bill):
    """Own base load with overflow to an API."""

    own: FleetBill
    overflow: ApiBill
    pinned: float | None
    """Own replicas where they are stated; else their number is the best at each volume."""
    spare_replicas: float

    @property
    def can_be_billed(self) -> bool:
        """Whether its hours keep their proportions as the volume moves, and tokens are bought."""
        load = self.own.load.served
        together = np.allclose(load.base * load.per_volume.sum(), load.per_volume * load.base.sum())
        return bool(together) and not self.overflow.is_provisioned

    @cached_property
    def hybrid(self) -> Hybrid:
        """The numbers behind it: what is carried, what overflows, and at what price."""
        terms = replace(
            self.own.terms,
            offers=self.offers,
            spare_replicas=self.spare_replicas,
            pinned_replicas=self.pinned,
            scaling="always-on",
        )
        return Hybrid(
            load=self.own.load.served,
            list_usd=self.overflow.hourly_list_usd,
            contract=self.overflow.contract,
            terms=terms,
            fleet_usd=self.own.fixed_usd,
            api_usd=self.overflow.people_usd,
        )

    @property
    def offers(self) -> tuple[Offer, ...]:
        """Own replicas of a hybrid are on all month: a commitment of open size serves them all,
        where it is the cheaper one, or none.
        """
        terms = self.own.terms
        chosen = terms.best_mix
        if chosen is None:
            return terms.offers
        cheaper = min((chosen, terms.elastic), key=lambda offer: offer.usd_per_gpu_hour)
        fixed = tuple(offer for offer in terms.offers[:-1] if not offer.optimal)
        return (*fixed, cheaper)

    # ----------------------------------------------------------------------- what it comes to

    def at(self, volumes: ArrayLike) -> Floats:
        """What it comes to at each volume, with the best number of own replicas there."""
        return self.hybrid(volumes)

    def wins(self, against: Bill) -> WinningSet:
        """Every volume at which it is lower, whatever the number of own replicas."""
        return self.hybrid.winning_set(curve_of(against))

    # ---------------------------------------------------------------------------- what it is

    @property
    def evidence(self) -> Kind:
        """The weaker of its parts."""
        return weakest((self.own.evidence, self.overflow.evidence))

    def lines(self, volume: float) -> Iterator[BillLine]:
        """The own fleet, if any runs, then what overflows and the people who watch the API."""
        own_usd, api = self._own_usd(volume), self.overflow
        if own_usd > 0:
            yield from self.own.offer_lines(self.hybrid.terms, own_usd - self.own.fixed_usd)
            yield from self.own.fixed_lines()
        overflow_usd = self.usd(volume) - own_usd - api.people_usd
        yield BillLine(OVERFLOW, overflow_usd, api.price.kind, api.price.source)
        yield api.people_line

    def fleet(self, volume: float) -> FleetResult:
        """The own replicas at a volume, and how busy what they carry keeps them."""
        replicas, load = self._replicas(volume), self.own.load.served(volume)
        gpu_usd = max(0.0, self._own_usd(volume) - self.own.fixed_usd)
        carried = self.hybrid.terms.carried(np.array(max(0.0, replicas - self.spare_replicas)))
        busy, mean = float(np.minimum(load, carried).mean()), float(load.mean())
        utilisation = busy / replicas if replicas else 0.0
        units = float(self.hybrid.billed_units(np.array([volume]))[0])
        return FleetResult(
            replicas=replicas,
            gpus=units * self.own.terms.gpus_per_unit,
            fit=self.own.facts.fit,
            throughput=self.own.throughput,
            capacity_tokens_per_day_per_replica=self.own.tokens_per_day(volume) / mean
            if mean
            else 0.0,
            utilisation=utilisation,
            idle_usd=gpu_usd * (1.0 - utilisation),
            all_in_multiple=None,
        )

    def week(self, volume: float) -> Mapping[str, FleetWeek]:
        """Own replicas are on all week; what they cannot carry overflows."""
        terms, load = self.hybrid.terms, self.own.load.served(volume)
        flat = np.full(HOURS_PER_WEEK, self._replicas(volume))
        needed = np.maximum(terms.serving(load), 0.0) + self.spare_replicas
        return {"": FleetWeek(load, needed, flat, terms.committed_replicas, "hybrid")}

    def runs_gpus(self, volumes: ArrayLike) -> NDArray[np.bool_]:
        """Whether the best number of own replicas is any at all."""
        return self.hybrid.billed_units(volumes) > 0

    def _replicas(self, volume: float) -> float:
        return float(self.hybrid.replicas(np.array([volume]))[0])

    def _own_usd(self, volume: float) -> float:
        return float(self.hybrid.own_usd(np.array([volume]))[0])

    # -------------------------------------------------------------------------- a later month

    def at_prices(self, api: float, gpu: float) -> Self:
        """Both parts at other prices."""
        if api == 1.0 and gpu == 1.0:
            return self
        own, overflow = self.own.at_prices(api, gpu), self.overflow.at_prices(api, gpu)
        return replace(self, own=own, overflow=overflow)

    @property
    def fleet_terms(self) -> Mapping[str, FleetTerms]:
        """Those of its fleet, as the scenario has them."""
        return self.own.fleet_terms

    def units_needed(self, place: Place, volumes: ArrayLike) -> Floats:
        """Own units on a commitment: as stated, or all others where it is the offer they are on."""
        volumes, terms = np.asarray(volumes, dtype=float), self.own.terms
        offer = terms.offers[place[1]]
        if offer is not terms.elastic and not offer.optimal:
            return np.full(volumes.shape, terms.units_of(offer))
        if offer is not self.offers[-1]:
            return np.zeros(volumes.shape)
        beside = self.hybrid.terms.committed_units
        return np.maximum(self.hybrid.billed_units(volumes) - beside, 0.0)

    def units_wanted(self, part: str, volume: float) -> float:
        """As many as it runs at the cheapest of its offers."""
        cheapest = min(self.own.terms.offers, key=lambda offer: offer.usd_per_gpu_hour)
        free = replace(cheapest, optimal=False, replicas=None)
        own = replace(self.own, terms=replace(self.own.terms, offers=(free,)))
        return float(replace(self, own=own).hybrid.billed_units(np.array([volume]))[0])

    def with_commitments(self, held: Mapping[Place, Held]) -> Self:
        """Own units as they are held; further ones on the offer they are on."""
        return replace(self, own=self.own.with_commitments(held, self.offers[-1]))

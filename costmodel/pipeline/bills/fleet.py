"""The bill of a self-hosted option over volume: GPUs by load and terms, and what is not GPUs.

Utilisation, idle dollars and the all-in multiple are results of the capacity arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from costmodel.cost.commitment import break_even_hours
from costmodel.cost.crossing import Staircase
from costmodel.cost.curve import CostCurve, Floats, PiecewiseLinear, whole_units
from costmodel.cost.fleet import (
    FleetUse,
    Sizing,
    best_commitment,
    both_sizings,
    fewest_units,
    fleet_use,
    gpu_bill,
    replicas_needed,
    sizing_load,
    unit_lines,
    unit_steps,
)
from costmodel.cost.load import FleetLoad
from costmodel.cost.queueing import Queue
from costmodel.cost.serverless import on_demand
from costmodel.cost.terms import FleetTerms, Offer
from costmodel.pipeline.bills.bill import Bill, Held, Place, by_draw, curve_of, people_line, weakest
from costmodel.pipeline.bills.records import (
    BillLine,
    Commitment,
    FleetResult,
    FleetWeek,
    WaterfallStep,
)
from costmodel.pipeline.bills.terms import DEFAULT_LOAD_FACTOR, Slots
from costmodel.pipeline.bills.traffic import Traffic, daily_tokens
from costmodel.pipeline.facts import FleetFacts, OverheadFacts
from costmodel.quantity.quantity import Kind
from costmodel.quantity.units import HOURS_PER_WEEK
from costmodel.quantity.words import tokens_per_day
from costmodel.scenario import ExtraCost, SelfHost

ENGINEERING, PLATFORM = "engineering", "platform"
"""Names of the fixed lines every fleet has."""


@dataclass(frozen=True, eq=False)
class FleetBill(Bill):
    """A self-hosted option over volume: its load, its terms and what a fleet costs beside GPUs."""

    selfhost: SelfHost
    facts: FleetFacts
    """What was looked up: its offers are those of the terms, with their sources."""
    overheads: OverheadFacts
    traffic: tuple[Traffic, ...]
    """What it serves."""
    load: FleetLoad
    terms: FleetTerms
    slots: Slots | None = None
    """Requests a replica holds and how long; None where that is not known."""

    # --------------------------------------------------------------------------- what it costs

    @cached_property
    def gpus(self) -> CostCurve:
        """The GPU bill alone."""
        return gpu_bill(self.load, self.terms)

    @cached_property
    def gpus_without_spares(self) -> CostCurve:
        """The GPU bill if nothing were kept free."""
        terms, spares = self.terms, self.terms.spare_replicas
        pinned = None if terms.pinned_replicas is None else terms.pinned_replicas - spares
        return gpu_bill(self.load, replace(terms, spare_replicas=0, pinned_replicas=pinned))

    @cached_property
    def fixed(self) -> Mapping[str, float]:
        """Monthly lines that do not depend on volume: people, platform, extras."""
        people = self.overheads
        fixed = {
            ENGINEERING: people.usd_per_hour.value * people.fleet_hours_per_month.value,
            PLATFORM: people.platform_usd_per_month.value,
        }
        for extra in self.selfhost.extra_monthly:
            fixed[extra.name] = fixed.get(extra.name, 0.0) + extra.usd.value
        return fixed

    @cached_property
    def fixed_usd(self) -> float:
        """Everything but GPUs."""
        return sum(self.fixed.values())

    @cached_property
    def curve(self) -> CostCurve:
        """The bill over volume."""
        return CostCurve(
            self.gpus.linear + PiecewiseLinear.line(self.fixed_usd),
            self.gpus.steps,
            self.gpus.limit,
        )

    # ------------------------------------------------------------------------------ what it is

    @property
    def evidence(self) -> Kind:
        """How its throughputs and prices are known."""
        speeds = [capacity.requests_per_s for capacity in self.facts.capacity.values()]
        prices = [offer.usd_per_gpu_hour for offer in self.facts.offers]
        return weakest(quantity.kind for quantity in speeds + prices)

    def lines(self, volume: float) -> Iterator[BillLine]:
        """GPUs by offer, then what does not depend on volume."""
        chosen = float(self.best_commitment(volume))
        yield from self.offer_lines(self.terms, float(self.gpus(volume)), chosen)
        yield from self.fixed_lines()

    def offer_lines(
        self, terms: FleetTerms, gpu_usd: float, chosen_units: float = 0.0
    ) -> Iterator[BillLine]:
        """The GPU bill by offer: commitments in full, the last offer for what is left.

        ``terms`` hold some or all of the fleet's offers; ``chosen_units`` are on the offer whose
        size is chosen, not stated.
        """
        for offer in terms.offers[:-1]:
            units = chosen_units if offer.optimal else terms.units_of(offer)
            usd = units * terms.unit_month_usd(offer)
            gpu_usd -= usd
            yield self._offer_line(offer, usd)
        yield self._offer_line(terms.elastic, gpu_usd)

    def _offer_line(self, offer: Offer, usd: float) -> BillLine:
        price = self.facts.offers[self.terms.offers.index(offer)].usd_per_gpu_hour
        return BillLine(offer.name, usd, price.kind or "assumed", price.source or "the scenario")

    def fixed_lines(self) -> Iterator[BillLine]:
        """People, platform and extras."""
        extras = {extra.name: _known_from(extra) for extra in self.selfhost.extra_monthly}
        hours, rate = self.overheads.fleet_hours_per_month, self.overheads.usd_per_hour
        for name, usd in self.fixed.items():
            if name in extras:
                yield BillLine(name, usd, *extras[name])
            elif name == ENGINEERING:
                yield people_line(name, usd, hours, rate)
            elif usd:
                yield BillLine(name, usd, "assumed", "the scenario")

    # --------------------------------------------------------------------- the fleet behind it

    def use(self, volume: ArrayLike) -> FleetUse:
        """Where the replicas go."""
        return fleet_use(self.load, self.terms, volume)

    def best_commitment(self, volume: ArrayLike) -> Floats:
        """Purchase units on the offer whose size is chosen."""
        return best_commitment(self.load, self.terms, volume)

    def sizing(self, volume: float, load_factor: float | None = None) -> Sizing | None:
        """Replicas by load factor and by queueing; None where replicas are started on demand."""
        terms = self.terms
        if terms.scaling == "serverless":
            return None
        usual = terms.load_factor if terms.queue is None else DEFAULT_LOAD_FACTOR
        found = both_sizings(self.load, terms, volume, load_factor or usual)
        if self.slots is None:
            return found
        provided = replicas_needed(self.load, terms, volume)
        serving = np.maximum(provided - terms.spare_replicas, terms.committed_replicas)
        peaks = sizing_load(self.load, terms)(volume)
        queue = Queue(self.slots.requests, self.slots.service_s, wait_s=1.0)
        wait_s = queue.wait_at(terms.effective(serving), peaks).max()
        return replace(found, wait_p95_ms=float(wait_s) * 1000.0 if np.isfinite(wait_s) else None)

    def remarks(self, volume: float) -> Iterator[tuple[str, str]]:
        """How many replicas a wait asks for, and whether a pinned fleet is too small."""
        sizing = self.sizing(volume) if self.terms.queue is not None else None
        if self.terms.queue is not None and sizing is not None:
            yield (
                "queueing",
                f"{sizing.replicas_by_queueing:g} replicas hold a 95th percentile wait of "
                f"{1000 * self.terms.queue.wait_s:g} ms; a load factor of "
                f"{sizing.load_factor:g} would ask for {sizing.replicas_by_load_factor:g}.",
            )
        if not self.serves(volume):
            busy = float(self.load.served.mean()(volume)[0])
            yield (
                "capacity_exceeded",
                f"the pinned fleet of {self.terms.pinned_replicas:g} replicas serves "
                f"{tokens_per_day(self.limit)} at most; the mean load alone keeps "
                f"{busy:.1f} replicas busy.",
            )

    def met_by(self, api: Bill) -> float:
        """The volume at which an API's bill reaches the smallest fleet's; 0 where none does."""
        if self.terms.pinned_replicas is not None or api.people_usd is None:
            return 0.0
        slope = float(curve_of(api).linear.slopes[-1])
        return (float(self.curve(0.0)) - api.people_usd) / slope if slope > 0 else 0.0

    def grown_to(self, volume: float) -> float | None:
        """Whole replicas that a volume needs; None where the smallest fleet is enough."""
        whole = float(self.use(volume).whole)
        return whole if whole > max(1.0, self.terms.min_replicas) else None

    def fleet(self, volume: float) -> FleetResult:
        """What the fleet looks like at a volume."""
        use, gpu_usd, terms = self.use(volume), float(self.gpus(volume)), self.terms
        billed, busy = float(use.billed), float(use.busy)
        spare_usd = gpu_usd - float(self.gpus_without_spares(volume))
        chosen = float(self.best_commitment(volume)) * terms.replicas_per_unit
        utilisation = busy / billed if billed else 0.0
        return FleetResult(
            replicas=max(float(use.with_spares), terms.committed_replicas, chosen),
            gpus=billed / terms.replicas_per_unit * terms.gpus_per_unit,
            fit=self.facts.fit,
            throughput=self.throughput,
            capacity_tokens_per_day_per_replica=self.tokens_per_day(volume) / busy if busy else 0.0,
            utilisation=utilisation,
            idle_usd=gpu_usd * max(0.0, 1.0 - utilisation),
            all_in_multiple=(gpu_usd + self.fixed_usd) / (gpu_usd - spare_usd)
            if gpu_usd > spare_usd
            else None,
            waterfall=tuple(self._waterfall(use, gpu_usd)),
            sizing=self.sizing(volume),
            commitments=tuple(self._committed(chosen)),
        )

    def tokens_per_day(self, volume: float) -> float:
        """Tokens a day this fleet serves at a point of the volume axis."""
        return daily_tokens(self.traffic, volume)

    @property
    def throughput(self) -> dict[str, Mapping[str, object]]:
        """The capacity of a replica by workload, for the workloads this fleet serves."""
        served = [traffic.workload.name for traffic in self.traffic]
        return {name: self.facts.capacity[name].model_dump(mode="json") for name in served}

    def _committed(self, chosen: float) -> Iterator[Commitment]:
        """Committed offers beside the elastic one, each with the hours from which it pays."""
        terms = self.terms
        for offer in terms.offers[:-1]:
            hours = break_even_hours(
                offer.usd_per_gpu_hour, terms.elastic.usd_per_gpu_hour, terms.hours_per_month
            )
            replicas = chosen if offer.optimal else offer.replicas or 0.0
            yield Commitment(offer.name, replicas, hours if np.isfinite(hours) else None)

    def _waterfall(self, use: FleetUse, gpu_usd: float) -> Iterator[WaterfallStep]:
        """From the mean load at full speed to the all-in bill; the steps add up to it."""
        billed = float(use.billed)
        usd_per_replica = gpu_usd / billed if billed else 0.0
        on_demand = self.terms.scaling == "serverless"
        levels = [
            ("Mean load, full speed", min(float(use.busy), float(use.whole))),
            (
                "Load factor" if self.terms.queue is None else "Queueing",
                min(float(use.with_headroom), float(use.whole)),
            ),
            ("Peaks and bursts", float(use.with_peaks)),
            ("Starts and idle time" if on_demand else "Whole replicas", float(use.whole)),
            ("Kept warm" if on_demand else "Spares", float(use.with_spares)),
            ("Nodes, commitments, starts", billed),
        ]
        before = 0.0
        for name, level in levels:
            step = (level - before) * usd_per_replica
            if name != "Nodes, commitments, starts" or abs(step) > 0.005:
                yield WaterfallStep(name, step)
            before = level
        people = self.fixed[ENGINEERING]
        yield WaterfallStep("People", people)
        yield WaterfallStep("Other", self.fixed_usd - people)

    def week(self, volume: float) -> Mapping[str, FleetWeek]:
        """Its replicas hour by hour."""
        terms, load = self.terms, self.load.served(volume)
        chosen = float(self.best_commitment(volume)) * terms.replicas_per_unit
        committed = terms.committed_replicas + chosen
        if terms.scaling == "serverless":
            found, at = on_demand(self.load, terms), np.array(volume)
            needed = np.maximum(found.work(at), np.minimum(1.0, found.wakes(at)))
            provided = np.maximum(needed, max(found.warm, committed))
            return {"": FleetWeek(load, needed, provided, committed, terms.scaling)}
        by_hour = terms.serving(self.load.sized_for(volume))
        needed = np.maximum(terms.min_replicas, by_hour) + terms.spare_replicas
        on = np.broadcast_to(replicas_needed(self.load, terms, volume), (HOURS_PER_WEEK,))
        if not terms.by_the_hour and not chosen and terms.elastic.committed:
            committed = float(on.max())
        nodes = whole_units(np.maximum(on, committed) / terms.replicas_per_unit)
        provided = nodes * terms.replicas_per_unit
        return {"": FleetWeek(load, needed, provided, committed, terms.scaling)}

    # -------------------------------------------------------------------------- a later month

    def at_prices(self, api: float, gpu: float) -> Self:
        """The bill with GPU prices times a factor."""
        if gpu == 1.0:
            return self
        offers = tuple(_repriced(offer, gpu, self.terms) for offer in self.terms.offers)
        return replace(self, terms=replace(self.terms, offers=offers))

    @property
    def fleet_terms(self) -> Mapping[str, FleetTerms]:
        """Its terms."""
        return {"": self.terms}

    def units_needed(self, place: Place, volumes: ArrayLike) -> Floats:
        """Purchase units on a commitment: stated, chosen, or all that the load needs."""
        volumes, offer = np.asarray(volumes, dtype=float), self.terms.offers[place[1]]
        if offer.optimal:
            return self.best_commitment(volumes)
        if offer is not self.terms.elastic:
            return np.full(volumes.shape, self.terms.units_of(offer))
        beside = self.terms.committed_units + self.best_commitment(volumes)
        return np.maximum(self._units(volumes) - beside, 0.0)

    def _units(self, volumes: Floats) -> Floats:
        """All purchase units of a fleet that is on all month."""
        terms = self.terms
        if terms.pinned_replicas is None:
            return unit_steps(self.load, terms)(volumes)
        return np.full(
            volumes.shape, float(whole_units(terms.pinned_replicas / terms.replicas_per_unit))
        )

    def units_wanted(self, part: str, volume: float) -> float:
        """As many as pay off where the number is chosen, else as the busiest hour needs."""
        terms, at = self.terms, np.array([volume])
        replicas = replicas_needed(self.load, terms, at).max()
        busiest = float(whole_units(replicas / terms.replicas_per_unit))
        if terms.best_mix is None:
            return busiest
        return min(busiest, terms.committed_units + float(self.best_commitment(at)[0]))

    def with_commitments(self, held: Mapping[Place, Held], open_offer: Offer | None = None) -> Self:
        """With units as they are held; ``open_offer``, else the last one, serves the rest."""
        terms = self.terms
        offers = [
            _stated(offer, held.get(("", i)), terms)
            for i, offer in enumerate(terms.offers)
            if ("", i) in held or offer is not terms.elastic
        ]
        last = replace(open_offer or terms.elastic, optimal=False, replicas=None)
        return replace(self, terms=replace(terms, offers=(*offers, last)))

    # ---------------------------------------------------------------------- many draws at once

    @property
    def is_drawable(self) -> bool:
        """Where it is a line and a staircase, or one an hour."""
        terms = self.terms
        return (
            terms.pinned_replicas is None
            and terms.queue is None
            and terms.best_mix is None
            and terms.scaling != "serverless"
        )

    @property
    def staircase(self) -> Staircase | None:
        """An always-on fleet of one peak; None where it is more than that."""
        if not self.is_drawable or self.terms.by_the_hour:
            return None
        lines = unit_lines(self.load, self.terms)
        if max(np.shape(lines.base)[-1], np.shape(lines.per_volume)[-1]) > 1:
            return None
        base, slope = (np.squeeze(each[..., 0]) for each in (lines.base, lines.per_volume))
        return Staircase(*self._drawn_usd, base, slope, fewest_units(self.terms))

    @property
    def _drawn_usd(self) -> tuple[Floats, Floats]:
        """What no unit moves, and what each unit bills, by draw."""
        terms, usd = self.terms, by_draw(self.terms.unit_month_usd(self.terms.elastic))
        committed = by_draw(terms.committed_usd) - terms.committed_units * usd
        return committed + by_draw(self.fixed_usd), usd

    def drawn(self, volumes: Floats) -> Floats:
        """``fixed + units x USD``, the units those of the largest line or of every hour."""
        terms, (fixed, usd) = self.terms, self._drawn_usd
        load, fewest = unit_lines(self.load, terms)(volumes), fewest_units(terms)
        if terms.by_the_hour:
            return fixed + _hours_billed(load, fewest, terms.start_minutes / 60.0) * usd
        units = load[..., 0] if load.shape[-1] == 1 else load.max(axis=-1)
        whole = _whole(units, fewest)
        if whole.shape != np.broadcast_shapes(whole.shape, np.shape(usd), np.shape(fixed)):
            return fixed + whole * usd
        whole *= usd
        whole += fixed
        return whole


def _known_from(extra: ExtraCost) -> tuple[Kind, str]:
    """How an extra cost is known, and from where."""
    source = extra.usd.source or extra.source
    return extra.usd.kind or ("listed" if source else "assumed"), source or "the scenario"


def _repriced(offer: Offer, factor: float, terms: FleetTerms) -> Offer:
    """An offer at another price; of an owned GPU only what it is bought for."""
    if offer.purchase is None:
        return replace(offer, usd_per_gpu_hour=offer.usd_per_gpu_hour * factor)
    capital = offer.purchase.capital_usd_per_month / terms.hours_per_month
    return replace(
        offer,
        usd_per_gpu_hour=offer.usd_per_gpu_hour + (factor - 1.0) * capital,
        purchase=offer.purchase.scaled(factor),
    )


def _stated(offer: Offer, held: Held | None, terms: FleetTerms) -> Offer:
    """An offer of as many units as are held, at what they cost."""
    if held is None:
        return offer
    return replace(
        offer,
        optimal=False,
        replicas=held.units * terms.replicas_per_unit,
        usd_per_gpu_hour=held.usd_per_gpu_hour,
    )


def _hours_billed(load: Floats, fewest: float, start_hours: float) -> Floats:
    """Units of the mean hour, and what starting the units that each hour adds bills."""
    units = _whole(load, fewest)
    billed = units.mean(axis=-1)
    if start_hours:
        added = np.maximum(units - np.roll(units, 1, axis=-1), 0.0)
        billed = billed + start_hours * added.mean(axis=-1)
    return billed


def _whole(load: Floats, fewest: float) -> Floats:
    units = whole_units(load)
    return np.maximum(fewest, units, out=units)

"""A bill in a later month: at other prices, and with the commitments made before it.

The kernels stay those of one month. What binds is a `Commitment`: reserved or owned units, whose
number may be stated, chosen, or what the load needs. No months are summed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from costmodel.cost.curve import Floats, whole_units
from costmodel.cost.fleet import replicas_needed, unit_steps
from costmodel.cost.terms import FleetTerms, Offer
from costmodel.pipeline.bills.api import ApiBill
from costmodel.pipeline.bills.build import Bill, HybridBill, MixBill
from costmodel.pipeline.bills.fleet import FleetBill

Place = tuple[str, int]
"""The part of a mix ("" where there is none), and the place of an offer in its fleet."""


@dataclass(frozen=True)
class Held:
    """What is held of a commitment in one month: purchase units, and what a GPU of them costs."""

    units: float
    usd_per_gpu_hour: float


# ------------------------------------------------------------------------------------- prices


def at_prices(bill: Bill, api: float, gpu: float) -> Bill:
    """The bill with API list prices and GPU prices times a factor each.

    People, power and colocation, and what a contract fixes (a commitment in dollars, a unit's
    price), stay as they are.
    """
    if api == 1.0 and gpu == 1.0:
        return bill
    if isinstance(bill, ApiBill):
        return replace(bill, hourly_prices=tuple(p.scaled(api) for p in bill.hourly_prices))
    if isinstance(bill, FleetBill):
        offers = tuple(_priced(offer, gpu, bill.terms) for offer in bill.terms.offers)
        return replace(bill, terms=replace(bill.terms, offers=offers))
    if isinstance(bill, HybridBill):
        fleet, served = at_prices(bill.fleet, api, gpu), at_prices(bill.api, api, gpu)
        assert isinstance(fleet, FleetBill)
        assert isinstance(served, ApiBill)
        return replace(bill, fleet=fleet, api=served)
    return replace(bill, parts={name: at_prices(p, api, gpu) for name, p in bill.parts.items()})


def _priced(offer: Offer, factor: float, terms: FleetTerms) -> Offer:
    """An offer at another price; of an owned GPU only what it is bought for."""
    if offer.purchase is None:
        return replace(offer, usd_per_gpu_hour=offer.usd_per_gpu_hour * factor)
    capital = offer.purchase.capital_usd_per_month / terms.hours_per_month
    return replace(
        offer,
        usd_per_gpu_hour=offer.usd_per_gpu_hour + (factor - 1.0) * capital,
        purchase=offer.purchase.scaled(factor),
    )


# -------------------------------------------------------------------------------- commitments


def fleets(bill: Bill) -> dict[str, FleetBill | HybridBill]:
    """The fleets of a bill by part."""
    if isinstance(bill, MixBill):
        return {name: part for name, part in bill.parts.items() if isinstance(part, FleetBill)}
    return {"": bill} if isinstance(bill, FleetBill | HybridBill) else {}


def terms_of(fleet: FleetBill | HybridBill) -> FleetTerms:
    """The terms as the scenario has them."""
    return fleet.fleet.terms if isinstance(fleet, HybridBill) else fleet.terms


def commitments(bill: Bill) -> dict[Place, Offer]:
    """Every offer that binds, by its place."""
    return {
        (part, i): offer
        for part, fleet in fleets(bill).items()
        for i, offer in enumerate(terms_of(fleet).offers)
        if offer.committed
    }


def units_needed(bill: Bill, place: Place, volume: ArrayLike) -> Floats:
    """Purchase units that the best bill at each volume has on a commitment."""
    volume = np.asarray(volume, dtype=float)
    fleet = fleets(bill)[place[0]]
    offers = terms_of(fleet).offers
    offer = offers[place[1]]
    if offer is not offers[-1] and not offer.optimal:
        return np.full(volume.shape, terms_of(fleet).units_of(offer))
    if isinstance(fleet, HybridBill):
        if offer is not fleet.offers[-1]:
            return np.zeros(volume.shape)
        beside = fleet.hybrid.terms.committed_units
        return np.maximum(fleet.hybrid.billed_units(volume) - beside, 0.0)
    if offer.optimal:
        return fleet.best_commitment(volume)
    beside = fleet.terms.committed_units + fleet.best_commitment(volume)
    return np.maximum(_units(fleet, volume) - beside, 0.0)


def _units(fleet: FleetBill, volume: Floats) -> Floats:
    """All purchase units of a fleet that is on all month."""
    terms = fleet.terms
    if terms.pinned_replicas is not None:
        return np.full(
            volume.shape, float(whole_units(terms.pinned_replicas / terms.replicas_per_unit))
        )
    return unit_steps(fleet.load, terms)(volume)


def with_commitments(bill: Bill, held: Mapping[Place, Held]) -> Bill:
    """The bill with its commitments as they are held; what they do not serve is had as before."""
    if isinstance(bill, MixBill):
        parts = {
            name: _committed(part, name, held) if isinstance(part, FleetBill) else part
            for name, part in bill.parts.items()
        }
        return replace(bill, parts=parts)
    if isinstance(bill, FleetBill):
        return _committed(bill, "", held)
    if isinstance(bill, HybridBill):
        return replace(bill, fleet=_committed(bill.fleet, "", held, bill.offers[-1]))
    return bill


def _committed(
    fleet: FleetBill, part: str, held: Mapping[Place, Held], open_offer: Offer | None = None
) -> FleetBill:
    terms = fleet.terms
    offers = [
        _stated(offer, held.get((part, i)), terms)
        for i, offer in enumerate(terms.offers)
        if (part, i) in held or i < len(terms.offers) - 1
    ]
    last = replace(open_offer or terms.elastic, optimal=False, replicas=None)
    return replace(fleet, terms=replace(terms, offers=(*offers, last)))


def _stated(offer: Offer, held: Held | None, terms: FleetTerms) -> Offer:
    if held is None:
        return offer
    replicas = held.units * terms.replicas_per_unit
    price = held.usd_per_gpu_hour
    return replace(offer, optimal=False, replicas=replicas, usd_per_gpu_hour=price)


def units_wanted(bill: Bill, part: str, volume: float) -> float:
    """Committed purchase units that a fleet would have at a volume, nothing being committed yet.

    As many as pay off where the number is chosen, as the busiest hour needs where it is stated,
    and as a hybrid runs.
    """
    fleet, at = fleets(bill)[part], np.array([volume])
    if isinstance(fleet, HybridBill):
        cheapest = min(terms_of(fleet).offers, key=lambda offer: offer.usd_per_gpu_hour)
        free = replace(cheapest, optimal=False, replicas=None)
        anew = replace(fleet.fleet, terms=replace(fleet.fleet.terms, offers=(free,)))
        return float(replace(fleet, fleet=anew).hybrid.billed_units(at)[0])
    terms = fleet.terms
    replicas = replicas_needed(fleet.load, terms, at).max()
    busiest = float(whole_units(replicas / terms.replicas_per_unit))
    if terms.best_mix is None:
        return busiest
    return min(busiest, terms.committed_units + float(fleet.best_commitment(at)[0]))

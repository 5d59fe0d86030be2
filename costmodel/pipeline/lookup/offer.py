"""What a GPU-hour costs on an offer's terms: stated, listed in the book, or owned.

Hourly costs of owned hardware are the annuity of its price, maintenance, power and colocation
over the month's hours.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from costmodel.book import Book
from costmodel.cost.curve import Floats
from costmodel.cost.ownership import monthly_annuity
from costmodel.errors import InputError
from costmodel.pipeline.facts import OfferFacts, PurchaseFacts
from costmodel.quantity.quantity import Kind, Quantity
from costmodel.quantity.units import SECONDS_PER_HOUR
from costmodel.scenario import Offer, Scenario, SelfHost


def offer_facts(offer: Offer, selfhost: SelfHost, scenario: Scenario, book: Book) -> OfferFacts:
    """The price of an offer, what interruptions take of it, and what it binds to.

    The offer is `defaults.completed`.
    """
    purchase = _purchase(offer, scenario)
    return OfferFacts(
        name=" ".join(filter(None, (offer.provider or offer.provider_class, offer.terms, "GPUs"))),
        terms=offer.terms,
        usd_per_gpu_hour=_usd_per_gpu_hour(offer, purchase, selfhost, scenario, book),
        replicas=offer.replicas.value if isinstance(offer.replicas, Quantity) else None,
        committed=offer.terms in ("reserved", "owned"),
        optimal=offer.replicas == "optimal",
        interruption_overhead=offer.interruption_overhead,
        term_months=_term_months(offer, purchase),
        purchase=purchase,
    )


def _term_months(offer: Offer, purchase: PurchaseFacts | None) -> float | None:
    """How long the offer binds: a reservation's term, a purchase's life."""
    if purchase is not None:
        return purchase.life_months
    return offer.term_months.value if offer.terms == "reserved" and offer.term_months else None


def _usd_per_gpu_hour(
    offer: Offer,
    purchase: PurchaseFacts | None,
    selfhost: SelfHost,
    scenario: Scenario,
    book: Book,
) -> Quantity:
    if offer.terms == "owned":
        return _owned_usd_per_hour(offer, purchase, selfhost, scenario, book)
    if offer.usd_per_gpu_second is not None:
        return _sourced(offer.usd_per_gpu_second.scaled(SECONDS_PER_HOUR), offer)
    return _rented_usd_per_hour(offer, selfhost, book)


def _sourced(stated: Quantity, offer: Offer) -> Quantity:
    kind: Kind = stated.kind or ("listed" if offer.source else "assumed")
    source = stated.source or offer.source or "the scenario"
    return stated.model_copy(update={"kind": kind, "source": source})


def _rented_usd_per_hour(offer: Offer, selfhost: SelfHost, book: Book) -> Quantity:
    if offer.usd_per_gpu_hour is not None:
        return _sourced(offer.usd_per_gpu_hour, offer)
    if selfhost.gpu is None:
        raise InputError("without a gpu the offer needs usd_per_gpu_hour")
    if offer.terms in ("owned", "serverless"):
        raise InputError(f"an offer on {offer.terms} terms needs its own price")
    discounted = offer.discount is not None
    price = book.gpu_price(
        selfhost.gpu,
        "on-demand" if discounted else offer.terms,
        provider_class=offer.provider_class,
        provider=offer.provider,
        quantile=offer.quantile if offer.quantile is not None else "median",
        term_months=int(offer.term_months.value) if offer.term_months else None,
        region=offer.region,
    )
    left = 1.0 - offer.discount.value if offer.discount else 1.0
    note = f", less {1 - left:.0%} for the commitment" if discounted else ""
    listed = Quantity(
        value=price.usd_per_gpu_hour * left,
        kind="assumed" if discounted else price.kind,
        source=price.source + note,
        as_of=price.as_of,
    )
    return offer.price_spread.over(listed) if offer.price_spread else listed


def _purchase(offer: Offer, scenario: Scenario) -> PurchaseFacts | None:
    """What is paid up front for an owned GPU; None where only its cost by the hour is stated."""
    if offer.usd_per_gpu is None:
        return None
    assert offer.life_months is not None
    return PurchaseFacts(
        price_usd=offer.usd_per_gpu.value,
        residual_share=_number(offer.residual_share),
        life_months=offer.life_months.value,
        capital_usd_per_month=float(_capital(offer, scenario)),
    )


def _owned_usd_per_hour(
    offer: Offer,
    purchase: PurchaseFacts | None,
    selfhost: SelfHost,
    scenario: Scenario,
    book: Book,
) -> Quantity:
    if purchase is None:
        assert offer.usd_per_gpu_hour is not None
        return offer.usd_per_gpu_hour
    assert offer.pue is not None
    kw, yearly = _kw(offer, selfhost, book), _number(scenario.finance.discount_rate)
    at = f"at {yearly:.3g} a year" if yearly else "in a straight line, no discount_rate"
    shares = (
        ("maintenance", offer.maintenance_share_per_year),
        ("colo", offer.colo_usd_per_kw_month),
    )
    parts = [name for name, share in shares if _number(share)]
    return Quantity(
        value=float(_owned_usd(offer, kw, scenario)),
        kind="assumed",
        source=f"purchase ${purchase.price_usd:,.0f} over {purchase.life_months:g} months {at}; "
        f"{kw:.3g} kW at PUE {offer.pue.value:g}{''.join(f', {part}' for part in parts)}",
    )


def _owned_usd(offer: Offer, kw: ArrayLike, scenario: Scenario) -> Floats:
    """An owned GPU, per hour of the month; arrays where the numbers are draws.

    annuity(price, residual) + price x maintenance / 12 + kW x PUE x hours x USD/kWh + kW x colo,
    over the month's hours.
    """
    hours, kw = scenario.calendar.hours_per_month.value, np.asarray(kw, dtype=float)
    maintenance = _number(offer.usd_per_gpu) * _number(offer.maintenance_share_per_year) / 12.0
    power = kw * _number(offer.pue) * hours * _number(offer.usd_per_kwh)
    colo = kw * _number(offer.colo_usd_per_kw_month)
    return (_capital(offer, scenario) + maintenance + power + colo) / hours


def _capital(offer: Offer, scenario: Scenario) -> Floats:
    """The annuity at ``finance.discount_rate``; without one it is the straight line [USD/month]."""
    price = _number(offer.usd_per_gpu)
    return monthly_annuity(
        price,
        price * _number(offer.residual_share),
        _number(offer.life_months),
        _number(scenario.finance.discount_rate),
    )


def _number(quantity: Quantity | None) -> float:
    return 0.0 if quantity is None else quantity.value


def _kw(offer: Offer, selfhost: SelfHost, book: Book) -> float:
    """Power of a GPU with its share of the server: as stated, or from the card's rating."""
    if offer.kw_per_gpu is not None:
        return offer.kw_per_gpu.value
    tdp_w = book.gpu(selfhost.gpu).tdp_w if selfhost.gpu is not None else None
    if tdp_w is None:
        raise InputError("an owned offer needs kw_per_gpu: the power of a GPU and its server [kW]")
    return tdp_w / 1000.0 * book.cost("server_power_per_gpu_power").value


# ---------------------------------------------------------------------- with other numbers in it


def moved_offer(
    known: OfferFacts, before: Scenario, after: Scenario, at: tuple[int, int], book: Book
) -> OfferFacts:
    """The facts of an offer, ``at`` (option, offer), once its numbers are those of ``after``.

    These may be arrays of draws. The price moves in proportion, so that what was looked up or
    frozen stays. What is paid up front stays too: a month's bill does not need it.
    """
    price, offer = known.usd_per_gpu_hour, _offer(after, at)
    factor = _price_level(after, at, book) / _price_level(before, at, book)
    return known.model_copy(
        update={
            "usd_per_gpu_hour": price.model_copy(update={"value": price.value * factor}),
            "interruption_overhead": offer.interruption_overhead,
            "replicas": offer.replicas.value if isinstance(offer.replicas, Quantity) else None,
        }
    )


def _offer(scenario: Scenario, at: tuple[int, int]) -> Offer:
    selfhost = scenario.options[at[0]].selfhost
    assert selfhost is not None
    return selfhost.offers[at[1]]


def _price_level(scenario: Scenario, at: tuple[int, int], book: Book) -> Floats:
    """What the price of an offer is in proportion to, as far as its own numbers move it."""
    selfhost, offer = scenario.options[at[0]].selfhost, _offer(scenario, at)
    assert selfhost is not None
    if offer.usd_per_gpu is not None:
        return _owned_usd(offer, _kw(offer, selfhost, book), scenario)
    return np.asarray(1.0 - _number(offer.discount))

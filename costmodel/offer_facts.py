"""What a GPU-hour costs on an offer's terms: stated, listed in the book, or owned.

Hourly costs of owned hardware are the annuity of its price, maintenance, power and colocation
over the month's hours.
"""

from __future__ import annotations

from costmodel.book import Book
from costmodel.cost.ownership import monthly_annuity
from costmodel.errors import InputError
from costmodel.facts import OfferFacts, PurchaseFacts
from costmodel.quantity import Kind, Quantity
from costmodel.scenario import Offer, Scenario, SelfHost
from costmodel.units import SECONDS_PER_HOUR


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
    """What is paid up front for an owned GPU; None where only its cost by the hour is stated.

    The annuity is at ``finance.discount_rate``; without one it is the straight line.
    """
    if offer.usd_per_gpu is None:
        return None
    price, rate = offer.usd_per_gpu.value, scenario.finance.discount_rate
    assert offer.life_months is not None
    life = offer.life_months.value
    residual = offer.residual_share.value if offer.residual_share else 0.0
    return PurchaseFacts(
        price_usd=price,
        residual_share=residual,
        life_months=life,
        capital_usd_per_month=monthly_annuity(
            price, price * residual, life, rate.value if rate else 0.0
        ),
    )


def _owned_usd_per_hour(
    offer: Offer,
    purchase: PurchaseFacts | None,
    selfhost: SelfHost,
    scenario: Scenario,
    book: Book,
) -> Quantity:
    """An owned GPU, per hour of the month.

    annuity(price, residual) + price x maintenance / 12 + kW x PUE x hours x USD/kWh + kW x colo,
    over the month's hours.
    """
    if purchase is None:
        assert offer.usd_per_gpu_hour is not None
        return offer.usd_per_gpu_hour
    hours, price = scenario.calendar.hours_per_month.value, purchase.price_usd
    rate = scenario.finance.discount_rate
    yearly = rate.value if rate else 0.0
    kw = _kw(offer, selfhost, book)
    assert offer.pue is not None
    assert offer.usd_per_kwh is not None
    pue = offer.pue.value
    colo = offer.colo_usd_per_kw_month.value if offer.colo_usd_per_kw_month else 0.0
    yearly_upkeep = offer.maintenance_share_per_year
    maintenance = price * (yearly_upkeep.value if yearly_upkeep else 0.0) / 12.0
    monthly = (
        purchase.capital_usd_per_month
        + maintenance
        + kw * pue * hours * offer.usd_per_kwh.value
        + kw * colo
    )
    at = f"at {yearly:.3g} a year" if yearly else "in a straight line, no discount_rate"
    parts = [name for name, usd in (("maintenance", maintenance), ("colo", colo)) if usd]
    return Quantity(
        value=monthly / hours,
        kind="assumed",
        source=f"purchase ${price:,.0f} over {purchase.life_months:g} months {at}; "
        f"{kw:.3g} kW at PUE {pue:g}{''.join(f', {part}' for part in parts)}",
    )


def _kw(offer: Offer, selfhost: SelfHost, book: Book) -> float:
    """Power of a GPU with its share of the server: as stated, or from the card's rating."""
    if offer.kw_per_gpu is not None:
        return offer.kw_per_gpu.value
    tdp_w = book.gpu(selfhost.gpu).tdp_w if selfhost.gpu is not None else None
    if tdp_w is None:
        raise InputError("an owned offer needs kw_per_gpu: the power of a GPU and its server [kW]")
    return tdp_w / 1000.0 * book.cost("server_power_per_gpu_power").value

"""What a GPU-hour costs on an offer's terms: stated, listed in the book, or owned.

Hourly costs of owned hardware are depreciation, power and colocation over the month's hours.
"""

from __future__ import annotations

from costmodel.book import Book
from costmodel.errors import InputError
from costmodel.facts import OfferFacts
from costmodel.quantity import Kind, Quantity
from costmodel.scenario import Offer, Scenario, SelfHost


def offer_facts(offer: Offer, selfhost: SelfHost, scenario: Scenario, book: Book) -> OfferFacts:
    """The price of an offer; serverless ones have none yet and are not asked for here."""
    assert offer.terms != "serverless"
    hours = scenario.calendar.hours_per_month.value
    usd = _owned_usd_per_hour(offer, book, hours) if offer.terms == "owned" else None
    return OfferFacts(
        name=" ".join(filter(None, (offer.provider or offer.provider_class, offer.terms, "GPUs"))),
        terms=offer.terms,
        usd_per_gpu_hour=usd or _rented_usd_per_hour(offer, selfhost, book),
        replicas=offer.replicas.value if offer.replicas else None,
        committed=offer.terms in ("reserved", "owned"),
    )


def _rented_usd_per_hour(offer: Offer, selfhost: SelfHost, book: Book) -> Quantity:
    if offer.usd_per_gpu_hour is not None:
        stated = offer.usd_per_gpu_hour
        kind: Kind = stated.kind or ("listed" if offer.source else "assumed")
        source = stated.source or offer.source or "the scenario"
        return stated.model_copy(update={"kind": kind, "source": source})
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
    return Quantity(
        value=price.usd_per_gpu_hour * left,
        kind="assumed" if discounted else price.kind,
        source=price.source + note,
        as_of=price.as_of,
    )


def _owned_usd_per_hour(offer: Offer, book: Book, hours_per_month: float) -> Quantity:
    """Depreciation, power and colocation of an owned GPU, per hour of the month.

    (price - residual) / life + kW x PUE x hours x USD/kWh + kW x colo, over the month's hours.
    """
    if offer.usd_per_gpu is None:
        assert offer.usd_per_gpu_hour is not None
        return offer.usd_per_gpu_hour
    life = offer.life_months.value if offer.life_months else 36.0
    residual = offer.residual_share.value if offer.residual_share else 0.0
    kw = offer.kw_per_gpu.value if offer.kw_per_gpu else 0.0
    pue = offer.pue.value if offer.pue else book.cost("pue").value
    usd_per_kwh = offer.usd_per_kwh or book.cost("usd_per_kwh").quantity
    colo = offer.colo_usd_per_kw_month.value if offer.colo_usd_per_kw_month else 0.0
    depreciation = offer.usd_per_gpu.value * (1.0 - residual) / life
    power = kw * pue * hours_per_month * usd_per_kwh.value
    monthly = depreciation + power + kw * colo
    return Quantity(
        value=monthly / hours_per_month,
        kind="assumed",
        source=f"purchase ${offer.usd_per_gpu.value:,.0f} over {life:g} months, power and colo",
    )

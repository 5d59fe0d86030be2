"""What the book fills in where a self-hosted option leaves a figure out, with its range.

One place says which fact of the book stands for which field. A figure that is filled in keeps its
kind and source, so that it is never taken for the user's own.
"""

from __future__ import annotations

from collections.abc import Mapping

from costmodel.book import Book
from costmodel.quantity import Quantity
from costmodel.scenario import Offer, Scenario, SelfHost

_SPOT = {"interruption_overhead": "spot_interruption_overhead"}
_BOUGHT = {"pue": "pue", "usd_per_kwh": "usd_per_kwh", "life_months": "owned_life_months"}
_SERVERLESS = {
    "start_minutes": "serverless_start_minutes",
    "idle_minutes": "serverless_idle_minutes",
}


def completed(selfhost: SelfHost, book: Book) -> SelfHost:
    """The option with what its offers and its starts leave out."""
    offers = tuple(_offer(offer, book) for offer in selfhost.offers)
    filled = _left_out(selfhost, _SERVERLESS, book) if selfhost.is_serverless else {}
    return selfhost.model_copy(update={"offers": offers, **filled})


def completed_scenario(scenario: Scenario, book: Book) -> Scenario:
    """The scenario with every self-hosted option completed."""
    options = tuple(
        option
        if option.selfhost is None
        else option.model_copy(update={"selfhost": completed(option.selfhost, book)})
        for option in scenario.options
    )
    return scenario.model_copy(update={"options": options})


def _offer(offer: Offer, book: Book) -> Offer:
    if offer.terms == "spot":
        return offer.model_copy(update=_left_out(offer, _SPOT, book))
    if offer.usd_per_gpu is not None:
        return offer.model_copy(update=_left_out(offer, _BOUGHT, book))
    return offer


def _left_out(part: Offer | SelfHost, facts: Mapping[str, str], book: Book) -> dict[str, Quantity]:
    return {
        name: book.cost(fact).quantity
        for name, fact in facts.items()
        if getattr(part, name) is None
    }

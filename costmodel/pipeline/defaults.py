"""What the book fills in where a scenario leaves a figure out, with its range.

One place says which fact of the book stands for which field. A figure that is filled in keeps its
kind and source, so that it is never taken for the user's own.
"""

from __future__ import annotations

from collections.abc import Mapping

from costmodel.book import Book
from costmodel.quantity.quantity import Quantity
from costmodel.scenario import Hours, Offer, Overheads, Scenario, SelfHost

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
    """The scenario with people's hours and every self-hosted option completed.

    A frozen scenario is whole as it is.
    """
    if scenario.resolved is not None:
        return scenario
    options = tuple(
        option
        if option.selfhost is None
        else option.model_copy(update={"selfhost": completed(option.selfhost, book)})
        for option in scenario.options
    )
    stated = scenario.overheads
    filled = Overheads(
        usd_per_hour=stated.usd_per_hour or book.cost("engineer_usd_per_hour").quantity,
        per_fleet=stated.per_fleet or _hours(book, "selfhost_hours_per_month"),
        per_api=stated.per_api or _hours(book, "api_hours_per_month"),
        platform=stated.platform,
    )
    return scenario.model_copy(update={"options": options, "overheads": filled})


def _hours(book: Book, fact: str) -> Hours:
    return Hours(hours_per_month=book.cost(fact).quantity)


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

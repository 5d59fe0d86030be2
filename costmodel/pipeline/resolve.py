"""From what the user says to numbers: every name looked up once, with source and date.

The outcome is plain records, one per option (`facts`); evaluating never looks anything up itself.
An unknown price, model or GPU is an error that names its place, never a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import ParamSpec, TypeVar

from costmodel.book import Book
from costmodel.book.token_records import DayPart, TokenPrice
from costmodel.cost.api import flat_prices
from costmodel.errors import InputError, Problem
from costmodel.pipeline.defaults import completed
from costmodel.pipeline.facts import (
    EndpointFacts,
    FleetFacts,
    OptionFacts,
    OverheadFacts,
    PriceChange,
    ProfileFacts,
    Resolved,
    WorkloadQuality,
)
from costmodel.pipeline.frozen import facts_within, fingerprint
from costmodel.pipeline.lookup.fleet import sized_fleet, stated_fleet
from costmodel.pipeline.lookup.offer import offer_facts
from costmodel.pipeline.lookup.profile import profile_facts
from costmodel.pipeline.lookup.quality import quality_facts
from costmodel.quantity.quantity import Kind, Quantity
from costmodel.scenario import Api, Option, Overheads, Scenario, SelfHost, Spread
from costmodel.scenario.yamlfile import Location, path_text

QUOTED = "quoted"
"""The provider of prices that stand in the scenario itself."""

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class _Place:
    """Where in the scenario a lookup belongs, so that its errors can say so."""

    scenario: Scenario
    location: Location

    def at(self, *more: str | int) -> _Place:
        return _Place(self.scenario, (*self.location, *more))

    def find(self, look_up: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a lookup; what it cannot find is reported here."""
        try:
            return look_up(*args, **kwargs)
        except InputError as error:
            raise InputError(self._placed(error)) from None

    def _placed(self, error: InputError) -> list[Problem]:
        here = self.scenario.origin.problem(
            self.location, "", path_text(self.location, self.scenario.model_dump())
        )
        return [
            p if p.path else Problem(p.message, here.path, here.file, here.line, here.column)
            for p in error.problems
        ]


def resolve(scenario: Scenario, book: Book) -> Resolved:
    """Look up every price, GPU, model and capacity a scenario names.

    A frozen scenario brings its own facts; they are used unless the option they belong to has
    been edited since. Raises one InputError with every lookup that failed, each with its place.
    """
    frozen = facts_within(scenario)
    options: dict[str, OptionFacts] = {}
    problems: list[Problem] = []
    for i, option in enumerate(scenario.options):
        kept = frozen.options.get(option.name) if frozen else None
        if kept is not None and kept.of == fingerprint(scenario, option):
            options[option.name] = kept
            continue
        try:
            options[option.name] = _look_up(option, _Place(scenario, ("options", i)), book)
        except InputError as error:
            problems.extend(error.problems)
    profiles: dict[str, ProfileFacts] = {}
    try:
        profiles = profile_facts(scenario, frozen.profiles if frozen else {}, book)
    except InputError as error:
        problems.extend(error.problems)
    quality: dict[str, WorkloadQuality] = {}
    if not problems:
        try:
            quality = quality_facts(scenario, options, frozen.quality if frozen else {})
        except InputError as error:
            problems.extend(error.problems)
    if problems:
        raise InputError(problems)
    overheads = _overheads(scenario.overheads, frozen.overheads if frozen else None, book)
    all_kept = frozen is not None and all(frozen.options.get(n) is o for n, o in options.items())
    book_versions = frozen.book if frozen and all_kept else _versions()
    return Resolved(
        options=options,
        overheads=overheads,
        profiles=profiles,
        quality=quality,
        book=book_versions,
    )


def looked_up_again(
    scenario: Scenario, known: Resolved, names: Collection[str], book: Book
) -> Resolved:
    """Facts of which those of some options are stale, because only these have been edited."""
    fresh = {
        option.name: _look_up(option, _Place(scenario, ("options", i)), book)
        for i, option in enumerate(scenario.options)
        if option.name in names
    }
    return known.model_copy(update={"options": {**known.options, **fresh}})


@cache
def _versions() -> dict[str, str]:
    """Of what was looked up; reading them takes some milliseconds."""
    from importlib.metadata import version

    return {name: version(name) for name in ("costmodel", "genai-prices")}


def _look_up(option: Option, place: _Place, book: Book) -> OptionFacts:
    if option.api is not None:
        price = place.at("api").find(_api_price, option.api, book, place.scenario.as_of)
        endpoint = None if option.api.is_quoted else _endpoint(price)
        return OptionFacts(price=price, endpoint=endpoint)
    if option.selfhost is not None:
        inner, cached = place.at("selfhost"), _prefix_cached(option.selfhost, place.scenario)
        return OptionFacts(
            fleet=_fleet(option.selfhost, inner, book),
            prefix_cached=_fleet(cached, inner, book) if cached is not None else None,
        )
    return OptionFacts()


def _prefix_cached(selfhost: SelfHost, scenario: Scenario) -> SelfHost | None:
    """The option with every cached token a hit; None where nothing is cached or more is known."""
    share = min(workload.cached_input_share.value for workload in scenario.workloads)
    if share == 0 or selfhost.prefix_cache_share.value or selfhost.throughput is not None:
        return None
    return selfhost.model_copy(update={"prefix_cache_share": Quantity(value=share)})


def _fleet(stated: SelfHost, place: _Place, book: Book) -> FleetFacts:
    selfhost = completed(stated, book)
    if selfhost.gpu is not None:
        place.at("gpu").find(book.gpu, selfhost.gpu)
    offers = tuple(
        place.at("offers", i).find(offer_facts, offer, selfhost, place.scenario, book)
        for i, offer in enumerate(selfhost.offers)
    )
    if selfhost.throughput is not None:
        facts = place.at("throughput").find(stated_fleet, selfhost, place.scenario, offers)
    else:
        facts = place.find(sized_fleet, selfhost, place.scenario.workloads, offers)
    if selfhost.throughput_spread is not None:
        facts = _spread(facts, selfhost.throughput_spread)
    if selfhost.queueing is not None:
        place.at("queueing").find(_requires_concurrency, selfhost, facts)
    if not selfhost.is_serverless:
        return facts
    return facts.model_copy(
        update={
            "start_minutes": selfhost.start_minutes,
            "idle_minutes": selfhost.idle_minutes,
        }
    )


def _spread(facts: FleetFacts, spread: Spread) -> FleetFacts:
    """The fleet with the range that the scenario states for its throughput."""
    capacity = {
        workload: each.model_copy(update={"requests_per_s": spread.over(each.requests_per_s)})
        for workload, each in facts.capacity.items()
    }
    return facts.model_copy(update={"capacity": capacity})


def _requires_concurrency(selfhost: SelfHost, facts: FleetFacts) -> None:
    """A wait can only be worked out where it is known how many requests a replica holds."""
    if selfhost.concurrency is None and any(
        capacity.concurrency is None for capacity in facts.capacity.values()
    ):
        raise InputError(
            "needs concurrency: how many requests a replica serves at once at the throughput stated"
        )


# ----------------------------------------------------------------------------------- API prices


def _api_price(api: Api, book: Book, at: date) -> TokenPrice:
    if api.is_quoted:
        return _quoted_price(api, at)
    assert api.provider is not None
    assert api.model is not None
    price: TokenPrice = book.token_price(api.provider, api.model, at)
    return price.model_copy(update={"precision": api.precision or price.precision})


def _endpoint(price: TokenPrice) -> EndpointFacts:
    from costmodel.book.endpoints import is_open_weights, reasons
    from costmodel.book.tokens import scheduled_changes

    changes = scheduled_changes(price.provider, price.model, price.at)
    return EndpointFacts(
        open_weights=is_open_weights(price.provider, price.model),
        reasons=reasons(price.model),
        changes=tuple(
            PriceChange(
                day=day,
                input_usd_per_mtok=after.tiers[0].input_usd_per_mtok,
                output_usd_per_mtok=after.tiers[0].output_usd_per_mtok,
            )
            for day, after in changes
            if _standard_rates(after) != _standard_rates(price)
        ),
    )


def _standard_rates(price: TokenPrice) -> tuple[float, float]:
    tier = price.tiers[0]
    return tier.input_usd_per_mtok, tier.output_usd_per_mtok


def _quoted_price(api: Api, at: date) -> TokenPrice:
    from costmodel.book.tokens import moment

    assert api.input_usd_per_mtok is not None
    assert api.output_usd_per_mtok is not None
    prices = flat_prices(
        api.input_usd_per_mtok.value,
        api.output_usd_per_mtok.value,
        None if api.cached_input_usd_per_mtok is None else api.cached_input_usd_per_mtok.value,
        None if api.cache_write_usd_per_mtok is None else api.cache_write_usd_per_mtok.value,
        None if api.batch_discount is None else api.batch_discount.value,
        bool(api.stacks),
    )
    whole_day = {"from_utc": "00:00", "tiers": prices.tiers, "batch": prices.batch}
    kind: Kind = api.input_usd_per_mtok.kind or ("listed" if api.source else "assumed")
    source = api.source or api.input_usd_per_mtok.source or "the scenario"
    return TokenPrice(
        provider=QUOTED,
        model=QUOTED,
        name="quoted prices",
        at=moment(at),
        schedule=(DayPart.model_validate(whole_day),),
        batch_stacks=api.stacks,
        precision=api.precision,
        kind=kind,
        source=source,
        as_of=api.input_usd_per_mtok.as_of or at,
    )


# --------------------------------------------------------------------------------------- people


def _overheads(stated: Overheads, frozen: OverheadFacts | None, book: Book) -> OverheadFacts:
    """People and platform: the scenario's own, else what was frozen, else the book's."""

    def first(own: Quantity | None, kept: Quantity | None, fact: str) -> Quantity:
        return own or kept or book.cost(fact).quantity

    per_fleet = stated.per_fleet.hours_per_month if stated.per_fleet else None
    per_api = stated.per_api.hours_per_month if stated.per_api else None
    platform = stated.platform.usd_per_month if stated.platform else None
    return OverheadFacts(
        usd_per_hour=first(
            stated.usd_per_hour, frozen and frozen.usd_per_hour, "engineer_usd_per_hour"
        ),
        fleet_hours_per_month=first(
            per_fleet, frozen and frozen.fleet_hours_per_month, "selfhost_hours_per_month"
        ),
        api_hours_per_month=first(
            per_api, frozen and frozen.api_hours_per_month, "api_hours_per_month"
        ),
        platform_usd_per_month=platform
        or Quantity(value=0.0, kind="assumed", source="none stated"),
    )

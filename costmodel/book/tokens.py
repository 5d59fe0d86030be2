"""What a token costs: one endpoint's price at a moment, and who else serves the same weights.

Prices come from the `genai-prices` package at an explicit moment, then from
`pricing/api_corrections.yaml`. An unknown provider or model, or one without a price per text
token, is an error and never a fallback.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import TYPE_CHECKING

from costmodel.book import token_corrections as corrections
from costmodel.book import token_library as library
from costmodel.book.token_records import DayPart, PriceRow, TokenPrice
from costmodel.cost.api import request_usd
from costmodel.errors import InputError, UnknownIdError, did_you_mean, nearest_ids
from costmodel.quantity.units import MTOK

if TYPE_CHECKING:
    from collections.abc import Iterable

NOON = time(12)
"""The moment of the day, UTC, that a bare date stands for."""


class UnknownModelError(UnknownIdError):
    """A model id that this provider does not have; says who has it."""

    def __init__(self, provider: str, model: str) -> None:
        known = _model_ids(provider)
        containing = [each for each in known if model.lower() in each.lower()]
        self.what, self.given = f"{provider} model", model
        self.nearest = tuple(dict.fromkeys([*containing[:3], *_nearest(model, known)]))[:3]
        self.providers = tuple(_providers_of(model))
        elsewhere = f" (listed at {', '.join(self.providers)})" if self.providers else ""
        InputError.__init__(
            self, f"unknown {self.what} {model!r}{elsewhere}{did_you_mean(self.nearest)}"
        )


@dataclass(frozen=True)
class HostSpread:
    """Prices of one set of open weights across hosts, cheapest first, at one request shape."""

    prices: tuple[TokenPrice, ...]
    usd_per_mtok: tuple[float, ...]

    @property
    def cheapest(self) -> TokenPrice:
        """The host with the lowest price."""
        return self.prices[0]

    @property
    def median(self) -> TokenPrice:
        """The host in the middle; of an even number the cheaper of the two."""
        return self.prices[(len(self.prices) - 1) // 2]


def token_price(provider: str, model: str, at: date | datetime) -> TokenPrice:
    """The price in force at one provider at one moment.

    `at` is a timezone-aware moment, or a date that stands for 12:00 UTC. The model may be given
    by its listed id, by a reference the provider's API accepts, or by the tail after the last
    slash where that is unambiguous; case does not matter.

    Raises :class:`~costmodel.errors.UnknownIdError` with the nearest ids for an unknown provider
    or model, and :class:`~costmodel.errors.InputError` for a moment without a time zone or a
    model whose text tokens have no price.

    >>> price = token_price("deepinfra", "openai/gpt-oss-120b", date(2026, 11, 23))
    >>> price.tiers[0].input_usd_per_mtok, price.batch is None
    (0.037, True)
    """
    return _token_price(provider, model, moment(at))


def scheduled_changes(
    provider: str, model: str, at: date | datetime, until: date | None = None
) -> list[tuple[date, TokenPrice]]:
    """Days after `at` on which the price is already known to change, with the new price."""
    before = token_price(provider, model, at)
    changes = []
    for day in _dates_of_change(before.provider, before.model):
        if day <= before.at.date() or (until and day > until):
            continue
        after = token_price(provider, model, day)
        if after.schedule != before.schedule:
            changes.append((day, after))
        before = after
    return changes


def search_prices(query: str, at: date | datetime) -> list[TokenPrice]:
    """Every price whose `provider/model` contains all words of the query, sorted by id.

    Models without a price per text token are left out; retired endpoints are not.
    """
    words = query.lower().split()
    ids = {
        (provider, model.lower()): model
        for provider in _provider_ids()
        for model in _model_ids(provider)
        if all(word in f"{provider}/{model}".lower() for word in words)
    }
    found = []
    for (provider, _), model in sorted(ids.items()):
        try:
            found.append(token_price(provider, model, at))
        except library.NoTokenPriceError:
            continue
    return found


def open_model_ids() -> list[str]:
    """Short ids of the open models whose hosts are known."""
    return list(corrections.open_models())


def hosts(open_model_id: str, at: date | datetime, retired: bool = False) -> list[TokenPrice]:
    """Prices of the same open weights at every known host, retired ones only on request.

    Raises :class:`~costmodel.errors.UnknownIdError` where no hosts are listed for the short id.
    """
    known = corrections.open_models()
    if open_model_id not in known:
        raise UnknownIdError("open model", open_model_id, known)
    prices = [token_price(provider, model, at) for provider, model in known[open_model_id]]
    return [price for price in prices if retired or not price.retired]


def host_spread(
    open_model_id: str, at: date | datetime, input_tokens: float = 3000, output_tokens: float = 1000
) -> HostSpread:
    """Live hosts of the same open weights, cheapest first for one request shape.

    The default shape is the usual 3:1 blend. Prices that depend on the hour count with their
    mean over the day. Raises :class:`~costmodel.errors.InputError` for an unknown short id and
    where every listed host has retired.
    """
    live = hosts(open_model_id, at)
    if not live:
        raise InputError(f"no host serves {open_model_id} any more on {moment(at).date()}")
    tokens = input_tokens + output_tokens
    priced = []
    for price in live:
        hourly = [request_usd(each, input_tokens, output_tokens) for each in price.hourly_prices()]
        priced.append((sum(hourly) / len(hourly) / tokens * MTOK, price))
    priced.sort(key=lambda row: (row[0], row[1].id))
    return HostSpread(tuple(price for _, price in priced), tuple(usd for usd, _ in priced))


def moment(at: date | datetime) -> datetime:
    """A moment in UTC; a bare date is noon UTC of that day.

    >>> moment(date(2026, 11, 23)).isoformat()
    '2026-11-23T12:00:00+00:00'
    """
    if not isinstance(at, datetime):
        return datetime.combine(at, NOON, UTC)
    if at.utcoffset() is None:
        raise InputError(f"{at.isoformat()} needs a time zone: prices change with the hour")
    return at.astimezone(UTC)


@lru_cache(maxsize=4096)
def _token_price(provider: str, model: str, at: datetime) -> TokenPrice:
    provider_id = _provider_id(provider)
    row = _own_row(provider_id, model, at.date())
    found = library.find_model(provider_id, row.model if row else model)
    if row is None and found:
        row = corrections.price_row(provider_id, found.info.id, at.date())
    if row:
        price = _corrected(row, found, at)
    elif found:
        price = _listed(provider_id, found, at)
    else:
        raise UnknownModelError(provider_id, model)
    return price.model_copy(update={"notes": (*_matched(price, model), *price.notes)})


def _listed(provider: str, found: library.LibraryModel, at: datetime) -> TokenPrice:
    """The library's price, with what we know about the endpoint."""
    info, fact = found.info, corrections.batch_fact(provider)
    schedule = found.schedule(
        at.date(), fact.unlisted_cached_input if fact else "batch input price"
    )
    stacks = found.stacks(at)
    cached = schedule[0].tiers[0].cached_input_usd_per_mtok
    if stacks is None and fact and found.batch_is_listed(at) and cached is not None:
        stacks = False
    retires, precision = _endpoint(provider, info.id)
    return TokenPrice(
        provider=provider,
        model=info.id,
        name=info.name or info.id,
        at=at,
        schedule=schedule,
        batch_stacks=stacks,
        context_window=info.context_window,
        priced_apart=found.priced_apart(at),
        source=library.source(),
        as_of=_library_as_of(),
        notes=_library_notes(found),
        retires=retires,
        precision=precision,
    )


def _corrected(row: PriceRow, found: library.LibraryModel | None, at: datetime) -> TokenPrice:
    """Our own price of an endpoint; says what it replaces."""
    context_window = row.context_window or (found.info.context_window if found else None)
    notes = [note for note in (row.note, _replaced(found, at)) if note]
    retires, precision = _endpoint(row.provider, row.model)
    return TokenPrice(
        provider=row.provider,
        model=row.model,
        name=(found.info.name if found else None) or row.model.rsplit("/", 1)[-1],
        at=at,
        schedule=(DayPart(from_utc=time(0), tiers=(row.tier,)),),
        context_window=context_window,
        source=row.source,
        as_of=row.as_of,
        notes=tuple(notes),
        retires=retires,
        precision=precision,
    )


def _replaced(found: library.LibraryModel | None, at: datetime) -> str | None:
    """What the library says in place of our own price."""
    try:
        tier = found.schedule(at.date(), "batch input price")[0].tiers[0] if found else None
    except library.NoTokenPriceError:
        return None
    return tier and (
        f"{library.source()} lists {tier.input_usd_per_mtok:g} / {tier.output_usd_per_mtok:g} "
        "USD per million tokens in and out"
    )


def _endpoint(provider: str, model: str) -> tuple[date | None, str | None]:
    """When the endpoint retires and at which precision it serves, where known."""
    fact = corrections.endpoint_fact(provider, model)
    return (fact.retires, fact.precision) if fact else (None, None)


def _library_notes(found: library.LibraryModel) -> tuple[str, ...]:
    notes = []
    if found.info.deprecated:
        notes.append(f"{library.source()} marks it deprecated, without a date")
    if found.borrowed:
        notes.append(f"{library.source()} prices it as the original provider does")
    return tuple(notes)


def _matched(price: TokenPrice, model: str) -> tuple[str, ...]:
    if model.lower() == price.model.lower():
        return ()
    return (f"{model!r} was taken to mean {price.model}",)


def _library_as_of() -> date | None:
    """The day the installed library is known to reach; None for a version we have not checked."""
    checked = corrections.corrections().library
    return checked.as_of if checked.version == library.version() else None


def _provider_id(provider: str) -> str:
    own = provider.lower().strip()
    if own in corrections.providers():
        return own
    found = library.find_provider(provider)
    if found is None:
        raise UnknownIdError("provider", provider, _provider_ids())
    return found


def _own_row(provider: str, model: str, day: date) -> PriceRow | None:
    """Our own row by id, or by an unambiguous tail where the library has no such model."""
    row = corrections.price_row(provider, model, day)
    if row or library.find_model(provider, model):
        return row
    same_tail = [
        each for each in corrections.models(provider) if library.tail(each) == library.tail(model)
    ]
    return corrections.price_row(provider, same_tail[0], day) if len(same_tail) == 1 else None


def _dates_of_change(provider: str, model: str) -> list[date]:
    found = library.find_model(provider, model)
    row = corrections.price_row(provider, model)
    days = set(found.dates_of_change()) if found else set()
    return sorted(days | ({row.since} if row and row.since else set()))


def _provider_ids() -> list[str]:
    return sorted({*library.provider_ids(), *corrections.providers()})


def _model_ids(provider: str) -> list[str]:
    listed = [found.info.id for found in library.models(provider)]
    return listed + [each for each in corrections.models(provider) if each not in listed]


def _nearest(model: str, known: Iterable[str]) -> list[str]:
    """The known ids whose tail is closest to the tail of what was typed."""
    by_tail = {library.tail(each): each for each in known}
    return [by_tail[each] for each in nearest_ids(library.tail(model), by_tail)]


def _providers_of(model: str) -> list[str]:
    """Providers that list this very model, by id or tail; aggregators last."""
    wanted = library.tail(model)
    return [
        provider
        for provider in _provider_ids()
        if any(library.tail(each) == wanted for each in _model_ids(provider))
    ]

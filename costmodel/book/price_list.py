"""Every price the book knows as flat rows: tokens at APIs, GPU-hours, people and power.

One row is one number with its unit, source and age; nothing here chooses among them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from costmodel.book import load_book
from costmodel.book.records import PRICE_FIELDS

if TYPE_CHECKING:
    from costmodel.book.offers import ListedOffer
    from costmodel.book.token_records import DayPart, TokenPrice
    from costmodel.cost.api import PriceTier
    from costmodel.quantity.quantity import Kind

_RATES = ("input", "cached input", "cache write", "output")
_TERMS = ("on-demand", "spot", "reserved 12 months", "reserved 36 months")


@dataclass(frozen=True)
class PriceListRow:
    """One price: `id` says of what, `name` which of its prices."""

    id: str
    name: str
    kind: Kind
    value: float
    unit: str
    source: str
    as_of: date | None
    age_days: int | None
    """Days from the source's date to the day asked about."""
    retires: date | None = None

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON states it; dates in ISO form."""
        dates = {name: getattr(self, name) for name in ("as_of", "retires")}
        return asdict(self) | {name: day and day.isoformat() for name, day in dates.items()}


def price_list(query: str, at: date) -> list[PriceListRow]:
    """Rows that contain every word of the query, in any case; all of them for an empty one.

    >>> rows = price_list("groq llama-3.3-70b-versatile", date(2026, 11, 23))
    >>> [(row.name, row.value) for row in rows if row.name == "output"]
    [('output', 0.79)]
    """
    words = query.lower().split()
    return [*_tokens(words, at), *_gpus(words, at), *_costs(words, at)]


def _matches(words: list[str], text: str) -> bool:
    return all(word in text.lower() for word in words)


def _age(as_of: date | None, at: date) -> int | None:
    return None if as_of is None else (at - as_of).days


def _tokens(words: list[str], at: date) -> Iterator[PriceListRow]:
    from costmodel.book.tokens import search_prices

    for price in search_prices(" ".join(words), at):
        for part in price.schedule:
            for name, value in _rates(part, several=price.depends_on_hour):
                yield _token_row(price, name, value, at)


def _token_row(price: TokenPrice, name: str, value: float, at: date) -> PriceListRow:
    unit = "USD/request" if name.startswith("request") else "USD/Mtok"
    age = _age(price.as_of, at)
    return PriceListRow(
        price.id, name, price.kind, value, unit, price.source, price.as_of, age, price.retires
    )


def _rates(part: DayPart, *, several: bool) -> Iterator[tuple[str, float]]:
    """What a part of the day charges, by name."""
    hours = f" from {part.from_utc:%H:%M} UTC" if several else ""
    for lead, tiers in (("", part.tiers), ("batch ", part.batch or ())):
        for tier in tiers:
            for name, value in zip(_RATES, _listed(tier), strict=True):
                if value is not None:
                    yield f"{lead}{name}{_above(tier)}{hours}", value
    if part.usd_per_request:
        yield f"request{hours}", part.usd_per_request


def _listed(tier: PriceTier) -> tuple[float | None, ...]:
    """Only what is listed: a missing cache price is left out, not filled in."""
    return (
        tier.input_usd_per_mtok,
        tier.cached_input_usd_per_mtok,
        tier.cache_write_usd_per_mtok,
        tier.output_usd_per_mtok,
    )


def _above(tier: PriceTier) -> str:
    tokens = tier.above_input_tokens
    return f" above {tokens:,.0f} input tokens" if tokens else ""


def _gpus(words: list[str], at: date) -> Iterator[PriceListRow]:
    for listed in load_book().offers():
        for terms, field in zip(_TERMS, PRICE_FIELDS, strict=True):
            value = getattr(listed.offer, field)
            name = _offer_name(terms, listed)
            text = f"{listed.provider}/{listed.offer.gpu} {listed.provider_class} {name}"
            if value is not None and _matches(words, text):
                yield PriceListRow(
                    f"{listed.provider}/{listed.offer.gpu}",
                    name,
                    "listed",
                    value,
                    "USD/GPU-hour",
                    listed.offer.source,
                    listed.offer.as_of,
                    _age(listed.offer.as_of, at),
                )


def _offer_name(terms: str, listed: ListedOffer) -> str:
    details = [
        listed.offer.instance,
        listed.offer.region,
        "disputed" if listed.offer.disputed else None,
    ]
    return ", ".join(filter(None, [terms, *details]))


def _costs(words: list[str], at: date) -> Iterator[PriceListRow]:
    for fact in load_book().costs.values():
        if _matches(words, f"{fact.id} {fact.name}"):
            yield PriceListRow(
                fact.id,
                fact.name,
                fact.kind,
                fact.value,
                fact.unit,
                fact.source,
                fact.as_of,
                _age(fact.as_of, at),
            )

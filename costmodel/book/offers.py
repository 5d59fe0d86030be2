"""What GPU-hours cost: the dated offers of `pricing/gpu_offers/` and prices drawn from them.

A price is a quantile over *providers*, not over offers, so that a provider with thirty instance
types does not outvote one with a single price. Each provider counts once, with the lowest price
of its newest snapshot. Nothing falls back: a combination nobody lists is an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Literal, get_args

from costmodel.book.files import parse_bundled, pricing_dir, read_bundled, read_yaml
from costmodel.book.records import (
    GpuOffer,
    GpuOffers,
    ProviderClass,
    Terms,
    price_field,
)
from costmodel.errors import InputError, UnknownIdError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from costmodel.quantity.quantity import Kind

Quantile = Literal["median", "min", "max"] | float

RESERVED_TERMS_MONTHS = (12, 36)
"""Contract lengths the book has quotes for."""


@dataclass(frozen=True)
class ListedOffer:
    """One offer together with who makes it."""

    provider: str
    provider_class: ProviderClass
    offer: GpuOffer


@dataclass(frozen=True)
class GpuPrice:
    """A price per GPU-hour drawn from the offers, with what stands behind it."""

    usd_per_gpu_hour: float
    low: float
    """Lowest provider in the chosen set [USD per GPU-hour]."""
    high: float
    """Highest provider in the chosen set [USD per GPU-hour]."""
    offers: int
    """Offers behind it: every provider's newest snapshot."""
    providers: int
    source: str
    as_of: date | None
    """Newest date used; None where no source is dated."""
    oldest: date | None
    """Oldest date used."""
    kind: Kind = "listed"


@dataclass(frozen=True)
class _Query:
    """Which offers are asked for."""

    gpu: str
    terms: Terms
    provider_class: ProviderClass | None
    provider: str | None
    term_months: int | None
    region: str | None

    def __str__(self) -> str:
        months = f" {self.term_months}-month" if self.terms == "reserved" else ""
        who = f" at {self.provider}" if self.provider else ""
        kind = f" from a {self.provider_class}" if self.provider_class else ""
        where = f" in {self.region}" if self.region else ""
        return f"{self.terms}{months} prices for {self.gpu}{kind}{who}{where}"


# ---------------------------------------------------------------------------------- offers


@cache
def provider_ids() -> tuple[str, ...]:
    """Providers with offers: the names of the files."""
    return tuple(sorted(path.stem for path in (pricing_dir() / "gpu_offers").glob("*.yaml")))


@cache
def provider_offers(provider: str) -> GpuOffers:
    """Everything one provider asks.

    Raises:
        UnknownIdError: no file of that name.

    """
    if provider not in provider_ids():
        raise UnknownIdError("GPU provider", provider, provider_ids())
    return GpuOffers.model_validate(read_yaml(_file(provider)))


def listed_offers(
    gpu: str | None = None,
    provider: str | None = None,
    provider_class: ProviderClass | None = None,
) -> list[ListedOffer]:
    """Offers that match, disputed ones included. Parses only the files that name the GPU."""
    known_class(provider_class)
    chosen = [provider.lower()] if provider else provider_ids()
    return [
        ListedOffer(file.provider, file.provider_class, offer)
        for file in (_offers_for(each, gpu) for each in _naming(gpu, chosen))
        if provider_class in (None, file.provider_class)
        for offer in file.offers
        if gpu in (None, offer.gpu)
    ]


@cache
def _offers_for(provider: str, gpu: str | None) -> GpuOffers:
    """A provider's offers for one GPU; only those are parsed."""
    if gpu is None or provider not in provider_ids():
        return provider_offers(provider)
    path = _file(provider)
    head, *offers = re.split(r"^(?=  - gpu: )", read_bundled(path), flags=re.MULTILINE)
    named = [text for text in offers if text.startswith(f"  - gpu: {gpu}\n")]
    return GpuOffers.model_validate(parse_bundled(head + "".join(named), path))


def known_class(provider_class: str | None) -> None:
    """Refuse a provider class that does not exist."""
    _one_of("class", provider_class, get_args(ProviderClass))


def _one_of(what: str, given: str | None, known: Sequence[str]) -> None:
    if given is not None and given not in known:
        raise InputError(f"{what} must be one of {', '.join(known)}, not {given!r}")


def _file(provider: str) -> Path:
    return pricing_dir() / "gpu_offers" / f"{provider}.yaml"


def _naming(gpu: str | None, providers: Iterable[str]) -> list[str]:
    """Providers whose file has a line for this GPU; a text search is cheaper than parsing."""
    if gpu is None:
        return list(providers)
    line = f"gpu: {gpu}\n".encode()
    return [p for p in providers if p not in provider_ids() or line in _file(p).read_bytes()]


# ----------------------------------------------------------------------------------- price


def gpu_price(
    gpu: str,
    terms: Terms = "on-demand",
    *,
    provider_class: ProviderClass | None = None,
    provider: str | None = None,
    quantile: Quantile = "median",
    term_months: int | None = None,
    region: str | None = None,
) -> GpuPrice:
    """The price per GPU-hour at a quantile over providers.

    Args:
        gpu: canonical GPU id.
        terms: `on-demand`, `spot` or `reserved` (which needs `term_months`, 12 or 36).
        provider_class: hyperscaler, neocloud or marketplace; None takes all.
        provider: one provider only.
        quantile: median, min, max or a share from 0 to 1 (linear interpolation).
        term_months: length of a reserved contract; ignored for the other terms.
        region: as the source names it, any case; offers without a region then do not count.

    Raises:
        InputError: nobody lists this; the message says what is listed instead.

    """
    _one_of("terms", terms, get_args(Terms))
    query = _Query(gpu, terms, provider_class, provider, term_months, region)
    on_offer = listed_offers(gpu, provider, provider_class)
    _require_term(query, on_offer)
    snapshots = _newest_by_provider(_matching(on_offer, query), query)
    if not snapshots:
        raise InputError(_nobody_lists(query))
    return _price_of(snapshots, query, quantile)


def _matching(listed: Iterable[ListedOffer], query: _Query) -> list[ListedOffer]:
    field = price_field(query.terms, query.term_months)
    region = query.region.lower() if query.region else None
    return [
        one
        for one in listed
        if getattr(one.offer, field) is not None
        and not one.offer.disputed
        and (region is None or (one.offer.region or "").lower() == region)
    ]


def _newest_by_provider(
    listed: Iterable[ListedOffer], query: _Query
) -> dict[str, list[ListedOffer]]:
    """Each provider's offers of its newest date; undated ones count as oldest."""
    by_provider: dict[str, list[ListedOffer]] = {}
    for one in listed:
        by_provider.setdefault(one.provider, []).append(one)
    return {p: _newest(offers) for p, offers in by_provider.items()}


def _newest(listed: list[ListedOffer]) -> list[ListedOffer]:
    newest = max(one.offer.as_of or date.min for one in listed)
    return [one for one in listed if (one.offer.as_of or date.min) == newest]


def _price_of(
    snapshots: dict[str, list[ListedOffer]], query: _Query, quantile: Quantile
) -> GpuPrice:
    field = price_field(query.terms, query.term_months)
    lowest = sorted(
        min(getattr(one.offer, field) for one in snapshot) for snapshot in snapshots.values()
    )
    used = [one.offer for snapshot in snapshots.values() for one in snapshot]
    dates = [offer.as_of for offer in used if offer.as_of]
    return GpuPrice(
        usd_per_gpu_hour=_at(lowest, quantile),
        low=lowest[0],
        high=lowest[-1],
        offers=len(used),
        providers=len(lowest),
        source=_describe(query, quantile, len(used), len(lowest)),
        as_of=max(dates, default=None),
        oldest=min(dates, default=None),
    )


def _describe(query: _Query, quantile: Quantile, offers: int, providers: int) -> str:
    who = query.provider or query.provider_class or "all classes"
    what = quantile if isinstance(quantile, str) else f"quantile {quantile:g}"
    counted = f"{offers} {query.terms} offer{'s' if offers > 1 else ''}"
    if providers == 1:
        return f"{counted}, {who}, one provider"
    return f"{what} of {providers} providers, {counted}, {who}"


def _at(ordered: Sequence[float], quantile: Quantile) -> float:
    """The quantile of ordered values, interpolated linearly.

    >>> _at([1.0, 2.0, 4.0, 8.0], "median"), _at([1.0, 3.0], 0.25)
    (3.0, 1.5)
    """
    share = {"median": 0.5, "min": 0.0, "max": 1.0}.get(quantile, quantile)  # type: ignore[arg-type]
    if isinstance(share, str) or not 0 <= share <= 1:
        raise InputError(f"quantile must be median, min, max or between 0 and 1, not {quantile!r}")
    position = share * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (position - below) * (ordered[above] - ordered[below])


# ---------------------------------------------------------------------------------- errors


def _require_term(query: _Query, listed: Iterable[ListedOffer]) -> None:
    if query.terms == "reserved" and query.term_months not in RESERVED_TERMS_MONTHS:
        terms = " or ".join(map(str, RESERVED_TERMS_MONTHS))
        given = f", not {query.term_months}" if query.term_months else ""
        raise InputError(f"a listed reserved price needs term_months: {terms}{given}; {_STATE_IT}")


_STATE_IT = (
    "or state the price as usd_per_gpu_hour:, or discount: off the on-demand price "
    "(quotes lie 20-32 % below it for one year and 30-50 % for three)"
)


def _nobody_lists(query: _Query) -> str:
    there_is = _what_is_listed(query.gpu) or "no offer at all"
    hint = f"; {_STATE_IT}" if query.terms == "reserved" else "; or state usd_per_gpu_hour:"
    return f"nobody lists {query}; listed for {query.gpu}: {there_is}{hint}"


def _what_is_listed(gpu: str) -> str:
    """Terms, classes and contract lengths that have offers, in words."""
    combinations: list[tuple[Terms, int | None]] = [("on-demand", None), ("spot", None)]
    for months in RESERVED_TERMS_MONTHS:
        combinations.append(("reserved", months))
    everything = listed_offers(gpu)
    parts = []
    for terms, months in combinations:
        found = _matching(everything, _Query(gpu, terms, None, None, months, None))
        classes = ", ".join(sorted({one.provider_class for one in found}))
        label = f"{terms} {months} months" if months else terms
        if found:
            parts.append(f"{label} ({classes})")
    return "; ".join(parts)

"""Token prices as the `genai-prices` package lists them, read through its own rules.

Which price is in force at a moment (start dates, times of day, request context) is decided by
the package itself; this module only asks it at the right moments and turns the answer into
tiers. The package is imported on first use: it takes about a third of a second.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache
from typing import TYPE_CHECKING, Any

from costmodel.book.token_records import DayPart
from costmodel.cost.api import PriceTier
from costmodel.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genai_prices.types import ModelInfo, ModelPrice, Provider

    from costmodel.book.token_records import BatchCached

PACKAGE = "genai-prices"
BATCH = {"processing": "batch"}
"""The request context under which the package lists batch prices."""

_TOKEN_KEYS = ("input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok")
_REQUEST_FEE_KEY = "requests_kcount"
_TEXT_KEYS_NOT_READ = ("input_text_mtok", "output_text_mtok", "cache_text_read_mtok")


class NoTokenPriceError(InputError):
    """The package knows the model but not what its text tokens cost."""


@dataclass(frozen=True, eq=False)
class LibraryModel:
    """A model of the package under the provider it was asked for."""

    provider: Provider
    info: ModelInfo
    borrowed: bool = False
    """The provider resells another's model: the package then ignores request contexts."""

    def schedule(self, day: date, unlisted_cached: BatchCached) -> tuple[DayPart, ...]:
        """The prices of one UTC day, in parts of equal price.

        Raises :class:`NoTokenPriceError` where text tokens have no price.
        """
        parts: list[DayPart] = []
        for start in _times_of_change(self.info):
            part = self._part(datetime.combine(day, start, UTC), unlisted_cached)
            if not parts or part.prices != parts[-1].prices:
                parts.append(part)
        return tuple(parts)

    def batch_is_listed(self, moment: datetime) -> bool:
        """Whether a batch price really applies at `moment`.

        Asked of the conditions, not of the prices: an unmatched context returns the standard
        price without a word.
        """
        return bool(self._batch_keys(moment) & {"input_mtok", "output_mtok"})

    def stacks(self, moment: datetime) -> bool | None:
        """Whether the listed batch price discounts a cached token once more.

        None where the batch table does not list a price for cached input.
        """
        if "cache_read_mtok" not in self._batch_keys(moment):
            return None
        standard, batch = self.info.get_prices(moment), self.info.get_prices(moment, BATCH)
        cached = _at_input(batch.cache_read_mtok, 0)
        others = (_at_input(batch.input_mtok, 0), _at_input(standard.cache_read_mtok, 0))
        return cached is not None and all(other is None or cached < other for other in others)

    def dates_of_change(self) -> list[date]:
        """Every day on which the package says a standard or batch price starts."""
        return sorted({c.start_date for c in _constraints(self.info) if hasattr(c, "start_date")})

    def priced_apart(self, moment: datetime) -> tuple[str, ...]:
        """What the model is billed for besides plain text tokens and a fee per request."""
        ignored = {*_TOKEN_KEYS, _REQUEST_FEE_KEY}
        return tuple(sorted(_price_keys(self.info.get_prices(moment)) - ignored))

    def _part(self, moment: datetime, unlisted_cached: BatchCached) -> DayPart:
        standard = self.info.get_prices(moment)
        self._require_text_prices(standard)
        batch = None
        if self.batch_is_listed(moment):
            batch = _tiers(self.info.get_prices(moment, BATCH))
            if "cache_read_mtok" not in self._batch_keys(moment):
                batch = _with_unlisted_cached(batch, unlisted_cached)
        fee = _at_input(getattr(standard, _REQUEST_FEE_KEY), 0)
        return DayPart(
            from_utc=moment.time(),
            tiers=_tiers(standard),
            batch=batch,
            usd_per_request=(fee or 0.0) / 1000,
        )

    def _require_text_prices(self, prices: ModelPrice) -> None:
        keys = _price_keys(prices)
        if {"input_mtok", "output_mtok"} <= keys and not keys & set(_TEXT_KEYS_NOT_READ):
            return
        units = f"priced by {', '.join(sorted(keys))}" if keys else "no price at all"
        raise NoTokenPriceError(
            f"{self.provider.id}/{self.info.id} has no price per input and output text token in "
            f"{source()} ({units}); state its prices in the scenario"
        )

    def _batch_keys(self, moment: datetime) -> set[str]:
        if self.borrowed:
            return set()
        return {
            key
            for variant in self.info.price_variants or ()
            if variant.when == BATCH
            and (variant.constraint is None or variant.constraint.active(moment))
            for key in _price_keys(variant.prices)
        }


def source() -> str:
    """The package and its version: `genai-prices 0.2.3`."""
    return f"{PACKAGE} {version()}"


def version() -> str:
    """The installed version of the package."""
    import genai_prices

    return genai_prices.__version__


def provider_ids() -> list[str]:
    """Every provider the package knows."""
    return [provider.id for provider in _providers()]


def find_provider(provider: str) -> str | None:
    """The package's id of a provider, by its id or by a name it recognises (`bedrock`)."""
    found = _find_provider(provider)
    return found.id if found else None


def models(provider: str) -> Iterator[LibraryModel]:
    """Every model the package lists under one provider."""
    found = _find_provider(provider)
    if found:
        yield from (LibraryModel(found, info) for info in found.models)


def find_model(provider: str, model: str) -> LibraryModel | None:
    """A model by its listed id, by any reference its API accepts, or by an unambiguous tail.

    Ids are compared without case. Some listed ids are not references the API accepts and the
    other way round (`accounts/fireworks/models/...`): both are taken. The tail is what follows
    the last slash: `gpt-oss-120b` finds `openai/gpt-oss-120b` where only one id ends so.
    """
    found = _find_provider(provider)
    if found is None:
        return None
    by_id, by_tail = _index(found.id)
    info = by_id.get(model.lower()) or found.find_model(model, all_providers=_providers())
    info = info or by_tail.get(tail(model))
    if info is None:
        return None
    return LibraryModel(found, info, borrowed=all(info is not own for own in found.models))


def tail(model: str) -> str:
    """What follows the last slash of a model id, without case."""
    return model.lower().rsplit("/", 1)[-1]


@cache
def _providers() -> list[Provider]:
    from genai_prices.data_snapshot import get_snapshot

    return get_snapshot().providers


@cache
def _find_provider(provider: str) -> Provider | None:
    from genai_prices.data_snapshot import find_provider_by_id

    return find_provider_by_id(_providers(), provider)


@cache
def _index(provider: str) -> tuple[dict[str, ModelInfo], dict[str, ModelInfo]]:
    """Models of a provider by id, and by tail where the tail is unambiguous."""
    found = _find_provider(provider)
    infos = found.models if found else []
    count = Counter(tail(info.id) for info in infos)
    return (
        {info.id.lower(): info for info in infos},
        {tail(info.id): info for info in infos if count[tail(info.id)] == 1},
    )


def _price_keys(prices: ModelPrice) -> set[str]:
    return {key for key, value in vars(prices).items() if value is not None}


def _constraints(info: ModelInfo) -> Iterator[Any]:
    """The conditions of every standard and every batch price of a model."""
    if isinstance(info.prices, list):
        yield from (price.constraint for price in info.prices)
    for variant in info.price_variants or ():
        if variant.when == BATCH:
            yield variant.constraint


def _times_of_change(info: ModelInfo) -> list[time]:
    """The times of day, UTC, at which some price may start or end; midnight among them."""
    times = {time(0)}
    for constraint in _constraints(info):
        for name in ("start_time", "end_time"):
            value: time | None = getattr(constraint, name, None)
            if value is not None:
                times.add(_in_utc(value))
    return sorted(times)


def _in_utc(value: time) -> time:
    if value.tzinfo is None:
        return value
    return datetime.combine(date(2000, 1, 2), value).astimezone(UTC).time()


def _tiers(prices: ModelPrice) -> tuple[PriceTier, ...]:
    values = [getattr(prices, key) for key in _TOKEN_KEYS]
    starts = {0}.union(*({tier.start for tier in getattr(v, "tiers", ())} for v in values))
    tiers = []
    for start in sorted(starts):
        p_in, p_out, cached, written = (_at_input(value, start) for value in values)
        tiers.append(PriceTier(float(start), p_in or 0.0, p_out or 0.0, cached, written))
    return tuple(tiers)


def _at_input(value: Any, above: int) -> float | None:
    """One price [USD per unit] for requests with more than `above` input tokens."""
    if value is None:
        return None
    for tier in reversed(getattr(value, "tiers", ())):
        if tier.start <= above:
            return float(tier.price)
    return float(getattr(value, "base", value))


def _with_unlisted_cached(batch: tuple[PriceTier, ...], rule: BatchCached) -> tuple[PriceTier, ...]:
    """Batch tiers whose cached price the batch table does not list.

    The package lets the standard cached price stand, which assumes a discount nobody listed.
    Unless the provider says so itself, a cached token pays the batch input price.
    """
    if rule == "standard cached price":
        return batch
    return tuple(
        PriceTier(
            tier.above_input_tokens,
            tier.input_usd_per_mtok,
            tier.output_usd_per_mtok,
            None,
            tier.cache_write_usd_per_mtok,
        )
        for tier in batch
    )

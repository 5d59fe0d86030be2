"""What one API request costs, from prices per million tokens.

Price one request, then multiply: a context tier is a cliff on the request's own input, so
pricing a month's tokens in one call lands in the wrong tier. Contracts on the month's total are
in :mod:`costmodel.cost.contract`; where prices come from is not decided here.

Nomenclature: a request has ``input_tokens`` [tokens, cached ones included], of which the share
``h`` is read from the cache and ``w`` is written to it, and ``output_tokens`` [tokens]. Its price
is ``(input_tokens ((1 - h - w) p_in + h p_cached + w p_write) + output_tokens p_out) / 1e6``
plus the fee per request, with the prices p [USD per million tokens] of its tier.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from costmodel.errors import InputError
from costmodel.quantity.units import MTOK

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = NDArray[np.float64]

INPUT, CACHED_INPUT, CACHE_WRITE, OUTPUT = "input", "cached input", "cache write", "output"
TOKEN_LINES = (INPUT, CACHED_INPUT, CACHE_WRITE, OUTPUT)
"""The lines of a request's bill that are priced per token, in the order they are summed."""

NO_CACHE_PRICE = "no cache price is listed: the input price"
"""The source of a cached or written token's price where none is listed."""

REQUEST_FEE = "request fee"
"""The line of a flat fee per request; present only where there is one."""


@dataclass(frozen=True)
class PriceTier:
    """Prices of a request whose total input exceeds ``above_input_tokens``.

    A tier is a cliff: it prices the whole request, output included. Without a cached price a
    cached token pays the input price; without a cache-write price so does a written one.
    """

    above_input_tokens: float = 0.0
    input_usd_per_mtok: float = 0.0
    output_usd_per_mtok: float = 0.0
    cached_input_usd_per_mtok: float | None = None
    cache_write_usd_per_mtok: float | None = None

    @property
    def usd_per_mtok(self) -> tuple[float, float, float, float]:
        """Prices in the order of ``TOKEN_LINES``, with the input price where none is stated."""
        cached, written = self.cached_input_usd_per_mtok, self.cache_write_usd_per_mtok
        return (
            self.input_usd_per_mtok,
            self.input_usd_per_mtok if cached is None else cached,
            self.input_usd_per_mtok if written is None else written,
            self.output_usd_per_mtok,
        )

    def scaled(self, factor: float) -> PriceTier:
        """The tier with every price times a factor."""
        cached, written = self.cached_input_usd_per_mtok, self.cache_write_usd_per_mtok
        return PriceTier(
            self.above_input_tokens,
            self.input_usd_per_mtok * factor,
            self.output_usd_per_mtok * factor,
            None if cached is None else cached * factor,
            None if written is None else written * factor,
        )


@dataclass(frozen=True)
class TokenPrices:
    """Everything that prices a request at one moment: tiers, batch tiers, a fee per request.

    ``tiers[0]`` starts at 0 and also prices a request without input. ``batch`` is ``None`` where
    no batch price is known. Its tiers already say what a cached token pays in a batch, so
    whether the two discounts stack is settled before prices reach this module.
    """

    tiers: tuple[PriceTier, ...]
    batch: tuple[PriceTier, ...] | None = None
    usd_per_request: float = 0.0

    def __post_init__(self) -> None:
        for tiers in (self.tiers, self.batch):
            if tiers is not None:
                _check_tiers(tiers)

    def scaled(self, factor: float) -> TokenPrices:
        """Every price times a factor, fees per request too."""
        tiers, batch = (
            None if each is None else tuple(tier.scaled(factor) for tier in each)
            for each in (self.tiers, self.batch)
        )
        assert tiers is not None
        return TokenPrices(tiers, batch, self.usd_per_request * factor)


def flat_prices(
    input_usd_per_mtok: float,
    output_usd_per_mtok: float,
    cached_input_usd_per_mtok: float | None = None,
    cache_write_usd_per_mtok: float | None = None,
    batch_discount: float | None = None,
    stacks: bool = False,
) -> TokenPrices:
    """The prices of a quote without tiers [USD per million tokens], batch as a discount 0..1.

    Where the batch discount does not stack with the cache, read and written tokens of a batch
    request pay the batch input price. ``batch_discount=None``: no batch price is known.

    >>> quote = flat_prices(1.6, 1.6, cached_input_usd_per_mtok=0.16, batch_discount=0.5)
    >>> [request_usd(quote, 1e6, 0, cached_input_share=1, batch=b) for b in (False, True)]
    [0.16, 0.8]
    """
    cached, written = cached_input_usd_per_mtok, cache_write_usd_per_mtok
    standard = PriceTier(0.0, input_usd_per_mtok, output_usd_per_mtok, cached, written)
    if batch_discount is None:
        return TokenPrices((standard,))
    if not 0 <= batch_discount <= 1:
        raise InputError(f"batch_discount is a share from 0 to 1, not {batch_discount:g}")
    rate = 1.0 - batch_discount
    batch = PriceTier(
        0.0,
        rate * input_usd_per_mtok,
        rate * output_usd_per_mtok,
        rate * cached if stacks and cached is not None else None,
        rate * written if stacks and written is not None else None,
    )
    return TokenPrices((standard,), (batch,))


@overload
def request_usd(
    prices: TokenPrices,
    input_tokens: float,
    output_tokens: float,
    cached_input_share: float = ...,
    cache_write_share: float = ...,
    batch: bool = ...,
) -> float: ...
@overload
def request_usd(
    prices: TokenPrices,
    input_tokens: ArrayLike,
    output_tokens: ArrayLike,
    cached_input_share: ArrayLike = ...,
    cache_write_share: ArrayLike = ...,
    batch: ArrayLike = ...,
) -> float | Floats: ...
def request_usd(
    prices: TokenPrices,
    input_tokens: ArrayLike,
    output_tokens: ArrayLike,
    cached_input_share: ArrayLike = 0.0,
    cache_write_share: ArrayLike = 0.0,
    batch: ArrayLike = False,
) -> float | Floats:
    """Price of one request [USD]; arguments broadcast against one another.

    The tier is chosen for each request from its own ``input_tokens``. Raises
    :class:`~costmodel.errors.InputError` for shares outside 0..1 and for a batch request where
    no batch price is known: the standard price must not pass for one.

    >>> prices = TokenPrices((PriceTier(0, 1.0, 5.0, 0.1), PriceTier(200_000, 2.0, 10.0, 0.2)))
    >>> [round(request_usd(prices, tokens, 1_000), 6) for tokens in (200_000, 200_001)]
    [0.205, 0.410002]
    >>> request_usd(prices, 10_000, 0, cached_input_share=[0.0, 0.9]).round(6).tolist()
    [0.01, 0.0019]
    """
    lines = request_lines(
        prices, input_tokens, output_tokens, cached_input_share, cache_write_share, batch
    )
    total = sum(lines.values(), np.float64(0.0))
    return total if isinstance(total, np.ndarray) else float(total)


def request_lines(
    prices: TokenPrices,
    input_tokens: ArrayLike,
    output_tokens: ArrayLike,
    cached_input_share: ArrayLike = 0.0,
    cache_write_share: ArrayLike = 0.0,
    batch: ArrayLike = False,
) -> dict[str, float | Floats]:
    """The bill of one request by line [USD]; the lines sum to :func:`request_usd` exactly.

    >>> lines = request_lines(TokenPrices((PriceTier(0, 1.0, 5.0, 0.1),)), 1000, 100, 0.5)
    >>> {name: f"{usd:.6f}" for name, usd in lines.items() if usd}
    {'input': '0.000500', 'cached input': '0.000050', 'output': '0.000500'}
    """
    tokens_in, tokens_out = np.asarray(input_tokens, float), np.asarray(output_tokens, float)
    cached, written = np.asarray(cached_input_share, float), np.asarray(cache_write_share, float)
    _check_request(tokens_in, tokens_out, cached, written)
    usd_per_mtok = _prices_of_each(prices, tokens_in, np.asarray(batch, bool))
    tokens = (
        tokens_in * np.maximum(1.0 - cached - written, 0.0),
        tokens_in * cached,
        tokens_in * written,
        tokens_out,
    )
    shape = np.broadcast_shapes(usd_per_mtok.shape[1:], *(count.shape for count in tokens))
    usd = [count * price / MTOK for count, price in zip(tokens, usd_per_mtok, strict=True)]
    lines = {
        name: _plain(np.broadcast_to(line, shape))
        for name, line in zip(TOKEN_LINES, usd, strict=True)
    }
    if prices.usd_per_request:
        lines[REQUEST_FEE] = _plain(np.full(shape, prices.usd_per_request))
    return lines


def mean_prices(prices: Sequence[TokenPrices], weights: ArrayLike) -> TokenPrices:
    """The prices that bill the average of several, as when prices change with the hour.

    A bill is linear in the prices of its tier, so weighting them by traffic is exact for
    requests whose size does not depend on the hour. ``weights`` need not sum to 1. A batch price
    survives only where every price has one.

    >>> day, night = TokenPrices((PriceTier(0, 2.0, 4.0),)), TokenPrices((PriceTier(0, 1.0, 2.0),))
    >>> mean_prices([day, night], [3, 1]).tiers[0].input_usd_per_mtok
    1.75
    """
    share = np.asarray(weights, float)
    if len(share) != len(prices) or np.any(share < 0) or share.sum() <= 0:
        raise InputError("one weight >= 0 is needed for each price, and one of them above 0")
    share = share / share.sum()
    if len(set(prices)) == 1:
        return prices[0]
    batches = [price.batch for price in prices if price.batch is not None]
    return TokenPrices(
        _mean_tiers([price.tiers for price in prices], share),
        _mean_tiers(batches, share) if len(batches) == len(prices) else None,
        float(share @ [price.usd_per_request for price in prices]),
    )


def _mean_tiers(
    alternatives: Sequence[tuple[PriceTier, ...]], share: Floats
) -> tuple[PriceTier, ...]:
    starts = sorted({tier.above_input_tokens for tiers in alternatives for tier in tiers})
    merged = []
    for start in starts:
        prices = [
            next(tier for tier in reversed(tiers) if tier.above_input_tokens <= start).usd_per_mtok
            for tiers in alternatives
        ]
        p_in, p_cached, p_write, p_out = (share @ np.array(prices)).tolist()
        merged.append(PriceTier(start, p_in, p_out, p_cached, p_write))
    return tuple(merged)


def _prices_of_each(prices: TokenPrices, input_tokens: Floats, batch: NDArray[np.bool_]) -> Floats:
    """Prices of each request [USD per million tokens], shape (4 lines, *requests)."""
    standard = _tier_prices(prices.tiers, input_tokens)
    if not batch.any():
        return standard
    if prices.batch is None:
        raise InputError("no batch price is known here; set the batch share to 0 or state a price")
    return np.where(batch, _tier_prices(prices.batch, input_tokens), standard)


def _tier_prices(tiers: tuple[PriceTier, ...], input_tokens: Floats) -> Floats:
    table = np.array([tier.usd_per_mtok for tier in tiers])
    starts = [tier.above_input_tokens for tier in tiers[1:]]
    tier_of_each = np.searchsorted(starts, input_tokens, side="left")
    return np.moveaxis(table[tier_of_each], -1, 0)


def _plain(usd: Floats) -> float | Floats:
    return usd if usd.ndim else float(usd)


def _check_tiers(tiers: tuple[PriceTier, ...]) -> None:
    starts = [tier.above_input_tokens for tier in tiers]
    if not starts or starts[0] != 0 or any(np.diff(starts) <= 0):
        raise InputError(f"price tiers must ascend from 0 input tokens, not {starts}")


def _check_request(tokens_in: Floats, tokens_out: Floats, cached: Floats, written: Floats) -> None:
    if np.any(tokens_in < 0) or np.any(tokens_out < 0):
        raise InputError("tokens per request cannot be negative")
    if np.any(cached < 0) or np.any(written < 0) or np.any(cached + written > 1 + 1e-12):
        raise InputError(
            "cached_input_share and cache_write_share are shares of the input: "
            "each at least 0, together at most 1"
        )

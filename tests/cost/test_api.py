"""The price of a request: published API sums, tiers as cliffs, and what must always hold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.cost.api import (
    PriceTier,
    TokenPrices,
    flat_prices,
    mean_prices,
    request_lines,
    request_usd,
)
from costmodel.errors import InputError

MILLION = 1_000_000


TIERED = TokenPrices(
    tiers=(PriceTier(0, 1.0, 5.0, 0.1, 1.25), PriceTier(200_000, 2.0, 7.5, 0.2, 2.5)),
    batch=(PriceTier(0, 0.5, 2.5, 0.05, 0.625), PriceTier(200_000, 1.0, 3.75, 0.1, 1.25)),
)

shares = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(lambda s: (s[0], s[1] * (1 - s[0])))
prices_usd = st.floats(0, 100)


# ------------------------------------------------------------------------- published sums


def test_corporateai_daily_and_yearly_bill():
    """https://corporateaiconsultants.com/insights/private-llm-vs-cloud-api-total-cost."""
    per_query = request_usd(flat_prices(30.0, 60.0), 500, 300)  # $0.03 and $0.06 per thousand
    daily = 5_000 * 10 * per_query
    assert daily == pytest.approx(1_650)
    assert daily * 365 == pytest.approx(602_250)  # "over $600,000"


def test_induwara_monthly_api_bill():
    """https://induwara.lk/tools/ai-self-hosting-cost-calculator."""
    assert request_usd(flat_prices(0.25, 2.0), 120 * MILLION, 40 * MILLION) == pytest.approx(110.00)


@pytest.mark.parametrize(
    ("input_m", "output_m", "input_usd", "output_usd", "published"),
    [(50, 5, 0.15, 0.60, 10.50), (50, 5, 2.5, 10, 175.0), (500, 50, 2.5, 10, 1750.0)],
)
def test_pristren_scenarios(input_m, output_m, input_usd, output_usd, published):
    """https://pristren.com/blog/local-llm-vs-api-cost-comparison/ (its API side only)."""
    bill = request_usd(flat_prices(input_usd, output_usd), input_m * MILLION, output_m * MILLION)
    assert bill == pytest.approx(published)


def test_llmtco_api_example():
    """https://llmtco.com/methodology/."""
    assert request_usd(flat_prices(3.0, 15.0), MILLION, MILLION // 2) == pytest.approx(10.50)


@pytest.mark.parametrize(
    ("input_usd", "output_usd", "true", "published"),
    [(1.25, 10.0, 1_687.50, 168), (3.0, 15.0, 2_700.0, 270), (0.88, 0.88, 264.0, 26)],
)
def test_devtk_published_ten_times_too_little(input_usd, output_usd, true, published):
    """https://devtk.ai/en/blog/self-hosting-llm-vs-api-cost-2026: a trap, not reproduced."""
    monthly = 30 * request_usd(flat_prices(input_usd, output_usd), 5 * MILLION, 5 * MILLION)
    assert monthly == pytest.approx(true)
    assert monthly / published == pytest.approx(10, rel=0.02)


def test_devtk_is_the_same_priced_by_the_request():
    monthly = 30 * 5_000 * request_usd(flat_prices(3.0, 15.0), 1_000, 1_000)
    assert monthly == pytest.approx(2_700)


# ---------------------------------------------------------------------------------- tiers


def test_a_tier_is_a_cliff_on_the_whole_request():
    assert request_usd(TIERED, 200_000, 1_000) == pytest.approx(0.205)
    assert request_usd(TIERED, 200_001, 1_000) == pytest.approx(0.4075020, rel=1e-6)


def test_cached_tokens_count_towards_the_tier():
    within = request_usd(TIERED, 200_000, 0, cached_input_share=0.9)
    above = request_usd(TIERED, 200_001, 0, cached_input_share=0.9)
    assert within == pytest.approx(200_000 * (0.1 * 1.0 + 0.9 * 0.1) / 1e6)
    assert above == pytest.approx(200_001 * (0.1 * 2.0 + 0.9 * 0.2) / 1e6)


def test_pricing_a_month_in_one_call_lands_in_the_wrong_tier():
    haiku = TokenPrices((PriceTier(0, 0.1, 0.5), PriceTier(100_000, 0.5, 2.5)))
    aggregate = request_usd(haiku, 100 * MILLION, 10 * MILLION)
    by_request = 10_000 * request_usd(haiku, 10_000, 1_000)
    assert (aggregate, by_request) == (pytest.approx(75.0), pytest.approx(15.0))


def test_arrays_choose_their_tier_one_by_one():
    sizes = np.array([100_000.0, 200_000.0, 200_001.0, 1e6])
    usd = request_usd(TIERED, sizes, 0)
    assert usd.tolist() == pytest.approx([0.1, 0.2, 0.400002, 2.0])


# ------------------------------------------------------------------------ cache and batch


def test_all_shares_and_lines():
    lines = request_lines(TIERED, 1_000, 100, cached_input_share=0.5, cache_write_share=0.2)
    assert lines == {
        "input": pytest.approx(0.0003),
        "cached input": pytest.approx(0.00005),
        "cache write": pytest.approx(0.00025),
        "output": pytest.approx(0.0005),
    }


def test_without_cache_prices_the_shares_change_nothing():
    plain = request_usd(flat_prices(2.0, 8.0), 1_000, 100)
    assert request_usd(flat_prices(2.0, 8.0), 1_000, 100, 0.6, 0.3) == pytest.approx(plain)


def test_a_batch_that_stacks_and_one_that_does_not():
    stacks = TokenPrices((PriceTier(0, 1.0, 5.0, 0.1),), (PriceTier(0, 0.5, 2.5, 0.05),))
    apart = TokenPrices((PriceTier(0, 1.0, 5.0, 0.1),), (PriceTier(0, 0.5, 2.5),))
    assert request_usd(stacks, MILLION, 0, 1.0, batch=True) == pytest.approx(0.05)
    assert request_usd(apart, MILLION, 0, 1.0, batch=True) == pytest.approx(0.50)


@pytest.mark.parametrize(("stacks", "read", "written"), [(True, 0.08, 1.0), (False, 0.80, 0.80)])
def test_a_quoted_batch_discount(stacks, read, written):
    quote = flat_prices(1.6, 3.2, 0.16, 2.0, batch_discount=0.5, stacks=stacks)
    assert request_usd(quote, 0, MILLION, batch=True) == pytest.approx(1.6)
    assert request_usd(quote, MILLION, 0, 1.0, batch=True) == pytest.approx(read)
    assert request_usd(quote, MILLION, 0, 0.0, 1.0, batch=True) == pytest.approx(written)


def test_a_discount_above_one_is_refused():
    with pytest.raises(InputError, match="share"):
        flat_prices(1.0, 1.0, batch_discount=1.5)


def test_a_batch_request_without_a_batch_price_is_refused():
    with pytest.raises(InputError, match="no batch price"):
        request_usd(flat_prices(1.0, 5.0), 1_000, 100, batch=True)


def test_batch_is_chosen_request_by_request():
    usd = request_usd(TIERED, [1_000, 1_000], 0, batch=[False, True])
    assert usd.tolist() == pytest.approx([0.001, 0.0005])


def test_a_fee_per_request_is_its_own_line():
    prices = TokenPrices((PriceTier(0, 1.0, 1.0),), usd_per_request=0.012)
    lines = request_lines(prices, [1_000, 2_000], 0)
    assert lines["request fee"].tolist() == [0.012, 0.012]
    assert request_usd(prices, 1_000, 0) == pytest.approx(0.013)


# --------------------------------------------------------------------------------- always


@given(st.floats(0, 1e6), st.floats(0, 1e5), shares, st.booleans())
def test_lines_sum_to_the_price_exactly(tokens_in, tokens_out, parts, batch):
    args = (TIERED, tokens_in, tokens_out, *parts, batch)
    assert sum(request_lines(*args).values()) == request_usd(*args)


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e5), shares)
def test_more_input_never_costs_less(tokens_in, more, tokens_out, parts):
    less = request_usd(TIERED, tokens_in, tokens_out, *parts)
    assert request_usd(TIERED, tokens_in + more, tokens_out, *parts) >= less * (1 - 1e-12)


@given(st.floats(0, 1e6), st.floats(0, 1e5), shares)
def test_scalars_and_arrays_agree(tokens_in, tokens_out, parts):
    one = request_usd(TIERED, tokens_in, tokens_out, *parts)
    many = request_usd(TIERED, np.full((2, 3), tokens_in), tokens_out, *parts)
    assert many.shape == (2, 3)
    assert np.all(many == one)


@given(st.lists(st.tuples(prices_usd, prices_usd, st.floats(0.01, 10)), min_size=1, max_size=5))
def test_mean_prices_bill_the_mean(rows):
    prices = [flat_prices(p_in, p_out) for p_in, p_out, _ in rows]
    weights = [weight for *_, weight in rows]
    billed = [request_usd(each, 900, 300) for each in prices]
    mean = request_usd(mean_prices(prices, weights), 900, 300)
    assert mean == pytest.approx(np.average(billed, weights=weights), rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("tokens_in", [10_000, 100_001, 200_000, 200_001])
def test_mean_prices_keep_every_tier(tokens_in):
    other = TokenPrices((PriceTier(0, 3.0, 9.0), PriceTier(100_000, 4.0, 12.0)))
    mean = mean_prices([TIERED, other], [1, 3])
    billed = [request_usd(each, tokens_in, 500, 0.3, 0.1) for each in (TIERED, other)]
    expected = 0.25 * billed[0] + 0.75 * billed[1]
    assert request_usd(mean, tokens_in, 500, 0.3, 0.1) == pytest.approx(expected)
    assert mean.batch is None


@pytest.mark.parametrize(
    "arguments",
    [(-1, 0), (0, -1), (1, 1, -0.1), (1, 1, 0.0, -0.1), (1, 1, 0.7, 0.4)],
)
def test_impossible_requests_are_refused(arguments):
    with pytest.raises(InputError):
        request_usd(TIERED, *arguments)


@pytest.mark.parametrize("starts", [(), (5.0,), (0.0, 0.0), (0.0, 20.0, 10.0)])
def test_tiers_must_ascend_from_zero(starts):
    with pytest.raises(InputError, match="ascend"):
        TokenPrices(tuple(PriceTier(start, 1.0, 1.0) for start in starts))


@pytest.mark.parametrize("weights", [[1.0], [0.0, 0.0], [1.0, -1.0]])
def test_mean_prices_needs_usable_weights(weights):
    with pytest.raises(InputError, match="weight"):
        mean_prices([TIERED, TIERED], weights)

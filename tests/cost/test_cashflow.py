"""Net present value, rates of return and payback: published cases, brute force, properties."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from costmodel.cost.cashflow import (
    bought_units,
    discounted,
    growth_path,
    held,
    irr,
    npv,
    payback,
    price_path,
    purchase_flows,
    ramp_path,
    root,
    yearly,
)
from costmodel.cost.ownership import monthly_rate

AMOUNTS = st.floats(-1e6, 1e6).map(lambda x: round(x, 2))
FLOWS = st.lists(AMOUNTS, min_size=2, max_size=24)
ONE_TURN = FLOWS.map(sorted) | FLOWS.map(lambda flows: sorted(flows, reverse=True))
"""Flows that change sign once at most: most of them have a rate of return."""


def roots(flows):
    """Every real rate above -1 at which the polynomial in 1 + r is 0, by its companion matrix."""
    found = np.roots(np.trim_zeros(np.asarray(flows, dtype=float), "f"))
    real = found[np.abs(found.imag) < 1e-7].real
    return sorted(float(x) - 1.0 for x in real if x > 1e-9)


# ------------------------------------------------------------------------------- published


def test_brealey_myers_allen_irr():
    """Principles of Corporate Finance, chapter 5: -4,000, +2,000, +4,000 has an IRR of 28.08 %."""
    assert irr([-4000, 2000, 4000]) == pytest.approx(0.2808, abs=5e-5)


def test_two_rates_are_none():
    """The same chapter: -1,000, +6,000, -11,000, +6,000 is 0 at 0, 100 and 200 %."""
    assert roots([-1000, 6000, -11000, 6000]) == pytest.approx([0, 1, 2])
    assert irr([-1000, 6000, -11000, 6000]) is None


def test_lent_and_borrowed_have_one_rate():
    assert irr([-1000, 1500]) == irr([1000, -1500]) == pytest.approx(0.5)


@pytest.mark.parametrize("flows", [[0, 0], [-1, -2], [1, 2], [0, 5]])
def test_no_rate_where_money_goes_one_way(flows):
    assert irr(flows) is None


# ------------------------------------------------------------------------------ brute force


@settings(max_examples=120)
@given(st.lists(st.floats(-1e5, -1), min_size=1, max_size=3),
       st.lists(st.floats(1, 1e5), min_size=1, max_size=20))  # fmt: skip
def test_irr_is_the_only_root(out, back):
    flows = [*out, *back]
    found = irr(flows)
    assume(found is not None and found > -0.9)
    (expected,) = [r for r in roots(flows) if r > -0.95]
    assert found == pytest.approx(expected, rel=1e-7, abs=1e-6)


@settings(max_examples=150)
@given(FLOWS | ONE_TURN)
def test_irr_where_given_makes_the_value_0_and_no_other_rate_does(flows):
    found = irr(flows)
    assume(found is not None and -0.5 < found < 20)
    scale = float(np.abs(discounted(flows, found)).sum())
    assert npv(flows, found) == pytest.approx(0, abs=1e-6 * scale)
    rates = np.linspace(max(found, 0) + 0.01, max(found, 0) + 5, 200)
    signs = np.sign([npv(flows, rate) for rate in rates])
    assert np.all(signs == signs[0])


def test_root_against_a_grid():
    def jumping(x):
        return 5.5 - np.floor(10 * x)

    assert root(jumping, (0.0, 5.5), (1.0, -4.5)) == pytest.approx(0.6, abs=1e-3)
    assert root(lambda x: np.exp(x) - 2, (0.0, -1.0), (3.0, 18.1)) == pytest.approx(np.log(2), 1e-5)


# ------------------------------------------------------------------------------- properties


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS), min_size=1, max_size=24),
       st.floats(-3, 3), st.floats(0, 1))  # fmt: skip
def test_npv_is_linear(pairs, factor, rate):
    a, b = np.array(pairs).T
    expected = npv(a, rate) + factor * npv(b, rate)
    assert npv(a + factor * b, rate) == pytest.approx(expected, rel=1e-9, abs=1e-3)


@given(FLOWS, st.floats(0, 1), st.floats(0, 1e6), st.integers(0, 23))
def test_more_money_never_pays_back_later(flows, rate, more, at):
    flows = np.asarray(flows)
    richer = flows.copy()
    richer[at % len(flows)] += more
    before, after = payback(flows, rate), payback(richer, rate)
    if before is not None:
        assert after is not None
        assert after <= before + 1e-6


@given(FLOWS, st.floats(0, 1))
def test_payback_is_where_the_running_sum_stays_above_0(flows, rate):
    found, running = payback(flows, rate), np.cumsum(discounted(flows, rate))
    slack = 1e-9 * (1 + np.abs(running).max())
    if found is None:
        assert running[-1] < 0
        return
    assert np.all(running[int(np.ceil(found)) :] >= -slack)
    between = np.interp(found, np.arange(len(running)), running)
    assert found == 0 or between == pytest.approx(0, abs=1e-6 * (1 + np.abs(running).max()))


def test_a_month_compounds_to_a_year():
    assert yearly(monthly_rate(0.1)) == pytest.approx(0.1)
    flows = np.zeros(13)
    flows[0], flows[12] = -100, 110
    assert yearly(irr(flows)) == pytest.approx(0.1)
    assert npv(flows, monthly_rate(0.1)) == pytest.approx(0)


def test_paths_begin_today():
    assert growth_path(0.02, 3)[0] == price_path(-0.2, 3)[0] == 1.0
    assert price_path(-0.2, 25)[[12, 24]] == pytest.approx([0.8, 0.64])
    assert ramp_path(2.5, 4).tolist() == [0.4, 0.8, 1.0, 1.0]


# ------------------------------------------------------------------------------ commitments

UNITS = st.lists(st.integers(0, 9), min_size=1, max_size=30)
LIVES = st.one_of(st.integers(1, 40).map(float), st.just(np.inf))


@given(UNITS, LIVES)
def test_as_many_are_held_as_are_needed_and_none_is_bought_in_vain(needed, life):
    bought = bought_units(needed, life)
    holding = held(bought, life)
    assert np.all(holding >= needed)
    assert np.all(bought >= 0)
    assert np.all((bought == 0) | (holding == needed)), "only what was missing is bought"
    alive = [sum(b for j, b in enumerate(bought[: i + 1]) if i - j < life)
             for i in range(len(needed))]  # fmt: skip
    assert holding.tolist() == alive


@given(UNITS, st.integers(1, 40), st.floats(0, 1))
def test_hardware_costs_its_loss_of_value(needed, life, residual):
    """What purchases cost less what they bring is the straight-line wear of the months held."""
    bought = bought_units(needed, life)
    wear = 1000.0 * (1 - residual) / life * held(bought, life).sum()
    flows = purchase_flows(bought, np.full(len(needed), 1000.0), residual, life)
    assert flows.sum() == pytest.approx(wear, abs=1e-6)
    assert len(flows) == len(needed) + 1


def test_hardware_is_bought_again_at_the_price_of_its_day():
    price = np.array([100.0, 90.0, 80.0, 70.0])
    flows = purchase_flows(bought_units([1, 1, 1, 1], 2), price, 0.1, 2)
    assert flows.tolist() == pytest.approx([100, 0, 80 - 10, 0, -8])

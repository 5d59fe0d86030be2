"""Contracts: worked numbers, and what must hold for any rising discounts."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.cost.contract import all_units, commit, graduated
from costmodel.cost.curve import PiecewiseLinear
from costmodel.errors import InputError

STEPS = [(10_000.0, 0.0), (50_000.0, 0.1), (math.inf, 0.25)]


@st.composite
def rising_steps(draw):
    """Steps whose discounts rise from band to band."""
    widths = draw(st.lists(st.floats(1, 1e6), min_size=0, max_size=5))
    tops = [*np.cumsum(widths).tolist(), math.inf]
    discounts = sorted(draw(st.lists(st.floats(0, 0.9), min_size=len(tops), max_size=len(tops))))
    return list(zip(tops, discounts, strict=True))


def test_graduated_bills_each_band_at_its_own_rate():
    bill = graduated(STEPS)
    assert bill([0, 10_000, 30_000, 50_000, 100_000]).tolist() == pytest.approx(
        [0, 10_000, 28_000, 46_000, 83_500]
    )


def test_all_units_reprices_the_month_when_a_band_is_reached():
    bill = all_units(STEPS)
    assert bill([9_999.99, 10_000, 49_999, 50_000, 100_000]).tolist() == pytest.approx(
        [9_999.99, 9_000, 44_999.1, 37_500, 75_000]
    )


def test_commit_is_paid_whatever_happens_and_covers_discounted_list_spend():
    bill = commit(20_000, discount=0.2, overage_discount=0.1)
    assert bill([0, 12_000, 25_000, 26_000]).tolist() == pytest.approx(
        [20_000, 20_000, 20_000, 20_900]
    )


def test_no_commitment_leaves_the_overage_rate():
    assert commit(0, overage_discount=0.1)([0, 100]).tolist() == pytest.approx([0, 90])


def test_a_contract_composes_with_a_bill_in_volume():
    list_bill = PiecewiseLinear.line(slope=2.0)  # USD per million tokens
    bill = graduated([(10_000, 0.0), (math.inf, 0.5)]).of(list_bill)
    assert bill([5_000, 10_000]).tolist() == pytest.approx([10_000, 15_000])


@given(rising_steps())
def test_graduated_is_continuous_and_concave_when_discounts_rise(steps):
    bill = graduated(steps)
    starts = bill.starts[1:]
    before = bill.intercepts[:-1] + bill.slopes[:-1] * starts
    assert np.allclose(before, bill(starts), rtol=1e-9, atol=1e-6)
    assert np.all(np.diff(bill.slopes) <= 0)


@given(rising_steps(), st.floats(0, 1e7))
def test_all_units_never_costs_more_than_graduated_when_discounts_rise(steps, list_usd):
    dearest = graduated(steps)(list_usd)
    assert all_units(steps)(list_usd) <= dearest * (1 + 1e-9) + 1e-6
    assert dearest <= list_usd * (1 + 1e-9) + 1e-6


@given(st.floats(0, 1e6), st.floats(0, 0.95), st.floats(0, 1), st.floats(0, 1e7), st.floats(0, 1e6))
def test_a_commitment_is_a_floor_and_the_bill_never_falls(usd, discount, overage, list_usd, more):
    bill = commit(usd, discount, overage)
    assert bill(list_usd) >= usd * (1 - 1e-9) - 1e-6
    assert bill(list_usd + more) >= bill(list_usd) - 1e-6


@given(st.floats(0.01, 1e6), st.floats(0, 0.95), st.floats(0, 1))
def test_a_commitment_is_continuous(usd, discount, overage):
    bill = commit(usd, discount, overage)
    covered = usd / (1 - discount)
    assert bill(covered) == pytest.approx(usd, rel=1e-9)


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        ([], "at least one step"),
        ([(100, 0.1)], "last step"),
        ([(100, 0.1), (50, 0.2), (math.inf, 0.3)], "rise"),
        ([(0, 0.1), (math.inf, 0.2)], "rise"),
        ([(math.inf, 1.2)], "share"),
        ([(math.inf, -0.1)], "share"),
    ],
)
@pytest.mark.parametrize("contract", [graduated, all_units])
def test_steps_that_make_no_sense_are_refused(contract, steps, says):
    with pytest.raises(InputError, match=says):
        contract(steps)


@pytest.mark.parametrize("args", [(-1.0,), (1.0, 1.0), (1.0, 0.0, 2.0), (math.inf,), (math.nan,)])
def test_commitments_that_make_no_sense_are_refused(args):
    with pytest.raises(InputError):
        commit(*args)

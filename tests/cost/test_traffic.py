"""Profiles, bursts and work that can wait."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.book import load_book
from costmodel.cost.traffic import hourly_demand, load_duration_weights

OFFICE_HOURS = np.array(load_book().profile("office-hours").weights)


@given(st.floats(1, 50))
def test_a_bare_peak_to_mean_stands_for_a_curve_with_that_mean(peak_to_mean):
    weights = load_duration_weights(peak_to_mean)
    assert weights.mean() == pytest.approx(1.0)
    assert weights.min() >= 0
    assert weights.max() <= peak_to_mean * (1 + 1e-12)


def test_bin_means_of_the_load_duration_curve():
    """rho (1 - u)^(rho - 1), integrated over each 168th by hand for rho = 2: 2 (1 - u_mid)."""
    middle = (np.arange(168) + 0.5) / 168
    assert np.sort(load_duration_weights(2.0))[::-1] == pytest.approx(2 * (1 - middle))


def test_office_hours():
    weights = OFFICE_HOURS
    assert weights.mean() == pytest.approx(1.0)
    assert weights.max() == pytest.approx(1.967, abs=5e-4)
    assert weights[8] == weights.max()
    assert weights[5 * 24 + 12] == weights.min()


def test_always_on_is_sized_by_the_stated_ratio_not_by_a_bin():
    demand = hourly_demand(load_duration_weights(3.0), peak_to_mean=3.0, burst_factor=1.2)
    assert demand.always_on == pytest.approx(3.6)
    assert not demand.peaks_known


@given(st.floats(0, 1), st.floats(1, 3))
def test_work_that_waits_is_all_done_and_fits(batch_share, burst_factor):
    demand = hourly_demand(OFFICE_HOURS, burst_factor=burst_factor, batch_share=batch_share)
    assert demand.served.mean() == pytest.approx(1.0)
    assert np.all(demand.served <= demand.sized_for + 1e-9)


@given(st.floats(0, 1), st.floats(1, 3))
def test_filling_troughs_never_asks_for_more_than_serving_at_once(batch_share, burst_factor):
    weights = OFFICE_HOURS
    waiting = hourly_demand(weights, burst_factor=burst_factor, batch_share=batch_share)
    at_once = hourly_demand(weights, burst_factor=burst_factor)
    assert waiting.always_on <= at_once.always_on + 1e-9
    assert waiting.always_on == pytest.approx(max(waiting.sized_for.max(), 1.0))


def test_a_pure_batch_load_is_sized_by_its_mean():
    demand = hourly_demand(OFFICE_HOURS, burst_factor=2.0, batch_share=1.0)
    assert demand.always_on == 1.0
    assert demand.sized_for == pytest.approx(np.ones(168))

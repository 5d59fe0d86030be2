"""Seconds billed on demand: against a loop over the hours, and worked out by hand."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.cost.breakeven import winning_set
from costmodel.cost.curve import CostCurve, PiecewiseLinear
from costmodel.cost.fleet import fleet_use, gpu_bill
from costmodel.cost.load import shared_load, workload_load
from costmodel.cost.terms import FleetTerms, Offer
from costmodel.cost.traffic import hourly_demand

FLAT = np.ones(168)


def _terms(**more):
    stated = {"min_replicas": 0, "load_factor": 0.5, "start_minutes": 3, "idle_minutes": 1,
              "service_s": 60.0, "scaling": "serverless"}  # fmt: skip
    return FleetTerms((Offer(2.0),), **{**stated, **more})


def _usd(load, terms, volume):
    return float(gpu_bill(load, terms)(volume))


def test_nothing_is_billed_without_traffic():
    load = workload_load(hourly_demand(FLAT), (0.0, 1.0), 10.0)
    assert _usd(load, _terms(), 0.0) == 0
    assert _usd(load, _terms(min_replicas=2), 0.0) == pytest.approx(2 * 2.0 * 730)


def test_a_rare_request_pays_for_its_cold_start():
    """One request in ten hours: 3 minutes of start, 1 of work, 1 of idling."""
    load = workload_load(hourly_demand(FLAT), (0.0, 1.0), 10.0)
    volume = 1 / 36_000
    assert _usd(load, _terms(), volume) == pytest.approx(2.0 * 730 * 0.1 * 5 / 60)


def test_much_traffic_pays_for_its_seconds():
    load = workload_load(hourly_demand(FLAT), (0.0, 1.0), 10.0)
    assert _usd(load, _terms(), 100.0) == pytest.approx(2.0 * 730 * 100 / 10 / 0.5)


def _loop(weights, terms, volume, per_replica):
    on = []
    wake = (terms.start_minutes + terms.idle_minutes) / 60 + terms.service_s / 3600
    warm = terms.min_replicas + terms.spare_replicas
    committed = terms.committed_replicas
    beyond = []
    for weight in weights / weights.mean():
        work = volume * weight / per_replica / terms.load_factor
        woken = min(1.0, volume * weight * 3600 * wake)
        on.append(max(warm, committed, work, woken) - committed)
        beyond.append(max(warm, committed, 1.0, work))
    rises = [max(0.0, b - a) for a, b in zip(beyond[-1:] + beyond[:-1], beyond, strict=True)]
    hours = (sum(on) + sum(rises) * terms.start_minutes / 60) / 168
    return 730 * (terms.elastic.usd_per_gpu_hour * hours) + terms.committed_usd


@settings(max_examples=60)
@given(
    st.lists(st.floats(0, 3), min_size=24, max_size=24).filter(lambda day: sum(day) > 0.1),
    st.floats(-6, 3),
    st.integers(0, 2),
    st.sampled_from([0.0, 2.0]),
    st.integers(0, 1),
)
def test_the_curve_is_the_loop_at_every_volume(day, power, warm, start, committed):
    weights = np.tile(day, 7)
    load = workload_load(hourly_demand(weights), (0.0, 1.0), 10.0)
    offers = (Offer(1.0, 2.0, committed=True), Offer(2.0)) if committed else (Offer(2.0),)
    terms = FleetTerms(
        offers, scaling="serverless", min_replicas=warm, load_factor=0.7, start_minutes=start,
        idle_minutes=0.5, service_s=5.0,
    )  # fmt: skip
    volume = 10.0**power
    expected = _loop(weights, terms, volume, 10.0)
    assert _usd(load, terms, volume) == pytest.approx(expected, rel=1e-7, abs=1e-7)
    use = fleet_use(load, terms, volume)
    steps = [use.busy, use.with_headroom, use.with_peaks, use.whole, use.with_spares, use.billed]
    assert all(b >= a - 1e-9 for a, b in pairwise(steps))


def test_two_workloads_whose_hours_cross_as_one_moves():
    """The kinks are found too where hours change their order along the axis."""
    day, night = np.tile([3.0] * 12 + [0.0] * 12, 7), np.tile([0.0] * 12 + [1.0] * 12, 7)
    stays = workload_load(hourly_demand(night), (20.0, 0.0), 10.0)
    moves = workload_load(hourly_demand(day), (0.0, 1.0), 10.0)
    load, terms = shared_load([stays, moves]), _terms(load_factor=1.0)
    bill = gpu_bill(load, terms)
    for volume in np.linspace(0.5, 60, 25):
        work = load.sized_for(volume)
        work = np.maximum(work, np.minimum(1.0, load.requests_per_s(volume) * 3600 * 5 / 60))
        beyond = np.maximum(1.0, load.sized_for(volume))
        rises = np.maximum(beyond - np.roll(beyond, 1), 0).mean()
        assert float(bill(volume)) == pytest.approx(2 * 730 * (work.mean() + rises * 3 / 60))


def test_break_even_against_an_api_is_exact():
    load = workload_load(hourly_demand(FLAT), (0.0, 1.0), 10.0)
    own = CostCurve(gpu_bill(load, _terms()).linear + PiecewiseLinear.line(500.0))
    won = winning_set(own, CostCurve(PiecewiseLinear.line(slope=400.0)))
    (first, last) = won.windows[0]
    assert last == np.inf
    assert float(own(first)) == pytest.approx(400.0 * first)

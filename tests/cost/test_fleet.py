"""Replicas and GPU bills against a plain loop over the hours, and properties of the waterfall."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.book import load_book
from costmodel.cost.fleet import capacity, fleet_use, gpu_bill, replicas_needed
from costmodel.cost.load import shared_load, workload_load
from costmodel.cost.terms import FleetTerms, Offer
from costmodel.cost.traffic import hourly_demand

OFFICE_HOURS = np.array(load_book().profile("office-hours").weights)
RATE = 2.0
TERMS = FleetTerms((Offer(RATE),), load_factor=0.7, spare_replicas=1)
FLAT = hourly_demand(np.ones(168))


def load_of(demand=FLAT, per_volume=1.0, per_replica=100.0, base=0.0):
    return workload_load(demand, (base, per_volume), per_replica)


def test_each_kind_of_headroom_enters_once():
    demand = hourly_demand(np.ones(168), peak_to_mean=2.5, burst_factor=1.3)
    n = replicas_needed(load_of(demand), TERMS, 500.0)
    assert n.item() == math.ceil(500 / 100 * 2.5 * 1.3 / 0.7) + 1


def test_an_always_on_fleet_bills_every_hour():
    bill = gpu_bill(load_of(), TERMS)
    assert bill(70.0) == pytest.approx((1 + 1) * RATE * 730)
    assert bill(70.1) == pytest.approx((2 + 1) * RATE * 730)


def test_a_whole_number_of_loads_is_not_one_more():
    """0.7 x 3 replicas of work in floating point is still three replicas."""
    assert replicas_needed(load_of(), TERMS, 210.0).item() == 3 + 1


def _loop(weights, volume, terms, per_replica):
    """USD a month of a scheduled fleet, hour by hour, without any array."""
    needed = []
    for w in weights:
        load = volume * w / per_replica / terms.load_factor
        needed.append(max(terms.min_replicas, math.ceil(load - 1e-9)) + terms.spare_replicas)
    committed = sum(o.replicas for o in terms.offers[:-1])
    committed_usd = sum(o.replicas * o.usd_per_gpu_hour for o in terms.offers[:-1]) * 168
    elastic = [max(0.0, n - committed) for n in needed]
    starts = sum(max(0.0, b - a) for a, b in zip([elastic[-1], *elastic], elastic, strict=False))
    hours = sum(elastic) + starts * terms.start_minutes / 60
    usd_per_week = hours * terms.offers[-1].usd_per_gpu_hour + committed_usd
    return usd_per_week * terms.gpus_per_replica * terms.hours_per_month / 168


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_scheduled_fleet_equals_a_loop_over_its_hours(seed):
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0.1, 2, 168)
    weights /= weights.mean()
    committed = [Offer(1.1, float(rng.integers(1, 5)), committed=True)] * int(rng.integers(0, 2))
    terms = FleetTerms(
        offers=(*committed, Offer(2.7)),
        gpus_per_replica=2,
        scaling="scheduled",
        load_factor=rng.uniform(0.4, 1),
        spare_replicas=float(rng.integers(0, 2)),
        min_replicas=float(rng.integers(0, 3)),
        start_minutes=rng.choice([0.0, 15.0]),
    )
    bill = gpu_bill(load_of(hourly_demand(weights)), terms)
    for volume in rng.uniform(1, 5000, 5):
        assert bill(volume) == pytest.approx(_loop(weights, volume, terms, 100.0), rel=1e-9)


def test_nodes_are_bought_whole():
    terms = FleetTerms(
        (Offer(RATE),), gpus_per_replica=2, node_gpus=8, load_factor=1, spare_replicas=0
    )
    bill = gpu_bill(load_of(), terms)
    for volume, nodes in ((100, 1), (400, 1), (401, 2), (801, 3)):
        assert bill(volume) == pytest.approx(nodes * 8 * RATE * 730)


def test_committed_replicas_bill_whether_needed_or_not():
    terms = FleetTerms(
        (Offer(1.0, 4, committed=True), Offer(RATE)), load_factor=1, spare_replicas=0
    )
    bill = gpu_bill(load_of(), terms)
    assert bill(50.0) == pytest.approx(4 * 1.0 * 730)
    assert bill(450.0) == pytest.approx(4 * 1.0 * 730 + 1 * RATE * 730)


def test_a_pinned_fleet_costs_the_same_and_has_a_limit():
    terms = FleetTerms((Offer(RATE),), load_factor=0.5, spare_replicas=1, pinned_replicas=3)
    demand = hourly_demand(np.ones(168), peak_to_mean=2.0)
    load = load_of(demand)
    assert capacity(load, terms) == pytest.approx(100 * (3 - 1) * 0.5 / 2.0)
    bill = gpu_bill(load, terms)
    assert bill.limit == capacity(load, terms)
    assert bill([1.0, 1e6]).tolist() == pytest.approx([3 * RATE * 730] * 2)


def test_workloads_share_a_fleet_and_unknown_peaks_coincide():
    day, night = np.ones(168), np.ones(168)
    day[np.arange(168) % 24 < 12] = 0.2
    night[np.arange(168) % 24 >= 12] = 0.2
    known = shared_load([load_of(hourly_demand(day)), load_of(hourly_demand(night))])
    assert known.always_on(1.0).max() == pytest.approx(2 * 0.01)
    bare = hourly_demand(np.ones(168), peak_to_mean=2.0)
    unknown = shared_load([load_of(bare), load_of(hourly_demand(day))])
    assert unknown.always_on(1.0).max() == pytest.approx(0.01 * (2.0 + 1.0 / 0.6))


@settings(max_examples=100)
@given(
    volume=st.floats(1, 20_000),
    load_factor=st.floats(0.2, 1),
    spares=st.integers(0, 3),
    scheduled=st.booleans(),
    batch=st.floats(0, 1),
)
def test_the_waterfall_climbs_to_what_is_billed(volume, load_factor, spares, scheduled, batch):
    demand = hourly_demand(OFFICE_HOURS, burst_factor=1.3, batch_share=batch)
    terms = FleetTerms(
        (Offer(RATE),),
        scaling="scheduled" if scheduled else "always-on",
        load_factor=load_factor,
        spare_replicas=spares,
    )
    load = load_of(demand)
    use = fleet_use(load, terms, volume)
    levels = [
        use.busy, use.with_headroom, use.with_peaks, use.whole, use.with_spares, use.billed
    ]  # fmt: skip
    assert np.all(np.diff(levels) >= -1e-9)
    assert gpu_bill(load, terms)(volume) == pytest.approx(float(use.billed) * RATE * 730)


@settings(max_examples=100)
@given(st.floats(1, 10_000), st.floats(1, 10_000), st.integers(0, 2), st.booleans())
def test_more_volume_or_spares_never_cost_less(a, b, spares, scheduled):
    demand = hourly_demand(OFFICE_HOURS)
    scaling = "scheduled" if scheduled else "always-on"
    terms = FleetTerms((Offer(RATE),), scaling=scaling, spare_replicas=spares)
    more = FleetTerms((Offer(RATE),), scaling=scaling, spare_replicas=spares + 1)
    bill, spared = gpu_bill(load_of(demand), terms), gpu_bill(load_of(demand), more)
    low, high = sorted((a, b))
    assert bill(low) <= bill(high) + 1e-9
    assert bill(low) <= spared(low) + 1e-9

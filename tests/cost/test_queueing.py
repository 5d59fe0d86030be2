"""Erlang C against the textbook recursion, and the staircase it makes of a load."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.cost.breakeven import winning_set
from costmodel.cost.curve import CostCurve, PiecewiseLinear, Steps
from costmodel.cost.fleet import gpu_bill, replicas_needed
from costmodel.cost.load import workload_load
from costmodel.cost.queueing import Queue, log_probability_of_waiting
from costmodel.cost.terms import FleetTerms, Offer, QueuedUnits
from costmodel.cost.traffic import hourly_demand, load_duration_weights


def erlang_c(servers, load):
    """B(n) = a B(n-1) / (n + a B(n-1)), then C = B / (1 - a/N (1 - B))."""
    blocked = 1.0
    for n in range(1, servers + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked / (1 - load / servers * (1 - blocked))


@pytest.mark.parametrize(
    ("servers", "load"),
    [(1, 0.5), (10, 8.0), (31, 20.0), (33, 30.0), (1000, 950.0), (100_000, 99_500.0)],
)
def test_probability_of_waiting_against_the_recursion(servers, load):
    found = float(np.exp(log_probability_of_waiting(servers, load)))
    assert found == pytest.approx(erlang_c(servers, load), rel=1e-11)


def test_published_table():
    """Ten servers at 8 erlang wait with 40.92 %: any table of Erlang C."""
    assert float(np.exp(log_probability_of_waiting(10, 8.0))) == pytest.approx(0.4092, abs=5e-5)


QUEUES = st.builds(
    Queue, st.sampled_from([1.0, 4.0, 16.0, 128.0]), st.floats(0.2, 60), st.floats(0.02, 60)
)


@settings(max_examples=40)
@given(QUEUES, st.floats(0.01, 300))
def test_the_fewest_replicas_hold_the_wait_and_one_less_does_not(queue, load):
    n = float(queue.replicas(np.array([load]))[0])
    assert queue.wait_at(n, load) <= queue.wait_s * (1 + 1e-6)
    assert n == 1 or queue.wait_at(n - 1, load) > queue.wait_s * (1 - 1e-6)


@settings(max_examples=40)
@given(QUEUES)
def test_what_each_replica_adds_grows_towards_one(queue):
    """Pooling: the exact hybrid relies on the load carried being convex in the replicas."""
    carried = queue.carried(np.arange(400.0))
    added = np.diff(carried)
    assert np.all(np.diff(added) > -1e-9)
    assert np.all(added <= 1 + 1e-9)
    assert np.all(np.arange(400.0) - carried <= queue.slack + 1e-9)


def test_a_hundred_thousand_servers():
    queue = Queue(slots=1, service_s=10.0, wait_s=0.5)
    n = float(queue.replicas(np.array([99_000.0]))[0])
    assert 99_000 < n < 100_000
    late = erlang_c(int(n), 99_000.0) * math.exp(-(n - 99_000) * 0.5 / 10)
    assert late <= 0.05 < erlang_c(int(n) - 1, 99_000.0) * math.exp(-(n - 99_001) * 0.5 / 10)


def _terms(rng, queue):
    committed = [Offer(1.0, 2.0, committed=True)] * int(rng.random() < 0.3)
    spot = float(rng.choice([0.0, 0.1]))
    return FleetTerms(
        (*committed, Offer(2.0, interruption_overhead=spot)),
        scaling=["always-on", "scheduled"][rng.integers(2)],
        spare_replicas=float(rng.integers(0, 2)),
        min_replicas=float(rng.integers(0, 3)),
        node_gpus=float(rng.choice([1, 3])),
        start_minutes=float(rng.choice([0, 20])),
        queue=queue,
    )


def _bill_loop(demand, terms, volume, per_replica):
    """Hour by hour: try replica counts until the wait holds."""
    queue, q = terms.queue, terms.replicas_per_unit
    hours = demand.sized_for if terms.scaling == "scheduled" else [demand.always_on]
    committed = sum(math.ceil(o.replicas / q) for o in terms.offers[:-1])
    fixed = committed * q
    kept = 1 - terms.elastic.interruption_overhead
    units = []
    for weight in hours:
        load = volume * weight / per_replica * (1 - 1e-9)
        n = 0
        while True:
            servers = (min(n, fixed) + max(0, n - fixed) * kept) * queue.slots
            if servers > load * queue.slots or load == 0:
                late = 0.0
                if load > 0:
                    late = float(
                        np.exp(log_probability_of_waiting(servers, load * queue.slots))
                    ) * math.exp(-(servers - load * queue.slots) * queue.wait_s / queue.service_s)
                if late <= 0.05:
                    break
            n += 1
        n = max(n, terms.min_replicas) + terms.spare_replicas
        units.append(max(math.ceil(n / q), committed))
    starts = sum(max(0, b - a) for a, b in zip(units[-1:] + units[:-1], units, strict=True))
    beyond = sum(units) - committed * len(units)
    billed = (beyond + starts * terms.start_minutes / 60 * (len(units) > 1)) / len(units)
    commit_usd = sum(math.ceil(o.replicas / q) * o.usd_per_gpu_hour for o in terms.offers[:-1])
    gpus = terms.gpus_per_unit * terms.hours_per_month
    return gpus * (commit_usd + billed * terms.elastic.usd_per_gpu_hour)


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32 - 1))
def test_bills_and_winning_sets_against_a_loop(seed):
    rng = np.random.default_rng(seed)
    queue = Queue(
        float(rng.choice([1, 8, 32])), float(rng.uniform(1, 20)), float(rng.uniform(0.1, 10))
    )
    terms = _terms(rng, queue)
    demand = hourly_demand(load_duration_weights(rng.uniform(1, 3)), burst_factor=1.2)
    load = workload_load(demand, (0.0, 1.0), 100.0)
    bill = gpu_bill(load, terms)
    for volume in rng.uniform(1, 900, 3):
        assert float(bill(volume)) == pytest.approx(_bill_loop(demand, terms, volume, 100.0))
    rival = CostCurve(PiecewiseLinear.line(rng.uniform(0, 3000), rng.uniform(20, 45)))
    won = winning_set(bill, rival)
    volumes = rng.uniform(1, 3000, 300)
    saving = rival(volumes) - bill(volumes)
    inside = np.array([volume in won for volume in volumes])
    clear = np.abs(saving) > 1e-6 * rival(volumes)
    assert np.array_equal(inside[clear], (saving > 0)[clear])


def test_edges_are_where_one_more_replica_is_needed():
    queue = Queue(slots=16, service_s=8.0, wait_s=0.5)
    terms = FleetTerms((Offer(2.0),), queue=queue)
    load = workload_load(hourly_demand(np.ones(168)), (0.0, 1.0), 100.0)
    edges, _ = gpu_bill(load, terms).steps.jumps(0.0, 2000.0)
    assert len(edges) > 15
    for edge in edges:
        before = replicas_needed(load, terms, edge * (1 - 1e-7))
        after = replicas_needed(load, terms, edge * (1 + 1e-7))
        assert after.item() == before.item() + 1


def test_a_cheaper_api_is_never_beaten_and_a_dearer_one_for_good():
    """In the tail a replica carries its full capacity: the slopes alone decide."""
    queue = Queue(slots=16, service_s=8.0, wait_s=0.5)
    terms = FleetTerms((Offer(2.0),), queue=queue)
    bill = gpu_bill(workload_load(hourly_demand(np.ones(168)), (0.0, 1.0), 100.0), terms)
    full = 2.0 * 730 / 100
    assert winning_set(bill, CostCurve(PiecewiseLinear.line(slope=0.999 * full))).verdict == "never"
    dearer = winning_set(bill, CostCurve(PiecewiseLinear.line(slope=1.001 * full)))
    assert dearer.verdict == "from"
    assert 1e15 in dearer


def test_mixed_roundings_keep_apart():
    queue = Queue(slots=4, service_s=4.0, wait_s=1.0)
    queued = QueuedUnits(FleetTerms((Offer(1.0),), queue=queue))
    one = Steps(np.ones(1), np.zeros((1, 1)), np.ones((1, 1)), np.zeros(1), (queued,))
    both = one + Steps.single(10.0, 1.0)
    assert both(2.5) == one(2.5) + 30
    volumes, rises = both.jumps(0.0, 4.5)
    assert rises.sum() == pytest.approx(both(4.49999) - both(1e-6))
    assert np.all(np.diff(volumes) > 0)


@given(st.floats(1, 5000), st.floats(0.001, 0.9999), st.floats(0.5, 0.99))
def test_the_bound_never_hides_a_wait(servers, utilisation, percentile):
    """Where the quick bound says that nobody waits so long, Erlang's C says so too."""
    queue = Queue(slots=1.0, service_s=10.0, wait_s=1.0, percentile=percentile)
    log_waiting = float(log_probability_of_waiting(servers, servers * utilisation))
    wait = float(queue.wait_at(servers, servers * utilisation))
    late = log_waiting - math.log1p(-percentile)
    expected = 10.0 * late / (servers * (1 - utilisation))
    assert wait == pytest.approx(max(0.0, expected), rel=1e-9, abs=1e-9)

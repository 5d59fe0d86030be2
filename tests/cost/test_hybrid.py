"""Hybrids: the worked example, brute force over replica counts, and what must always hold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.book import load_book
from costmodel.cost.breakeven import winning_set
from costmodel.cost.contract import all_units, commit, graduated
from costmodel.cost.curve import CostCurve, PiecewiseLinear
from costmodel.cost.hybrid import Hybrid
from costmodel.cost.load import Lines
from costmodel.cost.queueing import Queue
from costmodel.cost.terms import FleetTerms, Offer
from costmodel.cost.traffic import load_duration_weights

SEEDS = st.integers(0, 2**32 - 1)
OFFICE_HOURS = np.array(load_book().profile("office-hours").weights)
LIST = PiecewiseLinear.line(slope=1.0)


def hybrid(weights, price, capacity, terms, contract=LIST, fleet_usd=0.0, api_usd=0.0, base=0.0):
    lines = Lines(base * weights, weights)
    return Hybrid(
        load=lines / capacity,
        list_usd=Lines(base * weights * price / 168, weights * price / 168),
        contract=contract,
        terms=terms,
        fleet_usd=fleet_usd,
        api_usd=api_usd,
    )


EXAMPLE = hybrid(
    OFFICE_HOURS,
    0.80,
    8988,
    FleetTerms((Offer(2453 / 730),), load_factor=0.7),
    fleet_usd=1890,
)
"""Figures worked out by hand, in millions of tokens a month."""


def test_the_worked_example():
    volume = np.array([30_000.0])
    assert EXAMPLE(volume)[0] == pytest.approx(18_807, abs=1)
    assert EXAMPLE.replicas(volume)[0] == 3
    assert 0.80 * 30_000 == 24_000


def test_no_replica_drops_the_fixed_cost():
    assert EXAMPLE(np.array([100.0]))[0] == pytest.approx(80)


def test_on_a_flat_price_it_never_crosses_back():
    won = EXAMPLE.winning_set(CostCurve(PiecewiseLinear.line(slope=0.80)))
    assert len(won.windows) == 1
    assert won.first == won.always_from
    before, after = np.array([won.first * 0.999]), np.array([won.first * 1.001])
    assert EXAMPLE(before)[0] == pytest.approx(0.80 * before[0])
    assert EXAMPLE(after)[0] < 0.80 * after[0]


def _served_loop(weights, volume, capacity):
    return sum(min(volume * w, capacity) for w in weights) / 168


def _random(rng):
    weights = (
        load_duration_weights(rng.uniform(1, 4)) if rng.random() < 0.5 else rng.uniform(0, 2, 168)
    )
    weights = weights / weights.mean()
    price, capacity = rng.uniform(0.2, 3), rng.uniform(100, 1000)
    bands = [
        (500 * price, 0.0),
        (2000 * price, rng.uniform(0, 0.4)),
        (np.inf, rng.uniform(0.4, 0.6)),
    ]
    contract = [LIST, graduated(bands), all_units(bands), commit(300 * price, 0.2, 0.1)][
        rng.integers(4)
    ]
    replica = rng.uniform(0.2, 1.5) * price * capacity
    committed = [Offer(0.5 * replica / 730, float(rng.integers(1, 3)), committed=True)] * int(
        rng.random() < 0.3
    )
    terms = FleetTerms(
        (*committed, Offer(replica / 730)),
        load_factor=rng.uniform(0.5, 1),
        spare_replicas=float(rng.integers(0, 2)),
        node_gpus=float(rng.choice([1, 2])),
    )
    fixed = rng.uniform(0, 500)
    made = hybrid(weights, price, capacity, terms, contract, fixed, rng.uniform(0, 50))
    return made, weights, price, capacity


def _bill_loop(made, weights, price, capacity, volume, units):
    terms = made.terms
    per_unit = terms.replicas_per_unit
    served = _served_loop(weights, volume, units * per_unit * terms.load_factor * capacity)
    spend = float(made.contract(max(0.0, volume - served) * price))
    spare = np.ceil(terms.spare_replicas / per_unit)
    committed = sum(np.ceil(o.replicas / per_unit) for o in terms.offers[:-1])
    committed_usd = sum(
        np.ceil(o.replicas / per_unit) * terms.gpus_per_unit * o.usd_per_gpu_hour * 730
        for o in terms.offers[:-1]
    )
    unit_usd = terms.gpus_per_unit * terms.offers[-1].usd_per_gpu_hour * 730
    if units == 0 and committed == 0:
        return made.api_usd + spend
    own = made.fleet_usd + committed_usd + max(0.0, units + spare - committed) * unit_usd
    return made.api_usd + own + spend


@settings(max_examples=60)
@given(seed=SEEDS)
def test_brute_force_over_replica_counts(seed):
    rng = np.random.default_rng(seed)
    made, weights, price, capacity = _random(rng)
    for volume in rng.uniform(10, 5000, 3):
        most = int(np.ceil(volume * weights.max() / (capacity * made.terms.load_factor))) + 2
        bills = [_bill_loop(made, weights, price, capacity, volume, n) for n in range(most)]
        assert made(np.array([volume]))[0] == pytest.approx(min(bills), rel=1e-9)


@settings(max_examples=25)
@given(seed=SEEDS)
def test_winning_set_agrees_with_the_bill(seed):
    rng = np.random.default_rng(seed)
    made, _, price, _ = _random(rng)
    for rival in (price, price * 0.7, price * 1.3):
        against = CostCurve(PiecewiseLinear.line(made.api_usd, rival))
        won = made.winning_set(against)
        volumes = rng.uniform(1, 8000, 200)
        saving = against(volumes) - made(volumes)
        inside = np.array([volume in won for volume in volumes])
        clear = np.abs(saving) > 1e-6 * against(volumes)
        edges = np.array([e for w in won.windows for e in w if 0 < e < np.inf] or [-1.0])
        away = np.min(np.abs(volumes[:, None] / edges - 1), axis=1) > 1e-6
        assert np.array_equal(inside[clear & away], (saving > 0)[clear & away])


@settings(max_examples=20)
@given(seed=SEEDS)
def test_never_dearer_than_its_api_alone(seed):
    rng = np.random.default_rng(seed)
    made, _, price, _ = _random(rng)
    committed = made.terms.offers[:-1]
    whatever = made.own_usd(np.zeros(1))[0] if committed else 0.0
    volumes = np.linspace(0, 5000, 50)
    alone = made.api_usd + made.contract(volumes * price)
    assert np.all(made(volumes) <= alone + whatever + 1e-6)


def test_pinned():
    terms = FleetTerms((Offer(17_520 / 730),), load_factor=1.0, pinned_replicas=4)
    made = hybrid(np.ones(168), 317.0, 70.0, terms)
    volume = np.array([583.0])
    assert made(volume)[0] == pytest.approx(4 * 17_520 + (583 - 4 * 70) * 317.0)
    won = made.winning_set(CostCurve(PiecewiseLinear.line(slope=317.0)))
    assert won.first == pytest.approx(
        winning_set(made.with_units(4), CostCurve(PiecewiseLinear.line(slope=317.0))).first
    )


def test_traffic_that_stays_while_the_axis_moves():
    """A base volume shifts the axis and nothing else."""
    terms = FleetTerms((Offer(2453 / 730),), load_factor=0.7)
    moved = hybrid(OFFICE_HOURS, 0.8, 8988, terms, base=10_000.0, fleet_usd=1890)
    plain = hybrid(OFFICE_HOURS, 0.8, 8988, terms, fleet_usd=1890)
    volumes = np.linspace(1, 40_000, 30)
    assert moved(volumes) == pytest.approx(plain(volumes + 10_000))
    for units in (0, 1, 4):
        assert moved.with_units(units)(volumes) == pytest.approx(
            plain.with_units(units)(volumes + 10_000)
        )


@settings(max_examples=7)
@given(seed=SEEDS)
def test_winning_set_against_a_rival_with_a_contract(seed):
    rng = np.random.default_rng(seed)
    made, _, price, _ = _random(rng)
    bands = [(300 * price, 0.0), (np.inf, rng.uniform(0.1, 0.4))]
    contract = [graduated(bands), all_units(bands), commit(200 * price, 0.3, 0.1)][rng.integers(3)]
    against = CostCurve(contract.of(PiecewiseLinear.line(slope=price * rng.uniform(0.7, 1.3))))
    won = made.winning_set(against)
    volumes = np.concatenate([rng.uniform(1, 8000, 100), 10 ** rng.uniform(0, 7, 60)])
    saving = against(volumes) - made(volumes)
    clear = np.abs(saving) > 1e-6 * against(volumes)
    inside = np.array([volume in won for volume in volumes])
    assert np.array_equal(inside[clear], (saving > 0)[clear])


def test_a_rival_with_a_discount_is_beaten_for_good():
    """However many units the far end needs, the tail follows from slopes."""
    terms = FleetTerms((Offer(100 / 730),), load_factor=1.0)
    made = hybrid(load_duration_weights(2.0), 1.0, 400.0, terms)
    rival = graduated([(1_000, 0.0), (np.inf, 0.2)]).of(PiecewiseLinear.line(slope=1.0))
    won = made.winning_set(CostCurve(rival))
    assert won.verdict == "from"
    assert 1e12 in won


def test_commitments_below_the_hourly_price_win_further_out():
    """A cheap commitment lowers the bill at every volume, also where more units are rented."""
    committed = Offer(0.1 * 300 / 730, 4.0, committed=True)
    terms = FleetTerms((committed, Offer(300 / 730)), load_factor=1.0)
    made = hybrid(load_duration_weights(2.5), 1.0, 400.0, terms)
    rival = CostCurve(PiecewiseLinear.line(slope=0.8))
    won = made.winning_set(rival)
    assert won.windows == (pytest.approx((150, 6400)),)
    volumes = np.linspace(10, 20_000, 400)
    inside = np.array([volume in won for volume in volumes])
    assert np.array_equal(inside, rival(volumes) > made(volumes))


@settings(max_examples=500)
@given(seed=SEEDS)
def test_the_optimum_is_the_best_of_all_replica_counts_on_random_profiles(seed):
    """Named shapes, curves and noise, with spares, nodes, spot, contracts and queues."""
    rng = np.random.default_rng(seed)
    weights = _profile(rng)
    price, per_replica = rng.uniform(0.2, 3), rng.uniform(100, 1000)
    replica = rng.uniform(0.2, 1.2) * price * per_replica
    queue = Queue(8.0, rng.uniform(1, 20), rng.uniform(0.2, 5)) if rng.random() < 0.4 else None
    spot = float(rng.choice([0.0, 0.1]))
    bands = [(500 * price, 0.0), (np.inf, rng.uniform(0.1, 0.5))]
    contract = [LIST, graduated(bands), all_units(bands)][rng.integers(3)]
    terms = FleetTerms(
        (Offer(replica / 730, interruption_overhead=spot),),
        load_factor=rng.uniform(0.5, 1),
        spare_replicas=float(rng.integers(0, 2)),
        node_gpus=float(rng.choice([1, 2])),
        queue=queue,
    )
    made = hybrid(weights, price, per_replica, terms, contract, rng.uniform(0, 500))
    volume = rng.uniform(10, 8000)
    bills = []
    most = int(volume * weights.max() / per_replica / 0.4) + 20
    carried = terms.carried(np.arange(most) * terms.replicas_per_unit)
    for units in range(most):
        served = np.minimum(volume * weights, carried[units] * per_replica).mean()
        spend = float(contract(max(0.0, volume - served) * price))
        bought = np.ceil(units + terms.spare_replicas / terms.replicas_per_unit - 1e-9)
        own = made.fleet_usd + bought * terms.gpus_per_unit * replica if units else 0.0
        bills.append(own + spend)
    assert made(np.array([volume]))[0] == pytest.approx(min(bills), rel=1e-9)


def _profile(rng):
    kind = rng.integers(3)
    if kind == 0:
        name = rng.choice(list(load_book().profiles))
        weights = np.array(load_book().profile(str(name)).weights)
    elif kind == 1:
        weights = load_duration_weights(rng.uniform(1, 6))
    else:
        weights = rng.uniform(0, 1, 168) ** rng.uniform(0.5, 6)
    return weights / weights.mean()


@settings(max_examples=15)
@given(seed=SEEDS)
def test_winning_set_under_queueing_and_spot(seed):
    rng = np.random.default_rng(seed)
    weights = _profile(rng)
    queue = Queue(16.0, rng.uniform(2, 20), rng.uniform(0.2, 5))
    committed = [Offer(100 / 730, 2.0, committed=True)] * int(rng.random() < 0.5)
    spot = Offer(rng.uniform(150, 350) / 730, interruption_overhead=float(rng.choice([0.0, 0.2])))
    terms = FleetTerms((*committed, spot), queue=queue if rng.random() < 0.7 else None)
    made = hybrid(weights, 1.0, 400.0, terms, fleet_usd=rng.uniform(0, 300))
    volumes = np.concatenate([rng.uniform(1, 6000, 150), 10 ** rng.uniform(0, 6, 40)])
    bills = made(volumes)
    for price in (0.7, 1.0, 1.2):
        against = CostCurve(PiecewiseLinear.line(slope=price))
        won = made.winning_set(against)
        saving = against(volumes) - bills
        clear = np.abs(saving) > 1e-6 * against(volumes)
        inside = np.array([volume in won for volume in volumes])
        assert np.array_equal(inside[clear], (saving > 0)[clear])

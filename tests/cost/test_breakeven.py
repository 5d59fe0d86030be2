"""Exact winning sets: the published examples, brute force on random instances, properties."""

import math
from math import inf

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from costmodel.cost.breakeven import (
    EVERYWHERE,
    NOWHERE,
    WinningSet,
    intersection,
    union,
    winning_set,
)
from costmodel.cost.contract import all_units, commit, graduated
from costmodel.cost.curve import CostCurve, PiecewiseLinear, Steps
from costmodel.cost.fleet import gpu_bill
from costmodel.cost.load import workload_load
from costmodel.cost.terms import FleetTerms, Offer
from costmodel.cost.traffic import hourly_demand, load_duration_weights


def fleet(fixed, replica, capacity, spares=0, at_least=1):
    """F + r (max(at_least, ceil(V / c)) + spares)."""
    line = PiecewiseLinear.line(fixed + replica * spares)
    return CostCurve(line, Steps.single(replica, 1 / capacity, floor=at_least))


def flat(price, intercept=0.0):
    return CostCurve(PiecewiseLinear.line(intercept, price))


class TestWorkedExamples:
    """Figures worked out by hand, in millions of tokens a month."""

    def test_six_windows(self):
        won = winning_set(fleet(1500, 2000, 1500), flat(1.60))
        assert won.first == pytest.approx(5937.5)
        assert won.always_from == pytest.approx(12187.5)
        assert len(won.windows) == 6
        assert won.verdict == "from"

    def test_one_spare(self):
        won = winning_set(fleet(1500, 2000, 1500, spares=1), flat(1.60))
        assert won.first == pytest.approx(13437.5)
        assert won.always_from == pytest.approx(19687.5)

    def test_ten_replicas_at_least(self):
        won = winning_set(fleet(0, 1000, 1000, at_least=10), flat(1.50))
        assert won.always_from == pytest.approx(10_000 / 1.5)
        assert len(won.windows) == 1

    def test_never(self):
        assert winning_set(fleet(0, 3650, 126.1), flat(0.45)).verdict == "never"

    def test_textbook_step_cost(self):
        """Amco, Budgeting Basics and Beyond: valid only at the third level."""
        won = winning_set(fleet(100_000, 10_000, 50_000), flat(1.80 - 0.80))
        assert won.first == pytest.approx(130_000)


class TestEqualSlopes:
    """p = r / c': one step decides all of them."""

    def test_never(self):
        assert winning_set(fleet(1500, 2000, 1500), flat(2000 / 1500)).windows == ()

    def test_recurring(self):
        won = winning_set(fleet(100, 2000, 1500), flat(2000 / 1500, 1100))
        assert won.windows[0] == pytest.approx((750, 1500))
        assert won.recurring
        assert won.verdict == "windows"
        assert won.always_from is None

    def test_always(self):
        assert winning_set(fleet(100, 2000, 1500), flat(2000 / 1500, 3000)) == EVERYWHERE


class TestNearlyEqualSlopes:
    """A contested stretch of a million steps: both ends exact, the middle counted."""

    def test_wins_in_the_end(self):
        fixed, replica, capacity, price = 1500.0, 2000.0, 1500.0, 2000 / 1500 * (1 + 1.07e-6)
        won = winning_set(fleet(fixed, replica, capacity), flat(price))
        first_step = math.floor(fixed / (price * capacity - replica)) + 1
        few_steps = 2.5 * capacity  # a lead below 1e-12 of the bill is rounding, not a lead
        assert won.first == pytest.approx((fixed + replica * first_step) / price, abs=few_steps)
        last_step = math.ceil((fixed + price * capacity) / (price * capacity - replica)) - 1
        always_from = (fixed + replica * last_step) / price
        assert won.always_from == pytest.approx(always_from, abs=few_steps)
        assert won.omitted > 0

    def test_loses_in_the_end(self):
        won = winning_set(fleet(-5000, 2000, 1500), flat(2000 / 1500 * (1 - 1e-6)))
        assert won.windows[0][0] == 0
        assert won.always_from is None
        assert won.windows[-1][1] < 4e9


def _brute_force(option, against, volumes, won):
    """Volumes where the sign of the saving contradicts the set; edges are left a hair of room."""
    saving = against(volumes) - option(volumes)
    room = 1e-7 * volumes
    inside = np.zeros(len(volumes), bool)
    deep = np.zeros(len(volumes), bool)
    for low, high in won.windows:
        inside |= (volumes >= low - room) & (volumes <= high + room)
        deep |= (volumes > low + room) & (volumes < high - room)
    scale = 1e-9 * np.maximum(np.abs(option(volumes)), 1.0)
    return ((saving > scale) & ~inside) | ((saving < -scale) & deep)


def _random_api(rng):
    price = rng.uniform(0.1, 12)
    spend = PiecewiseLinear.line(slope=price)
    bands = [(500 * price, 0.0), (3000 * price, rng.uniform(0, 0.5)), (inf, rng.uniform(0.3, 0.7))]
    contracts = [
        PiecewiseLinear.line(slope=1.0),
        graduated(bands),
        all_units(bands),
        commit(400 * price, rng.uniform(0, 0.4), rng.uniform(0, 0.3)),
    ]
    return CostCurve(
        contracts[rng.integers(4)].of(spend) + PiecewiseLinear.line(rng.uniform(0, 500))
    )


def _random_fleet(rng):
    """Any fleet the scenario grammar can say: hours, spares, minimums, nodes, commitments."""
    demand = hourly_demand(
        rng.uniform(0.05, 2, 168) if rng.random() < 0.7 else load_duration_weights(2.5),
        peak_to_mean=rng.choice([None, rng.uniform(1, 4)]),
        burst_factor=rng.uniform(1, 2),
        batch_share=rng.choice([0.0, rng.uniform(0, 1)]),
    )
    load = workload_load(demand, (rng.choice([0.0, 3.0]), 1.0), rng.uniform(50, 3000))
    rate = rng.uniform(0.5, 8)
    committed = [Offer(rate * 0.6, float(rng.integers(1, 6)), committed=True)] * rng.integers(0, 2)
    terms = FleetTerms(
        offers=(*committed, Offer(rate)),
        gpus_per_replica=float(rng.integers(1, 5)),
        scaling=rng.choice(["always-on", "scheduled"]),
        load_factor=rng.uniform(0.3, 1),
        spare_replicas=float(rng.integers(0, 3)),
        min_replicas=float(rng.integers(0, 4)),
        node_gpus=float(rng.choice([1, 8])),
        start_minutes=rng.choice([0.0, 10.0]),
    )
    bill = gpu_bill(load, terms)
    return CostCurve(bill.linear + PiecewiseLinear.line(rng.uniform(0, 8000)), bill.steps)


@settings(max_examples=500)
@given(seed=st.integers(0, 2**32 - 1))
def test_brute_force_agrees_on_random_instances(seed):
    rng = np.random.default_rng(seed)
    option, against = _random_fleet(rng), _random_api(rng)
    won = winning_set(option, against)
    volumes = rng.uniform(0, 12_000, 400)
    wrong = _brute_force(option, against, volumes, won)
    assert not wrong.any(), (won, volumes[wrong][:3])
    if won.always_from is not None:
        far = won.always_from * (1 + 1e-6) + 10.0 ** rng.uniform(0, 6, 100)
        assert not _brute_force(option, against, far, won).any()


@settings(max_examples=200)
@given(
    fixed=st.floats(0, 8000),
    replica=st.floats(500, 6000),
    capacity=st.floats(200, 3000),
    markup=st.floats(1.05, 5),
    spares=st.integers(0, 2),
)
def test_closed_form_for_a_flat_price(fixed, replica, capacity, markup, spares):
    """V_first = (F + r (m + k)) / p at the first step m that pays; V_safe below its bound."""
    price = markup * replica / capacity
    won = winning_set(fleet(fixed, replica, capacity, spares), flat(price))
    gain = price * capacity - replica
    step = (fixed + replica * spares) / gain
    assume(abs(step - round(step)) > 1e-6)
    assert won.first == pytest.approx(
        (fixed + replica * (math.floor(step) + 1 + spares)) / price, rel=1e-9
    )
    bound = (fixed + replica * (1 + spares)) / (price - replica / capacity)
    assert won.always_from is not None
    assert won.always_from <= bound * (1 + 1e-9)


@settings(max_examples=100)
@given(st.floats(0, 5000), st.floats(100, 5000), st.floats(50, 3000), st.floats(0.1, 10))
def test_a_spare_never_wins_volume(fixed, replica, capacity, price):
    without = winning_set(fleet(fixed, replica, capacity), flat(price))
    spared = winning_set(fleet(fixed, replica, capacity, spares=1), flat(price))
    if without.omitted == spared.omitted == 0 and not (without.recurring or spared.recurring):
        both = intersection([without, spared])
        assert sum(_length(w) for w in both.windows) == pytest.approx(
            sum(_length(w) for w in spared.windows), rel=1e-6, abs=1e-6
        )


def _length(window):
    return min(window[1], 1e9) - min(window[0], 1e9)


class TestBothBillsAgreeAtAContinuousCrossing:
    @pytest.mark.parametrize("price", [1.5, 1.6, 2.0, 4.0])
    def test_roots(self, price):
        option, against = fleet(1500, 2000, 1500), flat(price)
        for low, _ in winning_set(option, against).windows:
            assert option(low) == pytest.approx(float(against(low)), rel=1e-9)


class TestSets:
    def test_union_and_intersection(self):
        a, b = WinningSet(((0, 5), (10, inf))), WinningSet(((3, 12),))
        assert union([a, b]).windows == ((0, inf),)
        assert intersection([a, b]).windows == ((3, 5), (10, 12))
        assert intersection([]) == EVERYWHERE
        assert union([]) == NOWHERE

    def test_verdicts(self):
        assert EVERYWHERE.verdict == "always"
        assert NOWHERE.verdict == "never"
        assert WinningSet(((1, 2),)).verdict == "windows"
        assert WinningSet(((1, 2), (3, inf))).verdict == "from"

    def test_margin_of_safety(self):
        won = WinningSet(((50, inf),))
        assert won.margin_of_safety(100) == 0.5
        assert won.margin_of_safety(40) == -0.25
        assert EVERYWHERE.margin_of_safety(40) is None
        assert NOWHERE.margin_of_safety(40) is None

    def test_limit_cuts_the_set(self):
        assert WinningSet(((50, inf),)).up_to(80).windows == ((50, 80),)


def test_two_steps_in_one_place():
    """Two groups that step at one volume jump once, by both."""
    steps = Steps(np.array([100.0, 50.0]), np.zeros((2, 1)), np.array([[0.01], [0.02]]), np.ones(2))
    at, rise = steps.jumps(0.0, 250.0)
    assert at.tolist() == pytest.approx([50, 100, 150, 200])
    assert rise.tolist() == pytest.approx([50, 150, 50, 150])

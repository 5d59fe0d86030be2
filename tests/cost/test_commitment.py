"""The cheapest mix of committed and elastic replicas against trying every number of them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.cost.breakeven import winning_set
from costmodel.cost.commitment import break_even_hours
from costmodel.cost.curve import CostCurve, PiecewiseLinear
from costmodel.cost.fleet import best_commitment, fleet_use, gpu_bill, unit_steps
from costmodel.cost.load import workload_load
from costmodel.cost.terms import FleetTerms, Offer
from costmodel.cost.traffic import hourly_demand

HOURS = 168
PER_REPLICA = 100.0


def _load(weights, burst=1.0):
    return workload_load(hourly_demand(weights, burst_factor=burst), (0.0, 1.0), PER_REPLICA)


def _terms(committed=1.5, elastic=2.0, **more):
    offers = (Offer(committed, committed=True, optimal=True), Offer(elastic))
    return FleetTerms(offers, **{"scaling": "scheduled", "load_factor": 1.0, **more})


def _with_committed(terms, count):
    """The same fleet with so many replicas committed, stated."""
    chosen, elastic = terms.offers
    fixed = (replace(chosen, optimal=False, replicas=float(count)), elastic)
    return replace(terms, offers=fixed if count else (elastic,))


WEEKS = st.lists(st.floats(0, 5), min_size=24, max_size=24).filter(lambda day: sum(day) > 0.1)


def test_hours_from_which_a_commitment_pays():
    """$2.10 reserved against $2.74 on demand: 559.5 of 730 hours."""
    assert break_even_hours(2.10, 2.74, 730) == pytest.approx(559.5, abs=0.05)
    assert break_even_hours(2.74, 2.10, 730) > 730


def test_the_base_is_committed_and_the_peak_is_not():
    """One replica by night, three by day (8 h): the second and third are needed a third of it."""
    day = np.where((np.arange(HOURS) % 24 >= 8) & (np.arange(HOURS) % 24 < 16), 3.0, 1.0)
    load, volume = _load(day), 100.0 * day.mean()
    half = _terms(committed=1.0, elastic=2.0)
    assert best_commitment(load, half, volume) == 1
    assert float(gpu_bill(load, half)(volume)) == pytest.approx(730 * (1.0 + 2 * 2.0 / 3))
    cheap = _terms(committed=0.6, elastic=2.0)
    assert best_commitment(load, cheap, volume) == 3
    assert float(gpu_bill(load, cheap)(volume)) == pytest.approx(730 * 3 * 0.6)
    assert best_commitment(load, _terms(committed=2.1), volume) == 0


@settings(max_examples=60)
@given(WEEKS, st.floats(0.3, 2.5), st.floats(10, 3000), st.sampled_from([0, 10, 45]),
       st.integers(0, 2))  # fmt: skip
def test_the_mix_is_the_best_of_all_sizes(day, committed, volume, start, spares):
    """Starts are billed by unit, so that each further commitment keeps what it saves."""
    load = _load(np.tile(day, 7))
    terms = _terms(committed, start_minutes=start, spare_replicas=spares)
    most = int(unit_steps(load, _with_committed(terms, 0)).units(volume).max()) + 1
    bills = [float(gpu_bill(load, _with_committed(terms, n))(volume)) for n in range(most + 1)]
    assert float(gpu_bill(load, terms)(volume)) == pytest.approx(min(bills))
    chosen = int(best_commitment(load, terms, volume))
    assert bills[chosen] == pytest.approx(min(bills))


@settings(max_examples=60)
@given(WEEKS, st.floats(0.3, 3), st.floats(0.3, 3), st.floats(1, 5000), st.sampled_from([0, 20]),
       st.integers(0, 2), st.sampled_from([1, 4]))  # fmt: skip
def test_a_mix_never_costs_more_than_either_pure_one(
    day, committed, elastic, volume, start, spares, node
):
    load = _load(np.tile(day, 7), burst=1.2)
    terms = _terms(committed, elastic, start_minutes=start, spare_replicas=spares, node_gpus=node)
    mixed = float(gpu_bill(load, terms)(volume))
    all_elastic = replace(terms, offers=(Offer(elastic),))
    all_committed = replace(terms, offers=(Offer(committed, committed=True),))
    for pure in (all_elastic, all_committed):
        assert mixed <= float(gpu_bill(load, pure)(volume)) * (1 + 1e-9)


@settings(max_examples=40)
@given(WEEKS, st.floats(0.3, 2.5), st.floats(10, 3000), st.sampled_from([0, 20]))
def test_billed_replicas_make_the_bill(day, committed, volume, start):
    """The replica-hours of the waterfall, at the two prices, are the bill."""
    load, terms = _load(np.tile(day, 7)), _terms(committed, start_minutes=start)
    use = fleet_use(load, terms, volume)
    chosen = float(best_commitment(load, terms, volume))
    usd = 730 * (committed * chosen + 2.0 * (float(use.billed) - chosen))
    assert usd == pytest.approx(float(gpu_bill(load, terms)(volume)))


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_winning_set_agrees_with_the_bill(seed):
    rng = np.random.default_rng(seed)
    load = _load(rng.uniform(0, 3, HOURS))
    terms = _terms(rng.uniform(0.3, 2), start_minutes=float(rng.choice([0, 30])))
    bill = gpu_bill(load, terms)
    rival = CostCurve(PiecewiseLinear.line(rng.uniform(0, 2000), rng.uniform(10, 30)))
    won = winning_set(bill, rival)
    volumes = rng.uniform(1, 3000, 300)
    saving = rival(volumes) - bill(volumes)
    inside = np.array([volume in won for volume in volumes])
    clear = np.abs(saving) > 1e-6 * rival(volumes)
    assert np.array_equal(inside[clear], (saving > 0)[clear])

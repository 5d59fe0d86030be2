"""Other ways to have a fleet, and other weeks, against evaluating the scenario written out."""

import numpy as np
import pytest

from costmodel.book.files import scenarios_dir
from costmodel.errors import InputError
from costmodel.pipeline.evaluate import evaluate
from costmodel.scenario import Scenario, load_scenario
from costmodel.studies.fleet_choices import fleet_choices, sized_by_wait
from costmodel.studies.week_shapes import AS_STATED, SHAPES, week_shapes

OWN, HOURS = "own GPUs, always on", "own GPUs, following the hours"


@pytest.fixture(scope="module")
def office():
    return load_scenario(scenarios_dir() / "traffic-office-hours.yaml")


@pytest.fixture(scope="module")
def choices(office):
    found = fleet_choices(office, OWN)
    return {(each.offer, each.scaling): each for each in found}


def written(scenario, **selfhost):
    """The scenario with the first own fleet's keys replaced, as a file would have them."""
    data = scenario.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)
    data["options"][1]["selfhost"] |= selfhost
    data["options"] = data["options"][:2]
    return Scenario.model_validate(data)


def test_the_stated_way_is_the_bill_of_the_report(office, choices):
    stated = choices["on demand", "always-on"]
    assert stated.stated
    assert sum(each.stated for each in choices.values()) == 1
    assert stated.monthly_usd == pytest.approx(evaluate(office).option(OWN).monthly_usd)


@pytest.mark.parametrize(
    ("way", "selfhost"),
    [
        (("on demand", "scheduled"), {"scaling": "scheduled"}),
        (("on demand", "serverless"), {"scaling": "serverless"}),
        (("spot", "always-on"),
         {"offers": [{"terms": "spot", "class": "neocloud", "quantile": "median"}]}),
        (("reserved, 12 months + on demand", "scheduled"),
         {"scaling": "scheduled",
          "offers": [{"terms": "reserved", "class": "neocloud", "discount": 0.26,
                      "term_months": 12, "replicas": "optimal"},
                     {"terms": "on-demand", "class": "neocloud", "quantile": "median"}]}),
    ],
)  # fmt: skip
def test_each_way_is_the_scenario_written_so(office, choices, way, selfhost):
    expected = evaluate(written(office, **selfhost)).option(OWN).monthly_usd
    assert choices[way].monthly_usd == pytest.approx(expected)


def test_a_mix_costs_no_more_than_its_parts(choices):
    mix = choices["reserved, 12 months + on demand", "scheduled"].monthly_usd
    assert mix <= choices["reserved, 12 months", "always-on"].monthly_usd
    assert mix <= choices["on demand", "scheduled"].monthly_usd


def test_what_nobody_lists_has_a_reason_and_no_bill(choices):
    unlisted = choices["reserved, 36 months", "always-on"]
    assert unlisted.monthly_usd is None
    assert "nobody lists reserved 36-month prices for h200" in unlisted.reason


def test_a_stated_price_is_kept_and_owned_gpus_are_compared():
    scenario = load_scenario(scenarios_dir() / "deepseek-moe-8-gpus.yaml")
    found = {(c.offer, c.scaling): c for c in fleet_choices(scenario, "owned H200 nodes")}
    assert found["owned", "always-on"].stated
    assert "purchase quantum" in found["on demand", "serverless"].reason
    mix = found["owned + on demand", "scheduled"].monthly_usd
    assert mix <= found["owned", "always-on"].monthly_usd


def test_an_api_has_no_ways(office):
    with pytest.raises(InputError, match="no GPUs of its own"):
        fleet_choices(office, "same weights, managed")


class TestSizing:
    def test_both_answers_stand_beside_each_other(self, office):
        found = sized_by_wait(office, OWN, 500.0)
        stated = evaluate(office).option(OWN).fleet.sizing
        assert found.load_factor == 0.7
        assert found.replicas_by_load_factor == stated.replicas_by_load_factor == 8
        queued = evaluate(written(office, load_factor=None, queueing={"wait_p95_ms": 500}))
        assert found.replicas_by_queueing == queued.option(OWN).fleet.replicas

    def test_by_the_second_there_is_nothing_to_size(self, office):
        with pytest.raises(InputError, match="serverless starts them on demand"):
            sized_by_wait(written(office, scaling="serverless"), OWN, 500.0)


class TestShapes:
    def test_each_shape_is_the_scenario_with_that_profile(self, office):
        found = week_shapes(office, OWN)
        for bill in found.bills:
            ready = {"steady": "steady", "office hours": "office-hours"}.get(bill.shape, "spiky")
            other = load_scenario(scenarios_dir() / f"traffic-{ready}.yaml")
            row = evaluate(other).against_cheapest(OWN)
            assert bill.break_even.winning == row.winning
            assert bill.stated == (ready == "office-hours")
            near = int(np.searchsorted(found.tokens_per_day, 1e9))
            volume = float(found.tokens_per_day[near])
            there = evaluate(other, tokens_per_day=volume).option(OWN).monthly_usd
            assert bill.monthly_usd[near] == pytest.approx(there)

    def test_a_week_of_its_own_comes_first(self):
        scenario = load_scenario(scenarios_dir() / "support-assistant.yaml")
        found = week_shapes(scenario, "own GPUs")
        assert [each.shape for each in found.bills] == [AS_STATED, *SHAPES]
        row = evaluate(scenario).against_cheapest("own GPUs")
        assert found.bills[0].break_even.winning == row.winning
        burst = scenario.workloads[0].profile.burst_factor.value
        assert burst > 1, "bursts stay when the hours are replaced"

    def test_without_a_bill_there_is_nothing_to_draw(self, office):
        with pytest.raises(InputError, match="has no bill"):
            week_shapes(written(office, gpu="l4"), OWN)

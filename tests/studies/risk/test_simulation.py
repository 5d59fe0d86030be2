"""Monte Carlo: points give `evaluate`, a linear case gives its closed form, seeds repeat."""

import math

import numpy as np
import pytest

from costmodel import evaluate, load_scenario, simulate, two_way
from costmodel.book import load_book
from costmodel.book.files import scenarios_dir
from costmodel.errors import InputError
from costmodel.pipeline.defaults import completed_scenario
from costmodel.pipeline.resolve import resolve
from costmodel.scenario import parse_scenario
from costmodel.scenario.changes import changed
from costmodel.studies.risk.draws import Model, array_usd
from costmodel.studies.risk.inputs import all_inputs, put, ranged_inputs
from costmodel.studies.risk.simulation import draw
from tests import ready

LINEAR = """
name: linear
as_of: 2026-11-23
calendar: {{days_per_month: 30, hours_per_month: 720}}
workloads:
  - {{name: chat, tokens_per_day: 100e6, input_tokens: 900, output_tokens: 100}}
options:
  - name: api
    api: {{input_usd_per_mtok: 4, output_usd_per_mtok: 4}}
  - name: own
    selfhost:
      gpus_per_replica: 1
      throughput: {{requests_per_s: {rate}}}
      offers: [{{terms: on-demand, usd_per_gpu_hour: {price}}}]
      load_factor: 1
      spare_replicas: 0
overheads:
  usd_per_hour: 0
  per_fleet: {{hours_per_month: 0}}
  per_api: {{hours_per_month: 0}}
correlations: {correlations}
"""
"""One replica serves it all: 720 h x price against $12,000, so own wins below $16.67 an hour."""


def linear(price="{low: 10, likely: 15, high: 30}", rate="100", correlations="[]"):
    return parse_scenario(LINEAR.format(price=price, rate=rate, correlations=correlations))


def small(name="support-assistant", count=4):
    scenario = load_scenario(scenarios_dir() / f"{name}.yaml")
    return scenario.model_copy(update={"options": scenario.options[:count]})


def test_probability_and_quantiles_of_a_linear_case_are_those_of_the_closed_form():
    risk = simulate(linear(), 8192)
    z = 1.2815515655446004 * math.log(16.666666666 / 15) / math.log(2)
    expected = 0.5 * (1 + math.erf(z / math.sqrt(2)))
    assert risk.probability_at_volume("own") == pytest.approx(expected, abs=2e-3)
    band = next(
        b for b in risk.bands if b.option == "own" and b.tokens_per_day == risk.tokens_per_day
    )
    assert [band.p10, band.p50, band.p90] == pytest.approx([7200, 10800, 21600], rel=5e-3)
    edge = next(row for row in risk.break_even if row.against == "cheapest")
    assert [edge.first_p10, edge.first_p50, edge.first_p90] == pytest.approx(
        [60e6, 90e6, 180e6], rel=5e-3
    )
    assert edge.never_share == 0


def test_goal_seek_finds_the_price_that_flips_and_says_so_where_none_does():
    goals = {goal.path.rsplit(".", 1)[-1]: goal for goal in simulate(linear(), 64).goal_seek}
    assert goals["usd_per_gpu_hour"].value == pytest.approx(12000 / 720, rel=1e-4)
    assert goals["input_usd_per_mtok"].value == pytest.approx((10.8 - 1.2) * 4 / 10.8, rel=1e-3)
    never = simulate(linear(price="{low: 1, likely: 1.5, high: 3}"), 64).goal_seek
    assert next(g for g in never if g.path.endswith("usd_per_gpu_hour")).value is None


def test_tornado_reevaluates_one_input_at_a_time():
    scenario = linear()
    risk = simulate(scenario, 64)
    (swing,) = risk.tornado
    for price, saving in ((10, swing.low_usd), (30, swing.high_usd)):
        report = evaluate(linear(price=str(price)))
        assert saving == report.option("api").monthly_usd - report.option("own").monthly_usd
    assert (swing.low, swing.high) == (10, 30)


def test_points_give_the_point_evaluation_exactly():
    scenario = small()
    resolved = resolve(scenario, load_book())
    for entry in ranged_inputs(scenario, resolved):
        point = entry.quantity.model_copy(update={"low": None, "high": None})
        for place in entry.places:
            if entry.home == "facts":
                resolved = put(resolved, place, point)
            else:
                scenario = put(scenario, place, point)
    model = Model(scenario, resolved, ranged_inputs(scenario, resolved), load_book())
    assert model.inputs == ()
    report = evaluate(small())
    volumes = np.append(np.linspace(0, 2e9, 101), report.tokens_per_day)[:, None]
    usd = array_usd(model, list(model.stated), draw(scenario, (), 10, 0), volumes)
    for option in report.options:
        assert usd[option.name][-1, 0] == option.monthly_usd
        assert np.array_equal(usd[option.name][:, 0], model.stated[option.name].at(volumes[:, 0]))


def test_a_scenario_without_ranges_gives_certainties():
    risk = simulate(linear(price="15"), 100)
    assert risk.inputs == ()
    assert risk.tornado == ()
    assert {row.probability for row in risk.probability} <= {0.0, 1.0}
    report = evaluate(linear(price="15"))
    bands = [b for b in risk.bands if b.tokens_per_day == report.tokens_per_day]
    assert {b.option: b.p10 for b in bands} == {o.name: o.monthly_usd for o in report.options}
    assert all(b.p10 == b.p50 == b.p90 for b in bands)
    assert "No input has a range" in risk.notes[0]


@pytest.mark.parametrize("scaling", ["always-on", "scheduled"])
def test_arrays_of_draws_give_the_bills_built_one_by_one(scaling):
    scenario = small("traffic-office-hours", 99)
    own = next(o for o in scenario.options if o.selfhost is not None)
    host = own.selfhost.model_copy(update={"scaling": scaling})
    options = (scenario.options[0], own.model_copy(update={"selfhost": host}))
    scenario = scenario.model_copy(update={"options": options})
    assert_arrays_are_bills_one_by_one(scenario, own.name)


TOGETHER = """
name: work that waits beside work that does not
as_of: 2026-11-23
workloads:
  - {{name: chat, tokens_per_day: {{low: 10e6, likely: 50e6, high: 200e6}}, input_tokens: 800,
     output_tokens: 200, profile: {profile}}}
  - {{name: nightly, tokens_per_day: 100e6, input_tokens: 3000, output_tokens: 500,
     batch_share: 0.9, profile: office-hours}}
options:
  - {{name: api, api: {{input_usd_per_mtok: 1, output_usd_per_mtok: 2}}}}
  - name: own
    selfhost:
      gpus_per_replica: 1
      throughput:
        chat: {{requests_per_s: {{low: 0.1, likely: 0.2, high: 0.3}}}}
        nightly: {{requests_per_s: 0.02}}
      offers: [{{terms: on-demand, usd_per_gpu_hour: 2}}]
"""


@pytest.mark.parametrize("profile", ["{peak_to_mean: 3}", "office-hours", "consumer-evening"])
def test_troughs_are_filled_draw_by_draw(profile):
    assert_arrays_are_bills_one_by_one(parse_scenario(TOGETHER.format(profile=profile)), "own")


def assert_arrays_are_bills_one_by_one(scenario, option):
    resolved = resolve(scenario, load_book())
    model = Model(scenario, resolved, ranged_inputs(scenario, resolved), load_book())
    values = draw(scenario, model.inputs, 12, 0)
    volumes = np.linspace(0, 3 * scenario.tokens_per_day, 23)[:, None]
    assert option in model.vectorised
    usd = array_usd(model, list(model.stated), values, volumes)
    for i, row in enumerate(values):
        for name, bill in model.bills(row.tolist()).items():
            assert usd[name][:, i] == pytest.approx(bill.at(volumes[:, 0]), rel=1e-12)


@pytest.mark.parametrize("name", ready.NAMES)
def test_every_ready_scenario_has_its_odds(name):
    scenario, risk = ready.scenario(name), ready.risk(name)
    here = {b.option: b for b in risk.bands if b.tokens_per_day == risk.tokens_per_day}
    billed = {o.name for o in ready.report(name).options if o.monthly_usd is not None}
    assert set(here) == billed
    assert all(band.p10 <= band.p50 <= band.p90 for band in here.values())
    own = {r.option for r in risk.break_even}
    assert own == {n for n in here if scenario.option(n).api is None}


def test_same_seed_same_numbers():
    assert simulate(linear(), 200, 7) == simulate(linear(), 200, 7)
    assert simulate(linear(), 200, 7) != simulate(linear(), 200, 8)


def test_correlations_move_the_result_and_bad_ones_are_refused():
    path = "options.own.selfhost.offers[0].usd_per_gpu_hour"
    with pytest.raises(InputError, match="is not an input with a range"):
        simulate(linear(correlations=f"[['{path}', nothing, 0.5]]"), 64)


def test_fleets_that_rest_on_one_figure_share_a_draw():
    scenario = small()
    own = scenario.option("own GPUs")
    twin = own.model_copy(update={"name": "twin"})
    scenario = scenario.model_copy(update={"options": (*scenario.options, twin)})
    resolved = resolve(scenario, load_book())
    shared = [i for i in all_inputs(scenario, resolved) if i.path.endswith("requests_per_s")]
    assert len(shared) == 1
    assert {place[1] for place in shared[0].places} == {"own GPUs", "twin"}


def test_two_inputs_at_once_agree_with_evaluate():
    price = "options.own.selfhost.offers[0].usd_per_gpu_hour"
    table = two_way(linear(), price, "workloads.chat.tokens_per_day", steps=3)
    assert table.x == (10, 20, 30)
    assert table.y == (50e6, 125e6, 200e6)
    assert table.saving_usd[0] == (6000 - 7200, 6000 - 14400, 6000 - 21600)
    assert table.saving_usd[2] == (24000 - 7200, 24000 - 14400, 24000 - 21600)
    with pytest.raises(InputError, match="no input is named"):
        two_way(linear(), price, "workloads.chat.tokens")


def test_the_json_has_the_promised_keys():
    data = simulate(linear(), 64).to_dict()
    assert {"samples", "seed", "probability", "bands", "break_even", "tornado", "goal_seek"} <= set(
        data
    )
    assert {"option", "against", "tokens_per_day", "probability"} == set(data["probability"][0])
    assert {"option", "tokens_per_day", "p10", "p50", "p90"} == set(data["bands"][0])
    assert {"first_p10", "first_p50", "first_p90", "never_share"} <= set(data["break_even"][0])
    assert {"path", "low_usd", "high_usd", "low", "high"} == set(data["tornado"][0])
    assert {"path", "value", "current"} == set(data["goal_seek"][0])


@pytest.mark.parametrize("samples", [0, 1, 2.5])
def test_too_few_draws_are_refused(samples):
    with pytest.raises(InputError, match="samples must be a whole number"):
        simulate(linear(), samples)


def test_the_volume_may_be_one_of_two_inputs():
    scenario = load_scenario(scenarios_dir() / "three-year-commitment.yaml")
    table = two_way(scenario, "workloads.product.tokens_per_day", "overheads.usd_per_hour", steps=3)
    for i, usd_per_hour in enumerate(table.y):
        for j, volume in enumerate(table.x):
            changes = {
                ("workloads", 0, "tokens_per_day"): volume,
                ("overheads", "usd_per_hour"): usd_per_hour,
            }
            report = evaluate(changed(scenario, changes))
            api = report.option("same weights, managed").monthly_usd
            saved = api - report.option(table.option).monthly_usd
            assert table.saving_usd[i][j] == pytest.approx(saved, abs=1e-6)
    assert len(set(table.saving_usd[0])) == 3


@pytest.mark.parametrize("name", ["three-year-commitment", "deepseek-moe-8-gpus", "batch-nightly"])
def test_bars_are_the_point_evaluation_with_that_end(name):
    scenario, risk = completed_scenario(ready.scenario(name), load_book()), ready.risk(name)
    known = {e.path: e for e in all_inputs(scenario, resolve(scenario, load_book()))}
    stated = [swing for swing in risk.tornado if known[swing.path].home == "scenario"]
    assert stated
    for swing in stated:
        (place,) = known[swing.path].places
        for value, usd in ((swing.low, swing.low_usd), (swing.high, swing.high_usd)):
            report = evaluate(changed(scenario, {place: value}))
            apis = [o for o in report.options if o.kind == "api" and not o.excluded_by]
            rival = min(o.monthly_usd for o in apis)
            assert usd == pytest.approx(rival - report.option(risk.option).monthly_usd, abs=1e-6)


MANY = """
name: everything is uncertain
as_of: 2026-11-23
workloads:
  - name: chat
    tokens_per_day: {low: 100e6, likely: 200e6, high: 500e6}
    input_tokens: {low: 1000, likely: 1500, high: 2500}
    output_tokens: {low: 200, likely: 300, high: 500}
    cached_input_share: {low: 0, likely: 0, high: 0.4}
    profile:
      peak_to_mean: {low: 1.5, likely: 2, high: 4}
      burst_factor: {low: 1, likely: 1.2, high: 2}
  - {name: batch, requests_per_day: 90e3, input_tokens: 3000, output_tokens: 200,
     batch_share: {low: 0.5, likely: 0.8, high: 0.9}}
options:
  - name: api
    api: {input_usd_per_mtok: {low: 0.5, likely: 0.6, high: 0.8}, output_usd_per_mtok: 2,
          output_token_ratio: {low: 1, likely: 1.2, high: 1.5}}
  - name: own
    selfhost:
      gpus_per_replica: 1
      throughput: {chat: {requests_per_s: {low: 3, likely: 5, high: 6}}, batch: {requests_per_s: 2}}
      offers: [{terms: on-demand, usd_per_gpu_hour: {low: 1, likely: 1.2, high: 2}}]
  - {name: mixed, hybrid: {selfhost: own, api: api}}
"""


def test_every_kind_of_range_at_once():
    risk = simulate(parse_scenario(MANY), 32)
    assert len(risk.inputs) == 13
    assert {row.option for row in risk.outlook} == {"api", "own", "mixed"}
    assert sum(row.cheapest_share for row in risk.outlook) == pytest.approx(1.0)
    assert all(b.p10 < b.p50 < b.p90 for b in risk.bands if b.tokens_per_day == risk.tokens_per_day)


@pytest.mark.parametrize("name", ["input_tokens", "output_tokens", "cached_input_share"])
def test_an_api_under_draws_of_a_request_is_billed_as_one_by_one(name):
    scenario = parse_scenario(MANY)
    resolved = resolve(scenario, load_book())
    inputs = tuple(i for i in ranged_inputs(scenario, resolved) if i.path.endswith(name))
    model = Model(scenario, resolved, inputs, load_book())
    values, volumes = draw(scenario, inputs, 16, 3), np.array([[1e8], [5e8]])
    usd = array_usd(model, ["api"], values, volumes)["api"]
    for i, row in enumerate(values):
        alone = model.bills(row.tolist())["api"].at(volumes[:, 0])
        assert usd[:, i] == pytest.approx(alone, rel=1e-12)


def test_options_that_tie_are_not_told_apart_by_rounding():
    """A hybrid that leaves everything to its API costs the same: the one listed first counts."""
    dear = MANY.replace("{low: 1, likely: 1.2, high: 2}}]", "90}]")
    shares = {row.option: row.cheapest_share for row in simulate(parse_scenario(dear), 32).outlook}
    assert shares == {"api": 1.0, "own": 0.0, "mixed": 0.0}

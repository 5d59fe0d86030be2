"""Ranges as changes: what is edited is what is drawn, and without any, odds are certainties."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel import evaluate, load_scenario, save, simulate
from costmodel.book import Book, load_book
from costmodel.book.files import scenarios_dir
from costmodel.errors import InputError
from costmodel.pipeline.defaults import completed_scenario
from costmodel.pipeline.resolve import resolve
from costmodel.scenario import Scenario, parse_scenario
from costmodel.scenario.changes import changed, scenario_yaml
from costmodel.scenario.numbers import AS_STATED
from costmodel.studies.risk import simulation
from costmodel.studies.risk.inputs import all_inputs, ranged_inputs
from costmodel.studies.risk.ranges import (
    Ends,
    can_be_edited,
    keeping_ranges,
    may_vary,
    range_changes,
    usual_range,
    with_ranges,
)

FROZEN = Path(__file__).parents[2] / "data" / "frozen"
READY = sorted(path.stem for path in scenarios_dir().glob("*.yaml"))
SPREAD = "options.own GPUs.selfhost.throughput.requests_per_s"


def ready(name="support-assistant"):
    """A ready scenario with what the book fills in, and how far that may be off."""
    return completed_scenario(load_scenario(scenarios_dir() / f"{name}.yaml"), load_book())


def known(scenario):
    return {entry.path: entry for entry in all_inputs(scenario, resolve(scenario, load_book()))}


def with_range(scenario, path, low, high):
    return changed(scenario, range_changes(scenario, known(scenario)[path], low, high))


def without_ranges(scenario):
    """The scenario with the ends of every range at its value."""
    resolved = resolve(scenario, load_book())
    for entry in ranged_inputs(scenario, resolved):
        value = entry.quantity.value
        scenario = changed(scenario, range_changes(scenario, entry, value, value))
    return scenario


@pytest.mark.parametrize("name", READY)
def test_every_range_can_be_edited_and_every_other_number_begun(name):
    scenario = ready(name)
    resolved = resolve(scenario, load_book())
    ranged = ranged_inputs(scenario, resolved)
    assert all(can_be_edited(scenario, entry) for entry in ranged)
    wanted = {}
    for entry in (*ranged, *may_vary(scenario, resolved)):
        low, high = usual_range(entry)
        if low < entry.quantity.value < high:
            wanted[entry.path] = (entry.quantity.value, low, high)
            scenario = changed(scenario, range_changes(scenario, entry, low, high))
    found = {
        entry.path: (entry.quantity.value, entry.quantity.low, entry.quantity.high)
        for entry in ranged_inputs(scenario, resolve(scenario, load_book()))
    }
    assert wanted
    assert {path: found[path] for path in wanted} == {
        path: pytest.approx(numbers) for path, numbers in wanted.items()
    }
    assert bills(scenario) == pytest.approx(bills(ready(name)))


def bills(scenario):
    return {option.name: option.monthly_usd or 0.0 for option in evaluate(scenario).options}


@pytest.mark.parametrize("name", READY)
def test_with_every_range_at_its_value_the_result_is_evaluate(name, monkeypatch):
    monkeypatch.setattr(simulation, "goal_seek", lambda _: ())  # slow, and of no range
    scenario = without_ranges(ready(name))
    risk, report = simulate(scenario), evaluate(scenario)
    assert risk.inputs == ()
    served = {o.name: o.monthly_usd for o in report.options if o.monthly_usd is not None}
    at_volume = {b.option: b for b in risk.bands if b.tokens_per_day == report.tokens_per_day}
    assert {name: (b.p10, b.p50, b.p90) for name, b in at_volume.items()} == {
        name: (usd, usd, usd) for name, usd in served.items()
    }
    edges = {(row.option, row.against): row for row in report.break_even}
    for row in risk.break_even:
        exact = edges[row.option, row.against]
        assert row.first_p50 == pytest.approx(exact.first_tokens_per_day), row
        assert row.always_from_p50 == pytest.approx(exact.always_from_tokens_per_day), row
        assert row.never_share == (exact.verdict == "never")
    for row in risk.probability:
        if row.tokens_per_day == report.tokens_per_day and row.against != "cheapest":
            usd, rival = served[row.option], served[row.against]
            too_small = any(
                each.code == "pinned_fleet" for each in report.option(row.option).exclusions
            )
            assert row.probability == (usd < rival * (1 - 1e-9) and not too_small)


def test_a_range_is_kept_in_the_file_and_says_whose_it_is():
    scenario = with_range(ready(), "overheads.usd_per_hour", 90.0, 180.0)
    scenario = with_range(scenario, SPREAD, 1.0, 1.5)
    again = known(parse_scenario(scenario_yaml(scenario)))
    rate, speed = again["overheads.usd_per_hour"].quantity, again[SPREAD].quantity
    assert (rate.low, rate.high) == (90.0, 180.0)
    assert rate.source.endswith(AS_STATED)
    assert (speed.low, speed.high) == pytest.approx((1.0, 1.5))
    assert speed.source.endswith(AS_STATED)
    twice = with_range(scenario, "overheads.usd_per_hour", 80.0, 190.0)
    assert known(twice)["overheads.usd_per_hour"].quantity.source.count(AS_STATED) == 1


def test_the_spread_of_a_throughput_follows_its_value():
    scenario = with_range(ready(), SPREAD, 1.0, 1.5)
    before = known(scenario)[SPREAD].quantity
    faster = changed(scenario, {("options", 3, "selfhost", "gpu"): "h200"})
    after = known(faster)[SPREAD].quantity
    assert after.value > before.value
    assert after.low / after.value == pytest.approx(before.low / before.value)
    assert after.high / after.value == pytest.approx(before.high / before.value)


@pytest.mark.parametrize("spread", ["{low: 1.1, high: 1.3}", "{low: 0.8, high: 0.9}",
                                    "{low: 0, high: 2}"])  # fmt: skip
def test_a_spread_lies_around_one(spread):
    text = (scenarios_dir() / "support-assistant.yaml").read_text()
    text = text.replace(
        "      format: awq-int4\n",
        f"      format: awq-int4\n      throughput_spread: {spread}\n",
        1,
    )
    with pytest.raises(InputError, match="low and high are multiples of the value") as error:
        parse_scenario(text, "mine.yaml")
    assert error.value.problems[0].line == text[: text.index("throughput_spread")].count("\n") + 1


def test_a_wrong_correlation_is_shown_where_it_stands():
    text = (scenarios_dir() / "support-assistant.yaml").read_text()
    text += "correlations:\n  - [overheads.usd_per_hour, overheads.usd_per_hours, 0.5]\n"
    with pytest.raises(InputError, match=r"did you mean overheads\.usd_per_hour") as error:
        simulate(parse_scenario(text, "mine.yaml"), 16)
    (problem,) = error.value.problems
    assert (problem.file, problem.line) == ("mine.yaml", text.count("\n"))
    assert problem.path == "correlations[0]"


def test_correlated_costs_widen_the_bill_and_opposed_ones_narrow_it():
    """Rate x hours of people: its 80 % range grows with how far both move together."""
    paths = "overheads.usd_per_hour", "overheads.per_fleet.hours_per_month"
    widths = []
    for rho in (-0.9, 0.0, 0.9):
        options = ready().options[:4]
        changes = {"options": options, "correlations": ((*paths, rho),)}
        scenario = ready().model_copy(update=changes)
        risk = simulate(with_range(scenario, SPREAD, 1.24, 1.26), 1024)
        band = next(b for b in risk.bands if b.option == "own GPUs"
                    and b.tokens_per_day == risk.tokens_per_day)  # fmt: skip
        widths.append(band.p90 - band.p10)
    assert widths == sorted(widths)
    assert widths[0] < 0.9 * widths[1]
    assert widths[1] < 0.9 * widths[2]


def test_ranges_over_the_months_are_named_and_not_drawn():
    risk = simulate(ready("three-year-commitment"), 64)
    assert not any("growth" in entry.path or "finance" in entry.path for entry in risk.inputs)
    assert any("growth_per_month" in note and "cash flow" in note for note in risk.notes)


OWNED = """
name: owned and spot
as_of: 2026-11-23
workloads: [{name: chat, tokens_per_day: 100e6, input_tokens: 900, output_tokens: 100}]
options:
  - {name: api, api: {input_usd_per_mtok: 4, output_usd_per_mtok: 4}}
  - name: owned
    selfhost:
      gpus_per_replica: 1
      throughput: {requests_per_s: 5}
      offers: [{terms: owned, usd_per_gpu: 30000, kw_per_gpu: 1.3}]
  - name: spot
    selfhost:
      gpus_per_replica: 1
      throughput: {requests_per_s: 5}
      offers: [{terms: spot, usd_per_gpu_hour: 1.5}]
  - name: by the second
    selfhost:
      gpus_per_replica: 1
      throughput: {requests_per_s: 5}
      concurrency: 8
      offers: [{terms: serverless, usd_per_gpu_second: 0.001}]
"""


def test_what_the_book_fills_in_is_drawn_with_the_range_of_the_book():
    risk = simulate(parse_scenario(OWNED), 64)
    book = load_book()
    drawn = {
        entry.path: (entry.low, entry.value, entry.high, entry.source) for entry in risk.inputs
    }
    for path, fact in {
        "options.owned.selfhost.offers[0].pue": "pue",
        "options.owned.selfhost.offers[0].usd_per_kwh": "usd_per_kwh",
        "options.owned.selfhost.offers[0].life_months": "owned_life_months",
        "options.spot.selfhost.offers[0].interruption_overhead": "spot_interruption_overhead",
        "options.by the second.selfhost.start_minutes": "serverless_start_minutes",
        "options.by the second.selfhost.idle_minutes": "serverless_idle_minutes",
    }.items():
        known = book.cost(fact).quantity
        assert drawn[path] == (known.low, known.value, known.high, known.source)
    widths = {b.option: b.p90 - b.p10 for b in risk.bands if b.tokens_per_day == 100e6}
    assert widths["owned"] > 0
    assert widths["spot"] > 0
    assert widths["by the second"] > 0
    stated = parse_scenario(OWNED)
    assert bills(completed_scenario(stated, book)) == bills(stated)


class _LaterBook(Book):
    """The book some day later: every cost of people, power and premises is another."""

    def cost(self, cost_id):
        known = super().cost(cost_id)
        ends = {name: getattr(known, name) and 1.5 * getattr(known, name)
                for name in ("value", "low", "high")}  # fmt: skip
        return known.model_copy(update=ends)


def test_a_frozen_scenario_keeps_the_ranges_it_was_frozen_with(tmp_path):
    stated, later = parse_scenario(OWNED), _LaterBook()
    path = tmp_path / "frozen.yaml"
    save(evaluate(stated), path)
    frozen = load_scenario(path)
    found = simulate(stated, 64).to_dict()
    assert simulate(frozen, 64, book=later).to_dict() == found
    assert simulate(stated, 64, book=later).to_dict() != found


def test_a_file_frozen_before_a_field_was_added_keeps_its_prices():
    frozen = load_scenario(FROZEN / "before_spreads.yaml")
    facts = resolve(frozen, load_book()).options
    price = {name: facts[name].fleet.offers[0].usd_per_gpu_hour.value for name in ("own", "spot")}
    assert price == {"own": 7.77, "spot": 3.33}
    edited = changed(frozen, {("options", 0, "selfhost", "tp"): 8.0})
    again = resolve(edited, load_book()).options
    assert again["own"].fleet.offers[0].usd_per_gpu_hour.value != 7.77
    assert again["spot"].fleet.offers[0].usd_per_gpu_hour.value == 3.33


NAMED = """
name: names like fields
as_of: 2026-11-23
workloads: [{name: throughput, tokens_per_day: 100e6, input_tokens: 900, output_tokens: 100}]
options:
  - {name: api.v2, api: {input_usd_per_mtok: 4, output_usd_per_mtok: 4}}
  - name: capacity
    selfhost:
      gpus_per_replica: 1
      throughput: {requests_per_s: {low: 4, likely: 5, high: 6}}
      offers: [{terms: on-demand, usd_per_gpu_hour: {low: 1, likely: 2, high: 3}}]
  - name: throughput
    selfhost:
      gpus_per_replica: 1
      throughput: {throughput: {requests_per_s: {low: 4, likely: 6, high: 7}}}
      load_factor: {low: 0.5, likely: 0.6, high: 0.7}
      offers: [{terms: on-demand, usd_per_gpu_hour: 2}]
"""


def test_options_and_workloads_may_be_named_like_fields():
    scenario = parse_scenario(NAMED)
    drawn = {entry.path: entry.high for entry in simulate(scenario, 64).inputs}
    assert drawn["options.capacity.selfhost.offers[0].usd_per_gpu_hour"] == 3
    assert drawn["options.throughput.selfhost.load_factor"] == 0.7
    edited = with_range(scenario, "options.capacity.selfhost.offers[0].usd_per_gpu_hour", 1.5, 2.5)
    assert edited.options[1].selfhost.offers[0].usd_per_gpu_hour.high == 2.5
    assert edited.options[1].selfhost.throughput_spread is None
    edited = with_range(scenario, "options.capacity.selfhost.throughput.requests_per_s", 2.5, 10)
    spread = edited.options[1].selfhost.throughput_spread
    assert (spread.low, spread.high) == (0.5, 2.0)


def test_a_range_that_is_taken_away_is_nobodys_any_more():
    for path in ("overheads.usd_per_hour", SPREAD):
        value = known(ready())[path].quantity.value
        edited = with_range(ready(), path, 0.5 * value, 2 * value)
        assert known(edited)[path].quantity.source.endswith(AS_STATED)
        gone = known(with_range(edited, path, value, value))[path].quantity
        assert not gone.is_range
        assert not gone.source.endswith(AS_STATED)


def test_a_listed_price_takes_a_range_and_stays_listed():
    path = "options.own GPUs.selfhost.offers[0].usd_per_gpu_hour"
    before = known(ready())[path].quantity
    edited = with_range(ready(), path, 0.8 * before.value, 1.5 * before.value)
    assert edited.options[3].selfhost.offers[0].usd_per_gpu_hour is None
    after = known(edited)[path].quantity
    assert (after.value, after.kind, after.as_of) == (before.value, before.kind, before.as_of)
    assert after.source == before.source + AS_STATED
    other = changed(edited, {("options", 3, "selfhost", "gpu"): "h200"})
    dearer = known(other)[path].quantity
    assert dearer.value != before.value
    assert dearer.high / dearer.value == pytest.approx(1.5)
    text = scenario_yaml(edited)
    assert known(parse_scenario(text))[path].quantity == after
    offer = ("options", 3, "selfhost", "offers", 0)
    own = {(*offer, "usd_per_gpu_hour"): 2.0, (*offer, "discount"): None}
    with pytest.raises(InputError, match="price_spread is for a price that is looked up"):
        changed(edited, own)


@pytest.mark.parametrize("name", READY)
def test_what_is_decided_or_agreed_does_not_vary(name):
    scenario = ready(name)
    offered = {entry.path for entry in may_vary(scenario, resolve(scenario, load_book()))}
    agreed = ("up_to_usd_per_month", "up_to_mtok_per_month", "contract.usd_per_month",
              "min_retention", "margin", "term_months", "tp", "replicas")  # fmt: skip
    assert not [path for path in offered if path.endswith(agreed)]
    bought = any(o.usd_per_gpu is not None for option in scenario.options if option.selfhost
                 for o in option.selfhost.offers)  # fmt: skip
    assert bought or "finance.discount_rate" not in offered


def test_a_number_that_is_moved_takes_its_range_along():
    scenario = ready("three-year-commitment")
    volume, rate = scenario.workloads[0].tokens_per_day, scenario.finance.api_price_change_per_year
    at = ("workloads", 0, "tokens_per_day")
    moves = {at: 2 * volume.value, ("finance", "api_price_change_per_year"): rate.value - 0.05,
             ("options", 1, "selfhost", "gpu"): "h200"}  # fmt: skip
    moved = changed(scenario, keeping_ranges(scenario, moves))
    after = moved.workloads[0].tokens_per_day
    assert (after.low, after.value, after.high) == pytest.approx(
        (2 * volume.low, 2 * volume.value, 2 * volume.high)
    )
    fall = moved.finance.api_price_change_per_year
    assert fall.value == rate.value - 0.05
    assert fall.low < fall.value < fall.high
    assert moved.options[1].selfhost.gpu == "h200"
    assert keeping_ranges(scenario, {at: None}) == {at: None}


@given(
    st.floats(0.01, 1e6), st.floats(0.1, 1), st.floats(1, 10), st.floats(0.01, 1e6),
    st.sampled_from([(0.0, float("inf")), (0.0, 1.0), (1.0, float("inf"))]),
)  # fmt: skip
def test_a_range_about_another_value_stays_around_it_and_within_limits(value, low, high, new, ends):
    least, most = ends
    new = min(max(new, least), most)
    found = Ends(value, low * value, high * value).around(new, least, most)
    assert found[0] <= new <= found[1]
    if new != value:
        assert found[0] == pytest.approx(max(least, low * new), rel=1e-9)
        assert found[1] == pytest.approx(max(new, min(most, high * new)), rel=1e-9)


def test_draws_of_a_frozen_scenario_keep_its_prices_where_sizes_are_looked_up_again():
    shaped = changed(
        load_scenario(FROZEN / "before_spreads.yaml"),
        {("workloads", 0, "output_tokens"): {"low": 250, "likely": 300, "high": 360}},
    )
    plain = shaped.model_copy(update={"resolved": None})
    frozen = json.loads(json.dumps(evaluate(plain).frozen, default=str))
    price = frozen["resolved"]["options"]["own"]["fleet"]["offers"][0]["usd_per_gpu_hour"]
    price["value"] = 77.0
    again = Scenario.model_validate(frozen)
    risk, report = simulate(again, 64), evaluate(again)
    bands = {b.option: b for b in risk.bands if b.tokens_per_day == risk.tokens_per_day}
    assert risk.draws("own") == 64
    assert bands["own"].p50 == pytest.approx(report.option("own").monthly_usd, rel=0.02)
    assert report.option("own").monthly_usd > 10 * evaluate(plain).option("own").monthly_usd


def test_a_horizon_that_is_moved_stays_in_whole_months():
    stated = changed(
        ready("three-year-commitment"),
        {("finance", "horizon_months"): {"low": 24, "likely": 36, "high": 48}},
    )
    moved = keeping_ranges(stated, {("finance", "horizon_months"): 50.0})
    assert moved["finance", "horizon_months"] == {"value": 50.0, "low": 33, "high": 67}


def test_a_range_edited_in_a_frozen_scenario_moves_no_price():
    frozen = load_scenario(FROZEN / "before_spreads.yaml")
    price, speed = (f"options.own.selfhost.{end}" for end in
                    ("offers[0].usd_per_gpu_hour", "throughput.requests_per_s"))  # fmt: skip
    value = known(frozen)[speed].quantity.value
    ranges = {price: Ends(7.77, 7.0, 9.0), speed: Ends(value, 0.5 * value, 2 * value),
              "overheads.usd_per_hour": Ends(106.0, 90.0, 150.0)}  # fmt: skip
    edited = with_ranges(frozen, ranges)
    assert bills(edited) == bills(frozen)
    again = parse_scenario(scenario_yaml(edited))
    assert bills(again) == bills(frozen)
    drawn = {i.path: (i.low, i.high) for i in simulate(again, 16).inputs}
    assert drawn[price] == (7.0, 9.0)
    assert drawn[speed] == pytest.approx((0.5 * value, 2 * value))
    assert drawn["overheads.usd_per_hour"] == (90.0, 150.0)

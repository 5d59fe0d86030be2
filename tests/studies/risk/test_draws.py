"""Every draw is a scenario: priced at once or one by one, its bills are those of `evaluate`."""

import numpy as np
import pytest

from costmodel import evaluate, simulate
from costmodel.book import load_book
from costmodel.errors import InputError
from costmodel.pipeline.defaults import completed_scenario
from costmodel.pipeline.resolve import resolve
from costmodel.scenario import parse_scenario
from costmodel.scenario.changes import changed
from costmodel.studies.risk import two_way
from costmodel.studies.risk.draws import Model, array_usd
from costmodel.studies.risk.inputs import ranged_inputs
from costmodel.studies.risk.simulation import draw

HEAD = """
name: drawn
as_of: 2026-11-23
workloads: [{name: chat, tokens_per_day: %s, input_tokens: 900, output_tokens: 100}]
"""
API = "  - {name: api, api: {input_usd_per_mtok: 1, output_usd_per_mtok: 1}}\n"
OFFERS = (
    HEAD % "300e6"
    + f"""
finance: {{discount_rate: {{low: 0.02, likely: 0.08, high: 0.15}}}}
options:
{API}
  - name: bought
    selfhost:
      gpus_per_replica: 1
      throughput: {{requests_per_s: {{low: 3, likely: 5, high: 6}}}}
      offers:
        - terms: owned
          replicas: 2
          usd_per_gpu: {{low: 25000, likely: 30000, high: 40000}}
          life_months: {{low: 30, likely: 48, high: 60}}
          residual_share: {{low: 0.05, likely: 0.15, high: 0.3}}
          maintenance_share_per_year: {{low: 0.01, likely: 0.03, high: 0.05}}
          kw_per_gpu: {{low: 1.0, likely: 1.3, high: 1.5}}
          colo_usd_per_kw_month: {{low: 100, likely: 150, high: 220}}
        - {{terms: on-demand, usd_per_gpu_hour: 2.5}}
  - name: spot
    selfhost:
      gpus_per_replica: 1
      throughput: {{requests_per_s: 5}}
      offers: [{{terms: spot, usd_per_gpu_hour: {{low: 1, likely: 1.4, high: 1.9}}}}]
  - name: discounted
    selfhost:
      model: llama-3.3-70b-instruct
      format: fp8
      gpu: h100-sxm
      tp: 4
      offers:
        - {{terms: reserved, term_months: 36, class: neocloud, replicas: 1,
           discount: {{low: 0.2, likely: 0.35, high: 0.5}}}}
        - {{terms: on-demand, class: neocloud}}
"""
)


def modelled(text):
    scenario = completed_scenario(parse_scenario(text), load_book())
    resolved = resolve(scenario, load_book())
    return Model(scenario, resolved, ranged_inputs(scenario, resolved), load_book())


PEOPLE = {
    "usd_per_hour": ("overheads", "usd_per_hour"),
    "fleet_hours_per_month": ("overheads", "per_fleet", "hours_per_month"),
    "api_hours_per_month": ("overheads", "per_api", "hours_per_month"),
}


def evaluated(model, row):
    """The bills of one draw, from a scenario that states its numbers where they stand."""
    options = {option.name: i for i, option in enumerate(model.scenario.options)}
    changes = {}
    for entry, value in zip(model.inputs, row.tolist(), strict=True):
        for place in entry.places:
            if entry.home == "scenario":
                changes[place] = value
            elif place[0] == "overheads":
                changes[PEOPLE[place[1]]] = value
            elif place[3] == "offers":
                at = ("options", options[place[1]], "selfhost", "offers", place[4])
                changes[*at, "usd_per_gpu_hour"] = value
            else:
                known = model.resolved.options[place[1]].fleet.capacity[place[4]].requests_per_s
                moved = known.value * value / entry.quantity.value
                at = ("options", options[place[1]], "selfhost", "throughput")
                stated = model.scenario.option(place[1]).selfhost.throughput
                each = (place[4],) if isinstance(stated, dict) else ()
                changes[*at, *each, "requests_per_s"] = moved
    return {o.name: o.monthly_usd for o in evaluate(changed(model.scenario, changes)).options}


def test_offers_are_priced_in_arrays_as_evaluate_prices_each_draw():
    text = OFFERS.replace(
        "      tp: 4\n", "      tp: 4\n      throughput_spread: {low: 1, high: 1}\n"
    )
    model = modelled(text)
    assert {"bought", "spot", "discounted"} <= model.vectorised
    values = draw(model.scenario, model.inputs, 24, seed=3)
    names = ["api", "bought", "spot", "discounted"]
    at_once = array_usd(model, names, values, np.full((1, 1), model.scenario.tokens_per_day))
    for i, row in enumerate(values):
        expected = evaluated(model, row)
        assert {n: at_once[n][0, i] for n in names} == pytest.approx(expected, rel=1e-12)
        one = model.bills(row.tolist())
        assert {n: float(one[n].curve(model.scenario.tokens_per_day)) for n in names} == (
            pytest.approx(expected, rel=1e-12)
        )


def test_a_purchase_price_takes_all_the_draws():
    risk = simulate(parse_scenario(OFFERS), 4096)
    assert [risk.draws(o) for o in ("bought", "spot", "discounted")] == [4096] * 3
    assert risk.notes == ()


def one_fleet(volume, offers="[{terms: on-demand, usd_per_gpu_hour: 2}]", **fields):
    """A scenario of an API and a fleet of one GPU a replica."""
    more = "".join(f"      {name}: {value}\n" for name, value in fields.items())
    fleet = "  - name: own\n    selfhost:\n      gpus_per_replica: 1\n"
    return f"{HEAD % volume}options:\n{API}{fleet}{more}      offers: {offers}\n"


PINNED = one_fleet(
    "{low: 200e6, likely: 400e6, high: 800e6}",
    replicas=3,
    throughput="{requests_per_s: {low: 1, likely: 4, high: 8}}",
    load_factor=1,
)


def test_a_pinned_fleet_wins_only_in_draws_whose_volume_it_serves():
    """3 replicas of r requests a second carry 3 r x 86,400 x 1,000 tokens a day."""
    risk = simulate(parse_scenario(PINNED), 2048)
    model = modelled(PINNED)
    values = draw(model.scenario, model.inputs, 2048, seed=0)[:500]
    rate = values[:, [e.path.endswith("requests_per_s") for e in model.inputs].index(True)]
    for row in risk.probability:
        if row.against == "api":
            small = 3 * rate * 86_400 * 1_000 < row.tokens_per_day
            assert row.probability <= 1 - small.mean() + 1e-12
    here = next(r for r in risk.outlook if r.option == "own")
    assert here.unserved_share == np.mean(3 * rate * 86_400 * 1_000 < 400e6)
    assert 0 < here.unserved_share < 1
    assert np.isfinite([here.expected_usd, here.expected_saving_usd]).all()
    assert all(np.isfinite([b.p10, b.p50, b.p90]).all() for b in risk.bands)
    swing = next(s for s in risk.tornado if s.path.endswith("requests_per_s"))
    assert swing.low_usd == -np.inf
    assert swing.high_usd > 0


COUNTED = one_fleet(
    "300e6",
    "[{terms: reserved, replicas: {low: 1, likely: 2, high: 3}, usd_per_gpu_hour: 1.5}, "
    "{terms: on-demand, usd_per_gpu_hour: 2}]",
    throughput="{requests_per_s: 4}",
    spare_replicas="{low: 0, likely: 1, high: 3}",
    node_gpus="{low: 1, likely: 2, high: 4}",
)


def test_counts_are_whole_and_within_what_a_scenario_may_state():
    model = modelled(COUNTED)
    values = draw(model.scenario, model.inputs, 4096, seed=0)
    for entry, column in zip(model.inputs, values.T, strict=True):
        last = entry.path.rsplit(".", 1)[-1]
        if last in ("spare_replicas", "node_gpus", "replicas"):
            assert np.array_equal(column, np.round(column))
            assert column.min() >= (0 if last == "spare_replicas" else 1), last
    committed = [s for s in simulate(parse_scenario(COUNTED), 64).tornado
                 if s.path.endswith("offers[0].replicas")]  # fmt: skip
    assert committed[0].low_usd != committed[0].high_usd


RANGED = one_fleet("{low: 200e6, likely: 400e6, high: 800e6}", throughput="{requests_per_s: 4}")


def test_at_another_volume_a_ranged_volume_is_the_one_that_is_labelled():
    stated = parse_scenario(RANGED)
    risk = simulate(stated, 64, tokens_per_day=600e6)
    swing = next(s for s in risk.tornado if s.path.endswith("tokens_per_day"))
    assert (swing.low, swing.high) == (300e6, 1200e6)
    plain = changed(stated, {("workloads", 0, "tokens_per_day"): 400e6})
    for volume, usd in ((swing.low, swing.low_usd), (swing.high, swing.high_usd)):
        report = evaluate(plain, tokens_per_day=volume)
        saving = report.option("api").monthly_usd - report.option("own").monthly_usd
        assert usd == pytest.approx(saving)
    assert {i.path: i.high for i in risk.inputs}["workloads.chat.tokens_per_day"] == 1200e6
    table = two_way(plain, "workloads.chat.tokens_per_day", "overheads.usd_per_hour",
                    tokens_per_day=600e6)  # fmt: skip
    assert table.x_current == 600e6
    here = table.saving_usd[0][table.x.index(300e6)]
    rate = table.y[0]
    other = changed(plain, {("overheads", "usd_per_hour"): rate})
    report = evaluate(other, tokens_per_day=300e6)
    assert here == pytest.approx(
        report.option("api").monthly_usd - report.option("own").monthly_usd
    )


def test_the_odds_are_at_the_volume_and_said_apart_with_the_volume_drawn_too():
    risk = simulate(parse_scenario(RANGED), 4096)
    (row,) = (r for r in risk.outlook if r.option == "own")
    assert row.cheapest_share == pytest.approx(risk.probability_at_volume("own"), abs=1e-9)
    (drawn,) = (r for r in risk.outlook_over_volumes if r.option == "own")
    assert drawn.expected_saving_usd != pytest.approx(row.expected_saving_usd, rel=0.01)
    pinned = changed(parse_scenario(RANGED), {("workloads", 0, "tokens_per_day"): 400e6})
    assert simulate(pinned, 64).outlook_over_volumes == ()


@pytest.mark.parametrize("volume", [0.0, -5.0, float("nan"), float("inf")])
def test_no_volume_but_a_finite_one_above_nothing(volume):
    with pytest.raises(InputError, match="tokens per day must be a finite number above 0"):
        simulate(parse_scenario(RANGED), 64, tokens_per_day=volume)


def test_draws_whose_requests_do_not_fit_have_no_bill():
    text = (
        HEAD % "50e6"
        + f"""
options:
{API}
  - name: own
    selfhost: {{model: llama-3.3-70b-instruct, format: awq-int4, gpu: h100-sxm, tp: 1,
               offers: [{{terms: on-demand, class: neocloud}}]}}
"""
    )
    text = text.replace(
        "output_tokens: 100}", "output_tokens: {low: 100, likely: 500, high: 20000}}"
    )
    risk = simulate(parse_scenario(text), 64)
    row = next(r for r in risk.outlook if r.option == "own")
    assert 0 < row.unserved_share < 1


def test_a_correlation_with_what_is_not_drawn_says_why():
    text = RANGED.replace("output_tokens: 100}", "output_tokens: 100, "
                          "growth_per_month: {low: 0, likely: 0.01, high: 0.05}}")  # fmt: skip
    text += ("correlations:\n  - [workloads.chat.growth_per_month, "
             "workloads.chat.tokens_per_day, 0.5]\n")  # fmt: skip
    with pytest.raises(InputError, match="moves the cash flow over the months and is not drawn"):
        simulate(parse_scenario(text), 64)
    with pytest.raises(InputError, match="moves the cash flow over the months"):
        two_way(parse_scenario(text), "overheads.usd_per_hour", "workloads.chat.growth_per_month")


SEVERAL = """
name: several
as_of: 2026-11-23
workloads:
  - {name: chat, tokens_per_day: {low: 100e6, likely: 200e6, high: 300e6}, input_tokens: 900,
     output_tokens: {low: 80, likely: 100, high: 200}, profile: {peak_to_mean: 2}}
  - {name: batch, requests_per_day: {low: 1e5, likely: 2e5, high: 4e5}, input_tokens: 2000,
     output_tokens: 50, cached_input_share: {low: 0.1, likely: 0.3, high: 0.5}}
options:
  - {name: api, api: {input_usd_per_mtok: 1, output_usd_per_mtok: 3,
                      output_token_ratio: {low: 0.9, likely: 1.1, high: 1.5}}}
  - name: own
    selfhost:
      gpus_per_replica: 2
      throughput: {chat: {requests_per_s: {low: 4, likely: 5, high: 6}},
                   batch: {requests_per_s: {low: 3, likely: 4, high: 5}}}
      load_factor: {low: 0.5, likely: 0.6, high: 0.7}
      extra_monthly: [{name: watch, usd: {low: 100, likely: 300, high: 900}}]
      offers:
        - {terms: owned, replicas: 1, kw_per_gpu: 1.2,
           usd_per_gpu: {low: 20000, likely: 30000, high: 45000}}
        - {terms: on-demand, usd_per_gpu_hour: {low: 1.5, likely: 2, high: 3}}
  - {name: both, mix: {chat: own, batch: api}}
  - {name: over, hybrid: {selfhost: own, api: api, replicas: optimal}}
"""


def test_several_workloads_in_draws_are_scenarios_with_those_numbers():
    model = modelled(SEVERAL)
    names = ["api", "own", "both"]
    assert set(names) <= model.vectorised
    values = draw(model.scenario, model.inputs, 16, seed=5)
    at = model.volumes(values, model.scenario.tokens_per_day)
    at_once = array_usd(model, names, values, at)
    for i, row in enumerate(values):
        scenario, _ = model.at(row.tolist())
        expected = evaluated(model, row)
        assert {n: at_once[n][0, i] for n in names} == (
            pytest.approx({n: expected[n] for n in names}, rel=1e-12)
        )
        assert at[0, i] == pytest.approx(scenario.tokens_per_day)
        bill = model.bills(row.tolist())["over"]
        assert float(bill.at(at[0, i])) == pytest.approx(expected["over"], rel=1e-12)


def test_requests_of_uncertain_size_are_an_uncertain_volume():
    text = RANGED.replace(
        "tokens_per_day: {low: 200e6, likely: 400e6, high: 800e6}", "requests_per_day: 150000"
    )
    text = text.replace("input_tokens: 900", "input_tokens: {low: 500, likely: 1500, high: 4500}")
    risk, model = simulate(parse_scenario(text), 512), modelled(text)
    values = draw(model.scenario, model.inputs, 512, seed=0)
    wins = []
    for row in values[:40]:
        usd = evaluated(model, row)
        wins.append(usd["own"] < usd["api"])
    (drawn,) = (r for r in risk.outlook_over_volumes if r.option == "own")
    assert 0 < drawn.cheapest_share < 1
    assert np.mean(wins) == pytest.approx(drawn.cheapest_share, abs=0.15)


def test_a_ranged_discount_and_a_spread_of_the_price_go_together():
    text = OFFERS.replace("high: 0.5}}", "high: 0.5}, price_spread: {low: 0.8, high: 1.3}}")
    assert "price_spread" in text
    risk = simulate(parse_scenario(text), 256)
    assert all(np.isfinite([b.p10, b.p50, b.p90]).all() for b in risk.bands)


def test_nobody_is_the_cheapest_where_nobody_serves():
    own = PINNED.replace(API, "")
    risk = simulate(parse_scenario(own), 512)
    (row,) = risk.outlook
    assert row.cheapest_share == pytest.approx(1 - row.unserved_share)

"""Published worked cases, reproduced through scenarios. A test is named after its case."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

from costmodel.cost.breakeven import winning_set
from costmodel.cost.cashflow import irr, npv, payback, ramp_path
from costmodel.cost.curve import CostCurve, PiecewiseLinear, Steps
from costmodel.quantity.units import HOURS_PER_WEEK

NOT_YET: dict[str, str] = {}
"""Cases the tool cannot answer yet, and what they wait for."""


def test_every_case_is_reproduced_or_waits(cases):
    named = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        named |= {name.removeprefix("test_").split("__")[0] for name in functions}
    assert set(cases) - named == set(NOT_YET)
    assert all(case["url"] for case in cases.values())


# ------------------------------------------------------------------------------ months of GPUs


def test_article_h100_month(case, report, fleet):
    low, high = case["inputs"]["gpu_usd_per_h"]
    bills = [
        report(fleet(usd), mtok_per_month=1, hours=hours).option("own").monthly_usd
        for usd, hours in ((low, 720), (low, 730), (high, 720))
    ]
    assert bills == pytest.approx([1440, 1460, 2016])
    published_low, published_high = case["published"]["usd_per_month"]
    assert bills[2] == pytest.approx(published_high, rel=0.02)
    assert bills[1] < 0.85 * published_low


def test_particula_8xh100(case, report, fleet):
    own = fleet(case["inputs"]["usd_h"], gpus_per_replica=case["inputs"]["gpus"])
    bill = report(own, mtok_per_month=1, hours=case["inputs"]["hours"]).option("own")
    assert bill.monthly_usd == pytest.approx(case["published"]["usd_month"], rel=0.001)


# ----------------------------------------------------------------------------------- unit costs


@pytest.mark.parametrize("row", ["A", "B", "C", "D"])
def test_gmi_h100_h200_examples(case, report, fleet, row):
    usd, tokens_per_s = case["inputs"][row]
    full = report(fleet(usd, tokens_per_s), tokens_per_day=tokens_per_s * 86400)
    assert full.option("own").usd_per_mtok == pytest.approx(case["published"][row], rel=0.002)
    assert full.option("own").fleet.utilisation == pytest.approx(1)


def test_dreaming_press_util(case, report, fleet):
    usd, tokens_per_s, share = (case["inputs"][key] for key in ("rate", "tok_s", "util"))
    full, part = (
        report(fleet(usd, tokens_per_s), tokens_per_day=tokens_per_s * 86400 * load).option("own")
        for load in (1, share)
    )
    assert full.usd_per_mtok == pytest.approx(case["published"]["per_M_full"], rel=0.005)
    assert part.usd_per_mtok == pytest.approx(full.usd_per_mtok / share)


def test_herman_owned_stack(case, report, fleet):
    given, published = case["inputs"], case["published"]
    offer = {
        "terms": "owned",
        "usd_per_gpu": given["capex"],
        "life_months": 12 * given["years"],
        "kw_per_gpu": given["watts"] / 1000,
        "pue": given["pue"],
        "usd_per_kwh": given["usd_kwh"],
    }
    extra = {"rack and network": given["server_rack_net"], "staff": given["staff"]}
    for key, expected in (("tok_s_dense70b", "per_M_dense"), ("tok_s_moe", "per_M_moe")):
        speed = given[key]
        own = fleet(None, speed, extra=extra, offer=offer)
        option = report(own, tokens_per_day=speed * 86400).option("own")
        assert option.monthly_usd == pytest.approx(published["gpu_month"], rel=0.001)
        assert option.monthly_usd / 730 == pytest.approx(published["per_hour"], rel=0.002)
        assert option.usd_per_mtok == pytest.approx(published[expected], rel=0.02)
    gpus = option.lines[0].usd
    assert gpus == pytest.approx(published["depreciation"] + published["power"], rel=0.001)


def test_llmtco_methodology(case, report, fleet, quoted):
    given, published = case["inputs"], case["published"]
    owned = {
        "terms": "owned",
        "usd_per_gpu": given["capex"],
        "life_months": given["months"],
        "kw_per_gpu": 1e-9,
    }
    bill = report(fleet(None, offer=owned), mtok_per_month=1).option("own").monthly_usd
    assert bill == pytest.approx(published["owned"], rel=1e-4)

    fixed = fleet(given["be_cost"] / given["hours"])
    answer = report(fixed, quoted(given["be_price"]), mtok_per_month=1)
    first = answer.against_cheapest("own").first_tokens_per_day * 730 / 24 / 1e6
    assert first == pytest.approx(published["breakeven_M"], rel=0.001)

    full = report(fleet(given["rent_usd_h"], given["tok_s"]), tokens_per_day=given["tok_s"] * 86400)
    assert full.option("own").usd_per_mtok == pytest.approx(published["per_M"], rel=0.01)

    api = report(quoted(3, 15), mtok_per_month=1.5, tokens=(1000, 500)).option("api")
    assert api.monthly_usd == pytest.approx(published["api"])


# ------------------------------------------------------------------------------------ API bills


def test_corporateai_daily(case, report, quoted):
    given = case["inputs"]
    per_request = (given["in_tok"], given["out_tok"])
    daily = given["employees"] * given["queries_day"] * sum(per_request)
    prices = (1000 * given["price_in_per_k"], 1000 * given["price_out_per_k"])
    bill = report(quoted(*prices), tokens_per_day=daily, tokens=per_request).option("api")
    assert bill.monthly_usd / (730 / 24) == pytest.approx(case["published"]["usd_day"])
    assert 12 * bill.monthly_usd == pytest.approx(case["published"]["usd_year"], rel=0.005)


def test_miracuves_saving(case, report, fleet, quoted):
    given = case["inputs"]
    own = fleet(given["selfhost_month"] / 730)
    answer = report(own, quoted(given["api_month"] / 1000), mtok_per_month=1000)
    saving = answer.recommendation.saving_usd_per_month
    assert answer.recommendation.option == "own"
    assert saving / given["api_month"] == pytest.approx(
        case["published"]["saving_pct"] / 100, rel=0.001
    )


# ------------------------------------------------------------------------- people and thresholds


def test_article_engineering_hours(case, report, fleet):
    given = case["inputs"]
    for hours, rate, expected in zip(
        given["hours_per_month"],
        given["implied_rate_usd_h"],
        case["published"]["usd_per_month"],
        strict=True,
    ):
        answer = report(fleet(1), mtok_per_month=1, usd_per_hour=rate, hours_per_fleet=hours)
        lines = {line.name: line.usd for line in answer.option("own").lines}
        assert lines["engineering"] == pytest.approx(expected)


def test_peakinfer_threshold(case, report, fleet, quoted):
    given, published = case["inputs"], case["published"]
    own = fleet(
        given["gpu"] / 730, extra={"engineering": given["engineering"], "ops": given["ops"]}
    )
    price, answer = 1.0, None
    for spend, saving in zip(given["api_spend"], published["savings"], strict=True):
        answer = report(own, quoted(price), mtok_per_month=spend / price)
        api, mine = answer.option("api").monthly_usd, answer.option("own").monthly_usd
        assert api - mine == pytest.approx(saving)
    assert answer is not None
    first = answer.against_cheapest("own").first_tokens_per_day * 730 / 24 / 1e6
    assert first * price == pytest.approx(published["threshold"])


# ------------------------------------------------------------------------------------ break-even


def test_induwara_default(case, report, fleet, quoted):
    given, published = case["inputs"], case["published"]
    hours = given["hours"]
    overhead = given["gpu_usd_h"] * hours * given["overhead_pct"] / 100
    own = fleet(given["gpu_usd_h"], given["tok_s"], extra={"overhead": overhead})
    answer = report(
        own,
        quoted(given["price_in"], given["price_out"]),
        mtok_per_month=given["in_M"] + given["out_M"],
        tokens=(given["in_M"], given["out_M"]),
        hours=hours,
    )
    days = hours / 24
    assert answer.option("api").monthly_usd == pytest.approx(published["api"])
    assert answer.option("own").monthly_usd == pytest.approx(published["selfhost"], rel=1e-4)
    assert answer.option("own").lines[-1].usd == pytest.approx(published["overhead_usd"], rel=2e-4)
    assert answer.recommendation.option == "api"
    assert answer.recommendation.saving_usd_per_month == pytest.approx(published["extra"], rel=1e-4)
    row = answer.against_cheapest("own")
    assert row.first_tokens_per_day * days / 1e6 == pytest.approx(
        published["breakeven_M"], rel=0.005
    )
    replica = answer.option("own").fleet.capacity_tokens_per_day_per_replica
    assert replica * days / 1e6 == pytest.approx(published["capacity_M"], rel=0.002)


def test_amco_step_cvp(case):
    given = case["inputs"]
    steps = Steps.single(given["step_cost"], 1 / given["step_units"])
    cost = CostCurve(PiecewiseLinear.line(given["fixed"], given["variable"]), steps)
    revenue = CostCurve(PiecewiseLinear.line(slope=given["price"]))
    profit = winning_set(cost, revenue)
    assert profit.first == pytest.approx(case["ours"]["breakeven_units"])
    assert profit.first > case["published"]["first_level_candidate"]
    assert profit.always_from == profit.first


def test_article_70b_500M_per_day(case, report, fleet, quoted):
    given, published = case["inputs"], case["published"]
    pair = fleet(2.99, replicas=2)
    answer = report(
        pair,
        fleet(1.99, replicas=3, name="three cards"),
        quoted(case["ours"]["usd_per_M_api"]),
        tokens_per_day=given["tokens_per_day_M"] * 1e6,
        hours=720,
    )
    assert answer.option("api").monthly_usd == pytest.approx(published["api_usd_month"])
    month = answer.option("own").monthly_usd * 730 / 720
    assert month == pytest.approx(published["selfhost_usd_month"], rel=0.002)
    three = answer.option("three cards").monthly_usd * 730 / 720
    assert three == pytest.approx(published["selfhost_usd_month"], rel=0.002)
    assert month / answer.option("api").monthly_usd == pytest.approx(1 / 5, abs=0.01)
    assert given["tokens_per_day_M"] * 1e6 / 86400 == pytest.approx(
        case["ours"]["average_tok_s"], abs=1
    )


def test_article_breakeven_low_millions(case, report, fleet, quoted):
    given, ours = case["inputs"]["selfhost_usd_month"], case["ours"]
    prices = [quoted(price, name=f"${price}") for price in (15, 9, 1.5)]
    answer = report(
        fleet(given["gpu_only_low"] / 720, name="bare"),
        fleet(given["all_in"] / 720, name="all in"),
        *prices,
        tokens_per_day=5e6,
        hours=720,
    )
    first = {(r.option, r.against): r.first_tokens_per_day / 1e6 for r in answer.break_even}
    assert first["bare", "$15"] == pytest.approx(ours["one_bare_h100_at_15"])
    for price, mtok in ours["all_in_M_per_day"].items():
        assert first["all in", f"${price}"] == pytest.approx(mtok, rel=0.005)
        assert first["all in", f"${price}"] > case["published"]["breakeven_M_per_day"][1]


# ---------------------------------------------------------------------------------------- hybrid


def measured_week(low: float, high: float, mean: float) -> list[float]:
    """168 hours at the trough or at the peak, so many of each that the mean is as stated."""
    at_high = round(HOURS_PER_WEEK * (mean - low) / (high - low))
    return [high] * at_high + [low] * (HOURS_PER_WEEK - at_high)


def test_cline_hybrid_kimi(case, report, fleet, quoted):
    given, published = case["inputs"], case["published"]
    own = fleet(given["replica_usd_month"] / 730 / 4, given["replica_tok_s"], gpus_per_replica=4)
    pinned = {"selfhost": "own", "api": "api", "replicas": published["replicas_at_trough"]}
    best = {"selfhost": "own", "api": "api", "replicas": "optimal"}
    mean = given["month_total_B"] * 1e9 / (730 * 3600)
    week = measured_week(given["trough_tok_s"], given["p99_tok_s"], mean)
    answer = report(
        own,
        quoted(given["api_usd_M"]),
        {"name": "published", "hybrid": pinned},
        {"name": "best", "hybrid": best},
        mtok_per_month=given["month_total_B"] * 1000,
        profile={"hourly": week},
    )
    hybrid = answer.option("published")
    lines = {line.name: line.usd for line in hybrid.lines}
    assert hybrid.monthly_usd == pytest.approx(published["total"], rel=0.003)
    assert lines["on-demand GPUs"] == pytest.approx(published["selfhost"])
    assert lines["API overflow"] == pytest.approx(published["spill_usd"], rel=0.003)
    assert answer.option("api").monthly_usd == pytest.approx(published["all_api"], rel=0.002)
    assert answer.option("own").monthly_usd == pytest.approx(case["ours"]["p99_selfhost"])
    assert answer.option("best").monthly_usd <= hybrid.monthly_usd
    assert np.floor(given["trough_tok_s"] / given["replica_tok_s"]) == hybrid.fleet.replicas


# -------------------------------------------------------------------------------- money over time


def test_beefed_npv(case):
    given, published = case["inputs"], case["published"]
    flows = [-given["invest"], *[given["net_benefit_year"]] * given["years"]]
    assert npv(flows, given["discount"]) == pytest.approx(published["npv"], rel=0.001)
    assert sum(flows) / given["invest"] * 100 == pytest.approx(published["roi_pct"])
    assert payback(flows) == pytest.approx(1.82, rel=0.001)
    assert payback(flows) < published["payback_under_years"]


def roi_flows(given, **swung):
    """Years 0 to 3: the value arrives over a ramp of months, by equal steps at their ends."""
    given = given | swung
    moved = ramp_path(given["ramp_months"], 12 * given["years"]).reshape(-1, 12).mean(axis=1)
    return [-given["invest"], *(given["value_year"] * moved - given["run_cost"])]


def test_sudeeplalka_tornado__worth_rate_and_payback(case):
    given, published = case["inputs"], case["published"]
    flows = roi_flows(given)
    assert npv(flows, given["discount"]) == pytest.approx(published["npv"], rel=0.003)
    assert irr(flows) * 100 == pytest.approx(published["irr_pct"], rel=0.005)
    assert payback(flows) == pytest.approx(published["payback_years"], rel=0.01)


@pytest.mark.parametrize(
    ("bar", "name"),
    [
        ("annual_value", "value_year"),
        ("discount", "discount"),
        ("run_cost", "run_cost"),
        ("ramp", "ramp_months"),
    ],
)
def test_sudeeplalka_tornado__bars(case, bar, name):
    given, swing = case["inputs"], case["inputs"]["swing"]
    ends = []
    for factor in (1 - swing, 1 + swing):
        swung = given | {name: given[name] * factor}
        ends.append(npv(roi_flows(swung), swung["discount"]))
    assert sorted(ends) == pytest.approx(case["published"]["tornado"][bar], rel=0.005)

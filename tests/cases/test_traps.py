"""Published figures that must not come out of this tool, and what it says instead.

A test is named after its case.
"""

from __future__ import annotations

import pytest

from costmodel import Scenario, cashflow, fit


def codes(report) -> set[str]:
    return {warning.code for warning in report.warnings}


def test_article_3_to_5x(case, report, fleet):
    given, ours = case["inputs"], case["ours"]
    multiples = []
    for i in (0, 1):
        extra = {
            "engineering": given["engineering"][i],
            "observability": given["observability"][i],
        }
        own = fleet(given["gpu"][i] / 730, extra=extra)
        multiples.append(report(own, mtok_per_month=1).option("own").fleet.all_in_multiple)
    assert multiples == pytest.approx(ours["multiple"], abs=0.005)
    assert max(multiples) < case["published"]["multiple_of_raw_gpu"][0]

    with_spare = fleet(given["gpu"][1] / 730, extra=extra, spare_replicas=1)
    multiple = report(with_spare, mtok_per_month=1).option("own").fleet.all_in_multiple
    assert multiple == pytest.approx(ours["multiple_with_spare"])


def test_neuroscale_capacity(case, report, fleet, quoted):
    given, published, ours = case["inputs"], case["published"], case["ours"]
    people = published["all_in"] - given["gpus"] * given["gpu_usd_h"] * given["hours"]
    pair = {
        "total_tokens_per_s": given["tok_s_pair"],
        "load_factor": given["utilisation"],
        "gpus_per_replica": given["gpus"],
        "extra": {"engineering": people},
    }
    answer = report(
        fleet(given["gpu_usd_h"], name="one pair", replicas=1, **pair),
        fleet(given["gpu_usd_h"], name="as many as needed", **pair),
        quoted(given["api_blended_usd_M"]),
        tokens_per_day=given["tokens_per_day_M"] * 1e6,
        hours=given["hours"],
    )
    assert answer.option("one pair").monthly_usd == pytest.approx(published["all_in"])
    assert answer.option("api").monthly_usd == pytest.approx(published["api_month"])
    assert answer.option("one pair").excluded_by
    assert "capacity_exceeded" in codes(answer)
    assert answer.option("as many as needed").fleet.replicas == ours["pairs_for_500M_a_day"]
    row = answer.against_cheapest("as many as needed")
    assert row.first_tokens_per_day / 1e6 == pytest.approx(ours["breakeven_M_per_day"], rel=0.005)
    assert row.first_tokens_per_day / 1e6 < published["breakeven_M_per_day"] / 10


def test_forgpro_default(case, report, fleet, quoted):
    given, published, ours = case["inputs"], case["published"], case["ours"]
    own = fleet(
        given["replica_usd_month"] / given["hours"] / given["gpus_per_replica"],
        given["replica_capacity_M"] * 1e6 / (given["hours"] * 3600),
        gpus_per_replica=given["gpus_per_replica"],
    )
    api = quoted(given["api_usd_M"])
    answer = report(own, api, mtok_per_month=given["volume_M"])
    assert answer.option("own").monthly_usd == pytest.approx(published["selfhost_at_100M"])
    assert answer.option("own").usd_per_mtok == pytest.approx(published["unit_selfhost"])
    assert answer.against_cheapest("own").verdict == "never"
    warning = next(w for w in answer.warnings if w.code == "naive_break_even")
    assert f"{ours['replicas_at_published_breakeven']} replicas" in warning.message

    there = report(own, api, mtok_per_month=published["breakeven_M"]).option("own")
    assert there.monthly_usd == pytest.approx(ours["selfhost_at_published_breakeven"])
    assert there.fleet.replicas == ours["replicas_at_published_breakeven"]


def test_llmtco_methodology__bill_is_not_scaled_by_utilisation(case, report, fleet):
    given, published = case["inputs"], case["published"]
    load = given["util"] * given["tok_s"] * 86400
    bill = report(fleet(given["rent_usd_h"], given["tok_s"]), tokens_per_day=load).option("own")
    assert bill.fleet.utilisation == pytest.approx(given["util"])
    assert bill.monthly_usd == pytest.approx(case["ours"]["rented_always_on"])
    assert bill.monthly_usd > 3 * published["rented"]
    assert bill.fleet.idle_usd == pytest.approx(bill.monthly_usd * (1 - given["util"]))


def test_llmtco_methodology__fp16_needs_more_than_two_cards(case):
    need = fit("llama-3.3-70b", gpu="h100-sxm", format="bf16", context=8192, concurrency=16, tp=2)
    assert need.verdict == "does_not_fit"
    assert need.gpus_needed is not None
    assert need.gpus_needed > 2
    assert case["published"]["vram_fp16"] < need.gpus_needed * 80


def test_devtk_10M_per_day(case, report, quoted):
    given, ours, published = case["inputs"], case["ours"], case["published"]
    for name, expected in ours.items():
        bill = report(
            quoted(*given[name]), mtok_per_month=300, tokens=(500, 500), hours=720
        ).option("api")
        assert bill.monthly_usd == pytest.approx(expected)
        assert bill.monthly_usd / published[name] == pytest.approx(10, rel=0.02)


def test_randomcalculators_tco(case, report, fleet):
    given, ours = case["inputs"], case["ours"]
    owned = {
        "terms": "owned",
        "usd_per_gpu": given["capex_gpu"] * (1 + given["infra_factor"]),
        "life_months": 12 * given["years"],
        "kw_per_gpu": given["kw"],
        "pue": given["pue"],
        "usd_per_kwh": given["usd_kwh"],
    }
    answer = report(
        fleet(
            None,
            name="on premises",
            offer=owned,
            gpus_per_replica=given["gpus"],
            extra={"data centre": given["dc_month"]},
        ),
        fleet(given["cloud_usd_h"], name="cloud", gpus_per_replica=given["gpus"]),
        mtok_per_month=1,
        hours=given["hours"],
    )
    assert answer.option("on premises").monthly_usd == pytest.approx(ours["onprem_month"], rel=1e-4)
    assert answer.option("cloud").monthly_usd == pytest.approx(ours["cloud_month"])
    assert answer.recommendation.option == "on premises"
    assert "cloud slightly cheaper" in case["published"]["conclusion"]


@pytest.mark.parametrize("name", ["s1", "s2", "s3"])
def test_pristren_scenarios(case, report, fleet, quoted, name):
    given, published = case["inputs"], case["published"]
    in_mtok, out_mtok, price_in, price_out = given[name]
    answer = report(
        quoted(price_in, price_out),
        fleet(given["gpu_usd_h"], extra={"power and network": 50}),
        mtok_per_month=in_mtok + out_mtok,
        tokens=(in_mtok, out_mtok),
    )
    assert answer.option("api").monthly_usd == pytest.approx(published[name])
    local = answer.option("own").monthly_usd
    assert local == pytest.approx(case["ours"]["local_month"])
    assert local > 2.5 * given["local_month"]
    assert published[name] / local < published["ratio3"] / 2


def test_leanlm_unit_cost(case, report, fleet):
    given, published = case["inputs"], case["published"]
    own = fleet(given["rate"], given["out_tok_s"])
    full = report(own, tokens_per_day=given["out_tok_s"] * 86400).option("own")
    per_hour = full.fleet.capacity_tokens_per_day_per_replica / 24 / 1e6
    assert per_hour == pytest.approx(published["tokens_h_M"])
    assert full.usd_per_mtok == pytest.approx(case["ours"]["usd_per_M"], rel=0.003)
    assert full.usd_per_mtok > 200 * published["headline_per_M_upper_bound"]


def test_blackseed_spot_year(case, report, fleet):
    given = case["inputs"]
    spot = {"terms": "spot", "usd_per_gpu_hour": given["spot_usd_h"]}
    own = fleet(None, 1000, offer=spot)
    answer = report(own, tokens_per_day=given["util"] * 1000 * 86400)
    year = 12 * answer.option("own").monthly_usd
    assert year == pytest.approx(case["ours"]["usd_year_always_on"])
    assert year > 1.4 * case["published"]["usd_year"]
    assert "spot_assumed" in codes(answer)


def test_kefiw_cloud_exit(case):
    """The printed formula spreads the hardware (cheaper from month 1); "month 4-5" is cash."""
    given = case["inputs"]
    cloud = given["cloud"] + given["egress"]
    offer = {"terms": "owned", "usd_per_gpu": given["hardware"], "life_months": given["months"],
             "kw_per_gpu": 1, "pue": 1, "usd_per_kwh": given["electricity"] / 730}  # fmt: skip
    outages = {"name": "outages", "usd": given["uptime_risk"] * given["cloud"]}
    box = {"gpus_per_replica": 1, "throughput": {"requests_per_s": 1000}, "load_factor": 1,
           "spare_replicas": 0, "offers": [offer], "extra_monthly": [outages]}  # fmt: skip
    price = cloud / 1000
    scenario = {
        "name": "cloud exit",
        "as_of": "2026-11-23",
        "workloads": [{"name": "work", "tokens_per_day": 1e9 / (730 / 24), "input_tokens": 900,
                       "output_tokens": 100, "profile": "flat"}],
        "calendar": {"days_per_month": 730 / 24},
        "options": [{"name": "cloud", "api": {"input_usd_per_mtok": price,
                                              "output_usd_per_mtok": price}},
                    {"name": "own", "selfhost": box}],
        "overheads": {"usd_per_hour": given["rate"], "per_api": {"hours_per_month": 0},
                      "per_fleet": {"hours_per_month": given["maint_h"]}},
        "finance": {"horizon_months": given["months"]},
    }  # fmt: skip
    flow = cashflow(Scenario.model_validate(scenario))
    first = flow.rows[1]
    assert first["reference_usd"] == pytest.approx(cloud)
    assert first["accrual_usd"] == pytest.approx(given["hardware"] / given["months"] + 620)
    assert first["accrual_usd"] < first["reference_usd"], "in accrual it is cheaper at once"
    assert first["opex_usd"] == pytest.approx(620)
    assert flow.simple_payback_months == pytest.approx(
        case["published"]["crossover_month"], rel=0.1
    )

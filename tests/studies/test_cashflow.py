"""Cash flows against evaluating each month written out, and against sums done by hand."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from costmodel import cashflow, evaluate, load_scenario
from costmodel.book.files import scenarios_dir
from costmodel.cost.cashflow import npv
from costmodel.cost.ownership import monthly_annuity, monthly_rate
from costmodel.errors import InputError
from costmodel.present.words.cash import period_rows
from costmodel.quantity.words import usd as usd_words
from costmodel.scenario import Scenario
from costmodel.studies.cashflow.cashflow import FINANCE_UNITS

API = {"name": "api", "api": {"input_usd_per_mtok": 1.6, "output_usd_per_mtok": 1.6}}
RENTED = [{"terms": "on-demand", "usd_per_gpu_hour": 2.0}]
PURCHASE = {"terms": "owned", "usd_per_gpu": 30_000, "life_months": 24, "residual_share": 0.25,
            "kw_per_gpu": 1.0, "pue": 1.5, "usd_per_kwh": 0.1, "colo_usd_per_kw_month": 100,
            "maintenance_share_per_year": 0.05}  # fmt: skip
PEOPLE = {"usd_per_hour": 100, "per_fleet": {"hours_per_month": 10},
          "per_api": {"hours_per_month": 1}}  # fmt: skip


def own(offers, name="own", **more):
    fleet = {"gpus_per_replica": 1, "throughput": {"requests_per_s": 1.0}, "load_factor": 0.7,
             "offers": offers}  # fmt: skip
    return {"name": name, "selfhost": fleet | more}


def scenario(*options, tokens=200e6, growth=0.0, finance=None, **more):
    work = {"name": "work", "tokens_per_day": tokens, "input_tokens": 1500, "output_tokens": 300,
            "profile": {"peak_to_mean": 1.5}, "growth_per_month": growth}  # fmt: skip
    data = {
        "name": "months",
        "as_of": "2026-11-23",
        "workloads": [work],
        "options": [API, *options],
        "overheads": PEOPLE,
        "finance": {"horizon_months": 12, "discount_rate": 0.1, **(finance or {})},
    }
    return Scenario.model_validate(data | more)


def written(scenario_):
    """A scenario as the data of a file."""
    return scenario_.model_dump(mode="json", by_alias=True, exclude_unset=True)


def usd(scenario_, option, **more):
    return evaluate(scenario_, **more).option(option).monthly_usd


# ----------------------------------------------------------------------- the bills of evaluate


READY = sorted(path.stem for path in scenarios_dir().glob("*.yaml"))


@pytest.mark.parametrize("name", READY)
def test_without_growth_each_month_is_the_bill_of_evaluate(name):
    data = written(load_scenario(scenarios_dir() / f"{name}.yaml"))
    data["finance"] = {"horizon_months": 4, "discount_rate": 0.08}
    for workload in data["workloads"]:
        workload.pop("growth_per_month", None)
    flat = Scenario.model_validate(data)
    report = evaluate(flat)
    fleets = [o.name for o in report.options if o.kind != "api" and o.monthly_usd is not None]
    api = next(o.name for o in report.options if o.kind == "api" and o.monthly_usd is not None)
    for option in fleets:
        found = cashflow(flat, option, api)
        assert found.monthly.accrual_usd.tolist()[1:] == [report.option(option).monthly_usd] * 4
        assert found.monthly.reference_usd.tolist()[1:] == [report.option(api).monthly_usd] * 4


@pytest.mark.parametrize("scaling", ["always-on", "scheduled"])
@pytest.mark.parametrize("hybrid", [False, True])
def test_each_month_is_evaluated_at_its_volume_and_prices(scaling, hybrid):
    """Nothing is committed: month m is the scenario with that month's numbers written in."""
    options = [own(RENTED, scaling=scaling)]
    if hybrid:
        options += [{"name": "both", "hybrid": {"selfhost": "own", "api": "api"}}]
    finance = {"api_price_change_per_year": -0.3, "gpu_price_change_per_year": -0.1}
    found = cashflow(scenario(*options, growth=0.08, finance=finance), "both" if hybrid else "own")
    for m in (1, 2, 7, 12):
        api, gpu = 0.7 ** ((m - 1) / 12), 0.9 ** ((m - 1) / 12)
        later = json.loads(json.dumps(options))
        later[0]["selfhost"]["offers"][0]["usd_per_gpu_hour"] *= gpu
        quoted = {"name": "api", "api": dict.fromkeys(API["api"], 1.6 * api)}
        then = scenario(tokens=200e6 * 1.08 ** (m - 1), options=[quoted, *later])
        row = found.rows[m]
        assert row["tokens_per_day"] == pytest.approx(then.tokens_per_day)
        assert row["option_usd"] == pytest.approx(usd(then, found.option), rel=1e-9)
        assert row["reference_usd"] == pytest.approx(usd(then, "api"), rel=1e-9)


def test_the_last_month_is_the_one_that_a_report_looks_ahead_to():
    growing = scenario(own(RENTED), growth=0.05)
    ahead, last = evaluate(growing).horizon, cashflow(growing, "own").rows[-1]
    assert (ahead.months, ahead.tokens_per_day) == (last["month"], last["tokens_per_day"])
    assert ahead.monthly_usd["own"] == pytest.approx(last["accrual_usd"], rel=1e-9)
    assert ahead.monthly_usd["api"] == pytest.approx(last["reference_usd"], rel=1e-9)


def test_workloads_grow_at_their_own_rates():
    base = written(scenario(own(RENTED)))
    work = base["workloads"][0]
    base["workloads"] = [work | {"growth_per_month": 0.1},
                         work | {"name": "other", "growth_per_month": -0.1}]  # fmt: skip
    found = cashflow(Scenario.model_validate(base), "own")
    for m in (1, 12):
        for each, rate in zip(base["workloads"], (1.1, 0.9), strict=True):
            each["tokens_per_day"] = 200e6 * rate ** (m - 1)
        then = Scenario.model_validate(base)
        assert found.rows[m]["option_usd"] == pytest.approx(usd(then, "own"))
        assert found.rows[m]["reference_usd"] == pytest.approx(usd(then, "api"))


# ------------------------------------------------------------------------------ sums and signs


@settings(max_examples=25)
@given(
    growth=st.floats(-0.1, 0.1),
    api=st.floats(-0.5, 0.3),
    gpu=st.floats(-0.5, 0.3),
    one_off=st.floats(0, 1e5),
    ramp=st.floats(0, 6),
    terms=st.sampled_from(
        [RENTED, [PURCHASE], [{"terms": "reserved", "usd_per_gpu_hour": 1.5, "term_months": 5}]]
    ),
)
def test_flows_add_up(growth, api, gpu, one_off, ramp, terms):
    finance = {"api_price_change_per_year": api, "gpu_price_change_per_year": gpu,
               "one_off_usd": one_off, "ramp_months": ramp}  # fmt: skip
    found = cashflow(scenario(own(terms), growth=growth, finance=finance), "own")
    rows, near = found.rows, {"rel": 1e-9, "abs": 1e-6}
    assert len(rows) == 13
    for row in rows:
        assert row["option_usd"] == pytest.approx(row["opex_usd"] + row["capex_usd"], **near)
        assert row["flow_usd"] == pytest.approx(row["reference_usd"] - row["option_usd"], **near)
    flows = [row["flow_usd"] for row in rows]
    assert rows[-1]["cumulative_usd"] == pytest.approx(sum(flows), **near)
    assert rows[-1]["discounted_cumulative_usd"] == pytest.approx(found.npv_usd, **near)
    assert found.npv_usd == pytest.approx(npv(flows, monthly_rate(0.1)), **near)
    assert found.do_nothing_usd - found.option_usd == pytest.approx(sum(flows), **near)
    for name in ("reference_usd", "capex_usd", "opex_usd", "accrual_usd", "flow_usd"):
        by_year = sum(year[name] for year in found.year_rows)
        assert by_year == pytest.approx(sum(row[name] for row in rows), **near)


def test_a_one_off_is_paid_at_the_start_and_lowers_the_worth_by_itself():
    without = cashflow(scenario(own(RENTED)), "own")
    with_it = cashflow(scenario(own(RENTED), finance={"one_off_usd": 9000}), "own")
    assert with_it.rows[0]["opex_usd"] == 9000
    assert with_it.npv_usd == pytest.approx(without.npv_usd - 9000)
    assert with_it.rows[0]["capex_usd"] == 0


def test_while_traffic_moves_over_both_are_paid():
    plain = scenario(own(RENTED), finance={"ramp_months": 4})
    found = cashflow(plain, "own")
    for m, share in ((1, 0.25), (3, 0.75)):
        both = usd(plain, "own", tokens_per_day=200e6 * share) + usd(
            plain, "api", tokens_per_day=200e6 * (1 - share)
        )
        assert found.rows[m]["option_usd"] == pytest.approx(both)
    assert found.rows[4]["option_usd"] == pytest.approx(usd(plain, "own"))


# ---------------------------------------------------------------------------------- purchases


def test_hardware_is_cash_at_the_start_and_an_annuity_in_accrual():
    found = cashflow(scenario(own([PURCHASE]), finance={"horizon_months": 24}), "own")
    gpus = evaluate(scenario(own([PURCHASE]))).option("own").fleet.gpus
    assert found.rows[0]["capex_usd"] == pytest.approx(30_000 * gpus)
    assert found.rows[-1]["capex_usd"] == pytest.approx(-7_500 * gpus)
    month = monthly_annuity(30_000, 7_500, 24, 0.1)
    for row in found.rows[1:]:
        assert row["accrual_usd"] - row["opex_usd"] == pytest.approx(month * gpus)
        power = 1.5 * 730 * 0.1 + 100 + 30_000 * 0.05 / 12
        assert row["opex_usd"] == pytest.approx(power * gpus + 1000)


def test_what_hardware_counts_for_at_the_end_is_its_own_figure():
    """After half of its life a unit has lost half of what it loses: 62.5 % of its price is left."""
    found = cashflow(scenario(own([PURCHASE])), "own")
    units = found.rows[0]["capex_usd"] / 30_000
    assert found.residual_usd == pytest.approx(0.625 * 30_000 * units)
    assert found.to_dict()["residual_usd"] == found.residual_usd
    (note,) = [w.message for w in found.warnings if w.code == "book_value"]
    assert usd_words(found.residual_usd) in note
    assert cashflow(scenario(own(RENTED)), "own").residual_usd == 0


@pytest.mark.parametrize("period", ["year", "month"])
def test_the_value_left_is_a_row_of_its_own_and_the_sums_stay(period):
    found = cashflow(scenario(own([PURCHASE])), "own")
    rows = dict(period_rows(found, period))
    left = found.residual_usd
    assert rows["value left"]["capex_usd"] == -left
    assert rows["value left"]["flow_usd"] == left
    last = "1" if period == "year" else "12"
    assert rows[last]["capex_usd"] == pytest.approx(0, abs=1e-6)
    plain = found.year_rows if period == "year" else found.rows
    for name in ("reference_usd", "option_usd", "capex_usd", "opex_usd", "flow_usd"):
        total = sum(row[name] for row in plain)
        assert sum(row[name] for row in rows.values()) == pytest.approx(total)
    assert "value left" not in dict(period_rows(cashflow(scenario(own(RENTED)), "own"), period))


@pytest.mark.parametrize(("ramp", "moved"), [(1, None), (12, None), (24, "50 %")])
def test_a_ramp_that_the_horizon_cuts_off_is_named(ramp, moved):
    found = cashflow(scenario(own(RENTED), finance={"ramp_months": ramp}), "own")
    said = [w.message for w in found.warnings if w.code == "ramp_outlasts_horizon"]
    assert len(said) == (moved is not None)
    assert all(f"in month 12, the last, only {moved} of the traffic has moved" in s for s in said)


def test_cash_and_accrual_are_worth_the_same_over_a_whole_life():
    """The annuity is what makes them so: its present value is the price less the resale."""
    found = cashflow(scenario(own([PURCHASE]), finance={"horizon_months": 24}), "own")
    rate = monthly_rate(0.1)
    assert npv(found.monthly.accrual_usd, rate) == pytest.approx(
        npv(found.monthly.option_usd, rate)
    )


def test_hardware_at_the_end_of_its_life_is_bought_again_at_the_price_of_its_day():
    finance = {"horizon_months": 36, "gpu_price_change_per_year": -0.2}
    found = cashflow(scenario(own([PURCHASE]), finance=finance), "own")
    gpus = found.rows[0]["capex_usd"] / 30_000
    second = 30_000 * 0.64
    assert found.rows[24]["capex_usd"] == pytest.approx((second - 7_500) * gpus)
    book = second * (1 - 0.75 * 12 / 24)
    assert found.rows[36]["capex_usd"] == pytest.approx(-book * gpus)
    assert any(w.code == "book_value" for w in cashflow(scenario(own([PURCHASE])), "own").warnings)


def test_more_hardware_is_bought_when_the_volume_asks_for_it_and_none_is_given_back():
    grown = cashflow(scenario(own([PURCHASE]), growth=0.1), "own")
    buying = [i for i, row in enumerate(grown.rows[:-1]) if row["capex_usd"] > 0]
    assert buying[0] == 0
    assert len(buying) > 2
    shrunk = cashflow(scenario(own([PURCHASE]), growth=-0.1), "own")
    accrual = [row["accrual_usd"] for row in shrunk.rows[1:]]
    assert accrual == pytest.approx([accrual[0]] * 12), "idle hardware still costs"
    rented = cashflow(scenario(own(RENTED), growth=-0.1), "own")
    assert rented.rows[12]["option_usd"] < rented.rows[1]["option_usd"]


# -------------------------------------------------------------------------------- commitments


def reserved(**more):
    return {"terms": "reserved", "usd_per_gpu_hour": 1.5, "term_months": 6, **more}


def test_a_reservation_keeps_its_price_and_renews_at_that_of_its_day():
    finance = {"gpu_price_change_per_year": -0.36}
    found = cashflow(scenario(own([reserved()]), finance=finance), "own")
    gpus = evaluate(scenario(own([reserved()]))).option("own").fleet.gpus
    for month, price in ((1, 1.5), (6, 1.5), (7, 1.5 * 0.8), (12, 1.5 * 0.8)):
        expected = price * 730 * gpus + 1000
        assert found.rows[month]["option_usd"] == pytest.approx(expected), month


@pytest.mark.parametrize("scaling", ["always-on", "scheduled"])
def test_a_stated_commitment_is_paid_beside_moving_elastic_prices(scaling):
    offers = [reserved(replicas=2, term_months=12), *RENTED]
    finance = {"gpu_price_change_per_year": -0.5}
    found = cashflow(scenario(own(offers, scaling=scaling), finance=finance), "own")
    cheaper = [offers[0], {"terms": "on-demand", "usd_per_gpu_hour": 2.0 * 0.5 ** (11 / 12)}]
    then = scenario(own(cheaper, scaling=scaling))
    assert found.rows[12]["option_usd"] == pytest.approx(usd(then, "own"))


def test_a_chosen_commitment_stays_when_the_volume_falls():
    """What was committed in month 1 is stated in month 12: the bill is that of such a fleet."""
    offers = [reserved(replicas="optimal", term_months=12), *RENTED]
    plain = scenario(own(offers, scaling="scheduled"), growth=-0.1)
    found = cashflow(plain, "own")
    (commitment,) = evaluate(plain).option("own").fleet.commitments
    assert commitment.replicas > 1
    fixed = [reserved(replicas=commitment.replicas, term_months=12), *RENTED]
    last = scenario(own(fixed, scaling="scheduled"), tokens=200e6 * 0.9**11)
    assert found.rows[12]["option_usd"] == pytest.approx(usd(last, "own"))


def test_a_hybrid_keeps_what_it_reserved_when_the_api_gets_cheap():
    both = {"name": "both", "hybrid": {"selfhost": "own", "api": "api"}}
    finance = {"api_price_change_per_year": -0.9}
    plain = scenario(own([reserved(term_months=12)]), both, finance=finance)
    found = cashflow(plain, "both")
    units = evaluate(plain).option("both").fleet.replicas
    assert units > 0
    assert found.rows[12]["option_usd"] >= units * 1.5 * 730
    assert found.rows[12]["option_usd"] > found.rows[12]["reference_usd"]


def test_stranded_is_what_half_the_volume_does_not_need():
    plain = scenario(own([reserved(term_months=36)]))
    found = cashflow(plain, "own")
    full = evaluate(plain).option("own").fleet.gpus
    half = evaluate(plain, tokens_per_day=100e6).option("own").fleet.gpus
    assert full > half
    (row,) = found.stranded
    assert (row.units, row.idle_units) == (full, full - half)
    assert found.stranded_usd == pytest.approx((full - half) * 1.5 * 730 * 36)
    bought = cashflow(scenario(own([PURCHASE])), "own")
    assert bought.stranded_usd == pytest.approx((full - half) * 30_000 * 0.75)
    assert cashflow(scenario(own(RENTED)), "own").stranded_usd == 0


def test_a_pinned_commitment_strands_what_the_peak_does_not_need():
    offers = [reserved(replicas=6, term_months=12), *RENTED]
    plain = scenario(own(offers))
    half = evaluate(scenario(own(RENTED)), tokens_per_day=100e6).option("own").fleet.gpus
    (row,) = cashflow(plain, "own").stranded
    assert row.idle_units == 6 - half


# ------------------------------------------------------------------------------------ renewal


@pytest.fixture(scope="module")
def committed():
    finance = {"one_off_usd": 5000, "horizon_months": 24}
    return scenario(own([reserved(term_months=24)]), tokens=350e6, finance=finance)


def at_change(plain, change, **more):
    data = written(plain)
    data["finance"] |= {"api_price_change_per_year": change, **more}
    return Scenario.model_validate(data)


def test_how_far_prices_may_fall_is_re_evaluated(committed):
    found = cashflow(committed, "own").renewal
    assert found.term_months == 24
    assert found.committed
    change = found.break_even_change_per_year
    assert -0.95 < change < 0
    scale = abs(cashflow(committed, "own").npv_usd)
    assert cashflow(at_change(committed, change), "own").npv_usd == pytest.approx(
        0, abs=1e-4 * scale
    )
    assert cashflow(at_change(committed, change - 0.01), "own").npv_usd < 0
    assert cashflow(at_change(committed, change + 0.01), "own").npv_usd > 0


def test_renewal_rows_are_cash_flows_of_their_own(committed):
    for row in cashflow(committed, "own").renewal.rows:
        change = row.api_price_change_per_year
        assert row.npv_usd == pytest.approx(cashflow(at_change(committed, change), "own").npv_usd)
        longer = cashflow(at_change(committed, change, horizon_months=25), "own")
        assert row.api_usd == pytest.approx(longer.rows[25]["reference_usd"])
        assert row.option_usd == pytest.approx(longer.rows[25]["accrual_usd"])
        assert row.cheaper == ("own" if row.option_usd < row.api_usd else "api")
        cheap = [m for m in range(1, 25)
                 if longer.rows[m]["reference_usd"] < longer.rows[m]["accrual_usd"]]  # fmt: skip
        lasting = next((m for m in cheap if set(range(m, 25)) <= set(cheap)), None)
        assert row.api_cheaper_from_month == lasting


# ------------------------------------------------------------------------------- who, and why


def test_the_best_own_option_and_the_cheapest_api_are_compared():
    dear = own([{"terms": "on-demand", "usd_per_gpu_hour": 9.0}], name="dear")
    second = {"name": "second", "api": {"input_usd_per_mtok": 1.0, "output_usd_per_mtok": 1.0}}
    found = cashflow(scenario(dear, own(RENTED), second))
    assert (found.option, found.against) == ("own", "second")


def test_an_excluded_option_is_not_the_best_and_says_so_when_asked_for():
    plain = scenario(own(RENTED, name="barred"), own([PURCHASE], name="allowed"))
    data = written(plain)
    data["workloads"][0]["requires"] = ["eu"]
    for option in data["options"]:
        option["satisfies"] = [] if option["name"] == "barred" else ["eu"]
    strict = Scenario.model_validate(data)
    assert cashflow(strict).option == "allowed"
    asked = cashflow(strict, "barred")
    assert any(w.code == "not_eligible" for w in asked.warnings)


def test_a_pinned_fleet_that_is_outgrown_is_named():
    plain = scenario(own(RENTED, replicas=6, spare_replicas=0), growth=0.2)
    (warning,) = [w for w in cashflow(plain, "own").warnings if w.code == "outgrown"]
    assert "month" in warning.message


def test_what_is_owed_past_the_horizon_is_named():
    found = cashflow(scenario(own([reserved(term_months=36)])), "own")
    (warning,) = [w for w in found.warnings if w.code == "commitment_outlasts_horizon"]
    assert "24 past the horizon" in warning.message
    open_ended = own([{"terms": "reserved", "usd_per_gpu_hour": 1.5}])
    assert any(w.code == "term_unset" for w in cashflow(scenario(open_ended), "own").warnings)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("owm", None), "did you mean own"),
        (("own", "ap"), "against: no option is named 'ap'; did you mean api"),
        (("zzzz", "api"), "option: no option is named 'zzzz'; there is api, own"),
        ((None, "own"), "'own' is the only option with own GPUs that has a bill"),
        (("api", "api"), "cannot be compared with itself"),
    ],
)
def test_bad_names_are_answered(arguments, words):
    with pytest.raises(InputError, match=words):
        cashflow(scenario(own(RENTED)), *arguments)


def test_a_horizon_is_whole_months():
    with pytest.raises(InputError, match=r"finance\.horizon_months: must be a whole number"):
        cashflow(scenario(own(RENTED), finance={"horizon_months": 7.5}))
    with pytest.raises(InputError, match="at most 600"):
        cashflow(scenario(own(RENTED), finance={"horizon_months": 1e9}))


@pytest.mark.parametrize("name", [n for n, unit in FINANCE_UNITS.items() if "share" in unit])
@pytest.mark.parametrize("rate", [10, 1.01, -1])
def test_percent_in_place_of_a_rate_are_refused(name, rate):
    said = rf"above -1 and at most 1 \(a rate: 0\.1 is 10 %\), not {rate}"
    with pytest.raises(ValidationError, match=said):
        scenario(finance={name: rate})
    assert scenario(finance={name: 1}).finance


def test_growth_without_end_is_refused():
    with pytest.raises(InputError, match=r"growth_per_month: 1 a month leads past 1e\+16 tokens"):
        cashflow(scenario(own(RENTED), growth=1.0, finance={"horizon_months": 600}))


def test_there_must_be_something_to_compare():
    with pytest.raises(InputError, match="no option with own GPUs"):
        cashflow(scenario())


def test_finance_is_used_and_no_warning_says_otherwise():
    finance = {"api_price_change_per_year": -0.1, "gpu_price_change_per_year": 0.1,
               "one_off_usd": 1, "ramp_months": 1}  # fmt: skip
    report = evaluate(scenario(own(RENTED), finance=finance))
    assert not any(w.code == "not_used_yet" for w in report.warnings)


def test_a_frozen_scenario_gives_the_same_cash_flow():
    plain = scenario(own([PURCHASE]), growth=0.03)
    frozen = Scenario.model_validate(json.loads(json.dumps(evaluate(plain).frozen, default=str)))
    assert cashflow(frozen, "own").npv_usd == cashflow(plain, "own").npv_usd


def test_what_the_months_rest_on_is_listed_with_its_kind():
    finance = {"one_off_usd": {"value": 5000, "kind": "listed", "source": "a quote"}}
    found = cashflow(scenario(own(RENTED), growth=0.01, finance=finance), "own")
    rows = {row.path: row for row in found.assumption_rows}
    assert rows["finance.one_off_usd"].source == "a quote"
    assert rows["finance.one_off_usd"].kind == "listed"
    assert rows["finance.ramp_months"].source == "default of this tool"
    assert rows["workloads.work.growth_per_month"].value == 0.01
    assert all(row.unit for row in rows.values())


def test_a_retirement_within_the_horizon_is_named():
    retiring = {"name": "retiring", "api": {"provider": "cerebras", "model": "llama-3.3-70b"}}
    found = cashflow(scenario(own(RENTED), retiring), "own", "retiring")
    assert any(w.code == "endpoint_retires" for w in found.warnings)


def test_the_record_in_json_and_as_tables():
    found = cashflow(scenario(own([PURCHASE])), "own")
    data = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert data["npv_usd"] == found.npv_usd
    assert len(data["months"]) == len(found.months) == 13
    assert data["months"][3] == pytest.approx(found.months.iloc[3].to_dict())
    assert found.years["flow_usd"].sum() == pytest.approx(found.months["flow_usd"].sum())
    assert "NPV" in repr(found)
    assert "<table" in found._repr_html_()
    assert np.isfinite(found.months.to_numpy()).all()

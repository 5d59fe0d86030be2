"""Named cases: each is its scenario written out, and derived ends are those that help or hurt."""

import json
import re

import pytest

from costmodel import cases, cashflow, evaluate
from costmodel.book import load_book
from costmodel.errors import InputError
from costmodel.pipeline.resolve import resolve
from costmodel.scenario import Scenario, parse_scenario
from costmodel.scenario.cases import located
from costmodel.scenario.changes import changed
from costmodel.studies.risk.inputs import all_inputs

TEXT = """\
name: cases
as_of: 2026-11-23
workloads:
  - {name: chat v1.5, tokens_per_day: {low: 100e6, likely: 200e6, high: 400e6}, input_tokens: 1500, output_tokens: 300}
options:
  - name: api
    api: {input_usd_per_mtok: 1.6, output_usd_per_mtok: 1.6}
  - name: own
    selfhost:
      gpus_per_replica: 1
      throughput: {requests_per_s: 1.0}
      offers: [{terms: on-demand, usd_per_gpu_hour: {low: 1.5, likely: 2, high: 3}}]
overheads: {usd_per_hour: 100, per_fleet: {hours_per_month: 10}, per_api: {hours_per_month: 1}}
finance: {horizon_months: 12, discount_rate: 0.1, api_price_change_per_year: {low: -0.5, likely: -0.1, high: 0}}
"""  # noqa: E501
OWN_CASES = """\
cases:
  - name: price war
    description: APIs halve.
    changes: {finance.api_price_change_per_year: -0.5}
  - name: worst
    changes:
      workloads.chat v1.5.tokens_per_day: 50e6
      options.own.selfhost.offers[0].usd_per_gpu_hour: 4
"""


@pytest.fixture(scope="module")
def stated():
    return parse_scenario(TEXT + OWN_CASES)


@pytest.fixture(scope="module")
def found(stated):
    return cases(stated)


def test_base_is_first_and_is_the_scenario(stated, found):
    base = found.cases[0]
    assert (base.name, base.derived, base.changes) == ("base", False, {})
    report, flow = evaluate(stated), cashflow(stated)
    assert base.monthly_usd == {o.name: o.monthly_usd for o in report.options}
    assert base.recommended == report.recommendation.option
    assert (base.npv_usd, base.payback_months) == (flow.npv_usd, flow.payback_months)


def test_each_case_is_its_scenario_written_out(stated, found):
    for name, changes in (
        ("price war", {("finance", "api_price_change_per_year"): -0.5}),
        ("worst", {("workloads", 0, "tokens_per_day"): 50e6,
                   ("options", 1, "selfhost", "offers", 0, "usd_per_gpu_hour"): 4}),
    ):  # fmt: skip
        other = changed(stated, changes)
        case = found.case(name)
        assert not case.derived
        assert case.npv_usd == cashflow(other, "own", "api").npv_usd
        assert case.tokens_per_day == other.tokens_per_day


def test_what_is_not_given_is_derived_from_the_ranges_and_says_so(found):
    best = found.case("best")
    assert best.derived
    assert "Derived" in best.description
    taken = {path: value["value"] for path, value in best.changes.items()}
    assert taken == {
        "workloads.chat v1.5.tokens_per_day": 400e6,
        "options.own.selfhost.offers[0].usd_per_gpu_hour": 1.5,
        "finance.api_price_change_per_year": 0,
    }
    assert best.npv_usd > found.case("base").npv_usd > found.case("worst").npv_usd


def test_every_end_helps_or_hurts_by_itself():
    plain = parse_scenario(TEXT)
    found = cases(plain)
    assert [case.name for case in found.cases] == ["base", "best", "worst"]
    base = found.case("base").npv_usd
    for name, sign in (("best", 1), ("worst", -1)):
        for path, value in found.case(name).changes.items():
            alone = changed(plain, {located(plain, path): value})
            assert sign * (cashflow(alone, "own", "api").npv_usd - base) >= 0, path


THROUGHPUT = "options.own.selfhost.throughput.requests_per_s"
GPU_HOUR = "options.own.selfhost.offers[0].usd_per_gpu_hour"


def with_own(text, **more):
    """The scenario without its ranges and with other keys of its fleet."""
    points = re.sub(r"\{low: [^,]+, likely: ([^,]+), high: [^}]+\}", r"\1", text)
    data = parse_scenario(points).model_dump(mode="json", by_alias=True, exclude_unset=True)
    data["options"][1]["selfhost"] |= more
    return Scenario.model_validate(data)


def test_a_spread_of_the_throughput_moves_to_its_ends():
    found = cases(with_own(TEXT, throughput_spread={"low": 0.7, "high": 1.2}))
    for name, end in (("best", 1.2), ("worst", 0.7)):
        written = with_own(TEXT, throughput={"requests_per_s": end})
        assert found.case(name).npv_usd == cashflow(written, "own", "api").npv_usd
        bills = {o.name: o.monthly_usd for o in evaluate(written).options}
        assert found.case(name).monthly_usd == bills
        assert found.case(name).changes[THROUGHPUT]["value"] == end
    (row,) = found.differs
    assert (row.path, row.numbers) == (THROUGHPUT, {"base": 1.0, "best": 1.2, "worst": 0.7})


def test_a_range_that_matters_only_with_the_others_is_moved_too():
    """One replica does by itself at both ends; at four times the volume it does not."""
    text = TEXT.replace("requests_per_s: 1.0", "requests_per_s: {low: 3, likely: 4, high: 5}")
    found = cases(parse_scenario(text.replace("high: 400e6", "high: 800e6")))
    (row,) = [each for each in found.differs if each.path == THROUGHPUT]
    assert row.numbers == {"base": 4.0, "best": 5.0, "worst": 4.0}


def test_a_spread_of_a_listed_price_moves_to_its_ends():
    offer = {"terms": "on-demand", "class": "neocloud", "quantile": "median"}
    spread = offer | {"price_spread": {"low": 0.8, "high": 1.5}}
    found = cases(with_own(TEXT, gpu="h100-sxm", offers=[spread]))
    (row,) = found.differs
    assert row.path == GPU_HOUR
    listed = row.numbers["base"]
    assert row.numbers == pytest.approx(
        {"base": listed, "best": 0.8 * listed, "worst": 1.5 * listed}
    )
    for name, end in (("best", 0.8), ("worst", 1.5)):
        stated = [{"terms": "on-demand", "usd_per_gpu_hour": end * listed}]
        written = with_own(TEXT, gpu="h100-sxm", offers=stated)
        expected = cashflow(written, "own", "api").npv_usd
        assert found.case(name).npv_usd == pytest.approx(expected, rel=1e-12)


def test_the_interval_of_an_estimate_moves_at_the_shape_of_its_case():
    text = TEXT.replace("input_tokens: 1500", "input_tokens: {low: 1000, likely: 1500, high: 2500}")
    volumes = "low: 1e9, likely: 2e9, high: 4e9"
    text = text.replace("low: 100e6, likely: 200e6, high: 400e6", volumes)
    data = parse_scenario(text).model_dump(mode="json", by_alias=True, exclude_unset=True)
    fleet = data["options"][1]["selfhost"]
    del fleet["throughput"], fleet["gpus_per_replica"]
    fleet |= {"model": "llama-3.3-70b", "format": "fp8", "gpu": "h100-sxm", "tp": 2}
    estimated = Scenario.model_validate(data)
    found = cases(estimated)
    for name in ("best", "worst"):
        case = found.case(name)
        moved = {located(estimated, path): value for path, value in case.changes.items()
                 if path != THROUGHPUT}  # fmt: skip
        own = changed(estimated, moved)
        inputs = all_inputs(own, resolve(own, load_book()))
        known = next(each for each in inputs if each.path == THROUGHPUT)
        end = known.quantity.high if name == "best" else known.quantity.low
        assert case.changes[THROUGHPUT]["value"] == end


def test_a_range_without_a_cash_flow_at_an_end_is_named():
    refused = with_own(TEXT, replicas=2)
    volume = {"low": 100e6, "value": 200e6, "high": 1e16}
    data = refused.model_dump(mode="json", by_alias=True, exclude_unset=True)
    data["workloads"][0] |= {"tokens_per_day": volume, "growth_per_month": 0.1}
    data["finance"]["one_off_usd"] = {"low": 1000, "value": 2000, "high": 3000}
    found = cases(Scenario.model_validate(data))
    assert "Left as stated" in found.case("worst").description
    assert "workloads.chat v1.5.tokens_per_day" in found.case("worst").description


def test_without_ranges_and_cases_there_is_the_base_case():
    points = re.sub(r"\{low: [^,]+, likely: ([^,]+), high: [^}]+\}", r"\1", TEXT)
    assert "low:" not in points
    assert [case.name for case in cases(parse_scenario(points)).cases] == ["base"]


def test_what_differs_has_a_value_in_every_case(found):
    names = {case.name for case in found.cases}
    assert names == {"base", "best", "worst", "price war"}
    assert all(set(row.values) == names for row in found.differs)
    row = next(r for r in found.differs if r.path == "finance.api_price_change_per_year")
    assert row.values == {"base": "-0.1", "best": "0", "worst": "-0.1", "price war": "-0.5"}


def test_a_case_in_which_the_option_cannot_serve_says_why(stated):
    data = stated.model_dump(mode="json", by_alias=True, exclude_unset=True)
    data["cases"] = [{"name": "alone", "changes": {"options.own.selfhost.throughput": {
        "other": {"requests_per_s": 1}}}}]  # fmt: skip
    data["workloads"].append(data["workloads"][0] | {"name": "other"})
    case = cases(Scenario.model_validate(data)).case("alone")
    assert case.npv_usd is None
    assert "no throughput is stated for chat v1.5" in case.problem


def test_json_and_table(found):
    data = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert [case["name"] for case in data["cases"]] == ["base", "best", "worst", "price war"]
    assert list(found.table["npv_usd"]) == [case.npv_usd for case in found.cases]
    assert "<table" in found._repr_html_()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{name: a, changes: {finance.discount: 1}}", "no such place: finance has no 'discount'"),
        ("{name: a, changes: {workloads.chat.tokens_per_day: 1}}", "workloads has no 'chat'"),
        ("{name: a, changes: {'options.own.selfhost.offers[3].terms': 1}}", "has no"),
        ("{name: base, changes: {name: b}}", "has a meaning of its own"),
        ("{name: a, changes: {cases: []}}", "a case cannot change cases"),
        ("{name: a, changes: {}}", "cases"),
        ("{name: a}", "cases"),
    ],
)
def test_bad_cases_are_answered_with_their_line(line, words):
    with pytest.raises(InputError, match=r"scenario\.yaml:16:\d+") as error:
        parse_scenario(f"{TEXT}cases:\n  - {line}\n")
    assert words in str(error.value)


def test_a_case_that_is_no_scenario_names_the_problem_and_the_case():
    broken = parse_scenario(
        f"{TEXT}cases:\n  - {{name: a, changes: {{finance.discount_rate: -2}}}}\n"
    )
    with pytest.raises(InputError, match=r"yaml:16:5: cases\.a: finance\.discount_rate.*above -1"):
        cases(broken)


def test_fleets_that_are_alike_at_their_ends_stay_apart():
    text = """
name: alike
as_of: 2026-11-23
workloads:
  - {name: a, tokens_per_day: 3e9, input_tokens: 900, output_tokens: 100}
  - {name: b, tokens_per_day: 3e9, input_tokens: 900, output_tokens: 100}
options:
  - {name: api, api: {input_usd_per_mtok: 1, output_usd_per_mtok: 1}}
  - name: own
    selfhost: {gpus_per_replica: 1, throughput: {requests_per_s: 3},
               throughput_spread: {low: 0.8, high: 1.2},
               offers: [{terms: on-demand, usd_per_gpu_hour: 2}]}
  - name: own2
    selfhost: {gpus_per_replica: 1, throughput: {requests_per_s: 3},
               throughput_spread: {low: 0.8, high: 1.5},
               offers: [{terms: on-demand, usd_per_gpu_hour: 2}]}
  - {name: both, mix: {a: own, b: own2}}
"""
    found = cases(parse_scenario(text), "both")
    worst = next(case for case in found.cases if case.name == "worst")
    assert not worst.problem
    moved = [row.numbers for row in found.differs if "own2" in row.path]
    assert moved
    assert all(numbers["worst"] == pytest.approx(2.4) for numbers in moved)

"""The ready scenarios: each evaluates, adds up, is sourced, and answers as it describes."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from costmodel import BreakEven, Report, evaluate, load_scenario
from costmodel.pipeline.bills.records import FleetResult
from costmodel.scenario import Scenario

FOLDER = Path(__file__).parents[2] / "scenarios"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))


@cache
def scenario(name: str) -> Scenario:
    return load_scenario(FOLDER / f"{name}.yaml")


@cache
def report(name: str) -> Report:
    return evaluate(scenario(name))


def codes(name: str) -> set[str]:
    return {warning.code for warning in report(name).warnings}


def usd(name: str, option: str) -> float:
    monthly = report(name).option(option).monthly_usd
    assert monthly is not None
    return monthly


def fleet(name: str, option: str) -> FleetResult:
    result = report(name).option(option).fleet
    assert result is not None
    return result


def break_even(name: str, option: str, against: str) -> BreakEven:
    return next(r for r in report(name).break_even if (r.option, r.against) == (option, against))


# --------------------------------------------------------------------------------- all of them


def test_there_are_enough():
    assert len(NAMES) >= 8


@pytest.mark.parametrize("name", NAMES)
class TestEveryScenario:
    def test_opens_with_its_schema_and_a_description(self, name):
        text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
        first = "# yaml-language-server: $schema=../costmodel/book/schemas/scenario.json"
        assert text.splitlines()[0] == first
        description = scenario(name).description
        assert description
        assert 40 < len(description) < 260
        assert 1 <= description.count(". ") + 1 <= 2 or description.count("?") <= 1

    def test_lines_add_up_to_the_bill(self, name):
        for option in report(name).options:
            total = sum(line.usd for line in option.lines)
            assert total == pytest.approx(option.monthly_usd, rel=1e-9), option.name

    def test_waterfall_adds_up_to_the_bill(self, name):
        for option in report(name).options:
            if option.kind == "selfhost" and option.fleet is not None:
                total = sum(step.usd for step in option.fleet.waterfall)
                assert total == pytest.approx(option.monthly_usd, rel=1e-9), option.name

    def test_every_number_has_a_source(self, name):
        rows = report(name).assumption_rows
        assert len(rows) > 20
        for row in rows:
            assert row.source, row.path
            assert row.kind, row.path
        for option in report(name).options:
            assert all(line.source for line in option.lines), option.name

    def test_every_option_has_a_bill_or_a_reason(self, name):
        for option in report(name).options:
            assert option.monthly_usd is not None or option.excluded_by, option.name

    def test_recommendation_is_the_cheapest_that_stands(self, name):
        recommended = report(name).recommendation.option
        assert recommended is not None
        standing = [usd(name, o.name) for o in report(name).options if o.stands]
        assert usd(name, recommended) == pytest.approx(min(standing))

    def test_json_holds_no_infinities(self, name):
        text = json.dumps(report(name).to_dict(), allow_nan=False)
        assert json.loads(text)["scenario"] == scenario(name).name

    def test_curves_agree_with_the_bill(self, name):
        points = report(name).curve_points
        near = int(np.searchsorted(points.tokens_per_day, report(name).tokens_per_day))
        there = evaluate(scenario(name), tokens_per_day=float(points.tokens_per_day[near]))
        for option, curve in points.monthly_usd.items():
            assert there.option(option).monthly_usd == pytest.approx(curve[near])

    def test_break_even_agrees_with_the_bills(self, name):
        for row in report(name).break_even:
            if row.against == "cheapest":
                continue
            mine, theirs = usd(name, row.option), usd(name, row.against)
            limit = report(name).option(row.option).excluded_by
            if not any("pinned fleet" in reason for reason in limit) and mine != pytest.approx(
                theirs
            ):
                assert (report(name).tokens_per_day in row.winning) == (mine < theirs)

    def test_every_provider_still_serves_it(self, name):
        for option in report(name).options:
            assert not any("retired" in reason for reason in option.excluded_by)

    def test_frozen_gives_the_same_answer(self, name):
        frozen = Scenario.model_validate(json.loads(json.dumps(report(name).frozen, default=str)))
        again = evaluate(frozen)
        assert [o.monthly_usd for o in again.options] == pytest.approx(
            [o.monthly_usd for o in report(name).options]
        )


# ----------------------------------------------------------------------------- what each claims


def test_support_assistant():
    """Data that must stay has a price; own GPUs win in windows, the hybrid for good."""
    found = report("support-assistant")
    assert found.option("cheapest host anywhere").excluded_by == ("does not satisfy eu-residency",)
    assert found.conditions[0].usd_per_month > 0
    own = found.against_cheapest("own GPUs")
    assert own.verdict == "from"
    assert len(own.winning.windows) > 1
    hybrid = found.against_cheapest("base load + overflow")
    assert len(hybrid.winning.windows) == 1
    assert found.recommendation.option == "base load + overflow"


def test_the_published_pair_is_rebuilt_and_then_refused():
    name = "brief-70b-500m-a-day"
    published = report(name).option("own GPUs, as published")
    assert published.monthly_usd == pytest.approx(4360, rel=0.002)
    assert usd(name, "API at $1.50") == pytest.approx(22_500)
    assert "capacity_exceeded" in codes(name)
    assert "calendar_disagrees" in codes(name)
    assert any("pinned fleet" in reason for reason in published.excluded_by)

    needed = usd(name, "own GPUs, what the load needs")
    assert fleet(name, "own GPUs, what the load needs").replicas > 3 * 2
    assert needed > 3 * usd(name, "own GPUs, as published")
    assert needed == pytest.approx(usd(name, "API at $1.50"), rel=0.1)
    assert report(name).recommendation.option == "same weights, cheapest host"
    assert usd(name, "same weights, median host") < needed
    assert usd(name, "frontier") > 2 * usd(name, "API at $1.50")


def test_the_published_pair_fits_only_without_peaks_or_latency():
    data = scenario("brief-70b-500m-a-day").model_dump(
        mode="json", exclude_none=True, by_alias=True
    )
    workload = data["workloads"][0]
    workload["profile"] = "flat"
    del workload["slo"]
    flat = evaluate(Scenario.model_validate(data)).option("own GPUs, as published")
    assert not flat.excluded_by
    assert flat.fleet is not None
    assert 0.9 < flat.fleet.utilisation < 1


def test_low_millions_hold_for_one_bare_gpu_only():
    name = "one-bare-h100-vs-frontier"
    bare, all_in = "one bare H100", "H100 and a spare, with people"
    first = {
        (r.option, r.against): (r.first_tokens_per_day or 0) / 1e6 for r in report(name).break_even
    }
    assert first[bare, "$15 for every token"] == pytest.approx(4.0)
    assert first[all_in, "$15 for every token"] == pytest.approx(9.7, rel=0.005)
    assert first[all_in, "$9, half in and half out"] == pytest.approx(16.1, rel=0.005)
    assert first[all_in, "$1.50 for every token"] == pytest.approx(96.9, rel=0.002)
    assert first[bare, "frontier today"] > 3 * 4.0
    assert first[bare, "same weights, median host"] > 30 * 4.0
    assert report(name).recommendation.option == "same weights, median host"


def test_precision_is_decided_per_task():
    name = "classifier-extraction-reasoning"
    answer = report(name)
    assert answer.option("4-bit fleet").excluded_by == ("not accepted for prescription",)
    assert answer.option("one precision per task").stands
    assert answer.option("open-weights API").excluded_by == ("does not satisfy own-account",)
    assert answer.recommendation.option == "API, reasoning on own GPUs"
    assert usd(name, "8-bit fleet") < usd(name, "one precision per task")
    (price,) = answer.conditions
    difference = usd(name, "API, reasoning on own GPUs") - usd(name, "open-weights API")
    assert price.usd_per_month == pytest.approx(difference)
    mixed = fleet(name, "one precision per task").throughput
    assert mixed["intent"] == fleet(name, "4-bit fleet").throughput["intent"]
    assert mixed["prescription"] == fleet(name, "8-bit fleet").throughput["prescription"]


def test_a_small_model_costs_less_at_a_host():
    name = "small-model-on-l4"
    assert report(name).recommendation.option == "8B host, cheapest"
    for own in ("one L4, 4 bit", "one L4, 8 bit"):
        assert report(name).option(own).lines[0].usd < 400
        memory = fleet(name, own).fit
        assert memory is not None
        assert memory["verdict"] == "fits"
        assert break_even(name, own, "cheapest").verdict == "never"


def test_deepseek_needs_whole_nodes():
    name = "deepseek-moe-8-gpus"
    owned = fleet(name, "owned H200 nodes")
    assert owned.gpus == owned.replicas * 8
    assert usd(name, "owned H200 nodes") < usd(name, "rented H200 nodes")
    assert usd(name, "same weights, dearest host") < usd(name, "owned H200 nodes")
    assert report(name).recommendation.option == "same weights, cheapest host"
    # With overflow to a host this cheap, the best fleet at this volume is none.
    assert fleet(name, "owned nodes + overflow").replicas == 0


def test_steady_batch_pays_on_own_gpus():
    name = "batch-nightly"
    answer = report(name)
    assert answer.recommendation.option == "own GPUs, spot"
    assert fleet(name, "own GPUs, on demand").utilisation > 0.6
    batch = {line.name for line in answer.option("frontier, in batch").lines}
    assert {"input (batch)", "output (batch)"} <= batch
    assert "no_batch_price" in codes(name)
    assert usd(name, "own GPUs, on demand") < usd(name, "same weights, in batch")


def test_base_load_with_overflow_suits_office_hours():
    name = "office-hours-spiky"
    answer = report(name)
    assert answer.recommendation.option == "base load + overflow"
    hybrid, asleep = "base load + overflow", "own GPUs, following the hours"
    assert usd(name, hybrid) < usd(name, asleep) < usd(name, "own GPUs, always on")
    assert fleet(name, "own GPUs, always on").utilisation < 0.2
    assert fleet(name, hybrid).utilisation > 0.5
    assert answer.option("cheapest host elsewhere").excluded_by


def test_api_plainly_wins():
    name = "api-plainly-wins"
    answer = report(name)
    assert answer.recommendation.option == "small frontier model"
    assert answer.option("small frontier model").kind == "api"
    for option in answer.options:
        if option.kind == "selfhost":
            assert usd(name, option.name) > 8 * usd(name, "frontier")
            first = break_even(name, option.name, "cheapest").first_tokens_per_day
            assert first is None or first > 50 * answer.tokens_per_day


def test_contracts_change_the_answer():
    name = "contracts"
    own = usd(name, "own GPUs, reserved + on demand")
    assert usd(name, "commitment") < own < usd(name, "all units")
    assert usd(name, "all units") < usd(name, "graduated") < usd(name, "list price")
    assert usd(name, "list price") == pytest.approx(22_000, rel=0.01)
    lines = [line.name for line in report(name).option("own GPUs, reserved + on demand").lines]
    assert lines[:2] == ["neocloud reserved GPUs", "neocloud on-demand GPUs"]
    hybrid = report(name).option("reserved base load + list price")
    assert hybrid.lines[0].name == "neocloud reserved GPUs"
    assert report(name).recommendation.option == hybrid.name
    against = break_even(name, hybrid.name, "graduated")
    assert against.verdict == "from", "a hybrid whose slope is lower wins for good"

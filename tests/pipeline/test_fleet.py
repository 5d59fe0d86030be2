"""Scaling, queueing, offers and contracts through a whole evaluation."""

import pytest
import yaml

from costmodel.book import load_book
from costmodel.book.files import scenarios_dir
from costmodel.errors import InputError
from costmodel.pipeline.evaluate import evaluate
from costmodel.scenario import Scenario, load_scenario, parse_scenario
from costmodel.scenario.yamlfile import write_yaml

CHAT = {
    "name": "chat", "tokens_per_day": 400e6, "input_tokens": 800, "output_tokens": 200,
    "profile": "office-hours",
}  # fmt: skip
API = {"name": "api", "api": {"input_usd_per_mtok": 1, "output_usd_per_mtok": 5}}
ON_DEMAND = {"terms": "on-demand", "usd_per_gpu_hour": 2.0}
RESERVED = {"terms": "reserved", "usd_per_gpu_hour": 1.2, "replicas": "optimal"}


def own(*offers, name="own", **more):
    stated = {"gpus_per_replica": 1, "throughput": {"requests_per_s": 2}, "spare_replicas": 0,
              "concurrency": 16, "offers": list(offers or [ON_DEMAND])}  # fmt: skip
    return {"name": name, "selfhost": stated | more}


def report(*options, workloads=(CHAT,), **more):
    return evaluate(Scenario.model_validate({
        "name": "test", "as_of": "2026-11-23", "workloads": list(workloads),
        "options": [API, *options], "overheads": {"usd_per_hour": 0}, **more,
    }), book=None)  # fmt: skip


def codes(found):
    return {warning.code: warning.message for warning in found.warnings}


def refused(*options, workloads=(CHAT,)):
    with pytest.raises((InputError, ValueError)) as error:
        report(*options, workloads=workloads)
    return str(error.value)


class TestQueueing:
    def test_both_answers_are_shown(self):
        found = report(own(queueing={"wait_p95_ms": 200}))
        sizing = found.option("own").fleet.sizing
        assert sizing.replicas_by_queueing == found.option("own").fleet.replicas
        assert sizing.replicas_by_load_factor != sizing.replicas_by_queueing
        assert sizing.wait_p95_ms <= 200
        assert f"{sizing.replicas_by_queueing:g} replicas hold" in codes(found)["queueing"]
        data = found.option("own").to_dict()["sizing"]
        assert data["load_factor"] == 0.7

    def test_a_load_factor_says_what_wait_comes_of_it(self):
        sizing = report(own(load_factor=0.95)).option("own").fleet.sizing
        assert sizing.replicas_by_queueing is None
        assert sizing.wait_p95_ms >= 0
        unknown = own()
        del unknown["selfhost"]["concurrency"]
        assert report(unknown).option("own").fleet.sizing.wait_p95_ms is None

    def test_a_longer_wait_never_needs_more(self):
        counts = [
            report(own(queueing={"wait_p95_ms": wait})).option("own").fleet.replicas
            for wait in (1, 100, 1000, 30_000)
        ]
        assert counts == sorted(counts, reverse=True)
        assert counts[0] > counts[-1]

    def test_it_needs_to_know_what_a_replica_holds(self):
        option = own(queueing={"wait_p95_ms": 200})
        del option["selfhost"]["concurrency"]
        said = refused(option)
        assert "options.own.selfhost.queueing" in said
        assert "needs concurrency" in said


class TestOffers:
    def test_the_best_commitment_says_when_it_pays(self):
        fleet = report(own(RESERVED, ON_DEMAND, scaling="scheduled")).option("own").fleet
        (row,) = fleet.commitments
        assert row.break_even_hours_per_month == pytest.approx(0.6 * 730)
        assert 0 < row.replicas < fleet.sizing.replicas_by_load_factor

    @pytest.mark.parametrize("scaling", ["always-on", "scheduled"])
    def test_a_mix_is_no_dearer_than_its_parts_and_its_lines_add_up(self, scaling):
        all_reserved = {**RESERVED, "replicas": None}
        found = report(
            own(RESERVED, ON_DEMAND, scaling=scaling, name="mix"),
            own(ON_DEMAND, scaling=scaling, name="elastic"),
            own(all_reserved, scaling=scaling, name="committed"),
        )
        usd = {o.name: o.monthly_usd for o in found.options}
        assert usd["mix"] <= min(usd["elastic"], usd["committed"]) + 1e-6
        lines = found.option("mix").lines
        assert sum(line.usd for line in lines) == pytest.approx(usd["mix"])

    def test_spot_loses_capacity(self):
        spot = {"terms": "spot", "usd_per_gpu_hour": 2.0, "interruption_overhead": 0.25}
        found = report(own(ON_DEMAND, name="plain", load_factor=1), own(spot, load_factor=1))
        plain, lost = (found.option(name).fleet.replicas for name in ("plain", "own"))
        assert lost >= plain / 0.75
        assert "spot_assumed" not in codes(found)
        assumed = report(own({"terms": "spot", "usd_per_gpu_hour": 2.0}))
        rows = {row.path: row for row in assumed.assumption_rows}
        assert rows["options.own.selfhost.offers[0].interruption_overhead"].value == 0.05
        assert "spot_assumed" in codes(assumed)

    def test_owning_costs_an_annuity_and_upkeep(self):
        """$30,000 over 36 months at 10 % with 30 % left: $745.14; 5 % upkeep: $125; power."""
        offer = {"terms": "owned", "usd_per_gpu": 30_000, "residual_share": 0.3, "life_months": 36,
                 "kw_per_gpu": 1.0, "pue": 1.5, "usd_per_kwh": 0.1, "colo_usd_per_kw_month": 200,
                 "maintenance_share_per_year": 0.05}  # fmt: skip
        found = report(own(offer), finance={"discount_rate": 0.10})
        fleet = found.option("own").fleet
        each = found.option("own").lines[0].usd / fleet.gpus
        assert each == pytest.approx(745.136 + 125 + 1.5 * 730 * 0.1 + 200, rel=1e-5)
        assert "owned_incomplete" not in codes(found)
        assert "not_used_yet" not in codes(found)

    def test_power_of_a_card_comes_from_its_rating(self):
        offer = {"terms": "owned", "usd_per_gpu": 30_000}
        rated = report(own(offer, gpu="h100-sxm"))
        stated = report(own({**offer, "kw_per_gpu": 0.7 * 1.82}, gpu="h100-sxm"))
        assert rated.option("own").monthly_usd == pytest.approx(stated.option("own").monthly_usd)
        assert "maintenance_share_per_year" in codes(rated)["owned_incomplete"]
        assert "needs kw_per_gpu" in refused(own(offer))

    def test_serverless_pays_for_use(self):
        serverless = {"terms": "serverless", "usd_per_gpu_second": 2.0 / 3600}
        found = report(
            own(serverless), own(ON_DEMAND, name="on"),
            own(ON_DEMAND, name="hours", scaling="scheduled"),
        )  # fmt: skip
        usd = {o.name: o.monthly_usd for o in found.options}
        assert usd["own"] < usd["hours"] < usd["on"]
        rows = {row.path: row for row in found.assumption_rows}
        assert rows["options.own.selfhost.idle_minutes"].kind == "listed"
        assert rows["options.own.selfhost.start_minutes"].kind == "assumed"
        warm = report(own(serverless, min_replicas=2), workloads=({**CHAT, "tokens_per_day": 1},))
        assert warm.option("own").monthly_usd == pytest.approx(2 * 2 * 730, rel=1e-3)

    @pytest.mark.parametrize(
        ("option", "message"),
        [
            (own({**ON_DEMAND, "replicas": "optimal"}, ON_DEMAND), "is for a commitment"),
            (own(RESERVED, RESERVED, ON_DEMAND), "goes with one commitment"),
            (own(RESERVED, {"terms": "spot", "usd_per_gpu_hour": 1}), "against on-demand"),
            (own(RESERVED, ON_DEMAND, replicas=3), "pins the fleet"),
            (own({**ON_DEMAND, "interruption_overhead": 0.1}), "belongs to spot"),
            (own({"terms": "spot", "interruption_overhead": 1}), "must be below 1"),
            (own({**ON_DEMAND, "maintenance_share_per_year": 0.1}), "belongs to an owned offer"),
            (own(scaling="serverless", queueing={"wait_p95_ms": 9}), "say load_factor"),
            (own(scaling="serverless", replicas=2), "say min_replicas"),
            (own(scaling="serverless", node_gpus=8), "purchase quantum"),
            (own(idle_minutes=3), "belongs to scaling: serverless"),
            (own({**RESERVED, "replicas": None}, scaling="serverless"), "billed by use"),
        ],
    )
    def test_what_does_not_go_together_is_said(self, option, message):
        assert message in refused(option)


class TestSharedFleets:
    def test_one_workload_that_waits_fills_the_troughs_of_another(self):
        """Office hours leave room by night for as much batch work as the day leaves."""
        batch = {**CHAT, "name": "batch", "profile": "flat", "batch_share": 1,
                 "tokens_per_day": 200e6}  # fmt: skip
        both = report(own(load_factor=1), workloads=(CHAT, batch)).option("own").fleet
        chat = report(own(load_factor=1)).option("own").fleet
        assert both.replicas == chat.replicas
        assert both.utilisation > chat.utilisation

    def test_starts_on_the_axis_of_one_workload(self):
        """The hours that rise are found at each volume, not by the workload that moves."""
        day = [3.0 if 8 <= h % 24 < 16 else 0.0 for h in range(168)]
        night = [0.0 if 8 <= h % 24 < 16 else 1.5 for h in range(168)]
        two = [
            {**CHAT, "profile": {"hourly": day}, "tokens_per_day": 8.64e8},
            {**CHAT, "name": "other", "profile": {"hourly": night}, "tokens_per_day": 1},
        ]
        scenario = Scenario.model_validate({
            "name": "t", "as_of": "2026-11-23", "workloads": two, "overheads": {"usd_per_hour": 0},
            "options": [own(scaling="scheduled", start_minutes=30, load_factor=1, min_replicas=0)],
        })  # fmt: skip
        found = evaluate(scenario, tokens_per_day=1e3, workload="other").option("own")
        # 15 replicas for 8 hours a day, started once a day, and one for the other's trickle.
        hours = 7 * (15 * 8 + 16 * 1 + 14 * 0.5)
        assert found.monthly_usd == pytest.approx(2 * 730 * hours / 168)

    def test_a_contract_counts_all_that_is_spent_at_a_provider(self):
        steps = [{"up_to_usd_per_month": 10_000, "discount": 0}, {"discount": 0.5}]
        contract = {"kind": "graduated", "steps": steps}
        quote = {"provider": "acme", "input_usd_per_mtok": 1, "output_usd_per_mtok": 1}
        small = {"name": "small", "api": {**quote, "contract": contract}}
        large = {"name": "large", "api": {**quote, "contract": contract}}
        two = (CHAT, {**CHAT, "name": "code"})
        mix = {"name": "split", "mix": {"chat": "small", "code": "large"}}
        found = report(small, large, mix, workloads=two)
        assert found.option("split").monthly_usd == pytest.approx(found.option("small").monthly_usd)
        spend = 800 * 365 / 12
        assert found.option("split").monthly_usd == pytest.approx(10_000 + (spend - 10_000) / 2)
        lines = found.option("split").lines
        assert sum(line.usd for line in lines) == pytest.approx(found.option("split").monthly_usd)
        assert [line.name for line in lines if "contract" in line.name] == [
            "acme: contract discount"
        ]


class TestProfiles:
    NAMES = ("flat", "office-hours", "consumer-evening", "global", "spiky")

    def test_every_name_has_data_with_a_source(self):
        assert tuple(load_book().profiles) == self.NAMES
        for name in self.NAMES:
            profile = load_book().profile(name)
            assert len(profile.weights) == 168
            assert sum(profile.weights) == pytest.approx(168)
            found = report(workloads=({**CHAT, "profile": name},))
            rows = {row.path: row for row in found.assumption_rows}
            assert rows["workloads.chat.profile"].value == name
            assert rows["workloads.chat.profile"].kind == profile.kind

    def test_a_frozen_scenario_keeps_the_hours_it_was_worked_out_with(self):
        first = report(own())
        frozen = yaml.safe_load(write_yaml(first.frozen))
        hours = frozen["resolved"]["profiles"]["chat"]["hourly"]
        frozen["resolved"]["profiles"]["chat"]["hourly"] = [1.0] * len(hours)
        again = evaluate(Scenario.model_validate(frozen))
        flat = report(own(), workloads=({**CHAT, "profile": "flat"},))
        assert again.option("own").monthly_usd == flat.option("own").monthly_usd
        assert again.option("own").monthly_usd < first.option("own").monthly_usd


UPLOAD = """
name: sent in
as_of: 2026-11-23
workloads:
  - {name: chat, tokens_per_day: 1e6, input_tokens: 8, output_tokens: 2, profile: {usage: %s}}
options:
  - {name: api, api: {input_usd_per_mtok: 1, output_usd_per_mtok: 5}}
"""


@pytest.mark.parametrize("path", ["/etc/passwd", "../../secrets.csv", "log.jsonl", "~/x.parquet"])
def test_a_path_in_an_upload_is_refused_in_words(path):
    with pytest.raises(InputError) as error:
        parse_scenario(UPLOAD % path, "sent-in.yaml")
    (problem,) = error.value.problems
    assert problem.message == "names a file; this works only in a scenario opened from disk"
    assert (problem.file, problem.line) == ("sent-in.yaml", 5)
    assert "workloads.chat.profile.usage" in str(error.value)


def test_three_shapes_of_one_volume_break_even_apart():
    """Always-on GPUs pay for the peak, so that a spiky week never earns them; a hybrid does not."""
    always_on, hybrid, volumes = {}, {}, set()
    for shape in ("steady", "office-hours", "spiky"):
        found = evaluate(load_scenario(scenarios_dir() / f"traffic-{shape}.yaml"))
        volumes.add(found.tokens_per_day)
        always_on[shape] = found.against_cheapest("own GPUs, always on")
        hybrid[shape] = found.against_cheapest("base load + overflow").always_from_tokens_per_day
    assert len(volumes) == 1
    steady, office = (
        always_on[shape].always_from_tokens_per_day for shape in ("steady", "office-hours")
    )
    assert steady * 2 < office
    assert always_on["spiky"].verdict == "never"
    assert hybrid["steady"] * 1.1 < hybrid["office-hours"]
    assert hybrid["office-hours"] * 1.2 < hybrid["spiky"]

"""The joint choice against every assignment tried by hand, and against `run` on the same mix."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from costmodel import InputError, Scenario, evaluate, load_scenario, portfolio
from costmodel.cli import app
from costmodel.scenario import parse_scenario

SCENARIOS = Path(__file__).parents[2] / "scenarios"
NAMES = ("classify", "extract", "reason")


def scenario(
    options: list[str], accepts: list[list[str]], volumes=(40e6, 90e6, 20e6), more=""
) -> str:
    work = "\n".join(
        f"  - {{name: {name}, tokens_per_day: {volume}, input_tokens: 900, output_tokens: 100, "
        f"quality: {{accepts: {json.dumps(allowed)}}}}}"
        for name, volume, allowed in zip(NAMES, volumes, accepts, strict=False)
    )
    return (
        f"name: t\nas_of: 2026-11-23\nworkloads:\n{work}\noptions:\n" + "\n".join(options)
        + "\noverheads: {usd_per_hour: 100, per_fleet: {hours_per_month: 20}}\n"
    )  # fmt: skip


def api(name: str, usd: float, contract: str = "") -> str:
    return (
        f"  - {{name: {name}, api: {{input_usd_per_mtok: {usd}, output_usd_per_mtok: {usd}"
        f"{contract}}}}}"
    )


def fleet(name: str, rate: float, usd: float, more: str = "") -> str:
    return (
        f"  - {{name: {name}, selfhost: {{gpus_per_replica: 1, throughput: {{requests_per_s: "
        f"{rate}}}, offers: [{{terms: on-demand, usd_per_gpu_hour: {usd}}}]}}{more}}}"
    )


OPTIONS = [api("big", 3), api("small", 0.6), fleet("int4", 3, 2), fleet("fp8", 2, 2)]
IDS = ["big", "small", "int4", "fp8"]
ALL_UNITS = (
    ", contract: {kind: all-units, steps: [{up_to_usd_per_month: 3000, discount: 0}, "
    "{discount: 0.4}]}"
)


def by_hand(text: str, accepts: list[list[str]], names=NAMES) -> float:
    """The lowest bill over every assignment, each a mix among the options."""
    mixes = []
    for i, chosen in enumerate(product(*accepts)):
        mix = ", ".join(f"{w}: {o}" for w, o in zip(names, chosen, strict=True))
        mixes.append(f"  - {{name: by hand {i}, mix: {{{mix}}}}}\n")
    report = evaluate(parse_scenario(text.replace("overheads", f"{''.join(mixes)}overheads", 1)))
    bills = [o.monthly_usd for o in report.options if o.name.startswith("by hand")]
    assert len(bills) == len(mixes)
    assert None not in bills
    return min(bills)


subsets = st.lists(st.sampled_from(IDS), min_size=1, max_size=4, unique=True)


class TestExact:
    @settings(max_examples=25)
    @given(accepts=st.lists(subsets, min_size=3, max_size=3),
           volumes=st.tuples(*[st.sampled_from([5e6, 60e6, 400e6, 2e9])] * 3),
           contract=st.sampled_from(["", ALL_UNITS]))  # fmt: skip
    def test_equals_every_assignment_tried_by_hand(self, accepts, volumes, contract):
        options = [api("big", 3), api("small", 0.6, contract), *OPTIONS[2:]]
        text = scenario(options, accepts, volumes)
        found = portfolio(parse_scenario(text))
        assert found.monthly_usd == pytest.approx(by_hand(text, accepts))
        assert all(a.option in allowed for a, allowed in zip(found.assignment, accepts,
                                                             strict=True))  # fmt: skip
        assert sum(share.monthly_usd for share in found.bill) == pytest.approx(found.monthly_usd)

    @settings(max_examples=40)
    @given(accepts=st.lists(subsets, min_size=3, max_size=3), scale=st.floats(1e-2, 1e2))
    def test_never_costs_more_than_the_best_single_option(self, accepts, scale):
        found = portfolio(parse_scenario(scenario(OPTIONS, accepts)), tokens_per_day=150e6 * scale)
        singles = [s.monthly_usd for s in found.singles if s.stands and s.monthly_usd is not None]
        assert found.monthly_usd is not None
        if singles:
            assert found.monthly_usd <= min(singles) + 1e-6
            assert found.one_for_all is not None
            assert found.saving_usd_per_month == pytest.approx(min(singles) - found.monthly_usd)
        else:
            assert found.one_for_all is None

    def test_hybrids_serve_too(self):
        hybrid = "  - {name: both, hybrid: {selfhost: int4, api: small}}"
        accepts = [["both"], ["both"], ["big"]]
        found = portfolio(parse_scenario(scenario([*OPTIONS, hybrid], accepts)))
        assert {a.workload: a.option for a in found.assignment} == {
            "classify": "both", "extract": "both", "reason": "big"
        }  # fmt: skip

    def test_a_pinned_fleet_that_is_too_small_is_not_chosen(self):
        pinned = fleet("pinned", 3, 0.1).replace("offers", "replicas: 1, spare_replicas: 0, offers")
        text = scenario([*OPTIONS, pinned], [["pinned", "big"]] * 3, (4e9, 4e9, 4e9))
        assert {a.option for a in portfolio(parse_scenario(text)).assignment} == {"big"}

    def test_a_workload_without_any_option(self):
        text = scenario(OPTIONS, [["big"], ["big"], ["fp8"]]).replace(
            'quality: {accepts: ["fp8"]}', "quality: {accepts: [fp8]}, requires: [eu]"
        )
        found = portfolio(parse_scenario(text))
        assert found.monthly_usd is None
        assert found.reason == "No option stands for reason."
        assert found.assignment == ()


class TestEscalation:
    TEXT = scenario(
        [api("big", 3), fleet("int4", 3, 2, ", escalation: {to: big, share: {classify: 0.1}}")],
        [["int4"]] * 3,
    )

    def test_answers_that_are_asked_again_cost_money(self):
        plain = self.TEXT.replace(", escalation: {to: big, share: {classify: 0.1}}", "")
        with_, without = (evaluate(parse_scenario(t)).option("int4") for t in (self.TEXT, plain))
        assert with_.monthly_usd is not None
        assert without.monthly_usd is not None
        tokens = 0.1 * 40e6 * 365 / 12 * 3 / 1e6
        people = next(line.usd for line in evaluate(parse_scenario(plain)).option("big").lines
                      if "engineering" in line.name)  # fmt: skip
        assert with_.monthly_usd - without.monthly_usd == pytest.approx(tokens + people)
        assert sum(line.usd for line in with_.lines) == pytest.approx(with_.monthly_usd)
        assert any(line.name.startswith("big after int4") for line in with_.lines)

    def test_portfolio_counts_them(self):
        report, found = evaluate(parse_scenario(self.TEXT)), portfolio(parse_scenario(self.TEXT))
        assert found.monthly_usd == pytest.approx(report.option("int4").monthly_usd)

    def test_requests_that_escalate_take_their_conditions_along(self):
        text = self.TEXT.replace("name: classify,", "name: classify, requires: [eu],").replace(
            "share: {classify: 0.1}}", "share: {classify: 0.1}}, satisfies: [eu]"
        )
        assert evaluate(parse_scenario(text)).option("int4").excluded_by == ("does not satisfy eu",)
        elsewhere = text.replace("share: {classify: 0.1}", "share: {extract: 0.1}")
        assert evaluate(parse_scenario(elsewhere)).option("int4").excluded_by == ()

    @pytest.mark.parametrize(
        ("escalation", "said"),
        [
            ("{to: bgi, share: 0.1}", "no API option is named 'bgi'; did you mean big"),
            ("{to: int4, share: 0.1}", "no API option is named 'int4'"),
            ("{to: big, share: 1.5}", "must be a share"),
            ("{to: big, share: {clasify: 0.1}}", "no workload is named 'clasify'"),
        ],
    )
    def test_nonsense(self, escalation, said):
        text = self.TEXT.replace("{to: big, share: {classify: 0.1}}", escalation)
        with pytest.raises(InputError, match=said):
            parse_scenario(text)

    def test_not_out_of_a_hybrid(self):
        text = self.TEXT.replace("overheads", "  - {name: h, hybrid: {selfhost: int4, api: big}}\n"
                                 "overheads", 1)  # fmt: skip
        with pytest.raises(InputError, match="a part of a hybrid cannot escalate"):
            parse_scenario(text)


class TestReadyScenario:
    found = portfolio(load_scenario(SCENARIOS / "precision-per-task.yaml"))

    def test_four_bit_for_two_steps_and_more_for_the_third(self):
        chosen = {a.workload: a for a in self.found.assignment}
        assert chosen["intent"].precision == "awq-int4"
        assert chosen["preferences"].precision == "awq-int4"
        assert chosen["prescription"].precision in ("fp8", "bf16")

    def test_what_it_saves(self):
        assert self.found.one_for_all is not None
        assert self.found.one_for_all.option.startswith("70B")
        assert self.found.saving_usd_per_month is not None
        assert self.found.saving_usd_per_month > 0.25 * (self.found.one_for_all.monthly_usd or 0)

    def test_three_levers_go_down(self):
        amounts = [lever.monthly_usd for lever in self.found.levers]
        assert len(amounts) == 4
        assert None not in amounts
        assert amounts == sorted(amounts, key=lambda usd: -(usd or 0))
        assert amounts[0] > amounts[1]  # type: ignore[operator]

    def test_cheaper_without_evidence_is_shown(self):
        shown = {(c.workload, c.option) for c in self.found.without_evidence}
        assert ("intent", "8B host") in shown

    def test_checklist(self):
        checks = [c.check for c in self.found.checklist if c.option.startswith("8B")]
        assert checks == [
            "Calibration data like your traffic",
            "KV cache checked apart from the weights",
            "Evaluated as it will be served",
            "Kernel, engine version and GPU pinned",
        ]

    def test_one_precision_may_be_cheaper_where_fleets_are_small(self):
        """At a quarter of the traffic, on cards with 8-bit cores, splitting fleets costs more."""
        small = portfolio(load_scenario(SCENARIOS / "classifier-extraction-reasoning.yaml"))
        singles = {s.option: s.monthly_usd for s in small.singles}
        mixed, single = singles["one precision per task"], singles["8-bit fleet"]
        assert mixed is not None
        assert single is not None
        assert mixed > single
        assert small.monthly_usd is not None
        assert small.monthly_usd <= single

    def test_json(self):
        data = json.loads(json.dumps(self.found.to_dict(), allow_nan=False))
        assert data["assignment"][0]["workload"] == "intent"


def test_today_must_be_an_api():
    with pytest.raises(InputError, match="no API option is named 'bgi'; did you mean big"):
        portfolio(parse_scenario(scenario(OPTIONS, [IDS] * 3)), today="bgi")


def test_too_many_workloads():
    text = scenario(OPTIONS, [IDS] * 3)
    base = parse_scenario(text)
    many = tuple(base.workloads[0].model_copy(update={"name": f"w{i}"}) for i in range(11))
    with pytest.raises(InputError, match="at most 10 workloads"):
        portfolio(base.model_copy(update={"workloads": many}))


def test_command_line(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_text(scenario(OPTIONS, [["int4"], ["int4"], ["fp8"]]), encoding="utf-8")
    text = CliRunner().invoke(app, ["portfolio", str(path)])
    assert text.exit_code == 0
    assert "BEFORE YOU RELY ON IT" in text.stdout
    data = json.loads(CliRunner().invoke(app, ["portfolio", str(path), "--json"]).stdout)
    assert [a["option"] for a in data["assignment"]] == ["int4", "int4", "fp8"]
    path.write_text(path.read_text().replace('accepts: ["fp8"]', "accepts: [fp8]")
                    .replace("quality: {accepts: [fp8]}", "quality: {accepts: [fp8]}, "
                             "requires: [eu]"), encoding="utf-8")  # fmt: skip
    assert CliRunner().invoke(app, ["portfolio", str(path), "--check"]).exit_code == 3


def test_a_scenario_built_in_python():
    data = parse_scenario(scenario(OPTIONS, [IDS] * 3)).model_dump(mode="json", exclude_none=True)
    assert portfolio(Scenario.model_validate(data)).monthly_usd is not None

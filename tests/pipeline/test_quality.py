"""Eligibility by quality: the book, the user's word and gates, in `run` and frozen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from costmodel import InputError, evaluate, load_scenario
from costmodel.scenario import Scenario, parse_scenario
from costmodel.scenario.yamlfile import write_yaml

HEAD = """
name: t
as_of: 2026-11-23
workloads:
  - name: chat
    {task}
    tokens_per_day: 5e8
    input_tokens: 1500
    output_tokens: 300
    quality: {quality}
options:
  - name: frontier
    api: {{provider: anthropic, model: claude-sonnet-5-5, output_token_ratio: 1}}
  - name: managed
    api: {{provider: groq, model: llama-3.3-70b-versatile}}
  - name: own
    selfhost:
      model: llama-3.3-70b
      format: {format}
      gpu: h100-sxm
      tp: 4
      offers: [{{terms: on-demand, usd_per_gpu_hour: 2.5}}]
"""


def text(
    quality: str = "{min_retention: 0.98}",
    format: str = "fp8",  # noqa: A002 - the word of the scenario
    task: str = "task: instruction-following",
) -> str:
    return HEAD.format(quality=quality, format=format, task=task)


def excluded(scenario: Scenario) -> dict[str, tuple[str, ...]]:
    return {o.name: o.excluded_by for o in evaluate(scenario).options}


class TestFloor:
    def test_likely_stands_and_unknown_precision_does_not(self):
        found = excluded(parse_scenario(text()))
        assert found["own"] == ()
        assert found["frontier"] == ()
        (reason,) = found["managed"]
        assert reason.startswith("quality of chat: it serves open weights and its precision is not")

    def test_not_established(self):
        (reason,) = excluded(parse_scenario(text(format="awq-int4")))["own"]
        assert reason.startswith("quality of chat: not established to keep 98% (awq-int4 on ")

    def test_no_data(self):
        (reason,) = excluded(parse_scenario(text(format="awq-int4", task="task: rag")))["own"]
        assert reason == "quality of chat: no data (awq-int4 on rag: no data)"

    def test_sixteen_bits_are_the_reference(self):
        found = excluded(parse_scenario(text("{min_retention: 1}", "bf16")))
        assert found["own"] == ()

    def test_a_stated_precision_counts(self):
        stated = text().replace("versatile}", "versatile, precision: bf16}")
        assert excluded(parse_scenario(stated))["managed"] == ()

    def test_the_user_may_accept_more(self):
        found = excluded(parse_scenario(text("{min_retention: 0.98, accepts: [managed]}")))
        assert found["managed"] == ()

    def test_a_smaller_cache_is_checked_by_itself(self):
        small = text("{min_retention: 0.98}", "bf16", "task: math").replace(
            "tp: 4", "tp: 4, kv_dtype: int4".replace(", ", "\n      ")
        )
        (reason,) = excluded(parse_scenario(small))["own"]
        assert "int4 KV cache on math" in reason

    def test_without_a_task_only_the_reference_stands(self):
        (reason,) = excluded(parse_scenario(text(task="max_context: 4096")))["own"]
        assert "names no task" in reason

    def test_unknown_task(self):
        with pytest.raises(
            InputError, match=r":6:.*unknown task family 'chatt'; did you mean chat"
        ):
            evaluate(parse_scenario(text(task="task: chatt"), "s.yaml"))

    def test_the_floor_has_a_price(self):
        report = evaluate(parse_scenario(text()))
        (row,) = report.conditions
        assert row.condition == "quality of chat"
        assert row.usd_per_month is not None
        assert row.usd_per_month > 0
        assert not any(w.code == "not_used_yet" and "quality" in w.message
                       for w in report.warnings)  # fmt: skip

    def test_the_evidence_is_among_the_assumptions(self):
        rows = {row.path: row for row in evaluate(parse_scenario(text())).assumption_rows}
        row = rows["workloads.chat.quality.own"]
        assert (row.value, row.kind) == ("likely", "estimated")
        assert "RedHatAI model card" in row.source
        assert row.as_of is not None

    def test_models_are_not_held_against_each_other(self):
        assert "quality_across_models" in {
            w.code for w in evaluate(parse_scenario(text())).warnings
        }

    def test_frozen_is_offline_and_the_same(self):
        report = evaluate(parse_scenario(text(format="awq-int4")))
        data = json.loads(json.dumps(report.frozen, default=str))
        again = evaluate(Scenario.model_validate(data))
        assert {o.name: o.excluded_by for o in again.options} == {
            o.name: o.excluded_by for o in report.options
        }


def rows(folder: Path, name: str, scores: list[int]) -> None:
    lines = [json.dumps({"item": f"q{i}", "score": s}) for i, s in enumerate(scores)]
    (folder / name).write_text("\n".join(lines), encoding="utf-8")


class TestGate:
    @pytest.fixture
    def folder(self, tmp_path):
        rows(tmp_path, "base.jsonl", [1] * 300)
        rows(tmp_path, "good.jsonl", [1] * 300)
        rows(tmp_path, "bad.jsonl", [1] * 240 + [0] * 60)
        rows(tmp_path, "few.jsonl", [1] * 299 + [0])
        return tmp_path

    def evaluated(self, folder: Path, gate: str) -> Scenario:
        (folder / "s.yaml").write_text(text(f"{{gate: {gate}}}", "awq-int4"), encoding="utf-8")
        return load_scenario(folder / "s.yaml")

    def test_a_pass_stands(self, folder):
        found = excluded(self.evaluated(folder, "{baseline: base.jsonl, candidate: good.jsonl}"))
        assert found == {"frontier": (), "managed": (), "own": ()}

    def test_a_fail_does_not(self, folder):
        found = excluded(self.evaluated(folder, "{baseline: base.jsonl, candidate: bad.jsonl}"))
        assert found["own"][0].startswith("quality of chat: Fail: -20.0 points on 300 items")

    def test_named_files(self, folder):
        gate = "{baseline: {frontier: base.jsonl}, candidate: {own: good.jsonl}, margin: 0.03}"
        found = excluded(self.evaluated(folder, gate))
        assert found["own"] == ()
        assert found["frontier"] == ()
        assert "no evaluation of it is named" in found["managed"][0]

    def test_unnamed_baseline_warns(self, folder):
        scenario = self.evaluated(folder, "{baseline: base.jsonl, candidate: good.jsonl}")
        assert "gate_baseline_unnamed" in {w.code for w in evaluate(scenario).warnings}

    def test_frozen_needs_no_files(self, folder, tmp_path):
        scenario = self.evaluated(folder, "{baseline: base.jsonl, candidate: good.jsonl}")
        frozen = write_yaml(evaluate(scenario).frozen)
        for name in ("base.jsonl", "good.jsonl"):
            (folder / name).unlink()
        (folder / "frozen.yaml").write_text(frozen, encoding="utf-8")
        assert excluded(load_scenario(folder / "frozen.yaml"))["own"] == ()

    @pytest.mark.parametrize(
        ("gate", "said"),
        [
            ("{baseline: base.jsonl, candidate: none.jsonl}", "none.jsonl: no such file"),
            (
                "{baseline: /etc/passwd, candidate: good.jsonl}",
                "leads out of the scenario",
            ),
            ("{baseline: base.jsonl, candidate: ../x.jsonl}", "leads out of the scenario"),
            ("{baseline: base.jsonl, candidate: {ownn: good.jsonl}}", "no option is named 'ownn'"),
            ("{baseline: base.jsonl, candidate: good.jsonl, margin: 1}", "margin must be above 0"),
            ("{baseline: {}, candidate: good.jsonl}", "baseline is one file"),
        ],
    )
    def test_bad_gates(self, folder, gate, said):
        with pytest.raises(InputError, match=said) as error:
            evaluate(self.evaluated(folder, gate))
        assert {p.line for p in error.value.problems} == {10}

    def test_uploads_name_no_files(self):
        with pytest.raises(InputError, match="names a file"):
            parse_scenario(text("{gate: {baseline: a.jsonl, candidate: b.jsonl}}"))


class TestOpenChoices:
    OPEN = text(format="[fp8, awq-int4]").replace("gpu: h100-sxm", "gpu: [h100-sxm, h200]")

    def test_a_list_stands_for_an_option_each(self):
        names = [o.name for o in parse_scenario(self.OPEN).options]
        assert names == ["frontier", "managed", "own, fp8, h100-sxm", "own, fp8, h200",
                         "own, awq-int4, h100-sxm", "own, awq-int4, h200"]  # fmt: skip

    def test_accepting_the_open_option_accepts_all(self):
        scenario = parse_scenario(self.OPEN.replace("{min_retention: 0.98}", "{accepts: [own]}"))
        found = excluded(scenario)
        assert all(not reasons for name, reasons in found.items() if name.startswith("own"))
        assert found["managed"] == ("not accepted for chat",)

    def test_errors_name_the_line_in_the_file(self):
        with pytest.raises(InputError) as error:
            evaluate(parse_scenario(self.OPEN.replace("h200", "h2000"), "s.yaml"))
        assert {p.line for p in error.value.problems} == {20}

    @pytest.mark.parametrize(
        ("value", "said"),
        [("[]", "a list of names"), ("[fp8, 4]", "a list of names"), ("[fp8, fp8]", "twice")],
    )
    def test_nonsense(self, value, said):
        with pytest.raises(InputError, match=said):
            parse_scenario(text(format=value), "s.yaml")

    def test_too_many(self):
        many = "[" + ", ".join(f"f{i}" for i in range(40)) + "]"
        with pytest.raises(InputError, match="stands for 80 options; 64 are the most"):
            parse_scenario(text(format=many).replace("h100-sxm", "[h100-sxm, h200]"))

    def test_frozen_writes_the_options_out(self):
        report = evaluate(parse_scenario(self.OPEN))
        data = json.loads(json.dumps(report.frozen, default=str))
        assert [o["name"] for o in data["options"]] == [o.name for o in report.options]

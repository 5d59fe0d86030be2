"""The gate on files: what passes, what is refused, and what is never called a wrong answer."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from costmodel import InputError, gate, gate_in_order, read_eval
from costmodel.cli import app
from costmodel.quality.gate import sentence

FILES = Path(__file__).parents[1] / "data" / "evals"
RUN = "results_2026-11-23T10-00-00.000001.json"
LATER = "results_2026-11-23T11-00-00.000001.json"
LM = "samples_arith_2026-11-23T10-00-00.000001.jsonl"
LM_LATER = "samples_arith_2026-11-23T11-00-00.000001.jsonl"


def table(folder: Path, name: str, scores, **columns) -> str:
    rows = [
        json.dumps({"item": f"q{i}", "score": s, **{k: v[i] for k, v in columns.items()}})
        for i, s in enumerate(scores)
    ]
    (folder / name).write_text("\n".join(rows), encoding="utf-8")
    return str(folder / name)


def flipped(n: int, b: int, c: int, right: float = 0.8) -> tuple[list[int], list[int]]:
    """Two runs of n items with exactly b lost and c gained."""
    old = [1] * int(n * right) + [0] * (n - int(n * right))
    new = list(old)
    for i in range(b):
        new[i] = 0
    for i in range(c):
        new[-1 - i] = 1
    order = random.Random(1).sample(range(n), n)
    return [old[i] for i in order], [new[i] for i in order]


class TestTotals:
    def test_humaneval_of_the_article(self):
        found = gate("92/164", "85/164")
        assert found.verdict == "inconclusive"
        assert found.z == pytest.approx(0.775, abs=5e-4)
        assert found.p_value == pytest.approx(0.44, abs=5e-3)
        assert (round(100 * found.ci_low, 1), round(100 * found.ci_high, 1)) == (-14.9, 6.5)
        assert not found.paired
        assert any("weaker" in note for note in found.notes)

    def test_tuples_and_text_agree(self):
        assert gate((92, 164), (85, 164)).ci_low == gate("92/164", "85/164").ci_low

    def test_results_files(self):
        found = gate(FILES / RUN, FILES / LATER, task="arith")
        assert (found.paired, found.n) == (False, 12)

    def test_nonsense(self):
        with pytest.raises(InputError, match="right/items"):
            gate("165/164", "1/164")


class TestPaired:
    @pytest.mark.parametrize(("n", "verdict"), [(132, "inconclusive"), (133, "pass")])
    def test_identical_runs_need_133_items(self, tmp_path, n, verdict):
        old, _ = flipped(n, 0, 0)
        one, two = table(tmp_path, "a.jsonl", old), table(tmp_path, "b.jsonl", old)
        found = gate(one, two, margin=0.02)
        assert (found.verdict, found.n_needed, found.b, found.c) == (verdict, 133, 0, 0)

    def test_counts_and_verdicts(self, tmp_path):
        old, new = flipped(1500, 60, 62)
        a, b = table(tmp_path, "a.jsonl", old), table(tmp_path, "b.jsonl", new)
        found = gate(a, b)
        assert (found.b, found.c, found.verdict) == (60, 62, "pass")
        assert found.difference == pytest.approx(2 / 1500)
        assert found.flips == pytest.approx(122 / 1500)
        old, new = flipped(1500, 130, 20)
        a, b = table(tmp_path, "a.jsonl", old), table(tmp_path, "b.jsonl", new)
        assert gate(a, b).verdict == "fail"
        assert "Fail: -7.3 points on 1,500 items" in sentence(gate(a, b))

    def test_order_of_the_items_does_not_matter(self, tmp_path):
        old, new = flipped(400, 10, 12)
        a = table(tmp_path, "a.jsonl", old)
        b = table(tmp_path, "b.jsonl", new)
        lines = Path(b).read_text().splitlines()
        (tmp_path / "shuffled.jsonl").write_text("\n".join(reversed(lines)))
        assert gate(a, b).ci_low == gate(a, tmp_path / "shuffled.jsonl").ci_low

    def test_errors_are_left_out_and_told_apart(self):
        found = gate(FILES / LM, FILES / LM_LATER, metric="exact_match,flexible-extract")
        assert (found.n, found.errors, found.candidate_errors) == (11, 1, 1)
        assert (found.b, found.c) == (1, 0)

    def test_a_pass_cannot_hang_on_missing_answers(self, tmp_path):
        old, _ = flipped(1000, 0, 0)
        new = [None if i < 50 else s for i, s in enumerate(old)]
        a, b = table(tmp_path, "a.jsonl", old), table(tmp_path, "b.jsonl", new)
        found = gate(a, b)
        assert (found.verdict, found.errors, found.n) == ("inconclusive", 50, 950)
        assert any("no answer" in note for note in found.notes)

    def test_noise_floor(self, tmp_path):
        old, new = flipped(1500, 60, 62)
        _, again = flipped(1500, 30, 30)
        a, b, c = (table(tmp_path, f"{i}.jsonl", s) for i, s in enumerate((old, new, again)))
        noise = gate(a, b, again=c).noise
        assert noise is not None
        assert (noise.b, noise.c, noise.flips) == (30, 30, 0.04)
        assert noise.excess == pytest.approx(122 / 1500 - 0.04)

    def test_one_of_several_models_in_a_file(self):
        found = gate(f"{FILES}/promptfoo.json#bf16", f"{FILES}/promptfoo.json#awq-int4")
        assert (found.n, found.b, found.c, found.errors) == (5, 1, 0, 1)


class TestGraded:
    def test_seeded(self, tmp_path):
        rng = np.random.default_rng(1)
        old = rng.uniform(0, 1, 800)
        new = np.clip(old + rng.normal(0, 0.05, 800), 0, 1)
        a, b = table(tmp_path, "a.jsonl", old), table(tmp_path, "b.jsonl", new)
        found = gate(a, b, seed=3)
        assert found == gate(a, b, seed=3)
        assert (found.method, found.verdict, found.b) == ("paired bootstrap", "pass", None)
        assert found.ci_low < found.lower_bound < found.difference < found.ci_high

    def test_identical_graded_runs_still_need_133_items(self, tmp_path):
        for n, verdict in ((100, "inconclusive"), (140, "pass")):
            scores = [0.5] * n
            a, b = table(tmp_path, "a.jsonl", scores), table(tmp_path, "b.jsonl", scores)
            assert gate(a, b).verdict == verdict

    def test_false_passes_with_rare_large_losses(self, tmp_path):
        """Two answers in a hundred lost altogether: exactly the margin."""
        rng = np.random.default_rng(7)
        passed = 0
        for _ in range(150):
            old = rng.uniform(0.9, 1, 200)
            new = np.where(rng.uniform(size=200) < 0.0211, 0.0, old)
            a, b = table(tmp_path, "a.jsonl", old), table(tmp_path, "b.jsonl", new)
            passed += gate(a, b).passed
        assert passed / 150 <= 0.09

    def test_another_scale_is_refused(self, tmp_path):
        a = table(tmp_path, "a.jsonl", [7, 8, 9])
        with pytest.raises(InputError, match="between 0 and 1, and 7 does not"):
            gate(a, a)


class TestRefused:
    def test_perplexity_never_passes(self):
        with pytest.raises(InputError, match="never passes a gate"):
            gate(FILES / RUN, FILES / LATER, task="wikitext")

    def test_other_settings(self, tmp_path):
        data = json.loads((FILES / LATER).read_text())
        data["n-shot"]["arith"] = 0
        data["config"]["limit"] = 100
        (tmp_path / "r.json").write_text(json.dumps(data))
        with pytest.raises(InputError) as error:
            gate(FILES / RUN, tmp_path / "r.json", task="arith")
        text = str(error.value)
        assert "shots differs: 5 and 0" in text
        assert "limit differs: None and 100" in text

    def test_other_items(self, tmp_path):
        a = table(tmp_path, "a.jsonl", [1, 0, 1])
        b = table(tmp_path, "b.jsonl", [1, 0])
        with pytest.raises(InputError, match="1 of the items are missing in the candidate"):
            gate(a, b)

    def test_other_questions(self, tmp_path):
        a = table(tmp_path, "a.jsonl", [1, 0], question=["1+1?", "2+2?"])
        b = table(tmp_path, "b.jsonl", [1, 0], question=["1+1?", "2+3?"])
        with pytest.raises(InputError, match="1 items ask something else, such as 'q1'"):
            gate(a, b)

    def test_other_tasks(self, tmp_path):
        a = table(tmp_path, "a.jsonl", [1, 0], task=["code"] * 2)
        b = table(tmp_path, "b.jsonl", [1, 0], task=["math"] * 2)
        with pytest.raises(InputError, match="task differs: 'code' and 'math'"):
            gate(a, b)

    def test_no_answers(self):
        with pytest.raises(InputError, match="no answers"):
            gate(FILES / "evalplus_eval_results.json",
                 FILES / "evalplus_no_answers_eval_results.json")  # fmt: skip

    @pytest.mark.parametrize("margin", [0, -0.1, 1, 2])
    def test_margin(self, margin):
        with pytest.raises(InputError, match="margin must be"):
            gate("1/2", "1/2", margin=margin)

    def test_valid_json_is_not_a_right_answer(self, tmp_path):
        ones = [1] * 300
        a = table(tmp_path, "a.jsonl", ones, metric=["json-valid"] * 300)
        assert any("not yet a right one" in note for note in gate(a, a).notes)


class TestOrder:
    def test_stops_at_the_first_that_does_not_pass(self, tmp_path):
        old, good = flipped(1500, 30, 31)
        _, bad = flipped(1500, 130, 20)
        names = ("base.jsonl", "fp8.jsonl", "int4.jsonl", "int2.jsonl")
        base, *rest = (table(tmp_path, *pair) for pair in zip(names, (old, good, bad, good),
                                                              strict=True))  # fmt: skip
        found = gate_in_order(base, rest)
        assert [s.verdict for s in found.steps] == ["pass", "fail"]
        assert found.untested == (rest[2],)
        assert found.cheapest is not None
        assert found.cheapest.candidate == rest[0]


class TestCommandLine:
    def run(self, *args: str):
        return CliRunner().invoke(app, ["gate", *args])

    def test_json_has_the_promised_keys(self):
        done = self.run("92/164", "85/164", "--json")
        data = json.loads(done.stdout)
        assert done.exit_code == 0
        assert {"verdict", "n", "b", "c", "difference", "ci_low", "ci_high", "n_needed", "paired",
                "errors"} <= data.keys()  # fmt: skip

    def test_check(self, tmp_path):
        old, _ = flipped(200, 0, 0)
        a = table(tmp_path, "a.jsonl", old)
        assert self.run(a, a, "--check").exit_code == 0
        assert self.run("92/164", "85/164", "--margin", "0.02", "--check").exit_code == 3

    def test_text(self):
        text = self.run("92/164", "85/164").stdout
        assert text.startswith("Inconclusive: -4.3 points on 164 items")
        assert "-14.9 to +6.5 points" in text

    def test_bad_input(self):
        done = self.run("missing.jsonl", "85/164")
        assert done.exit_code == 2
        assert "missing.jsonl: no such file" in done.stderr
        assert self.run("92/164").exit_code == 2

    def test_several(self, tmp_path):
        old, _ = flipped(200, 0, 0)
        a = table(tmp_path, "a.jsonl", old)
        data = json.loads(self.run(a, a, a, "--json").stdout)
        assert data["verdict"] == "pass"
        assert len(data["steps"]) == 2


def test_a_read_file_may_be_passed_on(tmp_path):
    old, new = flipped(300, 5, 5)
    a, b = table(tmp_path, "a.jsonl", old), table(tmp_path, "b.jsonl", new)
    assert gate(read_eval(a), read_eval(b).run()).b == 5

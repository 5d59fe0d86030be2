"""Every tool's file item by item; every file that is not one refused by name and line."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.errors import InputError
from costmodel.ingest.evals import inspect as eval_inspect
from costmodel.ingest.evals.read import evals_of, read_eval
from costmodel.ingest.evals.runs import EvalRun

FILES = Path(__file__).parents[2] / "data" / "evals"
LM = "samples_arith_2026-11-23T10-00-00.000001.jsonl"
LM_LATER = "samples_arith_2026-11-23T11-00-00.000001.jsonl"


def read(name: str, **which) -> EvalRun:
    return read_eval(FILES / name).run(**which)


def scores(run: EvalRun) -> list[float | None]:
    return [item.score for item in run.items]


class TestLmEval:
    def test_samples_have_a_run_per_filter(self):
        runs = read_eval(FILES / LM).runs
        assert [r.metric for r in runs] == ["exact_match,strict-match",
                                            "exact_match,flexible-extract"]  # fmt: skip
        strict, flexible = runs
        assert (strict.n, strict.mean) == (12, pytest.approx(10 / 12))
        assert flexible.mean == pytest.approx(11 / 12)
        assert strict.task == "arith"
        assert strict.settings["shots"] == "5"
        assert strict.settings["harness version"] == "0.4.9.1"

    def test_nan_is_an_error_and_not_a_wrong_answer(self):
        run = read(LM_LATER, metric="exact_match,flexible-extract")
        assert (run.n, run.errors) == (12, 1)
        assert run.mean == pytest.approx(9 / 11)

    def test_results_are_totals(self):
        run = read("results_2026-11-23T10-00-00.000001.json", task="arith")
        assert (run.items, run.n, run.mean) == ((), 12, pytest.approx(10 / 12))
        other = read("results_2026-11-23T10-00-00.000001.json", task="wikitext")
        assert other.lower_is_better

    def test_two_runs_in_one_file(self, tmp_path):
        text = (FILES / LM).read_text(encoding="utf-8")
        (tmp_path / "both.jsonl").write_text(text + text, encoding="utf-8")
        with pytest.raises(InputError, match=r"both\.jsonl:25: repeats doc_id 0 of line 1"):
            read_eval(tmp_path / "both.jsonl")

    def test_silence_is_no_answer(self, tmp_path):
        lines = [json.loads(line) for line in (FILES / LM).read_text().splitlines()]
        silent = "\n".join(json.dumps(line | {"resps": [[""]]}) for line in lines)
        (tmp_path / "s.jsonl").write_text(silent, encoding="utf-8")
        with pytest.raises(InputError, match="no answers"):
            read_eval(tmp_path / "s.jsonl")


class TestInspect:
    def test_letters_are_scores(self):
        run = read("inspect.json")
        assert scores(run) == [1, 1, 0, 1, 0.5, 1, 1, 0]
        assert (run.task, run.model, run.metric) == ("triage", "vllm/m", "match")
        assert run.settings["data set"] == "triage"

    def test_failed_samples_are_errors(self):
        run = read("inspect_errors.json")
        assert (run.errors, run.items[2].error) == (1, "503 Service Unavailable")

    def test_every_request_failed(self):
        with pytest.raises(InputError, match=r"no answers: all 4 items failed.*503"):
            read("inspect_all_failed.json")

    def test_archive_equals_json(self, tmp_path):
        log = json.loads((FILES / "inspect.json").read_text())
        assert scores(read_eval(archive(tmp_path, log)).run()) == scores(read("inspect.json"))

    def test_epochs_are_averaged(self, tmp_path):
        log = json.loads((FILES / "inspect.json").read_text())
        again = [s | {"epoch": 2, "scores": {"match": {"value": "I"}}} for s in log["samples"]]
        log["samples"] += again
        run = read_eval(archive(tmp_path, log)).run()
        assert scores(run) == [0.5, 0.5, 0, 0.5, 0.25, 0.5, 0.5, 0]

    def test_bomb(self, tmp_path, monkeypatch):
        monkeypatch.setattr(eval_inspect, "MOST_ENTRY_BYTES", 100_000)
        path = tmp_path / "bomb.eval"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("header.json", "{}")
            file.writestr("samples/a_epoch_1.json", b" " * 5_000_000)
        assert path.stat().st_size < 20_000
        with pytest.raises(InputError, match=r"a_epoch_1\.json: unpacks to more than"):
            read_eval(path)

    def test_many_small_entries_share_one_limit(self, tmp_path, monkeypatch):
        monkeypatch.setattr(eval_inspect, "MOST_UNPACKED_BYTES", 3_000)
        log = json.loads((FILES / "inspect.json").read_text())
        log["samples"] = [s | {"messages": ["x" * 900]} for s in log["samples"]]
        with pytest.raises(InputError, match="unpacks to more than"):
            read_eval(archive(tmp_path, log))

    def test_cut_off_and_foreign_archives(self, tmp_path):
        path = archive(tmp_path, json.loads((FILES / "inspect.json").read_text()))
        (tmp_path / "cut.eval").write_bytes(path.read_bytes()[:-200])
        with pytest.raises(InputError, match=r"cut\.eval: is no archive"):
            read_eval(tmp_path / "cut.eval")
        with zipfile.ZipFile(tmp_path / "other.zip", "w") as file:
            file.writestr("readme.txt", "hello")
        with pytest.raises(InputError, match=r"other\.zip: is not a log of Inspect"):
            read_eval(tmp_path / "other.zip")


def archive(folder: Path, log: dict) -> Path:
    path = folder / "log.eval"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        header = {key: value for key, value in log.items() if key != "samples"}
        file.writestr("header.json", json.dumps(header))
        file.writestr("_journal/start.json", "{}")
        for sample in log["samples"]:
            file.writestr(f"samples/{sample['id']}_epoch_{sample['epoch']}.json",
                          json.dumps(sample))  # fmt: skip
    return path


class TestPromptfoo:
    @pytest.mark.parametrize("name", ["promptfoo.json", "promptfoo.jsonl"])
    def test_providers_and_errors(self, name):
        base = read(name, model="bf16", metric="pass")
        small = read(name, model="awq-int4", metric="pass")
        assert scores(base) == [1, 1, 0, 1, 1, 1]
        assert scores(small) == [1, 1, 0, 1, 0, None]
        assert small.items[5].error == "API error: 403"
        assert read(name, model="bf16", metric="cap").mean == pytest.approx(5 / 6)

    def test_csv_with_repeated_columns(self):
        assert scores(read("promptfoo.csv", model="bf16", metric="pass")) == [1, 0, 1]
        small = read("promptfoo.csv", model="awq-int4", metric="pass")
        assert scores(small) == [1, 0, None]
        assert scores(read("promptfoo.csv", model="bf16", metric="cap")) == [None, 0, 1]

    def test_names_what_is_there(self):
        with pytest.raises(InputError, match="say which model: bf16, awq-int4"):
            read("promptfoo.json")
        with pytest.raises(InputError, match="has no model 'awq'; did you mean awq-int4"):
            read("promptfoo.json", model="awq")

    def test_ragged_row(self, tmp_path):
        text = (FILES / "promptfoo.csv").read_text() + "Bonn,x,PASS\n"
        (tmp_path / "r.csv").write_text(text)
        with pytest.raises(InputError, match=r"r\.csv:6: has 3 fields where the header has 15"):
            read_eval(tmp_path / "r.csv")


class TestEvalPlus:
    def test_plus_needs_both(self):
        assert read("evalplus_eval_results.json", metric="base").mean == 0.75
        assert read("evalplus_eval_results.json", metric="plus").mean == 0.5

    def test_every_solution_is_empty(self):
        with pytest.raises(InputError, match="no answers: all 3 items failed"):
            read("evalplus_no_answers_eval_results.json")


class TestTable:
    def test_csv(self):
        run = read("table.csv")
        assert scores(run) == [1, 0, 0.5, None, None]
        assert [i.error for i in run.items] == ["", "", "", "no score", "timeout"]

    def test_jsonl(self):
        assert scores(read("table.jsonl")) == [1, 0, 0.25]

    def test_all_failed(self, tmp_path):
        (tmp_path / "t.csv").write_text("item,score\na,\nb,nan\n")
        with pytest.raises(InputError, match="no answers: all 2 items failed"):
            read_eval(tmp_path / "t.csv")

    def test_wrong_scores_are_all_named(self, tmp_path):
        (tmp_path / "t.csv").write_text("item,score\na,1\nb,good\nc,0\nd,bad\n")
        with pytest.raises(InputError) as error:
            read_eval(tmp_path / "t.csv")
        assert [p.line for p in error.value.problems] == [3, 5]

    def test_repeated_items(self, tmp_path):
        (tmp_path / "t.csv").write_text("item,score\na,1\na,0\n")
        with pytest.raises(InputError, match=r"t\.csv:3: repeats item 'a' of line 2"):
            read_eval(tmp_path / "t.csv")


@pytest.mark.parametrize(("name", "tool"), [("deepeval.json", "DeepEval"), ("ragas.csv", "Ragas")])
def test_other_tools_are_told_the_line_that_converts(name, tool):
    with pytest.raises(InputError, match=f"is a file of {tool}; turn it into a table first"):
        read_eval(FILES / name)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\x1f\x8b\x08abc", "gzip-compressed"),
        (b"PAR1....", "Parquet"),
        (b"\x00\x01\x02", "binary"),
        (b'{"results": {"arith": {"acc,none": 0.5}', "stops being JSON here"),
        (b'{"request_throughput": 3.1, "completed": 500}', "none of the tools"),
        (b"hello world", "no result file"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"doc_id": 0, "filter": "none", "metrics": ["acc"], "acc": 1}\n{"doc_id"', "2"),
    ],
)
def test_what_is_no_result_file(content, message):
    with pytest.raises(InputError, match=message) as error:
        evals_of(content, "x.json")
    assert all(p.file.startswith("x.json") for p in error.value.problems)


def test_missing_file(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_eval(tmp_path / "none.json")


@pytest.mark.parametrize("name", [LM, "inspect.json", "promptfoo.json", "promptfoo.csv",
                                  "evalplus_eval_results.json", "table.csv"])  # fmt: skip
@settings(max_examples=25)
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused_never_a_crash(name, data):
    content = bytearray((FILES / name).read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content = content[:at]
    else:
        content[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(InputError):
        evals_of(bytes(content), "damaged")


def test_zip_of_nothing():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("header.json", "[]")
    with pytest.raises(InputError, match="is not a JSON object"):
        evals_of(buffer.getvalue(), "e.eval")

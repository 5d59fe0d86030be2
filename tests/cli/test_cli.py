from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from costmodel import cashflow, evaluate, fit, load_scenario, throughput
from costmodel.book.files import scenarios_dir
from costmodel.cli import app
from costmodel.present import board
from costmodel.present.charts.figures import CHARTS, SCENARIO_KINDS
from costmodel.present.render.text import WIDTH, table_text
from costmodel.quantity.answer import Column, Table
from costmodel.scenario import Scenario
from costmodel.studies.cashflow.record import CashFlow
from costmodel.studies.risk.record import Risk
from tests import ready

SCENARIO = str(scenarios_dir() / "support-assistant.yaml")
VERBS = (
    "run",
    "cashflow",
    "cases",
    "portfolio",
    "fit",
    "throughput",
    "quality",
    "gate",
    "usage",
    "export",
    "bench",
    "prices",
)
FIT = ("fit", "llama-3.3-70b", "--gpu", "h100-sxm", "--format", "awq-int4", "--context", "8192")
SPEED = (
    "throughput", "llama-3.3-70b", "--gpu", "h100-sxm", "--format", "awq-int4",
    "--input-tokens", "1500", "--output-tokens", "300",
)  # fmt: skip

API_WINS = """
name: t
as_of: 2026-11-23
workloads: [{name: w, tokens_per_day: 1e6, input_tokens: 800, output_tokens: 200}]
options:
  - name: api
    api: {input_usd_per_mtok: 1, output_usd_per_mtok: 1}
  - name: own
    selfhost:
      gpus_per_replica: 1
      throughput: {requests_per_s: 1}
      offers: [{terms: on-demand, usd_per_gpu_hour: 2}]
"""


def costmodel(*args: str) -> Result:
    return CliRunner().invoke(app, list(args))


def as_json(*args: str) -> Any:
    result = costmodel(*args, "--json")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.count("\n") == 1
    return json.loads(result.stdout)


@pytest.fixture
def scenario(tmp_path: Path) -> str:
    path = tmp_path / "scenario.yaml"
    path.write_text(API_WINS, encoding="utf-8")
    return str(path)


# ------------------------------------------------------------------------------------------- run


def test_run_json_is_the_report():
    report = evaluate(load_scenario(SCENARIO))
    assert as_json("run", SCENARIO) == json.loads(json.dumps(report.to_dict()))


def test_run_json_has_the_promised_keys():
    data = as_json("run", SCENARIO)
    assert {"scenario", "as_of", "tokens_per_day", "options", "break_even", "recommendation",
            "warnings", "assumptions"} <= set(data)  # fmt: skip
    for option in data["options"]:
        assert {"name", "kind", "monthly_usd", "usd_per_mtok", "excluded_by", "lines"} <= set(
            option
        )
    own = next(option for option in data["options"] if option["kind"] == "selfhost")
    assert {"replicas", "gpus", "fit", "throughput", "capacity_tokens_per_day_per_replica",
            "utilisation", "idle_usd", "all_in_multiple"} <= set(own)  # fmt: skip


def test_run_takes_a_volume_a_workload_and_a_date():
    data = as_json(
        "run", SCENARIO, "--tokens-per-day", "2e9", "--workload", "chat", "--as-of", "2026-10-01"
    )
    assert (data["tokens_per_day"], data["volume_of"], data["as_of"]) == (2e9, "chat", "2026-10-01")


def test_run_for_people_leads_with_the_verdict_and_stays_narrow():
    result = costmodel("run", SCENARIO)
    report = evaluate(load_scenario(SCENARIO))
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert f"Choose {report.recommendation.option}." in " ".join(lines[1:3])
    for option in report.options:
        assert option.name in result.stdout
    for word in (
        "CHEAPER AT",
        "FLEET",
        "CONDITION",
        "CHECK BEFORE YOU RELY ON THIS",
        "genai-prices",
    ):
        assert word in result.stdout
    assert max(map(len, lines)) <= WIDTH
    assert "\x1b" not in result.stdout


@pytest.mark.parametrize("path", sorted(scenarios_dir().glob("*.yaml")), ids=lambda p: p.stem)
def test_every_ready_scenario_runs_and_prints(path: Path):
    result = costmodel("run", str(path))
    assert result.exit_code == 0, result.stderr
    assert max(map(len, result.stdout.splitlines())) <= WIDTH


def test_check_wants_own_gpus(scenario: str):
    assert costmodel("run", scenario, "--check").exit_code == 3
    assert costmodel("run", scenario, "--tokens-per-day", "1e9", "--check").exit_code == 0


def test_check_prints_all_the_same(scenario: str):
    result = costmodel("run", scenario, "--check", "--json")
    assert (result.exit_code, result.stderr) == (3, "")
    assert json.loads(result.stdout)["recommendation"]["option"] == "api"


# ------------------------------------------------------------------------------------------- fit


def test_fit_json_is_the_answer():
    expected = fit("llama-3.3-70b", gpu="h100-sxm", format="awq-int4", context=8192)
    assert as_json(*FIT) == json.loads(json.dumps(expected.to_dict()))


def test_fit_check_follows_the_verdict():
    assert costmodel(*FIT, "--check").exit_code == 0
    too_many = costmodel(*FIT, "--concurrency", "64", "--check", "--json")
    assert too_many.exit_code == 3
    assert json.loads(too_many.stdout)["verdict"] == "does_not_fit"


def test_fit_for_people_names_sources_once():
    text = costmodel(*FIT).stdout
    assert "VERDICT" in text
    assert "GiB" in text
    assert sum(line.startswith("[1] ") for line in text.splitlines()) == 1
    assert max(map(len, text.splitlines())) <= WIDTH


def test_a_table_whose_last_column_is_empty_is_drawn():
    table = Table.of([Column("One for all"), Column("")], [["api", ""]])
    assert table_text(table) == "ONE FOR ALL\napi"


def test_fit_for_people_is_tables_and_sentences_never_raw_records():
    result = costmodel(*FIT, "--concurrency", "16")
    assert result.exit_code == 0
    text = result.stdout
    assert "It does not fit: room for 12.3 to 13.4." in " ".join(text.split())
    for words in ("ONE CARD", "KV CACHE IN BF16", "ALL GPUS TOGETHER", "Largest context",
                  "INTERVAL", "16 in 2 nodes", "WHAT WOULD MAKE IT FIT", "Overhead",
                  "Keep the KV cache in fp8", "AND WHAT ELSE TO KNOW", "a full card is",
                  "16 bits are what other KV caches are held against"):  # fmt: skip
        assert words in text
    assert "{" not in text
    assert max(map(len, text.splitlines())) <= WIDTH


def test_fit_passes_the_engines_flags_on():
    flags = ("--max-num-seqs", "64", "--block-size", "32", "--no-cuda-graphs")
    expected = fit(
        "llama-3.3-70b", gpu="h100-sxm", format="awq-int4", context=8192,
        max_num_seqs=64, block_size=32, cuda_graphs=False,
    )  # fmt: skip
    data = as_json(*FIT, *flags)
    assert data == json.loads(json.dumps(expected.to_dict()))
    assert data["max_sequences"] == 64
    assert data["overhead_bytes_per_gpu"] < as_json(*FIT)["overhead_bytes_per_gpu"]


def test_fit_reads_a_start_up_log(tmp_path: Path):
    log = tmp_path / "vllm.log"
    log.write_text(
        "INFO Model loading took 37.10 GiB memory\nINFO Available KV cache memory: 30.00 GiB\n",
        encoding="utf-8",
    )
    data = as_json(*FIT, "--engine-log", str(log))
    assert data["kv_pool_bytes"] == pytest.approx(30 * 2**30, rel=1e-3)
    assert "measured" in {row["kind"] for row in data["assumptions"] if "engine" in row["path"]}
    missing = costmodel(*FIT, "--engine-log", str(tmp_path / "none.log"))
    assert (missing.exit_code, missing.stdout) == (2, "")
    assert "no such engine log" in missing.stderr


# ------------------------------------------------------------------------------------ throughput


def test_throughput_json_is_the_answer():
    expected = throughput(
        "llama-3.3-70b", gpu="h100-sxm", format="awq-int4", input_tokens=1500, output_tokens=300
    )
    data = as_json(*SPEED)
    curve = data.pop("curve")
    assert data == json.loads(json.dumps(expected.to_dict()))
    lists = [
        values for name, values in curve.items() if name not in ("max_concurrency", "measured")
    ]
    assert {len(values) for values in lists} == {len(curve["concurrency"])}
    assert curve["max_concurrency"] == curve["concurrency"][-1] == expected.concurrency
    assert {"requests_per_s", "output_tokens_per_s", "total_tokens_per_s", "ttft_ms", "tpot_ms",
            "concurrency", "provenance", "low", "high", "sources"} <= set(data)  # fmt: skip


def test_throughput_passes_its_options_on():
    slow = as_json(*SPEED, "--tpot-ms", "45", "--kernel", "marlin", "--concurrency", "8")
    assert slow["tpot_ms"] <= 45
    assert slow["concurrency"] <= 8


def test_throughput_says_it_in_a_sentence_and_shows_the_curve():
    limits = ("--ttft-ms", "800", "--tpot-ms", "60")
    text = costmodel(*SPEED, *limits).stdout
    first = " ".join(text.split("\n\n")[0].split())
    found = as_json(*SPEED, *limits)
    assert first.startswith("llama-3.3-70b in awq-int4 on one h100-sxm, 1,500 tokens in and 300")
    assert f"One replica serves {found['output_tokens_per_s']:.0f} tok/s out" in first
    assert found["provenance"] in first
    assert f"With {found['concurrency']:g} requests in flight" in first
    rows = [line.split() for line in text.splitlines()]
    marked = next(row for row in rows if row[1:2] == ["<"])
    assert (float(marked[0]), marked[-1]) == (found["concurrency"], "yes")
    assert next(row for row in rows if row[:1] == ["1"])[-1] == "yes"
    assert [row[-1] for row in rows if row[:1] == [f"{found['curve']['max_concurrency']:g}"]] == [
        "no"
    ]
    assert "SOURCES" in text
    assert "GEMM kernel" in text
    assert max(map(len, text.splitlines())) <= WIDTH


def test_throughput_of_what_cannot_be_met_says_so():
    text = costmodel(*SPEED, "--tpot-ms", "2").stdout
    assert "It cannot meet TPOT 2 ms, not even with one request at a time." in " ".join(
        text.split()
    )


def test_throughput_of_what_does_not_fit_is_bad_input():
    result = costmodel(*SPEED, "--format", "bf16")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "it needs tp=2" in result.stderr


def test_throughput_measured_shows_the_published_points():
    text = costmodel(
        "throughput", "llama-3.3-70b", "--gpu", "h100-sxm", "--format", "fp8", "--tp", "4",
        "--input-tokens", "1024", "--output-tokens", "1024",
    ).stdout  # fmt: skip
    assert "PUBLISHED MEASUREMENTS OF EXACTLY THIS" in text
    assert any(line.split()[:4] == ["64", "3,241.2", "256", "ms"] for line in text.splitlines())


def test_throughput_needs_its_shape():
    result = costmodel("throughput", "llama-3.3-70b", "--gpu", "h100-sxm", "--format", "bf16")
    assert result.exit_code == 2
    assert "--input-tokens" in result.stderr


# ---------------------------------------------------------------------------------------- prices


def test_prices_of_one_endpoint():
    rows = as_json("prices", "groq llama-3.3-70b-versatile", "--as-of", "2026-11-23")["rows"]
    assert {row["id"] for row in rows} == {"groq/llama-3.3-70b-versatile"}
    output = next(row for row in rows if row["name"] == "output")
    assert (output["value"], output["unit"], output["kind"]) == (0.79, "USD/Mtok", "listed")
    assert output["age_days"] == 14
    assert {"id", "kind", "value", "unit", "source", "as_of", "age_days", "retires"} <= set(output)


def test_prices_cover_gpus_people_and_power():
    rows = as_json("prices", "--as-of", "2026-11-23")["rows"]
    assert {"USD/Mtok", "USD/GPU-hour"} <= {row["unit"] for row in rows}
    assert {"pue", "engineer_usd_per_hour"} <= {row["id"] for row in rows}
    assert all(row["source"] for row in rows)


def test_prices_say_when_an_endpoint_ends():
    rows = as_json("prices", "deepseek/deepseek-chat", "--as-of", "2026-07-01")["rows"]
    assert "2026-07-24" in {row["retires"] for row in rows}


def test_prices_of_nothing():
    assert as_json("prices", "no-such-thing") == {"rows": []}
    assert "nothing matches" in costmodel("prices", "no-such-thing").stdout


def test_prices_for_people_are_narrow():
    text = costmodel("prices", "h100-sxm", "runpod").stdout
    assert "runpod/h100-sxm" in text
    assert max(map(len, text.splitlines())) <= WIDTH


# ---------------------------------------------------------------------------------------- export


def test_export_names_what_it_wrote(tmp_path: Path):
    path = tmp_path / "bill.csv"
    assert as_json("export", SCENARIO, "-o", str(path)) == {"files": [str(path)], "omitted": []}
    assert path.read_text(encoding="utf-8").startswith("option,name,usd,kind,source\n")


def test_a_frozen_scenario_runs_to_the_same_json(tmp_path: Path):
    frozen = tmp_path / "frozen.yaml"
    costmodel("export", SCENARIO, "-o", str(frozen))
    assert as_json("run", str(frozen)) == as_json("run", SCENARIO)


def test_a_template_is_for_a_deck(tmp_path: Path):
    path = tmp_path / "out.xlsx"
    result = costmodel("export", SCENARIO, "-o", str(path), "--template", "company.pptx")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "a template is for a .pptx file" in result.stderr
    assert not path.exists()


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what was computed beside the bills; it is worked out once, with few draws."""
    asked: list[str] = []

    def simulated(*_: Any, **__: Any) -> Risk:
        asked.append("simulate")
        return ready.risk("support-assistant")

    def over_time(_: Scenario) -> CashFlow:
        asked.append("cashflow")
        return ready.answer(cashflow, "support-assistant")

    monkeypatch.setattr(board, "simulate", simulated)
    monkeypatch.setattr(board, "cashflow", over_time)
    return asked


@pytest.mark.browser
@pytest.mark.usefixtures("one_chromium_for_images")
@pytest.mark.parametrize(
    ("chart", "needs", "says"),
    [
        ("curves", [], "You are here"),
        ("fan", ["simulate"], "your volume"),
        ("tornado", ["simulate"], "as stated"),
        ("probability", ["simulate"], "costs less than"),
        ("monthly_bills", ["cashflow"], "months from the start"),
    ],
)
def test_a_chart_by_name_computes_what_it_needs(
    tmp_path: Path, computed: list[str], chart: str, needs: list[str], says: str
):
    path = tmp_path / f"{chart}.svg"
    found = as_json("export", SCENARIO, "-o", str(path), "--chart", chart)
    assert found == {"files": [str(path)], "omitted": []}
    assert says in path.read_text(encoding="utf-8")
    assert computed == needs


def test_a_chart_that_is_not_there_is_said_before_anything_is_computed(
    tmp_path: Path, computed: list[str]
):
    path = tmp_path / "out.svg"
    result = costmodel("export", SCENARIO, "-o", str(path), "--chart", "tornad")
    assert result.exit_code == 2
    assert "did you mean tornado?" in result.stderr
    for name in (name for kind in SCENARIO_KINDS for name in CHARTS[kind]):
        assert name in result.stderr
    assert computed == []
    assert not path.exists()


def test_charts_of_a_scenario_without_own_gpus_say_what_is_missing(tmp_path: Path):
    only = tmp_path / "scenario.yaml"
    only.write_text(API_WINS[: API_WINS.index("  - name: own")], encoding="utf-8")
    for chart in ("probability", "tornado", "monthly_bills"):
        result = costmodel("export", str(only), "-o", str(tmp_path / "a.svg"), "--chart", chart)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.count("\n") == 1


def test_help_names_every_chart_of_a_scenario():
    said = " ".join(costmodel("export", "--help").stdout.replace("│", " ").split())
    for name in (name for kind in SCENARIO_KINDS for name in CHARTS[kind]):
        assert name in said


# ------------------------------------------------------------------------------------ everything


def test_version():
    assert costmodel("--version").stdout.startswith("costmodel 0.")


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb: str):
    result = costmodel(verb, "--help")
    assert result.exit_code == 0
    assert "--json" in result.stdout


@pytest.mark.parametrize("number", ["0", "-1", "nan", "inf", "many", ""])
@pytest.mark.parametrize(
    ("verb", "option"),
    [
        (("run", SCENARIO), "--tokens-per-day"),
        (FIT, "--concurrency"),
        (FIT, "--tp"),
        (FIT, "--context"),
        (FIT, "--gpu-memory-utilization"),
        (SPEED, "--ttft-ms"),
        (SPEED, "--input-tokens"),
    ],
)
def test_numbers_that_cannot_be_meant_are_refused(verb: tuple[str, ...], option: str, number: str):
    result = costmodel(*verb, option, number, "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert option in result.stderr


def test_a_date_that_is_none_is_refused():
    result = costmodel("run", SCENARIO, "--as-of", "yesterday")
    assert result.exit_code == 2
    assert "such as 2026-11-23" in result.stderr


def test_python_m_costmodel_is_the_same_command():
    done = subprocess.run(
        [sys.executable, "-m", "costmodel", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == costmodel("--version").stdout


def test_names_from_a_file_cannot_move_the_cursor(tmp_path: Path):
    path = tmp_path / "hostile.yaml"
    text = API_WINS.replace("- name: api", r'- name: "a\e[2Jpi"')
    path.write_text(text, encoding="utf-8")
    assert "\x1b" not in costmodel("run", str(path)).stdout

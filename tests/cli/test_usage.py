"""`costmodel usage` and `profile: {usage: file}` as a user meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import costmodel
from costmodel.cli import app

AZURE = Path(__file__).parents[1] / "data" / "usage" / "azure_code.csv"
STATS = {
    "requests", "rejected_rows", "span_days", "tokens_per_day", "input_tokens", "output_tokens",
    "cached_input_share", "peak_to_mean", "hourly_profile", "burst_factor", "context_p50",
    "context_p95", "context_p99", "context_max",
}  # fmt: skip


def _run(*args: str):
    return CliRunner().invoke(app, ["usage", *args])


def test_json_has_the_promised_keys():
    result = _run(str(AZURE), "--json")
    assert result.exit_code == 0
    data = json.loads(result.stdout)
    assert set(data["stats"]) == STATS
    assert data["warnings"][0]["code"] == "extrapolated"


def test_text_shows_the_block():
    result = _run(str(AZURE))
    assert result.exit_code == 0
    assert "Azure LLM inference trace" in result.stdout
    assert "workloads:" in result.stdout


def test_text_shows_the_week_and_what_does_not_count(tmp_path):
    lines = [
        f"2026-01-{day:02d} {hour:02d}:00:00,{900 if hour == 12 else 9},10"
        for day in range(5, 20)
        for hour in range(24)
    ]
    head = "timestamp,input_tokens,output_tokens"
    (tmp_path / "log.csv").write_text("\n".join([head, *lines, "soon,1,1"]))
    text = _run(str(tmp_path / "log.csv")).stdout
    assert "UTC  0     6     12    18" in text
    assert "Mon  ............@..........." in text
    assert "ROWS THAT DO NOT COUNT (1)" in text
    assert "hourly:" in text.split("workloads:")[1]


def test_a_url_and_a_bad_column_are_refused():
    result = _run("https://example.org/a.csv")
    assert result.exit_code == 2
    assert "URL" in result.stderr
    assert _run(str(AZURE), "--column", "input_tokens").exit_code == 2
    assert _run(str(AZURE), "--column", "input_tokens=nope").exit_code == 2


def _scenario(folder: Path, log: str) -> Path:
    path = folder / "scenario.yaml"
    path.write_text(
        f"""
name: logged
as_of: 2026-11-23
workloads:
  - {{name: chat, tokens_per_day: 500e6, input_tokens: 1000, output_tokens: 200,
     profile: {{usage: {log}}}}}
options:
  - {{name: api, api: {{input_usd_per_mtok: 1, output_usd_per_mtok: 2}}}}
  - name: own
    selfhost: {{gpus_per_replica: 1, throughput: {{requests_per_s: 1}},
      offers: [{{terms: on-demand, usd_per_gpu_hour: 2}}]}}
"""
    )
    return path


def test_a_log_is_a_profile(tmp_path):
    lines = [
        f"2026-01-{day:02d} {hour:02d}:00:00,{900 if hour == 12 else 100},10"
        for day in range(5, 20)
        for hour in range(24)
    ]
    (tmp_path / "log.csv").write_text("\n".join(["timestamp,input_tokens,output_tokens", *lines]))
    logged = costmodel.evaluate(costmodel.load_scenario(_scenario(tmp_path, "log.csv")))
    assert "profile.usage" not in str([str(w) for w in logged.warnings])
    flat_path = _scenario(tmp_path, "log.csv")
    flat_path.write_text(flat_path.read_text().replace("{usage: log.csv}", "flat"))
    flat = costmodel.evaluate(costmodel.load_scenario(flat_path))
    assert logged.options[1].monthly_usd > flat.options[1].monthly_usd


def test_a_short_log_and_a_path_outside_are_refused(tmp_path):
    (tmp_path / "log.csv").write_bytes(AZURE.read_bytes())
    with pytest.raises(costmodel.InputError, match="does not tell a day's peak"):
        costmodel.evaluate(costmodel.load_scenario(_scenario(tmp_path, "log.csv")))
    with pytest.raises(costmodel.InputError, match="leads out"):
        costmodel.evaluate(costmodel.load_scenario(_scenario(tmp_path, "../log.csv")))
    text = _scenario(tmp_path, "log.csv").read_text()
    with pytest.raises(costmodel.InputError, match="opened from disk"):
        costmodel.evaluate(costmodel.scenario.parse_scenario(text))

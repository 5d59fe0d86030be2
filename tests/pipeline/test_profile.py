"""`profile: {usage: file}` through every way a scenario is worked out, frozen and uploaded."""

from __future__ import annotations

from pathlib import Path

import pytest

import costmodel
from costmodel.errors import InputError
from costmodel.scenario import parse_scenario
from costmodel.scenario.changes import changed
from costmodel.studies.fleet_choices import fleet_choices
from costmodel.studies.week_shapes import week_shapes
from costmodel.ui import state

SCENARIO = """
name: logged
as_of: 2026-11-23
workloads:
  - {name: chat, tokens_per_day: 500e6, input_tokens: 1000, output_tokens: 200,
     profile: {usage: log.csv}}
options:
  - {name: api, api: {input_usd_per_mtok: 1, output_usd_per_mtok: 2}}
  - name: own
    selfhost: {gpus_per_replica: 1, throughput: {requests_per_s: 1},
      scaling: scheduled, offers: [{terms: on-demand, usd_per_gpu_hour: 2}]}
"""


def _log(folder: Path, days: int) -> None:
    """A request in ten minutes of each hour, nine times as long at noon."""
    lines = [
        f"2026-01-{5 + day:02d} {hour:02d}:{minute:02d}:00,{900 if hour == 12 else 100},10"
        for day in range(days)
        for hour in range(24)
        for minute in range(0, 60, 6)
    ]
    lines.append(f"2026-01-{5 + days:02d} 00:00:00,100,10")
    text = "\n".join(["timestamp,input_tokens,output_tokens", *lines])
    (folder / "log.csv").write_text(text)


@pytest.fixture
def opened(tmp_path) -> costmodel.Scenario:
    """A scenario on disk beside a log of two weeks."""
    _log(tmp_path, 14)
    path = tmp_path / "scenario.yaml"
    path.write_text(SCENARIO)
    return costmodel.load_scenario(path)


def test_the_hours_and_bursts_are_the_logs(opened):
    report = costmodel.evaluate(opened)
    rates = report.week.tokens_per_s
    assert rates[12] / rates[11] == pytest.approx(910 / 110, rel=1e-6)
    rows = {row.path: row for row in report.assumption_rows}
    hours = rows["workloads.chat.profile"]
    assert (hours.kind, str(hours.as_of)) == ("measured", "2026-01-19")
    assert hours.source == "log.csv: 3,361 requests over 14 days"
    assert rows["workloads.chat.profile.burst_factor"].value == 6
    assert "profile_assumed" not in {each.code for each in report.warnings}


def test_a_stated_burst_factor_wins(opened):
    stated = changed(opened, {("workloads", 0, "profile", "burst_factor"): 1.5})
    rows = {row.path: row for row in costmodel.evaluate(stated).assumption_rows}
    assert rows["workloads.chat.profile.burst_factor"].value == 1.5


@pytest.mark.parametrize("days", [14, 3])
def test_a_frozen_scenario_carries_the_numbers_and_needs_no_log(tmp_path, days):
    _log(tmp_path, days)
    path = tmp_path / "scenario.yaml"
    path.write_text(SCENARIO)
    report = costmodel.evaluate(costmodel.load_scenario(path))
    (tmp_path / "elsewhere").mkdir()
    frozen = tmp_path / "elsewhere" / "frozen.yaml"
    costmodel.save(report, frozen)
    text = frozen.read_text()
    assert "usage:" not in text
    again = costmodel.evaluate(parse_scenario(text))
    profile = parse_scenario(text).workloads[0].profile
    assert profile is not None
    if days == 14:
        assert profile.hourly is not None
        assert len(profile.hourly) == 168
    else:
        assert profile.peak_to_mean is not None
        assert "profile_assumed" in {each.code for each in again.warnings}
    assert again.to_dict() == report.to_dict()


def test_an_edited_frozen_scenario_forgets_the_log(opened, tmp_path):
    frozen = tmp_path / "frozen.yaml"
    costmodel.save(costmodel.evaluate(opened), frozen)
    edited = changed(
        costmodel.load_scenario(frozen), {("workloads", 0, "profile"): {"name": "flat"}}
    )
    rates = costmodel.evaluate(edited).week.tokens_per_s
    assert rates.min() == rates.max()


def test_portfolio_fleets_and_shapes_read_the_log(opened):
    report = costmodel.evaluate(opened)
    own = report.option("own").monthly_usd
    chosen = costmodel.portfolio(opened)
    alone = {each.option: each.alone_usd for each in chosen.candidates}
    assert alone["own"] == pytest.approx(own)
    ways = {(each.scaling, each.offer): each.monthly_usd for each in fleet_choices(opened, "own")}
    assert ways["scheduled", "on demand"] == pytest.approx(own)
    shapes = week_shapes(opened, "own")
    assert shapes.bills[0].stated
    flat = next(each for each in shapes.bills if each.shape == "steady")
    assert flat.monthly_usd[-1] != shapes.bills[0].monthly_usd[-1]


def test_a_changed_log_is_read_again(opened, tmp_path):
    before = costmodel.evaluate(opened).option("own").monthly_usd
    (tmp_path / "log.csv").write_text(
        "timestamp,input_tokens,output_tokens\n2026-01-05 00:00:00,1,1\n2026-01-12 00:00:00,1,1\n"
    )
    assert costmodel.evaluate(opened).option("own").monthly_usd != before


def test_an_upload_may_not_name_a_log():
    with pytest.raises(InputError, match=r"scenario.yaml:6.*opened from disk"):
        state.upload(SCENARIO.encode(), "scenario.yaml")


def test_a_missing_log_is_named_with_its_place(tmp_path):
    path = tmp_path / "scenario.yaml"
    path.write_text(SCENARIO)
    with pytest.raises(InputError, match=r"scenario.yaml:6.*log.csv: no such file"):
        costmodel.evaluate(costmodel.load_scenario(path))

"""Charts of traffic: what they draw is what the report holds, and names in them are inert."""

import numpy as np
import pytest

from costmodel.book.files import scenarios_dir
from costmodel.pipeline.evaluate import evaluate
from costmodel.present.charts.figures import figure
from costmodel.present.charts.traffic import fleet_choices_figure
from costmodel.present.words.traffic import answer, cheapest_firm
from costmodel.scenario import load_scenario
from costmodel.studies.fleet_choices import fleet_choices
from costmodel.studies.week_shapes import SHAPES, week_shapes

ALWAYS_ON, BEST, HYBRID = "own GPUs, always on", "own GPUs, best commitment", "base load + overflow"


@pytest.fixture(scope="module")
def office():
    return load_scenario(scenarios_dir() / "traffic-office-hours.yaml")


@pytest.fixture(scope="module")
def report(office):
    return evaluate(office)


@pytest.fixture(scope="module")
def choices(office):
    return fleet_choices(office, ALWAYS_ON)


def texts(chart):
    return " ".join(note.text for note in chart.layout.annotations)


def areas(chart):
    return [np.asarray(t.y, dtype=float) for t in chart.data if t.fill == "tozeroy"]


def test_heat_map_holds_the_week(report):
    (heat,) = figure(report, "week").data
    cells = np.asarray(heat.z, dtype=float)
    assert cells.shape == (7, 24)
    assert cells.mean() * 86_400 == pytest.approx(report.tokens_per_day)
    assert cells[0, 10] > cells[5, 10], "a Saturday is quieter than a Monday"
    assert heat.text[0][9].startswith("Monday 09:00 UTC")


def test_load_falls_from_left_to_right_under_the_fleet(report):
    chart = figure(report, "load_duration", option=ALWAYS_ON)
    provided, load = areas(chart)
    assert np.all(np.diff(load) <= 1e-12)
    assert np.all(load <= provided)
    assert provided.max() == provided.min() == report.option(ALWAYS_ON).fleet.replicas


def test_the_committed_base_lies_under_the_elastic_peak(report):
    chart = figure(report, "load_duration", option=BEST)
    provided, committed, _ = areas(chart)
    (row,) = report.option(BEST).fleet.commitments
    assert set(committed) == {row.replicas}
    assert provided.max() > row.replicas
    assert "<b>committed</b>, 3" in texts(chart)


def test_a_hybrid_says_what_the_api_serves(report):
    chart = figure(report, "load_duration", option=HYBRID)
    assert "the API serves" in texts(chart)
    provided, load = areas(chart)[0], areas(chart)[-1]
    assert load.max() > provided.max()


def test_every_bill_has_a_bar_and_no_other(choices):
    chart = fleet_choices_figure(choices, api_usd=22_000)
    amounts = [c.monthly_usd for c in choices if c.monthly_usd is not None]
    assert list(chart.data[0].x) == amounts == sorted(amounts)
    assert any("as it is" in name for name in chart.layout.yaxis.ticktext)
    assert "cheapest API" in texts(chart)
    assert chart.layout.xaxis.range[1] <= max(amounts)
    assert chart.layout.margin.r >= 60


def test_spot_and_seconds_are_shown_and_not_advised(report, choices):
    assert choices[0].offer == "spot"
    firm = cheapest_firm(choices)
    assert firm.offer == "reserved, 12 months + on demand"
    line = answer(report, report.option(ALWAYS_ON), choices).headline
    assert "1.97 times the mean" in line.facts
    assert line.advice.startswith("Reserved, 12 months + on demand, following the hours, would")


def test_shapes_cross_where_the_break_even_is(office):
    found = week_shapes(office, ALWAYS_ON)
    assert [each.shape for each in found.bills] == list(SHAPES)
    chart = figure(found, "week_shapes")
    marks = sorted(t.x[0] for t in chart.data if t.mode == "markers")
    rows = [each.break_even.always_from_tokens_per_day for each in found.bills]
    assert marks == pytest.approx(sorted(at for at in rows if at is not None))
    said = texts(chart)
    assert "cheaper from 442M / day" in said
    assert "cheaper from 1.27B / day" in said
    assert "never cheaper" in said


def test_a_dear_fleet_leaves_the_frame_with_its_name(office):
    chart = figure(week_shapes(office, ALWAYS_ON), "week_shapes")
    top = chart.layout.yaxis.range[1]
    dear = next(t for t in chart.data if t.name == "a few busy hours")
    assert max(dear.y) > 1.5 * top
    assert "a few busy hours" in texts(chart)


def test_names_in_charts_are_inert(office):
    evil = "<script>alert(1)</script>"
    data = office.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)
    data["options"][1]["name"] = evil
    data["options"] = data["options"][:2]
    report = evaluate(type(office).model_validate(data))
    for name in ("week", "load_duration"):
        assert "<script>" not in figure(report, name).to_json()

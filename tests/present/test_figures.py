"""Charts: what they show, where they clip, and that no text in them can act."""

import html
import json
import re

import numpy as np
import pytest

from costmodel.book.files import scenarios_dir
from costmodel.errors import InputError
from costmodel.pipeline.evaluate import evaluate
from costmodel.present.charts.axes import Axis
from costmodel.present.charts.curves import joined
from costmodel.present.charts.figures import figure
from costmodel.present.charts.layout import spaced
from costmodel.present.charts.theme import ACCENTS, KIND_COLOURS, colours, inert
from costmodel.present.charts.waterfall import LABEL_PX, MOST_STEPS, waterfall_steps
from costmodel.quantity.quantity import KINDS
from costmodel.scenario import load_scenario, parse_scenario

READY = sorted(path.stem for path in scenarios_dir().glob("*.yaml"))
SCENARIO = """
name: Worked example
as_of: 2026-11-23
calendar: {{days_per_month: 30, hours_per_month: 720}}
workloads:
  - name: chat
    tokens_per_day: {volume}
    input_tokens: 1000
    output_tokens: 1000
    {requires}
options:
  - name: {dear}
    api: {{input_usd_per_mtok: 30, output_usd_per_mtok: 30}}
  - name: managed
    satisfies: [eu]
    api: {{input_usd_per_mtok: 1.6, output_usd_per_mtok: 1.6}}
  - name: own GPUs
    satisfies: [eu]
    selfhost:
      gpus_per_replica: 1
      throughput: {{requests_per_s: {{low: 0.25, likely: 0.2893518518, high: 0.33}}}}
      offers: [{{terms: on-demand, usd_per_gpu_hour: 2.7777777777}}]
      load_factor: 1
      spare_replicas: 0
overheads:
  usd_per_hour: 100
  per_fleet: {{hours_per_month: 15}}
  per_api: {{hours_per_month: 0}}
"""
# F = 1,500, r = 2,000, c' = 1,500M a month, $1.60 / M: first 5,937.5M, always from 12,187.5M.


def report(volume=300e6, dear="frontier", requires=""):
    text = SCENARIO.format(volume=volume, dear=json.dumps(dear), requires=requires)
    return evaluate(parse_scenario(text))


def lines(chart):
    return {t.name: t for t in chart.data if t.name and t.mode == "lines"}


def notes(chart):
    return [a.text for a in chart.layout.annotations]


def test_staircase_is_drawn_with_vertical_steps():
    own = lines(figure(report()))["own GPUs"]
    x, y = np.asarray(own.x), np.asarray(own.y)
    rises = np.diff(y)
    assert rises[rises > 1].round(2) == pytest.approx(2000.0, abs=0.1)
    assert np.all(np.diff(x)[rises > 1] < 1e-5 * x[-1])


def test_axis_runs_from_zero_to_three_times_the_volume():
    chart = figure(report(volume=200e6))
    assert list(chart.layout.xaxis.range) == [0, 600e6]
    assert 200e6 in chart.layout.xaxis.tickvals
    assert chart.layout.template.layout.xaxis.exponentformat == "B"
    assert chart.layout.yaxis.tickformat == "$~s"


def test_windows_are_shaded_and_crossings_named():
    result = report()
    chart = figure(result)
    windows = result.against_cheapest("own GPUs").winning.windows
    shaded = [s for s in chart.layout.shapes if s.type == "rect"]
    assert len(windows) == len(shaded) == 6
    assert (shaded[0].x0, shaded[-1].x1) == (pytest.approx(5937.5e6 / 30, rel=1e-6), 900e6)
    assert any("first cheaper" in n and "198M / day" in n for n in notes(chart))
    assert any("always cheaper from" in n and "406M / day" in n for n in notes(chart))
    assert any("You are here" in n and "300M / day" in n for n in notes(chart))


def test_crossing_outside_the_frame_is_pointed_to():
    chart = figure(report(volume=100e6))
    assert any("406M / day" in n and "→" in n for n in notes(chart))


def test_dear_api_leaves_the_frame_and_keeps_its_name():
    chart = figure(report())
    top = chart.layout.yaxis.range[1]
    assert max(lines(chart)["frontier"].y) > 5 * top
    assert max(lines(chart)["own GPUs"].y) < top
    assert any("frontier" in n for n in notes(chart))


def test_excluded_option_is_thin_dashed_and_says_why():
    chart = figure(report(requires="requires: [eu]"))
    line = lines(chart)["frontier"].line
    assert line.dash == "dash"
    assert line.width < lines(chart)["managed"].line.width
    assert "not eligible" in " ".join(notes(chart))
    assert "eu" in " ".join(notes(chart))


def test_hover_speaks_in_short_forms():
    own = lines(figure(report()))["own GPUs"]
    usd = r"&#36;%\{{{}:\.3~s\}}"
    amounts = (usd.format(field) for field in ("y", r"customdata\[0\]", r"customdata\[1\]"))
    assert re.search("{} \\({} to {}\\)".format(*amounts), own.hovertemplate)
    assert own.customdata[-1] == pytest.approx((33_500, 43_500))
    assert figure(report()).layout.hovermode == "x unified"


def test_amounts_below_a_dollar_and_from_a_billion_are_not_written_in_letters_that_mislead():
    """To d3 150m is 0.15, and 1.5G a billion and a half."""
    assert "%{y:,.3~r}" in lines(figure(report(volume=1e3)))["managed"].hovertemplate
    reader = figure(report(volume=900e6)).data[0]
    assert "%{customdata:,.3~r}B / day" in reader.hovertemplate
    assert max(reader.customdata) == pytest.approx(2.7)


def test_band_encloses_the_bill():
    chart = figure(report())
    low, high = [t for t in chart.data if t.hoverinfo == "skip" and t.mode == "lines"]
    y = np.asarray(lines(chart)["own GPUs"].y)
    assert np.all(np.asarray(low.y) <= y + 1e-6)
    assert np.all(np.asarray(high.y) >= y - 1e-6)


def test_log_scale_starts_above_zero():
    axis = figure(report(), scale="log").layout.xaxis
    assert axis.type == "log"
    assert axis.range[0] == pytest.approx(np.log10(900e6 / 200))
    assert 100e6 in axis.tickvals


def test_labels_at_line_ends_do_not_overlap():
    chart = figure(report())
    places = sorted(a.y for a in chart.layout.annotations if a.x == 1 and a.xanchor == "left")
    assert len(places) == 2
    assert np.diff(places).min() * 300 >= 16


def test_waterfall_adds_up_to_the_bill():
    result = report()
    bars = figure(result, "waterfall").data[0]
    assert sum(bars.y[:-1]) == pytest.approx(result.option("own GPUs").monthly_usd, rel=2e-3)
    assert bars.y[-1] == pytest.approx(sum(bars.y[:-1]))


def test_waterfall_of_an_api_shows_its_lines():
    chart = figure(report(), "waterfall", option="managed")
    assert list(chart.layout.xaxis.ticktext) == ["Input", "Output", "All-in"]


@pytest.mark.parametrize("scenario", READY)
def test_waterfall_has_room_for_every_label(scenario):
    result = evaluate(load_scenario(scenarios_dir() / f"{scenario}.yaml"))
    for option in result.options:
        if not option.lines:
            continue
        chart = figure(result, "waterfall", option=option.name)
        labels, bars = chart.layout.xaxis.ticktext, chart.data[0]
        assert len(labels) == len(bars.y) <= MOST_STEPS + 1
        assert labels[0].startswith(inert(waterfall_steps(option)[0].name)[:4])
        assert labels.count("Other") <= 1
        most = max(6, min(16, int(462 / len(labels) / LABEL_PX)))
        assert max(len(html.unescape(x)) for text in labels for x in text.split("<br>")) <= most
        assert bars.y[-1] == pytest.approx(option.monthly_usd, rel=0.02)


def test_unknown_names_are_answered_with_the_nearest():
    with pytest.raises(InputError, match="did you mean curves"):
        figure(report(), "curve")
    with pytest.raises(InputError, match="did you mean own GPUs"):
        figure(report(), "waterfall", option="own gpu")


HOSTILE = [
    "<script>alert(1)</script>",
    "<b>bold</b> <a href='javascript:x'>y</a>",
    "%{x} $\\frac{1}{2}$ and $5",
    "x" * 300,
    "=1+1",
]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("chart", ["curves", "waterfall"])
def test_names_are_inert(name, chart):
    result = report(dear=name)
    text = figure(result, chart, option=name if chart == "waterfall" else None).to_json()
    for part in ("<script", "<a ", "<b>bold", "%{x}", "$\\\\frac", "x" * 121):
        assert part not in text


def test_inert_text_leaves_nothing_to_interpret():
    assert set(inert("<$&>{%}")) & set("<>${}") == set()


def test_many_windows_are_joined_to_hairs():
    windows = [(i, i + 0.4) for i in range(1000)]
    assert len(joined(windows, Axis(0, 1000))) < 400
    assert joined([(5, 6)], Axis(10, 20)) == []


def test_spaced_keeps_inside_and_apart():
    placed = spaced([0.5, 0.5, 0.5, 0.99], [0.1] * 4, 0, 1)
    assert np.diff(sorted(placed)).min() >= 0.1 - 1e-9
    assert max(placed) <= 0.95 + 1e-9


def lightness(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    luminance = float(np.dot(linear, (0.2126, 0.7152, 0.0722)))
    return luminance, 116 * luminance ** (1 / 3) - 16


def test_accents_differ_in_grey_and_read_on_white():
    firsts = [lightness(ACCENTS[f][0]) for f in ("own", "managed", "frontier", "hybrid")]
    grey = sorted(level for _, level in firsts)
    assert np.diff(grey).min() > 4
    assert all(1.05 / (luminance + 0.05) >= 3 for luminance, _ in firsts)


def test_every_kind_has_a_readable_pill():
    assert set(KIND_COLOURS) == set(KINDS)
    for ink, background in KIND_COLOURS.values():
        assert (lightness(background)[0] + 0.05) / (lightness(ink)[0] + 0.05) >= 4.5


def test_colours_do_not_depend_on_volume():
    assert colours(report(volume=1e6)) == colours(report(volume=1e9))

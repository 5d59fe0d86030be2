"""Charts of a risk run: what they draw is what was found, and nothing lies on anything else."""

from __future__ import annotations

import html
import json
import re
from dataclasses import asdict, replace
from itertools import pairwise

import numpy as np
import pytest

from costmodel import figure, load_scenario, simulate
from costmodel.book import load_book
from costmodel.book.files import scenarios_dir
from costmodel.errors import InputError
from costmodel.pipeline.resolve import resolve
from costmodel.present.charts.figures import CHARTS, kind_of_chart
from costmodel.present.charts.risk import accents, fan_figure
from costmodel.present.charts.theme import ACCENTS
from costmodel.present.words.input_names import input_name, number_text, value_text
from costmodel.quantity.words import short, usd
from costmodel.studies.risk import two_way
from costmodel.studies.risk.inputs import all_inputs
from costmodel.studies.risk.record import Band, Probability, Risk, Swing, TwoWay

READY = sorted(scenarios_dir().glob("*.yaml"))
SAMPLES = 60


def ready(name):
    return load_scenario(scenarios_dir() / f"{name}.yaml")


@pytest.fixture(scope="module")
def risk():
    return simulate(ready("support-assistant"), SAMPLES)


@pytest.fixture(scope="module")
def never():
    """Own GPUs that win in no draw, at no volume of the chart."""
    return simulate(ready("brief-70b-500m-a-day"), SAMPLES)


def notes(chart):
    return [html.unescape(re.sub("<[^>]*>", " ", note.text)) for note in chart.layout.annotations]


def curves(chart):
    return {html.unescape(t.name): t for t in chart.data if t.name}


# --------------------------------------------------------------------------------- over volume


def test_the_fan_is_the_default_and_draws_every_band(risk):
    chart = figure(risk)
    for name, median in curves(chart).items():
        rows = [b for b in risk.bands if b.option == name]
        assert list(median.y) == pytest.approx([b.p50 for b in rows], abs=0.01)
    lows, highs = (
        [list(t.y) for t in chart.data if not t.name and bool(t.fill) is filled]
        for filled in (False, True)
    )
    for option in curves(chart):
        rows = [b for b in risk.bands if b.option == option]
        assert [round(b.p10, 2) for b in rows] in lows
        assert [round(b.p90, 2) for b in rows] in highs


def test_no_band_hides_a_median(risk):
    named = [bool(t.name) for t in figure(risk, "fan").data]
    assert named == sorted(named)


def test_only_the_options_asked_for(risk):
    assert set(curves(figure(risk, "fan", only=["own GPUs"]))) == {"own GPUs"}
    with pytest.raises(InputError, match="no option has one"):
        figure(risk, only=["another"])


def test_colours_by_default_tell_own_gpus_from_apis(risk):
    found = accents(risk)
    own = {row.option for row in risk.probability}
    families = {True: ("own", "hybrid"), False: ("managed", "frontier")}
    for name, colour in found.items():
        assert any(colour in ACCENTS[family] for family in families[name in own])
    assert len(set(found.values())) == len(found)
    assert {n: t.line.color for n, t in curves(figure(risk)).items()} == found


def test_colours_that_are_given_are_used(risk):
    chart = fan_figure(risk, {"own GPUs": "#123456"})
    assert curves(chart)["own GPUs"].line.color == "#123456"


def test_a_bill_that_leaves_the_frame_is_named_beside_its_line(risk):
    chart = figure(risk)
    top, right = chart.layout.yaxis.range[1], chart.layout.xaxis.range[1]
    leaving = curves(chart)["frontier"]
    assert leaving.y[-1] > top
    (label,) = [a for a in chart.layout.annotations if "frontier" in a.text]
    at = np.interp(label.x * right, leaving.x, leaving.y)
    assert 0.8 * top < at <= top
    assert label.xanchor == "right"


@pytest.mark.parametrize("name", ["fan", "probability"])
def test_names_at_line_ends_do_not_overlap(never, name):
    chart = figure(never, name)
    inside = chart.layout.height - chart.layout.margin.t - chart.layout.margin.b
    ends = [a for a in chart.layout.annotations if a.x == 1 and a.xanchor == "left"]
    assert len(ends) >= 3
    boxes = sorted((a.y * inside, 15 * (1 + a.text.count("<br>"))) for a in ends)
    for (below, tall), (above, high) in pairwise(boxes):
        assert above - below >= (tall + high) / 2


def test_long_names_are_whole_on_two_lines(never):
    said = " ".join(" ".join(notes(figure(never))).split())
    assert "own GPUs, what the load needs" in said
    assert "same weights, cheapest host" in said


def test_probabilities_are_those_of_the_run(risk):
    chart = figure(risk, "probability")
    for name, curve in curves(chart).items():
        rows = [r for r in risk.probability if (r.option, r.against) == (name, "cheapest")]
        assert list(curve.y) == [r.probability for r in rows]
    assert "your volume: 600M / day" in notes(chart)


def test_a_probability_of_0_throughout_is_seen_and_said(never):
    chart = figure(never, "probability")
    drawn = list(curves(chart).values())
    assert {y for t in drawn for y in t.y} == {0.0}
    assert chart.layout.yaxis.range[0] < 0
    widths = [t.line.width for t in drawn]
    assert np.diff(widths).max() < 0
    assert sum("in no draw" in note for note in notes(chart)) == len(drawn)


def test_a_probability_of_1_throughout_is_said(risk):
    sure = replace(risk, probability=tuple(replace(r, probability=1.0) for r in risk.probability))
    assert any("in every draw" in note for note in notes(figure(sure, "probability")))
    assert figure(sure, "probability").layout.yaxis.range[1] > 1


def test_what_is_compared_with_nothing_is_said(risk):
    with pytest.raises(InputError, match="beside an eligible API"):
        figure(replace(risk, probability=()), "probability")
    with pytest.raises(InputError, match="beside 'another'"):
        figure(risk, "probability", against="another")


# ----------------------------------------------------------------------------------- the tornado


def bars(chart):
    """What every row spans: what it saves less, then more, than as stated."""
    return [
        [(base, base + length) for base, length in zip(t.base, t.x, strict=True)]
        for t in chart.data[:2]
    ]


def test_the_tornado_spans_both_ends_about_the_saving(risk):
    loses, gains = bars(figure(risk, "tornado"))
    for (low, middle), (other, high), row in zip(loses, gains, risk.tornado, strict=True):
        assert (low, high) == pytest.approx(tuple(sorted((row.low_usd, row.high_usd))))
        assert middle == pytest.approx(risk.saving_usd) == pytest.approx(other)


def test_values_stand_outside_their_bars_and_inside_the_frame(risk):
    chart = figure(risk, "tornado")
    low, high = chart.layout.xaxis.range
    for place, row in enumerate(risk.tornado):
        left, right = sorted((row.low_usd, row.high_usd))
        first, second = [a for a in chart.layout.annotations if a.y == place and a.xref != "paper"]
        assert (first.x, first.xanchor, second.x, second.xanchor) == (left, "right", right, "left")
        assert low < left < right < high
        at = {row.low_usd: row.low, row.high_usd: row.high}
        assert html.unescape(first.text) == f"at {value_text(row.path, at[left])}"
        assert html.unescape(second.text) == f"at {value_text(row.path, at[right])}"


def test_inputs_that_move_nothing_or_have_no_bill_are_left_out(never):
    moved = [s for s in never.tornado if s.low_usd != s.high_usd]
    assert 0 < len(moved) < len(never.tornado)
    assert len(figure(never, "tornado").layout.yaxis.ticktext) == len(moved)
    broken = Swing("workloads.chat.output_tokens", float("-inf"), 5.0, 1.0, 2.0)
    chart = figure(replace(never, tornado=(broken, *never.tornado)), "tornado")
    assert len(chart.layout.yaxis.ticktext) == len(moved)


def test_where_nothing_moves_there_is_no_tornado(never):
    still = tuple(replace(s, low_usd=1.0, high_usd=1.0) for s in never.tornado)
    with pytest.raises(InputError, match="no input of the comparison is a range that moves it"):
        figure(replace(never, tornado=still), "tornado")


def test_both_ends_on_one_side_do_not_reach_the_saving(risk):
    swing = Swing("overheads.usd_per_hour", 5_000.0, 4_000.0, 90.0, 120.0)
    loses, gains = bars(figure(replace(risk, tornado=(swing,), saving_usd=3_000.0), "tornado"))
    assert loses[0][0] == loses[0][1]
    assert gains == [(4_000.0, 5_000.0)]


def test_a_saving_of_0_far_away_does_not_press_the_bars_together(risk):
    swing = Swing("overheads.usd_per_hour", -90_000.0, -91_000.0, 90.0, 120.0)
    chart = figure(replace(risk, tornado=(swing,), saving_usd=-90_500.0), "tornado")
    assert chart.layout.xaxis.range[1] < -85_000
    assert len(chart.layout.shapes) == 1


def test_the_stated_saving_stays_inside_the_frame(risk):
    swing = Swing("overheads.usd_per_hour", 9_000.0, 0.0, 90.0, 120.0)
    chart = figure(replace(risk, tornado=(swing,), saving_usd=9_000.0), "tornado")
    (mark,) = [a for a in chart.layout.annotations if a.xref == "paper"]
    assert "as stated" in mark.text
    assert mark.xanchor == ("right" if mark.x > 0.88 else "center")


# ---------------------------------------------------------------------------------- two at once


def test_two_inputs_at_once_are_legible():
    path = "options.own GPUs.selfhost.throughput.requests_per_s"
    table = two_way(ready("support-assistant"), "overheads.per_fleet.hours_per_month", path)
    chart = figure(table)
    heat = chart.data[0]
    assert np.array(heat.z, dtype=float) == pytest.approx(np.array(table.saving_usd))
    cells = {html.unescape(text) for row in heat.text for text in row}
    assert max(map(len, cells)) <= 6
    assert all(len(re.findall(r"[1-9]", cell)) <= 2 for cell in cells)
    assert chart.layout.xaxis.title.text.endswith("[h]")
    assert list(chart.layout.xaxis.range) == [-0.5, len(table.x) - 0.5]
    pointers = chart.data[1:]
    assert np.interp(pointers[0].x[0], range(9), table.x) == pytest.approx(table.x_current)
    assert np.interp(pointers[1].y[0], range(9), table.y) == pytest.approx(table.y_current)


def test_axes_say_every_value_once_and_apart():
    counts = (1.0, 1.0, 2.0, 2.0)
    near = (1000.0, 1001.0, 1002.0, 1003.0)
    rows = tuple(tuple(10.0 * i + j for j in range(4)) for i in range(4))
    table = TwoWay("own", "options.own.selfhost.replicas", "overheads.platform.usd_per_month",
                   counts, near, rows, 9.0, 1001.0)  # fmt: skip
    chart = figure(table, "two_way")
    assert list(chart.layout.xaxis.ticktext) == ["1", "2"]
    assert len(set(chart.layout.yaxis.ticktext)) == 4
    assert [list(row) for row in chart.data[0].z] == [[row[0], row[2]] for row in rows]
    assert len(chart.data[1:]) == 1


def test_a_cell_without_a_bill_says_so():
    rows = ((float("-inf"), 2_000.0), (-1_500.0, 0.2))
    table = TwoWay(
        "own", "a.b", "overheads.usd_per_hour", (1.0, 2.0), (90.0, 99.0), rows, 1.0, 95.0
    )
    heat = figure(table).data[0]
    assert [list(row) for row in heat.text] == [["none", "&#36;2k"], ["-&#36;1.5k", "&#36;0"]]
    assert heat.z[0][0] is None
    assert heat.zmax == 2_000


# ------------------------------------------------------------------------------------- by name


def test_every_name_is_of_one_kind_of_answer():
    names = [name for charts in CHARTS.values() for name in charts]
    assert len(names) == len(set(names))


def test_unknown_names_list_what_there_is(risk):
    with pytest.raises(InputError, match=r"did you mean tornado\? There are fan, prob"):
        figure(risk, "tornados")
    with pytest.raises(InputError, match=r"'curves' is of a Report, not of a Risk; there are fan"):
        figure(risk, "curves")
    with pytest.raises(InputError, match=r"named 'xyz'; there are curves, .*fan, .*monthly_bills"):
        kind_of_chart("xyz")
    with pytest.raises(InputError, match="a dict has no charts"):
        figure({}, "curves")


HOSTILE = "<b onclick=x>own</b> %{x} $1$"


def renamed(rows, kind):
    """The same rows of options with another name."""
    plain = json.dumps([asdict(row) for row in rows])
    return tuple(kind(**row) for row in json.loads(plain.replace("own GPUs", HOSTILE)))


@pytest.mark.parametrize("name", CHARTS[Risk])
def test_names_are_inert(risk, name):
    other = replace(
        risk,
        option=HOSTILE,
        bands=renamed(risk.bands, Band),
        probability=renamed(risk.probability, Probability),
        tornado=renamed(risk.tornado, Swing),
    )
    drawn = figure(other, name).to_json()
    assert "%&#123;x&#125;" in drawn
    for part in ("<b onclick", "%{x}", "$1"):
        assert part not in drawn


def test_names_in_two_ways_are_inert():
    path = f"options.{HOSTILE}.selfhost.replicas"
    table = TwoWay(HOSTILE, path, "a.b", (1.0, 2.0), (1.0, 2.0), ((1.0, 2.0),) * 2, 1.0, 1.0)
    drawn = figure(table).to_json()
    assert "&lt;b onclick" in drawn
    assert "%{x}" not in drawn


# ------------------------------------------------------------------------------- what inputs are


@pytest.fixture(scope="module")
def inputs():
    found = {}
    for path in READY:
        scenario = load_scenario(path)
        found[path.stem] = all_inputs(scenario, resolve(scenario, load_book()))
    return found


def test_every_input_has_a_name_of_its_own(inputs):
    for stem, entries in inputs.items():
        names = [input_name(entry.path) for entry in entries]
        assert len(set(names)) == len(names), stem
        for name in names:
            label = name.split(" of ")[0]
            assert not re.search(r"\b(usd|mtok|ms|tp)\b|_", label), name


UNITS = {
    "usd": r"-?\$[\d.]+[kMB]?",
    "share": r"[\d.e-]+ %",
    "ms": r"[\d.,]+ ms",
    "months": r"[\d.]+ months",
    "minutes": r"[\d.]+ min",
    "tokens_per_day": r"[\d.]+[kMB]? / day",
    "requests_per_s": r"[\d.]+[kMB]? req/s",
    "hours_per_month": r"[\d.]+ h",
}


def test_every_value_has_the_unit_of_its_path(inputs):
    seen = set()
    for entry in (entry for entries in inputs.values() for entry in entries):
        last = entry.path.rsplit(".", 1)[-1]
        unit = "usd" if "usd" in last else next((u for u in UNITS if last.endswith(u)), None)
        if unit:
            seen.add(unit)
            assert re.fullmatch(UNITS[unit], value_text(entry.path, entry.quantity.value)), entry
    assert seen == set(UNITS)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("options.a.selfhost.extra_monthly.on-call.usd", "monthly on-call cost of a"),
        ("options.a.selfhost.extra_monthly.support v1.5.usd", "monthly support v1.5 cost of a"),
        ("options.API at $1.50.api.input_usd_per_mtok", "input price of API at $1.50"),
        ("workloads.v1.5 chat.profile.burst_factor", "burst factor of v1.5 chat"),
        ("workloads.chat.shapes[1].input_tokens", "input tokens a request of chat, shape 2"),
        ("options.a.api.contract.steps[0].discount", "contract discount of a, step 1"),
        ("options.a.selfhost.offers[0].usd_per_gpu_hour", "price of a GPU hour of a"),
        ("options.a.selfhost.offers[2].usd_per_gpu_hour", "price of a GPU hour of a, offer 3"),
        ("finance.discount_rate", "discount rate"),
    ],
)
def test_names_of_inputs(path, name):
    assert input_name(path) == name


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        ("options.a.selfhost.offers[0].usd_per_kwh", 0.0929, "$0.0929"),
        ("options.a.selfhost.offers[0].usd_per_gpu_second", 0.000694, "$0.000694"),
        ("options.a.api.input_usd_per_mtok", 0.1, "$0.10"),
        ("options.a.api.input_usd_per_mtok", 0.0, "$0"),
        ("options.a.selfhost.extra_monthly.engineering.usd", 2120.0, "$2.12k"),
        ("finance.discount_rate", 0.125, "12.5 %"),
        ("workloads.chat.slo.ttft_ms", 2000.0, "2,000 ms"),
    ],
)
def test_values_of_inputs(path, value, text):
    assert value_text(path, value) == text
    assert text.startswith(number_text(path, value))


def test_amounts_keep_the_short_forms():
    assert value_text("overheads.usd_per_hour", 103.0) == usd(103.0)
    assert value_text("options.a.selfhost.load_factor", 0.7) == short(0.7)

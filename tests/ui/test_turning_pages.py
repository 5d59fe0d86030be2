"""What a reader changes on one page holds on every other, and goes with its scenario."""

import pytest
from streamlit.testing.v1 import AppTest

from costmodel import load_scenario
from costmodel.book.files import scenarios_dir
from costmodel.scenario import parse_scenario
from costmodel.scenario.changes import changed
from costmodel.studies.risk import simulation
from costmodel.ui import sidebar
from tests.ui.pages import html

PAGES = {"": "decision", "risk": "risk", "over-time": "over_time", "quality": "quality",
         "traffic": "traffic"}  # fmt: skip
HOURS = "overheads.per_fleet.hours_per_month"


@pytest.fixture
def app(monkeypatch):
    """Pages as `app.py` turns them; what would be downloaded is caught on its way.

    Nothing is sought that would flip the verdict: that takes half of a risk's time.
    """
    monkeypatch.setattr(simulation, "goal_seek", lambda _: ())
    written = []
    original = sidebar.scenario_file
    monkeypatch.setattr(
        sidebar, "scenario_file", lambda scenario: (written.append(scenario), original(scenario))
    )
    script = (
        "import importlib\nimport streamlit as st\nfrom costmodel.ui import state\n"
        f"pages = {PAGES!r}\nat = st.session_state['to']\nstate.turn_to(at)\n"
        "importlib.import_module(f'costmodel.ui.{pages[at]}').page()\n"
    )
    app = AppTest.from_string(script, default_timeout=120)
    app.written = written
    return app


def turn_to(app, page, **address):
    """Follow a link to a page: it starts with an address of its own."""
    app.session_state["to"] = page
    for name in list(app.query_params):
        del app.query_params[name]
    for name, value in address.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def high(app):
    return next(f for f in app.number_input if f.label == "High" and HOURS in f.key)


def number(app, label, nth=0):
    return [each for each in app.number_input if each.label == label][nth]


def stated(name):
    return load_scenario(scenarios_dir() / f"{name}.yaml")


def choose(app, name):
    next(each for each in app.selectbox if each.label == "Scenario").select(name).run()
    assert not app.exception


def test_another_scenario_chosen_on_another_page_has_its_own_values(app):
    turn_to(app, "over-time", scenario="three-year-commitment")
    assert number(app, "Horizon, months").value == 36
    number(app, "One-off, USD").set_value(55_000.0).run()
    turn_to(app, "")
    choose(app, "support-assistant")
    turn_to(app, "over-time")
    assert app.written[-1].model_dump() == stated("support-assistant").model_dump()
    assert number(app, "One-off, USD").value == 0
    assert number(app, "API prices, %/yr").value == 0
    assert "Also changed" not in html(app)


def test_ranges_of_one_scenario_are_not_those_of_another(app):
    turn_to(app, "risk", scenario="small-model-on-l4")
    end = high(app)
    usual = end.value
    end.set_value(77.0).run()
    turn_to(app, "traffic")
    choose(app, "traffic-steady")
    turn_to(app, "risk")
    end = high(app)
    assert end.value != 77.0
    turn_to(app, "")
    choose(app, "small-model-on-l4")
    turn_to(app, "risk")
    end = high(app)
    assert end.value == usual


@pytest.mark.parametrize("page", ["", "traffic", "quality", "over-time"])
def test_every_page_has_the_changes_of_all_and_says_so(app, page):
    turn_to(app, "over-time", scenario="small-model-on-l4")
    number(app, "Discount rate, %").set_value(8.0).run()
    number(app, "USD an hour").set_value(150.0).run()
    turn_to(app, "risk")
    end = high(app)
    end.set_value(77.0).run()
    assert not app.exception
    turn_to(app, page)
    found = app.written[-1]
    assert found.finance.discount_rate.value == 0.08
    assert found.overheads.usd_per_hour.value == 150.0
    assert found.overheads.per_fleet.hours_per_month.high == 77.0
    elsewhere = "1 range on Risk" if page == "over-time" else "1 number on Over time, 1 range on"
    assert f"Also changed: {elsewhere}" in html(app)
    assert parse_scenario(sidebar.scenario_yaml(found)).model_dump() == found.model_dump()


def test_an_edited_range_follows_its_value_and_comes_back_with_it(app):
    turn_to(app, "risk", scenario="small-model-on-l4")
    end = high(app)
    hours = number(app, "Hours a month")
    value, edited = hours.value, 8.0 * hours.value
    end.set_value(edited).run()
    number(app, "Hours a month").set_value(2 * value).run()
    moved = high(app)
    assert moved.value == pytest.approx(2 * edited)
    assert app.written[-1].overheads.per_fleet.hours_per_month.high == pytest.approx(2 * edited)
    number(app, "Hours a month").set_value(value).run()
    back = high(app)
    assert back.value == pytest.approx(edited)


def test_draws_stay_as_they_were_chosen(app):
    turn_to(app, "risk", scenario="small-model-on-l4")
    next(s for s in app.select_slider if s.label == "Draws").set_value(1_000).run()
    turn_to(app, "")
    turn_to(app, "risk")
    assert next(s for s in app.select_slider if s.label == "Draws").value == 1_000


def test_an_edit_that_was_taken_back_does_not_return(app):
    turn_to(app, "risk", scenario="small-model-on-l4")
    usual = high(app).value
    hours = number(app, "Hours a month").value
    high(app).set_value(77.0).run()
    number(app, "Hours a month").set_value(2 * hours).run()
    assert high(app).value == 154.0
    high(app).set_value(2 * usual).run()
    turn_to(app, "")
    number(app, "Hours a month").set_value(hours).run()
    turn_to(app, "risk")
    assert high(app).value == usual
    assert app.written[-1].model_dump() == stated("small-model-on-l4").model_dump()


def test_the_last_edit_counts_at_every_value(app):
    turn_to(app, "risk", scenario="small-model-on-l4")
    hours = number(app, "Hours a month").value
    high(app).set_value(77.0).run()
    number(app, "Hours a month").set_value(2 * hours).run()
    high(app).set_value(300.0).run()
    number(app, "Hours a month").set_value(hours).run()
    assert high(app).value == 150.0


def test_correlations_go_with_a_range_that_a_choice_takes_away(app):
    name = stated("small-model-on-l4").workloads[0].name
    peak = f"workloads.{name}.profile.peak_to_mean"
    data = changed(
        stated("small-model-on-l4"),
        {("workloads", 0, "profile"): {"peak_to_mean": {"low": 1.5, "likely": 2, "high": 3}},
         ("correlations",): [[peak, "overheads.usd_per_hour", 0.5]]},
    )  # fmt: skip
    app.session_state["own_file"] = ("mine.yaml", sidebar.scenario_yaml(data).encode())
    turn_to(app, "risk")
    picker = next(each for each in app.selectbox if each.label == "Hours of the week")
    picker.select("office-hours").run()
    assert not app.exception
    assert "No longer correlated: peak to mean" in html(app)
    assert "cm-headline" in html(app)
    assert app.written[-1].correlations == ()


def test_a_pick_that_cannot_be_offered_comes_back_with_its_range(app):
    turn_to(app, "risk", scenario="support-assistant")
    app.multiselect[0].select("workloads.chat.profile.peak_to_mean").run()
    assert not app.exception
    edge = next(f for f in app.number_input if f.label == "High" and "peak_to_mean" in f.key)
    edge.set_value(9.0).run()
    picker = next(each for each in app.selectbox if each.label == "Hours of the week")
    as_it_was = picker.value
    picker.select("office-hours").run()
    assert not [f for f in app.number_input if "peak_to_mean" in (f.key or "")]
    next(each for each in app.selectbox if each.label == "Hours of the week").select(
        as_it_was
    ).run()
    assert not app.exception
    edge = next(f for f in app.number_input if f.label == "High" and "peak_to_mean" in f.key)
    assert edge.value == 9.0
    app.multiselect[0].unselect("workloads.chat.profile.peak_to_mean").run()
    app.multiselect[0].select("workloads.chat.profile.peak_to_mean").run()
    edge = next(f for f in app.number_input if f.label == "High" and "peak_to_mean" in f.key)
    assert edge.value != 9.0


def test_a_file_that_cannot_be_used_loses_nothing_of_the_one_before(app):
    good = (scenarios_dir() / "small-model-on-l4.yaml").read_bytes()
    app.session_state["own_file"] = ("good.yaml", good)
    turn_to(app, "risk")
    number(app, "Hours a month").set_value(33.0).run()
    app.session_state["own_file"] = ("bad.yaml", b"name: x")
    app.run()
    assert number(app, "Hours a month").value != 33.0
    app.session_state["own_file"] = ("good.yaml", good)
    app.run()
    assert not app.exception
    assert number(app, "Hours a month").value == 33.0

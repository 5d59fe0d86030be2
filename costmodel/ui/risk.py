"""The page *Risk*: how likely own GPUs win, which number decides it, and what would flip it."""

from __future__ import annotations

import streamlit as st

from costmodel.errors import InputError
from costmodel.pipeline.report import Report
from costmodel.present.charts.figures import figure
from costmodel.present.charts.theme import colours
from costmodel.present.render import html
from costmodel.present.words import risk as words
from costmodel.present.words.input_names import input_name
from costmodel.scenario import Scenario
from costmodel.studies.risk import simulate, two_way
from costmodel.studies.risk.record import Risk, TwoWay
from costmodel.studies.risk.simulation import DEFAULT_SAMPLES
from costmodel.ui import sidebar, state
from costmodel.ui.charts import chart
from costmodel.ui.ranges import range_widgets

SAMPLES = (1_000, 10_000, 50_000)
MOST_KEPT = 12
"""Runs kept for one visitor."""


def page() -> None:
    """Draw the page."""
    with st.sidebar:
        picked = sidebar.pick_scenario()
        ranges, widgets, samples = st.container(), None, DEFAULT_SAMPLES
        if picked.opened is not None:
            widgets = sidebar.controls(picked.opened)
            samples = int(widgets.slide("draws", "Draws", SAMPLES, DEFAULT_SAMPLES, _whole))
    sidebar.tell(picked)
    scenario: Scenario | None = None
    if picked.opened is not None and widgets is not None:
        try:
            before = state.before_ranges(picked.opened)
            with ranges:
                range_widgets(widgets, before)
                scenario = state.as_changed(picked.opened)
                _left_out(picked.opened.scenario, scenario)
            report = state.report_of(scenario)
            found = _simulated(scenario.model_dump_json(), samples, scenario)
        except InputError as error:
            sidebar.tell_problems(picked.opened, error)
        else:
            _result(scenario, report, found)
    sidebar.scenario_file(scenario)


def _whole(number: float) -> str:
    return f"{number:,.0f}"


def _left_out(before: Scenario, scenario: Scenario) -> None:
    """Say which correlations went with a range that was taken away."""
    for one, other, _ in before.correlations:
        if not any(each[:2] == (one, other) for each in scenario.correlations):
            st.html(html.note(f"No longer correlated: {input_name(one)} and {input_name(other)}."))


def _simulated(key: str, samples: int, scenario: Scenario) -> Risk:
    """The run, kept in the session; a bar while it is new and under way."""
    kept: dict[tuple[str, int], Risk] = st.session_state.setdefault("risk_runs", {})
    if (key, samples) not in kept:
        bar = st.progress(0.0, "Drawing the uncertain numbers")

        def tell(share: float) -> None:
            bar.progress(min(share, 1.0), "Drawing the uncertain numbers")

        found = simulate(scenario, samples, progress=tell)
        bar.empty()
        while len(kept) >= MOST_KEPT:
            del kept[next(iter(kept))]
        kept[key, samples] = found
    return kept[key, samples]


@st.cache_data(max_entries=32, show_spinner="Working out both inputs together")
def _table(key: str, x: str, y: str, option: str, _scenario: Scenario) -> TwoWay:
    del key
    return two_way(_scenario, x, y, option=option)


def _result(scenario: Scenario, report: Report, found: Risk) -> None:
    accents = colours(report)
    st.html(html.heading(words.headline(found), accents.get(found.option or "")))
    st.html(html.cards(words.cards(found)))
    for each in words.notes(found):
        st.html(html.note(each))
    if found.bands:
        st.html(
            html.title("Every bill, and how far it may be off: median, 10th to 90th percentile")
        )
        chart(
            figure(found, "fan", colours=accents),
            "fan",
            "Monthly bills over volume, each with its 80 % band.",
        )
    if found.option is None:
        return
    st.html(html.title("The probability of costing less than the cheapest API"))
    chart(
        figure(found, "probability", colours=accents),
        "probability",
        "Probability of winning over volume.",
    )
    if widest := words.widest_first(found):
        st.html(html.title("Which number to argue about: each at its 10th and 90th percentile"))
        decides = input_name(widest[0].path)
        chart(
            figure(found, "tornado"),
            "tornado",
            f"Savings at both ends of each input; the {decides} moves them most.",
        )
    left, right = st.columns([5, 6], gap="medium")
    with left:
        goals = words.goals(found)
        st.html(html.title(goals.title))
        st.html(html.table(goals))
    with right:
        _two_ways(scenario, found)
    ranges = words.inputs(found)
    with st.expander(ranges.title):
        st.html(html.table(ranges))


def _two_ways(scenario: Scenario, found: Risk) -> None:
    st.html(html.title("Two inputs at once: what it saves a month"))
    paths = list(
        dict.fromkeys([*(s.path for s in found.tornado), *(g.path for g in found.goal_seek)])
    )
    if len(paths) < 2 or found.option is None:
        return
    one, other = st.columns(2)
    with one:
        x = st.selectbox("Across", paths, 0, format_func=input_name, key="two_x")
    with other:
        y = st.selectbox("Up", [p for p in paths if p != x], 0, format_func=input_name, key="two_y")
    table = _table(scenario.model_dump_json(), x, y, found.option, scenario)
    chart(figure(table, "two_way"), "two_way", f"Savings over {input_name(x)} and {input_name(y)}.")

"""The page *Traffic*: the week, the fleet under it, and what other terms or hours would change."""

from __future__ import annotations

import streamlit as st

from costmodel.cost.fleet import Sizing
from costmodel.errors import InputError
from costmodel.pipeline.report import Report
from costmodel.present.charts.figures import figure
from costmodel.present.charts.theme import ACCENTS, colours
from costmodel.present.charts.traffic import fleet_choices_figure
from costmodel.present.charts.week_shapes import crossing
from costmodel.present.render import html
from costmodel.present.words import traffic as words
from costmodel.present.words.focus import cheapest_api, own_option
from costmodel.quantity.words import short, shortened
from costmodel.scenario import Scenario
from costmodel.studies.fleet_choices import FleetChoice, fleet_choices, sized_by_wait
from costmodel.studies.week_shapes import WeekShapes, week_shapes
from costmodel.ui import sidebar, state, usage_log
from costmodel.ui.charts import chart
from costmodel.ui.controls import Controls
from costmodel.ui.labels import LONGEST_NAME
from costmodel.ui.tables import folded, titled

FIRST = "traffic-office-hours"
"""The scenario a new visitor of this page sees."""

WAIT_MS = 500.0


def page() -> None:
    """Draw the page."""
    with st.sidebar:
        picked = sidebar.pick_scenario(FIRST)
        sent = usage_log.ask()
        opened, refused = _opened(picked, sent)
        widgets = sidebar.controls(opened) if opened else None
        wait_ms = _wait(widgets) if widgets else WAIT_MS
    sidebar.tell(picked)
    if refused is not None:
        st.html(html.problems(refused, "This log does not fit the scenario.", places=False))
    usage_log.show(sent, week=opened is picked.opened)
    scenario: Scenario | None = None
    if opened is not None:
        try:
            scenario = state.as_changed(opened)
            report = state.report_of(scenario)
        except InputError as error:
            sidebar.tell_problems(opened, error)
        else:
            _result(scenario, report, wait_ms)
    sidebar.scenario_file(scenario)


def _opened(
    picked: sidebar.Picked, sent: usage_log.Sent
) -> tuple[state.Opened | None, InputError | None]:
    """The scenario, its workload taken from the log where that is asked for and fits."""
    if picked.opened is None:
        return None, None
    try:
        return usage_log.in_place(picked.opened, sent), None
    except InputError as error:
        return picked.opened, error


def _wait(widgets: Controls) -> float:
    """The wait that queueing is asked to hold, beside the load factor."""
    st.html(html.group("Queueing"))
    left, _ = st.columns(2)
    with left:
        wait = widgets.number("wait", "p95 wait, ms", WAIT_MS, low=1, high=600_000.0, step=100)
    return wait or WAIT_MS


# -------------------------------------------------------------------------------- what is answered


@st.cache_resource(max_entries=64, show_spinner="Billing it in every way…")
def _choices(key: str, option: str, _scenario: Scenario) -> tuple[FleetChoice, ...]:
    return fleet_choices(_scenario, option)


@st.cache_resource(max_entries=64, show_spinner="Trying other weeks…")
def _shapes(key: str, option: str, _scenario: Scenario) -> WeekShapes:
    return week_shapes(_scenario, option)


def _result(scenario: Scenario, report: Report, wait_ms: float) -> None:
    fleets = [o.name for o in report.options if o.name in report.week.fleets]
    head = st.container()
    st.html(html.title("Tokens per second over the week, UTC"))
    _week(report)
    if not fleets:
        with head:
            st.html(html.heading(words.answer(report).headline))
        return
    left, right = st.columns([11, 10], gap="medium")
    with left:
        name = _load_duration(report, fleets)
    option, key = report.option(name), scenario.model_dump_json()
    alone = _stands_alone(scenario, name)
    choices = _choices(key, alone, scenario) if alone else ()
    accent = colours(report)[name]
    with right:
        _ways(report, choices, alone, apart=alone != name)
    by_wait = _by_wait(scenario, alone, wait_ms)
    said = words.answer(report, option, choices, by_wait, wait_ms, alone=alone == name)
    with head:
        st.html(html.heading(said.headline, accent))
        st.html(html.cards(said.cards))
    _shapes_of(report, scenario, key, name, accent)
    titled(said.tables["commitments"])
    folded(said.tables["ways"])


def _stands_alone(scenario: Scenario, name: str) -> str | None:
    """The option whose GPUs these are: itself, or the one behind a hybrid."""
    option = scenario.option(name)
    if option.hybrid is not None:
        return option.hybrid.selfhost
    return name if option.selfhost is not None else None


def _first_shown(report: Report, fleets: list[str]) -> str:
    """GPUs that stand alone say most about the hours; else the fleet the verdict is about."""
    alone = [o.name for o in report.options if o.name in fleets and o.kind == "selfhost"]
    about = own_option(report)
    return next(iter(alone), about.name if about and about.name in fleets else fleets[0])


def _by_wait(scenario: Scenario, alone: str | None, wait_ms: float) -> Sizing | str:
    """The size by queueing, or why there is none."""
    if alone is None:
        return "each part of a mix has a fleet of its own"
    try:
        return sized_by_wait(scenario, alone, wait_ms)
    except InputError as error:
        return words.short_reason(error.problems[0].message)


def _week(report: Report) -> None:
    busiest = short(float(report.week.tokens_per_s.max()))
    chart(
        figure(report, "week"),
        "week",
        f"Tokens per second in each hour of the week; {busiest} in the busiest.",
    )


def _load_duration(report: Report, fleets: list[str]) -> str:
    """The chart under its title and picker; returns the fleet the page is about."""
    default = _first_shown(report, fleets)
    title, picker = st.columns([5, 4], vertical_alignment="center")
    with picker:
        chosen = st.selectbox(
            "Fleet",
            fleets,
            fleets.index(default),
            format_func=lambda each: shortened(each, LONGEST_NAME),
            label_visibility="collapsed",
            key=f"fleet-of-{report.scenario}",
        )
    with title:
        st.html(html.title("The fleet under its load"))
    name = chosen if chosen in fleets else default
    chart(
        figure(report, "load_duration", option=name),
        "load_duration",
        f"Replicas of {name} over the hours of the week, sorted by load.",
    )
    return name


def _ways(
    report: Report, choices: tuple[FleetChoice, ...], name: str | None, *, apart: bool
) -> None:
    """``apart``: the fleet on the page has an API beside it, and these bills have not."""
    without = ", without the API" if apart and name else ""
    st.html(html.title(f"A month's bill, by offer and by scaling{without}"))
    if name is None or not choices:
        st.html(html.note("Choose a fleet that stands alone to see it on other terms."))
        return
    if not any(each.monthly_usd is not None for each in choices):
        st.html(html.note(f"{name} has no bill: {words.short_reason(choices[0].reason)}"))
        return
    api = cheapest_api(report)
    chart(
        fleet_choices_figure(choices, colours(report)[name], api.monthly_usd if api else None),
        "ways",
        "Monthly bills by scaling mode and by offer, cheapest first.",
    )


def _shapes_of(report: Report, scenario: Scenario, key: str, name: str, accent: str) -> None:
    st.html(html.title("The same tokens a day in other weeks, and where own GPUs pay in each"))
    try:
        found = _shapes(key, name, scenario)
    except InputError as error:
        st.html(html.problems(error, "There is no bill to draw.", places=False))
        return
    api = cheapest_api(report)
    api_colour = colours(report)[api.name] if api else ACCENTS["managed"][0]
    said = "; ".join(f"{each.shape}: {crossing(each.break_even)}" for each in found.bills)
    chart(
        figure(found, "week_shapes", colour=accent, api_colour=api_colour),
        "shapes",
        f"Monthly bills of {name} over volume. {said}.",
    )

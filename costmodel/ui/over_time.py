"""The page *Over time*: cash, worth and payback over the horizon, and what a commitment risks."""

from __future__ import annotations

from typing import Any

import streamlit as st

from costmodel.errors import InputError
from costmodel.pipeline.horizon import DEFAULT_HORIZON_MONTHS
from costmodel.present.charts.figures import figure
from costmodel.present.charts.theme import colours
from costmodel.present.render import html
from costmodel.present.words import cases as case_words
from costmodel.present.words import cash as words
from costmodel.present.words.report import assumption_table, by_heading
from costmodel.quantity.answer import Table
from costmodel.quantity.quantity import Quantity
from costmodel.scenario import Scenario
from costmodel.scenario.numbers import MOST_RATE
from costmodel.studies.cases import Cases, cases
from costmodel.studies.cashflow.cashflow import cashflow
from costmodel.studies.cashflow.months import MOST_MONTHS
from costmodel.studies.cashflow.record import CashFlow, Renewal
from costmodel.ui import sidebar, state
from costmodel.ui.charts import chart
from costmodel.ui.controls import Controls

FIRST = "three-year-commitment"
"""The scenario a new visitor of this page sees."""

BEST_OWN, CHEAPEST = "best with own GPUs", "cheapest eligible API"


def page() -> None:
    """Draw the page."""
    with st.sidebar:
        picked = sidebar.pick_scenario(FIRST)
        pair: tuple[str | None, str | None] = (None, None)
        if picked.opened is not None:
            over_time = st.container()
            widgets = sidebar.controls(picked.opened)
            with over_time:
                pair = _pair(widgets, picked.opened.scenario)
                _finance(widgets.only_on("over-time"), picked.opened.scenario)
    sidebar.tell(picked)
    scenario: Scenario | None = None
    if picked.opened is not None:
        try:
            scenario = state.as_changed(picked.opened)
            key = scenario.model_dump_json()
            flow = _flow(key, pair, scenario)
        except InputError as error:
            sidebar.tell_problems(picked.opened, error)
        else:
            _result(key, scenario, flow)
    sidebar.scenario_file(scenario)


# -------------------------------------------------------------------------------- what is answered


@st.cache_resource(max_entries=64, show_spinner="Adding up the months…")
def _flow(key: str, pair: tuple[str | None, str | None], _scenario: Scenario) -> CashFlow:
    return cashflow(_scenario, *pair)


@st.cache_resource(max_entries=64, show_spinner="Trying other API prices…")
def _renewal(key: str, pair: tuple[str, str], _flow: CashFlow) -> Renewal:
    return _flow.renewal


@st.cache_resource(max_entries=64, show_spinner="Working out the cases…")
def _cases(key: str, pair: tuple[str, str], _scenario: Scenario) -> Cases:
    return cases(_scenario, *pair)


def _result(key: str, scenario: Scenario, flow: CashFlow) -> None:
    report = state.report_of(scenario)
    accents = colours(report)
    line = words.headline(flow, report.recommendation.option)
    own, api = accents[flow.option], accents[flow.against]
    st.html(html.heading(line, accents.get(line.option or "")))
    st.html(html.cards(words.cards(flow)))
    _chart("Saved so far, less what was paid", "cumulative", flow, colour=own)
    _chart("What a month costs either way", "monthly_bills", flow, colour=own, api_colour=api)
    left, right = st.columns([11, 9], gap="medium")
    with left:
        _table(words.periods(flow))
    with right:
        _table(words.stranded(flow))
        st.html(html.note(words.about_stranded(flow)))
    pair = flow.option, flow.against
    _renewal(key, pair, flow)
    renewal = words.renewal(flow)
    st.html(html.title(renewal.title))
    st.html(html.sentence(words.renewal_line(flow)))
    st.html(html.table(renewal))
    _side_by_side(key, scenario, pair, own)
    if flow.warnings:
        st.html(html.title("Notes on this result"))
        st.html(html.notes(by_heading(flow.warnings)))
    with st.expander("What the months rest on, beside the bills"):
        st.html(html.table(assumption_table(flow.assumption_rows)))


def _table(found: Table) -> None:
    st.html(html.title(found.title))
    if found:
        st.html(html.table(found))


def _chart(heading: str, name: str, flow: CashFlow, **options: Any) -> None:
    st.html(html.title(heading))
    chart(figure(flow, name, **options), name, f"{heading}. {words.headline(flow).facts}")


# --------------------------------------------------------------------------------------- widgets


def _pair(widgets: Controls, scenario: Scenario) -> tuple[str | None, str | None]:
    """Which option is judged, against which API."""
    st.html(html.group("Over time"))
    own = [o.name for o in scenario.options if o.kind != "api"]
    apis = [o.name for o in scenario.options if o.kind in ("api", "mix")]
    option = widgets.choose("judged", "Judge", [BEST_OWN, *own], BEST_OWN)
    against = widgets.choose("against", "Against", [CHEAPEST, *apis], CHEAPEST)
    return (None if option == BEST_OWN else option, None if against == CHEAPEST else against)


def _finance(widgets: Controls, scenario: Scenario) -> None:
    finance = scenario.finance
    left, right = st.columns(2)
    with left:
        _horizon(widgets, finance.horizon_months)
        _percent(widgets, "api_change", "API prices, %/yr", "api_price_change_per_year", finance)
        _money(widgets, "one_off", "One-off, USD", "one_off_usd", finance.one_off_usd, 5000)
    with right:
        _percent(widgets, "discount", "Discount rate, %", "discount_rate", finance)
        _percent(widgets, "gpu_change", "GPU prices, %/yr", "gpu_price_change_per_year", finance)
        _money(widgets, "ramp", "Ramp-up, months", "ramp_months", finance.ramp_months, 1)
    _growth(widgets, scenario)


def _horizon(widgets: Controls, stated: Quantity | None) -> None:
    value = stated.value if stated else float(DEFAULT_HORIZON_MONTHS)
    most = float(MOST_MONTHS)
    given = widgets.number("horizon", "Horizon, months", value, low=1, high=most, step=12)
    if given is not None and given != value:
        widgets.changes["finance", "horizon_months"] = float(round(given))


def _percent(widgets: Controls, key: str, label: str, name: str, finance: Any) -> None:
    stated = getattr(finance, name)
    value = round(100.0 * stated.value, 4) if stated else 0.0
    given = widgets.number(key, label, value, low=-95.0, high=100.0 * MOST_RATE, step=5)
    if given is not None and given != value:
        widgets.changes["finance", name] = given / 100.0


def _money(
    widgets: Controls, key: str, label: str, name: str, stated: Quantity | None, step: float
) -> None:
    value = stated.value if stated else 0.0
    given = widgets.number(key, label, value, step=step)
    widgets.set(("finance", name), given, value)


def _growth(widgets: Controls, scenario: Scenario) -> None:
    """One rate for all workloads; those that differ keep their own until it is moved."""
    stated = scenario.workloads[0].growth_per_month.value
    value = round(100.0 * stated, 4)
    given = widgets.number(
        "growth", "Growth, % a month", value, low=-50.0, high=100.0 * MOST_RATE, step=0.5
    )
    if given is not None and given != value:
        for i in range(len(scenario.workloads)):
            widgets.changes["workloads", i, "growth_per_month"] = given / 100.0


# ----------------------------------------------------------------------------------------- cases


def _side_by_side(key: str, scenario: Scenario, pair: tuple[str, str], colour: str) -> None:
    st.html(html.title("Cases side by side"))
    try:
        found = _cases(key, pair, scenario)
    except InputError as error:
        st.html(html.problems(error, "A case cannot be worked out.", places=False))
        return
    answer = case_words.answer(found)
    for each in case_words.disagreements(found):
        st.html(html.sentence(each))
    st.html(html.table(answer.tables["cases"]))
    left, right = st.columns([8, 12], gap="medium")
    with left:
        chart(figure(found, "cases", colour=colour), "cases", "Net present value by case.")
    with right:
        differs = answer.tables["differences"]
        ranges = html.note("State ranges or cases: to see what else may happen.")
        st.html(html.table(differs) if differs else ranges)
    st.html(html.notes(answer.notes))

"""The first page: own GPUs or an API, at what volume, and what that answer rests on."""

from __future__ import annotations

import streamlit as st

from costmodel.errors import InputError
from costmodel.pipeline.report import Report
from costmodel.present.charts.figures import figure
from costmodel.present.charts.theme import colours
from costmodel.present.charts.waterfall import waterfall_option
from costmodel.present.render import html
from costmodel.present.words import report as words
from costmodel.present.words.headline import headline
from costmodel.quantity.answer import Table
from costmodel.quantity.words import usd
from costmodel.scenario import Scenario
from costmodel.ui import downloads, sidebar, state
from costmodel.ui.charts import chart


def page() -> None:
    """Draw the page."""
    with st.sidebar:
        picked = sidebar.pick_scenario()
        if picked.opened is not None:
            sidebar.controls(picked.opened)
        current: Scenario | None = None
        error: InputError | None = None
        if picked.opened is not None:
            try:
                current = state.as_changed(picked.opened)
            except InputError as problem:
                error = problem
        shown = current or (picked.opened.scenario if picked.opened else None)
        sidebar.scenario_file(current)
        if shown is not None:
            st.html(html.note(f"Prices as of {shown.as_of.isoformat()}"))
    sidebar.tell(picked)
    if error is not None:
        st.html(html.problems(error, "These inputs do not fit together.", places=False))
    if current is not None and picked.opened is not None:
        _result(current, picked.opened)


def _result(scenario: Scenario, opened: state.Opened) -> None:
    """The result; under an upload's errors the result that stood there before."""
    try:
        report = state.report_of(scenario)
    except InputError as error:
        before = state.last_worked_out(opened.identity) if opened.uploaded else None
        under = f" Below: {before.name}." if before else ""
        words = f"This cannot be worked out as it stands.{under}"
        st.html(html.problems(error, words, places=opened.uploaded))
        if before is not None:
            _drawn(before, state.report_of(before))
        return
    state.remember(scenario, opened.identity)
    _drawn(scenario, report)


def _drawn(scenario: Scenario, report: Report) -> None:
    accents = colours(report)
    line = headline(report)
    st.html(html.heading(line, accents.get(line.option or "")))
    st.html(html.cards(words.figures(report)))
    _chart(report)
    left, right = st.columns([9, 11], gap="medium")
    with left:
        _waterfall(report)
    with right:
        rests_on = words.evidence_table(report)
        st.html(html.title(rests_on.title))
        st.html(html.table(rests_on))
    _tables(scenario, report, accents)


# ----------------------------------------------------------------------------------------- charts


def _chart(report: Report) -> None:
    left, right = st.columns([1, 1], vertical_alignment="center")
    with left:
        scale = st.segmented_control(
            "Scale of the chart",
            ["linear", "log"],
            default="linear",
            required=True,
            label_visibility="collapsed",
            key="scale",
            bind="query-params",
        )
    with right:
        downloads.image_buttons("curves", headline(report).facts, downloads.image_footer(report))
    chart(
        figure(report, "curves", scale=scale or "linear"),
        "curves",
        f"Monthly bills over volume. {headline(report).reason}",
        downloads.chart_config(f"{sidebar.file_name(report.scenario)}-curves"),
    )


def _waterfall(report: Report) -> None:
    default = waterfall_option(report)
    offered = [o.name for o in report.options if o.lines]
    if default is None or default.name not in offered:
        return
    title, picker = st.columns([5, 4], vertical_alignment="center")
    with picker:
        name = st.selectbox(
            "Bill taken apart",
            offered,
            offered.index(default.name),
            label_visibility="collapsed",
            key=f"of-{default.name}",
        )
    chosen = report.option(name or default.name)
    with title:
        st.html(html.title(f"Where the {usd(chosen.monthly_usd or 0.0)} goes"))
    chart(
        figure(report, "waterfall", option=chosen.name),
        "waterfall",
        f"From the mean load to the all-in bill of {chosen.name}",
    )


# ----------------------------------------------------------------------------------------- tables


def _tables(scenario: Scenario, report: Report, accents: dict[str, str]) -> None:
    name = sidebar.file_name(report.scenario)
    _titled(words.options(report), report, accents, "bill", name)
    lines = words.bill(report)
    with st.expander(lines.title):
        st.html(html.table(lines, accents))
    if report.break_even:
        _titled(words.break_even(report), report, accents, "break_even", name)
    conditions = words.conditions(report)
    if conditions:
        st.html(html.title(conditions.title))
        st.html(html.table(conditions))
    if report.warnings:
        st.html(html.title("Notes on this result"))
        st.html(html.notes(words.by_heading(report.warnings)))
    st.html(html.title("Take it along"))
    downloads.file_buttons(scenario, report, name)
    every_number = words.assumptions(report)
    with st.expander(every_number.title):
        downloads.csv_button(report, "assumptions", name)
        st.html(html.table(every_number))


def _titled(
    found: Table, report: Report, accents: dict[str, str], file: str, file_name: str
) -> None:
    """A table under its title, beside a button for the file of that name."""
    left, right = st.columns([10, 1], vertical_alignment="bottom")
    with left:
        st.html(html.title(found.title))
    with right:
        downloads.csv_button(report, file, file_name)
    st.html(html.table(found, accents))

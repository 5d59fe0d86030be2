"""The first page: own GPUs or an API, at what volume, and what that answer rests on."""

from __future__ import annotations

import streamlit as st

from costmodel.errors import InputError
from costmodel.pipeline.report import OptionResult, Report
from costmodel.present.charts.figures import figure
from costmodel.present.charts.theme import colours
from costmodel.present.charts.waterfall import waterfall_option
from costmodel.present.page import markup
from costmodel.present.words.evidence import evidence
from costmodel.present.words.focus import cheapest_api, earliest_own_option, own_option
from costmodel.present.words.headline import headline
from costmodel.quantity.words import percent, short, shortened, usd
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
            st.html(f"<div class='cm-note'>Prices as of {shown.as_of.isoformat()}</div>")
    sidebar.tell(picked)
    if error is not None:
        st.html(markup.problems(error, "These inputs do not fit together.", places=False))
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
        st.html(markup.problems(error, words, places=opened.uploaded))
        if before is not None:
            _drawn(before, state.report_of(before))
        return
    state.remember(scenario, opened.identity)
    _drawn(scenario, report)


def _drawn(scenario: Scenario, report: Report) -> None:
    accents = colours(report)
    line = headline(report)
    st.html(markup.heading(line, accents.get(line.option or "")))
    st.html(markup.cards(_figures(report)))
    _chart(report)
    left, right = st.columns([9, 11], gap="medium")
    with left:
        _waterfall(report)
    with right:
        st.html(markup.title("What this rests on"))
        st.html(markup.evidence_table(evidence(report)))
    _tables(scenario, report, accents)


# ------------------------------------------------------------------------------- the three figures


def _figures(report: Report) -> list[tuple[str, str, str]]:
    own, api = own_option(report), cheapest_api(report)
    if own is None:
        return _cheapest_figures(report)
    if api is None:
        return [*_cheapest_figures(report)[:2], _busy(own)]
    first = earliest_own_option(report) or own
    return [*_crossings(report, first), _busy(own, name=first.name != own.name)]


def _crossings(report: Report, own: OptionResult) -> list[tuple[str, str, str]]:
    row = report.against_cheapest(own.name)
    if row is None:
        return [
            (name, "–", "no bill can be stated")
            for name in ("First cheaper", "Always cheaper from")
        ]
    first, always = row.first_tokens_per_day, row.always_from_tokens_per_day
    against = f"{shortened(own.name, 28)}, than any eligible API"
    if first is None:
        return [
            ("First cheaper", "Never", against),
            ("Always cheaper from", "Never", "at any volume"),
        ]
    count = len(row.winning.windows) + row.winning.omitted
    windows = f"{count} winning window{'s' if count > 1 else ''}"
    return [
        ("First cheaper", _per_day(first), against),
        (
            "Always cheaper from",
            "Never for good" if always is None else _per_day(always),
            windows if first > 0 or always is None else "at every volume",
        ),
    ]


def _per_day(volume: float) -> str:
    return f"{short(volume)} / day" if volume > 0 else "Any volume"


def _busy(own: OptionResult, *, name: bool = False) -> tuple[str, str, str]:
    fleet = own.fleet
    if fleet is None or not fleet.gpus:
        return (
            "GPUs busy",
            "–",
            "no GPU is needed at this volume" if fleet else "it cannot serve this",
        )
    idle = f"{usd(fleet.idle_usd)} a month is headroom, on {markup.gpu_count(fleet.gpus)}"
    if name:
        idle += f", {shortened(own.name, 28)}"
    return "GPUs busy", percent(fleet.utilisation), idle


def _cheapest_figures(report: Report) -> list[tuple[str, str, str]]:
    name = report.recommendation.option
    if name is None:
        return [("Eligible options", "None", "every option is excluded")]
    best = report.option(name)
    saving = report.recommendation.saving_usd_per_month
    return [
        ("Cheapest", usd(best.monthly_usd or 0.0), f"a month, {name}"),
        ("Per million tokens", usd(best.usd_per_mtok or 0.0), "input and output, all in"),
        (
            "Cheaper than the next by",
            "–" if saving is None else usd(saving),
            "no other option stands"
            if saving is None
            else f"a month, {report.recommendation.runner_up}",
        ),
    ]


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
        st.html(markup.title(f"Where the {usd(chosen.monthly_usd or 0.0)} goes"))
    chart(
        figure(report, "waterfall", option=chosen.name),
        "waterfall",
        f"From the mean load to the all-in bill of {chosen.name}",
    )


# ----------------------------------------------------------------------------------------- tables


def _tables(scenario: Scenario, report: Report, accents: dict[str, str]) -> None:
    name = sidebar.file_name(report.scenario)
    _titled(f"Every option at {short(report.tokens_per_day)} tokens a day", report, "bill", name)
    st.html(markup.options_table(report, accents))
    with st.expander("Every line of every bill"):
        st.html(markup.lines_table(report, accents))
    if report.break_even:
        _titled("Where own GPUs are cheaper", report, "break_even", name)
        st.html(markup.break_even_table(report))
    if report.conditions:
        st.html(markup.title("What each condition costs"))
        st.html(markup.conditions_table(report.conditions))
    if report.warnings:
        st.html(markup.title("Notes on this result"))
        st.html(markup.notes(report.warnings))
    st.html(markup.title("Take it along"))
    downloads.file_buttons(scenario, report, name)
    rows = report.assumption_rows
    with st.expander(f"All {len(rows)} numbers this rests on"):
        downloads.csv_button(report, "assumptions", name)
        st.html(markup.assumptions_table(rows))


def _titled(words: str, report: Report, table: str, name: str) -> None:
    left, right = st.columns([10, 1], vertical_alignment="bottom")
    with left:
        st.html(markup.title(words))
    with right:
        downloads.csv_button(report, table, name)

"""The page *Over time*: cash, worth and payback over the horizon, and what a commitment risks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from costmodel.errors import InputError
from costmodel.pipeline.cautions import DEFAULT_HORIZON_MONTHS
from costmodel.present.charts.figures import figure
from costmodel.present.charts.theme import colours
from costmodel.present.page import markup
from costmodel.present.words import cash as words
from costmodel.quantity.quantity import Quantity
from costmodel.quantity.words import short, shortened, usd
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
    st.html(markup.heading(line, accents.get(line.option or "")))
    st.html(markup.cards(words.cards(flow)))
    _chart("Saved so far, less what was paid", "cumulative", flow, colour=own)
    _chart("What a month costs either way", "monthly_bills", flow, colour=own, api_colour=api)
    left, right = st.columns([11, 9], gap="medium")
    with left:
        st.html(markup.title("Cash, capex and opex apart"))
        st.html(_years(flow))
    with right:
        st.html(markup.title("Stranded, if the volume halves on day one"))
        st.html(_stranded(flow))
    pair = flow.option, flow.against
    found = _renewal(key, pair, flow)
    st.html(markup.title(words.renewal_title(found)))
    _sentences([words.renewal_line(flow, found)])
    st.html(_renewal_table(flow, found))
    _side_by_side(key, scenario, pair, own)
    if flow.warnings:
        st.html(markup.title("Notes on this result"))
        st.html(markup.notes(flow.warnings))
    with st.expander("What the months rest on, beside the bills"):
        st.html(markup.assumptions_table(flow.assumption_rows))


def _chart(heading: str, name: str, flow: CashFlow, **options: Any) -> None:
    st.html(markup.title(heading))
    chart(figure(flow, name, **options), name, f"{heading}. {words.headline(flow).facts}")


# --------------------------------------------------------------------------------------- widgets


def _pair(widgets: Controls, scenario: Scenario) -> tuple[str | None, str | None]:
    """Which option is judged, against which API."""
    st.html(markup.group("Over time"))
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


# ---------------------------------------------------------------------------------------- tables


def _years(flow: CashFlow) -> str:
    """The years in cash, and beside it the option's cost with purchases spread over their life."""
    names = ("reference_usd", "opex_usd", "capex_usd", "option_usd", "flow_usd", "accrual_usd")
    heads = ("Year", "API", "Opex", "Capex", "Option", "Saved", "Option, accrual")
    rows = [
        markup.row(
            [
                (label, ""),
                *((usd(row[name]), "num") for name in names),
            ]
        )
        for label, row in words.periods(flow, "year")
    ]
    total = [("All", ""), *((usd(sum(r[n] for r in flow.year_rows)), "num") for n in names)]
    return markup.table(heads, [*rows, markup.row(total, "total")], numbers=heads[1:])


def _stranded(flow: CashFlow) -> str:
    if not flow.stranded:
        return "<div class='cm-note'>Nothing is committed: the fleet shrinks with the volume.</div>"
    heads = ("Commitment", "Held", "Idle", "For", "Stranded")
    rows = [
        markup.row(
            [
                (markup.text(each.offer, 40), ""),
                (short(each.units), "num"),
                (short(each.idle_units), "num"),
                (f"{each.months:g} months", "num"),
                (usd(each.usd), "num"),
            ]
        )
        for each in flow.stranded
    ]
    total = [("All", ""), *[("", "")] * 3, (usd(flow.stranded_usd), "num")]
    note = "Held and idle: purchase units, a replica or a node of several."
    table = markup.table(heads, [*rows, markup.row(total, "total")], numbers=heads[1:])
    return f"{table}<div class='cm-note'>{note}</div>"


def _renewal_table(flow: CashFlow, found: Renewal) -> str:
    heads = (
        "API prices a year",
        f"Worth over {found.term_months} months",
        "API cheaper from month",
        "Option, month after",
        "API, month after",
        "Then right",
    )
    rows = [
        markup.row(
            [
                (words.signed(row.api_price_change_per_year), "num"),
                (usd(row.npv_usd), "num"),
                (_month(row.api_cheaper_from_month), "num"),
                (usd(row.option_usd), "num"),
                (usd(row.api_usd), "num"),
                (markup.text(words.right_then(row), 48), ""),
            ],
            "total" if row.api_price_change_per_year == flow.api_price_change_per_year else "",
        )
        for row in found.rows
    ]
    return markup.table(heads, rows, numbers=heads[:5])


def _month(month: float | None) -> str:
    return "never" if month is None else f"{month:g}"


def _side_by_side(key: str, scenario: Scenario, pair: tuple[str, str], colour: str) -> None:
    st.html(markup.title("Cases side by side"))
    try:
        found = _cases(key, pair, scenario)
    except InputError as error:
        st.html(markup.problems(error, "A case cannot be worked out.", places=False))
        return
    _sentences(words.case_lines(found))
    st.html(_cases_table(found))
    left, right = st.columns([8, 12], gap="medium")
    with left:
        chart(figure(found, "cases", colour=colour), "cases", "Net present value by case.")
    with right:
        st.html(_differences(found))
    about = _about_cases(found)
    if about:
        st.html(about)


def _sentences(said: Sequence[str]) -> None:
    for sentence in said:
        st.html(f"<p class='cm-reason'>{markup.text(sentence, 600)}</p>")


def _cases_table(found: Cases) -> str:
    own, api = (f"{shortened(name, 24)}, a month" for name in (found.option, found.against))
    heads = ("Case", "Volume", own, api, words.MONTH, "Worth", "IRR", "Payback")
    rows = []
    for case in found.cases:
        volume, own_usd, api_usd, best, worth, rate, back = words.case_row(
            case, found.option, found.against
        )
        cells = [(markup.text(case.name, 40), ""), (volume, "num"), (own_usd, "num"),
                 (api_usd, "num"), (markup.text(best, 40), ""), (worth, "num"), (rate, "num"),
                 (back, "num")]  # fmt: skip
        rows.append(markup.row(cells, "total" if case.name == "base" else ""))
    return markup.table(heads, rows, numbers=(*heads[1:4], *heads[5:]))


def _differences(found: Cases) -> str:
    if not found.differs:
        return "<div class='cm-note'>State ranges or cases: to see what else may happen.</div>"
    names = [case.name for case in found.cases]
    heads = ("What differs", *(shortened(name, 24) for name in names))
    rows = [
        markup.row(
            [
                (markup.text(name), ""),
                *((markup.text(value, 24), "num") for value in values),
            ]
        )
        for name, *values in words.difference_rows(found, 80)
    ]
    return markup.table(heads, rows, numbers=heads[1:])


def _about_cases(found: Cases) -> str:
    said = [(c.name, c.problem or c.description) for c in found.cases if c.name != "base"]
    items = "".join(
        f"<li><b>{markup.text(name, 40)}</b>: {markup.text(text)}</li>"
        for name, text in said
        if text
    )
    return f"<ul class='cm-plain'>{items}</ul>" if items else ""

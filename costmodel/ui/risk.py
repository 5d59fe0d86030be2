"""The page *Risk*: how likely own GPUs win, which number decides it, and what would flip it."""

from __future__ import annotations

import streamlit as st

from costmodel.changes import changed
from costmodel.errors import InputError
from costmodel.present.headline import Headline
from costmodel.present.risk import (
    fan_figure,
    probability_figure,
    short_path,
    tornado_figure,
    two_way_figure,
)
from costmodel.present.theme import colours
from costmodel.report import Report
from costmodel.risk import simulate, two_way
from costmodel.risk_record import Risk, TwoWay
from costmodel.scenario import Scenario
from costmodel.ui import markup, sidebar, state
from costmodel.wording import percent, short, tokens_per_day, usd

STATIC = {"displayModeBar": False}
SAMPLES = (1_000, 10_000, 50_000)
MOST_KEPT = 12
"""Runs kept for one visitor."""


def page() -> None:
    """Draw the page."""
    with st.sidebar:
        picked = sidebar.pick_scenario()
        widgets = sidebar.controls(picked.opened) if picked.opened else None
        samples = st.select_slider("Draws", SAMPLES, 10_000, format_func=lambda n: f"{n:,}")
    if picked.note:
        st.html(f"<p class='cm-unknown'>{markup.text(picked.note)}</p>")
    if picked.error is not None:
        st.html(markup.problems(picked.error, "This file cannot be used yet."))
    if picked.opened is None or widgets is None:
        return
    try:
        scenario = changed(picked.opened.scenario, widgets.changes)
        report = state.report_of(scenario)
        found = _simulated(scenario.model_dump_json(), samples, scenario)
    except InputError as error:
        about = "This cannot be worked out as it stands."
        st.html(markup.problems(error, about, places=picked.opened.uploaded))
        return
    _result(scenario, report, found)


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
    st.html(markup.heading(_headline(found), accents.get(found.option or "")))
    st.html(markup.cards(_cards(found)))
    for note in found.notes:
        st.html(f"<div class='cm-note'>{markup.text(note, 400)}</div>")
    st.html(markup.title("Every bill, and how far it may be off: median, 10th to 90th percentile"))
    st.plotly_chart(fan_figure(found, accents), theme=None, key="fan", config=STATIC,
                    alt="Monthly bills over volume, each with its 80 % band.")  # fmt: skip
    if found.option is None:
        return
    st.html(markup.title("The probability of costing less than the cheapest API"))
    st.plotly_chart(probability_figure(found, accents), theme=None, key="chance", config=STATIC,
                    alt="Probability of winning over volume.")  # fmt: skip
    if found.tornado and found.tornado[0].low_usd != found.tornado[0].high_usd:
        st.html(markup.title("Which number to argue about: each at its 10th and 90th percentile"))
        st.plotly_chart(tornado_figure(found), theme=None, key="tornado", config=STATIC,
                        alt=f"Savings at both ends of each input; {found.tornado[0].path} "
                        "moves them most.")  # fmt: skip
    left, right = st.columns([5, 6], gap="medium")
    with left:
        st.html(markup.title("What would flip the verdict, at your volume"))
        st.html(_goals(found))
    with right:
        _two_ways(scenario, found)
    with st.expander(f"The ranges behind it ({len(found.inputs)})"):
        st.html(_inputs(found))


def _headline(found: Risk) -> Headline:
    at = tokens_per_day(found.tokens_per_day)
    if found.option is None:
        return Headline(
            f"At {at} there is nothing to decide.", "", "It takes own GPUs and an API.", None
        )
    chance = found.probability_at_volume(found.option)
    odds = "an unknown share" if chance is None else percent(chance)
    most = (
        f"{short_path(found.tornado[0].path)} moves it most."
        if found.tornado
        else "No input has a range."
    )
    facts = f"At {at}, {found.option} costs less than the cheapest API in {odds} of draws."
    return Headline(facts, "", most, None)


def _cards(found: Risk) -> list[tuple[str, str, str]]:
    about = next((row for row in found.outlook if row.option == found.option), None)
    cards = []
    if about is not None and about.expected_saving_usd is not None:
        saved = usd(about.expected_saving_usd)
        cards.append(("Saves on average", saved, "a month, against the cheapest API"))
        cards.append(
            ("Regret", usd(about.expected_regret_usd), "a month lost to the best in hindsight")
        )
    edge = next(
        (r for r in found.break_even if (r.option, r.against) == (found.option, "cheapest")), None
    )
    if edge is not None:
        low, middle, high = map(_volume, (edge.first_p10, edge.first_p50, edge.first_p90))
        never = f"{low} to {high}; never in {percent(edge.never_share)} of draws"
        cards.append(("Wins from, in the median", middle, never))
    return cards


def _volume(value: float | None) -> str:
    return "never" if value is None else f"{short(value)} / day"


def _goals(found: Risk) -> str:
    rows = [
        markup.row(
            [
                (markup.text(short_path(g.path), 60), ""),
                (short(g.current), "num"),
                ("no value does" if g.value is None else short(g.value), "num"),
            ],
            "muted" if g.value is None else "",
        )
        for g in found.goal_seek
    ]
    heads = ("Input", "Now", "Flips at")
    return markup.table(heads, rows, numbers=heads[1:])


def _two_ways(scenario: Scenario, found: Risk) -> None:
    st.html(markup.title("Two inputs at once: what it saves a month"))
    paths = list(
        dict.fromkeys([*(s.path for s in found.tornado), *(g.path for g in found.goal_seek)])
    )
    if len(paths) < 2 or found.option is None:
        return
    one, other = st.columns(2)
    with one:
        x = st.selectbox("Across", paths, 0, format_func=short_path, key="two_x")
    with other:
        y = st.selectbox("Up", [p for p in paths if p != x], 0, format_func=short_path, key="two_y")
    table = _table(scenario.model_dump_json(), x, y, found.option, scenario)
    st.plotly_chart(two_way_figure(table), theme=None, key="two_way", config=STATIC,
                    alt=f"Savings over {x} and {y}.")  # fmt: skip


def _inputs(found: Risk) -> str:
    heads = ("Input", "Low", "Likely", "High", "Source")
    rows = [
        markup.row(
            [
                (markup.text(short_path(i.path), 60), ""),
                (short(i.low), "num"),
                (short(i.value), "num"),
                (short(i.high), "num"),
                (markup.text(i.source, 200), ""),
            ]
        )
        for i in found.inputs
    ]
    return markup.table(heads, rows, numbers=heads[1:4])

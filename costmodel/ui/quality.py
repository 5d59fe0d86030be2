"""The page *Quality*: a precision per task, what is known of each format, and your own gate.

Uploaded evaluations are read in memory, within limits, and go nowhere else. What the page
recommends stands on evidence; what is only cheaper is shown and not recommended.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from costmodel.errors import InputError
from costmodel.ingest.evals.read import evals_of
from costmodel.ingest.evals.runs import EvalRun
from costmodel.present.charts.quality import SCALE, SCALE_WORDS, levers_figure, quality_figure
from costmodel.present.charts.theme import ACCENTS
from costmodel.present.render import html
from costmodel.present.words import gate as gate_words
from costmodel.present.words import portfolio as portfolio_words
from costmodel.present.words.quality import method_markdown
from costmodel.quality.gate import Gate, gate
from costmodel.scenario import Scenario
from costmodel.studies.portfolio import Portfolio, portfolio
from costmodel.ui import sidebar, state
from costmodel.ui.charts import chart
from costmodel.ui.controls import Controls
from costmodel.ui.labels import label_text
from costmodel.ui.tables import folded, titled

FIRST = "precision-per-task"
"""The scenario a new visitor of this page sees."""

SIZES = {"all sizes": None, "below 5B": 3.0, "5B to 11B": 8.0, "11B to 45B": 32.0,
         "45B and above": 70.0}  # fmt: skip
UPLOAD_MB = 50
VERDICTS = {"pass": "#0f8f80", "fail": "#b3174a", "inconclusive": "#8a5a00"}
READS = "lm-evaluation-harness, Inspect, promptfoo, EvalPlus, or a table of item and score"


def page() -> None:
    """Draw the page."""
    with st.sidebar:
        picked = sidebar.pick_scenario(FIRST)
        if picked.opened is not None:
            sidebar.also_changed(picked.opened)
        asked = _asked(Controls.of_page("quality"))
    sidebar.tell(picked)
    scenario: Scenario | None = None
    if picked.opened is not None:
        try:
            scenario = state.as_changed(picked.opened)
        except InputError as error:
            sidebar.tell_problems(picked.opened, error)
        else:
            _portfolio(scenario)
    sidebar.scenario_file(scenario)
    _known(*asked)
    _gate()
    _method_table()


def _asked(widgets: Controls) -> tuple[float, float | None]:
    """The floor that is framed, and the size of model that is meant."""
    st.html(html.group("What is known"))
    left, right = st.columns(2)
    with left:
        floor = widgets.number("floor", "Keep at least, %", 98.0, low=50, high=100.0, step=0.5)
    with right:
        size = widgets.choose("size", "Model size", list(SIZES), "all sizes")
    return (floor or 98.0) / 100, SIZES[size]


# -------------------------------------------------------------------------------- the portfolio


@st.cache_resource(max_entries=32, show_spinner="Trying every assignment…")
def _joint(key: str, _scenario: Scenario) -> Portfolio:
    return portfolio(_scenario)


def _portfolio(scenario: Scenario) -> None:
    try:
        found = _joint(scenario.model_dump_json(), scenario)
    except InputError as error:
        st.html(html.problems(error, "A joint choice cannot be worked out as it stands."))
        return
    said = portfolio_words.answer(found)
    st.html(html.heading(said.headline, ACCENTS["own"][0]))
    st.html(html.cards(said.cards))
    left, right = st.columns([13, 9], gap="medium")
    with left:
        titled(said.tables["assignment"])
    if found.levers:
        with right:
            _levers(found, said.tables["levers"].title)
    folded(said.tables["singles"])
    folded(said.tables["candidates"])
    titled(said.tables["checklist"])


def _levers(found: Portfolio, title: str) -> None:
    st.html(html.title(title))
    chart(levers_figure(found), "levers", f"Monthly bill after each lever. {found.reason}")
    if not found.levers[0].stands:
        words = f"Today's API {portfolio_words.MISSES}; the last bar meets them all."
        st.html(html.note(words))


# ----------------------------------------------------------------------------- what is published


def _known(floor: float, params_b: float | None) -> None:
    st.html(html.title("What is published: score kept against the same model at 16 bits, %"))
    st.html(_legend(floor))
    chart(
        quality_figure(floor=floor, params_b=params_b),
        "quality",
        "Retention by format and task: median, 10th percentile and number of rows.",
    )


def _legend(floor: float) -> str:
    swatches = "".join(
        f"<span class='cm-dot' style='background:{colour};border-radius:2px'></span>{text}&ensp;"
        for (_, colour), text in zip(SCALE, SCALE_WORDS, strict=True)
    )
    return (
        f"<div class='cm-note'>Number: median; small: rows; colour: 10th percentile, {swatches}"
        f"white: fewer than 11 rows; hatched: no data; framed: nine in ten keep "
        f"{100 * floor:g} %. Only a gate on your own answers says pass.</div>"
    )


# ------------------------------------------------------------------------------------- the gate


def _gate() -> None:
    st.html(html.title("Your own gate: the same items before and after"))
    st.html(html.note(f"Result files of {READS}. They are read here and kept nowhere."))
    columns = st.columns([4, 4, 4, 2, 2], vertical_alignment="bottom")
    labels = {"baseline": "Baseline", "candidate": "Candidate",
              "again": "Baseline again (noise floor)"}  # fmt: skip
    files = [
        _upload(column, key, label)
        for column, (key, label) in zip(columns[:3], labels.items(), strict=True)
    ]
    with columns[3]:
        margin = (st.number_input("Margin, points", 0.5, 20.0, 2.0, 0.5, key="margin") or 2.0) / 100
    with columns[4]:
        size = st.selectbox("Plan for size", list(SIZES), key="plan_size")
    old, new, again = files
    if old is None or new is None:
        _plan(SIZES[size or "all sizes"], margin)
        return
    try:
        runs = [_run(file, nth) for nth, file in enumerate(files) if file is not None]
        _verdict(gate(runs[0], runs[1], margin=margin, again=runs[2] if again else None))
    except InputError as error:
        st.html(html.problems(error, "These two runs cannot be held against each other."))


def _upload(column: Any, key: str, label: str) -> Any:
    with column:
        return st.file_uploader(
            label,
            ["json", "jsonl", "csv", "eval"],
            key=f"gate_{key}",
            max_upload_size=UPLOAD_MB,
        )


def _run(file: Any, nth: int) -> EvalRun:
    """The run in an upload; where a file holds several, the reader picks."""
    evals = evals_of(file.getvalue(), file.name)
    names = {f"{r.model or r.task or 'all'} · {r.metric}": r for r in evals.runs}
    if len(names) == 1:
        return evals.runs[0]
    chosen = st.selectbox(f"Run in {label_text(file.name)}", list(names), key=f"run_{nth}")
    return names[chosen or next(iter(names))]


def _verdict(found: Gate) -> None:
    said = gate_words.answer(found)
    st.html(html.heading(said.headline, VERDICTS[found.verdict], of_part=True))
    st.html(html.table(said.tables["result"]))
    st.html(html.notes(said.notes))


def _plan(params_b: float | None, margin: float) -> None:
    """How many items it takes, before there are any files."""
    titled(gate_words.plan(gate_words.plans(params_b, margin)))
    st.html(
        html.note(
            f"So that a format that loses nothing passes four times in five. {gate_words.PAIRED} "
            "Formats without published flips are left out; plan with a harsher one."
        )
    )


# -------------------------------------------------------------------------------------- to paste


def _method_table() -> None:
    with st.expander("Method table to paste into a deck"):
        st.code(method_markdown(), language="markdown", wrap_lines=False)

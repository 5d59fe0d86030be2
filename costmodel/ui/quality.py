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
from costmodel.present.page import markup
from costmodel.present.words import quality as words
from costmodel.quality.gate import Gate, gate, rows_of, sentence
from costmodel.quantity.words import usd
from costmodel.scenario import Scenario
from costmodel.studies.portfolio import Candidate, Portfolio, portfolio
from costmodel.studies.preflight import Check
from costmodel.ui import sidebar, state
from costmodel.ui.charts import chart
from costmodel.ui.controls import Controls
from costmodel.ui.labels import label_text

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
    st.html("<div class='cm-group'>What is known</div>")
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
        st.html(markup.problems(error, "A joint choice cannot be worked out as it stands."))
        return
    line = words.portfolio_headline(found)
    st.html(markup.heading(line, "#1d6ae5"))
    st.html(markup.cards(words.portfolio_cards(found)))
    left, right = st.columns([13, 9], gap="medium")
    with left:
        st.html(markup.title("A precision per task"))
        st.html(_assignment(found))
    with right:
        if found.levers:
            st.html(markup.title("From today's API bill, lever by lever"))
            chart(levers_figure(found), "levers", f"Monthly bill after each lever. {found.reason}")
            if not found.levers[0].stands:
                st.html(
                    "<div class='cm-note'>Today's API misses a condition of some task; "
                    "the last bar meets them all.</div>"
                )
    with st.expander(f"Every option on every task ({len(found.candidates)})"):
        st.html(_candidates(found.candidates))
    if found.checklist:
        st.html(markup.title("Before you rely on it"))
        st.html(_checklist(found.checklist))


def _assignment(found: Portfolio) -> str:
    alone = {(c.workload, c.option): c.alone_usd for c in found.candidates}
    rows = [
        markup.row(
            [
                (f"<b>{markup.text(a.workload, 40)}</b>", ""),
                (markup.text(a.option, 60), ""),
                (markup.text(a.precision, 40), "nowrap"),
                (markup.text(a.evidence, 160), ""),
                (_usd(alone.get((a.workload, a.option))), "num"),
            ]
        )
        for a in found.assignment
    ]
    rows += [
        markup.row(
            [
                (markup.text(c.workload, 40), ""),
                (markup.text(c.option, 60), ""),
                ("", ""),
                (f"not recommended: {markup.text(c.evidence, 160)}", ""),
                (_usd(c.alone_usd), "num"),
            ],
            "muted",
        )
        for c in found.without_evidence
    ]
    return markup.table(("Task", "Option", "Precision", "Evidence", "Alone, a month"), rows,
                        numbers=("Alone, a month",))  # fmt: skip


def _candidates(rows: tuple[Candidate, ...]) -> str:
    return markup.table(
        ("Task", "Option", "Alone, a month", "Evidence", "Standing"),
        [
            markup.row(
                [
                    (markup.text(c.workload, 40), ""),
                    (markup.text(c.option, 60), ""),
                    (_usd(c.alone_usd), "num"),
                    (markup.text(c.evidence, 200), ""),
                    ("may serve it" if c.stands else markup.text("; ".join(c.reasons), 200), ""),
                ],
                "" if c.stands else "muted",
            )
            for c in rows
        ],
        numbers=("Alone, a month",),
        tall=False,
    )


def _usd(amount: float | None) -> str:
    return "–" if amount is None else usd(amount)


def _checklist(checks: tuple[Check, ...]) -> str:
    by_option: dict[str, list[Check]] = {}
    for check in checks:
        by_option.setdefault(check.option, []).append(check)
    return f"<div class='cm-notes'>{''.join(map(_option_checks, by_option.items()))}</div>"


def _option_checks(item: tuple[str, list[Check]]) -> str:
    name, checks = item
    lines = "".join(
        f"<li>{'☑' if c.done else '☐'} <b>{markup.text(c.check)}.</b> {markup.text(c.why)}</li>"
        for c in checks
    )
    return f"<div><h4>{markup.text(name, 80)}</h4><ul style='list-style:none'>{lines}</ul></div>"


# ----------------------------------------------------------------------------- what is published


def _known(floor: float, params_b: float | None) -> None:
    st.html(markup.title("What is published: score kept against the same model at 16 bits, %"))
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
    st.html(markup.title("Your own gate: the same items before and after"))
    st.html(f"<div class='cm-note'>Result files of {markup.text(READS)}. They are read here and "
            "kept nowhere.</div>")  # fmt: skip
    columns = st.columns([4, 4, 4, 2, 2], vertical_alignment="bottom")
    files = [
        _upload(column, key, label)
        for column, key, label in zip(
            columns[:3],
            ("baseline", "candidate", "again"),
            ("Baseline", "Candidate", "Baseline again (noise floor)"),
            strict=True,
        )
    ]
    with columns[3]:
        margin = st.number_input("Margin, points", 0.5, 20.0, 2.0, 0.5, key="margin")
    with columns[4]:
        size = st.selectbox("Plan for size", list(SIZES), key="plan_size")
    old, new, again = files
    if old is None or new is None:
        _plan(SIZES[size or "all sizes"], (margin or 2.0) / 100)
        return
    try:
        runs = [_run(file, nth) for nth, file in enumerate(files) if file is not None]
        noise: Any = runs[2] if again is not None else None
        _verdict(gate(runs[0], runs[1], margin=(margin or 2.0) / 100, again=noise))
    except InputError as error:
        st.html(markup.problems(error, "These two runs cannot be held against each other."))


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
    colour = VERDICTS[found.verdict]
    st.html(f"<p class='cm-headline' style='font-size:19px;color:{colour}'>"
            f"{markup.text(sentence(found))}</p>")  # fmt: skip
    rows = [
        markup.row([(markup.text(name), ""), (markup.text(value), "")])
        for name, value in rows_of(found)
    ]
    st.html(markup.table(("", "Result"), rows))
    for note in found.notes:
        st.html(f"<div class='cm-note'>{markup.text(note)}</div>")


def _plan(params_b: float | None, margin: float) -> None:
    """How many items it takes, before there are any files."""
    rows = [
        markup.row([(markup.text(name), ""), *[(text, "num") for text in numbers]])
        for name, *numbers in words.plan_rows(params_b, margin)
    ]
    heads = ("Items a gate needs", "Answers that change", "Results per item", "Totals only")
    st.html(markup.table(heads, rows, numbers=heads[1:]))
    st.html(
        "<div class='cm-note'>So that a format that loses nothing passes four times in five. "
        "Formats without published flips are left out; plan with a harsher one.</div>"
    )


# -------------------------------------------------------------------------------------- to paste


def _method_table() -> None:
    with st.expander("Method table to paste into a deck"):
        st.code(words.method_markdown(), language="markdown", wrap_lines=False)

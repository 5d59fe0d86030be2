"""The result as one page that needs nothing else: verdict, charts, bills and every number.

The chart library is written into the file once, and the file may load nothing: it reads the same
offline, in an archive, or from a mail. Text from users is escaped wherever it stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

from costmodel.pipeline.report import Report
from costmodel.present.charts.theme import FONT, INK, MUTED, RULE, colours
from costmodel.present.charts.waterfall import waterfall_subjects, waterfall_title
from costmodel.present.page import markup
from costmodel.present.render.style import PARTS
from costmodel.present.words.ask import ask_cards, ask_headline
from costmodel.present.words.evidence import evidence
from costmodel.present.words.input_names import input_name, value_text
from costmodel.present.words.outlook import (
    cash_figures,
    cash_sentence,
    goal_words,
    probability_words,
    swing_words,
    widest_first,
)
from costmodel.present.words.provenance import footer
from costmodel.present.words.task_precision import TaskPrecision, precision_rows, precision_title
from costmodel.quantity.words import percent, short, shortened, usd
from costmodel.studies.cashflow.record import CashFlow
from costmodel.studies.risk.record import Risk, Swing

if TYPE_CHECKING:
    import plotly.graph_objects as go

POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
)
"""What the page may load: nothing but what stands in it."""

CSS = f"""
body {{ font-family: {FONT}; color: {INK}; background: #fff; margin: 0; }}
main {{ max-width: 1180px; margin: 0 auto; padding: 34px 28px 60px; }}
section {{ margin-top: 34px; }}
h2 {{ font-size: 17px; font-weight: 650; margin: 0 0 8px; overflow-wrap: anywhere; }}
.cm-brand {{ font-size: 13px; color: {MUTED}; margin: 0 0 18px; overflow-wrap: anywhere; }}
.cm-cards {{ grid-template-columns: repeat(auto-fit, minmax(200px, 1fr)); margin: 14px 0; }}
.chart {{ min-height: 200px; }}
.words {{ font-size: 14px; line-height: 1.55; padding-left: 18px; margin: 6px 0; }}
.words li {{ overflow-wrap: anywhere; }}
footer {{ margin-top: 40px; padding-top: 10px; border-top: 1px solid {RULE}; font-size: 12.5px;
  color: {MUTED}; overflow-wrap: anywhere; }}
@page {{ size: A4 landscape; margin: 12mm; }}
@media print {{
  main {{ max-width: none; padding: 0; }}
  .modebar-container {{ display: none; }}
  section, .chart, tr {{ break-inside: avoid; }}
  section.long {{ break-inside: auto; }}
  thead {{ display: table-header-group; }}
  .cm-wide {{ overflow: visible; max-height: none !important; }}
  .cm-pill, .cm-dot {{ -webkit-print-color-adjust: exact; print-color-adjust: exact; }}
}}
"""

_CONFIG = {
    "displaylogo": False,
    "responsive": True,
    "modeBarButtons": [["toImage"]],
    "toImageButtonOptions": {"format": "png", "scale": 2},
}
"""A chart's tools: only the camera, which draws in the browser."""


def page_text(
    report: Report, *, risk: Risk | None = None, cashflow: CashFlow | None = None
) -> tuple[str, tuple[str, ...]]:
    """The page as HTML, and the sections left out for want of data.

    ``risk`` and ``cashflow``: what `simulate` and `cashflow` returned.
    """
    from plotly.offline import get_plotlyjs

    omitted = [words for missing, words in (
        (risk is None, "risk: none was given"), (cashflow is None, "cash flow: none was given"),
    ) if missing]  # fmt: skip
    parts = "".join(_sections(report, risk, cashflow))
    title = markup.text(report.scenario, 120)
    return (
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        "<meta name='generator' content='costmodel'>"
        f"<title>{title}</title><style>{PARTS}{CSS}</style>"
        f"<script>{get_plotlyjs()}</script></head>\n<body><main>{parts}"
        f"<footer>{markup.text(footer(report, 80))}</footer></main></body></html>\n"
    ), tuple(omitted)


def _sections(report: Report, risk: Risk | None, cashflow: CashFlow | None) -> Iterator[str]:
    accents = colours(report)
    line = ask_headline(report, cashflow)
    yield f"<p class='cm-brand'>{markup.text(report.scenario, 160)}</p>"
    yield markup.heading(line, accents.get(line.option or ""))
    yield markup.cards(ask_cards(report, risk, cashflow))
    yield from _charts(report)
    if risk is not None:
        yield from _risk(report, risk)
    if cashflow is not None:
        yield _section("cash-flow", "Cash flow", _cash(report, cashflow), long=True)
    yield _section("rests-on", "What this rests on", markup.evidence_table(evidence(report)))
    precisions = precision_rows(report)
    if precisions:
        yield _section("precision", precision_title(precisions), _precision(precisions))
    words = f"Every option at {short(report.tokens_per_day)} tokens a day"
    yield _section("options", words, markup.options_table(report, accents))
    lines = markup.lines_table(report, accents)
    yield _section("bill", "Every line of every bill", lines, long=True)
    if report.break_even:
        table = markup.break_even_table(report)
        yield _section("break-even", "Where own GPUs are cheaper", table, long=True)
    if report.conditions:
        table = markup.conditions_table(report.conditions)
        yield _section("conditions", "What each condition costs", table)
    if report.warnings:
        yield _section("notes", "Notes on this result", markup.notes(report.warnings), long=True)
    rows = report.assumption_rows
    table = markup.assumptions_table(rows, tall=True)
    yield _section("assumptions", f"All {len(rows)} numbers this rests on", table, long=True)


def _precision(rows: Sequence[TaskPrecision]) -> str:
    heads = ("Task", "Served by", "Precision", "What is known of it", "Would also do",
             "Would not, or not yet")  # fmt: skip
    return markup.table(
        heads,
        [
            markup.row(
                (markup.text(cell), "")
                for cell in (r.task, r.served_by, r.precision, r.known, r.also, r.not_yet)
            )
            for r in rows
        ],
    )


def _section(name: str, title: str, content: str, *, long: bool = False) -> str:
    css = " class='long'" if long else ""
    return f"<section id='{name}'{css}><h2>{markup.text(title)}</h2>{content}</section>"


# ------------------------------------------------------------------------------------------ charts


def _charts(report: Report) -> Iterator[str]:
    from costmodel.present.charts.figures import figure

    words = f"Monthly bills over volume, as of {report.as_of.isoformat()}"
    yield _section("curves", words, _chart(figure(report, "curves"), "curves-chart"))
    for i, option in enumerate(waterfall_subjects(report)):
        chart = figure(report, "waterfall", option=option.name, width=1120, height=320)
        name = f"waterfall-{i + 1}"
        yield _section(name, waterfall_title(option), _chart(chart, f"{name}-chart"))
    week = _chart(figure(report, "week"), "week-chart")
    yield _section("week", "Traffic over the week", week)


def _chart(chart: go.Figure, name: str) -> str:
    """A figure as a part of the page; its file name is the chart's."""
    options = {**_CONFIG, "toImageButtonOptions": {**_CONFIG["toImageButtonOptions"],
                                                   "filename": name}}  # fmt: skip
    drawn = chart.to_html(
        config=options, include_plotlyjs=False, include_mathjax=False, full_html=False, div_id=name
    )
    return f"<div class='chart'>{drawn}</div>"


# ------------------------------------------------------------------------------- risk and cash flow


def _risk(report: Report, risk: Risk) -> Iterator[str]:
    from costmodel.present.charts.figures import scenario_figure

    rows = widest_first(risk)
    words = [
        *([swing_words(risk)] if rows else []),
        *probability_words(report, risk),
        *goal_words(risk.goal_seek),
    ]
    yield _section("risk", "How sure is this?", _list(words))
    fan = _chart(scenario_figure("fan", report, risk=risk), "fan-chart")
    yield _section("fan", "Every bill over volume: median, and 10th to 90th percentile", fan)
    if rows:
        tornado = _chart(scenario_figure("tornado", report, risk=risk), "tornado-chart")
        title = "Each input at its 10th and 90th percentile, the others as stated"
        yield _section("tornado", title, tornado + _swings(rows))
    if risk.break_even:
        yield _section("first-wins", "Where each option first wins", _first_wins(risk), long=True)


def _swings(rows: Sequence[Swing]) -> str:
    """The tornado in figures."""
    return markup.table(
        ("Input", "Low", "High", "Saved at low", "Saved at high"),
        [
            markup.row(
                [
                    (markup.text(input_name(row.path)), ""),
                    (markup.text(value_text(row.path, row.low)), "num"),
                    (markup.text(value_text(row.path, row.high)), "num"),
                    (markup.text(usd(row.low_usd)), "num"),
                    (markup.text(usd(row.high_usd)), "num"),
                ]
            )
            for row in rows
        ],
        numbers=("Low", "High", "Saved at low", "Saved at high"),
    )


def _first_wins(risk: Risk) -> str:
    """Where each option first wins, as a range over the draws."""
    heads = ("Option", "Against", "10th percentile", "Median", "90th percentile",
             "Never in")  # fmt: skip
    return markup.table(
        heads,
        [
            markup.row(
                [
                    (markup.text(row.option, markup.LONGEST_NAME), ""),
                    (markup.text(row.against, markup.LONGEST_NAME), ""),
                    *((_volume(each), "num") for each in (row.first_p10, row.first_p50,
                                                          row.first_p90)),
                    (percent(row.never_share), "num"),
                ]
            )
            for row in risk.break_even
        ],
        numbers=heads[2:],
    )  # fmt: skip


def _volume(tokens: float | None) -> str:
    return "never" if tokens is None else f"{short(tokens)} / day"


def _cash(report: Report, cashflow: CashFlow) -> str:
    from costmodel.present.charts.figures import scenario_figure

    rows = cashflow.rows
    heads = ("Month", "Tokens a day", "API", "Option", "Flow", "Running sum", "Discounted")
    names = ("reference_usd", "option_usd", "flow_usd", "cumulative_usd",
             "discounted_cumulative_usd")  # fmt: skip
    table = markup.table(
        heads,
        [
            markup.row(
                [
                    (f"{row['month']:.0f}", "num"),
                    (short(row["tokens_per_day"]), "num"),
                    *((f"{row[name]:,.0f}", "num") for name in names),
                ]
            )
            for row in rows
        ],
        numbers=heads,
        tall=False,
    )
    drawn = scenario_figure("cumulative", report, cashflow=cashflow)
    chart = _chart(drawn, "cash-flow-chart")
    return _list([cash_sentence(cashflow)]) + markup.cards(cash_figures(cashflow)) + chart + table


def _list(sentences: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(shortened(each, 400))}</li>" for each in sentences)
    return f"<ul class='words'>{items}</ul>" if items else ""

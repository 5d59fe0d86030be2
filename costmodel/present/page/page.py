"""The result as one page that needs nothing else: verdict, charts, bills and every number.

The chart library is written into the file once, and the file may load nothing: it reads the same
offline, in an archive, or from a mail. The template escapes every text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from costmodel.pipeline.report import Report
from costmodel.present.charts.theme import FONT, INK, MUTED, RULE, colours
from costmodel.present.charts.waterfall import waterfall_subjects, waterfall_title
from costmodel.present.render import html
from costmodel.present.render.style import PARTS
from costmodel.present.words import cash
from costmodel.present.words import report as words
from costmodel.present.words import risk as odds
from costmodel.present.words.ask import ask_cards, ask_headline
from costmodel.present.words.provenance import footer
from costmodel.present.words.task_precision import task_precision
from costmodel.quantity.answer import Card, Table
from costmodel.studies.cashflow.record import CashFlow
from costmodel.studies.risk.record import Risk

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


@dataclass(frozen=True)
class Section:
    """A part of the page: sentences, figures, a chart and a table, as far as it has them."""

    name: str
    title: str
    said: Sequence[str] = ()
    cards: Sequence[Card] = ()
    chart: str = ""
    rest: str = ""
    long: bool = False


def page_text(
    report: Report, *, risk: Risk | None = None, cashflow: CashFlow | None = None
) -> tuple[str, tuple[str, ...]]:
    """The page as HTML, and the sections left out for want of data.

    ``risk`` and ``cashflow``: what `simulate` and `cashflow` returned.
    """
    from markupsafe import Markup
    from plotly.offline import get_plotlyjs

    missing = {"risk: none was given": risk, "cash flow: none was given": cashflow}
    text = (
        html.templates()
        .get_template("page/page.html.j2")
        .render(
            policy=POLICY,
            css=Markup(PARTS + CSS),
            plotly=Markup(get_plotlyjs()),
            scenario=report.scenario,
            line=ask_headline(report, cashflow),
            accents=colours(report) | {None: None},
            cards=ask_cards(report, risk, cashflow),
            sections=[
                replace(each, chart=Markup(each.chart), rest=Markup(each.rest))
                for each in _sections(report, risk, cashflow)
            ],
            footer=footer(report, 80),
        )
    )
    return text, tuple(said for said, given in missing.items() if given is None)


def _sections(report: Report, risk: Risk | None, cashflow: CashFlow | None) -> Iterator[Section]:
    accents = colours(report)

    def table(name: str, found: Table, *, long: bool = False) -> Iterator[Section]:
        if found:
            drawn = html.table(replace(found, scrolls=False), accents)
            yield Section(name, found.title, rest=drawn, long=long)

    yield from _charts(report)
    if risk is not None:
        yield from _risk(report, risk)
        yield from table("first-wins", odds.break_even(risk), long=True)
    if cashflow is not None:
        yield _cash(report, cashflow)
    yield from table("rests-on", words.evidence_table(report))
    yield from table("precision", task_precision(report))
    yield from table("options", words.options(report))
    yield from table("bill", words.bill(report), long=True)
    yield from table("break-even", words.break_even(report), long=True)
    yield from table("conditions", words.conditions(report))
    if report.warnings:
        notes = html.notes(words.by_heading(report.warnings))
        yield Section("notes", "Notes on this result", rest=notes, long=True)
    yield from table("assumptions", words.assumptions(report), long=True)


# ------------------------------------------------------------------------------------------ charts


def _charts(report: Report) -> Iterator[Section]:
    from costmodel.present.charts.figures import figure

    title = f"Monthly bills over volume, as of {report.as_of.isoformat()}"
    yield Section("curves", title, chart=_chart(figure(report, "curves"), "curves-chart"))
    for i, option in enumerate(waterfall_subjects(report)):
        drawn = figure(report, "waterfall", option=option.name, width=1120, height=320)
        name = f"waterfall-{i + 1}"
        yield Section(name, waterfall_title(option), chart=_chart(drawn, f"{name}-chart"))
    week = _chart(figure(report, "week"), "week-chart")
    yield Section("week", "Traffic over the week", chart=week)


def _chart(chart: go.Figure, name: str) -> str:
    """A figure as a part of the page; its file name is the chart's."""
    image = {**_CONFIG["toImageButtonOptions"], "filename": name}
    return chart.to_html(
        config={**_CONFIG, "toImageButtonOptions": image},
        include_plotlyjs=False,
        include_mathjax=False,
        full_html=False,
        div_id=name,
    )


def _risk(report: Report, risk: Risk) -> Iterator[Section]:
    from costmodel.present.charts.figures import scenario_figure

    widest = odds.widest_first(risk)
    said = [
        *([odds.swing_words(risk)] if widest else []),
        *odds.probability_words(risk),
        *odds.goal_words(risk),
    ]
    yield Section("risk", "How sure is this?", said)
    fan = _chart(scenario_figure("fan", report, risk=risk), "fan-chart")
    yield Section("fan", "Every bill over volume: median, and 10th to 90th percentile", chart=fan)
    if widest:
        drawn = _chart(scenario_figure("tornado", report, risk=risk), "tornado-chart")
        table = odds.tornado(risk)
        yield Section("tornado", table.title, chart=drawn, rest=html.table(table))


def _cash(report: Report, flow: CashFlow) -> Section:
    from costmodel.present.charts.figures import scenario_figure

    drawn = scenario_figure("cumulative", report, cashflow=flow)
    return Section(
        "cash-flow",
        "Cash flow",
        [cash.sentence(flow)],
        cash.cards(flow),
        _chart(drawn, "cash-flow-chart"),
        html.table(cash.every_month(flow)),
        long=True,
    )

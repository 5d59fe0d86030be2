"""The deck as a sequence: which slides there are, in which order, and what is left out and why."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from costmodel.pipeline.report import Report
from costmodel.present.charts.waterfall import waterfall_subjects, waterfall_title
from costmodel.present.deck.ask import draw_ask
from costmodel.present.deck.cash import draw_cash
from costmodel.present.deck.curves import curves_title, draw_curves
from costmodel.present.deck.master import Stage, Template, opened
from costmodel.present.deck.sensitivity import draw_sensitivity
from costmodel.present.deck.sheet import Sheet, new_sheet, write_notes
from costmodel.present.deck.tables import (
    assumption_pages,
    draw_assumptions,
    draw_evidence,
    draw_precision,
    draw_scope,
    precision_pages,
)
from costmodel.present.deck.text import plain
from costmodel.present.deck.waterfall import draw_waterfall
from costmodel.present.words.ask import ask_title
from costmodel.present.words.cash import sentence
from costmodel.present.words.evidence import evidence
from costmodel.present.words.provenance import footer
from costmodel.present.words.risk import swing_words, widest_first
from costmodel.present.words.task_precision import task_precision
from costmodel.quantity.words import shortened
from costmodel.studies.cashflow.record import CashFlow
from costmodel.studies.risk.record import Risk


@dataclass(frozen=True)
class Planned:
    """A slide to come: its title, and what draws it."""

    title: str
    draw: Callable[[Sheet], None]


@dataclass(frozen=True)
class LeftOut:
    """A slide without data, and why."""

    reason: str


def write_deck(
    report: Report, template: Template | None, risk: Risk | None, cashflow: CashFlow | None
) -> tuple[bytes, tuple[str, ...]]:
    """The deck as a .pptx file, and what was left out."""
    stage = opened(template)
    foot = footer(report)
    omitted: list[str] = []
    number = 0
    for plan in _plan(report, stage, risk, cashflow):
        if isinstance(plan, LeftOut):
            omitted.append(plan.reason)
            continue
        number += 1
        sheet = new_sheet(stage, plan.title, foot, number)
        plan.draw(sheet)
        write_notes(sheet)
    _describe(stage.presentation, report)
    out = io.BytesIO()
    stage.presentation.save(out)
    return out.getvalue(), tuple(omitted)


def _plan(
    report: Report, stage: Stage, risk: Risk | None, cashflow: CashFlow | None
) -> Iterator[Planned | LeftOut]:
    yield Planned(ask_title(report, cashflow),
                  partial(draw_ask, report=report, risk=risk, cashflow=cashflow))  # fmt: skip
    if any(len(line) for line in report.curve_points.monthly_usd.values()):
        yield Planned(curves_title(report), partial(draw_curves, report=report))
    else:
        yield LeftOut("cost curves: no option has a bill")
    yield from _waterfalls(report)
    yield _sensitivity(report, risk)
    yield from _precision(report, stage)
    yield _cash(report, cashflow)
    yield from _assumptions(report, stage)
    yield Planned("What these bills contain, and what they leave out.",
                  partial(draw_scope, report=report))  # fmt: skip


def _waterfalls(report: Report) -> Iterator[Planned | LeftOut]:
    options = waterfall_subjects(report)
    if not options:
        yield LeftOut("waterfall: no bill has steps that add up to it")
    for option in options:
        draw = partial(draw_waterfall, report=report, option=option)
        yield Planned(waterfall_title(option), draw)


def _sensitivity(report: Report, risk: Risk | None) -> Planned | LeftOut:
    if risk is None:
        return LeftOut("sensitivity: no risk was given")
    if not widest_first(risk):
        return LeftOut("sensitivity: no range moves what the option saves")
    return Planned(swing_words(risk), partial(draw_sensitivity, report=report, risk=risk))


def _precision(report: Report, stage: Stage) -> Iterator[Planned | LeftOut]:
    table = task_precision(report)
    if not table:
        yield LeftOut("precision per task: no workload asks for a quality")
    for page in precision_pages(table, stage.body.height):
        yield Planned(table.title, partial(draw_precision, rows=page))


def _cash(report: Report, cashflow: CashFlow | None) -> Planned | LeftOut:
    if cashflow is None:
        return LeftOut("cash flow: none was given")
    if len(cashflow.rows) < 2:
        return LeftOut("cash flow: it has no months")
    return Planned(sentence(cashflow), partial(draw_cash, report=report, cashflow=cashflow))


def _assumptions(report: Report, stage: Stage) -> Iterator[Planned]:
    decisive = evidence(report)
    if decisive:
        weak = sum(row.kind == "assumed" for row in decisive)
        words = f"; {weak} of them assumed" if weak else ""
        title = f"{len(decisive)} numbers decide this{words}."
        yield Planned(title, partial(draw_evidence, rows=decisive))
    pages = assumption_pages(report, stage.body.height)
    for i, page in enumerate(pages, 1):
        title = f"All {len(report.assumption_rows)} numbers, with source and date"
        where = f" ({i} of {len(pages)})" if len(pages) > 1 else ""
        yield Planned(title + where, partial(draw_assumptions, page=page))


def _describe(presentation: Any, report: Report) -> None:
    """What a file browser shows of the file."""
    about = presentation.core_properties
    about.title, about.author = plain(shortened(report.scenario, 200)), "costmodel"
    about.subject, about.last_modified_by = plain(footer(report))[:250], "costmodel"
    about.keywords = about.comments = ""

"""Quality in words: the portfolio's headline and figures, the method table, the legend."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from costmodel.book import load_book
from costmodel.errors import InputError
from costmodel.present.charts.quality import FORMATS
from costmodel.present.words.headline import Headline
from costmodel.quality.plan import gate_plan
from costmodel.quality.published import ANSWERS, Cell, cell, overall
from costmodel.quantity.words import shortened, usd
from costmodel.studies.portfolio import Portfolio


def portfolio_headline(found: Portfolio) -> Headline:
    """The joint choice in a sentence, what to do, and why."""
    if found.monthly_usd is None:
        return Headline(found.reason, "Gate what is missing.", _why(found), None)
    single = found.one_for_all
    if single is None or single.monthly_usd is None:
        facts = f"No single option stands for every task; one per task does, at {_month(found)}."
        return Headline(facts, "Decide precision per task.", _why(found), _first(found))
    if not found.saving_usd_per_month:
        facts = f"{shortened(single.option, 60)} for every task costs {_month(found)}."
        return Headline(facts, "Splitting it saves nothing here.", _why(found), single.option)
    facts = (
        f"{shortened(single.option, 60)} for every task costs {usd(single.monthly_usd)} a month, "
        f"an option per task {usd(found.monthly_usd)}."
    )
    return Headline(
        facts, f"Deciding per task saves {usd(found.saving_usd_per_month)} a month.",
        _why(found), _first(found),
    )  # fmt: skip


def _month(found: Portfolio) -> str:
    return f"{usd(found.monthly_usd or 0.0)} a month"


def _first(found: Portfolio) -> str | None:
    return found.assignment[0].option if found.assignment else None


def _why(found: Portfolio) -> str:
    each = "; ".join(f"{a.workload} on {a.option} ({a.precision})" for a in found.assignment)
    return f"{each}. Workloads on one option share its fleet." if each else (
        "Options are shown with what is known of them; none is recommended without evidence."
    )  # fmt: skip


def portfolio_cards(found: Portfolio) -> list[tuple[str, str, str]]:
    """Three figures: per task, one for all, and what more evidence could still save."""
    single, open_rows = found.one_for_all, found.without_evidence
    return [
        (
            "One option per task",
            "–" if found.monthly_usd is None else usd(found.monthly_usd),
            "a month, every workload on evidence",
        ),
        (
            "One option for all",
            "–" if single is None or single.monthly_usd is None else usd(single.monthly_usd),
            "no option stands for all" if single is None else f"a month, {single.option}",
        ),
        (
            "Cheaper, without evidence",
            str(len(open_rows)),
            "options shown below, not recommended" if open_rows else "none: nothing to gate next",
        ),
    ]


# ------------------------------------------------------------------------------ the method table

FLOOR = 0.98
"""The retention the method table asks for."""


@dataclass(frozen=True)
class Method:
    """A line of the table one can paste into a deck."""

    method: str
    bits: str
    retention: str
    best_use: str
    """Task families on which nine rows in ten keep 98 %."""
    check_first: str
    """Families on which half of the rows do not."""


def method_table() -> list[Method]:
    """Every format of the map in a line, from the quality book."""
    return [_method(name, weights, kv) for name, weights, kv in FORMATS]


def _method(name: str, weights: str, kv: str) -> Method:
    cells = [cell(weights, task, kv) for task in ANSWERS]
    return Method(
        method=name,
        bits=_bits(weights, kv),
        retention=_retention(overall(weights, kv)),
        best_use=_listed(c for c in cells if c.standing(FLOOR) == "likely"),
        check_first=_listed(c for c in cells if c.standing(FLOOR) == "unlikely"),
    )


def _bits(weights: str, kv: str) -> str:
    if kv:
        from costmodel.serving.kv_cache import kv_dtype_bytes

        return f"{8 * kv_dtype_bytes(kv):.3g} (KV)"
    return f"{load_book().format(weights).bits_per_weight:.3g}"


def _retention(found: Cell) -> str:
    if found.median is None or found.worst is None:
        return "no data"
    tenth = "–" if found.p10 is None else f"{100 * found.p10:.1f}"
    return f"{100 * found.median:.1f} / {tenth} / {100 * found.worst:.0f} % (n = {found.n})"


def _listed(cells: Iterator[Cell]) -> str:
    return ", ".join(found.task for found in cells) or "–"


def method_markdown() -> str:
    """The method table as Markdown, which slides, wikis and documents take."""
    heads = ("Method", "Bits", "Retention: median / p10 / worst", "Likely to keep 98 %",
             "Unlikely to")  # fmt: skip
    rows = [(m.method, m.bits, m.retention, m.best_use, m.check_first) for m in method_table()]
    lines = [heads, ("---",) * len(heads), *rows]
    source = "Published scores against the same model at 16 bits, read 2026-11. Not a gate."
    return "\n".join([*(f"| {' | '.join(line)} |" for line in lines), "", source])


def plan_rows(params_b: float | None, margin: float) -> list[tuple[str, str, str, str]]:
    """Items a gate needs by format: name, flips, paired, totals only."""
    rows = []
    for name, weights, kv in FORMATS:
        if kv:
            continue
        try:
            plan = gate_plan(weights, params_b=params_b, margin=margin)
        except InputError:
            continue
        rows.append((name, f"{plan.flips:.1%}", f"{plan.items:,}", f"{plan.items_unpaired:,}"))
    return rows

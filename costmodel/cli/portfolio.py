"""`costmodel portfolio`: the cheapest option for each workload, all of them together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from costmodel.cli.options import CHECK_FAILED, AsJson, ScenarioFile, emit, positive

if TYPE_CHECKING:
    from costmodel.studies.portfolio import Lever, Portfolio


def portfolio(
    scenario: ScenarioFile,
    *,
    tokens_per_day: Annotated[
        float | None,
        typer.Option(parser=positive, metavar="N", help="Volume of all workloads together."),
    ] = None,
    today: Annotated[
        str | None,
        typer.Option(metavar="OPTION", help="The API in use; default: the first API option."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Exit 3 unless every workload has an option.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Which precision for which task: the cheapest joint choice that stands on evidence."""
    from costmodel.scenario import load_scenario
    from costmodel.studies.portfolio import portfolio as cheapest

    found = cheapest(load_scenario(scenario), tokens_per_day=tokens_per_day, today=today)
    emit(found.to_dict(), as_json, lambda: _text(found))
    if check and found.monthly_usd is None:
        raise typer.Exit(CHECK_FAILED)


def _text(found: Portfolio) -> str:
    from costmodel.cli.text import paragraph, sections, table, titled
    from costmodel.quantity.words import usd

    def amount(value: float | None) -> str:
        return "-" if value is None else usd(value)

    chosen = table(
        ["WORKLOAD", "OPTION", "PRECISION", "EVIDENCE"],
        [(a.workload, a.option, a.precision, a.evidence) for a in found.assignment],
        whole=["OPTION"],
    )
    singles = table(
        ["ONE FOR ALL", "USD A MONTH", ""],
        [(s.option, amount(s.monthly_usd), "; ".join(s.excluded_by)) for s in found.singles],
        ["USD A MONTH"],
    )
    levers = table(
        ["LEVER", "USD A MONTH", "WHAT"],
        [
            (lever.name, amount(lever.monthly_usd), lever.what + _misses(lever))
            for lever in found.levers
        ],
        ["USD A MONTH"],
    )
    open_rows = [(c.workload, c.option, amount(c.alone_usd), c.evidence)
                 for c in found.without_evidence]  # fmt: skip
    checks = "\n".join(
        paragraph(f"[{'x' if c.done else ' '}] {c.option}: {c.check}: {c.why}", "    ")
        for c in found.checklist
    )
    return sections(
        paragraph(found.reason),
        chosen if found.assignment else "",
        singles,
        titled("FROM TODAY'S BILL", levers) if found.levers else "",
        titled("CHEAPER, BUT WITHOUT EVIDENCE",
               table(["WORKLOAD", "OPTION", "ALONE", "WHAT IS KNOWN"], open_rows, ["ALONE"]))
        if open_rows else "",
        titled("BEFORE YOU RELY ON IT", checks),
    )  # fmt: skip


def _misses(lever: Lever) -> str:
    return "" if lever.stands else " (misses a condition of some workload)"

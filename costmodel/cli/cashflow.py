"""`costmodel cashflow` and `costmodel cases`: money over time, and named cases side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from costmodel.cli.options import CHECK_FAILED, AsJson, ScenarioFile, emit

if TYPE_CHECKING:
    from costmodel.pipeline.report import Report
    from costmodel.studies.cases import Cases
    from costmodel.studies.cashflow.record import CashFlow

OptionName = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Option to judge; default: the best with own GPUs."),
]
AgainstName = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="What is paid today; default: the cheapest eligible API."),
]
MOST_LETTERS = 40
"""Of an input's name beside its values."""
MOST_MONTHS_SHOWN = 12
"""A longer horizon is shown by year."""


def cashflow(
    scenario: ScenarioFile,
    *,
    option: OptionName = None,
    against: AgainstName = None,
    check: Annotated[
        bool, typer.Option("--check", help="Exit 3 unless the net present value is above 0.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Money over time: net present value, rate of return, payback, renewal."""
    from costmodel.pipeline.evaluate import evaluate
    from costmodel.scenario import load_scenario
    from costmodel.studies.cashflow.cashflow import cashflow as work_out

    stated = load_scenario(scenario)
    found = work_out(stated, option, against)
    emit(found.to_dict(), as_json, lambda: _flow_text(found, evaluate(stated)))
    if check and not found.pays:
        raise typer.Exit(CHECK_FAILED)


def cases(
    scenario: ScenarioFile,
    *,
    option: OptionName = None,
    against: AgainstName = None,
    as_json: AsJson = False,
) -> None:
    """Base, best, worst and the scenario's own cases side by side, and what differs."""
    from costmodel.scenario import load_scenario
    from costmodel.studies.cases import cases as work_out

    found = work_out(load_scenario(scenario), option, against)
    emit(found.to_dict(), as_json, lambda: _cases_text(found))


# ----------------------------------------------------------------------------------- cash flow


def _flow_text(found: CashFlow, report: Report) -> str:
    from costmodel.cli.text import paragraph, sections, table, titled
    from costmodel.present.words import cash as words

    line = words.headline(found, report.recommendation.option)
    cautions = [paragraph(f"  {w.code}: {w.message}", "    ") for w in found.warnings]
    return sections(
        f"{paragraph(f'{line.facts} {line.advice}')}\n{paragraph(line.reason)}",
        table(["", "", "WHAT"], words.cards(found), [""]),
        _periods(found),
        _stranded(found),
        titled(words.renewal_title(found.renewal).upper(),
               f"{paragraph(words.renewal_line(found, found.renewal))}\n"
               f"{_renewal(found)}"),
        titled("WARNINGS", "\n".join(cautions)),
    )  # fmt: skip


def _periods(found: CashFlow) -> str:
    """The months of a short horizon, the years of a long one."""
    from costmodel.cli.text import table
    from costmodel.present.words import cash as words
    from costmodel.quantity.words import usd

    by_year = found.horizon_months > MOST_MONTHS_SHOWN
    period = "year" if by_year else "month"
    rows = words.periods(found, period)
    names = ("reference_usd", "option_usd", "opex_usd", "capex_usd", "accrual_usd", "flow_usd")
    heads = ["API", "OPTION, CASH", "OPEX", "CAPEX", "OPTION, ACCRUAL", "SAVED, CASH"]
    cells = [[label, *(usd(row[name]) for name in names)] for label, row in rows]
    total = ["all", *(usd(sum(row[name] for _, row in rows)) for name in names)]
    return table([period.upper(), *heads], [*cells, total], heads)


def _stranded(found: CashFlow) -> str:
    from costmodel.cli.text import table
    from costmodel.quantity.words import short, usd

    rows = [
        [each.offer, short(each.units), short(each.idle_units), f"{each.months:g}", usd(each.usd)]
        for each in found.stranded
    ]
    heads = ["STRANDED IF VOLUME HALVES", "UNITS", "IDLE", "MONTHS", "USD"]
    return table(heads, rows, heads[1:]) if rows else ""


def _renewal(found: CashFlow) -> str:
    from costmodel.cli.text import table
    from costmodel.present.words import cash as words
    from costmodel.quantity.words import usd

    rows = [
        [
            words.signed(row.api_price_change_per_year),
            usd(row.npv_usd),
            "never" if row.api_cheaper_from_month is None else f"{row.api_cheaper_from_month:g}",
            usd(row.option_usd),
            usd(row.api_usd),
            words.right_then(row),
        ]
        for row in found.renewal.rows
    ]
    worth = f"NPV, {found.renewal.term_months} MONTHS"
    heads = ["API PRICES A YEAR", worth, "API AHEAD FROM", "OPTION THEN", "API THEN", "CHEAPER"]
    return table(heads, rows, heads[:5])


# --------------------------------------------------------------------------------------- cases


def _cases_text(found: Cases) -> str:
    from costmodel.cli.text import paragraph, sections, table, titled
    from costmodel.present.words import cash as words

    rows = [
        [_case_name(each.name, derived=each.derived),
         *words.case_row(each, found.option, found.against)]
        for each in found.cases
    ]  # fmt: skip
    heads = ["CASE", "VOLUME", "OPTION", "API", words.MONTH.upper(), "NPV", "IRR", "PAYBACK"]
    names = [each.name for each in found.cases]
    differs = words.difference_rows(found, MOST_LETTERS)
    notes = [paragraph(f"- {each.name}: {each.description}", "  ") for each in found.cases
             if each.description]  # fmt: skip
    broken = [paragraph(f"- {each.name}: {each.problem}", "  ") for each in found.cases
              if each.problem]  # fmt: skip
    pair = f"{found.option} against {found.against}, a month at today's prices and over the horizon"
    return sections(
        "\n".join([paragraph(pair), *(paragraph(each, "  ") for each in words.case_lines(found))]),
        table(heads, rows, [*heads[1:4], *heads[5:]]),
        table(["WHAT DIFFERS", *(n.upper() for n in names)], differs) if differs else "",
        "\n".join(notes),
        titled("NO CASH FLOW", "\n".join(broken)),
    )


def _case_name(name: str, *, derived: bool) -> str:
    return f"{name} (derived)" if derived else name

"""The sheet Bill: how each bill comes about, from the inputs down to the total.

A block per option. Beside every total stands what the tool said when the file was made, and a
check that turns red where the two differ although no input has been changed.
"""

from __future__ import annotations

from functools import singledispatch

from costmodel.pipeline.bills import Bill
from costmodel.pipeline.bills.api import ApiBill
from costmodel.pipeline.bills.fleet import FleetBill
from costmodel.pipeline.bills.mix import MixBill
from costmodel.pipeline.report import OptionResult, Report
from costmodel.present.workbook.bill_api import api_part
from costmodel.present.workbook.bill_fleet import fleet_part
from costmodel.present.workbook.bill_sheet import WIDTH, BillSheet, shapes_of
from costmodel.present.workbook.checks import Checks
from costmodel.present.workbook.formula import added
from costmodel.present.workbook.hours import Hours
from costmodel.present.workbook.inputs import RERUN, Inputs
from costmodel.present.workbook.live import why_not_live
from costmodel.present.workbook.parts import BillFormula, MixPart
from costmodel.present.workbook.sheets import Book, Sheet


def write_bills(
    book: Book, report: Report, inputs: Inputs, hours: Hours, checks: Checks
) -> dict[str, BillFormula]:
    """Every bill; those that can be are formulas and come back, by option."""
    sheet = book.sheets["Bill"]
    sheet.text(0, 0, "Bill", "title")
    sheet.text(1, 0, "USD a month, at the volume on the sheet Inputs.", "subtitle")
    sheet.widths(44, 17, *([12] * (WIDTH - 2)))
    sheet.worksheet.freeze_panes(3, 1)
    desk = _desk(report, inputs, hours, checks, sheet)
    found: dict[str, BillFormula] = {}
    for option in report.options:
        part = _block(desk, option)
        if part is not None:
            found[option.name] = part
        desk.row += 1
    sheet.worksheet.print_area(0, 0, desk.row, WIDTH - 1)
    return found


def _desk(report: Report, inputs: Inputs, hours: Hours, checks: Checks, sheet: Sheet) -> BillSheet:
    """The volume and the demand of every workload, which all blocks share."""
    row, requests, tokens = 3, {}, []
    sheet.heading(row, "Volume", WIDTH - 1)
    for workload in report.inputs.workloads:
        row += 1
        per_request = added(
            inputs[workload.name, f"{name}{suffix}"] * share
            for name in ("input_tokens", "output_tokens")
            for suffix, share in shapes_of(inputs, workload.name, len(workload.request_shapes))
        )
        if workload.tokens_per_day is not None:
            daily = inputs[workload.name, "tokens_per_day"] / per_request
        else:
            daily = inputs[workload.name, "requests_per_day"]
        sheet.text(row, 0, f"requests a day: {workload.name}")
        requests[workload.name] = sheet.put(row, 1, daily, "tokens")
        tokens.append(requests[workload.name] * per_request)
    sheet.text(row + 1, 0, "tokens a day")
    volume = sheet.put(row + 1, 1, added(tokens), "tokens/day", "sum")
    volume = sheet.book.named("tokens_per_day", volume)
    profiles = report.facts.profiles
    demands = {w.name: hours.demand(w, profiles.get(w.name)) for w in report.inputs.workloads}
    return BillSheet(report, inputs, hours, checks, sheet, volume, requests, demands, row + 3)


def _block(desk: BillSheet, option: OptionResult) -> BillFormula | None:
    reason = why_not_live(desk.report, option.name)
    bill = desk.report.bills.get(option.name)
    if reason is not None or bill is None:
        _locked(desk, option, reason or "")
        return None
    part = _formulas(bill, desk, option.name)
    desk.checks.bill(desk.sheet, desk.row, part.total, option)
    desk.row += 2
    return part


@singledispatch
def _formulas(bill: Bill, desk: BillSheet, option: str) -> BillFormula:
    """The cells of a bill under its name."""
    raise TypeError(f"no formulas for {type(bill).__name__}")


@_formulas.register(ApiBill)
@_formulas.register(FleetBill)
def _single(bill: ApiBill | FleetBill, desk: BillSheet, option: str) -> BillFormula:
    desk.heading(option)
    return _part(desk, option, bill)


@_formulas.register
def _mix(bill: MixBill, desk: BillSheet, option: str) -> BillFormula:
    parts = []
    for name, part in bill.parts.items():
        served = ", ".join(traffic.workload.name for traffic in part.traffic)
        desk.heading(f"{option}: {name}", f"serves {served}")
        parts.append(_part(desk, name, part))
    desk.heading(option)
    for name, part in zip(bill.parts, parts, strict=True):
        desk.line(name, part.total, "USD/month")
    total = desk.line("total", added(part.total for part in parts), "USD/month", sums=True)
    return MixPart(total, parts)


def _part(desk: BillSheet, option: str, bill: ApiBill | FleetBill) -> BillFormula:
    """The cells of one API or fleet; written once for the same terms and workloads."""
    key = option, frozenset(traffic.workload.name for traffic in bill.traffic)
    if key not in desk.written:
        desk.written[key] = _cells(bill, desk, option)
    return desk.written[key]


@singledispatch
def _cells(bill: Bill, desk: BillSheet, option: str) -> BillFormula:
    raise TypeError(f"no formulas for {type(bill).__name__}")


_cells.register(api_part)
_cells.register(fleet_part)


def _locked(desk: BillSheet, option: OptionResult, reason: str) -> None:
    """A bill that is no formula: the tool's lines as values."""
    desk.heading(option.name, f"{RERUN}: {reason}")
    for line in option.lines:
        desk.sheet.text(desk.row, 0, line.name)
        desk.sheet.value(desk.row, 1, line.usd, "USD/month")
        desk.sheet.text(desk.row, 2, f"{line.kind}: {line.source}", "note")
        desk.row += 1
    desk.sheet.text(desk.row, 0, "total")
    desk.sheet.value(desk.row, 1, option.monthly_usd, "USD/month")
    desk.row += 1

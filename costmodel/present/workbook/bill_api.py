"""An API's block on the sheet Bill: one row per kind of request, then contract and people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from costmodel.pipeline.bills.api import ApiBill
from costmodel.present.workbook.bill_sheet import BillSheet, shapes_of, sizes_of
from costmodel.present.workbook.formula import Formula, added, largest, of, total
from costmodel.present.workbook.parts import (
    ApiPart,
    Bands,
    BillFormula,
    Commit,
    Staircase,
    UnitsPart,
    one_less,
)
from costmodel.scenario import Contract

if TYPE_CHECKING:
    from costmodel.cost.api import PriceTier

PRICED = ("input", "cached_input", "cache_write", "output")
COLUMNS = (
    "Requests a month", "Input tokens", "Output tokens", "Cached share", "Written share",
    "Input $/Mtok", "Cached $/Mtok", "Write $/Mtok", "Output $/Mtok",
    "Input", "Cached input", "Cache write", "Output", "Request fee",
)  # fmt: skip
"""After the name of the row."""


def api_part(bill: ApiBill, desk: BillSheet, option: str) -> BillFormula:
    """Write an API's block."""
    contract = bill.api.contract
    people = (
        desk.inputs["overheads", "usd_per_hour"]
        * (desk.inputs["overheads", "per_api hours_per_month"])
    )
    if contract is not None and contract.kind == "provisioned":
        return _provisioned(desk, option, bill, people)
    spend = _list_spend(desk, option, bill)
    per_token = desk.line("list spend for each token a day", spend / desk.volume, "USD/request")
    terms = None
    billed = spend
    if contract is not None:
        terms = _terms(desk, option, contract, spend, bill)
        discount = desk.line("contract discount", terms.of(spend) - spend, "USD/month")
        billed = spend + discount
    paid = desk.line("engineering (API)", people, "USD/month", "hours x rate")
    cell = desk.line("total", billed + paid, "USD/month", sums=True)
    return ApiPart(cell, per_token, paid, terms)


def _list_spend(desk: BillSheet, option: str, bill: ApiBill) -> Formula:
    """The rows of requests, and their sum."""
    sheet, first = desk.sheet, desk.row + 1
    sheet.text(desk.row, 0, "list prices", "column")
    sheet.texts(desk.row, COLUMNS, "column_right", 1)
    desk.row += 1
    usd: list[Formula] = []
    for traffic in bill.traffic:
        name = traffic.workload.name
        several = traffic.workload.shapes is not None
        for i, shape in enumerate(traffic.workload.request_shapes):
            suffix = f" [{i + 1}]" if several else ""
            share = desk.inputs[name, f"share{suffix}"] if several else of(1)
            batch = desk.inputs[name, "batch_share"]
            ratio = bill.api.input_token_ratio
            tokens = shape.input_tokens.value * (ratio.value if ratio else 1.0)
            prices = bill.hourly_prices[0]
            kinds = [("", prices.tiers, share * one_less(batch) if prices.batch else share)]
            if prices.batch is not None:
                kinds.append((" (batch)", prices.batch, share * batch))
            for kind, tiers, part in kinds:
                tier = _tier_suffix(tiers, tokens) + kind
                usd.append(_request_row(desk, option, name, suffix, tier, part))
    columns = [
        sheet.put(
            desk.row, 10 + k, total(sheet.column(first, 10 + k, [u.value[k] for u in usd])),
            "USD/month", "sum",
        )
        for k in range(5)
    ]  # fmt: skip
    sheet.text(desk.row, 0, "list spend by line")
    desk.row += 1
    return desk.line("list spend", added(columns), "USD/month")


def _tier_suffix(tiers: tuple[PriceTier, ...], input_tokens: float) -> str:
    """The suffix of the inputs of the tier that prices a request of so many input tokens."""
    above = [t.above_input_tokens for t in tiers[1:] if input_tokens > t.above_input_tokens]
    return f" above {above[-1]:,.0f} input" if above else ""


def _request_row(
    desk: BillSheet, option: str, workload: str, shape: str, tier: str, share: Formula
) -> Formula:
    """One row: requests, tokens, prices, and USD by line; comes back with the five amounts."""
    sheet, inputs, row = desk.sheet, desk.inputs, desk.row
    sheet.text(row, 0, f"{workload}{shape}{' (batch)' if tier.endswith('(batch)') else ''}")
    days = inputs["calendar", "days_per_month"]
    requests = sheet.put(row, 1, desk.requests[workload] * days * share, "tokens")
    tokens = [
        sheet.put(
            row, 2 + k,
            inputs[workload, f"{side}_tokens{shape}"] * inputs[option, f"{side}_token_ratio"],
            "tokens",
        )
        for k, side in enumerate(("input", "output"))
    ]  # fmt: skip
    cached = sheet.put(row, 4, inputs[workload, "cached_input_share"], "share")
    written = sheet.put(row, 5, inputs[workload, "cache_write_share"], "share")
    prices = [
        sheet.put(row, 6 + k, inputs[option, f"{name}_usd_per_mtok{tier}"], "USD/Mtok")
        for k, name in enumerate(PRICED)
    ]
    counts = (
        tokens[0] * largest(of(1) - cached - written, 0),
        tokens[0] * cached,
        tokens[0] * written,
        tokens[1],
    )
    mtok = inputs[("tokens_per_mtok",)]
    amounts = [requests * count * price / mtok for count, price in zip(counts, prices, strict=True)]
    amounts.append(requests * inputs[option, "usd_per_request"])
    for k, amount in enumerate(amounts):
        sheet.put(row, 10 + k, amount, "USD/month")
    desk.row += 1
    return Formula("", [amount.value for amount in amounts])


# ----------------------------------------------------------------------------------- contracts


def _terms(
    desk: BillSheet, option: str, contract: Contract, spend: Formula, bill: ApiBill
) -> Bands | Commit:
    if contract.kind == "commit":
        usd = desk.inputs[option, "commit usd_per_month"]
        left = one_less(desk.inputs[option, "commit discount"])
        covered = desk.line("list spend it covers", usd / left, "USD/month")
        return Commit(usd, covered, one_less(desk.inputs[option, "overage_discount"]))
    return _bands(desk, option, contract, spend, bill)


def _bands(
    desk: BillSheet, option: str, contract: Contract, spend: Formula, bill: ApiBill
) -> Bands:
    """The steps as a small table: from which list spend, at what rate, and the bill up to there."""
    sheet, inputs, first = desk.sheet, desk.inputs, desk.row + 1
    words = ("contract steps", "From list USD", "Pays of list", "Bill up to there")
    sheet.texts(desk.row, words[:1], "column")
    sheet.texts(desk.row, words[1:], "column_right", 1)
    desk.row += 1
    starts: list[Formula] = []
    rates: list[Formula] = []
    billed: list[Formula] = []
    for i in range(len(contract.steps or ())):
        row = desk.row
        sheet.text(row, 0, f"step {i + 1}")
        begins = _step_end(desk, option, i, spend, bill) if i else None
        start = (
            sheet.put(row, 1, begins, "USD/month") if begins else sheet.value(row, 1, 0.0, "USD")
        )
        rate = sheet.put(row, 2, one_less(inputs[option, f"step {i + 1} discount"]), "share")
        if i:
            below = billed[-1] + (start - starts[-1]) * rates[-1]
            billed.append(sheet.put(row, 3, below, "USD/month"))
        else:
            billed.append(sheet.value(row, 3, 0.0, "USD"))
        starts.append(start)
        rates.append(rate)
        desk.row += 1
    columns = [
        sheet.column(first, column, [cell.value for cell in cells])
        for column, cells in ((1, starts), (2, rates), (3, billed))
    ]
    return Bands(*columns, whole_month=contract.kind == "all-units")


def _step_end(desk: BillSheet, option: str, i: int, spend: Formula, bill: ApiBill) -> Formula:
    """Where the step before ends; an end in tokens is converted at the list price of the mix."""
    by_spend = option, f"step {i} up_to_usd_per_month"
    if by_spend in desk.inputs:
        return desk.inputs[by_spend]
    days = desk.inputs["calendar", "days_per_month"]
    tokens = added(
        desk.requests[traffic.workload.name] * _billed_tokens(desk, option, traffic.workload.name)
        for traffic in bill.traffic
    )
    return desk.inputs[option, f"step {i} up_to_mtok_per_month"] * (
        spend / (tokens * days / desk.inputs[("tokens_per_mtok",)])
    )


def _billed_tokens(desk: BillSheet, option: str, workload: str) -> Formula:
    count = len(desk.report.inputs.workload(workload).request_shapes)
    return added(
        desk.inputs[workload, f"{side}_tokens{suffix}"]
        * share
        * desk.inputs[option, f"{side}_token_ratio"]
        for side in ("input", "output")
        for suffix, share in shapes_of(desk.inputs, workload, count)
    )


def _provisioned(desk: BillSheet, option: str, bill: ApiBill, people: Formula) -> UnitsPart:
    """Units by the month, sized for the busiest minute."""
    per_unit = desk.inputs[option, "unit tokens_per_s"]
    names = [traffic.workload.name for traffic in bill.traffic]
    capacity = {name: per_unit / _billed_tokens(desk, option, name) for name in names}
    sizes, busy = sizes_of(desk, capacity, "units kept busy")
    peak = desk.line(
        "load to provide for",
        desk.hours.peak(option, sizes, [desk.demands[name] for name in names], busy),
        "replicas",
    )
    slope = desk.line("units for each token a day", peak / desk.volume, "plain")
    unit_usd = desk.inputs[option, "usd_per_unit_month"]
    steps = Staircase(of(0), slope, of(1), desk.inputs[("step_tolerance",)])
    units = desk.line("whole units", steps.units(desk.volume), "units")
    usd = desk.line("provisioned units", units * unit_usd, "USD/month")
    paid = desk.line("engineering (API)", people, "USD/month", "hours x rate")
    cell = desk.line("total", usd + paid, "USD/month", sums=True)
    return UnitsPart(cell, paid, unit_usd, steps)

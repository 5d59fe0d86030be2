"""A fleet's block on the sheet Bill: from the mean load to whole units, then to dollars."""

from __future__ import annotations

import numpy as np

from costmodel.cost.terms import FleetTerms
from costmodel.pipeline.bills.fleet import ENGINEERING, PLATFORM, FleetBill
from costmodel.present.workbook.bill_sheet import BillSheet, sizes_of
from costmodel.present.workbook.formula import (
    Formula,
    added,
    call,
    either,
    larger,
    largest,
    mean,
    of,
    smallest,
    total,
    whole_units,
)
from costmodel.present.workbook.parts import FleetPart, Staircase, one_less


def fleet_part(bill: FleetBill, desk: BillSheet, option: str) -> FleetPart:
    """Write a fleet's block."""
    names = [traffic.workload.name for traffic in bill.traffic]
    capacity = {name: desk.inputs[option, f"requests_per_s {name}"] for name in names}
    sizes, busy = sizes_of(desk, capacity, "replicas kept busy")
    money = _Money(desk, option, bill.terms)
    if bill.terms.pinned_replicas is not None:
        return _pinned(desk, option, bill, money)
    demands = [desk.demands[name] for name in names]
    by_load, offset = _before_rounding(desk, option, bill.terms, money)
    floor = desk.line(
        "units at least",
        largest(
            whole_units(
                (desk.inputs[option, "min_replicas"] + desk.inputs[option, "spare_replicas"])
                / money.per_unit,
                money.tolerance,
            ),
            money.committed_units,
        ),
        "units",
        "minimum and spares, or the commitments",
    )
    if bill.terms.by_the_hour:
        load = desk.hours.provided_for(_whose(option, names, desk), sizes, demands, busy)
        steps, billed = _by_the_hour(desk, option, load, by_load, offset, floor, money)
    else:
        peak = desk.line(
            "load to provide for",
            desk.hours.peak(_whose(option, names, desk), sizes, demands, busy),
            "replicas",
            "the busiest hour and its bursts, after work that waits has filled the troughs",
        )
        slope = desk.line("units for each token a day", peak * by_load / desk.volume, "plain")
        steps = Staircase(offset, slope, floor, money.tolerance)
        billed = desk.line("units", steps.units(desk.volume), "units", "whole, spares included")
    return _totalled(desk, option, bill, money, steps, billed)


def _whose(option: str, names: list[str], desk: BillSheet) -> str:
    everything = len(names) == len(desk.report.inputs.workloads)
    return option if everything else f"{option} ({', '.join(names)})"


class _Money:
    """What units are and cost: lines that every kind of fleet has."""

    def __init__(self, desk: BillSheet, option: str, terms: FleetTerms) -> None:
        inputs = desk.inputs
        self.tolerance = inputs[("step_tolerance",)]
        gpus, node = inputs[option, "gpus_per_replica"], inputs[option, "node_gpus"]
        whole = call("INT", float(np.floor(node.value / gpus.value)), node / gpus)
        self.per_unit = desk.line("replicas per unit", largest(1, whole), "units", "unit: a node")
        in_nodes = whole_units(gpus / node, self.tolerance) * node
        self.gpus_per_unit = desk.line("GPUs per unit", either(node > 1, in_nodes, gpus), "units")
        hours = inputs["calendar", "hours_per_month"]
        rates = [
            inputs[option, f"offer {i + 1} usd_per_gpu_hour"] for i in range(len(terms.offers))
        ]
        self.unit_usd_of = [
            desk.line(
                f"a unit for a month: {offer.name}",
                self.gpus_per_unit * rate * hours,
                "USD/month",
            )
            for rate, offer in zip(rates, terms.offers, strict=True)
        ]
        self.units_of: list[Formula | None] = []
        self.lost = [(option, f"offer {i + 1} interruption_overhead") for i in range(len(rates))]
        for i, offer in enumerate(terms.offers[:-1]):
            path = option, f"offer {i + 1} replicas"
            if offer.optimal or path not in inputs:
                self.units_of.append(None)
                continue
            units = whole_units(inputs[path] / self.per_unit, self.tolerance)
            self.units_of.append(desk.line(f"units committed: {offer.name}", units, "units"))
        self.elastic_usd = self._elastic(desk, terms)

    def _elastic(self, desk: BillSheet, terms: FleetTerms) -> Formula:
        """The last offer; always on, a commitment of open size in its place where cheaper."""
        if terms.best_mix is None:
            return self.unit_usd_of[-1]
        open_size = self.unit_usd_of[terms.offers.index(terms.best_mix)]
        cheaper = smallest(open_size, self.unit_usd_of[-1])
        return desk.line("a unit for a month, the cheaper", cheaper, "USD/month")

    @property
    def committed(self) -> list[tuple[Formula, Formula]]:
        """Units under each commitment of stated size, and what one costs a month."""
        pairs = zip(self.units_of, self.unit_usd_of, strict=False)
        return [(units, usd) for units, usd in pairs if units is not None]

    @property
    def committed_units(self) -> Formula:
        """All of them."""
        return added(units for units, _ in self.committed) if self.committed else of(0)


def _before_rounding(
    desk: BillSheet, option: str, terms: FleetTerms, money: _Money
) -> tuple[Formula, Formula]:
    """Units for each replica of load, and units before any load: headroom, losses, spares."""
    inputs = desk.inputs
    factor, spare = inputs[option, "load_factor"], inputs[option, "spare_replicas"]
    kept = one_less(inputs[money.lost[-1]]) if money.lost[-1] in inputs else of(1)
    by_load = desk.line(
        "units for each replica of load", of(1) / factor / kept / money.per_unit, "plain",
        "headroom: the load factor, and what interruptions take",
    )  # fmt: skip
    count, left = [], []
    for i, units in enumerate(money.units_of):
        if units is None:
            continue
        replicas = units * money.per_unit
        count.append(replicas)
        left.append(
            replicas * one_less(inputs[money.lost[i]]) if money.lost[i] in inputs else replicas
        )
    always = spare
    if count and (terms.elastic.interruption_overhead or any(
        path in inputs for path in money.lost[:-1]
    )):  # fmt: skip
        always = added(count) - added(left) / kept + spare
    offset = desk.line("units before any load", always / money.per_unit, "plain", "spares")
    return by_load, offset


def _by_the_hour(
    desk: BillSheet,
    option: str,
    load: Formula,
    by_load: Formula,
    offset: Formula,
    floor: Formula,
    money: _Money,
) -> tuple[Staircase, Formula]:
    """Units of each hour on the sheet Hours; billed: their mean, and the starts."""
    hours = desk.hours
    week = range(len(load.value))
    slope = hours.fill(
        "units for each token a day",
        [hours.hour(load, h) * by_load / desk.volume for h in week],
        option,
    )
    steps = Staircase(offset, slope, floor, money.tolerance, hours.before(slope))
    units = hours.fill(
        "units",
        [
            larger(whole_units(hours.hour(slope, h) * desk.volume + offset, money.tolerance), floor)
            for h in week
        ],
        option,
    )
    before = hours.before(units)
    started = hours.fill(
        "started",
        [
            largest(hours.hour(units, h) - _above(hours.hour(units, h), before.value[h]), 0)
            for h in week
        ],
        option,
    )
    start_hours = desk.inputs[option, "start_minutes"] / desk.inputs[("minutes_per_hour",)]
    mean_units = desk.line("units, mean of the week", mean(units), "plain", "sheet Hours")
    billed = desk.line(
        "units billed",
        mean_units + start_hours * total(started) / desk.inputs[("hours_per_week",)],
        "plain",
        "starts included",
    )
    return steps, billed


def _above(cell: Formula, value: float) -> Formula:
    """The cell above."""
    column, row = cell.text.rsplit("$", 1)
    return Formula(f"{column}${int(row) - 1}", float(value))


def _pinned(desk: BillSheet, option: str, bill: FleetBill, money: _Money) -> FleetPart:
    """A fleet of a stated size: it bills the same whatever the volume."""
    units = desk.line(
        "units",
        larger(
            whole_units(desk.inputs[option, "replicas"] / money.per_unit, money.tolerance),
            money.committed_units,
        ),
        "units",
        "pinned: the volume does not move them",
    )
    return _totalled(desk, option, bill, money, None, units)


def _totalled(
    desk: BillSheet,
    option: str,
    bill: FleetBill,
    money: _Money,
    steps: Staircase | None,
    billed: Formula,
) -> FleetPart:
    """The lines of the bill, and their sum."""
    fixed = []
    for (units, usd), name in zip(
        money.committed, [o.name for o in bill.terms.offers[:-1] if not o.optimal], strict=True
    ):
        fixed.append(desk.line(name, units * usd, "USD/month", "committed, all hours"))
    elastic = desk.line(
        bill.terms.elastic.name,
        money.elastic_usd * (billed - money.committed_units),
        "USD/month",
    )
    people = (
        desk.inputs["overheads", "usd_per_hour"]
        * (desk.inputs["overheads", "per_fleet hours_per_month"])
    )
    fixed.append(desk.line(ENGINEERING, people, "USD/month", "hours x rate"))
    platform = desk.inputs["overheads", "platform usd_per_month"]
    fixed.append(desk.line(PLATFORM, platform, "USD/month"))
    fixed += [
        desk.line(extra.name, desk.inputs[option, f"extra: {extra.name}"], "USD/month")
        for extra in bill.selfhost.extra_monthly
    ]
    cell = desk.line("total", added([elastic, *fixed]), "USD/month", sums=True)
    unmoved = added([elastic, *fixed]) if steps is None else added(fixed)
    moving = desk.line("of it, whatever the volume", unmoved, "USD/month")
    start_hours = None
    if steps is not None and steps.before is not None:
        start_hours = desk.inputs[option, "start_minutes"] / desk.inputs[("minutes_per_hour",)]
    return FleetPart(
        cell,
        moving,
        money.elastic_usd,
        money.committed_units,
        steps,
        start_hours,
        desk.inputs[("hours_per_week",)],
    )

"""Bills under many draws of their inputs at once: the same bills, built from arrays.

Where a quantity holds an array of draws, shape (draws, 1), the bills are built as ever: rates,
prices and loads come out as arrays with the hours of the week on their last axis. What is left
is the last line of each bill, here over volumes and draws together. A bill that is more than a
line and a staircase (a wait that must hold, a commitment of open size, a hybrid) is not one of
these, and is built draw by draw.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from costmodel.cost.crossing import Staircase
from costmodel.cost.curve import Floats, whole_units
from costmodel.cost.fleet import fewest_units, unit_lines
from costmodel.pipeline.bills.api import ApiBill
from costmodel.pipeline.bills.build import Bill, MixBill
from costmodel.pipeline.bills.fleet import FleetBill


def is_drawable(bill: Bill) -> bool:
    """Whether `drawn_usd` can evaluate a bill of this form."""
    if isinstance(bill, MixBill):
        return not bill.contracts and all(is_drawable(part) for part in bill.parts.values())
    if isinstance(bill, ApiBill):
        contract = bill.api.contract
        if contract is None:
            return True
        steps = contract.steps or ()
        in_tokens = any(step.up_to_mtok_per_month is not None for step in steps)
        return contract.kind != "provisioned" and not in_tokens
    if not isinstance(bill, FleetBill):
        return False
    terms = bill.terms
    return (
        terms.pinned_replicas is None
        and terms.queue is None
        and terms.best_mix is None
        and terms.scaling != "serverless"
    )


def drawn_usd(bill: Bill, volumes: Floats) -> Floats:
    """Monthly bills; ``volumes`` of shape (volumes, 1) or (volumes, draws) give (volumes, draws).

    Of a bill that `is_drawable`. A bill no draw touches has one column.
    """
    if isinstance(bill, MixBill):
        return sum((drawn_usd(part, volumes) for part in bill.parts.values()), np.zeros(1))
    if isinstance(bill, ApiBill):
        return _api_usd(bill, volumes)
    assert isinstance(bill, FleetBill)
    return _fleet_usd(bill, volumes)


def as_line(bill: Bill) -> tuple[Any, Any] | None:
    """An API's bill as (intercept, slope) by draw; None where it is no straight line."""
    if not isinstance(bill, ApiBill) or bill.api.contract is not None:
        return None
    base, slope = bill.list_line
    return _by_draw(base) + _by_draw(bill.people_usd), _by_draw(slope)


def as_staircase(bill: Bill) -> Staircase | None:
    """An always-on fleet's bill as one staircase by draw; None where it is more than that."""
    if not isinstance(bill, FleetBill) or not is_drawable(bill) or bill.terms.by_the_hour:
        return None
    lines = unit_lines(bill.load, bill.terms)
    if max(np.shape(lines.base)[-1], np.shape(lines.per_volume)[-1]) > 1:
        return None
    terms, usd = bill.terms, _by_draw(bill.terms.unit_month_usd(bill.terms.elastic))
    fixed = _by_draw(terms.committed_usd) - terms.committed_units * usd + _by_draw(bill.fixed_usd)
    base, slope = (np.squeeze(each[..., 0]) for each in (lines.base, lines.per_volume))
    return Staircase(fixed, usd, base, slope, fewest_units(terms))


def _by_draw(value: Any) -> Any:
    """A number of every draw without the axis of the hours."""
    return value[..., 0] if np.ndim(value) else value


def _api_usd(bill: ApiBill, volumes: Floats) -> Floats:
    base, slope = bill.list_line
    listed = _by_draw(base) + _by_draw(slope) * volumes
    if bill.api.contract is not None:
        listed = bill.contract(listed)
    return listed + _by_draw(bill.people_usd)


def _fleet_usd(bill: FleetBill, volumes: Floats) -> Floats:
    """``fixed + units x USD``, the units those of the largest line or of every hour."""
    terms, usd = bill.terms, _by_draw(bill.terms.unit_month_usd(bill.terms.elastic))
    fixed = _by_draw(terms.committed_usd) - terms.committed_units * usd + _by_draw(bill.fixed_usd)
    lines = unit_lines(bill.load, terms)
    load = lines(volumes)
    if terms.by_the_hour:
        return fixed + _hours_billed(load, fewest_units(terms), terms.start_minutes / 60.0) * usd
    units = load[..., 0] if load.shape[-1] == 1 else load.max(axis=-1)
    whole = _whole(units, fewest_units(terms))
    if whole.shape != np.broadcast_shapes(whole.shape, np.shape(usd), np.shape(fixed)):
        return fixed + whole * usd
    whole *= usd
    whole += fixed
    return whole


def _hours_billed(load: Floats, fewest: float, start_hours: float) -> Floats:
    """Units of the mean hour, and what starting the units that each hour adds bills."""
    units = _whole(load, fewest)
    billed = units.mean(axis=-1)
    if start_hours:
        added = np.maximum(units - np.roll(units, 1, axis=-1), 0.0)
        billed = billed + start_hours * added.mean(axis=-1)
    return billed


def _whole(load: Floats, fewest: float) -> Floats:
    units = whole_units(load)
    return np.maximum(fewest, units, out=units)

"""Which bills of a workbook are live formulas, and why the others are not.

Formulas cover what is sized by a load factor and priced alike at every hour. Other bills
(hybrids, queueing, replicas started on demand, commitments of open size, escalations) stand as
values of the tool.
"""

from __future__ import annotations

from functools import singledispatch

from costmodel.cost.fleet import sizing_load
from costmodel.pipeline.bills import Bill
from costmodel.pipeline.bills.api import ApiBill
from costmodel.pipeline.bills.fleet import FleetBill
from costmodel.pipeline.bills.hybrid import HybridBill
from costmodel.pipeline.bills.mix import MixBill
from costmodel.pipeline.report import Report


def moves_together(report: Report) -> bool:
    """Whether the volume axis moves every workload by one factor; else curves are values."""
    return report.volume_of == "all" or len(report.inputs.workloads) == 1


def why_not_live(report: Report, name: str) -> str | None:
    """Why an option's bill is a value and not a formula; None where it is a formula."""
    bill = report.bills.get(name)
    if bill is None:
        return "no bill can be stated"
    if not moves_together(report):
        return "one workload moves alone"
    return _why_not(bill)


def why_locked(report: Report, name: str) -> str:
    """Why the inputs of an option are locked; empty where some live bill rests on them."""
    users = [name, *(o.name for o in report.inputs.options if name in o.members)]
    reasons = [why_not_live(report, user) for user in users]
    return "" if None in reasons else reasons[0] or ""


@singledispatch
def _why_not(bill: Bill) -> str | None:
    return "its kind has no formulas"


@_why_not.register
def _(bill: HybridBill) -> str | None:
    return "a hybrid is optimised over the week"


@_why_not.register
def _(bill: MixBill) -> str | None:
    if bill.escalated:
        return "part of the work is asked again elsewhere"
    if bill.contracts:
        return "one contract counts several options"
    return next(filter(None, map(_why_not, bill.parts.values())), None)


@_why_not.register
def _(bill: ApiBill) -> str | None:
    return "its prices depend on the hour" if len(bill.hourly_prices) > 1 else None


@_why_not.register
def _(bill: FleetBill) -> str | None:
    terms = bill.terms
    if terms.queue is not None:
        return "sized by the wait, not by a load factor"
    if terms.scaling == "serverless" and terms.pinned_replicas is None:
        return "its replicas start on demand"
    if terms.best_mix is not None and terms.by_the_hour:
        return "the size of its commitment is optimised"
    if not terms.by_the_hour and len(sizing_load(bill.load, terms).base) == 0:
        return "it has no load"
    return None

"""Money over time: what an option pays and saves month by month against an API, and its worth.

The months are the bills of `evaluate` at later volumes and prices, with the commitments made
before; no other model. Flow_t = reference API_t - option_t, positive in favour of the option,
nominal, at month ends; what is paid once lies at t = 0.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from costmodel.book import Book, load_book
from costmodel.cost.cashflow import irr, npv, payback, yearly
from costmodel.cost.ownership import monthly_rate
from costmodel.errors import InputError
from costmodel.pipeline.facts import Resolved
from costmodel.pipeline.report import Assumption
from costmodel.pipeline.resolve import resolve
from costmodel.scenario import Scenario
from costmodel.studies.cashflow.months import Desk, whole_months
from costmodel.studies.cashflow.record import CashFlow, Monthly
from costmodel.studies.cashflow.renewal import renewal, stranded, warnings


def cashflow(
    scenario: Scenario,
    option: str | None = None,
    against: str | None = None,
    *,
    book: Book | None = None,
) -> CashFlow:
    """The cash flow of an option against an API over ``finance.horizon_months``.

    ``option``: by default the one with own GPUs that is worth the most, among those that stand.
    ``against``: by default the eligible API that costs the least over the horizon; where none is
    eligible, the cheapest of all, with a warning.
    Raises InputError for an unknown name, an option without a bill, and where there is nothing to
    compare.
    """
    return cashflow_resolved(scenario, resolve(scenario, book or load_book()), option, against)


def cashflow_resolved(
    scenario: Scenario, resolved: Resolved, option: str | None = None, against: str | None = None
) -> CashFlow:
    """The cash flow of a scenario whose facts have been looked up; see `cashflow`."""
    desk = Desk(scenario, resolved, whole_months(scenario))
    reference = against or desk.cheapest_api()
    desk.require(reference, "against")
    chosen = option or desk.best_own(reference)
    desk.require(chosen, "option")
    if chosen == reference:
        raise InputError(f"{chosen!r} cannot be compared with itself; name another option")
    return _cash_flow(desk, chosen, reference)


def _cash_flow(desk: Desk, name: str, reference: str) -> CashFlow:
    paid = desk.paid(name, reference, desk.api_change)
    purchases = paid.purchases()
    opex = np.append(desk.one_off, paid.running)
    months = Monthly(
        np.append(0.0, desk.volumes),
        desk.reference(reference, desk.api_change),
        purchases + opex,
        purchases,
        opex,
        np.append(desk.one_off, paid.bills),
    )
    flows, rate = months.flow_usd, monthly_rate(desk.rate)
    return CashFlow(
        scenario=desk.scenario.name,
        option=name,
        against=reference,
        horizon_months=desk.months,
        discount_rate=desk.rate,
        one_off_usd=desk.one_off,
        ramp_months=desk.ramp_months,
        api_price_change_per_year=desk.api_change,
        gpu_price_change_per_year=desk.gpu_change,
        monthly=months,
        npv_usd=npv(flows, rate),
        irr_per_year=yearly(irr(flows)),
        payback_months=payback(flows, rate),
        simple_payback_months=payback(flows),
        do_nothing_usd=float(months.reference_usd.sum()),
        option_usd=float(months.option_usd.sum()),
        capex_usd=float(months.capex_usd.sum()),
        opex_usd=float(months.opex_usd.sum()),
        accrual_usd=float(months.accrual_usd.sum()),
        stranded=tuple(stranded(desk, name)),
        assumption_rows=tuple(_assumptions(desk)),
        warnings=tuple(warnings(desk, name, reference, -float(purchases[-1]))),
        ask_renewal=lambda: renewal(desk, name, reference),
    )


FINANCE_UNITS = {
    "horizon_months": "months",
    "discount_rate": "share/year",
    "api_price_change_per_year": "share/year",
    "gpu_price_change_per_year": "share/year",
    "one_off_usd": "USD",
    "ramp_months": "months",
}


def _assumptions(desk: Desk) -> Iterator[Assumption]:
    """What is stated about time, and what counts where nothing is."""
    used = {"horizon_months": float(desk.months)}
    for name, unit in FINANCE_UNITS.items():
        stated = getattr(desk.scenario.finance, name)
        if stated is None:
            value, source = used.get(name, 0.0), "default of this tool"
            yield Assumption(f"finance.{name}", value, unit, "assumed", source)
        else:
            yield Assumption.of(f"finance.{name}", unit, stated)
    for workload in desk.scenario.workloads:
        path = f"workloads.{workload.name}.growth_per_month"
        yield Assumption.of(path, "share/month", workload.growth_per_month)

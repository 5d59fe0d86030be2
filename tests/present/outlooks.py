"""A risk and a cash flow with round numbers, for files that take both."""

import numpy as np

from costmodel.cost.cashflow import discounted
from costmodel.studies.cashflow.record import CashFlow, Monthly, Renewal, Stranded
from costmodel.studies.risk.record import Band, BreakEvenRange, Goal, Probability, Risk, Swing


def risk_of(report):
    """Ranges around a report's own bills."""
    volume = report.tokens_per_day
    billed = [o for o in report.options if o.monthly_usd is not None]
    own = next(o.name for o in report.options if o.kind != "api")
    offers = f"options.{own}.selfhost"
    return Risk(
        scenario=report.scenario,
        tokens_per_day=volume,
        samples=10_000,
        seed=0,
        option=own,
        saving_usd=2377.4,
        probability=(Probability(own, "cheapest", volume, 0.78),),
        bands=tuple(
            Band(o.name, at, 0.85 * o.monthly_usd, o.monthly_usd, 1.2 * o.monthly_usd)
            for o in billed
            for at in (0.5 * volume, volume, 2 * volume)
        ),
        break_even=(
            BreakEvenRange(
                own, "cheapest", 240e6, 303e6, None, 240e6, 303e6, None,
                never_share=0.31, never_for_good_share=0.31, samples=10_000,
            ),
        ),
        tornado=(
            Swing(f"{offers}.offers[0].usd_per_gpu_hour", 3300.0, 1300.0, 1.9, 2.9),
            Swing(f"{offers}.throughput.chat.requests_per_s", 400.0, 4100.0, 1.04, 1.91),
            Swing("overheads.per_fleet.hours_per_month", 3437.0, -800.0, 10.0, 50.0),
            Swing("workloads.chat.output_tokens", 2100.0, float("-inf"), 250.0, 9000.0),
        ),
        goal_seek=(
            Goal(f"{offers}.offers[0].usd_per_gpu_hour", 3.6, 2.25),
            Goal("workloads.chat.output_tokens", None, 300.0),
        ),
        outlook=(),
        inputs=(),
        option_samples=(),
    )  # fmt: skip


def cashflow_of(report, months=36):
    """An option that costs 60,000 at the start and saves more each month."""
    own = next(o.name for o in report.options if o.kind != "api")
    rival = next(o.name for o in report.options if o.kind == "api")
    month = np.arange(months + 1.0)
    api = np.where(month, 13_352.0 * 1.02**month, 0.0)
    running = np.where(month, 10_974.0 * 1.01**month, 0.0)
    paid = np.where(month, running, 60_000.0)
    monthly = Monthly(
        tokens_per_day=6e8 * 1.02**month,
        reference_usd=api,
        option_usd=paid,
        capex_usd=np.where(month, 0.0, 40_000.0),
        opex_usd=np.where(month, running, 20_000.0),
        accrual_usd=running,
    )
    worth = float(discounted(monthly.flow_usd, 1.1 ** (1 / 12) - 1).sum())
    return CashFlow(
        scenario=report.scenario, option=own, against=rival, horizon_months=months,
        discount_rate=0.1, one_off_usd=20_000.0, ramp_months=0.0,
        api_price_change_per_year=0.0, gpu_price_change_per_year=0.0, monthly=monthly,
        npv_usd=worth, irr_per_year=0.43, payback_months=17.4, simple_payback_months=16.0,
        do_nothing_usd=float(api.sum()), option_usd=float(paid.sum()), capex_usd=40_000.0,
        opex_usd=float(paid.sum()) - 40_000.0, accrual_usd=float(running.sum()),
        stranded=(Stranded("reserved", 4.0, 2.0, 12.0, 21_400.0),), assumption_rows=(),
        warnings=(), ask_renewal=lambda: Renewal(12, True, (), None),
    )  # fmt: skip

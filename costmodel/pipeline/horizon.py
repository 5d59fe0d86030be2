"""What lies ahead within the horizon: grown workloads, retiring endpoints, prices that change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from costmodel.book.token_records import TokenPrice
from costmodel.cost.api import PriceTier
from costmodel.pipeline.facts import EndpointFacts, PriceChange
from costmodel.quantity.caution import Caution
from costmodel.quantity.words import usd
from costmodel.scenario import Scenario

DEFAULT_HORIZON_MONTHS = 12
"""How far ahead retirements and price changes are looked for, where no horizon is stated."""


def horizon_months(scenario: Scenario) -> float:
    """How far ahead is looked: as stated, else a year."""
    months = scenario.finance.horizon_months
    return months.value if months else DEFAULT_HORIZON_MONTHS


def grown_scenario(scenario: Scenario) -> Scenario | None:
    """The workloads in the last month of the horizon; None where none of them has grown.

    Month 1 has the volume stated, as in a cash flow.
    """
    steps = max(horizon_months(scenario) - 1.0, 0.0)
    factors = [(1.0 + w.growth_per_month.value) ** steps for w in scenario.workloads]
    if all(factor == 1.0 for factor in factors):
        return None
    grown = tuple(w.moved(f) for w, f in zip(scenario.workloads, factors, strict=True))
    return scenario.model_copy(update={"workloads": grown})


def lifetime(
    scenario: Scenario, name: str, price: TokenPrice, endpoint: EndpointFacts
) -> Iterator[Caution]:
    """What is known to happen to an endpoint and its price within the horizon."""
    days = horizon_months(scenario) * 365 / 12
    until: date = price.at.date() + timedelta(days=days)
    if price.retires_by(until):
        when = "was retired" if price.retired else "retires"
        yield Caution("endpoint_retires", f"{name}: {price.id} {when} on {price.retires}.")
    now = price.tiers[0]
    for change in endpoint.changes:
        if change.day <= until:
            yield Caution(
                "price_changes",
                f"{name}: the price of {price.id} changes on {change.day} to "
                f"{_usd_per_mtok(change)}; this bill uses {_usd_per_mtok(now)}.",
            )


def _usd_per_mtok(price: PriceTier | PriceChange) -> str:
    into, out = usd(price.input_usd_per_mtok), usd(price.output_usd_per_mtok)
    return f"{into} in, {out} out per Mtok"

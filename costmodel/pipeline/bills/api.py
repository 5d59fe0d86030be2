"""The bill of an API option over volume: list spend by line, then the contract on the month."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from costmodel.cost.api import TokenPrices, mean_prices, request_lines
from costmodel.cost.contract import all_units, commit, graduated
from costmodel.cost.curve import CostCurve, PiecewiseLinear, Steps
from costmodel.cost.load import Lines, shared_load, workload_load
from costmodel.pipeline.bills.traffic import Traffic
from costmodel.quantity.units import HOURS_PER_WEEK, MTOK, SECONDS_PER_DAY
from costmodel.scenario import (
    Api,
    Contract,
    Workload,
)


@dataclass(frozen=True, eq=False)
class ApiBill:
    """An API option over volume: list spend by line, the contract, the people who watch it."""

    api: Api
    traffic: tuple[Traffic, ...]
    hourly_prices: tuple[TokenPrices, ...]
    """One per UTC hour, or one for all of them."""
    days_per_month: float
    people_usd: float

    def request_usd(self, traffic: Traffic) -> dict[str, float]:
        """The mean request of a workload by line of its bill, over the week's hours."""
        hours = traffic.demand.served.reshape(7, 24).sum(axis=0)
        prices = self.hourly_prices
        weights = hours if len(prices) == 24 else [1.0]
        return self._priced(traffic.workload, mean_prices(prices, weights))

    def _priced(self, workload: Workload, prices: TokenPrices) -> dict[str, float]:
        batch = workload.batch_share.value if prices.batch is not None else 0.0
        totals: dict[str, Any] = {}
        for shape in workload.request_shapes:
            for in_batch, share in ((False, 1.0 - batch), (True, batch)):
                if share == 0:
                    continue
                lines = request_lines(
                    prices,
                    shape.input_tokens.value * _ratio(self.api.input_token_ratio),
                    shape.output_tokens.value * _ratio(self.api.output_token_ratio),
                    workload.cached_input_share.value,
                    workload.cache_write_share.value,
                    in_batch,
                )
                for name, usd in lines.items():
                    label = f"{name} (batch)" if in_batch else name
                    weight = shape.share.value * share
                    totals[label] = totals.get(label, 0.0) + weight * usd
        return totals

    def monthly_requests(self, traffic: Traffic) -> tuple[float, float]:
        """Requests per month as (base, per volume)."""
        base, slope = traffic.requests_per_day
        return base * self.days_per_month, slope * self.days_per_month

    @property
    def list_line(self) -> tuple[float, float]:
        """Monthly spend at list prices as (base, per volume)."""
        base = slope = 0.0
        for traffic in self.traffic:
            usd = sum(self.request_usd(traffic).values())
            requests = self.monthly_requests(traffic)
            base, slope = base + usd * requests[0], slope + usd * requests[1]
        return base, slope

    @cached_property
    def list_spend(self) -> PiecewiseLinear:
        """Monthly spend at list prices."""
        return PiecewiseLinear.line(*self.list_line)

    @cached_property
    def hourly_list_usd(self) -> Lines:
        """Monthly list spend by hour of the week; shape (168,)."""
        base, slope = np.zeros(HOURS_PER_WEEK), np.zeros(HOURS_PER_WEEK)
        for traffic in self.traffic:
            by_hour = [sum(self._priced(traffic.workload, p).values()) for p in self.hourly_prices]
            usd = np.resize(np.array(by_hour), HOURS_PER_WEEK)
            weight = traffic.demand.served / HOURS_PER_WEEK
            requests = self.monthly_requests(traffic)
            base, slope = base + usd * weight * requests[0], slope + usd * weight * requests[1]
        return Lines(base, slope)

    @cached_property
    def contract(self) -> PiecewiseLinear:
        """The map from list spend to bill."""
        contract = self.api.contract
        stepped = contract is not None and contract.steps is not None
        return contract_map(contract, self._usd_per_mtok if stepped else 0.0)

    @property
    def _usd_per_mtok(self) -> float:
        usd, tokens = self.stated_spend()
        return usd / tokens * MTOK

    def stated_spend(self) -> tuple[float, float]:
        """List spend and billed tokens a day at the workloads' stated volumes.

        Steps in tokens are converted at their ratio. Exact while all workloads move together;
        where one moves alone, they keep the price of the stated mix.
        """
        usd = tokens = 0.0
        for traffic in self.traffic:
            workload = traffic.workload
            requests = workload.daily_tokens / workload.tokens_per_request
            usd += requests * sum(self.request_usd(traffic).values())
            tokens += requests * self._billed_tokens(workload)
        return usd, tokens

    @cached_property
    def curve(self) -> CostCurve:
        """The bill over volume."""
        contract = self.api.contract
        people = PiecewiseLinear.line(self.people_usd)
        if contract is not None and contract.kind == "provisioned":
            return CostCurve(people, self._provisioned_units(contract))
        return CostCurve(self.contract.of(self.list_spend) + people)

    def _provisioned_units(self, contract: Contract) -> Steps:
        """Units sized to the peak rate of tokens; they replace the price per token."""
        assert contract.tokens_per_s is not None
        assert contract.usd_per_unit_month is not None
        per_unit = contract.tokens_per_s.value
        loads = [
            workload_load(t.demand, t.requests_per_s, per_unit / self._billed_tokens(t.workload))
            for t in self.traffic
        ]
        lines = shared_load(loads).always_on
        return Steps(
            np.array([contract.usd_per_unit_month.value]),
            lines.base[None, :],
            lines.per_volume[None, :],
            np.ones(1),
        )

    def _billed_tokens(self, workload: Workload) -> float:
        return workload.mean_input_tokens * _ratio(
            self.api.input_token_ratio
        ) + workload.mean_output_tokens * _ratio(self.api.output_token_ratio)

    def peak_tokens_per_minute(self, volume: float) -> float:
        """Billed tokens in the busiest minute."""
        return 60.0 * sum(
            float(t.daily_requests(volume)) / SECONDS_PER_DAY
            * t.demand.always_on * self._billed_tokens(t.workload)
            for t in self.traffic
        )  # fmt: skip


def _ratio(quantity: Any) -> float:
    return 1.0 if quantity is None else quantity.value


def contract_map(contract: Contract | None, usd_per_mtok: float) -> PiecewiseLinear:
    """A contract as a map of list spend; steps in volume are converted at this list price."""
    if contract is None or contract.kind == "provisioned":
        return PiecewiseLinear.line(slope=1.0)
    if contract.kind == "commit":
        assert contract.usd_per_month is not None
        return commit(
            contract.usd_per_month.value, contract.discount.value, contract.overage_discount.value
        )
    steps = []
    for step in contract.steps or ():
        end = np.inf
        if step.up_to_usd_per_month is not None:
            end = step.up_to_usd_per_month.value
        elif step.up_to_mtok_per_month is not None:
            end = step.up_to_mtok_per_month.value * usd_per_mtok
        steps.append((end, step.discount.value))
    return graduated(steps) if contract.kind == "graduated" else all_units(steps)

"""The bill of an API: list spend by line, then the contract on the month, and who watches it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np

from costmodel.book.token_records import TokenPrice
from costmodel.cost.api import (
    CACHE_WRITE,
    CACHED_INPUT,
    NO_CACHE_PRICE,
    TokenPrices,
    mean_prices,
    request_lines,
)
from costmodel.cost.contract import all_units, commit, graduated
from costmodel.cost.curve import CostCurve, Floats, PiecewiseLinear, Steps
from costmodel.cost.load import Lines, shared_load, workload_load
from costmodel.pipeline.bills.bill import Bill, by_draw, people_line
from costmodel.pipeline.bills.records import BillLine
from costmodel.pipeline.bills.traffic import Traffic, daily_tokens
from costmodel.pipeline.facts import OverheadFacts
from costmodel.quantity.quantity import Kind
from costmodel.quantity.units import HOURS_PER_WEEK, MTOK, SECONDS_PER_DAY
from costmodel.scenario import (
    Api,
    Contract,
    Workload,
)

CONTRACT, PROVISIONED = "contract discount", "provisioned units"
API_ENGINEERING = "engineering (API)"


@dataclass(frozen=True, eq=False)
class ApiBill(Bill):
    """An API option over volume: list spend by line, the contract, the people who watch it."""

    api: Api
    price: TokenPrice
    """The price list as it was looked up."""
    overheads: OverheadFacts
    traffic: tuple[Traffic, ...]
    days_per_month: float
    factor: float = 1.0
    """Of list prices, in a later month."""

    @cached_property
    def hourly_prices(self) -> tuple[TokenPrices, ...]:
        """One per UTC hour, or one for all of them."""
        price = self.price
        listed = price.hourly_prices() if price.depends_on_hour else (price.prices(),)
        return listed if self.factor == 1.0 else tuple(p.scaled(self.factor) for p in listed)

    @property
    def people_usd(self) -> float:
        """The people who watch it, a month."""
        return self.overheads.usd_per_hour.value * self.overheads.api_hours_per_month.value

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

    def tokens_per_day(self, volume: float) -> float:
        """Tokens a day it serves at a point of the volume axis."""
        return daily_tokens(self.traffic, volume)

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
        people = PiecewiseLinear.line(self.people_usd)
        if self.api.contract is not None and self.is_provisioned:
            return CostCurve(people, self._provisioned_units(self.api.contract))
        return CostCurve(self.contract.of(self.list_spend) + people)

    @property
    def counts_by_provider(self) -> bool:
        """Whether a contract counts what is spent at a provider, not units for one option."""
        has_contract = self.api.contract is not None and not self.is_provisioned
        return self.api.provider is not None and has_contract

    @property
    def is_provisioned(self) -> bool:
        """Whether units are bought for its peak, in place of tokens."""
        return self.api.contract is not None and self.api.contract.kind == "provisioned"

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

    def remarks(self, volume: float) -> Iterator[tuple[str, str]]:
        """Whether the busiest minute passes its rate limit."""
        peak = 60.0 * sum(
            float(t.daily_requests(volume)) / SECONDS_PER_DAY
            * t.demand.always_on * self._billed_tokens(t.workload)
            for t in self.traffic
        )  # fmt: skip
        limit = self.api.rate_limit_tokens_per_minute
        if limit is not None and peak > limit.value:
            words = f"needs {peak:,.0f} tokens, above the limit of {limit.value:,.0f}."
            yield "rate_limit", f"the busiest minute {words}"

    # ------------------------------------------------------------------------------- its lines

    @property
    def evidence(self) -> Kind:
        """How its prices are known."""
        return self.price.kind

    def lines(self, volume: float) -> Iterator[BillLine]:
        """A line for each kind of token, what the contract takes off, and the people."""
        total = float(self.curve(volume)) - self.people_usd
        listed = self._listed(volume)
        if self.is_provisioned:
            yield BillLine(PROVISIONED, total, self.price.kind, "the contract")
        else:
            yield from self._token_lines(listed)
            if self.api.contract is not None:
                off = total - sum(listed.values())
                yield BillLine(CONTRACT, off, "assumed", "the contract")
        yield self.people_line

    def list_price_lines(self, volume: float) -> Iterator[BillLine]:
        """The same at list prices, where the contract is one line for several options."""
        yield from self._token_lines(self._listed(volume))
        yield self.people_line

    def _listed(self, volume: float) -> dict[str, float]:
        """List spend a month by line."""
        listed: dict[str, float] = {}
        for traffic in self.traffic:
            base, slope = self.monthly_requests(traffic)
            for line, usd in self.request_usd(traffic).items():
                listed[line] = listed.get(line, 0.0) + usd * (base + slope * volume)
        return listed

    def _token_lines(self, listed: dict[str, float]) -> Iterator[BillLine]:
        """A cache price that nobody lists is the input price, and assumed."""
        tier = self.price.tiers[0]
        unlisted = {
            CACHED_INPUT: tier.cached_input_usd_per_mtok is None,
            CACHE_WRITE: tier.cache_write_usd_per_mtok is None,
        }
        for line, usd in listed.items():
            if usd and unlisted.get(line.removesuffix(" (batch)")):
                source = f"{NO_CACHE_PRICE} ({self.price.source})"
                yield BillLine(line, usd, "assumed", source)
            elif usd:
                yield BillLine(line, usd, self.price.kind, self.price.source)

    @property
    def people_line(self) -> BillLine:
        """The people who watch it."""
        hours, rate = self.overheads.api_hours_per_month, self.overheads.usd_per_hour
        return people_line(API_ENGINEERING, self.people_usd, hours, rate)

    # ------------------------------------------------------------- later months, and many draws

    def at_prices(self, api: float, gpu: float) -> Self:
        """The bill with list prices times a factor."""
        return self if api == 1.0 else replace(self, factor=self.factor * api)

    @property
    def is_drawable(self) -> bool:
        """Unless units are bought, or a contract counts tokens."""
        contract = self.api.contract
        steps = (contract.steps if contract else None) or ()
        in_tokens = any(step.up_to_mtok_per_month is not None for step in steps)
        return not self.is_provisioned and not in_tokens

    @property
    def line(self) -> tuple[Any, Any] | None:
        """(intercept, slope) by draw; None where a contract bends it."""
        if self.api.contract is not None:
            return None
        base, slope = self.list_line
        return by_draw(base) + by_draw(self.people_usd), by_draw(slope)

    def drawn(self, volumes: Floats) -> Floats:
        """Bills of all draws; (volumes, draws)."""
        base, slope = self.list_line
        listed = by_draw(base) + by_draw(slope) * volumes
        if self.api.contract is not None:
            listed = self.contract(listed)
        return listed + by_draw(self.people_usd)


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

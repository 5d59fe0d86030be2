"""The months of a cash flow: every option's bill along growing volumes and moving prices.

Commitments carry over from month to month: what was reserved keeps its price to the end of its
term, what was bought stays for its life. The bills themselves are those of one month.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import log, log1p
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from costmodel.cost.cashflow import (
    bought_units,
    growth_path,
    held,
    npv,
    price_path,
    purchase_flows,
    ramp_path,
)
from costmodel.cost.curve import Floats
from costmodel.cost.ownership import monthly_rate
from costmodel.cost.terms import Offer
from costmodel.errors import InputError, NothingToCompareError, did_you_mean, nearest_ids
from costmodel.pipeline.bills import Bill, Held, Place, build_bills, traffic_of
from costmodel.pipeline.facts import Resolved
from costmodel.pipeline.horizon import horizon_months
from costmodel.pipeline.verdict import exclusions
from costmodel.quantity.quantity import Quantity
from costmodel.scenario import Scenario

_Each = TypeVar("_Each", np.float64, np.bool_)

MOST_MONTHS = 600
"""The longest horizon: 50 years."""


MOST_TOKENS_PER_DAY = 1e16
"""Growth past this is a slip of the pen: all of today's models together serve less."""


def whole_months(scenario: Scenario) -> int:
    """The horizon in months. Raises InputError unless it is a whole number, at most 600."""
    months = horizon_months(scenario)
    if months != int(months) or months > MOST_MONTHS:
        message = f"must be a whole number of months, at most {MOST_MONTHS}, not {months:g}"
        place = ("finance", "horizon_months")
        raise InputError(scenario.origin.problem(place, message, ".".join(place)))
    return int(months)


def _check_growth(scenario: Scenario, months: int) -> None:
    """Raise InputError where a workload grows past what anybody could mean."""
    for i, workload in enumerate(scenario.workloads):
        rate = workload.growth_per_month.value
        room = log(MOST_TOKENS_PER_DAY / workload.daily_tokens)
        if (months - 1) * log1p(rate) > room:
            message = (
                f"{rate:g} a month leads past {MOST_TOKENS_PER_DAY:.0e} tokens a day within "
                f"{months} months; lower it, or finance.horizon_months"
            )
            place = ("workloads", i, "growth_per_month")
            path = f"workloads.{workload.name}.growth_per_month"
            raise InputError(scenario.origin.problem(place, message, path))


def _value(quantity: Quantity | None) -> float:
    return 0.0 if quantity is None else quantity.value


@dataclass(frozen=True)
class Bought:
    """Hardware bought for one fleet: units at the start of each month, at what price each."""

    units: Floats
    price_usd: Floats
    residual_share: float
    life_months: float


@dataclass(frozen=True)
class Paid:
    """What one option costs over months 1..n."""

    bills: Floats
    """With purchases spread over their life."""
    capital: Floats
    """The part of them that is purchases, spread."""
    bought: tuple[Bought, ...] = ()

    @property
    def running(self) -> Floats:
        """What is paid in cash each month, purchases apart."""
        return self.bills - self.capital

    def purchases(self, months: int | None = None) -> Floats:
        """Payments for hardware at t = 0..n, proceeds negative; to an earlier end where asked."""
        end = len(self.bills) if months is None else months
        flows = np.zeros(end + 1)
        for each in self.bought:
            flows += purchase_flows(
                each.units[:end], each.price_usd[:end], each.residual_share, each.life_months
            )
        return flows


class Desk:
    """The scenario over the months of its horizon."""

    def __init__(self, scenario: Scenario, resolved: Resolved, months: int) -> None:
        self.scenario, self.resolved, self.months = scenario, resolved, months
        self.excluded = exclusions(scenario, resolved)
        finance = scenario.finance
        self.rate = _value(finance.discount_rate)
        self.api_change = _value(finance.api_price_change_per_year)
        self.gpu_change = _value(finance.gpu_price_change_per_year)
        self.ramp_months = _value(finance.ramp_months)
        self.one_off = _value(finance.one_off_usd)
        self.share = ramp_path(self.ramp_months, self.months)
        _check_growth(scenario, months)
        paths = [growth_path(w.growth_per_month.value, self.months) for w in scenario.workloads]
        daily = [w.daily_tokens for w in scenario.workloads]
        self.volumes = np.sum([d * p for d, p in zip(daily, paths, strict=True)], axis=0)
        self._bills = self._built(paths)
        self._at_prices: dict[tuple[str, float], list[Bill]] = {}

    def over(self, months: int) -> Desk:
        """The same over another number of months."""
        return Desk(self.scenario, self.resolved, months)

    def _built(self, paths: Sequence[Floats]) -> list[dict[str, Bill]]:
        """The bills of each month; one object for all of them where the mix stays the same."""
        if all(np.array_equal(path, paths[0]) for path in paths):
            traffic = traffic_of(self.scenario, self.resolved.profiles)
            return [build_bills(self.scenario, self.resolved, traffic)] * self.months
        return [self._in_month([float(path[m]) for path in paths]) for m in range(self.months)]

    def _in_month(self, factors: Sequence[float]) -> dict[str, Bill]:
        workloads = zip(self.scenario.workloads, factors, strict=True)
        grown = self.scenario.model_copy(
            update={"workloads": tuple(w.moved(factor) for w, factor in workloads)}
        )
        return build_bills(grown, self.resolved, traffic_of(grown, self.resolved.profiles))

    # ------------------------------------------------------------------------ who is compared

    def bill(self, name: str) -> Bill:
        """An option's bill in month 1."""
        return self._bills[0][name]

    def require(self, name: str, argument: str) -> None:
        """Raise InputError unless an option of that name has a bill."""
        names = [each.name for each in self.scenario.options]
        if name not in names:
            near = did_you_mean(nearest_ids(name, names)) or f"; there is {', '.join(names)}"
            message = f"no option is named {name!r}{near}"
            raise InputError(self.scenario.origin.problem(("options",), message, argument))
        if name not in self._bills[0]:
            reasons = "; ".join(map(str, self.excluded[name])) or "no bill can be stated"
            raise InputError(f"{argument}: {name!r} has no bill: {reasons}")

    def cheapest_api(self) -> str:
        """The API that costs the least over the horizon; eligible, where one is."""
        apis = [n for n, b in self._bills[0].items() if b.is_api]
        if not apis:
            raise NothingToCompareError(
                "no API has a bill to compare with; name an option with against"
            )

        def rank(name: str) -> tuple[bool, float]:
            worth = npv(self.reference(name, self.api_change), self.rate_per_month)
            return bool(self.excluded[name]), worth

        return min(apis, key=rank)

    def best_own(self, reference: str) -> str:
        """The option with own GPUs that is worth the most, of those that stand throughout."""
        own = [n for n, b in self._bills[0].items() if not b.is_api and n != reference]
        if not own and not self._bills[0][reference].is_api:
            raise NothingToCompareError(
                f"{reference!r} is the only option with own GPUs that has a bill, and it is named "
                "with against; name the option to compare it with"
            )
        if not own:
            raise NothingToCompareError(
                "no option with own GPUs has a bill; name the option to compare"
            )

        def rank(name: str) -> tuple[bool, bool, bool, float]:
            flows = self.flows(name, reference, self.api_change)
            return (
                bool(self.excluded[name]),
                self.outgrown_in(name) is not None,
                self._all_api(name),
                -npv(flows, self.rate_per_month),
            )

        return min(own, key=rank)

    def _all_api(self, name: str) -> bool:
        """Whether a hybrid runs no GPU in any month, and so is its API under another name."""
        moved = self._moved(name, self.api_change)
        return not _along(moved, self.volumes, lambda bill, at: bill.runs_gpus(at)).any()

    def outgrown_in(self, name: str) -> int | None:
        """The first month whose volume a pinned fleet cannot serve."""
        volumes = self.volumes * self.share
        limits = np.array([bills[name].limit for bills in self._bills])
        over = np.nonzero(volumes > limits * (1 + 1e-9))[0]
        return int(over[0]) + 1 if over.size else None

    # ---------------------------------------------------------------------------- the money

    @property
    def rate_per_month(self) -> float:
        """The discount rate of a month."""
        return monthly_rate(self.rate)

    def _moved(self, name: str, api_change: float) -> list[Bill]:
        """An option's bill in each month at that month's prices."""
        key = (name, api_change)
        if key not in self._at_prices:
            api = price_path(api_change, self.months)
            gpu = price_path(self.gpu_change, self.months)
            self._at_prices[key] = [
                bills[name].at_prices(float(a), float(g))
                for bills, a, g in zip(self._bills, api, gpu, strict=True)
            ]
        return self._at_prices[key]

    def reference(self, name: str, api_change: float) -> Floats:
        """What the reference costs with all the traffic, at t = 0..n."""
        return np.append(0.0, _along(self._moved(name, api_change), self.volumes, _usd))

    def paid(self, name: str, reference: str, api_change: float) -> Paid:
        """What the option costs, with the share of the traffic that has not moved at the API."""
        own = _paid(self._moved(name, api_change), self.volumes * self.share)
        if (self.share == 1.0).all():
            return own
        rest = self.volumes * (1.0 - self.share)
        beside = _along(self._moved(reference, api_change), rest, _usd)
        return replace(own, bills=own.bills + np.where(self.share < 1.0, beside, 0.0))

    def flows(self, name: str, reference: str, api_change: float) -> Floats:
        """Reference less option in cash, at t = 0..n, one-offs included."""
        paid = self.paid(name, reference, api_change)
        return self.saved(paid, self.reference(reference, api_change))

    def saved(self, paid: Paid, reference: Floats, months: int | None = None) -> Floats:
        """The flows behind both; to an earlier end where asked."""
        purchases = paid.purchases(months)
        end = len(purchases)
        return reference[:end] - purchases - np.append(self.one_off, paid.running)[:end]


def _usd(bill: Bill, volumes: Floats) -> Floats:
    return bill.at(volumes)


def _along(
    bills: Sequence[Bill], volumes: Floats, work: Callable[[Bill, Floats], NDArray[_Each]]
) -> NDArray[_Each]:
    """A figure of each month's bill at its volume; all at once where they are one bill.

    Where nothing moves it is worked out once, so that every month is the same to the last bit.
    """
    if all(bill is bills[0] for bill in bills):
        if np.all(volumes == volumes[0]):
            return np.repeat(work(bills[0], volumes[:1]), len(volumes))
        return work(bills[0], volumes)
    each = (work(b, v[None]) for b, v in zip(bills, volumes, strict=True))
    return np.concatenate(list(each))


def _paid(bills: Sequence[Bill], volumes: Floats) -> Paid:
    """What an option costs over the months, its commitments carried along."""
    months = len(volumes)
    capital, purchases = np.zeros(months), list[Bought]()
    holdings: dict[Place, tuple[Floats, Floats]] = {}
    carried = not all(bill is bills[0] for bill in bills)
    for place, first in bills[0].commitments().items():
        needed = _along(bills, volumes, lambda b, v, at=place: b.units_needed(at, v))
        offers = [bill.commitments()[place] for bill in bills]
        gpus = bills[0].fleet_terms[place[0]].gpus_per_unit
        bought = bought_units(needed, first.term_months)
        units = held(bought, first.term_months)
        holdings[place] = units, _locked(bought, units, offers)
        carried = carried or not np.array_equal(units, needed)
        if first.purchase is not None:
            price, spread = _purchase_paths(offers)
            purchases.append(
                Bought(bought, price * gpus, first.purchase.residual_share, first.term_months)
            )
            capital += held(bought * spread * gpus, first.term_months)
    if not (carried and holdings):
        return Paid(_along(bills, volumes, _usd), capital, tuple(purchases))
    settled = [
        bill.with_commitments(
            {at: Held(float(u[m]), float(p[m])) for at, (u, p) in holdings.items()}
        )
        for m, bill in enumerate(bills)
    ]
    return Paid(_along(settled, volumes, _usd), capital, tuple(purchases))


def _locked(bought: Floats, units: Floats, offers: Sequence[Offer]) -> Floats:
    """What a GPU-hour of the units held costs: each keeps the price of the month it began in."""
    price = np.array([offer.usd_per_gpu_hour for offer in offers])
    paid = held(bought * price, offers[0].term_months)
    return np.divide(paid, units, out=price.copy(), where=units > 0)


def _purchase_paths(offers: Sequence[Offer]) -> tuple[Floats, Floats]:
    """The price of a GPU bought in each month, and what a month counts in its place."""
    bought = [offer.purchase for offer in offers if offer.purchase is not None]
    return (
        np.array([each.price_usd for each in bought]),
        np.array([each.capital_usd_per_month for each in bought]),
    )

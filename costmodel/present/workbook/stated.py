"""Which inputs a scenario has: workloads, price lists, contracts, fleets, people, the calendar.

Each function writes the rows of one group, in the words of the scenario file.
"""

from __future__ import annotations

from costmodel.book.token_records import PriceTier, TokenPrice
from costmodel.cost.api import NO_CACHE_PRICE
from costmodel.cost.curve import STEP_TOLERANCE
from costmodel.pipeline.bills.terms import (
    DEFAULT_LOAD_FACTOR,
    DEFAULT_MIN_REPLICAS,
    usual_spares,
)
from costmodel.pipeline.facts import FleetFacts
from costmodel.pipeline.report import Report
from costmodel.present.workbook.formula import Formula, of
from costmodel.present.workbook.inputs import Entry, Inputs
from costmodel.present.workbook.live import why_locked
from costmodel.quantity.quantity import Quantity
from costmodel.quantity.units import HOURS_PER_WEEK, MTOK, SECONDS_PER_DAY, SECONDS_PER_HOUR
from costmodel.scenario import Api, Contract, Option, SelfHost, Workload

SECONDS_PER_MINUTE = 60.0
CONSTANT = "definition"
AGREES = 1e-9
"""Relative difference up to which the workbook and the tool agree."""


def write_inputs(inputs: Inputs, report: Report) -> None:
    """Every group of inputs, in the order a reader looks for them."""
    for workload in report.inputs.workloads:
        _workload(inputs, workload)
    for option in report.inputs.options:
        if option.api is not None:
            _api(inputs, report, option, option.api)
        elif option.selfhost is not None:
            _fleet(inputs, report, option, option.selfhost)
    _people(inputs, report)
    _calendar(inputs, report)
    _constants(inputs)


# ----------------------------------------------------------------------------------- workloads


def _workload(inputs: Inputs, workload: Workload) -> None:
    inputs.heading(f"Workload: {workload.name}")
    of_day = workload.tokens_per_day is not None
    name = "tokens_per_day" if of_day else "requests_per_day"
    stated: Quantity = getattr(workload, name)
    _quantity(inputs, workload.name, name, stated, "tokens/day" if of_day else "requests/day")
    upstream = "what a replica serves depends on it"
    for i, shape in enumerate(workload.request_shapes):
        suffix = f" [{i + 1}]" if workload.shapes is not None else ""
        if suffix:
            label = f"share{suffix}"
            _quantity(inputs, workload.name, label, shape.share, "share", live=False)
        for field in ("input_tokens", "output_tokens"):
            _quantity(
                inputs,
                workload.name,
                f"{field}{suffix}",
                getattr(shape, field),
                "tokens",
                live=False,
                comment=upstream,
            )
    for field in ("cached_input_share", "cache_write_share", "batch_share"):
        _quantity(inputs, workload.name, field, getattr(workload, field), "share")
    inputs.at_most_one((workload.name, "cached_input_share"), (workload.name, "cache_write_share"))
    profile = workload.profile
    if profile is not None and profile.peak_to_mean is not None:
        _quantity(
            inputs,
            workload.name,
            "peak_to_mean",
            profile.peak_to_mean,
            "ratio",
            allowed="at least 1",
        )
    burst = profile.burst_factor if profile is not None else Quantity(value=1.0)
    _quantity(inputs, workload.name, "burst_factor", burst, "ratio", allowed="at least 1")


def _quantity(
    inputs: Inputs,
    whose: str,
    name: str,
    quantity: Quantity,
    unit: str,
    *,
    live: bool = True,
    comment: str = "",
    allowed: str = "",
) -> Formula:
    entry = Entry(name, quantity.value, unit, quantity, live=live, comment=comment, allowed=allowed)
    return inputs.add((whose, name), entry)


# -------------------------------------------------------------------------------------- prices


def _api(inputs: Inputs, report: Report, option: Option, api: Api) -> None:
    price = report.facts.options[option.name].price
    assert price is not None
    inputs.heading(f"API: {option.name}")
    comment = why_locked(report, option.name)
    live = not comment
    one_tier = len(price.tiers) == 1
    for field in ("input_token_ratio", "output_token_ratio"):
        ratio: Quantity | None = getattr(api, field)
        _quantity(
            inputs,
            option.name,
            field,
            ratio or Quantity(value=1.0, source="default: the workload's own tokens"),
            "ratio",
            live=live and one_tier,
            comment=comment if one_tier else "the price tier depends on it",
        )
    for number, tier in enumerate(price.tiers):
        above = f" above {tier.above_input_tokens:,.0f} input" if number else ""
        _tier(inputs, option.name, price, tier, above, live=live, comment=comment)
    if price.batch is not None:
        if api.batch_discount is not None:
            _quoted_batch(inputs, option.name, api, live=live)
        else:
            for number, tier in enumerate(price.batch):
                above = f" above {tier.above_input_tokens:,.0f} input" if number else ""
                _tier(
                    inputs, option.name, price, tier, f"{above} (batch)", live=live, comment=comment
                )
    fee = price.prices().usd_per_request
    _listed(inputs, option.name, "usd_per_request", fee, "USD/request", price, live=live)
    if api.contract is not None:
        _contract(inputs, option.name, api.contract, live=live)


def _tier(
    inputs: Inputs,
    option: str,
    price: TokenPrice,
    tier: PriceTier,
    suffix: str,
    *,
    live: bool,
    comment: str,
) -> None:
    """Four prices; one that nobody lists is the input price."""
    base = f"input_usd_per_mtok{suffix}"
    known = _listed(
        inputs, option, base, tier.input_usd_per_mtok, "USD/Mtok", price, live=live, comment=comment
    )
    for name in ("cached_input", "cache_write"):
        label, rate = f"{name}_usd_per_mtok{suffix}", getattr(tier, f"{name}_usd_per_mtok")
        if rate is None:
            inputs.derive((option, label), label, known, "USD/Mtok", NO_CACHE_PRICE)
        else:
            _listed(inputs, option, label, rate, "USD/Mtok", price, live=live, comment=comment)
    label, rate = f"output_usd_per_mtok{suffix}", tier.output_usd_per_mtok
    _listed(inputs, option, label, rate, "USD/Mtok", price, live=live, comment=comment)


def _listed(
    inputs: Inputs,
    option: str,
    name: str,
    value: float,
    unit: str,
    price: TokenPrice,
    *,
    live: bool,
    comment: str = "",
) -> Formula:
    entry = Entry(
        name, value, unit, None, price.kind, price.source, price.as_of, live=live, comment=comment
    )
    return inputs.add((option, name), entry)


def _quoted_batch(inputs: Inputs, option: str, api: Api, *, live: bool) -> None:
    """Batch prices of a quote follow from its discount, and from whether that stacks."""
    assert api.batch_discount is not None
    left = of(1) - _quantity(
        inputs, option, "batch_discount", api.batch_discount, "share", live=live
    )
    batch = {name: inputs[option, f"{name}_usd_per_mtok"] * left for name in ("input", "output")}
    for name in ("cached_input", "cache_write"):
        stated = getattr(api, f"{name}_usd_per_mtok") is not None
        own = inputs[option, f"{name}_usd_per_mtok"] * left
        batch[name] = own if api.stacks and stated else batch["input"]
    words = "the discount and the cache price stack" if api.stacks else "at the discount"
    for name in ("input", "cached_input", "cache_write", "output"):
        label = f"{name}_usd_per_mtok (batch)"
        inputs.derive((option, label), label, batch[name], "USD/Mtok", words)


def _contract(inputs: Inputs, option: str, contract: Contract, *, live: bool) -> None:
    """The terms of a contract; steps from the lowest up."""
    for i, step in enumerate(contract.steps or ()):
        for field, unit in (("up_to_usd_per_month", "USD/month"), ("up_to_mtok_per_month", "Mtok")):
            end: Quantity | None = getattr(step, field)
            if end is not None:
                _quantity(inputs, option, f"step {i + 1} {field}", end, unit, live=live)
        _quantity(inputs, option, f"step {i + 1} discount", step.discount, "share", live=live)
    if contract.kind == "commit":
        assert contract.usd_per_month is not None
        name = "commit usd_per_month"
        _quantity(inputs, option, name, contract.usd_per_month, "USD/month", live=live)
        _quantity(inputs, option, "commit discount", contract.discount, "share", live=live)
        overage = contract.overage_discount
        _quantity(inputs, option, "overage_discount", overage, "share", live=live)
    if contract.kind == "provisioned":
        assert contract.usd_per_unit_month is not None
        assert contract.tokens_per_s is not None
        unit_usd = contract.usd_per_unit_month
        _quantity(inputs, option, "usd_per_unit_month", unit_usd, "USD/unit-month", live=live)
        _quantity(inputs, option, "unit tokens_per_s", contract.tokens_per_s, "tokens/s", live=live)


# -------------------------------------------------------------------------------------- fleets


def _fleet(inputs: Inputs, report: Report, option: Option, selfhost: SelfHost) -> None:
    facts = report.facts.options[option.name].fleet
    assert facts is not None
    inputs.heading(f"Own GPUs: {option.name}")
    comment = why_locked(report, option.name)
    live = not comment
    for name, capacity in facts.capacity.items():
        label = f"requests_per_s {name}"
        _quantity(
            inputs,
            option.name,
            label,
            capacity.requests_per_s,
            "requests/s",
            live=live,
            comment=comment or "what one replica serves, flat out",
        )
    _offers(inputs, option.name, facts, live=live, comment=comment)
    _sizing(inputs, option.name, selfhost, facts, live=live)
    for extra in selfhost.extra_monthly:
        name = f"extra: {extra.name}"
        entry = Entry(
            extra.name,
            extra.usd.value,
            "USD/month",
            extra.usd,
            source=extra.source or "the scenario",
            live=live,
            comment=comment,
        )
        inputs.add((option.name, name), entry)


def _offers(inputs: Inputs, option: str, facts: FleetFacts, *, live: bool, comment: str) -> None:
    for i, offer in enumerate(facts.offers):
        label = f"offer {i + 1} usd_per_gpu_hour"
        _quantity(
            inputs,
            option,
            label,
            offer.usd_per_gpu_hour,
            "USD/GPU-hour",
            live=live,
            comment=comment or offer.name,
        )
        if offer.interruption_overhead is not None:
            label = f"offer {i + 1} interruption_overhead"
            _quantity(inputs, option, label, offer.interruption_overhead, "share", live=live)
        if offer.replicas is not None and i < len(facts.offers) - 1:
            entry = Entry(f"offer {i + 1} replicas", offer.replicas, "replicas", live=live)
            inputs.add((option, entry.name), entry)


def _sizing(
    inputs: Inputs, option: str, selfhost: SelfHost, facts: FleetFacts, *, live: bool
) -> None:
    default = "default of this tool"
    least = 0.0 if selfhost.is_serverless else DEFAULT_MIN_REPLICAS
    stated = {
        "load_factor": (selfhost.load_factor, DEFAULT_LOAD_FACTOR, "share above 0"),
        "spare_replicas": (selfhost.spare_replicas, usual_spares(selfhost), "replicas"),
        "min_replicas": (selfhost.min_replicas, least, "replicas"),
        "start_minutes": (selfhost.start_minutes or facts.start_minutes, 0.0, "min"),
    }
    for name, (quantity, usual, unit) in stated.items():
        if name == "load_factor" and selfhost.queueing is not None:
            continue
        known = quantity or Quantity(value=usual, kind="assumed", source=default)
        _quantity(inputs, option, name, known, unit, live=live)
    node = selfhost.node_gpus
    _quantity(inputs, option, "node_gpus", node, "GPUs", live=live, comment="purchase quantum")
    if selfhost.replicas is not None:
        _quantity(inputs, option, "replicas", selfhost.replicas, "replicas", live=live)
    entry = Entry(
        "gpus_per_replica", facts.gpus_per_replica, "GPUs", live=False,
        source="the scenario, or the smallest that fits",
    )  # fmt: skip
    inputs.add((option, entry.name), entry)


# ------------------------------------------------------------------------ people and constants


def _people(inputs: Inputs, report: Report) -> None:
    inputs.heading("People and platform")
    people = report.facts.overheads
    _quantity(inputs, "overheads", "usd_per_hour", people.usd_per_hour, "USD/hour")
    fleet, api = people.fleet_hours_per_month, people.api_hours_per_month
    _quantity(inputs, "overheads", "per_fleet hours_per_month", fleet, "h/month")
    _quantity(inputs, "overheads", "per_api hours_per_month", api, "h/month")
    platform = people.platform_usd_per_month
    _quantity(inputs, "overheads", "platform usd_per_month", platform, "USD/month")


def _calendar(inputs: Inputs, report: Report) -> None:
    inputs.heading("Calendar")
    calendar, owned = report.inputs.calendar, _owns(report)
    _quantity(inputs, "calendar", "days_per_month", calendar.days_per_month, "days/month")
    _quantity(
        inputs,
        "calendar",
        "hours_per_month",
        calendar.hours_per_month,
        "h/month",
        live=not owned,
        comment="the rate of owned GPUs depends on it" if owned else "",
    )


def _owns(report: Report) -> bool:
    return any(
        offer.terms == "owned" and offer.usd_per_gpu is not None
        for option in report.inputs.options
        for offer in (option.selfhost.offers if option.selfhost else ())
    )


def _constants(inputs: Inputs) -> None:
    inputs.heading("Definitions")
    for name, value, unit, comment in (
        ("hours_per_week", float(HOURS_PER_WEEK), "h", ""),
        ("seconds_per_day", SECONDS_PER_DAY, "s", ""),
        ("minutes_per_hour", SECONDS_PER_HOUR / SECONDS_PER_MINUTE, "min", ""),
        ("tokens_per_mtok", MTOK, "tokens", "the unit of prices"),
        ("step_tolerance", STEP_TOLERANCE, "", "a load this close above a whole number is it"),
        ("check_tolerance", AGREES, "", "relative difference up to which a check is ok"),
    ):
        entry = Entry(
            name, value, unit or "tiny", kind=CONSTANT, source="costmodel", live=False,
            comment=comment,
        )  # fmt: skip
        inputs.add((name,), entry)

"""What an input of a scenario is called in a sentence, and its value with its unit.

Paths are those of `costmodel risk`. Names are nouns without an article, so that "the" may stand
before any of them; units are those of the scenario's own numbers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from costmodel.quantity.words import called, short, usd
from costmodel.scenario import Api, Escalation, Hybrid, SelfHost
from costmodel.scenario.numbers import Part

_WHOLE: Mapping[str, str] = {
    "overheads.usd_per_hour": "cost of an engineering hour",
    "overheads.per_fleet.hours_per_month": "engineering hours for a fleet",
    "overheads.per_api.hours_per_month": "engineering hours for an API",
    "overheads.platform.usd_per_month": "monthly cost of the platform",
    "calendar.days_per_month": "days in a month",
    "calendar.hours_per_month": "hours in a month",
}
"""Inputs of the scenario as a whole, by their path."""

_ENDS: Mapping[str, str] = {
    "offers.replicas": "committed replicas",
    "contract.discount": "contract discount",
    "contract.usd_per_month": "monthly commitment",
    "contract.usd_per_unit_month": "monthly price of a provisioned unit",
    "contract.tokens_per_s": "throughput of a provisioned unit",
    "steps.discount": "contract discount",
    "steps.up_to_usd_per_month": "monthly spend",
    "steps.up_to_mtok_per_month": "monthly tokens",
    "shapes.share": "share of the requests",
}
"""Inputs by the last two parts of their path, where the last alone means several things."""

_LAST: Mapping[str, str] = {
    "requests_per_s": "throughput",
    "usd_per_gpu_hour": "price of a GPU hour",
    "usd_per_gpu_second": "price of a GPU second",
    "usd_per_gpu": "price of a GPU",
    "usd_per_kwh": "price of electricity",
    "colo_usd_per_kw_month": "monthly price of a colocated kilowatt",
    "kw_per_gpu": "power of a GPU",
    "pue": "power usage effectiveness",
    "life_months": "life of a GPU",
    "term_months": "term of the commitment",
    "residual_share": "residual value",
    "maintenance_share_per_year": "yearly maintenance as a share of the price",
    "interruption_overhead": "work lost to interruptions",
    "discount": "discount",
    "tokens_per_day": "volume",
    "requests_per_day": "volume",
    "input_tokens": "input tokens a request",
    "output_tokens": "output tokens a request",
    "cached_input_share": "cached share of the input",
    "cache_write_share": "share of the input written to the cache",
    "prefix_cache_share": "prefix-cached share of the input",
    "batch_share": "share that may wait",
    "max_context": "longest context",
    "ttft_ms": "time to the first token",
    "tpot_ms": "time per output token",
    "wait_p95_ms": "95th percentile of the wait",
    "min_retention": "least retained quality",
    "margin": "margin of the quality gate",
    "growth_per_month": "monthly growth",
    "input_token_ratio": "input tokens against the reference",
    "output_token_ratio": "output tokens against the reference",
    "input_usd_per_mtok": "input price",
    "output_usd_per_mtok": "output price",
    "cached_input_usd_per_mtok": "price of cached input",
    "cache_write_usd_per_mtok": "price of writing to the cache",
    "rate_limit_tokens_per_minute": "rate limit",
    "overage_discount": "discount past the commitment",
    "peak_to_mean": "peak to mean",
    "tp": "GPUs that share a replica",
    "gpus_per_replica": "GPUs of a replica",
    "node_gpus": "GPUs of a node",
    "gpu_memory_utilization": "usable share of GPU memory",
    "start_minutes": "start time of a replica",
    "one_off_usd": "one-off cost",
    "ramp_months": "months of ramp-up",
    "horizon_months": "horizon",
    "discount_rate": "discount rate",
    "api_price_change_per_year": "yearly change of API prices",
    "gpu_price_change_per_year": "yearly change of GPU prices",
}
"""Inputs by the last part of their path; any other is called by that part itself."""

_UNITS: Mapping[str, str] = {
    "requests_per_s": "req/s",
    "tokens_per_s": "tokens/s",
    "tokens_per_day": "/ day",
    "requests_per_day": "requests / day",
    "rate_limit_tokens_per_minute": "tokens / min",
    "up_to_mtok_per_month": "M tokens",
    "input_tokens": "tokens",
    "output_tokens": "tokens",
    "max_context": "tokens",
    "hours_per_month": "h",
    "days_per_month": "days",
    "life_months": "months",
    "term_months": "months",
    "ramp_months": "months",
    "horizon_months": "months",
    "start_minutes": "min",
    "kw_per_gpu": "kW",
    "ttft_ms": "ms",
    "tpot_ms": "ms",
    "wait_p95_ms": "ms",
}
"""What stands behind a value; money and shares carry their sign instead."""

_PERCENT = ("share", "share_per_year", "change_per_year", "growth_per_month", "discount",
            "discount_rate", "min_retention", "margin", "interruption_overhead",
            "gpu_memory_utilization")  # fmt: skip
"""Ends of the names of shares that people state in percent."""

_PRICES = ("per_gpu_hour", "per_gpu_second", "per_mtok", "per_kwh", "per_hour")
"""Ends of the names of prices: small, and quoted to three digits."""

_KINDS: Mapping[str, type[Part]] = {
    "selfhost": SelfHost, "api": Api, "hybrid": Hybrid, "escalation": Escalation,
}  # fmt: skip
"""What follows the name of an option in a path, and the fields that follow that."""
_WORKLOAD = re.compile(
    r"workloads\.(?P<owner>.+?)(?:\.(?:profile|slo|quality(?:\.gate)?|shapes\[\d+\]))?"
    r"\.[^.]+"
)
_EXTRA = re.compile(r"\.extra_monthly\.(?P<name>.+)\.usd")
_PLACE = re.compile(r"\[\d+\]")
_ITEM = re.compile(r"\.(?P<list>offers|steps|shapes)\[(?P<place>\d+)\]\.[^.]+")


def input_name(path: str) -> str:
    """A path of the scenario in words.

    >>> input_name("options.own GPUs.selfhost.throughput.chat.requests_per_s")
    'throughput of own GPUs'
    >>> input_name("options.own GPUs.selfhost.extra_monthly.engineering.usd")
    'monthly engineering cost of own GPUs'
    >>> input_name("options.own GPUs.selfhost.offers[1].usd_per_gpu_hour")
    'price of a GPU hour of own GPUs, offer 2'
    >>> input_name("overheads.per_fleet.hours_per_month")
    'engineering hours for a fleet'
    >>> input_name("options.my.api.v2.selfhost.load_factor")
    'load factor of my.api.v2'
    """
    owner = _owner(path)
    of = f" of {called(owner)}" if owner else ""
    return f"{_label(path)}{of}{_item(path)}"


def _label(path: str) -> str:
    extra = _EXTRA.search(path)
    if extra:
        cost = called(extra["name"])
        return f"monthly {cost}" if cost.endswith("cost") else f"monthly {cost} cost"
    last = _last(path)
    end = ".".join(_PLACE.sub("", path).split(".")[-2:])
    return _WHOLE.get(path) or _ENDS.get(end) or _LAST.get(last) or last.replace("_", " ")


def _owner(path: str) -> str:
    """The option or workload that a path belongs to; its name may hold dots."""
    part, _, rest = path.partition(".")
    if part == "options":
        return min(_option_names(rest), key=len, default="")
    found = _WORKLOAD.fullmatch(path)
    return found["owner"] if found else ""


def _option_names(rest: str) -> Iterator[str]:
    """Every way to read a name before one of the kinds and a field of it."""
    for kind, part in _KINDS.items():
        for found in re.finditer(rf"\.{kind}\.(\w+)", rest):
            if found[1] in part.model_fields:
                yield rest[: found.start()]


def _item(path: str) -> str:
    """Which item of a list it is, where there may be several: a first offer is *the* offer."""
    found = _ITEM.search(path)
    if not found:
        return ""
    place = int(found["place"]) + 1
    return "" if found["list"] == "offers" and place == 1 else f", {found['list'][:-1]} {place}"


def _last(path: str) -> str:
    return path.rsplit(".", 1)[-1]


def unit_text(path: str) -> str:
    """The unit of an input's values, where it stands behind them; empty where none does.

    >>> unit_text("overheads.per_fleet.hours_per_month"), unit_text("overheads.usd_per_hour")
    ('h', '')
    """
    return _UNITS.get(_last(path), "")


def number_text(path: str, value: float, digits: int = 3) -> str:
    """A value of an input without its unit; money and shares keep their sign.

    >>> number_text("overheads.usd_per_hour", 103.4), number_text("w.cached_input_share", 0.125)
    ('$103', '12.5 %')
    """
    last = _last(path)
    if last.endswith(_PERCENT):
        return f"{100 * value:.{digits}g} %"
    if "usd" in last:
        small = last.endswith(_PRICES) and 0 < abs(value) < 1
        return _small_price(value, digits) if small else _money(value, digits)
    if unit_text(path) == "ms" and abs(value) < 1e5:
        return f"{value:,.{digits}g}" if abs(value) < 100 else f"{value:,.0f}"
    return short(value, digits)


def _small_price(value: float, digits: int) -> str:
    """A price below a dollar: cents, and further digits where there are any."""
    decimals = max(2, digits - 1 - math.floor(math.log10(abs(value))))
    whole, rest = f"{abs(value):.{decimals}f}".split(".")
    return f"{'-' if value < 0 else ''}${whole}.{rest[:2]}{rest[2:].rstrip('0')}"


def _money(value: float, digits: int) -> str:
    if digits == 3:
        return usd(value)
    return f"{'-' if value < 0 else ''}${short(abs(value), digits)}"


def value_text(path: str, value: float) -> str:
    """A value of an input, short, with its unit.

    >>> value_text("overheads.usd_per_hour", 103.0), value_text("a.load_factor", 0.7)
    ('$103', '0.7')
    >>> value_text("options.own.selfhost.throughput.requests_per_s", 2.863)
    '2.86 req/s'
    """
    unit = unit_text(path)
    return f"{number_text(path, value)} {unit}" if unit else number_text(path, value)


def apart(path: str, values: list[float]) -> list[str]:
    """Numbers along an axis, with as many digits as it takes to tell them apart.

    >>> apart("overheads.usd_per_hour", [1000.0, 1001.0, 1002.0])
    ['$1k', '$1.001k', '$1.002k']
    """
    texts = [number_text(path, value) for value in values]
    for digits in (4, 5, 6):
        if len(set(texts)) == len(set(values)):
            break
        texts = [number_text(path, value, digits) for value in values]
    return texts

"""What a verdict rests on: the handful of numbers that decide it, each with its kind and source.

The full list is the report's table of assumptions; this is the part a reader argues about first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from costmodel.pipeline.report import OptionResult, Report
from costmodel.present.words.focus import cheapest_api, own_option
from costmodel.quantity.quantity import Kind, Quantity
from costmodel.quantity.words import percent, short, usd


@dataclass(frozen=True)
class Evidence:
    """One number the verdict rests on."""

    name: str
    value: str
    kind: Kind
    source: str
    as_of: date | None = None


def evidence(report: Report) -> list[Evidence]:
    """The decisive numbers of the option with own GPUs and of the API it is held against."""
    own, api = own_option(report), cheapest_api(report)
    rows = [row for name in _servers(report, own) for row in _of_fleet(report, name)]
    apis = dict.fromkeys([*(o.name for o in (api,) if o), *_api_parts(report, own)])
    rows += [row for name in apis for row in _of_api(report, name)]
    return [*rows, _of_people(report)]


def _servers(report: Report, own: OptionResult | None) -> list[str]:
    """The self-hosted options behind an option."""
    return [name for name in _parts(report, own) if report.option(name).kind == "selfhost"]


def _api_parts(report: Report, own: OptionResult | None) -> list[str]:
    return [name for name in _parts(report, own) if report.option(name).kind == "api"]


def _parts(report: Report, option: OptionResult | None) -> list[str]:
    if option is None:
        return []
    stated = report.inputs.option(option.name)
    if stated.hybrid is not None:
        return [stated.hybrid.selfhost, stated.hybrid.api]
    return list(dict.fromkeys((stated.mix or {}).values())) or [option.name]


def _of_fleet(report: Report, name: str) -> Iterator[Evidence]:
    facts = report.facts.options[name].fleet
    if facts is None or report.option(name).fleet is None:
        return
    for workload, capacity in facts.capacity.items():
        label = "Throughput, one replica"
        if len(facts.capacity) > 1:
            label = f"Throughput, {workload}"
        rate, value = capacity.requests_per_s, f"{short(capacity.output_tokens_per_s)} tok/s out"
        yield Evidence(label, value, rate.kind or "assumed", rate.source or "the scenario")
    if facts.fit is not None:
        yield _fit(facts.fit)
    for i, offer in enumerate(facts.offers):
        which = "" if len(facts.offers) == 1 else f", offer {i + 1}"
        yield _known(f"GPU hour{which}", usd(offer.usd_per_gpu_hour.value), offer.usd_per_gpu_hour)
        lost = offer.interruption_overhead
        if lost is not None:
            yield _known(f"Time lost to interruptions{which}", percent(lost.value), lost)


def _fit(fit: Any) -> Evidence:
    facts = {row["path"]: row for row in fit.get("assumptions", ())}
    context = facts.get("context", {}).get("value") or 0
    gpus = facts.get("tp", {}).get("value") or 1
    engine = facts.get("engine.budget_share", {}).get("source") or "memory rules"
    most = fit.get("max_concurrency") or 0
    label = f"Fits {gpus} GPU{'s' if gpus > 1 else ''}, requests × context"
    length = f"{context // 1024}k" if context % 1024 == 0 else short(context)
    return Evidence(label, f"{int(most)} × {length}", "estimated", engine)


def _known(label: str, value: str, quantity: Quantity) -> Evidence:
    """A value known as a quantity of the scenario or the book is."""
    source = quantity.source or "the scenario"
    return Evidence(label, value, quantity.kind or "assumed", source, quantity.as_of)


def _of_api(report: Report, name: str) -> Iterator[Evidence]:
    usd_per_mtok, price = report.option(name).usd_per_mtok, report.facts.options[name].price
    if price is not None and usd_per_mtok is not None:
        value = f"{usd(usd_per_mtok)} / 1M"
        yield Evidence(f"{name}, all in", value, price.kind, price.source, price.as_of)


def _of_people(report: Report) -> Evidence:
    rate, hours = report.facts.overheads.usd_per_hour, report.facts.overheads.fleet_hours_per_month
    return _known("Engineering a month", f"{hours.value:g} h × {usd(rate.value)}", rate)

"""What a verdict rests on: the handful of numbers that decide it, each with its kind and source.

The full list is the report's table of assumptions; this is the part a reader argues about first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from costmodel.pipeline.report import Assumption, OptionResult, Report
from costmodel.present.words.focus import cheapest_api, own_option
from costmodel.quantity.quantity import Kind
from costmodel.quantity.words import short, usd


@dataclass(frozen=True)
class Evidence:
    """One number the verdict rests on."""

    name: str
    value: str
    kind: Kind
    source: str
    as_of: date | None = None

    @property
    def short_source(self) -> str:
        """The source's first words: up to its first clause.

        >>> Evidence("", "", "estimated", "roofline: fit of measured.csv (681 rows)").short_source
        'roofline'
        """
        clause = re.split(r"[;:(]\s|\s\(|, (?=\d)", self.source.removeprefix("https://"))[0]
        return clause if len(clause) <= 30 else clause[:29].rstrip() + "…"

    @property
    def dated_source(self) -> str:
        """The short source with its month."""
        return f"{self.short_source}, {self.as_of:%Y-%m}" if self.as_of else self.short_source


def evidence(report: Report) -> list[Evidence]:
    """The decisive numbers of the option with own GPUs and of the API it is held against."""
    own, api = own_option(report), cheapest_api(report)
    rows = [row for name in _servers(report, own) for row in _of_fleet(report, name)]
    apis = dict.fromkeys([*(o.name for o in (api,) if o), *_api_parts(report, own)])
    rows += [row for name in apis for row in _of_api(report, name)]
    return [*rows, *_of_people(report)]


def _servers(report: Report, own: OptionResult | None) -> list[str]:
    """The self-hosted options behind an option."""
    return [name for name in _parts(report, own) if report.option(name).kind == "selfhost"]


def _api_parts(report: Report, own: OptionResult | None) -> list[str]:
    return [name for name in _parts(report, own) if report.option(name).kind == "api"]


def _parts(report: Report, option: OptionResult | None) -> list[str]:
    if option is None:
        return []
    stated = _stated(report, option.name)
    if option.kind == "hybrid":
        hybrid = stated.get("hybrid", {})
        names = [hybrid.get("selfhost"), hybrid.get("api")]
    else:
        names = list((stated.get("mix") or {}).values()) or [option.name]
    known = {o.name for o in report.options}
    return [name for name in dict.fromkeys(names) if name in known]


def _stated(report: Report, name: str) -> dict[str, Any]:
    options = report.frozen.get("options", ())
    return next((dict(o) for o in options if o.get("name") == name), {})


def _of_fleet(report: Report, name: str) -> Iterator[Evidence]:
    fleet = report.option(name).fleet
    if fleet is None:
        return
    for workload, facts in fleet.throughput.items():
        label = "Throughput, one replica"
        if len(fleet.throughput) > 1:
            label = f"Throughput, {workload}"
        rate = facts["requests_per_s"]
        value = f"{short(facts['output_tokens_per_s'])} tok/s out"
        kind, source = rate.get("kind") or "assumed", rate.get("source") or "the scenario"
        yield Evidence(label, value, kind, source)
    if fleet.fit is not None:
        yield _fit(fleet.fit)
    yield from _offers(report, f"options.{name}.selfhost.offers[")


def _fit(fit: Any) -> Evidence:
    facts = {row["path"]: row for row in fit.get("assumptions", ())}
    context = facts.get("context", {}).get("value") or 0
    gpus = facts.get("tp", {}).get("value") or 1
    engine = facts.get("engine.budget_share", {}).get("source") or "memory rules"
    most = fit.get("max_concurrency") or 0
    label = f"Fits {gpus} GPU{'s' if gpus > 1 else ''}, requests × context"
    length = f"{context // 1024}k" if context % 1024 == 0 else short(context)
    return Evidence(label, f"{int(most)} × {length}", "estimated", engine)


def _offers(report: Report, prefix: str) -> Iterator[Evidence]:
    rows = [row for row in report.assumption_rows if row.path.startswith(prefix)]
    for i, row in enumerate(rows):
        label = "GPU hour" if len(rows) == 1 else f"GPU hour, offer {i + 1}"
        yield _priced(label, row)


def _priced(label: str, row: Assumption) -> Evidence:
    value = usd(row.value) if isinstance(row.value, float) else str(row.value)
    return Evidence(label, value, row.kind, row.source, row.as_of)


def _of_api(report: Report, name: str) -> Iterator[Evidence]:
    option = report.option(name)
    rows = [r for r in report.assumption_rows if r.path.startswith(f"options.{name}.api.")]
    listed = next((r for r in rows if r.path.endswith(".output_usd_per_mtok")), None)
    if listed is not None and option.usd_per_mtok is not None:
        value = f"{usd(option.usd_per_mtok)} / 1M"
        yield Evidence(f"{name}, all in", value, listed.kind, listed.source, listed.as_of)


def _of_people(report: Report) -> Iterator[Evidence]:
    by_path = {row.path: row for row in report.assumption_rows}
    rate = by_path.get("overheads.usd_per_hour")
    hours = by_path.get("overheads.per_fleet.hours_per_month")
    if rate is not None and hours is not None and isinstance(hours.value, float):
        value = f"{hours.value:g} h × {usd(float(rate.value or 0))}"
        yield Evidence("Engineering a month", value, rate.kind, rate.source, rate.as_of)

"""Which option a chart or sentence is about, and what it is held against.

The reader decides between own GPUs and an API; both ends of that comparison are chosen here
once, so that headline, chart and numbers speak of the same two.
"""

from __future__ import annotations

import math

from costmodel.errors import InputError, did_you_mean, nearest_ids
from costmodel.pipeline.report import OptionResult, Report


def option_named(report: Report, name: str) -> OptionResult:
    """The option of that name; an InputError offers the nearest."""
    names = [option.name for option in report.options]
    if name not in names:
        raise InputError(f"no option is named {name!r}{did_you_mean(nearest_ids(name, names))}")
    return report.option(name)


def own_option(report: Report) -> OptionResult | None:
    """The option with own GPUs to speak about: recommended, else cheapest that stands, else first.

    A hybrid that runs no GPU at this volume comes after those that do. None where every option
    is an API.
    """

    def rank(option: OptionResult) -> tuple[bool, bool, bool, float]:
        recommended = option.name == report.recommendation.option
        idle = option.fleet is None or option.fleet.replicas == 0
        return not recommended, not option.stands, idle, option.monthly_usd or 0.0

    return min(filter(has_own_gpus, report.options), key=rank, default=None)


def earliest_own_option(report: Report) -> OptionResult | None:
    """The option with own GPUs that beats the cheapest eligible API at the least volume.

    It does not depend on the evaluated volume: an option that only this volume rules out counts.
    Where none ever wins it is the one to speak about.
    """
    if cheapest_api(report) is None:
        return own_option(report)
    winning = [
        (row.first_tokens_per_day, _number(row.always_from_tokens_per_day), option)
        for option in report.options
        if has_own_gpus(option) and eligible_at_some_volume(option)
        if (row := report.against_cheapest(option.name)) is not None
        if row.first_tokens_per_day is not None
    ]
    best = min(winning, key=lambda each: each[:2], default=None)
    return own_option(report) if best is None else best[2]


def _number(volume: float | None) -> float:
    return math.inf if volume is None else volume


def eligible_at_some_volume(option: OptionResult) -> bool:
    """Whether nothing but the evaluated volume keeps an option out."""
    return all(each.code == "pinned_fleet" for each in option.exclusions)


def has_own_gpus(option: OptionResult) -> bool:
    """Whether GPUs of one's own are in it."""
    return option.kind in ("selfhost", "hybrid") or (
        option.kind == "mix" and option.fleet is not None
    )


def cheapest_api(report: Report) -> OptionResult | None:
    """The cheapest eligible API at the evaluated volume."""
    apis = [o for o in report.options if o.stands and not has_own_gpus(o)]
    return min(apis, key=lambda o: o.monthly_usd or 0.0, default=None)


def exclusion(option: OptionResult) -> str:
    """Why an option may not be recommended, in a few words; empty where it may."""
    return f"not eligible: {'; '.join(option.excluded_by)}" if option.excluded_by else ""

"""The verdict as a reader meets it: a sentence with the amounts, a clause of advice, a reason.

Written so that it reads well whatever the options are called; every number is the report's.
"""

from __future__ import annotations

from dataclasses import replace

from costmodel.pipeline.report import BreakEven, OptionResult, Report
from costmodel.pipeline.verdict import describe
from costmodel.present.words.focus import (
    cheapest_api,
    earliest_own_option,
    eligible_at_some_volume,
    exclusion,
    has_own_gpus,
    own_option,
)
from costmodel.quantity.answer import Headline
from costmodel.quantity.words import called, tokens_per_day, usd


def headline(report: Report) -> Headline:
    """The headline of a report."""
    own, api = own_option(report), cheapest_api(report)
    name = report.recommendation.option
    shown = [o for o in (own, api) if o is not None and o.stands]
    if own is None:
        shown = _two_cheapest(report)
    volume = tokens_per_day(report.tokens_per_day)
    return Headline(
        _facts(volume, shown), _advice(report, own, api), _reason(report, own, api), name
    )


def _two_cheapest(report: Report) -> list[OptionResult]:
    standing = [o for o in report.options if o.stands]
    return sorted(standing, key=lambda o: o.monthly_usd or 0.0)[:2]


def _facts(volume: str, shown: list[OptionResult]) -> str:
    if not shown:
        return f"At {volume}, no option meets every condition."
    bills = [f"{usd(o.monthly_usd or 0.0)}{' a month' * (i == 0)} with {called(o.name)}"
             for i, o in enumerate(shown)]  # fmt: skip
    return f"At {volume}, you pay {' and '.join(bills)}."


def _advice(report: Report, own: OptionResult | None, api: OptionResult | None) -> str:
    name = report.recommendation.option
    if name is None:
        return "Nothing can be recommended."
    if own is None or api is None:
        return f"Choose {called(name)}."
    row = report.against_cheapest(own.name)
    if name == own.name:
        lasting = row is not None and _for_good(row, report.tokens_per_day)
        return f"Choose {called(name)}." if lasting else f"Choose {called(name)}, at this volume."
    first = earliest_own_option(report) or own
    later = report.against_cheapest(first.name)
    lasting = later is not None and later.always_from_tokens_per_day is not None
    if lasting and eligible_at_some_volume(first):
        return f"Stay with {called(name)}, for now."
    return f"Stay with {called(name)}."


def _for_good(row: BreakEven, volume: float) -> bool:
    """Whether the option stays cheaper however far the volume grows."""
    always = row.always_from_tokens_per_day
    return always is not None and volume >= always


def _reason(report: Report, own: OptionResult | None, api: OptionResult | None) -> str:
    parts = []
    if api is not None and own is not None:
        rate = usd(api.usd_per_mtok or 0.0)
        parts.append(
            f"The cheapest eligible API is {called(api.name)}, at {rate} per million tokens all in."
        )
    if own is not None and own.excluded_by:
        parts.append(f"{called(own.name)} is {exclusion(own)}.")
    first = earliest_own_option(report)
    row = report.against_cheapest(first.name) if first else None
    if api is None and own is not None:
        parts.append("No API by itself meets every condition.")
    elif row is not None:
        parts.append(describe(replace(row, option=called(row.option))))
    if own is None:
        parts.append(_api_only(report))
    return " ".join(parts)


def _api_only(report: Report) -> str:
    saving = report.recommendation.saving_usd_per_month
    if any(has_own_gpus(option) for option in report.options) or saving is None:
        return report.recommendation.reason
    return f"That saves {usd(saving)} a month. The scenario has no option with own GPUs."

"""Warnings: what the reader should know before relying on a result, and every code there is.

A warning never changes a number. Whoever raises one gives its code and says it in a sentence; the
heading it stands under where warnings are shown together belongs to the code. `docs/warnings.md`
explains each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Heading(StrEnum):
    """What warnings stand under, in the order shown."""

    CHECK = "Check before you rely on this"
    TRAFFIC = "What traffic does to it"
    NAIVE = "Why the usual break-even misleads"
    FILLED_IN = "Filled in for you"
    APART = "Billed apart, not in these bills"
    NOT_USED = "Read, and not used yet"


CODES: Mapping[str, Heading] = {
    # of a scenario and its bills
    "calendar_disagrees": Heading.CHECK,
    "profile_unset": Heading.FILLED_IN,
    "profile_assumed": Heading.FILLED_IN,
    "quality_across_models": Heading.CHECK,
    "gate_baseline_unnamed": Heading.FILLED_IN,
    "not_used_yet": Heading.NOT_USED,
    "no_bill": Heading.CHECK,
    "growth": Heading.TRAFFIC,
    "growth_flips": Heading.TRAFFIC,
    # of an API
    "no_batch_price": Heading.CHECK,
    "priced_apart": Heading.APART,
    "prices_newer": Heading.CHECK,
    "prices_old": Heading.CHECK,
    "precision_unknown": Heading.CHECK,
    "reasoning_tokens_unset": Heading.CHECK,
    "endpoint_retires": Heading.CHECK,
    "price_changes": Heading.CHECK,
    "rate_limit": Heading.CHECK,
    # of a fleet
    "no_fit_check": Heading.CHECK,
    "fit_tight": Heading.CHECK,
    "prefix_cache_unused": Heading.NOT_USED,
    "prefix_cache_open": Heading.CHECK,
    "prefix_cache_flips": Heading.CHECK,
    "spot_assumed": Heading.FILLED_IN,
    "owned_incomplete": Heading.CHECK,
    "queueing": Heading.TRAFFIC,
    "capacity_exceeded": Heading.CHECK,
    "naive_break_even": Heading.NAIVE,
    # of a cash flow
    "horizon_assumed": Heading.FILLED_IN,
    "discount_rate_unset": Heading.FILLED_IN,
    "not_eligible": Heading.CHECK,
    "outgrown": Heading.TRAFFIC,
    "ramp_outlasts_horizon": Heading.CHECK,
    "term_unset": Heading.FILLED_IN,
    "commitment_outlasts_horizon": Heading.APART,
    "book_value": Heading.FILLED_IN,
    # of a request log
    "extrapolated": Heading.CHECK,
    "aggregated": Heading.CHECK,
    "no_dates": Heading.CHECK,
    "cached_unknown": Heading.CHECK,
    "requests_unknown": Heading.CHECK,
    "rejected_rows": Heading.CHECK,
}
"""Every code, with its heading."""


@dataclass(frozen=True)
class Caution:
    """Something the reader should know before relying on the result."""

    code: str
    """One of `CODES`."""
    message: str

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise ValueError(f"no warning has the code {self.code!r}: add it to CODES")

    @property
    def heading(self) -> Heading:
        """What it stands under."""
        return CODES[self.code]


def by_heading(warnings: Iterable[Caution]) -> dict[str, list[str]]:
    """Messages under their headings, in the order of the headings, each message once.

    >>> by_heading([Caution("growth", "It grows.")])[Heading.TRAFFIC]
    ['It grows.']
    """
    raised = list(warnings)
    found: dict[str, list[str]] = {
        heading: list(dict.fromkeys(each.message for each in raised if each.heading is heading))
        for heading in Heading
    }
    return {heading: messages for heading, messages in found.items() if messages}

"""What a commitment risks: volume that halves, API prices that fall, a horizon too short."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

import numpy as np

from costmodel.cost.cashflow import npv, root
from costmodel.cost.terms import FleetTerms, Offer
from costmodel.pipeline.horizon import lifetime
from costmodel.quantity.caution import Caution
from costmodel.quantity.words import percent, tokens_per_day, usd
from costmodel.studies.cashflow.months import MOST_MONTHS, Desk
from costmodel.studies.cashflow.record import Renewal, RenewalRow, Stranded

USUAL_TERM_MONTHS = 36
"""The term the renewal question is about where the option has no commitment of its own."""

PRICE_CHANGES = (0.0, -0.1, -0.2, -0.3, -0.4, -0.5)
"""Changes of API prices a year that the renewal question is answered for."""

TIE = 1e-9
"""Of bills: what differs by less costs the same."""

FIXED = ("commit", "provisioned")
"""Contracts whose dollars do not follow list prices."""

LOWEST_CHANGE, HIGHEST_CHANGE = -0.95, 1.0
"""Between these the change is looked for at which a commitment is worth nothing."""


# ------------------------------------------------------------------------------------ stranded


def stranded(desk: Desk, name: str) -> Iterator[Stranded]:
    """Commitments that half the volume of month 1 does not need, if it halves on day one.

    Idle are the committed units beyond those one would commit to at half the volume; the last
    ones committed become idle first.
    """
    bill, volume = desk.bill(name), desk.volumes[0]
    for part, terms in bill.fleet_terms.items():
        places = [place for place in bill.commitments() if place[0] == part]
        units = {at: float(bill.units_needed(at, volume)) for at in places}
        idle = sum(units.values()) - bill.units_wanted(part, volume / 2)
        found = []
        for place in reversed(places):
            offer, unused = terms.offers[place[1]], min(max(idle, 0.0), units[place])
            idle -= unused
            months = offer.term_months if np.isfinite(offer.term_months) else float(desk.months)
            amount = unused * terms.gpus_per_unit * _tied_usd(offer, terms, months)
            found.append(Stranded(offer.name, units[place], unused, months, amount))
        yield from (each for each in reversed(found) if each.units)


def _tied_usd(offer: Offer, terms: FleetTerms, months: float) -> float:
    """What one GPU costs on a commitment, whether it is used or not."""
    if offer.purchase is not None:
        return offer.purchase.price_usd * (1.0 - offer.purchase.residual_share)
    return offer.usd_per_gpu_hour * terms.hours_per_month * months


# ------------------------------------------------------------------------------------- renewal


def renewal(desk: Desk, name: str, reference: str) -> Renewal:
    """Who is right when the commitment ends, and how far API prices may fall before it loses.

    The term is the longest of the option's commitments; its worth is that of the option over the
    term, one-offs included, against the reference at falling prices.
    """
    own = [int(np.ceil(o.term_months)) for o in desk.bill(name).commitments().values()
           if np.isfinite(o.term_months)]  # fmt: skip
    term = min(max(own, default=USUAL_TERM_MONTHS), MOST_MONTHS)
    beyond = desk.over(term + 1)

    def row(change: float) -> RenewalRow:
        return _row(beyond, name, reference, change)

    rows = tuple(row(x) for x in sorted({*PRICE_CHANGES, desk.api_change}, reverse=True))
    worth = {each.api_price_change_per_year: each.npv_usd for each in rows}
    root = _root(worth, lambda change: row(change).npv_usd)
    return Renewal(term, bool(own), rows, root, _is_fixed(desk, reference))


def _is_fixed(desk: Desk, name: str) -> bool:
    """Whether an option pays a provider dollars that a contract fixes."""
    members = desk.scenario.option(name).members
    apis = [desk.scenario.option(member).api for member in members]
    return any(api and api.contract and api.contract.kind in FIXED for api in apis)


def _row(beyond: Desk, name: str, reference: str, change: float) -> RenewalRow:
    api, paid = beyond.reference(reference, change), beyond.paid(name, reference, change)
    option, bill, term = paid.bills, api[1:], beyond.months - 1
    dearer = np.nonzero(bill[:term] >= option[:term] * (1 - TIE))[0]
    tied = abs(option[term] - bill[term]) <= TIE * bill[term]
    first = int(dearer[-1]) + 2 if dearer.size else 1
    return RenewalRow(
        change,
        npv(beyond.saved(paid, api, term), beyond.rate_per_month),
        first if first <= term else None,
        float(bill[term]),
        float(option[term]),
        name if option[term] < bill[term] and not tied else reference,
        bool(tied),
    )


def _root(known: Mapping[float, float], worth: Callable[[float], float]) -> float | None:
    """The change at which the worth is 0; None where it keeps its sign.

    It lies between two changes whose worth is known, or between an outer one and the ends.
    """
    changes = sorted(known)
    if min(known.values()) > 0:
        changes = [LOWEST_CHANGE, changes[0]]
    elif max(known.values()) <= 0:
        changes = [changes[-1], HIGHEST_CHANGE]
    for low, high in pairwise(changes):
        at_low, at_high = (known[x] if x in known else worth(x) for x in (low, high))
        if (at_low > 0) != (at_high > 0):
            return root(worth, (low, at_low), (high, at_high))
    return None


# ------------------------------------------------------------------------------------ warnings


def warnings(desk: Desk, name: str, reference: str, residual_usd: float) -> Iterator[Caution]:
    """What the reader should know before relying on the cash flow.

    ``residual_usd``: what the option's hardware counts for at the end.
    """
    finance = desk.scenario.finance
    if finance.horizon_months is None:
        yield Caution("horizon_assumed", f"No finance.horizon_months: {desk.months} months count.")
    if finance.discount_rate is None:
        yield Caution("discount_rate_unset", "No finance.discount_rate: a dollar in the last month "
                      "counts like one today.")  # fmt: skip
    for each in (name, reference):
        if desk.excluded[each]:
            yield Caution("not_eligible", f"{each} may not be chosen: "
                          f"{'; '.join(map(str, desk.excluded[each]))}.")  # fmt: skip
    outgrown = desk.outgrown_in(name)
    if outgrown is not None:
        volume = desk.volumes[outgrown - 1] * desk.share[outgrown - 1]
        yield Caution(
            "outgrown",
            f"{name}: its pinned fleet cannot serve {tokens_per_day(volume)} in month {outgrown}; "
            "the months from then on count as if it could.",
        )
    moved = float(desk.share[-1])
    if moved < 1:
        yield Caution(
            "ramp_outlasts_horizon",
            f"finance.ramp_months is {desk.ramp_months:g}: in month {desk.months}, the last, only "
            f"{percent(moved)} of the traffic has moved.",
        )
    yield from _terms(desk, name, residual_usd)
    yield from _endpoints(desk, (name, reference))


def _endpoints(desk: Desk, pair: tuple[str, str]) -> Iterator[Caution]:
    """Retirements and price changes that are known of the APIs behind both."""
    members = (member for name in pair for member in desk.scenario.option(name).members)
    for name in dict.fromkeys(members):
        facts = desk.resolved.options[name]
        if facts.price is not None and facts.endpoint is not None:
            yield from lifetime(desk.scenario, name, facts.price, facts.endpoint)


def _terms(desk: Desk, name: str, residual_usd: float) -> Iterator[Caution]:
    bill = desk.bill(name)
    for (part, i), offer in bill.commitments().items():
        terms = bill.fleet_terms[part]
        units = float(bill.units_needed((part, i), desk.volumes[0]))
        if not units:
            continue
        if not np.isfinite(offer.term_months):
            yield Caution(
                "term_unset",
                f"{name}: {offer.name} state no term (term_months, or usd_per_gpu where owned); "
                "they count as committed to the end of the horizon, at today's price by the hour.",
            )
        elif offer.purchase is None and offer.term_months > desk.months:
            left = offer.term_months - desk.months
            amount = units * terms.gpus_per_unit * _tied_usd(offer, terms, left)
            yield Caution("commitment_outlasts_horizon", f"{name}: {offer.name} are committed for "
                          f"{offer.term_months:g} months, {left:g} past the horizon; the "
                          f"{usd(amount)} owed there are not in these sums.")  # fmt: skip
        elif offer.purchase is not None and offer.term_months > desk.months:
            yield Caution("book_value", f"{name}: hardware younger than its {offer.term_months:g} "
                          "months counts at its straight-line book value at the end; all of it "
                          f"counts for {usd(residual_usd)}.")  # fmt: skip

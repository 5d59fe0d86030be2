"""Traffic as an answer: how busy a fleet is in its week, by which rule it is sized, other terms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from costmodel.cost.fleet import Sizing
from costmodel.pipeline.bills.records import FleetResult
from costmodel.pipeline.report import OptionResult, Report, Week
from costmodel.present.charts.traffic import SCALINGS
from costmodel.quantity.answer import Answer, Card, Column, Headline, Row, Table, numbers
from costmodel.quantity.words import (
    NONE,
    capital,
    mean_of,
    milliseconds,
    percent,
    short,
    shortened,
    three,
    usd,
)
from costmodel.studies.fleet_choices import SERVERLESS, FleetChoice

INTERRUPTED = "spot"
"""The offer that may be taken away: shown, not advised."""

WORTH_SAYING = 0.02
"""A saving below this share of the bill is none."""


def answer(
    report: Report,
    option: OptionResult | None = None,
    choices: Sequence[FleetChoice] = (),
    by_wait: Sizing | str = "",
    wait_p95_ms: float = 0.0,
    *,
    alone: bool = True,
) -> Answer:
    """The week, and the fleet of an option under it; without an option the week alone.

    ``choices``: the ways of having its GPUs. ``by_wait``: its size by queueing, or why there is
    none. ``alone``: the fleet has no API beside it, so that these are its bills and replicas.
    """
    if option is None or option.fleet is None:
        return Answer(
            Headline(f"{_load(report)}.", "No option here has GPUs of its own.", _NO_FLEET)
        )
    fleet = option.fleet
    return Answer(
        _headline(report, option, fleet, choices if alone else ()),
        cards=tuple(_cards(report, fleet.sizing, by_wait, wait_p95_ms, alone=alone)),
        tables={"commitments": commitments(fleet), "ways": ways(choices)},
    )


# ----------------------------------------------------------------------------------- the headline

_NO_FLEET = "An API bills what is used, in whichever hour; only own GPUs are paid for by the hour."


def _headline(
    report: Report, option: OptionResult, fleet: FleetResult, choices: Sequence[FleetChoice]
) -> Headline:
    """The load in a sentence, and whether the same fleet could be had for less."""
    name, bill = shortened(option.name, 48), option.monthly_usd or 0.0
    replicas = mean_of(fleet.replicas, "replica")
    return Headline(
        f"{_load(report)}; {name} keeps {replicas} {percent(fleet.utilisation)} busy.",
        _advice(cheapest_firm(choices), bill),
        f"A fleet is sized by its peaks and paid by its hours: {usd(fleet.idle_usd)} of "
        f"{usd(bill)} a month is for hours in which GPUs wait, headroom and spares included.",
        option.name,
    )


def _load(report: Report) -> str:
    ratio = peak_to_mean(report.week)
    if ratio <= 1.005:
        return "Every hour of the week carries the same load"
    return f"The busiest hour of the week carries {three(ratio)} times the mean"


def peak_to_mean(week: Week) -> float:
    """The busiest hour of the week over the mean one.

    >>> import numpy as np
    >>> peak_to_mean(Week(np.array([1.0, 2.0, 3.0]), {}))
    1.5
    """
    return float(week.tokens_per_s.max() / week.tokens_per_s.mean())


def _advice(best: FleetChoice | None, bill: float) -> str:
    if best is None or best.monthly_usd is None:
        return ""
    saving = bill - best.monthly_usd
    if saving <= WORTH_SAYING * bill:
        return "No firm offer costs less."
    return f"{capital(best.offer)}, {SCALINGS[best.scaling]}, would save {usd(saving)} a month."


def cheapest_firm(choices: Sequence[FleetChoice]) -> FleetChoice | None:
    """The cheapest way that can be counted on.

    Spot GPUs may be taken away, and GPUs by the second may not be free when they are wanted.
    """
    firm = [
        c
        for c in choices
        if c.monthly_usd is not None
        and (c.stated or (c.offer != INTERRUPTED and c.scaling != SERVERLESS))
    ]
    return min(firm, key=lambda c: c.monthly_usd or 0.0, default=None)


# ------------------------------------------------------------------------------------- the figures


def _cards(
    report: Report,
    billed: Sizing | None,
    by_wait: Sizing | str,
    wait_p95_ms: float,
    *,
    alone: bool,
) -> Iterator[Card]:
    """The peak, and replicas by either rule."""
    peak = short(float(report.week.tokens_per_s.max()))
    counted = "in the busiest hour, spares included" if alone else "without the API"
    yield Card(
        "Peak to mean",
        three(peak_to_mean(report.week)),
        f"the busiest hour brings {peak} tokens a second",
    )
    yield _by_factor(by_wait if isinstance(by_wait, Sizing) else billed, billed, counted)
    title = f"Replicas by a p95 wait of {milliseconds(wait_p95_ms)}"
    if isinstance(by_wait, str):
        yield Card(title, NONE, by_wait)
    else:
        yield Card(title, short(by_wait.replicas_by_queueing or 0.0), f"{counted}; Erlang C")


def _by_factor(shown: Sizing | None, billed: Sizing | None, counted: str) -> Card:
    if shown is None:
        return Card("Replicas by load factor", NONE, "replicas are started on demand")
    if billed and billed.replicas_by_queueing is None and billed.wait_p95_ms is not None:
        counted = f"{counted}; the p95 wait is then {milliseconds(billed.wait_p95_ms)}"
    title = f"Replicas by a load factor of {shown.load_factor:g}"
    return Card(title, short(shown.replicas_by_load_factor), counted)


# -------------------------------------------------------------------------------------- the tables


def commitments(fleet: FleetResult) -> Table:
    """From how many hours of use a commitment is cheaper than the elastic offer beside it."""
    return Table.of(
        (
            Column("Offer"),
            numbers("Replicas committed", short, "replicas"),
            numbers(
                "Cheaper from, hours a month",
                lambda hours: f"{hours:,.0f}",
                "break_even_hours_per_month",
                "no elastic offer beside it",
            ),
        ),
        ((c.offer, c.replicas, c.break_even_hours_per_month) for c in fleet.commitments),
        "When a commitment pays",
    )


def ways(choices: Sequence[FleetChoice]) -> Table:
    """Every way of having the same GPUs, by offer and by scaling, cheapest first."""
    return Table.of(
        (
            Column("Offer"),
            Column("Scaling", SCALINGS.__getitem__, "id"),
            numbers("USD per GPU-hour", _prices),
            numbers("A month", usd, "monthly_usd", ""),
            Column("Standing", key=None),
        ),
        (
            Row(
                (
                    c.offer,
                    c.scaling,
                    c.usd_per_gpu_hour,
                    c.monthly_usd,
                    "as it is" if c.stated else c.reason,
                ),
                "muted" if c.monthly_usd is None else "strong" if c.stated else "",
            )
            for c in choices
        ),
        f"Every way to have these GPUs ({len(choices)})",
    )


def _prices(by_offer: Sequence[float]) -> str:
    return " + ".join(f"{price:.2f}" for price in by_offer)


def short_reason(reason: str) -> str:
    """The first clause of a longer message.

    >>> short_reason("nobody lists it; listed for h200: spot")
    'nobody lists it'
    """
    return reason.split(";", maxsplit=1)[0]

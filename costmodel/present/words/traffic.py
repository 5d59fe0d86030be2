"""What the page about traffic says: the sentence over it, its figures, and the rows under it."""

from __future__ import annotations

from collections.abc import Sequence

from costmodel.cost.fleet import Sizing
from costmodel.pipeline.bills.records import FleetResult
from costmodel.pipeline.report import OptionResult, Report, Week
from costmodel.present.charts.traffic import SCALINGS
from costmodel.present.words.headline import Headline
from costmodel.quantity.words import percent, short, shortened, usd
from costmodel.studies.fleet_choices import SERVERLESS, FleetChoice

INTERRUPTED = "spot"
"""The offer that may be taken away: shown, not advised."""

WORTH_SAYING = 0.02
"""A saving below this share of the bill is none."""

Card = tuple[str, str, str]


def peak_to_mean(week: Week) -> float:
    """The busiest hour of the week over the mean one.

    >>> import numpy as np
    >>> peak_to_mean(Week(np.array([1.0, 2.0, 3.0]), {}))
    1.5
    """
    return float(week.tokens_per_s.max() / week.tokens_per_s.mean())


def headline(
    report: Report, option: OptionResult | None, choices: Sequence[FleetChoice]
) -> Headline:
    """The load in a sentence, and whether the same fleet could be had for less."""
    ratio = peak_to_mean(report.week)
    load = "Every hour of the week carries the same load"
    if ratio > 1.005:
        load = f"The busiest hour of the week carries {ratio:.3g} times the mean"
    if option is None or option.fleet is None:
        return Headline(f"{load}.", "No option here has GPUs of its own.", _NO_FLEET, None)
    fleet, name = option.fleet, shortened(option.name, 48)
    facts = f"{load}; {name} keeps {_replicas(fleet.replicas)} {percent(fleet.utilisation)} busy."
    best, advice = cheapest_firm(choices), ""
    bill = option.monthly_usd or 0.0
    if best is not None and best.monthly_usd is not None:
        saving = bill - best.monthly_usd
        advice = "No firm offer costs less."
        if saving > WORTH_SAYING * bill:
            advice = f"{way(best)} would save {usd(saving)} a month."
    return Headline(facts, advice, _reason(fleet, bill), option.name)


_NO_FLEET = "An API bills what is used, in whichever hour; only own GPUs are paid for by the hour."


def _reason(fleet: FleetResult, bill: float) -> str:
    return (
        f"A fleet is sized by its peaks and paid by its hours: {usd(fleet.idle_usd)} of "
        f"{usd(bill)} a month is for hours in which GPUs wait, headroom and spares included."
    )


def _replicas(count: float) -> str:
    """Replicas in words.

    >>> [_replicas(x) for x in (1, 8.0, 4.488)]
    ['1 replica', '8 replicas', '4.49 replicas (mean)']
    """
    whole = abs(count - round(count)) < 0.005
    text = f"{short(count)} replica{'' if short(count) == '1' else 's'}"
    return text if whole else f"{text} (mean)"


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


def way(choice: FleetChoice) -> str:
    """A way of having GPUs, as the beginning of a sentence."""
    offer = choice.offer[:1].upper() + choice.offer[1:]
    return f"{offer}, {SCALINGS[choice.scaling]},"


def cards(
    report: Report,
    billed: Sizing | None,
    by_wait: Sizing | str,
    wait_p95_ms: float,
    *,
    alone: bool = False,
) -> list[Card]:
    """The peak, and replicas by either rule; ``by_wait`` says why where there is no answer.

    ``alone``: the fleet has an API beside it, and these are its replicas without one.
    """
    ratio = peak_to_mean(report.week)
    peak = float(report.week.tokens_per_s.max())
    counted = "without the API" if alone else "in the busiest hour, spares included"
    return [
        ("Peak to mean", f"{ratio:.3g}", f"the busiest hour brings {short(peak)} tokens a second"),
        _by_factor(by_wait if isinstance(by_wait, Sizing) else billed, billed, counted),
        _by_queueing(by_wait, wait_p95_ms, counted),
    ]


def _by_factor(shown: Sizing | None, billed: Sizing | None, counted: str) -> Card:
    if shown is None:
        return "Replicas by load factor", "–", "replicas are started on demand"
    title = f"Replicas by a load factor of {shown.load_factor:g}"
    if billed is None or billed.replicas_by_queueing is not None or billed.wait_p95_ms is None:
        return title, short(shown.replicas_by_load_factor), counted
    says = f"{counted}; the p95 wait is then {_wait(billed.wait_p95_ms)}"
    return title, short(shown.replicas_by_load_factor), says


def _by_queueing(by_wait: Sizing | str, wait_p95_ms: float, counted: str) -> Card:
    title = f"Replicas by a p95 wait of {wait_p95_ms:,.0f} ms"
    if isinstance(by_wait, str):
        return title, "–", by_wait
    return title, short(by_wait.replicas_by_queueing or 0.0), f"{counted}; Erlang C"


def _wait(wait_ms: float) -> str:
    """A wait in words.

    >>> [_wait(x) for x in (0.0, 0.4, 120, 2500)]
    ['under 1 ms', 'under 1 ms', '120 ms', '2.5 s']
    """
    if wait_ms < 1:
        return "under 1 ms"
    return f"{short(wait_ms)} ms" if wait_ms < 1000 else f"{short(wait_ms / 1000)} s"


def short_reason(reason: str) -> str:
    """The first clause of a longer message.

    >>> short_reason("nobody lists it; listed for h200: spot")
    'nobody lists it'
    """
    return reason.split(";", maxsplit=1)[0]

"""A report as an answer: its headline, its figures, and every table of it, each written once.

The command line prints all of it, the app and the page place its parts beside the charts, and CSV
files hold a table by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from costmodel.errors import UnknownIdError
from costmodel.pipeline.report import CHEAPEST, Assumption, BreakEven, OptionResult, Report
from costmodel.present.words.evidence import Evidence, evidence
from costmodel.present.words.focus import (
    cheapest_api,
    earliest_own_option,
    exclusion,
    own_option,
)
from costmodel.present.words.headline import headline
from costmodel.quantity.answer import Answer, Card, Column, Row, Table, hidden, numbers
from costmodel.quantity.caution import by_heading
from costmodel.quantity.words import (
    NONE,
    between,
    capital,
    counted,
    mean_of,
    number,
    or_none,
    per_day,
    percent,
    short,
    shortened,
    three,
    tokens_per_day,
    usd,
    whole,
)

MOST_WINDOWS = 3
"""Winning windows spelled out; the rest is counted."""


def answer(report: Report) -> Answer:
    """Everything a person needs from one evaluation."""
    of = "" if report.volume_of == "all" else f" of {report.volume_of}"
    volume = f"{tokens_per_day(report.tokens_per_day)}{of}"
    return Answer(
        headline(report),
        subject=f"{report.scenario}: {volume}, prices as of {report.as_of.isoformat()}",
        cards=tuple(_cards(report)),
        tables={
            "options": options(report),
            "bill": bill(report),
            "break_even": break_even(report),
            "fleets": fleets(report),
            "conditions": conditions(report),
        },
        notes=by_heading(report.warnings),
    )


def _cards(report: Report) -> Iterator[Card]:
    best = report.recommendation
    if best.option is None:
        return
    yield Card("A month", usd(report.option(best.option).monthly_usd or 0.0), best.option)
    if best.saving_usd_per_month is not None:
        yield Card("Saves a month", usd(best.saving_usd_per_month), f"against {best.runner_up}")
    yield Card("Rests on", best.evidence or NONE, "prices and throughputs, at the weakest")


# ------------------------------------------------------------------------------------ figures


def figures(report: Report) -> list[Card]:
    """Three figures: where own GPUs begin to win, from where for good, and how busy they are."""
    own, api = own_option(report), cheapest_api(report)
    if own is None:
        return _cheapest(report)
    if api is None:
        return [*_cheapest(report)[:2], _busy(own)]
    first = earliest_own_option(report) or own
    return [*_crossings(report, first), _busy(own, name=first.name != own.name)]


def _crossings(report: Report, own: OptionResult) -> list[Card]:
    heads = ("First cheaper", "Always cheaper from")
    row = report.against_cheapest(own.name)
    if row is None:
        return [Card(head, NONE, "no bill can be stated") for head in heads]
    first, always = row.first_tokens_per_day, row.always_from_tokens_per_day
    against = f"{shortened(own.name, 28)}, than any eligible API"
    if first is None:
        meanings = (against, "at any volume")
        return [Card(head, "Never", said) for head, said in zip(heads, meanings, strict=True)]
    windows = counted(len(row.winning.windows) + row.winning.omitted, "winning window")
    return [
        Card(heads[0], capital(per_day(first)), against),
        Card(
            heads[1],
            "Never for good" if always is None else capital(per_day(always)),
            windows if first > 0 or always is None else "at every volume",
        ),
    ]


def _busy(own: OptionResult, *, name: bool = False) -> Card:
    fleet = own.fleet
    if fleet is None or not fleet.gpus:
        why = "no GPU is needed at this volume" if fleet else "it cannot serve this"
        return Card("GPUs busy", NONE, why)
    idle = f"{usd(fleet.idle_usd)} a month is headroom, on {mean_of(fleet.gpus, 'GPU')}"
    if name:
        idle += f", {shortened(own.name, 28)}"
    return Card("GPUs busy", percent(fleet.utilisation), idle)


def _cheapest(report: Report) -> list[Card]:
    found = report.recommendation
    if found.option is None:
        return [Card("Eligible options", "None", "every option is excluded")]
    best, saving = report.option(found.option), found.saving_usd_per_month
    next_best = "no other option stands" if saving is None else f"a month, {found.runner_up}"
    return [
        Card("Cheapest", usd(best.monthly_usd or 0.0), f"a month, {best.name}"),
        Card("Per million tokens", usd(best.usd_per_mtok or 0.0), "input and output, all in"),
        Card("Cheaper than the next by", or_none(saving, usd), next_best),
    ]


# --------------------------------------------------------------------------------- options, bills


def options(report: Report) -> Table:
    """Every option's bill in one line, cheapest first; what is excluded last, with the reason."""
    ordered = sorted(report.options, key=lambda o: (not o.stands, o.monthly_usd or 0.0))
    return Table.of(
        (
            Column("Option", role="option"),
            Column("Kind"),
            numbers("A month", usd),
            numbers("Per 1M tokens", usd),
            numbers("GPUs", whole, missing=""),
            numbers("Busy", percent, missing=""),
            Column("Standing"),
        ),
        (
            Row(
                (
                    o.name,
                    o.kind,
                    o.monthly_usd,
                    o.usd_per_mtok,
                    o.fleet and o.fleet.gpus,
                    o.fleet and o.fleet.utilisation,
                    _standing(o, report),
                ),
                "muted" if o.excluded_by else "",
            )
            for o in ordered
        ),
        f"Every option at {tokens_per_day(report.tokens_per_day)}",
    )


def _standing(option: OptionResult, report: Report) -> str:
    if option.name == report.recommendation.option:
        return "recommended"
    if option.excluded_by:
        return exclusion(option)
    return "no bill can be stated" if option.monthly_usd is None else ""


def bill(report: Report) -> Table:
    """Every line of every bill, by option, each with its total."""

    def lines(option: OptionResult) -> Iterator[Row]:
        for line in option.lines:
            yield Row((option.name, line.name, line.usd, line.kind, line.source))
        if option.monthly_usd is not None:
            yield Row((option.name, "All in", option.monthly_usd, "", ""), "sum")

    return Table.of(
        (
            Column("Option", role="option"),
            Column("Line", key="name"),
            numbers("A month", usd, "usd"),
            Column("Kind", role="kind"),
            Column("Source", role="source"),
        ),
        (row for option in report.options for row in lines(option)),
        "Every line of every bill",
        grouped=True,
    )


def fleets(report: Report) -> Table:
    """Every fleet: how large, how busy, what waits."""
    return Table.of(
        (
            Column("Fleet", role="option"),
            numbers("Replicas", three),
            numbers("GPUs", three),
            numbers("Busy", percent),
            numbers("Idle a month", usd),
            numbers("All-in", lambda multiple: f"{multiple:.2f}x"),
            numbers("One replica", per_day),
            Column("Fit"),
        ),
        (
            (
                o.name,
                o.fleet.replicas,
                o.fleet.gpus,
                o.fleet.utilisation,
                o.fleet.idle_usd,
                o.fleet.all_in_multiple,
                o.fleet.capacity_tokens_per_day_per_replica,
                str(o.fleet.fit["verdict"]).replace("_", " ") if o.fleet.fit else "not checked",
            )
            for o in report.options
            if o.fleet is not None
        ),
        "Own GPUs",
    )


def conditions(report: Report) -> Table:
    """What each condition costs a month."""
    return Table.of(
        (Column("Condition"), numbers("Costs a month", usd, missing="no option meets it")),
        ((each.condition, each.usd_per_month) for each in report.conditions),
        "What each condition costs",
    )


# ----------------------------------------------------------------------------------- break-even


def break_even(report: Report) -> Table:
    """Where each option with own GPUs is cheaper, against every API and the cheapest of them."""
    return Table.of(
        (
            Column("Option", role="option"),
            Column("Against", rival),
            Column("Verdict"),
            numbers("First cheaper", per_day, "first_tokens_per_day", "never"),
            numbers("Always from", per_day, "always_from_tokens_per_day", "never"),
            hidden("margin_of_safety"),
            hidden("windows"),
            hidden("windows_omitted"),
            hidden("recurring"),
            numbers("Margin", _margin, None),
            Column("Cheaper at", key=None),
        ),
        (
            Row(_break_even(row), "strong" if row.against == CHEAPEST else "")
            for row in report.break_even
        ),
        "Where own GPUs are cheaper",
        grouped=True,
    )


def _break_even(row: BreakEven) -> tuple[object, ...]:
    data = row.to_dict()
    return (
        row.option,
        row.against,
        row.verdict,
        row.first_tokens_per_day,
        row.always_from_tokens_per_day,
        row.margin_of_safety,
        _plain_windows(data["windows"]),
        data["windows_omitted"],
        data["recurring"],
        row.margin_of_safety,
        _windows(row),
    )


def rival(name: str) -> str:
    """What an option is held against."""
    return "cheapest eligible API" if name == CHEAPEST else name


def _plain_windows(windows: list[list[float | None]]) -> str:
    """Windows for programs: `5937500000..6000000000; 12187500000..`."""
    return "; ".join(
        f"{low:.12g}..{'' if high is None else f'{high:.12g}'}" for low, high in windows
    )


def _windows(row: BreakEven) -> str:
    """The first winning windows, how many more there are, and whether they go on for ever."""
    windows = row.winning.windows
    if row.verdict == "always":
        return "every volume"
    shown = [
        f"from {short(low)}" if high == float("inf") else f"{short(low)} to {short(high)}"
        for low, high in windows[:MOST_WINDOWS]
    ]
    left = len(windows) - len(shown) + row.winning.omitted
    more = [f"{left:,} more"] if left else []
    again = ["again and again"] if row.winning.recurring else []
    return "; ".join([*shown, *more, *again]) or NONE


def _margin(margin: float) -> str:
    """How far the volume lies inside or outside the nearest winning window."""
    return f"{'outside' if margin < 0 else 'inside'} by {percent(abs(margin))}"


# --------------------------------------------------------------------------- what it rests on


def assumptions(report: Report) -> Table:
    """Every number the result rests on."""
    return assumption_table(report.assumption_rows)


def assumption_table(rows: Sequence[Assumption]) -> Table:
    """Numbers with their ranges and where they come from."""
    return Table.of(
        (
            Column("Where", key="path"),
            numbers("Value", number, missing=""),
            Column("Unit"),
            Column("Kind", role="kind"),
            Column("Source", role="source"),
            Column("Date", key="as_of", missing=""),
            hidden("low"),
            hidden("high"),
            Column("Range", key=None),
        ),
        (
            (r.path, r.value, r.unit, r.kind, r.source, r.as_of, r.low, r.high, spread(r))
            for r in rows
        ),
        f"All {len(rows)} numbers this rests on",
        scrolls=True,
    )


def spread(row: Assumption) -> str:
    """The range of a number, empty where none is stated."""
    return between(row.low, row.high)


def rests_on(rows: Iterable[Evidence]) -> Table:
    """Input, value, kind, and source with its date."""
    return Table.of(
        (
            Column("Input"),
            numbers("Value"),
            Column("Kind", role="kind"),
            Column("Source", role="cited"),
            numbers("Date", lambda day: f"{day:%Y-%m}", "as_of", ""),
        ),
        ((each.name, each.value, each.kind, each.source, each.as_of) for each in rows),
        "What this rests on",
    )


def evidence_table(report: Report) -> Table:
    """The handful of numbers that decide."""
    return rests_on(evidence(report))


def _curves(report: Report) -> Table:
    points = report.curve_points
    columns = {"tokens_per_day": points.tokens_per_day}
    for name, amounts in points.monthly_usd.items():
        columns[name] = amounts
        if name in points.low_usd:
            columns[f"{name} (low)"] = points.low_usd[name]
            columns[f"{name} (high)"] = points.high_usd[name]
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    return Table.of([hidden(name) for name in columns], rows, "Monthly bills over volume")


TABLES: dict[str, Callable[[Report], Table]] = {
    "curves": _curves,
    "bill": bill,
    "break_even": break_even,
    "assumptions": assumptions,
}
"""The tables that a file may hold, by name."""


def known_table(name: str) -> Callable[[Report], Table]:
    """What builds the table of that name. Raises UnknownIdError with the nearest names."""
    if name not in TABLES:
        raise UnknownIdError("table", name, TABLES)
    return TABLES[name]


def table_of(report: Report, name: str) -> Table:
    """A table by name. Raises UnknownIdError with the nearest names."""
    return known_table(name)(report)

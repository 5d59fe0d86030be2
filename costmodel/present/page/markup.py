"""Pieces of the page as HTML. Every text that comes from a user or a file is escaped here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from costmodel.errors import InputError, Problem
from costmodel.pipeline.report import (
    CHEAPEST,
    Assumption,
    BreakEven,
    ConditionPrice,
    OptionResult,
    Report,
)
from costmodel.present.charts.theme import KIND_COLOURS
from costmodel.present.words.evidence import Evidence
from costmodel.present.words.headline import Headline
from costmodel.quantity.caution import Caution, by_heading
from costmodel.quantity.quantity import Kind
from costmodel.quantity.words import percent, short, shortened, usd

LONGEST_NAME = 60
NEVER = "never"


def text(value: str, most: int = 400) -> str:
    """Text of a user or a file, inert and not too long.

    >>> text("<b>own</b>  GPUs")
    '&lt;b&gt;own&lt;/b&gt; GPUs'
    """
    return escape(shortened(value, most))


def gpu_count(gpus: float) -> str:
    """GPUs to one decimal, in words; a mean over the hours where it is not whole.

    >>> [gpu_count(x) for x in (1, 4.0, 5.92)]
    ['1 GPU', '4 GPUs', '5.9 GPUs (mean)']
    """
    whole = abs(gpus - round(gpus)) < 0.005
    shown = f"{gpus:.0f}" if whole else f"{gpus:.1f}"
    return f"{shown} GPU{'' if shown == '1' else 's'}{'' if whole else ' (mean)'}"


def named(option: OptionResult, colour: str) -> str:
    """An option's name behind a dot in its colour."""
    return (
        f"<span class='cm-dot' style='background:{colour}'></span>{text(option.name, LONGEST_NAME)}"
    )


def pill(kind: Kind) -> str:
    """How a number is known."""
    ink, background = KIND_COLOURS[kind]
    return f"<span class='cm-pill' style='color:{ink};background:{background}'>{kind}</span>"


def heading(line: Headline, colour: str | None) -> str:
    """The verdict, its advice in the colour of the option it names, and the reason under it."""
    style = f" style='color:{colour}'" if colour else ""
    return (
        f"<h1 class='cm-headline'>{text(line.facts)} <span{style}>{text(line.advice)}</span></h1>"
        f"<p class='cm-reason'>{text(line.reason, 600)}</p>"
    )


def cards(items: Iterable[tuple[str, str, str]]) -> str:
    """Figures: what it is, the figure, what it means."""
    inside = "".join(
        f"<div class='cm-card'><span>{text(name)}</span><b>{text(figure)}</b>"
        f"<span>{text(meaning, 2 * LONGEST_NAME)}</span></div>"
        for name, figure, meaning in items
    )
    return f"<div class='cm-cards'>{inside}</div>"


def title(words: str) -> str:
    """A heading of a part of the page."""
    return f"<div class='cm-title'>{text(words)}</div>"


def group(words: str) -> str:
    """A heading over widgets of the sidebar."""
    return f"<div class='cm-group'>{text(words)}</div>"


def table(
    heads: Sequence[str], rows: Iterable[str], *, numbers: Sequence[str] = (), tall: bool = True
) -> str:
    """A table of ready rows; the heads named in ``numbers`` stand over numbers."""
    top = "".join(f"<th{' class=num' if h in numbers else ''}>{escape(h)}</th>" for h in heads)
    limit = "" if tall else " style='max-height:460px;overflow-y:auto'"
    return (
        f"<div class='cm-wide'{limit}><table class='cm-table'><thead><tr>{top}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def row(cells: Iterable[tuple[str, str]], kind: str = "") -> str:
    """A row of (content, class) cells whose content is already inert."""
    inside = "".join(f"<td class='{css}'>{content}</td>" for content, css in cells)
    return f"<tr class='{kind}'>{inside}</tr>"


def evidence_table(rows: Iterable[Evidence]) -> str:
    """Input, value, kind, and source with its date."""
    return table(
        ("Input", "Value", "Kind", "Source"),
        [
            row(
                [
                    (text(each.name, 64), ""),
                    (text(each.value), "num"),
                    (pill(each.kind), ""),
                    (f"<span title='{text(each.source)}'>{text(_dated(each))}</span>", ""),
                ]
            )
            for each in rows
        ],
        numbers=("Value",),
    )


def _dated(each: Evidence) -> str:
    return f"{each.short_source}, {each.as_of:%Y-%m}" if each.as_of else each.short_source


def options_table(report: Report, accents: Mapping[str, str]) -> str:
    """Every option's bill in one line, cheapest first; what is excluded last, with the reason."""
    ordered = sorted(report.options, key=lambda o: (not o.stands, o.monthly_usd or 0.0))
    return table(
        ("Option", "A month", "Per 1M tokens", "GPUs", "Busy", "Standing"),
        [
            row(
                [
                    (named(o, accents[o.name]), ""),
                    (_usd(o.monthly_usd), "num"),
                    (_usd(o.usd_per_mtok), "num"),
                    (_gpus(o), "num"),
                    (percent(o.fleet.utilisation) if o.fleet else "", "num"),
                    (_standing(o, report), ""),
                ],
                "muted" if o.excluded_by else "",
            )
            for o in ordered
        ],
        numbers=("A month", "Per 1M tokens", "GPUs", "Busy"),
    )


def _standing(option: OptionResult, report: Report) -> str:
    if option.name == report.recommendation.option:
        return "<b>recommended</b>"
    if option.excluded_by:
        return "not eligible: " + text("; ".join(option.excluded_by))
    return "no bill can be stated" if option.monthly_usd is None else ""


def _gpus(option: OptionResult) -> str:
    """GPUs for a column: whole where they are."""
    return "" if option.fleet is None else f"{option.fleet.gpus:.1f}".removesuffix(".0")


def _usd(amount: float | None) -> str:
    return "" if amount is None else usd(amount)


def lines_table(report: Report, accents: Mapping[str, str]) -> str:
    """Every line of every bill, by option, each with its total."""
    rows: list[str] = []
    for option in report.options:
        if option.monthly_usd is None:
            continue
        rows.append(row([(named(option, accents[option.name]), ""), *[("", "")] * 3], "group"))
        rows += [
            row(
                [
                    (text(line.name, 80), ""),
                    (usd(line.usd), "num"),
                    (pill(line.kind), ""),
                    (text(line.source, 160), ""),
                ]
            )
            for line in option.lines
        ]
        rows.append(
            row([("All in", ""), (usd(option.monthly_usd), "num"), *[("", "")] * 2], "total")
        )
    return table(("Line", "A month", "Kind", "Source"), rows, numbers=("A month",))


def break_even_table(report: Report) -> str:
    """Where each option with own GPUs is cheaper, against every API and the cheapest of them."""
    return table(
        (
            "Option",
            "Against",
            "First cheaper",
            "Always from",
            "Winning windows",
            "Margin of safety",
        ),
        [
            row(
                [
                    (text(each.option, LONGEST_NAME), ""),
                    (_rival(each), ""),
                    (_per_day(each.first_tokens_per_day), "num"),
                    (_per_day(each.always_from_tokens_per_day), "num"),
                    (_windows(each), ""),
                    (_margin(each), "num"),
                ],
                "total" if each.against == CHEAPEST else "",
            )
            for each in report.break_even
            if each.against != CHEAPEST or report.curve_points.cheapest_api_usd is not None
        ],
        numbers=("First cheaper", "Always from", "Margin of safety"),
    )


def _rival(each: BreakEven) -> str:
    return "cheapest eligible API" if each.against == CHEAPEST else text(each.against, LONGEST_NAME)


def _per_day(volume: float | None) -> str:
    if volume is None:
        return NEVER
    return f"{short(volume)} / day" if volume > 0 else "any volume"


def _windows(each: BreakEven) -> str:
    windows = each.winning.windows
    if not windows or each.verdict == "always":
        return ""
    shown = [
        f"from {short(low)}" if high == float("inf") else f"{short(low)} to {short(high)}"
        for low, high in windows[:3]
    ]
    more = len(windows) - len(shown) + each.winning.omitted
    return "; ".join(shown) + (f"; {more} more" if more else "")


def _margin(each: BreakEven) -> str:
    """How far the volume lies inside or outside the nearest winning window."""
    margin = each.margin_of_safety
    if margin is None:
        return "–"
    return f"{'outside' if margin < 0 else 'inside'} by {percent(abs(margin))}"


def conditions_table(rows: Iterable[ConditionPrice]) -> str:
    """What each condition costs a month."""
    return table(
        ("Condition", "Costs a month"),
        [
            row(
                [
                    (text(each.condition, 80), ""),
                    (
                        "no option meets it"
                        if each.usd_per_month is None
                        else usd(each.usd_per_month),
                        "num",
                    ),
                ]
            )
            for each in rows
        ],
        numbers=("Costs a month",),
    )


def _price(condition: ConditionPrice) -> str:
    usd_per_month = condition.usd_per_month
    return "no option meets it" if usd_per_month is None else usd(usd_per_month)


def assumptions_table(rows: Iterable[Assumption], *, tall: bool = False) -> str:
    """Every number the result rests on; in a frame that scrolls unless ``tall``."""
    return table(
        ("Where", "Value", "Unit", "Range", "Kind", "Source", "Date"),
        [
            row(
                [
                    (text(each.path, 120), ""),
                    (_value(each.value), "num"),
                    (text(each.unit), "nowrap"),
                    (_range(each), "nowrap"),
                    (pill(each.kind), ""),
                    (text(each.source or "", 220), ""),
                    (each.as_of.isoformat() if each.as_of else "", "nowrap"),
                ]
            )
            for each in rows
        ],
        numbers=("Value",),
        tall=tall,
    )


def _value(value: float | str | None) -> str:
    return "" if value is None else text(number(value), 60)


def number(value: float | str) -> str:
    """A number of a table, in full.

    >>> [number(x) for x in (6e8, 1730871820.288, 0.3, 1.4113679, "fp8")]
    ['600,000,000', '1,730,871,820', '0.3', '1.41137', 'fp8']
    """
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if abs(value) >= 1e5 else f"{value:,.6g}"


def _range(each: Assumption) -> str:
    return text(spread(each), 60)


def spread(row: Assumption) -> str:
    """The range of a number, empty where none is stated.

    >>> spread(Assumption("tokens_per_day", 9e8, "", "assumed", "a plan", None, 7e8, 1.2e9))
    '700M to 1.2B'
    """
    if row.low is None or row.high is None:
        return ""
    low, high = (short(x) if abs(x) >= 1e5 else f"{x:,.4g}" for x in (row.low, row.high))
    return f"{low} to {high}"


# ----------------------------------------------------------------------------------- notes, errors


def notes(warnings: Iterable[Caution]) -> str:
    """Warnings as short lists side by side."""
    parts = (_note(name, messages) for name, messages in by_heading(warnings).items())
    return f"<div class='cm-notes'>{''.join(parts)}</div>"


def _note(name: str, messages: Iterable[str]) -> str:
    items = "".join(f"<li>{text(message)}</li>" for message in messages)
    return f"<div><h4>{escape(name)}</h4><ul>{items}</ul></div>"


def problems(error: InputError, words: str, *, places: bool = True) -> str:
    """What has to be mended, one line each, with the place in the file unless ``places`` is off.

    What the widgets ask for has no place in a file, and a file of this machine is not named.
    """
    shown = error.problems if places else [_placeless(each) for each in error.problems]
    lines = "".join(f"<li>{_problem(each)}</li>" for each in shown)
    return f"<div class='cm-problems'><b>{text(words)}</b><ul>{lines}</ul></div>"


def _placeless(problem: Problem) -> Problem:
    """A problem without its file, also where the message begins with a file's full name."""
    message = re.sub(r"(?:[A-Za-z]:)?[/\\][^\s:]*\.ya?ml(?::\d+)*:? ?", "", problem.message)
    return Problem(message, problem.path)


def _problem(problem: Problem) -> str:
    place = ":".join(str(part) for part in (problem.file, problem.line, problem.column) if part)
    where = f"<code>{text(place, 120)}</code> " if place else ""
    path = f"<code>{text(problem.path, 120)}</code>: " if problem.path else ""
    return f"{where}{path}{text(problem.message)}"

"""`costmodel risk`: how likely each option wins, what drives it, and what would flip it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from costmodel.cli.options import AsJson, ScenarioFile, count, emit

if TYPE_CHECKING:
    from costmodel.risk_record import Risk

NONE = "-"


def risk(
    scenario: ScenarioFile,
    *,
    samples: Annotated[
        int, typer.Option(parser=count, metavar="N", help="Draws of every uncertain input.")
    ] = 10_000,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Same seed, same numbers.")] = 0,
    as_json: AsJson = False,
) -> None:
    """A range, not a point: probabilities, quantiles, and the input to argue about."""
    from costmodel.risk import simulate
    from costmodel.scenario import load_scenario

    found = simulate(load_scenario(scenario), samples, seed)
    emit(found.to_dict(), as_json, lambda: risk_text(found))


def risk_text(found: Risk) -> str:
    """Everything a person needs from `costmodel risk`, at most 100 columns wide."""
    from costmodel.cli.text import sections, titled

    return sections(
        _head(found),
        _outlook(found),
        _break_even(found),
        _tornado(found),
        _goals(found),
        _inputs(found),
        titled("NOTES", "\n".join(f"  {note}" for note in found.notes)),
    )


def _head(found: Risk) -> str:
    from costmodel.cli.text import paragraph
    from costmodel.wording import percent, tokens_per_day

    lines = [
        f"{found.scenario}: {tokens_per_day(found.tokens_per_day)}, {found.samples:,} draws, "
        f"seed {found.seed}"
    ]
    chance = found.probability_at_volume(found.option) if found.option else None
    if chance is not None:
        lines.append(
            f"{found.option} costs less than the cheapest eligible API "
            f"in {percent(chance)} of the draws."
        )
    return "\n".join(paragraph(line) for line in lines)


def _outlook(found: Risk) -> str:
    from costmodel.cli.text import table
    from costmodel.wording import percent, usd

    here = {b.option: b for b in found.bands if b.tokens_per_day == found.tokens_per_day}
    rows = [
        [
            row.option,
            *(usd(v) for v in (here[row.option].p10, here[row.option].p50, here[row.option].p90)),
            NONE if row.expected_saving_usd is None else usd(row.expected_saving_usd),
            usd(row.expected_regret_usd),
            percent(row.cheapest_share),
        ]
        for row in found.outlook
    ]
    heads = ["OPTION", "P10 A MONTH", "P50", "P90", "SAVES ON AVERAGE", "REGRET", "CHEAPEST IN"]
    return table(heads, rows, heads[1:]) if rows else ""


def _break_even(found: Risk) -> str:
    from costmodel.cli.text import table
    from costmodel.wording import percent, short

    def volume(value: float | None) -> str:
        return "never" if value is None else short(value)

    rows = [
        [row.option, row.against, *map(volume, (row.first_p10, row.first_p50, row.first_p90)),
         volume(row.always_from_p50), percent(row.never_share)]
        for row in found.break_even
    ]  # fmt: skip
    heads = ["WINS FROM", "AGAINST", "P10", "P50", "P90", "FOR GOOD, P50", "NEVER IN"]
    return table(heads, rows, heads[2:]) if rows else ""


def _tornado(found: Risk) -> str:
    from costmodel.cli.text import table
    from costmodel.wording import short, usd

    rows = [
        [f"{short(s.low)} to {short(s.high)}", usd(s.low_usd), usd(s.high_usd), s.path]
        for s in found.tornado
    ]
    heads = ["RANGE", "SAVES AT LOW", "SAVES AT HIGH", "INPUT"]
    return table(heads, rows, heads[:3]) if rows else ""


def _goals(found: Risk) -> str:
    from costmodel.cli.text import table
    from costmodel.wording import short

    rows = [
        [short(g.current), "no value does" if g.value is None else short(g.value), g.path]
        for g in found.goal_seek
    ]
    heads = ["NOW", "FLIPS AT", "INPUT"]
    return table(heads, rows, heads[:2]) if rows else ""


def _inputs(found: Risk) -> str:
    from costmodel.cli.text import Footnotes, sections, table

    notes = Footnotes()
    rows = list(_input_rows(found, notes))
    heads = ["LOW", "LIKELY", "HIGH", "KIND", "RANGE OF"]
    return sections(table(heads, rows, heads[:3]), notes.text()) if rows else ""


def _input_rows(found: Risk, notes: object) -> Iterator[list[str]]:
    from costmodel.cli.text import Footnotes
    from costmodel.wording import short

    assert isinstance(notes, Footnotes)
    for row in found.inputs:
        mark = notes.mark(row.source)
        yield [short(row.low), short(row.value), short(row.high), row.kind, f"{row.path} {mark}"]

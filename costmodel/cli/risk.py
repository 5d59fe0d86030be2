"""`costmodel risk`: the odds of the verdict, what drives it, and what would flip it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from costmodel.cli.options import AsJson, ScenarioFile, count, drawing, emit, positive

if TYPE_CHECKING:
    from costmodel.studies.risk.record import Risk

SAMPLES = 10_000


def risk(
    scenario: ScenarioFile,
    *,
    samples: Annotated[
        int, typer.Option(parser=count, metavar="N", help="Draws of all ranges.")
    ] = SAMPLES,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Same seed, same numbers.")] = 0,
    tokens_per_day: Annotated[
        float | None,
        typer.Option(parser=positive, metavar="N", help="Volume of all workloads together."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """How likely the verdict is, what drives it, and the value of each input that flips it."""
    from costmodel.scenario import load_scenario
    from costmodel.studies.risk import simulate

    stated = load_scenario(scenario)
    with drawing() as progress:
        found = simulate(stated, samples, seed, tokens_per_day=tokens_per_day, progress=progress)
    emit(found.to_dict(), as_json, lambda: _text(found))


def _text(found: Risk) -> str:
    from costmodel.cli.text import paragraph, sections
    from costmodel.present.words import risk as words

    line = words.headline(found)
    return sections(
        f"{found.scenario}: {found.samples:,} draws, seed {found.seed}\n"
        f"{paragraph(f'{line.facts} {line.advice}')}"
        + (f"\n{paragraph(line.reason)}" if line.reason else ""),
        _outlook(found),
        paragraph(words.over_volumes(found)),
        _break_even(found),
        _tornado(found),
        _goals(found),
        _inputs(found),
        "\n".join(paragraph(f"- {note}", "  ") for note in (*words.unserved(found), *found.notes)),
    )


def _outlook(found: Risk) -> str:
    from costmodel.cli.text import table
    from costmodel.present.words.risk import bill_text, odds, outlook_of
    from costmodel.quantity.words import usd

    heads = ["OPTION", "P10", "MEDIAN", "P90", "MEAN SAVING", "MEAN REGRET", "CHEAPEST IN"]
    rows = []
    for band in found.bands:
        if band.tokens_per_day != found.tokens_per_day:
            continue
        row = outlook_of(found.outlook, band.option)
        saving = row.expected_saving_usd if row else None
        rows.append([
            band.option, *(bill_text(q) for q in (band.p10, band.p50, band.p90)),
            "-" if saving is None else usd(saving),
            usd(row.expected_regret_usd) if row else "excluded",
            odds(row.cheapest_share) if row else "-",
        ])  # fmt: skip
    return table(heads, rows, heads[1:]) if rows else "No option has a bill."


def _break_even(found: Risk) -> str:
    from costmodel.cli.text import table
    from costmodel.present.words.risk import odds
    from costmodel.quantity.words import short

    def volume(value: float | None) -> str:
        return "never" if value is None else short(value)

    heads = ["FIRST CHEAPER", "AGAINST", "P10", "MEDIAN", "P90", "NEVER IN"]
    rows = [
        [r.option, r.against, volume(r.first_p10), volume(r.first_p50), volume(r.first_p90),
         odds(r.never_share)]
        for r in found.break_even
    ]  # fmt: skip
    return table(heads, rows, heads[2:]) if rows else ""


def _tornado(found: Risk) -> str:
    from costmodel.cli.text import table
    from costmodel.present.words.input_names import input_name, value_text
    from costmodel.present.words.risk import saving_text

    heads = ["ONE INPUT AT A TIME", "FROM", "TO", "SAVING FROM", "SAVING TO"]
    rows = [
        [input_name(s.path), value_text(s.path, s.low), value_text(s.path, s.high),
         saving_text(s.low_usd), saving_text(s.high_usd)]
        for s in found.tornado
        if s.low_usd != s.high_usd
    ]  # fmt: skip
    return table(heads, rows, heads[1:], whole=heads[:1]) if rows else ""


def _goals(found: Risk) -> str:
    from costmodel.cli.text import paragraph, sections, table
    from costmodel.present.words.input_names import input_name, value_text
    from costmodel.present.words.risk import change, nearest_first, out_of_reach

    heads = ["WHAT FLIPS THE VERDICT", "NOW", "FLIPS AT", "CHANGE"]
    rows = [
        [input_name(g.path), value_text(g.path, g.current), value_text(g.path, g.value), change(g)]
        for g in nearest_first(found.goal_seek)
        if g.value is not None
    ]
    return sections(
        table(heads, rows, heads[1:], whole=heads[:1]) if rows else "",
        paragraph(out_of_reach(found.goal_seek)),
    )


def _inputs(found: Risk) -> str:
    from costmodel.cli.text import Footnotes, sections, table
    from costmodel.present.words.input_names import number_text

    notes = Footnotes()
    rows = [
        [i.path, number_text(i.path, i.low), number_text(i.path, i.value),
         number_text(i.path, i.high), i.kind, notes.mark(i.source)]
        for i in found.inputs
    ]  # fmt: skip
    heads = ["DRAWN", "P10", "LIKELY", "P90", "KIND", "SOURCE"]
    if not rows:
        return "Nothing is drawn: no input of this scenario is a range."
    return sections(table(heads, rows, heads[1:4], whole=heads[:1]), notes.text())

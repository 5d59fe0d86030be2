"""An answer as plain text: aligned tables and wrapped sentences, at most 100 columns, no colour.

Where a person sits at a terminal, the same answer is drawn by rich, as wide as the terminal.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from costmodel.quantity.answer import Answer, Card, Column, Table, by_group, numbers

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table as RichTable

WIDTH = 100
LEAST_LAST = 30
"""Columns the last column of a table keeps, where its texts are that long."""

LEAST_CLIPPED = 12
"""No column before the last is clipped below this."""

LEAST_HEAD = 8
"""Heads are not broken below this."""

GAP = "  "


def print_answer(answer: Answer) -> None:
    """Write an answer to standard output: styled where that is a terminal, plain elsewhere."""
    if sys.stdout.isatty():
        _print_styled(answer)
    else:
        print(answer_text(answer))


def answer_text(answer: Answer) -> str:
    """An answer as plain text: headline, figures, tables with their sources, notes."""
    marks = _Footnotes()
    cards = table_text(_cards(answer.cards)) if answer.cards else ""
    tables = [_titled(t.title, table_text(t, marks)) for t in answer.tables.values() if t]
    notes = [
        _titled(heading, "\n".join(paragraph(f"- {each}", "  ") for each in said))
        for heading, said in answer.notes.items()
        if said
    ]
    sources = "\n".join(paragraph(line, "    ") for line in marks.lines())
    parts = (_head(answer), cards, *tables, _titled("Sources", sources), *notes)
    return sections(*parts, answer.to_copy.rstrip())


def _head(answer: Answer) -> str:
    line = answer.headline
    return "\n".join(
        paragraph(each) for each in (answer.subject, line.sentence, line.reason) if each
    )


def _cards(cards: Sequence[Card]) -> Table:
    return Table.of((Column(""), numbers(""), Column("")), cards)


class _Footnotes:
    """Long texts by number: `[1]` in a table, the text itself below all of them."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def mark(self, text: str) -> str:
        """The number of a text, the same one for the same text; nothing for none."""
        return f"[{self._numbers.setdefault(text, len(self._numbers) + 1)}]" if text else ""

    def lines(self) -> list[str]:
        """Every text that was marked, behind its number."""
        return [f"[{i}] {text}" for text, i in self._numbers.items()]


def table_text(table: Table, marks: _Footnotes | None = None) -> str:
    """A table under its heads; the last column wraps, numbers align right, ids are never clipped.

    Sources become marks, if there is somewhere to keep them.

    >>> from costmodel.quantity.answer import numbers
    >>> columns = [Column("Name"), numbers("USD")]
    >>> print(table_text(Table.of(columns, [["input", "$17.7k"], ["output", "$5"]])))
    NAME       USD
    input   $17.7k
    output      $5
    """
    columns = table.under_heading
    right = [column.role == "number" for column in columns]
    whole = [column.role in ("id", "number") for column in columns]
    grouped = list(by_group(table))
    rows = [_cells(texts, columns, marks) for _, texts in grouped]
    indent = "  " if table.grouped else ""
    names = [_printable(column.head or "").upper() for column in columns]
    heads = _heads(names, rows, WIDTH - len(indent))
    widths = _widths([*heads, *rows], whole, WIDTH - len(indent))
    drawn = [line for head in heads if any(head) for line in _lines(head, widths, right)]
    lines = [f"{indent}{line}" for line in drawn]
    for (group, _), row in zip(grouped, rows, strict=True):
        lines += [] if group is None else [_printable(group)]
        lines += [f"{indent}{line}" for line in _lines(row, widths, right)]
    return "\n".join(lines)


def _heads(names: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[list[str]]:
    """The heads on a line, or on as few as it takes for nothing to be clipped."""
    values = [max(map(len, column)) for column in zip(*rows, strict=True)]
    parts: list[list[str]] = []
    for least in range(max(LEAST_HEAD, *map(len, names)), LEAST_HEAD - 1, -1):
        parts = [
            textwrap.wrap(name, max([least, value, *map(len, name.split())]))
            for name, value in zip(names, values, strict=True)
        ]
        *first, last = (max([n, *map(len, p)]) for n, p in zip(values, parts, strict=True))
        if sum(first) + len(GAP) * len(first) + min(last, LEAST_LAST) <= width:
            break
    deep = max(map(len, parts))
    return [list(line) for line in zip(*([""] * (deep - len(p)) + p for p in parts), strict=True)]


def _cells(texts: Sequence[str], columns: Sequence[Column], marks: _Footnotes | None) -> list[str]:
    """The texts of a row, its sources as marks where there is somewhere to keep them."""
    return [
        marks.mark(text) if marks and column.role in ("source", "cited") else _printable(text)
        for text, column in zip(texts, columns, strict=True)
    ]


def _widths(rows: Sequence[Sequence[str]], whole: Sequence[bool], width: int) -> list[int]:
    """What each column needs; the widest is narrowed until the last has room."""
    *first, last = (max(map(len, column)) for column in zip(*rows, strict=True))
    wanted = width - len(GAP) * len(first) - min(last, LEAST_LAST)
    clipped = [i for i in range(len(first)) if not whole[i]]
    while clipped and sum(first) > wanted:
        widest = max(clipped, key=lambda i: first[i])
        if first[widest] <= LEAST_CLIPPED:
            break
        first[widest] -= 1
    room = width - len(GAP) * len(first) - sum(first)
    return [*first, max(1, min(last, max(room, LEAST_LAST)))]


def _lines(row: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> list[str]:
    """One row; as many lines as its last cell needs."""
    *first, last = row
    parts = textwrap.wrap(last, widths[-1], break_on_hyphens=False) or [""]
    cells = [_aligned(_clip(text, widths[i]), widths[i], right[i]) for i, text in enumerate(first)]
    blank = [" " * width for width in widths[:-1]]
    leads = [cells, *[blank] * (len(parts) - 1)]
    ends = [_aligned(part, widths[-1], right[-1]) for part in parts]
    return [GAP.join([*lead, end]).rstrip() for lead, end in zip(leads, ends, strict=True)]


def _aligned(text: str, width: int, right: bool) -> str:
    return text.rjust(width) if right else text.ljust(width)


def _clip(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _printable(text: str) -> str:
    """Without control characters: names come from files that others wrote."""
    return "".join(c if c.isprintable() else " " for c in text)


def paragraph(text: str, indent: str = "") -> str:
    """A text wrapped to the width; lines after the first are indented."""
    lines = text.splitlines() or [""]
    return "\n".join(
        textwrap.fill(_printable(line), WIDTH, subsequent_indent=indent, break_on_hyphens=False)
        for line in lines
    )


def sections(*parts: str) -> str:
    """Parts with a blank line between them; empty ones are left out."""
    return "\n\n".join(part for part in parts if part)


def _titled(title: str, body: str) -> str:
    """A body under its title, or nothing where there is no body."""
    return f"{title.upper()}\n{body}" if title and body else body


# ------------------------------------------------------------------------------------- terminals


def _print_styled(answer: Answer) -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(highlight=False)
    if answer.subject:
        console.print(Text(_printable(answer.subject), style="dim"))
    facts, advice = (_printable(part) for part in (answer.headline.facts, answer.headline.advice))
    parts = [Text(facts), Text(advice, style="bold")] if facts else [Text(advice, style="bold")]
    console.print(*parts)
    if answer.headline.reason:
        console.print(Text(_printable(answer.headline.reason), style="dim"))
    cards = [_cards(answer.cards)] if answer.cards else []
    marks = _Footnotes()
    for each in chain(cards, filter(None, answer.tables.values())):
        console.print(Padding(_rich_table(each, marks), (1, 0, 0, 0)))
    for line in _note_lines("Sources", marks.lines()):
        console.print(line)
    for heading, said in answer.notes.items():
        for line in _note_lines(heading, [f"- {each}" for each in said]):
            console.print(line)
    if answer.to_copy:
        console.print(Text(f"\n{answer.to_copy.rstrip()}"), soft_wrap=True)


def _note_lines(heading: str, said: Sequence[str]) -> Iterator[RenderableType]:
    from rich.padding import Padding
    from rich.text import Text

    if said:
        yield Padding(Text(_printable(heading), style="bold"), (1, 0, 0, 0))
    for each in said:
        yield Padding(Text(_printable(each)), (0, 0, 0, 2))


def _rich_table(table: Table, marks: _Footnotes) -> RichTable:
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    drawn = RichTable(
        title=_printable(table.title) or None, title_justify="left", box=box.SIMPLE_HEAD,
        pad_edge=False,
    )  # fmt: skip
    columns = table.under_heading
    for column in columns:
        drawn.add_column(
            Text(column.head or ""),
            justify="right" if column.role == "number" else "left",
            no_wrap=column.role in ("id", "number"),
            style="dim" if column.role in ("kind", "source", "cited") else "",
        )
    styles = {"sum": "bold", "strong": "bold", "muted": "dim"}
    for row, (group, texts) in zip(table.rows, by_group(table), strict=True):
        if group is not None:
            drawn.add_row(Text(_printable(group)), style="bold")
        cells = map(Text, _cells(texts, columns, marks))
        drawn.add_row(*cells, style=styles.get(row.kind))
    return drawn

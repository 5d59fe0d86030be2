"""An answer as data: its headline, its figures, its tables, its notes.

What an answer says is written once, in `costmodel.present.words`; the terminal, the app, the page,
the deck, CSV and notebooks render these records and know nothing of the subject.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from costmodel.quantity.words import NONE

Role = Literal["text", "number", "option", "kind", "source", "cited", "id"]
"""How a column is set: numbers align right, options carry their colour, kinds are badges, sources
may stand below as notes, of those only cited a page shows the first words, and ids are never cut,
since a reader copies them."""

RowKind = Literal["", "strong", "muted", "sum"]
"""``sum``: worked out from the rows above it, and so left out of files."""


class Card(NamedTuple):
    """A figure on its own: what it is, the figure, what it means."""

    name: str
    figure: str
    meaning: str = ""


@dataclass(frozen=True)
class Headline:
    """What stands at the top of a page, a slide or a printed answer."""

    facts: str
    advice: str
    reason: str = ""
    option: str | None = None
    """The option the advice names; its accent colours the clause."""

    @property
    def sentence(self) -> str:
        """Facts and advice together."""
        return f"{self.facts} {self.advice}".strip()


@dataclass(frozen=True)
class Column:
    """A column: its head, how its values read, and what programs call it.

    Without a head it is for programs only; with ``key`` None it is for people only.
    """

    head: str | None
    show: Callable[[Any], str] = str
    role: Role = "text"
    key: str | None = ""
    missing: str = NONE
    """What stands where there is no value."""

    @property
    def name(self) -> str | None:
        """What programs call it: the head in small letters, where nothing else is stated."""
        return (self.head or "").lower().replace(" ", "_") if self.key == "" else self.key

    def text(self, value: Any) -> str:
        """A value as a person reads it; a text among numbers stands as it is."""
        if value is None:
            return self.missing
        as_it_is = self.role == "number" and isinstance(value, str)
        return value if as_it_is else self.show(value)


def numbers(
    head: str, show: Callable[[Any], str] = str, key: str | None = "", missing: str = NONE
) -> Column:
    """A column of numbers."""
    return Column(head, show, "number", key, missing)


def hidden(key: str) -> Column:
    """A column for programs only."""
    return Column(None, key=key)


@dataclass(frozen=True)
class Row:
    """Values in the order of the columns, and what kind of row it is."""

    cells: tuple[Any, ...]
    kind: RowKind = ""


@dataclass(frozen=True)
class Table:
    """Rows of plain values under their columns."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    title: str = ""
    grouped: bool = False
    """Rows with the same first value stand under it, as under a heading."""
    scrolls: bool = False
    """Long, and read in a frame that scrolls where there is one."""

    @classmethod
    def of(
        cls, columns: Sequence[Column], rows: Iterable[Row | Sequence[Any]], title: str = "",
        *, grouped: bool = False, scrolls: bool = False,
    ) -> Table:  # fmt: skip
        """A table of rows that may be plain sequences of values."""
        made = tuple(row if isinstance(row, Row) else Row(tuple(row)) for row in rows)
        return cls(tuple(columns), made, title, grouped, scrolls)

    def __bool__(self) -> bool:
        return bool(self.rows)

    @property
    def shown(self) -> tuple[Column, ...]:
        """The columns for people."""
        return tuple(column for column in self.columns if column.head is not None)

    @property
    def under_heading(self) -> tuple[Column, ...]:
        """The columns of a row as `by_group` gives it: without the one that heads a group."""
        return self.shown[1:] if self.grouped else self.shown

    def texts(self) -> list[list[str]]:
        """Every cell for people, as they read it."""
        return [
            [
                column.text(value)
                for column, value in zip(self.columns, row.cells, strict=True)
                if column.head is not None
            ]
            for row in self.rows
        ]

    @property
    def names(self) -> list[str]:
        """What programs call the columns that are for them."""
        return [column.name for column in self.columns if column.name is not None]

    def values(self) -> Iterator[list[Any]]:
        """Every row for programs: plain values under `names`, without sums."""
        kept = [i for i, column in enumerate(self.columns) if column.name is not None]
        return ([row.cells[i] for i in kept] for row in self.rows if row.kind != "sum")


def by_group(table: Table) -> Iterator[tuple[str | None, list[str]]]:
    """The texts of each row; of a grouped table behind its heading, where that is a new one."""
    last = None
    for texts in table.texts():
        if not table.grouped:
            yield None, texts
        else:
            yield (texts[0] if texts[0] != last else None), texts[1:]
            last = texts[0]


@dataclass(frozen=True)
class Answer:
    """Everything an answer says: pages place its parts beside charts, a terminal prints it all."""

    headline: Headline
    subject: str = ""
    """What it is an answer about: a scenario and its date, a model on its GPUs."""
    cards: tuple[Card, ...] = ()
    tables: Mapping[str, Table] = field(default_factory=dict)
    """By name, in the order in which they are read; empty ones are left out."""
    notes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Sentences by the heading they stand under, which may be empty."""
    to_copy: str = ""
    """Text to be copied as it stands, such as a block for a scenario."""

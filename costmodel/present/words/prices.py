"""Prices of the book in words: what each is of, how old it is and where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from costmodel.present.words.headline import Headline
from costmodel.quantity.answer import Answer, Column, Table, numbers
from costmodel.quantity.words import NONE, counted, number

if TYPE_CHECKING:
    from costmodel.book.price_list import PriceListRow


def answer(rows: Sequence[PriceListRow], query: str, at: date) -> Answer:
    """The prices that a query finds, as of a day."""
    if not rows:
        return Answer(Headline(f"nothing matches {query!r}", ""))
    found = f" for {query!r}" if query else ""
    line = f"{counted(len(rows), 'price')}{found}, as of {at.isoformat()}."
    return Answer(Headline(line, ""), tables={"prices": prices(rows)})


def prices(rows: Sequence[PriceListRow]) -> Table:
    """One price a row, with its age and its source."""
    return Table.of(
        (
            Column("ID", role="id"),
            Column("Price", key="name"),
            numbers("Value", number),
            Column("Unit"),
            Column("Kind", role="kind"),
            Column("Age"),
            Column("Source", role="source"),
        ),
        ((r.id, r.name, r.value, r.unit, r.kind, _age(r), r.source) for r in rows),
    )


def _age(row: PriceListRow) -> str | None:
    age = None if row.age_days is None else f"{row.age_days:,} d"
    return age if row.retires is None else f"{age or NONE}, ends {row.retires.isoformat()}"

"""`costmodel prices`: what the book knows, with source and age."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from costmodel.cli.options import AsJson, AsOf, emit

if TYPE_CHECKING:
    from costmodel.book.price_list import PriceListRow
    from costmodel.quantity.answer import Answer


def prices(
    query: Annotated[
        list[str] | None,
        typer.Argument(metavar="QUERY", help="Words that must all occur; default: everything."),
    ] = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Token prices, GPU prices, and what people and power cost, with source and age."""
    from costmodel.book.price_list import price_list

    words, at = " ".join(query or ()), as_of or date.today()  # noqa: DTZ011
    rows = price_list(words, at)
    emit({"rows": [row.to_dict() for row in rows]}, as_json, lambda: _said(rows, words, at))


def _said(rows: Sequence[PriceListRow], words: str, at: date) -> Answer:
    from costmodel.present.words.prices import answer

    return answer(rows, words, at)

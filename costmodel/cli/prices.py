"""`costmodel prices`: what the book knows, with source and age."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import typer

from costmodel.cli.options import AsJson, AsOf, emit


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

    words = " ".join(query or ())
    rows = [row.to_dict() for row in price_list(words, as_of or date.today())]  # noqa: DTZ011
    emit({"rows": rows}, as_json, lambda: _text(rows, words))


def _text(rows: list[dict[str, Any]], words: str) -> str:
    from costmodel.cli.text import Footnotes, sections, table

    if not rows:
        return f"nothing matches {words!r}"
    notes = Footnotes()
    cells = [
        [
            row["id"],
            row["name"],
            f"{row['value']:,.6g}",
            row["unit"],
            row["kind"],
            _age(row),
            notes.mark(row["source"]),
        ]
        for row in rows
    ]
    heads = ["ID", "PRICE", "VALUE", "UNIT", "KIND", "AGE", "SOURCE"]
    return sections(table(heads, cells, ["VALUE"], whole=["ID"]), notes.text())


def _age(row: dict[str, Any]) -> str:
    age = "-" if row["age_days"] is None else f"{row['age_days']} d"
    return age if row["retires"] is None else f"{age}, ends {row['retires']}"

"""A table as Markdown, which slides, wikis and documents take."""

from __future__ import annotations

from costmodel.quantity.answer import Table


def markdown_text(table: Table) -> str:
    r"""The table for people as Markdown.

    >>> from costmodel.quantity.answer import Column, numbers
    >>> print(markdown_text(Table.of([Column("Line"), numbers("A month")], [["in|out", 5]])))
    | Line | A month |
    | --- | ---: |
    | in\|out | 5 |
    """
    heads = [column.head or "" for column in table.shown]
    rules = ["---:" if column.role == "number" else "---" for column in table.shown]
    cells = [[text.replace("|", r"\|") for text in row] for row in table.texts()]
    return "\n".join(f"| {' | '.join(line)} |" for line in [heads, rules, *cells])

"""Plain text for people: aligned tables and wrapped sentences, at most 100 columns, no colour."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterable, Sequence

WIDTH = 100
LEAST_LAST = 30
"""Columns the last column of a table keeps, where its texts are that long."""

LEAST_CLIPPED = 16
"""No column before the last is clipped below this."""

GAP = "  "


def table(
    headers: Sequence[str],
    rows: Iterable[Sequence[str]],
    right: Collection[str] = (),
    whole: Collection[str] = (),
) -> str:
    """Rows under their headers; the last column wraps, columns named in `right` align right.

    Columns named in `whole` are never clipped, ids that a user is to copy.

    >>> print(table(["NAME", "USD"], [["input", "$17.7k"], ["output", "$5"]], ["USD"]))
    NAME       USD
    input   $17.7k
    output      $5
    """
    lines = [[_printable(text) for text in row] for row in [headers, *rows]]
    widths = _widths(lines, {i for i, header in enumerate(headers) if header in whole})
    at_right = {i for i, header in enumerate(headers) if header in right}
    return "\n".join(line for row in lines for line in _lines(row, widths, at_right))


def _widths(rows: Sequence[Sequence[str]], whole: set[int]) -> list[int]:
    """What each column needs; the widest is narrowed until the last has room."""
    *first, last = (max(map(len, column)) for column in zip(*rows, strict=True))
    wanted = WIDTH - len(GAP) * len(first) - min(last, LEAST_LAST)
    clipped = [i for i in range(len(first)) if i not in whole]
    while clipped and sum(first) > wanted:
        widest = max(clipped, key=lambda i: first[i])
        if first[widest] <= LEAST_CLIPPED:
            break
        first[widest] -= 1
    room = WIDTH - len(GAP) * len(first) - sum(first)
    return [*first, max(1, min(last, max(room, LEAST_LAST)))]


def _lines(row: Sequence[str], widths: Sequence[int], right: set[int]) -> list[str]:
    """One row; as many lines as its last cell needs."""
    *first, last = row
    parts = textwrap.wrap(last, widths[-1], break_on_hyphens=False) or [""]
    cells = [
        _aligned(_clip(text, widths[i]), widths[i], i in right) for i, text in enumerate(first)
    ]
    blank = [" " * width for width in widths[:-1]]
    leads = [cells, *[blank] * (len(parts) - 1)]
    ends = [_aligned(part, widths[-1], len(first) in right) for part in parts]
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
    return textwrap.fill(_printable(text), WIDTH, subsequent_indent=indent, break_on_hyphens=False)


def sections(*parts: str) -> str:
    """Parts with a blank line between them; empty ones are left out."""
    return "\n\n".join(part for part in parts if part)


def titled(title: str, body: str) -> str:
    """A body under its title, or nothing where there is no body."""
    return f"{title}\n{body}" if body else ""


class Footnotes:
    """Long texts by number: `[1]` in a table, the text itself below it."""

    def __init__(self) -> None:
        self._texts: dict[str, int] = {}

    def mark(self, text: str | None) -> str:
        """The number of a text, the same one for the same text; nothing for none."""
        return f"[{self._texts.setdefault(text, len(self._texts) + 1)}]" if text else ""

    def text(self, title: str = "SOURCES") -> str:
        """Every text that was marked, under a title."""
        lines = [paragraph(f"[{i}] {text}", "    ") for text, i in self._texts.items()]
        return titled(title, "\n".join(lines))

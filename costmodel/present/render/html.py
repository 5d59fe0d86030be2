"""An answer as HTML, for the app and for a page of its own.

Jinja2 escapes every text by itself; no caller has to remember to. Templates stand beside this
module.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from costmodel.errors import InputError, Problem
from costmodel.present.charts.theme import KIND_COLOURS
from costmodel.quantity.answer import Card, Headline, Table, by_group
from costmodel.quantity.words import first_clause, shortened

if TYPE_CHECKING:
    from jinja2 import Environment

_CSS = {
    "text": "", "number": "num", "option": "", "kind": "nowrap", "source": "",
    "cited": "", "id": "nowrap",
}  # fmt: skip
"""The class of a cell by the role of its column."""

_ROW_CSS = {"sum": "total", "strong": "total"}


@cache
def templates() -> Environment:
    """The templates of the house, loaded when the first page is drawn."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("costmodel.present", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    made.filters |= {"short": shortened, "clause": first_clause}
    made.globals |= {"kinds": KIND_COLOURS, "css": _CSS}
    return made


def _part(name: str, *values: Any) -> str:
    return str(getattr(templates().get_template("render/parts.html.j2").module, name)(*values))


def heading(line: Headline, colour: str | None = None, *, of_part: bool = False) -> str:
    """The verdict, its advice in the colour of the option it names, and the reason under it.

    ``of_part``: of a part of a page that has a verdict of its own.
    """
    return _part("heading", line, colour, "h2" if of_part else "h1")


def cards(items: Iterable[Card]) -> str:
    """Figures: what it is, the figure, what it means."""
    return _part("cards", list(items))


def table(rows: Table, colours: Mapping[str, str] | None = None) -> str:
    """A table; ``colours``: the accents of options by name."""
    kinds = (_ROW_CSS.get(row.kind, row.kind) for row in rows.rows)
    lines = [(kind, *line) for kind, line in zip(kinds, by_group(rows), strict=True)]
    return _part("table", rows, rows.under_heading, lines, colours or {})


def titled(rows: Table, colours: Mapping[str, str] | None = None) -> str:
    """A table under its title; nothing where it has no rows."""
    return title(rows.title) + table(rows, colours) if rows else ""


def notes(groups: Mapping[str, Sequence[str]]) -> str:
    """Sentences as short lists side by side, by heading."""
    return _part("notes", groups)


def listed(said: Sequence[str], css: str = "") -> str:
    """Sentences as a list; nothing where there are none."""
    return _part("listed", list(said), css) if said else ""


def block(words: str, css: str, figure: str = "", most: int = 1_000) -> str:
    """A line in the look of that class; behind a colon a figure, where there is one."""
    return _part("block", css, words, figure, most)


def name(words: str, css: str, figure: str = "") -> str:
    """The same for what a user named, and may have named at length."""
    return block(words, css, figure, 120)


def title(words: str) -> str:
    """A heading of a part of the page."""
    return block(words, "cm-title")


def group(words: str) -> str:
    """A heading over widgets of the sidebar."""
    return name(words, "cm-group")


def note(words: str) -> str:
    """Small print."""
    return block(words, "cm-note")


def sentence(words: str) -> str:
    """A paragraph under a headline."""
    return block(words, "cm-reason")


def problems(error: InputError, words: str, *, places: bool = True) -> str:
    """What has to be mended, one line each, with the place in the file unless ``places`` is off.

    What the widgets ask for has no place in a file, and a file of this machine is not named.
    """
    shown = error.problems if places else [_placeless(each) for each in error.problems]
    return _part("problems", [(_place(each), each.path, each.message) for each in shown], words)


def _place(problem: Problem) -> str:
    return ":".join(str(part) for part in (problem.file, problem.line, problem.column) if part)


def _placeless(problem: Problem) -> Problem:
    """A problem without its file, also where the message begins with a file's full name."""
    message = re.sub(r"(?:[A-Za-z]:)?[/\\][^\s:]*\.ya?ml(?::\d+)*:? ?", "", problem.message)
    return Problem(message, problem.path)

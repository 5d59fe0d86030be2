"""The errors a person can meet. Every message says what was wrong, where, and what would be right.

Bad input raises :class:`InputError` (exit code 2 on the command line). Anything else that
escapes is a bug. Several problems travel in one error, so that a file is mended in one pass.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


class CostmodelError(ValueError):
    """Base of every error this package raises on purpose."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with what the user gave: where it stands and what would be right."""

    message: str
    path: str = ""
    file: str = ""
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        return ": ".join(part for part in (place, self.path, self.message) if part)


class InputError(CostmodelError):
    """Input that cannot be used; carries one :class:`Problem` per thing to mend."""

    def __init__(self, problems: str | Problem | Iterable[Problem]) -> None:
        if isinstance(problems, str):
            problems = Problem(problems)
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UnknownIdError(InputError):
    """An id that no record has; the message offers the nearest known ones."""

    def __init__(self, what: str, given: str, known: Iterable[str]) -> None:
        self.what, self.given = what, given
        self.nearest = tuple(nearest_ids(given, known))
        super().__init__(f"unknown {what} {given!r}{did_you_mean(self.nearest)}")


class NothingToCompareError(InputError):
    """A scenario that has one side only: no own GPUs, or no API, with a bill."""


def nearest_ids(given: str, known: Iterable[str], most: int = 3) -> list[str]:
    """The known ids closest to what was typed, best first.

    >>> nearest_ids("h100sxm", ["h100-sxm", "h200", "l4"])
    ['h100-sxm', 'h200']
    """
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(given.lower(), by_lower, n=most, cutoff=0.5)
    return [by_lower[name] for name in close]


def did_you_mean(nearest: Iterable[str]) -> str:
    """A sentence that offers the nearest ids, or nothing where there are none.

    >>> did_you_mean(["h100-sxm", "h200"])
    '; did you mean h100-sxm, h200?'
    """
    names = ", ".join(nearest)
    return f"; did you mean {names}?" if names else ""

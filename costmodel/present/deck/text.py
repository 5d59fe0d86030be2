"""How much room text takes, and what of it fits into a box: measured, never hoped for.

Widths are those of Arial, which Liberation Sans and Helvetica share; a company's font is met with
a margin. Text is cut with an ellipsis only where the smallest legible size does not help.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

SMALLEST = 12.0
"""Points: what is still legible from the last row."""

LEADING = 1.2
"""Height of a line over the size of its text."""

_REGULAR = {
    191: "'", 222: "ijl’", 260: "|¦", 278: " !,./:;I[\\]ft\xa0·ÌÍÎÏìíîï", 334: "()-`r{}¡‑“”",
    355: '"', 400: "*°", 469: "^", 500: "Jcksvxyzçýÿ",
    556: "#$0123456789?L_abdeghnopqu¢£¤¥«»àáâãäåèéêëðñòóôõöùúûüþ–€", 584: "+<=>~¬×−±÷≤≥",
    611: "FTZ¿ßø", 667: "&ABEKPSVXYÀÁÂÃÄÅÈÉÊËÝÞ", 722: "CDHNRUwÇÐÑÙÚÛÜ", 778: "GOQÒÓÔÕÖØ",
    833: "Mm", 889: "%æ", 944: "W", 1000: "Æ—…→", 1015: "@",
}  # fmt: skip
_BOLD = {
    238: "'", 278: " ,./I\\ijl\xa0·ÌÍÎÏìíîï’", 333: "!()-:;[]`ft|¦¡‑", 400: "*r{}°", 474: '"',
    500: "z“”", 556: "#$0123456789J_aceksvxy¢£¤¥«»àáâãäåçèéêëýÿ–€",
    611: "?FLTZbdghnopqu¿ßðñòóôõöøùúûüþ+<=>^~¬×−±÷≤≥", 667: "EPSVXYÈÉÊËÝÞ",
    722: "&ABCDHKNRUÀÁÂÃÄÅÇÐÑÙÚÛÜ", 778: "GOQwÒÓÔÕÖØ", 833: "M", 889: "%mæ", 944: "W",
    1000: "Æ—…→@",
}  # fmt: skip
_WIDTHS = {
    bold: {letter: width / 1000 for width, letters in table.items() for letter in letters}
    for bold, table in ((False, _REGULAR), (True, _BOLD))
}
"""Advance widths in em, from the metrics that Arial and Liberation Sans 2 have in common."""

_OTHER, _WIDE = 0.8, 1.3
"""em of a letter of another script, and of an ideograph or a picture: more than they take."""

_DIRECTIONS = dict.fromkeys([0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
"""Marks that turn the direction of what follows; with them a name could reorder its slide."""


def plain(text: str) -> str:
    r"""Text on one line without what a slide's file cannot hold or a reader cannot see.

    >>> plain("own \x08 GPUs\n(two\u202e)")
    'own GPUs (two)'
    """
    seen = "".join(
        letter for letter in text.translate(_DIRECTIONS)
        if letter.isspace() or unicodedata.category(letter) not in ("Cc", "Cs", "Cn", "Co")
    )  # fmt: skip
    return " ".join(seen.split())


_RIGHT_TO_LEFT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
_FOREIGN = re.compile(f"([{_RIGHT_TO_LEFT}]+(?:\\s+[{_RIGHT_TO_LEFT}]+)*)")


def typeset(text: str) -> str:
    r"""Text as a slide shows it: no line ends after a minus, and amounts stay where they stand.

    An unseen mark after a name written from right to left keeps it from pulling along what follows.

    >>> ascii(typeset("\u05e9\u05dc\u05d5\u05dd: $11k"))
    "'\\u05e9\\u05dc\\u05d5\\u05dd\\u200e: $11k'"
    """
    return _FOREIGN.sub("\\1\u200e", text.replace("-$", "\u2212$"))


@dataclass(frozen=True)
class Ruler:
    """Measures text in points. ``margin`` is what the font may be wider than Arial by."""

    margin: float = 1.03

    def width(self, text: str, size: float, *, bold: bool = False) -> float:
        """The width of a line of text.

        >>> round(Ruler(1.0).width("$21.5k", 10), 2)
        30.02
        """
        known = _WIDTHS[bold]
        return size * self.margin * sum(known.get(c) or _width_of_other(c) for c in text)

    def lines(self, text: str, width: float, size: float, *, bold: bool = False) -> list[str]:
        """Text broken at spaces into lines no wider than ``width``; a longer word is broken.

        >>> Ruler().lines("base load and overflow", 60, 12)
        ['base load', 'and', 'overflow']
        """
        if self.width(text, size, bold=bold) <= width:
            return [text] if text else []
        done: list[str] = []
        current = ""
        for word in text.split():
            joined = f"{current} {word}" if current else word
            if self.width(joined, size, bold=bold) <= width:
                current = joined
                continue
            if current:
                done.append(current)
            *whole, current = self._pieces(word, width, size, bold=bold)
            done += whole
        return [*done, current] if current else done

    def _pieces(self, word: str, width: float, size: float, *, bold: bool) -> list[str]:
        pieces = [""]
        for letter in word:
            if pieces[-1] and self.width(pieces[-1] + letter, size, bold=bold) > width:
                pieces.append("")
            pieces[-1] += letter
        return pieces

    def fitted(
        self,
        text: str,
        width: float,
        height: float,
        sizes: Sequence[float] = (SMALLEST,),
        *,
        bold: bool = False,
    ) -> tuple[str, float]:
        """The text and the largest of ``sizes`` at which it fits; cut at the smallest if need be.

        >>> Ruler().fitted("a name that is far too long for its box", 80, 30)
        ('a name that is far too long…', 12.0)
        """
        text = plain(text)
        for size in sorted(sizes, reverse=True):
            if len(self.lines(text, width, size, bold=bold)) <= max(
                1, int(height / size / LEADING)
            ):
                return text, size
        size = min(sizes)
        most = max(1, int(height / size / LEADING))
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if len(self.lines(_cut(text, middle), width, size, bold=bold)) <= most:
                low = middle
            else:
                high = middle - 1
        return _cut(text, low), size


def _cut(text: str, length: int) -> str:
    return f"{text[:length].rstrip()}…"


def _width_of_other(letter: str) -> float:
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Mn", "Cf"):
        return 0.0
    return _WIDE if unicodedata.east_asian_width(letter) in ("W", "F") else _OTHER

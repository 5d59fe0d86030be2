"""Amounts in words: the same short forms in every sentence, chart, table and file.

`$21.5k`, `148M`, `21 %`; never `21514.0`.
"""

from __future__ import annotations

import math

_STEPS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))


def short(number: float, digits: int = 3) -> str:
    """A number to three significant digits with k, M, B or T.

    >>> [short(x) for x in (0, 7, 999.6, 1234, 148_000_000, 5_937_500_000)]
    ['0', '7', '1k', '1.23k', '148M', '5.94B']
    """
    if number == 0 or not math.isfinite(number):
        return "0" if number == 0 else str(number)
    rounded = float(f"{number:.{digits}g}")
    for size, letter in _STEPS:
        if abs(rounded) >= size:
            return f"{rounded / size:.{digits}g}{letter}"
    return f"{rounded:.{digits}g}"


CENT = 0.01


def usd(amount: float) -> str:
    """US dollars, short.

    >>> [usd(x) for x in (21514, -350, 0.4, 1_250_000, -1e-9)]
    ['$21.5k', '-$350', '$0.40', '$1.25M', '$0']
    """
    sign, size = "-" if amount < 0 else "", abs(amount)
    if size < CENT / 2:
        return "$0"
    if 0 < size < 10:
        return f"{sign}${size:.2f}"
    return f"{sign}${short(size)}"


def tokens_per_day(volume: float) -> str:
    """A volume.

    >>> tokens_per_day(148e6)
    '148M tokens a day'
    """
    return f"{short(volume)} tokens a day"


def percent(share: float) -> str:
    """A share in percent.

    >>> [percent(x) for x in (0.213, 0.004, 1)]
    ['21 %', '0.4 %', '100 %']
    """
    return f"{share * 100:.0f} %" if abs(share) >= 0.0995 or share == 0 else f"{share * 100:.2g} %"

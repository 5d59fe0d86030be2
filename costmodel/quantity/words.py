"""Every number in words: the same short forms in every sentence, chart, table and file.

`$21.5k`, `148M`, `21 %`; never `21514.0`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from costmodel.quantity.units import GIB

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


NONE = "–"
"""What stands where there is no value."""


def or_none(value: float | None, say: Callable[[float], str]) -> str:
    """A value in words, or a dash.

    >>> or_none(0.213, percent), or_none(None, percent)
    ('21 %', '–')
    """
    return NONE if value is None else say(value)


# ----------------------------------------------------------------------------- volumes and tokens


def tokens_per_day(volume: float) -> str:
    """A volume in a sentence.

    >>> tokens_per_day(148e6)
    '148M tokens a day'
    """
    return f"{short(volume)} tokens a day"


def per_day(volume: float | None) -> str:
    """A volume as a figure; None is a volume that does not exist.

    >>> [per_day(x) for x in (148e6, 0.0, None)]
    ['148M / day', 'any volume', 'never']
    """
    if volume is None:
        return "never"
    return f"{short(volume)} / day" if volume > 0 else "any volume"


def tokens_per_s(rate: float) -> str:
    """Tokens a second.

    >>> tokens_per_s(4674.01)
    '4.67k tok/s'
    """
    return f"{short(rate)} tok/s"


# ------------------------------------------------------------------------------- shares and odds


def percent(share: float) -> str:
    """A share in percent.

    >>> [percent(x) for x in (0.213, 0.004, 1)]
    ['21 %', '0.4 %', '100 %']
    """
    return f"{share * 100:.0f} %" if abs(share) >= 0.0995 or share == 0 else f"{share * 100:.2g} %"


def score(share: float) -> str:
    """A score, or the share of one that is kept: to a tenth of a percent, where that decides.

    >>> score(0.9781), score(1.0)
    ('97.8 %', '100.0 %')
    """
    return f"{100 * share:.1f} %"


def odds(probability: float) -> str:
    """A probability as a share; never certain unless every draw agrees.

    >>> odds(0.637), odds(0.9996), odds(1.0)
    ('64 %', '> 99 %', '100 %')
    """
    if 0 < probability < 0.005:
        return "< 1 %"
    if 0.995 <= probability < 1:
        return "> 99 %"
    return f"{100 * probability:.0f} %"


def signed(change: float) -> str:
    """A change with its sign.

    >>> signed(-0.2), signed(0.0), signed(0.05)
    ('−20 %', '0 %', '+5 %')
    """
    sign = "−" if change < 0 else "+" if change > 0 else ""
    return f"{sign}{percent(abs(change))}"


def yearly(rate: float) -> str:
    """A rate of return a year; one that nobody compares with another is not spelled out.

    >>> [yearly(x) for x in (0.124, -0.3, 12.5)]
    ['12 %', '-30 %', 'over 1,000 %']
    """
    return "over 1,000 %" if rate > 10 else percent(rate)


# ------------------------------------------------------------------------------------------ time


def months(count: float) -> str:
    """Months to one decimal.

    >>> months(7.04), months(1.0), months(122.64)
    ('7 months', '1 month', '122.6 months')
    """
    return counted(count, "month")


def span(count: int) -> str:
    """A horizon in words.

    >>> [span(x) for x in (1, 12, 18, 36)]
    ['1 month', 'a year', '18 months', '3 years']
    """
    if count % 12 == 0:
        return "a year" if count == 12 else f"{count // 12} years"
    return months(count)


def payback(count: float | None) -> str:
    """When money is back; None where it is not, within the horizon.

    >>> [payback(x) for x in (None, 0, 13.24)]
    ['never', 'at once', '13.2 months']
    """
    if count is None:
        return "never"
    return "at once" if count <= 0 else months(count)


def milliseconds(wait: float) -> str:
    """A latency or a wait as a person reads it.

    >>> [milliseconds(x) for x in (0.4, 8.43, 42.7, 905.2, 2000, 13_250)]
    ['under 1 ms', '8.4 ms', '43 ms', '905 ms', '2 s', '13.2 s']
    """
    if wait < 1:
        return "under 1 ms"
    if wait >= 1000:
        return f"{whole(wait / 1000)} s"
    return f"{wait:.0f} ms" if wait >= 20 else f"{whole(wait)} ms"


# ---------------------------------------------------------------------------------------- counts


def counted(count: float, thing: str) -> str:
    """So many of a thing, to one decimal.

    >>> counted(1, "request"), counted(16, "request"), counted(5.92, "GPU")
    ('1 request', '16 requests', '5.9 GPUs')
    """
    shown = whole(count)
    return f"{shown} {thing}{'' if shown == '1' else 's'}"


def mean_of(count: float, thing: str) -> str:
    """The same, and that it is a mean over the hours where it is not whole.

    >>> [mean_of(x, "GPU") for x in (1, 4.0, 5.92)]
    ['1 GPU', '4 GPUs', '5.9 GPUs (mean)']
    """
    return counted(count, thing) + ("" if abs(count - round(count)) < 0.005 else " (mean)")


def room(count: float) -> str:
    """How many there is room for: rounded down, and to one decimal where few.

    >>> [room(x) for x in (0.0918, 12.78, 1024.5)]
    ['0.1', '12.8', '1,024']
    """
    return f"{count:.1f}" if count < 20 else f"{math.floor(count):,}"


def about(count: float) -> str:
    """A count to two significant digits, written out.

    >>> about(196.5), about(1377.0)
    ('200', '1,400')
    """
    return f"{float(f'{count:.2g}'):,.0f}"


def whole(count: float) -> str:
    """A count, whole where it is: `9`, `5.9`."""
    return f"{count:,.1f}".removesuffix(".0")


def number(value: float | str) -> str:
    """A number of a table, in full.

    >>> [number(x) for x in (6e8, 1730871820.288, 0.3, 1.4113679, "fp8")]
    ['600,000,000', '1,730,871,820', '0.3', '1.41137', 'fp8']
    """
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if abs(value) >= 1e5 else f"{value:,.6g}"


def three(value: float) -> str:
    """A ratio or a factor to three significant digits."""
    return f"{value:,.3g}"


def between(low: float | None, high: float | None) -> str:
    """A range; empty where none is stated.

    >>> between(7e8, 1.2e9), between(0.5, 0.75), between(None, None)
    ('700M to 1.2B', '0.5 to 0.75', '')
    """
    if low is None or high is None:
        return ""
    return " to ".join(short(x) if abs(x) >= 1e5 else f"{x:,.4g}" for x in (low, high))


def gib(size: float) -> str:
    """Bytes as a person reads memory.

    >>> [gib(x) for x in (39801339904, 1728724336, 65536, 0)]
    ['37.1 GiB', '1.61 GiB', '64 KiB', '0 GiB']
    """
    if size == 0:
        return "0 GiB"
    if size < GIB / 20:
        return f"{size / 1024:,.0f} KiB"
    return f"{size / GIB:,.{1 if size >= 10 * GIB else 2}f} GiB"


def with_unit(value: float | str, unit: str) -> str:
    """A value of any unit; a text stands as it is.

    >>> [with_unit(*x) for x in ((0.92, "share"), (1.127, "factor"), (4800, "GB/s"), ("fp8", ""))]
    ['92 %', '× 1.13', '4,800 GB/s', 'fp8']
    """
    if isinstance(value, str):
        return value
    if unit == "bytes":
        return gib(value)
    if unit == "share":
        return percent(value)
    if unit == "factor":
        return f"× {value:.2f}"
    return f"{value:,.4g} {unit}".strip() if value < 1000 else f"{value:,.0f} {unit}".strip()


# --------------------------------------------------------------------------------- names and texts


def shortened(text: str, most: int) -> str:
    """Text on one line, cut with an ellipsis past ``most`` characters.

    >>> shortened("base load + overflow", 12)
    'base load +…'
    """
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def first_clause(text: str, most: int = 30) -> str:
    """A source's first words: up to its first clause.

    >>> first_clause("roofline: fit of measured.csv (681 rows)")
    'roofline'
    """
    return shortened(re.split(r"[;:(]\s|\s\(|, (?=\d)", text.removeprefix("https://"))[0], most)


LONGEST_NAME = 48
"""Characters of an option's name in a sentence."""


def called(name: str) -> str:
    """The name of an option or a workload, short enough for a sentence."""
    return shortened(name, LONGEST_NAME)


def cut_within(text: str, most: int) -> str:
    """A text cut in its middle: what tells two inputs apart stands at either end.

    >>> cut_within("price of a GPU hour of own GPUs, offer 2", 30)
    'price of a GPU…n GPUs, offer 2'
    """
    if len(text) <= most:
        return text
    tail = most // 2
    return f"{text[: most - tail - 1].rstrip()}…{text[-tail:].lstrip()}"


def wrapped(text: str, width: int, lines: int) -> list[str]:
    """Text broken into at most ``lines`` lines of about ``width`` characters.

    >>> wrapped("not eligible: does not satisfy eu-residency", 24, 2)
    ['not eligible: does not', 'satisfy eu-residency']
    """
    from textwrap import wrap

    return wrap(
        " ".join(text.split()), width, max_lines=lines, placeholder="…", break_on_hyphens=False
    )


def capital(text: str) -> str:
    """A text as the beginning of a sentence."""
    return text[:1].upper() + text[1:]

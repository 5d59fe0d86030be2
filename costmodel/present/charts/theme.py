"""The look every chart, page, workbook and slide shares: colours, fonts and inert text.

One accent per option, the same wherever the option appears; grey for everything that is not
data. Text that users wrote is made inert here before a chart sees it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from costmodel.book.endpoints import is_open_weights
from costmodel.pipeline.report import Report
from costmodel.quantity.quantity import Kind
from costmodel.quantity.words import shortened
from costmodel.scenario import Option

Family = Literal["own", "managed", "frontier", "hybrid", "mix"]

FONT = "Inter, 'Helvetica Neue', Arial, sans-serif"

INK = "#16202c"
"""Headings and figures."""
TEXT = "#3c4856"
MUTED = "#6b7684"
RULE = "#d5dae1"
GRID = "#eef1f4"
SURFACE = "#f7f8fb"
PAPER = "#ffffff"

ACCENTS: Mapping[Family, tuple[str, ...]] = {
    "own": ("#1d6ae5", "#5b4bc9", "#0d8bb5", "#3f5f8f"),
    "managed": ("#c98500", "#8a6a2b", "#d9922e", "#a08200"),
    "frontier": ("#b3174a", "#d0487f", "#7d1f4f", "#e0647a"),
    "hybrid": ("#0f8f80", "#3f8f4e", "#0a5f73", "#6b9a3a"),
    "mix": ("#6d3fa6", "#97509f", "#4d3b8c", "#a56cc1"),
}
"""By family, then by order within it. The first of each differ in lightness as well as in hue,
so that they survive a colour-blind reader and a grey print."""

KIND_COLOURS: Mapping[Kind, tuple[str, str]] = {
    "measured": ("#0f6b4f", "#e1f4ec"),
    "anchored": ("#1757c2", "#e4eefd"),
    "estimated": ("#5140ad", "#ecebfa"),
    "listed": ("#3c4856", "#eceff3"),
    "assumed": ("#8a5a00", "#fdf0d3"),
}
"""(text, background) of the pill that says how a number is known."""


def colours(report: Report) -> dict[str, str]:
    """The accent of every option of a report, by name."""
    counts: dict[Family, int] = {}
    chosen: dict[str, str] = {}
    for name, family in families(report).items():
        place = counts.get(family, 0)
        counts[family] = place + 1
        chosen[name] = ACCENTS[family][place % len(ACCENTS[family])]
    return chosen


def families(report: Report) -> dict[str, Family]:
    """What kind of alternative every option is; APIs are told apart by whose weights they serve."""
    return {option.name: _family(option) for option in report.inputs.options}


def _family(option: Option) -> Family:
    if option.api is None:
        kinds: Mapping[str, Family] = {"selfhost": "own", "hybrid": "hybrid", "mix": "mix"}
        return kinds[option.kind]
    provider, model = option.api.provider, option.api.model
    quoted = not (provider and model)
    return "managed" if quoted or is_open_weights(str(provider), str(model)) else "frontier"


def tint(colour: str, alpha: float) -> str:
    """A colour as rgba.

    >>> tint("#1d6ae5", 0.1)
    'rgba(29,106,229,0.1)'
    """
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"


def mixed(colour: str, share: float) -> str:
    """A colour mixed with white, for light areas without transparency.

    >>> mixed("#1d6ae5", 0.4)
    '#a5c3f5'
    """
    parts = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(255 + (part - 255) * share):02x}" for part in parts)


_ENTITIES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;", "{": "&#123;", "}": "&#125;"}
)


def inert(text: str, most: int = 120) -> str:
    """Text for a chart in which nothing is markup, a template field or a formula.

    Plotly reads tags, ``%{field}`` and, where MathJax is present, ``$formula$`` in every string.

    >>> inert("<b>own</b>  GPUs at %{x} for $2 or $3")
    '&lt;b&gt;own&lt;/b&gt; GPUs at %&#123;x&#125; for &#36;2 or &#36;3'
    """
    return shortened(text, most).translate(_ENTITIES)

"""How cells look: inputs blue, formulas black, links to other sheets green, the rest grey.

One place for colours, fonts and number formats, in the palette of the charts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from costmodel.present.charts.theme import INK, MUTED

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook

INPUT_BLUE, INPUT_FILL = "#0000ff", "#eef3ff"
LINK_GREEN = "#00803c"
HEADING_FILL, RULE = "#f3f5f8", "#d5dae2"
WRONG_FILL, WRONG_INK = "#fbd5d5", "#a30000"
STALE_FILL, STALE_INK = "#fdeecb", "#7a5200"
GOOD_INK = "#00703a"
FONT = "Arial"

Look = Literal[
    "title", "subtitle", "lead", "top", "heading", "column", "column_right", "text", "wrapped",
    "note", "input", "input_word", "fact", "aside", "formula", "link", "sum", "check", "big",
]  # fmt: skip

NUMBER_FORMATS = {
    "USD": "$#,##0;[Red]-$#,##0",
    "USD/month": "$#,##0;[Red]-$#,##0",
    "USD/Mtok": "$#,##0.00##",
    "USD/hour": "$#,##0.00##",
    "USD/GPU-hour": "$#,##0.00##",
    "USD/unit-month": "$#,##0",
    "USD/request": "$0.00000000",
    "share": "0.0##%",
    "percent": "0%",
    "tokens/day": "#,##0",
    "tokens": "#,##0",
    "replicas": "#,##0.##",
    "units": "#,##0",
    "ratio": "0.00##",
    "requests/s": "0.000###",
    "plain": "#,##0.######",
    "tiny": "0E+00",
}
"""By unit; others are plain numbers."""

_LOOKS: Mapping[str, Mapping[str, Any]] = {
    "title": {"bold": True, "font_size": 18, "font_color": INK},
    "lead": {"bold": True, "font_size": 13, "font_color": INK, "text_wrap": True, "valign": "top"},
    "top": {"font_color": INK, "valign": "top"},
    "input_word": {"font_color": INPUT_BLUE, "bg_color": INPUT_FILL},
    "subtitle": {"font_size": 11, "font_color": MUTED},
    "heading": {"bold": True, "font_color": INK, "bg_color": HEADING_FILL, "bottom": 1,
                "bottom_color": RULE},
    "column": {"font_color": MUTED, "bottom": 1, "bottom_color": RULE, "text_wrap": True,
               "valign": "bottom"},
    "column_right": {"font_color": MUTED, "bottom": 1, "bottom_color": RULE, "text_wrap": True,
                     "valign": "bottom", "align": "right"},
    "text": {"font_color": INK},
    "wrapped": {"font_color": INK, "text_wrap": True, "valign": "top"},
    "note": {"font_color": MUTED, "italic": True, "indent": 1},
    "aside": {"font_color": MUTED, "indent": 1},
    "input": {"font_color": INPUT_BLUE, "bg_color": INPUT_FILL, "locked": False},
    "fact": {"font_color": MUTED},
    "formula": {"font_color": "#000000"},
    "link": {"font_color": LINK_GREEN},
    "sum": {"font_color": "#000000", "bold": True, "top": 1, "top_color": RULE},
    "check": {"font_color": GOOD_INK, "align": "center"},
    "big": {"bold": True, "font_size": 13, "font_color": LINK_GREEN, "align": "left"},
}  # fmt: skip


class Styles:
    """Formats of one workbook, each made once."""

    def __init__(self, workbook: Workbook) -> None:
        self._workbook = workbook
        self._made: dict[tuple[str, str], Format] = {}
        self.wrong = workbook.add_format({"bg_color": WRONG_FILL, "font_color": WRONG_INK})
        self.stale = workbook.add_format({"bg_color": STALE_FILL, "font_color": STALE_INK})

    def __call__(self, look: Look, unit: str = "") -> Format:
        """A format: a look, and the number format of a unit."""
        key = look, unit
        if key not in self._made:
            number = {"num_format": NUMBER_FORMATS.get(unit, NUMBER_FORMATS["plain"])}
            base = {"font_name": FONT, "font_size": 10, "valign": "vcenter"}
            look_of = base | dict(_LOOKS[look]) | (number if unit else {})
            self._made[key] = self._workbook.add_format(look_of)
        return self._made[key]

"""Native charts in the look of all others: direct colours per option, calm axes, few lines.

Lines of the same family differ in dashes as well, so that a grey print still tells them apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from costmodel.pipeline.report import Report
from costmodel.present.charts.theme import GRID, MUTED, RULE, Family, colours, families
from costmodel.present.workbook.styles import FONT

if TYPE_CHECKING:
    from xlsxwriter.chart import Chart

    from costmodel.present.workbook.sheets import Book

DASHES: Mapping[Family, str] = {
    "own": "solid",
    "managed": "dash",
    "frontier": "round_dot",
    "hybrid": "long_dash_dot",
    "mix": "long_dash",
}

_FONT = {"name": FONT, "size": 10, "color": MUTED}


def looks_of(report: Report) -> dict[str, tuple[str, str]]:
    """The colour every chart gives an option, and the dashes of its family."""
    kinds = families(report)
    return {name: (colour, DASHES[kinds[name]]) for name, colour in colours(report).items()}


def axis(name: str, number_format: str) -> dict[str, Any]:
    """An axis: a plain title, grey numbers, hardly any lines."""
    return {
        "name": name,
        "name_font": {**_FONT, "bold": False},
        "num_font": _FONT,
        "num_format": number_format,
        "line": {"color": RULE},
        "major_gridlines": {"visible": True, "line": {"color": GRID}},
    }


def lines_chart(
    book: Book,
    sheet: str,
    rows: tuple[int, int, int],
    x: int,
    series: Sequence[tuple[str, int]],
    looks: Mapping[str, tuple[str, str]],
) -> Chart:
    """Straight lines over a numeric axis; rows: header, first, last; series: option and column.

    ``looks``: colour and dashes by option.
    """
    header, first, last = rows
    chart = book.workbook.add_chart({"type": "scatter", "subtype": "straight"})
    assert chart is not None
    for option, column in series:
        colour, dashes = looks[option]
        chart.add_series(
            {
                "name": [sheet, header, column],
                "categories": [sheet, first, x, last, x],
                "values": [sheet, first, column, last, column],
                "line": {"color": colour, "width": 2.25, "dash_type": dashes},
                "marker": {"type": "none"},
            }
        )
    plain(chart)
    return chart


def plain(chart: Chart) -> None:
    """No title, no frame, the legend below."""
    chart.set_title({"none": True})
    chart.set_legend({"position": "bottom", "font": _FONT})
    chart.set_chartarea({"border": {"none": True}})


def bars_chart(
    book: Book, sheet: str, rows: tuple[int, int], names: int, values: int, colours: Sequence[str]
) -> Chart:
    """Horizontal bars, one colour each, the first on top, with their amounts."""
    first, last = rows
    chart = book.workbook.add_chart({"type": "bar"})
    assert chart is not None
    chart.add_series(
        {
            "categories": [sheet, first, names, last, names],
            "values": [sheet, first, values, last, values],
            "points": [{"fill": {"color": colour}} for colour in colours],
            "gap": 60,
            "data_labels": {"value": True, "num_format": "$#,##0", "font": _FONT},
        }
    )
    plain(chart)
    chart.set_legend({"none": True})
    return chart

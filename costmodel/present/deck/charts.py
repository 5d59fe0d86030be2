"""Native charts: PowerPoint draws and edits them, their numbers lie in an embedded workbook.

Names that users wrote reach that workbook as text, never as formulas or links. Axes and formats
are those of the app's charts; the plot stands at a known place, so that labels can be set beside
its lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

from pptx.chart.data import CategoryChartData, XyChartData
from pptx.chart.xlsx import CategoryWorkbookWriter, XyWorkbookWriter
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_MARKER_STYLE, XL_TICK_LABEL_POSITION, XL_TICK_MARK
from pptx.enum.dml import MSO_LINE, MSO_THEME_COLOR
from pptx.oxml.ns import qn
from pptx.oxml.xmlchemy import OxmlElement
from pptx.util import Pt, lazyproperty
from xlsxwriter import Workbook

from costmodel.cost.curve import Floats
from costmodel.present.charts.axes import Axis
from costmodel.present.charts.theme import GRID, RULE
from costmodel.present.deck.master import Box
from costmodel.present.deck.sheet import Sheet
from costmodel.present.deck.text import SMALLEST, plain
from costmodel.quantity.words import short

Dash = Literal["solid", "dash", "dot", "dashdot", "longdash"]

_DASHES = {
    "solid": MSO_LINE.SOLID, "dash": MSO_LINE.DASH, "dot": MSO_LINE.ROUND_DOT,
    "dashdot": MSO_LINE.DASH_DOT, "longdash": MSO_LINE.LONG_DASH,
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A line of a chart."""

    name: str
    x: Sequence[float] | Floats
    y: Sequence[float] | Floats
    colour: str
    width: float = 2.25
    dash: Dash = "solid"


@dataclass(frozen=True)
class Bars:
    """A series of bars; without a colour they are not drawn, and lift what stands on them."""

    name: str
    values: Sequence[float | None]
    colour: str | None


# ------------------------------------------------------------------------------ inert workbooks


class _Inert:
    """Opens the embedded workbook so that no text in it is a formula or a link."""

    @contextmanager
    def _open_worksheet(self, xlsx_file: Any) -> Iterator[tuple[Any, Any]]:
        keep = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        workbook = Workbook(xlsx_file, keep)
        yield workbook, workbook.add_worksheet()
        workbook.close()


class _InertXy(_Inert, XyWorkbookWriter):
    pass


class _InertCategories(_Inert, CategoryWorkbookWriter):
    pass


class XyData(XyChartData):
    """Points of lines, with an inert workbook."""

    @lazyproperty
    def _workbook_writer(self) -> XyWorkbookWriter:
        return _InertXy(self)


class CategoryData(CategoryChartData):
    """Values by category, with an inert workbook."""

    @lazyproperty
    def _workbook_writer(self) -> CategoryWorkbookWriter:
        return _InertCategories(self)


# ---------------------------------------------------------------------------------- number formats


def axis_format(axis: Axis, prefix: str = "") -> str:
    """A number format for the ticks of an axis, with k, M and B as everywhere.

    >>> axis_format(Axis(0, 1.8e9))
    '[=0]0;[<1000000000]0,,"M";0.00,,,"B"'
    >>> axis_format(Axis(0, 38_000), "$")
    '[=0]"$"0;[<1000]"$"0;"$"0,"k"'
    >>> axis_format(Axis(-100_000, 200_000), "$")
    '[>0]"$"0,"k";[<0]-"$"0,"k";"$"0'
    """
    ticks = [abs(tick) for tick in axis.ticks() if tick]
    if not ticks:
        return "0"
    top = max(ticks)
    size, scale, letter = next(
        (each for each in ((1e9, ",,,", "B"), (1e6, ",,", "M"), (1e3, ",", "k")) if top >= each[0]),
        (1.0, "", ""),
    )
    lead = f'"{prefix}"' if prefix else ""
    if not letter:
        return f"{lead}0{_decimals(ticks, 1.0)}"
    if axis.low < 0:
        digits = f'{lead}0{_decimals(ticks, size)}{scale}"{letter}"'
        return f"[>0]{digits};[<0]-{digits};{lead}0"
    below = {"B": ',,"M"', "M": ',"k"', "k": ""}[letter]
    above = [tick for tick in ticks if tick >= size]
    return (
        f'[=0]{lead}0;[<{size:.0f}]{lead}0{below};{lead}0{_decimals(above, size)}{scale}"{letter}"'
    )


def _decimals(values: Sequence[float], size: float) -> str:
    """The decimals that tell these values apart."""
    most = max(len(f"{value / size:.2f}".rstrip("0").partition(".")[2]) for value in values)
    return f".{'0' * most}" if most else ""


# ------------------------------------------------------------------------------------------ charts


def xy_chart(
    sheet: Sheet, box: Box, plot: Box, lines: Sequence[Line], x: Axis, y: Axis, name: str
) -> Any:
    """Lines over numbers. ``plot`` is where the axes stand, within ``box``.

    Longer lines come first: LibreOffice drops a line that a longer one follows.
    """
    data = XyData()
    ordered = sorted(lines, key=lambda line: -len(line.x))
    for line in ordered:
        series = data.add_series(plain(line.name))
        for at, value in zip(line.x, line.y, strict=True):
            series.add_data_point(float(at), float(value))
    chart = _added(sheet, XL_CHART_TYPE.XY_SCATTER_LINES_NO_MARKERS, box, data, name)
    for line, series in zip(ordered, chart.plots[0].series, strict=True):
        _draw(series, line)
    _axis(chart.category_axis, x, axis_format(x), grid=False)
    _axis(chart.value_axis, y, axis_format(y, "$"), grid=True)
    _place_plot(chart, box, plot)
    return chart


def stacked_columns(
    sheet: Sheet, box: Box, plot: Box, categories: Sequence[str], bars: Sequence[Bars], y: Axis,
    name: str,
) -> Any:  # fmt: skip
    """Columns, each standing on the one before it."""
    chart = _bar_chart(sheet, XL_CHART_TYPE.COLUMN_STACKED, box, categories, bars, name, gap=35)
    _axis(chart.value_axis, y, axis_format(y, "$"), grid=True)
    _place_plot(chart, box, plot)
    return chart


def bars_about(
    sheet: Sheet, box: Box, plot: Box, categories: Sequence[str], bars: Sequence[Bars], x: Axis,
    middle: float, name: str,
) -> Any:  # fmt: skip
    """Horizontal bars that start from ``middle``, the first category at the top."""
    upwards = [replace(each, values=each.values[::-1]) for each in bars]
    chart = _bar_chart(
        sheet, XL_CHART_TYPE.BAR_CLUSTERED, box, categories[::-1], upwards, name, gap=45
    )
    _axis(chart.value_axis, x, axis_format(x, "$"), grid=True)
    axis = chart.category_axis
    axis.tick_label_position = XL_TICK_LABEL_POSITION.NONE
    _cross(chart, middle)
    _place_plot(chart, box, plot)
    return chart


def _bar_chart(
    sheet: Sheet, kind: Any, box: Box, categories: Sequence[str], bars: Sequence[Bars], name: str,
    *, gap: int,
) -> Any:  # fmt: skip
    data = CategoryData()
    data.categories = [plain(each) for each in categories]
    for each in bars:
        data.add_series(plain(each.name), [None if v is None else float(v) for v in each.values])
    chart = _added(sheet, kind, box, data, name)
    plot = chart.plots[0]
    plot.gap_width, plot.overlap = gap, 100
    for each, series in zip(bars, plot.series, strict=True):
        series.invert_if_negative = False
        if each.colour is None:
            series.format.fill.background()
        else:
            series.format.fill.solid()
            series.format.fill.fore_color.rgb = _rgb(each.colour)
    axis = chart.category_axis
    axis.major_tick_mark = XL_TICK_MARK.NONE
    axis.format.line.color.rgb = _rgb(RULE)
    axis.tick_labels.font.size = Pt(SMALLEST)
    return chart


def _added(sheet: Sheet, kind: Any, box: Box, data: Any, name: str) -> Any:
    place = (Pt(box.left), Pt(box.top), Pt(box.width), Pt(box.height))
    frame = sheet.slide.shapes.add_chart(kind, *place, data)
    frame.name = name
    frame._element.nvGraphicFramePr.cNvPr.set("descr", f"{name}. {sheet.slide.shapes.title.text}")
    chart = frame.chart
    chart.has_legend = chart.has_title = False
    chart.font.size = Pt(SMALLEST)
    chart.font.color.theme_color = MSO_THEME_COLOR.TEXT_1
    return chart


def _draw(series: Any, line: Line) -> None:
    series.smooth = False
    series.marker.style = XL_MARKER_STYLE.NONE
    series.format.line.color.rgb = _rgb(line.colour)
    series.format.line.width = Pt(line.width)
    series.format.line.dash_style = _DASHES[line.dash]


def _axis(axis: Any, scale: Axis, number_format: str, *, grid: bool) -> None:
    ticks = scale.ticks()
    axis.minimum_scale, axis.maximum_scale = float(scale.low), float(scale.high)
    if len(ticks) > 1:
        axis.major_unit = float(ticks[1] - ticks[0])
    axis.has_major_gridlines = grid
    if grid:
        axis.major_gridlines.format.line.color.rgb = _rgb(GRID)
    axis.format.line.color.rgb = _rgb(RULE)
    axis.major_tick_mark = XL_TICK_MARK.NONE if grid else XL_TICK_MARK.OUTSIDE
    axis.tick_labels.font.size = Pt(SMALLEST)
    axis.tick_labels.number_format = number_format
    axis.tick_labels.number_format_is_linked = False
    axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW


def _cross(chart: Any, middle: float) -> None:
    """Let bars begin at a value: the category axis crosses the value axis there."""
    axis = chart.category_axis._element
    for old in axis.findall(qn("c:crosses")) + axis.findall(qn("c:crossesAt")):
        axis.remove(old)
    crossing = OxmlElement("c:crossesAt")
    crossing.set("val", repr(float(middle)))
    axis.find(qn("c:crossAx")).addnext(crossing)


def _place_plot(chart: Any, box: Box, plot: Box) -> None:
    """Where the axes stand within the chart: the inner plot area, in shares of the chart."""
    area = chart._chartSpace.chart.plotArea
    for old in area.findall(qn("c:layout")):
        area.remove(old)
    layout, manual = OxmlElement("c:layout"), OxmlElement("c:manualLayout")
    layout.append(manual)
    values = {
        "layoutTarget": "inner", "xMode": "edge", "yMode": "edge",
        "x": (plot.left - box.left) / box.width, "y": (plot.top - box.top) / box.height,
        "w": plot.width / box.width, "h": plot.height / box.height,
    }  # fmt: skip
    for tag, value in values.items():
        text = value if isinstance(value, str) else f"{value:.6f}"
        part = OxmlElement(f"c:{tag}")
        part.set("val", text)
        manual.append(part)
    area.insert(0, layout)


def _rgb(colour: str) -> RGBColor:
    return RGBColor.from_string(colour.removeprefix("#").upper())


def volume(tokens: float) -> str:
    """A volume on a chart.

    >>> volume(148e6)
    '148M / day'
    """
    return f"{short(tokens)} / day"

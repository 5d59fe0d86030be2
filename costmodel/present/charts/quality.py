"""Quality as charts: what is known of each format on each task, and the levers on today's bill.

Colour is the 10th percentile, the number the median, n under it; where nothing is known the
cell is hatched, and where too few rows are known for a percentile it stays white.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from costmodel.present.charts.layout import Frame, Part, bars, mark, named_axis
from costmodel.present.charts.theme import INK, MUTED, PAPER, RULE, TEXT, inert, mixed
from costmodel.quality.published import FORMATS, Cell, cell, cell_words
from costmodel.quantity.words import usd
from costmodel.studies.portfolio import Portfolio

if TYPE_CHECKING:
    import plotly.graph_objects as go

TASKS = ("knowledge", "commonsense", "math", "code", "reasoning", "instruction-following",
         "long-context", "multilingual", "summarization", "extraction", "classification", "rag",
         "tool-use")  # fmt: skip
"""Columns of the map."""

SCALE: tuple[tuple[float, str], ...] = (
    (0.99, mixed("#1d6ae5", 0.62)),
    (0.98, mixed("#1d6ae5", 0.40)),
    (0.95, mixed("#1d6ae5", 0.18)),
    (0.90, mixed("#c98500", 0.28)),
    (0.80, mixed("#c98500", 0.55)),
    (0.0, mixed("#b3174a", 0.50)),
)
"""Colours by 10th percentile, from this retention up: blue keeps, amber and red lose."""

SCALE_WORDS = ("99 % or more", "98 %", "95 %", "90 %", "80 %", "less")

ROW, HEAD = 31, 46
"""Height of a row and of the column heads [px]."""


def colour_of(found: Cell) -> str:
    """The colour of a cell; white where there is no 10th percentile."""
    if found.p10 is None:
        return PAPER
    tenth = found.p10
    return next(colour for low, colour in SCALE if tenth >= low)


def quality_cells(params_b: float | None = None) -> list[list[Cell]]:
    """The cells of the map, row by row."""
    return [[cell(f, task, kv, params_b) for task in TASKS] for _, f, kv in FORMATS]


def quality_figure(
    _: Any = None, *, floor: float = 0.98, params_b: float | None = None, width: float = 1140
) -> go.Figure:
    """What is published about every format on every task.

    ``floor``: cells that are likely to keep this share are framed. ``params_b``: rows of that
    model size where there are enough of them. ``width`` in px.
    """
    table = quality_cells(params_b)
    known = [(r, c, each) for r, row in enumerate(table) for c, each in enumerate(row)]
    rows, tasks = [name for name, _, _ in FORMATS], [_head(task) for task in TASKS]
    height = HEAD + ROW * len(FORMATS) + 8
    return Frame(height, left=112, right=4, top=HEAD, bottom=4).drawn(
        [_known(known), _hatched(known)],
        width=width,
        barmode="overlay",
        xaxis=named_axis(tasks, side="top", tickfont={"color": TEXT}, ticklabelstandoff=0),
        yaxis=named_axis(rows, down=True, tickfont={"color": INK}, ticklabelstandoff=0),
        annotations=[_number(r, c, each) for r, c, each in known if each.n],
        shapes=[_frame(r, c) for r, c, each in known if each.standing(floor) == "likely"],
    )


def _head(task: str) -> str:
    return task.replace("-", "-<br>") if len(task) > 11 else task


Placed = tuple[int, int, Cell]
"""A cell by its row and column."""


def _known(cells: Sequence[Placed]) -> Part:
    shown = [each for each in cells if each[2].n]
    colours = [colour_of(found) for _, _, found in shown]
    return _bars(shown, {"color": colours, "line": {"color": RULE, "width": 0.6}})


def _hatched(cells: Sequence[Placed]) -> Part:
    pattern = {"shape": "/", "fgcolor": RULE, "size": 6, "solidity": 0.16}
    edge = {"color": RULE, "width": 0.4}
    unknown = [each for each in cells if not each[2].n]
    return _bars(unknown, {"color": PAPER, "line": edge, "pattern": pattern})


def _bars(cells: Sequence[Placed], marker: Part) -> Part:
    return {
        "type": "bar",
        "x": [column for _, column, _ in cells],
        "y": [0.94] * len(cells),
        "base": [row - 0.47 for row, _, _ in cells],
        "width": 0.96,
        "marker": marker,
        "hoverinfo": "text",
        "hovertext": [_hover(found) for _, _, found in cells],
    }


def _number(row: int, column: int, found: Cell) -> Part:
    assert found.median is not None
    text = f"<b>{100 * found.median:.1f}</b> <span style='font-size:10px'>{found.n}</span>"
    return mark(text, column, row, INK if found.p10 is not None else MUTED)


def _frame(row: int, column: int) -> Part:
    ends = {"x0": column - 0.47, "x1": column + 0.47, "y0": row - 0.45, "y1": row + 0.45}
    return {"type": "rect", **ends, "line": {"color": INK, "width": 1.6}}


def _hover(found: Cell) -> str:
    lines = [cell_words(found)]
    if found.n:
        lines += [f"worst on {found.worst_on}", f"{found.models} models"]
    if found.by_rule:
        lines.append(f"{found.by_rule} published because they kept 99 %")
    if found.left_out:
        lines.append(f"{found.left_out} flagged rows left out")
    return "<br>".join(inert(line, 110) for line in lines)


# ---------------------------------------------------------------------------------------- levers

LEVER_COLOURS = ("#b3174a", mixed("#b3174a", 0.6), "#c98500", "#1d6ae5")


def levers_figure(found: Portfolio, height: float = 216) -> go.Figure:
    """From today's bill to the joint choice, a bar per lever."""
    rows = [(each, each.monthly_usd) for each in found.levers if each.monthly_usd is not None]
    amounts = [amount for _, amount in rows]
    names = [lever.name for lever, _ in rows]
    words = {
        "text": [f"<b>{inert(usd(amount))}</b>" for amount in amounts],
        "textposition": "outside",
        "cliponaxis": False,
        "textfont": {"size": 13, "color": INK},
        "hoverinfo": "text",
        "hovertext": [inert(lever.what, 140) for lever, _ in rows],
    }
    shades = list(LEVER_COLOURS[: len(rows)])
    return Frame(height, left=148, right=60, top=4, bottom=4).drawn(
        [bars(amounts, names, shades, 0.62, **words)],
        xaxis={"visible": False, "range": [0, 1.04 * max(amounts, default=1.0)]},
        yaxis={
            "autorange": "reversed",
            "ticklabelstandoff": 8,
            "showgrid": False,
            "tickfont": {"color": TEXT},
        },
    )

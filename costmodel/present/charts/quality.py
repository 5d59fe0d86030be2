"""Quality as charts: what is known of each format on each task, and the levers on today's bill.

Colour is the 10th percentile, the number the median, n under it; where nothing is known the
cell is hatched, and where too few rows are known for a percentile it stays white.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from costmodel.present.charts.theme import FONT, INK, MUTED, PAPER, RULE, TEXT, inert, mixed
from costmodel.quality.published import Cell, cell, cell_words
from costmodel.quantity.words import usd
from costmodel.studies.portfolio import Lever, Portfolio

if TYPE_CHECKING:
    import plotly.graph_objects as go

FORMATS: tuple[tuple[str, str, str], ...] = (
    ("FP8", "fp8", ""),
    ("INT8 W8A8", "int8-w8a8", ""),
    ("GPTQ 4-bit", "gptq-int4", ""),
    ("AWQ 4-bit", "awq-int4", ""),
    ("NVFP4", "nvfp4", ""),
    ("bnb NF4", "bnb-nf4", ""),
    ("GGUF Q8_0", "gguf-q8_0", ""),
    ("GGUF Q6_K", "gguf-q6_k", ""),
    ("GGUF Q5_K_M", "gguf-q5_k_m", ""),
    ("GGUF Q4_K_M", "gguf-q4_k_m", ""),
    ("GGUF Q3_K_M", "gguf-q3_k_m", ""),
    ("GGUF Q2_K", "gguf-q2_k", ""),
    ("KV cache FP8", "bf16", "fp8"),
    ("KV cache INT8", "bf16", "int8"),
    ("KV cache INT4", "bf16", "int4"),
)
"""Rows of the map: what people call it, weight format, KV cache format."""

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
    import plotly.graph_objects as go

    table = quality_cells(params_b)
    known = [(r, c, each) for r, row in enumerate(table) for c, each in enumerate(row)]
    layout = {
        "template": {},
        "width": width,
        "height": HEAD + ROW * len(FORMATS) + 8,
        "margin": {"l": 112, "r": 4, "t": HEAD, "b": 4},
        "paper_bgcolor": PAPER,
        "plot_bgcolor": PAPER,
        "font": {"family": FONT, "size": 12, "color": TEXT},
        "hoverlabel": {"bgcolor": PAPER, "bordercolor": RULE, "font": {"color": INK, "size": 12},
                       "align": "left"},
        "dragmode": False,
        "showlegend": False,
        "barmode": "overlay",
        "xaxis": _axis([_head(task) for task in TASKS], TEXT) | {"side": "top"},
        "yaxis": _axis([name for name, _, _ in FORMATS], INK) | {
            "range": [len(FORMATS) - 0.5, -0.5]
        },
        "annotations": [_number(r, c, each) for r, c, each in known if each.n],
        "shapes": [_frame(r, c) for r, c, each in known if each.standing(floor) == "likely"],
    }  # fmt: skip
    return go.Figure({"data": [_bars(known), _hatched(known)], "layout": layout})


def _axis(names: Sequence[str], colour: str) -> dict[str, Any]:
    """An axis of names, one at each whole number."""
    return {"range": [-0.5, len(names) - 0.5], "tickvals": [*range(len(names))],
            "ticktext": list(names), "showgrid": False, "zeroline": False, "fixedrange": True,
            "tickfont": {"size": 12, "color": colour}}  # fmt: skip


def _head(task: str) -> str:
    return task.replace("-", "-<br>") if len(task) > 11 else task


def _bars(known: Sequence[tuple[int, int, Cell]]) -> dict[str, Any]:
    cells = [(r, c, each) for r, c, each in known if each.n]
    return {
        "type": "bar", "x": [c for _, c, _ in cells], "y": [0.94] * len(cells),
        "base": [r - 0.47 for r, _, _ in cells], "width": 0.96,
        "marker": {"color": [colour_of(each) for _, _, each in cells],
                   "line": {"color": RULE, "width": 0.6}},
        "hoverinfo": "text", "hovertext": [_hover(each) for _, _, each in cells],
    }  # fmt: skip


def _hatched(known: Sequence[tuple[int, int, Cell]]) -> dict[str, Any]:
    cells = [(r, c, each) for r, c, each in known if not each.n]
    return {
        "type": "bar", "x": [c for _, c, _ in cells], "y": [0.94] * len(cells),
        "base": [r - 0.47 for r, _, _ in cells], "width": 0.96,
        "marker": {"color": PAPER, "line": {"color": RULE, "width": 0.4},
                   "pattern": {"shape": "/", "fgcolor": RULE, "size": 6, "solidity": 0.16}},
        "hoverinfo": "text", "hovertext": [_hover(each) for _, _, each in cells],
    }  # fmt: skip


def _number(row: int, column: int, found: Cell) -> dict[str, Any]:
    assert found.median is not None
    text = f"<b>{100 * found.median:.1f}</b> <span style='font-size:10px'>{found.n}</span>"
    ink = INK if found.p10 is not None else MUTED
    return {"x": column, "y": row, "text": text, "showarrow": False,
            "font": {"size": 12, "color": ink}}  # fmt: skip


def _frame(row: int, column: int) -> dict[str, Any]:
    return {"type": "rect", "x0": column - 0.47, "x1": column + 0.47, "y0": row - 0.45,
            "y1": row + 0.45, "line": {"color": INK, "width": 1.6}}  # fmt: skip


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
    import plotly.graph_objects as go

    rows = [lever for lever in found.levers if lever.monthly_usd is not None]
    top = max((_usd(lever) for lever in rows), default=1.0)
    names = [lever.name for lever in rows]
    data = {
        "type": "bar", "orientation": "h", "x": [_usd(lever) for lever in rows], "y": names,
        "marker": {"color": list(LEVER_COLOURS[: len(rows)])}, "width": 0.62,
        "text": [f"<b>{inert(usd(_usd(lever)))}</b>" for lever in rows],
        "textposition": "outside", "cliponaxis": False, "textfont": {"size": 13, "color": INK},
        "hoverinfo": "text", "hovertext": [inert(lever.what, 140) for lever in rows],
    }  # fmt: skip
    layout = {
        "template": {},
        "height": height,
        "margin": {"l": 148, "r": 60, "t": 4, "b": 4},
        "paper_bgcolor": PAPER,
        "plot_bgcolor": PAPER,
        "font": {"family": FONT, "size": 12.5, "color": TEXT},
        "hoverlabel": {"bgcolor": PAPER, "bordercolor": RULE, "font": {"color": INK, "size": 12}},
        "dragmode": False,
        "showlegend": False,
        "xaxis": {"visible": False, "range": [0, 1.04 * top], "fixedrange": True},
        "yaxis": {"autorange": "reversed", "fixedrange": True, "ticklabelstandoff": 8},
    }
    return go.Figure({"data": [data], "layout": layout})


def _usd(lever: Lever) -> float:
    return lever.monthly_usd or 0.0

"""What charts share: lines, titles of axes, and the calm frame."""

from __future__ import annotations

from typing import Any

from costmodel.present.charts.theme import FONT, INK, PAPER, RULE, TEXT


def line(
    x: Any, y: Any, colour: str, width: float = 0, fill: str | None = None, dash: str = "solid"
) -> dict[str, Any]:
    """A line without a hover; with ``fill`` the area down to the line before it."""
    drawn = {"type": "scatter", "mode": "lines", "x": x, "y": y, "hoverinfo": "skip",
             "line": {"color": colour, "width": width, "dash": dash}}  # fmt: skip
    return {**drawn, "fill": "tonexty", "fillcolor": fill} if fill else drawn


def title(text: str) -> dict[str, Any]:
    """The title of an axis."""
    return {"text": text, "font": {"size": 12, "color": TEXT}, "standoff": 6}


def layout(height: float, margin: dict[str, float]) -> dict[str, Any]:
    """The frame of a chart: white, no legend, nothing to drag."""
    return {
        "template": {},
        "height": height,
        "margin": margin,
        "paper_bgcolor": PAPER,
        "plot_bgcolor": PAPER,
        "font": {"family": FONT, "size": 12, "color": TEXT},
        "hoverlabel": {"bgcolor": PAPER, "bordercolor": RULE, "font": {"color": INK, "size": 12}},
        "dragmode": False,
        "showlegend": False,
    }


def upright(x: float, colour: str, dash: str) -> dict[str, Any]:
    """An upright line through the whole frame, at a value."""
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper",
            "line": {"color": colour, "width": 1, "dash": dash}}  # fmt: skip


def above(place: float, text: str) -> dict[str, Any]:
    """A note above the frame at a share of its width, which it does not leave."""
    side = "left" if place < 0.12 else "right" if place > 0.88 else "center"
    return {"xref": "paper", "x": place, "y": 1, "yref": "paper", "xanchor": side,
            "yanchor": "bottom", "showarrow": False, "text": text,
            "font": {"size": 11, "color": TEXT}}  # fmt: skip

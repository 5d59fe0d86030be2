"""Charts of a report, by name: the same ones in the app, in notebooks and in files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from costmodel.errors import InputError, did_you_mean, nearest_ids
from costmodel.present.curves import curves_figure
from costmodel.present.waterfall import waterfall_figure
from costmodel.report import Report

if TYPE_CHECKING:
    import plotly.graph_objects as go

FIGURES: Mapping[str, Callable[..., go.Figure]] = {
    "curves": curves_figure,
    "waterfall": waterfall_figure,
}
"""Every chart, by the name it is asked for."""


def figure(report: Report, name: str = "curves", **options: Any) -> go.Figure:
    """A chart of a report.

    ``curves``: monthly bills over volume (``option``, ``scale``: linear or log, ``width``,
    ``height``). ``waterfall``: one option's bill in steps (``option``, ``height``).
    Raises InputError for a name or an option that does not exist.
    """
    if name not in FIGURES:
        near = did_you_mean(nearest_ids(name, FIGURES))
        raise InputError(f"no chart is named {name!r}{near or '; there are ' + ', '.join(FIGURES)}")
    return FIGURES[name](report, **options)

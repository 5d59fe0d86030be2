"""Charts by name, of a report, a fit or a portfolio: the same in the app, notebooks and files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from costmodel.errors import InputError, did_you_mean, nearest_ids
from costmodel.joint_choice import Portfolio
from costmodel.present.curves import curves_figure
from costmodel.present.memory import fit_map_figure, memory_figure
from costmodel.present.quality import levers_figure, quality_figure
from costmodel.present.waterfall import waterfall_figure
from costmodel.report import Report
from costmodel.sizing_results import Fit

if TYPE_CHECKING:
    import plotly.graph_objects as go

FIGURES: Mapping[str, Callable[..., go.Figure]] = {
    "curves": curves_figure,
    "waterfall": waterfall_figure,
}
"""Every chart of a report, by the name it is asked for; the first is the default."""

FIT_FIGURES: Mapping[str, Callable[..., go.Figure]] = {
    "memory": memory_figure,
    "fit_map": fit_map_figure,
}
"""Every chart of a memory fit."""

PORTFOLIO_FIGURES: Mapping[str, Callable[..., go.Figure]] = {
    "levers": levers_figure,
    "quality": quality_figure,
}
"""Every chart of a portfolio; ``quality`` is what the book knows and needs none."""


def figure(subject: Report | Fit | Portfolio, name: str | None = None, **options: Any) -> go.Figure:
    """A chart of a report, or of the answer of :func:`costmodel.fit` or ``portfolio``.

    Of a report: ``curves``, monthly bills over volume (``option``, ``scale``: linear or log,
    ``width``, ``height``), and ``waterfall``, one option's bill in steps (``option``, ``height``).
    Of a fit: ``memory``, where the bytes of one card go (``width``, ``height``), and ``fit_map``,
    context against concurrency (``found``: what :func:`costmodel.fit_map` answered, ``height``).
    Of a portfolio: ``levers``, from today's API bill to the joint choice (``height``), and
    ``quality``, what is published of each format on each task (``floor``, ``params_b``, ``width``).
    Raises InputError for a name or an option that does not exist.
    """
    charts = FIT_FIGURES if isinstance(subject, Fit) else FIGURES
    charts = PORTFOLIO_FIGURES if isinstance(subject, Portfolio) else charts
    wanted = name or next(iter(charts))
    if wanted not in charts:
        near = did_you_mean(nearest_ids(wanted, charts))
        raise InputError(
            f"no chart is named {wanted!r}{near or '; there are ' + ', '.join(charts)}"
        )
    return charts[wanted](subject, **options)

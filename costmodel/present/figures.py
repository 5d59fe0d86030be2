"""Charts by name, of any answer: the same in the app, notebooks and files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from costmodel.cash_results import CashFlow
from costmodel.errors import InputError, did_you_mean, nearest_ids
from costmodel.joint_choice import Portfolio
from costmodel.named_cases import Cases
from costmodel.present.curves import curves_figure
from costmodel.present.kernels import cost_figure, gemm_figure, served_figure
from costmodel.present.memory import fit_map_figure, memory_figure
from costmodel.present.money import cases_figure, cumulative_figure, monthly_figure
from costmodel.present.quality import levers_figure, quality_figure
from costmodel.present.speed import latency_figure
from costmodel.present.traffic import load_duration_figure, week_figure
from costmodel.present.waterfall import waterfall_figure
from costmodel.present.week_shapes import week_shapes_figure
from costmodel.report import Report
from costmodel.sizing_kernels import KernelComparison
from costmodel.sizing_results import Fit, ThroughputCurve
from costmodel.week_shapes import WeekShapes

if TYPE_CHECKING:
    import plotly.graph_objects as go

FIGURES: Mapping[str, Callable[..., go.Figure]] = {
    "curves": curves_figure,
    "waterfall": waterfall_figure,
    "week": week_figure,
    "load_duration": load_duration_figure,
}
"""Every chart of a report, by the name it is asked for; the first is the default."""

FIT_FIGURES: Mapping[str, Callable[..., go.Figure]] = {
    "memory": memory_figure,
    "fit_map": fit_map_figure,
}
"""Every chart of a memory fit."""

SPEED_FIGURES: Mapping[str, Callable[..., go.Figure]] = {"latency": latency_figure}
"""Every chart of a throughput curve."""

KERNEL_FIGURES: Mapping[str, Callable[..., go.Figure]] = {
    "gemm": gemm_figure,
    "served": served_figure,
    "cost": cost_figure,
}
"""Every chart of formats and kernels side by side."""

PORTFOLIO_FIGURES: Mapping[str, Callable[..., go.Figure]] = {
    "levers": levers_figure,
    "quality": quality_figure,
}
"""Every chart of a portfolio; ``quality`` is what the book knows and needs none."""

SHAPES_FIGURES: Mapping[str, Callable[..., go.Figure]] = {"week_shapes": week_shapes_figure}
"""Every chart of one option in several shapes of the week."""

CASH_FIGURES: Mapping[str, Callable[..., go.Figure]] = {
    "cumulative": cumulative_figure,
    "monthly_bills": monthly_figure,
}
"""Every chart of a cash flow."""

CASES_FIGURES: Mapping[str, Callable[..., go.Figure]] = {"cases": cases_figure}
"""Every chart of named cases."""

Subject = (
    CashFlow | Cases | WeekShapes | Report | Fit | ThroughputCurve | KernelComparison | Portfolio
)


def figure(subject: Subject, name: str | None = None, **options: Any) -> go.Figure:
    """A chart of a report, a fit, a throughput curve, kernels side by side, or a portfolio.

    Of a report: ``curves``, monthly bills over volume (``option``, ``scale``: linear or log,
    ``width``, ``height``), ``waterfall``, one option's bill in steps (``option``, ``height``),
    ``week``, tokens per second by hour (``height``), and ``load_duration``, a fleet under its load
    (``option``, ``height``, ``width``). Of ``week_shapes``: the chart of that name.
    Of a fit: ``memory``, where the bytes of one card go (``width``, ``height``), and ``fit_map``,
    context against concurrency (``found``: what :func:`costmodel.fit_map` answered, ``height``).
    Of a throughput curve: ``latency``, throughput against time per token (``asked``, ``answer``,
    ``yours``, ``height``). Of kernels: ``gemm``, ``served``, and ``cost`` (``asked``,
    ``usd_per_gpu_hour``).
    Of a portfolio: ``levers``, from today's API bill to the joint choice (``height``), and
    ``quality``, what is published of each format on each task (``floor``, ``params_b``, ``width``).
    Of a cash flow: ``cumulative``, what was saved so far with the payback marked, and
    ``monthly_bills`` (``colour``, ``api_colour``, ``height``). Of cases: ``cases`` (``colour``).
    Raises InputError for a name or an option that does not exist.
    """
    charts = _charts(subject)
    wanted = name or next(iter(charts))
    if wanted not in charts:
        near = did_you_mean(nearest_ids(wanted, charts))
        raise InputError(
            f"no chart is named {wanted!r}{near or '; there are ' + ', '.join(charts)}"
        )
    return charts[wanted](subject, **options)


def _charts(subject: Subject) -> Mapping[str, Callable[..., go.Figure]]:
    return next((charts for kind, charts in CHARTS.items() if isinstance(subject, kind)), FIGURES)


CHARTS: Mapping[type, Mapping[str, Callable[..., go.Figure]]] = {
    Fit: FIT_FIGURES,
    ThroughputCurve: SPEED_FIGURES,
    KernelComparison: KERNEL_FIGURES,
    WeekShapes: SHAPES_FIGURES,
    Portfolio: PORTFOLIO_FIGURES,
    CashFlow: CASH_FIGURES,
    Cases: CASES_FIGURES,
}
"""Charts by what they are of; a report has `FIGURES`."""

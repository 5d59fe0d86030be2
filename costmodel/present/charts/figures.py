"""Charts by name, of any answer: the same in the app, notebooks and files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from costmodel.errors import InputError, did_you_mean, nearest_ids
from costmodel.pipeline.report import Report
from costmodel.present.charts.curves import curves_figure
from costmodel.present.charts.kernels import cost_figure, gemm_figure, served_figure
from costmodel.present.charts.memory import fit_map_figure, memory_figure
from costmodel.present.charts.money import cases_figure, cumulative_figure, monthly_figure
from costmodel.present.charts.quality import levers_figure, quality_figure
from costmodel.present.charts.risk import fan_figure, probability_figure
from costmodel.present.charts.sensitivity import tornado_figure, two_way_figure
from costmodel.present.charts.speed import latency_figure
from costmodel.present.charts.theme import MUTED, colours
from costmodel.present.charts.traffic import load_duration_figure, week_figure
from costmodel.present.charts.waterfall import waterfall_figure
from costmodel.present.charts.week_shapes import week_shapes_figure
from costmodel.sizing.kernels import KernelComparison
from costmodel.sizing.records import Fit, ThroughputCurve
from costmodel.studies.cases import Cases
from costmodel.studies.cashflow.record import CashFlow
from costmodel.studies.portfolio import Portfolio
from costmodel.studies.risk.record import Risk, TwoWay
from costmodel.studies.week_shapes import WeekShapes

if TYPE_CHECKING:
    import plotly.graph_objects as go

CHARTS: Mapping[type, Mapping[str, Callable[..., go.Figure]]] = {
    Report: {
        "curves": curves_figure,
        "waterfall": waterfall_figure,
        "week": week_figure,
        "load_duration": load_duration_figure,
    },
    Risk: {"fan": fan_figure, "probability": probability_figure, "tornado": tornado_figure},
    CashFlow: {"cumulative": cumulative_figure, "monthly_bills": monthly_figure},
    TwoWay: {"two_way": two_way_figure},
    Cases: {"cases": cases_figure},
    WeekShapes: {"week_shapes": week_shapes_figure},
    Portfolio: {"levers": levers_figure, "quality": quality_figure},
    Fit: {"memory": memory_figure, "fit_map": fit_map_figure},
    ThroughputCurve: {"latency": latency_figure},
    KernelComparison: {"gemm": gemm_figure, "served": served_figure, "cost": cost_figure},
}
"""Every chart by what it is of and by name, the first the default; no name occurs twice.

``quality`` is what the book knows and needs no portfolio.
"""

Subject = (
    Report
    | Risk
    | TwoWay
    | CashFlow
    | Cases
    | WeekShapes
    | Fit
    | ThroughputCurve
    | KernelComparison
    | Portfolio
)


def figure(subject: Subject, name: str | None = None, **options: Any) -> go.Figure:
    """A chart of a report, a risk run, a cash flow, or of any other answer, by name.

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
    Of a risk run: ``fan``, every bill with its 80 % band (``colours``: accents by option, ``only``,
    ``height``), ``probability`` of costing less than an API (``colours``, ``against``, ``height``),
    and ``tornado``, the saving at both ends of each input (``height``). Of what
    :func:`costmodel.studies.risk.two_way` answered: ``two_way`` (``height``).
    Raises InputError for a name or an option that does not exist, and for a chart there is
    nothing to draw in.
    """
    kind = next((each for each in CHARTS if isinstance(subject, each)), None)
    if kind is None:
        raise InputError(f"a {type(subject).__name__} has no charts")
    wanted = name or next(iter(CHARTS[kind]))
    if wanted not in CHARTS[kind]:
        raise _no_such_chart(wanted, (kind,))
    return CHARTS[kind][wanted](subject, **options)


SCENARIO_KINDS = (Report, Risk, CashFlow)
"""What a scenario alone answers, and `costmodel export` draws."""


def kind_of_chart(name: str) -> type:
    """What a chart of a scenario is of: a Report, a Risk or a CashFlow.

    Raises InputError for any other name.
    """
    for kind in SCENARIO_KINDS:
        if name in CHARTS[kind]:
            return kind
    raise _no_such_chart(name, SCENARIO_KINDS)


def _no_such_chart(name: str, kinds: Sequence[type]) -> InputError:
    """What there is instead: the nearest name, whose chart it is, and every name."""
    known = [each for kind in kinds for each in CHARTS[kind]]
    other = next((kind for kind, charts in CHARTS.items() if name in charts), None)
    if other is not None:
        return InputError(
            f"the chart {name!r} is of a {other.__name__}, not of a "
            f"{' or '.join(kind.__name__ for kind in kinds)}; there {_are(known)}"
        )
    near = did_you_mean(nearest_ids(name, known))
    listed = f"{near} There" if near else "; there"
    return InputError(f"no chart is named {name!r}{listed} {_are(known)}")


def _are(names: Sequence[str]) -> str:
    return f"{'is' if len(names) == 1 else 'are'} {', '.join(names)}"


def scenario_figure(
    name: str,
    report: Report,
    *,
    risk: Risk | None = None,
    cashflow: CashFlow | None = None,
    height: float | None = None,
) -> go.Figure:
    """A chart of a scenario by name, each option in the accent it has in the report's charts.

    ``height`` [px] is that of every chart but the tornado, which has what its rows take. Raises
    InputError for a name that does not exist, and where the answer it is of is missing.
    """
    kind = kind_of_chart(name)
    options: dict[str, Any] = {} if height is None or name == "tornado" else {"height": height}
    if kind is Report:
        return figure(report, name, **options)
    subject = risk if kind is Risk else cashflow
    if subject is None:
        given, by = ("risk", "simulate") if kind is Risk else ("cashflow", "cashflow")
        raise InputError(f"the chart {name!r} needs {given}={by}(scenario)")
    return figure(subject, name, **options, **_accents(name, colours(report), cashflow))


def _accents(name: str, known: Mapping[str, str], flow: CashFlow | None) -> dict[str, Any]:
    """The colours that a chart takes."""
    if name in ("fan", "probability"):
        return {"colours": known}
    if flow is None or name not in CHARTS[CashFlow]:
        return {}
    accents = {"colour": known.get(flow.option, MUTED)}
    if name == "monthly_bills":
        accents["api_colour"] = known.get(flow.against, MUTED)
    return accents

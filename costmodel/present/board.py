"""What files say beside the bills: the odds of the verdict and the money over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from costmodel.errors import NothingToCompareError
from costmodel.studies.cashflow.cashflow import cashflow
from costmodel.studies.cashflow.record import CashFlow
from costmodel.studies.risk import simulate
from costmodel.studies.risk.record import Risk

if TYPE_CHECKING:
    from collections.abc import Callable

    from costmodel.scenario import Scenario

SAMPLES = 10_000
ENDINGS = (".xlsx", ".pptx", ".html")
"""Files that have room for it."""


class Beside(TypedDict):
    """The keywords of :func:`costmodel.save` that a report does not answer itself."""

    risk: Risk | None
    cashflow: CashFlow | None


def beside(
    scenario: Scenario, samples: int = SAMPLES, progress: Callable[[float], None] | None = None
) -> Beside:
    """Both answers for a scenario; None for what there is nothing to compare for.

    A scenario without own GPUs has neither odds nor a cash flow. Raises InputError for numbers
    that no month can be worked out from.
    """
    risk = simulate(scenario, samples, progress=progress)
    try:
        flow = cashflow(scenario)
    except NothingToCompareError:
        flow = None
    return {"risk": risk if risk.option else None, "cashflow": flow}


def behind(
    chart: str,
    scenario: Scenario,
    samples: int = SAMPLES,
    progress: Callable[[float], None] | None = None,
) -> Beside:
    """What a chart by name is drawn from beside the bills, and nothing that it does not need.

    Raises InputError for a name that does not exist, NothingToCompareError for a cash flow of a
    scenario that has one side only.
    """
    from costmodel.present.charts.figures import kind_of_chart

    kind = kind_of_chart(chart)
    return {
        "risk": simulate(scenario, samples, progress=progress) if kind is Risk else None,
        "cashflow": cashflow(scenario) if kind is CashFlow else None,
    }

"""What a board file says beside the bills: the odds of the verdict and the money over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from costmodel.cash_flow import cashflow
from costmodel.errors import NothingToCompareError
from costmodel.risk import simulate

if TYPE_CHECKING:
    from collections.abc import Callable

    from costmodel.cash_results import CashFlow
    from costmodel.risk_record import Risk
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

"""All-in monthly bills and exact break-even: own GPUs or an API, for this open model.

>>> import costmodel
>>> "evaluate" in dir(costmodel)
True

The names below are the public interface; each is imported when first used, so that
``import costmodel`` stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from costmodel.book import load_book as load_book
    from costmodel.cash_flow import cashflow as cashflow
    from costmodel.cash_results import CashFlow as CashFlow
    from costmodel.errors import CostmodelError as CostmodelError
    from costmodel.errors import InputError as InputError
    from costmodel.ingest.benchmarks import Benchmark as Benchmark
    from costmodel.ingest.benchmarks import read_benchmark as read_benchmark
    from costmodel.ingest.evals import read_eval as read_eval
    from costmodel.ingest.usage import read_usage as read_usage
    from costmodel.ingest.usage import usage_of_frame as usage_of_frame
    from costmodel.ingest.usage_stats import Usage as Usage
    from costmodel.joint_choice import Portfolio as Portfolio
    from costmodel.joint_choice import portfolio as portfolio
    from costmodel.named_cases import Cases as Cases
    from costmodel.named_cases import cases as cases
    from costmodel.pipeline import evaluate as evaluate
    from costmodel.present import figure as figure
    from costmodel.present import save as save
    from costmodel.quality_gate import Gate as Gate
    from costmodel.quality_gate import gate as gate
    from costmodel.quality_gate import gate_in_order as gate_in_order
    from costmodel.report import BreakEven as BreakEven
    from costmodel.report import Report as Report
    from costmodel.risk import simulate as simulate
    from costmodel.risk import two_way as two_way
    from costmodel.risk_record import Risk as Risk
    from costmodel.scenario import Scenario as Scenario
    from costmodel.scenario import load_scenario as load_scenario
    from costmodel.sizing import compare_kernels as compare_kernels
    from costmodel.sizing import fit as fit
    from costmodel.sizing import fit_map as fit_map
    from costmodel.sizing import throughput as throughput
    from costmodel.sizing import throughput_curve as throughput_curve

_HOMES = {
    "Benchmark": "costmodel.ingest.benchmarks",
    "BreakEven": "costmodel.report",
    "Cases": "costmodel.named_cases",
    "CashFlow": "costmodel.cash_results",
    "CostmodelError": "costmodel.errors",
    "Gate": "costmodel.quality_gate",
    "InputError": "costmodel.errors",
    "Portfolio": "costmodel.joint_choice",
    "Report": "costmodel.report",
    "Risk": "costmodel.risk_record",
    "Scenario": "costmodel.scenario",
    "Usage": "costmodel.ingest.usage_stats",
    "cases": "costmodel.named_cases",
    "cashflow": "costmodel.cash_flow",
    "compare_kernels": "costmodel.sizing",
    "evaluate": "costmodel.pipeline",
    "figure": "costmodel.present",
    "fit": "costmodel.sizing",
    "fit_map": "costmodel.sizing",
    "gate": "costmodel.quality_gate",
    "gate_in_order": "costmodel.quality_gate",
    "load_book": "costmodel.book",
    "load_scenario": "costmodel.scenario",
    "portfolio": "costmodel.joint_choice",
    "read_benchmark": "costmodel.ingest.benchmarks",
    "read_eval": "costmodel.ingest.evals",
    "read_usage": "costmodel.ingest.usage",
    "save": "costmodel.present",
    "simulate": "costmodel.risk",
    "throughput": "costmodel.sizing",
    "throughput_curve": "costmodel.sizing",
    "two_way": "costmodel.risk",
    "usage_of_frame": "costmodel.ingest.usage",
}

__all__ = list(_HOMES)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'costmodel' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])

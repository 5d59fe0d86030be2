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
    from costmodel.errors import CostmodelError as CostmodelError
    from costmodel.errors import InputError as InputError
    from costmodel.ingest.bench.read import Benchmark as Benchmark
    from costmodel.ingest.bench.read import read_benchmark as read_benchmark
    from costmodel.ingest.evals.read import read_eval as read_eval
    from costmodel.ingest.usage.read import read_usage as read_usage
    from costmodel.ingest.usage.read import usage_of_frame as usage_of_frame
    from costmodel.ingest.usage.stats import Usage as Usage
    from costmodel.pipeline.evaluate import evaluate as evaluate
    from costmodel.pipeline.report import BreakEven as BreakEven
    from costmodel.pipeline.report import Report as Report
    from costmodel.present import figure as figure
    from costmodel.present import save as save
    from costmodel.quality.gate import Gate as Gate
    from costmodel.quality.gate import gate as gate
    from costmodel.quality.gate import gate_in_order as gate_in_order
    from costmodel.scenario import Scenario as Scenario
    from costmodel.scenario import load_scenario as load_scenario
    from costmodel.sizing import compare_kernels as compare_kernels
    from costmodel.sizing import fit as fit
    from costmodel.sizing import fit_map as fit_map
    from costmodel.sizing import throughput as throughput
    from costmodel.sizing import throughput_curve as throughput_curve
    from costmodel.studies.cases import Cases as Cases
    from costmodel.studies.cases import cases as cases
    from costmodel.studies.cashflow.cashflow import cashflow as cashflow
    from costmodel.studies.cashflow.record import CashFlow as CashFlow
    from costmodel.studies.portfolio import Portfolio as Portfolio
    from costmodel.studies.portfolio import portfolio as portfolio
    from costmodel.studies.risk import simulate as simulate
    from costmodel.studies.risk import two_way as two_way
    from costmodel.studies.risk.record import Risk as Risk

_HOMES = {
    "Benchmark": "costmodel.ingest.bench.read",
    "BreakEven": "costmodel.pipeline.report",
    "Cases": "costmodel.studies.cases",
    "CashFlow": "costmodel.studies.cashflow.record",
    "CostmodelError": "costmodel.errors",
    "Gate": "costmodel.quality.gate",
    "InputError": "costmodel.errors",
    "Portfolio": "costmodel.studies.portfolio",
    "Report": "costmodel.pipeline.report",
    "Risk": "costmodel.studies.risk.record",
    "Scenario": "costmodel.scenario",
    "Usage": "costmodel.ingest.usage.stats",
    "cases": "costmodel.studies.cases",
    "cashflow": "costmodel.studies.cashflow.cashflow",
    "compare_kernels": "costmodel.sizing",
    "evaluate": "costmodel.pipeline.evaluate",
    "figure": "costmodel.present",
    "fit": "costmodel.sizing",
    "fit_map": "costmodel.sizing",
    "gate": "costmodel.quality.gate",
    "gate_in_order": "costmodel.quality.gate",
    "load_book": "costmodel.book",
    "load_scenario": "costmodel.scenario",
    "portfolio": "costmodel.studies.portfolio",
    "read_benchmark": "costmodel.ingest.bench.read",
    "read_eval": "costmodel.ingest.evals.read",
    "read_usage": "costmodel.ingest.usage.read",
    "save": "costmodel.present",
    "simulate": "costmodel.studies.risk",
    "throughput": "costmodel.sizing",
    "throughput_curve": "costmodel.sizing",
    "two_way": "costmodel.studies.risk",
    "usage_of_frame": "costmodel.ingest.usage.read",
}

__all__ = list(_HOMES)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'costmodel' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])

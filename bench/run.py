"""Figures that must stay small, in one table; run by `make bench`.

Each row compares a time with what it may take at most. Times are the best of several runs, so
that a busy machine does not change the answer.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import numpy as np

from costmodel.book import load_book
from costmodel.book.files import scenarios_dir
from costmodel.cost.breakeven import winning_set
from costmodel.cost.curve import CostCurve, PiecewiseLinear, Steps
from costmodel.cost.queueing import Queue
from costmodel.pipeline.bills import build_bills, traffic_of
from costmodel.pipeline.evaluate import evaluate
from costmodel.pipeline.resolve import resolve
from costmodel.scenario import Scenario, load_scenario
from costmodel.studies.cashflow.cashflow import cashflow

SCENARIO = scenarios_dir() / "support-assistant.yaml"
VOLUMES = 400
BREAK_POINTS = 2_000
MOST_MS = 10.0
MOST_WEEK_MS = 25.0
QUEUED_REPLICAS = 1_000
MOST_COLD = 1.5
BARE = "import numpy, pydantic, yaml, genai_prices"


def three_options() -> Scenario:
    """The ready scenario without its hybrid: two APIs and own GPUs."""
    scenario = load_scenario(SCENARIO)
    return scenario.model_copy(update={"options": scenario.options[:3]})


def bills_over_volumes() -> Callable[[], object]:
    """Bills of three options over 400 volumes, from facts that are already looked up."""
    scenario = three_options()
    resolved = resolve(scenario, load_book())
    volumes = np.linspace(0.0, 3 * scenario.tokens_per_day, VOLUMES)

    def work() -> object:
        bills = build_bills(scenario, resolved, traffic_of(scenario, resolved.profiles))
        return [bill.at(volumes) for bill in bills.values()]

    return work


def whole_evaluation() -> Callable[[], object]:
    """All of `evaluate` on the same scenario, lookups included."""
    scenario = three_options()
    return lambda: evaluate(scenario)


def money_over_time() -> Callable[[], object]:
    """All of `cashflow` over 36 months of moving prices and volumes, lookups included."""
    scenario = load_scenario(scenarios_dir() / "three-year-commitment.yaml")
    return lambda: cashflow(scenario, "reserved for three years", "same weights, managed")


def exact_winning_set() -> Callable[[], object]:
    """A staircase against a price so close that some 2,000 steps stay contested."""
    fixed, replica, capacity = 1_500.0, 2_000.0, 1_500.0
    fleet = CostCurve(PiecewiseLinear.line(fixed), Steps.single(replica, 1 / capacity, floor=1))
    gap = (fixed + replica) / (BREAK_POINTS * capacity)
    api = CostCurve(PiecewiseLinear.line(slope=replica / capacity + gap))
    return lambda: winning_set(fleet, api)


def erlang_c_curve() -> Callable[[], object]:
    """Replicas that hold a p95 wait, at 400 loads up to a thousand replicas, from nothing known."""
    loads = np.linspace(0.1, QUEUED_REPLICAS, VOLUMES)
    return lambda: Queue(slots=32.0, service_s=9.0, wait_s=0.5).replicas(loads)


def hybrid_over_the_week() -> Callable[[], object]:
    """The best hybrid of 168 different hours at 400 volumes, and where it beats the API."""
    scenario = load_scenario(SCENARIO)
    resolved = resolve(scenario, load_book())
    traffic = traffic_of(scenario, resolved.profiles)
    volumes = np.linspace(0.0, 3 * scenario.tokens_per_day, VOLUMES)
    (name,) = (option.name for option in scenario.options if option.hybrid is not None)
    rival = next(option.name for option in scenario.options if option.api is not None)

    def work() -> object:
        bills = build_bills(scenario, resolved, traffic)
        return bills[name].at(volumes), bills[name].wins(bills[rival])

    return work


def best_ms(work: Callable[[], object], times: int = 20) -> float:
    """The shortest of several runs after a first one, in milliseconds."""
    work()
    return 1000 * min(_seconds(work) for _ in range(times))


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def cold_ratio(times: int = 15) -> tuple[float, float]:
    """Seconds of a cold `costmodel run --json`, and of bare imports, with compiled modules.

    The two alternate, so that both meet the same machine.
    """
    run = [sys.executable, "-m", "costmodel", "run", str(SCENARIO), "--json"]
    bare = [sys.executable, "-c", BARE]
    with tempfile.TemporaryDirectory() as compiled:
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = compiled

        def start(command: list[str]) -> float:
            return _seconds(
                lambda: subprocess.run(command, env=environment, check=True, capture_output=True)
            )

        start(run), start(bare)
        pairs = [(start(run), start(bare)) for _ in range(times)]
    return min(run for run, _ in pairs), min(bare for _, bare in pairs)


def main() -> int:
    """Print the table; 1 where a figure is above its limit."""
    rows = [
        ("bills of 3 options, 400 volumes", best_ms(bills_over_volumes()), MOST_MS, "ms"),
        ("exact winning set, 2,000 steps", best_ms(exact_winning_set()), MOST_MS, "ms"),
        ("Erlang C, 400 loads to 1,000", best_ms(erlang_c_curve()), MOST_WEEK_MS, "ms"),
        ("hybrid of 168 hours, 400 volumes", best_ms(hybrid_over_the_week()), MOST_WEEK_MS, "ms"),
    ]
    run, bare = cold_ratio()
    rows.append((f"cold run {run:.2f} s / imports {bare:.2f} s", run / bare, MOST_COLD, "x"))
    print(f"{'':36}{'measured':>10}{'at most':>10}{'ratio':>8}")
    for name, measured, most, unit in rows:
        print(f"{name:36}{measured:8.2f}{unit:>2}{most:8.2f}{unit:>2}{measured / most:8.2f}")
    print(f"{'whole evaluate(), for comparison':36}{best_ms(whole_evaluation()):8.2f}ms")
    print(f"{'whole cashflow(), for comparison':36}{best_ms(money_over_time()):8.2f}ms")
    return int(any(measured > most for _, measured, most, _ in rows))


if __name__ == "__main__":
    sys.exit(main())

"""How many Python calls a move of the volume slider makes, and how long it takes; `make bench`.

A move is one evaluation at another volume and everything the Decision page draws of it. Calls
are those of functions of costmodel, which do not depend on the machine.
"""

from __future__ import annotations

import cProfile
import pstats
import sys
from collections import Counter
from pathlib import Path

import costmodel
from bench.run import SCENARIO, best_ms
from costmodel.pipeline.evaluate import evaluate
from costmodel.present.charts.figures import figure
from costmodel.present.charts.theme import colours
from costmodel.present.render import html
from costmodel.present.words import report as words
from costmodel.present.words.headline import headline
from costmodel.quantity.quantity import Quantity
from costmodel.scenario import Scenario, load_scenario

MOST_CALLS = 12_000
SHOWN = 12
HERE = str(Path(costmodel.__file__).parent)


def move(scenario: Scenario, factor: float) -> None:
    """One evaluation at so many times the volume, and the Decision page of it."""
    load = scenario.workloads[0]
    volume = Quantity(value=factor * load.tokens_per_day.value)
    loads = (load.model_copy(update={"tokens_per_day": volume}), *scenario.workloads[1:])
    report = evaluate(scenario.model_copy(update={"workloads": loads}))
    accents = colours(report)
    line = headline(report)
    html.heading(line, accents.get(line.option or ""))
    html.cards(words.figures(report))
    figure(report, "curves")
    figure(report, "waterfall")
    for table in (
        words.evidence_table(report),
        words.options(report),
        words.bill(report),
        words.break_even(report),
        words.conditions(report),
        words.assumptions(report),
    ):
        html.table(table, accents)
    html.notes(words.by_heading(report.warnings))


def calls(scenario: Scenario) -> Counter[str]:
    """How often each function of costmodel is called in a move, after a first one."""
    move(scenario, 1.1)
    profile = cProfile.Profile()
    profile.runcall(move, scenario, 1.2)
    counted: Counter[str] = Counter()
    for (file, _, name), (_, number, *_) in pstats.Stats(profile).stats.items():  # pyright: ignore
        if file.startswith(HERE):
            counted[f"{Path(file).relative_to(HERE).with_suffix('')}.{name}"] += number
    return counted


def main() -> int:
    """Print the table; 1 where a move makes more calls than it may."""
    scenario = load_scenario(SCENARIO)
    counted = calls(scenario)
    total = counted.total()
    print(f"{'a move of the volume slider':52}{'calls':>9}{'at most':>9}")
    print(f"{'functions of costmodel':52}{total:9,}{MOST_CALLS:9,}")
    for name, number in counted.most_common(SHOWN):
        print(f"  {name:50}{number:9,}")
    print(f"{'the whole of it, warm':52}{best_ms(lambda: move(scenario, 1.2)):7.1f}ms")
    return int(total > MOST_CALLS)


if __name__ == "__main__":
    sys.exit(main())

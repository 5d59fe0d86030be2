"""How long a deck and a page take, for the largest ready scenario; `make bench`.

Evaluation is not in it; the first export of a process also loads the library that writes it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from bench.run import best_ms
from costmodel.book.files import scenarios_dir
from costmodel.pipeline import evaluate
from costmodel.present.deck import deck_bytes
from costmodel.present.page import page_text
from costmodel.report import Report
from costmodel.scenario import load_scenario

MOST_MS = 3000.0


def largest() -> Report:
    """The ready scenario with the most numbers and options."""
    reports = [evaluate(load_scenario(path)) for path in sorted(scenarios_dir().glob("*.yaml"))]
    return max(reports, key=lambda report: len(report.assumption_rows))


def main() -> int:
    """Print the table; 1 where a figure is above its limit."""
    report = largest()
    works: list[tuple[str, Callable[[], object]]] = [
        ("deck (.pptx)", lambda: deck_bytes(report)),
        ("page (.html)", lambda: page_text(report)),
    ]
    slow = False
    print(
        f"{report.scenario}: {len(report.options)} options, {len(report.assumption_rows)} numbers"
    )
    print(f"{'':36}{'first':>10}{'best':>10}{'at most':>10}")
    for name, work in works:
        start = time.perf_counter()
        work()
        first, best = 1000 * (time.perf_counter() - start), best_ms(work, times=3)
        slow |= first > MOST_MS
        print(f"{name:36}{first:8.0f}ms{best:8.0f}ms{MOST_MS:8.0f}ms")
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())

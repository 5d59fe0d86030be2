"""Files of the ready scenarios: each ending's slowest, in one table; run by `make bench`.

Chart images are apart: a browser draws them.
"""

from __future__ import annotations

import sys
import time
from functools import partial

from costmodel.book.files import scenarios_dir
from costmodel.pipeline.evaluate import evaluate
from costmodel.pipeline.report import Report
from costmodel.present.saving import content_of
from costmodel.scenario import load_scenario

MOST_S = 3.0
ENDINGS = (".xlsx", ".pptx", ".html", ".csv", ".json", ".yaml")


def seconds(report: Report, ending: str, times: int = 3) -> float:
    """The shortest of several exports after a first one."""
    work = partial(content_of, report, ending)
    work()
    return min(_timed(work) for _ in range(times))


def _timed(work: partial[object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> int:
    """Print the table; 1 where an export takes longer than it may."""
    reports = {p.stem: evaluate(load_scenario(p)) for p in sorted(scenarios_dir().glob("*.yaml"))}
    print(f"{'export, slowest ready scenario':52}{'seconds':>9}{'at most':>9}")
    slowest = []
    for ending in ENDINGS:
        took = {name: seconds(report, ending) for name, report in reports.items()}
        name = max(took, key=lambda each: took[each])
        slowest.append(took[name])
        print(f"{ending:8}{name:44}{took[name]:9.2f}{MOST_S:9.2f}")
    return int(max(slowest) > MOST_S)


if __name__ == "__main__":
    sys.exit(main())

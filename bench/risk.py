"""How fast draws are priced: against the bare NumPy expression of the same arithmetic.

Run by `make bench`. 10,000 draws x 200 volumes x 3 always-on options, and 1,000 draws of a fleet
that follows the hours of the week.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np

from costmodel.book import load_book
from costmodel.book.files import scenarios_dir
from costmodel.pipeline.resolve import resolve
from costmodel.quantity.quantity import Quantity
from costmodel.scenario import Scenario, load_scenario
from costmodel.studies.risk.draws import Model, array_usd
from costmodel.studies.risk.inputs import ranged_inputs
from costmodel.studies.risk.simulation import draw

DRAWS, HOURLY_DRAWS, VOLUMES, MOST_S, MOST_RATIO = 10_000, 1_000, 200, 0.5, 2.0


def three_options(scaling: str) -> Scenario:
    """Three fleets of own GPUs at different prices, each with an uncertain throughput."""
    scenario = load_scenario(scenarios_dir() / "support-assistant.yaml")
    own = scenario.option("own GPUs")
    assert own.selfhost is not None
    fleets = []
    for i, usd in enumerate((2.0, 2.5, 3.0)):
        price = Quantity(value=usd, low=0.9 * usd, high=1.2 * usd)
        offer = own.selfhost.offers[-1].model_copy(
            update={"terms": "on-demand", "usd_per_gpu_hour": price}
        )
        host = own.selfhost.model_copy(update={"offers": (offer,), "scaling": scaling})
        fleets.append(own.model_copy(update={"name": f"own {i}", "selfhost": host}))
    fleets = fleets if scaling == "always-on" else fleets[:1]
    return scenario.model_copy(update={"options": tuple(fleets)})


def priced(scaling: str, draws: int) -> tuple[Callable[[], object], Model, np.ndarray, np.ndarray]:
    """The work, with what it works on."""
    scenario = three_options(scaling)
    book = load_book()
    resolved = resolve(scenario, book)
    model = Model(scenario, resolved, ranged_inputs(scenario, resolved), book)
    values = draw(scenario, model.inputs, draws, 0)
    volumes = np.linspace(0.0, 3 * scenario.tokens_per_day, VOLUMES)[:, None]
    names = list(model.stated)
    assert set(names) <= model.vectorised
    return lambda: array_usd(model, names, values, volumes), model, values, volumes


def bare(model: Model, values: np.ndarray, volumes: np.ndarray) -> Callable[[], object]:
    """The same bills as one NumPy expression each: fixed + USD x units, rounded up."""
    paths = [entry.path.split(".", 1)[1] for entry in model.inputs]
    columns = dict(zip(paths, values.T, strict=True))
    people = columns["usd_per_hour"] * columns["per_fleet.hours_per_month"]
    served = next(v for path, v in columns.items() if path.endswith("requests_per_s"))
    prices = [v for path, v in columns.items() if path.endswith("usd_per_gpu_hour")]
    slope = 1.3 / 1800 / 86400 / 0.7 / served

    def work() -> object:
        found = []
        for price in prices:
            usd = 730.0 * price
            found.append(people + np.maximum(2.0, np.ceil(slope * volumes + 1.0 - 1e-9)) * usd)
        return found

    return work


def seconds(work: Callable[[], object], runs: int = 5) -> float:
    """The best of several runs."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> int:
    """Print the figures; 1 where one is past its limit."""
    work, model, values, volumes = priced("always-on", DRAWS)
    ours, numpy_alone = seconds(work), seconds(bare(model, values, volumes))
    hourly = seconds(priced("scheduled", HOURLY_DRAWS)[0], 3)
    ratio = ours / numpy_alone
    size = f"{VOLUMES} volumes"
    rows = [
        (f"{DRAWS:,} draws x {size} x 3 always-on options [s]", ours, MOST_S),
        ("  as a multiple of the bare NumPy expression", ratio, MOST_RATIO),
        (f"{HOURLY_DRAWS:,} draws x {size} x 1 fleet by the hour [s]", hourly, MOST_S),
    ]
    for name, figure, most in rows:
        print(f"{name:60} {figure:7.3f}  at most {most:g}")
    return int(ours > MOST_S or ratio > MOST_RATIO or hourly > MOST_S)


if __name__ == "__main__":
    sys.exit(main())

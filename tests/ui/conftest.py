"""What every test of a page without a browser shares."""

import pytest

from costmodel.studies.risk import simulate
from costmodel.ui import risk

DRAWS = 16


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    """The page *Risk* draws little here; in the browser's test it draws all."""

    def simulated(scenario, samples, **more):
        return simulate(scenario, min(samples, DRAWS), **more)

    monkeypatch.setattr(risk, "simulate", simulated)

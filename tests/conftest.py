"""What all tests share: how Hypothesis searches, and what is started once for a whole session."""

import os

import plotly.io
import pytest
from hypothesis import HealthCheck, settings

from tests.chromium import needs_chromium

settings.register_profile(
    "house",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.load_profile("house")

SHARING = ("test_golden.py", "test_deck.py", "test_simulation.py")
"""Files whose tests rest on the odds and files of all ready scenarios, see `tests.ready`."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that share come first and together: one worker has them, and works each out once."""
    items.sort(key=lambda item: item.path.name not in SHARING)


@pytest.fixture(scope="session")
def one_chromium_for_images():
    """Charts become images in one Chromium, which otherwise starts for each."""
    needs_chromium()
    kaleido = pytest.importorskip("kaleido")
    kaleido.start_sync_server(plotlyjs=plotly.io.defaults.plotlyjs, silence_warnings=True)
    yield
    kaleido.stop_sync_server()

"""A real Chromium for the tests that need one."""

import os
import shutil
from contextlib import contextmanager

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def needs_chromium():
    """A test without its browser is skipped, but never in CI."""
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("CI needs a chromium on PATH for the browser tests")
        pytest.skip("no chromium on PATH")


@contextmanager
def launched(*flags):
    """The browser, driven by playwright."""
    needs_chromium()
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as runner:
        chromium = runner.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", *flags])
        yield chromium
        chromium.close()

"""What lets a short command start quickly. Only the command does this, never an import.

Together these three take a quarter off `costmodel run`.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from types import ModuleType

OBJECTS_BEFORE_COLLECTING = 300_000
UPDATER = "genai_prices.update_prices"


def start_quickly() -> None:
    """Set the process up; before anything heavy is imported."""
    # No pydantic plugin is used here; looking for some reads every installed package's metadata.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # A run holds a hundred thousand objects, most of them prices, until the end: looking for
    # garbage among them again and again takes longer than the evaluation.
    gc.set_threshold(OBJECTS_BEFORE_COLLECTING)
    atexit.register(gc.freeze)
    # The price library can fetch newer prices, and loads an HTTP client for that. This command
    # works offline from the prices that are installed.
    sys.modules.setdefault(UPDATER, _Absent(UPDATER))


class _Absent(ModuleType):
    """Stands for a module that is not to be loaded: it has every name, and nothing behind it."""

    def __getattr__(self, name: str) -> None:
        if name.startswith("__"):
            raise AttributeError(name)

"""What users take away: charts of a report, and files to keep or send on.

Both names are imported when first used, so that writing a CSV file loads no chart library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from costmodel.present.charts.figures import figure as figure
    from costmodel.present.saving import save as save

_HOMES = {"figure": "costmodel.present.charts.figures", "save": "costmodel.present.saving"}

__all__ = ["figure", "save"]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'costmodel.present' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)

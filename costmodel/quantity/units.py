"""Unit constants, and nothing else: what a month, a GiB and a million tokens are here.

Every name that holds a quantity carries its unit (`tokens_per_day`, `usd_per_gpu_hour`,
`weights_bytes`); these constants are the only conversions between them.
"""

from __future__ import annotations

from typing import Final

SECONDS_PER_HOUR: Final = 3600.0
HOURS_PER_DAY: Final = 24.0
SECONDS_PER_DAY: Final = 86_400.0
HOURS_PER_WEEK: Final = 168

DAYS_PER_MONTH: Final = 365 / 12
"""Mean days in a month of the Gregorian common year; scenarios may say otherwise."""

HOURS_PER_MONTH: Final = 730.0
"""365 x 24 / 12. 720, 729.6 and 744 occur in published cases: it is an input."""

MTOK: Final = 1e6
"""Tokens in the unit that prices are quoted in (USD per million tokens)."""

BILLION: Final = 1e9
"""Parameters in the unit that the size of a model is stated in."""

GIB: Final = 2**30
MIB: Final = 2**20
GB: Final = 10**9

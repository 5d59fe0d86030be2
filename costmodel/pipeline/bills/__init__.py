"""From a scenario and its looked-up facts to exact bills: one per option, behind one protocol.

Here the records meet the numbers: each kind of option is a file, and answers what `Bill` asks.
No lookup, no verdict.
"""

from __future__ import annotations

from costmodel.pipeline.bills.bill import Bill, Held, Place, within
from costmodel.pipeline.bills.build import build_bills
from costmodel.pipeline.bills.traffic import Traffic, daily_tokens, tokens_per_s, traffic_of

__all__ = [
    "Bill",
    "Held",
    "Place",
    "Traffic",
    "build_bills",
    "daily_tokens",
    "tokens_per_s",
    "traffic_of",
    "within",
]

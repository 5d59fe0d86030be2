"""A range, not a point: the probability that an option wins, and which input decides it.

Every draw is priced by the bills that a point evaluation uses, and what is shown of a single
input is evaluated again by `costmodel.pipeline.evaluate` itself. No second model.
"""

from __future__ import annotations

from costmodel.studies.risk.record import Risk, TwoWay
from costmodel.studies.risk.sensitivity import two_way
from costmodel.studies.risk.simulation import simulate

__all__ = ["Risk", "TwoWay", "simulate", "two_way"]

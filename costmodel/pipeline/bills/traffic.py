"""One workload as the bills see it: its rate along the volume axis and its hours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from costmodel.cost.curve import Floats
from costmodel.cost.traffic import HourlyDemand, hourly_demand, load_duration_weights
from costmodel.pipeline.facts import ProfileFacts
from costmodel.quantity.units import HOURS_PER_WEEK, SECONDS_PER_DAY
from costmodel.scenario import (
    Profile,
    Scenario,
    Workload,
)


@dataclass(frozen=True, eq=False)
class Traffic:
    """One workload as the bills see it.

    ``requests_per_day``: (base, per unit of the volume axis), so that one workload may move
    while the others stay.
    """

    workload: Workload
    demand: HourlyDemand
    requests_per_day: tuple[float, float]

    @property
    def requests_per_s(self) -> tuple[float, float]:
        """The mean rate, as (base, per volume)."""
        base, slope = self.requests_per_day
        return base / SECONDS_PER_DAY, slope / SECONDS_PER_DAY

    def scaled(self, share: float) -> Traffic:
        """A share of it, with the same hours."""
        base, slope = self.requests_per_day
        return Traffic(self.workload.moved(share), self.demand, (base * share, slope * share))

    def daily_requests(self, volume: ArrayLike) -> Floats:
        """Requests per day at a volume."""
        base, slope = self.requests_per_day
        return base + slope * np.asarray(volume, dtype=float)


def daily_tokens(traffic: Iterable[Traffic], volume: float) -> float:
    """Tokens a day of some workloads at a point of the volume axis."""
    return sum(float(t.daily_requests(volume)) * t.workload.tokens_per_request for t in traffic)


def tokens_per_s(traffic: Iterable[Traffic], volume: float) -> Floats:
    """Tokens per second in each hour of the week; shape (168,).

    Interactive work as it arrives; work that can wait at the mean rate it arrives with.
    """
    tokens = np.zeros(HOURS_PER_WEEK)
    for each in traffic:
        per_s = float(each.daily_requests(volume)) / SECONDS_PER_DAY
        arriving = each.demand.interactive + each.demand.waiting
        tokens += per_s * each.workload.tokens_per_request * arriving
    return tokens


def traffic_of(
    scenario: Scenario, profiles: Mapping[str, ProfileFacts], volume_of: str = "all"
) -> dict[str, Traffic]:
    """The workloads by name, on the volume axis chosen: all together, or one of them.

    ``profiles`` holds the hours of workloads whose profile names them.
    """
    total = scenario.tokens_per_day
    return {
        w.name: Traffic(w, _demand(w, profiles.get(w.name)), _rate(w, total, volume_of))
        for w in scenario.workloads
    }


def _rate(workload: Workload, total: float, volume_of: str) -> tuple[float, float]:
    requests = workload.daily_tokens / workload.tokens_per_request
    if volume_of == "all":
        return 0.0, requests / total
    if volume_of == workload.name:
        return 0.0, 1.0 / workload.tokens_per_request
    return requests, 0.0


def _demand(workload: Workload, named: ProfileFacts | None) -> HourlyDemand:
    profile = workload.profile or Profile()
    stated = profile.peak_to_mean.value if profile.peak_to_mean else None
    return hourly_demand(
        _hourly_weights(profile, named),
        peak_to_mean=named.peak_to_mean if named else stated,
        burst_factor=burst_factor(workload, named),
        batch_share=workload.batch_share.value,
    )


def burst_factor(workload: Workload, named: ProfileFacts | None) -> float:
    """The busiest minutes over their hour's mean: as a log has them, else as stated."""
    if named is not None and named.burst_factor is not None:
        return named.burst_factor
    return (workload.profile or Profile()).burst_factor.value


def _hourly_weights(profile: Profile, named: ProfileFacts | None) -> Floats:
    """The hours stated, of the named profile or of the ratio; the same all week where none is."""
    if named is not None:
        return np.asarray(named.hourly, dtype=float)
    if profile.hourly is not None:
        return np.asarray(profile.hourly, dtype=float)
    if profile.peak_to_mean is not None:
        return load_duration_weights(profile.peak_to_mean.value)
    return np.ones(HOURS_PER_WEEK)

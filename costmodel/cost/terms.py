"""The terms a fleet is sized and bought on: offers, headroom, quanta, and what a unit carries.

Committed offers come first and bill every hour of the month; the last offer is elastic and
serves the rest. A purchase unit is a replica, or the node that holds several of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from costmodel.cost.curve import ROUNDED_UP, Floats, Rounding, whole_units
from costmodel.cost.ownership import Purchase
from costmodel.cost.queueing import Queue

Scaling = Literal["always-on", "scheduled", "serverless"]


@dataclass(frozen=True)
class Offer:
    """Replicas on one set of terms; ``replicas`` None: as many as the load needs beyond the rest.

    ``committed`` replicas bill every hour of the month, needed or not. ``optimal``: as many are
    committed as are cheaper than the elastic offer for the hours they are needed in.
    ``interruption_overhead`` is the share of its replicas' time that interruptions take.
    ``term_months`` is how long a commitment holds its price (inf: as long as anybody looks), and
    ``purchase`` what is paid up front; a month's bill needs neither.
    """

    usd_per_gpu_hour: float
    replicas: float | None = None
    committed: bool = False
    name: str = "GPU hours"
    optimal: bool = False
    interruption_overhead: float = 0.0
    term_months: float = np.inf
    purchase: Purchase | None = None


@dataclass(frozen=True)
class FleetTerms:
    """How a fleet is sized and bought. Committed offers come first; the last serves the rest.

    Headroom is either ``load_factor``, the share of a replica that is planned for, or ``queue``,
    the wait that must hold. ``start_minutes`` bill for each replica that is started, and
    ``idle_minutes`` after its last request where replicas are started on demand (serverless),
    each by a request that keeps it for ``service_s``.
    """

    offers: tuple[Offer, ...]
    gpus_per_replica: float = 1
    scaling: Scaling = "always-on"
    load_factor: float = 0.7
    spare_replicas: float = 0
    min_replicas: float = 1
    node_gpus: float = 1
    start_minutes: float = 0
    pinned_replicas: float | None = None
    hours_per_month: float = 730.0
    queue: Queue | None = None
    idle_minutes: float = 0
    service_s: float = 0

    @property
    def replicas_per_unit(self) -> int:
        """Replicas in one purchase unit: a replica does not span nodes unless it fills them."""
        return max(1, int(self.node_gpus // self.gpus_per_replica))

    @property
    def gpus_per_unit(self) -> float:
        """GPUs billed per purchase unit, whole nodes where there is a quantum."""
        if self.node_gpus <= 1:
            return self.gpus_per_replica
        nodes = np.ceil(self.gpus_per_replica / self.node_gpus)
        return float(nodes * self.node_gpus)

    @property
    def elastic(self) -> Offer:
        """The last offer: it serves whatever the committed ones do not."""
        return self.offers[-1]

    @property
    def by_the_hour(self) -> bool:
        """Whether the hours of the week are provided for one by one."""
        return self.scaling != "always-on" and not self.elastic.committed

    @property
    def best_mix(self) -> Offer | None:
        """The commitment whose size is chosen, if there is one."""
        return next((offer for offer in self.offers[:-1] if offer.optimal), None)

    @property
    def committed_units(self) -> float:
        """Purchase units under the commitments of a stated size."""
        return sum(self.units_of(offer) for offer in self.offers[:-1])

    @property
    def committed_replicas(self) -> float:
        """Replicas under the commitments of a stated size."""
        return sum(offer.replicas or 0 for offer in self.offers[:-1])

    @property
    def committed_usd(self) -> float:
        """What the commitments of a stated size bill a month."""
        return sum(self.units_of(o) * self.unit_month_usd(o) for o in self.offers[:-1])

    def units_of(self, offer: Offer) -> float:
        """Whole purchase units behind an offer's replicas."""
        return float(whole_units((offer.replicas or 0) / self.replicas_per_unit))

    def unit_month_usd(self, offer: Offer) -> float:
        """One purchase unit on this offer for a whole month."""
        return self.gpus_per_unit * offer.usd_per_gpu_hour * self.hours_per_month

    # ------------------------------------------------------------------------ what is lost

    @cached_property
    def _committed(self) -> tuple[float, float]:
        """Committed replicas, whole units filled, and what is left of them."""
        count = effective = 0.0
        for offer in self.offers[:-1]:
            replicas = self.units_of(offer) * self.replicas_per_unit
            count += replicas
            effective += replicas * (1.0 - offer.interruption_overhead)
        return count, effective

    def effective(self, replicas: ArrayLike) -> Floats:
        """Replicas that interruptions leave, committed ones first."""
        replicas = np.asarray(replicas, dtype=float)
        count, left = self._committed
        share = left / count if count else 1.0
        kept = 1.0 - self.elastic.interruption_overhead
        return np.minimum(replicas, count) * share + np.maximum(replicas - count, 0.0) * kept

    def before_losses(self, replicas: Floats) -> Floats:
        """Replicas to be had so that so many are left: `effective` backwards, past commitments.

        Below the commitments it continues the same line, which stays under their number.
        """
        count, left = self._committed
        if np.all(count == left) and not np.any(self.elastic.interruption_overhead):
            return replicas
        return count + (replicas - left) / (1.0 - self.elastic.interruption_overhead)

    # --------------------------------------------------------------------------- capacity

    def carried(self, replicas: ArrayLike) -> Floats:
        """The load, in replicas at full speed, that so many serving replicas are planned for."""
        effective = self.effective(replicas)
        return effective * self.load_factor if self.queue is None else self.queue.carried(effective)

    @property
    def slack(self) -> float:
        """Replicas that waiting may ask for beyond the load; 0 under a load factor."""
        kept = 1.0 - self.elastic.interruption_overhead
        return 0.0 if self.queue is None else self.queue.slack / kept

    @cached_property
    def rounding(self) -> Rounding:
        """From a load in purchase units, spares included, to whole ones."""
        return ROUNDED_UP if self.queue is None else QueuedUnits(self)

    def serving(self, load: ArrayLike) -> Floats:
        """Whole replicas that carry a load in replicas at full speed, spares apart."""
        load = np.asarray(load, dtype=float)
        if self.queue is None:
            return np.maximum(whole_units(self.before_losses(load / self.load_factor)), 0.0)
        if self._committed[1] == self._committed[0] and not self.elastic.interruption_overhead:
            return self.queue.replicas(load)
        return QueuedUnits(self, spare=0.0, per_unit=1).units(self.before_losses(load))


class QueuedUnits:
    """Purchase units whose replicas hold a wait; see `costmodel.cost.curve.Rounding`."""

    def __init__(
        self, terms: FleetTerms, spare: float | None = None, per_unit: int | None = None
    ) -> None:
        self._terms = terms
        self._spare = terms.spare_replicas if spare is None else spare
        self._per_unit = per_unit or terms.replicas_per_unit
        self._reached = np.zeros(0)

    @property
    def slack(self) -> float:
        """Units beyond the load that are enough at any load."""
        return self._terms.slack / self._per_unit

    def reach(self, level: Floats) -> Floats:
        """The largest load that these whole units carry."""
        if not level.size:
            return level
        most = int(level.max())
        if len(self._reached) <= most:
            known = len(self._reached)
            more = np.arange(known, max(64, 2 * known, most + 1), dtype=float)
            self._reached = np.concatenate([self._reached, self._load_of(more)])
        return self._reached[np.maximum(level, 0.0).astype(int)]

    def units(self, load: Floats) -> Floats:
        """The fewest units for each load."""
        load = np.asarray(load, dtype=float)
        if not load.size:
            return load
        most = np.ceil(max(float(load.max()), 0.0) + self.slack + 1.0)
        self.reach(np.array([most]))
        return np.searchsorted(self._reached, load - 1e-9 * np.maximum(load, 1.0)).astype(float)

    def _load_of(self, units: Floats) -> Floats:
        serving = np.maximum(units * self._per_unit - self._spare, 0.0)
        assert self._terms.queue is not None
        carried = self._terms.queue.carried(self._terms.effective(serving))
        return (self._terms.before_losses(carried) + self._spare) / self._per_unit

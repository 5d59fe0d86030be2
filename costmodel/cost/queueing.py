"""How many requests wait, and how long: the Erlang C model of a fleet (M/M/N).

A replica serves ``slots`` requests at once, so that N = replicas x slots servers share one queue;
a slot keeps a request for ``service_s`` = slots / requests per second. Everything is computed in
log space and over whole arrays, so that 100,000 servers are as easy as ten. The load is what the
servers would be busy with on average [erlang], and must stay below N.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from costmodel.cost.curve import STEP_TOLERANCE, Floats

STIRLING_FROM = 32.0
"""From here on ``log N!`` less its leading terms comes from Stirling's series, without rounding."""

MOST_TABLED = 4_096
"""Replicas whose carried load is kept in a table; above it is computed when asked for."""

TABLE = 64
"""Replicas a table begins with."""


def log_probability_of_waiting(servers: ArrayLike, load: ArrayLike) -> Floats:
    """Logarithm of Erlang's C: the share of arrivals that find every server busy.

    ``servers`` N > 0 and ``load`` a in erlang, 0 <= a < N; they broadcast. With the Poisson
    probabilities p(N; a) and P(<= N; a), Erlang B is their ratio and C = B / (1 - a/N (1 - B)):
    Cooper, Introduction to Queueing Theory, 1981, chapter 3.

    >>> servers = np.array([1, 10, 100_000])
    >>> np.exp(log_probability_of_waiting(servers, [0.5, 8.0, 99_500.0])).round(4).tolist()
    [0.5, 0.4092, 0.0709]
    """
    from scipy.special import gammaincc

    servers, load = np.asarray(servers, dtype=float), np.asarray(load, dtype=float)
    free = (servers - load) / servers
    with np.errstate(divide="ignore"):
        log_pmf = servers * (np.log1p(-free) + free) - _stirling_rest(servers)
    log_b = log_pmf - np.log(gammaincc(servers + 1.0, load))
    return log_b - np.log(free + (1.0 - free) * np.exp(log_b))


def _waits_rarely(servers: Floats, load: Floats, share: float) -> bool:
    """Whether fewer than ``share`` of arrivals surely wait, by a bound that needs no library.

    P(<= N; a) is the tail of a Gamma(N + 1) beyond a, whose median lies above N, so at least 1/2;
    Stirling's leading term bounds p(N; a) from above; and C <= B / (1 - a/N).
    """
    free = (servers - load) / servers
    with np.errstate(divide="ignore"):
        log_pmf = servers * (np.log1p(-free) + free) - 0.5 * np.log(2 * np.pi * servers)
    return bool(np.all(log_pmf + np.log(2.0) - np.log(free) < np.log(share)))


def _stirling_rest(n: Floats) -> Floats:
    """``log n! - n log n + n``; two large numbers never cancel."""
    from scipy.special import gammaln

    small = np.minimum(n, STIRLING_FROM)
    exact = gammaln(small + 1.0) - small * np.log(small) + small
    large = np.maximum(n, STIRLING_FROM)
    series = (1 / 12 - (1 / 360 - 1 / (1260 * large**2)) / large**2) / large
    return np.where(n < STIRLING_FROM, exact, 0.5 * np.log(2 * np.pi * large) + series)


@dataclass(frozen=True, eq=False)
class Queue:
    """One queue before a fleet, and the wait that ``percentile`` of its requests must not exceed.

    ``slots``: requests a replica serves at once. ``service_s``: seconds a request keeps a slot.
    ``wait_s``: seconds; the wait W has P(W > t) = C exp(-(N - a) t / service_s).

    >>> queue = Queue(slots=16, service_s=8.0, wait_s=0.5)
    >>> queue.carried(np.array([1.0, 2.0, 10.0])).round(3).tolist()
    [0.644, 1.499, 9.014]
    >>> queue.replicas(np.array([0.5, 1.0, 9.0, 9.1])).tolist()
    [1.0, 2.0, 10.0, 11.0]
    """

    slots: float
    service_s: float
    wait_s: float
    percentile: float = 0.95
    _kept: dict[str, Floats] = field(default_factory=dict, repr=False)

    @property
    def slack(self) -> float:
        """Replicas beyond the load that are enough at any load: exp(-(N - a) t / s) alone."""
        servers = -np.log1p(-self.percentile) * self.service_s / self.wait_s
        return float(servers / self.slots)

    def wait_at(self, replicas: ArrayLike, load: ArrayLike) -> Floats:
        """Seconds that ``percentile`` of requests wait at most; inf where the fleet is too small.

        ``load`` is in replicas at full speed.
        """
        servers = np.asarray(replicas, dtype=float) * self.slots
        busy = np.asarray(load, dtype=float) * self.slots
        enough = (servers > busy) & (servers > 0)
        if _waits_rarely(servers[enough], busy[enough], 1.0 - self.percentile):
            return np.where(enough | (busy <= 0), 0.0, np.inf)
        n, a = np.where(enough, servers, 2.0), np.where(enough, busy, 1.0)
        log_share = log_probability_of_waiting(n, a) - np.log1p(-self.percentile)
        wait = self.service_s * np.maximum(0.0, log_share) / (n - a)
        return np.where(enough, wait, np.where(busy > 0, np.inf, 0.0))

    def carried(self, replicas: ArrayLike) -> Floats:
        """The largest load, in replicas at full speed, at which the wait still holds."""
        replicas = np.asarray(replicas, dtype=float)
        whole = (replicas == np.floor(replicas)) & (replicas <= MOST_TABLED)
        if not whole.all():
            return self._computed(replicas)
        return self._table(float(replicas.max(initial=0.0)))[replicas.astype(int)]

    def replicas(self, load: ArrayLike) -> Floats:
        """The fewest replicas that hold the wait at a load in replicas at full speed."""
        load = np.asarray(load, dtype=float) * (1.0 - STEP_TOLERANCE)
        table = self._table(min(float(load.max(initial=0.0)) + self.slack + 1.0, MOST_TABLED))
        found = np.searchsorted(table, load).astype(float)
        beyond = found >= len(table)
        if beyond.any():
            found[beyond] = self._searched(load[beyond])
        return found

    def _table(self, most: float) -> Floats:
        """Carried loads of 0, 1, 2, ... replicas, at least up to ``most``."""
        known = self._kept.get("table", np.zeros(1))
        if len(known) <= most:
            wanted = min(max(TABLE, 2 * len(known), int(np.ceil(most)) + 1), MOST_TABLED + 1)
            more = self._computed(np.arange(len(known), wanted, dtype=float))
            self._kept["table"] = known = np.concatenate([known, more])
        return known

    def _searched(self, load: Floats) -> Floats:
        """Bisection over the number of replicas, for fleets beyond the table."""
        low, high = np.floor(load), np.ceil(load + self.slack + 1.0)
        while np.any(low + 1 < high):
            middle = np.floor((low + high) / 2)
            enough = self._computed(middle) >= load
            low, high = np.where(enough, low, middle), np.where(enough, middle, high)
        return high

    def _computed(self, replicas: Floats) -> Floats:
        """Bisection over the load: the share that waits too long grows with it."""
        servers = replicas * self.slots
        any_server = servers > 0
        n = np.where(any_server, servers, 1.0)
        low, high = np.maximum(0.0, n - self.slack * self.slots), n.copy()
        while True:
            middle = (low + high) / 2
            if np.all((middle <= low) | (middle >= high)):
                break
            holds = self._excess(n, middle) <= 0
            low, high = np.where(holds, middle, low), np.where(holds, high, middle)
        return np.where(any_server, low / self.slots, 0.0)

    def _excess(self, servers: Floats, load: Floats) -> Floats:
        """Logarithm of the share that waits too long, less that of the share allowed."""
        log_late = log_probability_of_waiting(servers, load)
        log_late -= (servers - load) * self.wait_s / self.service_s
        return log_late - np.log1p(-self.percentile)

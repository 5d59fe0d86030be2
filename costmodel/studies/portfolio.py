"""The cheapest joint choice: which option serves which workload, so that each stands on evidence.

Workloads on one option share its fleet, so the choice is made for all of them together and not
one by one. It is exact: every assignment is covered, by subsets of workloads per option. Bills
are those of `bills`; what may serve what is decided by `verdict` and the quality facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import inf
from typing import Any

import numpy as np

from costmodel.book import Book, load_book
from costmodel.errors import InputError, did_you_mean, nearest_ids
from costmodel.pipeline.bills import Traffic, build_bills, traffic_of
from costmodel.pipeline.facts import Resolved
from costmodel.pipeline.lookup.quality import precision_words
from costmodel.pipeline.report import Exclusion
from costmodel.pipeline.resolve import resolve
from costmodel.pipeline.verdict import exclusions
from costmodel.quantity.quantity import Kind, Quantity
from costmodel.quantity.words import usd
from costmodel.scenario import Option, Scenario, Workload
from costmodel.studies.preflight import Check, preflight

MOST_WORKLOADS = 10
"""Subsets double with each workload."""

UNPROVEN = ("no data", "not established", "inconclusive", "not accepted")
"""Standings that more evidence could change."""


@dataclass(frozen=True)
class Candidate:
    """An option as a server of one workload."""

    workload: str
    option: str
    stands: bool
    standing: str
    """What is known of its quality there; empty where the workload asks for none."""
    reasons: tuple[str, ...]
    """Why it may not serve it."""
    evidence: str
    kind: Kind
    alone_usd: float | None
    """Its monthly bill with this workload alone; None where it cannot serve it."""


@dataclass(frozen=True)
class Assigned:
    """The option chosen for a workload."""

    workload: str
    option: str
    precision: str
    standing: str
    evidence: str


@dataclass(frozen=True)
class Share:
    """The bill of one option in the choice, with every workload on it."""

    option: str
    workloads: tuple[str, ...]
    monthly_usd: float


@dataclass(frozen=True)
class Single:
    """One option for everything."""

    option: str
    monthly_usd: float | None
    stands: bool
    excluded_by: tuple[str, ...]


@dataclass(frozen=True)
class Lever:
    """The bill after one more lever is pulled, from today's API on."""

    name: str
    monthly_usd: float | None
    what: str
    stands: bool
    """Whether every workload stands; today's API may miss a condition that the choice meets."""


@dataclass(frozen=True, eq=False)
class Portfolio:
    """The cheapest set of options in which every workload stands on evidence."""

    scenario: str
    tokens_per_day: float
    monthly_usd: float | None
    """None where some workload has no option that stands."""
    assignment: tuple[Assigned, ...]
    bill: tuple[Share, ...]
    one_for_all: Single | None
    """The cheapest single option that stands for every workload."""
    saving_usd_per_month: float | None
    """One option for all, less one per workload."""
    singles: tuple[Single, ...]
    candidates: tuple[Candidate, ...]
    without_evidence: tuple[Candidate, ...]
    """Candidates cheaper than the chosen option that nothing is known for."""
    levers: tuple[Lever, ...]
    checklist: tuple[Check, ...]

    @property
    def reason(self) -> str:
        """The result in a sentence."""
        if self.monthly_usd is None:
            bare = [w for w in dict.fromkeys(c.workload for c in self.candidates)
                    if not any(c.stands for c in self.candidates if c.workload == w)]  # fmt: skip
            return f"No option stands for {', '.join(bare)}."
        each = ", ".join(f"{a.workload} on {a.option}" for a in self.assignment)
        if self.one_for_all is None or self.one_for_all.monthly_usd is None:
            return f"{usd(self.monthly_usd)} a month: {each}; no single option stands for all."
        if not self.saving_usd_per_month:
            name = self.one_for_all.option
            return f"{name} for everything is the cheapest, at {usd(self.monthly_usd)} a month."
        return (
            f"One option per task costs {usd(self.monthly_usd)} a month, "
            f"{usd(self.saving_usd_per_month)} less than {self.one_for_all.option} for everything "
            f"({usd(self.one_for_all.monthly_usd)}): {each}."
        )

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `costmodel portfolio --json`."""
        names = ("scenario", "tokens_per_day", "monthly_usd", "saving_usd_per_month")
        return {
            **{name: getattr(self, name) for name in names},
            "reason": self.reason,
            "assignment": [asdict(row) for row in self.assignment],
            "bill": [asdict(row) for row in self.bill],
            "one_for_all": asdict(self.one_for_all) if self.one_for_all else None,
            "singles": [asdict(row) for row in self.singles],
            "candidates": [asdict(row) for row in self.candidates],
            "without_evidence": [asdict(row) for row in self.without_evidence],
            "levers": [asdict(row) for row in self.levers],
            "checklist": [asdict(row) for row in self.checklist],
        }

    def _repr_html_(self) -> str:
        from html import escape

        import pandas as pd

        table = pd.DataFrame([asdict(row) for row in self.assignment]).to_html(index=False)
        return f"<p><b>{escape(self.reason)}</b></p>{table}"


def portfolio(
    scenario: Scenario,
    *,
    tokens_per_day: float | None = None,
    today: str | None = None,
    book: Book | None = None,
) -> Portfolio:
    """The cheapest joint choice of an option per workload, and what it saves.

    Args:
        scenario: workloads with a `quality`, and the options to choose from. An option that
            leaves choices open (`format: [fp8, awq-int4]`) stands for each of them.
        tokens_per_day: of all workloads together, in place of the scenario's.
        today: the API in use, where the levers start; the first API option where left out.
        book: in place of the bundled one.

    Raises:
        InputError: for what cannot be looked up, more than ten workloads, and an unknown `today`.

    """
    if len(scenario.workloads) > MOST_WORKLOADS:
        raise InputError(f"a joint choice takes at most {MOST_WORKLOADS} workloads")
    volume = scenario.tokens_per_day if tokens_per_day is None else tokens_per_day
    if not 0 < volume < inf:
        raise InputError(f"tokens per day must be a finite number above 0, not {volume:g}")
    resolved = resolve(scenario, book or load_book())
    desk = _Desk(scenario, resolved, traffic_of(scenario, resolved.profiles), volume)
    choice = _cheapest(desk, desk.servers)
    singles = tuple(desk.single(option) for option in scenario.options)
    total = _total(desk, choice)
    whole = _best(s for s in singles if s.stands)
    if whole is not None and (whole.monthly_usd or 0.0) < total - 1e-6:
        choice, total = {whole.option: tuple(desk.names)}, whole.monthly_usd or 0.0
    assignment = tuple(_assigned(desk, choice)) if total < inf else ()
    chosen = [(each.workload, each.option) for each in assignment]
    for_all = _best(s for s in singles if s.stands and scenario.option(s.option).kind != "mix")
    return Portfolio(
        scenario=scenario.name,
        tokens_per_day=volume,
        monthly_usd=total if total < inf else None,
        assignment=assignment,
        bill=tuple(Share(name, served, desk.usd(name, served)) for name, served in choice.items()),
        one_for_all=for_all,
        saving_usd_per_month=None if for_all is None else max(0.0, _amount(for_all) - total),
        singles=singles,
        candidates=desk.candidates,
        without_evidence=_without_evidence(desk, assignment),
        levers=tuple(_levers(desk, today, total)),
        checklist=tuple(preflight(scenario, resolved, chosen)),
    )


def _best(singles: Iterable[Single]) -> Single | None:
    """The cheapest of several options for everything; None where there is none."""
    return min((s for s in singles if s.monthly_usd is not None), key=_amount, default=None)


def _amount(single: Single) -> float:
    return inf if single.monthly_usd is None else single.monthly_usd


class _Desk:
    """The scenario at one volume: who may serve what, and what any part of it costs."""

    def __init__(
        self,
        scenario: Scenario,
        resolved: Resolved,
        traffic: Mapping[str, Traffic],
        volume: float,
    ) -> None:
        self.scenario, self.resolved = scenario, resolved
        self.traffic, self.volume = traffic, volume
        self.names = [workload.name for workload in scenario.workloads]
        self._usd: dict[tuple[str, tuple[str, ...]], float] = {}
        self._excluded_from = {w.name: exclusions(_only(scenario, w), resolved)
                               for w in scenario.workloads}  # fmt: skip
        self._excluded = exclusions(scenario, resolved)

    @property
    def servers(self) -> list[Option]:
        """Options that can serve a part of the workloads."""
        return [option for option in self.scenario.options if option.kind != "mix"]

    def excluded_from(self, workload: str, option: str) -> tuple[Exclusion, ...]:
        """Why an option may not serve a workload."""
        return self._excluded_from[workload][option]

    def usd(self, option: str, served: tuple[str, ...]) -> float:
        """The monthly bill of an option with these workloads on it; infinite if it cannot."""
        key = option, served
        if key not in self._usd:
            self._usd[key] = self._bill(option, served)
        return self._usd[key]

    def _bill(self, name: str, served: tuple[str, ...]) -> float:
        part = self.scenario.model_copy(update={"options": self.scenario.behind(name)})
        traffic = {workload: self.traffic[workload] for workload in served}
        bill = build_bills(part, self.resolved, traffic).get(name)
        return bill.usd(self.volume) if bill and bill.serves(self.volume) else inf

    def single(self, option: Option) -> Single:
        """One option for everything."""
        amount = self.usd(option.name, tuple(self.names))
        excluded = tuple(map(str, self._excluded[option.name]))
        if amount == inf and not excluded:
            excluded = ("it cannot serve this volume",)
        return Single(option.name, amount if amount < inf else None, not excluded, excluded)

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """Every option that could serve a workload by itself, with what is known of it there."""
        return tuple(
            self._candidate(workload, option)
            for workload in self.scenario.workloads
            for option in self.servers
        )

    def _candidate(self, workload: Workload, option: Option) -> Candidate:
        known = self.resolved.quality.get(workload.name)
        fact = known.options.get(option.name) if known else None
        excluded = self.excluded_from(workload.name, option.name)
        alone = self.usd(option.name, (workload.name,))
        return Candidate(
            workload=workload.name,
            option=option.name,
            stands=not excluded and alone < inf,
            standing=fact.standing if fact else "",
            reasons=tuple(map(str, excluded)),
            evidence=fact.words if fact else "no quality is asked for",
            kind=fact.kind if fact else "assumed",
            alone_usd=alone if alone < inf else None,
        )


def _only(scenario: Scenario, workload: Workload) -> Scenario:
    """The scenario with one workload, and without mixes, which name the others."""
    options = tuple(option for option in scenario.options if option.kind != "mix")
    return scenario.model_copy(update={"workloads": (workload,), "options": options})


# ----------------------------------------------------------------------------- the cheapest choice


def _cheapest(
    desk: _Desk, servers: Sequence[Option], anyway: str | None = None
) -> dict[str, tuple[str, ...]]:
    """The assignment with the lowest total, as option -> workloads; empty where there is none.

    ``anyway``: an option that may serve everything, whatever speaks against it.

    Options are taken one after the other. `least[S]` is the lowest bill for the workloads in the
    set S with the options so far; the next option may take any subset T of S that it may serve:
    least'[S] = min over T of least[S - T] + bill(option, T). That is every assignment, without
    assuming that a bill grows with its workloads, which a discount on all units breaks.
    """
    names = desk.names
    size = 1 << len(names)
    least = np.full(size, inf)
    least[0] = 0.0
    taken: list[np.ndarray] = []
    for option in servers:
        may = _mask(
            i
            for i, name in enumerate(names)
            if option.name == anyway or not desk.excluded_from(name, option.name)
        )
        after, chosen = least.copy(), np.zeros(size, dtype=np.int64)
        for subset in _subsets(may):
            cost = desk.usd(option.name, _members(subset, names))
            whole = np.arange(size)
            whole = whole[whole & subset == subset]
            total = least[whole ^ subset] + cost
            better = total < after[whole] - 1e-9
            after[whole[better]], chosen[whole[better]] = total[better], subset
        taken.append(chosen)
        least = after
    if least[-1] == inf:
        return {}
    choice: dict[str, tuple[str, ...]] = {}
    left = size - 1
    for option, chosen in zip(reversed(servers), reversed(taken), strict=True):
        subset = int(chosen[left])
        if subset:
            choice[option.name] = _members(subset, names)
            left ^= subset
    return dict(reversed(choice.items()))


def _mask(places: Any) -> int:
    return sum(1 << i for i in places)


def _subsets(mask: int) -> list[int]:
    """Every subset of a set but the empty one, as bits.

    >>> sorted(_subsets(0b101))
    [1, 4, 5]
    """
    found, subset = [], mask
    while subset:
        found.append(subset)
        subset = (subset - 1) & mask
    return found


def _members(mask: int, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for i, name in enumerate(names) if mask >> i & 1)


def _total(desk: _Desk, choice: Mapping[str, tuple[str, ...]]) -> float:
    """The monthly bill of a choice; infinite where there is none."""
    return sum(desk.usd(option, served) for option, served in choice.items()) if choice else inf


def _assigned(desk: _Desk, choice: Mapping[str, tuple[str, ...]]) -> list[Assigned]:
    by_workload = {name: option for option, served in choice.items() for name in served}
    return [_assignment(desk, name, by_workload[name]) for name in desk.names]


def _assignment(desk: _Desk, workload: str, option: str) -> Assigned:
    mix = desk.scenario.option(option).mix
    server = mix[workload] if mix else option
    known = desk.resolved.quality.get(workload)
    fact = known.options.get(server) if known else None
    return Assigned(
        workload,
        server,
        precision_words(desk.scenario.option(server), desk.resolved.options[server]),
        fact.standing if fact else "",
        fact.words if fact else "no quality is asked for",
    )


def _without_evidence(desk: _Desk, assignment: Sequence[Assigned]) -> tuple[Candidate, ...]:
    """Cheaper than what was chosen, and only the evidence is missing."""
    chosen = {a.workload: desk.usd(a.option, (a.workload,)) for a in assignment}
    return tuple(
        each
        for each in desk.candidates
        if each.standing in UNPROVEN
        and all(why.code == "quality" for why in desk.excluded_from(each.workload, each.option))
        and each.alone_usd is not None
        and each.alone_usd < chosen.get(each.workload, inf)
    )


# ---------------------------------------------------------------------------------- three levers


def _levers(desk: _Desk, today: str | None, joint_usd: float) -> list[Lever]:
    """From today's API: caching and batch, then a smaller model, then own quantised weights.

    A smaller model takes over where its answers stand; the rest stays on today's API.
    """
    apis = [option for option in desk.scenario.options if option.kind == "api"]
    if today is not None and today not in [option.name for option in apis]:
        names = [option.name for option in apis]
        near = did_you_mean(nearest_ids(today, names))
        raise InputError(f"no API option is named {today!r}{near}; there is {', '.join(names)}")
    if not apis:
        return []
    name = today or apis[0].name
    everything = tuple(desk.names)
    undiscounted = _undiscounted(desk.scenario)
    traffic = traffic_of(undiscounted, desk.resolved.profiles)
    plain = _Desk(undiscounted, desk.resolved, traffic, desk.volume)
    smaller = _cheapest(desk, apis, anyway=name)
    own = _cheapest(desk, desk.servers)
    stands = not desk.single(desk.scenario.option(name)).excluded_by
    smaller_stands = not any(
        desk.excluded_from(w, o) for o, served in smaller.items() for w in served
    )
    rows = (
        ("today", plain.usd(name, everything), f"{name}, every token at full price", stands),
        (
            "caching and batch",
            desk.usd(name, everything),
            f"{name}, cached tokens and work that can wait at their discounts",
            stands,
        ),
        ("a smaller model", _total(desk, smaller), _listed(smaller), smaller_stands),
        (
            "own quantised weights",
            joint_usd,
            _listed(own) or "no choice stands for every workload",
            bool(own),
        ),
    )
    return [
        Lever(words, amount if amount < inf else None, what, meets)
        for words, amount, what, meets in rows
    ]


def _undiscounted(scenario: Scenario) -> Scenario:
    none = {"cached_input_share": Quantity(value=0.0), "cache_write_share": Quantity(value=0.0),
            "batch_share": Quantity(value=0.0)}  # fmt: skip
    workloads = tuple(w.model_copy(update=none) for w in scenario.workloads)
    return scenario.model_copy(update={"workloads": workloads})


def _listed(choice: Mapping[str, tuple[str, ...]]) -> str:
    return "; ".join(f"{option}: {', '.join(served)}" for option, served in choice.items())

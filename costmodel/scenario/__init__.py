"""What the user says: a scenario, parsed and checked, with nothing looked up yet.

Frozen pydantic models with units in the names; any number may be plain, a range, or the full
form with its source (`quantity.Quantity`). Ids are checked later, against the book.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import Field, PrivateAttr, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from costmodel.errors import InputError, did_you_mean, nearest_ids
from costmodel.scenario.api import Api, Contract, ContractStep
from costmodel.scenario.cases import BASE, Case, located
from costmodel.scenario.messages import problems_of
from costmodel.scenario.money import Calendar, Display, Finance, Hours, Overheads, Platform
from costmodel.scenario.numbers import Part
from costmodel.scenario.open_choices import written_out
from costmodel.scenario.option import Escalation, Hybrid, Option, OptionKind
from costmodel.scenario.selfhost import ExtraCost, Offer, Queueing, SelfHost, Spread, Throughput
from costmodel.scenario.workload import Gate, Profile, Quality, Shape, Slo, Workload
from costmodel.scenario.yamlfile import Location, Origin, parse_yaml, path_text, read_yaml_file

__all__ = [
    "Api",
    "Calendar",
    "Case",
    "Contract",
    "ContractStep",
    "Display",
    "Escalation",
    "ExtraCost",
    "Finance",
    "Gate",
    "Hours",
    "Hybrid",
    "Offer",
    "Option",
    "OptionKind",
    "Overheads",
    "Part",
    "Platform",
    "Profile",
    "Quality",
    "Queueing",
    "Scenario",
    "SelfHost",
    "Shape",
    "Slo",
    "Spread",
    "Throughput",
    "Workload",
    "load_scenario",
    "parse_scenario",
]


class Scenario(Part):
    """Everything the user says; a file is the whole input."""

    name: str = Field(min_length=1)
    description: str | None = None
    as_of: date
    calendar: Calendar = Calendar()
    workloads: tuple[Workload, ...] = Field(min_length=1)
    options: tuple[Option, ...] = Field(min_length=1)
    overheads: Overheads = Overheads()
    finance: Finance = Finance()
    cases: tuple[Case, ...] = ()
    """Beside the base case, which is the scenario as it stands."""
    display: Display | None = None
    correlations: tuple[tuple[str, str, float], ...] = ()
    resolved: dict[str, Any] | None = None
    """Written by `costmodel export -o frozen.yaml`: looked-up figures, frozen."""

    _origin: Origin = PrivateAttr(default_factory=Origin)

    @model_validator(mode="after")
    def _references(self) -> Scenario:
        problems = [
            *_duplicate_names("workloads", self.workloads),
            *_duplicate_names("options", self.options),
            *_duplicate_names("cases", self.cases),
            *self._unknown_places(),
            *self._unknown_names(),
            *self._escalations(),
            *self._reserved_names(),
            *self._cache_shares(),
        ]
        if problems:
            raise PydanticCustomError("references", "references", {"problems": problems})
        return self

    def _reserved_names(self) -> Iterator[tuple[Location, str]]:
        for key, items, taken in (
            ("workloads", self.workloads, "all"),
            ("options", self.options, "cheapest"),
            ("cases", self.cases, BASE),
        ):
            for i, item in enumerate(items):
                if item.name == taken:
                    yield (key, i, "name"), f"the name {taken!r} has a meaning of its own here"

    def _cache_shares(self) -> Iterator[tuple[Location, str]]:
        most = max(w.cached_input_share.value for w in self.workloads)
        for i, option in enumerate(self.options):
            share = option.selfhost.prefix_cache_share.value if option.selfhost else 0.0
            if share > most:
                where: Location = ("options", i, "selfhost", "prefix_cache_share")
                yield (
                    where,
                    f"is at most the workloads' cached_input_share ({most:g}), not {share:g}",
                )

    def _unknown_names(self) -> Iterator[tuple[Location, str]]:
        workloads = [w.name for w in self.workloads]
        by_kind = {
            kind: [o.name for o in self.options if o.kind == kind] for kind in ("api", "selfhost")
        }
        servers = [name for names in by_kind.values() for name in names]
        for i, option in enumerate(self.options):
            here: Location = ("options", i)
            if option.hybrid is not None:
                for kind in ("selfhost", "api"):
                    name = getattr(option.hybrid, kind)
                    yield from _unknown(
                        (*here, "hybrid", kind), f"{kind} option", name, by_kind[kind]
                    )
            mix = option.mix or {}
            for workload, server in mix.items():
                where = (*here, "mix", workload)
                yield from _unknown(where, "workload", workload, workloads)
                yield from _unknown(where, "api or selfhost option", server, servers)
            missing = workloads if option.mix is not None else []
            for workload in (name for name in missing if name not in mix):
                yield (*here, "mix"), f"the workload {workload!r} has no option in this mix"
            stated = option.selfhost.throughput if option.selfhost else None
            for workload in stated if isinstance(stated, dict) else {}:
                where = (*here, "selfhost", "throughput", workload)
                yield from _unknown(where, "workload", workload, workloads)
        for i, workload in enumerate(self.workloads):
            for key, name in _options_in(workload.quality):
                where = ("workloads", i, "quality", *key)
                yield from _unknown(where, "option", name, [o.name for o in self.options])

    def _escalations(self) -> Iterator[tuple[Location, str]]:
        """Answers escalate to an API that keeps them, and not out of a hybrid."""
        apis = {o.name: o for o in self.options if o.kind == "api"}
        parts = {name for o in self.options if o.kind == "hybrid" for name in o.members}
        for i, option in enumerate(self.options):
            if option.escalation is None:
                continue
            here: Location = ("options", i, "escalation")
            yield from _unknown((*here, "to"), "API option", option.escalation.to, list(apis))
            target = apis.get(option.escalation.to)
            if target is not None and (target.escalation is not None or target.name == option.name):
                yield (*here, "to"), "must be an API that escalates nothing itself"
            if option.name in parts:
                yield here, "a part of a hybrid cannot escalate: its overflow goes to the API"
            share = option.escalation.share
            for workload in share if isinstance(share, dict) else ():
                names = [w.name for w in self.workloads]
                yield from _unknown((*here, "share", workload), "workload", workload, names)

    def _unknown_places(self) -> Iterator[tuple[Location, str]]:
        for i, case in enumerate(self.cases):
            for path in case.changes:
                found = located(self, path)
                if isinstance(found, str):
                    yield ("cases", i, "changes", path), f"no such place: {found}"
                elif found[0] == "cases":
                    yield ("cases", i, "changes", path), "a case cannot change cases"

    def option(self, name: str) -> Option:
        """The option of that name."""
        return next(option for option in self.options if option.name == name)

    def behind(self, name: str) -> tuple[Option, ...]:
        """All that the bill of an option rests on: itself, its parts, and where these escalate."""
        members = [self.option(each) for each in self.option(name).members]
        again = [each.escalation.to for each in members if each.escalation is not None]
        names = dict.fromkeys((name, *(each.name for each in members), *again))
        return tuple(map(self.option, names))

    def workload(self, name: str) -> Workload:
        """The workload of that name; an InputError offers the nearest."""
        for workload in self.workloads:
            if workload.name == name:
                return workload
        names = [w.name for w in self.workloads]
        raise InputError(f"unknown workload {name!r}{did_you_mean(nearest_ids(name, names))}")

    @property
    def tokens_per_day(self) -> float:
        """Tokens per day of all workloads together."""
        return sum(w.daily_tokens for w in self.workloads)

    @property
    def origin(self) -> Origin:
        """Where the scenario was read from."""
        return self._origin


def _options_in(quality: Quality | None) -> Iterator[tuple[Location, str]]:
    """Every option a workload's quality names, and where."""
    if quality is None:
        return
    yield from ((("accepts",), name) for name in quality.accepts or ())
    if quality.gate is not None:
        for key in ("baseline", "candidate"):
            given = getattr(quality.gate, key)
            for name in given if isinstance(given, dict) else ():
                yield ("gate", key, name), name


def _duplicate_names(
    key: str, items: tuple[Workload, ...] | tuple[Option, ...] | tuple[Case, ...]
) -> Iterator[tuple[Location, str]]:
    seen: set[str] = set()
    for i, item in enumerate(items):
        if item.name in seen:
            yield (key, i, "name"), f"the name {item.name!r} is taken; names must differ"
        seen.add(item.name)


def _unknown(
    where: Location, what: str, name: str, known: list[str]
) -> Iterator[tuple[Location, str]]:
    if name not in known:
        near = did_you_mean(nearest_ids(name, known))
        there = f"; there is {', '.join(known[:5])}" if known else ""
        yield where, f"no {what} is named {name!r}{near or there}"


def load_scenario(path: str | Path) -> Scenario:
    """The scenario in a YAML file.

    Raises InputError with every problem at once, each as ``file:line:column: path: message``.
    """
    data, origin = read_yaml_file(path)
    return _validated(data, origin)


def parse_scenario(text: str, file: str = "scenario.yaml") -> Scenario:
    """The scenario in a text that came from outside: it may not name files of this machine."""
    data, origin = parse_yaml(text, file)
    scenario = _validated(data, origin)
    named = list(_file_references(scenario))
    if named:
        message = "names a file; this works only in a scenario opened from disk"
        raise InputError(
            origin.problem(where, message, path_text(where, scenario.model_dump()))
            for where in named
        )
    return scenario


def _validated(data: Any, origin: Origin) -> Scenario:
    if not isinstance(data, dict):
        raise InputError(
            origin.problem((), "a scenario is a mapping with name, workloads, options")
        )
    data, origin = written_out(data, origin)
    try:
        scenario = Scenario.model_validate(data)
    except ValidationError as error:
        raise InputError(problems_of(error, Scenario, data, origin)) from None
    scenario._origin = origin
    return scenario


def _file_references(scenario: Scenario) -> Iterator[Location]:
    """Places at which a scenario names a file: profile.usage, quality.gate, throughput.bench."""
    for i, workload in enumerate(scenario.workloads):
        if workload.profile is not None and workload.profile.usage is not None:
            yield "workloads", i, "profile", "usage"
        if workload.quality is not None and workload.quality.gate is not None:
            yield "workloads", i, "quality", "gate"
    for i, option in enumerate(scenario.options):
        stated = option.selfhost.throughput if option.selfhost else None
        each = stated.values() if isinstance(stated, dict) else [stated]
        if any(throughput is not None and throughput.bench is not None for throughput in each):
            yield "options", i, "selfhost", "throughput"

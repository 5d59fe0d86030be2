"""The hours behind a profile that names them: a ready one of the book, or the user's request log.

A log (`profile: {usage: file}`) lies beneath the scenario's folder and gives the week's hours, or
the peak where it is shorter than a week, and the burst factor. The volume and the shape of
requests stay as the scenario states them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from costmodel.book import Book
from costmodel.cost.traffic import load_duration_weights
from costmodel.errors import InputError, Problem
from costmodel.pipeline.facts import ProfileFacts
from costmodel.scenario import Profile, Scenario

if TYPE_CHECKING:
    from costmodel.ingest.usage.stats import Usage


def profile_facts(
    scenario: Scenario, frozen: Mapping[str, ProfileFacts], book: Book
) -> dict[str, ProfileFacts]:
    """The hours of every workload whose profile names them: what was frozen, else looked up.

    Raises InputError with each log that cannot be read, or is too short to tell a day's peak.
    """
    found: dict[str, ProfileFacts] = {}
    problems: list[Problem] = []
    for i, workload in enumerate(scenario.workloads):
        profile, kept = workload.profile, frozen.get(workload.name)
        if profile is None:
            continue
        if kept is not None and _still_says(kept, profile):
            found[workload.name] = kept
        elif profile.name is not None:
            found[workload.name] = _ready(profile.name, book)
        elif profile.usage is not None:
            try:
                found[workload.name] = _logged(profile, profile.usage, scenario.origin.folder)
            except InputError as error:
                at = ("workloads", i, "profile", "usage")
                path = f"workloads.{workload.name}.profile.usage"
                problems += [scenario.origin.problem(at, str(p), path) for p in error.problems]
    if problems:
        raise InputError(problems)
    return found


def without_logs(scenario: Scenario, profiles: Mapping[str, ProfileFacts]) -> Scenario:
    """The scenario with profiles that say in numbers what was read from a log."""
    read = {name: facts for name, facts in profiles.items() if facts.log is not None}
    if not read:
        return scenario
    workloads = tuple(
        w.model_copy(update={"profile": _written_out(read[w.name])}) if w.name in read else w
        for w in scenario.workloads
    )
    return scenario.model_copy(update={"workloads": workloads})


def _written_out(facts: ProfileFacts) -> Profile:
    """The profile that says in numbers what was read from a log."""
    ratio = facts.peak_to_mean
    hours = {"hourly": list(facts.hourly)} if ratio is None else {"peak_to_mean": ratio}
    return Profile.model_validate({**hours, "burst_factor": facts.burst_factor})


def _still_says(kept: ProfileFacts, profile: Profile) -> bool:
    """Whether a profile is what the frozen facts were looked up for, or their numbers."""
    if kept.log is None:
        return kept.name == profile.name
    return profile == _written_out(kept)


def _ready(name: str, book: Book) -> ProfileFacts:
    known = book.profile(name)
    return ProfileFacts(
        name=name,
        hourly=known.weights,
        kind=known.kind,
        source=known.source,
        as_of=known.as_of,
    )


def _logged(profile: Profile, name: str, folder: Path | None) -> ProfileFacts:
    from costmodel.ingest.files import beneath

    path = beneath(folder, name)
    try:
        stat = path.stat()
        usage = _usage(path, stat.st_mtime_ns, stat.st_size)
    except FileNotFoundError:
        raise InputError(f"{name}: no such file beside the scenario") from None
    except InputError as error:
        said = "; ".join(str(each).replace(str(path), name) for each in error.problems)
        raise InputError(said) from None
    stats = usage.stats
    if stats.hourly_profile is None and stats.peak_to_mean is None:
        raise InputError(
            f"{name}: covers {stats.span_days:.2g} days and does not tell a day's peak; state "
            "peak_to_mean, or give a log of a day or more"
        )
    ratio = None if stats.hourly_profile is not None else stats.peak_to_mean
    stated = "burst_factor" in profile.model_fields_set or stats.burst_factor is None
    return ProfileFacts(
        name="log",
        log=name,
        hourly=stats.hourly_profile or tuple(load_duration_weights(ratio or 1.0).tolist()),
        peak_to_mean=ratio,
        burst_factor=profile.burst_factor.value if stated else stats.burst_factor,
        kind="measured",
        source=f"{name}: {usage.counted} over {stats.span_days:,.3g} days",
        as_of=_day(usage.last),
    )


def _day(instant: str | None) -> date | None:
    return date.fromisoformat(instant[:10]) if instant else None


@lru_cache(maxsize=16)
def _usage(path: Path, _changed_at: int, _size: int) -> Usage:
    """A log is read once, however often the scenario around it is worked out."""
    from costmodel.ingest.usage.read import read_usage

    return read_usage(path)

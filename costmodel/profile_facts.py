"""How a workload's traffic varies, from a scenario's own request log: `profile: {usage: file}`.

The log lies beneath the scenario's folder and gives the week's hours or the peak, and the burst
factor; the volume and the shape of requests stay as the scenario states them.
"""

from __future__ import annotations

from costmodel.errors import InputError, Problem
from costmodel.scenario import Profile, Scenario


def with_logged_profiles(scenario: Scenario) -> Scenario:
    """The scenario with each log in place of a profile read; itself where it names none.

    Raises InputError where a log cannot be read, or is too short to tell a day's peak.
    """
    if not any(w.profile is not None and w.profile.usage for w in scenario.workloads):
        return scenario
    problems: list[Problem] = []
    workloads = []
    for workload in scenario.workloads:
        try:
            profile = _read(workload.profile, scenario)
        except InputError as error:
            path = f"workloads.{workload.name}.profile.usage"
            problems += [Problem(str(problem), path=path) for problem in error.problems]
            continue
        workloads.append(workload.model_copy(update={"profile": profile}))
    if problems:
        raise InputError(problems)
    return scenario.model_copy(update={"workloads": tuple(workloads)})


def _read(profile: Profile | None, scenario: Scenario) -> Profile | None:
    if profile is None or profile.usage is None:
        return profile
    from costmodel.ingest.files import beneath
    from costmodel.ingest.usage import read_usage

    path = beneath(scenario.origin.folder, profile.usage)
    try:
        usage = read_usage(path)
    except InputError as error:
        said = "; ".join(str(each).replace(str(path), profile.usage) for each in error.problems)
        raise InputError(said) from None
    varies = usage.workload.get("profile", {})
    if not varies.keys() & {"hourly", "peak_to_mean"}:
        raise InputError(
            f"{profile.usage}: covers {usage.stats.span_days:.2g} days and does not tell a day's "
            "peak; state peak_to_mean, or give a log of a day or more"
        )
    if "burst_factor" in profile.model_fields_set:
        varies = {**varies, "burst_factor": profile.burst_factor}
    return Profile.model_validate(varies)

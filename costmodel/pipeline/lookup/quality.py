"""Whether an option's answers are good enough for a workload: the book, the user, or a gate.

`min_retention` asks the quality book, which compares precisions of one model only; `accepts`
is the user's own word; `gate` reads evaluations beneath the scenario's folder. What is not known
to be good enough does not stand, and the reason says what would settle it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping

from costmodel.book import load_book
from costmodel.errors import InputError, Problem, UnknownIdError
from costmodel.pipeline.facts import OptionFacts, QualityFacts, WorkloadQuality
from costmodel.quality.published import Evidence, evidence, family
from costmodel.quantity.units import BILLION
from costmodel.scenario import Gate, Option, Scenario, Workload
from costmodel.scenario.yamlfile import Location, path_text


def quality_facts(
    scenario: Scenario,
    options: Mapping[str, OptionFacts],
    frozen: Mapping[str, WorkloadQuality],
) -> dict[str, WorkloadQuality]:
    """The standing of every API and self-hosted option, by workload that asks for quality.

    Raises InputError, each with its place, for an unknown task family and for gates whose files
    cannot be read or compared.
    """
    found: dict[str, WorkloadQuality] = {}
    problems: list[Problem] = []
    for i, workload in enumerate(scenario.workloads):
        if workload.quality is None:
            continue
        mark = _mark(workload, scenario)
        kept = frozen.get(workload.name)
        if kept is not None and kept.of == mark:
            found[workload.name] = kept
            continue
        try:
            found[workload.name] = _of_workload(workload, scenario, options, mark)
        except UnknownIdError as error:
            problems.extend(_placed(error, scenario, ("workloads", i, "task")))
        except InputError as error:
            problems.extend(_placed(error, scenario, ("workloads", i, "quality", "gate")))
    if problems:
        raise InputError(problems)
    return found


def _placed(error: InputError, scenario: Scenario, location: Location) -> Iterator[Problem]:
    path = path_text(location, scenario.model_dump())
    for each in error.problems:
        words = ": ".join(part for part in (each.file, each.message) if part)
        yield scenario.origin.problem(location, words, path)


def _mark(workload: Workload, scenario: Scenario) -> str:
    """What the standing depends on, as a short hash."""
    single = [o.model_dump(mode="json") for o in scenario.options if o.single]
    asked = workload.quality.model_dump(mode="json") if workload.quality else None
    text = json.dumps([workload.task, asked, single], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _of_workload(
    workload: Workload, scenario: Scenario, options: Mapping[str, OptionFacts], mark: str
) -> WorkloadQuality:
    asked = workload.quality
    assert asked is not None
    floor = asked.min_retention.value if asked.min_retention else None
    if floor is not None and workload.task is not None:
        family(workload.task)
    gated = _gated(asked.gate, scenario) if asked.gate is not None else {}
    found: dict[str, QualityFacts] = {}
    for option in scenario.options:
        if option.single is None:
            continue
        if asked.accepts is not None and option.name in asked.accepts:
            found[option.name] = _accepted()
        elif asked.gate is not None:
            found[option.name] = gated.get(option.name) or _untested(option, asked.gate)
        elif floor is not None:
            found[option.name] = _by_book(option, workload, floor, options[option.name])
        else:
            found[option.name] = _fact(False, "not accepted", "", "the scenario: accepts")
    margin = asked.gate.margin.value if asked.gate else None
    return WorkloadQuality(of=mark, floor=floor, margin=margin, options=found)


def _fact(stands: bool, standing: str, reason: str, source: str) -> QualityFacts:
    return QualityFacts(
        stands=stands, standing=standing, reason=reason, kind="assumed", source=source
    )


def _accepted() -> QualityFacts:
    return _fact(True, "accepted", "accepted", "the scenario: accepts")


# ------------------------------------------------------------------------------------ the book


def _by_book(option: Option, workload: Workload, floor: float, facts: OptionFacts) -> QualityFacts:
    """What published rows say about the precision an option serves."""
    precision = _precision(option, facts)
    if isinstance(precision, str):
        return _fact(False, "not established", f"{precision}; or list it under accepts", "none")
    if precision is None:
        return _fact(True, "reference", "served as its maker serves it", "the endpoint")
    weights, kv_dtype, params_b, released_in = precision
    known = {"kv_dtype": kv_dtype, "params_b": params_b, "released_in": released_in}
    if workload.task is None:
        found = evidence(weights, "knowledge", floor, **known)
        if found.standing != "reference":
            return _fact(False, "no data", "no data, because the workload names no task", "none")
    else:
        found = evidence(weights, workload.task, floor, **known)
    return _from_book(found, floor)


def _from_book(found: Evidence, floor: float) -> QualityFacts:
    stands = found.standing in ("reference", "likely")
    silent = found.standing in ("reference", "no data")
    against = found.standing if silent else f"{found.standing} to keep {floor:.0%}"
    reason = f"{against} ({found.words})"
    dates = [cell.as_of for cell in found.cells if cell.as_of is not None]
    sources = dict.fromkeys(source for cell in found.cells for source in cell.sources)
    return QualityFacts(
        stands=stands,
        standing=found.standing,
        reason=reason,
        kind="estimated" if found.cells else "assumed",
        source=_some(list(sources)) or "the book has no rows",
        as_of=max(dates, default=None),
    )


def _some(sources: list[str], most: int = 4) -> str:
    more = f" and {len(sources) - most} more" if len(sources) > most else ""
    return "; ".join(sources[:most]) + more


Precision = tuple[str, str | None, float | None, str]
"""Weight format, KV format, billions of parameters, format the model was released in."""


def _precision(option: Option, facts: OptionFacts) -> Precision | str | None:
    """What an option serves; None for a closed model, a text that says what is not known."""
    if option.selfhost is not None:
        if option.selfhost.format is None:
            return "its format is not stated: say model and format"
        weights = load_book().format(option.selfhost.format).id
        params_b, released_in = _model(option.selfhost.model, facts)
        return weights, option.selfhost.kv_dtype, params_b, released_in
    stated = stated_precision(option, facts)
    if stated is None:
        listed = facts.endpoint is not None
        if facts.endpoint is not None and not facts.endpoint.open_weights:
            return None
        weights = "it serves open weights and its" if listed else "its"
        return f"{weights} precision is not stated: say precision"
    try:
        return load_book().format(stated).id, None, None, "bf16"
    except UnknownIdError:
        return f"nothing is known about the precision {stated!r} it states"


def stated_precision(option: Option, facts: OptionFacts) -> str | None:
    """The weight format an option serves: as the scenario states it, else as the book lists it."""
    if option.selfhost is not None:
        return option.selfhost.format
    own = option.api.precision if option.api else None
    return own or (facts.price.precision if facts.price else None)


def precision_words(option: Option, facts: OptionFacts) -> str:
    """The precision an option serves, in words; the same wherever it is shown."""
    unknown = "its API's or its own" if option.hybrid else "not stated"
    weights = stated_precision(option, facts) or unknown
    cache = option.selfhost.kv_dtype if option.selfhost else None
    return f"{weights}, {cache} KV" if cache else weights


def _model(name: str | None, facts: OptionFacts) -> tuple[float | None, str]:
    """Billions of parameters, and the format the model was released in."""
    architecture = (facts.fleet.architecture if facts.fleet else None) or {}
    parameters = architecture.get("parameters")
    book = load_book()
    released_in = book.model(name).released_in if name and name in book.models else "bf16"
    return (parameters / BILLION if parameters else None), released_in


# ------------------------------------------------------------------------------------- the gate


def _gated(asked: Gate, scenario: Scenario) -> dict[str, QualityFacts]:
    """The verdict on every option whose evaluation the gate names."""
    from costmodel.ingest.files import beneath
    from costmodel.quality.gate import gate, sentence

    folder = scenario.origin.folder
    baseline = asked.baseline
    (base,) = baseline.values() if isinstance(baseline, dict) else (baseline,)
    candidates = asked.candidate
    if isinstance(candidates, str):
        candidates = {_only_fleet(scenario): candidates}
    found: dict[str, QualityFacts] = {}
    for name, file in candidates.items():
        verdict = gate(
            beneath(folder, base),
            beneath(folder, file),
            margin=asked.margin.value,
            metric=asked.metric,
        )
        found[name] = QualityFacts(
            stands=verdict.passed,
            standing=verdict.verdict,
            reason=sentence(verdict),
            kind="measured",
            source=f"{file} against {base}",
        )
    return found


def _only_fleet(scenario: Scenario) -> str:
    fleets = [option.name for option in scenario.options if option.kind == "selfhost"]
    if len(fleets) != 1:
        shown = f"{{{fleets[0]}: file, ...}}" if fleets else "{option: file}"
        raise InputError(
            f"candidate names a file but not its option, and there are {len(fleets)} self-hosted "
            f"ones: say candidate: {shown}"
        )
    return fleets[0]


def _untested(option: Option, asked: Gate) -> QualityFacts:
    """An option without an evaluation: the baseline stands, everything else does not."""
    baseline = asked.baseline
    is_baseline = option.name in baseline if isinstance(baseline, dict) else option.kind == "api"
    if is_baseline:
        return _fact(True, "reference", "the gate's baseline", "the scenario: gate")
    return _fact(False, "no data", "no evaluation of it is named in the gate", "the scenario: gate")

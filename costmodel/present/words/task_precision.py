"""Precision as a decision per task: what serves each workload, and what is known of the rest.

Reads the quality facts that a report carries; it decides nothing, and where no workload asks for a
quality there is nothing to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from costmodel.pipeline.facts import QualityFacts, WorkloadQuality
from costmodel.pipeline.report import Report
from costmodel.quantity.words import percent
from costmodel.scenario import SelfHost


@dataclass(frozen=True)
class TaskPrecision:
    """What serves one workload, and what is known of the rest."""

    task: str
    served_by: str
    precision: str
    known: str
    also: str
    not_yet: str


def precision_rows(report: Report) -> list[TaskPrecision]:
    """One row per workload that asks for quality; empty where none does."""
    return [_task(report, name, known) for name, known in report.facts.quality.items()]


def _task(report: Report, name: str, known: WorkloadQuality) -> TaskPrecision:
    server = _server(report, name)
    fact = known.options.get(server) if server else None
    rest = {option: each for option, each in known.options.items() if option != server}
    workload = report.inputs.workload(name)
    task = f"{name}: {workload.task}" if workload.task else name
    words = (fact.reason or fact.standing) if fact else "no option stands for it"
    return TaskPrecision(
        task=f"{task}, keeps {percent(known.floor)}" if known.floor else task,
        served_by=server or "none",
        precision=precision_of(report, server) if server else "–",
        known=f"{fact.kind}: {words}" if fact else words,
        also=", ".join(o for o, each in rest.items() if each.stands) or "–",
        not_yet=_by_standing(rest) or "–",
    )


def _by_standing(facts: Mapping[str, QualityFacts]) -> str:
    """Options that do not stand, by what is known of them."""
    names: dict[str, list[str]] = {}
    for option, each in facts.items():
        if not each.stands:
            names.setdefault(each.standing, []).append(option)
    return "; ".join(f"{standing}: {', '.join(found)}" for standing, found in names.items())


def _server(report: Report, workload: str) -> str | None:
    """The option behind the recommended one that serves a workload."""
    name = report.recommendation.option
    return None if name is None else report.inputs.option(name).servers(workload)[0]


def precision_of(report: Report, name: str) -> str:
    """The weight format an option serves, as far as it is said."""
    option = report.inputs.option(name)
    if option.selfhost is not None:
        return f"{option.selfhost.format or 'not stated'}{_kv(option.selfhost)}"
    return (option.api.precision if option.api else None) or "not published"


def _kv(own: SelfHost) -> str:
    return f", KV cache {own.kv_dtype}" if own.kv_dtype else ""


def precision_title(rows: Sequence[TaskPrecision]) -> str:
    """How many tasks are served on evidence."""
    measured = sum(row.known.startswith(("measured", "estimated")) for row in rows)
    if len(rows) == 1:
        return "The precision of the one task here " + (
            "rests on measurements." if measured else "rests on what the scenario accepts."
        )
    if not measured:
        return f"Precision is decided per task: {len(rows)} tasks, on what the scenario accepts."
    of = f"{measured} of {len(rows)}"
    return f"Precision is decided per task: {of} tasks rest on published or own measurements."

"""Precision as a decision per task: what serves each workload, and what is known of the rest.

Reads the quality facts that a report carries; it decides nothing, and where no workload asks for a
quality there is nothing to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from costmodel.pipeline.report import Report
from costmodel.quantity.words import percent


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
    known = (report.frozen.get("resolved") or {}).get("quality") or {}
    workloads = {w["name"]: w for w in report.frozen.get("workloads", ())}
    return [
        _task(report, name, workloads.get(name, {}), facts["options"])
        for name, facts in known.items()
    ]


def _task(
    report: Report, name: str, workload: Mapping[str, Any], facts: Mapping[str, Mapping[str, Any]]
) -> TaskPrecision:
    server = _server(report, name)
    fact = facts.get(server or "", {})
    rest = {option: each for option, each in facts.items() if option != server}
    task = f"{name}: {workload['task']}" if workload.get("task") else name
    floor = ((workload.get("quality") or {}).get("min_retention") or {}).get("value")
    words = fact.get("reason") or fact.get("standing") or "no option stands for it"
    return TaskPrecision(
        task=f"{task}, keeps {percent(floor)}" if floor else task,
        served_by=server or "none",
        precision=precision_of(report, server) if server else "–",
        known=f"{fact['kind']}: {words}" if fact else words,
        also=", ".join(o for o, each in rest.items() if each["stands"]) or "–",
        not_yet=_by_standing(rest) or "–",
    )


def _by_standing(facts: Mapping[str, Mapping[str, Any]]) -> str:
    """Options that do not stand, by what is known of them."""
    names: dict[str, list[str]] = {}
    for option, each in facts.items():
        if not each["stands"]:
            names.setdefault(each["standing"], []).append(option)
    return "; ".join(f"{standing}: {', '.join(found)}" for standing, found in names.items())


def _server(report: Report, workload: str) -> str | None:
    """The option behind the recommended one that serves a workload."""
    name = report.recommendation.option
    if name is None:
        return None
    stated = _stated(report, name)
    if stated.get("mix"):
        return stated["mix"].get(workload)
    return stated["hybrid"]["selfhost"] if stated.get("hybrid") else name


def precision_of(report: Report, name: str) -> str:
    """The weight format an option serves, as far as it is said."""
    stated = _stated(report, name)
    own, api = stated.get("selfhost"), stated.get("api")
    if own:
        return f"{own.get('format') or 'not stated'}{_kv(own)}"
    return (api or {}).get("precision") or "not published"


def _kv(own: Mapping[str, Any]) -> str:
    return f", KV cache {own['kv_dtype']}" if own.get("kv_dtype") else ""


def _stated(report: Report, name: str) -> dict[str, Any]:
    return next((dict(o) for o in report.frozen.get("options", ()) if o["name"] == name), {})


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

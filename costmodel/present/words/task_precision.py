"""Precision as a decision per task: what serves each workload, and what is known of the rest.

Reads the quality facts that a report carries; it decides nothing, and where no workload asks for a
quality there is nothing to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from costmodel.pipeline.facts import QualityFacts, WorkloadQuality
from costmodel.pipeline.lookup.quality import precision_words
from costmodel.pipeline.report import Report
from costmodel.quantity.answer import Column, Table
from costmodel.quantity.words import percent


def task_precision(report: Report) -> Table:
    """A row for every workload that asks for quality; empty where none does."""
    known = report.facts.quality
    served = {name: _server(report, name) for name in known}
    facts = [known[name].options.get(server or "") for name, server in served.items()]
    return Table.of(
        (
            Column("Task"),
            Column("Served by", missing="none"),
            Column("Precision"),
            Column("What is known of it"),
            Column("Would also do"),
            Column("Would not, or not yet"),
        ),
        (
            _row(report, name, known[name], server, fact)
            for (name, server), fact in zip(served.items(), facts, strict=True)
        ),
        _title(facts),
    )


def _row(
    report: Report,
    name: str,
    known: WorkloadQuality,
    server: str | None,
    fact: QualityFacts | None,
) -> tuple[str | None, ...]:
    rest = {option: each for option, each in known.options.items() if option != server}
    workload = report.inputs.workload(name)
    task = f"{name}: {workload.task}" if workload.task else name
    return (
        f"{task}, keeps {percent(known.floor)}" if known.floor else task,
        server,
        precision_words(report.inputs.option(server), report.facts.options[server])
        if server
        else None,
        f"{fact.kind}: {fact.words}" if fact else "no option stands for it",
        ", ".join(option for option, each in rest.items() if each.stands) or None,
        _by_standing(rest) or None,
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


def _title(facts: Sequence[QualityFacts | None]) -> str:
    """How many tasks are served on evidence."""
    measured = sum(fact is not None and fact.kind in ("measured", "estimated") for fact in facts)
    if len(facts) == 1:
        return "The precision of the one task here " + (
            "rests on measurements." if measured else "rests on what the scenario accepts."
        )
    if not measured:
        return f"Precision is decided per task: {len(facts)} tasks, on what the scenario accepts."
    of = f"{measured} of {len(facts)}"
    return f"Precision is decided per task: {of} tasks rest on published or own measurements."

"""EvalPlus: `*_eval_results.json`, with base tests and, where run, the extended ones.

A task counts as solved under `plus` when it passes both. Several samples of a task are averaged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from costmodel.ingest.bench.records import Record
from costmodel.ingest.evals.runs import EvalItem, EvalRun, no_answers, run_of, text_settings

TOOL = "EvalPlus"


def reads(record: Record) -> bool:
    """Whether this is a result file of EvalPlus."""
    tasks = record.get("eval")
    first = next(iter(tasks.values()), None) if isinstance(tasks, Mapping) else None
    return record.has("hash") and isinstance(first, list | Mapping)


def runs(record: Record) -> Iterator[EvalRun]:
    """A run under the base tests, and one under base and extended tests."""
    tasks: Mapping[str, Any] = record.get("eval")
    samples = [(task, sample) for task, given in tasks.items() for sample in _samples(given)]
    if not samples:
        raise record.wrong("holds no tasks", "eval")
    if all(not str(sample.get("solution", "?")).strip() for _, sample in samples):
        raise no_answers(record.file, len(tasks), "every solution is empty")
    names = {task.partition("/")[0] for task in tasks}
    task = names.pop() if len(names) == 1 else ""
    settings = text_settings(
        **{"data set hash": record.get("hash"), "samples a task": _attempts(tasks)}
    )
    extended = all(sample.get("plus_status") is not None for _, sample in samples)
    for metric, statuses in (
        ("base", ("base_status",)),
        ("plus", ("base_status", "plus_status")),
    ):
        if metric == "base" or extended:
            items = [_item(name, sample, statuses, record) for name, sample in samples]
            yield run_of(
                items, tool=TOOL, file=record.file, task=task, metric=metric, settings=settings
            )


def _samples(given: Any) -> list[Mapping[str, Any]]:
    listed = given if isinstance(given, list) else [given]
    return [each for each in listed if isinstance(each, Mapping)]


def _attempts(tasks: Mapping[str, Any]) -> str:
    counts = sorted({len(_samples(given)) for given in tasks.values()})
    return ", ".join(map(str, counts))


def _item(
    task: str, sample: Mapping[str, Any], statuses: tuple[str, ...], record: Record
) -> EvalItem:
    found = [sample.get(name) for name in statuses]
    if any(status not in ("pass", "fail", "timeout") for status in found):
        raise record.wrong(f"must be pass, fail or timeout, not {found}", f"eval.{task}")
    return EvalItem(task, float(all(status == "pass" for status in found)))

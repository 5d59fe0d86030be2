"""lm-evaluation-harness: `samples_<task>_<time>.jsonl` item by item, `results_<time>.json` totals.

A samples file says nothing of shots, limits and versions; they come from the results file of the
same run where it lies beside it. It has a line per item *and* filter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from costmodel.ingest.bench.records import Record
from costmodel.ingest.evals.runs import EvalItem, EvalRun, mark_of, no_answers, run_of, score_of

TOOL = "lm-evaluation-harness"
_SAMPLES_NAME = re.compile(r"samples_(?P<task>.+)_(?P<time>\d{4}-\d\d-\d\dT[\d.:-]+)\.jsonl$")


def reads_samples(record: Record) -> bool:
    """Whether this is a line of a samples file."""
    return record.has("doc_id", "filter", "metrics")


def samples(records: Sequence[Record], path: Path | None) -> Iterator[EvalRun]:
    """A run per metric and filter."""
    task, settings = _beside(path)
    kept: dict[str, list[EvalItem]] = {}
    answers: list[Any] = []
    for record in records:
        if not reads_samples(record):
            raise record.wrong("is not a line of an lm-evaluation-harness samples file")
        answers.append(record.get("resps"))
        for metric in record.get("metrics") or ():
            name = f"{metric},{record.text('filter')}"
            kept.setdefault(name, []).append(_item(record, str(metric)))
    if answers and all(_is_silent(each) for each in answers):
        raise no_answers(records[0].file, len(answers), "every response is empty")
    _refuse_repeats(records)
    for name, items in kept.items():
        yield run_of(
            items, tool=TOOL, file=records[0].file, task=task, metric=name, settings=settings
        )


def _item(record: Record, metric: str) -> EvalItem:
    hashes = [record.text(name) for name in ("doc_hash", "prompt_hash", "target_hash")]
    mark = mark_of(hashes) if any(hashes) else ""
    value = record.get(metric)
    if isinstance(value, list | Mapping):
        raise record.wrong(f"{metric} is summed over the whole task and has no score per item")
    try:
        score = score_of(value)
    except ValueError as error:
        raise record.wrong(str(error), metric) from None
    return EvalItem(record.text("doc_id"), score, "" if score is not None else "NaN", mark)


def _is_silent(responses: Any) -> bool:
    """Whether a generated answer is empty; of a choice by likelihood there always is one."""
    if isinstance(responses, list):
        return all(_is_silent(each) for each in responses)
    return isinstance(responses, str) and not responses.strip()


def _refuse_repeats(records: Sequence[Record]) -> None:
    seen: dict[tuple[str, str], Record] = {}
    for record in records:
        key = record.text("doc_id"), record.text("filter")
        if key in seen:
            raise record.wrong(
                f"repeats doc_id {key[0]} of line {seen[key].line}: are two runs in one file?"
            )
        seen[key] = record


def _beside(path: Path | None) -> tuple[str, dict[str, str]]:
    """Task and settings of a samples file, by its name and the results file beside it."""
    named = _SAMPLES_NAME.match(path.name) if path is not None else None
    if named is None or path is None:
        return "", {}
    task, results = named["task"], path.with_name(f"results_{named['time']}.json")
    try:
        data = json.loads(results.read_text(encoding="utf-8")) if results.is_file() else {}
    except (OSError, ValueError, RecursionError):
        data = {}
    return task, settings_of(data, task) if isinstance(data, Mapping) else {}


def settings_of(data: Mapping[str, Any], task: str) -> dict[str, str]:
    """What must agree between two runs of a task."""

    def of(*path: str) -> Any:
        value: Any = data
        for key in path:
            value = value.get(key) if isinstance(value, Mapping) else None
        return value

    settings = {
        "task version": of("versions", task),
        "shots": of("n-shot", task),
        "task hash": of("task_hashes", task),
        "harness version": of("lm_eval_version"),
        "generation": of("configs", task, "generation_kwargs"),
        "items in the task": of("n-samples", task, "original"),
    }
    stated = {name: str(value) for name, value in settings.items() if value is not None}
    return stated | ({"limit": str(of("config", "limit"))} if of("config") else {})


def reads_results(record: Record) -> bool:
    """Whether this is a results file."""
    return record.has("results", "configs", "n-samples") or record.has("results", "lm_eval_version")


def results(record: Record) -> Iterator[EvalRun]:
    """A run per task and metric, totals only."""
    model = record.text("model_name") or record.text("config", "model")
    for task, figures in (record.get("results") or {}).items():
        for name, value in figures.items() if isinstance(figures, Mapping) else ():
            metric = name.partition(",")[0]
            if name in ("alias", "sample_len") or metric.endswith("_stderr"):
                continue
            n = record.count("n-samples", task, "effective")
            if isinstance(value, int | float) and n:
                better = record.get("higher_is_better", task, metric)
                yield EvalRun(
                    TOOL,
                    record.file,
                    task,
                    name,
                    model=model,
                    settings=settings_of(record.data, task),
                    mean=score_of(value),
                    n=n,
                    lower_is_better=better is False,
                )

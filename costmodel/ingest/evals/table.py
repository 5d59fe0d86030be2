"""A table of item and score, as CSV or JSON lines: the way in for every tool not read by name.

Files of lighteval, DeepEval, Ragas and others are recognised and answered with the line that
turns them into such a table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from costmodel.errors import InputError, Problem
from costmodel.ingest.bench.records import Record
from costmodel.ingest.evals.runs import EvalItem, EvalRun, mark_of, run_of, score_of

TOOL = "table"

ITEM = ("item", "id", "item_id", "task_id", "question_id", "doc_id", "sample_id")
SCORE = ("score", "correct", "passed", "success", "is_correct")
ERROR = ("error", "exception")
QUESTION = ("question", "input", "prompt")
ABOUT = ("task", "model", "metric")

CONVERSIONS = {
    "lighteval": (
        'pandas.read_parquet("details_TASK_TIME.parquet").assign(item=lambda t: '
        't.doc.str["id"], score=lambda t: t.metric.str["METRIC"])[["item", "score"]]'
        '.to_csv("run.csv")'
    ),
    "DeepEval": (
        'pandas.DataFrame([{"item": c["name"], "score": c["metricsData"][0]["score"]} for c in '
        'json.load(open("test_run.json"))["testCases"]]).to_csv("run.csv")'
    ),
    "Ragas": (
        'result.to_pandas().rename(columns={"user_input": "item", "METRIC": "score"})'
        '[["item", "score"]].to_csv("run.csv")'
    ),
}
"""One line of Python that turns each tool's result into a table read here."""

WANTED = (
    "a CSV or JSONL file with an item and a score per row (columns "
    f"{' | '.join(ITEM[:3])} and {' | '.join(SCORE[:3])})"
)


def reads(record: Record) -> bool:
    """Whether this is a row of such a table."""
    return _first(record, ITEM) is not None and _first(record, SCORE) is not None


def _first(record: Record, names: Sequence[str]) -> str | None:
    return next((name for name in names if name in record.data), None)


def runs(records: Sequence[Record]) -> Iterator[EvalRun]:
    """A run per task, model and metric that the rows name."""
    kept: dict[tuple[str, ...], list[EvalItem]] = {}
    seen: dict[tuple[str, ...], int | None] = {}
    problems: list[Problem] = []
    for record in records:
        about = tuple(record.text(name) for name in ABOUT)
        try:
            item = _item(record)
        except InputError as error:
            problems.extend(error.problems)
            continue
        place = (*about, item.key, record.text("epoch"))
        if place in seen:
            message = f"repeats item {item.key!r} of line {seen[place]}; say epoch for attempts"
            problems.extend(record.wrong(message).problems)
        seen[place] = record.line
        kept.setdefault(about, []).append(item)
    if problems:
        raise InputError(problems)
    for (task, model, metric), items in kept.items():
        yield run_of(
            items,
            tool=TOOL,
            file=records[0].file,
            task=task,
            metric=metric or _first(records[0], SCORE) or "score",
            model=model,
        )


def _item(record: Record) -> EvalItem:
    name, score = _first(record, ITEM), _first(record, SCORE)
    key = record.text(name) if name else ""
    if not key or score is None:
        raise record.wrong(f"needs an item and a score: {WANTED}")
    question, failure = _first(record, QUESTION), _first(record, ERROR)
    mark = mark_of(record.get(question)) if question else ""
    reason = record.get(failure) if failure else None
    if reason not in (None, "", False):
        return EvalItem(key, None, str(reason), mark)
    try:
        number = score_of(record.get(score))
    except ValueError as error:
        raise record.wrong(str(error), score) from None
    return EvalItem(key, number, "" if number is not None else "no score", mark)


def foreign(record: Record) -> tuple[str, str] | None:
    """A tool whose files need a line of conversion first, and that line; None for the rest."""
    data: Any = record.data
    if "testCases" in data or "testRunData" in data or "test_cases_lookup_map" in data:
        return "DeepEval", CONVERSIONS["DeepEval"]
    if "config_general" in data:
        return "lighteval", CONVERSIONS["lighteval"]
    if "user_input" in data and "response" in data:
        return "Ragas", CONVERSIONS["Ragas"]
    return None

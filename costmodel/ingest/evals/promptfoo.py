"""promptfoo: `--output` as JSON, as JSON lines, and as CSV, with one run per provider and prompt.

A test that ended in an error is told apart from one that failed. In CSV the columns of every
provider repeat under the same names.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from costmodel.errors import InputError, Problem
from costmodel.ingest.bench.records import Record
from costmodel.ingest.evals.runs import EvalItem, EvalRun, mark_of, run_of, score_of

TOOL = "promptfoo"
PASSED, SCORE = "pass", "score"
ERROR = 2
"""`failureReason` of a test whose request or assertion broke; 0 none, 1 an assertion."""


def reads(record: Record) -> bool:
    """Whether this is a whole output file."""
    return isinstance(record.get("results", "results"), list)


def runs(record: Record) -> Iterator[EvalRun]:
    """Runs of a JSON file."""
    rows = [
        Record(row, record.file, f"[{i}]")
        for i, row in enumerate(record.get("results", "results"))
        if isinstance(row, dict)
    ]
    if not rows:
        raise record.wrong("holds no results", "results.results")
    yield from _runs(rows)


def reads_line(record: Record) -> bool:
    """Whether this is a line of a JSONL file."""
    return record.has("testIdx", "success") or record.has("testCase", "success", "provider")


def line_runs(records: Sequence[Record]) -> Iterator[EvalRun]:
    """Runs of a JSONL file."""
    wrong = next((record for record in records if not reads_line(record)), None)
    if wrong is not None:
        raise wrong.wrong("is not a result of promptfoo, as the lines before it are")
    yield from _runs(records)


def _runs(rows: Sequence[Record]) -> Iterator[EvalRun]:
    kept: dict[tuple[str, str], list[EvalItem]] = {}
    for i, row in enumerate(rows):
        label = _label(row, rows)
        kept.setdefault((label, PASSED), []).append(_item(row, i, row.get("success")))
        kept.setdefault((label, SCORE), []).append(_item(row, i, row.get("score")))
        for name, value in (row.get("namedScores") or {}).items():
            kept.setdefault((label, str(name)), []).append(_item(row, i, value))
    yield from _finished(kept, rows[0].file)


def _finished(kept: dict[tuple[str, str], list[EvalItem]], file: str) -> Iterator[EvalRun]:
    for (label, metric), items in kept.items():
        yield run_of(items, tool=TOOL, file=file, task="", metric=metric, model=label)


def _label(row: Record, rows: Sequence[Record]) -> str:
    """The provider, and the prompt where several are compared."""
    provider = row.get("provider")
    name = provider if isinstance(provider, str) else ""
    name = name or row.text("provider", "label") or row.text("provider", "id")
    prompts = {str(each.get("promptIdx")) for each in rows}
    several = len(prompts) > len({str(each.get("provider")) for each in rows})
    return f"{name} [prompt {row.get('promptIdx')}]" if several else name


def _item(row: Record, i: int, value: Any) -> EvalItem:
    test = row.get("testIdx")
    key = str(i if test is None else test)
    tested = row.get("testCase", "vars") or row.get("vars")
    mark = mark_of(tested, row.get("testCase", "assert"))
    broken = row.get("failureReason") == ERROR or (
        row.get("failureReason") is None and row.get("error") and not row.get("gradingResult")
    )
    if broken:
        words = row.text("error") or row.text("response", "error") or "error"
        return EvalItem(key, None, words, mark)
    try:
        return EvalItem(key, score_of(value), mark=mark)
    except ValueError as error:
        raise row.wrong(str(error)) from None


# ------------------------------------------------------------------------------------------- CSV


def reads_header(header: Sequence[str]) -> bool:
    """Whether this is the header of promptfoo's CSV."""
    return any(header[i : i + 2] == ["Status", "Score"] for i in range(len(header)))


def table_runs(rows: Sequence[tuple[int, list[str]]], file: str) -> Iterator[EvalRun]:
    """Runs of a CSV file given as (line, cells), header first."""
    (_, header), *body = rows
    starts = [i - 1 for i in range(1, len(header)) if header[i : i + 2] == ["Status", "Score"]]
    kept: dict[tuple[str, str], list[EvalItem]] = {}
    for line, cells in body:
        if len(cells) != len(header):
            message = f"has {len(cells)} fields where the header has {len(header)}"
            raise InputError(Problem(message, "", file, line))
        mark = mark_of(cells[: starts[0]])
        for start, end in zip(starts, [*starts[1:], len(header)], strict=True):
            names, values = header[start:end], cells[start:end]
            for metric, value in _scores(names, values):
                item = _cell(str(line), values[1], value, mark, Problem("", "", file, line))
                kept.setdefault((_prompt_label(names[0]), metric), []).append(item)
    if not body:
        raise InputError(Problem("holds no tests", file=file))
    yield from _finished(kept, file)


def _prompt_label(head: str) -> str:
    """The label in `[label] prompt`.

    >>> _prompt_label("[awq-int4] {{q}}")
    'awq-int4'
    """
    label, found, _ = head.removeprefix("[").partition("]")
    return label if head.startswith("[") and found else head


def _scores(names: Sequence[str], values: Sequence[str]) -> Iterator[tuple[str, Any]]:
    yield PASSED, values[1]
    yield SCORE, values[2]
    named: Any = {}
    if "Named Scores" in names and values[names.index("Named Scores")]:
        try:
            named = json.loads(values[names.index("Named Scores")])
        except ValueError:
            named = {}
    columns = {
        name.removeprefix("Metric: "): value
        for name, value in zip(names, values, strict=True)
        if name.startswith("Metric: ")
    }
    yield from (columns | (named if isinstance(named, dict) else {})).items()


def _cell(key: str, status: str, value: Any, mark: str, place: Problem) -> EvalItem:
    if status.strip().upper() == "ERROR":
        return EvalItem(key, None, "ERROR", mark)
    try:
        return EvalItem(key, score_of(value), mark=mark)
    except ValueError as error:
        raise InputError(Problem(str(error), "", place.file, place.line)) from None

"""Results of evaluation tools, item by item: lm-evaluation-harness, Inspect, promptfoo, EvalPlus.

The tool is told from a file's content. Everything else comes as a table of item and score. A
file that is not understood in full is refused in full, by name and line.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

from costmodel.errors import InputError, Problem
from costmodel.ingest.bench.records import Record, records
from costmodel.ingest.evals import evalplus as eval_evalplus
from costmodel.ingest.evals import inspect as eval_inspect
from costmodel.ingest.evals import lm as eval_lm
from costmodel.ingest.evals import promptfoo as eval_promptfoo
from costmodel.ingest.evals import table as eval_table
from costmodel.ingest.evals.runs import EvalRun, Evals, answered
from costmodel.ingest.files import checked_bytes, decoded

MOST_BYTES = 300_000_000
"""The largest file that is read. Samples of fourteen thousand items have some tens of MB."""

TOOLS = (
    "lm-evaluation-harness (samples and results), Inspect (.json, .eval), promptfoo (json, jsonl, "
    "csv), EvalPlus"
)

PARQUET = b"PAR1"


def read_eval(path: str | Path) -> Evals:
    """The evaluation runs in a result file, by model, task and metric.

    Args:
        path: a result file of any of the tools, or a table of item and score.

    Returns:
        Every run with its items, or with totals where the file has no more.

    Raises:
        InputError: for a file that is missing, cut off, of another tool, or in which every
            request failed.

    """
    path = Path(path)
    data = checked_bytes(path, str(path), MOST_BYTES)
    return evals_of(data, str(path), path)


def evals_of(data: bytes, file: str, path: Path | None = None) -> Evals:
    """The runs in the bytes of a file, such as an upload; `path` is where it lies on disk."""
    if data.startswith(b"PK\x03\x04"):
        found = list(eval_inspect.archive_runs(data, file))
    elif data.startswith(PARQUET):
        line = eval_table.CONVERSIONS["lighteval"]
        message = f"is a Parquet file; turn lighteval's details into a table first: {line}"
        raise InputError(Problem(message, file=file))
    else:
        found = list(_runs(decoded(data, file), file, path))
    if not found:
        raise InputError(Problem("holds no scores", file=file))
    return Evals(file, answered(found))


def _runs(text: str, file: str, path: Path | None) -> Iterable[EvalRun]:
    table = _promptfoo_table(text)
    if table is not None:
        return eval_promptfoo.table_runs(table, file)
    found = records(text, file)
    first = found[0]
    if len(found) == 1:
        for reads, runs in (
            (eval_promptfoo.reads, eval_promptfoo.runs),
            (eval_inspect.reads, eval_inspect.runs),
            (eval_lm.reads_results, eval_lm.results),
            (eval_evalplus.reads, eval_evalplus.runs),
        ):
            if reads(first):
                return runs(first)
    if eval_lm.reads_samples(first):
        return eval_lm.samples(found, path)
    if eval_promptfoo.reads_line(first):
        return eval_promptfoo.line_runs(found)
    if eval_table.reads(first):
        return eval_table.runs(found)
    raise _unknown(first)


def _unknown(record: Record) -> InputError:
    known = eval_table.foreign(record)
    if known is not None:
        tool, line = known
        return record.wrong(f"is a file of {tool}; turn it into a table first: {line}")
    keys = ", ".join(list(map(str, record.data))[:6]) or "none"
    return record.wrong(
        f"is from none of the tools read here ({TOOLS}) and no table: needed is "
        f"{eval_table.WANTED}; its keys begin: {keys}"
    )


def _promptfoo_table(text: str) -> list[tuple[int, list[str]]] | None:
    """The rows of promptfoo's CSV; None for anything else."""
    if text.lstrip()[:1] in "{[" or "Status" not in text.partition("\n")[0]:
        return None
    rows = list(_rows(text))
    return rows if rows and eval_promptfoo.reads_header(rows[0][1]) else None


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        yield from ((reader.line_num, row) for row in reader if row)
    except csv.Error:
        return

"""Inspect logs: `.json`, or `.eval`, a zip archive with a file per sample and epoch.

An archive is read within limits on what it unpacks to, entry by entry; nothing is written to disk.
Epochs of a sample are averaged.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from costmodel.errors import InputError, Problem
from costmodel.ingest.bench.records import Record
from costmodel.ingest.evals.runs import EvalItem, EvalRun, mark_of, run_of, score_of, text_settings

TOOL = "Inspect"
MOST_ENTRIES = 200_000
MOST_UNPACKED_BYTES = 1_000_000_000
"""Of all entries read together. A sample with its messages has some kilobytes."""
MOST_ENTRY_BYTES = 50_000_000


def reads(record: Record) -> bool:
    """Whether this is a log of Inspect."""
    return record.has("eval", "status") and isinstance(record.get("eval", "task"), str)


def runs(record: Record) -> Iterator[EvalRun]:
    """A run per scorer, or per key of a scorer that gives several values."""
    samples = record.get("samples")
    if not isinstance(samples, list) or not samples:
        reason = record.text("error", "message") or f"status {record.text('status')}"
        raise record.wrong(f"holds no samples ({reason}); write the log with --log-samples")
    yield from _runs(record, [each for each in samples if isinstance(each, Mapping)])


def _runs(header: Record, samples: Sequence[Mapping[str, Any]]) -> Iterator[EvalRun]:
    kept: dict[str, list[EvalItem]] = {}
    names = _metrics(samples)
    for sample in samples:
        for name in names:
            kept.setdefault(name, []).append(_item(sample, name, header))
    if not names:
        kept["score"] = [_item(sample, "score", header) for sample in samples]
    for name, items in kept.items():
        yield run_of(
            items,
            tool=TOOL,
            file=header.file,
            task=header.text("eval", "task"),
            metric=name,
            model=header.text("eval", "model"),
            settings=settings_of(header),
        )


def settings_of(header: Record) -> dict[str, str]:
    """What must agree between two runs of a task."""
    return text_settings(
        **{
            "task version": header.get("eval", "task_version"),
            "task arguments": header.get("eval", "task_args"),
            "data set": header.get("eval", "dataset", "name"),
            "limit": header.get("eval", "config", "limit"),
            "epochs": header.get("eval", "config", "epochs"),
            "sample ids": header.get("eval", "config", "sample_id"),
        }
    )


def _metrics(samples: Sequence[Mapping[str, Any]]) -> list[str]:
    found: dict[str, None] = {}
    for sample in samples:
        for scorer, score in (sample.get("scores") or {}).items():
            value = score.get("value") if isinstance(score, Mapping) else score
            if isinstance(value, Mapping):
                found.update({f"{scorer}.{key}": None for key in value})
            else:
                found[scorer] = None
    return list(found)


def _item(sample: Mapping[str, Any], metric: str, header: Record) -> EvalItem:
    key, mark = str(sample.get("id")), mark_of(sample.get("input"), sample.get("target"))
    failure = sample.get("error")
    if failure:
        words = failure.get("message") if isinstance(failure, Mapping) else failure
        return EvalItem(key, None, str(words or "error"), mark)
    scores = sample.get("scores") or {}
    scorer, _, inner = metric.partition(".")
    score = scores.get(metric, scores.get(scorer))
    value = score.get("value") if isinstance(score, Mapping) else score
    if isinstance(value, Mapping):
        value = value.get(inner)
    try:
        number = score_of(value)
    except ValueError as error:
        raise header.wrong(str(error), f"sample {key}: {metric}") from None
    return EvalItem(key, number, "" if number is not None else "not scored", mark)


# -------------------------------------------------------------------------------------- archives


def archive_runs(data: bytes, file: str) -> Iterator[EvalRun]:
    """The runs of an `.eval` archive.

    Raises InputError for an archive that is damaged, has no header, or unpacks to more than the
    limits.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            header, samples = _unpacked(archive, file)
    except (zipfile.BadZipFile, NotImplementedError, OSError, EOFError, RuntimeError) as error:
        message = f"is no archive that can be read ({error}); is the file cut off?"
        raise InputError(Problem(message, file=file)) from None
    if not samples:
        raise header.wrong("holds no samples; write the log with --log-samples")
    yield from _runs(header, samples)


def _unpacked(archive: zipfile.ZipFile, file: str) -> tuple[Record, list[Mapping[str, Any]]]:
    entries = archive.infolist()
    wanted = [e for e in entries if e.filename.startswith("samples/") and not e.is_dir()]
    header = next((e for e in entries if e.filename == "header.json"), None)
    if header is None:
        begun = any(e.filename.startswith("_journal/") for e in entries)
        reason = "the run was never finished" if begun else "no header.json in it"
        raise InputError(Problem(f"is not a log of Inspect: {reason}", file=file))
    if len(entries) > MOST_ENTRIES:
        raise InputError(Problem(f"has more than {MOST_ENTRIES:,} entries", file=file))
    budget = [MOST_UNPACKED_BYTES]
    top = _entry(archive, header, file, budget)
    return Record(top, file), [_entry(archive, each, file, budget) for each in wanted]


def _entry(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, file: str, budget: list[int]
) -> Mapping[str, Any]:
    """One entry as JSON; counted by what comes out, not by what the archive claims."""
    where = f"{file}:{entry.filename}"
    most = min(MOST_ENTRY_BYTES, budget[0])
    with archive.open(entry) as stream:
        content = stream.read(most + 1)
    if len(content) > most:
        raise InputError(Problem(f"unpacks to more than {most / 1e6:,.0f} MB", file=where))
    budget[0] -= len(content)
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        raise InputError(Problem("is not JSON", file=where)) from None
    if not isinstance(data, dict):
        raise InputError(Problem("is not a JSON object", file=where))
    return data

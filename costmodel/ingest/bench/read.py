"""Results of benchmark tools, in the columns of the measured book.

The tool is told from a file's content. What a file cannot know, and the user did not say, is
listed as missing and never guessed. A file that is not understood in full is refused in full.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from costmodel.book import load_book
from costmodel.book.measured import COLUMNS, SIXTEEN_BIT, Measurement
from costmodel.errors import InputError, Problem
from costmodel.ingest.bench import aiperf as bench_aiperf
from costmodel.ingest.bench import guidellm as bench_guidellm
from costmodel.ingest.bench import inferencex as bench_inferencex
from costmodel.ingest.bench import llama as bench_llama
from costmodel.ingest.bench import mlperf as bench_mlperf
from costmodel.ingest.bench import offline as bench_offline
from costmodel.ingest.bench import serve as bench_serve
from costmodel.ingest.bench.names import model_id
from costmodel.ingest.bench.records import Record, records
from costmodel.ingest.bench.row import TEXT_COLUMNS, Draft
from costmodel.ingest.files import as_text, read_text

File = tuple[str, str, Callable[[], str]]
"""Where a file stands, for errors; its name, for rows; its text, read when it is asked for."""

Reader = tuple[Callable[[Record], bool], Callable[[Record], Iterator[Draft]]]

READERS: tuple[Reader, ...] = (
    (bench_inferencex.reads, bench_inferencex.rows),
    (bench_serve.reads, bench_serve.rows),
    (bench_guidellm.reads, bench_guidellm.rows),
    (bench_aiperf.reads, bench_aiperf.rows),
    (bench_llama.reads, bench_llama.rows),
    (bench_mlperf.reads, bench_mlperf.rows),
    (bench_offline.reads_trtllm, bench_offline.trtllm),
    (bench_offline.reads_vllm_throughput, bench_offline.vllm_throughput),
    (bench_offline.reads_vllm_latency, bench_offline.vllm_latency),
    (bench_offline.reads_optimum, bench_offline.optimum),
)
"""Whether a record is a tool's, and its rows; the first that knows a record reads it."""

TOOLS = (
    "vLLM (bench serve, throughput, latency), SGLang bench_serving, GuideLLM, AIPerf, GenAI-Perf, "
    "llama-bench, trtllm-bench, InferenceX, MLPerf summary"
)

ASKED = (
    "model",
    "format",
    "kernel",
    "engine",
    "gpu",
    "tp",
    "input_tokens",
    "output_tokens",
    "concurrency",
)
"""Columns a row needs before it can stand for a deployment."""

SAME_SHAPE = 0.05
"""Share by which the realised lengths of two runs of one setup may differ."""

REPEATS = "repeats"
"""How the note of a repeated run begins."""


@dataclass(frozen=True)
class Benchmark:
    """Measurements from result files, by concurrency, and what the files leave open."""

    measurements: tuple[Measurement, ...]
    missing: tuple[str, ...]
    """Columns that some row lacks and neither file nor user stated."""
    passed_over: int = 0
    """Results of the files that are not about serving language models."""

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `costmodel bench --json`; what is not known is null."""
        return {
            "measurements": [as_columns(m) for m in self.measurements],
            "missing": list(self.missing),
            "passed_over": self.passed_over,
        }

    def _repr_html_(self) -> str:
        import pandas as pd

        rows = pd.DataFrame([as_columns(m) for m in self.measurements]).dropna(axis=1, how="all")
        asked = f"<p>Not in the files: {', '.join(self.missing)}</p>" if self.missing else ""
        return rows.to_html(index=False) + asked


def as_columns(m: Measurement) -> dict[str, Any]:
    """A measurement as JSON: a column that is empty in the book is null."""
    values = {name: getattr(m, name) for name in COLUMNS}
    return {name: None if value == "" else value for name, value in values.items()}


def read_benchmark(  # noqa: PLR0913 - one keyword per fact that a file cannot know
    *paths: str | Path,
    gpu: str | None = None,
    tp: int | None = None,
    format: str | None = None,  # noqa: A002 - the word users type
    kernel: str | None = None,
    model: str | None = None,
    engine: str | None = None,
    input_tokens: float | None = None,
    output_tokens: float | None = None,
    concurrency: int | None = None,
) -> Benchmark:
    """Measurements from the result files of benchmark tools.

    Several files make one curve, by concurrency. Runs of the same setup are all kept; those after
    the first say in their notes what they repeat. The keywords state what a file cannot know, for
    every row that lacks it; a file that says otherwise is an error.

    Args:
        paths: result files, of any of the tools and in any of their formats.
        gpu: GPU id, such as `h100-sxm`.
        tp: tensor parallel ranks.
        format: weight format, such as `awq-int4`.
        kernel: GEMM kernel, such as `marlin`.
        model: a model's short id or its name on a hub.
        engine: the server behind the endpoint, such as `vllm`.
        input_tokens: mean input tokens per request.
        output_tokens: mean output tokens per request.
        concurrency: requests in flight.

    Returns:
        Rows by concurrency (rows without one last), in the order of the files where it is equal.

    Raises:
        InputError: for every file that cannot be read in full, with what was expected.
        UnknownIdError: for a GPU, format or kernel that the book does not know.

    """
    if not paths:
        raise InputError("name at least one result file")
    files = [(str(path), Path(path).name, partial(read_text, path, str(path))) for path in paths]
    stated = _stated(
        gpu=gpu,
        tp=tp,
        format=format,
        kernel=kernel,
        model=model,
        engine=engine,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        concurrency=concurrency,
    )
    return _benchmark(files, stated)


def read_uploads(files: Mapping[str, bytes], **stated: Any) -> Benchmark:
    """The same of files that were sent rather than named: contents by name.

    A name only labels; nothing is opened. `stated`: the keywords of :func:`read_benchmark`.

    >>> run = b'{"elapsed_time": 2.0, "num_requests": 4, "total_num_tokens": 800,'
    >>> run += b' "requests_per_second": 2.0, "tokens_per_second": 400.0}'
    >>> read_uploads({"run.json": run}, gpu="l4").measurements[0].total_tokens_per_s
    400.0
    """
    if not files:
        raise InputError("send at least one result file")
    sent = [(name, name, partial(as_text, data, name)) for name, data in files.items()]
    return _benchmark(sent, _stated(**stated))


def _benchmark(files: Iterable[File], stated: Mapping[str, Any]) -> Benchmark:
    """Every row of all files, filled in and in order, and what they leave open."""
    drafts, passed_over = _read_all(files)
    filled = _filled(drafts, stated)
    filled.sort(key=lambda draft: (draft.row.concurrency is None, draft.row.concurrency or 0))
    rows = tuple(_mark_repeats(filled))
    missing = tuple(name for name in ASKED if any(_lacks(row, name) for row in rows))
    return Benchmark(rows, missing, passed_over)


def _stated(**given: Any) -> dict[str, Any]:
    """What the user says, under the book's ids."""
    book = load_book()
    canonical: Mapping[str, Callable[[Any], Any]] = {
        "gpu": lambda name: book.gpu(name).id,
        "format": lambda name: book.format(name).id,
        "kernel": lambda name: book.kernel(name).id,
        "model": model_id,
        "engine": str.lower,
    }
    stated = {name: value for name, value in given.items() if value is not None}
    for name in ("tp", "input_tokens", "output_tokens", "concurrency"):
        if name in stated and not stated[name] > 0:
            raise InputError(f"{name} must be above 0, not {stated[name]}")
    return {name: canonical.get(name, lambda v: v)(value) for name, value in stated.items()}


# ------------------------------------------------------------------------------------ reading


def _read_all(files: Iterable[File]) -> tuple[list[Draft], int]:
    """Every row of every file; the problems of all files together where there are any."""
    drafts: list[Draft] = []
    problems: list[Problem] = []
    passed_over = 0
    for file in files:
        try:
            found, others = _read(file)
        except InputError as error:
            problems.extend(error.problems)
        else:
            drafts.extend(found)
            passed_over += others
    if problems:
        raise InputError(problems)
    return drafts, passed_over


def _read(file: File) -> tuple[list[Draft], int]:
    """The rows of one file, and how many of its records have none."""
    place, name, text = file
    problems: list[Problem] = []
    drafts: list[Draft] = []
    passed_over = 0
    for record in records(text(), place):
        try:
            found = list(_rows(record))
        except InputError as error:
            problems.extend(error.problems)
        else:
            drafts.extend(_named(draft, place, name) for draft in found)
            passed_over += not found
    if problems:
        raise InputError(problems)
    if not drafts:
        message = f"holds no result of serving a language model ({passed_over} others)"
        raise InputError(Problem(message, file=place))
    return drafts, passed_over


def _rows(record: Record) -> Iterator[Draft]:
    for reads, rows in READERS:
        if reads(record):
            return rows(record)
    keys = ", ".join(list(map(str, record.data))[:6]) or "none"
    raise record.wrong(f"is from none of the tools read here ({TOOLS}); its keys begin: {keys}")


def _named(draft: Draft, place: str, name: str) -> Draft:
    """The row with the file's name in place of its whole path, which is nobody else's business."""
    address = name + draft.row.source_url.removeprefix(place)
    return replace(draft, row=replace(draft.row, source_url=address))


# --------------------------------------------------------------------- what the user adds


def _filled(drafts: Iterable[Draft], stated: Mapping[str, Any]) -> list[Draft]:
    problems: list[Problem] = []
    filled: list[Draft] = []
    for draft in drafts:
        row = draft.row
        problems.extend(
            Problem(f"says {name} {getattr(row, name)}, not {value}", file=row.source_url)
            for name, value in stated.items()
            if not _lacks(row, name) and _differs(row, name, value)
        )
        added = {name: value for name, value in stated.items() if _lacks(row, name)}
        tokens, problem = _shape(draft, added)
        problems.extend(problem)
        complete = replace(row, **added, **tokens)
        filled.append(replace(draft, row=_timed(complete, draft.batch_seconds)))
    if problems:
        raise InputError(dict.fromkeys(problems))
    return filled


def _timed(row: Measurement, batch_seconds: float | None) -> Measurement:
    """With the rate of a static batch, once its size and its length are known."""
    if batch_seconds is None or not row.concurrency or not row.output_tokens:
        return row
    return replace(row, output_tokens_per_s=row.concurrency * row.output_tokens / batch_seconds)


def _differs(row: Measurement, name: str, value: Any) -> bool:
    """Whether a file says otherwise; lengths and loads vary from row to row and are the file's."""
    return name in ("gpu", "tp", "format", "kernel", "engine") and getattr(row, name) != value


def _shape(draft: Draft, added: Mapping[str, Any]) -> tuple[dict[str, float], list[Problem]]:
    """Where only their sum is known, one of input and output tokens gives the other."""
    total = draft.tokens_per_request
    known = {n: added[n] for n in ("input_tokens", "output_tokens") if n in added}
    if total is None or not known:
        return {}, []
    if len(known) == 1:
        (name, value), *_ = known.items()
        other = "output_tokens" if name == "input_tokens" else "input_tokens"
        if value < total:
            return {other: total - value}, []
    elif abs(sum(known.values()) / total - 1) <= SAME_SHAPE:
        return {}, []
    words = " and ".join(f"{name} {value:g}" for name, value in known.items())
    message = f"has {total:g} tokens a request, which {words} contradict"
    return {}, [Problem(message, file=draft.row.source_url)]


def _lacks(row: Measurement, name: str) -> bool:
    """Whether a row needs this column and has nothing in it."""
    if name == "kernel" and row.format in SIXTEEN_BIT:
        return False
    if name == "tp" and row.effective_tp is not None:
        return False
    if name == "concurrency" and (row.is_serving_capacity or row.metric == "open-loop"):
        return False
    return getattr(row, name) in (("",) if name in TEXT_COLUMNS else (None,))


# ------------------------------------------------------------------------------- repeated runs


def _mark_repeats(drafts: Iterable[Draft]) -> Iterator[Measurement]:
    """Every row; one that measures what an earlier one did says so."""
    seen: dict[tuple[Any, ...], list[Measurement]] = {}
    figures: dict[tuple[Any, ...], Measurement] = {}
    for draft in drafts:
        row = draft.row
        alike = seen.setdefault(_setup(draft), [])
        earlier = next((m for m in alike if _same_shape(m, row)), None)
        same = figures.setdefault(_figures(row), row)
        alike.append(row)
        if earlier is not None:
            yield _noted(row, f"{REPEATS} the setup and load of {earlier.source_url}")
        elif same is not row:
            yield _noted(row, f"{REPEATS} the figures of {same.source_url}")
        else:
            yield row


def _setup(draft: Draft) -> tuple[Any, ...]:
    """What two runs of the same configuration under the same load share."""
    names = ("source", "model", "format", "kernel", "engine", "gpu", "gpus", "tp", "pp", "metric",
             "concurrency")  # fmt: skip
    return (*(getattr(draft.row, name) for name in names), draft.setup, _load(draft.row))


def _figures(row: Measurement) -> tuple[Any, ...]:
    """What only two records of one run share."""
    names = ("metric", "concurrency", "output_tokens_per_s", "total_tokens_per_s", "ttft_ms",
             "tpot_ms")  # fmt: skip
    measured = tuple(getattr(row, name) for name in names)
    return measured if row.capacity_output_tokens_per_s else (*measured, row.source_url)


def _noted(row: Measurement, mark: str) -> Measurement:
    return replace(row, notes=f"{mark}; {row.notes}" if row.notes else mark)


def _load(row: Measurement) -> str:
    """The offered rate, which stands in the notes of an open loop."""
    return row.notes if row.metric == "open-loop" else ""


def _same_shape(one: Measurement, other: Measurement) -> bool:
    pairs = ((one.input_tokens, other.input_tokens), (one.output_tokens, other.output_tokens))
    return all(a == b or (a and b and abs(a / b - 1) <= SAME_SHAPE) for a, b in pairs)

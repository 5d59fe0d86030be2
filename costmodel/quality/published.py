"""Published scores of quantised models against their own 16 bits: `data/quality.csv`.

One row is one benchmark of one model in one format. A cell answers for a weight format, a KV
cache format and a task family: median, 10th percentile, worst, how many rows. It compares
precisions of one model only, and it never says pass: that is for the user's own gate.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from statistics import median
from typing import Any, Literal

from costmodel.book.files import data_dir
from costmodel.errors import UnknownIdError

Standing = Literal["likely", "not established", "unlikely", "no data", "reference"]
"""What published rows say about a floor. `reference` is a model in the format it was released
in: every other one is held against it."""

FAMILIES: Mapping[str, str] = {
    "knowledge": "exams such as MMLU",
    "commonsense": "everyday multiple choice such as HellaSwag",
    "math": "arithmetic and competition problems",
    "code": "programs that must run",
    "reasoning": "several steps to an answer, such as GPQA and BBH",
    "instruction-following": "assistants: chat, format and constraints",
    "long-context": "answers out of tens of thousands of tokens",
    "multilingual": "the same tasks in other languages",
    "summarization": "shorter text with the same content",
    "extraction": "fields and entities out of a text",
    "classification": "one label out of a few",
    "rag": "answers from retrieved passages",
    "tool-use": "function calls and agents",
    "safety": "refusals and bias",
    "structured-output": "whether the form is valid, which is not whether it is right",
    "embeddings": "vectors for search",
}
"""Task families a workload may name, and what they are."""

ALIASES: Mapping[str, str] = {
    "agentic": "tool-use", "agents": "tool-use", "tool-calling": "tool-use",
    "function-calling": "tool-use", "tools": "tool-use", "tool-calling/agentic": "tool-use",
    "retrieval": "rag", "retrieval/rag": "rag",
    "chat": "instruction-following", "assistant": "instruction-following",
    "coding": "code", "programming": "code", "intent": "classification",
    "labelling": "classification",
    "ner": "extraction", "summarisation": "summarization", "summary": "summarization",
    "mathematics": "math", "translation": "multilingual", "exams": "knowledge",
}  # fmt: skip

UNCLEAN = (
    "low-baseline",
    "near-chance",
    "suspicious",
    "source-inconsistent",
    "source prose contradicts",
    "anecdotal",
    "doubtful",
    "confounded",
    "judge",
    "same run",
    "base-model",
    "identical",
    "diffusion-LM",
    "noise-floor",
)
"""Marks in a row's flag that keep it out of every cell. The row stays in the table."""

BY_RULE = "survivorship"
"""Mark of a row that was published only because it kept 99 % of the reference."""

LEAST_FOR_P10 = 11
"""Rows below which a 10th percentile would only be the worst row under another name."""

LEAST_FOR_MEDIAN = 3
"""Rows below which a median says nothing against a floor."""

SIZES: Sequence[tuple[str, float, float]] = (
    ("below 5B", 0.0, 5.0),
    ("5B to 11B", 5.0, 11.0),
    ("11B to 45B", 11.0, 45.0),
    ("45B and above", 45.0, float("inf")),
)
"""Classes of model size by total parameters: name, from, below [billions]."""

SIXTEEN_BIT = frozenset({"bf16", "fp16", "auto", ""})

_SAME_FORMAT = {"fp16": "bf16", "fp8-block": "fp8", "fp8-dynamic": "fp8", "fp8-static": "fp8"}
_SAME_KV = {"fp8_e4m3": "fp8", "fp8-e4m3": "fp8", "fp8_e5m2": "fp8-e5m2", "fp4": "nvfp4"}


FORMATS: tuple[tuple[str, str, str], ...] = (
    ("FP8", "fp8", ""),
    ("INT8 W8A8", "int8-w8a8", ""),
    ("GPTQ 4-bit", "gptq-int4", ""),
    ("AWQ 4-bit", "awq-int4", ""),
    ("NVFP4", "nvfp4", ""),
    ("bnb NF4", "bnb-nf4", ""),
    ("GGUF Q8_0", "gguf-q8_0", ""),
    ("GGUF Q6_K", "gguf-q6_k", ""),
    ("GGUF Q5_K_M", "gguf-q5_k_m", ""),
    ("GGUF Q4_K_M", "gguf-q4_k_m", ""),
    ("GGUF Q3_K_M", "gguf-q3_k_m", ""),
    ("GGUF Q2_K", "gguf-q2_k", ""),
    ("KV cache FP8", "bf16", "fp8"),
    ("KV cache INT8", "bf16", "int8"),
    ("KV cache INT4", "bf16", "int4"),
)
"""Formats that people compare: what they call it, weight format, KV cache format."""


@dataclass(frozen=True, slots=True)
class QualityRow:
    """One benchmark of one model in one format, against the same model at 16 bits."""

    source: str
    ref: str
    model: str
    params_b: float | None
    format: str
    kv_dtype: str
    """Of the KV cache; empty at 16 bits."""
    method: str
    """What the source calls the format, where that says more."""
    calibration: str
    benchmark: str
    task: str
    baseline: float | None
    score: float | None
    retention: float
    """Score / baseline."""
    items: int | None
    flag: str
    read: str
    """Day the source was read, ISO."""

    @property
    def is_clean(self) -> bool:
        """Whether it counts in a cell."""
        return not any(mark in self.flag for mark in UNCLEAN)

    @property
    def is_by_rule(self) -> bool:
        """Whether a worse one would not have been published."""
        return BY_RULE in self.flag


COLUMNS: tuple[str, ...] = tuple(QualityRow.__dataclass_fields__)


@dataclass(frozen=True)
class Cell:
    """What is published about a format on a task family. None where nothing is."""

    format: str
    kv_dtype: str
    task: str
    median: float | None
    p10: float | None
    """None below eleven rows."""
    worst: float | None
    worst_on: str
    n: int
    by_rule: int
    """Rows among them that were published because they kept 99 %."""
    p10_freely_published: float | None
    """Of the other rows, which the standing rests on; None below eleven of them."""
    left_out: int
    """Flagged rows that do not count."""
    models: int
    sources: tuple[str, ...]
    size: str | None
    """Model size class; None where all sizes are taken together."""
    as_of: date | None

    def standing(self, floor: float) -> Standing:
        """What the rows say about retaining `floor` of the score at 16 bits.

        `likely` where nine rows in ten reach it, `unlikely` where half do not, `no data` without
        rows. Rows that exist by rule cannot make a format likely, and one or two rows decide
        nothing.
        """
        if not self.n or self.median is None:
            return "no data"
        if self.n >= LEAST_FOR_MEDIAN and self.median < floor:
            return "unlikely"
        tenth = self.p10_freely_published
        return "not established" if tenth is None or tenth < floor else "likely"


@cache
def rows() -> tuple[QualityRow, ...]:
    """Every row of the table, flagged ones included."""
    header, *lines = (data_dir() / "quality.csv").read_text(encoding="utf-8").splitlines()
    if tuple(header.split(",")) != COLUMNS:
        raise ValueError(f"quality.csv must have the columns {', '.join(COLUMNS)}")
    numbers = {COLUMNS.index(name): float for name in ("params_b", "baseline", "score")}
    whole = COLUMNS.index("items")
    retention = COLUMNS.index("retention")
    found = []
    for cells in csv.reader(lines):
        values: list[object] = list(cells)
        for i, parse in numbers.items():
            values[i] = parse(cells[i]) if cells[i] else None
        values[whole] = int(cells[whole]) if cells[whole] else None
        values[retention] = float(cells[retention])
        found.append(QualityRow(*values))  # type: ignore[arg-type]
    return tuple(found)


def family(task: str) -> str:
    """The task family meant by a name. Raises UnknownIdError with the nearest.

    >>> family("Tool calling"), family("extraction")
    ('tool-use', 'extraction')
    """
    name = "-".join(task.strip().lower().replace("_", " ").split())
    name = ALIASES.get(name, name)
    if name not in FAMILIES:
        raise UnknownIdError("task family", task, [*FAMILIES, *ALIASES])
    return name


def size_class(params_b: float) -> str:
    """The size class of a model.

    >>> size_class(70.6), size_class(8)
    ('45B and above', '5B to 11B')
    """
    return next(name for name, low, high in SIZES if low <= params_b < high)


def weight_format(name: str) -> str:
    """A format under the name the table has for it."""
    return _SAME_FORMAT.get(name, name)


def kv_format(name: str | None) -> str:
    """A KV cache format under the table's name; empty at 16 bits.

    >>> kv_format("bf16"), kv_format("fp8_e4m3"), kv_format(None)
    ('', 'fp8', '')
    """
    lower = (name or "").strip().lower()
    return "" if lower in SIXTEEN_BIT else _SAME_KV.get(lower, lower)


def cell(
    format: str,  # noqa: A002 - the word users type
    task: str,
    kv_dtype: str | None = None,
    params_b: float | None = None,
) -> Cell:
    """What is published about a format on a task family.

    Args:
        format: a weight format's id; `bf16` for a smaller KV cache alone.
        task: a task family, or one of its aliases.
        kv_dtype: format of the KV cache; 16 bits where left out.
        params_b: total parameters [billions]. Rows of that size class answer where there are
            eleven or more of them, else those of all sizes.

    >>> found = cell("gptq-int4", "long-context")
    >>> found.n, round(found.median, 3), round(found.worst, 2)
    (44, 0.989, 0.76)

    """
    key = weight_format(format), kv_format(kv_dtype), family(task)
    return _of_size(*key, _table().get(key, ()), params_b)


def _of_size(
    format: str,  # noqa: A002
    kv_dtype: str,
    task: str,
    listed: Sequence[QualityRow],
    params_b: float | None,
) -> Cell:
    """The cell of a model's size class where that has enough rows, else of all sizes."""
    if params_b is not None:
        size = size_class(params_b)
        alike = [r for r in listed if r.params_b is not None and size_class(r.params_b) == size]
        if sum(row.is_clean for row in alike) >= LEAST_FOR_P10:
            return _cell(format, kv_dtype, task, alike, size)
    return _cell(format, kv_dtype, task, listed, None)


@cache
def _table() -> Mapping[tuple[str, str, str], tuple[QualityRow, ...]]:
    grouped: dict[tuple[str, str, str], list[QualityRow]] = {}
    for row in rows():
        if row.task in FAMILIES:
            grouped.setdefault((row.format, row.kv_dtype, row.task), []).append(row)
    return {key: tuple(found) for key, found in grouped.items()}


def _cell(
    format: str,  # noqa: A002
    kv_dtype: str,
    task: str,
    listed: Sequence[QualityRow],
    size: str | None,
) -> Cell:
    clean = sorted((row for row in listed if row.is_clean), key=lambda row: row.retention)
    values = [row.retention for row in clean]
    worst = clean[0] if clean else None
    return Cell(
        format=format,
        kv_dtype=kv_dtype,
        task=task,
        median=median(values) if values else None,
        p10=_tenth(values),
        worst=worst.retention if worst else None,
        worst_on=f"{worst.benchmark}, {worst.model}" if worst else "",
        n=len(clean),
        by_rule=sum(row.is_by_rule for row in clean),
        p10_freely_published=_tenth([row.retention for row in clean if not row.is_by_rule]),
        left_out=len(listed) - len(clean),
        models=len({row.model for row in clean}),
        sources=tuple(dict.fromkeys(row.source for row in clean)),
        size=size,
        as_of=max((date.fromisoformat(row.read) for row in clean), default=None),
    )


def _tenth(ascending: Sequence[float]) -> float | None:
    return percentile(ascending, 0.1) if len(ascending) >= LEAST_FOR_P10 else None


def percentile(ascending: Sequence[float], share: float) -> float:
    """A percentile by linear interpolation between the values.

    >>> percentile([1.0, 2.0, 3.0], 0.25)
    1.5
    """
    place = share * (len(ascending) - 1)
    low = int(place)
    high = min(low + 1, len(ascending) - 1)
    return ascending[low] + (place - low) * (ascending[high] - ascending[low])


ALL_TASKS = "all tasks"
ANSWERS = tuple(task for task in FAMILIES if task not in ("structured-output", "embeddings"))
"""Families whose scores are about answers."""


def overall(
    format: str,  # noqa: A002 - the word users type
    kv_dtype: str | None = None,
    params_b: float | None = None,
) -> Cell:
    """A format over all task families that are about answers."""
    weights, cache_ = weight_format(format), kv_format(kv_dtype)
    listed = [row for task in ANSWERS for row in _table().get((weights, cache_, task), ())]
    return _of_size(weights, cache_, ALL_TASKS, listed, params_b)


def format_name(format: str, kv_dtype: str = "") -> str:  # noqa: A002
    """What people call a format; its id where it has no other name.

    >>> format_name("awq-int4"), format_name("bf16", "fp8"), format_name("mxfp4")
    ('AWQ 4-bit', 'KV cache FP8', 'mxfp4')
    """
    known = (name for name, *pair in FORMATS if pair == [weight_format(format), kv_dtype])
    return next(known, format)


# --------------------------------------------------------------------------------- of one model


@dataclass(frozen=True)
class Published:
    """What the book says of a model's formats, or of the tasks of one of them."""

    model: str
    params_b: float | None
    released_in: str
    format: str | None
    """None for every format that people compare."""
    task: str | None
    """None for all tasks together; of one format, for each of them."""
    floor: float
    cells: tuple[Cell, ...]

    def standing(self, found: Cell) -> Standing:
        """What a cell says about the floor."""
        own = found.format in ("bf16", weight_format(self.released_in)) and not found.kv_dtype
        return "reference" if own else found.standing(self.floor)

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `costmodel quality --json`."""
        cells = [
            asdict(each)
            | {"as_of": each.as_of and each.as_of.isoformat(), "standing": self.standing(each)}
            for each in self.cells
        ]
        return asdict(self) | {"cells": cells}


def published(
    model: str,
    params_b: float | None,
    released_in: str,
    *,
    format: str | None = None,  # noqa: A002 - the word users type
    task: str | None = None,
    floor: float = 0.98,
) -> Published:
    """What is published about a model's formats; see `Published`.

    Raises UnknownIdError for a format the book does not know and for an unknown task family.
    """
    from costmodel.book import load_book

    asked = load_book().format(format).id if format else None
    about = family(task) if task else None
    formats = [(asked, "")] if asked else [(weights, kv) for _, weights, kv in FORMATS]
    tasks = ANSWERS if asked and not about else (about,)
    cells = tuple(
        cell(weights, each, kv, params_b) if each else overall(weights, kv, params_b)
        for weights, kv in formats
        for each in tasks
    )
    return Published(model, params_b, released_in, asked, about, floor, cells)


# ------------------------------------------------------------------------------- against a floor


@dataclass(frozen=True)
class Evidence:
    """What the book says about a precision on a task, against a floor."""

    standing: Standing
    cells: tuple[Cell, ...]
    """Weights and KV cache together where that was measured, else each by itself."""

    @property
    def words(self) -> str:
        """The evidence in a phrase."""
        if self.standing == "reference":
            return "the precision it was released in"
        return "; ".join(map(cell_words, self.cells))


def evidence(
    format: str,  # noqa: A002 - the word users type
    task: str,
    floor: float,
    *,
    kv_dtype: str | None = None,
    params_b: float | None = None,
    released_in: str = "bf16",
) -> Evidence:
    """Whether a precision is likely to retain `floor` of its model's own score on a task.

    A smaller KV cache is a question of its own: where weights and cache were not measured
    together, both must be likely, and the weaker answer counts.
    """
    weights, cache_ = weight_format(format), kv_format(kv_dtype)
    own = weights in ("bf16", weight_format(released_in))
    if own and not cache_:
        return Evidence("reference", ())
    together = cell(weights, task, cache_, params_b)
    if cache_ and not together.n:
        parts = () if own else (cell(weights, task, None, params_b),)
        cells = (*parts, cell("bf16", task, cache_, params_b))
    else:
        cells = (together,)
    standings: list[Standing] = [each.standing(floor) for each in cells]
    return Evidence(max(standings, key=_WEAKNESS.index), cells)


_WEAKNESS: Sequence[Standing] = ("reference", "likely", "not established", "no data", "unlikely")


def cell_words(found: Cell) -> str:
    """A cell in a phrase.

    >>> cell_words(cell("awq-int4", "rag"))
    'awq-int4 on rag: no data'
    """
    kv = f" with a {found.kv_dtype} KV cache" if found.kv_dtype else ""
    what = f"{found.format}{kv} on {found.task}"
    if not found.n or found.median is None or found.worst is None:
        return f"{what}: no data"
    tenth = "" if found.p10 is None else f", p10 {found.p10:.1%}"
    size = f" at {found.size}" if found.size else ""
    rows_ = "row" if found.n == 1 else "rows"
    return (
        f"{what}: median {found.median:.1%}{tenth}, worst {found.worst:.1%} "
        f"({found.n} {rows_}{size})"
    )

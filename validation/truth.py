"""The tables that memory rules are held against, and how errors are summed up.

`tests/data/weights_truth.csv` (file sizes) and `runtime_truth.csv` (start-up logs). Columns added
to the sources' own: `record` (the book's id), `flags` (settings that a log states), `leave_out`
(`what: why`), `counts` (whether a size is a whole file's or its tensors').
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from costmodel.book import models
from costmodel.serving.tensors import Architecture

DATA = Path(__file__).parent.parent / "tests" / "data"
Row = dict[str, str]


@dataclass(frozen=True)
class Error:
    """One row held against its measurement: computed minus measured, as a share or in GiB."""

    model: str
    what: str
    value: float


def rows(name: str) -> list[Row]:
    """A table of `tests/data`."""
    with (DATA / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def architecture(name: str) -> Architecture | None:
    """The architecture of a row, None where the book does not model it."""
    return models.model(name).architecture() if name else None


def flags(row: Row) -> dict[str, str]:
    """The settings that a log states.

    >>> flags({"flags": "state_pages=2 ssm_bytes=2"})
    {'state_pages': '2', 'ssm_bytes': '2'}
    """
    return dict(pair.split("=", 1) for pair in row["flags"].split())


def left_out(row: Row, what: str) -> bool:
    """Whether the table says why this row does not count for this."""
    reasons = (reason.strip() for reason in row["leave_out"].split(";"))
    return any(reason.startswith(f"{what}:") for reason in reasons)


def spread(values: list[float]) -> tuple[float, float]:
    """Median and 90th percentile of absolute values."""
    absolute = np.abs(np.array(values))
    return float(np.median(absolute)), float(np.quantile(absolute, 0.9))


def by_row(errors: list[Error]) -> tuple[float, float, int]:
    """Median and p90 over rows, and how many there are."""
    return (*spread([error.value for error in errors]), len(errors))


def by_model(errors: list[Error]) -> tuple[float, float, int]:
    """The same over models, each once with the mean of its absolute errors."""
    means = [
        float(np.mean([abs(e.value) for e in errors if e.model == model]))
        for model in {error.model for error in errors}
    ]
    return (*spread(means), len(means))

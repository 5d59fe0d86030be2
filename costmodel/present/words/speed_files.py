"""One's own measurements beside the estimate, and why some answer another question."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from costmodel.book import load_book
from costmodel.book.measured import SIXTEEN_BIT
from costmodel.errors import UnknownIdError
from costmodel.present.words.bench import MEASURED, run
from costmodel.quantity.answer import Column, Row, Table, numbers
from costmodel.quantity.words import short
from costmodel.sizing.throughput import measured_point

if TYPE_CHECKING:
    from collections.abc import Iterable

    from costmodel.book.measured import Measurement
    from costmodel.present.words.speed import Asked
    from costmodel.sizing.records import MeasuredPoint, ThroughputCurve

SAME_SHAPE = 0.05
"""Share by which the lengths of a run may differ from those asked about."""


@dataclass(frozen=True)
class OwnRow:
    """A measurement of the user's; `estimate` [output tok/s] at its number in flight.

    `apart`: why it is not of the question on the page, empty where it is.
    """

    row: Measurement
    apart: str
    estimate: float | None

    @property
    def point(self) -> MeasuredPoint:
        """As the chart takes it."""
        return replace(measured_point(self.row), source=self.row.source_url)


def own_rows(
    rows: Iterable[Measurement], asked: Asked, curve: ThroughputCurve | None
) -> list[OwnRow]:
    """Every measurement, with what sets it apart from the question or the estimate beside it."""
    found = []
    for row in rows:
        apart = _apart(row, asked)
        inside = curve is not None and row.concurrency and not apart
        found.append(OwnRow(row, apart, _estimate(curve, row.concurrency) if inside else None))
    return found


def own_files(own: Iterable[OwnRow]) -> Table:
    """One's own measurements beside the estimate, and which of them stand on the chart."""
    return Table.of(
        (
            *MEASURED,
            numbers("Estimate", short),
            Column("File", role="source"),
            Column("On the chart"),
        ),
        (
            Row(
                (*run(each.row), each.estimate, each.row.source_url, each.apart or "yes"),
                "muted" if each.apart else "",
            )
            for each in own
        ),
        "Your files",
        scrolls=True,
    )


def _estimate(curve: ThroughputCurve | None, concurrency: int | None) -> float | None:
    """The curve at a number in flight; None beyond what memory and engine hold."""
    if curve is None or concurrency is None or concurrency > curve.max_concurrency:
        return None
    return float(np.interp(concurrency, curve.concurrency, curve.output_tokens_per_s))


def _apart(row: Measurement, asked: Asked) -> str:
    """Why a measurement does not answer the question; empty where it does."""
    for what, stated, wanted in (
        ("model", _model(row.model), _model(asked.model)),
        ("GPU", row.gpu, asked.gpu),
        ("TP", row.effective_tp, asked.tp),
        ("format", _format(row.format), _format(asked.format)),
    ):
        if not stated:
            return f"{what} not stated"
        if stated != wanted:
            return f"{what} {stated}, not {wanted}"
    if asked.kernel and row.kernel and row.kernel != asked.kernel:
        return f"kernel {row.kernel}, not {asked.kernel}"
    return _other_load(row, asked)


def _other_load(row: Measurement, asked: Asked) -> str:
    if row.input_tokens is None or row.output_tokens is None:
        return "tokens a request not stated"
    lengths = ((row.input_tokens, asked.input_tokens), (row.output_tokens, asked.output_tokens))
    if any(abs(measured / wanted - 1) > SAME_SHAPE for measured, wanted in lengths):
        return f"{short(row.input_tokens)} tokens in, {short(row.output_tokens)} out"
    if row.metric != "fixed-concurrency":
        return f"{row.metric}, not a number in flight"
    return "" if row.concurrency else "requests in flight not stated"


def _model(name: str) -> str:
    """A model's id in the book; as given where the book does not know it."""
    try:
        return load_book().model(name).id
    except UnknownIdError:
        return name


def _format(name: str) -> str:
    return "16-bit" if name in SIXTEEN_BIT else name

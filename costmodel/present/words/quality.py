"""What is published about formats, as an answer and as a table to paste into a deck."""

from __future__ import annotations

from collections.abc import Iterable

from costmodel.book import load_book
from costmodel.present.render.markdown import markdown_text
from costmodel.quality.published import (
    ANSWERS,
    FORMATS,
    Cell,
    Published,
    cell,
    format_name,
    overall,
)
from costmodel.quantity.answer import Answer, Column, Headline, Table, numbers
from costmodel.quantity.words import NONE, number, percent, score, short, three

FLOOR = 0.98
"""The retention the method table asks for."""

KEPT = (
    numbers("Median kept", score, "median"),
    numbers("10th percentile", score, "p10"),
    numbers("Worst", score, "worst"),
    numbers("Rows", number, "n"),
)
"""What is said of every cell: of the score of the same model at 16 bits."""


def _kept(found: Cell) -> tuple[float | None, ...]:
    return found.median, found.p10, found.worst, found.n


# ----------------------------------------------------------------------------- of one model


def answer(found: Published) -> Answer:
    """What is published about the formats of a model, or the tasks of one of its formats."""
    size = f"{short(found.params_b * 1e9)} parameters" if found.params_b else "size not known"
    likely = [
        _name(found, each)
        for each in found.cells
        if found.standing(each) in ("likely", "reference")
    ]
    return Answer(
        Headline(
            f"Likely to keep {percent(found.floor)} of the score at 16 bits {_asked(found)}: "
            f"{', '.join(likely) or 'nothing that is known'}.",
            "Only a gate on your own answers says pass.",
            "Published scores, each against the same model at 16 bits; of models of this size "
            "where there are eleven or more, else of all. Likely: nine rows in ten keep it; "
            "unlikely: half do not.",
        ),
        subject=f"{found.model}: {size}, released in {found.released_in}",
        tables={"cells": cells(found)},
    )


def _asked(found: Published) -> str:
    if found.task is not None:
        return f"on {found.task}"
    return f"with {format_name(found.format)}" if found.format else "over all tasks"


def _name(found: Published, each: Cell) -> str:
    """What a cell is told apart by: its task, where only one format is asked about."""
    by_task = found.format is not None and found.task is None
    return each.task if by_task else format_name(each.format, each.kv_dtype)


def cells(found: Published) -> Table:
    """Median, 10th percentile and worst of what is kept, by format or by task."""
    return Table.of(
        (
            Column("Task" if found.format and not found.task else "Format"),
            *KEPT,
            Column("Models of", key="size", missing="all sizes"),
            Column("Standing"),
        ),
        (
            (_name(found, each), *_kept(each), each.size, found.standing(each))
            for each in found.cells
        ),
    )


# -------------------------------------------------------------------------------- of all formats


def method_table() -> Table:
    """Every format of the map in a line, over all sizes and tasks."""
    return Table.of(
        (
            Column("Method"),
            Column("Bits"),
            *KEPT,
            Column(f"Likely to keep {percent(FLOOR)}", key="likely"),
            Column("Unlikely to", key="unlikely"),
        ),
        (_method(name, weights, kv_dtype) for name, weights, kv_dtype in FORMATS),
        "Score kept against the same model at 16 bits",
    )


def _method(name: str, weights: str, kv_dtype: str) -> tuple[object, ...]:
    tasks = [cell(weights, task, kv_dtype) for task in ANSWERS]
    return (
        name,
        _bits(weights, kv_dtype),
        *_kept(overall(weights, kv_dtype)),
        _listed(c.task for c in tasks if c.standing(FLOOR) == "likely"),
        _listed(c.task for c in tasks if c.standing(FLOOR) == "unlikely"),
    )


def _bits(weights: str, kv_dtype: str) -> str:
    if kv_dtype:
        from costmodel.serving.kv_cache import kv_dtype_bytes

        return f"{three(8 * kv_dtype_bytes(kv_dtype))} (KV)"
    return three(load_book().format(weights).bits_per_weight)


def _listed(tasks: Iterable[str]) -> str:
    return ", ".join(tasks) or NONE


def method_markdown() -> str:
    """The method table as Markdown, with its source."""
    source = "Published scores against the same model at 16 bits, read 2026-11. Not a gate."
    return f"{markdown_text(method_table())}\n\n{source}"

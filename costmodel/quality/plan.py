"""How many answers a format changes, and so how many items its gate needs: `data/flips.csv`.

A flip is an item whose correctness changes. Flips, not the loss, decide the size of an
evaluation: quantised models change about five answers for each they lose.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from statistics import median
from typing import Any

from costmodel.book.files import data_dir
from costmodel.errors import InputError
from costmodel.quality.noninferiority import items_needed
from costmodel.quality.published import size_class, weight_format

UNCLEAN = ("near-chance", "ceiling", "noise-floor")
"""Models that guess or answer everything the same say nothing about flips."""


SCORE = 0.8
"""The score a plan expects, which matters only without results per item."""


@dataclass(frozen=True, slots=True)
class Flips:
    """Answers that changed between a model at 16 bits (or Q8_0) and the same model in a format."""

    source: str
    model: str
    params_b: float
    format: str
    kv_dtype: str
    benchmark: str
    flips: float
    """Share of items whose correctness changed."""
    change: float | None
    """Net change of the score."""
    items: int | None
    lost: int | None
    gained: int | None
    flag: str
    note: str
    read: str


COLUMNS: tuple[str, ...] = tuple(Flips.__dataclass_fields__)


@cache
def flips() -> tuple[Flips, ...]:
    """Every row of the table."""
    header, *lines = (data_dir() / "flips.csv").read_text(encoding="utf-8").splitlines()
    if tuple(header.split(",")) != COLUMNS:
        raise ValueError(f"flips.csv must have the columns {', '.join(COLUMNS)}")

    def number(cell: str, kind: type = float) -> Any:
        return kind(cell) if cell else None

    return tuple(
        Flips(s, m, float(p), f, kv, bench, float(share), number(change), number(n, int),
              number(lost, int), number(gained, int), flag, note, read)
        for s, m, p, f, kv, bench, share, change, n, lost, gained, flag, note, read
        in csv.reader(lines)
    )  # fmt: skip


@dataclass(frozen=True)
class GatePlan:
    """How many items a format's gate needs, before anyone runs it."""

    format: str
    margin: float
    flips: float
    """Share of answers expected to change."""
    items: int
    """With results per item."""
    items_unpaired: int
    """With totals only, at `score`."""
    score: float
    basis: str
    sources: tuple[str, ...]
    noise: float
    """Share of answers that changed between two runs of one checkpoint, largest published."""

    @property
    def advice(self) -> str:
        """What to do about it, in two sentences."""
        return (
            f"Run the baseline twice first: one checkpoint on two kernels changed "
            f"{self.noise:.0%} of its answers. Fix the items, the prompts and the margin before "
            "the candidate runs."
        )

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `costmodel gate --plan`."""
        return asdict(self) | {"advice": self.advice}


def gate_plan(
    format: str,  # noqa: A002 - the word users type
    *,
    params_b: float | None = None,
    margin: float = 0.02,
    score: float = SCORE,
) -> GatePlan:
    """The items a gate needs so that a format that loses nothing passes four times in five.

    Args:
        format: a weight format's id.
        params_b: total parameters [billions]; rows of that size class answer where there are any.
        margin: the loss that would be accepted.
        score: the score expected, which matters only without results per item.

    Raises:
        InputError: for a format without published flips; take those of a harsher one.

    >>> plan = gate_plan("Q4_K_M", params_b=8, margin=0.03)
    >>> round(plan.flips, 3), plan.items
    (0.106, 729)

    """
    from costmodel.book import load_book

    if not 0 < margin < 1:
        raise InputError(f"margin must be above 0 and below 1, such as 0.02, not {margin:g}")
    name = load_book().format(format).id
    listed = [f for f in flips() if f.format == weight_format(name) and not f.kv_dtype]
    clean = [f for f in listed if f.flag not in UNCLEAN]
    if not clean:
        known = sorted({f.format for f in flips() if f.flag not in UNCLEAN and not f.kv_dtype})
        raise InputError(
            f"no flips are published for {name}; plan with those of a format that is harsher; "
            f"known are {', '.join(known)}"
        )
    chosen, basis = _of_size(clean, params_b)
    share = median(f.flips for f in chosen)
    noise = max(f.flips for f in flips() if f.flag == "noise-floor")
    return GatePlan(
        format=name,
        margin=margin,
        flips=share,
        items=items_needed(share, margin),
        items_unpaired=items_needed(2 * score * (1 - score), margin),
        score=score,
        basis=basis,
        sources=tuple(dict.fromkeys(f.source for f in chosen)),
        noise=noise,
    )


def _of_size(clean: Sequence[Flips], params_b: float | None) -> tuple[Sequence[Flips], str]:
    """The rows of a model's size, or all where there are none or no size is given."""
    if params_b is not None:
        size = size_class(params_b)
        alike = [f for f in clean if size_class(f.params_b) == size]
        if alike:
            return alike, f"median of {_counted(alike)}, {size}"
    low, high = (pick(f.params_b for f in clean) for pick in (min, max))
    span = f"{low:g}B" if low == high else f"{low:g}B to {high:g}B"
    return clean, f"median of {_counted(clean)}, {span}"


def _counted(found: Sequence[Flips]) -> str:
    return f"{len(found)} published run{'s' if len(found) > 1 else ''}"

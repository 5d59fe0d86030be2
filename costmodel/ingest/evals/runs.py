"""One evaluation of one model on one task: what each reader makes of a tool's file.

An item that brought no verdict (a failed request, NaN) is an error and never a wrong answer.
What differs between two runs of a harness stands in `settings`, so that they can be held
against each other. Nothing here compares anything.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from costmodel.errors import InputError, Problem, did_you_mean, nearest_ids

NOT_QUALITY = re.compile(
    r"perplexity|\bppl\b|bits_per_byte|\bnll\b|log_?likelihood|kl_?div", re.IGNORECASE
)
"""Metrics of the text a model expects, not of its answers. They never pass a gate."""


@dataclass(frozen=True)
class EvalItem:
    """One item of an evaluation: a score, or the reason why there is none."""

    key: str
    score: float | None
    error: str = ""
    mark: str = ""
    """A hash of the question and its target, where the file has them."""


@dataclass(frozen=True)
class EvalRun:
    """One model on one task under one metric."""

    tool: str
    file: str
    task: str
    metric: str
    items: tuple[EvalItem, ...] = ()
    """Empty where the file holds totals only."""
    model: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Versions, shots and limits, as text."""
    mean: float | None = None
    """The score as the tool printed it; of the items where they are there."""
    n: int = 0
    """Items that were asked, errors included."""
    lower_is_better: bool = False

    @property
    def errors(self) -> int:
        """Items without a verdict."""
        return sum(item.score is None for item in self.items)

    @property
    def scores(self) -> tuple[float, ...]:
        """Scores of the items that have one, in the file's order."""
        return tuple(item.score for item in self.items if item.score is not None)

    @property
    def is_binary(self) -> bool:
        """Whether every score is 0 or 1."""
        return all(score in (0.0, 1.0) for score in self.scores)

    @property
    def name(self) -> str:
        """What it is called in a message: the file, and the model where the file names one."""
        return f"{self.file} ({self.model})" if self.model else self.file


@dataclass(frozen=True)
class Evals:
    """Every run of a file, by model, task and metric."""

    file: str
    runs: tuple[EvalRun, ...]

    def run(
        self, *, task: str | None = None, metric: str | None = None, model: str | None = None
    ) -> EvalRun:
        """The one run asked for; the first metric where several are there and none is named.

        Raises InputError with what is there, for a name that is not, and where the file holds
        several tasks or models and none was named.
        """
        found = self.runs
        for what, wanted in (("model", model), ("task", task), ("metric", metric)):
            names = list(dict.fromkeys(getattr(run, what) for run in found))
            if wanted is not None:
                found = tuple(run for run in found if _named(wanted, getattr(run, what)))
                if not found:
                    near = did_you_mean(nearest_ids(wanted, names))
                    raise self._wrong(f"has no {what} {wanted!r}{near}; there is {_some(names)}")
            elif len(names) > 1 and what != "metric":
                raise self._wrong(f"holds several {what}s; say which {what}: {_some(names)}")
        return found[0]

    def to_dict(self) -> dict[str, Any]:
        """A line per run, without its items."""
        return {
            "file": self.file,
            "runs": [
                {
                    "tool": run.tool,
                    "model": run.model,
                    "task": run.task,
                    "metric": run.metric,
                    "mean": run.mean,
                    "n": run.n,
                    "errors": run.errors,
                    "paired": bool(run.items),
                }
                for run in self.runs
            ],
        }

    def _wrong(self, message: str) -> InputError:
        return InputError(Problem(message, file=self.file))

    def _repr_html_(self) -> str:
        import pandas as pd

        return pd.DataFrame(self.to_dict()["runs"]).to_html(index=False)


def _named(wanted: str, name: str) -> bool:
    """Whether a name is meant: in full, or without the filter after its comma."""
    return wanted in (name, name.partition(",")[0])


def _some(names: Sequence[str], most: int = 8) -> str:
    shown = ", ".join(name or "(unnamed)" for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")


def run_of(
    items: Iterable[EvalItem], *, tool: str, file: str, task: str, metric: str, **more: Any
) -> EvalRun:
    """A run from its items; attempts at the same item are averaged."""
    merged = tuple(_merged(items))
    scores = [item.score for item in merged if item.score is not None]
    mean = math.fsum(scores) / len(scores) if scores else None
    return EvalRun(tool, file, task, metric, merged, mean=mean, n=len(merged), **more)


def answered(runs: Sequence[EvalRun]) -> tuple[EvalRun, ...]:
    """The runs that have a score; a metric no item was given is left out.

    Raises InputError where there is none at all: then there are no answers to judge.
    """
    kept = tuple(run for run in runs if run.mean is not None)
    if runs and not kept:
        reasons = (item.error for run in runs for item in run.items if item.error)
        raise no_answers(runs[0].file, runs[0].n, next(reasons, ""))
    return kept


def no_answers(file: str, n: int, reason: str = "") -> InputError:
    """The refusal of a run in which every request failed."""
    because = f", the first because: {' '.join(reason.split())[:120]}" if reason else ""
    return InputError(
        Problem(
            f"no answers: all {n} items failed{because}. Errors are not wrong answers; mend the "
            "run and repeat it",
            file=file,
        )
    )


def _merged(items: Iterable[EvalItem]) -> Iterator[EvalItem]:
    """One item per key. Several attempts count as their mean; any failed one spoils it."""
    by_key: dict[str, list[EvalItem]] = {}
    for item in items:
        by_key.setdefault(item.key, []).append(item)
    for key, attempts in by_key.items():
        failed = next((item for item in attempts if item.score is None), None)
        if failed is not None or len(attempts) == 1:
            yield failed or attempts[0]
        else:
            mean = math.fsum(item.score or 0.0 for item in attempts) / len(attempts)
            yield EvalItem(key, mean, mark=attempts[0].mark)


def mark_of(*parts: Any) -> str:
    """A short hash of what makes an item the same item."""
    text = json.dumps(parts, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


_WORDS = {
    "true": 1.0, "false": 0.0, "pass": 1.0, "fail": 0.0, "passed": 1.0, "failed": 0.0,
    "yes": 1.0, "no": 0.0, "c": 1.0, "i": 0.0, "p": 0.5, "n": 0.0,
    "correct": 1.0, "incorrect": 0.0,
}  # fmt: skip
"""Verdicts as tools write them: Inspect's C, I, P and N (no answer given) among them."""


def score_of(value: Any) -> float | None:
    """A verdict as a number; None where there is none, such as NaN.

    Raises ValueError for what is no verdict at all.

    >>> [score_of(v) for v in (True, "C", "0.5", 1, float("nan"), "", None)]
    [1.0, 1.0, 0.5, 1.0, None, None, None]
    """
    if value is None or isinstance(value, bool):
        return None if value is None else float(value)
    if isinstance(value, str):
        word = value.strip().lower()
        if word in ("", "nan", "null", "none"):
            return None
        if word in _WORDS:
            return _WORDS[word]
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"is no score: {str(value)[:40]!r}") from None
    return number if math.isfinite(number) else None


def text_settings(**settings: Any) -> dict[str, str]:
    """Settings as text, without those a file does not state."""
    return {name: str(value) for name, value in settings.items() if value not in (None, "", {}, [])}

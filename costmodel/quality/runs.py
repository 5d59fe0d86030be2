"""The two runs of a gate: found by file, totals or record, and refused where they do not compare.

Other tasks, other settings, other items and perplexity are refused here, all differences at
once. What the runs say is for `quality_gate`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from costmodel.errors import InputError, Problem
from costmodel.ingest.evals.read import read_eval
from costmodel.ingest.evals.runs import NOT_QUALITY, EvalRun, Evals

_TOTALS = re.compile(r"(\d+)/(\d+)")

Source = str | Path | EvalRun | Evals | tuple[float, int]
"""A result file, what `read_eval` made of one, or totals: (right, items) or "92/164"."""


def called(source: Source) -> str:
    """What a source is called in a list."""
    if isinstance(source, EvalRun):
        return source.name
    return source.file if isinstance(source, Evals) else str(source)


def run_meant(source: Source, task: str | None, metric: str | None) -> EvalRun:
    """The run meant by a source."""
    if isinstance(source, EvalRun):
        run = source
    elif isinstance(source, tuple):
        run = _totals(*source)
    elif isinstance(source, Evals):
        run = _chosen(source, task, metric, None)
    else:
        run = _from_text(str(source), task, metric)
    _refuse_metric(run)
    return run


def _from_text(source: str, task: str | None, metric: str | None) -> EvalRun:
    counts = _TOTALS.fullmatch(source.strip())
    if counts and not Path(source).exists():
        return _totals(int(counts[1]), int(counts[2]))
    file, found, model = source.partition("#")
    if found and not Path(source).exists() and Path(file).exists():
        return _chosen(read_eval(file), task, metric, model)
    return _chosen(read_eval(source), task, metric, None)


def _chosen(evals: Evals, task: str | None, metric: str | None, model: str | None) -> EvalRun:
    """The run asked for; without a metric the first that is about answers."""
    run = evals.run(task=task, metric=metric, model=model)
    if metric is not None or not NOT_QUALITY.search(run.metric):
        return run
    alike = (r for r in evals.runs if (r.task, r.model) == (run.task, run.model))
    return next((r for r in alike if not NOT_QUALITY.search(r.metric)), run)


def _totals(right: float, n: int) -> EvalRun:
    if not (n > 0 and 0 <= right <= n):
        raise InputError(f"totals are right/items, such as 92/164, not {right:g}/{n}")
    return EvalRun("totals", f"{right:g}/{n}", "", "", mean=right / n, n=n)


def _refuse_metric(run: EvalRun) -> None:
    if NOT_QUALITY.search(run.metric):
        raise wrong_run(
            run,
            f"{run.metric} is about the text a model expects and never passes a gate: a format "
            "with unchanged perplexity has lost half its coding score",
        )
    if run.lower_is_better:
        raise wrong_run(run, f"{run.metric} is better when lower; a gate needs a score of answers")
    outside = [s for s in (*run.scores, run.mean or 0.0) if not 0 <= s <= 1]
    if outside:
        raise wrong_run(
            run,
            f"{run.metric or 'score'} must lie between 0 and 1, and {outside[0]:g} does not: "
            "divide by the top of its scale",
        )


def refuse_unequal(old: EvalRun, new: EvalRun) -> None:
    """Every difference that makes two runs incomparable, in one error."""
    problems = [
        f"{what} differs: {a!r} and {b!r}"
        for what, a, b in (
            ("tool", old.tool, new.tool),
            ("task", old.task, new.task),
            ("metric", old.metric, new.metric),
        )
        if a and b and a != b and "totals" not in (a, b)
    ]
    problems += [
        f"{name} differs: {old.settings[name]} and {new.settings[name]}"
        for name in old.settings.keys() & new.settings.keys()
        if old.settings[name] != new.settings[name]
    ]
    problems += list(_item_differences(old, new))
    if problems:
        words = f"cannot be held against {old.name}: "
        raise InputError(Problem(words + each, file=new.file) for each in sorted(problems))


def _item_differences(old: EvalRun, new: EvalRun) -> Sequence[str]:
    if not (old.items and new.items):
        return ()
    before, after = ({item.key: item for item in run.items} for run in (old, new))
    for gone, where in ((before.keys() - after.keys(), "the candidate"),
                        (after.keys() - before.keys(), "the baseline")):  # fmt: skip
        if gone:
            return [f"{len(gone)} of the items are missing in {where}, such as {min(gone)!r}; the "
                    "gate needs the same frozen items"]  # fmt: skip
    changed = [
        key
        for key, item in before.items()
        if item.mark and after[key].mark and item.mark != after[key].mark
    ]
    if changed:
        return [f"{len(changed)} items ask something else, such as {changed[0]!r}: another prompt, "
                "another data set or another number of shots"]  # fmt: skip
    return ()


def wrong_run(run: EvalRun, message: str) -> InputError:
    """The error that says what is wrong with a run, under its file's name."""
    return InputError(Problem(message, file=run.file))

"""The gate: may this candidate replace its baseline? Two runs on the same frozen items decide.

`gate()` pairs the items of two result files and answers pass, fail or inconclusive. What cannot be
compared is refused in `gate_runs`; the tests themselves are in `serving.noninferiority`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np

from costmodel.errors import InputError
from costmodel.ingest.evals.runs import EvalRun
from costmodel.quality.noninferiority import (
    ALPHA,
    CI_LEVEL,
    Verdict,
    bootstrap_means,
    farrington_manning_interval,
    farrington_manning_z,
    items_needed,
    newcombe_interval,
    pooled_z,
    tango_interval,
    tango_z,
    two_sided_p,
    verdict_of,
)
from costmodel.quality.runs import Source, called, refuse_unequal, run_meant, wrong_run
from costmodel.quantity.words import percent, score

Method = Literal["paired score test", "paired bootstrap", "unpaired score test"]

MARGIN = 0.02
"""The loss of two points that is accepted where the user names no margin."""

FORM_ONLY = re.compile(r"json|schema|well.?formed|pars(e|able)|valid", re.IGNORECASE)
"""Metrics of an answer's form. A valid answer is not a right one."""


@dataclass(frozen=True)
class Noise:
    """The same baseline twice: how many answers change although nothing did."""

    n: int
    b: int
    c: int
    flips: float
    """Share of items whose correctness changed."""
    excess: float
    """Flips of the candidate beyond those; may be below 0."""


@dataclass(frozen=True)
class Gate:
    """What two runs say about a candidate. Differences are candidate minus baseline."""

    verdict: Verdict
    n: int
    """Items compared; of unpaired runs those of the smaller."""
    b: int | None
    """Items that only the baseline got right; None where answers are graded or unpaired."""
    c: int | None
    """Items that only the candidate got right."""
    difference: float
    ci_low: float
    """Two-sided, at `ci_level`."""
    ci_high: float
    n_needed: int
    """Items with which a candidate that loses nothing passes four times in five."""
    paired: bool
    errors: int
    """Items left out because one of the runs has no verdict on them."""
    margin: float
    method: Method
    ci_level: float
    lower_bound: float
    """One-sided at 5 %: passes where this is above minus the margin."""
    upper_bound: float
    """One-sided at 5 %: fails where this is below minus the margin."""
    z: float | None
    """Size of the statistic of equal scores; `p_value` two-sided. None for graded answers."""
    p_value: float | None
    baseline_score: float
    candidate_score: float
    baseline_errors: int
    candidate_errors: int
    baseline: str
    candidate: str
    task: str
    metric: str
    noise: Noise | None = None
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the candidate may replace its baseline."""
        return self.verdict == "pass"

    @property
    def flips(self) -> float | None:
        """Share of items whose correctness changed; None where that is not known."""
        return None if self.b is None or self.c is None else (self.b + self.c) / self.n

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `costmodel gate --json`."""
        return asdict(self)

    def _repr_html_(self) -> str:
        from html import escape

        rows = "".join(
            f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>"
            for name, text in rows_of(self)
        )
        return f"<p><b>{escape(sentence(self))}</b></p><table>{rows}</table>"


def gate(
    baseline: Source,
    candidate: Source,
    *,
    margin: float = MARGIN,
    task: str | None = None,
    metric: str | None = None,
    again: Source | None = None,
    seed: int = 0,
) -> Gate:
    """Whether a candidate stays within `margin` of its baseline, at one-sided 5 %.

    Args:
        baseline: result file of what is in use, or totals such as "92/164".
        candidate: result file of what would replace it, on the same items. `file#model` picks
            one of several models in a file.
        margin: the loss that would still be accepted, in points of the score: 0.02 is two.
        task: one of several tasks in the files.
        metric: one of several metrics; the file's first where left out.
        again: the baseline a second time, unchanged: the noise floor of flips.
        seed: of the bootstrap, for graded scores.

    Raises:
        InputError: for files that cannot be read or compared, and for a metric that cannot pass.

    """
    if not 0 < margin < 1:
        raise InputError(f"margin must be above 0 and below 1, such as 0.02, not {margin:g}")
    old, new = run_meant(baseline, task, metric), run_meant(candidate, task, metric)
    refuse_unequal(old, new)
    found = _compared(old, new, margin, seed)
    if again is not None:
        found = replace(found, noise=_noise(old, run_meant(again, task, metric), found))
    return found


@dataclass(frozen=True)
class GateSequence:
    """Several candidates in a fixed order, from the safest to the cheapest.

    Testing stops at the first that does not pass, so that each may be tested at the full 5 %.
    """

    steps: tuple[Gate, ...]
    untested: tuple[str, ...]

    @property
    def cheapest(self) -> Gate | None:
        """The last candidate that passed; None where the first did not."""
        return next((step for step in reversed(self.steps) if step.passed), None)

    @property
    def verdict(self) -> Verdict:
        """Of the last one tested; `pass` only where all passed."""
        return self.steps[-1].verdict

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `costmodel gate` with several candidates."""
        return {
            "verdict": self.verdict,
            "cheapest": self.cheapest.candidate if self.cheapest else None,
            "steps": [step.to_dict() for step in self.steps],
            "untested": list(self.untested),
        }


def gate_in_order(baseline: Source, candidates: Sequence[Source], **options: Any) -> GateSequence:
    """Gate several candidates in the order given, which must be fixed before any is run.

    `options` are those of :func:`gate`.
    """
    if not candidates:
        raise InputError("name at least one candidate")
    steps: list[Gate] = []
    for candidate in candidates:
        steps.append(gate(baseline, candidate, **options))
        if not steps[-1].passed:
            break
    return GateSequence(tuple(steps), tuple(map(called, candidates[len(steps) :])))


# ------------------------------------------------------------------------------------ the verdict


def _compared(old: EvalRun, new: EvalRun, margin: float, seed: int) -> Gate:
    if not (old.items and new.items):
        return _unpaired(old, new, margin)
    before = {item.key: item.score for item in old.items}
    pairs = [(before[item.key], item.score) for item in new.items]
    known = np.array([(a, b) for a, b in pairs if a is not None and b is not None], dtype=float)
    if not len(known):
        raise wrong_run(new, "no item has a verdict in both runs")
    if old.is_binary and new.is_binary:
        return _paired(old, new, known, margin)
    return _graded(old, new, known, margin, seed)


def _paired(old: EvalRun, new: EvalRun, known: np.ndarray, margin: float) -> Gate:
    b, c = (int(np.sum(known[:, i] > known[:, 1 - i])) for i in (0, 1))
    n = len(known)
    equal = abs(float(tango_z(b, c, n, 0.0)))
    return _gate(
        old,
        new,
        verdict=verdict_of(float(tango_z(b, c, n, -margin))),
        scores=(float(known[:, 0].mean()), float(known[:, 1].mean())),
        n=n,
        flips=(b, c),
        interval=tango_interval(b, c, n),
        bounds=tango_interval(b, c, n, 1 - 2 * ALPHA),
        n_needed=items_needed((b + c) / n, margin),
        z=equal,
        margin=margin,
        method="paired score test",
    )


def _graded(old: EvalRun, new: EvalRun, known: np.ndarray, margin: float, seed: int) -> Gate:
    """Graded answers: the bootstrap, with one full loss and one full gain added to the items.

    Where few answers change, resampling alone cannot imagine the changes it has not seen, and
    passes losing candidates as the Wald test does; the two added items keep it honest, as Agresti
    and Min do for counts.
    """
    differences = known[:, 1] - known[:, 0]
    n = len(differences)
    means = bootstrap_means([*differences, -1.0, 1.0], seed)
    low, high = (float(np.quantile(means, q)) for q in (ALPHA, 1 - ALPHA))
    ends = [float(np.quantile(means, q)) for q in ((1 - CI_LEVEL) / 2, (1 + CI_LEVEL) / 2)]
    needed = items_needed(float(differences.var()), margin)
    verdict: Verdict = "pass" if low >= -margin else "fail" if high < -margin else "inconclusive"
    if verdict == "pass" and n < items_needed(0.0, margin):
        verdict = "inconclusive"
    return _gate(
        old,
        new,
        verdict=verdict,
        scores=(float(known[:, 0].mean()), float(known[:, 1].mean())),
        n=n,
        flips=(None, None),
        interval=(ends[0], ends[1]),
        bounds=(low, high),
        n_needed=needed,
        z=None,
        margin=margin,
        method="paired bootstrap",
    )


def _unpaired(old: EvalRun, new: EvalRun, margin: float) -> Gate:
    assert old.mean is not None
    assert new.mean is not None
    n0, n1 = old.n - old.errors, new.n - new.errors
    right0, right1 = old.mean * n0, new.mean * n1
    z = farrington_manning_z(right1, n1, right0, n0, -margin)
    spread = old.mean * (1 - old.mean) + new.mean * (1 - new.mean)
    return _gate(
        old,
        new,
        verdict=verdict_of(z),
        scores=(old.mean, new.mean),
        n=min(n0, n1),
        flips=(None, None),
        interval=newcombe_interval(right1, n1, right0, n0),
        bounds=farrington_manning_interval(right1, n1, right0, n0, 1 - 2 * ALPHA),
        n_needed=items_needed(spread, margin),
        z=abs(pooled_z(right1, n1, right0, n0)),
        margin=margin,
        method="unpaired score test",
    )


def _gate(  # noqa: PLR0913 - one keyword per part of the verdict
    old: EvalRun,
    new: EvalRun,
    *,
    verdict: Verdict,
    scores: tuple[float, float],
    n: int,
    flips: tuple[int | None, int | None],
    interval: tuple[float, float],
    bounds: tuple[float, float],
    n_needed: int,
    z: float | None,
    margin: float,
    method: Method,
) -> Gate:
    asked = max(old.n, new.n)
    failed = {item.key for run in (old, new) for item in run.items if item.score is None}
    open_share = max(old.errors, new.errors) / asked
    notes = list(_notes(old, method, flips, n))
    if verdict == "pass" and open_share > margin:
        verdict = "inconclusive"
        notes.append(
            f"{open_share:.1%} of the items have no answer, more than the margin: what is missing "
            "could turn the verdict"
        )
    return Gate(
        verdict=verdict,
        n=n,
        b=flips[0],
        c=flips[1],
        difference=scores[1] - scores[0],
        ci_low=interval[0],
        ci_high=interval[1],
        n_needed=n_needed,
        paired=method != "unpaired score test",
        errors=len(failed),
        margin=margin,
        method=method,
        ci_level=CI_LEVEL,
        lower_bound=bounds[0],
        upper_bound=bounds[1],
        z=z,
        p_value=None if z is None else two_sided_p(z),
        baseline_score=scores[0],
        candidate_score=scores[1],
        baseline_errors=old.errors,
        candidate_errors=new.errors,
        baseline=old.name,
        candidate=new.name,
        task=old.task or new.task,
        metric=old.metric or new.metric,
        notes=tuple(notes),
    )


def _notes(
    old: EvalRun, method: Method, flips: tuple[int | None, int | None], n: int
) -> Sequence[str]:
    notes = []
    if method == "unpaired score test":
        notes.append(
            "Unpaired and weaker: only totals are known, so that answers which change in both "
            "directions cannot be set off; results per item need several times fewer items."
        )
    if FORM_ONLY.search(old.metric):
        notes.append(f"{old.metric} looks at the form: a valid answer is not yet a right one.")
    if flips[0] is not None and flips[1] is not None and flips[0] + flips[1] > 0.35 * n:
        notes.append("More than a third of the answers changed: is it the same task in both runs?")
    return notes


def _noise(old: EvalRun, again: EvalRun, found: Gate) -> Noise:
    """How many answers the baseline changes against itself."""
    refuse_unequal(old, again)
    if not (old.items and again.items and old.is_binary and again.is_binary):
        raise wrong_run(again, "a noise floor needs right or wrong per item in both baseline runs")
    before = {item.key: item.score for item in old.items}
    pairs = [(before[i.key], i.score) for i in again.items]
    known = [(a, b) for a, b in pairs if a is not None and b is not None]
    b, c = sum(x > y for x, y in known), sum(x < y for x, y in known)
    share = (b + c) / len(known)
    return Noise(len(known), b, c, share, (found.flips or 0.0) - share)


# ------------------------------------------------------------------------------------ in words


def sentence(found: Gate) -> str:
    """The verdict in one sentence."""
    points = f"{100 * found.margin:g} point{'' if found.margin == 0.01 else 's'}"
    gap = f"{100 * found.difference:+.1f} points on {found.n:,} items"
    if found.verdict == "pass":
        return f"Pass: {gap}, and a loss of {points} is ruled out."
    if found.verdict == "fail":
        return f"Fail: {gap}, a loss of more than {points}."
    more = (
        f"about {found.n_needed:,} items could tell"
        if found.n_needed > found.n
        else "more items would help only if the loss seen here is chance"
    )
    return f"Inconclusive: {gap} neither rules a loss of {points} out nor shows it; {more}."


def rows_of(found: Gate) -> list[tuple[str, str]]:
    """The numbers behind the verdict, as (name, text)."""

    def points(x: float) -> str:
        return f"{100 * x:+.1f}"

    rows = [
        ("Baseline", f"{score(found.baseline_score)}  {found.baseline}"),
        ("Candidate", f"{score(found.candidate_score)}  {found.candidate}"),
        ("Difference", f"{points(found.difference)} points"),
        (
            f"{percent(found.ci_level)} interval",
            f"{points(found.ci_low)} to {points(found.ci_high)} points",
        ),
        ("One-sided bound", f"{points(found.lower_bound)} against {points(-found.margin)} points"),
        ("Test", found.method),
        ("Items", f"{found.n:,} compared; {found.n_needed:,} decide if nothing is lost"),
    ]
    if found.b is not None:
        share = score(found.flips or 0.0)
        rows.append(("Flips", f"{found.b} lost, {found.c} gained: {share} of the items"))
    if found.noise is not None:
        noise, excess = found.noise, points(found.noise.excess)
        alone = f"{score(noise.flips)} of {noise.n:,} items change in the baseline alone"
        rows.append(("Noise floor", f"{alone}; excess {excess} points"))
    if found.errors:
        each = f"{found.baseline_errors} and {found.candidate_errors}"
        rows.append(("Errors", f"{found.errors} items left out (baseline and candidate: {each})"))
    return rows

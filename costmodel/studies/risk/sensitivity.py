"""One input at a time, two at a time, and the value at which the verdict flips.

What is asked is what one option saves a month against the cheapest eligible API. Every figure
shown is priced again from the scenario with that value in it, by the bills of `evaluate`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from costmodel.book import load_book
from costmodel.errors import InputError, did_you_mean, nearest_ids
from costmodel.pipeline.bills import build_bills, traffic_of
from costmodel.pipeline.defaults import completed_scenario
from costmodel.pipeline.evaluate import evaluate_resolved, moved_to, volume_asked
from costmodel.pipeline.report import Exclusion
from costmodel.pipeline.resolve import resolve
from costmodel.pipeline.verdict import exclusions
from costmodel.scenario import Scenario
from costmodel.studies.risk.draws import Model, array_usd, looped_usd, one_by_one, served_usd
from costmodel.studies.risk.inputs import Input, all_inputs, over_time
from costmodel.studies.risk.record import Goal, Swing, TwoWay

REACH = 10.0
"""A goal is sought from a tenth to ten times the current value; shares from 0 to 1."""

STEPS = 12
"""Values looked at on either side of the current one, evenly by ratio."""

HALVINGS = 20
"""Of the step within which the verdict flips: to a millionth of it."""

SAME = 1e-9

_LEVERS = (
    "usd_per_gpu_hour", "usd_per_hour", "hours_per_month", "requests_per_s", "load_factor",
    "cached_input_share", "input_usd_per_mtok", "output_usd_per_mtok", "output_token_ratio",
    "burst_factor", "peak_to_mean", "usd_per_gpu",
)  # fmt: skip
"""Last words of the inputs a goal is sought for, beside those with a range."""


@dataclass(frozen=True)
class Decision:
    """What is decided: one option against the cheapest eligible API, at one volume."""

    model: Model
    option: str | None
    apis: tuple[str, ...]
    volume: float

    @classmethod
    def of(
        cls,
        model: Model,
        excluded: Mapping[str, Sequence[Exclusion]],
        volume: float,
        option: str | None = None,
    ) -> Decision:
        """About the cheapest option that is no API, the one that stands first."""
        kinds = {name: model.scenario.option(name).kind for name in model.stated}
        apis = tuple(n for n in kinds if kinds[n] == "api" and not excluded[n])
        if option is not None:
            return cls(model, option, apis, volume)
        own = [n for n in kinds if kinds[n] != "api"]
        if not own or not apis:
            return cls(model, None, apis, volume)
        report = evaluate_resolved(model.scenario, model.resolved, volume)
        usd = {o.name: o.monthly_usd for o in report.options if o.monthly_usd is not None}
        chosen = min(own, key=lambda n: (bool(report.option(n).excluded_by), usd.get(n, np.inf)))
        return cls(model, chosen, apis, volume)

    def depends_on(self, entry: Input) -> bool:
        """Whether an input belongs to what is compared: the option, its parts, eligible APIs."""
        assert self.option is not None
        owners = self.model.owners(entry)
        return not owners or bool(owners & (self.model.parts(self.option) | {*self.apis}))

    @cached_property
    def saving_usd(self) -> float | None:
        """The saving with every input as stated."""
        if self.option is None:
            return None
        return self.re_evaluated([entry.quantity.value for entry in self.model.inputs])

    def re_evaluated(self, values: Sequence[float]) -> float:
        """The saving by the point evaluation; minus infinity where the option cannot serve.

        Where the volume itself is an input, its value replaces the decision's.
        """
        assert self.option is not None
        scenario, resolved = self._compared.at(values)
        moved = scenario.tokens_per_day / self.model.scenario.tokens_per_day
        bills = build_bills(scenario, resolved, traffic_of(scenario, resolved.profiles))
        at = self.volume * moved
        usd = {n: bill.usd(at) if bill.serves(at) else np.inf for n, bill in bills.items()}
        rival, own = min(usd[api] for api in self.apis), usd.get(self.option, np.inf)
        return 0.0 if abs(rival - own) <= SAME * rival else rival - own

    @cached_property
    def _compared(self) -> Model:
        """What is compared, alone."""
        assert self.option is not None
        return self.model.only([self.option, *self.apis])

    def savings(self, values: np.ndarray) -> np.ndarray:
        """The saving of many rows of input values at once, to search in."""
        assert self.option is not None
        names = [self.option, *self.apis]
        fast = [n for n in names if n in self.model.vectorised]
        slow = [n for n in names if n not in self.model.vectorised]
        at = self.model.volumes(values, self.volume)
        usd = array_usd(self.model, fast, values, at)
        if slow:
            bills = list(one_by_one(self.model.only(slow), values))
            usd |= {n: served_usd(looped_usd(bills, n, at), bills, n, at) for n in slow}
        rival = np.min([usd[api][0] for api in self.apis], axis=0)
        saving = rival - usd[self.option][0]
        return np.where(np.abs(saving) <= SAME * rival, 0.0, saving)


def tornado(decision: Decision) -> tuple[Swing, ...]:
    """The saving with each input at its low and its high; the widest swing first."""
    if decision.option is None:
        return ()
    stated = [entry.quantity.value for entry in decision.model.inputs]
    rows = []
    for i, entry in enumerate(decision.model.inputs):
        low, high = entry.quantity.low, entry.quantity.high
        assert low is not None
        assert high is not None
        ends = [decision.re_evaluated([*stated[:i], v, *stated[i + 1 :]]) for v in (low, high)]
        rows.append(Swing(entry.path, ends[0], ends[1], low, high))
    return tuple(sorted(rows, key=_width, reverse=True))


def _width(row: Swing) -> float:
    return 0.0 if row.low_usd == row.high_usd else abs(row.high_usd - row.low_usd)


# --------------------------------------------------------------------------------- goal seek


def goal_seek(decision: Decision) -> tuple[Goal, ...]:
    """The nearest value of each input past which the verdict flips at the current volume."""
    if decision.option is None:
        return ()
    model = decision.model
    open_paths = {entry.path for entry in model.inputs}
    sought = [
        entry
        for entry in all_inputs(model.scenario, model.resolved)
        if entry.quantity.value > 0
        and not entry.path.startswith(("calendar", "finance"))
        and (entry.path in open_paths or entry.path.rsplit(".", 1)[-1] in _LEVERS)
        and decision.depends_on(entry)
    ]
    goals = [Goal(e.path, _flip_value(decision, e), e.quantity.value) for e in sought]
    return tuple(sorted(goals, key=_nearness))


def _nearness(goal: Goal) -> float:
    return np.inf if goal.value is None else abs(np.log(max(goal.value, 1e-12) / goal.current))


def _flip_value(decision: Decision, entry: Input) -> float | None:
    """The nearer of the values below and above; checked by the point evaluation."""
    alone = replace(decision, model=replace(decision.model, inputs=(entry,)))
    current = entry.quantity.value
    wins = alone.re_evaluated([current]) > 0
    bound = float(entry.bounded(np.array(current * REACH)))
    found = [
        value
        for end in (current / REACH, bound)
        if (value := _flip_towards(alone, entry, end, wins)) is not None
    ]
    return min(found, key=lambda v: abs(np.log(max(v, 1e-12) / current)), default=None)


def _flip_towards(alone: Decision, entry: Input, end: float, wins: bool) -> float | None:
    """The first flip on the way from the current value to ``end``; None where there is none."""
    if abs(end / entry.quantity.value - 1) < SAME:
        return None
    values = entry.bounded(np.geomspace(entry.quantity.value, end, STEPS))
    try:
        flipped = np.flatnonzero((alone.savings(values[:, None]) > 0) != wins)
        if not len(flipped) or flipped[0] == 0:
            return None
        before, after = values[flipped[0] - 1], values[flipped[0]]
        for _ in range(HALVINGS):
            middle = float(entry.bounded(np.sqrt(before * after)))
            if middle in (before, after):
                break
            if (alone.savings(np.array([[middle]]))[0] > 0) == wins:
                before = middle
            else:
                after = middle
    except InputError:
        return None
    return float(after) if (alone.re_evaluated([after]) > 0) != wins else None


# ---------------------------------------------------------------------------------- two ways


def two_way(
    scenario: Scenario,
    x: str,
    y: str,
    *,
    option: str | None = None,
    steps: int = 9,
    x_ends: tuple[float, float] | None = None,
    y_ends: tuple[float, float] | None = None,
    tokens_per_day: float | None = None,
) -> TwoWay:
    """What an option saves a month for every pair of values of two inputs.

    ``x`` and ``y`` are paths such as ``overheads.usd_per_hour``. Values run evenly from low to
    high where the input has a range, else from half to twice the current value, or between the
    ends given. Raises InputError for a path that is no input.
    """
    book = load_book()
    volume = volume_asked(scenario, tokens_per_day)
    scenario = moved_to(completed_scenario(scenario, book), volume)
    resolved = resolve(scenario, book)
    known = {entry.path: entry for entry in all_inputs(scenario, resolved)}
    if x == y:
        raise InputError("a two-way table needs two different inputs")
    for path in (x, y):
        if path not in known:
            raise InputError(_no_input(path, scenario, known))
    model = Model(scenario, resolved, (known[x], known[y]), book)
    names = [o.name for o in scenario.options]
    if option is not None and option not in names:
        raise InputError(f"no option is named {option!r}{did_you_mean(nearest_ids(option, names))}")
    decision = Decision.of(model, exclusions(scenario, resolved), volume, option)
    if decision.option is None or decision.option not in model.stated or not decision.apis:
        raise InputError("needs an option with own GPUs and an eligible API to compare it with")
    across, down = _values(known[x], steps, x_ends), _values(known[y], steps, y_ends)
    rows = np.array([[a, b] for b in down for a in across])
    saving = decision.savings(rows).reshape(len(down), len(across))
    return TwoWay(
        decision.option,
        x,
        y,
        tuple(across),
        tuple(down),
        tuple(tuple(row) for row in saving.tolist()),
        known[x].quantity.value,
        known[y].quantity.value,
    )


def _no_input(path: str, scenario: Scenario, known: Collection[str]) -> str:
    if path in over_time(scenario, ranged=False):
        return (
            f"{path} moves the cash flow over the months, not the bill of one: no table of monthly "
            "savings has it"
        )
    return f"no input is named {path!r}{did_you_mean(nearest_ids(path, known))}"


def _values(entry: Input, steps: int, ends: tuple[float, float] | None) -> list[float]:
    known = entry.quantity
    if ends is None:
        ranged = known.low is not None and known.high is not None and known.low < known.high
        ends = (known.low, known.high) if ranged else (known.value / 2, known.value * 2)  # pyright: ignore[reportAssignmentType]
    assert ends is not None
    return entry.bounded(np.linspace(*ends, steps)).tolist()

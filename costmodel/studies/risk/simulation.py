"""Monte Carlo over a scenario's ranges: probabilities, bands of bills, quantiles of break-even."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from costmodel.book import Book, load_book
from costmodel.cost.breakeven import WinningSet, intersection
from costmodel.cost.crossing import first_and_always
from costmodel.cost.curve import Floats
from costmodel.errors import InputError
from costmodel.pipeline.bills import Bill, build_bills, traffic_of
from costmodel.pipeline.defaults import completed_scenario
from costmodel.pipeline.evaluate import moved_to, volume_asked
from costmodel.pipeline.report import CHEAPEST
from costmodel.pipeline.resolve import resolve
from costmodel.pipeline.verdict import exclusions
from costmodel.scenario import Scenario
from costmodel.studies.risk.draws import (
    Model,
    array_usd,
    looped_usd,
    one_by_one,
    served_usd,
)
from costmodel.studies.risk.inputs import Input, needs_lookup, over_time, ranged_inputs
from costmodel.studies.risk.record import (
    Band,
    BreakEvenRange,
    Outlook,
    Probability,
    Risk,
    RiskInput,
)
from costmodel.studies.risk.sampling import correlation_matrix, normal_scores, two_piece
from costmodel.studies.risk.sensitivity import Decision, goal_seek, tornado

DEFAULT_SAMPLES = 10_000

HOURLY_SAMPLES = 1_000
"""Draws of bills that are worked out for every hour of the week."""

LOOPED_SAMPLES = 500
"""Draws of bills that are built one by one."""

LOOKED_UP_SAMPLES = 100
"""Draws where each has to look up sizes and speeds again."""

EXACT_SAMPLES = 128
"""Draws whose winning volumes are worked out exactly."""

VOLUMES = 200
REACH = 3.0
"""Volumes run from 0 to this many times the stated one."""

SAME = 1e-9
"""Bills this close, relative to their size, are the same."""

QUANTILES = (0.1, 0.5, 0.9)


def simulate(
    scenario: Scenario,
    samples: int = DEFAULT_SAMPLES,
    seed: int = 0,
    *,
    tokens_per_day: float | None = None,
    book: Book | None = None,
    progress: Callable[[float], None] | None = None,
) -> Risk:
    """Draw every input that has a range, and price all options in each draw.

    ``progress`` is told the share done, now and then. Same seed, same numbers. With no range at
    all the result is `evaluate` with probabilities of 0 and 1. Raises InputError for bad
    correlations and for whatever cannot be looked up.
    """
    if samples < 2 or samples != int(samples):
        raise InputError(f"samples must be a whole number, 2 or more, not {samples}")
    if seed < 0 or seed != int(seed):
        raise InputError(f"seed must be a whole number, 0 or more, not {seed}")
    book, volume = book or load_book(), volume_asked(scenario, tokens_per_day)
    scenario = completed_scenario(scenario, book)
    if _has_ranged_volume(scenario):
        scenario = moved_to(scenario, volume)
    resolved = resolve(scenario, book)
    inputs = ranged_inputs(scenario, resolved)
    model = Model(scenario, resolved, inputs, book)
    values = draw(scenario, inputs, int(samples), int(seed))
    return _Run(model, values, int(samples), int(seed), volume, progress).result()


def _has_ranged_volume(scenario: Scenario) -> bool:
    volumes = (w.tokens_per_day or w.requests_per_day for w in scenario.workloads)
    return any(v is not None and v.low != v.high for v in volumes)


def draw(scenario: Scenario, inputs: Sequence[Input], samples: int, seed: int) -> Floats:
    """Values of every input; (samples, inputs), or one row where nothing varies."""
    paths = tuple(entry.path for entry in inputs)
    matrix = correlation_matrix(scenario.correlations, paths, scenario.origin, over_time(scenario))
    if not inputs:
        return np.zeros((1, 0))
    scores = normal_scores(samples, len(inputs), seed, matrix)
    columns = [at_score(entry, z) for entry, z in zip(inputs, scores.T, strict=True)]
    return np.stack(columns, axis=1)


def at_score(entry: Input, z: Floats) -> Floats:
    """Values of an input at standard normal scores."""
    known = entry.quantity
    assert known.low is not None
    assert known.high is not None
    return entry.bounded(two_piece(known.low, known.value, known.high, z))


@dataclass
class _Run:
    model: Model
    values: Floats
    samples: int
    seed: int
    volume: float
    progress: Callable[[float], None] | None

    def __post_init__(self) -> None:
        self.excluded = exclusions(self.model.scenario, self.model.resolved)
        names, model = list(self.model.stated), self.model
        self.fast = [n for n in names if n in model.vectorised] if model.inputs else []
        self.by_hour = [name for name in self.fast if model.stated[name].by_the_hour]
        self.slow = [name for name in names if name not in self.fast]
        grid = np.linspace(0.0, REACH * self.volume, VOLUMES - 1)
        self.volumes = grid[:, None]
        self.here = int(np.argmin(np.abs(grid - self.volume)))
        self.volumes[self.here] = self.volume
        self.won: dict[tuple[int, str, str], WinningSet] = {}

    def result(self) -> Risk:
        usd = self._bills(self.volumes)
        served = self._served(usd, self.volumes)
        self._tell(0.8)
        decision = Decision.of(self.model, self.excluded, self.volume)
        self._tell(0.9)
        return Risk(
            scenario=self.model.scenario.name,
            tokens_per_day=self.volume,
            samples=self.samples,
            seed=self.seed,
            option=decision.option,
            probability=tuple(self._probability(served)),
            bands=tuple(self._bands(usd)),
            break_even=tuple(self._break_even()),
            tornado=tornado(decision),
            goal_seek=goal_seek(decision),
            outlook=tuple(self._outlook({n: served[n][self.here] for n in served})),
            outlook_over_volumes=tuple(self._outlook_over_volumes()),
            inputs=tuple(_input_row(entry) for entry in self.model.inputs),
            option_samples=tuple((name, bill.shape[1]) for name, bill in usd.items()),
            saving_usd=decision.saving_usd,
            notes=tuple(self._notes(usd)),
        )

    def _tell(self, share: float) -> None:
        if self.progress is not None:
            self.progress(share)

    # ------------------------------------------------------------------------------- bills

    @cached_property
    def exact(self) -> list[dict[str, Bill]]:
        """Bills built draw by draw: for what takes no arrays, and where a break-even is more than
        one staircase against one line.
        """
        most = LOOKED_UP_SAMPLES if self.looks_up else LOOPED_SAMPLES
        rows = self.values[: min(most, self.samples)]
        return list(one_by_one(self.model, rows, lambda done: self._tell(0.6 * done)))

    def _bills(self, volumes: Floats) -> dict[str, Floats]:
        """Every bill over volumes and draws, in the order of the options.

        ``volumes`` (volumes, 1), or (volumes, draws) where each draw has its own.
        """
        if not self.model.inputs:  # each point as the point evaluation has it
            one = [self.model.stated]
            points = [{n: looped_usd(one, n, v[None]) for n in self.model.stated} for v in volumes]
            return {name: np.concatenate([p[name] for p in points]) for name in self.model.stated}
        slow = {name: looped_usd(self.exact, name, volumes) for name in self.slow}
        hourly = self.values[:HOURLY_SAMPLES]
        fast = array_usd(self.model, self.by_hour, hourly, volumes[:, :HOURLY_SAMPLES])
        whole = [name for name in self.fast if name not in self.by_hour]
        fast |= array_usd(self.model, whole, self.values, volumes)
        return {name: (fast | slow)[name] for name in self.model.stated}

    def _served(self, usd: Mapping[str, Floats], volumes: Floats) -> dict[str, Floats]:
        """The bills of what can serve: infinite where an option is too small for a draw."""
        bills = self.exact if self.model.inputs else [self.model.stated]
        return {
            name: served_usd(bill, bills, name, volumes) if name in self.slow else bill
            for name, bill in usd.items()
        }

    @property
    def looks_up(self) -> bool:
        """Whether draws need sizes and speeds of their own."""
        return any(needs_lookup(entry, self.model.scenario) for entry in self.model.inputs)

    # -------------------------------------------------------------------------------- rows

    @property
    def _apis(self) -> list[str]:
        return [n for n in self.model.stated if self.model.scenario.option(n).kind == "api"]

    @property
    def _eligible(self) -> list[str]:
        return [name for name in self._apis if not self.excluded[name]]

    @property
    def _rivals(self) -> list[tuple[str, list[str]]]:
        """What an option is compared with: every API, and the cheapest of the eligible ones."""
        each = [(api, [api]) for api in self._apis]
        return [*each, (CHEAPEST, self._eligible)] if self._eligible else each

    def _pairs(self, usd: Mapping[str, Floats]) -> Iterator[tuple[str, str, Floats, Floats]]:
        """Bills to compare, over the draws both have."""
        for name, bill in usd.items():
            if name in self._apis:
                continue
            for against, apis in self._rivals:
                count = min(bill.shape[1], *(usd[api].shape[1] for api in apis))
                lowest = usd[apis[0]][:, :count]
                for api in apis[1:]:
                    lowest = np.minimum(lowest, usd[api][:, :count])
                yield name, against, bill[:, :count], lowest

    def _probability(self, usd: Mapping[str, Floats]) -> Iterator[Probability]:
        for name, against, bill, rival in self._pairs(usd):
            shares = (bill < rival * (1.0 - SAME)).mean(axis=1).tolist()
            for volume, share in zip(self.volumes[:, 0].tolist(), shares, strict=True):
                yield Probability(name, against, volume, share)

    def _bands(self, usd: Mapping[str, Floats]) -> Iterator[Band]:
        for name, bill in usd.items():
            low, middle, high = _quantiles(bill)
            rows = zip(self.volumes[:, 0].tolist(), low, middle, high, strict=True)
            for volume, p10, p50, p90 in rows:
                yield Band(name, volume, float(p10), float(p50), float(p90))

    def _break_even(self) -> Iterator[BreakEvenRange]:
        """In closed form where a staircase meets a line, else by the exact sets of fewer draws."""
        scenario, resolved = self.model.only(self.fast).in_arrays(self.values)
        drawn = build_bills(scenario, resolved, traffic_of(scenario, resolved.profiles))
        for name in self.model.stated:
            if name in self._apis:
                continue
            stairs = drawn[name].staircase if name in self.fast else None
            for against, apis in self._rivals:
                line = _lowest_line([drawn[api] for api in apis if api in self.fast])
                if stairs is not None and line is not None and len(set(apis) - set(self.fast)) == 0:
                    edges = first_and_always(stairs, *line)
                else:
                    edges = self._exact_edges(name, apis)
                yield _edge_row(name, against, *edges)

    def _exact_edges(self, name: str, apis: Sequence[str]) -> tuple[Floats, Floats]:
        """First and always-from of each draw, by the exact sets of volumes; inf: there is none."""
        edges = []
        for i, bills in enumerate(self.exact[:EXACT_SAMPLES]):
            if name not in bills:
                edges.append((None, None))
                continue
            won = intersection(self._wins(i, name, api) for api in apis)
            won = won.up_to(bills[name].limit)
            edges.append((won.first, won.always_from))
        first, always = np.array([[np.inf if e is None else e for e in pair] for pair in edges]).T
        return first, always

    def _wins(self, i: int, name: str, api: str) -> WinningSet:
        """Where an option wins against an API in a draw; each pair is worked out once."""
        key = (i, name, api)
        if key not in self.won:
            self.won[key] = self.exact[i][name].wins(self.exact[i][api])
        return self.won[key]

    def _outlook_over_volumes(self) -> Iterator[Outlook]:
        """The same with the volume drawn too, where draws differ in it.

        Requests a day of uncertain size are an uncertain volume.
        """
        volumes = self.model.volumes(self.values, self.volume)
        if np.ptp(volumes) > SAME * self.volume:
            usd = self._served(self._bills(volumes), volumes)
            yield from self._outlook({name: bill[0] for name, bill in usd.items()})

    def _outlook(self, usd: Mapping[str, Floats]) -> Iterator[Outlook]:
        """What each option that stands means, from its bill in every draw."""
        standing = [n for n in usd if not self.excluded[n] and np.isfinite(usd[n]).any()]
        if not standing:
            return
        count = min(len(usd[name]) for name in standing)
        table = np.stack([usd[name][:count] for name in standing])
        apis = [i for i, name in enumerate(standing) if name in self._eligible]
        cheapest = table.min(axis=0)
        first = np.argmax(table <= cheapest * (1 + SAME), axis=0)  # of those that tie
        first[np.isinf(cheapest)] = len(standing)  # nobody serves
        for i, name in enumerate(standing):
            served = np.isfinite(table[i])
            bill = table[i][served]
            saving = table[apis].min(axis=0)[served] - bill if apis else None
            yield Outlook(
                name,
                float(bill.mean()),
                None if saving is None else float(saving.mean()),
                float((bill - cheapest[served]).mean()),
                float((first == i).mean()),
                float((~served).mean()),
            )

    def _notes(self, usd: Mapping[str, Floats]) -> Iterator[str]:
        if not self.model.inputs:
            yield "No input has a range: every draw is the same. Give some numbers low and high."
        elsewhere = over_time(self.model.scenario)
        if elsewhere:
            move = "moves" if len(elsewhere) == 1 else "move"
            yield (
                f"{', '.join(elsewhere)}: {move} the cash flow over the months, not the bill of "
                "one, so not drawn here; the best and the worst case take their ends."
            )
        best = [
            option.name
            for option in self.model.scenario.options
            if option.name in self.model.stated
            and option.hybrid is not None
            and option.hybrid.replicas == "optimal"
        ]
        if best and self.model.inputs:
            names = ", ".join(best)
            yield f"{names}: own replicas are the best number of each draw, which may be none."
        by_draw = "built draw by draw"
        if self.looks_up:
            by_draw += ", sizes and speeds looked up in each"
        for group, how in (
            (self.by_hour, "worked out hour by hour"),
            (self.slow, by_draw),
        ):
            fewer = [name for name in group if usd[name].shape[1] < len(self.values)]
            if fewer:
                yield (
                    f"{', '.join(fewer)}: {how}, so from {usd[fewer[0]].shape[1]:,} draws "
                    f"in place of {self.samples:,}."
                )


def _quantiles(bills: Floats) -> Floats:
    """The 10th, 50th and 90th percentile over draws; where some are infinite, one of the draws."""
    if bills.shape[1] == 1:
        return np.repeat(bills.T, len(QUANTILES), axis=0)
    some = np.isinf(bills).any(axis=1)
    found = np.empty((len(QUANTILES), len(bills)))
    found[:, ~some] = np.quantile(bills[~some], QUANTILES, axis=1)
    found[:, some] = np.quantile(bills[some], QUANTILES, axis=1, method="inverted_cdf")
    return found


def _lowest_line(apis: Sequence[Bill]) -> tuple[Floats, Floats] | None:
    """The lowest of some straight bills that begin alike; None where they cross."""
    lines = [bill.line for bill in apis]
    if not lines or any(line is None for line in lines):
        return None
    intercepts, slopes = zip(*(line for line in lines if line is not None), strict=True)
    if not all(np.array_equal(intercepts[0], each) for each in intercepts):
        return None
    lowest = np.asarray(slopes[0])
    for each in slopes[1:]:
        lowest = np.minimum(lowest, each)
    return (np.asarray(intercepts[0]), lowest) if np.all(lowest > 0) else None


def _edge_row(option: str, against: str, first: Floats, always: Floats) -> BreakEvenRange:
    first, always = np.atleast_1d(first), np.atleast_1d(always)
    return BreakEvenRange(
        option,
        against,
        *_finite_quantiles(first),
        *_finite_quantiles(always),
        never_share=float(np.isinf(first).mean()),
        never_for_good_share=float(np.isinf(always).mean()),
        samples=len(first),
    )


def _finite_quantiles(volumes: Floats) -> tuple[float | None, ...]:
    """Quantiles of which some may be never: a value of the draws themselves."""
    at = np.quantile(volumes, QUANTILES, method="inverted_cdf")
    return tuple(None if np.isinf(v) else float(v) for v in at)


def _input_row(entry: Input) -> RiskInput:
    known = entry.quantity
    assert known.low is not None
    assert known.high is not None
    return RiskInput(
        entry.path,
        known.value,
        known.low,
        known.high,
        known.kind or "assumed",
        known.source or "the scenario",
    )

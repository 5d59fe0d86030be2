"""What comes out: plain records of one evaluation, in the names that JSON, charts and tables use.

A report holds numbers and where they come from, and turns into data frames or JSON on request.
It computes nothing about money itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from costmodel.cost.breakeven import Verdict, WinningSet
from costmodel.cost.curve import Floats
from costmodel.pipeline.bills import Bill
from costmodel.pipeline.bills.records import BillLine, FleetResult, FleetWeek
from costmodel.pipeline.facts import Resolved
from costmodel.pipeline.frozen import frozen_scenario
from costmodel.quantity.caution import Caution
from costmodel.quantity.quantity import Kind, Quantity
from costmodel.scenario import OptionKind, Scenario

if TYPE_CHECKING:
    import pandas as pd


CHEAPEST = "cheapest"
"""The rival that stands for the cheapest eligible API at each volume."""

MOST_WINDOWS = 200
"""Windows written into JSON; a longer list is cut in the middle and says so."""


ExclusionCode = Literal[
    "condition", "quality", "cannot_serve", "context_window", "retired", "pinned_fleet"
]
"""``pinned_fleet`` is the one that holds at some volumes only."""


@dataclass(frozen=True)
class Exclusion:
    """Why an option may not be recommended."""

    code: ExclusionCode
    message: str
    about: str = ""
    """The condition it does not satisfy, or the workload its answers are not good enough for."""

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class Assumption:
    """A number the result rests on: where it stands, what it is, and how it is known."""

    path: str
    value: float | str | None
    unit: str
    kind: Kind
    source: str
    as_of: date | None = None
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(
        cls, path: str, unit: str, quantity: Quantity, source: str = "the scenario"
    ) -> Assumption:
        """The row of a quantity; what it does not say is assumed, and the scenario its source."""
        return cls(
            path,
            quantity.value,
            unit,
            quantity.kind or "assumed",
            quantity.source or source,
            quantity.as_of,
            quantity.low,
            quantity.high,
        )


@dataclass(frozen=True, eq=False)
class Week:
    """Traffic over the 168 hours from Monday 00:00 UTC [tokens/s], and every fleet under it."""

    tokens_per_s: Floats
    fleets: Mapping[str, FleetWeek]
    """By option with own GPUs."""


@dataclass(frozen=True)
class Horizon:
    """The bills at the volume of the last month of the horizon, at today's prices."""

    months: float
    tokens_per_day: float
    monthly_usd: Mapping[str, float]
    cheapest: str | None
    """The cheapest option that stands there."""


@dataclass(frozen=True)
class OptionResult:
    """One option at the evaluated volume. ``monthly_usd`` is None where no bill can be stated."""

    name: str
    kind: OptionKind
    monthly_usd: float | None
    usd_per_mtok: float | None
    exclusions: tuple[Exclusion, ...] = ()
    lines: tuple[BillLine, ...] = ()
    fleet: FleetResult | None = None
    unserved_fit: Mapping[str, Any] | None = None
    """The memory fit of a fleet that cannot serve, and so has no other figures."""
    evidence: Kind = "assumed"
    """How its decisive number, a throughput or a price list, is known."""

    @property
    def excluded_by(self) -> tuple[str, ...]:
        """Why it may not be recommended, in sentences; empty where it may."""
        return tuple(map(str, self.exclusions))

    @property
    def stands(self) -> bool:
        """Whether it may be recommended."""
        return not self.exclusions and self.monthly_usd is not None

    def to_dict(self) -> dict[str, Any]:
        """The JSON form; a fleet's figures stand beside the rest."""
        data = asdict(self)
        data["exclusions"] = self.excluded_by
        data = {"excluded_by" if key == "exclusions" else key: each for key, each in data.items()}
        fleet, fit = data.pop("fleet"), data.pop("unserved_fit")
        if fit is not None:
            return data | {"fit": fit}
        return data | (fleet or {})


@dataclass(frozen=True)
class BreakEven:
    """Where one option is cheaper than another, or than the cheapest eligible API."""

    option: str
    against: str
    winning: WinningSet
    margin_of_safety: float | None

    @property
    def verdict(self) -> Verdict:
        """always, from, windows or never."""
        return self.winning.verdict

    @property
    def first_tokens_per_day(self) -> float | None:
        """The lowest volume at which it is cheaper."""
        return self.winning.first

    @property
    def always_from_tokens_per_day(self) -> float | None:
        """The volume from which it stays cheaper."""
        return self.winning.always_from

    def to_dict(self) -> dict[str, Any]:
        """The JSON form; an unbounded window ends in null."""
        windows = [[low, None if np.isinf(high) else high] for low, high in self.winning.windows]
        half = MOST_WINDOWS // 2
        cut = max(0, len(windows) - MOST_WINDOWS)
        return {
            "option": self.option,
            "against": self.against,
            "first_tokens_per_day": self.first_tokens_per_day,
            "always_from_tokens_per_day": self.always_from_tokens_per_day,
            "windows": windows[:half] + windows[-half:] if cut else windows,
            "windows_omitted": self.winning.omitted + cut,
            "recurring": self.winning.recurring,
            "verdict": self.verdict,
            "margin_of_safety": self.margin_of_safety,
        }


@dataclass(frozen=True)
class Recommendation:
    """The cheapest option that stands, and what it saves over the next one."""

    option: str | None
    reason: str
    runner_up: str | None = None
    saving_usd_per_month: float | None = None
    evidence: Kind | None = None


@dataclass(frozen=True)
class ConditionPrice:
    """What a condition costs: the cheapest option that meets it less the cheapest of all."""

    condition: str
    usd_per_month: float | None
    """None where no option meets it."""


@dataclass(frozen=True, eq=False)
class Curves:
    """Monthly bills over volume, on one axis for all options; low and high where they are known."""

    tokens_per_day: Floats
    monthly_usd: Mapping[str, Floats]
    low_usd: Mapping[str, Floats] = field(default_factory=dict)
    high_usd: Mapping[str, Floats] = field(default_factory=dict)
    cheapest_api_usd: Floats | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Report:
    """The result of one evaluation."""

    scenario: str
    """Its name."""
    inputs: Scenario
    """What was evaluated: the scenario at the evaluated volume, with what the book filled in."""
    facts: Resolved
    """What was looked up for it."""
    bills: Mapping[str, Bill]
    """By option; an option that cannot serve has none."""
    as_of: date
    tokens_per_day: float
    volume_of: str
    """``all``, or the one workload that the volume axis moves."""
    options: tuple[OptionResult, ...]
    break_even: tuple[BreakEven, ...]
    recommendation: Recommendation
    warnings: tuple[Caution, ...]
    assumption_rows: tuple[Assumption, ...]
    conditions: tuple[ConditionPrice, ...]
    curve_points: Curves
    week: Week
    horizon: Horizon | None = None
    """None where no workload grows."""

    @property
    def book(self) -> Mapping[str, str]:
        """Versions of what was looked up."""
        return self.facts.book

    @cached_property
    def frozen(self) -> Mapping[str, Any]:
        """The scenario with every looked-up number written in: plain data for a YAML file."""
        return frozen_scenario(self.inputs, self.facts)

    def option(self, name: str) -> OptionResult:
        """The option of that name."""
        return next(option for option in self.options if option.name == name)

    def against_cheapest(self, option: str) -> BreakEven | None:
        """The break-even of an option against the cheapest eligible API."""
        for row in self.break_even:
            if row.option == option and row.against == CHEAPEST:
                return row
        return None

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `costmodel run --json`."""
        return {
            "scenario": self.scenario,
            "as_of": self.as_of.isoformat(),
            "tokens_per_day": self.tokens_per_day,
            "volume_of": self.volume_of,
            "options": [option.to_dict() for option in self.options],
            "break_even": [row.to_dict() for row in self.break_even],
            "recommendation": asdict(self.recommendation),
            "conditions": [asdict(row) for row in self.conditions],
            "horizon": None if self.horizon is None else asdict(self.horizon),
            "warnings": [asdict(row) for row in self.warnings],
            "assumptions": [_dated(asdict(row)) for row in self.assumption_rows],
            "book": dict(self.book),
        }

    @property
    def curves(self) -> pd.DataFrame:
        """Monthly bills by volume: one row per volume, one column per option (and its range)."""
        import pandas as pd

        points = self.curve_points
        columns: dict[str, Floats] = {"tokens_per_day": points.tokens_per_day}
        for name, usd in points.monthly_usd.items():
            columns[name] = usd
            if name in points.low_usd:
                columns[f"{name} (low)"] = points.low_usd[name]
                columns[f"{name} (high)"] = points.high_usd[name]
        return pd.DataFrame(columns)

    @property
    def bill(self) -> pd.DataFrame:
        """Every line of every bill at the evaluated volume."""
        import pandas as pd

        rows = [{"option": o.name, **asdict(line)} for o in self.options for line in o.lines]
        return pd.DataFrame(rows, columns=["option", "name", "usd", "kind", "source"])

    @property
    def assumptions(self) -> pd.DataFrame:
        """Every number the result rests on, with its kind, source and date."""
        import pandas as pd

        columns = ["path", "value", "unit", "kind", "source", "as_of", "low", "high"]
        return pd.DataFrame([asdict(row) for row in self.assumption_rows], columns=columns)

    def __repr__(self) -> str:
        return f"Report({self.scenario!r}: {self.recommendation.reason})"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{_escape(o.name)}</td><td>{o.kind}</td><td style='text-align:right'>"
            f"{'' if o.monthly_usd is None else f'${o.monthly_usd:,.0f}'}</td>"
            f"<td>{_escape('; '.join(o.excluded_by))}</td></tr>"
            for o in self.options
        )
        head = "<tr><th>option</th><th>kind</th><th>USD a month</th><th>excluded by</th></tr>"
        return f"<p><b>{_escape(self.recommendation.reason)}</b></p><table>{head}{rows}</table>"


def _escape(text: str) -> str:
    from html import escape

    return escape(text)


def _dated(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"as_of": row["as_of"].isoformat() if row["as_of"] else None}

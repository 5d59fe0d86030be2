"""What a risk run found: plain rows in the names that JSON, charts, workbook and slides use.

The numbers come from `costmodel.studies.risk`; nothing is computed here. Volumes are tokens a day,
money is US dollars a month, quantiles are the 10th, 50th and 90th percentile.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from costmodel.errors import InputError
from costmodel.pipeline.report import CHEAPEST
from costmodel.quantity.quantity import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


@dataclass(frozen=True)
class RiskInput:
    """One uncertain number: its 80 % range and where that comes from."""

    path: str
    value: float
    low: float
    high: float
    kind: Kind
    source: str


@dataclass(frozen=True)
class Probability:
    """How likely an option costs less than another, or than the cheapest API, at a volume."""

    option: str
    against: str
    tokens_per_day: float
    probability: float


@dataclass(frozen=True)
class Band:
    """Quantiles of one bill at a volume [USD a month]."""

    option: str
    tokens_per_day: float
    p10: float
    p50: float
    p90: float


@dataclass(frozen=True)
class BreakEvenRange:
    """Quantiles of the volumes at which an option begins to win, over all draws.

    A draw in which it never does counts as an infinite volume: a quantile that lands there is
    None. ``never_share`` never win anywhere; ``never_for_good_share`` have no volume from which
    they stay cheaper.
    """

    option: str
    against: str
    first_p10: float | None
    first_p50: float | None
    first_p90: float | None
    always_from_p10: float | None
    always_from_p50: float | None
    always_from_p90: float | None
    never_share: float
    never_for_good_share: float
    samples: int
    """Draws behind it: all of them, or fewer where each needs its exact set of volumes."""


@dataclass(frozen=True)
class Swing:
    """The saving with one input at its 10th and at its 90th percentile, all others as stated.

    ``low`` and ``high`` are the input's values, ``low_usd`` and ``high_usd`` what the option
    saves a month there against the cheapest API: positive favours the option.
    """

    path: str
    low_usd: float
    high_usd: float
    low: float
    high: float


@dataclass(frozen=True)
class Goal:
    """The value of an input, nearest to the current one, past which the verdict flips."""

    path: str
    value: float | None
    """None where no value within reach flips it."""
    current: float


@dataclass(frozen=True)
class Outlook:
    """One option at one volume: its chance to be the cheapest, and what choosing it means.

    ``expected_usd`` is its mean bill; ``expected_saving_usd`` the mean of cheapest API less bill;
    ``expected_regret_usd`` the mean of what the cheapest option of each draw would have saved:
    means over the draws in which it can serve. ``unserved_share`` of the draws it cannot.
    """

    option: str
    expected_usd: float
    expected_saving_usd: float | None
    expected_regret_usd: float
    cheapest_share: float
    unserved_share: float = 0.0


@dataclass(frozen=True)
class TwoWay:
    """What an option saves a month for every pair of values of two inputs.

    ``saving_usd[i][j]`` belongs to ``x[j]`` and ``y[i]``; positive favours the option.
    """

    option: str
    x_path: str
    y_path: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    saving_usd: tuple[tuple[float, ...], ...]
    x_current: float
    y_current: float

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


TABLES = ("probability", "bands", "break_even", "tornado", "goal_seek", "outlook",
          "outlook_over_volumes", "inputs")  # fmt: skip
"""The lists of a risk that are tables."""


@dataclass(frozen=True, repr=False)
class Risk:
    """The result of a risk run. ``option`` is the one whose saving the sensitivity is about."""

    scenario: str
    tokens_per_day: float
    samples: int
    seed: int
    option: str | None
    probability: tuple[Probability, ...]
    bands: tuple[Band, ...]
    break_even: tuple[BreakEvenRange, ...]
    tornado: tuple[Swing, ...]
    goal_seek: tuple[Goal, ...]
    outlook: tuple[Outlook, ...]
    inputs: tuple[RiskInput, ...]
    option_samples: tuple[tuple[str, int], ...]
    """Draws behind each option's bills: fewer where a bill has to be built draw by draw."""
    outlook_over_volumes: tuple[Outlook, ...] = ()
    """The outlook with the volume drawn too; empty where no volume is a range."""
    saving_usd: float | None = None
    """What the option saves a month against the cheapest API with every input as stated."""
    notes: tuple[str, ...] = ()

    def probability_at_volume(self, option: str, against: str = CHEAPEST) -> float | None:
        """The probability at the stated volume; None where there is no such comparison."""
        return next(
            (
                row.probability
                for row in self.probability
                if (row.option, row.against) == (option, against)
                and row.tokens_per_day == self.tokens_per_day
            ),
            None,
        )

    def draws(self, option: str) -> int:
        """Draws behind an option's bill."""
        return dict(self.option_samples).get(option, self.samples)

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `costmodel risk --json`."""
        tables = {name: tuple(dict(vars(row)) for row in getattr(self, name)) for name in TABLES}
        return vars(self) | tables | {"option_samples": dict(self.option_samples)}

    def table(self, name: str) -> pd.DataFrame:
        """One of `TABLES` as a data frame. Raises InputError for any other name."""
        import pandas as pd

        if name not in TABLES:
            raise InputError(f"a risk has no table {name!r}; there are {', '.join(TABLES)}")
        rows: Sequence[Any] = getattr(self, name)
        return pd.DataFrame([asdict(row) for row in rows])

    def __repr__(self) -> str:
        return f"Risk({self.scenario!r}: {self.samples:,} draws, seed {self.seed})"

    def _repr_html_(self) -> str:
        return self.table("outlook").to_html(index=False)

"""What a cash flow says: months and years as tables, its worth, and what a commitment risks.

Plain records in the names of the JSON; nothing about money is worked out here but sums.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from costmodel.cost.cashflow import discounted
from costmodel.cost.curve import Floats
from costmodel.cost.ownership import monthly_rate
from costmodel.pipeline.report import Assumption
from costmodel.quantity.caution import Caution
from costmodel.quantity.words import usd
from costmodel.scenario.yamlfile import plain

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "month",
    "tokens_per_day",
    "reference_usd",
    "option_usd",
    "capex_usd",
    "opex_usd",
    "accrual_usd",
    "flow_usd",
    "cumulative_usd",
    "discounted_cumulative_usd",
)
"""Of the table of months; month 0 is the start."""


@dataclass(frozen=True)
class Stranded:
    """A commitment that half the volume does not need."""

    offer: str
    units: float
    """Purchase units held from the start: replicas, or the nodes that hold several."""
    idle_units: float
    """Of them, those beyond what one would commit to at half the volume."""
    months: float
    """Until the reservation ends, or the hardware's life."""
    usd: float
    """Paid for idle units until then; of a purchase its price less what it can be sold for."""


@dataclass(frozen=True)
class RenewalRow:
    """One path of API prices over the commitment."""

    api_price_change_per_year: float
    npv_usd: float
    """Of the option over the term."""
    api_cheaper_from_month: float | None
    """The first month whose API bill is below the option's, to the end of the term."""
    api_usd: float
    """The reference API's bill in the month of renewal."""
    option_usd: float
    """The option's bill then, its commitments renewed at the GPU prices of that day."""
    cheaper: str
    """Who is right at renewal; the API where both cost the same."""
    tied: bool
    """Whether both cost the same then, as where a hybrid has moved all its traffic to the API."""


@dataclass(frozen=True)
class Renewal:
    """What falling API prices do to a commitment, and who is right when it ends."""

    term_months: int
    committed: bool
    """Whether the option has such a commitment; else the term is the usual three years."""
    rows: tuple[RenewalRow, ...]
    break_even_change_per_year: float | None
    """The change of API prices a year at which the term ends at a net present value of 0."""
    api_fixed: bool = False
    """Whether the reference is a commitment in dollars, which does not fall with API prices."""


@dataclass(frozen=True, eq=False)
class Monthly:
    """The arrays behind the table of months; each has one entry for t = 0..n."""

    tokens_per_day: Floats
    reference_usd: Floats
    option_usd: Floats
    capex_usd: Floats
    opex_usd: Floats
    accrual_usd: Floats
    """The bill with purchases spread over their life, as `evaluate` counts them."""

    @property
    def flow_usd(self) -> Floats:
        """What the option saves in cash."""
        return self.reference_usd - self.option_usd


@dataclass(frozen=True, eq=False, repr=False)
class CashFlow:
    """An option against an API over the horizon: months, and what they are worth together."""

    scenario: str
    option: str
    against: str
    horizon_months: int
    discount_rate: float
    """A year; 0 where none is stated."""
    one_off_usd: float
    ramp_months: float
    api_price_change_per_year: float
    gpu_price_change_per_year: float
    monthly: Monthly
    npv_usd: float
    irr_per_year: float | None
    """None where no single rate makes the net present value 0."""
    payback_months: float | None
    """Discounted; None where it is not paid back within the horizon, 0 where nothing has to be."""
    simple_payback_months: float | None
    """The same without discounting."""
    do_nothing_usd: float
    """All that is paid for the reference API if nothing changes, nominal."""
    option_usd: float
    """All that is paid for the option, one-offs and hardware included, less what it sells for."""
    capex_usd: float
    opex_usd: float
    accrual_usd: float
    """All of the option's months with purchases spread over their life."""
    stranded: tuple[Stranded, ...]
    assumption_rows: tuple[Assumption, ...]
    """What the months rest on beside a month's bill: rates, one-offs, growth."""
    warnings: tuple[Caution, ...]
    ask_renewal: Callable[[], Renewal]
    """Works `renewal` out; it takes as long as all the rest."""

    @cached_property
    def renewal(self) -> Renewal:
        """Who is right when the commitment ends."""
        return self.ask_renewal()

    @property
    def stranded_usd(self) -> float:
        """What commitments cost that nobody needs, if the volume halves on day one."""
        return sum(each.usd for each in self.stranded)

    @property
    def residual_usd(self) -> float:
        """What the hardware held at the end of the horizon counts for there; part of the capex."""
        return max(0.0, -float(self.monthly.capex_usd[-1]))

    @property
    def may_be_chosen(self) -> bool:
        """Whether both options are eligible."""
        return all(each.code != "not_eligible" for each in self.warnings)

    @property
    def pays(self) -> bool:
        """Whether the option is worth more than the API over the horizon."""
        return self.npv_usd > 0

    @cached_property
    def rows(self) -> tuple[dict[str, float], ...]:
        """The months as plain rows; month 0 is the start."""
        found, flows = self.monthly, self.monthly.flow_usd
        rate = monthly_rate(self.discount_rate)
        columns = (
            np.arange(len(flows), dtype=float),
            found.tokens_per_day,
            found.reference_usd,
            found.option_usd,
            found.capex_usd,
            found.opex_usd,
            found.accrual_usd,
            flows,
            np.cumsum(flows),
            np.cumsum(discounted(flows, rate)),
        )
        table = zip(*(column.tolist() for column in columns), strict=True)
        return tuple(dict(zip(COLUMNS, row, strict=True)) for row in table)

    @property
    def months(self) -> pd.DataFrame:
        """One row per month from 0, the start, to the end of the horizon."""
        import pandas as pd

        table = pd.DataFrame(self.rows, columns=list(COLUMNS))
        return table.astype({"month": int})

    @cached_property
    def year_rows(self) -> tuple[dict[str, float], ...]:
        """The months summed by year; year 0 is the start."""
        names = ("reference_usd", "option_usd", "capex_usd", "opex_usd", "accrual_usd", "flow_usd")
        found: dict[int, dict[str, float]] = {}
        for row in self.rows:
            year = found.setdefault(-int(-row["month"] // 12), dict.fromkeys(names, 0.0))
            for name in names:
                year[name] += row[name]
        return tuple({"year": float(year), **sums} for year, sums in found.items())

    @property
    def years(self) -> pd.DataFrame:
        """The months summed by year: capex and opex apart, cash and accrual."""
        import pandas as pd

        return pd.DataFrame(self.year_rows).astype({"year": int})

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `costmodel cashflow --json`."""
        names = (
            "scenario", "option", "against", "horizon_months", "discount_rate", "one_off_usd",
            "ramp_months", "api_price_change_per_year", "gpu_price_change_per_year", "npv_usd",
            "irr_per_year", "payback_months", "simple_payback_months", "do_nothing_usd",
            "option_usd", "capex_usd", "opex_usd", "accrual_usd", "stranded_usd",
            "residual_usd",
        )  # fmt: skip
        return {
            **{name: getattr(self, name) for name in names},
            "stranded": [asdict(each) for each in self.stranded],
            "renewal": asdict(self.renewal),
            "years": [dict(row) for row in self.year_rows],
            "months": [dict(row) for row in self.rows],
            "assumptions": [plain(asdict(each)) for each in self.assumption_rows],
            "warnings": [asdict(each) for each in self.warnings],
        }

    def __repr__(self) -> str:
        return f"CashFlow({self.option!r} against {self.against!r}: NPV {usd(self.npv_usd)})"

    def _repr_html_(self) -> str:
        from html import escape

        words = f"{self.option} against {self.against}: NPV {usd(self.npv_usd)}"
        return f"<p><b>{escape(words)}</b></p>{self.years.to_html(index=False)}"

"""A risk and a cash flow as their callers return them, for files that take both."""

from dataclasses import asdict, dataclass, fields

import pandas as pd


@dataclass(frozen=True)
class Probability:
    option: str
    against: str
    tokens_per_day: float
    probability: float


@dataclass(frozen=True)
class Band:
    option: str
    tokens_per_day: float
    p10: float
    p50: float
    p90: float


@dataclass(frozen=True)
class FirstWin:
    option: str
    against: str
    first_p10: float | None
    first_p50: float | None
    first_p90: float | None
    never_share: float


@dataclass(frozen=True)
class Tornado:
    path: str
    low_usd: float
    high_usd: float
    low: float
    high: float


@dataclass(frozen=True)
class Goal:
    path: str
    value: float | None
    current: float


@dataclass(frozen=True)
class Risk:
    samples: int
    seed: int
    option: str
    saving_usd: float
    probability: tuple[Probability, ...]
    bands: tuple[Band, ...]
    break_even: tuple[FirstWin, ...]
    tornado: tuple[Tornado, ...]
    goal_seek: tuple[Goal, ...]

    def to_dict(self):
        return {each.name: _plain(getattr(self, each.name)) for each in fields(self)}


def _plain(value):
    return [asdict(row) for row in value] if isinstance(value, tuple) else value


@dataclass(frozen=True)
class CashFlow:
    option: str
    against: str
    months: pd.DataFrame
    npv_usd: float
    irr_per_year: float | None
    payback_months: float | None
    do_nothing_usd: float
    stranded_usd: float


def risk_of(report):
    """Ranges around a report's own bills."""
    volume = report.tokens_per_day
    billed = [o for o in report.options if o.monthly_usd is not None]
    own = next(o.name for o in report.options if o.kind != "api")
    offers = f"options.{own}.selfhost"
    return Risk(
        samples=10_000,
        seed=0,
        option=own,
        saving_usd=2377.4,
        probability=(Probability(own, "cheapest", volume, 0.78),),
        bands=tuple(
            Band(o.name, at, 0.85 * o.monthly_usd, o.monthly_usd, 1.2 * o.monthly_usd)
            for o in billed
            for at in (0.5 * volume, volume, 2 * volume)
        ),
        break_even=(FirstWin(own, "cheapest", 240e6, 303e6, None, 0.31),),
        tornado=(
            Tornado(f"{offers}.offers[0].usd_per_gpu_hour", 3300.0, 1300.0, 1.9, 2.9),
            Tornado(f"{offers}.throughput.chat.requests_per_s", 400.0, 4100.0, 1.04, 1.91),
            Tornado("overheads.per_fleet.hours_per_month", 3437.0, -800.0, 10.0, 50.0),
            Tornado("workloads.chat.output_tokens", 2100.0, float("-inf"), 250.0, 9000.0),
        ),
        goal_seek=(
            Goal(f"{offers}.offers[0].usd_per_gpu_hour", 3.6, 2.25),
            Goal("workloads.chat.output_tokens", None, 300.0),
        ),
    )


def cashflow_of(report, months=36):
    """An option that costs 60,000 at the start and saves more each month."""
    own = next(o.name for o in report.options if o.kind != "api")
    rival = next(o.name for o in report.options if o.kind == "api")
    rate = 1.1 ** (1 / 12) - 1
    rows, total, worth = [], 0.0, 0.0
    for month in range(months + 1):
        api = 13_352.0 * 1.02**month if month else 0.0
        option = 10_974.0 * 1.01**month if month else 60_000.0
        total += api - option
        worth += (api - option) / (1 + rate) ** month
        rows.append(
            {
                "month": month, "tokens_per_day": 6e8 * 1.02**month, "reference_usd": api,
                "option_usd": option, "capex_usd": 0.0 if month else 40_000.0,
                "opex_usd": option if month else 20_000.0, "flow_usd": api - option,
                "cumulative_usd": total, "discounted_cumulative_usd": worth,
            }
        )  # fmt: skip
    table = pd.DataFrame(rows)
    return CashFlow(
        own, rival, table, worth, 0.43, 17.4, float(table["reference_usd"].sum()), 21_400.0
    )

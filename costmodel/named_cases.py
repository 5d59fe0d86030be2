"""Named cases side by side: base, best, worst and the scenario's own, with what differs.

Every case is the scenario with some values replaced, evaluated as any other. Best and worst that
the scenario does not state are derived from its ranges, and say so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from costmodel.book import Book, load_book
from costmodel.cash_desk import Desk, whole_months
from costmodel.cash_flow import cashflow
from costmodel.changes import changed
from costmodel.cost.cashflow import npv
from costmodel.defaults import completed_scenario
from costmodel.errors import InputError
from costmodel.pipeline import evaluate
from costmodel.quantity import Quantity
from costmodel.scenario import Scenario
from costmodel.scenario.cases import BASE, BEST, WORST, located, ranged
from costmodel.wording import short
from costmodel.yamlfile import Location, path_text

if TYPE_CHECKING:
    import pandas as pd

DERIVED = {
    BEST: "Derived: every range at the end that favours {option}, all of them at once.",
    WORST: "Derived: every range at the end that is against {option}, all of them at once.",
}


@dataclass(frozen=True)
class CaseResult:
    """One case, evaluated. What cannot be stated is None."""

    name: str
    description: str
    derived: bool
    """Whether it was made from the scenario's ranges, which nobody called a case."""
    changes: Mapping[str, Any]
    """New values by path."""
    tokens_per_day: float
    recommended: str | None
    """The cheapest eligible option in a month at the volume stated and today's prices."""
    monthly_usd: Mapping[str, float | None]
    """Every option's bill in a month at the volume stated."""
    first_tokens_per_day: float | None
    """Where the option's bill is first below the cheapest eligible API's."""
    horizon_months: int | None
    npv_usd: float | None
    irr_per_year: float | None
    payback_months: float | None
    do_nothing_usd: float | None
    stranded_usd: float | None
    problem: str = ""
    """Why there is no cash flow."""


@dataclass(frozen=True)
class Difference:
    """One input that some case changes: its value in every case, as text."""

    path: str
    values: Mapping[str, str]


@dataclass(frozen=True, repr=False)
class Cases:
    """All cases of a scenario: the same option against the same API in each."""

    scenario: str
    option: str
    against: str
    cases: tuple[CaseResult, ...]
    """The base case first."""
    differs: tuple[Difference, ...]

    def case(self, name: str) -> CaseResult:
        """The case of that name."""
        return next(each for each in self.cases if each.name == name)

    @property
    def table(self) -> pd.DataFrame:
        """One row per case."""
        import pandas as pd

        rows = [
            {
                "case": each.name,
                "derived": each.derived,
                "tokens_per_day": each.tokens_per_day,
                "recommended": each.recommended,
                "option_usd_per_month": each.monthly_usd.get(self.option),
                "against_usd_per_month": each.monthly_usd.get(self.against),
                "npv_usd": each.npv_usd,
                "irr_per_year": each.irr_per_year,
                "payback_months": each.payback_months,
            }
            for each in self.cases
        ]
        return pd.DataFrame(rows)

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `costmodel cases --json`."""
        return {
            "scenario": self.scenario,
            "option": self.option,
            "against": self.against,
            "cases": [_plain(asdict(each)) for each in self.cases],
            "differs": [asdict(each) for each in self.differs],
        }

    def __repr__(self) -> str:
        return f"Cases({self.scenario!r}: {', '.join(each.name for each in self.cases)})"

    def _repr_html_(self) -> str:
        return self.table.to_html(index=False)


@dataclass(frozen=True)
class _Drafted:
    """A case before it is evaluated."""

    name: str
    description: str
    derived: bool
    changes: Mapping[Location, Any]


def cases(
    scenario: Scenario,
    option: str | None = None,
    against: str | None = None,
    *,
    book: Book | None = None,
) -> Cases:
    """Base, best, worst and the scenario's own cases, each evaluated with its cash flow.

    The base case chooses what is compared, where ``option`` and ``against`` do not. Raises
    InputError where a case is no scenario.
    """
    book = book or load_book()
    base = cashflow(scenario, option, against, book=book)
    pair = base.option, base.against
    drafted = list(_drafted(scenario, pair, book))
    return Cases(
        scenario.name,
        *pair,
        tuple(_result(scenario, each, pair, book) for each in drafted),
        tuple(_differences(completed_scenario(scenario, book), drafted)),
    )


# ------------------------------------------------------------------------------------- drafts


def _drafted(scenario: Scenario, pair: tuple[str, str], book: Book) -> Iterator[_Drafted]:
    """The base case, then best and worst, then the others as the scenario lists them."""
    yield _Drafted(BASE, "The scenario as it stands.", False, {})
    stated = {case.name: _stated(scenario, i) for i, case in enumerate(scenario.cases)}
    derived = {} if {BEST, WORST} <= set(stated) else _ends(scenario, pair, book)
    for name in (BEST, WORST):
        if name in stated:
            yield stated.pop(name)
        elif derived.get(name):
            words = DERIVED[name].format(option=pair[0])
            yield _Drafted(name, words, True, derived[name])
    yield from stated.values()


def _stated(scenario: Scenario, i: int) -> _Drafted:
    case = scenario.cases[i]
    places = {path: located(scenario, path) for path in case.changes}
    changes = {at: case.changes[path] for path, at in places.items() if not isinstance(at, str)}
    return _Drafted(case.name, case.description or "", False, changes)


def _ends(scenario: Scenario, pair: tuple[str, str], book: Book) -> dict[str, dict[Location, Any]]:
    """Which end of each range is good for the option, tried one range at a time."""
    found: dict[str, dict[Location, Any]] = {BEST: {}, WORST: {}}
    for at, quantity in ranged(completed_scenario(scenario, book)):
        ends = [_at_end(quantity, end) for end in (quantity.low, quantity.high)]
        worth = [_worth(scenario, {at: end}, pair, book) for end in ends]
        if None in worth or worth[0] == worth[1]:
            continue
        low_is_better = (worth[0] or 0.0) > (worth[1] or 0.0)
        found[BEST][at], found[WORST][at] = ends if low_is_better else ends[::-1]
    return found


def _at_end(quantity: Quantity, value: float | None) -> dict[str, Any]:
    """A range as the point at one of its ends; where it comes from stays."""
    point = quantity.model_copy(update={"value": value, "low": None, "high": None})
    return point.model_dump(mode="json", exclude_none=True)


def _worth(
    scenario: Scenario, changes: Mapping[Location, Any], pair: tuple[str, str], book: Book
) -> float | None:
    """The net present value with some values replaced; None where that is no scenario."""
    try:
        other = changed(scenario, changes)
        desk = Desk.of(other, book, whole_months(other))
        for name in pair:
            desk.require(name, "option")
    except InputError:
        return None
    return npv(desk.flows(*pair, desk.api_change), desk.rate_per_month)


# ------------------------------------------------------------------------------------ results


def _result(scenario: Scenario, case: _Drafted, pair: tuple[str, str], book: Book) -> CaseResult:
    own = _written_out(scenario, case)
    report = evaluate(own, book=book)
    row = report.against_cheapest(pair[0])
    try:
        flow, problem = cashflow(own, *pair, book=book), ""
    except InputError as error:
        flow, problem = None, error.problems[0].message
    return CaseResult(
        name=case.name,
        description=case.description,
        derived=case.derived,
        changes={_path(scenario, at): value for at, value in case.changes.items()},
        tokens_per_day=report.tokens_per_day,
        recommended=report.recommendation.option,
        monthly_usd={each.name: each.monthly_usd for each in report.options},
        first_tokens_per_day=row.first_tokens_per_day if row else None,
        horizon_months=flow.horizon_months if flow else None,
        npv_usd=flow.npv_usd if flow else None,
        irr_per_year=flow.irr_per_year if flow else None,
        payback_months=flow.payback_months if flow else None,
        do_nothing_usd=flow.do_nothing_usd if flow else None,
        stranded_usd=flow.stranded_usd if flow else None,
        problem=problem,
    )


def _written_out(scenario: Scenario, case: _Drafted) -> Scenario:
    """The scenario of a case; what is wrong with it is reported where the case stands."""
    try:
        return changed(scenario, case.changes)
    except InputError as error:
        names = [each.name for each in scenario.cases]
        at = ("cases", names.index(case.name)) if case.name in names else ("cases",)
        raise InputError(
            scenario.origin.problem(at, f"{each.path}: {each.message}", f"cases.{case.name}")
            for each in error.problems
        ) from None


def _path(scenario: Scenario, at: Location) -> str:
    return path_text(at, scenario.model_dump(by_alias=True))


def _differences(scenario: Scenario, drafted: list[_Drafted]) -> Iterator[Difference]:
    """Every input that some case changes, with its value in all of them."""
    stated = scenario.model_dump(mode="json", by_alias=True)
    for at in dict.fromkeys(at for case in drafted for at in case.changes):
        base = _at(stated, at)
        values = {case.name: _words(case.changes.get(at, base)) for case in drafted}
        yield Difference(_path(scenario, at), values)


def _at(data: Any, at: Location) -> Any:
    for key in at:
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _words(value: Any) -> str:
    """A value for a table.

    >>> _words({"value": 5e8, "low": 1e8, "high": 9e8}), _words(-0.25), _words("fp8"), _words(None)
    ('500M', '-0.25', 'fp8', 'left out')
    """
    if value is None:
        return "left out"
    if isinstance(value, dict) and ("value" in value or "likely" in value):
        return _words(value.get("value", value.get("likely")))
    if isinstance(value, str):
        try:
            return _words(float(value))
        except ValueError:
            return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"-{short(-value)}" if value < 0 else short(value)
    return str(value)


def _plain(data: dict[str, Any]) -> dict[str, Any]:
    """Data fit for JSON: what a case writes may be a date."""
    from costmodel.yamlfile import plain

    return plain(data)

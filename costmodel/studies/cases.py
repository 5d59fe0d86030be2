"""Named cases side by side: base, best, worst and the scenario's own, with what differs.

Every case is the scenario with some values replaced, evaluated as any other. Best and worst that
the scenario does not state are derived from its ranges and those of what was looked up for it (a
throughput, a listed price), and say so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from costmodel.book import Book, load_book
from costmodel.errors import InputError
from costmodel.pipeline.defaults import completed_scenario
from costmodel.pipeline.evaluate import evaluate_resolved
from costmodel.pipeline.facts import Resolved
from costmodel.pipeline.resolve import resolve
from costmodel.quantity.quantity import Quantity
from costmodel.quantity.words import short
from costmodel.scenario import Scenario
from costmodel.scenario.changes import changed
from costmodel.scenario.yamlfile import Location
from costmodel.studies.case_drafts import Drafted, at_end, at_ends, drafted, place_path
from costmodel.studies.cashflow.cashflow import cashflow, cashflow_resolved
from costmodel.studies.risk.inputs import all_inputs, is_listed_price, look_up

if TYPE_CHECKING:
    import pandas as pd


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
    may_be_chosen: bool = False
    """Whether both options compared are eligible."""
    problem: str = ""
    """Why there is no cash flow."""


@dataclass(frozen=True)
class Difference:
    """One input that some case changes: its value in every case, as text."""

    path: str
    values: Mapping[str, str]
    numbers: Mapping[str, float | None]
    """The same as numbers; None where it is none."""


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
class _Ready:
    """A case as a scenario, with what was looked up for it."""

    draft: Drafted
    scenario: Scenario
    resolved: Resolved
    looked_up: Mapping[str, Quantity]
    """Every number that was looked up, by path, where the case has it."""


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
    ready = [_written_out(scenario, each, book) for each in drafted(scenario, pair, book)]
    return Cases(
        scenario.name,
        *pair,
        tuple(_result(scenario, each, pair, book) for each in ready),
        tuple(_differences(completed_scenario(scenario, book), ready)),
    )


# ------------------------------------------------------------------------------------ results


def _result(scenario: Scenario, case: _Ready, pair: tuple[str, str], book: Book) -> CaseResult:
    draft, own = case.draft, case.scenario
    report = evaluate_resolved(own, case.resolved, own.tokens_per_day, book=book)
    row = report.against_cheapest(pair[0])
    try:
        flow, problem = cashflow_resolved(own, case.resolved, *pair), ""
    except InputError as error:
        flow, problem = None, error.problems[0].message
    moved = {place_path(scenario, at): value for at, value in draft.moves.changes.items()}
    moved |= {path: at_end(q := case.looked_up[path], q.value) for path in draft.moves.ends}
    return CaseResult(
        name=draft.name,
        description=draft.description,
        derived=draft.derived,
        changes=moved,
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
        may_be_chosen=flow.may_be_chosen if flow else False,
        problem=problem,
    )


def _written_out(scenario: Scenario, draft: Drafted, book: Book) -> _Ready:
    """The scenario of a case; what is wrong with it is reported where the case stands."""
    try:
        own = changed(scenario, draft.moves.changes)
    except InputError as error:
        names = [each.name for each in scenario.cases]
        at = ("cases", names.index(draft.name)) if draft.name in names else ("cases",)
        raise InputError(
            scenario.origin.problem(at, f"{each.path}: {each.message}", f"cases.{draft.name}")
            for each in error.problems
        ) from None
    stated = resolve(own, book)
    resolved = at_ends(own, stated, draft.moves.ends)
    known = {
        entry.path: look_up(resolved, entry.places[0])
        for entry in all_inputs(own, stated)
        if entry.home == "facts" and not is_listed_price(entry.places[0])
    }
    return _Ready(draft, own, resolved, known)


def _differences(scenario: Scenario, ready: Sequence[_Ready]) -> Iterator[Difference]:
    """Every input that some case changes, with its value in all of them."""
    stated = scenario.model_dump(mode="json", by_alias=True)
    for at in dict.fromkeys(at for case in ready for at in case.draft.moves.changes):
        base = _at(stated, at)
        values = {case.draft.name: case.draft.moves.changes.get(at, base) for case in ready}
        yield _difference(place_path(scenario, at), values)
    for path in dict.fromkeys(path for case in ready for path in case.draft.moves.ends):
        found = {case.draft.name: case.looked_up.get(path) for case in ready}
        yield _difference(path, {name: q.value if q else None for name, q in found.items()})


def _difference(path: str, values: Mapping[str, Any]) -> Difference:
    return Difference(
        path,
        {name: _words(value) for name, value in values.items()},
        {name: _number(value) for name, value in values.items()},
    )


def _number(value: Any) -> float | None:
    """A value as a number, where it is one.

    >>> _number({"likely": 5}), _number("2e3"), _number("fp8"), _number(True)
    (5.0, 2000.0, None, None)
    """
    try:
        return Quantity.model_validate(value).value
    except ValidationError:
        return None


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
    from costmodel.scenario.yamlfile import plain

    return plain(data)

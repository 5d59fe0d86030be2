from __future__ import annotations

import io
import json
import operator
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.cell import Cell
from openpyxl.workbook import Workbook
from openpyxl.worksheet.formula import ArrayFormula
from typer.testing import CliRunner

from costmodel import Report, Scenario, evaluate, load_scenario, save
from costmodel.book.files import scenarios_dir
from costmodel.cli import app
from costmodel.present.workbook import workbook_bytes
from costmodel.present.workbook.formula import Formula, either, of
from costmodel.present.workbook.live import why_not_live
from costmodel.scenario import parse_scenario
from costmodel.scenario.changes import Changes, changed
from costmodel.studies.risk.record import Risk, Swing
from tests.present.outlooks import cashflow_of, risk_of
from tests.present.spreadsheet import (
    Files,
    place,
    rows_under,
    value,
)

READY = (
    "support-assistant", "contracts", "batch-nightly", "brief-70b-500m-a-day",
    "classifier-extraction-reasoning",
)  # fmt: skip
"""Between them: hybrids, contracts of every kind, spot, pinned, scheduled, batch, mixes."""

LIVE = """
name: Every live input
as_of: 2026-11-23
workloads:
  - name: chat
    tokens_per_day: 400e6
    input_tokens: 1500
    output_tokens: 300
    cached_input_share: 0.3
    cache_write_share: 0.05
    batch_share: 0.1
    profile: {name: office-hours, burst_factor: 1.2}
options:
  - name: quote
    api: {input_usd_per_mtok: 1.6, output_usd_per_mtok: 2.4, cached_input_usd_per_mtok: 0.16,
          cache_write_usd_per_mtok: 2.0, batch_discount: 0.5, stacks: true}
  - name: steps
    api:
      input_usd_per_mtok: 1.5
      output_usd_per_mtok: 2.4
      contract:
        kind: graduated
        steps:
          - {up_to_usd_per_month: 9000, discount: 0}
          - {up_to_usd_per_month: 20000, discount: 0.1}
          - {discount: 0.25}
  - name: always on
    selfhost:
      gpus_per_replica: 2
      throughput: {requests_per_s: 1.1}
      offers: [{terms: on-demand, usd_per_gpu_hour: 2.4}]
      extra_monthly: [{name: observability, usd: 300}]
  - name: by the hour
    selfhost:
      gpus_per_replica: 2
      throughput: {requests_per_s: 1.1}
      scaling: scheduled
      start_minutes: 10
      offers: [{terms: reserved, usd_per_gpu_hour: 1.7, replicas: 2},
               {terms: on-demand, usd_per_gpu_hour: 2.4}]
overheads: {usd_per_hour: 100, per_fleet: {hours_per_month: 20}, per_api: {hours_per_month: 2}}
"""

ALWAYS_ON = ("options", 2, "selfhost")
CHANGES: Mapping[str, tuple[str, float, Changes]] = {
    "volume": ("chat_tokens_per_day", 731e6, {("workloads", 0, "tokens_per_day"): 731e6}),
    "price": (
        "quote_input_usd_per_mtok", 1.1, {("options", 0, "api", "input_usd_per_mtok"): 1.1},
    ),
    "cached share": (
        "chat_cached_input_share", 0.62, {("workloads", 0, "cached_input_share"): 0.62},
    ),
    "batch share": ("chat_batch_share", 0.55, {("workloads", 0, "batch_share"): 0.55}),
    "step end": (
        "steps_step_1_up_to_usd_per_month", 4500.0,
        {("options", 1, "api", "contract", "steps", 0, "up_to_usd_per_month"): 4500.0},
    ),
    "step discount": (
        "steps_step_3_discount", 0.4,
        {("options", 1, "api", "contract", "steps", 2, "discount"): 0.4},
    ),
    "GPU rate": (
        "always_on_offer_1_usd_per_gpu_hour", 3.1,
        {(*ALWAYS_ON, "offers", 0, "usd_per_gpu_hour"): 3.1},
    ),
    "requests per second": (
        "always_on_requests_per_s_chat", 0.83,
        {(*ALWAYS_ON, "throughput", "requests_per_s"): 0.83},
    ),
    "load factor": ("always_on_load_factor", 0.53, {(*ALWAYS_ON, "load_factor"): 0.53}),
    "spares": ("by_the_hour_spare_replicas", 3, {("options", 3, "selfhost", "spare_replicas"): 3}),
    "minimum": ("always_on_min_replicas", 19, {(*ALWAYS_ON, "min_replicas"): 19}),
    "node": ("always_on_node_gpus", 8, {(*ALWAYS_ON, "node_gpus"): 8}),
    "commitment": (
        "by_the_hour_offer_1_replicas", 6, {("options", 3, "selfhost", "offers", 0, "replicas"): 6},
    ),
    "people": (
        "overheads_per_fleet_hours_per_month", 55.0,
        {("overheads", "per_fleet", "hours_per_month"): 55.0},
    ),
    "hourly rate": ("overheads_usd_per_hour", 140.0, {("overheads", "usd_per_hour"): 140.0}),
    "days": ("calendar_days_per_month", 30.0, {("calendar", "days_per_month"): 30.0}),
    "hours": ("calendar_hours_per_month", 720.0, {("calendar", "hours_per_month"): 720.0}),
}  # fmt: skip
"""What is changed: the name of a cell, its new value, and the same in the scenario."""


@pytest.fixture(scope="module")
def live() -> Scenario:
    return parse_scenario(LIVE)


@pytest.fixture(scope="module")
def reports(live: Scenario) -> dict[str, Report]:
    found = {name: evaluate(load_scenario(scenarios_dir() / f"{name}.yaml")) for name in READY}
    return found | {"live": evaluate(live)}


@pytest.fixture(scope="module")
def contents(reports: dict[str, Report]) -> dict[str, bytes]:
    return {name: workbook_bytes(report)[0] for name, report in reports.items()}


@pytest.fixture(scope="module")
def formulas(contents: dict[str, bytes]) -> dict[str, Workbook]:
    """Every workbook with its formulas."""
    return {name: opened(content) for name, content in contents.items()}


@pytest.fixture(scope="module")
def values(contents: dict[str, bytes]) -> dict[str, Workbook]:
    """Every workbook with the values that were written beside its formulas."""
    return {name: opened(content, data_only=True) for name, content in contents.items()}


def opened(content: bytes, *, data_only: bool = False) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(content), data_only=data_only)


NEW_WEEK = [float(2 + (hour * 7) % 11) for hour in range(168)]


def with_new_week(live: Scenario) -> Scenario:
    profile = {"hourly": NEW_WEEK, "burst_factor": 1.2}
    return changed(live, {("workloads", 0, "profile"): profile})


def new_week(book: Workbook) -> None:
    sheet = book["Hours"]
    header = next(row for row in sheet.iter_rows() if row[0].value == "Day")
    (column,) = (cell.column for cell in header if cell.value == "hourly weight")
    for hour, weight in enumerate(NEW_WEEK):
        sheet.cell(header[0].row + 2 + hour, column).value = weight


@pytest.fixture(scope="module")
def books(
    reports: dict[str, Report],
    contents: dict[str, bytes],
    values: dict[str, Workbook],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Workbook]:
    """Every workbook but those with one input changed, recalculated in one start of LibreOffice."""
    files = Files(tmp_path_factory.mktemp("workbooks"))
    for name in READY:
        files.add(name, opened(contents[name]))
    book = opened(contents["live"])
    files.add("live", book)
    rate = "always_on_offer_1_usd_per_gpu_hour"
    files.edited("short", book, rate, nearly_the_slope(values["live"]))
    tell_another_total(book)
    files.add("wrong", book)
    tell_another_total(book, back=True)
    new_week(book)
    files.add("week", book)
    files.add("hostile", opened(workbook_bytes(evaluate(hostile_scenario()))[0]))
    book = opened(
        workbook_bytes(
            reports["live"], risk=a_risk(reports["live"]), cashflow=cashflow_of(reports["live"])
        )[0]
    )
    files.add("kept", book)
    book["Cash flow"]["B4"].value = 0.2
    files.add("discounted", book)
    return files.recalculated()


@pytest.fixture(scope="module")
def edited(
    contents: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Workbook]:
    """The live workbook with one input changed after the other, recalculated likewise."""
    files = Files(tmp_path_factory.mktemp("edited"))
    book = opened(contents["live"])
    for name, (cell, new, _) in CHANGES.items():
        files.edited(name, book, cell, new)
    return files.recalculated()


def nearly_the_slope(book: Workbook) -> float:
    """USD a GPU-hour at which the fleet's steps rise about as fast as the first API."""
    rows = {row[0]: row for row in book["Steps"].iter_rows(values_only=True)}
    own = rows["USD a month per token a day, steep part"][1]
    api = rows["its USD a month per token a day"][4]
    return 0.9999 * value(book, "always_on_offer_1_usd_per_gpu_hour") * api / own


def tell_another_total(book: Workbook, *, back: bool = False) -> None:
    cell = next(
        row[1] for row in book["Bill"].iter_rows() if row[0].value == "the tool, when exported"
    )
    cell.value = cell.value / 2 if back else cell.value * 2


# -------------------------------------------------------------------------------- recalculation


@pytest.mark.parametrize("name", [*READY, "live"])
def test_libreoffice_works_out_what_python_did(
    formulas: dict[str, Workbook],
    values: dict[str, Workbook],
    books: dict[str, Workbook],
    name: str,
):
    written, found, count = values[name], books[name], 0
    for cell in formula_cells(formulas[name]):
        expected = written[cell.parent.title][cell.coordinate].value
        actual = found[cell.parent.title][cell.coordinate].value
        assert same(actual, expected), f"{cell.parent.title}!{cell.coordinate} {cell.value}"
        count += 1
    assert count > 1000


@pytest.mark.parametrize("name", [*READY, "live"])
def test_recalculated_figures_are_those_of_the_tool(
    reports: dict[str, Report], books: dict[str, Workbook], name: str
):
    assert_agrees(books[name], reports[name])
    assert failing(books[name]) == 0
    assert value(books[name], "inputs_changed") == 0


@pytest.mark.parametrize("name", CHANGES)
def test_an_input_changed_in_the_file_gives_what_a_new_evaluation_does(
    live: Scenario, books: dict[str, Workbook], edited: dict[str, Workbook], name: str
):
    cell, new, changes = CHANGES[name]
    book = edited[name]
    assert value(book, cell) == new
    assert_agrees(book, evaluate(changed(live, changes)))
    assert value(book, "inputs_changed") == 1
    assert failing(book) == 0
    before = {row["Option"]: row["USD a month"] for row in options(books["live"])}
    assert any(row["USD a month"] != before[row["Option"]] for row in options(book))


def test_other_hours_of_the_week_give_what_a_new_evaluation_does(
    live: Scenario, books: dict[str, Workbook]
):
    assert_agrees(books["week"], evaluate(with_new_week(live)))
    assert value(books["week"], "inputs_changed") > 100


def assert_agrees(book: Workbook, report: Report) -> None:
    """Bills, curves and live break-even of a recalculated workbook are those of a report."""
    for row in options(book):
        option = report.option(row["Option"])
        if row["How"] == "live":
            assert row["USD a month"] == pytest.approx(option.monthly_usd, rel=1e-9), option.name
            assert row["USD per Mtok"] == pytest.approx(option.usd_per_mtok, rel=1e-9)
    points = rows_under(book, "Curves", "times the volume")
    volumes = np.array([row["tokens a day"] for row in points])
    assert volumes[-1] == pytest.approx(3 * report.tokens_per_day, rel=1e-12)
    for name in report.bills:
        if why_not_live(report, name) is None:
            drawn = [row[name] for row in points]
            np.testing.assert_allclose(drawn, report.bills[name].at(volumes), rtol=1e-9)
    checked = 0
    for row in rows_under(book, "Break-even", "Option"):
        if row["How"] != "live":
            continue
        told = next(
            b for b in report.break_even
            if (b.option, b.against) == (row["Option"], row["Against"])
        )  # fmt: skip
        first, always = told.first_tokens_per_day, told.always_from_tokens_per_day
        assert row["Verdict"] == told.verdict
        assert same(row["First at tokens a day"], "never" if first is None else first)
        assert same(row["Always from tokens a day"], "never for good" if always is None else always)
        assert row["Step table"] == "ok"
        checked += 1
    assert checked or "always on" not in report.bills


def test_the_step_tables_decide_verdicts_of_every_kind(
    books: dict[str, Workbook], edited: dict[str, Workbook]
):
    found = (
        rows_under(book, "Break-even", "Option") for book in (*books.values(), *edited.values())
    )
    rows = [row for each in found for row in each if row["How"] == "live"]
    assert {row["Verdict"] for row in rows} >= {"never", "from"}


def same(actual: Any, expected: Any) -> bool:
    if isinstance(expected, int | float) and isinstance(actual, int | float):
        return actual == pytest.approx(expected, rel=1e-9, abs=1e-12)
    return (actual or "") == (expected or "")


def options(book: Workbook) -> list[dict[str, Any]]:
    return rows_under(book, "Summary", "Option")


def failing(book: Workbook) -> int:
    (row,) = (r for r in book["Summary"].iter_rows(values_only=True) if r[0] == "checks that fail")
    return int(row[2])


def test_a_check_fails_where_the_workbook_disagrees_with_the_tool(books: dict[str, Workbook]):
    said = [row[2] for row in books["wrong"]["Bill"].iter_rows(values_only=True)]
    assert said.count("disagrees") == 1
    assert failing(books["wrong"]) == 1


def test_a_check_fails_where_the_step_table_is_too_short(books: dict[str, Workbook]):
    rows = rows_under(books["short"], "Break-even", "Option")
    assert {row["Step table"] for row in rows if row["How"] == "live"} >= {"table too short"}
    assert failing(books["short"]) >= 1


# ------------------------------------------------------------------------------ how it is written


def formula_cells(book: Workbook) -> list[Cell]:
    return [
        cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"
    ]


def text_of(cell: Cell) -> str:
    return str(cell.value.text if isinstance(cell.value, ArrayFormula) else cell.value)


_NOT_CONSTANTS = re.compile(r"\"[^\"]*\"|'[^']*'!|\$?[A-Za-z_][\w.]*|\$[A-Z]+\$?\d+|\$\d+")


@pytest.mark.parametrize("name", [*READY, "live"])
def test_no_constant_stands_in_a_formula(formulas: dict[str, Workbook], name: str):
    for cell in formula_cells(formulas[name]):
        left = _NOT_CONSTANTS.sub(" ", text_of(cell))
        numbers = set(re.findall(r"\d+(?:\.\d+)?(?:E[+-]?\d+)?", left))
        assert numbers <= {"0", "1"}, text_of(cell)


def test_every_formula_carries_a_value(formulas: dict[str, Workbook], values: dict[str, Workbook]):
    for cell in formula_cells(formulas["live"]):
        kept = values["live"][cell.parent.title][cell.coordinate].value
        assert kept is not None or "Steps" in cell.parent.title or cell.parent.title == "Summary"


def test_what_works_on_ranges_is_an_array_formula(formulas: dict[str, Workbook]):
    cells = formula_cells(formulas["live"])
    spread = [cell for cell in cells if isinstance(cell.value, ArrayFormula)]
    assert all(cell.value.ref == cell.coordinate for cell in spread)
    assert {cell.parent.title for cell in spread} >= {"Curves", "Inputs"}


def test_live_inputs_are_open_and_checked_and_the_rest_is_locked(formulas: dict[str, Workbook]):
    book = formulas["live"]
    assert all(sheet.protection.sheet for sheet in book)
    inputs = book["Inputs"]
    checked = {str(r) for rule in inputs.data_validations.dataValidation for r in rule.sqref.ranges}
    for row in inputs.iter_rows(min_row=4):
        cell = row[1]
        if cell.value is None or row[8].value is None:
            continue
        live = str(row[8].value).startswith("live")
        assert cell.protection.locked != live, row[0].value
        assert (cell.coordinate in checked) == live, row[0].value
        if live:
            assert cell.font.color.rgb == "FF0000FF"
    locked = [row[8].value for row in inputs.iter_rows(min_row=4) if row[0].value == "input_tokens"]
    assert locked == ["rerun costmodel: what a replica serves depends on it"]


def test_every_sheet_is_set_up_to_print_with_where_it_comes_from(formulas: dict[str, Workbook]):
    for sheet in formulas["live"]:
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.page_setup.fitToHeight == 0
        assert "prices as of 2026-11-23" in sheet.oddFooter.left.text
        assert "scenario " in sheet.oddFooter.left.text


def test_names_lead_to_their_cells(values: dict[str, Workbook]):
    book = values["support-assistant"]
    assert value(book, "own_GPUs_load_factor") == 0.7
    assert value(book, "tokens_per_day") == pytest.approx(600e6)
    assert place(book, "chat_batch_share")[0] == "Inputs"


def test_charts_are_native(reports: dict[str, Report], formulas: dict[str, Workbook]):
    book = formulas["support-assistant"]
    assert len(book["Curves"]._charts) == len(book["Summary"]._charts) == 1
    (chart,) = book["Curves"]._charts
    assert len(chart.series) == len(reports["support-assistant"].options)


# ------------------------------------------------------------------------------------ inert text

HOSTILE = ("=cmd|'/c calc'!A1", "<script>alert(1)</script>", "ا" * 20 + "\u202e abc", "x" * 300,
           "@SUM(1)", "a & b'c\"d", "http://example.com", "70B & more")  # fmt: skip


def hostile_scenario() -> Scenario:
    rows = [
        f"  - {{name: {json.dumps(name, ensure_ascii=False)}, "
        f"api: {{input_usd_per_mtok: {1 + i}, output_usd_per_mtok: 2}}}}"
        for i, name in enumerate(HOSTILE)
    ]
    own = """
  - name: "+1+1"
    selfhost:
      gpus_per_replica: 1
      throughput: {requests_per_s: 1}
      offers: [{terms: on-demand, usd_per_gpu_hour: 2, source: "=HYPERLINK(1)"}]
      extra_monthly: [{name: "-2+3", usd: 10}]"""
    return parse_scenario(
        'name: "=1+1"\nas_of: 2026-11-23\nworkloads:\n'
        '  - {name: "=w", tokens_per_day: 1e6, input_tokens: 9, output_tokens: 1}\n'
        "options:\n" + "\n".join(rows) + own
    )


def test_text_from_users_is_text_in_every_cell(books: dict[str, Workbook]):
    book = opened(workbook_bytes(evaluate(hostile_scenario()))[0])
    user = {*HOSTILE, "=1+1", "+1+1", "=w", "-2+3", "=HYPERLINK(1)"}
    found = set()
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value in user:
                    found.add(cell.value)
                    assert cell.data_type == "s", cell
                    assert cell.hyperlink is None
    assert found == user
    for cell in formula_cells(book):
        assert "/c calc" not in text_of(cell)
        assert "HYPERLINK" not in text_of(cell)
    assert [row["Option"] for row in options(books["hostile"])] == [*HOSTILE, "+1+1"]
    assert failing(books["hostile"]) == 0


@pytest.mark.parametrize("table", ["bill", "curves", "break_even", "assumptions"])
def test_text_from_users_is_inert_in_csv(tmp_path: Path, table: str):
    save(evaluate(hostile_scenario()), tmp_path / "out.csv", table=table)
    for line in (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines():
        assert not re.match(r"\"?[=@+]|\"?-[^\d.]", line)
        assert not re.search(r",\"?[=@+]|,\"?-[^\d.]", line), line


# ---------------------------------------------------------------------------- risk and cash flow


def a_risk(report: Report) -> Risk:
    """Ranges with a path that would be a formula, and a range that moves little."""
    risk = risk_of(report)
    narrow = Swing("=narrow", 1.0, 2.0, 0.1, 0.2)
    return replace(risk, tornado=(narrow, *risk.tornado[:2]))


def test_sheets_without_data_are_left_out_and_listed(reports: dict[str, Report], tmp_path: Path):
    saved = save(reports["live"], tmp_path / "out.xlsx")
    assert [words.split(":")[0] for words in saved.omitted] == ["sheet Risk", "sheet Cash flow"]
    names = openpyxl.load_workbook(tmp_path / "out.xlsx").sheetnames
    assert names == ["Summary", "Inputs", "Curves", "Steps", "Bill", "Break-even", "Hours",
                     "Sources"]  # fmt: skip


def test_risk_and_cash_flow_have_their_sheets(
    reports: dict[str, Report], books: dict[str, Workbook], tmp_path: Path
):
    flow = cashflow_of(reports["live"])
    more = {"risk": a_risk(reports["live"]), "cashflow": flow}
    assert save(reports["live"], tmp_path / "out.xlsx", **more).omitted == ()
    assert books["kept"]["Cash flow"]["B7"].value == pytest.approx(flow.npv_usd, rel=1e-12)
    assert failing(books["kept"]) == 0
    flows = flow.monthly.flow_usd
    other = sum(each / 1.2 ** (month / 12) for month, each in enumerate(flows))
    assert books["discounted"]["Cash flow"]["B7"].value == pytest.approx(other, rel=1e-12)
    tornado = [row["path"] for row in rows_under(books["kept"], "Risk", "path")]
    assert tornado[-1] == "=narrow"
    assert len(tornado) == 3


# ------------------------------------------------------------------------------ the command line


def test_export_writes_a_workbook_and_lists_what_it_left_out(tmp_path: Path):
    path = tmp_path / "out.xlsx"
    scenario = str(scenarios_dir() / "support-assistant.yaml")
    told = json.loads(
        CliRunner().invoke(app, ["export", scenario, "-o", str(path), "--no-risk", "--json"]).stdout
    )
    assert told["files"] == [str(path)]
    assert any("Risk" in words for words in told["omitted"])
    assert path.read_bytes().startswith(b"PK")


def test_export_of_a_board_file_draws_the_ranges_and_adds_up_the_months(tmp_path: Path):
    path = tmp_path / "out.xlsx"
    scenario = str(scenarios_dir() / "one-bare-h100-vs-frontier.yaml")
    told = json.loads(
        CliRunner().invoke(app, ["export", scenario, "-o", str(path), "--json"]).stdout
    )
    assert told["omitted"] == []
    names = openpyxl.load_workbook(path, read_only=True).sheetnames
    assert {"Risk", "Cash flow"} <= set(names)


# ---------------------------------------------------------------------------------- the formulas

CELLS = {"a": 6.0, "b": 2.5, "c": -3.0}
OPERATORS = {"+": operator.add, "-": operator.sub, "*": operator.mul}
STEPS = st.tuples(st.sampled_from(sorted(OPERATORS)), st.sampled_from(sorted(CELLS)), st.booleans())


@given(st.lists(STEPS, max_size=8))
def test_a_formula_reads_as_it_was_meant(steps: list[tuple[str, str, bool]]):
    formula = of(1)
    for sign, name, in_front in steps:
        other = Formula(name, CELLS[name])
        pair = (other, formula) if in_front else (formula, other)
        formula = OPERATORS[sign](*pair)
    assert eval(formula.text, {}, dict(CELLS)) == pytest.approx(formula.value)


def test_a_number_that_belongs_in_a_cell_is_refused():
    with pytest.raises(TypeError, match="cell of its own"):
        Formula("a", 1.0) * 12
    assert either(Formula("a", 1.0) > 0, "yes", "no").text == 'IF(a>0,"yes","no")'

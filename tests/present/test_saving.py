from __future__ import annotations

import csv
import io
import json
import re
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from costmodel import InputError, Report, evaluate, load_scenario, save
from costmodel.book.files import scenarios_dir
from costmodel.present import saving
from costmodel.present.charts.figures import scenario_figure
from costmodel.present.charts.theme import colours
from costmodel.present.render.csvfile import csv_text
from costmodel.present.words.report import TABLES, table_of
from costmodel.quantity.answer import Column, Table
from tests.present.outlooks import cashflow_of, risk_of

READY = sorted(scenarios_dir().glob("*.yaml"))


@pytest.fixture(scope="module")
def report() -> Report:
    return evaluate(load_scenario(scenarios_dir() / "support-assistant.yaml"))


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# ---------------------------------------------------------------------------------------- tables


@pytest.mark.parametrize("name", TABLES)
def test_every_table_can_be_saved(report: Report, tmp_path: Path, name: str):
    path = tmp_path / f"{name}.csv"
    assert save(report, path, table=name).files == (str(path),)
    assert len(read_csv(path)) == len(list(table_of(report, name).values()))


def test_the_bill_adds_up_in_the_file(report: Report, tmp_path: Path):
    save(report, tmp_path / "bill.csv")
    for option in report.options:
        rows = [r for r in read_csv(tmp_path / "bill.csv") if r["option"] == option.name]
        assert sum(float(row["usd"]) for row in rows) == pytest.approx(option.monthly_usd)


@pytest.mark.parametrize("name", ["curves", "bill", "assumptions"])
def test_tables_have_the_columns_of_the_data_frames(report: Report, name: str):
    frame, table = getattr(report, name), table_of(report, name)
    assert table.names == list(frame.columns)
    assert len(list(table.values())) == len(frame)


def test_numbers_keep_every_digit(report: Report, tmp_path: Path):
    save(report, tmp_path / "curves.csv", table="curves")
    rows = read_csv(tmp_path / "curves.csv")
    name, usd = next(iter(report.curve_points.monthly_usd.items()))
    assert [float(row[name]) for row in rows] == usd.tolist()


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_text_that_a_spreadsheet_would_run_is_inert(text: str):
    written = csv_text(Table.of([Column("", key=text)], [[text], [-1.5]]))
    rows = list(csv.reader(io.StringIO(written, newline="")))
    inert = "'" + text.replace("\r", "\n")
    assert rows == [[inert], [inert], ["-1.5"]]


# --------------------------------------------------------------------------------- JSON and YAML


def test_json_is_the_result(report: Report, tmp_path: Path):
    save(report, tmp_path / "result.json")
    expected = json.loads(json.dumps(report.to_dict()))
    assert json.loads((tmp_path / "result.json").read_text(encoding="utf-8")) == expected


class NoBook:
    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"the book was asked for {name}")


@pytest.mark.parametrize("path", READY, ids=lambda path: path.stem)
def test_a_frozen_scenario_gives_the_same_report_without_a_book(path: Path, tmp_path: Path):
    first = evaluate(load_scenario(path))
    save(first, tmp_path / "frozen.yaml")
    again = evaluate(load_scenario(tmp_path / "frozen.yaml"), book=NoBook())  # type: ignore[arg-type]
    assert again.to_dict() == first.to_dict()
    assert again.frozen == first.frozen
    for bound in ("monthly_usd", "low_usd", "high_usd"):
        for name, usd in getattr(first.curve_points, bound).items():
            assert getattr(again.curve_points, bound)[name].tolist() == usd.tolist()


OFFLINE = """
import sys
sys.modules["genai_prices"] = None
from costmodel.book import files
def refuse(path):
    raise AssertionError(f"{path} was read")
files.read_yaml = refuse
files.pricing_dir = files.data_dir = lambda: refuse("a folder of the book")
from costmodel import evaluate, load_scenario
from costmodel.present.render.jsonfile import json_text
print(json_text(evaluate(load_scenario(sys.argv[1])).to_dict()))
"""


def test_a_frozen_scenario_reads_no_bundled_file(report: Report, tmp_path: Path):
    save(report, tmp_path / "frozen.yaml")
    command = [sys.executable, "-c", OFFLINE, str(tmp_path / "frozen.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == json.loads(json.dumps(report.to_dict()))


def test_freezing_keeps_the_volume_that_was_evaluated(tmp_path: Path):
    scenario = load_scenario(scenarios_dir() / "classifier-extraction-reasoning.yaml")
    for workload in (None, scenario.workloads[0].name):
        moved = evaluate(scenario, tokens_per_day=250e6, workload=workload)
        save(moved, tmp_path / "frozen.yaml")
        again = evaluate(load_scenario(tmp_path / "frozen.yaml"), workload=workload)
        assert again.tokens_per_day == pytest.approx(250e6)
        assert [o.monthly_usd for o in again.options] == pytest.approx(
            [o.monthly_usd for o in moved.options]
        )


def test_editing_a_frozen_option_looks_it_up_anew(report: Report, tmp_path: Path):
    path = tmp_path / "frozen.yaml"
    save(report, path)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("provider: deepinfra", "provider: grok-typo", 1), "utf-8")
    with pytest.raises(InputError, match="grok-typo"):
        evaluate(load_scenario(path))


# ---------------------------------------------------------------------------------------- images


@pytest.mark.browser
@pytest.mark.usefixtures("one_chromium_for_images")
def test_a_chart_becomes_an_image(report: Report, tmp_path: Path):
    save(report, tmp_path / "chart.svg")
    save(report, tmp_path / "chart.png", chart="curves")
    assert "<svg" in (tmp_path / "chart.svg").read_text(encoding="utf-8")[:200]
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.browser
@pytest.mark.usefixtures("one_chromium_for_images")
def test_charts_of_ranges_and_months_become_images(report: Report, tmp_path: Path):
    risk, flow = risk_of(report), cashflow_of(report)
    save(report, tmp_path / "tornado.svg", chart="tornado", risk=risk)
    drawn = (tmp_path / "tornado.svg").read_text(encoding="utf-8")
    assert "as stated" in drawn
    assert re.search(r'width="1280" height="2\d\d"', drawn), "as high as three rows take"
    save(report, tmp_path / "sum.svg", chart="cumulative", risk=risk, cashflow=flow)
    assert "paid back after" in (tmp_path / "sum.svg").read_text(encoding="utf-8")


def test_options_keep_their_accents_in_every_chart(report: Report):
    accents, flow = colours(report), cashflow_of(report)
    fan = scenario_figure("fan", report, risk=risk_of(report))
    assert {t.name: t.line.color for t in fan.data if t.name} == accents
    months = scenario_figure("monthly_bills", report, cashflow=flow)
    drawn = [t.line.color for t in months.data if t.line.width]
    assert drawn == [accents[flow.against], accents[flow.option]]
    behind = scenario_figure("cumulative", report, cashflow=flow)
    assert accents[flow.option] in [t.line.color for t in behind.data]


def test_without_kaleido_the_message_says_what_to_do(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "kaleido", None)
    with pytest.raises(InputError, match=r"costmodel\[images\].*browser.*press the camera"):
        save(report, tmp_path / "chart.png")
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------------------- whole or nothing


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("out.json", {"template": "company.pptx"}, r"a template is for a \.pptx"),
        ("out.pptx", {"template": "company.potx"}, r"a template is a \.pptx file"),
        ("out.pptx", {"template": "company.pptx"}, "no such file"),
        ("out.docx", {}, "the ending says"),
        ("out", {}, "the ending says"),
        ("out.csv", {"table": "bil"}, "did you mean bill"),
        ("out.json", {"table": "bill"}, r"goes into a \.csv"),
        ("out.csv", {"chart": "curves"}, "a chart goes into"),
        ("out.svg", {"chart": "fann"}, r"did you mean fan\? There are curves, .*, cumulative"),
        ("out.svg", {"chart": "memory"}, "'memory' is of a Fit, not of a Report or Risk or Cash"),
        ("out.svg", {"chart": "fan"}, r"'fan' needs risk=simulate\(scenario\)"),
        ("out.svg", {"chart": "cumulative"}, r"'cumulative' needs cashflow=cashflow\(scenario\)"),
        ("no/out.csv", {}, "no such folder"),
    ],
)
def test_what_cannot_be_written_is_said(
    report: Report, tmp_path: Path, name: str, options: dict[str, str], message: str
):
    with pytest.raises(InputError, match=message):
        save(report, tmp_path / name, **options)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_the_old_file_and_no_other(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "result.json"
    path.write_text("old", encoding="utf-8")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(saving.os, "replace", fail)
    with pytest.raises(InputError, match="No space left"):
        save(report, path)
    assert [p.name for p in tmp_path.iterdir()] == ["result.json"]
    assert path.read_text(encoding="utf-8") == "old"


def test_a_replaced_file_keeps_its_permissions(report: Report, tmp_path: Path):
    path = tmp_path / "result.json"
    path.write_text("old", encoding="utf-8")
    path.chmod(0o640)
    save(report, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_link_is_written_through(report: Report, tmp_path: Path):
    (tmp_path / "real.json").write_text("old", encoding="utf-8")
    link = tmp_path / "link.json"
    link.symlink_to(tmp_path / "real.json")
    save(report, link)
    assert link.is_symlink()
    assert (tmp_path / "real.json").read_text(encoding="utf-8") != "old"


def test_what_is_not_a_number_is_null_in_json(report: Report, tmp_path: Path):
    odd = replace(report, tokens_per_day=float("inf"))
    save(odd, tmp_path / "result.json")
    assert '"tokens_per_day": null' in (tmp_path / "result.json").read_text(encoding="utf-8")

"""`costmodel cashflow` and `costmodel cases`: JSON is the record, the text says it, exit codes."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from costmodel import cases, cashflow, load_scenario
from costmodel.book.files import scenarios_dir
from costmodel.cli import app
from costmodel.present.render.text import WIDTH
from costmodel.present.words.cash import headline
from costmodel.quantity.words import usd
from costmodel.scenario.changes import changed, scenario_yaml

SCENARIO = str(scenarios_dir() / "three-year-commitment.yaml")


def costmodel(*args):
    return CliRunner().invoke(app, list(args))


@pytest.fixture(scope="module")
def flow():
    return cashflow(load_scenario(SCENARIO))


def test_json_is_the_record(flow):
    result = costmodel("cashflow", SCENARIO, "--json")
    assert result.exit_code == 0
    assert result.stdout.count("\n") == 1
    assert json.loads(result.stdout) == json.loads(json.dumps(flow.to_dict()))
    result = costmodel("cases", SCENARIO, "--json")
    expected = cases(load_scenario(SCENARIO)).to_dict()
    assert json.loads(result.stdout) == json.loads(json.dumps(expected))


def test_the_text_says_it(flow):
    text = costmodel("cashflow", SCENARIO).stdout
    assert max(map(len, text.splitlines())) <= WIDTH
    flat = " ".join(text.split())
    assert headline(flow).facts in flat
    assert headline(flow).advice in flat
    assert usd(flow.stranded_usd) in text
    for row in flow.renewal.rows:
        assert usd(row.npv_usd) in text
    year = next(line for line in text.splitlines() if line.startswith("All "))
    assert usd(flow.do_nothing_usd) in year


def test_cases_in_text():
    text = costmodel("cases", SCENARIO).stdout
    assert max(map(len, text.splitlines())) <= WIDTH
    lines = text.splitlines()
    assert sum("(derived)" in line for line in lines) == 2
    assert any(line.startswith("launch slips") for line in lines)
    assert "finance." not in text
    row = next(x for x in lines if x.startswith("yearly change of API prices"))
    assert row.split()[5:] == ["-20", "%", "0", "%", "-40", "%", "-50", "%", "-20", "%"]
    assert "- price war: API prices halve every year." in text


def test_a_month_that_speaks_against_the_months_is_named_first(tmp_path):
    path = tmp_path / "falling.yaml"
    falling = {("finance", "api_price_change_per_year"): -0.5}
    path.write_text(scenario_yaml(changed(load_scenario(SCENARIO), falling)), encoding="utf-8")
    base = cases(load_scenario(path)).case("base")
    assert base.npv_usd < 0
    assert base.recommended != "managed"
    said = f"Month 1, at today's prices, favours {base.recommended}; over 3 years, "
    assert said in " ".join(costmodel("cashflow", str(path)).stdout.split())
    shown = costmodel("cases", str(path)).stdout
    assert f"base: {said}" in " ".join(shown.split())
    assert "FAVOURS" in shown
    assert "RECOMMENDED" not in shown


def test_check_asks_whether_it_pays(flow):
    assert flow.pays
    assert costmodel("cashflow", SCENARIO, "--check").exit_code == 0
    rented = costmodel("cashflow", SCENARIO, "--option", "rented by the hour", "--check")
    assert rented.exit_code == 3
    assert "Stay" in rented.stdout


@pytest.mark.parametrize("verb", ["cashflow", "cases"])
def test_bad_input_is_explained(verb):
    result = costmodel(verb, SCENARIO, "--option", "bougt")
    assert result.exit_code == 2
    assert "option: no option is named 'bougt'; did you mean bought" in result.stderr
    assert costmodel(verb, "nowhere.yaml").exit_code == 2


@pytest.mark.parametrize("verb", ["cashflow", "cases"])
def test_nothing_heavy_is_loaded(verb):
    code = (
        f"import sys; sys.argv[1:] = [{verb!r}, {SCENARIO!r}, '--json']\n"
        "from costmodel.cli import main\n"
        "try: main()\nexcept SystemExit as end: assert not end.code\n"
        "heavy = {'pandas', 'scipy', 'plotly', 'streamlit'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

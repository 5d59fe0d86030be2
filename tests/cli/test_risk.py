"""`costmodel risk`: JSON is the record, the text says it, exit codes."""

import json
import re

import pytest
from typer.testing import CliRunner

from costmodel import load_scenario, simulate
from costmodel.book.files import scenarios_dir
from costmodel.cli import app
from costmodel.present.render.text import WIDTH
from costmodel.present.words.risk import headline

SCENARIO = str(scenarios_dir() / "small-model-on-l4.yaml")
HYBRID = str(scenarios_dir() / "support-assistant.yaml")


def costmodel(*args):
    return CliRunner().invoke(app, list(args))


@pytest.fixture(scope="module")
def found():
    return simulate(load_scenario(HYBRID), 512, 7)


def squeezed(text):
    return re.sub(r"\s+", " ", text)


def test_json_is_the_record(found):
    result = costmodel("risk", HYBRID, "--samples", "512", "--seed", "7", "--json")
    assert result.exit_code == 0
    assert result.stdout.count("\n") == 1
    assert json.loads(result.stdout) == json.loads(json.dumps(found.to_dict()))


def test_the_text_says_it(found):
    text = costmodel("risk", HYBRID, "--samples", "512", "--seed", "7").stdout
    line = headline(found)
    for sentence in (line.facts, line.advice, line.reason):
        assert sentence in squeezed(text)
    assert "in 512 draws" not in text, "the hybrid is built draw by draw, from fewer"
    assert "of 500 draws" in squeezed(line.facts)
    for heading in ("FIRST WINS", "ONE INPUT AT A TIME", "WHAT WOULD FLIP THE VERDICT", "DRAWN"):
        assert heading in text
    drawn = text[text.index("DRAWN") : text.index("SOURCES")]
    rest = text.replace(drawn, "")
    assert all(len(row) <= WIDTH for row in rest.splitlines()), "only whole paths may be wider"


def test_bars_that_do_not_move_and_goals_out_of_reach_take_no_rows():
    text = costmodel("risk", str(scenarios_dir() / "brief-70b-500m-a-day.yaml"),
                     "--samples", "64").stdout  # fmt: skip
    bars = text[text.index("ONE INPUT AT A TIME") : text.index("DRAWN")]
    assert "throughput of own GPUs at 8 bit" in bars
    assert "output tokens against the reference of frontier" not in bars
    assert "no value does" not in text


def test_another_volume_another_seed():
    stated = json.loads(costmodel("risk", SCENARIO, "--samples", "64", "--json").stdout)
    moved = json.loads(
        costmodel("risk", SCENARIO, "--samples", "64", "--tokens-per-day", "2e9", "--json").stdout
    )
    assert (stated["tokens_per_day"], moved["tokens_per_day"]) == (60e6, 2e9)
    assert moved["seed"] == stated["seed"] == 0
    seeded = json.loads(
        costmodel("risk", SCENARIO, "--samples", "64", "--seed", "1", "--json").stdout
    )
    assert seeded["bands"] != stated["bands"]


@pytest.mark.parametrize(
    ("given", "about"),
    [
        (("--samples", "1"), "samples must be a whole number, 2 or more"),
        (("--samples", "many"), "'many'"),
        (("--seed", "-1"), "--seed"),
        (("--tokens-per-day", "0"), "0"),
    ],
)
def test_what_cannot_be_drawn_is_refused(given, about):
    result = costmodel("risk", SCENARIO, *given)
    assert result.exit_code == 2
    assert about in result.output


def test_a_wrong_correlation_names_file_and_line(tmp_path):
    text = (scenarios_dir() / "small-model-on-l4.yaml").read_text()
    path = tmp_path / "mine.yaml"
    path.write_text(text + "correlations: [[a, b, 0.5]]\n")
    result = costmodel("risk", str(path))
    assert result.exit_code == 2
    assert f"mine.yaml:{text.count(chr(10)) + 1}:" in result.output.replace("\n", "")
    assert "'a' is not an input with a range" in squeezed(result.output)

"""`costmodel quality` as a user meets it."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from costmodel.cli import app
from costmodel.present.render.text import WIDTH
from costmodel.quality.published import ANSWERS, FORMATS, cell, overall


def run(*args: str):
    return CliRunner().invoke(app, ["quality", *args])


def cells(*args: str):
    result = run(*args, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)["cells"]


def test_every_format_over_all_tasks():
    found = cells("llama-3.3-70b")
    assert [(c["format"], c["kv_dtype"]) for c in found] == [(f, kv) for _, f, kv in FORMATS]
    assert found[0]["median"] == overall("fp8", params_b=70.6).median
    assert found[0]["size"] == "45B and above"


def test_one_format_by_task_and_one_task_by_format():
    by_task = cells("llama-3.3-70b", "--format", "awq")
    assert [c["task"] for c in by_task] == list(ANSWERS)
    assert {c["format"] for c in by_task} == {"awq-int4"}
    by_format = cells("llama-3.1-8b", "--task", "retrieval")
    assert {c["task"] for c in by_format} == {"rag"}
    (both,) = cells("llama-3.1-8b", "--format", "fp8", "--task", "math")
    assert both["n"] == cell("fp8", "math", params_b=8.03).n


def test_the_standing_is_about_the_floor_that_is_asked_for():
    strict, mild = (
        cells("llama-3.3-70b", "--format", "awq-int4", "--task", "multilingual",
              "--min-retention", floor)[0]["standing"]
        for floor in ("0.98", "0.9")
    )  # fmt: skip
    assert (strict, mild) == ("not established", "likely")


def test_the_format_it_was_released_in_is_the_reference():
    (found,) = cells("gpt-oss-120b", "--format", "mxfp4", "--task", "math")
    assert found["standing"] == "reference"


def test_for_people():
    text = run("llama-3.3-70b", "--format", "fp8").stdout
    assert "llama-3.3-70b: 70.6B parameters, released in bf16" in text
    assert "Only a gate on your own answers says" in text
    assert max(map(len, text.splitlines())) <= WIDTH


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["llama-9"], "unknown model 'llama-9'"),
        (["llama-3.3-70b", "--task", "ragg"], "did you mean rag?"),
        (["llama-3.3-70b", "--format", "fp9"], "did you mean fp"),
        (["llama-3.3-70b", "--min-retention", "2"], "a share from 0 to 1"),
    ],
)
def test_bad_input(args: list[str], said: str):
    result = run(*args)
    assert result.exit_code == 2
    assert said in result.stderr

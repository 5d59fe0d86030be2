"""The targets of `python -m validation.memory`, by row and by model."""

from __future__ import annotations

import pytest

from validation import memory
from validation.truth import by_model, by_row

LEAST_ROWS = {
    "file weights [%]": 50,
    "weights on the GPU [%]": 45,
    "max concurrency given the pool [%]": 20,
    "the same, hybrids [%]": 15,
    "KV pool, vLLM 0.19 [GiB]": 18,
    "concurrency end to end, vLLM 0.19 [%]": 18,
}


@pytest.fixture(scope="module")
def lines():
    return {name: (errors, without, unit) for name, errors, without, unit in memory.table()}


@pytest.mark.parametrize("name", memory.TARGETS)
def test_every_target_is_met_by_row_and_by_model(lines, name, record_property):
    errors, without, unit = lines[name]
    assert len(errors) >= LEAST_ROWS[name]
    for median, p90, _ in (by_row(errors), by_model(without)):
        record_property(name, (unit * median, unit * p90))
        assert (unit * median, unit * p90) <= memory.TARGETS[name]
        assert unit * p90 <= memory.TARGETS[name][1]


def test_llama_cpp_buffers_match_its_logs(lines):
    errors, _, _ = lines["KV buffers, llama.cpp [%]"]
    assert len(errors) == 10
    assert max(abs(error.value) for error in errors) < 2e-4


def test_safetensors_files(lines):
    errors, _, _ = lines["safetensors files [%]"]
    assert max(abs(error.value) for error in errors) < 0.003


def test_what_is_left_out_says_why():
    for name in ("weights_truth.csv", "runtime_truth.csv"):
        rows = memory.rows(name)
        assert all(len(row["leave_out"]) > 15 for row in rows if row["leave_out"])
        assert sum(bool(row["leave_out"]) for row in rows) < 0.15 * len(rows)


def test_the_table_prints(capsys):
    assert memory.main() == 0
    text = capsys.readouterr().out
    assert "MODELS" in text
    assert "Left out, with the reason" in text

"""`costmodel bench`: JSON for programs, a table for people, errors with exit code 2."""

import json
from pathlib import Path

from typer.testing import CliRunner

from costmodel.cli import app
from costmodel.present.render.text import WIDTH

FILES = Path(__file__).parents[1] / "data" / "benchmarks"


def bench(*args: str):
    return CliRunner().invoke(app, ["bench", *args])


def path(name: str) -> str:
    return str(FILES / name)


def test_json():
    given = ("--gpu", "h200", "--tp", "2", "--format", "mxfp4", "--kernel", "triton-mxfp4")
    result = bench(path("vllm_serve.json"), *given, "--json")
    data = json.loads(result.stdout)
    (row,) = data["measurements"]
    assert (row["gpu"], row["tp"], row["format"]) == ("h200", 2, "mxfp4")
    assert row["output_tokens_per_s"] == 8706.430638022452
    assert data["missing"] == ["engine"]


def test_table():
    names = (
        "vllm_serve.json",
        "sglang_offline.jsonl",
        "inferencex_agentic.json",
        "llama_bench.csv",
    )
    result = bench(*map(path, names))
    assert result.exit_code == 0
    lines = [line.split() for line in result.stdout.splitlines()]
    numbers = ["128", "128", "682", "8,706.4", "386", "ms", "10.7", "ms"]
    expected = ["gpt-oss-120b", *numbers, "fixed-concurrency"]
    assert expected in [line[:-1] for line in lines]
    assert "Not in the files: model, format, kernel, engine, gpu, tp." in result.stdout
    words = " ".join(result.stdout.split())
    assert "repeats the setup and load of sglang_offline.jsonl#L4" in words
    assert max(map(len, result.stdout.splitlines())) <= WIDTH


def test_bad_files():
    result = bench(path("optimum_forward.json"), path("vllm_serve.json"), path("none.json"))
    assert result.exit_code == 2
    assert result.stdout == ""
    first, second = result.stderr.splitlines()
    assert first.startswith(f"{path('optimum_forward.json')}: is an optimum-benchmark report")
    assert second == f"{path('none.json')}: no such file"


def test_bad_options():
    result = bench(path("vllm_serve.json"), "--gpu", "h1000")
    assert result.exit_code == 2
    assert "unknown GPU 'h1000'; did you mean" in result.stderr
    assert bench(path("vllm_serve.json"), "--tp", "0").exit_code == 2

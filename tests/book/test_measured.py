from __future__ import annotations

import csv

import pytest

from costmodel.book import load_book
from costmodel.book.files import data_dir
from costmodel.book.measured import (
    COLUMNS,
    METRICS,
    SERVING_METRICS,
    Measurement,
    matching,
    measurements,
)

LLAMA_8B_FP8 = {
    "model": "llama-3.1-8b",
    "gpu": "h100-sxm",
    "format": "fp8",
    "input_tokens": 128,
    "output_tokens": 2048,
}


def test_no_unlicensed_row_ships():
    assert {m.licence for m in measurements()} == {"Apache-2.0", "MIT"}
    assert len(measurements()) == 3896


def test_columns_are_the_documented_ones():
    with (data_dir() / "measured.csv").open(newline="", encoding="utf-8") as file:
        assert tuple(next(csv.reader(file))) == COLUMNS


def test_every_metric_is_known():
    assert {m.metric for m in measurements()} <= set(METRICS)


@pytest.mark.parametrize(
    "metric",
    ["static-batch", "decode-only", "single-stream", "single-stream-decode", "open-loop"],
)
def test_only_capacity_passes_for_capacity(metric: str):
    assert metric not in SERVING_METRICS


def test_formats_and_kernels_are_ours_where_they_have_an_id():
    book = load_book()
    foreign = {m.format for m in measurements()} - set(book.formats) - {""}
    assert all(name.startswith(("exl2-", "w4a4-", "w4a8")) for name in foreign)
    foreign = {m.kernel for m in measurements()} - set(book.kernels) - {""}
    assert foreign == {"qserve-w4a8", "quarot", "atom", "llama.cpp-cpu"}


def test_an_exact_match_is_the_printed_number_newest_first():
    found = matching(**LLAMA_8B_FP8)
    assert [m.output_tokens_per_s for m in found] == [22714.0, 21109.4]
    assert [m.engine_version for m in found] == ["1.0", "0.17"]
    assert all(m.is_serving_capacity for m in found)


@pytest.mark.parametrize(
    "other",
    [
        {"format": "awq-int4"},
        {"gpu": "h200"},
        {"tp": 2},
        {"input_tokens": 150},
        {"output_tokens": 1900},
        {"engine": "vllm"},
        {"kernel": "cutlass-fp8"},
        {"concurrency": 64},
    ],
)
def test_whatever_differs_does_not_match(other: dict):
    numbers = {m.output_tokens_per_s for m in matching(**LLAMA_8B_FP8)}
    assert numbers.isdisjoint(m.output_tokens_per_s for m in matching(**LLAMA_8B_FP8 | other))


def test_models_that_share_an_architecture_match_together():
    either = matching(**LLAMA_8B_FP8 | {"model": ["llama-3-8b", "llama-3.1-8b"]})
    assert either == matching(**LLAMA_8B_FP8)


def test_sixteen_bit_formats_stand_for_each_other():
    on_a100 = LLAMA_8B_FP8 | {"gpu": "a100-80gb"}
    as_fp16 = matching(**on_a100 | {"format": "fp16"})
    assert as_fp16
    assert as_fp16 == matching(**on_a100 | {"format": "bf16"})


def test_the_book_resolves_every_name_first():
    asked = LLAMA_8B_FP8 | {
        "model": "meta-llama/Llama-3.1-8B-Instruct",
        "gpu": "H100 SXM",
        "format": "FP8",
    }
    assert load_book().measurements(**asked) == matching(**LLAMA_8B_FP8)


def test_fixed_concurrency_answers_only_at_that_concurrency():
    row = next(
        m
        for m in measurements()
        if m.metric == "fixed-concurrency" and m.tp == 4 and m.gpus == 4 and m.format == "fp8"
    )
    asked = {
        "model": row.model,
        "gpu": row.gpu,
        "format": row.format,
        "tp": 4,
        "input_tokens": row.input_tokens,
        "output_tokens": row.output_tokens,
    }
    assert row in matching(**asked, concurrency=row.concurrency)
    assert row not in matching(**asked)
    assert row not in matching(**asked, concurrency=row.concurrency + 1)


def test_flagged_outliers_never_match():
    outliers = [m for m in measurements() if m.is_outlier]
    assert len(outliers) == 1
    m = outliers[0]
    assert m not in matching(
        model=m.model,
        gpu=m.gpu,
        format=m.format,
        tp=m.gpus or 1,
        input_tokens=m.input_tokens or 0,
        output_tokens=m.output_tokens or 0,
    )


def test_latency_turns_into_throughput():
    errors = sorted(
        abs(derived / m.output_tokens_per_s - 1)
        for m in measurements()
        if m.metric == "fixed-concurrency" and m.output_tokens_per_s
        if (derived := _without_throughput(m).capacity_output_tokens_per_s)
    )
    assert len(errors) == 116
    assert errors[len(errors) // 2] < 0.04


def _without_throughput(m: Measurement) -> Measurement:
    values = {name: getattr(m, name) for name in COLUMNS}
    return Measurement(**values | {"output_tokens_per_s": None, "total_tokens_per_s": None})


def test_requests_follow_from_output_tokens():
    m = matching(**LLAMA_8B_FP8)[0]
    assert m.requests_per_s == pytest.approx(22714 / 2048)


def test_no_row_tells_where_it_was_collected():
    text = (data_dir() / "measured.csv").read_text(encoding="utf-8")
    assert "/Users/" not in text
    assert "/home/" not in text

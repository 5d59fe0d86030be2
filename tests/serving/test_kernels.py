from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from costmodel.book import load_book
from costmodel.book.roofline import roofline
from costmodel.serving.roofline import PRECISIONS, Case, Hardware, Kernel, Load, gemm_seconds
from costmodel.serving.workload import roofline_model
from costmodel.sizing import throughput
from costmodel.sizing.lookup import weight_format
from costmodel.sizing.server import plain_kernel
from validation.throughput.kernels import left_out

BOOK = load_book()
MEASURED = Path(__file__).parents[1] / "data" / "gemm_speedups.csv"
TOKENS = np.arange(1.0, 4097.0)

PUBLISHED = [
    # Qwen2.5-32B on one H200, about 10 requests in flight, output tok/s
    ("awq-int4", "marlin", 741), ("gptq-int4", "marlin", 712), ("bf16", None, 461),
    ("gptq-int4", "gptq", 276), ("bnb-nf4", None, 168), ("gguf-q4_k_m", "gguf", 93),
    ("awq-int4", "awq", 68),
]  # fmt: skip


def gemm(gpu: str, format_id: str, kernel: str, tokens: np.ndarray) -> np.ndarray:
    """Seconds of Llama 8B's matrices in TensorRT-LLM, at each number of tokens."""
    card, weights = BOOK.gpu(gpu), BOOK.format(format_id)
    model = BOOK.model("llama-3.1-8b").architecture()
    case = Case(
        roofline_model(model, weight_format(format_id), input_tokens=1000, output_tokens=200),
        Hardware(
            card.memory_bandwidth_gb_per_s * 1e9, 1.0, card.bf16_dense_tflops * 1e12,
            card.bf16_dense_tflops * 1e12, PRECISIONS.index("16-bit"),
        ),
        plain_kernel(weights, card, BOOK.kernel(kernel)),
        Load(1000, 200),
    )  # fmt: skip
    return gemm_seconds(case, roofline().dense.of("tensorrt-llm").plain(), tokens)


def speed_up(gpu: str, tokens: np.ndarray) -> np.ndarray:
    return gemm(gpu, "bf16", "cublas", tokens) / gemm(gpu, "int4-w4a16", "trtllm", tokens)


@pytest.mark.parametrize(("gpu", "low", "high"), [("a100-80gb", 150, 260), ("h200", 60, 90)])
def test_four_bit_stops_paying_where_it_was_measured_to(gpu, low, high):
    faster = speed_up(gpu, TOKENS) > 1
    last = TOKENS[faster][-1] if faster.any() else 0
    assert faster[: int(low)].all()
    assert low <= last <= high


def test_on_slow_memory_it_pays_for_longer():
    assert (speed_up("l40s", TOKENS)[:500] > 1).all()


def test_the_whole_curve_is_near_the_measured_one():
    with MEASURED.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    errors = [
        abs(float(speed_up(row["gpu"], np.array([float(row["tokens"])]))[0])
            / float(row["int4_over_bf16"]) - 1)
        for row in rows
    ]  # fmt: skip
    assert len(errors) == 63
    assert np.median(errors) < 0.12


def at_ten(format_id: str, kernel: str | None):
    return throughput(
        "qwen2.5-32b", gpu="h200", format=format_id, kernel=kernel, concurrency=10,
        input_tokens=220, output_tokens=200,
    )  # fmt: skip


def test_published_kernels_come_out_in_their_order_and_within_their_interval():
    found = [at_ten(format_id, kernel) for format_id, kernel, _ in PUBLISHED]
    rates = [each.output_tokens_per_s for each in found]
    assert rates[0] >= rates[1] > rates[2] > rates[3] > rates[4] > rates[5] > rates[6]
    for each, (_, kernel, published) in zip(found, PUBLISHED, strict=True):
        assert each.low <= published <= each.high, kernel


@pytest.mark.parametrize("row", left_out(), ids=lambda row: f"{row.kernel} {row.published}")
def test_others_predict_each_published_kernel_without_its_own_row(row):
    assert row.inside
    assert row.stated_low <= row.low or row.stated_low <= row.published
    assert row.stated_low <= 1.02 * row.low
    assert row.stated_high >= min(0.98 * row.high, 1.0)


def test_beyond_its_threshold_a_kernel_unpacks_and_multiplies_in_16_bit():
    slow, plain = (
        gemm("h200", form, kernel, np.array([255.0, 256.0, 4096.0]))
        for form, kernel in (("awq-int4", "awq"), ("bf16", "cublas"))
    )
    assert slow[1] < slow[0] / 3
    assert plain[2] < slow[2] < 1.3 * plain[2]
    assert np.isinf(Kernel().dequantizes_from)

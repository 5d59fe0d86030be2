"""Formats and kernels side by side: the matrices alone, and what a replica serves with each."""

import numpy as np
import pytest

from costmodel.sizing import compare_kernels, throughput
from costmodel.sizing.kernels import stops_paying

MODEL = "llama-3.3-70b"
SETUP = {"gpu": "h100-sxm", "format": "fp8", "tp": 4}
SHAPE = {"input_tokens": 1024.0, "output_tokens": 1024.0}


@pytest.fixture(scope="module")
def compared():
    return compare_kernels(MODEL, **SETUP, **SHAPE, ttft_ms=2000, tpot_ms=30)


def test_the_usual_options_stand_beside_the_one_asked_for(compared):
    names = [option.name for option in compared.options]
    assert names == ["bf16", "fp8 · cutlass-fp8", "awq-int4 · marlin", "awq-int4 · awq"]
    other = compare_kernels(MODEL, **{**SETUP, "format": "gptq-int4"}, kernel="gptq", **SHAPE)
    assert other.options[-1].name == "gptq-int4 · gptq"


def test_four_bit_pays_at_few_tokens_and_stops(compared):
    marlin = compared.option("awq-int4", "marlin")
    assert marlin.gemm_speedup[0] > 1.5
    assert marlin.gemm_speedup[-1] < 1
    at = np.interp(marlin.stops_paying, marlin.tokens, marlin.gemm_speedup)
    assert at == pytest.approx(1, abs=1e-9)
    assert np.all(marlin.low <= marlin.gemm_speedup)
    assert np.all(marlin.gemm_speedup <= marlin.high)


def test_stops_paying_later_where_memory_is_slow():
    def crossing(gpu):
        found = compare_kernels("llama-3.1-8b", gpu=gpu, **SHAPE)
        return found.option("awq-int4", "marlin").stops_paying

    assert crossing("l40s") > crossing("h200")


def test_no_native_fp8_no_fp8_line():
    found = compare_kernels("llama-3.1-8b", gpu="a100-80gb", **SHAPE)
    assert all(option.format != "fp8" for option in found.options)


def test_served_is_the_throughput_of_each(compared):
    for option in compared.options:
        found = throughput(
            MODEL, **{**SETUP, "format": option.format}, **SHAPE, kernel=option.kernel,
            concurrency=1.0, tpot_ms=1e6,
        )  # fmt: skip
        if found.provenance != "measured":
            assert option.served.output_tokens_per_s[0] == pytest.approx(found.output_tokens_per_s)


def test_crossing_of_lines():
    x = np.array([1.0, 2.0, 4.0])
    assert stops_paying(x, np.array([0.9, 1.2, 0.5])) == 0
    assert stops_paying(x, np.array([3.0, 2.0, 1.0])) == 4

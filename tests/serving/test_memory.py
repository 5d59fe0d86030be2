from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.book import models
from costmodel.book.engines import engine
from costmodel.serving.memory import GROUP_SIZES, fit, verdict
from costmodel.serving.overhead import overhead_bytes, scratch_bytes
from costmodel.sizing_lookup import weight_format
from costmodel.units import GIB, MIB

H100 = 81559 * MIB
NEWEST = engine("vllm").memory("h100-sxm", H100)
FORMATS = {"bf16": "bf16", "w8a8": "int8-w8a8", "fp8": "fp8", "mxfp4": "mxfp4"}
NAMES = ["llama-3.3-70b", "gemma-3-27b", "gpt-oss-120b", "deepseek-v3", "qwen3.6-35b-a3b"]


def answer(name="llama-3.3-70b", fmt="awq-int4", **changes):
    asked = {
        "usable_bytes_per_gpu": H100,
        "tp": 1,
        "kv_dtype": "bf16",
        "context": 8192,
        "concurrency": 1,
        "engine": NEWEST,
        **changes,
    }
    return fit(models.model(name).architecture(), weight_format(fmt), **asked)


@pytest.mark.parametrize(
    ("fmt", "context", "concurrency", "gpus"),
    [
        ("awq-int4", 8192, 16, 2),
        ("awq-int4", 32768, 8, 2),
        ("awq-int4", 131072, 4, 4),
        ("bf16", 8192, 16, 4),
    ],
)
def test_gpus_that_llama_70b_needs(fmt, context, concurrency, gpus):
    assert answer(fmt=fmt, context=context, concurrency=concurrency).gpus_needed == gpus


def test_awq_holds_a_dozen_full_requests_on_one_h100():
    found = answer()
    assert found.verdict == "fits"
    assert 12 <= found.low <= found.max_concurrency <= found.high <= 14


def test_fp8_on_one_h100_is_too_close_to_call():
    found = answer(fmt="fp8")
    assert found.verdict == "tight"
    assert found.low < 1 <= found.high


def test_nothing_fits_a_trillion_parameters_on_small_gpus():
    found = answer("kimi-k2", "bf16", usable_bytes_per_gpu=24 * GIB)
    assert found.verdict == "does_not_fit"
    assert found.gpus_needed is None
    assert found.kv_pool_bytes == found.max_concurrency == 0


def test_the_budget_is_spent_to_the_byte():
    found = answer(tp=2)
    spent = found.weights_bytes_per_gpu + found.overhead_bytes_per_gpu + found.kv_pool_bytes / 2
    assert spent == pytest.approx(found.budget_bytes_per_gpu)
    assert found.budget_bytes_per_gpu < found.usable_bytes_per_gpu


@pytest.mark.parametrize(
    ("low", "value", "high", "expected"),
    [(2, 3, 4, "fits"), (0.2, 0.5, 0.9, "does_not_fit"), (0.5, 1.5, 2, "tight"), (1, 1, 1, "fits")],
)
def test_tight_means_that_the_interval_holds_both_answers(low, value, high, expected):
    assert verdict(value, low, high, 1) == expected


def test_overhead_of_version_0_19_matches_its_start_up_logs(truth):
    """The activation peak is 15.45 bytes x 1,024 sequences x vocabulary on an H100."""
    constants = engine("vllm", "0.19").memory("h100-sxm", H100)
    arch = models.model("phi-4").architecture()
    assert scratch_bytes(arch, constants) / GIB == pytest.approx(1.48, abs=0.01)
    misses = []
    for row in truth.rows("runtime_truth.csv"):
        arch = truth.architecture(row["arch"])
        if arch is None or row["engine"] != "vLLM 0.19.0" or not row["activation_GiB"]:
            continue
        stated = float(row["activation_GiB"]) + float(row["non_torch_GiB"])
        computed = overhead_bytes(arch, constants, int(row["n_gpus_tp"]))
        misses.append(stated - computed.value / GIB)
        assert abs(misses[-1]) < 0.45, row["model"]
    assert len(misses) > 12
    inside = [-0.15 <= miss <= 0.3 for miss in misses]
    assert sum(inside) >= 0.8 * len(inside)


@pytest.mark.parametrize(("version", "least"), [("0.11", 5), ("0.19", 12)])
def test_concurrency_end_to_end(truth, record_property, version, least):
    errors = []
    for row in truth.rows("runtime_truth.csv"):
        arch = truth.architecture(row["arch"])
        if arch is None or not row["engine"].startswith(f"vLLM {version}") or not row["kv_GiB"]:
            continue
        if row["format"] not in FORMATS or not row["gpu"].startswith("H100"):
            continue
        if not row["activation_GiB"] or "Mistral-Small-3.2" in row["model"]:
            continue  # that one ran with fewer sequences than vLLM's default
        constants = engine("vllm", version).memory(
            "h100-sxm", H100, float(row["gpu_memory_utilization"])
        )
        usable = float(row["gpu_GiB"]) * GIB + constants.reserved_bytes
        found = fit(
            arch,
            weight_format(FORMATS[row["format"]]),
            usable_bytes_per_gpu=usable,
            tp=int(row["n_gpus_tp"]),
            kv_dtype="bf16",
            context=int(row["max_model_len"]),
            concurrency=1,
            engine=constants,
        )
        pool = found.kv_pool_bytes / int(row["n_gpus_tp"]) / GIB
        errors.append(pool - float(row["kv_GiB"]))
    record_property(f"pool_gib_{version}", sorted(errors))
    assert len(errors) >= least
    assert sorted(abs(e) for e in errors)[int(0.5 * len(errors))] < 0.3
    assert max(map(abs, errors)) < 1.0


@given(st.sampled_from(NAMES), st.integers(256, 100_000), st.integers(0, 100_000))
def test_more_context_never_serves_more(name, context, more):
    short, long = (answer(name, "bf16", tp=8, context=c) for c in (context, context + more))
    assert long.max_concurrency <= short.max_concurrency
    assert (long.gpus_needed or 99) >= (short.gpus_needed or 99)


@given(st.sampled_from(NAMES), st.sampled_from([1, 2, 4, 8]), st.floats(10, 300))
def test_a_larger_gpu_never_serves_less(name, tp, gib):
    small, large = (
        answer(name, "fp8", tp=tp, usable_bytes_per_gpu=g * GIB) for g in (gib, 1.1 * gib)
    )
    assert small.max_concurrency <= large.max_concurrency


@given(st.sampled_from(NAMES), st.floats(0.5, 500))
def test_gpus_needed_is_the_smallest_group_that_holds_the_load(name, concurrency):
    found = answer(name, "fp8", concurrency=concurrency)
    for tp in GROUP_SIZES:
        enough = answer(name, "fp8", tp=tp, concurrency=concurrency).max_concurrency >= concurrency
        if found.gpus_needed == tp:
            assert enough
            break
        assert not enough


def test_a_contiguous_cache_counts_each_sequence_exactly():
    llama_cpp = engine("llama.cpp").memory("rtx-4090", 24 * GIB)
    found = answer(
        "llama-3.1-8b",
        "gguf-q4_k_m",
        usable_bytes_per_gpu=24 * GIB,
        engine=llama_cpp,
        kv_dtype="f16",
    )
    assert found.kv_bytes_per_sequence == 8192 * 131_072
    assert found.verdict == "fits"


def test_the_interval_follows_the_overhead():
    sure = replace(NEWEST, uncertainty_low=0.0, uncertainty_high=0.0)
    found = answer(engine=sure)
    assert found.low == found.high == found.max_concurrency

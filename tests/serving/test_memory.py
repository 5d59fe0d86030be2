from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.book import models
from costmodel.book.engines import engine
from costmodel.quantity.units import GIB, MIB
from costmodel.serving.memory import (
    GROUP_SIZES,
    VERDICTS,
    Replica,
    fit,
    fit_map,
    largest_context,
    place,
    verdict,
)
from costmodel.serving.overhead import (
    Calibration,
    activation_bytes,
    overhead_bytes,
    scratch_bytes,
)
from costmodel.sizing.lookup import weight_format

H100 = 81559 * MIB
NEWEST = engine("vllm").memory("h100-sxm", H100)
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


def test_the_scratch_of_version_0_19():
    """14.49 bytes x 1,024 sequences x vocabulary, and 0.059 GiB once, on an H100."""
    constants = engine("vllm", "0.19").memory("h100-sxm", H100)
    arch = models.model("phi-4").architecture()
    assert scratch_bytes(arch, constants) / GIB == pytest.approx(1.446, abs=0.001)
    assert activation_bytes(arch, constants) / GIB == pytest.approx(1.52, abs=0.01)


@pytest.mark.parametrize(
    ("name", "tp", "stated"),
    [
        ("mixtral-8x7b", 2, 1.21),
        ("deepseek-v2-lite", 1, 1.93),
        ("gemma-3-27b", 1, 3.99),
        ("mistral-small-3.1-24b", 1, 2.03),
        ("qwen2.5-72b", 4, 2.29),
        ("granite-3.1-8b", 1, 0.85),
    ],
)
def test_activation_peaks_of_vllm_0_19_logs(name, tp, stated):
    """Routed experts keep workspaces, models that see keep images; structure, not constants."""
    constants = engine("vllm", "0.19").memory("h100-sxm", H100)
    computed = activation_bytes(models.model(name).architecture(), constants, tp) / GIB
    assert computed == pytest.approx(stated, abs=0.06)


def test_eager_mode_and_fewer_sequences_free_memory():
    row = engine("vllm")
    plain, eager, small = (
        answer(engine=row.memory("h100-sxm", H100, **changes)).overhead_bytes_per_gpu
        for changes in ({}, {"cuda_graphs": False}, {"max_sequences": 64})
    )
    assert plain - eager == pytest.approx((0.38 + 80 * 0.0154) * GIB)
    assert small < plain


def test_a_calibration_replaces_the_table_at_its_size_and_shifts_it_elsewhere():
    known = Calibration(overhead_bytes=5 * GIB, tp=1, uncertainty_bytes=0.2 * GIB)
    arch = models.model("llama-3.3-70b").architecture()
    sure = replace(NEWEST, calibration=known)
    one = overhead_bytes(arch, sure, 1)
    assert one.value == pytest.approx(5 * GIB)
    assert (one.low, one.high) == pytest.approx((4.8 * GIB, 5.2 * GIB))
    shift = 5 * GIB - overhead_bytes(arch, NEWEST, 1).value
    assert overhead_bytes(arch, sure, 2).value == pytest.approx(
        overhead_bytes(arch, NEWEST, 2).value + shift
    )


@pytest.mark.parametrize("name", NAMES)
def test_one_card_adds_up(name):
    for tp in (1, 8):
        parts = answer(name, "fp8", tp=tp, concurrency=3).breakdown
        spent = (
            parts.weights_bytes + parts.kv_in_use_bytes + parts.kv_free_bytes
            + parts.overhead_bytes + parts.unusable_bytes
        )  # fmt: skip
        if parts.kv_in_use_bytes + parts.kv_free_bytes:
            assert spent == pytest.approx(parts.card_bytes)
        else:
            assert parts.missing_bytes > 0


def test_placements_span_one_to_sixteen_gpus_and_two_nodes():
    groups = answer(fmt="bf16", concurrency=16).placements
    assert [group.tp for group in groups] == [1, 2, 4, 8, 16]
    assert [group.nodes for group in groups] == [1, 1, 1, 1, 2]
    assert [group.verdict(16) for group in groups][:3] == ["does_not_fit"] * 2 + ["fits"]


@given(st.sampled_from(NAMES), st.floats(1, 300), st.sampled_from([1, 2, 8]))
def test_the_largest_context_is_the_last_that_fits(name, concurrency, tp):
    arch = models.model(name).architecture()
    replica = Replica(arch, weight_format("fp8"), H100, tp, "bf16", NEWEST)
    longest = largest_context(replica, concurrency)
    assert longest <= arch.max_context
    if longest:
        assert place(replica, longest).max_concurrency >= concurrency
    if longest < arch.max_context:
        assert place(replica, longest + 1).max_concurrency < concurrency
    assert largest_context(replica, concurrency, surely=True) <= longest


@given(st.sampled_from(NAMES), st.sampled_from(["bf16", "fp8"]), st.sampled_from([1, 4]))
def test_the_map_agrees_with_single_answers(name, dtype, tp):
    replica = Replica(
        models.model(name).architecture(), weight_format("fp8"), H100, tp, dtype, NEWEST
    )
    contexts, concurrencies = [512, 5000, 32768], [1, 7.5, 200]
    found = fit_map(replica, contexts, concurrencies)
    for j, context in enumerate(contexts):
        alone = place(replica, context)
        assert found.frontier[j] == pytest.approx(alone.max_concurrency)
        for i, concurrency in enumerate(concurrencies):
            assert VERDICTS[found.verdicts[i, j]] == alone.verdict(concurrency)


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
    sure = replace(NEWEST, uncertainty_low=0.0, uncertainty_high=0.0, graph_low=1.0, graph_high=1.0)
    found = answer(engine=sure)
    assert found.low == found.high == found.max_concurrency

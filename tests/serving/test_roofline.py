from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.book import models
from costmodel.book.roofline import roofline
from costmodel.serving.roofline import (
    Case,
    Hardware,
    Kernel,
    Load,
    all_reduce_seconds,
    cycle_seconds,
    decode_step_seconds,
    estimate,
    gemm_seconds,
    parameters_read,
    prefill_seconds,
    stack,
)
from costmodel.serving.workload import prefill_attention_flops, roofline_model
from costmodel.sizing.lookup import weight_format

CONSTANTS = roofline().dense.of("vllm").plain()
PERFECT = replace(
    CONSTANTS,
    bandwidth_share=1,
    kv_bandwidth_share=1,
    compute_share_16bit=1,
    attention_share=1,
    link_share=1,
    all_reduce_us=0,
    step_us=0,
    layer_us=0,
    sequence_us=0,
    exponent=64,
)
H100 = Hardware(3350e9, 450e9, 989e12, 989e12)


def case(name="llama-3.1-8b", isl=1000, osl=200, tp=1, hit=0.0, hardware=H100, kernel=None):
    arch = models.model(name).architecture()
    model = roofline_model(arch, weight_format("bf16"), input_tokens=isl, output_tokens=osl, tp=tp)
    return Case(model, hardware, kernel or Kernel(), Load(isl, osl, tp, hit))


def test_one_token_costs_one_reading_of_the_weights():
    arch = models.model("llama-3.1-8b").architecture()
    one = case()
    weights = 2 * (arch.linear_parameters + arch.vocab * arch.hidden)
    cache = 1100 * 131_072
    step = decode_step_seconds(one, PERFECT, 1.0)
    assert step == pytest.approx((weights + cache) / 3350e9, rel=1e-3)


def test_a_large_batch_costs_its_arithmetic():
    one = case()
    flops = 2 * one.model.active_linear_parameters * 1e6
    assert gemm_seconds(one, PERFECT, 1e6) == pytest.approx(flops / 989e12, rel=1e-3)


def test_prefill_attention_of_a_thousand_tokens():
    arch = models.model("llama-3.1-8b").architecture()
    assert prefill_attention_flops(arch, 1000) == 2 * 32 * 32 * 128 * 1000**2


def test_a_mixture_reads_the_experts_that_were_chosen():
    one = case("mixtral-8x7b")
    single, few, many = (float(parameters_read(one.model, n)) for n in (1, 4, 1000))
    assert single == pytest.approx(one.model.active_linear_parameters)
    assert single < few < many
    assert many == pytest.approx(one.model.linear_parameters)


def test_one_gpu_communicates_nothing():
    assert all_reduce_seconds(case(), CONSTANTS, 64.0) == 0
    assert all_reduce_seconds(case(tp=8), CONSTANTS, 64.0) > 0


def test_latencies_add_up_to_the_cycle():
    one = case()
    speed = estimate(one, CONSTANTS, np.array([1.0, 8.0, 64.0, 200.0]))
    cycle = speed.ttft_s + 199 * speed.tpot_s
    np.testing.assert_allclose(cycle, cycle_seconds(one, CONSTANTS, speed.concurrency))
    np.testing.assert_allclose(speed.requests_per_s, speed.concurrency / cycle)
    np.testing.assert_allclose(speed.total_tokens_per_s, speed.requests_per_s * 1200)


def test_the_first_token_waits_for_a_share_of_the_other_prompts():
    one = case()
    own, every = (float(prefill_seconds(one, CONSTANTS, n)) for n in (1.0, 64.0))
    step = float(decode_step_seconds(one, CONSTANTS, 64.0))
    handled = CONSTANTS.first_ms / 1000 + CONSTANTS.first_steps * step
    waited = CONSTANTS.wait_share * (every - own)
    found = float(estimate(one, CONSTANTS, 64.0).ttft_s)
    assert found == pytest.approx(own + handled + waited)


def test_one_output_token_takes_at_most_its_cycle():
    one = case(osl=1)
    speed = estimate(one, CONSTANTS, np.array([1.0, 64.0]))
    assert np.all(speed.ttft_s <= cycle_seconds(one, CONSTANTS, speed.concurrency))


@given(st.floats(1, 512), st.integers(1, 4000), st.integers(16, 32_000))
def test_decoding_never_runs_at_more_than_twice_its_speed(batch, output, prompt):
    one = case(isl=prompt, osl=output)
    speed = estimate(one, CONSTANTS, batch)
    step = decode_step_seconds(one, CONSTANTS, batch)
    assert speed.tpot_s >= step / 2 * (1 - 1e-9)
    assert speed.ttft_s > 0


def test_cases_are_computed_together_as_they_are_alone():
    shapes = [(128, 2048), (1000, 200), (8000, 100)]
    alone = [
        float(estimate(case(isl=i, osl=o), CONSTANTS, 16).output_tokens_per_s) for i, o in shapes
    ]
    cases = [case(isl=i, osl=o) for i, o in shapes]
    together = Case(
        stack([c.model for c in cases]),
        stack([c.hardware for c in cases]),
        stack([c.kernel for c in cases]),
        stack([c.load for c in cases]),
    )
    np.testing.assert_allclose(estimate(together, CONSTANTS, 16).output_tokens_per_s, alone)


@given(
    st.sampled_from(["llama-3.1-8b", "qwen3-30b-a3b"]),
    st.floats(1, 4),
    st.integers(10, 20_000),
    st.integers(2, 4_000),
    st.integers(1, 1000),
)
def test_more_of_anything_good_never_slows(name, factor, isl, osl, batch):
    slow = case(name, isl, osl)
    before = estimate(slow, CONSTANTS, batch).output_tokens_per_s
    better = [
        replace(slow, hardware=replace(H100, bandwidth=factor * H100.bandwidth)),
        replace(slow, hardware=replace(H100, peak=factor * H100.peak)),
        replace(slow, kernel=Kernel(factor, 1.0)),
        replace(slow, kernel=Kernel(1.0, factor)),
        replace(slow, load=replace(slow.load, prefix_cache_share=1 - 1 / factor)),
    ]
    for other in better:
        assert estimate(other, CONSTANTS, batch).output_tokens_per_s >= before * (1 - 1e-12)


@given(st.integers(10, 20_000), st.integers(2, 4_000), st.integers(1, 500), st.integers(1, 500))
def test_more_in_flight_is_never_faster_for_one_and_never_slower_for_all(isl, osl, batch, more):
    few, many = (estimate(case(isl=isl, osl=osl), CONSTANTS, b) for b in (batch, batch + more))
    assert few.tpot_s <= many.tpot_s * (1 + 1e-9)
    assert few.output_tokens_per_s <= many.output_tokens_per_s * 1.02

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.book import models
from costmodel.errors import UnknownIdError
from costmodel.quantity.units import GIB
from costmodel.serving.kv_cache import (
    BYTES_PER_ELEMENT,
    block_pool,
    bytes_per_token,
    fixed_bytes,
    kv_dtype_bytes,
    sequence_bytes,
)

NAMES = [
    "llama-3.3-70b",
    "gemma-3-27b",
    "gpt-oss-120b",
    "llama-4-scout",
    "deepseek-v3.2",
    "qwen3.6-35b-a3b",
    "nemotron-3-nano-30b-a3b",
    "llama-3.3-nemotron-super-49b",
]


@pytest.mark.parametrize(
    ("name", "per_token", "fixed"),
    [
        ("llama-3.3-70b", 327_680, 0),
        ("deepseek-v3", 70_272, 0),
        ("deepseek-v3.2", 78_324, 0),
        ("gemma-4-31b", 901_120, 0),
        ("gpt-oss-120b", 73_728, 0),
        ("qwen3.6-27b", 65_536, 153_944_064),
        ("nemotron-3-nano-30b-a3b", 6_144, 49_082_368),
        ("llama-3.3-nemotron-super-49b", 200_704, 0),
    ],
)
def test_bytes_per_token_and_state(name: str, per_token: int, fixed: int):
    arch = models.model(name).architecture()
    assert bytes_per_token(arch) == per_token
    assert fixed_bytes(arch) == fixed


def test_latent_attention_is_replicated_on_every_rank():
    arch = models.model("deepseek-v3").architecture()
    assert bytes_per_token(arch, tp=8) == bytes_per_token(arch, tp=1)


def test_kv_heads_divide_until_there_is_one_each():
    arch = models.model("llama-3.3-70b").architecture()
    shares = [bytes_per_token(arch, tp=tp) / bytes_per_token(arch) for tp in (1, 2, 8, 16)]
    assert shares == [1, 1 / 2, 1 / 8, 1 / 8]


@pytest.mark.parametrize(
    ("name", "pool_gib", "context", "dtype", "pages", "stated"),
    [
        ("gemma-3-12b", 47.72, 8192, "bf16", 1, 15.88),
        ("gemma-2-9b", 54.12, 8192, "bf16", 1, 20.60),
        ("qwen3.6-27b", 8.82, 131072, "bf16", 1, 1.08),
        ("deepseek-v2-lite", 43.61, 8192, "bf16", 1, 183.78),
    ],
)
def test_hybrids_given_their_pool(name, pool_gib, context, dtype, pages, stated):
    pool = block_pool(models.model(name).architecture(), context, dtype, state_pages=pages)
    assert pool.concurrency(pool_gib * GIB) == pytest.approx(stated, rel=0.005)


def test_prefix_caching_holds_a_second_page_of_each_state():
    arch = models.model("qwen3.6-27b").architecture()
    one, two = (block_pool(arch, 131072, state_pages=pages) for pages in (1, 2))
    assert two.blocks_per_request - one.blocks_per_request == 3


def test_sparse_latent_attention_in_fp8_keeps_its_rotary_part_wide():
    arch = models.model("deepseek-v3.2").architecture()
    assert bytes_per_token(arch, "fp8") == 61 * (656 + 132)


def test_contexts_may_be_arrays():
    arch = models.model("gemma-3-27b").architecture()
    contexts = np.array([100, 8192, 100_000])
    together = block_pool(arch, contexts).request_bytes
    assert together.tolist() == [block_pool(arch, int(c)).request_bytes for c in contexts]
    assert sequence_bytes(arch, contexts).tolist() == [sequence_bytes(arch, c) for c in contexts]


def test_dtypes_go_by_several_names():
    assert kv_dtype_bytes("FP8_E4M3") == 1
    assert kv_dtype_bytes("f16") == kv_dtype_bytes("bf16") == 2
    with pytest.raises(UnknownIdError, match="q8_0"):
        kv_dtype_bytes("q8")


@given(
    st.sampled_from(NAMES),
    st.integers(1, 200_000),
    st.integers(0, 50_000),
    st.sampled_from(sorted(BYTES_PER_ELEMENT)),
    st.sampled_from([1, 2, 4, 8]),
)
def test_more_context_never_takes_fewer_bytes(name, context, more, dtype, tp):
    arch = models.model(name).architecture()
    short, long = (sequence_bytes(arch, c, dtype, tp) for c in (context, context + more))
    assert short <= long
    pools = [block_pool(arch, c, dtype, tp) for c in (context, context + more)]
    assert pools[0].request_bytes <= pools[1].request_bytes


@given(st.sampled_from(NAMES), st.integers(1, 200_000), st.sampled_from([1, 2, 4, 8]))
def test_more_gpus_never_hold_more_each(name, context, tp):
    arch = models.model(name).architecture()
    assert sequence_bytes(arch, context, tp=2 * tp) <= sequence_bytes(arch, context, tp=tp)


@given(st.sampled_from(NAMES), st.integers(16, 200_000))
def test_a_block_pool_never_holds_less_than_the_mathematics_needs(name, context):
    arch = models.model(name).architecture()
    assert block_pool(arch, context).request_bytes >= 0.99 * sequence_bytes(arch, context)

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.book import load_book, models
from costmodel.errors import UnknownIdError
from costmodel.quantity.units import GIB, MIB
from costmodel.serving.gguf import DEFAULT_TYPE, gguf_bytes
from costmodel.serving.weights import (
    WeightFormat,
    allocated_bytes,
    effective_bits_per_weight,
    is_quantised,
    loaded_bytes_per_gpu,
    stored_bytes,
)
from costmodel.sizing.lookup import weight_format

BF16 = WeightFormat("bf16")
SAFETENSORS = {
    "awq": weight_format("awq-int4"),
    "w4a16": weight_format("int4-w4a16"),
    "fp8": weight_format("fp8"),
    "fp8_block": weight_format("fp8-block"),
    "w8a8": weight_format("int8-w8a8"),
    "nvfp4": weight_format("nvfp4"),
    "mxfp4": weight_format("mxfp4"),
    "bf16": BF16,
    "F32": WeightFormat("fp32", bits_per_weight=32, other_bits=32),
}
DENSE = ["llama-3.1-8b", "llama-3.3-70b", "qwen3-32b", "gemma-3-27b", "phi-4"]
MIXTURES = ["mixtral-8x7b", "deepseek-v3", "gpt-oss-120b", "qwen3.6-35b-a3b"]


def test_llama_70b_in_three_formats_on_one_gpu():
    arch = models.model("llama-3.3-70b").architecture()
    sizes = {
        name: loaded_bytes_per_gpu(arch, weight_format(name)) / GIB
        for name in ("awq-int4", "fp8", "bf16")
    }
    assert sizes == pytest.approx({"awq-int4": 37.07, "fp8": 67.7, "bf16": 131.45}, abs=0.05)


def test_kv_heads_replicate_beyond_their_number():
    """Qwen3-30B-A3B has four KV heads: on eight GPUs each holds one whole."""
    arch = replace(models.model("qwen3-30b-a3b").architecture(), rotary_elements=0)
    loaded, stored = loaded_bytes_per_gpu(arch, BF16, 8), stored_bytes(arch, BF16) / 8
    kv = sum(t.elements for t in arch.tensors if t.role in ("attention_k", "attention_v"))
    whole = sum(t.elements for t in arch.tensors if t.max_shards == 1)
    assert loaded - stored == pytest.approx(2 * (kv / 4 - kv / 8) + 2 * whole * 7 / 8, rel=0.02)


@pytest.mark.parametrize(
    ("name", "tp", "stated"),
    [
        ("phi-4", 1, 27.39),
        ("qwen2.5-72b", 4, 34.01),
        ("gemma-3-12b", 1, 23.31),
        ("mistral-small-3.1-24b", 1, 44.76),
        ("deepseek-v2-lite", 1, 29.43),
        ("granite-3.1-8b", 1, 15.25),
    ],
)
def test_weights_as_vllm_0_19_loads_them(name, tp, stated):
    """Rounded allocations, rotary tables and vision towers, to the GPU's last 0.1 %."""
    loaded = loaded_bytes_per_gpu(models.model(name).architecture(), BF16, tp) / GIB
    assert loaded == pytest.approx(stated, rel=0.0015)


def test_an_allocation_keeps_a_rest_of_up_to_one_mib():
    assert allocated_bytes(9 * MIB) == 9 * MIB
    assert allocated_bytes(75 * MIB) == 76 * MIB
    assert allocated_bytes(24.5 * MIB) == 24.5 * MIB


def test_a_vendor_checkpoint_that_keeps_attention_at_16_bits():
    record = models.model("gemma-4-31b")
    known = record.checkpoint("nvfp4")
    assert known is not None
    rules = replace(weight_format("nvfp4"), exclusions=known.ignore)
    arch = record.architecture()
    assert loaded_bytes_per_gpu(arch, rules) / GIB == pytest.approx(31.18, rel=0.015)
    assert loaded_bytes_per_gpu(arch, weight_format("nvfp4")) / GIB < 20


def test_layers_by_number_are_left_out_of_quantisation():
    arch = models.model("llama-3.1-8b").architecture()
    plain = weight_format("fp8")
    first = replace(plain, exclusions=("model.layers.0",))
    more = loaded_bytes_per_gpu(arch, first) - loaded_bytes_per_gpu(arch, plain)
    assert more == pytest.approx(arch.linear_parameters / 32, rel=0.01)


def test_what_a_format_keeps_at_16_bits_is_honoured():
    kept = weight_format("awq-int4").ignored
    assert {"embedding", "head", "norm", "router"} <= kept
    assert not is_quantised(models.model("phi-4").architecture().tensors[0], weight_format("fp8"))


def test_gpt_oss_experts_are_padded_on_the_gpu_and_not_in_the_file():
    arch, mxfp4 = models.model("gpt-oss-20b").architecture(), weight_format("mxfp4")
    assert loaded_bytes_per_gpu(arch, mxfp4) > 1.04 * stored_bytes(arch, mxfp4)


def test_every_gguf_format_of_the_book_has_rules():
    arch = models.model("llama-3.1-8b").architecture()
    for record in load_book().formats.values():
        if record.family == "gguf":
            bits = effective_bits_per_weight(arch, weight_format(record.id))
            assert 1.5 < bits <= 32.1, record.id


def test_an_unknown_gguf_type_offers_the_nearest():
    with pytest.raises(UnknownIdError, match="Q4_K_M"):
        gguf_bytes(models.model("llama-3.1-8b").architecture(), "q4_k_x")


@given(
    st.sampled_from(DENSE + MIXTURES),
    st.sampled_from(sorted(SAFETENSORS)),
    st.sampled_from([1, 2, 4, 8]),
)
def test_more_gpus_never_hold_more_each(name: str, fmt: str, tp: int):
    arch, weights = models.model(name).architecture(), SAFETENSORS[fmt]
    assert loaded_bytes_per_gpu(arch, weights, 2 * tp) <= loaded_bytes_per_gpu(arch, weights, tp)


@given(st.sampled_from(DENSE + MIXTURES), st.floats(2, 16), st.floats(0, 4))
def test_more_bits_never_take_fewer_bytes(name: str, bits: float, more: float):
    arch = models.model(name).architecture()
    few, many = (WeightFormat("x", bits_per_weight=b) for b in (bits, bits + more))
    assert stored_bytes(arch, few) <= stored_bytes(arch, many)


@given(st.sampled_from(DENSE), st.sampled_from(sorted(DEFAULT_TYPE)))
def test_quantised_files_are_smaller_than_f16(name: str, mix: str):
    arch = models.model(name).architecture()
    if mix not in ("F32", "F16", "BF16"):
        assert gguf_bytes(arch, mix) < gguf_bytes(arch, "F16")

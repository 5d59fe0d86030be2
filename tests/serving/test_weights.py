from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.book import load_book, models
from costmodel.errors import UnknownIdError
from costmodel.serving.gguf import DEFAULT_TYPE, gguf_bytes
from costmodel.serving.weights import (
    WeightFormat,
    effective_bits_per_weight,
    loaded_bytes_per_gpu,
    stored_bytes,
)
from costmodel.sizing_lookup import weight_format
from costmodel.units import GIB

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


def format_of(row: dict[str, str]) -> WeightFormat:
    if row["kind"] == "safetensors":
        return SAFETENSORS[row["format"]]
    imatrix = "imatrix" in row["note"]
    return WeightFormat(row["format"], "gguf", gguf_type=row["format"], importance_matrix=imatrix)


def file_errors(truth, kinds: set[str]) -> dict[str, float]:
    errors = {}
    for row in truth.rows("weights_truth.csv"):
        arch = truth.architecture(row["arch"])
        if arch is None or row["kind"] not in kinds:
            continue
        computed = stored_bytes(arch, format_of(row))
        errors[f"{row['model']} {row['format']}"] = computed / float(row["bytes"]) - 1
    return errors


def test_gguf_file_sizes(truth, record_property):
    errors = file_errors(truth, {"file", "file-coarse"})
    median, p90 = truth.spread(list(errors.values()))
    record_property("gguf_median_p90_percent", (median, p90))
    assert len(errors) > 180
    assert median < 0.25
    assert p90 < 1.0
    assert max(map(abs, errors.values())) < 0.07


def test_exact_gguf_file_sizes(truth):
    """Sizes printed to the MiB or better, not rounded to 0.1 GiB."""
    median, p90 = truth.spread(list(file_errors(truth, {"file"}).values()))
    assert median < 0.12
    assert p90 < 0.8


def test_safetensors_sizes(truth):
    errors = file_errors(truth, {"safetensors"})
    half_quantised = "QwQ-32B-FP8 (fbgemm) fp8"
    assert errors.pop(half_quantised) < -0.1, "its source says some layers were left 16-bit"
    assert len(errors) >= 7
    assert max(map(abs, errors.values())) < 0.012, errors


def test_weights_on_the_gpu_as_vllm_reports_them(truth, record_property):
    errors = {}
    for row in truth.rows("runtime_truth.csv"):
        arch = truth.architecture(row["arch"])
        if not (arch and row["model_load_GiB"] and row["engine"].startswith("vLLM")):
            continue
        if row["format"] not in SAFETENSORS or "anomaly" in row["note"]:
            continue
        if row["format"] == "nvfp4" or "inferred" in row["note"]:
            continue  # vendors' NVFP4 checkpoints leave differing matrices at 16 bits
        tp = int(row["n_gpus_tp"])
        computed = loaded_bytes_per_gpu(arch, SAFETENSORS[row["format"]], tp)
        errors[f"{row['model']} tp{tp}"] = computed / (float(row["model_load_GiB"]) * GIB) - 1
    median, p90 = truth.spread(list(errors.values()))
    record_property("loaded_median_p90_percent", (median, p90))
    assert len(errors) > 35
    assert median < 0.7
    assert p90 < 4


def test_llama_70b_in_three_formats_on_one_gpu():
    arch = models.model("llama-3.3-70b").architecture()
    sizes = {
        name: loaded_bytes_per_gpu(arch, weight_format(name)) / GIB
        for name in ("awq-int4", "fp8", "bf16")
    }
    assert sizes == pytest.approx({"awq-int4": 37.0, "fp8": 67.7, "bf16": 131.4}, abs=0.05)


def test_kv_heads_replicate_beyond_their_number():
    arch = models.model("qwen3-30b-a3b").architecture()
    replicated = loaded_bytes_per_gpu(arch, BF16, 8) - stored_bytes(arch, BF16) / 8
    kv = sum(t.elements for t in arch.tensors if t.role in ("attention_k", "attention_v"))
    whole = sum(t.elements for t in arch.tensors if t.max_shards == 1)
    assert replicated == pytest.approx(2 * (kv / 4 - kv / 8) + 2 * whole * 7 / 8)


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

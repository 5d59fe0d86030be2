from __future__ import annotations

import json
import subprocess
import sys

import pytest

from costmodel.errors import InputError, UnknownIdError
from costmodel.sizing import fit, throughput

FIT_KEYS = [
    "verdict",
    "gpus_needed",
    "weights_bytes",
    "weights_bytes_per_gpu",
    "kv_pool_bytes",
    "kv_bytes_per_token",
    "kv_bytes_per_sequence",
    "overhead_bytes_per_gpu",
    "usable_bytes_per_gpu",
    "max_concurrency",
    "low",
    "high",
    "assumptions",
]
THROUGHPUT_KEYS = [
    "requests_per_s",
    "output_tokens_per_s",
    "total_tokens_per_s",
    "ttft_ms",
    "tpot_ms",
    "concurrency",
    "provenance",
    "low",
    "high",
    "sources",
]
SHAPE = {"input_tokens": 1500, "output_tokens": 300}


def estimated(**changes):
    asked = {"gpu": "h100-sxm", "format": "awq-int4", **SHAPE, **changes}
    return throughput("llama-3.3-70b", **asked)


def test_llama_70b_on_one_h100():
    awq = fit("llama-3.3-70b", gpu="h100-sxm", format="awq-int4", context=8192)
    assert awq.verdict == "fits"
    assert 12 <= awq.max_concurrency <= 14
    assert fit("llama-3.3-70b", gpu="h100-sxm", format="fp8", context=8192).verdict == "tight"
    bf16 = fit("llama-3.3-70b", gpu="h100-sxm", format="bf16", context=8192, concurrency=16)
    assert bf16.verdict == "does_not_fit"
    assert bf16.gpus_needed == 4


def test_fit_speaks_the_promised_json():
    found = fit("gpt-oss-120b", gpu="h100-sxm", context=8192).to_dict()
    assert list(found) == FIT_KEYS
    assert json.loads(json.dumps(found)) == found
    row = found["assumptions"][1]
    assert list(row) == ["path", "value", "unit", "kind", "source", "as_of"]
    assert row["path"] == "gpu.usable_bytes"
    assert row["source"]


def test_throughput_speaks_the_promised_json():
    found = estimated().to_dict()
    assert list(found)[: len(THROUGHPUT_KEYS)] == THROUGHPUT_KEYS
    assert json.loads(json.dumps(found)) == found


def test_the_context_defaults_to_the_longest():
    found = fit("llama-3.3-70b", gpu="h100-sxm", format="awq-int4", tp=2)
    assert {a.path: a.value for a in found.assumptions}["context"] == 131072
    assert found.kv_bytes_per_sequence == 131072 * 327680


def test_the_format_defaults_to_the_one_the_weights_are_published_in():
    assert {a.path: a.value for a in fit("gpt-oss-20b", gpu="l4").assumptions}["format"] == "mxfp4"


def test_a_group_can_be_larger_than_the_kv_heads():
    found = fit("qwen3-30b-a3b", gpu="h100-sxm", format="bf16", tp=8, context=8192)
    assert found.kv_bytes_per_token == 8 * 48 * 256 * 2


def test_engine_versions_differ():
    fits = {
        version: fit("llama-3.3-70b", gpu="h100-sxm", format="fp8", tp=2, context=8192,
                     engine_version=version).max_concurrency
        for version in ("0.11", "0.19", "0.21")
    }  # fmt: skip
    assert len(set(fits.values())) == 3


def test_utilisation_is_the_users():
    small, large = (
        fit("llama-3.3-70b", gpu="h100-sxm", format="awq-int4", context=8192,
            gpu_memory_utilization=share).kv_pool_bytes
        for share in (0.8, 0.95)
    )  # fmt: skip
    assert large - small == pytest.approx(0.15 * 79.15 * 2**30, rel=0.01)


def test_an_exact_measurement_wins():
    found = throughput(
        "llama-3.1-70b", gpu="h100-sxm", format="fp8", tp=2, input_tokens=128, output_tokens=2048
    )
    assert found.provenance == "measured"
    assert found.output_tokens_per_s == pytest.approx(6651)
    assert found.low <= found.output_tokens_per_s <= found.high
    assert any("TensorRT-LLM" in source for source in found.sources)


def test_a_measurement_without_latencies_does_not_pass_for_meeting_them():
    found = throughput(
        "llama-3.1-70b", gpu="h100-sxm", format="fp8", tp=2, input_tokens=128, output_tokens=2048,
        tpot_ms=40,
    )  # fmt: skip
    assert found.provenance == "estimated"
    assert found.tpot_ms is not None
    assert found.tpot_ms <= 40


def test_a_prefix_cache_is_not_applied_to_a_measurement():
    asked = {
        "gpu": "h100-sxm",
        "format": "fp8",
        "tp": 2,
        "input_tokens": 128,
        "output_tokens": 2048,
    }
    plain = throughput("llama-3.1-70b", **asked)
    cached = throughput("llama-3.1-70b", **asked, prefix_cache_share=0.5)
    assert cached.output_tokens_per_s == plain.output_tokens_per_s
    assert "prefix_cache_share_applied" in {a.path for a in cached.assumptions}


def test_a_prefix_cache_saves_prefill_in_an_estimate():
    assert estimated(prefix_cache_share=0.5).requests_per_s > estimated().requests_per_s


def test_the_slo_lowers_concurrency_and_is_met():
    free, bound = estimated(), estimated(ttft_ms=2000, tpot_ms=50)
    assert bound.concurrency < free.concurrency
    assert bound.ttft_ms <= 2000
    assert bound.tpot_ms <= 50
    assert bound.requests_per_s < free.requests_per_s


def test_an_impossible_slo_serves_nothing_and_shows_the_best_latency():
    found = estimated(tpot_ms=1)
    assert found.requests_per_s == found.low == found.high == found.concurrency == 0
    assert found.tpot_ms > 1


def test_concurrency_caps_what_is_resident():
    assert estimated(concurrency=4).concurrency == 4
    assert estimated(concurrency=4).output_tokens_per_s < estimated().output_tokens_per_s
    assert estimated(concurrency=10_000).concurrency == estimated().concurrency


def test_the_kernel_matters_as_much_as_the_format():
    marlin, plain = (
        estimated(concurrency=10, kernel="marlin"),
        estimated(concurrency=10, kernel="awq"),
    )
    assert marlin.output_tokens_per_s > 4 * plain.output_tokens_per_s


def test_a_kernel_whose_factors_vary_widens_the_interval():
    marlin, plain = (estimated(concurrency=10, kernel=k) for k in ("marlin", "awq"))
    assert plain.high / plain.low > marlin.high / marlin.low


def test_intervals_widen_with_distance():
    def width(found):
        return found.high / found.low

    shape = {"input_tokens": 1501, "output_tokens": 301}
    seen = throughput("llama-3.3-70b", gpu="h100-sxm", format="fp8", tp=2, **shape)
    strange_model = throughput("yi-34b", gpu="h100-sxm", format="fp8", tp=2, **shape)
    strange_both = throughput("yi-34b", gpu="l40s", format="fp8", tp=2, **shape)
    mixture = throughput("qwen3-30b-a3b", gpu="h100-sxm", format="fp8", **shape)
    assert width(seen) < width(strange_model) < width(strange_both)
    assert width(seen) < width(mixture)


def test_a_gpu_without_the_format_serves_it_weight_only_or_says_so():
    found = throughput("llama-3.1-8b", gpu="a100-80gb", format="fp8", **SHAPE)
    assert any("marlin" in source for source in found.sources)
    with pytest.raises(InputError, match="kernel awq does not serve fp8"):
        throughput("llama-3.1-8b", gpu="a100-80gb", format="fp8", kernel="awq", **SHAPE)


def test_what_does_not_fit_has_no_throughput():
    with pytest.raises(InputError, match="does not fit on 1 x h100-sxm; it needs tp=2"):
        throughput("llama-3.3-70b", gpu="h100-sxm", format="bf16", **SHAPE)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gpu": "h100sxm"}, None),
        ({"gpu": "h100-sxm-9000"}, "h100"),
        ({"format": "awq-int3"}, "awq"),
        ({"tp": 3}, "tp must divide the 64 attention heads"),
        ({"context": -1}, "above zero"),
        ({"engine": "vlm"}, "vllm"),
        ({"engine": "sglang"}, "not supported"),
        ({"engine_version": "0.1"}, "known: 0.9"),
        ({"kv_dtype": "q9"}, "KV cache dtype"),
        ({"gpu_memory_utilization": 92}, "share"),
    ],
)
def test_fit_says_what_is_wrong(changes, message):
    asked = {"gpu": "h100-sxm", "format": "awq-int4", "context": 8192, **changes}
    if message is None:
        with pytest.raises(UnknownIdError, match="h100-sxm"):
            fit("llama-3.3-70b", **asked)
        return
    with pytest.raises(InputError, match=message):
        fit("llama-3.3-70b", **asked)


@pytest.mark.parametrize(
    "changes",
    [{"input_tokens": 0}, {"output_tokens": -1}, {"prefix_cache_share": 2}, {"concurrency": 0}],
)
def test_throughput_refuses_loads_that_cannot_be(changes):
    with pytest.raises(InputError):
        estimated(**changes)


def test_a_model_known_by_name_only_says_why():
    with pytest.raises(InputError, match="known by name only"):
        fit("kimi-k3", gpu="h200", format="bf16")


def test_a_folder_with_config_json_is_a_model(tmp_path):
    config = {
        "model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336,
        "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
        "vocab_size": 128256, "max_position_embeddings": 131072,
    }  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps(config))
    own = fit(tmp_path, gpu="l4", format="awq-int4", context=8192)
    book = fit("llama-3.1-8b", gpu="l4", format="awq-int4", context=8192)
    assert own.max_concurrency == book.max_concurrency
    assert throughput(tmp_path, gpu="l4", format="awq-int4", **SHAPE).provenance == "estimated"


def test_a_broken_config_names_line_and_column(tmp_path):
    with pytest.raises(InputError, match="holds no config"):
        fit(tmp_path, gpu="l4")
    (tmp_path / "config.json").write_text('{"model_type": "llama",\n oops}')
    with pytest.raises(InputError, match=r"config.json:2:2: not valid JSON"):
        fit(tmp_path, gpu="l4")


def test_checkpoint_files_are_not_read_yet():
    with pytest.raises(InputError, match="not read yet"):
        fit("model.gguf", gpu="l4")


def test_results_render_as_tables():
    html = fit("llama-3.3-70b", gpu="h100-sxm", format="awq-int4", context=8192)._repr_html_()
    assert "<td>fits</td>" in html
    assert "37.04 GiB" in html


def test_sizing_loads_neither_pandas_nor_scipy():
    code = (
        "import sys; from costmodel.sizing import fit, throughput;"
        "throughput('llama-3.1-8b', gpu='l4', format='bf16', input_tokens=100, output_tokens=10);"
        "print([m for m in ('pandas', 'scipy', 'plotly', 'streamlit') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

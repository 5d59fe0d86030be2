from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.errors import InputError, UnknownIdError
from costmodel.sizing import fit, fit_map, throughput, throughput_curve

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
    "tp",
    "context",
    "concurrency",
    "budget_bytes_per_gpu",
    "largest_context",
    "largest_concurrency",
    "max_sequences",
    "per_gpu",
    "kv_cache",
    "by_tp",
    "remedies",
    "notes",
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
    assert found.provenance == "anchored"
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
        ({"engine": "tensorrt-llm"}, "not supported"),
        ({"engine_version": "0.1"}, "known: 0.9"),
        ({"kv_dtype": "q9"}, "KV cache dtype"),
        ({"gpu_memory_utilization": 92}, "share"),
        ({"max_num_seqs": 0}, "max_num_seqs"),
        ({"concurrency": float("inf")}, "above zero"),
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


def test_a_file_that_is_not_there_says_so():
    with pytest.raises(InputError, match="no such file"):
        fit("model.gguf", gpu="l4")


@pytest.mark.parametrize(
    ("format", "context", "concurrency", "verdict", "gpus"),
    [
        ("awq-int4", 8192, 1, "fits", 1),
        ("fp8", 8192, 1, "tight", 2),
        ("bf16", 8192, 16, "does_not_fit", 4),
        ("awq-int4", 8192, 16, "does_not_fit", 2),
        ("awq-int4", 32768, 8, "does_not_fit", 2),
        ("awq-int4", 131072, 4, "does_not_fit", 4),
    ],
)
def test_what_llama_70b_needs(format, context, concurrency, verdict, gpus):  # noqa: A002
    found = fit(
        "llama-3.3-70b", gpu="h100-sxm", format=format, context=context, concurrency=concurrency
    )
    assert (found.verdict, found.gpus_needed) == (verdict, gpus)
    sizes = {row.tp: row for row in found.by_tp}
    assert list(sizes) == [1, 2, 4, 8, 16]
    assert sizes[1].verdict == verdict
    assert sizes[16].nodes == 2
    assert sizes[gpus].max_concurrency >= concurrency


@pytest.mark.parametrize("format", ["fp8", "bf16", "awq-int4"])
@pytest.mark.parametrize(("context", "concurrency"), [(8192, 16), (131072, 4), (4096, 64)])
def test_every_remedy_holds_when_asked_again(format, context, concurrency):  # noqa: A002
    asked = {"gpu": "h100-sxm", "format": format, "context": context, "concurrency": concurrency}
    found = fit("llama-3.3-70b", **asked)
    assert found.verdict == "fits" or found.remedies
    for remedy in found.remedies:
        again = fit("llama-3.3-70b", **{**asked, **remedy.change})
        assert again.verdict == remedy.verdict == "fits", remedy.text
        assert again.max_concurrency == pytest.approx(remedy.max_concurrency)


def test_what_fits_needs_no_remedy_and_says_why_the_card_is_full():
    found = fit("llama-3.3-70b", gpu="h100-sxm", format="awq-int4", context=8192)
    assert found.remedies == ()
    assert "a full card is a choice" in found.notes[0]
    assert found.largest_concurrency == 12
    assert found.largest_context > 100_000
    card = found.per_gpu
    spent = card.weights_bytes + card.kv_in_use_bytes + card.kv_free_bytes
    assert spent + card.overhead_bytes + card.unusable_bytes == pytest.approx(
        card.card_bytes, abs=4
    )


def test_the_kv_cache_is_a_line_of_its_own():
    plain, small = (
        fit("llama-3.3-70b", gpu="h100-sxm", format="awq-int4", context=8192, kv_dtype=dtype)
        for dtype in (None, "fp8")
    )
    assert small.kv_cache.bytes_per_token == plain.kv_cache.bytes_per_token / 2 == 163_840
    assert small.weights_bytes == plain.weights_bytes
    assert (plain.kv_cache.dtype, small.kv_cache.dtype) == ("bf16", "fp8")
    odd = fit("llama-3.3-70b", gpu="h100-sxm", format="awq-int4", context=8192, kv_dtype="q4_0")
    assert any("offers no q4_0" in note for note in odd.notes)


def test_fewer_sequences_and_no_graphs_leave_more_for_the_cache():
    def pool(**changes):
        asked = {"gpu": "h100-sxm", "format": "fp8", "context": 8192, **changes}
        return fit("llama-3.3-70b", **asked).kv_pool_bytes

    assert pool(max_num_seqs=64) > pool()
    assert pool(cuda_graphs=False) > pool()


def test_sglang_leaves_free_what_its_own_formula_says():
    found = fit("llama-3.1-8b", gpu="h100-sxm", format="bf16", context=8192, engine="sglang")
    assert found.overhead_bytes_per_gpu == pytest.approx((512 + 12288 + 512 + 128) * 2**20)
    assert any("no start-up log" in note for note in found.notes)
    kinds = {row.path: row.kind for row in found.assumptions}
    assert kinds["engine.other_bytes"] == "estimated"


def test_a_start_up_log_replaces_the_table():
    log = (
        "INFO non-default args: {'gpu_memory_utilization': 0.9, 'tensor_parallel_size': 1}\n"
        "INFO Model loading took 67.72 GiB memory and 30 seconds\n"
        "INFO Available KV cache memory: 1.20 GiB\n"
    )
    asked = {"gpu": "h100-sxm", "format": "fp8", "context": 8192}
    found = fit("llama-3.3-70b", **asked, engine_log=log)
    assert found.kv_pool_bytes / 2**30 == pytest.approx(1.20, abs=0.01)
    assert found.weights_bytes_per_gpu / 2**30 == pytest.approx(67.72, abs=0.01)
    assert found.high - found.low < 0.3
    measured = {row.path for row in found.assumptions if row.kind == "measured"}
    assert "engine.overhead_bytes" in measured
    other = fit("llama-3.1-8b", gpu="h100-sxm", format="bf16", context=8192, engine_log=log)
    assert any("is it a log of" in note for note in other.notes)


def test_a_map_of_context_and_concurrency():
    found = fit_map("llama-3.3-70b", [4096, 8192], [8, 16], gpu="h100-sxm", format="awq-int4")
    assert found.verdicts.tolist() == [[0, 0], [0, 2]]
    assert found.frontier[0] == pytest.approx(2 * found.frontier[1], rel=0.01)


def test_results_render_as_tables():
    html = fit("llama-3.3-70b", gpu="h100-sxm", format="awq-int4", context=8192)._repr_html_()
    assert "<td>fits</td>" in html
    assert "37.07 GiB" in html


def test_sizing_loads_neither_pandas_nor_scipy():
    code = (
        "import sys; from costmodel.sizing import fit, fit_map, throughput;"
        "throughput('llama-3.1-8b', gpu='l4', format='bf16', input_tokens=100, output_tokens=10);"
        "print([m for m in ('pandas', 'scipy', 'plotly', 'streamlit') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_measurement_in_flight_says_that_it_is_no_peak():
    asked = {"gpu": "h200", "format": "fp8", "tp": 8, "input_tokens": 1024, "output_tokens": 1024}
    found = throughput("llama-3.1-70b", **asked, concurrency=32)
    assert (found.provenance, found.concurrency) == ("measured", 32)
    assert "not the most" in found.notes[0]
    assert any("worked out" in note for note in found.notes)


def test_what_no_latency_allows_is_zero_and_says_so():
    found = estimated(ttft_ms=0.01)
    assert found.output_tokens_per_s == found.requests_per_s == found.concurrency == 0
    assert "Not even one request" in found.notes[0]


def test_a_curve_holds_the_answer_at_its_own_concurrency():
    asked = {
        "gpu": "h100-sxm",
        "format": "fp8",
        "tp": 2,
        "input_tokens": 1501,
        "output_tokens": 301,
    }
    curve = throughput_curve("llama-3.3-70b", **asked, tpot_ms=40, concurrencies=range(1, 101))
    found = throughput("llama-3.3-70b", **asked, tpot_ms=40)
    last = int(np.flatnonzero(curve.within_slo)[-1])
    assert curve.concurrency[last] == found.concurrency
    assert curve.output_tokens_per_s[last] == pytest.approx(found.output_tokens_per_s)
    assert (curve.low[last], curve.high[last]) == pytest.approx((found.low, found.high))
    assert list(curve.frame.columns)[:4] == ["concurrency", "output_tokens_per_s", "low", "high"]
    assert json.dumps(curve.to_dict())
    with pytest.raises(InputError, match="above zero"):
        throughput_curve("llama-3.3-70b", **asked, concurrencies=[0])


def test_a_curve_carries_the_published_points_of_its_shape():
    asked = {"gpu": "h200", "format": "fp8", "tp": 8, "input_tokens": 1024, "output_tokens": 1024}
    curve = throughput_curve("llama-3.1-70b", **asked)
    assert len(curve.measured) > 3
    for point in curve.measured:
        at = np.interp(point.concurrency, curve.concurrency, curve.output_tokens_per_s)
        assert point.output_tokens_per_s == pytest.approx(at, rel=0.35)
        assert point.source


def test_versions_of_an_engine_differ():
    asked = {"gpu": "a100-80gb", "format": "bf16", **SHAPE}
    early = throughput("llama-3.1-8b", **asked, engine="vllm", engine_version="0.9.2")
    with pytest.raises(InputError, match="not in the table"):
        throughput("llama-3.1-8b", **asked, engine="vllm", engine_version="0.3")
    assert early.output_tokens_per_s > 0


@given(st.floats(50, 5000), st.floats(2, 100), st.integers(1, 600))
def test_the_slo_search_finds_the_last_concurrency_that_meets_both(ttft, tpot, most):
    asked = {"gpu": "h100-sxm", "format": "bf16", "input_tokens": 1003, "output_tokens": 203}
    found = throughput("llama-3.1-8b", **asked, ttft_ms=ttft, tpot_ms=tpot, concurrency=most)
    every = throughput_curve(
        "llama-3.1-8b", **asked, ttft_ms=ttft, tpot_ms=tpot, concurrencies=range(1, most + 1)
    )
    held = every.concurrency <= every.max_concurrency
    meets = (every.ttft_ms <= ttft) & (every.tpot_ms <= tpot) & held
    assert found.concurrency == (every.concurrency[meets].max() if meets.any() else 0)

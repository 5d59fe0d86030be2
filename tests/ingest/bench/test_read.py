"""Every tool's file to the digit; every file that is not one refused by name."""

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import costmodel
from costmodel.book.measured import COLUMNS, METRICS, Measurement
from costmodel.errors import InputError, UnknownIdError
from costmodel.ingest.bench.read import Benchmark, read_benchmark, read_uploads
from costmodel.ingest.files import MOST_BYTES

FILES = Path(__file__).parents[2] / "data" / "benchmarks"


def read(*names, **stated) -> Benchmark:
    return read_benchmark(*(FILES / name for name in names), **stated)


def one(name, **stated) -> Measurement:
    (row,) = read(name, **stated).measurements
    return row


def known(row, *columns):
    """The figures that a reader of the file would copy out."""
    return tuple(getattr(row, name) for name in columns)


def figures(row):
    return known(
        row,
        "metric",
        "input_tokens",
        "output_tokens",
        "concurrency",
        "output_tokens_per_s",
        "ttft_ms",
        "tpot_ms",
    )


def exactly(*expected):
    return tuple(pytest.approx(x, rel=1e-13) if isinstance(x, float) else x for x in expected)


class TestVllm:
    def test_serve(self):
        row = one("vllm_serve.json")
        assert figures(row) == exactly(
            "fixed-concurrency",
            63996 / 500,
            340981 / 500,
            128,
            8706.430638022452,
            386.1210574500001,
            10.695648060772799,
        )
        assert row.total_tokens_per_s == 10340.471054089283
        assert known(row, "model", "source", "source_url", "source_date") == (
            "gpt-oss-120b",
            "vLLM bench serve",
            "vllm_serve.json",
            "2025-09-14",
        )

    def test_the_endpoint_hides_engine_gpu_and_format(self):
        result = read("vllm_serve.json")
        assert result.missing == ("format", "kernel", "engine", "gpu", "tp")
        assert known(result.measurements[0], "engine", "gpu", "format", "tp") == ("", "", "", None)

    def test_2024_without_max_concurrency(self):
        row = one("vllm_serve_2024.json")
        assert figures(row) == exactly(
            "open-loop", 215.196, 122.819, None, 1252.0954309412393, 9375.633242372,
            110.04953441690681,
        )  # fmt: skip
        assert row.notes == "32 requests/s offered, 10.19 served"
        assert row.engine == "vllm", "the server it was told to talk to"

    def test_flattened_csv(self):
        rows = read("vllm_serve_flattened.csv").measurements
        assert [row.concurrency for row in rows] == [32, 32, 64, 64, 128, 128]
        assert figures(rows[4]) == exactly(
            "fixed-concurrency",
            63996 / 500,
            348470 / 500,
            128,
            9204.001909951025,
            335.78628439001477,
            10.361619411763392,
        )
        assert rows[4].source_url == "vllm_serve_flattened.csv#L2"
        assert rows[4].notes == "prefill=1, decode=1, conc=128, isl=128, osl=2048"
        assert not any("repeats" in row.notes for row in rows), "the two setups differ"

    def test_times_in_seconds(self):
        row = one("inferencex_seconds.json")
        assert figures(row) == exactly(
            "fixed-concurrency", 10240.0, 128.0, 16, 95.41597717158848, 3138.2447043433785,
            141.0519243694666,
        )  # fmt: skip
        assert row.total_tokens_per_s == pytest.approx(7633.278173727079 + 95.41597717158848)
        assert row.notes == "ttft_ms is the median TTFT, tpot_ms is the median TPOT"

    def test_throughput_knows_the_sum_of_tokens_alone(self):
        result = read("vllm_throughput.json")
        (row,) = result.measurements
        assert row.metric == "offline-max"
        assert row.total_tokens_per_s == 1297.4433362063426
        assert known(row, "output_tokens_per_s", "input_tokens", "output_tokens") == (None,) * 3
        assert {"input_tokens", "output_tokens", "model", "gpu"} <= set(result.missing)
        assert "2176 tokens a request" in row.notes

    @pytest.mark.parametrize("stated", [{"input_tokens": 128}, {"output_tokens": 2048}])
    def test_throughput_with_one_length_has_the_other(self, stated):
        row = one("vllm_throughput.json", **stated)
        assert known(row, "input_tokens", "output_tokens") == (128, 2048)
        expected = 1297.4433362063426 * 2048 / 2176
        assert row.capacity_output_tokens_per_s == pytest.approx(expected)

    def test_throughput_contradicted(self):
        with pytest.raises(InputError, match="2176 tokens a request, which input_tokens 1000"):
            read("vllm_throughput.json", input_tokens=1000, output_tokens=1000)

    def test_latency_is_a_static_batch(self):
        row = one("vllm_latency.json")
        assert row.metric == "static-batch"
        assert not row.is_serving_capacity
        assert row.capacity_output_tokens_per_s is None
        assert row.notes == "a batch took 474.873 s on average, of 2 runs"

    def test_latency_with_its_batch_is_a_rate_and_still_no_capacity(self):
        row = one("vllm_latency.json", concurrency=128, input_tokens=2048, output_tokens=2048)
        assert row.output_tokens_per_s == pytest.approx(128 * 2048 / 474.873299294, rel=1e-12)
        assert (row.metric, row.is_serving_capacity) == ("static-batch", False)

    def test_failures_and_everything_at_once(self, tmp_path):
        data = json.loads((FILES / "vllm_serve.json").read_text())
        data |= {"max_concurrency": None, "failed": 7, "mean_tpot_ms": 0.0}
        file = tmp_path / "x.json"
        file.write_text(json.dumps(data))
        (row,) = read_benchmark(file).measurements
        assert known(row, "metric", "concurrency") == ("offline-max", None)
        assert row.tpot_ms == 10.74494812354744, "a mean of 0 was not measured; the median was"
        assert "7 requests failed" in row.notes


class TestSglang:
    def test_lines(self):
        rows = read("sglang_offline.jsonl").measurements
        expected = [
            (1525074 / 3000, 1544818 / 3000, 4520.698730654741, 91282.20983641222,
             159.01175909675658),
            (2034177 / 4000, 1029594 / 4000, 3492.2944910189917, 114572.18416058458,
             258.85073677636683),
            (1637669 / 800, 818620 / 800, 2051.287161036558, 61606.2875110656, 120.47930993139744),
            (3097487 / 1500, 760205 / 1500, 1654.9938601765348, 186501.87655747868,
             133.96903011016548),
            (3097487 / 1500, 760205 / 1500, 1652.8614806713933, 179526.87287854496,
             133.00489401444793),
            (777987 / 6000, 1529561 / 6000, 6648.4389207099675, 33223.93286949955,
             187.56905349437147),
            (448102 / 2000, 383064 / 2000, 3939.9256459856624, 18726.9222245086,
             85.59322194196284),
        ]  # fmt: skip
        metrics = ["offline-max"] * 6 + ["sharegpt-max"]
        assert [figures(row) for row in rows] == [
            exactly(metric, *lengths, None, *rest)
            for metric, (*lengths, a, b, c) in zip(metrics, expected, strict=True)
            for rest in [(a, b, c)]
        ]
        assert {row.engine for row in rows} == {"sglang"}

    def test_a_repeated_run_is_kept_and_marked(self):
        rows = read("sglang_offline.jsonl").measurements
        marked = [row for row in rows if row.notes.startswith("repeats")]
        assert [row.source_url for row in marked] == ["sglang_offline.jsonl#L5"]
        assert marked[0].notes.startswith(
            "repeats the setup and load of sglang_offline.jsonl#L4; dataset=random"
        )


class TestGuidellm:
    def test_before_0_4(self):
        alone, most = read("guidellm_0.2.json").measurements
        assert figures(alone) == exactly("single-stream", 257.1, 128.0, 1, 198.4, 16.79, 4.94)
        assert figures(most) == exactly("guidellm-max", 257.1, 128.0, None, 4000.0, 1510.5, 44.75)
        assert known(alone, "model", "source_date") == ("llama-3.1-8b", "2025-06-05")
        assert most.is_serving_capacity
        assert not alone.is_serving_capacity

    def test_from_0_4(self):
        at_16, at_8_per_s = read("guidellm_0.4.json").measurements
        assert figures(at_16) == exactly("fixed-concurrency", 256.5, 127.5, 16, 2040.0, 60.25, 7.25)
        assert at_16.notes == "concurrent; 3 requests failed"
        assert figures(at_8_per_s) == exactly("open-loop", 256.5, 127.5, None, 1020.0, 32.5, 5.75)
        assert at_8_per_s.notes == "constant, 8.0 requests/s offered"


class TestAiperf:
    def test_json(self):
        row = one("aiperf.json")
        # 80 requests of 0.9 s + 499 x 14.5 ms, four at a time, take 162.71 s
        assert figures(row) == exactly(
            "fixed-concurrency", 12_000.0, 500.0, 4, 40_000 / 162.71, 900.0, 14.5
        )
        assert row.total_tokens_per_s == pytest.approx(1_000_000 / 162.71, rel=1e-12)
        assert known(row, "source", "model", "source_date") == (
            "AIPerf", "qwen3-8b", "2026-05-31",
        )  # fmt: skip
        assert "prefix cache hit rate 62.5 %" in row.notes

    def test_csv_does_not_know_model_or_load(self):
        result = read("aiperf.csv")
        assert figures(result.measurements[0]) == exactly(
            "fixed-concurrency", 550.0, 242.97, None, 2320.72, 2343.22, 27.76
        )
        assert {"model", "concurrency"} <= set(result.missing)
        assert "86.5 requests in flight on average" in result.measurements[0].notes

    def test_genai_perf_json(self):
        row = one("genai_perf.json")
        assert figures(row) == exactly(
            "fixed-concurrency", 550.0, 200.0, 32, 1904.0, 412.75, 14.8125
        )
        assert known(row, "source", "model") == ("GenAI-Perf", "llama-3.1-8b")

    def test_genai_perf_csv(self):
        row = one("genai_perf.csv", concurrency=32, model="llama-3.1-8b")
        assert figures(row) == exactly("fixed-concurrency", 550.0, 200.0, 32, 1904.0, 412.75, 14.81)
        assert row.source == "GenAI-Perf"

    def test_other_units_of_time(self, tmp_path):
        data = json.loads((FILES / "aiperf.json").read_text())
        data["time_to_first_token"] = {"unit": "s", "avg": 1.5}
        data["inter_token_latency"] = {"unit": "us", "avg": 12000}
        (tmp_path / "x").write_text(json.dumps(data))
        (row,) = read_benchmark(tmp_path / "x").measurements
        assert (row.ttft_ms, row.tpot_ms) == (1500, 12)
        data["time_to_first_token"]["unit"] = "fortnights"
        (tmp_path / "x").write_text(json.dumps(data))
        with pytest.raises(InputError, match=r"time_to_first_token\.unit: must be a unit of time"):
            read_benchmark(tmp_path / "x")


class TestLlamaBench:
    @pytest.mark.parametrize(
        ("file", "prompt", "generation"),
        [
            ("llama_bench.csv", 7285.676949, 119.915244),
            ("llama_bench.json", 7100.002165, 118.881588),
            ("llama_bench.jsonl", 7100.002165, 118.881588),
        ],
    )
    def test_prompt_and_generation(self, file, prompt, generation):
        result = read(file)
        pp, tg = result.measurements
        assert figures(pp) == ("prefill-only", 512, 0, 1, None, None, None)
        assert pp.total_tokens_per_s == prompt
        assert figures(tg) == ("single-stream-decode", 0, 128, 1, generation, None, None)
        assert not pp.is_serving_capacity
        assert not tg.is_serving_capacity
        assert known(
            tg, "model", "format", "kernel", "kv_dtype", "engine", "engine_version", "gpu", "gpus"
        ) == (
            "qwen2.5-7b", "gguf-q4_k_m", "llama.cpp", "f16", "llama.cpp", "8cf427ff (b5163)",
            "rtx-4080", 1,
        )  # fmt: skip
        assert tg.params_total_b == 7.615616512
        assert result.missing == ()

    def test_columns_that_are_not_under_their_header(self, tmp_path):
        text = (FILES / "llama_bench.csv").read_text().replace('"7285.676949"', '"72.85"')
        (tmp_path / "x.csv").write_text(text)
        with pytest.raises(InputError, match=r"x\.csv:2: avg_ts: 72\.85 tokens/s contradict 512"):
            read_benchmark(tmp_path / "x.csv")


class TestTrtllm:
    def test_report(self):
        row = one("trtllm_bench.json")
        assert figures(row) == exactly(
            "offline-max", 1024.0, 1024.0, 1600, 68266.66666666667, 3750.5, 19.8
        )
        assert known(
            row, "model", "format", "kv_dtype", "engine_version", "gpu", "gpus", "tp", "pp"
        ) == ("llama-3.3-70b", "fp8", "fp8", "1.0.0", "h100-sxm", 4, 4, 1)
        assert row.total_tokens_per_s == 136533.33333333334

    @pytest.mark.parametrize(
        ("in_flight", "metric"), [(1.0, "single-stream"), (63.7, "fixed-concurrency")]
    )
    def test_a_limited_load_is_no_maximum(self, tmp_path, in_flight, metric):
        data = json.loads((FILES / "trtllm_bench.json").read_text())
        data["request_info"]["avg_num_concurrent_requests"] = in_flight
        (tmp_path / "x").write_text(json.dumps(data))
        (row,) = read_benchmark(tmp_path / "x").measurements
        assert (row.metric, row.concurrency) == (metric, round(in_flight))


class TestInferencex:
    def test_per_gpu_figures_are_multiplied_back(self):
        row = one("inferencex.json")
        assert figures(row) == exactly(
            "fixed-concurrency", 1024.0, 1024.0, 64, 375.0 * 8, 340.0, 21.5
        )
        assert row.total_tokens_per_s == 750 * 8
        assert known(row, "gpu", "gpus", "tp", "format", "engine") == (
            "h200", 8, 8, "fp8", "sglang",
        )  # fmt: skip

    def test_prefill_and_decode_apart(self):
        row = one("inferencex_disaggregated.json")
        assert row.output_tokens_per_s == 1000 * 8
        assert row.total_tokens_per_s == 1000 * 8 + 2000 * 4
        assert known(row, "gpus", "tp", "format", "engine") == (12, None, "", "tensorrt-llm")
        assert "format as printed: fp4" in row.notes

    def test_agentic_by_concurrency(self):
        rows = read("inferencex_agentic.json").measurements
        # output tok/s = in flight x output tokens / (TTFT + (output tokens - 1) x TPOT)
        assert [figures(row) for row in rows] == [
            exactly("fixed-concurrency", 120_000.0, 800.0, 1, 800 / 11.7875, 1800, 12.5),
            exactly("fixed-concurrency", 80_000.0, 500.0, 16, 8000 / 30.945, 3500, 55),
            exactly("fixed-concurrency", 80_000.0, 500.0, 16, 8000 / 27.95, 3000, 50),
            exactly("fixed-concurrency", 90_000.0, 250.0, 56, 14_000 / 708.8, 410_000, 1200),
        ]
        assert [row.total_tokens_per_s for row in rows] == [
            pytest.approx(row.output_tokens_per_s * (1 + row.input_tokens / row.output_tokens))
            for row in rows
        ]
        assert {known(row, "gpu", "gpus", "engine") for row in rows} == {("mi355x", 4, "vllm")}
        assert [("lmcache" in row.notes) for row in rows] == [False, True, False, False]
        assert not any("repeats" in row.notes for row in rows)

    def test_a_gpu_that_could_be_several_is_asked_for(self, tmp_path):
        data = json.loads((FILES / "inferencex.json").read_text()) | {"hw": "h100-cw"}
        (tmp_path / "x").write_text(json.dumps(data))
        result = read_benchmark(tmp_path / "x")
        assert "gpu" in result.missing
        assert "GPU as printed: h100-cw" in result.measurements[0].notes


class TestMlperf:
    def test_rows(self):
        rows = read("mlperf_summary.json").measurements
        assert [known(r, "metric", "output_tokens_per_s", "output_tokens") for r in rows] == [
            ("mlperf-interactive", 785522.0, 283.0),
            ("mlperf-offline", 1042110.0, 284.3),
            ("mlperf-server", 1016380.0, 282.9),
            ("mlperf-interactive", 785522.0, 283.0),
        ]
        assert {known(r, "model", "gpu", "gpus", "source") for r in rows} == {
            ("llama-2-70b", "mi355x", 87, "MLPerf Inference v6.0")
        }
        assert rows[3].notes.startswith("repeats the figures of mlperf_summary.json[0]")

    def test_models_without_tokens_are_passed_over_and_counted(self, tmp_path):
        data = json.loads((FILES / "mlperf_summary.json").read_text())
        data[0] |= {"Model": "resnet", "Performance_Units": "Samples/s"}
        (tmp_path / "x").write_text(json.dumps(data))
        result = read_benchmark(tmp_path / "x")
        assert (len(result.measurements), result.passed_over) == (3, 1)
        (tmp_path / "x").write_text(json.dumps(data[:1]))
        with pytest.raises(InputError, match=r"holds no result of serving a language model"):
            read_benchmark(tmp_path / "x")


class TestOptimum:
    def test_forward_passes_are_no_serving_numbers(self):
        with pytest.raises(InputError, match=r"optimum_forward\.json: is an optimum-benchmark"):
            read("optimum_forward.json")

    def test_decode(self, tmp_path):
        phase = {"latency": {"unit": "s"}, "throughput": {"unit": "tokens/s", "value": 321.5}}
        (tmp_path / "x").write_text(json.dumps({"load": {}, "decode": phase}))
        (row,) = read_benchmark(tmp_path / "x").measurements
        assert (row.metric, row.output_tokens_per_s) == ("decode-only", 321.5)


class TestWhatTheUserSays:
    def test_fills_what_the_file_leaves_open(self):
        result = read(
            "vllm_serve.json", gpu="H200", tp=2, format="mxfp4", kernel="triton-mxfp4",
            engine="SGLang",
        )  # fmt: skip
        (row,) = result.measurements
        assert known(row, "gpu", "tp", "format", "engine") == ("h200", 2, "mxfp4", "sglang")
        assert result.missing == ()

    def test_aliases(self):
        row = one("vllm_serve.json", format="awq", gpu="h200-sxm", kernel="awq_marlin")
        assert known(row, "format", "gpu", "kernel") == ("awq-int4", "h200", "marlin")

    def test_16_bit_needs_no_kernel(self):
        assert read("vllm_serve.json", format="bf16").missing == ("engine", "gpu", "tp")

    def test_an_unknown_id_offers_the_nearest(self):
        with pytest.raises(UnknownIdError, match="h100-sxm"):
            read("vllm_serve.json", gpu="h100-smx")

    def test_a_file_that_says_otherwise(self):
        with pytest.raises(InputError) as caught:
            read("inferencex.json", tp=4, gpu="b200")
        assert [str(p) for p in caught.value.problems] == [
            "inferencex.json: says gpu h200, not b200",
            "inferencex.json: says tp 8, not 4",
        ]

    def test_lengths_of_the_file_stay(self):
        row = one("vllm_serve.json", input_tokens=1, concurrency=1)
        assert known(row, "input_tokens", "concurrency") == (127.992, 128)

    @pytest.mark.parametrize("name", ["tp", "input_tokens", "concurrency"])
    def test_nothing_below_zero(self, name):
        with pytest.raises(InputError, match=f"{name} must be above 0"):
            read("vllm_serve.json", **{name: 0})


class TestSeveralFiles:
    def test_one_curve(self, tmp_path):
        data = json.loads((FILES / "vllm_serve.json").read_text())
        paths = []
        for concurrency, rate in ((256, 12_000.0), (8, 900.0), (64, 6_000.0)):
            paths.append(tmp_path / f"{concurrency}.json")
            figures = {"max_concurrency": concurrency, "output_throughput": rate}
            paths[-1].write_text(json.dumps(data | figures))
        rows = read_benchmark(*paths).measurements
        assert [(row.concurrency, row.output_tokens_per_s) for row in rows] == [
            (8, 900), (64, 6_000), (256, 12_000),
        ]  # fmt: skip

    def test_a_file_given_twice(self):
        rows = read("vllm_serve.json", "vllm_serve.json").measurements
        assert [row.notes for row in rows] == [
            "",
            "repeats the setup and load of vllm_serve.json",
        ]

    def test_one_run_in_two_layouts(self):
        rows = read("vllm_serve.json", "vllm_serve_flattened.csv").measurements
        assert [row.source_url for row in rows if "repeats the figures of" in row.notes] == [
            "vllm_serve_flattened.csv#L5"
        ]

    def test_several_tools(self):
        result = read("guidellm_0.4.json", "sglang_offline.jsonl", "genai_perf.json")
        assert [row.concurrency for row in result.measurements] == [16, 32] + [None] * 8

    def test_the_problems_of_all_files_together(self, tmp_path):
        (tmp_path / "empty.json").write_text("")
        (tmp_path / "other.json").write_text('{"choices": [], "usage": {}}')
        with pytest.raises(InputError) as caught:
            read_benchmark(
                tmp_path / "empty.json", FILES / "vllm_serve.json", tmp_path / "other.json"
            )
        first, second = map(str, caught.value.problems)
        assert first.endswith("empty.json: is empty")
        assert "other.json: is from none of the tools read here (vLLM" in second
        assert second.endswith("its keys begin: choices, usage")


class TestUploads:
    def test_contents_are_read_as_the_file_is(self):
        names = ("vllm_serve.json", "guidellm_0.4.json", "llama_bench.csv")
        sent = read_uploads({name: (FILES / name).read_bytes() for name in names}, tp=1)
        assert sent == read(*names, tp=1)

    @pytest.mark.parametrize(
        "name", ["../../etc/passwd", "/etc/passwd", str(FILES / "aiperf.json")]
    )
    def test_a_name_opens_nothing(self, name):
        with pytest.raises(InputError, match="is empty"):
            read_uploads({name: b""})

    @pytest.mark.parametrize(
        ("data", "said"),
        [
            (b"\x1f\x8b\x08\x00", "is gzip-compressed; unpack it first"),
            (b"PK\x03\x04", "is zip-compressed"),
            (b"{}\x00", "is a binary file"),
            (b"\xff\xfe\xfa", "is not UTF-8 text"),
            (b'{"date": 1,\n "model_id": ', "run.json:2:14: stops being JSON here"),
            (b"hello", "is no result file"),
        ],
    )
    def test_what_is_no_result_file(self, data, said):
        with pytest.raises(InputError) as caught:
            read_uploads({"run.json": data})
        assert said in str(caught.value)
        assert str(caught.value).startswith("run.json")

    def test_nothing_sent(self):
        with pytest.raises(InputError, match="at least one"):
            read_uploads({})

    def test_too_large(self):
        with pytest.raises(InputError, match="larger than 50 MB"):
            read_uploads({"run.json": b" " * 50_000_001})

    @pytest.mark.parametrize("name", sorted(p.name for p in FILES.iterdir() if p.suffix != ".md"))
    def test_a_file_cut_anywhere_gives_no_other_figure(self, name):
        data = (FILES / name).read_bytes()
        whole, _ = _figures_or_refusal(name, data)
        for end in range(7, len(data), max(1, len(data) // 40)):
            found, refusal = _figures_or_refusal(name, data[:end])
            assert found <= whole
            assert found or refusal.startswith(name)


def _figures_or_refusal(name, data):
    try:
        rows = read_uploads({name: data}).measurements
    except InputError as error:
        return set(), str(error)
    return {(*figures(row), row.total_tokens_per_s) for row in rows}, ""


class TestRefusals:
    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"", "is empty"),
            (b" \n\n", "is empty"),
            (b"\x7fELF\x02\x01\x00\x00", "is a binary file"),
            (b"\x1f\x8b\x08\x00", "is gzip-compressed; unpack it first"),
            (b"PK\x03\x04", "is zip-compressed; unpack it first"),
            ("{}".encode("utf-16"), "binary file"),
            (b'{"a": "\xff\xfe"}', "is not UTF-8 text"),
            (b"{}", "is from none of the tools read here"),
            (b"[]", "holds no results"),
            (b"[1, 2]", "[0]: this item of the list is not a JSON object"),
            (b"42", "is no result file; needed: JSON"),
            (b"just some words\nand more", "is no result file"),
            (b'a,b\n"1,2', "is not CSV"),
            (b"a,b\n1,2,3", ":2: has 3 fields where the header has 2"),
            (b"a,b\n1,2", ":2: is from none of the tools read here"),
            (b",,,\n,,", "is no result file"),
            (b"[" * 100_000, "nested too deeply"),
            (b'{"a": ' + b"9" * 5_000 + b"}", "numbers too long"),
        ],
    )
    def test_by_content(self, tmp_path, content, said):
        file = tmp_path / "result.json"
        file.write_bytes(content)
        with pytest.raises(InputError) as caught:
            read_benchmark(file)
        assert str(caught.value).startswith(str(file))
        assert said in str(caught.value)

    def test_a_name_says_nothing(self, tmp_path):
        shutil.copy(FILES / "llama_bench.csv", tmp_path / "guidellm.json")
        assert len(read_benchmark(tmp_path / "guidellm.json").measurements) == 2

    def test_windows_text(self, tmp_path):
        text = (FILES / "vllm_serve_flattened.csv").read_text().replace("\n", "\r\n")
        (tmp_path / "x.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
        assert len(read_benchmark(tmp_path / "x.csv").measurements) == 6

    @pytest.mark.parametrize("name", ["vllm_serve.json", "mlperf_summary.json", "aiperf.json"])
    def test_cut_off(self, tmp_path, name):
        text = (FILES / name).read_text()
        (tmp_path / "x.json").write_text(text[: len(text) // 2])
        with pytest.raises(InputError, match=r"x\.json:\d+:\d+: stops being JSON here"):
            read_benchmark(tmp_path / "x.json")

    def test_bad_lines_are_named_and_the_rest_is_not_read(self, tmp_path):
        lines = (FILES / "sglang_offline.jsonl").read_text().splitlines()
        lines[2], lines[5] = lines[2][:200], "[]"
        (tmp_path / "x.jsonl").write_text("\n".join(lines))
        with pytest.raises(InputError) as caught:
            read_benchmark(tmp_path / "x.jsonl")
        assert [(p.line, p.message[:16]) for p in caught.value.problems] == [
            (3, "this line is not"),
            (6, "this line is not"),
        ]

    def test_a_foreign_line_is_named(self, tmp_path):
        text = (FILES / "sglang_offline.jsonl").read_text() + '{"step": 1, "loss": 2.5}\n'
        (tmp_path / "x.jsonl").write_text(text)
        with pytest.raises(InputError, match=r"x\.jsonl:8: is from none of the tools"):
            read_benchmark(tmp_path / "x.jsonl")

    @pytest.mark.parametrize("value", ['"fast"', "-5", "Infinity", "true", "[1]"])
    def test_a_figure_that_is_none(self, tmp_path, value):
        text = (FILES / "vllm_serve.json").read_text().replace("8706.430638022452", value)
        (tmp_path / "x.json").write_text(text)
        with pytest.raises(InputError, match=r"x\.json: output_throughput: must be a number"):
            read_benchmark(tmp_path / "x.json")

    @pytest.mark.parametrize("value", ["0", "null", "NaN"])
    def test_a_run_that_measured_nothing(self, tmp_path, value):
        text = (FILES / "vllm_serve.json").read_text().replace("8706.430638022452", value)
        (tmp_path / "x.json").write_text(text)
        with pytest.raises(InputError, match="output_throughput: is missing or 0"):
            read_benchmark(tmp_path / "x.json")

    def test_huge(self, tmp_path):
        with (tmp_path / "huge.json").open("wb") as file:
            file.truncate(MOST_BYTES + 1)
        with pytest.raises(InputError, match=r"huge\.json: is larger than 50 MB"):
            read_benchmark(tmp_path / "huge.json")

    def test_no_file(self, tmp_path):
        with pytest.raises(InputError, match=r"none\.json: no such file"):
            read_benchmark(tmp_path / "none.json")
        with pytest.raises(InputError, match="is a folder"):
            read_benchmark(tmp_path)
        with pytest.raises(InputError, match="name at least one"):
            read_benchmark()


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_stands_in_a_file_is_read_or_refused(tmp_path, data):
    """A value anywhere in a file replaced by anything: measurements, or an InputError."""
    name = data.draw(st.sampled_from(sorted(p.name for p in FILES.glob("*.json"))))
    content = json.loads((FILES / name).read_text())
    part = content
    while isinstance(part, dict | list) and part:
        keys = sorted(part) if isinstance(part, dict) else range(len(part))
        key = data.draw(st.sampled_from(keys))
        deeper = part[key]
        if not isinstance(deeper, dict | list) or not deeper or data.draw(st.booleans()):
            part[key] = data.draw(
                st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
                | st.just([]) | st.just({}) | st.just([{}]) | st.just({"avg": "x"})
            )  # fmt: skip
            break
        part = deeper
    (tmp_path / "x.json").write_text(json.dumps(content))
    said = "x.json"
    try:
        found = len(read_benchmark(tmp_path / "x.json").measurements)
    except InputError as error:
        found, said = 0, str(error)
    assert found or "x.json" in said


class TestForms:
    def test_json_is_in_the_columns_of_the_book(self):
        data = read("vllm_serve.json").to_dict()
        assert set(data) >= {"measurements", "missing"}
        assert tuple(data["measurements"][0]) == COLUMNS
        assert data["measurements"][0]["gpu"] is None
        assert json.loads(json.dumps(data)) == data

    def test_frozen(self):
        with pytest.raises(dataclasses.FrozenInstanceError):
            read("vllm_serve.json").missing = ()  # type: ignore[misc]

    def test_metrics_are_the_books(self):
        names = [p.name for p in FILES.iterdir() if p.suffix in (".json", ".csv", ".jsonl")]
        rows = read(*(name for name in names if name != "optimum_forward.json")).measurements
        assert {row.metric for row in rows} <= set(METRICS)

    def test_html_escapes(self, tmp_path):
        data = json.loads((FILES / "vllm_serve.json").read_text()) | {"model_id": "<b>own</b>"}
        (tmp_path / "x.json").write_text(json.dumps(data))
        html = read_benchmark(tmp_path / "x.json")._repr_html_()
        assert "&lt;b&gt;own" in html
        assert "Not in the files: format, kernel, engine, gpu, tp" in html

    def test_public_name(self):
        assert costmodel.read_benchmark is read_benchmark

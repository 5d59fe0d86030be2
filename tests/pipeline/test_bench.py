"""A scenario's own benchmark file: found, matched to the workload, held against the option."""

import json
import shutil
from pathlib import Path

import pytest

from costmodel.errors import InputError
from costmodel.pipeline.evaluate import evaluate
from costmodel.scenario import load_scenario, parse_scenario

FILES = Path(__file__).parents[1] / "data" / "benchmarks"

SCENARIO = """
name: measured
as_of: 2026-11-23
calendar: {days_per_month: 30, hours_per_month: 720}
overheads: {usd_per_hour: 0, per_fleet: {hours_per_month: 0}, per_api: {hours_per_month: 0}}
workloads:
  - {name: chat, tokens_per_day: 40e9, input_tokens: 128, output_tokens: 680, profile: flat}
options:
  - {name: api, api: {input_usd_per_mtok: 1, output_usd_per_mtok: 5}}
  - name: own
    selfhost:
      gpus_per_replica: 2
      throughput: {bench: runs/serve.json}
      offers: [{terms: on-demand, usd_per_gpu_hour: 2}]
      load_factor: 1
      spare_replicas: 0
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "home" / "runs").mkdir(parents=True)
    shutil.copy(FILES / "vllm_serve.json", tmp_path / "home" / "runs" / "serve.json")
    return tmp_path / "home"


def opened(folder, text=SCENARIO):
    (folder / "scenario.yaml").write_text(text)
    return load_scenario(folder / "scenario.yaml")


def own(folder, text=SCENARIO):
    return evaluate(opened(folder, text)).option("own")


def refused(folder, text=SCENARIO):
    with pytest.raises(InputError) as caught:
        evaluate(opened(folder, text))
    return str(caught.value)


def curve(folder, **ttft_ms_by_concurrency):
    """A file of runs of 128 in, 682 out: 100 output tok/s for each request in flight."""
    run = json.loads((FILES / "vllm_serve.json").read_text())
    lines = [
        json.dumps(
            run
            | {"max_concurrency": int(name[1:]), "mean_ttft_ms": ttft}
            | {"output_throughput": 100.0 * int(name[1:])}
        )
        for name, ttft in ttft_ms_by_concurrency.items()
    ]
    (folder / "runs" / "serve.json").write_text("\n".join(lines))


class TestCapacity:
    def test_is_the_measured_one(self, folder):
        """8,706.43 output tok/s / 680 a request = 12.80 requests/s; 573 asked for: 45 replicas."""
        option = own(folder)
        throughput = option.fleet.throughput["chat"]
        assert throughput["requests_per_s"]["value"] == pytest.approx(8706.430638022452 / 680)
        assert throughput["output_tokens_per_s"] == 8706.430638022452
        assert throughput["concurrency"] == 128
        assert throughput["provenance"] == "measured"
        assert throughput["sources"] == ["serve.json: vLLM bench serve, 128 in flight"]
        needed = 40e9 / 808 / 86_400 / (8706.430638022452 / 680)
        assert option.fleet.replicas == pytest.approx(-(-needed // 1))
        assert option.monthly_usd == pytest.approx(option.fleet.replicas * 2 * 2 * 720)

    def test_nothing_is_left_unused(self, folder):
        codes = {w.code: w.message for w in evaluate(opened(folder)).warnings}
        assert "no_fit_check" in codes
        assert "bench" not in codes.get("not_used_yet", "")

    def test_the_users_source_is_added(self, folder):
        text = SCENARIO.replace("serve.json}", "serve.json, source: lab book 12}")
        (source,) = own(folder, text).fleet.throughput["chat"]["sources"]
        assert source == "serve.json: vLLM bench serve, 128 in flight; lab book 12"

    def test_by_workload(self, folder):
        text = SCENARIO.replace("{bench: runs/serve.json}", "{chat: {bench: runs/serve.json}}")
        assert own(folder, text).fleet.throughput["chat"]["concurrency"] == 128

    def test_the_models_own_tokens(self, folder):
        """340 of the workload's output tokens are 680 of this model's."""
        text = SCENARIO.replace("output_tokens: 680", "output_tokens: 340")
        text = text.replace("load_factor: 1", "load_factor: 1\n      output_token_ratio: 2")
        rate = own(folder, text).fleet.throughput["chat"]["requests_per_s"]["value"]
        assert rate == pytest.approx(8706.430638022452 / 680)

    def test_shapes_share_a_replica(self, folder):
        shutil.copy(FILES / "guidellm_0.4.json", folder / "runs" / "serve.json")
        shapes = "shapes: [{share: 0.5, input_tokens: 256, output_tokens: 128}, " \
                 "{share: 0.5, input_tokens: 240, output_tokens: 120}]"  # fmt: skip
        text = SCENARIO.replace("input_tokens: 128, output_tokens: 680", shapes)
        rate = own(folder, text).fleet.throughput["chat"]["requests_per_s"]["value"]
        assert rate == pytest.approx(1 / (0.5 * 128 / 2040 + 0.5 * 120 / 2040))

    def test_the_frozen_scenario_needs_no_file(self, folder, tmp_path):
        report = evaluate(opened(folder))
        (tmp_path / "frozen.json").write_text(json.dumps(dict(report.frozen)))
        again = evaluate(load_scenario(tmp_path / "frozen.json"))
        assert again.option("own").monthly_usd == report.option("own").monthly_usd


class TestSlo:
    def test_the_most_output_that_meets_it(self, folder):
        curve(folder, c8=50.0, c32=90.0, c64=400.0, c128=2500.0)
        assert own(folder).fleet.throughput["chat"]["concurrency"] == 128
        text = SCENARIO.replace("profile: flat", "profile: flat, slo: {ttft_ms: 500}")
        assert own(folder, text).fleet.throughput["chat"]["concurrency"] == 64
        text = SCENARIO.replace("profile: flat", "profile: flat, slo: {ttft_ms: 500, tpot_ms: 5}")
        assert own(folder, text).excluded_by == ("misses the SLO of chat",)

    def test_missed_by_every_row(self, folder):
        text = SCENARIO.replace("profile: flat", "profile: flat, slo: {ttft_ms: 300}")
        assert own(folder, text).excluded_by == ("misses the SLO of chat",)

    def test_not_in_the_file(self, folder):
        run = json.loads((FILES / "vllm_serve.json").read_text())
        plain = {key: value for key, value in run.items() if "ttft" not in key}
        (folder / "runs" / "serve.json").write_text(json.dumps(plain))
        text = SCENARIO.replace("profile: flat", "profile: flat, slo: {ttft_ms: 300}")
        (source,) = own(folder, text).fleet.throughput["chat"]["sources"]
        assert source.endswith("128 in flight (ttft_ms not in the file)")

    def test_a_limit_on_requests_in_flight(self, folder):
        curve(folder, c8=50.0, c32=90.0, c64=400.0)
        text = SCENARIO.replace("load_factor: 1", "load_factor: 1\n      concurrency: 40")
        assert own(folder, text).fleet.throughput["chat"]["concurrency"] == 32


class TestRefusals:
    @pytest.mark.parametrize(
        "name", ["/etc/hostname", "../outside.json", "runs/../../outside.json", "C:/x.json",
                 "..\\\\outside.json", "\\\\\\\\host\\\\share"],
    )  # fmt: skip
    def test_paths_that_lead_out(self, folder, name):
        shutil.copy(FILES / "vllm_serve.json", folder.parent / "outside.json")
        said = refused(folder, SCENARIO.replace("runs/serve.json", f'"{name}"'))
        assert "leads out of the scenario's folder" in said
        assert "scenario.yaml:13:" in said
        assert "options.own.selfhost.throughput" in said

    def test_links_that_lead_out(self, folder):
        shutil.copy(FILES / "vllm_serve.json", folder.parent / "outside.json")
        (folder / "link.json").symlink_to(folder.parent / "outside.json")
        (folder / "away").symlink_to(folder.parent)
        for name in ("link.json", "away/outside.json"):
            text = SCENARIO.replace("runs/serve.json", name)
            assert "is a link out of the scenario's folder" in refused(folder, text)

    def test_links_within_are_fine(self, folder):
        (folder / "link.json").symlink_to(folder / "runs" / "serve.json")
        assert own(folder, SCENARIO.replace("runs/serve.json", "link.json")).monthly_usd

    def test_uploads_name_no_files(self):
        with pytest.raises(InputError, match="works only in a scenario opened from disk"):
            parse_scenario(SCENARIO)

    def test_no_file_and_no_result(self, folder):
        missing = refused(folder, SCENARIO.replace("serve.json", "none.json"))
        assert missing.endswith("runs/none.json: no such file")
        assert str(folder / "runs") not in missing
        (folder / "runs" / "serve.json").write_text('{"loss": 1}')
        assert "runs/serve.json: is from none of the tools" in refused(folder)

    def test_other_shapes_are_listed(self, folder):
        said = refused(folder, SCENARIO.replace("output_tokens: 680", "output_tokens: 800"))
        assert "runs/serve.json: holds no serving capacity within 10% of 128 in and 800 out" in said
        assert said.endswith("it has 128 in, 682 out")

    @pytest.mark.parametrize(
        ("file", "listed"),
        [
            (
                "llama_bench.json",
                "512 in, 0 out (prefill-only: no serving capacity); 0 in, 128 out",
            ),
            ("vllm_serve_2024.json", "215.2 in, 122.8 out (open-loop: no serving capacity)"),
            ("vllm_latency.json", "? in, ? out (static-batch: no serving capacity)"),
        ],
    )
    def test_what_is_no_serving_capacity(self, folder, file, listed):
        shutil.copy(FILES / file, folder / "runs" / "serve.json")
        text = SCENARIO.replace("128, output_tokens: 680", "215, output_tokens: 123")
        assert listed in refused(folder, text)

    def test_gpus_nobody_stated(self, folder):
        text = SCENARIO.replace("gpus_per_replica: 2", "model: gpt-oss-120b")
        assert "does not say how many GPUs it was measured on; state tp" in refused(folder, text)


class TestContradictions:
    TEXT = SCENARIO.replace("128, output_tokens: 680", "1024, output_tokens: 1024")

    @pytest.fixture(autouse=True)
    def _report(self, folder):
        shutil.copy(FILES / "trtllm_bench.json", folder / "runs" / "serve.json")

    def test_the_files_gpus_where_none_are_stated(self, folder):
        text = self.TEXT.replace("gpus_per_replica: 2", "model: llama-3.3-70b")
        option = own(folder, text)
        assert option.fleet.gpus == 4 * option.fleet.replicas

    def test_other_gpus(self, folder):
        said = refused(folder, self.TEXT)
        assert said.endswith("runs/serve.json: was measured on 4 GPUs, but a replica has 2")

    @pytest.mark.parametrize(
        ("stated", "said"),
        [
            ("tp: 4, gpu: h200", "was measured on h100-sxm, not h200"),
            ("tp: 4, format: bf16", "was measured in fp8, not bf16"),
            ("tp: 4, model: gpt-oss-120b", "was measured with llama-3.3-70b, not gpt-oss-120b"),
        ],
    )
    def test_something_else_was_measured(self, folder, stated, said):
        lines = stated.replace(", ", "\n      ")
        assert said in refused(folder, self.TEXT.replace("gpus_per_replica: 2", lines))

    def test_the_same_thing_by_another_name(self, folder):
        lines = "tp: 4\n      model: llama-3.1-70b\n      format: fp8-e4m3\n      gpu: h100-sxm5"
        assert own(folder, self.TEXT.replace("gpus_per_replica: 2", lines)).monthly_usd

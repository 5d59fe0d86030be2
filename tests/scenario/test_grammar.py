"""The scenario grammar: everything it promises parses, and what contradicts itself is refused."""

import pytest

from costmodel.errors import InputError
from costmodel.quantity.quantity import Quantity
from costmodel.scenario import Scenario, load_scenario, parse_scenario

EVERYTHING = """
name: Support assistant
as_of: 2026-11-23
calendar: {days_per_month: 30.4167, hours_per_month: 730}
workloads:
  - name: chat
    task: instruction-following
    tokens_per_day: 500e6
    input_tokens: 1500
    output_tokens: 300
    cached_input_share: 0.3
    cache_write_share: 0
    batch_share: 0
    profile: {peak_to_mean: 2.5, burst_factor: 1.3}
    growth_per_month: 0.02
    max_context: 8192
    slo: {ttft_ms: 2000, tpot_ms: 50}
    quality: {min_retention: 0.98}
    requires: [eu-residency]
  - name: classify
    requests_per_day: {low: 1e5, likely: 2e5, high: 4e5}
    shapes:
      - {share: .8, input_tokens: 900, output_tokens: 300}
      - {share: .2, input_tokens: 9000, output_tokens: 30}
    profile: office-hours
    quality: {accepts: [frontier, own GPUs]}
options:
  - name: frontier
    api: {provider: anthropic, model: claude-sonnet-5-5,
          output_token_ratio: {low: 1.0, likely: 1.3, high: 2.5}}
  - name: own GPUs
    satisfies: [eu-residency]
    selfhost:
      model: llama-3.3-70b
      format: awq-int4
      kernel: marlin
      gpu: h100-sxm
      tp: 1
      prefix_cache_share: 0
      offers:
        - {terms: reserved, class: neocloud, replicas: 4, usd_per_gpu_hour: 2.10, term_months: 36}
        - {terms: on-demand, class: neocloud, quantile: median}
      scaling: scheduled
      load_factor: 0.7
      spare_replicas: 1
      extra_monthly: [{name: observability, usd: 300}]
  - {name: base load + overflow, hybrid: {selfhost: own GPUs, api: frontier, replicas: optimal}}
  - {name: one precision per task, mix: {chat: own GPUs, classify: frontier}}
  - name: quoted API
    api: {input_usd_per_mtok: 1.6, output_usd_per_mtok: 1.6, cached_input_usd_per_mtok: 0.16,
          cache_write_usd_per_mtok: 2.0, batch_discount: 0.5, stacks: false,
          precision: fp8, rate_limit_tokens_per_minute: 2e6,
          contract: {kind: graduated,
                     steps: [{up_to_usd_per_month: 10000, discount: 0}, {discount: 0.2}]}}
  - name: quoted cluster
    selfhost: {gpus_per_replica: 1, throughput: {requests_per_s: 0.32},
               offers: [{terms: on-demand, usd_per_gpu_hour: 2.74}],
               load_factor: 1, spare_replicas: 0}
  - name: by workload
    selfhost: {gpus_per_replica: 8, node_gpus: 8, min_replicas: 2, start_minutes: 10, replicas: 3,
               throughput: {chat: {output_tokens_per_s: 900}, classify: {total_tokens_per_s: 9e3}},
               queueing: {wait_p95_ms: 500},
               offers: [{terms: owned, usd_per_gpu: 30000, life_months: 36, residual_share: 0.3,
                         kw_per_gpu: 1.2, pue: 1.3, usd_per_kwh: 0.1, colo_usd_per_kw_month: 190}]}
  - name: per second
    selfhost: {gpus_per_replica: 1, throughput: {bench: file.json}, scaling: serverless,
               offers: [{terms: serverless, usd_per_gpu_second: 0.0011}]}
overheads:
  usd_per_hour: 106
  per_fleet: {hours_per_month: {low: 10, likely: 20, high: 50}}
  per_api: {hours_per_month: 2}
  platform: {usd_per_month: 0}
finance: {horizon_months: 36, discount_rate: 0.10, api_price_change_per_year: 0,
          gpu_price_change_per_year: 0, one_off_usd: 20000, ramp_months: 2}
display: {currency: EUR, usd_per_unit: 1.08}
correlations: [[options.frontier.api.output_token_ratio, workloads.chat.tokens_per_day, 0.3]]
"""

MINIMAL = """
name: x
as_of: 2026-11-23
workloads: [{name: w, tokens_per_day: 1e6, input_tokens: 10, output_tokens: 10%s}]
options: [{name: a, %s}]
"""
QUOTED = "api: {input_usd_per_mtok: 1, output_usd_per_mtok: 1}"


def minimal(workload="", option=QUOTED, more=""):
    return parse_scenario(MINIMAL % (workload, option) + more, "s.yaml")


def problems(*args, **kwargs):
    with pytest.raises(InputError) as error:
        minimal(*args, **kwargs)
    return [str(problem) for problem in error.value.problems]


def test_everything_the_grammar_promises_parses(tmp_path):
    (tmp_path / "s.yaml").write_text(EVERYTHING)
    scenario = load_scenario(tmp_path / "s.yaml")
    assert [o.kind for o in scenario.options] == [
        "api", "selfhost", "hybrid", "mix", "api", "selfhost", "selfhost", "selfhost"
    ]  # fmt: skip
    chat, classify = scenario.workloads
    assert chat.daily_tokens == 500e6
    assert classify.tokens_per_request == pytest.approx(0.8 * 1200 + 0.2 * 9030)
    assert classify.daily_tokens == pytest.approx(2e5 * 2766)
    assert scenario.tokens_per_day == pytest.approx(500e6 + 2e5 * 2766)
    own = scenario.option("own GPUs").selfhost
    assert own.offers[0].provider_class == "neocloud"
    assert own.offers[0].usd_per_gpu_hour == Quantity(value=2.10)


def test_a_scenario_survives_its_own_dump(tmp_path):
    (tmp_path / "s.yaml").write_text(EVERYTHING)
    scenario = load_scenario(tmp_path / "s.yaml")
    dumped = scenario.model_dump(mode="json", by_alias=True, exclude_none=True)
    again = Scenario.model_validate(dumped)
    assert again.model_dump() == scenario.model_dump()


def test_the_calendar_defaults():
    scenario = minimal()
    assert scenario.calendar.hours_per_month.value == 730
    assert scenario.calendar.days_per_month.value == pytest.approx(30.4167, abs=1e-4)


@pytest.mark.parametrize(
    ("workload", "said"),
    [
        (", tokens_per_day: 2", "second time"),
        (", requests_per_day: 2", "tokens_per_day and requests_per_day together"),
        (", batch_share: 1.2", "must be a share from 0 to 1, not 1.2"),
        (", cached_input_share: .6, cache_write_share: .6", "must be at most 1"),
        (", profile: {peak_to_mean: 0.9}", "must be 1 or more, not 0.9"),
        (", profile: {peak_to_mean: 2, hourly: [1]}", "not peak_to_mean and hourly together"),
        (", profile: {hourly: [1, 2]}", "hourly needs 168 numbers, not 2"),
        (", profile: ofice-hours", "did you mean office-hours"),
        (", max_context: 0", "must be a whole number, 1 or more"),
        (", shapes: [{share: 1, input_tokens: 1, output_tokens: 1}]", "not both"),
        (", quality: {}", "needs one of: min_retention, accepts, gate"),
        (", quality: {accepts: [b]}", "no option is named 'b'; there is a"),
        (", growth_per_month: .inf", "must be a finite number"),
        (", growth_per_month: 2", "at most 1 (a rate: 0.1 is 10 %), not 2"),
        (", growth_per_month: 2%", "needs a number: 0.02"),
        (", inptu_tokens: 3", "unknown key; did you mean input_tokens"),
        (", slo: {ttft_ms: fast}", "needs a number"),
        (", requires: eu", "needs a list"),
        (", cached_input_share: {low: .5, high: .6}", "needs likely:"),
        (", cached_input_share: {low: .7, likely: .5, high: .6}", "low <= likely <= high"),
        (", cached_input_share: true", "a number is needed here, not true"),
    ],
)
def test_workloads_that_contradict_themselves(workload, said):
    found = problems(workload)
    assert any(said in problem for problem in found), found
    assert all(problem.startswith("s.yaml:4:") for problem in found)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("api: {provider: x}", "needs provider and model, or quoted"),
        ("api: {input_usd_per_mtok: 1}", "needs input_usd_per_mtok and output_usd_per_mtok"),
        ("api: {input_usd_per_mtok: -1, output_usd_per_mtok: 1}", "must be 0 or more, not -1"),
        (f"{QUOTED}, mix: {{w: a}}", "not api and mix together"),
        ("satisfies: [eu]", "needs one of: api, selfhost, hybrid, mix"),
        ("hybrid: {selfhost: b, api: a}", "no selfhost option is named 'b'"),
        ("mix: {v: a}", "no workload is named 'v'; there is w"),
        ("selfhost: {offers: []}", "at least one"),
        ("selfhost: {model: m, offers: [{terms: spot}]}", "needs model, format and gpu"),
        ("selfhost: {throughput: {requests_per_s: 1}, offers: [{terms: spot}]}",
         "without a model it needs gpus_per_replica"),
        ("selfhost: {model: m, format: f, gpu: g, tp: 1, gpus_per_replica: 2, "
         "offers: [{terms: spot}]}", "contradict each other"),
        ("selfhost: {model: m, format: f, gpu: g, offers: [{terms: spot}, {terms: spot}]}",
         "every offer but the last needs replicas"),
        ("selfhost: {model: m, format: f, gpu: g, offers: [{terms: spot, replicas: 2}]}",
         "leave its replicas out"),
        ("selfhost: {model: m, format: f, gpu: g, load_factor: 0.7, "
         "queueing: {wait_p95_ms: 5}, offers: [{terms: spot}]}", "queueing replaces load_factor"),
        ("selfhost: {model: m, format: f, gpu: g, offers: [{terms: owned}]}", "usd_per_gpu"),
        ("selfhost: {model: m, format: f, gpu: g, offers: [{terms: on-demand, class: cloud}]}",
         "must be one of 'hyperscaler', 'neocloud' or 'marketplace'"),
        ("api: {input_usd_per_mtok: 1, output_usd_per_mtok: 1, contract: {kind: commit}}",
         "needs usd_per_month"),
        ("api: {input_usd_per_mtok: 1, output_usd_per_mtok: 1, contract: "
         "{kind: graduated, steps: [{discount: .1}, {discount: .2}]}}", "every step but the last"),
        ("api: {input_usd_per_mtok: 1, output_usd_per_mtok: 1, contract: {kind: graduated, "
         "steps: [{up_to_usd_per_month: 9}, {up_to_usd_per_month: 5}, {discount: .2}]}}", "ascend"),
    ],
)  # fmt: skip
def test_options_that_contradict_themselves(option, said):
    found = problems(option=option)
    assert any(said in problem for problem in found), found
    assert all(problem.startswith("s.yaml:5:") for problem in found)


def test_names_are_taken_once():
    text = MINIMAL.replace("[{name: a, %s}]", "[{name: a, %s}, {name: a, %s}]")
    with pytest.raises(InputError, match="the name 'a' is taken"):
        parse_scenario(text % ("", QUOTED, QUOTED))


def test_several_problems_come_in_the_order_of_the_file():
    found = problems(", batch_share: 2, nonsense: 1", "api: {provider: x}")
    assert len(found) == 3
    assert found == sorted(found)


@pytest.mark.parametrize("text", ["", "[]", "a", "name: x", "{}"])
def test_what_is_no_scenario(text):
    with pytest.raises(InputError):
        parse_scenario(text)


@pytest.mark.parametrize(
    "workload",
    [
        ", profile: {usage: logs/*.csv}",
        ", quality: {gate: {baseline: a.jsonl, candidate: b.jsonl, margin: 0.02}}",
    ],
)
def test_a_text_from_outside_names_no_files(workload):
    assert any("opened from disk" in problem for problem in problems(workload))

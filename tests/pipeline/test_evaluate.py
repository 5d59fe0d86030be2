"""From a scenario to a report: the rules that must hold, on scenarios small enough to check."""

import json
import pickle

import pytest

from costmodel.errors import InputError
from costmodel.pipeline.evaluate import evaluate
from costmodel.scenario import parse_scenario

HEAD = """
name: test
as_of: 2026-11-23
calendar: {days_per_month: 30, hours_per_month: 720}
overheads: {usd_per_hour: 100, per_fleet: {hours_per_month: 10}, per_api: {hours_per_month: 1}}
"""

CHAT = "  - {name: chat, tokens_per_day: 10e6, input_tokens: 800, output_tokens: 200, profile: flat"

API = "  - {name: api, api: {input_usd_per_mtok: 1, output_usd_per_mtok: 5}}\n"

OWN = """  - name: own
    selfhost:
      gpus_per_replica: 2
      throughput: {requests_per_s: 5}
      offers: [{terms: on-demand, usd_per_gpu_hour: 2}]
      load_factor: 0.5
      spare_replicas: 1
"""


def scenario(workloads=CHAT + "}", options=API + OWN, head=HEAD):
    return parse_scenario(f"{head}workloads:\n{workloads}\noptions:\n{options}")


def codes(report):
    return [warning.code for warning in report.warnings]


class TestBills:
    def test_api(self):
        """10,000 requests a day x 30 x (800 x $1 + 200 x $5) / 1e6, and an hour of people."""
        api = evaluate(scenario()).option("api")
        assert api.monthly_usd == pytest.approx(300_000 * 1800 / 1e6 + 100)
        assert api.usd_per_mtok == pytest.approx(api.monthly_usd / 300)

    def test_self_host(self):
        """10,000 / 86,400 requests/s over 5 x 0.5 is one replica, and one spare."""
        own = evaluate(scenario()).option("own")
        assert own.monthly_usd == pytest.approx(2 * 2 * 2 * 720 + 1000)
        assert own.fleet.replicas == 2
        assert own.fleet.gpus == 4
        assert own.fleet.utilisation == pytest.approx(10_000 / 86_400 / 5 / 2)
        assert own.fleet.idle_usd == pytest.approx(5760 * (1 - own.fleet.utilisation))
        assert own.fleet.all_in_multiple == pytest.approx(6760 / 2880)

    @pytest.mark.parametrize("name", ["api", "own"])
    def test_lines_add_up(self, name):
        option = evaluate(scenario()).option(name)
        assert sum(line.usd for line in option.lines) == pytest.approx(option.monthly_usd)

    def test_the_waterfall_ends_at_the_bill(self):
        own = evaluate(scenario()).option("own")
        assert sum(s.usd for s in own.fleet.waterfall) == pytest.approx(own.monthly_usd)

    def test_a_doubled_output_ratio_doubles_the_output_line(self):
        reasoning = API.replace("}}", ", output_token_ratio: 2}}")
        api = evaluate(scenario(options=reasoning)).option("api")
        assert api.monthly_usd == pytest.approx(300_000 * (800 + 2000) / 1e6 + 100)
        assert api.usd_per_mtok == pytest.approx(api.monthly_usd / 300), "the workload's tokens"

    def test_cache_discounts_input_only(self):
        cached = API.replace(
            "}}", ", cached_input_usd_per_mtok: 0.1, cache_write_usd_per_mtok: 2}}"
        )
        work = CHAT + ", cached_input_share: 0.5, cache_write_share: 0.1}"
        api = evaluate(scenario(work, cached)).option("api")
        per_request = 800 * (0.4 * 1 + 0.5 * 0.1 + 0.1 * 2) + 200 * 5
        assert api.monthly_usd == pytest.approx(300_000 * per_request / 1e6 + 100)

    @pytest.mark.parametrize(("stacks", "cached_usd"), [("true", 0.05), ("false", 0.5)])
    def test_batch(self, stacks, cached_usd):
        quote = f", cached_input_usd_per_mtok: 0.1, batch_discount: 0.5, stacks: {stacks}}}}}"
        work = CHAT + ", cached_input_share: 0.5, batch_share: 0.4}"
        api = evaluate(scenario(work, API.replace("}}", quote))).option("api")
        standard = 800 * (0.5 * 1 + 0.5 * 0.1) + 200 * 5
        batch = 800 * (0.5 * 0.5 + 0.5 * cached_usd) + 200 * 2.5
        usd = 300_000 * (0.6 * standard + 0.4 * batch) / 1e6
        assert api.monthly_usd == pytest.approx(usd + 100)

    def test_no_batch_price_is_said(self):
        report = evaluate(scenario(CHAT + ", batch_share: 0.4}"))
        assert "no_batch_price" in codes(report)

    def test_each_shape_is_priced_in_its_own_context_tier(self):
        work = """  - name: chat
    requests_per_day: 1000
    profile: flat
    shapes:
      - {share: 0.9, input_tokens: 50e3, output_tokens: 100}
      - {share: 0.1, input_tokens: 150e3, output_tokens: 100}
"""
        option = "  - {name: api, api: {provider: anthropic, model: claude-haiku-5-5}}\n"
        api = evaluate(scenario(work, option)).option("api")
        below = 50e3 * 0.10 + 100 * 0.50
        above = 150e3 * 0.50 + 100 * 2.50
        usd = 30_000 * (0.9 * below + 0.1 * above) / 1e6
        assert api.monthly_usd == pytest.approx(usd + 100)

    @pytest.mark.parametrize(
        ("contract", "usd"),
        [
            ("{kind: graduated, steps: [{up_to_usd_per_month: 200}, {discount: 0.5}]}", 200 + 170),
            ("{kind: all-units, steps: [{up_to_usd_per_month: 200}, {discount: 0.5}]}", 270),
            ("{kind: graduated, steps: [{up_to_mtok_per_month: 150}, {discount: 0.5}]}", 405),
            ("{kind: commit, usd_per_month: 800, discount: 0.2}", 800),
            ("{kind: commit, usd_per_month: 400, discount: 0.2, overage_discount: 0.5}", 400 + 20),
            ("{kind: provisioned, usd_per_unit_month: 300, tokens_per_s: 100}", 600),
        ],
    )
    def test_contracts(self, contract, usd):
        """List spend is $540 a month for 300 Mtok; the mean rate is 115.7 tokens/s."""
        option = API.replace("}}", f", contract: {contract}}}}}")
        report = evaluate(scenario(options=option))
        api = report.option("api")
        assert api.monthly_usd == pytest.approx(usd + 100)
        assert sum(line.usd for line in api.lines) == pytest.approx(api.monthly_usd)

    def test_time_of_day_prices_are_weighted_by_the_profile(self):
        hours = [1 if 1 <= h % 24 < 4 else 0 for h in range(168)]
        option = "  - {name: api, api: {provider: deepseek, model: deepseek-v4-pro}}\n"
        flat = evaluate(scenario(options=option)).option("api").monthly_usd
        work = CHAT.replace("profile: flat", f"profile: {{hourly: {hours}}}") + "}"
        peak = evaluate(scenario(work, option)).option("api").monthly_usd
        assert peak - 100 > 1.5 * (flat - 100)


class TestVolume:
    def test_the_axis_moves_all_workloads(self):
        work = CHAT + "}\n" + CHAT.replace("chat", "more").replace("10e6", "30e6") + "}"
        report = evaluate(scenario(work, API), tokens_per_day=80e6)
        assert report.tokens_per_day == 80e6
        assert report.option("api").monthly_usd == pytest.approx(80 * 30 * 1.8 + 100)

    def test_or_one_of_them(self):
        work = CHAT + "}\n" + CHAT.replace("chat", "more").replace("10e6", "30e6") + "}"
        report = evaluate(scenario(work, API + OWN), tokens_per_day=50e6, workload="chat")
        assert report.volume_of == "chat"
        assert report.option("api").monthly_usd == pytest.approx(80 * 30 * 1.8 + 100)
        both = evaluate(scenario(work, API + OWN), tokens_per_day=80e6)
        assert report.option("own").monthly_usd == both.option("own").monthly_usd

    @pytest.mark.parametrize("volume", [0, -1, float("nan"), float("inf")])
    def test_nonsense_is_refused(self, volume):
        with pytest.raises(InputError, match="tokens per day"):
            evaluate(scenario(), tokens_per_day=volume)

    def test_an_unknown_workload_is_answered_with_the_nearest(self):
        with pytest.raises(InputError, match="did you mean chat"):
            evaluate(scenario(), workload="chta")

    def test_requests_per_day_say_the_same(self):
        by_requests = CHAT.replace("tokens_per_day: 10e6", "requests_per_day: 10e3") + "}"
        a, b = evaluate(scenario()), evaluate(scenario(by_requests))
        assert a.option("api").monthly_usd == pytest.approx(b.option("api").monthly_usd)

    def test_curves_pass_through_the_evaluated_point(self):
        report = evaluate(scenario())
        at = report.curves.set_index("tokens_per_day").loc[10e6]
        for name in ("api", "own"):
            assert at[name] == pytest.approx(report.option(name).monthly_usd)


class TestEligibility:
    REQUIRING = CHAT + ", requires: [eu]}"

    def test_a_condition_excludes_and_has_a_price(self):
        dear = API.replace("name: api", "name: dear").replace("_mtok: 5", "_mtok: 50")
        options = API + dear.rstrip("}\n") + "}, satisfies: [eu]}\n"
        report = evaluate(scenario(self.REQUIRING, options))
        assert report.option("api").excluded_by == ("does not satisfy eu",)
        assert report.recommendation.option == "dear"
        (price,) = report.conditions
        gap = report.option("dear").monthly_usd - report.option("api").monthly_usd
        assert price.usd_per_month == pytest.approx(gap)

    def test_nothing_stands(self):
        report = evaluate(scenario(self.REQUIRING))
        assert report.recommendation.option is None
        assert report.conditions[0].usd_per_month is None

    def test_the_windows_compare_with_the_cheapest_eligible(self):
        dear = API.replace("name: api", "name: dear").replace("_mtok: 5", "_mtok: 50")
        options = API + dear.rstrip("}\n") + "}, satisfies: [eu]}\n" + OWN + "    satisfies: [eu]\n"
        report = evaluate(scenario(self.REQUIRING, options))
        rows = {row.against: row for row in report.break_even}
        assert rows["cheapest"].winning == rows["dear"].winning
        assert rows["api"].first_tokens_per_day > rows["dear"].first_tokens_per_day

    def test_a_hybrid_needs_both_parts_to_satisfy(self):
        hybrid = "  - {name: both, hybrid: {selfhost: own, api: api}}\n"
        own = OWN + "    satisfies: [eu]\n"
        assert evaluate(scenario(self.REQUIRING, API + own + hybrid)).option("both").excluded_by
        api = API.rstrip("}\n") + "}, satisfies: [eu]}\n"
        assert not evaluate(scenario(self.REQUIRING, api + own + hybrid)).option("both").excluded_by

    def test_accepts(self):
        report = evaluate(scenario(CHAT + ", quality: {accepts: [own]}}"))
        assert report.option("api").excluded_by == ("not accepted for chat",)
        assert report.recommendation.option == "own"

    def test_a_pinned_fleet_that_is_too_small_does_not_stand(self):
        report = evaluate(scenario(options=API + OWN + "      replicas: 2\n"), tokens_per_day=1e9)
        assert "pinned fleet" in report.option("own").excluded_by[0]
        assert "capacity_exceeded" in codes(report)
        row = report.against_cheapest("own")
        assert row.winning.windows[-1][1] == pytest.approx(1 * 5 * 0.5 * 86_400 * 1000)

    def test_a_retired_endpoint_is_excluded(self):
        option = "  - {name: gone, api: {provider: cerebras, model: llama-3.3-70b}}\n"
        report = evaluate(scenario(options=API + option))
        assert "was retired" in report.option("gone").excluded_by[0]
        assert "endpoint_retires" in codes(report)


class TestMix:
    WORK = (
        CHAT
        + ", quality: {accepts: [own]}}\n"
        + CHAT.replace("chat", "hard")
        + ", quality: {accepts: [api]}}"
    )
    MIX = "  - {name: split, mix: {chat: own, hard: api}}\n"

    def test_each_workload_on_its_option(self):
        report = evaluate(scenario(self.WORK, API + OWN + self.MIX))
        split = report.option("split")
        assert report.recommendation.option == "split"
        assert split.monthly_usd == pytest.approx((5760 + 1000) + (540 + 100))
        assert sum(line.usd for line in split.lines) == pytest.approx(split.monthly_usd)

    def test_workloads_share_a_fleet_and_its_people(self):
        work = CHAT + "}\n" + CHAT.replace("chat", "more") + "}"
        one = evaluate(scenario(CHAT.replace("10e6", "20e6") + "}"))
        two = evaluate(scenario(work))
        assert two.option("own").monthly_usd == one.option("own").monthly_usd


class TestReport:
    def test_json_has_the_promised_keys(self):
        hybrid = "  - {name: both, hybrid: {selfhost: own, api: api}}\n"
        data = json.loads(json.dumps(evaluate(scenario(options=API + OWN + hybrid)).to_dict()))
        assert {"scenario", "as_of", "tokens_per_day", "options", "break_even", "recommendation",
                "warnings", "assumptions"} <= set(data)  # fmt: skip
        own = data["options"][1]
        assert {"name", "kind", "monthly_usd", "usd_per_mtok", "excluded_by", "lines", "replicas",
                "gpus", "fit", "throughput", "capacity_tokens_per_day_per_replica", "utilisation",
                "idle_usd", "all_in_multiple"} <= set(own)  # fmt: skip
        assert set(own["lines"][0]) == {"name", "usd", "kind", "source"}
        assert {"option", "reason", "runner_up", "saving_usd_per_month", "evidence"} == set(
            data["recommendation"]
        )
        row = data["break_even"][0]
        assert {"option", "against", "first_tokens_per_day", "always_from_tokens_per_day",
                "windows", "verdict", "margin_of_safety"} <= set(row)  # fmt: skip
        assert {(r["option"], r["against"]) for r in data["break_even"]} == {
            ("own", "api"), ("own", "cheapest"), ("both", "api"), ("both", "cheapest")
        }  # fmt: skip
        assert row["windows"][-1][1] is None
        assert {"path", "value", "unit", "kind", "source", "as_of"} <= set(data["assumptions"][0])

    def test_every_number_has_a_source_and_a_kind(self):
        for row in evaluate(scenario()).assumption_rows:
            assert row.source, row.path
            assert row.kind in ("measured", "anchored", "estimated", "listed", "assumed")

    def test_data_frames(self):
        report = evaluate(scenario())
        assert list(report.bill.columns) == ["option", "name", "usd", "kind", "source"]
        assert report.bill.groupby("option")["usd"].sum()["own"] == pytest.approx(6760)
        assert {"path", "value", "unit"} <= set(report.assumptions.columns)
        assert "own" in report._repr_html_()


class TestWarnings:
    def test_a_quiet_scenario_says_only_what_was_not_checked(self):
        assert codes(evaluate(scenario())) == ["no_fit_check"]

    def test_calendar(self):
        head = HEAD.replace("hours_per_month: 720", "hours_per_month: 730")
        assert "calendar_disagrees" in codes(evaluate(scenario(head=head)))

    def test_profile_left_out(self):
        work = CHAT.replace(", profile: flat", "") + "}"
        assert "profile_unset" in codes(evaluate(scenario(work)))

    def test_thinking_without_a_ratio(self):
        option = "  - {name: r, api: {provider: groq, model: openai/gpt-oss-120b%s}}\n"
        assert "reasoning_tokens_unset" in codes(evaluate(scenario(options=option % "")))
        set_ = option % ", output_token_ratio: 3"
        assert "reasoning_tokens_unset" not in codes(evaluate(scenario(options=set_)))

    def test_a_price_that_is_about_to_change(self):
        option = "  - {name: g, api: {provider: google, model: gemini-4-argon}}\n"
        assert "price_changes" in codes(evaluate(scenario(options=option)))

    def test_rate_limit(self):
        option = API.replace("}}", ", rate_limit_tokens_per_minute: 1000}}")
        assert "rate_limit" in codes(evaluate(scenario(options=option)))

    def test_the_published_naive_break_even(self):
        """forg.pro: $3,650 over $0.45 is 8,111M a month, on a replica that serves 126.1M."""
        head = HEAD.replace("usd_per_hour: 100", "usd_per_hour: 0")
        own = OWN.replace("requests_per_s: 5", f"requests_per_s: {126.1e6 / 30 / 86_400 / 1000}")
        own = own.replace("load_factor: 0.5", "load_factor: 1").replace(
            "spare_replicas: 1", "spare_replicas: 0"
        )
        own = own.replace("usd_per_gpu_hour: 2", f"usd_per_gpu_hour: {3650 / 720 / 2}")
        api = API.replace("_mtok: 5", "_mtok: 0.45").replace("_mtok: 1", "_mtok: 0.45")
        report = evaluate(scenario(CHAT + "}", api + own, head))
        assert report.against_cheapest("own").verdict == "never"
        (warning,) = [w for w in report.warnings if w.code == "naive_break_even"]
        assert "65 replicas" in warning.message

    @pytest.mark.parametrize(
        ("work", "options", "path"),
        [
            (CHAT + ", slo: {ttft_ms: 900, percentile: 95}}", API, "percentile"),
        ],
    )  # fmt: skip
    def test_what_is_not_used_yet_is_named(self, work, options, path):
        report = evaluate(scenario(work, options))
        assert any(w.code == "not_used_yet" and path in w.message for w in report.warnings)

    def test_growth_is_billed_at_the_end_of_the_horizon(self):
        work = CHAT + ", growth_per_month: 0.1}"
        report = evaluate(scenario(work, API + OWN, HEAD + "finance: {horizon_months: 24}\n"))
        assert report.horizon is not None
        assert report.horizon.tokens_per_day == pytest.approx(10e6 * 1.1**23)
        later = evaluate(scenario(CHAT + "}", API + OWN), tokens_per_day=10e6 * 1.1**23)
        for name, usd in report.horizon.monthly_usd.items():
            assert usd == pytest.approx(later.option(name).monthly_usd)
        assert report.horizon.cheapest == later.recommendation.option
        (said,) = [w.message for w in report.warnings if w.code in ("growth", "growth_flips")]
        assert "tokens a day in month 24;" in said
        assert "There, at today's prices, a month costs: " in said

    def test_no_eligible_api_leaves_no_cheapest_to_compare_with(self):
        work = CHAT + ", requires: [eu]}"
        own = OWN.replace("name: own,", "name: own, satisfies: [eu],")
        report = evaluate(scenario(work, API + own))
        assert report.against_cheapest("own") is None
        assert [row.against for row in report.break_even] == ["api"]


class TestErrors:
    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ("  - {name: a, api: {provider: opnai, model: x}}\n", "did you mean openai"),
            ("  - {name: a, api: {provider: groq, model: llama-3.3}}\n", "llama-3.3-70b-versatile"),
            (
                OWN.replace("gpus_per_replica: 2\n", "gpu: h100sxm\n      gpus_per_replica: 1\n"),
                "h100-sxm",
            ),
        ],
    )
    def test_unknown_ids_name_their_place_and_the_nearest(self, options, said):
        with pytest.raises(InputError) as error:
            evaluate(scenario(options=options))
        (problem,) = error.value.problems
        assert said in problem.message
        assert problem.path.startswith("options.")
        assert problem.line

    def test_several_at_once(self):
        options = "".join(
            f"  - {{name: o{i}, api: {{provider: nobody, model: x}}}}\n" for i in (1, 2)
        )
        with pytest.raises(InputError) as error:
            evaluate(scenario(options=options))
        assert len(error.value.problems) == 2

    def test_a_text_from_outside_may_not_name_files(self):
        with pytest.raises(InputError, match="opened from disk"):
            scenario(CHAT.replace("profile: flat", "profile: {usage: /etc/passwd}") + "}")


class TestReviewed:
    """Cases that were once wrong, each by a hand-made figure."""

    HYBRID = "  - {name: both, hybrid: {selfhost: own, api: api}}\n"

    def test_a_hybrid_over_a_free_api_never_pays_for_gpus(self):
        free = API.replace("_mtok: 5", "_mtok: 0").replace("_mtok: 1", "_mtok: 0")
        report = evaluate(scenario(options=free + OWN + self.HYBRID))
        assert report.option("both").fleet.replicas == 0
        assert report.against_cheapest("both").verdict == "never"

    def test_a_mix_whose_fleet_does_not_move_with_the_axis(self):
        work = CHAT + "}\n" + CHAT.replace("chat", "more") + "}"
        mix = "  - {name: split, mix: {chat: own, more: api}}\n"
        report = evaluate(scenario(work, API + OWN + mix), workload="more")
        assert report.against_cheapest("split").verdict in ("never", "always", "from")

    def test_steps_in_tokens_are_the_same_whatever_axis_is_moved(self):
        steps = "steps: [{up_to_mtok_per_month: 3000}, {discount: 0.5}]"
        api = "  - {name: api, api: {input_usd_per_mtok: 1, output_usd_per_mtok: 10, "
        api += f"contract: {{kind: graduated, {steps}}}}}}}\n"
        work = (
            "  - {name: a, tokens_per_day: 1e8, input_tokens: 0, output_tokens: 9, profile: flat}\n"
            "  - {name: b, tokens_per_day: 1e8, input_tokens: 9, output_tokens: 0, profile: flat}"
        )
        bills = {
            axis: evaluate(scenario(work, api), workload=axis).option("api").monthly_usd
            for axis in (None, "a", "b")
        }
        assert bills == {axis: pytest.approx(24_750 + 100) for axis in (None, "a", "b")}

    def test_steps_in_tokens_count_what_the_provider_bills(self):
        option = API.replace("_mtok: 5", "_mtok: 1").replace(
            "}}",
            ", input_token_ratio: 2, output_token_ratio: 2, contract: {kind: graduated, "
            "steps: [{up_to_mtok_per_month: 300}, {discount: 0.5}]}}}",
        )
        assert evaluate(scenario(options=option)).option("api").monthly_usd == pytest.approx(
            300 + 150 + 100
        )

    def test_a_pinned_hybrid_pays_whole_nodes(self):
        own = OWN.replace("gpus_per_replica: 2", "gpus_per_replica: 4\n      node_gpus: 8")
        hybrid = "  - {name: both, hybrid: {selfhost: own, api: api, replicas: 1}}\n"
        both = evaluate(scenario(options=API + own + hybrid)).option("both")
        assert both.fleet.gpus == 8
        gpus = [line.usd for line in both.lines if "GPUs" in line.name]
        assert gpus == [pytest.approx(8 * 2 * 720)]

    def test_a_hybrid_over_provisioned_units_has_no_bill(self):
        unit = "contract: {kind: provisioned, usd_per_unit_month: 100, tokens_per_s: 1e6}"
        report = evaluate(scenario(options=API.replace("}}", f", {unit}}}}}") + OWN + self.HYBRID))
        assert report.option("both").monthly_usd is None
        assert "no_bill" in codes(report)

    def test_pinning_one_replica_needs_no_spare(self):
        own = OWN.replace("      spare_replicas: 1\n", "      replicas: 1\n")
        assert not evaluate(scenario(options=API + own)).option("own").excluded_by
        with pytest.raises(InputError, match="must exceed spare_replicas"):
            scenario(options=OWN + "      replicas: 1\n")

    def test_the_multiple_leaves_out_what_the_spare_really_costs(self):
        """One reserved replica at $1 serves, the spare is on demand at $5."""
        own = OWN.replace(
            "[{terms: on-demand, usd_per_gpu_hour: 2}]",
            "[{terms: reserved, replicas: 1, usd_per_gpu_hour: 1}, "
            "{terms: on-demand, usd_per_gpu_hour: 5}]",
        )
        fleet = evaluate(scenario(options=API + own)).option("own").fleet
        assert fleet.all_in_multiple == pytest.approx((2 * 720 * 6 + 1000) / (2 * 720))

    def test_a_hybrid_of_any_size_under_a_contract_answers(self):
        contract = (
            "contract: {kind: all-units, steps: [{up_to_usd_per_month: 10e3}, {discount: 0.2}]}"
        )
        options = API.replace("}}", f", {contract}}}}}") + OWN + self.HYBRID
        report = evaluate(scenario(options=options), tokens_per_day=1e12)
        both, api = report.option("both").monthly_usd, report.option("api").monthly_usd
        assert both <= api + 1e-6

    @pytest.mark.parametrize(
        ("work", "options", "said"),
        [
            (CHAT.replace("chat", "all") + "}", API, "has a meaning of its own"),
            (CHAT + "}", API.replace("name: api", "name: cheapest"), "has a meaning of its own"),
            (CHAT + ", max_context: 500}", API, "is below a request"),
            (CHAT + "}", OWN + "      prefix_cache_share: 0.5\n", "is at most"),
            (CHAT + "}", "  - {name: a, api: {provider: groq, model: x, batch_discount: .5}}\n",
             "belongs to a quote"),
            (CHAT + "}",
             API.replace("}}", ", contract: {kind: commit, usd_per_month: 9, steps: []}}}"),
             "means nothing in a contract of kind commit"),
            (CHAT + "}", OWN.replace("hour: 2}", "hour: 2, pue: 1.2}"), "belongs to an owned"),
        ],
    )  # fmt: skip
    def test_what_would_be_ignored_is_refused(self, work, options, said):
        with pytest.raises(InputError, match=said):
            scenario(work, options)

    def test_a_workload_may_be_called_what_it_likes(self):
        work = CHAT.replace("chat", "bench") + "}\n" + CHAT.replace("chat", "source") + "}"
        own = OWN.replace(
            "{requests_per_s: 5}", "{bench: {requests_per_s: 5}, source: {requests_per_s: 5}}"
        )
        assert evaluate(scenario(work, API + own)).option("own").monthly_usd

    def test_a_context_beyond_the_window_is_excluded(self):
        work = CHAT + ", max_context: 200000}"
        option = "  - {name: g, api: {provider: groq, model: openai/gpt-oss-120b}}\n"
        assert "context window" in evaluate(scenario(work, option)).option("g").excluded_by[0]

    def test_an_open_prefix_cache_is_said_with_its_amounts(self):
        work = CHAT.replace("10e6", "5e9") + ", cached_input_share: 0.5}"
        own = """  - name: own
    selfhost: {model: llama-3.3-70b, format: fp8, gpu: h200,
               offers: [{terms: on-demand, usd_per_gpu_hour: 3}]}
"""
        report = evaluate(scenario(work, API + own))
        assert {"prefix_cache_open", "prefix_cache_flips"} & set(codes(report))
        stated = own.replace("gpu: h200", "gpu: h200, prefix_cache_share: 0.5")
        better = evaluate(scenario(work, API + stated))
        assert better.option("own").monthly_usd <= report.option("own").monthly_usd
        assert not {"prefix_cache_open", "prefix_cache_flips"} & set(codes(better))

    def test_prices_from_another_time_are_said(self):
        head = HEAD.replace("2026-11-23", "2020-01-01")
        option = "  - {name: g, api: {provider: groq, model: llama-3.3-70b-versatile}}\n"
        assert "prices_newer" in codes(evaluate(scenario(options=option, head=head)))

    def test_an_unlisted_cache_price_is_assumed(self):
        work = CHAT + ", cached_input_share: 0.5}"
        lines = {line.name: line for line in evaluate(scenario(work)).option("api").lines}
        assert lines["cached input"].kind == "assumed"


def test_a_frozen_scenario_carries_fit_architecture_and_throughput():
    own = """  - name: own
    selfhost: {model: llama-3.3-70b, format: fp8, gpu: h200,
               offers: [{terms: on-demand, usd_per_gpu_hour: 3}]}
"""
    fleet = evaluate(scenario(options=API + own)).frozen["resolved"]["options"]["own"]["fleet"]
    assert fleet["fit"]["verdict"] == "fits"
    assert fleet["architecture"]["parameters"] == 70_553_706_496
    assert fleet["capacity"]["chat"]["requests_per_s"]["value"] > 0


def test_a_report_carries_what_it_was_worked_out_from():
    asked = scenario(options=API + OWN)
    report = evaluate(asked, tokens_per_day=2 * asked.tokens_per_day)
    assert report.inputs.tokens_per_day == pytest.approx(report.tokens_per_day)
    assert report.inputs.overheads.usd_per_hour == report.facts.overheads.usd_per_hour
    for option in report.options:
        usd = report.bills[option.name].usd(report.tokens_per_day)
        assert usd == pytest.approx(option.monthly_usd)
    again = pickle.loads(pickle.dumps(report))
    assert again.to_dict() == report.to_dict()
    assert again.frozen == report.frozen

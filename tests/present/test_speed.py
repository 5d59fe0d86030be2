"""The charts and words of a replica's speed: the same numbers as the answer, in every place."""

import dataclasses

import numpy as np
import pytest

from costmodel import figure, read_benchmark, throughput, throughput_curve
from costmodel.book.measured import COLUMNS, Measurement
from costmodel.present.words import speed as words
from costmodel.present.words.kernels import stops_paying
from costmodel.present.words.speed_files import own_rows
from costmodel.quantity.words import about, short, tokens_per_s, usd
from costmodel.sizing.kernels import KernelComparison, compare_kernels

MODEL = "llama-3.3-70b"
SETUP = {"gpu": "h100-sxm", "format": "fp8", "tp": 4}
SHAPE = {"input_tokens": 1024.0, "output_tokens": 1024.0}


def asked(**more):
    return words.Asked(MODEL, **{**SETUP, **SHAPE, **more})


def answer(**more):
    return throughput(MODEL, **{**SETUP, **SHAPE, **more})


def curve(**more):
    return throughput_curve(MODEL, **{**SETUP, **SHAPE, **more})


@pytest.fixture(scope="module")
def compared():
    return compare_kernels(MODEL, **SETUP, **SHAPE, ttft_ms=2000, tpot_ms=30)


def texts(chart):
    return " ".join(each.text for each in chart.layout.annotations)


class TestWords:
    def test_headline_names_amount_interval_and_provenance(self):
        found = answer(tpot_ms=30)
        line = words.headline(asked(tpot_ms=30), found, curve(tpot_ms=30))
        assert line.facts == (
            "llama-3.3-70b in fp8 on 4 × h100-sxm, 1,024 tokens in and 1,024 out."
        )
        assert tokens_per_s(found.output_tokens_per_s) in line.advice
        assert f"({short(found.low)} to {short(found.high)}, anchored)" in line.advice
        assert f"TPOT 30 ms allows no more of the {curve().max_concurrency:,.0f}" in line.reason

    def test_a_measurement_in_flight_need_not_be_a_peak(self):
        found = answer(concurrency=64)
        assert found.provenance == "measured"
        reason = words.headline(asked(concurrency=64), found, curve()).reason
        assert "Measured with 64 requests in flight: not the most this replica serves." in reason

    def test_what_cannot_be_met_serves_nothing(self):
        found = answer(tpot_ms=1)
        line = words.headline(asked(tpot_ms=1), found, curve(tpot_ms=1))
        assert "cannot meet TPOT 1 ms" in line.advice
        assert [card.figure for card in words.cards(asked(tpot_ms=1), found)] == ["None"] * 2
        assert words.cost_card(asked(tpot_ms=1), found, 2.5).figure == "None"

    def test_cost_is_gpu_dollars_over_all_tokens(self):
        found = answer(tpot_ms=30)
        per_hour = 4 * 2.5
        tokens = found.requests_per_s * 3600 * 2048
        expected = usd(per_hour / tokens * 1e6)
        assert words.cost_card(asked(), found, 2.5).figure == expected

    def test_no_price_is_no_number(self):
        assert words.cost_card(asked(), answer(tpot_ms=30), None).figure == "–"

    def test_evidence_of_speed_comes_first(self):
        rows = words.evidence(answer(tpot_ms=30))
        assert rows[0].name == "GEMM kernel"
        assert {"Memory bandwidth of a card", "Bits a weight"} <= {row.name for row in rows}
        assert all(row.source for row in rows)


class TestLatencyChart:
    def test_solid_part_meets_both_latencies_and_ends_at_the_answer(self):
        found, drawn = answer(tpot_ms=30), curve(tpot_ms=30)
        chart = figure(drawn, "latency", asked=asked(tpot_ms=30), answer=found)
        solid = chart.data[3]
        assert max(solid.x) <= 30
        assert (solid.x[-1], solid.y[-1]) == (found.tpot_ms, found.output_tokens_per_s)
        assert len(solid.x) == drawn.within_slo.sum() + 1
        assert f"<b>{tokens_per_s(found.output_tokens_per_s)}</b>, 141 in flight" in texts(chart)

    def test_an_offline_maximum_is_no_point_of_the_curve(self):
        drawn = curve()
        elsewhere = dataclasses.replace(answer(tpot_ms=30), output_tokens_per_s=9_999.0)
        chart = figure(drawn, "latency", asked=asked(), answer=elsewhere)
        assert len(chart.data[3].x) == len(drawn.concurrency)
        assert list(chart.data[-1].y) == [9_999.0]

    def test_band_is_the_interval(self):
        drawn = curve()
        chart = figure(drawn, asked=asked())
        np.testing.assert_array_equal(chart.data[0].y, drawn.low)
        np.testing.assert_array_equal(chart.data[1].y, drawn.high)

    def test_published_points_carry_their_source(self):
        drawn = curve()
        points = figure(drawn, asked=asked()).data[6]
        assert list(points.y) == [p.output_tokens_per_s for p in drawn.measured]
        assert all("aiconfigurator silicon_sample" in text for text in points.text)

    @pytest.mark.parametrize(
        ("limits", "said"),
        [
            ({"tpot_ms": 1000}, "all of it meets TPOT 1 s"),
            ({"tpot_ms": 0.5}, "none of it meets"),
            ({"ttft_ms": 300}, "TTFT reaches 300 ms"),
            ({}, ""),
        ],
    )
    def test_the_promise_in_words(self, limits, said):
        chart = figure(curve(**limits), asked=asked(**limits))
        assert said in texts(chart)
        assert bool(chart.layout.shapes) == bool(limits)

    def test_ttft_edge_lies_between_the_last_that_meets_and_the_first_that_does_not(self):
        drawn = curve(ttft_ms=300)
        edge = figure(drawn, asked=asked(ttft_ms=300)).layout.shapes[1].x0
        meets = np.flatnonzero(drawn.within_slo)
        assert drawn.tpot_ms[meets[-1]] <= edge <= drawn.tpot_ms[meets[-1] + 1]


class TestKernels:
    def test_plain_awq_is_slower_throughout_and_says_how_wide_that_is_known(self, compared):
        plain = compared.option("awq-int4", "awq")
        assert plain.stops_paying == 0
        assert np.all(plain.gemm_speedup < 1)
        assert "awq-int4 · awq is slower than bf16 throughout" in stops_paying(compared)

    def test_where_it_stops_paying_has_an_interval(self, compared):
        marlin = compared.option("awq-int4", "marlin")
        low, high = marlin.stops_between
        assert low < marlin.stops_paying
        assert high is None or high > marlin.stops_paying
        ends = f"({about(low)} to "
        assert ends in stops_paying(compared)

    def test_what_does_not_fit_keeps_its_matrices_and_says_why(self):
        found = compare_kernels(MODEL, gpu="h100-sxm", **SHAPE)
        sixteen = found.options[0]
        assert sixteen.served is None
        assert "it needs tp=2" in sixteen.refused
        assert len(sixteen.gemm_speedup) == len(sixteen.tokens)
        assert "bf16" not in texts(figure(found, "served"))
        assert set(found.frame["format"]) == {"fp8", "awq-int4"}

    def test_charts_go_by_name(self, compared):
        assert "stops paying at about" in texts(figure(compared, "gemm"))
        assert "bf16" in texts(figure(compared, "served"))
        cost = figure(compared, "cost", asked=asked(), usd_per_gpu_hour=2.5)
        served = compared.options[1].served
        expected = 2.5 * 4 / (served.output_tokens_per_s * 2 * 3600) * 1e6
        np.testing.assert_allclose(cost.data[3].y, expected)

    def test_nothing_served_still_draws(self, compared):
        none = KernelComparison(
            tuple(dataclasses.replace(o, served=None, refused="no") for o in compared.options)
        )
        assert not figure(none, "served").data
        assert not figure(none, "cost", asked=asked(), usd_per_gpu_hour=2.5).data
        assert none.frame.empty


class TestOwnFiles:
    def row(self, **stated):
        silent = ("source", "source_date", "kernel", "kv_dtype", "engine", "engine_version",
                  "notes", "licence")  # fmt: skip
        columns = {
            **dict.fromkeys(COLUMNS), **dict.fromkeys(silent, ""), "source_url": "run.json",
            "model": "llama-3.1-70b",
            "format": "fp8", "gpu": "h100-sxm", "tp": 4, "input_tokens": 1000.0,
            "output_tokens": 1024.0, "concurrency": 32, "metric": "fixed-concurrency",
            "output_tokens_per_s": 1800.0, "tpot_ms": 17.0,
        }  # fmt: skip
        return Measurement(**{**columns, **stated})

    def one(self, **stated):
        (found,) = own_rows([self.row(**stated)], asked(), curve())
        return found

    def test_the_same_question_gets_its_estimate(self):
        found = self.one()
        at = curve(concurrencies=[32]).output_tokens_per_s[0]
        assert found.apart == ""
        assert found.estimate == pytest.approx(at, rel=0.02)
        assert found.point.output_tokens_per_s == 1800

    @pytest.mark.parametrize(
        ("stated", "said"),
        [
            ({"gpu": ""}, "GPU not stated"),
            ({"gpu": "h200"}, "GPU h200, not h100-sxm"),
            ({"tp": None, "gpus": 1}, "TP 1, not 4"),
            ({"format": ""}, "format not stated"),
            ({"model": "qwen3-8b"}, "model qwen3-8b, not llama-3.3-70b"),
            ({"input_tokens": 2000.0}, "2k tokens in, 1.02k out"),
            ({"output_tokens": None}, "tokens a request not stated"),
            ({"metric": "static-batch"}, "static-batch, not a number in flight"),
            ({"concurrency": None}, "requests in flight not stated"),
        ],
    )
    def test_another_question_says_which(self, stated, said):
        found = self.one(**stated)
        assert (found.apart, found.estimate) == (said, None)

    def test_beyond_what_memory_holds_there_is_no_estimate(self):
        assert self.one(concurrency=5000).estimate is None

    def test_another_kernel_is_another_question(self):
        rows = [self.row(format="awq-int4", kernel="awq")]
        (found,) = own_rows(rows, asked(format="awq-int4", kernel="marlin"), None)
        assert found.apart == "kernel awq, not marlin"

    def test_files_of_tools_are_understood(self, tmp_path):
        run = (
            '{"elapsed_time": 2, "num_requests": 4, "total_num_tokens": 800, '
            '"requests_per_second": 2, "tokens_per_second": 400}'
        )
        (tmp_path / "run.json").write_text(run)
        rows = read_benchmark(tmp_path / "run.json").measurements
        assert own_rows(rows, asked(), None)[0].apart == "model not stated"

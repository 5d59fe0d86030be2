"""The quality book: the figures it must show, what stays out, and what it says against a floor."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.book import load_book
from costmodel.errors import InputError, UnknownIdError
from costmodel.quality.plan import flips, gate_plan
from costmodel.quality.published import (
    FAMILIES,
    UNCLEAN,
    cell,
    cell_words,
    evidence,
    family,
    percentile,
    rows,
    size_class,
)


class TestTable:
    def test_every_row_is_sourced_dated_and_consistent(self):
        assert len(rows()) == 3528
        for row in rows():
            assert row.source
            assert row.ref
            assert row.read == "2026-11-23"
            assert row.retention >= 0
            if (
                row.baseline
                and row.score is not None
                and row.task not in ("perplexity", "embeddings")
            ):
                assert row.retention == pytest.approx(row.score / row.baseline, abs=0.011), row

    def test_tasks_are_families_or_no_task_at_all(self):
        others = {row.task for row in rows()} - set(FAMILIES)
        assert others == {"average", "perplexity"}

    def test_flagged_rows_stay_in_the_table(self):
        marks = Counter(mark for row in rows() for mark in UNCLEAN if mark in row.flag)
        assert marks["suspicious"] > 20
        assert marks["low-baseline"] > 20

    def test_formats_of_the_product_are_spelled_as_the_book_spells_them(self):
        known = set(load_book().formats)
        used = {row.format for row in rows()}
        assert {"fp8", "int8-w8a8", "awq-int4", "gptq-int4", "nvfp4", "gguf-q4_k_m"} <= used & known


@pytest.mark.parametrize(
    ("format_", "task", "median", "worst", "n"),
    [
        # first pass of the research, where the second added nothing
        ("awq-int4", "long-context", 0.980, 0.833, 31),
        ("bnb-nf4", "long-context", 1.000, 0.03, 30),
        ("gptq-int4", "long-context", 0.989, 0.76, 44),
        ("nvfp4", "summarization", 0.993, 0.990, 15),
        ("nvfp4", "tool-use", 0.983, 0.850, 25),
        ("fp8", "tool-use", 1.000, 0.933, 17),
    ],
)
def test_figures_of_the_research(format_, task, median, worst, n):
    found = cell(format_, task)
    assert found.n == pytest.approx(n, abs=1)
    assert found.median == pytest.approx(median, abs=0.0015)
    assert found.worst == pytest.approx(worst, abs=0.003)


def test_the_tail_shows_what_the_median_hides():
    hard = {"math", "code", "reasoning", "long-context", "multilingual"}
    int4 = {"gptq-int4", "awq-int4", "bnb-nf4", "rtn-int4", "nvfp4", "mxfp4"}

    def tenth(tasks):
        kept = [r.retention for r in rows() if r.format in int4 and r.task in tasks and r.is_clean]
        return float(np.median(kept)), percentile(sorted(kept), 0.1)

    hard_median, hard_tenth = tenth(hard)
    easy_median, easy_tenth = tenth({"knowledge", "commonsense"})
    assert hard_tenth < 0.91 < easy_tenth
    assert abs(hard_median - easy_median) < 0.01


class TestStanding:
    def test_no_data_is_said(self):
        assert cell("awq-int4", "rag").standing(0.9) == "no data"
        assert cell_words(cell("gptq-int4", "rag")) == "gptq-int4 on rag: no data"

    def test_one_or_two_rows_decide_nothing(self):
        one = cell("gguf-q4_k_m", "extraction")
        assert (one.n, one.p10) == (1, None)
        assert one.standing(0.98) == "not established"
        assert one.standing(0.5) == "not established"

    def test_rows_that_exist_by_rule_make_nothing_likely(self):
        found = cell("nvfp4", "summarization")
        assert found.by_rule == found.n
        assert found.p10 is not None
        assert found.p10 > 0.985
        assert found.standing(0.98) == "not established"

    @pytest.mark.parametrize(
        ("format_", "task", "floor", "standing"),
        [
            ("fp8", "knowledge", 0.98, "likely"),
            ("fp8", "math", 0.98, "not established"),
            ("fp8", "math", 0.95, "likely"),
            ("awq-int4", "long-context", 0.99, "unlikely"),
        ],
    )
    def test_against_a_floor(self, format_, task, floor, standing):
        assert cell(format_, task).standing(floor) == standing

    @given(st.sampled_from(["fp8", "awq-int4", "gptq-int4", "nvfp4", "gguf-q4_k_m"]),
           st.sampled_from(sorted(FAMILIES)), st.floats(0.5, 1), st.floats(0.5, 1))  # fmt: skip
    def test_a_lower_floor_is_never_harder(self, format_, task, one, other):
        order = ("likely", "not established", "unlikely")
        low, high = (cell(format_, task).standing(floor) for floor in sorted((one, other)))
        if low != "no data":
            assert order.index(low) <= order.index(high)

    def test_reference(self):
        assert evidence("bf16", "code", 1.0).standing == "reference"
        assert evidence("fp16", "code", 1.0, kv_dtype="bf16").standing == "reference"
        assert evidence("mxfp4", "code", 1.0, released_in="mxfp4").standing == "reference"
        assert evidence("fp8", "code", 1.0, released_in="fp8-block").standing == "reference"

    def test_a_smaller_cache_is_a_question_of_its_own(self):
        found = evidence("awq-int4", "math", 0.9, kv_dtype="int4")
        assert [(c.format, c.kv_dtype) for c in found.cells] == [("awq-int4", ""), ("bf16", "int4")]
        alone = evidence("bf16", "math", 0.97, kv_dtype="int4")
        assert alone.standing == "unlikely"
        together = evidence("fp8", "instruction-following", 0.5, kv_dtype="fp8")
        assert all(c.format == "fp8" for c in together.cells[:1])


def test_size_classes():
    assert [size_class(x) for x in (0.5, 5, 10.9, 11, 44, 45, 700)] == [
        "below 5B", "5B to 11B", "5B to 11B", "11B to 45B", "11B to 45B", "45B and above",
        "45B and above",
    ]  # fmt: skip
    large = cell("gptq-int4", "commonsense", params_b=70)
    assert large.size == "45B and above"
    few = cell("gguf-q4_k_m", "classification", params_b=70)
    assert few.size is None


def test_families():
    assert family("Tool-Calling") == "tool-use"
    with pytest.raises(UnknownIdError, match="unknown task family 'reasonin'; did you mean reason"):
        family("reasonin")


class TestFlips:
    def test_flips_and_counts_agree(self):
        for row in flips():
            if row.lost is not None and row.gained is not None and row.items:
                assert (row.lost + row.gained) / row.items == pytest.approx(row.flips, abs=2e-3)

    @pytest.mark.parametrize(
        ("format_", "share"),
        [("gguf-q8_0", 0.005), ("gguf-q6_k", 0.034), ("gguf-q5_k_m", 0.059),
         ("gguf-q4_k_m", 0.081), ("gptq-int4", 0.103), ("awq-int4", 0.113)],
    )  # fmt: skip
    def test_medians_of_the_research(self, format_, share):
        assert gate_plan(format_).flips == pytest.approx(share, abs=0.001)

    def test_small_models_flip_more(self):
        small, large = (gate_plan("q4_k_m", params_b=b) for b in (1.5, 12))
        assert small.flips > 0.15 > large.flips
        assert small.items > large.items

    def test_unpublished(self):
        with pytest.raises(InputError, match="no flips are published for fp8"):
            gate_plan("fp8")

"""The map of formats and tasks: what is coloured, hatched and framed, and the words beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from costmodel import InputError, figure, gate_in_order, load_scenario, portfolio
from costmodel.present.charts.quality import (
    TASKS,
    colour_of,
    quality_cells,
    quality_figure,
)
from costmodel.present.charts.theme import PAPER
from costmodel.present.words import gate
from costmodel.present.words import portfolio as joint
from costmodel.present.words.quality import method_markdown, method_table
from costmodel.quality.published import FORMATS, cell

SCENARIOS = Path(__file__).parents[2] / "scenarios"


class TestMap:
    chart = quality_figure(floor=0.98)

    def test_every_cell_is_either_known_or_hatched(self):
        known, hatched = self.chart.data
        cells = [each for row in quality_cells() for each in row]
        assert len(known.x) == sum(each.n > 0 for each in cells)
        assert len(hatched.x) == sum(each.n == 0 for each in cells)
        assert len(known.x) + len(hatched.x) == len(FORMATS) * len(TASKS)
        assert hatched.marker.pattern.shape == "/"

    def test_numbers_are_medians_with_n(self):
        found = cell("fp8", "knowledge")
        texts = {(a.x, a.y): a.text for a in self.chart.layout.annotations}
        assert f"<b>{100 * found.median:.1f}</b>" in texts[TASKS.index("knowledge"), 0]
        assert f">{found.n}<" in texts[TASKS.index("knowledge"), 0]

    def test_colour_is_the_tenth_percentile_and_white_without_one(self):
        assert colour_of(cell("awq-int4", "extraction")) == PAPER
        assert colour_of(cell("fp8", "knowledge")) != colour_of(cell("bnb-nf4", "long-context"))

    def test_frames_are_the_likely_cells(self):
        likely = sum(c.standing(0.98) == "likely" for row in quality_cells() for c in row)
        assert len(self.chart.layout.shapes) == likely
        assert len(quality_figure(floor=0.5).layout.shapes) > likely

    def test_text_is_inert(self):
        assert not any("<b>" in text for text in self.chart.data[0].hovertext)


class TestPortfolioCharts:
    found = portfolio(load_scenario(SCENARIOS / "precision-per-task.yaml"))

    def test_levers(self):
        (bars,) = figure(self.found).data
        assert list(bars.y) == ["today", "caching and batch", "a smaller model",
                                "own quantised weights"]  # fmt: skip
        assert list(bars.x) == sorted(bars.x, reverse=True)

    def test_by_name(self):
        assert figure(self.found, "quality", floor=0.9).layout.shapes
        with pytest.raises(InputError, match="did you mean levers"):
            figure(self.found, "lever")

    def test_headline(self):
        line = joint.headline(self.found)
        assert "for every task costs" in line.facts
        assert line.advice.startswith("Deciding per task saves $")


class TestWords:
    def test_method_table(self):
        by_name = {row[0]: row for row in method_table().texts()}
        (_, bits, *_, likely, _), (*_, none, unlikely) = by_name["FP8"], by_name["AWQ 4-bit"]
        assert bits == "8"
        assert "knowledge" in likely
        assert none == "–"
        assert "long-context" in unlikely

    def test_markdown_has_a_line_per_method(self):
        lines = [line for line in method_markdown().splitlines() if line.startswith("|")]
        assert len(lines) == len(FORMATS) + 2
        assert len({line.count("|") for line in lines}) == 1

    def test_plan(self):
        rows = {row[0]: row for row in gate.plan(gate.plans(None, 0.02)).texts()}
        assert "FP8" not in rows
        assert rows["GGUF Q8_0"][2] == "133"

    def test_a_task_shows_its_option_and_what_is_cheaper_without_evidence(self):
        table = joint.assignment(TestPortfolioCharts.found)
        rows = [(row.cells[0], row.cells[1], row.kind) for row in table.rows]
        assert rows[:2] == [("intent", "8B at 4 bit, h100-sxm", ""), ("intent", "8B host", "muted")]
        assert table.texts()[1][-1] == "not recommended: not accepted"

    def test_a_sequence_says_what_was_not_tested(self):
        evals = Path(__file__).parents[1] / "data" / "evals" / "promptfoo.json"
        base, other = (f"{evals}#{name}" for name in ("bf16", "awq-int4"))
        said = gate.in_order(gate_in_order(base, [other, other]))
        assert said.headline.advice == "None passes."
        assert "Not tested" in said.headline.reason
        assert said.tables["results"].texts()[0][1:2] == ["Verdict"]

"""The charts of a memory fit: the bar adds up to the card, the map holds what is asked."""

import pytest

from costmodel import figure, fit, fit_map
from costmodel.errors import InputError
from costmodel.present.charts.memory import map_contexts, segments
from costmodel.quantity.units import GIB

WEIGHTS = {"gpu": "h100-sxm", "format": "awq-int4"}


def answer(concurrency=8, **options):
    return fit("llama-3.3-70b", context=8192, concurrency=concurrency, **{**WEIGHTS, **options})


def test_parts_and_what_is_not_usable_add_up_to_the_card():
    found = answer()
    drawn = segments(found)
    assert [each.name for each in drawn] == ["Weights", "Overhead", "KV in use", "KV free"]
    total = sum(each.size for each in drawn) + found.per_gpu.unusable_bytes / GIB
    assert total == pytest.approx(found.usable_bytes_per_gpu / GIB)


def test_a_cache_that_finds_no_room_is_drawn_beyond_the_share():
    short = segments(answer(16))[-1]
    assert (short.name, short.short) == ("KV short", True)
    assert short.size == pytest.approx(40 - 31.97, abs=0.02)


def test_charts_of_a_fit_go_by_name_and_the_bar_comes_first():
    found = answer()
    texts = " ".join(each.text for each in figure(found).layout.annotations)
    assert "<b>37.1 GiB</b>" in texts
    assert "the card, 79.6 GiB" in texts
    with pytest.raises(InputError, match="memory, fit_map"):
        figure(found, "pie")


@pytest.mark.parametrize("options", [{}, {"format": "bf16"}, {"kv_dtype": "fp8", "tp": 16}])
def test_the_map_marks_what_is_asked(options):
    found = answer(**options)
    contexts = map_contexts(found, 131_072)
    assert (contexts[0], contexts[-1]) == (512, 131_072)
    table = fit_map("llama-3.3-70b", contexts, [8], **{**WEIGHTS, **options})
    chart = figure(found, "fit_map", found=table)
    assert (list(chart.data[-1].x), list(chart.data[-1].y)) == ([8192], [8])
    assert chart.layout.yaxis.range[1] > 0.9

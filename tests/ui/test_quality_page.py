"""The page *Quality* without a browser: the portfolio, the map, the plan, the address."""

import re

from tests.ui.pages import headline, html, opened_page


def opened(**address):
    return opened_page("quality", 60, **address)


def test_a_new_visitor_sees_a_precision_per_task_and_its_saving():
    app = opened()
    assert not app.exception
    assert re.search(r"Deciding per task saves \$[\d.]+k a month", headline(app))
    assert "Before you rely on it" in html(app)
    assert "Calibration data like your traffic" in html(app)
    assert "not recommended" in html(app)
    assert len(app.get("plotly_chart")) == 2


def test_the_scenario_comes_from_the_address():
    app = opened(scenario="classifier-extraction-reasoning")
    assert not app.exception
    assert "8-bit fleet for every task" in headline(app)
    assert "misses a condition of some task" in html(app)


def test_a_scenario_without_quality_or_own_gpus_still_opens():
    for name in ("contracts", "api-plainly-wins", "support-assistant"):
        app = opened(scenario=name)
        assert not app.exception, name
        assert headline(app)


def test_the_plan_says_how_many_items_a_gate_needs():
    app = opened()
    assert "Items a gate needs" in html(app)
    assert "GGUF Q4_K_M" in html(app)
    before = html(app)
    app.number_input(key="margin").set_value(3.0).run()
    assert html(app) != before


def test_the_floor_and_the_size_stand_in_the_address():
    app = opened(floor="95", size="45B and above")
    assert not app.exception
    assert "nine in ten keep 95 %" in html(app)


def test_the_method_table_can_be_pasted():
    app = opened()
    (table,) = [code.value for code in app.get("code")]
    assert table.startswith("| Method | Bits | Median kept")
    assert "| AWQ 4-bit | 4.16 |" in table

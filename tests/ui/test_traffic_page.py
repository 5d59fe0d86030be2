"""The page *Traffic* without a browser: the sentence, both sizings, the charts, the address."""

import re

import pytest

from tests import ready
from tests.ui.pages import headline, html, opened_page

CHARTS = 4


def opened(**address):
    return opened_page("traffic", 60, **address)


def test_a_new_visitor_sees_what_the_hours_cost():
    app = opened()
    assert not app.exception
    assert "1.97 times the mean" in headline(app)
    assert re.search(r"would save \$[\d.]+k a month", headline(app))
    assert len(app.get("plotly_chart")) == CHARTS


def test_both_sizings_are_visible_and_the_wait_moves_one():
    app = opened()
    body = html(app)
    assert "Replicas by a load factor of 0.7</span><b>8</b>" in body
    before = re.search(r"p95 wait of 500 ms</span><b>(\d+)</b>", body)
    app.number_input(key="wait").set_value(1.0).run()
    after = re.search(r"p95 wait of 1 ms</span><b>(\d+)</b>", html(app))
    assert int(before.group(1)) <= int(after.group(1))


def test_the_hours_of_the_week_change_all_of_it():
    app = opened(hours_of_week="spiky")
    assert not app.exception
    assert "7.09 times the mean" in headline(app)
    assert "25 replicas" in headline(app)
    app = opened(hours_of_week="flat")
    assert "Every hour of the week carries the same load" in headline(app)


def test_a_commitment_says_from_which_hours_it_pays():
    app = opened()
    assert "When a commitment pays" not in html(app)
    app.selectbox(key="fleet-of-Same volume, office hours").set_value(
        "own GPUs, best commitment"
    ).run()
    assert not app.exception
    assert "When a commitment pays" in html(app)
    assert ">540<" in html(app)


def test_a_hybrid_is_compared_without_its_api():
    app = opened()
    app.selectbox(key="fleet-of-Same volume, office hours").set_value("base load + overflow").run()
    assert not app.exception
    assert "by scaling, without the API" in html(app)
    assert len(app.get("plotly_chart")) == CHARTS


@pytest.mark.parametrize("name", ready.THREE)
def test_ready_scenarios_open(name):
    app = opened(scenario=name)
    assert not app.exception, name
    assert headline(app)
    assert len(app.get("plotly_chart")) >= 1

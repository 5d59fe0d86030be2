"""The page *Risk* without a browser: the sentence, the charts, the ranges and their edits."""

import re

import pytest

from costmodel.book.files import scenarios_dir
from tests.ui.pages import headline, html, opened_page, unopened_page

SCENARIO = "small-model-on-l4"
HOURS = "overheads.per_fleet.hours_per_month"


@pytest.fixture
def app():
    opened = opened_page("risk", 120, scenario=SCENARIO)
    assert not opened.exception
    return opened


def fields(app, label):
    """The fields for one end of every range, by their keys."""
    return {each.key: each for each in app.number_input if each.label == label}


def end(app, label, part):
    """The field for one end of one input."""
    return next(field for key, field in fields(app, label).items() if part in key)


def test_a_new_visitor_sees_the_odds_and_what_decides():
    app = opened_page("risk", 120, scenario="one-bare-h100-vs-frontier")
    assert not app.exception
    assert re.search(r"of [\d,]+ draws", headline(app))
    assert len(app.get("plotly_chart")) >= 3
    body = html(app)
    assert "What would flip the verdict" in body
    assert "First cheaper, median" in body


def test_every_range_is_shown_with_both_ends(app):
    lows, highs = fields(app, "Low"), fields(app, "High")
    assert len(lows) == len(highs) >= 3
    assert "engineering hours for a fleet: <b>10 h</b>" in html(app)
    assert all(low.value < high.value
               for low, high in zip(lows.values(), highs.values(), strict=True))  # fmt: skip


def test_an_edited_end_is_drawn_and_kept_in_the_file(app):
    end(app, "High", HOURS).set_value(45.0).run()
    assert not app.exception
    row = re.search(
        r"<tr class=''><td class=''>engineering hours for a fleet</td>.*?</tr>", html(app)
    )
    assert ">45 h<" in row.group()
    saved = app.get("download_button")[-1]
    assert saved.label == "Download this scenario"


def test_both_ends_at_the_value_take_a_range_away(app):
    before = len(fields(app, "Low"))
    end(app, "Low", HOURS).set_value(10.0).run()
    end(app, "High", HOURS).set_value(10.0).run()
    assert not app.exception
    assert f"The ranges behind it ({before - 1})" in [each.label for each in app.expander]


def test_another_number_may_vary(app):
    price = "options.one L4, 4 bit.selfhost.offers[0].usd_per_gpu_hour"
    app.multiselect[0].select(price).run()
    assert not app.exception
    low, high = end(app, "Low", price), end(app, "High", price)
    assert low.value < high.value
    assert "price of a GPU hour of one L4, 4 bit" in html(app)
    low.set_value(0.9 * low.value).run()
    assert not app.exception


def test_a_range_that_begins_at_nothing():
    text = (scenarios_dir() / f"{SCENARIO}.yaml").read_text(encoding="utf-8")
    shaped = "    output_tokens:"
    ranged = f"    cached_input_share: {{low: 0, likely: 0, high: 0.4}}\n{shaped}"
    app = unopened_page("risk", 120)
    app.session_state["own_file"] = ("mine.yaml", text.replace(shaped, ranged, 1).encode())
    app.run()
    assert not app.exception
    assert end(app, "High", "cached_input_share").value == 0.4
    end(app, "High", "cached_input_share").set_value(0.3).run()
    assert not app.exception
    assert "30 %" in html(app)

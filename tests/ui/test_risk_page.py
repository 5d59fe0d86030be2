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


def test_an_edited_end_is_drawn(app):
    end(app, "High", HOURS).set_value(45.0).run()
    assert not app.exception
    row = re.search(
        r"<tr class=''><td class='nowrap'>engineering hours for a fleet</td>.*?</tr>", html(app)
    )
    assert ">45 h<" in row.group()


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


HEAD = """
name: mine
as_of: 2026-11-23
workloads: [{name: chat, tokens_per_day: 50e6, input_tokens: 900, output_tokens: 100}]
"""
BESIDE = "  - {name: api, api: {input_usd_per_mtok: 1, output_usd_per_mtok: 1}}\n"
FLEET = f"""
options:
{BESIDE}
  - name: own
    selfhost:
      gpus_per_replica: 1
      throughput: {{requests_per_s: 5}}
"""
OWNED = f"{FLEET}      offers: [{{terms: owned, usd_per_gpu: 30000, kw_per_gpu: 1.3}}]\n"
SPOT = f"""{FLEET}
      spare_replicas: {{low: 0, likely: 1, high: 3}}
      offers:
        - terms: spot
          usd_per_gpu_hour: 1.5
          interruption_overhead: {{low: 0.02, likely: 0.05, high: 0.95}}
"""
NOTHING = """
options:
  - {name: own, selfhost: {model: llama-3.3-70b-instruct, format: bf16, gpu: l4, tp: 1,
                           offers: [{terms: on-demand}]}}
"""


def uploaded(text):
    app = unopened_page("risk", 120)
    app.session_state["own_file"] = ("mine.yaml", text.encode())
    app.run()
    assert not app.exception
    return app


@pytest.mark.parametrize(
    ("rate", "low"),
    [("{low: -0.05, likely: 0.05, high: 0.15}", -0.05),
     ("{low: -0.2, likely: -0.1, high: -0.02}", -0.2)],
)  # fmt: skip
def test_rates_may_be_negative(rate, low):
    app = uploaded(f"{HEAD}finance: {{discount_rate: {rate}}}\n{OWNED}")
    field = end(app, "Low", "discount_rate")
    assert field.value == low
    field.set_value(2 * low).run()
    assert not app.exception
    assert f"{200 * low:g} %" in html(app)


def test_what_a_scenario_states_can_be_edited_whatever_the_draws_are_bounded_by():
    app = uploaded(HEAD + SPOT)
    assert end(app, "High", "interruption_overhead").value == 0.95
    spares = end(app, "High", "spare_replicas")
    assert (spares.value, spares.step) == (3.0, 1.0)
    spares.set_value(2.0).run()
    assert not app.exception


def test_a_scenario_without_a_bill_has_no_odds():
    app = uploaded(HEAD + NOTHING)
    assert "There is nothing to weigh." in headline(app)


def test_a_range_taken_away_takes_its_correlations_along():
    more = f"correlations:\n  - [overheads.usd_per_hour, {HOURS}, 0.5]\n"
    app = uploaded(HEAD + OWNED + more)
    rate = end(app, "Low", "overheads.usd_per_hour")
    value = rate.max
    rate.set_value(value).run()
    end(app, "High", "overheads.usd_per_hour").set_value(value).run()
    assert not app.exception
    body = html(app)
    assert "No longer correlated: cost of an engineering hour and engineering hours" in body
    assert re.search(r"of [\d,]+ draws", headline(app))


def test_a_listed_price_keeps_being_looked_up_with_a_range_of_its_own(app):
    price = "offers[0].usd_per_gpu_hour"
    app.multiselect[0].select(f"options.one L4, 4 bit.selfhost.{price}").run()
    before = end(app, "High", price)
    ratio = before.value / before.min
    terms = next(each for each in app.selectbox if each.label == "Terms")
    terms.select(next(t for t in terms.options if t != terms.value)).run()
    after = end(app, "High", price)
    assert after.min != before.min
    assert after.value / after.min == pytest.approx(ratio)


def test_an_upload_that_cannot_be_used_says_what_stands_below():
    app = uploaded("name: nothing")
    assert "This file cannot be used yet. Below: Support assistant." in html(app)

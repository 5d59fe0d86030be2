"""The page of its own: whole offline, inert whatever names say, printable."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from plotly.io.json import to_json_plotly

from costmodel.book.files import scenarios_dir
from costmodel.pipeline.evaluate import evaluate
from costmodel.present.charts.figures import scenario_figure
from costmodel.present.page.page import page_text
from costmodel.present.words.evidence import evidence
from costmodel.present.words.provenance import scenario_hash
from costmodel.scenario import load_scenario, parse_scenario
from tests.chromium import launched
from tests.present.outlooks import cashflow_of, risk_of

HOSTILE = "<script>window.hit=1</script><img src=https://example.com/x onerror=alert(1)>"


@pytest.fixture(scope="module")
def report():
    return evaluate(load_scenario(scenarios_dir() / "support-assistant.yaml"))


@pytest.fixture(scope="module")
def whole(report):
    text, omitted = page_text(report, risk=risk_of(report), cashflow=cashflow_of(report))
    assert omitted == ()
    return text


@pytest.fixture(scope="module")
def hostile():
    text = (scenarios_dir() / "support-assistant.yaml").read_text(encoding="utf-8")
    text = text.replace("own GPUs", "@").replace("name: Support assistant", "name: '@'")
    found = evaluate(parse_scenario(text.replace("'@'", "@").replace("@", f"'{HOSTILE}'")))
    assert found.option(HOSTILE)
    return found


class _Words(HTMLParser):
    """What a reader sees, and every address in an attribute."""

    def __init__(self):
        super().__init__()
        self.seen, self.addresses, self._skip = [], [], 0

    def handle_starttag(self, tag, attrs):
        self._skip += tag in ("script", "style")
        self.addresses += [v for k, v in attrs if k in ("src", "href", "action", "srcset")]

    def handle_endtag(self, tag):
        self._skip -= tag in ("script", "style")

    def handle_data(self, data):
        if not self._skip:
            self.seen.append(data)


def read(text):
    parser = _Words()
    parser.feed(text)
    return " ".join(" ".join(parser.seen).split()), parser.addresses


def test_the_page_does_not_recommend_what_its_cash_flow_rejects(report):
    best = report.recommendation.option
    flow = replace(cashflow_of(report), option=best, npv_usd=-23_500.0)
    words, _ = read(page_text(report, cashflow=flow)[0])
    assert f"Month 1, at today's prices, favours {best}; over 3 years, {flow.against} is" in words
    assert f"Choose {best}" not in words


def test_the_page_says_the_verdict_and_every_number(report, whole):
    words, addresses = read(whole)
    assert addresses == []
    assert "Choose base load + overflow." in words
    for row in report.assumption_rows:
        assert row.path in words
    for option in report.options:
        for line in option.lines:
            assert line.name in words
    assert "Where own GPUs are cheaper" in words
    assert "Discounted payback 17.4 months" in words
    assert "In 78 % of 10,000 draws" in words
    assert f"scenario {scenario_hash(report)}" in words


def test_the_chart_library_stands_in_it_once(whole):
    assert whole.count("plotly.js v") == 1
    assert "cdn.plot.ly/plotly" not in whole
    assert whole.count("Plotly.newPlot(") >= 7


def test_what_is_not_given_is_left_out_and_said(report):
    text, omitted = page_text(report)
    assert omitted == ("risk: none was given", "cash flow: none was given")
    assert "id='risk'" not in text
    assert "id='cash-flow'" not in text


def test_its_charts_are_those_of_every_other_surface(report, whole):
    risk, flow = risk_of(report), cashflow_of(report)
    for name in ("fan", "tornado", "cumulative"):
        chart = scenario_figure(name, report, risk=risk, cashflow=flow)
        assert to_json_plotly(chart.to_plotly_json()["data"]) in whole


def test_inputs_that_move_nothing_have_no_tornado(report):
    text, _ = page_text(report, risk=replace(risk_of(report), tornado=()))
    assert "id='fan'" in text
    assert "tornado" not in text


def test_names_are_escaped_wherever_they_stand(hostile):
    text, _ = page_text(hostile, risk=risk_of(hostile), cashflow=cashflow_of(hostile))
    assert "<script>window" not in text
    assert "<img src=https" not in text
    assert "&lt;script&gt;window.hit=1" in text


def test_the_chart_library_is_loaded_when_a_page_is_asked_for():
    load = "import sys, costmodel.present.page.page"
    code = f"{load}; assert not {{'plotly', 'pandas'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


# ------------------------------------------------------------------------------------ in a browser


@pytest.fixture(scope="module")
def browser():
    with launched() as chromium:
        yield chromium


def opened(browser, text, folder):
    """The page from disk without a network; what it asks for and complains about."""
    path = folder / "page.html"
    path.write_text(text, encoding="utf-8")
    context = browser.new_context(offline=True, viewport={"width": 1240, "height": 900})
    asked, said = [], []
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(path.as_uri())
    page.wait_for_selector("#curves-chart .main-svg")
    return page, asked, said


@pytest.mark.browser
def test_it_reads_offline_and_asks_for_nothing(browser, whole, tmp_path):
    page, asked, said = opened(browser, whole, tmp_path)
    assert asked == [(tmp_path / "page.html").as_uri()]
    assert said == []
    for name in ("curves", "waterfall-1", "waterfall-2", "week", "fan", "tornado", "cash-flow"):
        assert page.locator(f"#{name}-chart .main-svg").count() >= 1
    width = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert width <= 0
    page.locator("#curves-chart .nsewdrag").first.hover()
    page.wait_for_selector("#curves-chart .hoverlayer text")
    assert "a day" in page.inner_text("#curves-chart")
    with page.expect_download() as image:
        page.locator("#curves-chart .modebar-btn").first.click()
    assert image.value.suggested_filename == "curves-chart.png"
    page.context.close()


@pytest.mark.browser
def test_hostile_names_do_nothing(browser, hostile, tmp_path):
    text, _ = page_text(hostile, risk=risk_of(hostile), cashflow=cashflow_of(hostile))
    page, asked, said = opened(browser, text, tmp_path)
    assert len(asked) == 1
    assert said == []
    assert page.evaluate("window.hit") is None
    assert "<script>window.hit=1" in page.inner_text("main")
    page.context.close()


@pytest.mark.browser
def test_it_prints_every_number(browser, whole, report, tmp_path):
    page, *_ = opened(browser, whole, tmp_path)
    printed = page.pdf(prefer_css_page_size=True)
    assert printed.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) >= 6
    page.emulate_media(media="print")
    last = report.assumption_rows[-1].path
    row = page.locator("#assumptions tr", has_text=last)
    frame = page.locator("#assumptions .cm-wide")
    assert row.bounding_box()["y"] < frame.bounding_box()["y"] + frame.bounding_box()["height"]
    page.context.close()


def test_what_a_spot_offer_rests_on_is_named_for_what_it_is():
    """Not as the price of a second offer: five per cent of the time are no five cents an hour."""
    report = evaluate(load_scenario(scenarios_dir() / "batch-nightly.yaml"))
    rows = {row.name: row.value for row in evidence(report)}
    assert rows["GPU hour"] == "$1.19"
    assert rows["Time lost to interruptions"] == "5 %"

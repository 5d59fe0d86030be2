"""Request logs on the page *Traffic*: shown, taken away, used, and refused in words."""

import re
from pathlib import Path

import pytest
import yaml

from costmodel import read_usage
from costmodel.present.words.usage import block_text
from costmodel.scenario import Workload
from tests.ui.pages import headline, html, opened_page

LOGS = Path(__file__).parents[1] / "data" / "usage"


def sent(*files, **address):
    app = opened_page("traffic", 60, **address)
    app.file_uploader(key="usage_log").set_value(
        [(name, data, "application/octet-stream") for name, data in files]
    ).run()
    return app


def two_weeks() -> bytes:
    lines = [
        f"2026-01-{5 + day:02d} {hour:02d}:{minute:02d}:00,{900 if hour == 12 else 100},10"
        for day in range(14)
        for hour in range(24)
        for minute in range(0, 60, 2)
    ]
    return "\n".join(["timestamp,input_tokens,output_tokens", *lines, "soon,1,1"]).encode()


def test_a_log_shows_its_figures_its_week_and_its_block():
    before = len(opened_page("traffic", 60).get("plotly_chart"))
    app = sent(("../../logs/my <b>log.csv", two_weeks()))
    assert not app.exception
    body = html(app)
    assert "Your log, read as table" in body
    assert "2026-01-05 to 2026-01-18" in body
    assert "no readable timestamp" in body
    assert "my &lt;b&gt;log.csv:10082" in body
    assert "logs/" not in body
    assert len(app.get("plotly_chart")) == before + 1
    assert "Download it as a workload block" in [b.label for b in app.get("download_button")]


def test_the_block_is_a_workload():
    (block,) = yaml.safe_load(block_text(read_usage(("a.csv", two_weeks()))))["workloads"]
    assert len(block["profile"]["hourly"]) == 168
    assert Workload.model_validate(block).daily_tokens == pytest.approx(block["tokens_per_day"])


def test_the_bills_can_be_those_of_the_log():
    app = sent(("log.csv", two_weeks()))
    before = headline(app)
    assert "1.97 times the mean" in before
    app.toggle(key="use_usage_log").set_value(True).run()
    assert not app.exception
    assert "6.4 times the mean" in headline(app) or re.search(r"6\.\d+ times", headline(app))
    assert app.number_input(key="input").value == pytest.approx(133.33, abs=0.2)
    assert "use_usage_log" not in app.query_params
    app.toggle(key="use_usage_log").set_value(False).run()
    assert headline(app) == before


def test_a_bill_shows_what_it_cannot_know_and_is_not_used():
    app = sent(("bill.csv", (LOGS / "focus_bill.csv").read_bytes()))
    assert not app.exception
    assert "A bill does not count requests" in html(app)
    assert not [each for each in app.toggle if each.key == "use_usage_log"]


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("log.csv", b"a,b\n1,2\n", "no column for timestamp"),
        ("log.parquet", b"\x1f\x8b\x08\x00", "gzip-compressed"),
        ("log.jsonl", b"{]", "is no JSON"),
        ("log.csv", b"timestamp,input_tokens,output_tokens\nx,1,1\n", "no row can be used"),
    ],
)
def test_what_is_no_log_is_refused_and_the_page_stays(name, data, said):
    app = sent((name, data))
    assert not app.exception
    assert "This log cannot be read." in html(app)
    assert said in html(app)
    assert headline(app)


def test_too_much_at_once_is_refused(monkeypatch):
    monkeypatch.setattr("costmodel.ui.usage_log.MOST_BYTES", 1000)
    app = sent(("log.csv", two_weeks()))
    assert "costmodel usage" in html(app)

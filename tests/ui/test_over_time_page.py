"""The page *Over time* without a browser: the sentence, the numbers, the tables, the address."""

import re

import pytest

from costmodel import cashflow, load_scenario
from costmodel.book.files import scenarios_dir
from costmodel.present.words.cash import cards
from costmodel.quantity.words import usd
from tests import ready
from tests.ui.pages import headline, html, opened_page

CHARTS = 3
NO_OWN_GPUS: tuple[str, ...] = ()


def opened(**address):
    return opened_page("over_time", 90, **address)


def rows(app, after):
    """The table under a heading, as rows of texts."""
    body = html(app).split(after, 1)[1].split("</table>", 1)[0]
    found = re.findall(r"<tr.*?>(.*?)</tr>", body)
    cells = (re.findall(r"<t[dh].*?>(.*?)</t[dh]>", row) for row in found)
    return [[re.sub(r"<[^>]+>", "", cell) for cell in row] for row in cells]


def test_a_new_visitor_sees_the_worth_of_a_commitment():
    app = opened()
    assert not app.exception
    flow = cashflow(load_scenario(scenarios_dir() / "three-year-commitment.yaml"))
    assert flow.pays
    line = headline(app)
    assert f"worth {usd(flow.npv_usd)} today and pays back in" in line
    for name, figure, _ in cards(flow):
        assert f"{name}</span><b>{figure}</b>" in html(app)
    assert len(app.get("plotly_chart")) == CHARTS
    years = rows(app, "capex and opex apart")
    assert years[-1][0] == "All"
    assert years[-1][1] == usd(flow.do_nothing_usd)
    assert rows(app, "Stranded, if")[-1][-1] == usd(flow.stranded_usd)
    renewals = rows(app, "When the commitment ends")
    assert [row[0] for row in renewals[1:]] == ["0 %", "−10 %", "−20 %", "−30 %", "−40 %", "−50 %"]
    names = [row[0] for row in rows(app, "Cases side by side")]
    assert names == [
        "Case",
        "base",
        "best (derived)",
        "worst (derived)",
        "price war",
        "launch slips",
    ]


def test_the_address_moves_the_money():
    app = opened(api_change="-50.0", horizon="24.0")
    assert not app.exception
    assert "Over 2 years" in headline(app)
    assert "Stay: moving would lose" in headline(app)
    assert "API prices fall 50 % a year" in html(app)
    assert html(app).count("Month 1, at today&#39;s prices, favours ") >= 2


def test_another_option_is_judged():
    app = opened(judged="bought")
    assert not app.exception
    assert ", bought costs" in headline(app)
    assert "book value at the end" in html(app)


@pytest.mark.parametrize("name", ready.THREE)
def test_ready_scenarios_open(name):
    app = opened(scenario=name)
    assert not app.exception, name
    assert headline(app)
    assert len(app.get("plotly_chart")) == CHARTS

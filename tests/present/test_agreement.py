"""The same answer in the same words on every surface: terminal, page, deck and app."""

from __future__ import annotations

from dataclasses import replace
from html import unescape

import pytest

from costmodel.present.deck import deck_bytes
from costmodel.present.page.page import page_text
from costmodel.present.render import html
from costmodel.present.render.text import answer_text
from costmodel.present.words import cash as cash_words
from costmodel.present.words import risk as risk_words
from costmodel.studies.cashflow.cashflow import cashflow
from tests import ready
from tests.golden.surfaces import slides, words
from tests.present.outlooks import risk_of


@pytest.fixture(scope="module")
def report():
    return ready.report("three-year-commitment")


@pytest.fixture(scope="module")
def flow():
    return ready.answer(cashflow, "three-year-commitment")


def on_every_surface(report, risk, flow):
    """What a person reads, by surface."""
    deck, _ = deck_bytes(report, risk=risk, cashflow=flow)
    page, _ = page_text(report, risk=risk, cashflow=flow)
    return {
        "deck": slides(deck),
        "page": words(page),
        "terminal": "\n".join(
            answer_text(each) for each in (risk_words.answer(risk), cash_words.answer(flow, report))
        ),
        "app": html.heading(risk_words.headline(risk))
        + html.cards([*risk_words.cards(risk), *cash_words.cards(flow)]),
    }


def test_odds_short_of_certainty_are_never_certain(report, flow):
    risk = risk_of(report)
    nearly = tuple(replace(row, probability=0.9996) for row in risk.probability)
    found = on_every_surface(report, replace(risk, probability=nearly), flow)
    for surface, text in found.items():
        assert "> 99 %" in unescape(text), surface
        assert "100 % of" not in text, surface


def test_rates_and_paybacks_read_the_same(report, flow):
    late = replace(flow, irr_per_year=12.5, payback_months=122.64)
    for surface, text in on_every_surface(report, risk_of(report), late).items():
        assert "over 1,000 %" in text, surface
        assert "122.6 months" in text, surface
        assert "1250 %" not in text, surface
        assert "123 months" not in text, surface

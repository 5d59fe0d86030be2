"""The page *Risk* without a browser: the sentence, the charts, what would flip the verdict."""

from tests.ui.pages import headline, html, opened_page


def test_a_new_visitor_sees_the_odds_and_what_decides():
    app = opened_page("risk", 120, scenario="one-bare-h100-vs-frontier")
    assert not app.exception
    assert "of 10,000 draws" in headline(app)
    assert len(app.get("plotly_chart")) >= 3
    body = html(app)
    assert "What would flip the verdict" in body
    assert "First cheaper, median" in body

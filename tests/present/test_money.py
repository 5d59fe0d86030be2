"""Charts of money over time: what they draw is what the cash flow holds, names are inert."""

from dataclasses import replace

import numpy as np
import pytest

from costmodel import cases, cashflow, load_scenario
from costmodel.book.files import scenarios_dir
from costmodel.cost.cashflow import ramp_path
from costmodel.errors import InputError
from costmodel.present.charts.figures import figure
from costmodel.present.charts.theme import MUTED, inert
from costmodel.present.words.cash import (
    at_renewal,
    cards,
    headline,
    renewal,
    renewal_line,
    renewal_title,
    two_verdicts,
)
from costmodel.quantity.words import percent, usd
from costmodel.scenario.changes import changed


@pytest.fixture(scope="module")
def scenario():
    return load_scenario(scenarios_dir() / "three-year-commitment.yaml")


@pytest.fixture(scope="module")
def flow(scenario):
    return cashflow(scenario)


@pytest.fixture(scope="module")
def bought(scenario):
    return cashflow(scenario, "bought")


def texts(chart):
    return " ".join(note.text for note in chart.layout.annotations)


def column(flow, name):
    return [row[name] for row in flow.rows]


def drawn(chart):
    return [np.asarray(t.y, dtype=float).tolist() for t in chart.data if t.line.width]


def test_cumulative_cash_is_drawn_and_payback_marked(flow):
    chart = figure(flow, "cumulative")
    assert column(flow, "discounted_cumulative_usd") in drawn(chart)
    assert column(flow, "cumulative_usd") in drawn(chart)
    (mark,) = [t for t in chart.data if t.mode == "markers"]
    assert (list(mark.x), list(mark.y)) == ([flow.payback_months], [0.0])
    assert f"paid back after <b>{flow.payback_months:.1f} months" in texts(chart)
    deepest = usd(-min(column(flow, "discounted_cumulative_usd")))
    assert f"{inert(deepest)} behind" in texts(chart)
    crossing = np.interp(mark.x[0], range(37), column(flow, "discounted_cumulative_usd"))
    assert crossing == pytest.approx(0, abs=1e-6 * flow.do_nothing_usd)


def test_areas_behind_and_ahead_meet_at_0(flow):
    behind, ahead = [np.asarray(t.y) for t in figure(flow, "cumulative").data if t.fill]
    assert np.all(behind <= 0)
    assert np.all(ahead >= 0)
    assert np.all(behind * ahead == 0)


def test_what_never_pays_back_is_said(bought):
    chart = figure(bought, "cumulative")
    assert "not paid back" in texts(chart)
    assert not any(t.mode == "markers" for t in chart.data)


def test_both_bills_are_staircases_of_the_months(flow):
    chart = figure(flow, "monthly_bills")
    lines = [t for t in chart.data if t.line.width]
    assert all(t.line.shape == "hv" for t in lines)
    for trace, name in zip(lines, ("reference_usd", "accrual_usd"), strict=True):
        assert list(trace.y)[:-1] == column(flow, name)[1:]
    assert "same weights, managed" in texts(chart)


def test_undiscounted_cash_is_drawn_once(scenario):
    plain = cashflow(changed(scenario, {("finance", "discount_rate"): None}))
    chart = figure(plain, "cumulative")
    assert not any(t.line.color == MUTED for t in chart.data)
    assert "nominal" not in texts(chart)


def test_every_case_has_a_bar(scenario):
    found = cases(scenario)
    (bars,) = figure(found, "cases").data
    assert list(bars.x) == [case.npv_usd for case in found.cases]
    ticks = " ".join(figure(found).layout.yaxis.ticktext)
    assert all(case.name in ticks for case in found.cases)


def test_names_are_inert(scenario):
    hostile = "<b>API</b> %{x} $1$"
    data = scenario.model_dump_json(by_alias=True, exclude_unset=True)
    other = type(scenario).model_validate_json(data.replace("same weights, managed", hostile))
    for name in ("cumulative", "monthly_bills"):
        chart = figure(cashflow(other), name)
        read = [t for trace in chart.data for t in (*(trace.text or ()), trace.hovertemplate or "")]
        said = texts(chart) + " ".join(read)
        assert "<b>API</b>" not in said
        assert "%{x}" not in said


def test_a_chart_that_is_not_there(flow):
    with pytest.raises(InputError, match="did you mean cumulative"):
        figure(flow, "cumulativ")


def test_words_follow_the_numbers(flow, bought):
    assert headline(flow).option == flow.option
    assert headline(bought).option == bought.against
    assert "would lose" in headline(bought).advice
    assert [figure_ for _, figure_, _ in cards(bought)][1:3] == ["–", "Never"]
    fall = percent(-flow.renewal.break_even_change_per_year)
    term = f"{flow.option} loses over the {flow.renewal.term_months}-month commitment."
    said = renewal_line(flow)
    assert f"API prices may fall {fall} a year before {term}" in said


def renewal_of(name):
    found = cashflow(load_scenario(scenarios_dir() / f"{name}.yaml"))
    return found, found.renewal, renewal_line(found)


def test_a_hybrid_that_is_all_api_ties_and_is_not_told_apart_by_rounding():
    flow, found, said = renewal_of("office-hours-spiky")
    assert [row.tied for row in found.rows] == [False, False, True, True, True, True]
    assert {row.api_cheaper_from_month for row in found.rows} == {None}
    assert renewal(flow).texts()[-1][-1] == "both the same"
    assert "nothing to renew" in said
    assert "renew." not in said.replace("nothing to renew.", "")
    assert renewal_title(found) == "How far API prices may fall"
    assert "renew" not in at_renewal(flow, found, found.rows[0])
    assert at_renewal(flow, found, found.rows[-1]).endswith("$3.5k against $3.5k: the same.")


def test_a_rival_in_fixed_dollars_is_named_and_nothing_is_claimed_of_falling_prices():
    flow, found, said = renewal_of("contracts")
    assert found.api_fixed
    assert f"{flow.against} is a commitment in dollars, and its price does not fall" in said
    assert "however far" not in said
    assert said.endswith(": renew.")
    assert renewal_title(found) == "When the commitment ends"


@pytest.mark.parametrize(("ramp", "shaded"), [(0, None), (1, None), (3, 2), (2.5, 2), (99, 36)])
def test_the_months_of_a_part_of_the_traffic_are_shaded(scenario, ramp, shaded):
    """All has moved in month ``ramp``: the months before it are shaded."""
    found = cashflow(changed(scenario, {("finance", "ramp_months"): ramp}))
    shapes = figure(found, "monthly_bills").layout.shapes
    ends = [shape.x1 for shape in shapes if shape.type == "rect"]
    assert ends == ([] if shaded is None else [shaded])
    assert sum(month < 1 for month in ramp_path(ramp, 36)) == (shaded or 0)


def test_charts_say_what_is_compared_in_what_and_what_the_hardware_counts_for(flow, bought):
    pair = inert(f"{bought.option} against {bought.against}")
    for name, unit in (("cumulative", "saved since the start, USD"), ("monthly_bills", "a month")):
        frame = figure(bought, name).layout
        assert frame.xaxis.title.text == f"months from the start, {pair}"
        assert frame.yaxis.title.text.startswith(unit)
    left = f"hardware counts for {inert(usd(bought.residual_usd))}"
    assert left in texts(figure(bought, "cumulative"))
    assert "hardware counts for" not in texts(figure(flow, "cumulative"))


def test_the_simple_payback_stands_beside_a_discounted_one_that_is_never_reached(flow):
    missed = replace(flow, npv_usd=-1.0, payback_months=None, simple_payback_months=35.8)
    assert cards(missed)[2] == (
        "Discounted payback", "Never", "not within 3 years; 35.8 months without discounting",
    )  # fmt: skip


# ------------------------------------------------------------------- a month against the months


@pytest.mark.parametrize(
    ("month", "npv", "winner"),
    [
        ("bought", -23_500.0, "managed is worth $23.5k more than bought"),
        ("managed", 23_500.0, "bought is worth $23.5k more than managed"),
        ("rented", -23_500.0, "managed is worth $23.5k more than bought"),
    ],
)
def test_where_a_month_and_the_months_differ_both_are_said(month, npv, winner):
    said = two_verdicts(month, "bought", "managed", npv, 36)
    assert said == f"Month 1, at today's prices, favours {month}; over 3 years, {winner}."


@pytest.mark.parametrize(
    ("month", "npv"),
    [("bought", 1.0), ("managed", -1.0), ("rented", 1.0), (None, -1.0), ("bought", 0.001)],
)
def test_where_they_agree_or_tie_nothing_is_said(month, npv):
    assert two_verdicts(month, "bought", "managed", npv, 36) == ""


def test_an_option_that_may_not_be_chosen_is_no_second_verdict():
    stated = load_scenario(scenarios_dir() / "precision-per-task.yaml")
    found = cashflow(stated)
    assert not found.may_be_chosen
    assert "Month 1" not in headline(found, found.option).reason

"""The ranges of a scenario in the sidebar: shown with their sources, edited, begun for others."""

from __future__ import annotations

from math import floor, log10

import streamlit as st

from costmodel.book import load_book
from costmodel.changes import Changes
from costmodel.defaults import completed_scenario
from costmodel.present import markup
from costmodel.present.input_names import input_name, value_text
from costmodel.resolve import resolve
from costmodel.risk.inputs import Input, ranged_inputs
from costmodel.risk.ranges import can_be_edited, may_vary, range_changes, usual_range
from costmodel.scenario import Scenario
from costmodel.ui.controls import Controls
from costmodel.yamlfile import Location


def range_widgets(widgets: Controls, identity: str, scenario: Scenario) -> Changes:
    """Every range with its two ends, and a picker of what else may vary; the changes asked for."""
    scenario = completed_scenario(scenario, load_book())
    resolved = resolve(scenario, load_book())
    ranged, others = ranged_inputs(scenario, resolved), may_vary(scenario, resolved)
    changes: dict[Location, object] = {}
    with st.expander(f"Ranges: {len(ranged)} of {len(ranged) + len(others)} numbers vary"):
        st.html("<div class='cm-note'>The 10th and the 90th percentile of each. Both ends at the "
                "value take a range away.</div>")  # fmt: skip
        for entry in ranged:
            if can_be_edited(scenario, entry):
                changes.update(_ends(widgets, scenario, entry))
        added = widgets.several(
            f"vary {identity}",
            "Let vary as well",
            [entry.path for entry in others],
            format_func=input_name,
            placeholder="choose an input",
            help="Begins at 20 % either way, an assumption: say what you know.",
        )
        for entry in others:
            if entry.path in added:
                changes.update(_ends(widgets, scenario, entry))
    return changes


def _ends(widgets: Controls, scenario: Scenario, entry: Input) -> Changes:
    """Two fields around a value; nothing while they stand as the scenario has them."""
    value, stated = entry.quantity.value, (entry.quantity.low, entry.quantity.high)
    low, high = usual_range(entry) if not entry.is_ranged else stated
    assert low is not None
    assert high is not None
    key = f"{entry.path} {value:g} {low:g} {high:g}"
    step = 10.0 ** (floor(log10(max(value, high) or 1.0)) - 1)
    least, most = entry.limits
    st.html(
        f"<div class='cm-note cm-close'>{markup.text(input_name(entry.path), 60)}: "
        f"<b>{markup.text(value_text(entry.path, value))}</b></div>"
    )
    left, right = st.columns(2)
    with left:
        low = widgets.number(f"low {key}", "Low", low, low=max(least, 0.0), high=value, step=step,
                             private=True)  # fmt: skip
    with right:
        high = widgets.number(f"high {key}", "High", high, low=value,
                              high=None if most == float("inf") else most, step=step,
                              private=True)  # fmt: skip
    assert low is not None
    assert high is not None
    return {} if (low, high) == stated else range_changes(scenario, entry, low, high)

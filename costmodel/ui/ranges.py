"""The ranges of a scenario in the sidebar: shown with their sources, edited, begun for others."""

from __future__ import annotations

from math import floor, isinf, log10

import streamlit as st

from costmodel.book import load_book
from costmodel.pipeline.defaults import completed_scenario
from costmodel.pipeline.resolve import resolve
from costmodel.present.render import html
from costmodel.present.words.input_names import input_name, value_text
from costmodel.scenario import Scenario
from costmodel.studies.risk.inputs import Input, ranged_inputs
from costmodel.studies.risk.ranges import Ends, can_be_edited, may_vary, usual_range
from costmodel.ui.controls import Controls

_ABOVE_NOTHING = {
    "requests_per_s", "usd_per_gpu_hour", "usd_per_gpu_second", "usd_per_gpu", "tokens_per_day",
    "requests_per_day", "load_factor", "life_months", "kw_per_gpu",
}  # fmt: skip
"""Last words of numbers that a scenario states above 0."""


def range_widgets(widgets: Controls, scenario: Scenario) -> None:
    """Every range with its two ends, and a picker of what else may vary.

    What is edited is kept with the widgets, by path.
    """
    scenario = completed_scenario(scenario, load_book())
    resolved = resolve(scenario, load_book())
    ranged, others = ranged_inputs(scenario, resolved), may_vary(scenario, resolved)
    with st.expander(f"Ranges: {len(ranged)} of {len(ranged) + len(others)} numbers vary"):
        both = "Both ends at the value take a range away."
        st.html(html.note(f"The 10th and the 90th percentile of each. {both}"))
        for entry in ranged:
            if can_be_edited(scenario, entry):
                _ends(widgets, entry)
        added = _picked(widgets, [entry.path for entry in others])
        for entry in others:
            if entry.path in added:
                _ends(widgets, entry)
            else:
                widgets.kept.ranges.pop(entry.path, None)
                widgets.kept.shown.pop(entry.path, None)


def _picked(widgets: Controls, offered: list[str]) -> list[str]:
    """What else is to vary; a pick that could not be offered for a while comes back."""
    kept = widgets.kept
    if any(path in offered and not before for path, before in kept.vary.items()):
        widgets.put("vary", [path for path in offered if path in kept.vary])
    added = widgets.several(
        "vary",
        "Let vary as well",
        offered,
        format_func=input_name,
        placeholder="choose an input",
        help="Begins at 20 % either way, an assumption: say what you know.",
    )
    gone = [path for path in kept.vary if path not in offered]
    kept.vary = dict.fromkeys(added, True) | dict.fromkeys(gone, False)
    return added


def _ends(widgets: Controls, entry: Input) -> None:
    """Two fields around a value; what they hold is kept where the scenario has it otherwise."""
    value, path, ranges = entry.quantity.value, entry.path, widgets.kept.ranges
    stated = (entry.quantity.low, entry.quantity.high)
    low, high = stated if entry.is_ranged else usual_range(entry)
    assert low is not None
    assert high is not None
    least, most = min(_least(entry), low), max(entry.limits[1], high)
    key = f"{path} {value:g} {low:g} {high:g}"
    held = ranges[path].around(value, least, most) if path in ranges else (low, high)
    if widgets.kept.shown.get(path) != key:
        widgets.put(f"low {key}", held[0])
        widgets.put(f"high {key}", held[1])
        widgets.kept.shown[path] = key
    step = 1.0 if entry.is_count else 10.0 ** (floor(log10(_size(low, value, high))) - 1)
    st.html(html.name(input_name(path), "cm-note cm-close", value_text(path, value)))
    left, right = st.columns(2)
    with left:
        low = widgets.number(f"low {key}", "Low", low, low=None if isinf(least) else least,
                             high=value, step=step, private=True)  # fmt: skip
    with right:
        high = widgets.number(f"high {key}", "High", high, low=value,
                              high=None if isinf(most) else most, step=step,
                              private=True)  # fmt: skip
    assert low is not None
    assert high is not None
    if entry.is_count:
        low, high = float(round(low)), float(round(high))
    if (low, high) == stated:
        ranges.pop(path, None)
    elif (low, high) != held or path not in ranges:
        ranges[path] = Ends(value, low, high)


def _least(entry: Input) -> float:
    """The least that a scenario takes: a thousandth of the value where nothing at all is none."""
    least, name = entry.limits[0], entry.path.rsplit(".", 1)[-1]
    return max(least, entry.quantity.value / 1000.0) if name in _ABOVE_NOTHING else least


def _size(*numbers: float) -> float:
    """The largest of some numbers without its sign; 1 where all are 0."""
    return max(map(abs, numbers)) or 1.0

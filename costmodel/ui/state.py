"""What a page is about: a ready scenario or an upload, and the report of its changed form.

What the reader chose is kept here, because widgets are forgotten with the page they stand on.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st

from costmodel.book.files import scenarios_dir
from costmodel.errors import InputError
from costmodel.pipeline.evaluate import evaluate
from costmodel.pipeline.report import Report
from costmodel.scenario import Scenario, load_scenario, parse_scenario
from costmodel.scenario.changes import changed
from costmodel.scenario.yamlfile import Location
from costmodel.studies.risk.ranges import Ends, keeping_ranges, with_its_correlations, with_ranges

FIRST = "support-assistant"
"""The scenario a new visitor sees."""


@dataclass(frozen=True)
class Opened:
    """A scenario and where it came from."""

    scenario: Scenario
    identity: str
    uploaded: bool


def ready_ids() -> list[str]:
    """Ids of the ready scenarios, the one for new visitors first."""
    ids = sorted(path.stem for path in scenarios_dir().glob("*.yaml"))
    return sorted(ids, key=lambda each: each != FIRST)


def title(scenario_id: str) -> str:
    """The name of a ready scenario; its id where the file cannot be read."""
    try:
        return ready(scenario_id).scenario.name
    except InputError:
        return scenario_id


def ready(scenario_id: str) -> Opened:
    """A ready scenario."""
    path = scenarios_dir() / f"{scenario_id}.yaml"
    return Opened(_loaded(path, path.stat().st_mtime_ns), scenario_id, uploaded=False)


@lru_cache(maxsize=64)
def _loaded(path: Path, _changed_at: int) -> Scenario:
    return load_scenario(path)


def upload(data: bytes, file: str) -> Opened:
    """A scenario that came from the browser; it may not name files of this machine."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{file}: is not text; a scenario is a YAML file in UTF-8") from None
    identity = hashlib.sha256(data).hexdigest()[:16]
    return Opened(parse_scenario(text, file), f"upload-{identity}", uploaded=True)


# ------------------------------------------------------------------------- from page to page


def turn_to(page: str) -> None:
    """Note which page is drawn, by its address."""
    st.session_state["page"] = page


def page() -> str:
    """The address of the page that is drawn; the first one has none."""
    return st.session_state.get("page", "")


@dataclass
class Kept:
    """What the reader has set, kept from page to page.

    Widgets are forgotten with the page they stand on; another page shows the same scenario with
    the same changes, whichever page they were made on.
    """

    widgets: dict[str, Any] = field(default_factory=dict)
    """What they hold, by key."""
    changes: dict[str, dict[Location, Any]] = field(default_factory=dict)
    """Changes to the scenario by the page that has the widgets; "" those that many pages have."""
    ranges: dict[str, Ends] = field(default_factory=dict)
    """Ranges that were edited, by path."""
    shown: dict[str, str] = field(default_factory=dict)
    """For which value and range the fields of an input were drawn last, by path."""
    vary: dict[str, bool] = field(default_factory=dict)
    """Inputs picked to vary as well, and whether each could be picked when last drawn."""


def about(identity: str) -> None:
    """Say which scenario is open; what was changed of another one is let go of."""
    if st.session_state.get("about") != identity:
        st.session_state["about"] = identity
        st.session_state["kept"] = {}


def kept(identity: str) -> Kept:
    """What the reader has changed of a scenario."""
    return st.session_state.setdefault("kept", {}).setdefault(identity, Kept())


def last_drawn() -> dict[str, tuple[str, str]]:
    """For which scenario, and on which page, each widget was drawn last, by its key."""
    return st.session_state.setdefault("last drawn", {})


def kept_of_page(name: str) -> Kept:
    """What the reader has set on a page that is about no scenario."""
    return st.session_state.setdefault(f"kept on {name}", Kept())


def as_changed(opened: Opened) -> Scenario:
    """The scenario with everything the reader has changed of it, on whichever page.

    Raises InputError where the changes do not fit together.
    """
    ranged = with_ranges(before_ranges(opened), kept(opened.identity).ranges)
    return with_its_correlations(opened.scenario, ranged)


def before_ranges(opened: Opened) -> Scenario:
    """The same without the ranges that were edited."""
    parts = kept(opened.identity).changes.values()
    changes = {place: value for part in parts for place, value in part.items()}
    return changed(opened.scenario, keeping_ranges(opened.scenario, changes))


# ------------------------------------------------------------------------------- the reader's file


def upload_key() -> str:
    """The key of the file picker; a new one empties it."""
    count = st.session_state.get("uploads_left", 0)
    return f"upload-{count + 1}" if count else "upload"


def own_file() -> tuple[str, bytes] | None:
    """Name and content of the reader's scenario file; None while a ready scenario is shown."""
    return st.session_state.get("own_file")


def take_upload() -> None:
    """Keep what was put into the file picker, or let go of what was taken out."""
    file = st.session_state.get(upload_key())
    st.session_state["own_file"] = None if file is None else (file.name, file.getvalue())


def leave_upload() -> None:
    """Go back to the ready scenarios."""
    st.session_state["uploads_left"] = st.session_state.get("uploads_left", 0) + 1
    st.session_state["own_file"] = None


def remember(scenario: Scenario, identity: str) -> None:
    """Keep the last scenario whose bills could be worked out."""
    st.session_state["worked_out"] = (identity, scenario)


def last_worked_out(identity: str) -> Scenario | None:
    """The last scenario that could be worked out, unless it is this one in another form."""
    known = st.session_state.get("worked_out")
    return known[1] if known and known[0] != identity else None


def report_of(scenario: Scenario) -> Report:
    """The report of a scenario; the same scenario is evaluated once."""
    return _report(scenario.model_dump_json(), scenario)


@st.cache_resource(max_entries=64, show_spinner="Working out the bills…")
def _report(key: str, _scenario: Scenario) -> Report:
    return evaluate(_scenario)

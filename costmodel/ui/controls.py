"""Widgets that remember only what differs from the scenario.

A bound widget stands in the URL once it differs; what may not travel in a link (prices agreed in
a contract, anything of an upload) is never bound. Choosing another scenario sets every widget to
that scenario's own value; turning to another page leaves it as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import streamlit as st

from costmodel.scenario.yamlfile import Location
from costmodel.ui import state
from costmodel.ui.labels import label_text

T = TypeVar("T")


@dataclass
class Controls:
    """The widgets of one run of the page, and the changes they ask for."""

    shareable: bool
    """Whether widgets may stand in the URL."""
    about: str
    """The scenario they belong to, or the page that is about none."""
    kept: state.Kept = field(default_factory=state.Kept)
    """What was set before, here or on another page; what is set here is added."""
    part: str = ""
    """Whose changes these are: those of one page, or the ones that many pages have."""

    def __post_init__(self) -> None:
        self.kept.changes[self.part] = {}

    @classmethod
    def of_page(cls, name: str) -> Controls:
        """The widgets of a page that is about no scenario."""
        return cls(True, name, state.kept_of_page(name))

    def only_on(self, page: str) -> Controls:
        """The same for what only one page asks."""
        return replace(self, part=page)

    @property
    def changes(self) -> dict[Location, Any]:
        """What these widgets change of the scenario."""
        return self.kept.changes[self.part]

    def put(self, key: str, value: Any) -> None:
        """What a widget holds when it is drawn next."""
        self.kept.widgets[key] = st.session_state[key] = value

    def choose(
        self, key: str, label: str, options: Sequence[str], default: str, **more: Any
    ) -> str:
        """A picker; returns what is chosen."""
        chosen = self.pick(key, label, options, default, **more)
        return default if chosen is None else chosen

    def pick(
        self, key: str, label: str, options: Sequence[str], default: str | None, **more: Any
    ) -> str | None:
        """A picker that may stand empty."""
        place = None if default is None else options.index(default)
        tied = self._tied(key, default)
        chosen = st.selectbox(label_text(label), options, place, **tied, **more)
        return self._kept(key, chosen)

    def several(self, key: str, label: str, options: Sequence[str], **more: Any) -> list[str]:
        """A picker of any number of options, none at first."""
        tied = self._tied(key, [], private=True)
        return self._kept(key, st.multiselect(label_text(label), options, [], **tied, **more))

    def number(
        self,
        key: str,
        label: str,
        default: float | None,
        *,
        low: float | None = 0.0,
        high: float | None = None,
        step: float = 1.0,
        private: bool = False,
        **more: Any,
    ) -> float | None:
        """A number; an empty field means the default. ``private`` keeps it out of the URL."""
        given = st.number_input(
            label_text(label),
            min_value=None if low is None else float(low),
            max_value=high,
            value=default,
            step=float(step),
            format=_format(default),
            **self._tied(key, default, private=private),
            **more,
        )
        self._kept(key, given)
        return default if given is None else float(given)

    def slide(
        self, key: str, label: str, stops: Sequence[float], default: float, text: Any
    ) -> float:
        """A slider over stops."""
        tied = self._tied(key, default)
        chosen = st.select_slider(label_text(label), stops, default, format_func=text, **tied)
        return self._kept(key, chosen)

    def set(self, location: Location, value: Any, stated: Any) -> None:
        """Record a change where a value differs from what the scenario states."""
        if value != stated:
            self.changes[location] = value

    def _tied(self, key: str, default: Any, *, private: bool = False) -> dict[str, Any]:
        drawn = state.last_drawn()
        here, before = (self.about, state.page()), drawn.get(key)
        drawn[key] = here
        if before not in (None, here) or (key in self.kept.widgets and key not in st.session_state):
            st.session_state[key] = self.kept.widgets.get(key, default)
        bound = self.shareable and not private
        return {"key": key, "bind": "query-params" if bound else None}

    def _kept(self, key: str, value: T) -> T:
        self.kept.widgets[key] = value
        return value


def _format(default: float | None) -> str:
    """Digits enough to show a number as it was written, and no more."""
    if default is None:
        return "%0.2f"
    digits = len(f"{default:.6f}".rstrip("0").rpartition(".")[2])
    return f"%0.{min(digits, 4)}f"

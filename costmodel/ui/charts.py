"""A chart on a page: under its name, described for those who cannot see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

if TYPE_CHECKING:
    import plotly.graph_objects as go

STATIC = {"displayModeBar": False}
"""Without plotly's own row of buttons."""


def chart(drawn: go.Figure, name: str, alt: str, config: dict[str, Any] | None = None) -> None:
    """Draw a figure in its own colours; ``name`` is unique on the page."""
    with st.container(key=name):
        st.plotly_chart(
            drawn, theme=None, key=f"{name}_chart", config=STATIC if config is None else config,
            alt=alt,
        )  # fmt: skip

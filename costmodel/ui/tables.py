"""Tables of a page: under their title, or behind it where they are long."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from costmodel.present.render import html
from costmodel.quantity.answer import Table


def titled(table: Table, colours: Mapping[str, str] | None = None) -> None:
    """A table under its title; nothing where it has no rows."""
    if table:
        st.html(html.title(table.title) + html.table(table, colours))


def folded(*tables: Table, title: str = "") -> None:
    """Tables behind a title that opens, the first one's own unless stated; nothing where empty."""
    shown = [table for table in tables if table]
    if shown:
        with st.expander(title or shown[0].title):
            st.html("".join(map(html.table, shown)))

"""What every page shares: the brand and the way from one page to another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from streamlit.navigation.page import StreamlitPage


def brand(pages: Sequence[StreamlitPage]) -> None:
    """The brand and a link to every page, on top of the sidebar."""
    with st.sidebar:
        st.html("<div class='cm-brand'>costmodel<small>own GPUs or an API, all in</small></div>")
        with st.container(key="pages", horizontal=True, gap="small"):
            for page in pages:
                st.page_link(page, width="content")

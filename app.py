"""The app: `streamlit run app.py`. The list of pages and their common look, nothing else."""

import streamlit as st

from costmodel.ui import (
    decision,
    fit,
    frame,
    over_time,
    quality,
    risk,
    speed,
    state,
    style,
    traffic,
)

PAGES = [
    st.Page(decision.page, title="Decision", default=True),
    st.Page(fit.page, title="Fit", url_path="fit"),
    st.Page(speed.page, title="Speed", url_path="speed"),
    st.Page(traffic.page, title="Traffic", url_path="traffic"),
    st.Page(risk.page, title="Risk", url_path="risk"),
    st.Page(over_time.page, title="Over time", url_path="over-time"),
    st.Page(quality.page, title="Quality", url_path="quality"),
]

st.set_page_config("costmodel", layout="wide", initial_sidebar_state="expanded")
style.apply()
current = st.navigation(PAGES, position="hidden")
state.turn_to(current.url_path)
frame.brand(PAGES)
current.run()

"""The app: `streamlit run app.py`. The list of pages and their common look, nothing else."""

import streamlit as st

from costmodel.ui import decision, style

st.set_page_config("costmodel", layout="wide", initial_sidebar_state="expanded")
style.apply()
st.navigation([st.Page(decision.page, title="Decision", default=True)]).run()

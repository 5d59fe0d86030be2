"""The one place for the app's CSS. Colours come from `costmodel.present.charts.theme`."""

from __future__ import annotations

import streamlit as st

from costmodel.present.charts.theme import FONT, INK, MUTED, RULE, SURFACE, TEXT
from costmodel.present.render.style import PARTS

CSS = f"""
html, body, .stApp, .stApp button, .stApp input {{ font-family: {FONT}; color: {INK}; }}
.stApp [data-testid="stHeader"] {{ background: transparent; height: 2.2rem; pointer-events: none; }}
[data-testid="stHeader"] button {{ pointer-events: auto; }}
[data-testid="stMainBlockContainer"] {{ padding: 30px 46px 60px; max-width: 1260px; }}
[data-testid="stMain"] [data-testid="stVerticalBlock"] {{ gap: 0.7rem; }}

[data-testid="stSidebar"] {{ min-width: 322px; max-width: 322px; border-right: 1px solid #e8ebf0; }}
[data-testid="stSidebarHeader"] {{ height: 0; padding: 0; margin: 0; }}
[data-testid="stSidebarContent"] {{ padding: 0; }}
[data-testid="stSidebarUserContent"] {{ padding: 24px 22px 40px; }}
[data-testid="stSidebar"] [data-testid="stVerticalBlock"] {{ gap: 0.62rem; }}
[data-testid="stSidebar"] [data-testid="stHorizontalBlock"] {{ gap: 0.5rem; }}
[data-testid="stSidebar"] [data-testid="stColumn"] {{ min-width: 0; }}
[data-testid="stSidebar"] label p {{ font-size: 12px; color: {MUTED}; white-space: nowrap;
  overflow: hidden; text-overflow: ellipsis; }}
[data-testid="stSidebar"] input {{ font-size: 13px; }}
[data-testid="stSidebar"] textarea {{ font-size: 11.5px; line-height: 1.45; padding: 7px 10px; }}
[data-testid="stSidebar"] [data-testid="stNumberInputStepUp"],
[data-testid="stSidebar"] [data-testid="stNumberInputStepDown"] {{ display: none; }}
[data-testid="stSidebar"] [data-testid="stSlider"] {{ margin-bottom: -6px; }}
[data-testid="stSidebar"] [data-testid="stSlider"] label {{ margin-bottom: 14px; }}
[data-testid="stSidebar"] [data-testid="stSliderThumbValue"] {{ font-size: 19px; font-weight: 700;
  color: {INK}; }}
[data-testid="stSidebar"] [role="group"]:has(> input[role="combobox"]),
[data-testid="stSidebar"] [data-testid="stNumberInputContainer"] {{ min-height: 0; height: 34px; }}
[data-testid="stSidebar"] input {{ padding: 5px 10px; }}
[data-testid="stSidebar"] label {{ min-height: 0; margin-bottom: 3px; }}
[data-testid="stSliderTickBar"] {{ display: none; }}
[data-testid="stSidebar"] details summary {{ padding: 5px 10px; min-height: 0; }}
[data-testid="stSidebar"] details summary p {{ font-size: 13px; }}

.cm-brand {{ font-size: 17px; font-weight: 700; letter-spacing: -0.2px; margin-bottom: 2px; }}
.cm-brand small {{ display: block; font-size: 11.5px; font-weight: 400; color: {MUTED};
  letter-spacing: 0; }}
.st-key-pages {{ margin: -2px 0 2px; border-bottom: 1px solid {RULE}; }}
.st-key-pages {{ column-gap: 11px; row-gap: 0; }}
.st-key-pages > * {{ flex: 0 0 auto !important; width: auto !important; min-width: 0 !important; }}
.st-key-pages a, .st-key-pages a:hover {{ padding: 2px 1px 4px; background: none; }}
.st-key-pages a p {{ font-size: 13px; color: {MUTED}; }}
.cm-group {{ font-size: 12px; font-weight: 600; color: {TEXT}; margin: 8px 0 -4px;
  overflow-wrap: anywhere; }}
.cm-scenario {{ font-size: 15px; font-weight: 650; line-height: 1.35; margin: 2px 0 4px;
  overflow-wrap: anywhere; }}
.cm-unknown {{ font-size: 13.5px; color: {MUTED}; margin: 0 0 4px; overflow-wrap: anywhere; }}
.cm-ends {{ display: flex; justify-content: space-between; font-size: 11px; color: {MUTED};
  margin-top: -8px; }}
.cm-note {{ font-size: 11.5px; color: {MUTED}; line-height: 1.5; }}

.cm-close {{ margin: 2px 0 -6px; overflow-wrap: anywhere; }}

{PARTS}
.cm-plain {{ margin: 0; padding-left: 17px; font-size: 13px; color: {TEXT}; line-height: 1.55;
  overflow-wrap: anywhere; }}
.cm-plain li {{ margin: 3px 0; font-size: 13px; }}
.cm-plain small {{ font-size: 12.5px; color: {MUTED}; }}
.cm-problems {{ border: 1px solid #efc9cf; background: #fdf4f5; border-radius: 10px;
  padding: 14px 20px; font-size: 13.5px; line-height: 1.55; }}
.cm-problems b {{ font-size: 15px; }}
.cm-problems li {{ margin: 3px 0; overflow-wrap: anywhere; }}
.cm-problems code {{ font-size: 12.5px; background: none; padding: 0; color: {INK}; }}

.cm-images {{ text-align: right; font-size: 12.5px; color: {MUTED}; padding-top: 0; }}
.cm-images button {{ border: 1px solid {RULE}; background: #fff; border-radius: 7px; color: {TEXT};
  padding: 4px 11px; margin-left: 6px; font-size: 12.5px; cursor: pointer; }}
.cm-images button:hover {{ border-color: {MUTED}; background: {SURFACE}; }}
[data-testid="stMain"] [data-testid="stButtonGroup"] button {{ min-height: 0; padding: 3px 12px; }}
[data-testid="stMain"] [data-testid="stButtonGroup"] button p {{ font-size: 12.5px; }}
.st-key-curves {{ margin-top: -6px; }}
[data-testid="stMain"] [data-testid="stSelectbox"] input {{ font-size: 12.5px; padding: 4px 10px; }}
[data-testid="stMain"] [role="group"]:has(> input[role="combobox"]) {{ min-height: 0; height: 30px;
  background: #fff; }}
[data-testid="stMain"] [data-testid="stDownloadButton"] {{ display: flex; justify-content: flex-end;
  width: 100%; }}
[data-testid="stMain"] [data-testid="stDownloadButton"] button {{ min-height: 0;
  padding: 3px 11px; }}
[data-testid="stMain"] [data-testid="stDownloadButton"] p {{ font-size: 12.5px; color: {TEXT}; }}
body.cm-script [data-testid="stMain"] .modebar-container {{ display: none; }}
body:not(.cm-script) .cm-images {{ display: none; }}
"""


def apply() -> None:
    """Put the CSS on the page."""
    st.html(f"<style>{CSS}</style>")

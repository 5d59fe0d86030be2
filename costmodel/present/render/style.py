"""The CSS of headlines, cards, tables and notes: the same in the app and in a page of its own."""

from __future__ import annotations

from costmodel.present.charts.theme import GRID, INK, MUTED, RULE, TEXT

PARTS = f"""\
.cm-headline {{ font-size: 26px; line-height: 1.28; font-weight: 700; letter-spacing: -0.5px;
  color: {INK}; margin: 0 0 6px; overflow-wrap: anywhere; }}
h2.cm-headline {{ font-size: 19px; }}
.cm-reason {{ font-size: 15px; line-height: 1.5; color: {MUTED}; margin: 0; max-width: 1080px;
  overflow-wrap: anywhere; }}
.cm-cards {{ display: grid; grid-template-columns: repeat(3, 1fr); gap: 16px; margin: 6px 0 0; }}
.cm-card {{ border: 1px solid #e3e7ed; border-radius: 10px; padding: 11px 18px 10px;
  min-width: 0; }}
.cm-card span {{ display: block; font-size: 12.5px; color: {MUTED}; overflow-wrap: anywhere; }}
.cm-card b {{ display: block; font-size: 23px; line-height: 1.35; letter-spacing: -0.4px; }}
.cm-title {{ font-size: 15px; font-weight: 650; color: {INK}; margin: 6px 0 0;
  overflow-wrap: anywhere; }}

.cm-table {{ width: 100%; border-collapse: collapse; font-size: 12.5px; color: {TEXT}; }}
.cm-table th {{ text-align: left; font-weight: 400; color: {MUTED}; padding: 7px 8px;
  border-bottom: 1px solid {RULE}; white-space: nowrap; }}
.cm-table td {{ padding: 7px 8px; border-bottom: 1px solid {GRID}; vertical-align: top;
  overflow-wrap: break-word; }}
.cm-table .num {{ text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }}
.cm-table th.num {{ white-space: normal; }}
.cm-table .nowrap {{ white-space: nowrap; overflow-wrap: normal; }}
.cm-table tr.total td {{ font-weight: 650; color: {INK}; border-bottom-color: {RULE}; }}
.cm-table tr.muted td {{ color: {MUTED}; }}
.cm-table tr.group td {{ font-weight: 650; color: {INK}; padding-top: 16px; }}
.cm-dot {{ display: inline-block; width: 9px; height: 9px; border-radius: 50%; margin-right: 7px; }}
.cm-pill {{ display: inline-block; padding: 1px 9px; border-radius: 10px; font-size: 11.5px;
  white-space: nowrap; }}
.cm-wide {{ overflow-x: auto; }}

.cm-notes {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(380px, 1fr));
  gap: 4px 36px; font-size: 13px; color: {TEXT}; line-height: 1.5; }}
.cm-notes h4 {{ font-size: 13px; font-weight: 650; color: {INK}; margin: 10px 0 2px; padding: 0; }}
.cm-notes ul {{ margin: 0; padding-left: 16px; }}
.cm-notes li {{ margin: 2px 0; font-size: 13px; overflow-wrap: anywhere; }}
"""
"""Rules for what `costmodel.present.render.html` writes."""

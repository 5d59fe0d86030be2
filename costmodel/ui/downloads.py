"""Charts as PNG or SVG from the browser, tables as CSV. Nothing is drawn on the server."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from costmodel.present.csvfile import csv_text
from costmodel.present.tables import table_of
from costmodel.report import Report

SCRIPT = """
<script>
if (!window.costmodelImages) {
  window.costmodelImages = true;
  document.body.classList.add("cm-script");
  document.addEventListener("click", (event) => {
    const button = event.target.closest(".cm-images button");
    if (!button) return;
    const plot = document.querySelector(".st-key-" + button.dataset.chart + " .js-plotly-plot");
    const camera = plot && plot.querySelector(".modebar-btn");
    if (!camera) return;
    const options = plot._context.toImageButtonOptions;
    plot._context.toImageButtonOptions = { ...options, format: button.dataset.format };
    camera.click();
  });
}
</script>
"""
"""Chooses the format and presses the chart's own camera, which draws in the browser."""


def chart_config(file_name: str) -> dict[str, Any]:
    """How a chart behaves: no tools but the camera."""
    return {
        "displayModeBar": True,
        "displaylogo": False,
        "modeBarButtons": [["toImage"]],
        "toImageButtonOptions": {"format": "png", "scale": 2, "filename": file_name},
    }


def image_buttons(chart: str) -> None:
    """Two buttons that save the chart inside the container of that key."""
    buttons = "".join(
        f"<button type='button' data-chart='{chart}' data-format='{kind}'>{kind.upper()}</button>"
        for kind in ("png", "svg")
    )
    st.html(
        f"<div class='cm-images'>Save chart{buttons}</div>{SCRIPT}", unsafe_allow_javascript=True
    )


def csv_button(report: Report, table: str, file_name: str) -> None:
    """A table of the report as a CSV file, written when asked for."""
    st.download_button(
        "CSV",
        partial(_csv, report, table),
        f"{file_name}-{table.replace('_', '-')}.csv",
        "text/csv",
        key=f"csv-{table}",
        on_click="ignore",
    )


def _csv(report: Report, table: str) -> str:
    return csv_text(table_of(report, table))

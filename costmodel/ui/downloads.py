"""Charts as PNG or SVG from the browser, tables as CSV, and the files that people keep.

Nothing is drawn on the server, and a file is written when its button is pressed, never before.
"""

from __future__ import annotations

from functools import partial
from html import escape
from mimetypes import guess_type
from typing import Any

import streamlit as st

from costmodel.pipeline.report import Report
from costmodel.present.board import ENDINGS, Beside, beside
from costmodel.present.charts.theme import INK, MUTED, inert
from costmodel.present.render.csvfile import csv_text
from costmodel.present.words.report import table_of
from costmodel.quantity.words import shortened, wrapped
from costmodel.scenario import Scenario

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
    const { format, title, lines, footer } = button.dataset;
    const { layout, _context: context } = plot;
    const { margin, annotations = [], height } = layout;
    const line = { xref: "paper", x: 0, xanchor: "left", yref: "paper", showarrow: false,
                   align: "left", xshift: 6 - margin.l };
    const top = lines * 23 + 14;
    context.toImageButtonOptions = {
      ...context.toImageButtonOptions, format, width: plot.clientWidth, height: height + top + 30,
    };
    layout.margin = { ...margin, t: margin.t + top, b: margin.b + 30 };
    layout.annotations = [
      ...annotations,
      { ...line, text: title, y: 1, yanchor: "bottom", yshift: margin.t + 2,
        font: { size: 17, color: "INK" } },
      { ...line, text: footer, y: 0, yanchor: "top", yshift: -margin.b,
        font: { size: 11.5, color: "MUTED" } },
    ];
    camera.click();
    Object.assign(layout, { margin, annotations });
  });
}
</script>
""".replace("INK", INK).replace("MUTED", MUTED)
"""Chooses the format and presses the chart's own camera, which draws in the browser.

The camera copies the layout when it is pressed; title and footer are in it for that moment only.
Streamlit drops a script in which anything looks like a tag.
"""

TITLE_LINE = 104
"""Characters of a line of an image's title."""


def chart_config(file_name: str) -> dict[str, Any]:
    """How a chart behaves: no tools but the camera."""
    return {
        "displayModeBar": True,
        "displaylogo": False,
        "modeBarButtons": [["toImage"]],
        "toImageButtonOptions": {"format": "png", "scale": 2, "filename": file_name},
    }


def image_buttons(chart: str, title: str, footer: str) -> None:
    """Two buttons that save the chart inside the container of that key, with title and footer."""
    lines = [f"<b>{inert(line)}</b>" for line in wrapped(title, TITLE_LINE, 2)]
    texts = (
        f"data-title='{escape('<br>'.join(lines))}' data-lines='{len(lines)}' "
        f"data-footer='{escape(inert(footer))}'"
    )
    buttons = "".join(
        f"<button type='button' data-chart='{chart}' data-format='{kind}' {texts}>"
        f"{kind.upper()}</button>"
        for kind in ("png", "svg")
    )
    st.html(
        f"<div class='cm-images'>Save chart{buttons}</div>{SCRIPT}", unsafe_allow_javascript=True
    )


def image_footer(report: Report) -> str:
    """The line under a saved chart: what it is of, when, and by what."""
    return f"{shortened(report.scenario, 70)} · prices as of {report.as_of.isoformat()} · costmodel"


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


KEPT = (
    ("Excel workbook", ".xlsx", "Live formulas: change an input and every sheet follows"),
    ("PowerPoint deck", ".pptx", "Slides with native charts, editable in place"),
    ("Web page", ".html", "One file with interactive charts, readable offline"),
    ("Frozen scenario", ".yaml", "Every number looked up: the same result offline, at any time"),
    ("JSON", ".json", "The whole result, for programs"),
)
"""Files of the whole result: what the button says, the ending, what it is good for."""


def file_buttons(scenario: Scenario, report: Report, file_name: str) -> None:
    """A row of buttons for the files people keep, each written when it is asked for."""
    with st.container(horizontal=True):
        for words, ending, purpose in KEPT:
            st.download_button(
                words,
                partial(_file, scenario, report, ending),
                f"{file_name}{ending}",
                guess_type(f"file{ending}")[0] or "application/octet-stream",
                key=f"file{ending}",
                on_click="ignore",
                help=purpose,
            )


def _file(scenario: Scenario, report: Report, ending: str) -> bytes:
    from costmodel.present.saving import content_of

    if ending not in ENDINGS:
        return content_of(report, ending)[0]
    return content_of(report, ending, **_beside(scenario.model_dump_json(), scenario))[0]


@st.cache_resource(max_entries=16, show_spinner=False)
def _beside(key: str, _scenario: Scenario) -> Beside:
    return beside(_scenario)


def _csv(report: Report, table: str) -> str:
    return csv_text(table_of(report, table))

"""Request logs that a visitor sends: read as bytes, shown as a workload, used where asked.

A file's name only labels it; nothing on this machine is opened by it, and nothing of a log goes
into the address.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import streamlit as st

from costmodel.errors import InputError
from costmodel.present.charts.traffic import profile_figure
from costmodel.present.render import html
from costmodel.present.words import usage as words
from costmodel.quantity.words import three
from costmodel.scenario.changes import changed
from costmodel.ui.charts import chart
from costmodel.ui.state import Opened
from costmodel.ui.tables import folded

if TYPE_CHECKING:
    from costmodel.ingest.usage.stats import Usage

MOST_MB = 50
MOST_BYTES = MOST_MB * 1_000_000
"""Of all files together."""

LONGEST_FILE_NAME = 80
USE_LABEL = "Work out the bills of this log"


@dataclass(frozen=True)
class Sent:
    """What came of the files: a workload, or what is wrong with them; neither where none came."""

    usage: Usage | None = None
    error: InputError | None = None


def ask() -> Sent:
    """The upload in the sidebar."""
    with st.expander("Your request log"):
        st.html(
            html.note(
                "CSV, JSONL or Parquet: exports of OpenAI, LiteLLM, Langfuse or OpenTelemetry, "
                "FOCUS bills, or a table with timestamp, input_tokens and output_tokens. "
                "It stays in this session and out of the address."
            )
        )
        files = st.file_uploader(
            "Log files",
            type=["csv", "tsv", "jsonl", "ndjson", "json", "parquet"],
            key="usage_log",
            accept_multiple_files=True,
            label_visibility="collapsed",
            max_upload_size=MOST_MB,
        )
    if not files:
        return Sent()
    try:
        if sum(file.size for file in files) > MOST_BYTES:
            raise InputError(
                f"the files have more than {MOST_BYTES / 1e6:g} MB together; read them with "
                "`costmodel usage`"
            )
        return Sent(_read(tuple(file.file_id for file in files), files))
    except InputError as error:
        return Sent(error=error)


@st.cache_resource(max_entries=4, show_spinner="Reading the log…")
def _read(key: tuple[str, ...], _files: Sequence[Any]) -> Usage:
    from costmodel.ingest.usage.read import read_usage

    return read_usage(*((_label(file.name), file.getvalue()) for file in _files))


def _label(name: str) -> str:
    """A short name without any folder.

    >>> _label("../a/log.csv")
    'log.csv'
    """
    return PurePath(name.replace("\\", "/")).name[-LONGEST_FILE_NAME:] or "log"


def in_place(opened: Opened, sent: Sent) -> Opened:
    """The scenario with the log in place of its workload, where that is possible and asked for.

    It then counts as an upload, so that nothing of it goes into the address.
    """
    usage, scenario = sent.usage, opened.scenario
    if usage is None or usage.stats.requests is None or len(scenario.workloads) != 1:
        return opened
    if not st.toggle(USE_LABEL, key="use_usage_log"):
        return opened
    values = {name: usage.workload[name] for name in _TAKEN if name in usage.workload}
    values |= {"requests_per_day": None, "shapes": None}
    logged = changed(scenario, {("workloads", 0, name): value for name, value in values.items()})
    mark = hashlib.sha256(repr(usage.workload).encode()).hexdigest()[:16]
    return Opened(logged, f"{opened.identity}-{mark}", uploaded=True)


_TAKEN = (
    "tokens_per_day",
    "input_tokens",
    "output_tokens",
    "cached_input_share",
    "profile",
    "max_context",
)


def show(sent: Sent, *, week: bool) -> None:
    """The log's figures, its week, what does not count, and its block to take away.

    `week` is off where the page shows the same hours below.
    """
    if sent.error is not None:
        st.html(html.problems(sent.error, "This log cannot be read."))
    if sent.usage is None:
        return
    said = words.answer(sent.usage)
    tables = dict(said.tables)
    weeks, rejected = tables.pop("week"), tables.pop("rejected")
    with st.container(key="usage_log_result"):
        st.html(html.title(said.subject))
        st.html(html.cards(said.cards))
        if week and weeks:
            _week(weeks.title, sent.usage.stats.hourly_profile or ())
        for notes in said.notes.values():
            for each in notes:
                st.html(html.note(each))
        folded(rejected)
        folded(*tables.values(), title="Every statistic")
        st.download_button(
            "Download it as a workload block",
            said.to_copy,
            "workload.yaml",
            "application/yaml",
            on_click="ignore",
        )
        st.divider()


def _week(title: str, weights: Sequence[float]) -> None:
    st.html(html.title(title))
    chart(
        profile_figure(weights),
        "usage_week",
        f"Tokens in each hour of the week; {three(max(weights))} times the mean in the busiest.",
    )

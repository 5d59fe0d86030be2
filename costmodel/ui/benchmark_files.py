"""Benchmark files that a visitor sends: read in memory, and asked about where they are silent.

A file's name only labels its rows; nothing on this machine is opened by it. What a file cannot
know stands empty until the visitor says it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import streamlit as st

from costmodel.errors import InputError
from costmodel.ingest.bench.read import Benchmark, read_uploads
from costmodel.present.render import html
from costmodel.ui import choices

LONGEST_FILE_NAME = 80
UPLOAD_MB = 2


@dataclass(frozen=True)
class Sent:
    """What came of the files: rows, or what is wrong with them; neither where none were sent."""

    benchmark: Benchmark | None = None
    error: InputError | None = None


def ask() -> Sent:
    """The upload in the sidebar, and under it what the files leave open."""
    with st.expander("Your benchmark files"):
        st.html(
            html.note(
                "Results of vLLM, SGLang, GuideLLM, AIPerf, llama-bench, trtllm-bench or "
                "InferenceX. Several make a curve. They stay out of the address."
            )
        )
        files = st.file_uploader(
            "Result files",
            key="benchmark_files",
            accept_multiple_files=True,
            max_upload_size=UPLOAD_MB,
            label_visibility="collapsed",
        )
        if not files:
            return Sent()
        contents = _by_name([(file.name, file.getvalue()) for file in files])
        try:
            return Sent(_asked_about(contents))
        except InputError as error:
            return Sent(error=error)


def _by_name(files: Sequence[tuple[str, bytes]]) -> dict[str, bytes]:
    """Contents by a short name of their own, without any folder.

    >>> list(_by_name([("a/run.json", b"1"), ("run.json", b"2")]))
    ['run.json', 'run.json (2)']
    """
    found: dict[str, bytes] = {}
    for name, data in files:
        plain = PurePath(name.replace("\\", "/")).name[:LONGEST_FILE_NAME] or "file"
        same = sum(known.partition(" (")[0] == plain for known in found)
        found[f"{plain} ({same + 1})" if same else plain] = data
    return found


def _asked_about(contents: Mapping[str, bytes]) -> Benchmark:
    """The rows, with what the visitor adds to them."""
    read = read_uploads(contents)
    if not read.missing:
        return read
    st.html(html.note("The files do not say, so please do:"))
    stated = {name: value for name in read.missing if (value := _picked(name)) is not None}
    return read_uploads(contents, **stated) if stated else read


def _picked(name: str) -> Any:
    """One fact a file cannot know; None while nobody has said it."""
    key, label = f"benchmark_{name}", LABELS[name]
    if name in NUMBERS:
        given = st.number_input(label, min_value=1, value=None, step=1, key=key)
        return None if given is None else int(given)
    return st.selectbox(label, OFFERED[name](), None, key=key, placeholder="not stated")


LABELS = {
    "model": "Model",
    "format": "Format of the weights",
    "kernel": "GEMM kernel",
    "engine": "Engine",
    "gpu": "GPU it ran on",
    "tp": "GPUs of one replica (TP)",
    "input_tokens": "Mean input tokens a request",
    "output_tokens": "Mean output tokens a request",
    "concurrency": "Requests in flight",
}
NUMBERS = frozenset({"tp", "input_tokens", "output_tokens", "concurrency"})
OFFERED = {
    "model": choices.models,
    "format": choices.formats,
    "kernel": lambda: choices.kernels()[1:],
    "engine": choices.engines_with_speed,
    "gpu": choices.gpus,
}


def wrong(error: InputError) -> str:
    """What is wrong with the files, as a box on the page."""
    return html.problems(error, "These benchmark files cannot be read.")

"""The page *Fit*: does it fit, with this context and this many requests, and if not, what would.

Models come from the book by id. A checkpoint on disk is for the command line: what a browser says
never names a file of this machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import streamlit as st

from costmodel.errors import InputError
from costmodel.present.charts.figures import figure
from costmodel.present.charts.memory import map_contexts
from costmodel.present.render import html
from costmodel.present.words import fit as words
from costmodel.present.words.report import rests_on
from costmodel.sizing import Fit, fit, fit_map
from costmodel.ui import choices, weights
from costmodel.ui.charts import chart
from costmodel.ui.controls import Controls

FIRST = weights.Weights("llama-3.3-70b", "awq-int4", "h100-sxm", "1")
CONTEXT, CONCURRENCY = 8192.0, 8.0
"""What a new visitor sees."""

MOST_CONTEXT, MOST_CONCURRENCY = 2.0**24, 100_000.0
VERDICTS = {words.VERDICT_WORDS[each]: colour for each, colour in words.VERDICT_COLOURS.items()}
LOG_CHARACTERS = 400_000
LOG_HINT = "INFO … Model loading took 37.1 GiB memory\nINFO … Available KV cache memory: 31.2 GiB"


@dataclass(frozen=True)
class Question:
    """What is asked of :func:`costmodel.fit`; `options` are its keywords but the first two."""

    model: str
    context: int
    concurrency: float
    options: tuple[tuple[str, Any], ...]

    @property
    def gpu(self) -> str:
        """The card."""
        return dict(self.options)["gpu"]


def page() -> None:
    """Draw the page."""
    with st.sidebar:
        asked = _question(Controls.of_page("fit"))
    try:
        _result(asked, _answer(asked))
    except InputError as error:
        logged = dict(asked.options)["engine_log"] is not None
        about = "This cannot be worked out as it stands."
        st.html(html.problems(error, f"{about} Is the log pasted whole?" if logged else about))


@lru_cache(maxsize=64)
def _answer(asked: Question) -> Fit:
    return fit(
        asked.model,
        context=asked.context,
        concurrency=asked.concurrency,
        **dict(asked.options),
    )


# -------------------------------------------------------------------------------- what is asked


def _question(widgets: Controls) -> Question:
    """The sidebar. Every choice stands in the address; a pasted log never does."""
    chosen = weights.pick(widgets, FIRST)
    st.html(html.group("What you promise"))
    left, right = st.columns(2)
    with left:
        context = widgets.number(
            "context", "Tokens a request", CONTEXT, low=1, high=MOST_CONTEXT, step=1024
        )
    with right:
        concurrency = widgets.number(
            "concurrency", "Requests at once", CONCURRENCY, low=1, high=MOST_CONCURRENCY
        )
    st.html(html.group("KV cache"))
    kv_dtype = widgets.choose(
        "kv", "Format of the KV cache", choices.kv_dtypes(), choices.SIXTEEN_BIT
    )
    st.html(html.group("Engine"))
    versions = choices.engine_versions()
    engine, version = versions[
        widgets.choose("engine", "Engine and version", list(versions), choices.NEWEST)
    ]
    share = widgets.number(
        "utilisation",
        "Share of a card it takes, %",
        None,
        low=1,
        high=100.0,
        placeholder="the engine's own",
    )
    options = {
        "gpu": chosen.gpu,
        "format": chosen.stated_format,
        "tp": int(chosen.tp),
        "kv_dtype": kv_dtype,
        "engine": engine,
        "engine_version": version,
        "gpu_memory_utilization": None if share is None else share / 100,
        "engine_log": _pasted_log(),
    }
    return Question(
        chosen.model,
        int(context or CONTEXT),
        float(concurrency or CONCURRENCY),
        tuple(options.items()),
    )


def _pasted_log() -> str | None:
    """A start-up log; the line end makes sure that it is read as text, never as a file's name."""
    with st.expander("vLLM start-up log"):
        st.html(
            html.note(
                "Paste one, and what the engine measured on your GPU replaces our table. It stays "
                "out of the address."
            )
        )
        pasted = st.text_area(
            "Start-up log",
            key="engine_log",
            height=150,
            max_chars=LOG_CHARACTERS,
            placeholder=LOG_HINT,
            label_visibility="collapsed",
        )
    return f"{pasted}\n" if pasted and pasted.strip() else None


# -------------------------------------------------------------------------------- what is answered


def _result(asked: Question, found: Fit) -> None:
    line = words.headline(found, asked.gpu)
    st.html(html.heading(line, words.VERDICT_COLOURS[found.verdict]))
    st.html(html.cards(words.cards(found)))
    _bar(asked, found, line.reason)
    left, right = st.columns([11, 9], gap="medium")
    with left:
        _map(asked, found)
    with right:
        _changes(found)
        _cache(found)
    st.html(html.titled(words.by_tp(found), VERDICTS))
    if found.notes:
        st.html(html.title(words.NOTES))
        st.html(html.listed(found.notes, "cm-plain"))
    st.html(html.titled(rests_on(words.evidence(found))))


def _bar(asked: Question, found: Fit, reason: str) -> None:
    each = f"Each of the {found.tp} cards" if found.tp > 1 else "The card"
    st.html(html.title(f"{each}: {asked.gpu}"))
    chart(figure(found, "memory"), "memory", reason)


def _map(asked: Question, found: Fit) -> None:
    st.html(html.title("Context against concurrency"))
    contexts = map_contexts(found, _longest(asked))
    table = fit_map(asked.model, contexts, [found.concurrency], **dict(asked.options))
    chart(
        figure(found, "fit_map", found=table),
        "fit_map",
        f"Requests that fit, by context. {words.headline(found, asked.gpu).advice}",
    )


def _longest(asked: Question) -> int:
    """The longest context the model takes."""
    from costmodel.book import load_book

    return load_book().model(asked.model).architecture().max_context or 131_072


def _changes(found: Fit) -> None:
    """What would make it fit, or that nothing does alone."""
    for none in words.no_remedy(found):
        st.html(html.title(words.REMEDIES))
        st.html(html.note(none))
    if found.remedies:
        st.html(html.titled(words.remedies(found)))


def _cache(found: Fit) -> None:
    """The KV cache as a line of its own, with what is known about answers with it."""
    if found.kv_cache is not None:
        st.html(html.titled(words.kv_cache(found)))
        st.html(html.note(" ".join(words.kv_notes(found))))

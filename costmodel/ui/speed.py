"""The page *Speed*: what one replica serves, how fast, through which kernel, and at what cost.

Published measurements first, estimates with their interval where there are none, and the
visitor's own benchmark files over both.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import streamlit as st

from costmodel.book.offers import GpuPrice, gpu_price
from costmodel.errors import InputError
from costmodel.present.charts.figures import figure
from costmodel.present.charts.theme import ACCENTS
from costmodel.present.render import html
from costmodel.present.words import kernels as kernel_words
from costmodel.present.words import speed as words
from costmodel.present.words.evidence import Evidence
from costmodel.present.words.report import rests_on
from costmodel.present.words.speed_files import OwnRow, own_files, own_rows
from costmodel.quantity.words import usd
from costmodel.sizing import Throughput, ThroughputCurve, throughput, throughput_curve
from costmodel.sizing.kernels import KernelComparison, compare_kernels
from costmodel.ui import benchmark_files, choices, weights
from costmodel.ui.charts import chart
from costmodel.ui.controls import Controls

FIRST = weights.Weights("llama-3.3-70b", "fp8", "h100-sxm", "4")
INPUT, OUTPUT = 1024.0, 1024.0
TTFT_MS, TPOT_MS = 2000.0, 30.0
"""What a new visitor sees; a latency of 0 promises nothing."""

MOST_TOKENS, MOST_MS = 2.0**24, 600_000.0
OWN, NEVER = ACCENTS["own"][0], ACCENTS["frontier"][0]


@dataclass(frozen=True)
class Question:
    """What is asked of :func:`costmodel.throughput`; `options` are its keywords but the first."""

    model: str
    options: tuple[tuple[str, Any], ...]

    def asked(self, **known: Any) -> words.Asked:
        """The same in words."""
        names = ("gpu", "tp", "kernel", "input_tokens", "output_tokens", "ttft_ms", "tpot_ms")
        options = dict(self.options)
        stated = {name: options[name] for name in names}
        kept = {"format": options["format"] or choices.AS_RELEASED}
        return words.Asked(self.model, **{**stated, **kept, **known})


@dataclass(frozen=True)
class Offer:
    """What a GPU hour costs: a price of the book, one's own, or why there is none."""

    usd_per_gpu_hour: float | None
    evidence: Evidence | None
    missing: str = ""


def page() -> None:
    """Draw the page."""
    with st.sidebar:
        widgets = Controls.of_page("speed")
        question = _question(widgets)
        offer = _offer(widgets, dict(question.options)["gpu"])
        sent = benchmark_files.ask()
    if sent.error is not None:
        st.html(benchmark_files.wrong(sent.error))
    try:
        found = _answer(question)
    except InputError as error:
        st.html(html.problems(error, "This cannot be served as it stands."))
        _kernels(question, question.asked(), offer)
        return
    _result(question, found, offer, sent)


@lru_cache(maxsize=64)
def _answer(question: Question) -> Throughput:
    return throughput(question.model, **dict(question.options))


@lru_cache(maxsize=64)
def _curve(question: Question) -> ThroughputCurve | str:
    """The curve, or why there is none: a measurement may stand where our memory rules say no."""
    try:
        return throughput_curve(question.model, **dict(question.options))
    except InputError as error:
        return str(error)


@lru_cache(maxsize=64)
def _compared(question: Question) -> KernelComparison:
    return compare_kernels(question.model, **dict(question.options))


# -------------------------------------------------------------------------------- what is asked


def _question(widgets: Controls) -> Question:
    """The sidebar. Every choice stands in the address."""
    chosen = weights.pick(widgets, FIRST)
    stated = chosen.stated_format
    offered = choices.kernels_for(stated) if stated else choices.kernels()
    kernel = widgets.choose("kernel", "GEMM kernel", offered, choices.ENGINES_CHOICE)
    st.html(html.group("A request"))
    left, right = st.columns(2)
    with left:
        prompt = _tokens(widgets, "input", "Tokens in", INPUT)
    with right:
        answer = _tokens(widgets, "output", "Tokens out", OUTPUT)
    cached = widgets.number("cached", "Of the prompt in the prefix cache, %", 0.0, high=100.0)
    st.html(html.group("Mean latencies promised (0: none)"))
    left, right = st.columns(2)
    with left:
        ttft = widgets.number("ttft", "TTFT, ms", TTFT_MS, high=MOST_MS, step=100)
    with right:
        tpot = widgets.number("tpot", "TPOT, ms", TPOT_MS, high=MOST_MS, step=5)
    st.html(html.group("Engine"))
    left, right = st.columns(2)
    with left:
        engines = choices.engines_with_speed()
        engine = widgets.choose("server", "Engine", engines, engines[0])
    with right:
        kv_dtype = widgets.choose("kv", "KV cache", choices.kv_dtypes(), choices.SIXTEEN_BIT)
    options = {
        "gpu": chosen.gpu,
        "format": stated,
        "kernel": None if kernel == choices.ENGINES_CHOICE else kernel,
        "tp": int(chosen.tp),
        "input_tokens": prompt,
        "output_tokens": answer,
        "prefix_cache_share": (cached or 0.0) / 100,
        "ttft_ms": ttft or None,
        "tpot_ms": tpot or None,
        "engine": None if engine == engines[0] else engine,
        "kv_dtype": kv_dtype,
    }
    return Question(chosen.model, tuple(options.items()))


def _tokens(widgets: Controls, key: str, label: str, default: float) -> float:
    given = widgets.number(key, label, default, low=1, high=MOST_TOKENS, step=128)
    return float(given or default)


def _offer(widgets: Controls, gpu: str) -> Offer:
    """What a GPU hour costs: one's own price, which stays out of the address, else the book's."""
    st.html(html.group("A GPU hour"))
    left, right = st.columns(2)
    with left:
        terms = widgets.choose("terms", "Terms", list(choices.TERMS), next(iter(choices.TERMS)))
        own = widgets.number(
            "usd_per_gpu_hour", "Own price, USD/h", None, low=0.01, step=0.05, private=True,
            placeholder="listed",
        )  # fmt: skip
    with right:
        kind = widgets.choose("class", "Providers", choices.CLASSES, choices.ANY_CLASS)
        quantile = widgets.choose("quantile", "Price", choices.QUANTILES, "median")
    if own is not None:
        return Offer(own, Evidence("GPU hour", usd(own), "assumed", "your own price"))
    try:
        price = _price(gpu, terms, kind, quantile)
    except InputError as error:
        return Offer(None, None, str(error))
    cost = price.usd_per_gpu_hour
    row = Evidence("GPU hour", usd(cost), price.kind, price.source, price.as_of)
    return Offer(cost, row)


@lru_cache(maxsize=256)
def _price(gpu: str, terms: str, kind: str, quantile: str) -> GpuPrice:
    name, months = choices.TERMS[terms]
    return gpu_price(
        gpu,
        name,  # type: ignore[arg-type]
        provider_class=None if kind == choices.ANY_CLASS else kind,  # type: ignore[arg-type]
        quantile=quantile,  # type: ignore[arg-type]
        term_months=months,
    )


# -------------------------------------------------------------------------------- what is answered


def _result(
    question: Question,
    found: Throughput,
    offer: Offer,
    sent: benchmark_files.Sent,
) -> None:
    looked_up = next((row.value for row in found.assumptions if row.path == "format"), None)
    asked = question.asked(**({"format": str(looked_up)} if looked_up else {}))
    drawn = _curve(question)
    curve = None if isinstance(drawn, str) else drawn
    line = words.headline(asked, found, curve)
    st.html(html.heading(line, OWN if found.output_tokens_per_s else NEVER))
    st.html(
        html.cards(
            [*words.cards(asked, found), words.cost_card(asked, found, offer.usd_per_gpu_hour)]
        )
    )
    rows = sent.benchmark.measurements if sent.benchmark else ()
    own = own_rows(rows, asked, curve)
    if curve is None:
        st.html(html.note(f"No curve: {drawn}."))
    else:
        _latency(asked, found, curve, own, line.reason)
    if own:
        st.html(html.titled(own_files(own)))
    _kernels(question, asked, offer)
    if curve is not None and curve.measured:
        st.html(html.titled(words.measured(curve)))
    _evidence(found, offer)


def _latency(
    asked: words.Asked,
    found: Throughput,
    curve: ThroughputCurve,
    own: list[OwnRow],
    reason: str,
) -> None:
    st.html(html.title("Throughput against latency, as requests in flight grow"))
    yours = [each.point for each in own if not each.apart]
    chart(figure(curve, "latency", asked=asked, answer=found, yours=yours), "latency", reason)


def _kernels(question: Question, asked: words.Asked, offer: Offer) -> None:
    """The same weights side by side: the matrices, what is served, what it costs."""
    try:
        compared = _compared(question)
    except InputError as error:
        st.html(html.problems(error, "Formats and kernels cannot be compared here."))
        return
    st.html(html.title("Where 4-bit stops paying: the matrices alone"))
    st.html(html.note(kernel_words.stops_paying(compared)))
    chart(figure(compared, "gemm"), "gemm", kernel_words.stops_paying(compared))
    left, right = st.columns(2, gap="medium")
    with left:
        st.html(html.title("The same weights, whole requests"))
        chart(figure(compared, "served"), "served", "Output tokens a second by format and kernel")
    with right:
        st.html(html.title("GPU cost of 1M tokens, never idle"))
        if offer.usd_per_gpu_hour is None:
            st.html(html.note(offer.missing))
        else:
            priced = figure(compared, "cost", asked=asked, usd_per_gpu_hour=offer.usd_per_gpu_hour)
            chart(priced, "cost", "GPU dollars for 1M tokens by format and kernel")
    st.html(html.note(kernel_words.reading(compared)))


def _evidence(found: Throughput, offer: Offer) -> None:
    rows = [*words.evidence(found), *([offer.evidence] if offer.evidence else [])]
    st.html(html.titled(rests_on(rows)))
    st.html(html.title(words.SOURCES))
    st.html(html.listed(words.source_lines(found.sources), "cm-plain"))

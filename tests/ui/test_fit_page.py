"""The page *Fit* without a browser: verdicts, the address, a pasted log, every id of the book."""

import pytest

from costmodel.ui import choices
from tests.ui.pages import headline, html, opened_page

LOG = "INFO Model loading took 37.10 GiB memory\nINFO Available KV cache memory: 29.50 GiB"


def opened(**address):
    return opened_page("fit", 30, **address)


def test_default_is_llama_70b_at_four_bits_on_one_card():
    app = opened()
    assert not app.exception
    assert headline(app) == (
        "llama-3.3-70b in awq-int4 on one h100-sxm, 8 requests of 8,192 tokens at once. "
        "It fits: room for 12.3 to 13.4."
    )
    assert len(app.get("plotly_chart")) == 2
    assert "a full card is a choice" in html(app)
    assert "16 in 2 nodes" in html(app)
    assert "What would make it fit" not in html(app)


def test_eight_bits_are_too_close_to_call():
    app = opened(weights="fp8", concurrency="1")
    assert "Too close to call: room for 0.1 to 1.1" in headline(app)
    assert "Spread it over 2 GPUs" in html(app)


def test_sixteen_bits_need_four_cards():
    app = opened(weights="bf16", concurrency="16")
    assert "It does not fit." in headline(app)
    assert "4 GPUs hold it." in html(app)
    assert "<b>4</b>" in html(app)


def test_the_address_restores_every_choice():
    app = opened(weights="fp8", card="h200", cards="2", context="4096", kv="fp8", utilisation="80")
    assert not app.exception
    assert "in fp8 on 2 × h200, 8 requests of 4,096 tokens" in headline(app)
    assert "KV cache in fp8" in html(app)
    assert "80 %" in html(app)
    by_hand = opened()
    by_hand.selectbox(key="weights").set_value("fp8").run()
    by_hand.number_input(key="context").set_value(4096.0).run()
    assert headline(by_hand) == headline(opened(weights="fp8", context="4096"))


def test_nonsense_in_the_address_is_ignored():
    app = opened(open_model="/etc", weights="lead", card="toaster", context="-4")
    assert not app.exception
    assert headline(app) == headline(opened())


def test_kv_cache_has_its_own_format_and_its_own_note():
    assert "16 bits are what other KV caches are held against" in html(opened())
    smaller = html(opened(kv="fp8"))
    assert "KV cache in fp8" in smaller
    assert "100.0 % of the score with 16 bits in the median of 15 comparisons" in smaller
    unknown = opened(kv="q5_1", engine="llama.cpp", weights="gguf-q4_k_m")
    assert "no data here yet" in html(unknown)


def test_a_pasted_log_replaces_the_table_and_stays_out_of_the_address():
    app = opened()
    app.text_area(key="engine_log").set_value(LOG).run()
    assert not app.exception
    assert "29.5 GiB" in html(app)
    assert "measured" in html(app)
    assert "start-up log" in html(app)
    assert not dict(app.query_params)


@pytest.mark.parametrize("log", ["hello\nworld", "hello", "/etc/passwd", "INFO loading took 1 GiB"])
def test_a_log_that_is_none_is_explained_and_never_read_as_a_file(log):
    app = opened()
    app.text_area(key="engine_log").set_value(log).run()
    assert not app.exception
    assert "no line of a vLLM start-up log was found" in html(app)


def test_a_group_that_does_not_divide_the_heads_is_explained():
    app = opened(open_model="qwen2.5-7b", weights="bf16", cards="16")
    assert not app.exception
    assert "tp must divide the 28 attention heads" in html(app)


@pytest.mark.parametrize("model", choices.models()[::9])
def test_models_of_the_book_open_as_released(model):
    app = opened(open_model=model, weights=choices.AS_RELEASED)
    assert not app.exception
    assert "cm-problems" in html(app) or model in headline(app)


def test_a_model_known_by_name_only_says_so():
    assert "known by name only" in html(opened(open_model="kimi-k3"))

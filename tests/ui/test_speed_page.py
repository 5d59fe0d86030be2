"""The page *Speed* without a browser: the sentence, the address, prices, the visitor's files."""

import json
import re

import pytest

from costmodel import throughput
from costmodel.quantity.words import short
from costmodel.ui import benchmark_files, choices
from tests.ui.pages import headline, html, opened_page

CHARTS = 4


def opened(**address):
    return opened_page("speed", 30, **address)


def run(concurrency, rate, **more):
    """A result of `vllm bench serve` of 1,024 tokens in and 1,000 out."""
    n = 4 * concurrency
    data = {
        "date": "20261101-101010", "model_id": "meta-llama/Llama-3.3-70B-Instruct",
        "num_prompts": n, "request_rate": "inf", "max_concurrency": concurrency,
        "duration": n * 1000 / rate, "completed": n, "total_input_tokens": n * 1024,
        "total_output_tokens": n * 1000, "request_throughput": rate / 1000,
        "output_throughput": rate, "mean_ttft_ms": 150.0, "mean_tpot_ms": 1000 * concurrency / rate,
        **more,
    }  # fmt: skip
    return json.dumps(data).encode()


def send(app, *files):
    app.file_uploader(key="benchmark_files").set_value(
        [(name, data, "application/json") for name, data in files]
    )
    return app.run()


def test_default_says_what_a_replica_serves():
    app = opened()
    assert not app.exception
    found = throughput(
        "llama-3.3-70b", gpu="h100-sxm", format="fp8", tp=4, input_tokens=1024, output_tokens=1024,
        ttft_ms=2000, tpot_ms=30,
    )  # fmt: skip
    assert headline(app) == (
        "llama-3.3-70b in fp8 on 4 × h100-sxm, 1,024 tokens in and 1,024 out. "
        f"One replica serves {short(found.output_tokens_per_s)} tok/s out "
        f"({short(found.low)} to {short(found.high)}, {found.provenance})."
    )
    assert len(app.get("plotly_chart")) == CHARTS
    assert "Published measurements of exactly this" in html(app)
    assert "stops paying at about" in html(app)
    assert "roofline: fit of" in html(app)


def test_the_address_restores_every_choice():
    app = opened(
        open_model="llama-3.1-8b", weights="awq-int4", card="l40s", cards="1", kernel="awq",
        input="500", output="100", ttft="0", tpot="40", server="vllm", terms="spot",
    )  # fmt: skip
    assert not app.exception
    assert "llama-3.1-8b in awq-int4 through awq on one l40s, 500 tokens in" in headline(app)
    assert app.selectbox(key="terms").value == "spot"


def test_nonsense_in_the_address_is_ignored():
    app = opened(open_model="/etc", weights="lead", card="toaster", kernel="magic", input="-4")
    assert not app.exception
    assert headline(app) == headline(opened())


def test_what_cannot_be_met_is_said():
    app = opened(tpot="1")
    assert "It cannot meet TTFT 2 s and TPOT 1 ms" in headline(app)
    assert "A single request takes" in html(app)


def test_what_does_not_fit_shows_what_would():
    app = opened(weights="bf16", cards="1")
    assert not app.exception
    assert "it needs tp=2" in html(app)
    assert len(app.get("plotly_chart")) == CHARTS - 1


def test_own_price_counts_and_stays_out_of_the_address():
    app = opened()
    before = html(app)
    app.number_input(key="usd_per_gpu_hour").set_value(1.0).run()
    assert "at $1.00 a GPU hour" in html(app)
    assert "at $1.00 a GPU hour" not in before
    assert not dict(app.query_params)


def test_a_price_nobody_lists_is_no_number():
    app = opened(card="rtx-4090", open_model="llama-3.1-8b", weights="awq-int4", cards="1",
                 terms="reserved, 3 years")  # fmt: skip
    assert not app.exception
    assert "nobody lists reserved" in html(app)
    assert "no price for this GPU" in html(app)


def test_files_ask_for_what_they_cannot_know_and_then_stand_on_the_chart():
    app = send(opened(), ("c32.json", run(32, 1800.0)), ("c8.json", run(8, 610.0)))
    assert not app.exception
    assert html(app).count("GPU not stated") == 2
    app.selectbox(key="benchmark_gpu").set_value("h100-sxm")
    app.number_input(key="benchmark_tp").set_value(4)
    app.selectbox(key="benchmark_format").set_value("fp8")
    app.run()
    assert not app.exception
    shown = html(app)
    assert "not stated" not in shown.partition("What this rests on")[0]
    rows = re.findall(r"<td class='num'>(8|32)</td>\s*<td class='num'>1,024</td>", shown)
    assert rows == ["8", "32"]
    chart = json.loads(app.get("plotly_chart")[0].proto.spec)
    yours = next(
        trace for trace in chart["data"] if trace.get("marker", {}).get("symbol") == "square"
    )
    assert len(yours["x"]) == 2
    assert not dict(app.query_params)


def test_a_file_of_another_gpu_is_listed_and_not_drawn():
    app = send(opened(), ("run.json", run(32, 1800.0)))
    app.selectbox(key="benchmark_gpu").set_value("h200")
    app.number_input(key="benchmark_tp").set_value(4)
    app.selectbox(key="benchmark_format").set_value("fp8")
    app.run()
    assert "GPU h200, not h100-sxm" in html(app)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("run.json", b'{"date": 1,\n "x": ', "stops being JSON here"),
        ("eval.json", b'{"results": {"mmlu": 0.7}}', "is from none of the tools read here"),
        ("../../etc/passwd", b"", "is empty"),
        ("<script>x</script>.json", b"\x1f\x8b", "is gzip-compressed"),
    ],
)
def test_files_that_are_none_are_explained(name, data, said):
    app = send(opened(), (name, data))
    assert not app.exception
    assert "These benchmark files cannot be read." in html(app)
    assert said in html(app)
    assert "<script>" not in html(app)
    assert "etc/" not in html(app)
    assert headline(app) == headline(opened())


def test_names_of_files_lose_their_folders():
    named = benchmark_files._by_name([("C:\\a\\run.json", b"1"), ("/etc/run.json", b"2")])
    assert named == {"run.json": b"1", "run.json (2)": b"2"}


@pytest.mark.parametrize("model", choices.models()[::11])
def test_models_of_the_book_open(model):
    app = opened(open_model=model, weights=choices.AS_RELEASED, cards="8", card="h200")
    assert not app.exception
    assert "cm-problems" in html(app) or model in headline(app)


@pytest.mark.parametrize("gpu", choices.gpus()[::4])
def test_gpus_of_the_book_open(gpu):
    app = opened(open_model="llama-3.1-8b", weights="bf16", cards="1", card=gpu)
    assert not app.exception
    assert "cm-problems" in html(app) or gpu in headline(app)


@pytest.mark.parametrize("engine", choices.engines_with_speed())
def test_engines_open(engine):
    app = opened(server=engine)
    assert not app.exception
    assert "One replica serves" in headline(app)

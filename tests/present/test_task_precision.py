"""The precision of an endpoint that the book knows reads the same wherever it is shown."""

import pytest

from costmodel import evaluate, portfolio
from costmodel.present.saving import content_of
from costmodel.present.words.task_precision import task_precision
from costmodel.scenario import parse_scenario
from tests.golden.surfaces import slides, words

TEXT = """
name: An endpoint the book knows
as_of: 2026-11-23
workloads:
  - {name: chat, tokens_per_day: 1e6, input_tokens: 900, output_tokens: 100,
     quality: {accepts: [host]}}
options:
  - name: host
    api: {provider: deepinfra, model: meta-llama/Llama-3.3-70B-Instruct-Turbo}
  - name: own
    selfhost: {model: llama-3.3-70b, format: awq-int4, kv_dtype: fp8, gpu: h100-sxm,
               offers: [{terms: on-demand, usd_per_gpu_hour: 2}]}
"""


@pytest.fixture(scope="module")
def scenario():
    return parse_scenario(TEXT)


@pytest.fixture(scope="module")
def report(scenario):
    return evaluate(scenario)


def test_portfolio_table_deck_and_page_agree(scenario, report):
    (chosen,) = portfolio(scenario).assignment
    assert chosen.precision == "fp8"
    ((_, _, precision, *_),) = task_precision(report).texts()
    assert precision == "fp8"
    assert "chat | host | fp8 |" in slides(content_of(report, ".pptx")[0])
    assert "chat | host | fp8 |" in words(content_of(report, ".html")[0].decode())


def test_a_stated_precision_counts_before_the_listed_one():
    stated = TEXT.replace("-Turbo}", "-Turbo, precision: bf16}")
    assert portfolio(parse_scenario(stated)).assignment[0].precision == "bf16"


def test_own_gpus_say_their_kv_cache_too():
    both = parse_scenario(TEXT.replace("accepts: [host]", "accepts: [own]"))
    ((_, _, precision, *_),) = task_precision(evaluate(both)).texts()
    assert precision == portfolio(both).assignment[0].precision == "awq-int4, fp8 KV"


def test_where_no_quality_is_asked_for_there_is_nothing_to_say():
    plain = TEXT.replace(",\n     quality: {accepts: [host]}", "")
    assert not task_precision(evaluate(parse_scenario(plain)))

"""Token prices: every trap once, and the price library itself as the oracle for all models."""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from statistics import mean

import pytest
from genai_prices import Usage
from pydantic import ValidationError

from costmodel.book import token_corrections, token_library
from costmodel.book.token_records import ApiCorrections, EndpointFact, TokenPrice
from costmodel.book.tokens import (
    host_spread,
    hosts,
    moment,
    open_model_ids,
    scheduled_changes,
    search_prices,
    token_price,
)
from costmodel.cost.api import request_usd
from costmodel.errors import InputError, UnknownIdError

TODAY = date(2026, 11, 23)
MILLION = 1_000_000


def input_usd(price: TokenPrice) -> float:
    return price.tiers[0].input_usd_per_mtok


# --------------------------------------------------------------------------------- oracle

MOMENTS = [
    datetime(2026, 11, 23, 12, tzinfo=UTC),
    datetime(2026, 11, 23, 2, 30, tzinfo=UTC),
    datetime(2027, 1, 15, 7, tzinfo=UTC),
    datetime(2026, 9, 1, 0, 15, tzinfo=UTC),
]


def library_usd(found, at, usage, context=None):
    input_tokens, output_tokens, cached, written = usage
    calculation = found.info.calc_price(
        Usage(
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            cache_read_tokens=cached,
            cache_write_tokens=written,
        ),
        found.provider,
        genai_request_timestamp=at,
        price_context=context,
    )
    return float(calculation.total_price)


def our_usd(price, usage, batch=False):
    input_tokens, output_tokens, cached, written = usage
    shares = (cached / input_tokens, written / input_tokens)
    return request_usd(price.prices(), input_tokens, output_tokens, *shares, batch)


def request_sizes(price):
    """A small request, and one just at and just above each tier; plain, cached and written."""
    sizes = [1_000]
    for tier in price.tiers[1:]:
        start = int(tier.above_input_tokens)
        sizes += [start, start + 1]
    for size in sizes:
        yield size, 250, 0, 0
        yield size, 250, size // 2, 0
        yield size, 250, size // 4, size // 8


def library_models():
    for provider in token_library.provider_ids():
        yield from token_library.models(provider)


def corrected(found):
    return token_corrections.price_row(found.provider.id, found.info.id) is not None


@pytest.mark.parametrize("at", MOMENTS, ids=str)
def test_every_model_agrees_with_the_library(at):
    """All models with a price per text token, for several request sizes, at one moment.

    Left out: models priced otherwise (by audio hour, page or character, embeddings without an
    output price, free ones; `token_price` refuses them) and our own corrections.
    """
    compared = 0
    for found in library_models():
        if corrected(found):
            continue
        try:
            price = token_price(found.provider.id, found.info.id, at)
        except token_library.NoTokenPriceError:
            continue
        assert price.model == found.info.id
        for usage in request_sizes(price):
            expected = library_usd(found, at, usage)
            assert our_usd(price, usage) == pytest.approx(expected, rel=1e-9, abs=1e-15), price.id
        compared += 1
    assert compared > 2_000


def test_every_batch_price_agrees_with_the_library():
    """Wherever a batch price is listed; an unlisted cached price is never below the library's.

    The library lets the standard cached price stand in a batch whose table lists none. For
    Google that is stated; elsewhere we charge the batch input price.
    """
    at, unlisted = MOMENTS[0], set()
    compared = 0
    for found in library_models():
        if not found.batch_is_listed(at):
            continue
        try:
            price = token_price(found.provider.id, found.info.id, at)
        except token_library.NoTokenPriceError:
            continue
        assert price.batch is not None
        for usage in request_sizes(price):
            expected = library_usd(found, at, usage, token_library.BATCH)
            ours = our_usd(price, usage, batch=True)
            if ours != pytest.approx(expected, rel=1e-9):
                unlisted.add(price.id)
                assert ours > expected
                assert usage[2] > 0, "only cached tokens may differ"
        compared += 1
    assert compared >= 90
    assert unlisted == {"openai/gpt-4.1", "openai/gpt-4.1-mini", "openai/gpt-4.1-nano",
                        "openai/o3", "openai/o4-mini"}  # fmt: skip


def test_models_without_a_text_price_are_refused():
    """Each lacks a price for input or output tokens: audio, pages, embeddings, free models."""
    refused = set()
    for found in library_models():
        prices = found.info.get_prices(moment(TODAY))
        if prices.input_mtok is None or prices.output_mtok is None:
            refused.add(found.info.id)
            with pytest.raises(InputError, match="state its prices in the scenario"):
                found.schedule(TODAY, "batch input price")
    assert {"whisper-large-v3", "text-embedding-3-large"} <= refused
    assert len(refused) < 300


# ---------------------------------------------------------------------------------- traps


def test_a_month_in_one_call_is_five_times_too_dear():
    prices = token_price("anthropic", "claude-haiku-5-5", TODAY).prices()
    assert request_usd(prices, 100 * MILLION, 10 * MILLION) == pytest.approx(75.0)
    assert 10_000 * request_usd(prices, 10_000, 1_000) == pytest.approx(15.0)


def test_cached_tokens_are_part_of_the_input():
    prices = token_price("anthropic", "claude-haiku-4-5", TODAY).prices()
    assert request_usd(prices, MILLION, 0, cached_input_share=1.0) == pytest.approx(0.10)
    assert request_usd(prices, MILLION, 0, cached_input_share=0.5) == pytest.approx(0.55)


def test_an_unmatched_batch_never_passes_for_a_batch_price():
    found = token_library.find_model("groq", "llama-3.3-70b-versatile")
    assert found is not None
    usage = (1_000, 250, 0, 0)
    at = moment(TODAY)
    assert library_usd(found, at, usage, token_library.BATCH) == library_usd(found, at, usage)
    price = token_price("groq", "llama-3.3-70b-versatile", TODAY)
    assert price.batch is None
    with pytest.raises(InputError, match="no batch price"):
        request_usd(price.prices(), 1_000, 250, batch=True)


def test_a_batch_context_is_not_a_batch_price_before_it_starts():
    assert token_price("openai", "gpt-4.1", date(2026, 10, 13)).batch is None
    assert token_price("openai", "gpt-4.1", date(2026, 10, 14)).batch is not None


def test_a_batch_entry_that_names_no_price_is_no_batch_price():
    assert token_price("openai", "gpt-3.5-turbo-1106", TODAY).batch is None


def test_a_resold_model_does_not_inherit_the_batch_price():
    resold = token_price("azure", "gpt-4.1", TODAY)
    assert resold.provider == "azure"
    assert input_usd(resold) == input_usd(token_price("openai", "gpt-4.1", TODAY))
    assert resold.batch is None


def test_prices_move_with_the_date():
    before = token_price("google", "gemini-4-argon", date(2026, 11, 30))
    after = token_price("google", "gemini-4-argon", date(2026, 12, 1))
    assert (input_usd(before), input_usd(after)) == (2.0, 4.0)
    changes = scheduled_changes("google", "gemini-4-argon", TODAY)
    assert [(day, input_usd(price)) for day, price in changes] == [(date(2026, 12, 1), 4.0)]
    assert changes[0][1].batch[0].input_usd_per_mtok == 2.0
    assert scheduled_changes("google", "gemini-4-argon", TODAY, until=date(2026, 11, 30)) == []
    assert scheduled_changes("anthropic", "claude-haiku-5-5", TODAY) == []


def test_prices_move_with_the_hour():
    price = token_price("deepseek", "deepseek-v4-pro", TODAY)
    assert price.depends_on_hour
    assert input_usd(price) == 0.66  # noon UTC
    assert input_usd(token_price("deepseek", "deepseek-v4-pro", MOMENTS[1])) == 1.32
    by_hour = [each.tiers[0].input_usd_per_mtok for each in price.hourly_prices()]
    peak = {1, 2, 3, 6, 7, 8, 9}
    assert by_hour == [1.32 if hour in peak else 0.66 for hour in range(24)]


def test_an_hour_with_a_change_in_it_is_averaged():
    price = token_price("deepseek", "deepseek-chat", date(2026, 1, 5))  # dear 00:30-16:30
    by_hour = [each.tiers[0].input_usd_per_mtok for each in price.hourly_prices()]
    assert (by_hour[0], by_hour[1], by_hour[16], by_hour[17]) == (
        pytest.approx(mean([0.135, 0.27])), 0.27, pytest.approx(mean([0.135, 0.27])), 0.135,
    )  # fmt: skip
    assert mean(by_hour) == pytest.approx((8 * 0.135 + 16 * 0.27) / 24)


def test_a_moment_in_another_time_zone_is_the_same_moment():
    tokyo = datetime(2026, 11, 23, 11, 30, tzinfo=timezone(timedelta(hours=9)))  # 02:30 UTC
    price = token_price("deepseek", "deepseek-v4-pro", tokyo)
    assert input_usd(price) == 1.32
    assert price.at.utcoffset() == timedelta(0)


def test_a_moment_without_a_time_zone_is_refused():
    with pytest.raises(InputError, match="time zone"):
        token_price("deepseek", "deepseek-v4-pro", datetime(2026, 11, 23, 2))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("provider", "model", "retires"),
    [
        ("cerebras", "llama-3.3-70b", date(2026, 2, 16)),
        ("deepseek", "deepseek-chat", date(2026, 7, 24)),
        ("together", "meta-llama/Llama-3.3-70B-Instruct-Turbo", date(2026, 10, 22)),
        ("fireworks", "gpt-oss-120b", date(2026, 11, 7)),
        ("anthropic", "claude-sonnet-4-5", date(2026, 11, 30)),
        ("openai", "gpt-5", date(2026, 12, 11)),
        ("openai", "gpt-5-mini", date(2026, 12, 11)),
        ("openai", "gpt-5-nano", date(2026, 12, 11)),
    ],
)
def test_endpoints_that_retire_say_so(provider, model, retires):
    price = token_price(provider, model, TODAY)
    assert price.retires == retires
    assert price.retired == (retires <= TODAY)
    assert price.retires_by(date(2027, 1, 1))
    assert not token_price(provider, model, retires - timedelta(days=1)).retired
    assert token_price(provider, model, retires).retired


def test_an_endpoint_without_a_date_does_not_retire():
    price = token_price("groq", "llama-3.3-70b-versatile", TODAY)
    assert not price.retired
    assert not price.retires_by(date(2036, 1, 1))


def test_a_correction_replaces_the_library_and_says_what_it_replaced():
    price = token_price("together", "meta-llama/Llama-3.3-70B-Instruct-Turbo", TODAY)
    assert (input_usd(price), price.tiers[0].output_usd_per_mtok) == (1.04, 1.04)
    assert "litellm" in price.source
    assert any("lists 0.88 / 0.88" in note for note in price.notes)


def test_deepinfra_is_there():
    price = token_price("deepinfra", "meta-llama/Llama-3.3-70B-Instruct-Turbo", TODAY)
    tier = price.tiers[0]
    assert (tier.input_usd_per_mtok, tier.output_usd_per_mtok) == (0.1, 0.32)
    assert (price.precision, price.as_of) == ("fp8", TODAY)
    assert price.batch is None


def test_every_price_names_its_source_and_date():
    price = token_price("groq", "openai/gpt-oss-120b", TODAY)
    assert price.source == f"genai-prices {token_library.version()}"
    assert price.as_of == date(2026, 11, 9)
    assert price.precision is None


def test_another_version_of_the_library_has_no_date_we_could_vouch_for(monkeypatch):
    monkeypatch.setattr(token_library, "version", lambda: "0.2.99")
    price = token_price("groq", "openai/gpt-oss-120b", date(2026, 11, 22))
    assert (price.source, price.as_of) == ("genai-prices 0.2.99", None)


@pytest.mark.parametrize(
    ("provider", "model", "stacks", "cached_in_batch"),
    [
        ("anthropic", "claude-haiku-4-5", True, 0.05),  # 0.10 standard, 0.50 batch input
        ("groq", "openai/gpt-oss-120b", False, 0.075),  # the batch input price
        ("google", "gemini-2.5-pro", False, 0.125),  # the standard cached price, as stated
        ("openai", "gpt-5", True, 0.0625),
        ("openai", "gpt-4.1", False, None),  # nothing listed: the batch input price
        ("openai", "o3-pro", None, None),  # no cached price at all
    ],
)
def test_whether_batch_and_cache_stack(provider, model, stacks, cached_in_batch):
    price = token_price(provider, model, TODAY)
    assert price.batch is not None
    assert price.batch_stacks is stacks
    assert price.batch[0].cached_input_usd_per_mtok == cached_in_batch


def test_a_fee_per_request_is_not_dropped():
    prices = token_price("perplexity", "sonar", TODAY).prices()
    assert request_usd(prices, 1_000, 0) == pytest.approx(0.001 + 0.012)


def test_what_is_billed_apart_is_named():
    price = token_price("anthropic", "claude-haiku-5-5", TODAY)
    assert "web_searches_kcount" in price.priced_apart


# ------------------------------------------------------------------------------------ ids


@pytest.mark.parametrize(
    ("provider", "given", "model"),
    [
        ("fireworks", "gpt-oss-20b", "gpt-oss-20b"),
        ("fireworks", "accounts/fireworks/models/gpt-oss-20b", "gpt-oss-20b"),
        ("groq", "gpt-oss-120b", "openai/gpt-oss-120b"),
        ("GROQ", "OpenAI/GPT-OSS-120B", "openai/gpt-oss-120b"),
        ("anthropic", "claude-haiku-4-5-20251001", "claude-haiku-4-5"),
        ("deepinfra", "gpt-oss-20b", "openai/gpt-oss-20b"),
        ("deepinfra", "OPENAI/gpt-oss-20b", "openai/gpt-oss-20b"),
        ("together", "llama-3.3-70b-instruct-turbo", "meta-llama/Llama-3.3-70B-Instruct-Turbo"),
    ],
)
def test_ids_that_are_accepted(provider, given, model):
    price = token_price(provider, given, TODAY)
    assert price.model == model
    assert bool(price.notes and "taken to mean" in price.notes[0]) == (
        given.lower() != model.lower()
    )


def test_a_name_the_library_recognises_is_the_same_provider():
    assert token_price("bedrock", "openai.gpt-oss-20b-1:0", TODAY).provider == "aws"


@pytest.mark.parametrize(
    ("provider", "model", "nearest"),
    [
        ("groq", "llama-3.3-70b", "llama-3.3-70b-versatile"),
        ("anthropic", "claude-sonet-5-5", "claude-sonnet-5-5"),
        ("deepinfra", "gpt-oss-12b", "openai/gpt-oss-120b"),
        ("fireworks", "gpt-oss-21b", "gpt-oss-20b"),
    ],
)
def test_an_unknown_model_offers_the_nearest_of_that_provider(provider, model, nearest):
    with pytest.raises(UnknownIdError, match="did you mean") as caught:
        token_price(provider, model, TODAY)
    assert nearest in caught.value.nearest
    known = {found.info.id for found in token_library.models(provider)}
    assert set(caught.value.nearest) <= known | set(token_corrections.models(provider))


def test_an_unknown_model_says_which_providers_have_it():
    with pytest.raises(UnknownIdError, match=r"\(listed at groq\)"):
        token_price("openai", "llama-3.3-70b-versatile", TODAY)


def test_an_unknown_provider_offers_the_nearest():
    with pytest.raises(UnknownIdError, match="did you mean openai"):
        token_price("opnai", "gpt-5", TODAY)


# --------------------------------------------------------------------------------- search


def test_search_finds_every_host_once_and_in_order():
    found = search_prices("llama-3.3-70b", TODAY)
    ids = [price.id for price in found]
    assert ids == sorted(ids, key=str.lower)
    assert len(ids) == len(set(ids))
    assert "deepinfra/meta-llama/Llama-3.3-70B-Instruct" in ids
    assert "groq/llama-3.3-70b-versatile" in ids
    together = next(price for price in found if "3.3-70B-Instruct-Turbo" in price.model
                    and price.provider == "together" and "Meta-" not in price.model)  # fmt: skip
    assert input_usd(together) == 1.04


def test_search_needs_every_word_and_skips_models_without_token_prices():
    assert {price.provider for price in search_prices("groq/ llama", TODAY)} == {
        "groq",
        "huggingface_groq",
    }
    assert search_prices("whisper-large-v3", TODAY) == []
    assert search_prices("no such thing", TODAY) == []


# -------------------------------------------------------------------------- same weights


@pytest.mark.parametrize("short_id", open_model_ids())
def test_every_listed_host_resolves_to_its_own_id(short_id):
    listed = token_corrections.open_models()[short_id]
    prices = hosts(short_id, TODAY, retired=True)
    assert [(price.provider, price.model) for price in prices] == list(listed)
    assert len(set(listed)) == len(listed)
    assert not any("deprecated" in note for price in prices if not price.retired
                   for note in price.notes)  # fmt: skip


def test_retired_hosts_are_left_out():
    live = {price.id for price in hosts("llama-3.3-70b", TODAY)}
    every = {price.id for price in hosts("llama-3.3-70b", TODAY, retired=True)}
    assert every - live == {
        "cerebras/llama-3.3-70b",
        "together/meta-llama/Llama-3.3-70B-Instruct-Turbo",
    }


def test_cheapest_and_median_host():
    spread = host_spread("gpt-oss-120b", TODAY)
    assert spread.cheapest.id == "quicksilverpro/gpt-oss-120b"
    assert spread.usd_per_mtok[0] == pytest.approx(0.06)
    assert spread.usd_per_mtok[-1] == pytest.approx(0.45)
    median = spread.prices.index(spread.median)
    assert spread.usd_per_mtok[median] == pytest.approx(0.2625)
    assert len([usd for usd in spread.usd_per_mtok if usd <= spread.usd_per_mtok[median]]) >= (
        len(spread.prices) / 2
    )


def test_an_unknown_open_model_offers_the_nearest():
    with pytest.raises(UnknownIdError, match=r"llama-3\.3-70b"):
        hosts("llama-3.3-80b", TODAY)


# ---------------------------------------------------------------------------------- files


def test_every_fact_is_about_an_endpoint_that_exists():
    for fact in token_corrections.corrections().endpoints:
        price = token_price(fact.provider, fact.model, TODAY)
        assert (price.provider, price.model) == (fact.provider, fact.model)
    for fact in token_corrections.corrections().batch:
        assert fact.provider in token_library.provider_ids()


def test_a_row_that_says_nothing_or_stands_twice_is_refused():
    common = {"provider": "p", "model": "m", "source": "here", "as_of": TODAY}
    with pytest.raises(ValidationError, match="no use"):
        EndpointFact.model_validate(common)
    fact = {**common, "precision": "fp8"}
    library = {"name": "l", "version": "1", "as_of": TODAY, "source": "here"}
    with pytest.raises(ValidationError, match="stands twice"):
        ApiCorrections.model_validate(
            {"library": library, "prices": [], "endpoints": [fact, fact], "batch": []}
        )


def test_a_broken_file_names_itself(tmp_path, monkeypatch):
    (tmp_path / "open_models.yaml").write_text("hosts: {x: [no-slash]}", encoding="utf-8")
    monkeypatch.setattr(token_corrections, "pricing_dir", lambda: tmp_path)
    with pytest.raises(InputError, match=r"open_models\.yaml: hosts\.x\.0"):
        token_corrections.open_models.__wrapped__()


def test_importing_the_book_of_tokens_does_not_load_the_library():
    code = "import sys, costmodel.book.tokens; print('genai_prices' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "False"

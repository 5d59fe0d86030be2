from __future__ import annotations

from datetime import date

import pytest

from costmodel.book import load_book
from costmodel.book.offers import listed_offers, provider_ids, provider_offers
from costmodel.errors import InputError, UnknownIdError

BOOK = load_book()


@pytest.mark.parametrize(
    ("gpu", "hyperscaler", "neocloud", "everyone", "spot"),
    [
        ("l4", 0.76, 0.44, 0.57, 0.29),
        ("l40s", 2.68, 1.56, 1.57, 0.54),
        ("a100-80gb", 4.34, 1.49, 1.60, 0.73),
        ("h100-sxm", 10.28, 3.00, 3.36, 1.25),
        ("h200", 10.22, 3.54, 4.29, 1.32),
        ("b200", 14.24, 5.76, 5.76, 2.20),
        ("mi300x", 6.00, 1.99, 3.45, None),
        ("rtx-5090", None, 0.62, 0.60, 0.49),
        ("rtx-pro-6000", 3.93, 1.75, 1.84, 0.71),
    ],
)
def test_medians_agree_with_the_market_survey_of_november_2026(
    gpu, hyperscaler, neocloud, everyone, spot
):
    def median(**chosen) -> float:
        return BOOK.gpu_price(gpu, **chosen).usd_per_gpu_hour

    assert median() == pytest.approx(everyone, abs=0.0051)
    assert median(provider_class="neocloud") == pytest.approx(neocloud, abs=0.0051)
    if hyperscaler:
        assert median(provider_class="hyperscaler") == pytest.approx(hyperscaler, abs=0.0051)
    if spot:
        assert median(terms="spot") == pytest.approx(spot, abs=0.0051)


def test_a_price_says_what_stands_behind_it():
    price = BOOK.gpu_price("h100-sxm", provider_class="neocloud")
    assert price.providers == 17
    assert price.offers >= price.providers
    assert price.low < price.usd_per_gpu_hour < price.high
    assert price.oldest is not None
    assert price.as_of == date(2026, 5, 24)
    assert price.oldest < price.as_of
    assert price.kind == "listed"
    assert "17 providers" in price.source


def test_quantiles_span_the_providers():
    low, mid, high = (
        BOOK.gpu_price("h100-sxm", quantile=q).usd_per_gpu_hour for q in ("min", 0.5, "max")
    )
    assert (low, high) == (1.49, 12.29)
    assert mid == BOOK.gpu_price("h100-sxm").usd_per_gpu_hour


def test_each_provider_counts_once_with_its_newest_snapshot():
    aws = BOOK.gpu_price("h100-sxm", provider="aws")
    assert (aws.usd_per_gpu_hour, aws.providers, aws.as_of) == (6.88, 1, date(2026, 9, 6))
    # Novita asked 1.45 in February and 2.59 in May 2026.
    assert BOOK.gpu_price("h100-sxm", provider="novita").usd_per_gpu_hour == 2.59


def test_regions_are_exact_and_ignore_case():
    assert BOOK.gpu_price("h100-sxm", region="EASTUS").providers == 1
    with pytest.raises(InputError, match="in eu-north-99"):
        BOOK.gpu_price("h100-sxm", region="eu-north-99")


def test_reserved_needs_a_term_and_has_few_quotes():
    assert BOOK.gpu_price("h100-sxm", "reserved", term_months=36).usd_per_gpu_hour == 2.0
    assert BOOK.gpu_price("h100-sxm", "reserved", term_months=12).usd_per_gpu_hour == 2.35
    with pytest.raises(InputError, match="term_months: 12 or 36"):
        BOOK.gpu_price("h100-sxm", "reserved")
    with pytest.raises(InputError, match="not 24"):
        BOOK.gpu_price("h100-sxm", "reserved", term_months=24)


def test_an_unlisted_reserved_price_asks_for_one():
    with pytest.raises(InputError, match=r"usd_per_gpu_hour:, or discount:") as caught:
        BOOK.gpu_price("h200", "reserved", term_months=12)
    assert "listed for h200: on-demand (hyperscaler, marketplace, neocloud)" in str(caught.value)


def test_an_unlisted_combination_says_what_is_listed():
    with pytest.raises(InputError, match=r"nobody lists spot prices for gb200.*on-demand \("):
        BOOK.gpu_price("gb200", "spot")
    with pytest.raises(InputError, match="no offer at all"):
        BOOK.gpu_price("mi355x")


def test_wrong_words_are_refused():
    with pytest.raises(UnknownIdError, match="did you mean aws"):
        BOOK.gpu_price("l4", provider="awss")
    with pytest.raises(InputError, match="class must be one of hyperscaler, neocloud"):
        BOOK.gpu_price("l4", provider_class="big")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="terms must be one of on-demand, spot, reserved"):
        BOOK.gpu_price("l4", "rented")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="quantile must be"):
        BOOK.gpu_price("l4", quantile=1.5)


def test_disputed_offers_are_shown_and_never_priced():
    disputed = [one for one in BOOK.offers() if one.offer.disputed]
    assert {one.provider for one in disputed} == {"runpod", "aws", "coreweave"}
    with pytest.raises(InputError, match="nobody lists spot prices for h100-sxm at runpod"):
        BOOK.gpu_price("h100-sxm", "spot", provider="runpod")


def test_a_gb200_price_is_per_gpu_and_not_per_superchip():
    (offer,) = BOOK.offers("gb200", provider="spheron")
    assert (offer.offer.on_demand_usd_per_gpu_hour, offer.offer.gpus) == (4.54, 2)
    assert "$9.08" in (offer.offer.note or "")


def test_every_offer_has_a_known_gpu_a_source_and_its_file_a_provider():
    for provider in provider_ids():
        file = provider_offers(provider)
        assert file.provider == provider
        for offer in file.offers:
            assert offer.gpu in BOOK.gpus
            assert offer.source
            assert offer.as_of or "undated" in (offer.note or "")


def test_offers_can_be_filtered():
    assert len(BOOK.offers()) == 374
    assert {one.provider_class for one in BOOK.offers(provider_class="marketplace")} == {
        "marketplace"
    }
    assert {one.offer.gpu for one in listed_offers("l4")} == {"l4"}
    assert {one.provider for one in BOOK.offers("h100-sxm", provider="AWS")} == {"aws"}

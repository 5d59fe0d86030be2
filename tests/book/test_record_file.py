from __future__ import annotations

import pytest

from costmodel.book import load_book, models
from costmodel.book.files import data_dir, read_yaml
from costmodel.book.offers import listed_offers, provider_ids, provider_offers
from costmodel.book.record_file import RecordFile

BOOK = load_book()
FILES: dict[str, RecordFile] = {
    "gpus": BOOK.gpus,
    "formats": BOOK.formats,
    "kernels": BOOK.kernels,
    "costs": BOOK.costs,
    "models": models._file(),
}


@pytest.mark.parametrize("name", FILES)
def test_record_by_record_is_the_whole_file(name: str):
    records = FILES[name]
    whole = read_yaml(data_dir() / f"{'architectures' if name == 'models' else name}.yaml")[name]
    assert list(records) == [row["id"] for row in whole]
    for row in whole:
        assert records[row["id"]] == records._record.model_validate(row)
    aliases = {alias: row["id"] for row in reversed(whole) for alias in row.get("aliases", ())}
    assert records.aliases == aliases


def test_repositories_of_models_are_found():
    rows = read_yaml(data_dir() / "architectures.yaml")["models"]
    for row in rows:
        if "hf_id" in row:
            assert row["hf_id"].lower() in models._records()


def test_a_record_is_read_once():
    assert BOOK.gpus["l4"] is BOOK.gpus["l4"]


def test_what_is_not_there_is_a_key_error():
    assert "nothing" not in BOOK.gpus
    with pytest.raises(KeyError):
        _ = BOOK.gpus["nothing"]


@pytest.mark.parametrize("gpu", ["h100-sxm", "l4", "mi300x"])
def test_offers_of_one_gpu_are_those_of_the_whole_files(gpu: str):
    found = {(one.provider, one.offer) for one in listed_offers(gpu)}
    assert found == {
        (provider, offer)
        for provider in provider_ids()
        for offer in provider_offers(provider).offers
        if offer.gpu == gpu
    }

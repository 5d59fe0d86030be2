from __future__ import annotations

import pytest

from costmodel.book import models
from costmodel.book.measured import measurements
from costmodel.errors import InputError, UnknownIdError


@pytest.mark.parametrize(
    ("name", "model_id"),
    [
        ("llama-3.3-70b", "llama-3.3-70b"),
        ("llama-3-70b", "llama-3.3-70b"),
        ("meta-llama/Llama-3.1-70B-Instruct", "llama-3.3-70b"),
        ("deepseek-ai/DeepSeek-R1-Distill-Llama-70B", "llama-3.3-70b"),
        ("DeepSeek-R1", "deepseek-v3"),
        ("deepseek-r1-awq", "deepseek-v3"),
        ("qwen3.6-35b-a3b-gptq-4bit", "qwen3.6-35b-a3b"),
        ("RedHatAI/Llama-3.3-70B-Instruct-quantized.w8a8", "llama-3.3-70b"),
        ("google/gemma-3-27b-it", "gemma-3-27b"),
        ("mistralai/Mistral-7B-Instruct-v0.3", "mistral-7b"),
    ],
)
def test_names_resolve(name: str, model_id: str):
    assert models.model(name).id == model_id


def test_every_measured_model_resolves_and_is_named_by_its_record():
    for name in {m.model for m in measurements()}:
        assert name in models.model(name).names


def test_ids_and_aliases_are_unique_and_lower_case():
    records = [models.model(name) for name in models.model_ids()]
    names = [name for record in records for name in record.names]
    assert len(names) == len(set(names))
    assert all(name == name.lower() for name in names)
    assert len(records) >= 85


def test_an_unknown_name_offers_the_nearest():
    with pytest.raises(UnknownIdError, match=r"did you mean llama-3\.3-70b"):
        models.model("llama3.3-70b")


def test_a_model_known_by_name_only_has_a_reason():
    record = models.model("deepseek-ai/DeepSeek-V4-Flash")
    assert not record.modelled
    with pytest.raises(InputError, match="known by name only"):
        record.architecture()


def test_architectures_are_built_once():
    assert models.model("qwen3-8b").architecture() is models.model("qwen3-8b").architecture()

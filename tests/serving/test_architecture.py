from __future__ import annotations

import pytest

from costmodel.book import models
from costmodel.errors import InputError
from costmodel.serving.architecture import from_config, known_model_types

LLAMA_8B = {
    "model_type": "llama",
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "vocab_size": 128256,
    "max_position_embeddings": 131072,
}
MODELLED = [name for name in models.model_ids() if models.model(name).modelled]


def test_llama_3_1_8b_has_its_published_parameters():
    arch = from_config(LLAMA_8B)
    assert arch.parameters == arch.active_parameters == 8_030_261_248
    assert arch.linear_parameters == 8_030_261_248 - 2 * 128256 * 4096 - 65 * 4096
    assert arch.max_context == 131072


@pytest.mark.parametrize("name", MODELLED)
def test_parameters_equal_the_published_total_or_the_record_says_why_not(name: str):
    record = models.model(name)
    computed = record.architecture().parameters
    if record.difference is None:
        assert computed == record.params_hf
    elif record.params_hf is not None and "twice" in record.difference:
        arch = record.architecture()
        assert computed + arch.vocab * arch.hidden == record.params_hf
    elif record.params_hf is not None:
        assert computed == pytest.approx(record.params_hf, rel=0.025)


def test_most_models_are_exact():
    exact = [n for n in MODELLED if models.model(n).difference is None]
    assert len(MODELLED) >= 75
    assert len(exact) >= 65


@pytest.mark.parametrize(
    ("name", "active"),
    [
        ("mixtral-8x7b", 12_879_925_248),
        ("qwen3-30b-a3b", 3_353_032_704),
        ("deepseek-v3", 37_552_297_472),
        ("gpt-oss-120b", 5_750_551_872),
        ("llama-4-maverick", 17_184_691_200),
        ("nemotron-3-nano-30b-a3b", 3_580_076_352),
        ("qwen3.5-397b-a17b", 17_349_040_896),
    ],
)
def test_active_parameters_count_the_chosen_experts_only(name: str, active: int):
    assert models.model(name).architecture().active_parameters == active


def test_every_missing_key_is_named_at_once():
    with pytest.raises(InputError) as caught:
        from_config({"model_type": "mixtral", "hidden_size": 4096}, "broken")
    text = str(caught.value)
    for key in ("num_hidden_layers", "vocab_size", "num_experts", "num_experts_per_tok"):
        assert key in text
    assert "broken" in text
    assert len(caught.value.problems) == 6


def test_an_unknown_model_type_lists_the_known_ones():
    with pytest.raises(InputError, match=r"'lama' cannot be read; did you mean llama.*qwen3_moe"):
        from_config({"model_type": "lama"})
    assert "deepseek_v3" in known_model_types()


def test_a_config_without_model_type_says_so():
    with pytest.raises(InputError, match="lacks 'model_type'"):
        from_config({"hidden_size": 1})


def test_multimodal_configs_are_read_through_their_text_config():
    nested = {"model_type": "llama4", "text_config": LLAMA_8B}
    assert from_config(nested).parameters == 8_030_261_248


def test_a_vision_tower_counts_as_parameters_but_not_as_text():
    arch = from_config(LLAMA_8B)
    seeing = arch.with_vision(1000)
    assert seeing.parameters == arch.parameters + 1000
    assert seeing.active_parameters == arch.active_parameters
    assert arch.with_vision(0) is arch

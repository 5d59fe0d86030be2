from __future__ import annotations

import json
import struct
import subprocess
import sys

import numpy as np
import pytest

from costmodel.errors import InputError
from costmodel.ingest.checkpoint import read as checkpoints
from costmodel.ingest.checkpoint.read import read_checkpoint
from costmodel.serving.quantization import from_config as quantisation
from costmodel.serving.stored import loaded_bytes_per_gpu
from costmodel.serving.weights import WeightFormat
from costmodel.sizing import fit

numpy_files = pytest.importorskip("safetensors.numpy")
gguf = pytest.importorskip("gguf")

HIDDEN, WIDTH, VOCAB, LAYERS = 64, 128, 256, 2
CONFIG = {
    "model_type": "llama", "hidden_size": HIDDEN, "intermediate_size": WIDTH,
    "num_hidden_layers": LAYERS, "num_attention_heads": 4, "num_key_value_heads": 2,
    "vocab_size": VOCAB, "max_position_embeddings": 2048,
}  # fmt: skip


def tensors(dtype=np.float16):
    found = {
        "model.embed_tokens.weight": np.zeros((VOCAB, HIDDEN), dtype),
        "lm_head.weight": np.zeros((VOCAB, HIDDEN), dtype),
        "model.norm.weight": np.zeros(HIDDEN, dtype),
    }
    for layer in range(LAYERS):
        at = f"model.layers.{layer}"
        found |= {
            f"{at}.self_attn.q_proj.weight": np.zeros((HIDDEN, HIDDEN), dtype),
            f"{at}.self_attn.k_proj.weight": np.zeros((HIDDEN // 2, HIDDEN), dtype),
            f"{at}.self_attn.v_proj.weight": np.zeros((HIDDEN // 2, HIDDEN), dtype),
            f"{at}.self_attn.o_proj.weight": np.zeros((HIDDEN, HIDDEN), dtype),
            f"{at}.mlp.gate_proj.weight": np.zeros((WIDTH, HIDDEN), dtype),
            f"{at}.mlp.up_proj.weight": np.zeros((WIDTH, HIDDEN), dtype),
            f"{at}.mlp.down_proj.weight": np.zeros((HIDDEN, WIDTH), dtype),
            f"{at}.input_layernorm.weight": np.zeros(HIDDEN, dtype),
            f"{at}.post_attention_layernorm.weight": np.zeros(HIDDEN, dtype),
        }
    return found


TOTAL = sum(array.nbytes for array in tensors().values())


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    numpy_files.save_file(tensors(), tmp_path / "model.safetensors")
    return tmp_path


@pytest.fixture
def sharded(folder):
    everything = tensors()
    (folder / "model.safetensors").unlink()
    names = list(everything)
    parts = {
        "model-00001-of-00002.safetensors": names[:9],
        "model-00002-of-00002.safetensors": names[9:],
    }
    for file, inside in parts.items():
        numpy_files.save_file({name: everything[name] for name in inside}, folder / file)
    weight_map = {name: file for file, inside in parts.items() for name in inside}
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {"total_size": TOTAL}, "weight_map": weight_map}))
    return index


def write_gguf(path, *, architecture="llama", leave=(), extra=()):
    writer = gguf.GGUFWriter(path, architecture)
    said = {
        "block_count": LAYERS, "context_length": 2048, "embedding_length": HIDDEN,
        "feed_forward_length": WIDTH, "head_count": 4, "head_count_kv": 2,
    }  # fmt: skip
    for key, value in said.items():
        if key not in leave:
            getattr(writer, f"add_{key}")(value)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    if "tokens" not in leave:
        writer.add_token_list([f"t{i}" for i in range(VOCAB)])
    writer.add_tensor("token_embd.weight", np.zeros((VOCAB, HIDDEN), np.float16))
    writer.add_tensor("output.weight", np.zeros((VOCAB, HIDDEN), np.float32))
    for name in extra:
        writer.add_tensor(name, np.zeros((HIDDEN, HIDDEN), np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


# -- what is read -------------------------------------------------------------------------------


def test_a_folder_is_exact_and_has_the_shape_of_its_config(folder):
    found = read_checkpoint(folder)
    assert found.stored.total_bytes == TOTAL
    assert found.architecture.parameters * 2 == TOTAL
    assert found.name == folder.name


def test_a_file_and_an_index_say_the_same(folder, sharded):
    assert read_checkpoint(sharded).stored.total_bytes == TOTAL
    assert read_checkpoint(folder).stored.total_bytes == TOTAL


def test_a_single_file(folder):
    assert read_checkpoint(folder / "model.safetensors").stored.total_bytes == TOTAL


def test_sizes_on_several_gpus_follow_the_names(folder):
    found = read_checkpoint(folder)
    arch = found.architecture
    one, two, four = (
        loaded_bytes_per_gpu(found.stored, arch, WeightFormat("bf16"), tp) for tp in (1, 2, 4)
    )
    tables = 2 * arch.rotary_elements
    assert one == TOTAL + tables
    norms = 2 * HIDDEN * (2 * LAYERS + 1)
    assert two == pytest.approx((TOTAL - norms) / 2 + norms + tables)
    keys = 2 * LAYERS * 2 * HIDDEN * HIDDEN // 2
    assert four == pytest.approx((TOTAL - norms - keys) / 4 + keys / 2 + norms + tables)


def test_32_bit_files_are_loaded_at_16_bits(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    numpy_files.save_file(tensors(np.float32), tmp_path / "model.safetensors")
    found = read_checkpoint(tmp_path)
    assert found.stored.total_bytes == 2 * TOTAL
    loaded = loaded_bytes_per_gpu(found.stored, found.architecture, WeightFormat("bf16"))
    assert loaded == TOTAL + 2 * found.architecture.rotary_elements


def test_fit_takes_its_weights_from_the_header(folder, sharded):
    found = fit(sharded, gpu="l4", context=1024)
    assert found.weights_bytes == TOTAL
    rows = {row.path: row for row in found.assumptions}
    assert rows["weights.stored"].kind == "measured"
    assert rows["format"].value == "bf16"
    what_if = fit(folder, gpu="l4", context=1024, format="awq-int4")
    assert what_if.weights_bytes < TOTAL


def test_a_gguf_file_is_exact_and_served_by_llama_cpp(tmp_path):
    path = write_gguf(tmp_path / "tiny.gguf")
    found = read_checkpoint(path)
    assert found.stored.total_bytes == VOCAB * HIDDEN * (2 + 4)
    arch = found.architecture
    assert (arch.layers, arch.kv_heads, arch.head_dim, arch.vocab) == (LAYERS, 2, 16, VOCAB)
    assert not arch.tied_embeddings
    assert found.format_id == "gguf-q8_0"
    answer = fit(path, gpu="rtx-4090", context=1024)
    assert answer.weights_bytes == answer.weights_bytes_per_gpu == found.stored.total_bytes
    assert any("llama.cpp" in str(row.source) for row in answer.assumptions)


def test_the_parts_of_a_split_gguf_belong_together(tmp_path):
    first = write_gguf(tmp_path / "m-00001-of-00002.gguf")
    with pytest.raises(InputError, match=r"1 of 2 parts are missing: m-00002-of-00002\.gguf"):
        read_checkpoint(first)
    write_gguf(tmp_path / "m-00002-of-00002.gguf", extra=["blk.0.attn_q.weight"])
    whole = read_checkpoint(first).stored.total_bytes
    assert whole == 2 * VOCAB * HIDDEN * 6 + HIDDEN * HIDDEN * 2


def test_a_config_beside_a_gguf_wins(tmp_path):
    path = write_gguf(tmp_path / "tiny.gguf", architecture="brand-new")
    (tmp_path / "config.json").write_text(json.dumps({**CONFIG, "num_key_value_heads": 4}))
    assert read_checkpoint(path).architecture.kv_heads == 4


# -- what is wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize("keep", [4, 60, 700, -1])
def test_a_truncated_safetensors_file(folder, keep):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(InputError, match="cut off or damaged"):
        fit(path, gpu="l4")


@pytest.mark.parametrize(
    "content", [b"", b"\xff" * 64, struct.pack("<Q", 1 << 60) + b"{}", struct.pack("<Q", 2) + b"[]"]
)
def test_a_damaged_safetensors_header(folder, content):
    path = folder / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(InputError, match="header cannot be read"):
        read_checkpoint(path)


@pytest.mark.parametrize("keep", [0, 3, 20, 200, 4000, -8])
def test_a_truncated_gguf_file(tmp_path, keep):
    path = write_gguf(tmp_path / "tiny.gguf")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(InputError, match="cut off, damaged or no GGUF"):
        read_checkpoint(path)


def test_a_gguf_file_of_another_kind(tmp_path):
    path = tmp_path / "x.gguf"
    path.write_bytes(b"not a model at all" * 20)
    with pytest.raises(InputError, match="magic"):
        read_checkpoint(path)


def test_gguf_metadata_that_is_missing_is_named(tmp_path):
    path = write_gguf(tmp_path / "tiny.gguf", leave=("block_count", "embedding_length"))
    with pytest.raises(InputError, match="hidden_size") as caught:
        read_checkpoint(path)
    assert "num_hidden_layers" in str(caught.value)


def test_an_unknown_gguf_architecture_lists_the_known(tmp_path):
    path = write_gguf(tmp_path / "tiny.gguf", architecture="brand-new")
    with pytest.raises(InputError, match=r"'brand-new' cannot be read \(known: llama.*config.json"):
        read_checkpoint(path)


def test_a_safetensors_file_needs_its_config(folder):
    (folder / "config.json").unlink()
    with pytest.raises(InputError, match=r"holds no config\.json"):
        read_checkpoint(folder / "model.safetensors")


def test_missing_keys_and_unknown_types_say_what_is_missing(folder):
    (folder / "config.json").write_text(json.dumps({"model_type": "llama", "hidden_size": 64}))
    with pytest.raises(InputError, match="num_attention_heads") as caught:
        fit(folder, gpu="l4")
    assert len(caught.value.problems) == 4
    (folder / "config.json").write_text(json.dumps({**CONFIG, "model_type": "lama"}))
    with pytest.raises(InputError, match="did you mean llama"):
        fit(folder, gpu="l4")


@pytest.mark.parametrize(
    "changes",
    [{"hidden_size": "64"}, {"num_hidden_layers": []}, {"num_attention_heads": 0.0},
     {"rope_scaling": "linear"}, {"layer_types": ["sliding"]}],
)  # fmt: skip
def test_values_of_a_wrong_type_are_no_bug(folder, changes):
    (folder / "config.json").write_text(json.dumps({**CONFIG, "sliding_window": 8, **changes}))
    with pytest.raises(InputError):
        fit(folder, gpu="l4", context=512)


def test_a_broken_ignore_list_says_so(folder):
    declared = {"quant_method": "fp8", "ignore": ["re:(("]}
    (folder / "config.json").write_text(json.dumps({**CONFIG, "quantization_config": declared}))
    (folder / "model.safetensors").unlink()
    with pytest.raises(InputError, match="no regular expression"):
        fit(folder, gpu="l4", context=512)


def test_missing_shards_are_named(sharded):
    (sharded.parent / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(InputError, match="shard model-00002-of-00002"):
        read_checkpoint(sharded)


@pytest.mark.parametrize(
    ("content", "message"),
    [("{}", "lacks 'weight_map'"), ('{"weight_map": {"a": "../b"}}', "outside"), ("{", "JSON")],
)
def test_a_broken_index(sharded, content, message):
    sharded.write_text(content)
    with pytest.raises(InputError, match=message):
        read_checkpoint(sharded)


def test_without_the_libraries_it_says_what_to_install(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(InputError, match=r"pip install 'costmodel\[checkpoints\]'"):
        read_checkpoint(folder)


def test_neither_library_is_loaded_without_need():
    code = (
        "import sys; from costmodel.sizing import fit;"
        "fit('llama-3.1-8b', gpu='l4', format='bf16', context=1024);"
        "print([m for m in ('safetensors', 'gguf', 'pandas', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# -- quantization_config ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("declared", "format_id", "bits"),
    [
        ({"quant_method": "awq", "bits": 4, "group_size": 64}, "awq-int4", 4.3125),
        ({"quant_method": "gptq", "bits": 4, "group_size": 32}, "gptq-int4", 4.625),
        ({"quant_method": "gptq", "bits": 8, "group_size": -1}, "gptq-int8", 8),
        ({"quant_method": "fp8"}, "fp8", 8),
        ({"quant_method": "fp8", "weight_block_size": [128, 128]}, "fp8-block", 8 + 32 / 16384),
        ({"quant_method": "mxfp4"}, "mxfp4", 4.25),
        ({"quant_method": "modelopt", "quant_algo": "NVFP4", "group_size": 16}, "nvfp4", 4.5),
        ({"quant_method": "bitsandbytes", "load_in_4bit": True}, "bnb-nf4", 4.5),
        (
            {"quant_method": "compressed-tensors", "config_groups": {"group_0": {"weights": {
                "num_bits": 4, "type": "int", "group_size": 128, "symmetric": True}}}},
            "int4-w4a16", 4.125,
        ),
        (
            {"quant_method": "compressed-tensors", "config_groups": {"group_0": {"weights": {
                "num_bits": 4, "type": "float", "group_size": 16}}}},
            "nvfp4", 4.5,
        ),
        (
            {"quant_method": "compressed-tensors", "config_groups": {"group_0": {"weights": {
                "num_bits": 8, "type": "int", "strategy": "channel", "symmetric": True}}}},
            "int8-w8a8", 8,
        ),
    ],
)  # fmt: skip
def test_methods(declared, format_id, bits):
    found = quantisation({"quantization_config": declared})
    assert (found.format_id, found.weight_format.bits_per_weight) == (format_id, bits)


def test_ignore_lists_are_kept_under_every_key():
    keys = ("ignore", "exclude_modules", "modules_to_not_convert", "ignored_layers")
    for key in keys:
        found = quantisation({"quantization_config": {"quant_method": "fp8", key: ["lm_head"]}})
        assert found.weight_format.exclusions == ("lm_head",)


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"quant_method": "awk", "bits": 4}, "did you mean awq"),
        ({"quant_method": "awq"}, "lacks 'bits'"),
        ({"quant_method": "compressed-tensors"}, "config_groups"),
        ({"quant_method": "modelopt", "quant_algo": "W3"}, "W3"),
        ({"quant_method": "awq", "bits": "four"}, "wrong type"),
        ({"quant_method": "fp8", "weight_block_size": ["a", "b"]}, "wrong type"),
    ],
)
def test_a_quantisation_that_cannot_be_read(declared, message):
    with pytest.raises(InputError, match=message):
        quantisation({"quantization_config": declared})


def test_a_config_alone_uses_its_group_size_and_ignore_list(tmp_path):
    def stored(**declared):
        quantised = {"quant_method": "awq", "bits": 4, "group_size": 128, **declared}
        (tmp_path / "config.json").write_text(
            json.dumps({**CONFIG, "quantization_config": quantised})
        )
        checkpoints_seen = fit(tmp_path, gpu="l4", context=512)
        return checkpoints_seen.weights_bytes

    plain, fine = stored(), stored(group_size=32)
    linears = read_checkpoint(tmp_path).architecture.linear_parameters
    assert fine - plain == pytest.approx(linears * (20 / 32 - 20 / 128) / 8, abs=2)
    whole = stored(modules_to_not_convert=["model.layers.0"])
    assert whole - plain == pytest.approx(linears / 2 * (16 - 4 - 20 / 128) / 8, abs=2)


def test_modelopt_keeps_its_quantisation_in_a_file_of_its_own(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    own = {
        "quantization": {"quant_algo": "NVFP4", "group_size": 16, "exclude_modules": ["lm_head"]}
    }
    (tmp_path / "hf_quant_config.json").write_text(json.dumps(own))
    assert read_checkpoint(tmp_path).format_id == "nvfp4"


def test_a_model_name_is_no_checkpoint():
    assert not checkpoints.is_checkpoint("meta-llama/Llama-3.3-70B-Instruct")

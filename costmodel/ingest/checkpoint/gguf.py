"""GGUF headers: exact tensor sizes, and the architecture from the metadata.

A `config.json` beside the file wins over the metadata. Split files are read together.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from costmodel.errors import InputError
from costmodel.ingest.checkpoint.files import CheckpointFiles, library, read_config, shape_of
from costmodel.serving.architecture import Architecture
from costmodel.serving.stored import StoredTensor, StoredWeights

SPLIT: Final = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")
GUESSED: Final = 1024
"""llama.cpp adds it to a file type that it worked out from the tensors."""

MODEL_TYPES: Final[Mapping[str, str]] = {
    "llama": "llama",
    "llama4": "llama4_text",
    "qwen2": "qwen2",
    "qwen3": "qwen3",
    "qwen3moe": "qwen3_moe",
    "qwen3next": "qwen3_next",
    "qwen35": "qwen3_5_text",
    "qwen35moe": "qwen3_5_moe_text",
    "gemma2": "gemma2",
    "gemma3": "gemma3_text",
    "phi3": "phi3",
    "cohere2": "cohere2",
    "olmo2": "olmo2",
    "granite": "granite",
    "glm4moe": "glm4_moe",
    "minimax-m2": "minimax_m2",
    "gpt-oss": "gpt_oss",
    "deepseek2": "deepseek_v3",
    "mistral3": "mistral3",
}
"""`general.architecture` and the `model_type` that goes by the same rules."""

KEYS: Final[Mapping[str, str]] = {
    "num_hidden_layers": "block_count",
    "max_position_embeddings": "context_length",
    "hidden_size": "embedding_length",
    "intermediate_size": "feed_forward_length",
    "num_attention_heads": "attention.head_count",
    "num_key_value_heads": "attention.head_count_kv",
    "head_dim": "attention.key_length",
    "sliding_window": "attention.sliding_window",
    "num_experts": "expert_count",
    "num_experts_per_tok": "expert_used_count",
    "moe_intermediate_size": "expert_feed_forward_length",
    "n_shared_experts": "expert_shared_count",
    "shared_expert_intermediate_size": "expert_shared_feed_forward_length",
    "first_k_dense_replace": "leading_dense_block_count",
    "kv_lora_rank": "attention.kv_lora_rank",
    "q_lora_rank": "attention.q_lora_rank",
    "qk_rope_head_dim": "rope.dimension_count",
    "v_head_dim": "attention.value_length_mla",
    "full_attention_interval": "full_attention_interval",
    "linear_num_key_heads": "ssm.group_count",
    "linear_num_value_heads": "ssm.time_step_rank",
    "linear_key_head_dim": "ssm.state_size",
    "linear_conv_kernel_dim": "ssm.conv_kernel",
}
"""The keys of config.json and what GGUF calls them."""


def read_gguf(path: Path) -> CheckpointFiles:
    """The header of a `.gguf` file, or of all the files it was split into.

    Raises InputError where a header is damaged or cut off, a split file is missing, or the
    architecture cannot be told from the metadata and no `config.json` stands beside it.
    """
    files = _split(path)
    readers = [_reader(file) for file in files]
    metadata = readers[0]
    tensors = tuple(
        StoredTensor(tensor.name, tensor.tensor_type.name, int(tensor.n_bytes))
        for reader in readers
        for tensor in reader.tensors
    )
    if not tensors:
        raise InputError(f"{path}: holds no tensors")
    return CheckpointFiles(
        name=path.name,
        architecture=_architecture(metadata, path),
        format_id=_format_id(metadata),
        quantisation=None,
        stored=StoredWeights(tensors, gguf=True),
        source=f"{path}: headers",
    )


def _split(path: Path) -> list[Path]:
    match = SPLIT.search(path.name)
    if match is None:
        return [path]
    stem, count = path.name[: match.start()], int(match[2])
    files = [path.with_name(f"{stem}-{part:05}-of-{count:05}.gguf") for part in range(1, count + 1)]
    if missing := [file.name for file in files if not file.is_file()]:
        raise InputError(f"{path}: {len(missing)} of {count} parts are missing: {missing[0]}, ...")
    return files


def _reader(file: Path) -> Any:
    read = library("gguf", "GGUFReader")
    try:
        return read(str(file))
    except Exception as error:
        raise InputError(
            f"{file}: its header cannot be read ({error}); the file is cut off, damaged or no GGUF "
            f"({file.stat().st_size:,} bytes)"
        ) from error


def _value(reader: Any, key: str) -> Any:
    """A metadata value; of one that differs by layer, the largest. None where absent."""
    field = reader.fields.get(key)
    if field is None:
        return None
    value = field.contents()
    return max(value) if isinstance(value, list) and value else value


def _architecture(reader: Any, path: Path) -> Architecture:
    if (path.parent / "config.json").is_file():
        return shape_of(read_config(path.parent), str(path.parent / "config.json"))
    kind = str(_value(reader, "general.architecture") or "")
    if kind not in MODEL_TYPES:
        named = f"general.architecture {kind!r}" if kind else "a header without architecture"
        known = ", ".join(MODEL_TYPES)
        raise InputError(
            f"{path}: {named} cannot be read (known: {known}); "
            "put the model's config.json beside it"
        )
    return shape_of(_config(reader, kind), f"{path} ({kind})")


def _config(reader: Any, kind: str) -> dict[str, Any]:
    """The metadata under the names that config.json gives it."""
    config = {key: _value(reader, f"{kind}.{name}") for key, name in KEYS.items()}
    config["model_type"] = MODEL_TYPES[kind]
    config["vocab_size"] = _vocabulary(reader, kind)
    config["tie_word_embeddings"] = all(t.name != "output.weight" for t in reader.tensors)
    if kind == "llama" and config["num_experts"]:
        config["model_type"] = "mixtral"
    if kind in ("gpt-oss", "minimax-m2"):
        config["intermediate_size"] = config["moe_intermediate_size"]
    if config["kv_lora_rank"]:
        config |= _latent(reader, kind, config)
    if inner := _value(reader, f"{kind}.ssm.inner_size"):
        config["linear_value_head_dim"] = inner // (config["linear_num_value_heads"] or 1)
    return {key: value for key, value in config.items() if value is not None}


def _latent(reader: Any, kind: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """Head sizes of MLA; older files state them as plain key and value lengths."""
    key = _value(reader, f"{kind}.attention.key_length_mla")
    value = config["v_head_dim"]
    if key is None or value is None:
        key = _value(reader, f"{kind}.attention.key_length")
        value = _value(reader, f"{kind}.attention.value_length")
    heads = config["num_attention_heads"]
    rope = config["qk_rope_head_dim"] or 0
    return {
        "qk_nope_head_dim": None if key is None else key - rope,
        "v_head_dim": value,
        "num_key_value_heads": heads,
        "head_dim": None,
    }


def _vocabulary(reader: Any, kind: str) -> int | None:
    stated = _value(reader, f"{kind}.vocab_size")
    if stated is not None:
        return int(stated)
    tokens = reader.fields.get("tokenizer.ggml.tokens")
    if tokens is not None:
        return len(tokens.data)
    embedding = next((t for t in reader.tensors if t.name == "token_embd.weight"), None)
    return None if embedding is None else int(embedding.shape[-1])


def _format_id(reader: Any) -> str | None:
    """The book's id of the mix that the file states, None where it states none."""
    stated = _value(reader, "general.file_type")
    if stated is None:
        return None
    names = {kind.value: kind.name for kind in library("gguf", "LlamaFileType")}  # type: ignore[attr-defined]
    name = names.get(int(stated) % GUESSED)
    return name and "gguf-" + name.removeprefix("MOSTLY_").removeprefix("ALL_").lower()

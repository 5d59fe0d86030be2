"""Weights as a checkpoint's own header lists them: exact on disk, and sharded by their names.

Names say which tensors divide over GPUs and which repeat; sizes come from the header, never from
a rule about a format.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from costmodel.serving.tensors import FUSED
from costmodel.serving.weights import SIXTEEN_BIT, WeightFormat, allocated_bytes, expert_padding

if TYPE_CHECKING:
    from costmodel.serving.tensors import Architecture

LAYER: Final = re.compile(r"(?:^|\.)layers\.(\d+)\.")
EXPERT: Final = re.compile(r"\.experts\.\d+\.")
WHOLE: Final = re.compile(
    r"norm|\.(?:mlp|block_sparse_moe|feed_forward)\.(?:gate|router)\b|q_a_proj|kv_a_proj|indexer"
    r"|e_score_correction|shared_expert_gate|latent_proj"
)
"""Repeated on every GPU: norms, routers, low-rank projections, sparse-attention indexers."""
KEY_OR_VALUE: Final = re.compile(r"\.[kv]_proj\.")
NEXT_TOKEN: Final = re.compile(r"(?:^|\.)mtp\.")
HALVED: Final = re.compile(r"\.(?:weight|bias)$")
"""32-bit weights are loaded at 16 bits; scales and states keep what they have."""


@dataclass(frozen=True)
class StoredTensor:
    """One entry of a header: its name, number format and bytes in the file."""

    name: str
    dtype: str
    bytes: int

    @property
    def loaded_bytes(self) -> float:
        """Bytes that an engine makes of it on a GPU of its own [bytes]."""
        full = self.dtype == "F32" and HALVED.search(self.name)
        return self.bytes / 2 if full else float(self.bytes)


@dataclass(frozen=True, eq=False)
class StoredWeights:
    """All entries of a checkpoint. `gguf` files divide evenly over GPUs."""

    tensors: tuple[StoredTensor, ...]
    gguf: bool = False

    @property
    def total_bytes(self) -> int:
        """Bytes of every tensor in the checkpoint [bytes]."""
        return sum(tensor.bytes for tensor in self.tensors)


@lru_cache(maxsize=256)
def loaded_bytes_per_gpu(
    stored: StoredWeights, arch: Architecture, weight_format: WeightFormat, tp: int = 1
) -> float:
    """Bytes of these weights on each GPU of a tensor-parallel group of `tp` [bytes].

    As :func:`costmodel.serving.weights.loaded_bytes_per_gpu`, from sizes instead of rules: pieces
    that engines fuse count as one allocation, multi-token-prediction layers stay on disk, and
    `weight_format` says how kernels pad experts.
    """
    if stored.gguf:
        return stored.total_bytes / tp
    pieces: defaultdict[str, float] = defaultdict(float)
    padded = expert_padding(arch, weight_format, tp)
    for tensor in stored.tensors:
        if not _stays_on_disk(tensor.name, arch):
            share = 1 / min(tp, _shards(tensor.name, arch))
            wider = padded if ".experts" in tensor.name else 1.0
            pieces[_piece(tensor.name)] += tensor.loaded_bytes * share * wider
    copies = SIXTEEN_BIT * arch.rotary_elements + _absorbed(stored, arch) / tp
    return sum(allocated_bytes(size) for size in pieces.values()) + copies


def _stays_on_disk(name: str, arch: Architecture) -> bool:
    if arch.tied_embeddings and name.startswith("lm_head"):
        return True
    layer = LAYER.search(name)
    return bool(NEXT_TOKEN.search(name)) or (layer is not None and int(layer[1]) >= arch.layers > 0)


def _shards(name: str, arch: Architecture) -> int:
    if WHOLE.search(name):
        return 1
    return max(1, arch.kv_heads) if KEY_OR_VALUE.search(name) else 1 << 30


def _piece(name: str) -> str:
    """Tensors that engines keep in one piece share this key.

    >>> _piece("model.layers.3.mlp.experts.7.up_proj.weight")
    'model.layers.3.mlp.experts.gate_up.weight'
    """
    path, _, kind = EXPERT.sub(".experts.", name).rpartition(".")
    parent, _, module = path.rpartition(".")
    return f"{parent}.{FUSED.get(module, module)}.{kind}"


def _absorbed(stored: StoredWeights, arch: Architecture) -> float:
    """16-bit copies of quantised MLA up projections [bytes]."""
    names = [t for t in stored.tensors if ".kv_b_proj." in t.name and HALVED.search(t.name)]
    if all(tensor.dtype in ("BF16", "F16", "F32") for tensor in names):
        return 0.0
    return SIXTEEN_BIT * sum(t.elements for t in arch.tensors if t.absorbed and t.part == "text")

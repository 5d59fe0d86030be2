from __future__ import annotations

from itertools import pairwise

import pytest

from costmodel.book.engines import engine, engines, version_number
from costmodel.errors import InputError, UnknownIdError
from costmodel.quantity.units import GIB, MIB


@pytest.mark.parametrize(
    ("version", "share", "entry"),
    [("0.9", 0.90, 37.83), ("0.16.2", 0.90, 37.83), ("v0.17.0", 0.90, 14.49), ("0.21", 0.92, 14.49),
     ("1.3", 0.92, 14.49)],
)  # fmt: skip
def test_vllm_by_version(version: str, share: float, entry: float):
    row = engine("vllm", version)
    assert (row.budget_share, row.scratch_bytes_per_entry) == (share, entry)


def test_the_newest_is_the_default():
    assert engine() is engine("VLLM") is engine("vllm", "99")


def test_large_gpus_plan_for_more_sequences_a100_apart():
    row = engine("vllm")
    assert row.memory("h100-sxm", 81559 * MIB).max_sequences == 1024
    assert row.memory("a100-80gb", 81920 * MIB).max_sequences == 256
    assert row.memory("l40s", 44 * GIB).step_tokens == 2048


def test_what_is_not_known_says_so():
    with pytest.raises(InputError, match=r"'tensorrt-llm' is not supported"):
        engine("tensorrt-llm").memory("h100-sxm", 80 * GIB)
    with pytest.raises(InputError, match=r"vllm 0.8 is not in the table.*0.9 to before 0.17"):
        engine("vllm", "0.8")
    with pytest.raises(UnknownIdError, match=r"llama\.cpp"):
        engine("lama.cpp")


def test_versions_are_read_as_numbers():
    assert version_number("0.10") > version_number("0.9")
    with pytest.raises(InputError, match=r"such as 0\.19"):
        version_number("latest")


def test_version_ranges_join_up():
    rows = [row for row in engines() if row.id == "vllm"]
    for older, newer in pairwise(rows):
        assert older.versions.before == newer.versions.from_

from __future__ import annotations

import pytest

from costmodel.errors import InputError
from costmodel.ingest.checkpoint.engine_log import read_engine_log
from costmodel.quantity.units import GIB

# ruff: noqa: E501 - log lines as the engine prints them
V1 = """\
(APIServer pid=1) INFO 08-14 14:05:01 vLLM API server version 0.27.1
(APIServer pid=1) INFO non-default args: {'model': 'x', 'tensor_parallel_size': 2, 'gpu_memory_utilization': 0.82}
(Worker_TP0 pid=447) INFO gpu_model_runner.py: Model loading took 15.03 GiB memory and 12.3 seconds
(Worker_TP0 pid=447) INFO gpu_model_runner.py:6806] Estimated CUDA graph memory: 0.36 GiB total
(Worker_TP0 pid=447) INFO gpu_worker.py:563] Available KV cache memory: 6.87 GiB
(EngineCore pid=367) INFO kv_cache_utils.py:1305] GPU KV cache size: 136,080 tokens
(EngineCore pid=367) INFO kv_cache_utils.py:1310] Maximum concurrency for 40,960 tokens per request: 3.32x
"""
ACTUAL = """\
INFO Free memory on device (177.66/178.36 GiB) on startup. Desired GPU memory utilization is (0.9, 160.53 GiB). \
Actual usage is 8.58 GiB for weight, 9.96 GiB for peak activation, 0.07 GiB for non-torch memory, and 0.65 GiB for CUDAGraph memory.
INFO Available KV cache memory: 141.91 GiB
"""
V0 = """\
INFO worker.py:241] the current vLLM instance can use total_gpu_memory (15.77GiB) x gpu_memory_utilization (0.95) = 14.98GiB
INFO worker.py:241] model weights take 7.51GiB; non_torch_memory takes 0.39GiB; PyTorch activation peak memory takes 2.53GiB; \
the rest of the memory reserved for KV Cache is 4.55GiB.
INFO distributed_gpu_executor.py:61] Maximum concurrency for 40000 tokens per request: 1.54x
"""


def test_a_log_of_today():
    log = read_engine_log(V1)
    assert (log.version, log.tp, log.utilization) == ("0.27.1", 2, 0.82)
    assert (log.model_load_gib, log.kv_gib, log.graph_gib) == (15.03, 6.87, 0.36)
    assert (log.kv_tokens, log.max_model_len, log.concurrency) == (136_080, 40_960, 3.32)
    found = log.calibration(31.4 * GIB)
    assert found.tp == 2
    assert found.overhead_bytes / GIB == pytest.approx(0.82 * 31.4 - 15.03 - 6.87)


def test_the_line_that_adds_it_all_up():
    log = read_engine_log(ACTUAL)
    found = log.calibration(0)
    assert found.overhead_bytes / GIB == pytest.approx(160.53 - 8.58 - 141.91)
    assert found.overhead_bytes / GIB == pytest.approx(9.96 + 0.07, abs=0.02)


def test_a_log_of_the_old_engine():
    found = read_engine_log(V0).calibration(0)
    assert found.overhead_bytes / GIB == pytest.approx(2.53 + 0.39, abs=0.01)


def test_a_log_is_read_from_a_file(tmp_path):
    path = tmp_path / "vllm.log"
    path.write_text(V1)
    assert read_engine_log(path) == read_engine_log(str(path)) == read_engine_log(V1)


def test_what_is_missing_is_named():
    with pytest.raises(InputError, match="no line of a vLLM start-up log"):
        read_engine_log("hello\nworld")
    with pytest.raises(InputError, match="no such engine log"):
        read_engine_log("nowhere.log")
    log = read_engine_log("Model loading took 15.27 GiB memory\n")
    with pytest.raises(InputError, match="Available KV cache memory") as caught:
        log.calibration(80 * GIB)
    assert "Model loading" not in str(caught.value)

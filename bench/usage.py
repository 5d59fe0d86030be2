"""`read_usage` on Parquet beside the raw SQL for the same sums, at 10 and 100 million rows.

Each measurement runs in a process of its own, so that its peak memory is its own; both have the
same packages imported before the clock starts. Runs alternate and the fastest counts, because
other work on the machine only ever adds time.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

MILLION = 1_000_000
RUNS = {10 * MILLION: 7, 100 * MILLION: 3}

_MEASURED = """
import resource, sys, time
import duckdb, narwhals, pandas, pyarrow
import costmodel.ingest.usage.read, costmodel.ingest.usage.files, costmodel.ingest.usage.lines
import costmodel.ingest.usage.rows
start = time.perf_counter()
{code}
seconds = time.perf_counter() - start
used = resource.getrusage(resource.RUSAGE_SELF)
print(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1e6)
"""

_OURS = "from costmodel import read_usage; read_usage(sys.argv[1])"

_RAW = """
import duckdb
db = duckdb.connect(config={"memory_limit": "600MB"})
db.execute("SET enable_progress_bar = false")
rows = f"read_parquet('{sys.argv[1]}')"
sums = "count(*), sum(input_tokens), sum(output_tokens), sum(cached_tokens)"
for query in (
    f"SELECT date_trunc('minute', timestamp), min(timestamp), max(timestamp), {sums}",
    "SELECT input_tokens + output_tokens, count(*)",
    f"SELECT model, {sums}",
):
    db.sql(f"{query} FROM {rows} GROUP BY 1").fetchall()
"""


def main() -> None:
    """Print seconds, peak memory and both ratios."""
    with tempfile.TemporaryDirectory() as folder:
        times: dict[int, float] = {}
        for rows, runs in RUNS.items():
            path = Path(folder) / f"{rows}.parquet"
            _write(path, rows)
            measured = [(_run(_OURS, path), _run(_RAW, path)) for _ in range(runs)]
            path.unlink()
            ours, raw = ([min(column) for column in zip(*side, strict=True)]
                         for side in zip(*measured, strict=True))  # fmt: skip
            times[rows] = ours[0]
            print(
                f"{rows:>11,} rows: read_usage {ours[0]:.2f} s ({ours[1]:.2f} s of CPU), "
                f"{max(each[2] for each, _ in measured):.2f} GB; raw SQL {raw[0]:.2f} s "
                f"({raw[1]:.2f} s), {max(each[2] for _, each in measured):.2f} GB; "
                f"ratio {ours[0] / raw[0]:.2f} (CPU {ours[1] / raw[1]:.2f})",
                flush=True,
            )
        small, large = times.values()
        print(f"10 times the rows take {large / small:.1f} times as long")


def _write(path: Path, rows: int) -> None:
    duckdb.sql(
        "COPY (SELECT TIMESTAMP '2026-01-05' + to_microseconds((i::DOUBLE * 604800e6 / "
        f"{rows})::BIGINT) AS timestamp, "
        "(hash(i) % 8000)::BIGINT + 100 AS input_tokens, "
        "(hash(i + 1) % 1000)::BIGINT AS output_tokens, (hash(i + 2) % 100)::BIGINT AS "
        "cached_tokens, 'model-' || (i % 3) AS model "
        f"FROM range({rows}) t(i)) TO '{path}' (FORMAT parquet)"
    )


def _run(code: str, path: Path) -> tuple[float, float, float]:
    """Seconds, seconds of CPU in the whole process, and its peak memory in GB."""
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED.format(code=code), str(path)],
        check=True,
        capture_output=True,
        text=True,
    )
    seconds, cpu, gb = done.stdout.splitlines()[-1].split()
    return float(seconds), float(cpu), float(gb)


if __name__ == "__main__":
    main()

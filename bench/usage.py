"""`read_usage` on Parquet beside the raw SQL for the same sums, at 10 and 100 million rows.

Each measurement runs in a process of its own, so that its peak memory is its own; both have the
same packages imported before the clock starts.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

MILLION = 1_000_000

_MEASURED = """
import resource, sys, time
import duckdb, narwhals, pandas, pyarrow
import costmodel.ingest.usage, costmodel.ingest.usage_files, costmodel.ingest.usage_rows
start = time.perf_counter()
{code}
seconds = time.perf_counter() - start
print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)
"""

_OURS = "from costmodel import read_usage; read_usage(sys.argv[1])"

_RAW = """
import duckdb
db = duckdb.connect(config={"memory_limit": "600MB"})
db.execute("SET enable_progress_bar = false")
rows = f"read_parquet('{sys.argv[1]}')"
sums = "count(*), sum(input_tokens), sum(output_tokens), sum(cached_tokens)"
for key in ("date_trunc('minute', timestamp), min(timestamp), max(timestamp)",
            "input_tokens + output_tokens", "model"):
    group = key.split(", min(")[0]
    db.sql(f"SELECT {key}, {sums} FROM {rows} GROUP BY {group}").fetchall()
"""


def main() -> None:
    """Print seconds, peak memory and both ratios."""
    with tempfile.TemporaryDirectory() as folder:
        times = {}
        for rows in (10 * MILLION, 100 * MILLION):
            path = Path(folder) / f"{rows}.parquet"
            _write(path, rows)
            raw, raw_gb = _best(_RAW, path)
            ours, gb = _best(_OURS, path)
            times[rows] = ours
            print(
                f"{rows:>11,} rows: read_usage {ours:.2f} s, {gb:.2f} GB; raw SQL {raw:.2f} s, "
                f"{raw_gb:.2f} GB; ratio {ours / raw:.2f}",
                flush=True,
            )
            path.unlink()
        print(
            f"10 times the rows take {times[100 * MILLION] / times[10 * MILLION]:.1f} times as long"
        )


def _write(path: Path, rows: int) -> None:
    duckdb.sql(
        "COPY (SELECT TIMESTAMP '2026-01-05' + to_microseconds((i::DOUBLE * 604800e6 / "
        f"{rows})::BIGINT) AS timestamp, "
        "(hash(i) % 8000)::BIGINT + 100 AS input_tokens, "
        "(hash(i + 1) % 1000)::BIGINT AS output_tokens, (hash(i + 2) % 100)::BIGINT AS "
        "cached_tokens, 'model-' || (i % 3) AS model "
        f"FROM range({rows}) t(i)) TO '{path}' (FORMAT parquet)"
    )


def _best(code: str, path: Path) -> tuple[float, float]:
    """The fastest of two runs, and its peak memory in GB."""
    script = _MEASURED.format(code=code)
    runs = [
        subprocess.run(
            [sys.executable, "-c", script, str(path)], check=True, capture_output=True, text=True
        )
        .stdout.splitlines()[-1]
        .split()
        for _ in range(2)
    ]
    return min((float(seconds), float(gb)) for seconds, gb in runs)


if __name__ == "__main__":
    main()

"""The embedded engine that reads request logs: locked to the named files, bounded, watched.

It opens those files and nothing else, loads no extension, and spills to a scratch folder.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from costmodel.ingest.usage.files import LogFile

MEMORY = "600MB"
LOOK_EVERY_S = 0.5

Tell = Callable[[str], None]
"""Takes what is being done, in words."""


def engine(files: Sequence[LogFile], scratch: Path) -> Any:
    """A DuckDB connection that can open these files only, its settings locked."""
    import duckdb

    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            "memory_limit": MEMORY,
            "temp_directory": str(scratch / "spill"),
        }
    )
    paths = ", ".join(text(file.path) for file in files)
    connection.execute(f"SET allowed_paths = [{paths}]")
    connection.execute("SET TimeZone = 'UTC'")
    # Progress is kept and never printed: `watched` asks for it.
    connection.execute("SET enable_progress_bar = true")
    connection.execute("SET enable_progress_bar_print = false")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


@contextmanager
def watched(connection: Any, doing: str, tell: Tell | None) -> Iterator[None]:
    """Tell what is being done, and how far it is, while the block runs."""
    if tell is None:
        yield
        return
    tell(doing)
    done = threading.Event()

    def look() -> None:
        while not done.wait(LOOK_EVERY_S):
            share = connection.query_progress()
            if 0 <= share <= 100:
                tell(f"{doing}, {share:.0f} %")

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def said(error: Exception, files: Sequence[LogFile]) -> str:
    """What the engine says is wrong, in its first two lines, with files by their names."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    words = "; ".join(lines[:2])
    for file in files:
        words = words.replace(str(file.path), file.name)
    return words if len(words) <= 240 else words[:240] + "…"


def text(value: object) -> str:
    """A text literal of SQL.

    >>> text("it's")
    "'it''s'"
    """
    return "'" + str(value).replace("'", "''") + "'"

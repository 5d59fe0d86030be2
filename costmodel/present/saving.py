"""Write a report to a file whose ending says what it becomes.

A table (.csv), the whole result (.json), the scenario with every looked-up number in it (.yaml)
or a chart (.svg, .png, .pdf). A file appears whole or not at all.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from costmodel.errors import InputError, did_you_mean, nearest_ids
from costmodel.present.csvfile import csv_text
from costmodel.present.jsonfile import json_text
from costmodel.present.tables import known_table, table_of
from costmodel.report import Report
from costmodel.yamlfile import write_yaml

DEFAULT_CHART, DEFAULT_TABLE = "curves", "bill"
IMAGES = (".svg", ".png", ".pdf")
ENDINGS = (".csv", ".json", ".yaml", ".yml", *IMAGES)
NOT_YET = (".xlsx", ".pptx", ".html")


@dataclass(frozen=True)
class Saved:
    """What was written, and what was asked for but left out, with the reason."""

    files: tuple[str, ...]
    omitted: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `costmodel export --json`."""
        return {name: list(value) for name, value in asdict(self).items()}


def save(
    report: Report, path: str | Path, *, chart: str | None = None, table: str | None = None
) -> Saved:
    """Write a report to `path`; its ending decides what is written.

    `table` (curves, bill, break_even, assumptions; default bill) goes into a .csv, `chart`
    (default curves) into an image. Raises InputError for an ending, chart or table that does not
    exist, a folder that cannot be written to, or an image nothing here can draw.
    """
    path = Path(path)
    check(path, chart=chart, table=table)
    write_whole(path, _content(report, path.suffix.lower(), chart, table))
    return Saved((str(path),))


def check(path: Path, *, chart: str | None = None, table: str | None = None) -> None:
    """Refuse what cannot be written, before anything is computed."""
    ending = path.suffix.lower()
    if ending in NOT_YET:
        raise InputError(f"{path}: {ending} files are not written yet; {_CHOOSE}")
    if ending not in ENDINGS:
        near = did_you_mean(nearest_ids(ending, ENDINGS)) if ending else ""
        raise InputError(f"{path}: the ending says what to write; {_CHOOSE}{near}")
    if table is not None and ending != ".csv":
        raise InputError(f"{path}: a table goes into a .csv file")
    if chart is not None and ending not in IMAGES:
        raise InputError(f"{path}: a chart goes into a {', '.join(IMAGES)} file")
    if table is not None:
        known_table(table)
    if not path.parent.is_dir():
        raise InputError(f"{path}: no such folder: {path.parent}")
    if path.is_dir():
        raise InputError(f"{path}: is a folder")


_CHOOSE = f"choose one of {', '.join(ENDINGS)}"


def _content(report: Report, ending: str, chart: str | None, table: str | None) -> bytes:
    if ending in IMAGES:
        from costmodel.present.figures import figure
        from costmodel.present.images import image_bytes

        return image_bytes(figure(report, chart or DEFAULT_CHART), ending.removeprefix("."))
    if ending == ".csv":
        return csv_text(table_of(report, table or DEFAULT_TABLE)).encode()
    if ending == ".json":
        return (json_text(report.to_dict(), indent=2) + "\n").encode()
    return write_yaml(report.frozen).encode()


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole: beside its place first, then renamed into it."""
    target = path.resolve()
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(name, _permissions(target))
        os.replace(name, target)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise InputError(f"{path}: cannot be written: {error.strerror}") from None
        raise


def _permissions(target: Path) -> int:
    """Those of the file it replaces, else what any new file gets."""
    if target.exists():
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask

"""LibreOffice as an independent calculator: workbooks go in, recalculated values come out.

Everything is recalculated on loading: the profile says so, and files pass through openpyxl, which
drops the values that were written with the formulas.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.workbook import Workbook

ALWAYS_RECALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item></oor:items>"""


def needs_libreoffice(*more: str) -> None:
    """Skip where LibreOffice, or another command, is missing; in CI they must be there."""
    missing = [command for command in ("soffice", *more) if shutil.which(command) is None]
    if missing and os.environ.get("CI"):
        pytest.fail(f"CI must have {', '.join(missing)} (see .ci/run)")
    if missing:
        pytest.skip(f"not on PATH: {', '.join(missing)}")


def convert(files: Iterable[Path], folder: Path, kind: str = "xlsx") -> None:
    """Open files in LibreOffice, all in one start, and save them into a folder."""
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True)
    settings = profile / "user" / "registrymodifications.xcu"
    settings.write_text(ALWAYS_RECALCULATE, encoding="utf-8")
    command = ["soffice", "--headless", f"-env:UserInstallation={profile.as_uri()}",
               "--convert-to", kind, "--outdir", str(folder), *map(str, files)]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=300)


class Files:
    """Workbooks on their way through LibreOffice, without charts: those take half the time."""

    def __init__(self, folder: Path) -> None:
        needs_libreoffice()
        self.before, self.after = folder / "before", folder / "after"
        self.before.mkdir()
        self.after.mkdir()

    def add(self, name: str, book: Workbook) -> None:
        """Write a workbook as it is now."""
        for sheet in book:
            sheet._charts = []
        book.save(self.before / f"{name}.xlsx")

    def edited(self, name: str, book: Workbook, cell: str, new: Any) -> None:
        """Write a workbook with another value in a named cell, and put the old one back."""
        old = edit(book, cell, new)
        self.add(name, book)
        edit(book, cell, old)

    def recalculated(self) -> dict[str, Workbook]:
        """The workbooks after LibreOffice worked out every formula: values only."""
        files = sorted(self.before.glob("*.xlsx"))
        convert(files, self.after)
        return {
            file.stem: openpyxl.load_workbook(self.after / file.name, data_only=True)
            for file in files
        }


def place(book: Workbook, name: str) -> tuple[str, str]:
    """The sheet and address of a defined name."""
    ((sheet, address),) = book.defined_names[name].destinations
    return sheet, address.replace("$", "")


def value(book: Workbook, name: str) -> Any:
    """What stands in a named cell."""
    sheet, address = place(book, name)
    return book[sheet][address].value


def edit(book: Workbook, name: str, new: Any) -> Any:
    """Write into a named cell; what stood there before."""
    sheet, address = place(book, name)
    cell = book[sheet][address]
    old, cell.value = cell.value, new
    return old


def rows_under(book: Workbook, sheet: str, heading: str) -> list[dict[str, Any]]:
    """The rows of a table: from the row whose first cell is the heading to the first empty one."""
    rows = list(book[sheet].iter_rows(values_only=True))
    start = next(i for i, row in enumerate(rows) if row[0] == heading)
    names, found = rows[start], []
    for row in rows[start + 1 :]:
        if row[0] in (None, ""):
            break
        found.append({str(name): cell for name, cell in zip(names, row, strict=True) if name})
    return found

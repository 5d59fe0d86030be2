"""Write a report to a file whose ending says what it becomes.

A workbook (.xlsx), a deck (.pptx), a page (.html), a table (.csv), the whole result (.json), the
scenario with every looked-up number in it (.yaml) or a chart (.svg, .png, .pdf). A file appears
whole or not at all.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from costmodel.errors import InputError, did_you_mean, nearest_ids
from costmodel.pipeline.report import Report
from costmodel.present.render.csvfile import csv_text
from costmodel.present.render.jsonfile import json_text
from costmodel.present.words.report import known_table, table_of
from costmodel.scenario.yamlfile import write_yaml

if TYPE_CHECKING:
    from costmodel.studies.cashflow.record import CashFlow
    from costmodel.studies.risk.record import Risk

DEFAULT_CHART, DEFAULT_TABLE = "curves", "bill"
IMAGES = (".svg", ".png", ".pdf")
ENDINGS = (".xlsx", ".pptx", ".html", ".csv", ".json", ".yaml", ".yml", *IMAGES)


@dataclass(frozen=True)
class Saved:
    """What was written, and what was asked for but left out, with the reason."""

    files: tuple[str, ...]
    omitted: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `costmodel export --json`."""
        return {name: list(value) for name, value in asdict(self).items()}


def save(
    report: Report,
    path: str | Path,
    *,
    chart: str | None = None,
    table: str | None = None,
    template: str | Path | None = None,
    risk: Risk | None = None,
    cashflow: CashFlow | None = None,
) -> Saved:
    """Write a report to `path`; its ending decides what is written.

    `table` (curves, bill, break_even, assumptions; default bill) goes into a .csv, `chart`
    (default curves) into an image, `template` (a .pptx whose master is used) into a .pptx. What
    :func:`costmodel.simulate` and :func:`costmodel.cashflow` answered goes into workbooks, decks
    and pages; without it their sheets, slides and sections are left out, and listed. Their own
    charts (fan, probability, tornado; cumulative, monthly_bills) need it. Raises InputError for
    an ending, chart, table or template that does not exist, a chart whose answer is not given, a
    folder that cannot be written to, or an image nothing here can draw.
    """
    path = Path(path)
    check(path, chart=chart, table=table, template=template)
    content, omitted = content_of(
        report,
        path.suffix.lower(),
        chart=chart,
        table=table,
        template=template,
        risk=risk,
        cashflow=cashflow,
    )
    write_whole(path, content)
    return Saved((str(path),), omitted)


def check(
    path: Path,
    *,
    chart: str | None = None,
    table: str | None = None,
    template: str | Path | None = None,
) -> None:
    """Refuse what cannot be written, before anything is computed."""
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        near = did_you_mean(nearest_ids(ending, ENDINGS)) if ending else ""
        raise InputError(f"{path}: the ending says what to write; {_CHOOSE}{near}")
    if table is not None and ending != ".csv":
        raise InputError(f"{path}: a table goes into a .csv file")
    if chart is not None and ending not in IMAGES:
        raise InputError(f"{path}: a chart goes into a {', '.join(IMAGES)} file")
    if chart is not None:
        from costmodel.present.charts.figures import kind_of_chart

        kind_of_chart(chart)
    if table is not None:
        known_table(table)
    if template is not None:
        _check_template(path, Path(template))
    if not path.parent.is_dir():
        raise InputError(f"{path}: no such folder: {path.parent}")
    if path.is_dir():
        raise InputError(f"{path}: is a folder")


def _check_template(path: Path, template: Path) -> None:
    if path.suffix.lower() != ".pptx":
        raise InputError(f"{path}: a template is for a .pptx file")
    if template.suffix.lower() != ".pptx":
        raise InputError(f"{template}: a template is a .pptx file; save a .potx as .pptx first")
    if not template.is_file():
        raise InputError(f"{template}: no such file")


_CHOOSE = f"choose one of {', '.join(ENDINGS)}"


def content_of(
    report: Report,
    ending: str,
    *,
    chart: str | None = None,
    table: str | None = None,
    template: str | Path | None = None,
    risk: Risk | None = None,
    cashflow: CashFlow | None = None,
) -> tuple[bytes, tuple[str, ...]]:
    """What :func:`save` writes for an ending, and what was left out of it.

    For those who hand a file on without a folder to write it to.
    """
    if ending == ".xlsx":
        from costmodel.present.workbook import workbook_bytes

        return workbook_bytes(report, risk=risk, cashflow=cashflow)
    if ending == ".pptx":
        from costmodel.present.deck import deck_bytes

        return deck_bytes(report, template=template, risk=risk, cashflow=cashflow)
    if ending == ".html":
        from costmodel.present.page.page import page_text

        text, omitted = page_text(report, risk=risk, cashflow=cashflow)
        return text.encode(), omitted
    if ending in IMAGES:
        from costmodel.present.charts.figures import scenario_figure
        from costmodel.present.charts.images import HEIGHT, image_bytes

        drawn = scenario_figure(
            chart or DEFAULT_CHART, report, risk=risk, cashflow=cashflow, height=HEIGHT
        )
        return image_bytes(drawn, ending.removeprefix(".")), ()
    return _text(report, ending, table).encode(), ()


def _text(report: Report, ending: str, table: str | None) -> str:
    if ending == ".csv":
        return csv_text(table_of(report, table or DEFAULT_TABLE))
    if ending == ".json":
        return json_text(report.to_dict(), indent=2) + "\n"
    return write_yaml(report.frozen)


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

"""What every surface says, as text that a diff can show: the net under every change of the house.

`make golden` writes it anew; `test_golden.py` compares. A change of these files is a change of
what users see, and the commit that makes it says why.
"""

from __future__ import annotations

import io
import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
from pptx import Presentation
from typer.testing import CliRunner

from costmodel import portfolio
from costmodel.book.files import scenarios_dir
from costmodel.cli import app
from costmodel.errors import InputError
from costmodel.present.render.csvfile import csv_text
from costmodel.present.render.text import answer_text
from costmodel.present.words import cases as case_words
from costmodel.present.words import cash as cash_words
from costmodel.present.words import portfolio as portfolio_words
from costmodel.present.words import report as report_words
from costmodel.present.words import risk as risk_words
from costmodel.present.words.report import TABLES, table_of
from costmodel.studies.cases import cases
from costmodel.studies.cashflow.cashflow import cashflow
from tests import ready

FOLDER = Path(__file__).parent
DATA = FOLDER.parent / "data"

DIGITS = 7
MOST_ITEMS = 24
"""A longer list of JSON is kept in part: its ends and some between."""
MOST_ROWS = 40
"""A longer sheet or table is kept to these."""

Texts = Iterator[tuple[str, str]]


def scenario_texts(name: str) -> Texts:
    """A ready scenario on every surface, by the name of its file."""
    report = ready.report(name)
    yield "run.json", json_lines(report.to_dict())
    yield "risk.json", json_lines(ready.risk(name).to_dict())
    for ask in (cashflow, cases, portfolio):
        yield f"{ask.__name__}.json", json_of(ready.answer(ask, name))
    yield "cli.txt", "\n".join(_printed(name))
    yield "frozen.yaml", ready.file(name, ".yaml").decode()
    for table in sorted(TABLES):
        yield f"{table}.csv", few_lines(rounded(csv_text(table_of(report, table))))
    yield "workbook.txt", cells(ready.file(name, ".xlsx"))
    yield "deck.txt", slides(ready.file(name, ".pptx"))
    yield "page.txt", words(ready.file(name, ".html").decode())


def _printed(name: str) -> Iterator[str]:
    """Every verb as a terminal prints it, from the answers above."""
    report, flow, drafts, joint = (
        ready.report(name),
        ready.answer(cashflow, name),
        ready.answer(cases, name),
        ready.answer(portfolio, name),
    )
    answers = {"run": report_words.answer(report), "risk": risk_words.answer(ready.risk(name))}
    if not isinstance(flow, InputError):
        answers["cashflow"] = cash_words.answer(flow, report)
    if not isinstance(drafts, InputError):
        answers["cases"] = case_words.answer(drafts)
    if not isinstance(joint, InputError):
        answers["portfolio"] = portfolio_words.answer(joint)
    for verb, answer in answers.items():
        yield f"$ costmodel {verb}\n{answer_text(answer)}\n"


VERBS: Mapping[str, tuple[str, ...]] = {
    "fit": ("fit", "llama-3.3-70b", "--gpu", "h100-sxm", "--format", "awq-int4",
            "--context", "8192", "--concurrency", "16"),
    "fit-too-large": ("fit", "deepseek-v3", "--gpu", "h100-sxm", "--context", "32768"),
    "throughput": ("throughput", "llama-3.3-70b", "--gpu", "h100-sxm", "--format", "awq-int4",
                   "--input-tokens", "1500", "--output-tokens", "300"),
    "throughput-slo": ("throughput", "qwen2.5-32b", "--gpu", "h200", "--format", "fp8",
                       "--input-tokens", "1000", "--output-tokens", "200", "--tpot-ms", "30"),
    "bench": ("bench", "tests/data/benchmarks/vllm_serve.json", "--gpu", "h100-sxm"),
    "usage": ("usage", "tests/data/usage/azure_code.csv"),
    "usage-bill": ("usage", "tests/data/usage/focus_bill.csv"),
    "gate": ("gate", "tests/data/evals/table.csv", "tests/data/evals/table.csv",
             "--margin", "0.02"),
    "gate-plan": ("gate", "--help"),
    "quality": ("quality", "llama-3.3-70b", "--format", "awq-int4"),
    "quality-task": ("quality", "llama-3.1-8b", "--task", "long-context"),
    "prices": ("prices", "h100-sxm", "--as-of", "2026-11-23"),
    "prices-tokens": ("prices", "groq", "llama-3.3", "--as-of", "2026-11-23"),
}  # fmt: skip
"""The verbs that take no scenario, by the name of their files."""


def verb_texts(name: str) -> Texts:
    """A verb as people and as programs read it."""
    command = VERBS[name]
    yield f"{name}.txt", run_verb(*command)
    if "--help" not in command:
        yield f"{name}.json", json_lines(json.loads(run_verb(*command, "--json")))


def run_verb(*command: str) -> str:
    """What a command prints, bad input included, from the project's own folder."""
    here = Path.cwd()
    os.chdir(FOLDER.parents[1])
    try:
        result = CliRunner().invoke(app, list(command))
    finally:
        os.chdir(here)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.output.replace(str(scenarios_dir()), "scenarios")


# ------------------------------------------------------------------------------------- as text


def json_lines(data: Any) -> str:
    """JSON a line an item, numbers to seven digits, long lists in part."""
    return json.dumps(plain(data), indent=1, ensure_ascii=False) + "\n"


def json_of(found: Any) -> str:
    """The JSON of an answer, or the error in its place."""
    return json_lines({"error": str(found)} if isinstance(found, InputError) else found.to_dict())


def plain(data: Any) -> Any:
    """The same with numbers rounded and long lists cut."""
    if isinstance(data, Mapping):
        return {key: plain(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [plain(each) for each in some(list(data))]
    if isinstance(data, float) and math.isfinite(data):
        return float(f"{data:.{DIGITS}g}")
    return data if data is None or isinstance(data, bool | int | float | str) else str(data)


def some(items: list[Any]) -> list[Any]:
    """Items of a list: all of a short one, else its ends and an even choice between."""
    if len(items) <= MOST_ITEMS:
        return items
    places = {round(i * (len(items) - 1) / (MOST_ITEMS - 1)) for i in range(MOST_ITEMS)}
    return [f"{len(items)} items, of which", *(items[i] for i in sorted(places))]


_NUMBER = re.compile(r"-?\d+\.\d+(?:[eE][-+]?\d+)?")


def rounded(text: str) -> str:
    """A text with the numbers in it to seven digits."""
    return _NUMBER.sub(lambda found: f"{float(found[0]):.{DIGITS}g}", text)


def few_lines(text: str) -> str:
    """The first lines of a long text, and how many there are."""
    lines = text.splitlines()
    left = len(lines) - MOST_ROWS
    return "\n".join([*lines[:MOST_ROWS], *([f"({left} more)"] if left > 0 else [])]) + "\n"


def cells(content: bytes) -> str:
    """A workbook cell by cell: formulas as they stand, numbers to seven digits."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    parts = []
    for sheet in book:
        lines = [
            " | ".join(_cell(value) for value in row)
            for row in sheet.iter_rows(values_only=True)
            if any(value not in (None, "") for value in row)
        ]
        parts.append(f"== {sheet.title}\n{few_lines(chr(10).join(lines))}")
    return "\n".join(parts)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.{DIGITS}g}"
    return rounded(str(getattr(value, "text", value)))


def slides(content: bytes) -> str:
    """A deck slide by slide: texts, tables and notes."""
    deck = Presentation(io.BytesIO(content))
    return "\n".join(
        f"== slide {i}\n" + "\n".join(_slide(slide)) + "\n"
        for i, slide in enumerate(deck.slides, start=1)
    )


def _slide(slide: Any) -> Iterator[str]:
    for shape in slide.shapes:
        if shape.has_text_frame and shape.text_frame.text.strip():
            yield shape.text_frame.text
        if getattr(shape, "has_table", False):
            for row in shape.table.rows:
                yield " | ".join(cell.text for cell in row.cells)
    if slide.has_notes_slide:
        yield f"-- notes\n{few_lines(slide.notes_slide.notes_text_frame.text)}".rstrip()


class _Words(HTMLParser):
    """What a reader sees, a line a block."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = [""]
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self._hidden += tag in ("script", "style")
        if tag in ("section", "h1", "h2", "h4", "p", "tr", "li", "div", "footer"):
            self.lines.append("")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style")
        if tag in ("td", "th", "b", "span"):
            self.lines[-1] += " | "

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.lines[-1] += data


def words(page: str) -> str:
    """A page of its own, without its markup."""
    parser = _Words()
    parser.feed(page)
    lines = (" ".join(line.split()) for line in parser.lines)
    return "\n".join(line for line in lines if line.strip(" |")) + "\n"


# --------------------------------------------------------------------------------------- files


def names() -> list[str]:
    """Every set of golden files: the ready scenarios, then the other verbs."""
    return [*ready.NAMES, *VERBS]


def texts_of(name: str) -> dict[str, str]:
    """What a set says now, by path under the folder of golden files."""
    if name in VERBS:
        return {f"verbs/{file}": text for file, text in verb_texts(name)}
    return {f"{name}/{file}": text for file, text in scenario_texts(name)}


def main() -> None:
    """Write every golden file anew."""
    for name in names():
        for file, text in texts_of(name).items():
            path = FOLDER / "files" / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        print(name)


if __name__ == "__main__":
    main()

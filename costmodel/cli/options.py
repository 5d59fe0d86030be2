"""Options that several verbs share, and how their values are read.

A number that cannot be meant (0, negative, NaN, infinite) is refused here, by the option's name.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from costmodel.quantity.answer import Answer

CHECK_FAILED = 3


def positive(text: str | float) -> float:
    """A finite number above 0; `500e6` and `1_000` are fine."""
    number = _number(text)
    if not number > 0:
        raise typer.BadParameter(f"must be a number above 0, not {text}")
    return number


def count(text: str | int) -> int:
    """A whole number, 1 or more; `8e3` is fine."""
    number = positive(text)
    if number != int(number):
        raise typer.BadParameter(f"must be a whole number, not {text}")
    return int(number)


def share(text: str | float) -> float:
    """A number from 0 to 1."""
    number = _number(text)
    if not 0 <= number <= 1:
        raise typer.BadParameter(f"must be a share from 0 to 1, not {text}")
    return number


def positive_share(text: str | float) -> float:
    """A number above 0, at most 1."""
    if share(text) == 0:
        raise typer.BadParameter("must be above 0")
    return share(text)


def day(text: str | date) -> date:
    """A date such as 2026-11-23."""
    try:
        return text if isinstance(text, date) else date.fromisoformat(text.strip())
    except ValueError:
        raise typer.BadParameter(f"must be a date such as 2026-11-23, not {text!r}") from None


def _number(text: str | float) -> float:
    try:
        number = float(text)
    except ValueError:
        raise typer.BadParameter(f"must be a number, not {text!r}") from None
    if not math.isfinite(number):
        raise typer.BadParameter(f"must be a finite number, not {text}")
    return number


ScenarioFile = Annotated[
    Path, typer.Argument(metavar="SCENARIO.yaml", help="The scenario, a YAML file.")
]
Model = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="A short id, a Hugging Face id, a folder with config.json, a .safetensors file or "
        "index, or a .gguf file.",
    ),
]
Gpu = Annotated[str, typer.Option(metavar="GPU", help="Such as h100-sxm.")]
Tp = Annotated[
    int, typer.Option(parser=count, metavar="N", help="GPUs of one replica (tensor parallel).")
]
Engine = Annotated[str | None, typer.Option(metavar="E", help="Serving engine, such as vllm.")]
Kernel = Annotated[str | None, typer.Option(metavar="K", help="GEMM kernel, such as marlin.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
AsOf = Annotated[
    date | None,
    typer.Option(parser=day, metavar="DATE", help="The day prices are taken at."),
]

OptionName = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Option to judge; default: the best with own GPUs."),
]
AgainstName = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="What is paid today; default: the cheapest eligible API."),
]


_CLEAR = "\x1b[K"
"""Clears the rest of a terminal's line."""


@contextmanager
def progress() -> Iterator[Callable[[str], None] | None]:
    """One line on the terminal that says what is being done, once that has taken a second.

    None where nobody is looking.
    """
    if not sys.stderr.isatty():
        yield None
        return
    start = time.monotonic()

    def tell(text: str) -> None:
        if time.monotonic() - start > 1:
            print(f"\r{_CLEAR}{text} …", end="", file=sys.stderr, flush=True)

    try:
        yield tell
    finally:
        print(f"\r{_CLEAR}", end="", file=sys.stderr, flush=True)


@contextmanager
def drawing() -> Iterator[Callable[[float], None] | None]:
    """The same as a bar, for numbers that are drawn: it is told the share that is done."""
    with progress() as tell:
        yield tell and (lambda share: tell(f"drawing {_bar(share)}"))


def _bar(share: float, width: int = 30) -> str:
    done = round(width * min(share, 1.0))
    return "#" * done + "." * (width - done)


def emit(data: Mapping[str, Any], as_json: bool, said: Callable[[], Answer | str]) -> None:
    """Print a result: its JSON, or the answer for people."""
    if as_json:
        from costmodel.present.render.jsonfile import json_text

        typer.echo(json_text(data))
        return
    answer = said()
    if isinstance(answer, str):
        typer.echo(answer)
    else:
        from costmodel.present.render.text import print_answer

        print_answer(answer)

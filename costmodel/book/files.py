"""Where the bundled data stand, and how they are read.

`data/` lies beside this module. `pricing/` and `scenarios/` lie at the top of a source
checkout and inside the package (as `_pricing`, `_scenarios`) in an installed wheel. Nothing
here interprets what a file says.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from costmodel.errors import InputError, Problem

PACKAGE = Path(__file__).resolve().parent.parent
"""The folder of the `costmodel` package."""

SCHEMA_LINE = "# yaml-language-server: $schema="
"""How line 1 of every bundled YAML file begins; editors read it."""


def data_dir() -> Path:
    """What laboratories say: GPU specs, formats, kernels, measurements."""
    return PACKAGE / "book" / "data"


def schemas_dir() -> Path:
    """JSON schemas of the bundled YAML, generated from `costmodel.book.records`."""
    return PACKAGE / "book" / "schemas"


def pricing_dir() -> Path:
    """What the market says: dated prices."""
    return _bundled("pricing")


def scenarios_dir() -> Path:
    """Ready scenarios, each a file that is the whole input."""
    return _bundled("scenarios")


def _bundled(name: str) -> Path:
    installed = PACKAGE / f"_{name}"
    return installed if installed.is_dir() else PACKAGE.parent / name


def read_yaml(path: Path) -> Any:
    """The content of one bundled YAML file, parsed by libyaml where it is available.

    Raises:
        InputError: the file is missing or is not YAML; names file, line and column.

    """
    return parse_bundled(read_bundled(path), path)


def read_bundled(path: Path) -> str:
    """The text of a bundled file. Raises InputError where it is missing."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise InputError(Problem("this bundled file is missing", file=str(path))) from error


def parse_bundled(text: str, path: Path) -> Any:
    """YAML from a bundled file, or from a part of it. Raises InputError where it is none."""
    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise InputError(
            Problem(
                f"not valid YAML: {error.problem}",
                file=str(path),
                line=mark.line + 1 if mark else None,
                column=mark.column + 1 if mark else None,
            )
        ) from error

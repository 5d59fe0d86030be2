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
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(path.read_bytes(), Loader=loader)
    except FileNotFoundError as error:
        raise InputError(Problem("this bundled file is missing", file=str(path))) from error
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

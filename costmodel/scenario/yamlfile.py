"""YAML to plain data and back to places: what a user wrote, and where each value stands.

Reads YAML 1.2's plain scalars (``1e6`` is a number, ``no`` and ``12:30`` are text), refuses
duplicate keys and aliases, and remembers line and column of every value, so that a later error
can name ``file:line:column``. Knows nothing about scenarios.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

import yaml

from costmodel.errors import InputError, Problem

Location = tuple[str | int, ...]

MOST_CHARACTERS = 1_000_000
"""A scenario is a page or two; anything this long is a mistake or an attack."""

TOO_DEEP = "nested too deeply to be a scenario"
PARSER_DEPTH = "maximum nesting depth"
"""How newer versions of libyaml refuse it, before an event of it can be counted."""
DEEPEST_NESTING = 50
"""Levels of lists and mappings within one another; a scenario has about eight."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _PlainLoader(_Loader):
    """A safe loader with the plain scalars of YAML 1.2: null, true, false, numbers, dates."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}


class _PlainDumper(_Dumper):
    """A safe dumper that quotes text which either YAML 1.1 or the loader above would misread."""


_NUMBER = r"[-+]?(\d[\d_]*)(\.[\d_]*)?([eE][-+]?\d+)?|[-+]?\.\d[\d_]*([eE][-+]?\d+)?"
for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?\d[\d_]*", list("-+0123456789")),
    ("float", rf"{_NUMBER}|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", list("-+.0123456789")),
    ("timestamp", r"\d{4}-\d\d-\d\d", list("0123456789")),
):
    for _side in (_PlainLoader, _PlainDumper):
        _side.add_implicit_resolver(
            f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), _first
        )


@dataclass(frozen=True)
class Origin:
    """Where plain data came from: a file's name and the place of every value in it."""

    file: str = ""
    folder: Path | None = None
    places: Mapping[Location, tuple[int, int]] = field(default_factory=dict)

    def locate(self, location: Location) -> tuple[int, int] | tuple[None, None]:
        """(line, column) of a value, or of the nearest thing around it that is in the file."""
        for length in range(len(location), -1, -1):
            if location[:length] in self.places:
                return self.places[location[:length]]
        return None, None

    def problem(self, location: Location, message: str, path: str = "") -> Problem:
        """A problem with the value at ``location``."""
        line, column = self.locate(location)
        return Problem(message, path, self.file, line, column)


def parse_yaml(text: str, file: str = "", folder: Path | None = None) -> tuple[Any, Origin]:
    r"""Plain data and its origin.

    Raises InputError with every duplicate key, or with the place the text stops being YAML.

    >>> data, origin = parse_yaml("a: 1e6\nb: [no, 12:30]", "x.yaml")
    >>> data, origin.locate(("b", 1))
    ({'a': 1000000.0, 'b': ['no', '12:30']}, (2, 9))
    """
    if len(text) > MOST_CHARACTERS:
        raise InputError(Problem(f"longer than {MOST_CHARACTERS:,} characters", file=file))
    loader = _PlainLoader(text)
    try:
        _refuse_deep_nesting(text, file)
        node = loader.get_single_node()
        places, problems = _survey(node)
        if problems:
            raise InputError(Problem(message, "", file, *mark) for mark, message in problems)
        data = loader.construct_document(node) if node is not None else None
    except yaml.YAMLError as error:
        raise InputError(_syntax_problem(error, file)) from None
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(Problem(str(error), file=file)) from None
    finally:
        loader.dispose()
    return data, Origin(file, folder, places)


def read_yaml_file(path: str | Path) -> tuple[Any, Origin]:
    """`parse_yaml` of a file; a missing or unreadable one is an InputError that names it."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(Problem("no such file", file=str(path))) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(Problem(f"cannot be read as text: {error}", file=str(path))) from None
    return parse_yaml(text, str(path), path.resolve().parent)


def write_yaml(data: Any) -> str:
    """YAML text of plain data, in the order given."""
    return yaml.dump(data, Dumper=_PlainDumper, sort_keys=False, allow_unicode=True, width=100)


def path_text(location: Iterable[str | int], data: Any = None) -> str:
    """A location as text: items of a list go by their name where they have one.

    >>> path_text(("options", 0, "api", "model"), {"options": [{"name": "frontier"}]})
    'options.frontier.api.model'
    """
    parts: list[str] = []
    for key in location:
        data = _child(data, key)
        name = data.get("name") if isinstance(data, dict) else None
        if isinstance(key, int):
            parts.append(f".{name}" if isinstance(name, str) else f"[{key}]")
        else:
            parts.append(f".{key}")
    return "".join(parts).removeprefix(".")


def _child(data: Any, key: str | int) -> Any:
    try:
        return data[key]
    except (KeyError, IndexError, TypeError):
        return None


def _refuse_deep_nesting(text: str, file: str) -> None:
    """Composing recurses once per level, so depth is counted on the events beforehand."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST_NESTING:
            mark: Any = event.start_mark
            place = (mark.line + 1, mark.column + 1)
            raise InputError(Problem(TOO_DEEP, "", file, *place))


def _survey(
    root: yaml.Node | None,
) -> tuple[dict[Location, tuple[int, int]], list[tuple[tuple[int, int], str]]]:
    """Places of every value, and what no scenario may contain: aliases and duplicate keys."""
    places: dict[Location, tuple[int, int]] = {}
    problems: list[tuple[tuple[int, int], str]] = []
    seen: set[int] = set()
    waiting: list[tuple[Location, yaml.Node]] = [((), root)] if root is not None else []
    while waiting:
        location, node = waiting.pop()
        mark = (node.start_mark.line + 1, node.start_mark.column + 1)
        places.setdefault(location, mark)
        if id(node) in seen:
            problems.append((mark, "aliases (&name, *name) are not read; write the value out"))
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            keys: set[str] = set()
            for key, value in node.value:
                here = (key.start_mark.line + 1, key.start_mark.column + 1)
                if str(key.value) in keys:
                    problems.append((here, f"the key {key.value!r} stands here a second time"))
                keys.add(str(key.value))
                places[(*location, str(key.value))] = here
                waiting.append(((*location, str(key.value)), value))
        elif isinstance(node, yaml.SequenceNode):
            waiting.extend(((*location, i), item) for i, item in enumerate(node.value))
    return places, sorted(problems)


def _syntax_problem(error: yaml.YAMLError, file: str) -> Problem:
    mark = getattr(error, "problem_mark", None)
    said = getattr(error, "problem", None) or str(error).splitlines()[0]
    line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
    if PARSER_DEPTH in said:
        return Problem(TOO_DEEP, "", file, line, column)
    return Problem(f"not YAML: {said}", "", file, line, column)


def plain(value: Any) -> Any:
    """Data fit for JSON and YAML: dates as ISO text, everything else as it is."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value

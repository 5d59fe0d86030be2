"""A bundled file that is one list of records, read record by record.

A question about one GPU needs one record, and parsing a few hundred lines of YAML for it would
take longer than answering. The file is cut into its records as text; each is parsed and checked
when it is first asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel

from costmodel.book.files import parse_bundled, read_bundled

R = TypeVar("R", bound=BaseModel)

_RECORD = re.compile(r"^  - id: +", re.MULTILINE)
_ALIASES = re.compile(r"^    aliases: +\[([^\]]*)\]", re.MULTILINE)


class RecordFile(Mapping[str, R], Generic[R]):
    """The records of a file by id, in its order.

    The file is laid out as all bundled data are: records two blanks in, `- id:` first, no
    anchors across records. Tests hold every record equal to a plain reading of the file.
    """

    def __init__(self, path: Path, record: type[R]) -> None:
        self._path, self._record = path, record
        self._read: dict[str, R] = {}

    @cached_property
    def _texts(self) -> dict[str, str]:
        _, *texts = _RECORD.split(read_bundled(self._path))
        return {text.split("\n", 1)[0].strip(): text for text in texts}

    @cached_property
    def aliases(self) -> Mapping[str, str]:
        """Other names of records, to their ids; the first record to claim one has it."""
        found: dict[str, str] = {}
        for record_id, text in self._texts.items():
            listed = _ALIASES.search(text)
            for alias in listed[1].split(",") if listed else ():
                found.setdefault(alias.strip().strip("\"'"), record_id)
        return found

    def text(self, record_id: str) -> str:
        """A record as it is written."""
        return self._texts[record_id]

    def __getitem__(self, record_id: str) -> R:
        if record_id not in self._read:
            (data,) = parse_bundled(f"  - id: {self._texts[record_id]}", self._path)
            self._read[record_id] = self._record.model_validate(data)
        return self._read[record_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)

    def __contains__(self, record_id: object) -> bool:
        return record_id in self._texts

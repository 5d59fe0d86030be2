"""Files that users name: found beneath a folder, and read as text within limits.

What is too large, binary, compressed or not a file at all is refused before anything is parsed.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath

from costmodel.errors import InputError, Problem

MOST_BYTES = 50_000_000
"""The largest file that is read. The longest result files, with a line per request, have a few
megabytes."""

_COMPRESSED = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"BZh": "bzip2", b"\xfd7zXZ": "xz",
               b"\x28\xb5\x2f\xfd": "zstd"}  # fmt: skip


def beneath(folder: Path | None, name: str) -> Path:
    """The file of that name in a folder or below it; nothing leads out, no link either.

    Raises InputError for an absolute path, for `..`, for a link that leads elsewhere, and where
    there is no folder because the scenario was not opened from disk.
    """
    if folder is None:
        raise InputError(f"{name!r} names a file; this works only in a scenario opened from disk")
    spellings = (PurePosixPath(name), PureWindowsPath(name))
    if any(path.is_absolute() or path.anchor or ".." in path.parts for path in spellings):
        raise InputError(
            f"{name!r} leads out of the scenario's folder; put the file beside the scenario"
        )
    path, home = (folder / name).resolve(), folder.resolve()
    if not path.is_relative_to(home):
        raise InputError(
            f"{name!r} is a link out of the scenario's folder; put the file itself there"
        )
    return path


def read_text(path: str | Path, name: str, most_bytes: int = MOST_BYTES) -> str:
    """The text of a file, as UTF-8 with or without a byte order mark.

    Raises InputError under `name` where there is no such file, or it is empty, binary, compressed
    or larger than `most_bytes`.
    """
    return decoded(checked_bytes(Path(path), name, most_bytes), name)


def as_text(data: bytes, name: str, most_bytes: int = MOST_BYTES) -> str:
    """Bytes that a user sent, as UTF-8 text; refused as :func:`read_text` refuses a file."""
    return decoded(_within(data, name, most_bytes), name)


def compression(data: bytes) -> str | None:
    """How bytes are compressed, told from their beginning; None where they are not."""
    return next((kind for start, kind in _COMPRESSED.items() if data.startswith(start)), None)


def decoded(data: bytes, name: str) -> str:
    """Bytes as text; refused where they are empty, binary or compressed."""
    packed = compression(data)
    if packed:
        raise _refused(name, f"is {packed}-compressed; unpack it first")
    if b"\x00" in data[:8192]:
        raise _refused(name, "is a binary file; a text file (JSON, JSONL or CSV) is needed")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refused(name, "is not UTF-8 text; JSON, JSONL or CSV is needed") from None
    if not text.strip():
        raise _refused(name, "is empty")
    return text


def checked_bytes(path: Path, name: str, most_bytes: int = MOST_BYTES) -> bytes:
    """The bytes of a regular file; InputError under `name` where it is none, or is too large."""
    try:
        if path.is_dir():
            raise _refused(name, "is a folder; name the files in it")
        if not path.exists():
            raise _refused(name, "no such file")
        if not path.is_file():
            raise _refused(name, "is not a regular file")
        with path.open("rb") as file:
            data = file.read(most_bytes + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise _refused(name, f"cannot be read: {reason}") from None
    return _within(data, name, most_bytes)


def _within(data: bytes, name: str, most_bytes: int) -> bytes:
    if len(data) > most_bytes:
        raise _refused(name, f"is larger than {most_bytes / 1e6:.0f} MB, more than any result file")
    return data


def _refused(name: str, message: str) -> InputError:
    return InputError(Problem(message, file=name))

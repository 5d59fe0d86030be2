"""Rows of any known log as one relation of plain columns, written in the engine's SQL.

Every row comes out: usable ones with `reason` null, the others with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from costmodel.errors import InputError, Problem
from costmodel.ingest.usage.bill import tokens_of_bill
from costmodel.ingest.usage.engine import said, text
from costmodel.ingest.usage.files import MOST_LINE_BYTES, LogFile
from costmodel.ingest.usage.layouts import FIELDS, KNOWN, REQUIRED, Layout, layout_of

MOST_TOKENS = 10**13
"""No request and no period has more; what does would only overflow a sum."""

NO_JSON = "no readable JSON"


@dataclass(frozen=True)
class Rows:
    """How the rows of a file are read, and what may be asked of them."""

    file: LogFile
    layout: Layout
    fields: Mapping[str, str | None]
    """SQL of each field as it stands in the file; None where the file has none."""
    types: Mapping[str, str]
    source: str

    def sql(self, *, numbered: bool = False) -> str:
        """The rows with typed fields and the reason why one does not count.

        `numbered` adds `row`, counted from 1 in the order of the file.
        """
        return _select(self, numbered=numbered)


def rows_of(connection: Any, file: LogFile, stated: Mapping[str, str]) -> Rows:
    """A file's rows with every field as a column, by the layout that it is known by.

    Raises InputError where the file cannot be opened or lacks a column it needs.
    """
    try:
        return _rows_of(connection, file, stated)
    except InputError:
        raise
    except Exception as error:
        raise InputError(
            Problem(f"cannot be read: {said(error, [file])}", file=file.name)
        ) from None


def _rows_of(connection: Any, file: LogFile, stated: Mapping[str, str]) -> Rows:
    if file.kind == "parquet":
        _limit_parquet(connection, file)
    source = _source(file)
    types = _columns(connection, file, source)
    layout = layout_of(types)
    if stated:
        missing = [column for column in stated.values() if column not in types]
        if missing:
            have = ", ".join(list(types)[:20])
            said = ", ".join(missing)
            raise InputError(Problem(f"has no column {said}; it has {have}", file=file.name))
        places = {**layout.fields, **{name: ((column,),) for name, column in stated.items()}}
        layout = replace(layout, fields=places)
    fields = {name: _field(layout, name, types, file.kind) for name in (*FIELDS, *layout.fields)}
    if layout.bill:
        fields = tokens_of_bill(fields)
    lacking = [name for name in REQUIRED if fields[name] is None]
    if lacking:
        have = ", ".join(list(types)[:20])
        raise InputError(
            Problem(
                f"no column for {', '.join(lacking)} among: {have}. Known are {KNOWN}; of another "
                f"table say --column {lacking[0]}=COLUMN",
                file=file.name,
            )
        )
    return Rows(file, layout, fields, types, source)


def _source(file: LogFile) -> str:
    path = text(file.path)
    if file.kind == "parquet":
        return f"read_parquet({path})"
    if file.kind == "jsonl":
        return (
            f"read_csv({path}, columns={{'line': 'VARCHAR'}}, delim='', quote='', escape='', "
            f"header=false, auto_detect=false, max_line_size={MOST_LINE_BYTES})"
        )
    return (
        f"read_csv({path}, all_varchar=true, header=true, delim={text(file.delimiter)}, "
        f"quote='\"', store_rejects=true, max_line_size={MOST_LINE_BYTES})"
    )


def _columns(connection: Any, file: LogFile, source: str) -> dict[str, str]:
    """Top-level names and their types; of JSON lines, those of the first hundred."""
    if file.kind != "jsonl":
        described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
        return {name: kind for name, kind, *_ in described}
    lines = connection.execute(
        f"SELECT DISTINCT unnest(json_keys(line)) FROM (SELECT line FROM {source} LIMIT 100) "
        "WHERE json_valid(line) AND json_type(line) = 'OBJECT'"
    ).fetchall()
    return dict.fromkeys(sorted(name for (name,) in lines), "VARCHAR")


def _limit_parquet(connection: Any, file: LogFile) -> None:
    """Refuse a file that swells: by what its pages unpack to, and by 8 bytes for each value."""
    (size,) = connection.execute(
        "SELECT coalesce(sum(greatest(total_uncompressed_size, num_values * 8)), 0) "
        f"FROM parquet_metadata({text(file.path)})"
    ).fetchall()[0]
    if size > file.most_unpacked:
        raise InputError(
            Problem(
                f"unpacks to {size / 1e9:,.1f} GB; at most "
                f"{file.most_unpacked / 1e9:g} GB are read: split it",
                file=file.name,
            )
        )


def _field(layout: Layout, name: str, types: Mapping[str, str], kind: str) -> str | None:
    """SQL of a field: the first of its places that holds something; None where it has none."""
    lower = {column.lower(): column for column in types}
    found = [
        _at(path, lower[path[0].lower()], types, kind)
        for path in layout.fields.get(name, ())
        if path[0].lower() in lower
    ]
    if not found:
        return None
    return found[0] if len(found) == 1 else f"coalesce({', '.join(found)})"


def _at(path: tuple[str, ...], column: str, types: Mapping[str, str], kind: str) -> str:
    """SQL of the value at a place, as text; of a column that has a type, as it is."""
    name = '"' + column.replace('"', '""') + '"'
    if kind == "jsonl":
        if len(path) == 1:
            return f"nullif(json_extract_string(line, {_json_path((column,))}), 'null')"
        inside = f"json_extract(line, {_json_path((column,))})"
        # Some tools write an object as text.
        opened = f"CASE json_type({inside}) WHEN 'VARCHAR' THEN TRY_CAST({inside}->>'$' AS JSON) "
        return _within(path[1:], f"{opened}ELSE {inside} END")
    if kind == "csv":
        name = f"nullif(trim({name}), '')"
        return _within(path[1:], f"TRY_CAST({name} AS JSON)") if len(path) > 1 else name
    if len(path) == 1:
        return name
    opened = f"TRY_CAST({name} AS JSON)" if types[column] == "VARCHAR" else f"to_json({name})"
    return _within(path[1:], opened)


def _within(keys: tuple[str, ...], document: str) -> str:
    """SQL of what stands at keys in a JSON document; of `key*`, the sum of all that begin so."""
    if not keys[-1].endswith("*"):
        return f"nullif(json_extract_string({document}, {_json_path(keys)}), 'null')"
    inside = f"json_extract({document}, {_json_path(keys[:-1])})" if keys[:-1] else document
    chosen = f"list_filter(json_keys({inside}), lambda k: starts_with(k, {text(keys[-1][:-1])}))"
    value = f"TRY_CAST(json_extract_string({inside}, '$.\"' || k || '\"') AS DOUBLE)"
    return f"list_sum(list_transform({chosen}, lambda k: {value}))::VARCHAR"


def _json_path(keys: tuple[str, ...]) -> str:
    return text("$" + "".join(f'."{key}"' for key in keys))


def _select(rows: Rows, *, numbered: bool) -> str:
    fields, layout, types, kind = rows.fields, rows.layout, rows.types, rows.file.kind
    raw = ", ".join(f"{fields[name] or 'NULL'} AS {name}" for name in FIELDS if name != "end")
    inner, invalid = rows.source, "false"
    number, row = ("row_number() OVER () AS row, ", "row, ") if numbered else ("", "")
    if kind == "jsonl":
        inner = (
            f"(SELECT {number}CASE WHEN json_valid(line) THEN line END AS line, "
            f"trim(line) = '' OR line IS NULL AS blank FROM {rows.source})"
        )
        number, invalid = row, "line IS NULL"
    over = _passed_over(layout, types, kind)
    whole = {name: _whole(name, fields[name], types) for name in _COUNTS}
    ended = _instant("end_raw", layout, types, fields["end"])
    if layout.day_totals:
        ended = f"{_instant('timestamp', layout, types, None)} + INTERVAL 1 DAY"
    least = 0 if layout.bill else 1
    requests = f"coalesce(TRY_CAST(requests AS DOUBLE)::BIGINT, {least})"
    hashed = fields["hash_ids"] is not None
    return f"""
      SELECT {row}timestamp, ended, {_inputs(layout)} AS input_tokens, output_tokens,
        cached_tokens, requests, model, team,
        {f"hash_ids, {layout.block_tokens} AS block_tokens," if hashed else ""}
        {_reason(layout, least)} AS reason
      FROM (SELECT {row}{_instant("timestamp", layout, types, fields["timestamp"])} AS timestamp,
          {ended} AS ended, {", ".join(f"{sql} AS {name}" for name, sql in whole.items())},
          {requests if fields["requests"] else least} AS requests,
          model::VARCHAR AS model, team::VARCHAR AS team,
          {"TRY_CAST(hash_ids AS BIGINT[]) AS hash_ids," if hashed else ""} broken, over
        FROM (SELECT {number}{raw}, {fields["end"] or "NULL"} AS end_raw, {invalid} AS broken,
            {over} AS over FROM {inner}{" WHERE NOT blank" if kind == "jsonl" else ""}))
    """


_COUNTS = ("input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens", "apart_tokens")


def _inputs(layout: Layout) -> str:
    """SQL of all input tokens, those counted apart by the tool included."""
    apart = (
        ["cached_tokens", "cache_write_tokens"]
        if layout.input_excludes_cached
        else ["apart_tokens"]
        if "apart_tokens" in layout.fields
        else []
    )
    return " + ".join(["input_tokens", *(f"coalesce({name}, 0)" for name in apart)])


def _reason(layout: Layout, least: int) -> str:
    """SQL of why a row does not count; null where it does."""
    inputs = _inputs(layout)
    empty = (
        f"WHEN input_tokens IS NULL AND output_tokens IS NULL THEN {text(layout.only_with_tokens)} "
        if layout.only_with_tokens
        else ""
    )
    unknown = "meter of neither input nor output tokens" if layout.bill else None
    return f"""CASE WHEN broken THEN {text(NO_JSON)} WHEN over <> '' THEN over
          WHEN timestamp IS NULL THEN 'no readable timestamp' {empty}
          WHEN input_tokens IS NULL OR input_tokens NOT BETWEEN 0 AND {MOST_TOKENS}
            THEN {text(unknown or "input tokens are no whole number")}
          WHEN output_tokens IS NULL OR output_tokens NOT BETWEEN 0 AND {MOST_TOKENS}
            THEN {text(unknown or "output tokens are no whole number")}
          WHEN cached_tokens < 0 OR cached_tokens > {inputs}
            THEN 'more cached tokens than input tokens'
          WHEN requests < {least} THEN 'no requests' END"""


def _passed_over(layout: Layout, types: Mapping[str, str], kind: str) -> str:
    lower = {column.lower(): column for column in types}
    cases = [
        f"WHEN {each.test.format(_at(each.path, lower[each.path[0].lower()], types, kind))} "
        f"THEN {text(each.reason)}"
        for each in layout.passed_over
        if each.path[0].lower() in lower
    ]
    return f"CASE {' '.join(cases)} ELSE '' END" if cases else "''"


_WHOLE_TYPES = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")


def _whole(name: str, sql: str | None, types: Mapping[str, str]) -> str:
    """A count as BIGINT; null where it is none, such as a fraction."""
    if sql is None:
        return "NULL::BIGINT"
    if types.get(sql.strip('"')) in _WHOLE_TYPES:
        return f"{name}::BIGINT"
    number = f"TRY_CAST({name} AS DOUBLE)"
    return f"CASE WHEN {number} = floor({number}) THEN TRY_CAST({number} AS BIGINT) END"


def _instant(name: str, layout: Layout, types: Mapping[str, str], sql: str | None) -> str:
    """An instant in UTC, from text or from a number in the layout's unit or the one it must be."""
    if sql is not None and types.get(sql.strip('"'), "").startswith("TIMESTAMP"):
        return f"{name}::TIMESTAMP"
    number = f"TRY_CAST({name} AS DOUBLE)"
    factor = {"s": "1e6", "ms": "1e3"}.get(
        layout.number_unit or "",
        f"CASE WHEN {number} > 1e17 THEN 1e-3 WHEN {number} > 1e14 THEN 1 "
        f"WHEN {number} > 1e11 THEN 1e3 ELSE 1e6 END",
    )
    return (
        f"CASE WHEN {number} IS NULL THEN TRY_CAST({name}::VARCHAR AS TIMESTAMPTZ)::TIMESTAMP "
        f"WHEN {number} BETWEEN 0 AND 4e18 "
        f"THEN make_timestamp(({number} * {factor})::BIGINT) END"
    )

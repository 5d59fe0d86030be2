"""Rows of any known log as one relation of plain columns, in an embedded engine that is locked.

Every row comes out: usable ones with `reason` null, the others with the reason. The engine opens
the named files and nothing else, loads no extension, and spills to a scratch folder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from costmodel.errors import InputError, Problem
from costmodel.ingest.usage_files import MOST_LINE_BYTES, LogFile
from costmodel.ingest.usage_layouts import FIELDS, KNOWN, REQUIRED, Layout, layout_of

MEMORY = "600MB"

BLOCK_TOKENS = 512
"""Tokens of one hashed prefix block in the Mooncake and Bailian traces."""


def engine(files: Sequence[LogFile], scratch: Path) -> Any:
    """A DuckDB connection that can open these files only, its settings locked."""
    import duckdb

    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            "memory_limit": MEMORY,
            "temp_directory": str(scratch / "spill"),
        }
    )
    paths = ", ".join(_text(file.path) for file in files)
    connection.execute(f"SET allowed_paths = [{paths}]")
    connection.execute("SET enable_progress_bar = false")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def rows_of(
    connection: Any, file: LogFile, stated: Mapping[str, str], number: int
) -> tuple[str, Layout]:
    """The SQL of a file's rows with every field as a column, and the layout it was read by.

    Raises InputError where the file cannot be opened or lacks a column it needs.
    """
    try:
        return _rows_of(connection, file, stated, number)
    except InputError:
        raise
    except Exception as error:
        first = str(error).splitlines()[0]
        raise InputError(Problem(f"cannot be read: {first}", file=file.name)) from None


def _rows_of(
    connection: Any, file: LogFile, stated: Mapping[str, str], number: int
) -> tuple[str, Layout]:
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
    fields = {name: _field(layout, name, types, file.kind) for name in FIELDS}
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
    return _select(source, fields, layout, types, file, number), layout


def _source(file: LogFile) -> str:
    path = _text(file.path)
    if file.kind == "parquet":
        return f"read_parquet({path})"
    if file.kind == "jsonl":
        return (
            f"read_csv({path}, columns={{'line': 'VARCHAR'}}, delim=chr(1), quote='', escape='', "
            f"header=false, auto_detect=false, max_line_size={MOST_LINE_BYTES})"
        )
    with file.path.open("rb") as opened:
        head = opened.readline(65_536).decode("utf-8-sig", errors="replace")
    delimiter = max(",;\t|", key=head.count)
    return (
        f"read_csv({path}, all_varchar=true, header=true, delim={_text(delimiter)}, quote='\"', "
        f"store_rejects=true, max_line_size={MOST_LINE_BYTES})"
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
        f"FROM parquet_metadata({_text(file.path)})"
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
    keys = "".join(f'."{key}"' for key in path[1:])
    if kind == "jsonl":
        at = _text(f'$."{column}"{keys}')
        return f"nullif(json_extract_string(line, {at}), 'null')"
    name = '"' + column.replace('"', '""') + '"'
    if kind == "csv":
        name = f"nullif(trim({name}), '')"
        return (
            f"json_extract_string(TRY_CAST({name} AS JSON), {_text('$' + keys)})" if keys else name
        )
    return f"json_extract_string(to_json({name}), {_text('$' + keys)})" if keys else name


def _select(
    source: str,
    fields: Mapping[str, str | None],
    layout: Layout,
    types: Mapping[str, str],
    file: LogFile,
    number: int,
) -> str:
    """The rows with typed fields, whether each is usable, and why not."""
    raw = ", ".join(f"{sql or 'NULL'} AS {name}" for name, sql in fields.items() if name != "end")
    ends = fields["end"] or "NULL"
    inner, invalid = source, "false"
    if file.kind == "jsonl":
        inner = f"(SELECT CASE WHEN json_valid(line) THEN line END AS line FROM {source})"
        invalid = "line IS NULL"
    over = _passed_over(layout, types, file.kind)
    whole = {
        name: _whole(name, fields[name], types)
        for name in ("input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens")
    }
    apart = " + coalesce(cached_tokens, 0) + coalesce(cache_write_tokens, 0)"
    inputs = f"input_tokens{apart if layout.input_excludes_cached else ''}"
    ended = _instant("end_raw", layout, types, fields["end"])
    if layout.day_totals:
        ended = f"{_instant('timestamp', layout, types, None)} + INTERVAL 1 DAY"
    hashes = "TRY_CAST(hash_ids AS BIGINT[])" if fields["hash_ids"] else "NULL::BIGINT[]"
    requests = "coalesce(TRY_CAST(requests AS BIGINT), 1)" if fields["requests"] else "1"
    return f"""
      SELECT {number} AS file, timestamp, ended, {inputs} AS input_tokens, output_tokens,
        cached_tokens, cache_write_tokens, requests, model, team, hash_ids,
        CASE WHEN broken THEN 'no readable JSON' WHEN over <> '' THEN over
          WHEN timestamp IS NULL THEN 'no readable timestamp'
          WHEN input_tokens IS NULL OR input_tokens < 0 THEN 'input tokens are no whole number'
          WHEN output_tokens IS NULL OR output_tokens < 0 THEN 'output tokens are no whole number'
          WHEN cached_tokens < 0 OR cached_tokens > {inputs}
            THEN 'more cached tokens than input tokens'
          WHEN requests < 1 THEN 'no requests' END AS reason, over <> '' AS passed_over
      FROM (SELECT {_instant("timestamp", layout, types, fields["timestamp"])} AS timestamp,
          {ended} AS ended, {", ".join(f"{sql} AS {name}" for name, sql in whole.items())},
          {requests} AS requests, model::VARCHAR AS model, team::VARCHAR AS team,
          {hashes} AS hash_ids, broken, over
        FROM (SELECT {raw}, {ends} AS end_raw, {invalid} AS broken, {over} AS over FROM {inner}))
    """


def _passed_over(layout: Layout, types: Mapping[str, str], kind: str) -> str:
    lower = {column.lower(): column for column in types}
    cases = [
        f"WHEN {each.test.format(_at(each.path, lower[each.path[0].lower()], types, kind))} "
        f"THEN {_text(each.reason)}"
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
        f"CASE WHEN {number} IS NULL THEN TRY_CAST({name}::VARCHAR AS TIMESTAMP) "
        f"WHEN {number} BETWEEN 0 AND 4e18 "
        f"THEN make_timestamp(({number} * {factor})::BIGINT) END"
    )


def rejected_lines(connection: Any) -> dict[str, int]:
    """Lines of CSV files that are no rows, by reason, each counted once over all scans."""
    return dict(
        connection.execute(
            "SELECT min(reason), count(*) FROM (SELECT s.file_path, e.line, "
            "min(lower(replace(e.error_type::VARCHAR, '_', ' '))) AS reason FROM reject_errors e "
            "JOIN reject_scans s USING (scan_id, file_id) GROUP BY ALL) GROUP BY reason"
        ).fetchall()
    )


def cached_blocks(rows: str) -> str:
    """Rows with cached tokens from their block hashes: leading blocks that an earlier row had.

    Rows at one instant count in the order of the file. At most the row's input tokens.
    """
    return f"""
      WITH numbered AS (SELECT *, row_number() OVER (ORDER BY timestamp, place) AS turn FROM (
          SELECT *, row_number() OVER () AS place FROM ({rows}) WHERE reason IS NULL)),
        blocks AS (SELECT turn, unnest(hash_ids) AS hash,
          generate_subscripts(hash_ids, 1) AS position FROM numbered),
        firsts AS (SELECT hash, min(turn) AS first FROM blocks GROUP BY hash),
        fresh AS (SELECT b.turn, min(b.position) - 1 AS seen FROM blocks b JOIN firsts f
          ON b.hash = f.hash AND b.turn = f.first GROUP BY b.turn)
      SELECT n.* EXCLUDE (cached_tokens, turn, place),
        least(coalesce(f.seen, len(n.hash_ids)) * {BLOCK_TOKENS}, input_tokens)::BIGINT
          AS cached_tokens
      FROM numbered n LEFT JOIN fresh f USING (turn)
    """


def _text(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"

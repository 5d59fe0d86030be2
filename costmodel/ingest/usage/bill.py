"""Lines of a FOCUS bill as tokens: a quantity in some unit, whose meter says of which kind it is.

A bill knows tokens per period and nothing of requests; how long one is stays unknown.
"""

from __future__ import annotations

from collections.abc import Mapping

_READ = "cached|cchd|\\bcd\\b|cache[-_ ]?(read|hit)"
_WRITTEN = "cache[-_ ]?(write|creat)"
_INPUT = "input|prompt|\\binpt?\\b"
_OUTPUT = "output|completion|\\bout?pt\\b|\\bopt\\b|\\boutp\\b|\\boutpt\\b"


def tokens_of_bill(fields: Mapping[str, str | None]) -> dict[str, str | None]:
    """The fields of a request log from those of a bill: input, output and cached tokens.

    A line holds one kind of tokens and none of the others. Both counts are null where its unit is
    none of tokens; the input alone where the meter does not say which kind it is.
    """
    named = [at for name in ("meter", "more_meter", "details") if (at := fields.get(name))]
    description = fields.get("description") or "NULL"
    meter = f"lower(coalesce(nullif(concat_ws(' ', {', '.join(named or ['NULL'])}), ''), "
    meter += f"{description}, ''))"
    tokens = _tokens(fields["quantity"] or "NULL", fields["unit"] or "NULL", meter)

    def says(pattern: str) -> str:
        return f"regexp_matches({meter}, '{pattern}')"

    into = f"({says(_READ)} OR {says(_WRITTEN)} OR {says(_INPUT)})"
    out = says(_OUTPUT)
    known = f"{into} <> {out}"
    return {
        **fields,
        "input_tokens": f"CASE WHEN {known} THEN {tokens} * ({into})::INTEGER END",
        "output_tokens": f"{tokens} * ({known} AND {out})::INTEGER",
        "cached_tokens": f"CASE WHEN {known} AND {says(_READ)} AND NOT {says(_WRITTEN)} "
        f"THEN {tokens} END",
    }


def _tokens(quantity: str, unit: str, meter: str) -> str:
    """SQL of a quantity in tokens; null in a unit of anything else.

    Units are written as `Tokens`, `1K tokens`, `1M`; a bare number of units counts where the
    meter speaks of tokens.
    """
    unit = f"lower({unit}::VARCHAR)"
    step = f"coalesce(TRY_CAST(nullif(regexp_extract({unit}, '^[0-9]+'), '') AS DOUBLE), 1)"
    times = (
        f"CASE WHEN regexp_matches({unit}, '^[0-9]*[ ]?(m|million)\\b') THEN 1e6 "
        f"WHEN regexp_matches({unit}, '^[0-9]*[ ]?(k|thousand)\\b') THEN 1e3 ELSE 1 END"
    )
    of_tokens = (
        f"contains({unit}, 'token') OR (contains({meter}, 'token') "
        f"AND regexp_matches({unit}, '^[0-9]*[ ]?(k|m|thousand|million|units?|count)?$'))"
    )
    return (
        f"CASE WHEN {of_tokens} THEN round(TRY_CAST({quantity} AS DOUBLE) * {step} * {times}) END"
    )

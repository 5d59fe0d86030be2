"""What the request logs of known tools look like: their columns, their nesting, their habits.

A layout says where each field stands, never how a file is read. Counts mean what they mean
everywhere here: input tokens include the cached ones, whatever the tool's own habit is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Path = tuple[str, ...]
"""Where a value stands in a record: a column, or keys within one another. A last key that ends
in * stands for the sum of all keys that begin so."""

FIELDS = (
    "timestamp",
    "end",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "apart_tokens",
    "requests",
    "model",
    "team",
    "hash_ids",
)
"""What a log may say of a request, or of the total of a period (then with end and requests)."""

SAYABLE = tuple(name for name in FIELDS if name not in ("cache_write_tokens", "apart_tokens"))
"""Fields whose column a user may name."""

REQUIRED = ("timestamp", "input_tokens", "output_tokens")


NO_TRAFFIC = "periods without traffic"
"""Not requests, but time that the log covers."""


@dataclass(frozen=True)
class PassedOver:
    """Records that are no requests to a model: where the test `{}` in SQL holds."""

    path: Path
    test: str
    reason: str


@dataclass(frozen=True)
class Layout:
    """One tool's log: the keys it is known by, and where each field stands in a record."""

    name: str
    marks: tuple[frozenset[str], ...]
    """Sets of top-level columns, in lower case; a record with all of one set is this tool's."""
    fields: Mapping[str, tuple[Path, ...]]
    """Places of each field; the first that holds something counts."""
    totals: bool = False
    """Whether a record is the total of a period and not one request."""
    input_excludes_cached: bool = False
    """Whether the tool counts cached and cache-write tokens apart from input tokens."""
    number_unit: str | None = None
    """Unit of timestamps that are numbers ("s", "ms"); None: told from their size."""
    passed_over: tuple[PassedOver, ...] = ()
    day_totals: bool = False
    """Whether each total is of one day and has no end of its own."""
    block_tokens: int = 512
    """Tokens of one block of `hash_ids`; 512 as in Mooncake's traces."""
    bill: bool = False
    """Whether a record is a line of a bill: a quantity of one kind of tokens, and no requests."""
    only_with_tokens: str | None = None
    """Why records without any token count are passed over; None where they are bad rows."""


def _fields(**places: str) -> dict[str, tuple[Path, ...]]:
    """Places written as `a/b | c`: key b of a, else c."""
    return {
        name: tuple(tuple(each.strip().split("/")) for each in text.split("|"))
        for name, text in places.items()
    }


def _marks(*sets: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(key.strip() for key in each.split(",")) for each in sets)


OPENAI = Layout(
    name="OpenAI usage export",
    marks=_marks("start_time,num_model_requests,input_tokens", "start_time,end_time,object"),
    fields=_fields(
        timestamp="start_time",
        end="end_time",
        input_tokens="input_tokens",
        output_tokens="output_tokens",
        cached_tokens="input_cached_tokens",
        requests="num_model_requests",
        model="model",
        team="project_id",
    ),
    totals=True,
    only_with_tokens=NO_TRAFFIC,
)

LITELLM_DAILY = Layout(
    name="LiteLLM daily spend",
    marks=_marks("date,api_requests,prompt_tokens,completion_tokens"),
    fields=_fields(
        timestamp="date",
        input_tokens="prompt_tokens",
        output_tokens="completion_tokens",
        cached_tokens="cache_read_input_tokens",
        cache_write_tokens="cache_creation_input_tokens",
        requests="api_requests",
        model="model_group | model",
        team="team_id",
    ),
    totals=True,
    day_totals=True,
)

_LITELLM_USAGE = "metadata/usage_object", "metadata/additional_usage_values"

LITELLM = Layout(
    name="LiteLLM spend log",
    marks=_marks(
        "starttime,prompt_tokens,completion_tokens,spend",
        "starttime,prompt_tokens,completion_tokens,call_type",
        "starttime,prompt_tokens,completion_tokens,request_id",
    ),
    fields=_fields(
        timestamp="startTime",
        input_tokens="prompt_tokens",
        output_tokens="completion_tokens",
        cached_tokens=" | ".join(
            f"{usage}/{key}"
            for usage in _LITELLM_USAGE
            for key in ("prompt_tokens_details/cached_tokens", "cache_read_input_tokens")
        ),
        cache_write_tokens=" | ".join(
            f"{usage}/cache_creation_input_tokens" for usage in _LITELLM_USAGE
        ),
        model="model_group | model",
        team="team_id",
    ),
    passed_over=(
        PassedOver(("status",), "lower({}) = 'failure'", "failed requests"),
        PassedOver(
            ("cache_hit",), "lower({}) = 'true'", "answered from the gateway's response cache"
        ),
        PassedOver(
            ("call_type",),
            "regexp_matches({}, 'embedding|image|transcription|speech|moderation|rerank')",
            "no text completions",
        ),
    ),
)

LANGFUSE = Layout(
    name="Langfuse export",
    marks=_marks(
        "traceid,starttime,usagedetails",
        "trace_id,start_time,usage_details",
        "traceid,starttime,prompttokens",
        "traceid,starttime,inputusage",
        "traceid,starttime,usage",
    ),
    fields=_fields(
        timestamp="startTime | start_time",
        input_tokens="usageDetails/input* | usage_details/input* | inputUsage | promptTokens"
        " | usage/input | usage/promptTokens",
        output_tokens="usageDetails/output* | usage_details/output* | outputUsage"
        " | completionTokens | usage/output | usage/completionTokens",
        cached_tokens=" | ".join(
            f"{details}/{key}"
            for details in ("usageDetails", "usage_details")
            for key in ("input_cached_tokens", "input_cache_read*", "cache_read*")
        ),
        apart_tokens="usageDetails/cache_* | usage_details/cache_*",
        model="providedModelName | provided_model_name | model",
        team="userId | user_id",
    ),
    passed_over=(
        PassedOver(("type",), "upper({}) <> 'GENERATION'", "observations that are no generation"),
    ),
    only_with_tokens="generations without token counts",
)
"""Langfuse prices each key of the details by itself, so they do not overlap: all that begin with
`input` make the input, and cache keys in Anthropic's spelling stand apart from them."""

_ATTRIBUTES = {
    "input_tokens": ("input_tokens", "prompt_tokens"),
    "output_tokens": ("output_tokens", "completion_tokens"),
    "cached_tokens": ("cache_read.input_tokens", "cache_read_input_tokens"),
    "cache_write_tokens": ("cache_creation.input_tokens", "cache_creation_input_tokens"),
}
_HOLDERS: tuple[Path, ...] = (("attributes",), ("SpanAttributes",), ("span_attributes",))


def _attribute(name: str) -> tuple[Path, ...]:
    """Places of a span's attribute: a column of its own, or a key of its attributes."""
    return ((name,), (f"attributes.{name}",), *((*holder, name) for holder in _HOLDERS))


OPERATION = _attribute("gen_ai.operation.name")

OTEL_ATTRIBUTES = (
    *(f"gen_ai.usage.{name}" for names in _ATTRIBUTES.values() for name in names),
    "gen_ai.request.model",
    "gen_ai.response.model",
    "gen_ai.operation.name",
)
"""Every attribute that is read from a span."""

OTEL = Layout(
    name="OpenTelemetry GenAI spans",
    marks=_marks("startunixnano", "starttimeunixnano", "gen_ai.usage.input_tokens"),
    fields={
        "timestamp": tuple(
            (name,)
            for name in (
                "startTimeUnixNano", "start_time_unix_nano", "start_time", "startTime",
                "Timestamp", "timestamp",
            )
        ),
        **{
            field: tuple(path for name in names for path in _attribute(f"gen_ai.usage.{name}"))
            for field, names in _ATTRIBUTES.items()
        },
        "model": _attribute("gen_ai.request.model") + _attribute("gen_ai.response.model"),
    },
    passed_over=tuple(
        PassedOver(
            path,
            "{} IN ('invoke_agent', 'create_agent', 'execute_tool', 'embeddings')",
            "spans that are no call of a model",
        )
        for path in OPERATION
    ),
    only_with_tokens="spans without token counts",
)  # fmt: skip

AZURE = Layout(
    name="Azure LLM inference trace",
    marks=_marks("timestamp,contexttokens,generatedtokens"),
    fields=_fields(
        timestamp="TIMESTAMP",
        input_tokens="ContextTokens",
        output_tokens="GeneratedTokens",
    ),
)

BAILIAN = Layout(
    name="Bailian trace",
    marks=_marks("timestamp,input_length,output_length,chat_id"),
    fields=_fields(
        timestamp="timestamp",
        input_tokens="input_length",
        output_tokens="output_length",
        hash_ids="hash_ids",
    ),
    number_unit="s",
    block_tokens=16,
)

MOONCAKE = Layout(
    name="Mooncake trace",
    marks=_marks("timestamp,input_length,output_length"),
    fields=BAILIAN.fields,
    number_unit="ms",
)

BURSTGPT = Layout(
    name="BurstGPT trace",
    marks=_marks("timestamp,request tokens,response tokens"),
    fields=_fields(
        timestamp="Timestamp",
        input_tokens="Request tokens",
        output_tokens="Response tokens",
        model="Model",
        team="Log Type",
    ),
    number_unit="s",
    passed_over=(
        PassedOver(("Response tokens",), "TRY_CAST({} AS DOUBLE) = 0", "failed requests"),
    ),
)

ANTHROPIC = Layout(
    name="Anthropic usage",
    marks=_marks(
        "input_tokens,output_tokens,cache_read_input_tokens",
        "input_tokens,output_tokens,cache_creation_input_tokens",
    ),
    fields=_fields(
        timestamp="timestamp | created_at | start_time | time | date",
        input_tokens="input_tokens",
        output_tokens="output_tokens",
        cached_tokens="cache_read_input_tokens",
        cache_write_tokens="cache_creation_input_tokens",
        model="model",
        team="team | team_id | workspace_id",
    ),
    input_excludes_cached=True,
)

PLAIN = Layout(
    name="table",
    marks=(),
    fields=_fields(
        timestamp="timestamp | time | ts | created_at | created | datetime | start_time | startTime"
        " | request_time",
        end="end_timestamp | period_end",
        input_tokens="input_tokens | prompt_tokens | usage/prompt_tokens | usage/input_tokens",
        output_tokens="output_tokens | completion_tokens | usage/completion_tokens"
        " | usage/output_tokens",
        cached_tokens="cached_tokens | cached_input_tokens | input_cached_tokens"
        " | usage/prompt_tokens_details/cached_tokens | usage/input_tokens_details/cached_tokens",
        cache_write_tokens="cache_write_tokens",
        requests="requests",
        model="model | model_name",
        team="team | team_id | team_name",
    ),
)

FOCUS = Layout(
    name="FOCUS bill",
    marks=_marks("chargeperiodstart,chargeperiodend,consumedquantity,consumedunit"),
    fields=_fields(
        timestamp="ChargePeriodStart",
        end="ChargePeriodEnd",
        quantity="ConsumedQuantity",
        unit="ConsumedUnit",
        meter="SkuMeter",
        more_meter="x_SkuMeterName | x_UsageType | x_SkuDescription",
        details="SkuPriceDetails",
        description="ChargeDescription",
        team="SubAccountName | SubAccountId",
    ),
    totals=True,
    bill=True,
    passed_over=(
        PassedOver(("ChargeCategory",), "lower({}) <> 'usage'", "charges that are no usage"),
        PassedOver(("ChargeClass",), "lower({}) = 'correction'", "corrections of earlier bills"),
    ),
    only_with_tokens="lines that bill no tokens",
)

LAYOUTS = (
    OPENAI,
    LITELLM_DAILY,
    LITELLM,
    LANGFUSE,
    OTEL,
    AZURE,
    BAILIAN,
    MOONCAKE,
    BURSTGPT,
    FOCUS,
    ANTHROPIC,
    PLAIN,
)
"""In the order in which they are tried; the last fits any table with names that say enough."""

KNOWN = (
    "OpenAI usage exports, LiteLLM spend logs, Langfuse and OpenTelemetry GenAI exports, FOCUS "
    "bills, the Azure, Mooncake and BurstGPT traces"
)


def layout_of(names: Collection[str]) -> Layout:
    """The layout of a record with these top-level names; the plain table where no tool is known.

    >>> layout_of(["TIMESTAMP", "ContextTokens", "GeneratedTokens"]).name
    'Azure LLM inference trace'
    """
    lower = {name.lower() for name in names}
    for layout in LAYOUTS:
        if any(mark <= lower for mark in layout.marks):
            return layout
    if any(("gen_ai.usage" in name) or name == "spanattributes" for name in lower):
        return OTEL
    return PLAIN


def flattened(record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The records within a record of JSON: of pages, of buckets, of OpenTelemetry's resources.

    >>> page = {"data": [{"start_time": 1, "results": [{"input_tokens": 2}]}]}
    >>> list(flattened(page))
    [{'start_time': 1, 'input_tokens': 2}]
    """
    key = next((key for key in _NESTS if isinstance(record.get(key), list)), None)
    if key is None or (key == "results" and "start_time" not in record):
        yield {**record, **_attributes(record)}
        return
    outer = {k: v for k, v in record.items() if k != key} if key == "results" else {}
    if key == "results" and not record[key]:
        yield outer
    for item in record[key]:
        yield from flattened({**outer, **item} if isinstance(item, dict) else {"": item})


_NESTS = ("resourceSpans", "scopeSpans", "spans", "data", "results")


def _attributes(record: Mapping[str, Any]) -> dict[str, Any]:
    """OpenTelemetry's list of keys and typed values, as a mapping under the same name."""
    listed = record.get("attributes")
    if not isinstance(listed, list):
        return {}
    pairs = [item for item in listed if isinstance(item, dict) and "key" in item]
    return {"attributes": {item["key"]: _plain(item.get("value")) for item in pairs}}


def _plain(value: Any) -> Any:
    return next(iter(value.values()), None) if isinstance(value, dict) else value

"""Logs of known tools: one total a tool, its habits of counting, and what is passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from costmodel.errors import InputError
from costmodel.ingest.usage.read import read_usage

TRACES = Path(__file__).parents[2] / "data" / "usage"


def _of(name: str):
    return read_usage(TRACES / name)


def _why(usage) -> dict[str, int]:
    return {each.reason: each.rows for each in usage.rejected}


def _tokens(usage) -> tuple[int, int, int]:
    """Requests, input and output tokens, from the means."""
    stats = usage.stats
    return (
        stats.requests,
        round(stats.requests * stats.input_tokens),
        round(stats.requests * stats.output_tokens),
    )


@pytest.mark.parametrize("name", ["openai_usage.csv", "openai_usage.json"])
def test_openai_totals_of_hours(name):
    usage = _of(name)
    assert usage.layouts == ("OpenAI usage export",)
    assert _tokens(usage) == (29, 4212 + 5904 + 15738, 1673 + 1419 + 1482)
    assert usage.stats.cached_input_share == (1280 + 7162) / (4212 + 5904 + 15738)
    assert usage.stats.span_days == 1
    assert usage.stats.tokens_per_day == 25854 + 4574
    assert _why(usage) == {"periods without traffic": 2}
    assert {row["team"]: row["requests"] for row in usage.splits["team"]} == {
        "proj_a": 28,
        "proj_b": 1,
    }


def test_litellm_counts_cached_tokens_in_and_passes_over_what_no_model_answered():
    usage = _of("litellm_spend.csv")
    assert _tokens(usage) == (3, 1200 + 4000 + 300, 90 + 100 + 30)
    assert usage.stats.cached_input_share == (1024 + 3000) / 5500
    assert _why(usage) == {
        "failed requests": 1,
        "answered from the gateway's response cache": 1,
        "no text completions": 1,
    }
    assert all(each.passed_over for each in usage.rejected)
    assert [row["model"] for row in usage.splits["model"]] == ["claude", "gpt-4o"]


def test_langfuse_adds_up_the_keys_of_usage_details():
    usage = _of("langfuse_observations.jsonl")
    assert _tokens(usage) == (3, 176 + 1024 + 500 + 3000 + 500 + 300, 60 + 30 + 100 + 30)
    assert usage.stats.cached_input_share == (1024 + 3000) / 5500
    assert _why(usage) == {
        "generations without token counts": 1,
        "observations that are no generation": 1,
    }


def test_langfuse_of_older_versions():
    usage = _of("langfuse_older.csv")
    assert _tokens(usage) == (2, 1500, 120)
    assert usage.stats.cached_input_share is None
    bad = next(each for each in usage.rejected if not each.passed_over)
    assert (bad.reason, bad.rows) == ("no readable timestamp", 1)
    assert bad.places == (f"{TRACES / 'langfuse_older.csv'}:6",)


def test_spans_of_opentelemetry():
    usage = _of("otel_spans.jsonl")
    assert _tokens(usage) == (2, 1500, 120)
    assert usage.stats.cached_input_share == 1024 / 1500
    assert _why(usage) == {
        "spans that are no call of a model": 1,
        "spans without token counts": 1,
        "input tokens are no whole number": 1,
    }
    bad = next(each for each in usage.rejected if not each.passed_over)
    assert bad.places == (f"{TRACES / 'otel_spans.jsonl'}:3",)
    assert {row["model"] for row in usage.splits["model"]} == {"gpt-4o", "llama-3.3-70b"}


def test_burstgpt_counts_seconds_from_its_start():
    usage = _of("burstgpt.csv")
    assert _tokens(usage) == (4, 472 + 1087 + 417 + 185, 18 + 230 + 276 + 215)
    assert usage.stats.span_days == 2
    assert usage.stats.hourly_profile is None
    assert _why(usage) == {"failed requests": 1}
    assert "no_dates" in {warning.code for warning in usage.warnings}


def test_a_bill_tells_tokens_and_not_requests():
    usage = _of("focus_bill.csv")
    stats = usage.stats
    into, out = 420_000 + 80_000 + 100_000, 20_500 + 25_000
    assert (stats.requests, stats.input_tokens, stats.output_tokens) == (None, None, None)
    assert stats.tokens_per_day == pytest.approx((into + out) / stats.span_days)
    assert stats.cached_input_share == 80_000 / into
    assert "input_tokens" not in usage.workload
    said = {warning.code: warning.message for warning in usage.warnings}
    assert f"{into / (into + out):.1%} of their sum as input" in said["requests_unknown"]
    assert _why(usage) == {
        "lines that bill no tokens": 1,
        "corrections of earlier bills": 1,
        "charges that are no usage": 1,
        "meter of neither input nor output tokens": 1,
    }


def test_a_bill_and_a_log_are_not_added_up():
    with pytest.raises(InputError, match="cannot be added up"):
        read_usage(TRACES / "focus_bill.csv", TRACES / "openai_usage.csv")


def test_blocks_of_bailian_hold_16_tokens():
    lines = [
        '{"chat_id": 1, "parent_chat_id": -1, "timestamp": 0.5, "input_length": 40, '
        '"output_length": 5, "type": "text", "turn": 1, "hash_ids": [1, 2, 3]}',
        '{"chat_id": 2, "parent_chat_id": 1, "timestamp": 60.5, "input_length": 60, '
        '"output_length": 5, "type": "text", "turn": 2, "hash_ids": [1, 2, 9, 4]}',
        '{"chat_id": 3, "parent_chat_id": -1, "timestamp": 90.5, "input_length": 60, '
        '"output_length": 5, "type": "text", "turn": 1}',
    ]
    usage = read_usage(("qwen.jsonl", "\n".join(lines).encode()))
    assert usage.layouts == ("Bailian trace",)
    assert usage.stats.cached_input_share == 32 / 160

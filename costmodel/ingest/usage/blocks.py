"""Cached tokens from the hashes of prompt blocks: leading blocks that an earlier request had.

Traces such as Mooncake's publish, in place of prompts, one hash per block; equal hashes are equal
prefixes. An unbounded cache is assumed, so the share is what a prefix cache could reach at most.
"""

from __future__ import annotations


def cached_blocks(rows: str) -> str:
    """SQL of the rows with `cached_tokens` from `hash_ids`, at most the row's input tokens.

    Rows at one instant count in the order of the file. Rows without hashes stay as they are.
    """
    return f"""
      WITH numbered AS (SELECT *, row_number() OVER (ORDER BY timestamp, place) AS turn FROM (
          SELECT *, row_number() OVER () AS place FROM ({rows}))),
        blocks AS (SELECT turn, unnest(hash_ids) AS hash,
          generate_subscripts(hash_ids, 1) AS position FROM numbered WHERE reason IS NULL),
        firsts AS (SELECT hash, min(turn) AS first FROM blocks GROUP BY hash),
        fresh AS (SELECT b.turn, min(b.position) - 1 AS seen FROM blocks b JOIN firsts f
          ON b.hash = f.hash AND b.turn = f.first GROUP BY b.turn)
      SELECT n.* EXCLUDE (cached_tokens, turn, place, hash_ids),
        CASE WHEN n.hash_ids IS NULL THEN n.cached_tokens ELSE
          least(coalesce(f.seen, len(n.hash_ids)) * n.block_tokens, n.input_tokens)::BIGINT
          END AS cached_tokens
      FROM numbered n LEFT JOIN fresh f USING (turn)
    """

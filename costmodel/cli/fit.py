"""`costmodel fit`: whether a model fits its GPUs, and for how many requests at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from costmodel.cli.options import (
    CHECK_FAILED,
    AsJson,
    Engine,
    Gpu,
    Model,
    Tp,
    count,
    emit,
    positive,
    positive_share,
)

if TYPE_CHECKING:
    from costmodel.quantity.answer import Answer
    from costmodel.sizing.records import Fit


def fit(  # noqa: PLR0913 - one option per question
    model: Model,
    *,
    gpu: Gpu,
    weights: Annotated[
        str | None,
        typer.Option("--format", metavar="F", help="Such as awq-int4; default: as released."),
    ] = None,
    context: Annotated[
        int | None,
        typer.Option(parser=count, metavar="N", help="Tokens a request; default: the longest."),
    ] = None,
    concurrency: Annotated[
        float, typer.Option(parser=positive, metavar="N", help="Requests at once.")
    ] = 1,
    kv_dtype: Annotated[
        str | None, typer.Option(metavar="D", help="Number format of the KV cache.")
    ] = None,
    tp: Tp = 1,
    engine: Engine = None,
    engine_version: Annotated[str | None, typer.Option(metavar="V", help="Such as 0.19.")] = None,
    gpu_memory_utilization: Annotated[
        float | None,
        typer.Option(parser=positive_share, metavar="X", help="Share of memory the engine takes."),
    ] = None,
    max_num_seqs: Annotated[
        int | None,
        typer.Option(parser=count, metavar="N", help="Most requests the engine runs at once."),
    ] = None,
    block_size: Annotated[
        int | None, typer.Option(parser=count, metavar="N", help="Tokens of a KV cache block.")
    ] = None,
    no_cuda_graphs: Annotated[
        bool, typer.Option("--no-cuda-graphs", help="The engine in eager mode.")
    ] = False,
    engine_log: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A vLLM start-up log; it replaces our overhead."),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Exit 3 unless it fits.")] = False,
    as_json: AsJson = False,
) -> None:
    """Whether a model fits: fits, tight (too close to call) or does_not_fit, and how many GPUs."""
    from costmodel.sizing import fit as asked

    result = asked(
        model,
        gpu=gpu,
        format=weights,
        context=context,
        concurrency=concurrency,
        kv_dtype=kv_dtype,
        tp=tp,
        engine=engine,
        engine_version=engine_version,
        gpu_memory_utilization=gpu_memory_utilization,
        max_num_seqs=max_num_seqs,
        block_size=block_size,
        cuda_graphs=not no_cuda_graphs,
        engine_log=engine_log,
    )
    emit(result.to_dict(), as_json, lambda: _said(result, gpu))
    if check and result.verdict != "fits":
        raise typer.Exit(CHECK_FAILED)


def _said(found: Fit, gpu: str) -> Answer:
    from costmodel.present.words.fit import answer

    return answer(found, gpu)

"""`costmodel bench`: what the result files of benchmark tools say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from costmodel.cli.options import AsJson, count, emit, positive

if TYPE_CHECKING:
    from costmodel.ingest.bench.read import Benchmark
    from costmodel.quantity.answer import Answer


def bench(  # noqa: PLR0913 - one option per fact that a file cannot know
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Result files of benchmark tools.")
    ],
    *,
    gpu: Annotated[str | None, typer.Option(metavar="GPU", help="Such as h100-sxm.")] = None,
    tp: Annotated[
        int | None,
        typer.Option(parser=count, metavar="N", help="GPUs of one replica (tensor parallel)."),
    ] = None,
    weights: Annotated[
        str | None, typer.Option("--format", metavar="F", help="Such as awq-int4.")
    ] = None,
    kernel: Annotated[str | None, typer.Option(metavar="K", help="Such as marlin.")] = None,
    model: Annotated[str | None, typer.Option(metavar="MODEL", help="Such as qwen3-8b.")] = None,
    engine: Annotated[str | None, typer.Option(metavar="E", help="Such as vllm.")] = None,
    input_tokens: Annotated[
        float | None,
        typer.Option(parser=positive, metavar="N", help="Mean input tokens a request."),
    ] = None,
    output_tokens: Annotated[
        float | None,
        typer.Option(parser=positive, metavar="N", help="Mean output tokens a request."),
    ] = None,
    concurrency: Annotated[
        int | None, typer.Option(parser=count, metavar="N", help="Requests in flight.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measurements in the files, by concurrency; the options state what a file cannot know."""
    from costmodel.ingest.bench.read import read_benchmark

    result = read_benchmark(
        *files,
        gpu=gpu,
        tp=tp,
        format=weights,
        kernel=kernel,
        model=model,
        engine=engine,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        concurrency=concurrency,
    )
    emit(result.to_dict(), as_json, lambda: _said(result))


def _said(result: Benchmark) -> Answer:
    from costmodel.present.words.bench import answer

    return answer(result)

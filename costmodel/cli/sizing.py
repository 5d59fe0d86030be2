"""`costmodel fit` and `costmodel throughput`: what one replica holds and serves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from costmodel.cli.options import CHECK_FAILED, AsJson, count, emit, positive, positive_share, share

Model = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="A short id, a Hugging Face id, a folder with config.json, a .safetensors file or "
        "index, or a .gguf file.",
    ),
]
Gpu = Annotated[str, typer.Option(metavar="GPU", help="Such as h100-sxm.")]
Tp = Annotated[
    int, typer.Option(parser=count, metavar="N", help="GPUs of one replica (tensor parallel).")
]
Engine = Annotated[str | None, typer.Option(metavar="E", help="Serving engine, such as vllm.")]


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
    check: Annotated[bool, typer.Option("--check", help="Exit 3 unless it fits.")] = False,
    as_json: AsJson = False,
) -> None:
    """Whether a model fits: fits, tight (too close to call) or does_not_fit, and how many GPUs."""
    from costmodel.sizing import fit as answer

    result = answer(
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
    )
    data = result.to_dict()
    emit(data, as_json, lambda: _text(f"{model} on {tp} x {gpu}", data))
    if check and result.verdict != "fits":
        raise typer.Exit(CHECK_FAILED)


def throughput(  # noqa: PLR0913 - one option per question
    model: Model,
    *,
    gpu: Gpu,
    weights: Annotated[str, typer.Option("--format", metavar="F", help="Such as awq-int4.")],
    input_tokens: Annotated[
        float, typer.Option(parser=positive, metavar="N", help="Mean input tokens a request.")
    ],
    output_tokens: Annotated[
        float, typer.Option(parser=positive, metavar="N", help="Mean output tokens a request.")
    ],
    kernel: Annotated[str | None, typer.Option(metavar="K", help="Such as marlin.")] = None,
    tp: Tp = 1,
    concurrency: Annotated[
        float | None, typer.Option(parser=positive, metavar="N", help="Most requests at once.")
    ] = None,
    prefix_cache_share: Annotated[
        float, typer.Option(parser=share, metavar="X", help="Share of the prompt found in cache.")
    ] = 0.0,
    ttft_ms: Annotated[
        float | None, typer.Option(parser=positive, metavar="X", help="Mean time to first token.")
    ] = None,
    tpot_ms: Annotated[
        float | None, typer.Option(parser=positive, metavar="X", help="Mean time per output token.")
    ] = None,
    engine: Engine = None,
    as_json: AsJson = False,
) -> None:
    """What one replica serves at this request shape: measured where it was, else estimated."""
    from costmodel.sizing import throughput as answer

    data = answer(
        model,
        gpu=gpu,
        format=weights,
        kernel=kernel,
        tp=tp,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        concurrency=concurrency,
        prefix_cache_share=prefix_cache_share,
        ttft_ms=ttft_ms,
        tpot_ms=tpot_ms,
        engine=engine,
    ).to_dict()
    emit(data, as_json, lambda: _text(f"{model} in {weights} on {tp} x {gpu}", data))


def _text(title: str, data: Mapping[str, Any]) -> str:
    from costmodel.cli.text import Footnotes, sections, table

    results = [[name, _shown(name, value)] for name, value in data.items() if name != "assumptions"]
    notes = Footnotes()
    known = [
        [
            row["path"],
            _shown(row["path"], row["value"]),
            row["unit"],
            row["kind"],
            notes.mark(row["source"]),
        ]
        for row in data["assumptions"]
    ]
    return sections(
        title,
        table(["RESULT", ""], results),
        table(["ASSUMPTION", "VALUE", "UNIT", "KIND", "SOURCE"], known, ["VALUE"]),
        notes.text(),
    )


def _shown(name: str, value: Any) -> str:
    from costmodel.units import GIB

    if value is None:
        return "-"
    if isinstance(value, list):
        return "; ".join(map(str, value))
    if isinstance(value, int | float) and "bytes" in name and value >= GIB / 100:
        return f"{value / GIB:,.2f} GiB"
    return f"{value:,.4g}" if isinstance(value, float) else str(value)

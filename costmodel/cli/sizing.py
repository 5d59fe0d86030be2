"""`costmodel fit` and `costmodel throughput`: what one replica holds and serves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from costmodel.cli.options import CHECK_FAILED, AsJson, count, emit, positive, positive_share, share

if TYPE_CHECKING:
    from costmodel.sizing.records import Fit, Throughput, ThroughputCurve

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
        max_num_seqs=max_num_seqs,
        block_size=block_size,
        cuda_graphs=not no_cuda_graphs,
        engine_log=engine_log,
    )
    emit(result.to_dict(), as_json, lambda: _fit_text(result, gpu))
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
    regime: Annotated[
        str | None,
        typer.Option(
            metavar="R",
            help="Runs to carry over: offline (all queued) or fixed (a number in flight).",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What one replica serves at this request shape: measured where it was, else estimated."""
    from costmodel.cli.throughput_text import throughput_text
    from costmodel.present.words.speed import Asked
    from costmodel.sizing import throughput as answer

    asked = Asked(
        model,
        gpu,
        weights,
        tp,
        input_tokens,
        output_tokens,
        kernel=kernel,
        concurrency=concurrency,
        ttft_ms=ttft_ms,
        tpot_ms=tpot_ms,
    )
    options = {
        **{name: value for name, value in vars(asked).items() if name not in _ANSWER_ONLY},
        "prefix_cache_share": prefix_cache_share,
        "engine": engine,
    }
    found = answer(model, concurrency=concurrency, regime=regime, **options)  # type: ignore[arg-type] - checked there
    options["regime"] = regime or "fixed"
    curve, refused = _curve(model, options)
    data = {**found.to_dict(), "curve": curve.to_dict() if curve else None}
    emit(
        data,
        as_json,
        lambda: (
            throughput_text(asked, found, curve, _curve_at(model, options, found, curve))
            + (f"\n\nNo curve: {refused}." if refused else "")
        ),
    )


_ANSWER_ONLY = {"model", "concurrency"}


def _curve(model: str, options: Mapping[str, Any]) -> tuple[ThroughputCurve | None, str]:
    """The curve, or why there is none: a measurement may stand where our memory rules say no."""
    from costmodel.errors import InputError
    from costmodel.sizing import throughput_curve

    try:
        return throughput_curve(model, **options), ""
    except InputError as error:
        return None, str(error)


def _curve_at(
    model: str, options: Mapping[str, Any], found: Throughput, curve: ThroughputCurve | None
) -> ThroughputCurve | None:
    """The curve at round numbers in flight, at the answer's own and at the most it holds."""
    from costmodel.sizing import throughput_curve

    if curve is None:
        return None
    most = curve.max_concurrency
    doubled = [2.0**i for i in range(12) if 2.0**i < most]
    own = [found.concurrency] if found.concurrency and found.concurrency <= most else []
    return throughput_curve(model, concurrencies=sorted({*doubled, *own, most}), **options)


def _fit_text(fit: Fit, gpu: str) -> str:
    """The verdict in words, then tables: the numbers, one card, the KV cache, by GPUs, remedies."""
    from costmodel.cli.text import paragraph, sections, titled
    from costmodel.present.words.fit import headline

    line, data = headline(fit, gpu), fit.to_dict()
    notes = "\n".join(paragraph(f"- {note}", "  ") for note in fit.notes)
    return sections(
        f"{paragraph(f'{line.facts} {line.advice}')}\n{paragraph(line.reason)}",
        _results({name: data[name] for name in data if name not in _FIT_TABLES}),
        _sizes("ONE CARD", data["per_gpu"]),
        _sizes("KV CACHE, ALL CARDS", data["kv_cache"]),
        _by_tp(fit),
        _remedies(fit),
        titled("NOTES", notes),
        _known(data["assumptions"]),
    )


_FIT_TABLES = {"assumptions", "per_gpu", "kv_cache", "by_tp", "remedies", "notes"}


def _sizes(title: str, sizes: Mapping[str, Any] | None) -> str:
    from costmodel.cli.text import table

    rows = [[name, _shown(name, value)] for name, value in (sizes or {}).items()]
    return table([title, ""], rows) if rows else ""


def _by_tp(fit: Fit) -> str:
    from costmodel.cli.text import table
    from costmodel.present.words.fit import VERDICT_WORDS, counted, gib, nodes

    right = ["REQUESTS", "WEIGHTS A CARD", "KV CACHE, ALL"]
    rows = [
        [
            nodes(row),
            VERDICT_WORDS[row.verdict],
            counted(row.max_concurrency),
            f"{counted(row.low)} to {counted(row.high)}",
            gib(row.weights_bytes_per_gpu),
            gib(row.kv_pool_bytes),
        ]
        for row in fit.by_tp
    ]
    heads = ["GPUS", "VERDICT", "REQUESTS", "80 % INTERVAL", *right[1:]]
    return table(heads, rows, right) if rows else ""


def _remedies(fit: Fit) -> str:
    from costmodel.cli.text import table
    from costmodel.present.words.fit import counted

    rows = [[each.text, f"{each.gpus}", counted(each.max_concurrency)] for each in fit.remedies]
    heads = ["WHAT WOULD MAKE IT FIT", "GPUS", "REQUESTS"]
    return table(heads, rows, heads[1:]) if rows else ""


def _results(data: Mapping[str, Any]) -> str:
    from costmodel.cli.text import table

    return table(["RESULT", ""], [[name, _shown(name, value)] for name, value in data.items()])


def _known(assumptions: list[Mapping[str, Any]]) -> str:
    """The assumptions as a table, their sources once below it."""
    from costmodel.cli.text import Footnotes, sections, table

    notes = Footnotes()
    rows = [
        [
            row["path"],
            _shown(row["path"], row["value"]),
            row["unit"],
            row["kind"],
            notes.mark(row["source"]),
        ]
        for row in assumptions
    ]
    heads = ["ASSUMPTION", "VALUE", "UNIT", "KIND", "SOURCE"]
    return sections(table(heads, rows, ["VALUE"]), notes.text())


def _shown(name: str, value: Any) -> str:
    from costmodel.quantity.units import GIB

    if value is None:
        return "-"
    if isinstance(value, list):
        return "; ".join(map(str, value))
    if isinstance(value, int | float) and "bytes" in name and value >= GIB / 100:
        return f"{value / GIB:,.2f} GiB"
    return f"{value:,.4g}" if isinstance(value, float) else str(value)

"""The command line: one verb per question, a table for people or `--json` for programs.

Exit codes: 0 success; 2 bad input, explained on stderr; 3 where `--check` asked for a verdict and
it is not the good one; 1 only for a bug. A verb imports what it needs when it runs.
"""

from __future__ import annotations

import io
import sys
from typing import Annotated, Any

import typer
import typer.core

from costmodel.cli.bench import bench
from costmodel.cli.cases import cases
from costmodel.cli.cashflow import cashflow
from costmodel.cli.export import export
from costmodel.cli.fit import fit
from costmodel.cli.gate import gate
from costmodel.cli.portfolio import portfolio
from costmodel.cli.prices import prices
from costmodel.cli.quality import quality
from costmodel.cli.risk import risk
from costmodel.cli.run import run
from costmodel.cli.start import start_quickly
from costmodel.cli.throughput import throughput
from costmodel.cli.usage import usage
from costmodel.errors import InputError

__all__ = ["app", "main"]

BAD_INPUT = 2


class _Verbs(typer.core.TyperGroup):
    """Reports bad input the way every verb promises: one problem a line, no traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the verb."""
        try:
            return super().invoke(ctx)
        except InputError as error:
            for problem in error.problems:
                typer.echo(str(problem), err=True)
            raise typer.Exit(BAD_INPUT) from None


app = typer.Typer(
    name="costmodel",
    cls=_Verbs,
    help="Serve this open model on own GPUs, or pay an API? Every number with a source.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
for _verb in (
    run, risk, cashflow, cases, portfolio, fit, throughput, quality, gate, export, usage, bench,
    prices,
):  # fmt: skip
    app.command()(_verb)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"costmodel {version('costmodel')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    pass


def main() -> None:
    """The `costmodel` command."""
    start_quickly()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    app(prog_name="costmodel")

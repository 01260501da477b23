"""The commands: mounts those of every folder, reads the settings and passes them down."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from aval import __version__
from aval.data.commands import app as data
from aval.errors import AvalError
from aval.features.commands import app as features
from aval.model.commands import app as model
from aval.service.commands import app as service

app = typer.Typer(
    help="From a lender's raw tables to a decision that can be defended.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for part in (data, features, model, service):
    app.registered_commands += part.registered_commands


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def place(
    ctx: typer.Context,
    home: Annotated[
        Path | None, typer.Option(help="Where everything a run makes is kept [AVAL_HOME, ./var].", show_default=False)
    ] = None,
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Settings come from the environment (AVAL_HOME, MLFLOW_TRACKING_URI, AVAL_POLICY, AVAL_LANG, AVAL_THREADS)."""
    from aval.settings import Settings

    settings = Settings()
    ctx.obj = settings if home is None else settings.model_copy(update={"home": home})


@app.command()
def demo(
    ctx: typer.Context,
    applicants: Annotated[int, typer.Option(help="Size of the simulated lender.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Seed of the simulated lender.")] = 0,
) -> None:
    """All of it, from nothing, with the simulated lender: tables, warehouse, champion, decisions.

    Running it again skips what is already there. Example: [bold]aval demo --applicants 5000[/bold]
    """
    from aval.demo import run

    run(ctx.obj, applicants, seed)


def main() -> None:
    """Run a command; a failure is one sentence on the error stream and exit code 1."""
    try:
        app()
    except AvalError as problem:
        sys.stderr.write(f"aval: {problem}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.stderr.write("aval: interrupted; nothing half-done was kept.\n")
        sys.exit(130)


if __name__ == "__main__":
    main()

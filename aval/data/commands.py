"""The commands that make and look at tables: `aval simulate`, `aval ingest` and `aval profile`."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aval.errors import OptionError

if TYPE_CHECKING:
    from aval.data.manifest import Manifest
    from aval.data.profile import Profile

app = typer.Typer()

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, for a script.")]


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar on the error stream for what is under way; nothing where that is not a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    marks = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*marks, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("")
        yield lambda what, done, total: bars.update(task, description=what, completed=done, total=max(total, 1))


@app.command()
def simulate(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the tables are written.")],
    applicants: Annotated[int, typer.Option(help="How many applications.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 0,
    train_share: Annotated[float, typer.Option(help="Share of the applications whose outcome is known.")] = 0.8632,
    drift: Annotated[
        str, typer.Option(help="What changes in the later months: recession, marketing or bureau-outage.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Write the tables of a simulated lender, whose true probabilities of default are known.

    Example: [bold]aval simulate var/lender --applicants 20000 --seed 1[/bold]
    """
    from aval.data.lender import Drift, simulate

    if drift and drift not in set(Drift):
        raise OptionError("--drift", f"is one of {', '.join(Drift)}")
    with _progress() as told:
        made = simulate(
            folder,
            applicants,
            seed,
            train_share=train_share,
            drift=Drift(drift) if drift else None,
            advance=lambda what, share: told(what, round(1000 * share), 1000),
        )
    if as_json:
        typer.echo(json.dumps({"folder": str(folder), **asdict(made)}))
        return
    typer.echo(f"{folder}: {applicants:,} applications, {made.default_rate:.2%} of the labelled defaulted")
    for name, rows in made.rows.items():
        if "/" not in name:
            typer.echo(f"  {name:<24}{rows:>12,} rows")


@app.command()
def ingest(
    ctx: typer.Context,
    source: Annotated[Path, typer.Argument(metavar="SRC", help="A folder, or one zip, of the published files.")],
    tolerate: Annotated[float, typer.Option(help="Share of rejected rows allowed in a table.")] = 0.01,
    as_json: Json = False,
) -> None:
    """Check a lender's raw tables against their contracts and keep them, sorted by applicant, in the warehouse.

    Each table may be .csv, .csv.gz, .zip or .parquet. Rows that break the contract are set aside with the rules they
    broke. Example: [bold]aval ingest ~/home-credit[/bold]
    """
    from aval.data.warehouse import ingest

    target: Path = ctx.obj.home / "warehouse"
    with _progress() as told:
        manifest = ingest(source, target, tolerate=tolerate, advance=told)
    if as_json:
        typer.echo(manifest.json())
    else:
        _print_manifest(manifest, target)
    for warning in manifest.warnings:
        sys.stderr.write(f"warning: {warning}\n")


@app.command()
def profile(ctx: typer.Context, as_json: Json = False) -> None:
    """Say what the warehouse holds and what goes with default: findings here, the whole report in AVAL_HOME/profile.

    The report is one HTML file that loads nothing from the network. Example: [bold]aval profile[/bold]
    """
    from aval.data.profile import summary, write
    from aval.data.warehouse import Warehouse

    home: Path = ctx.obj.home
    warehouse = Warehouse.open(home / "warehouse")
    with _progress() as told:
        facts = summary(warehouse, told)
        told("drawing", 0, 1)
        page = write(facts, home / "profile")
    if as_json:
        typer.echo(facts.json())
    else:
        _print_profile(facts)
        typer.echo(f"\nReport: {page}")


def _print_manifest(manifest: "Manifest", target: Path) -> None:
    typer.echo(f"{'table':<24}{'rows':>13}{'kept':>13}{'rejected':>10}{'orphans':>10}")
    for table, entry in manifest.tables.items():
        typer.echo(f"{table:<24}{entry.rows:>13,}{entry.kept:>13,}{entry.rejected:>10,}{entry.orphans:>10,}")
        for rule, rows in sorted(entry.rules.items(), key=lambda item: -item[1])[:3]:
            typer.echo(f"  {rows:,} rows broke {rule}")
    if any(entry.rejected or entry.orphans for entry in manifest.tables.values()):
        typer.echo(f"Set aside in {target / 'current' / 'rejects'}")
    typer.echo(f"Warehouse {target}, fingerprint {manifest.fingerprint[:12]}")


def _print_profile(facts: "Profile") -> None:
    from textwrap import fill

    from aval.data.profile.findings import findings

    typer.echo(f"{facts.applications:,} applications, {facts.labelled:,} labelled\n")
    typer.echo(f"{'table':<24}{'rows':>13}{'applicants':>12}{'rows each':>11}")
    for held in facts.tables:
        share = f"{held.coverage:.1%}" if held.supplied else "absent"
        typer.echo(f"{held.table:<24}{held.rows:>13,}{share:>12}{held.depth:>11.1f}")
    for found in findings(facts):
        typer.echo(f"\n{found.title}")
        typer.echo(fill(found.text, 100, initial_indent="  ", subsequent_indent="  "))
        for point in found.points:
            typer.echo(fill(point, 100, initial_indent="  - ", subsequent_indent="    "))

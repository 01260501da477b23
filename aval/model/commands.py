"""The commands of learning: `aval train`, `results`, `promote`, `rollback`, `scorecard` and `mlflow`."""

import getpass
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from aval.errors import OptionError, RegistryError

if TYPE_CHECKING:
    from aval.credit.policy import Policy
    from aval.data.warehouse import Warehouse
    from aval.model.gates import Gates
    from aval.model.model import Model
    from aval.model.registry import Registry
    from aval.model.training import Trained

app = typer.Typer()

PLAN: Final = Path(__file__).resolve().parents[2] / "plans" / "champion.toml"

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, for a script.")]


@app.command()
def train(
    ctx: typer.Context,
    plan: Annotated[
        Path, typer.Argument(help="What to train: a file of plans/ [plans/champion.toml].", show_default=False)
    ] = PLAN,
    truth: Annotated[
        Path | None,
        typer.Option(
            help="True probabilities of default, which only a simulation has; by default truth.parquet "
            "where the ingested files lay. Used for the figures alone."
        ),
    ] = None,
    threads: Annotated[int, typer.Option(help="Threads to train with [AVAL_THREADS].", show_default=False)] = 0,
    device: Annotated[
        str, typer.Option(help="cpu, or cuda for LightGBM, XGBoost and forests on an NVIDIA card.")
    ] = "cpu",
    search: Annotated[
        str, typer.Option(help="How axes are searched, whatever the plan says: grid, halving or optuna.")
    ] = "",
    promote: Annotated[bool, typer.Option("--promote", help="Make it the champion if the gates pass.")] = False,
    as_json: Json = False,
) -> None:
    """Train a plan's candidates, judge each stored model on rows nothing has touched, and register it.

    Without a champion, the cheapest in cross-validation becomes it. Example: [bold]aval train plans/lab.toml[/bold]
    """
    from aval.credit.policy import Policy
    from aval.data.warehouse import Warehouse
    from aval.model.atlas import chart
    from aval.model.calibration import isotonic
    from aval.model.influence import Influence
    from aval.model.model import Model
    from aval.model.pictures import draw, overview
    from aval.model.plan import REFERENCE, Plan
    from aval.model.report import facts, shapes, show
    from aval.model.training import train

    home: Path = ctx.obj.home
    stated, policy = Plan.load(plan).searched(search), Policy.load(ctx.obj.policy)
    warehouse = Warehouse.open(home / "warehouse")
    known = _truth(warehouse, truth)
    registry = _registry(ctx)
    with _progress() as told:
        found = train(
            warehouse,
            stated,
            policy,
            home / "models" / stated.name,
            home=home,
            truth=known,
            threads=threads or ctx.obj.threads,
            device=device,
            advance=told,
        )
    recorded: list[tuple[Trained, str, Path]] = []
    for trained in found:
        place = home / "pictures" / stated.name / trained.candidate
        probability, target = trained.out_of_fold
        curve = isotonic(probability, target)
        drawn = draw(trained.evaluation, place, ctx.obj.lang, fairness=trained.fairness, isotonic=curve)
        drawn.append(overview(trained.evaluation, place / "overview.png", ctx.obj.lang, isotonic=curve))
        drawn += chart(Influence.of(Model.load(trained.folder)), place, ctx.obj.lang)
        recorded.append((trained, registry.record(trained, drawn), place))
    best = _best(recorded, policy)
    done: list[dict[str, Any]] = []
    for trained, version, place in recorded:
        crowned, why = _crown(registry, version, warehouse, policy, best=version == best, promote=promote)
        done.append({**facts(trained), "version": version, "champion": crowned, "gates": why, "pictures": str(place)})
        if not as_json:
            show(trained, version, why, place)
    if as_json:
        typer.echo(json.dumps(done if len(done) > 1 else done[0]))
    elif stated.features == REFERENCE and (said := shapes(found, len(warehouse))):
        typer.echo(said)


def _best(recorded: "Sequence[tuple[Trained, str, Path]]", policy: "Policy") -> str | None:
    """The one of a plan that may become champion: the cheapest in cross-validation that the policy lets decide."""
    from aval.model.model import Model

    lawful = [
        (sum(fold.cost for fold in trained.folds), int(version))
        for trained, version, _ in recorded
        if not Model.load(trained.folder).grounds & set(policy.barred)
    ]
    return str(min(lawful)[1]) if lawful else None


def _crown(
    registry: "Registry", version: str, warehouse: "Warehouse", policy: "Policy", *, best: bool, promote: bool
) -> tuple[bool, str]:
    """Where nothing decides the best of the plan does at once; later it must be asked for and let through."""
    if best and registry.crowned() is None:
        registry.promote(version, by=getpass.getuser(), why="the first model", gates=None)
        return True, "champion, for there was none"
    if not (promote and best):
        return False, f"not the champion; `aval promote {version} --why ...` lets the gates decide"
    try:
        gates = _examine(registry, version, warehouse, policy)
        registry.promote(version, by=getpass.getuser(), why="aval train --promote", gates=gates)
    except RegistryError as problem:
        return False, str(problem)
    return True, "champion, for the gates passed"


def _examine(registry: "Registry", version: str, warehouse: "Warehouse", policy: "Policy") -> "Gates":
    from aval.model.gates import examine

    challenger, _ = registry.load(version)
    crowned = registry.crowned()
    champion = registry.load(crowned)[0] if crowned is not None and crowned != version else None
    return examine(challenger, champion, warehouse, policy)


def _truth(warehouse: "Warehouse", stated: Path | None) -> Path | None:
    """The file of true probabilities, if a simulation left one where the ingested files lay."""
    if stated is not None:
        if not stated.is_file():
            raise OptionError("--truth", f"names {stated}, which is not there")
        return stated
    folder = warehouse.manifest.folder
    beside = Path(folder) / "truth.parquet"
    return beside if folder and beside.name in warehouse.manifest.ignored and beside.is_file() else None


@app.command()
def results(
    ctx: typer.Context,
    data: Annotated[
        str, typer.Option(help="Beginning of a data fingerprint; by default the champion's data, else the newest.")
    ] = "",
    everything: Annotated[bool, typer.Option("--all", help="List the runs that are not in the table too.")] = False,
    markdown: Annotated[
        Path | None, typer.Option(help="Write the tables as Markdown to this file; - is the terminal.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write one page with pictures to this file.")] = None,
    as_json: Json = False,
) -> None:
    """Compare what was trained on one test part, read from tracking: cheapest first, and which to choose.

    Example: [bold]aval results --html results.html[/bold]
    """
    from aval.credit.policy import Policy
    from aval.model.report import table
    from aval.model.results import KEPT, compare
    from aval.model.sheet import markdown as written
    from aval.model.sheet import show

    registry = _registry(ctx)
    runs = registry.results()
    policy = Policy.load(ctx.obj.policy)
    found = compare(
        runs,
        lambda run: registry.files(run, *KEPT),
        data=data,
        tolerance=policy.limits.slope,
        barred=policy.barred,
    )
    if as_json:
        typer.echo(json.dumps(found.to_json(runs)))
        return
    if not found.rows:
        table(runs)
        said = "None of them kept what a comparison needs: train again." if runs else "Nothing was trained yet."
        typer.echo(said)
        return
    if markdown is not None:
        _put(markdown, written(found))
    if html is not None:
        from aval.model.page import page

        _put(html, page(found))
    if markdown is None and html is None:
        show(found)
    if everything and found.rest:
        typer.echo("\nNot in the table:")
        table(found.rest)


def _put(file: Path, text: str) -> None:
    """Whole or not at all; - is the terminal."""
    if str(file) == "-":
        typer.echo(text, nl=False)
        return
    if file.is_dir() or not file.parent.is_dir():
        raise OptionError(str(file), "is no file that could be written")
    partial = file.with_name(file.name + ".part")
    partial.write_text(text, "utf-8")
    partial.replace(file)
    typer.echo(f"Written: {file}")


@app.command()
def promote(
    ctx: typer.Context,
    version: Annotated[str, typer.Argument(help="A registered version; the newest by default.")] = "",
    why: Annotated[str, typer.Option(help="The reason, kept with the version.")] = "",
    as_json: Json = False,
) -> None:
    """Make a version the champion if it is not dearer, is calibrated, and gives the same numbers here.

    Example: [bold]aval promote 3 --why "monthly retraining"[/bold]
    """
    from dataclasses import asdict

    from aval.credit.policy import Policy
    from aval.data.warehouse import Warehouse

    if not why.strip():
        raise OptionError("--why", "states the reason for the promotion")
    registry = _registry(ctx)
    number = version or registry.latest()
    _, number = registry.load(number)
    if registry.crowned() == number:
        raise RegistryError(f"version {number} is the champion already", "name another one, see `aval results`")
    warehouse = Warehouse.open(ctx.obj.home / "warehouse")
    gates = _examine(registry, number, warehouse, Policy.load(ctx.obj.policy))
    registry.promote(number, by=getpass.getuser(), why=why.strip(), gates=gates)
    if as_json:
        typer.echo(json.dumps({"champion": number, "gates": asdict(gates)}))
        return
    typer.echo(f"Version {number} is the champion. On {gates.rows:,} untouched applications:")
    for name, value in gates.facts().items():
        typer.echo(f"  {name.removeprefix('gate_').replace('_', ' '):<18}{value}")


@app.command()
def rollback(
    ctx: typer.Context,
    why: Annotated[str, typer.Option(help="The reason, kept with the version.")] = "",
    as_json: Json = False,
) -> None:
    """Return to the champion before this one, once its files and golden rows are verified; again goes further back.

    Example: [bold]aval rollback --why "version 3 refuses too many"[/bold]
    """
    if not why.strip():
        raise OptionError("--why", "states the reason for the rollback")
    registry = _registry(ctx)
    left = registry.crowned()
    version = registry.rollback(by=getpass.getuser(), why=why.strip())
    if as_json:
        typer.echo(json.dumps({"champion": version, "left": left}))
        return
    typer.echo(f"Version {version} is the champion again, in place of version {left}: its golden rows are reproduced.")


@app.command()
def scorecard(
    ctx: typer.Context,
    version: Annotated[str, typer.Argument(help="A registered version; the newest scorecard by default.")] = "",
    sql: Annotated[
        Path | None, typer.Option(help="Write the SELECT that gives the same points to this file; - is the terminal.")
    ] = None,
    table: Annotated[str, typer.Option(help="Name of the table of features in that SELECT.")] = "features",
    markdown: Annotated[
        Path | None, typer.Option(help="Write the card as Markdown to this file; - is the terminal.")
    ] = None,
    as_json: Json = False,
) -> None:
    """The card a committee signs: every characteristic, its bins, their default rates and points.

    Example: [bold]aval scorecard 3 --sql scorecard.sql[/bold]
    """
    from aval.credit.policy import Policy
    from aval.model.paper import Paper
    from aval.model.sql import statement

    registry = _registry(ctx)
    model, number = registry.load(version) if version else _newest_card(registry)
    paper = Paper.of(model, number, Policy.load(ctx.obj.policy), ctx.obj.lang)
    if as_json:
        typer.echo(json.dumps(paper.facts(), ensure_ascii=False))
        return
    if sql is not None:
        _put(sql, statement(paper.card, table, f"aval scorecard, version {number}"))
    if markdown is not None:
        _put(markdown, paper.markdown())
    if sql is None and markdown is None:
        typer.echo(paper.text())


def _newest_card(registry: "Registry") -> "tuple[Model, str]":
    from aval.model.scorecard import Scorecard

    for number in range(int(registry.latest()), 0, -1):
        model, found = registry.load(str(number))
        if isinstance(model.scorer, Scorecard):
            return model, found
    raise RegistryError("no scorecard is registered", 'train a plan with learner = "scorecard"')


@app.command()
def mlflow(
    ctx: typer.Context,
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 5000,
) -> None:
    """Open MLflow's own pages on the store, on this machine only. Stop with Ctrl-C.

    Example: [bold]aval mlflow --port 5001[/bold]
    """
    import socket

    registry = _registry(ctx)
    if registry.uri.startswith(("http://", "https://")):
        typer.echo(f"Tracking is kept by a server: open {registry.uri}")
        return
    registry.results()  # says so where nothing was trained yet
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise OptionError("--port", f"names {port}, where something answers already; take another one")
    typer.echo(f"http://127.0.0.1:{port} (ready in about ten seconds; Ctrl-C stops it)")
    sys.stdout.flush()
    asked = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", registry.uri]
    asked += ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    told = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    # In this process's place, so that whatever stops this command stops the server.
    os.execve(sys.executable, asked, {**os.environ, **told})  # noqa: S606 - our own interpreter, no shell


def _registry(ctx: typer.Context) -> "Registry":
    from aval.model.registry import Registry

    return Registry(ctx.obj.tracking_uri, ctx.obj.home)


@contextmanager
def _progress() -> Iterator[Callable[[str, float], None]]:
    """A bar on the error stream for what is under way; nothing where that is not a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    marks = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*marks, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("", total=1.0)
        yield lambda what, share: bars.update(task, description=what, completed=share)

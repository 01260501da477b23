"""The commands: mounts those of every folder, reads the settings and passes them down."""

import csv
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aval import __version__
from aval.data.commands import app as data
from aval.errors import AvalError, OptionError
from aval.features.commands import app as features
from aval.model.commands import app as model
from aval.service.commands import app as service
from aval.service.keys import app as keys
from aval.service.running import app as running

if TYPE_CHECKING:
    from fastapi import FastAPI

app = typer.Typer(
    help="From a lender's raw tables to a decision that can be defended.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for part in (data, features, model, service, running):
    app.registered_commands += part.registered_commands
app.add_typer(keys, name="key")


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
    """Settings come from the environment.

    AVAL_HOME, AVAL_LOG, AVAL_LOG_KEY, AVAL_LOG_HEAD, MLFLOW_TRACKING_URI, AVAL_POLICY, AVAL_LANG, AVAL_THREADS,
    AVAL_OIDC_ISSUER, AVAL_OIDC_AUDIENCE, AVAL_OIDC_ROLES, AVAL_RATE, AVAL_BURST, AVAL_LENDER,
    AVAL_PROXY, AVAL_REFRESH.
    """
    from aval.settings import Settings

    settings = Settings()
    ctx.obj = settings if home is None else settings.model_copy(update={"home": home})


@app.command()
def demo(
    ctx: typer.Context,
    applicants: Annotated[int, typer.Option(help="Size of the simulated lender.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Seed of the simulated lender.")] = 0,
    examples: Annotated[Path, typer.Option(help="Where files to try elsewhere are written.")] = Path("examples"),
    opens: Annotated[bool, typer.Option("--open", help="Then start the service and the desk, until Ctrl-C.")] = False,
    ports: Annotated[tuple[int, int], typer.Option(help="Where --open has the service and the desk listen.")] = (
        8000,
        8501,
    ),
) -> None:
    """All of it, from nothing, with the simulated lender: tables, warehouse, champion, decisions.

    Running it again skips what is already there. Example: [bold]aval demo --applicants 5000 --open[/bold]
    """
    home: Path = ctx.obj.home
    lender, decisions, stamp = home / "lender", home / "decisions.csv", home / "demo.json"
    asked = {"applicants": applicants, "seed": seed, "version": __version__}
    done = json.loads(stamp.read_text()) if stamp.is_file() else {}
    if not done and (home / "warehouse").exists():
        raise OptionError("--home", f"names {home}, which holds a warehouse the demo did not make; name another folder")
    finished: list[str] = done.get("finished", []) if done.get("asked") == asked else []
    steps: list[tuple[str, list[str], Path]] = [
        ("A lender", ["simulate", str(lender), "--applicants", str(applicants), "--seed", str(seed)], lender),
        ("Its tables, checked", ["ingest", str(lender)], home / "warehouse"),
        ("What they hold", ["profile"], home / "profile"),
        ("The features", ["features"], home / "features"),
        ("A champion", ["train"], home / "mlflow.db"),
        ("Decisions for the unlabelled", ["score", "--out", str(decisions)], decisions),
    ]
    for title, words, product in steps:
        if title in finished and product.exists():
            typer.echo(f"\n== {title}: there already ({product})")
            continue
        typer.echo(f"\n== {title}\n$ aval {' '.join(words)}")
        app(["--home", str(home), *words], standalone_mode=False)
        finished.append(title)
        _write(stamp, json.dumps({"asked": asked, "finished": finished}))
    _examples(lender / "application_test.csv", examples)
    shown = _typical_refusal(decisions)
    typer.echo(f"\n== One decision in words\n$ aval explain {shown}")
    app(["--home", str(home), "explain", str(shown)], standalone_mode=False)
    _closing(ctx, examples)
    if opens:
        _open(home, ports)


def _open(home: Path, ports: tuple[int, int]) -> None:
    """The service and the desk beside it; what ends one ends the other. Raises OptionError where one cannot start."""
    import signal
    import subprocess
    import time
    from contextlib import suppress

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    service, desk = (str(port) for port in ports)
    aval = [sys.executable, "-m", "aval", "--home", str(home)]
    both = (["serve", "--port", service], ["desk", "--api", f"http://127.0.0.1:{service}", "--port", desk])
    started: list[subprocess.Popen[bytes]] = []
    before = signal.signal(signal.SIGTERM, end)
    try:
        started += [subprocess.Popen([*aval, *words], start_new_session=True) for words in both]  # noqa: S603
        typer.echo(f"\n== Sign in with the key above at http://127.0.0.1:{desk}; Ctrl-C ends the service and the desk")
        while all(one.poll() is None for one in started):
            time.sleep(0.2)
        raise OptionError(
            "--open", f"needs ports {service} and {desk} free; what the service or the desk said is above"
        )
    except KeyboardInterrupt:
        typer.echo("\nEnded.")
    finally:
        signal.signal(signal.SIGTERM, before)
        for one in started:
            one.terminate()
        for one in started:
            with suppress(subprocess.TimeoutExpired):
                one.wait(30)


def _write(file: Path, text: str) -> None:
    """Whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(file.name + ".part")
    partial.write_text(text)
    partial.replace(file)


def _examples(source: Path, folder: Path) -> None:
    """`one.csv` and `many.csv`: the first unlabelled applications; `dossier.json`: one applicant's seven tables."""
    with source.open() as lines:
        head = [line for _, line in zip(range(1001), lines, strict=False)]
    _write(folder / "one.csv", "".join(head[:2]))
    _write(folder / "many.csv", "".join(head))
    example = Path(__file__).parent / "service" / "example.json"
    _write(folder / "dossier.json", example.read_text("utf-8"))


def _typical_refusal(decisions: Path) -> int:
    """The declined applicant of median probability; the first applicant where nobody is declined."""
    with decisions.open(newline="") as file:
        rows = list(csv.DictReader(file))
    declined = sorted((r for r in rows if r["verdict"] == "decline"), key=lambda r: float(r["probability"]))
    return int((declined[len(declined) // 2] if declined else rows[0])["SK_ID_CURR"])


def _closing(ctx: typer.Context, examples: Path) -> None:
    """Where everything is, and the three figures worth remembering."""
    from aval.model.registry import Registry

    home: Path = ctx.obj.home
    model, version = Registry(ctx.obj.tracking_uri, home).champion()
    judged = model.evaluation
    costs, truth = judged.costs, judged.truth
    typer.echo(f"\n== Model {version} on {judged.rows:,} applications that nothing else touched")
    typer.echo(f"  AUC {judged.auc.value:.3f} (95 % {judged.auc.low:.3f} to {judged.auc.high:.3f})", nl=truth is None)
    if truth is not None and truth.attainable_share is not None:
        typer.echo(f", {truth.attainable_share:.0%} of the Gini that anyone could attain")
    typer.echo(
        f"  Cost {costs.decided.value:.0f} per 1000 applications, where accepting everyone costs "
        f"{costs.accept_all.value:.0f} and refusing everyone {costs.refuse_all.value:.0f}"
    )
    if truth is not None:
        typer.echo(f"  Probabilities are off the truth by {100 * truth.mean_absolute_error:.1f} points on average")
    for what, where in (
        ("tables", home / "lender"),
        ("warehouse", home / "warehouse"),
        ("profile", home / "profile"),
        ("decisions", home / "decisions.csv"),
        ("to try elsewhere", examples),
    ):
        typer.echo(f"  {what:<17} {where}")
    typer.echo("  runs and pictures aval mlflow")
    typer.echo("\n== The service: aval serve, with this key of the demo (shown once; `aval key` makes others)")
    typer.echo(f"  {_key(ctx)}")
    typer.echo("  the screens: aval desk, beside it; sign in with the same key")


def _key(ctx: typer.Context) -> str:
    """A key that may do everything; the one of the demo before stops working."""
    from aval.service.access import Keys, Role
    from aval.service.running import opened

    with opened(ctx.obj) as log:
        keys = Keys(log.engine)
        if any(key.name == DEMO and key.revoked_at is None for key in keys.list()):
            keys.revoke(DEMO)
        return keys.add(DEMO, Role.ADMIN, again=True)


DEMO = "demo"
"""Whom the demo's key belongs to."""


def api() -> "FastAPI":
    """The service as an ASGI application, from the environment: what `aval serve` runs in each worker."""
    from aval.service.running import application
    from aval.settings import Settings

    return application(Settings())


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

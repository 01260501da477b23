"""The commands that run the service and look after its log: serve, verify, replay, erase."""

import errno
import json
import multiprocessing
import os
import shutil
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from aval.errors import LogBroken, OptionError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from aval.service.log.log import Log

app = typer.Typer()

Json = Annotated[bool, typer.Option("--json", help="Print as JSON.")]


@contextmanager
def opened(place: Any) -> Iterator["Log"]:
    """The log of an installation, closed afterwards."""
    from aval.service.log.log import Log

    log = Log.open(place.log, place.home, key=place.log_key, head=place.log_head)
    try:
        yield log
    finally:
        log.engine.dispose()


def application(place: Any) -> "FastAPI":
    """The service of an installation as an ASGI application: what each worker runs."""
    from aval.credit.policy import Policy
    from aval.model.registry import Registry
    from aval.service.access import Access, Keys, Rate
    from aval.service.api.app import create
    from aval.service.api.state import Limits, Service
    from aval.service.log.log import Log
    from aval.service.provider import Provider
    from aval.service.tracing import logged, traced

    logged()
    _bound_to_parent()
    for name, value in IMPATIENT.items():
        os.environ.setdefault(name, value)
    log = Log.open(place.log, place.home, key=place.log_key, head=place.log_head)
    provider = None
    if place.oidc_issuer:
        provider = Provider(place.oidc_issuer, place.oidc_audience, place.oidc_roles)
    service = Service(
        registry=Registry(place.tracking_uri, place.home),
        log=log,
        access=Access(Keys(log.engine), provider, Rate(place.rate, place.burst)),
        policy=Policy.load(place.policy),
        home=place.home,
        lang=place.lang,
        lender=place.lender,
        limits=Limits(),
        refresh_seconds=place.refresh,
        spans=traced(),
        alone=True,
    )
    return create(service)


IMPATIENT: Final = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_SQLALCHEMYSTORE_POOLCLASS": "NullPool",
}
"""MLflow would ask a server that is away for minutes, and go on reading a store that was replaced."""


def _bound_to_parent() -> None:
    """A worker whose server was killed ends too: it would hold the port against the next one."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="parent", daemon=True).start()


@app.command()
def serve(
    ctx: typer.Context,
    host: Annotated[
        str, typer.Option(help="Address to listen on; other machines come through a TLS proxy.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that decide, one processor each.")] = 1,
) -> None:
    """The decision service over HTTP: the champion decides, every decision is on record before it is answered.

    Needs a key (`aval key add`). Example: [bold]aval serve --port 8000 --workers 2[/bold]
    """
    import structlog
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    from aval.credit.policy import Policy
    from aval.service.access import Keys
    from aval.service.api.metrics import SHARED
    from aval.service.api.wire import Wire
    from aval.service.tracing import logged

    signal.signal(signal.SIGTERM, _ended)
    place = ctx.obj
    if bool(place.oidc_issuer) != bool(place.oidc_audience):
        raise OptionError("AVAL_OIDC_ISSUER", "and AVAL_OIDC_AUDIENCE go together: set both or neither")
    proxies = _proxies(place.proxy)
    Policy.load(place.policy)
    with opened(place) as log:  # made and brought up to date before two workers would do it at once
        if not place.oidc_issuer and not any(key.revoked_at is None for key in Keys(log.engine).list()):
            raise OptionError("aval serve", "would let nobody in: make a key with `aval key add NAME --role officer`")
    with _listening(host, port) as listener:
        port = listener.getsockname()[1]
        os.environ.update(_handed_down(place))
        os.environ.pop(SHARED, None)
        if workers > 1:
            counted = place.home.resolve() / "run" / f"metrics-{port}"
            shutil.rmtree(counted, ignore_errors=True)
            counted.mkdir(parents=True)
            os.environ[SHARED] = str(counted)
        # One applicant is too little work to share out: threads that wait for each other cost more than they bring.
        os.environ.setdefault("POLARS_MAX_THREADS", "1")
        logged()
        say = structlog.get_logger()
        if not _loopback(host):
            say.warning("plain HTTP", advice="Keys and dossiers travel in clear: a TLS proxy must stand in front.")
        say.info("listening", url=f"http://{f'[{host}]' if ':' in host else host}:{port}", workers=workers,
                 openapi="/openapi.json", ready="/health/ready")  # fmt: skip
        settings = uvicorn.Config(
            "aval.__main__:api",
            factory=True,
            http=Wire,
            ws="none",
            lifespan="on",
            workers=workers,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(proxies),
            forwarded_allow_ips=proxies,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=20,
            timeout_worker_healthcheck=20,
            backlog=_BACKLOG,
        )
        with suppress(KeyboardInterrupt):
            if workers > 1:
                Multiprocess(settings, sockets=[listener]).run()
            else:
                uvicorn.Server(settings).run(sockets=[listener])


_BACKLOG: Final = 256


def _ended(*_: object) -> None:
    """Asked to end, and did: not killed."""
    raise SystemExit(0)


def _listening(host: str, port: int) -> socket.socket:
    """The socket, before anything is loaded: a port that is taken is found out at once. Raises OptionError."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except OSError as problem:
        why = "is taken" if problem.errno == errno.EADDRINUSE else f"cannot be listened on at {host}"
        raise OptionError("--port", f"{port} {why}; name another address, or end what listens there") from None


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _proxies(said: str) -> list[str]:
    """Addresses and networks whose X-Forwarded-For is believed. Raises OptionError."""
    found = [one.strip() for one in said.split(",") if one.strip()]
    for one in found:
        try:
            everybody = ip_network(one).prefixlen == 0
        except ValueError:
            everybody = True
        if everybody:
            raise OptionError("AVAL_PROXY", "holds addresses and networks such as 10.0.0.7,10.1.0.0/16")
    return found


@app.command()
def desk(
    ctx: typer.Context,
    api: Annotated[str, typer.Option(help="Where the service listens.")] = "http://127.0.0.1:8000",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the screens.")] = 8501,
    host: Annotated[
        str, typer.Option(help="Address to listen on; other machines come through a TLS proxy.")
    ] = "127.0.0.1",
    provider: Annotated[
        Path | None, typer.Option(help="TOML file that tells the bank's identity provider (docs/desk.md).")
    ] = None,
) -> None:
    """The desk: screens for officers, analysts and validators, over the service's API.

    Sign in there with a key (`aval key add`). Example: [bold]aval desk --api http://127.0.0.1:8000 --port 8501[/bold]
    """
    import importlib.util
    import sys

    screens = Path(__file__).resolve().parents[2] / "desk" / "app.py"
    if importlib.util.find_spec("streamlit") is None:
        raise OptionError("aval desk", "needs Streamlit, which is not installed: pip install 'aval[desk]'")
    if not api.startswith(("http://", "https://")):
        raise OptionError("--api", "is an address such as http://127.0.0.1:8000")
    if provider is not None and not provider.is_file():
        raise OptionError("--provider", f"names {provider}, which is no file; docs/desk.md shows what it holds")
    root = str(screens.parents[1])
    told = {
        **os.environ,
        "AVAL_DESK_API": api.rstrip("/"),
        "AVAL_DESK_LENDER": ctx.obj.lender,
        "AVAL_DESK_LANG": ctx.obj.lang,
        "PYTHONPATH": os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH", "")) if part),
    }
    typer.echo(f"The desk at http://{host}:{port}, asking {api}", err=True)
    words = ["-m", "streamlit", "run", str(screens), "--server.port", str(port), "--server.address", host]
    if provider is not None:
        words += ["--secrets.files", str(provider)]
    sys.stderr.flush()
    # This process becomes the desk: what stops one stops the other.
    os.execve(sys.executable, [sys.executable, *words, "--server.headless", "true"], told)  # noqa: S606


def _handed_down(place: Any) -> dict[str, str]:
    """Options of this command line that its workers read as settings."""
    return {"AVAL_HOME": str(place.home.resolve()), "AVAL_POLICY": str(Path(place.policy).resolve())}


@app.command(name="verify")
def walk(
    ctx: typer.Context,
    head: Annotated[Path | None, typer.Option(help="A head exported earlier, kept by the auditor.")] = None,
    key: Annotated[
        str, typer.Option(help="Public key that the head must bear, for who has not this log's signing key.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Walk the decision log: every hash recomputed, every link followed, the exported head found in its place.

    Ends with 1 where anything is not as it was written. Example: [bold]aval verify --head kept/head.json[/bold]
    """
    from aval.service.log.chain import read_head
    from aval.service.log.verifying import verify

    with opened(ctx.obj) as log:
        kept = read_head(head or log.signer.file)
        if head is not None and kept is None:
            raise LogBroken(str(head), "there is no head", "name a file that was kept")
        found = verify(log, kept, key or None)
    if as_json:
        typer.echo(json.dumps(found.to_json()))
    else:
        for fault in found.faults:
            typer.echo(f"record {fault.seq}: {fault.what}")
        state = "holds" if found.holds else "DOES NOT HOLD"
        signed = f", head signed {found.head_at}" if found.head_at else ", no exported head to hold it against"
        typer.echo(f"The log {state}: {found.records:,} records, {found.decisions:,} decisions{signed}.")
        typer.echo(f"Last record {found.seq}, hash {found.hash}")
    if not found.holds:
        raise typer.Exit(1)


@app.command()
def replay(
    ctx: typer.Context,
    ids: Annotated[list[str] | None, typer.Argument(metavar="ID...", help="Numbers of decisions.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every decision of the log.")] = False,
    as_json: Json = False,
) -> None:
    """Make logged decisions again from their stored inputs, with their model and policy, and compare bit for bit.

    Ends with 1 where one differs. Example: [bold]aval replay 0f8fad5bd9cb469fa16570867728950e[/bold]
    """
    from collections import Counter

    from aval.model.registry import Registry
    from aval.service.replaying import Replayer
    from aval.service.views import numbers

    if bool(ids) == every:
        raise OptionError("ID", "names decisions, or give --all for every one")
    counts: Counter[str] = Counter()
    with opened(ctx.obj) as log:
        replayer = Replayer(log, Registry(ctx.obj.tracking_uri, ctx.obj.home))
        for wanted in ids or numbers(log):
            found = replayer.replay(wanted)
            counts[found.outcome] += 1
            if as_json:
                typer.echo(json.dumps(found.to_json()))
            elif not every or found.outcome in ("differs", "impossible"):
                parts = f": {', '.join(found.differs)}" if found.differs else f": {found.why}" if found.why else ""
                typer.echo(f"{found.id} {found.outcome}{parts} (model {found.model}, policy {found.policy})")
    if every and not as_json:
        told = ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(counts.items())) or "no decisions"
        typer.echo(f"Replayed {sum(counts.values()):,}: {told}.")
    if counts["differs"] or counts["impossible"]:
        raise typer.Exit(1)


@app.command()
def erase(
    ctx: typer.Context,
    applicant: Annotated[int, typer.Argument(metavar="ID", help="SK_ID_CURR of the applicant.")] = 0,
    before: Annotated[
        str, typer.Option(help="Everybody whose last decision was made before this day (2024-01-31).")
    ] = "",
    why: Annotated[str, typer.Option(help="asked, retention or court.")] = "asked",
    sure: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Erase applicants from the decision log: their key is dropped, the chain still holds. There is no way back.

    Example: [bold]aval erase 100001 --why asked[/bold]; everybody of long ago:
    [bold]aval erase --before 2021-01-01 --why retention --yes[/bold]
    """
    from datetime import date

    if why not in ("asked", "retention", "court"):
        raise OptionError("--why", "is asked, retention or court")
    if bool(applicant) == bool(before):
        raise OptionError("ID", "names an applicant, or give --before for everybody of long ago")
    if before:
        try:
            date.fromisoformat(before)
        except ValueError:
            raise OptionError("--before", "is a day such as 2024-01-31") from None
    with opened(ctx.obj) as log:
        chosen = [applicant] if applicant else log.outdated(before)
        if not chosen and not as_json:
            typer.echo("Nobody's last decision is that old.")
            return
        if chosen and not sure and not typer.confirm(f"Erase {len(chosen):,} applicant(s) for good?", err=True):
            raise OptionError("aval erase", "did nothing: it was not confirmed")
        decisions = sum(log.erase(one, _operator(), why) for one in chosen)
    if not decisions and applicant:
        raise OptionError("ID", "is nobody the log knows; perhaps they were erased before")
    if as_json:
        typer.echo(json.dumps({"applicants": len(chosen), "decisions": decisions}))
        return
    typer.echo(f"{len(chosen):,} applicant(s) and what {decisions:,} decision(s) rested on were erased.")


def _operator() -> str:
    """Who sits at this command line."""
    import getpass

    try:
        return f"cli:{getpass.getuser()}"[:100]
    except (KeyError, OSError):
        return "cli"

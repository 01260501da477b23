"""The commands about API keys: `aval key add`, `aval key list`, `aval key revoke`."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from aval.service.role import Role, rights

if TYPE_CHECKING:
    from aval.service.access import Keys

app = typer.Typer(help="API keys: who may call the service.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Of the person or program that calls; records of decisions bear it.")]
Json = Annotated[bool, typer.Option("--json", help="Print as JSON.")]


@contextmanager
def _keys(ctx: typer.Context) -> Iterator["Keys"]:
    from aval.service.access import Keys
    from aval.service.log.opening import engine

    opened = engine(ctx.obj.log, ctx.obj.home)
    try:
        yield Keys(opened)
    finally:
        opened.dispose()


@app.command()
def add(
    ctx: typer.Context,
    name: Name,
    role: Annotated[Role, typer.Option(help="What its holder may do.", show_default=False)],
    again: Annotated[
        bool, typer.Option("--again", help="The name was in use before, by this very person or program.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make a key and print it, this once; only a hash of it is kept. A name stays its first holder's for good.

    Example: [bold]aval key add counter-12 --role officer[/bold]
    """
    with _keys(ctx) as keys:
        key = keys.add(name, role, again=again)
    if as_json:
        typer.echo(json.dumps({"name": name, "role": role, "rights": rights(role), "key": key}))
        return
    typer.echo(key)
    typer.echo(
        f"{name} is {role} and may {', '.join(rights(role))}. The key is shown this once: "
        "send it as `X-API-Key` or `Authorization: Bearer`.",
        err=True,  # so that KEY=$(aval key add ...) holds the key alone
    )


@app.command(name="list")
def show(ctx: typer.Context, as_json: Json = False) -> None:
    """Every key there is or was: name, role, public prefix, when it was made and revoked.

    Example: [bold]aval key list[/bold]
    """
    with _keys(ctx) as keys:
        every = keys.list()
    if as_json:
        typer.echo(json.dumps([asdict(key) for key in every]))
        return
    if not every:
        typer.echo("No key yet; `aval key add NAME --role officer` makes one.")
    width = max((len(key.name) for key in every), default=0)
    for key in every:
        state = f"revoked {key.revoked_at}" if key.revoked_at else "active"
        typer.echo(f"{key.name:<{width}}  {key.role:<9}  aval_{key.prefix}_…  made {key.created_at}  {state}")


@app.command()
def revoke(ctx: typer.Context, name: Name, as_json: Json = False) -> None:
    """End a key; a running service that has just seen it refuses it within a minute.

    Example: [bold]aval key revoke counter-12[/bold]
    """
    with _keys(ctx) as keys:
        keys.revoke(name)
    typer.echo(json.dumps({"name": name, "revoked": True}) if as_json else f"{name}'s key is revoked.")

"""The command that computes and lists features: `aval features`."""

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from aval.features.feature import FeatureSet

app = typer.Typer()


@app.command()
def features(
    ctx: typer.Context,
    listed: Annotated[bool, typer.Option("--list", help="List the features instead of computing them.")] = False,
    docs: Annotated[
        Path | None, typer.Option(help="Write the catalogue to this file, for example docs/features.md.")
    ] = None,
    chosen: Annotated[
        str, typer.Option("--set", help="Which features: all of the catalogue, or reference, the reference system's.")
    ] = "all",
    applicants: Annotated[int, typer.Option(help="Applicants per chunk.", min=1)] = 20_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON, for a script.")] = False,
) -> None:
    """Compute every feature of every applicant of the warehouse into AVAL_HOME/features, or say what they are.

    Example: [bold]aval features --list[/bold], [bold]aval features --set reference[/bold]
    """
    from aval.errors import OptionError
    from aval.features.build import SETS, holding

    if chosen not in SETS:
        raise OptionError("--set", f"is {' or '.join(SETS)}")
    known = holding(chosen)
    if docs is not None:
        from aval.features.describe import page

        docs.write_text(page(known), encoding="utf-8")
        typer.echo(f"{docs}: {len(known)} features")
    elif listed:
        typer.echo(_json(known) if as_json else _lines(known))
    else:
        folder = "features" if chosen == "all" else f"features-{chosen}"
        _compute(ctx.obj.home, folder, applicants, known, as_json=as_json)


def _compute(home: Path, folder: str, applicants: int, known: "FeatureSet", *, as_json: bool) -> None:
    from aval.data.warehouse import Warehouse
    from aval.features.build import stream

    warehouse = Warehouse.open(home / "warehouse")
    target, fresh = home / folder, home / f"{folder}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    rows = 0
    for number, frame in enumerate(stream(warehouse, known, applicants=applicants)):
        frame.write_parquet(fresh / f"features-{number:04}.parquet")
        rows += frame.height
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{rows:,} of {len(warehouse):,} applicants")
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
    (fresh / "features.json").write_text(_json(known), encoding="utf-8")
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)
    if as_json:
        typer.echo(
            json.dumps({"folder": str(target), "applicants": rows, "features": len(known), "digest": known.digest})
        )
    else:
        typer.echo(f"{target}: {len(known)} features of {rows:,} applicants")


def _lines(known: "FeatureSet") -> str:
    width = max(len(name) for name in known.names)
    return "\n".join(f"{feature.name:<{width}}  {feature.en}" for feature in known)


def _json(known: "FeatureSet") -> str:
    facts = [
        {
            "name": feature.name,
            "kind": feature.kind,
            "unit": feature.unit,
            "en": feature.en,
            "fr": feature.fr,
            "table": feature.table,
            "theme": feature.theme,
            "reason": feature.reason,
            "reads": sorted(feature.reads),
            "protected": sorted(feature.protected),
            "actionable": feature.actionable,
        }
        for feature in known
    ]
    return json.dumps({"digest": known.digest, "features": facts}, ensure_ascii=False)

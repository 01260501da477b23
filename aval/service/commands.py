"""The commands that decide: `aval score` and `aval explain`."""

import json
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aval.credit.decision import Decision
from aval.credit.reason import Explain
from aval.errors import ApplicantUnknown, OptionError, RegistryError

if TYPE_CHECKING:
    from aval.data.dossiers import Dossiers
    from aval.service.decide import Decider

app = typer.Typer()

Lang = Annotated[str, typer.Option(help="Language of the reasons: fr or en [AVAL_LANG].", show_default=False)]


def _language(ctx: typer.Context, asked: str) -> Any:
    lang = asked or ctx.obj.lang
    if lang not in ("fr", "en"):
        raise OptionError("--lang", "is fr or en")
    return lang


def _decider(ctx: typer.Context, version: str) -> "Decider":
    """The registered model (the champion unless named) under the policy in force."""
    from aval.credit.policy import Policy
    from aval.model.registry import Registry
    from aval.service.decide import Decider

    policy = Policy.load(ctx.obj.policy)
    registry = Registry(ctx.obj.tracking_uri, ctx.obj.home)
    model, number = registry.load(version) if version else registry.champion()
    return Decider(model, str(number), policy, on=date.today())


HEADER = (
    "SK_ID_CURR",
    "probability",
    "points",
    "verdict",
    "reason_1",
    "reason_2",
    "reason_3",
    "reason_4",
    "model",
    "policy",
)
"""Columns of `decisions.csv`."""


def rows(decisions: Iterable[Decision], decider: "Decider", lang: Any) -> Iterator[tuple[object, ...]]:
    """Lines of `decisions.csv`; the probability in full, so that reading it back gives the same number."""
    from aval.service.decide import sentences

    for decision in decisions:
        told = sentences(decision, decider.policy, lang)
        yield (
            decision.applicant_id,
            repr(decision.probability),
            decision.points,
            decision.verdict.value,
            *(told + [""] * (4 - len(told))),
            decision.model,
            decision.policy,
        )


@app.command()
def score(
    ctx: typer.Context,
    source: Annotated[
        Path | None,
        typer.Argument(
            help="A CSV or Parquet file of applications, or a folder or zip with any of the seven tables; "
            "without it, the warehouse's unlabelled applications."
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Where the decisions go (CSV).")] = Path("decisions.csv"),
    reasons: Annotated[
        Explain, typer.Option(help="Who gets reasons: those not approved, all or none.")
    ] = Explain.NEEDED,
    model: Annotated[str, typer.Option(help="A registered version instead of the champion.")] = "",
    lang: Lang = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Decide every application of a file or folder; rows that break the contract go to OUT.rejects.csv.

    Example: [bold]aval score examples/many.csv --out decisions.csv --lang fr[/bold]
    """
    import csv
    from collections import Counter

    from rich.console import Console
    from rich.progress import Progress

    from aval.data.tables import KEY
    from aval.data.warehouse import Loaded, Warehouse, load
    from aval.service.decide import portions

    language = _language(ctx, lang)
    decider = _decider(ctx, model)
    screen = Console(stderr=True)
    loaded: Loaded | None = None
    if source is None:
        warehouse = Warehouse.open(ctx.obj.home / "warehouse")
        wanted = warehouse.ids.filter(~warehouse.ids.is_in(warehouse.labels()[KEY].implode()))
        total, parts = len(wanted), warehouse.stream(ids=wanted)
    else:
        loaded = load(source)
        total, parts = len(loaded.dossiers), portions(loaded.dossiers)
    counts: Counter[str] = Counter()
    partial = out.with_name(out.name + ".part")
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        with (
            partial.open("w", newline="", encoding="utf-8") as file,
            Progress(console=screen, transient=True) as progress,
        ):
            lines = csv.writer(file, lineterminator="\n")
            lines.writerow(HEADER)
            task = progress.add_task("Deciding", total=total)
            for part in parts:
                decisions = decider.decide(part, reasons)
                lines.writerows(rows(decisions, decider, language))
                counts.update(decision.verdict.value for decision in decisions)
                progress.advance(task, len(decisions))
        partial.replace(out)  # whole or not at all
    finally:
        partial.unlink(missing_ok=True)
    rejected = _write_rejects(loaded, out) if loaded is not None else 0
    summary = {
        "decided": total,
        **{verdict: counts.get(verdict, 0) for verdict in ("approve", "refer", "decline")},
        "rejected": rejected,
        "model": decider.version,
        "policy": decider.policy.name,
        "out": str(out),
    }
    if as_json:
        typer.echo(json.dumps(summary))
        return
    for line in loaded.warnings if loaded is not None else ():
        screen.print(f"[yellow]![/yellow] {line}", highlight=False, soft_wrap=True)
    typer.echo(
        f"{total:,} application{'' if total == 1 else 's'} decided "
        f"with model {decider.version} under policy {decider.policy.name}: "
        f"{summary['approve']:,} approved, {summary['refer']:,} referred, {summary['decline']:,} declined -> {out}"
    )
    if rejected:
        typer.echo(f"{rejected:,} rows broke the contract and were not decided -> {rejects_of(out)}")


def rejects_of(out: Path) -> Path:
    """Where rejected rows go: `decisions.rejects.csv` beside `decisions.csv`."""
    return out.with_name(f"{out.stem}.rejects{out.suffix or '.csv'}")


def _write_rejects(loaded: Any, out: Path) -> int:
    """Every rejected row with table, file, row and the rules it broke; returns how many. Replaces an older file."""
    import csv

    target = rejects_of(out)
    target.unlink(missing_ok=True)
    total = sum(len(frame) for frame in loaded.rejects.values())
    if not total:
        return 0
    with target.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(("table", "file", "row", "rules", "cells"))
        for table, frame in sorted(loaded.rejects.items()):
            for row in frame.iter_rows(named=True):
                where = (table, row.pop("file"), row.pop("row"), " ".join(row.pop("rules")))
                lines.writerow((*where, json.dumps(row, ensure_ascii=False)))
    return total


@app.command()
def explain(
    ctx: typer.Context,
    subject: Annotated[
        str, typer.Argument(metavar="ID", help="SK_ID_CURR of the application; with --global, a version.")
    ] = "",
    overall: Annotated[
        bool, typer.Option("--global", help="What the model leans on over all applicants: the champion, or a version.")
    ] = False,
    source: Annotated[
        Path | None, typer.Option("--from", help="A file or folder of raw tables instead of the warehouse.")
    ] = None,
    model: Annotated[str, typer.Option(help="A registered version instead of the champion.")] = "",
    pictures: Annotated[Path | None, typer.Option(help="With --global: where its pictures are written.")] = None,
    lang: Lang = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Why one application is decided as it is: probability, cut-off, reasons and what weighs by theme.

    Example: [bold]aval explain 100001 --lang fr[/bold]; of the model as a whole:
    [bold]aval explain --global --pictures pictures[/bold]
    """
    from aval.data.warehouse import Warehouse, load

    language = _language(ctx, lang)
    if overall:
        if source is not None or (model and subject):
            raise OptionError("--global", "explains a registered model; give one version and no application")
        _overall(ctx, subject or model, pictures, language, as_json=as_json)
        return
    if not subject:
        raise OptionError("ID", "is missing: name an application, or give --global for the model as a whole")
    if not subject.isdecimal():
        raise OptionError("ID", "is the SK_ID_CURR of an application, a whole number")
    if pictures is not None:
        raise OptionError("--pictures", "goes with --global")
    applicant = int(subject)
    if source is None:
        where = ctx.obj.home / "warehouse"
        warehouse = Warehouse.open(where)
        if applicant not in warehouse.ids:
            raise ApplicantUnknown(where)
        dossier = warehouse.dossiers([applicant])
    else:
        everyone = load(source).dossiers
        if applicant not in everyone.ids:
            raise ApplicantUnknown(source)
        dossier = everyone.select([applicant])
    decider = _decider(ctx, model)
    decision = decider.decide(dossier, Explain.ALL)[0]
    themes = _themes(decider, dossier)
    if as_json:
        typer.echo(json.dumps(_facts(decision, themes, decider, language), ensure_ascii=False))
    else:
        from aval.service.decide import sentences
        from aval.service.screen import show

        show(decision, themes, sentences(decision, decider.policy, language), decider.policy, language)


def _overall(ctx: typer.Context, version: str, pictures: Path | None, lang: Any, *, as_json: bool) -> None:
    """The influence stored with a registered version, as a screen, a script or pictures."""
    from aval.model.influence import Influence
    from aval.model.registry import Registry

    registry = Registry(ctx.obj.tracking_uri, ctx.obj.home)
    try:
        model, number = registry.load(version) if version else registry.champion()
    except RegistryError:
        if version.isdecimal() and registry.crowned() is not None:
            rule = f"explains the model, and {version} is no registered version; leave it out to explain an application"
            raise OptionError("--global", rule) from None
        raise
    influence = Influence.of(model)
    drawn: list[Path] = []
    if pictures is not None:
        from aval.model.atlas import chart

        drawn = chart(influence, pictures, lang)
    if as_json:
        told = {"version": number, **json.loads(influence.to_json()), "pictures": [str(file) for file in drawn]}
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    from aval.service.outline import outline

    outline(influence, number, lang)
    for file in drawn:
        typer.echo(str(file))


def _themes(decider: "Decider", dossier: "Dossiers") -> dict[str, float]:
    """Contributions by theme in calibrated log-odds; with the base they add up to the score."""
    from aval.features.build import build
    from aval.model.explanation import themes

    return themes(decider.model, decider.model.matrix(build(dossier, decider.features)))[0]


def _facts(decision: Decision, themes: dict[str, float], decider: "Decider", lang: Any) -> dict[str, object]:
    from aval.credit.notice import sentence
    from aval.service.decide import sentences

    return {
        "applicant_id": decision.applicant_id,
        "probability": decision.probability,
        "cutoff": decision.cutoff,
        "points": decision.points,
        "verdict": decision.verdict.value,
        "rules": list(decision.rules),
        "reasons": [
            {"code": reason.code, "weight": reason.weight, "sentence": reason.sentence(lang)}
            for reason in decision.reasons
        ],
        "sentences": sentences(decision, decider.policy, lang),
        "warnings": [sentence(stored, lang) for stored in decision.warnings],
        "contributions": themes,
        "model": decision.model,
        "policy": decision.policy,
        "features": decision.features,
    }

"""More versions for a registry, made of the champion's own folder in a moment: altered, sealed anew, registered."""

import json
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from aval.model.artefact import MANIFEST, digest_of, read, seal
from aval.model.calibration import Platt
from aval.model.model import CALIBRATION, GOLDEN, Model
from aval.model.registry import CHALLENGER, CHAMPION, NAME, Registry

Change = Callable[[Path], None]


def own(home: Path, folder: Path) -> Path:
    """A home of one's own on the warehouse and the model of another: its registry may be changed."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("warehouse", "features", "mlartifacts"):
        if (home / name).exists():
            (folder / name).symlink_to(home / name)
    shutil.copy(home / "mlflow.db", folder / "mlflow.db")
    return folder


def client_of(url: str) -> Any:
    """MLflow's client on a store."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mlflow

        return mlflow.MlflowClient(url, url)


def client(home: Path) -> Any:
    """MLflow's client on a home's own store."""
    return client_of(f"sqlite:///{home / 'mlflow.db'}")


def register(home: Path, change: Change = lambda folder: None, *, after: Change = lambda folder: None) -> str:
    """A version like version 1 but for `change`; `after` is done to it once it is sealed and registered."""
    source = Registry("", home).load("1")[0].folder
    assert source is not None
    root = home / "made" / str(len(list((home / "made").glob("*"))))
    folder = root / "artifacts" / "model"
    shutil.copytree(source, folder)
    facts = {name: value for name, value in read(folder / MANIFEST).items() if name not in ("files", "schema")}
    change(folder)
    seal(folder, facts)
    tags = {"manifest": digest_of(folder / MANIFEST)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = client(home).create_model_version(NAME, root.as_uri(), tags=tags)
    after(folder)
    return str(made.version)


def name(home: Path, alias: str, version: str | None) -> None:
    """Move an alias, or take it away."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if version is None:
            client(home).delete_registered_model_alias(NAME, alias)
        else:
            client(home).set_registered_model_alias(NAME, alias, version)


def champion(home: Path, version: str | None) -> None:
    """Make it decide."""
    name(home, CHAMPION, version)


def challenger(home: Path, version: str | None) -> None:
    """Make it decide in the shadow."""
    name(home, CHALLENGER, version)


def bolder(folder: Path) -> None:
    """Other probabilities, the golden ones with them: a lawful model that is not the champion."""
    line = Platt.from_json((folder / CALIBRATION).read_text())
    (folder / CALIBRATION).write_text(Platt(line.slope, line.intercept - 0.5).to_json() + "\n")
    _sealed(folder)
    model = Model.load(folder)
    rows = pl.read_parquet(folder / GOLDEN).drop("probability")
    given = model.probability(model.matrix(rows))
    rows.with_columns(pl.Series("probability", given)).write_parquet(folder / GOLDEN)


def drifted(folder: Path) -> None:
    """Other probabilities, the golden ones as they were: what a library of another version may do."""
    line = Platt.from_json((folder / CALIBRATION).read_text())
    (folder / CALIBRATION).write_text(Platt(line.slope, line.intercept - 0.5).to_json() + "\n")


def unlawful(folder: Path) -> None:
    """One of its features is said to look at sex."""
    stored = json.loads((folder / "features.json").read_text())
    stored["features"][0]["protected"] = ["sex"]
    (folder / "features.json").write_text(json.dumps(stored))


def foreign(folder: Path) -> None:
    """Trained on features that are computed otherwise here."""
    stored = json.loads((folder / "features.json").read_text())
    stored["digest"] = "0" * 64
    (folder / "features.json").write_text(json.dumps(stored))


def damaged(folder: Path) -> None:
    """Not what was registered."""
    (folder / CALIBRATION).write_text(Platt(1.0, 3.0).to_json())


def _sealed(folder: Path) -> None:
    facts = {name: value for name, value in read(folder / MANIFEST).items() if name not in ("files", "schema")}
    seal(folder, facts)

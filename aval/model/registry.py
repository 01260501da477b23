"""MLflow's one home: what was tried, what is registered, and which version decides."""

import json
import os
import re
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import distributions
from importlib.metadata import version as installed
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlparse

import numpy as np

from aval.data.tables import HISTORIES, KEY, layout
from aval.errors import ArtefactError, RegistryError
from aval.model import artefact
from aval.model.chain import Event, previous, read
from aval.model.gates import Gates
from aval.model.model import Model
from aval.model.scorer import KIND

if TYPE_CHECKING:
    from aval.model.training import Trained

NAME: Final = "aval"
"""Of the experiment and of the registered model."""

CHAMPION: Final = "champion"
CHALLENGER: Final = "challenger"
"""The newest version beside a champion: the one `aval promote` takes."""

_LIBRARIES: Final = ("dataframely", "lightgbm", "mlflow", "numpy", "pandas", "polars", "pyarrow")
"""What the registered model needs besides aval itself, which is installed from its own checkout."""

_AT_ONCE: Final = 90
"""Parameters sent together; MLflow takes 100."""


@dataclass(frozen=True, slots=True)
class Run:
    """One line of `aval results`."""

    run: str
    started_at: str
    candidate: str
    plan: str
    version: str
    aliases: tuple[str, ...]
    data: str
    """First characters of the data's fingerprint: figures of unlike data are not to be compared."""
    metrics: Mapping[str, float]
    test: str = ""
    """First characters of the digest of the test applications; only runs of one are compared row by row."""
    learner: str = ""
    features: int = 0
    size: int = 0
    parts: str = ""
    """What `size` counts."""
    folds: int = 0
    grounds: tuple[str, ...] = ()
    """Protected grounds its features look at."""


class Registry:
    """Tracking and versions, in `HOME/mlflow.db` and `HOME/mlartifacts` unless `uri` names another place."""

    def __init__(self, uri: str, home: Path) -> None:
        self._home = home.resolve()
        self._file = None if uri else self._home / "mlflow.db"
        self.uri = uri or f"sqlite:///{self._file}"
        self._shown = _PASSWORD.sub(r"\1***@", self.uri)

    def record(self, trained: "Trained", pictures: Sequence[Path] = ()) -> str:
        """Write down a training and register its model. Returns the version's number."""
        facts = artefact.verify(trained.folder)
        tags = {
            "candidate": trained.candidate,
            "plan": trained.plan.name,
            "data_fingerprint": str(facts["data_fingerprint"]),
            "feature_digest": str(facts["feature_digest"]),
            "split": trained.split,
            "test_digest": str(facts["test_digest"]),
            "learner": str(facts["learner"]),
            "grounds": " ".join(facts["grounds"]),
            "manifest": artefact.digest_of(trained.folder / artefact.MANIFEST),
        }
        with self._mlflow(write=True) as mlflow:
            with mlflow.start_run(
                experiment_id=self._experiment(), run_name=f"{trained.plan.name}/{trained.candidate}", tags=tags
            ) as run:
                for some in _portions(_parameters(trained)):
                    mlflow.log_params(some)
                mlflow.log_metrics(_metrics(trained))
                for number, fold in enumerate(trained.folds):
                    for name, value in asdict(fold).items():
                        mlflow.log_metric(f"cv_{name}", float(value), step=number)
                mlflow.log_dict(facts["plan"], "plan.json")
                if facts["search"] is not None:
                    mlflow.log_dict(facts["search"], "search.json")
                for picture in pictures:
                    mlflow.log_artifact(str(picture), "pictures")
                for name in ("evaluation.json", "fairness.json", "importance.json", "predictions.parquet"):
                    mlflow.log_artifact(str(trained.folder / name))
                stored = mlflow.pyfunc.log_model(
                    name="model",
                    python_model=str(Path(__file__).with_name("served.py")),
                    artifacts={"model": str(trained.folder)},
                    signature=_signature(),
                    pip_requirements=[f"{name}=={installed(name)}" for name in _needed(trained.folder)],
                )
                self._register()
                made = self._client.create_model_version(
                    NAME, stored.model_uri, run.info.run_id, tags=tags, model_id=stored.model_id
                )
                if CHAMPION in self._aliases():
                    self._client.set_registered_model_alias(NAME, CHALLENGER, made.version)
            return str(made.version)

    def champion(self) -> tuple[Model, str]:
        """The model that decides, and its version.

        Raises:
            RegistryError: there is none.
            ArtefactError: it is not what was registered.
        """
        return self.load(CHAMPION)

    def load(self, which: str) -> tuple[Model, str]:
        """A version by number or alias, every file verified against the manifest and that against the registry.

        Raises:
            RegistryError: no such version.
            ArtefactError: it is not what was registered.
        """
        with self._mlflow() as mlflow:
            made = self._version(which)
            folder = self._fetch(mlflow, made)
        manifest = folder / artefact.MANIFEST
        if not manifest.is_file():
            raise ArtefactError(manifest, "the file is missing")
        if made.tags.get("manifest") != artefact.digest_of(manifest):
            raise ArtefactError(manifest, "it is not the manifest that was registered")
        return Model.load(folder), str(made.version)

    def crowned(self) -> str | None:
        """The champion's version, or None."""
        if self._file is not None and not self._file.exists():
            return None
        with self._mlflow():
            return self._aliases().get(CHAMPION)

    def aliases(self) -> dict[str, str]:
        """Alias -> version, read now; empty where nothing is registered."""
        if self._file is not None and not self._file.exists():
            return {}
        from mlflow.exceptions import MlflowException

        with self._mlflow():
            try:
                found = self._client.get_registered_model(NAME)
            except MlflowException as problem:
                if problem.error_code == "RESOURCE_DOES_NOT_EXIST":
                    return {}
                raise
            return {alias: str(number) for alias, number in found.aliases.items()}

    def latest(self) -> str:
        """The newest version. Raises RegistryError when there is none."""
        with self._mlflow():
            versions = self._client.search_model_versions(f"name='{NAME}'")
        if not versions:
            raise RegistryError("no model is registered", "run `aval train`")
        return str(max(int(made.version) for made in versions))

    def promote(self, version: str, *, by: str, why: str, gates: Gates | None) -> None:
        """Make a version the champion. Without gates, only where there is no champion yet. A refusal is recorded too.

        Raises:
            RegistryError: a gate stays shut, with its figures, or there is no such version.
        """
        before = self.crowned()
        if gates is None and before is not None:
            raise RegistryError(f"version {before} is the champion", "let the gates decide with `aval promote`")
        figures = gates.facts() if gates is not None else {}
        if gates is not None and gates.failed:
            told = {**figures, "gate_failed": "; ".join(gates.failed)}
            self._record(Event.now("refused", version, by, why, before, told))
            gates.require(version)
        self._crown(Event.now("promoted", version, by, why, before, figures))

    def rollback(self, *, by: str, why: str) -> str:
        """Make the champion before this one decide again; returns its version. Once more goes further back.

        Raises:
            RegistryError: there is none before, or it does not give its golden rows here.
            ArtefactError: it is not what was registered.
            FeatureError: this code no longer computes its features.
        """
        now = self.crowned()
        version = previous(self.history(), now)
        model, _ = self.load(version)
        model.feature_set()
        if not model.reproduces():
            raise RegistryError(
                f"version {version} is not returned to: its golden rows do not give the stored probabilities here",
                f"keep version {now}, or promote another one",
            )
        self._crown(Event.now("returned", version, by, why, now, {"gate_golden": "reproduced"}))
        return version

    def history(self) -> list[Event]:
        """Every promotion, refusal and rollback, the oldest first; none where nothing was trained yet."""
        from mlflow.exceptions import MlflowException

        if self._file is not None and not self._file.exists():
            return []
        with self._mlflow():
            try:
                return read(self._client.get_registered_model(NAME).tags)
            except MlflowException:
                return []

    def _record(self, event: Event) -> None:
        """Write an event down, and on its version for whoever looks at MLflow's pages."""
        name, text = event.tag
        with self._mlflow(write=True):
            made = self._version(event.version)
            facts = {
                f"{event.what}_at": event.at,
                f"{event.what}_by": event.by,
                f"{event.what}_why": event.why,
                **event.figures,
            }
            for key, value in facts.items():
                self._client.set_model_version_tag(NAME, made.version, key, value)
            self._client.set_registered_model_tag(NAME, name, text)

    def _crown(self, event: Event) -> None:
        with self._mlflow(write=True):
            made = self._version(event.version)
            # The alias is what decides; a record of what did not happen would be worse than one that is missing.
            self._client.set_registered_model_alias(NAME, CHAMPION, made.version)
            if self._aliases().get(CHALLENGER) == event.version:
                self._client.delete_registered_model_alias(NAME, CHALLENGER)
            for stale in ("replaced_by", "gate_failed"):
                self._client.delete_model_version_tag(NAME, made.version, stale)
            if event.before is not None and event.before != event.version:
                self._client.set_model_version_tag(NAME, event.before, "replaced_by", event.version)
        self._record(event)

    def results(self) -> list[Run]:
        """Every finished run, the newest first."""
        with self._mlflow():
            found = self._client.get_experiment_by_name(NAME)
            if found is None:
                return []
            runs = self._client.search_runs([found.experiment_id], order_by=["attributes.start_time DESC"])
            versions = {made.run_id: str(made.version) for made in self._client.search_model_versions(f"name='{NAME}'")}
            aliases = self._aliases()
        return [
            Run(
                run=run.info.run_id,
                started_at=datetime.fromtimestamp(run.info.start_time / 1000.0, UTC).isoformat(timespec="seconds"),
                candidate=run.data.tags.get("candidate", ""),
                plan=run.data.tags.get("plan", ""),
                version=versions.get(run.info.run_id, ""),
                aliases=tuple(a for a, number in aliases.items() if number == versions.get(run.info.run_id)),
                data=run.data.tags.get("data_fingerprint", "")[:8],
                metrics=dict(run.data.metrics),
                test=run.data.tags.get("test_digest", "")[:8],
                learner=run.data.tags.get("learner", ""),
                features=int(run.data.params.get("features", 0)),
                size=int(run.data.params.get("size", 0)),
                parts=run.data.params.get("parts", ""),
                folds=int(run.data.params.get("plan.folds", 0)),
                grounds=tuple(run.data.tags.get("grounds", "").split()),
            )
            for run in runs
            if run.info.status == "FINISHED"
        ]

    def files(self, run: str, *names: str) -> dict[str, bytes]:
        """What a run kept under these names, from wherever its artefacts lie; those it lacks are left out."""
        with self._mlflow(), TemporaryDirectory() as folder:
            kept = {entry.path for entry in self._client.list_artifacts(run)}
            return {
                name: Path(self._client.download_artifacts(run, name, folder)).read_bytes()
                for name in names
                if name in kept
            }

    def _version(self, which: str) -> Any:
        from mlflow.exceptions import MlflowException

        try:
            if which.isdecimal():
                return self._client.get_model_version(NAME, which)
            return self._client.get_model_version_by_alias(NAME, which)
        except MlflowException:
            what = "no champion yet" if which == CHAMPION else f"no version {which!r}"
            raise RegistryError(f"{self._shown}: {what}", "run `aval train`, or look at `aval results`") from None

    def _fetch(self, mlflow: Any, made: Any) -> Path:
        """The folder a version was stored in: where it lies on this machine, or a copy under home."""
        where = str(self._client.get_model_version_download_uri(NAME, made.version))
        place = urlparse(where)
        if place.scheme in ("", "file"):
            root = Path(unquote(place.path))
        else:
            root = self._home / "fetched" / str(made.tags.get("manifest", made.version))
            if not (root / "MLmodel").exists():
                # Whole or not at all: half a copy would be taken for a damaged version for ever.
                root.parent.mkdir(parents=True, exist_ok=True)
                with TemporaryDirectory(dir=root.parent) as half:
                    # It lands in a folder of its own name there.
                    fetched = mlflow.artifacts.download_artifacts(
                        artifact_uri=where, dst_path=half, tracking_uri=self.uri
                    )
                    with suppress(OSError):  # another process was quicker
                        Path(fetched).rename(root)
        found = sorted(root.glob(f"artifacts/*/{artefact.MANIFEST}"))
        return found[0].parent if found else root / "artifacts"

    @cached_property
    def _client(self) -> Any:
        import mlflow

        return mlflow.MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)

    def _aliases(self) -> dict[str, str]:
        from mlflow.exceptions import MlflowException

        try:
            return {alias: str(number) for alias, number in self._client.get_registered_model(NAME).aliases.items()}
        except MlflowException:
            return {}

    def _experiment(self) -> str:
        found = self._client.get_experiment_by_name(NAME)
        if found is not None:
            return str(found.experiment_id)
        # A server says itself where artefacts go.
        where = None if self._file is None else (self._home / "mlartifacts").as_uri()
        return str(self._client.create_experiment(NAME, artifact_location=where))

    def _register(self) -> None:
        from mlflow.exceptions import MlflowException

        try:
            self._client.get_registered_model(NAME)
        except MlflowException:
            self._client.create_registered_model(NAME, description="Probability of default, with its evidence.")

    @contextmanager
    def _mlflow(self, *, write: bool = False) -> Iterator[Any]:
        """MLflow bound to this place for a while: silent, without telemetry, its complaints in one sentence.

        Raises:
            RegistryError: nothing was ever recorded there, or MLflow cannot do what is asked.
        """
        if self._file is not None:
            if not write and not self._file.exists():
                raise RegistryError(
                    f"{self._home}: nothing was trained there yet",
                    "run `aval train`, or name the folder that holds it (--home, AVAL_HOME)",
                )
            self._home.mkdir(parents=True, exist_ok=True)
        os.environ.update(_QUIET)
        with _ONE_AT_A_TIME, warnings.catch_warnings():
            # SQLAlchemy's deprecations inside MLflow, and advice on type hints and input examples.
            warnings.simplefilter("ignore")
            import mlflow
            from mlflow.exceptions import MlflowException

            _hush()
            # MLflow writes what it is set to into the environment, for the processes it starts: put back
            # what was there, which may be nothing.
            before: dict[str, Any] = {name: os.environ.get(name) for name in _PLACES}
            mlflow.set_tracking_uri(self.uri)
            mlflow.set_registry_uri(self.uri)
            try:
                yield mlflow
            except MlflowException as problem:
                said = str(problem).splitlines()[0].rstrip(".").replace(self.uri, self._shown)
                raise RegistryError(
                    f"{self._shown}: {said}", "check MLFLOW_TRACKING_URI and that its server runs"
                ) from None
            finally:
                mlflow.set_tracking_uri(before["MLFLOW_TRACKING_URI"])
                mlflow.set_registry_uri(before["MLFLOW_REGISTRY_URI"])
                for name in _PLACES:
                    os.environ.pop(name, None)
                os.environ.update({name: value for name, value in before.items() if value is not None})


_ONE_AT_A_TIME: Final = threading.RLock()
"""MLflow's place and Python's warning filters belong to the process, not to a thread."""

_PASSWORD: Final = re.compile(r"(://[^:/@]*:)[^@/]*@")

_PLACES: Final = ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI")

_QUIET: Final = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_DISABLE_ENV_CREATION": "true",
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}


def _hush() -> None:
    """MLflow tells at length how it makes its tables."""
    import logging

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _portions(parameters: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    entries = list(parameters.items())
    for start in range(0, len(entries), _AT_ONCE):
        yield dict(entries[start : start + _AT_ONCE])


def _parameters(trained: "Trained") -> dict[str, Any]:
    """The plan as stated, and the learner's parameters as read back from what was fitted."""
    plan = trained.plan
    stated = next(candidate for candidate in plan.candidates if candidate.name == trained.candidate)
    return {
        "plan.name": plan.name,
        "plan.why": plan.why,
        "plan.test_share": plan.test_share,
        "plan.folds": plan.folds,
        "plan.seed": plan.seed,
        "plan.without": json.dumps(plan.without),
        "plan.features": plan.features if isinstance(plan.features, str) else f"{len(plan.features)} named",
        "learner": stated.learner,
        "axes": ", ".join(stated.axes),
        **({"search": plan.search.method} if stated.axes else {}),
        "features": trained.features,
        "size": trained.size,
        "parts": trained.parts,
        "rows_development": trained.rows[0],
        "rows_test": trained.rows[1],
        **{name: value[:500] for name, value in trained.parameters.items() if value},
    }


def _metrics(trained: "Trained") -> dict[str, float]:
    """Everything measured, by flat name."""
    across = {
        f"cv_{name}_{kind}": float(value)
        for name in ("auc", "accuracy", "log_loss", "cost")
        for kind, value in _spread([getattr(fold, name) for fold in trained.folds])
    }
    return {
        **trained.evaluation.metrics(),
        **trained.fairness.metrics(),
        **across,
        "seconds": trained.seconds,
        "fit_seconds": trained.fit_seconds,
        "score_seconds": trained.score_seconds,
        "peak_memory_gb": trained.peak_bytes / 1e9,
    }


def _spread(values: Sequence[float]) -> tuple[tuple[str, float], tuple[str, float]]:
    return ("mean", float(np.mean(values))), ("deviation", float(np.std(values, ddof=1)))


def _needed(folder: Path) -> list[str]:
    """The libraries that decide with a stored model; XGBoost, under the name it is installed by, where it does."""
    kinds = {artefact.read(file)["kind"] for file in folder.rglob(KIND)}
    boosted = [found.name for found in distributions() if found.name in ("xgboost", "xgboost-cpu")]
    return [*_LIBRARIES, *(boosted[:1] if "boosted" in kinds else ())]


def _signature() -> Any:
    """Raw columns of an application (numbers as doubles, text as strings) and the histories as JSON lists."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema

    asked: list[Any] = [ColSpec(DataType.long, KEY)]
    for name, dtype in layout("application").items():
        if name != KEY:
            kind = DataType.double if dtype.is_numeric() else DataType.string
            asked.append(ColSpec(kind, name, required=False))
    asked += [ColSpec(DataType.string, table, required=False) for table in HISTORIES]
    return ModelSignature(Schema(asked), Schema([ColSpec(DataType.long, KEY), ColSpec(DataType.double, "probability")]))

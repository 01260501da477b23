"""Learning: rows nothing touches, folds, one refitted booster, and its evaluation after it was reloaded."""

import contextlib
import hashlib
import resource
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from aval.credit.policy import Policy
from aval.data.tables import KEY, TARGET
from aval.errors import OptionError
from aval.features.feature import FeatureSet
from aval.model import artefact
from aval.model.blend import Member, blended
from aval.model.calibration import Platt
from aval.model.candidates import Candidate
from aval.model.device import ready
from aval.model.encoding import Encoding, Matrix
from aval.model.evaluation import Evaluation, best_cutoff, confusion, evaluate
from aval.model.fairness import Fairness, age_band, fairness
from aval.model.influence import measure
from aval.model.model import (
    EVALUATION,
    FAIRNESS,
    GOLDEN,
    IMPORTANCE,
    LEARNED,
    PREDICTIONS,
    PROFILE,
    REFERENCE,
    Model,
    Used,
    hashed,
)
from aval.model.plan import Plan
from aval.model.profile import profile
from aval.model.ranking import auc
from aval.model.rows import Table, features_of, frames, sample
from aval.model.scorer import Scorer, settled
from aval.model.search import Found, chosen, search
from aval.model.split import Ids, Places, Split, folds, split
from aval.model.validation import Fitter, Held

if TYPE_CHECKING:
    from aval.data.warehouse import Warehouse

Advance = Callable[[str, float], None]
"""Told what is being done and how much of it, 0 to 1."""

REFERENCE_ROWS: Final = 20_000
GOLDEN_ROWS: Final = 50
EXPLAINED_ROWS: Final = 2_000
"""Reference rows whose contributions are worked out: exact ones cost milliseconds each."""

_LIBRARIES: Final = ("lightgbm", "numpy", "polars", "pyarrow", "dataframely", "scikit-learn")


@dataclass(frozen=True, slots=True)
class Fold:
    """One fold's held-out rows, judged with the calibrated out-of-fold probabilities; cost per 1000."""

    rows: int
    size: int
    """Where this fold alone would have stopped, in the form's parts; all of them where it does not grow."""
    auc: float
    accuracy: float
    """Share of right verdicts at 0.5 of the learner's own probability, as the reference system counted it."""
    log_loss: float
    cost: float


@dataclass(frozen=True, slots=True)
class Trained:
    """A stored model and how it came about."""

    candidate: str
    folder: Path
    plan: Plan
    evaluation: Evaluation
    """Of the stored artefact, reloaded, on the test part."""
    fairness: Fairness
    folds: tuple[Fold, ...]
    out_of_fold: tuple[Matrix, Matrix]
    """Calibrated out-of-fold probabilities and targets of the development rows, for the pictures."""
    parameters: dict[str, str]
    """As read back from the fitted booster."""
    size: int
    parts: str
    """What `size` counts."""
    split: str
    rows: tuple[int, int]
    """Development and test."""
    features: int
    seconds: float
    """Folds, calibration, refit and evaluation together."""
    fit_seconds: float
    """The refit on all development rows alone."""
    score_seconds: float
    """Per row of the test part, scored one row at a time from its features."""
    peak_bytes: int


def train(
    warehouse: "Warehouse",
    plan: Plan,
    policy: Policy,
    folder: Path,
    *,
    home: Path | None = None,
    truth: Path | None = None,
    threads: int = 2,
    device: str = "cpu",
    advance: Advance | None = None,
) -> list[Trained]:
    """Train every candidate of the plan; each is stored in a folder of its own under `folder`.

    Args:
        warehouse: the checked tables.
        plan: what to train.
        policy: whose costs the cut-off and the figures are stated in.
        folder: receives one folder per candidate.
        home: where computed features are kept; `folder` by default.
        truth: a Parquet file of true probabilities (SK_ID_CURR, probability), which only a simulation has.
            Read after everything is fitted, for the figures alone.
        threads: for training; the trees do not depend on it.
        device: `cpu`, or `cuda` for the learners that can train there.
        advance: told about progress.
    """
    from aval.features.build import holding

    if threads < 1:
        raise OptionError("--threads", "is at least 1")
    ready(device, [candidate.learner for candidate in plan.candidates])
    for candidate in plan.candidates:  # a place that cannot be written is found out before hours of training
        (folder / candidate.name).mkdir(parents=True, exist_ok=True)
    whole = holding(plan.features)
    features = plan.feature_set(whole)
    parts = split(warehouse.labels(), warehouse.calendar(), plan.test_share, plan.seed)
    everyone = len(parts.development) + len(parts.test)
    done = 0

    def built(count: int) -> None:
        nonlocal done
        done += count
        _tell(advance, "features", done / everyone)

    start = time.perf_counter()
    file = features_of(warehouse, home or folder, built, features=whole)
    table = Table.read(file, features, parts.development)
    read = time.perf_counter() - start
    found, learned = [], dict[str, _Learned]()
    for candidate in plan.candidates:
        forget_peak()
        start = time.perf_counter()
        task = _Task(warehouse, plan, policy, candidate, features, file, parts, threads, device, advance)
        learned[candidate.name] = task.learn(table, [learned[name] for name in candidate.of])
        trained = task.judge(learned[candidate.name], table, folder / candidate.name, truth)
        found.append(replace(trained, seconds=read + time.perf_counter() - start, peak_bytes=peak_bytes()))
    return found


def peak_bytes() -> int:
    """The most memory this process has held since `forget_peak`, or ever where the system cannot forget."""
    try:
        status = Path("/proc/self/status").read_text()
        return 1024 * int(status.partition("VmHWM:")[2].split(maxsplit=1)[0])
    except (OSError, ValueError, IndexError):
        pass
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024


def forget_peak() -> None:
    """Begin to watch for a new peak, so that each candidate's is its own (Linux; elsewhere nothing happens)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _tell(advance: Advance | None, what: str, share: float) -> None:
    if advance is not None:
        advance(what, min(share, 1.0))


@dataclass(frozen=True)
class _Learned:
    """A candidate after its folds and its refit, before it is stored."""

    encoding: Encoding
    member: Member
    across: Held
    found: Found | None
    """What the search of its axes found."""
    seconds: float
    """Of the refit."""


@dataclass(frozen=True)
class _Task:
    """One candidate's way from rows to a stored, reloaded, judged model."""

    warehouse: "Warehouse"
    plan: Plan
    policy: Policy
    candidate: Candidate
    features: FeatureSet
    file: Path
    parts: Split
    threads: int
    device: str
    advance: Advance | None

    @cached_property
    def _held(self) -> Sequence[Places]:
        return folds(self.parts.development_target, self.plan.folds, self.plan.seed)

    def learn(self, table: Table, members: Sequence[_Learned]) -> _Learned:
        """Search, cross-validate and refit; a blend weighs its members, which did all that."""
        target, name = self.parts.development_target, self.candidate.name
        if members:
            start = time.perf_counter()
            across, form = blended([one.member for one in members], target, self._held)
            made = Member(name, across.margin, Platt.fit(across.margin, target), form)
            seconds = time.perf_counter() - start + sum(one.seconds for one in members)
            return _Learned(members[0].encoding, made, across, None, seconds)
        ways = (self.plan.seed, self.threads, self.plan.name, self.advance, self.device)
        fitter = Fitter(self.candidate, table, target, *ways)
        found = None
        if self.candidate.axes:
            _tell(self.advance, "search", 0.0)
            found = search(fitter, self.plan.search, self.policy.cost)
            fitter = replace(fitter, candidate=chosen(self.candidate, found))
        across = fitter.validate(self._held)
        start = time.perf_counter()
        encoding, fitted = fitter.refit(across.size)
        seconds = time.perf_counter() - start
        made = Member(name, across.margin, Platt.fit(across.margin, target), fitted)
        return _Learned(encoding, made, across, found, seconds)

    def judge(self, learned: _Learned, table: Table, folder: Path, truth: Path | None) -> Trained:
        """Store what was learned, reload it, and score it on the rows nothing has touched."""
        target, calibration = self.parts.development_target, learned.member.calibration
        probability = calibration.probability(learned.across.margin)
        cutoff = best_cutoff(target, probability, self.policy.cost)
        scorer, told = settled(learned.member.scorer, calibration)
        model = Model(
            used=tuple(Used.of(feature) for feature in self.features),
            digest=self.features.digest,
            encoding=learned.encoding,
            scorer=scorer,
            calibration=told,
            contrast=np.zeros(len(self.features)),
            manifest={},
        )
        facts = self._facts(model.scorer, cutoff, learned.found)
        self._store(model, table, folder, facts)
        cross_validated = self._folds(self._held, learned.across, probability, target)
        judged = self._judge(folder, facts, cutoff, truth, (probability, target), cross_validated)
        return replace(judged, fit_seconds=learned.seconds)

    def _folds(self, held: Sequence[Places], across: Held, p: Matrix, target: Matrix) -> tuple[Fold, ...]:
        cost = self.policy.cost
        found = []
        for out, size in zip(held, across.sizes, strict=True):
            wrong = confusion(target[out], p[out], cost.cutoff)
            paid = cost.accepted_defaulter * wrong.fn + cost.refused_payer * wrong.fp
            chance = np.where(target[out] == 1.0, p[out], 1.0 - p[out])
            found.append(
                Fold(
                    rows=len(out),
                    size=size,
                    auc=auc(target[out], p[out]).value,
                    accuracy=float(np.mean((across.own[out] >= 0.5) == (target[out] == 1.0))),
                    log_loss=float(-np.mean(np.log(chance))),
                    cost=1000.0 * paid / len(out),
                )
            )
        return tuple(found)

    def _facts(self, fitted: Scorer, cutoff: float, found: Found | None) -> dict[str, Any]:
        cost = self.policy.cost
        return {
            "candidate": self.candidate.name,
            "learner": self.candidate.learner,
            "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "plan": self.plan.to_json(),
            "parameters": dict(fitted.parameters),
            "search": None if found is None else asdict(found),
            "size": fitted.size,
            "parts": fitted.parts,
            "feature_digest": self.features.digest,
            "grounds": sorted(frozenset().union(*(feature.protected for feature in self.features))),
            "data_fingerprint": self.warehouse.fingerprint,
            "split": self.parts.how,
            "rows": {"development": len(self.parts.development), "test": len(self.parts.test)},
            "test_digest": hashlib.sha256(np.ascontiguousarray(self.parts.test).tobytes()).hexdigest(),
            "policy": {
                "name": self.policy.name,
                "digest": self.policy.digest,
                "accepted_defaulter": cost.accepted_defaulter,
                "refused_payer": cost.refused_payer,
                "cutoff": cost.cutoff,
            },
            "empirical_cutoff": cutoff,
            "versions": {"python": python_version(), **{name: version(name) for name in _LIBRARIES}},
        }

    def _store(self, model: Model, table: Table, folder: Path, facts: dict[str, Any]) -> None:
        """The model with what the watch and the screens need of the rows it learned from."""
        _tell(self.advance, "explain", 0.0)
        reference = sample(self.file, self.features, self.parts.development, REFERENCE_ROWS, self.plan.seed)
        matrix = model.matrix(reference.head(EXPLAINED_ROWS))
        contributions = model.contributions(matrix, self.threads)
        approved = model.probability(matrix) < self.policy.cutoff
        # Where nobody would be approved, everyone is the comparison.
        among = contributions[approved] if approved.any() else contributions
        model = replace(model, contrast=among[:, :-1].mean(axis=0))
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        reference.write_parquet(folder / REFERENCE)
        ids = pl.Series("id", np.sort(hashed(self.parts.development, facts["test_digest"])))
        ids.to_frame().write_parquet(folder / LEARNED)
        probe = reference.head(GOLDEN_ROWS)
        probability = pl.Series("probability", model.probability(model.matrix(probe)))
        probe.with_columns(probability).write_parquet(folder / GOLDEN)
        raw = self.warehouse.applications(self.parts.development).drop(KEY, TARGET, strict=False)
        profiles = {"application": profile(raw.iter_columns()), "features": profile(table.columns())}
        artefact.write(folder / PROFILE, profiles)
        model.save(folder, facts)

    def _judge(
        self,
        folder: Path,
        facts: dict[str, Any],
        cutoff: float,
        truth: Path | None,
        out_of_fold: tuple[Matrix, Matrix],
        cross_validated: tuple[Fold, ...],
    ) -> Trained:
        """What is stored, reloaded and scored on the rows nothing has touched."""
        _tell(self.advance, "evaluate", 0.0)
        model = Model.load(folder)
        test, target = self.parts.test, self.parts.test_target
        rows = list(frames(self.file, self.features, test))
        probability = np.concatenate([model.probability(model.matrix(frame)) for frame in rows])
        judged = evaluate(
            target,
            probability,
            self.policy.cost,
            self.policy.band,
            empirical_cutoff=cutoff,
            own=np.concatenate([model.own_probability(model.matrix(frame)) for frame in rows]),
            truth=None if truth is None else true_probabilities(truth, test),
            seed=self.plan.seed,
        )
        groups = self.warehouse.applications(test).select("CODE_GENDER", "DAYS_BIRTH", "NAME_FAMILY_STATUS")
        fair = fairness(
            target,
            probability,
            {
                "sex": groups["CODE_GENDER"].to_numpy(),
                "age": age_band(groups["DAYS_BIRTH"].to_numpy()),
                "family": groups["NAME_FAMILY_STATUS"].to_numpy(),
            },
            self.policy.cutoff,
        )
        (folder / EVALUATION).write_text(judged.to_json() + "\n", "utf-8")
        pl.DataFrame({TARGET: target.astype(np.int8), "probability": probability}).write_parquet(folder / PREDICTIONS)
        (folder / FAIRNESS).write_text(fair.to_json() + "\n", "utf-8")
        _tell(self.advance, "influence", 0.0)
        known = model.reference().head(EXPLAINED_ROWS)
        weighed = measure(model, known, rows, target, self.policy.cost, seed=self.plan.seed, threads=self.threads)
        (folder / IMPORTANCE).write_text(weighed.to_json() + "\n", "utf-8")
        artefact.seal(folder, facts)
        Model.load(folder)
        return Trained(
            candidate=self.candidate.name,
            folder=folder,
            plan=self.plan,
            evaluation=judged,
            fairness=fair,
            folds=cross_validated,
            out_of_fold=out_of_fold,
            parameters=dict(model.scorer.parameters),
            size=model.scorer.size,
            parts=model.scorer.parts,
            split=self.parts.how,
            rows=(len(self.parts.development), len(test)),
            features=len(self.features),
            seconds=0.0,
            fit_seconds=0.0,
            score_seconds=_alone(model, rows[0]),
            peak_bytes=0,
        )


_TIMED_ROWS: Final = 200


def _alone(model: Model, frame: pl.DataFrame) -> float:
    """Seconds a row takes on its own, from its features to its probability: the median of some."""
    matrix = model.matrix(frame.head(_TIMED_ROWS))
    taken = []
    for row in range(len(matrix)):
        start = time.perf_counter()
        model.probability(matrix[row : row + 1])
        taken.append(time.perf_counter() - start)
    return float(np.median(taken))


def true_probabilities(file: Path, ids: Ids) -> Matrix:
    """The simulation's own probabilities of default of `ids` (sorted).

    Raises:
        OptionError: the file is no such table, or lacks one of the applicants.
    """
    try:
        known = pl.read_parquet(file, columns=[KEY, "probability"])
    except (OSError, pl.exceptions.PolarsError):
        raise OptionError("--truth", f"is a Parquet file with {KEY} and probability, which {file} is not") from None
    wanted = pl.DataFrame({KEY: ids}).join(known.cast({KEY: pl.Int64}), on=KEY, how="left", maintain_order="left")
    if wanted.height != len(ids) or wanted["probability"].null_count():
        raise OptionError("--truth", "names a file that does not know every labelled applicant once")
    return wanted["probability"].cast(pl.Float64).to_numpy()

"""What to train: `plans/*.toml`, every entry checked before a row is read."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

from aval.errors import FeatureError, OptionError, PlanError
from aval.features.feature import PROTECTED, FeatureSet
from aval.model.candidates import BLEND, Candidate, nearest

ALL: Final = "all"
Method = Literal["grid", "halving", "optuna"]
METHODS: Final[tuple[Method, ...]] = ("grid", "halving", "optuna")
REFERENCE: Final = "reference"
"""The reference system's own features instead of the catalogue."""
_GROUNDS: Final = tuple(sorted(set(PROTECTED.values())))


@dataclass(frozen=True, slots=True)
class Search:
    """How a plan's axes are searched."""

    method: Method = "halving"
    folds: int = 3
    trials: int = 30
    """Settings that `optuna` tries at most, for each candidate."""
    seconds: float = 60.0
    """Time budget of `optuna`, for each candidate."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A stated, repeatable training: which rows, which features, which candidates."""

    name: str
    why: str
    test_share: float
    """Share of the labelled applications that nothing touches until the end."""
    folds: int
    seed: int
    features: str | tuple[str, ...]
    """`all` of the catalogue, `reference`, or names."""
    without: tuple[str, ...]
    """Protected characteristics whose features are left out: sex, family, age."""
    candidates: tuple[Candidate, ...]
    search: Search = field(default_factory=Search)
    """How the candidates' axes are searched."""

    def feature_set(self, whole: FeatureSet) -> FeatureSet:
        """The features this plan trains on, of the whole set that holds them (`build.holding`).

        Raises:
            PlanError: a name that the set lacks, or nothing left to train on.
        """
        try:
            chosen = whole if isinstance(self.features, str) else whole.select(self.features)
        except FeatureError as problem:
            raise PlanError(self.name, str(problem).rstrip("."), "correct the name in [features]") from None
        left = chosen.without(self.without)
        if not len(left):
            raise PlanError(self.name, "no feature is left to train on", "state fewer grounds in [features] without")
        return left

    def searched(self, method: str) -> "Plan":
        """The plan with another way of searching its axes; itself where none is named. Raises OptionError."""
        if not method:
            return self
        known = {str(one): one for one in METHODS}
        if method not in known:
            raise OptionError("--search", f"names none of {', '.join(METHODS)}")
        if not any(candidate.axes for candidate in self.candidates):
            raise OptionError("--search", f"finds no axes in the plan {self.name}; leave it out")
        return replace(self, search=replace(self.search, method=known[method]))

    def to_json(self) -> dict[str, Any]:
        """Plain data, as stored with a model."""
        return asdict(self)

    @classmethod
    def load(cls, file: Path) -> "Plan":
        """Read `plans/*.toml`.

        Raises:
            PlanError: the file is missing, not TOML, misspells an entry or states something impossible.
        """
        try:
            stated = tomllib.loads(file.read_bytes().decode())
        except (FileNotFoundError, IsADirectoryError):
            raise PlanError(file, "no such plan", "name one of plans/*.toml") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
            raise PlanError(file, f"not a TOML file ({problem})", "mend the line it names") from None
        return _read(file, stated)


def _read(file: Path, stated: Mapping[str, Any]) -> Plan:
    _only(file, "", stated, ("name", "why", "data", "features", "search", "candidates"))
    data = _table(file, stated, "data")
    _only(file, "data.", data, ("test_share", "folds", "seed"))
    features = _table(file, stated, "features")
    _only(file, "features.", features, ("set", "without"))
    plan = Plan(
        name=_entry(file, stated, "name", str),
        why=_entry(file, stated, "why", str),
        test_share=float(_entry(file, data, "test_share", (float, int))),
        folds=_entry(file, data, "folds", int),
        seed=_entry(file, data, "seed", int),
        features=_features(file, features),
        without=_words(file, "features.without", features.get("without", [])),
        candidates=tuple(_candidate(file, entry) for entry in _entry(file, stated, "candidates", list)),
        search=_search(file, stated.get("search", {})),
    )
    if not 0.0 < plan.test_share < 1.0:
        raise PlanError(file, "data.test_share does not lie between 0 and 1", "state 0.2")
    if plan.folds < 2:
        raise PlanError(file, "data.folds is below 2", "state 5")
    if not 0 <= plan.seed < 2**31:
        raise PlanError(file, "data.seed lies outside 0 to 2147483647", "state a small number")
    for ground in plan.without:
        if ground not in _GROUNDS:
            raise PlanError(file, f"features.without: no ground {ground!r}", f"use {', '.join(_GROUNDS)}")
    if not plan.candidates:
        raise PlanError(file, "there is no candidate", "state [[candidates]] at least once")
    names = [candidate.name for candidate in plan.candidates]
    for name in (plan.name, *names):
        # They become folders, and MLflow's keys.
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}", name):
            raise PlanError(file, f"the name {name!r} is no plain word", "use letters, digits, - and _, 60 at most")
    if len(set(names)) < len(names):
        raise PlanError(file, "two candidates have one name", "give each its own")
    for place, candidate in enumerate(plan.candidates):
        candidate.check(file)
        before = [one.name for one in plan.candidates[:place] if one.learner != BLEND]
        for name in candidate.of:
            if name not in before:
                what = f"{candidate.name}: no candidate {name!r} stands before it"
                raise PlanError(file, what, nearest(name, before))
    return plan


def _candidate(file: Path, stated: Any) -> Candidate:
    if not isinstance(stated, dict):
        raise PlanError(file, "a candidate is not a table", "write [[candidates]]")
    _only(file, "candidates.", stated, ("name", "learner", "parameters", "design", "resampling", "axes", "of"))
    tables = {entry: stated.get(entry, {}) for entry in ("parameters", "design", "resampling", "axes")}
    for entry, given in tables.items():
        if not isinstance(given, dict):
            raise PlanError(file, f"candidates.{entry} is not a table", f"write [candidates.{entry}]")
    for axis, values in tables["axes"].items():
        if not isinstance(values, list):
            raise PlanError(file, f"candidates.axes.{axis} is not a list", "list the values to try")
    return Candidate(
        _entry(file, stated, "name", str),
        _entry(file, stated, "learner", str),
        dict(tables["parameters"]),
        dict(tables["design"]) if "design" in stated else None,
        dict(tables["resampling"]) if "resampling" in stated else None,
        _words(file, "candidates.of", stated.get("of", [])),
        {axis: tuple(values) for axis, values in tables["axes"].items()},
    )


def _search(file: Path, stated: Any) -> Search:
    if not isinstance(stated, dict):
        raise PlanError(file, "search is not a table", "write [search]")
    _only(file, "search.", stated, ("method", "folds", "trials", "seconds"))
    found = Search(**stated)
    if found.method not in METHODS:
        raise PlanError(file, f"search.method is {found.method!r}", f"use {', '.join(METHODS)}")
    for entry, least in (("folds", 2), ("trials", 1), ("seconds", 1)):
        value = getattr(found, entry)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < least:
            raise PlanError(file, f"search.{entry} is below {least}", "state a larger number")
        if entry != "seconds" and not isinstance(value, int):
            raise PlanError(file, f"search.{entry} is not a whole number", f"state {int(value)}")
    return found


def _features(file: Path, stated: Mapping[str, Any]) -> str | tuple[str, ...]:
    chosen = stated.get("set", ALL)
    if chosen in (ALL, REFERENCE):
        return str(chosen)
    if isinstance(chosen, str):
        raise PlanError(file, f"features.set is {chosen!r}", f"write {ALL!r}, {REFERENCE!r} or a list of feature names")
    names = _words(file, "features.set", chosen)
    if not names or len(set(names)) < len(names):
        raise PlanError(file, "features.set is empty or names a feature twice", "name each feature once")
    return names


def _words(file: Path, entry: str, stated: Any) -> tuple[str, ...]:
    if not isinstance(stated, list) or not all(isinstance(word, str) for word in stated):
        raise PlanError(file, f"{entry} is not a list of words", 'write ["...", "..."]')
    return tuple(stated)


def _table(file: Path, stated: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return _entry(file, stated, name, dict)  # type: ignore[no-any-return]


def _entry(file: Path, stated: Mapping[str, Any], name: str, kind: Any) -> Any:
    if name not in stated:
        raise PlanError(file, f"the entry {name} is missing", "see plans/champion.toml")
    if not isinstance(stated[name], kind) or isinstance(stated[name], bool):
        raise PlanError(file, f"the entry {name} has the wrong type", "see plans/champion.toml")
    return stated[name]


def _only(file: Path, where: str, stated: Iterable[str], known: tuple[str, ...]) -> None:
    for name in stated:
        if name not in known:
            raise PlanError(file, f"unknown entry {where}{name!r}", nearest(name, known))

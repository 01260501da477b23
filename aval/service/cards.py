"""A registered version on one card, and all of them in one table: what the screen of models shows."""

from collections import OrderedDict
from dataclasses import asdict
from threading import Lock
from typing import Final

from aval.credit.policy import Cost, Policy
from aval.errors import RegistryError
from aval.model.chain import Event
from aval.model.influence import Bin, Influence, Meaning, Weight
from aval.model.model import Model
from aval.model.paper import Paper
from aval.model.registry import Registry, Run
from aval.model.results import KEPT, Results, Row, compare
from aval.model.scorecard import Scorecard
from aval.service.answer import Span
from aval.service.crowd import FEWEST, scores
from aval.service.curve import curve
from aval.service.judged import XY, Counts, Curves, Evaluated, Tenth
from aval.service.listing import Brief, ResultRow, ResultsTable
from aval.service.portrait import (
    CardBin,
    Dependence,
    Distance,
    Effect,
    Grouping,
    Happening,
    Identity,
    Leaning,
    ModelCard,
    Party,
    PointsCard,
    Shuffled,
    Trait,
    Weighing,
)

_KEPT: Final = 8
"""Cards kept in memory, the latest read ones."""
_FEATURES: Final = 50


class Cards:
    """The registry's versions under a policy. What never changes of a version is worked out once and kept."""

    def __init__(self, registry: Registry, policy: Policy) -> None:
        """Nothing is read before it is asked for."""
        self._registry, self._policy = registry, policy
        self._known: OrderedDict[str, ModelCard] = OrderedDict()
        self._table: tuple[list[Run], ResultsTable] | None = None
        # MLflow is bound to one place at a time, for the whole process.
        self._lock = Lock()

    def versions(self) -> list[Brief]:
        """Every registered version, the newest first."""
        with self._lock:
            return [_brief(run) for run in self._registry.results() if run.version]

    def card(self, version: str) -> ModelCard:
        """A version by number or alias, as its aliases and its history are now.

        Raises:
            RegistryError: no such version.
            ArtefactError: it is not what was registered.
        """
        with self._lock:
            registered = [run for run in self._registry.results() if run.version]
            found = next((run for run in registered if version in (run.version, *run.aliases)), None)
            if found is None:
                raise RegistryError(f"no version {version!r}", "see the list of versions")
            kept = self._known.pop(found.version, None)
            if kept is None:
                model, number = self._registry.load(found.version)
                kept = made(model, number, self._policy)
            self._known[found.version] = kept
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
            history = tuple(_happening(e) for e in self._registry.history() if e.version == found.version)
        identity = kept.identity.model_copy(update={"aliases": found.aliases, "history": history})
        return kept.model_copy(update={"identity": identity})

    def results(self) -> ResultsTable:
        """Candidates compared, as `aval results` compares them; worked out anew when runs or aliases changed.

        Raises:
            RegistryError: a run's predictions are not those it was judged by.
        """
        with self._lock:
            runs = self._registry.results()
            if self._table is None or self._table[0] != runs:
                found = compare(
                    runs,
                    lambda run: self._registry.files(run, *KEPT),
                    tolerance=self._policy.limits.slope,
                    barred=self._policy.barred,
                )
                self._table = runs, _table(found)
            return self._table[1]


def made(model: Model, version: str, policy: Policy) -> ModelCard:
    """The card of a loaded model, without aliases and history, which change."""
    judged = model.evaluation
    prices = judged.costs
    cost = Cost(prices.accepted_defaulter, prices.refused_payer, prices.review)
    target, probability = model.predictions()
    return ModelCard(
        identity=_identity(model, version),
        evaluation=Evaluated.model_validate(judged),
        curves=Curves(
            roc=XY.model_validate(judged.roc),
            precision_recall=XY.model_validate(judged.precision_recall),
            reliability=tuple(Tenth.model_validate(one) for one in judged.reliability),
            cutoffs=tuple(curve(probability, None, cost, outcomes=target)),
            scores=scores(judged.histogram),
        ),
        importance=_leaning(model),
        fairness=_fairness(model),
        scorecard=_points(model, version, policy),
    )


def _identity(model: Model, version: str) -> Identity:
    facts = model.manifest
    return Identity(
        version=version,
        aliases=(),
        candidate=str(facts["candidate"]),
        plan=str(facts["plan"]["name"]),
        why=str(facts["plan"]["why"]),
        learner=str(facts["learner"]),
        features=len(model.features),
        feature_digest=model.digest,
        grounds=tuple(sorted(model.grounds)),
        size=int(facts["size"]),
        parts=str(facts["parts"]),
        data_fingerprint=str(facts["data_fingerprint"]),
        split=str(facts["split"]),
        rows_development=int(facts["rows"]["development"]),
        rows_test=int(facts["rows"]["test"]),
        trained_at=str(facts["created_at"]),
        policy=str(facts["policy"]["name"]),
        versions={str(name): str(number) for name, number in facts["versions"].items()},
        reproduces=model.reproduces(),
        history=(),
    )


def _happening(event: Event) -> Happening:
    return Happening.model_validate(asdict(event))


def _leaning(model: Model) -> Leaning | None:
    try:
        found = Influence.of(model)
    except RegistryError:
        return None
    return Leaning(
        explained=found.explained,
        rows=found.rows,
        cost=found.cost,
        auc=found.auc,
        themes=tuple(_weighing(name, weight) for name, weight in found.themes.items()),
        tables=tuple(_weighing(name, weight) for name, weight in found.tables.items()),
        features=tuple(_weighing(name, weight) for name, weight in list(found.features.items())[:_FEATURES]),
        dependence=tuple(
            _dependence(name, found.meanings.get(name, Meaning(name, name, "")), bins)
            for name, bins in found.dependence.items()
        ),
    )


def _weighing(name: str, weight: Weight) -> Weighing:
    return Weighing(
        name=name,
        contribution=weight.contribution,
        gain=weight.gain,
        split=weight.split,
        cost=None if weight.cost is None else Shuffled.model_validate(weight.cost),
        auc=None if weight.auc is None else Shuffled.model_validate(weight.auc),
    )


def _dependence(name: str, meaning: Meaning, bins: tuple[Bin, ...]) -> Dependence:
    shown = tuple(Effect(**one._asdict()) for one in bins if one.rows >= FEWEST)
    return Dependence(name=name, fr=meaning.fr, en=meaning.en, unit=meaning.unit, bins=shown)


def _fairness(model: Model) -> tuple[Grouping, ...]:
    return tuple(
        Grouping(
            name=one.name,
            groups=tuple(Party.model_validate(group) for group in one.groups if group.rows >= FEWEST),
            disparities=tuple(Distance.model_validate(gap) for gap in one.disparities),
            four_fifths=one.four_fifths,
        )
        for one in model.fairness.attributes
    )


def _points(model: Model, version: str, policy: Policy) -> PointsCard | None:
    if not isinstance(model.scorer, Scorecard):
        return None
    french, english = Paper.of(model, version, policy, "fr"), Paper.of(model, version, policy, "en")
    scale = model.scorer.scale
    return PointsCard(
        start=model.scorer.start,
        base=scale.base,
        odds=scale.odds,
        double=scale.double,
        verdicts=english.verdicts,
        characteristics=tuple(
            Trait(
                feature=en.feature,
                fr=fr.meaning,
                en=en.meaning,
                reason=en.reason,
                value=en.value,
                bins=tuple(
                    CardBin(fr=one.label, en=two.label, share=two.share, rate=two.rate, woe=two.woe, points=two.points)
                    for one, two in zip(fr.bins, en.bins, strict=True)
                ),
            )
            for fr, en in zip(french.entries, english.entries, strict=True)
        ),
    )


def _brief(run: Run) -> Brief:
    return Brief(
        version=run.version,
        aliases=run.aliases,
        candidate=run.candidate,
        plan=run.plan,
        learner=run.learner,
        features=run.features,
        size=run.size,
        parts=run.parts,
        grounds=run.grounds,
        trained_at=run.started_at,
        data=run.data,
        cost=run.metrics.get("cost"),
        auc=run.metrics.get("auc"),
    )


def _table(found: Results) -> ResultsTable:
    prices = found.first.costs if found.rows else None
    return ResultsTable(
        rows=tuple(_row(row, row.name == found.advice.choose) for row in found.rows),
        rest=tuple(_brief(run) for run in found.rest),
        choose=found.advice.choose,
        advice=found.advice.sentence,
        accept_all=None if prices is None else Span.of(prices.accept_all),
        refuse_all=None if prices is None else Span.of(prices.refuse_all),
    )


def _row(row: Row, chosen: bool) -> ResultRow:
    """As `Row.to_json` tells it, without what only the laboratory compares."""
    told, run = row.to_json(), row.run
    return ResultRow(
        **{name: told[name] for name in ResultRow.model_fields.keys() & told.keys() - {"confusion"}},
        confusion=Counts.model_validate(row.evaluation.confusion),
        version=run.version,
        aliases=run.aliases,
        plan=run.plan,
        learner=run.learner,
        features=run.features,
        size=run.size,
        parts=run.parts,
        grounds=run.grounds,
        chosen=chosen,
    )

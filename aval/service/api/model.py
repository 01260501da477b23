"""Routes about what decides: model, policy, features, words, results, and an applicant beside all."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from aval.errors import DossierInvalid, Erased, Problem, RegistryError, VersionUnknown
from aval.features.build import build
from aval.service.answer import Answer
from aval.service.api.doors import Lang, Reader, The
from aval.service.api.problems import documented, plain
from aval.service.api.state import Service
from aval.service.crowd import Company, Distribution, ScoreBar
from aval.service.inputs import restored
from aval.service.listing import Brief, ResultsTable
from aval.service.log.log import utc
from aval.service.portrait import ModelCard
from aval.service.words import FeatureWord, Words, features, words

router = APIRouter(tags=["read"])

Version = Annotated[str, Field(pattern=r"^([1-9]\d{0,8}|champion|challenger)$", description="A version, or an alias.")]


class ServingAnswer(Answer):
    """A model that decides, or would."""

    version: str
    """Registered version."""
    since: str
    """UTC: when this process took it up."""
    row_ms: float
    """Median time of one row, features aside."""
    features: int
    """How many it looks at."""
    digest: str
    """Digest of its feature set."""
    learner: str
    """What fitted it."""
    fingerprint: str
    """Of the data it was trained on."""


class ModelAnswer(Answer):
    """What decides now."""

    champion: ServingAnswer
    """Decides."""
    challenger: ServingAnswer | None
    """Decides in the shadow, without effect."""
    trouble: str | None
    """Why the registry's wish is not followed; null where all is well."""


@router.get("/model", summary="What decides now", operation_id="get_model", responses=documented())
def model(service: The, _: Reader) -> ModelAnswer:
    """Champion, challenger, and whether the registry is followed."""
    challenger, trouble = service.live.challenger, service.live.trouble
    return ModelAnswer(
        champion=_serving(service.live.champion),
        challenger=None if challenger is None else _serving(challenger),
        trouble=None if trouble is None else plain(trouble.what),
    )


def _serving(serving: Any) -> ServingAnswer:
    found = serving.decider.model
    return ServingAnswer(
        version=serving.version,
        since=serving.since,
        row_ms=round(serving.row_ms, 2),
        features=len(found.features),
        digest=found.digest,
        learner=str(found.manifest.get("learner", "")),
        fingerprint=str(found.manifest.get("data_fingerprint", "")),
    )


class RuleAnswer(Answer):
    """A hard rule."""

    code: str
    """As decisions name it."""
    column: str
    """Raw column of the application."""
    compare: str
    """How it is held against the value."""
    value: float | str
    """What it is held against."""
    verdict: str
    """At least this."""
    sentence: str
    """In the language asked for."""


class PolicyAnswer(Answer):
    """The decision rule in force."""

    name: str
    """As decisions name it."""
    digest: str
    """SHA-256 of its text."""
    approved_by: str
    """Who answers for it."""
    why: str
    """What it is for."""
    valid_from: str
    """First day."""
    valid_until: str | None
    """Last day; null while none is set."""
    in_force: bool
    """Today."""
    costs: dict[str, float]
    """Of a defaulter accepted, a good payer refused, a review."""
    cutoff: float
    """Probability from which it refuses."""
    band: tuple[float, float] | None
    """Probabilities that an officer reviews."""
    points: dict[str, float]
    """Of the display scale."""
    rules: list[RuleAnswer]
    """Hard rules; they may only make a verdict harsher."""
    four_eyes_above: float | None
    """Amount of credit above which an override needs a second officer."""
    motives: dict[str, str]
    """What officers may override for."""
    barred: list[str]
    """Protected grounds no deciding model may look at."""
    random_approvals: float
    """Share approved at random, to learn what refusing hides."""


@router.get("/policy", summary="The decision rule in force", operation_id="get_policy", responses=documented())
def policy(service: The, lang: Lang, _: Reader) -> PolicyAnswer:
    """Costs, cut-off, review band, hard rules, motives."""
    found = service.policy
    return PolicyAnswer(
        name=found.name,
        digest=found.digest,
        approved_by=found.approved_by,
        why=found.why,
        valid_from=found.valid_from.isoformat(),
        valid_until=None if found.valid_until is None else found.valid_until.isoformat(),
        in_force=found.in_force(utc().date()),
        costs={
            "accepted_defaulter": found.cost.accepted_defaulter,
            "refused_payer": found.cost.refused_payer,
            "review": found.cost.review,
        },
        cutoff=found.cutoff,
        band=None if found.band is None else (found.band.low, found.band.high),
        points={"base": found.points.base, "odds": found.points.odds, "double": found.points.double},
        rules=[
            RuleAnswer(
                code=rule.code,
                column=rule.column,
                compare=rule.compare,
                value=rule.value,
                verdict=rule.verdict.value,
                sentence=rule.sentence(lang),
            )
            for rule in found.rules
        ],
        four_eyes_above=found.four_eyes_above,
        motives={code: pair[0 if lang == "fr" else 1] for code, pair in found.motives.items()},
        barred=list(found.barred),
        random_approvals=found.random_approvals,
    )


@router.get("/features", summary="The catalogue of features", operation_id="list_features", responses=documented())
def feature_list(
    service: The, _: Reader, used: Annotated[bool, Query(description="Only those the champion looks at.")] = False
) -> list[FeatureWord]:
    """Name, meaning, unit, theme, table, protected grounds."""
    return [one for one in features(service.live.champion.decider.model) if one.used or not used]


@router.get("/words", summary="Every word that screens need", operation_id="get_words", responses=documented())
def all_words(
    service: The,
    _: Reader,
    lang: Annotated[Literal["fr", "en"] | None, Query(description="Instead of Accept-Language.")] = None,
    spoken: Lang = "fr",
) -> Words:
    """Labels, meanings, units and sentences of one language."""
    return words(lang or spoken, service.policy)


@router.get("/models", summary="Every registered version", operation_id="list_models", responses=documented())
def models(service: The, _: Reader) -> list[Brief]:
    """The newest first."""
    return service.cards.versions()


@router.get("/models/{version}", summary="A version, whole", operation_id="get_model_card", responses=documented(404))
def model_card(version: Version, service: The, _: Reader) -> ModelCard:
    """Identity, evaluation, curves, importance, fairness, scorecard, who promoted it."""
    try:
        return service.cards.card(version)
    except RegistryError:
        if not any(version in (one.version, *one.aliases) for one in service.cards.versions()):
            raise VersionUnknown from None
        raise


@router.get("/results", summary="Candidates compared", operation_id="get_results", responses=documented())
def results(service: The, _: Reader) -> ResultsTable:
    """The table of `aval results`, read from tracking."""
    return service.cards.results()


class DistributionsAnswer(Answer):
    """How features and probabilities are spread."""

    features: list[Distribution]
    """In the order asked for."""
    scores: list[ScoreBar]
    """The probability's own spread on the test part, by outcome."""
    company: Company | None
    """With `decision`: that applicant beside all, and beside similar ones."""


@router.get(
    "/distributions",
    summary="An applicant beside all",
    operation_id="get_distributions",
    responses=documented(404, 410),
)
async def distributions(
    service: The,
    _: Reader,
    name: Annotated[list[str] | None, Query(max_length=40, description="Features, at most 40.")] = None,
    decision: Annotated[
        str | None, Query(pattern=r"^[0-9a-f]{32}$", description="Whose applicant to set beside.")
    ] = None,
) -> DistributionsAnswer:
    """Histograms over the applicants the champion learned from."""
    return await service.working(lambda: _distributions(service, name or [], decision))


def _distributions(service: Service, names: list[str], wanted: str | None) -> DistributionsAnswer:
    decider = service.live.decider()
    if any(name not in decider.model.features for name in names):
        raise DossierInvalid([Problem("query", None, "name", "name|unknown_feature")])
    crowd = service.crowd()
    company = None
    if wanted is not None:
        stored = service.log.decision(wanted)
        if stored.private is None:
            raise Erased(wanted)
        company = crowd.similar(build(restored(stored.private.inputs), decider.features), names)
    return DistributionsAnswer(features=crowd.distributions(names), scores=list(crowd.scores()), company=company)

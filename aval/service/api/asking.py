"""Routes that ask what would be decided otherwise; nothing is logged as a decision."""

import re
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request, Response

from aval.credit.decision import Decision
from aval.credit.reason import Language
from aval.data.dossiers import Dossiers
from aval.errors import DossierInvalid, Erased, Problem
from aval.service import whatif
from aval.service.answer import Answer
from aval.service.api.deciding import Number, given
from aval.service.api.doors import Lang, The, body_of, json_only, may
from aval.service.api.problems import documented
from aval.service.api.state import Service
from aval.service.body import parse
from aval.service.inputs import restored
from aval.service.log.entry import Stored
from aval.service.role import Caller, Right

router = APIRouter(tags=["decide"])


class RequestAnswer(Answer):
    """What is asked of the lender."""

    credit: float
    """Amount of the loan."""
    annuity: float | None
    """Instalment per month."""
    goods_price: float | None
    """Price of the goods."""
    term_months: int | None
    """Implied term; null where none is plausible."""
    rate: float | None
    """Implied rate per month."""


class OutcomeAnswer(Answer):
    """What would be decided; nothing is logged as a decision."""

    verdict: str
    """`approve`, `refer` or `decline`."""
    word: str
    """In the language asked for."""
    probability: float
    """Calibrated probability of default."""
    points: int
    """On the policy's scale."""
    request: RequestAnswer
    """What is asked."""


class AlternativeAnswer(Answer):
    """Before and after."""

    before: OutcomeAnswer
    """As it was sent."""
    after: OutcomeAnswer
    """With the changes."""
    cutoff: float
    """Probability from which the policy refuses."""
    model: str
    """Registered version."""
    policy: str
    """Name of the decision rule."""


class OfferAnswer(Answer):
    """The smallest change of one lever that would be approved."""

    lever: str
    """`credit`, `term_months` or `down_payment`."""
    value: float
    """The lever's new value."""
    relative_change: float
    """0.1 is a tenth."""
    outcome: OutcomeAnswer
    """What would be decided: approve."""


class SearchedAnswer(Answer):
    """How one lever was searched."""

    lever: str
    """`credit`, `term_months` or `down_payment`."""
    obstacle: str | None
    """Why it could not be; words in `/words`."""
    values: int
    """How many of its values were decided."""
    reach: float
    """Relative change of the furthest of them."""


class CounterfactualAnswer(Answer):
    """What would be approved."""

    approved: bool
    """Whether the application is approved as it stands."""
    nearest: OfferAnswer | None
    """The least relative change of all levers; null for none."""
    offers: list[OfferAnswer]
    """At most one for each lever."""
    searched: list[SearchedAnswer]
    """How each lever was searched."""


@router.post(
    "/what-if",
    summary="What would be decided of another request",
    description="A dossier (or the number of a decision, or an applicant's) and changes to what may be changed: "
    "nothing is logged as a decision.",
    response_model=AlternativeAnswer,
    responses=documented(404, 408, 410, 415),
    openapi_extra=body_of("WhatIf"),
)
async def what_if(request: Request, service: The, lang: Lang, _: Annotated[Caller, may(Right.WHAT_IF)]) -> Response:
    """Before and after."""
    json_only(request)
    body = await request.body()
    answer = await service.working(lambda: _what_if(service, body, lang))
    return Response(answer.model_dump_json(), media_type="application/json")


def _what_if(service: Service, body: bytes, lang: Language) -> AlternativeAnswer:
    said = parse(body, depth=9)
    if not isinstance(said, dict) or "changes" not in said:
        raise DossierInvalid([Problem("request", None, "changes", "changes|missing")])
    rest = {name: value for name, value in said.items() if name != "changes"}
    changes = _changes(said["changes"])
    if set(rest) == {"decision"}:
        wanted = rest["decision"]
        if not isinstance(wanted, str) or not _NUMBER.fullmatch(wanted):
            raise DossierInvalid([Problem("request", None, "decision", "decision|number")])
        stored = service.log.decision(wanted)
        dossiers = _inputs(stored)
    elif set(rest) == {"dossier"}:
        dossiers = given(service, rest["dossier"])
    elif set(rest) == {"applicant_id"}:
        dossiers = given(service, rest)
    else:
        raise DossierInvalid([Problem("request", None, None, "dossier|one_of_dossier_decision_applicant_id")])
    decider = service.live.decider()
    found = whatif.what_if(decider, dossiers, changes)
    return AlternativeAnswer(
        before=_outcome(found.before, found.asked, lang),
        after=_outcome(found.after, found.request, lang),
        cutoff=decider.policy.cutoff,
        model=decider.version,
        policy=decider.policy.name,
    )


def _inputs(stored: Stored) -> Dossiers:
    if stored.private is None:
        raise Erased(stored.id)
    return restored(stored.private.inputs)


_NUMBER: Final = re.compile("[0-9a-f]{32}")
_LEVERS: Final = ("credit", "term_months", "down_payment")
_RAW: Final = ("AMT_CREDIT", "AMT_ANNUITY", "AMT_GOODS_PRICE")


def _changes(said: object) -> whatif.Change:
    if not isinstance(said, dict):
        raise DossierInvalid([Problem("changes", None, None, "changes|dtype")])
    problems = []
    for name, value in said.items():
        if name not in (*_LEVERS, *_RAW):
            problems.append(Problem("changes", None, None, "changes|unknown"))
        elif isinstance(value, bool) or not isinstance(value, int | float):
            problems.append(Problem("changes", None, name, f"{name}|dtype"))
    if problems:
        raise DossierInvalid(problems)
    levers: dict[str, Any] = {name: said[name] for name in _LEVERS if name in said}
    return whatif.Change(**levers, raw={name: float(said[name]) for name in _RAW if name in said})


def _outcome(decision: Decision, asked: whatif.Request, lang: Language) -> OutcomeAnswer:
    return OutcomeAnswer(
        verdict=decision.verdict.value,
        word=decision.verdict.word(lang),
        probability=decision.probability,
        points=decision.points,
        request=RequestAnswer(
            credit=asked.credit,
            annuity=asked.annuity,
            goods_price=asked.goods_price,
            term_months=asked.term_months,
            rate=asked.rate,
        ),
    )


@router.get("/counterfactual/{decision}", summary="What would be approved", responses=documented(404, 410))
async def counterfactual(
    decision: Number, service: The, lang: Lang, _: Annotated[Caller, may(Right.WHAT_IF)]
) -> CounterfactualAnswer:
    """The smallest change of credit amount, term or down payment that would be approved by the model of now."""
    return await service.working(lambda: _counterfactual(service, decision, lang))


def _counterfactual(service: Service, wanted: str, lang: Language) -> CounterfactualAnswer:
    dossiers = _inputs(service.log.decision(wanted))
    found = whatif.counterfactual(service.live.decider(), dossiers)
    offers = {offer.lever: _offer(offer, lang) for offer in found.offers}
    return CounterfactualAnswer(
        approved=found.approved,
        nearest=None if found.nearest is None else offers[found.nearest.lever],
        offers=list(offers.values()),
        searched=[
            SearchedAnswer(
                lever=one.lever.value,
                obstacle=None if one.obstacle is None else one.obstacle.value,
                values=one.values,
                reach=one.reach,
            )
            for one in found.searched
        ],
    )


def _offer(offer: whatif.Offer, lang: Language) -> OfferAnswer:
    return OfferAnswer(
        lever=offer.lever.value,
        value=offer.value,
        relative_change=offer.relative_change,
        outcome=_outcome(offer.decision, offer.request, lang),
    )

"""What would be decided of another request, and the smallest change of the request that would be approved.

An officer may offer three things. An application states an amount C, an instalment A a month and a price G of the
goods; its term n and monthly rate r are implied: n is the shortest plausible term (`features.price`), r the root of
A = C r / (1 - (1 + r)^-n).

- down payment d: the applicant pays d of the price. C and A become (G - d) / G of what they were, G stays.
- credit C': the same price of money over the same term, and less is bought: A and G become C' / C of what they were.
- term n': A becomes C r / (1 - (1 + r)^-n'), the rest stays.

Together they are applied in this order. Every amount that a lever works out is rounded to the cent at once: what is
shown is what is decided.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import numpy as np
import polars as pl

from aval.credit.application import Application
from aval.credit.decision import Decision, Verdict
from aval.data.dossiers import Dossiers, marked
from aval.data.tables import KEY, columns
from aval.errors import ChangeInvalid, Said
from aval.features.build import build
from aval.features.feature import FeatureSet
from aval.features.price import LOWEST_RATE, TERMS
from aval.service.decide import Decider

CREDIT: Final = "AMT_CREDIT"
ANNUITY: Final = "AMT_ANNUITY"
PRICE: Final = "AMT_GOODS_PRICE"
ACTIONABLE: Final = (CREDIT, ANNUITY, PRICE)
"""The raw values an officer may change: a request is nothing else."""
REVOLVING: Final = "Revolving loans"
LONGEST: Final = 84
"""The longest term offered, in months."""
STEPS: Final = 1000
"""Into how many steps the search cuts a credit or a price."""
FURTHEST: Final = 900
"""How many of those steps it may take away."""
_CHUNK, _LARGEST = 64, 512
_SECTIONS: Final = 64
"""Into how many parts a stretch between two points of the grid is cut, again and again."""
_CONTRACT: Final = "NAME_CONTRACT_TYPE"


class Lever(StrEnum):
    """What an officer may offer; where two offers are equally near, the first of these is the nearest."""

    CREDIT = "credit"
    TERM = "term_months"
    DOWN_PAYMENT = "down_payment"


class Obstacle(StrEnum):
    """Why a lever cannot be offered for an application."""

    REVOLVING = "revolving"
    NO_CREDIT = "no_credit"
    NO_TERM = "no_term"
    NO_PRICE = "no_price"


_OBSTACLES: Final = {
    Obstacle.REVOLVING: (Said("a revolving loan has neither term nor price"), Said("move the credit instead")),
    Obstacle.NO_CREDIT: (Said("the application asks for no amount"), Said("set AMT_CREDIT first")),
    Obstacle.NO_TERM: (
        Said("no plausible term follows from the instalment"),
        Said("set AMT_ANNUITY or move another lever"),
    ),
    Obstacle.NO_PRICE: (
        Said("the application states no price of goods"),
        Said("set AMT_GOODS_PRICE or move another lever"),
    ),
}


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be different: raw values first, as given, then the levers from there."""

    credit: float | None = None
    """Another amount, in currency units."""
    term_months: int | None = None
    down_payment: float | None = None
    """Paid by the applicant towards the goods, in currency units."""
    raw: Mapping[str, float] = field(default_factory=dict)
    """New values of `ACTIONABLE` columns."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for: amounts in currency units, the implied term and monthly rate, None where unknown."""

    credit: float
    annuity: float | None
    goods_price: float | None
    term_months: int | None
    rate: float | None
    revolving: bool = False

    @classmethod
    def of(cls, dossiers: Dossiers) -> "Request":
        """The request of the one application there. Raises: ChangeInvalid."""
        if len(dossiers) != 1:
            raise ChangeInvalid(Said("the dossiers"), "they hold more or less than one application", "give exactly one")
        row = dossiers.tables["application"].select(_CONTRACT, *ACTIONABLE).row(0, named=True)
        return _request(row[CREDIT], row[ANNUITY], row[PRICE], revolving=row[_CONTRACT] == REVOLVING)

    @property
    def amounts(self) -> dict[str, float | None]:
        """The raw columns, under their names."""
        return {CREDIT: self.credit, ANNUITY: self.annuity, PRICE: self.goods_price}

    def obstacle(self, lever: Lever) -> Obstacle | None:
        """Why this lever cannot be moved, None when it can."""
        if self.credit <= 0:
            return Obstacle.NO_CREDIT
        if lever is Lever.CREDIT:
            return None
        if self.revolving:
            return Obstacle.REVOLVING
        if lever is Lever.TERM:
            return None if self.term_months else Obstacle.NO_TERM
        return None if self.goods_price else Obstacle.NO_PRICE

    def moved(self, lever: Lever, value: float) -> "Request":
        """With one lever moved.

        Raises:
            ChangeInvalid: the lever cannot be moved here, or not to this value.
        """
        if obstacle := self.obstacle(lever):
            raise ChangeInvalid(lever, *_OBSTACLES[obstacle])
        if lever is Lever.CREDIT:
            return self._credit(value)
        return self._term(value) if lever is Lever.TERM else self._down_payment(value)

    def distance(self, lever: Lever, value: float) -> float:
        """How far a lever would be moved, relative to the request: |C' - C| / C, |n' - n| / n or d / G."""
        start = {Lever.CREDIT: self.credit, Lever.TERM: self.term_months, Lever.DOWN_PAYMENT: self.goods_price}[lever]
        assert start  # no lever is moved before `obstacle` was asked
        return (value if lever is Lever.DOWN_PAYMENT else abs(value - start)) / start

    def _credit(self, credit: float) -> "Request":
        credit = round(credit, 2)
        if not credit > 0:
            raise ChangeInvalid(Lever.CREDIT, "not an amount that can be lent", "give more than 0")
        share = credit / self.credit
        price = None if self.goods_price is None else round(self.goods_price * share, 2)
        return replace(self, credit=credit, annuity=self._scaled(share), goods_price=price)

    def _term(self, months: float) -> "Request":
        if not 1 <= months <= LONGEST or months != int(months):
            raise ChangeInvalid(
                Lever.TERM, "not a term that is offered", Said("give whole months from 1 to {longest}", longest=LONGEST)
            )
        assert self.rate
        annuity = round(instalment(self.credit, self.rate, int(months)), 2)
        return replace(self, annuity=annuity, term_months=int(months))

    def _down_payment(self, paid: float) -> "Request":
        assert self.goods_price
        share = (self.goods_price - round(paid, 2)) / self.goods_price
        credit = round(self.credit * share, 2)
        if not (paid >= 0 and credit > 0):
            raise ChangeInvalid(Lever.DOWN_PAYMENT, "not a part of the price", "give 0 or more, below the price")
        return replace(self, credit=credit, annuity=self._scaled(share))

    def _scaled(self, share: float) -> float | None:
        return None if self.annuity is None else round(self.annuity * share, 2)


def _request(credit: float, annuity: float | None, price: float | None, *, revolving: bool) -> Request:
    months = None if revolving else implied_term(credit, annuity)
    rate = None if months is None or annuity is None else implied_rate(credit, annuity, months)
    return Request(credit, annuity, price, months, rate, revolving)


def instalment(credit: float, rate: float, months: int) -> float:
    """The level instalment that pays a credit off in so many months at a monthly rate above 0."""
    return credit * rate / -math.expm1(-months * math.log1p(rate))


def implied_term(credit: float, annuity: float | None) -> int | None:
    """The shortest plausible term in months (RECIPES R3a), None where there is none."""
    if not annuity or credit <= 0:
        return None
    quota = math.log(annuity / credit)
    return next((n for n in TERMS if math.expm1((quota + math.log(n)) * 12 / n) > LOWEST_RATE), None)


def implied_rate(credit: float, annuity: float, months: int) -> float:
    """The monthly rate at which `annuity` pays `credit` off in `months`; they must add up to more than it.

    By bisection down to neighbouring floats: the instalment grows with the rate, from credit / months at 0 to more
    than `annuity` at annuity / credit.
    """
    low, high = 0.0, annuity / credit
    while low < (middle := (low + high) / 2) < high:
        if instalment(credit, middle, months) < annuity:
            low = middle
        else:
            high = middle
    return high


def requested(dossiers: Dossiers, change: Change) -> Request:
    """The changed request of the one application there. Raises: ChangeInvalid."""
    request = Request.of(dossiers)
    for name, value in change.raw.items():
        if name not in ACTIONABLE:
            raise ChangeInvalid(
                "raw",
                "it names a column that no officer may change",
                Said("use {columns}", columns=", ".join(ACTIONABLE)),
            )
        _hold(name, value)
    if change.raw:
        amounts = {**request.amounts, **change.raw}
        credit = amounts[CREDIT]
        assert credit is not None
        request = _request(credit, amounts[ANNUITY], amounts[PRICE], revolving=request.revolving)
    moves = (
        (Lever.DOWN_PAYMENT, change.down_payment),
        (Lever.CREDIT, change.credit),
        (Lever.TERM, change.term_months),
    )
    for lever, wanted in moves:
        if wanted is not None:
            request = request.moved(lever, wanted)
    for name, amount in request.amounts.items():
        if amount is not None:
            _hold(name, amount)
    return request


def _hold(name: str, value: float) -> None:
    """Raises ChangeInvalid for what the contract of applications does not allow."""
    column = columns("application")[name]
    low, high = column.minimum or 0.0, column.maximum or math.inf
    if not low <= value <= high:
        raise ChangeInvalid(
            name,
            "it would lie outside the contract",
            Said("keep it within {low:.0f} to {high:.0f}", low=low, high=high),
        )


def changed(dossiers: Dossiers, change: Change) -> Dossiers:
    """The dossiers of one applicant who asks for something else; histories and everything else stay.

    Raises:
        ChangeInvalid: a lever cannot be moved so, or a raw value lies outside the contract.
    """
    return _with(dossiers, requested(dossiers, change))


def _with(dossiers: Dossiers, request: Request) -> Dossiers:
    amounts = [pl.Series(name, [amount], dtype=pl.Float64) for name, amount in request.amounts.items()]
    application = marked(dossiers.tables["application"].with_columns(amounts))
    return Dossiers(MappingProxyType({**dossiers.tables, "application": application}), dossiers.absent)


@dataclass(frozen=True, slots=True)
class Alternative:
    """A decision beside that on another request; nothing of it is a decision on record."""

    before: Decision
    after: Decision
    asked: Request
    """As the application has it."""
    request: Request
    """As it was changed."""


def what_if(decider: Decider, dossiers: Dossiers, change: Change) -> Alternative:
    """What would be decided of one applicant who asks for something else. Raises: ChangeInvalid."""
    request = requested(dossiers, change)
    (before,) = decider.decide(dossiers)
    (after,) = decider.decide(_with(dossiers, request))
    return Alternative(before, after, Request.of(dossiers), request)


@dataclass(frozen=True, slots=True)
class Offer:
    """A change of one lever that would be approved, as decided again."""

    lever: Lever
    value: float
    """Of the lever: an amount in whole currency units, or months."""
    relative_change: float
    request: Request
    decision: Decision

    @property
    def change(self) -> Change:
        """What to give to `what_if` to see it."""
        return _change(self.lever, self.value)


@dataclass(frozen=True, slots=True)
class Searched:
    """How one lever was searched."""

    lever: Lever
    obstacle: Obstacle | None
    values: int
    """How many values of it were decided."""
    reach: float
    """Relative change of the furthest of them."""


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """The least that would have to change; where the request is approved as it is, nothing was searched."""

    decision: Decision
    """On the request as it is."""
    nearest: Offer | None
    offers: tuple[Offer, ...]
    """At most one a lever, the nearest first."""
    searched: tuple[Searched, ...]

    @property
    def approved(self) -> bool:
        """Whether no change is needed."""
        return self.decision.verdict is Verdict.APPROVE


def counterfactual(decider: Decider, dossiers: Dossiers, *, chunk: int = _CHUNK) -> Counterfactual:
    """The smallest change of each lever that would be approved: every value below it on the grid is not.

    The grid is every 0.1 % of the credit or of the price, to 90 %, in whole currency units, and every month to 84.
    Between its last point that is not approved and its first that is, the search goes down to the currency unit.
    Trees are not monotone in a lever: an approval between two neighbouring points that are not approved is not seen.
    `chunk` values are decided together at first, then more; the answer does not depend on it.

    Raises:
        ChangeInvalid: there is not exactly one application.
    """
    request = Request.of(dossiers)
    (decision,) = decider.decide(dossiers)
    if decision.verdict is Verdict.APPROVE:
        return Counterfactual(decision, None, (), ())
    trial = _Trial(decider, dossiers)
    offers, searched = [], []
    for lever in Lever:
        if obstacle := request.obstacle(lever):
            searched.append(Searched(lever, obstacle, 0, 0.0))
            continue
        search = _Search(trial, request, lever, chunk)
        value = search.run()
        searched.append(Searched(lever, None, search.values, search.reach))
        if value is not None and (offer := _offer(decider, dossiers, request, lever, value)):
            offers.append(offer)
    offers.sort(key=lambda offer: offer.relative_change)  # stable: ties stay in the order of the levers
    return Counterfactual(decision, offers[0] if offers else None, tuple(offers), tuple(searched))


def _offer(decider: Decider, dossiers: Dossiers, request: Request, lever: Lever, value: float) -> Offer | None:
    """What was found, decided again as any application is; None should that not approve."""
    other = requested(dossiers, _change(lever, value))
    (decision,) = decider.decide(_with(dossiers, other))
    if decision.verdict is not Verdict.APPROVE:
        return None
    return Offer(lever, value, request.distance(lever, value), other, decision)


def _change(lever: Lever, value: float) -> Change:
    if lever is Lever.TERM:
        return Change(term_months=int(value))
    return Change(credit=value) if lever is Lever.CREDIT else Change(down_payment=value)


class _Trial:
    """Many requests of one applicant, decided together.

    Only the features that read the request are built for each; the others are built once.
    """

    def __init__(self, decider: Decider, dossiers: Dossiers) -> None:
        self._decider, self._dossiers = decider, dossiers
        self._features = _moving(decider.features)
        self._row = build(dossiers, decider.features)
        read = {KEY, *(rule.column for rule in decider.policy.rules)}
        self._facts = dossiers.tables["application"].select(read).row(0, named=True)

    def approved(self, requests: Sequence[Request]) -> list[bool]:
        """Whether each would be approved."""
        policy, model = self._decider.policy, self._decider.model
        frame = self._row[[0] * len(requests)].with_columns(build(self._copies(requests), self._features).drop(KEY))
        probabilities = model.probability(model.matrix(frame)).tolist()
        # Under the applicant's own id: approvals at random hash it.
        asked = [Application(self._facts[KEY], {**self._facts, **request.amounts}) for request in requests]
        verdicts = [policy.verdict(*one)[0] for one in zip(probabilities, asked, strict=True)]
        return [verdict is Verdict.APPROVE for verdict in verdicts]

    def _copies(self, requests: Sequence[Request]) -> Dossiers:
        """As many applicants as requests, under running ids, each with all histories."""
        ids = np.arange(1, len(requests) + 1)
        tables = {}
        for table, frame in self._dossiers.tables.items():
            copies = frame[np.tile(np.arange(frame.height), len(requests))]
            tables[table] = copies.with_columns(pl.Series(KEY, np.repeat(ids, frame.height)))
        amounts = [
            pl.Series(name, [request.amounts[name] for request in requests], dtype=pl.Float64) for name in ACTIONABLE
        ]
        tables["application"] = tables["application"].with_columns(amounts)
        copied = {table: marked(frame) for table, frame in tables.items()}
        return Dossiers(MappingProxyType(copied), self._dossiers.absent)


@lru_cache(maxsize=8)
def _moving(features: FeatureSet) -> FeatureSet:
    """Those that read what a request can change."""
    request = {f"application.{name}" for name in ACTIONABLE}
    return FeatureSet(feature for feature in features if feature.reads & request)


class _Search:
    """The first value of one lever, going away from the request, that would be approved."""

    def __init__(self, trial: _Trial, request: Request, lever: Lever, chunk: int) -> None:
        self._trial, self._request, self._lever, self._chunk = trial, request, lever, chunk
        self.values, self.reach = 0, 0.0

    def run(self) -> float | None:
        """A whole number: currency units or months. None when no value of the grid is approved."""
        start, grid = _grid(self._request, self._lever)
        found = self._first(grid)
        if found is None:
            return None
        near, far = (grid[found - 1] if found else start), grid[found]
        away = 1 if far > near else -1
        while between := range(near + away, far, away):
            step = -(-len(between) // _SECTIONS)
            points = between[step - 1 :: step]
            found = self._first(points)
            if found is None:
                near = points[-1]
            else:
                near, far = (points[found - 1] if found else near), points[found]
        return float(far)

    def _first(self, values: Sequence[int]) -> int | None:
        """Where the first approved value stands."""
        start, size = 0, self._chunk
        while part := values[start : start + size]:
            approved = self._trial.approved([self._request.moved(self._lever, value) for value in part])
            self.values += len(part)
            self.reach = max(self.reach, self._request.distance(self._lever, part[-1]))
            if True in approved:
                return start + approved.index(True)
            start, size = start + len(part), max(size, min(2 * size, _LARGEST))
        return None


def _grid(request: Request, lever: Lever) -> tuple[int, Sequence[int]]:
    """Where a lever stands, as a whole number, and the values to try, the smallest change first."""
    if lever is Lever.TERM:
        assert request.term_months
        return request.term_months, range(request.term_months + 1, LONGEST + 1)
    if lever is Lever.CREDIT:
        values = [math.floor(request.credit * (STEPS - step) / STEPS) for step in range(1, FURTHEST + 1)]
        return math.ceil(request.credit), [value for value in dict.fromkeys(values) if value > 0]
    assert request.goods_price
    values = [math.ceil(request.goods_price * step / STEPS) for step in range(1, FURTHEST + 1)]
    most = request.goods_price * (1 - 0.01 / request.credit)  # a cent is left to lend
    return 0, [value for value in dict.fromkeys(values) if value <= most]

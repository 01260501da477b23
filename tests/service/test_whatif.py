"""Another request: the levers by hand, the search beside brute force, and sentences without amounts."""

import math
import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import MappingProxyType

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aval.credit.application import Application
from aval.credit.decision import Verdict
from aval.credit.policy import Policy, Rule
from aval.credit.reason import Explain
from aval.data.dossiers import Dossiers
from aval.data.warehouse import Warehouse
from aval.errors import ChangeInvalid
from aval.features.build import build
from aval.features.feature import FeatureSet
from aval.features.price import TERMS
from aval.model.registry import Registry
from aval.service.decide import Decider
from aval.service.whatif import (
    ACTIONABLE,
    LONGEST,
    Change,
    Counterfactual,
    Lever,
    Obstacle,
    Offer,
    Request,
    changed,
    counterfactual,
    implied_rate,
    implied_term,
    instalment,
    requested,
    what_if,
)
from aval.settings import ROOT

APPLICANTS = 50
FINE = 2000
"""Steps of the brute force: 0.05 %, twice as fine as the search."""
LONG = os.environ.get("AVAL_LAWS") == "long"


@pytest.fixture(scope="module")
def decider(home: Path) -> Decider:
    model, version = Registry("", home).champion()
    return Decider(model, str(version), Policy.load(ROOT / "policies" / "2026-11-24.toml"), on=date(2026, 11, 24))


@pytest.fixture(scope="module")
def some(home: Path) -> Dossiers:
    warehouse = Warehouse.open(home / "warehouse")
    return warehouse.dossiers(warehouse.ids[:400])


@pytest.fixture(scope="module")
def refused(decider: Decider, some: Dossiers) -> list[Dossiers]:
    """Half of them referred, so near an approval, and half declined."""
    decisions = decider.decide(some, Explain.NONE)
    half = APPLICANTS // 2
    ids = [
        one.applicant_id
        for verdict in (Verdict.REFER, Verdict.DECLINE)
        for one in [one for one in decisions if one.verdict is verdict][:half]
    ]
    assert len(ids) == APPLICANTS
    return [some.select([applicant]) for applicant in ids]


@pytest.fixture(scope="module")
def found(decider: Decider, refused: list[Dossiers]) -> list[Counterfactual]:
    return [counterfactual(decider, one) for one in refused]


@pytest.fixture(scope="module")
def approved(decider: Decider, some: Dossiers) -> Dossiers:
    decision = next(d for d in decider.decide(some, Explain.NONE) if d.verdict is Verdict.APPROVE)
    return some.select([decision.applicant_id])


def asking(some: Dossiers, **values: float | str | None) -> Dossiers:
    """The first applicant, with other values in the application."""
    first = some.select(some.ids[:1])
    frame = first.tables["application"]
    cells = [pl.Series(name, [value], dtype=frame.schema[name]) for name, value in values.items()]
    return Dossiers(MappingProxyType({**first.tables, "application": frame.with_columns(cells)}), first.absent)


@pytest.fixture(scope="module")
def by_hand(some: Dossiers) -> Dossiers:
    """120,000 at 2 % a month over 12 months: 120,000 x 0.02 / (1 - 1.02^-12) = 2,400 / 0.2115068 = 11,347.15.

    12 is the shortest plausible term: 6 x 11,347.15 is less than the credit, 12 x 11,347.15 is 13 % more.
    """
    return asking(some, NAME_CONTRACT_TYPE="Cash loans", AMT_CREDIT=120e3, AMT_ANNUITY=11347.15, AMT_GOODS_PRICE=100e3)


def amounts(dossiers: Dossiers) -> tuple[float | None, ...]:
    return dossiers.tables["application"].select(ACTIONABLE).row(0)


def test_the_request_as_it_is(by_hand: Dossiers) -> None:
    asked = Request.of(by_hand)
    assert (asked.credit, asked.annuity, asked.goods_price, asked.term_months) == (120e3, 11347.15, 100e3, 12)
    assert asked.rate == pytest.approx(0.02, abs=1e-7)  # the instalment was rounded to the cent


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        # Three quarters: 11,347.15 x 0.75 = 8,510.3625.
        (Change(credit=90e3), (90e3, 8510.36, 75e3)),
        # 2,400 / (1 - 1.02^-24) = 2,400 / 0.3782785 = 6,344.53.
        (Change(term_months=24), (120e3, 6344.53, 100e3)),
        # A quarter of the price is paid: three quarters are lent, and as much is bought.
        (Change(down_payment=25e3), (90e3, 8510.36, 100e3)),
        # Then 60,000 instead of 90,000: 100,000 x 2 / 3; 1,200 / 0.3782785 = 3,172.27 over 24 months.
        (Change(credit=60e3, term_months=24, down_payment=25e3), (60e3, 3172.27, 66666.67)),
        (Change(raw={"AMT_ANNUITY": 9000.125}), (120e3, 9000.125, 100e3)),
        # Raw values first: a quarter of 240,000 is a quarter of the instalment and the price; 2,836.7875.
        (Change(credit=60e3, raw={"AMT_CREDIT": 240e3}), (60e3, 2836.79, 25e3)),
        (Change(credit=89999.999), (90e3, 8510.36, 75e3)),
        (Change(), (120e3, 11347.15, 100e3)),
        (Change(term_months=12), (120e3, 11347.15, 100e3)),
    ],
)
def test_levers_by_hand(by_hand: Dossiers, change: Change, wanted: tuple[float, ...]) -> None:
    after = changed(by_hand, change)
    assert amounts(after) == pytest.approx(wanted, abs=1e-9)
    assert tuple(requested(by_hand, change).amounts.values()) == amounts(after)  # shown is decided
    for table, frame in by_hand.tables.items():
        assert after.tables[table].drop(ACTIONABLE, strict=False).equals(frame.drop(ACTIONABLE, strict=False))


def test_a_request_remembers_the_term_it_was_given(by_hand: Dossiers) -> None:
    request = requested(by_hand, Change(term_months=23, credit=50e3))
    assert (request.term_months, request.rate) == (23, Request.of(by_hand).rate)


def test_the_implied_term_is_the_feature_the_model_sees(some: Dossiers) -> None:
    name = "application_implied_months_min"
    seen = build(some, FeatureSet.named([name]))[name].to_list()
    columns = some.tables["application"].select("AMT_CREDIT", "AMT_ANNUITY").rows()
    assert [implied_term(credit, annuity) for credit, annuity in columns] == seen
    assert len(set(seen)) > 4


@given(credit=st.floats(100, 1e8), rate=st.floats(1e-4, 1.0), months=st.integers(2, LONGEST))
def test_rate_and_instalment_are_inverse(credit: float, rate: float, months: int) -> None:
    assert implied_rate(credit, instalment(credit, rate, months), months) == pytest.approx(rate, rel=1e-8)


@given(credit=st.floats(1000, 1e7), rate=st.floats(1e-3, 0.1), months=st.sampled_from(TERMS), share=st.floats(0.1, 2))
def test_a_smaller_or_larger_credit_keeps_the_implied_term(
    credit: float, rate: float, months: int, share: float
) -> None:
    annuity = instalment(credit, rate, months)
    implied = implied_term(credit, annuity)
    assume(implied is not None)
    assert implied is not None
    asked = Request(credit, annuity, None, implied, implied_rate(credit, annuity, implied))
    other = asked.moved(Lever.CREDIT, credit * share)
    assert other.annuity is not None
    assert (other.term_months, other.rate) == (asked.term_months, asked.rate)
    # A cent of rounding may not decide which term is plausible.
    assume(implied_term(other.credit, other.annuity - 0.01) == implied_term(other.credit, other.annuity + 0.01))
    assert implied_term(other.credit, other.annuity) == implied


@given(credit=st.floats(1000, 1e7), quota=st.floats(0.02, 0.3), months=st.integers(1, LONGEST - 1))
def test_a_longer_term_costs_less_a_month_and_more_in_all(credit: float, quota: float, months: int) -> None:
    annuity = credit * quota
    implied = implied_term(credit, annuity)
    assume(implied is not None)
    assert implied is not None
    asked = Request(credit, annuity, None, implied, implied_rate(credit, annuity, implied))
    shorter = asked.moved(Lever.TERM, months).annuity
    longer = asked.moved(Lever.TERM, months + 1).annuity
    assert shorter is not None
    assert longer is not None
    assert longer <= shorter
    assert longer * (months + 1) > shorter * months - 0.01 * (months + 1)  # each is rounded to the cent


@pytest.mark.parametrize(
    ("values", "change", "said"),
    [
        ({"AMT_ANNUITY": None}, Change(term_months=24), "term_months: no plausible term"),
        ({"AMT_ANNUITY": 7739.11}, Change(term_months=24), "term_months: no plausible term"),
        ({"AMT_GOODS_PRICE": None}, Change(down_payment=1.0), "down_payment: the application states no price"),
        ({"NAME_CONTRACT_TYPE": "Revolving loans"}, Change(term_months=24), "term_months: a revolving loan"),
        ({"NAME_CONTRACT_TYPE": "Revolving loans"}, Change(down_payment=1.0), "down_payment: a revolving loan"),
        ({"AMT_CREDIT": 0.0}, Change(credit=1.0), "credit: the application asks for no amount"),
        ({}, Change(credit=0.0), "credit: not an amount"),
        ({}, Change(credit=math.nan), "credit: not an amount"),
        ({}, Change(credit=math.inf), "AMT_CREDIT: it would lie outside the contract"),
        ({}, Change(credit=2e10), "AMT_CREDIT: it would lie outside the contract"),
        ({}, Change(term_months=0), "term_months: not a term"),
        ({}, Change(term_months=LONGEST + 1), "term_months: not a term"),
        ({}, Change(down_payment=-1.0), "down_payment: not a part of the price"),
        ({}, Change(down_payment=773911.0), "down_payment: not a part of the price"),
        ({}, Change(down_payment=math.nan), "down_payment: not a part of the price"),
        ({}, Change(raw={"AMT_CREDIT": -1.0}), "AMT_CREDIT: it would lie outside the contract"),
        ({}, Change(raw={"AMT_ANNUITY": math.nan}), "AMT_ANNUITY: it would lie outside the contract"),
        ({}, Change(raw={"AMT_INCOME_TOTAL": 773911.0}), "raw: it names a column"),
    ],
)
def test_what_cannot_be_changed_is_said_without_an_amount(
    some: Dossiers, values: dict[str, float | str | None], change: Change, said: str
) -> None:
    marker = {"AMT_CREDIT": 773911.0, "AMT_ANNUITY": 77391.1, "AMT_GOODS_PRICE": 773911.0}
    dossiers = asking(some, **{"NAME_CONTRACT_TYPE": "Cash loans", **marker, **values})
    with pytest.raises(ChangeInvalid) as problem:
        changed(dossiers, change)
    assert str(problem.value).startswith(said)
    assert "7739" not in str(problem.value)
    assert str(dossiers.ids[0]) not in str(problem.value)


def test_a_change_is_of_one_applicant(some: Dossiers) -> None:
    with pytest.raises(ChangeInvalid, match="more or less than one application"):
        changed(some, Change(credit=1.0))


def test_an_unknown_instalment_stays_unknown(some: Dossiers) -> None:
    dossiers = asking(some, AMT_CREDIT=100e3, AMT_ANNUITY=None, AMT_GOODS_PRICE=None)
    assert amounts(changed(dossiers, Change(credit=50e3))) == (50e3, None, None)


def test_no_change_changes_nothing(decider: Decider, refused: list[Dossiers]) -> None:
    for dossiers in refused[::10]:
        alternative = what_if(decider, dossiers, Change())
        assert alternative.before == alternative.after == decider.decide(dossiers)[0]
        assert alternative.asked == alternative.request


def test_the_decision_follows_the_change(decider: Decider, refused: list[Dossiers]) -> None:
    alternative = what_if(decider, refused[0], Change(credit=4e6))
    assert alternative.before == decider.decide(refused[0])[0]
    assert "LARGE_CREDIT" in {*alternative.after.rules} or alternative.after.verdict is Verdict.DECLINE
    assert alternative.after.probability != alternative.before.probability
    assert alternative.request.credit == 4e6
    assert alternative.asked == Request.of(refused[0])


def brute(decider: Decider, dossiers: Dossiers, requests: Sequence[Request]) -> list[bool]:
    """Whether each would be approved: whole dossiers side by side through the whole pipeline."""
    hits: list[bool] = []
    application = dossiers.tables["application"]
    for start in range(0, len(requests), 1000):
        part = requests[start : start + 1000]
        ids = np.arange(1, len(part) + 1)
        tables = {
            table: frame[np.tile(np.arange(frame.height), len(part))].with_columns(
                pl.Series("SK_ID_CURR", np.repeat(ids, frame.height)).set_sorted()
            )
            for table, frame in dossiers.tables.items()
        }
        values = {name: [request.amounts[name] for request in part] for name in ACTIONABLE}
        tables["application"] = tables["application"].with_columns(
            pl.Series(name, column, dtype=pl.Float64) for name, column in values.items()
        )
        facts = application.row(0, named=True)
        for request, probability in zip(
            part, decider.probabilities(Dossiers(MappingProxyType(tables), dossiers.absent)).tolist(), strict=True
        ):
            case = Application(int(dossiers.ids[0]), {**facts, **request.amounts})
            hits.append(decider.policy.verdict(probability, case)[0] is Verdict.APPROVE)
    return hits


def finer(request: Request, lever: Lever) -> list[float]:
    """Every 0.05 % to 90 %, to the cent, and every month: the smallest change first."""
    if lever is Lever.TERM:
        assert request.term_months
        return list(range(request.term_months + 1, LONGEST + 1))
    shares = [step / FINE for step in range(1, FINE * 9 // 10 + 1)]
    if lever is Lever.CREDIT:
        return [round(request.credit * (1 - share), 2) for share in shares]
    assert request.goods_price
    return [round(request.goods_price * share, 2) for share in shares]


def test_a_finer_grid_finds_nothing_smaller(
    decider: Decider, refused: list[Dossiers], found: list[Counterfactual]
) -> None:
    """No point of a grid twice as fine, at a smaller change than the offer, is approved: no tolerance.

    The search itself promises it for its own grid of 0.1 %; that no approval hides between two points of it, for these
    applicants, is what the points half-way show. Where there is no offer these are tried to the end, and with
    AVAL_LAWS=long those of the search as well.
    """
    with_offer = without = 0
    for dossiers, answer in zip(refused, found, strict=True):
        request = Request.of(dossiers)
        offers = {offer.lever: offer for offer in answer.offers}
        for lever in Lever:
            if request.obstacle(lever):
                assert lever not in offers
                continue
            values = finer(request, lever)
            if lever in offers:
                with_offer += 1
                values = [v for v in values if request.distance(lever, v) < offers[lever].relative_change]
            else:
                without += 1
                values = values if LONG or lever is Lever.TERM else values[::2]
            hits = brute(decider, dossiers, [request.moved(lever, value) for value in values])
            assert not any(hits), (lever, values[hits.index(True)])
    assert with_offer > 20
    assert without > 20


def test_an_offer_is_approved_when_decided_again_and_one_unit_less_is_not(
    decider: Decider, refused: list[Dossiers], found: list[Counterfactual]
) -> None:
    offers: list[tuple[Dossiers, Offer]] = [
        (dossiers, offer) for dossiers, answer in zip(refused, found, strict=True) for offer in answer.offers
    ]
    assert {offer.lever for _, offer in offers} == set(Lever)
    for dossiers, offer in offers:
        (again,) = decider.decide(changed(dossiers, offer.change))
        assert again == offer.decision
        assert again.verdict is Verdict.APPROVE
        assert offer.request == requested(dossiers, offer.change)
        assert offer.relative_change == Request.of(dossiers).distance(offer.lever, offer.value)
        assert offer.value == int(offer.value)
        nearer = offer.value + (1 if offer.lever is Lever.CREDIT else -1)
        if 0 < Request.of(dossiers).distance(offer.lever, nearer) < offer.relative_change:
            less = Change(**{offer.lever.value: int(nearer)})
            assert decider.decide(changed(dossiers, less), Explain.NONE)[0].verdict is not Verdict.APPROVE


def test_the_nearest_offer_comes_first(found: list[Counterfactual]) -> None:
    for answer in found:
        assert not answer.approved
        assert answer.nearest == (answer.offers[0] if answer.offers else None)
        distances = [offer.relative_change for offer in answer.offers]
        assert distances == sorted(distances)
        assert len({offer.lever for offer in answer.offers}) == len(distances)
        assert [one.lever for one in answer.searched] == list(Lever)
    assert any(answer.nearest is None for answer in found)


def test_what_was_searched_is_said(refused: list[Dossiers], found: list[Counterfactual]) -> None:
    for dossiers, answer in zip(refused, found, strict=True):
        offers = {offer.lever: offer for offer in answer.offers}
        for one in answer.searched:
            if one.obstacle:
                assert (one.values, one.reach) == (0, 0.0)
            elif one.lever in offers:
                assert one.reach >= offers[one.lever].relative_change
            elif one.lever is Lever.TERM:
                asked = Request.of(dossiers).term_months
                assert asked is not None
                assert (one.values, one.reach) == (LONGEST - asked, (LONGEST - asked) / asked)
            else:
                assert one.values == 900
                assert one.reach == pytest.approx(0.9, abs=1e-4)


def test_the_size_of_the_batches_changes_nothing(
    decider: Decider, refused: list[Dossiers], found: list[Counterfactual]
) -> None:
    for place in (0, APPLICANTS - 1):
        for chunk in (5, 1000):
            other = counterfactual(decider, refused[place], chunk=chunk)
            assert (other.offers, other.nearest) == (found[place].offers, found[place].nearest)


def test_who_is_approved_needs_no_offer(decider: Decider, approved: Dossiers) -> None:
    answer = counterfactual(decider, approved)
    assert answer.approved
    assert (answer.nearest, answer.offers, answer.searched) == (None, (), ())


def test_a_rule_on_the_amount_is_met_to_the_unit(decider: Decider, approved: Dossiers) -> None:
    asked = Request.of(approved)
    limit = math.floor(asked.credit * 0.987) - 0.5
    rule = Rule("SMALL_ONLY", "AMT_CREDIT", ">", limit, Verdict.DECLINE, "Trop.", "Too much.")
    strict = Decider(decider.model, decider.version, replace(decider.policy, rules=(rule,), band=None))
    answer = counterfactual(strict, approved)
    offers = {offer.lever: offer for offer in answer.offers}
    assert answer.decision.rules == ("SMALL_ONLY",)
    assert offers[Lever.CREDIT].value == math.floor(limit)
    assert offers[Lever.DOWN_PAYMENT].request.credit <= limit
    assert Lever.TERM not in offers


def test_approvals_at_random_are_drawn_by_the_applicants_own_id(decider: Decider, refused: list[Dossiers]) -> None:
    """Once the rule no longer holds, the drawn applicant is approved whatever the probability says."""
    own = int(refused[-1].ids[0])
    limit = math.floor(Request.of(refused[-1]).credit * 0.95)
    rule = Rule("SMALL_ONLY", "AMT_CREDIT", ">", limit, Verdict.DECLINE, "Trop.", "Too much.")
    shares = (step / 100 for step in range(1, 100))
    policies = (replace(decider.policy, rules=(rule,), random_approvals=share) for share in shares)
    policy = next(policy for policy in policies if policy.drawn(own))
    answer = counterfactual(Decider(decider.model, decider.version, policy), refused[-1])
    offers = {offer.lever: offer for offer in answer.offers}
    assert offers[Lever.CREDIT].value == limit
    assert offers[Lever.CREDIT].decision.rules == ("RANDOM_APPROVAL",)


@pytest.mark.parametrize(("amount", "tried"), [(0.01, 0), (0.6, 0), (3.0, 2), (1e10, 900)])
def test_amounts_at_the_ends_of_the_contract_are_searched(
    decider: Decider, some: Dossiers, amount: float, tried: int
) -> None:
    rules = (Rule("NEVER", "AMT_INCOME_TOTAL", ">=", 0, Verdict.DECLINE, "Non.", "No."),)
    never = Decider(decider.model, decider.version, replace(decider.policy, rules=rules))
    for share in (0.15, 1e-9):
        values = {"AMT_CREDIT": amount, "AMT_ANNUITY": amount * share, "AMT_GOODS_PRICE": amount * (1 - share)}
        answer = counterfactual(never, asking(some, NAME_CONTRACT_TYPE="Cash loans", **values))
        assert answer.offers == ()
        assert answer.searched[0].lever is Lever.CREDIT
        assert answer.searched[0].values == tried


def test_a_policy_without_rules_is_searched(decider: Decider, refused: list[Dossiers]) -> None:
    bare = Decider(decider.model, decider.version, replace(decider.policy, rules=()))
    answer = counterfactual(bare, refused[0])
    assert answer.decision.verdict is Verdict.REFER
    assert answer.searched[0].values > 0


def test_a_revolving_loan_is_searched_by_credit_alone(decider: Decider, refused: list[Dossiers]) -> None:
    dossiers = next(
        (one for one in refused if one.tables["application"]["NAME_CONTRACT_TYPE"][0] == "Revolving loans"), None
    )
    assert dossiers is not None
    obstacles = {one.lever: one.obstacle for one in counterfactual(decider, dossiers).searched}
    assert obstacles == {
        Lever.CREDIT: None,
        Lever.TERM: Obstacle.REVOLVING,
        Lever.DOWN_PAYMENT: Obstacle.REVOLVING,
    }

"""The decision rule: break-even, monotone verdicts, hard rules, and errors a person can act on."""

import math
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aval.credit.application import Application
from aval.credit.decision import Verdict
from aval.credit.policy import Cost, Points, Policy
from aval.errors import PolicyError
from aval.settings import ROOT

FILE = ROOT / "policies" / "2026-11-24.toml"
ADULT = {"DAYS_BIRTH": -15000, "AMT_INCOME_TOTAL": 150_000.0, "AMT_CREDIT": 500_000.0}

shares = st.floats(0.0, 1.0)


@pytest.fixture(scope="module")
def policy() -> Policy:
    return Policy.load(FILE)


def changed(tmp_path: Path, old: str, new: str) -> Path:
    text = FILE.read_text()
    assert old in text
    file = tmp_path / "policy.toml"
    file.write_text(text.replace(old, new))
    return file


def test_the_break_even_of_ten_to_one_is_one_eleventh(policy: Policy) -> None:
    assert policy.cutoff == pytest.approx(1 / 11)
    assert Cost(5.0, 1.0).cutoff == pytest.approx(1 / 6)


@given(st.floats(0.1, 100), st.floats(0.1, 100))
def test_at_the_break_even_both_errors_cost_the_same(defaulter: float, payer: float) -> None:
    cutoff = Cost(defaulter, payer).cutoff
    assert cutoff * defaulter == pytest.approx((1 - cutoff) * payer)


@given(shares, shares, st.sampled_from([-3000, -6000, -15000]), st.sampled_from([0.0, 1e5]))
def test_a_higher_probability_never_gets_a_kinder_verdict(one: float, other: float, born: int, income: float) -> None:
    policy = Policy.load(FILE)
    low, high = sorted((one, other))
    person = Application(1, {"DAYS_BIRTH": born, "AMT_INCOME_TOTAL": income, "AMT_CREDIT": 1e5})
    assert policy.verdict(low, person)[0].severity <= policy.verdict(high, person)[0].severity


@pytest.mark.parametrize(
    ("probability", "verdict"),
    [
        (0.0, Verdict.APPROVE),
        (0.0799, Verdict.APPROVE),
        (0.08, Verdict.REFER),
        (1 / 11, Verdict.REFER),
        (0.105, Verdict.REFER),
        (0.1051, Verdict.DECLINE),
        (1.0, Verdict.DECLINE),
    ],
)
def test_the_probability_decides(policy: Policy, probability: float, verdict: Verdict) -> None:
    assert policy.verdict(probability, Application(1, ADULT)) == (verdict, ())


def test_a_minor_is_declined_whatever_the_probability(policy: Policy) -> None:
    child = Application(1, ADULT | {"DAYS_BIRTH": -6500})
    assert policy.verdict(0.001, child) == (Verdict.DECLINE, ("MINOR",))


def test_a_rule_never_softens_a_verdict(policy: Policy) -> None:
    unknown_income = Application(1, ADULT | {"AMT_INCOME_TOTAL": 0.0})
    assert policy.verdict(0.01, unknown_income) == (Verdict.REFER, ("NO_INCOME",))
    assert policy.verdict(0.9, unknown_income) == (Verdict.DECLINE, ())


def test_an_unknown_fact_never_bites(policy: Policy) -> None:
    assert policy.verdict(0.01, Application(1, {"DAYS_BIRTH": None})) == (Verdict.APPROVE, ())


@pytest.mark.parametrize("probability", [-0.01, 1.01, math.nan])
def test_what_is_not_a_probability_is_refused(policy: Policy, probability: float) -> None:
    with pytest.raises(PolicyError, match="outside 0 to 1"):
        policy.verdict(probability, Application(1, ADULT))


def test_points_fall_as_risk_rises_and_hold_their_anchor() -> None:
    points = Points()
    assert points.of(1 / 11) == 500
    assert points.of(1 / 21) == 540
    assert points.of(0.0) > points.of(0.5) > points.of(1.0)


@given(shares, shares)
def test_points_never_rise_with_the_probability(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert Points().of(low) >= Points().of(high)


def test_random_approvals_are_drawn_alike_at_every_replay(tmp_path: Path) -> None:
    policy = Policy.load(changed(tmp_path, "random_approvals = 0.0", "random_approvals = 0.1"))
    drawn = [policy.verdict(0.5, Application(n, ADULT))[0] is Verdict.APPROVE for n in range(4000)]
    again = [policy.verdict(0.5, Application(n, ADULT))[0] is Verdict.APPROVE for n in range(4000)]
    assert drawn == again
    assert 0.08 < sum(drawn) / len(drawn) < 0.12
    lucky = Application(drawn.index(True), ADULT)
    assert {policy.verdict(p, lucky)[0] for p in (0.01, 0.09, 0.5)} == {Verdict.APPROVE}  # higher, and no kinder
    minor = Application(drawn.index(True), ADULT | {"DAYS_BIRTH": -100})
    assert policy.verdict(0.5, minor)[0] is Verdict.DECLINE  # chance never overrules a hard rule


def test_the_day_decides_whether_the_policy_does(policy: Policy) -> None:
    assert policy.in_force(date(2026, 11, 24))
    assert not policy.in_force(date(2026, 11, 23))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("random_approvals", "random_aprovals", "unknown entry random_aprovals"),
        ("accepted_defaulter = 10.0", "accepted_defaulter = -1", "cost is not positive"),
        ("low = 0.08", "low = 0.1", "does not hold the cut-off"),
        ('compare = ">"', 'compare = "~"', "compares by '~'"),
        ("double = 40", "double = 0", "points scale"),
        ("valid_from = 2026-11-24", 'valid_from = "today"', "validity dates"),
        ("[cost]", "[costs]", "unknown entry costs"),
        ("base = 500", "bases = 500", "wrong type or value"),
        ('"sex", "family"]', '"sex", "familly"]', "list of protected grounds"),
        ('barred = ["sex", "family"]', 'barred = "sex"', "list of protected grounds"),
        ('verdict = "decline"', 'verdict = "maybe"', "wrong type or value"),
        ('name = "2026-11-24"', "", "'name' is missing"),
        ('name = "', "name = ", "not a TOML file"),
    ],
)
def test_a_policy_that_states_the_impossible_says_what_and_where(tmp_path: Path, old: str, new: str, says: str) -> None:
    file = changed(tmp_path, old, new)
    with pytest.raises(PolicyError, match=says) as problem:
        Policy.load(file)
    assert str(file) in str(problem.value)


def test_a_missing_policy_says_where_to_look(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"no such policy; name one of policies/\*\.toml"):
        Policy.load(tmp_path / "none.toml")

"""A decision as clients read it, from what the log holds."""

from dataclasses import replace

import numpy as np
import pytest

from aval.credit.decision import Verdict
from aval.service.api.answers import contributions, decided, event, listed, values_of, warnings
from aval.service.log.entry import Record


@pytest.fixture(scope="module")
def stored(house):
    return house.service.log.decision(house.refused()["id"])


def test_what_is_answered_is_what_is_stored(house, stored) -> None:
    answer = decided(stored, house.service.policy, "fr")
    assert answer.model_dump_json() == decided(stored, house.service.policy, "fr").model_dump_json()
    assert answer.probability == stored.probability
    assert answer.record.hash == stored.hash
    assert [one.code for one in answer.reasons] == [given.code for given in stored.decision().reasons]
    assert all(one.theme for one in answer.reasons)
    assert answer.word != decided(stored, house.service.policy, "en").word
    bare = listed(replace(stored, private=None), house.service.policy, "fr")
    assert (bare.reasons, bare.warnings) == ([], [])
    assert bare.probability == stored.probability


def test_another_policy_s_band_is_not_shown(house, stored) -> None:
    assert decided(stored, house.service.policy, "fr").band == (0.08, 0.105)
    assert decided(stored, replace(house.service.policy, digest="0" * 64), "fr").band is None
    assert decided(stored, replace(house.service.policy, band=None), "fr").band is None


def test_contributions_add_up_and_stand_in_order(house, stored) -> None:
    model = house.service.live.champion.decider.model
    private = stored.private
    why = contributions(model, private.contributions, private.features, "en")
    assert why.log_odds == pytest.approx(float(np.sum(private.contributions)), abs=1e-12)
    assert why.base == private.contributions[-1]
    strengths = [abs(one.contribution) for one in why.themes]
    assert strengths == sorted(strengths, reverse=True)
    for theme in why.themes:
        assert theme.contribution == pytest.approx(sum(one.contribution for one in theme.features), abs=1e-9)
        inside = [abs(one.contribution) for one in theme.features]
        assert inside == sorted(inside, reverse=True)
        assert 0.0 not in inside
    values = {one.name: one.value for theme in why.themes for one in theme.features}
    for name, value in values.items():
        assert not isinstance(value, float) or value == value
        if name in model.encoding.levels:
            assert value is None or value in model.encoding.levels[name]
    assert values_of(private.features).shape == (1, len(private.features))


def test_a_warning_names_what_it_is_about(stored) -> None:
    decision = replace(stored.decision(), warnings=("NO_HISTORY", "ABSENT:bureau", "UNKNOWN_CATEGORY:OCCUPATION_TYPE"))
    told = warnings(decision, "en")
    assert [(one.code, one.subject) for one in told] == [
        ("NO_HISTORY", None), ("ABSENT", "bureau"), ("UNKNOWN_CATEGORY", "OCCUPATION_TYPE")]  # fmt: skip
    assert all(one.sentence.endswith(".") for one in told)


@pytest.mark.parametrize("words", [True, False])
def test_an_officer_s_words_are_for_those_who_may_read_them(words: bool) -> None:
    record = Record(5, "a" * 32, "override", "2026-11-25T00:00:00.000000Z", "the-officer", "b" * 32,
                    Verdict.APPROVE.value, "GUARANTEE", {"awaiting": True}, "c" * 64, "mots")  # fmt: skip
    told = event(record, words=words)
    assert told.words == ("mots" if words else None)
    assert told.awaiting_second
    assert not event(replace(record, body={}), words=words).awaiting_second

"""The corpus of hostile requests, held against the contract; files go through the reader, bombs through the service."""

import json
from collections import Counter

import pytest

from aval.errors import BodyInvalid, DossierInvalid, DossierTooLarge
from aval.service.body import parse
from aval.service.contract import dossier
from tests.service.hostile import BOMB, CSV, FILE, KINDS, MARKS, ONE, PARQUET, ZIP, Case, cases

READ = [case for case in cases() if case.status not in (413, 415)]
SUFFIX = {CSV: ".csv", ZIP: ".zip", PARQUET: ".parquet"}


def told(case: Case) -> str:
    return f"{case.kind}: {case.name}"


def test_the_corpus_is_wide() -> None:
    assert len(cases()) >= 230
    assert len({told(case) for case in cases()}) == len(cases())
    count = Counter(case.kind for case in cases())
    assert set(count) == set(KINDS)
    assert min(count.values()) >= 15
    assert {case.status for case in cases()} == {200, 400, 413, 415, 422}


@pytest.mark.parametrize("case", [case for case in READ if case.route == ONE], ids=told)
def test_a_dossier_is_answered_as_written(case: Case) -> None:
    said = ""
    try:
        found = dossier(parse(case.body))
    except BodyInvalid as error:
        status, said = 400, str(error)
    except DossierInvalid as error:
        status, said = 422, " ".join([str(error), *map(str, error.problems)])
    else:
        status = 200
        assert len(found) == 1
        assert found.ids.to_list() == [100_001]
    assert status == case.status, said
    if status != 200:
        assert case.says in said
        assert len(said) < 5_000
    assert not [mark for mark in MARKS if mark in said]


def test_too_many_rows_are_not_even_looked_at() -> None:
    (case,) = (case for case in cases() if case.status == 413 and case.route == ONE)
    with pytest.raises(DossierTooLarge, match=case.says):
        dossier(json.loads(case.body))


def test_bombs_are_small_and_say_that_they_are_not() -> None:
    bombs = [case for case in cases() if case.status == 413 and case.route == FILE]
    assert len(bombs) >= 10
    assert all(len(case.body) < 2_000_000 < BOMB / 100 for case in bombs)

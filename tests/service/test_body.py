"""A body is strict JSON or a place where it stops being it; nothing of its content is told."""

import json
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aval.errors import BodyInvalid
from aval.service.body import parse

SCALARS = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=("Cs",)))
VALUES = st.recursive(
    SCALARS | TEXTS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=30
).filter(lambda value: depth_of(value) <= 8)


def depth_of(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    return 1 + max(map(depth_of, value), default=0) if isinstance(value, list) else 0


@given(value=VALUES, ascii_only=st.booleans(), indent=st.sampled_from([None, 0, 2]), mark=st.booleans())
def test_what_json_writes_is_read_back(value: Any, ascii_only: bool, indent: int | None, mark: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assert parse(text.encode("utf-8-sig" if mark else "utf-8")) == value


@given(body=st.binary() | st.text('[]{}":,\\ud8eE+-0129.NaInfity \n', max_size=60).map(str.encode))
def test_whatever_is_sent_is_read_or_refused(body: bytes) -> None:
    try:
        found = parse(body)
    except BodyInvalid:
        return
    json.dumps(found, allow_nan=False, ensure_ascii=False).encode()  # no NaN, no half of a character
    assert depth_of(found) <= 8


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ('{"a": 1,\n "b": [1, 2,\n  NaN]}', "line 3, column 3"),
        ('{"é": 1,\n "b": tru}', "line 2, column 7"),
        ('{"a": "NaN \\" [[[[[[[[[",\n "\\u0061": 2}', "line 2, column 2"),
        ("[[[[[[[[\n [", "line 2, column 2"),
        ("{}\n\n {}", "line 3, column 2"),
        ('["e999", "' + "9" * 40 + '", 1e999]', "line 1, column 54"),
        ('["\\uD83D\\uDE00",\n"\\uD83D"]', "line 2, column 1"),
    ],
)
def test_the_place_is_told(body: str, place: str) -> None:
    with pytest.raises(BodyInvalid, match=f"at {place};"):
        parse(body.encode())
    with pytest.raises(BodyInvalid, match=f"at {place};"):
        parse(body.encode("utf-8-sig"))


def test_the_place_of_a_byte_is_told() -> None:
    with pytest.raises(BodyInvalid, match="is not UTF-8 at line 2, column 3"):
        parse('{"ééé":\n "'.encode() + b'\xff"}')


def test_what_only_looks_wrong_in_a_text_is_let_pass() -> None:
    given = ["[" * 50, '"' * 5, "1e999", "9" * 5_000, "NaN", '{"a":1,"a":2}', "\\ud800", "re2023"]
    assert parse(json.dumps(given).encode()) == given


def test_a_name_may_stand_in_two_objects() -> None:
    assert parse(b'{"a": {"a": 1}, "b": [{"a": 1}, {"a": null}]}')
    with pytest.raises(BodyInvalid, match="same name twice in one object at line 1, column 36"):
        parse(b'{"a": {"a": 1}, "b": [{}, {"a": 1, "a": 1}]}')
    with pytest.raises(BodyInvalid, match="same name twice in one object at line 1, column 32"):
        parse(b'{"a": {"a": 1}, "b": ["a", 1], "a": 1}')


@pytest.mark.parametrize("opened", ["[", '{"a":', '[{"a":'])
@pytest.mark.parametrize("closed", [True, False])
def test_depth_is_measured_without_going_there(opened: str, closed: bool) -> None:
    """A million levels, under a parser that may go down a hundred."""
    body = opened * 1_000_000 + ("1" + "]" * 1_000_000 if closed else "")
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(300)
    try:
        with pytest.raises(BodyInvalid, match="deeper than 8"):
            parse(body.encode())
    finally:
        sys.setrecursionlimit(limit)


def test_the_limit_of_depth_is_the_callers() -> None:
    assert parse(b"[[1]]", depth=2) == [[1]]
    with pytest.raises(BodyInvalid, match="deeper than 1 at line 1, column 2"):
        parse(b"[[1]]", depth=1)


def test_numbers_keep_their_type_and_every_digit() -> None:
    found = parse(b"[20, 20.0, 0.1, 1e-7, 12345678901234567890123456789012, -0.0]")
    assert isinstance(found, list)
    assert [repr(number) for number in found] == [
        "20", "20.0", "0.1", "1e-07", "12345678901234567890123456789012", "-0.0"
    ]  # fmt: skip

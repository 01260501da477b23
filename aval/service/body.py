"""A request's body: strict JSON, measured before it is parsed and refused without a word of it."""

import codecs
import json
import math
import re
from itertools import accumulate
from typing import Final, NoReturn

from aval.errors import BodyInvalid, Said

_DIGITS: Final = 32  # in a row: more than any number of the tables can mean
_WIDE: Final = (b"\xff\xfe", b"\xfe\xff", b"\x00", b"\x00\x00\xfe\xff")
_NOT_STRUCTURE: Final = bytes(byte for byte in range(256) if byte not in b'":[]{}')
_STEP: Final = tuple({"[": 1, "{": 1, "]": -1, "}": -1}.get(chr(byte), 0) for byte in range(256))
_ZEROS: Final = bytes.maketrans(b"123456789E", b"000000000e")
_STRING: Final = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?'
_TOKEN: Final = re.compile(
    rf"(?P<name>{_STRING}(?=[ \t\r\n]*+:))|(?P<text>{_STRING})|(?P<open>[\[{{])|(?P<close>[\]}}])"
    r"|(?P<number>-?[0-9][0-9.eE+\-]*+)|(?P<word>-?(?:NaN|Infinity))",
    re.DOTALL,
)
# What the parser says, without the characters that its own message may quote.
_SAID: Final = {
    "Expecting property name": Said("lacks a name in quotation marks"),
    "Expecting ',' delimiter": Said("lacks a comma"),
    "Expecting ':' delimiter": Said("lacks a colon"),
    "Expecting value": Said("lacks a value"),
    "Unterminated string": Said("has a text that is never closed"),
    "Invalid control character": Said("has a control character in a text"),
    "Invalid \\": Said("has an escape that JSON does not know"),
    "Illegal trailing comma": Said("has a comma too many"),
    "Extra data": Said("goes on after its end"),
}


class _Refused(ValueError):
    """JSON for Python's parser, not for us: where it stands is still to be found."""


def parse(body: bytes, *, depth: int = 8) -> object:
    """One JSON value of at most `depth` nested lists and objects.

    UTF-8 alone (with or without its mark), no name twice in an object, no number that is none or has no end.
    Raises: BodyInvalid, with the place and never the content.
    """
    text = _text(body)
    said, suspect = _look(body, depth)
    if suspect:
        _search(text, depth)
    kept = 0

    def count(found: dict[str, object]) -> dict[str, object]:
        nonlocal kept
        kept += len(found)
        return found

    try:
        value: object = json.JSONDecoder(object_hook=count, parse_constant=_refuse).decode(text)
    except _Refused:
        kept = -1
    except json.JSONDecodeError as error:
        what = next((said for start, said in _SAID.items() if error.msg.startswith(start)), Said("is not JSON"))
        raise BodyInvalid(what if text.strip() else "is empty", error.lineno, error.colno) from None
    if kept != said:  # a name that was said twice is kept once
        _search(text, depth)
        raise BodyInvalid("is not JSON", 1, 1)
    return value


def _text(body: bytes) -> str:
    if body.startswith(_WIDE) or body[1:2] == b"\x00":
        raise BodyInvalid("is UTF-16 or UTF-32", 1, 1)
    try:
        return body.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode()  # codecs.BOM_UTF8 is no part of it
        raise BodyInvalid("is not UTF-8", *_place(before, len(before))) from None


def _look(body: bytes, depth: int) -> tuple[int, bool]:
    """How many names its objects have, and whether it may hold what `_search` looks for besides (no false "no").

    A few sweeps at the speed of memory.
    """
    bare = re.sub(rb"\\.", b"", body, flags=re.DOTALL) if b"\\" in body else body
    outside = b"".join(bare.translate(None, _NOT_STRUCTURE).split(b'"')[::2])
    names = outside.count(b":")
    deepest = max(accumulate(map(_STEP.__getitem__, outside.translate(None, b":"))), default=0)
    numbers = body.translate(_ZEROS, b"+")
    return names, (
        deepest > depth
        or b"0" * (_DIGITS + 1) in numbers
        or b"e000" in numbers
        or (bare is not body and b"\\ud" in body.lower())
    )


def _search(text: str, depth: int) -> None:
    """Raises: BodyInvalid at the first place that the parser would let pass and we do not."""
    names: list[set[str]] = []  # of the objects and lists that are open
    for token in _TOKEN.finditer(text):
        kind, said = token.lastgroup, token[0]
        what = None
        if kind == "open":
            names.append(set())
            if len(names) > depth:
                what = Said("is nested deeper than {depth}", depth=depth)
        elif kind == "close":
            if names:
                names.pop()
        elif kind == "word":
            what = Said("has a number that JSON does not know (NaN or Infinity)")
        elif kind == "number":
            if _endless(said):
                what = Said("has a number that is too long or too large")
        else:
            if "\\" in said and _half(said):
                what = Said("has an escape that stands for half a character")
            elif kind == "name" and names:
                name = _plain(said) if "\\" in said else said[1:-1]
                if name in names[-1]:
                    what = Said("has the same name twice in one object")
                names[-1].add(name)
        if what:
            raise BodyInvalid(what, *_place(text, token.start()))


def _endless(number: str) -> bool:
    if re.search(rf"[0-9]{{{_DIGITS + 1}}}", number):
        return True
    try:
        return math.isinf(float(number))
    except ValueError:  # for the parser to refuse
        return False


def _plain(token: str) -> str:
    try:
        return str(json.loads(token))
    except ValueError:  # for the parser to refuse
        return token


def _half(token: str) -> bool:
    try:
        _plain(token).encode()
    except UnicodeEncodeError:
        return True
    return False


def _place(text: str, index: int) -> tuple[int, int]:
    """Line and column, both from 1."""
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def _refuse(_: str) -> NoReturn:
    raise _Refused

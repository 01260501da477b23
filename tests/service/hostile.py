"""Requests nobody should send, and the answer to each, written by hand.

Wrong values carry a mark, so that a test can look for it where it must never be: in an error or a log line.
"""

import codecs
import csv
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from aval.data.tables import TARGET, columns

MARK = "PLANTED-7F3"
NUMBER = 987654321.125
MARKS = (MARK, "PLANTED", "987654321")
"""None of these may be told."""

ONE, FILE = "/decisions", "/decisions/file"
JSON, CSV, ZIP, PARQUET = "application/json", "text/csv", "application/zip", "application/vnd.apache.parquet"
KINDS = (
    "broken JSON",
    "NaN and infinity",
    "huge numbers",
    "wrong types",
    "deep nesting",
    "quotes",
    "byte order marks",
    "separators",
    "zip bombs",
    "path names",
    "SQL and HTML",
    "duplicates",
    "encodings",
)
BOMB = 256 << 20  # bytes that a bomb unpacks to, a thousand times those it is sent as


@dataclass(frozen=True)
class Case:
    """A request and its answer: `says` stands in the problem's `detail`, or in what a 200 warns of or rejects."""

    kind: str
    name: str
    route: str
    media_type: str
    made: bytes | Callable[[], bytes]
    status: int
    says: str = ""

    @property
    def body(self) -> bytes:
        return self.made if isinstance(self.made, bytes) else self.made()


# A request that is in order, and ways to spoil it.


def application(applicant_id: int = 100_001, **changes: Any) -> dict[str, Any]:
    """A plain application under the published names; a change to `...` leaves the column out."""
    found: dict[str, Any] = {}
    for name, column in columns("application").items():
        if name == TARGET:
            continue
        if column.values:
            found[name] = column.values[0]
        else:
            found[name] = 0 if (column.minimum or 0) <= 0 <= (column.maximum or 0) else column.minimum
    found |= {
        "SK_ID_CURR": applicant_id,
        "AMT_INCOME_TOTAL": 180_000.0,
        "AMT_CREDIT": 450_000.0,
        "AMT_ANNUITY": 24_500.5,
        "AMT_GOODS_PRICE": 405_000.0,
        "DAYS_BIRTH": -14_000,
        "DAYS_EMPLOYED": -2_200,
        "EXT_SOURCE_1": 0.51,
        "EXT_SOURCE_2": 0.62,
        "EXT_SOURCE_3": None,
        "CNT_FAM_MEMBERS": 2.0,
    } | changes
    return {name: value for name, value in found.items() if value is not ...}


def row(table: str, **changes: Any) -> dict[str, Any]:
    """A plain row of a history."""
    found: dict[str, Any] = {}
    for name, column in columns(table).items():
        if column.values:
            found[name] = column.values[0]
        else:
            found[name] = 0 if (column.minimum or 0) <= 0 <= (column.maximum or 0) else column.minimum
    found = {**found, "SK_ID_CURR": 100_001, **changes}
    if table == "bureau_balance":
        del found["SK_ID_CURR"]
    return {name: value for name, value in found.items() if value is not ...}


def dossier(application: object = None, **histories: object) -> dict[str, Any]:
    return {"application": _good() if application is None else application, **histories}


def _good() -> dict[str, Any]:
    return application()


def raw(text: str, **place: str) -> bytes:
    """The good request with these words, as they are, for one column's value."""
    (name,) = place
    return json.dumps(dossier(application(**{name: "@@"}))).replace('"@@"', text).encode()


def sheet(*rows: Mapping[str, Any], comma: str = ",", quoting: Any = csv.QUOTE_MINIMAL, end: str = "\n") -> str:
    """A CSV of applications."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(_good()), delimiter=comma, quoting=quoting, lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def sheets(table: str, *rows: Mapping[str, Any]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(row(table)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def spoilt(cell: object, name: str = "OCCUPATION_TYPE") -> bytes:
    """A CSV of one good application and one with this cell."""
    return sheet(application(), application(100_002, **{name: cell})).encode()


def patched(text: str, name: str = "OCCUPATION_TYPE") -> bytes:
    """The same, but the cell stands there as these very words, quotation marks and all."""
    return spoilt("@@", name).decode().replace("@@", text).encode()


def archive(members: Mapping[str, bytes | str] | Sequence[tuple[str, bytes | str]]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items() if isinstance(members, Mapping) else members:
            made.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return file.getvalue()


@dataclass(frozen=True)
class Member:
    """A member of a zip whose header may say anything."""

    name: bytes
    packed: bytes
    size: int
    check: int
    method: int = 8
    flags: int = 0
    at: int | None = None  # where the directory says it starts
    system: int = 3
    attributes: int = 0

    def header(self, *, directory: bool, at: int) -> bytes:
        sizes = struct.pack("<IIIHH", self.check, len(self.packed), self.size, len(self.name), 0)
        common = struct.pack("<HHHHH", 20, self.flags, self.method, 0, 0x21) + sizes
        if not directory:
            return b"PK\x03\x04" + common + self.name
        place = struct.pack("<HHHII", 0, 0, 0, self.attributes, at if self.at is None else self.at)
        return b"PK\x01\x02" + struct.pack("<BB", 20, self.system) + common + place + self.name


def bound(*members: Member) -> bytes:
    """A zip of these members, written byte by byte."""
    body, directory = b"", b""
    for member in members:
        directory += member.header(directory=True, at=len(body))
        body += member.header(directory=False, at=0) + member.packed if member.at is None else b""
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, len(members), len(members), len(directory), len(body), 0)
    return body + directory + end


def member(name: str | bytes, content: bytes | str, **changes: Any) -> Member:
    data = content.encode() if isinstance(content, str) else content
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(data) + packer.flush()
    known = {"size": len(data), "check": zlib.crc32(data), "packed": packed} | changes
    return Member(name.encode() if isinstance(name, str) else name, **known)


@cache
def zeros(byte: bytes) -> tuple[bytes, int]:
    """A header and then one byte over and over, packed, and its check value: made without unpacking it anywhere."""
    head, block = sheet().encode().ljust(1 << 20, b"\n"), byte * (1 << 20)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    once = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    check = zlib.crc32(head)
    for _ in range((BOMB >> 20) - 1):
        packed += once
        check = zlib.crc32(block, check)
    return packed + packer.flush(), check


def bomb(name: str = "application.csv", byte: bytes = b"0", said: int = BOMB, at: int | None = None) -> Member:
    packed, check = zeros(byte)
    return Member(name.encode(), packed, said, check, at=at)


GOOD = sheet(application())
ZIPPED = {"application.csv": GOOD}


def _broken() -> Iterator[Case]:
    good = json.dumps(dossier()).encode()
    half = json.dumps(dossier(application(OCCUPATION_TYPE=MARK))).encode()
    for name, body, says in (
        ("nothing", b"", "is empty"),
        ("only spaces", b" \n\t ", "is empty"),
        ("an opened object", b"{", "at line 1, column 2"),
        ("cut off in the middle", half[: half.index(b"7F3")], "never closed"),
        ("cut off by one", half[:-1], "lacks a comma"),
        ("a comma too many", half.replace(b"}}", b",}}"), "at line 1"),
        ("a comma too few", b'{"application": {} "bureau": []}', "lacks a comma"),
        ("no colon", b'{"application" {}}', "lacks a colon"),
        ("quotation marks of one stroke", f"{{'application': '{MARK}'}}".encode(), "lacks a name"),
        ("names without marks", b"{application: {}}", "lacks a name"),
        ("a comment", b'{"application": /* PLANTED-7F3 */ {}}', "lacks a value"),
        ("a comment at the end", good + b" // PLANTED-7F3", "goes on after its end"),
        ("Python's words", b'{"application": None}', "lacks a value"),
        ("True with a capital", raw("True", FLAG_EMAIL="@"), "lacks a value"),
        ("two requests in one", good + good, "goes on after its end"),
        ("text that is never closed", b'{"application": {"CODE_GENDER": "PLANTED-7F3}}', "never closed"),
        ("a line break in a text", raw('"PLANTED\n-7F3"', CODE_GENDER="@"), "control character"),
        ("a tab in a text", raw('"PLANTED\t-7F3"', CODE_GENDER="@"), "control character"),
        ("an escape of no meaning", raw(r'"PLANTED\x41"', CODE_GENDER="@"), "escape"),
        ("an escape that is too short", raw(r'"PLANTED\u12"', CODE_GENDER="@"), "escape"),
        ("the wrong bracket", b'{"application": {]', "lacks a name"),
        ("a leading zero", raw("0987654321", SK_ID_CURR="@"), "lacks a comma"),
        ("a point and no zero", raw(".987654321", EXT_SOURCE_1="@"), "lacks a value"),
        ("a point and no more", raw("987654321.", EXT_SOURCE_1="@"), "lacks a comma"),
        ("a plus", raw("+987654321", EXT_SOURCE_1="@"), "lacks a value"),
        ("hexadecimal", raw("0x10", EXT_SOURCE_1="@"), "lacks a comma"),
        ("a table", spoilt(MARK), "lacks a value"),
        ("a form", b"application=PLANTED-7F3&SK_ID_CURR=100001", "lacks a value"),
        ("a line per request", b"\n".join([good, good]), "goes on after its end"),
    ):
        yield Case("broken JSON", name, ONE, JSON, body, 400, says)


def _not_a_number() -> Iterator[Case]:
    kind = "NaN and infinity"
    for name, text, says in (
        ("NaN", "NaN", "NaN or Infinity"),
        ("Infinity", "Infinity", "NaN or Infinity"),
        ("minus Infinity", "-Infinity", "NaN or Infinity"),
        ("nan in small letters", "nan", "lacks a value"),
        ("inf", "inf", "lacks a value"),
        ("a number without end", "1e999", "too long or too large"),
        ("a number without end below", "-1e999", "too long or too large"),
    ):
        yield Case(kind, name, ONE, JSON, raw(text, EXT_SOURCE_1="@"), 400, says)
    for name, value in (("NaN", "NaN"), ("inf", "inf"), ("-Infinity", "-Infinity"), ("1e999", "1e999")):
        body = json.dumps(dossier(application(EXT_SOURCE_2=value))).encode()
        yield Case(kind, f"{name} in quotation marks", ONE, JSON, body, 422, "EXT_SOURCE_2|dtype")
    body = json.dumps(dossier(bureau=[row("bureau", AMT_ANNUITY=float("nan"))])).encode()
    yield Case(kind, "NaN in a history", ONE, JSON, body, 400, "NaN or Infinity")
    yield Case(kind, "NaN alone", ONE, JSON, b"NaN", 400, "NaN or Infinity")
    yield Case(kind, "NaN as a category", ONE, JSON, raw("NaN", OCCUPATION_TYPE="@"), 400, "NaN or Infinity")
    body = json.dumps(dossier(application(OCCUPATION_TYPE="NaN"))).encode()
    yield Case(kind, "NaN as a word", ONE, JSON, body, 200, "UNKNOWN_CATEGORY:OCCUPATION_TYPE")
    for name, cell, column, rule in (
        ("NaN in a file", "NaN", "EXT_SOURCE_1", "EXT_SOURCE_1|nan"),
        ("inf in a file", "inf", "EXT_SOURCE_1", "EXT_SOURCE_1|inf"),
        ("minus infinity in a file", "-inf", "AMT_CREDIT", "AMT_CREDIT|inf"),
        ("1e999 in a file", "1e999", "AMT_CREDIT", "AMT_CREDIT|inf"),
        ("NaN for a whole number in a file", "NaN", "DAYS_BIRTH", "DAYS_BIRTH|dtype"),
        ("inf for an id in a file", "inf", "SK_ID_CURR", "SK_ID_CURR|dtype"),
    ):
        yield Case(kind, name, FILE, CSV, spoilt(cell, column), 200, rule)


def _huge() -> Iterator[Case]:
    kind = "huge numbers"
    for name, column, text, status, says in (
        ("33 digits", "AMT_CREDIT", "987654321" + "0" * 24, 400, "too long or too large"),
        ("5,000 digits", "AMT_CREDIT", "9" * 5_000, 400, "too long or too large"),
        ("a million digits", "SK_ID_CURR", "9" * 1_000_000, 400, "too long or too large"),
        ("40 zeros after the point", "EXT_SOURCE_1", "0." + "0" * 40 + "1", 400, "too long or too large"),
        ("1e309", "AMT_CREDIT", "1e309", 400, "too long or too large"),
        ("minus 1E+400", "AMT_CREDIT", "-1E+400", 400, "too long or too large"),
        ("an exponent of 5,000 digits", "AMT_CREDIT", "1e" + "9" * 5_000, 400, "too long or too large"),
        ("1e99", "AMT_CREDIT", "9.87654321e99", 422, "AMT_CREDIT|range"),
        ("30 digits", "AMT_CREDIT", "987654321" + "0" * 21, 422, "AMT_CREDIT|range"),
        ("30 digits for a whole number", "CNT_CHILDREN", "987654321" + "0" * 21, 422, "CNT_CHILDREN|dtype"),
        ("an id above 64 bits", "SK_ID_CURR", "18446744073709551616", 422, "SK_ID_CURR|dtype"),
        ("an id of 64 bits", "SK_ID_CURR", "9223372036854775807", 422, "SK_ID_CURR|range"),
        ("an id as a fraction of size", "SK_ID_CURR", "1e30", 422, "SK_ID_CURR|dtype"),
        ("an id below nothing", "SK_ID_CURR", "-987654321", 422, "SK_ID_CURR|range"),
        ("a flag of 300", "FLAG_EMAIL", "300", 422, "FLAG_EMAIL|dtype"),
        ("a flag of 2", "FLAG_EMAIL", "2", 422, "FLAG_EMAIL|range"),
        ("an age of two million years", "DAYS_BIRTH", "-987654321", 422, "DAYS_BIRTH|range"),
        ("days beyond 32 bits", "DAYS_BIRTH", "-9876543210", 422, "DAYS_BIRTH|dtype"),
        ("a score above one", "EXT_SOURCE_3", str(NUMBER), 422, "EXT_SOURCE_3|range"),
        ("a stand-in one too large", "DAYS_EMPLOYED", "365244", 422, "DAYS_EMPLOYED|range"),
        ("nearly nothing", "EXT_SOURCE_1", "1e-400", 200, ""),
    ):
        yield Case(kind, name, ONE, JSON, raw(text, **{column: "@"}), status, says)
    for name, cell, column, rule in (
        ("5,000 digits in a file", "9" * 5_000, "AMT_CREDIT", "AMT_CREDIT|inf"),
        ("30 digits in a file", "987654321" + "0" * 21, "SK_ID_CURR", "SK_ID_CURR|dtype"),
        ("a score above one in a file", NUMBER, "EXT_SOURCE_3", "EXT_SOURCE_3|range"),
        ("a flag of 300 in a file", "300", "FLAG_EMAIL", "FLAG_EMAIL|dtype"),
    ):
        yield Case(kind, name, FILE, CSV, spoilt(cell, column), 200, rule)


def _types() -> Iterator[Case]:
    kind = "wrong types"
    for name, value, says in (
        ("null", None, "dossier|dtype"),
        ("a list", [_good()], "dossier|dtype"),
        ("a text", MARK, "dossier|dtype"),
        ("a number", NUMBER, "dossier|dtype"),
        ("an object of nothing", {}, "application|missing"),
        ("no application", {"bureau": []}, "application|missing"),
        ("an application of null", {"application": None}, "application|missing"),
        ("an application as a list", {"application": [_good()]}, "application|dtype"),
        ("an application as a text", {"application": json.dumps(_good())}, "application|dtype"),
        ("an application of nothing", {"application": {}}, "SK_ID_CURR|missing"),
        ("a history as an object", dossier(bureau={"0": row("bureau")}), "bureau|dtype"),
        ("a history as a text", dossier(bureau=MARK), "bureau|dtype"),
        ("a history of true", dossier(previous_application=True), "previous_application|dtype"),
        ("a row as a number", dossier(installments_payments=[NUMBER]), "installments_payments|dtype"),
        ("a row of null", dossier(POS_CASH_balance=[None]), "POS_CASH_balance|dtype"),
        ("a row as a list", dossier(credit_card_balance=[[MARK]]), "credit_card_balance|dtype"),
        ("a table nobody knows", dossier(burau=[]), "burau|unknown"),
        ("a column nobody knows", dossier(application(AMT_INCOME=NUMBER)), "AMT_INCOME|unknown"),
        ("a column that is left out", dossier(application(AMT_CREDIT=...)), "AMT_CREDIT|missing"),
        ("a number as a text", dossier(application(AMT_CREDIT=str(NUMBER))), "AMT_CREDIT|dtype"),
        ("a number as true", dossier(application(FLAG_EMAIL=True)), "FLAG_EMAIL|dtype"),
        ("a number as a list", dossier(application(AMT_CREDIT=[NUMBER])), "AMT_CREDIT|dtype"),
        ("a text as an object", dossier(application(CODE_GENDER={"is": MARK})), "CODE_GENDER|dtype"),
        ("a text as a number", dossier(application(CODE_GENDER=NUMBER)), "CODE_GENDER|dtype"),
        ("a whole number as a fraction", dossier(application(DAYS_BIRTH=-NUMBER)), "DAYS_BIRTH|dtype"),
        ("null where a value is needed", dossier(application(AMT_CREDIT=None)), "AMT_CREDIT|nullability"),
        ("an id of null", dossier(application(SK_ID_CURR=None)), "SK_ID_CURR|nullability"),
        ("a wrong row among good ones", dossier(bureau=[row("bureau"), row("bureau", DAYS_CREDIT=MARK)]), "row 1"),
    ):
        yield Case(kind, name, ONE, JSON, json.dumps(value).encode(), 422, says)
    yield Case(kind, "an outcome", ONE, JSON, json.dumps(dossier(application(TARGET=MARK))).encode(), 200)
    rows = json.dumps(dossier(bureau_balance=[{}] * 20_001)).encode()
    yield Case(kind, "more rows than a life holds", ONE, JSON, rows, 413, "20,001 rows")
    for name, media in (("a table as a dossier", CSV), ("a zip as a dossier", ZIP), ("XML", "application/xml")):
        yield Case(kind, name, ONE, media, GOOD.encode(), 415)
    for name, media in (("a dossier as a file", JSON), ("a picture as a file", "image/png")):
        yield Case(kind, name, FILE, media, json.dumps(dossier()).encode(), 415)
    yield Case(kind, "text for a number in a file", FILE, CSV, spoilt(MARK, "AMT_CREDIT"), 200, "AMT_CREDIT|dtype")
    yield Case(kind, "nothing for a number in a file", FILE, CSV, spoilt("", "AMT_CREDIT"), 200, "AMT_CREDIT|null")
    yield Case(kind, "a file of nothing", FILE, CSV, b"", 422, "is empty")
    yield Case(kind, "a file of one line", FILE, CSV, sheet().encode(), 422, "holds no application")
    yield Case(kind, "a zip called a table", FILE, CSV, archive(ZIPPED), 200)
    yield Case(kind, "a table called Parquet", FILE, PARQUET, GOOD.encode(), 200)
    yield Case(kind, "a table of something else", FILE, CSV, b"name,age\nPLANTED-7F3,3\n", 422, "names no column")


def _nested() -> Iterator[Case]:
    kind = "deep nesting"

    def lists(depth: int) -> str:
        return "[" * depth + f'"{MARK}"' + "]" * depth

    def objects(depth: int) -> str:
        return '{"a":' * depth + f'"{MARK}"' + "}" * depth

    for name, body in (
        ("9 lists", lists(9)),
        ("1,000 lists", lists(1_000)),
        ("100,000 lists", lists(100_000)),
        ("9 objects", objects(9)),
        ("100,000 objects", objects(100_000)),
        ("lists that never end", "[" * 100_000),
        ("objects that never end", '{"a":' * 100_000),
        ("lists and objects in turn", '[{"a":' * 50_000),
        ("in a column", f'{{"application": {{"AMT_CREDIT": {lists(7)}}}}}'),
        ("in an unknown column", f'{{"application": {{"X": {objects(500)}}}}}'),
        ("in a history", f'{{"application": {{}}, "bureau": [{lists(50_000)}]}}'),
        ("beside the application", f'{{"application": {{}}, "note": {objects(2_000)}}}'),
        ("behind a text of escapes", rf'["\\", "\"", {lists(30)}]'),
        ("behind a mark of bytes", "\ufeff" + lists(20_000)),
        ("over many lines", "[\n" * 5_000),
    ):
        yield Case(kind, name, ONE, JSON, body.encode(), 400, "nested deeper than 8")
    yield Case(kind, "8 lists", ONE, JSON, lists(8).encode(), 422, "dossier|dtype")
    yield Case(kind, "as deep as may be", ONE, JSON, raw(lists(6), AMT_CREDIT="@"), 422, "AMT_CREDIT|dtype")
    yield Case(kind, "wide, not deep", ONE, JSON, f"[{','.join(['[]'] * 100_000)}]".encode(), 422, "dossier|dtype")
    yield Case(kind, "lists side by side", ONE, JSON, b"[]" * 100_000, 400, "goes on after its end")
    yield Case(kind, "only ends", ONE, JSON, b"]" * 100_000, 400, "lacks a value")
    for name, text in (("brackets", "[" * 50), ("brackets and marks", '"[{\\' * 20)):
        body = json.dumps(dossier(application(OCCUPATION_TYPE=text))).encode()
        yield Case(kind, f"{name} in a text", ONE, JSON, body, 200, "UNKNOWN_CATEGORY:OCCUPATION_TYPE")
    yield Case(kind, "lists in a file's text", FILE, CSV, spoilt(lists(5_000)), 200)
    yield Case(kind, "lists in a file's number", FILE, CSV, spoilt(lists(500), "AMT_CREDIT"), 200, "AMT_CREDIT|dtype")


def _quotes() -> Iterator[Case]:
    kind = "quotes"
    every = sheet(application(), application(100_002), quoting=csv.QUOTE_ALL)
    for name, body, status, says in (
        ("around every cell", every.encode(), 200, ""),
        ("around every cell, with CRLF", every.replace("\n", "\r\n").encode(), 200, ""),
        ("around a comma", spoilt(f"{MARK}, and more"), 200, ""),
        ("doubled", spoilt(f'a "{MARK}" b'), 200, ""),
        ("of one stroke", spoilt(f"'{MARK}'"), 200, ""),
        ("of typography", spoilt(f"“{MARK}” «x»"), 200, ""),
        ("around nothing", patched('""'), 200, ""),
        ("around nothing, for a number", patched('""', "AMT_CREDIT"), 200, "AMT_CREDIT|nullability"),
        ("around a number", patched('"450000.0"', "AMT_CREDIT"), 200, ""),
        ("doubled around a number", patched('"""450000.0"""', "AMT_CREDIT"), 200, "AMT_CREDIT|dtype"),
        ("around spaces", patched('"   "', "AMT_CREDIT"), 200, "AMT_CREDIT|dtype"),
        ("around a line break", spoilt(f"{MARK}\nmore"), 200, "OCCUPATION_TYPE|line"),
        ("around a level of a closed list", patched('"Y "', "FLAG_OWN_CAR"), 200, "FLAG_OWN_CAR|values"),
        ("inside a word", patched('PLAN"TED'), 200, ""),
        ("after a backslash", patched(r'"PLANTED\"'), 200, ""),
        ("four of them", patched('""""'), 200, ""),
        ("never closed, at the end", GOOD.encode() + b'"PLANTED-7F3', 200, "ragged"),
        ("never closed, in the last line", patched('"PLANTED-7F3'), 200, "ragged"),
        ("never closed, lines before the end", patched('"PLANTED-7F3') + GOOD.encode() * 3, 422, "never closed"),
        ("around the header alone", every.split("\n")[0].encode() + GOOD.encode()[GOOD.index("\n") :], 200, ""),
        ("around a whole line", GOOD.encode() + b'"' + GOOD.encode().split(b"\n")[1] + b'"\n', 200, "ragged"),
    ):
        yield Case(kind, name, FILE, CSV, body, status, says)


def _marks() -> Iterator[Case]:
    kind = "byte order marks"
    text = json.dumps(dossier(application(OCCUPATION_TYPE=MARK)))
    told = "UNKNOWN_CATEGORY:OCCUPATION_TYPE"
    for name, body, status, says in (
        ("UTF-8", codecs.BOM_UTF8 + text.encode(), 200, told),
        ("UTF-8 twice", codecs.BOM_UTF8 * 2 + text.encode(), 400, "lacks a value"),
        ("UTF-8 and nothing", codecs.BOM_UTF8, 400, "is empty"),
        ("UTF-8 after a space", b" " + codecs.BOM_UTF8 + text.encode(), 400, "lacks a value"),
        ("UTF-8 at the end", text.encode() + codecs.BOM_UTF8, 400, "goes on after its end"),
        ("half of UTF-8", codecs.BOM_UTF8[:2] + text.encode(), 400, "is not UTF-8"),
        ("UTF-16, little end first", codecs.BOM_UTF16_LE + text.encode("utf-16-le"), 400, "is UTF-16"),
        ("UTF-16, big end first", codecs.BOM_UTF16_BE + text.encode("utf-16-be"), 400, "is UTF-16"),
        ("UTF-32, little end first", codecs.BOM_UTF32_LE + text.encode("utf-32-le"), 400, "is UTF-16 or UTF-32"),
        ("UTF-32, big end first", codecs.BOM_UTF32_BE + text.encode("utf-32-be"), 400, "is UTF-16 or UTF-32"),
        ("UTF-16 without one", text.encode("utf-16-le"), 400, "is UTF-16"),
        ("UTF-32 without one", text.encode("utf-32-be"), 400, "is UTF-16 or UTF-32"),
        ("of UTF-16 before UTF-8", codecs.BOM_UTF16_LE + text.encode(), 400, "is UTF-16"),
        ("in a name", text.replace('"application"', '"\ufeffapplication"').encode(), 422, "not a column|unknown"),
        ("in a text", text.replace(MARK, f"\ufeff{MARK}").encode(), 200, told),
    ):
        yield Case(kind, name, ONE, JSON, body, status, says)
    for name, body, status, says in (
        ("UTF-8 in a file", codecs.BOM_UTF8 + GOOD.encode(), 200, ""),
        ("UTF-8 and nothing in a file", codecs.BOM_UTF8, 422, "names no column"),
        ("UTF-16 in a file, little end first", codecs.BOM_UTF16_LE + GOOD.encode("utf-16-le"), 422, "UTF-16"),
        ("UTF-16 in a file, big end first", codecs.BOM_UTF16_BE + GOOD.encode("utf-16-be"), 422, "UTF-16"),
        ("UTF-32 in a file", codecs.BOM_UTF32_LE + GOOD.encode("utf-32-le"), 422, "UTF-16"),
        ("UTF-16 without one in a file", GOOD.encode("utf-16-le"), 422, "names no column"),
    ):
        yield Case(kind, name, FILE, CSV, body, status, says)
    zipped = archive({"application.csv": codecs.BOM_UTF8 + GOOD.encode()})
    yield Case(kind, "UTF-8 in a zip", FILE, ZIP, zipped, 200)


def _separators() -> Iterator[Case]:
    kind = "separators"
    rows = (application(), application(100_002, OCCUPATION_TYPE=MARK))
    line = GOOD.splitlines()[1]
    for name, body, status, says in (
        ("semicolons", sheet(*rows, comma=";"), 422, "semicolons"),
        ("tabs", sheet(*rows, comma="\t"), 422, "tabs"),
        ("bars", sheet(*rows, comma="|"), 422, "bars"),
        ("colons", sheet(*rows, comma=":"), 422, "names no column"),
        ("spaces", sheet(*rows, comma=" "), 422, "names no column"),
        ("the control character for it", sheet(*rows, comma="\x1f"), 422, "names no column"),
        ("semicolons, all quoted", sheet(*rows, comma=";", quoting=csv.QUOTE_ALL), 422, "semicolons"),
        ("semicolons under commas", sheet() + line.replace(",", ";") + "\n" + line + "\n", 200, "ragged"),
        ("commas under semicolons", sheet(comma=";") + line + "\n", 422, "semicolons"),
        ("a spreadsheet's first line", "sep=,\n" + GOOD, 422, "names no column"),
        ("a comma too many", GOOD + line.replace("100001", "100002") + ",PLANTED-7F3\n", 200, "ragged"),
        ("a comma too few", GOOD + line.replace("100001", "100002").rsplit(",", 1)[0] + "\n", 200, "ragged"),
        ("only commas", GOOD + "," * line.count(",") + "\n", 200, "SK_ID_CURR|nullability"),
        ("blank lines between", GOOD.replace("\n", "\n\n"), 200, ""),
        ("line ends of an old Mac", sheet(*rows, end="\r"), 200, ""),
        ("a decimal comma", spoilt("987654321,125", "AMT_CREDIT").decode(), 200, "AMT_CREDIT|dtype"),
        ("thousands apart", spoilt("987 654 321", "AMT_CREDIT").decode(), 200, "AMT_CREDIT|dtype"),
    ):
        yield Case(kind, name, FILE, CSV, body.encode(), status, says)
    yield Case(
        kind, "semicolons in a zip", FILE, ZIP, archive({"application.csv": sheet(comma=";")}), 422, "semicolons"
    )
    yield Case(kind, "semicolons in JSON", ONE, JSON, b'{"application": {}; "bureau": []}', 400, "lacks a comma")
    body = json.dumps(dossier(application(AMT_CREDIT="987654321,125"))).encode()
    yield Case(kind, "a decimal comma in JSON", ONE, JSON, body, 422, "AMT_CREDIT|dtype")


def _bombs() -> Iterator[Case]:
    kind = "zip bombs"
    good = archive(ZIPPED)
    for name, made in (
        ("one table", lambda: bound(bomb())),
        ("one line without end", lambda: bound(bomb(byte=b"9"))),
        ("lines of nothing", lambda: bound(bomb(byte=b"\n"))),
        ("commas", lambda: bound(bomb(byte=b","))),
        ("a quotation", lambda: bound(bomb(byte=b'"'))),
        ("a history", lambda: bound(member("application.csv", GOOD), bomb("bureau.csv"))),
        ("a table in a folder", lambda: bound(bomb("tables/application.csv"))),
        ("three tables", lambda: bound(*(bomb(f"{t}.csv") for t in ("application", "bureau", "bureau_balance")))),
        ("the same bytes over and over", _overlapping),
        ("one file that is no zip", _gzipped),
        ("20,000 members of nothing", lambda: archive([(f"{n}.txt", b"") for n in range(20_000)])),
    ):
        yield Case(kind, name, FILE, ZIP, made, 413)
    nested = archive({"application.zip": archive({"application.zip": good})})
    for name, body, status, says in (
        ("a zip in a zip", lambda: archive({"application.zip": bound(bomb())}), 422, "an archive in an archive"),
        ("a zip in a zip in a zip", nested, 422, "an archive in an archive"),
        ("a table that says it has 4 GB", bound(member("application.csv", GOOD, size=0xFFFFFFF0)), 200, ""),
        ("a zip of nothing", archive({}), 422, "no application table"),
        ("a folder alone", archive({"tables/": b""}), 422, "no application table"),
        ("cut off", good[:-40], 422, "truncated or not the archive"),
        ("the end alone", good[-22:], 422, "truncated or not the archive"),
        ("nothing", b"", 422, "is empty"),
        ("noise", b"PLANTED-7F3" * 500, 422, "names no column"),
        ("a head and noise", b"PK\x03\x04" + b"PLANTED-7F3" * 500, 422, "truncated or not the archive"),
        ("a table called a zip", GOOD.encode(), 200, ""),
        ("a wrong check value", bound(member("application.csv", GOOD, check=1)), 422, "is truncated"),
        ("noise for the packed bytes", bound(member("application.csv", GOOD, packed=b"\xff" * 900)), 422, "truncated"),
        ("an unknown method", bound(member("application.csv", GOOD, method=99)), 422, "in an unusual way"),
        ("a password", bound(member("application.csv", GOOD, flags=1)), 422, "is encrypted"),
        ("a member beyond the end", bound(member("application.csv", GOOD, at=1 << 30)), 422, "truncated"),
        ("a bomb that says it is small", lambda: bound(bomb(said=5_000)), 422, "is truncated"),
        ("a size of one", bound(member("application.csv", GOOD, size=1)), 422, "truncated or not the archive"),
        ("two files in the table's zip", archive({"application.zip": archive({"a.csv": GOOD, "b.csv": GOOD})}), 422,
         "an archive in an archive"),
    ):  # fmt: skip
        yield Case(kind, name, FILE, ZIP, body, status, says)
    yield Case(kind, "noise for Parquet", FILE, PARQUET, b"PAR1" + b"PLANTED-7F3" * 99 + b"PAR1", 422, "truncated")


def _gzipped() -> bytes:
    packed, check = zeros(b"0")
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" + packed + struct.pack("<II", check, BOMB)


def _overlapping() -> bytes:
    """Many members of a directory that all start at the same bytes."""
    first = bomb("application.csv")
    rest = [bomb(f"{number}.csv", at=0) for number in range(50)]
    return bound(first, *rest)


def _paths() -> Iterator[Case]:
    kind = "path names"
    for name, path, status, says in (
        ("one up", "../application.csv", 200, ""),
        ("many up", "../" * 40 + "etc/application.csv", 200, ""),
        ("up in the middle", "tables/../../application.csv", 200, ""),
        ("absolute", "/etc/application.csv", 200, ""),
        ("a server's share", "//server/share/application.csv", 200, ""),
        ("a point", "./application.csv", 200, ""),
        ("two strokes", "tables//application.csv", 200, ""),
        ("a drive and a stroke", "C:/application.csv", 200, ""),
        ("backslashes", "..\\..\\application.csv", 200, ""),
        ("a drive", "C:\\PLANTED-7F3\\application.csv", 200, ""),
        ("encoded points", "%2e%2e%2fapplication.csv", 200, ""),
        ("a password file", "../../../../etc/passwd", 200, ""),
        ("a space at the end", "application.csv ", 200, ""),
        ("a line break", "application\n.csv", 200, ""),
        ("right to left", "application\u202evsc.exe", 200, ""),
        ("HTML", "<script>PLANTED-7F3</script>.csv", 200, ""),
        ("a shell's words", "$(touch PLANTED-7F3).csv", 200, ""),
        ("60,000 letters", "a" * 60_000 + "/application.csv", 200, ""),
        ("60,000 letters for a table", "a" * 60_000 + ".csv", 200, ""),
        ("1,000 folders", "a/" * 1_000 + "application.csv", 200, ""),
        ("a Mac's shadow", "__MACOSX/application.csv", 422, "no application table"),
        ("nothing", "", 422, "no application table"),
    ):
        yield Case(kind, name, FILE, ZIP, bound(member(path, GOOD)), status, says)
    nul = bound(member(b"application.csv\x00.exe", GOOD))
    yield Case(kind, "a NUL behind the name", FILE, ZIP, nul, 200)
    early = bound(member(b"PLANTED\x00application.csv", GOOD))
    yield Case(kind, "a NUL before the name", FILE, ZIP, early, 200)
    link = bound(member("application.csv", "/etc/passwd", attributes=0o120777 << 16))
    yield Case(kind, "a link", FILE, ZIP, link, 422, "names no column")
    yield Case(kind, "bytes that are no text", FILE, ZIP, bound(member(b"\xff\xfe.csv", GOOD)), 200)


_WORDS = (
    ("a table dropped", f"'; DROP TABLE decisions; -- {MARK}"),
    ("always true", f"{MARK}' OR '1'='1"),
    ("a union", f"x' UNION SELECT key FROM keys -- {MARK}"),
    ("a sleep", f"1; SELECT pg_sleep(10) -- {MARK}"),
    ("a script", f"<script>alert('{MARK}')</script>"),
    ("a picture", f'<img src=x onerror="{MARK}()">'),
    ("a template", f"{{{{7*7}}}} ${{7*7}} {MARK}"),
    ("a look-up", f"${{jndi:ldap://{MARK}/a}}"),
    ("a format", f"%s%s%n {{0}} {{}} {MARK}"),
    ("a formula", f"=cmd|' /C calc'!A0 {MARK}"),
)


def _code() -> Iterator[Case]:
    kind = "SQL and HTML"
    for name, words in _WORDS:
        body = json.dumps(dossier(application(ORGANIZATION_TYPE=words))).encode()
        yield Case(kind, name, ONE, JSON, body, 200, "UNKNOWN_CATEGORY:ORGANIZATION_TYPE")
        yield Case(kind, f"{name} in a file", FILE, CSV, spoilt(words, "ORGANIZATION_TYPE"), 200)
    words = _WORDS[0][1]
    for name, value, says in (
        ("for an id", dossier(application(SK_ID_CURR=words)), "SK_ID_CURR|dtype"),
        ("for a number", dossier(application(AMT_CREDIT=f"450000; {words}")), "AMT_CREDIT|dtype"),
        ("for a level of a closed list", dossier(application(FLAG_OWN_CAR=words)), "FLAG_OWN_CAR|values"),
        ("for a column's name", dossier(application(**{words: 1})), "a name that is not a column|unknown"),
        ("for a table's name", {**dossier(), _WORDS[4][1]: []}, "a name that is not a column|unknown"),
        ("for a key in a history", dossier(bureau=[row("bureau", SK_ID_BUREAU=words)]), "SK_ID_BUREAU|dtype"),
        ("on two lines", dossier(application(OCCUPATION_TYPE=f"x\n{words}")), "OCCUPATION_TYPE|line"),
    ):
        yield Case(kind, f"SQL {name}", ONE, JSON, json.dumps(value).encode(), 422, says)
    long = json.dumps(dossier(application(OCCUPATION_TYPE=_WORDS[4][1] * 2_000))).encode()
    yield Case(kind, "60,000 letters of it", ONE, JSON, long, 200, "UNKNOWN_CATEGORY:OCCUPATION_TYPE")
    histories = json.dumps(dossier(bureau=[row("bureau", CREDIT_TYPE=_WORDS[4][1])])).encode()
    yield Case(kind, "a script in a history", ONE, JSON, histories, 200)
    yield Case(kind, "SQL for an id in a file", FILE, CSV, spoilt(words, "SK_ID_CURR"), 200, "SK_ID_CURR|dtype")
    yield Case(kind, "SQL for the header", FILE, CSV, f"{words},b\n1,2\n".encode(), 422, "names no column")
    page = f"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>{MARK}&e;</x>".encode()
    yield Case(kind, "a page for a file", FILE, CSV, page, 422, "semicolons")


def _twice() -> Iterator[Case]:
    kind = "duplicates"
    good = json.dumps(_good())
    first = '"AMT_CREDIT": 1.5, '
    for name, text in (
        ("the application", f'{{"application": {good}, "application": {good}}}'),
        ("a history", f'{{"application": {good}, "bureau": [], "bureau": null}}'),
        ("a column", f'{{"application": {{{first}{good[1:]}}}'),
        ("a column, in other letters", f'{{"application": {{{first.replace("A", chr(92) + "u0041")}{good[1:]}}}'),
        ("a column of a row", f'{{"application": {good}, "bureau": [{{"A": "{MARK}", "A": 1}}]}}'),
        ("a name of nothing", f'{{"application": {good}, "": 1, "": 2}}'),
    ):
        yield Case(kind, name, ONE, JSON, text.encode(), 400, "same name twice")
    credit, loan = row("bureau", SK_ID_BUREAU=987654321), row("previous_application", SK_ID_PREV=987654321)
    month = row("bureau_balance", SK_ID_BUREAU=987654321)
    for name, value, says in (
        ("a credit", dossier(bureau=[credit, credit]), "row 1: SK_ID_BUREAU breaks SK_ID_BUREAU|unique"),
        ("a credit as a fraction", dossier(bureau=[credit, credit | {"SK_ID_BUREAU": 987654321.0}]), "|unique"),
        ("a loan", dossier(previous_application=[loan, loan, loan]), "SK_ID_PREV|unique (2 problems"),
        ("another's credit", dossier(bureau=[credit | {"SK_ID_CURR": 987654321}]), "SK_ID_CURR|link"),
        ("another's loan", dossier(previous_application=[loan | {"SK_ID_CURR": 2}]), "SK_ID_CURR|link"),
        ("nobody's month", dossier(bureau=[row("bureau")], bureau_balance=[month]), "SK_ID_BUREAU|link"),
        ("a month of no credit", dossier(bureau=[], bureau_balance=[month]), "SK_ID_BUREAU|link"),
        ("a month without its table", dossier(bureau_balance=[month]), "bureau|missing"),
    ):
        yield Case(kind, name, ONE, JSON, json.dumps(value).encode(), 422, says)
    same = json.dumps(dossier(bureau=[credit], bureau_balance=[month, month])).encode()
    yield Case(kind, "a month", ONE, JSON, same, 200)
    line = GOOD.splitlines()[1]
    for name, body, says in (
        ("an applicant in a file", GOOD + line + "\n", "repeat the key SK_ID_CURR"),
        ("an applicant who differs", sheet(application(), application(AMT_CREDIT=1.5)), "repeat the key"),
        ("an applicant as a fraction", sheet(application(), application(SK_ID_CURR="100001.0")), "repeat the key"),
        ("an applicant with zeros", sheet(application(), application(SK_ID_CURR="00100001")), "repeat the key"),
        ("a column in a file", f"SK_ID_CURR,{GOOD.splitlines()[0]}\n100001,{line}\n", "SK_ID_CURR stands there twice"),
    ):
        yield Case(kind, name, FILE, CSV, body.encode(), 422, says)
    bureau = sheets("bureau", credit, credit)
    other = sheet(application(100_002))
    for name, members, says in (
        ("a table under two names", [("application.csv", GOOD), ("application_train.csv", other)], "both hold"),
        ("a table in two formats", [("application.csv", GOOD), ("application.csv.gz", b"")], "both hold"),
        ("an applicant in two files", [("application_train.csv", GOOD), ("application_test.csv", GOOD)], "repeat"),
        ("a credit in a zip", [("application.csv", GOOD), ("bureau.csv", bureau)], "repeat the key SK_ID_BUREAU"),
    ):
        yield Case(kind, name, FILE, ZIP, archive(members), 422, says)
    same_name = bound(member("application.csv", GOOD), member("application.csv", other))
    yield Case(kind, "a table under one name", FILE, ZIP, same_name, 422, "both hold")


def _encodings() -> Iterator[Case]:
    kind = "encodings"
    text = json.dumps(dossier(application(OCCUPATION_TYPE="@@")), ensure_ascii=False).encode()
    told = "UNKNOWN_CATEGORY:OCCUPATION_TYPE"
    for name, letters, status, says in (
        ("Latin-1", b"PLANTED-\xe9", 400, "is not UTF-8"),
        ("Windows", b"PLANTED\x93\x94", 400, "is not UTF-8"),
        ("a byte that is never UTF-8", b"PLANTED\xff", 400, "is not UTF-8"),
        ("a character too long", b"PLANTED\xc0\xaf", 400, "is not UTF-8"),
        ("a character cut off", b"PLANTED\xe2\x82", 400, "is not UTF-8"),
        ("half a pair in bytes", b"PLANTED\xed\xa0\x80", 400, "is not UTF-8"),
        ("a pair in bytes", b"PLANTED\xed\xa0\xbd\xed\xb8\x80", 400, "is not UTF-8"),
        ("beyond the last character", b"PLANTED\xf4\x90\x80\x80", 400, "is not UTF-8"),
        ("Chinese of its own", "PLANTED 借款".encode("gb18030"), 400, "is not UTF-8"),
        ("half a pair, the first", rb"PLANTED\ud83d", 400, "half a character"),
        ("half a pair, the second", rb"PLANTED\uDE00", 400, "half a character"),
        ("a pair the wrong way round", rb"PLANTED\ude00\ud83d", 400, "half a character"),
        ("a NUL", b"PLANTED\x00", 400, "control character"),
        ("a NUL as an escape", rb"PLANTED\u0000", 200, told),
        ("a pair", rb"PLANTED\ud83d\ude00", 200, told),
        ("a character of four bytes", "PLANTED 😀".encode(), 200, told),
        ("letters that join", "PLANTED e\u0301 \u202e".encode(), 200, told),
        ("a line of Unicode's own", "PLANTED\u2028more".encode(), 200, told),
        ("the character for none", "PLANTED\ufffd\uffff".encode(), 200, told),
    ):
        yield Case(kind, name, ONE, JSON, text.replace(b"@@", letters), status, says)
    half = raw(r'1, "\ud800": 1', AMT_CREDIT="@")
    yield Case(kind, "half a pair in a name", ONE, JSON, half, 400, "half a character")
    ebcdic = json.dumps(dossier()).encode("cp500")
    yield Case(kind, "a mainframe's", ONE, JSON, ebcdic, 400, "is not UTF-8")
    cell = spoilt("@@")
    for name, body, status, says in (
        ("Latin-1 in a file", cell.replace(b"@@", b"PLANTED\xe9"), 200, ""),
        ("UTF-8 and Latin-1 in a file", cell.replace(b"@@", "PLANTEDé".encode() + b"\xe9"), 200, ""),
        ("half a pair in a file", cell.replace(b"@@", b"PLANTED\xed\xa0\x80"), 200, ""),
        ("a NUL in a file", cell.replace(b"@@", b"PLANTED\x00"), 200, ""),
        ("Latin-1 for a number", spoilt("@@", "AMT_CREDIT").replace(b"@@", b"45\xb2"), 200, "AMT_CREDIT|dtype"),
        ("wide digits for a number", spoilt("４５０", "AMT_CREDIT"), 200, "AMT_CREDIT|dtype"),
        ("a mainframe's file", GOOD.encode("cp500"), 422, "names no column"),
        ("Latin-1 for the header", b"\xe9\xe8,b\n1,2\n", 422, "names no column"),
        ("only NULs", b"\x00" * 5_000, 422, "names no column"),
    ):
        yield Case(kind, name, FILE, CSV, body, status, says)


def _all() -> Iterator[Case]:
    for some in (
        *(_broken, _not_a_number, _huge, _types, _nested, _quotes, _marks),
        *(_separators, _bombs, _paths, _code, _twice, _encodings),
    ):
        yield from some()


@cache
def cases() -> tuple[Case, ...]:
    """The corpus; bodies of bombs are made when they are asked for."""
    return tuple(_all())

"""The plain checker and dataframely's give one verdict on every cell, and every frame is the one of Dossiers.of."""

import json
import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from aval.data.check import Check, _rules
from aval.data.dossiers import Dossiers
from aval.data.source import Batch
from aval.data.tables import HISTORIES, KEY, TARGET, columns, layout
from aval.data.warehouse import Warehouse
from aval.errors import DossierInvalid, DossierTooLarge, Problem
from aval.service.contract import _Broken, _table, dossier, frame, schema
from tests.service.hostile import application, row
from tests.service.hostile import dossier as whole
from tests.service.test_inputs import same

TABLES = ("application", *HISTORIES)
CELLS = [(table, name) for table in TABLES for name in layout(table) if name in columns(table)]


def ours(table: str, name: str, values: list[Any]) -> list[set[str]]:
    broken: list[set[str]] = []
    for value in values:
        try:
            _table(table).cells[name](value)
            broken.append(set())
        except _Broken as error:
            broken.append({f"{name}|{rule}" for rule in error.rules})
    return broken


def theirs(table: str, cells: dict[str, list[Any]], dtype: pl.DataType) -> dict[str, list[set[str]]]:
    """The rules of `data.check` that each cell of a file breaks."""
    height = max(map(len, cells.values()))
    given = pl.DataFrame([pl.Series(n, [*v, *[None] * (height - len(v))], dtype=dtype) for n, v in cells.items()])
    rejected = Check(table, "file").batch(Batch(given, pl.int_range(height, dtype=pl.Int64, eager=True))).rejected
    broken: dict[str, list[set[str]]] = {name: [set() for _ in values] for name, values in cells.items()}
    for index, rules in rejected.select("row", "rules").iter_rows():
        for rule in rules:
            name = rule.split("|")[0]
            if index < len(cells.get(name, ())):
                broken[name][index].add(rule)
    return broken


def edges(table: str, name: str) -> list[float]:
    column = columns(table)[name]
    assert column.minimum is not None
    assert column.maximum is not None
    at = [column.minimum, column.maximum, *(stand for stand in column.none if not isinstance(stand, str))]
    powers = [sign * 2.0**power + step for power in (7, 31) for sign in (1, -1) for step in (-1, 0, 1)]
    return [0.0, -0.0, 0.5, 20.5, *powers, *(edge + step for edge in at for step in (-1, -0.5, 0, 0.5, 1))]


@pytest.mark.parametrize("table", TABLES)
def test_the_contract_has_no_rule_that_is_not_checked_here(table: str) -> None:
    known = {"nullability", "range", "inf", "nan", "values", "line"}
    assert {rule.split("|")[1] for rule in _rules(table)} <= known
    for name in set(columns(table)) - {TARGET}:
        assert (f"{name}|nullability" in _rules(table)) != columns(table)[name].nullable


WORDS = st.text(st.characters(exclude_categories=("Cs",)), max_size=5) | st.text("\n\r\x85\u2028 YN", max_size=3)


@given(words=st.lists(WORDS), floats=st.lists(st.floats()), ints=st.lists(st.integers(-(2**63), 2**63 - 1)))
@settings(max_examples=15, deadline=None)
@pytest.mark.parametrize("table", TABLES)
def test_every_cell_gets_the_verdict_of_a_file(
    table: str, words: list[str], floats: list[float], ints: list[int]
) -> None:
    """Drawn cells and all the edges, in every column, as the floats, whole numbers or words they are."""
    floats = [float("nan"), float("inf"), float("-inf"), 2.0**63, -(2.0**63), 1e300, *floats]
    names = [name for of, name in CELLS if of == table]
    texts = [name for name in names if columns(table)[name].dtype == pl.String]
    numbers = [name for name in names if name not in texts]
    for dtype, cells in (
        (pl.String(), {n: [None, "", "a\nb", "Y ", *columns(table)[n].values, *words] for n in texts}),
        (pl.Float64(), {n: [None, *edges(table, n), *floats] for n in numbers}),
        (pl.Int64(), {n: [None, *map(int, edges(table, n)), *ints] for n in numbers}),
    ):
        broken = theirs(table, cells, dtype) if cells else {}
        for name, values in cells.items():
            assert ours(table, name, values) == broken[name], name
    long = [10**31, -(10**31), 2**64, 10**400, -(10**400)]  # a file says them as words
    broken = theirs(table, {name: list(map(str, long)) for name in numbers}, pl.String())
    assert {name: ours(table, name, long) for name in numbers} == broken


@pytest.mark.parametrize(("table", "name"), CELLS)
def test_json_has_types(table: str, name: str) -> None:
    """Where a file's text may still become a number, a JSON text does not."""
    number = columns(table)[name].dtype.is_numeric()
    wrong = [True, False, [1], {"a": 1}, "1" if number else 1, "" if number else 1.5, *([] if number else ["\ud800"])]
    closed = {f"{name}|values"} if columns(table)[name].closed else {f"{name}|dtype"}
    for value, broken in zip(wrong, ours(table, name, wrong), strict=True):
        assert broken == (closed if value == "\ud800" else {f"{name}|dtype"}), value


@pytest.mark.parametrize(("table", "name"), CELLS)
def test_a_value_comes_out_under_its_type(table: str, name: str) -> None:
    column = columns(table)[name]
    good = column.values[0] if column.values else column.maximum
    found = _table(table).cells[name](good)
    assert found == good
    kind = int if column.dtype.is_integer() else float if column.dtype.is_numeric() else str
    assert type(found) is kind
    if kind is not str:
        assert type(_table(table).cells[name](int(column.maximum or 0))) is kind


def _rows(table: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Rows of few values, so that many are alike in all but a few columns."""
    drawn: dict[str, st.SearchStrategy[Any]] = {}
    for name, column in columns(table).items():
        if name in (KEY, TARGET):
            continue
        if column.values:
            some: st.SearchStrategy[Any] = st.sampled_from([*column.values[:2], *([] if column.closed else ["é", "Z"])])
        else:
            low, high = int(column.minimum or 0), int(column.maximum or 0)
            some = st.sampled_from([low, high, max(low, min(high, 1)), *([-0.0, 0.0] if low <= 0 <= high else [])])
        drawn[name] = st.none() | some if column.nullable else some
    unique = {"bureau": "SK_ID_BUREAU", "previous_application": "SK_ID_PREV"}.get(table)
    if unique:
        drawn[unique] = st.integers(1, 4)
        return st.lists(st.fixed_dictionaries(drawn), max_size=4, unique_by=lambda made: made[unique])
    if table == "bureau_balance":
        drawn["SK_ID_BUREAU"] = st.just(1)
    return st.lists(st.fixed_dictionaries(drawn), max_size=4)


@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_frames_are_those_of_dossiers_of(data: st.DataObject) -> None:
    request = whole(application(), **{table: data.draw(_rows(table) | st.none()) for table in HISTORIES})
    if request["bureau_balance"]:
        request["bureau"] = [row("bureau", SK_ID_BUREAU=1)]
    elif request["bureau"] is None:
        request["bureau_balance"] = None
    tables = {"application": pl.DataFrame([request["application"]], infer_schema_length=None)}
    for table in HISTORIES:
        if request[table] is not None:
            named = [{KEY: 100_001, **made} for made in request[table]]
            tables[table] = pl.DataFrame(named, schema=dict(layout(table)), strict=False)
    same(dossier(request), Dossiers.of(tables))
    for table in HISTORIES:
        if request[table]:
            random.Random(1).shuffle(request[table])
    same(dossier(request), Dossiers.of(tables))


def test_a_real_dossier_goes_through_json_unchanged(home: Path) -> None:
    warehouse = Warehouse.open(home / "warehouse")
    for applicant in warehouse.ids[:25]:
        known = warehouse.dossiers([applicant])
        request: dict[str, Any] = {table: known.tables[table].to_dicts() for table in HISTORIES}
        request["application"] = known.tables["application"].to_dicts()[0]
        same(dossier(json.loads(json.dumps(request))), known)


def problems(request: object) -> list[Problem]:
    with pytest.raises(DossierInvalid) as caught:
        dossier(request)
    return list(caught.value.problems)


def test_every_problem_is_told_in_its_place() -> None:
    bureau = [
        row("bureau", AMT_ANNUITY=-1, SK_ID_BUREAU=4),
        row("bureau", SK_ID_BUREAU=4),
        row("bureau", DAYS_CREDIT=...),
    ]
    request = whole(
        application(AMT_CREDIT="1", FLAG_EMAIL=None, FLAG_MOBIL=..., amount=3),
        bureau=bureau,
        bureau_balance=[row("bureau_balance", STATUS="7"), 5],
        extra=[],
    )
    assert [(p.table, p.row, p.column, p.rule) for p in problems(request)] == [
        ("dossier", None, "extra", "extra|unknown"),
        ("application", None, "amount", "amount|unknown"),
        ("application", None, "AMT_CREDIT", "AMT_CREDIT|dtype"),
        ("application", None, "FLAG_MOBIL", "FLAG_MOBIL|missing"),
        ("application", None, "FLAG_EMAIL", "FLAG_EMAIL|nullability"),
        ("bureau", 0, "AMT_ANNUITY", "AMT_ANNUITY|range"),
        ("bureau", 1, "SK_ID_BUREAU", "SK_ID_BUREAU|unique"),
        ("bureau", 2, "DAYS_CREDIT", "DAYS_CREDIT|missing"),
        ("bureau_balance", 0, "STATUS", "STATUS|values"),
        ("bureau_balance", 1, None, "bureau_balance|dtype"),
    ]


def test_links_and_repeats_are_told_among_other_problems() -> None:
    request = whole(
        application(AMT_CREDIT="1"),
        bureau=[row("bureau", SK_ID_CURR=5), row("bureau", SK_ID_BUREAU=0)],
        bureau_balance=[row("bureau_balance", SK_ID_BUREAU=9, STATUS="7"), row("bureau_balance")],
    )
    assert [str(problem) for problem in problems(request)] == [
        "application: AMT_CREDIT breaks AMT_CREDIT|dtype",
        "bureau, row 0: SK_ID_CURR breaks SK_ID_CURR|link",
        "bureau, row 1: SK_ID_BUREAU breaks SK_ID_BUREAU|range",
        "bureau_balance, row 0: SK_ID_BUREAU breaks SK_ID_BUREAU|link",
        "bureau_balance, row 0: STATUS breaks STATUS|values",
    ]
    assert problems(whole(bureau=[], bureau_balance=[row("bureau_balance")]))[0].rule == "SK_ID_BUREAU|link"
    unknown = problems(whole(application(SK_ID_CURR="1"), previous_application=[row("previous_application")]))
    assert [problem.rule for problem in unknown] == ["SK_ID_CURR|dtype"]


def test_the_first_hundred_are_told_and_the_rest_counted() -> None:
    with pytest.raises(DossierInvalid, match=r"\(36,000 problems in all\)") as caught:
        dossier(whole(bureau=[{}] * 4_000))
    assert (len(caught.value.problems), caught.value.more) == (100, 35_900)


def test_links_lead_to_the_applicant_and_the_credit() -> None:
    credit, month = row("bureau", SK_ID_BUREAU=7), row("bureau_balance", SK_ID_BUREAU=7)
    found = dossier(whole(bureau=[credit | {KEY: 100_001.0}], bureau_balance=[month, month | {KEY: 100_001}]))
    assert [frame[KEY].to_list() for frame in (found.tables["bureau"], found.tables["bureau_balance"])] == [
        [100_001], [100_001] * 2
    ]  # fmt: skip
    told = problems(whole(bureau=[credit | {KEY: 5}]))
    assert told == [Problem("bureau", 0, KEY, f"{KEY}|link")]
    told = problems(whole(bureau=[credit], bureau_balance=[month, month | {"SK_ID_BUREAU": 8}]))
    assert told == [Problem("bureau_balance", 1, "SK_ID_BUREAU", "SK_ID_BUREAU|link")]
    for without in ({}, {"bureau": None}):
        told = problems(whole(**without, bureau_balance=[month]))
        assert told == [Problem("bureau", None, None, "bureau|missing")]


def test_what_may_be_left_out_is_missing() -> None:
    request = whole({name: value for name, value in application(TARGET="x").items() if value is not None})
    for name, column in columns("application").items():
        if column.nullable and name != TARGET:
            request["application"].pop(name, None)
    alone = dossier(request).tables["application"]
    assert {name for name in alone.columns if alone[name][0] is None} == {
        name for name, column in columns("application").items() if column.nullable and name != TARGET
    }


def test_a_made_up_name_is_cut_and_printable() -> None:
    told = problems(whole(application(**{"x" * 60: 1, "a b": 1, "é": 1, "A\n": 1})))
    nobody = "a name that is not a column"
    assert [problem.column for problem in told] == ["x" * 40, nobody, nobody, nobody]


def test_rows_of_all_histories_count() -> None:
    request = whole(bureau=[{}] * 3, installments_payments=[{}] * 3)
    with pytest.raises(DossierTooLarge, match="6 rows; send at most 5 rows"):
        dossier(request, rows=5)


def test_the_frame_of_no_rows_has_its_types() -> None:
    for table in TABLES:
        empty = frame(table, dict.fromkeys(layout(table), ()))
        assert empty.schema == dict(layout(table))


SCHEMA = schema()
LENIENT = Draft202012Validator(SCHEMA)


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    json.dumps(SCHEMA, allow_nan=False)
    for table, found in (("application", SCHEMA["properties"]["application"]), *(
        (table, SCHEMA["properties"][table]["items"]) for table in HISTORIES
    )):  # fmt: skip
        assert list(found["properties"]) == list(layout(table))
        assert all(facts["description"] for facts in found["properties"].values())


@pytest.mark.parametrize(("table", "name"), CELLS)
def test_the_schema_and_the_checker_accept_the_same_cells(table: str, name: str) -> None:
    found = SCHEMA["properties"][table]
    facts = Draft202012Validator((found if table == "application" else found["items"])["properties"][name])
    values: list[Any] = [None, True, "", "a\nb", "a\n", "Y", "1", [], {}, 7, *columns(table)[name].values]
    if columns(table)[name].dtype.is_numeric():
        values += [*edges(table, name), *map(int, edges(table, name)), 1e300, 10**30]
    accepted = [facts.is_valid(value) for value in values]
    assert accepted == [not broken for broken in ours(table, name, values)]


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_the_schema_accepts_is_accepted(data: st.DataObject) -> None:
    """A good request, spoilt or not in a few places: the schema and the checker never part."""
    request: dict[str, Any] = whole(bureau=[row("bureau")], bureau_balance=[row("bureau_balance")])
    request |= {table: [row(table)] for table in HISTORIES[2:]}
    odd = st.sampled_from([None, ..., 0, 1, -1, 0.5, "Y", "x\n", True, 365243, 1e12, [], {}])
    for _ in range(data.draw(st.integers(0, 3))):
        table = data.draw(st.sampled_from(TABLES))
        place = request if data.draw(st.integers(0, 5)) == 0 else request.get(table)
        rows = place if isinstance(place, dict) else place[0] if isinstance(place, list) and place else None
        if not isinstance(rows, dict):
            continue
        name = table if rows is request else data.draw(st.sampled_from([*layout(table), "Y"]))
        value = data.draw(odd)
        rows.pop(name, None)
        if value is not ...:
            rows[name] = value
    try:
        dossier(request)
        broken: set[str] = set()
    except DossierInvalid as error:
        broken = {problem.rule.split("|")[1] for problem in error.problems}
    if LENIENT.is_valid(request):
        assert broken <= {"link", "unique"} or request["bureau"] is None
    else:
        assert broken

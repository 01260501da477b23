"""The contracts: what the published files hold is allowed, what is corrupt is not, and every column says what it is."""

from pathlib import Path

import polars as pl
import pytest

from aval.data.check import Check
from aval.data.source import Batch, Reader, find
from aval.data.tables import HISTORIES, KEY, TABLES, TARGET, columns, layout, unmask

EVERY = [(table, name) for table in TABLES for name in columns(table)]


def broken(table: str, column: str, cell: str | None) -> list[str]:
    """The rules one cell breaks; those of the columns that are left empty are not counted."""
    cells = pl.DataFrame({column: [cell]}, schema={column: pl.String})
    checked = Check(table, "file").batch(Batch(cells, pl.Series([1], dtype=pl.Int64)))
    rules = checked.rejected["rules"].explode().to_list() if checked.rejected.height else []
    return [rule for rule in rules if rule and rule.split("|")[0] == column]


def test_the_nine_tables_have_their_published_names() -> None:
    assert list(TABLES) == ["application", *HISTORIES, "calendar", "outcomes"]
    assert len(HISTORIES) == 6
    assert len(columns("application")) == 122
    assert [len(columns(table)) for table in HISTORIES] == [17, 3, 37, 8, 8, 23]


@pytest.mark.parametrize("table", TABLES)
def test_every_column_says_what_it_is(table: str) -> None:
    for name, column in columns(table).items():
        assert column.name == name
        assert column.meaning, name
        assert column.unit, name
        assert column.known, name
        assert column.values or column.minimum is not None or column.dtype == pl.Date, name
        if column.minimum is not None and column.maximum is not None:
            assert column.minimum < column.maximum, name


def test_only_the_target_is_known_after_the_application() -> None:
    later = [name for table, name in EVERY if columns(table)[name].known.startswith("after")]
    assert later == [TARGET, TARGET, "observed_on"]


def test_the_stand_ins_are_those_of_the_published_files() -> None:
    found = {(table, name): columns(table)[name].none for table, name in EVERY if columns(table)[name].none}
    never = dict.fromkeys(
        ["DAYS_FIRST_DRAWING", "DAYS_FIRST_DUE", "DAYS_LAST_DUE_1ST_VERSION", "DAYS_LAST_DUE", "DAYS_TERMINATION"],
        (365243,),
    )
    zero = dict.fromkeys(["AMT_APPLICATION", "AMT_CREDIT", "CNT_PAYMENT"], (0,))
    assert found == {
        ("application", "CODE_GENDER"): ("XNA",),
        ("application", "DAYS_EMPLOYED"): (365243,),
        ("application", "DAYS_LAST_PHONE_CHANGE"): (0,),
        **{("previous_application", name): none for name, none in (never | zero).items()},
    }


def test_unmask_opens_the_stand_ins() -> None:
    frame = pl.DataFrame(
        {"DAYS_EMPLOYED": [365243, -10, None], "CODE_GENDER": ["XNA", "F", None], "CNT_CHILDREN": [0, 1, 2]}
    )
    opened = unmask("application", frame)
    assert opened["DAYS_EMPLOYED"].to_list() == [None, -10, None]
    assert opened["DAYS_EMPLOYED_NONE"].to_list() == [True, False, False]
    assert opened["CODE_GENDER"].to_list() == [None, "F", None]
    assert opened["CODE_GENDER_NONE"].to_list() == [True, False, False]
    assert opened["CNT_CHILDREN"].to_list() == [0, 1, 2]
    assert "CNT_CHILDREN_NONE" not in opened.columns
    assert opened["DAYS_EMPLOYED"].dtype == frame["DAYS_EMPLOYED"].dtype


def test_a_dossier_never_holds_the_target_and_always_the_applicant() -> None:
    for table in ("application", *HISTORIES):
        assert KEY in layout(table)
        assert TARGET not in layout(table)
    assert next(iter(layout("bureau_balance"))) == KEY


@pytest.mark.parametrize(
    ("table", "column", "cell"),
    [
        ("application", "AMT_INCOME_TOTAL", "117000000"),
        ("application", "CNT_CHILDREN", "20"),
        ("application", "CNT_FAM_MEMBERS", "21"),
        ("application", "OWN_CAR_AGE", "91"),
        ("application", "DAYS_EMPLOYED", "365243"),
        ("application", "DAYS_EMPLOYED", "0"),
        ("application", "REGION_RATING_CLIENT_W_CITY", "-1"),
        ("application", "AMT_REQ_CREDIT_BUREAU_QRT", "261"),
        ("application", "OBS_30_CNT_SOCIAL_CIRCLE", "354"),
        ("application", "CODE_GENDER", "XNA"),
        ("application", "NAME_INCOME_TYPE", "something new"),
        ("application", "AMT_ANNUITY", None),
        ("application", "DAYS_BIRTH", "-15000.0"),
        ("application", "DAYS_BIRTH", " -15000 "),
        ("bureau", "DAYS_CREDIT_ENDDATE", "-42060"),
        ("bureau", "DAYS_CREDIT_ENDDATE", "31199"),
        ("bureau", "DAYS_CREDIT_UPDATE", "372"),
        ("bureau", "AMT_CREDIT_SUM_DEBT", "-4705600.32"),
        ("bureau", "AMT_CREDIT_SUM", "585000000"),
        ("bureau_balance", "MONTHS_BALANCE", "0"),
        ("previous_application", "AMT_DOWN_PAYMENT", "-0.9"),
        ("previous_application", "SELLERPLACE_AREA", "4000000"),
        ("previous_application", "FLAG_LAST_APPL_PER_CONTRACT", "1"),
        ("previous_application", "DAYS_LAST_DUE", "365243"),
        ("installments_payments", "DAYS_ENTRY_PAYMENT", "-4921"),
        ("credit_card_balance", "AMT_BALANCE", "-420250.185"),
        ("credit_card_balance", "AMT_DRAWINGS_ATM_CURRENT", "-6827.31"),
    ],
)
def test_the_extremes_of_the_competition_are_allowed(table: str, column: str, cell: str | None) -> None:
    assert broken(table, column, cell) == []


@pytest.mark.parametrize(
    ("table", "column", "cell", "rule"),
    [
        ("application", "AMT_CREDIT", "a lot", "dtype"),
        ("application", "AMT_CREDIT", "nan", "nan"),
        ("application", "AMT_CREDIT", "inf", "inf"),
        ("application", "AMT_CREDIT", "-1", "range"),
        ("application", "AMT_CREDIT", None, "nullability"),
        ("application", "DAYS_BIRTH", "12", "range"),
        ("application", "DAYS_BIRTH", "-12.5", "dtype"),
        ("application", "DAYS_BIRTH", "99999999999", "dtype"),
        ("application", "DAYS_EMPLOYED", "365242", "range"),
        ("application", "FLAG_EMAIL", "2", "range"),
        ("application", "FLAG_OWN_CAR", "yes", "values"),
        ("application", "TARGET", "7", "range"),
        ("application", "SK_ID_CURR", "-5", "range"),
        ("bureau_balance", "STATUS", "9", "values"),
        ("bureau_balance", "MONTHS_BALANCE", "1", "range"),
        ("previous_application", "DAYS_DECISION", "3", "range"),
        ("calendar", "applied_on", "31/12/2026", "dtype"),
        ("outcomes", "TARGET", None, "nullability"),
    ],
)
def test_what_is_corrupt_breaks_a_rule(table: str, column: str, cell: str | None, rule: str) -> None:
    assert f"{column}|{rule}" in broken(table, column, cell)


def test_a_cell_of_the_wrong_type_breaks_that_rule_alone() -> None:
    assert broken("application", "AMT_CREDIT", "a lot") == ["AMT_CREDIT|dtype"]


def test_the_real_files_have_these_columns_and_keep_the_contracts(real: Path) -> None:
    for folder in (real, real / "deep"):
        for table, parts in find(folder).parts.items():
            for part in parts:
                check = Check(table, part.name)
                with Reader(part) as reader:
                    published = [name for name in columns(table) if name in reader.columns]
                    assert reader.columns == published
                    for batch in reader.batches(check.header(reader.columns)):
                        assert check.batch(batch).rejected.height == 0
                check.done()
                assert check.rows > 0

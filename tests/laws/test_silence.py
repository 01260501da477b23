"""No error and no log line holds an applicant's value: markers are planted everywhere, and none comes out."""

import logging
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aval.data.tables import columns
from aval.data.warehouse import Warehouse, ingest, load
from aval.errors import AvalError
from tests.laws.conftest import LAWS

MARKER = "77391"
"""Appears in no rule, range or count; if it is in a message, a value leaked."""


@LAWS
@given(column=st.sampled_from(sorted(columns("application"))), kind=st.sampled_from(["text", "number", "header"]))
def test_a_planted_value_never_comes_out(
    lender: Path,
    tmp_path_factory: pytest.TempPathFactory,
    caplog: pytest.LogCaptureFixture,
    column: str,
    kind: str,
) -> None:
    folder = tmp_path_factory.mktemp("planted")
    frame = pl.read_csv(lender / "application_train.csv", infer_schema=False, n_rows=30)
    planted = {"text": f"'{MARKER};--", "number": f"-{MARKER}{MARKER}{MARKER}", "header": ""}[kind]
    if kind == "header":
        frame = frame.rename({column: f"X_{column}"}) if column in frame.columns else frame
    elif column in frame.columns:
        frame = frame.with_columns(pl.lit(planted).alias(column))
    frame.write_csv(folder / "application_train.csv")
    said = [caplog.text]
    with caplog.at_level(logging.DEBUG):
        for attempt in (lambda: load(folder).warnings, lambda: ingest(folder, folder / "warehouse")):
            try:
                said.append(str(attempt()))
            except AvalError as problem:
                said.append(str(problem))
    assert MARKER not in "\n".join([*said, caplog.text])


def test_asking_for_an_unknown_applicant_does_not_repeat_the_number(lender: Path, home: Path) -> None:
    with pytest.raises(AvalError) as problem:
        Warehouse.open(home / "warehouse").dossiers([int(MARKER)])
    assert MARKER not in str(problem.value)

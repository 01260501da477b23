"""What was written of one applicant is restored to the same bits, alone or out of many."""

from pathlib import Path
from time import process_time

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from aval.data.dossiers import Dossiers
from aval.data.tables import HISTORIES, KEY
from aval.data.warehouse import Warehouse
from aval.errors import ApplicantUnknown
from aval.service.inputs import inputs, inputs_of, restored
from tests.service.hostile import application, row


def same(left: Dossiers, right: Dossiers) -> None:
    """To the last bit, and the marks that later sorts rely on."""
    assert left.absent == right.absent
    assert list(left.tables) == list(right.tables)
    for table, frame in left.tables.items():
        assert_frame_equal(frame, right.tables[table], check_exact=True)
        assert frame[KEY].flags["SORTED_ASC"] == right.tables[table][KEY].flags["SORTED_ASC"]


@pytest.fixture(scope="module")
def some(home: Path) -> Dossiers:
    warehouse = Warehouse.open(home / "warehouse")
    return warehouse.dossiers(warehouse.ids[:300])


def test_written_and_restored_bit_for_bit(some: Dossiers) -> None:
    written = inputs_of(some)
    assert len(written) == len(some)
    for applicant, text in list(zip(some.ids.to_list(), written, strict=True))[::10]:
        alone = some.select([applicant])
        same(restored(text), alone)
        assert inputs(some, applicant) == text
        assert inputs(alone, applicant) == text
        assert inputs_of(restored(text)) == [text]


def test_what_is_not_known_is_not_what_is_not_there() -> None:
    tables = {"application": pl.DataFrame([application()]), "bureau": pl.DataFrame([row("bureau")]).clear()}
    some = Dossiers.of(tables)
    found = restored(inputs(some, 100_001))
    assert found.absent == set(HISTORIES) - {"bureau"}
    same(found, some)


def test_odd_numbers_and_words_survive() -> None:
    odd = application(
        EXT_SOURCE_1=0.1 + 0.2, EXT_SOURCE_2=5e-324, AMT_CREDIT=1e10, OCCUPATION_TYPE='é "\\\n\x00\u2028😀'
    )
    some = Dossiers.of({"application": pl.DataFrame([odd])})
    same(restored(inputs(some, 100_001)), some)


def test_an_applicant_who_is_not_there(some: Dossiers) -> None:
    for stranger in (1, 10**15):
        with pytest.raises(ApplicantUnknown):
            inputs(some, stranger)
    assert inputs_of(Dossiers.of({t: f.clear() for t, f in some.tables.items()})) == []


def test_many_applicants_take_time_in_proportion(some: Dossiers) -> None:
    """2,000 applications are not scanned 2,000 times."""
    frame = some.tables["application"].head(1).with_columns(pl.int_range(1, 2_001, dtype=pl.Int64).alias(KEY).implode())
    empty = {table: some.tables[table].clear() for table in HISTORIES}
    many = Dossiers.of({"application": frame.explode(KEY), **empty})
    start = process_time()
    assert len(inputs_of(many)) == 2_000
    assert process_time() - start < 5


def test_many_are_written_as_each_alone_with_and_without_histories(home: Path) -> None:
    warehouse = Warehouse.open(home / "warehouse")
    everyone = warehouse.dossiers(warehouse.ids[:40])
    lone = Dossiers.of({"application": everyone.tables["application"]})
    for dossiers in (everyone, lone):
        many = inputs_of(dossiers)
        assert many == [inputs(dossiers, applicant) for applicant in dossiers.ids.to_list()]

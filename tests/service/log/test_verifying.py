"""Whatever is changed, cut, moved or forged is found, and where."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, select, text

from aval.service.log.chain import START, Head, Signer, leaf, leaves, link, read_head
from aval.service.log.log import Log
from aval.service.log.sealing import House
from aval.service.log.tables import DECISION, RECORD
from aval.service.log.verifying import verify
from tests.service.log.deeds import filled, made, tamper


def head(home: Path) -> Head:
    found = read_head(home / "log" / "head.json")
    assert found is not None
    return found


def seqs(log: Log, exported: Head | None = None) -> list[int]:
    return sorted({fault.seq for fault in verify(log, exported).faults})


def test_a_log_as_it_was_written_holds(log: Log, tmp_path: Path) -> None:
    assert verify(log, None).holds
    ones = filled(log)
    told = verify(log, head(tmp_path))
    assert (told.records, told.decisions, told.seq, told.faults) == (6, 8, 6, ())
    assert told.to_json()["holds"]
    assert told.head_at == log.decision(ones[-1].id).at


OTHER = {"sealed": b"x", "place": 7, "points": 7, "probability": 0.2, "cutoff": 0.2}
"""Another value for a column that is not text."""


def found_by_column(log: Log, table: Table, where: str, **values: Any) -> dict[str, list[int]]:
    """Change one column after the other, and set it back; where each change is found."""
    with log.reading() as connection:
        row = dict(connection.execute(text(f"SELECT * FROM {table.name} WHERE {where}"), values).mappings().one())
    told = {}
    for column in [name for name in row if name != "seq"]:
        statement = f"UPDATE {table.name} SET {column} = :value WHERE {where}"
        tamper(log, statement, value=OTHER.get(column, "x"), **values)
        told[column] = seqs(log)
        tamper(log, statement.replace(where, "id = 'x'") if column == "id" else statement, value=row[column], **values)
    assert verify(log, None).holds
    return told


def test_a_changed_column_of_a_record_is_found(log: Log) -> None:
    filled(log)
    told = found_by_column(log, RECORD, "seq = 4")
    assert len(told) == len(RECORD.columns) - 1
    assert told.pop("hash") == [4, 5]  # the next one follows it no longer
    assert set(map(tuple, told.values())) == {(4,)}


def test_a_changed_column_of_a_decision_is_found(log: Log) -> None:
    ones = filled(log)
    told = found_by_column(log, DECISION, "id = :number", number=ones[3].id)
    assert len(told) == len(DECISION.columns) - 1
    assert set(map(tuple, told.values())) == {(3,)}


def test_the_smallest_change_of_a_number_is_found(log: Log) -> None:
    one = made(7, 0.1)
    log.append([one], "ann")
    for value in ("0.10000000000000002", "0.09999999999999999"):
        tamper(log, f"UPDATE decision SET probability = {value}")
        assert seqs(log) == [1]
    tamper(log, "UPDATE decision SET probability = 0.1")
    assert verify(log, None).holds


def drop(log: Log, where: str) -> None:
    tamper(log, f"DELETE FROM decision WHERE {where}", f"DELETE FROM record WHERE {where}")


AS_IF_4 = (
    "UPDATE head SET seq = 4, hash = (SELECT hash FROM record WHERE seq = 4)",
    "UPDATE head SET at = (SELECT at FROM record WHERE seq = 4)",
)


def test_a_head_that_was_moved_is_found(log: Log) -> None:
    filled(log)
    for change in ("seq = 5", "hash = 'x'", "at = '9999'"):
        tamper(log, f"UPDATE head SET {change}")
        assert seqs(log) == [6]
        tamper(log, *(statement.replace("4", "6") for statement in AS_IF_4))
    assert verify(log, None).holds


def test_a_cut_end_is_found_by_the_exported_head(log: Log, tmp_path: Path) -> None:
    filled(log)
    exported = head(tmp_path)
    drop(log, "seq > 4")
    assert seqs(log) == [4]  # the table `head` still knows
    tamper(log, *AS_IF_4)
    assert verify(log, None).holds
    told = verify(log, exported)
    assert [fault.seq for fault in told.faults] == [4]
    assert "cut short" in told.faults[0].what


def test_nothing_at_all_is_left(log: Log, tmp_path: Path) -> None:
    filled(log)
    drop(log, "seq > 0")
    tamper(log, "UPDATE head SET seq = 0, hash = :start, at = ''", start=START)
    assert verify(log, None).holds
    assert seqs(log, head(tmp_path)) == [0]


def test_a_record_gone_from_the_middle_is_found(log: Log) -> None:
    filled(log)
    drop(log, "seq = 2")
    assert 2 in seqs(log)
    assert 3 in seqs(log)  # follows nothing that is there


def test_a_record_gone_from_over_its_decisions_is_found(log: Log) -> None:
    filled(log)
    tamper(log, "DELETE FROM record WHERE seq = 2")
    assert [(fault.seq, fault.what) for fault in verify(log, None).faults] == [
        (2, "a record is missing"),
        (2, "decisions stand without their record"),
        (3, "it does not follow the record before it"),
    ]


def test_a_decision_gone_from_a_part_is_found(log: Log) -> None:
    ones = filled(log)
    tamper(log, "DELETE FROM decision WHERE id = :id", id=ones[5].id)
    assert seqs(log) == [3]


def test_a_decision_slipped_in_is_found(log: Log) -> None:
    filled(log)
    with log.reading() as connection:
        row = dict(connection.execute(select(DECISION).where(DECISION.c.seq == 2)).mappings().one())
    row |= {"id": "slipped", "seq": 4}
    row["leaf"] = leaf(row)
    with log.engine.execution_options(writing=True).begin() as connection:
        connection.execute(DECISION.insert(), row)
    assert 4 in seqs(log)


def test_decisions_beyond_the_last_record_are_found(log: Log) -> None:
    filled(log)
    tamper(log, "UPDATE decision SET seq = 9 WHERE seq = 6")
    assert seqs(log) == [6, 9]


def test_records_that_changed_places_are_found(log: Log) -> None:
    filled(log)
    tamper(log, *(f"UPDATE record SET seq = {new} WHERE seq = {old}" for old, new in ((1, 90), (2, 1), (90, 2))))
    assert set(seqs(log)) >= {1, 2}


def test_decisions_that_changed_places_are_found(log: Log) -> None:
    ones = filled(log)
    moves = [(ones[2].id, 90), (ones[3].id, 0), (ones[2].id, 1)]
    for number, place in moves:
        tamper(log, "UPDATE decision SET place = :place WHERE id = :id", place=place, id=number)
    assert seqs(log) == [3]


def test_sealed_parts_that_were_swapped_are_found(log: Log) -> None:
    ones = filled(log)
    with log.reading() as connection:
        kept = {n: log_sealed(connection, n) for n in (ones[0].id, ones[7].id)}
    tamper(log, "UPDATE decision SET sealed = :sealed WHERE id = :id", sealed=kept[ones[0].id], id=ones[7].id)
    tamper(log, "UPDATE decision SET sealed = :sealed WHERE id = :id", sealed=kept[ones[7].id], id=ones[0].id)
    assert seqs(log) == [1, 6]


def log_sealed(connection: Any, number: str) -> bytes:
    return bytes(connection.execute(select(DECISION.c.sealed).where(DECISION.c.id == number)).scalar_one())


def test_a_chain_forged_anew_is_found_without_the_signing_key(log: Log, tmp_path: Path) -> None:
    ones = filled(log)
    exported = head(tmp_path)
    tamper(log, "UPDATE decision SET verdict = 'approve' WHERE id = :id", id=ones[0].id)
    forge(log)
    assert verify(log, None).holds  # every hash is right: nobody can tell from the database alone
    assert seqs(log, exported) == [6]
    Signer(tmp_path / "forger.key", tmp_path / "forged.json").export(*last(log), exported.at)
    forged = read_head(tmp_path / "forged.json")
    assert verify(log, forged).faults[0].what == "the exported head is not signed by this log"


def forge(log: Log) -> None:
    """Hash everything anew, as one does who knows how but has no signing key."""
    with log.reading() as connection:
        records = [dict(row) for row in connection.execute(select(RECORD).order_by(RECORD.c.seq)).mappings()]
        wanted = select(DECISION).order_by(DECISION.c.seq, DECISION.c.place)
        decisions = [dict(row) for row in connection.execute(wanted).mappings()]
    previous = START
    for row in decisions:
        row["leaf"] = leaf(row)
        tamper(log, "UPDATE decision SET leaf = :leaf WHERE id = :id", leaf=row["leaf"], id=row["id"])
    for row in records:
        row["leaves"] = leaves(one["leaf"] for one in decisions if one["seq"] == row["seq"])
        digest = link(row, previous)
        tamper(
            log,
            "UPDATE record SET leaves = :leaves, previous = :previous, hash = :hash WHERE seq = :seq",
            leaves=row["leaves"],
            previous=previous,
            hash=digest,
            seq=row["seq"],
        )
        previous = digest
    tamper(log, "UPDATE head SET hash = :hash", hash=previous)


def last(log: Log) -> tuple[int, str]:
    with log.reading() as connection:
        row = connection.execute(text("SELECT seq, hash FROM head")).one()
    return row.seq, row.hash


def test_a_decision_ascribed_to_another_is_found(log: Log) -> None:
    filled(log)
    tamper(log, "UPDATE subject SET applicant_id = 99 WHERE applicant_id = 100000")
    told = verify(log, None)
    assert [fault.seq for fault in told.faults] == [1]
    assert "does not open" in told.faults[0].what


def test_a_key_dropped_without_an_erasure_is_found(log: Log) -> None:
    filled(log)
    tamper(log, "DELETE FROM subject WHERE applicant_id = 100006")
    told = verify(log, None)
    assert [fault.seq for fault in told.faults] == [5]
    assert "no erasure is on record" in told.faults[0].what


def test_a_key_that_came_back_after_an_erasure_is_found(log: Log) -> None:
    filled(log)
    with log.reading() as connection:
        kept = dict(connection.execute(text("SELECT * FROM subject WHERE applicant_id = 100001")).mappings().one())
    log.erase(100_001, "dpo", "asked")
    assert verify(log, None).holds
    tamper(log, "INSERT INTO subject (token, applicant_id, key) VALUES (:token, :applicant_id, :key)", **kept)
    assert seqs(log) == [2]


@pytest.mark.parametrize("kind", ["override", "second"])
def test_an_override_of_nothing_is_found(log: Log, kind: str) -> None:
    filled(log)
    log.note("remark", "eve", about="nobody")
    assert verify(log, None).holds
    tamper(log, "UPDATE record SET kind = :kind WHERE seq = 7", kind=kind)
    forge(log)
    told = verify(log, None)
    assert [fault.what for fault in told.faults] == [f"this {kind} is about no decision before it"]


def test_an_auditor_without_the_key_of_the_house_may_walk_the_chain(
    database: str, tmp_path: Path, again: Callable[[], Log]
) -> None:
    (tmp_path / "house.key").write_text("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
    log = Log.open(database, tmp_path, key=tmp_path / "house.key")
    filled(log)
    assert verify(Log(log.engine, log.signer, House()), head(tmp_path)).holds


def test_faults_are_told_up_to_a_number(log: Log) -> None:
    for place in range(3):
        log.append([made(i) for i in range(10)], "ann", kind="part", about="job", place=place)
    tamper(log, "UPDATE decision SET model = 'x'")
    assert len(verify(log, None).faults) == 20


def test_while_others_write_one_state_is_walked(log: Log, again: Callable[[], Log]) -> None:
    filled(log)
    other = again()
    with log.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM record")).scalar() == 6
        other.append([made(1)], "bob")
        assert connection.execute(text("SELECT seq FROM head")).scalar() == 6
    assert verify(log, None).seq == 7

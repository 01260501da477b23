"""What is personal is sealed for one person and one record, and its keys for one house."""

import base64
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from aval.errors import LogBroken
from aval.service.log.log import Log
from aval.service.log.sealing import House, Private, new_key, seal, unseal
from tests.service.log.deeds import filled, made, tamper


def key_file(folder: Path, name: str = "house.key") -> Path:
    file = folder / name
    file.write_text(base64.b64encode(new_key()).decode() + "\n")
    return file


def test_packed_and_unpacked_is_the_same_bit_for_bit() -> None:
    private = made(1).private
    back = Private.unpacked(private.packed())
    assert (back.inputs, back.told) == (private.inputs, private.told)
    assert back.features.tobytes() == private.features.tobytes()
    assert back.contributions is not None
    assert private.contributions is not None
    assert back.contributions.tobytes() == private.contributions.tobytes()
    assert private.packed() == made(2).private.packed()


def test_nobody_asked_why_is_not_an_empty_answer() -> None:
    back = Private.unpacked(Private(b"", np.zeros(3), None, {}).packed())
    assert back.contributions is None
    assert back.inputs == b""


def test_what_is_sealed_opens_for_its_key_number_and_person_only() -> None:
    key = new_key()
    sealed = seal(key, b"plain", "n1", "100001")
    assert unseal(key, sealed, "n1", "100001") == b"plain"
    changed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    attempts = [(new_key(), sealed, "n1", "100001"), (key, sealed, "n2", "100001"), (key, sealed, "n1", "100002")]
    for attempt in [*attempts, (key, changed, "n1", "100001"), (key, b"", "n1", "100001"), (key, sealed, "n1")]:
        with pytest.raises(LogBroken) as refused:
            unseal(*attempt)
        assert "10000" not in str(refused.value)


def test_the_same_twice_is_sealed_differently() -> None:
    key = new_key()
    assert seal(key, b"plain", "n") != seal(key, b"plain", "n")


@pytest.mark.parametrize("content", [None, "", "short", base64.b64encode(b"x" * 31).decode(), "é" * 44, "%" * 44])
def test_a_file_that_holds_no_key_of_the_house_is_refused(content: str | None, tmp_path: Path) -> None:
    file = tmp_path / "house.key"
    if content is not None:
        file.write_text(content, "utf-8")
    with pytest.raises(LogBroken, match="AVAL_LOG_KEY"):
        House.of(file)


def test_under_a_key_of_the_house_no_persons_key_lies_in_plain(database: str, tmp_path: Path) -> None:
    log = Log.open(database, tmp_path, key=key_file(tmp_path))
    ones = filled(log)
    stored = log.decision(ones[1].id)
    assert stored.private is not None
    assert stored.events[0].words == "new payslip"
    with log.reading() as connection:
        kept = {bytes(row.key): row.token for row in connection.execute(text("SELECT key, token FROM subject"))}
    assert len(kept) == 8
    assert {len(key) for key in kept} == {1 + 12 + 32 + 16}
    for key, token in kept.items():
        assert log._house.unwrap(key, token) not in key


@pytest.mark.parametrize("right", [False, True], ids=["without a key", "with another key"])
def test_a_log_of_another_key_is_not_opened(database: str, tmp_path: Path, right: bool) -> None:
    filled(Log.open(database, tmp_path, key=key_file(tmp_path)))
    other = key_file(tmp_path, "other.key") if right else None
    with pytest.raises(LogBroken, match="AVAL_LOG_KEY") as refused:
        Log.open(database, tmp_path, key=other)
    assert str(refused.value).count(".") <= 1 + str(refused.value).count("AVAL")


def test_keys_from_before_the_key_of_the_house_are_put_under_it(database: str, tmp_path: Path) -> None:
    ones = filled(Log.open(database, tmp_path))
    log = Log.open(database, tmp_path, key=key_file(tmp_path))
    with log.reading() as connection:
        kept = list(connection.execute(text("SELECT key FROM subject")).scalars())
    assert [key[:1] for key in map(bytes, kept)] == [b"\x01"] * 8
    stored = log.decision(ones[0].id).private
    assert stored is not None
    assert stored.inputs == ones[0].private.inputs


def test_a_key_of_another_person_does_not_pass_for_ones_own(log: Log, again: Callable[[], Log]) -> None:
    ones = filled(log)
    tamper(
        log,
        "UPDATE subject SET applicant_id = -1 WHERE applicant_id = 100000",
        "UPDATE subject SET applicant_id = 100000 WHERE applicant_id = 100001",
        "UPDATE subject SET applicant_id = 100001 WHERE applicant_id = -1",
    )
    with pytest.raises(LogBroken, match=ones[0].id):
        again().decision(ones[0].id)

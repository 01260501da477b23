"""Hashes with one spelling, and a head that is signed, exported and never goes back."""

import hashlib
import re
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from aval.errors import LogBroken
from aval.service.log.chain import START, Head, Signer, leaf, leaves, link, read_head
from aval.service.log.log import Log
from aval.settings import ROOT
from tests.service.log.deeds import filled, tamper

AT = "2026-11-24T10:00:00.000000Z"


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return Signer(tmp_path / "signing.key", tmp_path / "head.json")


def row(**changes: object) -> dict[str, object]:
    given = {"id": "a", "place": 0, "subject": "s", "at": AT, "caller": "é", "verdict": "refer", "probability": 0.1}
    given |= {"points": 1, "cutoff": 1 / 11, "rules": "[]", "model": "1", "policy": "p", "policy_digest": "d"}
    return {**given, "features": "f", "facts": "{}", "sealed": b"x", **changes}


def test_hashes_have_one_spelling() -> None:
    sealed = hashlib.sha256(b"x").hexdigest()
    text = f'["a",0,"s","{AT}","é","refer",0.1,1,0.09090909090909091,"[]","1","p","d","f","{{}}","{sealed}"]'
    assert leaf(row()) == hashlib.sha256(text.encode()).hexdigest()
    assert leaf(row(probability=1e-300)) != leaf(row(probability=0.0)) != leaf(row(probability=-0.0))
    assert leaves(()) == "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"  # of "[]"
    assert leaves(["a", "b"]) != leaves(["b", "a"])


def test_a_value_cannot_move_into_the_next_column() -> None:
    assert leaf(row(model="1", policy="2")) != leaf(row(model="12", policy=""))
    record = {"seq": 1, "id": "a", "kind": "k", "at": AT, "caller": "c", "about": None, "place": None}
    record |= {"subject": None, "verdict": None, "motive": "m", "body": "{}", "sealed": None, "leaves": "l"}
    assert link(record, START) != link({**record, "verdict": "m", "motive": None}, START)
    assert link(record, START) != link(record, "1" * 64)


def test_the_head_says_what_was_signed(signer: Signer, tmp_path: Path) -> None:
    assert signer.exported() is None
    signer.export(3, "a" * 64, AT)
    head = read_head(tmp_path / "head.json")
    assert head is not None
    assert (head.seq, head.hash, head.at, head.key) == (3, "a" * 64, AT, signer.public)
    assert head.holds()
    assert head.holds(signer.public)
    assert Head.from_json(head.to_json()) == head == signer.exported()


def test_a_forged_head_does_not_hold(signer: Signer, tmp_path: Path) -> None:
    signer.export(3, "a" * 64, AT)
    head = read_head(tmp_path / "head.json")
    assert head is not None
    other = Signer(tmp_path / "other.key", tmp_path / "other.json")
    for forged in (
        replace(head, seq=4),
        replace(head, hash="b" * 64),
        replace(head, at=AT.replace("2026", "2027")),
        replace(head, key=other.public),
        replace(head, signature=""),
        replace(head, key="é"),
    ):
        assert not forged.holds()
    assert not head.holds(other.public)


@pytest.mark.parametrize(
    "content", [b"{}", b"[]", b"null", b"{", b"\xff\xfe", b'{"seq":"1","hash":"","at":"","key":"","signature":""}']
)
def test_a_garbled_head_is_said_so_and_left_for_a_person(signer: Signer, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "head.json").write_bytes(content)
    with pytest.raises(LogBroken):
        read_head(tmp_path / "head.json")
    with pytest.raises(LogBroken):
        signer.export(1, "a" * 64, AT)
    assert (tmp_path / "head.json").read_bytes() == content


def test_an_empty_head_is_none_as_a_power_cut_leaves_one(signer: Signer, tmp_path: Path) -> None:
    (tmp_path / "head.json").touch()
    assert signer.exported() is None
    signer.export(1, "a" * 64, AT)
    assert signer.exported() is not None


def test_a_head_that_cannot_be_read_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "head.json").mkdir()
    with pytest.raises(LogBroken, match="cannot be read"):
        read_head(tmp_path / "head.json")


def test_the_head_never_goes_back(signer: Signer, tmp_path: Path) -> None:
    slower = Signer(tmp_path / "signing.key", tmp_path / "head.json")
    signer.export(1, "a" * 64, AT)
    signer.export(1_000, "b" * 64, AT)
    slower.export(999, "c" * 64, AT)
    kept = signer.exported()
    assert kept is not None
    assert kept.seq == 1_000
    slower.export(1_001, "d" * 64, AT)
    assert read_head(tmp_path / "head.json") == slower.exported() != kept


def test_a_head_of_another_key_is_not_written_over(signer: Signer, tmp_path: Path) -> None:
    Signer(tmp_path / "other.key", tmp_path / "head.json").export(1, "a" * 64, AT)
    with pytest.raises(LogBroken, match="not signed"):
        signer.export(2, "b" * 64, AT)
    with pytest.raises(LogBroken, match="put the key back"):
        signer.exported()


def test_whoever_reads_the_head_finds_a_whole_one(signer: Signer, tmp_path: Path) -> None:
    over = threading.Event()

    def write() -> None:
        for seq in range(1, 400):
            signer.export(seq * 7_919, "a" * 64, AT)
        over.set()

    writer = threading.Thread(target=write)
    writer.start()
    read = 0
    while not over.is_set():
        head = read_head(tmp_path / "head.json")
        assert head is None or head.holds(signer.public)
        read += 1
    writer.join()
    assert read > 10


def test_the_signing_key_is_its_owners_alone_and_stays(signer: Signer, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "signing.key").stat().st_mode) == 0o600
    assert Signer(tmp_path / "signing.key", tmp_path / "head.json").public == signer.public
    assert [file.name for file in tmp_path.iterdir()] == ["signing.key"]


def test_of_workers_that_start_together_one_makes_the_key(tmp_path: Path) -> None:
    for turn in range(5):
        barrier = threading.Barrier(4)

        def public(turn: int = turn, barrier: threading.Barrier = barrier) -> str:
            barrier.wait()
            return Signer(tmp_path / f"{turn}.key", tmp_path / "head.json").public

        with ThreadPoolExecutor(4) as pool:
            assert len({one.result() for one in [pool.submit(public) for _ in range(4)]}) == 1
    assert len(list(tmp_path.iterdir())) == 5


@pytest.mark.parametrize("content", [b"", b"short", bytes(range(200, 244))])
def test_a_file_that_is_no_signing_key_is_said_so(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "signing.key").write_bytes(content)
    with pytest.raises(LogBroken, match="not a signing key"):
        Signer(tmp_path / "signing.key", tmp_path / "head.json")


def test_the_chain_is_walked_by_what_the_docs_say_of_it(tmp_path: Path) -> None:
    """The program in docs/service.md, which imports nothing of aval."""
    log = Log.open("", tmp_path)
    filled(log)
    log.erase(100_003, "dpo", "asked")
    (program,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "service.md").read_text(), re.DOTALL)
    command = [sys.executable, "-I", "-c", program, str(tmp_path / "log" / "log.db")]
    head = log.signer.exported()
    assert head is not None
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert told == f"{head.seq} {head.hash}\n"
    for deed in (
        "UPDATE decision SET points = points + 1 WHERE seq = 3 AND place = 2",
        "DELETE FROM record WHERE seq = 2",
    ):
        tamper(log, deed)
        seq = re.findall(r"seq = (\d)", deed)[0]
        done = subprocess.run(command, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (1, f"record {seq} is not what was written\n")
    log.close()

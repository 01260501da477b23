"""Killed at any moment, the old warehouse or the new one is whole, and the next run succeeds."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from aval.data.manifest import sha256
from aval.data.parquet import Spill
from aval.data.shelf import current, version
from aval.data.warehouse import Warehouse, ingest
from aval.errors import WarehouseError
from tests.data import hand

# Each run is a process of its own, forked from one that has loaded everything and started no thread yet. It counts what
# it does to the warehouse's folder and ends itself, without any clean-up, at the step asked for.
CHILD = """
import os, signal, sys
from pathlib import Path
from aval.data.warehouse import ingest

DEEDS = ("open", "os.mkdir", "os.rename", "os.symlink", "os.remove", "os.rmdir")
for line in sys.stdin:
    source, target, last = line.rstrip("\\n").split("\\t")
    if (pid := os.fork()) == 0:
        steps = []

        def hook(event, args):
            if event in DEEDS and target in str(args):
                steps.append(event)
                if len(steps) == int(last):
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        ingest(Path(source), Path(target))
        os.write(1, " ".join([*steps, ""]).encode())
        os._exit(0)
    print("pid", pid, flush=True)
    print("ended", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""
Run = Callable[..., tuple[int, list[str]]]


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Ingests in another process, which ends itself at the `last` step or is killed after so many seconds.

    Gives its exit code and its steps.
    """
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", CHILD], **pipes) as child:  # type: ignore[call-overload]

        def run(source: Path, target: Path, last: int = 0, *, after: float | None = None) -> tuple[int, list[str]]:
            child.stdin.write(f"{source}\t{target}\t{last}\n")
            child.stdin.flush()
            pid = int(child.stdout.readline().split()[1])
            if after is not None:
                time.sleep(after)
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            *steps, _, code = child.stdout.readline().split()
            return int(code), steps

        yield run


def whole(target: Path) -> str:
    """The fingerprint of a warehouse that can be read from end to end and is what its manifest says."""
    warehouse = Warehouse.open(target)
    for table, entry in warehouse.manifest.tables.items():
        assert sha256(target / "current" / f"{table}.parquet") == entry.sha256
    assert sum(len(chunk) for chunk in warehouse.stream(5)) == len(warehouse)
    return warehouse.fingerprint


def tidy(target: Path) -> bool:
    return {path.name for path in target.iterdir()} == {"current", ".lock", current(target).name}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    place = tmp_path_factory.mktemp("sources")
    return hand.write(place / "old", hand.tables(0)), hand.write(place / "new", hand.tables(1))


@pytest.fixture(scope="module")
def fingerprints(sources: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    place = tmp_path_factory.mktemp("prints")
    return ingest(sources[0], place / "old").fingerprint, ingest(sources[1], place / "new").fingerprint


def test_killed_between_any_two_steps(
    run: Run, tmp_path: Path, sources: tuple[Path, Path], fingerprints: tuple[str, str]
) -> None:
    old, new = fingerprints
    target = tmp_path / "warehouse"
    ingest(sources[0], target)
    _, steps = run(sources[1], target)
    link, turn = steps.index("os.symlink") + 1, steps.index("os.rename") + 1
    seen = []
    # In the middle, before the new link is made, before it takes the old one's place, after that, and at the very end.
    for last in (len(steps) // 3, link, turn, turn + 1, len(steps)):
        ingest(sources[0], target)
        assert run(sources[1], target, last)[0] == -9
        seen.append(whole(target))
        assert ingest(sources[1], target).fingerprint == new
        assert whole(target) == new
        assert tidy(target)
    assert seen == [old, old, old, new, new]


def test_killed_from_outside(
    run: Run, tmp_path: Path, sources: tuple[Path, Path], fingerprints: tuple[str, str]
) -> None:
    target = tmp_path / "warehouse"
    ingest(sources[0], target)
    for seconds in (0.05, 0.3):
        run(sources[1], target, after=seconds)
        assert whole(target) in fingerprints
    assert ingest(sources[1], target).fingerprint == fingerprints[1]
    assert tidy(target)


def test_the_first_run_killed_leaves_no_warehouse_and_the_next_succeeds(
    run: Run, tmp_path: Path, sources: tuple[Path, Path], fingerprints: tuple[str, str]
) -> None:
    target = tmp_path / "warehouse"
    assert run(sources[0], target, 12)[0] == -9
    with pytest.raises(WarehouseError, match="no warehouse there; make one with `aval ingest SRC`"):
        Warehouse.open(target)
    assert ingest(sources[0], target).fingerprint == fingerprints[0]
    assert tidy(target)


def test_a_reader_always_finds_a_whole_warehouse(tmp_path: Path, sources: tuple[Path, Path]) -> None:
    target = tmp_path / "warehouse"
    ingest(sources[0], target)
    stop = threading.Event()
    problems: list[BaseException] = []
    read = []

    def reader() -> None:
        while not stop.is_set():
            try:
                warehouse = Warehouse.open(target)
                read.append(sum(len(chunk) for chunk in warehouse.stream()))
            except BaseException as problem:
                problems.append(problem)

    thread = threading.Thread(target=reader)
    thread.start()
    for turn in range(6):
        ingest(sources[turn % 2], target)
    stop.set()
    thread.join()
    assert problems == []
    assert set(read) == {hand.APPLICANTS}


def test_an_open_warehouse_outlives_its_replacement(tmp_path: Path, sources: tuple[Path, Path]) -> None:
    target = tmp_path / "warehouse"
    ingest(sources[0], target)
    held = Warehouse.open(target)
    before = held.dossiers(held.ids)
    ingest(sources[1], target)
    after = held.dossiers(held.ids)
    assert all(after.tables[table].equals(frame) for table, frame in before.tables.items())
    assert Warehouse.open(target).fingerprint != held.fingerprint


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    target = tmp_path / "warehouse"

    def fail() -> None:
        with version(target) as folder:
            (folder / "half").write_text("x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert [path.name for path in target.iterdir()] == [".lock"]


def test_two_runs_do_not_write_one_warehouse(tmp_path: Path, sources: tuple[Path, Path]) -> None:
    target = tmp_path / "warehouse"
    ingest(sources[0], target)
    with (target / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(WarehouseError, match="another run is writing it"):
            ingest(sources[1], target)
    ingest(sources[1], target)


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path, sources: tuple[Path, Path]) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(WarehouseError, match=r"thesis\.tex, which is no part of a warehouse"):
        ingest(sources[0], tmp_path)
    assert (tmp_path / "thesis.tex").exists()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, sources: tuple[Path, Path]) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(WarehouseError, match=r"cannot be written \(.*\); make room there or name another"):
        ingest(sources[0], tmp_path / "file" / "warehouse")


def test_a_full_disk_leaves_the_old_warehouse(
    tmp_path: Path, sources: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "warehouse"
    before = ingest(sources[0], target)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Spill, "add", full)
    with pytest.raises(WarehouseError, match="No space left on device"):
        ingest(sources[1], target)
    assert whole(target) == before.fingerprint
    assert tidy(target)

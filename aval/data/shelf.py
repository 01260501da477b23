"""Where a warehouse stands on disk, and how a new one takes the place of the old in one step.

    warehouse/
        current -> v20261124T030500123456      the one link that readers follow
        v20261124T030500123456/                manifest.json, TABLE.parquet, rejects/TABLE.parquet
        .lock

A version is written in full and flushed before the link is turned to it, and turning a link is atomic: killed
between any two steps, a reader finds the whole old warehouse or the whole new one. Leftovers go with the next run.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from aval.errors import WarehouseError

_LINK = "current"


@contextmanager
def version(target: Path) -> Iterator[Path]:
    """A fresh folder for a new version; it is published when the block ends well and removed when it does not.

    Raises: WarehouseError: another run writes here, the folder holds something else, the disk is full.
    """
    try:
        with _version(target) as folder:
            yield folder
    except OSError as problem:
        what = f"cannot be written ({problem.strerror or 'input or output failed'})"
        raise WarehouseError(target, what, "make room there or name another folder with --home") from problem


@contextmanager
def _version(target: Path) -> Iterator[Path]:
    target.mkdir(parents=True, exist_ok=True)
    strange = [path.name for path in target.iterdir() if path.name not in (_LINK, ".lock") and not _ours(path)]
    if strange:
        raise WarehouseError(target, f"holds {strange[0]}, which is no part of a warehouse", "name another folder")
    with (target / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WarehouseError(target, "another run is writing it", "wait until it has ended") from None
        _sweep(target)
        folder = target / f"v{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
        folder.mkdir()
        try:
            yield folder
            _publish(folder)
        finally:
            _sweep(target)


def current(target: Path) -> Path:
    """The folder of the published version. Raises: WarehouseError."""
    try:
        return target / (target / _LINK).readlink()
    except OSError:
        remedy = "make one with `aval ingest SRC`, or name the folder that holds it (--home, AVAL_HOME)"
        raise WarehouseError(target.absolute(), "no warehouse there", remedy) from None


def _ours(path: Path) -> bool:
    return path.name.startswith(("v2", f"{_LINK}."))


def _publish(folder: Path) -> None:
    for path in (*folder.rglob("*"), folder):
        _flush(path)
    turning = folder.with_name(f"{_LINK}.new")
    turning.unlink(missing_ok=True)
    turning.symlink_to(folder.name)
    turning.replace(folder.with_name(_LINK))
    _flush(folder.parent)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sweep(target: Path) -> None:
    """Removes what is not published. A reader that already holds the old files keeps them."""
    try:
        kept = (target / _LINK).readlink().name
    except OSError:
        kept = ""
    for path in target.iterdir():
        if _ours(path) and path.name != kept:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def discard(folder: Path) -> None:
    """Removes a folder that an earlier run may have left."""
    if folder.exists():
        shutil.rmtree(folder)

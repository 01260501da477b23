"""Real processes that write to one log, forked from this one so that each starts at once.

    python -m tests.service.log.writers DEED HOME [URL]

Run as a program of its own: a test process has threads, which do not survive a fork.
"""

import json
import os
import random
import select
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from aval.errors import LogUnavailable
from aval.service.log.log import Log
from tests.service.log.deeds import made

KILLED, MANY, EACH = 16, 4, 15


def child(deed: Callable[[Log], None], url: str, home: Path) -> tuple[int, int]:
    """A new process with the log opened in it; its number, and what it prints."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(writing, 1)
        deed(Log.open(url, home, busy=20.0))
        os._exit(0)
    os.close(writing)
    return pid, reading


def say(**what: object) -> None:
    """One line in one call: a reader finds whole lines even of a writer that was killed."""
    os.write(1, json.dumps(what).encode() + b"\n")


def heard(reading: int) -> list[str]:
    """Every line of a process that is gone."""
    with os.fdopen(reading, "rb") as pipe:
        return pipe.read().decode().splitlines()


def appending(log: Log, often: int) -> None:
    """Append, and tell each receipt once it is there."""
    for turn in range(often):
        ones = [made(random.randrange(5)) for _ in range(random.choice((1, 1, 1, 4)))]
        try:
            receipt = log.append(ones, f"worker {os.getpid()}", key=(f"{os.getpid()}-{turn}", "d"))
        except LogUnavailable as problem:
            say(problem=str(problem))
            continue
        say(seq=receipt.seq, hash=receipt.hash, ids=[one.id for one in ones])


def crash(url: str, home: Path) -> None:
    """Writers one after the other, each killed at a random moment of its traffic."""
    for _ in range(KILLED):
        pid, reading = child(lambda log: appending(log, 100_000), url, home)
        select.select([reading], [], [], 20)
        time.sleep(random.uniform(0, 0.06))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        print(*heard(reading), sep="\n", flush=True)


def many(url: str, home: Path) -> None:
    """Writers at once: the first finds no database yet, and all write the policy first, which is written once."""

    def deed(log: Log) -> None:
        log.once("policy", "p" * 32, "aval", {"text": "é"})
        appending(log, EACH)

    running = [child(deed, url, home) for _ in range(MANY)]
    for pid, reading in running:
        print(*heard(reading), sep="\n", flush=True)
        os.waitpid(pid, 0)


def load() -> None:
    """Everything a writer needs is in memory before the first fork."""

    with tempfile.TemporaryDirectory() as folder:
        log = Log.open("", Path(folder))
        log.append([made(1)], "nobody")
        log.close()


if __name__ == "__main__":
    load()
    {"crash": crash, "many": many}[sys.argv[1]](sys.argv[3] if sys.argv[3:] else "", Path(sys.argv[2]))

"""A real PostgreSQL for tests: Debian's server in a temporary folder, reached by its socket."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

import psycopg
import pytest

SETTINGS = ("listen_addresses=", "fsync=off", "full_page_writes=off", "shared_buffers=16MB", "max_connections=60")


def programs() -> Path:
    """The folder of the newest server's programs; a test that needs one fails where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda file: int(file.parts[-3]))
    if not found:
        pytest.fail("PostgreSQL is not installed: run `make system`", pytrace=False)
    return found[-1].parent


class Postgres:
    """One server. It refuses to run as root: then it runs as the `postgres` that Debian's package made."""

    def __init__(self) -> None:
        self.programs = programs()
        self.folder = Path(tempfile.mkdtemp(prefix="aval-pg-"))
        self._as: Sequence[str] = ()
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
            self._as = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
        self._run("initdb", "-D", "data", "-E", "UTF8", "--locale=C", "-A", "trust", "-U", "postgres", "--no-sync")
        self.start()

    def _command(self, program: str, *words: str) -> list[str]:
        return [*self._as, str(self.programs / program), *words]

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(
            self._command(program, *words), cwd=self.folder, capture_output=True, text=True, env={"LC_ALL": "C"}
        )
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        """Start it and wait until it answers."""
        words = ["-D", "data", "-k", str(self.folder), *(f"--{setting}" for setting in SETTINGS)]
        self.process = subprocess.Popen(
            self._command("postgres", *words),
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"LC_ALL": "C"},
        )
        until = time.monotonic() + 300
        while True:
            try:
                psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres").close()
            except psycopg.OperationalError:
                assert self.process.poll() is None, "the server ended as soon as it was started"
                assert time.monotonic() < until, "the server does not answer"
                time.sleep(0.05)
            else:
                return

    def kill(self) -> None:
        """An immediate stop: no goodbye to anybody, recovery at the next start."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(300)

    def close(self) -> None:
        """Stop it and remove its folder."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(300)
        shutil.rmtree(self.folder)

    def fresh(self) -> str:
        """The address of a new schema: as empty as a new database, in a hundredth of the time and space."""
        name = f"t{uuid.uuid4().hex[:12]}"
        with psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {name}".encode())
        return f"postgresql://postgres@/postgres?host={self.folder}&options=-csearch_path%3D{name}"

    def database(self) -> str:
        """The address of a new database: what is dumped and restored is one."""
        name = f"d{uuid.uuid4().hex[:12]}"
        with psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return f"postgresql://postgres@/{name}?host={self.folder}"

"""`aval serve` as a process of its own, for tests of how it lives and dies."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from aval.service.access import Keys
from aval.service.log.opening import engine
from aval.service.role import Role
from aval.settings import ROOT

PATIENCE = 300.0
"""Seconds that anything may take on a machine that has other things to do; who waits so long waits in vain."""


def environment(**more: str) -> dict[str, str]:
    """This process's, without what belongs to another installation."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AVAL_", "OTEL_", "MLFLOW_"))}
    return {**kept, "AVAL_REFRESH": "0.5", "AVAL_RATE": "100000", "AVAL_BURST": "100000", **more}


def key(home: Path, name: str = "tester", role: Role = Role.ADMIN, log: str = "") -> str:
    """A new key of an installation."""
    opened = engine(log, home)
    try:
        return Keys(opened).add(name, role)
    finally:
        opened.dispose()


def aval(home: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """A command, as a process."""
    command = [sys.executable, "-m", "aval", "--home", str(home), *words]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env=environment(**more), timeout=PATIENCE, check=False
    )


class Server:
    """One server; its lines are kept in files beside each other in `folder`."""

    def __init__(self, home: Path, folder: Path, *options: str, **more: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.out, self.err = folder / "out", folder / "err"
        words = options if "--port" in options else (*options, "--port", "0")
        command = [sys.executable, "-m", "aval", "--home", str(home), "serve", *words]
        with self.out.open("w") as out, self.err.open("w") as err:
            self.process = subprocess.Popen(
                command, stdout=out, stderr=err, cwd=ROOT, env=environment(**more), start_new_session=True
            )
        self.url = str(self.line("listening")["url"])
        self.port = int(self.url.rpartition(":")[2])

    def client(self, key: str = "") -> httpx.Client:
        """A client of it."""
        headers = {"X-API-Key": key} if key else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60)

    def lines(self) -> list[dict[str, Any]]:
        """What it said; a line that is not JSON fails."""
        return [json.loads(line) for line in self.err.read_text().splitlines()]

    def line(self, event: str) -> dict[str, Any]:
        """The first line of this event, once it is there."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            text = self.err.read_text()
            for line in text[: text.rfind("\n") + 1].splitlines():
                if line.startswith("{") and (found := json.loads(line))["event"] == event:
                    return dict(found)
            assert self.process.poll() is None, text
            time.sleep(0.05)
        raise AssertionError(f"it never said {event}: {self.err.read_text()}")

    def wait(self, status: int = 200) -> dict[str, Any]:
        """What readiness says once it says so with this status."""
        until = time.monotonic() + PATIENCE
        with self.client() as client:
            while time.monotonic() < until:
                try:
                    answer = client.get("/health/ready")
                except httpx.TransportError:
                    assert self.process.poll() is None, self.err.read_text()
                else:
                    if answer.status_code == status:
                        return dict(answer.json())
                time.sleep(0.05)
        raise AssertionError(f"never {status}: {self.err.read_text()}")

    def children(self) -> list[int]:
        """Processes of its session, itself aside."""
        found = []
        for place in Path("/proc").glob("[0-9]*/stat"):
            try:
                state, _, _, session, *_ = place.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            pid = int(place.parent.name)
            if int(session) == self.process.pid and pid != self.process.pid and state != "Z":
                found.append(pid)
        return found

    def workers(self) -> list[int]:
        """Of its children those that decide, not Python's own tracker of resources."""
        told = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in self.children()}
        return sorted(pid for pid, line in told.items() if b"spawn_main" in line)

    def end(self) -> int:
        """Ask it to end; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """No warning, no goodbye."""
        self.process.kill()
        self.process.wait(PATIENCE)

    def gone(self) -> bool:
        """Whether nothing of it is left, after a while."""
        until = time.monotonic() + PATIENCE
        while self.children() and time.monotonic() < until:
            time.sleep(0.05)
        return not self.children()

    def close(self) -> None:
        """For fixtures: whatever is left of it ends."""
        if self.process.poll() is None:
            self.kill()
        for pid in self.children():
            os.kill(pid, signal.SIGKILL)

"""How quickly the service answers, where each millisecond goes, and whether it grows under load.

    python -m benchmarks.service HOME                    an AVAL_HOME that `aval demo` filled
    python -m benchmarks.service HOME --minutes 10       and ten minutes of steady load
    python -m benchmarks.service                         a lender of 3,000, simulated and trained first

Needs `wrk` (Debian's package). One worker, one connection, full dossiers with histories, reasons and the log write
(SQLite, every commit on the disk); MLflow's own server on the same model and the same dossiers beside it.
"""

import argparse
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[1]
TYPICAL = {"bureau": 6, "previous_application": 5, "installments_payments": 45, "months": 30}

LUA = """
local bodies = {}
for line in io.lines("%(bodies)s") do bodies[#bodies + 1] = line end
local place = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["X-API-Key"] = "%(key)s"
request = function()
  place = place %% #bodies + 1
  return wrk.format(nil, nil, nil, bodies[place])
end
local bad = 0
response = function(status) if status ~= 200 then bad = bad + 1; print("status " .. status) end end
done = function(summary, latency)
  local lost = summary.errors
  io.write(string.format(
    "RESULT {\\"requests\\": %%d, \\"seconds\\": %%.3f, \\"p50\\": %%.2f, \\"p90\\": %%.2f, ",
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(90) / 1000))
  io.write(string.format(
    "\\"p99\\": %%.2f, \\"max\\": %%.2f, \\"errors\\": %%d}\\n", latency:percentile(99) / 1000, latency.max / 1000,
    lost.connect + lost.read + lost.write + lost.status + lost.timeout))
end
"""


def port() -> int:
    """One that is free now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def running(words: list[str], place: str, ready: str, log: Path, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """A server, once it says that it is ready."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with log.open("wb") as told:
        process = subprocess.Popen(
            words,
            env={**os.environ, "PATH": path, **settings},
            stdout=told,
            stderr=told,
            start_new_session=True,
            cwd=ROOT,
        )
    try:
        for _ in range(600):
            if process.poll() is not None:
                raise SystemExit(log.read_text()[-2000:])
            with suppress(httpx.TransportError):
                if httpx.get(place + ready).status_code == 200:
                    break
            time.sleep(0.2)
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def wrk(url: str, bodies: Path, key: str, seconds: int, connections: int = 1) -> dict[str, float]:
    """Latencies in milliseconds as wrk saw them."""
    script = bodies.with_suffix(".lua")
    script.write_text(LUA % {"bodies": bodies, "key": key})
    words = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(script), url]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    found: dict[str, float] = json.loads(re.search(r"RESULT (.*)", told)[1])  # type: ignore[index]
    return found


def show(name: str, found: dict[str, float]) -> None:
    """A line of the table."""
    rate = found["requests"] / found["seconds"]
    figures = " | ".join(f"{found[one]:.1f}" for one in ("p50", "p90", "p99", "max"))
    print(f"| {name} | {figures} | {rate:,.0f} | {found['errors']:.0f} |", flush=True)


def dossiers(home: Path, folder: Path, most: int = 200) -> dict[str, Path]:
    """Bodies, one a line: typical full dossiers, the same by id, and as MLflow's server wants them."""
    import polars as pl

    from aval.data.tables import HISTORIES, KEY
    from aval.data.warehouse import Warehouse

    warehouse = Warehouse.open(home / "warehouse")
    distance: dict[int, float] = {}
    for part in warehouse.stream(applicants=5_000):
        tables = part.tables
        counts = tables["application"].select(KEY)
        for table in HISTORIES:
            of = tables[table].group_by(KEY).agg(pl.len().alias(table))
            counts = counts.join(of, on=KEY, how="left").with_columns(pl.col(table).fill_null(0))
        for row in counts.iter_rows(named=True):
            months = row["POS_CASH_balance"] + row["credit_card_balance"]
            known = {**row, "months": months}
            distance[row[KEY]] = sum(abs(known[what] - wanted) / wanted for what, wanted in TYPICAL.items())
    chosen = sorted(sorted(distance, key=lambda one: distance[one])[:most])
    alone = [warehouse.dossiers([one]) for one in chosen]
    files = {name: folder / f"{name}.jsonl" for name in ("full", "id", "mlflow")}
    mean = {table: sum(d.tables[table].height for d in alone) / len(alone) for table in HISTORIES}
    print(f"{len(chosen)} dossiers; rows on average: " + ", ".join(f"{n} {v:.0f}" for n, v in mean.items()), flush=True)
    with files["full"].open("w") as full, files["id"].open("w") as ids, files["mlflow"].open("w") as raw:
        for one, dossier in zip(chosen, alone, strict=True):
            told: dict[str, Any] = {"application": dossier.tables["application"].row(0, named=True)}
            for table in HISTORIES:
                rows = dossier.tables[table].to_dicts()
                told[table] = [{n: v for n, v in r.items() if (table, n) != ("bureau_balance", KEY)} for r in rows]
            full.write(json.dumps(told) + "\n")
            ids.write(json.dumps({"applicant_id": one}) + "\n")
            numbers = {n: float(v) if isinstance(v, int) and n != KEY else v for n, v in told["application"].items()}
            row = {**numbers, **{table: json.dumps(told[table]) for table in HISTORIES}}
            raw.write(json.dumps({"dataframe_records": [row]}) + "\n")
    return files


def stages(page: str) -> None:
    """Where each millisecond goes: means over all decisions so far."""
    sums = dict(re.findall(r'aval_stage_seconds_sum\{stage="(\w+)"\} (\S+)', page))
    counts = dict(re.findall(r'aval_stage_seconds_count\{stage="(\w+)"\} (\S+)', page))
    told = ", ".join(f"{stage} {1000 * float(sums[stage]) / float(counts[stage]):.2f} ms" for stage in sums)
    print(f"\nMeans by stage: {told}")


def memory(process: subprocess.Popen[bytes]) -> int:
    """Resident bytes."""
    fields = Path(f"/proc/{process.pid}/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")


def measure(home: Path, seconds: int, minutes: float) -> None:
    """All of it."""
    from aval.service.access import Keys, Role
    from aval.service.log.log import Log

    home = home.resolve()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        settings = {"AVAL_HOME": str(home), "AVAL_LOG": f"sqlite:///{folder}/log.db", "AVAL_RATE": "100000",
                    "AVAL_BURST": "100000", "AVAL_LOG_HEAD": f"{folder}/head.json"}  # fmt: skip
        log = Log.open(settings["AVAL_LOG"], home, head=folder / "head.json")
        key = Keys(log.engine).add("bench", Role.ADMIN)
        log.engine.dispose()
        files = dossiers(home, folder)
        print("\n| one connection, ms | p50 | p90 | p99 | most | a second | errors |\n|---|---|---|---|---|---|---|")
        where = f"http://127.0.0.1:{port()}"
        words = [sys.executable, "-m", "aval", "serve", "--port", where.rsplit(":", 1)[1]]
        with running(words, where, "/health/ready", folder / "serve.log", **settings) as server:
            wrk(where + "/decisions", files["full"], key, 5)
            show("API, full dossier", wrk(where + "/decisions", files["full"], key, seconds))
            page = httpx.get(where + "/metrics").text
            show("API, by id", wrk(where + "/decisions", files["id"], key, seconds))
            show("API, full dossier, 4 connections", wrk(where + "/decisions", files["full"], key, seconds, 4))
            if minutes:
                before, marks = memory(server), []
                until = time.time() + 60 * minutes
                total, errors, worst = 0.0, 0.0, 0.0
                while time.time() < until:
                    found = wrk(where + "/decisions", files["full"], key, 30, 2)
                    total, errors = total + found["requests"], errors + found["errors"]
                    worst = max(worst, found["p99"])
                    marks.append(memory(server) >> 20)
                print(f"\n{minutes:g} minutes of steady load, 2 connections: {total:,.0f} decisions, {errors:.0f} "
                      f"errors, worst p99 of 30 s {worst:.1f} ms; memory {before >> 20} MB, "
                      f"then {marks[0]} to {marks[-1]} MB (at most {max(marks)})\n")  # fmt: skip
        where = f"http://127.0.0.1:{port()}"
        words = [sys.executable, "-m", "mlflow", "models", "serve", "-m", "models:/aval@champion"]
        words += ["--env-manager", "local", "--workers", "1", "--host", "127.0.0.1", "--port", where.rsplit(":", 1)[1]]
        tracking = {"MLFLOW_TRACKING_URI": f"sqlite:///{home}/mlflow.db", "MLFLOW_DISABLE_TELEMETRY": "true"}
        with running(words, where, "/ping", folder / "mlflow.log", **tracking):
            wrk(where + "/invocations", files["mlflow"], key, 5)
            show(
                "MLflow's server, full dossier, no reasons, no log",
                wrk(where + "/invocations", files["mlflow"], key, seconds),
            )
        stages(page)


def main() -> None:
    """See the module."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("home", type=Path, nargs="?", help="an AVAL_HOME with a warehouse and a champion")
    asked.add_argument("--seconds", type=int, default=20, help="length of each measurement")
    asked.add_argument("--minutes", type=float, default=0.0, help="length of the steady load")
    given = asked.parse_args()
    if given.home:
        measure(given.home, given.seconds, given.minutes)
        return
    with tempfile.TemporaryDirectory() as place:
        home, lender = Path(place) / "home", Path(place) / "lender"
        aval = [sys.executable, "-m", "aval", "--home", str(home)]
        for words in (
            ["simulate", str(lender), "--applicants", "3000"],
            ["ingest", str(lender)],
            ["train", str(ROOT / "tests" / "small.toml")],
        ):
            subprocess.run([*aval, *words], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
        measure(home, 5, given.minutes)


if __name__ == "__main__":
    main()

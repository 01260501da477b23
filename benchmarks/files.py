"""How many applications a second a file of them is decided at, written down and answered; and in how much memory.

    python -m benchmarks.files HOME                            50,000 applications under the champion of an AVAL_HOME
    python -m benchmarks.files HOME --applications 200000      more of them: memory stays where it is
    python -m benchmarks.files HOME --reasons none             without reasons, which cost the most
    python -m benchmarks.files                                 a lender of 3,000, simulated and trained first; 6,000

The applications of the home's warehouse, written as one CSV without histories as often as needed under other numbers,
are handed in as a job and decided by one worker with the log on SQLite, in a process of its own.

Measured in November 2026 on two cores that other jobs kept busy (load 7 to 8, this one at nice 19), 860 features, 407
trees. With reasons for three in ten: 50,000 in 101 s (496 rows/s; 1,143 per second of processor time, of which exact
contributions take six tenths) and 1,244 MB. Without: 50,000 in 60 s (835 rows/s; 3,685) and 1,201 MB; 200,000 in 89 s
(2,243 rows/s; 3,960) and 1,427 MB.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def write(home: Path, file: Path, applications: int) -> None:
    """So many applications as a CSV, some thousand at a time."""
    import polars as pl

    from aval.data.tables import KEY
    from aval.data.warehouse import Warehouse

    warehouse = Warehouse.open(home / "warehouse")
    copies, left = -(-applications // len(warehouse)), applications
    with file.open("wb") as out:
        for copy in range(copies):
            for start in range(0, min(left, len(warehouse)), 5_000):
                some = warehouse.applications(warehouse.ids[start : start + min(5_000, left)])
                some = some.with_columns(pl.col(KEY) * copies + copy)
                some.write_csv(out, include_header=left == applications)
                left -= some.height


def decide(home: Path, file: Path, place: Path, reasons: str) -> dict[str, object]:
    """Decide the file and answer it, in this process."""
    from aval.credit.policy import Policy
    from aval.credit.reason import Explain
    from aval.model.registry import Registry
    from aval.service.decide import Decider
    from aval.service.jobs import Asked, Jobs
    from aval.service.log.log import Log
    from aval.settings import Settings

    settings = Settings(home=home)
    model, version = Registry(settings.tracking_uri, home).load("champion")
    decider = Decider(model, str(version), Policy.load(settings.policy))
    jobs = Jobs(Log.open("", place), place / "jobs", lambda: decider)
    job = jobs.submit(file, "benchmark", Asked(Explain(reasons)))
    start, cpu = time.perf_counter(), time.process_time()
    jobs.run_next("benchmark")
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.perf_counter()
    lines = sum(1 for _ in jobs.results(job.id, "csv", "en"))
    done = jobs.get(job.id)
    return {
        "state": done.state,
        "done": done.done,
        "seconds": seconds,
        "cpu": cpu,
        "peak_mb": peak,
        "answer": time.perf_counter() - start,
        "lines": lines - 1,
        "log_mb": (place / "log" / "log.db").stat().st_size / 1e6,
    }


def measure(home: Path, applications: int, reasons: str) -> int:
    """Write, decide, print; 1 where somebody was not decided."""
    with tempfile.TemporaryDirectory(prefix="aval-files-") as place:
        file = Path(place) / "applications.csv"
        write(home, file, applications)
        size = file.stat().st_size / 1e6
        words = [sys.executable, "-m", "benchmarks.files", str(home), "--reasons", reasons, "--decide", place]
        told = subprocess.run(words, check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True).stdout
        found = json.loads(told.splitlines()[-1])
    rate = found["done"] / found["seconds"]
    print(
        f"{found['done']:,} applications ({size:,.0f} MB of CSV), reasons for {reasons}: {found['seconds']:,.1f} s, "
        f"{rate:,.0f} rows/s ({found['done'] / found['cpu']:,.0f} per second of processor time), "
        f"{found['peak_mb']:,.0f} MB at the peak, {found['log_mb']:,.0f} MB of log; "
        f"answered in {found['answer']:,.1f} s, {found['lines'] / found['answer']:,.0f} lines/s"
    )
    return int(not found["done"] == found["lines"] == applications)


def main() -> int:
    """See the module."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("home", type=Path, nargs="?", help="an AVAL_HOME with a warehouse and a champion")
    asked.add_argument("--applications", type=int, default=50_000)
    asked.add_argument("--reasons", choices=("needed", "all", "none"), default="needed")
    asked.add_argument("--decide", type=Path, help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.decide:
        file = given.decide / "applications.csv"
        print(json.dumps(decide(given.home, file, given.decide, given.reasons)))
        return 0
    if given.home:
        return measure(given.home, given.applications, given.reasons)
    with tempfile.TemporaryDirectory() as place:
        home, lender = Path(place) / "home", Path(place) / "lender"
        aval = [sys.executable, "-m", "aval", "--home", str(home)]
        for words in (
            ["simulate", str(lender), "--applicants", "3000"],
            ["ingest", str(lender)],
            ["train", str(ROOT / "tests" / "small.toml")],
        ):
            subprocess.run([*aval, *words], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
        return measure(home, 6_000, "needed")


if __name__ == "__main__":
    sys.exit(main() != 0)

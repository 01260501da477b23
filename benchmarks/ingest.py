"""How long, how many rows a second and how much memory `aval ingest` takes.

    python benchmarks/ingest.py FOLDER                 a folder or zip of tables
    python benchmarks/ingest.py FOLDER --copies 18     the same applicants 18 times over, under other numbers
    python benchmarks/ingest.py --applicants 20000     the simulated lender, made first

The copies interleave: every block of a file holds applicants from the whole range, as the competition's files do.

Measured in November 2026 on two cores that six other jobs kept busy (load 7): 57,947,720 rows, 2,410 MB of CSV,
380,000 applicants in 134 s (430,800 rows/s; 78 s of processor time) and 1.85 GB at the peak.
"""

import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl

IDS = ("SK_ID_CURR", "SK_ID_PREV", "SK_ID_BUREAU")
CHILD = """
import json, sys, time
from pathlib import Path
from aval.data.warehouse import ingest
start = time.perf_counter()
manifest = ingest(Path(sys.argv[1]), Path(sys.argv[2]))
seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "rows": sum(entry.rows for entry in manifest.tables.values()),
    "rejected": sum(entry.rejected for entry in manifest.tables.values()),
    "orphans": sum(entry.orphans for entry in manifest.tables.values()),
    "parquet_mb": sum(entry.bytes for entry in manifest.tables.values()) / 1e6}))
"""


def multiply(source: Path, folder: Path, copies: int) -> None:
    """Writes the CSV tables of `source` with every applicant `copies` times."""
    folder.mkdir(parents=True)
    for path in sorted(source.glob("*.csv")):
        frame = pl.read_csv(path, infer_schema=False)
        ids = [name for name in IDS if name in frame.columns]
        with (folder / path.name).open("wb") as file:
            for copy in range(copies):
                shifted = frame.with_columns(pl.col(name).cast(pl.Int64) * copies + copy for name in ids)
                shifted.write_csv(file, include_header=copy == 0)


def measure(source: Path, target: Path) -> dict[str, object]:
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", CHILD, source, target], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    found["wall_seconds"] = time.perf_counter() - start
    found["peak_rss_mb"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, nargs="?")
    parser.add_argument("--applicants", type=int, default=20_000)
    parser.add_argument("--copies", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aval-ingest-") as place:
        source = given.source
        if source is None:
            from aval.data.lender import simulate

            source = Path(place) / "lender"
            simulate(source, given.applicants)
        if given.copies > 1:
            multiply(source, Path(place) / "copies", given.copies)
            source = Path(place) / "copies"
        size = sum(path.stat().st_size for path in source.iterdir()) if source.is_dir() else source.stat().st_size
        found = measure(source, Path(place) / "warehouse")
        shutil.rmtree(Path(place) / "warehouse")
    seconds, rows = float(str(found["seconds"])), int(str(found["rows"]))
    print(f"source        {size / 1e6:,.0f} MB, {rows:,} rows")
    print(
        f"time          {seconds:,.1f} s, {rows / seconds:,.0f} rows/s ({found['wall_seconds']:.1f} s with the start)"
    )
    print(f"peak memory   {found['peak_rss_mb']:,.0f} MB")
    print(f"warehouse     {found['parquet_mb']:,.0f} MB; {found['rejected']:,} rejected, {found['orphans']:,} orphans")
    print(f"machine       {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}")


if __name__ == "__main__":
    main()

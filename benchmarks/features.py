"""How long the features of a whole warehouse take, and those of one dossier; beside pandas and DuckDB.

    python benchmarks/features.py WAREHOUSE                a warehouse that `aval ingest` made
    python benchmarks/features.py --applicants 20000       the simulated lender, made first
    python benchmarks/features.py WAREHOUSE --home var     one dossier decided too, by the champion there

pandas computes the reference system's aggregates (min, max, mean, sum, var of every number, count and distinct count,
and the share of every category) of all six histories; DuckDB the same of one, instalments, in SQL. Both read the same
Parquet files. Each runs in a process of its own, so that its peak memory is its own.

Measured in November 2026 on two cores that six other jobs kept busy (load 8), 20,000 simulated applicants: 846
features of 2,985,991 rows in 11.3 s (5.3 s of processor time), 832 MB; one dossier 7.5 ms at best, p50 16 ms; pandas,
487 aggregates of the histories, 8.9 s (4.3 s); DuckDB, 60 aggregates of instalments, 5.0 s (1.0 s), against 117
features of instalments in 5.0 s (3.5 s).
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

BUILD = """
import json, sys, time
from pathlib import Path
from aval.data.warehouse import Warehouse
from aval.features.build import catalogue, stream
store = Warehouse.open(Path(sys.argv[1]))
start = time.perf_counter()
rows = sum(frame.height for frame in stream(store, applicants=int(sys.argv[2])))
print(json.dumps({"seconds": time.perf_counter() - start, "cpu": time.process_time(), "applicants": rows,
    "features": len(catalogue()), "rows": sum(entry.kept for entry in store.manifest.tables.values())}))
"""

ONE = """
import json, sys, time
from pathlib import Path
import numpy as np
from aval.data.dossiers import Dossiers
from aval.data.warehouse import Warehouse
from aval.features.build import build, catalogue, single
store = Warehouse.open(Path(sys.argv[1]))
wanted, steps = catalogue(), {}
if len(sys.argv) > 2:
    from aval.credit.policy import Policy
    from aval.credit.reason import Explain
    from aval.model.registry import Registry
    from aval.service.decide import Decider
    model, version = Registry("", Path(sys.argv[2])).champion()
    decider = Decider(model, version, Policy.load(max(Path("policies").glob("*.toml"))))
    wanted = decider.features
    steps["decided"] = lambda number, one: decider.decide(one, Explain.ALL)
drawn = np.random.default_rng(1).choice(store.ids.to_numpy(), min(len(store), 300), replace=False).tolist()
steps = {"read": lambda number, one: store.dossiers(number), "of frames": lambda number, one: Dossiers.of(one.tables),
    "built by Polars": lambda number, one: build(one, wanted),
    "built": lambda number, one: single(one, wanted), **steps}
found = {"features": len(wanted)}
for name, step in steps.items():
    taken = []
    for number in drawn[:20] + drawn:
        one = store.dossiers(number)
        start = time.perf_counter(), time.process_time()
        step(number, one)
        taken.append((1000 * (time.perf_counter() - start[0]), 1000 * (time.process_time() - start[1])))
    clock, cpu = (sorted(column) for column in zip(*taken[20:]))
    found[name] = [clock[len(clock) // 2], clock[int(0.99 * len(clock))], cpu[len(cpu) // 2]]
print(json.dumps(found))
"""

PANDAS = """
import json, sys, time
from pathlib import Path
import pandas as pd
from aval.data.tables import HISTORIES, KEY
from aval.data.warehouse import Warehouse
Warehouse.open(Path(sys.argv[1]))
start = time.perf_counter()
made = 0
for table in HISTORIES:
    frame = pd.read_parquet(next(Path(sys.argv[1]).rglob(f"{table}.parquet")))
    ids = [name for name in frame if name.startswith("SK_ID")]
    numbers = [name for name in frame.select_dtypes("number") if name not in ids]
    texts = [name for name in frame if name not in ids and name not in numbers]
    groups = frame.groupby(KEY, sort=False)
    found = [groups[numbers].agg(["min", "max", "mean", "sum", "var"]), groups.size().to_frame("count")]
    found.append(groups[[name for name in ids if name != KEY]].nunique())
    if texts:
        dummies = pd.get_dummies(frame[texts], dtype="float64")
        found.append(dummies.groupby(frame[KEY], sort=False).mean())
    made += sum(part.shape[1] for part in found)
print(json.dumps({"seconds": time.perf_counter() - start, "cpu": time.process_time(), "aggregates": made}))
"""

DUCKDB = """
import json, sys, time
from pathlib import Path
import duckdb
path = next(Path(sys.argv[1]).rglob("installments_payments.parquet"))
numbers = ("DAYS_ENTRY_PAYMENT - DAYS_INSTALMENT", "AMT_INSTALMENT", "AMT_PAYMENT",
    "AMT_PAYMENT / nullif(AMT_INSTALMENT, 0)")
wheres = ("true", "DAYS_INSTALMENT >= -365", "DAYS_INSTALMENT >= -90")
asked = [f"{how}({number}) filter ({where})" for number in numbers for where in wheres
    for how in ("min", "max", "avg", "sum", "stddev")]
start = time.perf_counter()
made = duckdb.sql(f"select SK_ID_CURR, {', '.join(asked)} from read_parquet('{path}') group by 1").fetchnumpy()
print(json.dumps({"seconds": time.perf_counter() - start, "cpu": time.process_time(), "aggregates": len(made) - 1}))
"""

POLARS = """
import json, sys, time
from pathlib import Path
from aval.data.warehouse import Warehouse
from aval.features.build import catalogue, stream
from aval.features.feature import FeatureSet
store = Warehouse.open(Path(sys.argv[1]))
wanted = FeatureSet(feature for feature in catalogue() if feature.table == "installments_payments")
start = time.perf_counter()
for frame in stream(store, wanted, applicants=int(sys.argv[2])):
    pass
print(json.dumps({"seconds": time.perf_counter() - start, "cpu": time.process_time(), "aggregates": len(wanted)}))
"""


def measure(code: str, *words: str, threads: int = 0) -> dict[str, Any]:
    """What the code printed, and the peak memory of its process in MB."""
    places = dict(os.environ, **({"POLARS_MAX_THREADS": str(threads)} if threads else {}))
    watched = code + "import resource\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)\n"
    done = subprocess.run(
        [sys.executable, "-c", watched, *words], capture_output=True, text=True, check=True, env=places
    )
    facts, peak = done.stdout.strip().splitlines()[-2:]
    return {**json.loads(facts), "peak": float(peak)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("warehouse", type=Path, nargs="?")
    parser.add_argument("--applicants", type=int, default=5_000)
    parser.add_argument("--chunk", type=int, default=20_000)
    parser.add_argument(
        "--home", type=Path, help="an AVAL_HOME: its champion's features, and its decision with reasons"
    )
    parser.add_argument("--only", default="", help="build, one, pandas or duckdb")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aval-features-") as place:
        store = given.warehouse
        if store is None:
            from aval.data.lender import simulate
            from aval.data.warehouse import ingest

            simulate(Path(place) / "lender", given.applicants)
            store = Path(place) / "warehouse"
            ingest(Path(place) / "lender", store)
        report(str(store), str(given.chunk), given.only, *([str(given.home)] if given.home else []))
    load = os.getloadavg()[0]
    print(f"machine        {os.cpu_count()} CPUs, load {load:.1f}, Python {platform.python_version()}")


def report(store: str, chunk: str, only: str, *home: str) -> None:
    """Each figure as soon as it is known."""
    if only in ("", "build"):
        found = measure(BUILD, store, chunk)
        rows = found["rows"]
        print(
            f"aval           {found['features']:.0f} features, {found['applicants']:,.0f} applicants, {rows:,.0f} rows"
        )
        print(f"               {told(found)}, {rows / found['seconds']:,.0f} rows/s")
    if only in ("", "one"):
        for threads, words in ((0, "all threads"), (1, "one thread")):
            one = measure(ONE, store, *home, threads=threads)
            print(f"one dossier    {one.pop('features'):.0f} features, {words}")
            del one["peak"]
            for name, (p50, p99, cpu) in one.items():
                print(f"  {name:<13}p50 {p50:.1f} ms, p99 {p99:.1f} ms (p50 of processor time {cpu:.1f} ms)")
    if only in ("", "pandas"):
        found = measure(PANDAS, store)
        print(f"pandas         {found['aggregates']:.0f} aggregates of the histories, {told(found)}")
    if only in ("", "duckdb"):
        for name, code in (("DuckDB", DUCKDB), ("aval", POLARS)):
            found = measure(code, store, chunk)
            print(f"{name:<15}{found['aggregates']:.0f} aggregates of instalments, {told(found)}")


def told(found: dict[str, float]) -> str:
    return f"{found['seconds']:.1f} s ({found['cpu']:.1f} s of processor), {found['peak']:,.0f} MB"


if __name__ == "__main__":
    main()

"""The reference's own features: their number, the time they take, and their shape beside the published one.

    python -m benchmarks.reference                          the simulated lender, 20,000 applicants
    python -m benchmarks.reference ../shared/real           a folder of tables

Levels and missing shares are those of the rows to learn from (four fifths of the labelled ones). Where a folder says
whose histories are complete (coverage.csv), the last table takes each history over those applicants alone: what the
rule would see in complete tables.
"""

import argparse
import tempfile
import time
from pathlib import Path

import polars as pl

from aval.data.lender import simulate
from aval.data.tables import KEY
from aval.data.warehouse import Warehouse, ingest
from aval.features.build import reference, stream
from aval.features.feature import FeatureSet
from aval.features.shape import PUBLISHED, Shape, shape
from aval.model.split import split

SHARES = (0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)
COMPLETE = {
    "refbureau": "has_bureau",
    "refbalance": "has_bureau_balance",
    "refcard": "has_cc",
    "refprevious": "has_prev_pos",
    "refpos": "has_prev_pos",
    "refinstalments": "has_installments",
}


def report(source: Path, place: Path) -> None:
    ingest(source, place, tolerate=1.0)
    warehouse = Warehouse.open(place)
    parts = split(warehouse.labels(), warehouse.calendar(), 0.2, 7)
    known = reference()
    start, cpu = time.perf_counter(), time.process_time()
    frames = list(stream(warehouse, known))
    took, used = time.perf_counter() - start, time.process_time() - cpu
    every = pl.concat(frames)
    print(f"{source.name}: {len(known)} features of {every.height:,} applicants in {took:.1f} s ({used:.1f} s of CPU)")
    learned = every.filter(pl.col(KEY).is_in(parts.development.tolist()))
    unlabelled = every.filter(~pl.col(KEY).is_in(warehouse.labels()[KEY].implode()))
    print(f"{learned.height:,} rows to learn from, {unlabelled.height:,} without an outcome; published: {PUBLISHED}")
    told("all rows to learn from", [(share, shape([learned], known, share)) for share in SHARES])
    if (source / "coverage.csv").is_file():
        flags = pl.read_csv(source / "coverage.csv")
        told("each history where it is complete", [(share, covered(learned, flags, known, share)) for share in SHARES])


def covered(learned: pl.DataFrame, flags: pl.DataFrame, known: FeatureSet, share: float) -> Shape:
    """Each history judged on the applicants whose rows of it are complete, the application on all."""
    parts = []
    for source in ("", *COMPLETE):
        own = FeatureSet(
            f for f in known if f.name.split("_")[0] == source or (not source and f.table == "application")
        )
        ids = flags.filter(pl.col(COMPLETE[source]).cast(pl.String) == "true")[KEY] if source else learned[KEY]
        parts.append(shape([learned.filter(pl.col(KEY).is_in(ids.implode()))], own, share))
    return Shape(parts[0].rows, *(sum(part[place] for part in parts) for place in (1, 2, 3)))


def told(title: str, found: list[tuple[float, Shape]]) -> None:
    print(f"\n{title}: {found[0][1].columns} columns, one-hot\n")
    print("| missing at most | columns | with TARGET |\n|---|---|---|")
    for share, one in found:
        print(f"| {share} | {one.kept} | {one.kept + 1} |")


if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("source", type=Path, nargs="?")
    words.add_argument("--applicants", type=int, default=20_000)
    given = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="aval-reference-") as made:
        folder = given.source or Path(made) / "lender"
        if given.source is None:
            simulate(folder, given.applicants)
        report(folder, Path(made) / "warehouse")

"""What the histories add for applicants whose histories are complete, with intervals.

    python -m benchmarks.histories [SRC] [--repeats 3]

SRC is a folder of raw tables with a coverage.csv that says whose histories are complete (`has_bureau` and so on); by
default a lender of 20,000 is simulated, whose histories all are. The champion plan is cross-validated on everybody
(five folds, drawn anew for each repeat, log-odds averaged over the repeats) with all features and with those of the
application alone; both are compared on the same covered applicants: DeLong's interval of the difference in AUC, a
paired bootstrap of the difference in cost.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

from aval.credit.policy import Cost
from aval.data.lender import simulate
from aval.data.tables import KEY, TARGET
from aval.data.warehouse import Warehouse, ingest
from aval.features.build import catalogue
from aval.features.feature import FeatureSet
from aval.model.calibration import Platt, log_odds
from aval.model.evaluation import paired_cost
from aval.model.plan import Plan
from aval.model.ranking import auc, delong_test
from aval.model.rows import Table, features_of
from aval.settings import ROOT
from benchmarks.protected import out_of_fold

GROUPS = {
    "everyone": (),
    "complete bureau": ("has_bureau",),
    "complete bureau, balance and cards": ("has_bureau", "has_bureau_balance", "has_cc"),
    "complete previous applications and POS": ("has_prev_pos",),
}


def compare(source: Path, repeats: int) -> None:
    """Print the table."""
    plan = Plan.load(ROOT / "plans" / "champion.toml")
    with tempfile.TemporaryDirectory() as place:
        ingest(source, Path(place) / "warehouse", tolerate=1.0)
        warehouse = Warehouse.open(Path(place) / "warehouse")
        labels = warehouse.labels().sort(KEY)
        ids, target = labels[KEY].to_numpy(), labels[TARGET].to_numpy().astype(float)
        file = features_of(warehouse, Path(place))
        every = plan.feature_set(catalogue())
        alone = FeatureSet(f for f in every if all(column.startswith("application.") for column in f.reads))
        scores = []
        for features in (every, alone):
            table = Table.read(file, features, ids)
            odds = [log_odds(out_of_fold(table, target, plan.candidates[0], seed)) for seed in range(repeats)]
            mean = np.mean(odds, axis=0)
            scores.append(Platt.fit(mean, target).probability(mean))
        covered = source / "coverage.csv"
        flags = (
            labels.join(pl.read_csv(covered), on=KEY, how="left", maintain_order="left")
            if covered.is_file()
            else labels
        )
        print(f"{len(ids):,} labelled applications; {repeats} x 5 folds; {len(every)} features against {len(alone)}\n")
        print("| applicants | rows | AUC, all features | application alone | difference | cost per 1000, difference |")
        print("|---|---|---|---|---|---|")
        for name, columns in GROUPS.items():
            if not set(columns) <= set(flags.columns):
                continue
            kept = np.ones(len(ids), dtype=bool)
            for column in columns:
                kept &= (flags[column].cast(pl.String).str.to_lowercase() == "true").fill_null(value=False).to_numpy()
            bad, (all_of_it, application) = target[kept], (score[kept] for score in scores)
            gap = delong_test(bad, all_of_it, application).difference
            saved = paired_cost(bad, all_of_it, application, Cost(10, 1))
            print(
                f"| {name} | {kept.sum():,} | {auc(bad, all_of_it).value:.4f} | {auc(bad, application).value:.4f} "
                f"| {gap.value:+.4f} ({gap.low:+.4f} to {gap.high:+.4f}) "
                f"| {saved.value:+.1f} ({saved.low:+.1f} to {saved.high:+.1f}) |",
                flush=True,
            )


if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("source", type=Path, nargs="?")
    words.add_argument("--repeats", type=int, default=3)
    given = words.parse_args()
    with tempfile.TemporaryDirectory() as made:
        if given.source is None:
            simulate(Path(made), 20_000)
        compare(given.source or Path(made), given.repeats)

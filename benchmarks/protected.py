"""What leaving out protected grounds costs, and what the histories add: repeated cross-validation of the champion plan.

    python -m benchmarks.protected [SRC] [--repeats 5] [--sets 4]

SRC is a folder of raw tables; by default a lender of 20,000 is simulated. Five stratified folds are drawn anew for each
repeat; the number of trees is the best over the folds together and Platt's scaling is fitted on the pooled out-of-fold
margins, both as in `aval train`. AUC and cost per 1000 applications (10 to 1, at the cut-off 1/11) are means over the
repeats, with the standard deviation between them.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from aval.credit.policy import Cost
from aval.data.lender import simulate
from aval.data.tables import HISTORIES, KEY, TARGET
from aval.data.warehouse import Warehouse, ingest
from aval.features.build import catalogue
from aval.features.feature import FeatureSet
from aval.model.calibration import Platt
from aval.model.candidates import Candidate
from aval.model.evaluation import confusion
from aval.model.plan import Plan
from aval.model.ranking import auc
from aval.model.rows import Table, features_of
from aval.model.split import folds
from aval.model.validation import Fitter
from aval.settings import ROOT

Array = np.ndarray


def out_of_fold(table: Table, target: Array, candidate: Candidate, seed: int, threads: int = 2) -> Array:
    """Calibrated out-of-fold probabilities of one repeat."""
    margin = Fitter(candidate, table, target, seed, threads).validate(folds(target, 5, seed)).margin
    return Platt.fit(margin, target).probability(margin)


def judged(target: Array, probability: Array) -> tuple[float, float]:
    """AUC and cost per 1000 at 10 to 1."""
    cost = Cost(10, 1)
    wrong = confusion(target, probability, cost.cutoff)
    return auc(target, probability).value, 1000 * (10 * wrong.fn + wrong.fp) / len(target)


def sets(plan: Plan) -> dict[str, FeatureSet]:
    """What is compared: the plan's features, with each ground given back or left out, and without histories."""
    every = catalogue()
    own = plan.feature_set(every)
    alone = FeatureSet(f for f in own if all(c.startswith("application.") for c in f.reads))
    return {
        f"the plan (without {', '.join(plan.without)})": own,
        "without sex, family, age": every.without(("sex", "family", "age")),
        "nothing left out": every,
        "the plan, application table alone": alone,
    }


def compare(source: Path, repeats: int, most: int, say: Callable[[str], None] = print) -> None:
    """Print the table of the first `most` sets."""
    plan = Plan.load(ROOT / "plans" / "champion.toml")
    candidate = plan.candidates[0]
    with tempfile.TemporaryDirectory() as place:
        ingest(source, Path(place) / "warehouse", tolerate=1.0)
        warehouse = Warehouse.open(Path(place) / "warehouse")
        labels = warehouse.labels().sort(KEY)
        ids, target = labels[KEY].to_numpy(), labels[TARGET].to_numpy().astype(float)
        file = features_of(warehouse, Path(place))
        covered = np.zeros(len(ids), dtype=bool)
        known = source / "coverage.csv"
        if known.is_file():
            flags = labels.join(pl.read_csv(known), on=KEY, how="left", maintain_order="left")
            covered = (flags["has_bureau"].cast(pl.String) == "true").fill_null(False).to_numpy()
        say(f"{len(ids):,} labelled applications of {source.name}; {len(HISTORIES)} histories; {repeats} x 5 folds\n")
        head = "| features | n | AUC | cost per 1000 |" + (" AUC, complete bureau | cost |" if covered.any() else "")
        say(head + "\n|" + "---|" * (head.count("|") - 1))
        for name, features in list(sets(plan).items())[:most]:
            table = Table.read(file, features, ids)
            found = []
            for repeat in range(repeats):
                p = out_of_fold(table, target, candidate, repeat)
                found.append((*judged(target, p), *(judged(target[covered], p[covered]) if covered.any() else ())))
            mean, spread = np.mean(found, axis=0), np.std(found, axis=0)
            cells = [f"{mean[0]:.4f} ± {spread[0]:.4f}", f"{mean[1]:.1f} ± {spread[1]:.1f}"]
            cells += [f"{mean[2]:.4f} ± {spread[2]:.4f}", f"{mean[3]:.1f} ± {spread[3]:.1f}"] if covered.any() else []
            say(f"| {name} | {len(features)} | {' | '.join(cells)} |")


if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("source", type=Path, nargs="?")
    words.add_argument("--repeats", type=int, default=5)
    words.add_argument("--sets", type=int, default=4)
    given = words.parse_args()
    with tempfile.TemporaryDirectory() as made:
        if given.source is None:
            simulate(Path(made), 20_000)
        compare(given.source or Path(made), given.repeats, given.sets, lambda line: print(line, flush=True))

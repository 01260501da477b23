"""A small model over real features, made in a second: for tests of what stores, explains and registers one."""

from pathlib import Path

import numpy as np
import polars as pl

from aval.features.build import catalogue
from aval.features.feature import Feature, FeatureSet
from aval.model.calibration import Platt
from aval.model.candidates import Candidate, Rows
from aval.model.encoding import Encoding
from aval.model.learners.lightgbm import fit
from aval.model.model import GOLDEN, Model, Used


def features() -> FeatureSet:
    """A few features of different themes: with and without a reason, protected and not, a category."""
    every = catalogue()
    chosen = [f for f in every if f.reason is not None][:: max(1, len(every) // 30)]
    chosen += [f for f in every if f.protected][:2]
    chosen += [f for f in every if f.kind == "category" and not f.protected][:2]
    names = dict.fromkeys(f.name for f in chosen)
    return every.select(names)


def always() -> Feature:
    """The first number among them."""
    return next(feature for feature in features() if feature.kind == "number")


def frame(rows: int, seed: int = 0) -> pl.DataFrame:
    """Made-up values under the names of `features()`, a fifth of them missing; the first number never is."""
    rng = np.random.default_rng(seed)
    columns = [pl.Series("SK_ID_CURR", np.arange(rows) + 100_001)]
    known = always().name
    for feature in features():
        missing = rng.random(rows) < (0.0 if feature.name == known else 0.2)
        if feature.kind == "category":
            values = pl.Series(feature.name, rng.choice(["a", "b", "c"], rows))
        else:
            values = pl.Series(feature.name, rng.normal(size=rows))
        columns.append(pl.select(pl.when(~pl.Series(missing)).then(values).alias(feature.name)).to_series())
    return pl.DataFrame(columns)


def model(seed: int = 0, rows: int = 2000) -> Model:
    """Fitted on made-up rows whose outcome depends on a few columns."""
    chosen, table = features(), frame(rows, seed).drop("SK_ID_CURR")
    words = {f.name: ("a", "b", "c") for f in chosen if f.kind == "category"}
    codes = {"a": 0.0, "b": 1.0, "c": 2.0}
    raw = np.column_stack(
        [
            np.array([codes.get(v, np.nan) for v in table[f.name]], dtype=np.float32)
            if f.kind == "category"
            else table[f.name].cast(pl.Float32).fill_null(float("nan")).to_numpy()
            for f in chosen
        ]
    )
    encoding = Encoding.fit(chosen.names, raw, words)
    rng = np.random.default_rng(seed + 1)
    first = np.nan_to_num(raw[:, chosen.names.index(always().name)])
    odds = -1.5 + 2.0 * first + np.nan_to_num(raw[:, 1:4]).sum(axis=1) + np.nan_to_num(raw[:, -1])
    target = (rng.random(rows) < 1.0 / (1.0 + np.exp(-odds))).astype(np.float64)
    settings = {"learning_rate": 0.1, "num_iterations": 60, "num_leaves": 8, "min_data_in_leaf": 20}
    given = Rows(encoding.encode(raw, words), target, encoding)
    trees = fit(Candidate("small", "lightgbm", settings), given, seed=seed, threads=1).scorer
    calibration = Platt.fit(trees.margin(given.matrix.astype(np.float64)), target)
    used = tuple(Used.of(feature) for feature in chosen)
    return Model(used, chosen.digest, encoding, trees, calibration, np.zeros(len(chosen)), {})


def stored(folder: Path) -> Model:
    """The small model, stored with golden rows and loaded again."""
    made = model()
    folder.mkdir(parents=True)
    probe = frame(50, 9).drop("SK_ID_CURR")
    probability = pl.Series("probability", made.probability(made.matrix(probe)))
    probe.with_columns(probability).write_parquet(folder / GOLDEN)
    made.save(folder, {"plan": {"test_share": 0.2, "seed": 3}, "data_fingerprint": "0" * 64})
    return Model.load(folder)

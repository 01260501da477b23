"""Runs as tracking would list them, with the files they would have kept, made of drawn scores."""

import io
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import polars as pl

from aval.credit.policy import Cost
from aval.model.evaluation import evaluate
from aval.model.registry import Run

COST = Cost(10.0, 1.0)


def portfolio(rows: int = 3000, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes and their true log-odds."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(-2.8, 1.1, rows)
    return (rng.random(rows) < 1.0 / (1.0 + np.exp(-odds))).astype(np.float64), odds


def drawn(
    name: str, noise: float, *, target: np.ndarray, odds: np.ndarray, run: str = "", seed: int = 0, cost: Cost = COST
) -> tuple[Run, dict[str, bytes]]:
    """A run whose model sees the truth through so much noise."""
    rng = np.random.default_rng(seed)
    seen = (odds + rng.normal(0.0, noise, len(odds)) + 2.8) / (1.0 + (noise / 1.1) ** 2) - 2.8 + 0.1 * noise
    p = 1.0 / (1.0 + np.exp(-seen))
    judged = evaluate(target, p, cost, own=np.sqrt(p), resamples=100)
    table = io.BytesIO()
    pl.DataFrame({"TARGET": target.astype(np.int8), "probability": p}).write_parquet(table)
    across = {f"cv_{m}_{k}": v for m in ("auc", "accuracy", "log_loss", "cost") for k, v in SPREAD.items()}
    effort = {"fit_seconds": 12.5, "score_seconds": 0.00034, "peak_memory_gb": 1.25}
    found = Run(
        run=run or f"run-{name}",
        started_at="2026-11-25T10:00:00+00:00",
        candidate=name,
        plan="drawn",
        version="1",
        aliases=(),
        data="abcd1234",
        metrics={**judged.metrics(), **across, **effort},
        test="feed5678",
        learner="lightgbm",
        features=700,
        size=300,
        parts="trees",
        folds=5,
    )
    return found, {"evaluation.json": judged.to_json().encode(), "predictions.parquet": table.getvalue()}


SPREAD = {"mean": 0.75, "deviation": 0.0125}


def several(*noises: float, champion: int | None = 0) -> tuple[list[Run], Mapping[str, Mapping[str, bytes]]]:
    """One run per noise, named a, b, c and so on, the newest first; one of them decides."""
    target, odds = portfolio()
    runs, files = [], {}
    for place, noise in enumerate(noises):
        run, kept = drawn("abcdefghij"[place], noise, target=target, odds=odds, seed=place)
        run = replace(run, version=str(len(noises) - place), aliases=("champion",) if place == champion else ())
        runs.append(run)
        files[run.run] = kept
    return runs, files

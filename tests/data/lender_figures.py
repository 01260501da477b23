"""The figures of "What the real tables look like" (RECIPES), measured on a folder of simulated tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from scipy.stats import rankdata

FIGURES = {
    "default rate": 0.0807,
    "bureau rows per applicant that has any": 5.6,
    "share without bureau": 0.14,
    "bureau_balance rows per credit that has any": 33.0,
    "previous rows per applicant that has any": 5.0,
    "POS rows per applicant that has any": 30.0,
    "instalment rows per applicant that has any": 40.0,
    "card rows per applicant that has any": 37.0,
    "share with a card": 0.28,
    "POS loans without a previous row": 0.03,
    "instalment loans without a previous row": 0.09,
    "cards without a previous row": 0.28,
    "columns with missing values": 67.0,
    "EXT_SOURCE_1 missing": 0.56,
    "EXT_SOURCE_3 missing": 0.20,
    "OWN_CAR_AGE missing": 0.66,
    "OCCUPATION_TYPE missing": 0.31,
    "correlation of EXT_SOURCE_1": -0.155,
    "correlation of EXT_SOURCE_2": -0.16,
    "correlation of EXT_SOURCE_3": -0.18,
    "correlation of DAYS_BIRTH": 0.078,
    "pensioners": 0.18,
    "revolving": 0.095,
    "men": 0.34,
    "median income": 147_150.0,
    "median credit": 513_531.0,
    "median annuity": 24_903.0,
    "late instalments": 0.08,
}


def read(folder: Path, table: str) -> pl.DataFrame:
    """One simulated table."""
    return pl.read_csv(folder / f"{table}.csv", infer_schema_length=None)


def measured(folder: Path) -> dict[str, float]:
    """Every figure of FIGURES, and a few more, as simulated."""
    train = read(folder, "application_train")
    every = pl.concat([train.drop("TARGET"), read(folder, "application_test")], how="vertical_relaxed")
    truth = pl.read_parquet(folder / "truth.parquet")
    labelled = train.join(truth, on="SK_ID_CURR", how="left")
    bureau, balance = read(folder, "bureau"), read(folder, "bureau_balance")
    previous = read(folder, "previous_application")
    pos, paid, card = (read(folder, t) for t in ("POS_CASH_balance", "installments_payments", "credit_card_balance"))

    def per(table: pl.DataFrame, key: str = "SK_ID_CURR") -> float:
        return table.height / table[key].n_unique()

    def orphans(table: pl.DataFrame) -> float:
        return 1.0 - table["SK_ID_PREV"].unique().is_in(previous["SK_ID_PREV"].implode()).mean()

    def corr(column: str) -> float:
        # with the true probability: the correlation that TARGET has on average over its draws
        x, p = labelled.select(pl.col(column).cast(pl.Float64), "probability").drop_nulls().to_numpy().T
        return float(np.cov(x, p)[0, 1] / (x.std() * np.sqrt(p.mean() * (1 - p.mean()))))

    late = paid.drop_nulls().select((pl.col("DAYS_ENTRY_PAYMENT") > pl.col("DAYS_INSTALMENT")).mean()).item()
    return {
        "default rate": float(labelled["probability"].mean()),
        "bureau rows per applicant that has any": per(bureau),
        "share without bureau": 1 - bureau["SK_ID_CURR"].n_unique() / every.height,
        "bureau_balance rows per credit that has any": per(balance, "SK_ID_BUREAU"),
        "share of credits with bureau_balance": balance["SK_ID_BUREAU"].n_unique() / bureau.height,
        "previous rows per applicant that has any": per(previous),
        "POS rows per applicant that has any": per(pos),
        "instalment rows per applicant that has any": per(paid),
        "card rows per applicant that has any": per(card),
        "share with a card": card["SK_ID_CURR"].n_unique() / every.height,
        "POS loans without a previous row": orphans(pos),
        "instalment loans without a previous row": orphans(paid),
        "cards without a previous row": orphans(card),
        "columns with missing values": float(sum(train[c].null_count() > 0 for c in train.columns)),
        **{
            f"{c} missing": train[c].null_count() / train.height
            for c in ("EXT_SOURCE_1", "EXT_SOURCE_3", "OWN_CAR_AGE", "OCCUPATION_TYPE")
        },
        **{f"correlation of {c}": corr(c) for c in ("EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3", "DAYS_BIRTH")},
        "pensioners": float((train["DAYS_EMPLOYED"] == 365_243).mean()),
        "revolving": float((train["NAME_CONTRACT_TYPE"] == "Revolving loans").mean()),
        "men": float((train["CODE_GENDER"] == "M").mean()),
        "median income": float(train["AMT_INCOME_TOTAL"].median()),
        "median credit": float(train["AMT_CREDIT"].median()),
        "median annuity": float(train["AMT_ANNUITY"].median()),
        "late instalments": late,
        "truth AUC": weighted_auc(labelled["probability"].to_numpy(), labelled["probability"].to_numpy()),
    }


def weighted_auc(score: np.ndarray, probability: np.ndarray) -> float:
    """AUC where each row counts `probability` times as bad and the rest as good: no luck of the draw in it."""
    order = np.argsort(score, kind="stable")
    s, bad = score[order], probability[order]
    good = 1.0 - bad
    _, first = np.unique(s, return_index=True)
    bads, goods = np.add.reduceat(bad, first), np.add.reduceat(good, first)
    below = np.cumsum(goods) - goods
    return float((bads * (below + goods / 2)).sum() / (bads.sum() * goods.sum()))


def features(folder: Path, histories: bool) -> tuple[pl.DataFrame, np.ndarray, np.ndarray]:
    """Raw application columns (and simple aggregates of every history), the labels, the true probabilities."""
    train = read(folder, "application_train")
    truth = pl.read_parquet(folder / "truth.parquet").select("SK_ID_CURR", "probability")
    x = train.with_columns(
        pl.col(pl.String).rank("dense").cast(pl.Float64),
        (pl.col("AMT_CREDIT") / pl.col("AMT_ANNUITY")).alias("ca"),
        (pl.col("AMT_CREDIT") / pl.col("AMT_GOODS_PRICE")).alias("cg"),
        (pl.col("AMT_ANNUITY") / pl.col("AMT_INCOME_TOTAL")).alias("ai"),
        pl.mean_horizontal("EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3").alias("e_mean"),
        pl.min_horizontal("EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3").alias("e_min"),
    )
    if histories:
        for table in aggregates(folder):
            x = x.join(table, on="SK_ID_CURR", how="left")
        x = x.with_columns((pl.col("b_debt") / pl.col("AMT_INCOME_TOTAL")).alias("b_debt_income"))
    p = train.join(truth, on="SK_ID_CURR", how="left")["probability"].to_numpy()
    return x.drop("SK_ID_CURR", "TARGET"), train["TARGET"].to_numpy(), p


def aggregates(folder: Path) -> list[pl.DataFrame]:
    """Forty-odd plain aggregates, one frame per history table."""
    c = pl.col
    bureau = read(folder, "bureau")
    active = c("CREDIT_ACTIVE") == "Active"
    card = active & (c("CREDIT_TYPE") == "Credit card")
    late = c("DAYS_ENTRY_PAYMENT") - c("DAYS_INSTALMENT")
    recent = c("DAYS_INSTALMENT") > -365
    refused = c("NAME_CONTRACT_STATUS") == "Refused"
    use = c("AMT_BALANCE") / c("AMT_CREDIT_LIMIT_ACTUAL").clip(1)
    status = (
        c("STATUS").replace_strict({"C": None, "X": None}, default=c("STATUS"), return_dtype=pl.String).cast(pl.Float64)
    )
    month = read(folder, "bureau_balance").join(bureau.select("SK_ID_BUREAU", "SK_ID_CURR"), on="SK_ID_BUREAU")
    return [
        bureau.group_by("SK_ID_CURR").agg(
            pl.len().alias("b_n"),
            active.sum().alias("b_active"),
            c("DAYS_CREDIT").mean().alias("b_days"),
            c("DAYS_CREDIT").max().alias("b_last"),
            (c("DAYS_CREDIT") > -365).sum().alias("b_recent"),
            c("AMT_CREDIT_SUM_DEBT").sum().alias("b_debt"),
            c("AMT_CREDIT_SUM").filter(active).sum().alias("b_sum"),
            (c("AMT_CREDIT_SUM_DEBT").filter(active).sum() / c("AMT_CREDIT_SUM").filter(active).sum().clip(1)).alias(
                "b_ratio"
            ),
            (c("AMT_CREDIT_SUM_DEBT").filter(card).sum() / c("AMT_CREDIT_SUM").filter(card).sum().clip(1)).alias(
                "b_use"
            ),
            c("AMT_CREDIT_MAX_OVERDUE").max().alias("b_worst"),
            (c("AMT_CREDIT_MAX_OVERDUE") > 0).sum().alias("b_overdue"),
            c("CREDIT_DAY_OVERDUE").max().alias("b_dpd"),
            (c("AMT_CREDIT_SUM_DEBT") > 0).sum().alias("b_owing"),
        ),
        month.group_by("SK_ID_CURR").agg(
            (status > 0).sum().alias("bb_late"),
            (status > 0).mean().alias("bb_share"),
            status.max().alias("bb_max"),
            (status > 0).filter(c("MONTHS_BALANCE") >= -12).sum().alias("bb_late_12"),
        ),
        read(folder, "previous_application")
        .group_by("SK_ID_CURR")
        .agg(
            pl.len().alias("p_n"),
            refused.sum().alias("p_refused"),
            refused.mean().alias("p_share"),
            c("DAYS_DECISION").max().alias("p_last"),
            c("DAYS_DECISION").filter(refused).max().alias("p_last_refused"),
            refused.filter(c("DAYS_DECISION") > -540).mean().alias("p_share_recent"),
        ),
        read(folder, "POS_CASH_balance")
        .group_by("SK_ID_CURR")
        .agg(
            pl.len().alias("pos_n"),
            c("SK_DPD").max().alias("pos_dpd"),
            (c("SK_DPD") > 0).mean().alias("pos_late"),
            c("CNT_INSTALMENT_FUTURE").filter(c("MONTHS_BALANCE") == -1).sum().alias("pos_future"),
        ),
        read(folder, "installments_payments")
        .group_by("SK_ID_CURR")
        .agg(
            pl.len().alias("i_n"),
            late.mean().alias("i_mean"),
            late.max().alias("i_max"),
            late.std().alias("i_std"),
            late.median().alias("i_median"),
            (late > 0).mean().alias("i_late"),
            late.filter(recent).mean().alias("i_mean_365"),
            (late > 0).filter(recent).mean().alias("i_late_365"),
            late.sort_by("DAYS_INSTALMENT").tail(5).mean().alias("i_last5"),
        ),
        read(folder, "credit_card_balance")
        .group_by("SK_ID_CURR")
        .agg(
            use.mean().alias("c_use"),
            use.filter(c("MONTHS_BALANCE") >= -6).mean().alias("c_use_6"),
            (c("SK_DPD") > 0).mean().alias("c_late"),
            (c("AMT_DRAWINGS_ATM_CURRENT") > 0).mean().alias("c_atm"),
            (c("AMT_PAYMENT_TOTAL_CURRENT") / c("AMT_INST_MIN_REGULARITY").clip(1)).clip(0, 20).mean().alias("c_pay"),
        ),
    ]


def boosted_auc(
    x: pl.DataFrame, y: np.ndarray, p: np.ndarray, folds: int = 2, rounds: int = 260, seed: int = 0
) -> float:
    """Out-of-fold AUC of a plain LightGBM, weighted by the true probability."""
    import lightgbm as lgb

    values = x.cast(pl.Float64).to_numpy()
    fold = np.random.default_rng(seed).integers(0, folds, len(y))
    score = np.zeros(len(y))
    options = {
        "objective": "binary",
        "learning_rate": 0.04,
        "num_leaves": 12,
        "min_data_in_leaf": 60,
        "lambda_l2": 20,
        "feature_fraction": 0.4,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "verbose": -1,
        "num_threads": 1,
        "seed": seed,
    }
    for k in range(folds):
        booster = lgb.train(options, lgb.Dataset(values[fold != k], y[fold != k]), rounds)
        score[fold == k] = rankdata(booster.predict(values[fold == k], raw_score=True)) / (fold == k).sum()
    return weighted_auc(score, p)

"""How many applicants a history knows, how many rows it has of them, and how far back it reaches."""

from typing import Final

import numpy as np
import polars as pl

from aval.data.profile.bins import VALUE, Labels, made, rate, tally
from aval.data.profile.facts import Held
from aval.data.tables import KEY

_AGE: Final = {
    "bureau": ("DAYS_CREDIT", 30.4375),
    "bureau_balance": ("MONTHS_BALANCE", 1.0),
    "previous_application": ("DAYS_DECISION", 30.4375),
    "POS_CASH_balance": ("MONTHS_BALANCE", 1.0),
    "installments_payments": ("DAYS_INSTALMENT", 30.4375),
    "credit_card_balance": ("MONTHS_BALANCE", 1.0),
}
"""The column that dates a row, and its units in a month."""

_BANDS = (0, 1, 3, 7, 15, 31, 63)  # upper ends: doubling, since depth is very unequal
_NAMES = ("none", "1", "2 to 3", "4 to 7", "8 to 15", "16 to 31", "32 to 63", "64 and more")


class Depth:
    """One history, chunk by chunk of whole applicants."""

    def __init__(self, table: str) -> None:
        self._table = table
        self._found: list[pl.DataFrame] = []

    def add(self, frame: pl.DataFrame) -> None:
        counted = [pl.len().cast(pl.Int64).alias("rows")]
        if self._table in _AGE:
            column, month = _AGE[self._table]
            counted.append((-pl.col(column).min() / month).cast(pl.Float64).alias("months"))
        self._found.append(frame.group_by(KEY).agg(counted))

    def held(self, ids: pl.Series, labels: Labels, *, supplied: bool) -> Held:
        """`ids`: every applicant, in the order of `labels`."""
        found = pl.concat(self._found) if self._found else pl.DataFrame(schema={KEY: pl.Int64, "rows": pl.Int64})
        joined = ids.to_frame().join(found, on=KEY, how="left", maintain_order="left")
        rows = joined["rows"].fill_null(0).to_numpy()
        having = rows > 0
        holders = int(having.sum())
        none, any_ = tally(having.astype(np.int64), labels, 2)
        counts = tally(np.searchsorted(_BANDS, rows), labels, len(_NAMES))
        months = joined["months"].drop_nulls() if "months" in joined.columns else None
        return Held(
            table=self._table,
            rows=int(rows.sum()),
            supplied=supplied,
            holders=holders,
            coverage=holders / max(len(rows), 1),
            depth=float(rows.sum()) / max(holders, 1),
            median=float(np.median(rows[having])) if holders else 0.0,
            ninetieth=float(np.quantile(rows[having], 0.9)) if holders else 0.0,
            reach_months=float(np.median(months.to_numpy())) if months is not None and len(months) else None,
            having=rate(any_),
            without=rate(none),
            bands=made([(name, VALUE) for name in _NAMES], counts) if supplied else (),
        )

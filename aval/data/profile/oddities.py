"""Values that are not what they seem: stand-ins, news from the future, impossible orders, idle columns."""

from collections import Counter
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from aval.data.column import Column
from aval.data.profile.bins import Labels, rate, tally
from aval.data.profile.facts import Anomaly
from aval.data.profile.words import number
from aval.data.tables import columns

_WORDS: Final = ("XNA", "XAP", "Unknown")  # how the published tables write "no value" in text
_IDLE = 0.999
_AGAIN = 20  # an extreme that so many rows repeat is no outlier but a sign
_MANY = 50  # values that make a number continuous: 0 of a count that is seldom 1 is no stand-in
_FAR = 10  # times the 99th percentile

_IMPOSSIBLE: Final[tuple[tuple[str, str, pl.Expr], ...]] = (
    (
        "DAYS_EMPLOYED",
        "employed before the 14th birthday",
        (pl.col("DAYS_EMPLOYED") < 0) & (pl.col("DAYS_EMPLOYED") < pl.col("DAYS_BIRTH") + 14 * 365.25),
    ),
    (
        "DAYS_EMPLOYED",
        "365243 (no employment) though the income is said to come from work",
        (pl.col("DAYS_EMPLOYED") == 365243)
        & pl.col("NAME_INCOME_TYPE").is_in(["Working", "State servant", "Commercial associate"]),
    ),
    ("OWN_CAR_AGE", "a car's age without a car", pl.col("OWN_CAR_AGE").is_not_null() & (pl.col("FLAG_OWN_CAR") == "N")),
    ("OWN_CAR_AGE", "a car of unknown age", pl.col("OWN_CAR_AGE").is_null() & (pl.col("FLAG_OWN_CAR") == "Y")),
    ("CNT_FAM_MEMBERS", "no more members than children", pl.col("CNT_FAM_MEMBERS") <= pl.col("CNT_CHILDREN")),
    ("AMT_ANNUITY", "a monthly instalment above the loan", pl.col("AMT_ANNUITY") > pl.col("AMT_CREDIT")),
    ("DAYS_REGISTRATION", "before birth", pl.col("DAYS_REGISTRATION") < pl.col("DAYS_BIRTH")),
    ("DAYS_ID_PUBLISH", "before birth", pl.col("DAYS_ID_PUBLISH") < pl.col("DAYS_BIRTH")),
)

Place = tuple[str, str, str]
"""Table, column, what is odd."""


def tests(table: str) -> dict[Place, pl.Expr]:
    """What any row can be asked on its own."""
    asked: dict[Place, pl.Expr] = {}
    for name, column in columns(table).items():
        for stand in column.none:
            asked[table, name, f"{stand} stands for none"] = pl.col(name) == stand
        if not column.dtype.is_numeric():
            for word in _WORDS:
                if word in column.values and word not in column.none:
                    asked[table, name, f"{word} instead of a value"] = pl.col(name) == word
        elif column.unit == "currency" and (column.minimum or 0) < 0:
            asked[table, name, "negative"] = pl.col(name) < 0
        elif name == "DAYS_CREDIT_UPDATE":
            asked[table, name, "after the application"] = pl.col(name) > 0
        if name in ("DAYS_CREDIT_ENDDATE", "DAYS_ENDDATE_FACT"):
            asked[table, name, "over 50 years before the application"] = pl.col(name) < -50 * 365.25
    return asked


def count(table: str, frame: pl.DataFrame) -> Counter[Place]:
    """Odd rows of a part of a history."""
    asked = tests(table)
    if not asked or not frame.height:
        return Counter()
    counts = frame.select(test.sum().alias(str(place)) for place, test in enumerate(asked.values())).row(0)
    return Counter({place: rows for place, rows in zip(asked, counts, strict=True) if rows})


def anomalies(
    application: pl.DataFrame, labels: Labels, histories: Counter[Place], rows: Counter[str]
) -> list[Anomaly]:
    """All of them, most frequent first within applications, then histories."""
    asked = {
        **tests("application"),
        **{("application", name, what): test for name, what, test in _IMPOSSIBLE},
    }
    masks = application.select(test.fill_null(False).alias(str(place)) for place, test in enumerate(asked.values()))
    found = [
        _anomaly(place, mask.to_numpy(), labels)
        for place, mask in zip(asked, masks.iter_columns(), strict=True)
        if mask.any()
    ]
    for name, column in columns("application").items():
        if name in application.columns and column.unit != "id":
            found += _of_values(column, application[name], labels)
    found.sort(key=lambda odd: (-odd.rows, odd.column, odd.what))
    return found + [
        Anomaly(table, column, what, odd, odd / rows[table], None, None)
        for (table, column, what), odd in sorted(histories.items(), key=lambda item: (-item[1], item[0]))
    ]


def _of_values(column: Column, values: pl.Series, labels: Labels) -> list[Anomaly]:
    """Idle columns, stand-ins the contract does not know of, and amounts far beyond the rest."""
    present = values.drop_nulls()
    if not len(present):
        return []
    if column.unit in ("flag", "category") or column.dtype.is_integer():
        (top, most), *_ = present.value_counts(sort=True).head(1).iter_rows()
        if most / len(values) >= _IDLE and len(values) >= 1_000:
            rare = (values != top).fill_null(True).to_numpy()
            what = f"nearly always {top}: the exceptions" if rare.any() else f"always {top}"
            return [_anomaly(("application", column.name, what), rare, labels)]
    if column.unit in ("flag", "category", "share"):
        return []
    numbers = values.cast(pl.Float64).to_numpy()
    known = numbers[~np.isnan(numbers) & ~np.isin(numbers, _numbers(column))]
    if len(known) < 1_000:
        return []
    found = []
    high = np.quantile(known, 0.99)
    for extreme, rest in ((known.max(), known[known < known.max()]), (known.min(), known[known > known.min()])):
        if (known == extreme).sum() < _AGAIN or len(np.unique(rest)) < _MANY:
            continue
        near = rest.max() if extreme > rest.max() else rest.min()
        first, last = np.quantile(rest, [0.01, 0.99])
        if abs(extreme - near) > last - first > 0:
            what = f"{number(float(extreme))}, far from every other value and repeated: an unknown stand-in?"
            found.append(_anomaly(("application", column.name, what), numbers == extreme, labels))
    if column.unit == "currency" and high > 0:
        beyond = numbers > _FAR * high  # the values themselves would say whose they are
        if beyond.any():
            what = f"above {_FAR} times the 99th percentile ({number(float(high))})"
            found.append(_anomaly(("application", column.name, what), beyond, labels))
    return found


def _numbers(column: Column) -> list[float]:
    return [float(stand) for stand in column.none]


def _anomaly(place: Place, mask: npt.NDArray[np.bool_], labels: Labels) -> Anomaly:
    others, those = tally(mask.astype(np.int64), labels, 2)
    rows = int(mask.sum())
    found = rate(those)  # with too few for a rate, that of the others would give theirs away
    return Anomaly(*place, rows, rows / len(mask), found, rate(others) if found else None)

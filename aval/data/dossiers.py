"""Dossiers: everything known about one application, or about many, on its day and nothing later."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np
import polars as pl

from aval.data.few import FEW, block, selected
from aval.data.tables import HISTORIES, KEY, layout, none
from aval.errors import ApplicantUnknown, Said

# Within an applicant rows stand in order of time, then of key; the other columns break the ties that are left.
_ORDER: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "application": (),
        "bureau": ("DAYS_CREDIT", "SK_ID_BUREAU"),
        "bureau_balance": ("SK_ID_BUREAU", "MONTHS_BALANCE"),
        "previous_application": ("DAYS_DECISION", "SK_ID_PREV"),
        "POS_CASH_balance": ("SK_ID_PREV", "MONTHS_BALANCE"),
        "installments_payments": ("SK_ID_PREV", "DAYS_INSTALMENT", "NUM_INSTALMENT_NUMBER", "NUM_INSTALMENT_VERSION"),
        "credit_card_balance": ("SK_ID_PREV", "MONTHS_BALANCE"),
    }
)


def canonical(frame: pl.DataFrame, table: str) -> pl.DataFrame:
    """The rows in the one order that depends on their values alone (nulls first), in one chunk.

    A sum's last digit depends on the order of its terms, so features are only ever computed on this order.
    """
    first = (KEY, *(name for name in _ORDER.get(table, ()) if name in frame.columns))
    # -0.0 equals 0.0 for a sort but not for a division, so two orders of the pair would both be sorted.
    floats = [name for name, dtype in frame.schema.items() if dtype == pl.Float64]
    if frame.height > FEW or _negative_zero(frame[floats]):
        frame = frame.with_columns(
            pl.when(pl.col(name) == 0.0).then(0.0).otherwise(name).alias(name) for name in floats
        )
    if frame.height > 1:
        frame = frame.sort(*first, *(name for name in frame.columns if name not in first), nulls_last=False)
    return marked(frame.rechunk())


def _negative_zero(frame: pl.DataFrame) -> bool:
    values = block(frame)
    return bool(((values == 0.0) & np.signbit(values)).any())


def marked(frame: pl.DataFrame) -> pl.DataFrame:
    """Marks the frame as sorted by applicant after having looked: a false mark gives wrong numbers without an error.

    Raises: ValueError when it is not sorted.
    """
    keys = frame[KEY]
    if not keys.is_sorted():
        raise ValueError(f"rows are not sorted by {KEY}")
    return frame.clone().replace_column(frame.get_column_index(KEY), keys.set_sorted())


@dataclass(frozen=True)
class Dossiers:
    """One applicant's rows or everyone's: the application and six histories, each in canonical order.

    `absent` names the histories that were not supplied at all: nothing is known of them, which is not the same
    as an applicant who has no rows in a history.
    """

    tables: Mapping[str, pl.DataFrame]
    absent: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return self.tables["application"].height

    @property
    def ids(self) -> pl.Series:
        return self.tables["application"][KEY]

    @classmethod
    def of(cls, tables: Mapping[str, pl.DataFrame]) -> "Dossiers":
        """From valid frames with rows and columns in any order; rows of other applicants are left out."""
        applications = tables["application"].select(pl.col(KEY).cast(pl.Int64))
        known = set(applications[KEY].to_list())
        found: dict[str, pl.DataFrame] = {}
        for table in ("application", *HISTORIES):
            frame = tables.get(table)
            if frame is None:
                found[table] = none(table)
                continue
            if KEY not in frame.columns:
                frame = _with_applicant(frame, tables.get("bureau"))
            shaped = selected(frame, _typed(table))
            if shaped.height > FEW or not known.issuperset(shaped[KEY].to_list()):
                shaped = shaped.join(applications, on=KEY, how="semi")
            found[table] = canonical(shaped, table)
        absent = {table for table in HISTORIES if tables.get(table) is None}
        if "bureau" in absent:
            absent.add("bureau_balance")  # nobody knows whose credits these are
        return cls(MappingProxyType(found), frozenset(absent))

    def select(self, ids: Iterable[int] | pl.Series) -> "Dossiers":
        """The dossiers of these applicants. Raises: ApplicantUnknown."""
        wanted = pl.Series(KEY, ids, dtype=pl.Int64).unique()
        if not wanted.is_in(self.ids.implode()).all():
            raise ApplicantUnknown(Said("the dossiers"))
        keep = pl.col(KEY).is_in(wanted.implode())
        kept = {table: marked(frame.filter(keep).rechunk()) for table, frame in self.tables.items()}
        return Dossiers(MappingProxyType(kept), self.absent)


@cache
def _typed(table: str) -> list[pl.Expr]:
    return [pl.col(name).cast(dtype) for name, dtype in layout(table).items()]


def _with_applicant(balance: pl.DataFrame, bureau: pl.DataFrame | None) -> pl.DataFrame:
    """Only bureau says whose credit a monthly balance belongs to."""
    if bureau is None:
        return balance.clear().with_columns(pl.lit(None, dtype=pl.Int64).alias(KEY))
    owners = bureau.select(pl.col(KEY, "SK_ID_BUREAU").cast(pl.Int64))
    return balance.with_columns(pl.col("SK_ID_BUREAU").cast(pl.Int64)).join(owners, on="SK_ID_BUREAU", how="inner")

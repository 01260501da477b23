"""Training rows: every applicant's features, computed once and kept as one file, read back column by column."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from aval.data.tables import KEY
from aval.features.feature import FeatureSet

if TYPE_CHECKING:
    from aval.data.warehouse import Warehouse

_AT_ONCE: Final = 20_000
"""Applicants read together."""


def features_of(
    warehouse: "Warehouse",
    home: Path,
    advance: Callable[[int], None] | None = None,
    *,
    features: FeatureSet | None = None,
) -> Path:
    """The file with every feature of every labelled application of the warehouse, built unless it is there already.

    `features` is a whole set, the catalogue unless another is given, whatever a plan chooses from it.

    Numbers in single precision, as the trees read them; named after the tables and the definitions, so a
    change of either builds anew. Written whole or not at all.
    """
    import pyarrow.parquet as pq

    from aval.features.build import catalogue, stream

    features = catalogue() if features is None else features
    file = home / "features" / f"{warehouse.fingerprint[:16]}-{features.digest[:16]}.parquet"
    if file.exists():
        return file
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f"{file.name}.{os.getpid()}.part")
    writer = None
    try:
        for frame in stream(warehouse, features, advance, ids=warehouse.labels()[KEY].sort()):
            table = frame.cast({pl.Float64: pl.Float32}).to_arrow()
            writer = writer or pq.ParquetWriter(partial, table.schema, compression="zstd", compression_level=1)
            writer.write_table(table)
        if writer is not None:
            writer.close()
            partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
    return file


def frames(file: Path, features: FeatureSet, ids: npt.NDArray[np.int64]) -> Iterator[pl.DataFrame]:
    """The rows of `ids` (sorted), as frames of SK_ID_CURR and `features`, in the order of the file."""
    import pyarrow.parquet as pq

    wanted = pl.Series(KEY, ids)
    with pq.ParquetFile(file) as source:
        for batch in source.iter_batches(_AT_ONCE, columns=[KEY, *features.names]):
            frame = pl.DataFrame(pl.from_arrow(batch)).select(KEY, *features.names)
            kept = frame.filter(pl.col(KEY).is_in(wanted.implode()))
            if kept.height:
                yield kept


@dataclass(frozen=True)
class Table:
    """All rows to learn from, in memory: `matrix` (n, k) in single precision, categories as positions in `words`."""

    names: tuple[str, ...]
    matrix: npt.NDArray[np.float32]
    words: dict[str, tuple[str, ...]]

    def columns(self) -> Iterator[pl.Series]:
        """Column by column, as the features were: numbers or words, missing as null."""
        for place, name in enumerate(self.names):
            column = pl.Series(name, self.matrix[:, place]).fill_nan(None)
            if name in self.words:
                column = pl.Series(name, self.words[name], dtype=pl.String).gather(column.cast(pl.UInt32))
            yield column

    @classmethod
    def read(cls, file: Path, features: FeatureSet, ids: npt.NDArray[np.int64]) -> "Table":
        """The rows of `ids` (sorted)."""
        categories = [feature.name for feature in features if feature.kind == "category"]
        words = _words(file, features.select(categories), ids)
        codes = {name: {word: float(code) for code, word in enumerate(known)} for name, known in words.items()}
        matrix = np.empty((len(ids), len(features)), dtype=np.float32)
        numbers = [place for place, name in enumerate(features.names) if name not in words]
        start = 0
        for frame in frames(file, features, ids):
            block = matrix[start : start + frame.height]
            block[:, numbers] = frame.select(features.names[place] for place in numbers).to_numpy()
            for place, name in enumerate(features.names):
                if name in words:
                    block[:, place] = [codes[name].get(value, np.nan) for value in frame[name].to_list()]
            start += frame.height
        assert start == len(ids)
        return cls(features.names, matrix, words)


def _words(file: Path, categories: FeatureSet, ids: npt.NDArray[np.int64]) -> dict[str, tuple[str, ...]]:
    """The words of each category among these rows, in alphabetical order."""
    found: dict[str, set[str]] = {name: set() for name in categories.names}
    if found:
        for frame in frames(file, categories, ids):
            for name, seen in found.items():
                seen.update(frame[name].drop_nulls().unique().to_list())
    return {name: tuple(sorted(seen)) for name, seen in found.items()}


def sample(file: Path, features: FeatureSet, ids: npt.NDArray[np.int64], most: int, seed: int) -> pl.DataFrame:
    """At most `most` rows of `ids`, in a drawn order and without SK_ID_CURR."""
    rng = np.random.default_rng(seed)
    drawn = rng.permutation(ids)[:most]
    rows = pl.concat(frames(file, features, np.sort(drawn)))
    order = pl.Series(rng.permutation(rows.height))
    return rows.drop(KEY).select(pl.all().gather(order)).rechunk()

"""Tables grow on disk block by block: CSV as published, and the truth as Parquet."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import IO, Final

import polars as pl
import pyarrow.parquet as pq

TARGET_AT: Final = 1
"""TARGET is the second column of the published training file."""


class Files:
    """One open CSV file per table of a folder; the header is written once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: dict[str, int] = {}
        self._open: dict[str, IO[bytes]] = {}
        self._truth: pq.ParquetWriter | None = None

    def __enter__(self) -> Files:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._open.values():
            file.close()
        if self._truth is not None:
            self._truth.close()

    def add(self, table: str, frame: pl.DataFrame) -> None:
        """Append rows to `<table>.csv`."""
        first = table not in self._open
        if first:
            self._open[table] = (self.folder / f"{table}.csv").open("wb")
        frame.write_csv(self._open[table], include_header=first, float_scientific=False)
        self.rows[table] = self.rows.get(table, 0) + frame.height

    def add_truth(self, frame: pl.DataFrame) -> None:
        """Append rows to truth.parquet, apart from all that training reads."""
        rows = frame.to_arrow()
        if self._truth is None:
            self._truth = pq.ParquetWriter(self.folder / "truth.parquet", rows.schema)
        self._truth.write_table(rows)
        self.rows["truth"] = self.rows.get("truth", 0) + frame.height

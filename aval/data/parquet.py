"""Writing Parquet in row groups of whole applicants, and spilling rows to disk until they can be sorted."""

from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from aval.data.tables import KEY


class Writer:
    """A Parquet file written frame by frame. `grouped`: each frame is a row group whose applicants are indexed.

    Without any frame it writes no file, unless `empty` says what an empty one looks like.
    """

    def __init__(self, path: Path, *, grouped: bool = False, empty: pl.DataFrame | None = None) -> None:
        self._path, self._grouped, self._empty = path, grouped, empty
        self._inner: Any = None

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None and self._inner is None and self._empty is not None:
            self._open(_arrow(self._empty))
        self.close()

    def close(self) -> None:
        if self._inner is not None:
            self._inner.close()
            self._inner = None

    def add(self, frame: pl.DataFrame) -> None:
        if frame.height:
            table = _arrow(frame)
            if self._inner is None:
                self._open(table)
            self._inner.write_table(table, row_group_size=frame.height)

    def _open(self, table: Any) -> None:
        import pyarrow.parquet as pq
        import pyarrow.types as pt

        texts = [column.name for column in table.schema if pt.is_large_string(column.type)]
        self._inner = pq.ParquetWriter(
            self._path,
            table.schema,
            compression="lz4",  # zstd saves a quarter of the space and costs a dossier twice the time
            use_dictionary=texts if self._grouped else True,
            # Only the applicant is looked up, and the footer is parsed before the first dossier is read.
            write_statistics=[KEY] if self._grouped else False,
        )


class Spill:
    """Rows put aside on disk by bucket of applicants, because a table may be larger than memory."""

    def __init__(self, folder: Path, buckets: int) -> None:
        self._folder, self._buckets = folder, buckets
        self._files: dict[int, Any] = {}

    def __enter__(self) -> "Spill":
        self._folder.mkdir()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        import shutil

        self._close()
        shutil.rmtree(self._folder)

    def add(self, frame: pl.DataFrame, buckets: npt.NDArray[np.int64]) -> None:
        """`buckets`: the bucket of each row."""
        import pyarrow as pa

        parts = frame.with_columns(pl.Series("bucket", buckets)).partition_by("bucket", as_dict=True, include_key=False)
        for (bucket,), part in parts.items():
            table = _arrow(part)
            if bucket not in self._files:
                options = pa.ipc.IpcWriteOptions(compression="lz4")
                self._files[bucket] = pa.ipc.new_stream(self._path(bucket), table.schema, options=options)
            self._files[bucket].write_table(table)

    def take(self, bucket: int) -> pl.DataFrame | None:
        """All rows of a bucket, after the last `add`; they are gone from disk then."""
        self._close()
        path = self._path(bucket)
        if not Path(path).exists():
            return None
        import pyarrow as pa

        with pa.ipc.open_stream(path) as stream:
            frame = pl.DataFrame(stream.read_all())
        Path(path).unlink()
        return frame

    def _path(self, bucket: int) -> str:
        return str(self._folder / f"{bucket}.arrow")

    def _close(self) -> None:
        for file in self._files.values():
            file.close()
        self._files.clear()


def _arrow(frame: pl.DataFrame) -> Any:
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest())

"""What a warehouse says of itself: where its rows came from, how many were kept, and the digest of every table."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from aval.data.tables import TABLES, columns
from aval.errors import WarehouseError

FILE = "manifest.json"


@dataclass(frozen=True)
class Origin:
    """A source file as it was read."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Entry:
    """One table: rows = kept + rejected + orphans."""

    files: tuple[str, ...]
    rows: int
    kept: int
    rejected: int
    orphans: int  # rows whose link leads nowhere; normal, and outside the tolerated share
    rules: Mapping[str, int]  # rejected rows by rule; a row may break several
    unlinked: int | None  # rows whose SK_ID_PREV is not on file: information, not an error
    unknown: Mapping[str, int]  # cells outside the known levels, by column
    columns_ignored: tuple[str, ...]
    bytes: int
    sha256: str
    sorted: bool = True


@dataclass(frozen=True)
class Manifest:
    created_at: str  # UTC
    contracts: str  # digest of the contracts the rows were held against
    sources: tuple[Origin, ...]
    tables: Mapping[str, Entry]
    absent: tuple[str, ...]  # histories that were not supplied
    ignored: tuple[str, ...]  # files that are not tables
    warnings: tuple[str, ...] = field(default=())
    folder: str = ""  # where the sources lay; not part of the fingerprint

    @property
    def fingerprint(self) -> str:
        """sha256 over the digests of the tables: the same rows give the same one, however they came."""
        digests = "".join(f"{name} {entry.sha256}\n" for name, entry in sorted(self.tables.items()))
        return hashlib.sha256(digests.encode()).hexdigest()

    def json(self) -> str:
        return json.dumps({"fingerprint": self.fingerprint, **asdict(self)}, indent=2, ensure_ascii=False)

    def write(self, folder: Path) -> None:
        (folder / FILE).write_text(self.json(), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """Raises: WarehouseError."""
        try:
            found: dict[str, Any] = json.loads((folder / FILE).read_text(encoding="utf-8"))
            found.pop("fingerprint")
            found["sources"] = tuple(Origin(**origin) for origin in found["sources"])
            found["tables"] = {name: Entry(**_tuples(entry)) for name, entry in found["tables"].items()}
            return cls(**_tuples(found))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise WarehouseError(folder / FILE, "is missing or damaged") from None


def _tuples(found: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}


@cache
def contracts() -> str:
    """sha256 over every column of every table: another contract, another digest."""
    facts = [[table, *map(repr, columns(table).values())] for table in TABLES]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

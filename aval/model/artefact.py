"""The folder a model is stored in: native formats and a manifest that knows every byte of them."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from aval.errors import ArtefactError

MANIFEST: Final = "manifest.json"
SCHEMA: Final = 1
"""Version of the folder's layout."""


def digest_of(file: Path) -> str:
    """sha256 of a file, read in pieces."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def seal(folder: Path, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Write the manifest: `facts`, and the sha256 of every other file in the folder."""
    files = {name: digest_of(folder / name) for name in _names(folder)}
    manifest = {"schema": SCHEMA, **facts, "files": files}
    write(folder / MANIFEST, manifest)
    return manifest


def verify(folder: Path) -> dict[str, Any]:
    """The manifest, once every file is what it says and no other file is there.

    Raises:
        ArtefactError: names the first file that is missing, changed, too many or unreadable.
    """
    manifest = read(folder / MANIFEST)
    files = manifest.get("files") if isinstance(manifest, dict) else None
    if not isinstance(manifest, dict) or not isinstance(files, dict) or manifest.get("schema") != SCHEMA:
        raise ArtefactError(folder / MANIFEST, f"it is not a manifest of layout {SCHEMA}")
    for name, expected in files.items():
        file = folder / name
        if not file.is_file():
            raise ArtefactError(file, "the file is missing")
        if digest_of(file) != expected:
            raise ArtefactError(file, "its sha256 is not the one in the manifest")
    for name in _names(folder):
        if name not in files:
            raise ArtefactError(folder / name, "the manifest does not know this file")
    return manifest


def _names(folder: Path) -> list[str]:
    """Every file but the manifest, by its path from the folder."""
    found = (file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
    return sorted(name for name in found if name != MANIFEST)


def write(file: Path, value: Any) -> None:
    """JSON, every float to the last bit."""
    file.write_text(json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")


def read(file: Path) -> Any:
    """What `write` wrote. Raises ArtefactError for a file that is missing, truncated or not JSON."""
    try:
        return json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise ArtefactError(file, "the file is missing") from None
    except (ValueError, OSError):
        raise ArtefactError(file, "it cannot be read as JSON") from None

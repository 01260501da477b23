"""The chain: each record's hash covers the one before it and every decision it brings; the head is signed."""

import base64
import binascii
import errno
import fcntl
import hashlib
import json
import os
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aval.errors import LogBroken

START: Final = "0" * 64
"""What the first record follows."""

_LONGEST: Final = 4096
"""Bytes of an exported head at most."""

_RECORD: Final = ("seq", "id", "kind", "at", "caller", "about", "place", "subject", "verdict", "motive", "body")
_DECISION: Final = (
    *("id", "place", "subject", "at", "caller", "verdict", "probability", "points", "cutoff"),
    *("rules", "model", "policy", "policy_digest", "features", "facts"),
)


_SPELLING: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _digest(*parts: object) -> str:
    # Canonical: one spelling for each value, so that two databases hash alike.
    return hashlib.sha256(_SPELLING.encode(parts).encode()).hexdigest()


def leaf(row: Mapping[str, Any]) -> str:
    """SHA-256 of one line of `decision`, its sealed part by its ciphertext: it stands when the key is gone."""
    return _digest(*(row[name] for name in _DECISION), hashlib.sha256(row["sealed"]).hexdigest())


def leaves(hashes: Iterable[str]) -> str:
    """SHA-256 over the leaves of a record, in their order."""
    return _digest(*hashes)


def link(row: Mapping[str, Any], previous: str) -> str:
    """SHA-256 of one line of `record` and of the hash before it."""
    sealed = None if row["sealed"] is None else hashlib.sha256(row["sealed"]).hexdigest()
    return _digest(previous, *(row[name] for name in _RECORD), sealed, row["leaves"])


@dataclass(frozen=True, slots=True)
class Head:
    """The last record, signed (Ed25519, RFC 8032): whoever keeps it notices a log that was cut short."""

    seq: int
    hash: str
    at: str
    key: str
    """Public key, base64."""
    signature: str

    def to_json(self) -> str:
        """One line."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__}, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "Head":
        """What `to_json` wrote. Raises LogBroken."""
        try:
            made = cls(**json.loads(text))
        except (ValueError, TypeError):
            made = None
        if made is None or [type(getattr(made, name)) for name in cls.__slots__] != [int, str, str, str, str]:
            raise LogBroken("the exported head", "it is not what aval exports", "take it from a copy")
        return made

    def holds(self, key: str | None = None) -> bool:
        """Whether the signature is that of the key it names, and that is `key` where one is given."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        if key is not None and key != self.key:
            return False
        try:
            public = Ed25519PublicKey.from_public_bytes(base64.b64decode(self.key))
            public.verify(base64.b64decode(self.signature), _said(self.seq, self.hash, self.at))
        except (InvalidSignature, ValueError, binascii.Error):
            return False
        return True


def _said(seq: int, digest: str, at: str) -> bytes:
    return f"aval log {seq} {digest} {at}".encode()


class Signer:
    """Signs heads, and keeps the last one in a file outside the database."""

    def __init__(self, key: Path, head: Path) -> None:
        """`key`: the private key, made on first use and readable by its owner alone; `head`: where heads go."""
        self._file, self.file = key, head
        self._key = self._read()
        self._written = b""
        self.public: str = base64.b64encode(self._key.public_key().public_bytes_raw()).decode()
        """The public key, base64."""

    def exported(self) -> Head | None:
        """The head as it lies in its file, None where none does. Raises LogBroken, also for one signed by another."""
        kept = read_head(self.file)
        if kept is not None and not kept.holds(self.public):
            raise LogBroken(
                str(self.file),
                "it is not signed by this log's key",
                f"put the key back as {self._file}, or move it away",
            )
        return kept

    def export(self, seq: int, digest: str, at: str) -> None:
        """Replace the exported head unless it is further on: another worker may have been quicker.

        Raises:
            OSError: it cannot be written.
            LogBroken: what lies there is no head of this log, which a person should look at.
        """
        signature = base64.b64encode(self._key.sign(_said(seq, digest, at))).decode()
        line = Head(seq, digest, at, self.public, signature).to_json().encode() + b"\n"
        # Written over in place: one block in one call. A rename would have the disk flushed once more.
        file = os.open(self.file, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            there = os.pread(file, _LONGEST, 0)
            if there and there != self._written:
                kept = Head.from_json(there.decode("utf-8", "replace"))
                if not kept.holds(self.public):
                    raise LogBroken(str(self.file), "it is not signed by this log's key", "move it away")
                if kept.seq >= seq:
                    return
            if os.pwrite(file, line, 0) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.ftruncate(file, len(line))
            self._written = line
        finally:
            os.close(file)

    def _read(self) -> Any:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self.file.parent.mkdir(parents=True, exist_ok=True)
            # Whole or not at all, once: of two workers that start together one makes the key.
            partial = self._file.with_name(f"{self._file.name}.{uuid.uuid4().hex}")
            if not self._file.exists():
                made = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                with os.fdopen(made, "wb") as file:
                    file.write(base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()) + b"\n")
                try:
                    os.link(partial, self._file)
                except FileExistsError:
                    pass
                finally:
                    partial.unlink()
            return Ed25519PrivateKey.from_private_bytes(base64.b64decode(self._file.read_bytes(), validate=False))
        except (OSError, ValueError, binascii.Error):
            raise LogBroken(str(self._file), "it is not a signing key", "put the key of this log there") from None


def read_head(file: Path) -> Head | None:
    """The exported head, None where none was exported yet. Raises LogBroken."""
    try:
        with file.open("rb") as lines:
            fcntl.flock(lines, fcntl.LOCK_SH)
            text = lines.read(_LONGEST).decode("utf-8", "replace")
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise LogBroken(str(file), f"it cannot be read ({problem.strerror})", "take it from a copy") from None
    return Head.from_json(text) if text else None

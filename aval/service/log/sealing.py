"""What is personal, sealed with a key of the person it is about: dropping the key erases the person.

AES-256-GCM (NIST SP 800-38D), a fresh 96-bit nonce each time, bound to the id it was sealed for. With a key of the
house configured, the persons' keys are themselves sealed by it, so that a stolen database tells nothing.
"""

import base64
import binascii
import json
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from aval.errors import LogBroken

_NONCE: Final = 12
_KEY: Final = 32
_PLAIN: Final = b"\x00"
_WRAPPED: Final = b"\x01"
BARE_KEY: Final = len(_PLAIN) + _KEY
"""Bytes of a person's key that is kept in plain; under a key of the house it is longer."""

Row = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Private:
    """Everything personal of one decision."""

    inputs: bytes
    """The applicant's raw tables, as `contract.inputs` writes them."""
    features: Row
    """Encoded features as the model read them, shape (k,)."""
    contributions: Row | None
    """Shares of the calibrated log-odds and the base, shape (k + 1,); None where nobody asked why."""
    told: Mapping[str, Any]
    """Reasons and warnings."""

    def packed(self) -> bytes:
        """Compressed bytes; the same content gives the same bytes."""
        text = json.dumps(self.told, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
        given = b"" if self.contributions is None else self.contributions.astype("<f8").tobytes()
        parts = (self.inputs, text, self.features.astype("<f8").tobytes(), given)
        whole = b"".join((struct.pack(">4I", *map(len, parts)), *parts))
        compressed: bytes = _codec().compress(whole, asbytes=True)
        return struct.pack(">I", len(whole)) + compressed

    @classmethod
    def unpacked(cls, data: bytes) -> "Private":
        """What `packed` wrote."""
        (size,) = struct.unpack(">I", data[:4])
        whole: bytes = _codec().decompress(data[4:], size, asbytes=True)
        parts, at = [], 16
        for length in struct.unpack(">4I", whole[:16]):
            parts.append(whole[at : at + length])
            at += length
        inputs, text, features, given = parts
        contributions = np.frombuffer(given, "<f8").astype(np.float64) if given else None
        return cls(inputs, np.frombuffer(features, "<f8").astype(np.float64), contributions, json.loads(text))


@cache
def _codec() -> Any:
    import pyarrow as pa

    return pa.Codec("zstd", compression_level=1)


def new_key() -> bytes:
    """A person's key."""
    return os.urandom(_KEY)


def seal(key: bytes, plain: bytes, *bound: str) -> bytes:
    """Nonce and ciphertext; `bound`: the number of what it belongs to, and whatever else must stay with it."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, " ".join(bound).encode())


def unseal(key: bytes, sealed: bytes, *bound: str) -> bytes:
    """What was sealed.

    Raises:
        LogBroken: another key, bound to something else, or changed bytes.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], " ".join(bound).encode())
    except (InvalidTag, ValueError):
        raise LogBroken(f"record {bound[0]}", "its sealed part does not open", "run `aval verify`") from None


class House:
    """The key of the house, or none: how persons' keys are kept at rest."""

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key

    @classmethod
    def of(cls, file: Path | None) -> "House":
        """From a file that holds 32 bytes in base64, as `head -c 32 /dev/urandom | base64` writes them.

        Raises:
            LogBroken: no such file, or not such a key.
        """
        if file is None:
            return cls()
        try:
            key = base64.b64decode(file.read_text("ascii").strip(), validate=True)
        except (OSError, ValueError, binascii.Error):
            key = b""
        if len(key) != _KEY:
            raise LogBroken(
                "AVAL_LOG_KEY", "no file with 32 bytes in base64", "make one with `head -c 32 /dev/urandom | base64`"
            )
        return cls(key)

    def knows(self, kept: bytes) -> bool:
        """Whether there is what opening this key takes: nothing, or a key of the house."""
        return kept[:1] == _PLAIN or self._key is not None

    def bare(self, kept: bytes) -> bool:
        """Whether this key lies there in plain where it should not."""
        return kept[:1] == _PLAIN and self._key is not None

    def wrap(self, key: bytes, token: str) -> bytes:
        """A person's key as the database keeps it."""
        return _PLAIN + key if self._key is None else _WRAPPED + seal(self._key, key, token)

    def unwrap(self, kept: bytes, token: str) -> bytes:
        """The person's key.

        Raises:
            LogBroken: it was wrapped by a key of the house that is not configured, or by another one.
        """
        if kept[:1] == _PLAIN:
            return kept[1:]
        if self._key is None:
            raise LogBroken("the log", "it was written under a key of the house", "name that key's file: AVAL_LOG_KEY")
        try:
            return unseal(self._key, kept[1:], token)
        except LogBroken:
            raise LogBroken(
                "AVAL_LOG_KEY", "it is not the key the log was written under", "name the right one"
            ) from None

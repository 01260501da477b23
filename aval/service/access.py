"""Who asks: API keys, tokens of the bank's identity provider, and how often one may. Without either, no service."""

import hmac
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv6Address, ip_address, ip_network
from threading import BoundedSemaphore, Lock
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, Engine, bindparam, insert, select, union_all, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from aval.errors import (
    KeyNameTaken,
    KeyNameUnfit,
    KeyNameUsed,
    KeyUnknown,
    LogUnavailable,
    NotAllowed,
    NotAuthenticated,
    OptionError,
    Said,
    TooMany,
)
from aval.service.log.opening import named, what
from aval.service.log.tables import ACCESS, RECORD
from aval.service.provider import Provider, unfit_name
from aval.service.role import Caller, Right, Role, rights

__all__ = ["Access", "Caller", "Key", "Keys", "Provider", "Rate", "Right", "Role", "rights"]

_KEY: Final = re.compile(r"aval_([a-z0-9]{8})_[A-Za-z0-9_-]{43}")
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789"

_USED: Final = union_all(
    select(ACCESS.c.prefix).where(ACCESS.c.name == bindparam("name"), ACCESS.c.prefix != bindparam("prefix")),
    select(RECORD.c.id).where(RECORD.c.caller == bindparam("name")),
).limit(1)
"""Another key, or a record, that bears the name."""

_AT_ONCE: Final = 2
"""Hashes worked out at the same time in a process: each takes 19 MiB and a core."""


@dataclass(frozen=True, slots=True)
class Key:
    """What is kept of a key, without its hash; times are UTC in ISO 8601."""

    name: str
    role: str
    prefix: str
    created_at: str
    revoked_at: str | None


@dataclass(frozen=True, slots=True)
class _Seen:
    """A key found right a moment ago: its digest, whose it is, and until when that is believed."""

    digest: bytes
    caller: Caller
    until: float


class Keys:
    """API keys in the log's database. Threads may share it; a process remembers right ones for `seconds`.

    argon2id with 19 MiB, two passes and one lane (OWASP's choice) takes some 20 ms, which is paid once in `seconds`.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        seconds: float = 60.0,
        most: int = 1000,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        hasher: PasswordHasher | None = None,
    ) -> None:
        self._engine, self._seconds, self._most, self._clock, self._now = engine, seconds, most, clock, now
        self._hasher = hasher or PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._nobody = self._hasher.hash(secrets.token_urlsafe(32))
        self._secret = secrets.token_bytes(32)
        self._seen: OrderedDict[str, _Seen] = OrderedDict()
        self._lock = Lock()
        self._hashing = BoundedSemaphore(_AT_ONCE)

    @contextmanager
    def _opened(self, *, writing: bool = False) -> Iterator[Connection]:
        """The database of keys. Raises LogUnavailable, and IntegrityError as it comes."""
        try:
            with self._engine.begin() if writing else self._engine.connect() as connection:
                yield connection
        except IntegrityError:
            raise
        except SQLAlchemyError as problem:
            raise LogUnavailable(named(self._engine), what(problem)) from None

    def add(self, name: str, role: Role, *, again: bool = False) -> str:
        """Make a key for `name` and return it: the only time it is seen. `again`: the name was in use before, and this
        is the same holder.

        Raises:
            KeyNameTaken: an active key has the name.
            KeyNameUsed: a key had it, or records bear it: of whom, records can no longer tell once another has it too.
            KeyNameUnfit, LogUnavailable.
        """
        if unfit := unfit_name(name):
            raise KeyNameUnfit(unfit)
        prefix = "".join(secrets.choice(_LETTERS) for _ in range(8))
        key = f"aval_{prefix}_{secrets.token_urlsafe(32)}"
        row = {
            "prefix": prefix,
            "name": name,
            "hash": self._hasher.hash(key),
            "role": Role(role).value,
            "created_at": self._now().isoformat(timespec="seconds"),
            "revoked_at": None,
        }
        try:
            with self._opened(writing=True) as writing:
                writing.execute(insert(ACCESS).values(row))
                if not again and writing.execute(_USED, {"name": name, "prefix": prefix}).first() is not None:
                    raise KeyNameUsed(name)
        except IntegrityError:
            raise KeyNameTaken(name) from None
        return key

    def revoke(self, name: str) -> None:
        """End the key of `name`: at once in this process, within `seconds` in others.

        Raises:
            KeyNameUnfit, KeyUnknown, LogUnavailable.
        """
        if unfit := unfit_name(name):  # a key given by mistake is not repeated in an error
            raise KeyNameUnfit(unfit)
        active = (ACCESS.c.name == name) & ACCESS.c.revoked_at.is_(None)
        with self._opened(writing=True) as writing:
            at = self._now().isoformat(timespec="seconds")
            if not writing.execute(update(ACCESS).where(active).values(revoked_at=at)).rowcount:
                raise KeyUnknown(name)
        with self._lock:
            for prefix in [prefix for prefix, seen in self._seen.items() if seen.caller.name == name]:
                del self._seen[prefix]

    def list(self) -> "list[Key]":
        """Every key there is or was, by name, the oldest first."""
        columns = (ACCESS.c.name, ACCESS.c.role, ACCESS.c.prefix, ACCESS.c.created_at, ACCESS.c.revoked_at)
        order = (ACCESS.c.name, ACCESS.c.created_at, ACCESS.c.revoked_at.is_(None), ACCESS.c.revoked_at)
        with self._opened() as reading:
            return [Key(*row) for row in reading.execute(select(*columns).order_by(*order))]

    def remembered(self, key: str) -> Caller | None:
        """Whose `key` is, if this process found it right within the last `seconds`; costs microseconds."""
        parts = _KEY.fullmatch(key)
        if parts is None:
            return None
        with self._lock:
            seen = self._seen.get(parts[1])
            if seen is None or self._clock() >= seen.until:
                return None
        return seen.caller if hmac.compare_digest(seen.digest, self._digest(key)) else None

    def caller(self, key: str) -> Caller:
        """Whose `key` is. A wrong secret, an unknown prefix and a revoked key cost and say the same.

        Raises:
            NotAuthenticated: no active key is this one.
            LogUnavailable: nobody can tell whose it is.
        """
        parts = _KEY.fullmatch(key)
        if parts is None:  # its form is public, so that saying so at once tells nothing
            raise _unknown()
        if known := self.remembered(key):
            return known
        with self._hashing:
            if known := self.remembered(key):  # another thread has just checked it
                return known
            began = self._clock()
            with self._opened() as reading:
                row = reading.execute(
                    select(ACCESS.c.name, ACCESS.c.role, ACCESS.c.hash).where(
                        ACCESS.c.prefix == parts[1], ACCESS.c.revoked_at.is_(None)
                    )
                ).first()
            right = self._verified(self._nobody if row is None else row.hash, key)
        if row is None or not right:
            raise _unknown()
        caller = Caller(row.name, Role(row.role))
        with self._lock:
            # Counted from before the row was read: a key revoked meanwhile stops as soon as any other.
            self._seen[parts[1]] = _Seen(self._digest(key), caller, began + self._seconds)
            self._seen.move_to_end(parts[1])
            while len(self._seen) > self._most:
                self._seen.popitem(last=False)
        return caller

    def _verified(self, stored: str, key: str) -> bool:
        try:
            return self._hasher.verify(stored, key)
        except (VerificationError, InvalidHashError):
            return False

    def _digest(self, key: str) -> bytes:
        """Under a secret of this process, so that what is remembered is of no use elsewhere."""
        return hmac.digest(self._secret, key.encode(), "sha256")


class Rate:
    """So many a second on average, `burst` at once: a bucket of tokens for every name. Threads may share it."""

    def __init__(
        self,
        per_second: float,
        burst: int,
        clock: Callable[[], float] = time.monotonic,
        *,
        of: str = Said("requests"),
        most: int = 10_000,
    ) -> None:
        """Remember the `most` names seen last; `of` says in errors what there is too much of.

        Raises:
            OptionError: a rate or a burst that would let nothing through.
        """
        if not per_second > 0 or burst < 1:
            raise OptionError("The rate", "is above 0 a second, with a burst of at least 1")
        self._per_second, self._burst, self._clock, self._of, self._most = per_second, burst, clock, of, most
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def take(self, name: str) -> None:
        """Take one token of `name`.

        Raises:
            TooMany: there is none; says when there will be.
        """
        with self._lock:
            level = self._level(name)
            self._buckets[name] = (level - 1, self._clock())
            self._buckets.move_to_end(name)
            while len(self._buckets) > self._most:
                self._buckets.popitem(last=False)

    def check(self, name: str) -> None:
        """Take none, but raise as `take` would."""
        with self._lock:
            self._level(name)

    def _level(self, name: str) -> float:
        """Tokens of `name`, at least one."""
        now = self._clock()
        left, at = self._buckets.get(name, (float(self._burst), now))
        level = min(float(self._burst), left + (now - at) * self._per_second)
        if level < 1:
            raise TooMany(self._of, (1 - level) / self._per_second)
        return level


class Access:
    """The door: whose a request is, by key or by token, and whether there are too many of them."""

    def __init__(
        self,
        keys: Keys,
        provider: Provider | None = None,
        rate: Rate | None = None,
        failures: Rate | None = None,
    ) -> None:
        """Without a provider, keys alone open. `rate` is per caller (20 a second, 100 at once by default);
        `failures` per client address (1 every 5 seconds, 10 at once).
        """
        self._keys, self._provider = keys, provider
        self._rate = rate or Rate(20, 100)
        self._failures = failures or Rate(0.2, 10, of=Said("failed attempts from this address"))

    def caller(self, authorization: str | None, api_key: str | None, address: str = "") -> Caller:
        """Whose a request is, from its headers `Authorization` and `X-API-Key` and the address it comes from.

        Blocks for some 20 ms where a key is not remembered, and for a question to the provider where its keys are not:
        call it from a thread.

        Raises:
            NotAuthenticated, TooMany, ProviderUnavailable, RoleMissing.
        """
        shown = _shown(authorization, api_key)
        place = _place(address)
        try:
            caller = self._by_key(shown, place) if shown.startswith("aval_") else self._by_token(shown)
        except NotAuthenticated:
            self._failures.take(place)
            raise
        self._rate.take(caller.name)
        return caller

    def remembered(self, authorization: str | None, api_key: str | None) -> Caller | None:
        """As `caller` where nothing has to be waited for, a key seen a moment ago; else None.

        Raises:
            NotAuthenticated, TooMany.
        """
        known = self._keys.remembered(_shown(authorization, api_key))
        if known is not None:
            self._rate.take(known.name)
        return known

    def _by_key(self, key: str, place: str) -> Caller:
        """Neighbours behind one address go on with keys just seen; a hash is worked out for none who keeps failing."""
        if known := self._keys.remembered(key):
            return known
        self._failures.check(place)
        return self._keys.caller(key)

    def _by_token(self, token: str) -> Caller:
        """Checking a token costs little, so that a right one is never held up by its neighbours' failures."""
        if self._provider is None:
            raise _unknown()
        return self._provider.caller(token)

    @staticmethod
    def require(caller: Caller, right: Right) -> None:
        """Raise NotAllowed where the caller's role lacks `right`."""
        if not caller.may(right):
            raise NotAllowed(caller.role, right)


def _unknown() -> NotAuthenticated:
    return NotAuthenticated("The key is not one of this service", "ask an administrator for one (`aval key add`)")


def _shown(authorization: str | None, api_key: str | None) -> str:
    """The one key or token of a request."""
    if authorization and api_key:
        raise NotAuthenticated("The request shows two keys", "send X-API-Key or Authorization, not both")
    if api_key:
        if not api_key.startswith("aval_"):
            raise _unknown()
        return api_key
    scheme, _, shown = (authorization or "").strip().partition(" ")
    if scheme.lower() == "bearer" and shown.strip():
        return shown.strip()
    raise NotAuthenticated("The request shows no key", "send one as `X-API-Key` or `Authorization: Bearer`")


def _place(address: str) -> str:
    """What a client address is counted as: itself, or the /64 network of an IPv6 one, of which anyone has plenty."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or ip_network((parsed.packed, 64), strict=False))
    return str(parsed)

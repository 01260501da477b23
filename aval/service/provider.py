"""Tokens of a bank's own identity provider (OpenID Connect): whose they are, checked with its published keys.

joserfc does the cryptography: it is the one JOSE library here (Streamlit's sign-in brings it through Authlib), follows
the current RFCs, needs `cryptography` alone, is typed, takes the clock as a value, and ties a key's type to algorithms,
so that a public key can never serve as the secret of an HMAC. Fetching is ours: no redirects, little time, few bytes.
"""

import json
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from ipaddress import ip_address
from threading import Lock
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
)

from joserfc import jwt
from joserfc.errors import ClaimError, ExpiredTokenError, InvalidKeyIdError, JoseError, UnsupportedAlgorithmError
from joserfc.jwk import JWKRegistry, Key, KeySet
from joserfc.jws import JWSRegistry
from joserfc.jwt import JWTClaimsRegistry, Token

from aval.errors import NotAuthenticated, ProviderUnavailable, ProviderUnsafe, RoleMissing, Said
from aval.service.role import Caller, Role

ALGORITHMS: Final = frozenset(
    f"{family}{bits}" for family in ("RS", "PS", "ES") for bits in (256, 384, 512)
) | frozenset({"EdDSA", "Ed25519"})
"""Asymmetric ones alone: never `none`, never a shared secret."""

LONGEST: Final = 16_384
"""Of a token, in characters."""

_TYPES: Final = ("", "jwt", "at+jwt", "application/at+jwt")
"""What a token may call itself; a logout token or a proof of possession is none."""

_KINDS: Final = ("RSA", "EC", "OKP")
_RSA: Final = 2048
"""Bits of a modulus, at least."""

_BYTES: Final = 1_000_000
"""Of a document of the provider."""

_STALE: Final = 24 * 3600.0
"""Seconds for which published keys are trusted while the provider cannot be asked whether they still are."""


class _Registry(JWSRegistry):
    """Our algorithms and no warning: joserfc deprecates the name EdDSA, which providers still write."""

    max_header_length = 8_192  # some providers repeat their certificates there
    max_payload_length = LONGEST

    def get_alg(self, name: str) -> Any:
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError
        return self.algorithms[name]


@dataclass(frozen=True, slots=True, eq=False)
class _Published:
    keys: KeySet
    at: float


class _Unreachable(Exception):
    """Says in one phrase what went wrong."""


class Provider:
    """An identity provider, asked for its keys when needed and as seldom as that allows; threads may share it."""

    def __init__(
        self,
        issuer: str,
        audience: str,
        roles_claim: str = "roles",
        *,
        roles: Mapping[str, Role] | None = None,
        name_claim: str = "preferred_username",
        leeway: int = 30,
        keep: float = 3600.0,
        pause: float = 10.0,
        timeout: float = 3.0,
        clock: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """Trust `issuer`'s tokens made for `audience`; nothing is asked yet, so that the service starts without it.

        `roles_claim` and `name_claim` may be paths (`realm_access.roles`). `roles` maps the bank's words to roles;
        without it they are aval's own. Name a claim that users cannot change themselves: records bear it; `sub`
        stands in where it is absent. Seconds: `leeway` for clocks that differ, `keep` for published keys, `pause`
        between two attempts to fetch them, `timeout` for each answer.

        Raises:
            ProviderUnsafe: the issuer is not https (or http on this very machine), or bears a password or a query.
        """
        _safe(issuer)
        self.issuer = issuer
        self._roles_claim, self._name_claim = roles_claim, name_claim
        self._roles = dict(roles) if roles is not None else {role.value: role for role in Role}
        self._keep, self._pause, self._timeout, self._ticks = keep, pause, timeout, ticks
        self._claims = JWTClaimsRegistry(
            now=lambda: int(clock()),
            leeway=leeway,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            iat={"essential": True},
        )
        self._registry = _Registry(strict_check_header=False)  # RFC 7515: what is not understood is ignored, but `crit`
        self._opener = OpenerDirector()  # the web and a proxy to it; no files, and nowhere else than where we were sent
        for handler in (ProxyHandler, HTTPHandler, HTTPSHandler, HTTPErrorProcessor, HTTPDefaultErrorHandler):
            self._opener.add_handler(handler())
        self._lock = Lock()
        self._held: _Published | None = None
        self._tried = float("-inf")
        self.problem: str | None = None
        """Why the provider could not be asked the last time; None where it could."""

    def caller(self, token: str) -> Caller:
        """Whose `token` is.

        Raises:
            NotAuthenticated: it is no token of this provider, not for this service, or not at this time.
            RoleMissing: it is, and gives no role.
            ProviderUnavailable: its key is not known here and the provider cannot be asked.
        """
        if len(token) > LONGEST:
            raise _refused("is too long")
        claims = self._checked(token)
        name = _at(claims, self._name_claim)
        name = claims.get("sub") if name is None else name
        if not isinstance(name, str) or (unfit := unfit_name(name)):
            raise _refused(
                "names nobody"
                if not isinstance(name, str)
                else Said("names its holder by what {unfit}", unfit=Said(unfit))
            )
        said = _at(claims, self._roles_claim)
        words = [said] if isinstance(said, str) else said if isinstance(said, list) else []
        held = {self._roles[word] for word in words if isinstance(word, str) and word in self._roles}
        for role in Role:  # the strongest first
            if role in held:
                return Caller(name, role)
        raise RoleMissing(self._roles_claim)

    def _checked(self, token: str) -> dict[str, Any]:
        """The claims of a token whose signature and times hold."""
        published = self._published()
        read = self._decoded(token, published)
        if read is None:  # signed with a key that came later, or with none of theirs
            newer = self._published(lacking=published)
            if newer is published and self.problem is not None:
                raise self._unavailable()
            read = self._decoded(token, newer)
        if read is None:
            raise _refused("is signed with a key the identity provider does not publish")
        if str(read.header.get("typ", "")).lower() not in _TYPES:
            raise _refused("is of another type")
        try:
            self._claims.validate(read.claims)
        except ExpiredTokenError:
            raise NotAuthenticated("The bearer token has expired", "sign in again") from None
        except ClaimError as wrong:
            raise _refused(Said("lacks a claim, or has one that is not accepted: {claim}", claim=wrong.claim)) from None
        return read.claims

    def _decoded(self, token: str, published: _Published) -> Token | None:
        """A token whose signature holds; None where its key is not among those published."""
        try:
            return jwt.decode(token, published.keys, registry=self._registry)
        except InvalidKeyIdError:
            return None
        except UnsupportedAlgorithmError:
            raise _refused("is signed in a way that is not accepted") from None
        except Exception:  # whatever a hostile token makes a parser raise; its text may hold the token
            raise _refused("is not signed by the identity provider, or damaged") from None

    def _published(self, lacking: _Published | None = None) -> _Published:
        """The provider's keys: those held, or newer ones where these are old or `lacking` the one wanted.

        Asked at most once every `pause` seconds, whatever tokens say; meanwhile what is held goes on.
        """
        held = self._held
        if held is not None and held is not lacking and self._ticks() - held.at < self._keep:
            return held
        # Who holds usable keys does not wait for another's question.
        if self._lock.acquire(blocking=held is None or held is lacking):
            try:
                if self._held is held and self._ticks() - self._tried >= self._pause:
                    self._tried = self._ticks()
                    try:
                        self._held = _Published(self._fetched(), self._ticks())
                        self.problem = None
                    except _Unreachable as said:
                        self.problem = str(said)
            finally:
                self._lock.release()
        held = self._held
        if held is None or self._ticks() - held.at > max(_STALE, self._keep):
            raise self._unavailable()
        return held

    def _unavailable(self) -> ProviderUnavailable:
        wait = max(self._tried + self._pause - self._ticks(), 0.0)
        return ProviderUnavailable(self.issuer, self.problem or "has not been asked yet", wait)

    def _fetched(self) -> KeySet:
        """The keys that its discovery document points to."""
        stated = self._document(self.issuer.rstrip("/") + "/.well-known/openid-configuration")
        if stated.get("issuer") != self.issuer:
            raise _Unreachable("describes itself as another issuer")
        where = stated.get("jwks_uri")
        try:
            _safe(where if isinstance(where, str) else "", query=True)
        except ProviderUnsafe:
            raise _Unreachable("keeps its keys at an address that is not safe") from None
        listed = self._document(str(where)).get("keys")
        usable = [key for entry in (listed if isinstance(listed, list) else []) if (key := _imported(entry))]
        if not usable:
            raise _Unreachable("publishes no key that can be used")
        return KeySet(usable)

    def _document(self, url: str) -> dict[str, Any]:
        until = self._ticks() + 2 * self._timeout  # each piece has its timeout; a drip would hold whoever waits here
        try:
            with self._opener.open(url, timeout=self._timeout) as answer:
                read = b""
                while len(read) <= _BYTES and (piece := answer.read1(_BYTES)):
                    read += piece
                    if self._ticks() > until:
                        raise TimeoutError
            document = json.loads(read) if len(read) <= _BYTES else None
        except (OSError, HTTPException, ValueError, RecursionError):
            raise _Unreachable("does not answer as it should") from None
        if not isinstance(document, dict):
            raise _Unreachable("does not answer as it should")
        return document


def unfit_name(name: str) -> str:
    """What keeps `name` from being a caller's, as the end of a sentence; empty where nothing does."""
    if not 1 <= len(name) <= 100:
        return Said("is not of 1 to 100 characters")
    if not name.isprintable() or name != name.strip():
        return Said("holds characters that do not print, or begins or ends with a space")
    if name.startswith("aval_"):
        return Said("begins like a key")
    if name.casefold() in ("aval", "challenger", "cli") or name.casefold().startswith("cli:"):
        return Said("is one that records of the service itself bear")
    return ""


def _refused(what: str) -> NotAuthenticated:
    return NotAuthenticated(
        Said("The bearer token {what}", what=Said(what)), "sign in again with the bank's identity provider"
    )


def _safe(url: str, *, query: bool = False) -> None:
    """Hold an address to https, or to this machine."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ProviderUnsafe("is no address") from None
    if not host or parts.scheme not in ("http", "https"):
        raise ProviderUnsafe("is no web address")
    if parts.username is not None or parts.password is not None:
        raise ProviderUnsafe("holds a user or a password")
    if parts.fragment or (parts.query and not query):
        raise ProviderUnsafe("holds a query or a fragment")
    if parts.scheme == "http" and not _loopback(host):
        raise ProviderUnsafe("is not encrypted (http)")


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _at(claims: Mapping[str, Any], path: str) -> Any:
    """The claim of that very name (some are URLs, with dots), else the one at the end of the path; None without."""
    if path in claims:
        return claims[path]
    value: Any = claims
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _imported(entry: object) -> Key | None:
    """A published key that may check signatures; None for others, which do not spoil the set."""
    if not isinstance(entry, dict) or entry.get("kty") not in _KINDS or entry.get("use", "sig") != "sig":
        return None
    try:
        if entry["kty"] == "RSA" and int.from_bytes(urlsafe_b64decode(entry["n"] + "==")).bit_length() < _RSA:
            return None
        return JWKRegistry.import_key(entry)
    except (JoseError, ValueError, TypeError, KeyError):
        return None

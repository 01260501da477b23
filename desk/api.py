"""The one client of the service: who asks, in which language, what is kept, and failures as sentences."""

import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

import httpx

_PATIENCE: Final = httpx.Timeout(60.0, connect=3.0)
_KEPT: Final = 200
"""Answers that one caller keeps at most."""
FOREVER: Final = 24 * 3600.0
"""Seconds an answer that does not change is kept: a session is shorter."""


Places = tuple[Mapping[str, Any], ...]


class Trouble(Exception):
    """A request that was not answered.

    `kind` is the last part of the problem's type, `unreachable`, `slow` or `garbled`; `detail` the service's own
    words, in the language asked for; `places` where a request breaks the contract.
    """

    def __init__(
        self, kind: str, status: int = 0, detail: str = "", places: tuple[Mapping[str, Any], ...] = ()
    ) -> None:
        super().__init__(kind)
        self.kind, self.status, self.detail, self.places = kind, status, detail, places


def connection(base: str) -> httpx.Client:
    """Connections to the service, to be shared by all callers."""
    return httpx.Client(base_url=base, timeout=_PATIENCE, follow_redirects=False, trust_env=False)


class Api:
    """One caller's view of the service; what is kept is this caller's alone."""

    def __init__(self, http: httpx.Client, headers: Mapping[str, str], lang: str = "fr") -> None:
        """`headers`: what says who asks."""
        self.http, self.headers, self.lang = http, dict(headers), lang
        self._kept: OrderedDict[tuple[str, str], tuple[float, Any]] = OrderedDict()

    @classmethod
    def by_key(cls, http: httpx.Client, key: str, lang: str = "fr") -> "Api":
        """With an API key."""
        return cls(http, {"X-API-Key": key}, lang)

    @classmethod
    def by_token(cls, http: httpx.Client, token: str, lang: str = "fr") -> "Api":
        """With a token of the identity provider."""
        return cls(http, {"Authorization": f"Bearer {token}"}, lang)

    def get(self, path: str, params: Mapping[str, Any] | None = None, *, keep: float = 0.0) -> Any:
        """An answer, or the one kept `keep` seconds at most. Raises Trouble."""
        name = self._name(path, params)
        kept = self._kept.get(name)
        if kept is not None and kept[0] > time.monotonic():
            self._kept.move_to_end(name)
            return kept[1]
        answer = _parsed(self._send("GET", path, params=_given(params)))
        if keep:
            self.keep(path, answer, params, seconds=keep)
        return answer

    def keep(
        self, path: str, answer: Any, params: Mapping[str, Any] | None = None, *, seconds: float = FOREVER
    ) -> None:
        """Keep an answer that came another way, so that it is not asked for again."""
        self._kept[self._name(path, params)] = (time.monotonic() + seconds, answer)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)

    def forget(self, *beginnings: str) -> None:
        """Drop what is kept of paths that begin so: it has changed."""
        for name in [name for name in self._kept if name[1].startswith(beginnings)]:
            del self._kept[name]

    def post(self, path: str, body: Any = None, params: Mapping[str, Any] | None = None) -> Any:
        """Ask for something to be done. Raises Trouble."""
        return _parsed(self._send("POST", path, params=_given(params), json=body if body is not None else {}))

    def send(self, content: bytes, kind: str, params: Mapping[str, Any]) -> httpx.Response:
        """A file to be decided: its lines, or a job. Raises Trouble."""
        return self._send(
            "POST", "/decisions/file", params=_given(params), content=content, headers={"Content-Type": kind}
        )

    def text(self, path: str, params: Mapping[str, Any] | None = None) -> str:
        """An answer that is a page or a file. Raises Trouble."""
        return self._send("GET", path, params=_given(params)).text

    def _name(self, path: str, params: Mapping[str, Any] | None) -> tuple[str, str]:
        return self.lang, str(httpx.URL(path, params=_given(params)))

    def _send(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> httpx.Response:
        told = {**self.headers, "Accept-Language": self.lang, **(headers or {})}
        try:
            response = self.http.request(method, path, headers=told, **more)
        except httpx.TimeoutException:
            raise Trouble("slow") from None
        except httpx.HTTPError:
            raise Trouble("unreachable") from None
        if response.is_success:
            return response
        raise _trouble(response)


def _given(params: Mapping[str, Any] | None) -> dict[str, Any]:
    """Only what is set, with booleans as the service reads them."""
    return {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in (params or {}).items()
        if value not in (None, "")
    }


def _parsed(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        raise Trouble("garbled", response.status_code) from None


def _trouble(response: httpx.Response) -> Trouble:
    try:
        told = response.json()
        kind = str(told["type"]).rsplit(":", 1)[-1]
        return Trouble(kind, response.status_code, str(told.get("detail", "")), tuple(told.get("problems") or ()))
    except (ValueError, KeyError, TypeError):
        return Trouble("garbled", response.status_code)

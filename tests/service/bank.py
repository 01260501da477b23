"""A bank's identity provider that really answers, on this machine, and the tokens it gives."""

import hashlib
import json
import secrets
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from collections import Counter
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, Key
from joserfc.jws import JWSRegistry

NOW = 1_795_521_600  # 2026-11-24, noon
CLIENT, SECRET = "desk", "a secret of tests alone"
"""Whom the bank knows the desk as."""
PAGE = """<!doctype html><html lang="fr"><meta charset="utf-8"><title>Banque</title><link rel="icon" href="data:,">
<h1>Qui êtes-vous ?</h1><form action="login">{asked}<label>Nom <input name="name"></label>
<label>Rôle <input name="role"></label><button>Entrer</button></form></html>"""


class Bank:
    """A provider on loopback: what it publishes can be changed, what it is asked is counted.

    A browser is shown a page that asks who one is; the code it gives is exchanged for tokens once, by a client that
    knows its secret and the verifier of its challenge.
    """

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.keys: list[Any] = []
        self.changed: dict[str, Any] = {}
        """Overrides of the discovery document."""
        self.redirects = False
        self.padding = 0
        self.codes: dict[str, dict[str, str]] = {}
        self.signing: ECKey | None = None
        """What tokens of people who sign in are signed with."""
        self.lasting = 300
        """Seconds for which these are good."""
        bank = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                where = urlsplit(self.path)
                bank.asked[where.path] += 1
                if where.path == "/realm/authorize":
                    asked = dict(parse_qsl(where.query))
                    hidden = (f'<input type="hidden" name="{n}" value="{escape(v)}">' for n, v in asked.items())
                    self._send(PAGE.format(asked="".join(hidden)).encode(), "text/html; charset=utf-8")
                    return
                if where.path == "/realm/login":
                    asked = dict(parse_qsl(where.query))
                    code = secrets.token_urlsafe()
                    bank.codes[code] = asked
                    self._redirect(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}")
                    return
                if where.path == "/realm/logout":
                    self._redirect(dict(parse_qsl(where.query))["post_logout_redirect_uri"])
                    return
                document: dict[str, Any]
                if self.path == "/realm/.well-known/openid-configuration":
                    if bank.redirects:
                        self._redirect(f"{bank.issuer}/elsewhere")
                        return
                    document = {**bank.published(), **bank.changed}
                elif self.path == "/realm/keys":
                    document = {"keys": bank.keys}
                else:
                    document = {"issuer": bank.issuer, "jwks_uri": f"{bank.issuer}/keys"}
                self._send(json.dumps(document).encode() + b" " * bank.padding)

            def do_POST(self) -> None:
                bank.asked[self.path] += 1
                told = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
                given = b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode()
                asked = bank.codes.pop(told.get("code", ""), None)
                proof = urlsafe_b64encode(hashlib.sha256(told.get("code_verifier", "").encode()).digest())
                if (
                    asked is None
                    or bank.signing is None
                    or given != f"{CLIENT}:{SECRET}"
                    or proof.rstrip(b"=").decode() != asked["code_challenge"]
                ):
                    self._send(b'{"error": "invalid_grant"}', status=400)
                    return
                at = int(time.time())
                who = {"preferred_username": asked["name"], "sub": asked["name"], "iat": at, "nbf": at,
                       "exp": at + bank.lasting}  # fmt: skip
                one = signed(claims(bank, **who, aud=CLIENT, nonce=asked["nonce"], roles=None), bank.signing, "ES256")
                access = signed(claims(bank, **who, roles=[asked["role"]]), bank.signing, "ES256")
                self._send(json.dumps({"token_type": "Bearer", "id_token": one, "access_token": access,
                                       "expires_in": bank.lasting}).encode())  # fmt: skip

            def _send(self, body: bytes, kind: str = "application/json", status: int = 200) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def _redirect(self, where: str) -> None:
                self.send_response(302)
                self.send_header("Location", where)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self._answers = Answers
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.port = self.server.server_address[1]
        self.issuer = f"http://127.0.0.1:{self.port}/realm"
        self._start()

    def _start(self) -> None:
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def back(self) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), self._answers)
        self._start()

    def published(self) -> dict[str, Any]:
        """The discovery document."""
        places = {"authorization_endpoint": "authorize", "token_endpoint": "token", "end_session_endpoint": "logout",
                  "jwks_uri": "keys"}  # fmt: skip
        return {
            "issuer": self.issuer,
            **{name: f"{self.issuer}/{place}" for name, place in places.items()},
            "code_challenge_methods_supported": ["S256"],
            "id_token_signing_alg_values_supported": ["ES256"],
        }

    def publish(self, *keys: Key, **more: Any) -> None:
        self.keys = [{**key.as_dict(private=False), **more} for key in keys]


def claims(bank: Bank, **changed: Any) -> dict[str, Any]:
    """What an officer's token says; a claim changed to None is left out."""
    usual = {"iss": bank.issuer, "aud": "aval", "sub": "u-17", "preferred_username": "odile", "roles": ["officer"],
             "iat": NOW - 10, "nbf": NOW - 10, "exp": NOW + 300}  # fmt: skip
    return {name: value for name, value in {**usual, **changed}.items() if value is not None}


def signed(said: dict[str, Any], key: Key, alg: str = "RS256", **header: Any) -> str:
    algorithms = JWSRegistry(algorithms=[alg], strict_check_header=False)
    return jwt.encode({"alg": alg, "kid": key.kid, **header}, said, key, registry=algorithms)

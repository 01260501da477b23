"""Tokens of an identity provider that really answers, on this machine; its keys turn, it fails, and others forge."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from aval.errors import NotAuthenticated, ProviderUnavailable, ProviderUnsafe, RoleMissing, TooMany
from aval.service.access import Access, Caller, Keys, Rate, Role
from aval.service.log.opening import engine
from aval.service.provider import LONGEST, Provider
from tests.service.bank import NOW, Bank, claims, signed


class Clock:
    def __init__(self, at: float = NOW) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def bank() -> Iterator[Bank]:
    served = Bank()
    yield served
    served.stop()


@pytest.fixture(scope="module")
def rsa() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})


@pytest.fixture(scope="module")
def other() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "second", "use": "sig"})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def provider(bank: Bank, rsa: RSAKey, clock: Clock) -> Provider:
    bank.publish(rsa)
    return Provider(bank.issuer, "aval", clock=clock, ticks=clock)


def raw(header: Any, payload: Any, sign: Callable[[bytes], bytes] = lambda _: b"") -> str:
    """A token put together by hand, as a forger does."""
    encode = lambda part: base64.urlsafe_b64encode(part).rstrip(b"=")  # noqa: E731
    dump = lambda part: part if isinstance(part, bytes) else json.dumps(part).encode()  # noqa: E731
    body = encode(dump(header)) + b"." + encode(dump(payload))
    return (body + b"." + encode(sign(body))).decode()


def refused(provider: Provider, token: str) -> str:
    """The sentence with which a token is refused, which never holds a part of it."""
    with pytest.raises(NotAuthenticated) as problem:
        provider.caller(token)
    for part in (token, *token.split(".")):
        assert len(part) < 8 or part not in repr(problem.value)
    return str(problem.value)


def test_a_good_token_names_its_holder_and_role(provider: Provider, bank: Bank, rsa: RSAKey) -> None:
    for _ in range(20):
        assert provider.caller(signed(claims(bank), rsa)) == Caller("odile", Role.OFFICER)
    assert bank.asked == {"/realm/.well-known/openid-configuration": 1, "/realm/keys": 1}
    assert "BEGIN" not in repr(provider)


@pytest.mark.parametrize(
    ("alg", "make"),
    [
        ("RS512", lambda: RSAKey.generate_key(2048)),
        ("PS256", lambda: RSAKey.generate_key(2048)),
        ("ES256", lambda: ECKey.generate_key("P-256")),
        ("ES384", lambda: ECKey.generate_key("P-384")),
        ("ES512", lambda: ECKey.generate_key("P-521")),
        ("Ed25519", lambda: OKPKey.generate_key("Ed25519")),
    ],
)
def test_every_asymmetric_algorithm_will_do(provider: Provider, bank: Bank, alg: str, make: Callable[[], Key]) -> None:
    key = make()
    key.ensure_kid()
    bank.publish(key)
    assert provider.caller(signed(claims(bank), key, alg)).name == "odile"


def test_eddsa_by_its_old_name_will_do_without_a_warning(provider: Provider, bank: Bank) -> None:
    key = OKPKey.generate_key("Ed25519", {"kid": "ed", "alg": "EdDSA"})
    bank.publish(key)
    said = claims(bank)
    token = raw({"alg": "EdDSA", "kid": "ed"}, said, key.get_op_key("sign").sign)
    assert provider.caller(token).name == "odile"


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"iss": "https://id.other"}, "iss"),
        ({"iss": None}, "iss"),
        ({"iss": 7}, "iss"),
        ({"aud": "another"}, "aud"),
        ({"aud": None}, "aud"),
        ({"aud": []}, "aud"),
        ({"aud": ["avaleur", "a"]}, "aud"),
        ({"exp": NOW - 31}, "expired"),
        ({"exp": None}, "exp"),
        ({"exp": "tomorrow"}, "exp"),
        ({"exp": float("nan")}, "exp"),
        ({"exp": True}, "exp"),
        ({"nbf": NOW + 31}, "nbf"),
        ({"iat": NOW + 31}, "iat"),
        ({"iat": None}, "iat"),
        ({"sub": None, "preferred_username": None}, "nobody"),
        ({"preferred_username": 7}, "nobody"),
        ({"preferred_username": ""}, "100 characters"),
        ({"preferred_username": "x" * 101}, "100 characters"),
        ({"preferred_username": "odile\nadmin"}, "do not print"),
    ],
)
def test_a_token_for_another_place_time_or_nobody_is_refused(
    provider: Provider, bank: Bank, rsa: RSAKey, changed: dict[str, Any], word: str
) -> None:
    assert word in refused(provider, signed(claims(bank, **changed), rsa))


@pytest.mark.parametrize(
    "changed",
    [{"exp": NOW - 29}, {"nbf": NOW + 29}, {"iat": NOW + 29}, {"nbf": None}, {"aud": ["else", "aval"]}],
)
def test_clocks_may_differ_a_little(provider: Provider, bank: Bank, rsa: RSAKey, changed: dict[str, Any]) -> None:
    assert provider.caller(signed(claims(bank, **changed), rsa)).name == "odile"


def test_a_token_expires_while_the_service_runs(provider: Provider, bank: Bank, rsa: RSAKey, clock: Clock) -> None:
    token = signed(claims(bank), rsa)
    provider.caller(token)
    clock.at += 330
    assert "expired" in refused(provider, token)


def test_without_a_username_the_subject_stands_in(provider: Provider, bank: Bank, rsa: RSAKey) -> None:
    assert provider.caller(signed(claims(bank, preferred_username=None), rsa)).name == "u-17"


def test_a_provider_that_drips_is_not_waited_for(rsa: RSAKey) -> None:
    class Drip(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                for _ in range(100):
                    self.wfile.write(b" ")
                    time.sleep(0.1)

        def log_message(self, *_: object) -> None:
            pass

    served = ThreadingHTTPServer(("127.0.0.1", 0), Drip)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    provider = Provider(f"http://127.0.0.1:{served.server_port}", "aval", timeout=0.3)
    began = time.monotonic()
    with pytest.raises(ProviderUnavailable):
        provider.caller(raw({"alg": "RS256"}, {}))
    assert time.monotonic() - began < 4
    served.shutdown()
    served.server_close()


def test_nobody_is_the_service_itself(provider: Provider, bank: Bank, rsa: RSAKey) -> None:
    for name in ("aval", "Challenger", "cli:root"):
        assert "the service itself" in refused(provider, signed(claims(bank, preferred_username=name), rsa))


def test_forgeries_are_refused(provider: Provider, bank: Bank, rsa: RSAKey, other: RSAKey) -> None:
    said, good = claims(bank), signed(claims(bank), rsa)
    public = [rsa.as_pem(private=False), rsa.as_der(private=False), json.dumps(bank.keys[0]).encode()]
    theirs = other.as_dict(private=False)
    forgeries = [
        raw({"alg": "none", "kid": "first"}, said),
        raw({"alg": "None", "kid": "first"}, said),
        raw({"alg": "none"}, said, lambda _: b"x"),
        *(
            raw({"alg": "HS256", "kid": "first"}, said, lambda body, k=k: hmac.digest(k, body, hashlib.sha256))
            for k in public
        ),
        signed(said, other, kid="first"),
        signed(said, other, kid="first", jwk=theirs),
        signed(said, other, kid="first", jku=f"{bank.issuer}/mine"),
        raw({"alg": "RS256", "kid": "first", "crit": ["exp"], "exp": 1}, said, lambda body: rs256(rsa, body)),
        signed(said, rsa, typ="logout+jwt"),
        signed(said, rsa, typ="dpop+jwt"),
        good.rsplit(".", 1)[0] + ".",
        good[:-5] + "AAAAA",
        ".".join((good.split(".")[0], raw({}, {**said, "roles": ["admin"]}).split(".")[1], good.split(".")[2])),
        signed(said, rsa)[:-1],
    ]
    for token in forgeries:
        refused(provider, token)
    assert bank.asked["/realm/keys"] == 1  # none made us ask again
    assert provider.caller(good).role is Role.OFFICER


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "a.b.c.d.e",
        "é.é.é",
        "\ud800.x.y",
        "x" * (LONGEST + 1),
        raw(b"not json", {}),
        raw([], {}),
        raw(["alg"], {}),
        raw(7, {}),
        raw({"alg": ["RS256"]}, {}),
        raw({"alg": "RS256", "kid": {"a": 1}}, {}),
        raw({"alg": "RS256", "kid": 7}, {}),
        raw(b'{"alg":"RS256","x":' + b"[" * 3000 + b"]" * 3000 + b"}", {}),
        raw({"alg": "RS256", "b64": False, "crit": ["b64"]}, {}),
        raw({"alg": "RS256", "b64": False}, {}),
    ],
    ids=range(18),
)
def test_a_hostile_token_is_refused_in_one_sentence(provider: Provider, token: str) -> None:
    assert refused(provider, token).startswith("The bearer token ")


def test_signed_nonsense_is_refused(provider: Provider, rsa: RSAKey) -> None:
    for payload in (b"[]", b"7", b"null", b"\xff", b"[" * 5000, b"{}"):
        refused(provider, raw({"alg": "RS256", "kid": "first"}, payload, lambda body: rs256(rsa, body)))


def rs256(key: RSAKey, body: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    return key.get_op_key("sign").sign(body, PKCS1v15(), SHA256())


@pytest.mark.parametrize(
    ("path", "said", "role"),
    [
        ("roles", "analyst", Role.ANALYST),
        ("roles", ["offline_access", "analyst", "admin", "officer"], Role.ADMIN),
        ("roles", ["analyst", "validator"], Role.VALIDATOR),
        ("roles", ["validator", "officer"], Role.OFFICER),
        ("realm_access.roles", {"realm_access": {"roles": ["x", "officer"]}}, Role.OFFICER),
        ("https://bank.example/roles", {"https://bank.example/roles": ["validator"]}, Role.VALIDATOR),
    ],
)
def test_the_role_is_the_strongest_the_claim_holds(
    bank: Bank, rsa: RSAKey, clock: Clock, path: str, said: Any, role: Role
) -> None:
    bank.publish(rsa)
    provider = Provider(bank.issuer, "aval", path, clock=clock, ticks=clock)
    changed = said if isinstance(said, dict) else {"roles": said}
    assert provider.caller(signed(claims(bank, **changed), rsa)).role is role


@pytest.mark.parametrize(
    "said", [None, [], "root", ["Admin", 7, None, {"admin": 1}, ["admin"]], {"admin": True}, 7, True]
)
def test_no_role_is_no_right_and_no_guess(provider: Provider, bank: Bank, rsa: RSAKey, said: Any) -> None:
    with pytest.raises(RoleMissing, match="claim roles"):
        provider.caller(signed(claims(bank, roles=said), rsa))


def test_the_banks_own_words_are_mapped_and_then_the_only_ones(bank: Bank, rsa: RSAKey, clock: Clock) -> None:
    bank.publish(rsa)
    words = {"GRP_CREDIT": Role.OFFICER}
    provider = Provider(bank.issuer, "aval", roles=words, name_claim="who.mail", clock=clock, ticks=clock)
    token = signed(claims(bank, roles=["GRP_CREDIT"], who={"mail": "o@bank.example"}), rsa)
    assert provider.caller(token) == Caller("o@bank.example", Role.OFFICER)
    with pytest.raises(RoleMissing):
        provider.caller(signed(claims(bank, roles=["admin"]), rsa))


def test_a_new_key_is_taken_up_and_an_old_one_dropped(
    provider: Provider, bank: Bank, rsa: RSAKey, other: RSAKey, clock: Clock
) -> None:
    old, new = signed(claims(bank, exp=NOW + 9000), rsa), signed(claims(bank, exp=NOW + 9000), other)
    provider.caller(old)
    clock.at += 10
    bank.publish(other)
    assert provider.caller(new).name == "odile"
    assert bank.asked["/realm/keys"] == 2
    assert "does not publish" in refused(provider, old)


def test_published_keys_are_asked_for_again_each_hour(
    provider: Provider, bank: Bank, rsa: RSAKey, other: RSAKey, clock: Clock
) -> None:
    old = signed(claims(bank, exp=NOW + 9000), rsa)
    provider.caller(old)
    bank.publish(other)
    clock.at += 3599
    provider.caller(old)
    clock.at += 1
    refused(provider, old)


def test_a_flood_of_unknown_kids_asks_the_provider_hardly_more(
    provider: Provider, bank: Bank, rsa: RSAKey, other: RSAKey, clock: Clock
) -> None:
    provider.caller(signed(claims(bank), rsa))
    said = claims(bank)
    flood = [signed(said, other, kid=f"random-{number}") for number in range(25)]
    for token in flood:
        refused(provider, token)
    assert bank.asked["/realm/keys"] == 1  # just fetched
    clock.at += 10
    threads = [threading.Thread(target=refused, args=(provider, token)) for token in flood]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bank.asked["/realm/keys"] == 2
    assert provider.caller(signed(said, rsa)).name == "odile"


def test_without_a_kid_a_single_key_is_meant_and_of_several_none(
    provider: Provider, bank: Bank, rsa: RSAKey, other: RSAKey, clock: Clock
) -> None:
    token = raw({"alg": "RS256"}, claims(bank), lambda body: rs256(rsa, body))
    assert provider.caller(token).name == "odile"
    bank.publish(rsa, other)
    clock.at += 3600
    token = raw({"alg": "RS256"}, claims(bank, exp=NOW + 9000), lambda body: rs256(rsa, body))
    refused(provider, token)


def test_a_provider_that_is_down_stops_nobody_whose_key_is_known(
    provider: Provider, bank: Bank, rsa: RSAKey, other: RSAKey, clock: Clock
) -> None:
    token = signed(claims(bank, exp=NOW + 200_000), rsa)
    provider.caller(token)
    bank.stop()
    clock.at += 4000
    assert provider.caller(token).name == "odile"
    assert provider.problem == "does not answer as it should"
    with pytest.raises(ProviderUnavailable) as problem:
        provider.caller(signed(claims(bank, exp=NOW + 9000), other))
    assert problem.value.retry_after == pytest.approx(10)
    clock.at = NOW + 24 * 3600 + 1
    with pytest.raises(ProviderUnavailable):  # a day old: too old to go on
        provider.caller(token)
    bank.back()
    clock.at += 10
    assert provider.caller(token).name == "odile"
    assert provider.problem is None


def test_a_provider_that_was_never_there_is_unavailable_until_it_comes(
    provider: Provider, bank: Bank, rsa: RSAKey, clock: Clock
) -> None:
    bank.stop()
    token = signed(claims(bank), rsa)
    for _ in range(2):
        with pytest.raises(ProviderUnavailable) as problem:
            provider.caller(token)
        assert token not in repr(problem.value)
        assert 0 < problem.value.retry_after <= 10
    bank.back()
    clock.at += 10
    assert provider.caller(token).name == "odile"


def test_a_provider_that_says_nothing_holds_a_request_up_no_longer_than_told(rsa: RSAKey) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as mute:
        provider = Provider(f"http://127.0.0.1:{mute.getsockname()[1]}", "aval", timeout=0.1)
        began = time.monotonic()
        with pytest.raises(ProviderUnavailable):
            provider.caller(raw({"alg": "RS256"}, {}))
        assert time.monotonic() - began < 2


def test_a_provider_that_answers_wrongly_is_not_believed(
    provider: Provider, bank: Bank, rsa: RSAKey, clock: Clock
) -> None:
    token = signed(claims(bank, exp=NOW + 9000), rsa)
    good = bank.keys
    weak = {"kty": "RSA", "kid": "first", "e": "AQAB", "n": "AAAA" + "_" * 300}
    for changed, keys in (
        ({"issuer": "https://id.other"}, good),
        ({"issuer": bank.issuer + "/"}, good),
        ({"jwks_uri": None}, good),
        ({"jwks_uri": "file:///etc/passwd"}, good),
        ({"jwks_uri": "http://id.other/keys"}, good),
        ({"jwks_uri": f"http://127.0.0.1:{bank.port}/missing"}, good),
        ({}, []),
        ({}, {"a": 1}),
        ({}, [7, None, {}, {"kty": "RSA", "kid": "first"}, {"kty": "EC", "crv": "P-0", "x": "a", "y": "b"}]),
        ({}, [{"kty": "oct", "kid": "first", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQ"}]),
        ({}, [{**good[0], "use": "enc"}]),
        ({}, [weak]),
    ):
        bank.changed, bank.keys = changed, keys  # type: ignore[assignment]
        clock.at += 10
        with pytest.raises(ProviderUnavailable):
            provider.caller(token)
    bank.changed, bank.keys, bank.redirects = {}, good, True
    clock.at += 10
    with pytest.raises(ProviderUnavailable):
        provider.caller(token)
    bank.redirects, bank.padding = False, 1_000_001
    clock.at += 10
    with pytest.raises(ProviderUnavailable):
        provider.caller(token)
    bank.padding, bank.keys = 0, [7, {"kty": "AKP", "kid": "first"}, weak, *good]
    clock.at += 10
    assert provider.caller(token).name == "odile"  # what is not understood spoils nothing


def test_a_key_is_used_for_its_own_algorithm_alone(provider: Provider, bank: Bank, rsa: RSAKey) -> None:
    bank.publish(rsa, alg="PS256")
    assert provider.caller(signed(claims(bank), rsa, "PS256")).name == "odile"
    refused(provider, signed(claims(bank), rsa, "RS256"))


@pytest.mark.parametrize(
    "issuer",
    [
        "http://id.bank.example",
        "http://localhost.evil.example",
        "http://localhost@evil.example",
        "https://user:secret@id.bank.example",
        "https://user@id.bank.example",
        "http://10.0.0.1",
        "https://id.bank.example/?a=1",
        "https://id.bank.example/#a",
        "ftp://id.bank.example",
        "file:///etc/passwd",
        "id.bank.example",
        "https://",
        "https://[",
        "https://id.bank.example:port",
        "",
    ],
)
def test_an_issuer_in_the_clear_or_none_is_refused(issuer: str) -> None:
    with pytest.raises(ProviderUnsafe) as problem:
        Provider(issuer, "aval")
    assert "secret" not in str(problem.value)


@pytest.mark.parametrize(
    "issuer", ["https://id.bank.example/realms/a", "http://localhost:8080", "http://127.0.0.2", "http://[::1]:80/a"]
)
def test_https_and_this_machine_are_safe(issuer: str) -> None:
    assert Provider(issuer, "aval").issuer == issuer


def test_the_door_takes_tokens_beside_keys(
    provider: Provider, bank: Bank, rsa: RSAKey, clock: Clock, tmp_path: Any
) -> None:
    opened = engine("", tmp_path)
    keys = Keys(opened)
    key = keys.add("desk", Role.ANALYST)
    access = Access(keys, provider, Rate(1, 3, clock), Rate(0.1, 2, clock))
    token = signed(claims(bank), rsa)
    assert access.caller(f"Bearer {token}", None, "192.0.2.1") == Caller("odile", Role.OFFICER)
    assert access.caller(f"Bearer {key}", None, "192.0.2.1") == Caller("desk", Role.ANALYST)
    with pytest.raises(NotAuthenticated):
        access.caller(None, token)  # a token is no X-API-Key
    for _ in range(2):
        with pytest.raises(NotAuthenticated):
            access.caller("Bearer a.b.c", None, "192.0.2.1")
    with pytest.raises(TooMany):
        access.caller("Bearer a.b.c", None, "192.0.2.1")
    for _ in range(2):  # a right token is not held up by its neighbours' failures
        access.caller(f"Bearer {token}", None, "192.0.2.1")
    with pytest.raises(TooMany):
        access.caller(f"Bearer {token}", None, "192.0.2.1")
    bank.stop()
    fresh = Access(keys, Provider(bank.issuer, "aval"))
    with pytest.raises(ProviderUnavailable):
        fresh.caller(f"Bearer {token}", None)
    assert fresh.caller(None, key).name == "desk"
    bank.back()
    opened.dispose()

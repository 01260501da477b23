"""The one client: who asks, what is kept, what is asked once, and failures as sentences."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from desk.api import Api, Trouble, connection
from tests.desk.conftest import Served


@pytest.fixture
def http(served: Served) -> Iterator[httpx.Client]:
    client = connection(served.address)
    yield client
    client.close()


def test_it_asks_as_somebody_in_their_language(http: httpx.Client, served: Served) -> None:
    api = Api.by_key(http, served.keys["olga"])
    assert api.get("/me")["name"] == "olga"
    assert api.get("/words", {"lang": "fr"})["lang"] == "fr"
    api.lang = "en"
    assert api.get("/words")["lang"] == "en"
    assert Api.by_token(http, served.keys["val"]).get("/me")["role"] == "validator"


def test_what_is_kept_is_asked_once_for_each_language_and_forgotten_when_told(
    http: httpx.Client, served: Served
) -> None:
    asked: list[str] = []
    http.event_hooks = {"request": [lambda request: asked.append(str(request.url.path))]}
    api = Api.by_key(http, served.keys["olga"])
    for _ in range(3):
        api.get("/policy", keep=60)
    assert asked == ["/policy"]
    api.lang = "en"
    api.get("/policy", keep=60)
    assert len(asked) == 2
    api.forget("/pol")
    api.get("/policy", keep=60)
    assert len(asked) == 3
    api.keep("/decisions/x", {"id": "x"}, {"explain": "full"})
    assert api.get("/decisions/x", {"explain": "full"}) == {"id": "x"}
    assert len(asked) == 3


def test_no_caller_sees_what_another_kept(http: httpx.Client, served: Served) -> None:
    olga, ana = (Api.by_key(http, served.keys[name]) for name in ("olga", "ana"))
    assert olga.get("/me", keep=60)["name"] == "olga"
    assert ana.get("/me", keep=60)["name"] == "ana"


def test_problems_come_as_kinds_with_their_places(http: httpx.Client, served: Served) -> None:
    with pytest.raises(Trouble) as unknown:
        Api.by_key(http, "aval_unknown").get("/me")
    assert (unknown.value.kind, unknown.value.status) == ("not-authenticated", 401)
    with pytest.raises(Trouble) as refused:
        Api.by_key(http, served.keys["ana"]).post("/decisions", {"applicant_id": served.ids[0]})
    assert refused.value.kind == "not-allowed"
    with pytest.raises(Trouble) as nobody:
        Api.by_key(http, served.keys["olga"]).post("/decisions", {"applicant_id": 1})
    assert nobody.value.kind == "applicant-unknown"
    with pytest.raises(Trouble) as broken:
        Api.by_key(http, served.keys["olga"]).post("/decisions", {"application": {"SK_ID_CURR": "x"}})
    assert broken.value.kind == "contract"
    assert any(place["column"] == "SK_ID_CURR" for place in broken.value.places)


def test_nobody_there_is_unreachable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with connection(f"http://127.0.0.1:{port}") as client, pytest.raises(Trouble) as gone:
        Api.by_key(client, "k").get("/me")
    assert gone.value.kind == "unreachable"


class Strange(BaseHTTPRequestHandler):
    """Something else that listens there."""

    def do_GET(self) -> None:
        body = b"<html>hello</html>"
        self.send_response(200 if self.path == "/me" else 502)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_something_else_that_answers_is_garbled() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Strange)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    with connection(f"http://127.0.0.1:{server.server_address[1]}") as client:
        for path in ("/me", "/other"):
            with pytest.raises(Trouble) as strange:
                Api.by_key(client, "k").get(path)
            assert strange.value.kind == "garbled"
    server.shutdown()
    server.server_close()


def test_a_service_that_does_not_answer_in_time_is_slow() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with httpx.Client(base_url=address, timeout=0.2) as client, pytest.raises(Trouble) as slow:
            Api.by_key(client, "k").get("/me")
    assert slow.value.kind == "slow"

"""A stranger's request line and headers: of any size and at any pace, over a real socket."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import uvicorn

from aval.service.api.wire import HEAD_BYTES, Wire

LINE = b"GET / HTTP/1.1\r\nHost: x\r\n"


class Hasty(Wire):
    patience = 0.4


async def slow(scope: Any, receive: Any, send: Any) -> None:
    """Answers after a second where it is asked to."""
    if scope["path"] == "/slow":
        await asyncio.sleep(1.0)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    settings = uvicorn.Config(slow, port=0, http=Hasty, ws="none", lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(settings)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


def said(port: int, *pieces: bytes, pause: float = 0.0) -> bytes:
    """All that comes back until the other side ends it."""
    heard = b""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        try:
            for piece in pieces:
                line.sendall(piece)
                time.sleep(pause)
            while more := line.recv(65_536):
                heard += more
        except (ConnectionResetError, BrokenPipeError):
            pass
    return heard


@pytest.mark.parametrize(
    "head",
    [
        (LINE, b"".join(b"X-%d: %s\r\n" % (one, b"a" * 1000) for one in range(2_000))),
        (LINE, b"X-A: " + b"a" * (4 << 20)),
        (b"GET /?" + b"a" * (4 << 20),),
    ],
    ids=["headers", "header", "address"],
)
def test_a_head_without_end_is_refused(port: int, head: tuple[bytes, ...]) -> None:
    whole, sent = b"".join(head), 0
    with (
        socket.create_connection(("127.0.0.1", port), timeout=5) as line,
        suppress(ConnectionResetError, BrokenPipeError),
    ):
        while sent < len(whole):
            sent += line.send(whole[sent : sent + 16_384])
            time.sleep(0.002)
    assert sent < 20 * HEAD_BYTES


def test_a_refused_head_is_told_why(port: int) -> None:
    head, _, body = said(port, LINE + b"X-A: " + b"a" * HEAD_BYTES).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 431 ")
    told = json.loads(body)
    assert told["type"] == "urn:aval:request-head"
    assert "65,536" in told["detail"]
    assert b"aaaa" not in body


def test_a_head_that_drips_is_given_up(port: int) -> None:
    began = time.monotonic()
    heard = said(port, *[LINE] + [b"X-A: b\r\n"] * 2, pause=0.1)
    assert heard.startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("pieces", [(), (b"\r\n",), (LINE + b"\r\n", b"\r\n")], ids=["nothing", "line", "after"])
def test_who_says_nothing_is_not_waited_for(port: int, pieces: tuple[bytes, ...]) -> None:
    began = time.monotonic()
    heard = said(port, *pieces, pause=0.1)
    assert heard.count(b"200 OK") == (len(pieces) == 2)
    assert time.monotonic() - began < 3


def test_half_a_request_behind_another_does_not_cut_its_answer(port: int) -> None:
    heard = said(port, b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n" + LINE)
    assert heard.count(b"200 OK") == 1
    assert heard.count(b"408 ") == 1


def test_an_ordinary_request_passes_however_it_is_cut(port: int) -> None:
    whole = LINE + b"Authorization: Bearer " + b"a" * 16_384 + b"\r\nConnection: close\r\n\r\n"
    assert said(port, *[whole[start : start + 4_000] for start in range(0, len(whole), 4_000)]).endswith(b"ok")
    both = LINE + b"\r\n" + LINE + b"Connection: close\r\n\r\n"
    assert said(port, both).count(b"200 OK") == 2


def test_a_web_socket_is_an_ordinary_request(port: int) -> None:
    asks = (
        b"Connection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Key: a\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    assert said(port, LINE + asks).startswith(b"HTTP/1.1 200 ")

"""What comes before a request is one: its head, of so many bytes within so many seconds, whoever sends it."""

import asyncio
import json
from http import HTTPStatus
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES: Final = 64 << 10
"""Of a request's line and headers: a token of an identity provider has 16 KiB at most."""

HEAD_SECONDS: Final = 30.0
"""From the first byte, or from the connection where none comes."""


class Wire(HttpToolsProtocol):
    """uvicorn's own protocol reads heads of any size and waits for them for ever: strangers filled its memory."""

    most, patience = HEAD_BYTES, HEAD_SECONDS

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._heading = True
        self._size = 0
        self._alarm: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody is there: a request should follow."""
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is there."""
        self._rest()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._heading, self._size = True, 0

    def on_headers_complete(self) -> None:
        """A head is whole, and what follows is the application's to limit."""
        self._heading = False
        self._rest()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Some bytes."""
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._heading:
            self._size += len(data)
            if self._size > self.most:
                self._end(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"are longer than {self.most:,} bytes")
                return
        if self._heading or self.timeout_keep_alive_task is None:
            self._watch()

    def _idle(self) -> bool:
        """Whether nothing is being answered."""
        return self.cycle is None or bool(self.cycle.response_complete)

    def _watch(self) -> None:
        if self._alarm is None and (self._heading or self._idle()):
            self._alarm = self.loop.call_later(self.patience, self._late)

    def _rest(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _late(self) -> None:
        self._alarm = None
        if self.transport.is_closing():
            return
        if not self._idle():  # half a request behind one that is being answered: the answer first
            self._watch()
        elif self._heading and self._size:
            self._end(HTTPStatus.REQUEST_TIMEOUT, "came too slowly")
        else:
            self.transport.close()

    def _end(self, status: HTTPStatus, what: str) -> None:
        """A problem as any other, but nobody's: there is no request to number."""
        told = {"type": "urn:aval:request-head", "title": status.phrase, "status": status.value}
        body = json.dumps({**told, "detail": f"The request's line and headers {what}."}).encode()
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/problem+json\r\n"
        self.transport.write(f"{head}content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode() + body)
        self.transport.close()

"""A server on loopback that answers as its test says: byte by byte, without an end, packed to bursting, or not at all."""

from __future__ import annotations

import gzip
import socket
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator

from tests.clocks import PATIENCE

MEGABYTE = 1024 * 1024
Answer = Callable[["Hostile"], Iterable[bytes]]
"""Gives what is sent, head and body, piece by piece; the server's last request is the one to be answered."""


class Hostile:
    """As a context manager. `url` is its address; `connections` counts who came in, `requests` has their first lines."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self.connections = 0
        self.requests: list[str] = []
        self.over = threading.Event()
        """Set when the test is over: answers that wait for nothing wait for this."""

    def __enter__(self) -> Hostile:
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End the wait for a connection by one, before the socket is closed: its number is the next file's."""
        self.over.set()
        socket.create_connection(self._socket.getsockname(), timeout=PATIENCE).close()
        self._accepting.join(PATIENCE)
        self._socket.close()

    def _accept(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            if self.over.is_set():
                connection.close()
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as reader:
            try:
                while line := reader.readline():
                    length = 0
                    while (header := reader.readline()).strip():
                        if header.lower().startswith(b"content-length:"):
                            length = int(header.split(b":")[1])
                    reader.read(length)
                    self.requests.append(line.decode("ascii").strip())
                    for piece in self._answer(self):
                        connection.sendall(piece)
            except OSError:
                return

    def nothing(self) -> Iterator[bytes]:
        """Say nothing until the test is over."""
        self.over.wait(10 * PATIENCE)
        return iter(())

    def slowly(self, content: Iterable[bytes], seconds: float = 0.05) -> Iterator[bytes]:
        """Give one piece every so many seconds."""
        for piece in content:
            if self.over.wait(seconds):
                return
            yield piece


def head(status: int = 200, *, length: int | None = None, **headers: str) -> bytes:
    """An answer's head; without a length the body goes on until the connection ends."""
    told = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    if length is not None:
        told["Content-Length"] = str(length)
    lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in told.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def whole(body: bytes, status: int = 200, **headers: str) -> list[bytes]:
    """A whole answer."""
    return [head(status, length=len(body), **headers) + body]


def one_member(begin: bytes = b"", fill: bytes = b" ", end: bytes = b"", *, megabytes: int) -> Iterator[bytes]:
    """gzip of one member: `begin`, so many megabytes of `fill`, `end`. A megabyte of one letter takes a thousandth of it."""
    packing = zlib.compressobj(wbits=31)
    yield packing.compress(begin) + packing.flush(zlib.Z_FULL_FLUSH)
    block = packing.compress(fill * (MEGABYTE // len(fill))) + packing.flush(zlib.Z_FULL_FLUSH)
    yield block
    for _ in range(megabytes - 1):  # a flushed block stands for itself; only the checksum at the end is wrong
        yield block
    yield packing.compress(end) + packing.flush()


def many_members(fill: bytes = b" ", *, megabytes: int) -> Iterator[bytes]:
    """gzip of as many members as megabytes."""
    member = gzip.compress(fill * (MEGABYTE // len(fill)))
    for _ in range(megabytes):
        yield member


def for_ever(piece: bytes) -> Iterator[bytes]:
    """The same again and again."""
    while True:
        yield piece

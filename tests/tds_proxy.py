"""Counts the messages that a client sends to a T-SQL engine: a TCP proxy that reads the headers of TDS packets on their way."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from syncctl.db.odbc import join, parts

KINDS = {0x01: "batch", 0x03: "rpc", 0x06: "attention", 0x0E: "transaction", 0x10: "login", 0x12: "prelogin"}
_TLS = range(0x14, 0x18)
"""First bytes of TLS records: a login is encrypted even where the rest is not."""
_END_OF_MESSAGE = 0x01


class TdsProxy:
    """Stands before a server and counts, by kind, the whole messages that come from clients."""

    def __init__(self, connection_string: str) -> None:
        pieces = parts(connection_string)
        host, _, port = pieces["SERVER"].removeprefix("tcp:").partition(",")
        self._server = (host, int(port or pieces.get("PORT", "1433")))
        self._listener = socket.create_server(("127.0.0.1", 0))
        own = self._listener.getsockname()[1]
        self.connection_string = join(
            {**pieces, "SERVER": f"127.0.0.1,{own}", **({"PORT": str(own)} if "PORT" in pieces else {})}
        )
        self.messages: Counter[str] = Counter()
        self._open: list[socket.socket] = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    @contextmanager
    def counted(self) -> Iterator[Counter[str]]:
        """Give what is sent while the block runs."""
        before, told = Counter(self.messages), Counter[str]()
        yield told
        told.update(self.messages - before)

    def close(self) -> None:
        """End it, and every connection through it."""
        for opened in self._open:
            with suppress(OSError):
                opened.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._server)
            for each in (client, server):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open += [client, server]
            threading.Thread(target=self._pass_on, args=(client, server, _Reader(self.messages)), daemon=True).start()
            threading.Thread(target=self._pass_on, args=(server, client, None), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, reader: _Reader | None) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if reader:
                    reader.read(data)
                target.sendall(data)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


class _Reader:
    """Finds the packets in what one client sends."""

    def __init__(self, messages: Counter[str]) -> None:
        self._messages = messages
        self._unread = b""

    def read(self, data: bytes) -> None:
        self._unread += data
        while len(self._unread) >= 8:
            kind, status = self._unread[0], self._unread[1]
            tls = kind in _TLS
            length = 5 + int.from_bytes(self._unread[3:5]) if tls else int.from_bytes(self._unread[2:4])
            if len(self._unread) < length:
                return
            self._unread = self._unread[length:]
            if not tls and status & _END_OF_MESSAGE:
                self._messages[KINDS.get(kind, "other")] += 1

"""The HTTP server that the simulated systems answer by, on this machine alone."""

from __future__ import annotations

from http.server import ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any


class LoopbackServer(ThreadingHTTPServer):
    """A thread for each connection; none of them holds up the end of the program."""

    daemon_threads = True
    block_on_close = False

    def server_bind(self) -> None:
        """Bind without looking up the host's name, which takes seconds on some machines."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that hang up are part of the game."""

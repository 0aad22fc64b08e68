"""Addresses where nobody answers until the tests end: a port that is merely free is the next server's, maybe of another test."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from syncctl.demo.store import SimulatedStore


def nobodys_port(port: int = 0) -> int:
    """Return a port of 127.0.0.1 that refuses connections: it is bound, and nobody listens."""
    taken = socket.socket()
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # its last connections may not be over yet
    taken.bind(("127.0.0.1", port))
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    found = int(taken.getsockname()[1])
    taken.detach()  # the system closes it when this process ends
    return found


def gone(store: SimulatedStore) -> None:
    """Let a simulated store stop answering, for good."""
    port = urlsplit(store.url).port
    store.stop()
    nobodys_port(port or 0)

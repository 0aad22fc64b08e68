"""Messages to the system's log: a local socket, or a server by UDP or TCP (RFC 5424)."""

from __future__ import annotations

import os
import platform
import socket
from datetime import UTC, datetime
from urllib.parse import urlsplit

from syncctl.errors import ConfigError
from syncctl.foreign_text import one_line
from syncctl.notify.channels import DeliveryFailed
from syncctl.notify.messages import Message

_FACILITY = 1
"""User-level messages."""
_SEVERITIES = {"critical": 2, "warning": 4}
_NOTICE = 5
_LONGEST = 2000
"""Bytes: every receiver takes 2048 (RFC 5424, 6.1)."""
_PORTS = {"udp": 514, "tcp": 601}


class SyslogChannel:
    """`/dev/log`, or `udp://HOST:514`, `tcp://HOST:601`."""

    def __init__(self, address: str, *, seconds: float = 5) -> None:
        self._address, self._seconds = address, seconds

    def send(self, message: Message, *, address: str | None = None) -> None:  # noqa: ARG002  (a log is no person)
        """See `channels.Channel.send`. UDP tells nobody whether it arrived."""
        line = _line(message)
        try:
            with self._connected() as (connection, framed):
                connection.sendall(f"{len(line)} ".encode() + line if framed else line)
        except OSError as error:
            raise DeliveryFailed(f"Not delivered to syslog ({self._address}): {error.strerror or error}.") from error

    def _connected(self) -> _Connected:
        if "://" not in self._address:
            return _Connected(_local(self._address, self._seconds), framed=False)
        parts = urlsplit(self._address)
        where = (parts.hostname or "", parts.port or _PORTS[parts.scheme])
        if parts.scheme == "tcp":
            return _Connected(socket.create_connection(where, timeout=self._seconds), framed=True)
        family, kind, _, _, found = socket.getaddrinfo(*where, type=socket.SOCK_DGRAM)[0]
        connection = socket.socket(family, kind)
        connection.settimeout(self._seconds)
        connection.connect(found)
        return _Connected(connection, framed=False)


class _Connected:
    """A socket, and whether what goes through it needs its length in front (RFC 6587)."""

    def __init__(self, connection: socket.socket, *, framed: bool) -> None:
        self._connection, self._framed = connection, framed

    def __enter__(self) -> tuple[socket.socket, bool]:
        return self._connection, self._framed

    def __exit__(self, *_: object) -> None:
        self._connection.close()


def _local(path: str, seconds: float) -> socket.socket:
    """Connect to a local socket, which takes datagrams or a stream."""
    if not hasattr(socket, "AF_UNIX"):
        raise ConfigError(f"SYNCCTL_ALERT_SYSLOG is {path}: this system has no local syslog. Name a server: udp://HOST:514.")
    failed: OSError | None = None
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        connection = socket.socket(socket.AF_UNIX, kind)
        connection.settimeout(seconds)
        try:
            connection.connect(path)
        except OSError as error:
            connection.close()
            failed = error
        else:
            return connection
    raise failed or OSError(path)


def _line(message: Message) -> bytes:
    """Write a message as one record, cut where receivers would cut it, between two characters."""
    priority = _FACILITY * 8 + _SEVERITIES.get(message.severity, _NOTICE)
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    host = platform.node() or "-"
    text = one_line(f"{message.title}: {message.body}")
    record = f"<{priority}>1 {now} {host} syncctl {os.getpid()} alert - {text}".encode()
    return record[:_LONGEST].decode("utf-8", "ignore").encode()

"""Who alerts are told to, for real: a mail server, an HTTP receiver, syslog sockets. Each keeps what came."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.clocks import PATIENCE


class Receiver:
    """An HTTP server that takes what Apprise's `json://` sends, and pings."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        """What was posted as JSON, in order."""
        self.paths: list[str] = []
        self.bodies: list[bytes] = []
        self.status = 200
        self.hold = threading.Event()
        self.hold.set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                receiver.hold.wait(2 * PATIENCE)
                receiver.paths.append(self.path)
                receiver.bodies.append(body)
                if receiver.status < 300 and body.startswith(b"{"):
                    receiver.told.append(json.loads(body))
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """Whoever hung up has a reason."""

        self._server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def where(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        """Its address as Apprise has it, with a password that must not be seen."""
        return f"json://user:s3kret-pw@{self.where}/t0ken-in-path"

    def titles(self) -> list[str]:
        """Return the first line of each message, and forget them."""
        found = [str(told["title"]) for told in self.told]
        self.told.clear()
        return found

    def close(self) -> None:
        self.hold.set()
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    try:
        yield made
    finally:
        made.close()


class Mailbox:
    """What a mail server took."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(  # noqa: N802
        self, server: Any, session: Any, envelope: Any
    ) -> str:
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        mail["X-Envelope-To"] = ", ".join(envelope.rcpt_tos)
        self.mails.append(mail)
        return "250 OK"


@contextmanager
def mail_server() -> Iterator[tuple[Mailbox, int]]:
    """A real SMTP server on loopback: its mailbox and its port."""
    from aiosmtpd.controller import Controller

    listening = socket.create_server(("127.0.0.1", 0))
    port = int(listening.getsockname()[1])

    class Bound(Controller):
        def _create_server(self) -> Any:
            return self.loop.create_server(self._factory_invoker, sock=listening)

    box = Mailbox()
    controller = Bound(box, hostname="127.0.0.1", port=port, ready_timeout=PATIENCE)
    controller.start()
    try:
        yield box, port
    finally:
        controller.stop()


@contextmanager
def syslog(kind: str, folder: Path) -> Iterator[tuple[str, list[bytes]]]:
    """A syslog receiver: its address as the setting has it, and the records that came. `kind`: local, stream, udp, tcp."""
    local = kind in ("local", "stream")
    stream = kind in ("stream", "tcp")
    family = socket.AF_UNIX if local else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM if stream else socket.SOCK_DGRAM)
    listening.bind(str(folder / "log") if local else ("127.0.0.1", 0))
    records: list[bytes] = []

    def read() -> None:
        while True:
            if not stream:
                record = listening.recv(65_536)
            else:
                connection, _ = listening.accept()
                with connection, connection.makefile("rb") as sent:
                    record = sent.read()
            if not record:
                return
            records.append(record)

    if stream:
        listening.listen()
    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    address = str(folder / "log") if local else f"{kind}://127.0.0.1:{listening.getsockname()[1]}"
    try:
        yield address, records
    finally:
        with socket.socket(family, listening.type) as last:
            last.connect(listening.getsockname())
            if not stream:
                last.send(b"")
        thread.join(PATIENCE)
        listening.close()

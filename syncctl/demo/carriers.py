"""Simulated carriers on loopback, for trials and tests: they time out, throttle, lie, let links expire and change their minds.

Each tracking number has a script, one word for each call, the last one for ever: `document`, `png`, `jpeg`, `link`, `expired`,
`not_yet`, `unknown`, `credentials`, `throttle`, `throttle:120`, `busy`, `html`, `page`, `half`, `timeout`, `broken`, `endless`,
`firewall` (its 403), `denied_link`, `denied_link:401` and `elsewhere` (a link that refuses, the last on another host), `repeats`
(the key it was sent, in its error), `odd` (controls, half letters and a date of no age beside a document).
A number without a script gets its document. The same number is known to every carrier.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

FIREWALL = (
    b"<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY><H1>Access Denied</H1>You don't have permission to access this server."
    b"</BODY></HTML>"
)
EXPIRED = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
HTML = (
    b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Your session has expired. Please sign in again.</body></html>"
)

LINKS = {"link": "", "expired": "?expired=1", "denied_link": "?denied=", "elsewhere": "?denied="}
"""Words that answer with a link, and what stands behind its path."""


def pdf(tracking_number: str) -> bytes:
    """Return a small document of its own for each number."""
    line = f"Proof of delivery {tracking_number}".replace("(", "").replace(")", "")
    stream = f"BT /F1 18 Tf 60 760 Td ({line}) Tj ET"
    return (
        "%PDF-1.4\n"
        "1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
        "2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n"
        "3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        "/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>\nendobj\n"
        f"4 0 obj\n<< /Length {len(stream)} >>\nstream\n{stream}\nendstream\nendobj\n"
        "trailer\n<< /Root 1 0 R >>\n%%EOF\n"
    ).encode("latin-1", errors="replace")


def png(tracking_number: str) -> bytes:
    """Return what begins and ends like a PNG."""
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + tracking_number.encode().ljust(64, b"\0") + b"\x00\x00\x00\x00IEND\xaeB`\x82"


def jpeg(tracking_number: str) -> bytes:
    """Return what begins and ends like a JPEG."""
    return b"\xff\xd8\xff\xe0\x00\x10JFIF" + tracking_number.encode().ljust(80, b"\0") + b"\xff\xd9"


@dataclass
class Simulation:
    """What the carriers do, and what they were asked."""

    scripts: dict[str, list[str]] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    """(carrier, tracking number) of every call, in order."""
    daily: dict[str, int] = field(default_factory=dict)
    """Calls that a carrier takes before it answers 429 to all."""
    slow: float = 0.0
    """Seconds that an answer takes."""
    hang: float = 30.0
    """Seconds that `timeout` hangs."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _counted: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def next_word(self, carrier: str, number: str) -> str:
        """Note a call and return what it gets."""
        with self._lock:
            self.calls.append((carrier, number))
            self._counted[carrier] += 1
            if carrier in self.daily and self._counted[carrier] > self.daily[carrier]:
                return "throttle:3600"
            script = self.scripts.get(number, ["document"])
            return script.pop(0) if len(script) > 1 else script[0]

    def asked(self, carrier: str) -> int:
        """Return how many calls a carrier got."""
        with self._lock:
            return sum(1 for name, _ in self.calls if name == carrier)


class SimulatedCarriers:
    """A server on a free loopback port, as a context manager. `url` is its address."""

    def __init__(self, simulation: Simulation | None = None) -> None:
        self.simulation = simulation or Simulation()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.simulation = self.simulation
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> SimulatedCarriers:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def describe(self, folder: Path, name: str, *, limits: Mapping[str, object] | None = None, label: str = "") -> Path:
        """Write the carrier file of a simulated carrier of that name."""
        lines = [f"{key} = {json.dumps(value)}" for key, value in (limits or {}).items()]
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.toml"
        path.write_text(
            "\n".join(
                [
                    f'name = "{name}"',
                    f'label = "{label or name}"',
                    "verified = true",
                    "[limits]",
                    *lines,
                    "[request]",
                    f'url = "{self.url}/{name}/pod/{{tracking_number}}"',
                    "[auth]",
                    'kind = "header"',
                    'name = "X-Api-Key"',
                    'value = "simulated"',
                    "[response]",
                    'document = "documents[0].content"',
                    'link = "links.pod"',
                    'status = "status"',
                    'delivered = ["DELIVERED"]',
                    'signed_by = "signature.name"',
                    'delivered_at = "delivered_at"',
                    'error_code = "error.code"',
                    'error_text = "error.message"',
                    "[codes]",
                    'persistent = ["UNKNOWN_PARCEL"]',
                    "",
                ]
            ),
            encoding="utf-8",
        )
        return path


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    simulation: Simulation

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.stopping = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is what half of these tests want; nothing to print."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_: Any) -> None:
        """Silence."""

    def do_GET(self) -> None:
        """`/{carrier}/pod/{number}` is the question, `/{carrier}/file/{number}` where links lead."""
        parts = [unquote(part) for part in urlsplit(self.path).path.strip("/").split("/")]
        if len(parts) != 3:
            self._send(404, b"{}")
            return
        carrier, what, number = parts
        word = self.server.simulation.next_word(carrier, number)
        if self._misbehaves(word):
            return
        if what == "file":
            self._file(number, parse_qs(urlsplit(self.path).query))
            return
        self._answer(carrier, number, word)

    def _file(self, number: str, asked: Mapping[str, list[str]]) -> None:
        """Answer where a link leads."""
        if "expired" in asked:
            self._send(410, b"This link has expired.", "text/plain")
        elif "denied" in asked:
            self._send(int(asked["denied"][0]), EXPIRED, "application/xml")
        else:
            self._send(200, pdf(number), "application/pdf")

    def do_POST(self) -> None:
        """Chronopost's SOAP service; the operation and the number stand in the body."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode("utf-8")
        number = body.split("<skybillNumber>")[-1].split("</skybillNumber>")[0]
        word = self.server.simulation.next_word("chronopost", number)
        if not self._misbehaves(word):
            self._soap(number, word, search="searchPOD" in body)

    def _misbehaves(self, word: str) -> bool:
        """Do what has nothing to do with the carrier's own format; return whether that was the answer."""
        simulation = self.server.simulation
        if simulation.slow:
            time.sleep(simulation.slow)
        kind, _, argument = word.partition(":")
        if kind == "timeout":
            self.server.stopping.wait(simulation.hang)
            self.close_connection = True
        elif kind == "broken":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
            self.close_connection = True
        elif kind == "endless":
            self.send_response(200)
            self.end_headers()
            block = b"x" * 65_536
            while not self.server.stopping.is_set():
                self.wfile.write(block)
            self.close_connection = True
        elif kind == "throttle":
            self._send(429, b'{"error": {"message": "Too many requests"}}', headers={"Retry-After": argument} if argument else {})
        elif kind == "busy":
            self._send(503, b"Service temporarily unavailable", "text/plain")
        elif kind == "firewall":
            self._send(403, FIREWALL, "text/html")
        elif kind == "html":
            self._send(200, HTML, "application/json")
        else:
            return False
        return True

    def _answer(self, carrier: str, number: str, word: str) -> None:
        kind, _, argument = word.partition(":")
        signed = {"status": "DELIVERED", "signature": {"name": "A. Dupont"}, "delivered_at": "2024-01-15T10:00:00+01:00"}
        contents = {
            "document": pdf(number),
            "png": png(number),
            "jpeg": jpeg(number),
            "half": pdf(number)[:-10],
            "page": HTML,
        }
        if word in contents:
            packed = base64.b64encode(contents[word]).decode("ascii")
            self._json(200, {**signed, "documents": [{"type": "application/pdf", "content": packed}]})
        elif kind in LINKS:
            host = self.headers["Host"]
            if kind == "elsewhere":  # the same server, by its other name
                host = host.replace("127.0.0.1", "localhost")
            more = LINKS[kind] + (argument or "403" if "denied" in LINKS[kind] else "")
            self._json(200, {**signed, "links": {"pod": f"http://{host}/{carrier}/file/{number}{more}"}})
        elif word == "repeats":
            key = self.headers.get("X-Api-Key", "")
            said = f"no key {key}, {quote(key)}, {base64.b64encode(f'user:{key}'.encode()).decode()}, \x1b[2J\u202eBearer {key}"
            self._json(400, {"error": {"code": key, "message": said}})
        elif word == "odd":
            packed = base64.b64encode(pdf(number)).decode("ascii")
            signature = {"name": "A.\ud83d\x1b[2J Dupont\r\n"}
            self._json(
                200, {"signature": signature, "delivered_at": "0001-01-01T00:00:00+14:00", "documents": [{"content": packed}]}
            )
        elif word == "not_yet":
            self._json(200, {"status": "IN_TRANSIT"})
        elif word == "unknown":
            self._json(404, {"error": {"code": "UNKNOWN_PARCEL", "message": "There is no such parcel"}})
        elif word == "credentials":
            self._json(401, {"error": {"message": "Invalid API key"}})
        else:
            self._json(500, {"error": {"message": f"no such script word: {word}"}})

    def _soap(self, number: str, word: str, *, search: bool) -> None:
        errors = {"unknown": (3, "Le numéro de colis est inconnu"), "credentials": (2, "Mot de passe incorrect")}
        code, message = errors.get(word, (0, ""))
        inner = f"<errorCode>{code}</errorCode><errorMessage>{escape(message)}</errorMessage>"
        if search and word in ("document", "half"):
            content = pdf(number)[: -10 if word == "half" else None]
            inner += (
                f"<formatPOD>PDF</formatPOD><pod>{base64.b64encode(content).decode('ascii')}</pod><podPresente>true</podPresente>"
            )
        elif not search:
            inner += (
                "<listEventInfoComp><events><eventLabel>Envoi en cours de livraison</eventLabel></events></listEventInfoComp>"
            )
        body = (
            '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
            f"<answer><return>{inner}</return></answer></soap:Body></soap:Envelope>"
        )
        self._send(200, body.encode("utf-8"), "text/xml; charset=utf-8")

    def _json(self, status: int, value: object) -> None:
        self._send(status, json.dumps(value).encode("utf-8"))

    def _send(self, status: int, body: bytes, kind: str = "application/json", headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

"""A simulated WooCommerce shop: a real HTTP server on loopback that behaves as a recorded one, with faults on demand.

with SimulatedStore() as shop:
    shop.load(orders)
    WooCommerce(Connection(url=shop.url, consumer_key=Secret(shop.key), consumer_secret=Secret(shop.secret)))
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from syncctl.clock import Clock, system_clock
from syncctl.demo.faults import MAINTENANCE_PAGE, PHP_WARNING, Fault, Faults
from syncctl.demo.loopback import LoopbackServer
from syncctl.demo.store_amounts import Manner
from syncctl.demo.store_auth import Gate
from syncctl.demo.store_edits import Shopkeeper
from syncctl.demo.store_errors import StoreError
from syncctl.demo.store_odd import Odd, Oddities, written
from syncctl.demo.store_routes import API, Reply, Routes
from syncctl.demo.store_state import Raw, StoreState

Hook = Callable[[str, str, dict[str, str]], None]
"""Called with method, path and query before a request is answered: what happens in the shop between two pages."""


class SimulatedStore:
    """The shop: its server, its state, its keys, and what tests and the demo do to it."""

    def __init__(
        self,
        *,
        clock: Clock = system_clock,
        hpos: bool = True,
        quirks: Iterable[str] = (),
        plays_https: bool = False,
        certificate: tuple[Path, Path] | None = None,
    ) -> None:
        self.state = StoreState(clock=clock, hpos=hpos)
        self.shopkeeper = Shopkeeper(self.state)
        """Edits orders as somebody in the shop would."""
        self.gate = Gate(plays_https=plays_https or certificate is not None)
        self.faults = Faults()
        self.odd = Oddities()
        """What is odd about single orders and about the lists; see `store_odd`."""
        self.manner = Manner()
        """With how many decimals amounts are written, and whether names come as HTML; see `store_amounts`."""
        self.routes = Routes(self.state, frozenset(quirks), self.odd, self.manner)
        self.skew = timedelta(0)
        """How far the server's clock is off; shows in its Date header and in which signatures it takes."""
        self.before_request: Hook | None = None
        self.requests: list[tuple[str, str, int]] = []
        """Every request answered so far: method, path with query, HTTP status (0 where the connection was dropped)."""
        self.gate.clock = lambda: system_clock() + self.skew
        self._server = LoopbackServer(("127.0.0.1", 0), _handler_of(self))
        self._scheme = "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            self._scheme = "https"
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The shop's address."""
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    @property
    def key(self) -> str:
        """The consumer key that opens it."""
        return self.gate.key

    @property
    def secret(self) -> str:
        """The key's secret."""
        return self.gate.secret

    def start(self) -> Self:
        """Begin to answer."""
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop answering, and free the port. Connections that are open end with it."""
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def load(self, orders: Iterable[Raw] = (), *, products: Iterable[Raw] = (), customers: Iterable[Raw] = ()) -> None:
        """Take over orders, products and customers in WooCommerce's own shapes; a variable product holds its variations whole."""
        self.state.add(orders)
        for product in products:
            self.state.products[product["id"]] = dict(product)
        for customer in customers:
            self.state.customers[customer["id"]] = dict(customer)

    def load_lines(self, *, orders: Path | None = None, products: Path | None = None, customers: Path | None = None) -> None:
        """Load files with one JSON object a line."""
        self.load(_objects(orders), products=_objects(products), customers=_objects(customers))

    def fail(self, kind: Any, **how: Any) -> None:
        """Line up a fault; see `faults.Fault` for its kinds and fields."""
        self.faults.add(Fault(kind=kind, **how))

    def count_notes(self, order_id: int) -> Counter[str]:
        """Count an order's notes by their text."""
        return Counter(note["note"] for note in self.state.notes.get(order_id, []))

    def statuses(self) -> Counter[str]:
        """Count the orders by status."""
        return Counter(raw["status"] for raw in self.state.orders.values())

    def went_backwards(self) -> list[int]:
        """Return the orders whose status the API ever took back, or out of the trash. Should stay empty."""
        return sorted(key for key, changes in self.state.history.items() if any(change.backwards for change in changes))

    def handle(self, method: str, target: str, host: str, authorization: str, body: bytes) -> Reply:
        """Answer a request that no fault hits."""
        parts = urlsplit(target)
        if not parts.path.startswith(API):
            return Reply(404, "<!DOCTYPE html><html><head><title>Page not found</title></head><body></body></html>")
        try:
            self.gate.check(method, f"{self._scheme}://{host}{parts.path}", parts.query, authorization)
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            try:
                given = json.loads(body) if body else {}
            except ValueError:
                raise StoreError(400, "rest_invalid_json", "Invalid JSON body passed.") from None
            return self.routes.answer(method, parts.path, query, given)
        except (StoreError, Odd) as error:
            return Reply(error.status, error.body)


def _objects(path: Path | None) -> list[Raw]:
    return [] if path is None else [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _handler_of(shop: SimulatedStore) -> type[BaseHTTPRequestHandler]:
    """Make the request handler class that serves one shop."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        timeout = 60

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            if shop.before_request is not None:
                shop.before_request(self.command, parts.path, dict(parse_qsl(parts.query)))
            fault = shop.faults.take(self.command, parts.path)
            if fault is not None and fault.kind in ("timeout", "slow"):
                time.sleep(fault.seconds)
            if fault is not None and fault.kind == "timeout":
                self._hang_up()
                return
            reply = self._instead(fault)
            if reply is None:
                reply = shop.handle(
                    self.command, self.path, self.headers.get("Host", ""), self.headers.get("Authorization", ""), body
                )
            if fault is not None and fault.kind == "lost_answer":
                self._hang_up()
                return
            self._send(reply, fault)

        # http.server looks for methods of these names.
        do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815

        def _instead(self, fault: Fault | None) -> Reply | None:
            """Return what a fault answers in place of the shop."""
            if fault is None:
                return None
            if fault.kind == "status":
                headers = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
                return Reply(fault.status, fault.body, headers)
            if fault.kind == "html":
                return Reply(200, MAINTENANCE_PAGE)
            if fault.kind == "redirect":
                return Reply(301, "", {"Location": f"https://{self.headers.get('Host')}{self.path}"})
            return None

        def _send(self, reply: Reply, fault: Fault | None) -> None:
            html = isinstance(reply.body, str)
            text = reply.body if html else written(reply.body)
            if fault is not None and fault.kind == "php_warning":
                text = PHP_WARNING + text
            if fault is not None and fault.kind == "bom":
                text = "\ufeff" + text
            content = text.encode()
            if fault is not None and fault.kind == "cut_off":
                content = content[: len(content) // 2]
            shop.requests.append((self.command, self.path, reply.status))
            headers = {
                "Date": format_datetime((shop.state.clock() + shop.skew).astimezone(UTC), usegmt=True),
                "Content-Type": f"{'text/html' if html else 'application/json'}; charset=UTF-8",
                "Content-Length": str(len(content)),
                **reply.headers,
            }
            # One write for all of it: with two, the second would wait for the client's delayed acknowledgement.
            phrase = HTTPStatus(reply.status).phrase
            head = f"HTTP/1.1 {reply.status} {phrase}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            if fault is not None and fault.kind == "truncated":
                self.wfile.write(f"{head}\r\n".encode() + content[: len(content) // 2])
                self.close_connection = True
                return
            self.wfile.write(f"{head}\r\n".encode() + content)

        def _hang_up(self) -> None:
            shop.requests.append((self.command, self.path, 0))
            self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's own name
            """Keep quiet."""

    return Handler

"""A shop of any size for `benchmark.py` that only reads: orders are kept as text and given out as they are.

The simulated shop of the tests does what a shop does, one request after another, and would be measured along. This one knows the
list of orders, one order's refunds, and nothing else; its answers take as long as they are told to, any number side by side.

    python benchmark_shop.py ORDERS SECONDS REFUNDED       one order in REFUNDED has a refund; 0: none
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from syncctl.clock import system_clock
from syncctl.demo.orders import catalogue

FIRST_ID = 10_001
_DIFFERENT = 1_000
"""Orders that differ in more than their number."""
_ODD = 60
"""The catalogue's first orders are its difficult ones: a large shop is of everyday ones."""
_PLUGINS = 24
"""Rows of meta data that plugins have left: with them an order has about four kilobytes, as in a shop of some years."""
_NUMBER = 987_654_321
"""Stands for an order's number in what is kept of it."""
AGE = timedelta(days=1)
"""Since the last change of any order: nothing is new."""
REFUND = b'{"id":%d,"reason":"","total":"-1.00"}'
GIVEN = b'{"id":%d,"parent_id":%d,"reason":"","amount":"1.00","line_items":[],"shipping_lines":[],"fee_lines":[]}'
FIRST_REFUND = 1_000_000_000
"""What the id of an order's refund is higher than the order's."""
NOTHING = b"[]"


class QuickShop:
    """The shop: `url`, and how many requests it has answered."""

    def __init__(self, orders: int, *, seconds: float = 0, refunded: int = 0) -> None:
        """Open it; each answer takes so many seconds, and one order in `refunded` has a refund."""
        self.orders = orders
        self.seconds = seconds
        self.refunded = refunded
        self.answered = 0
        self._lock = threading.Lock()
        moment = system_clock()
        goods = catalogue(_ODD + min(orders, _DIFFERENT), seed=1, clock=lambda: moment - AGE)
        self.newest = f"{moment - AGE:%Y-%m-%dT%H:%M:%S}"
        self._kept = [_kept(raw) for raw in list(goods.orders)[_ODD:]]

    def answer(self, path: str, query: dict[str, str]) -> tuple[bytes, int | None]:
        """Return the body of an answer, and how many rows its whole list has."""
        with self._lock:
            self.answered += 1
        if self.seconds:
            time.sleep(self.seconds)
        if path.endswith("/refunds"):
            named = query["include"].split(",") if "include" in query else [int(path.split("/")[-2]) + FIRST_REFUND]
            ids = [int(each) for each in named]
            return b"[%s]" % b",".join(GIVEN % (each, each - FIRST_REFUND) for each in ids), len(ids)
        if query.get("status") == "trash" or query.get("modified_after", "") > self.newest or "after" in query:
            return NOTHING, 0
        size = int(query.get("per_page", "10"))
        first = int(query["offset"]) if "offset" in query else (int(query.get("page", "1")) - 1) * size
        return b"[%s]" % b",".join(map(self._order, range(first, min(first + size, self.orders)))), self.orders

    def _order(self, place: int) -> bytes:
        order_id = FIRST_ID + place
        order = self._kept[place % len(self._kept)].replace(b"%d" % _NUMBER, b"%d" % order_id)
        if self.refunded and place % self.refunded == 0:
            return order.replace(b'"refunds":[]', b'"refunds":[%s]' % (REFUND % (FIRST_REFUND + order_id)))
        return order


def _kept(raw: dict[str, Any]) -> bytes:
    transaction = f"ch_{_NUMBER}" if raw["transaction_id"] else ""
    numbered = {"id": _NUMBER, "number": str(_NUMBER), "order_key": f"wc_order_{_NUMBER}", "transaction_id": transaction}
    plugins = [
        {"id": 70_000 + number, "key": f"_plugin_{number}_setting", "value": "as most shops have them"}
        for number in range(_PLUGINS)
    ]
    meta = [*raw["meta_data"], *plugins]
    return json.dumps({**raw, **numbered, "meta_data": meta}, separators=(",", ":")).encode()


@contextmanager
def opened(shop: QuickShop) -> Iterator[str]:
    """Answer on a port of this machine; gives the shop's address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one piece

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(address.query).items()}
            body, total = shop.answer(address.path, query)
            head = (
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                f"Date: {formatdate(usegmt=True)}\r\nX-WP-Total: {total}\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            self.wfile.write(head.encode() + body)
            self.wfile.flush()

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def main(orders: int, seconds: float, refunded: int) -> None:
    """Say where the shop is, then how many requests were answered whenever asked."""
    shop = QuickShop(orders, seconds=seconds, refunded=refunded)
    with opened(shop) as url:
        print(url, "ck_quick", "cs_quick", flush=True)
        for _ in sys.stdin:
            print(shop.answered, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))

"""What `benchmark.py` sets beside `stage`: the same orders fetched and kept by other means. Needs nothing of syncctl.

    python benchmark_peers.py floor|client|dlt URL KEY SECRET FILE [CONNECTIONS]

`floor` is the least that does the work: requests, json and sqlite3, a row an order. `client` is WooCommerce's own client in a
loop, `dlt` loads into DuckDB. Each stands in an environment of its own: `python benchmark.py --peers` makes it.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

PAGE = 100
Fetch = Callable[[int], list[dict[str, Any]]]


def main(arguments: list[str]) -> int:
    """Fetch all orders of the shop and keep them."""
    peer, url, key, secret, file = arguments[:5]
    connections = int(arguments[5]) if len(arguments) > 5 else 1
    kept = {"floor": _into_sqlite, "client": _into_sqlite, "dlt": _into_duckdb}[peer](
        _pages((_by_client if peer == "client" else _by_requests)(url, key, secret), connections), Path(file)
    )
    print(kept)
    return 0


def _by_requests(url: str, key: str, secret: str) -> Fetch:
    import requests

    session = requests.Session()
    session.auth = (key, secret)
    where = f"{url}/wp-json/wc/v3/orders"

    def fetch(page: int) -> list[dict[str, Any]]:
        asked = {"per_page": str(PAGE), "page": str(page), "orderby": "id", "order": "asc"}
        answer = session.get(where, params=asked, timeout=60)
        answer.raise_for_status()
        return json.loads(answer.content)  # type: ignore[no-any-return]

    return fetch


def _by_client(url: str, key: str, secret: str) -> Fetch:
    from woocommerce import API  # type: ignore[import-not-found]

    client = API(url=url, consumer_key=key, consumer_secret=secret, version="wc/v3", timeout=60)
    client.is_ssl = True  # the shop takes keys as behind HTTPS; what the client signs for HTTP has its parameters twice

    def fetch(page: int) -> list[dict[str, Any]]:
        answer = client.get("orders", params={"per_page": PAGE, "page": page})
        answer.raise_for_status()
        return answer.json()  # type: ignore[no-any-return]

    return fetch


def _pages(fetch: Fetch, connections: int) -> Iterator[list[dict[str, Any]]]:
    """Give page after page, over so many connections at a time."""
    with ThreadPoolExecutor(connections) as pool:
        first = 1
        while True:
            for orders in pool.map(fetch, range(first, first + connections)):
                if orders:
                    yield orders
                if len(orders) < PAGE:
                    return
            first += connections


def _into_sqlite(pages: Iterator[list[dict[str, Any]]], file: Path) -> int:
    """Keep a row an order, a page a transaction."""
    with closing(sqlite3.connect(file)) as database:
        database.execute(
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, number TEXT, status TEXT, total TEXT, modified TEXT, raw TEXT)"
        )
        kept = 0
        for orders in pages:
            rows = [
                (each["id"], each["number"], each["status"], each["total"], each["date_modified_gmt"], json.dumps(each))
                for each in orders
            ]
            with database:
                database.executemany("INSERT OR REPLACE INTO orders VALUES (?, ?, ?, ?, ?, ?)", rows)
            kept += len(rows)
        return kept


def _into_duckdb(pages: Iterator[list[dict[str, Any]]], file: Path) -> int:
    import dlt  # type: ignore[import-not-found]

    kept = 0

    @dlt.resource(name="orders", write_disposition="merge", primary_key="id")  # type: ignore[untyped-decorator]
    def orders() -> Iterator[list[dict[str, Any]]]:
        nonlocal kept
        for page in pages:
            kept += len(page)
            yield page

    pipeline = dlt.pipeline(
        pipeline_name=file.stem,
        pipelines_dir=str(file.parent),
        destination=dlt.destinations.duckdb(str(file)),
        dataset_name="shop",
    )
    pipeline.run(orders())
    return kept


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""A run of the customer queue in a process of its own that ends itself, hard, at a given moment; see `worker`."""

from __future__ import annotations

import os
import time
from contextlib import closing
from datetime import datetime
from typing import Any

from syncctl.db.connect import open_database
from syncctl.db.contract import Database, Procedure
from syncctl.secret import Secret
from syncctl.services.customer_queues import Means, resume
from syncctl.services.customer_work import CustomerResult
from syncctl.services.run_context import RunContext
from syncctl.stores.woocommerce import WooCommerce
from syncctl.stores.woocommerce_http import Connection
from tests.crash.worker import Killer
from tests.faults import FaultyDatabase


def main(given: dict[str, Any]) -> None:
    """Go on with all open queues; `given` as for `worker.main`, and `gate`: a file before which no customers are claimed."""
    now, gate = datetime.fromisoformat(given["now"]), given["gate"]
    killer = Killer(given["kill"])

    def connect() -> Database:
        def before(call: Procedure[Any]) -> None:
            killer.pass_by("before", call.name)
            while gate and call.name == "sp_ClaimCustomers" and not gate.exists():
                time.sleep(0.01)

        def after(call: Procedure[Any]) -> None:
            killer.pass_by("after", call.name)

        return FaultyDatabase(open_database(given["url"], clock=lambda: now), before=before, after=after)

    def open_store() -> WooCommerce:
        keys = {"consumer_key": Secret(given["key"]), "consumer_secret": Secret(given["secret"])}
        return WooCommerce(Connection(url=given["shop_url"], **keys), sleeper=lambda _: None)

    context = RunContext(run_id=given["run_id"], clock=lambda: now, sleeper=lambda _: None)
    with closing(connect()) as database:
        resume(
            database,
            "woocommerce",
            "woocommerce",
            Means(connect=connect, open_store=open_store, context=context, lease_seconds=60),
            CustomerResult(),
        )
    os._exit(0)

"""A `process` run in a process of its own that ends itself, hard, at a given moment: no `finally`, no goodbye.

`main` is given: url, shop_url, key, secret, now, run_id, kill ("before:sp_X:2" is before the second call of sp_X;
"after:add_note:1" after the first note was posted; "stuck:sp_X:2": after the second call it hangs), scope,
pause (seconds after each call, in which others have theirs).
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from syncctl.db.connect import open_database
from syncctl.db.contract import Database, Procedure
from syncctl.secret import Secret
from syncctl.services.process import ProcessOptions
from syncctl.services.run_context import RunContext
from syncctl.services.validate import Rules
from syncctl.services.workers import process
from syncctl.stores.base import StatusWrite, Store
from syncctl.stores.woocommerce import WooCommerce
from syncctl.stores.woocommerce_http import Connection
from tests.faults import FaultyDatabase

KILLED = 137


class Killer:
    """Ends this process when the moment has come, or lets it hang, to be killed from outside before it is through."""

    def __init__(self, moment: str) -> None:
        when, self.name, number = moment.split(":")
        self.hangs = when == "stuck"
        self.when = "after" if self.hangs else when
        self.number = int(number)
        self.seen: Counter[str] = Counter()

    def pass_by(self, when: str, name: str) -> None:
        if (when, name) == (self.when, self.name):
            self.seen[name] += 1
            if self.seen[name] == self.number:
                if self.hangs:
                    time.sleep(3600)
                os._exit(KILLED)


class MortalStore(WooCommerce):
    """The real client, with the killer before and after each write."""

    killer: Killer

    def add_note(self, order_id: int, text: str) -> None:
        self.killer.pass_by("before", "add_note")
        super().add_note(order_id, text)
        self.killer.pass_by("after", "add_note")

    def put_status(self, order_id: int, status: str | None, *, tag: str | None = None, parcels: Sequence[str] = ()) -> None:
        self.killer.pass_by("before", "put_status")
        super().put_status(order_id, status, tag=tag, parcels=parcels)
        self.killer.pass_by("after", "put_status")

    def put_statuses(self, writes: Sequence[StatusWrite]) -> set[int]:
        self.killer.pass_by("before", "put_statuses")
        done = super().put_statuses(writes)
        self.killer.pass_by("after", "put_statuses")
        return done


def main(given: dict[str, Any]) -> None:
    now = datetime.fromisoformat(given["now"])
    killer = Killer(given["kill"])

    def clock() -> datetime:
        return now

    def connect() -> Database:
        def before(call: Procedure[Any]) -> None:
            killer.pass_by("before", call.name)

        def after(call: Procedure[Any]) -> None:
            killer.pass_by("after", call.name)
            time.sleep(given.get("pause", 0.0))

        return FaultyDatabase(open_database(given["url"], clock=clock), before=before, after=after)

    def open_store() -> Store:
        keys = {"consumer_key": Secret(given["key"]), "consumer_secret": Secret(given["secret"])}
        store = MortalStore(Connection(url=given["shop_url"], **keys), sleeper=lambda _: None)
        store.killer = killer
        return store

    process(
        connect,
        open_store,
        ProcessOptions(rules=Rules(), scope=given.get("scope", "pending")),
        RunContext(run_id=given["run_id"], clock=clock, sleeper=lambda _: None),
    )

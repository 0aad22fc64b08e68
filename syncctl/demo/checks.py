"""The promises, checked on the data of a demonstration: in the database and in the simulated store."""

from __future__ import annotations

import re

from syncctl.db.contract import AuditOrders, Database, ListOutbox
from syncctl.demo.shopfronts import Shopfront
from syncctl.services.find import each_staged_order

NOTE = re.compile(r"Order created in [^.]+\.")
"""Whatever the ERP is called."""


def check_promises(database: Database, shop: Shopfront, *, store_id: str) -> dict[str, list[str]]:
    """Return each promise with what breaks it; an empty list where it is kept."""
    # Every order of the trial ERP comes from here, those of former demonstrations too: the stock must fit all of them.
    found = database.run(AuditOrders(store_id=store_id)) + [
        finding for finding in database.run(AuditOrders(inventory=True)) if finding.check_name == "inventory_equals_open_lines"
    ]
    broken: dict[str, list[str]] = {
        name: [finding.detail for finding in found if finding.check_name == check]
        for name, check in {
            "every_order_in_exactly_one_state": "one_state",
            "one_document_per_applied_order": "one_document",
            "totals_equal_to_the_cent": "totals_equal",
            "documents_whole": "document_whole",
            "inventory_equals_open_lines": "inventory_equals_open_lines",
        }.items()
    }
    broken["one_note_per_applied_order"] = _notes(database, shop, store_id)
    broken |= shop.promises()
    broken["nothing_left_untold"] = [
        f"Order {message.woo_order_id}: {message.kind} was not delivered ({message.error_message})."
        for message in database.run(ListOutbox())
        if message.store_id == store_id
    ]
    seen = {row.woo_order_id for row in each_staged_order(database, store_id=store_id)}
    broken["no_order_lost"] = [f"Order {order_id} was never staged." for order_id in shop.order_ids() if order_id not in seen]
    return broken


def _notes(database: Database, shop: Shopfront, store_id: str) -> list[str]:
    """Find applied orders without exactly one note, and orders with more than one."""
    wrong, there = [], set(shop.order_ids())
    for row in each_staged_order(database, store_id=store_id):
        if row.woo_order_id not in there:
            continue
        notes = [text for text in shop.notes_of(row.woo_order_id) if NOTE.match(text)]
        if len(notes) != 1 if row.is_applied else len(notes) > 1:
            wrong.append(f"Order {row.woo_order_id} ({row.state}) has {len(notes)} notes.")
    return wrong

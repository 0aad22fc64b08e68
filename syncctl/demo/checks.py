"""The promises, checked on the data of a demonstration: in the database and in the simulated store."""

from __future__ import annotations

import re

from syncctl.db.contract import AuditOrders, Database, ListOutbox
from syncctl.demo.store import SimulatedStore
from syncctl.services.find import each_staged_order

NOTE = re.compile(r"Order created in [^.]+\.")
"""Whatever the ERP is called."""


def check_promises(database: Database, shop: SimulatedStore, *, store_id: str) -> dict[str, list[str]]:
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
    broken["store_statuses_never_backwards"] = [
        f"Order {order_id} got a status that it shouldn't have had from us." for order_id in shop.went_backwards()
    ]
    broken["customers_never_mailed"] = [f"A note was mailed to the customer: {text}" for text in shop.state.mails]
    broken["no_customer_was_mailed_and_no_order_was_marked_paid_by_us"] = [
        *(
            f"Order {mail.order_id}: a status from us mailed the customer ({mail.kind})."
            for mail in shop.state.mail_log
            if mail.by_api
        ),
        *(f"Order {order_id}: a status from us set its date of payment." for order_id in shop.state.paid_by_api),
        *(f"Order {order_id}: a status from us granted its downloads." for order_id in shop.state.downloads_by_us),
    ]
    broken["nothing_left_untold"] = [
        f"Order {message.woo_order_id}: {message.kind} was not delivered ({message.error_message})."
        for message in database.run(ListOutbox())
        if message.store_id == store_id
    ]
    seen = {row.woo_order_id for row in each_staged_order(database, store_id=store_id)}
    broken["no_order_lost"] = [f"Order {order_id} was never staged." for order_id in shop.state.orders if order_id not in seen]
    return broken


def _notes(database: Database, shop: SimulatedStore, store_id: str) -> list[str]:
    """Find applied orders without exactly one note, and orders with more than one."""
    wrong = []
    for row in each_staged_order(database, store_id=store_id):
        if row.woo_order_id not in shop.state.orders:
            continue
        notes = [text for text in shop.count_notes(row.woo_order_id).elements() if NOTE.match(text)]
        if len(notes) != 1 if row.is_applied else len(notes) > 1:
            wrong.append(f"Order {row.woo_order_id} ({row.state}) has {len(notes)} notes.")
    return wrong

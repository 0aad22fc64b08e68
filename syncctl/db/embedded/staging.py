"""Staging on the embedded engine: one page of orders in, what became of each out."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from functools import cache
from typing import Any, TypedDict

import msgspec

from syncctl.db.contract import StagedResult, StageOrders
from syncctl.db.embedded.customers import adopt_customers
from syncctl.db.embedded.engine import moment_text, to_database
from syncctl.db.embedded.item_doubts import doubt_items
from syncctl.db.embedded.registry import Session, require, serves
from syncctl.db.embedded.staged_page import READ_AGAIN, Decision, PageWriter
from syncctl.db.embedded.unreadable import former_state, given_up, set_aside, was_set_aside
from syncctl.db.embedded.walks import note_walk

_DECISIONS = {
    "absent": Decision("skipped", takes_content=False, reason="not staged"),
    "new": Decision("staged", "STAGED", "PENDING", "create"),
    "skip": Decision("skipped", "SKIPPED", "SKIPPED"),
    "older": Decision("unchanged", takes_content=False, reason="older than the version staged"),
    "same": Decision("unchanged", takes_content=False),
    "note": Decision("unchanged"),
    "adopt": Decision("unchanged", reason="adopted"),
    "create": Decision("restaged", "RESTAGED", "PENDING", "create"),
    "update": Decision("restaged", "RESTAGED", "PENDING", "update"),
    "cancel": Decision("cancel_staged", "CANCEL_STAGED", "PENDING", "cancel"),
    "hold": Decision("restaged", "RESTAGED", "PENDING", "update"),
    "edited_back": Decision("unchanged", "EDITED_BACK", "APPLIED", reason="edited back to what the ERP holds"),
    "aside": Decision("set_aside", takes_content=False),
    "given_up": Decision("unchanged", takes_content=False, reason="it can't be read, and was given up"),
}
_NO_CHANGE = ("absent", "older", "same", "given_up")
_GROUPS = ("live", "wait", "dead")
_MEANINGS = (None, "unpaid", "held", "ready", "done", "dead", "unknown")


@serves(StageOrders)
def stage_orders(session: Session, call: StageOrders) -> list[StagedResult]:
    """See `sql/procedures/sp_StageOrders.sql`."""
    orders, walk = _read(call)
    if not call.dry_run:
        adopt_customers(session, call.store_id)
    known = _known(session, call.store_id, orders)
    page = PageWriter(session, call)
    results: list[StagedResult] = []
    aside: list[tuple[int, dict[str, Any], sqlite3.Row | None]] = []
    changed: list[tuple[dict[str, Any], sqlite3.Row | None]] = []
    for order in orders:
        staged = known.get(order["WOO_ORDER_ID"])
        if staged is not None and _is_another(order, staged):
            order |= {"UNREADABLE": 1, "STATUS_GROUP": "wait", "ERROR_CODE": "another_order"}
            order["STATUS_REASON"] = _another(order, staged)
        _stop_held(order, staged)
        name = _decide(session, order, staged)
        decision = _as_before(name, staged)
        staging_id = staged["STAGING_ID"] if staged else None
        if name not in _NO_CHANGE:
            changed.append((order, staged))
        if name == "aside":
            aside.append((len(results), order, staged))
        elif not call.dry_run:
            staging_id = page.add(order, staged, name, decision)
        reason = decision.reason or (order["STATUS_REASON"] if decision.event or name == "aside" else None)
        results.append(StagedResult(order["WOO_ORDER_ID"], staging_id, decision.outcome, reason))
    if call.dry_run:
        return results
    doubt_items(session, call.store_id, changed)
    page.write()
    for place, order, staged in aside:
        results[place] = replace(results[place], staging_id=set_aside(session, call, order, staged))
    if walk:
        note_walk(session, call.store_id, walk)
    return results


def _read(call: StageOrders) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """Check the parameters and return the page, each order once (its latest version), and the walk."""
    orders, walk = _page(call.orders), _parsed(call.walk or "null")
    require(
        (call.store_id != "", "@STORE_ID is required."),
        (call.sync_id != "", "@SYNC_ID is required."),
        (isinstance(orders, list), "@ORDERS takes a JSON array."),
        (walk is None or (isinstance(walk, dict) and bool(walk.get("WALK_NAME"))), "@WALK takes a JSON object with WALK_NAME."),
    )
    _check(orders)
    latest: dict[int, dict[str, Any]] = {}
    for order in orders:
        if _has_no_content(order):
            order["STATUS_GROUP"] = "dead" if order.get("VANISHED") else "wait"
        if order.get("VANISHED"):
            order["STATUS_MEANING"] = "dead"
        order["STATUS_REASON"] = _reason(order)
        known = latest.get(order["WOO_ORDER_ID"])
        if known is None:
            latest[order["WOO_ORDER_ID"]] = order
        elif (order.get("WOO_MODIFIED_DT") or "") >= (known.get("WOO_MODIFIED_DT") or ""):
            del latest[order["WOO_ORDER_ID"]]
            latest[order["WOO_ORDER_ID"]] = order
    return list(latest.values()), walk


def _check(orders: list[dict[str, Any]]) -> None:
    """Name everything that is wrong with the orders of a page, each kind once."""
    wrong: set[str] = set()
    for order in orders:
        get = order.get
        vanished, unreadable = get("VANISHED"), get("UNREADABLE")
        if get("WOO_ORDER_ID") is None:
            wrong.add("id")
        if not (vanished or unreadable):
            if get("STATUS_GROUP") not in _GROUPS:
                wrong.add("group")
            if not get("CONTENT_HASH"):
                wrong.add("hash")
        if not vanished and get("STATUS_MEANING") not in _MEANINGS:
            wrong.add("meaning")
        if unreadable and not get("STATUS_REASON"):
            wrong.add("reason")
    require(
        ("id" not in wrong, "Every order needs WOO_ORDER_ID."),
        ("group" not in wrong, "STATUS_GROUP takes live, wait, dead."),
        ("meaning" not in wrong, f"STATUS_MEANING takes {', '.join(filter(None, _MEANINGS))}."),
        ("hash" not in wrong, "Every order needs CONTENT_HASH."),
        ("reason" not in wrong, "An unreadable order needs STATUS_REASON."),
    )


def _has_no_content(order: dict[str, Any]) -> bool:
    """True of an order that vanished, or that can't be read."""
    return bool(order.get("VANISHED") or order.get("UNREADABLE"))


class _Order(TypedDict, total=False):
    """An order of a page. What stays JSON is taken over as it is written."""

    WOO_ORDER_ID: Any
    WOO_ORDER_NO: Any
    STATUS_GROUP: Any
    STATUS_MEANING: Any
    ORDER_KEY: Any
    READ_MARK: Any
    SAME_ORDER: Any
    STATUS_REASON: Any
    VANISHED: Any
    CONFIRMED: Any
    UNREADABLE: Any
    ERROR_CODE: Any
    ORD_STATUS: Any
    CONTENT_HASH: Any
    CURRENCY: Any
    WOO_CUST_ID: Any
    CUST_EMAIL: Any
    ORD_DAT: Any
    TKT_DT: Any
    WOO_CREATED_DT: Any
    WOO_MODIFIED_DT: Any
    PMT_METH: Any
    TRANSACTION_ID: Any
    SHIP_VIA: Any
    SUBTOT: Any
    SHIP_AMT: Any
    TAX_AMT: Any
    DISC_AMT: Any
    TOT_AMT: Any
    SHIP_NAM: Any
    SHIP_ADRS_1: Any
    SHIP_ADRS_2: Any
    SHIP_CITY: Any
    SHIP_STATE: Any
    SHIP_ZIP_COD: Any
    SHIP_CNTRY: Any
    SHIP_PHONE: Any
    LINE_ITEMS_JSON: msgspec.Raw
    ORDER_JSON: msgspec.Raw
    CUTS: Any
    WARNINGS: Any


@cache
def _page_decoder() -> msgspec.json.Decoder[list[Any]]:
    return msgspec.json.Decoder(list[_Order])


def _page(text: str) -> Any:
    """Return the orders of a page; something else where it is no page."""
    try:
        return _page_decoder().decode(text)
    except ValueError:
        return ""


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return ""


def _known(session: Session, store_id: str, orders: list[dict[str, Any]]) -> dict[int, sqlite3.Row]:
    """Look up which orders of a page are staged, by their ids."""
    rows = session.all(
        """
        SELECT staged.STAGING_ID, staged.WOO_ORDER_ID, staged.WOO_CUST_ID, staged.CUST_EMAIL, staged.ORDER_KEY,
            staged.CONTENT_HASH, staged.APPLIED_HASH, staged.ORD_STATUS, staged.STATUS_GROUP, staged.STATUS_MEANING, staged.STATE,
            staged.PENDING_ACTION, staged.ERROR_CLASS, staged.VALIDATION_ERROR, staged.ATTEMPT_NO, staged.LEASE_OWNER,
            staged.IS_APPLIED, staged.WOO_CREATED_DT, staged.WOO_MODIFIED_DT, link.LINK_STATE
        FROM json_each(:ids) AS asked
        CROSS JOIN dbo.USER_ORDER_STAGING AS staged
            ON staged.STORE_ID = :store AND staged.WOO_ORDER_ID = asked.value AND staged.DUPLICATE_OF_ID IS NULL
        LEFT JOIN dbo.USER_ORDER_LINK AS link ON link.STORE_ID = staged.STORE_ID AND link.WOO_ORDER_ID = staged.WOO_ORDER_ID
        """,
        {"store": store_id, "ids": json.dumps([order["WOO_ORDER_ID"] for order in orders])},
    )
    return {row["WOO_ORDER_ID"]: row for row in rows}


def _is_another(order: dict[str, Any], staged: sqlite3.Row) -> bool:
    """True of an order that has the id of one in the ERP and is another: of another key, or of another date and customer.

    The key never changes. Where one isn't known, a date or a customer alone may have been corrected, both may not.
    """
    in_erp = staged["IS_APPLIED"] or staged["LINK_STATE"] in ("OPEN", "CLOSED")
    if not in_erp or _has_no_content(order) or order.get("SAME_ORDER"):
        return False
    if order.get("ORDER_KEY") and staged["ORDER_KEY"]:
        return bool(order["ORDER_KEY"] != staged["ORDER_KEY"])
    if not order.get("WOO_CREATED_DT") or staged["WOO_CREATED_DT"] is None:
        return False
    customers = (order.get("WOO_CUST_ID") or 0) != (staged["WOO_CUST_ID"] or 0)
    customers = customers or (order.get("CUST_EMAIL") or "").casefold() != (staged["CUST_EMAIL"] or "").casefold()
    return customers and moment_text(order["WOO_CREATED_DT"]) != to_database(staged["WOO_CREATED_DT"])


def _another(order: dict[str, Any], staged: sqlite3.Row) -> str:
    """Say that an id belongs to another order by now."""
    known = to_database(staged["WOO_CREATED_DT"])[:19] if staged["WOO_CREATED_DT"] else "?"
    now = moment_text(order["WOO_CREATED_DT"])[:19] if order.get("WOO_CREATED_DT") else "?"
    told_by = "which has another key (order_key)" if now == known else f"created {now} and not {known}"
    return (
        f"its id belongs to another order by now, {told_by}, as after a restore of the shop. Its document stays as it is. "
        f"If it is the same order all the same: `syncctl stage --order-id {order['WOO_ORDER_ID']} --same-order`"
    )


def _stop_held(order: dict[str, Any], staged: sqlite3.Row | None) -> None:
    """Let an order wait that was paid, is in the ERP and has been stopped since, also where its status creates orders."""
    if staged is None or not staged["IS_APPLIED"] or order.get("STATUS_MEANING") != "held" or order["STATUS_GROUP"] != "live":
        return
    if staged["STATUS_MEANING"] in ("ready", "done") or staged["STATUS_GROUP"] == "wait":
        order["STATUS_GROUP"] = "wait"
        order["STATUS_REASON"] = order["STATUS_REASON"] or f"The store holds it (status {order.get('ORD_STATUS') or ''})"


def _decide(session: Session, order: dict[str, Any], staged: sqlite3.Row | None) -> str:
    """Say what becomes of an order, from what came and what is there; nothing is written here."""
    vanished, group = bool(order.get("VANISHED")), order["STATUS_GROUP"]
    if staged is None:
        if order.get("UNREADABLE"):
            return "aside"
        if vanished:
            return "absent"
        return "new" if group == "live" else "skip"
    # An older version comes from a delayed webhook or a page that was read twice; or the store's clock was set back, which is
    # why an order that was asked for by its id just now (CONFIRMED) counts whatever its date.
    modified, known = order.get("WOO_MODIFIED_DT"), staged["WOO_MODIFIED_DT"]
    if not (vanished or order.get("CONFIRMED")) and modified and known and moment_text(modified) < to_database(known):
        return "older"
    if order.get("UNREADABLE"):
        no_news = not was_set_aside(staged) and given_up(session, staged, moment_text(modified) if modified else None)
        return "given_up" if no_news else "aside"
    state = former_state(staged)
    same = vanished or order["CONTENT_HASH"] == staged["CONTENT_HASH"]
    news = _is_news(order, staged)
    if same and group == staged["STATUS_GROUP"] and not news:
        return "same"
    if staged["IS_APPLIED"]:
        if group == "dead":
            return "cancel"
        if staged["CONTENT_HASH"] is None:
            return "adopt"
        meaning = order.get("STATUS_MEANING") if group == "wait" else None
        if meaning == "unpaid" and (news or staged["PENDING_ACTION"] == "cancel"):
            return "cancel"
        if meaning == "held":
            return "hold"
        if order["CONTENT_HASH"] != staged["APPLIED_HASH"]:
            return "update"
        return "note" if state == "APPLIED" else "edited_back"
    if state == "CANCELLED" and (group != "live" or (staged["LINK_STATE"] == "ROLLED_BACK" and same)):
        return "note"
    return "create" if group == "live" else "skip"


def _is_news(order: dict[str, Any], staged: sqlite3.Row) -> bool:
    """True of an order in the ERP that is paid no more, or that somebody stopped: it changed though its content did not."""
    meaning = order.get("STATUS_MEANING")
    if not staged["IS_APPLIED"] or order["STATUS_GROUP"] != "wait" or meaning not in ("unpaid", "held"):
        return False
    other_status = meaning == "unpaid" and (staged["ORD_STATUS"] or "") != (order.get("ORD_STATUS") or "")
    return staged["STATUS_MEANING"] != meaning or other_status


def _as_before(name: str, staged: sqlite3.Row | None) -> Decision:
    """Return the decision. What was set aside and can be read again goes on where it was, where its content says no other."""
    decision = _DECISIONS[name]
    if staged is None or not was_set_aside(staged) or name not in ("same", "note", "adopt"):
        return decision
    state = former_state(staged)
    pending = state == "PENDING"
    return replace(
        decision,
        outcome="restaged" if pending else "unchanged",
        event="RESTAGED" if pending else "READ_AGAIN",
        state=state,
        action=staged["PENDING_ACTION"],
        reason=READ_AGAIN,
    )


def _reason(order: dict[str, Any]) -> str | None:
    """Return why an order is not live."""
    if order.get("STATUS_REASON"):
        return str(order["STATUS_REASON"])
    if order.get("VANISHED"):
        return "gone from the store"
    return None if order["STATUS_GROUP"] == "live" else f"status {order.get('ORD_STATUS') or ''}"

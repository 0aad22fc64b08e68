"""Staging on the embedded engine: one page of orders in, what became of each out."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from syncctl.db.contract import StagedResult, StageOrders
from syncctl.db.embedded.engine import to_database
from syncctl.db.embedded.registry import Session, require, serves
from syncctl.db.embedded.unreadable import former_state, given_up, set_aside, was_set_aside


def _moment(text: str) -> str:
    """Turn ISO text into the form that the tables sort by; without an offset it is UTC already."""
    moment = datetime.fromisoformat(text)
    return to_database(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


_CONTENT: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("WOO_ORDER_NO", "CUST_EMAIL", "PMT_METH", "TRANSACTION_ID", "SHIP_VIA", "CURRENCY", "CONTENT_HASH"), str),
    **dict.fromkeys(("SHIP_NAM", "SHIP_ADRS_1", "SHIP_ADRS_2", "SHIP_CITY", "SHIP_STATE", "SHIP_ZIP_COD"), str),
    **dict.fromkeys(("SHIP_CNTRY", "SHIP_PHONE"), str),
    **dict.fromkeys(("SUBTOT", "SHIP_AMT", "TAX_AMT", "DISC_AMT", "TOT_AMT", "ORD_DAT"), str),
    **dict.fromkeys(("TKT_DT", "WOO_CREATED_DT"), _moment),
    **dict.fromkeys(("LINE_ITEMS_JSON", "ORDER_JSON"), _json),
    "WOO_CUST_ID": int,
}
"""The columns of an order's content, and how each is read from the page. A vanished order brings none of them."""


@dataclass(frozen=True, slots=True)
class _Decision:
    """What becomes of one order of a page."""

    outcome: str
    event: str | None = None
    state: str | None = None
    """The state it goes to, attempts and lease cleared; None leaves state, lease and attempts as they are."""
    action: str | None = None
    takes_content: bool = True
    """Whether the row takes over what came; False where it is the same, or older."""
    reason: str | None = None
    """None: where an event is written, the store's reason counts."""


_DECISIONS = {
    "absent": _Decision("skipped", takes_content=False, reason="not staged"),
    "new": _Decision("staged", "STAGED", "PENDING", "create"),
    "skip": _Decision("skipped", "SKIPPED", "SKIPPED"),
    "older": _Decision("unchanged", takes_content=False, reason="older than the version staged"),
    "same": _Decision("unchanged", takes_content=False),
    "note": _Decision("unchanged"),
    "adopt": _Decision("unchanged", reason="adopted"),
    "create": _Decision("restaged", "RESTAGED", "PENDING", "create"),
    "update": _Decision("restaged", "RESTAGED", "PENDING", "update"),
    "cancel": _Decision("cancel_staged", "CANCEL_STAGED", "PENDING", "cancel"),
    "hold": _Decision("restaged", "RESTAGED", "PENDING", "update"),
    "edited_back": _Decision("unchanged", "EDITED_BACK", "APPLIED", reason="edited back to what the ERP holds"),
    "aside": _Decision("set_aside", takes_content=False),
    "given_up": _Decision("unchanged", takes_content=False, reason="it can't be read, and was given up"),
}
READ_AGAIN = "it can be read again"
_MEANINGS = ("unpaid", "held", "ready", "done", "dead", "unknown")


@serves(StageOrders)
def stage_orders(session: Session, call: StageOrders) -> list[StagedResult]:
    """See `sql/procedures/sp_StageOrders.sql`."""
    orders, walk = _read(call)
    results = []
    for order in orders:
        staged = _existing(session, call, order["WOO_ORDER_ID"])
        if staged is not None and _is_another(order, staged):
            order |= {"UNREADABLE": 1, "STATUS_GROUP": "wait", "ERROR_CODE": "another_order"}
            order["STATUS_REASON"] = _another(order, staged)
        _stop_held(order, staged)
        name = _decide(session, order, staged)
        decision = _as_before(name, staged)
        staging_id = staged["STAGING_ID"] if staged else None
        if name == "aside":
            if not call.dry_run:
                staging_id = set_aside(session, call, order, staged)
        elif not call.dry_run:
            staging_id = _write(session, call, order, staged, name, decision)
        reason = decision.reason or (order["STATUS_REASON"] if decision.event or name == "aside" else None)
        results.append(StagedResult(order["WOO_ORDER_ID"], staging_id, decision.outcome, reason))
    if walk and not call.dry_run:
        _note_walk(session, call.store_id, walk)
    return results


def _read(call: StageOrders) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """Check the parameters and return the page, each order once (its latest version), and the walk."""
    orders, walk = _parsed(call.orders), _parsed(call.walk or "null")
    require(
        (call.store_id != "", "@STORE_ID is required."),
        (call.sync_id != "", "@SYNC_ID is required."),
        (isinstance(orders, list), "@ORDERS takes a JSON array."),
        (walk is None or (isinstance(walk, dict) and bool(walk.get("WALK_NAME"))), "@WALK takes a JSON object with WALK_NAME."),
    )
    require(
        (all(order.get("WOO_ORDER_ID") is not None for order in orders), "Every order needs WOO_ORDER_ID."),
        (
            all(_has_no_content(order) or order.get("STATUS_GROUP") in {"live", "wait", "dead"} for order in orders),
            "STATUS_GROUP takes live, wait, dead.",
        ),
        (
            all(order.get("STATUS_MEANING") in (None, *_MEANINGS) for order in orders if not order.get("VANISHED")),
            f"STATUS_MEANING takes {', '.join(_MEANINGS)}.",
        ),
        (all(_has_no_content(order) or order.get("CONTENT_HASH") for order in orders), "Every order needs CONTENT_HASH."),
        (
            all(not order.get("UNREADABLE") or order.get("STATUS_REASON") for order in orders),
            "An unreadable order needs STATUS_REASON.",
        ),
    )
    latest: dict[int, dict[str, Any]] = {}
    for order in orders:
        if _has_no_content(order):
            order["STATUS_GROUP"] = "dead" if order.get("VANISHED") else "wait"
        if order.get("VANISHED"):
            order["STATUS_MEANING"] = "dead"
        order["STATUS_REASON"] = _reason(order)
        known = latest.get(order["WOO_ORDER_ID"])
        if known is None or (order.get("WOO_MODIFIED_DT") or "") >= (known.get("WOO_MODIFIED_DT") or ""):
            latest.pop(order["WOO_ORDER_ID"], None)
            latest[order["WOO_ORDER_ID"]] = order
    return list(latest.values()), walk


def _has_no_content(order: dict[str, Any]) -> bool:
    """True of an order that vanished, or that can't be read."""
    return bool(order.get("VANISHED") or order.get("UNREADABLE"))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return ""


def _existing(session: Session, call: StageOrders, order_id: int) -> sqlite3.Row | None:
    return session.one(
        """
        SELECT staged.*, link.LINK_STATE
        FROM dbo.USER_ORDER_STAGING AS staged
        LEFT JOIN dbo.USER_ORDER_LINK AS link ON link.STORE_ID = staged.STORE_ID AND link.WOO_ORDER_ID = staged.WOO_ORDER_ID
        WHERE staged.STORE_ID = :store AND staged.WOO_ORDER_ID = :order_id AND staged.DUPLICATE_OF_ID IS NULL
        """,
        {"store": call.store_id, "order_id": order_id},
    )


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
    return customers and _moment(order["WOO_CREATED_DT"]) != to_database(staged["WOO_CREATED_DT"])


def _another(order: dict[str, Any], staged: sqlite3.Row) -> str:
    """Say that an id belongs to another order by now."""
    known, now = staged["WOO_CREATED_DT"], order.get("WOO_CREATED_DT")
    return (
        f"its id belongs to another order by now, created {_moment(now)[:19] if now else '?'} and not "
        f"{to_database(known)[:19] if known else '?'}, as after a restore of the shop. Its document stays as it is. If it is the "
        f"same order all the same: `syncctl stage --order-id {order['WOO_ORDER_ID']} --same-order`"
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
    if not (vanished or order.get("CONFIRMED")) and modified and known and _moment(modified) < to_database(known):
        return "older"
    if order.get("UNREADABLE"):
        no_news = not was_set_aside(staged) and given_up(session, staged, _moment(modified) if modified else None)
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


def _as_before(name: str, staged: sqlite3.Row | None) -> _Decision:
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


def _write(
    session: Session,
    call: StageOrders,
    order: dict[str, Any],
    staged: sqlite3.Row | None,
    decision_name: str,
    decision: _Decision,
) -> int | None:
    """Carry the decision out and return the row's staging id."""
    columns = _columns(session, call, order, staged, decision_name, decision)
    staging_id: int | None
    if staged is not None:
        staging_id = staged["STAGING_ID"]
        if "ORD_STATUS" in columns and "STATE" not in columns and staged["STATE"] == "SKIPPED" and order["STATUS_REASON"]:
            columns["STATE_REASON"] = order["STATUS_REASON"]
        changes = ", ".join(f"{name} = :{name}" for name in columns)
        session.run(f"UPDATE dbo.USER_ORDER_STAGING SET {changes} WHERE STAGING_ID = :id", {**columns, "id": staging_id})  # noqa: S608
    elif decision.state is not None:
        columns |= {"STORE_ID": call.store_id, "WOO_ORDER_ID": order["WOO_ORDER_ID"], "CREATED_BY": "syncctl"}
        columns["CREATED_DT"] = columns.pop("UPDATED_DT")
        names, marks = ", ".join(columns), ", ".join(f":{name}" for name in columns)
        staging_id = session.db.execute(f"INSERT INTO dbo.USER_ORDER_STAGING ({names}) VALUES ({marks})", columns).lastrowid  # noqa: S608
    else:
        return None
    if decision.state is not None:
        session.run(
            """
            UPDATE dbo.USER_ORDER_DEAD_LETTER SET DECISION = 'restaged', DECIDED_BY = :sync_id, DECIDED_DT = :now
            WHERE STAGING_ID = :id AND DECISION IS NULL
            """,
            {"sync_id": call.sync_id, "now": session.now, "id": staging_id},
        )
        _note_events(session, call, order, staged, staging_id, decision)
    return staging_id


def _columns(
    session: Session,
    call: StageOrders,
    order: dict[str, Any],
    staged: sqlite3.Row | None,
    decision_name: str,
    decision: _Decision,
) -> dict[str, Any]:
    """Return what the row gets."""
    columns: dict[str, Any] = {"LAST_SEEN_DT": session.now}
    vanished = bool(order.get("VANISHED"))
    if decision_name not in ("older", "given_up"):
        columns["STATUS_MEANING"] = order.get("STATUS_MEANING")
        columns["READ_MARK"] = order.get("READ_MARK")
        columns["ORDER_KEY"] = order.get("ORDER_KEY") or (staged["ORDER_KEY"] if staged is not None else None)
    if not vanished and decision_name not in ("older", "given_up"):
        columns["ORD_STATUS"] = order.get("ORD_STATUS")
        columns["WOO_MODIFIED_DT"] = _moment(order["WOO_MODIFIED_DT"]) if order.get("WOO_MODIFIED_DT") else None
    if decision.takes_content:
        columns |= {"STATUS_GROUP": order["STATUS_GROUP"], "BATCH_ID": call.sync_id}
        columns |= {"SOURCE_SYSTEM": call.source_system, "UPDATED_DT": session.now}
    if decision.takes_content and not vanished:
        columns |= {name: None if order.get(name) is None else read(order[name]) for name, read in _CONTENT.items()}
    if decision_name == "adopt":
        columns["APPLIED_HASH"] = order["CONTENT_HASH"]
    if decision.state is not None:
        if decision.reason != READ_AGAIN:
            told = decision.state == "SKIPPED" or decision.action == "cancel" or decision_name == "hold"
            columns["STATE_REASON"] = order["STATUS_REASON"] if told else None
        columns |= {
            "STATE": decision.state,
            "PENDING_ACTION": decision.action,
            "ATTEMPT_NO": 0,
            "NEXT_ATTEMPT_DT": None,
            "LEASE_OWNER": None,
            "LEASE_UNTIL_DT": None,
            "ERROR_CLASS": None,
            "VALIDATION_ERROR": None,
            "IS_VALIDATED": 0,
        }
    return columns


def _note_events(
    session: Session,
    call: StageOrders,
    order: dict[str, Any],
    staged: sqlite3.Row | None,
    staging_id: int | None,
    decision: _Decision,
) -> None:
    """Write the event of a decision, and one for each text that was cut or warned about."""
    message = decision.reason or order["STATUS_REASON"] or f"status {order.get('ORD_STATUS') or ''}"
    if staged is not None and staged["STATE"] == "CLAIMED":
        message += f"; taken from worker {staged['LEASE_OWNER']}, which held it for attempt {staged['ATTEMPT_NO']}"
    events = [(decision.event, message)]
    events += [("CUT", text) for text in order.get("CUTS") or ()]
    events += [("WARNING", text) for text in order.get("WARNINGS") or ()]
    session.db.executemany(
        """
        INSERT INTO dbo.USER_ORDER_EVENT (STORE_ID, WOO_ORDER_ID, STAGING_ID, EVENT_DT, EVENT_TYPE, SYNC_ID, MESSAGE)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
        [(call.store_id, order["WOO_ORDER_ID"], staging_id, session.now, event, call.sync_id, text) for event, text in events],
    )


def _note_walk(session: Session, store_id: str, walk: dict[str, Any]) -> None:
    """Write how far a walk has come; one that stands nowhere in particular has come to its end."""
    moments = {name: _moment(walk[name]) if walk.get(name) else None for name in ("WATERMARK_DT", "SINCE_DT", "UNTIL_DT")}
    session.run(
        """
        INSERT INTO dbo.USER_SYNC_WALK
            (STORE_ID, WALK_NAME, WATERMARK_DT, SINCE_DT, UNTIL_DT, LAST_ID, ROW_OFFSET, UPDATED_DT, FINISHED_DT)
        VALUES (:store, :name, :WATERMARK_DT, :SINCE_DT, :UNTIL_DT, :last_id, :row_offset, :now, :finished)
        ON CONFLICT (STORE_ID, WALK_NAME) DO UPDATE SET
            WATERMARK_DT = excluded.WATERMARK_DT, SINCE_DT = excluded.SINCE_DT, UNTIL_DT = excluded.UNTIL_DT,
            LAST_ID = excluded.LAST_ID, ROW_OFFSET = excluded.ROW_OFFSET, UPDATED_DT = excluded.UPDATED_DT,
            FINISHED_DT = COALESCE(excluded.FINISHED_DT, FINISHED_DT)
        """,
        {
            "store": store_id,
            "name": walk["WALK_NAME"],
            "last_id": walk.get("LAST_ID"),
            "row_offset": walk.get("ROW_OFFSET"),
            "now": session.now,
            "finished": session.now if moments["SINCE_DT"] is None else None,
            **moments,
        },
    )

"""What staging a page writes, on the embedded engine: gathered order by order, and written with a statement for each kind.

Every order of a page is there once, and what becomes of one depends on none of the others, so that nothing needs to be written
before all of them are decided. Moments are written here as text: the driver would ask for each of them again.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, field
from typing import Any

import msgspec

from syncctl.db.contract import StageOrders
from syncctl.db.embedded.engine import moment_text, to_database
from syncctl.db.embedded.registry import Session

READ_AGAIN = "it can be read again"


@dataclass(frozen=True, slots=True)
class Decision:
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


_AS_IT_IS = (
    *("WOO_ORDER_NO", "CUST_EMAIL", "PMT_METH", "TRANSACTION_ID", "SHIP_VIA", "CURRENCY", "CONTENT_HASH"),
    *("SHIP_NAM", "SHIP_ADRS_1", "SHIP_ADRS_2", "SHIP_CITY", "SHIP_STATE", "SHIP_ZIP_COD", "SHIP_CNTRY", "SHIP_PHONE"),
    *("SUBTOT", "SHIP_AMT", "TAX_AMT", "DISC_AMT", "TOT_AMT", "ORD_DAT", "WOO_CUST_ID"),
)
_MOMENTS = ("TKT_DT", "WOO_CREATED_DT")
_JSON = ("LINE_ITEMS_JSON", "ORDER_JSON")
"""The columns of an order's content, by how each is read from the page. A vanished order brings none of them."""
_TOLD = ("STATUS_MEANING", "READ_MARK", "ORD_STATUS", "STATUS_GROUP")
_NEW_ROW = (
    *("STAGING_ID", "STORE_ID", "WOO_ORDER_ID", "BATCH_ID", "SOURCE_SYSTEM", "CREATED_BY", "CREATED_DT", "LAST_SEEN_DT"),
    *("STATE", "PENDING_ACTION", "STATE_REASON", "ORDER_KEY", "WOO_MODIFIED_DT"),
    *_TOLD,
    *_AS_IT_IS,
    *_MOMENTS,
    *_JSON,
)
"""What a row gets that wasn't there; the other columns are as their defaults have them."""
_INSERT = f"INSERT INTO dbo.USER_ORDER_STAGING ({', '.join(_NEW_ROW)}) VALUES ({', '.join('?' * len(_NEW_ROW))})"  # noqa: S608


def json_text(value: Any) -> str | None:
    """Return the text of a part of the page that stays JSON."""
    if isinstance(value, msgspec.Raw):
        text = str(value, "utf-8")
        return None if text == "null" else text
    return None if value is None else json.dumps(value, ensure_ascii=False)


@dataclass(slots=True)
class PageWriter:
    """Gathers what becomes of the orders of a page, then writes it."""

    session: Session
    call: StageOrders
    _now: str = field(init=False)
    _next_id: int | None = None
    _inserts: list[tuple[Any, ...]] = field(default_factory=list)
    """Rows of `_NEW_ROW`."""
    _updates: dict[tuple[str, ...], list[tuple[Any, ...]]] = field(default_factory=dict)
    """Columns → rows; the last value of each is the row's STAGING_ID."""
    _decided: list[int] = field(default_factory=list)
    """Rows whose dead letter, if there is one, is settled by what came."""
    _events: list[tuple[Any, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._now = to_database(self.session.now)

    def add(self, order: dict[str, Any], staged: sqlite3.Row | None, name: str, decision: Decision) -> int | None:
        """Take an order in. Returns its staging id, which a new row will get; None where there is no row to be."""
        if staged is not None:
            columns = self._columns(order, staged, name, decision)
            staging_id: int = staged["STAGING_ID"]
            if "ORD_STATUS" in columns and "STATE" not in columns and staged["STATE"] == "SKIPPED" and order["STATUS_REASON"]:
                columns["STATE_REASON"] = order["STATUS_REASON"]
            self._updates.setdefault(tuple(columns), []).append((*columns.values(), staging_id))
            if decision.state is not None:
                self._decided.append(staging_id)
        elif decision.state is not None:
            staging_id = self._new_id()
            self._inserts.append(self._new_row(order, staging_id, decision))
        else:
            return None
        if decision.state is not None:
            self._note_events(order, staged, staging_id, decision)
        return staging_id

    def write(self) -> None:
        """Write what was taken in."""
        if self._inserts:
            self.session.many(_INSERT, self._inserts)
        for columns, rows in self._updates.items():
            changes = ", ".join(f"{column} = ?" for column in columns)
            self.session.many(f"UPDATE dbo.USER_ORDER_STAGING SET {changes} WHERE STAGING_ID = ?", rows)  # noqa: S608
        if self._decided:
            self.session.many(
                """
                UPDATE dbo.USER_ORDER_DEAD_LETTER SET DECISION = 'restaged', DECIDED_BY = ?, DECIDED_DT = ?
                WHERE STAGING_ID = ? AND DECISION IS NULL
                """,
                [(self.call.sync_id, self._now, staging_id) for staging_id in self._decided],
            )
        if self._events:
            self.session.many(
                """
                INSERT INTO dbo.USER_ORDER_EVENT (STORE_ID, WOO_ORDER_ID, STAGING_ID, EVENT_DT, EVENT_TYPE, SYNC_ID, MESSAGE)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
                self._events,
            )

    def _new_id(self) -> int:
        """Return the id that SQLite would give next: one above the highest there ever was."""
        if self._next_id is None:
            highest = self.session.one(
                """
                SELECT MAX(
                    COALESCE((SELECT MAX(seq) FROM dbo.sqlite_sequence WHERE name = 'USER_ORDER_STAGING'), 0),
                    COALESCE((SELECT MAX(STAGING_ID) FROM dbo.USER_ORDER_STAGING), 0)
                )
                """
            )
            assert highest is not None  # noqa: S101 - an aggregate
            self._next_id = int(highest[0])
        self._next_id += 1
        return self._next_id

    def _new_row(self, order: dict[str, Any], staging_id: int, decision: Decision) -> tuple[Any, ...]:
        """Return the row of an order that wasn't there; it has content."""
        get = order.get
        modified = get("WOO_MODIFIED_DT")
        return (
            *(staging_id, self.call.store_id, order["WOO_ORDER_ID"], self.call.sync_id, self.call.source_system, "syncctl"),
            *(self._now, self._now, decision.state, decision.action),
            order["STATUS_REASON"] if decision.state == "SKIPPED" else None,
            get("ORDER_KEY") or None,
            moment_text(modified) if modified else None,
            *map(get, _TOLD),
            *map(get, _AS_IT_IS),
            *[None if text is None else moment_text(text) for text in map(get, _MOMENTS)],
            *map(json_text, map(get, _JSON)),
        )

    def _columns(self, order: dict[str, Any], staged: sqlite3.Row, name: str, decision: Decision) -> dict[str, Any]:
        """Return what changes in the row."""
        columns: dict[str, Any] = {"LAST_SEEN_DT": self._now}
        vanished = bool(order.get("VANISHED"))
        if name not in ("older", "given_up"):
            columns["STATUS_MEANING"] = order.get("STATUS_MEANING")
            columns["READ_MARK"] = order.get("READ_MARK")
            columns["ORDER_KEY"] = order.get("ORDER_KEY") or staged["ORDER_KEY"]
            if not vanished:
                modified = order.get("WOO_MODIFIED_DT")
                columns["ORD_STATUS"] = order.get("ORD_STATUS")
                columns["WOO_MODIFIED_DT"] = moment_text(modified) if modified else None
        if decision.takes_content:
            columns["STATUS_GROUP"] = order["STATUS_GROUP"]
            columns["BATCH_ID"] = self.call.sync_id
            columns["SOURCE_SYSTEM"] = self.call.source_system
            columns["UPDATED_DT"] = self._now
            if not vanished:
                columns.update({column: order.get(column) for column in _AS_IT_IS})
                for column in _MOMENTS:
                    text = order.get(column)
                    columns[column] = None if text is None else moment_text(text)
                for column in _JSON:
                    columns[column] = json_text(order.get(column))
        if name == "adopt":
            columns["APPLIED_HASH"] = order["CONTENT_HASH"]
        if decision.state is not None:
            if decision.reason != READ_AGAIN:
                told = decision.state == "SKIPPED" or decision.action == "cancel" or name == "hold"
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

    def _note_events(self, order: dict[str, Any], staged: sqlite3.Row | None, staging_id: int, decision: Decision) -> None:
        """Note the event of a decision, and one for each text that was cut or warned about."""
        message = decision.reason or order["STATUS_REASON"] or f"status {order.get('ORD_STATUS') or ''}"
        if staged is not None and staged["STATE"] == "CLAIMED":
            message += f"; taken from worker {staged['LEASE_OWNER']}, which held it for attempt {staged['ATTEMPT_NO']}"
        store, order_id, sync = self.call.store_id, order["WOO_ORDER_ID"], self.call.sync_id
        self._events.append((store, order_id, staging_id, self._now, decision.event, sync, message))
        for event, texts in (("CUT", order.get("CUTS")), ("WARNING", order.get("WARNINGS"))):
            self._events += [(store, order_id, staging_id, self._now, event, sync, text) for text in texts or ()]

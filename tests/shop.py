"""A seeded ERP and the steps that bring an order into it, for tests that start where an order is already applied."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from syncctl.db.contract import (
    AppliedOrder,
    CancelOrderFromStaging,
    ClaimedOrder,
    ClaimStagedOrders,
    CreateOrderFromStaging,
    Database,
    SeedDemoErp,
    SetErpSetting,
    SetPayCodeMap,
    UpdateOrderFromStaging,
    ValidateStagedOrder,
)
from syncctl.services.seed import set_up
from tests.orders import order, stage

ITEMS = ("TEE-BLK", "MUG", "CAP", "POSTER")
TABLES = (
    "USER_ORDER_STAGING",
    "USER_ORDER_EVENT",
    "USER_ORDER_ATTEMPT",
    "USER_ORDER_DEAD_LETTER",
    "USER_STORE_OUTBOX",
    "USER_ORDER_LINK",
    "USER_ORDER_LINE_LINK",
    "USER_ORDER_PAYMENT",
    "USER_ORDER_PART",
    "USER_CUSTOMER_MAP",
    "USER_NUMBER_SERIES",
    "PS_DOC_HDR",
    "PS_DOC_HDR_TOT",
    "PS_DOC_LIN",
    "PS_DOC_LIN_PRICE",
    "PS_DOC_TAX",
    "PS_DOC_CONTACT",
    "PS_DOC_AUDIT_LOG",
    "PS_DOC_AUDIT_LOG_TOT",
    "PS_DOC_HDR_PROF",
    "PS_DOC_HDR_MISC_CHRG",
    "PS_DOC_NOTE",
    "PS_DOC_PMT",
    "PS_DOC_PMT_APPLY",
    "PS_DOC_HDR_ORIG_DOC",
    "PS_DOC_PKG_TRK_NO",
    "IM_INV",
    "AR_CUST",
    "AR_SHIP_ADRS",
)
"""Every table that a procedure on an order may write."""

BY_HAND = "0F8FAD5B-D9CB-469F-A165-70867728950E"
"""The GUID of what a person made."""

_ACTIONS = {"create": CreateOrderFromStaging, "update": UpdateOrderFromStaging, "cancel": CancelOrderFromStaging}


@dataclass(frozen=True)
class Line:
    """An ERP line, as far as tests compare it."""

    item_no: str
    quantity: Decimal
    price: Decimal
    total: Decimal
    gross: Decimal


class Shop:
    """A database with items, stock and two customers, and short ways to move orders through it."""

    def __init__(self, database: Database, query: Callable[..., list[Any]]) -> None:
        self.database = database
        self.query = query
        set_up(database)
        database.run(
            SeedDemoErp(
                items=json.dumps(
                    [{"ITEM_NO": item, "SKU": item, "DESCR": item, "PRC_1": "19.99", "QTY_ON_HND": "100"} for item in ITEMS]
                ),
                customers=json.dumps(
                    [
                        {"CUST_NO": "C100", "NAM": "Ada Lovelace", "EMAIL_ADRS_1": "ada@example.test", "WOO_USER_ID": 5},
                        {"CUST_NO": "C200", "NAM": "Grace Hopper", "EMAIL_ADRS_1": "grace@example.test", "WOO_USER_ID": 6},
                    ]
                ),
            )
        )

    def claim(self, worker_id: str = "worker") -> ClaimedOrder:
        """Claim the one order that waits, validating it first where that is needed."""
        [claimed] = self.claim_all(worker_id)
        return claimed

    def claim_all(self, worker_id: str = "worker") -> list[ClaimedOrder]:
        """Claim every order that waits, validating it first where that is needed."""
        taken = self.database.run(ClaimStagedOrders(worker_id=worker_id, batch_size=100))
        for claimed in taken:
            if claimed.pending_action != "cancel":
                found = self.database.run(
                    ValidateStagedOrder(staging_id=claimed.staging_id, worker_id=worker_id, attempt_no=claimed.attempt_no)
                )
                assert [row for row in found if row.severity == "error"] == []
        return taken

    def work(self, claimed: ClaimedOrder, worker_id: str = "worker") -> AppliedOrder:
        """Do what the claimed order waits for."""
        [applied] = self.database.run(
            _ACTIONS[claimed.pending_action](staging_id=claimed.staging_id, worker_id=worker_id, attempt_no=claimed.attempt_no)
        )
        return applied

    def apply(self, *lines: dict[str, Any], **columns: Any) -> AppliedOrder:
        """Stage order 4711 with this content, claim it and do what it waits for."""
        stage(self.database, order(4711, *lines, **columns))
        return self.work(self.claim())

    def stage_cancelled(self, *lines: dict[str, Any], **columns: Any) -> None:
        """Stage order 4711 as cancelled in the store."""
        dead = {"STATUS_GROUP": "dead", "ORD_STATUS": "cancelled", "STATUS_REASON": "cancelled"}
        stage(self.database, order(4711, *lines, **{**dead, **columns}))

    def cancel(self, *lines: dict[str, Any], **columns: Any) -> AppliedOrder:
        """Cancel order 4711 in the store and carry that into the ERP."""
        self.stage_cancelled(*lines, **columns)
        return self.work(self.claim())

    def one(self, sql: str, *parameters: Any) -> Any:
        """Return the only row of a query."""
        [row] = self.query(sql, parameters)
        return row

    def staged(self, order_id: int = 4711) -> Any:
        """Return an order's staging row."""
        return self.one("SELECT * FROM dbo.USER_ORDER_STAGING WHERE WOO_ORDER_ID = ?", order_id)

    def lines(self, doc_id: int | None) -> dict[int, Line]:
        """Return a document's lines by their number."""
        return {
            row["LIN_SEQ_NO"]: Line(row["ITEM_NO"], row["QTY_SOLD"], row["PRC"], row["EXT_PRC"], row["GROSS_EXT_PRC"])
            for row in self.query("SELECT * FROM dbo.PS_DOC_LIN WHERE DOC_ID = ? ORDER BY LIN_SEQ_NO", (doc_id,))
        }

    def totals(self, doc_id: int | None) -> Any:
        """Return a document's totals row."""
        return self.one("SELECT * FROM dbo.PS_DOC_HDR_TOT WHERE DOC_ID = ?", doc_id)

    def header(self, doc_id: int | None) -> Any:
        """Return a document's header."""
        return self.one("SELECT * FROM dbo.PS_DOC_HDR WHERE DOC_ID = ?", doc_id)

    def contact(self, doc_id: int | None, contact_id: int) -> Any:
        """Return a document's contact: 1 whom to bill, 2 where to ship."""
        return self.one("SELECT * FROM dbo.PS_DOC_CONTACT WHERE DOC_ID = ? AND CONTACT_ID = ?", doc_id, contact_id)

    def on_order(self) -> dict[str, Decimal]:
        """Return `QTY_ON_SO` of the items that have any."""
        rows = self.query("SELECT ITEM_NO, QTY_ON_SO FROM dbo.IM_INV ORDER BY ITEM_NO", ())
        return {row["ITEM_NO"]: row["QTY_ON_SO"] for row in rows if row["QTY_ON_SO"]}

    def outbox(self) -> list[Any]:
        """Return the messages to the store, oldest first."""
        return self.query("SELECT * FROM dbo.USER_STORE_OUTBOX ORDER BY OUTBOX_ID", ())

    def events(self) -> list[str]:
        """Return the types of an order's events, in order."""
        return [row["EVENT_TYPE"] for row in self.query("SELECT * FROM dbo.USER_ORDER_EVENT ORDER BY EVENT_ID", ())]

    def snapshot(self) -> dict[str, list[str]]:
        """Return every row of every table, to be compared with a later one."""
        return {
            table: sorted(repr([(key, row[key]) for key in row.keys()]) for row in self.query(f"SELECT * FROM dbo.{table}", ()))  # noqa: SIM118
            for table in TABLES
        }

    def ship(self, doc_id: int | None) -> None:
        """Release every line of a document, as the ERP does when it is shipped."""
        self.query("UPDATE dbo.PS_DOC_LIN SET QTY_SHIPPED = QTY_SOLD, QTY_TO_REL = 0 WHERE DOC_ID = ?", (doc_id,))
        self.query("UPDATE dbo.PS_DOC_HDR SET HAS_RLSD_LINS = 'Y' WHERE DOC_ID = ?", (doc_id,))

    def post(self, doc_id: int | None) -> None:
        """Take a document out of the open ones into the history, as posting it in the ERP does."""
        self.query(
            "INSERT INTO dbo.PS_ORD_HIST (DOC_ID, STR_ID, STA_ID, TKT_NO, CUST_NO, CUST_PO_NO, REF, TKT_DT)"
            " SELECT DOC_ID, STR_ID, STA_ID, TKT_NO, CUST_NO, CUST_PO_NO, REF, TKT_DT FROM dbo.PS_DOC_HDR WHERE DOC_ID = ?",
            (doc_id,),
        )
        self.query(
            "INSERT INTO dbo.PS_ORD_HIST_LIN (DOC_ID, LIN_SEQ_NO, ITEM_NO, ORIG_QTY, QTY_SOLD, EXT_PRC)"
            " SELECT DOC_ID, LIN_SEQ_NO, ITEM_NO, ORIG_QTY, QTY_SOLD, EXT_PRC FROM dbo.PS_DOC_LIN WHERE DOC_ID = ?",
            (doc_id,),
        )
        self.delete(doc_id)

    def delete(self, doc_id: int | None) -> None:
        """Delete a document, as a person in the ERP does."""
        for table in (
            *(
                name
                for name in TABLES
                if name.startswith("PS_DOC_") and name not in ("PS_DOC_PMT", "PS_DOC_PMT_APPLY", "PS_DOC_PKG_TRK_NO")
            ),
        ):
            self.query(f"DELETE FROM dbo.{table} WHERE DOC_ID = ?", (doc_id,))

    def add_line_by_hand(self, doc_id: int | None) -> None:
        """Add a line to a document, as a person in the ERP does (who lets the total follow, too)."""
        [line, *_] = self.query("SELECT * FROM dbo.PS_DOC_LIN WHERE DOC_ID = ? ORDER BY LIN_SEQ_NO", (doc_id,))
        amounts = dict.fromkeys(("PRC", "EXT_PRC", "GROSS_EXT_PRC", "CALC_EXT_PRC"), Decimal("5.00"))
        by_hand = {
            "LIN_SEQ_NO": 90,
            "ITEM_NO": "POSTER",
            "QTY_SOLD": Decimal("1.0000"),
            "QTY_SHIPPED": 0,
            "QTY_TO_REL": Decimal("1.0000"),
            "LIN_GUID": BY_HAND,
            **amounts,
        }
        self.copy_row("PS_DOC_LIN", line, by_hand)

    def copy_row(self, table: str, row: Any, changes: dict[str, Any]) -> None:
        """Write a row like another one, with some of its columns changed."""
        values = {**{column: row[column] for column in row.keys()}, **changes}  # noqa: SIM118
        marks = ", ".join("?" * len(values))
        self.query(f"INSERT INTO dbo.{table} ({', '.join(values)}) VALUES ({marks})", tuple(values.values()))

    def pay(self, doc_id: int | None, amount: str = "10.00") -> None:
        """Take a deposit on a document, as a person in the ERP does."""
        self.query(
            "INSERT INTO dbo.PS_DOC_PMT (DOC_ID, PMT_SEQ_NO, PAY_COD, PAY_COD_TYP, AMT, HOME_CURNCY_AMT, STR_ID, STA_ID, TKT_NO,"
            " FINAL_PMT, PMT_LIN_TYP, CURNCY_COD, EXCH_RATE_NUMER, EXCH_RATE_DENOM, EXCH_LOSS, ROUND_GAIN_LOSS,"
            " HOME_CURNCY_ROUND_GAIN_LOSS, CARD_IS_NEW, SECURE_ECOMM_TRX, SWIPED, DEP_LIN_COPIED_TO_REL_DOC, EDC_AUTH_FLG)"
            " SELECT DOC_ID, 7, 'CASH', 'B', ?, ?, STR_ID, STA_ID, TKT_NO, 'N', 'T', 'HOME', 1, 1, 0, 0, 0, 'N', 'N', 'N', 'N',"
            " 'O' FROM dbo.PS_DOC_HDR WHERE DOC_ID = ?",
            (amount, amount, doc_id),
        )
        self.query(
            "INSERT INTO dbo.PS_DOC_PMT_APPLY (DOC_ID, PMT_SEQ_NO, APPL_TYP, AMT, HOME_CURNCY_AMT, EXCH_LOSS)"
            " VALUES (?, 7, 'O', ?, ?, 0)",
            (doc_id, amount, amount),
        )
        totals = self.totals(doc_id)
        tendered, due = totals["TOT_TND"] + Decimal(amount), totals["AMT_DUE"] - Decimal(amount)
        self.query("UPDATE dbo.PS_DOC_HDR_TOT SET TOT_TND = ?, AMT_DUE = ? WHERE DOC_ID = ?", (tendered, due, doc_id))

    def paid_by(self, code: str = "WEB", *, method: str = "stripe", store: str = "*") -> None:
        """Let the site write payments, with this code for that method; the ERP knows the code."""
        self.setting("WRITE_PAYMENT", "Y")
        if code and not self.query("SELECT 1 FROM dbo.SY_PAY_COD WHERE PAY_COD = ?", (code,)):
            self.query("INSERT INTO dbo.SY_PAY_COD (PAY_COD, PAY_TYP, DESCR) VALUES (?, 'C', ?)", (code, f"Paid by {code}"))
        self.database.run(SetPayCodeMap(store_id=store, pmt_meth=method, pay_cod=code))

    def setting(self, name: str, value: str) -> None:
        """Change a site setting."""
        self.database.run(SetErpSetting(setting_name=name, value=value))

    def break_statement(self, table: str, statement: str) -> None:
        """From now on, every INSERT, UPDATE or DELETE (as named) on that table fails."""
        if self.database.engine == "embedded":
            body = f"BEFORE {statement} ON {table} BEGIN SELECT RAISE(ABORT, 'injected failure'); END"
        else:
            body = f"ON dbo.{table} AFTER {statement} AS THROW 50999, 'injected failure', 1;"
        self.query(f"CREATE TRIGGER dbo.injected {body}", ())

    def mend(self) -> None:
        """Take that failure out again."""
        self.query("DROP TRIGGER dbo.injected", ())

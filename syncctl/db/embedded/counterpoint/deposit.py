"""The ticket that carries an order's deposit for the books: written as the site's model shows it, following, taken away.

The twin of `sp_WriteOrderDeposit`, `sp_WriteDepositTicket`, `sp_RemoveDepositTicket` and `dbo.fn_CounterPointDeposit`.
"""

from __future__ import annotations

import sqlite3
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from syncctl.db.embedded.counterpoint.deposit_cells import COPIED
from syncctl.db.embedded.counterpoint.document import is_posted, next_number
from syncctl.db.embedded.counterpoint.lines import insert
from syncctl.db.embedded.counterpoint.site import local_time
from syncctl.db.embedded.erp import NOTHING, Settings
from syncctl.db.embedded.registry import Session
from syncctl.errors import ConfigError, Conflict

_REMOVED = (
    "PS_DOC_HDR_ORIG_DOC",
    "PS_DOC_CONTACT",
    "PS_DOC_AUDIT_LOG_TOT",
    "PS_DOC_AUDIT_LOG",
    "PS_DOC_PMT_APPLY",
    "PS_DOC_PMT",
    "PS_DOC_HDR_TOT",
    "PS_DOC_NOTE",
    "PS_DOC_HDR",
)


@dataclass(frozen=True, slots=True)
class Deposit:
    """An order's deposit ticket, and what the order's totals have of it. See `dbo.fn_CounterPointDeposit`."""

    doc_id: int
    tkt_no: str
    amount: Decimal
    booked: Decimal
    """The amount, with what people took or gave back since the books have it."""
    pay_code: str
    described: str | None
    """What its payment is called."""
    is_open: bool
    is_posted: bool
    is_whole: bool
    tendered: Decimal
    taken_off: Decimal

    @property
    def is_gone(self) -> bool:
        """True where a person voided or deleted the ticket."""
        return not self.is_open and not self.is_posted


def find_deposit(session: Session, doc_id: int) -> Deposit | None:
    """Return the deposit ticket of an order's document; None where it has none."""
    written = session.one(
        "SELECT * FROM dbo.USER_ORDER_PAYMENT WHERE DOC_ID = :doc AND DEPOSIT_DOC_ID IS NOT NULL", {"doc": doc_id}
    )
    if written is None:
        return None
    ticket = {"doc": written["DEPOSIT_DOC_ID"]}
    paid = session.all("SELECT AMT, PAY_COD FROM dbo.PS_DOC_PMT WHERE DOC_ID = :doc", ticket)
    others = session.all(
        "SELECT AMT FROM dbo.PS_DOC_PMT WHERE DOC_ID = :doc AND PMT_SEQ_NO <> :seq", {"doc": doc_id, "seq": written["PMT_SEQ_NO"]}
    )
    by_people = sum((row["AMT"] for row in others), NOTHING)
    applied = session.all("SELECT AMT FROM dbo.PS_DOC_PMT_APPLY WHERE DOC_ID = :doc", ticket)
    tendered = session.all("SELECT TOT_TND AS AMT FROM dbo.PS_DOC_HDR_TOT WHERE DOC_ID = :doc", ticket)
    as_written = [(row["AMT"], row["PAY_COD"]) for row in paid] == [(written["AMT"], written["PAY_COD"])] and {
        sum((row["AMT"] for row in rows), NOTHING) for rows in (applied, tendered)
    } == {written["AMT"]}
    header = session.one("SELECT DOC_TYP, TKT_TYP FROM dbo.PS_DOC_HDR WHERE DOC_ID = :doc", ticket)
    return Deposit(
        written["DEPOSIT_DOC_ID"],
        written["DEPOSIT_TKT_NO"],
        written["AMT"],
        written["AMT"] if written["BOOKED_AMT"] is None else written["BOOKED_AMT"],
        written["PAY_COD"],
        written["DESCR"],
        is_open=header is not None,
        is_posted=is_posted(session, written["DEPOSIT_DOC_ID"]),
        is_whole=as_written
        and _is_of_the_models_type(session, header)
        and session.one("SELECT 1 FROM dbo.PS_DOC_LIN WHERE DOC_ID = :doc", ticket) is None,
        tendered=(written["ON_ORDER_TND"] or NOTHING) + by_people,
        taken_off=(written["ON_ORDER_DUE"] or NOTHING) + by_people,
    )


def _is_of_the_models_type(session: Session, header: sqlite3.Row | None) -> bool:
    """Whether a ticket is still what its model is: how a till marks a void is published nowhere."""
    kinds = session.all(
        """
        SELECT COLUMN_NAME, VALUE FROM dbo.USER_DEPOSIT_MODEL
        WHERE PART = 'TICKET' AND TABLE_NAME = 'PS_DOC_HDR' AND COLUMN_NAME IN ('DOC_TYP', 'TKT_TYP') AND SOURCE = 'MODEL'
        """
    )
    return header is None or all(header[kind["COLUMN_NAME"]] == kind["VALUE"] for kind in kinds)


def require_no_former_deposit(session: Session, staged: sqlite3.Row, doc_id: int) -> None:
    """Raise Conflict where the deposit of a former document of the order still stands: another one would be the money twice."""
    former = session.one(
        """
        SELECT * FROM dbo.USER_ORDER_PAYMENT
        WHERE STORE_ID = :store AND WOO_ORDER_ID = :order AND DOC_ID <> :doc AND DEPOSIT_DOC_ID IS NOT NULL
        """,
        {"store": staged["STORE_ID"], "order": staged["WOO_ORDER_ID"], "doc": doc_id},
    )
    stands = find_deposit(session, former["DOC_ID"]) if former is not None else None
    if former is None or stands is None or stands.is_gone or (stands.is_posted and not stands.booked):
        return
    what = "is still open: void it at the till, then"
    if stands.is_posted:
        record = f"`syncctl dead-letter deposit {staged['STAGING_ID']} --given-back {stands.booked:.2f}`"
        what = f"is in the books: give it back at the till, then {record} and"
    raise Conflict(
        f"Order {staged['WOO_ORDER_NO']}: the deposit of {stands.booked:.2f} on ticket {stands.tkt_no}, which came with its"
        f" former document {former['DOC_ID']}, {what} `syncctl dead-letter retry {staged['STAGING_ID']}`.",
        code=50030,
    )


def write_deposit(
    session: Session, staged: sqlite3.Row, doc_id: int, amount: Decimal, code: dict[str, Any] | None, settings: Settings
) -> None:
    """Write the ticket of an order's deposit, let an open one follow, take it away where the amount is nothing.

    Raises:
        Conflict: the ticket is in the books, or gone, and the order wants another one.
        ConfigError: the site has no model of a deposit ticket.
    """
    amount = amount if code is not None else NOTHING
    stands = find_deposit(session, doc_id)
    same = stands is not None and stands.booked == amount and (code is None or stands.pay_code == code["PAY_COD"])
    described = stands is not None and code is not None and stands.described == code["DESCR"]
    if stands is not None and not stands.is_open:
        if stands.is_posted and same:
            return
        raise Conflict(_unfollowed(staged, stands, amount, code), code=50030)
    if stands is not None and same and described and _customer(session, stands.doc_id) == _customer(session, doc_id):
        return
    if code is not None and not session.one("SELECT 1 FROM dbo.USER_DEPOSIT_MODEL WHERE PART = 'TICKET'"):
        raise ConfigError(
            f"Order {staged['WOO_ORDER_NO']}: its deposit can't be written: there is no model of a deposit ticket"
            " (`syncctl config erp deposit-model TICKET`).",
            code=50041,
        )
    moment = _moment(session, staged, stands, doc_id, settings)
    remove_deposit(session, doc_id)
    session.run(
        "DELETE FROM dbo.USER_ORDER_PAYMENT WHERE STORE_ID = :store AND WOO_ORDER_ID = :order",
        {"store": staged["STORE_ID"], "order": staged["WOO_ORDER_ID"]},
    )
    if code is None:
        return
    _require_free_place(session, staged, doc_id, amount)
    numbers = (
        (stands.doc_id, stands.tkt_no)
        if stands is not None
        else (int(next_number(session, "DOC_ID")), next_number(session, "TKT_NO"))
    )
    _write_ticket(session, staged, doc_id, numbers, {**code, "AMT": amount}, moment, settings)
    on_order = {
        row["COLUMN_NAME"]: row
        for row in session.all(
            "SELECT * FROM dbo.USER_DEPOSIT_MODEL WHERE PART = 'ORDER' AND COLUMN_NAME IN ('PMT_SEQ_NO', 'TOT_TND', 'AMT_DUE')"
            " ORDER BY TABLE_NAME"
        )
        if row["COLUMN_NAME"] != "PMT_SEQ_NO" or row["TABLE_NAME"] == "PS_DOC_PMT"
    }

    def counts(column: str, source: str) -> Decimal:
        return amount if column in on_order and on_order[column]["SOURCE"] == source else Decimal("0.00")

    insert(
        session,
        "USER_ORDER_PAYMENT",
        {
            "STORE_ID": staged["STORE_ID"],
            "WOO_ORDER_ID": staged["WOO_ORDER_ID"],
            "DOC_ID": doc_id,
            "PMT_SEQ_NO": int(on_order["PMT_SEQ_NO"]["VALUE"]) if "PMT_SEQ_NO" in on_order else 0,
            "PAY_COD": code["PAY_COD"],
            "AMT": amount,
            "UPDATED_DT": session.now,
            "DEPOSIT_DOC_ID": numbers[0],
            "DEPOSIT_TKT_NO": numbers[1],
            "ON_ORDER_TND": counts("TOT_TND", "AMOUNT"),
            "ON_ORDER_DUE": counts("AMT_DUE", "REST"),
            "DESCR": code["DESCR"],
        },
    )
    _require_sums(session, staged, numbers, amount)


def _require_free_place(session: Session, staged: sqlite3.Row, doc_id: int, amount: Decimal) -> None:
    """Raise Conflict where a model that was read later wants a line on the order where a person's payment stands by now."""
    taken = session.one(
        """
        SELECT paid.PMT_SEQ_NO
        FROM dbo.USER_DEPOSIT_MODEL AS model
        INNER JOIN dbo.PS_DOC_PMT AS paid ON paid.DOC_ID = :doc AND paid.PMT_SEQ_NO = CAST(model.VALUE AS INTEGER)
        WHERE model.PART = 'ORDER' AND model.TABLE_NAME = 'PS_DOC_PMT' AND model.COLUMN_NAME = 'PMT_SEQ_NO'
        """,
        {"doc": doc_id},
    )
    if taken is not None:
        raise Conflict(
            f"Order {staged['WOO_ORDER_NO']}: its deposit of {amount:.2f} belongs on document {doc_id} as payment"
            f" {taken['PMT_SEQ_NO']}, and a person took one of that number: change the order and its deposit by hand, then"
            f" `syncctl dead-letter cancel {staged['STAGING_ID']} --reason …`.",
            code=50030,
        )


def _require_sums(session: Session, staged: sqlite3.Row, numbers: tuple[int, str], amount: Decimal) -> None:
    """Raise Conflict where the ticket's rows don't come to the deposit, which a trigger or an odd model brings about."""

    def total(column: str, table: str) -> Decimal:
        rows = session.all(f"SELECT {column} FROM dbo.{table} WHERE DOC_ID = :doc", {"doc": numbers[0]})  # noqa: S608  (constants)
        return sum((row[column] for row in rows), NOTHING)

    ticket = {"doc": numbers[0], "tkt": numbers[1]}
    header = session.one("SELECT 1 FROM dbo.PS_DOC_HDR WHERE DOC_ID = :doc AND TKT_NO = :tkt", ticket)
    sums = {total("AMT", "PS_DOC_PMT"), total("AMT", "PS_DOC_PMT_APPLY"), total("TOT_TND", "PS_DOC_HDR_TOT")}
    if header is None or sums != {amount}:
        raise Conflict(
            f"Order {staged['WOO_ORDER_NO']}: its deposit ticket would not agree with itself: payment, what it is applied to and"
            f" what is tendered don't come to {amount:.2f}. Nothing was written.",
            code=50030,
        )


def _unfollowed(staged: sqlite3.Row, stands: Deposit, amount: Decimal, code: dict[str, Any] | None) -> str:
    became = "is in the books" if stands.is_posted else "was voided or deleted by hand"
    done = f"--given-back {stands.booked - amount:.2f}"
    if code is None:
        wants = "has no payment any more: give it back at the till"
    elif amount > stands.booked:
        wants = f"is paid with {amount:.2f} now: take {amount - stands.booked:.2f} more at the till"
        done = f"--taken {amount - stands.booked:.2f}"
    elif amount < stands.booked:
        wants = f"is paid with {amount:.2f} now: give {stands.booked - amount:.2f} back at the till"
    else:
        wants, done = f"is paid by {code['PAY_COD']} now: correct that at the till", "--corrected"
    order = staged["STAGING_ID"]
    then = f", change the order by hand, then `syncctl dead-letter cancel {order} --reason …`."
    if stands.is_posted:
        then = f", then `syncctl dead-letter deposit {order} {done}` and `syncctl dead-letter retry {order}`."
    named = f"Order {staged['WOO_ORDER_NO']}: the deposit of {stands.booked:.2f} on ticket {stands.tkt_no}"
    return f"{named} {became}, and the order {wants}{then}"


def _customer(session: Session, doc_id: int) -> str:
    row = session.one("SELECT CUST_NO FROM dbo.PS_DOC_HDR WHERE DOC_ID = :doc", {"doc": doc_id})
    return str(row["CUST_NO"] or "") if row is not None else ""


def _moment(session: Session, staged: sqlite3.Row, stands: Deposit | None, doc_id: int, settings: Settings) -> datetime | None:
    """Return a ticket's date: its own where it follows, the order's where it comes with it, else that of today."""
    if stands is not None:
        row = session.one("SELECT TKT_DT FROM dbo.PS_DOC_HDR WHERE DOC_ID = :doc", {"doc": stands.doc_id})
        if row is not None and isinstance(row["TKT_DT"], datetime):
            return row["TKT_DT"]
    link = session.one(
        "SELECT DOC_ID FROM dbo.USER_ORDER_LINK WHERE STORE_ID = :store AND WOO_ORDER_ID = :order",
        {"store": staged["STORE_ID"], "order": staged["WOO_ORDER_ID"]},
    )
    if link is not None and link["DOC_ID"] == doc_id:
        return local_time(session.now, settings)
    came: datetime | None = staged["TKT_DT"]
    return came


def remove_deposit(session: Session, doc_id: int) -> None:
    """Delete an order's deposit ticket, and what the order itself has of the deposit; nothing where it has none."""
    written = session.one(
        "SELECT * FROM dbo.USER_ORDER_PAYMENT WHERE DOC_ID = :doc AND DEPOSIT_DOC_ID IS NOT NULL", {"doc": doc_id}
    )
    if written is None:
        return
    key = {"doc": doc_id, "seq": written["PMT_SEQ_NO"], "ticket": written["DEPOSIT_DOC_ID"]}
    session.run("DELETE FROM dbo.PS_DOC_PMT_APPLY WHERE DOC_ID = :doc AND PMT_SEQ_NO = :seq", key)
    session.run("DELETE FROM dbo.PS_DOC_PMT WHERE DOC_ID = :doc AND PMT_SEQ_NO = :seq", key)
    session.run("DELETE FROM dbo.PS_DOC_HDR_ORIG_DOC WHERE DOC_ID = :doc AND ORIG_DOC_ID = :ticket", key)
    for table in _REMOVED:
        session.run(f"DELETE FROM dbo.{table} WHERE DOC_ID = :ticket", key)  # noqa: S608  (constants)


def _write_ticket(
    session: Session,
    staged: sqlite3.Row,
    doc_id: int,
    numbers: tuple[int, str],
    payment: dict[str, Any],
    moment: datetime | None,
    settings: Settings,
) -> None:
    """Write the model's rows with this order's values. See `sp_WriteDepositTicket`."""
    own = _own_values(session, staged, doc_id, numbers, payment, moment, settings)
    kinds = {table: _kinds(session, table) for table in COPIED}
    rows: dict[tuple[str, str, int], dict[str, Any]] = {}
    for cell in session.all(
        "SELECT * FROM dbo.USER_DEPOSIT_MODEL WHERE PART IN ('TICKET', 'ORDER') ORDER BY PART, TABLE_NAME, ROW_NO, COLUMN_NAME"
    ):
        source, text = cell["SOURCE"], cell["VALUE"]
        kind = kinds.get(cell["TABLE_NAME"], {}).get(cell["COLUMN_NAME"])
        value = own.get(source)
        if value is None:
            value = _as_stored(kind, text)
        if value == 0 and kind == "DECIMAL_TEXT":
            value = Decimal("0.00")
        rows.setdefault((cell["PART"], cell["TABLE_NAME"], cell["ROW_NO"]), {})[cell["COLUMN_NAME"]] = value
    for table in COPIED:
        for (part, name, _), values in rows.items():
            if name == table and not (part == "ORDER" and table == "PS_DOC_HDR_TOT"):
                insert(session, table, values)
    wanted = [values["CONTACT_ID"] for (_, name, _), values in rows.items() if name == "PS_DOC_CONTACT"]
    for row in session.all("SELECT * FROM dbo.PS_DOC_CONTACT WHERE DOC_ID = :doc", {"doc": doc_id}):
        if str(row["CONTACT_ID"]) in wanted:
            insert(session, "PS_DOC_CONTACT", {**dict(row), "DOC_ID": numbers[0]})


def _own_values(
    session: Session,
    staged: sqlite3.Row,
    doc_id: int,
    numbers: tuple[int, str],
    payment: dict[str, Any],
    moment: datetime | None,
    settings: Settings,
) -> dict[str, Any]:
    """Return what each source stands for."""
    order = session.one("SELECT * FROM dbo.PS_DOC_HDR WHERE DOC_ID = :doc", {"doc": doc_id})
    assert order is not None  # noqa: S101  (the caller has written it)
    opened = session.one(
        "SELECT MAX(DRW_SESSION_ID) AS LAST_ID FROM dbo.PS_DRW_SESSION WHERE STR_ID = :str AND DRW_ID = :drw",
        {"str": order["STR_ID"], "drw": settings["DRW_ID"]},
    )
    return {
        "AMOUNT": payment["AMT"],
        "MINUS": -payment["AMT"],
        "NONE": 0,
        "TICKET_ID": numbers[0],
        "TICKET_NO": numbers[1],
        "TICKET_GUID": str(uuid.uuid4()),
        "ORDER_ID": doc_id,
        "ORDER_NO": order["TKT_NO"],
        "ORDER_GUID": order["DOC_GUID"],
        "NEW_GUID": str(uuid.uuid4()),
        "CUST_NO": order["CUST_NO"],
        "WEB_ORDER": staged["WOO_ORDER_NO"],
        "STR_ID": order["STR_ID"],
        "STA_ID": order["STA_ID"],
        "STK_LOC_ID": order["STK_LOC_ID"],
        "SESSION": opened["LAST_ID"] if opened is not None else None,
        **{name: settings.get(name) for name in ("DRW_ID", "USR_ID", "SLS_REP", "PRC_LOC_ID")},
        "SYNCCTL": "SYNCCTL",
        "DB_NAM": "embedded",
        "LOG_ENTRY": f"Entered the deposit of web order {staged['WOO_ORDER_NO']}",
        "PAY_COD": payment["PAY_COD"],
        "PAY_COD_TYP": payment["PAY_COD_TYP"],
        "PAY_DESCR": payment["DESCR"],
        "EDC_AUTH_FLG": payment["EDC_AUTH_FLG"],
        "DAY": moment and moment.replace(hour=0, minute=0, second=0, microsecond=0),
        "MOMENT": moment,
        "LOCAL": local_time(session.now, settings),
        "UTC": session.now,
    }


def _as_stored(kind: str | None, text: str | None) -> Any:
    """Return a model's value as a column of that kind takes it."""
    if text is None:
        return None
    if kind == "BIT":
        return int(text in ("1", "true"))
    if kind == "DATETIME_TEXT":
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    return Decimal(text) if kind == "DECIMAL_TEXT" else text


def _kinds(session: Session, table: str) -> dict[str, str]:
    """Return what each column holds, as it was declared."""
    rows = session.all("SELECT name AS NAME, type AS KIND FROM pragma_table_info(:table, 'dbo')", {"table": table})
    return {row["NAME"]: row["KIND"] for row in rows}

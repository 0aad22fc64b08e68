"""The payment that came with an order, on its CounterPoint document; the twin of `sp_WriteOrderPayment`."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from decimal import Decimal
from typing import Any

from syncctl.db.embedded.counterpoint.code_page import held
from syncctl.db.embedded.counterpoint.deposit import require_no_former_deposit, write_deposit
from syncctl.db.embedded.counterpoint.lines import insert
from syncctl.db.embedded.counterpoint.site import PAYMENT_TAKES
from syncctl.db.embedded.erp import Settings, pay_code
from syncctl.db.embedded.order_content import cents
from syncctl.db.embedded.registry import Session
from syncctl.errors import MappingError

NOTHING = Decimal("0.00")


def write_payment(session: Session, staged: sqlite3.Row, doc_id: int, settings: Settings, *, closed: bool = False) -> None:
    """Write the order's payment, let it follow the order, and take it off again where the order is closed or costs nothing.

    It stands on the order, or on a deposit ticket beside it, as the site wants. Only what `USER_ORDER_PAYMENT` tells of is ours;
    a document on which a person took one gets none.

    Raises:
        Conflict: a deposit's ticket is in the books, or gone, and the order wants another one.
        MappingError: the payment method has no pay code, the ERP has no such code, or the site wants what there is not.
    """
    wanted = settings.get("WRITE_PAYMENT") or "N"
    if wanted not in ("Y", "D", "N") and not closed:
        raise MappingError(f"The site setting WRITE_PAYMENT is {wanted!r}; it {PAYMENT_TAKES}", code=50040)
    require_no_former_deposit(session, staged, doc_id)
    order = {"store": staged["STORE_ID"], "order": staged["WOO_ORDER_ID"], "doc": doc_id}
    written = written_payment(session, order) or _payment_of_before(session, staged, order)
    amount = NOTHING if closed else cents(staged["TOT_AMT"] or NOTHING)
    if written is None and (wanted == "N" or session.one("SELECT 1 FROM dbo.PS_DOC_PMT WHERE DOC_ID = :doc", order)):
        amount = NOTHING
    code = _pay_code(session, staged, settings) if amount else None
    if _on_ticket(written, wanted):
        write_deposit(session, staged, doc_id, amount, code, settings)
        return
    number = {**order, "seq": written["PMT_SEQ_NO"] if written else 1}
    session.run("DELETE FROM dbo.USER_ORDER_PAYMENT WHERE STORE_ID = :store AND WOO_ORDER_ID = :order", order)
    if written is not None:
        session.run("DELETE FROM dbo.PS_DOC_PMT_APPLY WHERE DOC_ID = :doc AND PMT_SEQ_NO = :seq", number)
    if code is None:
        if written is not None:
            session.run("DELETE FROM dbo.PS_DOC_PMT WHERE DOC_ID = :doc AND PMT_SEQ_NO = :seq", number)
        return
    follows = {**code, "AMT": amount, "HOME_CURNCY_AMT": amount}
    if written is not None:
        columns = ", ".join(f"{column} = :{column}" for column in follows)
        session.run(
            f"UPDATE dbo.PS_DOC_PMT SET {columns} WHERE DOC_ID = :doc AND PMT_SEQ_NO = :seq",  # noqa: S608  (constants)
            {**number, **follows},
        )
    else:
        _insert(session, staged, number, follows)
    applied = {"APPL_TYP": settings["TOT_TYP"], "AMT": amount, "HOME_CURNCY_AMT": amount, "EXCH_LOSS": NOTHING}
    insert(session, "PS_DOC_PMT_APPLY", {"DOC_ID": doc_id, "PMT_SEQ_NO": number["seq"], **applied})
    session.run(
        """
        INSERT INTO dbo.USER_ORDER_PAYMENT (STORE_ID, WOO_ORDER_ID, DOC_ID, PMT_SEQ_NO, PAY_COD, AMT, UPDATED_DT)
        VALUES (:store, :order, :doc, :seq, :PAY_COD, :AMT, :now)
        """,
        {**number, **follows, "now": session.now},
    )


def _on_ticket(written: sqlite3.Row | None, wanted: str) -> bool:
    """Say whether the payment stands on a deposit ticket: as it was written, or where it is new as the site wants."""
    if written is None:
        return wanted == "D"
    return "DEPOSIT_DOC_ID" in written.keys() and written["DEPOSIT_DOC_ID"] is not None  # noqa: SIM118  (a row has no `in`)


def written_payment(session: Session, order: dict[str, Any]) -> sqlite3.Row | None:
    """Return what we wrote of a payment on an order's document, named by `store`, `order` and `doc`."""
    return session.one(
        "SELECT * FROM dbo.USER_ORDER_PAYMENT WHERE STORE_ID = :store AND WOO_ORDER_ID = :order AND DOC_ID = :doc", order
    )


def _payment_of_before(session: Session, staged: sqlite3.Row, order: dict[str, Any]) -> sqlite3.Row | None:
    """Return the payment of a version that remembered none and applied none to its document, if it is what would be written.

    One that a person takes at a till is applied to its document.
    """
    return session.one(
        """
        SELECT payment.PMT_SEQ_NO
        FROM dbo.PS_DOC_PMT AS payment
        INNER JOIN dbo.USER_ORDER_LINK AS linked ON linked.DOC_ID = payment.DOC_ID
        WHERE payment.DOC_ID = :doc AND payment.PMT_SEQ_NO = 1
        AND CAST(linked.TOT AS REAL) = CAST(payment.AMT AS REAL)
        AND payment.PAY_COD = :code
        AND substr(payment.PAY_DAT, 1, 10) = substr(:day, 1, 10)
        AND NOT EXISTS (SELECT 1 FROM dbo.PS_DOC_PMT_APPLY WHERE DOC_ID = :doc)
        AND NOT EXISTS (SELECT 1 FROM dbo.PS_DOC_PMT WHERE DOC_ID = :doc AND PMT_SEQ_NO <> 1)
        """,
        {**order, "code": pay_code(session, staged["STORE_ID"], staged["PMT_METH"]), "day": staged["TKT_DT"]},
    )


def _pay_code(session: Session, staged: sqlite3.Row, settings: Settings) -> dict[str, Any] | None:
    """Return the columns that say how the order was paid; None where its method isn't paid when it comes."""
    mapped = pay_code(session, staged["STORE_ID"], staged["PMT_METH"])
    if mapped is None:
        raise MappingError(
            f"Order {staged['WOO_ORDER_NO']}: payment method {staged['PMT_METH']!r} has no pay code. Name one:"
            " `syncctl map pay`, or set WRITE_PAYMENT to N.",
            code=50040,
        )
    if mapped == "":
        return None
    code = session.one("SELECT * FROM dbo.SY_PAY_COD WHERE PAY_COD = :code", {"code": mapped})
    if code is None:
        raise MappingError(
            f"Order {staged['WOO_ORDER_NO']}: the ERP has no pay code {mapped!r}, which payment method"
            f" {staged['PMT_METH']!r} stands for. Name another (`syncctl map pay`), or add the code to the ERP.",
            code=50040,
        )
    return {
        "PAY_COD": mapped,
        "PAY_COD_TYP": code["PAY_TYP"] or settings.get("PAY_COD_TYP"),
        "DESCR": held(staged["TRANSACTION_ID"] or "", 50) or code["DESCR"] or mapped,
        "EDC_AUTH_FLG": code["EDC_AUTH_FLG"] or "O",
    }


def _insert(session: Session, staged: sqlite3.Row, number: dict[str, Any], follows: dict[str, Any]) -> None:
    header = session.one("SELECT STR_ID, STA_ID, TKT_NO FROM dbo.PS_DOC_HDR WHERE DOC_ID = :doc", number)
    assert header is not None  # noqa: S101  (the caller has written it)
    day: datetime | None = staged["TKT_DT"]
    insert(
        session,
        "PS_DOC_PMT",
        {
            "DOC_ID": number["doc"],
            "PMT_SEQ_NO": number["seq"],
            "PAY_DAT": day and day.replace(hour=0, minute=0, second=0, microsecond=0),
            **{column: header[column] for column in ("STR_ID", "STA_ID", "TKT_NO")},
            **follows,
            "FINAL_PMT": "N",
            "PMT_LIN_TYP": "T",
            "CURNCY_COD": "HOME",
            **dict.fromkeys(("EXCH_RATE_NUMER", "EXCH_RATE_DENOM"), Decimal("1.0000")),
            **dict.fromkeys(("EXCH_LOSS", "ROUND_GAIN_LOSS", "HOME_CURNCY_ROUND_GAIN_LOSS"), NOTHING),
            **dict.fromkeys(("CARD_IS_NEW", "SECURE_ECOMM_TRX", "SWIPED", "DEP_LIN_COPIED_TO_REL_DOC"), "N"),
        },
    )

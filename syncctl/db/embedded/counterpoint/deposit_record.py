"""What a person took or gave back at the till for an order whose deposit is in the books; the twin of `sp_RecordDeposit`."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from typing import TYPE_CHECKING

from syncctl.db.embedded.counterpoint.deposit import find_deposit
from syncctl.db.embedded.erp import NOTHING, pay_code
from syncctl.db.embedded.order_content import cents
from syncctl.db.embedded.records import write_event
from syncctl.db.embedded.registry import Session, require
from syncctl.errors import NotFound, WrongState

if TYPE_CHECKING:
    from syncctl.db.contract import RecordDeposit, RecordedDeposit


def record_deposit(session: Session, call: RecordDeposit) -> list[RecordedDeposit]:
    """See `Erp.record_deposit`."""
    from syncctl.db.contract import RecordedDeposit  # of this command alone

    require(
        (call.taken == cents(call.taken), "@TAKEN is an amount of whole cents."),
        (call.decided_by != "", "@DECIDED_BY is required."),
    )
    taken = cents(call.taken)
    staged = session.one("SELECT * FROM dbo.USER_ORDER_STAGING WHERE STAGING_ID = :id", {"id": call.staging_id})
    if staged is None:
        raise NotFound(f"Staging id {call.staging_id} does not exist.", code=50004)
    named = f"Order {staged['WOO_ORDER_NO'] or staged['WOO_ORDER_ID']} (staging id {call.staging_id})"
    order = {"store": staged["STORE_ID"], "order": staged["WOO_ORDER_ID"]}
    written = session.one(
        "SELECT * FROM dbo.USER_ORDER_PAYMENT WHERE STORE_ID = :store AND WOO_ORDER_ID = :order AND DEPOSIT_DOC_ID IS NOT NULL",
        order,
    )
    deposit = find_deposit(session, written["DOC_ID"]) if written is not None else None
    if written is None or deposit is None or not deposit.is_posted:
        raise WrongState(f"{named} has no deposit that the books have: there is nothing to record.", code=50020)
    code = pay_code(session, staged["STORE_ID"], staged["PMT_METH"])
    wanted = _wanted(session, staged, written["DOC_ID"], code)
    if taken == 0 and code in (None, "", deposit.pay_code):
        known = f"the books have it as paid by {deposit.pay_code}, and the store says no other code"
        raise WrongState(f"{named}: {known}: there is nothing to record.", code=50020)
    after = deposit.booked + taken
    # All of it may be given back whatever the order wants, or all but the ticket's own amount: what was recorded and not done.
    if (taken > 0 and after > wanted) or (taken < 0 and after < wanted and after not in (0, deposit.amount)):
        raise WrongState(f"{named}: {_too_much(deposit.booked, wanted, taken)}", code=50020)
    pay_cod = str(code) if taken == 0 else deposit.pay_code
    if not call.dry_run:
        _keep(session, order, written, after, pay_cod)
        write_event(
            session, staged, "DEPOSIT_RECORDED", _story(call, deposit.tkt_no, after, f"{code} instead of {deposit.pay_code}")
        )
    return [RecordedDeposit(call.staging_id, deposit.tkt_no, deposit.booked, after, wanted, pay_cod)]


def _wanted(session: Session, staged: sqlite3.Row, doc_id: int, code: str | None) -> Decimal:
    """Return what the order is paid with; nothing where it is closed, or gets another document than the one that is gone."""
    if staged["PENDING_ACTION"] == "cancel" or staged["STATE"] == "CANCELLED" or code == "":
        return NOTHING
    document = session.one("SELECT 1 FROM dbo.PS_DOC_HDR WHERE DOC_ID = :doc", {"doc": doc_id})
    if staged["PENDING_ACTION"] == "create" and document is None:
        return NOTHING
    return cents(staged["TOT_AMT"] or NOTHING)


def _too_much(booked: Decimal, wanted: Decimal, taken: Decimal) -> str:
    have = f"the books have {booked:.2f} for it, and it wants {wanted:.2f}: there is "
    if booked == wanted:
        return f"{have}nothing to take or to give back."
    what = "to take" if wanted > booked else "to give back"
    return f"{have}{abs(wanted - booked):.2f} {what}, not {abs(taken):.2f} {'to take' if taken > 0 else 'to give back'}."


def _story(call: RecordDeposit, ticket: str, after: Decimal, codes: str) -> str:
    done = f"{abs(call.taken):.2f} {'taken' if call.taken > 0 else 'given back'}" if call.taken else f"paid by {codes}:"
    why = f": {call.reason}" if call.reason else ""
    return f"{done} at the till, says {call.decided_by}{why}. The books have {after:.2f} for it, ticket {ticket} included."


def _keep(session: Session, order: dict[str, str | int], written: sqlite3.Row, after: Decimal, pay_cod: str) -> None:
    """Keep it, and let count on the order what isn't there already as a payment that the till took on it."""
    by_people = session.all(
        "SELECT AMT FROM dbo.PS_DOC_PMT WHERE DOC_ID = :doc AND PMT_SEQ_NO <> :seq",
        {"doc": written["DOC_ID"], "seq": written["PMT_SEQ_NO"]},
    )
    on_order = after - sum((row["AMT"] for row in by_people), NOTHING)
    counted = {
        (row["COLUMN_NAME"], row["SOURCE"])
        for row in session.all("SELECT COLUMN_NAME, SOURCE FROM dbo.USER_DEPOSIT_MODEL WHERE PART = 'ORDER'")
    }
    session.run(
        """
        UPDATE dbo.USER_ORDER_PAYMENT
        SET BOOKED_AMT = :after, PAY_COD = :code, ON_ORDER_TND = :tendered, ON_ORDER_DUE = :due, UPDATED_DT = :now
        WHERE STORE_ID = :store AND WOO_ORDER_ID = :order
        """,
        {
            **order,
            "after": after,
            "code": pay_cod,
            "tendered": on_order if ("TOT_TND", "AMOUNT") in counted else Decimal("0.00"),
            "due": on_order if ("AMT_DUE", "REST") in counted else Decimal("0.00"),
            "now": session.now,
        },
    )

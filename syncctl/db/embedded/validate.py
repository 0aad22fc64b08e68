"""Validation on the embedded engine: everything that is wrong with a staged order, all at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from syncctl.db.contract import ProcessStagedOrder, ValidateStagedOrder, Violation
from syncctl.db.embedded.customers import resolve_customer
from syncctl.db.embedded.engine import NO_MOMENT
from syncctl.db.embedded.erp import Erp, Item, erp_of, item_of, pay_code, settings_of
from syncctl.db.embedded.order_content import Content, StagedLine, cents, read_content, unit_price
from syncctl.db.embedded.records import cut, write_event
from syncctl.db.embedded.registry import Session, require
from syncctl.db.embedded.twins import alike_number, duplicates, error, warning

SET_UP = "set_up"
"""The code of what is wrong with the site's set-up: it concerns every order, not one of them."""

_TOTALS = ("SUBTOT", "SHIP_AMT", "TAX_AMT", "DISC_AMT", "TOT_AMT")
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_THREE_DECIMALS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
"""Currencies whose smallest coin is a thousandth."""
_HIGHEST_PRICE = Decimal("99999999999.99995")
"""From here on a price rounds to more than decimal(15,4) holds."""
_HIGHEST_SUM = Decimal("9999999999999.995")
"""From here on a sum rounds to more than decimal(15,2) holds."""


Rules = ValidateStagedOrder | ProcessStagedOrder
"""The calls that carry the rules."""


def require_rules(call: Rules, *checks: tuple[bool, str]) -> None:
    """Raise BadArgument for everything that is wrong with the rules, and what else is checked with them."""
    require(
        (call.unknown_customer in ("review", "create", "guest"), "@UNKNOWN_CUSTOMER takes review, create, guest."),
        (call.price_check in ("off", "warning", "error"), "@PRICE_CHECK takes off, warning, error."),
        (call.erp_currency != "", "@ERP_CURRENCY is required."),
        (call.price_tolerance is None or 0 <= call.price_tolerance <= 1, "@PRICE_TOLERANCE takes 0 to 1."),
        *checks,
    )


def check_order(session: Session, call: Rules, staged: sqlite3.Row, *, notes: bool = True) -> list[Violation]:
    """Find everything that is wrong with an order and with `notes` note it on its row. See `sql/procedures/sp_CheckOrder.sql`."""
    if staged["PENDING_ACTION"] not in ("create", "update"):
        return []
    if staged["IS_APPLIED"] and staged["STATUS_GROUP"] == "wait" and staged["STATUS_MEANING"] == "held":
        cust_no, violations = staged["CUST_NO"], [_held(staged)]
    else:
        cust_no, violations = _found(session, call, staged)
    if notes:
        _write(session, staged, cust_no, violations)
    return violations


def _found(session: Session, call: Rules, staged: sqlite3.Row) -> tuple[str | None, list[Violation]]:
    """Return the order's customer in the ERP, where there is one, and what is wrong with it."""
    erp = erp_of(session)
    content = read_content(staged)
    cust_no, whose = resolve_customer(session, erp, staged, content)
    if cust_no is None and whose is None and call.unknown_customer == "guest":
        cust_no = call.guest_cust_no or None
    lines = [(line, item_of(session, erp, staged, line) if line.sold else None) for line in content.lines]
    violations = [
        *duplicates(session, staged),
        *_header(session, call, staged, content),
        *_customer(session, erp, call, staged, cust_no, whose),
        *(violation for line, item in lines for violation in _line(call, line, item)),
        *_stock(session, erp, staged, content),
        *_amounts(staged, content),
        *_total(staged, content),
        *_sums(lines),
        *_letters(erp, staged, content),
        *alike_number(session, erp, staged, content),
        *_unpaid(session, erp, staged),
    ]
    return cust_no, violations


def _held(staged: sqlite3.Row) -> Violation:
    """Say that the store holds the order. Nothing else matters then: nothing of it goes into its document."""
    return error(
        "held",
        "ORD_STATUS",
        staged["ORD_STATUS"],
        f"{cut(staged['STATE_REASON'] or 'The store holds the order', 250)}. Its document is left as it is. Decide in the store: "
        "once the order is ready again it goes on by itself. To leave it so: "
        f"`syncctl dead-letter cancel {staged['STAGING_ID']} --reason …`.",
    )


def _header(session: Session, call: Rules, staged: sqlite3.Row, content: Content) -> Iterator[Violation]:
    for field in ("WOO_ORDER_NO", "CURRENCY", "TOT_AMT", "TKT_DT"):
        if staged[field] in (None, ""):
            yield error("missing_field", field, None, f"{field} is missing. Correct the order in the store, or its staging row.")
    for field in _TOTALS:
        # What an amount's column can't hold on SQL Server reads as none here: it must not pass for 0.
        if staged[field] is None and (there := _written(session, staged, field)):
            yield error("amount", field, there, f"{field} is no amount. Correct the order in the store, or its staging row.")
    if not content.lines and not content.charges:
        yield error("missing_field", "LINES", None, "The order has neither lines nor charges. Correct or cancel it in the store.")
    ticket = staged["TKT_DT"]
    if ticket == NO_MOMENT:
        said = "The order's date is none. Correct it in the store, or its staging row."
        yield error("invalid_date", "TKT_DT", _written(session, staged, "TKT_DT"), said)
    elif ticket is not None and not _EARLIEST <= ticket <= session.now + timedelta(days=1):
        yield error(
            "invalid_date",
            "TKT_DT",
            ticket.replace(tzinfo=None).isoformat(" ", "seconds"),
            "The order's date lies before 2000 or in the future. Check the store's clock and time zone.",
        )
    currency = staged["CURRENCY"]
    if currency and currency.upper() != call.erp_currency.upper():
        yield error(
            "currency",
            "CURRENCY",
            currency,
            f"The order is in {currency}, the ERP keeps its books in {call.erp_currency}. Enter it in the ERP by hand.",
        )


def _written(session: Session, staged: sqlite3.Row, column: str) -> str | None:
    """Return what is written in a column that makes no sense: as an expression it is text, whatever the column's type."""
    row = session.one(
        f"SELECT {column} || '' AS WRITTEN FROM dbo.USER_ORDER_STAGING WHERE STAGING_ID = :id",  # noqa: S608
        {"id": staged["STAGING_ID"]},
    )
    return row["WRITTEN"] if row is not None else None


def _customer(
    session: Session, erp: Erp, call: Rules, staged: sqlite3.Row, cust_no: str | None, whose: str | None
) -> Iterator[Violation]:
    email = staged["CUST_EMAIL"] or ""
    if whose is not None:
        yield error("ambiguous_customer", "CUST_NO", email.strip() or staged["WOO_CUST_ID"], whose)
        return
    if cust_no is not None:
        if erp.customer_no(session, cust_no) is None:
            yield error(
                "unknown_customer",
                "CUST_NO",
                cust_no,
                f"Customer {cust_no} is not in the ERP. Correct it (`syncctl map customer`) or the guest customer, or add it in"
                " the ERP.",
            )
    elif call.unknown_customer == "guest":
        yield error("unknown_customer", "CUST_NO", None, "No guest customer is set. Name one with SYNCCTL_GUEST_CUST_NO.")
    elif call.unknown_customer == "review":
        yield error(
            "unknown_customer",
            "CUST_NO",
            email or staged["WOO_CUST_ID"],
            "The ERP has no customer for this order. Name it (`syncctl map customer`), or add the e-mail to the customer in the "
            "ERP; or let SYNCCTL_UNKNOWN_CUSTOMER be create or guest.",
        )
    elif not email.strip():
        yield error(
            "missing_field", "CUST_EMAIL", None, "A customer can't be made without an e-mail address. Add it in the store."
        )
    if cust_no is None and call.unknown_customer == "create" and (problem := erp.new_customer_problem(session)):
        yield error(SET_UP, "CUST_NO", None, problem)


def _line(call: Rules, line: StagedLine, item: Item | None) -> Iterator[Violation]:
    field = f"LINE_ITEMS[{line.line_id}]"
    if not line.sold:
        if line.subtotal == 0 and line.total == 0:
            yield warning("quantity", f"{field}.QTY", _plain(line.quantity), "Quantity 0 and no amount: the line is left out.")
        else:
            yield error(
                "quantity",
                f"{field}.QTY",
                _plain(line.quantity),
                f"Quantity {_plain(line.quantity)} with an amount of {cents(line.total)}. Correct the line in the store.",
            )
        return
    if item is None and not line.sku:
        said = f"Line '{cut(line.descr, 250)}' has no SKU. Give the product one in the store, or enter the order by hand."
        yield error("missing_sku", f"{field}.SKU", line.descr or None, said)
        return
    if item is None:
        yield error(
            "unknown_sku",
            f"{field}.SKU",
            line.sku,
            f"The ERP has no item for SKU {line.sku}. Add the item, or name one: `syncctl map item`.",
        )
        return
    if large := _too_large(line, item):
        said = f"Item {item.item_no}: {large}"
        yield error("too_large", f"{field}.QTY", _plain(line.quantity), said)
        return
    if call.price_check == "off":
        return
    price = item.list_price
    if price is not None and _differs(line, price, call.price_tolerance or Decimal(0)):
        violation = error if call.price_check == "error" else warning
        unit = unit_price(line.subtotal, line.quantity)
        yield violation(
            "price",
            f"{field}.PRC",
            unit,
            f"Item {item.item_no} costs {price:.4f} in the ERP, {unit} in the store. Align the two prices.",
        )


def _too_large(line: StagedLine, item: Item) -> str | None:
    """Say what of a line no column of a document holds: a price of eleven digits before the point, or a cost of thirteen."""
    quantity = _plain(line.quantity)
    if max(abs(line.total), abs(line.subtotal)) / line.quantity >= _HIGHEST_PRICE:
        return f"for a quantity of {quantity} the amount makes a price that the ERP can't hold. Correct the line in the store."
    if abs(line.quantity * item.cost) >= _HIGHEST_SUM:
        return (
            f"a quantity of {quantity} has a cost that the ERP can't hold. Correct the line in the store, or the item's cost in "
            "the ERP."
        )
    return None


def _sums(lines: Sequence[tuple[StagedLine, Item | None]]) -> Iterator[Violation]:
    """Say it where lines that fit one by one come to more than a document's totals hold."""
    costs = [cost for line, item in lines if item is not None and abs(cost := line.quantity * item.cost) < _HIGHEST_SUM]
    gross = sum((line.subtotal for line, _ in lines if line.sold), Decimal(0))
    if sum(costs, Decimal(0)) >= _HIGHEST_SUM or abs(gross) >= _HIGHEST_SUM:
        said = "The costs or prices of its lines come to more than the ERP can hold. Correct the quantities in the store."
        yield error("too_large", "LINES", None, said)


def _stock(session: Session, erp: Erp, staged: sqlite3.Row, content: Content) -> Iterator[Violation]:
    for short in erp.short_items(session, staged, content):
        said = f"Item {short.item_no}: {short.quantity:.4f} ordered, {short.available:.4f} available in the ERP."
        yield warning("stock", f"LINE_ITEMS[{short.line_id}].QTY", f"{short.quantity:.4f}", said)


def _plain(quantity: Decimal) -> str:
    """Write a whole quantity without a point, any other with its four decimals."""
    return str(int(quantity)) if quantity == int(quantity) else f"{quantity:.4f}"


def _differs(line: StagedLine, price: Decimal, tolerance: Decimal) -> bool:
    """Compare for the whole line, where a store rounds: half a cent for each piece, at most one cent, is rounding."""
    expected = price * line.quantity
    rounding = min(Decimal("0.005") * line.quantity, Decimal("0.01"))
    return abs(line.subtotal - expected) > tolerance * expected + rounding


def _amounts(staged: sqlite3.Row, content: Content) -> Iterator[Violation]:
    """Name amounts that two decimals can't hold. Where the smallest coin is a thousandth, no third decimal is a tax's noise."""
    found = [("TOT_AMT", staged["TOT_AMT"])]
    if (staged["CURRENCY"] or "").upper() in _THREE_DECIMALS:
        found.append(("TAX_AMT", staged["TAX_AMT"]))
        for line in content.lines:
            field = f"LINE_ITEMS[{line.line_id}]"
            found += [(f"{field}.SUBTOT_AMT", line.subtotal), (f"{field}.TOT_AMT", line.total)]
        found += [(f"CHARGES[{place}].AMT", charge.amount) for place, charge in enumerate(content.charges, start=1)]
    for field, amount in found:
        if amount is not None and amount != cents(amount):
            yield error(
                "amount",
                field,
                f"{amount:.4f}",
                f"A document takes two decimals, {amount:.4f} would be cut. Enter the order in the ERP by hand,"
                " or correct the amount in the store.",
            )


def _total(staged: sqlite3.Row, content: Content) -> Iterator[Violation]:
    if staged["TOT_AMT"] is None:
        return
    parts = sum((cents(line.total) for line in content.lines), Decimal(0)) + sum(
        (cents(item.amount) for item in content.charges), Decimal(0)
    )
    parts += cents(staged["TAX_AMT"] or Decimal(0))
    total = cents(staged["TOT_AMT"])
    if parts != total and total == staged["TOT_AMT"]:
        yield error(
            "total",
            "TOT_AMT",
            total,
            f"Lines, charges and tax come to {parts}, the order's total is {total}. Correct it in the store.",
        )


def _letters(erp: Erp, staged: sqlite3.Row, content: Content) -> Iterator[Violation]:
    texts = list(erp.lossy_texts(staged, content))
    for held in (held for held in texts if held.lost):
        yield warning(
            "letters",
            held.field,
            held.text,
            f"{erp.name} can't hold {held.lost} here: its code page lacks them. The document's note keeps the text whole.",
        )
    for held in (held for held in texts if held.cut_to):
        yield warning(
            "cut",
            held.field,
            held.text,
            f"{erp.name} takes {held.cut_to} letters here: the text is cut. The document's note keeps it whole.",
        )


def _unpaid(session: Session, erp: Erp, staged: sqlite3.Row) -> Iterator[Violation]:
    """Tell of an order that comes unpaid and that its document would show as paid: a pay code is for the whole total."""
    unpaid = staged["STATUS_MEANING"] == "unpaid" or staged["ORD_STATUS"] == "partially_paid"
    if not (unpaid and staged["TOT_AMT"]) or settings_of(session).get("WRITE_PAYMENT") not in ("Y", "D"):
        return
    code = pay_code(session, staged["STORE_ID"], staged["PMT_METH"])
    if code:
        said = (
            f"The order isn't paid whole, and {erp.name} would have it as paid: its payment method {staged['PMT_METH']} has the "
            f"pay code {code}. Give the method an empty one, and key the payment when it comes."
        )
        yield warning("unpaid", "ORD_STATUS", staged["ORD_STATUS"], said)


def _write(session: Session, staged: sqlite3.Row, cust_no: str | None, violations: list[Violation]) -> None:
    errors = [violation for violation in violations if violation.severity == "error"]
    session.run(
        """
        UPDATE dbo.USER_ORDER_STAGING
        SET IS_VALIDATED = :valid, VALIDATED_DT = :now, VALIDATION_ERROR = :error, CUST_NO = :cust_no, UPDATED_DT = :now
        WHERE STAGING_ID = :id
        """,
        {
            "id": staged["STAGING_ID"],
            "valid": not errors,
            "now": session.now,
            "error": cut("; ".join(violation.message for violation in errors), 500) or None,
            "cust_no": cust_no,
        },
    )
    codes = ", ".join(f"{violation.code} {violation.field}" for violation in violations)
    write_event(session, staged, "INVALID" if errors else "VALIDATED", codes or None)

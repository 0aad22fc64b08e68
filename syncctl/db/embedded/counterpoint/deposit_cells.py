"""The cells of a deposit ticket that a person keyed, and what tells of each where it comes from on other tickets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from syncctl.db.embedded.erp import NOTHING

COPIED = (
    "PS_DOC_HDR",
    "PS_DOC_HDR_TOT",
    "PS_DOC_PMT",
    "PS_DOC_PMT_APPLY",
    "PS_DOC_AUDIT_LOG",
    "PS_DOC_AUDIT_LOG_TOT",
    "PS_DOC_HDR_ORIG_DOC",
)
"""Tables whose rows are written cell by cell, in that order."""
WRITTEN = frozenset({*COPIED, "PS_DOC_CONTACT"})
"""Tables that a ticket has rows in; contacts are the order's."""
MAY_BE_EMPTY = ("EMPTY", "CUST_NO", "SLS_REP", "PRC_LOC_ID", "STK_LOC_ID", "PAY_DESCR")
"""Sources that a new order may have nothing for."""
_LONG = 6
"""Letters from which on an id or number is told in a column of any name."""
_SUMS = ("PS_DOC_HDR_TOT", "PS_DOC_AUDIT_LOG_TOT", "PS_DOC_PMT_APPLY")
_NEVER = {
    "PS_DOC_PMT": re.compile(r"SIG_.*|CARD_NO.*|CR_CARD.*|.*EXP_DAT.*|.*AUTH_COD.*|CHK_.*|EDC_.*"),
    "PS_DOC_HDR": re.compile(r".*NAM|.*EMAIL.*|.*PHONE.*|.*ADRS.*"),
}
"""Signatures, cards and people, which are nobody else's."""
_BY_NAME = {
    "TIMES_PRTD": "NONE",
    "SLS_REP": "SLS_REP",
    "LOG_ENTRY": "LOG_ENTRY",
    "CURR_DB_NAM": "DB_NAM",
}
_OF_PAYMENT = {"PAY_COD": "PAY_COD", "PAY_COD_TYP": "PAY_COD_TYP", "EDC_AUTH_FLG": "EDC_AUTH_FLG", "DESCR": "PAY_DESCR"}
_BY_ENDING = (
    (re.compile(r"STK_LOC_ID"), "STK_LOC_ID"),
    (re.compile(r"PRC_LOC_ID"), "PRC_LOC_ID"),
    (re.compile(r".*SESSION_ID"), "SESSION"),
    (re.compile(r".*STR_ID"), "STR_ID"),
    (re.compile(r".*STA_ID"), "STA_ID"),
    (re.compile(r".*DRW_ID"), "DRW_ID"),
    (re.compile(r"LST_MAINT_USR_ID|.*WKSTN_NAM"), "SYNCCTL"),
    (re.compile(r".*USR_ID"), "USR_ID"),
)
_DATE = re.compile(r"2\d{3}-[01]\d-[0-3]\d.*")


@dataclass(slots=True)
class Cell:
    """One column of one row. `amount` is its value where it is a number and no key; `source` says where others come from."""

    part: str
    table: str
    row_no: int
    column: str
    value: str | None
    is_text: bool
    amount: Decimal | None
    source: str = ""


@dataclass(slots=True)
class Document:
    """An open document, as far as the pair is told apart by it."""

    doc_id: int
    tkt_no: str
    doc_typ: str
    guid: str


@dataclass(slots=True)
class Model:
    """The pair that is read, and the amounts by which its cells are told apart."""

    ticket: Document
    order: Document | None
    cells: list[Cell]
    amount: Decimal = NOTHING
    moment: str | None = None
    total: Decimal | None = None
    tendered: Decimal | None = None
    due: Decimal | None = None

    def of(self, part: str, table: str, column: str | None = None) -> list[Cell]:
        """Return the cells of one of the two documents in a table, of one column or all."""
        return [cell for cell in self.cells if cell.part == part and cell.table == table and column in (None, cell.column)]

    def rows(self, part: str, table: str) -> int:
        """Count the rows that one of the two documents has in a table."""
        return len({cell.row_no for cell in self.of(part, table)})

    def sum_of(self, part: str, table: str, column: str) -> Decimal | None:
        """Add up a column of one of the two documents; None where it has no amount there."""
        found = [cell.amount for cell in self.of(part, table, column) if cell.amount is not None]
        return sum(found, NOTHING) if found else None


def names_an_id(cell: Cell) -> bool:
    """Whether a cell may be a document's id: by its column's name, or for its length."""
    return bool(cell.value) and (cell.column.endswith("DOC_ID") or len(cell.value or "") >= _LONG)


def names_a_number(cell: Cell) -> bool:
    """Whether a cell may be a document's number: by its column's name, or for its length."""
    named = cell.column.endswith("NO") or cell.column == "REF" or len(cell.value or "") >= _LONG
    return cell.is_text and cell.column != "CUST_NO" and named


def tell_apart(model: Model) -> None:
    """Keep the cells that are written, and say of each where it comes from."""
    first = {(cell.table, cell.row_no) for cell in model.cells if cell.column == "LOG_SEQ_NO" and cell.value == "1"}
    model.cells = [
        cell
        for cell in model.cells
        if cell.table in WRITTEN
        and (not cell.table.startswith("PS_DOC_AUDIT_LOG") or (cell.table, cell.row_no) in first)
        and (cell.table != "PS_DOC_CONTACT" or cell.column == "CONTACT_ID")
    ]
    for cell in model.cells:
        cell.source = _identity(cell, model) or _named(cell) or _measured(cell, model)


def _identity(cell: Cell, model: Model) -> str | None:
    """Say whose key a cell is, where it is one."""
    ticket, order = model.ticket, model.order
    if names_an_id(cell):
        if cell.value == str(ticket.doc_id):
            return "TICKET_ID"
        if order is not None and cell.value == str(order.doc_id):
            return "ORDER_ID"
    if cell.column.endswith("DOC_ID") and cell.value not in (None, "", "0"):
        return "STRANGER"
    if cell.column.endswith("GUID") and cell.value:
        if cell.value.upper() == ticket.guid:
            return "TICKET_GUID"
        return "ORDER_GUID" if order is not None and cell.value.upper() == order.guid else "NEW_GUID"
    if cell.column == "CUST_NO":
        return "CUST_NO"
    if names_a_number(cell):
        if cell.value == ticket.tkt_no:
            return "TICKET_NO"
        if order is not None and cell.value == order.tkt_no:
            return "ORDER_NO"
    return None


def _named(cell: Cell) -> str | None:
    """Say what a cell is by its column's name; None where that says nothing."""
    if (cell.table == "PS_DOC_HDR" and cell.column == "REF") or (cell.column == "CUST_PO_NO" and cell.value):
        return "WEB_ORDER"
    if cell.column in _BY_NAME:
        return _BY_NAME[cell.column]
    if cell.table == "PS_DOC_PMT" and cell.column in _OF_PAYMENT:
        return _OF_PAYMENT[cell.column]
    if not cell.value:
        return "MODEL"
    for ending, source in _BY_ENDING:
        if ending.fullmatch(cell.column):
            return source
    never = _NEVER.get(cell.table)
    if never is not None and cell.is_text and len(cell.value) > 1 and never.fullmatch(cell.column):
        return "EMPTY"
    return None


def _measured(cell: Cell, model: Model) -> str:
    """Say what a cell is by its value: a date, the amount, or the model's own."""
    if cell.is_text and "_D" in cell.column and cell.value is not None and _DATE.fullmatch(cell.value):
        if "UTC" in cell.column:
            return "UTC"
        if cell.value == model.moment:
            return "MOMENT"
        return "DAY" if len(cell.value) <= len("2026-01-01") or cell.value[11:19] == "00:00:00" else "LOCAL"
    amount = cell.amount
    if not amount:
        return "MODEL"
    if abs(amount) == model.amount:
        return "AMOUNT" if amount > 0 else "MINUS"
    if cell.table in _SUMS:
        if model.total is None:
            return "STRANGER"
        return "AMOUNT" if amount == model.total else "NONE" if amount == model.total - model.amount else "STRANGER"
    return "MODEL" if amount == amount.to_integral_value() else "STRANGER"

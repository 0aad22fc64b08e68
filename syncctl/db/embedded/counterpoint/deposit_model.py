"""What a deposit ticket of this site looks like, read from one that a person keyed; the twin of `sp_SetDepositModel`."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from syncctl.db.embedded.counterpoint.deposit_cells import (
    MAY_BE_EMPTY,
    WRITTEN,
    Cell,
    Document,
    Model,
    names_a_number,
    names_an_id,
    tell_apart,
)
from syncctl.db.embedded.counterpoint.read import rows_of, tables_of_documents
from syncctl.db.embedded.erp import NOTHING, settings_of
from syncctl.db.embedded.registry import Session
from syncctl.errors import BadArgument, NotFound

if TYPE_CHECKING:
    from syncctl.db.contract import ModelCell, SetDepositModel

_LEFT_OUT = frozenset({"PS_DOC_NOTE", "PS_DOC_HDR_PROF", "PS_DOC_TAX", "PS_DOC_HDR_MISC_CHRG"})
"""Tables whose rows a ticket may have, and that are not written: notes, profile, and nothing of tax and charges."""
_OF_ORDER = ("PS_DOC_HDR", "PS_DOC_HDR_TOT", "PS_DOC_PMT", "PS_DOC_PMT_APPLY", "PS_DOC_HDR_ORIG_DOC")


def model_problem(session: Session) -> str | None:
    """Say what keeps deposit tickets from being written; None where nothing does. See `dbo.fn_DepositModelProblem`."""
    if not settings_of(session).get("DEPOSIT_MODEL") or not session.one(
        "SELECT 1 FROM dbo.USER_DEPOSIT_MODEL WHERE PART = 'TICKET' AND TABLE_NAME = 'PS_DOC_HDR'"
    ):
        return "none was read yet"
    return None


def set_deposit_model(session: Session, call: SetDepositModel) -> list[ModelCell]:
    """See `Erp.set_deposit_model`."""
    from syncctl.db.contract import ModelCell  # of this command alone

    ticket = _ticket(session, call.number)
    order = _order(session, call.order_number) if call.order_number is not None else None
    _require_theirs(session, ticket, order)
    cells = _read(session, "TICKET", ticket.doc_id, None)
    order = order or _named_order(session, ticket, cells)
    if order is not None:
        cells += _read(session, "ORDER", order.doc_id, _OF_ORDER)
    settings = settings_of(session)
    model = Model(ticket, order, cells)
    _measure(model, settings["TOT_TYP"])
    problem = _problem(model, settings["DOC_TYP"], settings["TOT_TYP"]) or _odd_rows(model)
    tell_apart(model)
    problem = problem or _stranger(model) or _unfilled(session, model)
    if problem:
        raise BadArgument(f"Document {ticket.doc_id} ({ticket.tkt_no}) is no model for deposits: {problem}.", code=50001)
    model.cells.sort(key=lambda cell: (cell.part != "TICKET", cell.table, cell.row_no, cell.column))
    if not call.dry_run:
        _keep(session, model)
    return [
        ModelCell(
            doc_id=ticket.doc_id,
            tkt_no=ticket.tkt_no,
            order_doc_id=order.doc_id if order is not None else None,
            order_tkt_no=order.tkt_no if order is not None else None,
            part=cell.part,
            table_name=cell.table,
            row_no=cell.row_no,
            column_name=cell.column,
            source=cell.source,
            value=cell.value if cell.source != "SESSION" else None,
        )
        for cell in model.cells
    ]


def _document(row: sqlite3.Row) -> Document:
    return Document(row["DOC_ID"], row["TKT_NO"], row["DOC_TYP"], str(row["DOC_GUID"]).upper())


def _open(session: Session, number: str) -> Document | None:
    row = session.one(
        "SELECT * FROM dbo.PS_DOC_HDR WHERE TKT_NO = :number OR DOC_ID = :id ORDER BY TKT_NO <> :number, DOC_ID LIMIT 1",
        _asked(number),
    )
    return None if row is None else _document(row)


def _asked(number: str) -> dict[str, str | int | None]:
    return {"number": number, "id": int(number) if number.isascii() and number.isdecimal() and len(number) < 19 else None}


def _ticket(session: Session, number: str) -> Document:
    found = _open(session, number)
    if found is not None:
        return found
    posted = session.one(
        "SELECT 1 FROM dbo.PS_TKT_HIST WHERE TKT_NO = :number UNION ALL SELECT 1 FROM dbo.PS_TKT_HIST WHERE DOC_ID = :id",
        _asked(number),
    )
    raise NotFound(
        f"The ERP has no open document {number}{': that ticket is posted, and its rows are gone' if posted else ''}."
        " Key an order with a deposit at the till, and name its ticket before it is posted.",
        code=50004,
    )


def _order(session: Session, number: str) -> Document:
    found = _open(session, number)
    if found is None:
        raise NotFound(f"The ERP has no open document {number}. Give the ticket number or DOC_ID of the order.", code=50004)
    return found


def _require_theirs(session: Session, ticket: Document, order: Document | None) -> None:
    for document in (ticket, order):
        if document is not None and session.one(
            """
            SELECT 1 FROM dbo.USER_ORDER_LINK WHERE DOC_ID = :doc
            UNION ALL SELECT 1 FROM dbo.USER_ORDER_PAYMENT WHERE DEPOSIT_DOC_ID = :doc
            """,
            {"doc": document.doc_id},
        ):
            raise BadArgument(
                "syncctl wrote that document. A deposit ticket is written like one that a person keyed at the till.", code=50001
            )


def _read(session: Session, part: str, doc_id: int, only: tuple[str, ...] | None) -> list[Cell]:
    cells = []
    for table, key in tables_of_documents(session).items():
        if only is not None and table not in only:
            continue
        for row_no, row in enumerate(rows_of(session, table, key, doc_id), start=1):
            cells += [_cell(part, table, row_no, column.upper(), value) for column, value in row.items()]
    return cells


def _cell(part: str, table: str, row_no: int, column: str, value: object) -> Cell:
    amount = None
    if isinstance(value, bool):
        text: str | None = "true" if value else "false"
    elif isinstance(value, datetime):
        text = value.replace(tzinfo=None).isoformat(timespec="milliseconds").removesuffix(".000")
    else:
        text = None if value is None else str(value)
    if isinstance(value, int | Decimal) and not isinstance(value, bool) and not column.endswith(("DOC_ID", "_NO")):
        amount = Decimal(value)
    return Cell(part, table, row_no, column, text, isinstance(value, str | datetime), amount)


def _named_order(session: Session, ticket: Document, cells: list[Cell]) -> Document | None:
    """Return the open order that the ticket names, by its id before its number."""
    links = [cell for cell in cells if cell.table in _OF_ORDER and cell.value]
    keys = [
        *(("DOC_ID", cell.value) for cell in links if names_an_id(cell) and not cell.is_text),
        *(("TKT_NO", cell.value) for cell in links if names_a_number(cell)),
    ]
    for column in ("DOC_ID", "TKT_NO"):
        found = [
            row
            for name, value in keys
            if name == column
            for row in session.all(
                f"""
                SELECT header.* FROM dbo.PS_DOC_HDR AS header
                INNER JOIN dbo.USER_ERP_SETTING AS setting ON setting.NAME = 'DOC_TYP' AND setting.VALUE = header.DOC_TYP
                WHERE header.{column} = :value
                """,  # noqa: S608  (constants)
                {"value": value},
            )
            if row["DOC_ID"] != ticket.doc_id
        ]
        if found:
            return _document(min(found, key=lambda row: int(row["DOC_ID"])))
    return None


def _measure(model: Model, tot_typ: str | None) -> None:
    paid = [cell.amount for cell in model.of("TICKET", "PS_DOC_PMT", "AMT") if cell.amount is not None]
    model.amount = max(paid, default=NOTHING)
    model.moment = next((cell.value for cell in model.of("TICKET", "PS_DOC_HDR", "TKT_DT")), None)
    for kind in model.of("ORDER", "PS_DOC_HDR_TOT", "TOT_TYP"):
        if kind.value == tot_typ:
            row = {cell.column: cell.amount for cell in model.of("ORDER", "PS_DOC_HDR_TOT") if cell.row_no == kind.row_no}
            model.total, model.tendered, model.due = row.get("TOT"), row.get("TOT_TND"), row.get("AMT_DUE")


def _problem(model: Model, order_typ: str | None, tot_typ: str | None) -> str | None:
    """Say why the pair is no ticket of a deposit and its order, in the order of the T-SQL twin."""
    ticket, order, amount = model.ticket, model.order, model.amount
    if ticket.doc_typ == order_typ:
        return f"it is an order (DOC_TYP {ticket.doc_typ}): name the ticket that the till made beside it"
    if any(cell.value == "Y" for cell in model.of("TICKET", "PS_DOC_HDR", "IS_REL_TKT")):
        return "it is the ticket of a release (IS_REL_TKT), not of a deposit"
    if model.of("TICKET", "PS_DOC_LIN"):
        return "it has lines: the ticket of a deposit has none"
    if (payments := model.rows("TICKET", "PS_DOC_PMT")) != 1:
        return f"it has {payments} payments; it must have one"
    if not model.of("TICKET", "PS_DOC_HDR_TOT"):
        return "it has no totals row"
    if amount <= 0:
        return "its payment has no amount"
    if amount == amount.to_integral_value():
        return f"its payment of {amount:.2f} has no cents, so that a count could be taken for it: key one of an odd amount"
    if (applied := model.sum_of("TICKET", "PS_DOC_PMT_APPLY", "AMT")) != amount:
        return f"its payment is {amount:.2f}, and {applied or NOTHING:.2f} of that is applied"
    if (tendered := model.sum_of("TICKET", "PS_DOC_HDR_TOT", "TOT_TND")) != amount:
        return f"its payment is {amount:.2f}, and its totals say {tendered or NOTHING:.2f} tendered"
    return None if order is None else _order_problem(model, order, order_typ, tot_typ)


def _order_problem(model: Model, order: Document, order_typ: str | None, tot_typ: str | None) -> str | None:
    amount = model.amount
    if order.doc_typ != order_typ:
        return f"document {order.tkt_no} beside it is no order (DOC_TYP {order.doc_typ})"
    if model.total is None or model.tendered is None or model.due is None:
        return f"its order {order.tkt_no} has no totals row of type {tot_typ}"
    if (payments := model.rows("ORDER", "PS_DOC_PMT")) > 1:
        return f"its order {order.tkt_no} has {payments} payments; it may have one"
    if model.sum_of("ORDER", "PS_DOC_PMT", "AMT") not in (None, amount):
        return f"its order {order.tkt_no} has a payment of another amount"
    if model.tendered not in (0, amount):
        return f"its order {order.tkt_no} has {model.tendered:.2f} tendered, neither nothing nor the deposit"
    if model.due not in (model.total, model.total - amount):
        return f"of its order {order.tkt_no} {model.due:.2f} is due, neither the total nor what the deposit leaves of it"
    return None


def _odd_rows(model: Model) -> str | None:
    """Say which rows of the ticket would be missing."""
    unknown = sorted({cell.table for cell in model.cells if cell.part == "TICKET"} - WRITTEN - _LEFT_OUT)
    if unknown:
        return f"it has rows in {unknown[0]}, which syncctl does not write"
    amounts = sorted(
        (cell.table, cell.row_no, cell.column)
        for cell in model.cells
        if cell.table in ("PS_DOC_TAX", "PS_DOC_HDR_MISC_CHRG") and cell.amount
    )
    return f"it has an amount in {amounts[0][0]}.{amounts[0][2]}" if amounts else None


def _stranger(model: Model) -> str | None:
    """Say what of the pair can't be written; what is left of the order is what tells of the deposit."""
    ours = {
        cell.column
        for cell in model.of("ORDER", "PS_DOC_HDR")
        if cell.source in ("TICKET_ID", "TICKET_NO") and cell.column not in ("DOC_ID", "TKT_NO")
    }
    model.cells = [cell for cell in model.cells if cell.part != "ORDER" or cell.table not in ("PS_DOC_HDR", "PS_DOC_HDR_TOT")]
    if ours:
        return f"its order names it in PS_DOC_HDR.{min(ours)}, which syncctl does not write"
    if model.order is not None:
        told = {
            "TOT_TND": "AMOUNT" if model.tendered == model.amount else "NONE",
            "AMT_DUE": "TOTAL" if model.due == model.total else "REST",
        }
        for column, source in told.items():
            model.cells.append(Cell("ORDER", "PS_DOC_HDR_TOT", 1, column, None, is_text=False, amount=None, source=source))
    advice = ": name its order, too (--order)" if model.order is None else ""
    strangers = [cell for cell in model.cells if cell.source == "STRANGER"]
    for cell in sorted(strangers, key=lambda cell: (cell.part != "TICKET", cell.table, cell.row_no, cell.column)):
        if cell.column.endswith("DOC_ID"):
            return (
                f"{cell.table}.{cell.column} names document {cell.value}, which is neither the ticket nor an open order{advice}"
            )
        return f"{cell.table}.{cell.column} is {cell.value}, neither the deposit nor nothing{advice}"
    return None


def _unfilled(session: Session, model: Model) -> str | None:
    """Let columns that take no NULL have something where the new order has nothing; say which can't.

    See `dbo.fn_CounterPointRequired`.
    """
    unfilled = set()
    required = {table: _required(session, table) for table in {cell.table for cell in model.cells}}
    for cell in model.cells:
        if cell.source in ("MODEL", "SESSION"):
            continue
        nothing = required[cell.table].get(cell.column)
        cell.value = nothing if cell.source in MAY_BE_EMPTY else None
        if cell.source == "EMPTY" and cell.value is None and cell.column in required[cell.table]:
            unfilled.add(f"{cell.table}.{cell.column}")
    if not unfilled:
        return None
    return (
        f"what it has in {', '.join(sorted(unfilled))} is never copied, and nothing else can go there. Give a value"
        " (`syncctl config erp column TABLE.COLUMN VALUE`), deploy (`syncctl db deploy`), and read it again"
    )


def _required(session: Session, table: str) -> dict[str, str | None]:
    """Return a table's columns that take no NULL, each with nothing as its kind has it; None where its kind has none."""
    rows = session.all("SELECT name, type FROM pragma_table_info(:table, 'dbo') WHERE [notnull] = 1", {"table": table})
    nothing = {"TEXT": "", "INTEGER": "0", "DECIMAL_TEXT": "0", "BIT": "0"}
    return {str(row["name"]).upper(): nothing.get(row["type"]) for row in rows}


def _keep(session: Session, model: Model) -> None:
    session.run("DELETE FROM dbo.USER_DEPOSIT_MODEL")
    for cell in model.cells:
        session.run(
            """
            INSERT INTO dbo.USER_DEPOSIT_MODEL (PART, TABLE_NAME, ROW_NO, COLUMN_NAME, SOURCE, VALUE)
            VALUES (:part, :table, :row, :column, :source, :value)
            """,
            {
                "part": cell.part,
                "table": cell.table,
                "row": cell.row_no,
                "column": cell.column,
                "source": cell.source,
                "value": cell.value,
            },
        )
    session.run("UPDATE dbo.USER_ERP_SETTING SET VALUE = :doc WHERE NAME = 'DEPOSIT_MODEL'", {"doc": str(model.ticket.doc_id)})

"""The document port: what an ERP must offer, and the one that this database belongs to.

An order's life is written once, in `apply.py`; an ERP only knows how a document looks in its own tables. Each is a folder beside
this module, and a line in `ERPS`. The T-SQL twin of a port is a folder under `sql/erp/`, with the procedures and functions that
have `Erp` in their names.
"""

from __future__ import annotations

import sqlite3
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, Protocol

from syncctl.db.embedded.order_content import Content, StagedLine
from syncctl.db.embedded.registry import Session
from syncctl.errors import ConfigError

if TYPE_CHECKING:
    from syncctl.db.contract import (
        AuditFinding,
        DocumentPart,
        GetErpDocument,
        ImportedSetting,
        ImportErpSettings,
        MissingSetting,
        ModelCell,
        NumberSeries,
        RecordDeposit,
        RecordedDeposit,
        SeedCount,
        SeedDemoErp,
        SetDepositModel,
        SetNumberSeries,
    )

Settings = Mapping[str, str | None]
Texts = sqlite3.Row | Mapping[str, str | None]
NOTHING = Decimal(0)
CUSTOMER_WIDTH = 15
"""Letters of a customer's number on our side."""
ERPS = {"counterpoint": "syncctl.db.embedded.counterpoint", "rms": "syncctl.db.embedded.rms"}
"""An ERP's name → the package whose `ERP` is its port, and whose `schema.sql` makes its tables. The first is the default."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document's two numbers."""

    doc_id: int
    tkt_no: str


@dataclass(frozen=True, slots=True)
class DocumentState:
    """A linked document, and in `reasons` everything that forbids to change it from here (empty: nothing does)."""

    found: bool
    paid: Decimal = NOTHING
    """Payments that people took on the document; the one that came with the order is none of them."""
    payments: int = 0
    """How many people took."""
    booked: Decimal | None = None
    """The deposit that came with the order, where its ticket is in the books."""
    booked_on: str = ""
    """That ticket's number."""
    parcels: int = 0
    reasons: tuple[str, ...] = ()


class Item(NamedTuple):
    """What a SKU is in the ERP: its item, the list price there (None where it has none), and what one of it costs."""

    item_no: str
    list_price: Decimal | None
    cost: Decimal


class HeldText(NamedTuple):
    """A text of an order that the ERP's column can't hold whole."""

    field: str
    text: str
    lost: str
    """Letters that the column's code page lacks."""
    cut_to: int | None = None
    """The column's width, where the text is longer."""


class CustomerField(NamedTuple):
    """A field of a customer in the ERP. Fields of one part (name, address, telephone, e-mail) are changed together."""

    part: str
    name: str
    wanted: str
    """What it would hold of what the store says, as its column holds it."""
    there: str


class ShortItem(NamedTuple):
    """An item of which fewer are available than an order wants; `line_id` is the first line that wants it."""

    line_id: int
    item_no: str
    quantity: Decimal
    available: Decimal


class StockLevel(NamedTuple):
    """How many of an item the ERP has for the web."""

    on_hand: Decimal | None
    held: Decimal | None
    """By open documents. None, of either: no amount that makes sense."""
    is_counted: bool
    """Whether stock is kept of it at all."""
    is_active: bool


class Price(NamedTuple):
    """What the ERP asks for an item on the web. Moments are UTC."""

    regular: Decimal | None
    """None where it has no price."""
    sale: Decimal | None
    sale_from: datetime | None
    sale_to: datetime | None
    tax_rate: Decimal | None
    """As a fraction; None where the ERP doesn't say it."""
    includes_tax: bool
    is_active: bool


class ChangedRow(NamedTuple):
    """A row of the ERP that removing a document changes."""

    table: str
    key: str
    change: str


class Erp(Protocol):
    """The port. Everything happens inside the caller's transaction; only `create_document` and its like write."""

    name: str
    """What people call it, in notes and messages."""

    def find_item(self, session: Session, known: str | None, sku: str) -> Item | None:
        """Return the item that is known by its number, else the one of that SKU; None where there is none."""
        ...

    def short_items(self, session: Session, staged: sqlite3.Row, content: Content) -> Iterable[ShortItem]:
        """Return the items of an order of which too few are available, where the site wants to know."""
        ...

    def stock(self, session: Session, settings: Settings, item_no: str) -> StockLevel | None:
        """Return how many of an item there are for the web, by the site's settings; None where there is no such item."""
        ...

    def price(self, session: Session, settings: Settings, item_no: str) -> Price | None:
        """Return what an item costs on the web, by the site's settings; None where there is no such item."""
        ...

    def items(self, session: Session) -> list[tuple[str, str | None]]:
        """Return the numbers and descriptions of the items that the ERP sells."""
        ...

    def find_customers(self, session: Session, email: str) -> list[str]:
        """Return all of the ERP's own customers with this e-mail address, by number."""
        ...

    def is_fitting(self, session: Session, cust_no: str, content: Content) -> bool:
        """Say whether a customer's name and postcode in the ERP are those of the content's billing address."""
        ...

    def find_namesakes(self, session: Session, content: Content) -> list[str]:
        """Return all customers of the ERP whose name and postcode are those of the content's billing address, by number."""
        ...

    def customer_fields(self, session: Session, cust_no: str, email: str, content: Content) -> list[CustomerField]:
        """Return what a customer's fields hold, and what they would hold of the content's billing address and the e-mail.

        What the store doesn't say is wanted empty, and without an address all of its fields are.
        """
        ...

    def change_customer(self, session: Session, cust_no: str, fields: Collection[str], email: str, content: Content) -> None:
        """Write these fields of a customer, as `customer_fields` wants them."""
        ...

    def add_address(self, session: Session, cust_no: str, email: str, content: Content) -> bool:
        """Add the content's shipping address to the customer's, where the site wants it and none is the same. True if added."""
        ...

    def customer_no(self, session: Session, number: str) -> str | None:
        """Return a customer's number as the ERP itself writes it; None where it has no customer of that number."""
        ...

    def new_customer_problem(self, session: Session) -> str | None:
        """Return what keeps customers from being made at all, for every order; None where nothing does."""
        ...

    def create_customer(self, session: Session, email: str, content: Content) -> str:
        """Make a customer from the content's billing address and the e-mail; return the new number. It writes no map row.

        Raises:
            ConfigError: this site's set-up keeps customers from being made.
            MappingError: the number series is missing or has run out.
        """
        ...

    def lossy_texts(self, staged: Texts, content: Content) -> Iterable[HeldText]:
        """Return the texts of which letters are lost in the ERP's columns, or that are longer than those.

        `staged` holds the content's `CUST_EMAIL` and `WOO_ORDER_NO`.
        """
        ...

    def create_document(self, session: Session, staged: sqlite3.Row, content: Content, cust_no: str) -> Document:
        """Write the order's document with everything that belongs to it, and a line link for each line.

        Raises:
            Conflict: the amounts don't add up.
            MappingError: something has no counterpart.
        """
        ...

    def change_document(self, session: Session, staged: sqlite3.Row, content: Content, link: sqlite3.Row, cust_no: str) -> str:
        """Bring a document in line with the order, reopened where it was closed. Returns what changed, in parts."""
        ...

    def close_document(self, session: Session, staged: sqlite3.Row, link: sqlite3.Row) -> None:
        """Take everything off a document and give its stock back; the document itself stays."""
        ...

    def document_rows(self, session: Session, link: sqlite3.Row) -> Iterable[ChangedRow]:
        """Return the rows that removing the document changes, in that order."""
        ...

    def remove_document(self, session: Session, link: sqlite3.Row) -> None:
        """Delete a document and give its stock back."""
        ...

    def document_state(self, session: Session, link: sqlite3.Row) -> DocumentState:
        """Compare the document with its link rows, which hold what was last written."""
        ...

    def statuses(self, session: Session, store_id: str, *, after_id: int) -> Mapping[int, str]:
        """Return how the documents of a store's open links stand, by the order's id: open, shipped, closed, gone.

        Only of links behind the staging id `after_id`, and of documents that aren't known to be gone: those pile up for ever.
        """
        ...

    def tracking_numbers(self, session: Session, doc_id: int) -> list[str]:
        """Return the tracking numbers of a document's parcels."""
        ...

    def write_note(self, session: Session, doc_id: int, note_id: str, note: str) -> None:
        """Write a note on a document, in place of the one with this id; nothing where the document is gone."""
        ...

    def setting_lacks(self, session: Session, name: str, value: str) -> str | None:
        """Say what a site setting about items, or a PAY_COD, names that the ERP doesn't have; None where that is nothing."""
        ...

    def setting_fault(self, session: Session, name: str, value: str | None) -> str | None:
        """Say what a site setting takes, where no document could be written by this value; None where it may stand."""
        ...

    def missing_settings(self, session: Session) -> list[MissingSetting]:
        """Return what nobody has set and no document can be written without."""
        ...

    def import_settings(self, session: Session, call: ImportErpSettings) -> list[ImportedSetting]:
        """Take the site settings that the ERP itself says, or with `dry_run` tell them.

        Raises:
            ConfigError: it says nothing.
            BadArgument, NotFound: it has several stores, and the call names none of them.
        """
        ...

    def set_deposit_model(self, session: Session, call: SetDepositModel) -> list[ModelCell]:
        """Read what a deposit ticket looks like from one that a person keyed; return its cells.

        Raises:
            BadArgument: it is none that others could be written like.
            NotFound: there is no such open document.
            ConfigError: the ERP has no such tickets.
        """
        ...

    def record_deposit(self, session: Session, call: RecordDeposit) -> list[RecordedDeposit]:
        """Remember what a person took or gave back at the till for an order whose deposit is in the books.

        Raises:
            WrongState: it has no such deposit, or there isn't as much to take or to give back.
            ConfigError: the ERP has no such tickets.
        """
        ...

    def list_series(self, session: Session) -> list[NumberSeries]:
        """Return the number series."""
        ...

    def set_series(self, session: Session, call: SetNumberSeries) -> list[NumberSeries]:
        """Set a number series; return it.

        Raises:
            NotFound: there is no such series.
            BadArgument: the ERP couldn't hold its numbers.
        """
        ...

    def seed_demo(self, session: Session, call: SeedDemoErp) -> list[SeedCount]:
        """Add items and customers to the trial ERP; return how many were new."""
        ...

    def get_document(self, session: Session, call: GetErpDocument) -> list[DocumentPart]:
        """Return everything that stands of one document, table by table.

        Raises:
            NotFound: there is no such document.
        """
        ...

    def audit(self, session: Session, store_id: str | None, *, inventory: bool) -> Iterable[AuditFinding]:
        """Return what the ERP's own rows say against the promises."""
        ...


def settings_of(session: Session) -> Settings:
    """Return the site settings by name; an empty one is None."""
    return {row["NAME"]: row["VALUE"] or None for row in session.all("SELECT NAME, VALUE FROM dbo.USER_ERP_SETTING")}


def erp_of(session: Session) -> Erp:
    """Return the port of the ERP that this database belongs to.

    Raises:
        ConfigError: it belongs to one that this version doesn't know.
    """
    row = session.one("SELECT VALUE FROM dbo.USER_ERP_SETTING WHERE NAME = 'ERP'")
    name = row["VALUE"] if row is not None else None
    if name not in ERPS:
        raise ConfigError(f"This database belongs to the ERP {name!r}; this version of syncctl knows {', '.join(sorted(ERPS))}.")
    erp: Erp = import_module(ERPS[name]).ERP
    return erp


def customer_series_problem(session: Session) -> str | None:
    """Return what keeps syncctl's own series from numbering a customer. See `sql/procedures/sp_CheckCustomerSeries.sql`."""
    row = session.one("SELECT PREFIX, WIDTH, NEXT_NO FROM dbo.USER_NUMBER_SERIES WHERE SERIES = 'CUST_NO'")
    if row is None:
        return "The number series CUST_NO is not set: `syncctl config erp series CUST_NO --prefix TEXT`."
    number = f"{row['PREFIX']}{row['NEXT_NO']:0{row['WIDTH']}d}"
    if len(number) > CUSTOMER_WIDTH:
        return f"The next CUST_NO would be {number}, too long for the ERP. Correct PREFIX, WIDTH and NEXT_NO in its series."
    return None


def mapped_item(session: Session, store_id: str, sku: str) -> str | None:
    """Return the item that `USER_ITEM_MAP` names for a SKU: the store's own row before '*'."""
    row = session.one(
        "SELECT ITEM_NO FROM dbo.USER_ITEM_MAP WHERE SKU = :sku AND STORE_ID IN (:store, '*') ORDER BY STORE_ID = '*' LIMIT 1",
        {"sku": sku, "store": store_id},
    )
    return None if row is None else str(row["ITEM_NO"])


def pay_code(session: Session, store_id: str, method: str | None) -> str | None:
    """Return the pay code of a store's payment method; None where the map doesn't know it. See `sql/functions/fn_PayCode.sql`."""
    row = session.one(
        """
        SELECT PAY_COD FROM dbo.USER_PAY_CODE_MAP
        WHERE PMT_METH = :method AND STORE_ID IN (:store, '*')
        ORDER BY STORE_ID = '*' LIMIT 1
        """,
        {"method": method, "store": store_id},
    )
    return None if row is None else str(row["PAY_COD"])


def linked_item(session: Session, staged: sqlite3.Row, line: StagedLine) -> str | None:
    """Return the item that a line has in the document, as long as it is of the same product; None where it isn't there.

    A product that the store names no more (0) was deleted there; a line linked before products were kept (NULL) is of the same.
    """
    row = session.one(
        """
        SELECT ITEM_NO FROM dbo.USER_ORDER_LINE_LINK
        WHERE STORE_ID = :store AND WOO_ORDER_ID = :order AND WOO_LINE_ID = :line
        AND (
            PRODUCT_ID IS NULL
            OR (PRODUCT_ID <> 0 AND :product IN (PRODUCT_ID, 0) AND :variation IN (VARIATION_ID, 0))
        )
        """,
        {
            "store": staged["STORE_ID"],
            "order": staged["WOO_ORDER_ID"],
            "line": line.line_id,
            "product": line.product_id,
            "variation": line.variation_id,
        },
    )
    return None if row is None else str(row["ITEM_NO"])


def item_of(session: Session, erp: Erp, staged: sqlite3.Row, line: StagedLine) -> Item | None:
    """Return a line's item: the one that it has already, else what its SKU means by `USER_ITEM_MAP`, else as the ERP finds it."""
    known = linked_item(session, staged, line) or mapped_item(session, staged["STORE_ID"], line.sku)
    return erp.find_item(session, known, line.sku)


def plain_number(text: str) -> str:
    """Return a tracking number in capitals, without blanks and invisible marks. See `sql/functions/fn_PlainNumber.sql`."""
    return "".join(letter for letter in text if unicodedata.category(letter)[0] not in "ZC").upper()

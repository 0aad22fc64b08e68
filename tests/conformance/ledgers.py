"""Each ERP as the conformance suite sees it: what its tables say of a document, and what a person does to one there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, ClassVar

from syncctl.db.contract import Database, SetErpSetting
from tests.shop import Shop

D = Decimal


class Ledger(Shop):
    """A seeded ERP. Amounts are those of orders without tax, so that every ERP says the same of them."""

    tables: ClassVar[tuple[str, ...]]
    """The ERP's tables that a procedure on an order may write, and what syncctl keeps of its documents."""
    by_hand: ClassVar[Mapping[str, tuple[Callable[[Any, int], None], str]]]
    """What a person does to a document → the doing, and the reason by which it is left to that person (a pattern)."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, database.query)  # type: ignore[attr-defined]

    def sold(self, doc: int | None) -> list[tuple[str, Decimal, Decimal]]:
        """Return the document's product lines in their order: item, quantity, amount."""
        raise NotImplementedError

    def total(self, doc: int | None) -> Decimal:
        """Return what the document comes to."""
        raise NotImplementedError

    def shipping(self, doc: int | None) -> Decimal:
        """Return the document's shipping."""
        raise NotImplementedError

    def is_closed(self, doc: int | None) -> bool:
        """Say whether nothing is to be delivered any more."""
        raise NotImplementedError

    def customer(self, doc: int | None) -> str:
        """Return whose the document is."""
        raise NotImplementedError

    def ships_to(self, doc: int | None) -> str:
        """Return a text with the address that the document is shipped to."""
        raise NotImplementedError

    def deliver(self, doc: int | None) -> None:
        """Hand everything over, as a person does."""
        raise NotImplementedError

    def put_stock(self, item_no: str, on_hand: str) -> None:
        """Count an item: so many are there."""
        raise NotImplementedError

    def put_price(self, item_no: str, price: str | None) -> None:
        """Price an item; None takes its price away."""
        raise NotImplementedError

    def put_garbage(self, item_no: str, amount: str) -> None:
        """Write what is no amount as an item's stock and prices, which only the embedded engine's columns hold."""
        raise NotImplementedError

    def include_tax(self, includes: bool) -> None:
        """Say whether prices include tax here."""
        raise NotImplementedError

    def tax_nothing(self, item_no: str) -> None:
        """Say that an item isn't taxed."""
        raise NotImplementedError

    def switch_off(self, item_no: str) -> None:
        """Take an item out of the assortment."""
        raise NotImplementedError

    def sell_at_the_till(self, item_no: str, quantity: str) -> None:
        """Let somebody take goods along."""
        raise NotImplementedError

    def break_at(self, table: str, statement: str) -> None:
        """From now on this statement on that table fails."""
        self.break_statement(table, statement)

    def rows(self) -> dict[str, list[str]]:
        """Return every row of every table that an order may change."""
        common = [name for name in USER_TABLES if name != "USER_ORDER_EVENT"]
        return {
            table: sorted(repr([(key, row[key]) for key in row.keys()]) for row in self.query(f"SELECT * FROM dbo.[{table}]", ()))  # noqa: SIM118
            for table in (*common, *self.tables)
        }


USER_TABLES = (
    "USER_ORDER_STAGING",
    "USER_ORDER_EVENT",
    "USER_ORDER_LINK",
    "USER_ORDER_LINE_LINK",
    "USER_ORDER_PART",
    "USER_STORE_OUTBOX",
)


class CounterPointLedger(Ledger):
    """CounterPoint, by its documents' lines, totals and stock."""

    tables = ("PS_DOC_HDR", "PS_DOC_LIN", "PS_DOC_HDR_TOT", "PS_DOC_HDR_MISC_CHRG", "PS_DOC_CONTACT", "IM_INV")

    def sold(self, doc: int | None) -> list[tuple[str, Decimal, Decimal]]:
        return [(line.item_no, line.quantity, line.total) for line in self.lines(doc).values()]

    def total(self, doc: int | None) -> Decimal:
        return D(self.totals(doc)["TOT"])

    def shipping(self, doc: int | None) -> Decimal:
        return D(self.totals(doc)["TOT_MISC"])

    def is_closed(self, doc: int | None) -> bool:
        return all(quantity == 0 for _, quantity, _ in self.sold(doc))

    def customer(self, doc: int | None) -> str:
        return str(self.header(doc)["CUST_NO"])

    def ships_to(self, doc: int | None) -> str:
        return " ".join(str(self.contact(doc, 2)[part]) for part in ("NAM", "ADRS_1", "CITY"))

    def put_stock(self, item_no: str, on_hand: str) -> None:
        self.query("UPDATE dbo.IM_INV SET QTY_ON_HND = ? WHERE ITEM_NO = ?", (Decimal(on_hand), item_no))

    def put_price(self, item_no: str, price: str | None) -> None:
        self.query("UPDATE dbo.IM_PRC SET PRC_1 = ? WHERE ITEM_NO = ?", (None if price is None else Decimal(price), item_no))

    def put_garbage(self, item_no: str, amount: str) -> None:
        self.query("UPDATE dbo.IM_INV SET QTY_ON_HND = ? WHERE ITEM_NO = ?", (amount, item_no))
        self.query("UPDATE dbo.IM_PRC SET PRC_1 = ?, REG_PRC = ? WHERE ITEM_NO = ?", (amount, amount, item_no))
        self.query("UPDATE dbo.IM_ITEM SET PRC_1 = 5 WHERE ITEM_NO = ?", (item_no,))

    def include_tax(self, includes: bool) -> None:
        self.database.run(SetErpSetting(setting_name="WEB_PRICES_INCLUDE_TAX", value="Y" if includes else "N"))

    def tax_nothing(self, item_no: str) -> None:
        self.query("UPDATE dbo.IM_ITEM SET IS_TXBL = 'N' WHERE ITEM_NO = ?", (item_no,))

    def switch_off(self, item_no: str) -> None:
        self.query("UPDATE dbo.IM_ITEM SET STAT = 'I' WHERE ITEM_NO = ?", (item_no,))

    def sell_at_the_till(self, item_no: str, quantity: str) -> None:
        held = self.query("SELECT QTY_ON_HND FROM dbo.IM_INV WHERE ITEM_NO = ?", (item_no,))[0]["QTY_ON_HND"]
        self.put_stock(item_no, str(held - Decimal(quantity)))

    def deliver(self, doc: int | None) -> None:
        self.ship(doc)

    by_hand: ClassVar[Mapping[str, tuple[Callable[[Any, int], None], str]]] = {
        "delivered": (lambda ledger, doc: ledger.ship(doc), "lines? (was|were) released"),
        "added": (lambda ledger, doc: ledger.add_line_by_hand(doc), "1 of its lines was added by hand"),
        "removed": (
            lambda ledger, doc: ledger.query("DELETE FROM dbo.PS_DOC_LIN WHERE DOC_ID = ? AND LIN_SEQ_NO = 1", (doc,)),
            "1 of its lines was removed by hand",
        ),
        "quantity": (
            lambda ledger, doc: ledger.query(
                "UPDATE dbo.PS_DOC_LIN SET QTY_SOLD = 9 WHERE DOC_ID = ? AND LIN_SEQ_NO = 1", (doc,)
            ),
            "1 of its lines was changed by hand",
        ),
        "total": (
            lambda ledger, doc: ledger.query("UPDATE dbo.PS_DOC_HDR_TOT SET TOT = 1 WHERE DOC_ID = ?", (doc,)),
            "its total was changed by hand",
        ),
        "deleted": (lambda ledger, doc: ledger.delete(doc), "no longer among the open documents"),
    }


class RmsLedger(Ledger):
    """Microsoft RMS, by its orders' entries and what is committed of its items."""

    tables = ("Order", "OrderEntry", "OrderHistory", "ShipTo", "Item")

    def entries(self, doc: int | None, *, source: int = 1) -> list[Any]:
        """Return the entries of a source: 1 products and charges, 10 shipping."""
        return list(
            self.query(
                "SELECT entry.*, item.ItemLookupCode FROM dbo.OrderEntry AS entry INNER JOIN dbo.Item AS item"
                " ON item.ID = entry.ItemID"
                " WHERE entry.OrderID = ? AND entry.PriceSource = ? ORDER BY entry.ID",
                (doc, source),
            )
        )

    def held(self, doc: int | None) -> Any:
        """Return the order's row."""
        return self.one("SELECT * FROM dbo.[Order] WHERE ID = ?", doc)

    def sold(self, doc: int | None) -> list[tuple[str, Decimal, Decimal]]:
        found = []
        for row in self.entries(doc):
            quantity = D(str(row["QuantityOnOrder"])).quantize(D("0.0001"))
            found.append((row["ItemLookupCode"], quantity, (D(row["Price"]) * quantity).quantize(D("0.01"))))
        return found

    def total(self, doc: int | None) -> Decimal:
        return D(self.held(doc)["Total"])

    def shipping(self, doc: int | None) -> Decimal:
        [*rows] = self.entries(doc, source=10)
        said = D(self.held(doc)["ShippingChargeOnOrder"])
        assert said == sum((D(row["Price"]) for row in rows), D(0)), "the order and its entry say the same"
        return said

    def is_closed(self, doc: int | None) -> bool:
        return bool(self.held(doc)["Closed"])

    def customer(self, doc: int | None) -> str:
        row = self.one("SELECT AccountNumber FROM dbo.Customer WHERE ID = ?", self.held(doc)["CustomerID"])
        return str(row["AccountNumber"])

    def ships_to(self, doc: int | None) -> str:
        row = self.one("SELECT * FROM dbo.ShipTo WHERE ID = ?", self.held(doc)["ShipToID"])
        said = " ".join(str(row[part]) for part in ("Name", "Address", "City"))
        assert row["Address"] in self.held(doc)["ShippingNotes"]
        return said

    def put_stock(self, item_no: str, on_hand: str) -> None:
        self.query("UPDATE dbo.Item SET Quantity = ? WHERE ItemLookupCode = ?", (float(on_hand), item_no))

    def put_price(self, item_no: str, price: str | None) -> None:
        # RMS has a price of every item: none is 0.
        self.query("UPDATE dbo.Item SET Price = ? WHERE ItemLookupCode = ?", (Decimal(price or "0"), item_no))

    def put_garbage(self, item_no: str, amount: str) -> None:
        for column in ("Quantity", "Price", "SalePrice"):
            self.query(f"UPDATE dbo.Item SET {column} = ? WHERE ItemLookupCode = ?", (amount, item_no))

    def include_tax(self, includes: bool) -> None:
        self.database.run(SetErpSetting(setting_name="PRICES_INCLUDE_TAX", value="Y" if includes else "N"))

    def tax_nothing(self, item_no: str) -> None:
        self.query("UPDATE dbo.Item SET Taxable = 0 WHERE ItemLookupCode = ?", (item_no,))

    def switch_off(self, item_no: str) -> None:
        self.query("UPDATE dbo.Item SET Inactive = 1 WHERE ItemLookupCode = ?", (item_no,))

    def sell_at_the_till(self, item_no: str, quantity: str) -> None:
        held = self.query("SELECT Quantity FROM dbo.Item WHERE ItemLookupCode = ?", (item_no,))[0]["QUANTITY"]
        self.put_stock(item_no, str(Decimal(str(held)) - Decimal(quantity)))

    def deliver(self, doc: int | None) -> None:
        self.query("UPDATE dbo.OrderEntry SET QuantityRTD = QuantityOnOrder WHERE OrderID = ?", (doc,))

    def on_order(self) -> dict[str, Decimal]:
        rows = self.query("SELECT ItemLookupCode, QuantityCommitted FROM dbo.Item ORDER BY ItemLookupCode", ())
        return {row["ItemLookupCode"]: D(str(row["QuantityCommitted"])) for row in rows if row["QuantityCommitted"]}

    def break_at(self, table: str, statement: str) -> None:
        self.break_statement(f"[{table}]" if table == "Order" else table, statement)

    def add_entry(self, doc: int, code: str = "POSTER", price: str = "5.00") -> None:
        """Add an entry, as a person in RMS does."""
        [row, *_] = self.query("SELECT * FROM dbo.OrderEntry WHERE OrderID = ? ORDER BY ID", (doc,))
        item = self.one("SELECT ID FROM dbo.Item WHERE ItemLookupCode = ?", code)
        values = {key.upper(): row[key] for key in row.keys() if key.upper() not in ("ID", "ITEMLOOKUPCODE")}  # noqa: SIM118
        values |= {"ITEMID": item["ID"], "PRICE": D(price)}
        marks = ", ".join("?" * len(values))
        self.query(f"INSERT INTO dbo.OrderEntry ({', '.join(values)}) VALUES ({marks})", tuple(values.values()))

    def first(self, doc: int) -> int:
        """Return the ID of the document's first entry."""
        return int(self.entries(doc)[0]["ID"])

    by_hand: ClassVar[Mapping[str, tuple[Callable[[Any, int], None], str]]] = {
        "delivered": (lambda ledger, doc: ledger.deliver(doc), "of its [0-9]+ lines (was|were) picked up"),
        "delivered in part": (
            lambda ledger, doc: ledger.query("UPDATE dbo.OrderEntry SET QuantityRTD = 1 WHERE ID = ?", (ledger.first(doc),)),
            "1 of its [0-9]+ lines was picked up",
        ),
        "added": (lambda ledger, doc: ledger.add_entry(doc), "1 of its lines was added by hand"),
        "removed": (
            lambda ledger, doc: ledger.query("DELETE FROM dbo.OrderEntry WHERE ID = ?", (ledger.first(doc),)),
            "1 of its lines was removed by hand",
        ),
        "quantity": (
            lambda ledger, doc: ledger.query("UPDATE dbo.OrderEntry SET QuantityOnOrder = 9 WHERE ID = ?", (ledger.first(doc),)),
            "1 of its lines was changed by hand",
        ),
        "total": (
            lambda ledger, doc: ledger.query("UPDATE dbo.[Order] SET Total = 1 WHERE ID = ?", (doc,)),
            "its total was changed by hand",
        ),
        "deposit": (
            lambda ledger, doc: ledger.query("UPDATE dbo.[Order] SET Deposit = 10 WHERE ID = ?", (doc,)),
            "it has a deposit of 10.00",
        ),
        "closed": (
            lambda ledger, doc: ledger.query("UPDATE dbo.[Order] SET Closed = 1 WHERE ID = ?", (doc,)),
            "it was closed by hand",
        ),
        "type": (
            lambda ledger, doc: ledger.query("UPDATE dbo.[Order] SET Type = 3 WHERE ID = ?", (doc,)),
            "its type was changed by hand: it is 3",
        ),
        "deleted": (lambda ledger, doc: ledger.query("DELETE FROM dbo.[Order] WHERE ID = ?", (doc,)), "it was deleted by hand"),
    }


LEDGERS: Mapping[str, type[Ledger]] = {"counterpoint": CounterPointLedger, "rms": RmsLedger}
"""An ERP's name → how the suite sees it: a third ERP is a line and a class here."""

"""Customers in each ERP as tests see them, and a short way to bring one of a store there on either engine."""

from __future__ import annotations

import json
from itertools import count
from typing import Any, ClassVar, NamedTuple

from syncctl.db.contract import Database, SetCustomerMap
from syncctl.db.embedded.registry import Session
from syncctl.db.embedded.sync_customer import sync_customer
from tests.conformance.ledgers import LEDGERS

STORE = "woocommerce"
EMPTY = dict.fromkeys(
    ("first_name", "last_name", "company", "address_1", "address_2", "city", "state", "postcode", "country", "phone"), ""
)
HOME = {
    "first_name": "Mary", "last_name": "Somerville", "company": "", "address_1": "1 Jedburgh Road", "address_2": "",
    "city": "Burntisland", "state": "FIF", "postcode": "KY3 9AA", "country": "GB", "phone": "01592 1",
}  # fmt: skip


def customer(
    number: int = 41, email: str = "mary@example.test", *, shipping: dict[str, str] | None = None, **more: Any
) -> dict[str, Any]:
    """A customer of the store; `more` goes into the billing address, or stands beside it where it belongs there."""
    beside = {key: more.pop(key) for key in ("account_first_name", "account_last_name") if key in more}
    return {
        "id": number,
        "email": email,
        "first_name": beside.get("account_first_name", ""),
        "last_name": beside.get("account_last_name", ""),
        "company": "",
        "phone": "",
        "role": "customer",
        "username": "",
        "created": None,
        "modified": None,
        "is_guest": number == 0,
        "billing": {**HOME, **more},
        "shipping": {**EMPTY, **(shipping or {})},
    }


class Synced(NamedTuple):
    """What a customer's line came to."""

    outcome: str
    cust_no: str | None
    problem: str | None


class _Connection:
    """What `People` needs of a ledger, over one more connection."""

    def __init__(self, database: Any) -> None:
        self.database = database
        self.query = database.query

    def one(self, sql: str, *parameters: Any) -> Any:
        [row] = self.query(sql, parameters)
        return row


class People:
    """The ERP's customers, by words that every ERP has: the keys of `columns`."""

    table: ClassVar[str]
    key: ClassVar[str]
    columns: ClassVar[dict[str, str]]
    ship_tos: ClassVar[str]
    """A query for the streets of a customer's ship-to addresses, in their order."""

    def __init__(self, ledger: Any, queue: int = 1) -> None:
        """Take a seeded ERP; lines go into queues from `queue` on."""
        self.ledger = ledger
        self.query = ledger.query
        self._queues = count(queue)

    @classmethod
    def beside(cls, database: Database, queue: int) -> People:
        """Return the customers of a database that was seeded over another connection."""
        return cls(_Connection(database), queue)

    def add(self, cust_no: str, **words: str) -> None:
        """Add a customer, as a person in the ERP does."""
        values = {self.key: cust_no, **{self.columns[word]: text for word, text in words.items()}}
        marks = ", ".join("?" * len(values))
        self.query(f"INSERT INTO dbo.{self.table} ({', '.join(values)}) VALUES ({marks})", tuple(values.values()))

    def change(self, cust_no: str, **words: str) -> None:
        """Change a customer, as a person in the ERP does."""
        written = ", ".join(f"{self.columns[word]} = ?" for word in words)
        self.query(f"UPDATE dbo.{self.table} SET {written} WHERE {self.key} = ?", (*words.values(), cust_no))

    def remove(self, cust_no: str) -> None:
        """Delete a customer, as a person in the ERP does."""
        self.query(f"DELETE FROM dbo.{self.table} WHERE {self.key} = ?", (cust_no,))

    def read(self, cust_no: str | None) -> dict[str, str]:
        """Return what the ERP has of a customer."""
        row = self.ledger.one(f"SELECT * FROM dbo.{self.table} WHERE {self.key} = ?", cust_no)
        return {word: (row[column] or "").rstrip() for word, column in self.columns.items()}

    def ships_to(self, cust_no: str | None) -> list[str]:
        """Return the streets of a customer's ship-to addresses."""
        return [row[0] for row in self.query(self.ship_tos, (cust_no,))]

    def count(self) -> int:
        """Return how many customers the ERP has."""
        return int(self.query(f"SELECT COUNT(*) FROM dbo.{self.table}", ())[0][0])

    def sync(self, person: dict[str, Any] | str, *, store: str = STORE, number: int = 0, email: str = "") -> Synced:
        """Bring a customer of the store into the ERP by a line of its own."""
        content = person if isinstance(person, str) else json.dumps(person)
        number = number if isinstance(person, str) else person["id"]
        email = email if isinstance(person, str) else person["email"]
        database, queue = self.ledger.database, next(self._queues)
        now = database._clock()
        self.query(
            "INSERT INTO dbo.woo_customer_sync_queue_line"
            " (queue_id, org_id, store_id, woo_customer_id, email, customer_json, next_attempt_dt, created_at)"
            " VALUES (?, 'org', ?, ?, ?, ?, ?, ?)",
            (queue, store, number, email, content, now, now),
        )
        line = self.ledger.one("SELECT * FROM dbo.woo_customer_sync_queue_line WHERE queue_id = ?", queue)
        if database.engine == "embedded":
            return Synced(*_embedded(database, line, now))
        row = self.ledger.one(
            "SET NOCOUNT ON; DECLARE @O varchar(20), @C varchar(15), @P nvarchar(2000); BEGIN TRANSACTION;"
            " EXECUTE dbo.sp_SyncCustomer @LINE_ID = ?, @OUTCOME = @O OUTPUT, @CUST_NO = @C OUTPUT, @PROBLEM = @P OUTPUT,"
            " @NOW = ?;"
            " COMMIT TRANSACTION; SELECT @O AS OUTCOME, @C AS CUST_NO, @P AS PROBLEM;",
            line["id"],
            now,
        )
        return Synced(row["OUTCOME"], row["CUST_NO"], row["PROBLEM"])

    def map(self, cust_no: str | None, **who: Any) -> None:
        """Say who a customer of the store is, as a person does."""
        self.ledger.database.run(SetCustomerMap(store_id=STORE, cust_no=cust_no, **who))

    def mapped(self) -> list[tuple[Any, ...]]:
        """Return the map's rows that count, but for those of the seed."""
        rows = self.query(
            "SELECT CUST_NO, WOO_USER_ID, WOO_EMAIL FROM dbo.USER_CUSTOMER_MAP WHERE IS_ACTIVE = 1 ORDER BY MAP_ID", ()
        )
        return [(row["CUST_NO"], row["WOO_USER_ID"], row["WOO_EMAIL"]) for row in rows if row["WOO_USER_ID"] not in (5, 6)]


class CounterPointPeople(People):
    """CounterPoint's: a company beside a person stands in the third line of the address."""

    table = "AR_CUST"
    key = "CUST_NO"
    columns: ClassVar[dict[str, str]] = {
        "name": "NAM", "first": "FST_NAM", "last": "LST_NAM", "street": "ADRS_1", "street2": "ADRS_2", "company": "ADRS_3",
        "city": "CITY", "state": "STATE", "zip": "ZIP_COD", "country": "CNTRY", "phone": "PHONE_1", "email": "EMAIL_ADRS_1",
    }  # fmt: skip
    ship_tos = "SELECT ADRS_1 FROM dbo.AR_SHIP_ADRS WHERE CUST_NO = ? ORDER BY SHIP_ADRS_ID"


class RmsPeople(People):
    """Microsoft RMS's: there is no whole name."""

    table = "Customer"
    key = "AccountNumber"
    columns: ClassVar[dict[str, str]] = {
        "first": "FirstName", "last": "LastName", "company": "Company", "street": "Address", "street2": "Address2",
        "city": "City", "state": "State", "zip": "Zip", "country": "Country", "phone": "PhoneNumber", "email": "EmailAddress",
    }  # fmt: skip
    ship_tos = (
        "SELECT ship.Address FROM dbo.ShipTo AS ship INNER JOIN dbo.Customer AS customer ON customer.ID = ship.CustomerID"
        " WHERE customer.AccountNumber = ? ORDER BY ship.ID"
    )


def people_of(erp: str, database: Database) -> People:
    """Return the customers of a seeded ERP."""
    kind = CounterPointPeople if erp == "counterpoint" else RmsPeople
    return kind(LEDGERS[erp](database))


def _embedded(database: Any, line: Any, now: Any) -> tuple[str, str | None, str | None]:
    database._db.execute("BEGIN IMMEDIATE")
    try:
        outcome = sync_customer(Session(database._db, now), line)
    except BaseException:
        database._db.execute("ROLLBACK")
        raise
    database._db.execute("COMMIT")
    return tuple(outcome)  # type: ignore[return-value]

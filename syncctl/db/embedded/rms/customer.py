"""RMS's customers: found by e-mail address, compared by name and postcode, made from a billing address."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Iterator, Mapping

from syncctl.db.embedded.erp import CUSTOMER_WIDTH, CustomerField, HeldText, Texts, customer_series_problem
from syncctl.db.embedded.order_content import Content
from syncctl.db.embedded.registry import Session
from syncctl.db.embedded.rms.site import WIDTHS, held_address, second_line, site_of
from syncctl.errors import ConfigError, MappingError
from syncctl.text_width import shorten, width as units

NUMBER_WIDTH = CUSTOMER_WIDTH
"""An account number may have 20 letters."""
_COLUMNS = {
    "FirstName": "FST_NAM", "LastName": "LST_NAM", "Company": "COMPANY", "Address": "ADRS_1", "Address2": "ADRS_2",
    "City": "CITY", "State": "STATE", "Zip": "ZIP_COD", "Country": "CNTRY", "PhoneNumber": "PHONE",
}  # fmt: skip
"""A column of Customer → the part of an address that it holds; those of ShipTo are called alike."""
_BY_ID = re.compile(r"#[0-9]{1,9}")
_ZIP_PLUS_4 = re.compile(r"[0-9]{5}-[0-9]{4}")


def cust_no(row: sqlite3.Row) -> str:
    """Return what a customer is called on our side: the account number, or where that is long or odd, # and the ID."""
    account = str(row["AccountNumber"])
    plain = len(account) <= NUMBER_WIDTH and not account.startswith("#") and re.fullmatch(r"[!-~]+", account) is not None
    return account if plain else f"#{row['ID']}"


def known_customer(session: Session, number: str) -> sqlite3.Row | None:
    """Return the customer of a number as `cust_no` writes it; see `dbo.fn_DynamicsCustomer`."""
    if _BY_ID.fullmatch(number):
        return session.one("SELECT * FROM dbo.Customer WHERE ID = :id", {"id": int(number[1:])})
    return session.one("SELECT * FROM dbo.Customer WHERE AccountNumber = :number", {"number": number})


def find_customers(session: Session, email: str) -> list[str]:
    """See `Erp.find_customers`."""
    rows = session.all("SELECT * FROM dbo.Customer WHERE EmailAddress = :email ORDER BY ID", {"email": shorten(email, 255)})
    return [cust_no(row) for row in rows]


def customer_no(session: Session, number: str) -> str | None:
    """See `Erp.customer_no`."""
    row = known_customer(session, number)
    return None if row is None else cust_no(row)


def is_fitting(session: Session, cust_no: str, content: Content) -> bool:
    """See `Erp.is_fitting` and `fn_ErpFittingCustomer`."""
    row = known_customer(session, cust_no)
    if row is None:
        return False
    billed = {part: _plain(text) for part, text in held_address(content.billing).items()}
    if not billed["ZIP_COD"] or _postcode(row["Zip"]) != _postcode(billed["ZIP_COD"]):
        return False
    first, last = _plain(row["FirstName"]), _plain(row["LastName"])
    return (
        (billed["LST_NAM"] != "" and (first, last) == (billed["FST_NAM"], billed["LST_NAM"]))
        or (billed["NAM"] != "" and f"{first} {last}".strip() == billed["NAM"])
        or (billed["COMPANY"] != "" and _plain(row["Company"]) == billed["COMPANY"])
    )


def _plain(text: str | None) -> str:
    """Return a text as the ERP's collation compares it."""
    return (text or "").rstrip(" ").lower()


def _postcode(text: str) -> str:
    """Return a postcode without blanks and hyphens, one of the United States by its first five digits."""
    return (text[:5] if _ZIP_PLUS_4.fullmatch(text.rstrip(" ")) else text).replace(" ", "").replace("-", "").lower()


def new_customer_problem(session: Session) -> str | None:
    """See `Erp.new_customer_problem`."""
    return customer_series_problem(session)


def create_customer(session: Session, email: str, content: Content) -> str:
    """See `Erp.create_customer`."""
    number = _next_number(session)
    address = held_address(content.billing)
    first, last = address["FST_NAM"], _last_name(address)
    if not first and not last and not address["COMPANY"]:
        last = shorten(email, WIDTHS["LST_NAM"])
    session.run(
        """
        INSERT INTO dbo.Customer
            (AccountNumber, FirstName, LastName, Company, Address, Address2, City, State, Zip, Country, PhoneNumber, EmailAddress,
             LastUpdated)
        VALUES (:number, :first, :last, :COMPANY, :ADRS_1, :ADRS_2, :CITY, :STATE, :ZIP_COD, :CNTRY, :PHONE, :email, :now)
        """,
        {
            **address,
            "number": number,
            "first": first,
            "last": last,
            "email": shorten(email, 255),
            "now": site_of(session).local_time(session.now),
        },
    )
    return number


def _last_name(address: Mapping[str, str]) -> str:
    """Return what stands in LastName; a company has its own column."""
    if address["FST_NAM"] or address["LST_NAM"]:
        return address["LST_NAM"]
    return "" if _plain(address["NAM"]) == _plain(address["COMPANY"]) else address["NAM"]


def customer_fields(session: Session, cust_no: str, email: str, content: Content) -> list[CustomerField]:
    """See `Erp.customer_fields` and `fn_ErpCustomerFields`."""
    row = known_customer(session, cust_no)
    return (
        []
        if row is None
        else [CustomerField(part, name, wanted, (row[name] or "").rstrip(" ")) for part, name, wanted in _fields(email, content)]
    )


def _fields(email: str, content: Content) -> Iterator[tuple[str, str, str]]:
    """Return each field that follows a customer of the store: its part, its name, and what it is to hold."""
    address = held_address(content.billing)
    has_address = any(address[part] for part in ("ADRS_1", "CITY", "ZIP_COD"))
    for name, part in _COLUMNS.items():
        kind = "name" if part in ("FST_NAM", "LST_NAM", "COMPANY") else "telephone" if part == "PHONE" else "address"
        text = _last_name(address) if part == "LST_NAM" else address[part]
        yield kind, name, text.rstrip(" ") if kind != "address" or has_address else ""
    yield "e-mail", "EmailAddress", shorten(email, 255)


def change_customer(session: Session, cust_no: str, fields: Collection[str], email: str, content: Content) -> None:
    """See `Erp.change_customer`."""
    row = known_customer(session, cust_no)
    if row is None:
        return
    values = {name: wanted for _, name, wanted in _fields(email, content) if name in fields}
    written = ", ".join(f"{name} = :{name}" for name in values)
    session.run(
        f"UPDATE dbo.Customer SET {written}, LastUpdated = :now WHERE ID = :id",  # noqa: S608  (constants)
        {**values, "now": site_of(session).local_time(session.now), "id": row["ID"]},
    )


def find_namesakes(session: Session, content: Content) -> list[str]:
    """See `Erp.find_namesakes`."""
    address = held_address(content.billing)
    rows = session.all(
        """
        SELECT * FROM dbo.Customer
        WHERE LastName = :LST_NAM COLLATE NOCASE OR Company = :COMPANY COLLATE NOCASE
        OR LTRIM(FirstName || ' ' || LastName) = :NAM COLLATE NOCASE
        """,
        address,
    )
    return [number for number in map(cust_no, rows) if is_fitting(session, number, content)]


def add_address(session: Session, cust_no: str, email: str, content: Content) -> bool:
    """See `Erp.add_address`."""
    row = known_customer(session, cust_no)
    return row is not None and ship_to(session, int(row["ID"]), email, content)[1]


def ship_to(session: Session, customer_id: int, email: str, content: Content) -> tuple[int, bool]:
    """Return the customer's ship-to address with this content, and whether it was added; 0 without an address."""
    address = held_address(content.shipping)
    if not any(address[part] for part in ("ADRS_1", "ADRS_2", "CITY", "ZIP_COD")):
        return 0, False
    values = {
        "CustomerID": customer_id,
        "Name": address["NAM"] or shorten(f"{address['FST_NAM']} {address['LST_NAM']}".strip(), WIDTHS["NAM"]),
        **{column: address[part] for column, part in _COLUMNS.items() if part not in ("FST_NAM", "LST_NAM")},
        "EmailAddress": shorten(email, 255),
    }
    same = " AND ".join(f"{column} = :{column}" for column in values)
    row = session.one(f"SELECT MIN(ID) AS ID FROM dbo.ShipTo WHERE {same}", values)  # noqa: S608  (constants)
    if row is not None and row["ID"] is not None:
        return int(row["ID"]), False
    columns, marks = ", ".join(values), ", ".join(f":{column}" for column in values)
    cursor = session.db.execute(f"INSERT INTO dbo.ShipTo ({columns}) VALUES ({marks})", values)  # noqa: S608  (constants)
    return int(cursor.lastrowid or 0), True


def _next_number(session: Session) -> str:
    """Take the next account number of the series CUST_NO that no customer has."""
    while True:
        row = session.one("SELECT PREFIX, WIDTH, NEXT_NO FROM dbo.USER_NUMBER_SERIES WHERE SERIES = 'CUST_NO'")
        if row is None:
            raise ConfigError(new_customer_problem(session) or "", code=50041)
        session.run("UPDATE dbo.USER_NUMBER_SERIES SET NEXT_NO = NEXT_NO + 1 WHERE SERIES = 'CUST_NO'")
        number = f"{row['PREFIX']}{row['NEXT_NO']:0{row['WIDTH']}d}"
        if len(number) > NUMBER_WIDTH:
            raise MappingError(
                f"The next CUST_NO would be {number}, too long for the ERP. Correct PREFIX, WIDTH and NEXT_NO in its series.",
                code=50040,
            )
        if known_customer(session, number) is None:
            return number


def lossy_texts(staged: Texts, content: Content) -> Iterator[HeldText]:
    """See `Erp.lossy_texts` and `fn_ErpTexts`. RMS holds every letter; a line's whole text stands in its entry's comment."""
    for field, text, limit in _texts(staged, content):
        if units(text) > limit:
            yield HeldText(field, text, "", limit)


def _texts(staged: Texts, content: Content) -> Iterator[tuple[str, str, int]]:
    yield "CUST_EMAIL", staged["CUST_EMAIL"] or "", 255
    addresses = {"BILL": content.billing, "SHIP": content.shipping if content.shipping is not content.billing else {}}
    for kind, address in addresses.items():
        whole = {**address, "ADRS_2": second_line(address)}
        for part, limit in WIDTHS.items():
            yield f"{kind}.{part}", whole.get(part, ""), limit
    for line in content.sold_lines:
        yield f"LINE_ITEMS[{line.line_id}].DESCR", line.descr, 255

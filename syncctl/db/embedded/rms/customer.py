"""RMS's customers: found by e-mail address, compared by name and postcode, made from an order's billing address."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator

from syncctl.db.embedded.erp import HeldText
from syncctl.db.embedded.order_content import Content
from syncctl.db.embedded.registry import Session
from syncctl.db.embedded.rms.site import WIDTHS, held_address, second_line, site_of
from syncctl.errors import ConfigError, MappingError
from syncctl.text_width import shorten, width as units

NUMBER_WIDTH = 15
"""Letters of a customer's number on our side; an account number may have 20."""
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


def has_customer(session: Session, cust_no: str) -> bool:
    """See `Erp.has_customer`."""
    return known_customer(session, cust_no) is not None


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
    if session.one("SELECT 1 FROM dbo.USER_NUMBER_SERIES WHERE SERIES = 'CUST_NO'") is None:
        return "The number series CUST_NO is not set: `syncctl config erp series CUST_NO --prefix TEXT`."
    return None


def create_customer(session: Session, staged: sqlite3.Row, content: Content) -> str:
    """See `Erp.create_customer`."""
    number = _next_number(session)
    address = held_address(content.billing)
    first, last = address["FST_NAM"], address["LST_NAM"]
    if not first and not last:
        last = address["NAM"] or ("" if address["COMPANY"] else shorten(staged["CUST_EMAIL"] or "", WIDTHS["LST_NAM"]))
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
            "email": shorten(staged["CUST_EMAIL"] or "", 255),
            "now": site_of(session).local_time(session.now),
        },
    )
    return number


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


def lossy_texts(staged: sqlite3.Row, content: Content) -> Iterator[HeldText]:
    """See `Erp.lossy_texts` and `fn_ErpTexts`. RMS holds every letter; a line's whole text stands in its entry's comment."""
    for field, text, limit in _texts(staged, content):
        if units(text) > limit:
            yield HeldText(field, text, "", limit)


def _texts(staged: sqlite3.Row, content: Content) -> Iterator[tuple[str, str, int]]:
    yield "CUST_EMAIL", staged["CUST_EMAIL"] or "", 255
    addresses = {"BILL": content.billing, "SHIP": content.shipping if content.shipping is not content.billing else {}}
    for kind, address in addresses.items():
        whole = {**address, "ADRS_2": second_line(address)}
        for part, limit in WIDTHS.items():
            yield f"{kind}.{part}", whole.get(part, ""), limit
    for line in content.sold_lines:
        yield f"LINE_ITEMS[{line.line_id}].DESCR", line.descr, 255

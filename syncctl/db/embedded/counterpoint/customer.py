"""Customers and ship-to addresses in CounterPoint."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from syncctl.db.embedded.counterpoint.code_page import capitals, held, held_address
from syncctl.db.embedded.counterpoint.customer_number import next_customer_number, require_customer_number
from syncctl.db.embedded.counterpoint.lines import insert
from syncctl.db.embedded.counterpoint.site import local_time
from syncctl.db.embedded.erp import CustomerField, Settings, settings_of
from syncctl.db.embedded.order_content import Content
from syncctl.db.embedded.registry import Session
from syncctl.errors import ConfigError

_ADDRESS = ("NAM", "FST_NAM", "LST_NAM", "ADRS_1", "ADRS_2", "ADRS_3", "CITY", "STATE", "ZIP_COD", "CNTRY")
_NAMES = ("NAM", "FST_NAM", "LST_NAM")
_BY_SETTING = {"CATEG_COD": "CUST_CATEG_COD", "TAX_COD": "TAX_COD", "STR_ID": "STR_ID"}
"""Columns that a site setting fills where there is no template, or where it has nothing there."""

_ZIP_PLUS_4 = re.compile(r"[0-9]{5}-[0-9]{4}")

_COPIED = ("CUST_TYP", "BAL_METH", "TERMS_COD", "PROF_COD_1")
"""What else a new customer has from the template; at a real site, whatever else is no person's own."""


def find_customers(session: Session, email: str) -> list[str]:
    """See `Erp.find_customers` and `fn_ErpCustomers`."""
    as_held = held(email, 100)
    # Two addresses that are alike only in the code page belong to two people: the map knows them whole.
    others = {
        row["CUST_NO"]
        for row in session.all(
            """
            SELECT mapped.CUST_NO, mapped.WOO_EMAIL
            FROM dbo.AR_CUST AS customer
            INNER JOIN dbo.USER_CUSTOMER_MAP AS mapped ON mapped.CUST_NO = customer.CUST_NO AND mapped.IS_ACTIVE = 1
            WHERE customer.EMAIL_ADRS_1 = :held AND mapped.WOO_EMAIL <> :email
            """,
            {"held": as_held, "email": email},
        )
        if held(row["WOO_EMAIL"], 100).lower() == as_held.lower()
    }
    found = session.all("SELECT CUST_NO FROM dbo.AR_CUST WHERE EMAIL_ADRS_1 = :held ORDER BY CUST_NO", {"held": as_held})
    return [str(row["CUST_NO"]) for row in found if row["CUST_NO"] not in others]


def is_fitting(session: Session, cust_no: str, content: Content) -> bool:
    """See `Erp.is_fitting` and `fn_ErpFittingCustomer`."""
    row = session.one("SELECT NAM, FST_NAM, LST_NAM, ZIP_COD FROM dbo.AR_CUST WHERE CUST_NO = :cust_no", {"cust_no": cust_no})
    if row is None:
        return False
    there = {part: _plain(row[part]) for part in ("NAM", "FST_NAM", "LST_NAM")}
    company = held(content.billing.get("COMPANY", ""), 40)
    billed = held_address({**content.billing, "COMPANY": ""})
    asked = {part: _plain(billed[part]) for part in there}
    if not billed["ZIP_COD"].strip() or _postcode(row["ZIP_COD"] or "") != _postcode(billed["ZIP_COD"]):
        return False
    by_parts = asked["LST_NAM"] != "" and all(there[part] == asked[part] for part in ("FST_NAM", "LST_NAM"))
    return by_parts or (there["NAM"] != "" and there["NAM"] in (asked["NAM"], _plain(company)))


def _plain(text: str | None) -> str:
    """Return a text as the ERP's collation compares it."""
    return (text or "").rstrip(" ").lower()


def _postcode(text: str) -> str:
    """Return a postcode without blanks and hyphens, one of the United States by its first five digits."""
    return (text[:5] if _ZIP_PLUS_4.fullmatch(text.rstrip(" ")) else text).replace(" ", "").replace("-", "").lower()


def customer_no(session: Session, number: str) -> str | None:
    """See `Erp.customer_no`."""
    row = session.one("SELECT CUST_NO FROM dbo.AR_CUST WHERE CUST_NO = :cust_no", {"cust_no": number})
    return None if row is None else str(row["CUST_NO"])


def new_customer_problem(session: Session) -> str | None:
    """See `Erp.new_customer_problem`."""
    settings = settings_of(session)
    template = _template(session, settings)
    if template is not None and customer_no(session, template) is None:
        return (
            f"The template customer {template} is not in AR_CUST, so no customer can be made. Add it in CounterPoint, or name"
            " another one: `syncctl config erp set TMPLT_CUST_NO NUMBER` (- for none)."
        )
    try:
        require_customer_number(session, settings)
    except ConfigError as problem:
        return str(problem)
    return None


def create_customer(session: Session, email: str, content: Content) -> str:
    """See `Erp.create_customer`."""
    settings = settings_of(session)
    template = _template(session, settings)
    key = {"cust_no": template}
    copied = session.one("SELECT * FROM dbo.AR_CUST WHERE CUST_NO = :cust_no", key) if template else None
    if template is not None and copied is None:
        raise ConfigError(f"The template customer {template} is not in AR_CUST, so no customer can be made.", code=50041)
    cust_no = next_customer_number(session, settings)
    address = held_address(content.billing)
    is_person = address["FST_NAM"] or address["LST_NAM"] or not content.billing.get("COMPANY")
    values = {
        "CUST_NO": cust_no,
        **{part: address[part] or None for part in _ADDRESS},
        "NAM": address["NAM"] or held(email, 40) or None,
        "PHONE_1": address["PHONE"] or None,
        "EMAIL_ADRS_1": held(email, 100) or None,
        "CUST_NAM_TYP": "P" if is_person else "B",
        "LST_MAINT_DT": local_time(session.now, settings),
        **{column: settings[name] for column, name in _BY_SETTING.items()},
    }
    if copied is not None:
        values |= {column: copied[column] for column in _COPIED}
        values |= {column: copied[column] or values[column] for column in _BY_SETTING}
    insert(session, "AR_CUST", values | _in_capitals(values))
    return cust_no


def customer_fields(session: Session, cust_no: str, email: str, content: Content) -> list[CustomerField]:
    """See `Erp.customer_fields` and `fn_ErpCustomerFields`."""
    row = session.one("SELECT * FROM dbo.AR_CUST WHERE CUST_NO = :cust_no", {"cust_no": cust_no})
    return (
        []
        if row is None
        else [CustomerField(part, name, wanted, (row[name] or "").rstrip(" ")) for part, name, wanted in _fields(email, content)]
    )


def _fields(email: str, content: Content) -> Iterator[tuple[str, str, str]]:
    """Return each field that follows a customer of the store: its part, its name, and what it is to hold."""
    address = held_address(content.billing)
    has_address = any(address[part] for part in ("ADRS_1", "ADRS_2", "CITY", "ZIP_COD"))
    for name in _ADDRESS:
        kind = "name" if name in _NAMES else "address"
        yield kind, name, address[name].rstrip(" ") if kind == "name" or has_address else ""
    yield "telephone", "PHONE_1", address["PHONE"].rstrip(" ")
    yield "e-mail", "EMAIL_ADRS_1", held(email, 100)


def change_customer(session: Session, cust_no: str, fields: Collection[str], email: str, content: Content) -> None:
    """See `Erp.change_customer`."""
    values = {name: wanted or None for _, name, wanted in _fields(email, content) if name in fields}
    values |= _in_capitals(values)
    written = ", ".join(f"{name} = :{name}" for name in values)
    session.run(
        f"UPDATE dbo.AR_CUST SET {written}, LST_MAINT_DT = :now WHERE CUST_NO = :cust_no",  # noqa: S608  (constants)
        {**values, "now": local_time(session.now, settings_of(session)), "cust_no": cust_no},
    )


def find_namesakes(session: Session, content: Content) -> list[str]:
    """See `Erp.find_namesakes`."""
    rows = session.all(
        """
        SELECT CUST_NO FROM dbo.AR_CUST
        WHERE NAM = :NAM COLLATE NOCASE OR NAM = :company COLLATE NOCASE OR LST_NAM = :LST_NAM COLLATE NOCASE
        """,
        {**held_address(content.billing), "company": held(content.billing.get("COMPANY", ""), 40)},
    )
    return [str(row["CUST_NO"]) for row in rows if is_fitting(session, row["CUST_NO"], content)]


def add_address(session: Session, cust_no: str, _email: str, content: Content) -> bool:
    """See `Erp.add_address`."""
    if settings_of(session).get("WRITE_SHIP_ADRS") != "Y":
        return False
    key = {"cust_no": cust_no}
    count = "SELECT COUNT(*) AS FOUND FROM dbo.AR_SHIP_ADRS WHERE CUST_NO = :cust_no"
    before = session.one(count, key)
    ship_to_address(session, cust_no, content)
    after = session.one(count, key)
    return before is not None and after is not None and after["FOUND"] > before["FOUND"]


def _in_capitals(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns that are searched in capitals, of those names that are written."""
    return {f"{column}_UPR": capitals(values[column]) for column in _NAMES if column in values}


def _template(session: Session, settings: Settings) -> str | None:
    """Return the customer that new ones are made like: the setting's, else EC_CTL's; None where there is none."""
    row = session.one("SELECT TMPLT_CUST_NO FROM dbo.EC_CTL ORDER BY KEY_ID LIMIT 1")
    named = settings.get("TMPLT_CUST_NO") or (row and row["TMPLT_CUST_NO"]) or "-"
    return None if named == "-" else str(named)


def ship_to_address(session: Session, cust_no: str, content: Content) -> str | None:
    """Return the id of the customer's ship-to address with this content, added where there is none; None without an address."""
    address = held_address(content.shipping)
    if not any(address[part] for part in ("ADRS_1", "ADRS_2", "CITY", "ZIP_COD")):
        return None
    rows = session.all("SELECT * FROM dbo.AR_SHIP_ADRS WHERE CUST_NO = :cust_no", {"cust_no": cust_no})
    for row in sorted(rows, key=lambda row: (len(row["SHIP_ADRS_ID"]), row["SHIP_ADRS_ID"])):
        if (row["PHONE_1"] or "") == address["PHONE"] and all((row[part] or "") == address[part] for part in _ADDRESS):
            return str(row["SHIP_ADRS_ID"])
    taken = [int(row["SHIP_ADRS_ID"]) for row in rows if row["SHIP_ADRS_ID"].isdecimal()]
    ship_adrs_id = str(1 + max(taken, default=0))
    session.run(
        """
        INSERT INTO dbo.AR_SHIP_ADRS
            (CUST_NO, SHIP_ADRS_ID, NAM, FST_NAM, LST_NAM, ADRS_1, ADRS_2, ADRS_3, CITY, STATE, ZIP_COD, CNTRY, PHONE_1)
        VALUES (:cust_no, :ship_adrs_id, :NAM, :FST_NAM, :LST_NAM, :ADRS_1, :ADRS_2, :ADRS_3, :CITY, :STATE, :ZIP_COD, :CNTRY,
                :PHONE)
        """,
        {"cust_no": cust_no, "ship_adrs_id": ship_adrs_id, **{part: text or None for part, text in address.items()}},
    )
    return ship_adrs_id

"""What a varchar column of CounterPoint's holds of a text: the letters of code page 1252, as the trial ERP's collation has it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from syncctl.db.embedded.erp import HeldText, Texts
from syncctl.db.embedded.order_content import Content
from syncctl.text_width import shorten, width as units

_CONTROLS = frozenset("\x81\x8d\x8f\x90\x9d")
"""Windows keeps these where Python's table of the page has nothing."""

_ADDRESS = {
    "NAM": 40, "COMPANY": 40, "FST_NAM": 15, "LST_NAM": 25, "ADRS_1": 40, "ADRS_2": 40, "ADRS_3": 40, "CITY": 20, "STATE": 10,
    "ZIP_COD": 15, "CNTRY": 20, "PHONE": 25,
}  # fmt: skip


def held(text: str, width: int) -> str:
    """Cut a text to a column's width, with ? for each letter that it can't hold; two for one that takes two places."""
    return "".join(letter if _kept(letter) else "?" * (1 + (letter > "\uffff")) for letter in shorten(text, width))


def lost_letters(text: str, width: int) -> str:
    """Return what a column loses of a text, each letter once. See `sql/functions/fn_LostLetters.sql`."""
    lost = ""
    for letter in shorten(text, width):
        if not _kept(letter) and (letter > "\uffff" or letter not in lost):
            lost += letter
    return lost


def capitals(text: str | None) -> str | None:
    """Return a text as T-SQL's UPPER has it in that code page: a letter without a capital there stays."""
    return (
        None
        if text is None
        else "".join(letter.upper() if len(letter.upper()) == 1 and _kept(letter.upper()) else letter for letter in text)
    )


def held_address(address: Mapping[str, str]) -> dict[str, str]:
    """Return an address's parts as the columns hold them; the company's name stands in where there is no other."""
    parts = {part: held(address.get(part, ""), width) for part, width in _ADDRESS.items()}
    company = parts.pop("COMPANY")
    return {**parts, "NAM": parts["NAM"] or company}


def lossy_texts(staged: Texts, content: Content) -> Iterator[HeldText]:
    """See `Erp.lossy_texts`, and `sql/erp/counterpoint/fn_ErpTexts.sql`."""
    for field, text, width in _texts(staged, content):
        lost, cut_to = lost_letters(text, width), width if units(text) > width else None
        if lost or cut_to:
            yield HeldText(field, text, lost, cut_to)


def _texts(staged: Texts, content: Content) -> Iterator[tuple[str, str, int]]:
    yield "CUST_PO_NO", staged["WOO_ORDER_NO"] or "", 20
    yield "CUST_EMAIL", staged["CUST_EMAIL"] or "", 100
    addresses = {"BILL": content.billing, "SHIP": content.shipping if content.shipping is not content.billing else {}}
    for kind, address in addresses.items():
        for part, width in _ADDRESS.items():
            if part != "COMPANY" or not address.get("NAM"):
                yield f"{kind}.{part}", address.get(part, ""), width
    for line in content.sold_lines:
        yield f"LINE_ITEMS[{line.line_id}].DESCR", line.descr, 250


def _kept(letter: str) -> bool:
    if letter in _CONTROLS:
        return True
    try:
        letter.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True

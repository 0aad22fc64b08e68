"""What a trial ERP's own tables say in sums, for the scripts that ask them afterwards: one entry for each ERP."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the scripts are run by their paths

from scripts.runs import rows_of
from syncctl.db.contract import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Queries of one ERP. A document that is closed comes to nothing."""

    documents: str
    """→ DOC_ID, TKT_NO and TOT of every open document, or every document where closed ones stay."""
    on_order: str
    """→ ITEM and QTY: what is committed."""
    series: tuple[str, ...]
    """Number series of which each document draws one number."""


ERPS: Mapping[str, Sums] = {
    "counterpoint": Sums(
        documents="SELECT hdr.DOC_ID, hdr.TKT_NO, tot.TOT FROM dbo.PS_DOC_HDR AS hdr "
        "INNER JOIN dbo.PS_DOC_HDR_TOT AS tot ON tot.DOC_ID = hdr.DOC_ID",
        on_order="SELECT ITEM_NO AS ITEM, QTY_ON_SO AS QTY FROM dbo.IM_INV",
        series=("DOC_ID", "TKT_NO"),
    ),
    "rms": Sums(
        documents="SELECT ID AS DOC_ID, ReferenceNumber AS TKT_NO, CASE Closed WHEN 1 THEN 0 ELSE Total END AS TOT "
        "FROM dbo.[Order]",
        on_order="SELECT ItemLookupCode AS ITEM, QuantityCommitted AS QTY FROM dbo.Item",
        series=(),
    ),
}


def sums_of(database: Database) -> Sums:
    """Return the queries of the ERP that a database belongs to."""
    [row] = rows_of(database, "SELECT VALUE FROM dbo.USER_ERP_SETTING WHERE NAME = 'ERP'")
    return ERPS[row["VALUE"]]


@dataclass(frozen=True, slots=True)
class Document:
    """A document: the number that people know it by, and what it comes to."""

    number: str
    total: Decimal


def documents(database: Database) -> dict[int, Document]:
    """Return every document by its id."""
    return {
        int(row["DOC_ID"]): Document(str(row["TKT_NO"]), Decimal(str(row["TOT"])).quantize(Decimal("0.01")))
        for row in rows_of(database, sums_of(database).documents)
    }


def on_order(database: Database) -> dict[str, Decimal]:
    """Return what is committed of each item of which anything is."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows_of(database, sums_of(database).on_order):
        found[row["ITEM"]] += Decimal(str(row["QTY"])).quantize(Decimal("0.0001"))
    return {item: quantity for item, quantity in found.items() if quantity}

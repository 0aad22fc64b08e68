"""What a person in the ERP does to a document, each with the reason by which the document is left to that person."""

from __future__ import annotations

from collections.abc import Callable

from tests.shop import Shop


def hand_shipped(shop: Shop, doc: int) -> None:
    shop.ship(doc)


def hand_released_one_of_two(shop: Shop, doc: int) -> None:
    shop.query("UPDATE dbo.PS_DOC_LIN SET QTY_SHIPPED = 1 WHERE DOC_ID = ? AND LIN_SEQ_NO = 1", (doc,))


def hand_picked(shop: Shop, doc: int) -> None:
    shop.query("UPDATE dbo.PS_DOC_HDR SET HAS_PCKD_LINS = 'Y' WHERE DOC_ID = ?", (doc,))


def hand_invoiced(shop: Shop, doc: int) -> None:
    shop.query("UPDATE dbo.PS_DOC_HDR SET HAS_INVCD_LINS = 'Y' WHERE DOC_ID = ?", (doc,))


def hand_deleted(shop: Shop, doc: int) -> None:
    shop.delete(doc)


def hand_posted(shop: Shop, doc: int) -> None:
    shop.post(doc)


def hand_released(shop: Shop, doc: int) -> None:
    shop.query("UPDATE dbo.PS_DOC_HDR SET DOC_TYP = 'T' WHERE DOC_ID = ?", (doc,))


def hand_added_line(shop: Shop, doc: int) -> None:
    shop.add_line_by_hand(doc)


def hand_removed_line(shop: Shop, doc: int) -> None:
    shop.query("DELETE FROM dbo.PS_DOC_LIN WHERE DOC_ID = ? AND LIN_SEQ_NO = 1", (doc,))


def hand_changed_quantity(shop: Shop, doc: int) -> None:
    shop.query("UPDATE dbo.PS_DOC_LIN SET QTY_SOLD = '9.0000' WHERE DOC_ID = ? AND LIN_SEQ_NO = 1", (doc,))


def hand_changed_price(shop: Shop, doc: int) -> None:
    shop.query("UPDATE dbo.PS_DOC_LIN SET EXT_PRC = '1.00' WHERE DOC_ID = ? AND LIN_SEQ_NO = 1", (doc,))


def hand_changed_total(shop: Shop, doc: int) -> None:
    shop.query("UPDATE dbo.PS_DOC_HDR_TOT SET TOT = '1.00' WHERE DOC_ID = ?", (doc,))


def hand_changed_charge(shop: Shop, doc: int) -> None:
    shop.query("UPDATE dbo.PS_DOC_HDR_MISC_CHRG SET MISC_AMT = '1.00' WHERE DOC_ID = ?", (doc,))


BY_HAND: list[tuple[Callable[[Shop, int], None], str]] = [
    (hand_shipped, "of its [12] lines (was|were) released"),
    (hand_released_one_of_two, "1 of its [12] lines was released"),
    (hand_picked, "it was picked"),
    (hand_invoiced, "it was invoiced"),
    (hand_deleted, "no longer among the open documents: it was voided or deleted by hand"),
    (hand_posted, "no longer among the open documents: it was posted"),
    (hand_released, "its type is T"),
    (hand_added_line, "1 of its lines was added by hand"),
    (hand_removed_line, "1 of its lines was removed by hand"),
    (hand_changed_quantity, "1 of its lines was changed by hand"),
    (hand_changed_price, "1 of its lines was changed by hand"),
    (hand_changed_total, "its total was changed by hand: 1.00 instead of 24.99"),
    (hand_changed_charge, "its misc charges were changed by hand"),
]

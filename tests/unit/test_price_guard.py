"""What a push of prices lets through without a person, and how prices are written."""

from __future__ import annotations

from decimal import Decimal

import pytest

from syncctl.db.contract import PriceChange
from syncctl.services.price import PriceGuard, in_currency
from syncctl.stores.base import Asked

D = Decimal


def change(before: str | None, after: str, *, sale_before: str | None = None, sale: str | None = None) -> PriceChange:
    return PriceChange(
        product_id=1,
        parent_id=0,
        sku="MUG",
        name="Mug",
        item_no="MUG",
        store_regular=None if before is None else D(before),
        store_sale=None if sale_before is None else D(sale_before),
        store_sale_from_dt=None,
        store_sale_to_dt=None,
        regular=D(after),
        sale=None if sale is None else D(sale),
        sale_from_dt=None,
        sale_to_dt=None,
        sale_fault=None,
        standing="differs",
        told_dt=None,
        next_attempt_dt=None,
    )


@pytest.mark.parametrize(
    ("of", "suspicious"),
    [
        (change("10", "13.40"), False),
        (change("10", "13.41"), True),
        (change("10", "6.60"), False),
        (change("10", "6.59"), True),
        (change(None, "99"), False),
        (change("0", "99"), False),
        (change("10", "10", sale="6.60"), False),
        (change("10", "10", sale="6.59"), True),
        (change("10", "10", sale_before="6", sale="5"), False),
        (change("10", "10", sale_before="6", sale="3"), True),
        (change("10", "10", sale_before="2"), False),
        (change("10", "13", sale="4"), True),
    ],
    ids=lambda value: (
        str(value) if isinstance(value, bool) else f"{value.store_regular}-{value.regular}-{value.store_sale}-{value.sale}"
    ),
)
def test_what_changes_by_more_than_a_third_is_looked_at_and_the_end_of_a_sale_is_not(of: PriceChange, suspicious: bool):
    assert PriceGuard().is_suspicious(of) is suspicious


@pytest.mark.parametrize(
    ("decimals", "regular", "sale"), [(2, "10.00", "8.50"), (3, "10.000", "8.500"), (4, "10.0000", "8.5000")]
)
def test_a_price_is_written_with_the_decimals_of_the_currency(decimals: int, regular: str, sale: str):
    asked = in_currency(Asked(regular=D("10.0000"), sale=D("8.5000")), decimals)
    assert (str(asked.regular), str(asked.sale)) == (regular, sale)
    assert in_currency(Asked(regular=D("1000")), 0) == Asked(regular=D(1000))

"""What fits one by one and makes a price, a cost or a sum that no column of the ERP holds: told, never a raw error."""

from __future__ import annotations

import pytest

from syncctl.db.contract import ClaimStagedOrders, ProcessStagedOrder, ValidateStagedOrder
from tests.orders import line, order, stage
from tests.shop import Shop

COST = "a quantity of {} has a cost that the ERP can't hold. Correct the line in the store, or the item's cost in the ERP."
PRICE = "for a quantity of {} the amount makes a price that the ERP can't hold. Correct the line in the store."
SUMS = "The costs or prices of its lines come to more than the ERP can hold. Correct the quantities in the store."
MANY = "99999999999"


@pytest.fixture
def shop(database, query):
    shop = Shop(database, query)
    shop.query("UPDATE dbo.IM_ITEM SET LST_COST = '90.0000'")
    return shop


def found(shop: Shop, *lines, **rules) -> list[tuple[str, str, str]]:
    stage(shop.database, order(4711, *lines))
    rows = shop.database.run(ValidateStagedOrder(staging_id=shop.staged()["STAGING_ID"], **rules))
    return [(row.code, row.field, row.message) for row in rows if row.severity == "error"]


def test_a_cost_that_no_column_holds_goes_to_a_person(shop):
    assert found(shop, line(1, qty=MANY)) == []
    shop.query("UPDATE dbo.IM_INV SET LST_COST = '100.0100' WHERE ITEM_NO = 'TEE-BLK'")
    message = f"Item TEE-BLK: {COST.format(MANY)}"
    assert found(shop, line(1, qty=MANY)) == [("too_large", "LINE_ITEMS[1].QTY", message)]
    [claimed] = shop.database.run(ClaimStagedOrders(worker_id="worker", batch_size=1))
    call = ProcessStagedOrder(staging_id=claimed.staging_id, worker_id="worker", attempt_no=claimed.attempt_no)
    rows = [row for row in shop.database.run(call) if row.severity != "warning"]
    assert [(row.code, row.outcome) for row in rows] == [("too_large", None), (None, "invalid")]


@pytest.mark.parametrize("subtotal", ["10000000.00", "10000000.01"])
def test_neither_a_price_of_too_many_digits(shop, subtotal):
    lines = [line(1, qty="0.0001", total="10000000.00", subtotal=subtotal)]
    message = f"Item TEE-BLK: {PRICE.format('0.0001')}"
    assert found(shop, *lines, price_check="error") == [("too_large", "LINE_ITEMS[1].QTY", message)]
    fits = line(1, qty="0.0001", total="9999999.00", subtotal="9999999.00")
    assert found(shop, fits, price_check="off") == []


def test_what_fits_line_by_line_may_be_too_much_together(shop):
    costs = [line(number, qty=MANY, total="0.00") for number in (1, 2)]
    assert found(shop, *costs, price_check="off") == [("too_large", "LINES", SUMS)]
    shop.query("UPDATE dbo.IM_ITEM SET LST_COST = '0.0100'")
    assert found(shop, *costs, price_check="off") == []

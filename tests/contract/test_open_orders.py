"""Which orders are open in the ERP: those that are compared with the store every hour."""

from __future__ import annotations

import pytest

from syncctl.db.contract import ListOpenOrders
from syncctl.errors import BadArgument
from tests.orders import line, order, stage
from tests.shop import Shop


@pytest.fixture
def shop(database, query):
    return Shop(database, query)


def opened(shop: Shop, **options: int) -> list[int]:
    return [row.woo_order_id for row in shop.database.run(ListOpenOrders(store_id="woocommerce", **options))]


def test_what_is_shipped_closed_gone_or_another_stores_is_left_out(shop):
    stage(shop.database, *(order(number, line(1)) for number in (1, 2, 3, 4, 5)))
    docs = {shop.work(claimed).staging_id: claimed.woo_order_id for claimed in shop.claim_all()}
    links = {row["WOO_ORDER_ID"]: row["DOC_ID"] for row in shop.query("SELECT * FROM dbo.USER_ORDER_LINK", ())}
    assert len(docs) == 5
    shop.ship(links[2])
    shop.delete(links[3])
    shop.query("UPDATE dbo.USER_ORDER_LINK SET LINK_STATE = 'CLOSED' WHERE WOO_ORDER_ID = 4", ())
    assert opened(shop) == [1, 5]
    assert opened(shop, batch_size=1) == [1]
    first = shop.staged(1)["STAGING_ID"]
    assert opened(shop, after_id=first) == [5]
    assert shop.database.run(ListOpenOrders(store_id="another")) == []


def test_what_the_store_was_told_of_is_open_no_more(shop):
    shop.apply(line(1))
    shop.query("UPDATE dbo.USER_ORDER_LINK SET ERP_STATUS_TOLD = 'shipped'", ())
    assert opened(shop) == []


def test_the_batch_has_its_bounds(shop):
    with pytest.raises(BadArgument, match="@BATCH_SIZE takes 1 to 10000"):
        opened(shop, batch_size=0)

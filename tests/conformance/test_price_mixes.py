"""Prices of each ERP in each store: told as the store keeps them, and nothing wrongly."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from syncctl.db.contract import NotePriceTold, SeedDemoErp, SetErpSetting
from syncctl.errors import ConfigError, StoreUnavailable
from syncctl.services.item_push import FirstPush, Held, ItemListing
from syncctl.services.price import PriceGuard, PricePush
from syncctl.services.run_context import RunContext
from syncctl.stores.base import Asked, PriceWrite
from tests.conformance.ledgers import Ledger
from tests.conformance.storefronts import Storefront

D = Decimal
SKUS = [f"SKU-{number:02d}" for number in range(1, 31)]
TEN = ("10.00", "10.00")


class Killed(BaseException):
    """The run is gone."""


@dataclass
class Prices:
    """A shop of thirty items at 10.00, two of them variations, in the store and in the ERP; the store was told once."""

    shop: Storefront
    ledger: Ledger
    dies: bool = False

    def run(self, call: Any) -> Any:
        """Stand between the push and the database: dies before it notes what was told."""
        if self.dies and isinstance(call, NotePriceTold):
            raise Killed
        return self.ledger.database.run(call)

    def push(self, *skus: str, sure: bool = False, guard: PriceGuard | None = None, anew: bool = False) -> PricePush:
        """Push once, as a scheduler does."""
        context = RunContext(run_id="prices", clock=self.shop.clock, sleeper=self.shop.clock.sleep)
        store = self.shop.open()
        try:
            listing = ItemListing(database=self, store=store, context=context)
            if anew or listing.needs_listing(listing.count()):
                listing.list_items()
            pushing = PricePush(database=self, store=store, context=context, guard=guard or PriceGuard())
            pushing.look(skus)
            pushing.tell(count=listing.count(), sure=sure)
        finally:
            store.close()
        return pushing


@pytest.fixture
def prices(shop: Storefront, ledger: Ledger) -> Prices:
    items = [{"ITEM_NO": sku, "SKU": sku, "DESCR": sku, "PRC_1": "10.00", "QTY_ON_HND": "5"} for sku in SKUS]
    ledger.database.run(SeedDemoErp(items=json.dumps(items), customers="[]"))
    ledger.include_tax(False)
    sold = [product(number, sku) for number, sku in enumerate(SKUS, start=1)]
    shirt = {**product(90, "SHIRT"), "type": "variable", "regular_price": "", "manage_stock": False, "variations": sold[-2:]}
    shop.sell([*sold[:-2], shirt], [])
    made = Prices(shop, ledger)
    ledger.put_price("SKU-01", "10.01")
    with pytest.raises(FirstPush, match="first time"):
        made.push()
    assert set(shop.prices().values()) == {TEN}
    assert made.push(sure=True).result.told == 1
    ledger.put_price("SKU-01", "10.00")
    assert made.push().result.told == 1
    assert set(shop.prices().values()) == {TEN}
    return made


def product(number: int, sku: str) -> dict[str, Any]:
    priced = {"price": "10.00", "regular_price": "10.00", "sale_price": ""}
    held = {"manage_stock": True, "stock_quantity": 5, "variations": []}
    return {"id": number, "type": "simple", "name": sku.title(), "sku": sku, **priced, **held}


def test_only_what_differs_is_told_and_one_refusal_is_no_others(prices: Prices):
    for sku in SKUS[-4:]:
        prices.ledger.put_price(sku, "11.50")
    prices.shop.refuse_price(30)
    pushed = prices.push()
    assert (pushed.result.told, list(pushed.result.refused)) == (3, [30])
    told = dict.fromkeys(SKUS[-4:-1], ("11.50", "11.50"))
    assert prices.shop.prices() == dict.fromkeys(SKUS, TEN) | told
    again = prices.push()
    assert (again.result.changes, dict(again.result.left)) == ([], {"waiting": 1})


def test_suspicious_ones_wait_and_the_sound_rest_is_told(prices: Prices):
    for sku, price in (("SKU-01", "100"), ("SKU-02", "1"), ("SKU-03", "12"), ("SKU-04", "0"), ("SKU-05", "-7")):
        prices.ledger.put_price(sku, price)
    with pytest.raises(Held, match=r"2 prices would change by more than 34%.*SKU-01 10 → 100; SKU-02 10 → 1\. The others were"):
        prices.push()
    assert prices.shop.prices() == dict.fromkeys(SKUS, TEN) | {"SKU-03": ("12.00", "12.00")}
    assert prices.push("SKU-02", sure=True).result.told == 1
    assert prices.push(sure=True).result.told == 1
    now = prices.shop.prices()
    assert [now[sku][0] for sku in SKUS[:5]] == ["100.00", "1.00", "12.00", "10.00", "10.00"], "0 and less: never"


def test_a_price_list_that_is_gone_is_told_to_nobody(prices: Prices):
    for sku in SKUS[1:28]:
        prices.ledger.put_price(sku, None)
    prices.ledger.put_price("SKU-30", "11")
    with pytest.raises(Held, match="no price any more of 27 of 30 items"):
        prices.push()
    assert prices.push(sure=True).result.told == 1
    for sku in SKUS:
        prices.ledger.put_price(sku, "11")
    with pytest.raises(Held, match="29 of 30 prices would change"):
        prices.push()
    assert prices.push(sure=True).result.told == 29
    for sku in SKUS[:28]:
        prices.ledger.put_price(sku, None)
    with pytest.raises(Held, match="no price any more of 28 of 30 items"):
        prices.push()
    assert set(prices.shop.prices().values()) == {("11.00", "11.00")}


def test_a_run_that_is_killed_between_telling_and_noting_is_followed_by_one_that_tells_the_rest(prices: Prices):
    for sku in SKUS[-6:]:
        prices.ledger.put_price(sku, "11.50")
    prices.dies = True
    with pytest.raises(Killed):
        prices.push()
    prices.dies = False
    assert prices.push().result.told == 6, "nobody noted it: told twice, which does no harm"
    assert prices.push().result.changes == []
    assert [prices.shop.prices()[sku][0] for sku in SKUS[-7:]] == ["10.00", *["11.50"] * 6]


@pytest.mark.parametrize(
    ("erp_includes", "store_includes", "wanted"),
    [(True, False, "8.40"), (False, True, "11.90"), (True, True, "10.00")],
    ids=["out", "in", "alike"],
)
def test_tax_goes_in_or_out_where_the_two_differ(prices: Prices, erp_includes: bool, store_includes: bool, wanted: str):
    prices.ledger.include_tax(erp_includes)
    prices.shop.include_tax(store_includes)
    if erp_includes != store_includes:
        with pytest.raises(ConfigError, match="WEB_TAX_RATE"):
            prices.push()
        assert set(prices.shop.prices().values()) == {TEN}
    prices.ledger.database.run(SetErpSetting(setting_name="WEB_TAX_RATE", value="19"))
    prices.push(sure=True)
    assert set(prices.shop.prices().values()) == {(wanted, wanted)}
    assert prices.push().result.changes == []


def test_what_a_person_asks_in_the_store_is_overwritten_once_it_is_read(prices: Prices):
    store = prices.shop.open()
    [mine] = [each for each in store.products() if each.sku == "SKU-07"]
    assert mine.asked is not None
    asked = Asked(regular=D("12.3456"), sale=D("9.00"))
    store.put_prices([PriceWrite(product_id=mine.product_id, parent_id=mine.parent_id, asked=asked)])
    store.close()
    assert prices.push().result.changes == []
    assert prices.push(anew=True).result.told == 1
    assert prices.shop.prices()["SKU-07"] == TEN


def test_a_store_that_goes_down_in_between_is_told_the_rest(prices: Prices):
    prices.ledger.put_price("SKU-09", "11")
    prices.shop.front.go_down()
    with pytest.raises(StoreUnavailable):
        prices.push()


def test_a_sale_of_rms_begins_and_ends_in_the_store(prices: Prices, erp: str):
    if erp != "rms":
        pytest.skip("CounterPoint's price lists have no dates: sales of theirs are told as they stand")
    clock = prices.shop.clock
    prices.ledger.database.run(SetErpSetting(setting_name="TIME_ZONE", value="Eastern Standard Time"))
    today = datetime(clock().year, clock().month, clock().day, tzinfo=UTC)
    begins, ends = today + timedelta(days=1), today + timedelta(days=2)
    prices.ledger.query(
        "UPDATE dbo.Item SET SalePrice = 8, SaleStartDate = ?, SaleEndDate = ? WHERE ItemLookupCode = 'SKU-03'", (begins, ends)
    )

    def at(local: datetime) -> str:
        """Push a minute after a moment of the shop's own time, which is five hours behind, and return what is paid."""
        clock.move(local + timedelta(hours=5, minutes=1) - clock())
        prices.push()
        assert prices.push().result.changes == []
        return prices.shop.prices()["SKU-03"][0]

    prices.push()
    assert prices.shop.prices()["SKU-03"] == TEN
    assert at(begins - timedelta(minutes=5)) == "10.00"
    assert at(begins) in ("8.00", "8")
    assert at(ends + timedelta(hours=23)) in ("8.00", "8"), "its last day is whole"
    assert at(ends + timedelta(days=1)) == "10.00"


def test_a_sale_of_counterpoints_second_list_is_told(prices: Prices, erp: str):
    if erp != "counterpoint":
        pytest.skip("RMS has the price of a sale with its dates")
    prices.ledger.database.run(SetErpSetting(setting_name="WEB_SALE_LIST", value="PRC_2"))
    prices.ledger.query("UPDATE dbo.IM_PRC SET PRC_2 = CASE ITEM_NO WHEN 'SKU-03' THEN 8 WHEN 'SKU-04' THEN 12 END", ())
    assert prices.push().result.told == 1
    assert prices.shop.prices()["SKU-03"] == ("8.00", "10.00")
    prices.ledger.query("UPDATE dbo.IM_PRC SET PRC_2 = NULL", ())
    assert prices.push().result.told == 1
    assert prices.shop.prices()["SKU-03"] == TEN

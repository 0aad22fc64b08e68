"""A Shopify store and the ERP, command by command: staged, processed, told, edited, refunded, cancelled, shipped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.acceptance.program import Program
from tests.shopify_orders import line, order, shipping
from tests.shopify_shop import TOKEN, SimulatedShopify

PRODUCT = {"id": "gid://shopify/Product/1", "title": "Shirt"}
CREATED = "2026-11-20T10:00:00Z"


def variant(number: int, sku: str, price: str) -> dict[str, Any]:
    item = {"__typename": "InventoryItem", "id": f"gid://shopify/InventoryItem/{number}", "tracked": True}
    tracked = {"inventoryQuantity": 100, "inventoryPolicy": "DENY", "inventoryItem": item}
    return {
        "id": f"gid://shopify/ProductVariant/{number}",
        "sku": sku,
        "title": sku,
        "price": price,
        "product": PRODUCT,
        **tracked,
    }


@pytest.fixture
def shopify(syncctl: Program) -> Iterator[SimulatedShopify]:
    with SimulatedShopify() as shop:
        shop.products = [variant(1, "TEE-BLK", "19.99"), variant(2, "MUG", "8.00")]
        syncctl.settings |= {
            "SYNCCTL_SOURCE": "shopify",
            "SYNCCTL_SHOPIFY_URL": shop.url,
            "SYNCCTL_SHOPIFY_TOKEN": TOKEN,
            "SYNCCTL_UNKNOWN_CUSTOMER": "create",
            "SYNCCTL_ERP_CURRENCY": "GBP",
        }
        shop.load(
            [
                order(
                    line("TEE-BLK", 2, "19.99", discount="4.00", rate="20"),
                    line("MUG", 1, "8.00", rate="20"),
                    number=1,
                    shipping_lines=(shipping("5.00", tax="1.00"),),
                    note="Ring twice",
                ),
                order(line("NO-SUCH", 1, "5.00"), number=2),
                order(number=3, test=True),
            ]
        )
        yield shop


def counts(syncctl: Program, *arguments: str) -> dict[str, int]:
    return dict(syncctl(*arguments, "--json").json["counts"])


def test_an_order_of_a_shopify_store_travels_the_whole_way_and_back(syncctl: Program, shopify: SimulatedShopify):
    assert counts(syncctl, "db", "seed", "--from-store")["items"] == 2
    assert syncctl("config", "check").code == 0
    staged = counts(syncctl, "stage", "--since", "2026-11-01")
    assert (staged["staged"], staged["skipped"], staged["errors"]) == (2, 1, 0)
    processed = syncctl("process", "--json").json
    assert (processed["counts"]["created"], processed["counts"]["review"], processed["counts"]["written_back"]) == (1, 1, 1)
    created = processed["items"][0]
    told = f"[syncctl] Order created in CounterPoint. DOC_ID: {created['doc_id']}, TKT_NO: {created['tkt_no']}"
    assert shopify.orders[1]["note"] == f"Ring twice\n{told}"
    [tag] = shopify.orders[1]["tags"]
    assert tag.startswith(f"syncctl {created['doc_id']}/1@")
    [field] = shopify.orders[1]["metafields"].values()
    assert field["value"].startswith(f"{created['doc_id']}/1@")
    assert syncctl.query("SELECT STORE_ID, SOURCE_SYSTEM, TOT_AMT FROM USER_ORDER_STAGING WHERE WOO_ORDER_ID = 1") == [
        ("shopify", "shopify", "58.78")
    ]

    # What we wrote into the order is no edit of it.
    assert counts(syncctl, "stage")["unchanged"] == 3 - 2
    assert counts(syncctl, "process")["created"] == 0
    assert syncctl("trace", "1001", "--json").json["verdict"].startswith(f"It is in the ERP as document {created['doc_id']}")


def test_edits_refunds_and_cancellations_are_followed(syncctl: Program, shopify: SimulatedShopify):
    syncctl("db", "seed", "--from-store")
    syncctl("stage", "--since", "2026-11-01")
    assert counts(syncctl, "process")["created"] == 1

    shopify.load([{**shopify.orders[1], **edited(line("TEE-BLK", 3, "19.99", number=1001), line("MUG", 1, "8.00", number=1003))}])
    shopify.touch(1)
    assert counts(syncctl, "stage")["restaged"] == 1
    assert counts(syncctl, "process")["updated"] == 1
    assert document(syncctl) == [("TEE-BLK", "3"), ("MUG", "1")]

    # The statuses that create an order don't decide what becomes of one that is there.
    refunded = edited(line("TEE-BLK", 3, "19.99", current=1, number=1001), line("MUG", 1, "8.00", number=1003))
    shopify.load([{**shopify.orders[1], **refunded, "displayFinancialStatus": "PARTIALLY_REFUNDED", "totalRefundedSet": "39.98"}])
    shopify.touch(1)
    assert counts(syncctl, "stage")["restaged"] == 1
    assert counts(syncctl, "process")["updated"] == 1
    assert document(syncctl) == [("TEE-BLK", "1"), ("MUG", "1")]

    shopify.touch(1, cancelledAt="2026-11-20T12:00:00Z")
    assert counts(syncctl, "stage")["cancel_staged"] == 1
    assert counts(syncctl, "process")["cancelled"] == 1
    assert "Order closed in CounterPoint" in shopify.orders[1]["note"]
    assert counts(syncctl, "stage")["errors"] == 0


@pytest.mark.parametrize("fulfils", ["on", "off"])
def test_a_shipped_order_is_fulfilled_only_where_that_is_set(syncctl: Program, shopify: SimulatedShopify, fulfils: str):
    syncctl.settings["SYNCCTL_SHOPIFY_FULFIL"] = fulfils
    shopify.scopes.append("write_merchant_managed_fulfillment_orders")
    syncctl("db", "seed", "--from-store")
    syncctl("stage", "--since", "2026-11-01")
    [created, *_] = syncctl("process", "--json").json["items"]
    with syncctl.connected() as connection:
        connection.execute("UPDATE PS_DOC_LIN SET QTY_SHIPPED = QTY_SOLD, QTY_TO_REL = 0")
        connection.execute("UPDATE PS_DOC_HDR SET HAS_RLSD_LINS = 'Y'")
        connection.execute(
            "INSERT INTO PS_DOC_PKG_TRK_NO (DOC_ID, SEQ_NO, PKG_TRK_NO) VALUES (?, 1, 'PK1'), (?, 2, 'PK2')",
            [created["doc_id"]] * 2,
        )
    assert counts(syncctl, "sync-status")["written_back"] == 1
    assert "[syncctl] Order shipped" in shopify.orders[1]["note"]
    assert len(shopify.fulfilled) == (1 if fulfils == "on" else 0)
    assert shopify.orders[1]["displayFulfillmentStatus"] == ("FULFILLED" if fulfils == "on" else "UNFULFILLED")
    if fulfils == "on":
        [told] = shopify.fulfilled
        assert (told["notifyCustomer"], told["trackingInfo"]["numbers"]) == (False, ["PK1", "PK2"])
    assert created["outcome"] == "created"


def test_what_is_left_out_is_told_in_words_that_fit_shopify(syncctl: Program, shopify: SimulatedShopify):
    syncctl("db", "seed", "--from-store")
    staged = {item["woo_order_id"]: item for item in syncctl("stage", "--since", "2026-11-01", "--json").json["items"]}
    assert staged[3]["reason"] == "it is a test order; SYNCCTL_SHOPIFY_TEST_ORDERS=on takes those"
    shopify.load([order(number=4, confirmed=False)])
    [unconfirmed] = [item for item in syncctl("stage", "--order-id", "4", "--json").json["items"] if item["woo_order_id"] == 4]
    assert "SYNCCTL_SHOPIFY_UNCONFIRMED_ORDERS=on takes such orders at once" in unconfirmed["reason"]
    syncctl("map", "status", "open", "processing", "--plugin")
    [delivery] = syncctl("process", "--json").json["deliveries"]
    assert delivery["outcome"] == "delivered"
    assert delivery["message"] in (
        "",
        "the status stays paid: Shopify's orders have no status processing; note and tag tell it",
    )
    with syncctl.connected() as connection:
        connection.execute("UPDATE PS_DOC_LIN SET QTY_SHIPPED = QTY_SOLD, QTY_TO_REL = 0")
        connection.execute("UPDATE PS_DOC_HDR SET HAS_RLSD_LINS = 'Y'")
    [delivery] = syncctl("sync-status", "--json").json["deliveries"]
    assert (
        delivery["message"] == "the status stays paid: shipped orders are not marked as fulfilled (SYNCCTL_SHOPIFY_FULFIL is off)"
    )


def test_rows_that_shopify_refuses_wait_and_the_document_stands(syncctl: Program, shopify: SimulatedShopify):
    syncctl("db", "seed", "--from-store")
    syncctl("stage", "--since", "2026-11-01")
    shopify.user_errors = {"orderUpdate": "Note is invalid"}
    told = syncctl("process", "--json").json
    assert (told["counts"]["created"], told["counts"]["written_back"]) == (1, 0)
    [waiting] = syncctl("write-back", "list", "--json").json["items"]
    assert "Note is invalid" in waiting["error_message"]


def test_a_store_that_is_not_set_up_is_told_by_what_to_set(syncctl: Program, shopify: SimulatedShopify):
    shopify.scopes = ["read_orders"]
    ended = syncctl("config", "check")
    assert ended.code == 78
    assert "read_customers, write_orders" in " ".join(ended.out.split())
    del syncctl.settings["SYNCCTL_SHOPIFY_TOKEN"]
    assert "SYNCCTL_SHOPIFY_TOKEN is not set" in syncctl("stage").err


def test_a_version_that_goes_out_of_use_is_a_warning_of_health(syncctl: Program, shopify: SimulatedShopify):
    shopify.headers = {"X-Shopify-API-Version": "2027-01"}
    told = syncctl("health", "--json").json
    assert any("2027-01" in error["message"] for error in told["errors"])


def test_the_source_is_chosen_for_one_run_and_keeps_its_rows_apart(syncctl: Program, shopify: SimulatedShopify):
    del syncctl.settings["SYNCCTL_SOURCE"]
    assert syncctl("stage").code == 78  # no WooCommerce store is set
    assert counts(syncctl, "stage", "--source", "shopify", "--since", "2026-11-01")["staged"] == 2
    assert syncctl.query("SELECT DISTINCT STORE_ID FROM USER_ORDER_STAGING") == [("shopify",)]


def edited(*lines: dict[str, Any]) -> dict[str, Any]:
    """What an order without shipping comes to with these lines."""
    whole = order(*lines, number=1)
    return {
        name: whole[name]
        for name in ("lineItems", "currentTotalPriceSet", "currentTotalTaxSet", "currentTaxLines", "shippingLines")
    }


def document(syncctl: Program) -> list[tuple[str, str]]:
    rows = syncctl.query(
        "SELECT ITEM_NO, CAST(QTY_SOLD AS INTEGER) FROM PS_DOC_LIN WHERE CAST(QTY_SOLD AS REAL) <> 0 ORDER BY LIN_SEQ_NO"
    )
    return [(item, str(quantity)) for item, quantity in rows]


def test_stock_is_told_to_the_location_and_no_sale_is_given_back(syncctl: Program, shopify: SimulatedShopify):
    def on_hand(quantity: int) -> None:
        with syncctl.connected() as connection:
            connection.execute("UPDATE IM_INV SET QTY_ON_HND = ? WHERE ITEM_NO = 'MUG'", (f"{quantity}.0000",))

    def has() -> dict[str, int]:
        return {each["sku"]: each["inventoryQuantity"] for each in shopify.products}

    syncctl.settings["SYNCCTL_STOCK_PUSH"] = "true"
    syncctl("db", "seed", "--from-store")
    syncctl("stage", "--since", "2026-11-01")
    on_hand(50)
    assert syncctl("stock", "push", "--yes").code == 0
    assert has() == {"TEE-BLK": 98, "MUG": 49}, "less what the staged order holds"

    shopify.stock.take("MUG", 3)  # an order that no poll has shown yet
    on_hand(40)
    left = syncctl("stock", "push", "--json")
    assert (left.code, left.json["counts"]["told"], left.json["left_alone"]) == (0, 0, {"moved": 1})
    assert has()["MUG"] == 46
    assert counts(syncctl, "stock", "push")["told"] == 1
    assert has()["MUG"] == 39

    shopify.stock.refused[shopify.products[1]["inventoryItem"]["id"]] = "NON_MUTABLE_INVENTORY_ITEM"
    on_hand(30)
    ended = syncctl("stock", "push", "--json")
    assert (ended.code, ended.json["counts"]["refused"]) == (1, 1)

    shopify.stock.locations.append({"id": "gid://shopify/Location/72", "name": "Shop"})
    on_hand(20)
    ended = syncctl("stock", "push", "--sku", "MUG")
    assert ended.code == 78 and "SYNCCTL_SHOPIFY_LOCATION" in ended.err


def test_what_shopify_is_told_of_statuses_is_said_in_its_own_words(syncctl: Program, shopify: SimulatedShopify):
    assert syncctl("db", "seed", "--empty").code == 0

    def said() -> str:
        [item] = [item for item in syncctl("config", "check", "--json").json["items"] if item["what"] == "store statuses"]
        return str(item["detail"])

    assert said() == "no order would get another one now; none gets another one from us"
    refused = syncctl("map", "status", "shipped", "completed")
    assert refused.code == 2
    assert "completed from us: shipped orders are not marked as fulfilled (SYNCCTL_SHOPIFY_FULFIL is off)" in refused.err
    syncctl.settings["SYNCCTL_SHOPIFY_FULFIL"] = "on"
    assert said().endswith("only an order that is paid and waits gets another one (shipped → completed)")
    assert syncctl("map", "status", "shipped", "completed").code == 0
    assert "Shopify's orders have no status cancelled" in syncctl("map", "status", "closed", "cancelled", "--plugin").err


def test_a_push_of_stock_stages_what_came_as_stage_does(syncctl: Program, shopify: SimulatedShopify):
    syncctl.settings["SYNCCTL_STOCK_PUSH"] = "true"
    assert syncctl("db", "seed", "--from-store").code == 0
    assert syncctl("stage", "--since", "2026-11-01").code == 0
    shopify.load([order(number=4, test=True, createdAt=f"{shopify.clock():%Y-%m-%dT%H:%M:%SZ}")])
    syncctl("stock", "push", "--yes")
    reasons = syncctl.query("SELECT STATE_REASON FROM USER_ORDER_STAGING WHERE ORD_STATUS = 'test' ORDER BY STAGING_ID")
    assert reasons == [("it is a test order; SYNCCTL_SHOPIFY_TEST_ORDERS=on takes those",)] * 2

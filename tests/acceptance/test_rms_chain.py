"""A Shopify store and Microsoft RMS, command by command: set up, staged, entered, told, edited, cancelled."""

from __future__ import annotations

from tests.acceptance.program import Program
from tests.acceptance.test_shopify_chain import counts, edited, shopify  # noqa: F401  (a fixture)
from tests.shopify_orders import line
from tests.shopify_shop import SimulatedShopify

ENTRIES = """
SELECT item.ItemLookupCode, CAST(entry.QuantityOnOrder AS INTEGER), entry.Price, entry.FullPrice, entry.PriceSource
FROM OrderEntry AS entry INNER JOIN Item AS item ON item.ID = entry.ItemID ORDER BY entry.ID
"""


def test_an_order_of_a_shopify_store_travels_into_rms_and_back(syncctl: Program, shopify: SimulatedShopify):  # noqa: F811
    (syncctl.folder / "shop.db").unlink()  # it is CounterPoint's, and stays so
    syncctl.settings["SYNCCTL_ERP"] = "rms"
    assert counts(syncctl, "db", "seed", "--from-store")["items"] == 2
    checked = syncctl("config", "check", "--json").json
    assert checked["exit_code"] == 0
    assert not [item for item in checked["items"] if item["what"] == "site settings"]
    syncctl("config", "erp", "set", "SHIPPING_ITEM_ID", "")
    [warned] = [item for item in syncctl("config", "check", "--json").json["items"] if item["what"] == "site settings"]
    assert (warned["ok"], warned["warning"]) == (True, True)
    assert warned["detail"].startswith("SHIPPING_ITEM_ID is not set: an order's shipping has no entry of its own in the ERP")
    [item] = syncctl.query("SELECT ID FROM Item WHERE ItemLookupCode = 'SHIPPING'")[0]
    assert syncctl("config", "erp", "set", "SHIPPING_ITEM_ID", str(item)).code == 0
    assert counts(syncctl, "stage", "--since", "2026-11-01")["staged"] == 2
    processed = syncctl("process", "--json").json
    assert (processed["counts"]["created"], processed["counts"]["review"], processed["counts"]["written_back"]) == (1, 1, 1)
    created = processed["items"][0]
    told = f"[syncctl] Order created in Microsoft RMS. DOC_ID: {created['doc_id']}, TKT_NO: {created['tkt_no']}"
    assert told in shopify.orders[1]["note"]
    assert syncctl.query("SELECT ReferenceNumber, Comment, Total, Closed FROM [Order]") == [
        ("SHOPIFY-1", "Shopify Order #1001", "58.78", 0)
    ]
    # 2 × 19.99 less 4.00, and 20 % on all of it.
    assert syncctl.query(ENTRIES) == [
        ("TEE-BLK", 2, "21.5900", "23.9900", 1),
        ("MUG", 1, "9.6000", "9.6000", 1),
        ("SHIPPING", 1, "6.0000", "6.0000", 10),
    ]
    assert counts(syncctl, "process")["created"] == 0

    shopify.load([{**shopify.orders[1], **edited(line("TEE-BLK", 3, "19.99", number=1001), line("MUG", 1, "8.00", number=1003))}])
    shopify.touch(1)
    assert counts(syncctl, "stage")["restaged"] == 1
    assert counts(syncctl, "process")["updated"] == 1
    assert [(*row[:2], row[4]) for row in syncctl.query(ENTRIES)] == [("TEE-BLK", 3, 1), ("SHIPPING", 0, 10), ("MUG", 1, 1)]
    committed = "SELECT ItemLookupCode, CAST(QuantityCommitted AS INTEGER) FROM Item WHERE QuantityCommitted <> 0 ORDER BY ID"
    assert syncctl.query(committed) == [("TEE-BLK", 3), ("MUG", 1)]

    shopify.touch(1, cancelledAt="2026-11-20T12:00:00Z")
    assert counts(syncctl, "stage")["cancel_staged"] == 1
    assert counts(syncctl, "process")["cancelled"] == 1
    assert syncctl.query("SELECT Closed, Comment FROM [Order]") == [(1, "Shopify Order #1001")]
    assert syncctl.query(committed) == []
    assert "Order closed in Microsoft RMS" in shopify.orders[1]["note"]
    assert [row[0] for row in syncctl.query("SELECT Comment FROM OrderHistory ORDER BY ID")] == [
        "Web order entered", "Web order changed", "Web order closed",
    ]  # fmt: skip

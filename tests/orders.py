"""Staged orders as JSON, the way `sp_StageOrders` takes them, and short ways to stage them."""

from __future__ import annotations

import hashlib
import json
import zlib
from decimal import Decimal
from typing import Any

from syncctl.db.contract import ClaimStagedOrders, Database, FailedOrder, FailStagedOrder, StagedResult, StageOrders


def product_of(sku: str | None) -> int:
    """Return the store's product of a SKU: the same each time."""
    return 12 if sku is None else 1000 + zlib.crc32(sku.encode()) % 1_000_000


def line(line_id: int = 1, sku: str | None = "TEE-BLK", qty: str = "1", total: str = "19.99", **more: Any) -> dict[str, Any]:
    """One line; `subtotal` is `total` unless given, and each SKU has a product of its own."""
    return {
        "WOO_LINE_ID": line_id,
        "SKU": sku,
        "DESCR": more.pop("descr", f"Item {sku}"),
        "QTY": qty,
        "SUBTOT_AMT": more.pop("subtotal", total),
        "TOT_AMT": total,
        "TAX_AMT": more.pop("tax", "0.00"),
        "PRODUCT_ID": more.pop("product", product_of(sku)),
        "VARIATION_ID": more.pop("variation", 0),
        **more,
    }


def order(
    order_id: int = 4711, *lines: dict[str, Any], charges: list[dict[str, str]] | None = None, **columns: Any
) -> dict[str, Any]:
    """One order whose totals follow from its lines, charges and tax; any column may be overridden."""
    lines = lines or (line(),)
    charges = charges or []
    tax = Decimal(str(columns.get("TAX_AMT", "0.00")))
    subtotal = sum((Decimal(item["SUBTOT_AMT"]) for item in lines), Decimal("0.00"))
    net = sum((Decimal(item["TOT_AMT"]) for item in lines), Decimal("0.00"))
    misc = sum((Decimal(charge["AMT"]) for charge in charges), Decimal("0.00"))
    address = {
        "FST_NAM": "Ada",
        "LST_NAM": "Lovelace",
        "NAM": "Ada Lovelace",
        "COMPANY": "",
        "ADRS_1": "12 St James's Square",
        "ADRS_2": "",
        "ADRS_3": "",
        "CITY": "London",
        "STATE": "",
        "ZIP_COD": "SW1Y 4JH",
        "CNTRY": "GB",
        "PHONE": "+44 20 0000",
        "EMAIL": "ada@example.test",
    }
    content = {
        "WOO_ORDER_ID": order_id,
        "WOO_ORDER_NO": str(order_id),
        "STATUS_GROUP": "live",
        "STATUS_MEANING": "ready",
        "STATUS_REASON": None,
        "ORD_STATUS": "processing",
        "CURRENCY": "USD",
        "WOO_CUST_ID": 5,
        "CUST_EMAIL": "ada@example.test",
        "ORD_DAT": "2026-11-20",
        "TKT_DT": "2026-11-20T06:00:00.000",
        "WOO_CREATED_DT": "2026-11-20T11:00:00.000",
        "WOO_MODIFIED_DT": "2026-11-20T11:30:00.000",
        "PMT_METH": "stripe",
        "TRANSACTION_ID": f"txn-{order_id}",
        "SHIP_VIA": "Flat rate",
        "SUBTOT": str(subtotal),
        "SHIP_AMT": str(sum((Decimal(charge["AMT"]) for charge in charges if charge["TYPE"] == "shipping"), Decimal("0.00"))),
        "TAX_AMT": str(tax),
        "DISC_AMT": str(subtotal - net),
        "TOT_AMT": str(net + misc + tax),
        "SHIP_NAM": "Ada Lovelace",
        "SHIP_ADRS_1": "12 St James's Square",
        "SHIP_ADRS_2": "",
        "SHIP_CITY": "London",
        "SHIP_STATE": "",
        "SHIP_ZIP_COD": "SW1Y 4JH",
        "SHIP_CNTRY": "GB",
        "SHIP_PHONE": "+44 20 0000",
        "LINE_ITEMS_JSON": list(lines),
        "ORDER_JSON": {
            "BILL": address,
            "SHIP": address,
            "CHARGES": charges,
            "COUPONS": [],
            "CUSTOMER_NOTE": "",
            "PMT_TITLE": "Credit card",
        },
        **columns,
    }
    hashed = {
        key: value
        for key, value in content.items()
        if key not in {"ORD_STATUS", "ORDER_KEY", "STATUS_GROUP", "STATUS_MEANING", "STATUS_REASON", "WOO_MODIFIED_DT"}
    }
    content.setdefault("CONTENT_HASH", hashlib.sha256(json.dumps(hashed, sort_keys=True).encode()).hexdigest())
    return content


def charge(kind: str = "shipping", amount: str = "5.00", tax: str = "0.00", description: str = "Flat rate") -> dict[str, str]:
    """One charge that is no product."""
    return {"TYPE": kind, "DESCR": description, "AMT": amount, "TAX_AMT": tax}


def stage(
    database: Database, *orders: dict[str, Any], walk: dict[str, Any] | None = None, dry_run: bool = False
) -> list[StagedResult]:
    """Stage a page and return what became of each order."""
    return database.run(
        StageOrders(
            store_id="woocommerce",
            source_system="woocommerce",
            sync_id="test-run",
            orders=json.dumps(orders),
            walk=json.dumps(walk) if walk else None,
            dry_run=dry_run,
        )
    )


def fail(
    database: Database, staging_id: int, error_class: str = "mapping", message: str = "no such item", worker: str = "worker"
) -> FailedOrder:
    """Claim an order, let the attempt fail, and return where that leaves it."""
    [claimed] = database.run(ClaimStagedOrders(worker_id=worker, batch_size=1, scope="listed", staging_ids=f"[{staging_id}]"))
    [failed] = database.run(
        FailStagedOrder(
            staging_id=staging_id,
            worker_id=worker,
            attempt_no=claimed.attempt_no,
            error_class=error_class,
            error_code="E1",
            message=message,
        )
    )
    return failed


def set_aside(database: Database, *orders: dict[str, Any], **failure: str) -> list[int]:
    """Stage orders and bring each into review; return their staging ids."""
    ids = [result.staging_id for result in stage(database, *orders) if result.staging_id is not None]
    for staging_id in ids:
        fail(database, staging_id, **failure)
    return ids

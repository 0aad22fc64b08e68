"""Two connections in each other's way on a SQL Server: they take turns where they have to, and neither order suffers."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from syncctl.db.contract import (
    AppliedOrder,
    AuditOrders,
    ClaimedOrder,
    ClaimStagedOrders,
    CreateOrderFromStaging,
    ValidateStagedOrder,
)
from tests.clocks import MovableClock
from tests.orders import order, stage
from tests.shop import Shop

if TYPE_CHECKING:
    from tests.sqlserver_database import Connections

pytestmark = pytest.mark.sqlserver


def elsewhere(order_id: int, street: str, **columns: object) -> dict[str, object]:
    """An order of Ada's that goes to an address of its own."""
    made = order(order_id, **columns)
    made["ORDER_JSON"]["SHIP"] = {**made["ORDER_JSON"]["SHIP"], "ADRS_1": street}
    made["CONTENT_HASH"] = f"{order_id:064}"
    return made


@pytest.mark.parametrize("email", ["ada@example.test", "new@example.test"], ids=["known customer", "new customer"])
def test_two_orders_of_one_customer_with_new_addresses(
    empty_sqlserver: str, sqlserver_connections: Connections, email: str
) -> None:
    clock = MovableClock()
    one, other, blocker = (sqlserver_connections.take(number, clock) for number in range(3))
    Shop(one, one.query).setting("WRITE_SHIP_ADRS", "Y")
    known = {} if email.startswith("ada") else {"WOO_CUST_ID": None, "CUST_EMAIL": email}
    stage(one, elsewhere(1, "1 First Street", **known), elsewhere(2, "2 Second Street", **known))
    claimed = one.run(ClaimStagedOrders(worker_id="worker", batch_size=2))
    for each in claimed:
        one.run(
            ValidateStagedOrder(
                staging_id=each.staging_id, unknown_customer="create", worker_id="worker", attempt_no=each.attempt_no
            )
        )
    applied: list[AppliedOrder] = []
    failed: list[BaseException] = []

    def create(database: object, order_: ClaimedOrder) -> None:
        call = CreateOrderFromStaging(staging_id=order_.staging_id, worker_id="worker", attempt_no=order_.attempt_no)
        try:
            applied.extend(database.run(call))  # type: ignore[attr-defined]
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=create, args=pair) for pair in zip((one, other), claimed, strict=True)]
    blocker.query("BEGIN TRANSACTION")
    blocker.query("UPDATE dbo.USER_NUMBER_SERIES SET NEXT_NO = NEXT_NO WHERE SERIES = 'DOC_ID'")
    for thread in threads:
        thread.start()
    time.sleep(6)  # by now both have come as far as they can
    blocker.query("ROLLBACK TRANSACTION")
    for thread in threads:
        thread.join(120)
    assert failed == []
    assert [row.outcome for row in applied] == ["created", "created"]
    drawn = {row["SERIES"]: row["NEXT_NO"] for row in one.query("SELECT SERIES, NEXT_NO FROM dbo.USER_NUMBER_SERIES")}
    assert (drawn["DOC_ID"], drawn["TKT_NO"], drawn["CUST_NO"]) == (3, 3, 2 if known else 1), "numbers were left out"
    assert sorted(str(row.tkt_no) for row in applied) == ["101-000001", "101-000002"]
    customers = {row["CUST_NO"] for row in one.query("SELECT CUST_NO FROM dbo.PS_DOC_HDR")}
    assert len(customers) == 1
    addresses = one.query("SELECT CUST_NO, SHIP_ADRS_ID, ADRS_1 FROM dbo.AR_SHIP_ADRS ORDER BY ADRS_1")
    assert [row["ADRS_1"] for row in addresses] == ["1 First Street", "2 Second Street"]
    assert {row["CUST_NO"] for row in addresses} == customers
    assert {row["SHIP_ADRS_ID"] for row in addresses} == {"1", "2"}
    assert one.run(AuditOrders(inventory=True)) == []

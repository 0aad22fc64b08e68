"""A worker killed at any step: before and after each commit and each call of the store. Whoever comes next finishes, once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from syncctl.db.contract import SetErpSetting
from tests.crash.conftest import Shop
from tests.raws import raw_order

STEPS = [
    f"{when}:{name}:1"
    for name in (
        "sp_ClaimStagedOrders",
        "sp_ProcessStagedOrder",
        "sp_ClaimOutbox",
        "add_note",
        "put_status",
        "sp_CompleteOutbox",
    )
    for when in ("before", "after")
]


@pytest.mark.parametrize("moment", STEPS)
def test_an_order_is_created_once(shop: Shop, moment: str) -> None:
    number = shop.store.shopkeeper.place(raw_order(("TEE-BLK", 2, "19.99"), ("MUG", 1, "8.00"), status="on-hold"))
    shop.stage()
    shop.killed(moment)
    shop.catch_up()
    staged = shop.order(number)
    assert (staged.state, staged.is_applied) == ("APPLIED", True)
    assert len(shop.rows("SELECT DOC_ID FROM dbo.PS_DOC_HDR")) == 1
    assert shop.on_order() == {"TEE-BLK": Decimal(2), "MUG": Decimal(1)}
    assert shop.notes(number) == 1
    assert shop.store.state.orders[number]["status"] == "on-hold"
    assert shop.store.went_backwards() == []


BATCH_STEPS = [
    f"{when}:{what}"
    for what in ("sp_ProcessStagedOrder:2", "sp_ClaimOutbox:1", "add_note:2", "put_statuses:1", "sp_CompleteOutbox:1")
    for when in ("before", "after")
]


@pytest.mark.parametrize("moment", BATCH_STEPS)
def test_of_a_batch_each_is_created_and_told_once(shop: Shop, moment: str) -> None:
    shop.database.run(SetErpSetting(setting_name="APPLIED_STATUS", value="completed"))
    numbers = [shop.store.shopkeeper.place(raw_order(("TEE-BLK", 2, "19.99"))) for _ in range(4)]
    shop.stage()
    shop.killed(moment)
    shop.catch_up()
    assert [shop.order(number).state for number in numbers] == ["APPLIED"] * 4
    assert shop.on_order() == {"TEE-BLK": Decimal(8)}
    assert [shop.notes(number) for number in numbers] == [1] * 4
    assert [shop.store.state.orders[number]["status"] for number in numbers] == ["completed"] * 4
    assert len(shop.store.state.mail_log) == 4
    assert shop.rows("SELECT OUTBOX_ID FROM dbo.USER_STORE_OUTBOX WHERE STATE <> 'DONE'") == []


@pytest.mark.parametrize("in_hand", [1, 2, 3])
def test_only_the_order_in_a_dead_workers_hands_has_lost_an_attempt(shop: Shop, in_hand: int) -> None:
    numbers = [shop.store.shopkeeper.place(raw_order()) for _ in range(4)]
    shop.stage()
    shop.killed(f"before:sp_ProcessStagedOrder:{in_hand}")
    shop.catch_up()
    assert [shop.order(number).state for number in numbers] == ["APPLIED"] * 4
    attempts = [shop.order(number).attempt_no for number in numbers]
    assert attempts == [2 if place == in_hand else 1 for place in range(1, 5)]
    lost = shop.rows("SELECT STAGING_ID FROM dbo.USER_ORDER_ATTEMPT WHERE ERROR_CLASS = 'crash'")
    assert [row["STAGING_ID"] for row in lost] == [shop.order(numbers[in_hand - 1]).staging_id]


def test_an_order_that_kills_every_worker_takes_none_of_its_batch_along(shop: Shop) -> None:
    numbers = [shop.store.shopkeeper.place(raw_order()) for _ in range(4)]
    shop.stage()
    for place in (2, 1, 1):  # by the second time nothing waits before it
        shop.killed(f"before:sp_ProcessStagedOrder:{place}")
        shop.clock.sleep(3600)
    shop.catch_up()
    states = [(shop.order(number).state, shop.order(number).attempt_no) for number in numbers]
    assert states == [("APPLIED", 1), ("NEEDS_MANUAL_REVIEW", 3), ("APPLIED", 1), ("APPLIED", 1)]


@pytest.mark.parametrize("moment", ["before:sp_ProcessStagedOrder:1", "after:sp_ProcessStagedOrder:1"])
def test_an_update_is_applied_once(shop: Shop, moment: str) -> None:
    number = shop.store.shopkeeper.place(raw_order(("TEE-BLK", 2, "19.99"), ("MUG", 1, "8.00")))
    shop.stage()
    shop.catch_up()
    shop.store.shopkeeper.change_quantity(number, 5)
    shop.store.shopkeeper.remove_line(number, line=1)
    shop.stage()
    shop.killed(moment)
    shop.catch_up()
    assert shop.order(number).state == "APPLIED"
    assert shop.on_order() == {"TEE-BLK": Decimal(5)}
    assert shop.notes(number) == 1


@pytest.mark.parametrize("moment", ["before:sp_ProcessStagedOrder:1", "after:sp_ProcessStagedOrder:1"])
def test_a_cancellation_gives_stock_back_once(shop: Shop, moment: str) -> None:
    number = shop.store.shopkeeper.place(raw_order(("TEE-BLK", 2, "19.99")))
    other = shop.store.shopkeeper.place(raw_order(("TEE-BLK", 3, "19.99")))
    shop.stage()
    shop.catch_up()
    shop.store.shopkeeper.cancel(number)
    shop.stage()
    shop.killed(moment)
    shop.catch_up()
    assert (shop.order(number).state, shop.order(other).state) == ("CANCELLED", "APPLIED")
    assert shop.on_order() == {"TEE-BLK": Decimal(3)}
    assert shop.store.state.orders[number]["status"] == "cancelled"


def test_the_lost_run_counts_as_an_attempt(shop: Shop) -> None:
    number = shop.store.shopkeeper.place(raw_order())
    shop.stage()
    shop.killed("before:sp_ProcessStagedOrder:1")
    assert (shop.order(number).state, shop.order(number).attempt_no) == ("CLAIMED", 1)
    shop.catch_up()
    assert (shop.order(number).state, shop.order(number).attempt_no) == ("APPLIED", 2)


def test_an_order_that_kills_every_worker_is_set_aside(shop: Shop) -> None:
    number = shop.store.shopkeeper.place(raw_order())
    shop.stage()
    for _ in range(3):
        shop.killed("before:sp_ProcessStagedOrder:1")
        shop.clock.sleep(3600)
    shop.catch_up()
    assert shop.order(number).state == "NEEDS_MANUAL_REVIEW"
    assert "3 times" in (shop.order(number).validation_error or "")
    assert shop.rows("SELECT DOC_ID FROM dbo.PS_DOC_HDR") == []

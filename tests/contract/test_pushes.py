"""How the stores stand with being told of their stock: what health and figures ask. On each engine."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from syncctl.db.contract import (
    CountStorePushes,
    FinishRun,
    ListRefusedItems,
    ListStorePushes,
    NotePriceTold,
    NoteStockTold,
    NoteStoreItems,
    NoteStorePush,
    PushCount,
    StartRun,
    StorePush,
)
from syncctl.errors import BadArgument

STORE = "woocommerce"


def listed(database, *skus: str, store: str = STORE, **more: Any) -> None:
    known = {"PARENT_ID": 0, "IS_MANAGED": 1, "IS_BACKORDER": 0, "STORE_QTY": "100", **more}
    rows = [{**known, "PRODUCT_ID": number, "SKU": sku} for number, sku in enumerate(skus, start=11)]
    database.run(NoteStoreItems(store_id=store, listing="one", items=json.dumps(rows), is_last=True))


def told(database, *answers: dict[str, Any]) -> None:
    database.run(NoteStockTold(store_id=STORE, told=json.dumps(answers)))


def pushes(database, **how: Any) -> list[StorePush]:
    found: list[StorePush] = database.run(ListStorePushes(**how))
    return found


def test_a_push_that_comes_to_its_end_is_noted_with_what_it_left_alone(database, clock):
    assert pushes(database) == []
    listed(database, "MUG", "CAP", "TEE")
    begun = clock.now
    clock.move(timedelta(minutes=3))
    told(database, {"PRODUCT_ID": 11, "QTY": "5"})
    left = json.dumps({"unknown": 2})
    database.run(NoteStorePush(store_id=STORE, kind="stock", item_count=3, change_count=1, left_json=left))
    [push] = pushes(database)
    assert (push.store_id, push.kind, push.items, push.managed, push.told) == (STORE, "stock", 3, 3, 1)
    assert (push.listed_dt, push.told_dt, push.tried_dt, push.ended_dt) == (begun, clock.now, clock.now, clock.now)
    assert (push.held_dt, push.held_why, push.held_message) == (None, None, None)
    assert (push.change_count, json.loads(push.left_json or "")) == (1, {"unknown": 2})


def test_a_held_push_stands_since_it_was_held_first_until_one_comes_to_its_end(database, clock):
    database.run(NoteStorePush(store_id=STORE, kind="stock"))
    ended = clock.now
    clock.move(timedelta(minutes=10))
    database.run(NoteStorePush(store_id=STORE, kind="stock", held_why="zeroed", held_message="4 of 5", change_count=5))
    since = clock.now
    clock.move(timedelta(minutes=10))
    database.run(NoteStorePush(store_id=STORE, kind="stock", held_why="changed", held_message="5 of 5", change_count=5))
    [push] = pushes(database, store_id=STORE)
    assert (push.held_dt, push.held_why, push.held_message) == (since, "changed", "5 of 5")
    assert (push.ended_dt, push.tried_dt, push.change_count) == (ended, clock.now, 5)
    database.run(NoteStorePush(store_id=STORE, kind="stock", held_message="nobody holds it"))
    [push] = pushes(database)
    assert (push.held_dt, push.held_why, push.held_message, push.ended_dt) == (None, None, None, clock.now)


def test_the_first_push_may_be_held_and_each_store_and_kind_stands_alone(database, clock):
    database.run(NoteStorePush(store_id="b", kind="stock", held_why="first", held_message="5 of 5"))
    database.run(NoteStorePush(store_id="b", kind="price"))
    database.run(NoteStorePush(store_id="a", kind="stock"))
    assert [(push.store_id, push.kind, push.held_why) for push in pushes(database)] == [
        ("a", "stock", None),
        ("b", "price", None),
        ("b", "stock", "first"),
    ]
    [first] = [push for push in pushes(database, store_id="b") if push.kind == "stock"]
    assert (first.ended_dt, first.held_dt, first.items) == (None, clock.now, 0)
    assert pushes(database, store_id="c") == []


def test_items_that_are_refused_again_and_again_are_counted_with_the_worst(database, clock):
    listed(database, "MUG", "CAP", "TEE")
    database.run(NoteStorePush(store_id=STORE, kind="stock"))
    for _ in range(3):
        told(database, {"PRODUCT_ID": 11, "ERROR": "no <b>mug</b>"})
    told(database, {"PRODUCT_ID": 12, "ERROR": "no cap"}, {"PRODUCT_ID": 13, "QTY": "1"})
    [push] = pushes(database)
    assert (push.refused, push.stubborn, push.sku, push.message) == (2, 1, "MUG", "no <b>mug</b>")
    assert pushes(database, attempts=1)[0].stubborn == 2
    items = database.run(ListRefusedItems(store_id=STORE))
    assert [(item.kind, item.sku, item.attempt_no, item.error_message) for item in items] == [
        ("stock", "MUG", 3, "no <b>mug</b>"),
        ("stock", "CAP", 1, "no cap"),
    ]
    assert items[0].next_attempt_dt == clock.now + timedelta(hours=1)
    assert [item.sku for item in database.run(ListRefusedItems(store_id=STORE, batch_size=1))] == ["MUG"]
    assert database.run(ListRefusedItems(store_id="other")) == []
    told(database, {"PRODUCT_ID": 11, "QTY": "1"}, {"PRODUCT_ID": 12, "QTY": "1"})
    [push] = pushes(database)
    assert (push.refused, push.stubborn, push.sku, push.message) == (0, 0, None, None)


def test_items_of_which_the_store_keeps_no_stock_are_not_managed(database):
    listed(database, "MUG", IS_MANAGED=0)
    listed(database, "CAP", store="b", IS_BACKORDER=1)
    for store in (STORE, "b"):
        database.run(NoteStorePush(store_id=store, kind="stock"))
    assert [(push.items, push.managed) for push in pushes(database)] == [(1, 0), (1, 0)]


def test_prices_are_counted_beside_stock(database, clock):
    listed(database, "MUG", "CAP", IS_PRICED=1, REGULAR="8.00")
    for kind in ("stock", "price"):
        database.run(NoteStorePush(store_id=STORE, kind=kind))
    answers = [{"PRODUCT_ID": 11, "ERROR": "no price"}, {"PRODUCT_ID": 12, "REGULAR": "9.00"}]
    database.run(NotePriceTold(store_id=STORE, told=json.dumps(answers)))
    price, stock = pushes(database, attempts=1)
    assert (price.kind, price.items, price.managed, price.told, price.refused, price.stubborn) == ("price", 2, 2, 1, 1, 1)
    assert (price.sku, price.message, price.told_dt) == ("MUG", "no price", clock.now)
    assert (stock.kind, stock.items, stock.managed, stock.told, stock.refused, stock.told_dt) == ("stock", 2, 2, 0, 0, None)
    [refused] = database.run(ListRefusedItems(store_id=STORE, kind="price"))
    assert (refused.kind, refused.sku, refused.attempt_no) == ("price", "MUG", 1)
    assert refused.next_attempt_dt == clock.now + timedelta(minutes=15)
    assert database.run(ListRefusedItems(store_id=STORE)) == []


def test_where_a_part_is_held_the_rest_came_to_its_end(database, clock):
    database.run(NoteStorePush(store_id=STORE, kind="price", held_why="limit", held_message="1 price", is_part=True))
    since = clock.now
    clock.move(timedelta(minutes=10))
    database.run(NoteStorePush(store_id=STORE, kind="price", held_why="limit", held_message="2 prices", is_part=True))
    [push] = pushes(database)
    assert (push.held_dt, push.held_why, push.held_message, push.ended_dt) == (since, "limit", "2 prices", clock.now)


@pytest.fixture
def ran(database, clock):
    """A push runs for a minute."""

    def run(told: int, refused: int = 0, *, operation="stock push", store: str | None = STORE, dry=False, **metrics) -> None:
        name = f"{operation} {clock.now} {store}"
        database.run(
            StartRun(
                sync_id=name[:50],
                operation_type=operation,
                direction="ERP_TO_STORE",
                dry_run=dry,
                host="SHOP01",
                process_id=1,
                created_by="scheduler",
                store_id=store,
            )
        )
        clock.move(timedelta(minutes=1))
        database.run(
            FinishRun(
                sync_id=name[:50],
                records_input=told + refused,
                records_created=0,
                records_updated=told,
                records_skipped=0,
                records_failed=refused,
                success=True,
                exit_code=0,
                metrics_json=json.dumps(metrics),
            )
        )

    return run


def test_pushes_are_counted_by_local_hour_and_day(database, ran, clock):
    begun = clock.now.replace(minute=0, second=0, microsecond=0)
    clock.move(begun + timedelta(hours=1) - clock.now)
    ran(3, 1)
    ran(2)
    ran(0, held="zeroed")
    ran(9, dry=True)
    ran(9, operation="stage")
    ran(9, store=None)
    ran(4, operation="price push", store="b")
    clock.move(timedelta(hours=1))
    ran(1)
    window = {"since_dt": begun, "until_dt": begun + timedelta(days=1)}
    counted = database.run(CountStorePushes(**window, grain="hour"))
    assert counted == [
        PushCount("b", "price", begun + timedelta(hours=1), 1, 0, 4, 0),
        PushCount(STORE, "stock", begun + timedelta(hours=1), 3, 1, 5, 1),
        PushCount(STORE, "stock", begun + timedelta(hours=2), 1, 0, 1, 0),
    ]
    assert database.run(CountStorePushes(**window, grain="hour", store_id=STORE)) == counted[1:]
    local = database.run(CountStorePushes(**window, grain="day", offset_minutes=330, store_id="b"))
    assert local[0].start_dt + timedelta(minutes=330) == (begun + timedelta(hours=1, minutes=330)).replace(hour=0, minute=0)
    assert database.run(CountStorePushes(since_dt=begun, until_dt=begun + timedelta(hours=1))) == []


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (NoteStorePush(store_id="", kind="stock"), "@STORE_ID is required"),
        (NoteStorePush(store_id=STORE, kind=""), "@KIND is required"),
        (NoteStorePush(store_id=STORE, kind="stock", left_json="[]"), "@LEFT_JSON takes a JSON object"),
        (ListStorePushes(attempts=0), "@ATTEMPTS takes 1 or more"),
        (ListRefusedItems(store_id=STORE, batch_size=0), "@BATCH_SIZE takes 1 or more"),
    ],
)
def test_what_makes_no_sense_is_refused(database, call, said):
    with pytest.raises(BadArgument, match=said):
        database.run(call)


def test_a_window_that_makes_no_sense_is_refused(database, clock):
    with pytest.raises(BadArgument, match="@SINCE_DT must be before @UNTIL_DT"):
        database.run(CountStorePushes(since_dt=clock.now, until_dt=clock.now))
    for how, said in (({"grain": "week"}, "@GRAIN"), ({"offset_minutes": 2000}, "@OFFSET_MINUTES")):
        with pytest.raises(BadArgument, match=said):
            database.run(CountStorePushes(since_dt=clock.now, until_dt=clock.now + timedelta(days=1), **how))

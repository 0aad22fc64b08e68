"""The simulated store behaves as the recorded one: its errors word for word, its lists with their traps, its write effects."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from syncctl.demo.orders import KINDS, OrderMaker, catalogue
from syncctl.demo.store import SimulatedStore
from tests.clocks import MovableClock
from tests.raws import raw_order

FIXTURES = Path(__file__).parents[1] / "fixtures" / "woocommerce"


class Browser:
    """Asks the shop as a person with a terminal would."""

    def __init__(self, shop: SimulatedStore) -> None:
        self.shop = shop
        self.session = requests.Session()

    def __call__(self, method: str, path: str, **how: Any) -> requests.Response:
        keys = base64.b64encode(f"{self.shop.key}:{how.pop('secret', self.shop.secret)}".encode()).decode()
        headers = {} if how.pop("anonymous", False) else {"Authorization": f"Basic {keys}"}
        return self.session.request(method, f"{self.shop.url}/wp-json/wc/v3{path}", headers=headers, timeout=10, **how)

    def ids(self, **query: Any) -> list[int]:
        return [row["id"] for row in self("GET", "/orders", params=query).json()]


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def shop(clock: MovableClock) -> Iterator[SimulatedStore]:
    with SimulatedStore(plays_https=True, clock=clock) as store:
        store.load(raw_order(id=number, number=str(number)) for number in (47, 50, 51))
        yield store


@pytest.fixture
def ask(shop: SimulatedStore) -> Iterator[Browser]:
    browser = Browser(shop)
    yield browser
    browser.session.close()


@pytest.mark.parametrize(
    ("recorded", "method", "path", "how"),
    [
        ("error-400-modified_after", "GET", "/orders", {"params": {"modified_after": "2026-11-20"}}),
        ("error-400-page-0", "GET", "/orders", {"params": {"page": "0"}}),
        ("error-400-per_page", "GET", "/orders", {"params": {"per_page": "101"}}),
        ("error-400-put-missing-order", "PUT", "/orders/999", {"json": {"status": "completed"}}),
        ("error-400-put-status", "PUT", "/orders/47", {"json": {"status": "bogus"}}),
        ("error-400-status-filter", "GET", "/orders", {"params": {"status": "bogus"}}),
        ("error-401-bad-secret", "GET", "/orders", {"secret": "cs_wrong"}),
        ("error-401-no-key", "GET", "/orders", {"anonymous": True}),
        ("error-404-order", "GET", "/orders/999", {}),
        ("error-404-route", "GET", "/orderz", {}),
        ("error-413-batch-101", "POST", "/orders/batch", {"json": {"update": [{"id": 47}] * 101}}),
        ("error-500-refund-too-much", "POST", "/orders/47/refunds", {"json": {"amount": "9999.00"}}),
    ],
)
def test_an_error_is_the_recorded_one_word_for_word(ask, recorded, method, path, how):
    body = json.loads((FIXTURES / f"{recorded}.json").read_text(encoding="utf-8"))
    answer = ask(method, path, **how)
    assert answer.json() == body
    status = body["data"] if isinstance(body["data"], int) else body["data"]["status"]
    assert answer.status_code == status


def test_a_read_only_key_may_not_write(ask, shop):
    shop.gate.writable = False
    body = json.loads((FIXTURES / "error-401-readonly-key-write.json").read_text(encoding="utf-8"))
    assert ask("PUT", "/orders/47", json={}).json() == body


def test_a_page_past_the_end_is_empty_and_counts_nothing(ask):
    answer = ask("GET", "/orders", params={"page": "7"})
    assert (answer.json(), answer.headers["X-WP-Total"]) == ([], "0")


def test_bounds_in_time_are_exclusive(ask, shop, clock):
    shop.shopkeeper.set_status(47, "completed")
    at = clock().replace(tzinfo=None)
    bound = {"dates_are_gmt": "true"}
    assert ask.ids(modified_after=at.isoformat(), **bound) == []
    assert ask.ids(modified_after=(at - timedelta(seconds=1)).isoformat(), **bound) == [47]
    # Without the flag the shop's local time counts, which is five hours behind.
    assert ask.ids(modified_after=(at - timedelta(hours=5, seconds=1)).isoformat()) == [47]
    # An offset together with the flag is converted twice: this bound is five hours early.
    assert sorted(ask.ids(modified_after=f"{at.isoformat()}Z", **bound)) == [47, 50, 51]


def test_any_leaves_the_trash_out(ask, shop):
    shop.shopkeeper.trash(50)
    assert sorted(ask.ids(status="any")) == [47, 51]
    assert ask.ids(status="trash") == [50]
    assert sorted(ask.ids(status="processing,trash")) == [47, 50, 51]


def test_which_writes_move_the_modified_date(ask, shop, clock):
    def moved(method: str, path: str, body: dict[str, Any]) -> bool:
        clock.move(timedelta(minutes=1))
        before = shop.state.order(47)["date_modified_gmt"]
        assert ask(method, path, json=body).status_code < 300
        return bool(shop.state.order(47)["date_modified_gmt"] != before)

    meta = {"meta_data": [{"key": "erp", "value": "1"}]}
    assert moved("PUT", "/orders/47", {"status": "completed"})
    assert moved("PUT", "/orders/47", {"status": "completed"})
    assert moved("PUT", "/orders/47", meta)
    assert not moved("POST", "/orders/47/notes", {"note": "hello"})
    assert moved("POST", "/orders/47/refunds", {"amount": "1.00"})
    shop.state.hpos = False
    assert not moved("PUT", "/orders/47", {"status": "completed"})
    assert not moved("PUT", "/orders/47", meta)
    assert moved("PUT", "/orders/47", {"status": "processing"})
    assert shop.went_backwards() == [47]


def test_a_write_resurrects_a_trashed_order(ask, shop):
    shop.shopkeeper.trash(47)
    ask("PUT", "/orders/47", json={"status": "completed"})
    assert shop.state.order(47)["status"] == "completed"
    assert shop.went_backwards() == [47]


def test_a_batch_doesnt_validate_and_answers_200_with_errors_in_it(ask, shop):
    answer = ask("POST", "/orders/batch", json={"update": [{"id": 47, "status": "bogus"}, {"id": 999}], "delete": [50]})
    assert answer.status_code == 200
    assert shop.state.order(47)["status"] == "pending"
    assert answer.json()["update"][1]["error"]["code"] == "woocommerce_rest_shop_order_invalid_id"
    assert shop.state.order(50)["status"] == "trash"


def test_deleting_answers_with_the_old_status_then_410_and_with_force_vanishes(ask, shop):
    assert ask("DELETE", "/orders/47").json()["status"] == "processing"
    assert ask("DELETE", "/orders/47").status_code == 410
    assert ask("DELETE", "/orders/47", params={"force": "true"}).status_code == 200
    assert ask("GET", "/orders/47").status_code == 404


def test_notes_come_newest_first_and_a_huge_one_fails(ask, shop):
    for text in ("one", "two", "two"):
        assert ask("POST", "/orders/47/notes", json={"note": text}).status_code == 201
    assert [note["note"] for note in ask("GET", "/orders/47/notes").json()] == ["two", "two", "one"]
    assert ask("POST", "/orders/47/notes", json={"note": "x" * 70_001}).status_code == 500
    assert shop.count_notes(47)["two"] == 2


def test_a_full_refund_makes_the_order_refunded_and_its_total_stays(ask, shop):
    total = shop.state.order(47)["total"]
    ask("POST", "/orders/47/refunds", json={"amount": total, "reason": "Late"})
    order = ask("GET", "/orders/47").json()
    assert (order["status"], order["total"]) == ("refunded", total)
    assert [entry["total"] for entry in order["refunds"]] == [f"-{total}"]


def test_other_orders_than_by_id_have_ties_in_any_order(ask, shop):
    shop.load(raw_order(id=number) for number in range(100, 180))
    found = {tuple(ask.ids(orderby="modified", per_page="100")) for _ in range(5)}
    assert len(found) > 1
    assert len({tuple(ask.ids(orderby="id", per_page="100")) for _ in range(5)}) == 1


def test_the_same_seed_makes_the_same_shop(clock):
    assert catalogue(30, seed=3, clock=clock).orders == catalogue(30, seed=3, clock=clock).orders
    assert catalogue(30, seed=3, clock=clock).orders != catalogue(30, seed=4, clock=clock).orders


def test_made_up_orders_have_every_kind_and_ids_of_their_own(clock):
    orders = OrderMaker(1).orders(len(KINDS) + 20, now=clock())
    assert {"pending", "cancelled"} < {raw["status"] for raw in orders}
    assert "EUR" in {raw["currency"] for raw in orders}
    line_ids = [line["id"] for raw in orders for line in raw["line_items"]]
    assert len(line_ids) == len(set(line_ids))
    assert any(len({line["sku"] for line in raw["line_items"]}) < len(raw["line_items"]) for raw in orders)

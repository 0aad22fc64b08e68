"""Telling the store of many orders with few requests: as few as promised, each order by its own answer, nothing twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from syncctl.db.contract import ListOutbox, SetErpSetting
from syncctl.db.embedded import EmbeddedDatabase
from syncctl.demo.store import SimulatedStore
from syncctl.services.process import ProcessOptions
from syncctl.services.validate import Rules
from syncctl.services.workers import process
from syncctl.services.write_back import Delivery
from syncctl.stop import Stop
from syncctl.stores.base import StatusWrite
from syncctl.stores.woocommerce_writes import Writer
from tests.clocks import MovableClock
from tests.faults import FaultyDatabase
from tests.integration.test_write_back import Told
from tests.orders import order, stage
from tests.raws import raw_order


class Many(Told):
    """Applied orders whose messages wait, each to be told a note, a tag and the status `completed`."""

    def __init__(self, path: Path, store: SimulatedStore, clock: MovableClock, count: int = 5) -> None:
        super().__init__(path, store, clock)
        self.database.run(SetErpSetting(setting_name="APPLIED_STATUS", value="completed"))
        self.numbers = [store.shopkeeper.place(raw_order()) for _ in range(count)]
        stage(self.database, *(order(number, ORD_STATUS="processing", STATUS_MEANING="ready") for number in self.numbers))
        assert self.process().counts["created"] == count
        store.requests.clear()

    def outcomes(self, deliveries: list[Delivery]) -> dict[int, str]:
        return {delivery.woo_order_id: delivery.outcome for delivery in deliveries}

    def asked(self) -> Counter[str]:
        """Count the requests by method and path, ids as `N`."""
        paths = ((method, path.split("?")[0].rsplit("/wc/v3")[-1]) for method, path, _ in self.store.requests)
        return Counter(
            f"{method} {'/'.join('N' if part.isdecimal() else part for part in path.split('/'))}" for method, path in paths
        )

    def are_told(self) -> bool:
        """Whether every order has its note once, its tag and its status, and its customer one mail."""
        mails = Counter(mail.order_id for mail in self.store.state.mail_log)
        return all(
            (len(self.notes(number)), self.status(number), mails[number]) == (1, "completed", 1) and self.tag(number)
            for number in self.numbers
        )


@pytest.fixture
def many(tmp_path: Path) -> Iterator[Many]:
    clock = MovableClock()
    with SimulatedStore(clock=clock) as store:
        bench = Many(tmp_path / "told.db", store, clock)
        yield bench
        bench.database.close()


def test_many_orders_take_two_questions_their_notes_and_one_write(many: Many) -> None:
    assert set(many.outcomes(many.deliver()).values()) == {"delivered"}
    assert many.asked() == {"GET /orders": 2, "POST /orders/N/notes": 5, "POST /orders/batch": 1}
    assert many.are_told()
    assert many.database.run(ListOutbox()) == []


def test_one_that_the_store_refuses_in_the_batch_keeps_the_others_from_nothing(many: Many) -> None:
    bad = many.numbers[2]
    many.store.odd.refused.add(bad)
    many.store.fail("status", status=400, body={"message": "locked"}, methods=("PUT",), path=f"/orders/{bad}$")
    deliveries = many.deliver()
    assert many.outcomes(deliveries) == dict.fromkeys(many.numbers, "delivered") | {bad: "waiting"}
    [delivery] = (each for each in deliveries if each.woo_order_id == bad)
    assert "locked" in delivery.message
    [entry] = many.database.run(ListOutbox(states="PENDING,FAILED"))
    assert (entry.woo_order_id, entry.attempt_no) == (bad, 1)
    many.deliver(ignore_due=True)
    assert many.database.run(ListOutbox()) == []
    assert many.are_told()


@pytest.mark.parametrize("meanwhile", ["failed", "on-hold", "cancelled", "trash"])
def test_a_status_that_changes_between_the_questions_is_heeded(many: Many, meanwhile: str) -> None:
    moved = many.numbers[1]

    def change(method: str, path: str, _query: dict[str, str]) -> None:
        if method == "POST" and path.endswith(f"/{moved}/notes"):
            many.store.before_request = None
            many.store.shopkeeper.trash(moved) if meanwhile == "trash" else many.store.shopkeeper.set_status(moved, meanwhile)

    many.store.before_request = change
    assert set(many.outcomes(many.deliver()).values()) == {"delivered"}
    assert many.status(moved) == meanwhile
    assert len(many.notes(moved)) == 1
    assert many.store.went_backwards() == []
    assert [many.status(number) for number in many.numbers if number != moved] == ["completed"] * 4


def test_what_the_list_does_not_show_is_asked_for_by_itself(many: Many) -> None:
    gone, trashed, hidden, key = many.numbers[:4]
    many.store.shopkeeper.delete(gone)
    many.store.shopkeeper.trash(trashed)
    many.store.odd.hidden.add(hidden)
    many.database.query("UPDATE dbo.USER_ORDER_STAGING SET ORDER_KEY = 'wc_order_old' WHERE WOO_ORDER_ID = ?", (key,))
    many.store.state.orders[key]["order_key"] = "wc_order_new"
    outcomes = many.outcomes(many.deliver())
    assert outcomes == dict.fromkeys(many.numbers, "delivered") | dict.fromkeys((gone, trashed, key), "dropped")
    assert (many.status(trashed), many.status(hidden), many.status(key)) == ("trash", "completed", "processing")
    assert (many.notes(trashed), many.notes(key)) == ([], [])


def test_an_answer_to_the_batch_that_is_lost_says_nothing_twice(many: Many) -> None:
    many.store.fail("lost_answer", methods=("POST",), path="/orders/batch")
    deliveries = many.deliver()
    assert {(each.outcome, each.message) for each in deliveries} == {("delivered", "the store had it already")}
    assert many.are_told()


@pytest.mark.parametrize("fault", ["status", "timeout", "html"])
def test_a_batch_that_is_not_answered_is_written_one_by_one(many: Many, fault: Any) -> None:
    many.store.fail(fault, methods=("POST",), path="/orders/batch")
    assert set(many.outcomes(many.deliver()).values()) == {"delivered"}
    assert many.asked()["PUT /orders/N"] >= 4
    assert many.are_told()


@pytest.mark.parametrize("status", [401, 403, 404, 405, 413])
def test_a_host_that_refuses_batches_is_told_one_by_one_and_not_asked_again(many: Many, status: int) -> None:
    many.store.fail("status", status=status, times=10_000, path="/orders/batch")
    many.store.fail("status", status=500, times=2, methods=("PUT",), path=f"/orders/{many.numbers[0]}$")
    many.batch = 3
    outcomes = many.outcomes(many.deliver())
    assert outcomes == dict.fromkeys(many.numbers, "delivered") | {many.numbers[0]: "waiting"}, "and it is blamed on that one"
    assert many.asked()["POST /orders/batch"] == 1
    assert not many.context.breaker("store").open


def test_a_key_that_may_only_read_is_a_wrong_set_up_with_or_without_batches(many: Many) -> None:
    denied = {"code": "woocommerce_rest_cannot_edit", "message": "The API key provided does not have write permissions."}
    many.store.fail("status", status=401, body=denied, times=10_000, methods=("POST", "PUT"))
    assert many.deliver() == []
    assert "denies POST /orders/batch" in str(many.context.breaker("store").opened_by)
    assert {entry.attempt_no for entry in many.database.run(ListOutbox())} == {0}


def test_a_store_that_goes_down_between_notes_and_batch_gets_each_note_once(many: Many) -> None:
    def down(method: str, path: str, _query: dict[str, str]) -> None:
        if path.endswith("/notes") and sum(len(many.notes(number)) for number in many.numbers) == 4:
            many.store.before_request = None
            many.store.fail("status", status=503, times=10_000, path="^(?!.*notes)")

    many.store.before_request = down
    many.deliver()
    assert many.context.breaker("store").open
    assert {entry.attempt_no for entry in many.database.run(ListOutbox())} == {0}, "no attempt is burnt"
    many.store.faults.clear()
    many.context.breakers._made.clear()
    assert set(many.outcomes(many.deliver()).values()) == {"delivered"}
    assert many.are_told()


def test_a_note_whose_answer_is_lost_is_not_posted_again(many: Many) -> None:
    many.store.fail("lost_answer", methods=("POST",), path=f"/orders/{many.numbers[3]}/notes")
    many.deliver()
    many.deliver(ignore_due=True)
    assert many.are_told()


def test_no_more_notes_are_posted_once_the_store_asks_for_rest(many: Many) -> None:
    many.store.fail("status", status=429, retry_after="300", times=10_000, methods=("POST",), path="/notes$")
    many.connections = 1
    many.deliver()
    asked = many.asked()["POST /orders/N/notes"]
    assert asked <= 5, "each message once, at most"


def test_orders_whose_statuses_stay_get_notes_and_tags(many: Many) -> None:
    many.statuses = False
    deliveries = many.deliver()
    assert {each.message for each in deliveries} == {
        "the status stays processing: statuses are left alone (SYNCCTL_WRITE_BACK_STATUS)"
    }
    assert many.store.state.mail_log == []
    assert all(many.tag(number) for number in many.numbers)


def test_a_status_that_is_none_of_woocommerces_is_never_put_into_a_batch(many: Many) -> None:
    writer = Writer(many.client()._client)
    assert writer.put_statuses([StatusWrite(order_id=many.numbers[0], status="bogus", tag=None)]) == set()
    assert many.asked() == {}
    assert writer.put_statuses([StatusWrite(order_id=many.numbers[0], status="completed", tag=None)]) == {many.numbers[0]}


def test_what_is_told_when_the_run_is_stopped_is_noted(many: Many) -> None:
    stop = Stop()
    many.context = type(many.context)(run_id="run", clock=many.clock, sleeper=many.clock.sleep, stop=stop)

    def stopping(method: str, path: str, _query: dict[str, str]) -> None:
        if path.endswith("/batch"):
            stop.set(143)

    many.store.before_request = stopping
    many.deliver()
    assert many.database.run(ListOutbox()) == [], "they are told, and no heir has to look"
    assert many.are_told()


def test_what_a_lease_would_not_outlast_is_given_back_and_claimed_one_at_a_time(many: Many) -> None:
    ticks = iter([0.0, 10.0, 10.0, 151.0])
    many.connections = 1
    many.monotonic = lambda: next(ticks, 151.0)
    assert set(many.outcomes(many.deliver()).values()) == {"delivered"}
    assert many.are_told()
    assert many.asked()["PUT /orders/N"] == 3, "two had their notes in time"


def test_a_hundred_orders_enter_the_erp_and_the_store_hears_of_it_in_few_requests_and_calls(tmp_path: Path) -> None:
    clock = MovableClock()
    with SimulatedStore(clock=clock) as store:
        shop = Told(tmp_path / "told.db", store, clock)
        shop.database.run(SetErpSetting(setting_name="APPLIED_STATUS", value="completed"))
        numbers = [store.shopkeeper.place(raw_order()) for _ in range(100)]
        stage(shop.database, *(order(number, ORD_STATUS="processing", STATUS_MEANING="ready") for number in numbers))
        store.requests.clear()
        calls: list[str] = []
        result = process(
            lambda: FaultyDatabase(EmbeddedDatabase(shop.path, clock=clock), before=lambda call: calls.append(call.name)),
            shop.client,
            ProcessOptions(rules=Rules()),
            shop.context,
        )
        shop.database.close()
        assert (result.counts["created"], result.counts["written_back"]) == (100, 100)
        assert {store.state.orders[number]["status"] for number in numbers} == {"completed"}
        assert len(store.requests) <= 120, "requests for an order: 1.2"
        assert len(calls) <= 200, "calls of the database for an order: 2"

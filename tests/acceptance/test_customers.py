"""`customers` at the command line: a store's customers into the ERP, and a person's way in where something is left."""

from __future__ import annotations

import json
from typing import Any

import pytest

from syncctl.demo.store import SimulatedStore
from tests.acceptance.program import Program
from tests.raws import ADDRESS, raw_order

PRODUCTS = [
    {"id": 1, "type": "simple", "name": "Shirt", "sku": "TEE-BLK", "price": "19.99", "stock_quantity": 999, "variations": []}
]


def person(number: int, **more: Any) -> dict[str, Any]:
    """A customer in WooCommerce's shape, who lives nowhere else than any other."""
    home = {**ADDRESS, "first_name": f"Ada{number}", "postcode": f"P{number}", "email": f"ada{number}@example.test"}
    return {
        "id": number,
        "email": f"ada{number}@example.test",
        "first_name": f"Ada{number}",
        "last_name": "Lovelace",
        "role": "customer",
        "username": f"ada{number}",
        "date_created_gmt": "2026-11-01T10:00:00",
        "date_modified_gmt": None,
        "is_paying_customer": True,
        "billing": home,
        "shipping": home,
        "meta_data": [],
        **more,
    }


def bought(number: int, customer: int, email: str, name: str) -> dict[str, Any]:
    address = {**ADDRESS, "first_name": name, "postcode": f"O{number}"}
    raw = raw_order(id=number, number=str(number), customer_id=customer, transaction_id=f"t{number}")
    return raw | {"billing": {**address, "email": email}, "shipping": address}


@pytest.fixture
def shop(store: SimulatedStore, syncctl: Program) -> SimulatedStore:
    """A store with a product, and an ERP that has it."""
    store.load(products=PRODUCTS)
    assert syncctl("db", "seed", "--from-store").code == 0
    return store


def test_on_the_first_day_no_order_waits_for_its_customer_any_more(syncctl: Program, store: SimulatedStore) -> None:
    """230 orders, 72 of customers whom the ERP doesn't know: 50 of registered ones, 22 of guests."""
    store.load(products=PRODUCTS, customers=[person(number) for number in range(1, 61)])
    assert syncctl("db", "seed", "--from-store").code == 0
    store.load(customers=[person(number) for number in range(61, 101)])
    known = [bought(number, number % 60 + 1, f"ada{number % 60 + 1}@example.test", "Ada") for number in range(1, 159)]
    unknown = [bought(number, 61 + number % 40, f"ada{61 + number % 40}@example.test", "Ada") for number in range(159, 209)]
    guests = [bought(number, 0, f"guest{number}@example.test", f"Guest{number}") for number in range(209, 231)]
    store.load([*known, *unknown, *guests])
    assert syncctl("stage", "--since", "2026-11-01", "--json").json["counts"]["staged"] == 230
    offline = Program(syncctl.folder, {name: value for name, value in syncctl.settings.items() if "WOO" not in name})
    first = offline("process", "--json").json
    assert (first["counts"]["created"], first["counts"]["review"]) == (158, 72)

    brought = syncctl("customers", "start", "--guests", "--json").json
    assert (brought["exit_code"], brought["counts"]["orders_going_on"]) == (0, 72)
    assert (brought["counts"]["created"], brought["counts"]["failed"]) == (62, 0)
    assert syncctl("dead-letter", "list", "--json").json["items"] == []
    second = offline("process", "--json").json
    assert (second["counts"]["created"], second["counts"]["review"]) == (72, 0)
    again = syncctl("customers", "start", "--guests", "--json").json
    assert again["counts"]["unchanged"] == 122, "nobody is brought in twice"


def test_a_detached_queue_is_worked_off_by_resume_and_told_of(syncctl: Program, shop: SimulatedStore) -> None:
    shop.load(customers=[person(number) for number in range(1, 6)])
    detached = syncctl("customers", "start", "--detach", "--name", "all of them", "--json").json
    assert (detached["counts"]["queued"], detached["counts"]["claimed"], detached["queues"]) == (5, 0, [1])
    stands = syncctl("customers", "status", "1")
    assert "Queue 1: all of them\n  draft, 0.00% of 5\n" in stands.out
    resumed = syncctl("customers", "resume", "--workers", "2", "--json").json
    assert (resumed["counts"]["created"], resumed["queues"]) == (5, [1])
    assert syncctl("customers", "resume").out == "No queue of customers is open.\n"
    [told] = syncctl("customers", "status", "1", "--json").json["items"]
    assert (told["state"], told["progress"], told["done_count"]) == ("done", "100.00", 5)
    assert [each["queue_id"] for each in syncctl("customers", "list", "--json").json["items"]] == [1]
    kinds = [each["activity_type"] for each in syncctl("customers", "activity", "1", "--json").json["items"]]
    assert kinds == ["queue_created", "customers_added", "queue_filled", "batch_processed"]
    followed = syncctl("customers", "activity", "1", "--follow")
    assert followed.out.count("\n") == 4 and "batch_processed  success  5 customers were processed" in followed.out


def test_who_is_two_people_in_the_erp_is_settled_by_a_person(syncctl: Program, shop: SimulatedStore) -> None:
    twins = [person(number, email="twin@example.test") for number in (1, 2)]
    for twin in twins:
        twin["billing"]["email"] = "twin@example.test"
    shop.load(customers=[person(1)])
    assert syncctl("customers", "start", "--json").json["counts"]["created"] == 1
    with syncctl.connected() as database:
        [first] = database.execute("SELECT CUST_NO FROM AR_CUST WHERE EMAIL_ADRS_1 = 'ada1@example.test'").fetchone()
        columns = [row[1] for row in database.execute("PRAGMA table_info(AR_CUST)")]
        copied = ", ".join("'COPY'" if name == "CUST_NO" else name for name in columns)
        database.execute(f"INSERT INTO AR_CUST ({', '.join(columns)}) SELECT {copied} FROM AR_CUST WHERE CUST_NO = '{first}'")
        database.execute("DELETE FROM USER_CUSTOMER_MAP")
    failed = syncctl("customers", "start")
    assert failed.code == 1
    assert "customers lines 2 --state failed" in failed.out
    [line] = syncctl("customers", "lines", "2", "--state", "failed", "--json").json["items"]
    assert first in line["error_message"] and "COPY" in line["error_message"]
    assert syncctl("map", "customer", "1", first).code == 0
    assert "1 customers of queue 2 are due again." in syncctl("customers", "retry", "2").out
    assert syncctl("customers", "resume", "--json").json["counts"]["failed"] == 0
    assert syncctl("customers", "status", "2", "--json").json["items"][0]["state"] == "done"


def test_what_a_person_gives_up_is_asked_for_first(syncctl: Program, shop: SimulatedStore) -> None:
    shop.load(customers=[person(number) for number in range(1, 4)])
    syncctl("customers", "start", "--detach")
    refused = syncctl("customers", "force-done", "1", "--reason", "spam")
    assert (refused.code, "add --yes" in refused.err) == (2, True)
    assert "--reason is required" in syncctl("customers", "force-done", "1", "--yes").err
    dry = syncctl("customers", "force-done", "1", "--reason", "spam", "--dry-run")
    assert "3 of 3 customers of queue 1" in dry.out and "nothing was changed" in dry.out
    assert syncctl("customers", "force-done", "1", "--reason", "spam", "--yes").code == 0
    [told] = syncctl("customers", "status", "1", "--json").json["items"]
    assert (told["state"], told["cancelled_count"], told["progress"]) == ("done", 3, "100.00")
    assert syncctl("customers", "cancel", "1", "--yes").code == 1
    syncctl("customers", "start", "--detach")
    assert syncctl("customers", "cancel", "2", "--yes").out == "Queue 2 is cancelled; 3 customers were given up.\n"


def test_an_organisation_sees_its_own_queues_alone(syncctl: Program, shop: SimulatedStore) -> None:
    shop.load(customers=[person(1)])
    syncctl("customers", "start", "--detach", "--org", "north")
    for arguments in (("status", "1"), ("lines", "1"), ("activity", "1"), ("retry", "1"), ("cancel", "1", "--yes")):
        refused = syncctl("customers", *arguments, "--org", "south")
        assert (refused.code, "no customer queue 1 in organisation south" in refused.err) == (2, True), arguments
    assert syncctl("customers", "list", "--org", "south").out == "Organisation south has no queues.\n"
    assert syncctl("customers", "resume", "--org", "south", "--json").json["counts"]["claimed"] == 0
    assert syncctl("customers", "resume", "--org", "north", "--json").json["counts"]["created"] == 1
    conflict = syncctl("customers", "start", "--org", "south")
    assert (conflict.code, "organisation north" in conflict.err) == (1, True)


def test_a_store_that_is_down_leaves_a_queue_that_goes_on_later(syncctl: Program, shop: SimulatedStore) -> None:
    shop.load(customers=[person(1)])
    shop.fail("status", path="/orders", status=503, times=50)
    shop.fail("status", path="/customers", status=503, times=50)
    down = syncctl("customers", "start")
    assert down.code == 69
    assert syncctl("customers", "list").out == "Organisation woocommerce has no queues.\n", (
        "no queue is made for a store that is down"
    )


def test_odd_input_is_refused_in_words(syncctl: Program, shop: SimulatedStore) -> None:
    for arguments, code, words in (
        (("status", "99"), 2, "no customer queue 99"),
        (("status", "0"), 2, "QUEUE is '0'"),
        (("status", "x"), 2, "QUEUE is 'x'"),
        (("lines", "1", "--state", "odd"), 2, "draft, processing, done, failed, cancelled"),
        (("start", "--since", "yesterday"), 2, "--since is 'yesterday'"),
        (("start", "--name", "x" * 101), 2, "--name takes at most 100"),
        (("start", "--batch-size", "0"), 2, "--batch-size"),
        (("start", "--org", "a b"), 2, "--org is 'a b'"),
        (("activity", "1", "--follow", "--json"), 2, "leave --json out"),
    ):
        refused = syncctl("customers", *arguments)
        told = json.loads(refused.out)["errors"][0]["message"] if refused.out.startswith("{") else refused.err
        assert (refused.code, words in told) == (code, True), (arguments, refused)
    assert syncctl("customers", "list", "--json").json["items"] == [], "nothing was begun"

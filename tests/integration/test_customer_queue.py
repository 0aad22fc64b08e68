"""A store's customers through the queue into the ERP: read safely, brought once each, whoever is killed meanwhile."""

from __future__ import annotations

import json
import lzma
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from syncctl.db.connect import open_database
from syncctl.db.contract import (
    ApplyCustomers,
    ClaimCustomers,
    CustomerQueue,
    Database,
    EndCustomerQueue,
    FillCustomerQueue,
    ListCustomerActivity,
    ListCustomerLines,
    Procedure,
    RetryCustomerQueue,
    SeedDemoErp,
)
from syncctl.db.embedded import EmbeddedDatabase
from syncctl.demo.store import SimulatedStore
from syncctl.demo.store_routes import Routes
from syncctl.errors import StoreMisconfigured, StoreUnavailable, TransientError
from syncctl.secret import Secret
from syncctl.services.customer_queues import Means, NewQueue, fill, make_queue, open_queues, queue_of, resume, work
from syncctl.services.customer_work import CustomerResult
from syncctl.services.fill_customers import Wanted
from syncctl.services.pace import Pace
from syncctl.services.run_context import Breakers, RunContext
from syncctl.stores.woocommerce import WooCommerce
from syncctl.stores.woocommerce_http import Connection
from tests.orders import order, stage

RECORDED = Path(__file__).resolve().parents[1] / "fixtures/woocommerce"
ORG = "woocommerce"


def person(number: int, **more: Any) -> dict[str, Any]:
    """A customer in WooCommerce's shape."""
    home = {
        "first_name": f"Ada{number}",
        "last_name": "Lovelace",
        "company": "",
        "address_1": f"{number} Main St",
        "address_2": "",
        "city": "London",
        "state": "",
        "postcode": f"P{number}",
        "country": "GB",
        "phone": "1",
        "email": f"ada{number}@example.test",
    }
    return {
        "id": number,
        "email": f"ada{number}@example.test",
        "first_name": f"Ada{number}",
        "last_name": "Lovelace",
        "role": "customer",
        "username": f"ada{number}",
        "date_created_gmt": "2026-11-01T10:00:00",
        "date_modified_gmt": None,
        "is_paying_customer": number % 2 == 0,
        "billing": home,
        "shipping": home,
        **more,
    }


def recorded() -> list[dict[str, Any]]:
    """The customers of a real store."""
    with lzma.open(RECORDED / "all-customers.jsonl.xz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


class Counting:
    """A connection that counts its calls, and may be told to break."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.engine = database.engine
        self.calls: list[Procedure[Any]] = []
        self.before: Callable[[Procedure[Any]], None] = lambda _: None

    def run(self, call: Procedure[Any]) -> list[Any]:
        self.calls.append(call)
        self.before(call)
        return self.database.run(call)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.database, name)

    def close(self) -> None:
        """Whoever made the connection closes it."""


class Shop:
    """A simulated store, its session, and an embedded ERP beside it."""

    def __init__(self, store: SimulatedStore, path: Path, erp: str = "counterpoint") -> None:
        self.store = store
        self.url = f"sqlite:///{path.as_posix()}"
        self.database = Counting(EmbeddedDatabase(path, erp=erp))
        self.database.run(SeedDemoErp(items="[]", customers="[]"))
        self.waits: list[float] = []
        self.read: list[int] = []
        self.woo = self.session()

    def session(self) -> WooCommerce:
        connection = Connection(
            url=self.store.url, consumer_key=Secret(self.store.key), consumer_secret=Secret(self.store.secret), connections=2
        )
        return WooCommerce(connection, sleeper=self.waits.append)

    def context(self, run_id: str = "run", **more: Any) -> RunContext:
        return RunContext(run_id=run_id, sleeper=self.waits.append, breakers=Breakers(3), **more)

    def start(self, wanted: Wanted | None = None, **more: Any) -> CustomerQueue:
        new = NewQueue(org_id=ORG, store_id="woocommerce", name="all", wanted=wanted or Wanted(), **more)
        return queue_of(self.database, ORG, make_queue(self.database, self.woo, new))

    def fill(self, queue: CustomerQueue, **more: Any) -> CustomerQueue:
        fill(self.database, self.woo, queue, self.context(**more), CustomerResult())
        return queue_of(self.database, ORG, queue.queue_id)

    def means(self, **more: Any) -> Means:
        return Means(connect=lambda: self.database, open_store=self.session, context=self.context(), **more)

    def work(self, queue: CustomerQueue, **more: Any) -> CustomerResult:
        result = CustomerResult()
        work(queue, self.means(**more), result)
        return result

    def ids(self, queue: CustomerQueue) -> list[int]:
        found = self.database.run(ListCustomerLines(queue_id=queue.queue_id, org_id=ORG, batch_size=10_000))
        return [line.woo_customer_id for line in found]

    def said(self, queue: CustomerQueue) -> list[str]:
        return [each.activity_type for each in self.database.run(ListCustomerActivity(queue_id=queue.queue_id, org_id=ORG))]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with SimulatedStore() as store:
        made = Shop(store, tmp_path / "shop.db")
        yield made
        made.woo.close()
        made.database.database.close()


def exact(queue: CustomerQueue) -> bool:
    """Tell whether the counters add up."""
    states = queue.draft_count + queue.processing_count + queue.done_count + queue.failed_count + queue.cancelled_count
    outcomes = queue.created_count + queue.updated_count + queue.linked_count + queue.unchanged_count
    return states == queue.total_count and outcomes == queue.done_count


@pytest.mark.parametrize("erp", ["counterpoint", "rms"])
def test_the_recorded_customers_come_into_the_erp_once_each(tmp_path: Path, erp: str) -> None:
    with SimulatedStore() as store:
        shop = Shop(store, tmp_path / "shop.db", erp)
        store.load(customers=recorded())
        bring_twice(shop)
        shop.woo.close()
        shop.database.database.close()


def bring_twice(shop: Shop) -> None:
    queue = shop.fill(shop.start())
    result = shop.work(queue)
    done = queue_of(shop.database, ORG, queue.queue_id)
    assert (done.state, done.total_count, done.done_count + done.failed_count, exact(done)) == ("done", 121, 121, True)
    assert result.counts["created"] == done.created_count == 121
    assert len({line.cust_no for line in shop.database.run(ListCustomerLines(queue_id=queue.queue_id, org_id=ORG))}) == 121
    again = shop.fill(shop.start())
    assert shop.work(again).counts["unchanged"] == 121, "a second queue brings nobody in twice"


def test_a_batch_of_50_takes_two_calls(shop: Shop) -> None:
    shop.store.load(customers=[person(number) for number in range(1, 101)])
    queue = shop.fill(shop.start())
    shop.database.calls.clear()
    assert shop.work(queue).counts["created"] == 100
    kinds = [type(call) for call in shop.database.calls]
    assert kinds[:4] == [ClaimCustomers, ApplyCustomers] * 2
    assert len(kinds) == 6, "then the claim that finds nothing, and the look whether something waits"


def test_a_list_that_changes_while_it_is_read_loses_nobody(shop: Shop) -> None:
    shop.store.load(customers=[person(number) for number in range(1, 251)])

    def meanwhile(method: str, path: str, query: dict[str, str]) -> None:
        if path.endswith("/customers") and query.get("offset"):
            for number in range(1, 20):
                shop.store.state.customers.pop(number, None)
            shop.store.load(customers=[person(300), person(301)])

    shop.store.before_request = meanwhile
    queue = shop.fill(shop.start())
    found = shop.ids(queue)
    assert len(found) == len(set(found))
    assert set(range(20, 251)) <= set(found) and queue.filled_at is not None


def test_a_killed_filling_goes_on_where_it_was(shop: Shop) -> None:
    shop.store.load(customers=[person(number) for number in range(1, 451)])
    queue = shop.start()

    def die(call: Procedure[Any]) -> None:
        if isinstance(call, FillCustomerQueue) and call.from_cursor.startswith("customers:199"):
            raise KeyboardInterrupt

    shop.database.before = die
    with pytest.raises(KeyboardInterrupt):
        shop.fill(queue)
    shop.database.before = lambda _: None
    halfway = queue_of(shop.database, ORG, queue.queue_id)
    assert (halfway.total_count, halfway.filled_at, halfway.state) == (199, None, "draft")
    shop.store.requests.clear()
    assert shop.fill(halfway).total_count == 450
    # The one that was killed may have read ahead: its page further on is nobody's second reading.
    offsets = [int(found[1]) for _, path, _ in shop.store.requests if (found := re.search(r"offset=(\d+)", path))]
    assert min(offsets) == 198, "nothing is read again but the row that joins"


def test_a_store_that_gives_one_page_for_ever_ends_the_filling(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.store.load(customers=[person(number) for number in range(1, 251)])
    page = Routes._page

    def first_page_always(routes: Routes, query: dict[str, str], rows: Any, order_by: Any) -> Any:
        """A cache that drops what stands behind the page's size."""
        return page(routes, {**query, "page": "1", "offset": "0"}, rows, order_by)

    monkeypatch.setattr(Routes, "_page", first_page_always)
    queue = shop.start()
    with pytest.raises(StoreMisconfigured, match="same page"):
        shop.fill(queue)
    assert len(shop.store.requests) < 60
    assert queue_of(shop.database, ORG, queue.queue_id).filled_at is None


def test_a_customer_that_the_store_cannot_give_is_left_to_a_person(shop: Shop) -> None:
    shop.store.load(customers=[person(number) for number in range(1, 31)])
    shop.store.odd.breaks[7] = "page"
    queue = shop.fill(shop.start())
    assert (queue.total_count, queue.failed_count) == (30, 1)
    [line] = shop.database.run(ListCustomerLines(queue_id=queue.queue_id, org_id=ORG, state="failed"))
    assert (line.woo_customer_id, line.error_message[:36]) == (7, "The store can't give this customer: ")


class _Endless:
    """A store that has ever new customers."""

    store_id = "woocommerce"

    def __init__(self, woo: WooCommerce) -> None:
        self._woo = woo
        self.pages = 0

    def customer_pages(self, place: Any, **_: Any) -> Iterator[Any]:
        from syncctl.stores.customers import CustomerPage, StoreAccount

        last = place.last_id
        while True:
            self.pages += 1
            accounts = tuple(StoreAccount(customer_id=last + at, email=f"c{last + at}@example.test") for at in range(1, 101))
            last += 100
            yield CustomerPage(customers=accounts, after=replace(place, last_id=last), finished=False, total=100)


def test_a_list_that_grows_faster_than_it_is_read_ends_the_filling(shop: Shop) -> None:
    queue, endless = shop.start(), _Endless(shop.woo)
    with pytest.raises(StoreMisconfigured, match="without coming to an end"):
        fill(shop.database, endless, queue, shop.context(), CustomerResult())
    assert endless.pages == 105


def test_filters_take_whom_they_say(shop: Shop) -> None:
    people = [person(1, role="administrator"), person(2), person(3), person(4, date_modified_gmt="2026-11-25T10:00:00")]
    shop.store.load(customers=people)
    for wanted, found in (
        (Wanted(roles=("customer",)), [2, 3, 4]),
        (Wanted(since="2026-11-20T00:00:00+00:00"), [4]),
        (Wanted(with_orders=True), [2, 4]),
        (Wanted(limit=2), [1, 2]),
        (Wanted(limit=1, with_orders=True), [2]),
    ):
        queue = shop.fill(shop.start(wanted))
        assert (shop.ids(queue), queue.filled_at is not None) == (found, True), wanted


def test_guests_come_out_of_staged_orders_each_once(shop: Shop) -> None:
    shop.store.load(customers=[person(1)])
    stage(
        shop.database,
        order(1, WOO_CUST_ID=None, CUST_EMAIL="guest@example.test"),
        order(2, WOO_CUST_ID=None, CUST_EMAIL="Guest@example.test"),
        order(3, WOO_CUST_ID=1, CUST_EMAIL="ada1@example.test"),
    )
    queue = shop.fill(shop.start(Wanted(guests=True)))
    lines = shop.database.run(ListCustomerLines(queue_id=queue.queue_id, org_id=ORG))
    assert [(line.woo_customer_id, line.email) for line in lines] == [(1, "ada1@example.test"), (0, "guest@example.test")]
    held = json.loads(lines[1].customer_json)
    assert (held["is_guest"], held["billing"]["last_name"], held["billing"]["postcode"]) == (True, "Lovelace", "SW1Y 4JH")


def test_a_store_that_is_down_opens_the_breaker_and_a_later_run_goes_on(shop: Shop) -> None:
    shop.store.load(customers=[person(number) for number in range(1, 131)])
    queue = shop.start()
    shop.store.fail("status", status=503, times=99)
    with pytest.raises(StoreUnavailable):
        shop.fill(queue)
    assert shop.said(queue)[-1] == "circuit_breaker"
    last = shop.database.run(ListCustomerActivity(queue_id=queue.queue_id, org_id=ORG))[-1]
    assert (last.status, last.message.startswith("Circuit breaker open")) == ("error", True)
    shop.store.faults.clear()
    result = CustomerResult()
    resume(shop.database, ORG, "woocommerce", shop.means(), result)
    done = queue_of(shop.database, ORG, queue.queue_id)
    assert (done.state, done.total_count, done.created_count, result.filled) == ("done", 130, 130, 130)
    assert open_queues(shop.database, ORG) == []


def test_a_database_that_is_away_costs_no_customer_a_try(shop: Shop) -> None:
    shop.store.load(customers=[person(number) for number in range(1, 4)])
    queue = shop.fill(shop.start())
    away = [True, True]

    def fail(call: Procedure[Any]) -> None:
        if isinstance(call, ApplyCustomers) and away:
            away.pop()
            raise TransientError("the connection was lost")

    shop.database.before = fail
    result = shop.work(queue)
    lines = shop.database.run(ListCustomerLines(queue_id=queue.queue_id, org_id=ORG))
    assert result.ended_by is None
    assert [(line.state, line.process_count) for line in lines] == [("done", 0)] * 3


def test_a_batch_that_cannot_be_brought_together_is_brought_one_by_one(shop: Shop) -> None:
    from syncctl.errors import PermanentError

    shop.store.load(customers=[person(number) for number in range(1, 4)])
    queue = shop.fill(shop.start())

    def fail(call: Procedure[Any]) -> None:
        if isinstance(call, ApplyCustomers) and '"LINE_ID": 2,' in call.lines:
            raise PermanentError("odd", code=9999)

    shop.database.before = fail
    result = shop.work(queue)
    assert {row.woo_customer_id: row.outcome for row in result.customers} == {1: "created", 2: "failed", 3: "created"}
    assert exact(queue_of(shop.database, ORG, queue.queue_id))


def test_a_stop_gives_the_rest_back(shop: Shop) -> None:
    shop.store.load(customers=[person(number) for number in range(1, 11)])
    queue = shop.fill(shop.start(batch_size=2))

    class After:
        left = 2

        def is_set(self) -> bool:
            return self.left <= 0

    stop = After()

    def count(call: Procedure[Any]) -> None:
        stop.left -= isinstance(call, ApplyCustomers)

    shop.database.before = count
    result = CustomerResult()
    work(queue, replace(shop.means(), context=shop.context(stop=stop)), result)
    stands = queue_of(shop.database, ORG, queue.queue_id)
    assert (stands.processing_count, result.stopped, exact(stands)) == (0, True, True)
    assert stands.done_count + stands.draft_count == 10 and stands.done_count >= 2
    assert result.counts["created"] == stands.done_count, "all that were brought are told of, a batch's last ones too"


def test_several_workers_share_a_queue(shop: Shop) -> None:
    shop.store.load(customers=[person(number) for number in range(1, 61)])
    queue = shop.fill(shop.start(batch_size=5))
    result = CustomerResult()
    means = Means(connect=lambda: open_database(shop.url), open_store=None, context=shop.context(), workers=3)
    work(queue, means, result)
    done = queue_of(shop.database, ORG, queue.queue_id)
    assert (done.created_count, result.counts["created"], exact(done)) == (60, 60, True)
    numbers = shop.database.query(
        "SELECT COUNT(DISTINCT CUST_NO) AS N, COUNT(*) AS M FROM dbo.AR_CUST WHERE EMAIL_ADRS_1 LIKE 'ada%'"
    )
    assert tuple(numbers[0]) == (60, 60)


def test_the_rest_between_batches_follows_the_answers() -> None:
    pace = Pace(2.0)
    assert [pace.after(0.1) for _ in range(3)] == [0, 0, 0], "quick answers want no rest"
    assert [pace.after(3.0) for _ in range(4)] == [0.5, 1.0, 2.0, 2.0]
    assert pace.after(0.1) == 1.0
    assert pace.after(0, refused=True) == 2.0
    for _ in range(20):
        rest = pace.after(0.1)
    assert rest == 0
    assert Pace(0).after(9, refused=True) == 0


def test_customers_of_one_organisation_are_not_resumed_by_another(shop: Shop) -> None:
    shop.store.load(customers=[person(1)])
    shop.fill(shop.start())
    result = CustomerResult()
    assert resume(shop.database, "other", "woocommerce", shop.means(), result) == []
    assert result.claimed == 0
    with closing(shop.session()) as _:
        assert len(resume(shop.database, ORG, "woocommerce", shop.means(), result)) == 1
    assert result.counts["created"] == 1


def test_a_set_up_that_lets_no_customer_be_made_burns_nobody_and_says_so(shop: Shop) -> None:
    shop.store.load(customers=[person(number) for number in range(1, 4)])
    queue = shop.fill(shop.start())
    shop.database.query("UPDATE dbo.USER_NUMBER_SERIES SET PREFIX = 'FAR-TOO-LONG-A-PREFIX' WHERE SERIES = 'CUST_NO'")
    result = shop.work(queue)
    assert type(result.ended_by).__name__ == "ConfigError"
    lines = shop.database.run(ListCustomerLines(queue_id=queue.queue_id, org_id=ORG))
    assert [(line.state, line.process_count) for line in lines] == [("draft", 0)] * 3
    assert shop.said(queue)[-1] == "set_up"


def test_a_series_that_runs_out_in_the_middle_of_a_batch_leaves_an_exact_report(shop: Shop) -> None:
    shop.store.load(customers=[person(number) for number in range(1, 6)])
    queue = shop.fill(shop.start())
    series = "PREFIX = 'W123456789012', NEXT_NO = 98, WIDTH = 2"
    shop.database.query(f"UPDATE dbo.USER_NUMBER_SERIES SET {series} WHERE SERIES = 'CUST_NO'")
    result = shop.work(queue)
    assert type(result.ended_by).__name__ == "ConfigError"
    stands = queue_of(shop.database, ORG, queue.queue_id)
    assert (stands.created_count, stands.draft_count, exact(stands)) == (2, 3, True)
    assert result.counts["created"] == 2, "who came before it is told of"


def test_a_queue_that_cannot_be_filled_holds_up_no_other(shop: Shop) -> None:
    shop.store.load(customers=[person(1)])
    stuck, waiting = shop.start(), shop.fill(shop.start())
    shop.store.fail("status", status=503, times=99)
    result = CustomerResult()
    resume(shop.database, ORG, "woocommerce", shop.means(), result)
    assert isinstance(result.ended_by, StoreUnavailable)
    states = [queue_of(shop.database, ORG, queue.queue_id).state for queue in (stuck, waiting)]
    assert states == ["draft", "done"]


def test_a_queue_that_is_cancelled_while_it_is_filled_holds_up_no_other(shop: Shop) -> None:
    shop.store.load(customers=[person(1)])
    given_up, waiting = shop.start(), shop.fill(shop.start())

    def cancel(call: Procedure[Any]) -> None:
        if isinstance(call, FillCustomerQueue):
            shop.database.before = lambda _: None
            ended = EndCustomerQueue(queue_id=given_up.queue_id, org_id=ORG, decision="cancel", decided_by="ada")
            shop.database.run(ended)

    shop.database.before = cancel
    result = CustomerResult()
    resume(shop.database, ORG, "woocommerce", shop.means(), result)
    assert result.ended_by is None
    states = [queue_of(shop.database, ORG, queue.queue_id).state for queue in (given_up, waiting)]
    assert states == ["cancelled", "done"]


def test_a_customer_that_the_store_could_not_give_is_queued_anew_not_tried_again(shop: Shop) -> None:
    shop.store.load(customers=[person(1), person(2)])
    shop.store.odd.breaks[2] = "page"
    queue = shop.fill(shop.start())
    shop.database.run(RetryCustomerQueue(queue_id=queue.queue_id, org_id=ORG, decided_by="ada"))
    [failed] = [row for row in shop.work(queue).customers if row.outcome == "failed"]
    assert "Queue it anew: `syncctl customers start`" in failed.message

"""What the queue of customers promises: each once, one worker's at a time, counted from its lines. On each engine."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from syncctl.db.contract import (
    AppliedCustomer,
    ApplyCustomers,
    ClaimCustomers,
    ClaimedCustomer,
    ClaimStagedOrders,
    CustomerQueue,
    Database,
    EndCustomerQueue,
    FailCustomer,
    FailStagedOrder,
    FillCustomerQueue,
    ListCustomerActivity,
    ListCustomerLines,
    ListCustomerQueues,
    ListGuestOrders,
    NoteCustomerActivity,
    ReleaseCustomers,
    RetryCustomerQueue,
    SeedDemoErp,
    StartCustomerQueue,
)
from syncctl.db.sqlserver_errors import DEADLOCK, LOCK_TIMEOUT, THROTTLED
from syncctl.errors import BadArgument, Conflict, LeaseLost, NotFound, WrongState
from syncctl.models import Address
from syncctl.stores.customers import StoreAccount, as_object
from tests.orders import order, stage

ORG = "woocommerce"


def account(number: int, email: str | None = None, **more: Any) -> dict[str, Any]:
    """A customer of the store as a queue takes it."""
    name = f"Ada{number}"
    home = Address(
        first_name=name,
        last_name="Lovelace",
        address_1="1 Main St",
        city="London",
        postcode=f"P{number}",
        country="GB",
        phone="1",
    )
    given = {"first_name": name, "last_name": "Lovelace", "billing": home, "shipping": home, **more}
    return as_object(StoreAccount(customer_id=number, email=email or f"ada{number}@example.test", **given))


def start(database: Database, org: str = ORG, **more: Any) -> int:
    given = {"store_id": "woocommerce", "queue_name": "all", **more}
    return database.run(StartCustomerQueue(org_id=org, **given))[0].queue_id


def fill(database: Database, queue_id: int, *accounts: dict[str, Any], **more: Any) -> Any:
    given = {"org_id": ORG, "from_cursor": "", "to_cursor": "", "is_last": True, **more}
    [page] = database.run(FillCustomerQueue(queue_id=queue_id, customers=json.dumps(accounts), **given))
    return page


def filled(database: Database, *numbers: int, **more: Any) -> int:
    queue_id = start(database, **more)
    fill(database, queue_id, *(account(number) for number in numbers))
    return queue_id


def queue(database: Database, queue_id: int, org: str = ORG) -> CustomerQueue:
    [found] = database.run(ListCustomerQueues(org_id=org, queue_id=queue_id))
    return found


def claim(database: Database, queue_id: int, worker: str = "w", size: int = 50, **more: Any) -> list[ClaimedCustomer]:
    return database.run(ClaimCustomers(queue_id=queue_id, org_id=ORG, worker_id=worker, batch_size=size, **more))


def lines_of(claimed: list[ClaimedCustomer]) -> str:
    return json.dumps([{"LINE_ID": each.line_id, "ATTEMPT_NO": each.attempt_no} for each in claimed])


def apply(database: Database, queue_id: int, claimed: list[ClaimedCustomer], worker: str = "w") -> list[AppliedCustomer]:
    return database.run(ApplyCustomers(queue_id=queue_id, org_id=ORG, worker_id=worker, lines=lines_of(claimed)))


def states(database: Database, queue_id: int) -> list[str]:
    return [line.state for line in database.run(ListCustomerLines(queue_id=queue_id, org_id=ORG))]


def said(database: Database, queue_id: int) -> list[tuple[str, str]]:
    return [(each.activity_type, each.status) for each in database.run(ListCustomerActivity(queue_id=queue_id, org_id=ORG))]


def fail(database: Database, claimed: ClaimedCustomer, *, passing: bool = False, worker: str = "w") -> Any:
    [failed] = database.run(
        FailCustomer(
            line_id=claimed.line_id, worker_id=worker, attempt_no=claimed.attempt_no, message="no luck", is_passing=passing
        )
    )
    return failed


@pytest.fixture
def seeded(database: Database) -> Database:
    """An ERP whose set-up lets customers be made."""
    database.run(SeedDemoErp(items="[]", customers="[]"))
    return database


def test_a_queue_goes_from_draft_to_done_and_counts_its_lines(seeded):
    queue_id = filled(seeded, 1, 2, 3)
    made = queue(seeded, queue_id)
    assert (made.state, made.total_count, made.draft_count, made.process_count) == ("draft", 3, 3, 0)
    claimed = claim(seeded, queue_id)
    at_work = queue(seeded, queue_id)
    assert (at_work.state, at_work.processing_count, at_work.process_count) == ("processing", 3, 1)
    applied = apply(seeded, queue_id, claimed)
    assert [(each.state, each.outcome) for each in applied] == [("done", "created")] * 3
    done = queue(seeded, queue_id)
    assert (done.state, done.done_count, done.created_count, done.draft_count, done.is_action_required) == (
        "done",
        3,
        3,
        0,
        False,
    )
    assert [each for each, _ in said(seeded, queue_id)] == [
        "queue_created",
        "customers_added",
        "queue_filled",
        "batch_processed",
    ]
    [batch] = [
        each
        for each in seeded.run(ListCustomerActivity(queue_id=queue_id, org_id=ORG))
        if each.activity_type == "batch_processed"
    ]
    assert (batch.customers, batch.failures, batch.status) == (3, 0, "success")


def test_a_customer_stands_in_a_queue_once(database):
    queue_id = start(database)
    page = fill(
        database,
        queue_id,
        account(1),
        account(2),
        account(1),
        account(0, "Guest@example.test"),
        account(0, "guest@EXAMPLE.test"),
        to_cursor="a",
        is_last=False,
    )
    assert (page.added, page.total, page.is_filled) == (3, 3, False)
    page = fill(database, queue_id, account(2), account(3), account(0, "guest@example.test"), from_cursor="a", to_cursor="b")
    assert (page.added, page.total, page.is_filled) == (1, 4, True)


def test_a_page_is_added_once_and_a_slower_filler_writes_nothing(database):
    queue_id = start(database)
    page = {"from_cursor": "", "to_cursor": "a", "is_last": False}
    assert fill(database, queue_id, account(1), **page).added == 1
    assert fill(database, queue_id, account(1), account(9), **page).added == 0, "the answer was lost, and is given again"
    fill(database, queue_id, account(2), from_cursor="a", to_cursor="b", is_last=False)
    with pytest.raises(LeaseLost, match="Another worker fills"):
        fill(database, queue_id, account(9), **page)
    assert queue(database, queue_id).total_count == 2
    assert fill(database, queue_id, from_cursor="b", to_cursor="b").is_filled
    assert fill(database, queue_id, account(9), from_cursor="b", to_cursor="c").added == 0, "a filled queue is full"


def test_a_queue_takes_so_many_and_only_those_who_ordered(database):
    stage(database, order(1, WOO_CUST_ID=3))
    queue_id = start(database)
    people = [account(1, has_ordered=False), account(2, has_ordered=True), account(3, has_ordered=None), account(4)]
    page = fill(database, queue_id, *people, with_orders=True, to_cursor="a", is_last=False)
    assert page.added == 2
    assert [line.woo_customer_id for line in database.run(ListCustomerLines(queue_id=queue_id, org_id=ORG))] == [2, 3]
    some = start(database)
    assert fill(database, some, *people, most=3, to_cursor="a", is_last=False).added == 3
    assert queue(database, some).filled_at is not None, "it has all it wants"


def test_guests_are_found_in_staged_orders_newest_first(database):
    stage(database, order(1, WOO_CUST_ID=None, CUST_EMAIL="a@example.test"), order(2, WOO_CUST_ID=5))
    stage(database, order(3, WOO_CUST_ID=None, CUST_EMAIL="b@example.test"), order(4, WOO_CUST_ID=None, CUST_EMAIL=" "))
    found = database.run(ListGuestOrders(store_id="woocommerce"))
    assert [each.cust_email for each in found] == ["b@example.test", "a@example.test"]
    assert json.loads(found[0].order_json)["BILL"]["LST_NAM"] == "Lovelace"
    assert [each.cust_email for each in database.run(ListGuestOrders(store_id="woocommerce", before_id=found[0].staging_id))] == [
        "a@example.test"
    ]


def test_a_line_is_one_workers_and_a_stale_worker_settles_nothing(seeded, clock):
    queue_id = filled(seeded, 1, 2)
    first = claim(seeded, queue_id, "one", lease_seconds=60)
    assert claim(seeded, queue_id, "two") == []
    clock.move(timedelta(seconds=61))
    second = claim(seeded, queue_id, "two")
    assert [each.attempt_no for each in second] == [2, 2]
    assert [each.state for each in apply(seeded, queue_id, first, "one")] == ["lost", "lost"]
    with pytest.raises(LeaseLost, match="no longer holds it"):
        fail(seeded, first[0], worker="one")
    assert [each.state for each in apply(seeded, queue_id, second, "two")] == ["done", "done"]
    assert ("lease_lost", "warning") in said(seeded, queue_id)
    assert queue(seeded, queue_id).created_count == 2


def test_what_kills_its_worker_again_and_again_is_given_out_alone_then_given_up(seeded, clock):
    queue_id = filled(seeded, 1, 2, 3)
    sizes = []
    for _ in range(2):
        sizes.append(len(claim(seeded, queue_id, lease_seconds=1)))
        clock.move(timedelta(seconds=2))
    for _ in range(3):
        [poison] = claim(seeded, queue_id, lease_seconds=1)
        sizes.append(1)
        clock.move(timedelta(seconds=2))
    assert sizes == [3, 3, 1, 1, 1]
    rest = claim(seeded, queue_id)
    assert [each.line_id for each in rest] == [poison.line_id + 1], "the one that kills is no longer given out"
    given_up = next(
        line for line in seeded.run(ListCustomerLines(queue_id=queue_id, org_id=ORG)) if line.line_id == poison.line_id
    )
    assert (given_up.state, "worker died" in given_up.error_message) == ("failed", True)
    assert queue(seeded, queue_id).is_action_required


def test_a_passing_error_is_tried_again_after_1_2_and_4_seconds_then_needs_a_person(database, clock):
    queue_id = filled(database, 1, max_retries=3)
    for seconds in (1, 2, 4):
        [claimed] = claim(database, queue_id)
        failed = fail(database, claimed, passing=True)
        assert (failed.state, failed.next_attempt_dt) == ("draft", clock() + timedelta(seconds=seconds))
        assert claim(database, queue_id) == [], "the wait is kept, whoever comes"
        assert queue(database, queue_id).due_in_ms == seconds * 1000
        clock.move(timedelta(seconds=seconds))
    [claimed] = claim(database, queue_id)
    assert claimed.process_count == 3
    assert fail(database, claimed, passing=True).state == "failed"
    stands = queue(database, queue_id)
    assert (stands.state, stands.failed_count, stands.is_action_required) == ("failed", 1, True)
    assert stands.action_required_reason == (
        "1 customer failed more often than the maximum of 3 retries. First: customer 1: no luck"
    )
    [told] = database.run(RetryCustomerQueue(queue_id=queue_id, org_id=ORG, decided_by="ada"))
    assert (told.retried, told.kept) == (0, 1)
    [told] = database.run(RetryCustomerQueue(queue_id=queue_id, org_id=ORG, decided_by="ada", is_forced=True))
    assert (told.retried, told.kept) == (1, 0)
    again = queue(database, queue_id)
    assert (again.state, again.is_action_required, claim(database, queue_id)[0].process_count) == ("draft", False, 0)


def test_a_failure_that_stays_waits_for_retry(database):
    queue_id = filled(database, 1, max_retries=1)
    [claimed] = claim(database, queue_id)
    assert fail(database, claimed).state == "failed"
    assert (queue(database, queue_id).state, queue(database, queue_id).is_action_required) == ("failed", False)
    [told] = database.run(RetryCustomerQueue(queue_id=queue_id, org_id=ORG, decided_by="ada"))
    assert told.retried == 1
    assert queue(database, queue_id).state == "draft"
    [claimed] = claim(database, queue_id)
    assert queue(database, queue_id).process_count == 2
    fail(database, claimed)
    assert queue(database, queue_id).is_action_required, "tried more often than the maximum"


def test_one_bad_customer_loses_no_other(seeded, query):
    queue_id = start(seeded)
    nobody = account(2, email=" ", first_name="", last_name="", billing=Address(), shipping=Address())
    nobody["EMAIL"] = nobody["CUSTOMER"]["email"] = ""
    fill(seeded, queue_id, account(1), nobody, account(3))
    query("UPDATE dbo.woo_customer_sync_queue_line SET customer_json = ? WHERE woo_customer_id = ?", ("[1", 3))
    fill_more = start(seeded)
    fill(seeded, fill_more, account(4))
    applied = apply(seeded, queue_id, claim(seeded, queue_id))
    assert [each.state for each in applied] == ["done", "failed", "failed"]
    assert all(each.message for each in applied[1:])
    assert [each.state for each in apply(seeded, fill_more, claim(seeded, fill_more))] == ["done"]
    told = queue(seeded, queue_id)
    assert (told.state, told.created_count, told.failed_count) == ("failed", 1, 2)


def test_what_the_erp_refuses_of_one_customer_undoes_no_other(seeded, query):
    """A site's own unique index, say, of which nothing here knows."""
    embedded = seeded.engine == "embedded"
    query(
        "CREATE UNIQUE INDEX dbo.UX_OF_THE_SITE ON AR_CUST (NAM)"
        if embedded
        else "CREATE UNIQUE INDEX UX_OF_THE_SITE ON dbo.AR_CUST (NAM)"
    )
    try:
        queue_id = start(seeded)
        twin = account(2, first_name="Ada1", billing=Address(first_name="Ada1", last_name="Lovelace", postcode="P2"))
        fill(seeded, queue_id, account(1), twin, account(3))
        applied = apply(seeded, queue_id, claim(seeded, queue_id))
    finally:
        query("DROP INDEX dbo.UX_OF_THE_SITE" if embedded else "DROP INDEX UX_OF_THE_SITE ON dbo.AR_CUST")
    assert [each.state for each in applied] == ["done", "failed", "done"]
    assert applied[1].message
    told = queue(seeded, queue_id)
    assert (told.created_count, told.failed_count) == (2, 1)
    assert len(query("SELECT CUST_NO FROM dbo.AR_CUST WHERE EMAIL_ADRS_1 LIKE ?", ("ada%@example.test",))) == 2


def test_what_was_settled_is_told_again_where_the_answer_was_lost(seeded):
    queue_id = filled(seeded, 1, 2)
    claimed = claim(seeded, queue_id)
    first = apply(seeded, queue_id, claimed)
    again = apply(seeded, queue_id, claimed)
    assert [(each.state, each.outcome, each.cust_no) for each in again] == [
        (each.state, each.outcome, each.cust_no) for each in first
    ]
    assert queue(seeded, queue_id).created_count == 2


def test_released_lines_have_lost_no_attempt(database):
    queue_id = filled(database, 1, 2)
    claimed = claim(database, queue_id)
    database.run(ReleaseCustomers(queue_id=queue_id, worker_id="another", lines=lines_of(claimed)))
    assert states(database, queue_id) == ["processing", "processing"]
    database.run(ReleaseCustomers(queue_id=queue_id, worker_id="w", lines=lines_of(claimed)))
    assert states(database, queue_id) == ["draft", "draft"]
    assert [each.attempt_no for each in claim(database, queue_id)] == [1, 1]


def test_force_done_gives_up_what_failed_and_what_is_open(database):
    queue_id = filled(database, 1, 2, 3)
    first, *_ = claim(database, queue_id, size=2)
    fail(database, first)
    end = EndCustomerQueue(queue_id=queue_id, org_id=ORG, decision="done", decided_by="ada", reason="spam")
    with pytest.raises(BadArgument, match="@REASON"):
        database.run(EndCustomerQueue(queue_id=queue_id, org_id=ORG, decision="done", decided_by="ada"))
    assert database.run(end)[0].cancelled == 3
    ended = queue(database, queue_id)
    assert (ended.state, ended.cancelled_count, ended.end_reason) == ("done", 3, "done by ada: spam")
    with pytest.raises(WrongState, match="was ended"):
        database.run(end)
    with pytest.raises(WrongState, match="was ended"):
        database.run(RetryCustomerQueue(queue_id=queue_id, org_id=ORG, decided_by="ada"))
    assert claim(database, queue_id) == []


def test_cancel_gives_up_what_is_open_and_a_worker_can_settle_it_no_more(seeded):
    queue_id = filled(seeded, 1, 2)
    held = claim(seeded, queue_id, size=1)
    assert seeded.run(EndCustomerQueue(queue_id=queue_id, org_id=ORG, decision="cancel", decided_by="ada"))[0].cancelled == 2
    assert queue(seeded, queue_id).state == "cancelled"
    assert [each.state for each in apply(seeded, queue_id, held)] == ["lost"]
    with pytest.raises(WrongState):
        fill(seeded, queue_id, account(9))


def test_a_queue_that_is_done_has_nothing_to_end(seeded):
    queue_id = filled(seeded, 1)
    apply(seeded, queue_id, claim(seeded, queue_id))
    for decision in ("done", "cancel"):
        with pytest.raises(WrongState, match="nothing left"):
            seeded.run(EndCustomerQueue(queue_id=queue_id, org_id=ORG, decision=decision, decided_by="ada", reason="x"))


def test_no_call_reaches_another_organisations_queue(seeded):
    ours = filled(seeded, 1)
    theirs = start(seeded, org="other", store_id="second")
    assert [each.queue_id for each in seeded.run(ListCustomerQueues(org_id=ORG))] == [ours]
    for call in (
        ListCustomerQueues(org_id=ORG, queue_id=theirs),
        ListCustomerLines(queue_id=theirs, org_id=ORG),
        ListCustomerActivity(queue_id=theirs, org_id=ORG),
        ApplyCustomers(queue_id=theirs, org_id=ORG, worker_id="w", lines="[]"),
        FillCustomerQueue(queue_id=theirs, org_id=ORG, customers="[]", from_cursor="", to_cursor="", is_last=True),
        RetryCustomerQueue(queue_id=theirs, org_id=ORG, decided_by="ada"),
        EndCustomerQueue(queue_id=theirs, org_id=ORG, decision="cancel", decided_by="ada"),
        NoteCustomerActivity(queue_id=theirs, org_id=ORG, activity_type="x", status="error", message="x"),
    ):
        with pytest.raises(NotFound, match=f"no customer queue {theirs} in organisation {ORG}"):
            seeded.run(call)
    assert claim(seeded, theirs) == []
    apply(seeded, ours, claim(seeded, ours))
    with pytest.raises(Conflict, match="organisation woocommerce"):
        start(seeded, org="other")


def test_an_older_queue_undoes_nothing_that_a_later_one_brought(seeded):
    """Left open, or tried again after weeks: what it noted of a customer is older than what the ERP has by now."""
    moved = Address(first_name="Ada", last_name="Lovelace", address_1="2 Rue X", city="Paris", postcode="75001", country="FR")
    people = [account(1), account(0, email="guest@example.test")]
    movers = [account(1, billing=moved), account(0, email="Guest@example.test", billing=moved)]
    older, later, last = (start(seeded) for _ in range(3))
    for queue_id, accounts in ((older, people), (later, movers), (last, movers)):
        fill(seeded, queue_id, *accounts)
    assert {each.outcome for each in apply(seeded, later, claim(seeded, later))} == {"created"}
    assert [each.outcome for each in apply(seeded, older, claim(seeded, older))] == ["unchanged"] * 2
    assert [each.outcome for each in apply(seeded, last, claim(seeded, last))] == ["unchanged"] * 2, "still in Paris"


def test_two_organisations_never_bring_one_stores_customers(seeded):
    ours = filled(seeded, 1)
    with pytest.raises(Conflict, match=f"organisation woocommerce .queue {ours}."):
        start(seeded, org="other")
    seeded.run(EndCustomerQueue(queue_id=ours, org_id=ORG, decision="cancel", decided_by="ada"))
    empty = start(seeded, org="other")
    with pytest.raises(Conflict, match="organisation other"):
        start(seeded)
    seeded.run(FillCustomerQueue(queue_id=empty, org_id="other", customers="[]", from_cursor="", to_cursor="", is_last=True))
    assert start(seeded), "a queue that was cancelled, or had nobody, binds no store"


def test_who_holds_a_line_waits_for_no_queue():
    """Whoever fills, retries or ends a queue holds its row and then waits for lines: the other way round would be a deadlock."""
    root = Path(__file__).resolve().parents[2] / "sql/procedures"
    seen, ahead = set(), ["sp_FailCustomer", "sp_ApplyCustomers"]
    while ahead:
        name = ahead.pop()
        if name in seen or name in ("sp_RequireCustomerQueue", "sp_ReleaseCustomers") or not (root / f"{name}.sql").exists():
            continue
        seen.add(name)
        text = re.sub(r"/\*.*?\*/", "", (root / f"{name}.sql").read_text(encoding="utf-8"), flags=re.DOTALL)
        ahead += re.findall(r"EXECUTE dbo\.(sp_\w+)", text)
        for reads in re.findall(r"dbo\.(?:USER_CUSTOMER_QUEUE|woo_customer_sync_queue)\b.*", text):
            assert reads.endswith("WITH (READUNCOMMITTED)"), (name, reads)
    assert {"sp_TallyCustomer", "sp_SettleFailedCustomer", "sp_WriteCustomerActivity", "sp_FollowCustomer"} <= seen


def test_arguments_are_checked(database):
    for call, named in (
        (
            StartCustomerQueue(org_id="", store_id="", queue_name="", batch_size=0, max_retries=11),
            "@ORG_ID .*@STORE_ID .*@QUEUE_NAME",
        ),
        (StartCustomerQueue(org_id="o", store_id="s", queue_name="q", options_json="[]"), "@OPTIONS_JSON"),
        (FillCustomerQueue(queue_id=1, org_id="o", customers="{}", from_cursor="", to_cursor=""), "@CUSTOMERS .*@TO_CURSOR"),
        (
            ClaimCustomers(queue_id=1, org_id="o", worker_id="", batch_size=0, lease_seconds=0),
            "@WORKER_ID .*@BATCH_SIZE .*@LEASE",
        ),
        (ApplyCustomers(queue_id=1, org_id="o", worker_id="", lines="x"), "@WORKER_ID .*@LINES"),
        (ListCustomerLines(queue_id=1, org_id="o", state="odd", batch_size=0), "@BATCH_SIZE|@STATE"),
        (NoteCustomerActivity(queue_id=1, org_id="o", activity_type="", status="odd", message=""), "@ACTIVITY_TYPE .*@STATUS"),
    ):
        with pytest.raises(BadArgument, match=named):
            database.run(call)


def test_the_last_activities_come_oldest_first(database):
    queue_id = start(database)
    for number in range(5):
        database.run(
            NoteCustomerActivity(queue_id=queue_id, org_id=ORG, activity_type="note", status="success", message=f"n{number}")
        )
    last = database.run(ListCustomerActivity(queue_id=queue_id, org_id=ORG, batch_size=2))
    assert [each.message for each in last] == ["n3", "n4"]
    assert database.run(ListCustomerActivity(queue_id=queue_id, org_id=ORG, after_id=last[-1].activity_id)) == []


def test_orders_that_wait_for_a_customer_go_on_when_the_queue_brings_them(seeded, query):
    stage(
        seeded,
        order(1, WOO_CUST_ID=7, CUST_EMAIL="ada7@example.test"),
        order(2, WOO_CUST_ID=8, CUST_EMAIL="x@example.test"),
        order(3, WOO_CUST_ID=7, CUST_EMAIL="another@example.test"),  # whose it is can't be told by another address
    )
    for claimed in seeded.run(ClaimStagedOrders(worker_id="w", batch_size=10)):
        seeded.run(
            FailStagedOrder(
                staging_id=claimed.staging_id,
                worker_id="w",
                attempt_no=claimed.attempt_no,
                error_class="validation",
                error_code="unknown_customer",
                message="The ERP has no customer for this order.",
            )
        )
    queue_id = filled(seeded, 7)
    [applied] = apply(seeded, queue_id, claim(seeded, queue_id))
    assert (applied.state, applied.orders) == ("done", 1)
    rows = query("SELECT WOO_ORDER_ID, STATE FROM dbo.USER_ORDER_STAGING ORDER BY WOO_ORDER_ID")
    assert [tuple(row) for row in rows] == [(1, "PENDING"), (2, "NEEDS_MANUAL_REVIEW"), (3, "NEEDS_MANUAL_REVIEW")]
    events = query("SELECT MESSAGE FROM dbo.USER_ORDER_EVENT WHERE EVENT_TYPE = ?", ("CUSTOMER_CAME",))
    assert [row[0] for row in events] == [
        f"Customer {applied.cust_no} came with customer queue {queue_id}: the order goes on by itself."
    ]
    letters = query("SELECT DECISION, DECIDED_BY FROM dbo.USER_ORDER_DEAD_LETTER ORDER BY WOO_ORDER_ID")
    assert [tuple(row) for row in letters] == [("retry", "syncctl"), (None, None), (None, None)]


@pytest.mark.sqlserver
def test_the_server_judges_errors_as_the_program_does(empty_sqlserver):
    from syncctl.db.sqlserver import SqlServer

    database = SqlServer(empty_sqlserver)
    try:
        found = {row["ERROR_NO"] for row in database.query("SELECT ERROR_NO FROM dbo.fn_PassingErrors()")}
    finally:
        database.close()
    assert found == DEADLOCK | LOCK_TIMEOUT | THROTTLED


OPS = Path(__file__).resolve().parents[2] / "sql/ops/MONITOR_CUSTOMER_QUEUES.sql"


def monitoring(database: Database, queue_id: int) -> Iterator[str]:
    """The script's queries as the engine takes them, each with its parameters in place."""
    text = OPS.read_text(encoding="utf-8").partition("DECLARE @QUEUE_ID int = 1;\n")[2].replace("GO\n", "")
    for each in (part.strip() for part in text.split(";") if part.strip()):
        told = each.replace("@ORG_ID", f"'{ORG}'").replace("@QUEUE_ID", str(queue_id))
        if database.engine == "embedded":
            most = re.search(r"TOP \((\d+)\)", told)
            told = re.sub(r"TOP \(\d+\)", "", told) + (f" LIMIT {most[1]}" if most else "")
            told = told.replace("DATEPART(HOUR, activity.created_at)", "CAST(STRFTIME('%H', activity.created_at) AS INTEGER)")
        yield told


def test_the_documented_monitoring_queries_run_as_they_stand(database, query, clock):
    queue_id = filled(database, 1, 2, 3, 4, max_retries=0)
    first, _ = claim(database, queue_id, size=2)
    fail(database, first)
    database.run(EndCustomerQueue(queue_id=filled(database, 9), org_id=ORG, decision="cancel", decided_by="ada"))
    queues, activities, failed, stuck, feed, errors = (query(sql) for sql in monitoring(database, queue_id))
    assert [(row["id"], row["state"], float(row["progress"])) for row in queues] == [
        (queue_id + 1, "cancelled", 100.0),
        (queue_id, "processing", 0.0),
    ]
    assert [tuple(queues[1][name] for name in ("total_count", "draft_count", "done_count", "failed_count", "process_count"))] == [
        (4, 2, 0, 1, 1)
    ]
    assert [row["activity_type"] for row in activities] == ["customer_failed", "queue_filled", "customers_added", "queue_created"]
    assert [(row["woo_customer_id"], row["error_message"], row["process_count"]) for row in failed] == [(1, "no luck", 1)]
    assert [(row["id"], bool(row["is_action_required"])) for row in stuck] == [(queue_id, True)]
    assert {(row["hour"], row["activity_type"], row["count"]) for row in feed} >= {(clock().hour, "customer_failed", 1)}
    assert [row["message"] for row in errors] == ["Customer 1: no luck"]

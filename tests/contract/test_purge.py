"""What `sp_PurgeHistory` forgets, and what it keeps: all that an order in work, `health` or a claim without a proof needs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from syncctl.db.contract import (
    AddClaim,
    ClaimPods,
    FinishRun,
    GetHealth,
    ListJobRuns,
    PurgeHistory,
    QueueNotification,
    RecordPodSuccess,
    StartRun,
    StorePodDocument,
)
from syncctl.db.contract.history import KINDS
from syncctl.errors import BadArgument
from tests.contract.test_operations import finish, start
from tests.orders import line, order, set_aside, stage
from tests.shop import Shop

YEAR = timedelta(days=365)


@pytest.fixture
def shop(database, query):
    return Shop(database, query)


@pytest.fixture
def purge(database, clock):
    """Purges one kind, batch by batch, of what is older than 180 days; returns how many rows went."""

    def purging(kind: str, *, batch_size: int = 2, **more: Any) -> int:
        gone, after = 0, 0
        while after is not None:
            call = PurgeHistory(kind=kind, before_dt=clock() - timedelta(days=180), after_id=after, batch_size=batch_size, **more)
            [batch] = database.run(call)
            gone, after = gone + batch.purged_rows, batch.last_id
        return gone

    return purging


@pytest.fixture
def count(query):
    return lambda table: query(f"SELECT COUNT(*) AS N FROM dbo.{table}")[0]["N"]


def told(query: Any) -> None:
    """As if every message had been delivered."""
    query("UPDATE dbo.USER_STORE_OUTBOX SET STATE = 'DONE'")


def gone(query: Any) -> None:
    """As if every document had been posted and told."""
    query("UPDATE dbo.USER_ORDER_LINK SET ERP_STATUS_TOLD = 'gone'")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"kind": "orders"}, "@KIND takes events"),
        ({"before_dt": timedelta(days=29)}, "@BEFORE_DT takes a moment at least 30 days ago"),
        ({"batch_size": 0}, "@BATCH_SIZE takes 1 to 4000"),
    ],
)
def test_what_makes_no_sense_is_refused(database, clock, more, said):
    given = {"kind": "events", "before_dt": clock() - YEAR, **more}
    if isinstance(given["before_dt"], timedelta):
        given["before_dt"] = clock() - given["before_dt"]
    with pytest.raises(BadArgument, match=said):
        database.run(PurgeHistory(**given))


def test_the_history_of_an_order_that_is_done_with_goes_and_the_order_stays(shop, database, query, clock, purge, count):
    shop.apply(line(1))
    told(query)
    gone(query)
    events = count("USER_ORDER_EVENT")
    assert purge("events") == 0, "not old enough"
    clock.move(YEAR)
    assert purge("events", dry_run=True) == purge("events", dry_run=True) > 0
    assert count("USER_ORDER_EVENT") == events, "a dry run changes nothing"
    went = purge("events")
    assert [row["EVENT_TYPE"] for row in query("SELECT EVENT_TYPE FROM dbo.USER_ORDER_EVENT")] == ["CREATED"]
    assert went == events - 1
    assert purge("messages") == 1
    assert count("USER_STORE_OUTBOX") == 0
    assert (count("USER_ORDER_STAGING"), count("USER_ORDER_LINK"), count("USER_ORDER_LINE_LINK")) == (1, 1, 1)
    assert purge("events") == purge("messages") == 0


@pytest.mark.parametrize("why", ["open in the ERP", "untold", "given up", "changed", "waits"])
def test_the_history_of_an_order_that_is_not_at_rest_stays(shop, database, query, clock, purge, count, why):
    shop.apply(line(1))
    if why != "open in the ERP":
        gone(query)
    if why == "given up":
        query("UPDATE dbo.USER_STORE_OUTBOX SET STATE = 'FAILED'")
    elif why != "untold":
        told(query)
    clock.move(YEAR)
    if why in ("changed", "waits"):
        stage(database, order(4711, line(1, qty="2", total="39.98")))
        if why == "changed":
            query("UPDATE dbo.USER_ORDER_STAGING SET STATE = 'APPLIED'")
    before = count("USER_ORDER_EVENT")
    assert (purge("events"), purge("messages")) == (0, 0)
    assert count("USER_ORDER_EVENT") == before


def test_an_order_in_review_keeps_its_attempts(database, query, clock, purge, count):
    set_aside(database, order(1))
    clock.move(YEAR)
    assert count("USER_ORDER_ATTEMPT") == 1
    assert purge("attempts") == purge("events") == 0
    query("UPDATE dbo.USER_ORDER_DEAD_LETTER SET DECISION = 'cancel'")
    query("UPDATE dbo.USER_ORDER_STAGING SET STATE = 'SKIPPED'")
    told(query)
    assert purge("attempts") == 1
    assert count("USER_ORDER_DEAD_LETTER") == 1


def test_the_last_run_of_each_command_and_the_last_that_succeeded_stay(database, query, clock, purge):
    for number, (command, success) in enumerate(
        [("stage", True), ("stage", True), ("process", True), ("process", False), ("process", False)]
    ):
        started = StartRun(
            sync_id=f"r{number}", operation_type=command, direction="in", dry_run=False, host="h", process_id=1, created_by="me"
        )
        database.run(started)
        figures = dict.fromkeys(("records_input", "records_created", "records_updated", "records_skipped", "records_failed"), 0)
        database.run(
            FinishRun(sync_id=f"r{number}", success=success, exit_code=0, error_message=None, metrics_json=None, **figures)
        )
    clock.move(YEAR)
    [before] = database.run(GetHealth())
    assert purge("runs") == 2
    assert [row["SYNC_ID"] for row in query("SELECT SYNC_ID FROM dbo.USER_SYNC_LOG ORDER BY LOG_ID")] == ["r1", "r2", "r4"]
    assert database.run(GetHealth()) == [before]


def test_the_last_run_for_each_store_stays(database, query, clock, purge):
    for number, store in enumerate(("uk", "uk", "main", None, None)):
        start(database, f"r{number}", "process", store_id=store)
        finish(database, f"r{number}")
        clock.move(timedelta(minutes=1))
    clock.move(YEAR)
    jobs = ListJobRuns(operations='["process"]')
    before = [run.last_start_dt for run in database.run(jobs)]
    assert purge("runs") == 2
    assert [row["SYNC_ID"] for row in query("SELECT SYNC_ID FROM dbo.USER_SYNC_LOG ORDER BY LOG_ID")] == ["r1", "r2", "r4"]
    assert [run.last_start_dt for run in database.run(jobs)] == before, "a job that stands still is not forgotten"


def fetched(database: Any, reference: str, sha256: str) -> int:
    """Fetch a claim's proof and keep it in the database; return the claim's id."""
    database.run(AddClaim(claim_reference=reference, carrier="ups", tracking_number=reference))
    [claim] = database.run(ClaimPods(worker_id="w", scope="pending", batch_size=1))
    known = {
        "claim_id": claim.claim_id,
        "worker_id": "w",
        "attempt_no": claim.attempt_no,
        "sha256": sha256,
        "content_type": "application/pdf",
        "size_bytes": 3,
    }
    database.run(StorePodDocument(**known, tracking_number=reference, content=b"pdf"))
    database.run(RecordPodSuccess(**known, pod_url="db://1", document_path="1"))
    return int(claim.claim_id)


def test_a_proof_that_its_claim_points_to_goes_only_when_asked_for(database, query, clock, purge, count):
    fetched(database, "CLM-1", "a" * 64)
    fetched(database, "CLM-2", "b" * 64)
    query("UPDATE dbo.claims SET pod_sha256 = NULL WHERE claim_reference = 'CLM-2'")
    clock.move(YEAR)
    assert purge("documents") == 1
    assert [row["SHA256"] for row in query("SELECT SHA256 FROM dbo.USER_POD_DOCUMENT")] == ["a" * 64]
    query("UPDATE dbo.claims SET pod_fetch_status = 'failed' WHERE claim_reference = 'CLM-1'")
    assert purge("documents", documents=True) == 0, "found again after a crash"
    query("UPDATE dbo.claims SET pod_fetch_status = 'success' WHERE claim_reference = 'CLM-1'")
    assert purge("documents", documents=True) == 1
    assert (count("USER_POD_DOCUMENT"), count("claims")) == (0, 2)


def test_what_a_client_was_told_stays_while_the_claim_has_no_proof(database, query, clock, purge):
    claim_id = fetched(database, "CLM-1", "a" * 64)
    for key in (f"pod:{claim_id}:persistent", "pod:999:persistent", "alert:1", "alert:2"):
        database.run(QueueNotification(event_type="x", dedup_key=key, audience="operator", template="x", data_json="{}"))
    query("UPDATE dbo.USER_NOTIFICATION SET STATE = 'SENT' WHERE DEDUP_KEY <> 'alert:2'")
    query("UPDATE dbo.claims SET pod_fetch_status = 'failed'")
    clock.move(YEAR)
    assert purge("notifications") == 2
    left = [row["DEDUP_KEY"] for row in query("SELECT DEDUP_KEY FROM dbo.USER_NOTIFICATION ORDER BY DEDUP_KEY")]
    assert left == ["alert:2", f"pod:{claim_id}:persistent"]
    query("UPDATE dbo.claims SET pod_fetch_status = 'success'")
    assert purge("notifications") == 1


def test_calls_to_carriers_go_by_age(database, query, clock, purge, count):
    query("INSERT INTO dbo.USER_CARRIER_CALL (CARRIER, CALLED_DT, WORKER_ID) VALUES ('ups', ?, 'w')", (clock() - YEAR,))
    query("INSERT INTO dbo.USER_CARRIER_CALL (CARRIER, CALLED_DT, WORKER_ID) VALUES ('ups', ?, 'w')", (clock(),))
    assert purge("calls") == 1
    assert count("USER_CARRIER_CALL") == 1


def test_an_empty_database_has_nothing_to_forget(purge):
    assert {kind: purge(kind) for kind in KINDS} == dict.fromkeys(KINDS, 0)


def test_the_activities_of_a_customer_queue_go_once_it_has_been_at_its_end_for_long(database, query, clock, purge, count):
    now = clock()
    queues = (("draft", now, None), ("processing", now, now), ("done", now + YEAR, now), ("cancelled", now, now))
    for phase, updated, filled in queues:  # the second has come to its end by itself
        query(
            "INSERT INTO dbo.USER_CUSTOMER_QUEUE (org_id, store_id, queue_name, phase, created_at, updated_at, filled_at) "
            "VALUES ('o', 's', 'q', ?, ?, ?, ?)",
            (phase, now, updated, filled),
        )
    for row in query("SELECT id FROM dbo.USER_CUSTOMER_QUEUE ORDER BY id"):
        query(
            "INSERT INTO dbo.woo_sync_activity (queue_id, org_id, activity_type, status, message, created_at) "
            "VALUES (?, 'o', 'batch', 'success', 'm', ?)",
            (row[0], clock()),
        )
    clock.move(YEAR)
    assert purge("activities") == 2
    assert count("woo_sync_activity") == 2, "of the queue that isn't filled yet, and of the one that ended just now"

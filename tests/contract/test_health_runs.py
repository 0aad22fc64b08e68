"""What health asks of the log of runs, of messages to people and of the deploy. On each engine."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from syncctl.db.contract import (
    CountNotifications,
    CustomerAction,
    JobRuns,
    ListCustomerActions,
    ListDeployedScripts,
    ListJobRuns,
    NotificationCount,
    QueueNotification,
)
from syncctl.db.deploy_scripts import of_every_erp
from syncctl.errors import BadArgument
from tests.contract.test_operations import finish, start


@pytest.fixture
def ran(database, clock):
    """A job runs for a minute, with this exit code; with none it is under way."""

    def run(operation: str, exit_code: int | None = 0, message: str | None = None, **how) -> None:
        name = f"{operation} {clock.now}"
        start(database, name, operation, **how)
        clock.move(timedelta(minutes=1))
        if exit_code is not None:
            finish(database, name, success=exit_code == 0, exit_code=exit_code, error_message=message)

    return run


def runs(database, *operations: str) -> list[JobRuns]:
    found: list[JobRuns] = database.run(ListJobRuns(operations=json.dumps(operations)))
    return found


def test_jobs_are_told_in_the_order_in_which_they_are_asked_for(database, ran, clock):
    ran("process", 1, "x" * 600)
    assert [run.operation_type for run in runs(database, "stage", "process")] == ["stage", "process"]
    stage, process = runs(database, "stage", "process")
    assert stage == JobRuns("stage", None, 0, None, None, None, None, None)
    assert process == JobRuns("process", None, 1, clock.now - timedelta(minutes=1), clock.now, 1, "x" * 500, clock.now)


def test_of_many_runs_the_latest_counts_and_the_latest_that_did_its_work(database, ran, clock):
    ran("process")
    good = clock.now
    for code in (69, 78):
        ran("process", code, "down")
    ran("process", None)
    [run] = runs(database, "process")
    assert (run.runs, run.last_start_dt, run.last_end_dt) == (3, clock.now - timedelta(minutes=1), None)
    assert (run.last_exit_code, run.message, run.last_good_dt) == (None, None, good)


def test_dry_runs_and_other_jobs_do_not_count(database, ran):
    ran("process", dry_run=True)
    ran("stage --reconcile")
    assert [run.runs for run in runs(database, "process", "stage", "stage --reconcile")] == [0, 0, 1]


def test_each_stores_runs_are_told_by_themselves(database, ran, clock):
    for store in ("uk", "main"):
        ran("process", store_id=store)
    good = clock.now
    for _ in range(4):
        ran("process", 69, store_id="main")
    ran("stage", store_id="other")
    ran("db purge")
    found = runs(database, "process", "stage", "db purge", "pod-fetch")
    assert [(run.operation_type, run.store_id, run.runs) for run in found] == [
        ("process", "main", 3),
        ("process", "uk", 1),
        ("stage", "other", 1),
        ("db purge", None, 1),
        ("pod-fetch", None, 0),
    ]
    assert [run.last_exit_code for run in found] == [69, 0, 0, 0, None]
    assert (found[0].last_good_dt, found[1].last_good_dt) == (good, good - timedelta(minutes=1))


def test_runs_from_before_stores_were_noted_count_until_there_are_others(database, ran):
    ran("process")
    ran("process", dry_run=True, store_id="main")
    assert [run.store_id for run in runs(database, "process")] == [None]
    ran("process", store_id="main")
    assert [(run.store_id, run.runs) for run in runs(database, "process")] == [("main", 1)]


def test_no_job_and_no_list(database):
    assert runs(database) == []
    for odd in ("", "{", "null"):
        with pytest.raises(BadArgument, match="@OPERATIONS takes a JSON array"):
            database.run(ListJobRuns(operations=odd))


def test_messages_to_people_are_counted(database, query, clock):
    def counted() -> NotificationCount:
        [found] = database.run(CountNotifications())
        assert isinstance(found, NotificationCount)
        return found

    assert counted() == NotificationCount(0, None, 0)
    for number, wait in enumerate((10, 5)):
        later = clock.now + timedelta(minutes=wait)
        message = {"event_type": "alert", "audience": "operator", "template": "alert", "data_json": "{}"}
        database.run(QueueNotification(dedup_key=str(number), not_before_dt=later, **message))
    assert counted() == NotificationCount(2, clock.now + timedelta(minutes=5), 0)
    query("UPDATE dbo.USER_NOTIFICATION SET STATE = 'FAILED', NEXT_ATTEMPT_DT = NULL, ENDED_DT = ?", (clock.now,))
    assert counted() == NotificationCount(0, None, 2)
    clock.move(timedelta(hours=25))
    assert counted().failed_lately == 0
    assert database.run(CountNotifications(hours=26))[0].failed_lately == 2
    with pytest.raises(BadArgument, match="@HOURS takes 1 to 8760"):
        database.run(CountNotifications(hours=0))


def test_what_is_deployed_is_what_this_version_has(database):
    deployed = {script.script: script.sha256 for script in database.run(ListDeployedScripts())}
    if database.engine == "embedded":
        assert deployed == {}
        return
    wanted = {script.name: script.sha256 for script in of_every_erp()}
    assert {name: deployed.get(name) for name in wanted} == wanted


def test_queues_of_customers_that_need_a_person_are_told(database, query, clock):
    def queue(phase: str) -> int:
        query(
            "INSERT INTO dbo.USER_CUSTOMER_QUEUE (org_id, store_id, queue_name, phase, created_at, updated_at) "
            "VALUES ('o', 's', ?, ?, ?, ?)",
            (phase, phase, clock.now, clock.now),
        )
        return int(query("SELECT MAX(id) AS N FROM dbo.USER_CUSTOMER_QUEUE")[0]["N"])

    def customer(queue_id: int, number: int, state: str, *, needs: int) -> None:
        query(
            "INSERT INTO dbo.woo_customer_sync_queue_line "
            "(queue_id, org_id, store_id, woo_customer_id, customer_json, state, is_action_required, next_attempt_dt, "
            "created_at) "
            "VALUES (?, 'o', 's', ?, '{}', ?, ?, ?, ?)",
            (queue_id, number, state, needs, clock.now, clock.now),
        )

    assert database.run(ListCustomerActions()) == []
    open_one, over = queue("processing"), queue("done")
    customer(open_one, 1, "failed", needs=1)
    customer(open_one, 2, "failed", needs=0)
    customer(open_one, 3, "failed", needs=1)
    customer(open_one, 4, "done", needs=0)
    customer(over, 1, "failed", needs=1)
    assert database.run(ListCustomerActions()) == [CustomerAction(open_one, "processing", "s", 2)]

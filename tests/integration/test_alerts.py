"""Each rule fires, is told once, and its end is told: over a database, a store and a receiver that are real."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from syncctl.clock import system_clock
from syncctl.db.contract import (
    AcknowledgeIncident,
    AddClaim,
    CarrierUse,
    CompleteNotification,
    ListIncidents,
    ListNotifications,
    TellIncident,
)
from syncctl.db.embedded import EmbeddedDatabase
from syncctl.errors import ConfigError, DatabaseUnavailable, TransientError
from syncctl.jobs import JOBS
from syncctl.notify.last_known import LastKnown, opened
from syncctl.notify.messages import Templates
from syncctl.notify.ways import Addresses, Ways
from syncctl.secret import Secret
from syncctl.services.alert_policy import Policy
from syncctl.services.alert_rules import Mismatch, Scope
from syncctl.services.alerts import AlertResult, Alerts, tell_of_settings
from syncctl.services.health import Around
from syncctl.services.run_context import RunContext
from tests.clocks import PATIENCE, deadline_comes, end_of_looks
from tests.faults import FaultyDatabase
from tests.integration.test_health import Bench, bench
from tests.orders import line, order, set_aside, stage
from tests.receivers import Receiver, receiver

__all__ = ["bench"]


class Watch:
    """Alerts over a bench: an ordinary way to people, and one for what is critical."""

    def __init__(self, bench: Bench, people: Receiver, pager: Receiver) -> None:
        self.bench, self.people, self.pager = bench, people, pager
        self.known = LastKnown()
        self.policy = Policy()
        self.addresses = Addresses(operator=[Secret(people.url)], critical=[Secret(pager.url)])
        self.runs = 0

    def run(
        self,
        *,
        connect: Any = None,
        around: Around | None = None,
        off: tuple[str, ...] = (),
        store_id: str = "woocommerce",
        **limits: Any,
    ) -> AlertResult:
        """One run of `alerts run`, a minute after the last; the jobs go on, and so do the polls."""
        self.runs += 1
        bench = self.bench
        bench.clock.move(timedelta(minutes=1))
        return Alerts(
            connect=connect or bench.connect,
            verdict=bench.look(connect, around=around, store_id=store_id, **limits),
            scope=Scope(store_id=store_id, host="SHOP01"),
            policy=self.policy,
            ways=Ways(self.addresses),
            templates=Templates(),
            context=RunContext(run_id=f"run-{self.runs}", clock=bench.clock, sleeper=lambda _: None),
            known=self.known,
            mismatch=Mismatch(percent=10, orders=2),
            off=off,
        ).run()

    def heard(self) -> list[str]:
        """What people were told since they were asked last, by its first line."""
        return self.people.titles()

    def later(self, minutes: int) -> None:
        """Time goes by, and the jobs go on."""
        self.bench.clock.move(timedelta(minutes=minutes))
        self.bench.ran("stage")
        self.bench.polled()


@pytest.fixture
def watch(bench: Bench) -> Iterator[Watch]:
    with receiver() as people, receiver() as pager:
        yield Watch(bench, people, pager)


def test_where_all_is_well_nobody_hears_anything(watch: Watch) -> None:
    result = watch.run()
    assert (watch.heard(), result.troubles, result.noted) == ([], [], True)


def test_a_store_that_is_down_is_told_once_and_its_end_once(watch: Watch) -> None:
    watch.bench.store.fail("status", status=503, times=10_000)
    for _ in range(3):
        watch.run()
    title = "[CRITICAL] The store can't be used (woocommerce)"
    assert (watch.heard(), watch.pager.titles()) == ([title], [title])
    watch.bench.store.faults.clear()
    watch.run()
    watch.run()
    over = "[RECOVERED] The store can't be used (woocommerce)"
    assert (watch.heard(), watch.pager.titles()) == ([over], [over])


def test_a_warning_does_not_go_to_the_pager(watch: Watch) -> None:
    set_aside(watch.bench.database, order(1), error_class="mapping")
    watch.run()
    assert watch.heard() == ["[WARNING] Orders need a person (mapping)"]
    assert watch.pager.titles() == []


def test_many_at_once_are_one_message_and_so_is_their_end(watch: Watch) -> None:
    nightly = {job.name: job.minutes for job in JOBS if job.name not in ("stage", "process", "retry-failed")}
    watch.run(intervals=nightly)
    body = str(watch.people.told[0]["message"])
    number = len(nightly) - 1  # health leaves no row in the log of runs
    assert watch.heard() == [f"[WARNING] A job did not run ({number} at once)"]
    assert "customers: has never run" in body and "reconcile-open: has never run" in body
    [customers] = [line for line in body.splitlines() if "customers: has never run" in line]
    assert "`syncctl customers resume --max-runtime 45m` does it now" in customers, "each with what to do about it"
    assert "What to do" not in body
    assert sum(line.startswith("- ") for line in body.splitlines()) == number, "each on a line of its own"
    incidents = watch.bench.database.run(ListIncidents())
    assert [incident.notified_dt is not None for incident in incidents] == [True] * number
    watch.run(intervals=nightly)
    assert watch.heard() == [], "each of them was told"
    watch.later(60)
    watch.run()
    assert watch.heard() == [f"[RECOVERED] A job did not run ({number} at once)"]


def test_of_many_at_once_those_that_another_host_told_keep_nobody_from_hearing_of_the_rest(watch: Watch) -> None:
    nightly = {job.name: job.minutes for job in JOBS if job.name not in ("stage", "process", "retry-failed")}

    left = [1, 2]

    def ahead(call: Any) -> None:
        """Another host tells of the first two in the moment before."""
        if isinstance(call, TellIncident) and left:
            left.pop()
            watch.bench.database.run(replace(call, messages="[]"))

    watch.run(connect=lambda: FaultyDatabase(watch.bench.connect(), before=ahead), intervals=nightly)
    assert len(watch.heard()) == 1


def test_keys_that_may_only_read(watch: Watch) -> None:
    watch.bench.store.gate.writable = False
    watch.run()
    assert watch.heard() == ["[CRITICAL] The store can't be used (woocommerce: keys)"]
    watch.bench.store.gate.writable = True
    watch.run()
    assert watch.heard() == ["[RECOVERED] The store can't be used (woocommerce: keys)"]


def test_orders_in_review_are_told_by_cause_and_more_of_them_after_the_cool_down(watch: Watch) -> None:
    database = watch.bench.database
    set_aside(database, order(1), order(2), error_class="mapping")
    watch.run()
    assert watch.heard() == ["[WARNING] Orders need a person (mapping)"]
    set_aside(database, order(3), error_class="mapping")
    watch.run()
    assert watch.heard() == [], "they were told a minute ago"
    watch.later(60)
    watch.run()
    assert watch.heard() == ["[WARNING] Orders need a person (mapping), more of it"]
    watch.later(600)
    watch.run()
    assert watch.heard() == [], "of order 3 they know"
    set_aside(database, order(4), error_class="conflict")
    watch.run()
    assert watch.heard() == ["[WARNING] Orders need a person (conflict)"], "another cause is another incident"
    database.query("UPDATE dbo.USER_ORDER_STAGING SET STATE = 'CANCELLED'")
    watch.run()
    assert sorted(watch.heard()) == [f"[RECOVERED] Orders need a person ({cause})" for cause in ("conflict", "mapping")]


def test_a_customers_address_goes_to_nobody_unless_a_setting_says_so(watch: Watch) -> None:
    set_aside(watch.bench.database, order(1), error_class="mapping")
    watch.bench.database.query("UPDATE dbo.USER_ORDER_STAGING SET VALIDATION_ERROR = 'no customer ada.lovelace@example.test'")
    watch.run()
    assert "no customer a…@example.test" in str(watch.people.told[0]["message"])


def test_one_more_is_told_though_another_one_left(watch: Watch) -> None:
    database = watch.bench.database
    set_aside(database, order(1), order(2), error_class="mapping")
    watch.run()
    watch.heard()
    database.query("UPDATE dbo.USER_ORDER_STAGING SET STATE = 'CANCELLED' WHERE WOO_ORDER_ID = 1")
    database.query("UPDATE dbo.USER_ORDER_DEAD_LETTER SET DECISION = 'cancel' WHERE WOO_ORDER_ID = 1")
    set_aside(database, order(3), error_class="mapping")
    watch.later(60)
    watch.run()
    assert watch.heard() == ["[WARNING] Orders need a person (mapping), more of it"]


def test_orders_whose_retries_are_used_up_are_critical(watch: Watch) -> None:
    [staging_id] = set_aside(watch.bench.database, order(1), error_class="mapping")
    watch.bench.database.query("UPDATE dbo.USER_ORDER_STAGING SET ERROR_CLASS = 'store'")
    watch.bench.database.query("UPDATE dbo.USER_ORDER_DEAD_LETTER SET ERROR_CLASS = 'store'")
    watch.run()
    assert staging_id
    assert watch.heard() == ["[CRITICAL] Orders failed at each of their tries (store)"]


def test_an_order_that_waits_too_long(watch: Watch) -> None:
    stage(watch.bench.database, order(1))
    watch.run()
    assert watch.heard() == []
    watch.later(60)
    watch.run()
    assert watch.heard() == ["[CRITICAL] An order waits too long"]
    watch.bench.database.query("UPDATE dbo.USER_ORDER_STAGING SET STATE = 'CANCELLED'")
    watch.run()
    assert watch.heard() == ["[RECOVERED] An order waits too long"]


def test_a_scheduler_that_is_silent(watch: Watch) -> None:
    watch.bench.ran("stage")
    watch.bench.ran("stage")
    watch.bench.clock.move(timedelta(minutes=61))
    watch.run()
    assert sorted(watch.heard()) == [
        "[CRITICAL] A job did not run (last success)",
        "[CRITICAL] A job did not run (stage)",
        "[CRITICAL] A job did not run (woocommerce)",
    ]
    watch.later(0)
    watch.run()
    assert [title.split()[0] for title in watch.heard()] == ["[RECOVERED]"] * 3


def test_a_job_of_one_store_that_stopped_is_told_once_whoever_looks(watch: Watch, bench: Bench) -> None:
    def time_goes_by(*stores: str) -> None:
        for store in ("woocommerce", "uk"):
            watch.bench.ran("stage", store_id=store)
            watch.bench.polled(store)
        for store in stores:
            watch.bench.ran("process", store_id=store)
        bench.clock.move(timedelta(minutes=10))

    def both_look() -> None:
        watch.run()
        watch.run(store_id="uk", around=Around(scheduler=lambda: {"stage": "its task is disabled"}))

    for _ in range(3):
        time_goes_by("woocommerce", "uk")
    both_look()
    assert watch.heard() == ["[WARNING] A job did not run (stage of uk)"]
    for _ in range(10):
        time_goes_by("woocommerce")
        both_look()
    assert watch.heard() == ["[CRITICAL] A job did not run (process of uk)"], "neither look takes the other's for over"
    time_goes_by("woocommerce", "uk")
    both_look()
    assert watch.heard() == ["[RECOVERED] A job did not run (process of uk)"]


def test_a_carrier_whose_calls_are_used_up(watch: Watch) -> None:
    clock = watch.bench.clock
    watch.bench.database.run(AddClaim(claim_reference="1", carrier="Chronopost", tracking_number="1"))
    used = 95

    def uses(*_: object) -> list[tuple[str, CarrierUse]]:
        day = {"day_start_dt": clock.now, "day_end_dt": clock.now + timedelta(hours=5)}
        none = {"used_second": 0, "used_minute": 0, "unfinished": 0, "limit_minute": None, "limit_day": 100}
        never = {"paused_until_dt": None, "pause_reason": None}
        return [
            (
                "Chronopost",
                CarrierUse(carrier="chronopost", used_day=used, **none, **day, **never),
            )
        ]

    watch.run(around=Around(uses=uses))
    assert watch.heard() == ["[WARNING] A carrier's calls are used up (chronopost)"]
    used = 1
    watch.run(around=Around(uses=uses))
    assert watch.heard() == ["[RECOVERED] A carrier's calls are used up (chronopost)"]


def test_a_queue_of_customers_that_needs_a_person(watch: Watch) -> None:
    query = watch.bench.database.query
    moment = watch.bench.clock.now
    query(
        "INSERT INTO dbo.USER_CUSTOMER_QUEUE (org_id, store_id, queue_name, phase, created_at, updated_at) "
        "VALUES ('o', 'woocommerce', 'first', 'processing', ?, ?)",
        (moment, moment),
    )
    query(
        "INSERT INTO dbo.woo_customer_sync_queue_line (queue_id, org_id, store_id, woo_customer_id, customer_json, state, "
        "is_action_required, next_attempt_dt, created_at) VALUES (1, 'o', 'woocommerce', 7, '{}', 'failed', 1, ?, ?)",
        (moment, moment),
    )
    watch.run()
    assert watch.heard() == ["[WARNING] A customer queue needs action (1 first)"]
    query("UPDATE dbo.USER_CUSTOMER_QUEUE SET phase = 'done'")
    watch.run()
    assert watch.heard() == ["[RECOVERED] A customer queue needs action (1 first)"]


def test_many_orders_that_do_not_add_up(watch: Watch) -> None:
    set_aside(watch.bench.database, order(1), order(2, line(sku="NOPE")), error_class="validation")
    watch.run()
    watch.heard()
    watch.bench.database.query("UPDATE dbo.USER_ORDER_DEAD_LETTER SET ERROR_CODE = 'total'")
    result = watch.run()
    assert watch.heard() == ["[CRITICAL] Many orders don't add up"]
    assert "2 of the 2 orders of 24 hours (100 %, limit 10 %)" in " ".join(trouble.message for trouble in result.troubles)
    watch.later(24 * 60)
    watch.run()
    assert watch.heard() == ["[RECOVERED] Many orders don't add up"]


def test_any_other_check_of_health(watch: Watch, tmp_path: Path) -> None:
    around = Around(folders={"log files": tmp_path})
    watch.run(around=around, disk_warning_mb=10**9)
    assert watch.heard() == ["[WARNING] Something needs attention (disk of SHOP01)"]
    watch.run(around=around, disk_critical_mb=10**9, disk_warning_mb=10**9)
    assert watch.heard() == ["[CRITICAL] Something needs attention (disk of SHOP01), more of it"]
    assert watch.pager.titles() == ["[CRITICAL] Something needs attention (disk of SHOP01), more of it"]
    watch.run(around=around)
    assert watch.heard() == watch.pager.titles() == ["[RECOVERED] Something needs attention (disk of SHOP01)"]


def test_a_rule_that_is_off_is_told_of_to_nobody(watch: Watch) -> None:
    set_aside(watch.bench.database, order(1), error_class="mapping")
    assert watch.run(off=("order_in_review",)).troubles == []
    assert watch.heard() == []


# --- The database is down -----------------------------------------------------------------------------------------------


def gone() -> EmbeddedDatabase:
    raise DatabaseUnavailable("no connection")


def test_a_database_that_is_down_is_told_without_it_once(watch: Watch) -> None:
    for _ in range(3):
        watch.run(connect=gone)
    title = "[CRITICAL] The database can't be used"
    assert (watch.heard(), watch.pager.titles()) == ([title], [title])
    watch.run()
    watch.run()
    over = "[RECOVERED] The database can't be used"
    assert (watch.heard(), watch.pager.titles()) == ([over], [over])


def test_a_database_that_answers_and_cannot_be_written_is_told_once(watch: Watch) -> None:
    def full(call: Any) -> Exception | None:
        return DatabaseUnavailable("the disk is full") if call.name == "sp_NoteIncidents" else None

    for _ in range(3):
        result = watch.run(connect=lambda: FaultyDatabase(watch.bench.connect(), before=full))
        assert (result.noted, [trouble.rule for trouble in result.troubles]) == (False, ["database_down"])
    title = "[CRITICAL] The database can't be used"
    assert (watch.heard(), watch.pager.titles()) == ([title], [title])
    watch.run()
    watch.run()
    assert watch.heard() == ["[RECOVERED] The database can't be used"]


def test_where_nobody_took_it_the_next_run_tells_again(watch: Watch) -> None:
    watch.people.status = watch.pager.status = 500
    result = watch.run(connect=gone)
    assert [way for way, _ in result.direct] == ["operator:1", "critical:1"]
    watch.people.status = 200
    watch.run(connect=gone)
    assert watch.heard() == ["[CRITICAL] The database can't be used"]
    watch.run(connect=gone)
    assert watch.heard() == []


def test_a_way_that_did_not_take_it_is_tried_again_while_others_did(watch: Watch) -> None:
    watch.people.status = 500
    watch.run(connect=gone)
    watch.people.status = 200
    for _ in range(3):
        watch.run(connect=gone)
    title = "[CRITICAL] The database can't be used"
    assert (watch.heard(), watch.pager.titles()) == ([title], [title])


def test_a_way_that_never_takes_it_is_tried_ever_more_seldom_and_hears_of_no_end(watch: Watch) -> None:
    watch.people.status = 500
    for _ in range(12):
        watch.run(connect=gone)
    assert len(watch.people.bodies) == 3, "at once, after 1 minute, and 5 minutes after that"
    watch.people.status = 200
    watch.run()
    assert (watch.heard(), len(watch.pager.titles())) == ([], 2)


def test_an_end_that_one_way_did_not_take_is_kept_and_tried_again(watch: Watch) -> None:
    watch.run(connect=gone)
    watch.heard()
    watch.people.status = 500
    watch.run()
    watch.people.status = 200
    for _ in range(3):
        watch.run()
    assert watch.heard() == ["[RECOVERED] The database can't be used"]
    assert len(watch.pager.titles()) == 2


def test_a_way_that_did_not_take_what_is_known_without_settings_is_kept(watch: Watch, tmp_path: Path) -> None:
    watch.people.status = 500
    watch.known.addresses = watch.addresses
    tell_of_settings(watch.known, command="process", host="SHOP01", said="nonsense")
    with opened(tmp_path / "known.json") as known:
        assert known is not None
        known.told, known.untold = watch.known.told, watch.known.untold
    with opened(tmp_path / "known.json") as known:
        assert known is not None
        assert known.due("settings", ["operator:1", "critical:1"], system_clock()) == []
        assert known.due("settings", ["operator:1", "critical:1"], system_clock() + timedelta(minutes=2)) == ["operator:1"]


def test_while_the_database_is_down_nothing_else_recovers(watch: Watch) -> None:
    set_aside(watch.bench.database, order(1), error_class="mapping")
    watch.run()
    watch.run(connect=gone)
    watch.run()
    assert watch.heard() == [
        "[WARNING] Orders need a person (mapping)",
        "[CRITICAL] The database can't be used",
        "[RECOVERED] The database can't be used",
    ]


def test_what_could_not_be_asked_does_not_recover(watch: Watch) -> None:
    watch.bench.store.fail("status", status=503, times=10_000)
    watch.run()
    watch.heard()

    def half() -> FaultyDatabase:
        return FaultyDatabase(watch.bench.connect(), before=refusing)

    def refusing(call: Any) -> None:
        if call.name in ("sp_ListReviewCauses", "sp_ListJobRuns"):
            raise TransientError("held", error_class="lock_timeout")

    set_aside(watch.bench.database, order(1), error_class="mapping")
    watch.run()
    assert watch.heard() == ["[WARNING] Orders need a person (mapping)"]
    watch.run(connect=half)
    assert "[RECOVERED] Orders need a person (mapping)" not in watch.heard()


def test_a_scheduler_that_does_not_answer_lets_no_job_recover(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> dict[str, str]:
        raise ConfigError("systemctl has not answered for 60 seconds")

    disabled = Around(scheduler=lambda: {"db-purge": "its task is disabled"})
    watch.run(around=disabled)
    assert watch.heard() == ["[WARNING] A job did not run (db-purge)"]
    watch.run(around=Around(scheduler=gone))
    assert watch.heard() == []
    asked, hold = threading.Event(), threading.Event()

    def hangs() -> dict[str, str]:
        asked.set()
        hold.wait(2 * PATIENCE)
        return {}

    with monkeypatch.context() as patch:
        deadline_comes(patch, for_look="scheduler", once=asked)
        watch.run(around=Around(scheduler=hangs))
    hold.set()
    end_of_looks()
    assert watch.heard() == []
    watch.run(around=Around(scheduler=dict))
    assert watch.heard() == ["[RECOVERED] A job did not run (db-purge)"]


# --- Delivery -----------------------------------------------------------------------------------------------------------


def test_a_message_that_is_not_taken_is_kept_and_tried_again(watch: Watch) -> None:
    watch.people.status = 503
    watch.bench.store.fail("status", status=503, times=10_000)
    result = watch.run()
    assert [sent.outcome for sent in result.delivered.sent] == ["waiting", "sent"]
    assert len(watch.pager.titles()) == 1, "one way that is down holds up no other"
    watch.people.status = 200
    watch.run()
    watch.run()
    assert watch.heard() == ["[CRITICAL] The store can't be used (woocommerce)"]
    assert watch.pager.titles() == [], "who took it isn't told again"


def test_a_run_that_is_killed_between_sending_and_noting_tells_twice_rather_than_not_at_all(watch: Watch) -> None:
    class Killed(BaseException):
        """As a kill: nothing of the run is done any more."""

    def killing(call: Any) -> None:
        if isinstance(call, CompleteNotification):
            raise Killed

    def dying() -> FaultyDatabase:
        return FaultyDatabase(watch.bench.connect(), before=killing)

    watch.addresses = Addresses(operator=watch.addresses.operator)
    set_aside(watch.bench.database, order(1), error_class="mapping")
    with pytest.raises(Killed):
        watch.run(connect=dying)
    assert watch.heard() == ["[WARNING] Orders need a person (mapping)"]
    watch.run()
    assert watch.heard() == [], "its lease goes on"
    watch.later(6)
    watch.run()
    assert watch.heard() == ["[WARNING] Orders need a person (mapping)"]
    watch.later(6)
    watch.run()
    assert watch.heard() == []


def test_a_run_that_is_killed_before_it_has_told_leaves_it_to_the_next(watch: Watch) -> None:
    class Killed(BaseException):
        """As a kill."""

    def killing(call: Any) -> None:
        if call.name == "sp_TellIncident":
            raise Killed

    set_aside(watch.bench.database, order(1), error_class="mapping")
    with pytest.raises(Killed):
        watch.run(connect=lambda: FaultyDatabase(watch.bench.connect(), before=killing))
    assert watch.heard() == []
    watch.run()
    assert watch.heard() == ["[WARNING] Orders need a person (mapping)"]


def test_two_hosts_tell_once(watch: Watch, bench: Bench) -> None:
    other = Watch(bench, watch.people, watch.pager)
    set_aside(bench.database, order(1), error_class="mapping")
    watch.run()
    other.run()
    assert watch.heard() == ["[WARNING] Orders need a person (mapping)"]


def test_a_way_that_is_gone_from_the_settings_is_dropped(watch: Watch) -> None:
    watch.people.status = 503
    set_aside(watch.bench.database, order(1), error_class="mapping")
    watch.run()
    watch.addresses = Addresses(critical=watch.addresses.critical)
    watch.later(5)
    watch.run()
    with closing(watch.bench.connect()) as database:
        [message] = database.run(ListNotifications())
    assert (message.state, message.detail) == ("DROPPED", "there is no such way to operators any more")


def test_where_there_is_no_way_it_is_said_and_told_as_soon_as_there_is_one(watch: Watch) -> None:
    had, watch.addresses = watch.addresses, Addresses()
    set_aside(watch.bench.database, order(1), error_class="mapping")
    assert [said.split(":")[0] for said in watch.run().untold] == ["warning"]
    watch.addresses = had
    watch.run()
    assert watch.heard() == ["[WARNING] Orders need a person (mapping)"]


def test_whoever_looks_after_it_is_left_alone(watch: Watch) -> None:
    set_aside(watch.bench.database, order(1), error_class="mapping")
    watch.run()
    [incident] = watch.bench.database.run(ListIncidents())
    watch.bench.database.run(AcknowledgeIncident(incident_id=incident.incident_id, acknowledged_by="ada"))
    set_aside(watch.bench.database, order(2), error_class="mapping")
    watch.later(60)
    watch.run()
    assert watch.heard() == ["[WARNING] Orders need a person (mapping)"]


def test_a_store_that_comes_and_goes_is_told_no_sooner_than_the_cool_down(watch: Watch) -> None:
    for _ in range(5):
        watch.bench.store.fail("status", status=503, times=10_000)
        watch.run()
        watch.bench.store.faults.clear()
        watch.run()
    assert [title.split()[0] for title in watch.heard()] == ["[CRITICAL]", "[RECOVERED]"]
    watch.bench.store.fail("status", status=503, times=10_000)
    watch.later(60)
    watch.run()
    assert [title.split()[0] for title in watch.heard()] == ["[CRITICAL]"]


def test_at_night_a_warning_waits_for_the_morning(watch: Watch) -> None:
    watch.policy = Policy(quiet=(time(12), time(14)))  # the bench's clock stands at noon
    set_aside(watch.bench.database, order(1), error_class="mapping")
    watch.run()
    assert watch.heard() == []
    watch.bench.store.fail("status", status=503, times=10_000)
    watch.run()
    assert watch.heard() == ["[CRITICAL] The store can't be used (woocommerce)"]
    watch.bench.store.faults.clear()
    watch.later(120)
    watch.run()
    assert sorted(watch.heard()) == [
        "[RECOVERED] The store can't be used (woocommerce)",
        "[WARNING] Orders need a person (mapping)",
    ]


def test_the_digest_comes_once_a_day(watch: Watch) -> None:
    watch.policy = Policy(digest_at=time(13))
    set_aside(watch.bench.database, order(1), error_class="mapping")
    watch.run()
    watch.heard()
    watch.later(60)
    watch.run()
    watch.known.digest = ""  # the file is lost: the queue knows it
    watch.run()
    assert watch.heard() == ["[DIGEST] 1 open, 0 recovered in a day"]
    watch.later(24 * 60)
    [incident] = watch.bench.database.run(ListIncidents())
    call = AcknowledgeIncident(incident_id=incident.incident_id, acknowledged_by="ada", note="the item comes on Monday")
    watch.bench.database.run(call)
    watch.run()
    assert "(ada looks after it: the item comes on Monday)" in watch.people.told[0]["message"]
    assert watch.heard() == ["[DIGEST] 1 open, 0 recovered in a day"]


def test_stores_that_tell_the_same_people_send_one_digest_and_others_their_own(watch: Watch) -> None:
    watch.policy = Policy(digest_at=time(0))
    watch.run()
    watch.known = LastKnown()  # each profile has a file of its own
    watch.run(store_id="uk", off=("scheduler_silent",))
    assert watch.heard() == ["[DIGEST] All is well, 0 recovered in a day"]
    watch.known = LastKnown()
    watch.addresses = Addresses(operator=[Secret(watch.pager.url)])
    watch.run(store_id="uk", off=("scheduler_silent",))
    assert (watch.heard(), watch.pager.titles()) == ([], ["[DIGEST] All is well, 0 recovered in a day"])


# --- No settings --------------------------------------------------------------------------------------------------------


def test_a_job_without_settings_tells_in_the_ways_known_last_once(watch: Watch, tmp_path: Path) -> None:
    place = tmp_path / "private" / "known.json"
    with opened(place) as known:
        assert known is not None
        known.addresses = watch.addresses
    for _ in range(3):
        with opened(place) as known:
            assert known is not None
            tell_of_settings(known, command="process", host="SHOP01", said="SYNCCTL_MAX_RETRIES is 'lots'")
    assert watch.heard() == watch.pager.titles() == ["[CRITICAL] The settings make no sense (process)"]
    assert place.stat().st_mode & 0o077 == 0
    assert place.parent.stat().st_mode & 0o077 == 0
    with opened(place) as known:
        assert known is not None
        assert known.begun("settings") is not None


def test_what_is_told_of_wrong_settings_has_no_password(watch: Watch) -> None:
    watch.known.addresses = watch.addresses
    said = "SYNCCTL_WOO_URL is 'https://ada:s3kret@shop:99999', SYNCCTL_DATABASE is 'DSN=x;PWD=s3kret'"
    tell_of_settings(watch.known, command="process", host="SHOP01", said=said)
    [told] = watch.people.told
    assert "s3kret" not in str(told)
    assert "'https://***@shop:99999'" in str(told["message"])


@pytest.mark.parametrize("odd", ["", "{", "[]", '{"ways": null}', '{"told": 3}'])
def test_a_file_that_makes_no_sense_counts_as_none(tmp_path: Path, odd: str) -> None:
    place = tmp_path / "known.json"
    place.write_text(odd)
    with opened(place) as known:
        assert known == LastKnown()

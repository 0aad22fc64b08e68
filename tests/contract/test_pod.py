"""What claims promise: one worker at a time, the documented schedule, nothing lost when a worker dies. On each engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syncctl.db.contract import (
    AddClaim,
    ClaimedPod,
    ClaimPods,
    CountPods,
    Database,
    FailedPod,
    GetPodDocument,
    ListNotifications,
    ListPods,
    PodClaim,
    RecordPodFailure,
    RecordPodSuccess,
    ReleasePod,
    StorePodDocument,
)
from syncctl.errors import BadArgument, LeaseLost, NotFound
from tests.clocks import MovableClock

SHA = "a" * 64
HOUR = timedelta(hours=1)


def add(database: Database, reference: str = "CLM-2024-001", **more: Any) -> PodClaim:
    given = {"carrier": "Chronopost", "tracking_number": "XN1", "client_id": "C1", "client_email": "client@example.com", **more}
    return database.run(AddClaim(claim_reference=reference, **given))[0]


def take(database: Database, scope: str = "pending", worker: str = "w", **more: Any) -> list[ClaimedPod]:
    return database.run(ClaimPods(worker_id=worker, scope=scope, **{"batch_size": 100, **more}))


def fail(database: Database, claim: ClaimedPod, outcome: str = "temporary", **more: Any) -> FailedPod:
    return database.run(
        RecordPodFailure(
            claim_id=claim.claim_id,
            worker_id="w",
            attempt_no=claim.attempt_no,
            outcome=outcome,
            **{"cause": "timeout", "error_code": None, "message": "API timeout – délai dépassé", **more},
        )
    )[0]


def succeed(database: Database, claim: ClaimedPod, **more: Any) -> None:
    given = {
        "pod_url": "file:///pods/x.pdf",
        "document_path": "x.pdf",
        "sha256": SHA,
        "content_type": "application/pdf",
        "size_bytes": 9,
    }
    database.run(RecordPodSuccess(claim_id=claim.claim_id, worker_id="w", attempt_no=claim.attempt_no, **{**given, **more}))


def look(database: Database, reference: str = "CLM-2024-001", **more: Any) -> PodClaim:
    return database.run(ListPods(claim_reference=reference, **more))[0]


def test_a_claim_is_added_once(database):
    first = add(database, client_name="Élodie Ω")
    again = add(database, carrier="DHL")
    assert again == first
    assert (first.pod_fetch_status, first.standing, first.pod_retry_count) == ("pending", "due", 0)


def test_the_two_jobs_take_disjoint_claims_and_none_twice(database):
    add(database)
    add(database, "CLM-2")
    [first, second] = take(database)
    assert (first.retry_no, second.retry_no) == (0, 0)
    assert take(database, worker="other") == take(database, "failed", worker="other") == []
    fail(database, first)
    assert look(database).pod_fetch_status == "failed"
    assert take(database) == []


def test_the_documented_waits_to_the_minute(database, clock: MovableClock):
    """1 h, 6 h, 24 h, 72 h; the fifth and sixth retry wait 72 h too; the fourth failed retry is the last by default."""
    add(database)
    [claim] = take(database)
    failed = fail(database, claim, max_retries=6)
    counts = [(failed.pod_retry_count, failed.final)]
    waits = []
    for retry in range(1, 7):
        before = clock()
        assert failed.next_attempt_dt is not None
        clock.move(failed.next_attempt_dt - clock() - timedelta(minutes=1))
        assert take(database, "failed", max_retries=6) == []
        clock.move(timedelta(minutes=1))
        [claim] = take(database, "failed", max_retries=6)
        assert claim.retry_no == retry
        waits.append((clock() - before) / HOUR)
        failed = fail(database, claim, max_retries=6)
        counts.append((failed.pod_retry_count, failed.final))
        assert look(database).pod_last_retry_at == clock()
    assert waits == [1, 6, 24, 72, 72, 72]
    assert counts == [(0, False), (1, False), (2, False), (3, False), (4, False), (5, False), (6, True)]


def test_after_the_last_retry_no_run_takes_the_claim_until_the_maximum_is_raised(database, clock):
    add(database)
    failed = fail(database, take(database)[0])
    for _ in range(4):
        clock.move(failed.next_attempt_dt - clock())
        failed = fail(database, take(database, "failed")[0])
    assert failed.final and failed.pod_retry_count == 4
    clock.move(timedelta(days=30))
    assert take(database, "failed") == []
    assert look(database).standing == "exhausted"
    assert [claim.retry_no for claim in take(database, "failed", max_retries=6)] == [5]


def test_the_waits_are_hours_not_local_hours_when_daylight_saving_ends(database, clock):
    # 25 October 2026, 01:00 UTC: European clocks go from 03:00 back to 02:00.
    clock.now = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    add(database)
    failed = fail(database, take(database)[0])
    assert failed.next_attempt_dt == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    clock.now = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    failed = fail(database, take(database, "failed")[0])
    assert failed.next_attempt_dt == datetime(2026, 10, 25, 7, 30, tzinfo=UTC)


def test_not_yet_delivered_waits_without_spending_a_retry_or_leaving_pending(database, clock):
    add(database)
    for _ in range(10):
        [claim] = take(database)
        failed = fail(database, claim, "not_yet", wait_seconds=3600)
        assert (failed.pod_fetch_status, failed.pod_retry_count, failed.final) == ("pending", 0, False)
        assert failed.next_attempt_dt == clock() + HOUR
        assert take(database) == []
        clock.move(HOUR)
    fail(database, take(database)[0])
    clock.move(HOUR)
    [claim] = take(database, "failed")
    failed = fail(database, claim, "not_yet")
    assert (failed.pod_fetch_status, failed.pod_retry_count) == ("failed", 0)


@pytest.mark.parametrize(
    ("limits", "asked", "days"),
    [({"not_yet_days": 30, "not_yet_tries": 1000}, 31, 30), ({"not_yet_days": 365, "not_yet_tries": 5}, 5, 4)],
)
def test_not_yet_ends_by_age_and_by_count_and_then_needs_a_person(database, clock, limits, asked, days):
    start = clock()
    add(database)
    for _ in range(asked - 1):
        [claim] = take(database)
        assert not fail(database, claim, "not_yet", wait_seconds=86_400, cause="not_delivered", **limits).final
        clock.move(timedelta(days=1))
    [claim] = take(database)
    ended = fail(database, claim, "not_yet", cause="not_delivered", message="In transit", **limits)
    assert clock() - start == timedelta(days=days)
    assert (ended.pod_fetch_status, ended.pod_retry_count, ended.final, ended.next_attempt_dt) == ("failed", 0, True, None)
    found = look(database)
    assert (found.standing, found.pod_error_class, found.pod_error_cause) == ("persistent", "persistent", "not_delivered")
    assert found.pod_error == f"Still not delivered after {asked} answer(s) since 2026-11-20: In transit"
    clock.move(timedelta(days=400))
    assert take(database) == take(database, "failed") == []
    counted = {(row.standing, row.error_class): row.claims for row in database.run(CountPods())}
    assert counted == {("persistent", "persistent"): 1}


def test_a_parcel_that_is_given_up_as_not_delivered_is_told_as_a_persistent_error_is(database, clock):
    add(database)
    ended = fail(database, take(database)[0], "not_yet", cause="not_delivered", not_yet_tries=1)
    [message] = database.run(ListNotifications())
    assert (ended.notification_id, message.next_attempt_dt) == (message.notification_id, clock() + timedelta(hours=103))
    data = json.loads(message.data_json)
    assert (data["cause"], data["error_class"]) == ("not_delivered", "persistent")
    assert data["error"].startswith("Still not delivered after 1 answer(s) since ")


@pytest.mark.parametrize("between", ["temporary", "persistent"])
def test_the_count_of_not_yet_goes_on_over_a_failure_and_begins_anew_with_a_persons_decision(database, clock, between):
    add(database)
    for _ in range(2):
        fail(database, take(database)[0], "not_yet", wait_seconds=0, not_yet_tries=3)
    fail(database, take(database)[0], between)
    clock.move(HOUR)
    [claim] = take(database, "failed", include_persistent=True)
    assert fail(database, claim, "not_yet", not_yet_tries=3).final == (between == "temporary")


def test_a_claim_that_a_person_puts_back_is_asked_for_anew(database, query, clock):
    add(database)
    assert fail(database, take(database)[0], "not_yet", not_yet_tries=1).final
    query("UPDATE dbo.claims SET pod_fetch_status = 'pending', tracking_number = 'XN2'")
    failed = fail(database, take(database, ignore_due=True)[0], "not_yet", wait_seconds=60, not_yet_tries=2)
    assert (failed.pod_fetch_status, failed.final, failed.next_attempt_dt) == ("pending", False, clock() + timedelta(seconds=60))
    assert [message.state for message in database.run(ListNotifications())] == ["DROPPED"]


def test_a_persistent_error_is_not_retried_but_by_name_or_wish(database, clock):
    add(database)
    failed = fail(database, take(database)[0], "persistent", cause="invalid_tracking")
    assert failed.final and failed.next_attempt_dt is None
    clock.move(timedelta(days=30))
    assert take(database, "failed") == []
    assert look(database).standing == "persistent"
    assert take(database, "failed", claim_reference="CLM-2024-001") == []
    [claim] = take(database, "failed", include_persistent=True)
    fail(database, claim, "persistent")
    assert len(take(database, "failed", claim_reference="CLM-2024-001", ignore_due=True)) == 1


def test_a_dead_workers_claim_comes_back_when_its_lease_ends(database, clock):
    add(database)
    [lost] = take(database, lease_seconds=60)
    clock.move(timedelta(seconds=59))
    assert take(database, worker="heir") == []
    clock.move(timedelta(seconds=1))
    [taken] = take(database, worker="heir")
    assert taken.attempt_no == lost.attempt_no + 1
    with pytest.raises(LeaseLost, match="CLM-2024-001"):
        succeed(database, lost)
    with pytest.raises(LeaseLost):
        fail(database, lost)
    assert look(database).standing == "leased"


def test_a_claim_over_which_workers_die_is_a_failed_attempt_after_three(database, clock):
    add(database)
    for _ in range(3):
        assert len(take(database, lease_seconds=60)) == 1
        clock.move(timedelta(seconds=60))
    assert take(database) == []
    claim = look(database)
    assert (claim.pod_fetch_status, claim.pod_error_cause, claim.pod_next_attempt_at) == ("failed", "crash", clock() + HOUR)


def test_a_released_claim_is_as_it_was_and_may_wait(database, clock):
    add(database)
    [claim] = take(database)
    database.run(ReleasePod(claim_id=claim.claim_id, worker_id="w", attempt_no=claim.attempt_no))
    assert look(database).standing == "due"
    [claim] = take(database)
    database.run(
        ReleasePod(
            claim_id=claim.claim_id, worker_id="w", attempt_no=claim.attempt_no, next_attempt_dt=clock() + HOUR, reason="limit"
        )
    )
    held = look(database)
    assert (held.standing, held.pod_fetch_status, held.pod_retry_count, held.pod_error) == ("waiting", "pending", 0, "limit")


def test_a_document_is_noted_whole_and_may_be_noted_twice(database, clock):
    add(database)
    fail(database, take(database)[0])
    clock.move(HOUR)
    [claim] = take(database, "failed")
    delivered = datetime(2024, 1, 15, 10, 0, tzinfo=UTC)
    for _ in range(2):
        succeed(database, claim, signed_by="Zoë Müller", delivered_dt=delivered)
    found = look(database)
    assert (found.pod_fetch_status, found.standing, found.pod_url, found.pod_sha256) == (
        "success",
        "done",
        "file:///pods/x.pdf",
        SHA,
    )
    assert (found.pod_signed_by, found.pod_delivered_at, found.pod_error, found.pod_retry_count) == (
        "Zoë Müller",
        delivered,
        None,
        1,
    )
    with pytest.raises(LeaseLost):
        succeed(database, claim, sha256="b" * 64)
    assert take(database) == take(database, "failed") == []


def test_carriers_are_named_exactly_as_claims_spell_them(database):
    """Which spellings mean one carrier is decided in one place, and not here: procedures compare what they are given."""
    spelled = ["DHL Express", "Chronopost®", "Chrono\xa0post", "Chronopóst", "La Poste"]
    for number, carrier in enumerate(spelled):
        add(database, f"CLM-{number}", carrier=carrier)
    for carrier in spelled:
        assert [claim.carrier for claim in database.run(ListPods(carriers=json.dumps([carrier])))] == [carrier]
    taken = take(database, carriers=json.dumps(spelled[:2]))
    assert [claim.carrier for claim in taken] == spelled[:2]
    assert [claim.carrier for claim in take(database, excluded=json.dumps(spelled[2:4]))] == ["La Poste"]


def test_claims_that_a_run_has_had_are_left_out(database):
    for number in range(3):
        add(database, f"CLM-{number}")
    [first] = take(database, batch_size=1)
    database.run(ReleasePod(claim_id=first.claim_id, worker_id="w", attempt_no=first.attempt_no))
    passed = json.dumps([first.claim_id, first.claim_id, 99])
    assert [claim.claim_reference for claim in take(database, passed=passed)] == ["CLM-1", "CLM-2"]
    assert take(database, claim_reference="CLM-0", ignore_due=True, passed=passed) == []
    assert [claim.claim_id for claim in take(database)] == [first.claim_id]


def test_claims_are_counted_by_carrier_and_standing(database):
    add(database)
    add(database, "CLM-2")
    add(database, "CLM-3", carrier="DHL")
    fail(database, take(database, claim_reference="CLM-2")[0], "persistent")
    succeed(database, take(database, claim_reference="CLM-3")[0])
    counted = {(row.carrier, row.pod_fetch_status, row.standing): row.claims for row in database.run(CountPods())}
    assert counted == {
        ("Chronopost", "pending", "due"): 1,
        ("Chronopost", "failed", "persistent"): 1,
        ("DHL", "success", "done"): 1,
    }


def test_documents_in_the_database_are_kept_once_and_never_changed(database):
    add(database)
    [claim] = take(database)
    given = {"tracking_number": "XN1", "content_type": "application/pdf", "size_bytes": 3, "signed_by": "Zoë"}
    fence = {"claim_id": claim.claim_id, "worker_id": "w", "attempt_no": claim.attempt_no}
    large = b"%PDF\x00\xff" * 5000
    first = database.run(StorePodDocument(**fence, **given, sha256=SHA, content=large))
    again = database.run(StorePodDocument(**fence, **given, sha256=SHA, content=b"other"))
    assert first == again and database.run(GetPodDocument(claim_id=claim.claim_id))[0].content == large
    database.run(StorePodDocument(**fence, **given, sha256="b" * 64, content=b"ABC"))
    assert database.run(GetPodDocument(claim_id=claim.claim_id))[0].sha256 == "b" * 64
    assert database.run(GetPodDocument(claim_id=claim.claim_id, tracking_number="XN2")) == []
    with pytest.raises(LeaseLost):
        database.run(StorePodDocument(**{**fence, "worker_id": "x"}, **given, sha256=SHA, content=large))


@pytest.mark.parametrize(
    ("options", "hours"),
    [({}, 103), ({"notify": "at_once"}, 0), ({"max_retries": 6}, 247), ({"max_retries": 0}, 0)],
)
def test_the_client_hears_once_of_a_persistent_error_when_the_retries_would_be_over_or_at_once(database, clock, options, hours):
    add(database)
    failed = fail(
        database, take(database)[0], "persistent", cause="invalid_tracking", message="Numéro « XN1 » inconnu", **options
    )
    [message] = database.run(ListNotifications())
    assert failed.notification_id == message.notification_id
    assert (message.state, message.audience, message.recipient_id, message.address) == (
        "PENDING",
        "client",
        "C1",
        "client@example.com",
    )
    assert message.next_attempt_dt == clock() + timedelta(hours=hours)
    data = json.loads(message.data_json)
    assert (data["claim_reference"], data["error"], data["retry_count"]) == ("CLM-2024-001", "Numéro « XN1 » inconnu", 0)
    fail(database, take(database, "failed", include_persistent=True)[0], "persistent", **options)
    assert len(database.run(ListNotifications())) == 1


@pytest.mark.parametrize(
    ("outcome", "options"),
    [("persistent", {"notify": "never"}), ("temporary", {}), ("not_yet", {"notify": "at_once"})],
)
def test_nobody_is_told_of_what_may_pass_or_where_nobody_wants_it(database, outcome, options):
    add(database)
    failed = fail(database, take(database)[0], outcome, **options)
    assert failed.notification_id is None
    assert database.run(ListNotifications()) == []


def test_a_temporary_error_is_told_at_the_maximum_only_by_setting(database, clock):
    add(database)
    failed = fail(database, take(database)[0], max_retries=1, notify_temporary=True)
    assert failed.notification_id is None
    clock.move(HOUR)
    failed = fail(database, take(database, "failed")[0], max_retries=1, notify_temporary=True)
    [message] = database.run(ListNotifications())
    assert (failed.final, message.next_attempt_dt) == (True, clock())


def test_a_document_that_comes_after_all_takes_the_message_back_and_a_new_error_brings_it_again(database):
    add(database)
    fail(database, take(database)[0], "persistent")
    [claim] = take(database, "failed", include_persistent=True)
    fail(database, claim, "temporary")
    assert [message.state for message in database.run(ListNotifications())] == ["DROPPED"]
    [claim] = take(database, "failed", claim_reference="CLM-2024-001", ignore_due=True)
    fail(database, claim, "persistent")
    assert [message.state for message in database.run(ListNotifications())] == ["PENDING"]
    [claim] = take(database, "failed", include_persistent=True)
    succeed(database, claim)
    [message] = database.run(ListNotifications())
    assert (message.state, message.detail) == ("DROPPED", "the document came after all")


def test_eight_workers_share_the_claims_without_taking_one_twice(new_connection: Callable[[], Database], database):
    for number in range(60):
        add(database, f"CLM-{number}")
    connections = [new_connection() for _ in range(8)]

    def drain(number: int) -> list[int]:
        taken: list[int] = []
        while claims := take(connections[number], worker=f"w{number}", batch_size=3):
            taken += [claim.claim_id for claim in claims]
        return taken

    with ThreadPoolExecutor(8) as pool:
        taken = [claim for claims in pool.map(drain, range(8)) for claim in claims]
    assert len(taken) == len(set(taken)) == 60


def test_bad_arguments_are_named_together(database):
    with pytest.raises(BadArgument) as raised:
        database.run(ClaimPods(worker_id="", scope="both", batch_size=0))
    assert str(raised.value) == "@WORKER_ID is required. @BATCH_SIZE takes 1 to 1000. @SCOPE takes pending, failed."
    with pytest.raises(BadArgument, match="@PASSED takes a JSON array"):
        take(database, passed="1, 2")
    add(database)
    with pytest.raises(BadArgument, match=r"@NOT_YET_DAYS takes 1 to 3650\. @NOT_YET_TRIES takes 1 to 100000\."):
        fail(database, take(database)[0], "not_yet", not_yet_days=0, not_yet_tries=0)
    with pytest.raises(NotFound):
        database.run(ReleasePod(claim_id=99, worker_id="w", attempt_no=1))

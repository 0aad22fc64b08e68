"""Runs of `pod-fetch` and `pod-retry` against simulated carriers, on each engine: what they make of misbehaviour."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syncctl.db.contract import (
    ClaimPods,
    GetCarrierUse,
    GetPodDocument,
    ListNotifications,
)
from syncctl.demo.carriers import pdf
from syncctl.errors import TransientError
from syncctl.services.notifications import WAITS
from syncctl.services.pod_documents import DatabaseStore
from syncctl.services.pod_status import pod_status
from tests.clocks import PATIENCE
from tests.faults import Failing, FaultyDatabase
from tests.pod_bench import Bench, Mailbox

HOUR = timedelta(hours=1)


def test_an_answer_that_says_nothing_of_the_keys_leaves_the_carriers_other_claims_alone(bench: Bench):
    scripts = {
        "WAF": ("firewall", "blocked"),
        "LINK": ("denied_link", "link_refused"),
        "LINK401": ("denied_link:401", "link_refused"),
        "ELSE": ("elsewhere", "link_refused"),
        "ODD": ("odd", "success"),
        "LAST": ("document", "success"),
    }
    for number, (word, _) in scripts.items():
        bench.add(number, word)
    result = bench.run()
    assert bench.outcomes(result) == {number: outcome for number, (_, outcome) in scripts.items()}
    assert result.warnings == []
    for number in ("WAF", "LINK", "LINK401", "ELSE"):
        held = bench.claim(number)
        assert (held.pod_error_class, held.standing) == ("temporary", "waiting"), number
    held = bench.claim("ODD")
    assert (held.pod_signed_by, held.pod_delivered_at) == ("A.\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}[2J Dupont", None)


@pytest.mark.parametrize(("word", "taken"), [("credentials", 2), ("throttle:60", 1)])
def test_a_refusal_of_the_keys_by_the_service_itself_still_stops_the_carrier(bench: Bench, word: str, taken: int):
    for number in ("FIRST", "SECOND"):
        bench.add(number, word)
    bench.add("THIRD", "document")
    result = bench.run()
    assert len(result.items) == taken
    assert bench.claim("THIRD").pod_fetch_status == "pending"


def test_a_key_that_the_carrier_repeats_is_nowhere_to_be_seen(bench: Bench, caplog: pytest.LogCaptureFixture):
    caplog.set_level("DEBUG")
    file = bench.folder / "carriers" / "acme.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('"simulated"', '"k3y/with+signs=="'), encoding="utf-8")
    bench.add("XN1", "repeats", client_id="C1", client_email="client@example.com")
    result = bench.run(notify="at_once", notify_temporary=True, max_retries=0)
    held = bench.claim("XN1")
    [queued] = bench.database.run(ListNotifications())
    for text in (str(result), str(held), str(queued), caplog.text):
        assert "k3y" not in text and b"k3y".hex() not in text
        assert not {"\x1b", "\u202e"} & set(text)
    assert held.pod_error == "no key ***, ***, ***, \N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}Bearer ***"
    assert held.pod_error_code == "***"


def test_a_run_that_is_to_stop_gives_the_claim_back_untried(bench: Bench):
    bench.add("XN1", "timeout")
    bench.add("XN2", "document")

    class StopOnceAsked:
        def is_set(self) -> bool:
            return bench.carriers.simulation.asked("acme") > 0

    bench.silence = PATIENCE
    result = bench.run(stop=StopOnceAsked())
    assert result.items == []
    held = bench.claim("XN1")
    assert (held.standing, held.pod_retry_count, held.pod_error_class) == ("due", 0, None)
    bench.carriers.simulation.scripts["XN1"] = ["document"]
    assert bench.run().counts["success"] == 2


def test_each_misbehaviour_ends_as_what_it_is_and_none_holds_up_the_others(bench: Bench):
    scripts = {
        "OK": ("document", "success"),
        "PNG": ("png", "success"),
        "JPEG": ("jpeg", "success"),
        "LINK": ("link", "success"),
        "EXPIRED": ("expired", "link_refused"),
        "TIMEOUT": ("timeout", "timeout"),
        "BROKEN": ("broken", "connection"),
        "ENDLESS": ("endless", "too_large"),
        "HTML": ("html", "bad_content"),
        "PAGE": ("page", "bad_content"),
        "HALF": ("half", "bad_content"),
        "BUSY": ("busy", "http_503"),
        "WAY": ("not_yet", "not_delivered"),
        "UNKNOWN": ("unknown", "unknown_parcel"),
        "LAST": ("document", "success"),
    }
    for number, (word, _) in scripts.items():
        bench.add(number, word)
    result = bench.run()
    assert bench.outcomes(result) == {number: outcome for number, (_, outcome) in scripts.items()}
    assert result.counts["success"] == 5 and result.counts["not_yet"] == 1 and result.counts["failed"] == 9
    assert {number for number in scripts if bench.claim(number).pod_error_class == "persistent"} == {"UNKNOWN"}
    ok = bench.claim("OK")
    assert (ok.pod_fetch_status, ok.pod_signed_by) == ("success", "A. Dupont")
    assert ok.pod_delivered_at == datetime(2024, 1, 15, 9, 0, tzinfo=UTC)
    kept = bench.folder / "pods" / str(ok.pod_document_path)
    assert kept.read_bytes() == pdf("OK") and hashlib.sha256(pdf("OK")).hexdigest() == ok.pod_sha256
    assert ok.pod_url == kept.as_uri()
    assert not list((bench.folder / "pods").rglob("*.part"))
    assert bench.run().items == [] and bench.run("failed").items == []


def test_a_carrier_that_changes_its_mind_is_followed(bench: Bench):
    bench.add("MIND", "not_yet", "busy", "not_yet", "html", "document")
    outcomes = []
    for _ in range(40):
        for scope in ("pending", "failed"):
            outcomes += [item.outcome for item in bench.run(scope).items]
        bench.clock.move(HOUR)
    assert outcomes == ["not_yet", "failed", "not_yet", "failed", "success"]
    assert bench.claim("MIND").pod_retry_count == 2
    assert bench.carriers.simulation.asked("acme") == 5


def test_the_schedule_of_a_claim_that_never_succeeds_to_the_minute_over_the_end_of_daylight_saving(bench: Bench):
    bench.clock.now = start = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)  # Paris: 25 October, 01:30 summer time
    bench.add("NEVER", "busy")
    tried = [timedelta(0)]
    bench.run()
    results = []
    while bench.clock() < start + timedelta(hours=300):
        bench.clock.move(timedelta(minutes=30))
        result = bench.run("failed")
        if result.items:
            tried.append(bench.clock() - start)
            results.append(result)
    assert tried == [timedelta(hours=hours) for hours in (0, 1, 7, 31, 103)]
    assert [result.items[0].retry_no for result in results] == [1, 2, 3, 4]
    assert [result.counts["max_retries_reached"] for result in results] == [0, 0, 0, 1]
    assert bench.database.run(ListNotifications()) == []
    bench.clock.move(HOUR)
    assert [item.retry_no for item in bench.run("failed", max_retries=6).items] == [5]


def test_a_full_budget_skips_the_carrier_until_its_reset_and_not_the_others(bench: Bench):
    bench.describe("acme", per_day=3, zone="Europe/Paris")
    bench.describe("other", per_day=100)
    for number in range(6):
        bench.add(f"A{number}")
    bench.add("B", carrier="OTHER")
    result = bench.run()
    assert (result.counts["success"], result.counts["skipped_rate_limit"]) == (4, 1)
    assert bench.carriers.simulation.asked("acme") == 3
    waiting = next(item for item in result.items if item.outcome == "skipped_rate_limit")
    assert waiting.next_attempt_at == datetime(2026, 11, 20, 23, 0, tzinfo=UTC)
    bench.clock.move(timedelta(hours=10, minutes=59))
    assert bench.run().counts["success"] == 0
    bench.clock.move(timedelta(minutes=1))
    assert bench.run().counts["success"] == 3
    assert bench.claim("A5").pod_retry_count == 0


def test_a_429_stops_the_carrier_for_as_long_as_it_says_and_spends_no_retry(bench: Bench):
    bench.add("A", "throttle:7200", "document")
    bench.add("B")
    result = bench.run()
    assert [item.outcome for item in result.items] == ["skipped_rate_limit"]
    assert (bench.claim("A").pod_fetch_status, bench.claim("A").pod_retry_count) == ("pending", 0)
    bench.clock.move(timedelta(minutes=119))
    assert bench.run().counts["success"] == 0
    assert bench.carriers.simulation.asked("acme") == 1
    bench.clock.move(timedelta(minutes=1))
    bench.run()
    bench.clock.move(timedelta(minutes=2))
    bench.run()
    assert {bench.claim("A").pod_fetch_status, bench.claim("B").pod_fetch_status} == {"success"}


def test_a_limit_per_second_is_waited_for_and_the_patience_ends(bench: Bench):
    bench.describe("acme", per_second=1, per_minute=4)
    for number in range(8):
        bench.add(f"A{number}")
    result = bench.run(patience_seconds=10)
    assert result.counts["success"] == 4
    assert bench.clock.slept == [1.0, 1.0, 1.0]
    assert result.items[-1].outcome == "skipped_rate_limit"


def test_a_refused_key_stops_the_carrier_for_the_run_instead_of_failing_all_its_claims(bench: Bench):
    for number in range(5):
        bench.add(f"A{number}", "credentials")
    bench.describe("other")
    bench.add("B", carrier="Other")
    result = bench.run()
    # Acme has nothing that could be asked without naming a claim: it takes a second one to tell.
    assert bench.outcomes(result) == {"A0": "invalid_credentials", "A1": "invalid_credentials", "B": "success"}
    assert len(result.warnings) == 1 and "Acme refuses its keys" in result.warnings[0]
    assert {bench.claim(f"A{number}").standing for number in (2, 3, 4)} == {"due"}
    assert bench.carriers.simulation.asked("acme") == 2


def test_claims_nobody_can_be_asked_about(bench: Bench):
    bench.add("X", carrier="Pigeon Post")
    bench.add("Y", carrier="La Poste")
    bench.add("Z", carrier="chronopost")
    result = bench.run()
    assert bench.outcomes(result) == {"X": "carrier_not_supported", "Y": "skipped_unconfigured", "Z": "skipped_unconfigured"}
    assert bench.claim("X").standing == "persistent"
    assert "SYNCCTL_POD_LAPOSTE_API_KEY" in " ".join(result.warnings)


def test_a_tracking_number_is_asked_for_without_what_came_with_the_paste(bench: Bench):
    bench.carriers.simulation.scripts["1Z999AA10123456784"] = ["document"] * 4
    typed = ("1Z 999 AA1 01 2345 6784", "1z999aa10123456784", "\ufeff1Z999 AA10123456784\u200e", "１Ｚ999\u00a0AA10123456784\t")
    for number in typed:
        bench.add(number)
    bench.add(" \u200b")
    result = bench.run()
    assert bench.outcomes(result) == {**dict.fromkeys(typed, "success"), " \u200b": "invalid_tracking"}
    assert [bench.claim(number).tracking_number for number in typed] == list(typed)  # the claim keeps what was typed


def test_a_kept_document_is_found_before_the_carrier_is_asked_again(bench: Bench):
    bench.add("A", "document")
    [claim] = bench.database.run(ClaimPods(worker_id="dead", scope="pending", lease_seconds=60))
    from syncctl.carriers.base import Document
    from syncctl.carriers.forms import sniff

    form = sniff(pdf("A"))
    assert form is not None
    bench.documents.keep(claim, Document(content=pdf("A"), signed_by="Zoë"), form, "dead")
    bench.clock.move(timedelta(seconds=60))
    [item] = bench.run().items
    assert (item.outcome, item.recovered, bench.carriers.simulation.calls) == ("success", True, [])
    assert bench.claim("A").pod_signed_by == "Zoë"


def test_documents_in_the_database_are_the_carriers_own(bench: Bench):
    bench.documents = DatabaseStore(bench.database, url_prefix="https://files.example/pods/")
    bench.add("A", "link")
    [item] = bench.run(url="document").items
    claim = bench.claim("A")
    kept = bench.database.run(GetPodDocument(claim_id=item.claim_id))[0]
    assert kept.content == pdf("A")
    assert claim.pod_url == f"https://files.example/pods/{kept.document_id}"
    assert claim.pod_document_path == f"database:{kept.document_id}"


def test_the_carriers_own_address_is_the_pod_url_where_that_is_wanted(bench: Bench):
    bench.add("A", "link")
    bench.run(url="carrier")
    assert bench.claim("A").pod_url == f"{bench.carriers.url}/acme/file/A"


def test_the_client_hears_of_a_persistent_error_once_when_the_retries_would_be_over(bench: Bench):
    bench.add("A", "unknown", client_id="C1", client_name="Zoë", client_email="zoe@example.com")
    mailbox = Mailbox(failures=2)
    bench.run()
    sent_at = []
    for _ in range(130):
        bench.run("failed")
        if any(sent.outcome == "sent" for sent in bench.tell(mailbox).sent):
            sent_at.append(bench.clock())
        bench.clock.move(HOUR)
    assert [address for address, _ in mailbox.got] == ["zoe@example.com"]
    assert "CLM-A" in mailbox.got[0][1].title
    # 103 h, then two failed deliveries, each tried again at the next hourly run.
    assert sent_at == [datetime(2026, 11, 20, 12, 0, tzinfo=UTC) + timedelta(hours=105)]
    assert bench.carriers.simulation.asked("acme") == 1


def test_a_message_that_can_never_be_delivered_is_given_up_and_kept(bench: Bench):
    bench.add("A", "unknown", client_email="zoe@example.com")
    bench.run(notify="at_once")
    mailbox, outcomes = Mailbox(failures=99), []
    for _ in range(len(WAITS) + 3):
        outcomes += [sent.outcome for sent in bench.tell(mailbox).sent]
        bench.clock.move(timedelta(days=1))
    assert outcomes == ["waiting"] * len(WAITS) + ["failed"]
    [entry] = bench.database.run(ListNotifications())
    assert (entry.state, entry.error_message) == ("FAILED", "the mail server is out")


def test_status_tells_backlog_budget_and_rate(bench: Bench):
    bench.describe("acme", per_day=100, zone="Europe/Paris")
    bench.add("A")
    bench.add("B", "busy")
    bench.add("C", "not_yet")
    bench.run()
    bench.add("D")
    bench.add("E", carrier="La Poste")
    found = {status.carrier: status for status in pod_status(bench.database, bench.catalog(), clock=bench.clock)}
    acme = found["acme"]
    assert (acme.pending, acme.failed, acme.success, acme.due, acme.waiting, acme.not_yet) == (2, 1, 1, 1, 2, 1)
    assert (acme.used_day, acme.limit_day, acme.success_rate) == (3, 100, 50.0)
    assert acme.resets_at == datetime(2026, 11, 20, 23, 0, tzinfo=UTC)
    assert acme.next_attempt_at == bench.clock() + HOUR
    assert (found["laposte"].usable, found["laposte"].pending) == (False, 1)


@pytest.mark.parametrize("procedure", ["sp_ReserveCarrierCall", "sp_RecordPodSuccess", "sp_FinishCarrierCalls"])
def test_a_deadlock_over_one_claim_holds_up_no_other_and_loses_nothing(bench: Bench, procedure: str):
    real = bench.database
    for number in ("A", "B", "C"):
        bench.add(number)
    deadlock = TransientError("deadlock victim", code=1205, error_class="deadlock")
    bench.database = FaultyDatabase(real, before=Failing(procedure, deadlock))
    result = bench.run()
    bench.database = real
    assert (result.counts["success"], result.ended_by, bench.clock.slept) == (3, None, [2])
    assert {bench.claim(number).pod_fetch_status for number in ("A", "B", "C")} == {"success"}
    assert bench.carriers.simulation.asked("acme") == 3


def test_one_claim_by_name_whatever_its_error(bench: Bench):
    bench.add("A", "unknown", "document")
    bench.add("B", "unknown", "document")
    bench.run()
    assert bench.run("failed").counts["skipped_persistent"] == 2
    assert [item.outcome for item in bench.run("failed", claim="CLM-A").items] == ["success"]
    assert [item.outcome for item in bench.run("failed", include_persistent=True).items] == ["success"]


def test_the_calls_are_on_record_with_their_ends(bench: Bench, query: Callable[..., list[Any]]):
    bench.add("A", "link")
    bench.add("B", "unknown")
    bench.run()
    rows = query("SELECT OUTCOME, ERROR_CODE FROM dbo.USER_CARRIER_CALL ORDER BY CALL_ID")
    assert [(row["OUTCOME"], row["ERROR_CODE"]) for row in rows] == [
        ("document", None),
        ("document", None),
        ("persistent", "UNKNOWN_PARCEL"),
    ]
    use = bench.database.run(
        GetCarrierUse(carrier="acme", day_starts=bench.catalog().carriers["acme"].limits.day_starts_json(bench.clock()))
    )
    assert use[0].used_day == 3

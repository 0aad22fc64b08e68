"""What one odd claim, answer, carrier or folder does to a run of proofs: it ends as what it is, and the others go on.

On each engine, against carriers on loopback.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syncctl.db.contract import ListPods, Procedure
from syncctl.demo.carriers import pdf
from syncctl.errors import ConfigError, DatabaseUnavailable, PermanentError
from syncctl.services.pod_status import pod_status
from tests.faults import Failing, FaultyDatabase
from tests.pod_bench import Answer, Bench, OddCarrier
from tests.pods import packed

DOCUMENT = {"status": "DELIVERED", "documents": [{"content": packed(pdf("x"))}]}
EXPIRED = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
FIREWALL = b"<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY>You don't have permission. Reference #18.1</BODY></HTML>"
REFUSAL = {"error": {"message": "Invalid API key"}, "response": {"errors": [{"code": "250002", "message": "Invalid"}]}}
SPELLED = ("La Poste", "La Poste®", "La\xa0Poste", "Lâ Póste", "LA-POSTE", "la_poste.")


STRANGE: tuple[Any, ...] = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "99999-01-01", "soon", 5, None, [])


class Ups:
    """UPS as it answers: an address for tokens, and one for each parcel."""

    def __init__(self, **parcels: Answer) -> None:
        self.parcels = parcels
        self.token: Answer = (200, {"access_token": "t0ken-of-ups", "expires_in": "3600"})

    def __call__(self, path: str) -> Answer:
        if "/oauth/" in path:
            return self.token
        number = path.split("/details/")[1].split("?")[0]
        packages = [{"deliveryInformation": {"pod": {"content": packed(pdf(number))}}}]
        return self.parcels.get(number, (200, {"trackResponse": {"shipment": [{"package": packages}]}}))


def standings(bench: Bench) -> dict[str, str]:
    return {claim.claim_reference.removeprefix("CLM-"): claim.standing for claim in bench.database.run(ListPods())}


class Counting:
    """Gives up on a run that takes claims without an end."""

    def __init__(self, most: int) -> None:
        self.left = most

    def __call__(self, call: Procedure[Any]) -> Exception | None:
        if call.name == "sp_ClaimPods":
            self.left -= 1
        return RuntimeError("this run takes claims without an end") if self.left < 0 else None


def test_a_claim_is_taken_once_in_a_run_however_its_carrier_is_spelt(bench: Bench):
    real = bench.database
    for number, carrier in enumerate(SPELLED):
        bench.add(f"A{number}", carrier=carrier)
    bench.add("B")
    bench.database = FaultyDatabase(real, before=Counting(20))
    result = bench.run()
    assert result.ended_by is None
    outcomes = bench.outcomes(result)
    assert outcomes.pop("B") == "success" and set(outcomes.values()) == {"skipped_unconfigured"}
    assert len(result.warnings) == 1
    assert all(bench.claim(f"A{number}").standing == "due" for number in range(len(SPELLED)))


def test_a_claim_that_fails_again_is_not_asked_about_twice_in_a_run(bench: Bench):
    real = bench.database
    bench.add("A", "unknown")
    bench.run()
    bench.database = FaultyDatabase(real, before=Counting(20))
    assert [item.cause for item in bench.run("failed", include_persistent=True).items] == ["unknown_parcel"]
    assert [item.cause for item in bench.run("failed", claim="CLM-A").items] == ["unknown_parcel"]
    assert bench.carriers.simulation.asked("acme") == 3


def test_a_carrier_is_wanted_in_all_its_spellings_and_left_out_in_all_of_them(bench: Bench):
    bench.describe("acme", per_day=2)
    for number, carrier in enumerate(("Acme", "ACME®", "Ac\xa0me", "Âcme")):
        bench.add(f"A{number}", carrier=carrier)
    bench.add("B", carrier="La Poste")
    result = bench.run(carrier="acme")
    assert result.found == 4
    assert (result.counts["success"], result.counts["skipped_rate_limit"]) == (2, 2)
    assert {item.next_attempt_at for item in result.items if item.outcome == "skipped_rate_limit"} == {
        datetime(2026, 11, 21, tzinfo=UTC)
    }
    found = {status.carrier: status for status in pod_status(bench.database, bench.catalog(), clock=bench.clock)}
    assert (found["acme"].success, found["acme"].pending, "ACME®" in found) == (2, 2, False)


@pytest.mark.parametrize(
    ("moment", "understood"),
    [
        ("2024-01-15T10:00:00", datetime(2024, 1, 15, 10, 0, tzinfo=UTC)),
        ("2024-01-15T10:00:00+01:00", datetime(2024, 1, 15, 9, 0, tzinfo=UTC)),
        *((strange, None) for strange in STRANGE),
    ],
)
def test_a_strange_date_in_a_documents_description_or_of_the_carrier_is_left_out(bench: Bench, moment: Any, understood: Any):
    def answer(path: str) -> Answer:
        return 200, {**DOCUMENT, "at": moment, "by": ["nobody", "\ud83d", "x" * 5000][len(path) % 3]}

    with OddCarrier(answer) as odd:
        bench.odd("odd", odd.here)
        for number in ("A", "BB", "CCC"):
            bench.add(number, carrier="odd")
        result = bench.run()
    assert (result.counts["success"], result.ended_by) == (3, None)
    assert {bench.claim(number).pod_delivered_at for number in ("A", "BB", "CCC")} == {understood}
    # And from the file beside the document, whoever wrote it.
    [beside] = (bench.folder / "pods").rglob(f"{bench.claim('A').claim_id}-*.json")
    told = json.loads(beside.read_text(encoding="utf-8"))
    beside.write_text(json.dumps({**told, "delivered_at": moment, "signed_by": 7, "source_url": ["x"]}), encoding="utf-8")
    bench.database.query("UPDATE dbo.claims SET pod_fetch_status = 'pending' WHERE claim_reference = 'CLM-A'")  # type: ignore[attr-defined]
    [item] = bench.run().items
    assert (item.outcome, item.recovered) == ("success", True)
    assert (bench.claim("A").pod_delivered_at, bench.claim("A").pod_signed_by) == (understood, None)


@pytest.mark.parametrize(
    "said", ["half \ud83d a pair", "x" * 1_000_000, "\x1b[2J\u202e\x00", "\U0001f4a9" * 5000, {"a": [1]}, 5, None]
)
def test_whatever_a_carrier_says_is_noted_and_the_others_go_on(bench: Bench, said: Any):
    with OddCarrier(lambda path: (400, {"error": {"message": said}}) if "ODD" in path else (200, DOCUMENT)) as odd:
        bench.odd("odd", odd.here)
        bench.add("ODD", carrier="odd")
        bench.add("B", carrier="odd")
        result = bench.run()
    assert {bench.claim("ODD").pod_fetch_status, bench.claim("B").pod_fetch_status} == {"failed", "success"}
    assert result.ended_by is None
    assert len(bench.claim("ODD").pod_error or "") <= 500
    assert not {"\x1b", "\u202e", "\x00", "\ud83d"} & set(bench.claim("ODD").pod_error or "")


@pytest.mark.parametrize("status", [401, 403, 404, 410])
@pytest.mark.parametrize("body", [EXPIRED, FIREWALL, b'{"error": {"message": "Invalid API key"}}'], ids=["xml", "page", "json"])
def test_a_link_that_is_refused_says_nothing_of_the_keys(bench: Bench, status: int, body: bytes):
    def answer(path: str) -> Answer:
        if path.startswith("/file"):
            return status, body
        return (200, {"status": "DELIVERED", "links": {"pod": f"{odd.elsewhere}/file"}}) if "BAD" in path else (200, DOCUMENT)

    with OddCarrier(answer) as odd:
        bench.odd("odd", odd.here)
        for number in ("BAD1", "BAD2", "BAD3", "GOOD"):
            bench.add(number, carrier="odd")
        result = bench.run()
    assert [item.outcome for item in result.items] == ["failed", "failed", "failed", "success"]
    assert bench.claim("BAD3").pod_error_class == "temporary"
    assert result.warnings == []


def test_a_firewalls_page_says_nothing_of_the_keys(bench: Bench):
    with OddCarrier(lambda path: (403, FIREWALL) if "BAD" in path else (200, DOCUMENT)) as odd:
        bench.odd("odd", odd.here)
        for number in ("BAD", "GOOD1", "GOOD2"):
            bench.add(number, carrier="odd")
        result = bench.run()
    assert [item.outcome for item in result.items] == ["failed", "success", "success"]
    assert (bench.claim("BAD").pod_error_class, bench.claim("BAD").standing) == ("temporary", "waiting")


def test_a_wrong_password_is_told_by_the_address_that_names_no_parcel(bench: Bench, query: Callable[..., list[Any]]):
    answers = Ups()
    answers.token = (401, {"response": {"errors": [{"code": "10401", "message": "ClientId is Invalid"}]}})
    with OddCarrier(answers) as ups:
        bench.ups(ups.here)
        for number in ("A", "B", "C"):
            bench.add(number, carrier="UPS")
        bench.add("D")
        result = bench.run()
        assert bench.outcomes(result) == {"A": "invalid_credentials", "D": "success"}
        assert standings(bench) == {"A": "persistent", "B": "due", "C": "due", "D": "done"}
        assert len(result.warnings) == 1 and "UPS refuses its keys" in result.warnings[0]
        # Each call was reserved, that of the check as well.
        calls = query("SELECT OUTCOME FROM dbo.USER_CARRIER_CALL WHERE CARRIER = 'ups'")
        assert [row["OUTCOME"] for row in calls] == ["persistent"] * len(ups.seen) and len(ups.seen) == 2
        answers.token = Ups().token
        assert bench.run().counts["success"] == 2
        assert [item.outcome for item in bench.run("failed", include_persistent=True).items] == ["success"]


def test_one_parcel_that_is_refused_is_that_parcels_concern_where_the_keys_are_good(bench: Bench):
    answers = Ups(BAD1=(401, REFUSAL), BAD2=(403, REFUSAL))
    with OddCarrier(answers) as ups:
        bench.ups(ups.here)
        for number in ("BAD1", "BAD2", "GOOD1", "GOOD2"):
            bench.add(number, carrier="UPS")
        result = bench.run()
    assert bench.outcomes(result) == {"BAD1": "refused", "BAD2": "refused", "GOOD1": "success", "GOOD2": "success"}
    assert (bench.claim("BAD1").pod_error_class, bench.claim("BAD1").standing) == ("temporary", "waiting")
    assert sum("/oauth/" in path for path in ups.seen) == 2, "once for the work, once for the check: then the keys are known"


def test_a_carrier_that_takes_the_keys_with_others_has_nothing_against_them(bench: Bench):
    """Such a carrier has nothing that could be asked by itself: what its other claims came to tells."""
    bench.add("GOOD1")
    for number in ("BAD1", "BAD2", "BAD3"):
        bench.add(number, "credentials")
    bench.add("GOOD2")
    result = bench.run()
    assert bench.outcomes(result) == {
        "GOOD1": "success",
        "BAD1": "refused",
        "BAD2": "refused",
        "BAD3": "refused",
        "GOOD2": "success",
    }
    assert bench.claim("BAD3").standing == "waiting"


def test_one_refusal_alone_is_that_claims_and_the_carriers_others_are_done(bench: Bench):
    bench.add("BAD", "credentials")
    bench.add("GOOD")
    result = bench.run()
    assert bench.outcomes(result) == {"BAD": "invalid_credentials", "GOOD": "success"}
    assert bench.claim("BAD").standing == "persistent"


def test_a_carrier_that_is_down_costs_its_claims_nothing_where_it_can_be_asked(bench: Bench):
    answers = Ups(A=(503, b"Service unavailable"), B=(503, b"Service unavailable"))
    with OddCarrier(answers) as ups:
        bench.ups(ups.here)
        for number in ("A", "B", "C"):
            bench.add(number, carrier="UPS")
        bench.add("D")
        answers.token = (503, b"Service unavailable")
        result = bench.run()
        assert bench.outcomes(result) == {"A": "skipped_left_out", "D": "success"}
        assert standings(bench) == {"A": "due", "B": "due", "C": "due", "D": "done"}
        assert len(result.warnings) == 1 and "UPS is down" in result.warnings[0]
        # The token's address answers: then it is these two parcels.
        answers.token = Ups().token
        assert bench.outcomes(bench.run()) == {"A": "http_503", "B": "http_503", "C": "success"}


@pytest.mark.parametrize("word", ["busy", "timeout", "broken", "firewall"])
def test_a_carrier_that_says_nothing_to_three_in_a_row_is_taken_for_down(bench: Bench, word: str):
    for number in range(5):
        bench.add(f"A{number}", word)
    bench.describe("other")
    bench.add("B", carrier="Other")
    result = bench.run()
    assert [item.outcome for item in result.items] == ["failed", "failed", "skipped_left_out", "success"]
    assert standings(bench) == {"A0": "waiting", "A1": "waiting", "A2": "due", "A3": "due", "A4": "due", "B": "done"}


def test_a_carrier_that_answers_in_between_is_not_down(bench: Bench):
    for number, word in enumerate(["busy", "busy", "unknown", "busy", "busy", "not_yet", "busy", "busy", "document"]):
        bench.add(f"A{number}", word)
    assert len(bench.run().items) == 9


def test_a_budget_that_ends_at_the_check_leaves_the_rest_for_later(bench: Bench, query: Callable[..., list[Any]]):
    with OddCarrier(Ups(BAD=(401, REFUSAL))) as ups:
        bench.ups(ups.here, per_day=2)
        for number in ("BAD", "GOOD"):
            bench.add(number, carrier="UPS")
        result = bench.run()
        assert len(ups.seen) == len(query("SELECT CALL_ID FROM dbo.USER_CARRIER_CALL")) == 2
    assert bench.outcomes(result) == {"BAD": "invalid_credentials", "GOOD": "skipped_rate_limit"}


@pytest.mark.parametrize(
    "procedure", ["sp_RecordPodFailure", "sp_RecordPodSuccess", "sp_FinishCarrierCalls", "sp_LowerCarrierBudget"]
)
@pytest.mark.parametrize("error", [PermanentError("no", code=8152), ValueError("what nobody foresaw")])
def test_a_claim_whose_outcome_cant_be_noted_holds_up_no_other(bench: Bench, procedure: str, error: Exception):
    real = bench.database
    bench.add("A", "throttle:60" if procedure == "sp_LowerCarrierBudget" else "unknown" if "Failure" in procedure else "document")
    bench.describe("other")
    bench.add("B", carrier="Other")
    bench.database = FaultyDatabase(real, before=both(Failing(procedure, error), Counting(20)))
    result = bench.run()
    bench.database = real
    assert (result.ended_by, bench.claim("B").pod_fetch_status) == (None, "success")
    assert len(result.items) == 2
    bench.clock.move(timedelta(seconds=4000))
    bench.run()
    bench.run("failed")
    assert bench.claim("A").standing in ("done", "persistent", "waiting")


def both(*faults: Callable[[Procedure[Any]], Exception | None]) -> Callable[[Procedure[Any]], Exception | None]:
    return lambda call: next((error for fault in faults if (error := fault(call))), None)


def test_a_database_that_goes_away_ends_the_run_and_what_was_done_is_told(bench: Bench):
    real = bench.database
    for number in ("A", "B", "C"):
        bench.add(number)
    gone = DatabaseUnavailable("the database has gone")
    second: list[str] = []

    def fault(call: Procedure[Any]) -> Exception | None:
        second.extend([call.name] if call.name == "sp_RecordPodSuccess" else [])
        return gone if len(second) > 1 else None

    bench.database = FaultyDatabase(real, before=fault)
    result = bench.run()
    bench.database = real
    assert (bench.outcomes(result), result.ended_by, result.counts["success"]) == ({"A": "success"}, gone, 1)
    bench.clock.move(timedelta(seconds=600))
    assert {item.recovered for item in bench.run().items} == {True, False}
    assert bench.carriers.simulation.asked("acme") == 3


def test_a_run_that_finds_no_database_says_so(bench: Bench):
    gone = DatabaseUnavailable("the database has gone")
    bench.database = FaultyDatabase(bench.database, before=lambda _: gone)
    result = bench.run()
    assert (result.ended_by, result.items, bench.clock.slept) == (gone, [], [2, 4])


def test_a_folder_that_cant_be_written_is_found_before_a_carrier_is_asked(bench: Bench):
    bench.add("A")
    (bench.folder / "pods").write_text("a file where the folder should be", encoding="utf-8")
    result = bench.run()
    assert isinstance(result.ended_by, ConfigError) and "SYNCCTL_POD_DIR" in str(result.ended_by)
    assert (bench.carriers.simulation.calls, bench.claim("A").standing, bench.claim("A").pod_error) == ([], "due", None)


def test_a_folder_that_is_lost_on_the_way_ends_the_run_and_burns_nothing(bench: Bench):
    bench.add("A")
    bench.add("B")
    pods = bench.folder / "pods"

    def take_away(call: Procedure[Any]) -> None:
        if call.name == "sp_ReserveCarrierCall" and pods.is_dir():
            pods.rmdir()
            pods.write_text("a file where the folder was", encoding="utf-8")

    real = bench.database
    bench.database = FaultyDatabase(real, before=take_away)
    result = bench.run()
    bench.database = real
    assert isinstance(result.ended_by, ConfigError)
    assert (bench.carriers.simulation.asked("acme"), standings(bench)) == (1, {"A": "due", "B": "due"})
    assert bench.claim("A").pod_retry_count == 0


def test_one_place_in_the_folder_that_cant_be_written_concerns_one_claim(bench: Bench):
    bench.add("A")
    pods = bench.folder / "pods"
    pods.mkdir()
    (pods / f"{bench.claim('A').claim_id // 1000:06d}").write_text("a file where a folder should be", encoding="utf-8")
    result = bench.run()
    assert result.ended_by is None
    assert (bench.claim("A").pod_error_class, bench.claim("A").pod_error_cause) == ("temporary", "unforeseen")
    assert "can't be kept" in (bench.claim("A").pod_error or "")


def test_not_yet_has_an_end_and_then_a_person_sees_it(bench: Bench):
    bench.add("WAY", "not_yet", client_id="C1", client_email="client@example.com")
    for _ in range(2):
        assert [item.outcome for item in bench.run(not_yet_tries=3).items] == ["not_yet"]
        bench.clock.move(timedelta(hours=6))
    [item] = bench.run(not_yet_tries=3).items
    assert (item.outcome, item.error_class, item.cause, item.final) == ("failed", "persistent", "not_delivered", True)
    assert standings(bench) == {"WAY": "persistent"}
    found = {status.carrier: status for status in pod_status(bench.database, bench.catalog(), clock=bench.clock)}
    assert (found["acme"].persistent, found["acme"].pending, found["acme"].failed) == (1, 0, 1)
    bench.clock.move(timedelta(days=60))
    assert bench.run().items == bench.run("failed").items == []

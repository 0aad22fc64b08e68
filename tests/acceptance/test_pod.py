"""Proof of delivery from outside: the documented words and counters, exit codes, a mail that arrives."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from syncctl.demo.carriers import SimulatedCarriers, pdf
from tests.acceptance.program import Program
from tests.unit.test_notify import MailServer


@pytest.fixture
def carriers() -> Iterator[SimulatedCarriers]:
    with SimulatedCarriers() as carriers:
        yield carriers


@pytest.fixture
def pods(syncctl: Program, carriers: SimulatedCarriers) -> Program:
    """The program with a simulated Chronopost, by its own adapter, and a carrier of a file."""
    folder = syncctl.folder / "carriers"
    carriers.describe(folder, "acme", label="Acme")
    (folder / "chronopost.toml").write_text(
        f'builtin = "chronopost"\nbase_url = "{carriers.url}"\n[limits]\nper_day = 100\nzone = "Europe/Paris"\n', encoding="utf-8"
    )
    syncctl.settings.update(
        SYNCCTL_POD_CARRIER_DIR=str(folder),
        SYNCCTL_POD_DIR=str(syncctl.folder / "pods"),
        SYNCCTL_POD_CHRONOPOST_ACCOUNT="19869502",
        SYNCCTL_POD_CHRONOPOST_PASSWORD="s3cret-255562",
    )
    return syncctl


def add(program: Program, reference: str, number: str, *more: str, carrier: str = "Chronopost") -> None:
    assert program("pod", "add", reference, "--carrier", carrier, "--tracking", number, *more).code == 0


def test_nothing_to_do_is_said_in_the_documented_words(pods: Program):
    ended = pods("pod-retry")
    assert (ended.code, ended.out.strip()) == (0, "No failed PODs eligible for retry")
    assert pods("pod-fetch").out.strip() == "No pending PODs to fetch"


def test_a_fetch_and_a_retry_with_the_documented_summary(pods: Program, carriers: SimulatedCarriers):
    carriers.simulation.scripts.update({"XN2": ["busy", "document"], "XN3": ["unknown"], "XN4": ["not_yet"]})
    for number in range(1, 5):
        add(pods, f"CLM-2024-00{number}", f"XN{number}")
    fetched = pods("pod-fetch")
    assert fetched.code == 1
    for line in (
        "Found 4 claim(s) to fetch",
        "[1] Fetch for CLM-2024-001 (Chronopost): SUCCESS",
        "Total processed: 4",
        "Success: 1",
        "Failed: 2",
        "Not delivered yet: 1",
        "Success rate: 33.3%",
    ):
        assert line in fetched.out.splitlines(), fetched.out
    assert re.search(r"^Duration: \d+\.\d\ds$", fetched.out, re.MULTILINE)
    assert re.search(r"^API usage: Chronopost 5 of 100 calls today, resets 2", fetched.out, re.MULTILINE)
    retried = pods("pod-retry", "--claim", "CLM-2024-002", "--json").json
    [item] = retried["items"]
    assert (item["retry_no"], item["outcome"], item["carrier"]) == (1, "success", "Chronopost")
    assert retried["counts"]["skipped_persistent"] == 1 and retried["success_rate"] == 100.0
    assert [path.read_bytes() for path in sorted((pods.folder / "pods").rglob("*.pdf"))] == [pdf("XN1"), pdf("XN2")]
    [log] = (pods.folder / "logs").glob("pod_retry_*.log")
    told = log.read_text(encoding="utf-8")
    assert "Retry #1 for CLM-2024-002 (Chronopost)" in told
    assert "SUCCESS: POD fetched for CLM-2024-002 after 1 attempt" in told
    assert not [path for path in (pods.folder / "logs").iterdir() if "s3cret" in path.read_text(encoding="utf-8")]


def test_a_dry_run_asks_nobody(pods: Program, carriers: SimulatedCarriers):
    add(pods, "CLM-1", "XN1")
    assert pods("pod-fetch", "--dry-run").out.strip() == "CLM-1"
    assert carriers.simulation.calls == []
    assert pods("pod", "list", "--json").json["items"][0]["standing"] == "due"


def test_batch_size_carrier_and_an_unknown_carrier(pods: Program):
    for number in range(3):
        add(pods, f"C-{number}", f"XN{number}")
        add(pods, f"A-{number}", f"XA{number}", carrier="ACME")
    assert pods("pod-fetch", "--batch-size", "2", "--carrier", "Acme", "--json").json["counts"]["success"] == 2
    left = pods("pod", "list", "--status", "pending", "--json").json
    assert sorted(item["claim_reference"] for item in left["items"]) == ["A-2", "C-0", "C-1", "C-2"]
    refused = pods("pod-fetch", "--carrier", "Pigeon")
    assert refused.code == 2 and "chronopost" in refused.err


def test_status_and_config_check_tell_what_is_there_and_what_is_not_verified(pods: Program):
    add(pods, "CLM-1", "XN1")
    add(pods, "CLM-2", "XN2", carrier="La Poste")
    pods("pod-fetch", "--carrier", "chronopost")
    items = {item["carrier"]: item for item in pods("pod", "status", "--json").json["items"]}
    assert (items["chronopost"]["used_day"], items["chronopost"]["limit_day"], items["chronopost"]["success_rate"]) == (
        1,
        100,
        100.0,
    )
    assert "SYNCCTL_POD_LAPOSTE_API_KEY" in items["laposte"]["note"]
    assert "Resets" in pods("pod", "status").out
    checked = {item["what"]: item["detail"] for item in pods("config", "check", "--json").json["items"]}
    assert checked["carrier chronopost"].endswith("not tried with an account")
    assert checked["carrier acme"] == "verified"


def test_an_address_for_messages_that_is_none_is_found_before_a_message_needs_it(pods: Program):
    pods.settings["SYNCCTL_NOTIFY_CLIENT_URL"] = "mailto://shop:geheim77@127.0.0.1:9?from=a@example.com"
    pods.settings["SYNCCTL_NOTIFY_OPERATOR_URL"] = "json://localhost foo-geheim78"
    checked = pods("config", "check", "--json")
    items = {item["what"]: item for item in checked.json["items"]}
    assert items["messages to clients"]["ok"] and not items["messages to operators (operator:2)"]["ok"]
    assert "SYNCCTL_NOTIFY_OPERATOR_URL" in items["messages to operators (operator:2)"]["detail"]
    assert "geheim7" not in checked.out + checked.err


def test_the_database_keeps_documents_and_gives_them_out_again(pods: Program, tmp_path: Path):
    pods.settings["SYNCCTL_POD_STORE"] = "database"
    add(pods, "CLM-1", "XN1")
    assert pods("pod-fetch").code == 0
    assert not (pods.folder / "pods").exists()
    target = tmp_path / "out.pdf"
    assert pods("pod", "document", "CLM-1", "--output", str(target)).code == 0
    assert target.read_bytes() == pdf("XN1")
    again = pods("pod", "document", "CLM-1", "--output", str(target))
    assert again.code == 2 and target.read_bytes() == pdf("XN1")
    assert pods("pod", "document", "CLM-9", "--output", str(tmp_path / "x")).code == 2


def test_a_client_gets_one_mail_and_one_who_wants_none_gets_none(pods: Program, carriers: SimulatedCarriers):
    server = MailServer()
    server.start()
    pods.settings["SYNCCTL_NOTIFY_CLIENT_URL"] = f"mailto://127.0.0.1:{server.port}?from=shop@example.com"
    pods.settings["SYNCCTL_POD_NOTIFY"] = "at_once"
    carriers.simulation.scripts.update({"XN1": ["unknown"], "XN2": ["unknown"]})
    add(pods, "CLM-1", "XN1", "--client", "C1", "--name", "Zoë", "--email", "zoe@example.com")
    add(pods, "CLM-2", "XN2", "--client", "C2", "--email", "two@example.com")
    assert pods("pod", "preference", "C2", "--unwanted").code == 0
    told = pods("pod-fetch", "--json").json
    pods("pod-retry")
    assert (told["counts"]["notifications_sent"], told["counts"]["notifications_dropped"]) == (1, 1)
    assert server.recipients == ["zoe@example.com"] and len(server.mails) == 1
    mail = message_from_bytes(server.mails[0], policy=policy.default)
    body = mail.get_body(("plain",))
    assert body is not None and "CLM-1" in body.get_content() and "Zoë" in body.get_content()
    states = {item["recipient_id"]: item["state"] for item in pods("pod", "notifications", "--json").json["items"]}
    assert states == {"C1": "SENT", "C2": "DROPPED"}
    server.stop()


def test_a_run_that_ends_early_still_tells_what_it_did(pods: Program, carriers: SimulatedCarriers):
    """Whatever ends it: a folder that can't be written, a table that lacks a column."""
    add(pods, "CLM-1", "XN1")
    (pods.folder / "pods").write_text("a file where the folder should be", encoding="utf-8")
    ended = pods("pod-fetch", "--json")
    assert (ended.code, ended.json["counts"]["found"], ended.json["counts"]["failed"]) == (78, 1, 0)
    assert "SYNCCTL_POD_DIR" in ended.json["errors"][0]["message"] and carriers.simulation.calls == []
    (pods.folder / "pods").unlink()
    with closing(sqlite3.connect(pods.folder / "shop.db")) as database:
        database.execute("ALTER TABLE claims DROP COLUMN pod_signed_by")
    ended = pods("pod-fetch", "--json")
    assert (ended.code, ended.json["counts"]["failed"], len(ended.json["errors"])) == (78, 0, 1)
    with closing(sqlite3.connect(pods.folder / "shop.db")) as database:
        database.execute("ALTER TABLE claims ADD COLUMN pod_signed_by TEXT")
    assert pods("pod", "list", "--json").json["items"][0]["standing"] == "due"
    assert pods("pod-fetch", "--json").json["counts"]["success"] == 1


def test_a_carrier_that_is_left_out_and_a_way_to_clients_that_makes_no_sense_are_told(pods: Program, carriers: SimulatedCarriers):
    for number in range(4):
        carriers.simulation.scripts[f"XN{number}"] = ["busy"]
        add(pods, f"CLM-{number}", f"XN{number}")
    ended = pods("pod-fetch")
    assert ended.code == 1
    assert "Skipped (carrier left out): 1" in ended.out.splitlines()
    assert "Chronopost is down; its claims were left for a later run" in ended.err
    carriers.simulation.scripts["XN9"] = ["unknown"]
    pods.settings.update(SYNCCTL_POD_NOTIFY="at_once", SYNCCTL_NOTIFY_CLIENT_URL="nonsense")
    add(pods, "CLM-9", "XN9", "--email", "a@example.com", carrier="Acme")
    ended = pods("pod-fetch", "--carrier", "Acme", "--json")
    assert (ended.code, ended.json["counts"]["notifications_waiting"]) == (78, 1)
    assert pods("pod", "notifications", "--json").json["items"][0]["attempt_no"] == 0
    pods.settings["SYNCCTL_NOTIFY_CLIENT_URL"] = "mailto://127.0.0.1:9?from=a@example.com"
    ended = pods("pod-fetch", "--json")
    assert ended.json["counts"]["notifications_waiting"] == 1


def test_a_carrier_file_that_makes_no_sense_is_a_wrong_setting(pods: Program):
    (pods.folder / "carriers" / "bad.toml").write_text("[request]\n", encoding="utf-8")
    ended = pods("pod-fetch")
    assert ended.code == 78 and "bad.toml" in ended.err
    assert "bad.toml" in json.dumps(pods("config", "check", "--json").json["items"])


def test_a_claim_that_is_there_already_with_another_number_is_said(pods: Program) -> None:
    add(pods, "CLM-1", "XN1")
    add(pods, "CLM-1", "XN1")
    ended = pods("pod", "add", "CLM-1", "--carrier", "Chronopost", "--tracking", "XN2")
    assert ended.code == 1
    assert "Claim CLM-1 was there already and is as it was: Chronopost, number XN1." in ended.err
    assert pods("pod", "add", "CLM\n2", "--carrier", "Chronopost", "--tracking", "XN2").code == 2
    assert [item["tracking_number"] for item in pods("pod", "list", "--json").json["items"]] == ["XN1"]


def test_a_list_that_is_cut_says_so(syncctl: Program) -> None:
    for number in range(3):
        assert syncctl("pod", "add", f"CL-{number}", "--carrier", "UPS", "--tracking", f"1Z999AA1012345678{number}").code == 0
    assert "These are the first 2; there are more." in syncctl("pod", "list", "--limit", "2").out
    assert "there are more" not in syncctl("pod", "list", "--limit", "3").out
    assert len(syncctl("pod", "list", "--limit", "2", "--json").json["items"]) == 2


def test_disputes_are_listed_by_their_day_and_a_claim_is_exported_for_the_bank(pods: Program, carriers: SimulatedCarriers):
    for reference, number, day in (
        ("CLM-1", "XN1", "2099-12-01"),
        ("CLM-2", "XN2,XN3", "2099-11-30T12:00Z"),
        ("CLM-3", "XN4", ""),
    ):
        add(pods, reference, number, *(["--dispute-by", day] if day else []))
    for wrong in ("36h", "soon", "2099-13-01"):
        assert pods("pod", "add", "CLM-9", "--carrier", "Acme", "--tracking", "1", "--dispute-by", wrong).code == 2
    listed = pods("pod", "list", "--deadline", "--json").json["items"]
    assert [item["claim_reference"] for item in listed] == ["CLM-2", "CLM-1"]
    assert (
        listed[0]["dispute_deadline"].startswith("2099-11-30T12:00") and "Answer due by" in pods("pod", "list", "--deadline").out
    )
    assert pods("pod-fetch", "--json").json["counts"]["success"] == 3
    assert [number for _, number in carriers.simulation.calls] == ["XN2", "XN3", "XN1", "XN4"]
    assert pods("pod", "list", "--deadline", "--json").json["items"] == []
    shown = pods("pod", "document", "CLM-2", "--json").json["items"]
    assert [item["tracking_number"] for item in shown] == ["XN2", "XN3"]
    target = pods.folder / "disputes"
    done = pods("pod", "export", "CLM-1", "CLM-2", "CLM-9", "--zip", "--output", str(target), "--json")
    assert (done.code, done.json["counts"]["claims"], done.json["counts"]["documents"]) == (1, 2, 3)
    assert sorted(path.name for path in target.iterdir()) == ["CLM-1.zip", "CLM-2.zip"]
    again = pods("pod", "export", "CLM-1", "--zip", "--output", str(target))
    assert again.code == 2 and "is there already" in again.err
    assert pods("pod", "export", "CLM-9").code == 2

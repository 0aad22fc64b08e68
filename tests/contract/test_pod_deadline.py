"""Claims with a dispute's deadline, several numbers and several documents: whose turn it is, what is kept and counted."""

from __future__ import annotations

import hashlib
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from syncctl.carriers.base import Document
from syncctl.carriers.forms import Form, sniff
from syncctl.db.contract import (
    AddClaim,
    ClaimPods,
    CountPods,
    GetPodDocument,
    ListPodDocuments,
    ListPods,
    RecordPodFailure,
    StorePodDocument,
)
from syncctl.errors import NotFound, PermanentError, UsageError
from syncctl.services.health_checks import proofs
from syncctl.services.health_findings import Thresholds
from syncctl.services.pod_documents import DatabaseStore
from syncctl.services.pod_export import documents_of, export, find_claim, intact
from tests.pod_bench import Bench, OddCarrier
from tests.pods import GIF, LETTER, PDF, packed

DAY = timedelta(days=1)


def add(database, clock, reference, days=None, **more):
    due = None if days is None else clock() + days * DAY
    return database.run(AddClaim(claim_reference=reference, carrier="acme", tracking_number="N", dispute_deadline=due, **more))[0]


def taken(database, **more):
    given = {"worker_id": "w", "scope": "pending", "batch_size": 100, **more}
    return [claim.claim_reference for claim in database.run(ClaimPods(**given))]


def test_disputes_that_can_still_be_answered_come_first_and_those_that_are_over_last(database, clock):
    for reference, days in (("none", None), ("late", 30), ("over", -1), ("soon", 1), ("older", -9), ("none-2", None)):
        add(database, clock, reference, days)
    order = ["soon", "late", "none", "none-2", "over", "older"]
    assert [claim.claim_reference for claim in database.run(ListPods())] == order
    listed = database.run(ListPods(by_deadline=True))
    assert [claim.claim_reference for claim in listed] == ["older", "over", "soon", "late"]
    assert listed[2].dispute_deadline == clock() + DAY
    assert taken(database, batch_size=1) == ["soon"]
    assert taken(database) == order[1:]


def test_a_claim_that_waits_is_passed_over_by_those_with_a_later_deadline(database, clock):
    add(database, clock, "waits", 1)
    add(database, clock, "later", 2)
    [claim] = database.run(ClaimPods(worker_id="w", scope="pending"))
    failed = {"outcome": "not_yet", "cause": "not_delivered", "error_code": None, "message": "on its way"}
    database.run(RecordPodFailure(claim_id=claim.claim_id, worker_id="w", attempt_no=claim.attempt_no, **failed))
    assert taken(database) == ["later"]


def test_near_deadlines_are_counted_while_they_can_be_met_and_there_is_no_document(database, clock):
    for reference, days in (("a", 1), ("b", 6), ("c", 8), ("d", -1), ("e", None)):
        add(database, clock, reference, days)
    counted = database.run(CountPods(open_only=True, deadline_days=7))
    assert sum(row.deadline_near for row in counted) == 2
    assert min(row.next_deadline_dt for row in counted if row.next_deadline_dt) == clock() + DAY
    assert sum(row.deadline_near for row in database.run(CountPods(deadline_days=30))) == 3


def test_health_warns_before_a_dispute_has_to_be_answered(database, clock):
    add(database, clock, "a", 5)
    [check] = proofs(database.run(CountPods(open_only=True, deadline_days=7)), Thresholds())
    assert check.level == "warning" and "1 must be answered within 7 days" in check.message
    assert {figure.name: figure.value for figure in check.figures}["proofs_deadline_near"] == 1
    [check] = proofs(database.run(CountPods(open_only=True, deadline_days=4)), Thresholds())
    assert check.level == "ok"


def test_the_database_keeps_several_documents_of_a_parcel_and_finds_the_main_one(database, clock):
    claim = add(database, clock, "CLM-1")
    [held] = database.run(ClaimPods(worker_id="w", scope="pending"))

    def store(content, kind, *, main):
        digest = hashlib.sha256(content).hexdigest()
        how = {"kind": kind, "is_main": main, "evidence": json.dumps([{"asked_at": "now", "answer": "Zoë"}])}
        call = StorePodDocument(
            claim_id=claim.claim_id,
            worker_id="w",
            attempt_no=held.attempt_no,
            tracking_number="N",
            sha256=digest,
            content_type="application/pdf",
            size_bytes=len(content),
            content=content,
            **how,
        )
        return database.run(call)[0]

    signature = store(GIF, "signature", main=False)
    assert database.run(GetPodDocument(claim_id=claim.claim_id)) == [], (
        "the main one is kept last: without it there is more to get"
    )
    main = store(PDF, "proof", main=True)
    [found] = database.run(GetPodDocument(claim_id=claim.claim_id, tracking_number="N"))
    assert (found.document_id, found.content, found.is_main) == (main.document_id, PDF, True)
    [other] = database.run(GetPodDocument(claim_id=claim.claim_id, document_id=signature.document_id))
    assert (other.content, other.kind, other.is_main) == (GIF, "signature", False)
    assert database.run(GetPodDocument(claim_id=claim.claim_id + 1, document_id=signature.document_id)) == []
    listed = database.run(ListPodDocuments(claim_id=claim.claim_id))
    assert [(each.kind, json.loads(each.evidence or "")[0]["answer"]) for each in listed] == [
        ("signature", "Zoë"),
        ("proof", "Zoë"),
    ]


@pytest.fixture(params=["folder", "database"])
def store(request, bench: Bench):
    if request.param == "database":
        bench.documents = DatabaseStore(bench.database)
    return bench.documents


def test_a_claim_of_several_numbers_is_done_when_each_has_its_document_and_asks_for_none_twice(bench: Bench, store):
    for number, script in (("N1", ["document"]), ("N2", ["not_yet", "document"]), ("N3", ["unknown", "document"])):
        bench.carriers.simulation.scripts[number] = script
    bench.add("n1, N 2;N3")
    assert bench.outcomes(bench.run()) == {"n1, N 2;N3": "not_delivered"}, "as long as one may still come, it is no final error"
    bench.clock.sleep(7 * 3600)
    assert [item.outcome for item in bench.run().items] == ["success"]
    assert [number for _, number in bench.carriers.simulation.calls] == ["N1", "N2", "N3", "N2", "N3"]
    claim = bench.claim("n1, N 2;N3")
    assert {each.tracking_number for each in store.of(claim)} == {"n1", "N 2", "N3"}
    assert bench.run("failed").items == []


def answer(path: str):
    """A carrier with a letter, a signature and a key in its answer."""
    return 200, {
        "documents": [{"content": packed(LETTER)}],
        "signature": packed(GIF),
        "status": "DELIVERED",
        "by": "Zoë",
        "k": "k3y-77777",
    }


FILE = """
name = "odd"
[request]
url = "{address}/{{tracking_number}}?api_key=k3y-77777"
[auth]
kind = "header"
name = "X-Key"
value = "k3y-77777"
[response]
documents = [{{ at = "documents[].content" }}, {{ at = "signature", what = "signature" }}]
status = "status"
signed_by = "by"
delivered = ["DELIVERED"]
"""


def test_what_a_bank_wants_is_in_one_folder_or_zip_with_how_it_was_got_and_without_keys(bench: Bench, store, tmp_path: Path):
    with OddCarrier(answer) as carrier:
        bench.file("odd", FILE.format(address=carrier.here))
        bench.add("AB 12", carrier="odd", dispute_deadline=bench.clock() + DAY)
        assert [item.outcome for item in bench.run().items] == ["success"]
    claim = find_claim(bench.database, "CLM-AB 12")
    found = documents_of(claim, store)
    assert [(each.kind, each.content_type, intact(each)) for each in found] == [
        ("proof", "text/html", LETTER),
        ("signature", "image/gif", GIF),
    ]
    done = export(claim, store, tmp_path / "out", as_zip=False, clock=bench.clock)
    folder = Path(done.path)
    names = {path.name for path in folder.iterdir()}
    assert names == {"summary.txt", "claim.json", "SHA256SUMS", *(each.name for each in found)} and done.documents == 2
    told = json.loads((folder / "claim.json").read_text(encoding="utf-8"))
    [asked] = told["documents"][0]["evidence"]
    assert (asked["status"], asked["content_type"]) == (200, "application/json")
    assert "characters, SHA-256" in asked["answer"] and packed(LETTER) not in asked["answer"]
    text = "".join(path.read_text(encoding="utf-8") for path in folder.iterdir() if path.suffix in (".json", ".txt"))
    assert "k3y" not in text and "Zoë" in text and told["missing"] == []
    for line in (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    with pytest.raises(UsageError, match="is there already"):
        export(claim, store, tmp_path / "out", as_zip=False, clock=bench.clock)
    packed_up = export(claim, store, tmp_path / "out", as_zip=True, clock=bench.clock)
    with zipfile.ZipFile(packed_up.path) as archive:
        assert {Path(name).name for name in archive.namelist()} == names
    assert not list((tmp_path / "out").glob(".*"))
    assert folder.name == f"CLM-AB_12-{claim.claim_id}", (
        "a name that was changed has the claim's number behind it: none is another's"
    )


def test_a_damaged_document_and_a_claim_without_one_are_not_passed_off(bench: Bench, tmp_path: Path):
    bench.add("X1")
    bench.add("X2", "unknown")
    bench.run()
    claim = find_claim(bench.database, "CLM-X1")
    path = bench.folder / "pods" / (claim.pod_document_path or "")
    path.write_bytes(PDF.replace(b"Catalog", b"Zatalog"))
    with pytest.raises(PermanentError, match="damaged"):
        export(claim, bench.documents, tmp_path / "out", as_zip=True, clock=bench.clock)
    with pytest.raises(NotFound, match=r"no document here \(persistent"):
        export(find_claim(bench.database, "CLM-X2"), bench.documents, tmp_path / "out", as_zip=True, clock=bench.clock)
    with pytest.raises(NotFound, match="no claim"):
        find_claim(bench.database, "CLM-X9")
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_a_number_that_cant_be_right_costs_no_call_and_isnt_tried_again(bench: Bench):
    asked: list[str] = []

    def nobody(path: str):
        asked.append(path)
        return 500, {}

    with OddCarrier(nobody) as carrier:
        bench.file(
            "odd",
            FILE.format(address=carrier.here)
            + '[number]\nkinds = [{ shape = "(?P<serial>[0-9]{9})(?P<check>[0-9])", check = "mod7" }]\n',
        )
        bench.add("3318810024", carrier="odd")
        [item] = bench.run().items
    assert (item.cause, item.error_class, asked) == ("invalid_tracking", "persistent", [])
    assert "wrong check digit" in item.message and bench.claim("3318810024").standing == "persistent"


def test_a_worker_that_dies_between_two_documents_leaves_the_claim_to_be_done_again(bench: Bench, store):
    bench.add("Y1")
    [held] = bench.database.run(ClaimPods(worker_id="dead", scope="pending"))
    form = sniff(GIF)
    assert isinstance(form, Form)
    store.keep(held, Document(content=GIF, what="signature"), form, "dead", main=False)
    assert store.find(held) is None
    bench.clock.sleep(3600)
    [item] = bench.run().items
    assert (item.outcome, item.recovered) == ("success", False)
    assert [each.kind for each in store.of(bench.claim("Y1"))] == ["proof", "signature"]

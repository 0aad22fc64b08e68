"""One lease, written once for the embedded engine and in one shape in T-SQL: claims and fences differ in names alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from syncctl.db.embedded.lease import CUSTOMER, LEASES, MESSAGE, NOTIFICATION, ORDER, PROOF, Lease

PROCEDURES = Path(__file__).resolve().parents[2] / "sql/procedures"
FENCES = {"StagedOrder": ORDER, "Outbox": MESSAGE, "Notification": NOTIFICATION, "Pod": PROOF, "Customer": CUSTOMER}
CLAIMS = {"StagedOrders": ORDER, "Outbox": MESSAGE, "Notifications": NOTIFICATION, "Pods": PROOF, "Customers": CUSTOMER}
OPEN = {
    "StagedOrders": ("candidate.STATE IN ('PENDING', 'FAILED', 'CLAIMED') AND", "failed.STATE = 'FAILED' AND"),
    "Outbox": ("candidate.STATE IN ('PENDING', 'CLAIMED') AND",),
    "Notifications": ("candidate.STATE IN ('PENDING', 'CLAIMED') AND",),
    "Customers": ("candidate.state IN ('draft', 'processing') AND",),
    "Pods": ("(candidate.pod_fetch_status = @SCOPE OR (candidate.pod_fetch_status IS NULL AND @SCOPE = 'pending')) AND",),
}
"""What finds the open rows by an index, each way of looking for them; `IN` is that filtered index's own predicate."""
KEYS = {PROOF: "CLAIM_ID", CUSTOMER: "LINE_ID"}
"""Parameters that are not called as their column."""
WAITS = {CUSTOMER: "draft"}
"""What the state of a row is called that waits, where it isn't PENDING."""


def body(name: str) -> str:
    """Return a procedure's statements on one line, without comments."""
    text = (PROCEDURES / f"sp_{name}.sql").read_text(encoding="utf-8")
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.DOTALL)
    return " ".join(text[text.index("\nAS\nBEGIN") :].split())


def test_every_lease_is_compared() -> None:
    assert set(FENCES.values()) == set(CLAIMS.values()) == set(LEASES)
    names = {path.stem.removeprefix("sp_Fence") for path in PROCEDURES.glob("sp_Fence*.sql")}
    assert names == set(FENCES)
    assert {path.stem.removeprefix("sp_Claim") for path in PROCEDURES.glob("sp_Claim*.sql")} == set(CLAIMS)


@pytest.mark.parametrize(("name", "lease"), FENCES.items(), ids=FENCES)
def test_a_fence_holds_the_row_then_asks_who_has_it(name: str, lease: Lease) -> None:
    text = body(f"Fence{name}")
    key = f"@{KEYS.get(lease, lease.key)}"
    touched = f"{lease.touched} = @NOW" if lease.touched else f"{lease.attempt} = {lease.attempt}"
    steps = [
        rf"UPDATE dbo\.{lease.table} SET {touched} WHERE {lease.key} = {key};",
        r"IF @@ROWCOUNT = 0 BEGIN SET @MESSAGE = CONCAT\([^;]*\); THROW 50004, @MESSAGE, 1; END;",
        rf"SELECT [^;]*@LEASE_OWNER = \w+\.{lease.owner},[^;]*@HELD_ATTEMPT_NO = \w+\.{lease.attempt}[^;]*"
        rf"FROM dbo\.{lease.table} AS \w+ WHERE \w+\.{lease.key} = {key};",
        r"IF @LEASE_OWNER = @WORKER_ID AND @HELD_ATTEMPT_NO = @ATTEMPT_NO AND "
        + (rf"[^;]*@STATE = '{lease.held}'[^;]*" if lease.state else r"@LEASE_UNTIL IS NOT NULL")
        + r" ?BEGIN RETURN; END;",
        r"SET @MESSAGE = CONCAT \(.*no longer holds it; .*Nothing was written\.' \); THROW 50010, @MESSAGE, 1; END; GO$",
    ]
    at = 0
    for step in steps:
        found = re.compile(step).search(text, at)
        assert found, f"after {text[:at][-60:]!r} there is no {step!r}"
        at = found.end()


@pytest.mark.parametrize(("name", "lease"), CLAIMS.items(), ids=CLAIMS)
def test_a_claim_is_one_update_whose_predicate_stands_outside_too(name: str, lease: Lease) -> None:
    text = body(f"Claim{name}")
    # What was claimed and never in hand has lost no attempt with its worker.
    more = r"(?:1|CASE WHEN STATE = 'CLAIMED' AND IS_IN_HAND = 0 THEN 0 ELSE 1 END)"
    updates = re.findall(rf"UPDATE dbo\.{lease.table} SET [^;]*{lease.attempt} = {lease.attempt} \+ {more}[^;]*;", text)
    assert len(updates) == len(OPEN[name])
    for update, found_by in zip(updates, OPEN[name], strict=True):
        _require_claim(update, lease, found_by)
    assert re.search(r"SELECT [^;]* FROM @TAKEN AS taken INNER JOIN", text[text.index(updates[-1]) + len(updates[-1]) :])


def _require_claim(update: str, lease: Lease, found_by: str) -> None:
    assert f"{lease.owner} = @WORKER_ID" in update
    assert re.search(rf"{lease.until} = (@LEASE_UNTIL_DT|DATEADD\(SECOND, @LEASE_SECONDS, @NOW\))", update)
    assert re.search(rf"OUTPUT inserted\.{lease.key}\b[^;]* INTO @TAKEN \(", update), "what was taken is what is returned"
    inner, outer = re.match(r"(.* IN \( SELECT TOP \(@BATCH_SIZE\) .* ORDER BY [^)]*\))(.*)", update).groups()  # type: ignore[union-attr]
    assert "WITH (ROWLOCK, UPDLOCK, READPAST, READCOMMITTEDLOCK)" in inner, "READPAST needs it where row versions are on"
    assert "RECOMPILE" not in update, "a claim of one row isn't worth a plan of its own"
    assert found_by in inner, "a filtered index serves only a query that repeats its predicate"
    for part in (inner, outer):
        assert re.search(rf"{lease.until} <= @NOW", part), "a lease that runs is respected, whatever the engine does with hints"
        if lease.state:
            assert re.search(rf"{lease.state} (= |IN \()'{WAITS.get(lease, 'PENDING')}'", part)
